/*
 * kernel/route.c - route messages of rtnetlink, to values and back.
 *
 * Out: IPv4 and IPv6, tables of 32 bits, IPv4 by an IPv6 next hop (RFC
 * 9229; RTA_VIA), source-specific IPv6 (RFC 9079; RTA_SRC).  In a table
 * that a rule reserves for a source prefix, routes have none themselves.
 * The next hop need not be on the link by prefix, since a neighbour is a
 * neighbour because we hear it: hence RTNH_F_ONLINK.
 *
 * In: routes of the import tables become events.  Routes of our protocol
 * are never imported; they tell whether what we installed is still there.
 *
 * The kernel does not tell what a replacement replaced, nor which of the
 * next hops of an IPv6 multipath route remain, nor which IPv4 routes went
 * with a link, an address or a nexthop object: such rare events are followed
 * by a dump.
 */
#include "kernel/internal.h"

#include <stdio.h>
#include <string.h>

#define AGAIN_DELAY	(200 * MILLISECOND)
#define PRIORITY_MAX_DEFAULT 65535	/* of an IPv6 default to import */

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ (x >> 32);
}

uint64_t
kernel_route_hash(uint64_t seed, const void *octets, size_t len)
{
	const uint8_t *at = octets;
	uint64_t hash = mix(seed + len), word;
	size_t n;

	for (; len > 0; at += n, len -= n) {
		n = len < sizeof(word) ? len : sizeof(word);
		word = 0;
		memcpy(&word, at, n);
		hash = mix(hash ^ word);
	}
	return hash == 0 ? 1 : hash;
}

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

/* Without next hop, whatever the fields say. */
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
	return kernel_route_hash(kernel->seed, octets, sizeof(octets));
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

/* The address as the attribute of its family has it. */
static void
put_address(struct nlmsghdr *nlh, uint16_t type, const struct in6_addr *a)
{
	if (address_is_ipv4(a))
		mnl_attr_put(nlh, type, 4, a->s6_addr + 12);
	else
		mnl_attr_put(nlh, type, 16, a);
}

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

uint8_t
kernel_family_plen(const struct prefix *prefix, bool is_ipv4)
{
	return prefix->plen == 0 || !is_ipv4 ? prefix->plen :
	    (uint8_t)(prefix->plen - 96);
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
	/* The old field has 8 bits; RTA_TABLE is what counts. */
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
	/* To delete, the next hop says enough. */
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

/* A multipath route counts as one by its first next hop. */
static bool
get_first_hop(const struct nlattr *attr, struct fib_entry *entry)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);
	const struct nlattr *nested;
	const char *end;

	if (len < sizeof(*hop) || hop->rtnh_len < sizeof(*hop) ||
	    hop->rtnh_len > len)
		return false;
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

/* False if the attribute is malformed; one that we do not know is fine. */
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
		return get_first_hop(attr, entry);
	default:
		return true;
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
	/* IPv6 routes below ::ffff:0:0/96 are not those of IPv4 that such
	 * a key stands for. */
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
	message->type = rtm->rtm_type;
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
	message->route.unicast = rtm->rtm_type == RTN_UNICAST ||
	    rtm->rtm_type == RTN_LOCAL;
	return decode_key(rtm, &to, &from, &message->route.key);
}

/* What we hold to be installed in the table of the message. */
static bool
find_held(const struct kernel *kernel, const struct route_message *message,
    struct fib_entry *held)
{
	return kernel->events->fib_find != NULL && message->tos == 0 &&
	    kernel->events->fib_find(kernel->ctx, &message->route.key,
	    message->route.table, held) &&
	    kernel_route_same_place(&message->route.key, held,
	    &message->entry);
}

static bool
is_same_entry(const struct kernel *kernel,
    const struct route_message *message, const struct fib_entry *held)
{
	return kernel_route_fingerprint(kernel, &message->route.key,
	    &message->entry) ==
	    kernel_route_fingerprint(kernel, &message->route.key, held);
}

bool
kernel_route_is_held(const struct kernel *kernel,
    const struct route_message *message)
{
	struct fib_entry held;

	return find_held(kernel, message, &held) &&
	    is_same_entry(kernel, message, &held);
}

/* Somebody else has changed routes: was one of ours removed, or replaced
 * by another, or is there room for one where another was? */
static void
watch_ours(struct kernel *kernel, const struct nlmsghdr *nlh,
    const struct route_message *message)
{
	bool is_ours = message->route.proto == PROTOCOL_BABEL;
	bool is_removal = nlh->nlmsg_type == RTM_DELROUTE;
	struct fib_entry held;

	if (is_removal && !is_ours) {
		if (kernel->events->fib_room != NULL)
			kernel->events->fib_room(kernel->ctx,
			    &message->route.key);
		return;
	}
	if (!is_removal && (nlh->nlmsg_flags & NLM_F_REPLACE) == 0)
		return;
	if (!find_held(kernel, message, &held))
		return;
	if (is_removal == (is_ours && is_same_entry(kernel, message, &held)))
		kernel->events->fib_lost(kernel->ctx, &message->route.key);
}

static bool
is_import_table(const struct kernel *kernel, uint32_t table)
{
	size_t i;

	for (i = 0; i < kernel->conf.import_table_count; i++)
		if (kernel->conf.import_tables[i] == table)
			return true;
	return false;
}

/* A route for one type of service only is no route for all packets.  The
 * kernel's own IPv6 default of last resort is none at all. */
static bool
is_import(const struct kernel *kernel, const struct route_message *message)
{
	const struct kernel_route *route = &message->route;

	return route->proto != PROTOCOL_BABEL && !message->is_cloned &&
	    message->tos == 0 && is_import_table(kernel, route->table) &&
	    destination_key_is_valid(&route->key) &&
	    (message->is_ipv4 || route->key.to.plen != 0 ||
	    route->priority < PRIORITY_MAX_DEFAULT);
}

static uint64_t
import_fingerprint(const struct kernel *kernel,
    const struct kernel_route *route)
{
	uint8_t octets[sizeof(route->key) + 13];
	uint8_t *at = octets + sizeof(route->key);

	memcpy(octets, &route->key, sizeof(route->key));
	memcpy(at, &route->table, 4);
	memcpy(at + 4, &route->priority, 4);
	memcpy(at + 8, &route->ifindex, 4);
	at[12] = route->proto;
	return kernel_route_hash(kernel->seed ^ RTM_NEWROUTE, octets,
	    sizeof(octets));
}

/* Could there be more to the change than the message says? */
static bool
is_ambiguous(struct kernel *kernel, const struct nlmsghdr *nlh,
    const struct route_message *message)
{
	if (nlh->nlmsg_flags & NLM_F_REPLACE)
		return true;
	if (message->is_ipv4)
		return false;
	if (message->is_multipath || (nlh->nlmsg_flags & NLM_F_APPEND) != 0)
		kernel->has_ipv6_siblings = true;
	return kernel->has_ipv6_siblings;
}

/* Remember that it may go without a word when its link goes down. */
static void
note_import(struct kernel *kernel, const struct route_message *message)
{
	struct kernel_link *link;

	if (!message->is_ipv4)
		return;
	link = kernel_link_find(kernel, message->route.ifindex);
	if (link != NULL)
		link->has_imports = true;
	else if (message->type == RTN_UNICAST)
		kernel->has_ipv4_spread = true;
	kernel->has_ipv4_spread |= message->is_multipath;
}

static void
import(struct kernel *kernel, const struct nlmsghdr *nlh,
    struct route_message *message, bool is_dump)
{
	bool present = nlh->nlmsg_type == RTM_NEWROUTE;
	uint64_t fingerprint = import_fingerprint(kernel, &message->route);

	if (is_dump && kernel_sync_is_gone(kernel, fingerprint))
		return;
	if (present)
		note_import(kernel, message);
	else
		kernel_sync_gone(kernel, fingerprint);
	strlcpy(message->route.ifname,
	    kernel_link_name(kernel, message->route.ifindex), IFNAME_SIZE);
	kernel->events->route(kernel->ctx, &message->route, present);
	if (!is_dump && is_ambiguous(kernel, nlh, message))
		kernel_sync_schedule(kernel, SYNC_ALL, AGAIN_DELAY);
}

/* Give the routes of a source's table the key that they are known by. */
static void
put_source(struct kernel *kernel, struct route_message *message)
{
	struct destination_key *key = &message->route.key;
	struct prefix from;

	if (kernel->events->rule_source == NULL ||
	    destination_is_source_specific(key) ||
	    !kernel->events->rule_source(kernel->ctx, message->entry.table,
	    &from) || prefix_is_ipv4(&from) != message->is_ipv4)
		return;
	key->from = from;
	message->entry.by_rule = true;
}

void
kernel_route_message(struct kernel *kernel, const struct nlmsghdr *nlh,
    bool is_dump)
{
	struct route_message message;

	if (!kernel_route_decode(nlh, &message))
		return;
	put_source(kernel, &message);
	/* Whoever hears of a route should know the link that it uses. */
	kernel_link_tell(kernel);
	if (is_dump) {
		if (message.route.proto == PROTOCOL_BABEL)
			kernel_sync_own(kernel,
			    kernel_route_fingerprint(kernel,
			    &message.route.key, &message.entry));
	} else {
		if (!message.is_ipv4)
			kernel->ipv6_changes++;
		watch_ours(kernel, nlh, &message);
	}
	if (is_import(kernel, &message))
		import(kernel, nlh, &message, is_dump);
}
