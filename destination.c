/*
 * destination.c - the table of destinations, and the log of those that
 * have something new to announce.
 *
 * The log (babel.changes) is ordered by a serial number.  A destination
 * that changes moves to its end; an interface remembers the serial up to
 * which it has announced.  So a change costs the same however many
 * interfaces there are, nothing is queued twice, nothing overflows, and a
 * destination that is only a retraction by now is kept until everybody
 * was told.
 */
#include "destination.h"

#include <assert.h>
#include <stdlib.h>

#include "delivery.h"
#include "fib.h"
#include "request.h"

#define DESTINATION_TIMERS	4
#define REPEAT_PAUSE	(300 * MILLISECOND)

/* What counts as a change of metric worth an update of its own (section
 * 3.7.2): both this much and this part of it.  Less is the noise of lossy
 * links, and waits for the periodic update. */
#define METRIC_CHANGE_MIN	64
#define METRIC_CHANGE_PART	5
/* ... and an urgent one. */
#define METRIC_CHANGE_URGENT	512
/* A neighbour that has acknowledged a retraction may take so long to tell
 * its kernel, and an older update may be so late. */
#define RELEASE_GRACE		ON_THE_WAY

int
destination_compare(const struct destination *a, const struct destination *b)
{
	return destination_key_compare(&a->key, &b->key);
}

int
change_compare(const struct destination *a, const struct destination *b)
{
	return compare_numbers(a->change_serial, b->change_serial);
}

struct destination *
destination_find(const struct babel *b, const struct destination_key *key)
{
	struct destination wanted;

	wanted.key = *key;
	return destination_tree_find(&b->destinations, &wanted);
}

struct destination *
destination_get(struct babel *b, const struct destination_key *key)
{
	struct tree_place place;
	struct destination wanted, *d;

	wanted.key = *key;
	d = destination_tree_seek(&b->destinations, &wanted, &place);
	if (d != NULL)
		return d;
	d = calloc(1, sizeof(*d));
	if (d == NULL || schedule_reserve(b, 0, DESTINATION_TIMERS) < 0) {
		count(b, COUNT_NO_MEMORY);
		free(d);
		return NULL;
	}
	d->key = *key;
	d->announced_metric = INFINITY_METRIC;
	timer_init(&d->fib.retry, TIMER_FIB_RETRY);
	timer_init(&d->hold, TIMER_DESTINATION_HOLD);
	timer_init(&d->reselect, TIMER_DESTINATION_RESELECT);
	timer_init(&d->repeat, TIMER_DESTINATION_REPEAT);
	destination_tree_put(&b->destinations, &place, d);
	b->destination_count++;
	return d;
}

struct destination *
destination_find_in_order(struct babel *b, const struct destination_key *key)
{
	struct destination *d = b->last_found;

	if (d != NULL)
		d = destination_tree_next(d);
	if (d == NULL || destination_key_compare(&d->key, key) != 0)
		d = destination_find(b, key);
	if (d != NULL)
		b->last_found = d;
	return d;
}

/* The first one after the key. */
static struct destination *
destination_after(const struct babel *b, const struct destination_key *key)
{
	struct destination wanted;

	wanted.key = *key;
	return destination_tree_after(&b->destinations, &wanted);
}

struct destination *
destination_step(const struct babel *b, struct walk *walk,
    struct destination *previous)
{
	struct destination *d;

	if (previous != NULL)
		d = destination_tree_next(previous);
	else if (walk->begun)
		d = destination_after(b, &walk->last);
	else
		d = destination_tree_first(&b->destinations);
	if (d != NULL)
		walk_move(walk, &d->key);
	return d;
}

void
destination_release(struct babel *b, struct destination *d)
{
	if (!route_tree_is_empty(&d->routes) ||
	    !source_tree_is_empty(&d->sources) ||
	    !request_tree_is_empty(&d->requests) ||
	    d->xroute != NULL || d->held ||
	    !delivery_tree_is_empty(&d->owed) || d->change_serial != 0 ||
	    d->fib.state != FIB_IDLE ||
	    d->fib.has_installed)
		return;
	schedule_cancel(b, &d->reselect);
	schedule_cancel(b, &d->repeat);
	schedule_cancel(b, &d->fib.retry);
	if (b->last_found == d)
		b->last_found = NULL;
	destination_tree_remove(&b->destinations, d);
	schedule_unreserve(b, 0, DESTINATION_TIMERS);
	b->destination_count--;
	free(d);
}

/* Take it apart; its routes and its xroute are gone already. */
static void
destination_destroy(struct babel *b, struct destination *d)
{
	struct request *request;
	struct source *source;

	if (d->change_serial != 0)
		change_tree_remove(&b->changes, d);
	d->change_serial = 0;
	if (d->fib.state == FIB_WANTED)
		TAILQ_REMOVE(&b->fib, d, fib_entry);
	d->fib.state = FIB_IDLE;
	d->fib.has_installed = false;
	fib_forgive(b, d);
	schedule_cancel(b, &d->hold);
	delivery_cancel(b, d);
	d->held = true;			/* keeps it until its parts are gone */
	while ((request = request_tree_first(&d->requests)) != NULL)
		request_free(b, request);
	while ((source = source_tree_first(&d->sources)) != NULL) {
		schedule_cancel(b, &source->gc);
		source_expired(b, source);
	}
	d->held = false;
	destination_release(b, d);
}

void
destination_free_all(struct babel *b)
{
	struct destination *d;

	while ((d = destination_tree_first(&b->destinations)) != NULL)
		destination_destroy(b, d);
}

bool
destination_announcement(const struct babel *b, const struct destination *d,
    struct announcement *announcement)
{
	const struct route *route = d->selected;

	if (b->shutting_down)
		return false;
	if (d->xroute != NULL) {
		*announcement = (struct announcement){ b->id, b->seqno,
		    d->xroute->metric, NULL };
		return true;
	}
	if (route == NULL || route->metric == INFINITY_METRIC)
		return false;
	*announcement = (struct announcement){ route->source->id,
	    route->seqno, route->metric, route };
	return true;
}

bool
destination_filter_out(const struct babel *b, const struct destination *d,
    const struct interface *ifp, struct announcement *a)
{
	struct filter_subject subject = {
		.key = d->key,
		.id = a->id,
		.ifname = ifp->link.name,
	};
	struct filter_verdict verdict = filter_evaluate(
	    &b->conf->filters[FILTER_OUT], FILTER_OUT, &subject);

	a->metric = metric_add(a->metric, verdict.metric);
	return !verdict.deny && a->metric < INFINITY_METRIC;
}

bool
destination_may_announce(const struct babel *b, const struct destination *d)
{
	return d->xroute != NULL || d->selected == NULL ||
	    d->selected->metric == INFINITY_METRIC || fib_is_current(b, d);
}

/* Is any interface up?  Otherwise nobody would ever take a change out of
 * the log. */
static bool
somebody_listens(const struct babel *b)
{
	const struct interface *ifp;

	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		if (ifp->up)
			return true;
	return false;
}

void
destination_changed(struct babel *b, struct destination *d,
    enum haste haste)
{
	struct interface *ifp;

	if (d->change_serial != 0)
		change_tree_remove(&b->changes, d);
	d->change_serial = 0;
	d->is_repeat = false;
	if (!somebody_listens(b))
		return;
	d->change_serial = ++b->change_serial;
	change_tree_insert(&b->changes, d);
	TAILQ_FOREACH(ifp, &b->interfaces, entry) {
		if (!ifp->up)
			continue;
		if (haste == HASTE_URGENT)
			interface_flush_urgent(b, ifp);
		else if (haste == HASTE_SOON)
			interface_flush_soon(b, ifp);
		else
			interface_flush_lazy(b, ifp);
	}
}

void
destination_repeat(struct babel *b, struct destination *d, uint8_t times)
{
	d->repeats = times;
	schedule(b, &d->repeat, b->now + REPEAT_PAUSE);
}

void
destination_repeat_due(struct babel *b, struct destination *d)
{
	if (d->repeats == 0)
		return;
	/* Something newer that is not told yet makes the copy needless. */
	if (d->change_serial == 0) {
		destination_changed(b, d, HASTE_SOON);
		d->is_repeat = true;
	}
	if (--d->repeats > 0)
		schedule(b, &d->repeat, b->now + 2 * REPEAT_PAUSE);
}

struct destination *
destination_next_change(const struct babel *b, uint64_t serial)
{
	struct destination wanted;

	wanted.change_serial = serial + 1;
	return change_tree_from(&b->changes, &wanted);
}

void
destination_trim_changes(struct babel *b)
{
	uint64_t announced = b->change_serial;
	struct destination *d;
	struct interface *ifp;

	if (change_tree_is_empty(&b->changes))
		return;
	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		if (ifp->up && ifp->announced < announced)
			announced = ifp->announced;
	while ((d = change_tree_first(&b->changes)) != NULL &&
	    d->change_serial <= announced) {
		change_tree_remove(&b->changes, d);
		d->change_serial = 0;
		if (!d->announce_again) {
			d->silent_ifindex = 0;
			d->refiltered = d->asked_for = false;
		}
		destination_release(b, d);
	}
}

babel_time
destination_hold_time(const struct babel *b)
{
	const struct interface *ifp;
	babel_time interval = 0;

	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		interval = time_max(interval, ifp->conf.update_interval);
	interval = lifetime_at_neighbours(interval);
	return b->now < b->held_longer_until ?
	    time_max(interval, b->held_longer) : interval;
}

void
destination_hold_longer(struct babel *b)
{
	b->held_longer = destination_hold_time(b);
	b->held_longer_until = b->now + b->held_longer;
}

/* Nothing to announce any more: hold it (section 3.5.4) and retract.  So it
 * is, too, when it was held already, but what came instead, and is lost
 * now, has kept the retraction waiting for the kernel. */
static void
destination_retract(struct babel *b, struct destination *d)
{
	if (d->announced_metric == INFINITY_METRIC &&
	    !(d->held && d->announce_again))
		return;
	d->announced_metric = INFINITY_METRIC;
	d->announce_again = false;
	d->held = true;
	/* What we learnt and announced was installed, too. */
	d->hold_fib |= router_id_compare(&d->announced_id, &b->id) != 0;
	d->hold_until = b->now + destination_hold_time(b);
	schedule(b, &d->hold, d->hold_until);
	delivery_start(b, d);
	destination_changed(b, d, HASTE_URGENT);
}

/* Is it worth telling (section 3.7.2), and how soon?  False: no. */
static bool
judge_change(const struct destination *d, const struct announcement *now,
    enum haste *haste)
{
	int difference = (int)now->metric - (int)d->announced_metric;

	/* Where split horizon silenced us they may have lost a route; not
	 * so if ours has just become better. */
	if (difference >= METRIC_CHANGE_URGENT ||
	    (d->heard_elsewhere && difference >= 0)) {
		*haste = HASTE_URGENT;
		return true;
	}
	*haste = HASTE_SOON;
	if (d->announced_metric == INFINITY_METRIC || d->announce_again ||
	    d->heard_elsewhere)
		return true;
	*haste = HASTE_LAZY;
	if (difference < 0)
		difference = -difference;
	return difference >= METRIC_CHANGE_MIN && difference >=
	    d->announced_metric / METRIC_CHANGE_PART;
}

/* Does the output filter of an interface deny it now, and not what was last
 * announced?  It may be about the router-id, or add to the metric. */
static bool
is_denied_now(const struct babel *b, const struct destination *d,
    const struct announcement *now)
{
	const struct interface *ifp;
	struct announcement old, new;

	if (b->conf->filters[FILTER_OUT].count == 0)
		return false;
	TAILQ_FOREACH(ifp, &b->interfaces, entry) {
		old = (struct announcement){ .id = d->announced_id,
			.metric = d->held_metric };
		new = *now;
		if (ifp->up && destination_filter_out(b, d, ifp, &old) &&
		    !destination_filter_out(b, d, ifp, &new))
			return true;
	}
	return false;
}

/* Split horizon is for those who go on believing what is still so: who was
 * told of another source there, by an answer or before we were silent, is
 * owed a retraction. */
static void
note_another_source(const struct babel *b, struct destination *d,
    const struct route *route)
{
	const struct interface *ifp;

	if (route == NULL)
		return;
	ifp = route->neighbour->interface;
	if (route_is_silent_on(b, route, ifp))
		d->silent_ifindex = ifp->link.ifindex;
}

void
destination_evaluate(struct babel *b, struct destination *d)
{
	struct announcement now;
	enum haste haste;
	bool back, believed, other_id;

	if (!destination_announcement(b, d, &now)) {
		destination_retract(b, d);
		return;
	}
	if (!destination_may_announce(b, d))
		return;
	d->held = d->hold_fib = false;
	schedule_cancel(b, &d->hold);
	back = d->announced_metric == INFINITY_METRIC;
	/* A retraction that is not told to all yet may never be. */
	believed = !back || d->change_serial != 0;
	other_id = believed &&
	    router_id_compare(&d->announced_id, &now.id) != 0;
	if (judge_change(d, &now, &haste) || other_id) {
		d->refiltered |= believed && is_denied_now(b, d, &now);
		d->announced_id = now.id;
		d->announced_metric = d->held_metric = now.metric;
		d->announce_again = d->heard_elsewhere = false;
		destination_changed(b, d, other_id ? HASTE_URGENT : haste);
		if (other_id) {
			note_another_source(b, d, now.route);
			delivery_start(b, d);
		} else if (back)
			delivery_cancel(b, d);	/* of the retraction */
	}
	request_satisfy(b, d);
}

void
destination_suspect(struct babel *b, struct destination *d,
    struct neighbour *n, const struct router_id *id, uint16_t metric)
{
	if (!d->held || metric <= d->held_metric ||
	    router_id_compare(id, &d->announced_id) != 0)
		return;
	delivery_repeat(b, d, n);
	if (!delivery_tree_is_empty(&d->owed))
		schedule(b, &d->hold, d->hold_until);
}

void
destination_hold_release(struct babel *b, struct destination *d)
{
	schedule_advance(b, &d->hold, b->now + RELEASE_GRACE);
}

void
destination_hold_expired(struct babel *b, struct destination *d)
{
	d->hold_fib = false;
	fib_update(b, d);
	if (b->now < d->hold_until) {
		schedule(b, &d->hold, d->hold_until);
		return;
	}
	d->held = false;
	destination_release(b, d);
}
