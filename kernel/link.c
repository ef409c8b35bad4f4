/*
 * kernel/link.c - the links of the machine and their addresses.
 *
 * All links are kept, not only those that Babel runs on: a pattern or a reload
 * may name any, and routes are named by the link they leave by.  Of the
 * addresses, link-local and IPv4 ones are kept, because these make a link
 * usable (RFC 8966, sections 3.1 and 4.6.8; RFC 9229).  All others are passed
 * on as routes to ourselves that may be redistributed.
 *
 * A link whose state changed is reported once for each burst of messages, and
 * only if its struct link_state has changed.  The link-local address in use
 * stays the first while it exists, because neighbours know us by it.
 */
#include "kernel/link.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "babel.h"
#include "filter.h"
#include "kernel.h"
#include "kernel/attribute.h"
#include "kernel/kernel_state.h"
#include "kernel/kind.h"
#include "kernel/marks.h"
#include "pattern.h"
#include "prefix.h"
#include "tree.h"

#define VERIFY_DELAY	(20 * MILLISECOND)
#define RENAME_DELAY	(100 * MILLISECOND)
#define IMPORTS_DELAY	(200 * MILLISECOND)

/* The parts of a message that are used; the strings lie in the message. */
struct link_message {
	unsigned int ifindex, flags, mtu, master;
	unsigned short hardware;
	const char *name, *kind;
};

struct address_message {
	unsigned int ifindex;
	struct in6_addr address;
	uint8_t plen;
	uint32_t flags;
	const char *label;
	bool is_ipv4;
};

static int
link_compare(const struct kernel_link *a, const struct kernel_link *b)
{
	return (a->ifindex > b->ifindex) -
	    (a->ifindex < b->ifindex);
}

static int
address_compare(const struct kernel_address *a,
    const struct kernel_address *b)
{
	int order;

	if (a->ifindex != b->ifindex)
		return a->ifindex < b->ifindex ? -1 : 1;
	order = memcmp(&a->address, &b->address, sizeof(a->address));
	return order != 0 ? order : (int)a->plen - (int)b->plen;
}

TREE_DEFINE(kernel_link_tree, kernel_link, entry, link_compare)
TREE_DEFINE(kernel_address_tree, kernel_address, entry, address_compare)

void
kernel_link_init(struct kernel *kernel)
{
	TAILQ_INIT(&kernel->dirty);
}

void
kernel_link_free(struct kernel *kernel)
{
	struct kernel_address *address, *next_address;
	struct kernel_link *link, *next;

	TREE_FOREACH_SAFE(address, kernel_address_tree, &kernel->addresses,
	    next_address) {
		kernel_address_tree_remove(&kernel->addresses, address);
		free(address);
	}
	TREE_FOREACH_SAFE(link, kernel_link_tree, &kernel->links, next) {
		kernel_link_tree_remove(&kernel->links, link);
		free(link);
	}
}

struct kernel_link *
kernel_link_find(const struct kernel *kernel, unsigned int ifindex)
{
	const struct kernel_link key = { .ifindex = ifindex };

	return kernel_link_tree_find(&kernel->links, &key);
}

const char *
kernel_link_name(const struct kernel *kernel, unsigned int ifindex)
{
	const struct kernel_link *link = kernel_link_find(kernel, ifindex);

	return link == NULL ? "" : link->name;
}

/* The first address of the link; next_address() finds the others. */
static struct kernel_address *
first_address(struct kernel *kernel, unsigned int ifindex)
{
	struct kernel_address key = { .ifindex = ifindex };
	struct kernel_address *address;

	address = kernel_address_tree_from(&kernel->addresses, &key);
	return address != NULL && address->ifindex == ifindex ? address : NULL;
}

static struct kernel_address *
next_address(struct kernel_address *address)
{
	struct kernel_address *next;

	next = kernel_address_tree_next(address);
	return next != NULL && next->ifindex == address->ifindex ? next : NULL;
}

/* The address on the link, whatever its prefix length: IPv4 allows an address
 * with several at once. */
static struct kernel_address *
find_address(struct kernel *kernel, unsigned int ifindex,
    const struct in6_addr *wanted)
{
	struct kernel_address key = {
		.ifindex = ifindex, .address = *wanted
	};
	struct kernel_address *address;

	address = kernel_address_tree_from(&kernel->addresses, &key);
	return address != NULL && address->ifindex == ifindex &&
	    address_equal(&address->address, wanted) ? address : NULL;
}

static struct kernel_address *
find_address_exactly(struct kernel *kernel,
    const struct address_message *message)
{
	struct kernel_address key = {
		.ifindex = message->ifindex,
		.address = message->address,
		.plen = message->plen
	};

	return kernel_address_tree_find(&kernel->addresses, &key);
}

static void
mark_dirty(struct kernel *kernel, struct kernel_link *link)
{
	if (link->is_dirty)
		return;
	link->is_dirty = true;
	TAILQ_INSERT_TAIL(&kernel->dirty, link, dirty_entry);
}

static void
mark_dirty_index(struct kernel *kernel, unsigned int ifindex)
{
	struct kernel_link *link = kernel_link_find(kernel, ifindex);

	if (link != NULL)
		mark_dirty(kernel, link);
}

static void
classify(struct kernel *kernel, struct kernel_link *link)
{
	struct link_facts facts = {
		.ifindex = link->ifindex,
		.name = link->name,
		.hardware = link->hardware,
		.kind = link->kind_name
	};

	link->kind = link_classify(&facts, kernel->conf.sysfs, link->reason);
	mark_dirty(kernel, link);
}

static void
classify_index(struct kernel *kernel, unsigned int ifindex)
{
	struct kernel_link *link = kernel_link_find(kernel, ifindex);

	if (link != NULL)
		classify(kernel, link);
}

static bool
has_link_local(const struct link_state *state, const struct in6_addr *address)
{
	unsigned int i;

	for (i = 0; i < state->link_local_count; i++)
		if (address_equal(&state->link_local[i], address))
			return true;
	return false;
}

static void
add_link_local(struct link_state *state, const struct in6_addr *address)
{
	if (state->link_local_count < LINK_ADDRESSES &&
	    !has_link_local(state, address))
		state->link_local[state->link_local_count++] = *address;
}

static bool
is_usable(struct kernel *kernel, unsigned int ifindex,
    const struct in6_addr *address)
{
	const struct kernel_address *found;

	found = find_address(kernel, ifindex, address);
	return found != NULL && found->usable;
}

/* Addresses that were reported before come first, in the same order. */
static void
collect_link_local(struct kernel *kernel, const struct kernel_link *link,
    struct link_state *state)
{
	const struct link_state *last = &link->reported;
	struct kernel_address *address;
	unsigned int i;

	for (i = 0; i < last->link_local_count; i++)
		if (is_usable(kernel, link->ifindex, &last->link_local[i]))
			add_link_local(state, &last->link_local[i]);
	for (address = first_address(kernel, link->ifindex);
	    address != NULL; address = next_address(address))
		if (address->usable && !address_is_ipv4(&address->address))
			add_link_local(state, &address->address);
}

/* Is a the better choice for the primary IPv4 address of a link? */
static bool
is_better_ipv4(const struct kernel_address *a, const struct kernel_address *b)
{
	if (b == NULL || a->labelled != b->labelled)
		return b == NULL || a->labelled;
	return a->order < b->order;
}

/* The primary address that the kernel had first; one that is labelled with
 * the name of the link goes before others (compatibility with 1.14). */
static struct in6_addr
primary_ipv4(struct kernel *kernel, const struct kernel_link *link)
{
	struct kernel_address *address;
	const struct kernel_address *best = NULL;

	for (address = first_address(kernel, link->ifindex);
	    address != NULL; address = next_address(address))
		if (address->usable && address_is_ipv4(&address->address) &&
		    is_better_ipv4(address, best))
			best = address;
	return best == NULL ? in6addr_any : best->address;
}

/* A port of such a master does not keep the packets that it receives. */
static bool
takes_packets(const struct kernel_link *master)
{
	return strcmp(master->kind_name, "bridge") == 0 ||
	    strcmp(master->kind_name, "bond") == 0 ||
	    strcmp(master->kind_name, "team") == 0 ||
	    strcmp(master->kind_name, "openvswitch") == 0;
}

static void
describe_port(const struct kernel *kernel, const struct kernel_link *link,
    struct link_state *state)
{
	const struct kernel_link *master = link->master == 0 ? NULL :
	    kernel_link_find(kernel, link->master);

	if (master == NULL)
		return;
	snprintf(state->port_of, sizeof(state->port_of), "%s %s",
	    master->kind_name, master->name);
	state->is_deaf = takes_packets(master);
}

static void
report(struct kernel *kernel, struct kernel_link *link)
{
	bool carrier = (link->flags & IFF_RUNNING) != 0;
	struct link_state state;

	memset(&state, 0, sizeof(state));
	state.ifindex = link->ifindex;
	memcpy(state.name, link->name, sizeof(state.name));
	state.mtu = link->mtu;
	state.carrier = carrier;
	state.up = (link->flags & IFF_UP) != 0 &&
	    (carrier || !kernel->conf.link_detect);
	state.kind = link->kind;
	memcpy(state.kind_reason, link->reason, sizeof(link->reason));
	describe_port(kernel, link, &state);
	collect_link_local(kernel, link, &state);
	state.ipv4 = primary_ipv4(kernel, link);
	if (link->is_reported &&
	    memcmp(&state, &link->reported, sizeof(state)) == 0)
		return;
	memcpy(&link->reported, &state, sizeof(state));
	link->is_reported = true;
	kernel->events->link(kernel->ctx, &link->reported, true);
}

void
kernel_link_report(struct kernel *kernel)
{
	struct kernel_link *link;

	if (kernel->holds_links)
		return;
	while ((link = TAILQ_FIRST(&kernel->dirty)) != NULL) {
		TAILQ_REMOVE(&kernel->dirty, link, dirty_entry);
		link->is_dirty = false;
		report(kernel, link);
	}
}

void
kernel_link_review(struct kernel *kernel)
{
	struct kernel_link *link;

	/* All links are reported again, because another configuration may name
	 * others. */
	TREE_FOREACH(link, kernel_link_tree, &kernel->links) {
		classify(kernel, link);
		link->is_reported = false;
	}
	kernel_link_report(kernel);
}

static void
remove_address(struct kernel *kernel, struct kernel_address *address)
{
	mark_dirty_index(kernel, address->ifindex);
	kernel_address_tree_remove(&kernel->addresses, address);
	free(address);
}

/* Routes through the link may be gone; for IPv4 the kernel does not report
 * that. */
static void
suspect_routes(struct kernel *kernel, const struct kernel_link *link)
{
	if (link->has_routes || kernel->uses_pref_src)
		kernel_marks_schedule(kernel, SYNC_VERIFY, VERIFY_DELAY);
	if (link->has_imports || kernel->has_ipv4_spread)
		kernel_marks_schedule(kernel, SYNC_ALL, IMPORTS_DELAY);
}

static void
remove_link(struct kernel *kernel, struct kernel_link *link)
{
	struct link_state state = { .ifindex = link->ifindex };
	struct kernel_address *address;

	while ((address = first_address(kernel, link->ifindex)) != NULL)
		remove_address(kernel, address);
	suspect_routes(kernel, link);
	memcpy(state.name, link->name, sizeof(state.name));
	if (link->is_dirty)
		TAILQ_REMOVE(&kernel->dirty, link, dirty_entry);
	kernel_link_tree_remove(&kernel->links, link);
	if (link->is_reported)
		kernel->events->link(kernel->ctx, &state, false);
	free(link);
}

static struct kernel_link *
get_link(struct kernel *kernel, unsigned int ifindex)
{
	struct kernel_link *link = kernel_link_find(kernel, ifindex);

	if (link != NULL)
		return link;
	link = calloc(1, sizeof(*link));
	if (link == NULL) {
		kernel->events->log(kernel->ctx, LOG_ERR,
		    "no memory for link %u", ifindex);
		return NULL;
	}
	link->ifindex = ifindex;
	kernel_link_tree_insert(&kernel->links, link);
	return link;
}

/* A string attribute, or NULL if it is not one of size octets at most. */
static const char *
get_string(const struct nlattr *attr, size_t size)
{
	const char *text = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	return len <= size && memchr(text, '\0', len) != NULL ? text : NULL;
}

static void
decode_linkinfo(const struct nlattr *linkinfo, struct link_message *message)
{
	const struct nlattr *attr;
	const char *kind;

	FOR_EACH_ATTRIBUTE_NESTED(attr, linkinfo) {
		if (mnl_attr_get_type(attr) != IFLA_INFO_KIND)
			continue;
		/* A kind with a longer name is none that we know. */
		kind = get_string(attr, IFNAME_SIZE);
		message->kind = kind == NULL ? "" : kind;
	}
}

/* Messages of the bridge and of IPv6 are about ports and parameters. */
static bool
decode_link(const struct nlmsghdr *nlh, struct link_message *message)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi) ||
	    ifi->ifi_family != AF_UNSPEC || ifi->ifi_index <= 0)
		return false;
	memset(message, 0, sizeof(*message));
	message->kind = "";
	message->ifindex = (unsigned int)ifi->ifi_index;
	message->flags = ifi->ifi_flags;
	message->hardware = ifi->ifi_type;
	FOR_EACH_ATTRIBUTE(attr, nlh, sizeof(*ifi)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			message->name = get_string(attr, IFNAME_SIZE);
			break;
		case IFLA_MTU:
			(void)attribute_u32(attr, &message->mtu);
			break;
		case IFLA_MASTER:
			(void)attribute_u32(attr, &message->master);
			break;
		case IFLA_LINKINFO:
			decode_linkinfo(attr, message);
			break;
		}
	}
	return message->name != NULL;
}

static void
copy_name(char to[IFNAME_SIZE], const char *from)
{
	memset(to, 0, IFNAME_SIZE);
	strlcpy(to, from, IFNAME_SIZE);
}

static void
set_master(struct kernel *kernel, struct kernel_link *link,
    unsigned int master)
{
	unsigned int old = link->master;

	if (old == master)
		return;
	link->master = master;
	classify_index(kernel, old);
	classify_index(kernel, master);
}

/* Ports are described by the name and the kind of their master. */
static void
mark_ports_dirty(struct kernel *kernel, const struct kernel_link *master)
{
	struct kernel_link *link;

	TREE_FOREACH(link, kernel_link_tree, &kernel->links)
		if (link->master == master->ifindex)
			mark_dirty(kernel, link);
}

static void
update_link(struct kernel *kernel, struct kernel_link *link,
    const struct link_message *message)
{
	bool is_renamed = strcmp(link->name, message->name) != 0;
	bool is_changed = is_renamed ||
	    link->hardware != message->hardware ||
	    strcmp(link->kind_name, message->kind) != 0 ||
	    ((link->flags ^ message->flags) & IFF_UP) != 0;
	bool went_down = (link->flags & ~message->flags & IFF_UP) != 0;
	bool carrier_changed =
	    ((link->flags ^ message->flags) & IFF_RUNNING) != 0;

	copy_name(link->name, message->name);
	copy_name(link->kind_name, message->kind);
	link->hardware = message->hardware;
	link->flags = message->flags;
	link->mtu = message->mtu;
	link->generation = kernel->marks.generation;
	mark_dirty(kernel, link);
	if (is_changed) {
		classify(kernel, link);
		mark_ports_dirty(kernel, link);
	}
	/* Routes through it may be dead now, or alive again. */
	if (carrier_changed && link->has_imports)
		kernel_marks_schedule(kernel, SYNC_ALL, IMPORTS_DELAY);
	set_master(kernel, link, message->master);
	if (went_down)
		suspect_routes(kernel, link);
	/* Routes were reported with the name that the link had then. */
	if (is_renamed && link->is_reported)
		kernel_marks_schedule(kernel, SYNC_ALL, RENAME_DELAY);
}

static uint64_t
link_fingerprint(const struct kernel *kernel, unsigned int ifindex)
{
	return kernel_marks_hash(kernel, RTM_NEWLINK, &ifindex,
	    sizeof(ifindex));
}

void
kernel_link_message(struct kernel *kernel, const struct nlmsghdr *nlh,
    bool is_dump)
{
	struct link_message message;
	struct kernel_link *link;
	uint64_t fingerprint;

	if (!decode_link(nlh, &message))
		return;
	fingerprint = link_fingerprint(kernel, message.ifindex);
	if (nlh->nlmsg_type == RTM_DELLINK) {
		kernel_marks_gone(kernel, fingerprint);
		link = kernel_link_find(kernel, message.ifindex);
		if (link != NULL)
			remove_link(kernel, link);
		return;
	}
	if (is_dump && kernel_marks_is_gone(kernel, fingerprint))
		return;
	link = get_link(kernel, message.ifindex);
	if (link != NULL)
		update_link(kernel, link, &message);
}

/* The local address: IFA_LOCAL on links with a peer and for IPv4. */
static bool
decode_ip(const struct nlattr *attr, struct address_message *message)
{
	const void *octets = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	if (message->is_ipv4 && len == 4)
		message->address = address_from_ipv4(octets);
	else if (!message->is_ipv4 && len == 16)
		memcpy(&message->address, octets, 16);
	else
		return false;
	return true;
}

static bool
decode_address(const struct nlmsghdr *nlh, struct address_message *message)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	bool has_local = false, has_address = false;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa) ||
	    (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return false;
	memset(message, 0, sizeof(*message));
	message->label = "";
	message->ifindex = ifa->ifa_index;
	message->plen = ifa->ifa_prefixlen;
	message->flags = ifa->ifa_flags;
	message->is_ipv4 = ifa->ifa_family == AF_INET;
	FOR_EACH_ATTRIBUTE(attr, nlh, sizeof(*ifa)) {
		switch (mnl_attr_get_type(attr)) {
		case IFA_LOCAL:
			has_local = decode_ip(attr, message);
			break;
		case IFA_ADDRESS:
			if (!has_local)
				has_address = decode_ip(attr, message);
			break;
		case IFA_FLAGS:
			(void)attribute_u32(attr, &message->flags);
			break;
		case IFA_LABEL:
			message->label = get_string(attr, IFNAME_SIZE);
			break;
		}
	}
	return (has_local || has_address) && message->label != NULL;
}

/* Past duplicate detection.  For IPv4 the flag of temporary addresses means
 * "secondary", which makes no difference here. */
static bool
is_settled(const struct address_message *message)
{
	return message->is_ipv4 ||
	    (message->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0;
}

/* May it be redistributed?  Temporary addresses are for privacy, and
 * short-lived. */
static bool
is_redistributable(const struct address_message *message)
{
	return is_settled(message) && (message->is_ipv4 ||
	    (message->flags & IFA_F_TEMPORARY) == 0);
}

static struct kernel_address *
get_address(struct kernel *kernel, const struct address_message *message)
{
	struct kernel_address *address;

	address = find_address_exactly(kernel, message);
	if (address != NULL)
		return address;
	address = calloc(1, sizeof(*address));
	if (address == NULL) {
		kernel->events->log(kernel->ctx, LOG_ERR,
		    "no memory for an address of link %u", message->ifindex);
		return NULL;
	}
	address->ifindex = message->ifindex;
	address->address = message->address;
	address->plen = message->plen;
	address->order = kernel->next_order++;
	kernel_address_tree_insert(&kernel->addresses, address);
	return address;
}

static void
keep_address(struct kernel *kernel, const struct address_message *message)
{
	struct kernel_address *address;

	if (!message->is_ipv4 && !address_is_link_local(&message->address))
		return;
	address = get_address(kernel, message);
	if (address == NULL)
		return;
	address->usable = message->is_ipv4 ?
	    (message->flags & IFA_F_SECONDARY) == 0 : is_settled(message);
	address->labelled = strcmp(message->label,
	    kernel_link_name(kernel, message->ifindex)) == 0;
	address->generation = kernel->marks.generation;
	mark_dirty_index(kernel, message->ifindex);
}

static void
forget_address(struct kernel *kernel, const struct address_message *message)
{
	const struct kernel_link *link;
	struct kernel_address *address;

	address = find_address_exactly(kernel, message);
	if (address != NULL)
		remove_address(kernel, address);
	link = kernel_link_find(kernel, message->ifindex);
	if (link != NULL)
		suspect_routes(kernel, link);
	/* Routes that prefer it as their source are gone, through whatever
	 * link. */
	if (message->is_ipv4 && kernel->has_ipv4_imports)
		kernel_marks_schedule(kernel, SYNC_ALL, IMPORTS_DELAY);
}

/* The address as a route to ourselves. */
static void
report_route(struct kernel *kernel, const struct address_message *message,
    bool present)
{
	struct prefix host = prefix_of(&message->address, 128);
	struct kernel_route route;

	if (prefix_is_martian(&host))
		return;
	memset(&route, 0, sizeof(route));
	route.key = destination_key_of(&host, NULL);
	route.table = RT_TABLE_LOCAL;
	route.ifindex = message->ifindex;
	copy_name(route.ifname, kernel_link_name(kernel, message->ifindex));
	route.proto = RTPROT_UNSPEC;
	route.local = true;
	route.type = ROUTE_UNICAST;
	(void)kernel->events->route(kernel->ctx, &route, present);
}

static uint64_t
address_fingerprint(const struct kernel *kernel,
    const struct address_message *message)
{
	uint8_t octets[16 + 4 + 1];

	memcpy(octets, &message->address, 16);
	memcpy(octets + 16, &message->ifindex, 4);
	octets[20] = message->plen;
	return kernel_marks_hash(kernel, RTM_NEWADDR, octets,
	    sizeof(octets));
}

void
kernel_link_address_message(struct kernel *kernel,
    const struct nlmsghdr *nlh, bool is_dump)
{
	struct address_message message;
	uint64_t fingerprint;

	if (!decode_address(nlh, &message))
		return;
	fingerprint = address_fingerprint(kernel, &message);
	if (nlh->nlmsg_type == RTM_DELADDR) {
		kernel_marks_gone(kernel, fingerprint);
		forget_address(kernel, &message);
		if (find_address(kernel, message.ifindex,
		    &message.address) == NULL)
			report_route(kernel, &message, false);
		return;
	}
	if (is_dump && kernel_marks_is_gone(kernel, fingerprint))
		return;
	keep_address(kernel, &message);
	if (is_redistributable(&message))
		report_route(kernel, &message, true);
	else if (!is_dump)
		report_route(kernel, &message, false);
}

void
kernel_link_sweep(struct kernel *kernel)
{
	struct kernel_link *link, *next;

	TREE_FOREACH_SAFE(link, kernel_link_tree, &kernel->links, next)
		if (link->generation != kernel->marks.generation)
			remove_link(kernel, link);
}

void
kernel_link_sweep_addresses(struct kernel *kernel)
{
	struct kernel_address *address, *next;

	TREE_FOREACH_SAFE(address, kernel_address_tree, &kernel->addresses,
	    next)
		if (address->generation != kernel->marks.generation)
			remove_address(kernel, address);
}
