/*
 * local/line.h - one line for a client, as plain text or as a JSON object.
 *
 * An object is described once, field by field, for both forms, so that
 * neither can lack a field by mistake.
 */
#ifndef LOCAL_LINE_H
#define LOCAL_LINE_H

#include "prefix.h"

/* Longer than any line: names are bounded, numbers too. */
#define LINE_SIZE	2048

enum line_format {
	LINE_PLAIN,			/* the 1.0 stream */
	LINE_JSON,
	LINE_FORMATS,
	LINE_WIDE = LINE_FORMATS,	/* plain, with more fields */
};

struct line {
	enum line_format format;
	size_t len;
	bool overrun;
	char bytes[LINE_SIZE];
};

/*
 * A field has a name in each form; where the name is NULL, that form does not
 * have the field.  A "word" is the text alone, without blanks.
 */
struct label {
	const char *plain, *json;
};
#define LABEL(plain, json)	((struct label){ plain, json })
#define BOTH(name)		LABEL(name, name)

void	line_init(struct line *, enum line_format);
/* Begin an object: "kind id" or "object":"kind","id":"id". */
void	line_object(struct line *, const char *kind, const char *id);
void	line_object_number(struct line *, const char *kind, uint32_t id);
/* End the object, with a newline; bytes is a string from then on. */
void	line_end(struct line *);

/* Write an id as it is shown; returns the place of its first digit. */
const char *line_hex_format(uint32_t id, char buffer[9]);

/* Raw text and numbers. */
void	line_text(struct line *, const char *);
void	line_decimal(struct line *, uint64_t);
/* Lower-case, as many digits as it takes, but at least that many. */
void	line_hex(struct line *, uint64_t, unsigned int digits);
/* Decimal, with leading zeros. */
void	line_digits(struct line *, uint64_t, unsigned int digits);
/* Make bytes a string. */
void	line_terminate(struct line *);
/* A quoted JSON string; octets that are not UTF-8 become \u00XX. */
void	line_quoted(struct line *, const char *);

/* The length of the non-ASCII UTF-8 character there; 0: none. */
size_t	line_utf8(const char *);

/* Fields. */
void	line_word(struct line *, struct label, const char *value);
void	line_number(struct line *, struct label, uint64_t value);
/* "yes" or "no"; "true" or "false".  In JSON both are booleans. */
void	line_yes(struct line *, struct label, bool value);
void	line_true(struct line *, struct label, bool value);
/* Four hexadecimal digits. */
void	line_vector(struct line *, struct label, uint16_t value);
/* Times as decimal numbers: 12.345. */
void	line_milliseconds(struct line *, struct label, babel_time);
void	line_seconds(struct line *, struct label, babel_time);
void	line_address(struct line *, struct label, const struct in6_addr *);
void	line_id(struct line *, struct label, const struct router_id *);
/* No value: "none", null. */
void	line_null(struct line *, struct label);
/* A JSON array of such words, NULL behind the last; nothing in plain
 * text. */
void	line_list(struct line *, const char *json, const char *const *words);
/* A JSON object within the object; nothing in plain text. */
void	line_open(struct line *, const char *json);
void	line_close(struct line *);

#endif
