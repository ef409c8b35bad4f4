/*
 * ctl/grid.h - tables for people: columns as wide as they must be.
 */
#ifndef CTL_GRID_H
#define CTL_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define GRID_COLUMNS	16

struct grid {
	/* NULL behind the last; one that begins with '>' is of numbers,
	 * which are set to the right, without the '>'. */
	const char *const *headings;
	size_t columns;
	char **cells;
	size_t count, size;
	bool failed;			/* no memory */
};

void	grid_init(struct grid *, const char *const *headings);
void	grid_free(struct grid *);
/* The next cell, row by row; the text is copied. */
void	grid_add(struct grid *, const char *text);
/* Print title, headings and rows; a column without content is left out, a
 * table without rows altogether.  -1: there was no memory. */
int	grid_print(const struct grid *, const char *title, FILE *);

#endif
