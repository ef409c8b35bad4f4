/*
 * router.h - an engine under test, with one link: what it sends is kept
 * for the test to look at, its clock is the test's.
 */
#ifndef ROUTER_H
#define ROUTER_H

#include <errno.h>

#include "neighbour.h"
#include "reading.h"

#define ROUTER_IFINDEX	1
#define ROUTER_PORT	6696
#define ROUTER_KEPT	1024
#define ROUTER_MTU	1500

struct sent {
	babel_time at;
	struct in6_addr from, to;
	uint16_t from_port, to_port;
	size_t len;
	uint8_t bytes[ROUTER_MTU];
};

struct router {
	struct babel *babel;
	struct configuration *conf;
	struct in6_addr address;
	babel_time now;
	uint64_t random;
	struct sent *sent;		/* ROUTER_KEPT of them */
	unsigned int sent_count;
	bool jammed;			/* cannot send now */
	unsigned int warnings;
	struct destination_key installed[8];
	unsigned int installed_count;
	struct fib_change asked[64];	/* of the kernel, not answered */
	unsigned int asked_count;
};

static inline struct in6_addr
address_of(const char *text)
{
	struct in6_addr address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

static inline int
router_send(void *ctx, const struct datagram *datagram)
{
	struct router *r = ctx;
	struct sent *sent;

	if (r->jammed)
		return EAGAIN;
	assert_in_range(datagram->len, MESSAGE_HEADER, ROUTER_MTU - 48);
	assert_in_range(r->sent_count, 0, ROUTER_KEPT - 1);
	sent = &r->sent[r->sent_count++];
	*sent = (struct sent){ .at = r->now, .from = datagram->from,
		.to = datagram->to, .from_port = datagram->from_port,
		.to_port = datagram->to_port, .len = datagram->len };
	memcpy(sent->bytes, datagram->bytes, datagram->len);
	return 0;
}

static inline bool
router_fib(void *ctx, const struct fib_change *change)
{
	struct router *r = ctx;

	if (r->asked_count == 64)
		return false;
	r->asked[r->asked_count++] = *change;
	return true;
}

static inline babel_time
router_stamp(void *ctx)
{
	return ((struct router *)ctx)->now;
}

static inline void
router_random(void *ctx, void *buffer, size_t len)
{
	struct router *r = ctx;
	uint8_t *octets = buffer;

	while (len-- > 0)
		*octets++ = (uint8_t)unit_random(&r->random);
}

static inline void __attribute__((format(printf, 3, 0)))
router_log(void *ctx, int priority, const char *format, va_list arguments)
{
	struct router *r = ctx;

	(void)format;
	(void)arguments;
	if (priority <= 4)		/* LOG_WARNING */
		r->warnings++;
}

static const struct babel_ops router_ops = {
	.send = router_send, .fib = router_fib, .stamp = router_stamp,
	.random = router_random, .log = router_log,
};

/* Forget what the kernel holds but the keys, and do as it was asked. */
static inline void
router_answer(struct router *r)
{
	struct fib_change change;
	unsigned int i;

	while (r->asked_count > 0) {
		change = r->asked[0];
		memmove(r->asked, r->asked + 1,
		    --r->asked_count * sizeof(r->asked[0]));
		for (i = 0; i < r->installed_count; i++)
			if (destination_key_compare(&r->installed[i],
			    &change.key) == 0)
				r->installed[i--] =
				    r->installed[--r->installed_count];
		if (change.operation != FIB_DELETE &&
		    !change.entry.unreachable && r->installed_count < 8)
			r->installed[r->installed_count++] = change.key;
		babel_fib_done(r->babel, r->now, &change, 0);
	}
}

static inline struct destination_key
key_of(const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return destination_key_of(&prefix, NULL);
}

/* Can packets for the prefix be forwarded? */
static inline bool
router_has(const struct router *r, const char *prefix)
{
	const struct destination_key key = key_of(prefix);
	unsigned int i;

	for (i = 0; i < r->installed_count; i++)
		if (destination_key_compare(&r->installed[i], &key) == 0)
			return true;
	return false;
}

static inline void
router_originate(struct router *r, const char *prefix, bool present)
{
	struct kernel_route route = { .table = 254, .ifindex = 9,
		.proto = 4, .type = ROUTE_UNICAST, .ifname = "stub" };

	route.key = key_of(prefix);
	babel_kernel_route(r->babel, r->now, &route, present);
}

static inline void
router_tell_link(struct router *r)
{
	struct link_state link = { .ifindex = ROUTER_IFINDEX, .name = "link",
		.mtu = ROUTER_MTU, .up = true, .carrier = true,
		.kind = LINK_WIRED, .link_local_count = 1 };

	link.link_local[0] = r->address;
	babel_link_changed(r->babel, r->now, &link);
}

/* Begin, with that configuration.  No memory but the random numbers'. */
static inline void
router_start(struct router *r, const char *address, const char *text)
{
	struct babel_identity identity = { .id_is_configured = true,
		.v4_via_v6 = true, .v4_via_v6_default = true };

	if (r->now == 0)
		r->now = 1000 * SECOND;
	if (r->sent == NULL)
		r->sent = calloc(ROUTER_KEPT, sizeof(*r->sent));
	assert_non_null(r->sent);
	r->sent_count = r->asked_count = r->installed_count = 0;
	r->address = address_of(address);
	memcpy(identity.id.octets, r->address.s6_addr + 8, 8);
	r->conf = must_read(text);
	r->babel = babel_new(&router_ops, r, r->conf, &identity, r->now);
	assert_non_null(r->babel);
	router_tell_link(r);
}

/* Stop dead, without a good-bye. */
static inline void
router_kill(struct router *r)
{
	babel_free(r->babel);
	configuration_free(r->conf);
	r->babel = NULL;
	r->conf = NULL;
}

static inline void
router_end(struct router *r)
{
	if (r->babel != NULL)
		router_kill(r);
	free(r->sent);
	r->sent = NULL;
}

/* A new configuration, without a restart. */
static inline void
router_configure(struct router *r, const char *text)
{
	struct configuration *old = r->conf;

	r->conf = must_read(text);
	babel_configure(r->babel, r->now, r->conf);
	configuration_free(old);
	router_tell_link(r);
}

/* Do what is due now; returns when it wants to go on. */
static inline babel_time
router_turn(struct router *r)
{
	babel_time wish;
	unsigned int turns = 0;

	do {
		wish = babel_run(r->babel, r->now);
		router_answer(r);
		assert_in_range(++turns, 1, 10000);
	} while (wish <= r->now);
	return wish;
}

/* Nothing comes in for that long. */
static inline void
router_pass(struct router *r, babel_time duration)
{
	const babel_time end = r->now + duration;
	babel_time wish;

	while ((wish = router_turn(r)) < end)
		r->now = wish;
	r->now = end;
}

static inline void
router_receive(struct router *r, const struct sent *packet)
{
	struct datagram datagram = { .ifindex = ROUTER_IFINDEX,
		.from = packet->from, .to = packet->to,
		.from_port = packet->from_port, .to_port = packet->to_port,
		.received = r->now, .len = packet->len };
	uint8_t *exact = malloc(packet->len);	/* for a sanitiser's sake */

	assert_non_null(exact);
	memcpy(exact, packet->bytes, packet->len);
	datagram.bytes = exact;
	babel_receive(r->babel, r->now, &datagram);
	free(exact);
}

static inline struct interface *
router_interface(const struct router *r)
{
	return interface_find(r->babel, ROUTER_IFINDEX);
}

static inline struct neighbour *
router_neighbour(const struct router *r, const struct in6_addr *address)
{
	return neighbour_find(router_interface(r), address);
}

/* Is the neighbour's index proven by a challenge, and not too old? */
static inline bool
router_believes(const struct router *r, const struct neighbour *n)
{
	return n->auth.has_index && r->now - n->auth.accepted <
	    lifetime_of_index(n->multicast.interval);
}

static inline uint64_t
router_count(const struct router *r, enum babel_counter counter)
{
	return r->babel->counters[counter];
}

/* All packets dropped by the checks of RFC 8967. */
static inline uint64_t
router_drops(const struct router *r)
{
	return router_count(r, COUNT_DROP_MAC_MISSING) +
	    router_count(r, COUNT_DROP_MAC_WRONG) +
	    router_count(r, COUNT_DROP_PC_MISSING) +
	    router_count(r, COUNT_DROP_PC_STALE) +
	    router_count(r, COUNT_DROP_INDEX_UNKNOWN);
}

#endif
