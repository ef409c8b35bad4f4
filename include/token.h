/*
 * token.h - the words of the configuration language, and the values that
 * are written as one word: numbers, intervals, times.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include "util.h"

#define TOKEN_MAX	255

enum token_type {
	TOKEN_WORD,
	TOKEN_STRING,			/* was quoted */
	TOKEN_END,			/* end of the line, a comment too */
	TOKEN_BAD,			/* text tells what is wrong */
};

/* A word and its place, both counted from 1; columns in bytes. */
struct token {
	enum token_type type;
	unsigned int line, column;
	char text[TOKEN_MAX + 1];
};

/* A place in a text that need not end in '\0' and is not copied. */
struct token_reader {
	const char *at, *end;
	const char *line_start;
	unsigned int line;
};

void	token_open(struct token_reader *, const char *text, size_t len);
/* True if no line is left. */
bool	token_is_at_end(const struct token_reader *);
/* The next word of the line: a run of bytes up to a blank or '#', which
 * must not begin with '"'. */
enum token_type token_word(struct token_reader *, struct token *);
/* The next word, or "text in quotes", where a backslash takes the next
 * byte as it is. */
enum token_type token_string(struct token_reader *, struct token *);
/* Skip the rest of the line and go to the next one. */
void	token_skip_line(struct token_reader *);
/* The line as it stands, without its end. */
size_t	token_line(const struct token_reader *, const char **line);

/* True if token_word would read the text back as it is. */
bool	token_is_plain(const char *text);

/*
 * Text to value: 0, or -1 if the text is anything else.
 *
 * token_number: decimal, octal after "0", hexadecimal after "0x", with an
 * optional sign and blanks around it; no text at all is 0.
 */
int	token_number(const char *text, int64_t *number);
/* An octal number, as chmod(1) has it. */
int	token_octal(const char *text, int64_t *number);
/* Digits with an optional point and decimals, as thousandths; further
 * decimals are cut off, blanks around it are allowed. */
int	token_thousandths(const char *text, int64_t *thousandths);
/* An even number of hexadecimal digits.  *len is the room, and then the
 * number of octets. */
int	token_hex(const char *text, uint8_t *octets, size_t *len);
/* A time as RFC 3339 writes it, "2026-03-01T12:00:00Z" or with an offset
 * such as +01:00, as seconds since 1970; from then to the year 9999. */
int	token_time(const char *text, int64_t *seconds);

#endif
