/*
 * source.h - the source table (RFC 8966, section 3.2.5): feasibility
 * distances.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include "instance.h"

struct announcement;

/* In its destination's tree, by router-id.  Lives while a route refers to it or
 * its distance counts. */
struct source {
	struct tree_node entry;
	struct destination *destination;
	struct router_id id;
	bool has_distance;		/* we announced it, gc is set */
	uint16_t seqno, metric;		/* the feasibility distance */
	babel_time expires;		/* updated with each announcement */
	struct timer gc;
	uint32_t references;		/* routes that point here */
};
TREE_HEAD(source_tree);

int	source_compare(const struct source *, const struct source *);
TREE_DEFINE(source_tree, source, entry, source_compare)

/* The feasibility condition (section 3.5.1) for an update or a route;
 * source may be NULL: none yet. */
bool	source_is_feasible(const struct source *, uint16_t seqno,
	    uint16_t metric);
struct source *source_find(const struct destination *,
	    const struct router_id *);
/* Find or create, with one reference for the caller; NULL for no
 * memory. */
struct source *source_acquire(struct babel *, struct destination *,
	    const struct router_id *);
void	source_release(struct babel *, struct source *);
/* A finite update is about to be sent (section 3.7.3): lower the distance, and
 * keep it for as long as an Update with that interval may be used.  False for
 * no memory: then the update must not be sent. */
bool	source_announce(struct babel *, struct destination *,
	    const struct announcement *, babel_time interval);
/* The garbage collection timer fired. */
void	source_gc_due(struct babel *, struct source *);
/* Forget the distance. */
void	source_expired(struct babel *, struct source *);

#endif
