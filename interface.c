/*
 * interface.c - the interface table (RFC 8966, section 3.2.3), and the times at
 * which an interface's outbox is sent (3.1).
 */
#include "interface.h"

#include <stdlib.h>
#include <string.h>

#include "babel.h"
#include "configuration.h"
#include "instance.h"
#include "lifetime.h"
#include "message.h"
#include "outbox.h"
#include "prefix.h"
#include "timer.h"
#include "util.h"

/* Delays before the outbox is sent (section 3.1), and between two packets. */
#define URGENT_DELAY_MIN	(1 * MILLISECOND)
#define URGENT_DELAY_MAX	(8 * MILLISECOND)
#define SOON_DELAY_MIN		(10 * MILLISECOND)
#define SOON_DELAY_MAX		(40 * MILLISECOND)
#define SOON_SPACING		(80 * MILLISECOND)
#define HELLO_WAIT		(100 * MILLISECOND)
/* An interface with this many neighbours is crowded. */
#define CROWD			4
#define CROWD_DELAY_MIN		(100 * MILLISECOND)
#define CROWD_DELAY_MAX		(300 * MILLISECOND)
#define CROWD_PAUSE		(1 * SECOND)

int
interface_compare(const struct interface *a, const struct interface *b)
{
	return compare_numbers(a->link.ifindex, b->link.ifindex);
}

struct interface *
interface_find(const struct babel *b, unsigned int ifindex)
{
	struct interface key;

	key.link.ifindex = ifindex;
	return interface_tree_find(&b->links, &key);
}

struct interface *
interface_find_name(const struct babel *b, const char *name)
{
	struct interface *ifp;

	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		if (strcmp(ifp->link.name, name) == 0)
			return ifp;
	return NULL;
}

void
interface_release(struct babel *b, struct interface *ifp)
{
	if (!ifp->unwanted || ifp->dying_count > 0)
		return;
	TAILQ_REMOVE(&b->interfaces, ifp, entry);
	notify(b, EVENT_INTERFACE_FLUSH, ifp);
	schedule_unreserve(b, 2, 2);
	free(ifp);
}

bool
interface_is_crowded(const struct interface *ifp)
{
	return ifp->neighbour_count >= CROWD;
}

/* In a crowd many neighbours may come at once, so everything for newcomers goes
 * with one early Hello a second. */
static void
hello_in_crowd(struct babel *b, struct interface *ifp)
{
	ifp->hello_burst = 1;
	schedule_advance(b, &ifp->hello, time_max(b->now + random_between(b,
	    CROWD_DELAY_MIN, CROWD_DELAY_MAX), ifp->hello_sent +
	    CROWD_PAUSE));
}

void
interface_hello_soon(struct babel *b, struct interface *ifp)
{
	babel_time start = time_max(b->now + random_between(b,
	    SOON_DELAY_MIN, SOON_DELAY_MAX), ifp->hello_burst_next);

	if (interface_is_crowded(ifp)) {
		hello_in_crowd(b, ifp);
		return;
	}
	if (b->now < ifp->hello_burst_next && ifp->hello_burst >= HELLO_BURST)
		return;			/* a burst is waiting already */
	ifp->hello_burst_next = start + HELLO_BURST_PAUSE;
	ifp->hello_burst = HELLO_BURST;
	schedule_advance(b, &ifp->hello, start);
}

void
interface_send_with_hello(struct babel *b, struct interface *ifp)
{
	if (interface_is_crowded(ifp))
		hello_in_crowd(b, ifp);
	else if (ifp->hello.due - b->now > HELLO_WAIT)
		interface_send_soon(b, ifp);
}

/* Will the timer fire by then in any case? */
static bool
is_due_by(const struct timer *timer, babel_time then)
{
	return timer_is_set(timer) && timer->due <= then;
}

void
interface_send_urgently(struct babel *b, struct interface *ifp)
{
	if (is_due_by(&ifp->outbox.timer, b->now + URGENT_DELAY_MAX))
		return;
	schedule_advance(b, &ifp->outbox.timer, b->now + random_between(b,
	    URGENT_DELAY_MIN, URGENT_DELAY_MAX));
}

void
interface_send_lazily(struct babel *b, struct interface *ifp)
{
	if (is_due_by(&ifp->outbox.timer, b->now +
	    ifp->conf.hello_interval / 4))
		return;
	schedule_advance(b, &ifp->outbox.timer, b->now + random_between(b,
	    ifp->conf.hello_interval / 8, ifp->conf.hello_interval / 4));
}

void
interface_send_soon(struct babel *b, struct interface *ifp)
{
	babel_time due;

	if (is_due_by(&ifp->outbox.timer, b->now + SOON_DELAY_MAX))
		return;
	due = b->now + random_between(b, SOON_DELAY_MIN, SOON_DELAY_MAX);
	if (ifp->last_sent != 0)
		due = time_max(due, ifp->last_sent + SOON_SPACING);
	schedule_advance(b, &ifp->outbox.timer, due);
}

bool
interface_has_address(const struct interface *ifp,
    const struct in6_addr *address)
{
	unsigned int i;

	for (i = 0; i < ifp->link.link_local_count; i++)
		if (address_equal(&ifp->link.link_local[i], address))
			return true;
	return !address_is_unspecified(&ifp->link.ipv4) &&
	    address_equal(&ifp->link.ipv4, address);
}

bool
interface_has_static(const struct babel *b, const struct interface *ifp)
{
	size_t i;

	for (i = 0; i < b->conf->neighbour_count; i++)
		if (strcmp(b->conf->neighbours[i].ifname,
		    ifp->link.name) == 0)
			return true;
	return false;
}

bool
interface_understands(const struct interface *ifp,
    const struct destination_key *key)
{
	return !ifp->conf.rfc6126_compatible ||
	    !destination_is_source_specific(key);
}

size_t
interface_packet_size(const struct interface *ifp)
{
	size_t mtu = ifp->link.mtu;

	if (mtu < MESSAGE_MIN_SIZE + MESSAGE_OVERHEAD)
		return MESSAGE_MIN_SIZE;
	if (mtu > MESSAGE_MAX_SIZE + MESSAGE_OVERHEAD)
		return MESSAGE_MAX_SIZE;
	return mtu - MESSAGE_OVERHEAD;
}

babel_time
interface_hold_time(const struct babel *b)
{
	const struct interface *ifp;
	babel_time interval = 0;

	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		interval = time_max(interval, ifp->conf.update_interval);
	interval = lifetime_at_neighbours(interval) + b->longest_response;
	return b->now < b->held_longer_until ?
	    time_max(interval, b->held_longer) : interval;
}

void
interface_hold_longer(struct babel *b)
{
	b->held_longer = interface_hold_time(b);
	b->held_longer_until = b->now + b->held_longer;
}
