/*
 * ctl/json.c - a line of JSON, read field by field.
 *
 * This is a strict reader of RFC 8259: what it accepts, any other reader
 * accepts.  Open containers are kept as a depth and a bit for each level, so
 * that no input makes the stack grow.  Decoding never makes a string longer, so
 * its end is written at its closing quote or before.
 */
#include "ctl/json.h"

#include <stdbool.h>
#include <string.h>

#include "ctl/text.h"

void
json_open(struct json_reader *r, char *line)
{
	r->at = line;
	r->depth = 0;
	r->arrays = 0;
	r->expect = JSON_ITEM;
}

static void
skip_blanks(struct json_reader *r)
{
	r->at += strspn(r->at, " \t\r\n");
}

static bool
take(struct json_reader *r, char c)
{
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static bool
in_array(const struct json_reader *r)
{
	return (r->arrays >> r->depth & 1) != 0;
}

/* Four hexadecimal digits. */
static bool
take_hex(struct json_reader *r, unsigned long *code)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *digit;
	int i;

	*code = 0;
	for (i = 0; i < 4; i++) {
		if (*r->at == '\0' ||
		    (digit = strchr(digits, *r->at)) == NULL)
			return false;
		*code = *code << 4 | ((size_t)(digit - digits) & 0xF);
		r->at++;
	}
	return true;
}

/* The code point behind "\u", of two such escapes if it needs them. */
static bool
take_code(struct json_reader *r, char **end)
{
	unsigned long code, low;

	if (!take_hex(r, &code))
		return false;
	if (code >= 0xD800 && code <= 0xDBFF) {
		if (!take(r, '\\') || !take(r, 'u') || !take_hex(r, &low) ||
		    low < 0xDC00 || low > 0xDFFF)
			return false;
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	} else if (code >= 0xDC00 && code <= 0xDFFF)
		return false;
	/* A text cannot contain a NUL. */
	*end += text_utf8_put(code == 0 ? 0x7F : code, *end);
	return true;
}

static bool
take_escape(struct json_reader *r, char **end)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	if (take(r, 'u'))
		return take_code(r, end);
	if (*r->at == '\0' || (letter = strchr(from, *r->at)) == NULL)
		return false;
	*(*end)++ = to[letter - from];
	r->at++;
	return true;
}

/* A string, behind its opening quote. */
static bool
take_string(struct json_reader *r, const char **text, size_t *len)
{
	char *end = r->at;
	size_t length;

	*text = r->at;
	while (*r->at != '"') {
		if (take(r, '\\')) {
			if (!take_escape(r, &end))
				return false;
			continue;
		}
		length = text_utf8_length(r->at);
		if (length == 0 || (unsigned char)*r->at < 0x20)
			return false;
		memmove(end, r->at, length);
		end += length;
		r->at += length;
	}
	r->at++;
	*len = (size_t)(end - *text);
	*end = '\0';
	return true;
}

static size_t
digits(struct json_reader *r)
{
	size_t len = strspn(r->at, "0123456789");

	r->at += len;
	return len;
}

static bool
take_number(struct json_reader *r)
{
	bool leads_with_zero;
	size_t len;

	(void)take(r, '-');
	leads_with_zero = *r->at == '0';
	len = digits(r);
	if (len == 0 || (leads_with_zero && len > 1))
		return false;
	if (take(r, '.') && digits(r) == 0)
		return false;
	if (take(r, 'e') || take(r, 'E')) {
		if (!take(r, '-'))
			(void)take(r, '+');
		return digits(r) > 0;
	}
	return true;
}

static bool
take_scalar(struct json_reader *r, const char **text, size_t *len)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	if (take(r, '"'))
		return take_string(r, text, len);
	*text = r->at;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(r->at, words[i], strlen(words[i])) == 0) {
			r->at += strlen(words[i]);
			*len = strlen(words[i]);
			return true;
		}
	if (!take_number(r))
		return false;
	*len = (size_t)(r->at - *text);
	return true;
}

static bool
open_container(struct json_reader *r, bool is_array)
{
	if (++r->depth == JSON_DEPTH)
		return false;
	r->arrays &= ~(1U << r->depth);
	r->arrays |= (uint32_t)is_array << r->depth;
	r->expect = JSON_FIRST;
	return true;
}

/* One item of the innermost open container, or the beginning of a new
 * container.  A container, or an item of an array, is no field. */
static enum json_result
take_item(struct json_reader *r, struct json_field *field, bool *is_field)
{
	bool named = r->depth > 0 && !in_array(r);
	size_t len;

	*is_field = false;
	if (named) {
		if (!take(r, '"') || !take_string(r, &field->name, &len))
			return JSON_ERROR;
		skip_blanks(r);
		if (!take(r, ':'))
			return JSON_ERROR;
		skip_blanks(r);
	}
	if (take(r, '{'))
		return open_container(r, false) ? JSON_FIELD : JSON_ERROR;
	if (r->depth == 0)
		return JSON_ERROR;
	if (take(r, '['))
		return open_container(r, true) ? JSON_FIELD : JSON_ERROR;
	r->expect = JSON_COMMA;
	*is_field = named;
	return take_scalar(r, &field->text, &field->len) ? JSON_FIELD :
	    JSON_ERROR;
}

enum json_result
json_next(struct json_reader *r, struct json_field *field)
{
	bool is_field = false;

	while (!is_field) {
		skip_blanks(r);
		if (r->depth == 0 && r->expect == JSON_COMMA)
			return *r->at == '\0' ? JSON_END : JSON_ERROR;
		if (r->expect != JSON_ITEM &&
		    take(r, in_array(r) ? ']' : '}')) {
			r->depth--;
			r->expect = JSON_COMMA;
			continue;
		}
		if (r->expect == JSON_COMMA) {
			if (!take(r, ','))
				return JSON_ERROR;
			r->expect = JSON_ITEM;
			continue;
		}
		if (take_item(r, field, &is_field) == JSON_ERROR)
			return JSON_ERROR;
	}
	return JSON_FIELD;
}
