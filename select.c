/*
 * select.c - route selection (RFC 8966, section 3.6), and all that follows from
 * it.
 *
 * A table that changes anything that a selection depends on marks the
 * destination unsettled and returns. settle(), which the engine calls after
 * each TLV, timer, slice of a job and input, takes the marked destinations one
 * after the other:
 *
 * 	the route is selected;
 * 	what we announce is judged, and announced if that is worth an update
 * 	(section 3.7.2), or held and retracted (3.5.4);
 * 	pending requests that the announcement satisfies are answered (3.8);
 * 	the kernel is asked for the entry that forwards along the route;
 * 	a newer seqno is requested if only unfeasible routes are left (3.8.2).
 *
 * Selection never takes a route that is unfeasible, infinite, or refused by the
 * kernel.  Among the others the smallest metric wins, with the hysteresis of
 * appendix A.3: the selected route yields only to one that is better both now
 * and on average.  A route that is better by less than a tenth may be so
 * because of noise, and waits until that is ruled out.
 */
#include "select.h"

#include "announce.h"
#include "babel.h"
#include "configuration.h"
#include "counter.h"
#include "debt.h"
#include "delivery.h"
#include "destination.h"
#include "fib.h"
#include "instance.h"
#include "interface.h"
#include "neighbour.h"
#include "outbox.h"
#include "request.h"
#include "route.h"
#include "source.h"
#include "tree.h"
#include "util.h"
#include "xroute.h"

#define RESELECT_DELAY	SECOND
/* A route that is better by less than this part of the metric may be so because
 * of noise.  Noise is ruled out if neither metric has changed for STEADY_HALVES
 * halves of a Hello interval, which is longer than neighbours wait between
 * changes (announce.c), or if the route has been better for NOISE_HELLOS
 * Hellos. */
#define NOISE_PART	10
#define STEADY_HALVES	5
#define NOISE_HELLOS	16

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

/* When the metric will have been constant for long enough to be trusted. */
static babel_time
steady_time(const struct route *route)
{
	return route->moved_at + STEADY_HALVES *
	    route->neighbour->interface->conf.hello_interval / 2;
}

/* When it will be certain that the route is better. */
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
	if (average >= limit)
		return ROUTE_WORSE_ON_AVERAGE;
	return b->now < certain_time(challenger, selected) ?
	    ROUTE_WITHIN_NOISE : ROUTE_BETTER;
}

/* When a route may displace the selected one: now, never, or the time at which
 * to look again. */
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

/* Note since when the route has been better than the selected one. */
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
	if (selected != NULL && !route_is_eligible(b, selected))
		selected = NULL;
	TREE_FOREACH(route, route_tree, &d->routes) {
		note_rival(b, route, selected);
		if (route == selected || (best != NULL &&
		    route->metric >= best->metric) ||
		    !route_is_eligible(b, route))
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

static void
switch_to(struct babel *b, struct destination *d, struct route *route)
{
	struct route *old = d->selected;

	fib_notify(b, d);	/* the kernel uses neither now */
	d->selected = route;
	if (route != NULL)
		route_refresh_late(b, route);
	else
		d->last_route = old->id;
	announce_switched(b, d, old);
	count(b, COUNT_SELECTIONS);
	if (route != NULL)
		notify(b, EVENT_ROUTE_CHANGE, route);
}

/* Select for one destination, and draw all consequences. */
static void
settle_destination(struct babel *b, struct destination *d)
{
	struct route *old = d->selected, *chosen = choose(b, d);

	if (chosen != old)
		switch_to(b, d, chosen);
	if (announce_judge(b, d))
		request_satisfy(b, d);
	fib_update(b, d);
	if (chosen == NULL && d->xroute == NULL)
		request_starving(b, d, &d->announced_id);
	else if (chosen != old)
		request_pass_again(b, d);
}

/* Settle the destination that was marked first; NULL: none is marked. */
static struct destination *
settle_next(struct babel *b)
{
	struct destination *d = STAILQ_FIRST(&b->unsettled);

	if (d == NULL)
		return NULL;
	STAILQ_REMOVE_HEAD(&b->unsettled, unsettled_entry);
	d->unsettled = false;
	settle_destination(b, d);
	return d;
}

void
settle(struct babel *b)
{
	struct neighbour *n;
	struct destination *d;

	while ((n = STAILQ_FIRST(&b->lost)) != NULL) {
		STAILQ_REMOVE_HEAD(&b->lost, lost_entry);
		delivery_forget(b, n);
	}
	while ((d = settle_next(b)) != NULL)
		destination_release(b, d);
}

bool
settle_flush_slice(struct babel *b, struct neighbour *n)
{
	unsigned int budget = JOB_BUDGET;
	struct route *route;

	while (budget-- > 0) {
		route = TAILQ_FIRST(&n->routes);
		if (route == NULL) {
			neighbour_free(b, n);
			return false;
		}
		route_retract(b, route);
		settle(b);
		route_flush(b, route);
	}
	return true;
}

/* Routes that the input filter denied were never stored: request them. */
static void
ask_again(struct babel *b)
{
	struct interface *ifp;

	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		if (ifp->up) {
			ifp->outbox.wildcard_request = true;
			interface_send_soon(b, ifp);
		}
}

bool
settle_policy_slice(struct babel *b)
{
	unsigned int budget = JOB_BUDGET;
	struct destination *d = NULL;
	struct route *route;

	while (budget-- > 0 &&
	    (d = destination_step(b, &b->policy_walk, d)) != NULL) {
		TREE_FOREACH(route, route_tree, &d->routes)
			route_reconsider(b, route);
		destination_unsettle(b, d);
		settle_next(b);		/* the walk still needs it */
		if (b->policy_out) {
			debt_owe(d, DEBT_DENIAL);
			announce_changed(b, d, HASTE_SOON);
		}
	}
	if (d != NULL)
		return true;
	if (b->policy_in)
		ask_again(b);
	b->policy_in = b->policy_out = false;
	return false;
}

bool
settle_announce_slice(struct babel *b)
{
	unsigned int budget = JOB_BUDGET;
	struct destination *d = NULL;

	while (budget-- > 0 &&
	    (d = destination_step(b, &b->announce_walk, d)) != NULL) {
		if (d->xroute == NULL)
			continue;
		if (announce_judge(b, d))
			request_satisfy(b, d);
		announce_changed(b, d, HASTE_SOON);
	}
	return d != NULL;
}

/* Free the destination; its routes and its xroute are gone already. */
static void
destroy(struct babel *b, struct destination *d)
{
	struct request *request;
	struct source *source;

	if (d->change_serial != 0)
		TAILQ_REMOVE(&b->changes, d, change_entry);
	d->change_serial = 0;
	if (d->fib.state == FIB_WANTED)
		TAILQ_REMOVE(&b->fib, d, fib_entry);
	d->fib.state = FIB_IDLE;
	d->fib.has_installed = false;
	fib_forgive(b, d);
	delivery_cancel(b, d);
	debt_forgive(b, d);
	d->unsettled = true;		/* keeps it until its parts are gone */
	while ((request = request_tree_first(&d->requests)) != NULL)
		request_free(b, request);
	while ((source = source_tree_first(&d->sources)) != NULL) {
		schedule_cancel(b, &source->gc);
		source_expired(b, source);
	}
	d->unsettled = false;
	destination_release(b, d);
}

void
settle_free_all(struct babel *b)
{
	struct destination *d;

	while ((d = destination_tree_first(&b->destinations)) != NULL)
		destroy(b, d);
}
