/*
 * trace.h - packets as text, for debug level 2.
 */
#ifndef TRACE_H
#define TRACE_H

#include "interface.h"

/* Log each TLV of a packet that was received, or is about to be sent. */
void	trace_packet(const struct babel *, const struct interface *,
	    const struct datagram *, bool sent);

#endif
