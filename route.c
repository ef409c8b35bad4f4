/*
 * route.c - route acquisition (RFC 8966, section 3.5.3), selection (3.6)
 * and expiry.
 *
 * Selection never takes an unfeasible route, nor one that is infinite, nor
 * one that the kernel refuses.  Among the others the smallest metric wins,
 * with the hysteresis of appendix A.3: the selected route yields only to
 * one that is better both now and on average.  One that is so by less than
 * a tenth may be so by noise, and waits until that is ruled out.
 */
#include "route.h"

#include <stdlib.h>
#include <syslog.h>

#include "fib.h"
#include "request.h"

/* The selected route is asked for anew when this part of its hold time is
 * left (section 3.8.2.3). */
#define REFRESH_PART	7
#define RESELECT_DELAY	SECOND
/* A route that is better by less than this part of the metric may be so by
 * noise: either neither metric has moved for an update and a Hello, which
 * noise never lets happen, or it has been better for so many Hellos. */
#define NOISE_PART	10
#define NOISE_HELLOS	16
#define ADOPTION_PAUSE	MINUTE

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

/* Set the metric; the average goes on from where it is, or starts anew
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

static struct filter_verdict
evaluate(const struct babel *b, enum filter_chain chain,
    const struct neighbour *n, const struct destination_key *key,
    const struct router_id *id)
{
	const struct filter_subject subject = {
		.key = *key,
		.id = *id,
		.neighbour = n->address,
		.ifname = n->interface->link.name,
	};

	return filter_evaluate(&b->conf->filters[chain], chain, &subject);
}

struct filter_verdict
route_filter(const struct babel *b, const struct route *route,
    enum filter_chain chain)
{
	return evaluate(b, chain, route->neighbour, &route->destination->key,
	    &route->source->id);
}

/* What the input filter makes of a route; a denied one counts as
 * infinite. */
static uint16_t
input_metric(const struct babel *b, const struct neighbour *n,
    const struct destination_key *key, const struct router_id *id)
{
	struct filter_verdict verdict = evaluate(b, FILTER_IN, n, key, id);

	return verdict.deny ? INFINITY_METRIC : verdict.metric;
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

/* Ask for a route that is in use and about to expire (section 3.8.2.3). */
static void
refresh_late(struct babel *b, struct route *route)
{
	if (route->refresh_asked || b->now < refresh_time(route))
		return;
	route->refresh_asked = true;
	request_refresh(b, route);
}

/* A finite update came: the route lives on.  The timer is left to fire
 * early; that is cheaper than to move it each time. */
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

/* Section 3.5.3, step B2, and A3 for what a new route holds. */
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

/* May the route be selected (section 3.6)? */
static bool
is_eligible(const struct babel *b, const struct destination *d,
    const struct route *route)
{
	return route_is_usable(route) && route_is_feasible(route) &&
	    !fib_refuses(b, d, route);
}

static bool
has_alternative(const struct babel *b, const struct route *route)
{
	struct route *other;

	TREE_FOREACH(other, route_tree, &route->destination->routes)
		if (other != route &&
		    is_eligible(b, route->destination, other))
			return true;
	return false;
}

/* An unfeasible update for a route that we have, or get. */
static void
route_unfeasible(struct babel *b, struct route *route,
    const struct update *update)
{
	struct destination *d = route->destination;

	count(b, COUNT_UPDATE_UNFEASIBLE);
	destination_suspect(b, d, route->neighbour, &update->id,
	    update->metric);
	if (d->xroute == NULL && (d->selected == NULL ||
	    d->selected == route || route->metric < d->selected->metric))
		request_unfeasible(b, route->neighbour, d, &update->id);
}

/* Is the selection what it was before the update?  Yes, if it changed
 * nothing of the selected route, or if another is no better than that. */
static bool
selection_stands(const struct babel *b, struct route *route, bool is_same)
{
	const struct destination *d = route->destination;
	const struct route *selected = d->selected;

	if (selected == NULL || !is_eligible(b, d, selected))
		return false;
	if (route == selected)
		return is_same;
	if (route->metric < selected->metric)
		return false;
	route->better_since = NEVER;
	return true;
}

/* Section 3.5.3, branches B1 and B2. */
static void
route_update_known(struct babel *b, struct route *route,
    const struct update *update, uint16_t add_metric)
{
	struct destination *d = route->destination;
	const struct source *source = route->source;
	const struct in6_addr next_hop = route->next_hop;
	const uint16_t seqno = route->seqno, metric = route->metric,
	    refmetric = route->refmetric;
	bool is_same, feasible = source_is_feasible(source_find(d,
	    &update->id), update->seqno, update->metric);

	/* B1: better the old news than none, until a newer seqno comes. */
	if (!feasible && d->selected == route && router_id_compare(
	    &update->id, &route->source->id) == 0 &&
	    !has_alternative(b, route)) {
		route_unfeasible(b, route, update);
		return;
	}
	route_apply(b, route, update, add_metric);
	is_same = route->source == source && route->seqno == seqno &&
	    route->metric == metric && route->refmetric == refmetric &&
	    address_equal(&route->next_hop, &next_hop);
	if (!selection_stands(b, route, is_same))
		route_select(b, d);
	if (!feasible)
		route_unfeasible(b, route, update);
	/* A mere repetition is no news to monitors. */
	if (!is_same)
		notify(b, EVENT_ROUTE_CHANGE, route);
}

/* Branches A1 to A3. */
static void
route_update_new(struct babel *b, struct neighbour *n,
    const struct update *update, uint16_t add_metric)
{
	struct destination *d;
	struct route *route;
	bool feasible;

	if (b->route_count >= b->limits.routes) {
		count(b, COUNT_UPDATE_LIMIT);
		return;
	}
	d = destination_get(b, &update->key);
	if (d == NULL)
		return;
	feasible = source_is_feasible(source_find(d, &update->id),
	    update->seqno, update->metric);
	route = route_new(b, d, n, &update->id);
	if (route == NULL) {
		destination_release(b, d);
		return;
	}
	route_apply(b, route, update, add_metric);
	notify(b, EVENT_ROUTE_ADD, route);
	route_select(b, d);
	if (!feasible)
		route_unfeasible(b, route, update);
}

/* As when the link is lost, but the neighbour stays: the routes are walked
 * by the same job, in slices, which knows those that it has announced since
 * by their generation. */
void
route_retract_all(struct babel *b, struct neighbour *n)
{
	n->generation++;
	n->cost_pending = n->route_count;
	if (n->cost_pending > 0)
		job_queue_add(b, &n->cost_changed);
}

/* Is it ours, or was it before we had to take another? */
static bool
is_own_id(const struct babel *b, const struct router_id *id)
{
	return router_id_compare(id, &b->id) == 0 ||
	    router_id_compare(id, &b->former_id) == 0;
}

/* Somebody announces what we announced in an earlier life, with a newer
 * seqno than we have now: go on from there, or nobody will believe us.
 * If that does not end it, another router has our router-id. */
static void
own_update(struct babel *b, const struct router_id *heard, uint16_t seqno)
{
	char id[ROUTER_ID_STRLEN];

	if (router_id_compare(heard, &b->id) != 0 ||
	    !seqno_less(b->seqno, seqno))
		return;
	if (b->seqno_adopted == 0 ||
	    b->now - b->seqno_adopted >= ADOPTION_PAUSE) {
		b->seqno_adopted = b->now;
		b->seqno = seqno_plus(seqno, 1);
		count(b, COUNT_SEQNO_RAISED);
		xroute_announce_all(b);
	} else if (b->own_id_heard == 0 ||
	    b->now - b->own_id_heard >= ADOPTION_PAUSE) {
		b->own_id_heard = b->now;
		log_at(b, LOG_WARNING, "router-id %s is used by another "
		    "router, too", router_id_format(&b->id, id));
	}
}

/* The checks that come before the table; false: ignored. */
static bool
update_is_acceptable(struct babel *b, struct update *update)
{
	if (!destination_key_is_valid(&update->key)) {
		count(b, COUNT_UPDATE_MARTIAN);
		return false;
	}
	/* What cannot be installed is not selected (RFC 9229, section 2.2),
	 * and replaces what could be. */
	if (update->ae == AE_V4_VIA_V6 && !b->identity.v4_via_v6) {
		count(b, COUNT_UPDATE_V4_VIA_V6);
		update->metric = INFINITY_METRIC;
	}
	/* Our own route, come back: the neighbour routes through us. */
	if (update->metric < INFINITY_METRIC && is_own_id(b, &update->id)) {
		count(b, COUNT_UPDATE_OWN_ID);
		own_update(b, &update->id, update->seqno);
		update->metric = INFINITY_METRIC;
	}
	return true;
}

void
route_update(struct babel *b, struct neighbour *n,
    const struct update *received)
{
	struct update update = *received;
	struct destination *d;
	struct route *route;
	uint16_t add_metric;

	count(b, COUNT_UPDATES_RECEIVED);
	if (!update_is_acceptable(b, &update))
		return;
	/* Every link costs something, so a metric of 0 is the sender's. */
	if (update.metric == 0)
		n->router_id = update.id;
	add_metric = input_metric(b, n, &update.key, &update.id);
	if (add_metric == INFINITY_METRIC) {
		count(b, COUNT_UPDATE_FILTERED);
		update.metric = INFINITY_METRIC;
	}
	d = destination_find_in_order(b, &update.key);
	route = d == NULL ? NULL : route_find(d, n->id);
	if (route != NULL)
		route_update_known(b, route, &update, add_metric);
	else if (update.metric < INFINITY_METRIC)
		route_update_new(b, n, &update, add_metric);
	else if (received->metric == INFINITY_METRIC)
		count(b, COUNT_UPDATE_UNKNOWN_RETRACTION);
}

void
route_expiry_due(struct babel *b, struct route *route)
{
	struct destination *d = route->destination;

	if (b->now < refresh_time(route))
		schedule(b, &route->expiry, refresh_time(route));
	else if (b->now < route_expires(route)) {
		if (d->selected == route)
			refresh_late(b, route);
		schedule(b, &route->expiry, route_expires(route));
	} else if (route->refmetric < INFINITY_METRIC) {
		route->refmetric = INFINITY_METRIC;
		route_set_metric(b, route, INFINITY_METRIC);
		schedule(b, &route->expiry, b->now + route->hold_time);
		notify(b, EVENT_ROUTE_CHANGE, route);
		route_select(b, d);
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
	route->add_metric = input_metric(b, n, &route->destination->key,
	    &route->source->id);
	metric = route_compute_metric(route);
	if (metric != route->metric) {
		route_set_metric(b, route, metric);
		if (!selection_stands(b, route, false))
			route_select(b, route->destination);
	} else if (route->refmetric == refmetric)
		return;
	notify(b, EVENT_ROUTE_CHANGE, route);
}

void
route_flush(struct babel *b, struct route *route)
{
	struct destination *d = route->destination;
	struct neighbour *n = route->neighbour;

	route->refmetric = INFINITY_METRIC;
	route_set_metric(b, route, INFINITY_METRIC);
	if (d->selected == route)
		route_select(b, d);
	schedule_cancel(b, &route->expiry);
	schedule_unreserve(b, 0, 1);
	route_tree_remove(&d->routes, route);
	TAILQ_REMOVE(&n->routes, route, neighbour_entry);
	n->route_count--;
	b->route_count--;
	notify(b, EVENT_ROUTE_FLUSH, route);
	source_release(b, route->source);
	free(route);
	destination_release(b, d);
}

/* Does our own route rule out learnt ones? */
static bool
xroute_excludes(const struct babel *b, const struct destination *d)
{
	int64_t duplicates = b->conf->options.allow_duplicates;

	return d->xroute != NULL && (duplicates == UNSET ||
	    d->xroute->priority < duplicates);
}

static bool
is_much_less(uint16_t metric, uint16_t than)
{
	return metric < than - than / NOISE_PART;
}

/* When the metric will have stood still for long enough to believe it. */
static babel_time
steady_time(const struct route *route)
{
	return route->moved_at + route->hold_time / 7 * 2 +
	    route->neighbour->interface->conf.hello_interval;
}

/* When it will be beyond doubt that a route is better. */
static babel_time
certain_time(const struct route *challenger, const struct route *selected)
{
	babel_time steady = time_max(steady_time(challenger),
	    steady_time(selected));

	if (challenger->better_since == NEVER)	/* not noted yet */
		return steady;
	return time_min(steady, challenger->better_since + NOISE_HELLOS *
	    challenger->neighbour->interface->conf.hello_interval);
}

enum route_verdict
route_judge(const struct babel *b, const struct route *challenger,
    const struct route *selected)
{
	uint16_t average = route_smoothed_metric(b, challenger);
	uint16_t limit = route_smoothed_metric(b, selected);

	if (challenger->metric >= selected->metric)
		return ROUTE_WORSE;
	if (is_much_less(average, limit))
		return ROUTE_BETTER;
	if (average >= limit ||
	    is_much_less(challenger->metric, selected->metric))
		return ROUTE_WORSE_ON_AVERAGE;
	return b->now < certain_time(challenger, selected) ?
	    ROUTE_WITHIN_NOISE : ROUTE_BETTER;
}

/* When a route may displace the selected one: now, never, or when to look
 * again. */
static babel_time
displacement_time(const struct babel *b, const struct route *challenger,
    const struct route *selected)
{
	switch (route_judge(b, challenger, selected)) {
	case ROUTE_WORSE:
		return NEVER;
	case ROUTE_WORSE_ON_AVERAGE:
		return b->now + RESELECT_DELAY;
	case ROUTE_WITHIN_NOISE:
		return certain_time(challenger, selected);
	case ROUTE_BETTER:
		break;
	}
	return b->now;
}

/* Since when has it been better than the selected one? */
static void
note_rival(const struct babel *b, struct route *route,
    const struct route *selected)
{
	if (selected == NULL || route->metric >= selected->metric)
		route->better_since = NEVER;
	else if (route->better_since == NEVER)
		route->better_since = b->now;
}

/*
 * The route to select, or NULL.  If one is better now but not yet on
 * average, or not for long, the destination is looked at again later.
 */
static struct route *
choose(struct babel *b, struct destination *d)
{
	struct route *route, *selected = d->selected, *best = NULL;
	babel_time when, again = NEVER;

	if (xroute_excludes(b, d))
		return NULL;
	if (selected != NULL && !is_eligible(b, d, selected))
		selected = NULL;
	TREE_FOREACH(route, route_tree, &d->routes) {
		note_rival(b, route, selected);
		if (route == selected || (best != NULL &&
		    route->metric >= best->metric) ||
		    !is_eligible(b, d, route))
			continue;
		when = selected == NULL ? b->now :
		    displacement_time(b, route, selected);
		if (when <= b->now)
			best = route;
		else
			again = time_min(again, when);
	}
	if (best == NULL && again != NEVER)
		schedule_advance(b, &d->reselect, again);
	return best != NULL ? best : selected;
}

bool
route_is_silent_on(const struct babel *b, const struct route *route,
    const struct interface *ifp)
{
	return route->neighbour->interface == ifp &&
	    ifp->conf.split_horizon && !interface_has_static(b, ifp);
}

struct route *
route_last_selected(const struct destination *d)
{
	struct route *route;

	TREE_FOREACH(route, route_tree, &d->routes)
		if (route->id == d->held_route)
			return route;
	return NULL;
}

/* Split horizon silences the destination where its route comes from now:
 * whoever used us there, for another route or for our own, is owed a
 * retraction.  Where it came from before nobody has heard of it yet. */
static void
note_silence(const struct babel *b, struct destination *d,
    const struct route *old, const struct route *selected)
{
	const struct interface *from, *to;

	if (old == NULL && d->change_serial != 0)
		old = route_last_selected(d);	/* not retracted yet */
	if (selected == NULL || (old == NULL &&
	    d->announced_metric == INFINITY_METRIC && d->change_serial == 0))
		return;
	from = old == NULL ? NULL : old->neighbour->interface;
	to = selected->neighbour->interface;
	if (from == to)
		return;
	if (route_is_silent_on(b, selected, to)) {
		d->silent_ifindex = to->link.ifindex;
		d->heard_elsewhere = true;
	}
	if (from != NULL && route_is_silent_on(b, old, from))
		d->heard_elsewhere = true;
}

static void
switch_to(struct babel *b, struct destination *d, struct route *route)
{
	struct route *old = d->selected;

	fib_notify(b, d);	/* neither is what the kernel uses now */
	d->selected = route;
	if (route == NULL)
		d->held_route = old->id;
	else
		refresh_late(b, route);
	note_silence(b, d, old, route);
	count(b, COUNT_SELECTIONS);
	if (route != NULL)
		notify(b, EVENT_ROUTE_CHANGE, route);
}

void
route_select(struct babel *b, struct destination *d)
{
	struct route *old = d->selected, *chosen = choose(b, d);

	if (chosen != old)
		switch_to(b, d, chosen);
	destination_evaluate(b, d);
	fib_update(b, d);
	if (chosen == NULL && d->xroute == NULL)
		request_starving(b, d, &d->announced_id);
	else if (chosen != old)
		request_pass_again(b, d);
}

/* What the input filter kept out was never stored: ask for it. */
static void
ask_again(struct babel *b)
{
	struct interface *ifp;

	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		if (ifp->up) {
			ifp->outbox.wildcard_request = true;
			interface_flush_soon(b, ifp);
		}
}

bool
route_policy_slice(struct babel *b)
{
	unsigned int budget = JOB_BUDGET;
	struct destination *d = NULL;
	struct route *route;

	while (budget-- > 0 &&
	    (d = destination_step(b, &b->policy_walk, d)) != NULL) {
		TREE_FOREACH(route, route_tree, &d->routes)
			route_reconsider(b, route);
		route_select(b, d);
		if (b->policy_out) {
			d->refiltered = true;
			destination_changed(b, d, HASTE_SOON);
		}
	}
	if (d != NULL)
		return true;
	if (b->policy_in)
		ask_again(b);
	b->policy_in = b->policy_out = false;
	return false;
}
