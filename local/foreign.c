/*
 * local/foreign.c - does a client speak another protocol?
 *
 * Every program on the machine can connect to a TCP port, also a web browser on
 * behalf of any page that it shows.  A page decides the body of an HTTP
 * request, lines that look like ours included, but not how the request begins:
 * with a method, the path and the version, followed by fields of a name and a
 * colon.  Other packets of a browser, such as a TLS handshake or a STUN
 * message, begin with octets that are not text.  None of these looks like a
 * request of ours, whose first word is in small letters.
 */
#include "local/foreign.h"

#include <string.h>

#define METHOD_MIN	3		/* letters: GET, PUT */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
is_text(const char *line, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((unsigned char)line[i] < 0x20 && !is_blank(line[i])) ||
		    line[i] == 0x7F)
			return false;
	return true;
}

/* Is it the name of a header field and a colon? */
static bool
is_field(const char *word, size_t len)
{
	return len > 0 && word[0] != '#' && memchr(word, ':', len) != NULL;
}

static bool
is_method(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (word[i] < 'A' || word[i] > 'Z')
			return false;
	return len >= METHOD_MIN;
}

static bool
is_version(const char *word, size_t len)
{
	return len >= 5 && memcmp(word, "HTTP/", 5) == 0;
}

/* whole: the line has its newline, so that its words are whole, too. */
static bool
is_foreign_line(const char *line, size_t len, bool whole)
{
	size_t first, last;

	if (!is_text(line, len))
		return true;
	while (len > 0 && is_blank(*line)) {
		line++;
		len--;
	}
	for (first = 0; first < len && !is_blank(line[first]); first++)
		continue;
	if (is_field(line, first) ||
	    ((whole || first < len) && is_method(line, first)))
		return true;
	if (!whole)
		return false;
	while (len > 0 && is_blank(line[len - 1]))
		len--;
	for (last = len; last > 0 && !is_blank(line[last - 1]); last--)
		continue;
	return is_version(line, first) || is_version(line + last, len - last);
}

bool
foreign_is(const char *input, size_t len)
{
	const char *newline;

	while ((newline = memchr(input, '\n', len)) != NULL) {
		if (is_foreign_line(input, (size_t)(newline - input), true))
			return true;
		len -= (size_t)(newline + 1 - input);
		input = newline + 1;
	}
	return is_foreign_line(input, len, false);
}
