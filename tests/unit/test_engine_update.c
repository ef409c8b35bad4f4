/*
 * test_engine_update.c - updates sent (RFC 8966, section 3.7), the
 * feasibility distances they leave behind, and hold time (3.5.4).
 */
#include "stage.h"

#define URGENT		(200 * MILLISECOND)
#define COVERING	"2001:db8::/32"

#define UPDATE(...) WHICH(.type = TLV_UPDATE, .prefix = P6, __VA_ARGS__)

/* The longest time between two finite updates to everybody on e2 for each
 * of the prefixes. */
static babel_time
longest_gap(const struct world *w, unsigned int prefixes)
{
	babel_time *last = calloc(prefixes, sizeof(*last)), longest = 0;
	const struct heard *h;
	unsigned int number;
	size_t i;

	assert_non_null(last);
	for (i = 0; i < w->heard_count; i++) {
		h = &w->heard[i];
		if (h->tlv.type != TLV_UPDATE || h->ifindex != 2 ||
		    !is_multicast(&h->to) ||
		    h->tlv.u.update.metric == INFINITY_METRIC ||
		    h->tlv.u.update.key.to.plen != 64)
			continue;
		number = (unsigned int)h->tlv.u.update.key.to.address[6] << 8 |
		    h->tlv.u.update.key.to.address[7];
		assert_in_range(number, 0, prefixes - 1);
		if (last[number] != 0)
			longest = time_max(longest, h->at - last[number]);
		last[number] = h->at;
	}
	for (number = 0; number < prefixes; number++)
		longest = time_max(longest, w->now - last[number]);
	free(last);
	return longest;
}

/* covers: B4 B43 B114 */
static void
every_route_comes_round(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	unsigned int sizes[3] = { 1, 100, 3000 }, size, i, told = 0;
	const struct heard *h = NULL;

	(void)state;
	talker_met(w, 2);
	for (size = 0; size < 3; size++) {
		for (; told < sizes[size]; told++)
			talker_tell(a, prefix_number(told), ID_A,
			    DISTANCE(1, 0));
		world_pass(w, 20 * SECOND);
		world_clear(w);
		for (i = 0; i < 4; i++) {
			world_pass(w, 16 * SECOND);
			for (told = 0; told < sizes[size]; told++)
				talker_tell(a, prefix_number(told), ID_A,
				    DISTANCE(1, 0));
		}
		assert_in_range(longest_gap(w, sizes[size]), 0, 16 * SECOND);
		h = heard_last(w, WHICH(.type = TLV_UPDATE, .ifindex = 2));
		assert_int_equal(h->tlv.u.update.interval, 16 * SECOND);
		assert_true(is_multicast(&h->to));
	}
	world_free(w);
}

/* covers: B2 B6 Q50 */
static void
full_updates_are_spread(void **state)
{
	struct world *w = world_new(PLAIN);
	babel_time begin;
	unsigned int i, most = 0, packets = 0, all = 0;
	size_t k;

	(void)state;
	talker_met(w, 2);
	for (i = 0; i < 2000; i++)
		world_originate(w, prefix_number(i), true);
	world_pass(w, 40 * SECOND);
	world_clear(w);
	world_pass(w, 16 * SECOND);
	/* No second holds more than its share of some 35 packets, nor do
	 * many leave at one time. */
	for (begin = w->now - 16 * SECOND; begin < w->now; begin += SECOND) {
		packets = 0;
		for (k = 1; k < w->heard_count; k++)
			packets += w->heard[k].at >= begin &&
			    w->heard[k].at < begin + SECOND &&
			    w->heard[k].packet != w->heard[k - 1].packet;
		if (packets > most)
			most = packets;
		all += packets;
	}
	assert_in_range(most, 1, 10);
	assert_in_range(all, 1, 36);	/* nearly all of them are full */
	world_free(w);
}

/* covers: B3 B34 B44 B45 */
static void
another_source_is_urgent_news(void **state)
{
	struct stage s = stage_new(PLAIN);
	const struct heard *h;
	const struct router_id id = id_of(ID_B);
	babel_time then = s.w->now;

	(void)state;
	talker_tell(s.a, P6, ID_B, DISTANCE(10, 0));
	world_pass(s.w, URGENT);
	h = heard_first(s.w, UPDATE(.ifindex = 2));
	assert_non_null(h);
	assert_int_equal(router_id_compare(&h->tlv.u.update.id, &id), 0);
	assert_true(h->at - then < URGENT);
	/* It must arrive. */
	assert_non_null(heard_first(s.w, WHICH(.type = TLV_ACK_REQUEST,
	    .ifindex = 2)));
	world_free(s.w);
}

/* covers: B3 B45 B48 B110 */
static void
retractions_are_urgent_news(void **state)
{
	struct stage s = stage_new(PLAIN);
	const struct heard *h;
	unsigned int side;

	(void)state;
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, URGENT);
	for (side = 1; side <= 2; side++) {
		h = heard_first(s.w, UPDATE(.ifindex = side));
		assert_non_null(h);
		assert_int_equal(h->tlv.u.update.metric, INFINITY_METRIC);
	}
	assert_non_null(heard_first(s.w, WHICH(.type = TLV_ACK_REQUEST,
	    .ifindex = 2)));
	world_free(s.w);
}

/* covers: B49 Q22 */
static void
trifles_are_no_news(void **state)
{
	static const struct {
		uint16_t seqno, metric;
		babel_time within;	/* 0: not at all */
	} news[] = {
		{ 10, 0, 0 }, { 11, 0, 0 }, { 12, 7, 0 }, { 13, 0, 0 },
		{ 15, 100, 2 * SECOND },	/* half a Hello interval */
		{ 16, 0, 2 * SECOND }, { 16, 63, 0 }, { 16, 0, 0 },
		{ 17, 2000, URGENT },
		{ 18, 2250, 0 }, { 19, 2500, 2 * SECOND },
		{ 20, INFINITY_METRIC, URGENT }, { 21, 0, URGENT },
	};
	struct stage s = stage_new(PLAIN "interface e1 update-interval 600\n"
	    "interface e2 update-interval 600\n");
	const struct heard *h;
	babel_time then;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(news) / sizeof(news[0]); i++) {
		world_clear(s.w);
		then = s.w->now;
		talker_tell(s.a, P6, ID_A, DISTANCE(news[i].seqno,
		    news[i].metric));
		world_pass(s.w, 3 * SECOND);
		h = heard_first(s.w, UPDATE(.ifindex = 2));
		if ((h != NULL) != (news[i].within != 0) ||
		    (h != NULL && h->at - then > news[i].within))
			fail_msg("case %zu", i);
	}
	world_free(s.w);
}

/* covers: B5 */
static void
lazy_news_is_told_in_time(void **state)
{
	struct stage s = stage_new(PLAIN "interface e1 update-interval 600\n"
	    "interface e2 update-interval 600\n");
	const struct heard *h;
	babel_time then;
	uint16_t i;

	(void)state;
	/* At all times between two Hellos: within half their interval. */
	for (i = 0; i < 30; i++) {
		world_clear(s.w);
		then = s.w->now;
		talker_tell(s.a, P6, ID_A, DISTANCE((uint16_t)(11 + i),
		    (uint16_t)(100 - i % 2 * 100)));
		world_pass(s.w, 5300 * MILLISECOND);
		h = heard_first(s.w, UPDATE(.ifindex = 2));
		assert_non_null(h);
		assert_in_range(h->at - then, 0, 2 * SECOND);
	}
	world_free(s.w);
}

/* The copies of a retraction that ask for an acknowledgment; checks that
 * they are spaced. */
static unsigned int
count_copies(const struct world *w, unsigned int ifindex)
{
	const struct heard *last = NULL, *h;
	unsigned int copies = 0;
	size_t i;

	for (i = 0; i < w->heard_count; i++) {
		h = &w->heard[i];
		if (!is_wanted(h, UPDATE(.ifindex = ifindex,
		    .metric = INFINITE)))
			continue;
		copies++;
		if (last != NULL)
			assert_true(h->at - last->at >= 50 * MILLISECOND);
		last = h;
	}
	return copies;
}

/* covers: B45 B46 B47 */
static void
copies_are_few_and_spaced(void **state)
{
	struct stage s = stage_new(PLAIN "interface e1 update-interval 600\n"
	    "interface e2 update-interval 600\n");

	(void)state;
	s.b->mute = true;
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, MINUTE);
	assert_in_range(count_copies(s.w, 2), 3, 5);
	/* The other one said that it has it. */
	assert_int_equal(count_copies(s.w, 1), 1);
	world_free(s.w);
}

/* covers: B45 B46 B47 */
static void
a_crowd_gets_copies_too(void **state)
{
	struct stage s = stage_new(PLAIN "interface e1 update-interval 600\n"
	    "interface e2 update-interval 600\n");
	unsigned int i;

	(void)state;
	for (i = 0; i < 19; i++)
		talker_met(s.w, 2);
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, MINUTE);
	assert_in_range(count_copies(s.w, 2), 2, 5);
	assert_int_equal(heard_count(s.w, UPDATE(.ifindex = 2)),
	    heard_count(s.w, UPDATE(.ifindex = 2, .multicast = true)));
	world_free(s.w);
}

/* covers: B11 */
static void
acknowledgments_are_not_asked_for_everything(void **state)
{
	struct stage s = stage_new(PLAIN);
	unsigned int i;

	(void)state;
	world_originate(s.w, OWN, true);
	for (i = 0; i < 40; i++) {
		world_pass(s.w, 16 * SECOND);
		talker_tell(s.a, P6, ID_A, DISTANCE(10, 0));
	}
	assert_in_range(heard_count(s.w, UPDATE(.metric = FINITE)), 40, 90);
	assert_int_equal(heard_count(s.w, WHICH(.type = TLV_ACK_REQUEST)), 0);
	world_free(s.w);
}

/* covers: B36 B37 B38 F28 Q13 */
static void
acknowledgments_end_the_hold(void **state)
{
	struct stage s = stage_new(PLAIN);
	const struct fib_entry *entry;

	(void)state;
	talker_tell(s.b, COVERING, ID_B, DISTANCE(1, 0));
	world_pass(s.w, SECOND);
	s.b->mute = true;
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, 400 * MILLISECOND);
	entry = world_installed(s.w, P6);
	assert_true(entry != NULL && entry->unreachable);
	assert_true(is_selected(s.w, COVERING, s.b));
	world_pass(s.w, 3 * SECOND);
	assert_non_null(world_installed(s.w, P6));
	/* All have acknowledged, and had a moment to act. */
	s.b->mute = false;
	world_pass(s.w, 4 * SECOND);
	assert_null(world_installed(s.w, P6));
	world_free(s.w);
}

/* covers: B36 */
static void
only_the_plain_default_is_not_held(void **state)
{
	static const struct {
		const char *to, *from;
		bool is_held;
	} cases[] = {
		{ "::/0", NULL, false },
		{ "0.0.0.0/0", NULL, false },
		{ "::/0", P6, true },
		{ "0.0.0.0/0", P4, true },
		{ "::/1", NULL, true },
	};
	struct stage s = stage_new(PLAIN);
	struct news news = { .id = ID_A, .seqno = 1 };
	struct destination_key key;
	const struct fib_entry *entry;
	size_t i;

	(void)state;
	s.b->mute = true;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		key = key_of(cases[i].to, cases[i].from);
		news.prefix = cases[i].to;
		news.from = cases[i].from;
		news.metric = 0;
		talker_update(s.a, &news);
		world_pass(s.w, SECOND);
		entry = kernel_find(s.w, &key);
		assert_true(entry != NULL && !entry->unreachable);
		news.metric = INFINITY_METRIC;
		talker_update(s.a, &news);
		world_pass(s.w, SECOND);
		entry = kernel_find(s.w, &key);
		assert_int_equal(entry != NULL, cases[i].is_held);
		assert_true(entry == NULL || entry->unreachable);
	}
	world_free(s.w);
}

/* covers: B36 B37 */
static void
late_news_prolong_the_hold(void **state)
{
	struct stage s = stage_new(PLAIN);

	(void)state;
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, 500 * MILLISECOND);
	assert_true(world_installed(s.w, P6)->unreachable);
	/* It has acknowledged, and believes an older update of ours again. */
	s.b->mute = true;
	world_clear(s.w);
	talker_tell(s.b, P6, ID_A, DISTANCE(10, 192));
	world_pass(s.w, 2 * SECOND);
	assert_true(world_installed(s.w, P6)->unreachable);
	assert_int_not_equal(heard_count(s.w, UPDATE(.to = s.b,
	    .metric = INFINITE)), 0);
	assert_non_null(heard_first(s.w, WHICH(.type = TLV_ACK_REQUEST,
	    .to = s.b)));
	s.b->mute = false;
	world_pass(s.w, 4 * SECOND);
	assert_null(world_installed(s.w, P6));
	/* One that is not by way of us changes nothing. */
	world_clear(s.w);
	talker_tell(s.b, P6, ID_A, DISTANCE(10, 96));
	talker_tell(s.b, P6, ID_B, DISTANCE(10, INFINITY_METRIC - 1));
	world_pass(s.w, 2 * SECOND);
	assert_int_equal(heard_count(s.w, UPDATE(.to = s.b,
	    .metric = INFINITE)), 0);
	world_free(s.w);
}

/* covers: B36 B37 */
static void
the_unacknowledged_hold_lasts(void **state)
{
	struct stage s = stage_new(PLAIN);
	babel_time then;

	(void)state;
	s.b->mute = true;
	talker_tell(s.a, P6, ID_A, GONE);
	then = s.w->now;
	while (s.w->now < then + 56 * SECOND) {
		world_pass(s.w, SECOND);
		assert_non_null(world_installed(s.w, P6));
		assert_true(world_installed(s.w, P6)->unreachable);
		talker_tell(s.a, P6, ID_A, GONE);
	}
	world_pass(s.w, 2 * SECOND);
	assert_null(world_installed(s.w, P6));
	world_pass(s.w, 4 * MINUTE);
	assert_null(world_destination(s.w, P6));
	world_free(s.w);
}

/* covers: B36 Q4 */
static void
a_hold_of_our_own_is_in_nobodys_way(void **state)
{
	struct stage s = stage_new(PLAIN "redistribute proto 4\n");

	(void)state;
	s.b->mute = true;
	world_originate(s.w, OWN, true);
	world_pass(s.w, SECOND);
	assert_null(world_installed(s.w, OWN));
	world_originate(s.w, OWN, false);
	world_pass(s.w, SECOND);
	assert_true(world_installed(s.w, OWN)->unreachable);
	assert_true(world_installed(s.w, OWN)->priority == UINT32_MAX);
	talker_tell(s.a, OWN, ID_A, DISTANCE(1, 0));
	world_pass(s.w, SECOND);
	assert_true(is_selected(s.w, OWN, s.a));
	assert_int_equal(world_installed(s.w, OWN)->priority, 0);
	world_free(s.w);
}

/* covers: B36 B37 */
static void
a_hold_ends_with_a_route(void **state)
{
	struct stage s = stage_new(PLAIN);

	(void)state;
	s.b->mute = true;
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, SECOND);
	assert_true(world_installed(s.w, P6)->unreachable);
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 0));
	world_pass(s.w, 2 * MILLISECOND);
	assert_true(is_selected(s.w, P6, s.a));
	/* And is not remembered. */
	world_pass(s.w, 50 * SECOND);
	assert_true(is_selected(s.w, P6, s.a));
	world_free(s.w);
}

/* covers: B50 */
static void
distances_fall_with_updates(void **state)
{
	struct stage s = stage_new(PLAIN);

	(void)state;
	assert_true(distance_is(s.w, P6, ID_A, DISTANCE(10, 96)));
	/* Better, sent: falls; worse: stays; newer: follows. */
	s.b->rxcost = s.a->rxcost = 20;
	talker_ihu(s.a, 20);
	world_pass(s.w, 3 * SECOND);
	assert_true(distance_is(s.w, P6, ID_A, DISTANCE(10, 20)));
	s.a->rxcost = 900;
	talker_ihu(s.a, 900);
	world_pass(s.w, 3 * SECOND);
	assert_int_equal(900,
	    heard_last(s.w, UPDATE(.ifindex = 2))->tlv.u.update.metric);
	assert_true(distance_is(s.w, P6, ID_A, DISTANCE(10, 20)));
	talker_tell(s.a, P6, ID_A, DISTANCE(11, 0));
	world_pass(s.w, 17 * SECOND);
	assert_true(distance_is(s.w, P6, ID_A, DISTANCE(11, 900)));
	/* Where it cannot be sent it does not fall either. */
	talker_tell(s.a, Q6, ID_A, DISTANCE(1, 0));
	s.b->alive = false;
	world_pass(s.w, 8 * SECOND);
	assert_null(talker_entry(s.b));
	s.a->rxcost = 10;
	talker_ihu(s.a, 10);
	world_pass(s.w, 20 * SECOND);
	assert_true(distance_is(s.w, P6, ID_A, DISTANCE(11, 900)));
	world_free(s.w);
}

/* covers: B50 Q21 */
static void
what_filters_add_counts(void **state)
{
	struct stage s = stage_new(PLAIN "out if e2 metric 1000\n");

	(void)state;
	talker_ask_route(s.b, P6);
	world_pass(s.w, SECOND);
	assert_int_equal(1096,
	    heard_last(s.w, UPDATE(.to = s.b))->tlv.u.update.metric);
	assert_true(distance_is(s.w, P6, ID_A, DISTANCE(10, 1096)));
	world_free(s.w);
}

/* covers: B50 B51 Q21 B114 */
static void
retractions_leave_distances(void **state)
{
	struct stage s = stage_new(PLAIN);
	const struct heard *h;
	babel_time sent;
	unsigned int i;

	(void)state;
	for (i = 0; i < 20; i++) {	/* kept by mere repetitions */
		world_pass(s.w, 15 * SECOND);
		talker_tell(s.a, P6, ID_A, DISTANCE(10, 0));
	}
	assert_true(distance_is(s.w, P6, ID_A, DISTANCE(10, 96)));
	h = heard_last(s.w, UPDATE(.metric = FINITE));
	sent = h->at;
	talker_tell(s.a, P6, ID_A, GONE);
	for (i = 0; i < 12; i++) {
		talker_ask_route(s.b, P6);
		world_pass(s.w, 10 * SECOND);
		assert_true(distance_is(s.w, P6, ID_A, DISTANCE(10, 96)));
	}
	assert_in_range(heard_count(s.w, UPDATE(.to = s.b,
	    .metric = INFINITE)), 12, 20);
	world_pass(s.w, sent + 3 * MINUTE - MILLISECOND - s.w->now);
	assert_true(distance_is(s.w, P6, ID_A, DISTANCE(10, 96)));
	world_pass(s.w, 2 * MILLISECOND);
	assert_false(distance_is(s.w, P6, ID_A, DISTANCE(10, 96)));
	world_free(s.w);
}

/* A neighbour that still uses us is not feasible, however long the
 * intervals are: each would be the other's next hop. */
/* covers: B25 B50 L11 */
static void
distances_outlast_their_use(void **state)
{
	struct stage s = stage_new("default split-horizon false "
	    "update-interval 300\ninterface e1\ninterface e2\n");
	struct news echo = { .prefix = P6, .id = ID_A, .seqno = 10,
		.metric = 192, .interval = 300 * SECOND };
	/* It was announced to b in the second before, and is not again. */
	const babel_time sent = s.w->now - SECOND;

	(void)state;
	talker_update(s.a, &(const struct news){ .prefix = P6, .id = ID_A,
	    .seqno = 10, .interval = 300 * SECOND });
	talker_update(s.b, &echo);
	world_pass(s.w, 215 * SECOND);
	talker_tell(s.a, P6, ID_A, GONE);
	talker_update(s.b, &echo);
	/* Until b, which hears nothing more of us, gives the route up. */
	world_pass(s.w, sent + 1050 * SECOND - s.w->now);
	assert_false(is_selected(s.w, P6, s.b));
	assert_true(distance_is(s.w, P6, ID_A, DISTANCE(10, 96)));
	world_free(s.w);
}

/* covers: B52 Q23 */
static void
split_horizon(void **state)
{
	struct stage s = stage_new(PLAIN);
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		world_pass(s.w, 16 * SECOND);
		talker_tell(s.a, P6, ID_A, DISTANCE(10, (uint16_t)(50 * i)));
		talker_ask_route(s.a, NULL);
	}
	world_pass(s.w, 2 * SECOND);
	assert_int_equal(heard_count(s.w, UPDATE(.ifindex = 1)), 0);
	assert_in_range(heard_count(s.w, UPDATE(.ifindex = 2)), 3, 9);
	world_free(s.w);
}

/* covers: B53 */
static void
no_split_horizon(void **state)
{
	static const char *const texts[] = {
		"interface e1 type wireless\ninterface e2\n",
		"interface e1 split-horizon false\ninterface e2\n",
		PLAIN "neighbour fe80::5 if e1\n",
	};
	struct stage s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		s = stage_new(texts[i]);
		world_pass(s.w, 17 * SECOND);
		assert_int_not_equal(heard_count(s.w, UPDATE(.ifindex = 1,
		    .metric = FINITE)), 0);
		world_free(s.w);
	}
}

/* covers: B48 Q20 */
static void
a_silenced_link_is_told(void **state)
{
	static const uint8_t ids[] = { ID_A, ID_B };
	struct stage s;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		s = stage_new(PLAIN);
		/* The route moves to e2, where it was announced so far. */
		talker_tell(s.b, P6, ids[i], DISTANCE(11, 0));
		talker_tell(s.a, P6, ID_A, GONE);
		world_pass(s.w, SECOND);
		assert_true(is_selected(s.w, P6, s.b));
		assert_in_range(heard_count(s.w, UPDATE(.ifindex = 2,
		    .metric = INFINITE)), 1, 2);
		assert_int_not_equal(heard_count(s.w, UPDATE(.ifindex = 1,
		    .metric = FINITE)), 0);
		world_free(s.w);
	}
}

/* covers: B48 */
static void
our_own_gives_way_to_one_that_is_silent(void **state)
{
	unsigned int others, i;
	struct talker *a;
	struct world *w;

	(void)state;
	/* In a crowd nothing is acknowledged, and so nothing is owed. */
	for (others = 0; others <= 4; others += 4) {
		w = world_new(PLAIN);
		a = talker_met(w, 1);
		for (i = 0; i < others; i++)
			talker_met(w, 1);
		talker_met(w, 2);
		world_originate(w, OWN, true);
		talker_tell(a, OWN, ID_A, DISTANCE(1, 0));
		world_pass(w, SECOND);
		world_clear(w);
		/* Its neighbour, too, may have preferred our route. */
		world_originate(w, OWN, false);
		world_pass(w, SECOND);
		assert_true(is_selected(w, OWN, a));
		assert_in_range(heard_count(w, WHICH(.type = TLV_UPDATE,
		    .prefix = OWN, .ifindex = 1, .metric = INFINITE)), 1, 3);
		assert_int_not_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
		    .prefix = OWN, .ifindex = 2, .metric = FINITE)), 0);
		world_free(w);
	}
}

/* covers: F29 B48 */
static void
a_changed_filter_is_told(void **state)
{
	struct stage s = stage_new(PLAIN);

	(void)state;
	world_configure(s.w, PLAIN "out ip " P6 " deny\n");
	world_pass(s.w, SECOND);
	assert_int_equal(heard_count(s.w, UPDATE(.ifindex = 2,
	    .metric = INFINITE)), 1);
	assert_int_equal(heard_count(s.w, UPDATE(.ifindex = 2,
	    .metric = FINITE)), 0);
	world_clear(s.w);
	world_pass(s.w, 32 * SECOND);
	assert_int_equal(heard_count(s.w, UPDATE(.ifindex = 2,
	    .metric = FINITE)), 0);
	world_configure(s.w, PLAIN);
	world_pass(s.w, SECOND);
	assert_int_not_equal(heard_count(s.w, UPDATE(.ifindex = 2,
	    .metric = FINITE)), 0);
	world_free(s.w);
}

static void
nothing_is_announced_before_it_is_installed(void **state)
{
	struct stage s = stage_new(PLAIN);
	struct talker *c = talker_met(s.w, 1);

	(void)state;
	s.w->kernel_sleeps = true;
	talker_tell(s.a, Q6, ID_A, DISTANCE(1, 0));
	talker_tell(s.a, P6, ID_A, GONE);
	talker_tell(c, P6, ID_B, DISTANCE(1, 0));
	world_pass(s.w, 20 * SECOND);
	talker_ask_route(s.b, NULL);
	world_pass(s.w, 2 * SECOND);
	assert_int_equal(heard_count(s.w, WHICH(.type = TLV_UPDATE,
	    .prefix = Q6, .metric = FINITE)), 0);
	assert_int_equal(heard_count(s.w, UPDATE(.ifindex = 2,
	    .metric = FINITE)), 0);
	s.w->kernel_sleeps = false;
	world_pass(s.w, URGENT);
	assert_int_not_equal(heard_count(s.w, WHICH(.type = TLV_UPDATE,
	    .prefix = Q6, .metric = FINITE)), 0);
	assert_int_not_equal(heard_count(s.w, UPDATE(.ifindex = 2,
	    .metric = FINITE)), 0);
	world_free(s.w);
}

/* covers: B48 Q31 */
static void
goodbyes_retract_everything(void **state)
{
	struct stage s = stage_new(PLAIN "interface e2 unicast true\n");
	const struct heard *h;
	unsigned int side, seen = 0;
	size_t i;

	(void)state;
	babel_shutdown(s.w->babel, s.w->now);
	world_pass(s.w, SECOND);
	assert_true(babel_is_quiet(s.w->babel));
	for (side = 1; side <= 2; side++) {
		for (i = 0; i < s.w->heard_count; i++) {
			h = &s.w->heard[i];
			seen += h->ifindex == side &&
			    h->tlv.type == TLV_UPDATE &&
			    h->tlv.u.update.wildcard;
		}
		assert_in_range(seen, 2 * side, 2 * side + 1);
	}
	world_free(s.w);
}

/* covers: B4 */
static void
a_longer_interval_begins_with_everything(void **state)
{
	struct world *w = world_new(PLAIN);
	unsigned int i;

	(void)state;
	talker_met(w, 2);
	for (i = 0; i < 700; i++)
		world_originate(w, prefix_number(i), true);
	world_pass(w, 39 * SECOND);
	world_clear(w);
	world_pass(w, 10 * SECOND);
	world_configure(w, PLAIN "interface e2 update-interval 200\n");
	world_pass(w, 10 * SECOND);
	assert_in_range(longest_gap(w, 700), 0, 16 * SECOND);
	world_free(w);
}

/* covers: B56 B43 */
static void
many_newcomers_do_not_starve_the_table(void **state)
{
	struct world *w = world_new(PLAIN);
	unsigned int i;

	(void)state;
	talker_met(w, 2);
	for (i = 0; i < 3000; i++)
		world_originate(w, prefix_number(i), true);
	world_pass(w, 20 * SECOND);
	world_clear(w);
	for (i = 0; i < 30; i++) {
		talker_greet(talker_new(w, 2));
		talker_greet(&w->talkers[i + 1]);
		w->talkers[i + 1].alive = true;
		world_pass(w, 500 * MILLISECOND);
	}
	assert_in_range(longest_gap(w, 3000), 0, 16 * SECOND);
	/* Nor do those who are there and ask for it. */
	for (i = 0; i < 80; i++) {
		talker_ask_route(&w->talkers[i % 30], NULL);
		world_pass(w, 500 * MILLISECOND);
	}
	assert_in_range(longest_gap(w, 3000), 0, 16 * SECOND);
	world_free(w);
}

/* covers: S8 */
static void
nothing_is_owed_to_who_is_not_told(void **state)
{
	const struct news news = { .prefix = P6, .from = "2001:db8:a::/48",
		.id = ID_A, .seqno = 1, .metric = 0 };
	const struct news gone = { .prefix = P6, .from = news.from,
		.metric = INFINITY_METRIC };
	const struct destination_key key = key_of(P6, news.from);
	struct world *w = world_new(PLAIN
	    "interface e2 rfc6126-compatible true\n");
	struct talker *a = talker_met(w, 1);

	(void)state;
	talker_met(w, 2);
	world_pass(w, MINUTE);		/* what was before is retracted */
	world_clear(w);
	talker_update(a, &news);
	world_pass(w, SECOND);
	talker_update(a, &gone);
	/* All who were told have acknowledged: it is not held any more. */
	world_pass(w, 5 * SECOND);
	assert_false(debt_is(destination_find(w->babel, &key), DEBT_BARRIER));
	world_pass(w, 300 * SECOND);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .ifindex = 2)), 0);
	assert_int_equal(w->babel->destination_count, 0);
	world_free(w);
}

static void
nothing_is_kept_when_nobody_is_there(void **state)
{
	struct world *w = world_new(PLAIN);
	unsigned int i;

	(void)state;
	world_originate(w, OWN, true);
	world_pass(w, SECOND);
	world_originate(w, OWN, false);
	for (i = 1; i <= WORLD_LINKS; i++)
		world_link(w, i, false);
	for (i = 0; i < 100; i++) {
		world_originate(w, prefix_number(i), true);
		world_pass(w, SECOND);
		world_originate(w, prefix_number(i), false);
	}
	world_pass(w, 300 * SECOND);
	assert_int_equal(w->babel->destination_count, 0);
	world_free(w);
}

/* covers: B43 */
static void
what_is_new_since_the_table_is_told(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);

	(void)state;
	/* It asks before it has been told that we hear it. */
	talker_hello(t, false, 100, TALKER_INTERVAL);
	talker_ask_route(t, NULL);
	world_pass(w, SECOND);
	world_originate(w, OWN, true);
	world_pass(w, SECOND);
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .prefix = OWN, .metric = FINITE)), 0);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_comes_round),
		cmocka_unit_test(full_updates_are_spread),
		cmocka_unit_test(another_source_is_urgent_news),
		cmocka_unit_test(retractions_are_urgent_news),
		cmocka_unit_test(trifles_are_no_news),
		cmocka_unit_test(lazy_news_is_told_in_time),
		cmocka_unit_test(copies_are_few_and_spaced),
		cmocka_unit_test(a_crowd_gets_copies_too),
		cmocka_unit_test(acknowledgments_are_not_asked_for_everything),
		cmocka_unit_test(acknowledgments_end_the_hold),
		cmocka_unit_test(only_the_plain_default_is_not_held),
		cmocka_unit_test(late_news_prolong_the_hold),
		cmocka_unit_test(the_unacknowledged_hold_lasts),
		cmocka_unit_test(a_hold_of_our_own_is_in_nobodys_way),
		cmocka_unit_test(a_hold_ends_with_a_route),
		cmocka_unit_test(distances_fall_with_updates),
		cmocka_unit_test(what_filters_add_counts),
		cmocka_unit_test(retractions_leave_distances),
		cmocka_unit_test(distances_outlast_their_use),
		cmocka_unit_test(split_horizon),
		cmocka_unit_test(no_split_horizon),
		cmocka_unit_test(a_silenced_link_is_told),
		cmocka_unit_test(our_own_gives_way_to_one_that_is_silent),
		cmocka_unit_test(a_changed_filter_is_told),
		cmocka_unit_test(nothing_is_announced_before_it_is_installed),
		cmocka_unit_test(goodbyes_retract_everything),
		cmocka_unit_test(a_longer_interval_begins_with_everything),
		cmocka_unit_test(many_newcomers_do_not_starve_the_table),
		cmocka_unit_test(nothing_is_owed_to_who_is_not_told),
		cmocka_unit_test(nothing_is_kept_when_nobody_is_there),
		cmocka_unit_test(what_is_new_since_the_table_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
