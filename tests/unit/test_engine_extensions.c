/*
 * test_engine_extensions.c - source-specific routes (RFC 9079) and IPv4 by
 * IPv6 next hops (RFC 9229) among neighbours and links that change.
 */
#include "stage.h"

#define SOURCE		"2001:db8:a::/48"
#define OLD_E1		PLAIN "interface e1 rfc6126-compatible true\n"
#define NO_VIA_IPV6	"redistribute proto 4\ninterface e1\n" \
			"interface e2 v4-via-v6 false\n"

static const struct news specific = { .prefix = P6, .from = SOURCE,
	.id = ID_A, .seqno = 10 };
static const struct news specific_gone = { .prefix = P6, .from = SOURCE,
	.metric = INFINITY_METRIC };

static struct destination *
find_specific(const struct world *w)
{
	const struct destination_key key = key_of(P6, SOURCE);

	return destination_find(w->babel, &key);
}

/* Updates about source-specific destinations. */
static unsigned int
told_specific(const struct world *w, unsigned int ifindex)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < w->heard_count; i++)
		n += w->heard[i].tlv.type == TLV_UPDATE &&
		    w->heard[i].ifindex == ifindex &&
		    destination_is_source_specific(
		    &w->heard[i].tlv.u.update.key);
	return n;
}

/* covers: S8 */
static void
old_links_hear_no_answer_either(void **state)
{
	struct world *w = world_new(OLD_E1);
	struct talker *t = talker_met(w, 1);
	const struct route_request request = { .ae = AE_IPV6,
		.key = key_of(P6, SOURCE) };

	(void)state;
	talker_begin(t);
	assert_true(message_put_route_request(&t->e, &request));
	talker_send(t);
	world_pass(w, SECOND);
	assert_int_equal(told_specific(w, 1), 0);
	world_free(w);
}

/* covers: S8 */
static void
a_link_that_gets_old_is_owed_nothing(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *t = talker_met(w, 1), *s = talker_met(w, 2);

	(void)state;
	talker_update(s, &specific);
	world_pass(w, SECOND);
	assert_int_not_equal(told_specific(w, 1), 0);
	t->mute = true;
	talker_update(s, &specific_gone);
	world_pass(w, 300 * MILLISECOND);
	assert_int_not_equal(talker_entry(t)->owed_count, 0);
	world_configure(w, OLD_E1);
	world_clear(w);
	world_pass(w, 300 * SECOND);
	assert_int_equal(talker_entry(t)->owed_count, 0);
	assert_int_equal(told_specific(w, 1), 0);
	assert_null(find_specific(w));
	world_free(w);
}

/* What it knew before, it may use until that expires: so long we hold what
 * we lose, though all who can be told have acknowledged. */
/* covers: B37 */
static void
who_cannot_be_told_any_more_is_waited_for(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *s = talker_met(w, 2);

	(void)state;
	talker_met(w, 1);
	talker_update(s, &specific);
	world_pass(w, SECOND);
	world_configure(w, OLD_E1);
	world_pass(w, SECOND);
	talker_update(s, &specific_gone);
	world_pass(w, 30 * SECOND);
	assert_true(debt_is(find_specific(w), DEBT_BARRIER));
	world_pass(w, 60 * SECOND);
	assert_false(debt_is(find_specific(w), DEBT_BARRIER));
	world_free(w);
}

/* covers: S8 */
static void
an_old_link_is_owed_nothing_again(void **state)
{
	const struct news late = { .prefix = P6, .from = SOURCE, .id = ID_A,
		.seqno = 10, .metric = 1000 };
	struct world *w = world_new(OLD_E1 "interface e3\n");
	struct talker *t = talker_met(w, 1), *s = talker_met(w, 2);

	(void)state;
	talker_met(w, 3)->mute = true;	/* so that it is held */
	talker_update(s, &specific);
	world_pass(w, SECOND);
	talker_update(s, &specific_gone);
	world_pass(w, 100 * MILLISECOND);
	talker_update(t, &late);
	world_pass(w, 300 * SECOND);
	assert_int_equal(talker_entry(t)->owed_count, 0);
	assert_int_equal(told_specific(w, 1), 0);
	assert_null(find_specific(w));
	world_free(w);
}

/* What comes first in a full update may be past when the address goes. */
/* covers: B48 F29 */
static void
a_walk_under_way_is_no_retraction(void **state)
{
	struct world *w = world_new(NO_VIA_IPV6);
	struct interface *ifp = interface_find(w->babel, 2);
	unsigned int i;

	(void)state;
	world_originate(w, P4, true);
	for (i = 0; i < 600; i++)
		world_originate(w, prefix_number(i), true);
	talker_met(w, 2);
	world_pass(w, 5 * SECOND);
	ifp->outbox.everything = true;
	interface_send_soon(w->babel, ifp);
	for (i = 0; i < 5000 && !ifp->update_walk.begun; i++)
		world_pass(w, MILLISECOND);
	assert_true(ifp->update_hurry && ifp->update_walk.begun);
	world_clear(w);
	world_take_ipv4(w, 2);
	world_pass(w, 10 * SECOND);
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .prefix = P4, .ifindex = 2, .metric = INFINITE)), 0);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_links_hear_no_answer_either),
		cmocka_unit_test(a_link_that_gets_old_is_owed_nothing),
		cmocka_unit_test(who_cannot_be_told_any_more_is_waited_for),
		cmocka_unit_test(an_old_link_is_owed_nothing_again),
		cmocka_unit_test(a_walk_under_way_is_no_retraction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
