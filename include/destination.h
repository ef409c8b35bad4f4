/*
 * destination.h - the table of destinations: a prefix, or a pair of them, and
 * everything that is known about it.
 *
 * There is one tree of destinations.  Routes, sources, requests, the xroute and
 * the kernel's state belong to the destination, so that an update costs one
 * search, and a walk in key order can stop at a key and continue from it.
 */
#ifndef DESTINATION_H
#define DESTINATION_H

#include "debt.h"
#include "source.h"

struct neighbour;
struct route;
struct xroute;
struct request;
TREE_HEAD(route_tree);
TREE_HEAD(request_tree);

enum fib_state {
	FIB_IDLE,			/* the kernel has what we want */
	FIB_WANTED,			/* in babel.fib: to be changed */
	FIB_IN_FLIGHT,			/* asked, not answered yet */
	FIB_FAILED,			/* refused; waits for retry */
};

/* The kernel's entry for a destination. */
struct fib_slot {
	struct fib_entry installed;	/* as acknowledged */
	bool has_installed;
	uint8_t state;			/* enum fib_state */
	uint8_t failures;		/* in a row: doubles the delay */
	bool deletion_refused;
	int error;			/* of the last failure */
	uint8_t refused_count;
	/* Others have routes in this many places from the configured priority
	 * on: ours has the next one. */
	uint8_t beside;
	struct fib_entry *refused;	/* owned; since the last retry */
	struct timer retry;		/* set while anything is refused */
};

/* There may be a million of them, so no room is left between members. */
struct destination {
	struct tree_node entry;		/* babel.destinations */
	TAILQ_ENTRY(destination) change_entry;	/* babel.changes */
	TAILQ_ENTRY(destination) fib_entry;	/* babel.fib */
	STAILQ_ENTRY(destination) unsettled_entry;	/* babel.unsettled */
	struct destination_key key;

	/* The announcement that was last marked to be sent, to judge changes
	 * (section 3.7.2); announced_metric is INFINITY_METRIC for none, or a
	 * retraction. */
	struct router_id announced_id;
	babel_time announced_at;	/* ... when it was finite */
	uint16_t announced_metric;
	bool unsettled;			/* in babel.unsettled */

	struct route_tree routes;	/* owned; by neighbour id */
	struct source_tree sources;	/* owned; by router-id */
	struct request_tree requests;	/* owned; by router-id */
	struct route *selected;
	uint32_t last_route;		/* id of what was, when it is lost */
	struct xroute *xroute;		/* owned; wins */
	struct fib_slot fib;
	uint64_t change_serial;	/* place in the log; 0: not in it */
	struct debts debts;
	struct timer reselect;		/* select again as averages move */
};

/* The content of an announcement. */
struct announcement {
	struct router_id id;
	uint16_t seqno, metric;
	const struct route *route;	/* NULL: an xroute */
};

int	destination_compare(const struct destination *,
	    const struct destination *);
TREE_DEFINE(destination_tree, destination, entry, destination_compare)

struct destination *destination_find(const struct babel *,
	    const struct destination_key *);
/* The same, at less cost for keys in ascending order. */
struct destination *destination_find_in_order(struct babel *,
	    const struct destination_key *);
struct destination *destination_get_in_order(struct babel *,
	    const struct destination_key *);
/* Find or create; NULL for no memory. */
struct destination *destination_get(struct babel *,
	    const struct destination_key *);
/* The next destination of a walk, which moves on to it; NULL at the end.
 * Passing the one before, if it certainly still exists, saves a search. */
struct destination *destination_step(const struct babel *, struct walk *,
	    struct destination *previous);
/* Free it if nothing needs it any more. */
void	destination_release(struct babel *, struct destination *);
/* Something that the selection depends on has changed: settle() selects
 * again. */
void	destination_unsettle(struct babel *, struct destination *);
/* The route that was in use when the last one was lost, if it still exists, or
 * NULL. */
struct route *destination_last_route(const struct destination *);

#endif
