/*
 * converge.c - after the storm: invariants I4 and I7.
 *
 * I4: the metric of every node for every prefix is the shortest path's,
 * as computed here from the links' configured costs; the kernel has what
 * is selected; packets arrive.  I7: once all is withdrawn and forgotten,
 * no table holds anything.
 */
#include "checker.h"

#include <math.h>
#include <stdlib.h>

#include "tables.h"
#include "variety.h"

#define BAND	0			/* hysteresis left at rest */

/* The cost of sending out of a port to another end of its link: what the
 * other end says receiving costs, when nothing is lost. */
static uint16_t
cost_to(const struct world *w, const struct port *port)
{
	const struct link *l = &w->links[port->link];
	const struct link_end *end = &l->ends[port->slot];
	const struct node *n = &w->nodes[end->node];
	struct interface_parameters parameters;
	char name[IFNAME_SIZE];
	uint16_t rxcost;

	snprintf(name, sizeof(name), "e%u", end->port);
	if (!configuration_interface(n->configuration, name, l->kind, true,
	    &parameters))
		return INFINITY_METRIC;
	rxcost = parameters.rxcost;
	return parameters.link_quality && rxcost < 256 ? 256 : rxcost;
}

/* Relax all ways into a port, by which the node's announcement costs that
 * much. */
static bool
relax_port(const struct world *w, const struct port *port, uint32_t key,
    uint32_t announced, uint32_t *metric)
{
	const struct link *l = &w->links[port->link];
	uint32_t i, node, through, slot = port->slot;
	bool changed = false;

	for (i = 0; i < l->end_count; i++) {
		node = l->ends[i].node;
		through = announced + variety_in(w->scenario, node, key);
		if (i == slot || !link_way(l, i, slot)->exists ||
		    through >= metric[node])
			continue;
		metric[node] = through;
		changed = true;
	}
	return changed;
}

/* Relax all ways into a node: others send to it. */
static bool
relax_node(const struct world *w, const struct node *n, uint32_t key,
    uint32_t *metric)
{
	uint32_t p, announced = metric[n->index] +
	    variety_out(w->scenario, n->index, key);
	bool changed = false;

	for (p = 0; p < n->port_count; p++)
		changed |= relax_port(w, &n->ports[p], key, announced +
		    cost_to(w, &n->ports[p]), metric);
	return changed;
}

/* The shortest metrics towards the nodes that originate the prefix. */
static void
shortest(const struct world *w, uint32_t key, uint32_t *metric)
{
	uint32_t i, count = w->scenario->nodes;
	bool changed;

	for (i = 0; i < count; i++)
		metric[i] = w->nodes[i].places[key].local ? 0 :
		    INFINITY_METRIC;
	do {
		changed = false;
		for (i = 0; i < count; i++)
			if (metric[i] < INFINITY_METRIC &&
			    relax_node(w, &w->nodes[i], key,
			    metric))
				changed = true;
	} while (changed);
}

static void
settled_fail(struct node *n, uint32_t key, uint32_t metric, const char *what)
{
	world_fail(n->world, "I4", "node %u, prefix %u (shortest metric %u): "
	    "%s", n->index, key, metric, what);
	world_explain(n, key);
}

static void
settled_check(struct node *n, uint32_t key, uint32_t metric)
{
	const struct place *place = &n->places[key];
	struct selection s = tables_selection(tables_find(n->babel,
	    &n->world->scenario->plans[key].key));
	bool reachable = metric < INFINITY_METRIC;

	if (s.exists != reachable)
		settled_fail(n, key, metric, s.exists ?
		    "a route to nowhere" : "no route");
	else if (!reachable)
		return;
	else if (s.own != place->local)
		settled_fail(n, key, metric, "not its own route");
	else if (s.own)
		return;
	else if (s.metric < metric || s.metric > metric + BAND)
		settled_fail(n, key, metric, "not the shortest");
	else if (!place->installed || place->entry.unreachable ||
	    place->entry.ifindex != s.ifindex ||
	    !address_equal(&place->entry.next_hop, &s.next_hop))
		settled_fail(n, key, metric, "not in the kernel");
}

/* Does a packet from the node get there? */
static void
settled_follow(struct node *n, uint32_t key)
{
	const struct world *w = n->world;
	const struct node *at = n;
	uint32_t steps, next;

	for (steps = 0; steps <= w->scenario->nodes; steps++) {
		if (at->places[key].used == key && at->places[key].local)
			return;
		next = at->places[key].next;
		if (next == NOWHERE)
			break;
		at = &w->nodes[next];
	}
	settled_fail(n, key, 0, "packets do not arrive");
}

double
checker_stretch(const struct world *w)
{
	const struct scenario *s = w->scenario;
	uint32_t *metric = sim_calloc(s->nodes, sizeof(*metric)), key, i;
	struct selection selection;
	double worst = 1;

	for (key = 0; key < s->plan_count; key++) {
		shortest(w, key, metric);
		for (i = 0; i < s->nodes; i++) {
			selection = tables_selection(tables_find(
			    w->nodes[i].babel, &s->plans[key].key));
			if (!selection.exists)
				worst = HUGE_VAL;
			else if (!selection.own)
				worst = fmax(worst, selection.metric /
				    (double)metric[i]);
		}
	}
	free(metric);
	return worst;
}

void
checker_settled(struct world *w)
{
	const struct scenario *s = w->scenario;
	uint32_t *metric = sim_calloc(s->nodes, sizeof(*metric));
	uint32_t key, i;

	for (key = 0; key < s->plan_count && !world_failed(w); key++) {
		shortest(w, key, metric);
		for (i = 0; i < s->nodes && !world_failed(w); i++) {
			settled_check(&w->nodes[i], key, metric[i]);
			if (metric[i] < INFINITY_METRIC)
				settled_follow(&w->nodes[i], key);
		}
	}
	free(metric);
}

static void
drained_check(struct node *n)
{
	struct object_counts c;
	uint32_t i;

	tables_count(n->babel, &c);
	if (c.destinations + c.routes + c.sources + c.requests + c.xroutes > 0)
		world_fail(n->world, "I7", "node %u still has %zu "
		    "destinations, %zu routes, %zu sources, %zu requests, %zu "
		    "xroutes", n->index, c.destinations, c.routes, c.sources,
		    c.requests, c.xroutes);
	for (i = 0; i < n->world->scenario->plan_count; i++)
		if (n->places[i].installed)
			world_fail(n->world, "I7", "node %u: prefix %u is "
			    "still in the kernel", n->index, i);
}

void
checker_drained(struct world *w)
{
	uint32_t i;

	for (i = 0; i < w->scenario->nodes; i++)
		drained_check(&w->nodes[i]);
}
