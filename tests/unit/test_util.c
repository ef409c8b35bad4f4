/*
 * test_util.c - sequence numbers, metrics, intervals and decay.  What has
 * only 2^16 values is tried for all of them.
 */
#include <math.h>

#include "unit.h"
#include "util.h"

/* covers: B7 F19 */
static void
seqno_less_is_modular(void **state)
{
	uint32_t a, ahead;

	(void)state;
	for (a = 0; a <= 0xFFFF; a += 251) {
		for (ahead = 0; ahead <= 0xFFFF; ahead++) {
			uint16_t b = (uint16_t)(a + ahead);

			assert_int_equal(seqno_less((uint16_t)a, b),
			    ahead >= 1 && ahead <= 0x7FFF);
		}
	}
}

/* covers: B7 */
static void
seqno_less_of_opposites(void **state)
{
	(void)state;
	assert_false(seqno_less(0, 0x8000));
	assert_false(seqno_less(0x8000, 0));
	assert_true(seqno_less(0xFFFF, 0));
	assert_false(seqno_less(0, 0xFFFF));
}

static void
seqno_plus_wraps(void **state)
{
	(void)state;
	assert_int_equal(seqno_plus(0xFFFF, 1), 0);
	assert_int_equal(seqno_plus(0, -1), 0xFFFF);
	assert_int_equal(seqno_plus(5, -7), 0xFFFE);
	assert_int_equal(seqno_plus(5, 0x10000 + 2), 7);
}

/* covers: B27 B28 B29 */
static void
metric_saturates(void **state)
{
	(void)state;
	assert_int_equal(metric_add(96, 256), 352);
	assert_int_equal(metric_add(0, 0), 0);
	assert_int_equal(metric_add(0xFFFE, 0), 0xFFFE);
	assert_int_equal(metric_add(0xFFFE, 1), INFINITY_METRIC);
	assert_int_equal(metric_add(0xFFFE, 2), INFINITY_METRIC);
	assert_int_equal(metric_add(0xFFFF, 0), INFINITY_METRIC);
	assert_int_equal(metric_add(0, 0xFFFF), INFINITY_METRIC);
	assert_int_equal(metric_add(0xFFFF, 0xFFFF), INFINITY_METRIC);
}

static void
interval_survives_the_wire(void **state)
{
	uint32_t cs;

	(void)state;
	for (cs = 1; cs <= 0xFFFF; cs++) {
		babel_time interval = interval_decode((uint16_t)cs);

		assert_int_equal(interval, cs * CENTISECOND);
		assert_int_equal(interval_encode(interval), cs);
		/* A promise is rounded up. */
		assert_int_equal(interval_encode(interval - 1), cs);
	}
}

/* covers: Q46a */
static void
interval_is_clamped(void **state)
{
	(void)state;
	assert_int_equal(interval_encode(0), 1);
	assert_int_equal(interval_encode(-SECOND), 1);
	assert_int_equal(interval_encode(INT64_MIN), 1);
	assert_int_equal(interval_encode(0xFFFF * CENTISECOND + 1), 0xFFFF);
	assert_int_equal(interval_encode(NEVER), 0xFFFF);
	assert_int_equal(interval_decode(0), 0);
}

static void
times_are_ordered(void **state)
{
	(void)state;
	assert_int_equal(time_min(1, 2), 1);
	assert_int_equal(time_min(2, 1), 1);
	assert_int_equal(time_max(1, 2), 2);
	assert_int_equal(time_max(NEVER, INT64_MIN), NEVER);
}

static void
assert_near(double value, double wanted)
{
	if (fabs(value - wanted) > 1e-9)
		fail_msg("%.12f instead of %.12f", value, wanted);
}

static void
decay_halves(void **state)
{
	double half;

	(void)state;
	assert_near(decay_towards(100, 200, 4 * SECOND, 4 * SECOND), 150);
	assert_near(decay_towards(100, 200, 8 * SECOND, 4 * SECOND), 175);
	assert_near(decay_towards(200, 100, 4 * SECOND, 4 * SECOND), 150);
	/* In two steps as in one. */
	half = decay_towards(7, 90, SECOND, 4 * SECOND);
	assert_near(decay_towards(half, 90, 2 * SECOND, 4 * SECOND),
	    decay_towards(7, 90, 3 * SECOND, 4 * SECOND));
}

/* As exp2() has it, to a few units of a double's last place. */
static void
decay_is_exponential(void **state)
{
	int i;

	(void)state;
	for (i = 1; i < 20000; i++) {
		double rest = decay_towards(1, 0, i, 1000);
		double exact = exp2(-i / 1000.);

		if (fabs(rest - exact) > 1e-15 * exact)
			fail_msg("%.17g instead of %.17g", rest, exact);
	}
}

static void
decay_at_the_ends(void **state)
{
	(void)state;
	assert_near(decay_towards(100, 200, 0, SECOND), 100);
	assert_near(decay_towards(100, 200, -SECOND, SECOND), 100);
	assert_near(decay_towards(100, 200, 0, 0), 200);
	assert_near(decay_towards(100, 200, NEVER, 1), 200);
	assert_near(decay_towards(100, 200, 63 * SECOND, SECOND), 200);
	assert_near(decay_towards(100, 200, 64 * SECOND, SECOND), 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seqno_less_is_modular),
		cmocka_unit_test(seqno_less_of_opposites),
		cmocka_unit_test(seqno_plus_wraps),
		cmocka_unit_test(metric_saturates),
		cmocka_unit_test(interval_survives_the_wire),
		cmocka_unit_test(interval_is_clamped),
		cmocka_unit_test(times_are_ordered),
		cmocka_unit_test(decay_halves),
		cmocka_unit_test(decay_is_exponential),
		cmocka_unit_test(decay_at_the_ends),
	};

	return cmocka_run_group_tests_name("util", tests, NULL, NULL);
}
