/*
 * xroute.h - routes redistributed from the kernel.
 *
 * The kernel may hold several routes to one prefix: each is an offer.
 * The best that the redistribute filter lets pass is the xroute.
 */
#ifndef XROUTE_H
#define XROUTE_H

#include "destination.h"

struct xroute_offer {
	struct tree_node entry;	/* babel.offers, by its identity */
	TAILQ_ENTRY(xroute_offer) xroute_entry;	/* while accepted */
	struct kernel_route route;
	uint32_t generation;	/* the synchronisation that saw it last */
	struct xroute *xroute;		/* NULL: filtered out */
	uint16_t metric;
};
TAILQ_HEAD(offer_list, xroute_offer);

struct xroute {
	struct destination *destination;
	struct offer_list offers;	/* accepted, best first */
	uint16_t metric;		/* of the best */
	uint8_t proto;
	uint32_t priority;		/* kernel priority of the best */
};

int	xroute_offer_compare(const struct xroute_offer *,
	    const struct xroute_offer *);
TREE_DEFINE(offer_tree, xroute_offer, entry, xroute_offer_compare)

/* A kernel route appeared, was seen again, or went away.  Returns whether the
 * filter lets it pass, or did. */
bool	xroute_offered(struct babel *, const struct kernel_route *);
bool	xroute_withdrawn(struct babel *, const struct kernel_route *);
/* Other routes with its key, table and priority went away.  Returns how many of
 * them the filter had let pass. */
unsigned int xroute_displaced(struct babel *, const struct kernel_route *);
/* A synchronisation begins or ends; at its end, routes that it did not see are
 * gone. */
void	xroute_sync_begin(struct babel *);
void	xroute_sync_end(struct babel *);
/* Look at every offer again: after a synchronisation, or a change of
 * policy. */
void	xroute_review(struct babel *);
/* One slice of the review; true when more is left. */
bool	xroute_review_slice(struct babel *);
/* Drop everything, at the end. */
void	xroute_free_all(struct babel *);

#endif
