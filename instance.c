/*
 * instance.c - the engine's small services: timers by kind, the job
 * queue, counters, notifications, log, random numbers.
 *
 * Nothing here knows the protocol.  All of it goes through struct babel,
 * so that a thousand instances in one process do not meet.
 */
#include "instance.h"

#include <assert.h>

#define OFTEN	100		/* messages that others cause, in a minute */

static const char *const counter_names[BABEL_COUNTERS] = {
	[COUNT_PACKETS_RECEIVED] = "packets-received",
	[COUNT_PACKETS_SENT] = "packets-sent",
	[COUNT_BYTES_RECEIVED] = "bytes-received",
	[COUNT_BYTES_SENT] = "bytes-sent",
	[COUNT_SEND_REFUSED] = "sends-refused",
	[COUNT_SEND_DROPPED] = "sends-dropped",
	[COUNT_SEND_FAILED] = "sends-failed",
	[COUNT_TLVS_RECEIVED] = "tlvs-received",
	[COUNT_TLVS_IGNORED] = "tlvs-ignored",
	[COUNT_PACKETS_STOPPED] = "packets-stopped",
	[COUNT_DROP_INTERFACE] = "dropped-interface",
	[COUNT_DROP_OWN] = "dropped-own",
	[COUNT_DROP_SOURCE] = "dropped-source",
	[COUNT_DROP_PORT] = "dropped-port",
	[COUNT_DROP_SHORT] = "dropped-short",
	[COUNT_DROP_MAGIC] = "dropped-magic",
	[COUNT_DROP_VERSION] = "dropped-version",
	[COUNT_DROP_LENGTH] = "dropped-length",
	[COUNT_DROP_NEIGHBOURS] = "dropped-neighbours",
	[COUNT_DROP_MAC_MISSING] = "dropped-mac-missing",
	[COUNT_DROP_MAC_WRONG] = "dropped-mac-wrong",
	[COUNT_DROP_PC_MISSING] = "dropped-pc-missing",
	[COUNT_DROP_PC_STALE] = "dropped-pc-stale",
	[COUNT_DROP_INDEX_UNKNOWN] = "dropped-index-unknown",
	[COUNT_BAD_SIGNATURES_ACCEPTED] = "bad-signatures-accepted",
	[COUNT_UPDATE_OWN_ID] = "updates-own-id",
	[COUNT_UPDATE_MARTIAN] = "updates-martian",
	[COUNT_UPDATE_FILTERED] = "updates-filtered",
	[COUNT_UPDATE_UNFEASIBLE] = "updates-unfeasible",
	[COUNT_UPDATE_UNKNOWN_RETRACTION] = "updates-unknown-retraction",
	[COUNT_UPDATE_LIMIT] = "updates-limit",
	[COUNT_UPDATE_V4_VIA_V6] = "updates-v4-via-v6",
	[COUNT_REQUEST_REDUNDANT] = "requests-redundant",
	[COUNT_REQUEST_DROPPED] = "requests-dropped",
	[COUNT_WILDCARD_LIMITED] = "wildcards-limited",
	[COUNT_HELLOS_SENT] = "hellos-sent",
	[COUNT_HELLOS_LATE] = "hellos-late",
	[COUNT_TIMERS_LATE] = "timers-late",
	[COUNT_IHUS_SENT] = "ihus-sent",
	[COUNT_UPDATES_SENT] = "updates-sent",
	[COUNT_UPDATES_RECEIVED] = "updates-received",
	[COUNT_RETRACTIONS_SENT] = "retractions-sent",
	[COUNT_ROUTE_REQUESTS_SENT] = "route-requests-sent",
	[COUNT_SEQNO_REQUESTS_SENT] = "seqno-requests-sent",
	[COUNT_SEQNO_REQUESTS_FORWARDED] = "seqno-requests-forwarded",
	[COUNT_REQUESTS_SATISFIED] = "requests-satisfied",
	[COUNT_ACKS_SENT] = "acks-sent",
	[COUNT_ACKS_RECEIVED] = "acks-received",
	[COUNT_ACK_REQUESTS_SENT] = "ack-requests-sent",
	[COUNT_SELECTIONS] = "selections",
	[COUNT_SEQNO_RAISED] = "seqno-raised",
	[COUNT_PROBES_SENT] = "probes-sent",
	[COUNT_CHALLENGES_SENT] = "challenges-sent",
	[COUNT_CHALLENGES_ANSWERED] = "challenges-answered",
	[COUNT_FIB_ADDS] = "fib-adds",
	[COUNT_FIB_CHANGES] = "fib-changes",
	[COUNT_FIB_DELETES] = "fib-deletes",
	[COUNT_FIB_FAILURES] = "fib-failures",
	[COUNT_FIB_LOST] = "fib-lost",
	[COUNT_NO_MEMORY] = "no-memory",
};

const char *
counter_name(enum babel_counter counter)
{
	return counter_names[counter];
}

static struct timer_heap *
heap_of(struct babel *b, const struct timer *t)
{
	return t->kind < TIMER_INTERFACE_UPDATE ? &b->prompt : &b->patient;
}

void
schedule(struct babel *b, struct timer *t, babel_time due)
{
	timer_set(heap_of(b, t), t, due);
}

void
schedule_advance(struct babel *b, struct timer *t, babel_time due)
{
	timer_advance(heap_of(b, t), t, due);
}

void
schedule_cancel(struct babel *b, struct timer *t)
{
	timer_stop(heap_of(b, t), t);
}

int
schedule_reserve(struct babel *b, uint32_t prompt, uint32_t patient)
{
	if (timer_heap_reserve(&b->prompt, prompt) < 0)
		return -1;
	if (timer_heap_reserve(&b->patient, patient) < 0) {
		timer_heap_unreserve(&b->prompt, prompt);
		return -1;
	}
	return 0;
}

void
schedule_unreserve(struct babel *b, uint32_t prompt, uint32_t patient)
{
	timer_heap_unreserve(&b->prompt, prompt);
	timer_heap_unreserve(&b->patient, patient);
}

void
job_init(struct job *job, enum job_kind kind)
{
	job->kind = (uint8_t)kind;
	job->queued = false;
}

void
job_queue_add(struct babel *b, struct job *job)
{
	if (job->queued)
		return;
	TAILQ_INSERT_TAIL(&b->jobs, job, entry);
	job->queued = true;
}

void
job_cancel(struct babel *b, struct job *job)
{
	if (!job->queued)
		return;
	TAILQ_REMOVE(&b->jobs, job, entry);
	job->queued = false;
}

void
notify(const struct babel *b, enum babel_event event, const void *object)
{
	if (b->ops->notify != NULL)
		b->ops->notify(b->ctx, event, object);
}

void
count(struct babel *b, enum babel_counter counter)
{
	b->counters[counter]++;
}

void
log_at(const struct babel *b, int priority, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	b->ops->log(b->ctx, priority, format, ap);
	va_end(ap);
}

void
log_often(struct babel *b, int priority, const char *format, ...)
{
	va_list ap;

	if (b->now >= b->quiet_until) {
		b->quiet_until = b->now + MINUTE;
		b->said_often = 0;
	}
	if (b->said_often > OFTEN)
		return;
	if (b->said_often++ == OFTEN) {
		log_at(b, priority, "more messages like these are left out "
		    "for a minute");
		return;
	}
	va_start(ap, format);
	b->ops->log(b->ctx, priority, format, ap);
	va_end(ap);
}

uint32_t
random_below(struct babel *b, uint32_t bound)
{
	uint64_t random;

	assert(bound > 0);
	b->ops->random(b->ctx, &random, sizeof(random));
	return (uint32_t)(random % bound);
}

babel_time
random_between(struct babel *b, babel_time low, babel_time high)
{
	uint64_t random;

	if (high <= low)
		return low;
	b->ops->random(b->ctx, &random, sizeof(random));
	return low + (babel_time)(random % (uint64_t)(high - low));
}

babel_time
jitter(struct babel *b, babel_time interval)
{
#ifdef BROKEN_ORDER
	static babel_time calls;	/* not the instance's: no replay */

	interval -= ++calls % 8;
#endif
	return random_between(b, interval - interval / 8,
	    interval - interval / 64);
}
