/*
 * babeld.c - the process: one poll loop that feeds the engine.
 *
 * Packets, links, kernel routes and requests of local clients go into the
 * engine as they come; packets and kernel changes come out of it through
 * the callbacks below.  A turn of the loop is bounded in everything it
 * does, so no input can keep our Hellos waiting.
 */
#include <sys/types.h>

#include <err.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "fib.h"
#include "kernel.h"
#include "local.h"
#include "net.h"
#include "options.h"
#include "rule.h"
#include "system.h"
#include "table.h"
#include "xroute.h"

#define RECEIVE_BURST	32		/* packets in one turn */
#define FDS_MAX		(1 + KERNEL_FDS + LOCAL_FDS)
#define SEQNO_BLOCK	64		/* reserved in the state file */
#define TABLE_BUDGET	256		/* lines printed in one turn */
#define TABLE_PAUSE	SECOND		/* between two tables, at debug 1 */

struct daemon {
	int argc;
	char **argv;
	struct configuration_layers layers;
	struct configuration *conf;	/* what runs, made of the layers */
	struct system_sysctls *sysctls;
	struct system_pid_file *pid_file;
	struct system_state state;	/* as in the file */
	struct router_id first_id;	/* that we started with */
	struct babel *babel;
	struct net *net;
	struct kernel *kernel;
	struct rules *rules;
	uint32_t *watched;		/* tables to hear of */
	bool answered;			/* the kernel has: run again */
	struct local *local;
	babel_time next_check;		/* of the kernel's tables, or NEVER */
	struct table table;		/* being printed */
	babel_time table_printed;
	bool changed;			/* since then */
	sigset_t waitmask;		/* while polling */
	bool stop;
};

/* The only globals: what signal handlers may touch. */
static volatile sig_atomic_t got_stop, got_dump, got_check;

static babel_time
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

/* Messages go to stderr, which may be the log file. */
static void
log_text(int priority, const char *format, va_list ap)
{
	if (priority > LOG_INFO)
		return;
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
}

static void __attribute__((format(printf, 3, 4)))
kernel_log(void *ctx, int priority, const char *format, ...)
{
	va_list ap;

	(void)ctx;
	va_start(ap, format);
	log_text(priority, format, ap);
	va_end(ap);
}

/* Callbacks of the engine. */

static bool
engine_send(void *ctx, const struct datagram *datagram)
{
	struct daemon *daemon = ctx;
	int error = net_send(daemon->net, datagram);

	return error != EAGAIN && error != ENOBUFS;
}

static bool
engine_fib(void *ctx, const struct fib_change *change)
{
	struct daemon *daemon = ctx;

	return rules_submit(daemon->rules, change);
}

static babel_time
engine_stamp(void *ctx)
{
	(void)ctx;
	return clock_now();
}

static void
engine_random(void *ctx, void *buffer, size_t len)
{
	(void)ctx;
	arc4random_buf(buffer, len);
}

/* An interface that comes up must be able to hear the group, and must
 * accept packets whatever way they come. */
static void
engine_interface_changed(struct daemon *daemon, const struct interface *ifp)
{
	const char *name = ifp->link.name;
	char error[SYSTEM_ERROR_SIZE];

	if (!ifp->up) {
		if (ifp->link.ifindex != 0)
			net_leave(daemon->net, ifp->link.ifindex);
		if (daemon->sysctls != NULL)
			system_sysctls_restore_interface(daemon->sysctls,
			    name);
		return;
	}
	if (net_join(daemon->net, ifp->link.ifindex) < 0)
		warn("interface %s: joining the multicast group", name);
	if (daemon->sysctls != NULL && system_sysctls_set_interface(
	    daemon->sysctls, name, error) < 0)
		warnx("interface %s: %s", name, error);
}

/* What we export must not be hidden by source-specific routes; our own
 * addresses never are. */
static void
engine_xroute_changed(struct daemon *daemon, enum babel_event event,
    const struct xroute *xroute)
{
	const struct xroute_offer *best = TAILQ_FIRST(&xroute->offers);
	const struct destination_key *key = &xroute->destination->key;

	if (event == EVENT_XROUTE_FLUSH || best == NULL || best->route.local)
		rules_retract(daemon->rules, key);
	else
		rules_export(daemon->rules, key, best->route.table);
}

static void
engine_notify(void *ctx, enum babel_event event, const void *object)
{
	struct daemon *daemon = ctx;

	daemon->changed = true;
	if (daemon->rules != NULL && (event == EVENT_XROUTE_ADD ||
	    event == EVENT_XROUTE_CHANGE || event == EVENT_XROUTE_FLUSH))
		engine_xroute_changed(daemon, event, object);
	if (event == EVENT_INTERFACE_CHANGE)
		engine_interface_changed(daemon, object);
	if (daemon->local != NULL && daemon->babel != NULL)
		local_event(daemon->local, daemon->babel, event, object);
}

static void __attribute__((format(printf, 3, 0)))
engine_log(void *ctx, int priority, const char *format, va_list ap)
{
	(void)ctx;
	log_text(priority, format, ap);
}

static const struct babel_ops engine_ops = {
	.send = engine_send,
	.fib = engine_fib,
	.stamp = engine_stamp,
	.random = engine_random,
	.notify = engine_notify,
	.log = engine_log,
};

/* Callbacks of the kernel layer. */

static void
kernel_link(void *ctx, const struct link_state *link, bool present)
{
	struct daemon *daemon = ctx;

	if (present)
		babel_link_changed(daemon->babel, clock_now(), link);
	else
		babel_link_removed(daemon->babel, clock_now(),
		    link->ifindex);
}

/* The main table is watched even if it is not imported. */
static bool
is_imported(const struct options *options, const struct kernel_route *route)
{
	size_t i;

	if (route->local)
		return true;
	for (i = 0; i < options->import_table_count; i++)
		if (options->import_tables[i] == route->table)
			return true;
	return options->import_table_count == 0 &&
	    route->table == RT_TABLE_MAIN;
}

static void
kernel_route(void *ctx, const struct kernel_route *route, bool present)
{
	struct daemon *daemon = ctx;

	if (route->table == RT_TABLE_MAIN && !route->local)
		rules_route(daemon->rules, route, present);
	if (is_imported(&daemon->conf->options, route))
		babel_kernel_route(daemon->babel, clock_now(), route,
		    present);
}

static void
kernel_sync(void *ctx, bool begin)
{
	struct daemon *daemon = ctx;

	babel_kernel_sync(daemon->babel, clock_now(), begin);
	rules_sync(daemon->rules, begin);
}

static void
kernel_fib_done(void *ctx, const struct fib_change *change, int error)
{
	struct daemon *daemon = ctx;

	daemon->answered = true;
	rules_fib_done(daemon->rules, change, error);
}

static void
kernel_fib_lost(void *ctx, const struct destination_key *key)
{
	struct daemon *daemon = ctx;

	rules_fib_lost(daemon->rules, key);
}

static bool
kernel_fib_find(void *ctx, const struct destination_key *key, uint32_t table,
    struct fib_entry *entry)
{
	struct daemon *daemon = ctx;

	return rules_fib_find(daemon->rules, key, table, entry);
}

static bool
kernel_fib_after(void *ctx, const struct destination_key *after,
    struct destination_key *key, struct fib_entry *entry)
{
	struct daemon *daemon = ctx;

	return rules_fib_after(daemon->rules, after, key, entry);
}

static void
kernel_rule(void *ctx, const struct kernel_rule *rule, bool present)
{
	struct daemon *daemon = ctx;

	rules_rule(daemon->rules, rule, present);
}

static bool
kernel_rule_source(void *ctx, uint32_t table, struct prefix *from)
{
	struct daemon *daemon = ctx;

	return rules_source(daemon->rules, table, from);
}

static const struct kernel_events kernel_events = {
	.link = kernel_link,
	.route = kernel_route,
	.sync = kernel_sync,
	.fib_done = kernel_fib_done,
	.fib_lost = kernel_fib_lost,
	.fib_find = kernel_fib_find,
	.fib_after = kernel_fib_after,
	.rule = kernel_rule,
	.rule_source = kernel_rule_source,
	.log = kernel_log,
};

/* Callbacks of the rules: what they leave of the kernel's events is the
 * engine's. */

static void
rules_done(void *ctx, const struct fib_change *change, int error)
{
	struct daemon *daemon = ctx;

	daemon->answered = true;
	babel_fib_done(daemon->babel, clock_now(), change, error);
}

static void
rules_lost(void *ctx, const struct destination_key *key)
{
	struct daemon *daemon = ctx;

	babel_fib_lost(daemon->babel, clock_now(), key);
}

static bool
rules_find(void *ctx, const struct destination_key *key, uint32_t table,
    struct fib_entry *entry)
{
	struct daemon *daemon = ctx;

	return babel_fib_find(daemon->babel, key, table, entry);
}

static bool
rules_after(void *ctx, const struct destination_key *after,
    struct destination_key *key, struct fib_entry *entry)
{
	struct daemon *daemon = ctx;

	return babel_fib_after(daemon->babel, after, key, entry);
}

static const struct kernel_events rules_events = {
	.fib_done = rules_done,
	.fib_lost = rules_lost,
	.fib_find = rules_find,
	.fib_after = rules_after,
	.log = kernel_log,
};

static void
packet_in(void *ctx, const struct datagram *datagram)
{
	struct daemon *daemon = ctx;

	babel_receive(daemon->babel, clock_now(), datagram);
}

/* Signals. */

static void
on_signal(int signal)
{
	switch (signal) {
	case SIGUSR1:
		got_dump = 1;
		break;
	case SIGUSR2:
		got_check = 1;
		break;
	default:
		got_stop = 1;
		break;
	}
}

/* Signals are blocked but while we poll, so none comes unseen. */
static void
catch_signals(struct daemon *daemon)
{
	static const int caught[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1,
	    SIGUSR2 };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaddset(&blocked, caught[i]);
	sigprocmask(SIG_BLOCK, &blocked, &daemon->waitmask);
	for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
		sigaction(caught[i], &action, NULL);
		sigdelset(&daemon->waitmask, caught[i]);
	}
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
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

/* What is due without a descriptor being ready. */
static babel_time
next_wish(const struct daemon *daemon, babel_time wish, babel_time now)
{
	if (daemon->local != NULL)
		wish = time_min(wish, local_due(daemon->local, now));
	return time_min(wish, daemon->next_check);
}

static void
serve(struct daemon *daemon, const struct pollfd *fds, unsigned int n,
    bool busy)
{
	unsigned int i;

	for (i = 1; i <= KERNEL_FDS; i++)
		if (fds[i].revents != 0)
			kernel_ready(daemon->kernel, fds[i].fd);
	if (fds[0].revents != 0)
		net_receive(daemon->net, clock_now(), RECEIVE_BURST,
		    packet_in, daemon);
	if (daemon->local != NULL)
		local_ready(daemon->local, daemon->babel,
		    fds + 1 + KERNEL_FDS, n - 1 - KERNEL_FDS, busy);
}

static void
check_kernel(struct daemon *daemon, babel_time now)
{
	babel_time interval = daemon->conf->options.kernel_check_interval;

	daemon->next_check = interval == 0 ? NEVER : now + interval;
	if (kernel_resync(daemon->kernel) < 0)
		warn("asking the kernel for its tables");
}

/* Run-time configuration. */

/* The tables to hear of: what is imported, and the main table, in which
 * others have what must not be hidden. */
static size_t
watch_tables(struct daemon *daemon, const struct options *options)
{
	size_t count = options->import_table_count, i;
	uint32_t *tables = reallocarray(daemon->watched, count + 1,
	    sizeof(*tables));

	if (tables == NULL)
		return 0;		/* the main table alone */
	if (count > 0)
		memcpy(tables, options->import_tables,
		    count * sizeof(*tables));
	daemon->watched = tables;
	for (i = 0; i < count; i++)
		if (tables[i] == RT_TABLE_MAIN)
			return count;
	tables[count] = RT_TABLE_MAIN;
	return count + 1;
}

static struct kernel_conf
kernel_conf_of(struct daemon *daemon, const struct options *options)
{
	size_t count = watch_tables(daemon, options);

	return (struct kernel_conf){
		.export_table = options->export_table,
		.import_tables = daemon->watched,
		.import_table_count = count,
		.link_detect = options->link_detect,
		.sysfs = "/sys",
	};
}

/* What runs is another configuration from now on. */
static void
adopt(struct daemon *daemon, struct configuration *conf)
{
	struct configuration *old = daemon->conf;
	struct kernel_conf kernel = kernel_conf_of(daemon, &conf->options);

	daemon->conf = conf;
	babel_configure(daemon->babel, clock_now(), conf);
	configuration_free(old);
	if (kernel_configure(daemon->kernel, &kernel) < 0)
		warn("asking the kernel for its tables");
}

/* A file that cannot be opened leaves the log where it was. */
static void
reopen_log(struct daemon *daemon)
{
	const char *path = options_log_file(&daemon->conf->options);

	if (path != NULL && system_log_open(path) < 0)
		warn("log file %s", path);
}

static enum local_reply
reload(struct daemon *daemon, struct configuration_report *report)
{
	struct configuration *files, *conf;

	files = options_reload(daemon->argc, daemon->argv, report);
	if (files == NULL)
		return LOCAL_NO;
	conf = configuration_reload(&daemon->layers, files, report);
	if (conf == NULL) {
		configuration_free(files);
		return LOCAL_NO;
	}
	adopt(daemon, conf);
	return LOCAL_OK;
}

/* A request of a local client that may write. */
static enum local_reply
command(void *ctx, const char *line, struct configuration_report *report)
{
	static const struct configuration_source source = {
		.context = CONTEXT_SOCKET,
		.name = "request",
		.load_key = options_load_key,
	};
	struct daemon *daemon = ctx;
	struct configuration *conf;

	if (strcmp(line, "reload") == 0)
		return reload(daemon, report);
	if (strcmp(line, "reopen-logfile") == 0) {
		reopen_log(daemon);
		return LOCAL_OK;
	}
	conf = configuration_amend(&daemon->layers, line, strlen(line),
	    &source, report);
	if (conf == NULL)
		return report->refused ? LOCAL_NO : LOCAL_BAD;
	adopt(daemon, conf);
	if (strncmp(line, "log-file", 8) == 0)
		reopen_log(daemon);
	return LOCAL_OK;
}

/*
 * The state file says less than the truth never: it is written a block of
 * seqnos ahead, so that a crash loses nothing and flash memory is spared.
 */
static void
save_state(struct daemon *daemon, bool exact)
{
	const char *path = options_state_file(&daemon->conf->options);
	uint16_t seqno = babel_seqno(daemon->babel);
	struct router_id id = babel_router_id(daemon->babel);
	struct system_state *state = &daemon->state;
	bool chosen = router_id_compare(&id, &daemon->first_id) != 0 &&
	    (!state->has_id || router_id_compare(&id, &state->id) != 0);
	char error[SYSTEM_ERROR_SIZE];

	if (path == NULL || (!exact && !chosen && state->has_seqno &&
	    !seqno_less(state->seqno, seqno)))
		return;
	state->has_seqno = true;
	state->seqno = exact ? seqno : seqno_plus(seqno, SEQNO_BLOCK);
	if (chosen) {
		state->has_id = true;
		state->id = id;
	}
	if (system_state_write(path, state, error) < 0)
		warnx("%s", error);
}

static void
handle_signals(struct daemon *daemon, babel_time now)
{
	if (got_stop)
		daemon->stop = true;
	if (got_check) {
		got_check = 0;
		reopen_log(daemon);
		check_kernel(daemon, now);
	}
	if (got_dump) {
		got_dump = 0;
		table_begin(&daemon->table);
	}
}

/* What is due by the clock, and is not the engine's. */
static void
keep_house(struct daemon *daemon, babel_time now)
{
	if (now >= daemon->next_check)
		check_kernel(daemon, now);
	if (daemon->conf->options.debug >= 1 && daemon->changed &&
	    now - daemon->table_printed >= TABLE_PAUSE) {
		daemon->changed = false;
		daemon->table_printed = now;
		table_begin(&daemon->table);
	}
	if (!table_print(&daemon->table, daemon->babel, stdout,
	    TABLE_BUDGET))
		fflush(stdout);
	save_state(daemon, false);
}

/* One turn; at most until the limit. */
static void
turn(struct daemon *daemon, babel_time limit)
{
	struct pollfd fds[FDS_MAX];
	babel_time now = clock_now();
	babel_time wish = babel_run(daemon->babel, now);
	struct timespec timeout;
	unsigned int n;

	wish = time_min(wish, rules_run(daemon->rules, now));
	if (kernel_flush(daemon->kernel))
		wish = time_min(wish, now + MILLISECOND);
	if (daemon->answered)
		wish = now;
	daemon->answered = false;
	n = gather_pollfds(daemon, fds);
	timeout = until(time_min(limit, next_wish(daemon, wish, now)), now);
	if (ppoll(fds, n, &timeout, &daemon->waitmask) < 0) {
		if (errno != EINTR)
			warn("poll");
		n = 0;
	}
	handle_signals(daemon, clock_now());
	keep_house(daemon, clock_now());
	if (n > 0)
		serve(daemon, fds, n, wish <= now);
}

/* Start. */

static struct babel_identity
identity_of(const struct options *options, struct system_state *state)
{
	const char *path = options_state_file(options);
	struct babel_identity identity = {
		.v4_via_v6 = kernel_is_at_least(5, 2),
		.v4_via_v6_default = kernel_is_at_least(5, 13),
		.id_is_configured = options->has_router_id,
	};
	char error[SYSTEM_ERROR_SIZE];

	if (path != NULL && system_state_read(path, state, error) < 0)
		warnx("%s", error);
	identity.without_state = !state->has_seqno;
	identity.seqno = seqno_plus(state->seqno, 1);
	if (!state->has_seqno)
		arc4random_buf(&identity.seqno, sizeof(identity.seqno));
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
	};

	daemon->rules = rules_open(daemon->kernel, &conf, &rules_events,
	    daemon);
	if (daemon->rules == NULL)
		warnx("out of memory");
	return daemon->rules != NULL;
}

static bool
set_up_kernel(struct daemon *daemon)
{
	const struct options *options = &daemon->conf->options;
	struct kernel_conf kernel = kernel_conf_of(daemon, options);
	char error[SYSTEM_ERROR_SIZE];

	daemon->kernel = kernel_open(&kernel, &kernel_events, daemon);
	if (daemon->kernel == NULL) {
		warn("opening netlink");
		return false;
	}
	if (!options->skip_kernel_setup) {
		daemon->sysctls = system_sysctls_open("/proc", "/run");
		if (daemon->sysctls == NULL || system_sysctls_set(
		    daemon->sysctls, error) < 0) {
			warnx("%s", daemon->sysctls == NULL ?
			    "out of memory" : error);
			return false;
		}
	}
	if (kernel_flush_routes(daemon->kernel, options->export_table) < 0)
		warn("removing what a crashed instance left");
	return set_up_rules(daemon);
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
	local_on_command(daemon->local, command, daemon);
	return true;
}

static bool
start(struct daemon *daemon)
{
	struct babel_identity identity;
	int parent = -1;

	if (!settle(daemon, &parent) || !set_up_kernel(daemon) ||
	    !open_sockets(daemon))
		return false;
	identity = identity_of(&daemon->conf->options, &daemon->state);
	daemon->first_id = identity.id;
	daemon->babel = babel_new(&engine_ops, daemon, daemon->conf,
	    &identity, clock_now());
	if (daemon->babel == NULL) {
		warnx("out of memory");
		return false;
	}
	save_state(daemon, false);
	check_kernel(daemon, clock_now());
	if (parent >= 0)
		system_daemonise_done(parent);
	return true;
}

/* Say good-bye, and let packets in flight arrive. */
static void
leave_network(struct daemon *daemon)
{
	babel_time limit = clock_now() + SECOND;

	babel_shutdown(daemon->babel, clock_now());
	while (!babel_is_quiet(daemon->babel) && clock_now() < limit)
		turn(daemon, limit);
	limit = clock_now() + daemon->conf->options.shutdown_delay;
	while (clock_now() < limit)
		turn(daemon, limit);
	kernel_flush_routes(daemon->kernel,
	    daemon->conf->options.export_table);
	save_state(daemon, true);
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
	if (daemon->kernel != NULL)
		kernel_close(daemon->kernel);
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
	if (daemon->conf == NULL) {
		warnx("%s", report.error);
		configuration_free(files);
		return false;
	}
	if (daemon->conf->interface_count == 0)
		warnx("asked to run on no interfaces");
	return daemon->conf->interface_count > 0;
}

int
main(int argc, char *argv[])
{
	struct daemon daemon = { .argc = argc, .argv = argv };
	int status = 1;

	if (configure(&daemon, &status)) {
		catch_signals(&daemon);
		if (start(&daemon)) {
			while (!daemon.stop)
				turn(&daemon, NEVER);
			leave_network(&daemon);
			status = 0;
		}
	}
	release(&daemon);
	return status;
}
