/*
 * ctl/grid.c - tables for people: columns as wide as they must be.
 */
#include "ctl/grid.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/text.h"

void
grid_init(struct grid *grid, const char *const *headings)
{
	memset(grid, 0, sizeof(*grid));
	grid->headings = headings;
	while (grid->columns < GRID_COLUMNS &&
	    headings[grid->columns] != NULL)
		grid->columns++;
}

void
grid_free(struct grid *grid)
{
	while (grid->count > 0)
		free(grid->cells[--grid->count]);
	free(grid->cells);
	grid->cells = NULL;
	grid->size = 0;
}

void
grid_add(struct grid *grid, const char *text)
{
	size_t size = grid->size == 0 ? 64 : 2 * grid->size;
	char **cells = grid->cells;

	if (grid->count == grid->size) {
		cells = realloc(cells, size * sizeof(*cells));
		if (cells != NULL) {
			grid->cells = cells;
			grid->size = size;
		}
	}
	if (cells == NULL || (cells[grid->count] = strdup(text)) == NULL)
		grid->failed = true;
	else
		grid->count++;
}

static const char *
heading_of(const struct grid *grid, size_t column)
{
	return grid->headings[column] + (grid->headings[column][0] == '>');
}

/* How wide a column is; 0: it is empty. */
static size_t
width_of(const struct grid *grid, size_t column)
{
	size_t i, width = 0, least = text_width(heading_of(grid, column)), w;

	for (i = column; i < grid->count; i += grid->columns) {
		w = text_width(grid->cells[i]);
		width = w > width ? w : width;
	}
	return width > 0 && width < least ? least : width;
}

/* A line of cells; nothing is behind the last one. */
static void
print_row(const struct grid *grid, const char *const *cells,
    const size_t widths[GRID_COLUMNS], FILE *file)
{
	size_t column, pad, gap = 0;
	const char *text;

	for (column = 0; column < grid->columns; column++) {
		if (widths[column] == 0)
			continue;
		text = cells != NULL ? cells[column] :
		    heading_of(grid, column);
		pad = widths[column] - text_width(text);
		gap += 2;
		if (grid->headings[column][0] == '>') {
			gap += pad;
			pad = 0;
		}
		if (*text != '\0') {
			fprintf(file, "%*s", (int)gap, "");
			text_print(file, text);
			gap = pad;
		} else
			gap += pad;
	}
	putc('\n', file);
}

int
grid_print(const struct grid *grid, const char *title, FILE *file)
{
	size_t widths[GRID_COLUMNS], column, i;

	if (grid->failed)
		return -1;
	if (grid->count == 0)
		return 0;
	for (column = 0; column < grid->columns; column++)
		widths[column] = width_of(grid, column);
	fprintf(file, "%s\n", title);
	print_row(grid, NULL, widths, file);
	for (i = 0; i + grid->columns <= grid->count; i += grid->columns)
		print_row(grid, (const char *const *)&grid->cells[i], widths,
		    file);
	return 0;
}
