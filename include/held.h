/*
 * held.h - packets that could not be sent at once.
 */
#ifndef HELD_H
#define HELD_H

#include "instance.h"

struct encoder;
struct held_packet;
struct interface;
TAILQ_HEAD(held_queue, held_packet);

/* Stamp a packet, seal it (auth.h) and send it on its interface, after those
 * that are held there, or hold it: a copy is made.  When too many are, it is
 * lost, as it would be on the link.  Of the datagram, addresses and ports
 * count. */
void	held_send(struct babel *, struct interface *, const struct encoder *,
	    const struct datagram *);
/* Try those of the interface again; true when none is left. */
bool	held_retry(struct babel *, struct interface *);
/* ... of every interface: one that is blocked does not hold up others. */
void	held_retry_all(struct babel *);
void	held_forget(struct babel *, struct interface *);

#endif
