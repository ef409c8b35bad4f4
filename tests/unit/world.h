/*
 * world.h - an engine among neighbours that are made of packets, with
 * links, a kernel and a clock that do as the test says: for the tests of
 * the protocol's clauses.
 *
 * Every TLV that the engine sends is kept, with the time, the link and the
 * destination of its packet.  A talker says what the test wants it to say;
 * one that is alive goes on saying Hello, and acknowledges, by itself.
 */
#ifndef WORLD_H
#define WORLD_H

#include <errno.h>

#include "delivery.h"
#include "reading.h"
#include "request.h"

#define WORLD_PORT	6696
#define WORLD_MTU	1500
#define WORLD_LINKS	3
#define WORLD_TALKERS	80
#define WORLD_ROUTES	16		/* that the kernel remembers */
#define WORLD_ASKED	64		/* changes that the kernel takes */
#define GROUP		"ff02::1:6"
#define TALKER_INTERVAL	(4 * SECOND)
#define NEWS_INTERVAL	(16 * SECOND)
/* Prefixes of the tests, and the router-ids of their originators. */
#define P6		"2001:db8:1::/48"
#define Q6		"2001:db8:2::/48"
#define P4		"192.0.2.0/24"
#define OWN		"2001:db8:ff::/48"
#define ID_A		0xA
#define ID_B		0xB
#define OUR_ID		0x1
/* Two wired links without surprises, and what we originate. */
#define PLAIN		"interface e1\ninterface e2\nredistribute proto 4\n"

struct heard {
	babel_time at;
	unsigned int ifindex, packet;	/* number of the packet */
	struct in6_addr to;
	size_t len;			/* of the packet */
	struct tlv tlv;
};

struct world;

struct talker {
	struct world *w;
	unsigned int ifindex;
	struct in6_addr address;
	bool alive;			/* says Hello by itself */
	bool mute;			/* does not acknowledge */
	uint16_t hello_seqno, rxcost;
	babel_time next_hello;
	uint16_t acks[32];		/* owed */
	unsigned int ack_count;
	struct encoder e;
	uint8_t bytes[WORLD_MTU];
};

struct kernel_entry {
	struct destination_key key;
	struct fib_entry entry;
};

struct world {
	struct babel *babel;
	struct configuration *conf;
	babel_time now;
	uint64_t random;
	struct heard *heard;
	size_t heard_count, heard_room;
	unsigned int packets;
	bool deaf;			/* keeps nothing of what is sent */
	int send_error;			/* packets are lost by that errno */
	bool jammed;			/* cannot send now */
	unsigned int jammed_link;	/* ... on that one, or 0 */
	struct talker talkers[WORLD_TALKERS];
	unsigned int talker_count;
	struct kernel_entry kernel[WORLD_ROUTES];
	unsigned int kernel_count;
	struct fib_change asked[WORLD_ASKED];	/* not answered yet */
	unsigned int asked_count;
	bool kernel_sleeps;
	int kernel_error;		/* of additions and changes */
	uint32_t taken;			/* lower priorities are others' */
	unsigned int warnings;
};

static inline struct in6_addr
address_of(const char *text)
{
	struct in6_addr address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

static inline struct destination_key
key_of(const char *to, const char *from)
{
	struct prefix prefix, source;

	assert_int_equal(prefix_parse(to, &prefix), 0);
	if (from != NULL)
		assert_int_equal(prefix_parse(from, &source), 0);
	return destination_key_of(&prefix, from == NULL ? NULL : &source);
}

static inline struct router_id
id_of(uint8_t number)
{
	return (struct router_id){ { 2, 0, 0, 0, 0, 0, 0, number } };
}

/* Our address on a link; the first talker's is fe80::1. */
static inline struct in6_addr
our_address(unsigned int ifindex)
{
	struct in6_addr address = address_of("fe80::e:0");

	address.s6_addr[15] = (uint8_t)ifindex;
	return address;
}

static inline bool
is_multicast(const struct in6_addr *address)
{
	return address->s6_addr[0] == 0xFF;
}

/* The engine's callbacks. */

static inline void
world_keep(struct world *w, const struct datagram *datagram,
    const struct tlv *tlv)
{
	if (w->heard_count == w->heard_room) {
		w->heard_room = w->heard_room * 2 + 256;
		w->heard = realloc(w->heard,
		    w->heard_room * sizeof(*w->heard));
		assert_non_null(w->heard);
	}
	w->heard[w->heard_count++] = (struct heard){ .at = w->now,
		.ifindex = datagram->ifindex, .packet = w->packets,
		.to = datagram->to, .len = datagram->len, .tlv = *tlv };
}

static inline void
world_owe_acks(struct world *w, const struct datagram *datagram,
    uint16_t opaque)
{
	struct talker *t;
	unsigned int i;

	for (i = 0; i < w->talker_count; i++) {
		t = &w->talkers[i];
		if (t->alive && !t->mute && t->ack_count < 32 &&
		    t->ifindex == datagram->ifindex &&
		    (is_multicast(&datagram->to) ||
		    address_equal(&datagram->to, &t->address)))
			t->acks[t->ack_count++] = opaque;
	}
}

static inline int
world_send(void *ctx, const struct datagram *datagram)
{
	struct world *w = ctx;
	struct decoder d;
	struct tlv tlv;

	if (w->send_error != 0)
		return w->send_error;
	if (w->jammed || datagram->ifindex == w->jammed_link)
		return EAGAIN;
	assert_int_equal(datagram->to_port, WORLD_PORT);
	assert_true(address_is_link_local(&datagram->from));
	assert_true(address_is_link_local(&datagram->to) ||
	    is_multicast(&datagram->to));
	assert_int_equal(message_open(&d, datagram, WORLD_PORT), MESSAGE_OK);
	w->packets++;
	while (message_next(&d, &tlv)) {
		if (!w->deaf)
			world_keep(w, datagram, &tlv);
		if (tlv.type == TLV_ACK_REQUEST)
			world_owe_acks(w, datagram, tlv.u.ack_request.opaque);
	}
	/* We never send what must be ignored. */
	assert_false(d.stopped);
	assert_int_equal(d.ignored, 0);
	return 0;
}

static inline bool
world_fib(void *ctx, const struct fib_change *change)
{
	struct world *w = ctx;

	if (w->asked_count == WORLD_ASKED)
		return false;
	w->asked[w->asked_count++] = *change;
	return true;
}

static inline babel_time
world_stamp(void *ctx)
{
	return ((struct world *)ctx)->now;
}

static inline void
world_random(void *ctx, void *buffer, size_t len)
{
	struct world *w = ctx;
	uint8_t *octets = buffer;

	while (len-- > 0)
		*octets++ = (uint8_t)unit_random(&w->random);
}

static inline void __attribute__((format(printf, 3, 0)))
world_log(void *ctx, int priority, const char *format, va_list arguments)
{
	struct world *w = ctx;

	(void)format;
	(void)arguments;
	if (priority <= 4)		/* LOG_WARNING */
		w->warnings++;
}

static const struct babel_ops world_ops = {
	.send = world_send, .fib = world_fib, .stamp = world_stamp,
	.random = world_random, .log = world_log,
};

/* The kernel. */

static inline struct fib_entry *
kernel_find(struct world *w, const struct destination_key *key)
{
	unsigned int i;

	for (i = 0; i < w->kernel_count; i++)
		if (destination_key_compare(&w->kernel[i].key, key) == 0)
			return &w->kernel[i].entry;
	return NULL;
}

static inline void
kernel_obey(struct world *w, const struct fib_change *change)
{
	struct fib_entry *entry = kernel_find(w, &change->key);

	if (change->operation == FIB_ADD) {
		assert_null(entry);
		if (w->kernel_count < WORLD_ROUTES)
			w->kernel[w->kernel_count++] = (struct kernel_entry){
				change->key, change->entry };
		return;
	}
	if (entry == NULL)		/* one of too many */
		return;
	*entry = change->entry;
	if (change->operation == FIB_DELETE)
		*CONTAINER_OF(entry, struct kernel_entry, entry) =
		    w->kernel[--w->kernel_count];
}

/* Do as the kernel was asked, and answer. */
static inline void
world_kernel(struct world *w)
{
	struct fib_change change;
	int error;

	while (w->asked_count > 0) {
		change = w->asked[0];
		memmove(w->asked, w->asked + 1,
		    --w->asked_count * sizeof(w->asked[0]));
		error = change.operation == FIB_DELETE ? 0 :
		    change.entry.priority < w->taken ? EEXIST :
		    w->kernel_error;
		if (error == 0)
			kernel_obey(w, &change);
		babel_fib_done(w->babel, w->now, &change, error);
	}
}

/* What the kernel holds for the prefix, or NULL. */
static inline const struct fib_entry *
world_installed(struct world *w, const char *prefix)
{
	const struct destination_key key = key_of(prefix, NULL);

	return kernel_find(w, &key);
}

/* The world. */

static inline struct link_state
link_of(unsigned int ifindex, bool up)
{
	struct link_state link = { .ifindex = ifindex, .mtu = WORLD_MTU,
		.up = up, .carrier = up, .kind = LINK_WIRED,
		.link_local_count = 1,
		.ipv4 = address_from_ipv4("\x0A\x00\x00\x01") };

	snprintf(link.name, sizeof(link.name), "e%u", ifindex);
	link.link_local[0] = our_address(ifindex);
	link.ipv4.s6_addr[14] = (uint8_t)ifindex;
	return link;
}

static inline void
world_link(struct world *w, unsigned int ifindex, bool up)
{
	const struct link_state link = link_of(ifindex, up);

	babel_link_changed(w->babel, w->now, &link);
}

/* The link loses its IPv4 address. */
static inline void
world_take_ipv4(struct world *w, unsigned int ifindex)
{
	struct link_state link = link_of(ifindex, true);

	memset(&link.ipv4, 0, sizeof(link.ipv4));
	babel_link_changed(w->babel, w->now, &link);
}

static inline void
world_originate(struct world *w, const char *prefix, bool present)
{
	struct kernel_route route = { .table = 254, .ifindex = 9,
		.proto = 4, .type = ROUTE_UNICAST, .ifname = "stub" };

	route.key = key_of(prefix, NULL);
	babel_kernel_route(w->babel, w->now, &route, present);
}

/* Begin; nothing has been sent yet. */
static inline struct world *
world_begin(const char *text, const struct babel_identity *identity)
{
	const struct babel_identity plain = { .id = id_of(OUR_ID),
		.seqno = 1000, .id_is_configured = true, .v4_via_v6 = true,
		.v4_via_v6_default = true };
	struct world *w = calloc(1, sizeof(*w));
	unsigned int i;

	assert_non_null(w);
	w->now = 1000 * SECOND;
	w->random = 1;
	w->conf = must_read(text);
	w->babel = babel_new(&world_ops, w, w->conf,
	    identity == NULL ? &plain : identity, w->now);
	assert_non_null(w->babel);
	for (i = 1; i <= WORLD_LINKS; i++)
		world_link(w, i, true);
	return w;
}

static inline void
world_free(struct world *w)
{
	babel_free(w->babel);
	configuration_free(w->conf);
	free(w->heard);
	free(w);
}

static inline void
world_configure(struct world *w, const char *text)
{
	struct configuration *old = w->conf;
	unsigned int i;

	w->conf = must_read(text);
	babel_configure(w->babel, w->now, w->conf);
	configuration_free(old);
	for (i = 1; i <= WORLD_LINKS; i++)
		world_link(w, i, true);
}

static inline void
world_clear(struct world *w)
{
	w->heard_count = 0;
}

/* What the talkers do by themselves. */
static void	talker_live(struct talker *);

/* What others do at this moment; true if the engine has heard of it. */
static inline bool
world_react(struct world *w)
{
	bool told = w->asked_count > 0 && !w->kernel_sleeps;
	struct talker *t;

	if (told)
		world_kernel(w);
	for (t = w->talkers; t < w->talkers + w->talker_count; t++) {
		told |= t->ack_count > 0;
		talker_live(t);
	}
	return told;
}

/* Do what is due now; returns when it wants to go on. */
static inline babel_time
world_turn(struct world *w)
{
	babel_time wish;
	unsigned int turns = 0, i;

	do {
		world_react(w);
		wish = babel_run(w->babel, w->now);
		assert_in_range(++turns, 1, 100000);
	} while (world_react(w) || wish <= w->now);
	for (i = 0; i < w->talker_count; i++)
		if (w->talkers[i].alive)
			wish = time_min(wish, w->talkers[i].next_hello);
	return wish;
}

/* Let that much time go by. */
static inline void
world_pass(struct world *w, babel_time duration)
{
	const babel_time end = w->now + duration;
	babel_time wish;

	while ((wish = world_turn(w)) < end)
		w->now = wish;
	w->now = end;
}

/* Past its first Hellos. */
static inline struct world *
world_new(const char *text)
{
	struct world *w = world_begin(text, NULL);

	world_pass(w, SECOND);
	world_clear(w);
	return w;
}

/* The talkers. */

static inline struct talker *
talker_new(struct world *w, unsigned int ifindex)
{
	struct talker *t;

	assert_in_range(w->talker_count, 0, WORLD_TALKERS - 1);
	t = &w->talkers[w->talker_count++];
	*t = (struct talker){ .w = w, .ifindex = ifindex, .rxcost = 96,
		.hello_seqno = 100, .address = address_of("fe80::") };
	t->address.s6_addr[15] = (uint8_t)w->talker_count;
	return t;
}

static inline void
talker_begin(struct talker *t)
{
	message_start(&t->e, t->bytes, sizeof(t->bytes));
}

static inline void
talker_deliver(struct talker *t, const char *to)
{
	const struct in6_addr us = our_address(t->ifindex);
	struct datagram datagram = { .ifindex = t->ifindex,
		.from = t->address, .to = us, .from_port = WORLD_PORT,
		.to_port = WORLD_PORT, .received = t->w->now,
		.len = message_finish(&t->e) };
	uint8_t *exact = malloc(datagram.len);	/* for a sanitiser's sake */

	assert_non_null(exact);
	if (to != NULL)
		datagram.to = address_of(to);
	memcpy(exact, t->bytes, datagram.len);
	datagram.bytes = exact;
	babel_receive(t->w->babel, t->w->now, &datagram);
	free(exact);
}

/* To everybody. */
static inline void
talker_send(struct talker *t)
{
	talker_deliver(t, GROUP);
}

static inline void
talker_put_ihu(struct talker *t, uint16_t rxcost)
{
	const struct ihu ihu = { .address = our_address(t->ifindex),
		.rxcost = rxcost, .interval = 3 * TALKER_INTERVAL };

	assert_true(message_put_ihu(&t->e, &ihu));
}

/* An IHU alone. */
static inline void
talker_ihu(struct talker *t, uint16_t rxcost)
{
	talker_begin(t);
	talker_put_ihu(t, rxcost);
	talker_send(t);
}

/* A Hello alone; interval 0: unscheduled. */
static inline void
talker_hello(struct talker *t, bool unicast, uint16_t seqno,
    babel_time interval)
{
	const struct hello hello = { .unicast = unicast, .seqno = seqno,
		.interval = interval };

	talker_begin(t);
	assert_true(message_put_hello(&t->e, &hello));
	talker_deliver(t, unicast ? NULL : GROUP);
}

/* The next Hello, with an IHU. */
static inline void
talker_greet(struct talker *t)
{
	const struct hello hello = { .seqno = t->hello_seqno++,
		.interval = TALKER_INTERVAL };

	talker_begin(t);
	assert_true(message_put_hello(&t->e, &hello));
	talker_put_ihu(t, t->rxcost);
	talker_send(t);
	t->next_hello = t->w->now + TALKER_INTERVAL;
}

static inline void
talker_live(struct talker *t)
{
	unsigned int i;

	if (t->ack_count > 0) {
		talker_begin(t);
		for (i = 0; i < t->ack_count; i++)
			assert_true(message_put_ack(&t->e, t->acks[i]));
		t->ack_count = 0;
		talker_deliver(t, NULL);
	}
	if (t->alive && t->w->now >= t->next_hello)
		talker_greet(t);
}

static inline struct neighbour *
talker_entry(const struct talker *t)
{
	return neighbour_find(interface_find(t->w->babel, t->ifindex),
	    &t->address);
}

/* A talker whom we hear and who hears us, past the exchange of tables. */
static inline struct talker *
talker_met(struct world *w, unsigned int ifindex)
{
	struct talker *t = talker_new(w, ifindex);

	talker_greet(t);
	talker_greet(t);
	t->alive = true;
	assert_true(neighbour_is_reachable(talker_entry(t)));
	world_pass(w, 2 * SECOND);
	world_clear(w);
	return t;
}

/* An Update, and what is in it; the interval is NEWS_INTERVAL if 0. */
struct news {
	const char *prefix, *from;
	const char *next_hop;		/* of IPv4 */
	babel_time interval;
	uint16_t seqno, metric;
	uint8_t id;
};

static inline void
talker_put_news(struct talker *t, const struct news *news)
{
	struct update update = { .key = key_of(news->prefix, news->from),
		.id = id_of(news->id), .seqno = news->seqno,
		.metric = news->metric, .interval = news->interval != 0 ?
		news->interval : NEWS_INTERVAL };

	update.ae = (uint8_t)message_ae(&update.key.to);
	update.next_hop = address_of(news->next_hop != NULL ?
	    news->next_hop : "10.0.0.99");
	assert_true(message_put_update(&t->e, &update));
}

static inline void
talker_update(struct talker *t, const struct news *news)
{
	talker_begin(t);
	talker_put_news(t, news);
	talker_send(t);
}

/* The short form, for IPv6. */
static inline void
talker_tell(struct talker *t, const char *prefix, uint8_t id,
    const uint16_t distance[2])
{
	const struct news news = { .prefix = prefix, .id = id,
		.seqno = distance[0], .metric = distance[1] };

	talker_update(t, &news);
}

#define DISTANCE(seqno, metric) ((const uint16_t[2]){ seqno, metric })
#define GONE DISTANCE(0, INFINITY_METRIC)

static inline void
talker_ask_route(struct talker *t, const char *prefix)
{
	struct route_request request = { .wildcard = prefix == NULL };

	if (prefix != NULL) {
		request.key = key_of(prefix, NULL);
		request.ae = (uint8_t)message_ae(&request.key.to);
	}
	talker_begin(t);
	assert_true(message_put_route_request(&t->e, &request));
	talker_send(t);
}

static inline void
talker_ask_seqno(struct talker *t, const char *prefix, uint8_t id,
    uint16_t seqno, uint8_t hop_count)
{
	struct seqno_request request = { .key = key_of(prefix, NULL),
		.id = id_of(id), .seqno = seqno, .hop_count = hop_count };

	request.ae = (uint8_t)message_ae(&request.key.to);
	talker_begin(t);
	assert_true(message_put_seqno_request(&t->e, &request));
	talker_send(t);
}

/* What was sent. */

enum finiteness { ANY, FINITE, INFINITE };

/* Which TLVs: those of a type, and all else that is given. */
struct which {
	uint8_t type;
	const char *prefix;
	unsigned int ifindex;
	const struct talker *to;	/* by unicast */
	bool multicast;
	enum finiteness metric;
};

static inline const struct destination_key *
heard_key(const struct heard *h)
{
	if (h->tlv.type == TLV_UPDATE)
		return &h->tlv.u.update.key;
	if (h->tlv.type == TLV_SEQNO_REQUEST)
		return &h->tlv.u.seqno_request.key;
	assert_int_equal(h->tlv.type, TLV_ROUTE_REQUEST);
	return &h->tlv.u.route_request.key;
}

static inline bool
is_wanted(const struct heard *h, const struct which *which)
{
	struct destination_key key;
	bool infinite;

	if (h->tlv.type != which->type || (which->ifindex != 0 &&
	    which->ifindex != h->ifindex) || (which->to != NULL &&
	    !address_equal(&h->to, &which->to->address)) ||
	    (which->multicast && !is_multicast(&h->to)))
		return false;
	if (which->metric != ANY) {
		infinite = h->tlv.u.update.metric == INFINITY_METRIC;
		if (infinite != (which->metric == INFINITE))
			return false;
	}
	if (which->prefix == NULL)
		return true;
	key = key_of(which->prefix, NULL);
	return destination_key_compare(heard_key(h), &key) == 0;
}

/* The first or the last such TLV since world_clear, or NULL. */
static inline const struct heard *
heard_first(const struct world *w, const struct which *which)
{
	size_t i;

	for (i = 0; i < w->heard_count; i++)
		if (is_wanted(&w->heard[i], which))
			return &w->heard[i];
	return NULL;
}

static inline const struct heard *
heard_last(const struct world *w, const struct which *which)
{
	size_t i;

	for (i = w->heard_count; i-- > 0;)
		if (is_wanted(&w->heard[i], which))
			return &w->heard[i];
	return NULL;
}

static inline unsigned int
heard_count(const struct world *w, const struct which *which)
{
	unsigned int count_heard = 0;
	size_t i;

	for (i = 0; i < w->heard_count; i++)
		count_heard += is_wanted(&w->heard[i], which);
	return count_heard;
}

#define WHICH(...) (&(const struct which){ __VA_ARGS__ })

/* The tables. */

static inline struct destination *
world_destination(const struct world *w, const char *prefix)
{
	const struct destination_key key = key_of(prefix, NULL);

	return destination_find(w->babel, &key);
}

static inline struct route *
world_route(const struct world *w, const char *prefix,
    const struct talker *t)
{
	struct destination *d = world_destination(w, prefix);

	return d == NULL ? NULL : route_find(d, talker_entry(t)->id);
}

/* Is the route from that talker selected, and in the kernel? */
static inline bool
is_selected(struct world *w, const char *prefix, const struct talker *t)
{
	const struct destination *d = world_destination(w, prefix);
	const struct fib_entry *entry = world_installed(w, prefix);

	return d != NULL && d->selected != NULL && entry != NULL &&
	    address_equal(&d->selected->neighbour->address, &t->address) &&
	    entry->ifindex == t->ifindex && !entry->unreachable;
}

/* Has the prefix no route that forwards? */
static inline bool
is_lost(struct world *w, const char *prefix)
{
	const struct destination *d = world_destination(w, prefix);
	const struct fib_entry *entry = world_installed(w, prefix);

	return (d == NULL || d->selected == NULL) &&
	    (entry == NULL || entry->unreachable);
}

static inline struct source *
world_source(const struct world *w, const char *prefix, uint8_t id)
{
	const struct destination *d = world_destination(w, prefix);
	const struct router_id router_id = id_of(id);

	return d == NULL ? NULL : source_find(d, &router_id);
}

/* Is that the feasibility distance? */
static inline bool
distance_is(const struct world *w, const char *prefix, uint8_t id,
    const uint16_t distance[2])
{
	const struct source *source = world_source(w, prefix, id);

	return source != NULL && source->has_distance &&
	    source->seqno == distance[0] && source->metric == distance[1];
}

static inline uint64_t
world_count(const struct world *w, enum babel_counter counter)
{
	return w->babel->counters[counter];
}

#endif
