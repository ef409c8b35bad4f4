/*
 * kernel/nexthop.h - nexthop objects, for kernels that give only the number of
 * a route's object (net.ipv4.nexthop_compat_mode 0).
 */
#ifndef KERNEL_NEXTHOP_H
#define KERNEL_NEXTHOP_H

#include <linux/netlink.h>

#include "kernel.h"

/* The interface by which the object leads; for a group, that of its first
 * member; 0 if there is none.  Blocks for a moment when an object is asked for
 * the first time. */
unsigned int kernel_nexthop_ifindex(struct kernel *, uint32_t id);
/* RTM_NEWNEXTHOP, RTM_DELNEXTHOP. */
void	kernel_nexthop_message(struct kernel *, const struct nlmsghdr *);

#endif
