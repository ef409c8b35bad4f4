/*
 * field.h - one word of the configuration language that takes one value, and
 * the member of a struct that keeps it.
 *
 * The two tables are the grammar of all such words: reading, merging and
 * comparing use them, and tests use them for printing.
 */
#ifndef FIELD_H
#define FIELD_H

#include "configuration.h"

enum field_kind {
	FIELD_CHOICE,			/* one of some words */
	FIELD_NUMBER,			/* times unit */
	FIELD_TABLE,			/* a routing table; 0 is "main" */
	FIELD_TABLES,			/* a further import table */
	FIELD_OCTAL,
	FIELD_FIXED,			/* thousandths times unit */
	FIELD_STRING,
	FIELD_PATH,			/* of a UNIX-domain socket */
	FIELD_GROUP,			/* a multicast address */
	FIELD_ROUTER_ID,
};

#define FIELD_RUN_TIME	0x01		/* the local socket may set it */
#define FIELD_LETTER	0x02		/* has no word in the language */
#define FIELD_AT_START	0x04		/* cannot change while running */

#define TABLE_MAIN	254

struct choice {
	const char *word;
	int value;
};

struct choice_list {
	const char *expected;
	struct choice choices[8];	/* a value's preferred word first */
};

struct field {
	const char *word;
	uint8_t kind, flags;
	uint16_t offset, size;		/* of the member */
	int64_t min, max, unit;
	const struct choice_list *list;
};

/* "true" or "false", and the other words for them. */
extern const struct choice_list field_truth;

/* Members of struct options and of struct interface_conf; each table ends
 * with a field without word. */
extern const struct field option_fields[];
extern const struct field interface_fields[];

const struct field *field_find(const struct field *fields, const char *word);

/* The option has been set: set its bit in given.  The address of a server
 * belongs to the kind that was given last, so the other kind loses it. */
void	field_mark_given(const struct field *, struct options *,
	    uint64_t *given);

/* Set the member to the value of the text. 0; or -1, and expected describes the
 * values that are allowed ("" for no memory). */
#define FIELD_EXPECTED_MAX	128
int	field_set(const struct field *, void *base, const char *text,
	    char expected[FIELD_EXPECTED_MAX]);
/* The value as one word or quoted string; NULL if the member is unset.
 * Not for FIELD_TABLES. */
#define FIELD_TEXT_MAX	(2 * 255 + 3)
const char *field_format(const struct field *, const void *base,
	    char buffer[FIELD_TEXT_MAX]);
/* -1 for no memory. */
int	field_copy(const struct field *, void *to, const void *from);
bool	field_equal(const struct field *, const void *a, const void *b);
bool	field_is_set(const struct field *, const void *base);
void	field_free(const struct field *, void *base);

/* "wired", "wireless", "tunnel" or "auto". */
const char *field_type_word(enum interface_type);

/* Write the text as a word, in quotes where it must be. */
const char *field_quote(const char *text, char buffer[FIELD_TEXT_MAX]);

#endif
