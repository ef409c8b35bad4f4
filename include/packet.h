/*
 * packet.h - the way in, from packets to tables (receive.c), and the way
 * out, from tables to packets (send.c).  Tables never call these; babel.c
 * does.
 */
#ifndef PACKET_H
#define PACKET_H

#include "neighbour.h"

/* receive.c: check, decode, and act on each TLV. */
void	receive_packet(struct babel *, const struct datagram *);

/* send.c: send a bounded number of packets from an outbox; the timer is set
 * again when more is left. */
void	send_interface(struct babel *, struct interface *);
void	send_neighbour(struct babel *, struct neighbour *);
/* Send the challenge and the reply that the check of a packet asks for, before
 * anything else (RFC 8967, section 4.3.1). */
void	send_answer(struct babel *, struct neighbour *,
	    const struct auth_outcome *);
/* One slice of the periodic full update; sets the timer for the next. */
void	send_full_update(struct babel *, struct interface *);
/* One slice of a unicast dump; sets the timer for the next. */
void	send_dump(struct babel *, struct neighbour *);
/* A Hello that promises little, and a retraction of everything. */
void	send_goodbye(struct babel *, struct interface *);

#endif
