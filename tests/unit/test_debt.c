/*
 * test_debt.c - what is owed about a destination is owed without memory,
 * too: a lost route is retracted and held, for as long as it must be.
 */
#include "debt.h"
#include "stage.h"

/* What is measured in allocations of this size there is no memory for. */
static size_t refused_size;

void	*__wrap_calloc(size_t, size_t);
void	*__real_calloc(size_t, size_t);

void *
__wrap_calloc(size_t number, size_t size)
{
	return size == refused_size ? NULL : __real_calloc(number, size);
}

static struct stage
stage_without_records(const char *text)
{
	struct stage s = stage_new(text);

	refused_size = sizeof(struct debt_record);
	return s;
}

static void
stage_free(const struct stage *s)
{
	refused_size = 0;
	world_free(s->w);
}

static bool
is_held(const struct stage *s)
{
	const struct fib_entry *entry = world_installed(s->w, P6);

	return entry != NULL && entry->unreachable &&
	    debt_is(world_destination(s->w, P6), DEBT_HOLD);
}

/* covers: B36 B37 */
static void
a_hold_needs_no_memory(void **state)
{
	struct stage s = stage_without_records(PLAIN);
	const babel_time then = s.w->now;

	(void)state;
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, SECOND);
	assert_true(is_held(&s));
	assert_null(world_destination(s.w, P6)->debts.record);
	assert_non_null(heard_first(s.w, WHICH(.type = TLV_UPDATE,
	    .ifindex = 2, .prefix = P6, .metric = INFINITE)));
	while (s.w->now < then + 56 * SECOND) {
		assert_true(is_held(&s));
		world_pass(s.w, SECOND);
	}
	world_pass(s.w, 2 * SECOND);
	assert_null(world_installed(s.w, P6));
	stage_free(&s);
}

/* covers: B36 B37 */
static void
a_route_ends_a_hold_without_a_record(void **state)
{
	struct stage s = stage_without_records(PLAIN);
	const babel_time then = s.w->now;

	(void)state;
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, SECOND);
	assert_true(is_held(&s));
	while (s.w->now < then + 2 * MINUTE) {
		talker_tell(s.a, P6, ID_A, DISTANCE(11, 0));
		world_pass(s.w, 10 * SECOND);
		assert_true(is_selected(s.w, P6, s.a));
		assert_false(world_installed(s.w, P6)->unreachable);
	}
	stage_free(&s);
}

/* covers: B36 B37 */
static void
a_late_record_holds(void **state)
{
	struct stage s = stage_without_records(PLAIN);

	(void)state;
	s.b->mute = true;
	talker_tell(s.a, P6, ID_A, GONE);
	world_pass(s.w, SECOND);
	assert_true(is_held(&s));
	refused_size = 0;
	/* The neighbour's update that crosses ours: it is told again. */
	talker_tell(s.b, P6, ID_A, DISTANCE(10, 500));
	world_pass(s.w, SECOND);
	assert_non_null(world_destination(s.w, P6)->debts.record);
	assert_true(is_held(&s));
	talker_tell(s.b, P6, ID_A, GONE);
	world_pass(s.w, 2 * MINUTE);
	assert_null(world_installed(s.w, P6));
	world_pass(s.w, 4 * MINUTE);
	assert_null(world_destination(s.w, P6));
	stage_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hold_needs_no_memory),
		cmocka_unit_test(a_route_ends_a_hold_without_a_record),
		cmocka_unit_test(a_late_record_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
