/*
 * test_engine_told.c - what neighbours were told stays true: whoever heard
 * of a route is told when he is not to use us any more, whatever it is that
 * keeps us from announcing it there, and what a route costs by now.
 */
#include "stage.h"

#define URGENT		(200 * MILLISECOND)
#define ID_B_DENIED	"out id 02:00:00:00:00:00:00:0b deny\n"
#define NO_VIA_IPV6	"interface e1\ninterface e2 v4-via-v6 false\n"

static const struct news ipv4_news = { .prefix = P4, .id = ID_A,
	.seqno = 1 };

static unsigned int
told(const struct world *w, unsigned int ifindex, enum finiteness metric)
{
	return heard_count(w, WHICH(.type = TLV_UPDATE, .prefix = P6,
	    .ifindex = ifindex, .metric = metric));
}

static unsigned int
told_ipv4(const struct world *w, enum finiteness metric)
{
	return heard_count(w, WHICH(.type = TLV_UPDATE, .prefix = P4,
	    .ifindex = 2, .metric = metric));
}

/* covers: B54 */
static void
what_cannot_be_said_is_retracted_on_request(void **state)
{
	struct world *w = world_new(NO_VIA_IPV6);
	struct talker *a, *b;

	(void)state;
	world_take_ipv4(w, 2);
	a = talker_met(w, 1);
	b = talker_met(w, 2);
	talker_update(a, &ipv4_news);
	world_pass(w, SECOND);
	assert_int_equal(told_ipv4(w, ANY), 0);
	talker_ask_route(b, P4);
	world_pass(w, SECOND);
	assert_int_equal(told_ipv4(w, INFINITE), 1);
	world_free(w);
}

/* covers: B48 F29 */
static void
without_a_next_hop_there_is_no_route(void **state)
{
	struct world *w = world_new(NO_VIA_IPV6);
	struct talker *a = talker_met(w, 1);

	(void)state;
	talker_met(w, 2);
	talker_update(a, &ipv4_news);
	world_pass(w, SECOND);
	assert_int_not_equal(told_ipv4(w, FINITE), 0);
	world_take_ipv4(w, 2);
	world_pass(w, 3 * SECOND);
	assert_int_equal(told_ipv4(w, INFINITE), 1);
	/* Once is enough. */
	world_pass(w, 40 * SECOND);
	assert_int_equal(told_ipv4(w, INFINITE), 1);
	world_free(w);
}

/* covers: B48 F29 */
static void
an_option_may_take_the_next_hop(void **state)
{
	struct world *w = world_new(PLAIN);
	struct configuration *old;
	struct talker *a;

	(void)state;
	world_take_ipv4(w, 2);
	a = talker_met(w, 1);
	talker_met(w, 2);
	talker_update(a, &ipv4_news);
	world_pass(w, SECOND);
	assert_int_not_equal(told_ipv4(w, FINITE), 0);
	/* The links stay as they are: world_configure gives addresses. */
	old = w->conf;
	w->conf = must_read(NO_VIA_IPV6);
	babel_configure(w->babel, w->now, w->conf);
	configuration_free(old);
	world_pass(w, 3 * SECOND);
	assert_int_not_equal(told_ipv4(w, INFINITE), 0);
	world_free(w);
}

/* covers: B34 B44 */
static void
a_source_may_be_denied(void **state)
{
	struct stage s = stage_new(PLAIN ID_B_DENIED);

	(void)state;
	talker_tell(s.a, P6, ID_B, DISTANCE(1, 0));
	world_pass(s.w, URGENT);
	assert_int_not_equal(told(s.w, 2, INFINITE), 0);
	assert_int_equal(told(s.w, 2, FINITE), 0);
	world_free(s.w);
}

/* covers: B34 B44 */
static void
a_source_may_be_denied_to_a_crowd(void **state)
{
	struct world *w = world_new(PLAIN ID_B_DENIED);
	struct talker *a = talker_met(w, 1);
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++)
		talker_met(w, 2);
	talker_tell(a, P6, ID_A, DISTANCE(10, 0));
	world_pass(w, 5 * SECOND);
	assert_int_not_equal(told(w, 2, FINITE), 0);
	world_clear(w);
	talker_tell(a, P6, ID_B, DISTANCE(1, 0));
	world_pass(w, URGENT);
	assert_true(is_selected(w, P6, a));
	assert_int_not_equal(told(w, 2, INFINITE), 0);
	world_free(w);
}

/* covers: B34 B48 */
static void
a_metric_may_grow_too_large(void **state)
{
	struct stage s = stage_new(PLAIN "out if e2 metric 40000\n");

	(void)state;
	talker_tell(s.a, P6, ID_A, DISTANCE(11, 30000));
	world_pass(s.w, SECOND);
	assert_true(is_selected(s.w, P6, s.a));
	assert_int_equal(told(s.w, 2, FINITE), 0);
	assert_int_not_equal(told(s.w, 2, INFINITE), 0);
	/* What is denied all the time is nothing to talk about. */
	world_clear(s.w);
	talker_tell(s.a, P6, ID_A, DISTANCE(12, 31000));
	world_pass(s.w, 20 * SECOND);
	assert_int_equal(told(s.w, 2, ANY), 0);
	world_free(s.w);
}

/* The route, from e1 as before, is one from another source: whoever has
 * heard of the old one there is told in time. */
static void
check_another_source(struct stage *s, struct talker *t)
{
	world_clear(s->w);
	talker_tell(t, P6, ID_B, DISTANCE(1, 0));
	talker_tell(s->a, P6, ID_A, GONE);
	world_pass(s->w, URGENT);
	assert_true(is_selected(s->w, P6, t));
	assert_int_not_equal(told(s->w, 1, INFINITE), 0);
}

static void
ask_under_split_horizon(struct stage *s, struct talker *t)
{
	talker_ask_route(t, P6);
	world_pass(s->w, SECOND);
	assert_int_not_equal(heard_count(s->w, WHICH(.type = TLV_UPDATE,
	    .prefix = P6, .to = t, .metric = FINITE)), 0);
}

/* covers: B34 B44 B45 */
static void
who_was_answered_is_told(void **state)
{
	struct stage s;
	struct talker *b, *c;
	unsigned int others, i;

	(void)state;
	/* In a crowd nothing is acknowledged, and so nothing is owed. */
	for (others = 0; others <= 4; others += 4) {
		s = stage_new(PLAIN);
		b = talker_met(s.w, 1);
		c = talker_met(s.w, 1);
		for (i = 0; i < others; i++)
			talker_met(s.w, 1);
		ask_under_split_horizon(&s, b);
		check_another_source(&s, c);
		world_free(s.w);
	}
}

/* covers: B55 */
static void
who_says_nothing_of_us_is_answered(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);

	(void)state;
	world_originate(w, OWN, true);
	talker_hello(t, false, 100, TALKER_INTERVAL);
	world_pass(w, SECOND);
	talker_hello(t, false, 101, TALKER_INTERVAL);
	talker_ask_route(t, NULL);
	world_pass(w, SECOND);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .prefix = OWN)), 1);
	world_free(w);
}

/* covers: B48 */
static void
who_asked_before_the_link_is_usable_is_told(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);

	(void)state;
	world_originate(w, P6, true);
	talker_hello(t, false, 100, TALKER_INTERVAL);
	talker_ask_route(t, P6);
	world_pass(w, SECOND);
	assert_int_equal(told(w, 1, FINITE), 1);
	world_originate(w, P6, false);
	world_pass(w, URGENT);
	assert_int_equal(told(w, 1, INFINITE), 1);
	world_free(w);
}

/* P6, from another source. */
static void
replace_in_one_packet(struct talker *t)
{
	static const struct news gone = { .prefix = P6, .id = ID_A,
		.metric = INFINITY_METRIC };
	static const struct news other = { .prefix = P6, .id = ID_B,
		.seqno = 1 };

	talker_begin(t);
	talker_put_news(t, &gone);
	talker_put_news(t, &other);
	talker_send(t);
}

/* covers: B34 B44 */
static void
another_source_in_one_packet_is_told(void **state)
{
	struct stage s = stage_new(PLAIN);

	(void)state;
	ask_under_split_horizon(&s, talker_met(s.w, 1));
	world_clear(s.w);
	replace_in_one_packet(s.a);
	world_pass(s.w, URGENT);
	assert_true(is_selected(s.w, P6, s.a));
	assert_int_not_equal(told(s.w, 1, INFINITE), 0);
	world_free(s.w);
}

/* covers: B34 B44 */
static void
a_denied_source_in_one_packet_is_told(void **state)
{
	struct stage s = stage_new(PLAIN ID_B_DENIED);

	(void)state;
	replace_in_one_packet(s.a);
	world_pass(s.w, URGENT);
	assert_true(is_selected(s.w, P6, s.a));
	assert_int_not_equal(told(s.w, 2, INFINITE), 0);
	world_free(s.w);
}

/* covers: B34 B44 */
static void
our_own_gives_way_to_what_it_replaced(void **state)
{
	struct stage s = stage_new(PLAIN);

	(void)state;
	world_originate(s.w, P6, true);
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, SECOND);
	assert_int_not_equal(told(s.w, 1, FINITE), 0);
	world_clear(s.w);
	world_originate(s.w, P6, false);
	talker_tell(s.a, P6, ID_A, DISTANCE(11, 0));
	world_pass(s.w, URGENT);
	assert_true(is_selected(s.w, P6, s.a));
	assert_int_not_equal(told(s.w, 1, INFINITE), 0);
	world_free(s.w);
}

/* covers: B34 B44 */
static void
who_was_told_without_split_horizon_is_told(void **state)
{
	struct stage s = stage_new("interface e1 split-horizon false\n"
	    "interface e2\n");
	struct talker *c = talker_met(s.w, 1);

	(void)state;
	world_pass(s.w, 17 * SECOND);
	assert_int_not_equal(told(s.w, 1, FINITE), 0);
	world_configure(s.w, "interface e1\ninterface e2\n");
	world_pass(s.w, 5 * SECOND);
	check_another_source(&s, c);
	world_free(s.w);
}

/* covers: B48 */
static void
found_again_before_it_was_retracted(void **state)
{
	static const uint8_t ids[] = { ID_A, ID_B };
	struct stage s;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		s = stage_new(PLAIN);
		talker_met(s.w, 2);
		talker_tell(s.a, P6, ID_A, GONE);
		talker_tell(s.b, P6, ids[i], DISTANCE(11, 0));
		world_pass(s.w, URGENT);
		assert_true(is_selected(s.w, P6, s.b));
		assert_int_not_equal(told(s.w, 2, INFINITE), 0);
		world_free(s.w);
	}
}

/* The same, when nothing is left of the route that was lost. */
/* covers: B48 */
static void
found_again_after_its_link_went(void **state)
{
	struct stage s = stage_new(PLAIN);

	(void)state;
	talker_met(s.w, 2);
	s.a->alive = false;
	world_link(s.w, 1, false);
	world_turn(s.w);
	assert_int_equal(told(s.w, 2, INFINITE), 0);
	assert_true(route_tree_is_empty(&world_destination(s.w, P6)->routes));
	talker_tell(s.b, P6, ID_A, DISTANCE(11, 0));
	world_pass(s.w, URGENT);
	assert_true(is_selected(s.w, P6, s.b));
	assert_int_not_equal(told(s.w, 2, INFINITE), 0);
	world_free(s.w);
}

/* Where it comes from nobody has heard of it. */
static void
back_before_it_was_retracted(void **state)
{
	static const struct news gone = { .prefix = P6, .id = ID_A,
		.metric = INFINITY_METRIC };
	static const struct news back = { .prefix = P6, .id = ID_A,
		.seqno = 10 };
	struct stage s = stage_new(PLAIN);

	(void)state;
	talker_begin(s.a);
	talker_put_news(s.a, &gone);
	talker_put_news(s.a, &back);
	talker_send(s.a);
	world_pass(s.w, 5 * SECOND);
	assert_true(is_selected(s.w, P6, s.a));
	assert_int_equal(told(s.w, 1, ANY), 0);
	world_free(s.w);
}

/* covers: B48 */
static void
a_slow_kernel_loses_no_news(void **state)
{
	struct stage s = stage_new(PLAIN);

	(void)state;
	talker_tell(s.a, P6, ID_A, DISTANCE(11, 1000));
	s.w->kernel_sleeps = true;
	talker_tell(s.b, P6, ID_A, DISTANCE(11, 0));
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, 50 * MILLISECOND);
	s.w->kernel_sleeps = false;
	world_pass(s.w, SECOND);
	assert_true(is_selected(s.w, P6, s.b));
	assert_int_not_equal(told(s.w, 2, INFINITE), 0);
	world_free(s.w);
}

/* covers: B48 */
static void
a_slow_kernel_loses_no_retraction(void **state)
{
	struct stage s = stage_new(PLAIN);
	unsigned int i;

	(void)state;
	/* In a crowd nobody is told again by name. */
	for (i = 0; i < 4; i++)
		talker_met(s.w, 2);
	world_clear(s.w);
	s.w->kernel_sleeps = true;
	talker_tell(s.a, P6, ID_A, GONE);
	talker_tell(s.b, P6, ID_A, DISTANCE(11, 0));
	world_pass(s.w, 2 * SECOND);
	assert_int_equal(told(s.w, 2, ANY), 0);
	talker_tell(s.b, P6, ID_A, GONE);
	world_pass(s.w, URGENT);
	assert_int_not_equal(told(s.w, 2, INFINITE), 0);
	world_free(s.w);
}

/* covers: F29 */
static void
a_slow_kernel_loses_no_filter(void **state)
{
	struct stage s = stage_new(PLAIN);
	struct talker *c = talker_met(s.w, 1);

	(void)state;
	s.w->kernel_sleeps = true;
	talker_tell(c, P6, ID_A, DISTANCE(11, 0));
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, 2 * MILLISECOND);
	world_configure(s.w, PLAIN "out ip " P6 " deny\n");
	world_pass(s.w, 100 * MILLISECOND);
	s.w->kernel_sleeps = false;
	world_pass(s.w, 3 * SECOND);
	assert_true(is_selected(s.w, P6, c));
	assert_int_not_equal(told(s.w, 2, INFINITE), 0);
	world_free(s.w);
}

/* covers: B37 */
static void
a_shorter_interval_shortens_no_hold(void **state)
{
	struct world *w = world_new("default update-interval 60\n"
	    "interface e1\ninterface e2\n");
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 2);

	(void)state;
	talker_update(a, &(const struct news){ .prefix = P6, .id = ID_A,
	    .seqno = 10, .interval = MINUTE });
	world_pass(w, SECOND);
	assert_int_not_equal(told(w, 2, FINITE), 0);
	b->mute = true;
	world_configure(w, "default update-interval 4\n"
	    "interface e1\ninterface e2\n");
	talker_tell(a, P6, ID_A, GONE);
	world_pass(w, MINUTE * 7 / 2 - 2 * SECOND);
	assert_true(debt_is(world_destination(w, P6), DEBT_HOLD));
	world_pass(w, 10 * SECOND);
	assert_false(debt_is(world_destination(w, P6), DEBT_HOLD));
	world_free(w);
}

/* A router without a way passes each seqno on once, to whoever might have
 * one with it: two such routers would send it round between them. */
/* covers: B62 B65 */
static void
requests_are_passed_on_without_a_way(void **state)
{
	struct stage s = stage_new(PLAIN);
	struct talker *c = talker_met(s.w, 1);
	const struct heard *h;
	unsigned int i;

	(void)state;
	talker_update(c, &(const struct news){ .prefix = P6, .id = ID_A,
	    .seqno = 10, .metric = 300, .interval = 10 * MINUTE });
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, MINUTE);
	assert_true(is_lost(s.w, P6));
	world_clear(s.w);
	for (i = 0; i < 2; i++) {
		talker_ask_seqno(s.b, P6, ID_A, 12, 7);
		world_pass(s.w, 2 * SECOND);
		assert_int_equal(heard_count(s.w,
		    WHICH(.type = TLV_SEQNO_REQUEST)), 1);
		assert_int_equal(heard_count(s.w,
		    WHICH(.type = TLV_SEQNO_REQUEST, .to = c)), 1);
	}
	/* The answer is for those who asked. */
	talker_tell(c, P6, ID_A, DISTANCE(12, 300));
	world_pass(s.w, SECOND);
	h = heard_last(s.w, WHICH(.type = TLV_UPDATE, .to = s.b,
	    .prefix = P6));
	assert_int_equal(h->tlv.u.update.seqno, 12);
	world_free(s.w);
}

/* Who is taken out of the configuration says good-bye. */
static void
a_removed_interface_says_goodbye(void **state)
{
	struct stage s = stage_new(PLAIN);
	const struct heard *update;

	(void)state;
	world_configure(s.w, "interface e1\nredistribute proto 4\n");
	update = heard_first(s.w, WHICH(.type = TLV_UPDATE, .ifindex = 2));
	assert_non_null(update);
	assert_true(update->tlv.u.update.wildcard);
	assert_int_equal(heard_count(s.w, WHICH(.type = TLV_UPDATE,
	    .ifindex = 1)), 0);
	world_free(s.w);
}

/* covers: B5 B49 */
static void
small_changes_are_told_seldom(void **state)
{
	struct stage s = stage_new(PLAIN "interface e1 update-interval 600\n"
	    "interface e2 update-interval 600\n");
	const struct which *update = WHICH(.type = TLV_UPDATE, .prefix = P6,
	    .ifindex = 2);
	const struct heard *h;
	babel_time then;

	(void)state;
	world_pass(s.w, 9 * SECOND);	/* more than two Hellos */
	world_clear(s.w);
	then = s.w->now;
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 24));
	world_pass(s.w, 3 * SECOND);
	h = heard_first(s.w, update);
	assert_non_null(h);
	assert_in_range(h->at - then, 0, SECOND / 10);
	world_clear(s.w);
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 48));
	world_pass(s.w, 2 * SECOND);
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 60));
	world_pass(s.w, 30 * SECOND);
	assert_int_equal(heard_count(s.w, update), 1);
	h = heard_first(s.w, update);
	assert_int_equal(h->tlv.u.update.metric, 156);
	assert_in_range(h->at - then, 8 * SECOND, 9 * SECOND);
	/* Noise waits for the periodic update. */
	world_clear(s.w);
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 83));
	world_pass(s.w, 30 * SECOND);
	assert_int_equal(heard_count(s.w, update), 0);
	world_free(s.w);
}

/* With how many Hellos on e1 all that was announced was retracted. */
static unsigned int
retracting_hellos(const struct world *w)
{
	const struct heard *h;
	unsigned int hello = UINT32_MAX, retracting = 0;
	size_t i;

	for (i = 0; i < w->heard_count; i++) {
		h = &w->heard[i];
		if (h->ifindex != 1)
			continue;
		if (h->tlv.type == TLV_HELLO)
			hello = h->packet;
		else if (h->tlv.type == TLV_UPDATE &&
		    h->tlv.u.update.wildcard && h->packet == hello)
			retracting++;
	}
	return retracting;
}

/* Neighbours may use what was announced before a start. */
/* covers: B40 B108 */
static void
a_start_retracts_what_was_before(void **state)
{
	struct world *w = world_begin(PLAIN, NULL);

	(void)state;
	world_pass(w, 20 * SECOND);
	assert_int_equal(retracting_hellos(w),
	    heard_count(w, WHICH(.type = TLV_HELLO, .ifindex = 1)));
	assert_in_range(retracting_hellos(w), 6, 8);
	/* They use it for 3.5 update intervals at most. */
	world_pass(w, 40 * SECOND);
	world_clear(w);
	world_pass(w, 20 * SECOND);
	assert_int_equal(retracting_hellos(w), 0);
	world_free(w);
}

/* What is announced since is not taken back. */
static void
a_start_retracts_nothing_new(void **state)
{
	struct world *w = world_begin(PLAIN, NULL);

	(void)state;
	world_originate(w, OWN, true);
	talker_met(w, 1);
	world_pass(w, 10 * SECOND);
	assert_in_range(w->babel->now - w->babel->started, 0, 16 * SECOND);
	assert_int_equal(retracting_hellos(w), 0);
	world_free(w);
}

/* covers: B43 */
static void
tables_fill_packets(void **state)
{
	struct world *w = world_new(PLAIN);
	const struct heard *h;
	size_t i, full = 0, others = 0;
	unsigned int packet = 0;

	(void)state;
	talker_met(w, 2);
	for (i = 0; i < 2000; i++)
		world_originate(w, prefix_number((unsigned int)i), true);
	world_pass(w, 20 * SECOND);
	world_clear(w);
	world_pass(w, 16 * SECOND);
	for (i = 0; i < w->heard_count; i++) {
		h = &w->heard[i];
		if (h->tlv.type != TLV_UPDATE || h->ifindex != 2 ||
		    h->packet == packet)
			continue;
		packet = h->packet;
		if (h->len > 1400)	/* of 1452 */
			full++;
		else
			others++;
	}
	assert_in_range(full, 15, 40);
	assert_in_range(others, 0, 2);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_said_is_retracted_on_request),
		cmocka_unit_test(without_a_next_hop_there_is_no_route),
		cmocka_unit_test(an_option_may_take_the_next_hop),
		cmocka_unit_test(a_source_may_be_denied),
		cmocka_unit_test(a_source_may_be_denied_to_a_crowd),
		cmocka_unit_test(a_metric_may_grow_too_large),
		cmocka_unit_test(who_was_answered_is_told),
		cmocka_unit_test(who_says_nothing_of_us_is_answered),
		cmocka_unit_test(who_asked_before_the_link_is_usable_is_told),
		cmocka_unit_test(another_source_in_one_packet_is_told),
		cmocka_unit_test(a_denied_source_in_one_packet_is_told),
		cmocka_unit_test(our_own_gives_way_to_what_it_replaced),
		cmocka_unit_test(who_was_told_without_split_horizon_is_told),
		cmocka_unit_test(found_again_before_it_was_retracted),
		cmocka_unit_test(found_again_after_its_link_went),
		cmocka_unit_test(back_before_it_was_retracted),
		cmocka_unit_test(a_slow_kernel_loses_no_news),
		cmocka_unit_test(a_slow_kernel_loses_no_retraction),
		cmocka_unit_test(a_slow_kernel_loses_no_filter),
		cmocka_unit_test(a_shorter_interval_shortens_no_hold),
		cmocka_unit_test(requests_are_passed_on_without_a_way),
		cmocka_unit_test(a_removed_interface_says_goodbye),
		cmocka_unit_test(small_changes_are_told_seldom),
		cmocka_unit_test(a_start_retracts_what_was_before),
		cmocka_unit_test(a_start_retracts_nothing_new),
		cmocka_unit_test(tables_fill_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
