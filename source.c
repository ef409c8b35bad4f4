/*
 * source.c - feasibility distances (RFC 8966, sections 3.2.5, 3.5.1 and 3.7.3).
 *
 * The distance of a source is the best (seqno, metric) that we ever announced
 * for it.  It only becomes better, until nobody can use our announcements any
 * more (lifetime.h); then it is forgotten.  This file and the selection in
 * select.c keep routing free of loops.
 */
#include "source.h"

#include <assert.h>
#include <stdlib.h>

#include "counter.h"
#include "destination.h"
#include "instance.h"
#include "lifetime.h"
#include "prefix.h"
#include "route.h"
#include "timer.h"
#include "tree.h"
#include "util.h"

int
source_compare(const struct source *a, const struct source *b)
{
	return router_id_compare(&a->id, &b->id);
}

/* Strictly better (section 3.5.1). */
static bool
distance_less(uint16_t seqno, uint16_t metric, const struct source *than)
{
	return seqno_less(than->seqno, seqno) ||
	    (seqno == than->seqno && metric < than->metric);
}

bool
source_is_feasible(const struct source *source, uint16_t seqno,
    uint16_t metric)
{
	if (metric == INFINITY_METRIC || source == NULL ||
	    !source->has_distance)
		return true;
	return distance_less(seqno, metric, source);
}

struct source *
source_find(const struct destination *d, const struct router_id *id)
{
	struct source key;

	key.id = *id;
	return source_tree_find(&d->sources, &key);
}

struct source *
source_acquire(struct babel *b, struct destination *d,
    const struct router_id *id)
{
	struct tree_place place;
	struct source key, *source;

	key.id = *id;
	source = source_tree_seek(&d->sources, &key, &place);
	if (source == NULL) {
		source = calloc(1, sizeof(*source));
		if (source == NULL || schedule_reserve(b, 0, 1) < 0) {
			count(b, COUNT_NO_MEMORY);
			free(source);
			return NULL;
		}
		source->destination = d;
		source->id = *id;
		timer_init(&source->gc, TIMER_SOURCE_GC);
		source_tree_put(&d->sources, &place, source);
		b->source_count++;
	}
	source->references++;
	return source;
}

/* Free it when neither routes nor the distance need it. */
static void
source_free_unused(struct babel *b, struct source *source)
{
	if (source->references > 0 || source->has_distance)
		return;
	source_tree_remove(&source->destination->sources, source);
	schedule_unreserve(b, 0, 1);
	b->source_count--;
	free(source);
}

void
source_release(struct babel *b, struct source *source)
{
	assert(source->references > 0);
	source->references--;
	source_free_unused(b, source);
}

bool
source_announce(struct babel *b, struct destination *d,
    const struct announcement *a, babel_time interval)
{
	struct source *source = source_acquire(b, d, &a->id);

	if (source == NULL)
		return false;
	if (!source->has_distance ||
	    distance_less(a->seqno, a->metric, source)) {
		source->seqno = a->seqno;
		source->metric = a->metric;
		source->has_distance = true;
	}
	/* The timer is left to fire early, because that is cheaper than moving
	 * it each time. */
	source->expires = time_max(source->expires,
	    b->now + lifetime_of_source(interval));
	if (!timer_is_set(&source->gc))
		schedule(b, &source->gc, source->expires);
	source->references--;
	return true;
}

void
source_gc_due(struct babel *b, struct source *source)
{
	struct destination *d = source->destination;

	if (b->now < source->expires) {
		schedule(b, &source->gc, source->expires);
		return;
	}
	source->has_distance = false; /* what was unfeasible is feasible now */
	if (d->selected == NULL && !route_tree_is_empty(&d->routes))
		destination_unsettle(b, d);
	source_expired(b, source);
}

void
source_expired(struct babel *b, struct source *source)
{
	struct destination *d = source->destination;

	source->has_distance = false;
	source_free_unused(b, source);
	destination_release(b, d);
}
