/*
 * identity.h - our seqno (RFC 8966, section 3.2.2) and router-id.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "instance.h"

/* Is the router-id ours, or was it ours before we took a fresh one? */
bool	identity_is_own(const struct babel *, const struct router_id *);
/* A neighbour announces our router-id with that seqno.  A newer seqno than ours
 * is from before a restart: we continue from it, because nobody would accept an
 * older one.  If that does not end it, another router has our router-id, and
 * this is logged. */
void	identity_adopt(struct babel *, const struct router_id *id,
	    uint16_t seqno);
/* A seqno newer than ours is requested.  Ours goes up by one, not more (section
 * 3.8.1.2).  If others keep requesting much more, they remember us from before
 * our state was lost and would ignore us for minutes; then a fresh router-id is
 * taken, unless it was configured. */
void	identity_raise_seqno(struct babel *, uint16_t wanted);

#endif
