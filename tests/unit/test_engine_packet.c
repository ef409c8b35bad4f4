/*
 * test_engine_packet.c - packets as a whole (RFC 8966, sections 3.1, 3.3
 * and 4): when they leave, how large they are, acknowledgments, and which
 * ones are not read at all.
 */
#include "stage.h"

static void
set_mtu(struct world *w, unsigned int mtu)
{
	struct link_state link = interface_find(w->babel, 1)->link;

	link.mtu = mtu;
	babel_link_changed(w->babel, w->now, &link);
}

/* covers: B78 B79 Q28 */
static void
packets_are_full_and_no_larger(void **state)
{
	static const struct {
		unsigned int mtu;
		size_t most;
	} cases[] = {
		{ 1500, 1452 }, { 1280, 1232 }, { 600, 552 }, { 560, 512 },
		{ 559, 512 }, { 100, 512 }, { 0, 512 }, { 9000, 8952 },
		{ 65535, 65487 }, { 4000000, 65487 },
	};
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1);
	unsigned int i, full, packets;
	size_t k, largest;

	(void)state;
	for (i = 0; i < 600; i++)
		world_originate(w, prefix_number(i), true);
	world_pass(w, 40 * SECOND);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_mtu(w, cases[i].mtu);
		world_pass(w, 2 * SECOND);
		world_clear(w);
		talker_ask_route(t, NULL);
		world_pass(w, 2 * SECOND);
		full = packets = 0;
		largest = 0;
		for (k = 1; k < w->heard_count; k++) {
			if (w->heard[k].ifindex != 1 ||
			    is_multicast(&w->heard[k].to) ||
			    w->heard[k].packet == w->heard[k - 1].packet)
				continue;
			packets++;
			full += w->heard[k].len + 40 > cases[i].most;
			if (w->heard[k].len > largest)
				largest = w->heard[k].len;
		}
		assert_in_range(largest, 1, cases[i].most);
		/* A batch is 256 routes: that much is never in a packet of
		 * more than 9000. */
		if (cases[i].most > 4000)
			continue;
		assert_in_range(largest, cases[i].most - 40, cases[i].most);
		if (full + 4 < packets)
			fail_msg("case %u: %u of %u full", i, full, packets);
	}
	world_free(w);
}

/* covers: B6 */
static void
packets_keep_their_distance(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	const struct heard *last = NULL, *h;
	unsigned int i;
	size_t k;

	(void)state;
	talker_met(w, 2);
	for (i = 0; i < 200; i++) {
		talker_tell(a, prefix_number(i), ID_A, DISTANCE(1, 0));
		world_pass(w, 5 * MILLISECOND);
	}
	/* 200 pieces of news in a second, some twenty packets. */
	for (k = 0; k < w->heard_count; k++) {
		h = &w->heard[k];
		if (h->tlv.type != TLV_UPDATE || h->ifindex != 2 ||
		    (last != NULL && last->packet == h->packet))
			continue;
		if (last != NULL)
			assert_true(h->at - last->at >= 4 * MILLISECOND);
		last = h;
	}
	assert_in_range(w->packets, 10, 80);
	world_free(w);
}

/* covers: B4 B9 B10 B93 */
static void
acknowledgments_come_in_time(void **state)
{
	static const babel_time intervals[] = { CENTISECOND,
		2 * CENTISECOND, 50 * CENTISECOND, 600 * SECOND };
	struct world *w = world_new(PLAIN);
	struct talker *known = talker_met(w, 1), *t;
	struct ack_request request = { .opaque = 0x1234 };
	const struct heard *h;
	babel_time then;
	unsigned int i;

	(void)state;
	for (i = 0; i < 8; i++) {
		t = i % 2 == 0 ? known : talker_new(w, 1);
		world_clear(w);
		request.interval = intervals[i / 2];
		request.opaque++;
		then = w->now;
		talker_begin(t);
		assert_true(message_put_ack_request(&t->e, &request));
		if (i < 4)
			talker_send(t);
		else
			talker_deliver(t, NULL);
		world_pass(w, SECOND);
		assert_int_equal(heard_count(w, WHICH(.type = TLV_ACK)), 1);
		h = heard_first(w, WHICH(.type = TLV_ACK, .to = t));
		assert_non_null(h);
		assert_int_equal(h->tlv.u.ack, request.opaque);
		assert_true(h->at - then < request.interval);
	}
	world_free(w);
}

/* covers: B9 B93 */
static void
many_acknowledgments_are_given(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1);
	struct ack_request request = { .interval = SECOND };
	bool seen[170] = { false };
	unsigned int i, count_seen = 0;
	size_t k;

	(void)state;
	talker_begin(t);
	for (i = 0; i < 170; i++) {
		request.opaque = (uint16_t)i;
		assert_true(message_put_ack_request(&t->e, &request));
	}
	talker_send(t);
	world_pass(w, SECOND);
	for (k = 0; k < w->heard_count; k++)
		if (w->heard[k].tlv.type == TLV_ACK) {
			assert_in_range(w->heard[k].tlv.u.ack, 0, 169);
			seen[w->heard[k].tlv.u.ack] = true;
		}
	for (i = 0; i < 170; i++)
		count_seen += seen[i];
	assert_int_equal(count_seen, 170);
	world_free(w);
}

/* Was a Hello in such a datagram heard? */
static bool
is_hello_read(struct world *w, const struct datagram *frame, uint16_t seqno)
{
	const struct hello hello = { .seqno = seqno, .interval = SECOND };
	struct datagram datagram = *frame;
	uint64_t before = world_count(w, COUNT_TLVS_RECEIVED);
	uint8_t bytes[64];
	struct encoder e;

	message_start(&e, bytes, sizeof(bytes));
	assert_true(message_put_hello(&e, &hello));
	datagram.bytes = bytes;
	datagram.len = message_finish(&e);
	datagram.received = w->now;
	babel_receive(w->babel, w->now, &datagram);
	return world_count(w, COUNT_TLVS_RECEIVED) > before;
}

static bool
is_read(struct world *w, const struct datagram *frame)
{
	return is_hello_read(w, frame, 1);
}

/* covers: B74 B75 B76 F15 Q38a */
static void
foreign_packets_are_not_read(void **state)
{
	struct world *w = world_new(PLAIN);
	const struct datagram good = { .ifindex = 1,
		.from = address_of("fe80::77"), .to = address_of(GROUP),
		.from_port = WORLD_PORT, .to_port = WORLD_PORT };
	struct datagram bad;
	uint32_t neighbours;

	(void)state;
	assert_true(is_read(w, &good));
	bad = good;
	bad.from = address_of("192.0.2.1");
	assert_true(is_read(w, &bad));
	neighbours = w->babel->neighbour_count;
	bad = good;
	bad.from = address_of("2001:db8::1");
	assert_false(is_read(w, &bad));
	bad.from = address_of("::1");
	assert_false(is_read(w, &bad));
	bad = good;
	bad.from_port = WORLD_PORT + 1;
	assert_false(is_read(w, &bad));
	bad = good;
	bad.ifindex = 3;		/* not ours to run on */
	assert_false(is_read(w, &bad));
	bad = good;
	bad.from = our_address(1);
	assert_false(is_read(w, &bad));
	assert_int_equal(w->babel->neighbour_count, neighbours);
	world_free(w);
}

/* covers: Q38a */
static void
our_own_packets_are_known_by_their_hello(void **state)
{
	struct world *w = world_new(PLAIN);
	const struct interface *other = interface_find(w->babel, 2);
	struct datagram unicast;
	const struct datagram reflected = { .ifindex = 1,
		.from = our_address(2), .to = address_of(GROUP),
		.from_port = WORLD_PORT, .to_port = WORLD_PORT };
	uint16_t next;

	(void)state;
	world_pass(w, SECOND);
	next = other->hello_seqno;
	assert_false(is_hello_read(w, &reflected, (uint16_t)(next - 1)));
	assert_false(is_hello_read(w, &reflected, (uint16_t)(next - 2)));
	assert_int_equal(w->babel->neighbour_count, 0);
	/* Who has the address on its link says a Hello of its own, and may
	 * then say one that is like ours. */
	assert_true(is_hello_read(w, &reflected, next));
	assert_true(is_hello_read(w, &reflected, (uint16_t)(next - 1)));
	assert_int_equal(w->babel->neighbour_count, 1);
	world_free(w);
	/* Ours are never sent to one of us. */
	w = world_new(PLAIN);
	unicast = reflected;
	unicast.to = our_address(1);
	world_pass(w, SECOND);
	next = interface_find(w->babel, 2)->hello_seqno;
	assert_true(is_hello_read(w, &unicast, (uint16_t)(next - 1)));
	world_free(w);
}

/* covers: B107 B111 F13 */
static void
wildcards_have_no_length(void **state)
{
	static const struct {
		const char octets[13];
		uint8_t len;
		bool good;
	} cases[] = {
		{ "\x08\x0A\0\0\0\0\1\0\0\0\xFF\xFF", 12, true },
		{ "\x08\x0A\0\0\x08\0\1\0\0\0\xFF\xFF", 12, false },
		{ "\x08\x0A\0\0\0\1\1\0\0\0\xFF\xFF", 12, false },
		{ "\x08\x0A\0\0\0\0\1\0\0\0\0\0", 12, false },
		{ "\x09\2\0\0", 4, true }, { "\x09\2\0\x08", 4, false },
	};
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1);
	uint64_t before;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		before = world_count(w, COUNT_TLVS_IGNORED);
		talker_begin(t);
		write_bytes(&t->e.out, cases[i].octets, cases[i].len);
		talker_send(t);
		assert_int_equal(world_count(w, COUNT_TLVS_IGNORED) - before,
		    !cases[i].good);
	}
	world_free(w);
}

/* covers: F36 */
static void
a_jam_passes(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	babel_time then;

	(void)state;
	talker_met(w, 2);
	w->jammed = true;
	talker_tell(a, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, 4 * SECOND);
	talker_tell(a, Q6, ID_A, DISTANCE(1, 0));
	world_pass(w, 4 * SECOND);
	assert_int_equal(w->heard_count, 0);
	w->jammed = false;
	then = w->now;
	world_pass(w, 100 * MILLISECOND);
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_HELLO,
	    .ifindex = 1)), 0);
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .ifindex = 2, .prefix = P6)), 0);
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .ifindex = 2, .prefix = Q6)), 0);
	/* What was put off is not more than what is due. */
	assert_in_range(heard_count(w, WHICH(.type = TLV_HELLO,
	    .ifindex = 1)), 1, 3);
	assert_true(heard_first(w, WHICH(.type = TLV_HELLO))->at >= then);
	world_free(w);
}

/* covers: F36 */
static void
a_jam_stays_on_its_link(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	babel_time back;

	(void)state;
	talker_met(w, 2);
	w->jammed_link = 1;
	world_pass(w, 8 * SECOND);	/* a Hello, and more, are held */
	world_clear(w);
	talker_tell(a, "2001:db8:1::/48", ID_A, DISTANCE(1, 0));
	world_pass(w, 100 * MILLISECOND);
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .ifindex = 2)), 0);
	/* It goes: what was put off is not sent when it comes back. */
	world_link(w, 1, false);
	w->jammed_link = 0;
	a->alive = false;
	world_pass(w, 8 * SECOND);
	assert_null(heard_first(w, WHICH(.type = TLV_HELLO, .ifindex = 1)));
	back = w->now;
	world_link(w, 1, true);
	world_pass(w, SECOND);
	assert_in_range(heard_count(w, WHICH(.type = TLV_HELLO,
	    .ifindex = 1)), 1, 3);
	assert_true(heard_first(w, WHICH(.type = TLV_HELLO,
	    .ifindex = 1))->at >= back);
	world_free(w);
}

/* covers: B2 B5 */
static void
nothing_leaves_in_step(void **state)
{
	babel_time delays[16];
	struct world *w;
	struct talker *a;
	const struct heard *h;
	unsigned int i, different = 0;

	(void)state;
	for (i = 0; i < 16; i++) {
		w = world_begin(PLAIN, NULL);
		w->random = i * 77;
		world_pass(w, SECOND);
		a = talker_met(w, 1);
		talker_met(w, 2);
		talker_tell(a, "2001:db8:1::/48", ID_A, DISTANCE(1, 0));
		delays[i] = w->now;
		world_pass(w, 2 * SECOND);
		h = heard_first(w, WHICH(.type = TLV_UPDATE, .ifindex = 2));
		assert_non_null(h);
		delays[i] = h->at - delays[i];
		assert_in_range(delays[i], 1, 200 * MILLISECOND);
		different += i > 0 && delays[i] != delays[i - 1];
		world_free(w);
	}
	assert_in_range(different, 12, 15);
}

/* Update, as IPv6, of a prefix that is IPv4 in our tables. */
static void
say_mapped(struct talker *t, const char *prefix)
{
	struct update update = { .ae = AE_IPV6, .id = id_of(ID_A),
		.seqno = 1, .interval = NEWS_INTERVAL };

	update.key = key_of(prefix, NULL);
	talker_begin(t);
	assert_true(message_put_update(&t->e, &update));
	talker_send(t);
}

/* covers: V4 V5 */
static void
ipv4_is_not_said_as_ipv6(void **state)
{
	const struct seqno_request request = { .ae = AE_IPV6,
		.key = key_of("::ffff:192.0.2.0/120", NULL),
		.id = id_of(ID_A), .seqno = 2, .hop_count = 3 };
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 2);

	(void)state;
	say_mapped(a, "::ffff:0:0/96");
	say_mapped(a, "::ffff:192.0.2.0/120");
	world_pass(w, SECOND);
	assert_int_equal(w->kernel_count, 0);
	assert_int_equal(w->babel->destination_count, 0);
	talker_update(a, &(const struct news){ .prefix = P4, .id = ID_A,
	    .seqno = 1 });
	world_pass(w, SECOND);
	assert_true(is_selected(w, P4, a));
	talker_begin(b);
	assert_true(message_put_seqno_request(&b->e, &request));
	talker_send(b);
	world_pass(w, SECOND);
	assert_int_equal(heard_count(w, WHICH(
	    .type = TLV_SEQNO_REQUEST)), 0);
	world_free(w);
}

/* covers: V10 */
static void
next_hops_are_of_their_family(void **state)
{
	uint8_t bytes[] = { 42, 2, 0, 50,
	    TLV_ROUTER_ID, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10,
	    TLV_NEXT_HOP, 18, AE_IPV6, 0,
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9,
	    TLV_UPDATE, 16, AE_IPV6, 0, 48, 0, 6, 64, 0, 1, 0, 0,
	    0x20, 0x01, 0x0d, 0xb8, 0, 1 };
	const struct in6_addr link_local = address_of("fe80::9");
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	const struct datagram datagram = { .ifindex = 1,
		.from = a->address, .to = address_of(GROUP),
		.from_port = WORLD_PORT, .to_port = WORLD_PORT,
		.bytes = bytes, .len = sizeof(bytes) };

	(void)state;
	babel_receive(w->babel, w->now, &datagram);
	world_pass(w, SECOND);
	assert_null(world_installed(w, P6));
	/* None at all would make the prefix a part of the link. */
	memset(bytes + 20, 0, sizeof(link_local));
	babel_receive(w->babel, w->now, &datagram);
	talker_update(a, &(const struct news){ .prefix = P4, .id = ID_A,
	    .seqno = 1, .next_hop = "0.0.0.0" });
	world_pass(w, SECOND);
	assert_int_equal(w->kernel_count, 0);
	memcpy(bytes + 20, &link_local, sizeof(link_local));
	babel_receive(w->babel, w->now, &datagram);
	world_pass(w, SECOND);
	assert_non_null(world_installed(w, P6));
	assert_true(address_equal(&world_installed(w, P6)->next_hop,
	    &link_local));
	world_free(w);
}

/* covers: B109 */
static void
link_local_prefixes_are_none(void **state)
{
	uint8_t bytes[] = { 42, 2, 0, 50,
	    TLV_ROUTER_ID, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 10,
	    TLV_UPDATE, 18, AE_LINK_LOCAL, UPDATE_FLAG_ROUTER_ID, 64, 0,
	    6, 64, 0, 1, 0, 0, 0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0,
	    TLV_UPDATE, 16, AE_IPV6, 0, 48, 0, 6, 64, 0, 1, 0, 0,
	    0x20, 0x01, 0x0d, 0xb8, 0, 1 };
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	const struct datagram datagram = { .ifindex = 1,
		.from = a->address, .to = address_of(GROUP),
		.from_port = WORLD_PORT, .to_port = WORLD_PORT,
		.bytes = bytes, .len = sizeof(bytes) };

	(void)state;
	/* Whose router-id the second is of, nobody knows. */
	babel_receive(w->babel, w->now, &datagram);
	world_pass(w, SECOND);
	assert_int_equal(w->babel->destination_count, 0);
	bytes[19] = 0;
	babel_receive(w->babel, w->now, &datagram);
	world_pass(w, SECOND);
	assert_non_null(world_installed(w, P6));
	assert_int_equal(w->babel->destination_count, 1);
	world_free(w);
}

/* covers: B9 */
static void
acknowledgments_wait_for_a_full_socket(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1);
	const unsigned int count = 100;
	unsigned int i;

	(void)state;
	w->jammed = true;
	for (i = 0; i < count; i++) {
		talker_begin(t);
		assert_true(message_put_ack_request(&t->e,
		    &(const struct ack_request){ (uint16_t)i, SECOND }));
		talker_send(t);
		world_pass(w, MILLISECOND);
	}
	w->jammed = false;
	world_pass(w, SECOND);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_ACK)), count);
	world_free(w);
}

/* When the link takes packets again, what shows that we are alive is the
 * first of them, and it is not older than the interval that it promises. */
static void
no_hello_waits_behind_updates(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	const struct heard *first;
	unsigned int i, hellos = 0;
	size_t k;

	(void)state;
	talker_met(w, 2);
	w->jammed_link = 2;
	for (i = 0; i < 300; i++)
		talker_tell(a, prefix_number(i), ID_A, DISTANCE(1, 0));
	world_pass(w, 9 * SECOND);	/* more than one Hello interval */
	world_clear(w);
	w->jammed_link = 0;
	world_pass(w, 20 * MILLISECOND);
	first = heard_first(w, WHICH(.type = TLV_HELLO, .ifindex = 2));
	assert_non_null(first);
	for (k = 0; k < w->heard_count; k++) {
		if (w->heard[k].ifindex != 2)
			continue;
		assert_true(w->heard[k].packet >= first->packet);
		hellos += w->heard[k].tlv.type == TLV_HELLO;
	}
	assert_int_equal(hellos, 1);
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .ifindex = 2)), 0);
	world_free(w);
}

/* covers: B79 */
static void
what_is_held_fits_a_smaller_mtu(void **state)
{
	struct link_state link = link_of(2, true);
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	unsigned int i;
	size_t k;

	(void)state;
	talker_met(w, 2);
	w->jammed_link = 2;
	for (i = 0; i < 900; i++)
		talker_tell(a, prefix_number(i), ID_A, DISTANCE(1, 0));
	world_pass(w, 50 * MILLISECOND);
	link.mtu = 560;
	babel_link_changed(w->babel, w->now, &link);
	world_clear(w);
	w->jammed_link = 0;
	world_pass(w, 5 * SECOND);
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .ifindex = 2)), 0);
	for (k = 0; k < w->heard_count; k++)
		if (w->heard[k].ifindex == 2)
			assert_in_range(w->heard[k].len, 4, 560 - 48);
	world_free(w);
}

/* Does the packet bring the TLV before its first Update? */
static bool
has_before_updates(const struct encoder *e, uint8_t type)
{
	const uint8_t *at = e->start + MESSAGE_HEADER;

	while (at < e->out.at && *at != TLV_UPDATE && *at != type)
		at += 2 + at[1];
	return at < e->out.at && *at == type;
}

/* covers: F40 */
static void
retractions_bring_what_frr_wants(void **state)
{
	struct update update = { .ae = AE_IPV6, .metric = INFINITY_METRIC,
		.id = id_of(ID_A), .key = key_of(P6, NULL),
		.next_hop = address_of("::ffff:192.0.2.1") };
	uint8_t bytes[MESSAGE_MAX_SIZE];
	struct encoder e;
	size_t len;

	(void)state;
	message_start(&e, bytes, sizeof(bytes));
	assert_true(message_put_update(&e, &update));
	assert_true(has_before_updates(&e, TLV_ROUTER_ID));
	assert_false(has_before_updates(&e, TLV_NEXT_HOP));
	/* Once in a packet is enough. */
	len = message_length(&e);
	update.id = id_of(ID_B);
	assert_true(message_put_update(&e, &update));
	assert_int_equal(message_length(&e) - len, 2 + 10);

	message_start(&e, bytes, sizeof(bytes));
	update.ae = AE_IPV4;
	update.key = key_of(P4, NULL);
	assert_true(message_put_update(&e, &update));
	assert_true(has_before_updates(&e, TLV_ROUTER_ID));
	assert_true(has_before_updates(&e, TLV_NEXT_HOP));
	/* An interface without an IPv4 address has none to give. */
	message_start(&e, bytes, sizeof(bytes));
	update.next_hop = address_of("::");
	assert_true(message_put_update(&e, &update));
	assert_false(has_before_updates(&e, TLV_NEXT_HOP));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_full_and_no_larger),
		cmocka_unit_test(packets_keep_their_distance),
		cmocka_unit_test(acknowledgments_come_in_time),
		cmocka_unit_test(many_acknowledgments_are_given),
		cmocka_unit_test(foreign_packets_are_not_read),
		cmocka_unit_test(our_own_packets_are_known_by_their_hello),
		cmocka_unit_test(wildcards_have_no_length),
		cmocka_unit_test(a_jam_passes),
		cmocka_unit_test(a_jam_stays_on_its_link),
		cmocka_unit_test(nothing_leaves_in_step),
		cmocka_unit_test(ipv4_is_not_said_as_ipv6),
		cmocka_unit_test(next_hops_are_of_their_family),
		cmocka_unit_test(link_local_prefixes_are_none),
		cmocka_unit_test(acknowledgments_wait_for_a_full_socket),
		cmocka_unit_test(no_hello_waits_behind_updates),
		cmocka_unit_test(what_is_held_fits_a_smaller_mtu),
		cmocka_unit_test(retractions_bring_what_frr_wants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
