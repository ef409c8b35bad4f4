/*
 * prng.c - seeded random numbers: a Weyl sequence put through a 64-bit
 * finaliser.  Small, fast, and any two states give unrelated streams.
 */
#include "prng.h"

#include <string.h>

static uint64_t
prng_mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93U;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93U;
	return x ^ x >> 32;
}

struct prng
prng_of(uint64_t seed, uint64_t stream)
{
	struct prng p = { prng_mix(seed + 1) ^ prng_mix(~stream) };

	return p;
}

uint64_t
prng_next(struct prng *p)
{
	p->state += 0x9e3779b97f4a7c15U;
	return prng_mix(p->state);
}

uint32_t
prng_below(struct prng *p, uint32_t bound)
{
	return (uint32_t)((prng_next(p) >> 32) * bound >> 32);
}

babel_time
prng_between(struct prng *p, babel_time low, babel_time high)
{
	if (high <= low)
		return low;
	return low + (babel_time)(prng_next(p) % (uint64_t)(high - low + 1));
}

double
prng_unit(struct prng *p)
{
	return (double)(prng_next(p) >> 11) * 0x1p-53;
}

bool
prng_chance(struct prng *p, double probability)
{
	return prng_unit(p) < probability;
}

void
prng_fill(struct prng *p, void *buffer, size_t len)
{
	uint8_t *at = buffer;
	uint64_t word;
	size_t part;

	while (len > 0) {
		word = prng_next(p);
		part = len < sizeof(word) ? len : sizeof(word);
		memcpy(at, &word, part);
		at += part;
		len -= part;
	}
}
