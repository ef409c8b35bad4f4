/*
 * interface_run.c - Babel on an interface: when it starts and stops, what it
 * follows, and when it sends Hellos.
 *
 * An interface exists from the moment the configuration names it, or a link
 * appears that matches a pattern.  It is "up", and Babel runs on it, while its
 * link is usable and has a link-local address.  Changes of the MTU, the IPv4
 * address or the parameters are followed without a restart.  A changed source
 * address or index is a restart, because our neighbours then take us for
 * another router.
 */
#include "interface_run.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "announce.h"
#include "babel.h"
#include "configuration.h"
#include "counter.h"
#include "field.h"
#include "instance.h"
#include "interface.h"
#include "neighbour.h"
#include "outbox.h"
#include "pattern.h"
#include "prefix.h"
#include "timer.h"
#include "transmit.h"
#include "tree.h"
#include "util.h"

#define HELLO_BURST_MIN		(100 * MILLISECOND)
#define HELLO_BURST_MAX		(200 * MILLISECOND)
/* How long an interface waits for its link before this is logged.  Shorter
 * waits, such as for the detection of duplicate addresses, are normal. */
#define WAIT_PATIENCE		(3 * SECOND)

static bool
find_parameters(const struct babel *b, const struct link_state *link,
    struct interface_parameters *parameters)
{
	return configuration_interface(b->conf, link->name, link->kind,
	    b->identity.v4_via_v6_default, parameters);
}

static struct interface *
interface_new(struct babel *b, const char *name, bool from_pattern)
{
	struct interface *ifp = calloc(1, sizeof(*ifp));

	if (ifp == NULL || schedule_reserve(b, 2, 2) < 0) {
		count(b, COUNT_NO_MEMORY);
		free(ifp);
		return NULL;
	}
	memcpy(ifp->link.name, name, strnlen(name, IFNAME_SIZE - 1));
	ifp->id = ++b->next_id;
	ifp->from_pattern = from_pattern;
	ifp->hello_seqno = (uint16_t)random_below(b, UINT16_MAX + 1);
	timer_init(&ifp->waiting, TIMER_INTERFACE_WAIT);
	TAILQ_INIT(&ifp->unsent);
	timer_init(&ifp->hello, TIMER_INTERFACE_HELLO);
	timer_init(&ifp->update, TIMER_INTERFACE_UPDATE);
	job_init(&ifp->full_update, JOB_INTERFACE_UPDATE);
	outbox_init(&ifp->outbox, TIMER_INTERFACE_SEND);
	TAILQ_INSERT_TAIL(&b->interfaces, ifp, entry);
	schedule(b, &ifp->waiting, b->now + WAIT_PATIENCE);
	notify(b, EVENT_INTERFACE_ADD, ifp);
	return ifp;
}

/* Log what the port belongs to, and what follows from that. */
static void
log_port(struct babel *b, const struct interface *ifp)
{
	if (ifp->link.is_deaf)
		log_at(b, LOG_WARNING, "interface %s: it is a port of %s, "
		    "which takes all packets: use that instead",
		    ifp->link.name, ifp->link.port_of);
	else if (ifp->link.port_of[0] != '\0')
		log_at(b, LOG_INFO, "interface %s: it is a port of %s",
		    ifp->link.name, ifp->link.port_of);
}

static void
interface_up(struct babel *b, struct interface *ifp)
{
	ifp->up = true;
	ifp->hello_promised = NEVER;
	ifp->hello_regular = b->now;
	ifp->hello_burst = HELLO_BURST;
	/* With keys, the first burst will not be accepted. */
	ifp->hello_burst_next = b->now + (ifp->conf.keys == NULL ?
	    HELLO_BURST_PAUSE : 0);
	walk_restart(&ifp->update_walk);
	ifp->update_hurry = false;
	ifp->outbox.wildcard_request = true;
	schedule_cancel(b, &ifp->waiting);
	schedule(b, &ifp->hello, b->now + random_between(b, 0,
	    20 * MILLISECOND));
	schedule(b, &ifp->update, b->now + jitter(b,
	    ifp->conf.update_interval));
	log_at(b, LOG_INFO, "interface %s: running as %s%s%s",
	    ifp->link.name, field_type_word(ifp->conf.type),
	    ifp->link.kind_reason[0] != '\0' ? "; detected: " : "",
	    ifp->link.kind_reason);
	log_port(b, ifp);
}

/* Log what the interface waits for. */
void
interface_wait_due(struct babel *b, struct interface *ifp)
{
	const char *name = ifp->link.name;
	struct interface_parameters conf;

	if (ifp->link.ifindex == 0)
		log_at(b, LOG_WARNING, "interface %s: waiting; there is no "
		    "such interface", name);
	else if (!ifp->link.up)
		log_at(b, LOG_WARNING, "interface %s: waiting; it is down",
		    name);
	else if (ifp->link.is_deaf)
		log_port(b, ifp);
	else if (find_parameters(b, &ifp->link, &conf) &&
	    !conf.link_local_auto)
		log_at(b, LOG_WARNING, "interface %s: no link-local address "
		    "yet; \"ip -6 address add fe80::1/64 dev %s\" or "
		    "\"link-local auto\" gives it one", name, name);
}

void
interface_down(struct babel *b, struct interface *ifp)
{
	struct neighbour *n;

	ifp->up = false;
	ifp->next_change = NULL;
	while ((n = neighbour_tree_first(&ifp->neighbours)) != NULL)
		neighbour_flush(b, n);
	outbox_clear(&ifp->outbox);
	transmit_forget(b, ifp);
	schedule_cancel(b, &ifp->outbox.timer);
	schedule_cancel(b, &ifp->hello);
	schedule_cancel(b, &ifp->update);
	schedule(b, &ifp->waiting, b->now + WAIT_PATIENCE);
	job_cancel(b, &ifp->full_update);
	announce_trim(b);	/* it needs no changes any more */
	log_at(b, LOG_INFO, "interface %s: stopped", ifp->link.name);
	notify(b, EVENT_INTERFACE_CHANGE, ifp);
}

/* The interface no longer runs on the link. */
static void
interface_detach(struct babel *b, struct interface *ifp)
{
	if (ifp->up)
		interface_down(b, ifp);
	if (ifp->link.ifindex != 0)
		interface_tree_remove(&b->links, ifp);
	ifp->link.ifindex = 0;
	ifp->link.up = false;
	ifp->link.link_local_count = 0;
	schedule(b, &ifp->waiting, b->now + WAIT_PATIENCE);
}

void
interface_flush(struct babel *b, struct interface *ifp)
{
	interface_detach(b, ifp);
	schedule_cancel(b, &ifp->waiting);
	ifp->unwanted = true;
	interface_release(b, ifp);
}

/* The costs of links may have changed: compute them again, and announce
 * that. */
static void
interface_reprice(struct babel *b, struct interface *ifp)
{
	struct neighbour *n;
	uint16_t before;

	TREE_FOREACH(n, neighbour_tree, &ifp->neighbours) {
		before = n->rxcost;
		neighbour_update_cost(b, n);
		if (n->rxcost == before || n->rxcost == INFINITY_METRIC)
			continue;
		n->ihu_due = true;
		ifp->outbox.ihu = true;
		interface_send_soon(b, ifp);
	}
}

/* Can IPv4 be announced there (RFC 9229, section 2.1)? */
static bool
can_route_ipv4(const struct interface_parameters *conf,
    const struct in6_addr *ipv4)
{
	return conf->v4_via_v6 || !address_is_unspecified(ipv4);
}

/* React to a changed link or configuration while running.  A lost carrier does
 * not stop Babel (unless link-detect is set), but starts probes. */
static void
interface_follow(struct babel *b, struct interface *ifp,
    const struct link_state *old, const struct interface_parameters *conf)
{
	bool could = can_route_ipv4(&ifp->conf, &old->ipv4);
	bool can = can_route_ipv4(conf, &ifp->link.ipv4);
	struct neighbour *n;

	if (ifp->link.is_deaf && !old->is_deaf)
		log_port(b, ifp);
	if (ifp->conf.hello_interval != conf->hello_interval) {
		ifp->hello_regular = b->now;
		schedule_advance(b, &ifp->hello, b->now);
	}
	if (ifp->conf.update_interval < conf->update_interval) {
		ifp->outbox.everything = true;	/* as promised before */
		interface_send_soon(b, ifp);
	} else if (ifp->conf.update_interval > conf->update_interval) {
		interface_hold_longer(b);
		schedule_advance(b, &ifp->update, b->now + jitter(b,
		    conf->update_interval));
	}
	/* Neighbours cannot be sent retractions of source-specific routes any
	 * more, and may keep using us for those until they expire there. */
	if (conf->rfc6126_compatible && !ifp->conf.rfc6126_compatible)
		b->neighbour_lost = b->now;
	ifp->conf = *conf;
	interface_reprice(b, ifp);
	if (old->carrier && !ifp->link.carrier)
		TREE_FOREACH(n, neighbour_tree, &ifp->neighbours)
			neighbour_probe(b, n);
	if (could != can || !address_equal(&old->ipv4, &ifp->link.ipv4)) {
		ifp->retracts_ipv4 = could && !can;
		ifp->outbox.everything = true;	/* other next hops */
		interface_send_soon(b, ifp);
	}
	if (ifp->link.mtu < old->mtu)
		transmit_forget(b, ifp);
}

/* Take over the state of the link from the kernel, and act on it. */
static void
interface_set_link(struct babel *b, struct interface *ifp,
    const struct link_state *link)
{
	struct interface_parameters conf;
	struct link_state old = ifp->link;
	bool usable = link->up && link->link_local_count > 0;

	if (!find_parameters(b, link, &conf))
		return;
	if (ifp->up && (!usable || !address_equal(&old.link_local[0],
	    &link->link_local[0])))
		interface_down(b, ifp);
	ifp->link = *link;
	if (ifp->up)
		interface_follow(b, ifp, &old, &conf);
	else if (usable) {
		ifp->conf = conf;
		interface_up(b, ifp);
	}
	if (memcmp(&old, &ifp->link, sizeof(old)) == 0)
		return;
	if (!ifp->up && old.up != ifp->link.up)
		schedule(b, &ifp->waiting, b->now + WAIT_PATIENCE);
	notify(b, EVENT_INTERFACE_CHANGE, ifp);
}

/* Does an interface line give exactly this name? */
static bool
is_named(const struct babel *b, const char *name)
{
	size_t i;

	for (i = 0; i < b->conf->interface_count; i++)
		if (!b->conf->interfaces[i].is_pattern &&
		    strcmp(b->conf->interfaces[i].name, name) == 0)
			return true;
	return false;
}

void
interface_link_changed(struct babel *b, const struct link_state *link)
{
	struct interface *ifp = interface_find(b, link->ifindex);
	struct interface_parameters conf;

	if (ifp != NULL && strcmp(ifp->link.name, link->name) != 0) {
		interface_link_removed(b, link->ifindex);	/* renamed */
		ifp = NULL;
	}
	if (ifp == NULL) {
		if (!find_parameters(b, link, &conf))
			return;
		ifp = interface_find_name(b, link->name);
		if (ifp == NULL)
			ifp = interface_new(b, link->name,
			    !is_named(b, link->name));
		if (ifp == NULL)
			return;
		interface_detach(b, ifp);
		ifp->unwanted = false;
		ifp->link.ifindex = link->ifindex;
		interface_tree_insert(&b->links, ifp);
	}
	interface_set_link(b, ifp, link);
}

void
interface_link_removed(struct babel *b, unsigned int ifindex)
{
	struct interface *ifp = interface_find(b, ifindex);

	if (ifp == NULL)
		return;
	if (ifp->from_pattern)
		interface_flush(b, ifp);
	else {
		interface_detach(b, ifp);
		notify(b, EVENT_INTERFACE_CHANGE, ifp);
	}
}

bool
interface_is_wanted(const struct babel *b, const struct interface *ifp)
{
	struct interface_parameters conf;

	return find_parameters(b, &ifp->link, &conf);
}

void
interface_configure(struct babel *b)
{
	struct interface *ifp, *next;
	struct link_state link;
	size_t i;

	for (ifp = TAILQ_FIRST(&b->interfaces); ifp != NULL; ifp = next) {
		next = TAILQ_NEXT(ifp, entry);
		if (!interface_is_wanted(b, ifp)) {
			interface_flush(b, ifp);
			continue;
		}
		ifp->unwanted = false;
		ifp->from_pattern = !is_named(b, ifp->link.name);
		link = ifp->link;
		if (link.ifindex != 0)
			interface_set_link(b, ifp, &link);
		else if (ifp->from_pattern)
			interface_flush(b, ifp);
	}
	for (i = 0; i < b->conf->interface_count; i++)
		if (!b->conf->interfaces[i].is_pattern &&
		    interface_find_name(b, b->conf->interfaces[i].name) ==
		    NULL)
			interface_new(b, b->conf->interfaces[i].name, false);
}

/*
 * An IHU is due with this Hello when the promise of the last one would
 * end before the next Hello, and with every Hello on lossy links (section
 * 3.4.2, appendix B).
 */
static bool
ihu_is_due(const struct babel *b, const struct interface *ifp,
    const struct neighbour *n)
{
	uint16_t heard = n->multicast.vector | n->unicast.vector;

	/* It is not known yet whether we hear the neighbour; an infinite IHU
	 * would cut a link that it may still be using from before. */
	if (n->rxcost == INFINITY_METRIC && n->multicast.length < 2 &&
	    n->unicast.length < 2)
		return false;
	if (n->txcost == INFINITY_METRIC || (heard & 0xF000) != 0xF000)
		return true;
	return b->now + ifp->conf.hello_interval >= n->ihu_promised;
}

/* Is there a neighbour that an early Hello would help, because it has not sent
 * a finite IHU yet? */
static bool
early_hello_helps(const struct interface *ifp)
{
	struct neighbour *n;

	TREE_FOREACH(n, neighbour_tree, &ifp->neighbours)
		if (n->txcost == INFINITY_METRIC)
			return true;
	return false;
}

/* When to send the next Hello: soon while a burst lasts, otherwise before the
 * interval ends that this Hello promises. */
static void
schedule_hello(struct babel *b, struct interface *ifp)
{
	babel_time interval = ifp->conf.hello_interval;

	ifp->hello_sent = b->now;
	ifp->hello_regular = b->now + jitter(b, interval);
	if (ifp->hello_burst > 0)
		ifp->hello_burst--;
	schedule(b, &ifp->hello, ifp->hello_regular);
	if (ifp->hello_burst > 0)
		schedule_advance(b, &ifp->hello, b->now + random_between(b,
		    HELLO_BURST_MIN, HELLO_BURST_MAX));
}

void
interface_hello_due(struct babel *b, struct interface *ifp)
{
	struct neighbour *n;

	if (b->now < ifp->hello_regular && interface_is_crowded(ifp) &&
	    !ifp->outbox.ihu && !ifp->outbox.everything &&
	    !early_hello_helps(ifp)) {
		ifp->hello_burst = 0;
		schedule(b, &ifp->hello, ifp->hello_regular);
		return;
	}
	ifp->outbox.hello = true;
	TREE_FOREACH(n, neighbour_tree, &ifp->neighbours)
		if (ihu_is_due(b, ifp, n)) {
			n->ihu_due = true;
			ifp->outbox.ihu = true;
		}
	schedule_hello(b, ifp);
	schedule_advance(b, &ifp->outbox.timer, b->now);
}
