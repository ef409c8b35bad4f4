/*
 * experiment.c - what experiments have in common.
 */
#include "experiment.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	bool (*run)(const struct wishes *, uint64_t seed);
} experiments[] = {
	{ "traffic", experiment_traffic },
	{ "cut", experiment_cut },
	{ "death", experiment_death },
	{ "alarms", experiment_alarms },
	{ "restart", experiment_restart },
	{ "settle", experiment_settle },
	{ "city", experiment_city },
	{ "attack", experiment_attack },
};

bool
experiment_run(const char *name, const struct wishes *wishes, uint64_t seed)
{
	size_t i;

	for (i = 0; i < sizeof(experiments) / sizeof(experiments[0]); i++)
		if (strcmp(name, experiments[i].name) == 0)
			return experiments[i].run(wishes, seed);
	errx(2, "%s: unknown experiment", name);
}

/* No link is slow or lossy. */
static void
settle_links(struct world *w)
{
	struct link *l;
	uint32_t i;

	for (i = 0; i < w->link_count; i++) {
		l = &w->links[i];
		l->delay = 50;
		l->jitter = 50;
		l->loss = l->base_loss = 0;
	}
}

void
experiment_draw(struct experiment *e, const struct wishes *wishes,
    uint64_t seed)
{
	struct scenario *s = &e->scenario;

	scenario_draw(s, seed, wishes);
	s->hello_interval = 4 * SECOND;
	s->update_interval = 16 * SECOND;
	s->boot = SECOND / 4;
	s->turn = 0;
	s->fib_delay = MILLISECOND;
	s->fib_window = 64;
	s->refuse_send = s->wireless = s->duplicate = s->reorder = 0;
	s->weighted = s->mobile = false;
	s->end_at = s->check_at = s->calm_at = NEVER / 2;
}

void
experiment_begin(struct experiment *e)
{
	world_build(&e->world, &e->scenario);
	settle_links(&e->world);
}

void
experiment_build(struct experiment *e, const struct wishes *wishes,
    uint64_t seed)
{
	experiment_draw(e, wishes, seed);
	experiment_begin(e);
}

bool
experiment_is_complete(const struct world *w)
{
	const struct scenario *s = w->scenario;
	const struct place *place;
	uint32_t i, k;

	for (i = 0; i < s->nodes; i++)
		for (k = 0; k < s->origin_count; k++) {
			place = &w->nodes[i].places[s->origins[k].key];
			if (!place->local && !place->installed)
				return false;
		}
	return true;
}

bool
experiment_arrives(const struct world *w, uint32_t node, uint32_t key)
{
	uint32_t hops = 0;

	while (node != NOWHERE && !w->nodes[node].places[key].local &&
	    hops++ < w->scenario->nodes)
		node = w->nodes[node].places[key].next;
	return node != NOWHERE && w->nodes[node].places[key].local;
}

bool
experiment_end(struct experiment *e)
{
	bool good = !world_failed(&e->world);

	if (!good)
		printf("FAILED %s\n", e->world.failure);
	world_free(&e->world);
	scenario_free(&e->scenario);
	return good;
}
