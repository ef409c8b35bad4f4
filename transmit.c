/*
 * transmit.c - the last step of a packet on its way out: it is stamped,
 * sealed and handed to ops->send.
 *
 * A packet that ops->send refuses, because a socket's buffer or a link's
 * queue is full, waits at its interface, in order, for as long as the
 * interface is up.  A Hello does not wait behind updates, because then a slow
 * link would be taken for a dead one.  A packet is stamped and sealed only
 * when it is sent, because a router that measures round-trip times (RFC 9616,
 * section 3.2) would take the wait for a part of the way.
 */
#include "transmit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "babel.h"
#include "counter.h"
#include "instance.h"
#include "interface.h"
#include "message.h"
#include "prefix.h"
#include "trace.h"

#define UNSENT_MAX	64		/* on an interface */

struct unsent_packet {
	TAILQ_ENTRY(unsent_packet) entry;
	bool goes_first;
	struct datagram datagram;	/* but for bytes and len */
	struct encoder e;
	uint8_t bytes[];
};

static void
unsent_add(struct babel *b, struct interface *ifp, const struct encoder *e,
    const struct datagram *datagram, bool goes_first)
{
	struct unsent_packet *packet;

	count(b, COUNT_SEND_REFUSED);
	if (ifp->unsent_count == UNSENT_MAX) {
		count(b, COUNT_SEND_DROPPED);
		return;
	}
	packet = malloc(sizeof(*packet) + message_length(e));
	if (packet == NULL) {
		count(b, COUNT_NO_MEMORY);
		return;
	}
	packet->datagram = *datagram;
	message_copy(&packet->e, e, packet->bytes);
	packet->goes_first = goes_first;
	if (goes_first)
		TAILQ_INSERT_HEAD(&ifp->unsent, packet, entry);
	else
		TAILQ_INSERT_TAIL(&ifp->unsent, packet, entry);
	ifp->unsent_count++;
	b->unsent_count++;
}

static void
unsent_free(struct babel *b, struct interface *ifp,
    struct unsent_packet *packet)
{
	TAILQ_REMOVE(&ifp->unsent, packet, entry);
	ifp->unsent_count--;
	b->unsent_count--;
	free(packet);
}

/* The packet is lost. */
static void
note_failure(struct babel *b, struct interface *ifp,
    const struct datagram *datagram, int error)
{
	struct send_failures *failures = &ifp->send_failures;
	bool news = failures->error != error ||
	    b->now - failures->logged >= COMPLAINT_PAUSE;

	count(b, COUNT_SEND_FAILED);
	failures->count++;
	failures->error = error;
	failures->to = datagram->to;
	failures->last = b->now;
	if (!news)
		return;
	failures->logged = b->now;
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
transmit(struct babel *b, struct interface *ifp, const struct encoder *e,
    const struct datagram *datagram)
{
	if (ifp->unsent_count > 0 || !send_now(b, ifp, e, datagram))
		unsent_add(b, ifp, e, datagram, false);
}

/* An older packet is of no use beside a newer one. */
static void
drop_older(struct babel *b, struct interface *ifp,
    const struct in6_addr *to)
{
	struct unsent_packet *packet, *next;

	for (packet = TAILQ_FIRST(&ifp->unsent); packet != NULL;
	    packet = next) {
		next = TAILQ_NEXT(packet, entry);
		if (!packet->goes_first ||
		    !address_equal(&packet->datagram.to, to))
			continue;
		count(b, COUNT_SEND_DROPPED);
		unsent_free(b, ifp, packet);
	}
}

void
transmit_first(struct babel *b, struct interface *ifp,
    const struct encoder *e, const struct datagram *datagram)
{
	drop_older(b, ifp, &datagram->to);
	if (!send_now(b, ifp, e, datagram))
		unsent_add(b, ifp, e, datagram, true);
}

bool
transmit_retry(struct babel *b, struct interface *ifp)
{
	struct unsent_packet *packet;

	while ((packet = TAILQ_FIRST(&ifp->unsent)) != NULL &&
	    send_now(b, ifp, &packet->e, &packet->datagram))
		unsent_free(b, ifp, packet);
	return packet == NULL;
}

void
transmit_retry_all(struct babel *b)
{
	struct interface *ifp;

	if (b->unsent_count == 0)
		return;
	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		transmit_retry(b, ifp);
}

void
transmit_forget(struct babel *b, struct interface *ifp)
{
	struct unsent_packet *packet;

	while ((packet = TAILQ_FIRST(&ifp->unsent)) != NULL)
		unsent_free(b, ifp, packet);
}
