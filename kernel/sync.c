/*
 * kernel/sync.c - reading the whole state of the kernel, in slices.
 *
 * Two tasks.  SYNC_ALL dumps links, addresses and the import tables,
 * between two sync events: the receiver sweeps out what was not told in
 * between.  SYNC_VERIFY, which also ends each SYNC_ALL, dumps the routes
 * of our protocol and compares them with what we hold to be installed:
 * the kernel removes IPv4 routes without a word when a link goes down or
 * loses its last address.  No copy of our routes is kept for that, only a
 * fingerprint of each dumped one while the task runs.
 *
 * One datagram is read at a time; notifications and our own changes go on
 * meanwhile.  So what a notification said is gone must not come back by a
 * datagram written earlier.  And a dump must be consistent: links and
 * addresses carry NLM_F_DUMP_INTR when they are not; IPv6 routes carry
 * nothing, yet a dump in several datagrams skips routes when others come
 * and go meanwhile.  Such a dump is repeated, and put off after a few
 * tries; until a consistent one nothing is swept or taken for lost.
 */
#include "kernel/internal.h"

#include <sys/socket.h>
#include <sys/timerfd.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "clock.h"

#define TRIES_MAX	5
#define RETRY_DELAY	SECOND
#define WALK_SLICE	256
#define STAGE_LINKS	0
#define STAGE_ADDRESSES	1
#define STAGE_ROUTES	2		/* two for each table, then our own */

/* Between two beginnings of a task that was not asked for explicitly. */
static const babel_time spacing[SYNC_TASKS] = {
	[SYNC_VERIFY] = SECOND,
	[SYNC_ALL] = SECOND / 2,
};

static void
fingerprints_reset(struct fingerprints *set)
{
	free(set->slots);
	memset(set, 0, sizeof(*set));
}

/* The slot that holds the fingerprint, or is free for it. */
static uint64_t *
fingerprints_slot(const struct fingerprints *set, uint64_t fingerprint)
{
	size_t i = (size_t)fingerprint & (set->size - 1);

	while (set->slots[i] != 0 && set->slots[i] != fingerprint)
		i = (i + 1) & (set->size - 1);
	return &set->slots[i];
}

static bool
fingerprints_grow(struct fingerprints *set)
{
	struct fingerprints grown = { .used = set->used };
	size_t i;

	grown.size = set->size == 0 ? 1024 : 2 * set->size;
	grown.slots = calloc(grown.size, sizeof(*grown.slots));
	if (grown.slots == NULL) {
		set->failed = true;
		return false;
	}
	for (i = 0; i < set->size; i++)
		if (set->slots[i] != 0)
			*fingerprints_slot(&grown, set->slots[i]) =
			    set->slots[i];
	free(set->slots);
	*set = grown;
	return true;
}

static void
fingerprints_add(struct fingerprints *set, uint64_t fingerprint)
{
	uint64_t *slot;

	if (set->failed ||
	    (2 * set->used >= set->size && !fingerprints_grow(set)))
		return;
	slot = fingerprints_slot(set, fingerprint);
	set->used += *slot == 0;
	*slot = fingerprint;
}

static bool
fingerprints_has(const struct fingerprints *set, uint64_t fingerprint)
{
	return set->size > 0 && *fingerprints_slot(set, fingerprint) != 0;
}

void
kernel_sync_init(struct kernel *kernel)
{
	size_t i;

	for (i = 0; i < SYNC_TASKS; i++) {
		kernel->sync.due[i] = NEVER;
		kernel->sync.begun[i] = -spacing[i];
	}
}

void
kernel_sync_free(struct kernel *kernel)
{
	fingerprints_reset(&kernel->sync.own);
	fingerprints_reset(&kernel->sync.gone);
}

/* The first stage that dumps our own routes. */
static unsigned int
own_stage(const struct kernel *kernel)
{
	return STAGE_ROUTES + 2 * (unsigned int)kernel->conf.import_table_count;
}

/* Is everything that is told between two sync events still being told? */
static bool
is_telling(const struct kernel *kernel)
{
	return kernel->sync.task == SYNC_ALL &&
	    kernel->sync.stage < own_stage(kernel);
}

/* Have the timer expire when the next task is due; the past is now. */
static void
set_timer(struct kernel *kernel)
{
	const struct sync *sync = &kernel->sync;
	struct itimerspec when = { 0 };
	babel_time due;

	due = time_min(sync->due[SYNC_VERIFY], sync->due[SYNC_ALL]);
	if (sync->is_walking)
		due = 1;
	if (due != NEVER) {
		when.it_value.tv_sec = due / SECOND;
		when.it_value.tv_nsec = due % SECOND * 1000;
	}
	if (timerfd_settime(kernel->timer, TFD_TIMER_ABSTIME, &when,
	    NULL) < 0)
		kernel->events->log(kernel->ctx, LOG_ERR,
		    "setting a timer: %s", strerror(errno));
}

void
kernel_sync_schedule(struct kernel *kernel, enum sync_task task,
    babel_time delay)
{
	struct sync *sync = &kernel->sync;
	babel_time due;

	due = time_max(clock_monotonic() + delay,
	    sync->begun[task] + spacing[task]);
	if (due >= sync->due[task])
		return;
	sync->due[task] = due;
	set_timer(kernel);
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
	    kernel->events->fib_after != NULL);
}

/* End the task, and try it again later. */
static void
put_off(struct kernel *kernel, const char *why)
{
	struct sync *sync = &kernel->sync;
	enum sync_task task = sync->task > sync->next ? sync->task :
	    sync->next;

	kernel->events->log(kernel->ctx, LOG_INFO,
	    "reading the kernel's tables is put off: %s", why);
	sync->task = sync->next = SYNC_NOTHING;
	kernel->holds_links = false;
	kernel_link_tell(kernel);
	kernel_sync_schedule(kernel, task, RETRY_DELAY);
}

static void
request_stage(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;
	_Alignas(struct nlmsghdr) uint8_t buffer[DUMP_REQUEST_MAX];
	struct nlmsghdr *nlh = kernel_dump_encode(buffer, &sync->request);

	sync->seq = nlh->nlmsg_seq = ++kernel->seq;
	sync->is_inconsistent = false;
	sync->datagrams = 0;
	sync->ipv6_changes = kernel->ipv6_changes;
	if (send(kernel->dump, nlh, nlh->nlmsg_len, 0) < 0)
		put_off(kernel, strerror(errno));
}

static void
begin(struct kernel *kernel, enum sync_task task)
{
	struct sync *sync = &kernel->sync;

	sync->task = task;
	sync->next = SYNC_NOTHING;
	sync->begun[task] = clock_monotonic();
	sync->tries = 0;
	sync->is_walking = false;
	fingerprints_reset(&sync->own);
	fingerprints_reset(&sync->gone);
	if (task == SYNC_ALL) {
		sync->stage = STAGE_LINKS;
		sync->generation++;
		kernel->holds_links = true;
		kernel->events->sync(kernel->ctx, true);
	} else
		sync->stage = own_stage(kernel);
	if (describe_stage(kernel, sync->stage, &sync->request))
		request_stage(kernel);
	else
		sync->task = SYNC_NOTHING;
}

/* A socket can do one dump at a time: one in progress is read to its end
 * first. */
static void
begin_when_free(struct kernel *kernel, enum sync_task task)
{
	struct sync *sync = &kernel->sync;

	if (sync->task == SYNC_NOTHING || sync->is_walking)
		begin(kernel, task);
	else if (task > sync->next)
		sync->next = task;
}

int
kernel_resync(struct kernel *kernel)
{
	kernel->sync.due[SYNC_VERIFY] = kernel->sync.due[SYNC_ALL] = NEVER;
	begin_when_free(kernel, SYNC_ALL);
	set_timer(kernel);
	return 0;
}

static void
end_task(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;

	sync->task = SYNC_NOTHING;
	sync->is_walking = false;
	fingerprints_reset(&sync->own);
	fingerprints_reset(&sync->gone);
	if (sync->next != SYNC_NOTHING)
		begin(kernel, sync->next);
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

/* Compare a slice of what we hold to be installed with what is. */
static void
walk(struct kernel *kernel)
{
	const struct kernel_events *events = kernel->events;
	struct sync *sync = &kernel->sync;
	struct destination_key key;
	struct fib_entry entry;
	int i;

	for (i = 0; i < WALK_SLICE; i++) {
		if (!events->fib_after(kernel->ctx,
		    sync->has_cursor ? &sync->cursor : NULL, &key, &entry)) {
			end_walk(kernel);
			return;
		}
		sync->cursor = key;
		sync->has_cursor = true;
		if (fingerprints_has(&sync->own,
		    kernel_route_fingerprint(kernel, &key, &entry)))
			continue;
		sync->lost++;
		events->fib_lost(kernel->ctx, &key);
	}
}

static void
begin_walk(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;

	if (kernel->events->fib_after == NULL || sync->own.failed) {
		end_task(kernel);
		return;
	}
	sync->is_walking = true;
	sync->has_cursor = false;
	sync->lost = 0;
	set_timer(kernel);
}

void
kernel_sync_timer(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;
	uint64_t expirations;
	babel_time now = clock_monotonic();

	(void)!read(kernel->timer, &expirations, sizeof(expirations));
	if (sync->due[SYNC_ALL] <= now) {
		sync->due[SYNC_ALL] = sync->due[SYNC_VERIFY] = NEVER;
		begin_when_free(kernel, SYNC_ALL);
	} else if (sync->due[SYNC_VERIFY] <= now) {
		sync->due[SYNC_VERIFY] = NEVER;
		begin_when_free(kernel, SYNC_VERIFY);
	} else if (sync->is_walking)
		walk(kernel);
	set_timer(kernel);
}

/* Has an IPv6 dump perhaps skipped routes? */
static bool
may_have_skipped(const struct kernel *kernel)
{
	const struct sync *sync = &kernel->sync;

	return sync->request.type == RTM_GETROUTE &&
	    sync->request.family == AF_INET6 && sync->datagrams > 1 &&
	    sync->ipv6_changes != kernel->ipv6_changes;
}

/* What a stage that is done brings about. */
static void
finish_stage(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;

	if (sync->stage == STAGE_LINKS)
		kernel_link_sweep(kernel);
	if (sync->stage == STAGE_ADDRESSES) {
		kernel_link_sweep_addresses(kernel);
		kernel->holds_links = false;
		kernel_link_tell(kernel);
	}
	sync->stage++;
	sync->tries = 0;
	if (sync->task == SYNC_ALL && sync->stage == own_stage(kernel))
		kernel->events->sync(kernel->ctx, false);
}

static void
dump_is_done(struct kernel *kernel)
{
	struct sync *sync = &kernel->sync;

	if (sync->request.type == RTM_GETROUTE)
		kernel_netlink_drain(kernel);
	if (sync->next == SYNC_ALL) {
		begin(kernel, SYNC_ALL);
		return;
	}
	if (sync->is_inconsistent || may_have_skipped(kernel)) {
		if (++sync->tries < TRIES_MAX)
			request_stage(kernel);
		else
			put_off(kernel, "they change too fast");
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
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Part of it is lost; the end will come all the same. */
	if (len < 0 || len > NETLINK_BUFFER) {
		kernel->sync.is_inconsistent = true;
		return;
	}
	kernel->sync.datagrams++;
	if (!read_messages(kernel, (int)len, &error) ||
	    kernel->sync.task == SYNC_NOTHING)
		return;
	if (error == 0)
		dump_is_done(kernel);
	else
		put_off(kernel, strerror(error));
}

void
kernel_sync_installed(struct kernel *kernel,
    const struct destination_key *key, const struct fib_entry *entry)
{
	if (kernel->sync.task != SYNC_NOTHING)
		fingerprints_add(&kernel->sync.own,
		    kernel_route_fingerprint(kernel, key, entry));
}

void
kernel_sync_gone(struct kernel *kernel, uint64_t fingerprint)
{
	if (is_telling(kernel))
		fingerprints_add(&kernel->sync.gone, fingerprint);
}

bool
kernel_sync_is_gone(const struct kernel *kernel, uint64_t fingerprint)
{
	return fingerprints_has(&kernel->sync.gone, fingerprint);
}

void
kernel_sync_own(struct kernel *kernel, uint64_t fingerprint)
{
	if (kernel->sync.request.protocol == PROTOCOL_BABEL)
		fingerprints_add(&kernel->sync.own, fingerprint);
}
