/*
 * peer.h - a neighbour of the engine under test, whose packets are made by
 * hand, with any counter, index and MAC; and checks of what we sign.
 */
#ifndef PEER_H
#define PEER_H

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

static inline struct mac_key
key_a(void)
{
	struct mac_key key = { .algorithm = MAC_HMAC_SHA256, .length = 32 };
	uint8_t i;

	for (i = 0; i < 32; i++)
		key.value[i] = i;
	return key;
}

static inline struct mac_key
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

static inline void
peer_begin(struct peer *p, const char *to)
{
	p->to = address_of(to);
	message_start(&p->e, p->bytes, sizeof(p->bytes));
}

static inline void
peer_put_hello(struct peer *p)
{
	const struct hello hello = { .seqno = p->seqno++,
		.interval = 4 * SECOND };

	assert_true(message_put_hello(&p->e, &hello));
}

static inline void
peer_put_pc(struct peer *p, uint32_t counter)
{
	const struct packet_counter pc = { counter, p->index_len, p->index };

	assert_true(message_put_pc(&p->e, &pc));
}

static inline void
peer_put_nonce(struct peer *p, enum tlv_type type, const void *octets,
    uint8_t len)
{
	const struct nonce nonce = { len, octets };

	assert_true(message_put_challenge(&p->e, type, &nonce));
}

/* End the body, without a MAC. */
static inline struct sent
peer_end(struct peer *p)
{
	struct sent packet = { .from = p->address, .to = p->to,
		.from_port = ROUTER_PORT, .to_port = ROUTER_PORT };

	packet.len = message_finish(&p->e);
	memcpy(packet.bytes, p->bytes, packet.len);
	return packet;
}

static inline void
add_mac(struct sent *packet, const uint8_t *mac, size_t len)
{
	packet->bytes[packet->len] = TLV_MAC;
	packet->bytes[packet->len + 1] = (uint8_t)len;
	memcpy(packet->bytes + packet->len + 2, mac, len);
	packet->len += 2 + len;
}

static inline size_t
body_end(const struct sent *packet)
{
	return MESSAGE_HEADER + (size_t)(packet->bytes[2] << 8 |
	    packet->bytes[3]);
}

static inline void
sign(struct sent *packet, const struct mac_key *key)
{
	const struct mac_endpoints ends = { packet->from, packet->to,
		packet->from_port, packet->to_port };
	uint8_t mac[MAC_LENGTH_MAX];
	size_t len = mac_compute(key, &ends, packet->bytes,
	    body_end(packet), mac);

	add_mac(packet, mac, len);
}

static inline struct sent
peer_send(struct peer *p)
{
	struct sent packet = peer_end(p);

	sign(&packet, &p->key);
	router_receive(p->r, &packet);
	return packet;
}

/* A Hello with that counter. */
static inline struct sent
peer_say(struct peer *p, const char *to, uint32_t counter)
{
	peer_begin(p, to);
	peer_put_hello(p);
	peer_put_pc(p, counter);
	return peer_send(p);
}

/* Read a packet of ours: the last of its TLVs of that type, or false. */
static inline bool
find_tlv(const struct sent *packet, uint8_t type, struct tlv *found)
{
	const struct datagram datagram = { .from = packet->from,
		.from_port = ROUTER_PORT, .bytes = packet->bytes,
		.len = packet->len };
	struct decoder d;
	struct tlv tlv;
	bool yes = false;

	memset(found, 0, sizeof(*found));
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
static inline void
clear(struct router *r)
{
	r->sent_count = 0;
}

/* The last packet we sent, to the peer alone, with such a TLV; NULL if
 * none was sent since it was cleared. */
static inline const struct sent *
answer(const struct peer *p, uint8_t type, struct tlv *tlv)
{
	unsigned int i;

	memset(tlv, 0, sizeof(*tlv));
	for (i = p->r->sent_count; i-- > 0;)
		if (find_tlv(&p->r->sent[i], type, tlv)) {
			assert_true(address_equal(&p->r->sent[i].to,
			    &p->address));
			return &p->r->sent[i];
		}
	return NULL;
}

/* The one under test, past its first Hellos. */
static inline struct router *
router_new(const char *text)
{
	static struct router r;

	r = (struct router){ .random = 1 };
	router_start(&r, US, text);
	router_pass(&r, SECOND);
	clear(&r);
	return &r;
}

static inline struct peer
peer_new(struct router *r)
{
	struct peer p = { .r = r, .address = address_of(PEER),
		.key = key_a(), .index = "an index", .index_len = 8 };

	return p;
}

/* Send a Hello of that counter, and reply to the challenge. */
static inline void
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

static inline struct neighbour *
peer_entry(const struct peer *p)
{
	return router_neighbour(p->r, &p->address);
}

/* Does a packet of that counter get through?  (A Hello shows.) */
static inline bool
gets_through(struct peer *p, const char *to, uint32_t counter)
{
	const uint64_t before = router_count(p->r, COUNT_TLVS_RECEIVED);

	peer_say(p, to, counter);
	return router_count(p->r, COUNT_TLVS_RECEIVED) > before;
}

/* Count the MACs of the trailer, and those that the key makes. */
static inline unsigned int
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
	len = mac_compute(key, &ends, packet->bytes, d.packet_len,
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
static inline uint32_t
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

static inline void
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

#endif
