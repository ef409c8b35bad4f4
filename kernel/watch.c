/*
 * kernel/watch.c - what a message about a route means.
 *
 * Routes of the import tables become events.  Routes of our protocol are never
 * imported; they show whether the entries that we installed are still there.
 *
 * The kernel does not tell which of several routes in one place a replacement
 * replaced, nor which of the next hops of an IPv6 multipath route remain, nor
 * which IPv4 routes went with a link, an address or a nexthop object.  Such
 * rare events are followed by a dump, if any route concerned matters.
 * Strangers may have a million other routes, and change them all the time; that
 * costs no more than a look at each message.
 */
#include "kernel/watch.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "babel.h"
#include "filter.h"
#include "kernel.h"
#include "kernel/kernel_state.h"
#include "kernel/link.h"
#include "kernel/marks.h"
#include "kernel/nexthop.h"
#include "kernel/own.h"
#include "kernel/route_message.h"
#include "kernel/stray.h"
#include "pattern.h"
#include "prefix.h"

#define EXPIRY_SLACK	(200 * MILLISECOND)
#define AGAIN_DELAY	(200 * MILLISECOND)
#define PRIORITY_MAX_DEFAULT 65535	/* of an IPv6 default to import */

/* Somebody else has changed routes: was one of ours removed or replaced, or is
 * a place free that was taken? */
static void
watch_ours(struct kernel *kernel, const struct nlmsghdr *nlh,
    const struct route_message *message)
{
	bool is_ours = message->route.proto == PROTOCOL_BABEL;
	bool is_removal = nlh->nlmsg_type == RTM_DELROUTE;
	struct destination_key key;
	struct fib_entry installed;

	if (kernel->fib_queries == NULL)
		return;
	if (is_removal && !is_ours) {
		kernel->fib_events->room(kernel->fib_ctx,
		    &message->route.key, message->route.table);
		return;
	}
	if (!is_removal && (nlh->nlmsg_flags & NLM_F_REPLACE) == 0)
		return;
	if (!kernel_own_find(kernel, message, &key, &installed))
		return;
	if (is_removal == (is_ours &&
	    kernel_own_is_same(kernel, message, &key, &installed)))
		kernel->fib_events->lost(kernel->fib_ctx, &key);
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

/* A route for one type of service is not for all packets.  The kernel's own
 * IPv6 default of last resort is no route at all. */
static bool
is_import(const struct kernel *kernel, const struct route_message *message)
{
	const struct kernel_route *route = &message->route;

	return route->proto != PROTOCOL_BABEL && !message->is_cloned &&
	    !message->has_other_type && message->tos == 0 &&
	    is_import_table(kernel, route->table) &&
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
	return kernel_marks_hash(kernel, RTM_NEWROUTE, octets,
	    sizeof(octets));
}

/* Could the change affect more than the message names?  A replacement replaces
 * one route in its place, but the message does not tell which.  Of the next
 * hops of an IPv6 multipath route, it names one. */
static bool
is_ambiguous(struct kernel *kernel, const struct nlmsghdr *nlh,
    const struct route_message *message, bool matters)
{
	if (nlh->nlmsg_type == RTM_NEWROUTE &&
	    (nlh->nlmsg_flags & NLM_F_REPLACE) != 0 &&
	    kernel->events->displaced(kernel->ctx, &message->route) > 1)
		return true;
	if (message->is_ipv4 || !matters)
		return false;
	if ((nlh->nlmsg_flags & NLM_F_APPEND) != 0)
		kernel->has_ipv6_siblings = true;
	return kernel->has_ipv6_siblings;
}

/* Remember that the route may go without notification when its link goes
 * down. */
static void
note_import(struct kernel *kernel, const struct route_message *message)
{
	struct kernel_link *link;

	link = kernel_link_find(kernel, message->route.ifindex);
	if (link != NULL)
		link->has_imports = true;
	kernel->has_ipv4_imports |= message->is_ipv4;
	if (!message->is_ipv4) {
		kernel->has_ipv6_siblings |= message->is_multipath;
		return;
	}
	if (link == NULL && message->route.type == ROUTE_UNICAST)
		kernel->has_ipv4_spread = true;
	kernel->has_ipv4_spread |= message->is_multipath;
}

static void
import(struct kernel *kernel, const struct nlmsghdr *nlh,
    struct route_message *message, bool is_dump)
{
	bool present = nlh->nlmsg_type == RTM_NEWROUTE && !message->is_dead;
	uint64_t fingerprint;
	bool matters;

	if (message->route.ifindex == 0 && message->nexthop_id != 0)
		message->route.ifindex = kernel_nexthop_ifindex(kernel,
		    message->nexthop_id);
	fingerprint = import_fingerprint(kernel, &message->route);
	if (is_dump && kernel_marks_is_gone(kernel, fingerprint))
		return;
	if (nlh->nlmsg_type == RTM_DELROUTE)
		kernel_marks_gone(kernel, fingerprint);
	strlcpy(message->route.ifname,
	    kernel_link_name(kernel, message->route.ifindex), IFNAME_SIZE);
	matters = kernel->events->route(kernel->ctx, &message->route,
	    present);
	if ((matters && present) || message->is_dead)
		note_import(kernel, message);
	if (matters && present && message->expires != 0)
		kernel_marks_schedule(kernel, SYNC_ALL, message->expires +
		    EXPIRY_SLACK);
	if (!is_dump && is_ambiguous(kernel, nlh, message, matters))
		kernel_marks_schedule(kernel, SYNC_ALL, AGAIN_DELAY);
}

static void
own_is_dumped(struct kernel *kernel, const struct nlmsghdr *nlh,
    const struct route_message *message)
{
	kernel_marks_own(kernel, kernel_route_fingerprint(kernel,
	    &message->route.key, &message->entry));
	if (kernel->marks.reads_own)
		kernel_stray_note(kernel, nlh, message);
}

void
kernel_route_message(struct kernel *kernel, const struct nlmsghdr *nlh,
    bool is_dump)
{
	struct route_message message;

	if (!kernel_route_decode(nlh, &message))
		return;
	/* The receiver of a route should know the link that it uses. */
	kernel_link_report(kernel);
	if (is_dump) {
		if (message.route.proto == PROTOCOL_BABEL)
			own_is_dumped(kernel, nlh, &message);
	} else {
		if (!message.is_ipv4)
			kernel->marks.ipv6_changes++;
		watch_ours(kernel, nlh, &message);
	}
	if (is_import(kernel, &message))
		import(kernel, nlh, &message, is_dump);
}
