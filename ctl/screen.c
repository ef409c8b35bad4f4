/*
 * ctl/screen.c - a picture made of characters, and its changes.
 */
#include "ctl/screen.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/text.h"

static const char *const sequences[STYLES] = {
	[PLAIN] = "0", [DIM] = "0;2", [BOLD] = "0;1", [GOOD] = "0;32",
	[BAD] = "0;1;31", [WAY] = "0;1;36", [TITLE] = "0;7",
};

static const char *const glyphs[GLYPHS][2] = {
	[WIRE_GOOD] = { "-", "\xE2\x94\x80" },
	[WIRE_USED] = { "=", "\xE2\x94\x81" },
	[WIRE_LOST] = { "x", "\xE2\x95\x8C" },
	[WIRE_IDLE] = { ".", "\xE2\x94\x84" },
	[ROOT] = { "*", "\xE2\x97\x8F" },
	[BRANCH] = { "|-", "\xE2\x94\x9C\xE2\x94\x80" },
	[LAST] = { "`-", "\xE2\x94\x94\xE2\x94\x80" },
	[HEARD] = { "#", "\xE2\x96\xAA" },
	[MISSED] = { "x", "\xE2\x95\xB3" },
	[ELLIPSIS] = { "~", "\xE2\x80\xA6" },
	[ARROW] = { "->", "\xE2\x86\x92" },
};

const char *
screen_glyph(const struct screen *screen, enum glyph glyph)
{
	return glyphs[glyph][screen->utf8];
}

int
screen_resize(struct screen *screen, int rows, int columns)
{
	size_t count = (size_t)rows * (size_t)columns;

	screen_free(screen);
	screen->cells = calloc(count, sizeof(*screen->cells));
	screen->shown = calloc(count, sizeof(*screen->shown));
	if (screen->cells == NULL || screen->shown == NULL) {
		screen_free(screen);
		return -1;
	}
	screen->rows = rows;
	screen->columns = columns;
	screen->all = true;
	screen_clear(screen);
	return 0;
}

void
screen_free(struct screen *screen)
{
	free(screen->cells);
	free(screen->shown);
	screen->cells = screen->shown = NULL;
	screen->rows = screen->columns = 0;
}

void
screen_clear(struct screen *screen)
{
	int i;

	for (i = 0; i < screen->rows * screen->columns; i++)
		screen->cells[i] = (struct cell){ " ", PLAIN };
}

static void
put_cell(struct screen *screen, int row, int column, struct cell cell)
{
	if (row >= 0 && row < screen->rows && column >= 0 &&
	    column < screen->columns)
		screen->cells[row * screen->columns + column] = cell;
}

/* Put one character, or the four of its escape; returns the column behind
 * it. */
static int
put_shown(struct screen *screen, int row, int column, enum style style,
    const char *shown)
{
	struct cell cell;
	size_t len;

	for (; *shown != '\0'; shown += len, column++) {
		len = text_utf8_length(shown);
		cell = (struct cell){ .style = (unsigned char)style };
		memcpy(cell.text, shown, len);
		put_cell(screen, row, column, cell);
	}
	return column;
}

int
screen_put(struct screen *screen, int row, int column, enum style style,
    const char *text)
{
	char shown[TEXT_CHARACTER];

	while (text_next(&text, shown) > 0)
		column = put_shown(screen, row, column, style, shown);
	return column;
}

int
screen_field(struct screen *screen, struct span at, enum style style,
    const char *text)
{
	int width = abs(at.width), needed = (int)text_width(text);
	int column = at.column, end = at.column + width;
	char shown[TEXT_CHARACTER];
	size_t columns;

	while (column < end)
		column = screen_put(screen, at.row, column, style, " ");
	column = at.column;
	if (needed <= width) {
		if (at.width < 0)
			column += width - needed;
		screen_put(screen, at.row, column, style, text);
		return end;
	}
	while ((columns = text_next(&text, shown)) > 0 &&
	    column + (int)columns < end)
		column = put_shown(screen, at.row, column, style, shown);
	screen_put(screen, at.row, column, style,
	    screen_glyph(screen, ELLIPSIS));
	return end;
}

int
screen_line(struct screen *screen, struct span at, enum style style,
    enum glyph glyph)
{
	int i, column = at.column;

	for (i = 0; i < at.width; i++)
		column = screen_put(screen, at.row, column, style,
		    screen_glyph(screen, glyph));
	return column;
}

static void
write_row(const struct screen *screen, int row, FILE *file)
{
	const struct cell *cells = screen->cells + row * screen->columns;
	int column, style = PLAIN;

	fprintf(file, "\x1b[%d;1H", row + 1);
	for (column = 0; column < screen->columns; column++) {
		if (screen->coloured && cells[column].style != style) {
			style = cells[column].style;
			fprintf(file, "\x1b[%sm", sequences[style]);
		}
		fputs(cells[column].text, file);
	}
	if (style != PLAIN)
		fputs("\x1b[0m", file);
}

void
screen_show(struct screen *screen, FILE *file)
{
	size_t size = (size_t)screen->columns * sizeof(struct cell);
	int row, at;

	if (screen->all)
		fputs("\x1b[0m\x1b[2J", file);
	for (row = 0; row < screen->rows; row++) {
		at = row * screen->columns;
		if (screen->all || memcmp(screen->cells + at,
		    screen->shown + at, size) != 0)
			write_row(screen, row, file);
	}
	memcpy(screen->shown, screen->cells, (size_t)screen->rows * size);
	screen->all = false;
	fflush(file);
}
