/*
 * test_engine_link.c - what happens below the protocol: links that come,
 * change and go, and a kernel that refuses and forgets.
 */
#include "stage.h"

/* covers: Q28 F33 */
static void
a_link_comes_back_with_another_index(void **state)
{
	struct world *w = world_new("interface e1\n");
	struct talker *a = talker_met(w, 1);
	struct link_state link = interface_find(w->babel, 1)->link;

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, SECOND);
	assert_true(is_selected(w, P6, a));
	babel_link_removed(w->babel, w->now, 1);
	a->alive = false;
	world_pass(w, SECOND);
	assert_int_equal(w->babel->neighbour_count, 0);
	assert_true(is_lost(w, P6));
	world_clear(w);
	link.ifindex = a->ifindex = 7;
	link.link_local[0] = our_address(7);
	babel_link_changed(w->babel, w->now, &link);
	talker_greet(a);
	talker_greet(a);
	a->alive = true;
	talker_tell(a, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, SECOND);
	/* Packets go there, unicast too, and so do routes. */
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_IHU,
	    .to = a)), 0);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_HELLO,
	    .ifindex = 1)), 0);
	assert_in_range(heard_count(w, WHICH(.type = TLV_HELLO,
	    .ifindex = 7)), 1, 4);
	assert_true(is_selected(w, P6, a));
	world_free(w);
}

/* covers: F33 */
static void
a_link_that_flaps_is_not_silent(void **state)
{
	static const babel_time gaps[] = { 0, MILLISECOND, 100 * MILLISECOND,
		SECOND, 10 * SECOND, 40 * SECOND };
	struct world *w = world_new(PLAIN);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		world_link(w, 1, false);
		world_pass(w, gaps[i]);
		world_link(w, 1, true);
		world_clear(w);
		world_pass(w, 100 * MILLISECOND);
		assert_int_not_equal(heard_count(w, WHICH(
		    .type = TLV_HELLO, .ifindex = 1)), 0);
	}
	world_free(w);
}

/* The warnings since the link of e1 is as given, for ten seconds. */
static unsigned int
warned(struct world *w, const struct link_state *link)
{
	unsigned int before = w->warnings;

	babel_link_changed(w->babel, w->now, link);
	world_pass(w, 10 * SECOND);
	return w->warnings - before;
}

static void
what_a_link_lacks_is_told_once(void **state)
{
	struct world *w = world_new("interface e1\ninterface nowhere\n");
	struct link_state link = interface_find(w->babel, 1)->link;

	(void)state;
	assert_int_equal(w->warnings, 0);
	world_pass(w, 10 * SECOND);
	assert_int_equal(w->warnings, 1);	/* nowhere */
	link.link_local_count = 0;
	assert_int_equal(warned(w, &link), 1);
	link.up = false;
	assert_int_equal(warned(w, &link), 1);
	link.mtu++;
	assert_int_equal(warned(w, &link), 0);
	link.up = true;
	assert_int_equal(warned(w, &link), 1);
	link.link_local_count = 1;
	assert_int_equal(warned(w, &link), 0);
	/* Down, and up before it is worth a word. */
	link.up = false;
	babel_link_changed(w->babel, w->now, &link);
	link.up = true;
	assert_int_equal(warned(w, &link), 0);
	babel_link_removed(w->babel, w->now, 1);
	world_pass(w, 10 * SECOND);
	assert_int_equal(w->warnings, 5);
	world_free(w);
}

/* covers: Q34 Q5 */
static void
another_ipv4_address_disturbs_nobody(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 2);
	const struct news v4 = { .prefix = P4, .id = ID_A, .seqno = 1 };
	struct link_state link = interface_find(w->babel, 2)->link;
	const struct heard *h;
	uint64_t selections;

	(void)state;
	talker_update(a, &v4);
	talker_tell(b, P6, ID_B, DISTANCE(1, 0));
	world_pass(w, SECOND);
	h = heard_last(w, WHICH(.type = TLV_UPDATE, .prefix = P4,
	    .ifindex = 2));
	assert_true(address_equal(&h->tlv.u.update.next_hop,
	    &link.ipv4));
	selections = world_count(w, COUNT_SELECTIONS);
	world_clear(w);
	link.ipv4.s6_addr[15] = 99;
	babel_link_changed(w->babel, w->now, &link);
	world_pass(w, SECOND);
	/* The new next hop is told soon; no route has moved. */
	h = heard_last(w, WHICH(.type = TLV_UPDATE, .prefix = P4,
	    .ifindex = 2));
	assert_non_null(h);
	assert_true(address_equal(&h->tlv.u.update.next_hop,
	    &link.ipv4));
	assert_true(is_selected(w, P6, b));
	assert_true(is_selected(w, P4, a));
	assert_int_equal(world_count(w, COUNT_SELECTIONS), selections);
	world_free(w);
}

/* So many routes from a talker at e1 that they take their time to go. */
static void
learn_many(struct world *w)
{
	struct talker *a = talker_met(w, 1);
	unsigned int i;

	for (i = 0; i < 10000; i++)
		talker_tell(a, prefix_number(i), ID_A, DISTANCE(1, 0));
	a->alive = false;
}

/* They go on going. */
static void
is_there_again(struct world *w, const struct interface *ifp)
{
	assert_int_equal(ifp->dying_count, 1);
	world_pass(w, SECOND);
	assert_int_equal(ifp->dying_count, 0);
	assert_int_equal(w->babel->route_count, 0);
	assert_ptr_equal(interface_find_name(w->babel, "e1"), ifp);
}

static void
what_is_not_forgotten_yet_comes_back(void **state)
{
	struct world *w = world_new("interface e*\n");
	struct interface *ifp = interface_find(w->babel, 1);
	struct configuration *old;

	(void)state;
	learn_many(w);
	babel_link_removed(w->babel, w->now, 1);
	world_link(w, 1, true);
	assert_true(ifp->up);
	is_there_again(w, ifp);
	learn_many(w);
	world_configure(w, "interface e2\n");
	babel_link_removed(w->babel, w->now, 1);
	old = w->conf;
	w->conf = must_read(PLAIN);
	babel_configure(w->babel, w->now, w->conf);
	configuration_free(old);
	is_there_again(w, ifp);
	world_configure(w, "interface e2\n");
	assert_null(interface_find_name(w->babel, "e1"));
	world_free(w);
}

/* covers: Q29 F38 */
static void
a_link_is_forgotten_amid_everything(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 2);

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(10, 0));
	world_pass(w, SECOND);
	/* Forwarded requests, owed updates, answers and a dump. */
	talker_ask_seqno(a, P6, ID_A, 11, 9);
	talker_ask_seqno(b, P6, ID_A, 12, 9);
	talker_ask_route(a, Q6);
	talker_ask_route(a, NULL);
	talker_tell(b, Q6, ID_B, DISTANCE(10, 0));
	a->alive = false;
	world_configure(w, "interface e2\n");
	assert_null(interface_find_name(w->babel, "e1"));
	world_clear(w);			/* of the good-bye */
	talker_tell(b, P6, ID_A, DISTANCE(20, 0));
	world_pass(w, 5 * MINUTE);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_HELLO,
	    .ifindex = 1)), 0);
	world_configure(w, PLAIN);
	world_clear(w);
	world_pass(w, SECOND);
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_HELLO,
	    .ifindex = 1)), 0);
	world_free(w);
}

/* What we ask of our neighbours and what we count with follow at once. */
static void
costs_follow_the_configuration(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	const struct heard *h;

	(void)state;
	world_pass(w, MINUTE);
	world_clear(w);
	world_configure(w, PLAIN "interface e1 rxcost 500\n");
	world_pass(w, 200 * MILLISECOND);
	h = heard_last(w, WHICH(.type = TLV_IHU, .ifindex = 1));
	assert_non_null(h);
	assert_int_equal(h->tlv.u.ihu.rxcost, 500);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_IHU,
	    .ifindex = 2)), 0);
	assert_int_equal(talker_entry(a)->cost, 96);	/* as it says */
	/* On a lossy link we count with our own, too. */
	world_configure(w, PLAIN "default link-quality true\n"
	    "interface e1 rxcost 512\n");
	assert_int_equal(talker_entry(a)->cost, 512);
	world_free(w);
}

/* covers: Q30 */
static void
long_names_are_not_run(void **state)
{
	static const char *const texts[] = {
		"interface a123456789abcde\n",		/* 15 */
		"interface a123456789abcdef\n",
		"interface a123456789abcdef0123456789\n",
	};
	const struct interface *ifp;
	struct world *w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		w = world_begin(texts[i], NULL);
		world_configure(w, texts[i]);
		ifp = TAILQ_FIRST(&w->babel->interfaces);
		if (i == 0)
			assert_memory_equal(ifp->link.name,
			    "a123456789abcde", 16);
		else
			assert_null(ifp);
		world_free(w);
	}
}

/* covers: Q25 */
static void
unicast_hellos_keep_a_neighbour(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);
	uint16_t i;

	(void)state;
	for (i = 0; i < 60; i++) {
		talker_hello(t, true, i, TALKER_INTERVAL);
		talker_ihu(t, 96);
		world_pass(w, TALKER_INTERVAL);
		assert_int_equal(talker_entry(t)->cost, i == 0 ?
		    INFINITY_METRIC : 96);
	}
	assert_int_equal(talker_entry(t)->unicast.vector, 0xFFFF);
	world_free(w);
}

/* covers: Q15 */
static void
lost_routes_are_put_back(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	const struct destination_key key = key_of(P6, NULL);

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, SECOND);
	assert_true(is_selected(w, P6, a));
	w->kernel_count = 0;		/* somebody flushed them */
	babel_fib_lost(w->babel, w->now, &key);
	world_pass(w, MILLISECOND);
	assert_true(is_selected(w, P6, a));
	world_free(w);
}

/* covers: Q19 */
static void
refused_routes_are_tried_again(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);

	(void)state;
	talker_met(w, 2);
	w->kernel_error = 105;		/* ENOBUFS */
	talker_tell(a, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, 500 * MILLISECOND);
	assert_true(is_lost(w, P6));
	assert_int_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .prefix = P6, .metric = FINITE)), 0);
	/* Ever more rarely. */
	world_pass(w, 31 * SECOND);
	assert_in_range(world_count(w, COUNT_FIB_FAILURES), 4, 7);
	w->kernel_error = 0;
	talker_tell(a, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, 33 * SECOND);
	assert_true(is_selected(w, P6, a));
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .prefix = P6, .ifindex = 2, .metric = FINITE)), 0);
	world_free(w);
}

/* covers: Q19 */
static void
refusals_do_not_chase_each_other(void **state)
{
	/* Their next hops are not reachable for the kernel. */
	struct world *w = world_new(PLAIN);
	struct talker *t[3];
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		t[i] = talker_met(w, 1 + (unsigned int)i % 2);
	w->kernel_error = ENETUNREACH;
	for (i = 0; i < 3; i++)
		talker_tell(t[i], P6, ID_A, DISTANCE(1, (uint16_t)i));
	world_pass(w, 500 * MILLISECOND);
	assert_int_equal(world_count(w, COUNT_FIB_FAILURES), 3);
	world_pass(w, 31 * SECOND);
	assert_in_range(world_count(w, COUNT_FIB_FAILURES), 12, 21);
	assert_true(is_lost(w, P6));
	w->kernel_error = 0;
	talker_tell(t[1], P6, ID_A, DISTANCE(1, 1));
	world_pass(w, 33 * SECOND);
	assert_true(is_selected(w, P6, t[1]));
	world_free(w);
}

/* Ours goes beside it, is announced, and takes over when it is gone. */
static void
a_place_of_others_is_left_to_them(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	const struct destination_key key = key_of(P4, NULL);
	const struct destination *d;
	int i;

	(void)state;
	talker_met(w, 2);
	w->taken = 2;
	talker_tell(a, P4, ID_A, DISTANCE(1, 0));
	world_pass(w, SECOND);
	assert_true(is_selected(w, P4, a));
	assert_int_equal(world_installed(w, P4)->priority, 2);
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .prefix = P4, .ifindex = 2, .metric = FINITE)), 0);
	assert_int_equal(world_count(w, COUNT_FIB_FAILURES), 0);
	/* One of them goes, which changes the first place that is free. */
	w->taken = 1;
	babel_fib_room(w->babel, w->now, &key);
	world_pass(w, SECOND);
	assert_int_equal(world_installed(w, P4)->priority, 1);
	/* The other goes without a word. */
	w->taken = 0;
	for (i = 0; i < 7; i++) {
		talker_tell(a, P4, ID_A, DISTANCE(1, 0));
		world_pass(w, 10 * SECOND);
	}
	assert_int_equal(world_installed(w, P4)->priority, 0);
	d = destination_find(w->babel, &key);
	assert_int_equal(d->fib.beside, 0);
	/* What is everywhere in the way is a refusal. */
	w->taken = 5000;
	talker_tell(a, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, 500 * MILLISECOND);
	assert_true(is_lost(w, P6));
	assert_int_equal(world_count(w, COUNT_FIB_FAILURES), 1);
	world_free(w);
}

/* For IPv6, a priority of 0 is 1024. */
static void
a_place_beside_is_behind(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);

	(void)state;
	w->taken = 1025;
	talker_tell(a, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, SECOND);
	assert_true(is_selected(w, P6, a));
	assert_int_equal(world_installed(w, P6)->priority, 1025);
	world_free(w);
}

/* covers: Q19 */
static void
a_flood_of_refusals_is_bounded(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 1);
	struct news news = { .prefix = P4, .id = ID_A, .seqno = 1,
		.metric = 500, .next_hop = "10.0.1.2" };
	char next_hop[ADDRESS_STRLEN];
	int i;

	(void)state;
	talker_update(b, &news);
	world_pass(w, SECOND);
	assert_true(is_selected(w, P4, b));
	w->kernel_error = EINVAL;
	news.metric = 0;
	news.next_hop = next_hop;
	for (i = 0; i < 100; i++) {
		snprintf(next_hop, sizeof(next_hop), "224.0.0.%d", i);
		talker_update(a, &news);
		world_pass(w, 5 * MILLISECOND);
		assert_true(is_selected(w, P4, b));
	}
	assert_in_range(world_count(w, COUNT_FIB_FAILURES), 8, 16);
	world_free(w);
}

static void
what_others_leave_is_taken_at_once(void **state)
{
	const struct destination_key key = key_of(P6, NULL);
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);

	(void)state;
	w->kernel_error = ENETUNREACH;
	talker_tell(a, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, 16 * SECOND);
	assert_true(is_lost(w, P6));
	w->kernel_error = 0;
	world_pass(w, SECOND);
	assert_true(is_lost(w, P6));
	babel_fib_room(w->babel, w->now, &key);
	world_pass(w, MILLISECOND);
	assert_true(is_selected(w, P6, a));
	world_free(w);
}

/* covers: Q16 */
static void
tables_are_those_of_the_route_in_use(void **state)
{
	struct world *w = world_new(PLAIN "install if e1 table 111\n"
	    "install if e2 table 222\n");
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 2);
	const struct destination_key key = key_of(P6, NULL);

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, SECOND);
	assert_int_equal(world_installed(w, P6)->table, 111);
	talker_tell(b, P6, ID_B, DISTANCE(1, 0));
	talker_tell(a, P6, ID_A, GONE);
	world_pass(w, SECOND);
	assert_true(is_selected(w, P6, b));
	assert_int_equal(world_installed(w, P6)->table, 222);
	assert_int_equal(w->kernel_count, 1);
	talker_tell(b, P6, ID_B, GONE);
	world_pass(w, SECOND);
	assert_int_equal(world_installed(w, P6)->table, 222);
	assert_true(world_installed(w, P6)->unreachable);
	w->kernel_count = 0;		/* it went with its link */
	babel_fib_lost(w->babel, w->now, &key);
	world_pass(w, MILLISECOND);
	assert_int_equal(world_installed(w, P6)->table, 222);
	assert_true(world_installed(w, P6)->unreachable);
	world_free(w);
}

/* covers: Q17 */
static void
reflected_metrics_saturate(void **state)
{
	struct world *w = world_new(PLAIN "reflect-kernel-metric true\n"
	    "kernel-priority 100\n");
	struct talker *a = talker_met(w, 1);

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(1, 200));
	world_pass(w, SECOND);
	assert_int_equal(world_installed(w, P6)->priority, 396);
	talker_tell(a, P6, ID_A, DISTANCE(2, 65400));
	world_pass(w, SECOND);
	assert_true(is_selected(w, P6, a));
	assert_in_range(world_installed(w, P6)->priority, 60000, 65534);
	world_free(w);
}

/* covers: Q10 */
static void
duplicates_are_judged_by_kernel_priority(void **state)
{
	static const struct {
		const char *text;
		bool ours;		/* alone, though it costs more */
	} cases[] = {
		{ PLAIN "redistribute proto 4 metric 900\n", true },
		{ "allow-duplicates 10\ninterface e1\ninterface e2\n"
		    "redistribute proto 4 metric 900\n", true },
	};
	struct world *w;
	struct talker *a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w = world_new(cases[i].text);
		a = talker_met(w, 1);
		talker_tell(a, OWN, ID_A, DISTANCE(1, 0));
		world_originate(w, OWN, true);
		world_pass(w, SECOND);
		assert_int_equal(is_selected(w, OWN, a), !cases[i].ours);
		world_free(w);
	}
	/* Ours has priority 0; from that on a learnt one may stand beside
	 * it, and ours is still the one that is announced. */
	w = world_new("allow-duplicates 0\ninterface e1\ninterface e2\n"
	    "redistribute proto 4 metric 900\n");
	a = talker_met(w, 1);
	talker_met(w, 2);
	talker_tell(a, OWN, ID_A, DISTANCE(1, 0));
	world_originate(w, OWN, true);
	world_pass(w, SECOND);
	assert_true(is_selected(w, OWN, a));
	assert_int_equal(heard_last(w, WHICH(.type = TLV_UPDATE,
	    .prefix = OWN, .ifindex = 2))->tlv.u.update.metric, 900);
	world_free(w);
}

/* covers: Q36 R8 */
static void
long_round_trips_do_not_overflow(void **state)
{
	struct world *w = world_new("interface e1 type tunnel\n");
	struct talker *t = talker_met(w, 1);
	struct neighbour *n = talker_entry(t);
	unsigned int i;

	(void)state;
	assert_int_equal(neighbour_rtt_cost(w->babel, n), 0);
	neighbour_rtt_sample(w->babel, n, 65 * MILLISECOND);
	assert_true(n->rtt == 65 * MILLISECOND);
	assert_int_equal(neighbour_rtt_cost(w->babel, n), 48);
	for (i = 0; i < 100; i++)
		neighbour_rtt_sample(w->babel, n, 170 * SECOND);
	assert_true(n->rtt > 169 * SECOND);
	assert_int_equal(neighbour_rtt_cost(w->babel, n), 96);
	world_free(w);
}

/* covers: Q38a */
static void
infinite_routes_do_not_answer_requests(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 2);

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(10, 0));
	world_pass(w, SECOND);
	talker_tell(a, P6, ID_A, GONE);
	world_pass(w, 5 * SECOND);
	world_clear(w);
	talker_ask_seqno(b, P6, ID_A, 9, 5);
	world_pass(w, SECOND);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_UPDATE, .to = b,
	    .prefix = P6)), 0);
	world_free(w);
}

/* A neighbour whose link was down for a moment has forgotten us, and we
 * have not noticed: it need not wait for the next Hello and IHU. */
static void
who_asks_for_everything_is_greeted(void **state)
{
	struct stage s = stage_new(PLAIN);

	(void)state;
	do {
		world_clear(s.w);
		world_pass(s.w, 20 * MILLISECOND);
	} while (heard_count(s.w, WHICH(.type = TLV_HELLO,
	    .ifindex = 2)) == 0);
	world_pass(s.w, SECOND);
	world_clear(s.w);
	talker_ask_route(s.b, NULL);
	world_pass(s.w, 100 * MILLISECOND);
	assert_in_range(heard_count(s.w, WHICH(.type = TLV_HELLO,
	    .ifindex = 2)), 1, 2);
	assert_int_equal(heard_count(s.w, WHICH(.type = TLV_IHU,
	    .to = s.b)), 1);
	world_free(s.w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_comes_back_with_another_index),
		cmocka_unit_test(a_link_that_flaps_is_not_silent),
		cmocka_unit_test(what_a_link_lacks_is_told_once),
		cmocka_unit_test(another_ipv4_address_disturbs_nobody),
		cmocka_unit_test(what_is_not_forgotten_yet_comes_back),
		cmocka_unit_test(a_link_is_forgotten_amid_everything),
		cmocka_unit_test(costs_follow_the_configuration),
		cmocka_unit_test(long_names_are_not_run),
		cmocka_unit_test(unicast_hellos_keep_a_neighbour),
		cmocka_unit_test(lost_routes_are_put_back),
		cmocka_unit_test(refused_routes_are_tried_again),
		cmocka_unit_test(a_place_of_others_is_left_to_them),
		cmocka_unit_test(a_place_beside_is_behind),
		cmocka_unit_test(refusals_do_not_chase_each_other),
		cmocka_unit_test(a_flood_of_refusals_is_bounded),
		cmocka_unit_test(what_others_leave_is_taken_at_once),
		cmocka_unit_test(tables_are_those_of_the_route_in_use),
		cmocka_unit_test(reflected_metrics_saturate),
		cmocka_unit_test(duplicates_are_judged_by_kernel_priority),
		cmocka_unit_test(long_round_trips_do_not_overflow),
		cmocka_unit_test(infinite_routes_do_not_answer_requests),
		cmocka_unit_test(who_asks_for_everything_is_greeted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
