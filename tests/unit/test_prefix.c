/*
 * test_prefix.c - text to prefix and back, and the relations between
 * prefixes, the latter also against a bit by bit twin.
 */
#include "prefix.h"
#include "unit.h"

#include <string.h>

static struct prefix
prefix(const char *text)
{
	struct prefix value;

	if (prefix_parse(text, &value) < 0)
		fail_msg("%s: not a prefix", text);
	return value;
}

static struct in6_addr
address(const char *text)
{
	struct in6_addr value;

	if (address_parse(text, &value) < 0)
		fail_msg("%s: not an address", text);
	return value;
}

static void
prefixes_are_read_and_written(void **state)
{
	static const char *const texts[][2] = {
		{ "::/0", "::/0" },
		{ "default", "::/0" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "10.1.2.3", "10.1.2.3/32" },
		{ "10.1.2.3/8", "10.0.0.0/8" },
		{ "10.255.0.0/9", "10.128.0.0/9" },
		{ "192.0.2.255/31", "192.0.2.254/31" },
		{ "2001:DB8::1", "2001:db8::1/128" },
		{ "2001:db8:ffff::/33", "2001:db8:8000::/33" },
		{ "2001:db8::1/127", "2001:db8::/127" },
		{ "fe80::1/10", "fe80::/10" },
		{ "::ffff:192.0.2.1/120", "192.0.2.0/24" },
		{ "::ffff:0:0/96", "0.0.0.0/0" },
		{ "::/96", "::/96" },
		{ "10.0.0.0/0x10", "10.0.0.0/16" },
		{ "10.0.0.0/010", "10.0.0.0/8" },
		{ "1111:2222:3333:4444:5555:6666:7777:8888/100",
		    "1111:2222:3333:4444:5555:6666:7000:0/100" },
	};
	char buffer[PREFIX_STRLEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct prefix value = prefix(texts[i][0]);

		assert_string_equal(prefix_format(&value, buffer),
		    texts[i][1]);
	}
}

static void
other_texts_are_refused(void **state)
{
	static const char *const texts[] = {
		"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
		"10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/8 ", "10.0.0.0/8x",
		"10.0.0/8", "10/8", "10.0.0.256", "::/129", "::g", ":::/0",
		"2001:db8::1/64/64", "10.0.0.0/4294967304", "10.0.0.0/0x",
		"10.0.0.0/09", "Default", "default/0", "fe80::1%eth0", " ::/0",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999/64",
		"00000000000000000000000000000000000000000000000000000000/0",
	};
	struct in6_addr any;
	struct prefix value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (prefix_parse(texts[i], &value) == 0)
			fail_msg("\"%s\" was taken for a prefix", texts[i]);
	}
	assert_int_equal(address_parse("10.0.0.0/8", &any), -1);
	assert_int_equal(address_parse("", &any), -1);
}

static void
addresses_are_read_and_written(void **state)
{
	static const char *const texts[] = {
		"::", "::1", "0.0.0.0", "255.255.255.255", "192.0.2.1",
		"2001:db8::1", "fe80::200:5eff:fe00:5301",
		"1111:2222:3333:4444:5555:6666:7777:8888",
	};
	char buffer[ADDRESS_STRLEN];
	struct in6_addr value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		value = address(texts[i]);
		assert_string_equal(address_format(&value, buffer), texts[i]);
	}
	value = address("192.0.2.1");
	assert_true(address_is_ipv4(&value));
	assert_memory_equal(value.s6_addr + 12, "\300\0\002\001", 4);
	value = address("::192.0.2.1");
	assert_false(address_is_ipv4(&value));
}

static void
addresses_have_kinds(void **state)
{
	struct in6_addr a = address("fe80::1"), b = address("fe80:1::1");
	struct in6_addr c = address("::");

	(void)state;
	assert_true(address_is_link_local(&a));
	assert_false(address_is_link_local(&b));
	assert_true(address_is_unspecified(&c));
	assert_false(address_is_unspecified(&a));
	assert_true(address_equal(&a, &a));
	assert_false(address_equal(&a, &b));
}

/* covers: B116 */
static void
martians_are_known(void **state)
{
	static const char *const martians[] = {
		"ff00::/8", "ff02::1:6", "fe80::/10", "fe80::/64",
		"fe80::1", "febf::/16", "::/128", "::1", "127.0.0.0/8",
		"127.0.0.1", "0.0.0.0/8", "0.0.0.0/32", "0.1.2.0/24",
		"224.0.0.0/4", "239.1.2.3", "255.255.255.255",
	};
	static const char *const good[] = {
		"::/0", "0.0.0.0/0", "0.0.0.0/7", "fe00::/7", "fe80::/9",
		"fec0::/10", "2001:db8::/32", "fc00::/7", "::2/128",
		"::/127", "::1:0/128", "10.0.0.0/8", "192.0.0.0/3",
		"240.0.0.0/4", "255.255.255.254", "255.255.255.254/31",
		"126.0.0.0/7", "128.0.0.0/8",
	};
	struct prefix value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(martians) / sizeof(martians[0]); i++) {
		value = prefix(martians[i]);
		if (!prefix_is_martian(&value))
			fail_msg("%s is a martian", martians[i]);
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		value = prefix(good[i]);
		if (prefix_is_martian(&value))
			fail_msg("%s is no martian", good[i]);
	}
}

static bool
contains(const char *outer, const char *inner)
{
	struct prefix a = prefix(outer), b = prefix(inner);

	return prefix_contains(&a, &b);
}

static void
families_do_not_mix(void **state)
{
	(void)state;
	assert_true(contains("::/0", "10.0.0.0/8"));
	assert_true(contains("::/0", "0.0.0.0/0"));
	assert_true(contains("::/0", "2001:db8::/32"));
	assert_true(contains("0.0.0.0/0", "10.0.0.0/8"));
	assert_false(contains("0.0.0.0/0", "2001:db8::/32"));
	assert_false(contains("0.0.0.0/0", "::/0"));
	assert_false(contains("::/64", "10.0.0.0/8"));
	assert_false(contains("::/1", "0.0.0.0/0"));
	assert_true(contains("::/64", "::1/128"));
}

/* Does a hold each address of b?  Bit by bit. */
static bool
naive_contains(const struct prefix *a, const struct prefix *b)
{
	unsigned int i;

	if (a->plen > b->plen)
		return false;
	for (i = 0; i < a->plen; i++) {
		if (((a->address[i / 8] ^ b->address[i / 8]) &
		    0x80 >> i % 8) != 0)
			return false;
	}
	return true;
}

static void
containment_agrees_with_its_twin(void **state)
{
	uint64_t random = unit_seed();
	unsigned int n, held = 0;

	(void)state;
	for (n = 0; n < 200000; n++) {
		struct in6_addr base = address("2001:db8::");
		struct in6_addr other = base;
		struct prefix a, b;

		base.s6_addr[6] = (uint8_t)unit_random(&random);
		other.s6_addr[6] = (uint8_t)unit_random(&random);
		a = prefix_of(&base, (uint8_t)unit_random_below(&random, 60));
		b = prefix_of(&other, (uint8_t)unit_random_below(&random, 60));
		assert_int_equal(prefix_contains(&a, &b),
		    naive_contains(&a, &b));
		held += prefix_contains(&a, &b);
	}
	/* Both answers were seen, and often. */
	assert_in_range(held, 10000, 190000);
}

static void
masking_clears_the_rest(void **state)
{
	struct in6_addr ones;
	unsigned int plen, i;

	(void)state;
	memset(&ones, 0xFF, sizeof(ones));
	for (plen = 0; plen <= 128; plen++) {
		struct prefix value = prefix_of(&ones, (uint8_t)plen);

		assert_int_equal(value.plen, plen);
		for (i = 0; i < 128; i++)
			assert_int_equal(value.address[i / 8] >>
			    (7 - i % 8) & 1, i < plen);
	}
}

static void
keys_are_normal(void **state)
{
	struct prefix to4 = prefix("10.0.0.0/8"), to6 = prefix("2001:db8::/32");
	struct prefix all4 = prefix("0.0.0.0/0"), all6 = prefix("::/0");
	struct prefix from6 = prefix("2001:db8:1::/48");
	struct destination_key plain = destination_key_of(&to4, NULL), key;

	(void)state;
	assert_false(destination_is_source_specific(&plain));
	key = destination_key_of(&to4, &all4);
	assert_int_equal(destination_key_compare(&plain, &key), 0);
	key = destination_key_of(&to6, &all6);
	assert_false(destination_is_source_specific(&key));
	assert_true(destination_key_is_valid(&key));
	key = destination_key_of(&to6, &from6);
	assert_true(destination_is_source_specific(&key));
	assert_true(destination_key_is_valid(&key));
	key = destination_key_of(&to4, &from6);
	assert_false(destination_key_is_valid(&key));
	from6 = prefix("ff00::/8");
	key = destination_key_of(&to6, &from6);
	assert_false(destination_key_is_valid(&key));
	key = destination_key_of(&from6, NULL);
	assert_false(destination_key_is_valid(&key));
}

static void
keys_are_written(void **state)
{
	struct prefix to = prefix("2001:db8::/32"), to4 = prefix("10.0.0.0/8");
	struct prefix from = prefix("2001:db8:1::/48");
	struct destination_key key = destination_key_of(&to, &from);
	char text[DESTINATION_STRLEN], source[PREFIX_STRLEN];

	(void)state;
	assert_string_equal(destination_key_format(&key, text),
	    "2001:db8::/32 from 2001:db8:1::/48");
	assert_string_equal(destination_from_format(&key, source),
	    "2001:db8:1::/48");
	key = destination_key_of(&to, NULL);
	assert_string_equal(destination_key_format(&key, text),
	    "2001:db8::/32");
	assert_string_equal(destination_from_format(&key, source), "::/0");
	key = destination_key_of(&to4, NULL);
	assert_string_equal(destination_from_format(&key, source),
	    "0.0.0.0/0");
	to = prefix("1111:2222:3333:4444:5555:6666:7777:8888");
	key = destination_key_of(&to, &to);
	assert_int_equal(strlen(destination_key_format(&key, text)), 92);
}

static void
orders_are_total(void **state)
{
	struct prefix a = prefix("10.0.0.0/8"), b = prefix("10.0.0.0/9");
	struct prefix c = prefix("10.128.0.0/9");
	struct router_id low = { { 1 } }, high = { { 1, 0, 0, 0, 0, 0, 0, 1 } };

	(void)state;
	assert_true(prefix_compare(&a, &b) < 0);
	assert_true(prefix_compare(&b, &a) > 0);
	assert_true(prefix_compare(&b, &c) < 0);
	assert_int_equal(prefix_compare(&c, &c), 0);
	assert_true(router_id_compare(&low, &high) < 0);
	assert_int_equal(router_id_compare(&high, &high), 0);
}

static void
router_ids_are_read_and_written(void **state)
{
	static const char *const texts[][2] = {
		{ "01:23:45:67:89:ab:cd:ef", "01:23:45:67:89:ab:cd:ef" },
		{ "01-23-45-67-89-AB-CD-EF", "01:23:45:67:89:ab:cd:ef" },
		{ "1:2:3:4:5:6:7:8", "01:02:03:04:05:06:07:08" },
		{ "00:16:3e:00:00:12", "00:16:3e:ff:fe:00:00:12" },
		{ "0:0:0:0:0:0:0:0", "00:00:00:00:00:00:00:00" },
	};
	static const char *const wrong[] = {
		"", "1", ":", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7:8 ", "001:2:3:4:5:6:7:8",
		"1:2-3:4:5:6:7:8", "1-2-3-4-5-6", "1:2:3:4:5", "g:2:3:4:5:6",
		"1::3:4:5:6", "1.2.3.4.5.6.7.8", "1:2:3:4:5:6-7-8",
	};
	char buffer[ROUTER_ID_STRLEN];
	struct router_id id;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(router_id_parse(texts[i][0], &id), 0);
		assert_string_equal(router_id_format(&id, buffer),
		    texts[i][1]);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (router_id_parse(wrong[i], &id) == 0)
			fail_msg("\"%s\" was taken for an id", wrong[i]);
	}
}

/* covers: B81 F10 */
static void
reserved_router_ids_are_invalid(void **state)
{
	struct router_id id = { { 0 } };

	(void)state;
	assert_false(router_id_is_valid(&id));
	id.octets[7] = 1;
	assert_true(router_id_is_valid(&id));
	memset(&id, 0xFF, sizeof(id));
	assert_false(router_id_is_valid(&id));
	id.octets[0] = 0xFE;
	assert_true(router_id_is_valid(&id));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_are_read_and_written),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(addresses_are_read_and_written),
		cmocka_unit_test(addresses_have_kinds),
		cmocka_unit_test(martians_are_known),
		cmocka_unit_test(families_do_not_mix),
		cmocka_unit_test(containment_agrees_with_its_twin),
		cmocka_unit_test(masking_clears_the_rest),
		cmocka_unit_test(keys_are_normal),
		cmocka_unit_test(keys_are_written),
		cmocka_unit_test(orders_are_total),
		cmocka_unit_test(router_ids_are_read_and_written),
		cmocka_unit_test(reserved_router_ids_are_invalid),
	};

	return cmocka_run_group_tests_name("prefix", tests, NULL, NULL);
}
