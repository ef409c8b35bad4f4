/*
 * interface_run.h - Babel on an interface: when it starts and stops, and
 * what follows from a changed link or configuration.
 */
#ifndef INTERFACE_RUN_H
#define INTERFACE_RUN_H

#include "interface.h"

/* Create the interfaces that the configuration names (not those of
 * patterns) and flush those it no longer asks for; running ones take
 * their new parameters. */
void	interface_configure(struct babel *);
/* Does the configuration ask for it? */
bool	interface_is_wanted(const struct babel *, const struct interface *);
/* What the kernel says of a link; starts or stops the protocol on it. */
void	interface_link_changed(struct babel *, const struct link_state *);
void	interface_link_removed(struct babel *, unsigned int ifindex);
/* Stop: its neighbours and their routes go. */
void	interface_down(struct babel *, struct interface *);
/* Stop, and free the interface when its neighbours are free; an interface
 * that is wanted again before then stays. */
void	interface_flush(struct babel *, struct interface *);
/* The timer fired: it still does not run. */
void	interface_wait_due(struct babel *, struct interface *);
/* The timer fired: a Hello is due. */
void	interface_hello_due(struct babel *, struct interface *);

#endif
