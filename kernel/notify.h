/*
 * kernel/notify.h - reading notifications, and giving each message to the
 * table it is for.
 */
#ifndef KERNEL_NOTIFY_H
#define KERNEL_NOTIFY_H

#include <stdbool.h>

#include <linux/netlink.h>

struct kernel;

/* Read a burst; true if there may be more. */
bool	kernel_notify_ready(struct kernel *);
/* Read what notifications there are, a bounded number. */
void	kernel_notify_drain(struct kernel *);
/* Give one message of a notification or a dump to the table it is for. */
void	kernel_netlink_message(struct kernel *, const struct nlmsghdr *,
	    bool is_dump);

#endif
