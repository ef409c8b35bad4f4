/*
 * kernel/watch.h - what a message about a route means: somebody else's
 * route to import, or what became of ours.
 */
#ifndef KERNEL_WATCH_H
#define KERNEL_WATCH_H

#include "kernel/route_message.h"

/* RTM_NEWROUTE, RTM_DELROUTE. */
void	kernel_route_message(struct kernel *, const struct nlmsghdr *,
	    bool is_dump);

#endif
