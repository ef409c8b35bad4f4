/*
 * test_engine_request.c - requests (RFC 8966, section 3.8): answered,
 * forwarded, and made.
 */
#include "stage.h"

#define URGENT		(200 * MILLISECOND)
#define SEQNO		TLV_SEQNO_REQUEST

/* The stage, on which OWN is originated, too. */
static struct stage
own_stage(const char *text)
{
	struct stage s = stage_new(text);

	world_originate(s.w, OWN, true);
	world_pass(s.w, SECOND);
	world_clear(s.w);
	return s;
}

/* The update that was sent to one talker alone, within the urgent timeout,
 * or NULL. */
static const struct update *
reply(struct stage *s, const struct talker *to, const char *prefix)
{
	const struct heard *h;

	world_pass(s->w, URGENT);
	h = heard_last(s->w, WHICH(.type = TLV_UPDATE, .to = to,
	    .prefix = prefix));
	return h == NULL ? NULL : &h->tlv.u.update;
}

/* covers: B54 B57 F26 */
static void
route_requests_are_answered(void **state)
{
	static const struct {
		const char *prefix;
		uint16_t metric;
	} cases[] = {
		{ P6, 96 }, { OWN, 0 }, { Q6, INFINITY_METRIC },
		{ P4, INFINITY_METRIC },
		{ "2001:db8::/32", INFINITY_METRIC },	/* only exactly */
		{ "2001:db8:1:1::/64", INFINITY_METRIC },
	};
	struct stage s = own_stage(PLAIN);
	const struct update *update;
	struct talker *t;
	size_t i;

	(void)state;
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		world_clear(s.w);
		/* Split horizon has no say in it. */
		t = i % 2 == 0 ? s.a : s.b;
		talker_ask_route(t, cases[i / 2].prefix);
		update = reply(&s, t, cases[i / 2].prefix);
		if (update == NULL || update->metric != cases[i / 2].metric)
			fail_msg("case %zu", i);
	}
	/* They are never passed on. */
	assert_int_equal(heard_count(s.w, WHICH(.type = TLV_ROUTE_REQUEST,
	    .prefix = Q6)), 0);
	world_free(s.w);
}

/* covers: B54 B116 */
static void
hidden_routes_are_answered_as_missing(void **state)
{
	struct stage s = own_stage(PLAIN "out ip " P6 " deny\n");

	(void)state;
	talker_ask_route(s.b, P6);
	assert_int_equal(reply(&s, s.b, P6)->metric, INFINITY_METRIC);
	world_free(s.w);
}

/* covers: B54 */
static void
answers_wait_for_the_kernel(void **state)
{
	struct stage s = own_stage(PLAIN);

	(void)state;
	s.w->kernel_sleeps = true;
	talker_tell(s.a, Q6, ID_A, DISTANCE(10, 0));
	world_pass(s.w, 10 * MILLISECOND);
	talker_ask_route(s.a, Q6);
	world_pass(s.w, 100 * MILLISECOND);
	s.w->kernel_sleeps = false;
	/* Nothing else would tell it there. */
	assert_non_null(reply(&s, s.a, Q6));
	world_free(s.w);
}

/* covers: B55 B56 F32 Q8 */
static void
wildcard_requests_are_answered(void **state)
{
	struct stage s = own_stage(PLAIN);
	unsigned int i, dumps;

	(void)state;
	talker_tell(s.a, Q6, ID_A, DISTANCE(10, 0));
	world_pass(s.w, 3 * SECOND);
	world_clear(s.w);
	talker_ask_route(s.b, NULL);
	assert_int_equal(reply(&s, s.b, P6)->metric, 96);
	assert_non_null(reply(&s, s.b, Q6));
	assert_int_equal(reply(&s, s.b, OWN)->metric, 0);
	/* Not at any rate, but not in vain either. */
	world_pass(s.w, 2 * SECOND);
	world_clear(s.w);
	for (i = 0; i < 50; i++) {
		talker_ask_route(s.b, NULL);
		world_pass(s.w, 20 * MILLISECOND);
	}
	dumps = heard_count(s.w, WHICH(.type = TLV_UPDATE, .to = s.b,
	    .prefix = P6));
	assert_in_range(dumps, 1, 3);
	world_clear(s.w);
	world_pass(s.w, 2 * SECOND);
	assert_int_equal(heard_count(s.w, WHICH(.type = TLV_UPDATE,
	    .to = s.b, .prefix = P6)), 1);
	world_free(s.w);
}

/* covers: B57 B58 B59 B8 F20 */
static void
our_seqno_goes_up_by_one(void **state)
{
	static const struct {
		uint16_t asked, seqno;
	} cases[] = {
		{ 1000, 1000 }, { 999, 1000 }, { 1001, 1001 },
		{ 1001, 1001 }, { 1003, 1002 }, { 1502, 1003 },
		{ 33000, 1004 }, { 34773, 1004 },	/* older than ours */
	};
	struct stage s = own_stage(PLAIN);
	const struct update *update;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world_clear(s.w);
		talker_ask_seqno(s.b, OWN, OUR_ID, cases[i].asked, 9);
		update = reply(&s, s.b, OWN);
		if (update == NULL || update->seqno != cases[i].seqno ||
		    babel_seqno(s.w->babel) != cases[i].seqno)
			fail_msg("case %zu", i);
		world_pass(s.w, SECOND);
	}
	/* Not for other prefixes, nor by requests for others. */
	talker_ask_seqno(s.b, Q6, OUR_ID, 2000, 9);
	talker_ask_seqno(s.b, P6, OUR_ID, 2000, 9);
	talker_ask_seqno(s.b, OWN, ID_B, 2000, 9);
	world_pass(s.w, MINUTE);
	assert_int_equal(babel_seqno(s.w->babel), 1004);
	assert_int_equal(world_count(s.w, COUNT_SEQNO_RAISED), 4);
	world_free(s.w);
}

static void
our_seqno_is_not_worn_out(void **state)
{
	struct stage s = own_stage(PLAIN);
	unsigned int i;

	(void)state;
	for (i = 0; i < 200; i++)
		talker_ask_seqno(s.b, OWN, OUR_ID,
		    seqno_plus(babel_seqno(s.w->babel), 1), 9);
	assert_int_equal(babel_seqno(s.w->babel), 1016);
	world_pass(s.w, 100 * MILLISECOND);
	talker_ask_seqno(s.b, OWN, OUR_ID, 1017, 9);
	assert_int_equal(babel_seqno(s.w->babel), 1017);
	world_free(s.w);
}

/* covers: B64 */
static void
a_newer_seqno_is_waited_for_still(void **state)
{
	struct stage s = stage_new(PLAIN);
	struct talker *c = talker_met(s.w, 1), *d = talker_met(s.w, 2);

	(void)state;
	talker_tell(c, P6, ID_A, DISTANCE(9, 500));
	talker_ask_seqno(s.b, P6, ID_A, 20, 7);
	world_pass(s.w, 1500 * MILLISECOND);
	/* Others ask for older ones; so do we, and that is satisfied. */
	talker_ask_seqno(d, P6, ID_A, 12, 7);
	world_pass(s.w, 200 * MILLISECOND);
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 500));
	world_pass(s.w, 200 * MILLISECOND);
	talker_tell(s.a, P6, ID_A, DISTANCE(12, 0));
	world_pass(s.w, SECOND);
	/* The route is lost for a moment. */
	talker_tell(s.a, P6, ID_A, GONE);
	talker_tell(s.a, P6, ID_A, DISTANCE(12, 0));
	world_pass(s.w, SECOND);
	world_clear(s.w);
	talker_tell(s.a, P6, ID_A, DISTANCE(20, 0));
	world_pass(s.w, 200 * MILLISECOND);
	assert_int_not_equal(heard_count(s.w, WHICH(.type = TLV_UPDATE,
	    .prefix = P6, .ifindex = 2)), 0);
	world_free(s.w);
}

/* covers: B64 */
static void
all_who_ask_are_answered(void **state)
{
	struct stage s = stage_new(PLAIN);
	struct talker *c = talker_met(s.w, 1), *d = talker_met(s.w, 1);

	(void)state;
	talker_ask_seqno(c, P6, ID_A, 11, 7);
	world_pass(s.w, 200 * MILLISECOND);
	talker_ask_seqno(d, P6, ID_A, 11, 7);
	world_pass(s.w, 200 * MILLISECOND);
	world_clear(s.w);
	/* By multicast, where split horizon would silence us. */
	talker_tell(s.a, P6, ID_A, DISTANCE(11, 0));
	world_pass(s.w, 200 * MILLISECOND);
	assert_int_not_equal(heard_count(s.w, WHICH(.type = TLV_UPDATE,
	    .prefix = P6, .ifindex = 1, .metric = FINITE)), 0);
	world_clear(s.w);
	talker_tell(s.a, P6, ID_A, DISTANCE(12, 0));
	world_pass(s.w, 20 * SECOND);
	assert_int_equal(heard_count(s.w, WHICH(.type = TLV_UPDATE,
	    .prefix = P6, .ifindex = 1)), 0);
	world_free(s.w);
}

static void
what_is_hidden_is_not_asked_for(void **state)
{
	struct stage s = stage_new(PLAIN);

	(void)state;
	world_configure(s.w, PLAIN "out if e2 ip " P6 " deny\n");
	world_pass(s.w, 3 * SECOND);
	talker_ask_seqno(s.b, P6, ID_A, 11, 7);
	world_pass(s.w, SECOND);
	assert_int_equal(heard_count(s.w, WHICH(
	    .type = TLV_SEQNO_REQUEST)), 0);
	world_free(s.w);
}

/* covers: B73 */
static void
a_route_taken_late_is_asked_for(void **state)
{
	struct stage s = stage_new(PLAIN);
	struct talker *c = talker_met(s.w, 1);
	unsigned int i;

	(void)state;
	talker_tell(c, P6, ID_A, DISTANCE(11, 400));
	for (i = 0; i < 5; i++) {
		world_pass(s.w, 10 * SECOND);
		talker_tell(s.a, P6, ID_A, DISTANCE(10, 0));
	}
	world_clear(s.w);
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, SECOND);
	assert_true(is_selected(s.w, P6, c));
	assert_int_equal(heard_count(s.w, WHICH(.type = TLV_ROUTE_REQUEST,
	    .to = c)), 1);
	world_free(s.w);
}

/* covers: B57 */
static void
what_we_have_is_answered(void **state)
{
	struct stage s = own_stage(PLAIN);

	(void)state;
	talker_ask_seqno(s.b, P6, ID_A, 10, 9);
	assert_int_equal(reply(&s, s.b, P6)->seqno, 10);
	world_clear(s.w);
	talker_ask_seqno(s.b, P6, ID_B, 500, 9);
	assert_int_equal(reply(&s, s.b, P6)->seqno, 10);
	world_clear(s.w);
	talker_ask_seqno(s.b, OWN, ID_B, 5, 1);
	assert_int_equal(reply(&s, s.b, OWN)->seqno, 1000);
	/* Nothing was passed on; what we do not have is not answered. */
	talker_ask_seqno(s.b, Q6, ID_B, 5, 9);
	assert_null(reply(&s, s.b, Q6));
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 0);
	world_free(s.w);
}

/* covers: B60 B62 B63 B64 B112 */
static void
requests_are_forwarded(void **state)
{
	static const uint16_t ahead[] = { 11, 150, 32777 };
	struct stage s;
	const struct heard *h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
		s = own_stage(PLAIN);
		talker_ask_seqno(s.b, P6, ID_A, ahead[i], 7);
		world_pass(s.w, URGENT);
		assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 1);
		h = heard_first(s.w, WHICH(.type = SEQNO, .to = s.a));
		assert_non_null(h);
		assert_int_equal(h->tlv.u.seqno_request.hop_count, 6);
		assert_int_equal(h->tlv.u.seqno_request.seqno, ahead[i]);
		assert_int_equal(h->tlv.u.seqno_request.ae, AE_IPV6);
		assert_null(heard_first(s.w, WHICH(.type = TLV_UPDATE,
		    .to = s.b, .prefix = P6)));
		/* The answer goes back at once, to who asked. */
		talker_tell(s.a, P6, ID_A, DISTANCE(ahead[i], 0));
		assert_int_equal(reply(&s, s.b, P6)->seqno, ahead[i]);
		world_clear(s.w);
		talker_tell(s.a, P6, ID_A, DISTANCE((uint16_t)(ahead[i] + 1),
		    0));
		assert_null(reply(&s, s.b, P6));
		world_free(s.w);
	}
}

/* covers: B62 */
static void
hops_are_counted(void **state)
{
	struct stage s = own_stage(PLAIN);
	const struct heard *h;

	(void)state;
	talker_ask_seqno(s.b, P6, ID_A, 11, 1);
	world_pass(s.w, SECOND);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 0);
	talker_ask_seqno(s.b, P6, ID_A, 12, 2);
	world_pass(s.w, SECOND);
	h = heard_first(s.w, WHICH(.type = SEQNO));
	assert_int_equal(h->tlv.u.seqno_request.hop_count, 1);
	talker_ask_seqno(s.b, P6, ID_A, 13, 255);
	world_pass(s.w, SECOND);
	h = heard_last(s.w, WHICH(.type = SEQNO));
	assert_int_equal(h->tlv.u.seqno_request.hop_count, 254);
	world_free(s.w);
}

/* covers: B60 B61 B62 F22 */
static void
the_feasible_hop_is_chosen(void **state)
{
	struct stage s = own_stage(PLAIN);
	struct talker *c = talker_met(s.w, 1), *d = talker_met(s.w, 1);

	(void)state;
	/* c is cheap but unfeasible, d feasible but dear. */
	talker_tell(c, P6, ID_A, DISTANCE(10, 200));
	d->rxcost = 5000;
	talker_ihu(d, 5000);
	talker_tell(d, P6, ID_A, DISTANCE(10, 50));
	world_pass(s.w, SECOND);
	world_clear(s.w);
	/* The one that asks is not asked. */
	talker_ask_seqno(s.a, P6, ID_A, 11, 7);
	world_pass(s.w, SECOND);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 1);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO, .to = d)), 1);
	/* Without d an unfeasible one is better than none. */
	talker_tell(d, P6, ID_A, GONE);
	world_pass(s.w, SECOND);
	world_clear(s.w);
	talker_ask_seqno(s.a, P6, ID_A, 12, 7);
	world_pass(s.w, SECOND);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 1);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO, .to = c)), 1);
	/* Without c there is nobody. */
	talker_tell(c, P6, ID_A, GONE);
	world_pass(s.w, SECOND);
	world_clear(s.w);
	talker_ask_seqno(s.a, P6, ID_A, 13, 7);
	world_pass(s.w, SECOND);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 0);
	world_free(s.w);
}

/* covers: B65 */
static void
the_redundant_are_not_forwarded(void **state)
{
	struct stage s = own_stage(PLAIN);
	struct talker *c = talker_met(s.w, 2);

	(void)state;
	world_clear(s.w);
	talker_ask_seqno(s.b, P6, ID_A, 12, 7);
	world_pass(s.w, URGENT);
	talker_ask_seqno(s.b, P6, ID_A, 12, 7);
	talker_ask_seqno(c, P6, ID_A, 11, 9);
	world_pass(s.w, URGENT);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 1);
	/* A newer one is not, nor is one that is sent again in time. */
	talker_ask_seqno(s.b, P6, ID_A, 13, 7);
	world_pass(s.w, 2 * SECOND);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 2);
	talker_ask_seqno(s.b, P6, ID_A, 13, 7);
	world_pass(s.w, URGENT);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 3);
	/* All who asked hear of the answer. */
	world_clear(s.w);
	talker_tell(s.a, P6, ID_A, DISTANCE(13, 0));
	world_pass(s.w, URGENT);
	assert_int_not_equal(heard_count(s.w, WHICH(.type = TLV_UPDATE,
	    .ifindex = 2, .prefix = P6)), 0);
	world_free(s.w);
}

/* Whom it was passed on to may be dead, and nobody knows yet: once that is
 * known, it takes the way that is left, without being asked again. */
/* covers: B63 */
static void
lost_requests_are_passed_on_again(void **state)
{
	struct stage s = own_stage(PLAIN "smoothing-half-life 0\n");
	struct talker *c = talker_met(s.w, 2), *d = talker_met(s.w, 1);

	(void)state;
	d->rxcost = 500;
	talker_ihu(d, 500);
	talker_tell(d, P6, ID_A, DISTANCE(10, 50));
	world_pass(s.w, SECOND);
	world_clear(s.w);
	talker_ask_seqno(c, P6, ID_A, 11, 7);
	world_pass(s.w, URGENT);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 1);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO, .to = s.a)), 1);
	/* While it may still answer, nobody else is asked, though another
	 * route is better. */
	s.a->rxcost = 5000;
	talker_ihu(s.a, 5000);
	world_pass(s.w, URGENT);
	assert_true(is_selected(s.w, P6, d));
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 1);
	s.a->rxcost = 96;
	talker_ihu(s.a, 96);
	world_pass(s.w, URGENT);
	assert_true(is_selected(s.w, P6, s.a));
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, URGENT);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 2);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO, .to = d)), 1);
	world_clear(s.w);
	talker_tell(d, P6, ID_A, DISTANCE(11, 50));
	assert_int_equal(reply(&s, c, P6)->seqno, 11);
	world_free(s.w);
}

/* covers: B64 F21 Q20 */
static void
requests_are_kept_by_source(void **state)
{
	struct stage s = own_stage(PLAIN);
	struct talker *c = talker_met(s.w, 2);

	(void)state;
	talker_ask_seqno(s.b, P6, ID_A, 11, 7);
	world_pass(s.w, URGENT);
	/* While that is pending, the source becomes another. */
	talker_tell(s.a, P6, ID_B, DISTANCE(5, 0));
	world_pass(s.w, URGENT);
	world_clear(s.w);
	talker_ask_seqno(c, P6, ID_B, 6, 7);
	world_pass(s.w, URGENT);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO,
	    .to = s.a)), 1);
	talker_tell(s.a, P6, ID_B, DISTANCE(6, 0));
	assert_int_equal(reply(&s, c, P6)->seqno, 6);
	world_free(s.w);
}

/* covers: B66 B67 B68 B69 B70 F23 B114 */
static void
the_starving_ask(void **state)
{
	static const babel_time times[] = { 0, 2 * SECOND, 6 * SECOND,
		14 * SECOND };
	struct stage s = own_stage(PLAIN "interface e1 update-interval 600\n"
	    "interface e2 update-interval 600\n");
	struct talker *c = talker_met(s.w, 1), *d = talker_met(s.w, 2);
	const struct heard *h;
	struct router_id id = id_of(ID_A);
	unsigned int asked = 0;
	babel_time then;
	size_t i;

	(void)state;
	talker_tell(c, P6, ID_A, DISTANCE(10, 200));
	talker_tell(d, P6, ID_A, DISTANCE(10, 300));
	world_pass(s.w, 12 * SECOND);
	world_clear(s.w);
	then = s.w->now;
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, 40 * SECOND);
	for (i = 0; i < s.w->heard_count; i++) {
		h = &s.w->heard[i];
		if (h->tlv.type != SEQNO || !address_equal(&h->to,
		    &c->address))
			continue;
		assert_in_range(asked, 0, 3);
		assert_in_range(h->at - then, times[asked], times[asked] +
		    URGENT);
		assert_int_equal(router_id_compare(
		    &h->tlv.u.seqno_request.id, &id), 0);
		assert_true(!seqno_less(h->tlv.u.seqno_request.seqno, 11));
		assert_int_equal(h->tlv.u.seqno_request.hop_count, 64);
		asked++;
	}
	assert_int_equal(asked, 4);
	h = heard_first(s.w, WHICH(.type = SEQNO, .to = c));
	assert_int_equal(h->tlv.u.seqno_request.seqno, 11);
	/* All that have such a route, and nobody else. */
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO,
	    .to = d)), 4);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 8);
	world_free(s.w);
}

/* covers: B66 B70 */
static void
the_fed_do_not_ask(void **state)
{
	struct stage s = own_stage(PLAIN);
	struct talker *c = talker_met(s.w, 1);

	(void)state;
	talker_tell(c, P6, ID_A, DISTANCE(10, 200));
	world_pass(s.w, 12 * SECOND);
	world_clear(s.w);
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, URGENT);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 1);
	talker_tell(c, P6, ID_A, DISTANCE(11, 200));
	world_pass(s.w, 2 * MILLISECOND);
	assert_true(is_selected(s.w, P6, c));
	world_clear(s.w);
	world_pass(s.w, 30 * SECOND);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 0);
	world_free(s.w);
	/* Nor when the old seqno will do after all. */
	s = own_stage(PLAIN);
	c = talker_met(s.w, 1);
	talker_tell(c, P6, ID_A, DISTANCE(10, 200));
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, URGENT);
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 95));
	world_pass(s.w, 2 * MILLISECOND);
	assert_true(is_selected(s.w, P6, s.a));
	world_clear(s.w);
	world_pass(s.w, 30 * SECOND);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 0);
	world_free(s.w);
}

/* Many prefixes from one talker, in as many packets as they need. */
static void
tell_many(struct talker *t, unsigned int count_told, uint16_t metric)
{
	struct update update = { .ae = AE_IPV6, .id = id_of(ID_A),
		.seqno = 10, .metric = metric, .interval = 600 * SECOND };
	unsigned int i;

	update.key = key_of("2001:db8:1000::/64", NULL);
	talker_begin(t);
	for (i = 0; i < count_told; i++) {
		update.key.to.address[6] = (uint8_t)(i >> 8);
		update.key.to.address[7] = (uint8_t)i;
		if (!message_put_update(&t->e, &update)) {
			talker_send(t);
			talker_begin(t);
			message_put_update(&t->e, &update);
		}
	}
	talker_send(t);
}

/* covers: B66 B67 */
static void
many_starve_together(void **state)
{
	const unsigned int many = 6000;
	struct stage s = own_stage(PLAIN);
	struct talker *c = talker_met(s.w, 1);
	unsigned int at_once = 0;
	babel_time last = 0;
	size_t i;

	(void)state;
	s.w->deaf = true;
	tell_many(s.a, many, 0);
	world_pass(s.w, 2 * SECOND);
	tell_many(c, many, 200);
	world_pass(s.w, SECOND);
	s.w->deaf = false;
	talker_begin(s.a);
	assert_true(message_put_wildcard_retraction(&s.a->e,
	    &s.w->babel->id, 0));
	talker_send(s.a);
	world_pass(s.w, SECOND);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO, .to = c)),
	    many);
	/* Not more than its buffer holds, either. */
	for (i = 0; i < s.w->heard_count; i++) {
		if (s.w->heard[i].tlv.type != SEQNO)
			continue;
		at_once = s.w->heard[i].at == last ? at_once + 1 : 1;
		last = s.w->heard[i].at;
		assert_in_range(at_once, 1, 256);
	}
	world_free(s.w);
}

/* covers: B66 B67 */
static void
a_full_outbox_holds_up_nobody_else(void **state)
{
	struct stage s = own_stage(PLAIN "interface e3\n");
	struct talker *c = talker_met(s.w, 3), *d = talker_met(s.w, 1);

	(void)state;
	tell_many(s.a, 5000, 0);
	world_pass(s.w, 2 * SECOND);
	tell_many(c, 5000, 200);
	talker_tell(c, P6, ID_A, DISTANCE(10, 200));
	talker_tell(d, P6, ID_A, DISTANCE(10, 200));
	s.w->jammed_link = 3;
	tell_many(s.a, 5000, INFINITY_METRIC);
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, URGENT);
	assert_false(outbox_has_room(&talker_entry(c)->outbox));
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO, .to = d)), 1);
	world_free(s.w);
}

/* covers: B66 B69 F21 */
static void
each_source_is_asked_for(void **state)
{
	struct stage s = own_stage(PLAIN);
	struct talker *c = talker_met(s.w, 1), *d = talker_met(s.w, 1);
	const struct heard *h;
	unsigned int seen[2] = { 0, 0 };
	size_t i;

	(void)state;
	talker_tell(s.a, P6, ID_B, DISTANCE(10, 0));
	world_pass(s.w, SECOND);
	assert_true(distance_is(s.w, P6, ID_B, DISTANCE(10, 96)));
	talker_tell(c, P6, ID_A, DISTANCE(10, 200));
	talker_tell(d, P6, ID_B, DISTANCE(10, 200));
	world_pass(s.w, 12 * SECOND);
	world_clear(s.w);
	talker_tell(s.a, P6, ID_B, GONE);
	world_pass(s.w, URGENT);
	for (i = 0; i < s.w->heard_count; i++) {
		h = &s.w->heard[i];
		if (is_wanted(h, WHICH(.type = SEQNO, .to = c)))
			seen[h->tlv.u.seqno_request.id.octets[7] == ID_B]++;
	}
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], 1);
	world_free(s.w);
}

/* covers: B66 B67 */
static void
the_starving_ask_when_a_link_fails(void **state)
{
	struct stage s = own_stage(PLAIN "interface e3\n");
	struct talker *c = talker_met(s.w, 3);

	(void)state;
	talker_tell(c, P6, ID_A, DISTANCE(10, 200));
	world_pass(s.w, 12 * SECOND);
	world_clear(s.w);
	world_link(s.w, 1, false);
	world_pass(s.w, URGENT);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO, .to = c)), 1);
	world_free(s.w);
}

/* covers: B71 */
static void
the_selected_is_asked_for_a_newer_seqno(void **state)
{
	struct stage s = own_stage(PLAIN);
	const struct heard *h;

	(void)state;
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 500));
	world_pass(s.w, URGENT);
	h = heard_first(s.w, WHICH(.type = SEQNO, .to = s.a));
	assert_non_null(h);
	assert_int_equal(h->tlv.u.seqno_request.seqno, 11);
	assert_int_equal(h->tlv.u.seqno_request.hop_count, 64);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 1);
	world_free(s.w);
}

/* covers: B72 */
static void
the_better_is_asked_for_a_newer_seqno(void **state)
{
	struct stage s = own_stage(PLAIN);
	struct talker *c = talker_met(s.w, 1), *e;

	(void)state;
	world_clear(s.w);
	talker_tell(c, P6, ID_A, DISTANCE(10, 100));	/* 196: worse */
	world_pass(s.w, URGENT);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 0);
	s.a->rxcost = 1000;
	talker_ihu(s.a, 1000);
	world_pass(s.w, SECOND);
	talker_tell(c, P6, ID_A, DISTANCE(10, 101));	/* 197: better */
	world_pass(s.w, URGENT);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO)), 1);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO, .to = c)), 1);
	/* One that is new to us, too. */
	e = talker_met(s.w, 1);
	talker_tell(e, P6, ID_A, DISTANCE(10, 102));
	world_pass(s.w, URGENT);
	assert_int_equal(heard_count(s.w, WHICH(.type = SEQNO, .to = e)), 1);
	world_free(s.w);
}

/* covers: B69 B70 */
static void
our_own_requests_go_far(void **state)
{
	struct stage s = own_stage(PLAIN "interface e1 update-interval 600\n"
	    "interface e2 update-interval 600\n");
	struct talker *c = talker_met(s.w, 1);
	const struct heard *h;

	(void)state;
	/* Ours is pending, then somebody else's with few hops left. */
	talker_tell(c, P6, ID_A, DISTANCE(10, 200));
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, SECOND);
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 95));
	world_pass(s.w, 100 * MILLISECOND);
	talker_ask_seqno(s.b, P6, ID_A, 11, 2);
	world_pass(s.w, 300 * MILLISECOND);
	talker_tell(s.a, P6, ID_A, GONE);
	world_clear(s.w);
	world_pass(s.w, 4 * SECOND);
	h = heard_last(s.w, WHICH(.type = SEQNO, .to = c));
	assert_non_null(h);
	assert_int_equal(h->tlv.u.seqno_request.hop_count, 64);
	world_free(s.w);
}

static void
who_lost_its_state_takes_a_fresh_name(void **state)
{
	struct babel_identity identity = { .id = id_of(OUR_ID),
		.seqno = 5, .without_state = true };
	struct world *w = world_begin(PLAIN, &identity);
	const struct router_id old = id_of(OUR_ID);
	struct router_id id;
	struct talker *a;
	unsigned int i;

	(void)state;
	world_pass(w, SECOND);
	a = talker_met(w, 1);
	world_originate(w, OWN, true);
	world_pass(w, SECOND);
	/* By one only, */
	talker_ask_seqno(a, OWN, OUR_ID, 6, 9);
	assert_int_equal(babel_seqno(w->babel), 6);
	for (i = 0; i < 2; i++) {
		id = babel_router_id(w->babel);
		assert_int_equal(router_id_compare(&id, &old), 0);
		talker_ask_seqno(a, OWN, OUR_ID, 3000, 9);
		world_pass(w, 2 * SECOND);
	}
	/* but who is remembered as far ahead must become another. */
	id = babel_router_id(w->babel);
	assert_int_not_equal(router_id_compare(&id, &old), 0);
	assert_true(router_id_is_valid(&id));
	/* What others still have under the old name leads to us. */
	world_originate(w, OWN, false);
	talker_tell(a, OWN, OUR_ID, DISTANCE(3000, 96));
	world_pass(w, SECOND);
	assert_true(is_lost(w, OWN));
	assert_int_equal(babel_seqno(w->babel), 8);
	world_free(w);
}

static void
who_is_remembered_better_goes_on_from_there(void **state)
{
	struct stage s = own_stage(PLAIN);

	(void)state;
	talker_tell(s.a, OWN, OUR_ID, DISTANCE(1500, 96));
	assert_int_equal(babel_seqno(s.w->babel), 1501);
	/* Once only; then it is somebody else with our name. */
	world_pass(s.w, 10 * SECOND);
	talker_tell(s.a, OWN, OUR_ID, DISTANCE(1600, 96));
	world_pass(s.w, SECOND);
	talker_tell(s.a, OWN, OUR_ID, DISTANCE(1700, 96));
	assert_int_equal(babel_seqno(s.w->babel), 1501);
	assert_int_equal(s.w->warnings, 1);
	world_free(s.w);
}

/* covers: B43 */
static void
a_table_is_given_once(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_new(w, 1);

	(void)state;
	/* It hears nothing before it is told that we hear it ... */
	world_originate(w, OWN, true);
	talker_hello(t, false, 100, TALKER_INTERVAL);
	world_pass(w, SECOND);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .prefix = OWN)), 0);
	/* ... and asks for our table just before we hear that it hears us:
	 * until then it may know nothing of us, and not listen. */
	talker_hello(t, false, 101, TALKER_INTERVAL);
	talker_ask_route(t, NULL);
	world_pass(w, 20 * MILLISECOND);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .prefix = OWN)), 0);
	talker_ihu(t, 96);
	world_pass(w, 3 * SECOND);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .prefix = OWN)), 1);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(route_requests_are_answered),
		cmocka_unit_test(hidden_routes_are_answered_as_missing),
		cmocka_unit_test(answers_wait_for_the_kernel),
		cmocka_unit_test(wildcard_requests_are_answered),
		cmocka_unit_test(a_newer_seqno_is_waited_for_still),
		cmocka_unit_test(all_who_ask_are_answered),
		cmocka_unit_test(what_is_hidden_is_not_asked_for),
		cmocka_unit_test(a_route_taken_late_is_asked_for),
		cmocka_unit_test(our_seqno_goes_up_by_one),
		cmocka_unit_test(our_seqno_is_not_worn_out),
		cmocka_unit_test(what_we_have_is_answered),
		cmocka_unit_test(requests_are_forwarded),
		cmocka_unit_test(hops_are_counted),
		cmocka_unit_test(the_feasible_hop_is_chosen),
		cmocka_unit_test(the_redundant_are_not_forwarded),
		cmocka_unit_test(lost_requests_are_passed_on_again),
		cmocka_unit_test(requests_are_kept_by_source),
		cmocka_unit_test(the_starving_ask),
		cmocka_unit_test(the_fed_do_not_ask),
		cmocka_unit_test(many_starve_together),
		cmocka_unit_test(a_full_outbox_holds_up_nobody_else),
		cmocka_unit_test(each_source_is_asked_for),
		cmocka_unit_test(the_starving_ask_when_a_link_fails),
		cmocka_unit_test(the_selected_is_asked_for_a_newer_seqno),
		cmocka_unit_test(the_better_is_asked_for_a_newer_seqno),
		cmocka_unit_test(our_own_requests_go_far),
		cmocka_unit_test(who_lost_its_state_takes_a_fresh_name),
		cmocka_unit_test(who_is_remembered_better_goes_on_from_there),
		cmocka_unit_test(a_table_is_given_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
