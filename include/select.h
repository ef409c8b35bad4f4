/*
 * select.h - route selection (RFC 8966, section 3.6) and its consequences.
 */
#ifndef SELECT_H
#define SELECT_H

#include "route.h"

/* How a route that may be selected stands to the one that is. */
enum route_verdict {
	ROUTE_WORSE,
	ROUTE_WORSE_ON_AVERAGE,		/* and better, by much, only now */
	ROUTE_WITHIN_NOISE,		/* better, but perhaps by chance */
	ROUTE_BETTER,			/* beyond doubt */
};

/* The hysteresis (appendix A.3): only a better route takes over. */
enum route_verdict route_judge(const struct babel *,
	    const struct route *challenger, const struct route *selected);

/* Select again for every destination that was marked unsettled, and draw
 * all consequences; end the deliveries that were owed to lost neighbours.
 * Destinations that nothing needs any more are freed. */
void	settle(struct babel *);

/* Jobs: one slice, true when more is left. */
/* The routes of a lost neighbour go, and then the neighbour itself. */
bool	settle_flush_slice(struct babel *, struct neighbour *);
/* Every route is looked at again after a change of the filters. */
bool	settle_policy_slice(struct babel *);
/* Our own routes are announced again, with another router-id or seqno. */
bool	settle_announce_slice(struct babel *);

/* Free all destinations, at the end of the instance. */
void	settle_free_all(struct babel *);

#endif
