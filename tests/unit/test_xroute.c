/*
 * test_xroute.c - what is redistributed: exact book-keeping of the kernel's
 * routes, against a naive twin, and what neighbours hear of it.
 */
#include "stage.h"

#include "xroute.h"

#define FILTERED "interface e1\ninterface e2\n" \
    "redistribute proto 11 metric 11\nredistribute proto 12 metric 12\n" \
    "redistribute proto 13 metric 13\n"

/* The kernel's routes to one prefix that differ in all that may differ. */
static struct kernel_route
route_of(const char *prefix, uint8_t proto, uint32_t priority)
{
	struct kernel_route route = { .table = 254, .ifindex = 9,
		.proto = proto, .priority = priority, .type = ROUTE_UNICAST,
		.ifname = "stub" };

	route.key = key_of(prefix, NULL);
	return route;
}

static void
offer(struct world *w, const struct kernel_route *route, bool present)
{
	babel_kernel_route(w->babel, w->now, route, present);
}

/* The metric that is redistributed for the prefix; -1 for none. */
static int
exported(const struct world *w, const char *prefix)
{
	const struct destination *d = world_destination(w, prefix);

	return d == NULL || d->xroute == NULL ? -1 : d->xroute->metric;
}

static unsigned int
updates(const struct world *w, const char *prefix, enum finiteness metric)
{
	return heard_count(w, WHICH(.type = TLV_UPDATE, .prefix = prefix,
	    .ifindex = 2, .metric = metric));
}

/* covers: Q4 */
static void
exactly_the_withdrawn_prefix_is_retracted(void **state)
{
	static const char *const prefixes[] = { "10.77.0.0/16",
		"10.99.0.0/16", "10.99.3.0/24", "10.99.3.1/32",
		"2001:db8:77::/48", "2001:db8:77::/64" };
	const size_t count = sizeof(prefixes) / sizeof(prefixes[0]);
	struct world *w = world_new(FILTERED);
	struct kernel_route route;
	size_t i, j;

	(void)state;
	talker_met(w, 2);
	for (i = 0; i < count; i++) {
		route = route_of(prefixes[i], 11, 0);
		offer(w, &route, true);
	}
	world_pass(w, SECOND);
	for (i = 0; i < count; i++) {
		world_clear(w);
		route = route_of(prefixes[i], 11, 0);
		offer(w, &route, false);
		world_pass(w, SECOND);
		for (j = 0; j < count; j++)
			assert_int_equal(updates(w, prefixes[j],
			    INFINITE) > 0, i == j);
		assert_int_equal(exported(w, prefixes[i]), -1);
		offer(w, &route, true);
		world_pass(w, SECOND);
	}
	world_free(w);
}

/* covers: Q4 */
static void
one_of_several_goes_unnoticed(void **state)
{
	struct world *w = world_new(FILTERED);
	struct kernel_route best = route_of(OWN, 11, 5);
	struct kernel_route second = route_of(OWN, 11, 6);
	struct kernel_route denied = route_of(OWN, 99, 1);

	(void)state;
	talker_met(w, 2);
	offer(w, &second, true);
	offer(w, &denied, true);
	offer(w, &best, true);
	world_pass(w, SECOND);
	assert_int_equal(exported(w, OWN), 11);
	world_clear(w);
	offer(w, &best, false);
	offer(w, &denied, false);
	world_pass(w, SECOND);
	assert_int_equal(exported(w, OWN), 11);
	assert_int_equal(updates(w, OWN, INFINITE), 0);
	/* Withdrawn twice, or without having been there: nothing. */
	offer(w, &best, false);
	world_pass(w, SECOND);
	assert_int_equal(exported(w, OWN), 11);
	/* Another one of a better priority is told, with its metric. */
	best = route_of(OWN, 12, 5);
	offer(w, &best, true);
	world_pass(w, SECOND);
	assert_int_equal(exported(w, OWN), 12);
	offer(w, &second, false);
	offer(w, &best, false);
	world_pass(w, SECOND);
	assert_int_not_equal(updates(w, OWN, INFINITE), 0);
	world_free(w);
}

/* covers: Q4 */
static void
filters_are_asked_again_at_once(void **state)
{
	struct world *w = world_new(FILTERED);
	struct kernel_route route = route_of(OWN, 11, 5);

	(void)state;
	talker_met(w, 2);
	offer(w, &route, true);
	world_pass(w, SECOND);
	world_clear(w);
	world_configure(w, "interface e1\ninterface e2\n"
	    "redistribute proto 11 metric 77\n");
	world_pass(w, SECOND);
	assert_int_equal(exported(w, OWN), 77);
	assert_int_not_equal(updates(w, OWN, FINITE), 0);
	world_configure(w, "interface e1\ninterface e2\n"
	    "redistribute proto 11 deny\n");
	world_pass(w, SECOND);
	assert_int_equal(exported(w, OWN), -1);
	assert_int_not_equal(updates(w, OWN, INFINITE), 0);
	/* A route that changes what it is asked for by, changes. */
	world_configure(w, "interface e1\ninterface e2\n"
	    "redistribute if stub metric 5\nredistribute deny\n");
	offer(w, &route, true);
	world_pass(w, SECOND);
	assert_int_equal(exported(w, OWN), 5);
	strlcpy(route.ifname, "renamed", sizeof(route.ifname));
	offer(w, &route, true);
	world_pass(w, SECOND);
	assert_int_equal(exported(w, OWN), -1);
	world_free(w);
}

static unsigned int
offers(const struct world *w)
{
	const struct xroute_offer *offer;
	unsigned int n = 0;

	TREE_FOREACH(offer, offer_tree, &w->babel->offers)
		n++;
	return n;
}

/* There may be a million routes that no rule wants; a few are kept to be
 * explained. */
static void
what_no_rule_wants_is_not_kept(void **state)
{
	struct world *w = world_new(FILTERED);
	struct kernel_route route = route_of(OWN, 99, 5);
	const unsigned int few = 1024;
	int round;

	(void)state;
	for (round = 0; round < 3; round++) {
		for (route.priority = 0; route.priority < 5000;
		    route.priority++) {
			route.proto = 99;
			assert_false(babel_kernel_route(w->babel, w->now,
			    &route, true));
		}
		assert_int_equal(offers(w), few);
		route.priority = 5;
		assert_false(babel_kernel_route(w->babel, w->now, &route,
		    false));
		assert_int_equal(offers(w), few - 1);
		assert_false(babel_kernel_route(w->babel, w->now, &route,
		    true));
		/* What a rule wants is kept beside them ... */
		route.proto = 11;
		assert_true(babel_kernel_route(w->babel, w->now, &route,
		    true));
		assert_int_equal(offers(w), few + 1);
		/* ... until none does. */
		world_configure(w, "interface e1\ninterface e2\n"
		    "redistribute proto 11 deny\n");
		world_pass(w, SECOND);
		assert_int_equal(offers(w), few);
		world_configure(w, FILTERED);
		assert_true(babel_kernel_route(w->babel, w->now, &route,
		    true));
		assert_true(babel_kernel_route(w->babel, w->now, &route,
		    false));
		assert_int_equal(offers(w), few);
	}
	world_free(w);
}

/* A route takes the place of another, of whatever protocol. */
static void
what_is_displaced_is_withdrawn(void **state)
{
	struct world *w = world_new(FILTERED);
	struct kernel_route old = route_of(OWN, 11, 5);
	struct kernel_route new = route_of(OWN, 12, 5);
	struct kernel_route stranger = route_of(OWN, 99, 5);
	struct kernel_route beside = route_of(OWN, 13, 6);

	(void)state;
	offer(w, &old, true);
	offer(w, &beside, true);
	offer(w, &new, true);
	assert_int_equal(babel_kernel_displaced(w->babel, w->now, &new), 1);
	world_pass(w, SECOND);
	assert_int_equal(exported(w, OWN), 12);
	offer(w, &stranger, true);
	assert_int_equal(babel_kernel_displaced(w->babel, w->now, &stranger),
	    1);
	world_pass(w, SECOND);
	assert_int_equal(exported(w, OWN), 13);
	assert_int_equal(babel_kernel_displaced(w->babel, w->now, &stranger),
	    0);
	world_free(w);
}

/* What was an own network leads nowhere for a while; the kernel's entry
 * for that is not in the way of who puts the network back. */
static void
a_lost_network_is_held_out_of_the_way(void **state)
{
	struct world *w = world_new(FILTERED "kernel-priority 7\n");
	struct kernel_route route = route_of(OWN, 11, 7);
	struct kernel_route address = route_of("2001:db8:9::1/128", 0, 0);

	(void)state;
	talker_met(w, 2)->mute = true;
	address.local = true;
	offer(w, &route, true);
	offer(w, &address, true);
	world_pass(w, SECOND);
	assert_null(world_installed(w, OWN));
	offer(w, &route, false);
	offer(w, &address, false);
	world_pass(w, SECOND);
	assert_true(world_installed(w, OWN)->unreachable);
	assert_true(world_installed(w, OWN)->priority == UINT32_MAX);
	assert_null(world_installed(w, "2001:db8:9::1/128"));
	offer(w, &route, true);
	world_pass(w, SECOND);
	assert_null(world_installed(w, OWN));
	assert_int_equal(exported(w, OWN), 11);
	world_free(w);
}

#define PREFIXES	5
#define PROTOS		4		/* the last one is filtered out */
#define PRIORITIES	3
#define PLACES		2		/* tables, and interfaces */
#define ROUTES		(PREFIXES * PROTOS * PRIORITIES * PLACES)

static const char *const random_prefixes[PREFIXES] = { "10.0.0.0/8",
	"10.1.0.0/16", "10.1.0.0/24", "2001:db8::/32", "2001:db8::/48" };

static struct kernel_route
route_of_number(unsigned int n)
{
	struct kernel_route route;

	route = route_of(random_prefixes[n % PREFIXES],
	    (uint8_t)(11 + n / PREFIXES % PROTOS),
	    n / (PREFIXES * PROTOS) % PRIORITIES);
	if (n / (PREFIXES * PROTOS * PRIORITIES) > 0) {
		route.table = 4000000000;
		route.ifindex = 7;
	}
	return route;
}

/* Of what is there, the metric of the best that the filter lets pass. */
static int
model_exported(const bool *is_there, unsigned int prefix, bool is_reversed)
{
	uint32_t best_priority = UINT32_MAX;
	int best = -1, metric;
	struct kernel_route route;
	unsigned int n;

	for (n = prefix; n < ROUTES; n += PREFIXES) {
		route = route_of_number(n);
		if (!is_there[n] || route.proto == 14)
			continue;
		metric = is_reversed ? 100 - route.proto : route.proto;
		if (route.priority < best_priority ||
		    (route.priority == best_priority && metric < best)) {
			best_priority = route.priority;
			best = metric;
		}
	}
	return best;
}

/* What a dump finds, after notifications were lost. */
static void
resync(struct world *w, bool *is_there, uint64_t *random)
{
	struct kernel_route route;
	unsigned int n;

	for (n = 0; n < ROUTES; n++)
		if (unit_random_below(random, 8) == 0)
			is_there[n] = unit_random_below(random, 24) == 0;
	babel_kernel_sync(w->babel, w->now, true);
	for (n = 0; n < ROUTES; n++) {
		route = route_of_number(n);
		if (is_there[n])
			offer(w, &route, true);
	}
	babel_kernel_sync(w->babel, w->now, false);
}

/* covers: Q4 */
static void
any_history_is_kept_exactly(void **state)
{
	static const char reversed[] = "interface e1\ninterface e2\n"
	    "redistribute proto 11 metric 89\n"
	    "redistribute proto 12 metric 88\n"
	    "redistribute proto 13 metric 87\n";
	uint64_t random = unit_seed();
	struct world *w = world_new(FILTERED);
	bool is_there[ROUTES] = { false }, is_reversed = false;
	struct kernel_route route;
	unsigned int step, prefix, n, exports = 0;
	int wanted;

	(void)state;
	w->deaf = true;
	for (step = 0; step < 3000; step++) {
		n = unit_random_below(&random, ROUTES);
		route = route_of_number(n);
		if (unit_random_below(&random, 100) == 0) {
			is_reversed = !is_reversed;
			world_configure(w, is_reversed ? reversed : FILTERED);
			resync(w, is_there, &random);
		} else if (unit_random_below(&random, 50) == 0)
			resync(w, is_there, &random);
		else {
			is_there[n] = unit_random_below(&random, 24) == 0;
			offer(w, &route, is_there[n]);
		}
		world_pass(w, MILLISECOND);
		for (prefix = 0; prefix < PREFIXES; prefix++) {
			wanted = model_exported(is_there, prefix,
			    is_reversed);
			assert_int_equal(exported(w, random_prefixes[prefix]),
			    wanted);
			exports += wanted >= 0;
		}
	}
	assert_in_range(exports, step, step * (PREFIXES - 1));
	world_free(w);
}

/* Each is announced with the new seqno, but not in one go. */
static void
a_new_seqno_is_told_in_slices(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1);
	const unsigned int count = 1000;
	uint64_t serial;
	unsigned int i;

	(void)state;
	talker_met(w, 2);
	for (i = 0; i < count; i++)
		world_originate(w, prefix_number(i), true);
	world_pass(w, 5 * SECOND);
	world_clear(w);
	serial = w->babel->change_serial;
	talker_tell(t, prefix_number(0), OUR_ID, DISTANCE(2000, 0));
	assert_in_range(w->babel->change_serial - serial, 0, JOB_BUDGET);
	world_pass(w, SECOND);
	for (i = 0; i < count; i++)
		assert_int_equal(heard_first(w, WHICH(.type = TLV_UPDATE,
		    .prefix = prefix_number(i), .ifindex = 2,
		    .metric = FINITE))->tlv.u.update.seqno, 2001);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_the_withdrawn_prefix_is_retracted),
		cmocka_unit_test(one_of_several_goes_unnoticed),
		cmocka_unit_test(filters_are_asked_again_at_once),
		cmocka_unit_test(what_no_rule_wants_is_not_kept),
		cmocka_unit_test(what_is_displaced_is_withdrawn),
		cmocka_unit_test(a_lost_network_is_held_out_of_the_way),
		cmocka_unit_test(any_history_is_kept_exactly),
		cmocka_unit_test(a_new_seqno_is_told_in_slices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
