/*
 * util.c - small numbers: time, sequence numbers, metrics, intervals.
 *
 * The arithmetic that RFC 8966 spreads over sections 3.2.1 (sequence
 * numbers modulo 2^16), 3.5.2 (metrics that saturate) and appendix A.3
 * (smoothing), kept in one place because each rule is easy to get wrong
 * by one.
 */
#include "util.h"

#include <string.h>

/* The natural logarithm of 2. */
#define LN_2	0.69314718055994530942

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

/*
 * Two to the power of -x, for x of 0 or more.  The whole part of x halves;
 * for the rest, of less than 1, it is the exponential series, to the
 * precision of a double.  Unlike exp2() it needs no library, and gives the
 * same octets on every machine.
 */
static double
half_to_the(double x)
{
	double power, sum = 1;
	int whole, k;

	if (x >= 64)
		return 0;
	whole = (int)x;
	power = -LN_2 * (x - whole);
	for (k = 17; k > 0; k--)
		sum = 1 + power / k * sum;
	return sum / (double)(UINT64_C(1) << whole);
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
	    half_to_the((double)elapsed / (double)half_life);
}

bool
strings_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}
