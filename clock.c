/*
 * clock.c - the two clocks, in microseconds, as all of the daemon reads them.
 *
 * The engine is given the time by its owner and reads no clock.  It is given
 * the monotonic time, so that a step of real time moves no timer.
 */
#include "clock.h"

#include <time.h>

#include "util.h"

static babel_time
clock_read(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

babel_time
clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

babel_time
clock_real(void)
{
	return clock_read(CLOCK_REALTIME);
}

struct timespec
clock_timespec(babel_time when)
{
	return (struct timespec){ .tv_sec = when / SECOND,
	    .tv_nsec = (long)(when % SECOND) * 1000 };
}
