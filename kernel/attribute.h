/*
 * kernel/attribute.h - reading and writing the parts of netlink messages.
 */
#ifndef KERNEL_ATTRIBUTE_H
#define KERNEL_ATTRIBUTE_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <libmnl/libmnl.h>

#include "prefix.h"

/* Is there a message in the remaining len octets? libmnl's own test takes a
 * length beyond 2^31 for a negative one, and accepts it. */
static inline bool
message_is_ok(const struct nlmsghdr *nlh, int len)
{
	return mnl_nlmsg_ok(nlh, len) && nlh->nlmsg_len <= (uint32_t)len;
}

/* libmnl's loops over attributes, for const messages. */
static inline bool
attribute_is_ok(const struct nlattr *attr, const void *end)
{
	return mnl_attr_ok(attr,
	    (int)((const char *)end - (const char *)attr));
}

#define FOR_EACH_ATTRIBUTE(attr, nlh, offset) \
	for ((attr) = mnl_nlmsg_get_payload_offset(nlh, offset); \
	    attribute_is_ok(attr, mnl_nlmsg_get_payload_tail(nlh)); \
	    (attr) = mnl_attr_next(attr))
#define FOR_EACH_ATTRIBUTE_NESTED(attr, nest) \
	for ((attr) = mnl_attr_get_payload(nest); \
	    attribute_is_ok(attr, (const char *)mnl_attr_get_payload(nest) + \
	    mnl_attr_get_payload_len(nest)); (attr) = mnl_attr_next(attr))

/* The number in the attribute; false, and nothing is changed, if it is of
 * another length. */
static inline bool
attribute_u32(const struct nlattr *attr, uint32_t *value)
{
	if (mnl_attr_get_payload_len(attr) != sizeof(*value))
		return false;
	*value = mnl_attr_get_u32(attr);
	return true;
}

/* Write a prefix as an address of the family and a length; ::/0 stands for
 * "any" in both families. */
void	kernel_put_prefix(struct nlmsghdr *, uint16_t type,
	    const struct prefix *, bool is_ipv4);
uint8_t	kernel_family_plen(const struct prefix *, bool is_ipv4);

#endif
