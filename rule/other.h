/*
 * rule/other.h - the routes that others have, and our own exports: what
 * source-specific routes must not hide.
 */
#ifndef RULE_OTHER_H
#define RULE_OTHER_H

#include "kernel.h"

struct rule_others;

/* The first route with a key has come, or the last has gone; the table is
 * one that has it. */
typedef void rule_others_changed(void *ctx, const struct destination_key *,
	    uint32_t table, bool present);

/* NULL for no memory. */
struct rule_others *rule_others_new(rule_others_changed *, void *ctx);
void	rule_others_free(struct rule_others *);

/* A route is there; false for no memory.  Or it is gone. */
bool	rule_others_add(struct rule_others *, const struct kernel_route *);
/* Others with its key, table and priority are gone; how many were there? */
unsigned int rule_others_displace(struct rule_others *,
	    const struct kernel_route *);
void	rule_others_remove(struct rule_others *, const struct kernel_route *);
/* The same of what we export. */
bool	rule_others_announce(struct rule_others *,
	    const struct destination_key *, uint32_t table);
void	rule_others_retract(struct rule_others *,
	    const struct destination_key *);
/* Call back for what is there. */
void	rule_others_report(const struct rule_others *);

/* Between begin and end all routes are reported again (exports are not);
 * those that were not are swept out, a number of them at a time: true
 * while there may be more. */
void	rule_others_sync(struct rule_others *, bool begin);
bool	rule_others_sweep(struct rule_others *, unsigned int budget);

#endif
