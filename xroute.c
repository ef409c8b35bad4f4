/*
 * xroute.c - routes redistributed from the kernel.
 *
 * The redistribute filter turns a kernel route into a metric and perhaps a
 * source prefix, or denies it.  A route that it allows is kept as an offer,
 * under all that identifies the route.  Of the offers to one destination, the
 * one with the best kernel priority is the xroute, so the withdrawal of one of
 * several routes to a prefix changes no more than it must.  Of the routes that
 * no rule allows, only a few are kept, to be explained, because there may be a
 * million of them.  After a change of the filter, the kernel's routes must
 * therefore be offered again.
 */
#include "xroute.h"

#include <stdlib.h>
#include <string.h>

#include "announce.h"
#include "babel.h"
#include "counter.h"
#include "destination.h"
#include "filter.h"
#include "instance.h"
#include "policy.h"
#include "prefix.h"
#include "tree.h"
#include "util.h"

#define UNWANTED_MAX	1024		/* offers that no rule allows */

int
xroute_offer_compare(const struct xroute_offer *a,
    const struct xroute_offer *b)
{
	const struct kernel_route *x = &a->route, *y = &b->route;
	int order = destination_key_compare(&x->key, &y->key);

	if (order == 0)
		order = compare_numbers(x->table, y->table);
	if (order == 0)
		order = compare_numbers(x->priority, y->priority);
	if (order == 0)
		order = compare_numbers(x->ifindex, y->ifindex);
	if (order == 0)
		order = compare_numbers(x->proto, y->proto);
	if (order == 0)
		order = compare_numbers(x->local, y->local);
	return order;
}

/* Which of two offers to one destination is the better: our own address, then
 * the kernel's priority, then any constant order. */
static bool
offer_is_better(const struct xroute_offer *a, const struct xroute_offer *b)
{
	if (a->route.local != b->route.local)
		return a->route.local;
	if (a->route.priority != b->route.priority)
		return a->route.priority < b->route.priority;
	if (a->metric != b->metric)
		return a->metric < b->metric;
	return xroute_offer_compare(a, b) < 0;
}

/* The verdict of the filter: a metric and the destination to announce, or
 * false. */
static bool
offer_evaluate(const struct babel *b, const struct kernel_route *route,
    uint16_t *metric, struct destination_key *key)
{
	struct filter_verdict verdict;

	if (!destination_key_is_valid(&route->key))
		return false;
	verdict = policy_redistribute(b, route);
	*metric = verdict.metric;
	*key = route->key;
	if ((verdict.sets & FILTER_SETS_SRC_PREFIX) != 0)
		*key = destination_key_of(&route->key.to,
		    &verdict.src_prefix);
	return !verdict.deny && verdict.metric < INFINITY_METRIC;
}

static void
xroute_free(struct babel *b, struct xroute *xroute)
{
	struct destination *d = xroute->destination;

	notify(b, EVENT_XROUTE_FLUSH, xroute);
	d->xroute = NULL;
	b->xroute_count--;
	free(xroute);
}

/* The best offer is the xroute; without offers there is none. */
static void
xroute_refresh(struct babel *b, struct xroute *xroute, bool is_new)
{
	struct destination *d = xroute->destination;
	const struct xroute_offer *best = TAILQ_FIRST(&xroute->offers);
	bool changed;

	if (best == NULL)
		xroute_free(b, xroute);
	else {
		changed = xroute->metric != best->metric ||
		    xroute->proto != best->route.proto;
		xroute->metric = best->metric;
		xroute->proto = best->route.proto;
		xroute->priority = best->route.priority;
		if (is_new)
			notify(b, EVENT_XROUTE_ADD, xroute);
		else if (changed)
			notify(b, EVENT_XROUTE_CHANGE, xroute);
	}
	destination_unsettle(b, d);
}

static struct xroute *
xroute_get(struct babel *b, const struct destination_key *key, bool *is_new)
{
	struct destination *d = destination_get(b, key);
	struct xroute *xroute;

	*is_new = false;
	if (d == NULL || d->xroute != NULL)
		return d == NULL ? NULL : d->xroute;
	xroute = calloc(1, sizeof(*xroute));
	if (xroute == NULL) {
		count(b, COUNT_NO_MEMORY);
		destination_release(b, d);
		return NULL;
	}
	xroute->destination = d;
	TAILQ_INIT(&xroute->offers);
	d->xroute = xroute;
	b->xroute_count++;
	*is_new = true;
	return xroute;
}

static void
offer_insert(struct xroute *xroute, struct xroute_offer *offer)
{
	struct xroute_offer *other;

	offer->xroute = xroute;
	TAILQ_FOREACH(other, &xroute->offers, xroute_entry)
		if (offer_is_better(offer, other)) {
			TAILQ_INSERT_BEFORE(other, offer, xroute_entry);
			return;
		}
	TAILQ_INSERT_TAIL(&xroute->offers, offer, xroute_entry);
}

/* Take the offer out of its xroute. */
static void
offer_reject(struct babel *b, struct xroute_offer *offer)
{
	struct xroute *xroute = offer->xroute;

	if (xroute == NULL)
		return;
	TAILQ_REMOVE(&xroute->offers, offer, xroute_entry);
	offer->xroute = NULL;
	if (TAILQ_EMPTY(&xroute->offers))
		announce_withdrawn(xroute->destination, offer->route.local);
	xroute_refresh(b, xroute, false);
}

/* Put the offer under the xroute that the filter's verdict names. */
static void
offer_place(struct babel *b, struct xroute_offer *offer, uint16_t metric,
    const struct destination_key *key)
{
	struct xroute *xroute;
	bool is_new;

	if (offer->xroute != NULL && metric == offer->metric &&
	    destination_key_compare(&offer->xroute->destination->key,
	    key) == 0)
		return;
	xroute = xroute_get(b, key, &is_new);
	if (xroute == NULL)
		return;
	if (offer->xroute == NULL)
		b->unwanted_offers--;
	else if (offer->xroute == xroute)
		TAILQ_REMOVE(&xroute->offers, offer, xroute_entry);
	else
		offer_reject(b, offer);
	offer->metric = metric;
	offer_insert(xroute, offer);
	xroute_refresh(b, xroute, is_new);
}

static void
offer_free(struct babel *b, struct xroute_offer *offer)
{
	if (offer->xroute == NULL)
		b->unwanted_offers--;
	else
		offer_reject(b, offer);
	offer_tree_remove(&b->offers, offer);
	free(offer);
}

/* No rule allows the offer.  A few such offers are kept to be explained. */
static void
offer_deny(struct babel *b, struct xroute_offer *offer)
{
	if (offer->xroute == NULL)
		return;
	if (b->unwanted_offers < UNWANTED_MAX) {
		offer_reject(b, offer);
		b->unwanted_offers++;
	} else
		offer_free(b, offer);
}

/* The filter may judge the offer differently now. */
static void
offer_review(struct babel *b, struct xroute_offer *offer)
{
	struct destination_key key;
	uint16_t metric;

	if (offer_evaluate(b, &offer->route, &metric, &key))
		offer_place(b, offer, metric, &key);
	else
		offer_deny(b, offer);
}

static struct xroute_offer *
offer_new(struct babel *b, const struct kernel_route *route,
    const struct tree_place *place)
{
	struct xroute_offer *offer = calloc(1, sizeof(*offer));

	if (offer == NULL) {
		count(b, COUNT_NO_MEMORY);
		return NULL;
	}
	offer->route = *route;
	offer_tree_put(&b->offers, place, offer);
	b->unwanted_offers++;
	return offer;
}

static struct xroute_offer *
offer_find(const struct babel *b, const struct kernel_route *route)
{
	struct xroute_offer key;

	key.route = *route;
	return offer_tree_find(&b->offers, &key);
}

bool
xroute_offered(struct babel *b, const struct kernel_route *route)
{
	struct tree_place place;
	struct xroute_offer wanted, *offer;
	struct destination_key key;
	uint16_t metric;
	bool accepted = offer_evaluate(b, route, &metric, &key), mattered;

	wanted.route = *route;
	offer = offer_tree_seek(&b->offers, &wanted, &place);
	mattered = offer != NULL && offer->xroute != NULL;
	if (offer == NULL && (accepted || b->unwanted_offers < UNWANTED_MAX))
		offer = offer_new(b, route, &place);
	if (offer == NULL)
		return accepted;
	offer->route = *route;
	offer->generation = b->offer_generation;
	if (accepted)
		offer_place(b, offer, metric, &key);
	else
		offer_deny(b, offer);
	return accepted || mattered;
}

bool
xroute_withdrawn(struct babel *b, const struct kernel_route *route)
{
	struct xroute_offer *offer = offer_find(b, route);
	bool mattered = offer != NULL && offer->xroute != NULL;

	if (offer != NULL)
		offer_free(b, offer);
	return mattered;
}

unsigned int
xroute_displaced(struct babel *b, const struct kernel_route *route)
{
	struct xroute_offer first = { .route = { .key = route->key,
	    .table = route->table, .priority = route->priority } };
	struct xroute_offer *offer, *next;
	unsigned int displaced = 0;

	for (offer = offer_tree_from(&b->offers, &first); offer != NULL &&
	    offer->route.table == route->table &&
	    offer->route.priority == route->priority &&
	    destination_key_compare(&offer->route.key, &route->key) == 0;
	    offer = next) {
		next = offer_tree_next(offer);
		if (offer->route.local || (offer->route.proto == route->proto &&
		    offer->route.ifindex == route->ifindex))
			continue;
		displaced += offer->xroute != NULL;
		offer_free(b, offer);
	}
	return displaced;
}

void
xroute_sync_begin(struct babel *b)
{
	b->offer_generation++;
}

void
xroute_sync_end(struct babel *b)
{
	b->offer_complete = b->offer_generation;
	xroute_review(b);
}

void
xroute_review(struct babel *b)
{
	walk_restart(&b->offers_walk);
	job_queue_add(b, &b->offer_review);
}

/* The first offer of the next destination in a walk. */
static struct xroute_offer *
offer_step(const struct babel *b, struct walk *walk)
{
	struct xroute_offer last, *offer;

	if (walk->begun) {
		memset(&last, 0xff, sizeof(last));
		last.route.key = walk->last;
		last.route.local = true;
		offer = offer_tree_from(&b->offers, &last);
	} else
		offer = offer_tree_first(&b->offers);
	if (offer != NULL)
		walk_move(walk, &offer->route.key);
	return offer;
}

/* Look at all offers to one destination. */
static void
review_offers(struct babel *b, struct xroute_offer *offer)
{
	const struct destination_key key = offer->route.key;
	struct xroute_offer *next;

	for (; offer != NULL && destination_key_compare(&offer->route.key,
	    &key) == 0; offer = next) {
		next = offer_tree_next(offer);
		if (offer->generation < b->offer_complete)
			offer_free(b, offer);
		else
			offer_review(b, offer);
	}
}

bool
xroute_review_slice(struct babel *b)
{
	unsigned int budget = JOB_BUDGET;
	struct xroute_offer *offer = NULL;

	while (budget-- > 0 &&
	    (offer = offer_step(b, &b->offers_walk)) != NULL)
		review_offers(b, offer);
	return offer != NULL;
}

void
xroute_free_all(struct babel *b)
{
	struct xroute_offer *offer;

	while ((offer = offer_tree_first(&b->offers)) != NULL)
		offer_free(b, offer);
}
