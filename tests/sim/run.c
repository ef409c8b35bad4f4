/*
 * run.c - one seed from beginning to end, what came of it, and, when it
 * failed, which of its faults it takes.
 *
 * Shrinking is delta debugging: leave out ever smaller parts of the list
 * of faults for as long as the same invariant breaks.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHRINK_RUNS	400
#define SHRINK_AFTER	(2 * MINUTE)	/* beyond the first failure */

/* What a run must have seen to count as a test. */
#define DEMAND_CHANGES		1000
#define DEMAND_RESTARTS		10
#define DEMAND_UNFEASIBLE	100
#define DEMAND_SATISFIED	10

static double
real_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Are there detours, without which hardly an update is unfeasible? */
static bool
has_detours(enum topology topology)
{
	return topology == TOPOLOGY_RANDOM || topology == TOPOLOGY_GRID ||
	    topology == TOPOLOGY_RING;
}

static void
run_demand(struct world *w)
{
	const struct figures *f = &w->figures;
	bool detours = has_detours(w->scenario->topology);
	uint64_t unfeasible = detours ? DEMAND_UNFEASIBLE : 0;
	uint64_t satisfied = detours ? DEMAND_SATISFIED : 0;

	if (f->route_changes < DEMAND_CHANGES ||
	    f->restarts < DEMAND_RESTARTS ||
	    f->unfeasible < unfeasible || f->satisfied < satisfied)
		world_fail(w, "substance", "too little happened: %llu route "
		    "changes of %d, %llu restarts of %d, %llu unfeasible "
		    "updates of %llu, %llu requests satisfied of %llu",
		    (unsigned long long)f->route_changes, DEMAND_CHANGES,
		    (unsigned long long)f->restarts, DEMAND_RESTARTS,
		    (unsigned long long)f->unfeasible,
		    (unsigned long long)unfeasible,
		    (unsigned long long)f->satisfied,
		    (unsigned long long)satisfied);
}

void
run_seed(const struct run *run, struct report *report)
{
	struct scenario scenario;
	struct world world;
	double start = real_time();

	memset(report, 0, sizeof(*report));
	scenario_draw(&scenario, run->seed, &run->wishes);
	world_build(&world, &scenario);
	scenario_draw_faults(&scenario, &world);
	world.without = run->without;
	if (run->until > 0)
		world.until = run->until;
	world_run(&world);
	if (run->demands && run->without == NULL && !world_failed(&world))
		run_demand(&world);
	trace_finish(&world.trace, report->trace);
	report->seed = run->seed;
	report->topology = scenario.topology;
	report->nodes = scenario.nodes;
	report->faults = scenario.fault_count;
	report->figures = world.figures;
	report->failed_at = world.failed_at;
	memcpy(report->failure, world.failure, sizeof(report->failure));
	world_free(&world);
	scenario_free(&scenario);
	report->seconds = real_time() - start;
}

void
run_print(const struct report *r)
{
	const struct figures *f = &r->figures;

	printf("seed %llu %s %u nodes: %llu events, %.0f/s, %.0f s in %.2f s; "
	    "%llu packets, %llu updates; route changes %llu, restarts %llu, "
	    "unfeasible %llu, seqno requests %llu sent %llu satisfied, "
	    "loops after restarts %llu (%.1f s), of several sources %llu, "
	    "by slow kernels %llu, by early ends of hold %llu; "
	    "trace %.16s%s%s\n",
	    (unsigned long long)r->seed, topology_name(r->topology), r->nodes,
	    (unsigned long long)f->events, (double)f->events / r->seconds,
	    (double)f->simulated / (double)SECOND, r->seconds,
	    (unsigned long long)f->packets, (unsigned long long)f->updates,
	    (unsigned long long)f->route_changes,
	    (unsigned long long)f->restarts,
	    (unsigned long long)f->unfeasible,
	    (unsigned long long)f->requests,
	    (unsigned long long)f->satisfied,
	    (unsigned long long)f->loops[EXCUSE_RESTART],
	    (double)f->longest_loop / (double)SECOND,
	    (unsigned long long)f->loops[EXCUSE_SOURCES],
	    (unsigned long long)f->loops[EXCUSE_KERNEL],
	    (unsigned long long)f->loops[EXCUSE_HOLD], r->trace,
	    r->failure[0] != '\0' ? "\n  FAILED " : "", r->failure);
}

/* Does the run still break the same invariant? */
static bool
shrink_try(const struct run *run, const struct report *wanted)
{
	struct report report;

	run_seed(run, &report);
	return report.failure[0] != '\0' && strncmp(report.failure,
	    wanted->failure, strcspn(wanted->failure, " ")) == 0;
}

/* Leave out parts of that size; the runs that are left of the budget. */
static int
shrink_pass(struct run *run, const struct report *wanted, bool *without,
    uint32_t part, int budget)
{
	bool *trial = sim_calloc(wanted->faults, sizeof(*trial));
	uint32_t at, i;

	run->without = trial;
	for (at = 0; at < wanted->faults && budget > 0; at += part) {
		memcpy(trial, without, wanted->faults * sizeof(*trial));
		for (i = at; i < at + part && i < wanted->faults; i++)
			trial[i] = true;
		if (memcmp(trial, without, wanted->faults *
		    sizeof(*trial)) == 0)
			continue;
		budget--;
		if (shrink_try(run, wanted))
			memcpy(without, trial, wanted->faults *
			    sizeof(*trial));
	}
	free(trial);
	return budget;
}

static void
shrink_print(const struct run *run, const bool *without)
{
	struct scenario scenario;
	struct world world;
	uint32_t i, count = 0;

	scenario_draw(&scenario, run->seed, &run->wishes);
	world_build(&world, &scenario);
	scenario_draw_faults(&scenario, &world);
	for (i = 0; i < scenario.fault_count; i++)
		count += !without[i];
	printf("  %u of %u faults are enough:\n", count,
	    scenario.fault_count);
	for (i = 0; i < scenario.fault_count; i++)
		if (!without[i])
			fault_print(i, &scenario);
	world_free(&world);
	scenario_free(&scenario);
}

void
run_shrink(const struct run *failed, const struct report *report)
{
	struct run run = *failed;
	bool *without = sim_calloc(report->faults, sizeof(*without));
	int budget = SHRINK_RUNS;
	uint32_t part;

	run.wishes.verbose = false;
	run.until = report->failed_at + SHRINK_AFTER;
	for (part = (report->faults + 1) / 2; part > 0 && budget > 0;
	    part /= 2)
		budget = shrink_pass(&run, report, without, part, budget);
	shrink_print(&run, without);
	free(without);
}
