/*
 * route.h - the route table (RFC 8966, section 3.2.6) and selection
 * (section 3.6).
 */
#ifndef ROUTE_H
#define ROUTE_H

#include "destination.h"
#include "neighbour.h"

struct route {
	struct tree_node entry;			/* destination.routes */
	TAILQ_ENTRY(route) neighbour_entry;	/* neighbour.routes */
	struct destination *destination;
	struct neighbour *neighbour;
	struct source *source;			/* one reference */
	uint32_t id;				/* for monitors */
	struct in6_addr next_hop;
	uint16_t seqno, refmetric;		/* as advertised to us */
	uint32_t generation;		/* of the neighbour, when it was */
	uint16_t add_metric;			/* input filter */
	uint16_t metric;			/* ... with the link's cost */
	double smoothed;			/* as of smoothed_at (A.3) */
	babel_time smoothed_at;
	babel_time received;			/* last finite update */
	uint32_t hold_time;		/* 3.5 update intervals: 38 minutes */
	bool refresh_asked;			/* section 3.8.2.3 */
	struct timer expiry;		/* may fire early */
	babel_time moved_at;		/* the metric changed last */
	babel_time better_since;	/* than the selected one, or NEVER */
};

/* How a route that may be selected stands to the one that is. */
enum route_verdict {
	ROUTE_WORSE,
	ROUTE_WORSE_ON_AVERAGE,		/* and better, by much, only now */
	ROUTE_WITHIN_NOISE,		/* better, but perhaps by chance */
	ROUTE_BETTER,			/* beyond doubt */
};

int	route_compare(const struct route *, const struct route *);
TREE_DEFINE(route_tree, route, entry, route_compare)

/* The route by way of the neighbour of that id, or NULL. */
struct route *route_find(const struct destination *, uint32_t neighbour);
/* An Update TLV from the neighbour (section 3.5.3). */
void	route_update(struct babel *, struct neighbour *,
	    const struct update *);
/* The wildcard retraction. */
void	route_retract_all(struct babel *, struct neighbour *);
void	route_expiry_due(struct babel *, struct route *);
/* When it expires if nothing more is heard of it. */
babel_time route_expires(const struct route *);
/* The cost, or the input filter's verdict, may have changed. */
void	route_reconsider(struct babel *, struct route *);
void	route_flush(struct babel *, struct route *);
/* The route that was in use when the last one was lost, if it is still
 * known, or NULL. */
struct route *route_last_selected(const struct destination *);
/* Choose again (section 3.6). */
void	route_select(struct babel *, struct destination *);
/* Does split horizon (section 3.7.4) keep the route, once selected, from
 * being announced on the interface? */
bool	route_is_silent_on(const struct babel *, const struct route *,
	    const struct interface *);
/* Does its neighbour still advertise it, and can it be reached? */
bool	route_is_usable(const struct route *);
bool	route_is_feasible(const struct route *);
uint16_t route_smoothed_metric(const struct babel *, const struct route *);
/* What the input or the install filter says of the route. */
struct filter_verdict route_filter(const struct babel *,
	    const struct route *, enum filter_chain);
/* The hysteresis (appendix A.3): only a better one takes over. */
enum route_verdict route_judge(const struct babel *,
	    const struct route *challenger, const struct route *selected);
/* Look at every route again after a change of policy; one slice, true
 * when more is left. */
bool	route_policy_slice(struct babel *);

#endif
