/*
 * test_token.c - words, numbers and times of the configuration language.
 */
#include <string.h>

#include "unit.h"
#include "printing.h"

static void
test_numbers(void **state)
{
	static const struct {
		const char *text;
		int error;
		int64_t value;
	} cases[] = {
		{ "0", 0, 0 }, { "1", 0, 1 }, { "65535", 0, 65535 },
		{ "0x10", 0, 16 }, { "0XfF", 0, 255 }, { "010", 0, 8 },
		{ "-3", 0, -3 }, { "+3", 0, 3 }, { "-0x10", 0, -16 },
		{ "", 0, 0 }, { " 7 ", 0, 7 }, { "7\t", 0, 7 },
		{ "4294967295", 0, 4294967295 }, { "08", -1, 0 },
		{ "0x", -1, 0 }, { "-", -1, 0 }, { "1a", -1, 0 },
		{ "1 2", -1, 0 }, { "--1", -1, 0 }, { "1.0", -1, 0 },
		{ "99999999999999999999999", -1, 0 },
		{ "0xFFFFFFFFFFFFFFFFFFFF", -1, 0 },
	};
	int64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (token_number(cases[i].text, &value) != cases[i].error ||
		    (cases[i].error == 0 && value != cases[i].value))
			fail_msg("\"%s\"", cases[i].text);
	}
	assert_int_equal(token_octal("0660", &value), 0);
	assert_int_equal(value, 0660);
	assert_int_equal(token_octal("660", &value), 0);
	assert_int_equal(value, 0660);
	assert_int_equal(token_octal("0680", &value), -1);
	assert_int_equal(token_octal("", &value), -1);
}

static void
test_thousandths(void **state)
{
	static const struct {
		const char *text;
		int error;
		int64_t value;
	} cases[] = {
		{ "4", 0, 4000 }, { "0.5", 0, 500 }, { ".5", 0, 500 },
		{ "5.", 0, 5000 }, { ".", 0, 0 }, { "", 0, 0 },
		{ " 1.25 ", 0, 1250 }, { "1.0019", 0, 1001 },
		{ "0.0009", 0, 0 }, { "010", 0, 10000 },
		{ "655.350", 0, 655350 }, { "-1", -1, 0 }, { "+1", -1, 0 },
		{ "1e3", -1, 0 }, { "1,5", -1, 0 }, { "1..2", -1, 0 },
		{ "99999999999999999999", -1, 0 },
	};
	int64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (token_thousandths(cases[i].text, &value) !=
		    cases[i].error ||
		    (cases[i].error == 0 && value != cases[i].value))
			fail_msg("\"%s\"", cases[i].text);
	}
}

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		int error;
		int64_t seconds;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0, 0 },
		{ "2000-02-29T12:34:56Z", 0, 951827696 },
		{ "2026-03-01T12:00:00Z", 0, 1772366400 },
		{ "2026-03-01t12:00:00z", 0, 1772366400 },
		{ "2026-03-01T13:00:00+01:00", 0, 1772366400 },
		{ "2026-03-01T06:30:00-05:30", 0, 1772366400 },
		{ "2026-03-01T12:00:00.123Z", 0, 1772366400 },
		{ "2016-12-31T23:59:60Z", 0, 1483228800 },
		{ "9999-12-31T23:59:59Z", 0, 253402300799 },
		{ "9999-12-31T23:59:59-00:01", -1, 0 },
		{ "1970-01-01T00:00:00+00:01", -1, 0 },
		{ "1969-12-31T23:59:59Z", -1, 0 },
		{ "2100-02-29T00:00:00Z", -1, 0 },
		{ "2026-13-01T00:00:00Z", -1, 0 },
		{ "2026-00-01T00:00:00Z", -1, 0 },
		{ "2026-01-00T00:00:00Z", -1, 0 },
		{ "2026-01-01T24:00:00Z", -1, 0 },
		{ "2026-01-01T00:60:00Z", -1, 0 },
		{ "2026-01-01T00:00:61Z", -1, 0 },
		{ "2026-01-01T00:00:00", -1, 0 },
		{ "2026-01-01T00:00:00Zx", -1, 0 },
		{ "2026-01-01T00:00:00.Z", -1, 0 },
		{ "2026-01-01T00:00:00+1:00", -1, 0 },
		{ "2026-01-01 00:00:00Z", -1, 0 },
		{ "2026-1-1T00:00:00Z", -1, 0 },
		{ "", -1, 0 },
	};
	char text[PRINTED_TIME];
	int64_t seconds, again;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (token_time(cases[i].text, &seconds) != cases[i].error ||
		    (cases[i].error == 0 && seconds != cases[i].seconds))
			fail_msg("\"%s\"", cases[i].text);
	}
	/* Each month and more of eight thousand years, there and back. */
	for (seconds = 0; seconds < 253402300800; seconds += 2600003) {
		assert_int_equal(token_time(print_time(seconds, text),
		    &again), 0);
		assert_int_equal(again, seconds);
	}
}

static void
test_tokens(void **state)
{
	static const char text[] = "  one\ttwo#three\r\n\"a \\\"b\\\\ #\"x\n"
	    "a\"b c\\d\n\"\"\n";
	struct token_reader reader;
	struct token token;

	(void)state;
	token_open(&reader, text, strlen(text));
	assert_int_equal(token_word(&reader, &token), TOKEN_WORD);
	assert_string_equal(token.text, "one");
	assert_int_equal(token.column, 3);
	assert_int_equal(token_string(&reader, &token), TOKEN_WORD);
	assert_string_equal(token.text, "two");
	assert_int_equal(token.column, 7);
	assert_int_equal(token_word(&reader, &token), TOKEN_END);
	assert_int_equal(token.line, 1);
	assert_int_equal(token.column, 10);
	token_skip_line(&reader);
	assert_int_equal(token_string(&reader, &token), TOKEN_STRING);
	assert_string_equal(token.text, "a \"b\\ #");
	assert_int_equal(token.line, 2);
	assert_int_equal(token_word(&reader, &token), TOKEN_WORD);
	assert_string_equal(token.text, "x");
	token_skip_line(&reader);
	assert_int_equal(token_string(&reader, &token), TOKEN_WORD);
	assert_string_equal(token.text, "a\"b");
	assert_int_equal(token_word(&reader, &token), TOKEN_WORD);
	assert_string_equal(token.text, "c\\d");
	token_skip_line(&reader);
	assert_int_equal(token_word(&reader, &token), TOKEN_BAD);
	token_skip_line(&reader);
	assert_true(token_is_at_end(&reader));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_thousandths),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
