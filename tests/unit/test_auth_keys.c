/*
 * test_auth_keys.c - what we sign, and with which keys: the room they take,
 * their change at run time, their times of validity, the lenient mode; and
 * the vectors with MACs through the whole of the engine.
 */
#include "peer.h"
#include "vectors.h"

/* covers: B113 Q35 M1 M7 M9 */
static void
every_packet_is_sealed(void **state)
{
	struct router *r = router_new(TWO_KEYS " type tunnel hello-interval 1");
	struct peer p = peer_new(r);
	unsigned int i;

	(void)state;
	peer_prove(&p, 1);
	for (i = 0; i < 30; i++) {
		peer_say(&p, GROUP, 10 + i);
		router_pass(r, SECOND);
	}
	check_all_sealed(r, 2);
	assert_in_range(r->sent_count, 30, ROUTER_KEPT);
	router_end(r);
}

/* On a unicast interface a packet is several, each signed for its own
 * destination. */
static void
copies_are_signed_one_by_one(void **state)
{
	struct router *r = router_new(TWO_KEYS
	    " unicast true hello-interval 1");
	struct peer p = peer_new(r), q = peer_new(r);
	unsigned int i, to_p = 0, to_q = 0;

	(void)state;
	q.address = address_of("fe80::3");
	peer_prove(&p, 1);
	peer_prove(&q, 1);
	router_originate(r, "2001:db8::/64", true);
	for (i = 0; i < 5; i++) {
		peer_say(&p, GROUP, 10 + i);
		peer_say(&q, GROUP, 10 + i);
		router_pass(r, SECOND);
	}
	check_all_sealed(r, 2);
	for (i = 0; i < r->sent_count; i++) {
		to_p += address_equal(&r->sent[i].to, &p.address);
		to_q += address_equal(&r->sent[i].to, &q.address);
	}
	assert_in_range(to_p, 1, ROUTER_KEPT);
	assert_in_range(to_q, 1, ROUTER_KEPT);
	router_end(r);
}

/* A configuration with so many. */
static const char *
many_keys(char text[4096], unsigned int keys)
{
	size_t len = strlcpy(text, "redistribute proto 4\n", 4096);
	unsigned int i;

	for (i = 0; i < keys; i++)
		len += (size_t)snprintf(text + len, 4096 - len,
		    "key id k%u type hmac-sha256 value " HEX32 "\n"
		    "interface link key k%u\n", i, i);
	return text;
}

/* However much there is to say, and however many keys to sign with
 * (the engine's send checks the size). */
/* covers: M6 */
static void
room_is_left_for_macs(void **state)
{
	char text[4096], prefix[40];
	struct router *r = router_new(many_keys(text, 20));
	struct peer p;
	unsigned int i, macs, right;
	size_t largest = 0;

	(void)state;
	p = peer_new(r);
	peer_prove(&p, 1);
	for (i = 0; i < 400; i++) {
		snprintf(prefix, sizeof(prefix), "2001:db8:%x::/64", i);
		router_originate(r, prefix, true);
	}
	peer_say(&p, GROUP, 10);
	peer_say(&p, GROUP, 11);
	router_pass(r, 2 * SECOND);
	for (i = 0; i < r->sent_count; i++) {
		macs = count_macs(&r->sent[i], &p.key, &right);
		assert_int_equal(macs, 20);
		assert_int_equal(right, 20);
		if (r->sent[i].len > largest)
			largest = r->sent[i].len;
	}
	assert_in_range(largest, ROUTER_MTU - 48 - 40, ROUTER_MTU - 48);
	router_end(r);
}

/* Where they find no room, as many are signed with as do. */
/* covers: M6 B79 */
static void
macs_leave_room_for_a_body(void **state)
{
	char text[4096];
	struct router *r = router_new(many_keys(text, 20));
	struct link_state link = router_interface(r)->link;
	const struct mac_key key = key_a();
	unsigned int i, right;

	(void)state;
	assert_int_equal(r->warnings, 0);
	link.mtu = 560;
	babel_link_changed(r->babel, r->now, &link);
	router_pass(r, 20 * SECOND);
	assert_in_range(r->sent_count, 4, ROUTER_KEPT);
	for (i = 0; i < r->sent_count; i++) {
		assert_in_range(r->sent[i].len, 4, link.mtu - 48);
		count_macs(&r->sent[i], &key, &right);
		assert_in_range(right, 7, 19);
	}
	assert_int_equal(r->warnings, 1);
	router_end(r);
}

/* What could not be sent has the stamp of when it is, and its MACs. */
/* covers: M7 R1 */
static void
what_was_held_is_sealed_when_it_goes(void **state)
{
	struct router *r = router_new(TWO_KEYS " type tunnel");
	unsigned int i, hellos = 0;
	struct tlv tlv;

	(void)state;
	r->jammed = true;
	router_pass(r, 9 * SECOND);
	assert_int_equal(r->sent_count, 0);
	r->jammed = false;
	router_pass(r, 100 * MILLISECOND);
	check_all_sealed(r, 2);
	for (i = 0; i < r->sent_count; i++)
		if (find_tlv(&r->sent[i], TLV_HELLO, &tlv)) {
			assert_true(tlv.u.hello.stamped);
			assert_int_equal(tlv.u.hello.transmit,
			    (uint32_t)r->sent[i].at);
			hellos++;
		}
	assert_in_range(hellos, 1, 3);
	router_end(r);
}

/* Probing the MTU: the Hello fills the packet, and is signed. */
static void
padded_hellos_are_signed(void **state)
{
	struct router *r = router_new(TWO_KEYS " probe-mtu true");
	unsigned int i, hellos = 0;
	struct tlv tlv;

	(void)state;
	router_pass(r, 10 * SECOND);
	check_all_sealed(r, 2);
	for (i = 0; i < r->sent_count; i++)
		if (find_tlv(&r->sent[i], TLV_HELLO, &tlv)) {
			hellos++;
			assert_int_equal(r->sent[i].len, ROUTER_MTU - 48);
		}
	assert_in_range(hellos, 2, 10);
	router_end(r);
}

/* After 2^32 packets, and only then, a fresh index. */
/* covers: M8 */
static void
an_index_ends_with_its_counter(void **state)
{
	struct router *r = router_new(ONE_KEY " hello-interval 0.1");
	uint32_t previous = UINT32_MAX - 2;
	struct tlv first, tlv;
	unsigned int i, changes = 0;

	(void)state;
	router_interface(r)->auth.pc = previous - 1;
	router_pass(r, SECOND);
	assert_in_range(r->sent_count, 5, ROUTER_KEPT);
	assert_true(find_tlv(&r->sent[0], TLV_PC, &first));
	for (i = 0; i < r->sent_count; i++) {
		assert_true(find_tlv(&r->sent[i], TLV_PC, &tlv));
		if (memcmp(tlv.u.pc.index, first.u.pc.index, AUTH_INDEX) != 0)
			changes += changes == 0;
		assert_int_equal(changes, i >= 3);
		assert_int_equal(tlv.u.pc.pc, i < 3 ? previous + i : i - 3);
	}
	router_end(r);
}

/* Nothing is checked, but everything signed, and the state is kept,
 * so that no packet is lost when the mode ends. */
/* covers: M2 */
static void
the_lenient_mode_accepts_anything(void **state)
{
	struct router *r = router_new(TWO_KEYS " accept-bad-signatures true");
	struct peer p = peer_new(r), q = peer_new(r);
	struct sent packet;

	(void)state;
	q.address = address_of("fe80::3");
	peer_begin(&q, GROUP);
	peer_put_hello(&q);
	packet = peer_end(&q);
	router_receive(r, &packet);
	assert_int_equal(peer_entry(&q)->multicast.length, 1);
	assert_int_equal(router_count(r, COUNT_BAD_SIGNATURES_ACCEPTED), 1);

	assert_true(gets_through(&p, GROUP, 1));
	peer_prove(&p, 2);
	assert_true(gets_through(&p, GROUP, 2));
	router_pass(r, 5 * SECOND);
	check_all_sealed(r, 2);
	assert_int_equal(router_drops(r), 0);

	router_configure(r, TWO_KEYS);
	assert_true(gets_through(&p, GROUP, 4));
	assert_false(gets_through(&p, GROUP, 4));
	router_receive(r, &packet);
	assert_int_equal(router_count(r, COUNT_DROP_MAC_MISSING), 1);
	router_end(r);
}

/* Keys come and go, state stays; either of two is enough. */
/* covers: Q35 M29 */
static void
keys_change_at_run_time(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	struct tlv before, after;

	(void)state;
	peer_prove(&p, 1);
	router_pass(r, 5 * SECOND);
	assert_true(find_tlv(&r->sent[0], TLV_PC, &before));
	assert_true(gets_through(&p, GROUP, 3));
	router_configure(r, TWO_KEYS);
	assert_true(gets_through(&p, GROUP, 4));
	p.key = key_b();
	assert_true(gets_through(&p, GROUP, 5));
	router_configure(r, KEYS "interface link key b");
	assert_true(gets_through(&p, GROUP, 6));
	p.key = key_a();
	assert_false(gets_through(&p, GROUP, 7));
	assert_int_equal(router_count(r, COUNT_DROP_MAC_WRONG), 1);
	assert_int_equal(router_count(r, COUNT_CHALLENGES_SENT), 1);
	/* Our own index goes on: nobody must challenge us. */
	router_pass(r, 5 * SECOND);
	assert_true(find_tlv(&r->sent[r->sent_count - 1], TLV_PC, &after));
	assert_memory_equal(before.u.pc.index, after.u.pc.index, AUTH_INDEX);
	assert_true(after.u.pc.pc > before.u.pc.pc);
	router_configure(r, "interface link");
	p.key = key_b();
	assert_true(gets_through(&p, GROUP, 8));
	clear(r);
	router_pass(r, 10 * SECOND);
	assert_false(find_tlv(&r->sent[0], TLV_PC, &after));
	router_end(r);
}

/* A roll-over planned ahead, by the clock on the wall. */
static void
keys_are_valid_for_a_time(void **state)
{
	static const char text[] =
	    "key id a type hmac-sha256 value " HEX32
	    " sign-until 2026-01-01T00:00:00Z"
	    " accept-until 2026-01-01T00:01:00Z\n"
	    "key id b type blake2s128 value " HEX32B
	    " accept-from 2025-12-31T23:59:00Z"
	    " sign-from 2026-01-01T00:00:00Z\n"
	    "interface link hello-interval 1 key a key b";
	const babel_time midnight = 1767225600 * SECOND;
	const struct mac_key keys[2] = { key_a(), key_b() };
	struct router *r = router_new(text);
	struct peer p = peer_new(r), q = peer_new(r);
	unsigned int right;
	int minute, i;

	(void)state;
	q.address = address_of("fe80::3");
	q.key = keys[1];
	babel_set_wall_clock(r->babel, midnight - 2 * MINUTE - r->now);
	peer_prove(&p, 1);
	for (minute = -2; minute < 3; minute++) {
		babel_set_wall_clock(r->babel, midnight + minute * MINUTE -
		    r->now);
		clear(r);
		router_pass(r, 2 * SECOND);
		assert_in_range(r->sent_count, 1, 20);
		for (i = 0; i < 2; i++) {
			assert_int_equal(count_macs(&r->sent[r->sent_count - 1],
			    &keys[i], &right), 1);
			assert_int_equal(right, (minute >= 0) == (i == 1));
		}
		assert_int_equal(gets_through(&p, GROUP,
		    (uint32_t)(minute + 10)), minute < 1);
		if (minute == -1)
			peer_prove(&q, 1);
		assert_int_equal(gets_through(&q, GROUP,
		    (uint32_t)(minute + 10)), minute >= -1);
	}
	router_end(r);
}

/* All keys have run out: said once, and what would only be dropped by
 * others still goes out, as the link may be lenient. */
static void
no_key_is_left(void **state)
{
	struct router *r = router_new("key id a type hmac-sha256 value " HEX32
	    " sign-until 2001-01-01T00:00:00Z"
	    " accept-until 2001-01-01T00:00:00Z\n"
	    "interface link hello-interval 1 key a");
	struct peer p = peer_new(r);
	unsigned int right;

	(void)state;
	babel_set_wall_clock(r->babel, 1767225600 * SECOND);
	router_pass(r, 5 * SECOND);
	assert_int_equal(r->warnings, 1);
	assert_int_equal(count_macs(&r->sent[r->sent_count - 1], &p.key,
	    &right), 0);
	assert_false(gets_through(&p, GROUP, 1));
	assert_null(peer_entry(&p));
	router_end(r);
}

/* Babel over IPv4 has a pseudo-header of its own. */
static void
ipv4_is_signed_too(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);

	(void)state;
	p.address = address_of("192.0.2.1");
	assert_false(gets_through(&p, "224.0.0.111", 1));
	assert_int_equal(router_count(r, COUNT_DROP_INDEX_UNKNOWN), 1);
	router_end(r);
}

/* A router that has the keys of a vector gets its packet. */
static void
receive_vector(const struct vector *vector)
{
	char text[512] = "", pair[3] = "";
	struct sent packet = { .from_port = vector->port,
		.to_port = ROUTER_PORT, .len = strlen(vector->packet) / 2 };
	struct router *r;
	uint64_t accepted, dropped;
	size_t i, len = 0;

	for (i = 0; i < VECTOR_KEYS && vector->keys[i].key != NULL; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "key id k%zu type %s value %s\n"
		    "interface link key k%zu\n", i,
		    print_algorithm(vector->keys[i].algorithm),
		    vector->keys[i].key, i);
	r = router_new(text);
	packet.from = address_of(vector->from);
	packet.to = address_of(vector->to);
	for (i = 0; i < packet.len; i++) {
		memcpy(pair, vector->packet + 2 * i, 2);
		packet.bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	router_receive(r, &packet);
	/* As the sender is not known, to accept means to challenge it. */
	accepted = router_count(r, COUNT_DROP_INDEX_UNKNOWN);
	dropped = router_drops(r) - accepted;
	if (accepted != (vector->disposition == ACCEPT) ||
	    dropped != (vector->disposition == AUTH_DROP))
		fail_msg("%s: %s", vector->name, accepted ? "accepted" :
		    dropped ? "dropped" : "not even looked at");
	assert_int_equal(router_interface(r)->neighbour_count, accepted);
	router_end(r);
}

/* covers: M3 M4 M5 */
static void
all_vectors_fare_as_they_must(void **state)
{
	unsigned int checked = 0;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		if (vectors[i].keys[0].key != NULL) {
			receive_vector(&vectors[i]);
			checked++;
		}
	assert_int_equal(checked, 15);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_packet_is_sealed),
		cmocka_unit_test(copies_are_signed_one_by_one),
		cmocka_unit_test(room_is_left_for_macs),
		cmocka_unit_test(macs_leave_room_for_a_body),
		cmocka_unit_test(what_was_held_is_sealed_when_it_goes),
		cmocka_unit_test(padded_hellos_are_signed),
		cmocka_unit_test(an_index_ends_with_its_counter),
		cmocka_unit_test(the_lenient_mode_accepts_anything),
		cmocka_unit_test(keys_change_at_run_time),
		cmocka_unit_test(keys_are_valid_for_a_time),
		cmocka_unit_test(no_key_is_left),
		cmocka_unit_test(ipv4_is_signed_too),
		cmocka_unit_test(all_vectors_fare_as_they_must),
	};

	return cmocka_run_group_tests_name("auth, keys", tests, NULL, NULL);
}
