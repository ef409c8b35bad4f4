/*
 * local/explain.h - the reports "explain": why a route is selected or not,
 * and what is wrong with a link.
 */
#ifndef LOCAL_EXPLAIN_H
#define LOCAL_EXPLAIN_H

#include "local/client.h"

/* One step; true when it was the last. */
bool	explain_route_step(const struct babel *, struct client *);
bool	explain_neighbour_step(const struct babel *, struct client *);

#endif
