/*
 * route.c - the route table (RFC 8966, section 3.2.6): acquisition (3.5.3),
 * metrics and expiry.
 *
 * Every change of a route that could affect the selection marks its destination
 * unsettled; select.c draws the consequences.
 */
#include "route.h"

#include <assert.h>
#include <stdlib.h>

#include "babel.h"
#include "configuration.h"
#include "counter.h"
#include "destination.h"
#include "fib.h"
#include "identity.h"
#include "instance.h"
#include "lifetime.h"
#include "message.h"
#include "neighbour.h"
#include "outbox.h"
#include "policy.h"
#include "prefix.h"
#include "source.h"
#include "timer.h"
#include "tree.h"
#include "util.h"

/* The selected route is requested anew when this fraction of its hold time is
 * left (section 3.8.2.3). */
#define REFRESH_PART	7

int
route_compare(const struct route *a, const struct route *b)
{
	return compare_numbers(a->neighbour->id, b->neighbour->id);
}

struct route *
route_find(const struct destination *d, uint32_t neighbour)
{
	struct neighbour n;
	struct route key;

	n.id = neighbour;
	key.neighbour = &n;
	return route_tree_find(&d->routes, &key);
}

bool
route_is_usable(const struct route *route)
{
	return route->metric < INFINITY_METRIC && !route->neighbour->dying;
}

bool
route_is_feasible(const struct route *route)
{
	return source_is_feasible(route->source, route->seqno,
	    route->refmetric);
}

uint16_t
route_smoothed_metric(const struct babel *b, const struct route *route)
{
	double smoothed = decay_towards(route->smoothed, route->metric,
	    b->now - route->smoothed_at,
	    b->conf->options.smoothing_half_life);

	return (uint16_t)(smoothed + 0.5);
}

/* Set the metric.  The average continues from its present value, or starts anew
 * when the route comes back from infinity. */
static void
route_set_metric(struct babel *b, struct route *route, uint16_t metric)
{
	if (route->metric == INFINITY_METRIC || metric == INFINITY_METRIC)
		route->smoothed = metric;
	else
		route->smoothed = decay_towards(route->smoothed,
		    route->metric, b->now - route->smoothed_at,
		    b->conf->options.smoothing_half_life);
	route->smoothed_at = b->now;
	if (metric != route->metric)
		route->moved_at = b->now;
	route->metric = metric;
}

static uint16_t
route_compute_metric(const struct route *route)
{
	return metric_add(metric_add(route->refmetric,
	    route->neighbour->cost), route->add_metric);
}

babel_time
route_expires(const struct route *route)
{
	return route->received + route->hold_time;
}

static babel_time
refresh_time(const struct route *route)
{
	return route_expires(route) - route->hold_time / REFRESH_PART;
}

void
route_refresh_late(struct babel *b, struct route *route)
{
	struct outbox_item item = { .kind = OUTBOX_ROUTE_REQUEST,
	    .key = route->destination->key };

	if (route->refresh_asked || b->now < refresh_time(route))
		return;
	route->refresh_asked = true;
	neighbour_queue(b, route->neighbour, &item, false);
}

/* A finite update came: extend the route's life.  The timer is left to fire
 * early, because that is cheaper than moving it each time. */
static void
route_refresh(struct babel *b, struct route *route, babel_time interval)
{
	route->received = b->now;
	route->hold_time = (uint32_t)lifetime_of_route(interval);
	route->refresh_asked = false;
	schedule_advance(b, &route->expiry, refresh_time(route));
}

static struct route *
route_new(struct babel *b, struct destination *d, struct neighbour *n,
    const struct router_id *id)
{
	struct route *route = calloc(1, sizeof(*route));

	if (route == NULL || schedule_reserve(b, 0, 1) < 0) {
		count(b, COUNT_NO_MEMORY);
		free(route);
		return NULL;
	}
	route->source = source_acquire(b, d, id);
	if (route->source == NULL) {
		schedule_unreserve(b, 0, 1);
		free(route);
		return NULL;
	}
	route->destination = d;
	route->neighbour = n;
	route->id = ++b->next_id;
	route->refmetric = route->metric = INFINITY_METRIC;
	route->better_since = NEVER;
	timer_init(&route->expiry, TIMER_ROUTE_EXPIRY);
	route_tree_insert(&d->routes, route);
	TAILQ_INSERT_TAIL(&n->routes, route, neighbour_entry);
	n->route_count++;
	b->route_count++;
	b->ipv4_route_count += prefix_is_ipv4(&d->key.to);
	return route;
}

/* Point the route at another source; false for no memory. */
static bool
route_set_source(struct babel *b, struct route *route,
    const struct router_id *id)
{
	struct source *source;

	if (router_id_compare(&route->source->id, id) == 0)
		return true;
	source = source_acquire(b, route->destination, id);
	if (source == NULL)
		return false;
	source_release(b, route->source);
	route->source = source;
	return true;
}

/* Section 3.5.3, step B2, and step A3 for a new route. */
static void
route_apply(struct babel *b, struct route *route,
    const struct update *update, uint16_t add_metric)
{
	route->generation = route->neighbour->generation;
	if (update->metric == INFINITY_METRIC ||
	    !route_set_source(b, route, &update->id)) {
		route->refmetric = INFINITY_METRIC;
		route_set_metric(b, route, INFINITY_METRIC);
		return;
	}
	route->seqno = update->seqno;
	route->refmetric = update->metric;
	route->add_metric = add_metric;
	route->next_hop = update->next_hop;
	route_set_metric(b, route, route_compute_metric(route));
	route_refresh(b, route, update->interval);
}

bool
route_is_eligible(const struct babel *b, const struct route *route)
{
	return route_is_usable(route) && route_is_feasible(route) &&
	    !fib_refuses(b, route);
}

static bool
has_alternative(const struct babel *b, const struct route *route)
{
	struct route *other;

	TREE_FOREACH(other, route_tree, &route->destination->routes)
		if (other != route && route_is_eligible(b, other))
			return true;
	return false;
}

/* Does the selection stay as it was before the update?  It does if the update
 * changed nothing of the selected route, or if another route is no better than
 * that one. */
static bool
selection_stands(const struct babel *b, struct route *route, bool is_same)
{
	const struct destination *d = route->destination;
	const struct route *selected = d->selected;

	if (selected == NULL || !route_is_eligible(b, selected))
		return false;
	if (route == selected)
		return is_same;
	if (route->metric < selected->metric)
		return false;
	route->better_since = NEVER;
	return true;
}

/* Section 3.5.3, steps B1 and B2.  True if the update was unfeasible. */
static bool
route_update_existing(struct babel *b, struct route *route,
    const struct update *update, uint16_t add_metric)
{
	struct destination *d = route->destination;
	const struct source *source = route->source;
	const struct in6_addr next_hop = route->next_hop;
	const uint16_t seqno = route->seqno, metric = route->metric,
	    refmetric = route->refmetric;
	bool is_same, feasible = source_is_feasible(source_find(d,
	    &update->id), update->seqno, update->metric);

	/* B1: keep the old route until a newer seqno comes. */
	if (!feasible && d->selected == route && router_id_compare(
	    &update->id, &route->source->id) == 0 &&
	    !has_alternative(b, route))
		return true;
	route_apply(b, route, update, add_metric);
	is_same = route->source == source && route->seqno == seqno &&
	    route->metric == metric && route->refmetric == refmetric &&
	    address_equal(&route->next_hop, &next_hop);
	if (!selection_stands(b, route, is_same))
		destination_unsettle(b, d);
	/* A repetition is not reported to monitors. */
	if (!is_same)
		notify(b, EVENT_ROUTE_CHANGE, route);
	return !feasible;
}

/* Steps A1 to A3, for a destination that may have been created for the update,
 * or NULL.  True if the update was unfeasible. */
static bool
route_update_new(struct babel *b, struct destination *d, struct neighbour *n,
    const struct update *update, uint16_t add_metric)
{
	struct route *route;
	bool feasible;

	if (b->route_count >= b->limits.routes) {
		count(b, COUNT_UPDATE_LIMIT);
		return false;
	}
	if (d == NULL)			/* no memory */
		return false;
	feasible = source_is_feasible(source_find(d, &update->id),
	    update->seqno, update->metric);
	route = route_new(b, d, n, &update->id);
	if (route == NULL) {
		destination_release(b, d);
		return false;
	}
	route_apply(b, route, update, add_metric);
	notify(b, EVENT_ROUTE_ADD, route);
	destination_unsettle(b, d);
	return !feasible;
}

/* The checks before the table is searched; false if the update is to be
 * ignored. */
static bool
update_is_acceptable(struct babel *b, struct update *update)
{
	if (!destination_key_is_valid(&update->key)) {
		count(b, COUNT_UPDATE_MARTIAN);
		return false;
	}
	/* A route that cannot be installed must not be selected (RFC 9229,
	 * section 2.2), but the update still replaces an earlier one that
	 * could. */
	if (update->ae == AE_V4_VIA_V6 && !b->identity.v4_via_v6) {
		count(b, COUNT_UPDATE_V4_VIA_V6);
		update->metric = INFINITY_METRIC;
	}
	/* Our own route has come back: the neighbour routes through us. */
	if (update->metric < INFINITY_METRIC &&
	    identity_is_own(b, &update->id)) {
		count(b, COUNT_UPDATE_OWN_ID);
		identity_adopt(b, &update->id, update->seqno);
		update->metric = INFINITY_METRIC;
	}
	return true;
}

bool
route_update(struct babel *b, struct neighbour *n,
    const struct update *received)
{
	struct update update = *received;
	struct destination *d;
	struct route *route;
	bool unfeasible = false;
	uint16_t add_metric;

	count(b, COUNT_UPDATES_RECEIVED);
	if (!update_is_acceptable(b, &update))
		return false;
	/* Every link costs something, so a metric of 0 means that the sender
	 * originates the route. */
	if (update.metric == 0)
		n->router_id = update.id;
	add_metric = policy_input_metric(b, n, &update.key, &update.id);
	if (add_metric == INFINITY_METRIC) {
		count(b, COUNT_UPDATE_FILTERED);
		update.metric = INFINITY_METRIC;
	}
	d = update.metric < INFINITY_METRIC &&
	    b->route_count < b->limits.routes ?
	    destination_get_in_order(b, &update.key) :
	    destination_find_in_order(b, &update.key);
	route = d == NULL ? NULL : route_find(d, n->id);
	if (route != NULL)
		unfeasible = route_update_existing(b, route, &update,
		    add_metric);
	else if (update.metric < INFINITY_METRIC)
		unfeasible = route_update_new(b, d, n, &update, add_metric);
	else if (received->metric == INFINITY_METRIC)
		count(b, COUNT_UPDATE_UNKNOWN_RETRACTION);
	if (unfeasible)
		count(b, COUNT_UPDATE_UNFEASIBLE);
	return unfeasible;
}

void
route_expiry_due(struct babel *b, struct route *route)
{
	struct destination *d = route->destination;

	if (b->now < refresh_time(route))
		schedule(b, &route->expiry, refresh_time(route));
	else if (b->now < route_expires(route)) {
		if (d->selected == route)
			route_refresh_late(b, route);
		schedule(b, &route->expiry, route_expires(route));
	} else if (route->refmetric < INFINITY_METRIC) {
		route->refmetric = INFINITY_METRIC;
		route_set_metric(b, route, INFINITY_METRIC);
		schedule(b, &route->expiry, b->now + route->hold_time);
		notify(b, EVENT_ROUTE_CHANGE, route);
		destination_unsettle(b, d);
	} else
		route_flush(b, route);
}

void
route_reconsider(struct babel *b, struct route *route)
{
	struct neighbour *n = route->neighbour;
	const uint16_t refmetric = route->refmetric;
	uint16_t metric;

	if (route->generation != n->generation)
		route->refmetric = INFINITY_METRIC;
	route->generation = n->generation;
	route->add_metric = policy_input_metric(b, n, &route->destination->key,
	    &route->source->id);
	metric = route_compute_metric(route);
	if (metric != route->metric) {
		route_set_metric(b, route, metric);
		if (!selection_stands(b, route, false))
			destination_unsettle(b, route->destination);
	} else if (route->refmetric == refmetric)
		return;
	notify(b, EVENT_ROUTE_CHANGE, route);
}

bool
route_cost_slice(struct babel *b, struct neighbour *n)
{
	unsigned int budget = JOB_BUDGET;
	struct route *route;

	while (budget-- > 0 && n->cost_pending > 0) {
		n->cost_pending--;
		route = TAILQ_FIRST(&n->routes);
		if (route == NULL)
			break;
		TAILQ_REMOVE(&n->routes, route, neighbour_entry);
		TAILQ_INSERT_TAIL(&n->routes, route, neighbour_entry);
		route_reconsider(b, route);
	}
	return n->cost_pending > 0 && !TAILQ_EMPTY(&n->routes);
}

void
route_retract(struct babel *b, struct route *route)
{
	route->refmetric = INFINITY_METRIC;
	route_set_metric(b, route, INFINITY_METRIC);
	if (route->destination->selected == route)
		destination_unsettle(b, route->destination);
}

void
route_flush(struct babel *b, struct route *route)
{
	struct destination *d = route->destination;
	struct neighbour *n = route->neighbour;

	assert(d->selected != route);
	schedule_cancel(b, &route->expiry);
	schedule_unreserve(b, 0, 1);
	route_tree_remove(&d->routes, route);
	TAILQ_REMOVE(&n->routes, route, neighbour_entry);
	n->route_count--;
	b->route_count--;
	b->ipv4_route_count -= prefix_is_ipv4(&d->key.to);
	notify(b, EVENT_ROUTE_FLUSH, route);
	source_release(b, route->source);
	free(route);
	destination_release(b, d);
}
