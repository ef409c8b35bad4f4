/*
 * kernel/own.h - what of the kernel's routes is ours.
 */
#ifndef KERNEL_OWN_H
#define KERNEL_OWN_H

#include "kernel/route_message.h"

/* What we hold to be installed in the place of the message; the key is the
 * one that we know it by.  False: nothing. */
bool	kernel_own_find(const struct kernel *, const struct route_message *,
	    struct destination_key *, struct fib_entry *installed);
/* Is the route of the message the one that we hold? */
bool	kernel_own_is_same(const struct kernel *,
	    const struct route_message *, const struct destination_key *,
	    const struct fib_entry *installed);
/* Is it just what we hold to be installed there? */
bool	kernel_own_has(const struct kernel *,
	    const struct route_message *);

#endif
