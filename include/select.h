/*
 * select.h - route selection (RFC 8966, section 3.6) and its consequences.
 */
#ifndef SELECT_H
#define SELECT_H

#include "route.h"

/* How an eligible route compares with the selected one. */
enum route_verdict {
	ROUTE_WORSE,
	ROUTE_WORSE_ON_AVERAGE,		/* much better, but only now */
	ROUTE_WITHIN_NOISE,		/* better, but perhaps by chance */
	ROUTE_BETTER,			/* beyond doubt */
};

/* The hysteresis (appendix A.3): only a better route takes over. */
enum route_verdict route_judge(const struct babel *,
	    const struct route *challenger, const struct route *selected);

/* Select again for every destination that was marked unsettled, and draw all
 * consequences.  End the deliveries to lost neighbours, and free destinations
 * that nothing needs any more. */
void	settle(struct babel *);

/* Jobs: one slice, true when more is left. */
/* Flush the routes of a lost neighbour, and then free the neighbour. */
bool	settle_flush_slice(struct babel *, struct neighbour *);
/* Evaluate every route again after a change of the filters. */
bool	settle_policy_slice(struct babel *);
/* Announce our own routes again, with another router-id or seqno. */
bool	settle_announce_slice(struct babel *);

/* Free all destinations, at the end of the instance. */
void	settle_free_all(struct babel *);

#endif
