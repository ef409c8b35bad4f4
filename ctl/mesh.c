/*
 * ctl/mesh.c - the mesh, put together from the views of several routers.
 *
 * A neighbour is identified by its router-id if the daemon reports it or a
 * route shows it, or else by another queried router that has the neighbour's
 * address and hears ours.  Otherwise it is a node of its own, named by its
 * address.
 */
#include "ctl/mesh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/view.h"

/* Make room for one more element in an array that grows by doubling; NULL for
 * no memory. */
static void *
append(void **array, size_t *count, size_t size)
{
	void *grown;

	if ((*count & (*count - 1)) == 0) {
		grown = realloc(*array, 2 * (*count + 1) * size);
		if (grown == NULL)
			return NULL;
		*array = grown;
	}
	return (char *)*array + (*count)++ * size;
}

/* The number of the node of that id, which is created if necessary; -1 for no
 * memory. */
static long
node_of(struct mesh *mesh, const char *id)
{
	struct node *node;
	void *nodes = mesh->nodes;
	size_t i;

	for (i = 0; i < mesh->node_count; i++)
		if (strcmp(mesh->nodes[i].id, id) == 0)
			return (long)i;
	node = append(&nodes, &mesh->node_count, sizeof(*node));
	mesh->nodes = nodes;
	if (node == NULL)
		return -1;
	snprintf(node->id, sizeof(node->id), "%s", id);
	node->sight = NULL;
	return (long)i;
}

/* Does a view have an object with that text in that field? */
static bool
has(const struct view *view, enum kind kind, enum field f, const char *text)
{
	const struct object *object;

	TAILQ_FOREACH(object, &view->objects[kind], entry)
		if (strcmp(object_text(object, f), text) == 0)
			return true;
	return false;
}

/* Our link-local address on the neighbour's interface. */
static const char *
own_address(const struct view *view, const struct object *neighbour)
{
	const struct object *o;

	TAILQ_FOREACH(o, &view->objects[INTERFACE], entry)
		if (object_equal(o, FIELD_INTERFACE, neighbour,
		    FIELD_INTERFACE))
			return object_text(o, FIELD_IPV6);
	return "";
}

/* The queried router that is this neighbour, or NULL. */
static const struct sight *
sight_of(const struct mesh *mesh, const struct sight *from,
    const struct object *neighbour)
{
	const char *theirs = object_text(neighbour, FIELD_ADDRESS);
	const char *ours = own_address(&from->view, neighbour);
	size_t i;

	for (i = 0; i < mesh->sight_count; i++)
		if (&mesh->sights[i] != from && has(&mesh->sights[i].view,
		    INTERFACE, FIELD_IPV6, theirs) &&
		    has(&mesh->sights[i].view, NEIGHBOUR, FIELD_ADDRESS, ours))
			return &mesh->sights[i];
	return NULL;
}

static void
name_neighbour(const struct mesh *mesh, const struct sight *from,
    const struct object *neighbour, char id[NODE_ID_MAX])
{
	const char *router = neighbour_router(&from->view, neighbour);
	const struct sight *sight = NULL;

	if (router == NULL)
		sight = sight_of(mesh, from, neighbour);
	if (router == NULL && sight != NULL)
		router = sight->id;
	if (router != NULL)
		snprintf(id, NODE_ID_MAX, "%s", router);
	else
		snprintf(id, NODE_ID_MAX, "%.60s%%%.60s",
		    object_text(neighbour, FIELD_ADDRESS),
		    object_text(neighbour, FIELD_INTERFACE));
}

static int
add_links(struct mesh *mesh, const struct sight *from)
{
	const struct object *o;
	char id[NODE_ID_MAX];
	void *links;
	struct link *link;
	long source = node_of(mesh, from->id), target;

	TAILQ_FOREACH(o, &from->view.objects[NEIGHBOUR], entry) {
		name_neighbour(mesh, from, o, id);
		target = node_of(mesh, id);
		if (source < 0 || target < 0)
			return -1;
		if (!neighbour_works(o))
			continue;
		links = mesh->links;
		link = append(&links, &mesh->link_count, sizeof(*link));
		mesh->links = links;
		if (link == NULL)
			return -1;
		*link = (struct link){ (size_t)source, (size_t)target, o };
	}
	return 0;
}

/* Add the routers that announce the routes; the next one is mostly the same as
 * the last. */
static int
add_routers(struct mesh *mesh, const struct sight *from)
{
	const struct object *o;
	const char *last = "";

	TAILQ_FOREACH(o, &from->view.objects[ROUTE], entry) {
		if (strcmp(object_text(o, FIELD_ROUTER), last) == 0)
			continue;
		last = object_text(o, FIELD_ROUTER);
		if (node_of(mesh, last) < 0)
			return -1;
	}
	return 0;
}

int
mesh_build(struct mesh *mesh, const struct sight *sights, size_t count)
{
	long node;
	size_t i;

	memset(mesh, 0, sizeof(*mesh));
	mesh->sights = sights;
	mesh->sight_count = count;
	for (i = 0; i < count; i++) {
		node = node_of(mesh, sights[i].id);
		if (node < 0)
			return -1;
		if (mesh->nodes[node].sight == NULL)
			mesh->nodes[node].sight = &sights[i];
	}
	for (i = 0; i < mesh->node_count; i++)
		if (mesh->nodes[i].sight != NULL &&
		    add_links(mesh, mesh->nodes[i].sight) < 0)
			return -1;
	for (i = 0; i < count; i++)
		if (add_routers(mesh, &sights[i]) < 0)
			return -1;
	return 0;
}

void
mesh_free(struct mesh *mesh)
{
	free(mesh->nodes);
	free(mesh->links);
	memset(mesh, 0, sizeof(*mesh));
}
