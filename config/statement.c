/*
 * config/statement.c - a line of the configuration as it is being read: its
 * words one by one, and messages about them.
 *
 * A message names the place, the word, and what was expected there.
 */
#include "config/statement.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "configuration.h"
#include "pattern.h"
#include "token.h"

#define QUOTE_MAX	200		/* of a word or line, in messages */

/* Messages. */

/* Copy text, in readable form and cut short where it is too long. */
static const char *
readable(const char *text, size_t len, char buffer[QUOTE_MAX])
{
	size_t n = 0, i;
	unsigned char c;

	for (i = 0; i < len && n < QUOTE_MAX - 8; i++) {
		c = (unsigned char)text[i];
		if (c >= 0x20 && c < 0x7F)
			buffer[n++] = (char)c;
		else
			n += (size_t)snprintf(buffer + n, 5, "\\x%02x", c);
	}
	snprintf(buffer + n, 4, "%s", i < len ? "..." : "");
	return buffer;
}

/* "FILE:LINE:COLUMN: [warning: ]WORD: MESSAGE[; in "STATEMENT"]".  A line
 * with a secret is not quoted. */
static void
compose(const struct statement *s, const struct token *at, const char *kind,
    const char *message, char text[CONFIGURATION_MESSAGE_MAX])
{
	char word[QUOTE_MAX], line[QUOTE_MAX], in[QUOTE_MAX + 8] = "";
	const char *start;
	size_t len;

	if (s->source->context != CONTEXT_FILE && !s->is_secret) {
		len = token_line(&s->reader, &start);
		snprintf(in, sizeof(in), "; in \"%s\"",
		    readable(start, len, line));
	}
	snprintf(text, CONFIGURATION_MESSAGE_MAX, "%.300s:%u:%u: %s%s: %s%s",
	    s->source->name, at->line, at->column, kind,
	    at->type == TOKEN_END ? "end of line" :
	    at->text[0] == '\0' ? "\"\"" :
	    readable(at->text, strlen(at->text), word), message, in);
}

int
statement_error(struct statement *s, const struct token *at,
    const char *format, ...)
{
	char message[QUOTE_MAX], text[CONFIGURATION_MESSAGE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	compose(s, at, "", message, text);
	if (s->report->error[0] == '\0')
		memcpy(s->report->error, text, sizeof(text));
	if (s->report->each_error != NULL)
		s->report->each_error(s->report->ctx, text);
	return -1;
}

void
statement_warn(struct statement *s, const struct token *at,
    const char *format, ...)
{
	char message[QUOTE_MAX], text[CONFIGURATION_MESSAGE_MAX];
	va_list arguments;

	if (s->report->warn == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	compose(s, at, "warning: ", message, text);
	s->report->warn(s->report->ctx, text);
}

int
statement_expected(struct statement *s, const char *what)
{
	return statement_error(s, &s->word, "expected %s", what);
}

int
statement_no_memory(struct statement *s)
{
	return statement_error(s, &s->word, "out of memory");
}

int
statement_refuse(struct statement *s, const char *why)
{
	snprintf(s->report->error, sizeof(s->report->error), "%s", why);
	s->report->refused = true;
	return -1;
}

/* Words. */

static int
check_word(struct statement *s, enum token_type type)
{
	if (type != TOKEN_BAD)
		return 0;
	return statement_error(s, &s->word, "not expected here");
}

int
statement_next(struct statement *s)
{
	return check_word(s, token_word(&s->reader, &s->word));
}

int
statement_need_word(struct statement *s, const char *expected)
{
	if (statement_next(s) == -1)
		return -1;
	return s->word.type == TOKEN_END ? statement_expected(s, expected) : 0;
}

int
statement_need_string(struct statement *s, const char *expected)
{
	if (check_word(s, token_string(&s->reader, &s->word)) == -1)
		return -1;
	return s->word.type == TOKEN_END ? statement_expected(s, expected) : 0;
}

int
statement_need_end(struct statement *s)
{
	if (check_word(s, token_string(&s->reader, &s->word)) == -1)
		return -1;
	return s->word.type == TOKEN_END ? 0 :
	    statement_expected(s, "the end of the line");
}

int
statement_need_number(struct statement *s, int64_t min, int64_t max,
    int64_t *number)
{
	char expected[80];

	snprintf(expected, sizeof(expected), "a number from %lld to %lld",
	    (long long)min, (long long)max);
	if (statement_need_word(s, expected) == -1)
		return -1;
	if (token_number(s->word.text, number) == -1 || *number < min ||
	    *number > max)
		return statement_expected(s, expected);
	return 0;
}

void
statement_check_name(struct statement *s)
{
	const char *name = s->word.text;

	/* Old clients are only sent warnings about rules; those about names go
	 * to the log. */
	if (s->source->context == CONTEXT_SOCKET)
		return;
	if (!pattern_is_special(name) && !pattern_is_name(name))
		statement_warn(s, &s->word, PATTERN_NO_NAME);
}
