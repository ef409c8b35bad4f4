/*
 * ctl/frame.c - the picture of "top".
 *
 * From above: the router; its links as a tree, with a line for each neighbour;
 * the routes in use; the latest changes.  Links come first; the routes get the
 * room that is left.
 */
#include "ctl/top.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/connection.h"
#include "ctl/screen.h"
#include "ctl/view.h"

#define MARGIN		2
#define WIRE		13
#define REACH_BITS	16
#define RTT_WIDTH	9
#define ROUTES_WIDTH	7
#define ROUTER_WIDTH	25		/* if there is room */
#define FRESH		3000		/* milliseconds */
#define NEWS_ROWS	5		/* at least, if there is room */
#define CLOCK_TEXT	16

struct frame {
	struct top *top;
	struct screen *s;
	long long now;
	int row;
	int name, address, reach, rtt, router;	/* widths of columns */
};

static int
put(struct frame *f, int column, enum style style, const char *text)
{
	return screen_put(f->s, f->row, column, style, text);
}

static int
put_field(struct frame *f, int column, int width, enum style style,
    const char *text)
{
	return screen_field(f->s, (struct span){ f->row, column, width },
	    style, text);
}

static void
clock_text(const struct timespec *when, bool exact, char text[CLOCK_TEXT])
{
	struct tm tm;
	size_t len;

	if (localtime_r(&when->tv_sec, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	len = strftime(text, CLOCK_TEXT, "%H:%M:%S", &tm);
	if (exact)
		snprintf(text + len, CLOCK_TEXT - len, ".%02d",
		    (int)(when->tv_nsec / 10000000 % 100));
}

static void
draw_title(struct frame *f)
{
	const struct connection *c = f->top->connection;
	char text[3 * GREETING_MAX + 8], clock[CLOCK_TEXT];
	struct timespec now;
	int right = f->s->columns - (int)sizeof(" 00:00:00 q quits");

	clock_gettime(CLOCK_REALTIME, &now);
	clock_text(&now, false, clock);
	snprintf(text, sizeof(text), " %s  %s  %s", c->host, c->version,
	    c->id);
	put_field(f, 0, right, TITLE, text);
	snprintf(text, sizeof(text), " %s q quits ", clock);
	put_field(f, right, f->s->columns - right, TITLE, text);
	f->row++;
}

static size_t
count(const struct view *view, enum kind kind,
    bool (*counts)(const struct object *))
{
	const struct object *o;
	size_t number = 0;

	TAILQ_FOREACH(o, &view->objects[kind], entry)
		number += counts == NULL || counts(o);
	return number;
}

static void
draw_summary(struct frame *f)
{
	const struct view *view = &f->top->view;
	char text[160];

	if (!f->top->connected) {
		put_field(f, MARGIN, f->s->columns - MARGIN, BAD,
		    f->top->connection->error);
		f->row += 2;
		return;
	}
	snprintf(text, sizeof(text), "%zu of %zu links work, %zu routes in "
	    "use of %zu, %zu of its own", count(view, NEIGHBOUR,
	    neighbour_works), count(view, NEIGHBOUR, NULL),
	    count(view, ROUTE, route_is_used), count(view, ROUTE, NULL),
	    count(view, XROUTE, NULL));
	put_field(f, MARGIN, f->s->columns - MARGIN, DIM, text);
	f->row += 2;
}

/* Links. */

static int
longest(const struct view *view, enum kind kind, enum field name)
{
	const struct object *o;
	int width = 0, len;

	TAILQ_FOREACH(o, &view->objects[kind], entry) {
		len = (int)strlen(object_text(o, name));
		width = len > width ? len : width;
	}
	return width;
}

/* If the width is too small, the reach is narrowed first, then the
 * addresses. */
static void
fit_columns(struct frame *f)
{
	const struct view *view = &f->top->view;
	int left;

	f->rtt = longest(view, NEIGHBOUR, FIELD_RTT) > 0 ? RTT_WIDTH : 0;
	f->name = longest(view, INTERFACE, FIELD_INTERFACE);
	f->name = f->name < 4 ? 4 : f->name > 15 ? 15 : f->name;
	f->address = longest(view, NEIGHBOUR, FIELD_ADDRESS);
	f->address = f->address < 9 ? 9 : f->address > 39 ? 39 : f->address;
	left = f->s->columns - MARGIN - 3 - f->name - 1 - WIRE - 1 - 1 -
	    f->rtt - ROUTES_WIDTH;
	f->reach = left - f->address >= REACH_BITS ? REACH_BITS :
	    REACH_BITS / 2;
	if (f->address > left - f->reach)
		f->address = left - f->reach;
	if (f->address < 5)
		f->address = 5;
	f->router = left - f->address - f->reach > ROUTER_WIDTH ?
	    ROUTER_WIDTH : 0;
}

/* A line with a word in its middle. */
static int
draw_wire(struct frame *f, int column, const char *word, enum style style,
    enum glyph glyph)
{
	int len = (int)strlen(word) + 2, before;

	if (len > WIRE - 2)
		len = 2;
	before = (WIRE - len) / 2;
	column = screen_line(f->s, (struct span){ f->row, column, before },
	    style, glyph);
	column = put_field(f, column + 1, len - 2, style, word) + 1;
	return screen_line(f->s, (struct span){ f->row, column,
	    WIRE - len - before }, style, glyph);
}

/* The Hellos heard or missed, the latest at the right. */
static int
draw_reach(struct frame *f, int column, const struct object *neighbour)
{
	unsigned long vector =
	    strtoul(object_text(neighbour, FIELD_REACH), NULL, 16) |
	    strtoul(object_text(neighbour, FIELD_UREACH), NULL, 16);
	bool heard, begun;
	int i;

	for (i = f->reach - 1; i >= 0; i--) {
		heard = (vector >> (REACH_BITS - 1 - i) & 1) != 0;
		/* Before the first one nothing was missed. */
		begun = (vector & ((1UL << (REACH_BITS - i)) - 1)) != 0;
		put(f, column + f->reach - 1 - i, heard ? GOOD : begun ?
		    BAD : DIM, screen_glyph(f->s, heard ? HEARD : begun ?
		    MISSED : WIRE_IDLE));
	}
	return column + f->reach;
}

static int
draw_branch(struct frame *f, const char *interface, bool is_last)
{
	int column = put(f, MARGIN, DIM, screen_glyph(f->s, is_last ? LAST :
	    BRANCH));

	return put_field(f, column + 1, f->name, PLAIN, interface) + 1;
}

static void
draw_neighbour(struct frame *f, const struct object *o, bool is_last)
{
	const struct object *route;
	const char *router;
	bool works = neighbour_works(o);
	int used = 0, column;
	char text[32];

	TAILQ_FOREACH(route, &f->top->view.objects[ROUTE], entry)
		used += route_is_used(route) && route_is_by(route, o);
	column = draw_branch(f, object_text(o, FIELD_INTERFACE), is_last);
	column = draw_wire(f, column, works ? object_text(o, FIELD_COST) :
	    "lost", works ? used > 0 ? WAY : PLAIN : BAD,
	    works ? used > 0 ? WIRE_USED : WIRE_GOOD : WIRE_LOST);
	column = put_field(f, column + 1, f->address, works ? PLAIN : DIM,
	    object_text(o, FIELD_ADDRESS));
	column = draw_reach(f, column + 1, o);
	if (f->rtt > 0)
		column = put_field(f, column, -f->rtt, PLAIN,
		    object_text(o, FIELD_RTT));
	snprintf(text, sizeof(text), "%d", used);
	column = put_field(f, column, -ROUTES_WIDTH, used > 0 ? WAY : DIM,
	    text);
	router = f->router > 0 ? neighbour_router(&f->top->view, o) : NULL;
	if (router != NULL)
		put_field(f, column, -f->router, DIM, router);
	f->row++;
}

/* An interface without neighbours, or which is down. */
static void
draw_lonely(struct frame *f, const struct object *o, bool is_last)
{
	bool up = object_true(o, FIELD_UP);
	int column = draw_branch(f, object_text(o, FIELD_INTERFACE), is_last);

	draw_wire(f, column, up ? "nobody" : "down", up ? DIM : BAD,
	    up ? WIRE_IDLE : WIRE_LOST);
	f->row++;
}

static bool
is_on(const struct object *neighbour, const struct object *interface)
{
	return object_equal(neighbour, FIELD_INTERFACE, interface,
	    FIELD_INTERFACE);
}

static bool
is_lonely(const struct view *view, const struct object *interface)
{
	const struct object *o;

	TAILQ_FOREACH(o, &view->objects[NEIGHBOUR], entry)
		if (is_on(o, interface))
			return false;
	return true;
}

static void
draw_link_headings(struct frame *f)
{
	int column = MARGIN;

	put(f, column, GOOD, screen_glyph(f->s, ROOT));
	column += 3;
	column = put_field(f, column, f->name, DIM, "link") + 1;
	column = put_field(f, column, -(WIRE + 4) / 2, DIM, "cost");
	column += WIRE - (WIRE + 4) / 2 + 1;
	column = put_field(f, column, f->address, DIM, "neighbour") + 1;
	column = put_field(f, column, f->reach, DIM, "heard");
	if (f->rtt > 0)
		column = put_field(f, column, -f->rtt, DIM, "rtt ms");
	column = put_field(f, column, -ROUTES_WIDTH, DIM, "routes");
	if (f->router > 0)
		put_field(f, column + 2, f->router - 2, DIM, "router-id");
	f->row++;
}

/* The tree; links that have no room are counted. */
static void
draw_links(struct frame *f, int room)
{
	const struct view *view = &f->top->view;
	const struct object *interface, *o;
	int lines = (int)count(view, NEIGHBOUR, NULL), drawn = 0;
	char text[40];

	TAILQ_FOREACH(interface, &view->objects[INTERFACE], entry)
		lines += is_lonely(view, interface);
	if (lines < room)
		room = lines;
	TAILQ_FOREACH(interface, &view->objects[INTERFACE], entry) {
		TAILQ_FOREACH(o, &view->objects[NEIGHBOUR], entry)
			if (is_on(o, interface) && drawn++ < room)
				draw_neighbour(f, o, drawn == lines);
		if (is_lonely(view, interface) && drawn++ < room)
			draw_lonely(f, interface, drawn == lines);
	}
	if (lines > room) {
		snprintf(text, sizeof(text), "%s %d more",
		    screen_glyph(f->s, ELLIPSIS), lines - room);
		put(f, MARGIN, DIM, text);
	}
	f->row += 1 + (lines > room);
}

/* Routes. */

static void
draw_route(struct frame *f, const struct object *o)
{
	bool fresh = o->touched != 0 && f->now - o->touched < FRESH;
	enum style style = fresh ? WAY : PLAIN;
	char text[PREFIX_MAX + 80], from[PREFIX_MAX];
	int width = f->s->columns - MARGIN, column;

	object_prefix(o, text);
	object_from(o, from);
	if (*from != '\0') {
		strncat(text, " from ", sizeof(text) - strlen(text) - 1);
		strncat(text, from, sizeof(text) - strlen(text) - 1);
	}
	column = put_field(f, MARGIN, width * 2 / 5, style, text);
	column = put_field(f, column, -7, style, object_text(o, FIELD_METRIC));
	snprintf(text, sizeof(text), "  %s %.15s  %.50s",
	    screen_glyph(f->s, ARROW), object_text(o, FIELD_INTERFACE),
	    object_text(o, FIELD_VIA));
	put_field(f, column, f->s->columns - column, fresh ? WAY : DIM, text);
	f->row++;
}

static void
draw_heading(struct frame *f, const char *text)
{
	put(f, MARGIN, BOLD, text);
	f->row++;
}

static void
draw_routes(struct frame *f, int room)
{
	const struct view *view = &f->top->view;
	const struct object *o;
	int used = (int)count(view, ROUTE, route_is_used), drawn = 0;
	char text[40];

	if (room < 2)
		return;
	draw_heading(f, "Routes in use");
	room--;
	if (used > room)
		room--;
	TAILQ_FOREACH(o, &view->objects[ROUTE], entry)
		if (drawn < room && route_is_used(o)) {
			draw_route(f, o);
			drawn++;
		}
	if (used > drawn) {
		snprintf(text, sizeof(text), "%s %d more",
		    screen_glyph(f->s, ELLIPSIS), used - drawn);
		put(f, MARGIN, DIM, text);
		f->row++;
	}
	f->row++;
}

/* Changes: the latest at the bottom. */
static void
draw_news(struct frame *f)
{
	const struct top *top = f->top;
	const struct news *shown[NEWS_MAX];
	int room = f->s->rows - f->row - 1, found = 0;
	unsigned int i;
	char clock[CLOCK_TEXT];

	if (room < 1)
		return;
	draw_heading(f, "Changes");
	for (i = top->news_count; i > 0 && top->news_count - i < NEWS_MAX &&
	    found < room; i--)
		shown[found++] = &top->news[(i - 1) % NEWS_MAX];
	while (found-- > 0) {
		clock_text(&shown[found]->when, true, clock);
		put(f, MARGIN, DIM, clock);
		put_field(f, MARGIN + 13, f->s->columns - MARGIN - 13,
		    shown[found]->style, shown[found]->text);
		f->row++;
	}
}

void
frame_draw(struct top *top, long long now)
{
	struct frame f = { .top = top, .s = &top->screen, .now = now };
	int news = top->screen.rows >= 16 ? NEWS_ROWS + 1 : 0;

	news_settle(top);
	screen_clear(&top->screen);
	draw_title(&f);
	draw_summary(&f);
	fit_columns(&f);
	draw_link_headings(&f);
	draw_links(&f, (top->screen.rows - f.row - news) / 2);
	draw_routes(&f, top->screen.rows - f.row - news - 1);
	draw_news(&f);
}
