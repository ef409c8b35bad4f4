/*
 * rule/table.c - a routing table for each source prefix, and the policy rule
 * that leads there.
 *
 * A rule "from SOURCE lookup TABLE" has a priority by the length of its source,
 * so that longer ones come first, and our protocol number; both show that an
 * instance of babeld made it.  The rule is there before the first route of its
 * table and goes after the last, so that after a crash the rules lead to all
 * routes that were left behind.
 *
 * A table in which anybody has a route, or to which a rule of others leads, is
 * not taken.  Instances on one machine may have the same priorities: living
 * ones claim their tables (claims.h).  Routes and rules of a table that no
 * living instance has claimed are left over, whatever their priority, because
 * the dead instance may have been configured differently.
 *
 * Where somebody else has a route for the source, a rule that "leaves" stands
 * behind it, of the same priority: from SOURCE to DESTINATION lookup the table
 * that has the route.  The kernel keeps rules of one priority in the order in
 * which they were added.
 */
#include "rule/table.h"

#include <sys/queue.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "kernel.h"
#include "prefix.h"
#include "tree.h"
#include "util.h"

#define PRIORITIES	128		/* one for each length but 0 */
#define TABLES_MAX	UINT32_MAX

/* A rule that leaves: from the source to a destination, elsewhere. */
struct leaving {
	TAILQ_ENTRY(leaving) entry;
	struct prefix to;
	uint32_t table;
	bool has_rule, was_seen;
};

struct source_table {
	struct tree_node source_entry, number_entry;
	struct prefix from;
	uint32_t number;
	bool has_rule, was_seen;
	TAILQ_HEAD(, leaving) leavings;
};
TREE_HEAD(rule_source_tree);
TREE_HEAD(rule_number_tree);

/* A table that a rule of others leads to. */
struct foreign {
	struct tree_node entry;
	uint32_t table;
	bool was_seen;
};
TREE_HEAD(rule_foreign_tree);

struct rule_tables {
	struct kernel *kernel;
	uint32_t first_priority, export_table;
	uint32_t *reserved;
	size_t reserved_count;
	struct rule_source_tree by_source;
	struct rule_number_tree by_number;
	struct rule_foreign_tree foreign;
	uint32_t next;			/* none before it is free */
	bool is_broken;
	bool has_claims;		/* opened when first needed */
	struct claims claims;
};

static int
source_table_compare(const struct source_table *a, const struct source_table *b)
{
	return prefix_compare(&a->from, &b->from);
}

static int
number_compare(const struct source_table *a, const struct source_table *b)
{
	return compare_numbers(a->number, b->number);
}

static int
foreign_compare(const struct foreign *a, const struct foreign *b)
{
	return compare_numbers(a->table, b->table);
}

TREE_DEFINE(rule_source_tree, source_table, source_entry, source_table_compare)
TREE_DEFINE(rule_number_tree, source_table, number_entry, number_compare)
TREE_DEFINE(rule_foreign_tree, foreign, entry, foreign_compare)

static struct source_table *
find_source(const struct rule_tables *tables, const struct prefix *from)
{
	struct source_table wanted = { .from = *from };

	return rule_source_tree_find(&tables->by_source, &wanted);
}

static struct source_table *
find_number(const struct rule_tables *tables, uint32_t number)
{
	struct source_table wanted = { .number = number };

	return rule_number_tree_find(&tables->by_number, &wanted);
}

static struct foreign *
find_foreign(const struct rule_tables *tables, uint32_t table)
{
	struct foreign wanted = { .table = table };

	return rule_foreign_tree_find(&tables->foreign, &wanted);
}

/* A destination as a rule has it: a rule has no "any". */
static struct prefix
rule_destination(const struct prefix *to)
{
	static const struct prefix any;

	return prefix_is_ipv4(to) && to->plen == 96 ? any : *to;
}

static struct leaving *
find_leaving(const struct source_table *table, const struct prefix *to)
{
	const struct prefix wanted = rule_destination(to);
	struct leaving *leaving;

	TAILQ_FOREACH(leaving, &table->leavings, entry)
		if (prefix_compare(&leaving->to, &wanted) == 0)
			return leaving;
	return NULL;
}

static struct kernel_rule
rule_of(const struct rule_tables *tables, const struct source_table *table)
{
	return (struct kernel_rule){
		.from = table->from,
		.priority = tables->first_priority + PRIORITIES -
		    table->from.plen,
		.table = table->number,
		.protocol = PROTOCOL_BABEL,
		.is_ipv4 = prefix_is_ipv4(&table->from),
	};
}

static struct kernel_rule
rule_of_leaving(const struct rule_tables *tables,
    const struct source_table *table, const struct leaving *leaving)
{
	struct kernel_rule rule = rule_of(tables, table);

	rule.to = leaving->to;
	rule.table = leaving->table;
	return rule;
}

/* Is the rule of an instance with our priorities? */
static bool
is_ours(const struct rule_tables *tables, const struct kernel_rule *rule)
{
	return !rule->is_other && rule->protocol == PROTOCOL_BABEL &&
	    rule->priority >= tables->first_priority &&
	    rule->priority < tables->first_priority + PRIORITIES;
}

static bool
is_reserved(const struct rule_tables *tables, uint32_t number)
{
	size_t i;

	/* unspecified; default, main and local */
	if (number == 0 || (number >= 253 && number <= 255) ||
	    number == tables->export_table)
		return true;
	for (i = 0; i < tables->reserved_count; i++)
		if (tables->reserved[i] == number)
			return true;
	return false;
}

static struct claims *
claims_of(struct rule_tables *tables)
{
	if (!tables->has_claims)
		claims_open(&tables->claims, "babeld-tables");
	tables->has_claims = true;
	return &tables->claims;
}

/* Claim the table among the instances. */
static bool
take_number(struct rule_tables *tables, uint32_t number)
{
	return claims_take(claims_of(tables), number);
}

bool
rule_tables_is_others(struct rule_tables *tables, uint32_t number)
{
	return claims_is_others(claims_of(tables), number);
}

static void
drop_number(struct rule_tables *tables, uint32_t number)
{
	claims_drop(&tables->claims, number);
}

/* Rules that may have been left behind, collected from the kernel's dump. */
struct left_over {
	STAILQ_ENTRY(left_over) entry;
	struct kernel_rule rule;
};
STAILQ_HEAD(left_over_list, left_over);

struct left_overs {
	const struct rule_tables *tables;
	/* Rules that lead to tables of sources, and rules that leave. */
	struct left_over_list leading, leaving;
	struct left_over_list removed;	/* of those that led */
};

/* Did we make the rule ourselves? */
static bool
is_in_use(const struct rule_tables *tables, const struct kernel_rule *rule)
{
	const struct source_table *table = find_source(tables, &rule->from);
	const struct leaving *leaving;

	if (table == NULL || !is_ours(tables, rule))
		return false;
	if (rule->to.plen == 0 && rule->table == table->number)
		return true;
	leaving = find_leaving(table, &rule->to);
	return leaving != NULL && leaving->table == rule->table;
}

static void
collect_left_over(void *ctx, const struct kernel_rule *rule)
{
	struct left_overs *left_overs = ctx;
	struct left_over *left_over;

	if (rule->is_other || rule->protocol != PROTOCOL_BABEL ||
	    is_in_use(left_overs->tables, rule))
		return;
	left_over = malloc(sizeof(*left_over));
	if (left_over == NULL)
		return;
	left_over->rule = *rule;
	STAILQ_INSERT_TAIL(rule->to.plen == 0 ? &left_overs->leading :
	    &left_overs->leaving, left_over, entry);
}

/* Remove the rule, and our routes in its table, unless a living instance has
 * that table, or somebody else made the rule for routes of his own: then
 * false. */
static bool
flush_leading(struct rule_tables *tables, const struct kernel_rule *rule)
{
	if (!is_ours(tables, rule) &&
	    !kernel_table_is_empty(rule->table, PROTOCOL_BABEL))
		return false;
	if (find_number(tables, rule->table) != NULL) {
		(void)kernel_rule_delete(tables->kernel, rule);
		return true;
	}
	if (!take_number(tables, rule->table))
		return false;
	if (!is_reserved(tables, rule->table))
		(void)kernel_flush_routes(tables->kernel, rule->table,
		    OF_ANYBODY);
	(void)kernel_rule_delete(tables->kernel, rule);
	drop_number(tables, rule->table);
	return true;
}

/* Remove the rule from the list. */
static void
forget_left_over(struct left_over_list *list, struct left_over *left_over)
{
	STAILQ_REMOVE(list, left_over, left_over, entry);
	free(left_over);
}

/* Does a rule to the table of a source come before that rule? */
static bool
has_leading(const struct left_over_list *list, const struct kernel_rule *rule)
{
	const struct left_over *left_over;

	STAILQ_FOREACH(left_over, list, entry)
		if (left_over->rule.priority == rule->priority &&
		    prefix_compare(&left_over->rule.from, &rule->from) == 0)
			return true;
	return false;
}

/* A rule that leaves is removed with the one that led to the source's table;
 * with our own priorities, also if there is no such rule. */
static bool
is_left_behind(const struct left_overs *found, const struct kernel_rule *rule)
{
	return is_ours(found->tables, rule) ?
	    !has_leading(&found->leading, rule) :
	    has_leading(&found->removed, rule);
}

/* Rules that leave are removed with the rule of their source, because they lead
 * to tables that are not ours.  The rules that stay in the list belong to
 * living instances. */
static void
flush_left_overs(struct rule_tables *tables)
{
	struct left_overs found = { .tables = tables };
	struct left_over *left_over, *next;

	STAILQ_INIT(&found.leading);
	STAILQ_INIT(&found.leaving);
	STAILQ_INIT(&found.removed);
	(void)kernel_rule_dump(collect_left_over, &found);
	for (left_over = STAILQ_FIRST(&found.leading); left_over != NULL;
	    left_over = next) {
		next = STAILQ_NEXT(left_over, entry);
		if (!flush_leading(tables, &left_over->rule))
			continue;
		STAILQ_REMOVE(&found.leading, left_over, left_over, entry);
		STAILQ_INSERT_TAIL(&found.removed, left_over, entry);
	}
	while ((left_over = STAILQ_FIRST(&found.leaving)) != NULL) {
		if (is_left_behind(&found, &left_over->rule))
			(void)kernel_rule_delete(tables->kernel,
			    &left_over->rule);
		forget_left_over(&found.leaving, left_over);
	}
	while ((left_over = STAILQ_FIRST(&found.leading)) != NULL)
		forget_left_over(&found.leading, left_over);
	while ((left_over = STAILQ_FIRST(&found.removed)) != NULL)
		forget_left_over(&found.removed, left_over);
}

int
rule_tables_reserve(struct rule_tables *tables, const uint32_t *numbers,
    size_t count)
{
	uint32_t *reserved = reallocarray(tables->reserved, count + 1,
	    sizeof(*reserved));

	if (reserved == NULL)
		return -1;
	if (count > 0)
		memcpy(reserved, numbers, count * sizeof(*reserved));
	tables->reserved = reserved;
	tables->reserved_count = count;
	return 0;
}

struct rule_tables *
rule_tables_new(struct kernel *kernel, const struct rule_tables_conf *conf)
{
	struct rule_tables *tables = calloc(1, sizeof(*tables));

	if (tables == NULL)
		return NULL;
	tables->kernel = kernel;
	tables->next = conf->first_table;
	tables->first_priority = conf->first_priority;
	tables->export_table = conf->export_table;
	if (rule_tables_reserve(tables, conf->reserved,
	    conf->reserved_count) < 0) {
		free(tables);
		return NULL;
	}
	flush_left_overs(tables);
	return tables;
}

static void
remove_leaving(struct rule_tables *tables, struct source_table *table,
    struct leaving *leaving)
{
	struct kernel_rule rule = rule_of_leaving(tables, table, leaving);

	if (leaving->has_rule)
		(void)kernel_rule_delete(tables->kernel, &rule);
	TAILQ_REMOVE(&table->leavings, leaving, entry);
	free(leaving);
}

static void
remove_table(struct rule_tables *tables, struct source_table *table)
{
	struct kernel_rule rule = rule_of(tables, table);
	struct leaving *leaving;

	while ((leaving = TAILQ_FIRST(&table->leavings)) != NULL)
		remove_leaving(tables, table, leaving);
	if (table->has_rule)
		(void)kernel_rule_delete(tables->kernel, &rule);
	drop_number(tables, table->number);
	rule_source_tree_remove(&tables->by_source, table);
	rule_number_tree_remove(&tables->by_number, table);
	if (table->number < tables->next)
		tables->next = table->number;
	free(table);
}

static void
forget_foreign(struct rule_tables *tables, struct foreign *foreign)
{
	rule_foreign_tree_remove(&tables->foreign, foreign);
	free(foreign);
}

void
rule_tables_free(struct rule_tables *tables)
{
	struct source_table *table;
	struct foreign *foreign;

	if (tables == NULL)
		return;
	while ((table = rule_source_tree_first(&tables->by_source)) != NULL) {
		(void)kernel_flush_routes(tables->kernel, table->number,
		    OF_ANYBODY);
		remove_table(tables, table);
	}
	while ((foreign = rule_foreign_tree_first(&tables->foreign)) != NULL)
		forget_foreign(tables, foreign);
	if (tables->has_claims)
		claims_close(&tables->claims);
	free(tables->reserved);
	free(tables);
}

static bool
is_free(const struct rule_tables *tables, uint32_t number)
{
	return !is_reserved(tables, number) &&
	    find_number(tables, number) == NULL &&
	    find_foreign(tables, number) == NULL &&
	    kernel_table_is_empty(number, 0);
}

static int
add_rule(struct rule_tables *tables, struct source_table *table)
{
	struct kernel_rule rule = rule_of(tables, table);
	int error = kernel_rule_add(tables->kernel, &rule);

	table->has_rule = error == 0;
	return error;
}

static int
add_table(struct rule_tables *tables, const struct prefix *from,
    uint32_t number)
{
	struct source_table *table = calloc(1, sizeof(*table));
	int error;

	if (table == NULL)
		return ENOMEM;
	table->from = *from;
	table->number = number;
	TAILQ_INIT(&table->leavings);
	error = add_rule(tables, table);
	if (error != 0) {
		free(table);
		return error;
	}
	rule_source_tree_insert(&tables->by_source, table);
	rule_number_tree_insert(&tables->by_number, table);
	tables->next = number + 1;
	return 0;
}

int
rule_tables_get(struct rule_tables *tables, const struct prefix *from,
    uint32_t *number)
{
	int error;

	if (rule_tables_find(tables, from, number))
		return 0;
	for (*number = tables->next; *number != TABLES_MAX; ++*number)
		if (is_free(tables, *number) && take_number(tables, *number))
			break;
	if (*number == TABLES_MAX)
		return ENOSPC;
	error = add_table(tables, from, *number);
	if (error != 0)
		drop_number(tables, *number);
	return error;
}

void
rule_tables_release(struct rule_tables *tables, const struct prefix *from)
{
	struct source_table *table = find_source(tables, from);

	if (table != NULL && TAILQ_EMPTY(&table->leavings))
		remove_table(tables, table);
}

static int
add_leaving_rule(struct rule_tables *tables,
    const struct source_table *table, struct leaving *leaving)
{
	struct kernel_rule rule = rule_of_leaving(tables, table, leaving);
	int error = kernel_rule_add(tables->kernel, &rule);

	leaving->has_rule = error == 0;
	if (error != 0)
		tables->is_broken = true;
	return error;
}

int
rule_tables_leave(struct rule_tables *tables,
    const struct destination_key *key, uint32_t number)
{
	struct source_table *table;
	struct leaving *leaving;
	uint32_t ours;
	int error = rule_tables_get(tables, &key->from, &ours);

	if (error != 0)
		return error;
	table = find_source(tables, &key->from);
	if (find_leaving(table, &key->to) != NULL)
		return 0;
	leaving = calloc(1, sizeof(*leaving));
	if (leaving == NULL)
		return ENOMEM;
	leaving->to = rule_destination(&key->to);
	leaving->table = number;
	TAILQ_INSERT_TAIL(&table->leavings, leaving, entry);
	return add_leaving_rule(tables, table, leaving);
}

void
rule_tables_stay(struct rule_tables *tables,
    const struct destination_key *key)
{
	struct source_table *table = find_source(tables, &key->from);
	struct leaving *leaving = table == NULL ? NULL :
	    find_leaving(table, &key->to);

	if (leaving != NULL)
		remove_leaving(tables, table, leaving);
}

bool
rule_tables_source(const struct rule_tables *tables, uint32_t number,
    struct prefix *from)
{
	const struct source_table *table = find_number(tables, number);

	if (table == NULL)
		return false;
	*from = table->from;
	return true;
}

bool
rule_tables_find(const struct rule_tables *tables, const struct prefix *from,
    uint32_t *number)
{
	const struct source_table *table = find_source(tables, from);

	if (table == NULL)
		return false;
	*number = table->number;
	return true;
}

static void
note_foreign(struct rule_tables *tables, uint32_t number)
{
	struct foreign *foreign = find_foreign(tables, number);

	if (foreign == NULL) {
		foreign = calloc(1, sizeof(*foreign));
		if (foreign == NULL)
			return;		/* is_free checks the routes, too */
		foreign->table = number;
		rule_foreign_tree_insert(&tables->foreign, foreign);
	}
	foreign->was_seen = true;
}

/* Has one of our rules been removed? */
static void
note_loss(struct rule_tables *tables, const struct kernel_rule *rule)
{
	struct source_table *table = find_source(tables, &rule->from);
	struct leaving *leaving;

	if (table == NULL)
		return;
	if (rule->to.plen == 0 && rule->table == table->number) {
		table->has_rule = false;
		tables->is_broken = true;
	}
	leaving = find_leaving(table, &rule->to);
	if (leaving != NULL && leaving->table == rule->table) {
		leaving->has_rule = false;
		tables->is_broken = true;
	}
}

void
rule_tables_note(struct rule_tables *tables, const struct kernel_rule *rule,
    bool present)
{
	if (!present && is_ours(tables, rule))
		note_loss(tables, rule);
	else if (present && find_number(tables, rule->table) == NULL)
		note_foreign(tables, rule->table);
}

/* A rule of the kernel's dump. */
static void
note_seen(void *ctx, const struct kernel_rule *rule)
{
	struct rule_tables *tables = ctx;
	struct source_table *table;
	struct leaving *leaving;

	if (find_number(tables, rule->table) == NULL)
		note_foreign(tables, rule->table);
	table = find_source(tables, &rule->from);
	if (!is_ours(tables, rule) || table == NULL)
		return;
	if (rule->to.plen == 0 && rule->table == table->number)
		table->was_seen = true;
	leaving = find_leaving(table, &rule->to);
	if (leaving != NULL && leaving->table == rule->table)
		leaving->was_seen = true;
}

static void
forget_seen(struct rule_tables *tables)
{
	struct source_table *table;
	struct leaving *leaving;
	struct foreign *foreign;

	TREE_FOREACH(table, rule_source_tree, &tables->by_source) {
		table->was_seen = false;
		TAILQ_FOREACH(leaving, &table->leavings, entry)
			leaving->was_seen = false;
	}
	TREE_FOREACH(foreign, rule_foreign_tree, &tables->foreign)
		foreign->was_seen = false;
}

int
rule_tables_check(struct rule_tables *tables)
{
	struct source_table *table;
	struct leaving *leaving;
	struct foreign *foreign, *next;
	int error;

	flush_left_overs(tables);
	forget_seen(tables);
	error = kernel_rule_dump(note_seen, tables);
	if (error != 0)
		return error;
	TREE_FOREACH(table, rule_source_tree, &tables->by_source) {
		table->has_rule = table->was_seen;
		tables->is_broken |= !table->was_seen;
		TAILQ_FOREACH(leaving, &table->leavings, entry) {
			leaving->has_rule = leaving->was_seen;
			tables->is_broken |= !leaving->was_seen;
		}
	}
	TREE_FOREACH_SAFE(foreign, rule_foreign_tree, &tables->foreign, next)
		if (!foreign->was_seen)
			forget_foreign(tables, foreign);
	return 0;
}

bool
rule_tables_are_broken(const struct rule_tables *tables)
{
	return tables->is_broken;
}

/* Put back the rules of a source, in their order. */
static int
repair_table(struct rule_tables *tables, struct source_table *table)
{
	struct leaving *leaving;
	struct kernel_rule rule;
	bool is_first = !table->has_rule;
	int error = 0, result;

	if (is_first)
		error = add_rule(tables, table);
	TAILQ_FOREACH(leaving, &table->leavings, entry) {
		if (leaving->has_rule && !is_first)
			continue;
		rule = rule_of_leaving(tables, table, leaving);
		if (leaving->has_rule)
			(void)kernel_rule_delete(tables->kernel, &rule);
		result = add_leaving_rule(tables, table, leaving);
		error = result != 0 ? result : error;
	}
	return error;
}

int
rule_tables_repair(struct rule_tables *tables)
{
	struct source_table *table;
	int error = 0, result;

	TREE_FOREACH(table, rule_source_tree, &tables->by_source) {
		result = repair_table(tables, table);
		error = result != 0 ? result : error;
	}
	tables->is_broken = error != 0;
	return error;
}
