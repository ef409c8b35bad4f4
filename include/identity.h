/*
 * identity.h - our seqno (RFC 8966, section 3.2.2) and router-id.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "instance.h"

/* Is the router-id ours, or was it before we had to take another one? */
bool	identity_is_own(const struct babel *, const struct router_id *);
/* A neighbour announces our router-id with that seqno.  If it is newer than
 * ours, it is from an earlier life: we go on from there, because nobody
 * would believe us otherwise.  If that does not end it, another router has
 * our router-id, and the log says so. */
void	identity_adopt(struct babel *, const struct router_id *id,
	    uint16_t seqno);
/* A seqno newer than ours is requested.  It goes up by one, not more
 * (section 3.8.1.2).  If others keep asking for much more, they remember us
 * from before our state was lost, and would ignore us for minutes: then a
 * fresh router-id is taken, unless it was configured. */
void	identity_raise_seqno(struct babel *, uint16_t wanted);

#endif
