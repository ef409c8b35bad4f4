/*
 * prng.h - seeded random numbers: everything random in a simulation comes
 * from a stream that the seed names, so that a run can be replayed.
 */
#ifndef SIM_PRNG_H
#define SIM_PRNG_H

#include "util.h"

struct prng {
	uint64_t state;
};

/* The stream of that number of a seed; streams are independent. */
struct prng prng_of(uint64_t seed, uint64_t stream);
uint64_t prng_next(struct prng *);
/* Uniform below bound (bound > 0), and in [low, high]. */
uint32_t prng_below(struct prng *, uint32_t bound);
babel_time prng_between(struct prng *, babel_time low, babel_time high);
/* Uniform in [0, 1). */
double	prng_unit(struct prng *);
/* True with that probability. */
bool	prng_chance(struct prng *, double probability);
void	prng_fill(struct prng *, void *buffer, size_t len);

#endif
