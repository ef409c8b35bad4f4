/*
 * fib.h - what the kernel should hold for each destination, and what it
 * has.
 */
#ifndef FIB_H
#define FIB_H

#include "route.h"

/* The wanted entry may have changed: compare it with the installed one, and
 * queue the destination if they differ. */
void	fib_update(struct babel *, struct destination *);
/* Hand queued changes to ops->fib, at most budget of them. */
void	fib_submit(struct babel *, unsigned int budget);
void	fib_done(struct babel *, const struct fib_change *, int error);
/* Tell monitors about the selected route, and about the one whose place a hold
 * keeps, because what the kernel has of them changed. */
void	fib_notify(const struct babel *, const struct destination *);
void	fib_lost(struct babel *, const struct destination_key *);
void	fib_room(struct babel *, const struct destination_key *);
void	fib_retry(struct babel *, struct destination *);
/* Forget what was refused; no retry is due any more. */
void	fib_forgive(struct babel *, struct destination *);
/* Does the kernel have the selected route? */
bool	fib_is_current(const struct babel *, const struct destination *);
/* Is the route barred: by the install filter, or because the kernel
 * refused it? */
bool	fib_refuses(const struct babel *, const struct route *);

#endif
