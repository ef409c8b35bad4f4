/*
 * table.h - the tables in print, for SIGUSR1 and debug level 1.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdio.h>

#include "local/cursor.h"

/* How far the printing of one copy has got; zero-initialised: none. */
struct table {
	struct cursor cursor;
	bool begun, headed;
};

/* Begin a copy, or begin again. */
void	table_begin(struct table *);
/* Go on for at most budget lines; true while there is more to print.
 * Does nothing when no copy was begun. */
bool	table_print(struct table *, const struct babel *, FILE *,
	    unsigned int budget);

#endif
