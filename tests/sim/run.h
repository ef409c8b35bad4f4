/*
 * run.h - one seed from beginning to end, and what came of it.
 */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include "sim_world.h"

struct report {
	uint64_t seed;
	enum topology topology;
	struct figures figures;
	double seconds;			/* of real time */
	uint32_t nodes, faults;
	char trace[TRACE_STRLEN];
	char failure[FAILURE_MAX];	/* "": none */
	babel_time failed_at;
};

/* What to run: the scenario of a seed, without some of its faults (NULL:
 * with all), up to a time (0: to its end). */
struct run {
	uint64_t seed;
	struct wishes wishes;
	const bool *without;
	babel_time until;
	bool demands;		/* enough must have happened, too */
};

void	run_seed(const struct run *, struct report *);
/* Print the faults without which a failing run does not fail. */
void	run_shrink(const struct run *, const struct report *);
/* One line. */
void	run_print(const struct report *);

#endif
