/*
 * settle.c - an experiment: how long the routes of a large network stay
 * longer than the shortest after costs of links have changed.
 *
 * Some links lose packets for a while, wireless ones among them, whose
 * costs wander meanwhile; others are cut.  Then all is well again.  The
 * time counts from the last change of a cost in any engine.
 */
#include "experiment.h"

#include <math.h>
#include <stdio.h>

#include "checker.h"
#include "tables.h"

#define STORM		(50 * SECOND)
#define CALM		(110 * SECOND)
#define WATCH		(4 * SECOND)
#define STORMY		0.3		/* of the links */
#define LOSS		0.5		/* at most */
#define HELLOS		10		/* until nearly all is well */
#define NEARLY		0.1
#define PATIENCE	(8 * MINUTE)

static void
storm(struct world *w, bool begins)
{
	struct prng prng = prng_of(w->scenario->seed, 9);
	uint32_t i;

	for (i = 0; i < w->link_count; i++)
		w->links[i].loss = begins && prng_chance(&prng, STORMY) ?
		    LOSS * prng_unit(&prng) : 0;
}

/* What all costs come to: another number when any of them changes. */
static uint64_t
costs_digest(const struct world *w)
{
	uint64_t digest = 0;
	uint32_t i;

	for (i = 0; i < w->scenario->nodes; i++)
		digest = digest * 31 + tables_costs_digest(w->nodes[i].babel);
	return digest;
}

struct course {
	babel_time changed, exact;	/* a cost last, all routes */
	double stretch;			/* ten Hellos after the change */
};

/* Watch until all routes have stayed the shortest for a while. */
static void
follow(struct world *w, struct course *course)
{
	const babel_time patience = w->now + PATIENCE,
	    hellos = HELLOS * w->scenario->hello_interval;
	uint64_t digest = costs_digest(w), before;
	double stretch;

	do {
		w->until += WATCH;
		world_continue(w);
		before = digest;
		digest = costs_digest(w);
		if (digest != before)
			course->changed = w->until;
		stretch = checker_stretch(w);
		world_tell(w, "stretch %.3f%s", stretch,
		    course->changed == w->until ? ", costs change" : "");
		if (w->until <= course->changed + hellos)
			course->stretch = stretch;
		if (stretch > 1)
			course->exact = NEVER;
		else if (course->exact == NEVER)
			course->exact = w->until;
	} while (!world_failed(w) && w->until < patience &&
	    (course->exact == NEVER || w->until <= course->changed + hellos));
}

static void
print_sent(const struct figures *now, const struct figures *then,
    const char *when)
{
	printf("%s: %llu packets, %.1f kB, %llu updates, %llu changes of "
	    "kernel routes\n", when,
	    (unsigned long long)(now->packets - then->packets),
	    (double)(now->bytes - then->bytes) / 1000,
	    (unsigned long long)(now->updates - then->updates),
	    (unsigned long long)(now->route_changes - then->route_changes));
}

bool
experiment_settle(const struct wishes *wishes, uint64_t seed)
{
	struct course course = { .exact = NEVER };
	struct experiment e;
	struct world *w = &e.world;
	struct figures then;

	experiment_draw(&e, wishes, seed);
	e.scenario.wireless = 0.5;
	experiment_begin(&e);
	w->until = STORM;
	world_continue(w);
	then = w->figures;
	storm(w, true);
	w->until = course.changed = CALM;
	world_continue(w);
	print_sent(&w->figures, &then, "in the storm");
	then = w->figures;
	storm(w, false);
	follow(w, &course);
	print_sent(&w->figures, &then, "in the calm");
	printf("seed %llu: %s %u: ten Hellos after the last change of a cost "
	    "the longest route is %.3f times as long as the shortest; all "
	    "are the shortest after %.0f s\n", (unsigned long long)seed,
	    topology_name(e.scenario.topology), e.scenario.nodes,
	    course.stretch, course.exact == NEVER ? (double)NAN :
	    (double)(course.exact - course.changed) / (double)SECOND);
	return experiment_end(&e) && course.stretch <= 1 + NEARLY &&
	    course.exact != NEVER;
}
