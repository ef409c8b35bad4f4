/*
 * ctl/netjson.h - a mesh, or a router's routes, as NetJSON.
 *
 * NetJSON (netjson.org): objects of type NetworkGraph and NetworkRoutes.
 */
#ifndef CTL_NETJSON_H
#define CTL_NETJSON_H

#include <stdio.h>

#include "ctl/mesh.h"

void	netjson_graph(const struct mesh *, FILE *);
/* The routes in use of one router. */
void	netjson_routes(const struct sight *, FILE *);

#endif
