/*
 * cut.c - experiments: how long routers in a grid are without a way to each
 * other after a link in its middle has gone at both ends, or after a router
 * there has died without a word.
 */
#include "experiment.h"

#include <stdio.h>

#define CALM		(40 * SECOND)
#define PHASE		(700 * MILLISECOND)	/* later, each trial */
#define PATIENCE	(2 * MINUTE)
#define WATCH		MILLISECOND
#define REPAIR		(300 * MILLISECOND)	/* once it is known */
/* A quarter of the default interval after the Hello that is missing, and
 * the probes, as many as a link without losses takes. */
#define SILENCE		(5 * SECOND + 500 * MILLISECOND)

struct mishap {
	const char *what;
	void (*happen)(struct world *, uint32_t node);
	babel_time bound;		/* until all ways are found again */
	uint64_t trials;
};

static bool
all_arrive(const struct world *w)
{
	const struct scenario *s = w->scenario;
	uint32_t i, k;

	for (k = 0; k < s->origin_count; k++) {
		if (!node_is_running(&w->nodes[s->origins[k].node]))
			continue;
		for (i = 0; i < s->nodes; i++)
			if (node_is_running(&w->nodes[i]) &&
			    !experiment_arrives(w, i, s->origins[k].key))
				return false;
	}
	return true;
}

static void
cut_link(struct world *w, uint32_t node)
{
	struct node *n = &w->nodes[node];
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

static void
kill_router(struct world *w, uint32_t node)
{
	node_kill(&w->nodes[node], NODE_OFF);
}

static bool
try_mishap(const struct wishes *wishes, const struct mishap *mishap,
    uint64_t seed, uint64_t trial)
{
	struct wishes grid = *wishes;
	struct experiment e;
	babel_time then, took;

	grid.topology = TOPOLOGY_GRID;
	experiment_build(&e, &grid, seed + trial);
	e.world.until = then = CALM + (babel_time)trial * PHASE;
	world_continue(&e.world);
	mishap->happen(&e.world, grid.nodes / 2);
	do {
		e.world.until += WATCH;
		world_continue(&e.world);
	} while (!all_arrive(&e.world) && !world_failed(&e.world) &&
	    e.world.until < then + PATIENCE);
	took = e.world.until - then;
	printf("seed %llu: %s: all ways found again after %.3f s\n",
	    (unsigned long long)(seed + trial), mishap->what,
	    (double)took / (double)SECOND);
	return experiment_end(&e) && took <= mishap->bound;
}

static bool
try_all(const struct wishes *wishes, const struct mishap *mishap,
    uint64_t seed)
{
	bool good = true;
	uint64_t i;

	for (i = 0; i < mishap->trials; i++)
		good &= try_mishap(wishes, mishap, seed, i);
	return good;
}

bool
experiment_cut(const struct wishes *wishes, uint64_t seed)
{
	static const struct mishap cut = {
		"a link cut at both ends", cut_link, REPAIR, 5 };

	return try_all(wishes, &cut, seed);
}

bool
experiment_death(const struct wishes *wishes, uint64_t seed)
{
	static const struct mishap death = {
		"a router dead", kill_router, SILENCE + REPAIR, 20 };

	return try_all(wishes, &death, seed);
}
