/*
 * destination.c - the table of destinations, and the marks of those that must
 * be settled.
 */
#include "destination.h"

#include <stdlib.h>

#include "counter.h"
#include "debt.h"
#include "instance.h"
#include "prefix.h"
#include "request.h"
#include "route.h"
#include "source.h"
#include "timer.h"
#include "tree.h"
#include "util.h"

#define DESTINATION_TIMERS	2

int
destination_compare(const struct destination *a, const struct destination *b)
{
	return destination_key_compare(&a->key, &b->key);
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
	timer_init(&d->reselect, TIMER_DESTINATION_RESELECT);
	destination_tree_put(&b->destinations, &place, d);
	b->destination_count++;
	return d;
}

/* The destination after the last one that was found, if it is the one of
 * the key. */
static struct destination *
find_next(const struct babel *b, const struct destination_key *key)
{
	struct destination *d = b->last_found;

	if (d != NULL)
		d = destination_tree_next(d);
	return d != NULL && destination_key_compare(&d->key, key) == 0 ? d :
	    NULL;
}

struct destination *
destination_find_in_order(struct babel *b, const struct destination_key *key)
{
	struct destination *d = find_next(b, key);

	if (d == NULL)
		d = destination_find(b, key);
	if (d != NULL)
		b->last_found = d;
	return d;
}

struct destination *
destination_get_in_order(struct babel *b, const struct destination_key *key)
{
	struct destination *d = find_next(b, key);

	if (d == NULL)
		d = destination_get(b, key);
	if (d != NULL)
		b->last_found = d;
	return d;
}

/* The first destination after the key. */
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
destination_unsettle(struct babel *b, struct destination *d)
{
	if (d->unsettled)
		return;
	d->unsettled = true;
	STAILQ_INSERT_TAIL(&b->unsettled, d, unsettled_entry);
}

struct route *
destination_last_route(const struct destination *d)
{
	struct route *route;

	TREE_FOREACH(route, route_tree, &d->routes)
		if (route->id == d->last_route)
			return route;
	return NULL;
}

void
destination_release(struct babel *b, struct destination *d)
{
	if (!route_tree_is_empty(&d->routes) ||
	    !source_tree_is_empty(&d->sources) ||
	    !request_tree_is_empty(&d->requests) ||
	    d->xroute != NULL || d->unsettled || d->change_serial != 0 ||
	    d->debts.record != NULL || debt_is(d, DEBT_HOLD) ||
	    d->fib.state != FIB_IDLE ||
	    d->fib.has_installed)
		return;
	schedule_cancel(b, &d->reselect);
	schedule_cancel(b, &d->fib.retry);
	if (b->last_found == d)
		b->last_found = NULL;
	destination_tree_remove(&b->destinations, d);
	schedule_unreserve(b, 0, DESTINATION_TIMERS);
	b->destination_count--;
	free(d);
}
