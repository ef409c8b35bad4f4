/*
 * transmit.h - packets on their way out: sealed, sent, or waiting.
 */
#ifndef TRANSMIT_H
#define TRANSMIT_H

#include "interface.h"

struct encoder;

/* Put the timestamp into a packet, seal it (auth.h) and send it on its
 * interface, after the packets that wait there.  If ops->send refuses it, a
 * copy waits.  If too many wait already, the packet is lost, as it would be on
 * the link.  Only the addresses and ports of the datagram are used. */
void	transmit(struct babel *, struct interface *, const struct encoder *,
	    const struct datagram *);
/* The same for a packet with a Hello: it does not wait behind others, and
 * replaces an older one to the same address. */
void	transmit_first(struct babel *, struct interface *,
	    const struct encoder *, const struct datagram *);
/* Try the interface's waiting packets again; true when none is left. */
bool	transmit_retry(struct babel *, struct interface *);
/* The same on every interface: a blocked one does not hold up others. */
void	transmit_retry_all(struct babel *);
/* Drop the interface's waiting packets. */
void	transmit_forget(struct babel *, struct interface *);

#endif
