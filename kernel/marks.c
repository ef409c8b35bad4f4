/*
 * kernel/marks.c - what must be read again and when, and what has happened
 * since the reading began.
 */
#include "kernel/marks.h"

#include <sys/timerfd.h>

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "clock.h"
#include "kernel.h"
#include "kernel/kernel_state.h"
#include "set.h"
#include "util.h"

#define SHARE		20		/* a twentieth of the time */
#define PAUSE_MAX	MINUTE

/* The least time between two beginnings of a task that was not asked for
 * explicitly. */
static const babel_time spacing[SYNC_TASKS] = {
	[SYNC_VERIFY] = SECOND,
	[SYNC_ALL] = SECOND / 2,
};

void
kernel_marks_init(struct kernel *kernel)
{
	size_t i;

	for (i = 0; i < SYNC_TASKS; i++) {
		kernel->marks.due[i] = NEVER;
		kernel->marks.begun[i] = -spacing[i];
	}
	kernel->marks.deadline = kernel->marks.reopen_due =
	    kernel->marks.retry_due = NEVER;
}

void
kernel_marks_clear(struct kernel *kernel)
{
	set_clear(&kernel->marks.own);
	set_clear(&kernel->marks.gone);
	kernel->marks.own_failed = false;
}

void
kernel_marks_free(struct kernel *kernel)
{
	kernel_marks_clear(kernel);
}

void
kernel_marks_set_timer(struct kernel *kernel)
{
	const struct kernel_marks *marks = &kernel->marks;
	struct itimerspec when = { 0 };
	babel_time due;

	due = time_min(marks->due[SYNC_VERIFY], marks->due[SYNC_ALL]);
	due = time_min(due, time_min(marks->deadline, marks->reopen_due));
	due = time_min(due, marks->retry_due);
	if (marks->wants_turn)
		due = 1;		/* the past is now */
	if (due != NEVER)
		when.it_value = clock_timespec(due);
	if (timerfd_settime(kernel->timer, TFD_TIMER_ABSTIME, &when,
	    NULL) < 0)
		kernel->events->log(kernel->ctx, LOG_ERR,
		    "setting a timer: %s", strerror(errno));
}

/* From one beginning to the next: in proportion to the time that the last one
 * took, but not too long for a recovery. */
static babel_time
pause_of(const struct kernel_marks *marks, enum sync_task task)
{
	return time_max(spacing[task],
	    time_min(SHARE * marks->spent[task], PAUSE_MAX));
}

void
kernel_marks_reopen(struct kernel *kernel, babel_time delay)
{
	kernel->marks.reopen_due = time_min(kernel->marks.reopen_due,
	    clock_monotonic() + delay);
	kernel_marks_set_timer(kernel);
}

void
kernel_marks_schedule(struct kernel *kernel, enum sync_task task,
    babel_time delay)
{
	struct kernel_marks *marks = &kernel->marks;
	babel_time due;

	due = time_max(clock_monotonic() + delay,
	    marks->begun[task] + pause_of(marks, task));
	if (due >= marks->due[task])
		return;
	marks->due[task] = due;
	kernel_marks_set_timer(kernel);
}

void
kernel_marks_gone(struct kernel *kernel, uint64_t fingerprint)
{
	/* Without memory, it may come back until the next reading. */
	if (kernel->marks.keeps_gone)
		(void)set_add(&kernel->marks.gone, fingerprint);
}

bool
kernel_marks_is_gone(const struct kernel *kernel, uint64_t fingerprint)
{
	return set_has(&kernel->marks.gone, fingerprint);
}

void
kernel_marks_installed(struct kernel *kernel, uint64_t fingerprint)
{
	struct kernel_marks *marks = &kernel->marks;

	if (marks->keeps_own && set_add(&marks->own, fingerprint) < 0)
		marks->own_failed = true;
}

void
kernel_marks_own(struct kernel *kernel, uint64_t fingerprint)
{
	if (kernel->marks.reads_own)
		kernel_marks_installed(kernel, fingerprint);
}

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ (x >> 32);
}

uint64_t
kernel_marks_hash(const struct kernel *kernel, unsigned int kind,
    const void *octets, size_t len)
{
	const uint8_t *at = octets;
	uint64_t hash = mix((kernel->seed ^ kind) + len), word;
	size_t n;

	for (; len > 0; at += n, len -= n) {
		n = len < sizeof(word) ? len : sizeof(word);
		word = 0;
		memcpy(&word, at, n);
		hash = mix(hash ^ word);
	}
	return hash == 0 ? 1 : hash;
}
