/*
 * test_mac.c - message authentication codes: worked examples of RFC 8967's
 * algorithms over Babel packets, for IPv6, IPv4, multicast and unicast,
 * and what a key may be.  The vectors' own MACs are in test_vectors.c.
 */
#include "mac.h"
#include "prefix.h"
#include "unit.h"

#define SOURCE		"fe80::200:5eff:fe00:5301"
#define UNICAST		"fe80::200:5eff:fe00:5302"
#define MULTICAST	"ff02::1:6"

/* Keys: the octets from first on, or the text babel-key-16-oct. */
struct key_recipe {
	uint8_t first, length;
	const char *text;
};

static const struct key_recipe k1 = { 0x00, 32, NULL };
static const struct key_recipe k2 = { 0x20, 32, NULL };
static const struct key_recipe k64 = { 0x00, 64, NULL };
static const struct key_recipe k16 = { 0, 16, "babel-key-16-oct" };

static const struct example {
	const char *name, *from, *to;
	enum mac_algorithm algorithm;
	const struct key_recipe *key;
	const char *packet, *mac;
} examples[] = {
	{ "P10-mac-two-keys, first", SOURCE, MULTICAST,
	    MAC_HMAC_SHA256, &k1,
	    "2a0200260406000003eb0190050e0300006004b002005efffe005302"
	    "110c0000002aa1a2a3a4a5a6a7a8",
	    "79dfb8d5ebd3870a25ebc4a31aadbd22"
	    "ad82eeb0526c4df8a39265ef13cbbb0b" },
	{ "P10-mac-two-keys, second", SOURCE, MULTICAST,
	    MAC_BLAKE2S_128, &k2,
	    "2a0200260406000003eb0190050e0300006004b002005efffe005302"
	    "110c0000002aa1a2a3a4a5a6a7a8",
	    "6fb94839052d8fadea994f6d3354ba35" },
	{ "mac-hmac-mcast", SOURCE, MULTICAST, MAC_HMAC_SHA256, &k1,
	    "2a0200160406000000010190110c00000001a1a2a3a4a5a6a7a8",
	    "8a1766052cef544d1c17c9f2a4feeada"
	    "40bdccdad34b6917763d11c994d1cded" },
	{ "mac-hmac-ucast", SOURCE, UNICAST, MAC_HMAC_SHA256, &k1,
	    "2a0200160406000000010190110c00000001a1a2a3a4a5a6a7a8",
	    "6422a734cd061ef559fcc84bb0ab0183"
	    "63aa6923aeb26b74203effc5ac9f4f55" },
	{ "mac-hmac-key64", SOURCE, MULTICAST, MAC_HMAC_SHA256, &k64,
	    "2a0200160406000000010190110c00000001a1a2a3a4a5a6a7a8",
	    "a1a48215955e7ef965e9eddb2352ec13"
	    "9d1c6e0734ce22243086144393c5b9a1" },
	{ "mac-hmac-key16", SOURCE, MULTICAST, MAC_HMAC_SHA256, &k16,
	    "2a0200160406000000010190110c00000001a1a2a3a4a5a6a7a8",
	    "b2ef3178ed93d73da0ba14bb7fb3ce93"
	    "d5d22d379bdf790a465c23fc3ff2937a" },
	{ "mac-hmac-v4", "192.0.2.1", "224.0.0.111", MAC_HMAC_SHA256, &k1,
	    "2a0200160406000000010190110c00000001a1a2a3a4a5a6a7a8",
	    "0512fa371e7dc43de0d1ef7fa8c873c9"
	    "e5d2881c096111ea2bacdc5e2c87cd70" },
	{ "mac-b2s-mcast", SOURCE, MULTICAST, MAC_BLAKE2S_128, &k2,
	    "2a0200160406000000010190110c00000001a1a2a3a4a5a6a7a8",
	    "245faaa2bc0e1a9baf54c245f76a2a28" },
	{ "mac-b2s-key16", SOURCE, MULTICAST, MAC_BLAKE2S_128, &k16,
	    "2a0200160406000000010190110c00000001a1a2a3a4a5a6a7a8",
	    "95913cf621e5dde0841445e0d81a28c9" },
	{ "mac-b2s-ucast-challenge", SOURCE, UNICAST, MAC_BLAKE2S_128, &k2,
	    "2a02001a120a00112233445566778899110c00000002a1a2a3a4a5a6a7a8",
	    "3f4f5014d9565ee3c2e1872697d7f501" },
	{ "mac-hmac-reply", SOURCE, UNICAST, MAC_HMAC_SHA256, &k1,
	    "2a02001a130a00112233445566778899"
	    "0406000000020190110400000003",
	    "025b7b424405cabaed8b9f6e25c671e9"
	    "f5a548f868a6cc56bb0968537856e4b7" },
	{ "mac-two-pcs", SOURCE, MULTICAST, MAC_HMAC_SHA256, &k1,
	    "2a0200240406000000010190110c00000005a1a2a3a4a5a6a7a8"
	    "110c00000009a1a2a3a4a5a6a7a8",
	    "6a0f6bb3116e56dd493f417a03862ee3"
	    "9548aac4e503cb2d01def3ed5654cafa" },
};

static struct mac_key
key_make(enum mac_algorithm algorithm, const struct key_recipe *recipe)
{
	struct mac_key key = { .algorithm = algorithm };
	uint8_t i;

	key.length = recipe->length;
	for (i = 0; i < recipe->length; i++)
		key.value[i] = recipe->text != NULL ?
		    (uint8_t)recipe->text[i] : (uint8_t)(recipe->first + i);
	return key;
}

static size_t
unhex(const char *text, uint8_t *bytes)
{
	size_t len = strlen(text) / 2, i;
	char pair[3] = "";

	for (i = 0; i < len; i++) {
		memcpy(pair, text + 2 * i, 2);
		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return len;
}

static struct mac_endpoints
ends_make(const char *from, const char *to)
{
	struct mac_endpoints ends = { .from_port = 6696, .to_port = 6696 };

	assert_int_equal(address_parse(from, &ends.from), 0);
	assert_int_equal(address_parse(to, &ends.to), 0);
	return ends;
}

static void
examples_come_out(void **state)
{
	uint8_t packet[128], wanted[MAC_LENGTH_MAX], mac[MAC_LENGTH_MAX];
	size_t i, len, mac_len;

	(void)state;
	for (i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *e = &examples[i];
		struct mac_key key = key_make(e->algorithm, e->key);
		struct mac_endpoints ends = ends_make(e->from, e->to);

		len = unhex(e->packet, packet);
		mac_len = unhex(e->mac, wanted);
		if (mac_compute(&key, &ends, packet, len, mac) != mac_len ||
		    memcmp(mac, wanted, mac_len) != 0)
			fail_msg("%s: wrong MAC", e->name);
	}
}

/* Whatever the MAC covers changes it. */
static void
everything_is_covered(void **state)
{
	struct mac_key key = key_make(MAC_BLAKE2S_128, &k2);
	const struct mac_endpoints ends = ends_make(SOURCE, UNICAST);
	uint8_t packet[3] = { 42, 2, 0 };
	uint8_t first[MAC_LENGTH_MAX], other[MAC_LENGTH_MAX];
	struct mac_endpoints changed[4] = { ends, ends, ends, ends };
	size_t i, len;

	(void)state;
	len = mac_compute(&key, &ends, packet, sizeof(packet), first);
	assert_int_equal(len, 16);
	changed[0].from.s6_addr[15] ^= 1;
	changed[1].to.s6_addr[0] ^= 0x80;
	changed[2].from_port ^= 1;
	changed[3].to_port ^= 0x100;
	for (i = 0; i < 4; i++) {
		mac_compute(&key, &changed[i], packet, sizeof(packet), other);
		assert_false(mac_equal(first, other, len));
	}
	packet[2] ^= 1;
	mac_compute(&key, &ends, packet, sizeof(packet), other);
	assert_false(mac_equal(first, other, len));
	packet[2] ^= 1;
	mac_compute(&key, &ends, packet, sizeof(packet) - 1, other);
	assert_false(mac_equal(first, other, len));
	mac_compute(&key, &ends, packet, sizeof(packet), other);
	assert_true(mac_equal(first, other, len));
}

static void
unusable_keys_are_refused(void **state)
{
	const struct mac_endpoints ends = ends_make(SOURCE, MULTICAST);
	const uint8_t packet[4] = { 42, 2, 0, 0 };
	struct mac_key key = key_make(MAC_BLAKE2S_128, &k64);
	uint8_t mac[MAC_LENGTH_MAX];

	(void)state;
	assert_int_equal(mac_compute(&key, &ends, packet, 4, mac), 0);
	key.length = 33;
	assert_int_equal(mac_compute(&key, &ends, packet, 4, mac), 0);
	key.length = 0;
	assert_int_equal(mac_compute(&key, &ends, packet, 4, mac), 0);
	key.length = 1;
	assert_int_equal(mac_compute(&key, &ends, packet, 4, mac), 16);
	key.algorithm = MAC_HMAC_SHA256;
	key.length = 65;
	assert_int_equal(mac_compute(&key, &ends, packet, 4, mac), 0);
	key.length = 0;
	assert_int_equal(mac_compute(&key, &ends, packet, 4, mac), 32);
	key.algorithm = MAC_NONE;
	assert_int_equal(mac_compute(&key, &ends, packet, 4, mac), 0);
}

static void
algorithms_have_names(void **state)
{
	(void)state;
	assert_int_equal(mac_algorithm_parse("hmac-sha256"), MAC_HMAC_SHA256);
	assert_int_equal(mac_algorithm_parse("blake2s128"), MAC_BLAKE2S_128);
	assert_int_equal(mac_algorithm_parse("none"), MAC_NONE);
	assert_int_equal(mac_algorithm_parse(""), MAC_NONE);
	assert_int_equal(mac_algorithm_parse("hmac-sha2567"), MAC_NONE);
}

static void
wiping_leaves_nothing(void **state)
{
	struct mac_key key = key_make(MAC_HMAC_SHA256, &k64);
	const uint8_t zeros[MAC_KEY_MAX] = { 0 };

	(void)state;
	mac_key_wipe(&key);
	assert_memory_equal(key.value, zeros, sizeof(zeros));
	assert_int_equal(key.length, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_come_out),
		cmocka_unit_test(everything_is_covered),
		cmocka_unit_test(unusable_keys_are_refused),
		cmocka_unit_test(algorithms_have_names),
		cmocka_unit_test(wiping_leaves_nothing),
	};

	return cmocka_run_group_tests_name("mac", tests, NULL, NULL);
}
