/*
 * local/line.c - one line for a client, as plain text or as a JSON object.
 *
 * Plain text is what babeld's clients have always split at single blanks:
 * a kind, an id, and pairs of a name and a value.  Lines are built by hand
 * rather than by printf, because a table of a hundred thousand routes has a
 * few million fields.
 *
 * Text beyond the buffer is cut off, and the line marked as overrun.  No
 * object's line gets there, since names and numbers are bounded.
 */
#include "local/line.h"

#include <string.h>

#include "prefix.h"
#include "util.h"

void
line_init(struct line *line, enum line_format format)
{
	line->format = format;
	line->len = 0;
	line->overrun = false;
}

static void
put(struct line *line, const char *bytes, size_t len)
{
	if (len >= LINE_SIZE - line->len) {
		line->overrun = true;
		return;
	}
	memcpy(line->bytes + line->len, bytes, len);
	line->len += len;
}

static void
put_char(struct line *line, char c)
{
	put(line, &c, 1);
}

void
line_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* Digits of a base, most significant first. */
static void
put_digits(struct line *line, uint64_t value, unsigned int base,
    unsigned int digits)
{
	char buffer[64], *at = buffer + sizeof(buffer);

	while (value != 0 || digits > 0) {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
		if (digits > 0)
			digits--;
	}
	put(line, at, (size_t)(buffer + sizeof(buffer) - at));
}

void
line_decimal(struct line *line, uint64_t value)
{
	put_digits(line, value, 10, 1);
}

void
line_hex(struct line *line, uint64_t value, unsigned int digits)
{
	put_digits(line, value, 16, digits);
}

void
line_digits(struct line *line, uint64_t value, unsigned int digits)
{
	put_digits(line, value, 10, digits);
}

void
line_terminate(struct line *line)
{
	line->bytes[line->len] = '\0';
}

size_t
line_utf8(const char *text)
{
	/* The range of the first octet, the number of octets that follow, and
	 * the range of the second one, which excludes surrogates and overlong
	 * forms. */
	static const struct {
		unsigned char first, last, low, high;
		size_t len;
	} forms[] = {
		{ 0xC2, 0xDF, 0x80, 0xBF, 2 }, { 0xE0, 0xE0, 0xA0, 0xBF, 3 },
		{ 0xE1, 0xEC, 0x80, 0xBF, 3 }, { 0xED, 0xED, 0x80, 0x9F, 3 },
		{ 0xEE, 0xEF, 0x80, 0xBF, 3 }, { 0xF0, 0xF0, 0x90, 0xBF, 4 },
		{ 0xF1, 0xF3, 0x80, 0xBF, 4 }, { 0xF4, 0xF4, 0x80, 0x8F, 4 },
	};
	const unsigned char *c = (const unsigned char *)text;
	size_t i, j;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (c[0] < forms[i].first || c[0] > forms[i].last)
			continue;
		if (c[1] < forms[i].low || c[1] > forms[i].high)
			return 0;
		for (j = 2; j < forms[i].len; j++)
			if ((c[j] & 0xC0) != 0x80)
				return 0;
		return forms[i].len;
	}
	return 0;
}

void
line_quoted(struct line *line, const char *text)
{
	unsigned char c;
	size_t len;

	put_char(line, '"');
	while ((c = (unsigned char)*text) != '\0') {
		len = c < 0x80 ? 1 : line_utf8(text);
		if (len == 0 || c < 0x20 || c == 0x7F) {
			line_text(line, "\\u");
			line_hex(line, c, 4);
			len = 1;
		} else {
			if (c == '"' || c == '\\')
				put_char(line, '\\');
			put(line, text, len);
		}
		text += len;
	}
	put_char(line, '"');
}

/* The name of a field, and what separates fields.  False if this form does not
 * have the field. */
static bool
put_name(struct line *line, struct label label)
{
	if (line->format != LINE_JSON) {
		if (label.plain == NULL)
			return false;
		put_char(line, ' ');
		line_text(line, label.plain);
		put_char(line, ' ');
		return true;
	}
	if (label.json == NULL)
		return false;
	if (line->len > 0 && line->bytes[line->len - 1] != '{')
		put_char(line, ',');
	line_quoted(line, label.json);
	put_char(line, ':');
	return true;
}

void
line_object(struct line *line, const char *kind, const char *id)
{
	if (line->format == LINE_JSON) {
		line_word(line, LABEL(NULL, "object"), kind);
		line_word(line, LABEL(NULL, "id"), id);
		return;
	}
	line_text(line, kind);
	put_char(line, ' ');
	line_text(line, id);
}

const char *
line_hex_format(uint32_t id, char buffer[9])
{
	char *at = buffer + 8;

	*at = '\0';
	do {
		*--at = "0123456789abcdef"[id & 0xF];
		id >>= 4;
	} while (id != 0);
	return at;
}

void
line_object_number(struct line *line, const char *kind, uint32_t id)
{
	char text[9];

	line_object(line, kind, line_hex_format(id, text));
}

void
line_end(struct line *line)
{
	if (line->format == LINE_JSON)
		put_char(line, '}');
	put_char(line, '\n');
	line_terminate(line);
}

void
line_word(struct line *line, struct label label, const char *value)
{
	if (!put_name(line, label))
		return;
	if (line->format == LINE_JSON)
		line_quoted(line, value);
	else
		line_text(line, value);
}

void
line_number(struct line *line, struct label label, uint64_t value)
{
	if (put_name(line, label))
		line_decimal(line, value);
}

void
line_yes(struct line *line, struct label label, bool value)
{
	if (line->format == LINE_JSON)
		line_true(line, label, value);
	else
		line_word(line, label, value ? "yes" : "no");
}

void
line_true(struct line *line, struct label label, bool value)
{
	if (put_name(line, label))
		line_text(line, value ? "true" : "false");
}

void
line_vector(struct line *line, struct label label, uint16_t value)
{
	if (!put_name(line, label))
		return;
	if (line->format == LINE_JSON)
		put_char(line, '"');
	line_hex(line, value, 4);
	if (line->format == LINE_JSON)
		put_char(line, '"');
}

/* A time in thousandths, with a point. */
static void
put_thousandths(struct line *line, babel_time value)
{
	if (value < 0) {
		put_char(line, '-');
		value = -value;
	}
	line_decimal(line, (uint64_t)value / 1000);
	put_char(line, '.');
	put_digits(line, (uint64_t)value % 1000, 10, 3);
}

void
line_milliseconds(struct line *line, struct label label, babel_time value)
{
	if (put_name(line, label))
		put_thousandths(line, value);
}

void
line_seconds(struct line *line, struct label label, babel_time value)
{
	if (put_name(line, label))
		put_thousandths(line, value / MILLISECOND);
}

void
line_address(struct line *line, struct label label,
    const struct in6_addr *address)
{
	char text[ADDRESS_STRLEN];

	line_word(line, label, address_format(address, text));
}

void
line_id(struct line *line, struct label label, const struct router_id *id)
{
	char text[ROUTER_ID_STRLEN];

	line_word(line, label, router_id_format(id, text));
}

void
line_null(struct line *line, struct label label)
{
	if (put_name(line, label))
		line_text(line, line->format == LINE_JSON ? "null" : "none");
}

void
line_list(struct line *line, const char *json, const char *const *words)
{
	if (!put_name(line, LABEL(NULL, json)))
		return;
	put_char(line, '[');
	for (; *words != NULL; words++) {
		line_quoted(line, *words);
		if (words[1] != NULL)
			put_char(line, ',');
	}
	put_char(line, ']');
}

void
line_open(struct line *line, const char *json)
{
	if (line->format == LINE_JSON &&
	    put_name(line, LABEL(NULL, json)))
		put_char(line, '{');
}

void
line_close(struct line *line)
{
	if (line->format == LINE_JSON)
		put_char(line, '}');
}
