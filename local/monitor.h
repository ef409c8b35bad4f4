/*
 * local/monitor.h - sending changes to monitors.
 *
 * A monitor is sent a dump first, and a change of an object only once the
 * dump has passed its place; so nothing changes before it was added.
 */
#ifndef LOCAL_MONITOR_H
#define LOCAL_MONITOR_H

#include "local/client.h"

/* Begin a monitor, or begin it again from nothing. */
void	monitor_start(struct client *, struct journal *,
	    const struct task *);
/* Must the monitor still be sent a change? */
bool	monitor_is_behind(const struct client *, const struct journal *);
/* Queue changes in at most *budget steps, which are subtracted, until
 * enough is queued. */
void	monitor_catch_up(struct client *, const struct journal *,
	    const struct babel *, unsigned int *budget);
/* Does the task's selection include the object? */
bool	monitor_selects(const struct babel *, const struct object *,
	    const struct task *);
/* The monitor's dump has shown the object: 0, or -1 for no memory. */
int	monitor_dumped(struct client *, const struct object *);

#endif
