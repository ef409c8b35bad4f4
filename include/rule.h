/*
 * rule.h - source-specific routes where the kernel has none, by policy rules
 * and a table for each source prefix (RFC 9079, section 4).
 *
 * This stands between the engine and the kernel layer.  Changes that the kernel
 * can make itself are passed through.
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
	kernel_log *log;
};

/* Serve the kernel's events and queries of routes from now on, passing on to
 * the engine those that are not for the rules.  Removes what a crashed instance
 * left.  NULL for no memory. */
struct rules *rules_open(struct kernel *, const struct rules_conf *,
	    const struct kernel_fib_events *engine,
	    const struct kernel_fib_queries *, void *ctx);
/* Leave other tables alone from now on: those that are not in use yet are not
 * taken. */
void	rules_reserve(struct rules *, const uint32_t *tables, size_t count);
/* Removes all rules, and the routes in their tables. */
void	rules_close(struct rules *);

/* For ops->fib, as kernel_submit.  Answered once by done, when everything that
 * the change needs has been done. */
bool	rules_submit(struct rules *, const struct fib_change *);
/* A turn of the loop: hand changes to the kernel and continue long tasks.
 * Returns when to call it next. */
babel_time rules_run(struct rules *, babel_time now);

/* We announce a kernel route of that table with that key, or no longer do.
 * Routes to our own addresses need not be reported. */
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
