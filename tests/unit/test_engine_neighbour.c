/*
 * test_engine_neighbour.c - neighbours (RFC 8966, section 3.4, appendix A):
 * Hellos and IHUs received and sent, histories, costs, and how neighbours
 * come and go.
 */
#include "world.h"

#define WIRELESS "interface e1 type wireless\n"

static uint16_t
reach(const struct talker *t)
{
	return talker_entry(t)->multicast.vector;
}

/* covers: B115 F8 */
static void
histories_follow_seqnos(void **state)
{
	static const struct {
		uint16_t seqno, vector;
	} steps[] = {
		{ 65533, 0x8000 }, { 65534, 0xC000 },
		{ 1, 0x9800 },		/* two were lost */
		{ 0, 0xB000 },		/* late: misses are taken back */
		{ 1, 0xD800 }, { 2, 0xEC00 },
		{ 0, 0xB000 },		/* three are taken back */
		{ 15, 0x8001 },		/* fourteen were lost */
		{ 16, 0xC000 },
		{ 33, 0x8000 },		/* sixteen: no reboot yet */
		{ 18, 0x8000 }, { 19, 0xC000 },
		{ 37, 0x8000 },		/* seventeen: it is one */
		{ 38, 0xC000 }, { 22, 0x8000 },
		{ 23, 0xC000 }, { 7, 0x8000 }, { 8, 0xC000 },
		{ 65528, 0x8000 },	/* seventeen less */
		{ 65529, 0xC000 },
	};
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		talker_hello(t, false, steps[i].seqno, TALKER_INTERVAL);
		if (reach(t) != steps[i].vector)
			fail_msg("step %zu: %04x, not %04x", i, reach(t),
			    steps[i].vector);
		assert_int_equal(talker_entry(t)->unicast.vector, 0);
	}
	/* The other kind counts by itself. */
	talker_hello(t, true, 9, TALKER_INTERVAL);
	talker_hello(t, true, 10, TALKER_INTERVAL);
	assert_int_equal(talker_entry(t)->unicast.vector, 0xC000);
	assert_int_equal(reach(t), 0xC000);
	world_free(w);
}

/* covers: B115 */
static void
sixteen_is_no_reboot(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1);
	const uint16_t next = t->hello_seqno;

	(void)state;
	talker_hello(t, false, (uint16_t)(next + 16), TALKER_INTERVAL);
	assert_int_not_equal(talker_entry(t)->txcost, INFINITY_METRIC);
	talker_hello(t, false, (uint16_t)(next + 17 - 16), TALKER_INTERVAL);
	assert_int_not_equal(talker_entry(t)->txcost, INFINITY_METRIC);
	/* Now it is: costs and routes are forgotten with the history. */
	talker_tell(t, P6, ID_A, DISTANCE(1, 0));
	assert_int_not_equal(world_route(w, P6, t)->refmetric,
	    INFINITY_METRIC);
	talker_hello(t, false, (uint16_t)(next + 2 + 17), TALKER_INTERVAL);
	assert_int_equal(talker_entry(t)->txcost, INFINITY_METRIC);
	assert_int_equal(talker_entry(t)->cost, INFINITY_METRIC);
	world_pass(w, 0);
	assert_int_equal(world_route(w, P6, t)->refmetric, INFINITY_METRIC);
	world_free(w);
}

/* covers: B13 B23 B115 */
static void
missed_hellos_end_a_neighbour(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);
	unsigned int i;

	(void)state;
	/* On a link that is not in use, so that nothing is probed. */
	talker_hello(t, false, 1, TALKER_INTERVAL);
	talker_hello(t, false, 2, TALKER_INTERVAL);
	talker_hello(t, false, 3, TALKER_INTERVAL);
	world_pass(w, 6 * SECOND - MILLISECOND);
	assert_int_equal(reach(t), 0xE000);
	world_pass(w, 2 * MILLISECOND);
	assert_int_equal(reach(t), 0x7000);
	assert_int_equal(talker_entry(t)->rxcost, 96);
	/* No margin from the second miss on. */
	world_pass(w, 4 * SECOND - 2 * MILLISECOND);
	assert_int_equal(reach(t), 0x7000);
	for (i = 0; i < 14; i++) {
		world_pass(w, i == 0 ? 2 * MILLISECOND : 4 * SECOND);
		assert_non_null(talker_entry(t));
		assert_int_equal(reach(t), 0x3800 >> i);
		assert_int_equal(talker_entry(t)->rxcost, INFINITY_METRIC);
		if (i == 12)
			break;
	}
	/* A late one is still the seventeenth or so, not a reboot. */
	assert_int_equal(talker_entry(t)->multicast.expected, 3 + 1 + 14);
	world_pass(w, 4 * SECOND);
	world_pass(w, 4 * SECOND);
	assert_null(talker_entry(t));
	world_free(w);
}

/* covers: B17 F9 */
static void
unscheduled_hellos_promise_nothing(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);

	(void)state;
	talker_hello(t, false, 1, TALKER_INTERVAL);
	world_pass(w, 3 * SECOND);
	talker_hello(t, false, 2, 0);
	assert_int_equal(reach(t), 0xC000);
	/* The first one's promise stands. */
	world_pass(w, 3 * SECOND - MILLISECOND);
	assert_int_equal(reach(t), 0xC000);
	world_pass(w, 2 * MILLISECOND);
	assert_int_equal(reach(t), 0x6000);
	world_free(w);
}

/* covers: B13 B23 */
static void
unscheduled_hellos_are_forgotten(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);
	unsigned int i;

	(void)state;
	talker_hello(t, true, 1, 0);
	talker_hello(t, true, 2, 0);
	talker_ihu(t, 96);
	assert_int_equal(talker_entry(t)->cost, 96);
	/* It goes on saying that it hears us, but no Hello. */
	for (i = 0; i < 4; i++) {
		world_pass(w, 5 * SECOND);
		talker_ihu(t, 96);
	}
	assert_int_equal(talker_entry(t)->rxcost, INFINITY_METRIC);
	assert_int_equal(talker_entry(t)->cost, INFINITY_METRIC);
	world_pass(w, 2 * MINUTE);
	assert_null(talker_entry(t));
	world_free(w);
}

/* covers: B17 */
static void
unscheduled_hellos_last_until_the_next_ihu(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);
	uint16_t seqno;

	(void)state;
	/* All that is heard of a babeld on a link without multicast. */
	for (seqno = 1; seqno < 5; seqno++) {
		talker_ihu(t, 96);
		talker_hello(t, true, seqno, 0);
		world_pass(w, 3 * TALKER_INTERVAL + SECOND);
		assert_int_equal(talker_entry(t)->multicast.vector, 0);
		assert_int_equal(talker_entry(t)->cost, seqno == 1 ?
		    INFINITY_METRIC : 96);
	}
	world_pass(w, 2 * TALKER_INTERVAL);
	assert_null(talker_entry(t));
	world_free(w);
}

/* covers: B13 B23 */
static void
unscheduled_hellos_do_not_keep_the_dead(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);

	(void)state;
	/* It does not hear us, so that nothing is probed. */
	talker_hello(t, false, 1, TALKER_INTERVAL);
	talker_hello(t, true, 1, 0);
	talker_hello(t, true, 2, 0);
	world_pass(w, 2 * MINUTE);
	assert_null(talker_entry(t));
	world_free(w);
}

/* covers: B13 */
static void
who_never_says_hello_is_dropped(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);

	(void)state;
	talker_ihu(t, 96);
	assert_non_null(talker_entry(t));
	world_pass(w, MINUTE + SECOND);
	assert_null(talker_entry(t));
	world_free(w);
}

/* covers: B115 B21 B23 B114 */
static void
two_out_of_three(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);
	struct neighbour *n;
	unsigned int bits, other;
	bool up, other_up;

	(void)state;
	talker_hello(t, false, 1, TALKER_INTERVAL);
	n = talker_entry(t);
	for (bits = 0; bits < 8; bits++)
		for (other = 0; other < 8; other++) {
			/* What is older does not count. */
			n->multicast.vector = (uint16_t)(bits << 13 | 0x1FFF);
			n->unicast.vector = (uint16_t)(other << 13 | 0x1FFF);
			up = (bits & 1) + (bits >> 1 & 1) + (bits >> 2) >= 2;
			other_up = (other & 1) + (other >> 1 & 1) +
			    (other >> 2) >= 2;
			assert_int_equal(neighbour_compute_rxcost(n),
			    up || other_up ? 96 : INFINITY_METRIC);
		}
	/* The neighbour's rxcost is our cost. */
	n->multicast.vector = 0xC000;
	n->txcost = 123;
	assert_int_equal(neighbour_compute_cost(w->babel, n), 123);
	n->txcost = INFINITY_METRIC;
	assert_int_equal(neighbour_compute_cost(w->babel, n),
	    INFINITY_METRIC);
	n->txcost = 123;
	n->multicast.vector = 0x8000;
	n->unicast.vector = 0;
	assert_int_equal(neighbour_compute_cost(w->babel, n),
	    INFINITY_METRIC);
	world_free(w);
}

/* covers: B115 B23 B24 */
static void
etx(void **state)
{
	static const struct {
		uint16_t vector;
		uint8_t length;
		uint16_t txcost, rxcost, cost;
	} cases[] = {
		{ 0xFC00, 16, 256, 256, 256 },
		{ 0xA800, 16, 512, 512, 1024 },
		{ 0xFFFF, 16, 96, 256, 256 },
		{ 0x8000, 16, 256, 1536, 1536 },
		{ 0x03FF, 16, 256, INFINITY_METRIC, INFINITY_METRIC },
		{ 0xFC00, 16, INFINITY_METRIC, 256, INFINITY_METRIC },
		{ 0xFC00, 16, 1024, 256, 1024 },
		{ 0x8000, 1, 256, 256, 256 },	/* one of one */
		{ 0x4000, 2, 256, 512, 512 },
		{ 0x8000, 16, 65000, 1536, INFINITY_METRIC },
	};
	struct world *w = world_new(WIRELESS);
	struct talker *t = talker_new(w, 1);
	struct neighbour *n;
	size_t i;

	(void)state;
	talker_hello(t, false, 1, TALKER_INTERVAL);
	n = talker_entry(t);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		n->multicast.vector = cases[i].vector;
		n->multicast.length = cases[i].length;
		n->txcost = cases[i].txcost;
		if (neighbour_compute_rxcost(n) != cases[i].rxcost ||
		    neighbour_compute_cost(w->babel, n) != cases[i].cost)
			fail_msg("case %zu: %u, %u", i,
			    neighbour_compute_rxcost(n),
			    neighbour_compute_cost(w->babel, n));
	}
	world_free(w);
}

/* covers: B115 */
static void
etx_is_measured_by_multicast(void **state)
{
	struct world *w = world_new(WIRELESS);
	struct talker *t = talker_new(w, 1);
	uint16_t i;

	(void)state;
	/* Every other one is lost; unicast is sent again by the radio. */
	for (i = 0; i < 8; i++) {
		talker_hello(t, false, (uint16_t)(2 * i), TALKER_INTERVAL);
		talker_hello(t, true, i, TALKER_INTERVAL);
	}
	assert_int_equal(talker_entry(t)->rxcost, 512);
	world_free(w);
	/* Who says unicast Hellos only is a neighbour all the same. */
	w = world_new(WIRELESS);
	t = talker_new(w, 1);
	talker_hello(t, true, 1, TALKER_INTERVAL);
	talker_hello(t, true, 2, TALKER_INTERVAL);
	assert_int_equal(talker_entry(t)->rxcost, 256);
	world_free(w);
}

/* covers: B20 B24 B114 Q26 */
static void
ihus_set_costs_and_expire(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);
	unsigned int i;

	(void)state;
	talker_hello(t, false, 1, 600 * SECOND);
	talker_hello(t, false, 2, 600 * SECOND);
	assert_int_equal(talker_entry(t)->cost, INFINITY_METRIC);
	talker_ihu(t, 120);
	assert_int_equal(talker_entry(t)->cost, 120);
	world_pass(w, 10 * SECOND);
	talker_ihu(t, 130);
	assert_int_equal(talker_entry(t)->cost, 130);
	/* 3.5 times 12 s from the last one on. */
	world_pass(w, 42 * SECOND - MILLISECOND);
	assert_int_equal(talker_entry(t)->txcost, 130);
	world_pass(w, 2 * MILLISECOND);
	assert_int_equal(talker_entry(t)->txcost, INFINITY_METRIC);
	assert_int_equal(talker_entry(t)->cost, INFINITY_METRIC);
	for (i = 0; i < 2; i++) {
		talker_ihu(t, i == 0 ? 140 : INFINITY_METRIC);
		assert_int_equal(talker_entry(t)->cost, i == 0 ? 140 :
		    INFINITY_METRIC);
	}
	world_free(w);
}

/* covers: B99 */
static void
ihus_for_others_are_not_ours(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1);
	struct ihu ihu = { .rxcost = 500, .interval = 12 * SECOND,
		.address = address_of("fe80::77") };

	(void)state;
	talker_begin(t);
	assert_true(message_put_ihu(&t->e, &ihu));
	ihu.address = our_address(2);	/* ours, but of another link */
	assert_true(message_put_ihu(&t->e, &ihu));
	talker_send(t);
	assert_int_equal(talker_entry(t)->txcost, 96);
	world_free(w);
}

/* covers: B22 B28 Q38a */
static void
costs_are_positive(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1);

	(void)state;
	talker_ihu(t, 0);
	assert_int_equal(talker_entry(t)->cost, 1);
	t->rxcost = 0;
	talker_tell(t, P6, ID_A, DISTANCE(1, 7));
	assert_int_equal(world_route(w, P6, t)->metric, 8);
	world_free(w);
}

/* covers: B12 B39 Q13 */
static void
strangers_have_no_routes(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);

	(void)state;
	talker_tell(t, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, SECOND);
	assert_non_null(talker_entry(t));
	assert_int_equal(world_route(w, P6, t)->metric, INFINITY_METRIC);
	assert_true(is_lost(w, P6));
	assert_null(world_installed(w, P6));
	world_free(w);
}

/* covers: B2 B4 B14 B15 B74 B92 B94 B96 B1 B114 */
static void
hellos_come_as_promised(void **state)
{
	struct world *w = world_new(PLAIN);
	const struct heard *last = NULL, *h;
	babel_time shortest = NEVER, longest = 0;
	unsigned int hellos = 0;
	size_t i;

	(void)state;
	talker_met(w, 1);
	world_pass(w, 10 * SECOND);
	world_clear(w);
	world_pass(w, 10 * MINUTE);
	for (i = 0; i < w->heard_count; i++) {
		h = &w->heard[i];
		if (h->tlv.type != TLV_HELLO || h->ifindex != 1)
			continue;
		hellos++;
		assert_true(is_multicast(&h->to));
		assert_false(h->tlv.u.hello.unicast);
		assert_int_equal(h->tlv.u.hello.interval, 4 * SECOND);
		if (last != NULL) {
			assert_int_not_equal(h->packet, last->packet);
			assert_int_equal(h->tlv.u.hello.seqno,
			    seqno_plus(last->tlv.u.hello.seqno, 1));
			shortest = time_min(shortest, h->at - last->at);
			longest = time_max(longest, h->at - last->at);
		}
		last = h;
	}
	assert_in_range(hellos, 150, 180);
	assert_in_range(longest, 3600 * MILLISECOND, 4 * SECOND);
	/* At random, so that routers do not fall into step. */
	assert_in_range(shortest, 3 * SECOND, longest - 200 * MILLISECOND);
	assert_int_equal(world_count(w, COUNT_HELLOS_LATE), 0);
	world_free(w);
}

/* covers: B15 */
static void
an_interface_begins_with_a_burst(void **state)
{
	struct world *w = world_begin(PLAIN, NULL);
	const struct heard *h;

	(void)state;
	world_pass(w, 500 * MILLISECOND);
	assert_in_range(heard_count(w, WHICH(.type = TLV_HELLO,
	    .ifindex = 1)), 2, 3);
	h = heard_first(w, WHICH(.type = TLV_HELLO, .ifindex = 1));
	assert_int_equal(h->tlv.u.hello.interval, 4 * SECOND);
	assert_non_null(heard_first(w, WHICH(.type = TLV_ROUTE_REQUEST,
	    .ifindex = 1, .multicast = true)));
	world_free(w);
}

/* Where Hellos are more frequent than those of a burst. */
/* covers: B4 B15 */
static void
a_burst_keeps_the_promises(void **state)
{
	struct world *w = world_begin("interface e1 hello-interval 0.05\n",
	    NULL);

	(void)state;
	world_pass(w, 5 * SECOND);
	assert_in_range(heard_count(w, WHICH(.type = TLV_HELLO)), 100, 120);
	assert_int_equal(world_count(w, COUNT_HELLOS_LATE), 0);
	world_free(w);
}

/* The IHUs to a talker come within their promises; returns how many. */
static unsigned int
check_ihus(const struct world *w, const struct talker *t)
{
	const struct heard *last = NULL, *h;
	unsigned int ihus = 0;
	size_t i;

	for (i = 0; i < w->heard_count; i++) {
		h = &w->heard[i];
		if (h->tlv.type != TLV_IHU || !address_equal(
		    &h->tlv.u.ihu.address, &t->address))
			continue;
		ihus++;
		assert_true(h->tlv.u.ihu.interval > 0);
		if (last != NULL)
			assert_in_range(h->at - last->at, 0,
			    last->tlv.u.ihu.interval);
		last = h;
	}
	return ihus;
}

/* covers: B4 B18 B97 B114 */
static void
ihus_come_as_promised(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1), *silent = talker_new(w, 1);
	unsigned int hellos, ihus;

	(void)state;
	world_pass(w, MINUTE);		/* all sixteen Hellos are heard */
	world_clear(w);
	world_pass(w, 10 * MINUTE);
	hellos = heard_count(w, WHICH(.type = TLV_HELLO, .ifindex = 1));
	ihus = check_ihus(w, t);
	/* Less often than Hellos where nothing is lost, */
	assert_in_range(ihus, hellos / 3 - 2, hellos / 2);
	assert_int_equal(check_ihus(w, silent), 0);
	/* with each of them where much is. */
	t->mute = true;
	world_clear(w);
	for (ihus = 0; ihus < 30; ihus++) {
		t->hello_seqno += ihus % 2;	/* one is lost */
		world_pass(w, TALKER_INTERVAL);
	}
	hellos = heard_count(w, WHICH(.type = TLV_HELLO, .ifindex = 1));
	assert_in_range(check_ihus(w, t), hellos - 1, hellos + 4);
	world_free(w);
}

/* covers: B4 Q46a */
static void
long_intervals_are_kept_too(void **state)
{
	struct world *w = world_new("interface e1 hello-interval 300\n");
	struct talker *t = talker_new(w, 1);

	(void)state;
	talker_hello(t, false, 1, 600 * SECOND);
	talker_hello(t, false, 2, 600 * SECOND);
	t->hello_seqno = 3;
	t->alive = true;
	world_pass(w, 120 * MINUTE);
	assert_in_range(check_ihus(w, t), 11, 40);
	world_free(w);
}

/* covers: B16 B19 */
static void
a_longer_interval_begins_with_a_hello(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1);
	const struct heard *hello, *ihu;
	babel_time then;

	(void)state;
	world_pass(w, 20 * SECOND);
	world_clear(w);
	then = w->now;
	world_configure(w, "interface e1 hello-interval 20\ninterface e2\n");
	world_pass(w, MINUTE);
	hello = heard_first(w, WHICH(.type = TLV_HELLO, .ifindex = 1));
	assert_int_equal(hello->tlv.u.hello.interval, 20 * SECOND);
	assert_in_range(hello->at - then, 0, 100 * MILLISECOND);
	ihu = heard_first(w, WHICH(.type = TLV_IHU, .ifindex = 1));
	assert_int_equal(ihu->tlv.u.ihu.interval, 60 * SECOND);
	assert_int_equal(ihu->packet, hello->packet);
	/* Only a Hello and an IHU say so. */
	assert_true(ihu->at == hello->at);
	assert_true(check_ihus(w, t) > 0);
	world_free(w);
}

/* covers: B14 B94 */
static void
declared_neighbours_hear_the_same_hello(void **state)
{
	struct world *w = world_new(PLAIN
	    "neighbour fe80::1 if e1\nneighbour fe80::2 if e1\n");
	unsigned int copies = 0;
	size_t i;

	(void)state;
	world_pass(w, 4 * SECOND);
	for (i = 0; i < w->heard_count; i++)
		copies += w->heard[i].tlv.type == TLV_HELLO &&
		    w->heard[i].ifindex == 1 &&
		    w->heard[i].tlv.u.hello.seqno ==
		    w->heard[0].tlv.u.hello.seqno;
	assert_int_equal(w->heard[0].tlv.type, TLV_HELLO);
	assert_int_equal(copies, w->heard[0].ifindex == 1 ? 3 : 0);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_HELLO,
	    .ifindex = 1)), 3);
	world_free(w);
}

/* covers: B94 B95 */
static void
unicast_hellos_count_by_themselves(void **state)
{
	struct world *w = world_new("interface e1 type tunnel\n");
	struct talker *a = talker_met(w, 1), *b = talker_met(w, 1);
	const struct heard *h, *last[2] = { NULL, NULL };
	unsigned int i, side, seen = 0;

	(void)state;
	/* Each restart is answered with IHUs: not heard; heard. */
	for (i = 0; i < 8; i++) {
		w->talkers[i % 2].hello_seqno += 1000;
		talker_greet(&w->talkers[i % 2]);
		world_pass(w, 100 * MILLISECOND);
		talker_greet(&w->talkers[i % 2]);
		world_pass(w, 3 * SECOND);
	}
	for (i = 0; i < w->heard_count; i++) {
		h = &w->heard[i];
		if (h->tlv.type != TLV_HELLO || !h->tlv.u.hello.unicast)
			continue;
		seen++;
		side = address_equal(&h->to, &b->address);
		assert_true(side || address_equal(&h->to, &a->address));
		/* Unscheduled, and the next of that neighbour's. */
		assert_int_equal(h->tlv.u.hello.interval, 0);
		if (last[side] != NULL)
			assert_int_equal(h->tlv.u.hello.seqno, seqno_plus(
			    last[side]->tlv.u.hello.seqno, 1));
		last[side] = h;
	}
	assert_in_range(seen, 8, 16);
	world_free(w);
}

/* covers: B13 Q35 */
static void
neighbours_are_bounded(void **state)
{
	struct world *w = world_new(PLAIN);
	unsigned int i;

	(void)state;
	w->babel->limits.neighbours_per_interface = 5;
	for (i = 0; i < 8; i++)
		talker_greet(talker_new(w, 1));
	assert_int_equal(w->babel->neighbour_count, 5);
	assert_null(talker_entry(&w->talkers[5]));
	/* The other link has room of its own. */
	talker_greet(talker_new(w, 2));
	assert_int_equal(w->babel->neighbour_count, 6);
	world_free(w);
}

/* covers: Q38b Q8 */
static void
a_newcomer_is_answered_at_once(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);
	const struct heard *ihu, *update, *request;
	babel_time then;

	(void)state;
	world_originate(w, OWN, true);
	world_pass(w, 6 * SECOND);
	world_clear(w);
	then = w->now;
	talker_greet(t);
	world_pass(w, 50 * MILLISECOND);
	assert_non_null(heard_first(w, WHICH(.type = TLV_HELLO,
	    .ifindex = 1)));
	talker_greet(t);
	t->alive = true;
	world_pass(w, 450 * MILLISECOND);
	assert_in_range(heard_count(w, WHICH(.type = TLV_HELLO,
	    .ifindex = 1)), 2, 3);
	ihu = heard_first(w, WHICH(.type = TLV_IHU, .to = t));
	assert_non_null(ihu);
	assert_int_equal(ihu->tlv.u.ihu.rxcost, 96);
	assert_in_range(ihu->at - then, 0, 100 * MILLISECOND);
	update = heard_first(w, WHICH(.type = TLV_UPDATE, .to = t,
	    .prefix = OWN, .metric = FINITE));
	request = heard_first(w, WHICH(.type = TLV_ROUTE_REQUEST, .to = t));
	assert_non_null(update);
	assert_non_null(request);
	/* One packet for both. */
	assert_int_equal(update->packet, request->packet);
	/* What came just now was no cause for the other link. */
	assert_int_equal(heard_count(w, WHICH(.type = TLV_IHU,
	    .ifindex = 2)), 0);
	world_free(w);
}

/* covers: F37 */
static void
a_crowd_is_answered_quietly(void **state)
{
	struct world *w = world_new(PLAIN);
	unsigned int before, i;

	(void)state;
	before = w->packets;
	for (i = 0; i < 30; i++)
		talker_new(w, 1)->alive = true;
	world_pass(w, 10 * SECOND);
	assert_true(neighbour_is_reachable(talker_entry(&w->talkers[29])));
	/* Both links' Hellos, and little more. */
	assert_in_range(w->packets - before, 4, 30);
	world_free(w);
}

static void
the_dying_are_no_crowd(void **state)
{
	struct world *w = world_new(PLAIN);
	struct interface *ifp = interface_find(w->babel, 1);
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++)
		talker_met(w, 1);
	assert_true(interface_is_crowded(ifp));
	neighbour_flush(w->babel, talker_entry(&w->talkers[0]));
	assert_int_equal(ifp->dying_count, 1);
	assert_false(interface_is_crowded(ifp));
	w->talkers[0].alive = false;
	world_pass(w, MILLISECOND);
	assert_int_equal(ifp->dying_count, 0);
	world_free(w);
}

static void
the_overdue_are_probed(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1);
	const struct heard *probe;
	babel_time due;

	(void)state;
	talker_tell(t, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, 80 * SECOND);
	world_clear(w);
	/* Late, but there. */
	due = t->next_hello += TALKER_INTERVAL;
	world_pass(w, due - w->now - MILLISECOND);
	probe = heard_first(w, WHICH(.type = TLV_ACK_REQUEST, .to = t));
	assert_non_null(probe);
	assert_in_range(probe->at, due - 3 * SECOND, due - 2 * SECOND);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_ACK_REQUEST)), 1);
	assert_true(neighbour_is_reachable(talker_entry(t)));
	/* Gone. */
	world_pass(w, 40 * SECOND);
	talker_tell(t, P6, ID_A, DISTANCE(1, 0));
	world_pass(w, 40 * SECOND);
	world_clear(w);
	t->alive = false;
	due = t->next_hello;
	world_pass(w, due - w->now + 2 * SECOND);
	assert_null(talker_entry(t));
	assert_true(is_lost(w, P6));
	assert_in_range(heard_count(w, WHICH(.type = TLV_ACK_REQUEST,
	    .to = t)), 2, 8);
	world_free(w);
}

/* A history without a Hello in it ends. */
static void
one_unicast_hello_is_no_metronome(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1);

	(void)state;
	talker_hello(t, true, 1, CENTISECOND);
	assert_true(timer_is_set(&talker_entry(t)->unicast.missed));
	world_pass(w, SECOND);
	assert_false(timer_is_set(&talker_entry(t)->unicast.missed));
	assert_true(neighbour_is_reachable(talker_entry(t)));
	/* The next one begins anew. */
	talker_hello(t, true, 500, SECOND);
	assert_int_equal(talker_entry(t)->unicast.vector, 0x8000);
	assert_true(neighbour_is_reachable(talker_entry(t)));
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(histories_follow_seqnos),
		cmocka_unit_test(sixteen_is_no_reboot),
		cmocka_unit_test(missed_hellos_end_a_neighbour),
		cmocka_unit_test(unscheduled_hellos_promise_nothing),
		cmocka_unit_test(unscheduled_hellos_are_forgotten),
		cmocka_unit_test(unscheduled_hellos_last_until_the_next_ihu),
		cmocka_unit_test(unscheduled_hellos_do_not_keep_the_dead),
		cmocka_unit_test(who_never_says_hello_is_dropped),
		cmocka_unit_test(two_out_of_three),
		cmocka_unit_test(etx),
		cmocka_unit_test(etx_is_measured_by_multicast),
		cmocka_unit_test(ihus_set_costs_and_expire),
		cmocka_unit_test(ihus_for_others_are_not_ours),
		cmocka_unit_test(costs_are_positive),
		cmocka_unit_test(strangers_have_no_routes),
		cmocka_unit_test(hellos_come_as_promised),
		cmocka_unit_test(an_interface_begins_with_a_burst),
		cmocka_unit_test(a_burst_keeps_the_promises),
		cmocka_unit_test(ihus_come_as_promised),
		cmocka_unit_test(long_intervals_are_kept_too),
		cmocka_unit_test(a_longer_interval_begins_with_a_hello),
		cmocka_unit_test(declared_neighbours_hear_the_same_hello),
		cmocka_unit_test(unicast_hellos_count_by_themselves),
		cmocka_unit_test(neighbours_are_bounded),
		cmocka_unit_test(a_newcomer_is_answered_at_once),
		cmocka_unit_test(a_crowd_is_answered_quietly),
		cmocka_unit_test(the_dying_are_no_crowd),
		cmocka_unit_test(the_overdue_are_probed),
		cmocka_unit_test(one_unicast_hello_is_no_metronome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
