/*
 * ctl/mesh.h - the mesh, put together from what several routers see.
 *
 * A sight is one router with its view.  Nodes are the routers that were
 * asked, their neighbours, and all whose routes they know; links are those
 * between a router that was asked and its neighbours, each in the direction
 * of the packets that it sends and at the cost that it reckons with.
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
	const struct sight *sight;	/* NULL: it was not asked */
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

/* Build it from sights, which are borrowed; two of the same router count
 * once.  0, or -1 for no memory. */
int	mesh_build(struct mesh *, const struct sight *, size_t count);
void	mesh_free(struct mesh *);

#endif
