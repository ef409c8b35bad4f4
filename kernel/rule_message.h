/*
 * kernel/rule_message.h - policy rules that others add and remove.
 */
#ifndef KERNEL_RULE_MESSAGE_H
#define KERNEL_RULE_MESSAGE_H

#include <linux/netlink.h>

struct kernel;

/* RTM_NEWRULE, RTM_DELRULE. */
void	kernel_rule_message(struct kernel *, const struct nlmsghdr *);

#endif
