/*
 * ctl/http.c - reading one HTTP request.
 *
 * RFC 9112: a line with method, target and version, then header lines, then an
 * empty line.  Only the form of the headers is checked; a body is not read.
 */
#include "ctl/http.h"

#include <string.h>

#define TARGET		"/metrics"
#define TOKEN		"!#$%&'*+-.^_`|~0123456789" \
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

struct word {
	const char *at;
	size_t len;
};

static bool
equals(struct word word, const char *text)
{
	return strlen(text) == word.len &&
	    memcmp(word.at, text, word.len) == 0;
}

/* The text up to the next blank; false if there is none, or no text. */
static bool
take_word(const char **at, const char *end, struct word *word)
{
	const char *blank = memchr(*at, ' ', (size_t)(end - *at));

	if (blank == NULL || blank == *at)
		return false;
	*word = (struct word){ *at, (size_t)(blank - *at) };
	*at = blank + 1;
	return true;
}

/* The target without the query that some clients add. */
static bool
is_ours(struct word target)
{
	const char *query = memchr(target.at, '?', target.len);

	if (query != NULL)
		target.len = (size_t)(query - target.at);
	return equals(target, TARGET);
}

static enum http_verdict
judge_request(const char *at, const char *end, bool *headers_only)
{
	struct word method, target, version;
	size_t i;

	if (!take_word(&at, end, &method) || !take_word(&at, end, &target))
		return HTTP_GARBAGE;
	version = (struct word){ at, (size_t)(end - at) };
	if (!equals(version, "HTTP/1.1") && !equals(version, "HTTP/1.0"))
		return HTTP_GARBAGE;
	for (i = 0; i < method.len; i++)
		if (memchr(TOKEN, method.at[i], sizeof(TOKEN) - 1) == NULL)
			return HTTP_GARBAGE;
	for (i = 0; i < target.len; i++)
		if (target.at[i] <= ' ' || target.at[i] == 0x7F)
			return HTTP_GARBAGE;
	*headers_only = equals(method, "HEAD");
	if (!*headers_only && !equals(method, "GET"))
		return HTTP_NOT_ALLOWED;
	return is_ours(target) ? HTTP_METRICS : HTTP_NOT_FOUND;
}

/* A name, a colon, and no control characters but tabs. */
static bool
is_header(const char *at, const char *end)
{
	const char *colon = memchr(at, ':', (size_t)(end - at)), *c;

	if (colon == NULL || colon == at)
		return false;
	for (c = at; c < colon; c++)
		if (memchr(TOKEN, *c, sizeof(TOKEN) - 1) == NULL)
			return false;
	for (; c < end; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7F)
			return false;
	return true;
}

/* The end of the line without its CR; *next is behind it.  NULL: it is not
 * whole. */
static const char *
line_end(const char *at, const char *end, const char **next)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	if (newline == NULL)
		return NULL;
	*next = newline + 1;
	return newline > at && newline[-1] == '\r' ? newline - 1 : newline;
}

struct http_request
http_judge(const char *head, size_t len, bool ended)
{
	const char *end = head + len, *next, *stop;
	enum http_verdict unfinished = len >= HTTP_HEAD_MAX ? HTTP_TOO_LARGE :
	    ended ? HTTP_GARBAGE : HTTP_INCOMPLETE;
	struct http_request r = { unfinished, false };

	stop = line_end(head, end, &next);
	if (stop == NULL)
		return r;
	r.verdict = judge_request(head, stop, &r.headers_only);
	if (r.verdict == HTTP_GARBAGE)
		return r;
	for (head = next; (stop = line_end(head, end, &next)) != NULL;
	    head = next) {
		if (stop == head)
			return r;
		if (!is_header(head, stop)) {
			r.verdict = HTTP_GARBAGE;
			return r;
		}
	}
	r.verdict = unfinished;
	return r;
}
