/*
 * local/printout.c - the tables in print, for SIGUSR1 and debug level 1.
 *
 * The lines are babeld's: our id, a line for each neighbour, then the exported
 * routes, then the others, of which those marked "(installed)" are in use and
 * those marked "(feasible)" could be.  A large table is printed in slices, like
 * a dump on the local socket, and may change between two of them.
 */
#include "printout.h"

#include <stdlib.h>

#include "babel.h"
#include "destination.h"
#include "instance.h"
#include "interface.h"
#include "local/cursor.h"
#include "local/describe.h"
#include "neighbour.h"
#include "prefix.h"
#include "route.h"
#include "source.h"
#include "util.h"
#include "xroute.h"

/* How far the printing of one copy has got. */
struct printout {
	struct cursor cursor;
	bool begun, headed;
};

struct printout *
printout_new(void)
{
	return calloc(1, sizeof(struct printout));
}

void
printout_free(struct printout *printout)
{
	free(printout);
}

void
printout_begin(struct printout *printout)
{
	cursor_init(&printout->cursor, OBJECT_BIT(OBJECT_NEIGHBOUR) |
	    OBJECT_BIT(OBJECT_XROUTE) | OBJECT_BIT(OBJECT_ROUTE));
	printout->begun = true;
	printout->headed = false;
}

bool
printout_is_begun(const struct printout *printout)
{
	return printout->begun;
}

static void
print_heading(const struct babel *b, FILE *file)
{
	char id[ROUTER_ID_STRLEN];

	fprintf(file, "\nMy id %s seqno %u\n",
	    router_id_format(&b->id, id), b->seqno);
}

static void
print_neighbour(const struct babel *b, const struct neighbour *n,
    FILE *file)
{
	char address[ADDRESS_STRLEN];
	bool has_rtt = neighbour_rtt_is_valid(b, n);
	long long rtt = has_rtt ? (long long)n->rtt : 0;

	fprintf(file, "Neighbour %s dev %s reach %04x ureach %04x "
	    "rxcost %u txcost %u rtt %lld.%03lld rttcost %u%s.\n",
	    address_format(&n->address, address), n->interface->link.name,
	    n->multicast.vector, n->unicast.vector, n->rxcost, n->txcost,
	    rtt / 1000, rtt % 1000, has_rtt ? neighbour_rtt_cost(b, n) : 0,
	    n->interface->up ? "" : " (down)");
}

static void
print_prefixes(const struct destination_key *key, FILE *file)
{
	char to[PREFIX_STRLEN], from[PREFIX_STRLEN];

	fprintf(file, "%s from %s", prefix_format(&key->to, to),
	    destination_from_format(key, from));
}

/* The next hop, when it is not the neighbour itself. */
static void
print_next_hop(const struct route *route, FILE *file)
{
	char address[ADDRESS_STRLEN];

	if (!address_equal(&route->next_hop, &route->neighbour->address))
		fprintf(file, " nexthop %s",
		    address_format(&route->next_hop, address));
}

static void
print_route(const struct babel *b, const struct route *route, FILE *file)
{
	char id[ROUTER_ID_STRLEN], address[ADDRESS_STRLEN];

	print_prefixes(&route->destination->key, file);
	fprintf(file, " metric %u (%u) refmetric %u id %s seqno %u age %lld "
	    "via %s neigh %s", route->metric, route_smoothed_metric(b, route),
	    route->refmetric, router_id_format(&route->source->id, id),
	    route->seqno, (long long)((b->now - route->received) / SECOND),
	    route->neighbour->interface->link.name,
	    address_format(&route->neighbour->address, address));
	print_next_hop(route, file);
	fprintf(file, "%s\n", describe_is_installed(b, route) ?
	    " (installed)" : route_is_feasible(route) ? " (feasible)" : "");
}

static void
print_object(const struct babel *b, const struct object *object, FILE *file)
{
	switch (object->kind) {
	case OBJECT_NEIGHBOUR:
		print_neighbour(b, object->u.neighbour, file);
		break;
	case OBJECT_XROUTE:
		print_prefixes(&object->u.xroute->destination->key, file);
		fprintf(file, " metric %u (exported)\n",
		    object->u.xroute->metric);
		break;
	case OBJECT_ROUTE:
		print_route(b, object->u.route, file);
		break;
	case OBJECT_INTERFACE:
	case OBJECT_KINDS:
		break;
	}
}

void
printout_continue(struct printout *printout, const struct babel *b,
    FILE *file, unsigned int budget)
{
	struct object object;
	enum cursor_result result = CURSOR_NOTHING;

	if (!printout->begun)
		return;
	if (!printout->headed)
		print_heading(b, file);
	printout->headed = true;
	cursor_resume(&printout->cursor);
	while (budget-- > 0 && result != CURSOR_END) {
		result = cursor_step(&printout->cursor, b, &object);
		if (result == CURSOR_OBJECT)
			print_object(b, &object, file);
	}
	fflush(file);
	printout->begun = result != CURSOR_END;
}
