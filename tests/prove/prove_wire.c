/*
 * prove_wire.c - the bounded reader and writer, for every buffer of up to six
 * octets and every sequence of five operations: they do what a model does
 * that knows nothing of pointers, and touch nothing beyond the buffer, which
 * the sanitisers see.
 */
#include "../unit/unit.h"

#include <stdbool.h>
#include <string.h>

#include "wire.h"

#define OCTETS_MAX	6
#define DEPTH		5
#define KINDS		13		/* of operations */

/* What each reads or writes: a number of so many octets, or octets. */
static const struct {
	size_t len;
	enum { NUMBER, OCTETS, SLICE } kind;
} operations[KINDS] = {
	{ 1, NUMBER }, { 2, NUMBER }, { 4, NUMBER }, { 0, OCTETS },
	{ 1, OCTETS }, { 2, OCTETS }, { 3, OCTETS }, { 5, OCTETS },
	{ SIZE_MAX, OCTETS }, { 0, SLICE }, { 1, SLICE }, { 4, SLICE },
	{ SIZE_MAX, SLICE },
};

/* A cursor of the model: a number, not a pointer. */
struct model {
	size_t at, len;
	bool overrun;
};

/* Is there as much?  Once there was not, there is nothing ever. */
static bool
model_take(struct model *model, size_t len)
{
	if (model->overrun || len > model->len - model->at) {
		model->overrun = true;
		return false;
	}
	model->at += len;
	return true;
}

static uint32_t
read_number(struct reader *r, size_t len)
{
	return len == 1 ? read_u8(r) : len == 2 ? read_u16(r) : read_u32(r);
}

static void
check_number(struct reader *r, size_t len, const uint8_t *octets, bool there)
{
	uint32_t value = 0;
	size_t i;

	for (i = 0; there && i < len; i++)
		value = value << 8 | octets[i];
	assert_int_equal(read_number(r, len), value);
}

static void
read_one(struct reader *r, struct model *model, unsigned int kind,
    const uint8_t *octets)
{
	const size_t len = operations[kind].len, at = model->at;
	const bool there = model_take(model, len);
	struct reader slice;

	switch (operations[kind].kind) {
	case NUMBER:
		check_number(r, len, octets + at, there);
		break;
	case OCTETS:
		assert_ptr_equal(read_bytes(r, len), there ? octets + at :
		    NULL);
		break;
	case SLICE:
		slice = read_slice(r, len);
		assert_int_equal(slice.overrun, !there);
		assert_int_equal(reader_left(&slice), there ? len : 0);
		assert_ptr_equal(slice.at, octets + at);
		break;
	}
	assert_int_equal(r->overrun, model->overrun);
	assert_ptr_equal(r->at, octets + model->at);
}

static unsigned long
sequences(void)
{
	unsigned long count = 1;
	unsigned int i;

	for (i = 0; i < DEPTH; i++)
		count *= KINDS;
	return count;
}

static void
reader(void **state)
{
	uint8_t *octets;
	unsigned long i, rest;
	unsigned int depth;
	size_t len;

	(void)state;
	for (len = 0; len <= OCTETS_MAX; len++) {
		octets = malloc(len > 0 ? len : 1);
		assert_non_null(octets);
		memset(octets, 0xA5, len);
		for (i = 0; i < sequences(); i++) {
			struct reader r = { octets, octets + len, false };
			struct model model = { 0, len, false };

			for (depth = 0, rest = i; depth < DEPTH; depth++) {
				read_one(&r, &model,
				    (unsigned int)(rest % KINDS), octets);
				rest /= KINDS;
			}
		}
		free(octets);
	}
}

/* The octets written are their number in the sequence. */
static void
write_one(struct writer *w, struct model *model, unsigned int kind,
    uint8_t *expected)
{
	const uint8_t value = (uint8_t)(0x10 + kind);
	const size_t len = operations[kind].len, at = model->at;
	uint8_t octets[8];

	memset(octets, value, sizeof(octets));
	if (operations[kind].kind != NUMBER)
		write_bytes(w, octets, len);
	else if (len == 1)
		write_u8(w, value);
	else if (len == 2)
		write_u16(w, (uint16_t)(value * 0x0101u));
	else
		write_u32(w, value * UINT32_C(0x01010101));
	if (model_take(model, len))
		memset(expected + at, value, len);
	assert_int_equal(w->overrun, model->overrun);
	assert_int_equal(writer_room(w), model->len - model->at);
}

static void
writer(void **state)
{
	uint8_t *octets, expected[OCTETS_MAX + 1];
	unsigned long i, rest;
	unsigned int depth;
	size_t len;

	(void)state;
	for (len = 0; len <= OCTETS_MAX; len++) {
		octets = malloc(len > 0 ? len : 1);
		assert_non_null(octets);
		for (i = 0; i < sequences(); i++) {
			struct writer w = { octets, octets + len, false };
			struct model model = { 0, len, false };

			memset(octets, 0, len);
			memset(expected, 0, sizeof(expected));
			for (depth = 0, rest = i; depth < DEPTH; depth++) {
				write_one(&w, &model,
				    (unsigned int)(rest % KINDS), expected);
				rest /= KINDS;
			}
			assert_memory_equal(octets, expected, len);
		}
		free(octets);
	}
}

/* One of them alone, if it is named. */
int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader),
		cmocka_unit_test(writer),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
