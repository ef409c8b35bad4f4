/*
 * attack.c - an experiment: one router in the middle of a grid has the key,
 * and sends whatever may hurt.
 *
 * What it does not announce itself must stay reachable among the others all
 * the time, and what it made them remember must be gone some time after it
 * has fallen silent.  Printed for each kind of attack: what an octet costs
 * those who receive it, how much they send for it, and how much the one that
 * remembers most remembers.
 */
#include "experiment.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "message.h"
#include "tables.h"
#include "wiretap.h"

#define ROUTERS		9
#define ATTACKER	4		/* in the middle of 3 x 3 */
#define PACKET		1400
#define CALM		(30 * SECOND)
#define DURATION	(10 * SECOND)
#define PACE		(40 * MILLISECOND)	/* a packet to each */
#define GREETING	(2 * SECOND)
#define FORGOTTEN	(60 * MINUTE)
#define INTERVAL_MAX	(100 * SECOND)
#define AMPLIFICATION	5		/* octets sent for one received */
#define HEARD		64		/* packets to be said again */

struct attacker {
	struct world *w;
	struct node *node;
	struct prng prng;
	struct encoder e;
	uint8_t bytes[PACKET];
	struct in6_addr from;		/* ::, its own on each link */
	uint16_t hello_seqno;
	uint32_t serial;
	struct {
		uint8_t bytes[PACKET];
		size_t len;
	} heard[HEARD];
	uint32_t heard_count;
	uint64_t octets;		/* received by others */
};

/* Random numbers. */

static uint16_t
any16(struct attacker *a)
{
	return (uint16_t)prng_next(&a->prng);
}

static const struct origin *
any_origin(struct attacker *a)
{
	const struct scenario *s = a->w->scenario;

	return &s->origins[prng_below(&a->prng, s->origin_count)];
}

/* A router-id of somebody, or a random one. */
static struct router_id
any_id(struct attacker *a)
{
	struct router_id id;

	prng_fill(&a->prng, &id, sizeof(id));
	id.octets[0] = 2;
	return prng_chance(&a->prng, 0.5) ? id :
	    a->w->nodes[prng_below(&a->prng, ROUTERS)].id;
}

static babel_time
any_interval(struct attacker *a)
{
	return prng_between(&a->prng, CENTISECOND, INTERVAL_MAX);
}

/* A prefix that nobody else announces. */
static struct destination_key
foreign_key(uint32_t number)
{
	char text[PREFIX_STRLEN];
	struct prefix to;

	snprintf(text, sizeof(text), "2001:db8:%x:%x::/64", number >> 16,
	    number & 0xFFFF);
	prefix_parse(text, &to);
	return destination_key_of(&to, NULL);
}

static struct destination_key
others_key(struct attacker *a)
{
	return a->w->scenario->plans[any_origin(a)->key].key;
}

/* One more TLV of each kind of attack; false: the packet is full. */

static bool
put_hello(struct attacker *a)
{
	const struct hello hello = { .unicast = prng_chance(&a->prng, 0.5),
		.seqno = any16(a), .interval = any_interval(a) };

	return message_put_hello(&a->e, &hello);
}

static bool
put_ihu(struct attacker *a)
{
	const struct ihu ihu = { .interval = any_interval(a),
		.rxcost = prng_chance(&a->prng, 0.5) ? INFINITY_METRIC :
		any16(a) };
	uint8_t *at = a->e.out.at;
	bool fits = message_put_ihu(&a->e, &ihu);

	if (fits)			/* to everybody; then padding */
		at[2] = AE_WILDCARD;
	return fits;
}

static bool
put_news(struct attacker *a, const struct destination_key *key,
    uint16_t metric)
{
	const struct update update = { .ae = (uint8_t)message_ae(&key->to),
		.key = *key, .id = any_id(a), .seqno = any16(a),
		.metric = metric, .interval = any_interval(a),
		.next_hop = a->node->ports[0].ipv4 };

	return message_put_update(&a->e, &update);
}

static bool
put_alternating(struct attacker *a)
{
	const struct destination_key key = foreign_key(1);

	return put_news(a, &key, any16(a));
}

static bool
put_many(struct attacker *a)
{
	const struct destination_key key = foreign_key(++a->serial);

	return put_news(a, &key, 0);
}

static bool
put_retraction(struct attacker *a)
{
	const struct destination_key key = others_key(a);
	const struct router_id id = any_id(a);

	return prng_chance(&a->prng, 0.2) ?
	    message_put_wildcard_retraction(&a->e, &id, any16(a)) :
	    put_news(a, &key, INFINITY_METRIC);
}

static bool
put_request(struct attacker *a)
{
	const struct destination_key key = others_key(a);
	const struct route_request request = { .key = key,
		.ae = (uint8_t)message_ae(&key.to) };

	return message_put_route_request(&a->e, &request);
}

static bool
put_wildcard_request(struct attacker *a)
{
	const struct route_request request = { .wildcard = true };

	return message_put_route_request(&a->e, &request);
}

static bool
put_seqno_request(struct attacker *a)
{
	const struct origin *o = any_origin(a);
	const struct node *n = &a->w->nodes[o->node];
	const struct plan *plan = &a->w->scenario->plans[o->key];
	const struct seqno_request request = { .key = plan->key, .id = n->id,
		.ae = (uint8_t)message_ae(&plan->key.to),
		.hop_count = (uint8_t)(1 + prng_below(&a->prng, 255)),
		.seqno = node_is_running(n) && prng_chance(&a->prng, 0.5) ?
		(uint16_t)(babel_seqno(n->babel) + 1U) : any16(a) };

	return message_put_seqno_request(&a->e, &request);
}

static bool
put_ack_request(struct attacker *a)
{
	const struct ack_request request = { any16(a), any_interval(a) };

	return message_put_ack_request(&a->e, &request);
}

static bool
put_ack(struct attacker *a)
{
	return message_put_ack(&a->e, any16(a));
}

/* Another neighbour says its first Hello. */
static bool
put_newcomer(struct attacker *a)
{
	const struct hello hello = { .seqno = any16(a),
		.interval = 4 * SECOND };

	if (!message_is_empty(&a->e))
		return false;
	++a->serial;
	a->from = a->node->ports[0].link_local;
	memset(a->from.s6_addr + 8, 0xFF, 4);
	memcpy(a->from.s6_addr + 12, &a->serial, sizeof(a->serial));
	return message_put_hello(&a->e, &hello);
}

/* What somebody else said, as its own. */
static bool
put_replay(struct attacker *a)
{
	uint32_t which;

	if (!message_is_empty(&a->e) || a->heard_count == 0)
		return false;
	which = prng_below(&a->prng, a->heard_count < HEARD ?
	    a->heard_count : HEARD);
	write_bytes(&a->e.out, a->heard[which].bytes + 4,
	    a->heard[which].len - 4);
	return true;
}

/* A TLV of any type, with anything in it, often too short. */
static bool
put_noise(struct attacker *a)
{
	uint8_t octets[2 + UINT8_MAX];
	uint8_t len = (uint8_t)prng_below(&a->prng, prng_chance(&a->prng,
	    0.8) ? 24 : UINT8_MAX);

	if (message_room(&a->e) < 2U + len)
		return false;
	prng_fill(&a->prng, octets, sizeof(octets));
	octets[0] = (uint8_t)(1 + octets[0] % 23);
	octets[1] = len;
	write_bytes(&a->e.out, octets, 2U + len);
	return true;
}

static bool	put_any(struct attacker *);

static const struct attack {
	const char *name;
	bool (*put)(struct attacker *);
} attacks[] = {
	{ "Hellos", put_hello },
	{ "IHUs", put_ihu },
	{ "updates of one prefix", put_alternating },
	{ "updates of many prefixes", put_many },
	{ "retractions", put_retraction },
	{ "route requests", put_request },
	{ "wildcard requests", put_wildcard_request },
	{ "seqno requests", put_seqno_request },
	{ "acknowledgment requests", put_ack_request },
	{ "acknowledgments", put_ack },
	{ "new neighbours", put_newcomer },
	{ "replays", put_replay },
	{ "noise", put_noise },
	{ "all of it", put_any },
};

#define ATTACKS	(sizeof(attacks) / sizeof(attacks[0]))

static bool
put_any(struct attacker *a)
{
	return attacks[prng_below(&a->prng, ATTACKS - 1)].put(a);
}

/* Would the packet announce what others do?  Then it is no wonder if they
 * believe it. */
static bool
is_lie(const struct attacker *a, const uint8_t *bytes, size_t len)
{
	struct wiretap tap;
	struct seen seen;

	wiretap_open(&tap, bytes, len);
	while (wiretap_next(&tap, &seen))
		if (seen.kind == SEEN_UPDATE &&
		    world_find_key(a->w, &seen.key) != NOWHERE)
			return true;
	return false;
}

static void
remember(void *ctx, const struct datagram *datagram)
{
	struct attacker *a = ctx;
	uint32_t at = a->heard_count % HEARD;

	if (datagram->len > PACKET ||
	    is_lie(a, datagram->bytes, datagram->len))
		return;
	memcpy(a->heard[at].bytes, datagram->bytes, datagram->len);
	a->heard[at].len = datagram->len;
	a->heard_count++;
}

/* Everybody on the links of the attacker receives the packet. */
static void
deliver(struct attacker *a)
{
	struct datagram datagram = { .from_port = 6696, .to_port = 6696,
		.bytes = a->bytes, .len = message_finish(&a->e) };
	const struct link_end *end;
	const struct port *port;
	const struct link *l;
	struct node *n;
	uint32_t p, i;

	address_parse("ff02::1:6", &datagram.to);
	if (is_lie(a, datagram.bytes, datagram.len))
		return;
	for (p = 0; p < a->node->port_count; p++) {
		port = &a->node->ports[p];
		l = &a->w->links[port->link];
		datagram.from = address_is_unspecified(&a->from) ?
		    port->link_local : a->from;
		for (i = 0; i < l->end_count; i++) {
			end = &l->ends[i];
			n = &a->w->nodes[end->node];
			if (!node_is_running(n))
				continue;
			datagram.ifindex = n->ports[end->port].ifindex;
			datagram.received = node_now(n);
			babel_receive(n->babel, node_now(n), &datagram);
			node_turn(n);
			a->octets += datagram.len;
		}
	}
}

static void
begin_packet(struct attacker *a)
{
	message_start(&a->e, a->bytes, sizeof(a->bytes));
	memset(&a->from, 0, sizeof(a->from));
}

/* It is a neighbour of theirs, as others are. */
static void
greet(struct attacker *a)
{
	const struct hello hello = { .seqno = a->hello_seqno++,
		.interval = 2 * GREETING };
	const struct link *l;
	struct ihu ihu = { .rxcost = 96, .interval = 6 * GREETING };
	uint32_t p, i;

	begin_packet(a);
	message_put_hello(&a->e, &hello);
	for (p = 0; p < a->node->port_count; p++) {
		l = &a->w->links[a->node->ports[p].link];
		for (i = 0; i < l->end_count; i++) {
			ihu.address = a->w->nodes[l->ends[i].node].ports[
			    l->ends[i].port].link_local;
			message_put_ihu(&a->e, &ihu);
		}
	}
	deliver(a);
}

/* All others reach what others announce. */
static void
check_reachable(struct world *w)
{
	const struct scenario *s = w->scenario;
	uint32_t i, k;

	for (k = 0; k < s->origin_count; k++)
		for (i = 0; i < s->nodes; i++)
			if (i != ATTACKER && s->origins[k].node != ATTACKER &&
			    !experiment_arrives(w, i, s->origins[k].key))
				world_fail(w, "attack", "node %u does not "
				    "reach prefix %u", i, s->origins[k].key);
}

static double
processor_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Go on for that long, with the attack or, NULL, without. */
static void
go_on(struct attacker *a, const struct attack *attack, babel_time duration)
{
	struct world *w = a->w;
	babel_time end = w->until + duration, greeting = w->until;

	while (w->until < end && !world_failed(w)) {
		w->until += PACE;
		world_continue(w);
		w->now = w->until;
		if (w->now >= greeting) {
			greet(a);
			greeting += GREETING;
		}
		if (attack == NULL)
			continue;
		begin_packet(a);
		while (attack->put(a))
			continue;
		deliver(a);
		check_reachable(w);
	}
}

/* Of all routers: how many objects the one with most of them has. */
static struct object_counts
most_objects(const struct world *w)
{
	struct object_counts most, c;
	uint32_t i;

	memset(&most, 0, sizeof(most));
	for (i = 0; i < w->scenario->nodes; i++) {
		if (!node_is_running(&w->nodes[i]))
			continue;
		tables_count(w->nodes[i].babel, &c);
#define MOST(field) if (c.field > most.field) most.field = c.field
		MOST(neighbours);
		MOST(destinations);
		MOST(routes);
		MOST(sources);
		MOST(requests);
#undef MOST
	}
	return most;
}

static void
check_forgotten(struct world *w, const struct object_counts *before)
{
	struct object_counts after = most_objects(w);

	if (after.neighbours > before->neighbours ||
	    after.destinations > before->destinations ||
	    after.routes > before->routes ||
	    after.sources > before->sources || after.requests > 0)
		world_fail(w, "attack", "an hour later there are still %zu "
		    "neighbours, %zu destinations, %zu routes, %zu sources, "
		    "%zu requests", after.neighbours, after.destinations,
		    after.routes, after.sources, after.requests);
}

/* What goes on while the attacker does as it is told, for DURATION. */
struct effort {
	double seconds;			/* of processor time */
	uint64_t received, sent;	/* octets: of the attacker, by others */
};

static struct effort
measure(struct attacker *a, const struct attack *attack)
{
	struct effort e = { processor_time(), a->octets,
		a->w->figures.bytes };

	go_on(a, attack, DURATION);
	return (struct effort){ processor_time() - e.seconds,
		a->octets - e.received, a->w->figures.bytes - e.sent };
}

static void
print_costs(struct world *w, const char *name, const struct effort *quiet,
    const struct effort *busy)
{
	const struct object_counts most = most_objects(w);
	double received = (double)(busy->received - quiet->received);
	double sent = ((double)busy->sent - (double)quiet->sent) / received;

	printf("%-24s %4.0f ns, and %5.2f octets sent, for an octet; at most "
	    "%zu neighbours, %zu routes, %zu sources, %zu requests\n", name,
	    (busy->seconds - quiet->seconds) / received * 1e9, sent,
	    most.neighbours, most.routes, most.sources, most.requests);
	fflush(stdout);
	if (sent > AMPLIFICATION)
		world_fail(w, "attack", "%.1f octets sent for each that was "
		    "received", sent);
}

static bool
try_attack(const struct wishes *wishes, uint64_t seed,
    const struct attack *attack)
{
	struct attacker a = { .serial = 1, .prng = prng_of(seed, 9) };
	struct wishes grid = *wishes;
	struct experiment e;
	struct object_counts before;
	struct effort quiet, busy;

	grid.nodes = ROUTERS;
	grid.topology = TOPOLOGY_GRID;
	experiment_build(&e, &grid, seed);
	a.w = &e.world;
	a.node = &e.world.nodes[ATTACKER];
	a.node->generation = 1;		/* it never starts */
	e.world.until = 0;
	e.world.strangers = true;
	e.world.tap = remember;
	e.world.tap_context = &a;
	go_on(&a, NULL, CALM);
	before = most_objects(&e.world);
	quiet = measure(&a, NULL);
	busy = measure(&a, attack);
	print_costs(&e.world, attack->name, &quiet, &busy);
	e.world.until += FORGOTTEN;
	world_continue(&e.world);
	check_reachable(&e.world);
	check_forgotten(&e.world, &before);
	return experiment_end(&e);
}

bool
experiment_attack(const struct wishes *wishes, uint64_t seed)
{
	bool good = true;
	size_t i;

	for (i = 0; i < ATTACKS; i++)
		good &= try_attack(wishes, seed, &attacks[i]);
	return good;
}
