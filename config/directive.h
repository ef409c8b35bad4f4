/*
 * config/directive.h - the directives of the configuration language.
 */
#ifndef CONFIG_DIRECTIVE_H
#define CONFIG_DIRECTIVE_H

#include "config/statement.h"

/* Read the text to its end, or to the first error unless report->each_error is
 * set.  A command line and a request of the socket must be one line.  0, or
 * -1 with an error reported. */
int	directive_read(struct statement *, const char *text, size_t len);

#endif
