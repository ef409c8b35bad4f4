/*
 * local/cursor.c - walking through the tables in slices, by place.
 *
 * A dump of a large table takes many turns of the main loop, and the
 * table changes under it.  A cursor that is a key needs no lock and no
 * snapshot: the next slice looks the key up and continues behind it, even
 * if the object that was there is gone.
 *
 * Within a destination the selected route comes first.  That order may
 * change half-way, so the cursor remembers which route it showed first and
 * then follows the neighbours' ids, leaving that route out.
 */
#include "local/cursor.h"

#include <string.h>

#include "destination.h"
#include "instance.h"
#include "interface.h"
#include "neighbour.h"
#include "prefix.h"
#include "route.h"
#include "xroute.h"

/* The interface with the least id that is not below this one, or NULL. */
static const struct interface *
interface_from(const struct babel *b, uint32_t id)
{
	const struct interface *ifp, *best = NULL;

	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		if (ifp->id >= id && (best == NULL || ifp->id < best->id))
			best = ifp;
	return best;
}

/* The first neighbour behind the address, or the very first. */
static const struct neighbour *
neighbour_after(const struct interface *ifp, const struct in6_addr *address)
{
	struct neighbour key;

	if (address == NULL)
		return neighbour_tree_first(&ifp->neighbours);
	key.address = *address;
	return neighbour_tree_after(&ifp->neighbours, &key);
}

/* The route with the least neighbour's id that is not below this one. */
static const struct route *
route_from(const struct destination *d, uint32_t neighbour)
{
	struct neighbour n;
	struct route key;

	n.id = neighbour;
	key.neighbour = &n;
	return route_tree_from(&d->routes, &key);
}

static struct in6_addr
key_address(const struct destination_key *key)
{
	struct in6_addr address;

	memcpy(&address, key->to.address, sizeof(address));
	return address;
}

static void
cursor_enter(struct cursor *c, unsigned int kind)
{
	while (kind < OBJECT_KINDS && (c->kinds & OBJECT_BIT(kind)) == 0)
		kind++;
	c->kind = (uint8_t)kind;
	walk_restart(&c->walk);
	c->inside = false;
	c->next = c->first = 0;
	c->at = NULL;
}

void
cursor_init(struct cursor *c, unsigned int kinds)
{
	memset(c, 0, sizeof(*c));
	c->kinds = (uint8_t)kinds;
	cursor_enter(c, 0);
}

void
cursor_narrow(struct cursor *c, const struct prefix *to)
{
	c->narrow = true;
	c->to = *to;
}

void
cursor_resume(struct cursor *c)
{
	c->at = NULL;
}

static enum cursor_result
step_interface(struct cursor *c, const struct babel *b, struct object *object)
{
	const struct interface *ifp = interface_from(b, c->next);

	if (ifp == NULL) {
		cursor_enter(c, c->kind + 1U);
		return CURSOR_NOTHING;
	}
	c->next = ifp->id + 1;
	object->u.interface = ifp;
	return CURSOR_OBJECT;
}

static enum cursor_result
step_neighbour(struct cursor *c, const struct babel *b, struct object *object)
{
	const struct interface *ifp = interface_from(b, c->next);
	struct in6_addr address = key_address(&c->walk.last);
	const struct neighbour *n;

	if (ifp == NULL) {
		cursor_enter(c, c->kind + 1U);
		return CURSOR_NOTHING;
	}
	if (ifp->id != c->next)
		c->inside = false;
	n = neighbour_after(ifp, c->inside ? &address : NULL);
	c->inside = n != NULL;
	c->next = n != NULL ? ifp->id : ifp->id + 1;
	if (n == NULL)
		return CURSOR_NOTHING;
	memcpy(c->walk.last.to.address, &n->address, sizeof(n->address));
	object->u.neighbour = n;
	return CURSOR_OBJECT;
}

/* The first destination with the prefix, whatever its source prefix, or the
 * first one after them. */
static struct destination *
destination_from(const struct babel *b, const struct prefix *to)
{
	struct destination key;

	key.key = destination_key_of(to, NULL);
	return destination_tree_from(&b->destinations, &key);
}

/* Move on to the next destination; false if there is none. */
static bool
cursor_advance(struct cursor *c, const struct babel *b)
{
	struct destination key, *d;

	if (c->at != NULL)
		d = destination_tree_next(c->at);
	else if (c->walk.begun) {
		key.key = c->walk.last;
		d = destination_tree_after(&b->destinations, &key);
	} else if (c->narrow)
		d = destination_from(b, &c->to);
	else
		d = destination_tree_first(&b->destinations);
	if (d == NULL || (c->narrow && prefix_compare(&d->key.to, &c->to) != 0))
		return false;
	c->at = d;
	walk_move(&c->walk, &d->key);
	return true;
}

static bool
is_empty(const struct destination *d)
{
	return d->xroute == NULL && route_tree_is_empty(&d->routes);
}

bool
cursor_prefix_exists(const struct babel *b, const struct prefix *prefix)
{
	struct destination *d = destination_from(b, prefix);

	while (d != NULL && prefix_compare(&d->key.to, prefix) == 0 &&
	    is_empty(d))
		d = destination_tree_next(d);
	return d != NULL && prefix_compare(&d->key.to, prefix) == 0;
}

bool
cursor_longest_match(const struct babel *b, const struct prefix *prefix,
    struct prefix *found)
{
	int plen, shortest = prefix_is_ipv4(prefix) ? 96 : 0;
	struct in6_addr address;

	memcpy(&address, prefix->address, sizeof(address));
	for (plen = prefix->plen; plen >= shortest; plen--) {
		*found = prefix_of(&address, (uint8_t)plen);
		if (cursor_prefix_exists(b, found))
			return true;
	}
	return false;
}

static enum cursor_result
step_xroute(struct cursor *c, const struct babel *b, struct object *object)
{
	if (!cursor_advance(c, b)) {
		cursor_enter(c, c->kind + 1U);
		return CURSOR_NOTHING;
	}
	object->u.xroute = c->at->xroute;
	return c->at->xroute != NULL ? CURSOR_OBJECT : CURSOR_NOTHING;
}

/* Begin with a destination: the selected route, if there is one. */
static enum cursor_result
enter_destination(struct cursor *c, struct object *object)
{
	c->inside = !route_tree_is_empty(&c->at->routes);
	c->next = 0;
	c->first = 0;
	if (c->at->selected == NULL)
		return CURSOR_NOTHING;
	c->first = c->at->selected->id;
	object->u.route = c->at->selected;
	return CURSOR_OBJECT;
}

static enum cursor_result
step_route(struct cursor *c, const struct babel *b, struct object *object)
{
	const struct route *route = NULL;

	if (!c->inside) {
		if (cursor_advance(c, b))
			return enter_destination(c, object);
		cursor_enter(c, c->kind + 1U);
		return CURSOR_NOTHING;
	}
	if (c->at == NULL)
		c->at = destination_find(b, &c->walk.last);
	if (c->at != NULL)
		route = route_from(c->at, c->next);
	if (route == NULL) {
		c->inside = false;
		return CURSOR_NOTHING;
	}
	c->next = route->neighbour->id + 1;
	object->u.route = route;
	return route->id == c->first ? CURSOR_NOTHING : CURSOR_OBJECT;
}

enum cursor_result
cursor_step(struct cursor *c, const struct babel *b, struct object *object)
{
	object->kind = c->kind;
	switch (object->kind) {
	case OBJECT_INTERFACE:
		return step_interface(c, b, object);
	case OBJECT_NEIGHBOUR:
		return step_neighbour(c, b, object);
	case OBJECT_XROUTE:
		return step_xroute(c, b, object);
	case OBJECT_ROUTE:
		return step_route(c, b, object);
	case OBJECT_KINDS:
		break;
	}
	return CURSOR_END;
}

static bool
has_passed_neighbour(const struct cursor *c, const struct place *place)
{
	if (place->group != c->next)
		return place->group < c->next;
	return c->inside && memcmp(place->key.to.address,
	    c->walk.last.to.address, sizeof(place->key.to.address)) <= 0;
}

static bool
has_passed_route(const struct cursor *c, const struct place *place)
{
	int order = destination_key_compare(&place->key, &c->walk.last);

	if (!c->walk.begun || order > 0)
		return false;
	return order < 0 || !c->inside || place->id == c->first ||
	    place->group < c->next;
}

bool
cursor_has_passed(const struct cursor *c, const struct place *place)
{
	if ((c->kinds & OBJECT_BIT(place->kind)) == 0)
		return false;
	if (place->kind != c->kind)
		return place->kind < c->kind;
	switch ((enum object_kind)place->kind) {
	case OBJECT_INTERFACE:
		return place->id < c->next;
	case OBJECT_NEIGHBOUR:
		return has_passed_neighbour(c, place);
	case OBJECT_XROUTE:
		return c->walk.begun &&
		    destination_key_compare(&place->key, &c->walk.last) <= 0;
	case OBJECT_ROUTE:
		return has_passed_route(c, place);
	case OBJECT_KINDS:
		break;
	}
	return false;
}

struct place
place_of(const struct object *object)
{
	struct place place;

	memset(&place, 0, sizeof(place));
	place.kind = (uint8_t)object->kind;
	switch (object->kind) {
	case OBJECT_INTERFACE:
		place.id = object->u.interface->id;
		break;
	case OBJECT_NEIGHBOUR:
		place.id = object->u.neighbour->id;
		place.group = object->u.neighbour->interface->id;
		memcpy(place.key.to.address, &object->u.neighbour->address,
		    sizeof(place.key.to.address));
		break;
	case OBJECT_XROUTE:
		place.key = object->u.xroute->destination->key;
		break;
	case OBJECT_ROUTE:
		place.id = object->u.route->id;
		place.group = object->u.route->neighbour->id;
		place.key = object->u.route->destination->key;
		break;
	case OBJECT_KINDS:
		break;
	}
	return place;
}

static const struct neighbour *
find_neighbour(const struct babel *b, const struct place *place)
{
	const struct interface *ifp = interface_from(b, place->group);
	const struct in6_addr address = key_address(&place->key);
	const struct neighbour *n;

	if (ifp == NULL || ifp->id != place->group)
		return NULL;
	n = neighbour_find(ifp, &address);
	return n != NULL && n->id == place->id ? n : NULL;
}

static const struct route *
find_route(const struct destination *d, const struct place *place)
{
	const struct route *route = route_from(d, place->group);

	return route != NULL && route->id == place->id ? route : NULL;
}

bool
place_find(const struct babel *b, const struct place *place,
    struct object *object)
{
	const struct interface *ifp;
	const struct destination *d;

	object->kind = place->kind;
	if (object->kind == OBJECT_INTERFACE) {
		ifp = interface_from(b, place->id);
		object->u.interface = ifp;
		return ifp != NULL && ifp->id == place->id;
	}
	if (object->kind == OBJECT_NEIGHBOUR) {
		object->u.neighbour = find_neighbour(b, place);
		return object->u.neighbour != NULL;
	}
	d = destination_find(b, &place->key);
	if (d == NULL)
		return false;
	if (object->kind == OBJECT_XROUTE) {
		object->u.xroute = d->xroute;
		return d->xroute != NULL;
	}
	object->u.route = find_route(d, place);
	return object->u.route != NULL;
}
