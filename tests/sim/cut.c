/*
 * cut.c - an experiment: how long routers in a grid are without a way to
 * each other after a link in its middle has gone at both ends.
 */
#include "experiment.h"

#include <stdio.h>

#define CALM		(40 * SECOND)
#define PATIENCE	(2 * MINUTE)
#define WATCH		MILLISECOND
#define TRIALS		5

/* Do packets for the prefix come from there to its originator? */
static bool
arrives(const struct world *w, uint32_t node, uint32_t key)
{
	uint32_t hops = 0;

	while (node != NOWHERE && !w->nodes[node].places[key].local &&
	    hops++ < w->scenario->nodes)
		node = w->nodes[node].places[key].next;
	return node != NOWHERE && w->nodes[node].places[key].local;
}

static bool
all_arrive(const struct world *w)
{
	const struct scenario *s = w->scenario;
	uint32_t i, k;

	for (k = 0; k < s->origin_count; k++)
		for (i = 0; i < s->nodes; i++)
			if (!arrives(w, i, s->origins[k].key))
				return false;
	return true;
}

/* A link of the router in the middle. */
static void
cut_middle(struct world *w)
{
	struct node *n = &w->nodes[w->scenario->nodes / 2];
	struct link *l = &w->links[n->ports[0].link];
	struct link_end *end;
	uint32_t i;

	l->cuts++;
	for (i = 0; i < l->end_count; i++) {
		end = &l->ends[i];
		n = &w->nodes[end->node];
		n->ports[end->port].downs++;
		node_tell_link(n, end->port);
		node_turn(n);
	}
}

static bool
try_cut(const struct wishes *wishes, uint64_t seed, babel_time *longest)
{
	struct wishes grid = *wishes;
	struct experiment e;
	babel_time then;

	grid.topology = TOPOLOGY_GRID;
	experiment_build(&e, &grid, seed);
	e.world.until = then = CALM;
	world_continue(&e.world);
	cut_middle(&e.world);
	do {
		e.world.until += WATCH;
		world_continue(&e.world);
	} while (!all_arrive(&e.world) && !world_failed(&e.world) &&
	    e.world.until < then + PATIENCE);
	printf("seed %llu: a link cut at both ends: all ways found again "
	    "after %.3f s\n", (unsigned long long)seed,
	    (double)(e.world.until - then) / (double)SECOND);
	*longest = time_max(*longest, e.world.until - then);
	return experiment_end(&e);
}

bool
experiment_cut(const struct wishes *wishes, uint64_t seed)
{
	babel_time longest = 0;
	bool good = true;
	uint64_t i;

	for (i = 0; i < TRIALS; i++)
		good &= try_cut(wishes, seed + i, &longest);
	return good && longest <= 300 * MILLISECOND;
}
