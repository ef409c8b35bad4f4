/*
 * rule.c - source-specific routes by policy rules and tables.
 *
 * A change of a source-specific route that the kernel cannot hold becomes a
 * transaction: the steps that disambiguation.c makes of it, each a change in
 * the table of a source (rule/table.c).  All steps go through one queue and are
 * carried out in order; the engine is answered when the last step is.  If any
 * failed, the route is taken back.
 *
 * Plain routes matter as soon as a source has a table, because it must not hide
 * them; so do the routes that others have (rule/other.c).  Nothing is kept of
 * them before the first source-specific change comes.  That change waits while
 * our plain routes are walked, in slices, and the kernel reports the others.
 *
 * A review a little later finds steps that failed outside of a transaction, or
 * were skipped for want of memory.
 */
#include "rule.h"

#include <sys/queue.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "babel.h"
#include "kernel.h"
#include "prefix.h"
#include "rule/disambiguation.h"
#include "rule/other.h"
#include "rule/table.h"
#include "util.h"

#define QUEUE_MAX	1024		/* then the engine must wait */
#define WALK_SLICE	256
#define REVIEW_SLICE	16
#define REVIEW_FIRST	SECOND		/* after a failure; doubles */
#define REVIEW_LAST	(64 * SECOND)
#define REPAIR_PAUSE	(100 * MILLISECOND)

/* A change of the engine, until it is answered. */
struct transaction {
	STAILQ_ENTRY(transaction) entry;
	struct fib_change change;
	unsigned int pending;		/* operations */
	int error;			/* the first one */
};
STAILQ_HEAD(transaction_list, transaction);

/* A change of the kernel. */
struct operation {
	STAILQ_ENTRY(operation) entry;
	struct fib_change change;
	struct transaction *transaction;	/* or NULL */
};
STAILQ_HEAD(operation_list, operation);

/* The kernel lists all its routes.  Our view of them is complete, or will be
 * after a list that has not begun yet, or after the one that has begun. */
enum listing { LISTING_DONE, LISTING_AWAITED, LISTING_BEGUN };

struct rules {
	struct kernel *kernel;
	const struct kernel_fib_events *engine;
	const struct kernel_fib_queries *queries;	/* the engine's */
	kernel_log *log;
	void *ctx;
	uint32_t export_table;
	struct rule_tables *tables;
	struct rule_others *others;
	struct disambiguation *ipv4, *ipv6;	/* ipv6: NULL if native */

	struct operation_list waiting, in_flight;
	unsigned int waiting_count;
	struct transaction_list until_ready;
	struct transaction_list completed;	/* without an operation */
	struct transaction *current;	/* the one that makes steps */

	bool is_started, is_ready;	/* a source came; all is known */
	enum listing listing;
	bool is_walking;
	struct walk own_walk;		/* over our routes */
	bool wants_fill, wants_refill, wants_review, is_reviewing;
	babel_time refill_due, review_due, repair_due;
	babel_time review_delay;
};

static void __attribute__((format(printf, 3, 4)))
rules_log(const struct rules *rules, int priority, const char *format, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	rules->log(rules->ctx, priority, "%s", line);
}

/* The disambiguation of the family; NULL if the kernel needs none. */
static struct disambiguation *
family_of(const struct rules *rules, const struct destination_key *key)
{
	return prefix_is_ipv4(&key->to) ? rules->ipv4 : rules->ipv6;
}

/* Is the route in the table of its source? */
static bool
is_by_rule(const struct rules *rules, const struct destination_key *key)
{
	return destination_is_source_specific(key) &&
	    family_of(rules, key) != NULL;
}

static void
enqueue(struct rules *rules, struct operation *operation,
    struct transaction *transaction)
{
	operation->transaction = transaction;
	if (transaction != NULL)
		transaction->pending++;
	STAILQ_INSERT_TAIL(&rules->waiting, operation, entry);
	rules->waiting_count++;
}

static void
log_no_table(const struct rules *rules, const struct prefix *from, int error)
{
	char text[PREFIX_STRLEN];

	rules_log(rules, LOG_ERR, "source prefix %s: no routing table: %s",
	    prefix_format(from, text), strerror(error));
}

/* A step of the disambiguation. */
static int
on_step(void *ctx, const struct fib_change *step)
{
	struct rules *rules = ctx;
	struct operation *operation;
	uint32_t table;
	int error;

	error = rule_tables_get(rules->tables, &step->key.from, &table);
	if (error != 0) {
		log_no_table(rules, &step->key.from, error);
		rules->wants_review = true;
		return error;
	}
	operation = calloc(1, sizeof(*operation));
	if (operation == NULL) {
		rules->wants_review = true;
		return ENOMEM;
	}
	operation->change = *step;
	operation->change.entry.table = operation->change.old.table = table;
	operation->change.entry.by_rule = operation->change.old.by_rule =
	    true;
	enqueue(rules, operation, rules->current);
	return 0;
}

/* Set or unset a route of ours; its steps are for the transaction. */
static int
set_own(struct rules *rules, const struct destination_key *key,
    const struct fib_entry *entry, struct transaction *transaction)
{
	int error;

	rules->current = transaction;
	error = disambiguation_set(family_of(rules, key), key, entry);
	rules->current = NULL;
	if (error != 0)
		rules->wants_review = true;
	return error;
}

/* The same for a plain route.  The route is there whatever becomes of the
 * steps, so a step that cannot be recorded now must be found later. */
static void
set_plain(struct rules *rules, const struct destination_key *key,
    const struct fib_entry *entry, struct transaction *transaction)
{
	if (entry != NULL && entry->table != rules->export_table)
		entry = NULL;
	if (set_own(rules, key, entry, transaction) != 0)
		rules->wants_refill = true;
}

/* Others have a route with that key, or no longer do. */
static void
on_other(void *ctx, const struct destination_key *key, uint32_t table,
    bool present)
{
	struct rules *rules = ctx;
	struct disambiguation *d = family_of(rules, key);
	bool is_specific = destination_is_source_specific(key);
	int error = 0;

	if (!rules->is_started || d == NULL)
		return;
	if (is_specific && present)
		error = rule_tables_leave(rules->tables, key, table);
	if (disambiguation_set_other(d, key, present) != 0 || error != 0)
		rules->wants_refill = rules->wants_review = true;
	if (is_specific && !present)
		rule_tables_stay(rules->tables, key);
	if (is_specific && !disambiguation_uses(d, &key->from))
		rule_tables_release(rules->tables, &key->from);
}

/* Our routes to link-local addresses are never reported. */
static int
protect_link_local(struct rules *rules)
{
	struct destination_key key;

	memset(&key, 0, sizeof(key));
	key.to.address[0] = 0xfe;
	key.to.address[1] = 0x80;
	key.to.plen = 10;
	return disambiguation_set_other(rules->ipv6, &key, true);
}

static void on_done(void *, const struct fib_change *, int);
static void on_lost(void *, const struct destination_key *);
static void on_room(void *, const struct destination_key *, uint32_t);
static bool on_find(void *, struct destination_key *, uint32_t,
    struct fib_entry *);
static bool on_after(void *, const struct destination_key *,
    struct destination_key *, struct fib_entry *);
static bool on_is_free(void *, uint32_t);

static const struct kernel_fib_events fib_events = {
	on_done, on_lost, on_room
};
static const struct kernel_fib_queries fib_queries = {
	on_find, on_after, on_is_free
};

struct rules *
rules_open(struct kernel *kernel, const struct rules_conf *conf,
    const struct kernel_fib_events *engine,
    const struct kernel_fib_queries *queries, void *ctx)
{
	struct rules *rules = calloc(1, sizeof(*rules));
	struct rule_tables_conf tables = {
		.first_table = conf->first_table,
		.first_priority = conf->first_priority,
		.export_table = conf->export_table,
		.reserved = conf->reserved,
		.reserved_count = conf->reserved_count,
	};
	bool failed;

	if (rules == NULL)
		return NULL;
	rules->kernel = kernel;
	rules->engine = engine;
	rules->queries = queries;
	rules->log = conf->log;
	rules->ctx = ctx;
	rules->export_table = conf->export_table;
	rules->review_delay = REVIEW_FIRST;
	STAILQ_INIT(&rules->waiting);
	STAILQ_INIT(&rules->in_flight);
	STAILQ_INIT(&rules->until_ready);
	STAILQ_INIT(&rules->completed);
	rules->others = rule_others_new(on_other, rules);
	rules->ipv4 = disambiguation_new(on_step, rules);
	failed = rules->others == NULL || rules->ipv4 == NULL;
	if (!conf->native_ipv6) {
		rules->ipv6 = disambiguation_new(on_step, rules);
		failed |= rules->ipv6 == NULL ||
		    protect_link_local(rules) != 0;
	}
	rules->tables = rule_tables_new(kernel, &tables);
	if (failed || rules->tables == NULL) {
		rules_close(rules);
		return NULL;
	}
	kernel_serve(kernel, &fib_events, &fib_queries, rules);
	return rules;
}

void
rules_reserve(struct rules *rules, const uint32_t *tables, size_t count)
{
	if (rule_tables_reserve(rules->tables, tables, count) < 0)
		rules_log(rules, LOG_ERR, "noting the tables to leave alone: "
		    "out of memory");
}

static void
free_operations(struct operation_list *list)
{
	struct operation *operation;

	while ((operation = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, entry);
		/* The last operation of a transaction frees it. */
		if (operation->transaction != NULL &&
		    --operation->transaction->pending == 0)
			free(operation->transaction);
		free(operation);
	}
}

static void
free_transactions(struct transaction_list *list)
{
	struct transaction *transaction;

	while ((transaction = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, entry);
		free(transaction);
	}
}

void
rules_close(struct rules *rules)
{
	if (rules == NULL)
		return;
	kernel_serve(rules->kernel, NULL, NULL, NULL);
	free_operations(&rules->in_flight);
	free_operations(&rules->waiting);
	free_transactions(&rules->until_ready);
	free_transactions(&rules->completed);
	rule_tables_free(rules->tables);
	rule_others_free(rules->others);
	disambiguation_free(rules->ipv4);
	disambiguation_free(rules->ipv6);
	free(rules);
}

/* The first source has come: from now on plain routes matter.  Reading them
 * would call the engine back, so it waits for the next turn. */
static void
start(struct rules *rules)
{
	rules->is_started = true;
	rules->wants_fill = true;
	rules->listing = LISTING_AWAITED;
}

/* Read all routes that matter, for the first time or again. */
static void
fill(struct rules *rules)
{
	rules->wants_fill = rules->wants_refill = false;
	rules->is_walking = true;
	walk_restart(&rules->own_walk);
	rules->listing = LISTING_AWAITED;
	rule_others_report(rules->others);
	(void)kernel_resync(rules->kernel);
}

/* Queue the plain change itself. */
static bool
enqueue_plain(struct rules *rules, struct transaction *transaction)
{
	struct operation *operation = calloc(1, sizeof(*operation));

	if (operation == NULL)
		return false;
	operation->change = transaction->change;
	/* What must not hide the route goes before the route does. */
	if (transaction->change.operation == FIB_DELETE)
		set_plain(rules, &transaction->change.key, NULL,
		    transaction);
	enqueue(rules, operation, transaction);
	return true;
}

/* Make the steps of a source-specific change. */
static void
begin(struct rules *rules, struct transaction *transaction)
{
	const struct fib_change *change = &transaction->change;

	transaction->error = set_own(rules, &change->key,
	    change->operation == FIB_DELETE ? NULL : &change->entry,
	    transaction);
	if (transaction->pending == 0)
		STAILQ_INSERT_TAIL(&rules->completed, transaction, entry);
}

bool
rules_submit(struct rules *rules, const struct fib_change *change)
{
	bool is_specific = destination_is_source_specific(&change->key);
	struct transaction *transaction;

	if (family_of(rules, &change->key) == NULL ||
	    (!is_specific && !rules->is_started))
		return kernel_submit(rules->kernel, change);
	if (rules->waiting_count >= QUEUE_MAX)
		return false;
	transaction = calloc(1, sizeof(*transaction));
	if (transaction == NULL)
		return false;
	transaction->change = *change;
	if (!is_specific) {
		if (!enqueue_plain(rules, transaction)) {
			free(transaction);
			return false;
		}
	} else if (rules->is_ready)
		begin(rules, transaction);
	else {
		STAILQ_INSERT_TAIL(&rules->until_ready, transaction, entry);
		if (!rules->is_started)
			start(rules);
	}
	return true;
}

/* A source-specific change failed, in whole or in part: undo it, so that the
 * engine's view is right. */
static void
roll_back(struct rules *rules, const struct fib_change *change)
{
	rules->wants_review = true;
	if (change->operation == FIB_ADD)
		(void)set_own(rules, &change->key, NULL, NULL);
	else if (change->operation == FIB_CHANGE)
		(void)set_own(rules, &change->key, &change->old, NULL);
}

static void
complete(struct rules *rules, struct transaction *transaction)
{
	const struct fib_change *change = &transaction->change;

	if (transaction->error != 0 &&
	    destination_is_source_specific(&change->key))
		roll_back(rules, change);
	rules->engine->done(rules->ctx, change, transaction->error);
	free(transaction);
}

/* The plain route is there, or gone, or it did not work. */
static void
plain_done(struct rules *rules, struct transaction *transaction, int error)
{
	const struct fib_change *change = &transaction->change;

	transaction->error = error;
	if (change->operation == FIB_DELETE)
		set_plain(rules, &change->key,
		    error == 0 ? NULL : &change->old, transaction);
	else if (error == 0)
		set_plain(rules, &change->key, &change->entry, transaction);
}

static void
step_done(struct rules *rules, const struct operation *operation, int error)
{
	const struct fib_change *change = &operation->change;
	struct transaction *transaction = operation->transaction;
	struct disambiguation *d = family_of(rules, &change->key);

	disambiguation_done(d, change, error);
	if (!disambiguation_uses(d, &change->key.from))
		rule_tables_release(rules->tables, &change->key.from);
	if (error == 0)
		return;
	rules->wants_review = true;
	/* The plain route exists, even if another one hides it. */
	if (transaction != NULL && transaction->error == 0 &&
	    destination_is_source_specific(&transaction->change.key))
		transaction->error = error;
}

/* The kernel answers in the order of the changes; other changes in between were
 * passed through. */
static bool
is_answer(const struct operation *operation, const struct fib_change *change)
{
	return operation != NULL &&
	    operation->change.operation == change->operation &&
	    operation->change.entry.by_rule == change->entry.by_rule &&
	    destination_key_compare(&operation->change.key,
	    &change->key) == 0;
}

/* A change that was passed through before plain routes mattered may be
 * answered when the walk has gone past it. */
static void
passed_done(struct rules *rules, const struct fib_change *change, int error)
{
	if (!rules->is_started || error != 0 ||
	    family_of(rules, &change->key) == NULL)
		return;
	set_plain(rules, &change->key, change->operation == FIB_DELETE ?
	    NULL : &change->entry, NULL);
}

static void
on_done(void *ctx, const struct fib_change *change, int error)
{
	struct rules *rules = ctx;
	struct operation *operation = STAILQ_FIRST(&rules->in_flight);
	struct transaction *transaction;

	if (!is_answer(operation, change)) {
		passed_done(rules, change, error);
		rules->engine->done(rules->ctx, change, error);
		return;
	}
	STAILQ_REMOVE_HEAD(&rules->in_flight, entry);
	transaction = operation->transaction;
	if (change->entry.by_rule)
		step_done(rules, operation, error);
	else
		plain_done(rules, transaction, error);
	free(operation);
	if (transaction != NULL && --transaction->pending == 0)
		complete(rules, transaction);
}

static void
on_lost(void *ctx, const struct destination_key *key)
{
	struct rules *rules = ctx;
	struct disambiguation *d = family_of(rules, key);

	if (is_by_rule(rules, key)) {
		if (!disambiguation_lost(d, key))
			return;
		if (!disambiguation_uses(d, &key->from))
			rule_tables_release(rules->tables, &key->from);
	} else if (d != NULL && rules->is_started)
		set_plain(rules, key, NULL, NULL);
	rules->engine->lost(rules->ctx, key);
}

/* The key under which the routes of a source's table are known. */
static void
complete_key(const struct rules *rules, struct destination_key *key,
    uint32_t table)
{
	struct prefix from;

	if (!destination_is_source_specific(key) &&
	    rule_tables_source(rules->tables, table, &from) &&
	    prefix_is_ipv4(&from) == prefix_is_ipv4(&key->to))
		key->from = from;
}

static void
on_room(void *ctx, const struct destination_key *key, uint32_t table)
{
	struct rules *rules = ctx;
	struct destination_key known = *key;

	complete_key(rules, &known, table);
	rules->engine->room(rules->ctx, &known, table);
}

/* Complete an entry with its table. */
static bool
place_entry(const struct rules *rules, const struct destination_key *key,
    struct fib_entry *entry)
{
	entry->by_rule = true;
	return rule_tables_find(rules->tables, &key->from, &entry->table);
}

static bool
on_find(void *ctx, struct destination_key *key, uint32_t table,
    struct fib_entry *entry)
{
	const struct rules *rules = ctx;

	complete_key(rules, key, table);
	if (!is_by_rule(rules, key))
		return rules->queries->find(rules->ctx, key, table, entry);
	return disambiguation_find(family_of(rules, key), key, entry) &&
	    place_entry(rules, key, entry) && entry->table == table;
}

/* The engine's routes come first, except those in tables of sources; then
 * these. */
static bool
on_after(void *ctx, const struct destination_key *after,
    struct destination_key *key, struct fib_entry *entry)
{
	const struct rules *rules = ctx;
	bool is_table = after != NULL && is_by_rule(rules, after);
	bool is_ipv6 = is_table && !prefix_is_ipv4(&after->to);

	if (!is_table) {
		while (rules->queries->after(rules->ctx, after, key,
		    entry)) {
			if (!is_by_rule(rules, key))
				return true;
			after = key;
		}
		after = NULL;
	}
	if (!is_ipv6) {
		if (disambiguation_after(rules->ipv4, after, key, entry))
			return place_entry(rules, key, entry);
		after = NULL;
	}
	return rules->ipv6 != NULL &&
	    disambiguation_after(rules->ipv6, after, key, entry) &&
	    place_entry(rules, key, entry);
}

static bool
on_is_free(void *ctx, uint32_t table)
{
	const struct rules *rules = ctx;

	return !rule_tables_is_others(rules->tables, table) &&
	    rules->queries->is_free(rules->ctx, table);
}

void
rules_announce(struct rules *rules, const struct destination_key *key,
    uint32_t table)
{
	/* The kernel reports routes of the main table. */
	if (table == RT_TABLE_MAIN && !destination_is_source_specific(key))
		return;
	if (!rule_others_announce(rules->others, key, table))
		rules_log(rules, LOG_ERR, "source-specific routes may hide "
		    "an export: %s", strerror(ENOMEM));
}

void
rules_retract(struct rules *rules, const struct destination_key *key)
{
	rule_others_retract(rules->others, key);
}

bool
rules_route(struct rules *rules, const struct kernel_route *route,
    bool present)
{
	if (!rules->is_started || family_of(rules, &route->key) == NULL)
		return false;
	if (!present)
		rule_others_remove(rules->others, route);
	else if (!rule_others_add(rules->others, route))
		rules->wants_refill = true;
	return true;
}

unsigned int
rules_displaced(struct rules *rules, const struct kernel_route *route)
{
	return rules->is_started ?
	    rule_others_displace(rules->others, route) : 0;
}

void
rules_sync(struct rules *rules, bool begins)
{
	if (!rules->is_started)
		return;
	rule_others_sync(rules->others, begins);
	if (begins && rules->listing == LISTING_AWAITED)
		rules->listing = LISTING_BEGUN;
	if (begins)
		return;
	if (rules->listing == LISTING_BEGUN)
		rules->listing = LISTING_DONE;
	(void)rule_tables_check(rules->tables);
}

void
rules_rule(struct rules *rules, const struct kernel_rule *rule, bool present)
{
	rule_tables_note(rules->tables, rule, present);
}

/* A slice of the walk over our own plain routes. */
static void
walk(struct rules *rules)
{
	struct destination_key key;
	struct fib_entry entry;
	unsigned int i;

	for (i = 0; i < WALK_SLICE && rules->is_walking; i++) {
		if (!rules->queries->after(rules->ctx,
		    walk_last(&rules->own_walk), &key, &entry)) {
			rules->is_walking = false;
			break;
		}
		walk_move(&rules->own_walk, &key);
		if (!destination_is_source_specific(&key) &&
		    family_of(rules, &key) != NULL)
			set_plain(rules, &key, &entry, NULL);
	}
}

/* Everything is known: begin the transactions that waited for that. */
static void
get_ready(struct rules *rules)
{
	struct transaction *transaction;

	if (rules->is_walking || rules->listing != LISTING_DONE)
		return;
	rules->is_ready = rules->is_started;
	while ((transaction = STAILQ_FIRST(&rules->until_ready)) != NULL) {
		STAILQ_REMOVE_HEAD(&rules->until_ready, entry);
		begin(rules, transaction);
	}
}

static void
repair(struct rules *rules, babel_time now)
{
	int error;

	if (!rule_tables_are_broken(rules->tables) ||
	    now < rules->repair_due)
		return;
	error = rule_tables_repair(rules->tables);
	rules->repair_due = now + (error == 0 ? REPAIR_PAUSE : SECOND);
	rules_log(rules, LOG_INFO, "policy rules were removed: %s",
	    error == 0 ? "put back" : strerror(error));
}

/* One slice of the review; the families follow each other. */
static bool
review_slice(struct rules *rules)
{
	return disambiguation_review_slice(rules->ipv4, REVIEW_SLICE) ||
	    (rules->ipv6 != NULL &&
	    disambiguation_review_slice(rules->ipv6, REVIEW_SLICE));
}

/* After failures, review everything; less and less often while that does not
 * help. */
static void
review(struct rules *rules, babel_time now)
{
	if (rules->wants_review && rules->review_due == 0)
		rules->review_due = now + rules->review_delay;
	if (rules->review_due != 0 && now >= rules->review_due) {
		rules->review_due = 0;
		rules->wants_review = false;
		rules->is_reviewing = true;
		rules->review_delay = time_min(2 * rules->review_delay,
		    REVIEW_LAST);
		disambiguation_review(rules->ipv4);
		if (rules->ipv6 != NULL)
			disambiguation_review(rules->ipv6);
	}
	if (rules->is_reviewing && !review_slice(rules)) {
		rules->is_reviewing = false;
	} else if (!rules->is_reviewing && !rules->wants_review)
		rules->review_delay = REVIEW_FIRST;
}

static void
refill(struct rules *rules, babel_time now)
{
	if (rules->wants_fill)
		fill(rules);
	if (!rules->wants_refill)
		rules->refill_due = 0;
	else if (rules->refill_due == 0)
		rules->refill_due = now + SECOND;
	else if (now >= rules->refill_due)
		fill(rules);
}

static void
deliver(struct rules *rules)
{
	struct transaction_list list = STAILQ_HEAD_INITIALIZER(list);
	struct transaction *transaction;

	STAILQ_CONCAT(&list, &rules->completed);
	while ((transaction = STAILQ_FIRST(&list)) != NULL) {
		STAILQ_REMOVE_HEAD(&list, entry);
		complete(rules, transaction);
	}
}

static void
pump(struct rules *rules)
{
	struct operation *operation;

	while ((operation = STAILQ_FIRST(&rules->waiting)) != NULL &&
	    kernel_submit(rules->kernel, &operation->change)) {
		STAILQ_REMOVE_HEAD(&rules->waiting, entry);
		rules->waiting_count--;
		STAILQ_INSERT_TAIL(&rules->in_flight, operation, entry);
	}
}

static babel_time
next_wish(const struct rules *rules, bool is_sweeping, babel_time now)
{
	babel_time wish = NEVER;

	if (!STAILQ_EMPTY(&rules->waiting) ||
	    !STAILQ_EMPTY(&rules->completed) || rules->is_walking ||
	    rules->is_reviewing || is_sweeping)
		return now;
	if (rules->review_due != 0)
		wish = rules->review_due;
	if (rules->refill_due != 0)
		wish = time_min(wish, rules->refill_due);
	if (rule_tables_are_broken(rules->tables))
		wish = time_min(wish, rules->repair_due);
	return wish;
}

babel_time
rules_run(struct rules *rules, babel_time now)
{
	bool is_sweeping;

	deliver(rules);
	repair(rules, now);
	refill(rules, now);
	walk(rules);
	is_sweeping = rule_others_sweep(rules->others, WALK_SLICE);
	get_ready(rules);
	review(rules, now);
	pump(rules);
	return next_wish(rules, is_sweeping, now);
}
