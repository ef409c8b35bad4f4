/*
 * reading.h - configurations from text, for the tests.
 */
#ifndef READING_H
#define READING_H

#include <string.h>

#include "unit.h"
#include "printing.h"

static const struct configuration_source test_file = {
	CONTEXT_FILE, "f", NULL
};

struct messages {
	char text[8][CONFIGURATION_MESSAGE_MAX];
	size_t count;
};

static inline void
keep_message(void *ctx, const char *message)
{
	struct messages *messages = ctx;

	if (messages->count < 8)
		snprintf(messages->text[messages->count],
		    sizeof(messages->text[0]), "%s", message);
	messages->count++;
}

/* The configuration of a text, or NULL with report->error. */
static inline struct configuration *
read_text(const char *text, const struct configuration_source *source,
    struct configuration_report *report)
{
	struct configuration *conf = configuration_new();

	assert_non_null(conf);
	if (configuration_read(conf, text, strlen(text), source,
	    report) == 0 && configuration_finish(conf, report) == 0)
		return conf;
	assert_true(report->error[0] != '\0');
	configuration_free(conf);
	return NULL;
}

static inline struct configuration *
must_read(const char *text)
{
	struct configuration_report report = { .warn = NULL };
	struct configuration *conf = read_text(text, &test_file, &report);

	if (conf == NULL)
		fail_msg("%s", report.error);
	return conf;
}

/* Read the text; printed, it must be that other text, and read and printed
 * again, too. */
static inline void
check_print(const char *text, const char *expected)
{
	struct configuration *conf = must_read(text), *copy;
	char *printed = configuration_print(conf), *again;

	assert_string_equal(printed, expected);
	copy = configuration_copy(conf);
	again = configuration_print(copy);
	assert_string_equal(again, expected);
	free(again);
	configuration_free(copy);
	configuration_free(conf);
	conf = must_read(printed);
	again = configuration_print(conf);
	assert_string_equal(again, expected);
	free(again);
	free(printed);
	configuration_free(conf);
}

#endif
