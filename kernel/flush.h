/*
 * kernel/flush.h - a request to delete the route of a message.
 */
#ifndef KERNEL_FLUSH_H
#define KERNEL_FLUSH_H

#include <linux/netlink.h>

/* Write the request into the buffer of ROUTE_REQUEST_MAX octets: the deletion
 * of a route of our protocol with that prefix, table and priority, whatever its
 * type and next hop. */
struct nlmsghdr *kernel_flush_encode(void *buffer, const struct nlmsghdr *);

#endif
