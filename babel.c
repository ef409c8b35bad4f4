/*
 * babel.c - the engine as a whole: its life, its inputs, and the two switches,
 * one for timers and one for jobs, that list what can happen and when.
 *
 * babel_run fires every prompt timer that is due, then a bounded number of
 * patient ones, then does one slice of one job and hands changes to the kernel.
 * Budgets are counts, not times, so that a simulated run is the same
 * everywhere.
 */
#include "babel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "announce.h"
#include "configuration.h"
#include "counter.h"
#include "debt.h"
#include "delivery.h"
#include "destination.h"
#include "fib.h"
#include "filter.h"
#include "instance.h"
#include "interface.h"
#include "interface_run.h"
#include "neighbour.h"
#include "outbox.h"
#include "packet.h"
#include "prefix.h"
#include "request.h"
#include "route.h"
#include "select.h"
#include "source.h"
#include "timer.h"
#include "transmit.h"
#include "util.h"
#include "xroute.h"

#define ROUTES_MAX	2000000
#define NEIGHBOURS_MAX	4096		/* on one interface */
#define REQUESTS_MAX	ROUTES_MAX	/* all may starve at once */
#define GOODBYES	2
#define GOODBYE_PAUSE	(10 * MILLISECOND)
/* Interfaces that a new configuration no longer names are taken apart at once,
 * unless that is too much work. */
#define CONFIGURE_SLICES	16
#define REFUSED_PAUSE	(5 * MILLISECOND)
#define TIMER_LATE	(50 * MILLISECOND)

static void
enter(struct babel *b, babel_time now)
{
	assert(!b->in_engine);
	b->in_engine = true;
	b->now = now;
}

static void
leave(struct babel *b)
{
	settle(b);
	b->in_engine = false;
}

static void
tables_init(struct babel *b)
{
	TAILQ_INIT(&b->jobs);
	TAILQ_INIT(&b->interfaces);
	STAILQ_INIT(&b->unsettled);
	STAILQ_INIT(&b->lost);
	TAILQ_INIT(&b->changes);
	TAILQ_INIT(&b->fib);
	TAILQ_INIT(&b->asking);
	timer_init(&b->shutdown, TIMER_SHUTDOWN);
	timer_init(&b->unrecorded, TIMER_UNRECORDED);
	job_init(&b->policy, JOB_POLICY);
	job_init(&b->offer_review, JOB_OFFERS);
	job_init(&b->announce, JOB_ANNOUNCE);
}

struct babel *
babel_new(const struct babel_ops *ops, void *ctx,
    const struct configuration *conf, const struct babel_identity *identity,
    babel_time now)
{
	struct babel *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->ops = ops;
	b->ctx = ctx;
	b->conf = conf;
	b->identity = *identity;
	b->id = identity->id;
	b->seqno = identity->seqno;
	b->started = now;
	b->limits = (struct limits){ ROUTES_MAX, NEIGHBOURS_MAX,
	    REQUESTS_MAX };
	tables_init(b);
	if (schedule_reserve(b, 1, 1) < 0) {
		timer_heap_free(&b->prompt);
		timer_heap_free(&b->patient);
		free(b);
		return NULL;
	}
	enter(b, now);
	interface_configure(b);
	leave(b);
	return b;
}

void
babel_receive(struct babel *b, babel_time now,
    const struct datagram *datagram)
{
	enter(b, now);
	if (!b->shutting_down)
		receive_packet(b, datagram);
	leave(b);
}

void
babel_link_changed(struct babel *b, babel_time now,
    const struct link_state *link)
{
	enter(b, now);
	interface_link_changed(b, link);
	leave(b);
}

void
babel_link_removed(struct babel *b, babel_time now, unsigned int ifindex)
{
	enter(b, now);
	interface_link_removed(b, ifindex);
	leave(b);
}

bool
babel_kernel_route(struct babel *b, babel_time now,
    const struct kernel_route *route, bool present)
{
	bool matters;

	enter(b, now);
	matters = present ? xroute_offered(b, route) :
	    xroute_withdrawn(b, route);
	leave(b);
	return matters;
}

unsigned int
babel_kernel_displaced(struct babel *b, babel_time now,
    const struct kernel_route *route)
{
	unsigned int displaced;

	enter(b, now);
	displaced = xroute_displaced(b, route);
	leave(b);
	return displaced;
}

void
babel_kernel_sync(struct babel *b, babel_time now, bool begin)
{
	enter(b, now);
	if (begin)
		xroute_sync_begin(b);
	else
		xroute_sync_end(b);
	leave(b);
}

void
babel_fib_done(struct babel *b, babel_time now,
    const struct fib_change *change, int error)
{
	enter(b, now);
	fib_done(b, change, error);
	leave(b);
}

void
babel_fib_lost(struct babel *b, babel_time now,
    const struct destination_key *key)
{
	enter(b, now);
	fib_lost(b, key);
	leave(b);
}

void
babel_fib_room(struct babel *b, babel_time now,
    const struct destination_key *key)
{
	enter(b, now);
	fib_room(b, key);
	leave(b);
}

bool
babel_fib_find(const struct babel *b, const struct destination_key *key,
    uint32_t table, struct fib_entry *entry)
{
	const struct destination *d = destination_find(b, key);

	if (d == NULL || !d->fib.has_installed ||
	    d->fib.installed.table != table)
		return false;
	*entry = d->fib.installed;
	return true;
}

bool
babel_fib_after(const struct babel *b, const struct destination_key *after,
    struct destination_key *key, struct fib_entry *entry)
{
	struct walk walk = { .begun = false };
	const struct destination *d;

	if (after != NULL)
		walk_move(&walk, after);
	while ((d = destination_step(b, &walk, NULL)) != NULL)
		if (d->fib.has_installed) {
			*key = d->key;
			*entry = d->fib.installed;
			return true;
		}
	return false;
}

void
babel_set_wall_clock(struct babel *b, babel_time offset)
{
	b->wall_clock = offset;
}

void
babel_shutdown(struct babel *b, babel_time now)
{
	struct interface *ifp;

	enter(b, now);
	b->shutting_down = true;
	b->goodbyes = GOODBYES;
	TAILQ_FOREACH(ifp, &b->interfaces, entry) {
		schedule_cancel(b, &ifp->hello);
		schedule_cancel(b, &ifp->update);
	}
	schedule(b, &b->shutdown, now);
	leave(b);
}

bool
babel_is_quiet(const struct babel *b)
{
	return b->shutting_down && b->goodbyes == 0 && b->unsent_count == 0;
}

uint16_t
babel_seqno(const struct babel *b)
{
	return b->seqno;
}

struct router_id
babel_router_id(const struct babel *b)
{
	return b->id;
}

/* Send the good-bye several times, because packets get lost. */
static void
shutdown_due(struct babel *b)
{
	struct interface *ifp;

	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		send_goodbye(b, ifp);
	if (--b->goodbyes > 0)
		schedule(b, &b->shutdown, b->now + GOODBYE_PAUSE);
}

/* Timers of a neighbour. */
static void
fire_neighbour(struct babel *b, struct timer *t)
{
#define NEIGHBOUR(member) CONTAINER_OF(t, struct neighbour, member)
	struct neighbour *n;

	switch ((enum timer_kind)t->kind) {
	case TIMER_NEIGHBOUR_SEND:
		send_neighbour(b, NEIGHBOUR(outbox.timer));
		break;
	case TIMER_NEIGHBOUR_DUMP:
		job_queue_add(b, &NEIGHBOUR(dump.next)->dump.job);
		break;
	case TIMER_NEIGHBOUR_MULTICAST_HELLO:
		n = NEIGHBOUR(multicast.missed);
		neighbour_hello_missed(b, n, &n->multicast);
		break;
	case TIMER_NEIGHBOUR_UNICAST_HELLO:
		n = NEIGHBOUR(unicast.missed);
		neighbour_hello_missed(b, n, &n->unicast);
		break;
	case TIMER_NEIGHBOUR_IHU:
		neighbour_ihu_expired(b, NEIGHBOUR(ihu));
		break;
	case TIMER_NEIGHBOUR_PROBE:
		neighbour_probe_due(b, NEIGHBOUR(probe));
		break;
	case TIMER_DELIVERY_RESEND:
		delivery_resend_due(b, NEIGHBOUR(resend));
		break;
	case TIMER_NEIGHBOUR_UNUSED:
		neighbour_flush(b, NEIGHBOUR(unused));
		break;
	default:
		break;
	}
#undef NEIGHBOUR
}

/* Everything that can happen, and when. */
static void
fire(struct babel *b, struct timer *t)
{
#define OWNER(type, member) CONTAINER_OF(t, struct type, member)
	switch ((enum timer_kind)t->kind) {
	case TIMER_INTERFACE_HELLO:
		interface_hello_due(b, OWNER(interface, hello));
		break;
	case TIMER_INTERFACE_WAIT:
		interface_wait_due(b, OWNER(interface, waiting));
		break;
	case TIMER_INTERFACE_SEND:
		send_interface(b, OWNER(interface, outbox.timer));
		break;
	case TIMER_INTERFACE_UPDATE:
		job_queue_add(b, &OWNER(interface, update)->full_update);
		break;
	case TIMER_REQUEST_RESEND:
		request_resend_due(b, OWNER(request, resend));
		break;
	case TIMER_SHUTDOWN:
		shutdown_due(b);
		break;
	case TIMER_ROUTE_EXPIRY:
		route_expiry_due(b, OWNER(route, expiry));
		break;
	case TIMER_SOURCE_GC:
		source_gc_due(b, OWNER(source, gc));
		break;
	case TIMER_DESTINATION_HOLD:
		announce_hold_expired(b,
		    OWNER(debt_record, hold)->destination);
		break;
	case TIMER_DESTINATION_RESELECT:
		destination_unsettle(b, OWNER(destination, reselect));
		break;
	case TIMER_DESTINATION_REPEAT:
		announce_repeat_due(b,
		    OWNER(debt_record, repeat)->destination);
		break;
	case TIMER_FIB_RETRY:
		fib_retry(b, OWNER(destination, fib.retry));
		break;
	case TIMER_UNRECORDED:
		announce_unrecorded_due(b);
		break;
	default:
		fire_neighbour(b, t);
		break;
	}
#undef OWNER
}

/* One slice of a job; true when it wants another. */
static bool
job_slice(struct babel *b, struct job *job)
{
#define OWNER(type, member) CONTAINER_OF(job, struct type, member)
	switch ((enum job_kind)job->kind) {
	case JOB_INTERFACE_UPDATE:
		send_full_update(b, OWNER(interface, full_update));
		return false;		/* its timer brings the next */
	case JOB_NEIGHBOUR_DUMP:
		send_dump(b, OWNER(neighbour, dump.job));
		return false;
	case JOB_NEIGHBOUR_COST:
		return route_cost_slice(b,
		    OWNER(neighbour, cost_changed));
	case JOB_NEIGHBOUR_FLUSH:
		return settle_flush_slice(b, OWNER(neighbour, flush));
	case JOB_POLICY:
		return settle_policy_slice(b);
	case JOB_OFFERS:
		return xroute_review_slice(b);
	case JOB_ANNOUNCE:
		return settle_announce_slice(b);
	case JOB_KINDS:
		break;
	}
	return false;
#undef OWNER
}

void
babel_free(struct babel *b)
{
	struct interface *ifp, *next;
	struct job *job;

	b->shutting_down = true;
	for (ifp = TAILQ_FIRST(&b->interfaces); ifp != NULL; ifp = next) {
		next = TAILQ_NEXT(ifp, entry);
		interface_flush(b, ifp);
	}
	settle(b);
	while ((job = TAILQ_FIRST(&b->jobs)) != NULL) {
		job_cancel(b, job);
		if (job->kind == JOB_NEIGHBOUR_FLUSH &&
		    job_slice(b, job))
			job_queue_add(b, job);
	}
	xroute_free_all(b);
	settle(b);
	settle_free_all(b);
	timer_heap_free(&b->prompt);
	timer_heap_free(&b->patient);
	free(b);
}

static void
work(struct babel *b)
{
	struct job *job = TAILQ_FIRST(&b->jobs);

	if (job == NULL)
		return;
	job_cancel(b, job);
	if (job_slice(b, job))
		job_queue_add(b, job);
	settle(b);
}

void
babel_configure(struct babel *b, babel_time now,
    const struct configuration *conf)
{
	const struct filter *old = b->conf->filters;
	unsigned int slices = CONFIGURE_SLICES;
	struct interface *ifp;

	enter(b, now);
	b->policy_in |= !filter_is_same(&old[FILTER_IN],
	    &conf->filters[FILTER_IN]);
	b->policy_out |= !filter_is_same(&old[FILTER_OUT],
	    &conf->filters[FILTER_OUT]);
	b->conf = conf;
	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		if (!interface_is_wanted(b, ifp))
			send_goodbye(b, ifp);
	interface_configure(b);
	settle(b);
	while (slices-- > 0)
		work(b);
	walk_restart(&b->policy_walk);
	job_queue_add(b, &b->policy);
	xroute_review(b);
	leave(b);
}

static babel_time
next_wish(const struct babel *b)
{
	babel_time wish = time_min(timer_next(&b->prompt),
	    timer_next(&b->patient));

	if (!TAILQ_EMPTY(&b->jobs) ||
	    (!TAILQ_EMPTY(&b->fib) && !b->fib_refused))
		return b->now;
	if (b->unsent_count > 0 || b->fib_refused)
		wish = time_min(wish, b->now + REFUSED_PAUSE);
	return wish;
}

babel_time
babel_run(struct babel *b, babel_time now)
{
	unsigned int budget = PATIENT_BUDGET;
	struct timer *t;
	babel_time wish;
	bool more;

	enter(b, now);
	while ((t = timer_pop(&b->prompt, now)) != NULL) {
		if (now - t->due >= TIMER_LATE)
			count(b, COUNT_TIMERS_LATE);
		fire(b, t);
		settle(b);
	}
	while (budget-- > 0 && (t = timer_pop(&b->patient, now)) != NULL) {
		fire(b, t);
		settle(b);
	}
	work(b);
	more = request_submit(b, REQUEST_BUDGET);
	fib_submit(b, FIB_BUDGET);
	transmit_retry_all(b);
	wish = more ? now : next_wish(b);
	leave(b);
	return wish;
}
