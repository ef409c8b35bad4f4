/*
 * tables.c - reading the engine's tables: the only file of the simulator
 * that knows them.
 */
#include "tables.h"

#include "route.h"
#include "sim_world.h"
#include "xroute.h"

const struct destination *
tables_find(const struct babel *b, const struct destination_key *key)
{
	return destination_find(b, key);
}

struct selection
tables_selection(const struct destination *d)
{
	struct selection s = { .exists = false };

	if (d == NULL || (d->xroute == NULL && d->selected == NULL))
		return s;
	s.exists = true;
	s.own = d->xroute != NULL;
	if (s.own) {
		s.metric = d->xroute->metric;
		return s;
	}
	s.metric = d->selected->metric;
	s.id = d->selected->source->id;
	s.next_hop = d->selected->next_hop;
	s.ifindex = d->selected->neighbour->interface->link.ifindex;
	return s;
}

bool
tables_distance(const struct destination *d, const struct router_id *id,
    struct distance *distance)
{
	const struct source *source = d == NULL ? NULL : source_find(d, id);

	if (source == NULL || !source->has_distance)
		return false;
	distance->seqno = source->seqno;
	distance->metric = source->metric;
	return true;
}

/* The tree macros take no const. */
static struct destination *
destination_writable(const struct destination *d)
{
	union {
		const struct destination *in;
		struct destination *out;
	} u = { d };

	return u.out;
}

bool
tables_is_starved(const struct destination *d)
{
	struct destination *w = destination_writable(d);
	struct route *r;

	if (d == NULL || d->xroute != NULL || d->selected != NULL)
		return false;
	TREE_FOREACH(r, route_tree, &w->routes)
		if (r->metric != INFINITY_METRIC && !route_is_feasible(r))
			return true;
	return false;
}

bool
tables_is_changing(const struct destination *d)
{
	return d != NULL && (d->fib.state == FIB_WANTED ||
	    d->fib.state == FIB_IN_FLIGHT);
}

void
tables_count(const struct babel *b, struct object_counts *counts)
{
	counts->neighbours = b->neighbour_count;
	counts->destinations = b->destination_count;
	counts->routes = b->route_count;
	counts->sources = b->source_count;
	counts->requests = b->request_count;
	counts->xroutes = b->xroute_count;
}

void
tables_add_counters(const struct babel *b, struct figures *figures)
{
	figures->unfeasible += b->counters[COUNT_UPDATE_UNFEASIBLE];
	figures->satisfied += b->counters[COUNT_REQUESTS_SATISFIED];
	figures->requests_forwarded +=
	    b->counters[COUNT_SEQNO_REQUESTS_FORWARDED];
	figures->probes += b->counters[COUNT_PROBES_SENT];
}

uint64_t
tables_costs_digest(const struct babel *b)
{
	struct interface *ifp;
	struct neighbour *n;
	uint64_t digest = 0;

	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		TREE_FOREACH(n, neighbour_tree, &ifp->neighbours)
			digest = digest * 31 + n->cost;
	return digest;
}

void
tables_forbid_adoption(struct babel *b)
{
	b->seqno_adopted = NEVER;
}

void
tables_print(FILE *out, const struct babel *b,
    const struct destination_key *key)
{
	struct destination *d = destination_find(b, key);
	char id[ROUTER_ID_STRLEN], address[ADDRESS_STRLEN];
	struct source *source;
	struct route *r;

	if (d == NULL) {
		fprintf(out, "    not in the table\n");
		return;
	}
	if (d->xroute != NULL)
		fprintf(out, "    xroute metric %u\n", d->xroute->metric);
	TREE_FOREACH(source, source_tree, &d->sources)
		fprintf(out, "    source %s distance %d (%u, %u)\n",
		    router_id_format(&source->id, id), source->has_distance,
		    source->seqno, source->metric);
	TREE_FOREACH(r, route_tree, &d->routes)
		fprintf(out, "    route %s seqno %u refmetric %u metric %u "
		    "via %s if %u cost %u%s%s\n",
		    router_id_format(&r->source->id, id), r->seqno,
		    r->refmetric, r->metric, address_format(&r->next_hop,
		    address), r->neighbour->interface->link.ifindex,
		    r->neighbour->cost,
		    route_is_feasible(r) ? "" : " unfeasible",
		    r == d->selected ? " selected" : "");
	fprintf(out, "    kernel state %u installed %d unreachable %d error "
	    "%d failures %u%s\n", d->fib.state, d->fib.has_installed,
	    d->fib.installed.unreachable, d->fib.error, d->fib.failures,
	    debt_is(d, DEBT_HOLD) ? ", held" : "");
}
