/*
 * announce.c - what we announce of a destination: whether a change is worth an
 * update (RFC 8966, section 3.7.2), the hold time (3.5.4), and the retractions
 * that split horizon (3.7.4) makes necessary.
 *
 * Changes to announce are logged in a queue, babel.changes.  A destination that
 * changes again moves to its end; an interface has a cursor, the first change
 * that it has not announced.  So a change is logged once however many
 * interfaces there are, the log never overflows, and a destination that is only
 * a retraction by now is kept until all interfaces have announced it.
 */
#include "announce.h"

#include "babel.h"
#include "configuration.h"
#include "debt.h"
#include "delivery.h"
#include "destination.h"
#include "fib.h"
#include "filter.h"
#include "instance.h"
#include "interface.h"
#include "message.h"
#include "neighbour.h"
#include "policy.h"
#include "prefix.h"
#include "route.h"
#include "source.h"
#include "tree.h"
#include "util.h"
#include "xroute.h"

/* A change of metric is worth an update of its own (section 3.7.2) if it is at
 * least this much and this part of the metric. */
#define METRIC_CHANGE_MIN	64
#define METRIC_CHANGE_PART	5
/* ... and an urgent update. */
#define METRIC_CHANGE_URGENT	512
/* A smaller change of at least this much, a part of any link's cost, is
 * announced only when nothing has been announced for SMALL_CHANGE_HELLOS
 * Hellos.  If it waited for the periodic update, one hop after the other, a
 * large network would take minutes to settle.  An even smaller one, the noise
 * of lossy links, waits for the periodic update. */
#define METRIC_CHANGE_SMALL	24
#define SMALL_CHANGE_HELLOS	2

bool
announce_content(const struct babel *b, const struct destination *d,
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
announce_filter(const struct babel *b, const struct destination *d,
    const struct interface *ifp, struct announcement *a)
{
	a->metric = metric_add(a->metric, policy_output_metric(b, ifp,
	    &d->key, &a->id));
	return a->metric < INFINITY_METRIC;
}

bool
announce_is_ready(const struct babel *b, const struct destination *d)
{
	return d->xroute != NULL || d->selected == NULL ||
	    d->selected->metric == INFINITY_METRIC || fib_is_current(b, d);
}

/* Is any interface up?  Otherwise nothing would ever take a change out of the
 * log. */
static bool
somebody_listens(const struct babel *b)
{
	const struct interface *ifp;

	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		if (ifp->up)
			return true;
	return false;
}

/* Remove the destination from the log of changes, if it is there. */
static void
log_remove(struct babel *b, struct destination *d)
{
	struct interface *ifp;

	if (d->change_serial == 0)
		return;
	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		if (ifp->next_change == d)
			ifp->next_change = TAILQ_NEXT(d, change_entry);
	TAILQ_REMOVE(&b->changes, d, change_entry);
	d->change_serial = 0;
}

void
announce_changed(struct babel *b, struct destination *d,
    enum haste haste)
{
	struct interface *ifp;

	log_remove(b, d);
	debt_pay(d, DEBT_COPY);
	if (!somebody_listens(b))
		return;
	d->change_serial = ++b->change_serial;
	TAILQ_INSERT_TAIL(&b->changes, d, change_entry);
	TAILQ_FOREACH(ifp, &b->interfaces, entry) {
		if (!ifp->up)
			continue;
		if (ifp->next_change == NULL)
			ifp->next_change = d;
		if (haste == HASTE_URGENT)
			interface_send_urgently(b, ifp);
		else if (haste == HASTE_SOON)
			interface_send_soon(b, ifp);
		else
			interface_send_lazily(b, ifp);
	}
}

void
announce_repeat_due(struct babel *b, struct destination *d)
{
	if (!debt_take_copy(b, d))
		return;
	/* A newer change that is not announced yet makes the repetition
	 * unnecessary. */
	if (d->change_serial == 0) {
		announce_changed(b, d, HASTE_SOON);
		debt_owe(d, DEBT_COPY);
	}
	debt_tidy(b, d);
	destination_release(b, d);
}

void
announce_trim(struct babel *b)
{
	uint64_t oldest = UINT64_MAX;	/* not announced everywhere yet */
	struct destination *d;
	struct interface *ifp;

	if (TAILQ_EMPTY(&b->changes))
		return;
	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		if (ifp->next_change != NULL &&
		    ifp->next_change->change_serial < oldest)
			oldest = ifp->next_change->change_serial;
	while ((d = TAILQ_FIRST(&b->changes)) != NULL &&
	    d->change_serial < oldest) {
		TAILQ_REMOVE(&b->changes, d, change_entry);
		d->change_serial = 0;
		if (!debt_is(d, DEBT_NEWS)) {
			debt_silence(d, 0);
			debt_pay(d, DEBT_DENIAL | DEBT_ANSWER);
		}
		destination_release(b, d);
	}
}

/* The present announcement must be delivered to every neighbour that may be
 * using us for the destination, instead of an earlier one. */
static void
owe_delivery(struct babel *b, struct destination *d)
{
	/* A neighbour that we lost may still receive our packets, and use
	 * us. */
	debt_set_undelivered(d, b->neighbour_lost != 0 &&
	    b->now - b->neighbour_lost < interface_hold_time(b));
	if (delivery_start(b, d))
		debt_repeat(b, d);
}

/* There is nothing to announce any more: hold the destination (section
 * 3.5.4) and retract it.  This applies also when it is held already, but its
 * replacement, which is lost now, has made the retraction wait for the
 * kernel. */
static void
retract(struct babel *b, struct destination *d)
{
	if (d->announced_metric == INFINITY_METRIC &&
	    !(debt_is(d, DEBT_HOLD) && debt_is(d, DEBT_NEWS)))
		return;
	debt_pay(d, DEBT_NEWS);
	debt_hold(b, d, d->announced_metric);
	/* What we learnt and announced was installed, too. */
	if (router_id_compare(&d->announced_id, &b->id) != 0)
		debt_owe(d, DEBT_BARRIER);
	d->announced_metric = INFINITY_METRIC;
	owe_delivery(b, d);
	announce_changed(b, d, HASTE_URGENT);
}

/* A change that may be noise: may it be told now?  If not yet, it is
 * looked at again. */
static bool
judge_small_change(struct babel *b, struct destination *d,
    const struct announcement *now, int difference)
{
	babel_time due;

	if (now->route == NULL || difference < METRIC_CHANGE_SMALL)
		return false;
	due = d->announced_at + SMALL_CHANGE_HELLOS *
	    now->route->neighbour->interface->conf.hello_interval;
	if (b->now >= due)
		return true;
	schedule_advance(b, &d->reselect, due);
	return false;
}

/* Is the change worth an update (section 3.7.2), and how soon?  False if
 * not. */
static bool
judge_change(struct babel *b, struct destination *d,
    const struct announcement *now, enum haste *haste)
{
	int difference = (int)now->metric - (int)d->announced_metric;

	/* Where split horizon silenced us, neighbours may have lost a route;
	 * not if ours has just become better. */
	if (difference >= METRIC_CHANGE_URGENT ||
	    (debt_is(d, DEBT_OTHERS) && difference >= 0)) {
		*haste = HASTE_URGENT;
		return true;
	}
	*haste = HASTE_SOON;
	if (d->announced_metric == INFINITY_METRIC ||
	    debt_is(d, DEBT_NEWS) || debt_is(d, DEBT_OTHERS))
		return true;
	if (difference < 0)
		difference = -difference;
	if (difference < METRIC_CHANGE_MIN ||
	    difference < d->announced_metric / METRIC_CHANGE_PART)
		return judge_small_change(b, d, now, difference);
	*haste = HASTE_LAZY;
	return true;
}

/* Does the output filter of an interface deny it now, and not the metric
 * and router-id that were last announced? */
static bool
is_denied_now(const struct babel *b, const struct destination *d,
    uint16_t last_metric, const struct announcement *now)
{
	const struct interface *ifp;
	struct announcement old, new;

	if (b->conf->filters[FILTER_OUT].count == 0)
		return false;
	TAILQ_FOREACH(ifp, &b->interfaces, entry) {
		old = (struct announcement){ .id = d->announced_id,
			.metric = last_metric };
		new = *now;
		if (ifp->up && announce_filter(b, d, ifp, &old) &&
		    !announce_filter(b, d, ifp, &new))
			return true;
	}
	return false;
}

bool
announce_is_silent(const struct babel *b, const struct route *route,
    const struct interface *ifp)
{
	return route->neighbour->interface == ifp &&
	    ifp->conf.split_horizon && !interface_has_static(b, ifp);
}

/* Split horizon suppresses updates only while the neighbours' information is
 * unchanged.  Neighbours on a link that was sent a different source, in an
 * answer or before we were silent, must be sent a retraction. */
static void
note_another_source(const struct babel *b, struct destination *d,
    const struct route *route)
{
	const struct interface *ifp;

	if (route == NULL)
		return;
	ifp = route->neighbour->interface;
	if (announce_is_silent(b, route, ifp))
		debt_silence(d, ifp->link.ifindex);
}

/* Split horizon silences the destination on the link that its route comes from
 * now.  Neighbours there that used us, for another route or for our own, must
 * be sent a retraction.  On the link that the route came from before, the
 * destination has not been announced yet. */
static void
note_silence(const struct babel *b, struct destination *d,
    const struct route *old, const struct route *selected)
{
	const struct interface *from, *to;

	if (old == NULL && d->change_serial != 0)
		old = destination_last_route(d);	/* not retracted yet */
	if (selected == NULL || (old == NULL &&
	    d->announced_metric == INFINITY_METRIC && d->change_serial == 0))
		return;
	from = old == NULL ? NULL : old->neighbour->interface;
	to = selected->neighbour->interface;
	if (from == to)
		return;
	if (announce_is_silent(b, selected, to)) {
		debt_silence(d, to->link.ifindex);
		debt_owe(d, DEBT_OTHERS);
	}
	if (from != NULL && announce_is_silent(b, old, from))
		debt_owe(d, DEBT_OTHERS);
}

void
announce_switched(struct babel *b, struct destination *d,
    const struct route *old)
{
	note_silence(b, d, old, d->selected);
}

bool
announce_judge(struct babel *b, struct destination *d)
{
	struct announcement now;
	enum haste haste;
	uint16_t last_metric;
	bool back, believed, other_id;

	if (!announce_content(b, d, &now)) {
		retract(b, d);
		return false;
	}
	if (!announce_is_ready(b, d))
		return false;
	back = d->announced_metric == INFINITY_METRIC;
	last_metric = back ? debt_last_metric(d) : d->announced_metric;
	debt_end_hold(b, d);
	/* A retraction that not every interface has sent yet may never be
	 * sent. */
	believed = !back || d->change_serial != 0;
	other_id = believed &&
	    router_id_compare(&d->announced_id, &now.id) != 0;
	if (judge_change(b, d, &now, &haste) || other_id) {
		if (believed && is_denied_now(b, d, last_metric, &now))
			debt_owe(d, DEBT_DENIAL);
		d->announced_id = now.id;
		d->announced_metric = now.metric;
		d->announced_at = b->now;
		debt_pay(d, DEBT_NEWS | DEBT_OTHERS);
		announce_changed(b, d, other_id ? HASTE_URGENT : haste);
		if (other_id) {
			note_another_source(b, d, now.route);
			owe_delivery(b, d);
		} else if (back)
			delivery_cancel(b, d);	/* of the retraction */
	}
	return true;
}

void
announce_withdrawn(struct destination *d, bool local)
{
	if (!local)
		debt_owe(d, DEBT_BARRIER);
}

void
announce_suspect(struct babel *b, struct neighbour *n,
    const struct update *update)
{
	struct destination *d = destination_find(b, &update->key);

	if (d == NULL || !debt_is(d, DEBT_HOLD) ||
	    update->metric <= debt_last_metric(d) ||
	    router_id_compare(&update->id, &d->announced_id) != 0)
		return;
	delivery_repeat(b, d, n);
	if (!delivery_is_over(d))
		debt_hold_on(b, d);
}

void
announce_hold_expired(struct babel *b, struct destination *d)
{
	const bool lasts = debt_lift_barrier(b, d);

	fib_update(b, d);
	if (lasts)
		return;
	debt_end_hold(b, d);
	destination_release(b, d);
}

void
announce_unrecorded_due(struct babel *b)
{
	struct destination *d, *next;

	TREE_FOREACH_SAFE(d, destination_tree, &b->destinations, next)
		if (debt_is(d, DEBT_HOLD) && d->debts.record == NULL)
			announce_hold_expired(b, d);
}
