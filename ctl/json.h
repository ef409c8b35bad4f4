/*
 * ctl/json.h - a line of JSON, read field by field.
 *
 * A line is one object.  Its scalar members, and those of objects within it,
 * are returned one after the other; arrays are checked and skipped.  Strings
 * are decoded in place, so the line is used up.
 */
#ifndef CTL_JSON_H
#define CTL_JSON_H

#include <stdint.h>
#include <stddef.h>

#define JSON_DEPTH	16

struct json_reader {
	char *at;
	unsigned int depth;		/* of open containers */
	uint32_t arrays;		/* bit by depth: it is an array */
	enum { JSON_FIRST, JSON_ITEM, JSON_COMMA } expect;
};

struct json_field {
	const char *name;
	const char *text;		/* decoded; not a string */
	size_t len;
};

enum json_result { JSON_FIELD, JSON_END, JSON_ERROR };

void	json_open(struct json_reader *, char *line);
/* The next field.  JSON_END: the line was an object and is over. */
enum json_result json_next(struct json_reader *, struct json_field *);

#endif
