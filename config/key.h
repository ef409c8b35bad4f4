/*
 * config/key.h - the "key" directive.
 */
#ifndef CONFIG_KEY_H
#define CONFIG_KEY_H

#include "config/statement.h"

/* "key" has been read: read the rest of the line, and put the key into the
 * configuration.  0, or -1 with an error reported; the digits of a key are
 * never part of a message. */
int	key_read(struct statement *);

#endif
