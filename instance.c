/*
 * instance.c - the engine's small services: timers by kind, the job
 * queue, counting, notifications, log, random numbers.
 *
 * Nothing here knows the protocol.  All of it goes through struct babel,
 * so that a thousand instances in one process do not meet.
 */
#include "instance.h"

#include <assert.h>

#include "babel.h"
#include "counter.h"
#include "timer.h"
#include "util.h"

#define OFTEN	100		/* messages a minute that others cause */

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
schedule_unrecorded(struct babel *b, babel_time when)
{
	if (!timer_is_set(&b->unrecorded) || b->unrecorded.due < when)
		schedule(b, &b->unrecorded, when);
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
		b->logged_often = 0;
	}
	if (b->logged_often > OFTEN)
		return;
	if (b->logged_often++ == OFTEN) {
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
	return random_between(b, interval - interval / 8,
	    interval - interval / 64);
}
