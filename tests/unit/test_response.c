/*
 * test_response.c - deadlines that follow the time that a neighbour takes to
 * answer.
 */
#include "stage.h"

#define WAY	(800 * MILLISECOND)	/* there and back */

static void
the_mean_follows_the_samples(void **state)
{
	struct response r = { .mean = 0 };
	babel_time now = SECOND;
	uint16_t opaque;

	(void)state;
	assert_true(response_is_unknown(&r, now));
	assert_int_equal(response_time(&r, 0), 3 * SECOND);
	for (opaque = 0; opaque < 100; opaque++) {
		response_asked(&r, now, opaque);
		assert_false(response_is_unknown(&r, now));
		/* Other requests count for nothing meanwhile. */
		response_asked(&r, now + 1, 1000);
		response_answered(&r, now + 2, 1000);
		now += WAY;
		response_answered(&r, now, opaque);
	}
	assert_in_range(r.mean, WAY - 1, WAY + 1);
	assert_in_range(response_time(&r, 0), WAY, 2 * WAY);
	assert_int_equal(response_time(&r, 5 * SECOND), 5 * SECOND);
	/* A request that is lost is given up. */
	response_asked(&r, now, 200);
	response_asked(&r, now + RESPONSE_MAX, 201);
	response_answered(&r, now + RESPONSE_MAX + SECOND, 201);
	assert_in_range(r.mean, WAY + 1, SECOND);
	response_asked(&r, now, 202);
	response_answered(&r, now + RESPONSE_MAX, 202);
	assert_in_range(response_time(&r, 0), WAY, RESPONSE_MAX);
}

/* A talker that acknowledges all that it is asked, a WAY later. */
struct distant {
	struct talker *t;
	size_t answered;		/* of what was heard */
};

static void
answer(struct distant *far)
{
	struct world *w = far->t->w;
	const struct heard *h;

	for (; far->answered < w->heard_count; far->answered++) {
		h = &w->heard[far->answered];
		if (h->at + WAY > w->now)
			break;
		if (h->tlv.type != TLV_ACK_REQUEST ||
		    h->ifindex != far->t->ifindex)
			continue;
		talker_begin(far->t);
		assert_true(message_put_ack(&far->t->e,
		    h->tlv.u.ack_request.opaque));
		talker_send(far->t);
	}
}

static void
distant_pass(struct distant *far, babel_time time)
{
	struct world *w = far->t->w;
	const babel_time end = w->now + time;

	while (w->now < end) {
		world_pass(w, 10 * MILLISECOND);
		answer(far);
	}
}

static struct distant
distant_new(struct world *w, unsigned int ifindex)
{
	struct distant far = { .t = talker_new(w, ifindex) };

	far.t->alive = far.t->mute = true;
	far.answered = w->heard_count;
	distant_pass(&far, 80 * SECOND);
	assert_true(neighbour_is_reachable(talker_entry(far.t)));
	/* It was measured before anything depended on it. */
	assert_in_range(talker_entry(far.t)->response.mean, WAY,
	    WAY + 20 * MILLISECOND);
	return far;
}

static void
the_distant_are_not_taken_for_dead(void **state)
{
	struct world *w = world_new(PLAIN);
	struct distant far = distant_new(w, 1);
	const uint32_t id = talker_entry(far.t)->id;

	(void)state;
	world_clear(w);
	far.answered = 0;
	far.t->next_hello += 3 * SECOND;
	distant_pass(&far, 2 * TALKER_INTERVAL);
	assert_int_not_equal(heard_count(w, WHICH(.type = TLV_ACK_REQUEST,
	    .to = far.t)), 0);
	assert_non_null(talker_entry(far.t));
	assert_int_equal(talker_entry(far.t)->id, id);
	assert_true(neighbour_is_reachable(talker_entry(far.t)));
	world_free(w);
}

static void
the_distant_get_no_copy_too_many(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	struct distant far = distant_new(w, 2);

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(10, 0));
	distant_pass(&far, SECOND);
	world_clear(w);
	far.answered = 0;
	talker_tell(a, P6, ID_A, GONE);
	distant_pass(&far, 2 * SECOND);
	assert_int_equal(heard_count(w, WHICH(.type = TLV_UPDATE,
	    .ifindex = 2, .prefix = P6, .metric = INFINITE)), 1);
	distant_pass(&far, 3 * SECOND);
	assert_null(world_installed(w, P6));
	world_free(w);
}

/* The first deliveries on a link that has just come up are repeated sooner
 * than it can answer: the answer to any copy counts. */
static void
any_copy_may_be_answered(void **state)
{
	struct world *w = world_new(PLAIN);
	struct talker *a = talker_met(w, 1);
	struct distant far = distant_new(w, 2);

	(void)state;
	talker_tell(a, P6, ID_A, DISTANCE(10, 0));
	distant_pass(&far, SECOND);
	talker_entry(far.t)->response.mean = 0;
	talker_tell(a, P6, ID_A, GONE);
	distant_pass(&far, WAY + SECOND + 300 * MILLISECOND);
	assert_null(world_installed(w, P6));
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mean_follows_the_samples),
		cmocka_unit_test(the_distant_are_not_taken_for_dead),
		cmocka_unit_test(the_distant_get_no_copy_too_many),
		cmocka_unit_test(any_copy_may_be_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
