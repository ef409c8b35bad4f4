/*
 * unit.h - what every unit test starts with: cmocka, and random numbers
 * that can be had again.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* A generator (splitmix64) of a seed that is printed: SEED in the
 * environment repeats a run. */
static inline uint64_t
unit_seed(void)
{
	const char *wanted = getenv("SEED");
	struct timespec now;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	if (wanted != NULL)
		seed = strtoull(wanted, NULL, 0);
	printf("seed %llu (SEED=%llu repeats this)\n",
	    (unsigned long long)seed, (unsigned long long)seed);
	return seed;
}

static inline uint64_t
unit_random(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static inline uint32_t
unit_random_below(uint64_t *state, uint32_t bound)
{
	return (uint32_t)((unit_random(state) >> 32) * bound >> 32);
}

#endif
