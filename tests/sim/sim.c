/*
 * sim.c - the simulator's command line.
 *
 * Runs seeds, each in virtual time, and prints a line for each.  A seed
 * that fails is shrunk: the faults that it takes are printed.  The exit
 * status is 0 if all went well, 1 if a seed failed, 2 for bad usage.
 */
#include <sys/wait.h>

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "experiment.h"
#include "run.h"

struct command {
	struct run run;
	uint64_t first, last;
	bool twice, no_shrink, first_failure;
	const char *awaited;		/* invariant that ends it all */
	const char *experiment;		/* instead of runs, or NULL */
	bool without[FAULTS_MAX];
	unsigned int jobs;
};

/* What one process reports of one seed. */
struct outcome {
	struct report report;
	bool differs;			/* the second run from the first */
};

static const char usage_text[] =
"usage: sim [option ...]\n"
"  --seed N, --seeds N-M   which seeds to run (1)\n"
"  --nodes N               routers (30)\n"
"  --time SECONDS          of virtual time (1200)\n"
"  --topology NAME         random grid line ring star lan wireless geometric\n"
"                          supernodes mixed\n"
"                          (random; mixed: drawn from the seed)\n"
"  --loss PERCENT          packet loss, at most (60)\n"
"  --prefixes N            prefixes originated by each router\n"
"  --varied                3 to N routers, each of which has intervals and\n"
"                          filters of its own; links of up to a second\n"
"  --twice                 run each seed twice; the traces must not differ\n"
"  --demand                fail a run in which too little happened\n"
"  --without N[,N ...]     leave out these faults\n"
"  --until SECONDS         stop early\n"
"  --no-shrink             do not look for the faults that a failure takes\n"
"  --first-failure[=I]     stop after the first seed that fails (by invariant\n"
"                          I, if given)\n"
"  --jobs N                processes (1)\n"
"  --experiment NAME       print a figure instead: traffic cut\n"
"                          death alarms restart settle city attack\n"
"  --verbose               tell everything on standard error\n";

static double
number(const char *text, double low, double high)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= low && value <= high))
		errx(2, "%s: a number from %g to %g is wanted", text, low,
		    high);
	return value;
}

static void
parse_seeds(struct command *c, const char *text)
{
	char first[32];
	size_t len = strcspn(text, "-");

	if (len >= sizeof(first))
		errx(2, "%s: a seed or a range of seeds is wanted", text);
	memcpy(first, text, len);
	first[len] = '\0';
	c->first = c->last = (uint64_t)number(first, 0, 1e15);
	if (text[len] == '-')
		c->last = (uint64_t)number(text + len + 1,
		    (double)c->first, 1e15);
}

static void
parse_without(struct command *c, const char *text)
{
	char *copy = strdup(text), *rest = copy, *word;
	uint32_t fault;

	if (copy == NULL)
		err(2, "strdup");
	while ((word = strsep(&rest, ",")) != NULL) {
		fault = (uint32_t)number(word, 0, FAULTS_MAX - 1);
		c->without[fault] = true;
	}
	free(copy);
	c->run.without = c->without;
}

static const struct option options[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "seeds", required_argument, NULL, 's' },
	{ "nodes", required_argument, NULL, 'n' },
	{ "time", required_argument, NULL, 't' },
	{ "topology", required_argument, NULL, 'g' },
	{ "loss", required_argument, NULL, 'l' },
	{ "prefixes", required_argument, NULL, 'p' },
	{ "varied", no_argument, NULL, 'V' },
	{ "twice", no_argument, NULL, '2' },
	{ "demand", no_argument, NULL, 'd' },
	{ "without", required_argument, NULL, 'w' },
	{ "until", required_argument, NULL, 'u' },
	{ "no-shrink", no_argument, NULL, 'k' },
	{ "first-failure", optional_argument, NULL, 'f' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "experiment", required_argument, NULL, 'x' },
	{ "verbose", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

static void
parse_option(struct command *c, int option, const char *value)
{
	struct wishes *w = &c->run.wishes;

	switch (option) {
	case 's':
		parse_seeds(c, value);
		break;
	case 'n':
		w->nodes = (uint32_t)number(value, 2, 10000);
		break;
	case 't':
		w->time = (babel_time)(number(value, 1, 1e7) * 1e6);
		break;
	case 'g':
		w->topology = topology_parse(value);
		if (w->topology == -1 && strcmp(value, "mixed") != 0)
			errx(2, "%s: unknown topology", value);
		break;
	case 'l':
		w->loss = number(value, 0, 100) / 100;
		break;
	case 'p':
		w->prefixes = (uint32_t)number(value, 1, 60);
		break;
	case 'V':
		w->varied = true;
		break;
	case '2':
		c->twice = true;
		break;
	case 'd':
		c->run.demands = true;
		break;
	case 'w':
		parse_without(c, value);
		break;
	case 'u':
		c->run.until = (babel_time)(number(value, 0, 1e7) * 1e6);
		break;
	case 'k':
		c->no_shrink = true;
		break;
	case 'f':
		c->first_failure = true;
		c->awaited = value == NULL ? "" : value;
		break;
	case 'j':
		c->jobs = (unsigned int)number(value, 1, 256);
		break;
	case 'x':
		c->experiment = value;
		break;
	case 'v':
		w->verbose = true;
		break;
	default:
		fputs(usage_text, stderr);
		exit(2);
	}
}

static void
run_one(const struct command *c, uint64_t seed, struct outcome *outcome)
{
	struct run run = c->run;
	struct report second;

	memset(outcome, 0, sizeof(*outcome));
	run.seed = seed;
	run_seed(&run, &outcome->report);
	if (!c->twice)
		return;
	run_seed(&run, &second);
	outcome->differs = strcmp(outcome->report.trace, second.trace) != 0;
}

/* A process for every jobs-th seed from that one; its pipe. */
static int
worker_start(const struct command *c, uint64_t seed, pid_t *pid)
{
	struct outcome outcome;
	int fds[2];

	fflush(stdout);
	if (pipe(fds) == -1 || (*pid = fork()) == -1)
		err(2, "a process for seed %llu", (unsigned long long)seed);
	if (*pid > 0) {
		close(fds[1]);
		return fds[0];
	}
	close(fds[0]);
	for (; seed <= c->last; seed += c->jobs) {
		run_one(c, seed, &outcome);
		if (write(fds[1], &outcome, sizeof(outcome)) !=
		    (ssize_t)sizeof(outcome))
			err(2, "write");
	}
	exit(0);
}

static bool
worker_read(int fd, struct outcome *outcome)
{
	size_t used = 0;
	ssize_t n;

	while (used < sizeof(*outcome)) {
		n = read(fd, (char *)outcome + used, sizeof(*outcome) - used);
		if (n <= 0)
			return false;
		used += (size_t)n;
	}
	return true;
}

struct totals {
	unsigned long long seeds, failed;
	double seconds, router_hours;
	struct figures least;
};

static void
totals_add(struct totals *t, const struct outcome *o)
{
	const struct report *r = &o->report;
	struct figures *l = &t->least;

#define LEAST(field)							\
	if (t->seeds == 0 || r->figures.field < l->field)		\
		l->field = r->figures.field
	LEAST(route_changes);
	LEAST(restarts);
	LEAST(unfeasible);
	LEAST(satisfied);
#undef LEAST
	t->seeds++;
	t->seconds += r->seconds;
	t->router_hours += (double)r->figures.simulated / (double)MINUTE /
	    60 * r->nodes;
}

/* Print what came of a seed; true if all was well. */
static bool
outcome_print(const struct command *c, const struct outcome *o,
    struct totals *totals)
{
	struct run run = c->run;
	bool bad = o->report.failure[0] != '\0';

	run.seed = o->report.seed;
	totals_add(totals, o);
	run_print(&o->report);
	if (o->differs)
		printf("  FAILED I8 at the end: the second run of the seed "
		    "differs\n");
	fflush(stdout);
	if (bad && !c->no_shrink && run.without == NULL &&
	    strncmp(o->report.failure, "substance", 9) != 0)
		run_shrink(&run, &o->report);
	if (!bad && !o->differs)
		return true;
	totals->failed++;
	return false;
}

static void
run_in_workers(const struct command *c, struct totals *totals)
{
	pid_t *pids = sim_calloc(c->jobs, sizeof(*pids));
	int *fds = sim_calloc(c->jobs, sizeof(*fds)), status;
	struct outcome outcome;
	uint64_t seed;
	unsigned int i;

	for (i = 0; i < c->jobs; i++)
		fds[i] = worker_start(c, c->first + i, &pids[i]);
	for (seed = c->first; seed <= c->last; seed++) {
		i = (unsigned int)((seed - c->first) % c->jobs);
		if (worker_read(fds[i], &outcome)) {
			if (!outcome_print(c, &outcome, totals) &&
			    c->first_failure && strncmp(c->awaited,
			    outcome.report.failure, strlen(c->awaited)) == 0)
				break;
			continue;
		}
		printf("seed %llu\n  FAILED: the process died\n",
		    (unsigned long long)seed);
		totals->seeds++;
		totals->failed++;
		close(fds[i]);
		waitpid(pids[i], &status, 0);
		fds[i] = worker_start(c, seed + c->jobs, &pids[i]);
	}
	for (i = 0; i < c->jobs; i++) {
		close(fds[i]);
		if (waitpid(pids[i], &status, 0) == -1 ||
		    (status != 0 && seed > c->last)) {
			printf("FAILED: a process ended with status %d\n",
			    status);
			totals->failed++;
		}
	}
	free(pids);
	free(fds);
}

static void
totals_print(const struct totals *t)
{
	printf("%llu seeds, %llu failed, %.1f router-hours in %.1f s; at "
	    "least %llu route changes, %llu restarts, %llu unfeasible "
	    "updates, %llu requests satisfied in each\n", t->seeds,
	    t->failed, t->router_hours, t->seconds,
	    (unsigned long long)t->least.route_changes,
	    (unsigned long long)t->least.restarts,
	    (unsigned long long)t->least.unfeasible,
	    (unsigned long long)t->least.satisfied);
	printf("%llu passed, %llu failed\n", t->failed < t->seeds ?
	    t->seeds - t->failed : 0, t->failed);
}

int
main(int argc, char *argv[])
{
	struct command c = { .first = 1, .last = 1, .jobs = 1 };
	struct totals totals = { .seeds = 0 };
	struct outcome outcome;
	int option;

	c.run.wishes = (struct wishes){ .nodes = 30, .time = 1200 * SECOND,
	    .topology = TOPOLOGY_RANDOM, .loss = 0.6 };
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_option(&c, option, optarg);
	if (optind < argc)
		parse_option(&c, '?', NULL);
	if (c.run.wishes.time < scenario_min_time())
		errx(2, "--time: %lld seconds are the least that every phase "
		    "of a run has room in",
		    (long long)(scenario_min_time() / SECOND));
	if (c.experiment != NULL)
		return !experiment_run(c.experiment, &c.run.wishes, c.first);
	if (c.first == c.last) {
		run_one(&c, c.first, &outcome);
		outcome_print(&c, &outcome, &totals);
	} else
		run_in_workers(&c, &totals);
	totals_print(&totals);
	return totals.failed > 0;
}
