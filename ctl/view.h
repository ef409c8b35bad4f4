/*
 * ctl/view.h - a daemon's tables, as reported.
 *
 * A view is built from the lines of "json dump" or "json monitor".  Each object
 * keeps the fields that babelctl shows, as text; a field that it lacks is the
 * empty text.
 */
#ifndef CTL_VIEW_H
#define CTL_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ctl/connection.h"

#define INFINITE_METRIC	65535

enum kind { INTERFACE, NEIGHBOUR, XROUTE, ROUTE, KINDS };

enum field {
	FIELD_ID,			/* of the object in the stream */
	FIELD_INTERFACE, FIELD_UP, FIELD_TYPE, FIELD_IPV6, FIELD_IPV4,
	FIELD_NOMINAL,			/* cost of a link without loss */
	FIELD_ADDRESS, FIELD_REACH, FIELD_UREACH, FIELD_RXCOST,
	FIELD_TXCOST, FIELD_COST, FIELD_RTT, FIELD_ROUTES, FIELD_PEER,
	FIELD_PREFIX, FIELD_PLEN, FIELD_FROM, FIELD_FROM_PLEN,
	FIELD_ROUTER, FIELD_METRIC, FIELD_REFMETRIC, FIELD_VIA,
	FIELD_NEXT_HOP, FIELD_INSTALLED, FIELD_FEASIBLE, FIELD_AGE,
	FIELDS
};

#define PREFIX_MAX	64

struct object {
	TAILQ_ENTRY(object) entry;	/* in the order in which they came */
	struct object *chain;		/* of its place in the hash */
	enum kind kind;
	long long touched;		/* when it changed last */
	uint16_t at[FIELDS];		/* in the text; 0: it has none */
	char text[];
};
TAILQ_HEAD(object_list, object);

struct view {
	struct object_list objects[KINDS];
	size_t count;
	struct object **slots;
	size_t slot_count;		/* a power of two, or 0 */
};

/* The effect of a line: the object before and after it, of which one may be
 * NULL. before is freed when the next line is taken. */
struct change {
	struct object *before, *after;
};

void	view_init(struct view *);
void	view_free(struct view *);
/* Take a line, which is used up: 0, or -1 if it is no line of the stream or
 * there is no memory. */
int	view_take(struct view *, char *line, struct change *);
void	view_forget(struct change *);
/* Request a dump and take all of it.  Errors are printed. */
enum answer view_load(struct view *, struct connection *,
	    const char *request);

const char *object_text(const struct object *, enum field);
/* The field as a number; the other one if it is none. */
long	object_number(const struct object *, enum field, long otherwise);
bool	object_true(const struct object *, enum field);
bool	object_equal(const struct object *, enum field, const struct object *,
	    enum field);
/* "192.0.2.0/24"; that of the source is empty for all sources. */
void	object_prefix(const struct object *, char text[PREFIX_MAX]);
void	object_from(const struct object *, char text[PREFIX_MAX]);

/* Does the neighbour's link carry packets? */
bool	neighbour_works(const struct object *);
/* Did the route come from this neighbour? */
bool	route_is_by(const struct object *route,
	    const struct object *neighbour);
bool	route_is_used(const struct object *route);
/* The router-id of a neighbour if the daemon reports it, or if a route shows
 * it, because a neighbour that announces metric 0 is the origin.  NULL if
 * unknown. */
const char *neighbour_router(const struct view *, const struct object *);

#endif
