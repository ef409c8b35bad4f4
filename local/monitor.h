/*
 * local/monitor.h - telling monitors what happens.
 *
 * A monitor gets a dump first, and hears of an object only after the dump
 * has passed its place; so nothing changes before it was added.
 */
#ifndef LOCAL_MONITOR_H
#define LOCAL_MONITOR_H

#include "local/client.h"

/* Begin, or begin again, with all to be told anew. */
void	monitor_start(struct client *, struct journal *,
	    const struct task *);
/* Has it not been told all? */
bool	monitor_is_behind(const struct client *, const struct journal *);
/* Tell what happened, in at most *budget steps, which are subtracted, and
 * no more than is enough for its queue. */
void	monitor_tell(struct client *, const struct journal *,
	    const struct babel *, unsigned int *budget);
/* Is the object one that was asked for? */
bool	monitor_selects(const struct babel *, const struct object *,
	    const struct task *);
/* The monitor's dump has told of the object: 0, or -1 for no memory. */
int	monitor_told(struct client *, const struct object *);

#endif
