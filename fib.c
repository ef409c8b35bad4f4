/*
 * fib.c - the kernel's forwarding table: what we want in it, and what it
 * has.
 *
 * Each destination has one slot: what is installed as the kernel
 * acknowledged it, and a state.  A wish that differs queues the
 * destination; fib_submit asks for one change at a time, so a route that
 * flaps while the kernel is busy costs one change.  A place (table and
 * priority) where somebody else has a route is left to it: ours goes to the
 * next free priority, and back when that route is gone.  Routes that the
 * kernel refuses are barred from selection until a retry, with a delay
 * that doubles.  A destination that is held (RFC 8966, section 3.5.4)
 * wants an unreachable entry, so that no shorter prefix catches its
 * packets.
 */
#include "fib.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "babel.h"
#include "configuration.h"
#include "counter.h"
#include "debt.h"
#include "destination.h"
#include "filter.h"
#include "instance.h"
#include "interface.h"
#include "neighbour.h"
#include "policy.h"
#include "prefix.h"
#include "route.h"
#include "timer.h"
#include "util.h"

#define RETRY_FIRST		SECOND
#define RETRY_DOUBLINGS		6
#define REFUSED_MAX		16	/* then no other is tried either */
#define BESIDE_MAX		16	/* places of others to pass by */
#define BESIDE_RETRY		MINUTE	/* has the place become free? */
#define PRIORITY_IPV6		1024	/* what 0 means to the kernel */
#define PRIORITY_LAST		65534	/* with reflect-kernel-metric */
#define PRIORITY_HELD		UINT32_MAX	/* the worst */

static bool
entry_equal(const struct fib_entry *a, const struct fib_entry *b)
{
	return address_equal(&a->next_hop, &b->next_hop) &&
	    a->ifindex == b->ifindex && a->priority == b->priority &&
	    a->table == b->table && a->unreachable == b->unreachable &&
	    address_equal(&a->pref_src, &b->pref_src);
}

static uint32_t
priority_in_place(const struct babel *b, uint16_t metric)
{
	const struct options *options = &b->conf->options;
	uint32_t priority = options->kernel_priority;

	if (!options->reflect_kernel_metric)
		return priority;
	priority += metric;
	return priority < PRIORITY_LAST ? priority : PRIORITY_LAST;
}

/* The same priority, or the next one that is not somebody else's. */
static uint32_t
priority_of(const struct babel *b, const struct destination *d,
    uint16_t metric)
{
	uint32_t priority = priority_in_place(b, metric);

	if (d->fib.beside > 0 && priority == 0 && !prefix_is_ipv4(&d->key.to))
		priority = PRIORITY_IPV6;
	return priority + d->fib.beside;
}

/* The entry that forwards along a route; false if the install filter
 * denies it. */
static bool
entry_of_route(const struct babel *b, const struct route *route,
    struct fib_entry *entry)
{
	struct filter_verdict verdict = policy_route(b, route, FILTER_INSTALL);

	memset(entry, 0, sizeof(*entry));
	entry->next_hop = route->next_hop;
	entry->ifindex = route->neighbour->interface->link.ifindex;
	entry->priority = priority_of(b, route->destination, route->metric);
	entry->table = (verdict.sets & FILTER_SETS_TABLE) != 0 ?
	    verdict.table : b->conf->options.export_table;
	if ((verdict.sets & FILTER_SETS_PREF_SRC) != 0)
		entry->pref_src = verdict.pref_src;
	return !verdict.deny;
}

/* Nothing is around a plain default route, and it is best not unreachable.
 * One with a source prefix is within that of a wider source. */
static bool
is_outermost(const struct destination *d)
{
	return d->key.to.plen == (prefix_is_ipv4(&d->key.to) ? 96 : 0) &&
	    !destination_is_source_specific(&d->key);
}

/* The entry that the selection calls for; false: none of ours. */
static bool
entry_of_selection(const struct babel *b, const struct destination *d,
    struct fib_entry *entry)
{
	if (d->selected != NULL && d->selected->metric < INFINITY_METRIC)
		return entry_of_route(b, d->selected, entry);
	if (!debt_is(d, DEBT_HOLD) || !debt_is(d, DEBT_BARRIER) ||
	    d->xroute != NULL || is_outermost(d))
		return false;
	if (d->fib.has_installed)
		*entry = d->fib.installed;
	else {
		/* Of what others had there, not in the way of its return; or
		 * of our route that went with its link, in its table. */
		memset(entry, 0, sizeof(*entry));
		entry->table = d->fib.installed.table != 0 ?
		    d->fib.installed.table : b->conf->options.export_table;
		entry->priority = PRIORITY_HELD;
	}
	memset(&entry->next_hop, 0, sizeof(entry->next_hop));
	memset(&entry->pref_src, 0, sizeof(entry->pref_src));
	entry->ifindex = 0;
	entry->unreachable = true;
	return true;
}

/* The entry that the kernel should have; false: none of ours. */
static bool
fib_want(const struct babel *b, const struct destination *d,
    struct fib_entry *entry)
{
	/* The neighbour's routes are about to be flushed: change nothing until
	 * then. */
	if (d->selected != NULL && d->selected->neighbour->dying) {
		*entry = d->fib.installed;
		return d->fib.has_installed;
	}
	return entry_of_selection(b, d, entry);
}

/* Does the kernel have exactly the wanted entry, or none if wanted is NULL? */
static bool
fib_is_right(const struct destination *d, const struct fib_entry *wanted)
{
	if (wanted == NULL)
		return !d->fib.has_installed;
	return d->fib.has_installed && entry_equal(wanted,
	    &d->fib.installed);
}

bool
fib_is_current(const struct babel *b, const struct destination *d)
{
	struct fib_entry wanted;

	/* While a change is in flight the kernel's state is not known. */
	return d->fib.has_installed && d->fib.state != FIB_IN_FLIGHT &&
	    entry_of_selection(b, d, &wanted) &&
	    address_equal(&wanted.next_hop, &d->fib.installed.next_hop) &&
	    wanted.ifindex == d->fib.installed.ifindex &&
	    wanted.table == d->fib.installed.table &&
	    wanted.unreachable == d->fib.installed.unreachable;
}

/* Was the entry refused since the last retry?  One that is installed was
 * not. */
static bool
is_barred(const struct destination *d, const struct fib_entry *entry)
{
	uint8_t i;

	if (d->fib.has_installed && entry_equal(entry, &d->fib.installed))
		return false;
	if (d->fib.refused_count == REFUSED_MAX)
		return true;
	for (i = 0; i < d->fib.refused_count; i++)
		if (entry_equal(entry, &d->fib.refused[i]))
			return true;
	return false;
}

/* Was the wanted entry refused, or (NULL) the removal of the old one? */
static bool
is_refused(const struct destination *d, const struct fib_entry *wanted)
{
	return wanted == NULL ? d->fib.deletion_refused :
	    is_barred(d, wanted);
}

bool
fib_refuses(const struct babel *b, const struct route *route)
{
	const struct destination *d = route->destination;
	struct fib_entry entry;

	if (d->fib.refused_count == 0 &&
	    b->conf->filters[FILTER_INSTALL].count == 0)
		return false;		/* the usual case */
	return !entry_of_route(b, route, &entry) || is_barred(d, &entry);
}

/* Remember a refused entry; without memory, act as if there were too many. */
static void
refused_add(struct babel *b, struct destination *d,
    const struct fib_entry *entry)
{
	struct fib_entry *more;

	if (d->fib.refused_count == REFUSED_MAX)
		return;
	more = reallocarray(d->fib.refused, d->fib.refused_count + 1u,
	    sizeof(*more));
	if (more == NULL) {
		count(b, COUNT_NO_MEMORY);
		d->fib.refused_count = REFUSED_MAX;
		return;
	}
	more[d->fib.refused_count++] = *entry;
	d->fib.refused = more;
}

void
fib_forgive(struct babel *b, struct destination *d)
{
	schedule_cancel(b, &d->fib.retry);
	d->fib.deletion_refused = false;
	d->fib.refused_count = 0;
	free(d->fib.refused);
	d->fib.refused = NULL;
}

/* Nothing is to be done now, or not before the retry. */
static void
fib_rest(struct babel *b, struct destination *d)
{
	bool is_failed = d->fib.refused_count > 0 || d->fib.deletion_refused;

	if (d->fib.state == FIB_WANTED)
		TAILQ_REMOVE(&b->fib, d, fib_entry);
	d->fib.state = is_failed ? FIB_FAILED : FIB_IDLE;
}

void
fib_update(struct babel *b, struct destination *d)
{
	struct fib_entry entry;
	const struct fib_entry *wanted;

	if (d->fib.state == FIB_IN_FLIGHT)
		return;			/* fib_done looks again */
	wanted = fib_want(b, d, &entry) ? &entry : NULL;
	if (fib_is_right(d, wanted) || is_refused(d, wanted)) {
		fib_rest(b, d);
		return;
	}
	if (d->fib.state == FIB_WANTED)
		return;
	d->fib.state = FIB_WANTED;
	TAILQ_INSERT_TAIL(&b->fib, d, fib_entry);
}

/* The change that brings the kernel to the wanted entry; false if none is
 * needed. */
static bool
find_change(const struct babel *b, const struct destination *d,
    struct fib_change *change)
{
	bool wanted;

	memset(change, 0, sizeof(*change));
	wanted = fib_want(b, d, &change->entry);
	if (fib_is_right(d, wanted ? &change->entry : NULL))
		return false;
	change->key = d->key;
	change->old = d->fib.installed;
	if (!wanted)
		change->operation = FIB_DELETE;
	else
		change->operation = d->fib.has_installed ? FIB_CHANGE :
		    FIB_ADD;
	return true;
}

static enum babel_counter
counter_of(enum fib_operation operation)
{
	return operation == FIB_ADD ? COUNT_FIB_ADDS :
	    operation == FIB_CHANGE ? COUNT_FIB_CHANGES : COUNT_FIB_DELETES;
}

void
fib_submit(struct babel *b, unsigned int budget)
{
	struct destination *d;
	struct fib_change change;

	b->fib_refused = false;
	while (budget-- > 0 && (d = TAILQ_FIRST(&b->fib)) != NULL) {
		if (!find_change(b, d, &change)) {
			fib_rest(b, d);
			destination_release(b, d);
			continue;
		}
		b->fib_refused = !b->ops->fib(b->ctx, &change);
		if (b->fib_refused)
			return;
		TAILQ_REMOVE(&b->fib, d, fib_entry);
		d->fib.state = FIB_IN_FLIGHT;
		count(b, counter_of(change.operation));
	}
}

/* The kernel refused an entry: bar it for a while.  Other entries that are
 * refused meanwhile are barred until the same retry. */
static void
fib_failed(struct babel *b, struct destination *d,
    const struct fib_change *change, int error)
{
	char name[DESTINATION_STRLEN];
	unsigned int doublings = d->fib.failures < RETRY_DOUBLINGS ?
	    d->fib.failures : RETRY_DOUBLINGS;

	if (!timer_is_set(&d->fib.retry)) {
		schedule(b, &d->fib.retry, b->now + (RETRY_FIRST << doublings));
		if (d->fib.failures < UINT8_MAX)
			d->fib.failures++;
	}
	d->fib.error = error;
	d->fib.state = FIB_FAILED;
	if (change->operation == FIB_DELETE)
		d->fib.deletion_refused = true;
	else
		refused_add(b, d, &change->entry);
	count(b, COUNT_FIB_FAILURES);
	log_often(b, LOG_ERR, "route %s: the kernel refused to %s it: %s",
	    destination_key_format(&d->key, name),
	    change->operation == FIB_ADD ? "install" :
	    change->operation == FIB_CHANGE ? "replace" : "remove",
	    strerror(error));
}

/* Somebody else has a route in this place: move ours to the next priority.
 * False if there is none. */
static bool
fib_go_beside(struct babel *b, struct destination *d,
    const struct fib_change *change)
{
	char name[DESTINATION_STRLEN];
	struct fib_entry wanted;

	if (change->operation == FIB_DELETE || d->fib.beside == BESIDE_MAX)
		return false;
	d->fib.beside++;
	if (fib_want(b, d, &wanted) && entry_equal(&wanted, &change->entry)) {
		d->fib.beside--;	/* that entry cannot move */
		return false;
	}
	fib_rest(b, d);
	if (!timer_is_set(&d->fib.retry))
		schedule(b, &d->fib.retry, b->now + BESIDE_RETRY);
	if (d->fib.has_installed &&
	    d->fib.installed.priority > change->entry.priority)
		return true;		/* it was only a try to take over */
	log_often(b, LOG_INFO, "route %s: somebody else has a route of "
	    "priority %u in table %u: ours goes beside it",
	    destination_key_format(&d->key, name), change->entry.priority,
	    change->entry.table);
	return true;
}

void
fib_notify(const struct babel *b, const struct destination *d)
{
	const struct route *last = destination_last_route(d);

	if (d->selected != NULL)
		notify(b, EVENT_ROUTE_CHANGE, d->selected);
	if (last != NULL && last != d->selected)
		notify(b, EVENT_ROUTE_CHANGE, last);
}

void
fib_done(struct babel *b, const struct fib_change *change, int error)
{
	struct destination *d = destination_find_in_order(b, &change->key);

	if (d == NULL || d->fib.state != FIB_IN_FLIGHT)
		return;
	if (error != 0 && (error != EEXIST || !fib_go_beside(b, d, change)))
		fib_failed(b, d, change, error);
	else if (error == 0) {
		fib_rest(b, d);
		d->fib.deletion_refused = false;
		if (d->fib.state == FIB_IDLE) {
			d->fib.failures = 0;
			d->fib.error = 0;
		}
		d->fib.has_installed = change->operation != FIB_DELETE;
		d->fib.installed = change->entry;
	}
	fib_notify(b, d);
	destination_unsettle(b, d);
}

void
fib_lost(struct babel *b, const struct destination_key *key)
{
	struct destination *d = destination_find(b, key);

	if (d == NULL || !d->fib.has_installed)
		return;
	count(b, COUNT_FIB_LOST);
	d->fib.has_installed = false;
	fib_notify(b, d);
	fib_update(b, d);
	destination_release(b, d);
}

void
fib_room(struct babel *b, const struct destination_key *key)
{
	struct destination *d = destination_find(b, key);

	if (d != NULL && timer_is_set(&d->fib.retry))
		schedule_advance(b, &d->fib.retry, b->now);
}

void
fib_retry(struct babel *b, struct destination *d)
{
	fib_forgive(b, d);
	d->fib.beside = 0;
	if (d->fib.state == FIB_FAILED)
		d->fib.state = FIB_IDLE;
	destination_unsettle(b, d);
}
