/*
 * test_auth.c - RFC 8967 and 9467, rule by rule, for packets that come in.
 * The marks (M1, X1, ...) are those of the conformance table.
 */
#include "peer.h"

#include "interface_run.h"

#define TAPE		4096		/* packets */

/* The calls of mac_compute are counted. */
size_t	__real_mac_compute(const struct mac_key *,
	    const struct mac_endpoints *, const uint8_t *, size_t,
	    uint8_t[MAC_LENGTH_MAX]);
size_t	__wrap_mac_compute(const struct mac_key *,
	    const struct mac_endpoints *, const uint8_t *, size_t,
	    uint8_t[MAC_LENGTH_MAX]);
static unsigned int computed;

size_t
__wrap_mac_compute(const struct mac_key *key,
    const struct mac_endpoints *ends, const uint8_t *packet, size_t len,
    uint8_t mac[MAC_LENGTH_MAX])
{
	computed++;
	return __real_mac_compute(key, ends, packet, len, mac);
}

/* A packet with the answer to a challenge, and nothing else. */
static void
reply(struct peer *p, const uint8_t nonce[AUTH_NONCE], uint32_t pc)
{
	peer_begin(p, US);
	peer_put_nonce(p, TLV_CHALLENGE_REPLY, nonce, AUTH_NONCE);
	peer_put_pc(p, pc);
	peer_send(p);
}

/* No computation without a MAC of a right length, one for
 * each key otherwise; no neighbour, nothing sent. */
/* covers: B113 M10 M11 M12 */
static void
the_unsigned_get_nowhere(void **state)
{
	struct router *r = router_new(TWO_KEYS);
	struct peer p = peer_new(r);
	uint8_t mac[MAC_LENGTH_MAX] = { 0 };
	struct sent packet;
	unsigned int i;

	(void)state;
	computed = 0;
	peer_begin(&p, GROUP);
	peer_put_hello(&p);
	peer_put_pc(&p, 1);
	packet = peer_end(&p);
	router_receive(r, &packet);
	assert_int_equal(router_count(r, COUNT_DROP_MAC_MISSING), 1);
	add_mac(&packet, mac, 31);
	add_mac(&packet, mac, 0);
	router_receive(r, &packet);
	assert_int_equal(router_count(r, COUNT_DROP_MAC_WRONG), 1);
	assert_int_equal(computed, 0);
	for (i = 0; i < 20; i++)
		add_mac(&packet, mac, i % 2 == 0 ? 32 : 16);
	router_receive(r, &packet);
	assert_int_equal(router_count(r, COUNT_DROP_MAC_WRONG), 2);
	assert_int_equal(computed, 2);
	assert_null(peer_entry(&p));
	assert_int_equal(r->sent_count, 0);
	assert_int_equal(r->warnings, 1);	/* said once, not each time */
	/* The right one may come last. */
	sign(&packet, &p.key);
	router_receive(r, &packet);
	assert_int_equal(router_count(r, COUNT_DROP_INDEX_UNKNOWN), 1);
	assert_int_equal(r->sent_count, 1);
	router_end(r);
}

/* A MAC in the body is none; nor is a counter in the trailer. */
/* covers: M30 M15 */
static void
macs_belong_into_the_trailer(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	struct sent packet, inner;

	(void)state;
	peer_begin(&p, GROUP);
	peer_put_hello(&p);
	peer_put_pc(&p, 1);
	packet = peer_end(&p);
	sign(&packet, &p.key);
	packet.bytes[3] = (uint8_t)(packet.len - MESSAGE_HEADER);
	router_receive(r, &packet);
	assert_int_equal(router_count(r, COUNT_DROP_MAC_MISSING), 1);

	peer_begin(&p, GROUP);
	peer_put_hello(&p);
	packet = peer_end(&p);
	peer_begin(&p, GROUP);
	peer_put_pc(&p, 2);
	inner = peer_end(&p);
	memcpy(packet.bytes + packet.len, inner.bytes + MESSAGE_HEADER,
	    inner.len - MESSAGE_HEADER);
	packet.len += inner.len - MESSAGE_HEADER;
	sign(&packet, &p.key);
	router_receive(r, &packet);
	assert_int_equal(router_count(r, COUNT_DROP_PC_MISSING), 1);
	assert_null(peer_entry(&p));		/* M15 */
	router_end(r);
}

/* A MAC is good for the addresses and ports it was made for. */
/* covers: M5 */
static void
datagrams_cannot_be_moved(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	struct sent packet, moved;

	(void)state;
	peer_prove(&p, 1);
	packet = peer_say(&p, GROUP, 5);
	assert_int_equal(router_drops(r), 1);
	moved = packet;
	moved.from = address_of("fe80::3");
	router_receive(r, &moved);
	moved = packet;
	moved.to = address_of(US);
	router_receive(r, &moved);
	moved = packet;
	moved.to_port++;
	router_receive(r, &moved);
	assert_int_equal(router_count(r, COUNT_DROP_MAC_WRONG), 3);
	assert_int_equal(router_interface(r)->neighbour_count, 1);
	router_end(r);
}

/* The way in. */
/* covers: M16 M17 M19 M26 */
static void
a_stranger_is_challenged(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	uint8_t nonce[AUTH_NONCE];
	struct tlv tlv;

	(void)state;
	peer_say(&p, GROUP, 7);
	assert_int_equal(router_count(r, COUNT_DROP_INDEX_UNKNOWN), 1);
	assert_int_equal(peer_entry(&p)->multicast.length, 0);
	assert_non_null(answer(&p, TLV_CHALLENGE_REQUEST, &tlv));
	assert_int_equal(r->sent[0].at, r->now);
	assert_int_equal(tlv.u.nonce.len, AUTH_NONCE);
	memcpy(nonce, tlv.u.nonce.octets, AUTH_NONCE);

	peer_begin(&p, US);
	peer_put_hello(&p);
	peer_put_nonce(&p, TLV_CHALLENGE_REPLY, nonce, AUTH_NONCE);
	peer_put_pc(&p, 9);
	peer_send(&p);
	assert_true(router_believes(r, peer_entry(&p)));
	assert_int_equal(peer_entry(&p)->multicast.length, 1);
	assert_true(gets_through(&p, GROUP, 10));

	/* The nonce was good once. */
	memcpy(p.index, "another!", 8);
	reply(&p, nonce, 11);
	assert_int_equal(router_count(r, COUNT_DROP_INDEX_UNKNOWN), 2);
	assert_memory_equal(peer_entry(&p)->auth.index, "an index", 8);
	router_end(r);
}

/* Challenges are few, fresh, and end. */
/* covers: M19 M20 M25 */
static void
challenges_are_limited(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	uint8_t nonces[AUTH_NONCES + 1][AUTH_NONCE];
	unsigned int i, j;
	struct tlv tlv;

	(void)state;
	for (i = 0; i <= AUTH_NONCES; i++) {
		clear(r);
		peer_say(&p, GROUP, 10 * i + 1);
		assert_non_null(answer(&p, TLV_CHALLENGE_REQUEST, &tlv));
		memcpy(nonces[i], tlv.u.nonce.octets, AUTH_NONCE);
		for (j = 0; j < i; j++)
			assert_memory_not_equal(nonces[i], nonces[j],
			    AUTH_NONCE);
		router_pass(r, AUTH_PAUSE - 1);
		clear(r);
		peer_say(&p, GROUP, 10 * i + 2);
		assert_null(answer(&p, TLV_CHALLENGE_REQUEST, &tlv));
		router_pass(r, 1);
	}
	/* The oldest was forgotten; the newest ends after 30 seconds. */
	reply(&p, nonces[0], 90);
	assert_false(router_believes(r, peer_entry(&p)));
	router_pass(r, AUTH_CHALLENGE_TIME - AUTH_PAUSE);
	reply(&p, nonces[i - 1], 91);
	assert_false(router_believes(r, peer_entry(&p)));
	router_end(r);
}

/* covers: M19 M25 */
static void
a_nonce_lasts_for_half_a_minute(void **state)
{
	static const babel_time waits[] = { AUTH_CHALLENGE_TIME - 1,
		AUTH_CHALLENGE_TIME };
	struct router *r;
	struct peer p;
	struct tlv tlv;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		r = router_new(ONE_KEY);
		p = peer_new(r);
		peer_say(&p, GROUP, 1);
		assert_non_null(answer(&p, TLV_CHALLENGE_REQUEST, &tlv));
		router_pass(r, waits[i]);
		reply(&p, tlv.u.nonce.octets, 2);
		assert_int_equal(router_believes(r, peer_entry(&p)), i == 0);
		router_end(r);
	}
}

/* A reply to the challenge before the last one is as good: the way may
 * be longer than the pause between two. */
static void
a_late_reply_is_a_reply(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	uint8_t nonce[AUTH_NONCE];
	struct tlv tlv;

	(void)state;
	peer_say(&p, GROUP, 1);
	assert_non_null(answer(&p, TLV_CHALLENGE_REQUEST, &tlv));
	memcpy(nonce, tlv.u.nonce.octets, AUTH_NONCE);
	router_pass(r, AUTH_PAUSE);
	peer_say(&p, GROUP, 2);
	assert_int_equal(router_count(r, COUNT_CHALLENGES_SENT), 2);
	reply(&p, nonce, 3);
	assert_true(router_believes(r, peer_entry(&p)));
	router_end(r);
}

/* Replies, also while we do not believe
 * the sender ourselves, at once and before anything else. */
/* covers: M14 M21 M22 M24 M31 M32 */
static void
challenges_are_answered(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	uint8_t nonce[UINT8_MAX];
	struct tlv tlv;

	(void)state;
	memset(nonce, 0xAB, sizeof(nonce));
	router_originate(r, "2001:db8::/64", true);
	interface_hello_due(r->babel, router_interface(r));
	peer_begin(&p, US);
	peer_put_nonce(&p, TLV_CHALLENGE_REQUEST, nonce, MAC_NONCE_MAX);
	peer_put_pc(&p, 1);
	peer_send(&p);
	assert_ptr_equal(answer(&p, TLV_CHALLENGE_REPLY, &tlv), &r->sent[0]);
	assert_int_equal(r->sent[0].at, r->now);
	assert_int_equal(tlv.u.nonce.len, MAC_NONCE_MAX);
	assert_memory_equal(tlv.u.nonce.octets, nonce, MAC_NONCE_MAX);
	assert_non_null(answer(&p, TLV_CHALLENGE_REQUEST, &tlv));

	router_pass(r, AUTH_PAUSE - 1);
	clear(r);
	peer_begin(&p, US);
	peer_put_nonce(&p, TLV_CHALLENGE_REQUEST, nonce, 0);
	peer_put_pc(&p, 2);
	peer_send(&p);
	assert_null(answer(&p, TLV_CHALLENGE_REPLY, &tlv));
	router_pass(r, 1);
	peer_begin(&p, US);
	peer_put_nonce(&p, TLV_CHALLENGE_REQUEST, nonce, 0);
	peer_put_pc(&p, 3);
	peer_send(&p);
	assert_non_null(answer(&p, TLV_CHALLENGE_REPLY, &tlv));
	assert_int_equal(tlv.u.nonce.len, 0);

	router_pass(r, SECOND);
	clear(r);
	peer_begin(&p, US);
	peer_put_nonce(&p, TLV_CHALLENGE_REQUEST, nonce, MAC_NONCE_MAX + 1);
	peer_put_pc(&p, 4);
	peer_send(&p);
	assert_int_equal(router_count(r, COUNT_CHALLENGES_ANSWERED), 2);
	router_end(r);
}

/* Those to the group; and a packet that was seen before is answered no
 * more. */
/* covers: M23 */
static void
some_challenges_are_ignored(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	struct sent packet;
	struct tlv tlv;

	(void)state;
	peer_prove(&p, 1);
	router_pass(r, SECOND);
	clear(r);
	peer_begin(&p, GROUP);
	peer_put_nonce(&p, TLV_CHALLENGE_REQUEST, "nonce", 5);
	peer_put_pc(&p, 5);
	peer_send(&p);
	assert_null(answer(&p, TLV_CHALLENGE_REPLY, &tlv));
	peer_begin(&p, US);
	peer_put_nonce(&p, TLV_CHALLENGE_REQUEST, "nonce", 5);
	peer_put_pc(&p, 6);
	packet = peer_send(&p);
	assert_non_null(answer(&p, TLV_CHALLENGE_REPLY, &tlv));
	router_pass(r, SECOND);
	clear(r);
	router_receive(r, &packet);
	assert_null(answer(&p, TLV_CHALLENGE_REPLY, &tlv));
	assert_int_equal(router_count(r, COUNT_DROP_PC_STALE), 1);
	router_end(r);
}

/* Another index is challenged, an old counter is not. */
/* covers: M17 M18 */
static void
replays_are_dropped(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	struct tlv tlv;

	(void)state;
	peer_prove(&p, 1);
	assert_true(gets_through(&p, GROUP, 3));
	assert_false(gets_through(&p, GROUP, 3));
	assert_int_equal(router_count(r, COUNT_DROP_PC_STALE), 1);
	router_pass(r, AUTH_PAUSE);
	clear(r);
	assert_false(gets_through(&p, GROUP, 2));
	assert_null(answer(&p, TLV_CHALLENGE_REQUEST, &tlv));
	p.index[0] ^= 1;
	assert_false(gets_through(&p, GROUP, 4));
	assert_non_null(answer(&p, TLV_CHALLENGE_REQUEST, &tlv));
	p.index[0] ^= 1;
	p.index_len--;
	assert_false(gets_through(&p, GROUP, 4));
	p.index_len++;
	assert_true(gets_through(&p, GROUP, 4));
	router_end(r);
}

/* The first counter of a packet counts. */
/* covers: M13 */
static void
the_first_counter_counts(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);

	(void)state;
	peer_prove(&p, 1);
	peer_begin(&p, GROUP);
	peer_put_pc(&p, 500);
	peer_put_pc(&p, 900);
	peer_send(&p);
	assert_int_equal(router_count(r, COUNT_DROP_PC_STALE), 0);
	peer_begin(&p, GROUP);
	peer_put_pc(&p, 500);
	peer_put_pc(&p, 901);
	peer_send(&p);
	assert_int_equal(router_count(r, COUNT_DROP_PC_STALE), 1);
	assert_true(gets_through(&p, GROUP, 600));
	router_end(r);
}

/* An index may be empty, which is not the same as unknown, or
 * of 32 octets, and no longer. */
/* covers: M31 M32 */
static void
an_index_may_be_empty(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r), q = peer_new(r);

	(void)state;
	p.index_len = 0;
	assert_false(gets_through(&p, GROUP, 1));
	assert_int_equal(router_count(r, COUNT_DROP_INDEX_UNKNOWN), 1);
	peer_prove(&p, 1);
	assert_true(gets_through(&p, GROUP, 3));
	p.index_len = 8;			/* not the same index */
	assert_false(gets_through(&p, GROUP, 4));

	q.address = address_of("fe80::3");
	q.index_len = MAC_INDEX_MAX;
	peer_prove(&q, 1);
	assert_true(gets_through(&q, GROUP, 3));
	q.index_len++;
	assert_false(gets_through(&q, GROUP, 4));
	assert_int_equal(router_count(r, COUNT_DROP_PC_MISSING), 1);
	router_end(r);
}

/* Five minutes after the last packet that was accepted, however
 * many were not. */
/* covers: M27 M28 */
static void
an_index_expires(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r), old = peer_new(r);
	const struct hello slow = { .seqno = 1, .interval = 600 * SECOND };
	const babel_time lifetime = lifetime_of_index(slow.interval);
	unsigned int i;

	(void)state;
	memcpy(old.index, "old one!", 8);
	peer_prove(&p, 1);
	peer_begin(&p, GROUP);
	assert_true(message_put_hello(&p.e, &slow));
	peer_put_pc(&p, 3);
	peer_send(&p);
	router_pass(r, lifetime - 1);
	assert_true(gets_through(&p, GROUP, 4));

	peer_begin(&p, GROUP);
	assert_true(message_put_hello(&p.e, &slow));
	peer_put_pc(&p, 5);
	peer_send(&p);
	for (i = 0; i < 5; i++) {
		assert_false(gets_through(&old, GROUP, i));
		assert_false(gets_through(&p, GROUP, 5));
		router_pass(r, lifetime / 5);
		clear(r);
	}
	assert_non_null(peer_entry(&p));
	assert_false(gets_through(&p, GROUP, 6));
	peer_prove(&p, 7);
	assert_true(gets_through(&p, GROUP, 9));
	router_end(r);
}

/* A jump of the Hello seqno is a reboot for the link, not for the MAC. */
static void
a_reboot_keeps_the_index(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);

	(void)state;
	peer_prove(&p, 1);
	assert_true(gets_through(&p, GROUP, 3));
	p.seqno = (uint16_t)(p.seqno + 1000);
	assert_true(gets_through(&p, GROUP, 4));
	assert_int_equal(peer_entry(&p)->multicast.length, 1);
	assert_true(gets_through(&p, GROUP, 5));
	assert_false(gets_through(&p, GROUP, 4));
	assert_int_equal(router_count(r, COUNT_CHALLENGES_SENT), 1);
	router_end(r);
}

/* Whoever has a new index but did not restart, as the next Hello tells,
 * has said things that we did not believe: ask, and tell. */
static void
a_new_index_is_asked_anew(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	const struct ihu ihu = { .ae = AE_WILDCARD, .rxcost = 96,
		.interval = 30 * SECOND, .address = address_of(US) };
	struct tlv tlv;

	(void)state;
	router_originate(r, "2001:db8::/64", true);
	peer_prove(&p, 1);
	peer_say(&p, GROUP, 3);
	peer_say(&p, GROUP, 4);
	peer_begin(&p, US);
	assert_true(message_put_ihu(&p.e, &ihu));
	peer_put_pc(&p, 5);
	peer_send(&p);
	assert_true(neighbour_is_reachable(peer_entry(&p)));
	router_pass(r, 2 * SECOND);
	clear(r);
	memcpy(p.index, "another!", 8);
	peer_prove(&p, 1);
	router_pass(r, MILLISECOND * 300);
	assert_null(answer(&p, TLV_ROUTE_REQUEST, &tlv));
	assert_true(gets_through(&p, GROUP, 3));
	router_pass(r, MILLISECOND * 300);
	assert_non_null(answer(&p, TLV_ROUTE_REQUEST, &tlv));
	assert_true(tlv.u.route_request.wildcard);
	assert_non_null(answer(&p, TLV_UPDATE, &tlv));
	router_end(r);
}

/* Either kind of destination has its counter. */
/* covers: X1 X2 X3 */
static void
unicast_and_multicast_count_apart(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);

	(void)state;
	peer_prove(&p, 999);			/* both are 1000 now */
	assert_false(gets_through(&p, US, 1000));
	assert_false(gets_through(&p, GROUP, 1000));
	assert_true(gets_through(&p, US, 5000));
	assert_true(gets_through(&p, GROUP, 4000));
	assert_false(gets_through(&p, US, 4000));
	assert_true(gets_through(&p, GROUP, 5000));
	assert_false(gets_through(&p, GROUP, 4001));
	router_end(r);
}

/* Somebody repeats what the neighbour said under an older index.  It is
 * challenged for that, and its reply is overtaken: what was heard since
 * is not to be heard again. */
/* covers: X4 X6 M26 */
static void
a_reply_does_not_turn_back(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r), old = peer_new(r);
	struct sent late;
	struct tlv tlv;

	(void)state;
	memcpy(old.index, "old one!", 8);
	peer_prove(&p, 1);
	router_pass(r, AUTH_PAUSE);
	clear(r);
	peer_say(&old, GROUP, 90);
	assert_non_null(answer(&p, TLV_CHALLENGE_REQUEST, &tlv));
	peer_begin(&p, US);
	peer_put_nonce(&p, TLV_CHALLENGE_REPLY, tlv.u.nonce.octets,
	    tlv.u.nonce.len);
	peer_put_pc(&p, 20);
	late = peer_end(&p);
	sign(&late, &p.key);
	assert_true(gets_through(&p, GROUP, 21));
	assert_true(gets_through(&p, US, 22));
	router_receive(r, &late);
	assert_int_equal(router_count(r, COUNT_DROP_PC_STALE), 0);
	assert_false(gets_through(&p, GROUP, 21));
	assert_false(gets_through(&p, US, 22));
	assert_false(gets_through(&p, US, 20));
	assert_true(gets_through(&p, GROUP, 23));
	/* The nonce was good once, for whatever index. */
	reply(&old, tlv.u.nonce.octets, 91);
	assert_true(gets_through(&p, GROUP, 24));
	router_end(r);
}

/* All that the peer ever said, to be delivered at any time, and again. */
struct recorder {
	struct peer *p;
	uint32_t pc;
	struct sent tape[TAPE];
	bool believed[TAPE];
	unsigned int count, believed_count;
};

static void
record(struct recorder *t)
{
	peer_put_pc(t->p, t->pc++);
	t->tape[t->count] = peer_end(t->p);
	sign(&t->tape[t->count++], &t->p->key);
}

static void
play(struct recorder *t, unsigned int i)
{
	struct router *r = t->p->r;
	const uint64_t before = router_count(r, COUNT_TLVS_RECEIVED);
	struct tlv tlv;

	clear(r);
	router_receive(r, &t->tape[i]);
	if (router_count(r, COUNT_TLVS_RECEIVED) > before) {
		if (t->believed[i])
			fail_msg("packet %u is believed twice", i);
		t->believed[i] = true;
		t->believed_count++;
	}
	if (answer(t->p, TLV_CHALLENGE_REQUEST, &tlv) == NULL)
		return;
	peer_begin(t->p, US);
	peer_put_nonce(t->p, TLV_CHALLENGE_REPLY, tlv.u.nonce.octets,
	    tlv.u.nonce.len);
	record(t);
}

/* However packets overtake each other, get lost or are said again by
 * others, and however often the neighbour begins anew. */
/* covers: X4 X6 M18 M26 */
static void
nothing_is_believed_twice(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	static struct recorder t;
	uint64_t random = unit_seed();

	(void)state;
	t = (struct recorder){ .p = &p };
	while (t.count < TAPE - 1) {
		if (t.count == 0 || unit_random_below(&random, 4) == 0) {
			peer_begin(&p, unit_random_below(&random, 2) == 0 ?
			    US : GROUP);
			peer_put_hello(&p);
			record(&t);
		}
		play(&t, t.count - 1 - unit_random_below(&random,
		    t.count < 200 ? t.count : 200));
		router_pass(r, unit_random_below(&random, 50) * MILLISECOND);
		if (unit_random_below(&random, 400) == 0) {
			p.index[unit_random_below(&random, 8)]++;
			t.pc = 0;
		}
		if (unit_random_below(&random, 2000) == 0)
			router_pass(r, 100 * SECOND);
	}
	printf("%u of %u packets believed\n", t.believed_count, t.count);
	assert_in_range(t.believed_count, TAPE / 10, TAPE);
	router_end(r);
}

/* Against a plain model: all that was ever accepted. */
/* covers: X4 X5 X6 */
static void
the_window_is_a_window(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	static bool seen[2][100000];
	uint32_t highest[2] = { 1000, 1000 }, counter;
	uint64_t random = unit_seed();
	unsigned int i, way, accepted = 0;
	bool wanted;

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (i = 0; i <= 1000; i++)
		seen[0][i] = seen[1][i] = true;
	peer_prove(&p, 999);
	for (i = 0; i < 10000 && highest[0] < 99000; i++) {
		way = unit_random_below(&random, 2);
		counter = highest[way] - 140 +
		    unit_random_below(&random, i % 50 == 0 ? 500 : 150);
		wanted = counter > highest[way] ||
		    (highest[way] - counter < AUTH_WINDOW &&
		    !seen[way][counter]);
		if (gets_through(&p, way == 0 ? US : GROUP, counter) !=
		    wanted)
			fail_msg("packet %u: %u, highest %u: not %d", i,
			    counter, highest[way], wanted);
		if (wanted)
			seen[way][counter] = true;
		if (counter > highest[way])
			highest[way] = counter;
		accepted += wanted;
		clear(r);
	}
	printf("%u of %u packets accepted\n", accepted, i);
	assert_in_range(accepted, 500, 9500);
	router_end(r);
}

/* Fifty thousand unsigned packets from as many senders: nothing is
 * computed, kept or sent. */
/* covers: Q35 */
static void
a_flood_leaves_no_trace(void **state)
{
	const unsigned int packets = 50000;
	struct router *r = router_new(TWO_KEYS);
	struct peer p = peer_new(r);
	struct sent packet;
	clock_t began;
	unsigned int i;

	(void)state;
	computed = 0;
	peer_begin(&p, GROUP);
	peer_put_hello(&p);
	peer_put_pc(&p, 1);
	packet = peer_end(&p);
	began = clock();
	for (i = 0; i < packets; i++) {
		memcpy(packet.from.s6_addr + 8, &i, sizeof(i));
		router_receive(r, &packet);
	}
	printf("%u unsigned packets in %.0f ms of processor time\n", packets,
	    (double)(clock() - began) * 1000 / CLOCKS_PER_SEC);
	assert_int_equal(router_count(r, COUNT_DROP_MAC_MISSING), packets);
	assert_int_equal(computed, 0);
	assert_int_equal(router_interface(r)->neighbour_count, 0);
	assert_int_equal(r->sent_count, 0);
	assert_int_equal(r->warnings, 1);
	router_end(r);
}

/* Bodies of noise, with a likely type here and there, under a good MAC. */
static void
signed_noise_is_survived(void **state)
{
	static const uint8_t types[] = { TLV_PAD1, TLV_PADN, TLV_HELLO,
		TLV_MAC, TLV_PC, TLV_CHALLENGE_REQUEST, TLV_CHALLENGE_REPLY };
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	uint64_t random = unit_seed();
	unsigned int i, j;
	struct sent packet;

	(void)state;
	for (i = 0; i < 20000; i++) {
		peer_begin(&p, i % 2 == 0 ? GROUP : US);
		packet = peer_end(&p);
		packet.len += unit_random_below(&random, 80);
		for (j = MESSAGE_HEADER; j < packet.len; j++)
			packet.bytes[j] = unit_random_below(&random, 3) == 0 ?
			    types[unit_random_below(&random, sizeof(types))] :
			    (uint8_t)unit_random_below(&random, 40);
		packet.bytes[3] = (uint8_t)(packet.len - MESSAGE_HEADER);
		sign(&packet, &p.key);
		router_receive(r, &packet);
		if (i % 10 == 0)
			router_pass(r, 20 * MILLISECOND);
		clear(r);
	}
	printf("%llu without a counter, %llu challenges, %llu replies\n",
	    (unsigned long long)router_count(r, COUNT_DROP_PC_MISSING),
	    (unsigned long long)router_count(r, COUNT_CHALLENGES_SENT),
	    (unsigned long long)router_count(r, COUNT_CHALLENGES_ANSWERED));
	assert_in_range(router_count(r, COUNT_DROP_INDEX_UNKNOWN), 1000,
	    20000);
	assert_in_range(router_count(r, COUNT_CHALLENGES_SENT), 50, 140);
	assert_in_range(router_count(r, COUNT_CHALLENGES_ANSWERED), 10, 140);
	assert_int_equal(router_interface(r)->neighbour_count, 1);
	router_end(r);
}

/* Old packets of many senders, which had the key once: what is sent for
 * them is bounded, what is kept is forgotten again. */
static void
a_flood_of_replays_is_bounded(void **state)
{
	const unsigned int packets = 500;
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r);
	unsigned int i;

	(void)state;
	for (i = 0; i < packets; i++) {
		p.address.s6_addr[8] = (uint8_t)(i >> 8);
		p.address.s6_addr[9] = (uint8_t)i;
		assert_false(gets_through(&p, GROUP, 1));
	}
	assert_in_range(r->sent_count, 20, 100);
	clear(r);
	router_pass(r, 30 * SECOND);
	clear(r);
	router_pass(r, 40 * SECOND);
	assert_int_equal(router_interface(r)->neighbour_count, 0);
	router_end(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_unsigned_get_nowhere),
		cmocka_unit_test(macs_belong_into_the_trailer),
		cmocka_unit_test(datagrams_cannot_be_moved),
		cmocka_unit_test(a_stranger_is_challenged),
		cmocka_unit_test(challenges_are_limited),
		cmocka_unit_test(a_nonce_lasts_for_half_a_minute),
		cmocka_unit_test(a_late_reply_is_a_reply),
		cmocka_unit_test(challenges_are_answered),
		cmocka_unit_test(some_challenges_are_ignored),
		cmocka_unit_test(replays_are_dropped),
		cmocka_unit_test(the_first_counter_counts),
		cmocka_unit_test(an_index_may_be_empty),
		cmocka_unit_test(an_index_expires),
		cmocka_unit_test(a_reboot_keeps_the_index),
		cmocka_unit_test(a_new_index_is_asked_anew),
		cmocka_unit_test(unicast_and_multicast_count_apart),
		cmocka_unit_test(a_reply_does_not_turn_back),
		cmocka_unit_test(nothing_is_believed_twice),
		cmocka_unit_test(the_window_is_a_window),
		cmocka_unit_test(a_flood_leaves_no_trace),
		cmocka_unit_test(signed_noise_is_survived),
		cmocka_unit_test(a_flood_of_replays_is_bounded),
	};

	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
