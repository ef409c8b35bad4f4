/*
 * rule/other.h - the routes that others have, and those that we announce: the
 * routes that source-specific ones must not hide.
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

/* A route is there (false for no memory), or is gone. */
bool	rule_others_add(struct rule_others *, const struct kernel_route *);
/* Other routes with its key, table and priority are gone.  Returns how many
 * there were. */
unsigned int rule_others_displace(struct rule_others *,
	    const struct kernel_route *);
void	rule_others_remove(struct rule_others *, const struct kernel_route *);
/* We announce a kernel route of that table, or no longer do. */
bool	rule_others_announce(struct rule_others *,
	    const struct destination_key *, uint32_t table);
void	rule_others_retract(struct rule_others *,
	    const struct destination_key *);
/* Call back for every route. */
void	rule_others_report(const struct rule_others *);

/* Between begin and end all routes are reported again, except announced ones.
 * Those that were not reported are then removed, a number of them at a time:
 * true while there may be more. */
void	rule_others_sync(struct rule_others *, bool begin);
bool	rule_others_sweep(struct rule_others *, unsigned int budget);

#endif
