/*
 * announce.h - what we say of a destination: what is announced, when, and
 * to whom it is owed.
 */
#ifndef ANNOUNCE_H
#define ANNOUNCE_H

#include "route.h"

/* How soon a change is announced. */
enum haste { HASTE_LAZY, HASTE_SOON, HASTE_URGENT };

/* What there is to announce: the router-id, seqno and metric of our own
 * xroute, or else of the selected route; false: nothing, which makes it a
 * retraction. */
bool	announce_content(const struct babel *,
	    const struct destination *, struct announcement *);
/* What the output filter of an interface makes of that: its metric is added;
 * false: it may not be announced there, or is too far. */
bool	announce_filter(const struct babel *, const struct destination *,
	    const struct interface *, struct announcement *);
/* Does split horizon (section 3.7.4) keep the route, once selected, from
 * being announced on the interface? */
bool	announce_is_silent(const struct babel *, const struct route *,
	    const struct interface *);
/* May it be announced now?  Not while the kernel still forwards otherwise,
 * because we install before we advertise; retractions always may. */
bool	announce_is_ready(const struct babel *,
	    const struct destination *);

/* Another route, or none, is selected instead of the old one. */
void	announce_switched(struct babel *, struct destination *,
	    const struct route *old);
/* What we announce may have changed: judge whether it is worth an update
 * (section 3.7.2), or has to be retracted and held (section 3.5.4).  True if
 * it can be announced now. */
bool	announce_judge(struct babel *, struct destination *);
/* Announce it on all interfaces. */
void	announce_changed(struct babel *, struct destination *,
	    enum haste);
/* The timer fired: a copy is sent on crowded interfaces (section 3.7.2). */
void	announce_repeat_due(struct babel *, struct destination *);
/* Forget the changes that every interface has announced. */
void	announce_trim(struct babel *);

/* The last xroute is gone.  Packets to a network that is gone must not
 * follow a shorter prefix to a neighbour that still sends them here, so the
 * destination is held in the kernel, too; an address of our own needs no
 * such care (section 3.5.4). */
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
