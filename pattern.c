/*
 * pattern.c - shell patterns for interface names.
 *
 * fnmatch(3) depends on the locale; here a byte is a byte and a range is a
 * range of bytes.  Time is bounded by the product of the two lengths: only the
 * latest star is ever tried again, because an earlier one could not match
 * anything that the latest cannot.
 */
#include <string.h>

#include "pattern.h"

/* The rules are the kernel's. */
bool
pattern_is_name(const char *text)
{
	return *text != '\0' && strlen(text) < IFNAME_SIZE &&
	    strcmp(text, ".") != 0 && strcmp(text, "..") != 0 &&
	    strpbrk(text, "/: \t\n\v\f\r") == NULL;
}

bool
pattern_is_special(const char *text)
{
	return strpbrk(text, "*?[\\") != NULL;
}

/* The end of the set that starts at "[", just past its "]"; or NULL. */
static const char *
set_end(const char *set)
{
	const char *p = set + 1;

	if (*p == '!' || *p == '^')
		p++;
	if (*p == ']')
		p++;
	while (*p != '\0' && *p != ']')
		p++;
	return *p == ']' ? p + 1 : NULL;
}

static bool
set_holds(const char *set, const char *end, unsigned char byte)
{
	const char *p = set + 1;
	bool negated = *p == '!' || *p == '^', found = false;
	unsigned char low, high;

	if (negated)
		p++;
	while (p < end - 1) {
		low = high = (unsigned char)*p++;
		if (*p == '-' && p + 1 < end - 1) {
			high = (unsigned char)p[1];
			p += 2;
		}
		if (low <= byte && byte <= high)
			found = true;
	}
	return found != negated;
}

/* The rest of the pattern if its first item matches the byte, otherwise
 * NULL. */
static const char *
match_one(const char *pattern, char byte)
{
	const char *end;

	if (*pattern == '[' && (end = set_end(pattern)) != NULL)
		return set_holds(pattern, end, (unsigned char)byte) ?
		    end : NULL;
	if (*pattern == '?')
		return pattern + 1;
	if (*pattern == '\\' && pattern[1] != '\0')
		pattern++;
	return *pattern == byte ? pattern + 1 : NULL;
}

bool
pattern_match(const char *pattern, const char *name)
{
	const char *star = NULL, *retry = NULL, *next;

	while (*name != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			retry = name;
		} else if ((next = match_one(pattern, *name)) != NULL) {
			pattern = next;
			name++;
		} else if (star != NULL) {
			pattern = star;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
