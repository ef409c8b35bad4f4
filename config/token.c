/*
 * config/token.c - the words of the configuration language.
 *
 * A text is read line by line and word by word, in place: nothing is
 * allocated, a word has at most TOKEN_MAX bytes, and each token remembers
 * where it stood for the sake of messages.  Blanks are space, tab and
 * carriage return, so that files with CR LF line ends work.  Nothing here
 * depends on the locale, as the functions of <ctype.h> and strtol(3) do.
 */
#include <stdio.h>
#include <string.h>

#include "token.h"

#define YEAR_10000	INT64_C(253402300800)	/* in seconds since 1970 */

void
token_open(struct token_reader *reader, const char *text, size_t len)
{
	reader->at = reader->line_start = text;
	reader->end = text + len;
	reader->line = 1;
}

bool
token_is_at_end(const struct token_reader *reader)
{
	return reader->at == reader->end;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next byte; a newline at the end of the text. */
static char
peek(const struct token_reader *reader)
{
	return reader->at < reader->end ? *reader->at : '\n';
}

static void
skip_blanks(struct token_reader *reader)
{
	while (is_blank(peek(reader)))
		reader->at++;
}

static enum token_type
bad(struct token *token, const char *why)
{
	snprintf(token->text, sizeof(token->text), "%s", why);
	return token->type = TOKEN_BAD;
}

/* Start a token at the next byte that is not blank; false if there is none on
 * this line. */
static bool
begin(struct token_reader *reader, struct token *token)
{
	char c;

	skip_blanks(reader);
	token->line = reader->line;
	token->column = (unsigned int)(reader->at - reader->line_start) + 1;
	token->text[0] = '\0';
	c = peek(reader);
	if (c != '\n' && c != '#')
		return true;
	token->type = TOKEN_END;
	return false;
}

static bool
is_in_word(char c)
{
	return !is_blank(c) && c != '\n' && c != '#';
}

static enum token_type
read_word(struct token_reader *reader, struct token *token)
{
	size_t len = 0;
	char c;

	while (is_in_word(c = peek(reader))) {
		if (c == '\0')
			return bad(token, "a NUL byte");
		if (len == TOKEN_MAX)
			return bad(token, "a word of more than 255 bytes");
		token->text[len++] = c;
		reader->at++;
	}
	token->text[len] = '\0';
	return token->type = TOKEN_WORD;
}

static enum token_type
read_quoted(struct token_reader *reader, struct token *token)
{
	size_t len = 0;
	char c;

	reader->at++;
	while ((c = peek(reader)) != '"') {
		if (c == '\\') {
			reader->at++;
			c = peek(reader);
		}
		if (c == '\n')
			return bad(token, "a string without closing quote");
		if (c == '\0')
			return bad(token, "a NUL byte");
		if (len == TOKEN_MAX)
			return bad(token, "a string of more than 255 bytes");
		token->text[len++] = c;
		reader->at++;
	}
	reader->at++;
	token->text[len] = '\0';
	return token->type = TOKEN_STRING;
}

enum token_type
token_word(struct token_reader *reader, struct token *token)
{
	if (!begin(reader, token))
		return TOKEN_END;
	if (peek(reader) == '"')
		return bad(token, "a quoted word");
	return read_word(reader, token);
}

enum token_type
token_string(struct token_reader *reader, struct token *token)
{
	if (!begin(reader, token))
		return TOKEN_END;
	if (peek(reader) == '"')
		return read_quoted(reader, token);
	return read_word(reader, token);
}

void
token_skip_line(struct token_reader *reader)
{
	const char *newline = memchr(reader->at, '\n',
	    (size_t)(reader->end - reader->at));

	reader->at = newline == NULL ? reader->end : newline + 1;
	reader->line_start = reader->at;
	reader->line++;
}

size_t
token_line(const struct token_reader *reader, const char **line)
{
	const char *start = *line = reader->line_start;
	const char *newline = memchr(start, '\n',
	    (size_t)(reader->end - start));

	return (size_t)((newline == NULL ? reader->end : newline) - start);
}

bool
token_is_plain(const char *text)
{
	if (*text == '"' || *text == '\0')
		return false;
	while (is_in_word(*text) && *text != '\0')
		text++;
	return *text == '\0';
}

/* Numbers. */

static const char *
after_blanks(const char *text)
{
	while (is_blank(*text))
		text++;
	return text;
}

/* The value of a digit in any base up to 16, or 16 if it is none. */
static unsigned int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	return 16;
}

/* Read digits, at most to a limit far above any value in use; NULL if
 * there are none or the number is larger. */
static const char *
read_digits(const char *text, unsigned int base, int64_t *number)
{
	const char *start = text;
	const int64_t limit = INT64_C(1) << 48;

	*number = 0;
	for (; digit_value(*text) < base; text++) {
		*number = *number * base + digit_value(*text);
		if (*number > limit)
			return NULL;
	}
	return text == start ? NULL : text;
}

int
token_number(const char *text, int64_t *number)
{
	unsigned int base = 10;
	bool negative;

	text = after_blanks(text);
	*number = 0;
	if (*text == '\0')
		return 0;
	negative = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	} else if (text[0] == '0') {
		base = 8;
	}
	text = read_digits(text, base, number);
	if (text == NULL || *after_blanks(text) != '\0')
		return -1;
	if (negative)
		*number = -*number;
	return 0;
}

int
token_octal(const char *text, int64_t *number)
{
	text = read_digits(text, 8, number);
	return text == NULL || *text != '\0' ? -1 : 0;
}

int
token_thousandths(const char *text, int64_t *thousandths)
{
	int64_t whole = 0, part = 0, unit = 100;

	text = after_blanks(text);
	if (digit_value(*text) < 10 &&
	    (text = read_digits(text, 10, &whole)) == NULL)
		return -1;
	if (*text == '.')
		for (text++; digit_value(*text) < 10; text++, unit /= 10)
			part += unit * digit_value(*text);
	if (*after_blanks(text) != '\0')
		return -1;
	*thousandths = whole * 1000 + part;
	return 0;
}

int
token_hex(const char *text, uint8_t *octets, size_t *len)
{
	size_t room = *len, n = 0;
	unsigned int high, low;

	for (; *text != '\0'; text += 2) {
		high = digit_value(text[0]);
		low = high == 16 ? 16 : digit_value(text[1]);
		if (low == 16 || n == room)
			return -1;
		octets[n++] = (uint8_t)(high << 4 | low);
	}
	*len = n;
	return 0;
}

/* Times. */

/*
 * Days from 1970-01-01 to a date of the Gregorian calendar.  Years are
 * counted from March, so that the leap day is the last of its year.
 */
static int64_t
days_from_date(int year, int month, int day)
{
	int y = month > 2 ? year : year - 1;
	int months = (month + 9) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 +
	    (153 * months + 2) / 5 + day - 1 - 719468;
}

static int
days_in_month(int year, int month)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Read exactly count decimal digits within bounds; -1 for anything else.  Skip
 * the byte behind if it is the one expected ('\0': any). */
static int
read_field(const char **text, int count, char after)
{
	int value = 0;

	while (count-- > 0) {
		if (digit_value(**text) > 9)
			return -1;
		value = 10 * value + (int)digit_value(*(*text)++);
	}
	if (after == '\0')
		return value;
	if (**text != after && (after != 'T' || **text != 't'))
		return -1;
	(*text)++;
	return value;
}

/* Read "Z" or "+hh:mm", to the end of the text: seconds east of Greenwich. */
static int
read_zone(const char *text, int64_t *offset)
{
	char sign = *text;
	int hours, minutes;

	*offset = 0;
	if ((sign == 'Z' || sign == 'z') && text[1] == '\0')
		return 0;
	if (sign != '+' && sign != '-')
		return -1;
	text++;
	if ((hours = read_field(&text, 2, ':')) < 0 || hours > 23 ||
	    (minutes = read_field(&text, 2, '\0')) < 0 || minutes > 59 ||
	    *text != '\0')
		return -1;
	*offset = (sign == '-' ? -60 : 60) * (hours * 60 + minutes);
	return 0;
}

int
token_time(const char *text, int64_t *seconds)
{
	int year, month, day, hour, minute, second;
	int64_t offset;

	if ((year = read_field(&text, 4, '-')) < 1970 ||
	    (month = read_field(&text, 2, '-')) < 1 || month > 12 ||
	    (day = read_field(&text, 2, 'T')) < 1 ||
	    day > days_in_month(year, month) ||
	    (hour = read_field(&text, 2, ':')) < 0 || hour > 23 ||
	    (minute = read_field(&text, 2, ':')) < 0 || minute > 59 ||
	    (second = read_field(&text, 2, '\0')) < 0 || second > 60)
		return -1;
	if (*text == '.') {
		if (digit_value(*++text) > 9)
			return -1;
		while (digit_value(*text) < 10)
			text++;
	}
	if (read_zone(text, &offset) == -1)
		return -1;
	*seconds = ((days_from_date(year, month, day) * 24 + hour) * 60 +
	    minute) * 60 + second - offset;
	return *seconds < 0 || *seconds >= YEAR_10000 ? -1 : 0;
}
