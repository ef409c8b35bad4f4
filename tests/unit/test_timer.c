/*
 * test_timer.c - the heap against a deliberately naive twin: an array that
 * is searched from end to end.  Both see the same random operations and
 * must agree after each.
 */
#include "timer.h"
#include "unit.h"

#define TIMERS		200
#define OPERATIONS	200000

/* What the twin knows of each timer. */
struct twin {
	bool set;
	babel_time due;
	uint64_t order;
};

struct pair {
	struct timer_heap heap;
	struct timer timers[TIMERS];
	struct twin twins[TIMERS];
	uint64_t order, random;
};

static void
pair_set(struct pair *pair, uint32_t i, babel_time due)
{
	timer_set(&pair->heap, &pair->timers[i], due);
	pair->twins[i] = (struct twin){ true, due, pair->order++ };
}

static void
pair_advance(struct pair *pair, uint32_t i, babel_time due)
{
	timer_advance(&pair->heap, &pair->timers[i], due);
	if (!pair->twins[i].set || due < pair->twins[i].due)
		pair->twins[i] = (struct twin){ true, due, pair->order++ };
}

static void
pair_stop(struct pair *pair, uint32_t i)
{
	timer_stop(&pair->heap, &pair->timers[i]);
	pair->twins[i].set = false;
}

static int
twin_first(const struct pair *pair)
{
	const struct twin *twin, *best = NULL;
	int i, first = -1;

	for (i = 0; i < TIMERS; i++) {
		twin = &pair->twins[i];
		if (!twin->set)
			continue;
		if (best == NULL || twin->due < best->due ||
		    (twin->due == best->due && twin->order < best->order)) {
			best = twin;
			first = i;
		}
	}
	return first;
}

static void
pair_pop(struct pair *pair, babel_time now)
{
	struct timer *timer = timer_pop(&pair->heap, now);
	int first = twin_first(pair);

	if (first < 0 || pair->twins[first].due > now) {
		assert_null(timer);
		return;
	}
	assert_ptr_equal(timer, &pair->timers[first]);
	assert_false(timer_is_set(timer));
	pair->twins[first].set = false;
}

static void
pair_compare(const struct pair *pair)
{
	int i, first = twin_first(pair);

	assert_int_equal(timer_next(&pair->heap),
	    first < 0 ? NEVER : pair->twins[first].due);
	for (i = 0; i < TIMERS; i++)
		assert_int_equal(timer_is_set(&pair->timers[i]),
		    pair->twins[i].set);
}

static struct pair *
pair_new(uint64_t seed)
{
	struct pair *pair = test_calloc(1, sizeof(*pair));
	uint32_t i;

	pair->random = seed;
	assert_int_equal(timer_heap_reserve(&pair->heap, TIMERS), 0);
	/* Its numbers wrap while it is tested. */
	pair->heap.order = UINT32_MAX - TIMERS / 2;
	for (i = 0; i < TIMERS; i++)
		timer_init(&pair->timers[i],
		    (enum timer_kind)(i % TIMER_KINDS));
	return pair;
}

static void
pair_free(struct pair *pair)
{
	timer_heap_free(&pair->heap);
	test_free(pair);
}

static void
heap_agrees_with_a_list(void **state)
{
	struct pair *pair = pair_new(unit_seed());
	uint32_t i, n;
	babel_time due;

	(void)state;
	for (n = 0; n < OPERATIONS; n++) {
		i = unit_random_below(&pair->random, TIMERS);
		/* Few values, so that many are equal. */
		due = unit_random_below(&pair->random, 50);
		switch (unit_random_below(&pair->random, 5)) {
		case 0:
		case 1:
			pair_set(pair, i, due);
			break;
		case 2:
			pair_advance(pair, i, due);
			break;
		case 3:
			pair_stop(pair, i);
			break;
		case 4:
			pair_pop(pair, due);
			break;
		}
		pair_compare(pair);
	}
	pair_free(pair);
}

static void
equal_times_keep_their_order(void **state)
{
	struct pair *pair = pair_new(0);
	uint32_t i;

	(void)state;
	for (i = 0; i < TIMERS; i++)
		pair_set(pair, (i * 37) % TIMERS, 5);
	/* Set anew, the first becomes the last. */
	pair_set(pair, 0, 5);
	assert_null(timer_pop(&pair->heap, 4));
	for (i = 1; i < TIMERS; i++)
		assert_ptr_equal(timer_pop(&pair->heap, 5),
		    &pair->timers[(i * 37) % TIMERS]);
	assert_ptr_equal(timer_pop(&pair->heap, 5), &pair->timers[0]);
	assert_null(timer_pop(&pair->heap, NEVER));
	pair_free(pair);
}

static void
advance_never_delays(void **state)
{
	struct pair *pair = pair_new(0);
	struct timer *timer = &pair->timers[0];

	(void)state;
	timer_advance(&pair->heap, timer, 10);
	assert_int_equal(timer->due, 10);
	timer_advance(&pair->heap, timer, 20);
	assert_int_equal(timer->due, 10);
	timer_advance(&pair->heap, timer, 5);
	assert_int_equal(timer_next(&pair->heap), 5);
	timer_stop(&pair->heap, timer);
	timer_stop(&pair->heap, timer);
	assert_int_equal(timer_next(&pair->heap), NEVER);
	pair_free(pair);
}

static void
room_grows_and_shrinks(void **state)
{
	struct timer_heap heap = { .slots = NULL };
	uint32_t i, high;

	(void)state;
	for (i = 0; i < 1000; i++)
		assert_int_equal(timer_heap_reserve(&heap, 7), 0);
	assert_true(heap.size >= 7000);
	high = heap.size;
	for (i = 0; i < 1000; i++)
		timer_heap_unreserve(&heap, 7);
	assert_int_equal(heap.reserved, 0);
	assert_true(heap.size < high / 16);
	timer_heap_free(&heap);
	assert_null(heap.slots);
	assert_int_equal(timer_heap_reserve(&heap, UINT32_MAX), -1);
	timer_heap_free(&heap);
	/* More than its index can number. */
	assert_int_equal(timer_heap_reserve(&heap, 1u << 27), -1);
	assert_null(heap.slots);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_agrees_with_a_list),
		cmocka_unit_test(equal_times_keep_their_order),
		cmocka_unit_test(advance_never_delays),
		cmocka_unit_test(room_grows_and_shrinks),
	};

	return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
