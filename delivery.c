/*
 * delivery.c - updates that must arrive.
 *
 * Where few neighbours share a link, the update is sent to each until it is
 * acknowledged.  Where many do, that would cause a storm: there the update is
 * repeated instead, and the hold time runs to its end, as it also does when a
 * neighbour never acknowledges.
 */
#include "delivery.h"

#include <stdlib.h>

#include "debt.h"
#include "destination.h"
#include "instance.h"
#include "interface.h"
#include "neighbour.h"
#include "outbox.h"
#include "response.h"
#include "timer.h"
#include "tree.h"
#include "util.h"

#define OWED_MAX	1024		/* to one neighbour */
#define RESEND_MARGIN	(100 * MILLISECOND)
#define RESEND_TIME	(DELIVERY_ACK_TIME + RESEND_MARGIN)	/* at least */
/* The time that a neighbour may take to change its kernel after it has
 * acknowledged a retraction, or that an older update may be late. */
#define RELEASE_GRACE	ON_THE_WAY

int
delivery_compare(const struct delivery *a, const struct delivery *b)
{
	return compare_numbers(a->order, b->order);
}

/* The place of a neighbour, or of the first one on the interface. */
static uint64_t
order_of(const struct interface *ifp, const struct neighbour *n)
{
	return (uint64_t)ifp->id << 32 | (n == NULL ? 0 : n->id);
}

static void
delivery_free(struct babel *b, struct delivery *delivery)
{
	struct neighbour *n = delivery->neighbour;

	TAILQ_REMOVE(&n->owed, delivery, neighbour_entry);
	delivery_tree_remove(&delivery->destination->debts.record->owed,
	    delivery);
	n->owed_count--;
	if (n->owed_count == 0)
		schedule_cancel(b, &n->resend);
	free(delivery);
}

/* A delivery succeeded, or never will.  When all have succeeded, no neighbour
 * routes through us. */
static void
delivery_end(struct babel *b, struct delivery *delivery, bool acked)
{
	struct destination *d = delivery->destination;

	if (!acked)
		debt_set_undelivered(d, true);
	delivery_free(b, delivery);
	if (!delivery_is_over(d))
		return;
	if (debt_is(d, DEBT_HOLD) && !debt_is_undelivered(d)) {
		debt_hold_less(b, d, b->now +
		    time_max(RELEASE_GRACE, b->longest_response));
		return;
	}
	debt_tidy(b, d);
	destination_release(b, d);
}

bool
delivery_is_over(const struct destination *d)
{
	return d->debts.record == NULL ||
	    delivery_tree_is_empty(&d->debts.record->owed);
}

void
delivery_cancel(struct babel *b, struct destination *d)
{
	struct delivery *delivery;

	if (d->debts.record == NULL)
		return;
	while ((delivery = delivery_tree_first(&d->debts.record->owed)) !=
	    NULL)
		delivery_free(b, delivery);
	debt_tidy(b, d);
}

/* A copy counts as lost when no acknowledgment has come by then.  A link that
 * has not been measured yet is taken for a fast one, because an unnecessary
 * copy is cheap. */
static babel_time
resend_time(const struct neighbour *n)
{
	return n->response.mean == 0 ? RESEND_TIME :
	    response_time(&n->response, RESEND_TIME);
}

static void
delivery_add(struct babel *b, struct destination *d, struct neighbour *n)
{
	struct debt_record *record = debt_record(b, d);
	struct delivery *delivery = NULL;

	if (record != NULL && n->owed_count < OWED_MAX)
		delivery = calloc(1, sizeof(*delivery));
	if (delivery == NULL) {
		debt_set_undelivered(d, true);
		debt_tidy(b, d);
		return;
	}
	delivery->neighbour = n;
	delivery->destination = d;
	delivery->order = order_of(n->interface, n);
	TAILQ_INSERT_TAIL(&n->owed, delivery, neighbour_entry);
	delivery_tree_insert(&record->owed, delivery);
	n->owed_count++;
	if (!timer_is_set(&n->resend))
		schedule(b, &n->resend, b->now + resend_time(n));
}

bool
delivery_start(struct babel *b, struct destination *d)
{
	struct interface *ifp;
	struct neighbour *n;
	bool crowd = false;

	delivery_cancel(b, d);
	TAILQ_FOREACH(ifp, &b->interfaces, entry) {
		if (!ifp->up || !interface_understands(ifp, &d->key))
			continue;
		if (interface_is_crowded(ifp))
			crowd = true;
		TREE_FOREACH(n, neighbour_tree, &ifp->neighbours) {
			/* A silent neighbour may still use us, and cannot be
			 * asked. */
			if (!neighbour_is_reachable(n) ||
			    interface_is_crowded(ifp))
				debt_set_undelivered(d, true);
			else
				delivery_add(b, d, n);
		}
	}
	return crowd;
}

void
delivery_repeat(struct babel *b, struct destination *d, struct neighbour *n)
{
	struct outbox_item item = { .kind = OUTBOX_UPDATE, .key = d->key };

	if (delivery_is_owed(d, n->interface, n))
		return;
	if (neighbour_is_reachable(n) && !interface_is_crowded(n->interface))
		delivery_add(b, d, n);
	neighbour_queue(b, n, &item, true);
}

static bool
is_for(const struct delivery *delivery, const struct interface *ifp,
    const struct neighbour *n)
{
	return n == NULL ? delivery->neighbour->interface == ifp :
	    delivery->neighbour == n;
}

/* The first delivery to these neighbours, or NULL. */
static struct delivery *
delivery_first(const struct destination *d, const struct interface *ifp,
    const struct neighbour *n)
{
	struct delivery key, *delivery;

	if (delivery_is_over(d))
		return NULL;
	key.order = order_of(ifp, n);
	delivery = delivery_tree_from(&d->debts.record->owed, &key);
	return delivery != NULL && is_for(delivery, ifp, n) ? delivery : NULL;
}

bool
delivery_is_owed(const struct destination *d, const struct interface *ifp,
    const struct neighbour *n)
{
	return delivery_first(d, ifp, n) != NULL;
}

void
delivery_sent(struct destination *d, const struct interface *ifp,
    const struct neighbour *n, uint16_t opaque)
{
	struct delivery *delivery = delivery_first(d, ifp, n);

	while (delivery != NULL && is_for(delivery, ifp, n)) {
		if (delivery->copies < DELIVERY_COPIES)
			delivery->opaques[delivery->copies++] = opaque;
		delivery = delivery_tree_next(delivery);
	}
}

/* Any copy may be the one that arrived, even after the next one was sent. */
static bool
has_opaque(const struct delivery *delivery, uint16_t opaque)
{
	uint8_t i;

	for (i = 0; i < delivery->copies; i++)
		if (delivery->opaques[i] == opaque)
			return true;
	return false;
}

void
delivery_acked(struct babel *b, struct neighbour *n, uint16_t opaque)
{
	struct delivery *delivery, *next;

	for (delivery = TAILQ_FIRST(&n->owed); delivery != NULL;
	    delivery = next) {
		next = TAILQ_NEXT(delivery, neighbour_entry);
		if (has_opaque(delivery, opaque))
			delivery_end(b, delivery, true);
	}
}

void
delivery_resend_due(struct babel *b, struct neighbour *n)
{
	struct delivery *delivery, *next;
	struct outbox_item item = { .kind = OUTBOX_UPDATE };
	unsigned int most = 0;

	for (delivery = TAILQ_FIRST(&n->owed); delivery != NULL;
	    delivery = next) {
		next = TAILQ_NEXT(delivery, neighbour_entry);
		item.key = delivery->destination->key;
		if (delivery->copies >= DELIVERY_COPIES ||
		    !interface_understands(n->interface, &item.key)) {
			delivery_end(b, delivery, false);
			continue;
		}
		if (delivery->copies > most)
			most = delivery->copies;
		neighbour_queue(b, n, &item, true);
	}
	/* Copies are sent at growing intervals (section 3.7.2). */
	if (!TAILQ_EMPTY(&n->owed))
		schedule(b, &n->resend, b->now +
		    (resend_time(n) << most));
}

void
delivery_forget(struct babel *b, struct neighbour *n)
{
	struct delivery *delivery;

	while ((delivery = TAILQ_FIRST(&n->owed)) != NULL)
		delivery_end(b, delivery, false);
}
