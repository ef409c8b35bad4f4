/*
 * interface_run.h - Babel on an interface: when it starts and stops, and
 * what follows from a changed link or configuration.
 */
#ifndef INTERFACE_RUN_H
#define INTERFACE_RUN_H

#include "interface.h"

/* Create the interfaces that the configuration names (not those of patterns),
 * flush those that it no longer names, and give running ones their new
 * parameters. */
void	interface_configure(struct babel *);
/* Does the configuration name the interface? */
bool	interface_is_wanted(const struct babel *, const struct interface *);
/* The kernel reports a link: start or stop Babel on it. */
void	interface_link_changed(struct babel *, const struct link_state *);
void	interface_link_removed(struct babel *, unsigned int ifindex);
/* Stop Babel: the interface's neighbours and their routes are flushed. */
void	interface_down(struct babel *, struct interface *);
/* Stop Babel, and free the interface when its neighbours are freed.  An
 * interface that is wanted again before then stays. */
void	interface_flush(struct babel *, struct interface *);
/* The timer fired: the interface still does not run. */
void	interface_wait_due(struct babel *, struct interface *);
/* The timer fired: a Hello is due. */
void	interface_hello_due(struct babel *, struct interface *);

#endif
