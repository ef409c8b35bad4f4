/*
 * sent.c - what goes out: invariants I3, I5 and I6, and the rule that nothing
 * is announced before it is installed (part of I1).
 *
 * A model of the source table is kept from the packets alone: the best
 * distance announced for each source since its garbage collection.  The
 * engine's table must never be above it.
 */
#include "checker.h"

#include <string.h>

#include "tables.h"
#include "variety.h"
#include "wiretap.h"

#define GC_TIME		(3 * MINUTE)	/* at least */
#define NEVER_SENT	(-NEVER / 2)
#define OVERHEAD	48		/* IPv6 and UDP headers */
#define MTU		1500
#define GRACE		(2 * MILLISECOND)
#define REFUSED_GRACE	SECOND
#define ASK_TIME	(5 * SECOND)	/* to ask for a newer seqno */
#define ASKED_BEFORE	(30 * SECOND)	/* may have been asked already */
#define LEAVE_MAX	(15 * SECOND)

/* For how long a feasibility distance must be remembered: for as long as
 * anybody may use what was announced with it. */
static babel_time
memory_of(const struct node *n)
{
	return time_max(GC_TIME, 7 * variety_update_interval(
	    n->world->scenario, n->index) / 2 + SECOND);
}

void
checker_restarted(struct node *n)
{
	uint32_t i;

	for (i = 0; i < n->world->scenario->plan_count; i++) {
		n->places[i].sent_count = 0;
		n->places[i].starved_since = NEVER;
	}
}

/* Is (seqno, metric) a better distance than the other? */
static bool
distance_better(uint16_t seqno, uint16_t metric, uint16_t seqno2,
    uint16_t metric2)
{
	uint16_t ahead = (uint16_t)(seqno - seqno2);

	if (ahead == 0)
		return metric < metric2;
	return ahead < 0x8000;
}

static struct sent *
sent_get(struct place *place, const struct router_id *id)
{
	struct sent *sent;
	uint32_t i;

	for (i = 0; i < place->sent_count; i++)
		if (memcmp(&place->sent[i].id, id, sizeof(*id)) == 0)
			return &place->sent[i];
	if (place->sent_count == place->sent_size)
		place->sent = sim_grow(place->sent, &place->sent_size,
		    sizeof(*place->sent));
	sent = &place->sent[place->sent_count++];
	memset(sent, 0, sizeof(*sent));
	sent->id = *id;
	sent->last = NEVER_SENT;
	return sent;
}

/* Put the announcement into the model, and compare the table with it. */
static void
check_distance(struct node *n, uint32_t key, const struct seen *seen,
    const struct destination *d)
{
	struct world *w = n->world;
	struct sent *sent = sent_get(&n->places[key], &seen->id);
	struct distance table;

	if (w->now - sent->last >= memory_of(n) || distance_better(seen->seqno,
	    seen->metric, sent->seqno, sent->metric)) {
		sent->seqno = seen->seqno;
		sent->metric = seen->metric;
	}
	sent->last = w->now;
	if (!tables_distance(d, &seen->id, &table))
		world_fail(w, "I3", "node %u announces prefix %u without a "
		    "feasibility distance", n->index, key);
	else if (distance_better(sent->seqno, sent->metric, table.seqno,
	    table.metric))
		world_fail(w, "I3", "node %u, prefix %u: feasibility "
		    "distance (%u, %u) above the announced (%u, %u)",
		    n->index, key, table.seqno, table.metric, sent->seqno,
		    sent->metric);
}

/* Is what is announced what packets are forwarded by? */
static void
check_installed(struct node *n, uint32_t key, const struct seen *seen,
    const struct selection *selection)
{
	const struct place *place = &n->places[key];
	uint16_t more = variety_out(n->world->scenario, n->index, key);
	const char *wrong = NULL;

	if (!selection->exists || selection->own)
		wrong = "that it has not selected";
	else if (more == INFINITY_METRIC)
		wrong = "that its filter denies";
	else if (seen->metric != selection->metric + more)
		wrong = "with another metric than it has";
	else if (place->lost)
		wrong = NULL;
	else if (!place->installed || place->entry.unreachable ||
	    place->entry.ifindex != selection->ifindex ||
	    !address_equal(&place->entry.next_hop, &selection->next_hop))
		wrong = "before the kernel has it";
	if (wrong == NULL)
		return;
	world_fail(n->world, "I1", "node %u announces a route to prefix %u "
	    "%s", n->index, key, wrong);
	world_explain(n, key);
}

static void
check_update(struct node *n, const struct seen *seen)
{
	struct router_id own = babel_router_id(n->babel);
	uint32_t key = world_find_key(n->world, &seen->key);
	const struct destination *d = tables_find(n->babel, &seen->key);
	struct selection selection = tables_selection(d);

	n->world->figures.updates++;
	if (key == NOWHERE) {
		if (!n->world->strangers)
			world_fail(n->world, "I1", "node %u announces a "
			    "prefix that nobody originates", n->index);
		return;
	}
	if (memcmp(&own, &seen->id, sizeof(own)) == 0) {
		if (!selection.own &&
		    n->world->now > n->refused_at + REFUSED_GRACE)
			world_fail(n->world, "I1", "node %u announces prefix "
			    "%u as its own", n->index, key);
		return;
	}
	/* What was refused once may be old by now, as if it had taken its
	 * time on the link. */
	if (n->world->now > n->refused_at + REFUSED_GRACE)
		check_installed(n, key, seen, &selection);
	check_distance(n, key, seen, d);
}

/* When a Hello is late: after its promise, or after what kept the node
 * from sending it. */
static babel_time
hello_deadline(const struct node *n, const struct port *port)
{
	babel_time deadline = port->hello_promised;

	if (deadline == NEVER)
		return NEVER;
	deadline = time_max(deadline, n->stalled_until) +
	    n->world->scenario->turn + GRACE;
	return time_max(deadline, n->refused_at + REFUSED_GRACE);
}

static void
check_hello_in_time(struct node *n, struct port *port)
{
	struct world *w = n->world;

	if (w->now <= hello_deadline(n, port))
		return;
	world_fail(w, "I6", "node %u, interface %u: a Hello promised for "
	    "%.6f is late at %.6f", n->index, port->ifindex,
	    (double)port->hello_promised / (double)SECOND,
	    (double)w->now / (double)SECOND);
}

static void
check_hello(struct node *n, struct port *port, const struct seen *seen)
{
	n->world->figures.hellos++;
	if (seen->unicast || seen->interval == 0)
		return;
	check_hello_in_time(n, port);
	port->hello_promised = n->world->now + seen->interval * CENTISECOND;
}

static void
check_request(struct node *n, const struct seen *seen)
{
	uint32_t key = world_find_key(n->world, &seen->key);

	n->world->figures.requests++;
	if (key != NOWHERE)
		n->places[key].requested_at = n->world->now;
}

/* When verbose, and only then. */
static void
tell_seen(const struct node *n, const struct port *port,
    const struct datagram *datagram, const struct seen *seen)
{
	static const char *const names[] = {
		"hello", "update", "retraction", "wildcard retraction",
		"route request", "seqno request", "ack request", "other",
	};
	uint32_t to = datagram->to.s6_addr[0] == 0xff ? NOWHERE :
	    topology_owner(n->world, &datagram->to);

	world_tell(n->world, "node %u: sends %s of prefix %d (%u, %u) on %u "
	    "to %d", n->index, names[seen->kind],
	    (int)world_find_key(n->world, &seen->key), seen->seqno,
	    seen->metric, port->ifindex, (int)to);
}

void
checker_sent(struct node *n, struct port *port,
    const struct datagram *datagram)
{
	bool verbose = n->world->scenario->wishes.verbose;
	struct wiretap tap;
	struct seen seen;

	if (datagram->len > MTU - OVERHEAD)
		world_fail(n->world, "I8", "node %u sends %zu octets",
		    n->index, datagram->len);
	if (!address_equal(&datagram->from, &port->link_local))
		world_fail(n->world, "I8", "node %u sends from an address "
		    "that is not its own", n->index);
	wiretap_open(&tap, datagram->bytes, datagram->len);
	while (wiretap_next(&tap, &seen)) {
		if (verbose)
			tell_seen(n, port, datagram, &seen);
		if (seen.kind == SEEN_HELLO)
			check_hello(n, port, &seen);
		else if (seen.kind == SEEN_UPDATE)
			check_update(n, &seen);
		else if (seen.kind == SEEN_SEQNO_REQUEST)
			check_request(n, &seen);
	}
	if (tap.error != NULL)
		world_fail(n->world, "I8", "node %u sends a packet with: %s",
		    n->index, tap.error);
}

/* At rest: the source table still covers the model, no Hello is due. */
static void
sweep_distances(struct node *n, uint32_t key, const struct destination *d)
{
	struct place *place = &n->places[key];
	struct distance table;
	struct sent *sent;
	uint32_t i;

	for (i = 0; i < place->sent_count; i++) {
		sent = &place->sent[i];
		if (n->world->now - sent->last >= memory_of(n) -
		    REFUSED_GRACE)
			continue;
		if (!tables_distance(d, &sent->id, &table) ||
		    distance_better(sent->seqno, sent->metric, table.seqno,
		    table.metric))
			world_fail(n->world, "I3", "node %u, prefix %u: a "
			    "feasibility distance rose or went before its "
			    "time", n->index, key);
	}
}

/* Who has nothing but unfeasible routes must have asked for better. */
static void
sweep_starved(struct node *n, uint32_t key, const struct destination *d)
{
	struct world *w = n->world;
	struct place *place = &n->places[key];

	if (!tables_is_starved(d)) {
		place->starved_since = NEVER;
		return;
	}
	if (place->starved_since == NEVER)
		place->starved_since = w->now;
	if (w->now - place->starved_since > ASK_TIME &&
	    place->requested_at < place->starved_since - ASKED_BEFORE) {
		world_fail(w, "I5", "node %u has only unfeasible routes to "
		    "prefix %u and asks for none better", n->index, key);
		world_explain(n, key);
	}
}

static void
sweep_node(struct node *n)
{
	const struct scenario *s = n->world->scenario;
	const struct destination *d;
	uint32_t i;

	for (i = 0; i < n->port_count; i++)
		check_hello_in_time(n, &n->ports[i]);
	for (i = 0; i < s->plan_count; i++) {
		d = tables_find(n->babel, &s->plans[i].key);
		sweep_distances(n, i, d);
		sweep_starved(n, i, d);
	}
	if (n->state == NODE_LEAVING && n->world->now - n->left_at > LEAVE_MAX)
		world_fail(n->world, "I8", "node %u never ends its shutdown",
		    n->index);
}

void
checker_sweep(struct world *w)
{
	struct node *n;
	uint32_t i;

	for (i = 0; i < w->scenario->nodes && !world_failed(w); i++) {
		n = &w->nodes[i];
		if (node_is_running(n) && n->stalled_until <= w->now)
			sweep_node(n);
	}
}
