/*
 * policy.h - the verdicts of the configured filters on a route, an announcement
 * or a kernel route.
 */
#ifndef POLICY_H
#define POLICY_H

#include "route.h"

/* The verdict of the input or the install filter on a route from the
 * neighbour. */
struct filter_verdict policy_neighbour(const struct babel *,
	    const struct neighbour *, const struct destination_key *,
	    const struct router_id *, enum filter_chain);
/* The same for a route that is in the table. */
struct filter_verdict policy_route(const struct babel *,
	    const struct route *, enum filter_chain);
/* What the input filter adds to the metric of an update from the neighbour.  A
 * denied update counts as a retraction: INFINITY_METRIC. */
uint16_t policy_input_metric(const struct babel *, const struct neighbour *,
	    const struct destination_key *, const struct router_id *);
/* What the output filter adds to the metric that is announced on the interface;
 * INFINITY_METRIC if it denies the route. */
uint16_t policy_output_metric(const struct babel *,
	    const struct interface *, const struct destination_key *,
	    const struct router_id *);
/* The verdict of the redistribute filter on a kernel route. */
struct filter_verdict policy_redistribute(const struct babel *,
	    const struct kernel_route *);

#endif
