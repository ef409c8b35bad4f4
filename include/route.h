/*
 * route.h - the route table (RFC 8966, section 3.2.6).
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
	uint32_t generation;		/* the neighbour's, when announced */
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

int	route_compare(const struct route *, const struct route *);
TREE_DEFINE(route_tree, route, entry, route_compare)

/* The route learned from the neighbour of that id, or NULL. */
struct route *route_find(const struct destination *, uint32_t neighbour);
/* An Update TLV from the neighbour (section 3.5.3).  True: it was
 * unfeasible, and a newer seqno may have to be requested. */
bool	route_update(struct babel *, struct neighbour *,
	    const struct update *);
void	route_expiry_due(struct babel *, struct route *);
/* When the route expires if no further update comes. */
babel_time route_expires(const struct route *);
/* The route is in use: request it anew if it is about to expire (section
 * 3.8.2.3). */
void	route_refresh_late(struct babel *, struct route *);
/* The cost or the input filter's verdict may have changed. */
void	route_reconsider(struct babel *, struct route *);
/* One slice of the job that reconsiders the neighbour's routes after its
 * cost changed; true when more is left. */
bool	route_cost_slice(struct babel *, struct neighbour *);
/* The route becomes infinite, because its neighbour is gone. */
void	route_retract(struct babel *, struct route *);
/* Take the route out of the table; it is not selected. */
void	route_flush(struct babel *, struct route *);
/* Does the neighbour still advertise the route, and is the neighbour
 * reachable? */
bool	route_is_usable(const struct route *);
bool	route_is_feasible(const struct route *);
/* May the route be selected (section 3.6)? */
bool	route_is_eligible(const struct babel *, const struct route *);
uint16_t route_smoothed_metric(const struct babel *, const struct route *);

#endif
