/*
 * kernel/sync.c - reading the whole state of the kernel, in slices.
 *
 * There are two tasks.  SYNC_ALL dumps links, addresses and the import tables,
 * between two sync events; the receiver removes everything that was not
 * reported in between.  SYNC_VERIFY, which also ends each SYNC_ALL, dumps the
 * routes of our protocol and compares them with those that we believe to be
 * installed, because the kernel removes IPv4 routes without notification when a
 * link goes down or loses its last address.  No copy of our routes is kept for
 * that, only a fingerprint of each dumped one while the task runs.  Dumped
 * routes of our protocol that no living instance has are removed
 * (kernel/stray.c).
 *
 * One datagram is read at a time; notifications and our own changes go on
 * meanwhile.  So a datagram that was written earlier must not bring back
 * something that a notification reported as gone.
 *
 * A dump may be inconsistent.  Links and addresses carry NLM_F_DUMP_INTR then;
 * IPv6 routes carry nothing, but a dump in several datagrams may skip a route
 * when others go meanwhile.  Such a dump is repeated, and everything that any
 * of the tries has seen exists.  Strangers may change their routes for ever, so
 * only a few tries are made: it is next to impossible that a route is skipped
 * each time.  A dump of which a datagram was lost is another case, and is
 * postponed.
 *
 * A dump that does not continue would never end: then the sockets are opened
 * anew, and everything is read again.
 */
#include "kernel/sync.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "babel.h"
#include "clock.h"
#include "kernel.h"
#include "kernel/attribute.h"
#include "kernel/dump.h"
#include "kernel/kernel_state.h"
#include "kernel/link.h"
#include "kernel/marks.h"
#include "kernel/notify.h"
#include "kernel/route_message.h"
#include "kernel/socket.h"
#include "kernel/stray.h"
#include "prefix.h"
#include "set.h"
#include "util.h"

#define TRIES_MAX	5
#define DUMP_PATIENCE	(10 * SECOND)	/* for the next datagram of a dump */
#define RETRY_DELAY	SECOND
#define WALK_SLICE	256
#define STAGE_LINKS	0
#define STAGE_ADDRESSES	1
#define STAGE_ROUTES	2		/* two for each table, then our own */

/* The first stage that dumps our own routes. */
static unsigned int
own_stage(const struct kernel *kernel)
{
	return STAGE_ROUTES + 2 * (unsigned int)kernel->conf.import_table_count;
}

static void
set_task(struct kernel *kernel, enum sync_task task)
{
	kernel->sync.task = task;
	kernel->marks.keeps_own = task != SYNC_NOTHING;
	kernel->marks.keeps_gone = kernel->marks.reads_own = false;
	if (task == SYNC_NOTHING)
		kernel->marks.deadline = NEVER;
}

/* The stages between the two sync events are those that may be outdated. */
static void
note_stage(struct kernel *kernel)
{
	const struct sync *sync = &kernel->sync;
	bool is_own = sync->stage >= own_stage(kernel);

	kernel->marks.reads_own = is_own;
	kernel->marks.keeps_gone = sync->task == SYNC_ALL && !is_own;
}

static void
set_walking(struct kernel *kernel, bool is_walking)
{
	kernel->sync.is_walking = kernel->marks.wants_turn = is_walking;
}

/* The dump of a stage; false if there is no such stage. */
static bool
describe_stage(const struct kernel *kernel, unsigned int stage,
    struct dump_request *request)
{
	unsigned int own = own_stage(kernel);

	memset(request, 0, sizeof(*request));
	request->family = AF_UNSPEC;
	if (stage == STAGE_LINKS) {
		request->type = RTM_GETLINK;
		return true;
	}
	if (stage == STAGE_ADDRESSES) {
		request->type = RTM_GETADDR;
		return true;
	}
	request->type = RTM_GETROUTE;
	request->family = stage % 2 == 0 ? AF_INET : AF_INET6;
	if (stage < own)
		request->table =
		    kernel->conf.import_tables[(stage - STAGE_ROUTES) / 2];
	else
		request->protocol = PROTOCOL_BABEL;
	return stage < own + 2 && (stage < own ||
	    kernel->fib_queries != NULL);
}

static void
abandon(struct kernel *kernel)
{
	set_task(kernel, SYNC_NOTHING);
	set_walking(kernel, false);
	kernel->sync.next = SYNC_NOTHING;
	kernel->sync.restart = false;
	kernel_stray_free(kernel);
	kernel->holds_links = false;
	kernel_link_report(kernel);
}

/* End the task, and try it again later. */
static void
put_off(struct kernel *kernel, const char *why)
{
	struct sync *sync = &kernel->sync;
	enum sync_task task = sync->restart ? SYNC_ALL :
	    sync->task > sync->next ? sync->task : sync->next;

	kernel->events->log(kernel->ctx, LOG_INFO,
	    "reading the kernel's tables is put off: %s", why);
	abandon(kernel);
	kernel_marks_schedule(kernel, task, RETRY_DELAY);
}

static void
request_stage(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;
	_Alignas(struct nlmsghdr) uint8_t buffer[DUMP_REQUEST_MAX];
	struct nlmsghdr *nlh = kernel_dump_encode(buffer, &sync->request);

	sync->seq = nlh->nlmsg_seq = ++kernel->seq;
	sync->is_inconsistent = sync->is_lossy = false;
	sync->datagrams = 0;
	kernel->marks.deadline = clock_monotonic() + DUMP_PATIENCE;
	sync->ipv6_changes = kernel->marks.ipv6_changes;
	if (send(kernel->dump, nlh, nlh->nlmsg_len, 0) < 0)
		put_off(kernel, strerror(errno));
}

static void
begin(struct kernel *kernel, enum sync_task task)
{
	struct sync *sync = &kernel->sync;

	set_task(kernel, task);
	sync->next = SYNC_NOTHING;
	sync->restart = false;
	kernel->marks.begun[task] = clock_monotonic();
	sync->tries = 0;
	set_walking(kernel, false);
	kernel_marks_clear(kernel);
	kernel_stray_free(kernel);
	if (task == SYNC_ALL) {
		sync->stage = STAGE_LINKS;
		kernel->marks.generation++;
		kernel->holds_links = true;
		kernel->events->sync(kernel->ctx, true);
	} else
		sync->stage = own_stage(kernel);
	note_stage(kernel);
	if (describe_stage(kernel, sync->stage, &sync->request))
		request_stage(kernel);
	else
		set_task(kernel, SYNC_NOTHING);
	kernel_marks_set_timer(kernel);
}

/* A socket can do one dump at a time, so one in progress is read to its end
 * first. */
int
kernel_resync(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;

	kernel->marks.due[SYNC_VERIFY] = kernel->marks.due[SYNC_ALL] = NEVER;
	if (sync->task == SYNC_NOTHING || sync->is_walking)
		begin(kernel, SYNC_ALL);
	else
		sync->restart = true;
	kernel_marks_set_timer(kernel);
	return 0;
}

/* A task is due.  A task in progress goes on to its end, whatever happens
 * meanwhile; otherwise it might never end. */
static void
begin_when_free(struct kernel *kernel, enum sync_task task)
{
	struct sync *sync = &kernel->sync;

	if (sync->task == SYNC_NOTHING)
		begin(kernel, task);
	else if (task > sync->next)
		sync->next = task;
}

static void
end_task(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;
	struct kernel_marks *marks = &kernel->marks;

	marks->spent[sync->task] = clock_monotonic() -
	    marks->begun[sync->task];
	set_task(kernel, SYNC_NOTHING);
	set_walking(kernel, false);
	kernel_marks_clear(kernel);
	if (sync->next != SYNC_NOTHING)
		kernel_marks_schedule(kernel, sync->next, 0);
	sync->next = SYNC_NOTHING;
}

static void
end_walk(struct kernel *kernel)
{
	if (kernel->sync.lost > 0)
		kernel->events->log(kernel->ctx, LOG_INFO,
		    "the kernel has lost %u of our routes",
		    kernel->sync.lost);
	end_task(kernel);
}

/* Compare a slice of the entries that we believe to be installed with the
 * dumped routes. */
static void
walk(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;
	struct destination_key key;
	struct fib_entry entry;
	int i;

	for (i = 0; i < WALK_SLICE; i++) {
		if (!kernel->fib_queries->after(kernel->fib_ctx,
		    walk_last(&sync->own_walk), &key, &entry)) {
			end_walk(kernel);
			return;
		}
		walk_move(&sync->own_walk, &key);
		if (set_has(&kernel->marks.own,
		    kernel_route_fingerprint(kernel, &key, &entry)))
			continue;
		sync->lost++;
		kernel->fib_events->lost(kernel->fib_ctx, &key);
	}
}

static void
begin_walk(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;

	kernel_stray_remove(kernel);
	if (kernel->fib_queries == NULL || kernel->marks.own_failed) {
		end_task(kernel);
		return;
	}
	set_walking(kernel, true);
	kernel->marks.deadline = NEVER;
	walk_restart(&sync->own_walk);
	sync->lost = 0;
	kernel_marks_set_timer(kernel);
}

/* An answer has not come.  Whatever is wrong with the sockets, new ones may
 * work. */
static void
reopen(struct kernel *kernel)
{
	kernel->marks.reopen_due = NEVER;
	abandon(kernel);
	kernel_sockets_close(kernel);
	if (kernel_sockets_open(kernel) == 0) {
		kernel->events->log(kernel->ctx, LOG_WARNING,
		    "the kernel does not answer: asking it anew");
		kernel_marks_schedule(kernel, SYNC_ALL, 0);
		return;
	}
	kernel->events->log(kernel->ctx, LOG_ERR, "opening netlink: %s",
	    strerror(errno));
	kernel_marks_reopen(kernel, RETRY_DELAY);
}

void
kernel_sync_timer(struct kernel *kernel)
{
	struct kernel_marks *marks = &kernel->marks;
	babel_time *due = marks->due, now = clock_monotonic();
	uint64_t expirations;

	(void)!read(kernel->timer, &expirations, sizeof(expirations));
	if (marks->retry_due <= now)
		marks->retry_due = NEVER;
	if (marks->reopen_due <= now || marks->deadline <= now)
		reopen(kernel);
	else if (due[SYNC_ALL] <= now) {
		due[SYNC_ALL] = due[SYNC_VERIFY] = NEVER;
		begin_when_free(kernel, SYNC_ALL);
	} else if (due[SYNC_VERIFY] <= now) {
		due[SYNC_VERIFY] = NEVER;
		begin_when_free(kernel, SYNC_VERIFY);
	} else if (kernel->sync.is_walking)
		walk(kernel);
	kernel_marks_set_timer(kernel);
}

/* Has an IPv6 dump perhaps skipped routes? */
static bool
may_have_skipped(const struct kernel *kernel)
{
	const struct sync *sync = &kernel->sync;

	return sync->request.type == RTM_GETROUTE &&
	    sync->request.family == AF_INET6 && sync->datagrams > 1 &&
	    sync->ipv6_changes != kernel->marks.ipv6_changes;
}

/* Act on the end of a stage. */
static void
finish_stage(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;

	if (sync->stage == STAGE_LINKS)
		kernel_link_sweep(kernel);
	if (sync->stage == STAGE_ADDRESSES) {
		kernel_link_sweep_addresses(kernel);
		kernel->holds_links = false;
		kernel_link_report(kernel);
	}
	sync->stage++;
	sync->tries = 0;
	note_stage(kernel);
	if (sync->task == SYNC_ALL && sync->stage == own_stage(kernel))
		kernel->events->sync(kernel->ctx, false);
}

static void
dump_is_done(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;

	if (sync->request.type == RTM_GETROUTE)
		kernel_notify_drain(kernel);
	if (sync->restart) {
		begin(kernel, SYNC_ALL);
		return;
	}
	if (sync->is_lossy) {
		put_off(kernel, "a part of them was lost");
		return;
	}
	if ((sync->is_inconsistent || may_have_skipped(kernel)) &&
	    ++sync->tries < TRIES_MAX) {
		request_stage(kernel);
		return;
	}
	finish_stage(kernel);
	if (describe_stage(kernel, sync->stage, &sync->request))
		request_stage(kernel);
	else
		begin_walk(kernel);
}

/* Handle a datagram's messages; true if it ends the dump. */
static bool
read_messages(struct kernel *kernel, int len, int *error)
{
	const struct nlmsghdr *nlh = (void *)kernel->buffer;
	struct sync *sync = &kernel->sync;

	for (; message_is_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_seq != sync->seq)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			sync->is_inconsistent = true;
		if (kernel_dump_is_end(nlh, error))
			return true;
		kernel_netlink_message(kernel, nlh, true);
	}
	return false;
}

void
kernel_sync_ready(struct kernel *kernel)
{
	int error = 0;
	ssize_t len;

	len = recv(kernel->dump, kernel->buffer, NETLINK_BUFFER,
	    MSG_DONTWAIT | MSG_TRUNC);
	if (len < 0)
		kernel->read_error = errno;
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Part of the datagram is lost; the end of the dump will still come. */
	if (len < 0 || len > NETLINK_BUFFER) {
		kernel->sync.is_lossy = true;
		return;
	}
	kernel->sync.datagrams++;
	kernel->marks.deadline = clock_monotonic() + DUMP_PATIENCE;
	if (!read_messages(kernel, (int)len, &error) ||
	    kernel->sync.task == SYNC_NOTHING)
		return;
	if (error == 0)
		dump_is_done(kernel);
	else
		put_off(kernel, strerror(error));
}
