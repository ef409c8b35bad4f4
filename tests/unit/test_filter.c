/*
 * test_filter.c - filter rules: what each selector and action does, and
 * the index against a naive model.
 *
 * The rules are written in the configuration language, since that is what
 * their meaning is documented in.
 */
#include <string.h>

#include "unit.h"
#include "configuration.h"
#include "pattern.h"

#define DENY	0x10000

static struct configuration *
configuration_of(const char *text)
{
	const struct configuration_source source = {
		CONTEXT_FILE, "test", NULL
	};
	struct configuration_report report = { .warn = NULL };
	struct configuration *conf = configuration_new();

	assert_non_null(conf);
	if (configuration_read(conf, text, strlen(text), &source,
	    &report) == -1 || configuration_finish(conf, &report) == -1)
		fail_msg("%s", report.error);
	return conf;
}

/* "2001:db8::/32" or "2001:db8::/32 from 2001:db8:1::/48". */
static struct destination_key
key_of(const char *text)
{
	struct prefix to, from;
	char buffer[100], *from_text;

	snprintf(buffer, sizeof(buffer), "%s", text);
	from_text = strstr(buffer, " from ");
	if (from_text != NULL) {
		*from_text = '\0';
		assert_int_equal(prefix_parse(from_text + 6, &from), 0);
	}
	assert_int_equal(prefix_parse(buffer, &to), 0);
	return destination_key_of(&to, from_text == NULL ? NULL : &from);
}

/* What the filter says: a metric, or DENY. */
static long
verdict_of(const char *text, enum filter_chain chain,
    const struct filter_subject *subject)
{
	struct configuration *conf = configuration_of(text);
	struct filter_verdict verdict = filter_evaluate(&conf->filters[chain],
	    chain, subject);

	configuration_free(conf);
	return verdict.deny ? DENY : verdict.metric;
}

static struct filter_subject
route_of(const char *key)
{
	struct filter_subject subject = { .key = key_of(key) };

	assert_int_equal(address_parse("fe80::1", &subject.neighbour), 0);
	assert_int_equal(router_id_parse("02:16:3e:ff:fe:00:00:12",
	    &subject.id), 0);
	subject.ifname = "eth0";
	subject.proto = 11;
	subject.type = ROUTE_UNICAST;
	return subject;
}

/* Rules for "in", a destination, and what must come out. */
static const struct {
	const char *rules, *key;
	long verdict;
} lookups[] = {
	{ "", "10.0.0.0/8", 0 },
	{ "in", "10.0.0.0/8", 0 },
	{ "in deny", "10.0.0.0/8", DENY },
	{ "in deny", "2001:db8::/32", DENY },
	{ "in metric 65535", "10.0.0.0/8", DENY },
	{ "in metric 65534", "10.0.0.0/8", 65534 },
	/* The last of allow, deny and metric counts. */
	{ "in deny allow", "10.0.0.0/8", 0 },
	{ "in metric 5 allow", "10.0.0.0/8", 0 },
	{ "in metric 5 deny", "10.0.0.0/8", DENY },
	{ "in deny metric 5", "10.0.0.0/8", 5 },
	/* The first rule that matches decides. */
	{ "in metric 1\nin deny", "10.0.0.0/8", 1 },
	{ "in ip 11.0.0.0/8 metric 1\nin deny", "10.0.0.0/8", DENY },
	/* ip: equal or more specific, of the same family. */
	{ "in ip 10.0.0.0/8 deny", "10.0.0.0/8", DENY },
	{ "in ip 10.0.0.0/8 deny", "10.1.2.3/32", DENY },
	{ "in ip 10.0.0.0/8 deny", "0.0.0.0/0", 0 },
	{ "in ip 10.0.0.0/8 deny", "11.0.0.0/8", 0 },
	{ "in ip 10.77.1.2/8 deny", "10.0.0.0/8", DENY },
	{ "in ip 10.0.0.1 deny", "10.0.0.1/32", DENY },
	{ "in ip 10.0.0.1 deny", "10.0.0.2/32", 0 },
	{ "in ip 0.0.0.0/0 deny", "10.0.0.0/8", DENY },
	{ "in ip 0.0.0.0/0 deny", "2001:db8::/32", 0 },
	{ "in ip ::/0 deny", "10.0.0.0/8", 0 },
	{ "in ip ::/0 deny", "::/0", DENY },
	{ "in ip default deny", "2001:db8::/32", DENY },
	{ "in ip default deny", "0.0.0.0/0", 0 },
	{ "in ip 2001:db8::/33 deny", "2001:db8::/32", 0 },
	{ "in ip 2001:db8::/33 deny", "2001:db8:7fff::/48", DENY },
	{ "in ip 2001:db8::/33 deny", "2001:db8:8000::/48", 0 },
	/* Lengths, on the scale of the family. */
	{ "in ip 0.0.0.0/0 eq 0 deny", "0.0.0.0/0", DENY },
	{ "in ip 0.0.0.0/0 eq 0 deny", "10.0.0.0/8", 0 },
	{ "in ip 0.0.0.0/0 le 24 deny", "10.0.0.0/24", DENY },
	{ "in ip 0.0.0.0/0 le 24 deny", "10.0.0.0/25", 0 },
	{ "in ip 0.0.0.0/0 ge 24 deny", "10.0.0.0/24", DENY },
	{ "in ip 0.0.0.0/0 ge 24 deny", "10.0.0.0/23", 0 },
	{ "in le 24 ip 0.0.0.0/0 deny", "10.0.0.0/24", DENY },
	{ "in ip ::/0 le 24 deny", "2000::/24", DENY },
	{ "in ip ::/0 le 24 deny", "2000::/25", 0 },
	{ "in ip ::/0 ge 20 le 24 deny", "2000::/19", 0 },
	{ "in ip ::/0 ge 20 le 24 deny", "2000::/20", DENY },
	/* Bounds that are repeated add up. */
	{ "in ip ::/0 le 24 le 64 deny", "2000::/25", 0 },
	{ "in ip ::/0 ge 24 ge 8 deny", "2000::/16", 0 },
	{ "in ip ::/0 eq 24 eq 25 deny", "2000::/24", 0 },
	/* Beyond 32, for IPv4: always, or never. */
	{ "in ip 0.0.0.0/0 le 128 deny", "10.0.0.1/32", DENY },
	{ "in ip 0.0.0.0/0 le 33 deny", "10.0.0.0/8", DENY },
	{ "in ip 0.0.0.0/0 ge 33 deny", "10.0.0.1/32", 0 },
	{ "in ip 0.0.0.0/0 eq 128 deny", "10.0.0.1/32", 0 },
	/* Without a prefix, for IPv6 alone. */
	{ "in le 24 deny", "2000::/24", DENY },
	{ "in le 24 deny", "10.0.0.0/24", 0 },
	{ "in ge 0 deny", "10.0.0.0/24", 0 },
	{ "in eq 128 deny", "2000::1/128", DENY },
	{ "in src-eq 0 deny", "2000::/24", DENY },
	{ "in src-eq 0 deny", "10.0.0.0/24", 0 },
	/* Sources. */
	{ "in src-ip ::/0 deny", "2000::/3", DENY },
	{ "in src-ip ::/0 deny", "2000::/3 from 2001:db8::/32", DENY },
	{ "in src-ip ::/0 deny", "10.0.0.0/8", 0 },
	{ "in src-ip 0.0.0.0/0 deny", "10.0.0.0/8", DENY },
	{ "in src-ip 0.0.0.0/0 deny", "10.0.0.0/8 from 192.0.2.0/24",
	    DENY },
	{ "in src-ip 192.0.2.0/24 deny", "10.0.0.0/8", 0 },
	{ "in src-ip 192.0.2.0/24 deny",
	    "10.0.0.0/8 from 192.0.2.128/25", DENY },
	{ "in src-ip 192.0.2.0/25 deny",
	    "10.0.0.0/8 from 192.0.2.0/24", 0 },
	{ "in src-ip ::/0 src-eq 0 deny", "2000::/3", DENY },
	{ "in src-ip ::/0 src-eq 0 deny",
	    "2000::/3 from 2001:db8::/32", 0 },
	{ "in src-ip 0.0.0.0/0 src-eq 0 deny", "10.0.0.0/8", DENY },
	{ "in ip 0.0.0.0/0 src-ge 1 deny", "10.0.0.0/8", 0 },
	{ "in ip 0.0.0.0/0 src-ge 1 deny",
	    "10.0.0.0/8 from 192.0.2.0/24", DENY },
	{ "in ip ::/0 src-le 32 deny", "2000::/3 from 2001:db8::/32",
	    DENY },
	{ "in ip ::/0 src-le 31 deny", "2000::/3 from 2001:db8::/32",
	    0 },
};

static void
test_prefixes(void **state)
{
	struct filter_subject subject;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lookups) / sizeof(lookups[0]); i++) {
		subject = route_of(lookups[i].key);
		if (verdict_of(lookups[i].rules, FILTER_IN, &subject) !=
		    lookups[i].verdict)
			fail_msg("%s: %s", lookups[i].rules, lookups[i].key);
	}
}

/* Each selector in each chain: does a rule for what the subject is match,
 * and does one for anything else not? */
static void
test_selectors(void **state)
{
	static const struct {
		const char *selector, *other;
		const char *chains;	/* where it matches, by initial */
	} cases[] = {
		{ "ip 10.0.0.0/8", "ip 11.0.0.0/8", "iort" },
		{ "neigh fe80::1", "neigh fe80::2", "i" },
		{ "id 02:16:3e:ff:fe:00:00:12", "id 02:16:3e:ff:fe:00:00:13",
		    "iot" },
		{ "id 2-16-3e-ff-fe-0-0-12", "id 02-16-3e-ff-fe-00-00-13",
		    "iot" },
		{ "proto 11", "proto 12", "r" },
		{ "if eth0", "if eth1", "iort" },
		{ "if eth*", "if wg*", "iort" },
		{ "if \"eth?\"", "if \"eth??\"", "iort" },
		{ "if eth0 if eth0", "if eth0 if eth1", "iort" },
	};
	static const char initials[] = "iort";
	struct filter_subject subject = route_of("10.0.0.0/8");
	enum filter_chain chain;
	char rules[200];
	bool matches;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (chain = 0; chain < FILTER_CHAINS; chain++) {
			const char *name = filter_chain_name(chain);

			matches = strchr(cases[i].chains,
			    initials[chain]) != NULL;
			snprintf(rules, sizeof(rules), "%s %s metric 7\n"
			    "%s metric 8", name, cases[i].selector, name);
			if (verdict_of(rules, chain, &subject) !=
			    (matches ? 7 : 8))
				fail_msg("%s", rules);
			snprintf(rules, sizeof(rules), "%s %s metric 7\n"
			    "%s metric 8", name, cases[i].other, name);
			if (verdict_of(rules, chain, &subject) != 8)
				fail_msg("%s", rules);
		}
}

/* covers: Q33 */
static void
test_interface_by_name(void **state)
{
	struct filter_subject subject = route_of("10.0.0.0/8");

	(void)state;
	subject.ifname = NULL;
	assert_int_equal(verdict_of("in if eth0 deny", FILTER_IN, &subject),
	    0);
	assert_int_equal(verdict_of("in if * deny", FILTER_IN, &subject), 0);
	/* A name that no interface can have matches none, whatever its
	 * first 15 bytes. */
	subject.ifname = "abcdefghijklmno";
	assert_int_equal(verdict_of("in if abcdefghijklmnop deny", FILTER_IN,
	    &subject), 0);
	assert_int_equal(verdict_of("in if abcdefghijklmno deny", FILTER_IN,
	    &subject), DENY);
}

static void
test_redistribute(void **state)
{
	static const struct {
		const char *rules;
		/* An address, an ordinary route of protocol 11, one of
		 * protocol boot, a blackhole of protocol 11. */
		long local, route, boot, blackhole;
	} cases[] = {
		{ "", 0, DENY, DENY, DENY },
		{ "redistribute", 0, 0, DENY, 0 },
		{ "redistribute metric 9", 0, 9, DENY, 9 },
		{ "redistribute deny", 0, DENY, DENY, DENY },
		{ "redistribute local", 0, DENY, DENY, DENY },
		{ "redistribute local metric 9", 9, DENY, DENY, DENY },
		{ "redistribute local deny", DENY, DENY, DENY, DENY },
		{ "redistribute local deny\nredistribute", DENY, 0, DENY,
		    0 },
		{ "redistribute type blackhole", 0, DENY, DENY, 0 },
		{ "redistribute type unicast", 0, 0, DENY, DENY },
		{ "redistribute type prohibit", 0, DENY, DENY, DENY },
		{ "redistribute type blackhole proto 3", 0, DENY, DENY, DENY },
		{ "redistribute proto 3 metric 9", 0, DENY, 9, DENY },
		{ "redistribute proto 11 metric 9", 0, 9, DENY, 9 },
		{ "redistribute proto 0xb metric 9", 0, 9, DENY, 9 },
		{ "redistribute proto 11 local metric 9", 9, DENY, DENY,
		    DENY },
		{ "redistribute local proto 11 metric 9", 0, 9, DENY, 9 },
	};
	struct filter_subject s = route_of("10.0.0.1/32");
	long local, route, boot, blackhole;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *rules = cases[i].rules;

		s.local = true;
		local = verdict_of(rules, FILTER_REDISTRIBUTE, &s);
		s.local = false;
		route = verdict_of(rules, FILTER_REDISTRIBUTE, &s);
		s.proto = FILTER_PROTO_BOOT;
		boot = verdict_of(rules, FILTER_REDISTRIBUTE, &s);
		s.proto = 11;
		s.type = ROUTE_BLACKHOLE;
		blackhole = verdict_of(rules, FILTER_REDISTRIBUTE, &s);
		s.type = ROUTE_UNICAST;
		if (local != cases[i].local || route != cases[i].route ||
		    boot != cases[i].boot || blackhole != cases[i].blackhole)
			fail_msg("%s: %ld %ld %ld %ld", rules, local, route,
			    boot, blackhole);
	}
}

/* A default route that leads nowhere is for this machine, unless a rule asks
 * for its type. */
static void
test_default_routes(void **state)
{
	static const struct {
		const char *rules, *key;
		enum route_type type;
		long verdict;
	} cases[] = {
		{ "redistribute", "0.0.0.0/0", ROUTE_UNICAST, 0 },
		{ "redistribute", "0.0.0.0/0", ROUTE_UNREACHABLE, DENY },
		{ "redistribute", "::/0", ROUTE_BLACKHOLE, DENY },
		{ "redistribute", "0.0.0.0/1", ROUTE_BLACKHOLE, 0 },
		{ "redistribute", "::/1", ROUTE_PROHIBIT, 0 },
		{ "redistribute proto 11", "0.0.0.0/0", ROUTE_UNREACHABLE,
		    DENY },
		{ "redistribute type unreachable metric 7", "0.0.0.0/0",
		    ROUTE_UNREACHABLE, 7 },
		{ "redistribute type unreachable metric 7", "::/0",
		    ROUTE_UNREACHABLE, 7 },
		{ "redistribute ip 0.0.0.0/0 eq 0 deny\n"
		    "redistribute type unreachable", "0.0.0.0/0",
		    ROUTE_UNREACHABLE, DENY },
	};
	struct filter_subject s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s = route_of(cases[i].key);
		s.type = cases[i].type;
		if (verdict_of(cases[i].rules, FILTER_REDISTRIBUTE, &s) !=
		    cases[i].verdict)
			fail_msg("%s: %s", cases[i].rules, cases[i].key);
	}
}

/* Does the first rule take all that the second one could? */
static void
test_covers(void **state)
{
	static const struct {
		const char *rules;
		bool covers;
	} cases[] = {
		{ "in deny\nin ip 10.0.0.0/8", true },
		{ "in ip 10.0.0.0/8\nin ip 10.0.0.0/8 deny", true },
		{ "in ip 10.0.0.0/8\nin ip 10.1.0.0/16", true },
		{ "in ip 10.1.0.0/16\nin ip 10.0.0.0/8", false },
		{ "in ip 10.0.0.0/8 le 24\nin ip 10.1.0.0/16", false },
		{ "in ip 10.0.0.0/8 le 24\nin ip 10.1.0.0/16 eq 20", true },
		{ "in ip 10.0.0.0/8 ge 16\nin ip 10.1.0.0/16", true },
		{ "in ip 10.0.0.0/8 ge 17\nin ip 10.1.0.0/16", false },
		{ "in ip 10.0.0.0/8\nin ip 2001:db8::/32", false },
		{ "in if eth0\nin ip 10.0.0.0/8", false },
		{ "in if eth*\nin if eth0 ip 10.0.0.0/8", true },
		{ "in if eth0\nin if eth*", false },
		{ "in neigh fe80::1\nin neigh fe80::1 ip ::/0", true },
		{ "in neigh fe80::1\nin neigh fe80::2", false },
		{ "in proto 3\nin ip 10.0.0.0/8", false },
		{ "in src-ip ::/0\nin ip 10.0.0.0/8", false },
		{ "redistribute\nredistribute local", false },
		{ "redistribute local\nredistribute", false },
		{ "redistribute\nredistribute proto 4", true },
		{ "redistribute\nredistribute proto 3", false },
		{ "redistribute proto 4\nredistribute", false },
		{ "redistribute\nredistribute type unicast", true },
		{ "redistribute\nredistribute type unreachable", false },
		{ "redistribute deny\nredistribute type unreachable", true },
		{ "redistribute\nredistribute deny", false },
		{ "redistribute type prohibit\n"
		    "redistribute type prohibit deny", true },
	};
	struct configuration *conf;
	const struct filter *filter;
	enum filter_chain chain;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		conf = configuration_of(cases[i].rules);
		chain = cases[i].rules[0] == 'i' ? FILTER_IN :
		    FILTER_REDISTRIBUTE;
		filter = &conf->filters[chain];
		assert_int_equal(filter->count, 2);
		if ((filter_find_cover(filter, chain, &filter->rules[1]) ==
		    0) != cases[i].covers)
			fail_msg("%s", cases[i].rules);
		configuration_free(conf);
	}
}

static void
test_actions(void **state)
{
	static const char rules[] =
	    "redistribute src-prefix 2001:db8::/32 metric 3 table 7\n"
	    "install table 4294967295 pref-src 10.0.0.1\n"
	    "install table 9\n"
	    "in table 7 src-prefix ::/0 pref-src ::1\n";
	struct configuration *conf = configuration_of(rules);
	struct filter_subject subject = route_of("2000::/3");
	struct filter_verdict v;
	char text[PREFIX_STRLEN];

	(void)state;
	v = filter_evaluate(&conf->filters[FILTER_REDISTRIBUTE],
	    FILTER_REDISTRIBUTE, &subject);
	assert_false(v.deny);
	assert_int_equal(v.metric, 3);
	assert_int_equal(v.sets, FILTER_SETS_SRC_PREFIX);
	assert_string_equal(prefix_format(&v.src_prefix, text),
	    "2001:db8::/32");
	/* pref-src is IPv4, and so is its rule. */
	v = filter_evaluate(&conf->filters[FILTER_INSTALL], FILTER_INSTALL,
	    &subject);
	assert_int_equal(v.sets, FILTER_SETS_TABLE);
	assert_int_equal(v.table, 9);
	subject = route_of("10.0.0.0/8");
	v = filter_evaluate(&conf->filters[FILTER_INSTALL], FILTER_INSTALL,
	    &subject);
	assert_int_equal(v.sets, FILTER_SETS_TABLE | FILTER_SETS_PREF_SRC);
	assert_int_equal(v.table, 4294967295);
	assert_string_equal(address_format(&v.pref_src, text), "10.0.0.1");
	/* Actions that mean nothing in a chain do nothing there. */
	subject = route_of("2000::/3");
	v = filter_evaluate(&conf->filters[FILTER_IN], FILTER_IN, &subject);
	assert_int_equal(v.sets, 0);
	configuration_free(conf);
}

static void
test_patterns(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} cases[] = {
		{ "", "", true }, { "", "a", false }, { "a", "", false },
		{ "wg*", "wg", true }, { "wg*", "wg0", true },
		{ "wg*", "eth0", false }, { "*", "", true },
		{ "*0", "wg0", true }, { "*0", "wg00", true },
		{ "*0", "wg01", false }, { "w*g*0", "wxgxg0", true },
		{ "w*g*0", "wxg", false }, { "mesh-?", "mesh-1", true },
		{ "mesh-?", "mesh-", false }, { "mesh-?", "mesh-12", false },
		{ "eth[0-2]", "eth1", true }, { "eth[0-2]", "eth3", false },
		{ "eth[!0-2]", "eth3", true }, { "eth[^0-2]", "eth1", false },
		{ "eth[]x]", "eth]", true }, { "eth[]x]", "eth[", false },
		{ "eth[-a]", "eth-", true }, { "eth[a-]", "eth-", true },
		{ "eth[", "eth[", true }, { "eth[0", "eth[0", true },
		{ "e[t*h", "e[txh", true }, { "\\*", "*", true },
		{ "\\*", "x", false }, { "a\\", "a\\", true },
		{ "**a**", "bab", true },
		{ "*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (pattern_match(cases[i].pattern, cases[i].name) !=
		    cases[i].matches)
			fail_msg("%s %s", cases[i].pattern, cases[i].name);
}

/*
 * The index against a naive model: thousands of random rule lists, and for
 * each some destinations near the rules.  The model shares no code with
 * filter.c: it compares bits, one by one.
 */

static bool
naive_contains(const struct prefix *outer, const struct prefix *inner)
{
	unsigned int bit;

	if (outer->plen > inner->plen)
		return false;
	for (bit = 0; bit < outer->plen; bit++)
		if ((outer->address[bit / 8] ^ inner->address[bit / 8]) >>
		    (7 - bit % 8) & 1)
			return false;
	return true;
}

static bool
naive_is_ipv4(const struct prefix *prefix)
{
	static const uint8_t head[12] = { [10] = 0xFF, [11] = 0xFF };

	return prefix->plen >= 96 && memcmp(prefix->address, head, 12) == 0;
}

static bool
naive_matches(const struct filter_rule *rule,
    const struct filter_subject *subject)
{
	const struct prefix *to = &subject->key.to;
	bool ipv4 = naive_is_ipv4(to);
	int from_plen = subject->key.from.plen;

	if (from_plen == 0 && ipv4)
		from_plen = 96;
	if ((rule->family == FAMILY_IPV4 && !ipv4) ||
	    (rule->family == FAMILY_IPV6 && ipv4))
		return false;
	if (rule->has & FILTER_HAS_IP && !naive_contains(&rule->ip, to))
		return false;
	if (to->plen < rule->plen_ge || to->plen > rule->plen_le)
		return false;
	if (from_plen < rule->from_plen_ge || from_plen > rule->from_plen_le)
		return false;
	return !(rule->has & FILTER_HAS_IF) ||
	    strcmp(rule->ifname, subject->ifname) == 0;
}

/* Few distinct bits, so that prefixes nest and collide. */
static struct prefix
random_prefix(uint64_t *g, bool ipv4)
{
	struct in6_addr address = { .s6_addr = { 0 } };
	int i, first = ipv4 ? 12 : 0;

	if (ipv4)
		address.s6_addr[10] = address.s6_addr[11] = 0xFF;
	for (i = first; i < 16; i++)
		address.s6_addr[i] = (uint8_t)(unit_random_below(g, 2) << 7 |
		    (unit_random_below(g, 4) == 0));
	if (!ipv4)
		address.s6_addr[0] |= 0x20;
	return prefix_of(&address, (uint8_t)(ipv4 ?
	    96 + unit_random_below(g, 33) : unit_random_below(g, 129)));
}

static void
random_rule(uint64_t *g, struct filter_rule *rule)
{
	static char name[2][5] = { "eth0", "eth1" };
	bool ipv4 = unit_random_below(g, 2) == 0;

	*rule = FILTER_RULE_ANY;
	if (unit_random_below(g, 5) != 0) {
		rule->has |= FILTER_HAS_IP;
		rule->ip = random_prefix(g, ipv4);
		rule->family = naive_is_ipv4(&rule->ip) ? FAMILY_IPV4 :
		    FAMILY_IPV6;
	} else {
		rule->family = (uint8_t)unit_random_below(g, 3);
	}
	if (unit_random_below(g, 3) == 0)
		rule->plen_ge = (uint8_t)unit_random_below(g, 129);
	if (unit_random_below(g, 3) == 0)
		rule->plen_le = (uint8_t)unit_random_below(g, 129);
	if (unit_random_below(g, 8) == 0)
		rule->from_plen_ge = (uint8_t)unit_random_below(g, 129);
	if (unit_random_below(g, 3) == 0) {
		rule->has |= FILTER_HAS_IF;
		rule->ifname = name[unit_random_below(g, 2)];
	}
	rule->deny = unit_random_below(g, 2) == 0;
}

/* The number of the rule is its metric, so that the rule is known. */
static void
check_against_model(const struct filter *filter,
    const struct filter_subject *subject, size_t *matched)
{
	struct filter_verdict verdict;
	size_t i = 0;

	while (i < filter->count && !naive_matches(&filter->rules[i], subject))
		i++;
	verdict = filter_evaluate(filter, FILTER_IN, subject);
	assert_int_equal(verdict.metric, i == filter->count ? 0 : i + 1);
	assert_int_equal(verdict.deny, i < filter->count &&
	    filter->rules[i].deny);
	*matched += i < filter->count;
}

static void
test_against_model(void **state)
{
	uint64_t g = unit_seed();
	struct filter_subject subject = { .ifname = "eth0" };
	struct filter_rule rule;
	struct filter filter;
	size_t matched = 0, evaluated = 0;
	uint32_t round, i, count;

	(void)state;
	for (round = 0; round < 3000; round++) {
		filter = (struct filter){ .rules = NULL };
		count = unit_random_below(&g, round % 10 == 0 ? 300 : 12);
		for (i = 0; i < count; i++) {
			random_rule(&g, &rule);
			rule.metric = (uint16_t)(i + 1);
			assert_int_equal(filter_append(&filter, &rule), 0);
		}
		if (round % 16 != 0)
			assert_int_equal(filter_finish(&filter), 0);
		for (i = 0; i < 60; i++) {
			subject.key.to = count > 0 && i % 2 == 0 ?
			    filter.rules[i % count].ip :
			    random_prefix(&g, i % 4 == 1);
			check_against_model(&filter, &subject, &matched);
			evaluated++;
		}
		filter_free(&filter);
	}
	print_message("%zu evaluations, %zu matched a rule\n", evaluated,
	    matched);
	assert_true(matched > evaluated / 5 && matched < evaluated);
}

/* Cost. */

static void
fill(struct filter *filter, uint32_t count)
{
	struct filter_rule rule = FILTER_RULE_ANY;
	struct in6_addr address = { .s6_addr = { 0x20, 0x01 } };
	uint32_t i;

	rule.has = FILTER_HAS_IP;
	rule.family = FAMILY_IPV6;
	for (i = 0; i < count; i++) {
		address.s6_addr[4] = (uint8_t)(i >> 16);
		address.s6_addr[5] = (uint8_t)(i >> 8);
		address.s6_addr[6] = (uint8_t)i;
		rule.ip = prefix_of(&address, 56);
		rule.metric = (uint16_t)(i % 60000 + 1);
		assert_int_equal(filter_append(filter, &rule), 0);
	}
	assert_int_equal(filter_finish(filter), 0);
}

static double
seconds_of(const struct filter *filter, uint32_t rules, uint32_t evaluations)
{
	struct filter_subject subject = route_of("2001::/64");
	struct filter_verdict verdict;
	struct timespec start, end;
	uint32_t i, n, wrong = 0;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	for (i = 0; i < evaluations; i++) {
		n = i * 7919 % rules;
		subject.key.to.address[4] = (uint8_t)(n >> 16);
		subject.key.to.address[5] = (uint8_t)(n >> 8);
		subject.key.to.address[6] = (uint8_t)n;
		verdict = filter_evaluate(filter, FILTER_IN, &subject);
		wrong += verdict.metric != n % 60000 + 1;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	assert_int_equal(wrong, 0);
	return (double)(end.tv_sec - start.tv_sec) +
	    (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

/* covers: Q47 */
static void
test_cost(void **state)
{
	struct filter small = { .rules = NULL }, large = { .rules = NULL };
	double few, many;

	(void)state;
	fill(&small, 1000);
	fill(&large, 100000);
	few = seconds_of(&small, 1000, 100000);
	many = seconds_of(&large, 100000, 100000);
	print_message("100000 evaluations: %.1f ms for 1000 rules, %.1f ms "
	    "for 100000\n", 1e3 * few, 1e3 * many);
	/* A walk of the list would take a hundred times as long. */
	assert_true(many < 20 * few + 0.02);
	filter_free(&small);
	filter_free(&large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_selectors),
		cmocka_unit_test(test_interface_by_name),
		cmocka_unit_test(test_redistribute),
		cmocka_unit_test(test_default_routes),
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
