/*
 * kernel/route_message.h - route messages of rtnetlink, to values and back.
 */
#ifndef KERNEL_ROUTE_MESSAGE_H
#define KERNEL_ROUTE_MESSAGE_H

#include <linux/netlink.h>

#include "kernel.h"

#define PRIORITY_IPV6	1024		/* what priority 0 means for IPv6 */

/* A route message, decoded. */
struct route_message {
	struct kernel_route route;	/* ifname is not filled in */
	struct fib_entry entry;		/* as if we had installed it */
	uint8_t tos;
	uint32_t nexthop_id;		/* of a nexthop object, or 0 */
	babel_time expires;		/* from now on; 0: never */
	bool is_ipv4, is_cloned, is_multipath;
	bool is_dead;			/* it forwards nothing */
	bool has_other_type;		/* not in enum route_type */
};

/* Decode; false if the route is of no concern to a router. */
bool	kernel_route_decode(const struct nlmsghdr *, struct route_message *);
/* Write a request for an entry into the buffer, which must have room for
 * ROUTE_REQUEST_MAX octets. */
#define ROUTE_REQUEST_MAX 192
struct nlmsghdr *kernel_route_encode(void *buffer, uint16_t type,
	    const struct destination_key *, const struct fib_entry *);
uint32_t kernel_route_priority(const struct destination_key *,
	    const struct fib_entry *);
/* Do two entries for one key occupy the same place in the kernel? */
bool	kernel_route_same_place(const struct destination_key *,
	    const struct fib_entry *, const struct fib_entry *);
/* A fingerprint that distinguishes the entries that the kernel may have. */
uint64_t kernel_route_fingerprint(const struct kernel *,
	    const struct destination_key *, const struct fib_entry *);
/* "2001:db8::/32 via fe80::1 dev eth0 table 254" */
#define ROUTE_STRLEN (DESTINATION_STRLEN + ADDRESS_STRLEN + 64)
const char *kernel_route_format(const struct kernel *,
	    const struct destination_key *, const struct fib_entry *,
	    char buffer[ROUTE_STRLEN]);

#endif
