/*
 * kernel/fib.c - changing routes, by the batch.
 *
 * A batch of requests goes out in one sendmsg and only the last one asks
 * for an acknowledgment: the kernel reports each request that fails
 * anyway, so what was not reported before that acknowledgment succeeded.
 * Requests and answers are matched by sequence number.
 *
 * A change within one place (table and priority) is a replacement in
 * place: at no moment is there no route.  A change of place adds the new
 * route, and removes the old one when that has worked.  An addition never
 * replaces; if it finds the place taken, the taker may yet be ours (a
 * change whose answer was lost, the left-over of a crash): exactly our
 * route is removed, and the addition tried once more.  If that fails too,
 * the route is foreign, and stays.
 */
#include "kernel/internal.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "clock.h"

#define ANSWERS		16		/* read at a time */
#define TEXT_MAX	96
#define UNANSWERED	(-1)
#define FAILURES_A_SECOND 10		/* lines in the log */
#define FLUSH_PASSES	100

#define ADD	(NLM_F_CREATE | NLM_F_EXCL)
#define REPLACE	(NLM_F_CREATE | NLM_F_REPLACE)

struct outcome {
	int error;			/* errno, or UNANSWERED */
	char text[TEXT_MAX];		/* what the kernel says of it, or "" */
};

/* Requests that go out together, and what became of them. */
struct batch {
	struct kernel *kernel;
	unsigned int count;
	size_t len;
	size_t starts[KERNEL_BATCH];	/* of the requests in the buffer */
	struct outcome *outcomes[KERNEL_BATCH];	/* or NULL */
	_Alignas(struct nlmsghdr)
	uint8_t buffer[KERNEL_BATCH * ROUTE_REQUEST_MAX];
};

static void
batch_init(struct batch *batch, struct kernel *kernel)
{
	batch->kernel = kernel;
	batch->count = 0;
	batch->len = 0;
}

static struct nlmsghdr *
batch_request(struct batch *batch, unsigned int i)
{
	return (struct nlmsghdr *)(void *)(batch->buffer + batch->starts[i]);
}

/* Where to write the next request. */
static void *
batch_room(struct batch *batch)
{
	return batch->buffer + batch->len;
}

/* Take in the request that was written there. */
static void
batch_take(struct batch *batch, struct nlmsghdr *nlh, struct outcome *outcome)
{
	nlh->nlmsg_seq = ++batch->kernel->seq;
	batch->starts[batch->count] = batch->len;
	batch->outcomes[batch->count++] = outcome;
	batch->len += nlh->nlmsg_len;	/* libmnl keeps it aligned */
	if (outcome != NULL) {
		outcome->error = UNANSWERED;
		outcome->text[0] = '\0';
	}
}

static void
batch_add(struct batch *batch, unsigned int flags,
    const struct destination_key *key, const struct fib_entry *entry,
    struct outcome *outcome)
{
	struct nlmsghdr *nlh;

	nlh = kernel_route_encode(batch_room(batch), RTM_NEWROUTE, key,
	    entry);
	nlh->nlmsg_flags |= (uint16_t)flags;
	batch_take(batch, nlh, outcome);
}

static void
batch_delete(struct batch *batch, const struct destination_key *key,
    const struct fib_entry *entry, struct outcome *outcome)
{
	batch_take(batch, kernel_route_encode(batch_room(batch),
	    RTM_DELROUTE, key, entry), outcome);
}

/* The text of an extended acknowledgment (NETLINK_EXT_ACK). */
static void
read_text(const struct nlmsghdr *nlh, char text[TEXT_MAX])
{
	const struct nlattr *attr;
	size_t offset = sizeof(struct nlmsgerr), len;

	if ((nlh->nlmsg_flags & NLM_F_ACK_TLVS) == 0)
		return;
	FOR_EACH_ATTRIBUTE(attr, nlh, offset) {
		len = mnl_attr_get_payload_len(attr);
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG && len > 0)
			snprintf(text, TEXT_MAX, "%.*s", (int)len,
			    (const char *)mnl_attr_get_payload(attr));
	}
}

/* Note an answer; true if it is the last one of the batch. */
static bool
batch_answer(struct batch *batch, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);
	uint32_t first = batch_request(batch, 0)->nlmsg_seq;
	uint32_t i = nlh->nlmsg_seq - first;
	struct outcome *outcome;

	if (nlh->nlmsg_type != NLMSG_ERROR || i >= batch->count ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*error))
		return false;
	outcome = batch->outcomes[i];
	if (outcome != NULL) {
		outcome->error = -error->error;
		read_text(nlh, outcome->text);
	}
	return i == batch->count - 1;
}

/* Read a burst of answers; true if the last one was among them.  An errno
 * if there is none. */
static bool
batch_read(struct batch *batch, int *error)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[ANSWERS][ANSWER_MAX];
	struct mmsghdr messages[ANSWERS] = { 0 };
	struct iovec vectors[ANSWERS];
	const struct nlmsghdr *nlh;
	bool is_last = false;
	int i, len, n;

	for (i = 0; i < ANSWERS; i++) {
		vectors[i].iov_base = buffer[i];
		vectors[i].iov_len = ANSWER_MAX;
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(batch->kernel->command, messages, ANSWERS, MSG_DONTWAIT,
	    NULL);
	*error = n < 0 ? errno : 0;
	for (i = 0; i < n; i++) {
		nlh = (const struct nlmsghdr *)(void *)buffer[i];
		len = (int)messages[i].msg_len;
		for (; message_is_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			is_last |= batch_answer(batch, nlh);
	}
	return is_last;
}

/*
 * Read until the last answer; false if answers were lost.  They are there
 * already: to wait is for kernels that may do it otherwise one day.
 */
static bool
batch_listen(struct batch *batch)
{
	struct pollfd fd = { .fd = batch->kernel->command, .events = POLLIN };
	bool is_complete = true;
	int error, patience = ANSWER_PATIENCE;

	while (!batch_read(batch, &error)) {
		if (error == ENOBUFS)
			is_complete = false;
		else if (error == EAGAIN &&
		    (!is_complete || patience-- == 0 ||
		    poll(&fd, 1, ANSWER_WAIT) < 0))
			return false;
		else if (error != 0 && error != EAGAIN && error != EINTR)
			return false;
	}
	return is_complete;
}

static int
batch_send(struct batch *batch, size_t start, size_t end)
{
	ssize_t sent;

	do
		sent = send(batch->kernel->command, batch->buffer + start,
		    end - start, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? errno : 0;
}

/* What was not answered when the batch was, did not fail. */
static void
batch_settle(struct batch *batch, int error)
{
	unsigned int i;

	for (i = 0; i < batch->count; i++)
		if (batch->outcomes[i] != NULL &&
		    batch->outcomes[i]->error == UNANSWERED)
			batch->outcomes[i]->error = error;
}

/*
 * Answers were lost: ask again, one request at a time.  To repeat what
 * succeeded is harmless, for a deletion finds nothing, a replacement
 * itself, and an addition that finds itself is looked into.
 */
static void
batch_repeat(struct batch *batch)
{
	struct batch single;
	struct nlmsghdr *nlh;
	unsigned int i;
	int error;

	for (i = 0; i < batch->count; i++) {
		nlh = batch_request(batch, i);
		batch_init(&single, batch->kernel);
		memcpy(single.buffer, nlh, nlh->nlmsg_len);
		nlh = (struct nlmsghdr *)(void *)single.buffer;
		nlh->nlmsg_flags |= NLM_F_ACK;
		batch_take(&single, nlh, batch->outcomes[i]);
		error = batch_send(&single, 0, single.len);
		if (error == 0 && !batch_listen(&single))
			error = ENOBUFS;
		batch_settle(&single, error);
	}
}

/* Send it and read the answers: 0, or an errno if it could not be sent. */
static int
batch_run(struct batch *batch)
{
	int error;

	if (batch->count == 0)
		return 0;
	batch_request(batch, batch->count - 1)->nlmsg_flags |= NLM_F_ACK;
	error = batch_send(batch, 0, batch->len);
	if (error != 0)
		return error;
	if (batch_listen(batch))
		batch_settle(batch, 0);
	else
		batch_repeat(batch);
	return 0;
}

/* Run the batch if less than n requests fit in any more. */
static void
batch_make_room(struct batch *batch, unsigned int n)
{
	if (batch->count + n <= KERNEL_BATCH)
		return;
	batch_settle(batch, batch_run(batch));
	batch_init(batch, batch->kernel);
}

static void
batch_finish(struct batch *batch)
{
	batch_settle(batch, batch_run(batch));
}

/* Does the change put a route where there was none of ours? */
static bool
is_addition(const struct fib_change *change)
{
	return change->operation == FIB_ADD ||
	    (change->operation == FIB_CHANGE &&
	    !kernel_route_same_place(&change->key, &change->entry,
	    &change->old));
}

static bool
is_move(const struct fib_change *change)
{
	return change->operation == FIB_CHANGE && is_addition(change);
}

/* IPv4 has no source-specific routes but by rules: the kernel would take
 * the source prefix for noise, and the route for one for all sources. */
static bool
is_possible(const struct fib_change *change)
{
	return !prefix_is_ipv4(&change->key.to) ||
	    !destination_is_source_specific(&change->key) ||
	    change->entry.by_rule || change->old.by_rule;
}

static void
add_change(struct batch *batch, const struct fib_change *change,
    struct outcome *outcome)
{
	if (!is_possible(change))
		outcome->error = EOPNOTSUPP;
	else if (change->operation == FIB_DELETE)
		batch_delete(batch, &change->key, &change->old, outcome);
	else
		batch_add(batch, is_addition(change) ? ADD : REPLACE,
		    &change->key, &change->entry, outcome);
}

/* The place is taken: by ourselves? */
static void
retry_additions(struct kernel *kernel, const struct fib_change *changes,
    struct outcome *outcomes, unsigned int count)
{
	struct batch batch;
	unsigned int i;

	batch_init(&batch, kernel);
	for (i = 0; i < count; i++) {
		if (!is_addition(&changes[i]) || outcomes[i].error != EEXIST)
			continue;
		batch_make_room(&batch, 2);
		batch_delete(&batch, &changes[i].key, &changes[i].entry,
		    NULL);
		batch_add(&batch, ADD, &changes[i].key, &changes[i].entry,
		    &outcomes[i]);
	}
	batch_finish(&batch);
}

/* One line for each failure, but not thousands. */
static bool
may_log_failure(struct kernel *kernel)
{
	babel_time second = clock_monotonic() / SECOND;

	if (second != kernel->failure_second) {
		if (kernel->failures_logged > FAILURES_A_SECOND)
			kernel->events->log(kernel->ctx, LOG_WARNING,
			    "and %u more changes of routes failed",
			    kernel->failures_logged - FAILURES_A_SECOND);
		kernel->failure_second = second;
		kernel->failures_logged = 0;
	}
	return ++kernel->failures_logged <= FAILURES_A_SECOND;
}

static void
log_failure(struct kernel *kernel, const struct fib_change *change,
    const struct outcome *outcome)
{
	static const char *const verbs[] = {
		[FIB_ADD] = "adding", [FIB_CHANGE] = "changing to",
		[FIB_DELETE] = "deleting"
	};
	char route[ROUTE_STRLEN];
	const char *text = outcome->text;

	if (!may_log_failure(kernel))
		return;
	if (outcome->error == EEXIST)
		text = "a route of somebody else is in its place";
	kernel->events->log(kernel->ctx, LOG_WARNING, "%s route %s: %s%s%s",
	    verbs[change->operation], kernel_route_format(kernel,
	    &change->key, change->operation == FIB_DELETE ? &change->old :
	    &change->entry, route), strerror(outcome->error),
	    text[0] == '\0' ? "" : ": ", text);
}

/* A route that is not there need not be deleted. */
static bool
is_deleted(int error)
{
	return error == 0 || error == ESRCH || error == ENOENT ||
	    error == ENODEV;
}

static void
note_installed(struct kernel *kernel, const struct fib_change *change)
{
	struct kernel_link *link;

	kernel_sync_installed(kernel, &change->key, &change->entry);
	if (change->entry.unreachable || change->entry.throw_route)
		return;
	if (!address_is_unspecified(&change->entry.pref_src))
		kernel->uses_pref_src = true;
	link = kernel_link_find(kernel, change->entry.ifindex);
	if (link != NULL)
		link->has_routes = true;
}

static void
report(struct kernel *kernel, const struct fib_change *change,
    struct outcome *outcome)
{
	if (change->operation == FIB_DELETE && is_deleted(outcome->error))
		outcome->error = 0;
	if (outcome->error != 0)
		log_failure(kernel, change, outcome);
	else if (change->operation != FIB_DELETE)
		note_installed(kernel, change);
	if (!prefix_is_ipv4(&change->key.to))
		kernel->ipv6_changes++;
	kernel->events->fib_done(kernel->ctx, change, outcome->error);
}

bool
kernel_submit(struct kernel *kernel, const struct fib_change *change)
{
	if (kernel->queued == KERNEL_BATCH)
		return false;
	kernel->window[kernel->queued++] = *change;
	return true;
}

/* Could it have gone better a moment later? */
static bool
is_passing(int error)
{
	return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

/* The other half of changes of place, whose new route is there already.
 * Who finds an old one that is better is led astray: what cannot be deleted
 * now must be, before anything else.  True if there is such. */
static bool
delete_stale(struct kernel *kernel)
{
	struct outcome outcomes[KERNEL_BATCH] = { 0 };
	struct fib_change *stale = kernel->stale;
	unsigned int count = kernel->stale_count, i;
	struct batch batch;

	batch_init(&batch, kernel);
	for (i = 0; i < count; i++)
		batch_delete(&batch, &stale[i].key, &stale[i].old,
		    &outcomes[i]);
	batch_finish(&batch);
	kernel->stale_count = 0;
	for (i = 0; i < count; i++) {
		if (is_passing(outcomes[i].error))
			stale[kernel->stale_count++] = stale[i];
		else if (!is_deleted(outcomes[i].error))
			log_failure(kernel, &stale[i], &outcomes[i]);
	}
	return kernel->stale_count > 0;
}

static bool
delete_moved(struct kernel *kernel, const struct fib_change *changes,
    const struct outcome *outcomes, unsigned int count)
{
	struct fib_change *stale;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!is_move(&changes[i]) || outcomes[i].error != 0)
			continue;
		stale = &kernel->stale[kernel->stale_count++];
		*stale = changes[i];
		stale->operation = FIB_DELETE;
	}
	return kernel->stale_count > 0 && delete_stale(kernel);
}

bool
kernel_flush(struct kernel *kernel)
{
	struct fib_change changes[KERNEL_BATCH];
	struct outcome outcomes[KERNEL_BATCH];
	struct batch batch;
	unsigned int count = kernel->queued, i;
	bool is_left;
	int error;

	if (kernel->stale_count > 0 && delete_stale(kernel))
		return true;
	if (count == 0)
		return false;
	memcpy(changes, kernel->window, count * sizeof(changes[0]));
	memset(outcomes, 0, count * sizeof(outcomes[0]));
	batch_init(&batch, kernel);
	for (i = 0; i < count; i++)
		add_change(&batch, &changes[i], &outcomes[i]);
	error = batch_run(&batch);
	if (is_passing(error))
		return true;
	batch_settle(&batch, error);
	retry_additions(kernel, changes, outcomes, count);
	is_left = delete_moved(kernel, changes, outcomes, count);
	/* The answers may lead to new changes at once. */
	kernel->queued = 0;
	for (i = 0; i < count; i++)
		report(kernel, &changes[i], &outcomes[i]);
	return is_left;
}

/* Flushing all routes: a request to delete the route of a message, of
 * whatever type. */
static struct nlmsghdr *
encode_deletion(void *buffer, const struct nlmsghdr *from)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(from);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	const struct nlattr *attr;
	struct rtmsg *rtm;

	nlh->nlmsg_type = RTM_DELROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	*rtm = *route;
	rtm->rtm_scope = RT_SCOPE_NOWHERE;
	rtm->rtm_flags = 0;
	FOR_EACH_ATTRIBUTE(attr, from, sizeof(*route)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_DST:
		case RTA_SRC:
		case RTA_TABLE:
		case RTA_PRIORITY:
			mnl_attr_put(nlh, mnl_attr_get_type(attr),
			    mnl_attr_get_payload_len(attr),
			    mnl_attr_get_payload(attr));
		}
	}
	return nlh;
}

/* What a pass over the table has to remember. */
struct flush {
	struct kernel *kernel;
	uint32_t table;
	enum kernel_whose whose;
	unsigned int seen;
	int error;			/* of the last deletion that failed */
	struct batch batch;
	struct outcome outcomes[KERNEL_BATCH];
};

static void
flush_run(struct flush *flush)
{
	unsigned int i;
	int error;

	batch_finish(&flush->batch);
	for (i = 0; i < flush->batch.count; i++) {
		error = flush->outcomes[i].error;
		if (!is_deleted(error))
			flush->error = error;
	}
	batch_init(&flush->batch, flush->kernel);
}

static bool
flush_message(void *ctx, const struct nlmsghdr *nlh)
{
	struct flush *flush = ctx;
	struct route_message message;

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    !kernel_route_decode(nlh, &message) ||
	    message.route.proto != PROTOCOL_BABEL ||
	    message.route.table != flush->table ||
	    (flush->whose == OF_OURS &&
	    !kernel_route_is_held(flush->kernel, &message)))
		return true;
	flush->seen++;
	if (flush->batch.count == KERNEL_BATCH)
		flush_run(flush);
	batch_take(&flush->batch,
	    encode_deletion(batch_room(&flush->batch), nlh),
	    &flush->outcomes[flush->batch.count]);
	return flush->error == 0;
}

/* Read a dump of our routes, deleting each.  A table that is emptied while
 * it is dumped is not dumped in full: go on until nothing is left. */
static int
flush_family(struct flush *flush, uint8_t family)
{
	const struct dump_request request = {
		.type = RTM_GETROUTE, .family = family,
		.protocol = PROTOCOL_BABEL, .table = flush->table
	};
	const struct dump_taker taker = { flush_message, flush };
	int error, passes;

	flush->error = 0;
	for (passes = 0; passes < FLUSH_PASSES; passes++) {
		flush->seen = 0;
		error = kernel_dump(&request, &taker);
		flush_run(flush);
		flush->kernel->ipv6_changes++;
		if (error == 0)
			error = flush->error;
		if (error != 0 || flush->seen == 0)
			return error;
	}
	return EAGAIN;
}

int
kernel_flush_routes(struct kernel *kernel, uint32_t table,
    enum kernel_whose whose)
{
	struct flush flush = {
		.kernel = kernel, .table = table, .whose = whose
	};
	int error, error6;

	batch_init(&flush.batch, kernel);
	error = flush_family(&flush, AF_INET);
	error6 = flush_family(&flush, AF_INET6);
	if (error == 0)
		error = error6;
	errno = error;
	return error == 0 ? 0 : -1;
}
