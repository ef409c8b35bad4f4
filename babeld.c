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

#define RECEIVE_BURST	32		/* packets in one turn */
#define FDS_MAX		(1 + KERNEL_FDS + LOCAL_FDS)
#define SYNC_TIMEOUT	(5 * SECOND)

struct daemon {
	int argc;
	char **argv;
	struct configuration *conf;
	struct babel *babel;
	struct net *net;
	struct kernel *kernel;
	struct local *local;
	babel_time next_check;		/* of the kernel's tables, or NEVER */
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

	return kernel_submit(daemon->kernel, change);
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

/* An interface that comes up must be able to hear the group. */
static void
engine_interface_changed(struct daemon *daemon, const struct interface *ifp)
{
	if (ifp->up && net_join(daemon->net, ifp->link.ifindex) < 0)
		warn("interface %s: joining the multicast group",
		    ifp->link.name);
}

static void
engine_notify(void *ctx, enum babel_event event, const void *object)
{
	struct daemon *daemon = ctx;

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

static void
kernel_route(void *ctx, const struct kernel_route *route, bool present)
{
	struct daemon *daemon = ctx;

	babel_kernel_route(daemon->babel, clock_now(), route, present);
}

static void
kernel_sync(void *ctx, bool begin)
{
	struct daemon *daemon = ctx;

	babel_kernel_sync(daemon->babel, clock_now(), begin);
}

static void
kernel_fib_done(void *ctx, const struct fib_change *change, int error)
{
	struct daemon *daemon = ctx;

	babel_fib_done(daemon->babel, clock_now(), change, error);
}

static void
kernel_fib_lost(void *ctx, const struct destination_key *key)
{
	struct daemon *daemon = ctx;

	babel_fib_lost(daemon->babel, clock_now(), key);
}

static bool
kernel_fib_find(void *ctx, const struct destination_key *key, uint32_t table,
    struct fib_entry *entry)
{
	struct daemon *daemon = ctx;

	return babel_fib_find(daemon->babel, key, table, entry);
}

static bool
kernel_fib_after(void *ctx, const struct destination_key *after,
    struct destination_key *key, struct fib_entry *entry)
{
	struct daemon *daemon = ctx;

	return babel_fib_after(daemon->babel, after, key, entry);
}

static const struct kernel_events kernel_events = {
	.link = kernel_link,
	.route = kernel_route,
	.sync = kernel_sync,
	.fib_done = kernel_fib_done,
	.fib_lost = kernel_fib_lost,
	.fib_find = kernel_fib_find,
	.fib_after = kernel_fib_after,
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

static void
handle_signals(struct daemon *daemon, babel_time now)
{
	if (got_stop)
		daemon->stop = true;
	if (got_check || now >= daemon->next_check) {
		got_check = 0;
		check_kernel(daemon, now);
	}
	got_dump = 0;
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

	if (kernel_flush(daemon->kernel))
		wish = time_min(wish, now + MILLISECOND);
	n = gather_pollfds(daemon, fds);
	timeout = until(time_min(limit, next_wish(daemon, wish, now)), now);
	if (ppoll(fds, n, &timeout, &daemon->waitmask) < 0) {
		if (errno != EINTR)
			warn("poll");
		n = 0;
	}
	handle_signals(daemon, clock_now());
	if (n > 0)
		serve(daemon, fds, n, wish <= now);
}

/* Start. */

static struct kernel_conf
kernel_conf_of(const struct options *options)
{
	return (struct kernel_conf){
		.export_table = options->export_table,
		.import_tables = options->import_tables,
		.import_table_count = options->import_table_count,
		.link_detect = options->link_detect,
		.sysfs = "/sys",
	};
}

static struct babel_identity
identity_of(const struct options *options)
{
	struct babel_identity identity = {
		.v4_via_v6 = kernel_is_at_least(5, 2),
		.v4_via_v6_default = kernel_is_at_least(5, 13),
	};

	arc4random_buf(&identity.seqno, sizeof(identity.seqno));
	if (options->has_router_id) {
		identity.id = options->router_id;
		identity.id_is_configured = true;
	} else
		arc4random_buf(&identity.id, sizeof(identity.id));
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

static void
start(struct daemon *daemon)
{
	const struct options *options = &daemon->conf->options;
	struct kernel_conf kernel = kernel_conf_of(options);
	struct babel_identity identity = identity_of(options);
	char error[LOCAL_ERROR_MAX];

	daemon->kernel = kernel_open(&kernel, &kernel_events, daemon);
	if (daemon->kernel == NULL)
		err(1, "opening netlink");
	if (kernel_flush_routes(daemon->kernel, options->export_table) < 0)
		warn("flushing left-over routes");
	daemon->net = net_open(options->protocol_port,
	    &options->protocol_group);
	if (daemon->net == NULL)
		err(1, "UDP port %u", options->protocol_port);
	if (has_servers(options)) {
		daemon->local = local_open(options, "babeld-" VERSION,
		    error);
		if (daemon->local == NULL)
			errx(1, "%s", error);
	}
	daemon->babel = babel_new(&engine_ops, daemon, daemon->conf,
	    &identity, clock_now());
	if (daemon->babel == NULL)
		errx(1, "out of memory");
	check_kernel(daemon, clock_now());
}

/* Stop: say good-bye, let packets in flight arrive, then clear up. */
static void
finish(struct daemon *daemon)
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
	if (daemon->local != NULL)
		local_close(daemon->local);
	daemon->local = NULL;
	babel_free(daemon->babel);
	net_close(daemon->net);
	kernel_close(daemon->kernel);
	configuration_free(daemon->conf);
}

int
main(int argc, char *argv[])
{
	struct daemon daemon = { .argc = argc, .argv = argv };
	int status;

	daemon.conf = options_read(argc, argv, &status);
	if (daemon.conf == NULL)
		return status;
	if (daemon.conf->interface_count == 0)
		errx(1, "asked to run on no interfaces");
	catch_signals(&daemon);
	start(&daemon);
	while (!daemon.stop)
		turn(&daemon, NEVER);
	finish(&daemon);
	return 0;
}
