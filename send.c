/*
 * send.c - the way out: from outboxes and tables to packets (RFC 8966, sections
 * 3.1, 3.7 and 4).
 *
 * An outbox names destinations; their content is taken from the tables at the
 * moment of sending, so a packet is never out of date.  The feasibility
 * distance is lowered in the same step (section 3.7.3).  Updates leave in
 * slices that are sorted by router-id and prefix, because that compresses best.
 * However much is waiting, one call sends one slice and sets the timer for the
 * next, so that neither our Hellos nor our neighbours' receive buffers suffer.
 */
#include "packet.h"

#include <stdlib.h>
#include <string.h>

#include "announce.h"
#include "auth.h"
#include "babel.h"
#include "configuration.h"
#include "counter.h"
#include "debt.h"
#include "delivery.h"
#include "destination.h"
#include "instance.h"
#include "interface.h"
#include "lifetime.h"
#include "message.h"
#include "neighbour.h"
#include "outbox.h"
#include "prefix.h"
#include "response.h"
#include "route.h"
#include "source.h"
#include "transmit.h"
#include "tree.h"
#include "util.h"

#define SLICE		256		/* destinations in one go */
#define PACE		(4 * MILLISECOND)	/* between two slices */
#define UPDATE_ROOM	40		/* octets: the longest usual update */
#define RETRY		(10 * MILLISECOND)	/* after a refused packet */
#define HURRY_PAUSE	(2 * SECOND)	/* between two full updates */
#define GOODBYE_INTERVAL (10 * CENTISECOND)
#define PROBE_ACK_TIME	(10 * CENTISECOND)
#define DELIVERY_ROOM	80		/* octets: an update and its state */
#define IHU_ROOM	40		/* octets: an IHU with stamps */

/* Why a destination is put into a packet. */
enum reason { REASON_PERIODIC, REASON_CHANGE, REASON_REPLY };

struct packet {
	struct babel *b;
	struct interface *ifp;
	struct neighbour *to;		/* NULL: everybody */
	struct encoder e;
	bool has_hello;
	bool goes_first;		/* before queued packets */
	bool has_ack_request;
	uint16_t opaque;		/* of the Acknowledgment Request */
	uint8_t bytes[MESSAGE_MAX_SIZE];
};

static void
packet_open(struct packet *p)
{
	message_start(&p->e, p->bytes, auth_body_size(p->b, p->ifp));
	p->has_hello = p->has_ack_request = false;
}

static void
packet_begin(struct packet *p, struct babel *b, struct interface *ifp,
    struct neighbour *to)
{
	p->b = b;
	p->ifp = ifp;
	p->to = to;
	p->goes_first = false;
	packet_open(p);
}

static void
packet_transmit(struct packet *p, const struct in6_addr *to)
{
	const uint16_t port = p->b->conf->options.protocol_port;
	const struct datagram datagram = {
		.ifindex = p->ifp->link.ifindex,
		.from = p->ifp->link.link_local[0],
		.to = *to,
		.from_port = port,
		.to_port = port,
		.dont_fragment = p->has_hello && p->ifp->conf.probe_mtu,
	};

	if (p->goes_first)
		transmit_first(p->b, p->ifp, &p->e, &datagram);
	else
		transmit(p->b, p->ifp, &p->e, &datagram);
}

/* A multicast packet is sent to the declared neighbours too, for links that
 * pass no multicast.  It is the same packet, so any router understands it. */
static void
packet_send_static(struct packet *p)
{
	const struct configuration *conf = p->b->conf;
	size_t i;

	for (i = 0; i < conf->neighbour_count; i++)
		if (strcmp(conf->neighbours[i].ifname,
		    p->ifp->link.name) == 0)
			packet_transmit(p, &conf->neighbours[i].address);
}

/* Send the packet unless it is empty, and start a new one.  On unicast
 * interfaces everything except Hellos is sent to each neighbour separately. */
static void
packet_send(struct packet *p)
{
	struct neighbour *n;

	if (message_is_empty(&p->e))
		return;
	if (p->has_hello && p->ifp->conf.probe_mtu)
		message_put_padding(&p->e, message_room(&p->e));
	if (p->to != NULL)
		packet_transmit(p, &p->to->address);
	else if (p->ifp->conf.unicast && !p->has_hello) {
		TREE_FOREACH(n, neighbour_tree, &p->ifp->neighbours)
			packet_transmit(p, &n->address);
	} else {
		packet_transmit(p, &p->b->conf->options.protocol_group);
		packet_send_static(p);
	}
	packet_open(p);
}

static void
put_hello(struct packet *p, babel_time interval)
{
	struct interface *ifp = p->ifp;
	struct hello hello = {
		.seqno = ifp->hello_seqno,
		.interval = interval,
		.stamped = ifp->conf.enable_timestamps,
	};

	message_put_hello(&p->e, &hello);
	p->has_hello = true;
	ifp->hello_seqno = seqno_plus(ifp->hello_seqno, 1);
	if (p->b->now > ifp->hello_promised)
		count(p->b, COUNT_HELLOS_LATE);
	ifp->hello_promised = p->b->now + interval;
	ifp->stats.mcast_hellos++;
	count(p->b, COUNT_HELLOS_SENT);
}

/* An unscheduled Hello, whose timestamp goes with that of an IHU (RFC 9616,
 * section 3.2). */
static void
put_unicast_hello(struct packet *p)
{
	struct neighbour *n = p->to;
	struct hello hello = {
		.unicast = true,
		.seqno = n->hello_seqno,
		.stamped = true,
	};

	if (!message_put_hello(&p->e, &hello))
		return;
	n->hello_seqno = seqno_plus(n->hello_seqno, 1);
	p->ifp->stats.ucast_hellos++;
}

static void
put_ihu(struct packet *p, struct neighbour *n)
{
	babel_time interval = time_min(3 * p->ifp->conf.hello_interval,
	    interval_decode(UINT16_MAX));
	const struct ihu ihu = {
		.address = n->address,
		.rxcost = neighbour_compute_rxcost(n),
		.interval = interval,
		.stamped = p->e.stamp != NULL && n->stamped,
		.origin = n->hello_transmit,
		.receive = n->hello_received,
	};

	if (!message_put_ihu(&p->e, &ihu)) {
		packet_send(p);
		message_put_ihu(&p->e, &ihu);
	}
	n->is_listening |= ihu.rxcost < INFINITY_METRIC;
	n->ihu_due = false;
	n->ihu_promised = p->b->now + interval;
	p->ifp->stats.ihus++;
	count(p->b, COUNT_IHUS_SENT);
}

/* Does the neighbour measure round-trip times with us? */
static bool
wants_stamps(const struct neighbour *n)
{
	const struct interface_parameters *conf = &n->interface->conf;

	return n->stamped && conf->enable_timestamps &&
	    !conf->rfc6126_compatible;
}

/* Timestamps count only beside a Hello with a timestamp (RFC 9616, section
 * 3.2).  Where the packet has none, or has no room, the IHU goes by unicast
 * with a Hello of its own. */
static void
put_due_ihus(struct packet *p)
{
	struct neighbour *n;

	TREE_FOREACH(n, neighbour_tree, &p->ifp->neighbours) {
		if (!n->ihu_due)
			continue;
		if (p->ifp->conf.unicast || (wants_stamps(n) &&
		    (p->e.stamp == NULL ||
		    message_room(&p->e) < IHU_ROOM))) {
			n->outbox.ihu = true;
			neighbour_send_urgently(p->b, n);
		} else
			put_ihu(p, n);
	}
	p->ifp->outbox.ihu = false;
}

static void
put_wildcard_request(struct packet *p)
{
	const struct route_request request = { .wildcard = true };

	if (!message_put_route_request(&p->e, &request)) {
		packet_send(p);
		message_put_route_request(&p->e, &request);
	}
	count(p->b, COUNT_ROUTE_REQUESTS_SENT);
}

static bool
encode_request(struct packet *p, const struct outbox_item *item)
{
	struct route_request route = {
		.ae = (uint8_t)message_ae(&item->key.to),
		.key = item->key,
	};
	struct seqno_request seqno = {
		.ae = route.ae,
		.key = item->key,
		.id = item->id,
		.seqno = item->seqno,
		.hop_count = item->hop_count,
	};

	return item->kind == OUTBOX_ROUTE_REQUEST ?
	    message_put_route_request(&p->e, &route) :
	    message_put_seqno_request(&p->e, &seqno);
}

static void
put_request(struct packet *p, const struct outbox_item *item)
{
	if (!encode_request(p, item)) {
		packet_send(p);
		encode_request(p, item);
	}
	count(p->b, item->kind == OUTBOX_ROUTE_REQUEST ?
	    COUNT_ROUTE_REQUESTS_SENT : COUNT_SEQNO_REQUESTS_SENT);
}

static void
put_ack_request(struct packet *p, uint16_t opaque, babel_time interval)
{
	const struct ack_request request = { opaque, interval };
	struct neighbour *n;

	if (!message_put_ack_request(&p->e, &request)) {
		packet_send(p);
		message_put_ack_request(&p->e, &request);
	}
	count(p->b, COUNT_ACK_REQUESTS_SENT);
	if (p->to != NULL)
		response_asked(&p->to->response, p->b->now, opaque);
	else
		TREE_FOREACH(n, neighbour_tree, &p->ifp->neighbours)
			response_asked(&n->response, p->b->now, opaque);
}

static uint16_t
next_opaque(struct babel *b)
{
	uint16_t opaque = b->next_opaque;

	b->next_opaque = seqno_plus(opaque, 1);
	return opaque;
}

/* The update must arrive (delivery.h): the packet asks for an
 * acknowledgment. */
static void
ask_for_delivery(struct packet *p, struct destination *d)
{
	if (!delivery_is_owed(d, p->ifp, p->to))
		return;
	if (message_room(&p->e) < DELIVERY_ROOM)
		packet_send(p);
	if (!p->has_ack_request) {
		p->opaque = next_opaque(p->b);
		p->has_ack_request = true;
		put_ack_request(p, p->opaque, DELIVERY_ACK_TIME);
	}
	delivery_sent(d, p->ifp, p->to, p->opaque);
}

/* Choose the encoding of the prefix on this interface (RFC 9229, section 2.1);
 * false if there is no way to announce it. */
static bool
choose_encoding(const struct packet *p, struct update *update)
{
	const struct interface *ifp = p->ifp;

	update->ae = (uint8_t)message_ae(&update->key.to);
	if (update->ae == AE_IPV6)
		return true;
	update->next_hop = ifp->link.ipv4;
	if (!address_is_unspecified(&ifp->link.ipv4))
		return true;
	if (ifp->conf.v4_via_v6)
		update->ae = AE_V4_VIA_V6;
	return ifp->conf.v4_via_v6 || update->metric == INFINITY_METRIC;
}

static void
put_update(struct packet *p, const struct update *update)
{
	if (!message_put_update(&p->e, update)) {
		packet_send(p);
		message_put_update(&p->e, update);
	}
	p->ifp->announced = true;
	if (p->to != NULL) {
		p->to->is_listening = true;
		p->ifp->stats.ucast_updates++;
	} else
		p->ifp->stats.mcast_updates++;
	count(p->b, update->metric == INFINITY_METRIC ?
	    COUNT_RETRACTIONS_SENT : COUNT_UPDATES_SENT);
}

static void
put_retraction(struct packet *p, const struct destination_key *key)
{
	struct update update = {
		.key = *key,
		.id = p->b->id,
		.seqno = p->b->seqno,
		.metric = INFINITY_METRIC,
		.interval = p->ifp->conf.update_interval,
	};

	if (choose_encoding(p, &update))
		put_update(p, &update);
}

/* A finite update about the destination. */
static void
put_announcement(struct packet *p, struct destination *d,
    const struct announcement *a, enum reason reason)
{
	struct update update = {
		.key = d->key,
		.id = a->id,
		.seqno = a->seqno,
		.metric = a->metric,
		.interval = p->ifp->conf.update_interval,
	};

	if (!choose_encoding(p, &update)) {
		if (reason == REASON_REPLY || p->ifp->retracts_ipv4)
			put_retraction(p, &d->key);
		return;
	}
	/* The distance is updated before sending (section 3.7.3).  Updates
	 * with our own router-id are ignored when they come back, so they
	 * need none. */
	if (a->route != NULL &&
	    !source_announce(p->b, d, a, update.interval))
		return;
	put_update(p, &update);
}

/* The selected route was learned on this interface: by split horizon (section
 * 3.7.4) it is not announced here unless somebody asks for it. */
static bool
is_silent_here(const struct packet *p, const struct destination *d,
    const struct announcement *a, enum reason reason)
{
	if (reason == REASON_REPLY || (reason == REASON_CHANGE &&
	    debt_is(d, DEBT_ANSWER)))
		return false;
	return a->route != NULL && announce_is_silent(p->b, a->route, p->ifp);
}

static void
put_destination(struct packet *p, struct destination *d, enum reason reason)
{
	struct announcement a;
	bool have = announce_content(p->b, d, &a);
	bool denied;

	if (!interface_understands(p->ifp, &d->key))
		return;
	if (reason == REASON_CHANGE && debt_is(d, DEBT_COPY) &&
	    !interface_is_crowded(p->ifp))
		return;
	if (have && !announce_is_ready(p->b, d)) {
		debt_owe(d, DEBT_NEWS);
		return;
	}
	denied = have && !announce_filter(p->b, d, p->ifp, &a);
	if (denied && reason != REASON_REPLY &&
	    !(reason == REASON_CHANGE && debt_is(d, DEBT_DENIAL)))
		return;
	if (reason != REASON_PERIODIC)
		ask_for_delivery(p, d);
	if (have && !denied && !is_silent_here(p, d, &a, reason))
		put_announcement(p, d, &a, reason);
	else if (reason == REASON_REPLY || denied || (have ?
	    debt_silent_ifindex(d) == p->ifp->link.ifindex :
	    reason == REASON_CHANGE ||
	    (debt_is(d, DEBT_HOLD) && delivery_is_over(d))))
		put_retraction(p, &d->key);
}

/* A destination of a slice, with the router-id that it is sorted by. */
struct slice_entry {
	struct router_id id;
	struct destination *destination;
};

struct slice {
	struct slice_entry entries[SLICE];
	size_t count;
};

static int
slice_compare(const void *a, const void *b)
{
	const struct slice_entry *x = a, *y = b;
	int order = router_id_compare(&x->id, &y->id);

	return order != 0 ? order : destination_key_compare(
	    &x->destination->key, &y->destination->key);
}

static void
slice_add(const struct babel *b, struct slice *slice, struct destination *d)
{
	struct slice_entry *entry = &slice->entries[slice->count++];
	struct announcement a;

	entry->destination = d;
	memset(&entry->id, 0, sizeof(entry->id));
	if (announce_content(b, d, &a))
		entry->id = a.id;
}

/* A walk in the order of keys is sorted if it meets one router-id only. */
static bool
slice_is_sorted(const struct slice *slice)
{
	size_t i;

	for (i = 1; i < slice->count; i++)
		if (slice_compare(&slice->entries[i - 1],
		    &slice->entries[i]) > 0)
			return false;
	return true;
}

static void
put_slice(struct packet *p, struct slice *slice, enum reason reason)
{
	size_t i;

	if (!slice_is_sorted(slice))
		qsort(slice->entries, slice->count,
		    sizeof(slice->entries[0]), slice_compare);
	for (i = 0; i < slice->count; i++)
		put_destination(p, slice->entries[i].destination, reason);
}

/* Can any neighbour use an update?  Only one that was sent a finite IHU, a
 * reply or the table can.  Any other is sent the table when it is sent a finite
 * IHU. */
static bool
has_listener(struct interface *ifp)
{
	struct neighbour *n;

	TREE_FOREACH(n, neighbour_tree, &ifp->neighbours)
		if (n->is_listening || n->dump.began != 0)
			return true;
	return false;
}

/* How many more destinations follow those of a slice: as many as surely fit
 * into its last packet, because every packet costs headers and a Router-Id. */
static size_t
slice_rest(const struct packet *p, size_t taken)
{
	size_t fitting = message_room(&p->e) / UPDATE_ROOM;

	if (message_is_empty(&p->e) || taken >= 2 * SLICE)
		return 0;
	return fitting < SLICE ? fitting : SLICE;
}

/* Announce one slice of the changes since the last time; true when more is
 * left. */
static bool
put_changes(struct packet *p)
{
	struct interface *ifp = p->ifp;
	struct slice slice;
	struct destination *d = ifp->next_change;
	size_t size = SLICE, taken = 0;

	if (!has_listener(ifp)) {
		ifp->next_change = NULL;
		return false;
	}
	do {
		for (slice.count = 0; d != NULL && slice.count < size;
		    d = TAILQ_NEXT(d, change_entry))
			slice_add(p->b, &slice, d);
		put_slice(p, &slice, REASON_CHANGE);
		taken += slice.count;
		size = slice_rest(p, taken);
	} while (d != NULL && size > 0);
	ifp->next_change = d;
	return d != NULL;
}

/* New packets wait until the refused ones are gone. */
static bool
is_blocked(struct babel *b, struct interface *ifp, struct timer *timer)
{
	if (transmit_retry(b, ifp))
		return false;
	schedule(b, timer, b->now + RETRY);
	return true;
}

/* May somebody there still use what was announced before we were started?
 * We have forgotten how near it was, and would take routes through us for
 * ways there. */
static bool
may_be_used_from_before(const struct babel *b, const struct interface *ifp)
{
	return !ifp->announced && b->now - b->started <
	    lifetime_at_neighbours(ifp->conf.update_interval);
}

static void
put_hello_if_due(struct packet *p)
{
	struct outbox *outbox = &p->ifp->outbox;
	struct babel *b = p->b;

	if (!outbox->hello)
		return;
	outbox->hello = false;
	put_hello(p, p->ifp->conf.hello_interval);
	if (p->ifp->conf.unicast)
		packet_send(p);		/* Hellos alone are multicast */
	if (may_be_used_from_before(b, p->ifp))
		message_put_wildcard_retraction(&p->e, &b->id, b->seqno);
}

/* Put one item into the packet; false when it must wait for the kernel's
 * answer. */
static bool
put_item(struct packet *p, const struct outbox_item *item)
{
	struct destination *d;

	if (!interface_understands(p->ifp, &item->key))
		return true;
	if (item->kind != OUTBOX_UPDATE) {
		put_request(p, item);
		return true;
	}
	d = destination_find(p->b, &item->key);
	if (d == NULL)
		put_retraction(p, &item->key);
	else if (announce_is_ready(p->b, d))
		put_destination(p, d, REASON_REPLY);
	else
		return false;
	return true;
}

/* One slice of requests and replies. */
static void
put_items(struct packet *p, struct outbox *outbox)
{
	struct outbox_item *item, *next;
	unsigned int room = SLICE;
	bool waiting = false;

	for (item = outbox_first(outbox); item != NULL && room > 0;
	    item = next) {
		next = outbox_next(item);
		if (put_item(p, item)) {
			outbox_drop(outbox, item);
			room--;
		} else
			waiting = true;
	}
	if (item != NULL)
		schedule_advance(p->b, &outbox->timer, p->b->now + PACE);
	else if (waiting)
		schedule_advance(p->b, &outbox->timer, p->b->now + RETRY);
}

/* Send a full update at once, by multicast.  One that has not begun yet will
 * do; one that is under way is finished first. */
static void
hurry_full_update(struct babel *b, struct interface *ifp)
{
	babel_time start = b->now;

	if (ifp->update_hurry && ifp->update_walk.begun)
		return;
	ifp->outbox.everything = false;
	if (ifp->update_hurry)
		return;
	if (ifp->hurried != 0)
		start = time_max(start, ifp->hurried + HURRY_PAUSE);
	ifp->hurried = start;
	walk_restart(&ifp->update_walk);
	ifp->update_hurry = true;
	schedule(b, &ifp->update, start);
}

/* On a link that takes nothing else now, send a Hello and IHUs. */
static void
send_hello_first(struct babel *b, struct interface *ifp)
{
	struct packet p;

	if (!ifp->outbox.hello)
		return;
	packet_begin(&p, b, ifp, NULL);
	p.goes_first = true;
	put_hello_if_due(&p);
	if (ifp->outbox.ihu)
		put_due_ihus(&p);
	packet_send(&p);
}

void
send_interface(struct babel *b, struct interface *ifp)
{
	struct outbox *outbox = &ifp->outbox;
	struct packet p;

	if (is_blocked(b, ifp, &outbox->timer)) {
		send_hello_first(b, ifp);
		return;
	}
	packet_begin(&p, b, ifp, NULL);
	put_hello_if_due(&p);
	if (outbox->ihu && (p.has_hello || !interface_is_crowded(ifp)))
		put_due_ihus(&p);
	if (outbox->wildcard_request)
		put_wildcard_request(&p);
	outbox->wildcard_request = false;
	if (put_changes(&p))
		schedule(b, &outbox->timer, b->now + PACE);
	packet_send(&p);
	ifp->last_sent = b->now;
	announce_trim(b);
	if (outbox->everything)
		hurry_full_update(b, ifp);
}

static void
put_acks(struct packet *p, struct outbox *outbox)
{
	uint8_t i;

	for (i = 0; i < outbox->ack_count; i++) {
		if (!message_put_ack(&p->e, outbox->acks[i])) {
			packet_send(p);
			message_put_ack(&p->e, outbox->acks[i]);
		}
		count(p->b, COUNT_ACKS_SENT);
	}
	outbox->ack_count = 0;
}

/* A neighbour whose response time is unknown is asked for an acknowledgment, so
 * that the time is known when a deadline depends on it. */
static void
put_probe(struct packet *p, struct outbox *outbox)
{
	if (outbox->probe) {
		outbox->probe = false;
		put_ack_request(p, outbox->probe_opaque, PROBE_ACK_TIME);
	} else if (neighbour_is_reachable(p->to) &&
	    response_is_unknown(&p->to->response, p->b->now))
		put_ack_request(p, next_opaque(p->b), PROBE_ACK_TIME);
}

static void
put_unicast_ihu(struct packet *p)
{
	const struct interface_parameters *conf = &p->ifp->conf;

	if (conf->enable_timestamps && !conf->rfc6126_compatible)
		put_unicast_hello(p);
	put_ihu(p, p->to);
	p->to->outbox.ihu = false;
}

static void
put_unicast(struct packet *p)
{
	struct outbox *outbox = &p->to->outbox;

	if (outbox->ihu)		/* first: its timestamps need room */
		put_unicast_ihu(p);
	put_acks(p, outbox);
	put_probe(p, outbox);
	if (outbox->wildcard_request)
		put_wildcard_request(p);
	outbox->wildcard_request = false;
	put_items(p, outbox);
	if (outbox->everything)
		neighbour_dump(p->b, p->to);
	outbox->everything = false;
}

void
send_neighbour(struct babel *b, struct neighbour *n)
{
	struct packet p;

	if (is_blocked(b, n->interface, &n->outbox.timer))
		return;
	packet_begin(&p, b, n->interface, n);
	put_unicast(&p);
	packet_send(&p);
}

void
send_answer(struct babel *b, struct neighbour *n,
    const struct auth_outcome *outcome)
{
	struct packet p;

	packet_begin(&p, b, n->interface, n);
	if (outcome->reply)
		message_put_challenge(&p.e, TLV_CHALLENGE_REPLY,
		    &outcome->reply_nonce);
	if (outcome->challenge)
		message_put_challenge(&p.e, TLV_CHALLENGE_REQUEST,
		    &outcome->challenge_nonce);
	packet_send(&p);
}

/* Does the periodic update leave the destination out here, by split horizon? */
static bool
is_silent(const struct packet *p, const struct destination *d)
{
	return d->xroute == NULL && d->selected != NULL &&
	    d->selected->metric < INFINITY_METRIC &&
	    debt_silent_ifindex(d) != p->ifp->link.ifindex &&
	    announce_is_silent(p->b, d->selected, p->ifp);
}

/* Send the next destinations of a walk, and count them; true when the walk is
 * over. */
static bool
send_walk(struct packet *p, struct walk *walk, size_t *taken)
{
	struct slice slice;
	struct destination *d = NULL;
	size_t size = SLICE, i;

	*taken = 0;
	do {
		slice.count = 0;
		for (i = 0; i < size &&
		    (d = destination_step(p->b, walk, d)) != NULL; i++)
			if (!is_silent(p, d))
				slice_add(p->b, &slice, d);
		put_slice(p, &slice, REASON_PERIODIC);
		*taken += i;
		size = slice_rest(p, *taken);
	} while (d != NULL && size > 0);
	packet_send(p);
	return d == NULL;
}

/*
 * The periodic update (section 3.7.1) is spread over the interval: slices
 * follow each other so that each destination comes round once in every
 * interval, and large tables never leave in one burst.
 */
void
send_full_update(struct babel *b, struct interface *ifp)
{
	babel_time interval = ifp->conf.update_interval, pause = PACE;
	size_t all = b->destination_count + 1, taken = all - 1;
	struct packet p;
	bool done = true;

	if (is_blocked(b, ifp, &ifp->update))
		return;
	if (has_listener(ifp)) {
		packet_begin(&p, b, ifp, NULL);
		done = send_walk(&p, &ifp->update_walk, &taken);
	}
	/* One more than there are: the end of the walk takes its part. */
	if (!ifp->update_hurry)
		pause = time_max(interval * (babel_time)(taken + done) /
		    (babel_time)all, PACE);
	if (done) {
		walk_restart(&ifp->update_walk);
		if (ifp->update_hurry)
			pause = interval;
		ifp->update_hurry = false;
		/* The walk that carries the retractions may not have begun
		 * yet. */
		ifp->retracts_ipv4 &= ifp->outbox.everything;
	}
	schedule(b, &ifp->update, b->now + jitter(b, pause));
}

/* The next slice of a unicast dump, behind everything that is queued. */
void
send_dump(struct babel *b, struct neighbour *n)
{
	struct packet p;
	size_t taken;

	if (is_blocked(b, n->interface, &n->dump.next))
		return;
	schedule_cancel(b, &n->outbox.timer);
	packet_begin(&p, b, n->interface, n);
	put_unicast(&p);
	if (send_walk(&p, &n->dump.walk, &taken))
		neighbour_dump_done(b, n);
	else
		schedule(b, &n->dump.next, b->now + PACE);
}

/* Retract everything, in a packet with a Hello whose interval is so short that
 * neighbours do not wait for us. */
void
send_goodbye(struct babel *b, struct interface *ifp)
{
	struct packet p;

	if (!ifp->up)
		return;
	packet_begin(&p, b, ifp, NULL);
	put_hello(&p, GOODBYE_INTERVAL);
	if (ifp->conf.unicast)
		packet_send(&p);
	message_put_wildcard_retraction(&p.e, &b->id, b->seqno);
	packet_send(&p);
}
