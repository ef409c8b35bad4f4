/*
 * local/cursor.h - walking through the tables in slices, by place.
 *
 * Every object has a place in one total order: interfaces by age, neighbours by
 * interface and address, xroutes by key, routes by key with the selected one
 * first.  A cursor keeps its place and no pointer into the tables, so that
 * these may change between two slices.  It can also tell whether it has passed
 * a given object's place.
 */
#ifndef LOCAL_CURSOR_H
#define LOCAL_CURSOR_H

#include "xroute.h"

enum object_kind {
	OBJECT_INTERFACE, OBJECT_NEIGHBOUR, OBJECT_XROUTE, OBJECT_ROUTE,
	OBJECT_KINDS
};
#define OBJECT_BIT(kind)	(1U << (kind))
#define OBJECT_ALL		(OBJECT_BIT(OBJECT_KINDS) - 1)

/* Points into the engine's tables. */
struct object {
	enum object_kind kind;
	union {
		const struct interface *interface;
		const struct neighbour *neighbour;
		const struct xroute *xroute;
		const struct route *route;
	} u;
};

/* Where an object is; holds no pointer. */
struct place {
	uint8_t kind;			/* enum object_kind */
	uint32_t id;			/* 0 for an xroute */
	uint32_t group;	/* a neighbour's interface, a route's neighbour */
	struct destination_key key;	/* a neighbour's address: key.to */
};

struct cursor {
	uint8_t kinds;			/* a set of OBJECT_BIT */
	uint8_t kind;			/* where it is; OBJECT_KINDS: done */
	bool narrow;			/* only destinations of prefix "to" */
	struct prefix to;
	bool inside;			/* not done with interface or key */
	uint32_t next;			/* least id or group still to come */
	uint32_t first;			/* id of the route shown first, or 0 */
	struct walk walk;		/* a neighbour's address: last.to */
	/* The destination of the walk's last key; good within a slice only. */
	struct destination *at;
};

enum cursor_result {
	CURSOR_OBJECT,
	CURSOR_NOTHING,			/* a step was made, nothing is there */
	CURSOR_END,
};

void	cursor_init(struct cursor *, unsigned int kinds);
/* Only the destinations with this prefix, whatever their source prefix. */
void	cursor_narrow(struct cursor *, const struct prefix *);
/* To be called once before the steps of a slice. */
void	cursor_resume(struct cursor *);
/* One step of bounded work. */
enum cursor_result cursor_step(struct cursor *, const struct babel *,
	    struct object *);
/* Is the object of a wanted kind, and has the cursor passed its place? */
bool	cursor_has_passed(const struct cursor *, const struct place *);

/* Are there routes or an xroute for a prefix, whatever the source prefix? */
bool	cursor_prefix_exists(const struct babel *, const struct prefix *);
/* The longest such prefix that holds all of a prefix; false if none does. */
bool	cursor_longest_match(const struct babel *, const struct prefix *,
	    struct prefix *found);

struct place place_of(const struct object *);
/* The object that is there now, of the same id; false if none is. */
bool	place_find(const struct babel *, const struct place *,
	    struct object *);

#endif
