/*
 * link.c - packets between nodes: delay, jitter, loss, duplication,
 * reordering, ways that pass nothing, and clogs.
 *
 * A link has two ends or many; each of its ways, from one end to another,
 * loses and delays on its own, as radio does.
 */
#include "sim_world.h"

#include <stdlib.h>
#include <string.h>

#include "checker.h"

#define PORT		6696
#define STRAY_MAX	(40 * MILLISECOND)	/* of what is reordered */

struct packet {
	uint32_t references;
	struct in6_addr from, to;
	size_t len;
	uint8_t bytes[];
};

static struct packet *
packet_new(const struct datagram *datagram)
{
	struct packet *p = sim_calloc(1, sizeof(*p) + datagram->len);

	p->references = 1;
	p->from = datagram->from;
	p->to = datagram->to;
	p->len = datagram->len;
	memcpy(p->bytes, datagram->bytes, datagram->len);
	return p;
}

void
link_release(struct packet *p)
{
	if (--p->references == 0)
		free(p);
}

struct way *
link_way(const struct link *l, uint32_t from, uint32_t to)
{
	return &l->ways[from * l->end_count + to];
}

void
link_update_loss(struct world *w, uint32_t index)
{
	const struct scenario *s = w->scenario;
	struct link *l = &w->links[index];
	uint32_t i;

	l->loss = w->calm ? 0 : l->base_loss;
	for (i = 0; i < s->fault_count; i++)
		if (w->active[i] && s->faults[i].kind == FAULT_LOSS &&
		    s->faults[i].node == index && s->faults[i].loss > l->loss)
			l->loss = s->faults[i].loss;
}

/* When a packet sent now arrives at the end of the way. */
static babel_time
link_arrival(struct world *w, const struct link *l, uint32_t from,
    struct way *way)
{
	babel_time at = w->now + l->delay + l->ends[from].delay;

	if (!w->calm) {
		at += prng_between(&w->prng, 0, l->jitter);
		at = time_max(at, l->clogged_until);
		if (prng_chance(&w->prng, w->scenario->reorder))
			return at + prng_between(&w->prng, 0, STRAY_MAX);
	}
	way->last = time_max(way->last, at);
	return way->last;
}

static void
link_deliver(struct world *w, const struct link *l, uint32_t from,
    uint32_t to, struct packet *packet)
{
	const struct link_end *end = &l->ends[to];
	struct event *e;
	int copies = 1;

	if (l->loss > 0 && prng_chance(&w->prng, l->loss))
		return;
	if (!w->calm && prng_chance(&w->prng, w->scenario->duplicate))
		copies = 2;
	while (copies-- > 0) {
		e = world_happen(w, HAPPEN_PACKET, link_arrival(w, l, from,
		    link_way(l, from, to)), &w->nodes[end->node]);
		e->u.arrival.packet = packet;
		e->u.arrival.port = end->port;
		packet->references++;
		queue_put(&w->queue, e);
	}
}

/* Can anything pass between the two ends? */
static bool
link_passes(const struct world *w, const struct link *l, uint32_t from,
    uint32_t to)
{
	const struct way *way = link_way(l, from, to);
	const struct node *a = &w->nodes[l->ends[from].node];
	const struct node *b = &w->nodes[l->ends[to].node];

	return way->exists && way->blocked == 0 && a->partition ==
	    b->partition && node_is_running(b) &&
	    b->ports[l->ends[to].port].downs == 0;
}

static void
link_spread(struct node *n, const struct port *port,
    const struct datagram *datagram)
{
	struct world *w = n->world;
	struct link *l = &w->links[port->link];
	struct packet *packet = packet_new(datagram);
	bool multicast = datagram->to.s6_addr[0] == 0xff;
	const struct link_end *end;
	uint32_t i;

	for (i = 0; i < l->end_count; i++) {
		end = &l->ends[i];
		if (i == port->slot || !link_passes(w, l, port->slot, i))
			continue;
		if (multicast || address_equal(&datagram->to,
		    &w->nodes[end->node].ports[end->port].link_local))
			link_deliver(w, l, port->slot, i, packet);
	}
	link_release(packet);
}

bool
link_send(struct node *n, const struct datagram *datagram)
{
	struct world *w = n->world;
	struct port *port = node_port(n, datagram->ifindex);

	if (port == NULL || port->downs > 0) {
		world_fail(w, "I8", "node %u sends on interface %u, which "
		    "is %s", n->index, datagram->ifindex,
		    port == NULL ? "not there" : "down");
		return true;
	}
	if (w->scenario->refuse_send > 0 && !w->calm &&
	    prng_chance(&w->prng, w->scenario->refuse_send)) {
		n->refused_at = w->now;
		w->figures.refused++;
		return false;
	}
	w->figures.packets++;
	w->figures.bytes += datagram->len;
	trace_note(&w->trace, (uint64_t)w->now, (uint64_t)n->index << 32 |
	    port->ifindex, trace_digest(datagram->bytes, datagram->len));
	checker_sent(n, port, datagram);
	if (w->tap != NULL)
		w->tap(w->tap_context, datagram);
	if (w->links[port->link].cuts == 0)
		link_spread(n, port, datagram);
	return true;
}

void
link_arrive(struct node *n, struct packet *packet, uint32_t port)
{
	struct datagram datagram = { .ifindex = n->ports[port].ifindex,
	    .from = packet->from, .to = packet->to, .from_port = PORT,
	    .to_port = PORT, .received = node_now(n),
	    .bytes = packet->bytes, .len = packet->len };

	if (!node_is_running(n) || n->ports[port].downs > 0)
		return;
	trace_note(&n->world->trace, (uint64_t)n->world->now, n->index,
	    packet->len);
	babel_receive(n->babel, node_now(n), &datagram);
	node_turn(n);
}
