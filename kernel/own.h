/*
 * kernel/own.h - which of the kernel's routes are ours.
 */
#ifndef KERNEL_OWN_H
#define KERNEL_OWN_H

#include "kernel/route_message.h"

/* The entry that we believe to be installed in the place of the message; the
 * key is the one under which we have it.  False if there is none. */
bool	kernel_own_find(const struct kernel *, const struct route_message *,
	    struct destination_key *, struct fib_entry *installed);
/* Is the route of the message that entry? */
bool	kernel_own_is_same(const struct kernel *,
	    const struct route_message *, const struct destination_key *,
	    const struct fib_entry *installed);
/* Is the route of the message exactly an entry of ours? */
bool	kernel_own_has(const struct kernel *,
	    const struct route_message *);

#endif
