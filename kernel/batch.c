/*
 * kernel/batch.c - requests to change routes, in batches.
 *
 * A batch is sent in one sendmsg, and only its last request asks for an
 * acknowledgment.  The kernel reports each request that fails anyway, so the
 * requests that were not reported before that acknowledgment succeeded.
 * Requests and answers are matched by sequence number.
 */
#include "kernel/batch.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "kernel.h"
#include "kernel/attribute.h"
#include "kernel/kernel_state.h"
#include "kernel/marks.h"
#include "kernel/route_message.h"
#include "kernel/socket.h"

#define ANSWERS		16		/* read at a time */

void
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
void *
batch_room(struct batch *batch)
{
	return batch->buffer + batch->len;
}

/* Take in the request that was written there. */
void
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

void
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

void
batch_delete(struct batch *batch, const struct destination_key *key,
    const struct fib_entry *entry, struct outcome *outcome)
{
	batch_take(batch, kernel_route_encode(batch_room(batch),
	    RTM_DELROUTE, key, entry), outcome);
}

/* The text of an extended acknowledgment (NETLINK_EXT_ACK). */
static void
read_text(const struct nlmsghdr *nlh, char text[OUTCOME_TEXT_MAX])
{
	const struct nlattr *attr;
	size_t offset = sizeof(struct nlmsgerr), len;

	if ((nlh->nlmsg_flags & NLM_F_ACK_TLVS) == 0)
		return;
	FOR_EACH_ATTRIBUTE(attr, nlh, offset) {
		len = mnl_attr_get_payload_len(attr);
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG && len > 0)
			snprintf(text, OUTCOME_TEXT_MAX, "%.*s", (int)len,
			    (const char *)mnl_attr_get_payload(attr));
	}
}

/* Record an answer; true if it is the last one of the batch. */
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
 * Read until the last answer; false if answers were lost.  The answers are
 * there already; the wait is for kernels that may answer later one day.
 */
static bool
batch_listen(struct batch *batch)
{
	struct pollfd fd = { .fd = batch->kernel->command, .events = POLLIN };
	bool is_complete = true;
	int error, patience = ANSWER_PATIENCE;

	while (!batch_read(batch, &error)) {
		if (error == ENOBUFS && patience-- > 0)
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

/* Requests that were not answered when the batch was did not fail. */
void
batch_settle(struct batch *batch, int error)
{
	unsigned int i;

	for (i = 0; i < batch->count; i++)
		if (batch->outcomes[i] != NULL &&
		    batch->outcomes[i]->error == UNANSWERED)
			batch->outcomes[i]->error = error;
}

/* Repeat one request alone; false if there is still no answer. */
static bool
batch_repeat_one(struct batch *batch, unsigned int i)
{
	struct nlmsghdr *nlh = batch_request(batch, i);
	struct batch single;
	int error;

	batch_init(&single, batch->kernel);
	memcpy(single.buffer, nlh, nlh->nlmsg_len);
	nlh = (struct nlmsghdr *)(void *)single.buffer;
	nlh->nlmsg_flags |= NLM_F_ACK;
	batch_take(&single, nlh, batch->outcomes[i]);
	error = batch_send(&single, 0, single.len);
	if (error == 0 && !batch_listen(&single))
		return false;
	batch_settle(&single, error);
	return true;
}

/*
 * Answers were lost: repeat the requests one at a time.  Repeating one that
 * succeeded is harmless: a deletion finds nothing, a replacement replaces
 * itself, and an addition that finds itself is examined.
 */
static void
batch_repeat(struct batch *batch)
{
	unsigned int i;

	for (i = 0; i < batch->count; i++)
		if (batch->outcomes[i] != NULL)
			batch->outcomes[i]->error = UNANSWERED;
	for (i = 0; i < batch->count; i++)
		if (!batch_repeat_one(batch, i)) {
			kernel_marks_reopen(batch->kernel, 0);
			return;
		}
}

/* Send the batch and read the answers: 0, or an errno if it could not be
 * sent. */
int
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

void
batch_finish(struct batch *batch)
{
	int error = batch_run(batch);

	if (error != 0)
		batch_settle(batch, error);
}

void
batch_make_room(struct batch *batch, unsigned int n)
{
	if (batch->count + n <= KERNEL_BATCH)
		return;
	batch_finish(batch);
	batch_init(batch, batch->kernel);
}

bool
batch_is_deleted(int error)
{
	return error == 0 || error == ESRCH || error == ENOENT ||
	    error == ENODEV;
}
