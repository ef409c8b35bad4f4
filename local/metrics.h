/*
 * local/metrics.h - the report "metrics", for Prometheus.
 */
#ifndef LOCAL_METRICS_H
#define LOCAL_METRICS_H

#include "local/local_state.h"

/* One step; true when it was the last. */
bool	metrics_step(const struct local *, const struct babel *,
	    struct client *);

#endif
