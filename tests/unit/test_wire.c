/*
 * test_wire.c - readers and writers stop at their end and remember it.
 */
#include "unit.h"
#include "wire.h"

static void
numbers_are_in_network_order(void **state)
{
	uint8_t bytes[7];
	struct writer w = { bytes, bytes + sizeof(bytes), false };
	struct reader r = { bytes, bytes + sizeof(bytes), false };
	const uint8_t wanted[7] = { 0x01, 0x23, 0x45, 0x89, 0xAB, 0xCD, 0xEF };

	(void)state;
	write_u8(&w, 0x01);
	write_u16(&w, 0x2345);
	write_u32(&w, 0x89ABCDEF);
	assert_false(w.overrun);
	assert_int_equal(writer_room(&w), 0);
	assert_memory_equal(bytes, wanted, sizeof(wanted));

	assert_int_equal(read_u8(&r), 0x01);
	assert_int_equal(read_u16(&r), 0x2345);
	assert_int_equal(read_u32(&r), 0x89ABCDEF);
	assert_false(r.overrun);
	assert_int_equal(reader_left(&r), 0);
}

static void
reader_overrun_is_sticky(void **state)
{
	const uint8_t bytes[3] = { 1, 2, 3 };
	struct reader r = { bytes, bytes + sizeof(bytes), false };

	(void)state;
	assert_int_equal(read_u32(&r), 0);
	assert_true(r.overrun);
	/* There are three octets left, but the reader is lost. */
	assert_int_equal(reader_left(&r), 3);
	assert_int_equal(read_u8(&r), 0);
	assert_int_equal(read_u16(&r), 0);
	assert_null(read_bytes(&r, 1));
	assert_true(r.overrun);
}

static void
reader_can_read_nothing(void **state)
{
	const uint8_t bytes[1] = { 7 };
	struct reader r = { bytes, bytes + 1, false };

	(void)state;
	assert_int_equal(read_u8(&r), 7);
	assert_ptr_equal(read_bytes(&r, 0), bytes + 1);
	assert_false(r.overrun);
	assert_null(read_bytes(&r, 1));
	assert_true(r.overrun);
}

static void
slice_is_bounded(void **state)
{
	const uint8_t bytes[5] = { 1, 2, 3, 4, 5 };
	struct reader r = { bytes, bytes + sizeof(bytes), false };
	struct reader slice = read_slice(&r, 2);

	(void)state;
	assert_int_equal(read_u16(&slice), 0x0102);
	assert_int_equal(read_u8(&slice), 0);
	assert_true(slice.overrun);
	assert_false(r.overrun);
	assert_int_equal(read_u8(&r), 3);

	slice = read_slice(&r, 3);
	assert_true(slice.overrun);
	assert_true(r.overrun);
	assert_int_equal(reader_left(&slice), 0);
}

static void
writer_overrun_writes_nothing(void **state)
{
	uint8_t bytes[4] = { 0, 0, 0, 0xEE };
	struct writer w = { bytes, bytes + 3, false };

	(void)state;
	write_u16(&w, 0x0102);
	write_u16(&w, 0x0304);
	assert_true(w.overrun);
	assert_int_equal(bytes[2], 0);
	/* There is room for one octet, but the writer is lost. */
	write_u8(&w, 5);
	assert_int_equal(bytes[2], 0);
	assert_int_equal(bytes[3], 0xEE);
	assert_int_equal(writer_room(&w), 1);
}

static void
writer_takes_nothing(void **state)
{
	uint8_t byte = 0;
	struct writer w = { &byte, &byte, false };

	(void)state;
	write_bytes(&w, NULL, 0);
	assert_false(w.overrun);
	write_u8(&w, 1);
	assert_true(w.overrun);
	assert_int_equal(byte, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_in_network_order),
		cmocka_unit_test(reader_overrun_is_sticky),
		cmocka_unit_test(reader_can_read_nothing),
		cmocka_unit_test(slice_is_bounded),
		cmocka_unit_test(writer_overrun_writes_nothing),
		cmocka_unit_test(writer_takes_nothing),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
