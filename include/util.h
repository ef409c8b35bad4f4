/*
 * util.h - small numbers: time, sequence numbers, metrics, intervals; and
 * strings that may not be there.
 *
 * Includes nothing of ours.
 */
#ifndef UTIL_H
#define UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Microseconds on a monotonic clock.  Signed, so differences are safe. */
typedef int64_t babel_time;

#define MILLISECOND	((babel_time)1000)
#define CENTISECOND	((babel_time)10000)
#define SECOND		((babel_time)1000000)
#define MINUTE		(60 * SECOND)
#define NEVER		INT64_MAX

/* Infinite metric or cost (RFC 8966, section 3.5.2). */
#define INFINITY_METRIC	0xFFFF

#define CONTAINER_OF(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

/*
 * Sequence numbers are compared modulo 2^16 (RFC 8966, section 3.2.1);
 * of two numbers exactly 2^15 apart neither is less.
 */
bool	seqno_less(uint16_t a, uint16_t b);
/* seqno + delta, modulo 2^16. */
uint16_t seqno_plus(uint16_t seqno, int delta);

/* The sum, saturating at INFINITY_METRIC (RFC 8966, section 3.5.2). */
uint16_t metric_add(uint16_t metric, uint16_t cost);

/*
 * An interval as centiseconds for the wire, rounded up so that a promise
 * is never shorter than it was meant, 1 at least and 65535 at most.
 */
uint16_t interval_encode(babel_time interval);
/* Centiseconds from the wire, as a time. */
babel_time interval_decode(uint16_t centiseconds);

/* For trees: -1, 0 or 1. */
static inline int
compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Is it the same text, or are both NULL? */
bool strings_equal(const char *, const char *);

/* The earlier and the later of two times. */
babel_time time_min(babel_time a, babel_time b);
babel_time time_max(babel_time a, babel_time b);

/*
 * value moved towards target by exponential decay over elapsed time:
 * half the distance is gone after each half_life (RFC 8966, appendix
 * A.3).  half_life 0 means at once.
 */
double	decay_towards(double value, double target, babel_time elapsed,
	    babel_time half_life);

#endif
