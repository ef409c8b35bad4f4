/*
 * bench_scale.c - what a route costs, at 10,000 routes and at more.
 *
 *	bench_scale [ROUTES ...]
 *
 * One engine without a process around it: two talkers at one link announce
 * as many prefixes, a third at another is told of them.  Each line says
 * what happened and how much CPU time it took, in all and for each route;
 * the times of the world around the engine are in it.  Two sizes should
 * cost about the same for each route: the trees are deeper by a few levels,
 * and the caches are too small for both.
 */
#include <stdio.h>
#include <sys/resource.h>

#include "../unit/world.h"

#define SMALL		10000
#define LARGE		100000

struct bench {
	struct world *w;
	struct talker *first, *second;
	unsigned int routes;
	double begun;			/* CPU seconds */
};

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Memory at its largest, in kilobytes. */
static long
memory_peak(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void
step(struct bench *bench, const char *what)
{
	double now = cpu_seconds(), spent = now - bench->begun;

	printf("%8u  %-24s %8.3f s %7.2f us a route\n", bench->routes, what,
	    spent, spent * 1e6 / bench->routes);
	fflush(stdout);
	bench->begun = cpu_seconds();
}

/* At its largest so far, the program and the world around the engine
 * included. */
static void
report_memory(const struct bench *bench, const char *what)
{
	printf("%8u  %-24s %8ld kB %6ld octets a route\n", bench->routes,
	    what, memory_peak(), memory_peak() * 1024 / bench->routes);
}

/* Announce them all, at the pace of a link that is not a burden. */
static void
tell_all(const struct bench *bench, struct talker *t, uint16_t seqno,
    uint16_t metric)
{
	struct update update = { .key = key_of("2001:db8::/64", NULL),
		.ae = AE_IPV6, .id = id_of(ID_A), .seqno = seqno,
		.metric = metric, .interval = 100 * SECOND };
	uint8_t *octets = update.key.to.address;
	unsigned int i;

	talker_begin(t);
	for (i = 0; i < bench->routes; i++) {
		octets[4] = (uint8_t)(i >> 24);
		octets[5] = (uint8_t)(i >> 16);
		octets[6] = (uint8_t)(i >> 8);
		octets[7] = (uint8_t)i;
		if (message_put_update(&t->e, &update))
			continue;
		talker_send(t);
		world_pass(bench->w, MILLISECOND);
		talker_begin(t);
		assert_true(message_put_update(&t->e, &update));
	}
	talker_send(t);
	world_pass(bench->w, SECOND);
}

/* How many are routed by way of the talker? */
static unsigned int
count_selected(const struct bench *bench, const struct talker *t)
{
	const struct neighbour *n = talker_entry(t);
	struct walk walk = { .begun = false };
	struct destination *d = NULL;
	unsigned int selected = 0;

	while ((d = destination_step(bench->w->babel, &walk, d)) != NULL)
		selected += d->selected != NULL && d->selected->neighbour == n;
	return selected;
}

static void
retract_all(struct talker *t)
{
	talker_begin(t);
	assert_true(message_put_wildcard_retraction(&t->e,
	    &t->w->babel->id, 0));
	talker_send(t);
}

static void
bench_run(struct bench *bench)
{
	bench->begun = cpu_seconds();
	tell_all(bench, bench->first, 10, 0);
	assert_int_equal(count_selected(bench, bench->first), bench->routes);
	step(bench, "learnt");
	report_memory(bench, "memory, one route each");
	tell_all(bench, bench->first, 10, 0);
	step(bench, "repeated");
	world_pass(bench->w, 16 * SECOND);
	step(bench, "one periodic update");
	tell_all(bench, bench->second, 10, 200);
	step(bench, "learnt from another");
	/* The alternatives are unfeasible: newer seqnos are asked for. */
	retract_all(bench->first);
	world_pass(bench->w, 20 * SECOND);
	assert_in_range(world_count(bench->w, COUNT_SEQNO_REQUESTS_SENT),
	    bench->routes, UINT32_MAX);
	step(bench, "lost, asked for");
	tell_all(bench, bench->second, 11, 200);
	assert_int_equal(count_selected(bench, bench->second),
	    bench->routes);
	step(bench, "found again");
	report_memory(bench, "memory, lost and found");
	retract_all(bench->second);
	world_pass(bench->w, 20 * MINUTE);
	assert_int_equal(bench->w->babel->destination_count, 0);
	step(bench, "lost and forgotten");
}

static void
bench_size(unsigned int routes)
{
	struct bench bench = { .w = world_new(PLAIN), .routes = routes };

	bench.w->deaf = true;
	bench.first = talker_met(bench.w, 1);
	bench.second = talker_met(bench.w, 1);
	talker_met(bench.w, 2);
	bench_run(&bench);
	world_free(bench.w);
}

int
main(int argc, char *argv[])
{
	int i;

	if (argc == 1) {
		bench_size(SMALL);
		bench_size(LARGE);
	}
	for (i = 1; i < argc; i++)
		bench_size((unsigned int)strtoul(argv[i], NULL, 10));
	return 0;
}
