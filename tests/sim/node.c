/*
 * node.c - one router of the simulated world: an engine, what surrounds
 * it, and its ends and beginnings.
 *
 * The surroundings do what the daemon does: hand it packets, links and
 * kernel routes, run it when it wants, keep its state file.
 */
#include "sim_world.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checker.h"
#include "tables.h"

#define TURNS_MAX	100000		/* a run that long never ends */
#define STATIC_PROTO	4		/* RTPROT_STATIC */
#define NEVER_BEFORE	(-NEVER / 2)
#define PORT_MTU	1500

static int
node_ops_send(void *ctx, const struct datagram *datagram)
{
	return link_send(ctx, datagram) ? 0 : EAGAIN;
}

static bool
node_ops_fib(void *ctx, const struct fib_change *change)
{
	return kernel_submit_change(ctx, change);
}

static babel_time
node_ops_stamp(void *ctx)
{
	return node_now(ctx);
}

static void
node_ops_random(void *ctx, void *buffer, size_t len)
{
	struct node *n = ctx;

	prng_fill(&n->prng, buffer, len);
}

static void
node_ops_notify(void *ctx, enum babel_event event, const void *object)
{
	struct node *n = ctx;

	if (object == NULL)
		world_fail(n->world, "I8", "node %u: event %d of nothing",
		    n->index, event);
	if (event == EVENT_NEIGHBOUR_FLUSH)
		n->world->figures.neighbours_lost++;
	trace_note(&n->world->trace, n->index, event, 0);
}

static void
node_ops_log(void *ctx, int priority, const char *format, va_list args)
{
	const struct node *n = ctx;
	char line[256];

	if (!n->world->scenario->wishes.verbose)
		return;
	vsnprintf(line, sizeof(line), format, args);
	world_tell(n->world, "node %u: log %d: %s", n->index, priority, line);
}

static const struct babel_ops node_ops = {
	node_ops_send, node_ops_fib, node_ops_stamp, node_ops_random,
	node_ops_notify, node_ops_log,
};

void
node_init(struct world *w, uint32_t index)
{
	struct node *n = &w->nodes[index];
	uint32_t k;

	n->world = w;
	n->index = index;
	n->prng = prng_of(w->scenario->seed, 1000 + index);
	n->configuration = w->configurations[index %
	    w->configuration_count];
	n->id = (struct router_id){ { 2, 0, 0, 0xff, 0xfe, 0,
	    (uint8_t)(index >> 8), (uint8_t)index } };
	n->seqno = (uint16_t)prng_next(&n->prng);
	n->next_ifindex = 1;
	n->queued = NEVER;
	n->restarted_at = n->refused_at = NEVER_BEFORE;
	n->down_by = NOWHERE;
	n->places = sim_calloc(w->scenario->plan_count, sizeof(*n->places));
	for (k = 0; k < w->scenario->plan_count; k++) {
		n->places[k].next = n->places[k].used = NOWHERE;
		n->places[k].requested_at = NEVER_BEFORE;
		n->places[k].gone_at = NEVER_BEFORE;
		n->places[k].starved_since = NEVER;
	}
}

void
node_free(struct node *n)
{
	uint32_t k;

	if (n->babel != NULL)
		babel_free(n->babel);
	for (k = 0; k < n->world->scenario->plan_count; k++)
		free(n->places[k].sent);
	free(n->places);
	free(n->ports);
}

bool
node_is_running(const struct node *n)
{
	return n->babel != NULL;
}

babel_time
node_now(const struct node *n)
{
	return n->world->now + n->ahead;
}

/* What it should remember for a while may be old to it now, as after a
 * restart. */
void
node_jump(struct node *n, babel_time forward)
{
	n->ahead += forward;
	n->restarted_at = n->world->now;
	checker_restarted(n);
}

struct port *
node_port(const struct node *n, unsigned int ifindex)
{
	uint32_t p = ifindex - 1;

	/* Where it is unless it was made anew. */
	if (p < n->port_count && n->ports[p].ifindex == ifindex)
		return &n->ports[p];
	for (p = 0; p < n->port_count; p++)
		if (n->ports[p].ifindex == ifindex)
			return &n->ports[p];
	return NULL;
}

void
node_tell_link(struct node *n, uint32_t port)
{
	struct port *p = &n->ports[port];
	struct link_state state = { .ifindex = p->ifindex, .mtu = PORT_MTU };

	if (p->downs > 0)
		p->hello_promised = NEVER;
	checker_forwarding_all(n);
	if (!node_is_running(n))
		return;
	state.up = state.carrier = p->downs == 0;
	state.kind = n->world->links[p->link].kind;
	snprintf(state.name, sizeof(state.name), "e%u", port);
	state.link_local[0] = p->link_local;
	state.link_local_count = 1;
	state.ipv4 = p->ipv4;
	babel_link_changed(n->babel, node_now(n), &state);
}

void
node_recreate_port(struct node *n, uint32_t port)
{
	struct port *p = &n->ports[port];
	unsigned int old = p->ifindex;

	p->ifindex = n->next_ifindex++;
	p->hello_promised = NEVER;
	if (node_is_running(n))
		babel_link_removed(n->babel, node_now(n), old);
	kernel_drop_interface(n, old);
	node_tell_link(n, port);
}

static void
node_tell_origin(struct node *n, uint32_t key, bool present)
{
	struct kernel_route route = { .ifindex = 1000, .ifname = "stub",
	    .table = 254, .priority = 100, .proto = STATIC_PROTO,
	    .type = ROUTE_UNICAST };

	if (!node_is_running(n))
		return;
	route.key = n->world->scenario->plans[key].key;
	babel_kernel_route(n->babel, node_now(n), &route, present);
}

void
node_originate(struct node *n, uint32_t key, bool present)
{
	n->places[key].local = present;
	if (!present)
		n->places[key].gone_at = n->world->now;
	trace_note(&n->world->trace, n->index, key, present);
	if (n->state != NODE_OFF)
		checker_forwarding(n, key);
	node_tell_origin(n, key, present);
}

/* Its prefixes have more than one source from now on. */
static void
node_note_new_source(struct node *n)
{
	const struct scenario *s = n->world->scenario;
	uint32_t i;

	for (i = 0; i < s->origin_count; i++)
		if (s->origins[i].node == n->index)
			n->world->many_sources[s->origins[i].key] = true;
}

static void
node_remember(struct node *n, enum memory memory)
{
	if (memory == REMEMBERS_ALL)
		return;
	n->seqno = (uint16_t)prng_next(&n->prng);
	if (memory == REMEMBERS_NOTHING) {
		prng_fill(&n->prng, &n->id, sizeof(n->id));
		n->id.octets[0] = 2;
	}
	node_note_new_source(n);
}

void
node_start(struct node *n, enum memory memory)
{
	struct world *w = n->world;
	struct babel_identity identity = { .v4_via_v6 = true };
	uint32_t i;

	n->state = NODE_UP;
	kernel_clear(n);
	if (n->generation++ > 0) {
		n->restarted_at = w->now;
		w->figures.restarts++;
		node_remember(n, memory);
	}
	identity.id = n->id;
	identity.seqno = n->seqno;
	identity.id_is_configured = n->index % 4 == 3 || n->plain;
	identity.without_state = memory == REMEMBERS_ID;
	n->stalled_until = 0;
	n->turns = 0;
	n->queued = NEVER;
	n->babel = babel_new(&node_ops, n, n->configuration, &identity,
	    node_now(n));
	if (n->babel == NULL) {
		world_fail(w, "I8", "babel_new failed");
		return;
	}
	if (n->plain)
		tables_forbid_adoption(n->babel);
	babel_kernel_sync(n->babel, node_now(n), true);
	for (i = 0; i < w->scenario->plan_count; i++)
		if (n->places[i].local)
			node_tell_origin(n, i, true);
	babel_kernel_sync(n->babel, node_now(n), false);
	for (i = 0; i < n->port_count; i++)
		node_tell_link(n, i);
	checker_restarted(n);
	node_turn(n);
}

void
node_kill(struct node *n, enum node_state state)
{
	uint32_t i;

	if (node_is_running(n)) {
		tables_add_counters(n->babel, &n->world->figures);
		n->seqno = (uint16_t)(babel_seqno(n->babel) + 1U +
		    prng_below(&n->prng, 64));
		n->id = babel_router_id(n->babel);
		babel_free(n->babel);
		n->babel = NULL;
	}
	n->generation++;
	n->state = state;
	for (i = 0; i < n->port_count; i++)
		n->ports[i].hello_promised = NEVER;
	if (state == NODE_OFF)
		kernel_clear(n);
}

void
node_leave(struct node *n)
{
	n->state = NODE_LEAVING;
	n->left_at = n->world->now;
	babel_shutdown(n->babel, node_now(n));
	node_turn(n);
}

/* See that it is run when it wants to. */
static void
node_schedule(struct node *n, babel_time wish)
{
	n->wish = wish;
	if (wish >= n->queued)
		return;
	n->queued = wish;
	queue_put(&n->world->queue,
	    world_happen(n->world, HAPPEN_RUN, wish, n));
}

void
node_turn(struct node *n)
{
	struct world *w = n->world;
	struct router_id id;
	babel_time wish;

	if (!node_is_running(n) || n->stalled_until > w->now)
		return;
	for (;;) {
		wish = babel_run(n->babel, node_now(n)) - n->ahead;
		if (world_failed(w))
			return;
		if (wish > w->now) {
			n->turns = 0;
			break;
		}
		if (++n->turns > TURNS_MAX) {
			world_fail(w, "I8", "node %u: babel_run never "
			    "comes to rest", n->index);
			return;
		}
		wish = w->now + w->scenario->turn;
		if (wish > w->now)
			break;
	}
	id = babel_router_id(n->babel);
	if (router_id_compare(&id, &n->id) != 0) {
		n->id = id;
		node_note_new_source(n);
	}
	if (n->state == NODE_LEAVING && babel_is_quiet(n->babel)) {
		node_kill(n, NODE_OFF);
		return;
	}
	node_schedule(n, wish);
}

void
node_run_due(struct node *n)
{
	babel_time wish = n->wish;

	if (n->queued != n->world->now)
		return;			/* overtaken by an earlier one */
	n->queued = NEVER;
	if (wish > n->world->now)
		node_schedule(n, wish);
	else
		node_turn(n);
}
