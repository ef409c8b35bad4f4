/*
 * clock.h - the two clocks, in microseconds, as all of the daemon reads them.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <time.h>

#include "util.h"

/* The engine's clock: never set, and never going back. */
babel_time clock_monotonic(void);
/* Since 1970; may be set at any time. */
babel_time clock_real(void);
/* A time that is not negative, as system calls take it. */
struct timespec clock_timespec(babel_time);

#endif
