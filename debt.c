/*
 * debt.c - what must still be announced about a destination, and to whom.
 */
#include "debt.h"

#include <stdlib.h>

#include "counter.h"
#include "delivery.h"
#include "destination.h"
#include "instance.h"
#include "interface.h"
#include "timer.h"
#include "util.h"

#define RECORD_TIMERS	2

/* Where many neighbours share a link, the update is repeated. */
#define REPEATS		2
#define REPEAT_PAUSE	(300 * MILLISECOND)

bool
debt_is(const struct destination *d, enum debt debt)
{
	return (d->debts.states & debt) != 0;
}

void
debt_owe(struct destination *d, enum debt debt)
{
	d->debts.states |= (uint8_t)debt;
}

void
debt_pay(struct destination *d, unsigned int debts)
{
	d->debts.states &= (uint8_t)~debts;
}

unsigned int
debt_silent_ifindex(const struct destination *d)
{
	return d->debts.silent_ifindex;
}

void
debt_silence(struct destination *d, unsigned int ifindex)
{
	d->debts.silent_ifindex = ifindex;
}

static void
begin_hold(struct babel *b, struct debt_record *record)
{
	record->hold_until = b->now + interface_hold_time(b);
	schedule(b, &record->hold, record->hold_until);
}

struct debt_record *
debt_record(struct babel *b, struct destination *d)
{
	struct debt_record *record = d->debts.record;

	if (record != NULL)
		return record;
	record = calloc(1, sizeof(*record));
	if (record == NULL || schedule_reserve(b, 0, RECORD_TIMERS) < 0) {
		count(b, COUNT_NO_MEMORY);
		free(record);
		return NULL;
	}
	record->destination = d;
	timer_init(&record->hold, TIMER_DESTINATION_HOLD);
	timer_init(&record->repeat, TIMER_DESTINATION_REPEAT);
	d->debts.record = record;
	if (debt_is(d, DEBT_HOLD)) {	/* it had no record */
		record->undelivered = true;
		begin_hold(b, record);
	}
	return record;
}

static void
record_free(struct babel *b, struct destination *d)
{
	struct debt_record *record = d->debts.record;

	schedule_cancel(b, &record->hold);
	schedule_cancel(b, &record->repeat);
	schedule_unreserve(b, 0, RECORD_TIMERS);
	free(record);
	d->debts.record = NULL;
}

void
debt_tidy(struct babel *b, struct destination *d)
{
	const struct debt_record *record = d->debts.record;

	if (record != NULL && !debt_is(d, DEBT_HOLD) &&
	    record->repeats == 0 && delivery_tree_is_empty(&record->owed))
		record_free(b, d);
}

void
debt_hold(struct babel *b, struct destination *d, uint16_t last_metric)
{
	struct debt_record *record = debt_record(b, d);

	debt_owe(d, DEBT_HOLD);
	if (record == NULL) {
		schedule_unrecorded(b, b->now + interface_hold_time(b));
		return;
	}
	if (last_metric != INFINITY_METRIC)
		record->last_metric = last_metric;
	begin_hold(b, record);
}

void
debt_hold_less(struct babel *b, struct destination *d, babel_time until)
{
	if (d->debts.record != NULL)
		schedule_advance(b, &d->debts.record->hold, until);
}

void
debt_hold_on(struct babel *b, struct destination *d)
{
	struct debt_record *record = d->debts.record;

	if (record != NULL)
		schedule(b, &record->hold, record->hold_until);
}

bool
debt_lift_barrier(struct babel *b, struct destination *d)
{
	const struct debt_record *record = d->debts.record;

	debt_pay(d, DEBT_BARRIER);
	if (record == NULL || b->now >= record->hold_until)
		return false;
	debt_hold_on(b, d);
	return true;
}

void
debt_end_hold(struct babel *b, struct destination *d)
{
	debt_pay(d, DEBT_HOLD | DEBT_BARRIER);
	if (d->debts.record == NULL)
		return;
	schedule_cancel(b, &d->debts.record->hold);
	debt_tidy(b, d);
}

uint16_t
debt_last_metric(const struct destination *d)
{
	return d->debts.record == NULL ? 0 : d->debts.record->last_metric;
}

bool
debt_is_undelivered(const struct destination *d)
{
	return d->debts.record == NULL || d->debts.record->undelivered;
}

void
debt_set_undelivered(struct destination *d, bool undelivered)
{
	if (d->debts.record != NULL)
		d->debts.record->undelivered = undelivered;
}

void
debt_repeat(struct babel *b, struct destination *d)
{
	struct debt_record *record = debt_record(b, d);

	if (record == NULL)
		return;
	record->repeats = REPEATS;
	schedule(b, &record->repeat, b->now + REPEAT_PAUSE);
}

bool
debt_take_copy(struct babel *b, struct destination *d)
{
	struct debt_record *record = d->debts.record;

	if (record == NULL || record->repeats == 0)
		return false;
	if (--record->repeats > 0)
		schedule(b, &record->repeat, b->now + 2 * REPEAT_PAUSE);
	return true;
}

void
debt_forgive(struct babel *b, struct destination *d)
{
	if (d->debts.record != NULL)
		record_free(b, d);
	d->debts.states = 0;
	d->debts.silent_ifindex = 0;
}
