/*
 * test_auth.c - RFC 8967 and 9467, rule by rule: one engine, and a peer
 * whose packets the test makes by hand.  The marks (M1, X1, ...) are those
 * of the conformance table.
 */
#include "router.h"

#define GROUP		"ff02::1:6"
#define US		"fe80::1"
#define PEER		"fe80::2"
#define HEX32		"000102030405060708090a0b0c0d0e0f" \
			"101112131415161718191a1b1c1d1e1f"
#define HEX32B		"202122232425262728292a2b2c2d2e2f" \
			"303132333435363738393a3b3c3d3e3f"
#define KEYS		"key id a type hmac-sha256 value " HEX32 "\n" \
			"key id b type blake2s128 value " HEX32B "\n"
#define ONE_KEY		KEYS "redistribute proto 4\ninterface link key a"
#define TWO_KEYS	ONE_KEY " key b"

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

static struct mac_key
key_a(void)
{
	struct mac_key key = { .algorithm = MAC_HMAC_SHA256, .length = 32 };
	uint8_t i;

	for (i = 0; i < 32; i++)
		key.value[i] = i;
	return key;
}

static struct mac_key
key_b(void)
{
	struct mac_key key = key_a();
	uint8_t i;

	key.algorithm = MAC_BLAKE2S_128;
	for (i = 0; i < 32; i++)
		key.value[i] = (uint8_t)(i + 32);
	return key;
}

/* The peer, and the packet it is about to send. */
struct peer {
	struct router *r;
	struct in6_addr address;
	struct mac_key key;
	uint8_t index[MAC_INDEX_MAX + 1];
	uint8_t index_len;
	uint16_t seqno;
	struct in6_addr to;
	struct encoder e;
	uint8_t bytes[ROUTER_MTU];
};

static void
peer_begin(struct peer *p, const char *to)
{
	p->to = address_of(to);
	message_start(&p->e, p->bytes, sizeof(p->bytes));
}

static void
peer_put_hello(struct peer *p)
{
	const struct hello hello = { .seqno = p->seqno++,
		.interval = 4 * SECOND };

	assert_true(message_put_hello(&p->e, &hello));
}

static void
peer_put_pc(struct peer *p, uint32_t counter)
{
	const struct packet_counter pc = { counter, p->index_len, p->index };

	assert_true(message_put_pc(&p->e, &pc));
}

static void
peer_put_nonce(struct peer *p, enum tlv_type type, const void *octets,
    uint8_t len)
{
	const struct nonce nonce = { len, octets };

	assert_true(message_put_challenge(&p->e, type, &nonce));
}

/* End the body, without a MAC. */
static struct sent
peer_end(struct peer *p)
{
	struct sent packet = { .from = p->address, .to = p->to,
		.from_port = ROUTER_PORT, .to_port = ROUTER_PORT };

	packet.len = message_finish(&p->e);
	memcpy(packet.bytes, p->bytes, packet.len);
	return packet;
}

static void
add_mac(struct sent *packet, const uint8_t *mac, size_t len)
{
	packet->bytes[packet->len] = TLV_MAC;
	packet->bytes[packet->len + 1] = (uint8_t)len;
	memcpy(packet->bytes + packet->len + 2, mac, len);
	packet->len += 2 + len;
}

static size_t
body_end(const struct sent *packet)
{
	return MESSAGE_HEADER + (size_t)(packet->bytes[2] << 8 |
	    packet->bytes[3]);
}

static void
sign(struct sent *packet, const struct mac_key *key)
{
	const struct mac_endpoints ends = { packet->from, packet->to,
		packet->from_port, packet->to_port };
	uint8_t mac[MAC_LENGTH_MAX];
	size_t len = __real_mac_compute(key, &ends, packet->bytes,
	    body_end(packet), mac);

	add_mac(packet, mac, len);
}

static struct sent
peer_send(struct peer *p)
{
	struct sent packet = peer_end(p);

	sign(&packet, &p->key);
	router_receive(p->r, &packet);
	return packet;
}

/* A Hello with that counter. */
static struct sent
peer_say(struct peer *p, const char *to, uint32_t counter)
{
	peer_begin(p, to);
	peer_put_hello(p);
	peer_put_pc(p, counter);
	return peer_send(p);
}

/* Read a packet of ours: the last of its TLVs of that type, or false. */
static bool
find_tlv(const struct sent *packet, uint8_t type, struct tlv *found)
{
	const struct datagram datagram = { .from = packet->from,
		.from_port = ROUTER_PORT, .bytes = packet->bytes,
		.len = packet->len };
	struct decoder d;
	struct tlv tlv;
	bool yes = false;

	assert_int_equal(message_open(&d, &datagram, ROUTER_PORT),
	    MESSAGE_OK);
	while (message_next(&d, &tlv))
		if (tlv.type == type) {
			*found = tlv;
			yes = true;
		}
	assert_false(d.stopped);
	return yes;
}

/* Forget what was sent. */
static void
clear(struct router *r)
{
	r->sent_count = 0;
}

/* The last packet we sent, to the peer alone, with such a TLV; NULL if
 * none was sent since it was cleared. */
static const struct sent *
answer(const struct peer *p, uint8_t type, struct tlv *tlv)
{
	unsigned int i;

	for (i = p->r->sent_count; i-- > 0;)
		if (find_tlv(&p->r->sent[i], type, tlv)) {
			assert_true(address_equal(&p->r->sent[i].to,
			    &p->address));
			return &p->r->sent[i];
		}
	return NULL;
}

/* The one under test, past its first Hellos. */
static struct router *
router_new(const char *text)
{
	static struct router r;

	r = (struct router){ .random = 1 };
	router_start(&r, US, text);
	router_pass(&r, SECOND);
	clear(&r);
	computed = 0;
	return &r;
}

static struct peer
peer_new(struct router *r)
{
	struct peer p = { .r = r, .address = address_of(PEER),
		.key = key_a(), .index = "an index", .index_len = 8 };

	return p;
}

/* Send a Hello of that counter, and reply to the challenge. */
static void
peer_prove(struct peer *p, uint32_t counter)
{
	struct tlv tlv;

	router_pass(p->r, AUTH_PAUSE);
	clear(p->r);
	peer_say(p, GROUP, counter);
	assert_non_null(answer(p, TLV_CHALLENGE_REQUEST, &tlv));
	peer_begin(p, US);
	peer_put_nonce(p, TLV_CHALLENGE_REPLY, tlv.u.nonce.octets,
	    tlv.u.nonce.len);
	peer_put_pc(p, counter + 1);
	peer_send(p);
	clear(p->r);
}

static struct neighbour *
peer_entry(const struct peer *p)
{
	return router_neighbour(p->r, &p->address);
}

/* Does a packet of that counter get through?  (A Hello shows.) */
static bool
gets_through(struct peer *p, const char *to, uint32_t counter)
{
	const uint64_t before = router_count(p->r, COUNT_TLVS_RECEIVED);

	peer_say(p, to, counter);
	return router_count(p->r, COUNT_TLVS_RECEIVED) > before;
}

/* Count the MACs of the trailer, and those that the key makes. */
static unsigned int
count_macs(const struct sent *packet, const struct mac_key *key,
    unsigned int *right)
{
	const struct mac_endpoints ends = { packet->from, packet->to,
		packet->from_port, packet->to_port };
	const struct datagram datagram = { .from = packet->from,
		.from_port = ROUTER_PORT, .bytes = packet->bytes,
		.len = packet->len };
	uint8_t mac[MAC_LENGTH_MAX];
	struct decoder d;
	struct reader sent;
	unsigned int all = 0;
	size_t len;

	assert_int_equal(message_open(&d, &datagram, ROUTER_PORT),
	    MESSAGE_OK);
	len = __real_mac_compute(key, &ends, packet->bytes, d.packet_len,
	    mac);
	*right = 0;
	while (message_next_mac(&d, &sent)) {
		all++;
		*right += reader_left(&sent) == len &&
		    memcmp(sent.at, mac, len) == 0;
	}
	return all;
}

/* M5, M7, M9: one packet counter, at the end of the body, growing; a MAC
 * of each key.  Returns the counter. */
static uint32_t
check_sealed(const struct sent *packet, unsigned int macs)
{
	const struct mac_key keys[2] = { key_a(), key_b() };
	const struct datagram datagram = { .from = packet->from,
		.from_port = ROUTER_PORT, .bytes = packet->bytes,
		.len = packet->len };
	unsigned int right, i, pcs = 0;
	struct decoder d;
	struct tlv tlv;

	assert_int_equal(message_open(&d, &datagram, ROUTER_PORT),
	    MESSAGE_OK);
	while (message_next(&d, &tlv))
		pcs += tlv.type == TLV_PC;
	assert_int_equal(pcs, 1);
	assert_int_equal(tlv.type, TLV_PC);
	assert_in_range(tlv.u.pc.index_len, 8, MAC_INDEX_MAX);
	for (i = 0; i < macs; i++) {
		assert_int_equal(count_macs(packet, &keys[i], &right), macs);
		assert_int_equal(right, 1);
	}
	return tlv.u.pc.pc;
}

static void
check_all_sealed(const struct router *r, unsigned int macs)
{
	uint32_t pc = 0, last = 0;
	unsigned int i;

	assert_in_range(r->sent_count, 1, ROUTER_KEPT);
	for (i = 0; i < r->sent_count; i++) {
		pc = check_sealed(&r->sent[i], macs);
		assert_true(i == 0 || pc > last);
		last = pc;
	}
}

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

/* M6: however much there is to say, and however many keys to sign with
 * (the engine's send checks the size). */
static void
room_is_left_for_macs(void **state)
{
	char text[4096] = "redistribute proto 4\n", prefix[40];
	struct router *r;
	struct peer p;
	unsigned int i, macs, right;
	size_t len = strlen(text), largest = 0;

	(void)state;
	for (i = 0; i < 20; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "key id k%u type hmac-sha256 value " HEX32 "\n"
		    "interface link key k%u\n", i, i);
	r = router_new(text);
	p = peer_new(r);
	peer_prove(&p, 1);
	for (i = 0; i < 400; i++) {
		snprintf(prefix, sizeof(prefix), "2001:db8:%x::/64", i);
		router_originate(r, prefix, true);
	}
	peer_say(&p, GROUP, 10);
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

/* M8: after 2^32 packets, and only then, a fresh index. */
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

/* M10, M11, M12: no computation without a MAC of a right length, one for
 * each key otherwise; no neighbour, nothing sent. */
static void
the_unsigned_get_nowhere(void **state)
{
	struct router *r = router_new(TWO_KEYS);
	struct peer p = peer_new(r);
	uint8_t mac[MAC_LENGTH_MAX] = { 0 };
	struct sent packet;
	unsigned int i;

	(void)state;
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

/* M30: a MAC in the body is none; nor is a counter in the trailer. */
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

/* M16, M17, M19, M26: the way in. */
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
	assert_true(auth_is_proven(r->babel, peer_entry(&p)));
	assert_int_equal(peer_entry(&p)->multicast.length, 1);
	assert_true(gets_through(&p, GROUP, 10));

	/* The nonce was good once. */
	memcpy(p.index, "another!", 8);
	peer_begin(&p, US);
	peer_put_nonce(&p, TLV_CHALLENGE_REPLY, nonce, AUTH_NONCE);
	peer_put_pc(&p, 11);
	peer_send(&p);
	assert_int_equal(router_count(r, COUNT_DROP_INDEX_UNKNOWN), 2);
	assert_memory_equal(peer_entry(&p)->auth.index, "an index", 8);
	router_end(r);
}

/* M19, M20, M25: challenges are few, fresh, and end. */
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
	peer_begin(&p, US);
	peer_put_nonce(&p, TLV_CHALLENGE_REPLY, nonces[0], AUTH_NONCE);
	peer_put_pc(&p, 90);
	peer_send(&p);
	assert_false(auth_is_proven(r->babel, peer_entry(&p)));
	router_pass(r, AUTH_CHALLENGE_TIME - AUTH_PAUSE);
	peer_begin(&p, US);
	peer_put_nonce(&p, TLV_CHALLENGE_REPLY, nonces[i - 1], AUTH_NONCE);
	peer_put_pc(&p, 91);
	peer_send(&p);
	assert_false(auth_is_proven(r->babel, peer_entry(&p)));
	router_end(r);
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
	peer_begin(&p, US);
	peer_put_nonce(&p, TLV_CHALLENGE_REPLY, nonce, AUTH_NONCE);
	peer_put_pc(&p, 3);
	peer_send(&p);
	assert_true(auth_is_proven(r->babel, peer_entry(&p)));
	router_end(r);
}

/* M14, M21, M22, M24, M31, M32: replies, also while we do not believe
 * the sender ourselves, at once and before anything else. */
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
	assert_null(answer(&p, TLV_CHALLENGE_REPLY, &tlv));
	router_end(r);
}

/* M23; and a packet that was seen before is answered no more. */
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

/* M17, M18: another index is challenged, an old counter is not. */
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

/* M13: the first counter of a packet counts. */
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

/* M31, M32: an index may be empty, which is not the same as unknown, or
 * of 32 octets, and no longer. */
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

	q.address = address_of("fe80::3");
	q.index_len = MAC_INDEX_MAX;
	peer_prove(&q, 1);
	assert_true(gets_through(&q, GROUP, 3));
	q.index_len++;
	assert_false(gets_through(&q, GROUP, 4));
	assert_int_equal(router_count(r, COUNT_DROP_PC_MISSING), 1);
	router_end(r);
}

/* M27, M28: five minutes after the last packet that was accepted, however
 * many were not. */
static void
an_index_expires(void **state)
{
	struct router *r = router_new(ONE_KEY);
	struct peer p = peer_new(r), old = peer_new(r);
	const struct hello slow = { .seqno = 1, .interval = 600 * SECOND };
	unsigned int i;

	(void)state;
	memcpy(old.index, "old one!", 8);
	peer_prove(&p, 1);
	peer_begin(&p, GROUP);
	assert_true(message_put_hello(&p.e, &slow));
	peer_put_pc(&p, 3);
	peer_send(&p);
	router_pass(r, AUTH_INDEX_TIME - 1);
	assert_true(gets_through(&p, GROUP, 4));

	peer_begin(&p, GROUP);
	assert_true(message_put_hello(&p.e, &slow));
	peer_put_pc(&p, 5);
	peer_send(&p);
	for (i = 0; i < 5; i++) {
		assert_false(gets_through(&old, GROUP, i));
		assert_false(gets_through(&p, GROUP, 5));
		router_pass(r, AUTH_INDEX_TIME / 5);
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

/* X1, X2, X3: either kind of destination has its counter. */
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

/* X4, X5, X6 against a plain model: all that was ever accepted. */
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

/* M2: nothing is checked, but everything signed, and the state is kept,
 * so that no packet is lost when the mode ends. */
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

/* M29: keys come and go, state stays; either of two is enough. */
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

/* Fifty thousand unsigned packets from as many senders: nothing is
 * computed, kept or sent. */
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
		cmocka_unit_test(every_packet_is_sealed),
		cmocka_unit_test(copies_are_signed_one_by_one),
		cmocka_unit_test(room_is_left_for_macs),
		cmocka_unit_test(padded_hellos_are_signed),
		cmocka_unit_test(an_index_ends_with_its_counter),
		cmocka_unit_test(the_unsigned_get_nowhere),
		cmocka_unit_test(macs_belong_into_the_trailer),
		cmocka_unit_test(datagrams_cannot_be_moved),
		cmocka_unit_test(a_stranger_is_challenged),
		cmocka_unit_test(challenges_are_limited),
		cmocka_unit_test(a_late_reply_is_a_reply),
		cmocka_unit_test(challenges_are_answered),
		cmocka_unit_test(some_challenges_are_ignored),
		cmocka_unit_test(replays_are_dropped),
		cmocka_unit_test(the_first_counter_counts),
		cmocka_unit_test(an_index_may_be_empty),
		cmocka_unit_test(an_index_expires),
		cmocka_unit_test(a_reboot_keeps_the_index),
		cmocka_unit_test(unicast_and_multicast_count_apart),
		cmocka_unit_test(the_window_is_a_window),
		cmocka_unit_test(the_lenient_mode_accepts_anything),
		cmocka_unit_test(keys_change_at_run_time),
		cmocka_unit_test(keys_are_valid_for_a_time),
		cmocka_unit_test(no_key_is_left),
		cmocka_unit_test(ipv4_is_signed_too),
		cmocka_unit_test(a_flood_leaves_no_trace),
		cmocka_unit_test(a_flood_of_replays_is_bounded),
	};

	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
