/*
 * delivery.h - updates that must arrive (RFC 8966, sections 3.5.4 and 3.7.2):
 * retractions and changes of router-id.
 *
 * A delivery is for one neighbour and one destination.  It is sent with an
 * Acknowledgment Request, and again until it is acknowledged, five times at
 * most.  When all neighbours have acknowledged a retraction, none routes
 * through us any more, and the hold time ends.
 */
#ifndef DELIVERY_H
#define DELIVERY_H

#include "route.h"

/* The most copies of one update (a MUST of section 3.7.2). */
#define DELIVERY_COPIES		5
/* The time within which an acknowledgment is requested. */
#define DELIVERY_ACK_TIME	(200 * MILLISECOND)

struct delivery {
	TAILQ_ENTRY(delivery) neighbour_entry;	/* neighbour.owed */
	struct tree_node destination_entry;	/* destination.owed */
	uint64_t order;			/* by interface, then by neighbour */
	struct neighbour *neighbour;
	struct destination *destination;
	uint16_t opaques[DELIVERY_COPIES];	/* of each copy's request */
	uint8_t copies;			/* sent */
};

int	delivery_compare(const struct delivery *, const struct delivery *);
TREE_DEFINE(delivery_tree, delivery, destination_entry, delivery_compare)

/* The present announcement must be delivered to every neighbour that may be
 * using us for the destination, instead of an earlier one.  True if there is a
 * crowded link, where the update must be repeated instead. */
bool	delivery_start(struct babel *, struct destination *);
/* Deliver the announcement to this neighbour again, at once. */
void	delivery_repeat(struct babel *, struct destination *,
	    struct neighbour *);
/* Is it owed to nobody any more? */
bool	delivery_is_over(const struct destination *);
/* Is a delivery to this neighbour pending, or (NULL) to any on the
 * interface? */
bool	delivery_is_owed(const struct destination *,
	    const struct interface *, const struct neighbour *);
/* A copy is being sent to them, in a packet with this request. */
void	delivery_sent(struct destination *, const struct interface *,
	    const struct neighbour *,
	    uint16_t opaque);
/* The neighbour acknowledged a packet. */
void	delivery_acked(struct babel *, struct neighbour *, uint16_t opaque);
/* The timer fired: send the neighbour's pending deliveries again. */
void	delivery_resend_due(struct babel *, struct neighbour *);
/* Nothing can be delivered to the neighbour any more. */
void	delivery_forget(struct babel *, struct neighbour *);
/* End all deliveries of the destination. */
void	delivery_cancel(struct babel *, struct destination *);

#endif
