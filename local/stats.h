/*
 * local/stats.h - the report "stats": all numbers.
 */
#ifndef LOCAL_STATS_H
#define LOCAL_STATS_H

#include "local/local_state.h"

/* One step; true when it was the last. */
bool	stats_step(const struct local *, const struct babel *,
	    struct client *);

#endif
