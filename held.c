/*
 * held.c - packets on their last step, and those that ops->send refused: a
 * socket's buffer is full, a link's queue is.  They wait at their interface,
 * in order, for as long as it is up.  They are stamped and sealed when they
 * are sent: who measures round-trip times (RFC 9616, section 3.2) would take
 * the wait for a part of the way.
 */
#include "held.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "interface.h"
#include "trace.h"

#define HELD_MAX	64		/* on an interface */

struct held_packet {
	TAILQ_ENTRY(held_packet) entry;
	struct datagram datagram;	/* but for bytes and len */
	struct encoder e;
	uint8_t bytes[];
};

static void
held_add(struct babel *b, struct interface *ifp, const struct encoder *e,
    const struct datagram *datagram)
{
	struct held_packet *held;

	count(b, COUNT_SEND_REFUSED);
	if (ifp->held_count == HELD_MAX) {
		count(b, COUNT_SEND_DROPPED);
		return;
	}
	held = malloc(sizeof(*held) + message_length(e));
	if (held == NULL) {
		count(b, COUNT_NO_MEMORY);
		return;
	}
	held->datagram = *datagram;
	message_copy(&held->e, e, held->bytes);
	TAILQ_INSERT_TAIL(&ifp->held, held, entry);
	ifp->held_count++;
	b->held_count++;
}

static void
held_free(struct babel *b, struct interface *ifp, struct held_packet *held)
{
	TAILQ_REMOVE(&ifp->held, held, entry);
	ifp->held_count--;
	b->held_count--;
	free(held);
}

/* The packet is lost. */
static void
note_failure(struct babel *b, struct interface *ifp,
    const struct datagram *datagram, int error)
{
	struct send_failures *failures = &ifp->send_failures;
	bool news = failures->error != error ||
	    b->now - failures->said >= COMPLAINT_PAUSE;

	count(b, COUNT_SEND_FAILED);
	failures->count++;
	failures->error = error;
	failures->to = datagram->to;
	failures->last = b->now;
	if (!news)
		return;
	failures->said = b->now;
	notify(b, EVENT_SEND_FAILED, ifp);
}

/* False: not now. */
static bool
send_now(struct babel *b, struct interface *ifp, const struct encoder *e,
    const struct datagram *datagram)
{
	uint8_t bytes[MESSAGE_MAX_SIZE];
	struct datagram sealed = *datagram;
	struct encoder copy;
	int error;

	message_copy(&copy, e, bytes);
	message_stamp(&copy, (uint32_t)b->ops->stamp(b->ctx));
	sealed.bytes = bytes;
	sealed.len = auth_seal(b, ifp, &copy, &sealed);
	error = b->ops->send(b->ctx, &sealed);
	if (error == EAGAIN || error == ENOBUFS)
		return false;
	if (error != 0) {
		note_failure(b, ifp, datagram, error);
		return true;
	}
	trace_packet(b, ifp, &sealed, true);
	count(b, COUNT_PACKETS_SENT);
	b->counters[COUNT_BYTES_SENT] += sealed.len;
	return true;
}

void
held_send(struct babel *b, struct interface *ifp, const struct encoder *e,
    const struct datagram *datagram)
{
	if (ifp->held_count > 0 || !send_now(b, ifp, e, datagram))
		held_add(b, ifp, e, datagram);
}

bool
held_retry(struct babel *b, struct interface *ifp)
{
	struct held_packet *held;

	while ((held = TAILQ_FIRST(&ifp->held)) != NULL &&
	    send_now(b, ifp, &held->e, &held->datagram))
		held_free(b, ifp, held);
	return held == NULL;
}

void
held_retry_all(struct babel *b)
{
	struct interface *ifp;

	if (b->held_count == 0)
		return;
	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		held_retry(b, ifp);
}

void
held_forget(struct babel *b, struct interface *ifp)
{
	struct held_packet *held;

	while ((held = TAILQ_FIRST(&ifp->held)) != NULL)
		held_free(b, ifp, held);
}
