/*
 * babeld.c - the process: one poll loop that feeds the engine.
 *
 * Packets, links, kernel routes and requests of local clients go into the
 * engine as they come; packets and kernel changes come out of it through the
 * callbacks of wiring.c.  Everything that a turn of the loop does is bounded,
 * so no input can delay our Hellos.
 */
#include "daemon.h"

#include <sys/signalfd.h>

#include <err.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "babel.h"
#include "clock.h"
#include "configuration.h"
#include "counter.h"
#include "install.h"
#include "instance.h"
#include "kernel.h"
#include "local.h"
#include "log.h"
#include "manager.h"
#include "net.h"
#include "options.h"
#include "prefix.h"
#include "printout.h"
#include "privilege.h"
#include "rule.h"
#include "sandbox.h"
#include "state.h"
#include "system.h"
#include "trouble.h"
#include "util.h"

#define TABLE_BUDGET	256		/* lines printed in one turn */
#define TABLE_PAUSE	SECOND		/* between two tables, at debug 1 */
#define SHARED_DIRECTORY "/run"		/* of the files that instances share */
/* How long an instance that was asked to end may take to do so. */
#define PID_PATIENCE	(5 * SECOND)
#define LEAVE_STEP	(20 * MILLISECOND)	/* is everything sent? */
#define BLIND_PAUSE	(50 * MILLISECOND)	/* while poll fails */

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
	sigaction(SIGXFSZ, &ignore, NULL);	/* a file that is full */
	daemon->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (daemon->signals < 0)
		log_warn(daemon->log, "signals");
	return daemon->signals >= 0;
}

/* 0, or an errno. */
static int
take_signals(struct daemon *daemon, babel_time now)
{
	struct signalfd_siginfo info;
	ssize_t len;

	while ((len = read(daemon->signals, &info, sizeof(info))) ==
	    sizeof(info)) {
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
	return len < 0 && errno != EAGAIN && errno != EINTR ? errno : 0;
}

/* The loop. */

/* What the loop needs before anything else. */
static bool
prepare_loop(struct daemon *daemon)
{
	unsigned int i;

	daemon->log = log_new();
	if (daemon->log == NULL) {
		warnx("out of memory");
		return false;
	}
	trouble_init(&daemon->memory, daemon->log, &daemon->call_errors);
	trouble_init(&daemon->polling, daemon->log, &daemon->call_errors);
	for (i = 0; i < INPUTS; i++)
		trouble_init(&daemon->reading[i], daemon->log,
		    &daemon->call_errors);
	return catch_signals(daemon);
}

/* A descriptor that fails is left out for a while: poll ignores -1. */
static unsigned int
gather_pollfds(struct daemon *daemon, struct pollfd *fds, babel_time now)
{
	int inputs[INPUTS];
	unsigned int i;

	inputs[INPUT_NET] = net_fd(daemon->net);
	kernel_fds(daemon->kernel, inputs + INPUT_KERNEL);
	inputs[INPUT_SIGNALS] = daemon->signals;
	for (i = 0; i < INPUTS; i++) {
		fds[i] = (struct pollfd){ inputs[i], POLLIN, 0 };
		if (trouble_waits(&daemon->reading[i], now))
			fds[i].fd = -1;
	}
	if (daemon->local == NULL)
		return INPUTS;
	return INPUTS + local_pollfds(daemon->local, fds + INPUTS);
}

/* At debug level 1, the tables are printed when they have changed, but not all
 * the time. */
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
	unsigned int i;

	if (printout_is_begun(daemon->printout))
		return now;
	for (i = 0; i < INPUTS; i++)
		if (trouble_waits(&daemon->reading[i], now))
			wish = time_min(wish,
			    trouble_again(&daemon->reading[i]));
	if (daemon->local != NULL)
		wish = time_min(wish, local_due(daemon->local, now));
	wish = time_min(wish, daemon->next_address);
	wish = time_min(wish, next_table(daemon));
	wish = time_min(wish, daemon->manager.next);
	return time_min(wish, daemon->next_check);
}

static int
read_input(struct daemon *daemon, unsigned int input, int fd)
{
	if (input == INPUT_SIGNALS)
		return take_signals(daemon, clock_monotonic());
	if (input != INPUT_NET)
		return kernel_ready(daemon->kernel, fd);
	return net_receive(daemon->net, clock_monotonic(), wiring_packet,
	    daemon) < 0 ? errno : 0;
}

/* Read from an input that is ready. */
static void
serve_input(struct daemon *daemon, unsigned int input, int fd)
{
	struct trouble *trouble = &daemon->reading[input];
	int error = read_input(daemon, input, fd);

	if (error == 0)
		trouble_over(trouble);
	else
		trouble_met(trouble, clock_monotonic(), error, "reading %s",
		    input == INPUT_NET ? "packets" :
		    input == INPUT_SIGNALS ? "signals" :
		    "what the kernel tells");
}

/* busy: the engine has work waiting.  New input is work, too, so clients are
 * served only as neighbours and the kernel permit.  The kernel comes first,
 * because it reports the links that the packets came in by. */
static void
serve(struct daemon *daemon, const struct pollfd *fds, unsigned int n,
    bool busy)
{
	unsigned int i;

	for (i = 0; i < INPUTS; i++) {
		busy |= fds[i].revents != 0 && i != INPUT_SIGNALS;
		if (fds[i].revents != 0 && i != INPUT_NET)
			serve_input(daemon, i, fds[i].fd);
	}
	if (fds[INPUT_NET].revents != 0)
		serve_input(daemon, INPUT_NET, fds[INPUT_NET].fd);
	if (daemon->local != NULL)
		local_ready(daemon->local, daemon->babel, fds + INPUTS,
		    n - INPUTS, busy);
}

/* Without memory the engine drops its input.  This is logged once a minute, and
 * shown until it has not happened for a minute. */
static void
watch_memory(struct daemon *daemon, babel_time now)
{
	uint64_t refusals = daemon->babel->counters[COUNT_NO_MEMORY];

	if (daemon->refusals != refusals) {
		daemon->refusals = refusals;
		daemon->is_short = 1;
		trouble_met(&daemon->memory, now, ENOMEM,
		    "remembering what neighbours and the kernel tell");
	} else if (daemon->is_short != 0 &&
	    now - daemon->memory.again >= MINUTE) {
		daemon->is_short = 0;
		trouble_over(&daemon->memory);
	}
}

/* Everything that is due by the clock and does not belong to the engine. */
static void
keep_house(struct daemon *daemon, babel_time now)
{
	babel_set_wall_clock(daemon->babel, clock_real() - now);
	if (now >= daemon->next_check)
		control_check_kernel(daemon, now);
	if (now >= daemon->next_address)
		control_settle_addresses(daemon, now);
	if (now >= next_table(daemon) &&
	    !printout_is_begun(daemon->printout)) {
		daemon->changed = false;
		daemon->printed = now;
		printout_begin(daemon->printout);
	}
	printout_continue(daemon->printout, daemon->babel,
	    log_output(daemon->log), TABLE_BUDGET);
	if (daemon->overruns != *kernel_overruns(daemon->kernel)) {
		daemon->overruns = *kernel_overruns(daemon->kernel);
		net_renew(daemon->net);
	}
	watch_memory(daemon, now);
	control_save_state(daemon, false);
	manager_alive(&daemon->manager, now);
}

/* Wait until something is ready; returns the number of descriptors to look at.
 * poll fails for long without memory, or when the limit on descriptors is
 * lowered below their number; then all of them are tried now and then. */
static unsigned int
await(struct daemon *daemon, struct pollfd *fds, unsigned int n,
    babel_time wait)
{
	struct timespec timeout;
	unsigned int i;

	wait = time_max(0, time_min(wait, MINUTE));
	timeout = clock_timespec(wait);
	if (ppoll(fds, n, &timeout, NULL) >= 0) {
		trouble_over(&daemon->polling);
		return n;
	}
	if (errno == EINTR)
		return 0;
	trouble_met(&daemon->polling, clock_monotonic(), errno,
	    "waiting for input");
	timeout = clock_timespec(time_min(wait, BLIND_PAUSE));
	nanosleep(&timeout, NULL);
	for (i = 0; i < n; i++)
		fds[i].revents = fds[i].fd < 0 ? 0 : fds[i].events;
	return n;
}

/* One turn; at most until the limit. */
static void
turn(struct daemon *daemon, babel_time limit)
{
	struct pollfd fds[INPUTS + LOCAL_FDS];
	babel_time now = clock_monotonic();
	babel_time wish = babel_run(daemon->babel, now);
	enum kernel_progress progress;
	unsigned int n;
	bool busy;

	wish = time_min(wish, rules_run(daemon->rules, now));
	progress = kernel_send(daemon->kernel);
	if (progress == KERNEL_ANSWERED)
		wish = now;
	if (progress == KERNEL_BUSY)
		wish = time_min(wish, now + MILLISECOND);
	busy = wish <= now;
	wish = time_min(wish, net_run(daemon->net, now));
	wish = time_min(wish, log_run(daemon->log, now));
	n = gather_pollfds(daemon, fds, now);
	wish = time_min(limit, next_wish(daemon, wish, now));
	n = await(daemon, fds, n, wish == NEVER ? NEVER : wish - now);
	keep_house(daemon, clock_monotonic());
	if (n > 0)
		serve(daemon, fds, n, busy);
}

/* Start. */

/* The router-id to start with.  One that is drawn is to be remembered, unless
 * another is wanted each time. */
static struct router_id
choose_id(struct daemon *daemon)
{
	const struct options *options = &daemon->conf->options;
	const struct system_state *state = &daemon->state.stored;
	struct router_id id;

	if (options->has_router_id)
		id = options->router_id;
	else if (state->has_id && !options->random_id)
		id = state->id;
	else if (options->random_id || !system_router_id_from_hardware(&id)) {
		system_router_id_random(&id);
		daemon->id_is_drawn = !options->random_id;
	}
	return id;
}

static struct babel_identity
choose_identity(struct daemon *daemon)
{
	const struct system_state *state = &daemon->state.stored;
	struct babel_identity identity = {
		.v4_via_v6 = kernel_is_at_least(5, 2),
		.v4_via_v6_default = kernel_is_at_least(5, 13),
		.id_is_configured = daemon->conf->options.has_router_id,
		.id = choose_id(daemon),
	};

	identity.without_state = !state->has_seqno;
	identity.seqno = seqno_plus(state->seqno, 1);
	if (!state->has_seqno)
		system_random(&identity.seqno, sizeof(identity.seqno));
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

/* From now on files are made for the user that is to use them. */
static bool
become_user(struct daemon *daemon)
{
	const char *user = options_user(&daemon->conf->options);
	char error[SYSTEM_ERROR_SIZE];

	if (user == NULL || privilege_become(user, error) == 0)
		return true;
	log_warnx(daemon->log, "%s", error);
	return false;
}

/* Routes and sockets need little.  Who was not told to be somebody else may
 * look at packets that a filter drops (net/tap.c), and root may use the
 * files of others, as it always could. */
static uint64_t
needed_capabilities(const struct options *options)
{
	uint64_t needed = PRIVILEGE(CAP_NET_ADMIN);

	if (options->protocol_port < IPPORT_RESERVED)
		needed |= PRIVILEGE(CAP_NET_BIND_SERVICE);
	if (!kernel_is_at_least(5, 7))
		needed |= PRIVILEGE(CAP_NET_RAW);
	if (options_user(options) == NULL)
		needed |= PRIVILEGE(CAP_NET_RAW) |
		    PRIVILEGE(CAP_DAC_OVERRIDE);
	return needed;
}

/* All that takes more is done. */
static bool
give_up_privileges(struct daemon *daemon)
{
	const struct options *options = &daemon->conf->options;
	char error[SYSTEM_ERROR_SIZE], text[PRIVILEGE_STRLEN];
	enum sandbox sandbox;

	if (privilege_keep(needed_capabilities(options), error) < 0) {
		log_warnx(daemon->log, "%s", error);
		return false;
	}
	privilege_format(text);
	sandbox = sandbox_enter(error);
	if (sandbox == SANDBOX_FAILED)	/* a kernel without filters */
		log_warnx(daemon->log, "%s", error);
	log_note(daemon->log, LOG_INFO,
	    "user %u, capabilities: %s, system calls: %s",
	    (unsigned int)geteuid(), text,
	    sandbox == SANDBOX_ENTERED ? "those needed" : "any");
	return true;
}

/* Open the log, go to the background and write the pid file; false if that
 * fails.  *parent takes the descriptor for the parent that waits. */
static bool
settle(struct daemon *daemon, int *parent)
{
	const struct options *options = &daemon->conf->options;
	const char *log_file = options_log_file(options);
	const char *pid_file = options_pid_file(options);
	char error[SYSTEM_ERROR_SIZE];

	if (!become_user(daemon))
		return false;
	if (log_file != NULL && log_open(daemon->log, log_file) < 0) {
		log_warn(daemon->log, "log file %s", log_file);
		return false;
	}
	if (freopen("/dev/null", "r", stdin) == NULL) {
		log_warn(daemon->log, "/dev/null");
		return false;
	}
	if (options->daemonise && (*parent = system_daemonise()) < 0) {
		log_warn(daemon->log, "going to the background");
		return false;
	}
	if (pid_file == NULL)
		return true;
	daemon->pid_file = system_pid_file_open(pid_file, PID_PATIENCE,
	    error);
	if (daemon->pid_file == NULL)
		log_warnx(daemon->log, "%s", error);
	return daemon->pid_file != NULL;
}

/* Set up rules where the kernel has no source-specific routes. */
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
		.log = wiring_log,
	};

	daemon->rules = rules_open(daemon->kernel, &conf,
	    &wiring_fib_events, &wiring_fib_queries, daemon);
	if (daemon->rules == NULL)
		log_warnx(daemon->log, "out of memory");
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
		log_warn(daemon->log, "opening netlink");
		return false;
	}
	if (!options->skip_kernel_setup) {
		daemon->sysctls = system_sysctls_open("/proc",
		    SHARED_DIRECTORY);
		if (daemon->sysctls == NULL || system_sysctls_set(
		    daemon->sysctls, error) < 0) {
			log_warnx(daemon->log, "%s", daemon->sysctls == NULL ?
			    "out of memory" : error);
			return false;
		}
	}
	daemon->install = install_open(daemon->kernel, daemon->log,
	    daemon->conf);
	if (daemon->install == NULL) {
		log_warnx(daemon->log, "out of memory");
		return false;
	}
	return set_up_rules(daemon);
}

/* Numbers that are counted below the engine, under other names there. */
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
	daemon->shown[3] = (struct local_statistic){ "log-lines-lost",
	    "Lines of the log that could not be written.",
	    log_lost(daemon->log), false };
	daemon->shown[4] = (struct local_statistic){ "call-errors",
	    "Errors of system calls that may last.", &daemon->call_errors,
	    false };
	daemon->shown[5] = (struct local_statistic){ "out-of-memory",
	    "1 if something was dropped for want of memory within a minute.",
	    &daemon->is_short, true };
	local_show(daemon->local, daemon->shown, 6);
}

static bool
open_sockets(struct daemon *daemon)
{
	const struct options *options = &daemon->conf->options;
	char error[LOCAL_ERROR_MAX];

	daemon->net = net_open(options->protocol_port,
	    &options->protocol_group);
	if (daemon->net == NULL) {
		log_warn(daemon->log, "UDP port %u", options->protocol_port);
		return false;
	}
	net_set_log(daemon->net, daemon->log, &daemon->call_errors);
	if (!has_servers(options))
		return true;
	daemon->local = local_open(options, "babeld-" VERSION, error);
	if (daemon->local == NULL) {
		log_warnx(daemon->log, "%s", error);
		return false;
	}
	local_set_log(daemon->local, daemon->log, &daemon->call_errors);
	local_show_sockets(daemon->local, daemon->net);
	local_on_command(daemon->local, control_command, daemon);
	return true;
}

static void
log_start(const struct daemon *daemon)
{
	const struct router_id id = babel_router_id(daemon->babel);
	const char *files = daemon->layers.files->files;
	char text[ROUTER_ID_STRLEN];

	log_note(daemon->log, LOG_NOTICE,
	    "babeld-%s started, router-id %s, configuration: %s", VERSION,
	    router_id_format(&id, text),
	    files != NULL ? files : "command line only");
}

static bool
start(struct daemon *daemon)
{
	const struct options *options = &daemon->conf->options;
	struct babel_identity identity;
	char error[SYSTEM_ERROR_SIZE];
	int parent = -1;

	/* Sockets first: a process that has our port may be an older babeld,
	 * whose routes look like those that a crash of ours left. */
	if (!settle(daemon, &parent) || !open_sockets(daemon) ||
	    !set_up_kernel(daemon))
		return false;
	if (state_open(&daemon->state, options_state_file(options), error) < 0)
		log_warnx(daemon->log, "%s", error);
	identity = choose_identity(daemon);
	daemon->first_id = identity.id;
	daemon->printout = printout_new();
	daemon->babel = babel_new(&wiring_engine, daemon, daemon->conf,
	    &identity, clock_monotonic());
	if (daemon->babel == NULL || daemon->printout == NULL) {
		log_warnx(daemon->log, "out of memory");
		return false;
	}
	if (address_open(&daemon->addresses, "babeld-addresses",
	    &identity.id) != 0)
		log_warnx(daemon->log, "the kernel does not tell addresses");
	log_start(daemon);
	if (daemon->local != NULL)
		show_statistics(daemon);
	control_save_state(daemon, false);
	control_check_kernel(daemon, clock_monotonic());
	if (!give_up_privileges(daemon))
		return false;
	if (parent >= 0)
		system_daemonise_done(parent);
	manager_open(&daemon->manager, clock_monotonic());
	manager_ready(&daemon->manager);
	return true;
}

/* Send good-byes, and let packets in flight arrive. */
static void
leave_network(struct daemon *daemon)
{
	babel_time limit = clock_monotonic() + SECOND;

	manager_stopping(&daemon->manager);
	babel_shutdown(daemon->babel, clock_monotonic());
	while (!babel_is_quiet(daemon->babel) && clock_monotonic() < limit)
		turn(daemon, clock_monotonic() + LEAVE_STEP);
	limit = clock_monotonic() + daemon->conf->options.shutdown_delay;
	while (clock_monotonic() < limit)
		turn(daemon, limit);
	install_flush(daemon->install, daemon->conf);
	address_close(&daemon->addresses, daemon->kernel);
	control_save_state(daemon, true);
}

/* Release everything, after a whole or a half start. */
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
	manager_close(&daemon->manager);
	printout_free(daemon->printout);
	free(daemon->watched);
	system_sysctls_close(daemon->sysctls);
	system_pid_file_close(daemon->pid_file);
	configuration_free(daemon->conf);
	configuration_free(daemon->layers.files);
	configuration_free(daemon->layers.socket);
	log_free(daemon->log);
}

/* Read the configuration of the command line; false to exit. */
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
		.signals = -1, .manager.socket = -1
	};
	int status = 1;

	system_fill_standard();
	system_raise_limits();
	system_reserve_stack();
	if (configure(&daemon, &status)) {
		if (prepare_loop(&daemon) && start(&daemon)) {
			while (!daemon.stop)
				turn(&daemon, NEVER);
			leave_network(&daemon);
			status = 0;
		}
	}
	release(&daemon);
	return status;
}
