/*
 * kernel/attribute.c - writing prefixes into netlink messages.
 */
#include "kernel/attribute.h"

#include "prefix.h"

void
kernel_put_prefix(struct nlmsghdr *nlh, uint16_t type,
    const struct prefix *prefix, bool is_ipv4)
{
	if (prefix->plen == 0)
		return;
	if (is_ipv4)
		mnl_attr_put(nlh, type, 4, prefix->address + 12);
	else
		mnl_attr_put(nlh, type, 16, prefix->address);
}

uint8_t
kernel_family_plen(const struct prefix *prefix, bool is_ipv4)
{
	return prefix->plen == 0 || !is_ipv4 ? prefix->plen :
	    (uint8_t)(prefix->plen - 96);
}
