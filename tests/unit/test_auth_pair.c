/*
 * test_auth_pair.c - two engines with keys on one link: how fast they come
 * together, what a restart, a change of keys, lost, late, repeated and
 * forged packets do to them.
 */
#include "router.h"

#define A		0
#define B		1
#define PREFIX_A	"2001:db8:a::/64"
#define PREFIX_B	"2001:db8:b::/64"
#define EXTRA_A		"2001:db8:aa::/64"
#define FLYING		512
#define TAPE		4096
#define KEY_A		"key id a type hmac-sha256 value " \
			"000102030405060708090a0b0c0d0e0f\n"
#define KEY_B		"key id b type blake2s128 value " \
			"202122232425262728292a2b2c2d2e2f\n"
#define LINK		"redistribute proto 4\ninterface link "
#define NO_KEY		LINK
#define ONE_KEY		KEY_A KEY_B LINK "key a"
#define TWO_KEYS	KEY_A KEY_B LINK "key a key b"
#define OTHER_KEY	KEY_A KEY_B LINK "key b"

static const char *const addresses[2] = { "fe80::a", "fe80::b" };
static const char *const prefixes[2] = { PREFIX_A, PREFIX_B };

struct flight {
	babel_time due;
	unsigned int to;
	struct sent packet;
};

/* The two, and what lies between them. */
struct pair {
	struct router routers[2];
	babel_time now;
	uint64_t random;
	babel_time delay, multicast_delay;	/* one way */
	unsigned int loss;			/* per cent */
	struct flight *flying;
	unsigned int flying_count;
	struct flight *tape;			/* all that was delivered */
	unsigned int taped;
};

static struct pair pair;

static void
pair_start_one(unsigned int i, const char *text)
{
	struct router *r = &pair.routers[i];

	r->now = pair.now;
	if (r->random == 0)
		r->random = pair.random + i + 1;
	router_start(r, addresses[i], text);
	router_originate(r, prefixes[i], true);
}

static int
pair_set_up(void **state)
{
	(void)state;
	memset(&pair, 0, sizeof(pair));
	pair.now = 1000 * SECOND;
	pair.random = 1;
	pair.delay = pair.multicast_delay = MILLISECOND;
	pair.flying = calloc(FLYING, sizeof(*pair.flying));
	pair.tape = calloc(TAPE, sizeof(*pair.tape));
	return pair.flying == NULL || pair.tape == NULL ? -1 : 0;
}

static int
pair_tear_down(void **state)
{
	(void)state;
	router_end(&pair.routers[A]);
	router_end(&pair.routers[B]);
	free(pair.flying);
	free(pair.tape);
	return 0;
}

/* What a router has sent takes off, or is lost. */
static void
pair_take_off(unsigned int from)
{
	struct router *r = &pair.routers[from];
	struct flight *flight;
	unsigned int i;

	for (i = 0; i < r->sent_count; i++) {
		if (unit_random_below(&pair.random, 100) < pair.loss)
			continue;
		assert_in_range(pair.flying_count, 0, FLYING - 1);
		flight = &pair.flying[pair.flying_count++];
		flight->packet = r->sent[i];
		flight->to = !from;
		flight->due = pair.now + (r->sent[i].to.s6_addr[0] == 0xFF ?
		    pair.multicast_delay : pair.delay);
	}
	r->sent_count = 0;
}

static void
pair_record(const struct flight *flight)
{
	if (pair.taped < TAPE)
		pair.tape[pair.taped++] = *flight;
}

static void
pair_land(void)
{
	struct flight flight;
	unsigned int i;

	for (i = 0; i < pair.flying_count;) {
		if (pair.flying[i].due > pair.now) {
			i++;
			continue;
		}
		flight = pair.flying[i];
		memmove(&pair.flying[i], &pair.flying[i + 1],
		    (--pair.flying_count - i) * sizeof(flight));
		if (pair.routers[flight.to].babel == NULL)
			continue;
		pair_record(&flight);
		router_receive(&pair.routers[flight.to], &flight.packet);
	}
}

/* Until the condition holds, if there is one, or that much has passed;
 * returns how much has. */
static babel_time
pair_run(babel_time duration, bool (*condition)(void))
{
	const babel_time began = pair.now, end = pair.now + duration;
	babel_time next;
	unsigned int i;

	while (pair.now < end && (condition == NULL || !condition())) {
		next = pair.now + 100 * MILLISECOND;
		pair_land();
		for (i = 0; i < 2; i++) {
			pair.routers[i].now = pair.now;
			if (pair.routers[i].babel == NULL)
				continue;
			next = time_min(next, router_turn(&pair.routers[i]));
			pair_take_off(i);
		}
		for (i = 0; i < pair.flying_count; i++)
			next = time_min(next, pair.flying[i].due);
		pair.now = time_min(end, time_max(next, pair.now + 100));
		pair.routers[A].now = pair.routers[B].now = pair.now;
	}
	return pair.now - began;
}

static bool
b_has_route(void)
{
	return router_has(&pair.routers[B], PREFIX_A);
}

static bool
b_has_extra(void)
{
	return router_has(&pair.routers[B], EXTRA_A);
}

static bool
b_lost_route(void)
{
	return !b_has_route();
}

static bool
both_have_routes(void)
{
	return b_has_route() && router_has(&pair.routers[A], PREFIX_B);
}

static bool
both_are_proven(void)
{
	unsigned int i;
	const struct neighbour *n;
	struct in6_addr other;

	for (i = 0; i < 2; i++) {
		other = address_of(addresses[!i]);
		n = router_neighbour(&pair.routers[i], &other);
		if (n == NULL || !router_believes(&pair.routers[i], n))
			return false;
	}
	return true;
}

static void
pair_start(const char *a, const char *b)
{
	pair_start_one(A, a);
	pair_start_one(B, b);
}

static uint64_t
pair_count(enum babel_counter counter)
{
	return router_count(&pair.routers[A], counter) +
	    router_count(&pair.routers[B], counter);
}

static uint64_t
pair_drops(void)
{
	return router_drops(&pair.routers[A]) + router_drops(&pair.routers[B]);
}

static double
ms(babel_time duration)
{
	return (double)duration / MILLISECOND;
}

/* covers: B113 F39 */
static void
they_come_together(void **state)
{
	babel_time took;

	(void)state;
	pair_start(ONE_KEY, ONE_KEY);
	took = pair_run(10 * SECOND, both_have_routes);
	printf("routes after %.0f ms, %llu challenges, %llu drops\n",
	    ms(took), (unsigned long long)pair_count(COUNT_CHALLENGES_SENT),
	    (unsigned long long)pair_drops());
	assert_true(both_have_routes());
	assert_in_range(took, 1, 2 * SECOND);
	assert_int_equal(pair_count(COUNT_CHALLENGES_SENT), 2);
	pair_run(30 * SECOND, NULL);
	assert_in_range(pair_drops(), 2, 4);
	assert_int_equal(pair_count(COUNT_CHALLENGES_SENT), 2);
}

/* Each in turn, quickly and slowly: one challenge by either side, all
 * routes back. */
/* covers: M16 M17 */
static void
a_restart_takes_one_challenge(void **state)
{
	static const babel_time absences[] = { 50 * MILLISECOND, 2 * SECOND,
		15 * SECOND };
	babel_time took, worst = 0;
	uint64_t challenges;
	unsigned int i;

	(void)state;
	pair_start(ONE_KEY, ONE_KEY);
	for (i = 0; i < 12; i++) {
		pair_run(30 * SECOND, NULL);
		assert_true(both_have_routes());
		router_kill(&pair.routers[i % 2]);
		pair_run(absences[i % 3], NULL);
		challenges = router_count(&pair.routers[!(i % 2)],
		    COUNT_CHALLENGES_SENT);
		pair_start_one(i % 2, ONE_KEY);
		took = pair_run(10 * SECOND, both_have_routes);
		assert_true(both_have_routes());
		worst = time_max(worst, took);
		assert_int_equal(router_count(&pair.routers[i % 2],
		    COUNT_CHALLENGES_SENT), 1);
		assert_int_equal(router_count(&pair.routers[!(i % 2)],
		    COUNT_CHALLENGES_SENT), challenges + 1);
	}
	printf("12 restarts, routes back after %.0f ms at worst\n", ms(worst));
	assert_in_range(worst, 1, 2 * SECOND);
}

/* It comes back while it is probed: what it does not answer, for it cannot
 * believe us yet, does not make it another neighbour. */
static void
a_restart_amid_a_probe_takes_one_challenge(void **state)
{
	uint64_t challenges, probes, lost = 0;
	struct babel *a;
	unsigned int i;

	(void)state;
	pair_start(ONE_KEY, ONE_KEY);
	for (i = 0; i < 60; i++) {
		pair_run(30 * SECOND, NULL);
		a = pair.routers[A].babel;
		probes = a->counters[COUNT_PROBES_SENT];
		router_kill(&pair.routers[B]);
		while (a->counters[COUNT_PROBES_SENT] == probes)
			pair_run(10 * MILLISECOND, NULL);
		pair_run(i * 10 * MILLISECOND, NULL);
		lost += a->neighbour_count == 0;
		challenges = a->counters[COUNT_CHALLENGES_SENT];
		pair_start_one(B, ONE_KEY);
		pair_run(10 * SECOND, both_have_routes);
		assert_true(both_have_routes());
		assert_int_equal(a->counters[COUNT_CHALLENGES_SENT],
		    challenges + 1);
	}
	/* Some came too late. */
	assert_in_range(lost, 1, 40);
}

/* Everything that was ever said, said again, to either side: after the
 * next restart, too. */
static void
replays_change_nothing(void **state)
{
	struct in6_addr a = address_of(addresses[A]);
	const struct neighbour *n;
	uint64_t hellos, accepted, updates;
	unsigned int i, again, count;

	(void)state;
	pair_start(ONE_KEY, ONE_KEY);
	pair_run(60 * SECOND, NULL);
	for (again = 0; again < 2; again++) {
		n = router_neighbour(&pair.routers[B], &a);
		hellos = n->multicast.expected;
		accepted = pair_count(COUNT_TLVS_RECEIVED);
		updates = pair_count(COUNT_UPDATES_SENT);
		count = pair.taped;
		for (i = 0; i < count; i++)
			router_receive(&pair.routers[pair.tape[i].to],
			    &pair.tape[i].packet);
		assert_in_range(count, 20, TAPE);
		assert_int_equal(pair_count(COUNT_TLVS_RECEIVED), accepted);
		assert_int_equal(n->multicast.expected, hellos);
		pair_run(SECOND, NULL);
		assert_true(both_have_routes());
		assert_in_range(pair_count(COUNT_UPDATES_SENT), updates,
		    updates + 4);
		assert_int_equal(pair.routers[B].babel->neighbour_count, 1);
		router_kill(&pair.routers[A]);
		pair_start_one(A, ONE_KEY);
		pair_run(30 * SECOND, NULL);
		assert_true(both_have_routes());
	}
}

/* Replays of an old life, all the time: the new one is not disturbed. */
static void
old_packets_do_not_disturb(void **state)
{
	unsigned int i, old;
	uint64_t updates;

	(void)state;
	pair_start(ONE_KEY, ONE_KEY);
	pair_run(30 * SECOND, NULL);
	old = pair.taped;
	router_kill(&pair.routers[A]);
	pair_start_one(A, ONE_KEY);
	pair_run(2 * SECOND, both_have_routes);
	assert_true(both_have_routes());
	updates = pair_count(COUNT_UPDATES_SENT);
	for (i = 0; i < 3000; i++) {
		router_receive(&pair.routers[pair.tape[i % old].to],
		    &pair.tape[i % old].packet);
		pair_run(10 * MILLISECOND, NULL);
		assert_true(both_have_routes());
	}
	assert_in_range(pair_count(COUNT_DROP_INDEX_UNKNOWN), 1000, 3000);
	/* At most a challenge in 300 ms, by either. */
	assert_in_range(pair_count(COUNT_CHALLENGES_SENT), 10, 210);
	/* Dumps now and then, never with each of them. */
	assert_in_range(pair_count(COUNT_UPDATES_SENT) - updates, 0, 60);
}

/* Wi-Fi: multicast waits for sleepers, unicast does not. */
/* covers: X1 */
static void
late_multicast_is_heard(void **state)
{
	uint64_t drops;

	(void)state;
	pair.multicast_delay = 200 * MILLISECOND;
	pair_start(ONE_KEY " hello-interval 0.5 update-interval 1",
	    ONE_KEY " hello-interval 0.5 update-interval 1");
	pair_run(5 * SECOND, both_have_routes);
	assert_true(both_have_routes());
	drops = pair_drops();
	pair_run(60 * SECOND, NULL);
	assert_true(both_have_routes());
	assert_int_equal(pair_drops(), drops);
}

/* The way there and back is longer than the pause between challenges. */
static void
a_long_way_is_no_obstacle(void **state)
{
	(void)state;
	pair.delay = pair.multicast_delay = 400 * MILLISECOND;
	pair_start(ONE_KEY " hello-interval 0.2",
	    ONE_KEY " hello-interval 0.2");
	pair_run(10 * SECOND, both_have_routes);
	assert_true(both_have_routes());
}

static void
loss_is_survived(void **state)
{
	unsigned int seed;

	(void)state;
	for (seed = 1; seed <= 20; seed++) {
		pair.random = seed;
		pair.loss = 30;
		pair.routers[A].random = pair.routers[B].random = 0;
		pair_start(ONE_KEY, ONE_KEY);
		pair_run(60 * SECOND, both_are_proven);
		assert_true(both_are_proven());
		pair.loss = 0;
		pair_run(30 * SECOND, both_have_routes);
		assert_true(both_have_routes());
		router_kill(&pair.routers[A]);
		router_kill(&pair.routers[B]);
	}
}

/* One key, both, the other: at no step is a packet lost. */
/* covers: M29 */
static void
keys_are_rolled_over(void **state)
{
	static const char *const steps[] = { TWO_KEYS, OTHER_KEY, TWO_KEYS,
		ONE_KEY };
	uint64_t drops;
	unsigned int i;

	(void)state;
	pair_start(ONE_KEY, ONE_KEY);
	pair_run(30 * SECOND, NULL);
	drops = pair_drops();
	for (i = 0; i < 8; i++) {
		router_configure(&pair.routers[i % 2], steps[i / 2]);
		pair_run(10 * SECOND, b_lost_route);
		assert_true(both_have_routes());
	}
	assert_int_equal(pair_drops(), drops);
	assert_int_equal(pair_count(COUNT_CHALLENGES_SENT), 2);
}

/* From no keys to keys and back, by way of the lenient mode. */
static void
keys_are_introduced(void **state)
{
	static const char *const steps[] = {
		ONE_KEY " accept-bad-signatures true", ONE_KEY,
		ONE_KEY " accept-bad-signatures true", NO_KEY,
	};
	unsigned int i;

	(void)state;
	pair_start(NO_KEY, NO_KEY);
	pair_run(30 * SECOND, NULL);
	assert_true(both_have_routes());
	for (i = 0; i < 8; i++) {
		router_configure(&pair.routers[i % 2], steps[i / 2]);
		pair_run(20 * SECOND, b_lost_route);
		assert_true(both_have_routes());
	}
	assert_int_equal(pair_drops(), 0);
	assert_in_range(pair_count(COUNT_BAD_SIGNATURES_ACCEPTED), 1, 1000);
}

static void
wrong_keys_keep_apart(void **state)
{
	(void)state;
	pair_start(ONE_KEY, OTHER_KEY);
	pair_run(60 * SECOND, NULL);
	assert_int_equal(pair.routers[A].babel->neighbour_count, 0);
	assert_int_equal(pair.routers[B].babel->neighbour_count, 0);
	assert_int_equal(pair_count(COUNT_CHALLENGES_SENT), 0);
	assert_in_range(pair_count(COUNT_DROP_MAC_WRONG), 20, 1000);
	router_configure(&pair.routers[B], ONE_KEY);
	pair_run(6 * SECOND, both_have_routes);
	assert_true(both_have_routes());
}

/* One side has no key: the other does not listen, and gets no routes;
 * with one, all is well. */
static void
a_missing_key_keeps_apart(void **state)
{
	(void)state;
	pair_start(ONE_KEY, NO_KEY);
	pair_run(60 * SECOND, NULL);
	assert_int_equal(pair.routers[A].babel->neighbour_count, 0);
	assert_int_equal(pair.routers[A].installed_count, 0);
	assert_int_equal(pair.routers[B].installed_count, 0);
	assert_in_range(pair_count(COUNT_DROP_MAC_MISSING), 10, 1000);
	router_configure(&pair.routers[B], ONE_KEY);
	pair_run(6 * SECOND, both_have_routes);
	assert_true(both_have_routes());
}

/* Our index ends in the middle of everything.  What is announced just
 * then is dropped, and must be said again at once. */
static void
a_new_index_loses_no_update(void **state)
{
	babel_time took;

	(void)state;
	pair_start(ONE_KEY " update-interval 600",
	    ONE_KEY " update-interval 600");
	pair_run(30 * SECOND, NULL);
	assert_true(both_have_routes());
	router_interface(&pair.routers[A])->auth.pc = UINT32_MAX;
	router_originate(&pair.routers[A], EXTRA_A, true);
	took = pair_run(5 * SECOND, b_has_extra);
	assert_true(b_has_extra());
	printf("announced under a new index: there after %.0f ms\n",
	    ms(took));
	assert_in_range(took, 1, SECOND);
	assert_int_equal(router_count(&pair.routers[B],
	    COUNT_CHALLENGES_SENT), 2);
	assert_true(both_have_routes());
}

static void
unicast_interfaces_work(void **state)
{
	(void)state;
	pair_start(ONE_KEY " unicast true", ONE_KEY " unicast true");
	pair_run(3 * SECOND, both_have_routes);
	assert_true(both_have_routes());
	router_originate(&pair.routers[A], EXTRA_A, true);
	pair_run(SECOND, b_has_extra);
	assert_true(b_has_extra());
	pair_run(60 * SECOND, b_lost_route);
	assert_true(both_have_routes());
	assert_in_range(pair_drops(), 2, 4);
}

/* The interface goes down and comes back: the index goes on, so that the
 * other side, which may not have noticed, has nothing to ask. */
static void
an_index_survives_its_link(void **state)
{
	struct link_state down = { .ifindex = ROUTER_IFINDEX, .name = "link",
		.mtu = ROUTER_MTU, .kind = LINK_WIRED };

	(void)state;
	pair_start(ONE_KEY, ONE_KEY);
	pair_run(30 * SECOND, NULL);
	babel_link_changed(pair.routers[A].babel, pair.now, &down);
	pair_run(SECOND, NULL);
	router_tell_link(&pair.routers[A]);
	pair_run(3 * SECOND, both_have_routes);
	assert_true(both_have_routes());
	assert_int_equal(router_count(&pair.routers[A],
	    COUNT_CHALLENGES_SENT), 2);
	assert_int_equal(router_count(&pair.routers[B],
	    COUNT_CHALLENGES_SENT), 1);
}

#define PAIR_TEST(name) \
	cmocka_unit_test_setup_teardown(name, pair_set_up, pair_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR_TEST(they_come_together),
		PAIR_TEST(a_restart_takes_one_challenge),
		PAIR_TEST(a_restart_amid_a_probe_takes_one_challenge),
		PAIR_TEST(replays_change_nothing),
		PAIR_TEST(old_packets_do_not_disturb),
		PAIR_TEST(late_multicast_is_heard),
		PAIR_TEST(a_long_way_is_no_obstacle),
		PAIR_TEST(loss_is_survived),
		PAIR_TEST(keys_are_rolled_over),
		PAIR_TEST(keys_are_introduced),
		PAIR_TEST(wrong_keys_keep_apart),
		PAIR_TEST(a_missing_key_keeps_apart),
		PAIR_TEST(a_new_index_loses_no_update),
		PAIR_TEST(unicast_interfaces_work),
		PAIR_TEST(an_index_survives_its_link),
	};

	return cmocka_run_group_tests_name("auth, two routers", tests, NULL,
	    NULL);
}
