/*
 * local/explain.h - the reports "explain": why a route is selected or not,
 * why a kernel route is announced or not, and what is wrong with a link.
 */
#ifndef LOCAL_EXPLAIN_H
#define LOCAL_EXPLAIN_H

#include "local/client.h"

/* Is there a kernel route that contains all of the prefix, announced or not? */
bool	explain_kernel_covers(const struct babel *, const struct prefix *);
/* One step; true when it was the last.  The routes of a destination are
 * followed by those of the kernel. */
bool	explain_route_step(const struct babel *, struct client *);
bool	explain_kernel_step(const struct babel *, struct client *);
bool	explain_neighbour_step(const struct babel *, struct client *);
bool	explain_interface_step(const struct local *, const struct babel *,
	    struct client *);

#endif
