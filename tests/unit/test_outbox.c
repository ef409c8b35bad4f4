/*
 * test_outbox.c - what waits to be sent: merged, bounded, and never lost.
 */
#include <string.h>

#include "outbox.h"
#include "unit.h"

static bool no_memory;

void	*__real_malloc(size_t);
void	*__wrap_malloc(size_t);

void *
__wrap_malloc(size_t size)
{
	return no_memory ? NULL : __real_malloc(size);
}

static struct outbox_item
item_of(unsigned int number, enum outbox_kind kind)
{
	struct outbox_item item;

	memset(&item, 0, sizeof(item));
	item.key.to.plen = 128;
	item.key.to.address[14] = (uint8_t)(number >> 8);
	item.key.to.address[15] = (uint8_t)number;
	item.kind = (uint8_t)kind;
	return item;
}

static void
add(struct outbox *o, unsigned int number, enum outbox_kind kind)
{
	struct outbox_item item = item_of(number, kind);

	outbox_add(o, &item);
}

static void
fill(struct outbox *o, enum outbox_kind kind)
{
	unsigned int i;

	outbox_init(o, TIMER_INTERFACE_SEND);
	for (i = 0; i < OUTBOX_MAX; i++) {
		assert_true(outbox_has_room(o));
		add(o, i, kind);
	}
	assert_false(outbox_has_room(o));
	assert_false(o->everything);
}

static void
an_update_in_a_full_outbox_is_merged(void **state)
{
	struct outbox o;

	(void)state;
	fill(&o, OUTBOX_UPDATE);
	add(&o, 0, OUTBOX_UPDATE);
	add(&o, OUTBOX_MAX - 1, OUTBOX_UPDATE);
	assert_false(o.everything);
	assert_int_equal(o.count, OUTBOX_MAX);
	add(&o, OUTBOX_MAX, OUTBOX_UPDATE);
	assert_true(o.everything);
	assert_int_equal(o.count, OUTBOX_MAX);
	outbox_clear(&o);
	assert_true(outbox_is_empty(&o));
}

static void
a_request_in_a_full_outbox_is_forgotten(void **state)
{
	struct outbox_item later = item_of(7, OUTBOX_SEQNO_REQUEST);
	struct outbox o;

	(void)state;
	fill(&o, OUTBOX_SEQNO_REQUEST);
	add(&o, OUTBOX_MAX, OUTBOX_SEQNO_REQUEST);
	assert_false(o.everything);
	assert_int_equal(o.count, OUTBOX_MAX);
	/* The one that is there asks for the newer seqno, further away. */
	later.seqno = 5;
	later.hop_count = 9;
	outbox_add(&o, &later);
	later.seqno = 4;
	later.hop_count = 3;
	outbox_add(&o, &later);
	while (outbox_first(&o)->key.to.address[15] != 7)
		outbox_drop(&o, outbox_first(&o));
	assert_int_equal(outbox_first(&o)->seqno, 5);
	assert_int_equal(outbox_first(&o)->hop_count, 9);
	outbox_clear(&o);
}

static void
without_memory_everything_is_owed(void **state)
{
	struct outbox o;

	(void)state;
	outbox_init(&o, TIMER_INTERFACE_SEND);
	add(&o, 0, OUTBOX_UPDATE);
	no_memory = true;
	add(&o, 0, OUTBOX_UPDATE);
	add(&o, 1, OUTBOX_ROUTE_REQUEST);
	assert_false(o.everything);
	add(&o, 1, OUTBOX_UPDATE);
	no_memory = false;
	assert_true(o.everything);
	assert_int_equal(o.count, 1);
	outbox_clear(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_update_in_a_full_outbox_is_merged),
		cmocka_unit_test(a_request_in_a_full_outbox_is_forgotten),
		cmocka_unit_test(without_memory_everything_is_owed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
