/*
 * test_engine_route.c - routes (RFC 8966, sections 3.5 and 3.6): the
 * feasibility condition, the branches of route acquisition, expiry, and
 * selection.
 */
#include "stage.h"

#include "announce.h"

/* The stage: to pass it on has left the feasibility distance (10, 96). */
static struct stage
stage_passed_on(const char *text)
{
	struct stage s = stage_new(text);

	assert_true(distance_is(s.w, P6, ID_A, DISTANCE(10, 96)));
	return s;
}

/* covers: B7 B25 F19 */
static void
feasibility_is_as_given(void **state)
{
	static const struct {
		uint16_t seqno, metric, of_seqno, of_metric;
		bool feasible;
	} cases[] = {
		{ 10, 95, 10, 96, true }, { 10, 96, 10, 96, false },
		{ 10, 97, 10, 96, false }, { 11, 60000, 10, 96, true },
		{ 9, 0, 10, 96, false }, { 0, 500, 65535, 1, true },
		{ 65535, 0, 0, 96, false }, { 32777, 500, 10, 96, true },
		{ 32778, 0, 10, 96, false },	/* opposite: not newer */
		{ 32779, 0, 10, 96, false },
		{ 9, INFINITY_METRIC, 10, 0, true },
		{ 10, INFINITY_METRIC, 10, 96, true },
		{ 10, 0, 10, 0, false },
	};
	struct source source = { .has_distance = true };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		source.seqno = cases[i].of_seqno;
		source.metric = cases[i].of_metric;
		if (source_is_feasible(&source, cases[i].seqno,
		    cases[i].metric) != cases[i].feasible)
			fail_msg("case %zu", i);
	}
	source.has_distance = false;
	assert_true(source_is_feasible(&source, 1, 60000));
	assert_true(source_is_feasible(NULL, 1, 60000));
}

/* covers: B25 B26 */
static void
the_advertised_metric_decides(void **state)
{
	struct stage s = stage_passed_on(PLAIN);
	struct talker *c = talker_met(s.w, 1);

	(void)state;
	talker_tell(c, P6, ID_A, DISTANCE(10, 95));
	assert_true(route_is_feasible(world_route(s.w, P6, c)));
	/* Whatever the link costs. */
	c->rxcost = 20000;
	talker_ihu(c, 20000);
	world_pass(s.w, SECOND);
	assert_int_equal(world_route(s.w, P6, c)->metric, 20095);
	assert_true(route_is_feasible(world_route(s.w, P6, c)));
	talker_tell(c, P6, ID_A, DISTANCE(10, 96));
	assert_false(route_is_feasible(world_route(s.w, P6, c)));
	talker_ihu(c, 1);
	world_pass(s.w, SECOND);
	assert_false(route_is_feasible(world_route(s.w, P6, c)));
	world_free(s.w);
}

/* covers: B25 B50 */
static void
feasibility_is_judged_when_selecting(void **state)
{
	struct stage s = stage_passed_on(PLAIN);
	struct talker *c = talker_met(s.w, 1);

	(void)state;
	/* Feasible when it came, not any more when it is needed. */
	talker_tell(c, P6, ID_A, DISTANCE(10, 90));
	assert_true(route_is_feasible(world_route(s.w, P6, c)));
	s.a->rxcost = 20;
	talker_ihu(s.a, 20);
	world_pass(s.w, 5 * SECOND);
	assert_true(distance_is(s.w, P6, ID_A, DISTANCE(10, 20)));
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, SECOND);
	assert_true(is_lost(s.w, P6));
	world_free(s.w);
}

/* covers: B31 B40 */
static void
a1_unfeasible_and_unknown(void **state)
{
	struct stage s = stage_passed_on(PLAIN);
	struct talker *c = talker_met(s.w, 1);

	(void)state;
	talker_tell(c, P6, ID_A, DISTANCE(10, 96));
	talker_tell(c, P6, ID_A, DISTANCE(9, 1));
	world_pass(s.w, SECOND);
	assert_true(is_selected(s.w, P6, s.a));
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, SECOND);
	assert_true(is_lost(s.w, P6));
	/* The newer seqno makes it feasible. */
	talker_tell(c, P6, ID_A, DISTANCE(11, 96));
	world_pass(s.w, SECOND);
	assert_true(is_selected(s.w, P6, c));
	world_free(s.w);
}

/* covers: B30 */
static void
a2_retraction_of_the_unknown(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);

	(void)state;
	talker_met(w, 2);
	talker_tell(a, P6, ID_A, GONE);
	world_pass(w, SECOND);
	assert_null(world_destination(w, P6));
	assert_int_equal(w->babel->route_count, 0);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .prefix = P6)), 0);
	world_free(w);
}

/* covers: B26 B29 B91 */
static void
a3_new_route(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	const struct news v4 = { .prefix = P4, .id = ID_B, .seqno = 3,
		.metric = 11, .next_hop = "10.0.0.7", .interval = 20 * SECOND };
	const struct route *route;
	const struct router_id id = id_of(ID_B);
	struct in6_addr next_hop = address_of("10.0.0.7");

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(7, 40));
	talker_update(a, &v4);
	world_pass(w, MILLISECOND);
	assert_true(is_selected(w, P6, a));
	route = world_route(w, P6, a);
	assert_int_equal(route->seqno, 7);
	assert_int_equal(route->refmetric, 40);
	assert_int_equal(route->metric, 136);
	assert_true(address_equal(&route->next_hop, &a->address));
	route = world_route(w, P4, a);
	assert_int_equal(router_id_compare(&route->source->id, &id), 0);
	assert_true(address_equal(&route->next_hop, &next_hop));
	assert_true(address_equal(&world_installed(w, P4)->next_hop,
	    &next_hop));
	assert_true(route->hold_time == 70 * SECOND);
	world_free(w);
}

/* covers: B32 B35 F24 Q6 */
static void
b1_unfeasible_from_the_selected_is_ignored(void **state)
{
	struct stage s = stage_passed_on(PLAIN);
	babel_time expires = route_expires(world_route(s.w, P6, s.a));
	const struct route *route;

	(void)state;
	world_pass(s.w, 10 * SECOND);
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 500));
	talker_tell(s.a, P6, ID_A, DISTANCE(9, 0));
	world_pass(s.w, SECOND);
	route = world_route(s.w, P6, s.a);
	assert_true(is_selected(s.w, P6, s.a));
	assert_int_equal(route->refmetric, 0);
	assert_int_equal(route->seqno, 10);
	assert_true(route_expires(route) == expires);
	world_free(s.w);
}

/* covers: B32 */
static void
b1_the_dying_are_no_alternative(void **state)
{
	struct stage s = stage_passed_on(PLAIN);
	struct talker *c = talker_met(s.w, 2);

	(void)state;
	talker_tell(c, P6, ID_A, DISTANCE(10, 95));
	world_link(s.w, 2, false);
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 500));
	assert_true(world_destination(s.w, P6)->selected ==
	    world_route(s.w, P6, s.a));
	world_pass(s.w, SECOND);
	assert_true(is_selected(s.w, P6, s.a));
	world_free(s.w);
}

/* covers: B36 */
static void
what_the_kernel_has_not_is_not_announced(void **state)
{
	struct stage s = stage_passed_on(PLAIN);
	struct talker *c = talker_met(s.w, 2);

	(void)state;
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, 100 * MILLISECOND);
	assert_true(world_installed(s.w, P6)->unreachable);
	s.w->asked_count = WORLD_ASKED;	/* it is full */
	s.w->kernel_sleeps = true;
	talker_tell(c, P6, ID_A, DISTANCE(11, 0));
	/* Not either when what was selected dies before it was installed. */
	world_link(s.w, 2, false);
	assert_true(world_destination(s.w, P6)->selected->neighbour->dying);
	assert_false(announce_is_ready(s.w->babel,
	    world_destination(s.w, P6)));
	s.w->asked_count = 0;
	world_free(s.w);
}

/* covers: B33 F24 Q6 */
static void
b2a_unfeasible_yields_to_another(void **state)
{
	struct stage s = stage_passed_on(PLAIN);
	struct talker *c = talker_met(s.w, 1);

	(void)state;
	talker_tell(c, P6, ID_A, DISTANCE(10, 95));
	assert_true(is_selected(s.w, P6, s.a));
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 96));
	world_pass(s.w, 0);
	assert_true(world_destination(s.w, P6)->selected ==
	    world_route(s.w, P6, c));
	assert_int_equal(world_route(s.w, P6, s.a)->refmetric, 96);
	assert_false(route_is_feasible(world_route(s.w, P6, s.a)));
	world_pass(s.w, MILLISECOND);
	assert_true(is_selected(s.w, P6, c));
	world_free(s.w);
}

/* covers: B33 B40 F24 */
static void
b2a_unfeasible_by_another_source(void **state)
{
	struct stage s = stage_passed_on(PLAIN);

	(void)state;
	talker_tell(s.a, P6, ID_B, DISTANCE(5, 0));
	world_pass(s.w, SECOND);
	assert_true(is_selected(s.w, P6, s.a));
	/* Back to the first source, whose distance we remember. */
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 96));
	assert_null(world_destination(s.w, P6)->selected);
	world_pass(s.w, MILLISECOND);
	assert_true(is_lost(s.w, P6));
	world_free(s.w);
}

/* covers: B35 F14 Q5 */
static void
b2_everything_follows_the_update(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	struct news news = { .prefix = P4, .id = ID_A, .seqno = 3,
		.metric = 11, .next_hop = "10.0.0.7" };
	struct in6_addr next_hop = address_of("10.0.0.8");
	const struct router_id id = id_of(ID_B);
	const struct route *route;

	(void)state;
	talker_update(a, &news);
	world_pass(w, 5 * SECOND);
	news = (struct news){ .prefix = P4, .id = ID_B, .seqno = 4,
		.metric = 12, .next_hop = "10.0.0.8",
		.interval = 20 * SECOND };
	talker_update(a, &news);
	world_pass(w, MILLISECOND);
	route = world_route(w, P4, a);
	assert_int_equal(route->seqno, 4);
	assert_int_equal(route->refmetric, 12);
	assert_int_equal(router_id_compare(&route->source->id, &id), 0);
	assert_true(address_equal(&world_installed(w, P4)->next_hop,
	    &next_hop));
	assert_true(route_expires(route) == w->now - MILLISECOND + 70 * SECOND);
	/* A retraction means the route, whatever else it says. */
	news.metric = INFINITY_METRIC;
	news.next_hop = "10.0.0.9";
	news.id = ID_A;
	talker_update(a, &news);
	world_pass(w, MILLISECOND);
	assert_true(is_lost(w, P4));
	assert_int_equal(route->seqno, 4);
	assert_true(address_equal(&route->next_hop, &next_hop));
	world_free(w);
}

/* covers: B35 B73 F25 Q9 Q27 B114 */
static void
routes_expire(void **state)
{
	struct stage s = stage_passed_on(PLAIN);
	const babel_time told = world_route(s.w, P6, s.a)->received;
	const struct heard *request;

	(void)state;
	world_pass(s.w, told + 56 * SECOND - MILLISECOND - s.w->now);
	assert_true(is_selected(s.w, P6, s.a));
	/* Asked for shortly before, by unicast. */
	request = heard_first(s.w, WHICH(.type = TLV_ROUTE_REQUEST,
	    .prefix = P6));
	assert_true(address_equal(&request->to, &s.a->address));
	assert_in_range(request->at - told, 40 * SECOND, 55 * SECOND);
	assert_int_equal(heard_count(s.w, WHICH(.type = TLV_ROUTE_REQUEST,
	    .prefix = P6)), 1);
	world_pass(s.w, 2 * MILLISECOND);
	assert_true(is_lost(s.w, P6));
	assert_int_equal(world_route(s.w, P6, s.a)->refmetric,
	    INFINITY_METRIC);
	world_pass(s.w, 56 * SECOND - 2 * MILLISECOND);
	assert_non_null(world_route(s.w, P6, s.a));
	world_pass(s.w, 2 * MILLISECOND);
	assert_null(world_route(s.w, P6, s.a));
	world_free(s.w);
}

/* covers: B35 */
static void
finite_updates_restart_the_timer(void **state)
{
	struct stage s = stage_passed_on(PLAIN);
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		world_pass(s.w, 47 * SECOND);
		talker_tell(s.a, P6, ID_A, DISTANCE(10, 0));
	}
	assert_int_equal(heard_count(s.w, WHICH(.type = TLV_ROUTE_REQUEST,
	    .prefix = P6)), 0);
	world_pass(s.w, 55 * SECOND);
	assert_true(is_selected(s.w, P6, s.a));
	world_free(s.w);
}

/* covers: B35 */
static void
retractions_leave_the_timer(void **state)
{
	struct stage s = stage_passed_on(PLAIN);
	const babel_time told = world_route(s.w, P6, s.a)->received;
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		world_pass(s.w, 10 * SECOND);
		talker_tell(s.a, P6, ID_A, GONE);
	}
	world_pass(s.w, told + 56 * SECOND - MILLISECOND - s.w->now);
	assert_non_null(world_route(s.w, P6, s.a));
	world_pass(s.w, 2 * MILLISECOND);
	assert_null(world_route(s.w, P6, s.a));
	world_free(s.w);
}

/* covers: B24 B27 B39 */
static void
infinity_is_never_selected(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);

	(void)state;
	a->rxcost = 65000;
	talker_ihu(a, 65000);
	talker_tell(a, P6, ID_A, DISTANCE(1, 535));
	world_pass(w, SECOND);
	assert_int_equal(world_route(w, P6, a)->metric, INFINITY_METRIC);
	assert_true(is_lost(w, P6));
	assert_null(world_installed(w, P6));
	talker_tell(a, P6, ID_A, DISTANCE(1, 534));
	world_pass(w, SECOND);
	assert_int_equal(world_route(w, P6, a)->metric, 65534);
	assert_true(is_selected(w, P6, a));
	a->rxcost = INFINITY_METRIC;
	talker_ihu(a, INFINITY_METRIC);
	world_pass(w, SECOND);
	assert_int_equal(world_route(w, P6, a)->metric, INFINITY_METRIC);
	assert_true(is_lost(w, P6));
	world_free(w);
}

/* covers: B41 */
static void
selection_ignores_seqnos(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t[3];
	unsigned int first, i;

	(void)state;
	for (i = 0; i < 3; i++)
		t[i] = talker_met(w, 1);
	/* Split horizon: nothing is sent, so all of them are feasible. */
	for (first = 0; first < 3; first++) {
		for (i = 0; i < 3; i++)
			talker_tell(t[(first + i) % 3], P6, ID_A, DISTANCE(
			    (uint16_t)(10 + 100 * ((first + i) % 3)),
			    (uint16_t)(100 + 50 * ((first + i) % 3))));
		world_pass(w, MINUTE / 4);
		assert_true(is_selected(w, P6, t[0]));
		for (i = 0; i < 3; i++)
			talker_tell(t[i], P6, ID_A, GONE);
		world_pass(w, SECOND);
	}
	world_free(w);
}

/* covers: B42 */
static void
better_must_be_better_on_average(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 1);

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(1, 200));
	talker_tell(b, P6, ID_A, DISTANCE(1, 1000));
	world_pass(w, 12 * SECOND);
	talker_tell(b, P6, ID_A, DISTANCE(1, 150));
	/* 246 + 850 / 2^(t / 4) is below 296 after 16.4 s. */
	world_pass(w, 15 * SECOND);
	assert_true(is_selected(w, P6, a));
	world_pass(w, 3 * SECOND);
	assert_true(is_selected(w, P6, b));
	world_free(w);
}

/* covers: B42 */
static void
better_by_more_waits_no_longer(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 1);

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(1, 200));
	talker_tell(b, P6, ID_A, DISTANCE(1, 400));
	world_pass(w, 12 * SECOND);
	/* Better by just a tenth, which the average never quite is. */
	talker_tell(b, P6, ID_A, DISTANCE(1, 169));
	world_pass(w, 15 * SECOND);
	assert_true(is_selected(w, P6, b));
	world_free(w);
}

/* covers: B42 */
static void
a_little_better_must_be_steady(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 1);

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(1, 200));
	talker_tell(b, P6, ID_A, DISTANCE(1, 190));
	/* Until both have stayed where they are for two and a half Hellos. */
	world_pass(w, 5 * TALKER_INTERVAL / 2 - SECOND);
	assert_true(is_selected(w, P6, a));
	world_pass(w, 2 * SECOND);
	assert_true(is_selected(w, P6, b));
	world_free(w);
}

/* covers: B42 */
static void
a_little_better_must_be_so_for_long(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 1);
	unsigned int i;

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(1, 200));
	talker_tell(b, P6, ID_A, DISTANCE(1, 190));
	world_pass(w, 10 * SECOND);
	talker_tell(a, P6, ID_A, DISTANCE(1, 180));	/* for a moment */
	/* Never steady, but always better: sixteen Hellos, 64 s. */
	for (i = 0; i < 6; i++) {
		talker_tell(a, P6, ID_A, DISTANCE(1, 200 + i % 2));
		talker_tell(b, P6, ID_A, DISTANCE(1, 190));
		world_pass(w, 10 * SECOND);
	}
	talker_tell(a, P6, ID_A, DISTANCE(1, 200));
	world_pass(w, 3 * SECOND);
	assert_true(is_selected(w, P6, a));
	world_pass(w, 2 * SECOND);
	assert_true(is_selected(w, P6, b));
	world_free(w);
}

/* covers: B42 Q22 */
static void
much_better_takes_over_soon(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 1);
	unsigned int i;

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(1, 304));
	world_pass(w, MINUTE / 4);
	talker_tell(b, P6, ID_A, DISTANCE(1, 104));
	world_pass(w, MILLISECOND);
	assert_true(is_selected(w, P6, b));
	/* And when the selected one becomes twice as bad. */
	talker_tell(a, P6, ID_A, DISTANCE(1, 204));
	world_pass(w, MINUTE / 4);
	assert_true(is_selected(w, P6, b));
	talker_tell(b, P6, ID_A, DISTANCE(1, 504));
	for (i = 0; i < 3; i++)
		world_pass(w, TALKER_INTERVAL);
	assert_true(is_selected(w, P6, a));
	world_free(w);
}

/* covers: B42 */
static void
noise_does_not_flap_routes(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t[2] = { talker_met(w, 1), talker_met(w, 1) };
	uint64_t random = unit_seed(), selections;
	unsigned int i, hello;

	(void)state;
	for (i = 0; i < 2; i++)
		talker_tell(t[i], P6, ID_A, DISTANCE(1, 100));
	world_pass(w, MINUTE / 2);
	selections = world_count(w, COUNT_SELECTIONS);
	/* Costs of 100 with 5 % of noise, for an hour; the second path is
	 * worse by as much. */
	for (hello = 0; hello < 900; hello++) {
		for (i = 0; i < 2; i++) {
			t[i]->rxcost = (uint16_t)(95 + 5 * i +
			    unit_random_below(&random, 11));
			talker_tell(t[i], P6, ID_A, DISTANCE(1, 100));
		}
		world_pass(w, TALKER_INTERVAL);
	}
	assert_in_range(world_count(w, COUNT_SELECTIONS) - selections, 0, 1);
	world_free(w);
}

/* covers: B108 B110 */
static void
the_wildcard_retracts_all_of_one_neighbour(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 1);
	struct talker *c = talker_met(w, 2);
	const struct news specific = { .prefix = Q6, .from = P6, .id = ID_A,
		.seqno = 1 };
	const struct news v4 = { .prefix = P4, .id = ID_A, .seqno = 1 };
	const struct news kept = { .prefix = "2001:db8:3::/48", .id = ID_A,
		.seqno = 1 };
	const struct destination_key key = key_of(Q6, P6);

	(void)state;
	c->address = a->address;	/* the same, on another link */
	talker_greet(c);
	talker_greet(c);
	talker_tell(a, P6, ID_A, DISTANCE(1, 0));
	talker_update(a, &kept);
	talker_update(a, &specific);
	talker_update(a, &v4);
	talker_tell(b, Q6, ID_A, DISTANCE(1, 0));
	talker_tell(c, OWN, ID_A, DISTANCE(1, 0));
	world_pass(w, SECOND);
	assert_non_null(kernel_find(w, &key));
	talker_begin(a);
	assert_true(message_put_wildcard_retraction(&a->e,
	    &w->babel->id, 7));
	talker_put_news(a, &kept);
	talker_send(a);
	world_pass(w, SECOND);
	assert_true(is_lost(w, P6));
	assert_true(is_lost(w, P4));
	assert_true(is_selected(w, kept.prefix, a));
	assert_true(kernel_find(w, &key) == NULL ||
	    kernel_find(w, &key)->unreachable);
	assert_true(is_selected(w, Q6, b));
	assert_true(is_selected(w, OWN, c));
	assert_non_null(world_route(w, P6, a));
	world_free(w);
}

/* covers: L10 F31 Q18 */
static void
our_own_name_comes_back(void **state)
{
	struct stage s = stage_passed_on(PLAIN);

	(void)state;
	/* Never taken, and instead of what was there a retraction. */
	talker_tell(s.a, Q6, OUR_ID, DISTANCE(5, 0));
	assert_null(world_destination(s.w, Q6));
	talker_tell(s.a, P6, OUR_ID, DISTANCE(5, 0));
	assert_int_equal(world_route(s.w, P6, s.a)->refmetric,
	    INFINITY_METRIC);
	world_pass(s.w, SECOND);
	assert_true(is_lost(s.w, P6));
	assert_int_equal(s.w->babel->seqno, 1000);
	world_free(s.w);
}

/* covers: B116 */
static void
filters_only_add(void **state)
{
	struct stage s = stage_passed_on(PLAIN "in ip " Q6 " metric 50\n"
	    "in ip 2001:db8:3::/48 deny\n");

	(void)state;
	talker_tell(s.a, Q6, ID_A, DISTANCE(10, 7));
	talker_tell(s.a, "2001:db8:3::/48", ID_A, DISTANCE(10, 7));
	world_pass(s.w, SECOND);
	assert_int_equal(world_route(s.w, Q6, s.a)->metric, 153);
	assert_int_equal(world_route(s.w, Q6, s.a)->refmetric, 7);
	assert_null(world_destination(s.w, "2001:db8:3::/48"));
	/* What is denied from now on is retracted. */
	world_configure(s.w, PLAIN "in ip " P6 " deny\n");
	world_pass(s.w, SECOND);
	assert_true(is_lost(s.w, P6));
	assert_int_equal(world_route(s.w, Q6, s.a)->metric, 103);
	talker_tell(s.a, P6, ID_A, DISTANCE(11, 0));
	world_pass(s.w, SECOND);
	assert_true(is_lost(s.w, P6));
	world_free(s.w);
}

/* covers: B116 */
static void
martians_are_discarded(void **state)
{
	static const char *const martians[] = {
		"fe80::/64", "ff00::/8", "127.0.0.1/32", "0.0.0.0/32",
		"224.0.0.0/8", "::1/128", "fe80::5/128",
	};
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	struct news news = { .id = ID_A, .seqno = 1 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(martians) / sizeof(martians[0]); i++) {
		news.prefix = martians[i];
		talker_update(a, &news);
		assert_null(world_destination(w, martians[i]));
	}
	news.prefix = "0.0.0.0/0";
	talker_update(a, &news);
	assert_non_null(world_destination(w, "0.0.0.0/0"));
	world_free(w);
}

/* covers: F30 F31 */
static void
our_own_routes_win(void **state)
{
	struct stage s = stage_passed_on(PLAIN);
	const struct heard *h;

	(void)state;
	world_originate(s.w, P6, true);
	world_pass(s.w, SECOND);
	assert_null(world_destination(s.w, P6)->selected);
	assert_null(world_installed(s.w, P6));
	h = heard_last(s.w, WHICH(.type = TLV_UPDATE, .prefix = P6,
	    .ifindex = 2));
	assert_int_equal(h->tlv.u.update.metric, 0);
	/* When ours goes, the other one takes over at once. */
	world_originate(s.w, P6, false);
	world_pass(s.w, MILLISECOND);
	assert_true(is_selected(s.w, P6, s.a));
	world_free(s.w);
}

/* covers: Q37 */
static void
a_flood_of_refusals_is_not_all_told(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	char prefix[PREFIX_STRLEN];
	unsigned int i;

	(void)state;
	w->kernel_error = 101;		/* ENETUNREACH */
	w->warnings = 0;
	for (i = 0; i < 150; i++) {
		snprintf(prefix, sizeof(prefix), "2001:db8:%x::/48", i);
		talker_tell(a, prefix, ID_A, DISTANCE(1, 0));
	}
	world_pass(w, 500 * MILLISECOND);
	assert_int_equal(world_count(w, COUNT_FIB_FAILURES), 150);
	assert_int_equal(w->warnings, 101);
	world_pass(w, MINUTE);
	talker_tell(a, "2001:db8:ffff::/48", ID_A, DISTANCE(1, 0));
	world_pass(w, SECOND);
	assert_in_range(w->warnings, 102, 202);
	world_free(w);
}

/* covers: Q19 */
static void
a_refused_route_is_passed_over(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 1);

	(void)state;
	talker_met(w, 2);
	talker_tell(b, P6, ID_A, DISTANCE(1, 500));
	world_pass(w, SECOND);
	w->kernel_error = 101;		/* ENETUNREACH */
	talker_tell(a, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, 100 * MILLISECOND);
	assert_true(is_selected(w, P6, b));
	assert_int_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .prefix = P6, .metric = INFINITE)), 0);
	w->kernel_error = 0;
	world_pass(w, 10 * SECOND);
	assert_true(is_selected(w, P6, a));
	world_free(w);
}

/* covers: V5 V11 */
static void
who_cannot_route_via_ipv6_drops_what_needs_it(void **state)
{
	const struct babel_identity plain = { .id = id_of(OUR_ID),
		.id_is_configured = true };
	struct update update = { .key = key_of(P4, NULL), .id = id_of(ID_A),
		.seqno = 10, .interval = NEWS_INTERVAL };
	struct world *w = world_begin(PLAIN, &plain);
	struct talker *a = talker_met(w, 1);

	(void)state;
	update.ae = AE_IPV4;
	update.next_hop = address_of("10.0.0.7");
	talker_begin(a);
	assert_true(message_put_update(&a->e, &update));
	talker_send(a);
	world_pass(w, SECOND);
	assert_true(is_selected(w, P4, a));
	/* The neighbour's IPv4 address is gone, so that next hop is, too. */
	update.ae = AE_V4_VIA_V6;
	talker_begin(a);
	assert_true(message_put_update(&a->e, &update));
	talker_send(a);
	world_pass(w, SECOND);
	assert_true(is_lost(w, P4));
	world_free(w);
}

/* A forgotten distance may be all that stood in the way of a route. */
static void
what_becomes_feasible_is_taken(void **state)
{
	struct stage s = stage_new(PLAIN);
	struct talker *c = talker_met(s.w, 1);

	(void)state;
	talker_update(c, &(const struct news){ .prefix = P6, .id = ID_A,
	    .seqno = 9, .metric = 500, .interval = 10 * MINUTE });
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, SECOND);
	assert_true(is_lost(s.w, P6));
	world_pass(s.w, 4 * MINUTE);
	assert_true(is_selected(s.w, P6, c));
	world_free(s.w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(feasibility_is_as_given),
		cmocka_unit_test(the_advertised_metric_decides),
		cmocka_unit_test(feasibility_is_judged_when_selecting),
		cmocka_unit_test(a1_unfeasible_and_unknown),
		cmocka_unit_test(a2_retraction_of_the_unknown),
		cmocka_unit_test(a3_new_route),
		cmocka_unit_test(b1_unfeasible_from_the_selected_is_ignored),
		cmocka_unit_test(b1_the_dying_are_no_alternative),
		cmocka_unit_test(what_the_kernel_has_not_is_not_announced),
		cmocka_unit_test(b2a_unfeasible_yields_to_another),
		cmocka_unit_test(b2a_unfeasible_by_another_source),
		cmocka_unit_test(b2_everything_follows_the_update),
		cmocka_unit_test(routes_expire),
		cmocka_unit_test(finite_updates_restart_the_timer),
		cmocka_unit_test(retractions_leave_the_timer),
		cmocka_unit_test(infinity_is_never_selected),
		cmocka_unit_test(selection_ignores_seqnos),
		cmocka_unit_test(better_must_be_better_on_average),
		cmocka_unit_test(better_by_more_waits_no_longer),
		cmocka_unit_test(a_little_better_must_be_steady),
		cmocka_unit_test(a_little_better_must_be_so_for_long),
		cmocka_unit_test(much_better_takes_over_soon),
		cmocka_unit_test(noise_does_not_flap_routes),
		cmocka_unit_test(the_wildcard_retracts_all_of_one_neighbour),
		cmocka_unit_test(our_own_name_comes_back),
		cmocka_unit_test(filters_only_add),
		cmocka_unit_test(martians_are_discarded),
		cmocka_unit_test(our_own_routes_win),
		cmocka_unit_test(a_flood_of_refusals_is_not_all_told),
		cmocka_unit_test(a_refused_route_is_passed_over),
		cmocka_unit_test(who_cannot_route_via_ipv6_drops_what_needs_it),
		cmocka_unit_test(what_becomes_feasible_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
