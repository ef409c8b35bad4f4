/*
 * test_local_explain.c - "explain": what speaks against a route; which
 * direction of a link is dead and since when, and what is wrong with
 * signatures and sizes.
 */
#include "unit.h"

#include <errno.h>

#include "transmit.h"
#include "local_peer.h"

#define KEY	"key id k type hmac-sha256 value " \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

struct scene {
	struct world *w;
	struct peer *peer;
};

/* An eth0 of these parameters, and nobody there yet. */
static struct scene
scene_new(const char *text)
{
	struct scene s = { .w = world_new(text) };

	world_link(s.w, 1, "eth0", true);
	s.peer = peer_new(s.w, false);
	return s;
}

static void
scene_free(struct scene *s)
{
	peer_free(s->peer);
	world_free(s->w);
}

/* A packet cannot be sent; is that told for the log? */
static bool
lose(struct scene *s, int error)
{
	const struct datagram to = { .ifindex = 1 };
	unsigned int complaints = s->w->complaints;
	uint8_t bytes[MESSAGE_HEADER];
	struct encoder e;

	message_start(&e, bytes, sizeof(bytes));
	s->w->send_error = error;
	transmit(s->w->babel, interface_find(s->w->babel, 1), &e, &to);
	s->w->send_error = 0;
	return s->w->complaints > complaints;
}

static void
put_ihu(struct world_packet *p, uint16_t rxcost)
{
	write_bytes(&p->out, "\x05\x06\0", 4);
	write_u16(&p->out, rxcost);
	write_u16(&p->out, 1200);
}

/* fe80::2 says Hello, and with what cost it hears us if that is not 0. */
static void
greet(struct scene *s, uint16_t rxcost)
{
	struct world_packet p;

	packet_begin(&p);
	write_bytes(&p.out, "\x04\x06\0", 4);
	write_u16(&p.out, s->w->hello_seqno++);
	write_u16(&p.out, 400);
	if (rxcost != 0)
		put_ihu(&p, rxcost);
	packet_send(s->w, &p, 1, 2);
}

/* Time goes by, with a Hello each four seconds. */
static void
greet_for(struct scene *s, babel_time duration, uint16_t rxcost)
{
	const babel_time end = s->w->now + duration;

	while (s->w->now < end) {
		greet(s, rxcost);
		s->w->now += 4 * SECOND;
		world_settle(s->w);
	}
}

static void
silence_for(struct scene *s, babel_time duration)
{
	const babel_time end = s->w->now + duration;

	while (s->w->now < end) {
		s->w->now += SECOND;
		world_settle(s->w);
	}
}

/* The line of fe80::2 says that. */
static void
check(struct scene *s, const char *expected)
{
	const char *text = ask(s->w, s->peer, "explain neighbour fe80::2\n");

	if (strstr(text, expected) == NULL)
		fail_msg("no '%s' in %s", expected, text);
}

/* That is said of a route for fd00:1::/64. */
static void
check_reason(struct scene *s, const char *reason)
{
	const char *text = ask(s->w, s->peer, "explain fd00:1::/64\n");
	char expected[64];

	snprintf(expected, sizeof(expected), " reason %s if ", reason);
	if (strstr(text, expected) == NULL)
		fail_msg("no '%s' in %s", expected, text);
}

/* A route that is not repeated was not taken back. */
static void
tells_expired_from_retracted(void **state)
{
	struct scene s = scene_new("interface eth0\n");

	(void)state;
	greet_for(&s, 8 * SECOND, 96);
	world_update(s.w, 1, 2, 0x10000, 100);
	greet_for(&s, 52 * SECOND, 96);
	check_reason(&s, "installed");
	greet_for(&s, 8 * SECOND, 96);
	check_reason(&s, "expired");
	world_update(s.w, 1, 2, 0x10000, 100);
	greet_for(&s, 8 * SECOND, 96);
	check_reason(&s, "installed");
	world_update(s.w, 1, 2, 0x10000, INFINITY_METRIC);
	greet_for(&s, 40 * SECOND, 96);
	check_reason(&s, "retracted");
	scene_free(&s);
}

/* One that is better by less than a tenth waits, and is told to. */
static void
tells_what_may_be_noise(void **state)
{
	struct scene s = scene_new("interface eth0\n");

	(void)state;
	greet_for(&s, 8 * SECOND, 96);
	world_hello(s.w, 1, 3);
	s.w->hello_seqno++;
	world_hello(s.w, 1, 3);
	world_update(s.w, 1, 2, 0x10000, 200);
	world_settle(s.w);
	world_update(s.w, 1, 3, 0x10000, 190);
	world_settle(s.w);
	check_reason(&s, "installed");
	check_reason(&s, "within-noise");
	/* By more than that, but it was not so on average. */
	world_update(s.w, 1, 3, 0x10000, 1000);
	greet_for(&s, 8 * SECOND, 96);
	world_update(s.w, 1, 3, 0x10000, 100);
	world_settle(s.w);
	check_reason(&s, "not-better-on-average");
	scene_free(&s);
}

static void
tells_the_dead_direction(void **state)
{
	struct scene s = scene_new("interface eth0\n");

	(void)state;
	world_update(s.w, 1, 2, 0x10000, 100);
	check(&s, " link no-hello-yet since none heard no hears-us no ");
	check(&s, " hello-age none ihu-age none packet-age 0.000 ");
	greet_for(&s, 8 * SECOND, 0);
	check(&s, " link never-heard-us since none heard yes hears-us no ");
	greet_for(&s, 8 * SECOND, 96);
	check(&s, " link ok since none heard yes hears-us yes ");
	/* It says that it does not hear us any more ... */
	greet_for(&s, 20 * SECOND, INFINITY_METRIC);
	check(&s, " link not-hearing-us since 24.000 heard yes hears-us no ");
	check(&s, " hello-age 4.000 ihu-age 4.000 ");
	/* ... or does not say anything about us. */
	greet_for(&s, 8 * SECOND, 96);
	greet_for(&s, 60 * SECOND, 0);
	check(&s, " link not-hearing-us since 64.000 heard yes hears-us no ");
	scene_free(&s);
}

/* What it says of us still holds when it is not heard any more. */
static void
tells_of_a_silent_neighbour(void **state)
{
	struct scene s = scene_new("interface eth0\n");
	struct world_packet p;

	(void)state;
	greet_for(&s, 8 * SECOND, 96);
	silence_for(&s, 8 * SECOND);
	world_update(s.w, 1, 2, 0x10000, 100);
	check(&s, " link not-heard since 12.000 heard no hears-us yes ");
	check(&s, " packet-age 0.000 ");
	packet_begin(&p);
	put_ihu(&p, INFINITY_METRIC);
	packet_send(s.w, &p, 1, 2);
	check(&s, " link both-dead since 12.000 heard no hears-us no ");
	scene_free(&s);
}

static void
tells_of_a_cost_that_is_too_high(void **state)
{
	struct scene s = scene_new(
	    "interface eth0 type wireless rxcost 60000\n");

	(void)state;
	greet_for(&s, 20 * SECOND, 60000);
	check(&s, " link unusable since none heard yes hears-us yes ");
	check(&s, " cost 65535 ");
	scene_free(&s);
}

static void
configure(struct world *w, const char *text)
{
	struct configuration *old = w->conf;

	w->conf = world_configuration(text);
	babel_configure(w->babel, w->now, w->conf);
	configuration_free(old);
	world_link(w, 1, "eth0", true);
	world_settle(w);
}

static void
tells_of_signatures(void **state)
{
	struct scene s = scene_new("interface eth0\n");

	(void)state;
	greet_for(&s, 8 * SECOND, 96);
	check(&s, " mac off mac-dropped 0 mac-reason none mac-age none ");
	configure(s.w, KEY "interface eth0 key k\n");
	greet(&s, 96);
	greet(&s, 96);
	silence_for(&s, SECOND);
	check(&s, " mac required mac-dropped 2 mac-reason mac-missing"
	    " mac-age 1.000 ");
	configure(s.w, KEY "interface eth0 key k accept-bad-signatures true\n");
	greet(&s, 96);
	check(&s, " mac lenient mac-dropped 2 ");
	scene_free(&s);
}

/* One who is no neighbour yet, for want of a signature. */
static void
tells_of_strangers(void **state)
{
	struct scene s = scene_new(KEY "interface eth0 key k\n");

	(void)state;
	assert_string_equal(ask(s.w, s.peer, "explain neighbour\n"), "ok\n");
	world_hello(s.w, 1, 3);
	greet(&s, 96);
	greet(&s, 96);
	assert_string_equal(ask(s.w, s.peer, "explain neighbour\n"),
	    "stranger fe80::2 mac required mac-dropped 2"
	    " mac-reason mac-missing mac-age 0.000 if eth0\nok\n");
	assert_string_equal(ask(s.w, s.peer,
	    "json explain neighbour fe80::2\n"),
	    "{\"object\":\"stranger\",\"id\":\"fe80::2\",\"mac\":\"required\","
	    "\"mac-dropped\":2,\"mac-reason\":\"mac-missing\","
	    "\"mac-age\":0.000,\"babel-interface-reference\":\"eth0\"}\nok\n");
	assert_string_equal(ask(s.w, s.peer, "explain neighbour fe80::3\n"),
	    "ok\n");
	/* Once it is believed it has a line of its own. */
	configure(s.w, "interface eth0\n");
	greet(&s, 96);
	assert_null(strstr(ask(s.w, s.peer, "explain neighbour\n"),
	    "stranger"));
	scene_free(&s);
}

static void
tells_of_the_size_of_packets(void **state)
{
	struct scene s = scene_new("interface eth0 probe-mtu true\n");

	(void)state;
	world_update(s.w, 1, 2, 0x10000, 100);
	check(&s, " mtu 1500 mtu-probe unknown sends-failed 0"
	    " send-errno none send-reason none send-age none ");
	greet_for(&s, 8 * SECOND, INFINITY_METRIC);
	check(&s, " mtu-probe lost ");
	greet_for(&s, 8 * SECOND, 96);
	check(&s, " mtu-probe passed ");
	lose(&s, EMSGSIZE);
	check(&s, " mtu-probe too-big sends-failed 1 ");
	lose(&s, EPERM);
	check(&s, " mtu-probe passed sends-failed 2 ");
	lose(&s, EMSGSIZE);
	greet_for(&s, 12 * SECOND, 96);
	check(&s, " mtu-probe passed sends-failed 3 ");
	check(&s, " send-reason too-big send-age 12.000 ");
	configure(s.w, "interface eth0\n");
	check(&s, " mtu-probe off ");
	scene_free(&s);
}

static void
tells_what_does_not_leave(void **state)
{
	struct scene s = scene_new("interface eth0\n");
	char told[160];

	(void)state;
	assert_string_equal(ask(s.w, s.peer, "explain neighbour\n"), "ok\n");
	/* Told in the log at once, and then only what is new. */
	assert_true(lose(&s, EDESTADDRREQ));
	assert_false(lose(&s, EDESTADDRREQ));
	assert_true(lose(&s, ENOKEY));
	silence_for(&s, 59 * SECOND);
	assert_false(lose(&s, ENOKEY));
	silence_for(&s, SECOND);
	assert_true(lose(&s, ENOKEY));
	snprintf(told, sizeof(told), "interface eth0 up yes sends-failed 5 "
	    "send-errno %d send-reason no-peer send-age 0.000 if eth0\nok\n",
	    ENOKEY);
	assert_string_equal(ask(s.w, s.peer, "explain neighbour\n"), told);
	assert_string_equal(ask(s.w, s.peer, "explain neighbour fe80::2\n"),
	    "ok\n");
	/* Once there is a neighbour, its line tells. */
	greet(&s, 96);
	check(&s, " send-reason no-peer ");
	assert_null(strstr(ask(s.w, s.peer, "explain neighbour\n"),
	    "interface eth0 "));
	lose(&s, EDESTADDRREQ);
	check(&s, " send-reason no-endpoint ");
	scene_free(&s);
}

/* Routes of the kernel: an address, one that a rule denies, one that a rule
 * announces, one that no rule is for. */
static void
tells_of_kernel_routes(void **state)
{
	struct scene s = scene_new("interface eth0\n"
	    "redistribute ip fd02::/16 proto 4 deny\n"
	    "redistribute ip fd02::/16 metric 7\n");
	struct kernel_route route = { .table = 254, .proto = 4,
	    .priority = 1024, .ifindex = 1, .ifname = "eth0" };
	struct prefix to;
	const char *text;

	(void)state;
	assert_string_equal(ask(s.w, s.peer, "explain fd02:1::1\n"),
	    "no No such destination\n");
	assert_int_equal(prefix_parse("fd02::/16", &to), 0);
	route.key = destination_key_of(&to, NULL);
	babel_kernel_route(s.w->babel, s.w->now, &route, true);
	assert_string_equal(ask(s.w, s.peer, "explain fd02:1::1\n"),
	    "kernel-route fd02::/16-::/0 prefix fd02::/16 from ::/0"
	    " type unicast table 254 priority 1024 proto 4 announced no"
	    " reason denied rule 1 if eth0\nok\n");
	assert_int_equal(prefix_parse("fd02:1::/32", &to), 0);
	route.key = destination_key_of(&to, NULL);
	route.proto = 9;
	babel_kernel_route(s.w->babel, s.w->now, &route, true);
	assert_int_equal(prefix_parse("::/0", &to), 0);
	route.key = destination_key_of(&to, NULL);
	route.type = ROUTE_UNREACHABLE;
	route.ifname[0] = '\0';
	babel_kernel_route(s.w->babel, s.w->now, &route, true);
	world_settle(s.w);
	text = ask(s.w, s.peer, "explain fd02:1::1\n");
	assert_int_equal(count_lines(text, "destination fd02:1::/32-"), 1);
	assert_int_equal(count_lines(text, "kernel-route "), 3);
	assert_non_null(strstr(text, " type unreachable table 254 priority"
	    " 1024 proto 9 announced no reason no-rule rule none"));
	/* A prefix is explained by what holds all of it. */
	text = ask(s.w, s.peer, "json explain fd02:1:2::/48\n");
	assert_non_null(strstr(text, "\"object\":\"destination\""));
	assert_int_equal(count_lines(text, "{\"object\":\"kernel-route\""), 3);
	text = ask(s.w, s.peer, "explain fd00::/8\n");
	assert_int_equal(count_lines(text, "kernel-route ::/0-::/0 "), 1);
	assert_int_equal(count_lines(text, "kernel-route "), 1);
	scene_free(&s);
}

static void
tells_of_interfaces(void **state)
{
	struct scene s = scene_new("interface eth0 hello-interval 2\n"
	    "interface eth1\ninterface eth2\n");
	const char *text;

	(void)state;
	world_link(s.w, 2, "eth1", false);
	text = ask(s.w, s.peer, "explain interface\n");
	assert_int_equal(count_lines(text, "interface "), 3);
	assert_non_null(strstr(text, "interface eth0 state running carrier"
	    " yes found wired found-by none port-of none mtu 1500"
	    " type wired"));
	assert_non_null(strstr(text, " hello-interval 2.000 "));
	assert_non_null(strstr(text, "interface eth1 state down carrier no"));
	assert_non_null(strstr(text, "interface eth2 state absent "));
	lose(&s, EPERM);
	text = ask(s.w, s.peer, "json explain interface eth0\n");
	assert_int_equal(count_lines(text, "{\"object\":\"interface\""), 1);
	assert_non_null(strstr(text, "\"sends-failed\":1,"));
	assert_non_null(strstr(text, "\"send-reason\":\"forbidden\""));
	assert_string_equal(ask(s.w, s.peer, "explain interface eth9\n"),
	    "no No such interface\n");
	scene_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_expired_from_retracted),
		cmocka_unit_test(tells_what_may_be_noise),
		cmocka_unit_test(tells_the_dead_direction),
		cmocka_unit_test(tells_of_a_silent_neighbour),
		cmocka_unit_test(tells_of_a_cost_that_is_too_high),
		cmocka_unit_test(tells_of_signatures),
		cmocka_unit_test(tells_of_strangers),
		cmocka_unit_test(tells_of_the_size_of_packets),
		cmocka_unit_test(tells_what_does_not_leave),
		cmocka_unit_test(tells_of_kernel_routes),
		cmocka_unit_test(tells_of_interfaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
