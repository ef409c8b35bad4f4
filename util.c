/*
 * util.c - small numbers: time, sequence numbers, metrics, intervals.
 *
 * The arithmetic that RFC 8966 spreads over sections 3.2.1 (sequence
 * numbers modulo 2^16), 3.5.2 (metrics that saturate) and appendix A.3
 * (smoothing), kept in one place because each rule is easy to get wrong
 * by one.
 */
#include "util.h"

#include <math.h>
#include <string.h>

bool
seqno_less(uint16_t a, uint16_t b)
{
	uint16_t ahead = (uint16_t)(b - a);

	return ahead != 0 && ahead < 0x8000;
}

uint16_t
seqno_plus(uint16_t seqno, int delta)
{
	return (uint16_t)((unsigned int)seqno + (unsigned int)delta);
}

uint16_t
metric_add(uint16_t metric, uint16_t cost)
{
	uint32_t sum = (uint32_t)metric + cost;

	return sum >= INFINITY_METRIC ? INFINITY_METRIC : (uint16_t)sum;
}

uint16_t
interval_encode(babel_time interval)
{
	if (interval <= CENTISECOND)
		return 1;
	if (interval > 0xFFFF * CENTISECOND)
		return 0xFFFF;
	return (uint16_t)((interval + CENTISECOND - 1) / CENTISECOND);
}

babel_time
interval_decode(uint16_t centiseconds)
{
	return centiseconds * CENTISECOND;
}

babel_time
time_min(babel_time a, babel_time b)
{
	return a < b ? a : b;
}

babel_time
time_max(babel_time a, babel_time b)
{
	return a > b ? a : b;
}

double
decay_towards(double value, double target, babel_time elapsed,
    babel_time half_life)
{
	if (half_life <= 0)
		return target;
	if (elapsed <= 0)
		return value;
	return target + (value - target) *
	    exp2(-(double)elapsed / (double)half_life);
}

bool
strings_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}
