/*
 * kernel/route_message.c - route messages of rtnetlink, to values and back.
 *
 * Both families, tables of 32 bits, IPv4 by an IPv6 next hop (RFC 9229;
 * RTA_VIA), source-specific IPv6 (RFC 9079; RTA_SRC).  In a table that a rule
 * reserves for a source prefix, routes have no source prefix themselves.  A
 * neighbour's address need not be on the link by prefix, hence RTNH_F_ONLINK.
 */
#include "kernel/route_message.h"

#include <stdio.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "babel.h"
#include "filter.h"
#include "kernel.h"
#include "kernel/attribute.h"
#include "kernel/link.h"
#include "kernel/marks.h"
#include "prefix.h"
#include "util.h"

uint32_t
kernel_route_priority(const struct destination_key *key,
    const struct fib_entry *entry)
{
	if (entry->priority == 0 && !prefix_is_ipv4(&key->to))
		return PRIORITY_IPV6;
	return entry->priority;
}

bool
kernel_route_same_place(const struct destination_key *key,
    const struct fib_entry *a, const struct fib_entry *b)
{
	return a->table == b->table &&
	    kernel_route_priority(key, a) == kernel_route_priority(key, b);
}

/* An entry without next hop, whatever its fields. */
static bool
is_reject(const struct fib_entry *entry)
{
	return entry->unreachable || entry->throw_route;
}

uint64_t
kernel_route_fingerprint(const struct kernel *kernel,
    const struct destination_key *key, const struct fib_entry *entry)
{
	uint8_t octets[sizeof(*key) + 16 + 16 + 12 + 1] = { 0 };
	uint8_t *at = octets;
	uint32_t priority = kernel_route_priority(key, entry);

	/* In the table of a source, routes have no source prefix. */
	if (entry->by_rule)
		memcpy(at, &key->to, sizeof(key->to));
	else
		memcpy(at, key, sizeof(*key));
	at += sizeof(*key);
	memcpy(at, &entry->table, 4);
	memcpy(at + 4, &priority, 4);
	at[8] = (uint8_t)(entry->unreachable + 2 * entry->throw_route);
	if (!is_reject(entry)) {
		memcpy(at + 9, &entry->ifindex, 4);
		memcpy(at + 13, &entry->next_hop, 16);
		memcpy(at + 29, &entry->pref_src, 16);
	}
	return kernel_marks_hash(kernel, 0, octets, sizeof(octets));
}

const char *
kernel_route_format(const struct kernel *kernel,
    const struct destination_key *key, const struct fib_entry *entry,
    char buffer[ROUTE_STRLEN])
{
	char destination[DESTINATION_STRLEN], next_hop[ADDRESS_STRLEN];

	destination_key_format(key, destination);
	if (is_reject(entry))
		snprintf(buffer, ROUTE_STRLEN, "%s %s table %u", destination,
		    entry->throw_route ? "throw" : "unreachable",
		    entry->table);
	else
		snprintf(buffer, ROUTE_STRLEN, "%s via %s dev %s table %u",
		    destination, address_format(&entry->next_hop, next_hop),
		    kernel_link_name(kernel, entry->ifindex), entry->table);
	return buffer;
}

/* The address in the form of its family's attribute. */
static void
put_address(struct nlmsghdr *nlh, uint16_t type, const struct in6_addr *a)
{
	if (address_is_ipv4(a))
		mnl_attr_put(nlh, type, 4, a->s6_addr + 12);
	else
		mnl_attr_put(nlh, type, 16, a);
}

static void
put_next_hop(struct nlmsghdr *nlh, struct rtmsg *rtm,
    const struct fib_entry *entry)
{
	struct {
		uint16_t family;
		uint8_t address[16];
	} via = { .family = AF_INET6 };

	mnl_attr_put_u32(nlh, RTA_OIF, entry->ifindex);
	if (address_is_unspecified(&entry->next_hop)) {
		rtm->rtm_scope = RT_SCOPE_LINK;
	} else if (rtm->rtm_family == AF_INET &&
	    !address_is_ipv4(&entry->next_hop)) {
		memcpy(via.address, &entry->next_hop, sizeof(via.address));
		mnl_attr_put(nlh, RTA_VIA, sizeof(via), &via);
		rtm->rtm_flags |= RTNH_F_ONLINK;
	} else {
		put_address(nlh, RTA_GATEWAY, &entry->next_hop);
		rtm->rtm_flags |= RTNH_F_ONLINK;
	}
	if (!address_is_unspecified(&entry->pref_src))
		put_address(nlh, RTA_PREFSRC, &entry->pref_src);
}

struct nlmsghdr *
kernel_route_encode(void *buffer, uint16_t type,
    const struct destination_key *key, const struct fib_entry *entry)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	bool is_ipv4 = prefix_is_ipv4(&key->to);
	struct rtmsg *rtm;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = is_ipv4 ? AF_INET : AF_INET6;
	rtm->rtm_dst_len = kernel_family_plen(&key->to, is_ipv4);
	/* The old field has 8 bits; RTA_TABLE has the number. */
	rtm->rtm_table = entry->table < 256 ? (uint8_t)entry->table :
	    RT_TABLE_COMPAT;
	rtm->rtm_protocol = PROTOCOL_BABEL;
	rtm->rtm_scope = RT_SCOPE_UNIVERSE;
	rtm->rtm_type = entry->throw_route ? RTN_THROW :
	    entry->unreachable ? RTN_UNREACHABLE : RTN_UNICAST;
	kernel_put_prefix(nlh, RTA_DST, &key->to, is_ipv4);
	if (destination_is_source_specific(key) && !entry->by_rule) {
		rtm->rtm_src_len = kernel_family_plen(&key->from, is_ipv4);
		kernel_put_prefix(nlh, RTA_SRC, &key->from, is_ipv4);
	}
	mnl_attr_put_u32(nlh, RTA_TABLE, entry->table);
	mnl_attr_put_u32(nlh, RTA_PRIORITY,
	    kernel_route_priority(key, entry));
	if (!is_reject(entry))
		put_next_hop(nlh, rtm, entry);
	/* A deletion needs no more than the next hop. */
	if (type == RTM_DELROUTE)
		rtm->rtm_scope = RT_SCOPE_NOWHERE;
	return nlh;
}

static bool
get_address(const struct nlattr *attr, struct in6_addr *address)
{
	const void *octets = mnl_attr_get_payload(attr);

	switch (mnl_attr_get_payload_len(attr)) {
	case 4:
		*address = address_from_ipv4(octets);
		return true;
	case 16:
		memcpy(address, octets, 16);
		return true;
	default:
		return false;
	}
}

static bool
get_via(const struct nlattr *attr, struct in6_addr *address)
{
	const uint8_t *octets = mnl_attr_get_payload(attr);
	uint16_t family;

	if (mnl_attr_get_payload_len(attr) != 18)
		return false;
	memcpy(&family, octets, sizeof(family));
	memcpy(address, octets + 2, 16);
	return family == AF_INET6;
}

static bool
is_hop(const struct rtnexthop *hop, size_t len)
{
	return len >= sizeof(*hop) && hop->rtnh_len >= sizeof(*hop) &&
	    hop->rtnh_len <= len;
}

/* A multipath route counts as one by its first next hop that is alive; it is
 * dead if there is none. */
static bool
get_first_hop(const struct nlattr *attr, struct route_message *message)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(attr);
	struct fib_entry *entry = &message->entry;
	size_t len = mnl_attr_get_payload_len(attr), size;
	const struct nlattr *nested;
	const char *end;

	if (!is_hop(hop, len))
		return false;
	while ((hop->rtnh_flags & RTNH_F_DEAD) != 0) {
		size = (size_t)RTNH_ALIGN(hop->rtnh_len);
		message->is_dead = len <= size;
		if (message->is_dead)
			break;
		len -= size;
		hop = (const void *)((const char *)hop + size);
		if (!is_hop(hop, len))
			return false;
	}
	entry->ifindex = (unsigned int)hop->rtnh_ifindex;
	end = (const char *)hop + hop->rtnh_len;
	for (nested = (const struct nlattr *)(const void *)(hop + 1);
	    attribute_is_ok(nested, end); nested = mnl_attr_next(nested)) {
		if (mnl_attr_get_type(nested) == RTA_GATEWAY)
			(void)get_address(nested, &entry->next_hop);
		else if (mnl_attr_get_type(nested) == RTA_VIA)
			(void)get_via(nested, &entry->next_hop);
	}
	return true;
}

/* The kernel counts in hundredths of a second, and below zero once a route has
 * expired, because it is removed only some time later. */
static void
get_expiry(const struct nlattr *attr, struct route_message *message)
{
	struct rta_cacheinfo info;

	if (mnl_attr_get_payload_len(attr) < sizeof(info))
		return;
	memcpy(&info, mnl_attr_get_payload(attr), sizeof(info));
	message->is_dead |= info.rta_expires < 0;
	if (info.rta_expires > 0)
		message->expires = info.rta_expires * (SECOND / 100);
}

/* False if the attribute is malformed; unknown attributes are ignored. */
static bool
decode_attribute(const struct nlattr *attr, struct route_message *message,
    struct in6_addr *to, struct in6_addr *from)
{
	struct fib_entry *entry = &message->entry;

	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
		return get_address(attr, to);
	case RTA_SRC:
		return get_address(attr, from);
	case RTA_TABLE:
		return attribute_u32(attr, &entry->table);
	case RTA_PRIORITY:
		return attribute_u32(attr, &entry->priority);
	case RTA_OIF:
		return attribute_u32(attr, &entry->ifindex);
	case RTA_GATEWAY:
		return get_address(attr, &entry->next_hop);
	case RTA_VIA:
		return get_via(attr, &entry->next_hop);
	case RTA_PREFSRC:
		return get_address(attr, &entry->pref_src);
	case RTA_MULTIPATH:
		message->is_multipath = true;
		return get_first_hop(attr, message);
	case RTA_NH_ID:
		return attribute_u32(attr, &message->nexthop_id);
	case RTA_CACHEINFO:
		get_expiry(attr, message);
		return true;
	default:
		return true;
	}
}

/* False for other types: of addresses that are no unicast destination, or
 * instructions for the lookup itself. */
static bool
decode_type(uint8_t type, enum route_type *decoded)
{
	switch (type) {
	case RTN_UNICAST:
	case RTN_LOCAL:
		*decoded = ROUTE_UNICAST;
		return true;
	case RTN_BLACKHOLE:
		*decoded = ROUTE_BLACKHOLE;
		return true;
	case RTN_UNREACHABLE:
		*decoded = ROUTE_UNREACHABLE;
		return true;
	case RTN_PROHIBIT:
		*decoded = ROUTE_PROHIBIT;
		return true;
	default:
		return false;
	}
}

static bool
decode_key(const struct rtmsg *rtm, const struct in6_addr *to,
    const struct in6_addr *from, struct destination_key *key)
{
	uint8_t base = rtm->rtm_family == AF_INET ? 96 : 0;
	struct prefix to_prefix, from_prefix;

	if (rtm->rtm_dst_len > 128 - base || rtm->rtm_src_len > 128 - base)
		return false;
	to_prefix = prefix_of(to, (uint8_t)(base + rtm->rtm_dst_len));
	from_prefix = prefix_of(from, (uint8_t)(base + rtm->rtm_src_len));
	*key = destination_key_of(&to_prefix,
	    rtm->rtm_src_len > 0 ? &from_prefix : NULL);
	/* IPv6 routes within ::ffff:0:0/96 are not the IPv4 routes that such a
	 * key stands for. */
	return prefix_is_ipv4(&to_prefix) == (rtm->rtm_family == AF_INET);
}

bool
kernel_route_decode(const struct nlmsghdr *nlh,
    struct route_message *message)
{
	static const uint8_t zero[4];
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	struct in6_addr to, from;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) ||
	    (rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6))
		return false;
	memset(message, 0, sizeof(*message));
	message->is_ipv4 = rtm->rtm_family == AF_INET;
	message->is_cloned = (rtm->rtm_flags & RTM_F_CLONED) != 0;
	message->is_dead = (rtm->rtm_flags & RTNH_F_DEAD) != 0;
	message->tos = rtm->rtm_tos;
	message->entry.table = rtm->rtm_table;
	message->entry.unreachable = rtm->rtm_type == RTN_UNREACHABLE;
	message->entry.throw_route = rtm->rtm_type == RTN_THROW;
	to = from = message->is_ipv4 ? address_from_ipv4(zero) : in6addr_any;
	FOR_EACH_ATTRIBUTE(attr, nlh, sizeof(*rtm))
		if (!decode_attribute(attr, message, &to, &from))
			return false;
	message->route.table = message->entry.table;
	message->route.priority = message->entry.priority;
	message->route.ifindex = message->entry.ifindex;
	message->route.proto = rtm->rtm_protocol;
	message->has_other_type = !decode_type(rtm->rtm_type,
	    &message->route.type);
	return decode_key(rtm, &to, &from, &message->route.key);
}
