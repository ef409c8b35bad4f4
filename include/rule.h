/*
 * rule.h - source-specific routes where the kernel has none, by policy
 * rules and a table for each source prefix (RFC 9079, section 4).
 *
 * Stands between the engine and the kernel layer: changes that the kernel
 * can do by itself are passed through.
 */
#ifndef RULE_H
#define RULE_H

#include "kernel.h"

struct rules;

struct rules_conf {
	bool native_ipv6;		/* the kernel knows sources in IPv6 */
	uint32_t export_table;
	uint32_t first_table, first_priority;
	const uint32_t *reserved;	/* other tables to leave alone */
	size_t reserved_count;
	const char *directory;		/* as rule_tables_conf has it */
	kernel_log *log;
};

/* The kernel's events and queries of routes are served from now on; what
 * they leave is for the engine's.  Removes what a crashed instance left.
 * NULL for no memory. */
struct rules *rules_open(struct kernel *, const struct rules_conf *,
	    const struct kernel_fib_events *engine,
	    const struct kernel_fib_queries *, void *ctx);
/* Other tables are to be left alone from now on: what is not in use yet is
 * not taken. */
void	rules_reserve(struct rules *, const uint32_t *tables, size_t count);
/* Removes all rules, and the routes in their tables. */
void	rules_close(struct rules *);

/* For ops->fib: as kernel_submit.  Answered by done, once, when all
 * that the change entails has been done. */
bool	rules_submit(struct rules *, const struct fib_change *);
/* A turn of the loop: hand changes to the kernel, go on with what takes
 * long.  Returns when it wants to run next. */
babel_time rules_run(struct rules *, babel_time now);

/* We export a route with that key, which is from the table; or do not any
 * more.  Routes to our own addresses need not be told. */
void	rules_announce(struct rules *, const struct destination_key *,
	    uint32_t table);
void	rules_retract(struct rules *, const struct destination_key *);

/* The kernel's events; the routes are those of the main table. */
bool	rules_route(struct rules *, const struct kernel_route *,
	    bool present);
unsigned int rules_displaced(struct rules *, const struct kernel_route *);
void	rules_sync(struct rules *, bool begin);
void	rules_rule(struct rules *, const struct kernel_rule *, bool present);

#endif
