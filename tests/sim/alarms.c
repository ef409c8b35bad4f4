/*
 * alarms.c - an experiment: how often a link that loses packets, but
 * works, is taken for dead because a Hello was late and no probe of it was
 * answered.  It must be less than once a day at 30 % each way.
 */
#include "experiment.h"

#include <stdio.h>

#define LOSS		0.3
#define DAY		(24 * 60 * MINUTE)
#define DAYS		10

static bool
watch_link(const struct wishes *wishes, uint64_t seed, enum link_kind kind)
{
	struct wishes two = *wishes;
	struct experiment e;
	uint64_t alarms;

	two.nodes = 2;
	two.topology = TOPOLOGY_LINE;
	experiment_build(&e, &two, seed);
	e.world.links[0].kind = kind;
	e.world.links[0].loss = e.world.links[0].base_loss = LOSS;
	e.world.until = DAYS * DAY;
	world_run(&e.world);
	alarms = e.world.figures.neighbours_lost;
	printf("%s link that loses %.0f %% each way, %d days: %llu probes, "
	    "%llu false alarms of its two ends\n", kind == LINK_WIRELESS ?
	    "wireless" : "wired", 100 * LOSS, DAYS,
	    (unsigned long long)e.world.figures.probes,
	    (unsigned long long)alarms);
	return experiment_end(&e) && alarms < DAYS;
}

bool
experiment_alarms(const struct wishes *wishes, uint64_t seed)
{
	bool wired = watch_link(wishes, seed, LINK_WIRED);

	return watch_link(wishes, seed + 1, LINK_WIRELESS) && wired;
}
