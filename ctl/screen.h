/*
 * ctl/screen.h - a picture made of characters, and its changes.
 */
#ifndef CTL_SCREEN_H
#define CTL_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

enum style { PLAIN, DIM, BOLD, GOOD, BAD, WAY, TITLE, STYLES };

/* Glyphs for lines, in UTF-8 or in ASCII. */
enum glyph {
	WIRE_GOOD, WIRE_USED, WIRE_LOST, WIRE_IDLE, ROOT, BRANCH, LAST,
	HEARD, MISSED, ELLIPSIS, ARROW, GLYPHS
};

struct cell {
	char text[5];			/* one character */
	unsigned char style;
};

struct screen {
	int rows, columns;
	struct cell *cells, *shown;	/* to be shown, and shown last */
	bool utf8, coloured;
	bool all;			/* draw everything anew */
};

/* A part of a row. */
struct span {
	int row, column, width;
};

/* A new size: 0, or -1 for no memory. */
int	screen_resize(struct screen *, int rows, int columns);
void	screen_free(struct screen *);
void	screen_clear(struct screen *);
/* Put a text there, cut off at the right edge; returns the column behind it.
 * Characters that are not fit for a terminal are shown as \xNN. */
int	screen_put(struct screen *, int row, int column, enum style,
	    const char *text);
/* The same in a field, cut off with an ellipsis or filled up with blanks,
 * which come before the text if the width is negative. */
int	screen_field(struct screen *, struct span, enum style,
	    const char *text);
/* The same glyph several times. */
int	screen_line(struct screen *, struct span, enum style, enum glyph);
const char *screen_glyph(const struct screen *, enum glyph);
/* Write the rows that have changed. */
void	screen_show(struct screen *, FILE *);

#endif
