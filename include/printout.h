/*
 * printout.h - the tables in print, for SIGUSR1 and debug level 1.
 */
#ifndef PRINTOUT_H
#define PRINTOUT_H

#include <stdbool.h>
#include <stdio.h>

struct babel;
struct printout;

/* NULL for no memory. */
struct printout *printout_new(void);
void	printout_free(struct printout *);
/* Begin a copy, or begin again. */
void	printout_begin(struct printout *);
/* Is a copy begun and not at its end? */
bool	printout_is_begun(const struct printout *);
/* Print at most budget lines more, if a copy is begun. */
void	printout_continue(struct printout *, const struct babel *, FILE *,
	    unsigned int budget);

#endif
