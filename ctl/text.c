/*
 * ctl/text.c - text from a daemon, made fit for a terminal or for JSON.
 */
#include "ctl/text.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT	"\xEF\xBF\xBD"	/* U+FFFD */

/* A character by its first byte: its length, and the bits of that byte. */
static size_t
first_byte(unsigned char byte, unsigned long *code)
{
	size_t len = byte < 0x80 ? 1 : byte < 0xC2 ? 0 : byte < 0xE0 ? 2 :
	    byte < 0xF0 ? 3 : byte < 0xF5 ? 4 : 0;

	*code = len <= 1 ? byte : byte & (0x7FU >> len);
	return len;
}

/* The valid character there, and its length; 0: there is none. */
static size_t
decode(const char *text, unsigned long *code)
{
	static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, len = first_byte((unsigned char)text[0], code);

	for (i = 1; i < len; i++) {
		if (((unsigned char)text[i] & 0xC0) != 0x80)
			return 0;
		*code = *code << 6 | ((unsigned char)text[i] & 0x3F);
	}
	if (*code < least[len] || *code > 0x10FFFF ||
	    (*code >= 0xD800 && *code <= 0xDFFF))
		return 0;
	return len;
}

size_t
text_utf8_length(const char *text)
{
	unsigned long code;

	return decode(text, &code);
}

size_t
text_utf8_put(unsigned long code, char *bytes)
{
	size_t i, len = code < 0x80 ? 1 : code < 0x800 ? 2 :
	    code < 0x10000 ? 3 : 4;

	if (len == 1) {
		bytes[0] = (char)code;
		return 1;
	}
	for (i = len; i-- > 1; code >>= 6)
		bytes[i] = (char)(0x80 | (code & 0x3F));
	bytes[0] = (char)((0xF00 >> len & 0xFF) | code);
	return len;
}

/* May the character be sent to a terminal?  Not C0 and C1 controls, nor
 * characters that change the direction of writing, nor line separators. */
static bool
is_printable(unsigned long code)
{
	return code >= 0x20 && (code < 0x7F || code > 0x9F) &&
	    (code < 0x200B || code > 0x200F) &&
	    (code < 0x2028 || code > 0x202E) &&
	    (code < 0x2060 || code > 0x206F) && code != 0xFEFF;
}

size_t
text_next(const char **text, char shown[TEXT_CHARACTER])
{
	unsigned long code;
	size_t i, len;

	if (**text == '\0')
		return 0;
	len = decode(*text, &code);
	if (len > 0 && is_printable(code)) {
		memcpy(shown, *text, len);
		shown[len] = '\0';
		*text += len;
		return 1;
	}
	if (len == 0)
		len = 1;
	for (i = 0; i < len; i++)
		snprintf(shown + 4 * i, TEXT_CHARACTER - 4 * i, "\\x%02X",
		    (unsigned char)*(*text)++);
	return 4 * len;
}

size_t
text_width(const char *text)
{
	char shown[TEXT_CHARACTER];
	size_t columns, width = 0;

	while ((columns = text_next(&text, shown)) > 0)
		width += columns;
	return width;
}

void
text_print(FILE *file, const char *text)
{
	char shown[TEXT_CHARACTER];

	while (text_next(&text, shown) > 0)
		fputs(shown, file);
}

/* One character within a JSON string. */
static void
put_escaped(FILE *file, const char *text, size_t len, unsigned long code)
{
	if (is_printable(code))
		fwrite(text, 1, len, file);
	else
		fprintf(file, "\\u%04lx", code);
}

void
text_quote(FILE *file, const char *text)
{
	unsigned long code;
	size_t len;

	putc('"', file);
	for (; *text != '\0'; text += len) {
		len = decode(text, &code);
		if (len == 0) {
			fputs(REPLACEMENT, file);
			len = 1;
			continue;
		}
		if (code == '"' || code == '\\')
			putc('\\', file);
		put_escaped(file, text, len, code);
	}
	putc('"', file);
}

void
text_print_json(FILE *file, const char *line)
{
	unsigned long code;
	size_t len;

	for (; *line != '\0'; line += len) {
		len = decode(line, &code);
		if (len == 0)
			return;		/* it was parsed: never happens */
		put_escaped(file, line, len, code == '\t' ? ' ' : code);
	}
}
