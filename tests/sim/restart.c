/*
 * restart.c - an experiment: for how long a router that comes back is
 * ignored: until every other one has a route to its prefix again.
 *
 * It comes back with its state, without it (its router-id follows from its
 * hardware, its seqno is random), and without it in the hands of a plain
 * implementation, which counts on from the random seqno.
 */
#include "experiment.h"

#include <stdio.h>
#include <stdlib.h>

#define TRIALS		40
#define ROUTERS		16
#define BEFORE		MINUTE
#define AWAY		(30 * SECOND)
#define PATIENCE	(10 * MINUTE)
#define WATCH		(20 * MILLISECOND)

enum manner { WITH_STATE, WITHOUT_STATE, PLAIN, MANNERS };

static const char *const manner_names[MANNERS] = {
	"with its state", "without its state", "plain random seqno",
};

/* The prefix that the router alone originates. */
static uint32_t
own_key(const struct scenario *s, uint32_t node)
{
	uint32_t i;

	for (i = 0; s->origins[i].node != node; i++)
		continue;
	return s->origins[i].key;
}

static bool
is_believed(const struct world *w, uint32_t key)
{
	const struct place *place;
	uint32_t i;

	for (i = 0; i < w->scenario->nodes; i++) {
		place = &w->nodes[i].places[key];
		if (!place->local &&
		    (!place->installed || place->entry.unreachable))
			return false;
	}
	return true;
}

/* One restart; false if an invariant broke. */
static bool
try_restart(const struct wishes *wishes, uint64_t seed, enum manner manner,
    babel_time *ignored)
{
	struct wishes grid = *wishes;
	struct experiment e;
	struct node *n;
	babel_time back;

	grid.nodes = ROUTERS;
	grid.topology = TOPOLOGY_GRID;
	experiment_build(&e, &grid, seed);
	n = &e.world.nodes[0];
	e.world.until = BEFORE;
	world_continue(&e.world);
	node_kill(n, NODE_OFF);
	e.world.until += AWAY;
	world_continue(&e.world);
	back = e.world.now;
	n->plain = manner == PLAIN;
	node_start(n, manner == WITH_STATE ? REMEMBERS_ALL : REMEMBERS_ID);
	do {
		e.world.until += WATCH;
		world_continue(&e.world);
	} while (!is_believed(&e.world, own_key(&e.scenario, 0)) &&
	    e.world.until < back + PATIENCE && !world_failed(&e.world));
	*ignored = e.world.until - back;
	return experiment_end(&e);
}

static int
compare_times(const void *a, const void *b)
{
	const babel_time *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

bool
experiment_restart(const struct wishes *wishes, uint64_t seed)
{
	babel_time ignored[MANNERS][TRIALS];
	bool good = true;
	int manner, i;

	for (manner = 0; manner < MANNERS; manner++) {
		for (i = 0; i < TRIALS; i++)
			good &= try_restart(wishes, seed + (uint64_t)i,
			    (enum manner)manner, &ignored[manner][i]);
		qsort(ignored[manner], TRIALS, sizeof(babel_time),
		    compare_times);
		printf("back %-18s  ignored for %6.2f s (median), %6.2f s "
		    "(longest of %d)\n", manner_names[manner],
		    (double)ignored[manner][TRIALS / 2] / (double)SECOND,
		    (double)ignored[manner][TRIALS - 1] / (double)SECOND,
		    TRIALS);
	}
	return good && ignored[WITHOUT_STATE][TRIALS - 1] < 20 * SECOND;
}
