/*
 * pattern.h - names of interfaces, and shell patterns for them.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include <stdbool.h>

#define IFNAME_SIZE	16

/* The message about a text that is neither a name nor a pattern. */
#define PATTERN_NO_NAME	"no interface can have this name: it has up to 15 " \
			"bytes, no blank, '/' or ':'"

/* True if an interface can have exactly this name. */
bool	pattern_is_name(const char *text);
/* True if the text has a character that is special in a pattern. */
bool	pattern_is_special(const char *text);

/*
 * True if the pattern matches the whole name: '*' any text, '?' any one
 * byte, "[a-z]" one of a set, "[!a-z]" or "[^a-z]" one outside it, '\'
 * takes the next byte as it is.  A '[' that is never closed is itself.
 */
bool	pattern_match(const char *pattern, const char *name);

#endif
