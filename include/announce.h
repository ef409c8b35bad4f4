/*
 * announce.h - what is announced of a destination, when, and to whom.
 */
#ifndef ANNOUNCE_H
#define ANNOUNCE_H

#include "route.h"

/* How soon a change is announced. */
enum haste { HASTE_LAZY, HASTE_SOON, HASTE_URGENT };

/* The content of an announcement: the router-id, seqno and metric of our own
 * xroute, or else of the selected route.  False if there is none, so that it is
 * a retraction. */
bool	announce_content(const struct babel *,
	    const struct destination *, struct announcement *);
/* Apply the output filter of an interface, which adds to the metric.  False if
 * it denies the announcement, or the metric is infinite. */
bool	announce_filter(const struct babel *, const struct destination *,
	    const struct interface *, struct announcement *);
/* Does split horizon (section 3.7.4) keep the route, once selected, from
 * being announced on the interface? */
bool	announce_is_silent(const struct babel *, const struct route *,
	    const struct interface *);
/* May the destination be announced now?  Not while the kernel still forwards
 * otherwise, because we install before we advertise; retractions always may. */
bool	announce_is_ready(const struct babel *,
	    const struct destination *);

/* Another route, or none, is selected instead of the old one. */
void	announce_switched(struct babel *, struct destination *,
	    const struct route *old);
/* The announcement may have changed: judge whether the change is worth an
 * update (section 3.7.2), or whether the destination must be retracted and held
 * (section 3.5.4).  True if it can be announced now. */
bool	announce_judge(struct babel *, struct destination *);
/* Announce the destination on all interfaces. */
void	announce_changed(struct babel *, struct destination *,
	    enum haste);
/* The timer fired: repeat the update on crowded interfaces (section 3.7.2). */
void	announce_repeat_due(struct babel *, struct destination *);
/* Forget the changes that every interface has announced. */
void	announce_trim(struct babel *);

/* The last xroute is gone.  Packets to a network that is gone must not follow a
 * shorter prefix to a neighbour that still sends them here, so the destination
 * is held in the kernel, too.  An address of our own needs no such care
 * (section 3.5.4). */
void	announce_withdrawn(struct destination *, bool local);
/* The neighbour announces that source of the destination with that metric.
 * While the destination is held, the neighbour's route may still lead
 * through us, because the two updates cross each other: the destination is
 * retracted to it again. */
void	announce_suspect(struct babel *, struct neighbour *,
	    const struct update *);
/* The timer fired: the kernel's hold, or the whole hold time, is over. */
void	announce_hold_expired(struct babel *, struct destination *);
/* The timer fired: the holds that there was no memory to record are over. */
void	announce_unrecorded_due(struct babel *);

#endif
