/*
 * city.c - an experiment: thousands of routers, for as long as the command
 * line says, while a link in ten seconds goes for half a minute; what it
 * takes to simulate them, and what they send.
 *
 * No more than sixty of them originate a prefix, and a few more prefixes
 * cover those (scenario.c); routes to all are everywhere.
 */
#include "experiment.h"

#include <sys/resource.h>

#include <stdio.h>

#include "checker.h"

#define BOOT		MINUTE		/* all are started within */
#define WATCH		SECOND
#define PATIENCE	(5 * MINUTE)
#define PAUSE		(10 * SECOND)	/* from one cut to the next */
#define CUT		3		/* pauses */
#define CALM		MINUTE		/* at the end */
#define NEARLY		0.1

/* Of the process so far: seconds of processor time, megabytes. */
struct cost {
	double seconds, memory;
};

static struct cost
cost_now(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (struct cost){ (double)usage.ru_utime.tv_sec +
	    (double)usage.ru_utime.tv_usec / 1e6,
	    (double)usage.ru_maxrss / 1024 };
}

static void
report(const struct world *w, const struct figures *then, babel_time since,
    const char *what)
{
	const struct figures *now = &w->figures;
	struct cost cost = cost_now();
	double routers = w->scenario->nodes;
	double seconds = (double)(w->now - since) / (double)SECOND;

	printf("at %.0f s: %s: %.2f packets and %.0f octets a second from "
	    "each router, %llu changes of kernel routes; %.0f s of processor "
	    "time and %.0f MB so far\n", (double)w->now / (double)SECOND,
	    what, (double)(now->packets - then->packets) / routers / seconds,
	    (double)(now->bytes - then->bytes) / routers / seconds,
	    (unsigned long long)(now->route_changes - then->route_changes),
	    cost.seconds, cost.memory);
	fflush(stdout);
}

static void
set_link(struct world *w, uint32_t index, bool up)
{
	struct link *l = &w->links[index];
	struct node *n;
	uint32_t i;

	for (i = 0; i < l->end_count; i++) {
		n = &w->nodes[l->ends[i].node];
		n->ports[l->ends[i].port].downs += up ? UINT32_MAX : 1;
		node_tell_link(n, l->ends[i].port);
		node_turn(n);
	}
}

/* Links go, one after the other, and each comes back a while later; the
 * last ones together. */
static void
run_with_cuts(struct world *w, babel_time end)
{
	struct prng prng = prng_of(w->scenario->seed, 10);
	uint32_t cut[CUT], count = 0, i;

	while (!world_failed(w) && w->until < end) {
		i = count++ % CUT;
		if (count > CUT)
			set_link(w, cut[i], true);
		cut[i] = prng_below(&prng, w->link_count);
		set_link(w, cut[i], false);
		w->until += PAUSE;
		world_continue(w);
	}
	for (i = 0; i < CUT && i < count && !world_failed(w); i++)
		set_link(w, cut[i], true);
}

bool
experiment_city(const struct wishes *wishes, uint64_t seed)
{
	struct experiment e;
	struct world *w = &e.world;
	struct figures then = { .packets = 0 };
	babel_time since;
	double stretch;

	experiment_draw(&e, wishes, seed);
	e.scenario.boot = BOOT;
	experiment_begin(&e);
	printf("%u routers, %s, %u links, %u prefixes\n", e.scenario.nodes,
	    topology_name(e.scenario.topology), w->link_count,
	    e.scenario.plan_count);
	w->until = 0;
	do {
		w->until += WATCH;
		world_continue(w);
	} while (!world_failed(w) && w->until < PATIENCE &&
	    !experiment_is_complete(w));
	report(w, &then, 0, "every route is everywhere");
	then = w->figures;
	since = w->until;
	run_with_cuts(w, wishes->time - CALM);
	w->until += CALM;
	world_continue(w);
	report(w, &then, since, "all that time links went and came back");
	stretch = checker_stretch(w);
	printf("the longest route is %.3f times as long as the shortest\n",
	    stretch);
	return experiment_end(&e) && stretch <= 1 + NEARLY;
}
