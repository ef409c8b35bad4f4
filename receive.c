/*
 * receive.c - the way in: from packets to tables (RFC 8966, section 4).
 *
 * A datagram is checked and then read TLV by TLV; each value goes to the table
 * that it concerns.  A sender becomes a neighbour only if something in its
 * packet was understood and acted upon, so noise costs no memory.
 */
#include "packet.h"

#include <syslog.h>

#include "announce.h"
#include "auth.h"
#include "babel.h"
#include "configuration.h"
#include "counter.h"
#include "delivery.h"
#include "instance.h"
#include "interface.h"
#include "message.h"
#include "neighbour.h"
#include "outbox.h"
#include "request.h"
#include "route.h"
#include "select.h"
#include "trace.h"
#include "util.h"

#define RTT_LIMIT	(3 * MINUTE)	/* RFC 9616, section 3.3 */
#define HELLOS_ON_THE_WAY	4	/* of ours that may still come back */

/* The packet that is being processed. */
struct receiver {
	struct babel *b;
	struct interface *ifp;
	const struct datagram *datagram;
	struct neighbour *n;		/* NULL: no neighbour yet */
	/* RFC 9616: the timestamps of the packet's Hello and IHU. */
	bool hello_stamped, ihu_stamped;
	uint32_t transmit, origin, receive;
};

/* The sending neighbour, created if necessary; NULL if that fails. */
static struct neighbour *
sender(struct receiver *r)
{
	if (r->n == NULL)
		r->n = neighbour_get(r->b, r->ifp, &r->datagram->from);
	return r->n;
}

static void
act_ack_request(struct receiver *r, const struct tlv *tlv)
{
	struct neighbour *n = sender(r);

	if (n == NULL)
		return;
	if (!outbox_add_ack(&n->outbox, tlv->u.ack_request.opaque)) {
		send_neighbour(r->b, n);	/* make room */
		outbox_add_ack(&n->outbox, tlv->u.ack_request.opaque);
	}
	neighbour_send_urgently(r->b, n);
	schedule_advance(r->b, &n->outbox.timer, r->b->now +
	    tlv->u.ack_request.interval / 2);
}

static void
act_ack(struct receiver *r, const struct tlv *tlv)
{
	count(r->b, COUNT_ACKS_RECEIVED);
	if (r->n == NULL)
		return;
	neighbour_acked(r->b, r->n, tlv->u.ack);
	delivery_acked(r->b, r->n, tlv->u.ack);
}

static void
act_hello(struct receiver *r, const struct tlv *tlv)
{
	const struct hello *hello = &tlv->u.hello;
	struct neighbour *n = sender(r);

	if (n == NULL)
		return;
	neighbour_hello(r->b, n, hello);	/* may drop older timestamps */
	if (hello->stamped) {
		r->hello_stamped = true;
		r->transmit = hello->transmit;
		n->stamped = true;
		n->hello_transmit = hello->transmit;
		n->hello_received = (uint32_t)r->datagram->received;
	}
}

static void
act_ihu(struct receiver *r, const struct tlv *tlv)
{
	const struct ihu *ihu = &tlv->u.ihu;
	struct neighbour *n;

	if (ihu->ae != AE_WILDCARD &&
	    !interface_has_address(r->ifp, &ihu->address))
		return;
	n = sender(r);
	if (n == NULL)
		return;
	if (ihu->stamped) {
		r->ihu_stamped = true;
		r->origin = ihu->origin;
		r->receive = ihu->receive;
	}
	neighbour_ihu(r->b, n, ihu);
}

/* An unfeasible update cannot be used, but it shows that its sender has a
 * route.  Whether a newer seqno is needed depends on what is selected after
 * it. */
static void
act_unfeasible(struct receiver *r, const struct update *update)
{
	settle(r->b);
	announce_suspect(r->b, r->n, update);
	request_unfeasible(r->b, r->n, update);
}

static void
act_update(struct receiver *r, const struct tlv *tlv)
{
	struct neighbour *n = sender(r);

	if (n == NULL)
		return;
	if (tlv->u.update.wildcard)
		neighbour_retract_all(r->b, n);
	else if (route_update(r->b, n, &tlv->u.update))
		act_unfeasible(r, &tlv->u.update);
}

static void
act_route_request(struct receiver *r, const struct tlv *tlv)
{
	struct neighbour *n = sender(r);

	if (n != NULL)
		request_received_route(r->b, n, &tlv->u.route_request);
}

static void
act_seqno_request(struct receiver *r, const struct tlv *tlv)
{
	struct neighbour *n = sender(r);

	if (n != NULL)
		request_received_seqno(r->b, n, &tlv->u.seqno_request);
}

/* TLVs that are not listed need no action: padding, and those that only set the
 * parser's state. */
static void (*const act[])(struct receiver *, const struct tlv *) = {
	[TLV_ACK_REQUEST] = act_ack_request,
	[TLV_ACK] = act_ack,
	[TLV_HELLO] = act_hello,
	[TLV_IHU] = act_ihu,
	[TLV_UPDATE] = act_update,
	[TLV_ROUTE_REQUEST] = act_route_request,
	[TLV_SEQNO_REQUEST] = act_seqno_request,
};

/*
 * The round-trip time: the time since our Hello left, less the time between its
 * arrival there and this packet (RFC 9616, section 3.2), all modulo 2^32
 * microseconds.
 */
static void
measure_rtt(struct receiver *r)
{
	uint32_t here, there;

	if (!r->hello_stamped || !r->ihu_stamped ||
	    !r->ifp->conf.enable_timestamps)
		return;
	here = (uint32_t)r->datagram->received - r->origin;
	there = r->transmit - r->receive;
	if (here > RTT_LIMIT || there > RTT_LIMIT)
		return;
	neighbour_rtt_sample(r->b, r->n, here > there ?
	    (babel_time)(here - there) : 0);
}

/* Does the packet contain a Hello that was not sent lately on this interface of
 * ours?  Without one its sender could not become a neighbour yet. */
static bool
has_new_hello(struct decoder d, const struct interface *ifp)
{
	struct tlv tlv;

	while (message_next(&d, &tlv))
		if (tlv.type == TLV_HELLO)
			return (uint16_t)(ifp->hello_seqno - 1 -
			    tlv.u.hello.seqno) >= HELLOS_ON_THE_WAY;
	return false;
}

/*
 * Is it a packet of ours that came back by another of our interfaces on the
 * same link?  The address alone does not prove that, because it is unique on
 * its own link only, and tunnels are often numbered fe80::1 and fe80::2 each.
 * A packet that was sent to one of our addresses alone is no packet of ours.
 */
static bool
is_our_own(const struct receiver *r, const struct decoder *d)
{
	const struct interface *ifp;

	TAILQ_FOREACH(ifp, &r->b->interfaces, entry)
		if (interface_has_address(ifp, &r->datagram->from) &&
		    (ifp == r->ifp ||
		    (IN6_IS_ADDR_MULTICAST(&r->datagram->to) &&
		    !has_new_hello(*d, ifp))))
			return true;
	return false;
}

static enum babel_counter
drop_counter(enum message_result result)
{
	static const enum babel_counter counters[] = {
		[MESSAGE_BAD_SOURCE] = COUNT_DROP_SOURCE,
		[MESSAGE_BAD_PORT] = COUNT_DROP_PORT,
		[MESSAGE_TOO_SHORT] = COUNT_DROP_SHORT,
		[MESSAGE_BAD_MAGIC] = COUNT_DROP_MAGIC,
		[MESSAGE_BAD_VERSION] = COUNT_DROP_VERSION,
		[MESSAGE_BAD_LENGTH] = COUNT_DROP_LENGTH,
	};

	return counters[result];
}

/* Is the packet, whose MAC is right, no replay?  The challenge and reply that
 * this needs are sent at once, and all other packets only then. */
static bool
is_fresh(struct receiver *r, const struct decoder *d)
{
	struct auth_outcome outcome;
	bool fresh;

	fresh = auth_check_counter(r->b, r->ifp, r->datagram, d, &outcome);
	r->n = neighbour_find(r->ifp, &r->datagram->from);
	if (r->n == NULL)
		return fresh;
	send_answer(r->b, r->n, &outcome);
	if (outcome.challenge || outcome.is_new)
		neighbour_probe_later(r->b, r->n);
	if (outcome.is_new || outcome.forgot_us)
		neighbour_introduce(r->b, r->n, outcome.is_new);
	return fresh;
}

/* The checks before the first TLV; true to go on. */
static bool
open_packet(struct receiver *r, struct decoder *d)
{
	struct babel *b = r->b;
	enum message_result result;
	enum auth_mac mac;

	if (r->ifp == NULL || !r->ifp->up) {
		count(b, COUNT_DROP_INTERFACE);
		return false;
	}
	result = message_open(d, r->datagram,
	    b->conf->options.protocol_port);
	if (result != MESSAGE_OK) {
		count(b, drop_counter(result));
		return false;
	}
	mac = auth_check_mac(b, r->ifp, r->datagram, d);
	if (mac == AUTH_REJECTED)
		return false;
	r->n = neighbour_find(r->ifp, &r->datagram->from);
	if (r->n == NULL && is_our_own(r, d)) {
		count(b, COUNT_DROP_OWN);
		return false;
	}
	return mac == AUTH_UNCHECKED || is_fresh(r, d);
}

void
receive_packet(struct babel *b, const struct datagram *datagram)
{
	struct receiver r = {
		.b = b,
		.ifp = interface_find(b, datagram->ifindex),
		.datagram = datagram,
	};
	struct decoder d;
	struct tlv tlv;

	count(b, COUNT_PACKETS_RECEIVED);
	b->counters[COUNT_BYTES_RECEIVED] += datagram->len;
	if (!open_packet(&r, &d))
		return;
	r.ifp->stats.received++;
	trace_packet(b, r.ifp, datagram, false);
	while (message_next(&d, &tlv)) {
		count(b, COUNT_TLVS_RECEIVED);
		if (tlv.type < sizeof(act) / sizeof(act[0]) &&
		    act[tlv.type] != NULL)
			act[tlv.type](&r, &tlv);
		settle(b);
	}
	b->counters[COUNT_TLVS_IGNORED] += d.ignored;
	if (d.stopped)
		count(b, COUNT_PACKETS_STOPPED);
	measure_rtt(&r);
	if (r.n != NULL)
		r.n->received = b->now;
}
