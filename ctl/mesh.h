/*
 * ctl/mesh.h - the mesh, put together from the views of several routers.
 *
 * A sight is one router with its view.  Nodes are the queried routers, their
 * neighbours, and all routers whose routes they have.  Links are those between
 * a queried router and its neighbours, each in the direction of the packets
 * that the router sends and at the cost that it uses.
 */
#ifndef CTL_MESH_H
#define CTL_MESH_H

#include "ctl/view.h"

#define NODE_ID_MAX	160

struct sight {
	char id[GREETING_MAX], host[GREETING_MAX], version[GREETING_MAX];
	struct view view;
};

struct node {
	char id[NODE_ID_MAX];		/* router-id, or address%interface */
	const struct sight *sight;	/* NULL: not queried */
};

struct link {
	size_t source, target;		/* among the nodes */
	const struct object *neighbour;	/* of the source */
};

struct mesh {
	const struct sight *sights;
	size_t sight_count;
	struct node *nodes;
	size_t node_count;
	struct link *links;
	size_t link_count;
};

/* Build the mesh from sights, which are borrowed; two of the same router count
 * once.  0, or -1 for no memory. */
int	mesh_build(struct mesh *, const struct sight *, size_t count);
void	mesh_free(struct mesh *);

#endif
