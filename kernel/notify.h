/*
 * kernel/notify.h - reading notifications, and passing each message to its
 * table.
 */
#ifndef KERNEL_NOTIFY_H
#define KERNEL_NOTIFY_H

#include <stdbool.h>

#include <linux/netlink.h>

struct kernel;

/* Read a burst; true if there may be more. */
bool	kernel_notify_ready(struct kernel *);
/* Read the pending notifications, a bounded number. */
void	kernel_notify_drain(struct kernel *);
/* Pass one message of a notification or a dump to its table. */
void	kernel_netlink_message(struct kernel *, const struct nlmsghdr *,
	    bool is_dump);

#endif
