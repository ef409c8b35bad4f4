/*
 * rule/table.h - a routing table for each source prefix, and the policy
 * rule that leads there.
 */
#ifndef RULE_TABLE_H
#define RULE_TABLE_H

#include "kernel.h"

struct rule_tables;

struct rule_tables_conf {
	uint32_t first_table, first_priority;
	uint32_t export_table;
	const uint32_t *reserved;	/* other tables to leave alone */
	size_t reserved_count;
};

/* Removes what a crashed instance left, however it was configured: rules of
 * our protocol, and routes in the tables that they name.  NULL for no
 * memory. */
struct rule_tables *rule_tables_new(struct kernel *,
	    const struct rule_tables_conf *);
/* Leave other tables alone from now on; -1 for no memory, and nothing has
 * changed. */
int	rule_tables_reserve(struct rule_tables *, const uint32_t *tables,
	    size_t count);
/* Removes our rules and their tables' routes as well. */
void	rule_tables_free(struct rule_tables *);

/* The table of the source prefix, an existing or a new one, with its rule.  0,
 * or an errno. */
int	rule_tables_get(struct rule_tables *, const struct prefix *from,
	    uint32_t *table);
/* The table is empty and not needed any more. */
void	rule_tables_release(struct rule_tables *, const struct prefix *from);

/* Add a further rule behind that of the source prefix, or remove it: packets to
 * key.to go on to some other table.  0, or an errno. */
int	rule_tables_leave(struct rule_tables *,
	    const struct destination_key *, uint32_t table);
void	rule_tables_stay(struct rule_tables *,
	    const struct destination_key *);

/* The source prefix of a table, and the table of a source prefix; false if
 * there is none. */
bool	rule_tables_source(const struct rule_tables *, uint32_t table,
	    struct prefix *from);
bool	rule_tables_find(const struct rule_tables *,
	    const struct prefix *from, uint32_t *table);

/* Is it the table of a source of another living instance?  True without access
 * to the shared file. */
bool	rule_tables_is_others(struct rule_tables *, uint32_t table);

/* Somebody else added or removed a rule. */
void	rule_tables_note(struct rule_tables *, const struct kernel_rule *,
	    bool present);
/* Compare our rules with the kernel's.  0, or an errno. */
int	rule_tables_check(struct rule_tables *);
/* Is one of our rules known to be missing?  Put such rules back; returns the
 * last error. */
bool	rule_tables_are_broken(const struct rule_tables *);
int	rule_tables_repair(struct rule_tables *);

#endif
