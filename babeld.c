/*
 * babeld.c - the process: one poll loop that feeds the engine.
 *
 * Packets, links, kernel routes and requests of local clients go into the
 * engine as they come; packets and kernel changes come out of it through
 * the callbacks of wiring.c.  A turn of the loop is bounded in everything it
 * does, so no input can keep our Hellos waiting.
 */
#include "daemon.h"

#include <sys/signalfd.h>

#include <err.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "instance.h"
#include "options.h"

#define FDS_FIXED	(2 + KERNEL_FDS)	/* before those of clients */
#define TABLE_BUDGET	256		/* lines printed in one turn */
#define TABLE_PAUSE	SECOND		/* between two tables, at debug 1 */
#define SHARED_DIRECTORY "/run"		/* of what instances share */
#define LEAVE_STEP	(20 * MILLISECOND)	/* is all said? */

/* Signals are read from a descriptor, like everything else. */
static bool
catch_signals(struct daemon *daemon)
{
	static const int caught[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1,
	    SIGUSR2 };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaddset(&set, caught[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	daemon->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (daemon->signals < 0)
		warn("signals");
	return daemon->signals >= 0;
}

static void
take_signals(struct daemon *daemon, babel_time now)
{
	struct signalfd_siginfo info;

	while (read(daemon->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGUSR1:
			printout_begin(daemon->printout);
			break;
		case SIGUSR2:
			control_reopen_log(daemon);
			control_check_kernel(daemon, now);
			break;
		default:
			daemon->stop = true;
			break;
		}
	}
}

/* The loop. */

static unsigned int
gather_pollfds(struct daemon *daemon, struct pollfd *fds)
{
	int kernel[KERNEL_FDS];
	unsigned int n = 0, i;

	fds[n++] = (struct pollfd){ net_fd(daemon->net), POLLIN, 0 };
	kernel_fds(daemon->kernel, kernel);
	for (i = 0; i < KERNEL_FDS; i++)
		fds[n++] = (struct pollfd){ kernel[i], POLLIN, 0 };
	fds[n++] = (struct pollfd){ daemon->signals, POLLIN, 0 };
	if (daemon->local != NULL)
		n += local_pollfds(daemon->local, fds + n);
	return n;
}

static struct timespec
until(babel_time wish, babel_time now)
{
	babel_time wait = wish <= now ? 0 : wish - now;

	if (wait > MINUTE)
		wait = MINUTE;
	return (struct timespec){ .tv_sec = wait / SECOND,
	    .tv_nsec = wait % SECOND * 1000 };
}

/* At debug level 1, what has changed is printed; but not all the time. */
static babel_time
next_table(const struct daemon *daemon)
{
	return daemon->conf->options.debug >= 1 && daemon->changed ?
	    daemon->printed + TABLE_PAUSE : NEVER;
}

/* What is due without a descriptor being ready. */
static babel_time
next_wish(const struct daemon *daemon, babel_time wish, babel_time now)
{
	if (printout_is_begun(daemon->printout))
		return now;
	if (daemon->local != NULL)
		wish = time_min(wish, local_due(daemon->local, now));
	wish = time_min(wish, daemon->next_address);
	wish = time_min(wish, next_table(daemon));
	return time_min(wish, daemon->next_check);
}

/* busy: the engine has work waiting.  News for it is work, too: clients
 * get what neighbours and the kernel leave. */
static void
serve(struct daemon *daemon, const struct pollfd *fds, unsigned int n,
    bool busy)
{
	unsigned int i;

	for (i = 0; i <= KERNEL_FDS; i++)
		busy |= fds[i].revents != 0;
	for (i = 1; i <= KERNEL_FDS; i++)
		if (fds[i].revents != 0)
			kernel_ready(daemon->kernel, fds[i].fd);
	if (fds[0].revents != 0)
		net_receive(daemon->net, clock_monotonic(), wiring_packet,
		    daemon);
	if (fds[1 + KERNEL_FDS].revents != 0)
		take_signals(daemon, clock_monotonic());
	if (daemon->local != NULL)
		local_ready(daemon->local, daemon->babel, fds + FDS_FIXED,
		    n - FDS_FIXED, busy);
}

/* What is due by the clock, and is not the engine's. */
static void
keep_house(struct daemon *daemon, babel_time now)
{
	babel_set_wall_clock(daemon->babel, clock_real() - now);
	if (now >= daemon->next_check)
		control_check_kernel(daemon, now);
	if (now >= daemon->next_address)
		control_provide_addresses(daemon, now);
	if (now >= next_table(daemon) &&
	    !printout_is_begun(daemon->printout)) {
		daemon->changed = false;
		daemon->printed = now;
		printout_begin(daemon->printout);
	}
	printout_continue(daemon->printout, daemon->babel, stdout,
	    TABLE_BUDGET);
	control_save_state(daemon, false);
}

/* One turn; at most until the limit. */
static void
turn(struct daemon *daemon, babel_time limit)
{
	struct pollfd fds[FDS_FIXED + LOCAL_FDS];
	babel_time now = clock_monotonic();
	babel_time wish = babel_run(daemon->babel, now);
	enum kernel_progress progress;
	struct timespec timeout;
	unsigned int n;

	wish = time_min(wish, rules_run(daemon->rules, now));
	progress = kernel_flush(daemon->kernel);
	if (progress == KERNEL_ANSWERED)
		wish = now;
	if (progress == KERNEL_BUSY)
		wish = time_min(wish, now + MILLISECOND);
	n = gather_pollfds(daemon, fds);
	timeout = until(time_min(limit, next_wish(daemon, wish, now)), now);
	if (ppoll(fds, n, &timeout, NULL) < 0) {
		if (errno != EINTR)
			warn("poll");
		n = 0;
	}
	keep_house(daemon, clock_monotonic());
	if (n > 0)
		serve(daemon, fds, n, wish <= now);
}

/* Start. */

static struct babel_identity
identity_of(const struct options *options, const struct system_state *state)
{
	struct babel_identity identity = {
		.v4_via_v6 = kernel_is_at_least(5, 2),
		.v4_via_v6_default = kernel_is_at_least(5, 13),
		.id_is_configured = options->has_router_id,
	};

	identity.without_state = !state->has_seqno;
	identity.seqno = seqno_plus(state->seqno, 1);
	if (!state->has_seqno)
		system_random(&identity.seqno, sizeof(identity.seqno));
	if (options->has_router_id)
		identity.id = options->router_id;
	else if (state->has_id && !options->random_id)
		identity.id = state->id;
	else if (options->random_id ||
	    !system_router_id_from_hardware(&identity.id))
		system_router_id_random(&identity.id);
	return identity;
}

static bool
has_servers(const struct options *options)
{
	size_t i;

	for (i = 0; i < SERVER_SLOTS; i++)
		if (options->servers[i].port != 0 ||
		    options->servers[i].path != NULL)
			return true;
	return false;
}

/* Open the log, go to the background, and leave our mark; true when
 * that worked.  *parent takes the descriptor of whoever waits for us. */
static bool
settle(struct daemon *daemon, int *parent)
{
	const struct options *options = &daemon->conf->options;
	const char *log_file = options_log_file(options);
	const char *pid_file = options_pid_file(options);
	char error[SYSTEM_ERROR_SIZE];

	if (log_file != NULL && system_log_open(log_file) < 0) {
		warn("log file %s", log_file);
		return false;
	}
	if (freopen("/dev/null", "r", stdin) == NULL) {
		warn("/dev/null");
		return false;
	}
	if (options->daemonise && (*parent = system_daemonise()) < 0) {
		warn("going to the background");
		return false;
	}
	if (pid_file == NULL)
		return true;
	daemon->pid_file = system_pid_file_open(pid_file, error);
	if (daemon->pid_file == NULL)
		warnx("%s", error);
	return daemon->pid_file != NULL;
}

/* Where the kernel has no source-specific routes. */
static bool
set_up_rules(struct daemon *daemon)
{
	const struct options *options = &daemon->conf->options;
	struct rules_conf conf = {
		.native_ipv6 = options->ipv6_subtrees == SETTING_TRUE ||
		    (options->ipv6_subtrees != SETTING_FALSE &&
		    kernel_is_at_least(3, 11)),
		.export_table = options->export_table,
		.first_table = options->first_table_number,
		.first_priority = options->first_rule_priority,
		.reserved = options->import_tables,
		.reserved_count = options->import_table_count,
		.directory = SHARED_DIRECTORY,
		.log = wiring_log,
	};

	daemon->rules = rules_open(daemon->kernel, &conf,
	    &wiring_fib_events, &wiring_fib_queries, daemon);
	if (daemon->rules == NULL)
		warnx("out of memory");
	return daemon->rules != NULL;
}

static bool
set_up_kernel(struct daemon *daemon)
{
	const struct options *options = &daemon->conf->options;
	struct kernel_conf kernel = control_kernel_conf(daemon, options);
	char error[SYSTEM_ERROR_SIZE];

	daemon->kernel = kernel_open(&kernel, &wiring_kernel, daemon);
	if (daemon->kernel == NULL) {
		warn("opening netlink");
		return false;
	}
	if (!options->skip_kernel_setup) {
		daemon->sysctls = system_sysctls_open("/proc",
		    SHARED_DIRECTORY);
		if (daemon->sysctls == NULL || system_sysctls_set(
		    daemon->sysctls, error) < 0) {
			warnx("%s", daemon->sysctls == NULL ?
			    "out of memory" : error);
			return false;
		}
	}
	daemon->install = install_open(daemon->kernel, daemon->conf,
	    SHARED_DIRECTORY);
	if (daemon->install == NULL) {
		warnx("out of memory");
		return false;
	}
	return set_up_rules(daemon);
}

/* What is counted below the engine, and under another name there. */
static void
show_statistics(struct daemon *daemon)
{
	daemon->shown[0] = (struct local_statistic){ "udp-overruns",
	    "Packets that the kernel dropped for want of room.",
	    net_overruns(daemon->net), false };
	daemon->shown[1] = (struct local_statistic){ "udp-reflected",
	    "Packets of our own that came back: dropped-own.",
	    &daemon->babel->counters[COUNT_DROP_OWN], false };
	daemon->shown[2] = (struct local_statistic){ "netlink-overruns",
	    "Times that notifications of the kernel were lost.",
	    kernel_overruns(daemon->kernel), false };
	local_show(daemon->local, daemon->shown, 3);
}

static bool
open_sockets(struct daemon *daemon)
{
	const struct options *options = &daemon->conf->options;
	char error[LOCAL_ERROR_MAX];

	daemon->net = net_open(options->protocol_port,
	    &options->protocol_group);
	if (daemon->net == NULL) {
		warn("UDP port %u", options->protocol_port);
		return false;
	}
	if (!has_servers(options))
		return true;
	daemon->local = local_open(options, "babeld-" VERSION, error);
	if (daemon->local == NULL) {
		warnx("%s", error);
		return false;
	}
	local_on_command(daemon->local, control_command, daemon);
	return true;
}

static bool
start(struct daemon *daemon)
{
	const struct options *options = &daemon->conf->options;
	struct babel_identity identity;
	char error[SYSTEM_ERROR_SIZE];
	int parent = -1;

	/* Sockets first: whoever has our port may be an older babeld, whose
	 * routes look like what a crash of ours left. */
	if (!settle(daemon, &parent) || !open_sockets(daemon) ||
	    !set_up_kernel(daemon))
		return false;
	if (state_open(&daemon->state, options_state_file(options), error) < 0)
		warnx("%s", error);
	identity = identity_of(options, &daemon->state.held);
	daemon->first_id = identity.id;
	daemon->printout = printout_new();
	daemon->babel = babel_new(&wiring_engine, daemon, daemon->conf,
	    &identity, clock_monotonic());
	if (daemon->babel == NULL || daemon->printout == NULL) {
		warnx("out of memory");
		return false;
	}
	if (daemon->local != NULL)
		show_statistics(daemon);
	control_save_state(daemon, false);
	control_check_kernel(daemon, clock_monotonic());
	if (parent >= 0)
		system_daemonise_done(parent);
	return true;
}

/* Say good-bye, and let packets in flight arrive. */
static void
leave_network(struct daemon *daemon)
{
	babel_time limit = clock_monotonic() + SECOND;

	babel_shutdown(daemon->babel, clock_monotonic());
	while (!babel_is_quiet(daemon->babel) && clock_monotonic() < limit)
		turn(daemon, clock_monotonic() + LEAVE_STEP);
	limit = clock_monotonic() + daemon->conf->options.shutdown_delay;
	while (clock_monotonic() < limit)
		turn(daemon, limit);
	install_flush(daemon->install, daemon->conf);
	address_remove_all(&daemon->addresses, daemon->kernel);
	control_save_state(daemon, true);
}

/* Give back what we have, whole or half started. */
static void
release(struct daemon *daemon)
{
	struct local *local = daemon->local;
	struct rules *rules = daemon->rules;

	daemon->local = NULL;
	if (local != NULL)
		local_close(local);
	daemon->rules = NULL;
	rules_close(rules);
	if (daemon->babel != NULL)
		babel_free(daemon->babel);
	if (daemon->net != NULL)
		net_close(daemon->net);
	install_close(daemon->install);
	if (daemon->kernel != NULL)
		kernel_close(daemon->kernel);
	if (daemon->signals >= 0)
		close(daemon->signals);
	printout_free(daemon->printout);
	free(daemon->watched);
	system_sysctls_close(daemon->sysctls);
	system_pid_file_close(daemon->pid_file);
	configuration_free(daemon->conf);
	configuration_free(daemon->layers.files);
	configuration_free(daemon->layers.socket);
}

/* The configuration that the command line asks for; false to exit. */
static bool
configure(struct daemon *daemon, int *status)
{
	struct configuration_report report = { .error = "" };
	struct configuration *files;

	files = options_read(daemon->argc, daemon->argv, status);
	if (files == NULL)
		return false;
	*status = 1;
	daemon->layers.socket = configuration_new();
	if (daemon->layers.socket != NULL)
		daemon->conf = configuration_reload(&daemon->layers, files,
		    &report);
	if (daemon->conf != NULL)
		return true;
	warnx("%s", report.error);
	configuration_free(files);
	return false;
}

int
main(int argc, char *argv[])
{
	struct daemon daemon = {
		.argc = argc, .argv = argv, .next_address = NEVER,
		.signals = -1
	};
	int status = 1;

	system_fill_standard();
	if (configure(&daemon, &status)) {
		if (catch_signals(&daemon) && start(&daemon)) {
			while (!daemon.stop)
				turn(&daemon, NEVER);
			leave_network(&daemon);
			status = 0;
		}
	}
	release(&daemon);
	return status;
}
