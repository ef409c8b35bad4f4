/*
 * kernel/fib.c - changing routes.
 *
 * A change within one place (table and priority) is a replacement in place, so
 * the route is never missing.  A change of place adds the new route, and
 * removes the old one when that has worked.  An addition never replaces.  If it
 * finds the place taken, the route there may still be ours (from a change whose
 * answer was lost, or a crash): exactly our route is removed, and the addition
 * is tried once more.  If that fails too, the route is somebody else's, and
 * stays.
 *
 * A change that the kernel does not answer, for want of memory perhaps, may or
 * may not have been made.  It is repeated until there is an answer, so that the
 * layers above always learn the outcome.
 */
#include "kernel/batch.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "babel.h"
#include "clock.h"
#include "kernel.h"
#include "kernel/kernel_state.h"
#include "kernel/link.h"
#include "kernel/marks.h"
#include "kernel/route_message.h"
#include "prefix.h"
#include "util.h"

#define REPEAT_FIRST	(10 * MILLISECOND)	/* doubles */
#define REPEAT_LAST	SECOND
#define FAILURES_A_SECOND 10		/* lines in the log */

#define ADD	(NLM_F_CREATE | NLM_F_EXCL)
#define REPLACE	(NLM_F_CREATE | NLM_F_REPLACE)

/* Does the change put a route where there was none of ours? */
static bool
is_addition(const struct fib_change *change)
{
	return change->operation == FIB_ADD ||
	    (change->operation == FIB_CHANGE &&
	    !kernel_route_same_place(&change->key, &change->entry,
	    &change->old));
}

static bool
is_move(const struct fib_change *change)
{
	return change->operation == FIB_CHANGE && is_addition(change);
}

/* IPv4 has source-specific routes only by rules: the kernel would ignore the
 * source prefix, and take the route for one for all sources. */
static bool
is_possible(const struct fib_change *change)
{
	return !prefix_is_ipv4(&change->key.to) ||
	    !destination_is_source_specific(&change->key) ||
	    change->entry.by_rule || change->old.by_rule;
}

static void
add_change(struct batch *batch, const struct fib_change *change,
    struct outcome *outcome)
{
	if (!is_possible(change))
		outcome->error = EOPNOTSUPP;
	else if (change->operation == FIB_DELETE)
		batch_delete(batch, &change->key, &change->old, outcome);
	else
		batch_add(batch, is_addition(change) ? ADD : REPLACE,
		    &change->key, &change->entry, outcome);
}

/* The place is taken, perhaps by ourselves: delete our route there and add it
 * again. */
static void
retry_additions(struct kernel *kernel, const struct fib_change *changes,
    struct outcome *outcomes, unsigned int count)
{
	struct batch batch;
	unsigned int i;

	batch_init(&batch, kernel);
	for (i = 0; i < count; i++) {
		if (!is_addition(&changes[i]) || outcomes[i].error != EEXIST)
			continue;
		batch_make_room(&batch, 2);
		batch_delete(&batch, &changes[i].key, &changes[i].entry,
		    NULL);
		batch_add(&batch, ADD, &changes[i].key, &changes[i].entry,
		    &outcomes[i]);
	}
	batch_finish(&batch);
}

/* One line for each failure, but at most FAILURES_A_SECOND. */
static bool
may_log_failure(struct kernel *kernel)
{
	babel_time second = clock_monotonic() / SECOND;

	if (second != kernel->failure_second) {
		if (kernel->failures_logged > FAILURES_A_SECOND)
			kernel->events->log(kernel->ctx, LOG_WARNING,
			    "and %u more changes of routes failed",
			    kernel->failures_logged - FAILURES_A_SECOND);
		kernel->failure_second = second;
		kernel->failures_logged = 0;
	}
	return ++kernel->failures_logged <= FAILURES_A_SECOND;
}

static void
log_failure(struct kernel *kernel, const struct fib_change *change,
    const struct outcome *outcome)
{
	static const char *const verbs[] = {
		[FIB_ADD] = "adding", [FIB_CHANGE] = "changing to",
		[FIB_DELETE] = "deleting"
	};
	char route[ROUTE_STRLEN];
	const char *text = outcome->text;

	/* The engine goes on to another place. */
	if (outcome->error == EEXIST || !may_log_failure(kernel))
		return;
	kernel->events->log(kernel->ctx, LOG_WARNING, "%s route %s: %s%s%s",
	    verbs[change->operation], kernel_route_format(kernel,
	    &change->key, change->operation == FIB_DELETE ? &change->old :
	    &change->entry, route), strerror(outcome->error),
	    text[0] == '\0' ? "" : ": ", text);
}

static void
note_installed(struct kernel *kernel, const struct fib_change *change)
{
	struct kernel_link *link;

	kernel_marks_installed(kernel, kernel_route_fingerprint(kernel,
	    &change->key, &change->entry));
	if (change->entry.unreachable || change->entry.throw_route)
		return;
	if (!address_is_unspecified(&change->entry.pref_src))
		kernel->uses_pref_src = true;
	link = kernel_link_find(kernel, change->entry.ifindex);
	if (link != NULL)
		link->has_routes = true;
}

static void
report(struct kernel *kernel, const struct fib_change *change,
    struct outcome *outcome)
{
	if (change->operation == FIB_DELETE && batch_is_deleted(outcome->error))
		outcome->error = 0;
	if (outcome->error != 0)
		log_failure(kernel, change, outcome);
	else if (change->operation != FIB_DELETE)
		note_installed(kernel, change);
	if (!prefix_is_ipv4(&change->key.to))
		kernel->marks.ipv6_changes++;
	kernel->fib_events->done(kernel->fib_ctx, change, outcome->error);
}

bool
kernel_submit(struct kernel *kernel, const struct fib_change *change)
{
	if (kernel->queued == KERNEL_BATCH)
		return false;
	kernel->window[kernel->queued++] = *change;
	return true;
}

/* Could the change have succeeded a moment later? */
static bool
is_passing(int error)
{
	return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

/* The second half of changes of place, whose new route is there already.  An
 * old route that is better would misdirect packets, so a deletion that fails
 * now must be done before anything else.  True if there is one. */
static bool
delete_stale(struct kernel *kernel)
{
	struct outcome outcomes[KERNEL_BATCH] = { 0 };
	struct fib_change *stale = kernel->stale;
	unsigned int count = kernel->stale_count, i;
	struct batch batch;

	batch_init(&batch, kernel);
	for (i = 0; i < count; i++)
		batch_delete(&batch, &stale[i].key, &stale[i].old,
		    &outcomes[i]);
	batch_finish(&batch);
	kernel->stale_count = 0;
	for (i = 0; i < count; i++) {
		if (is_passing(outcomes[i].error) ||
		    outcomes[i].error == UNANSWERED)
			stale[kernel->stale_count++] = stale[i];
		else if (!batch_is_deleted(outcomes[i].error))
			log_failure(kernel, &stale[i], &outcomes[i]);
	}
	return kernel->stale_count > 0;
}

static bool
delete_moved(struct kernel *kernel, const struct fib_change *changes,
    const struct outcome *outcomes, unsigned int count)
{
	struct fib_change *stale;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!is_move(&changes[i]) || outcomes[i].error != 0)
			continue;
		stale = &kernel->stale[kernel->stale_count++];
		*stale = changes[i];
		stale->operation = FIB_DELETE;
	}
	return kernel->stale_count > 0 && delete_stale(kernel);
}

/* Send nothing for a while, longer each time. */
static void
defer(struct kernel *kernel)
{
	kernel->repeat_delay = time_min(REPEAT_LAST,
	    time_max(REPEAT_FIRST, 2 * kernel->repeat_delay));
	kernel->marks.retry_due = clock_monotonic() + kernel->repeat_delay;
	kernel_marks_set_timer(kernel);
}

/* Keep changes that were not answered, to repeat them at growing intervals;
 * report the others.  Answers may lead to new changes at once. */
static void
settle(struct kernel *kernel, const struct fib_change *changes,
    struct outcome *outcomes, unsigned int count)
{
	unsigned int i;

	kernel->queued = 0;
	for (i = 0; i < count; i++)
		if (outcomes[i].error == UNANSWERED)
			kernel->window[kernel->queued++] = changes[i];
	if (kernel->queued > 0)
		defer(kernel);
	else
		kernel->repeat_delay = 0;
	for (i = 0; i < count; i++)
		if (outcomes[i].error != UNANSWERED)
			report(kernel, &changes[i], &outcomes[i]);
}

enum kernel_progress
kernel_send(struct kernel *kernel)
{
	struct fib_change changes[KERNEL_BATCH];
	struct outcome outcomes[KERNEL_BATCH];
	struct batch batch;
	unsigned int count = kernel->queued, i;
	bool is_left;
	int error;

	if (kernel->command < 0 || kernel->marks.retry_due != NEVER)
		return KERNEL_IDLE;	/* the timer will say when */
	if (kernel->stale_count > 0 && delete_stale(kernel))
		return KERNEL_BUSY;
	if (count == 0)
		return KERNEL_IDLE;
	memcpy(changes, kernel->window, count * sizeof(changes[0]));
	memset(outcomes, 0, count * sizeof(outcomes[0]));
	batch_init(&batch, kernel);
	for (i = 0; i < count; i++)
		add_change(&batch, &changes[i], &outcomes[i]);
	error = batch_run(&batch);
	if (is_passing(error)) {
		defer(kernel);
		return KERNEL_IDLE;
	}
	if (error != 0)
		batch_settle(&batch, error);
	retry_additions(kernel, changes, outcomes, count);
	is_left = delete_moved(kernel, changes, outcomes, count);
	settle(kernel, changes, outcomes, count);
	return is_left ? KERNEL_BUSY : KERNEL_ANSWERED;
}
