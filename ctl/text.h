/*
 * ctl/text.h - text from a daemon, made fit for a terminal or for JSON.
 *
 * Names of interfaces and hosts, and anything from a hostile daemon, may
 * contain any bytes.  The text that is shown contains printable UTF-8 only: a
 * byte that is not part of a valid character, and each byte of a control
 * character, is written as \xNN.
 */
#ifndef CTL_TEXT_H
#define CTL_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* The longest text of one character, with its end. */
#define TEXT_CHARACTER	20

/* The length of the valid UTF-8 character at text; 0: none. */
size_t	text_utf8_length(const char *text);
/* Write a code point, at most 4 bytes; returns how many. */
size_t	text_utf8_put(unsigned long code, char *bytes);
/* Take the next character of *text as it may be shown; returns the
 * columns that it takes, 0 at the end. */
size_t	text_next(const char **text, char shown[TEXT_CHARACTER]);
/* The columns that a text takes when it is shown. */
size_t	text_width(const char *text);

/* Write a text as it may be shown. */
void	text_print(FILE *, const char *text);
/* Write a text as a JSON string, in quotes; bytes that are not UTF-8 become
 * U+FFFD. */
void	text_quote(FILE *, const char *text);
/* Write a line that is JSON already, control characters escaped. */
void	text_print_json(FILE *, const char *line);

#endif
