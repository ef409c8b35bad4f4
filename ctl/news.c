/*
 * ctl/news.c - changes, described for people.
 */
#include "ctl/top.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/screen.h"
#include "ctl/view.h"

long long
news_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static struct news *
next_news(struct top *top, enum style style)
{
	struct news *news = &top->news[top->news_count++ % NEWS_MAX];

	memset(news, 0, sizeof(*news));
	clock_gettime(CLOCK_REALTIME, &news->when);
	news->style = style;
	return news;
}

void
news_add(struct top *top, enum style style, const char *format, ...)
{
	struct news *news = next_news(top, style);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(news->text, sizeof(news->text), format, arguments);
	va_end(arguments);
}

static void
news_of_interface(struct top *top, const struct object *before,
    const struct object *after)
{
	bool was = before != NULL && object_true(before, FIELD_UP);
	bool is = after != NULL && object_true(after, FIELD_UP);
	const char *name = object_text(after != NULL ? after : before,
	    FIELD_INTERFACE);

	if (was != is)
		news_add(top, is ? GOOD : BAD, "%.40s is %s", name,
		    is ? "up" : after == NULL ? "not used any more" : "down");
}

static void
news_of_neighbour(struct top *top, const struct object *before,
    const struct object *after)
{
	bool was = before != NULL && neighbour_works(before);
	bool is = after != NULL && neighbour_works(after);
	const struct object *o = after != NULL ? after : before;
	const char *address = object_text(o, FIELD_ADDRESS);
	const char *interface = object_text(o, FIELD_INTERFACE);

	if (is && !was)
		news_add(top, GOOD, "neighbour %.50s on %.40s, cost %.10s",
		    address, interface, object_text(o, FIELD_COST));
	else if (was && !is)
		news_add(top, BAD, "neighbour %.50s on %.40s is lost",
		    address, interface);
	else if (is && !object_equal(before, FIELD_COST, after, FIELD_COST))
		news_add(top, PLAIN, "%.50s on %.40s: cost %.10s %s %.10s",
		    address, interface, object_text(before, FIELD_COST),
		    screen_glyph(&top->screen, ARROW),
		    object_text(after, FIELD_COST));
}

/* Several routes that change in the same way at once make one line. */
static void
add_way(struct top *top, enum style style, const char *prefix,
    const char *way)
{
	struct news *last = &top->news[(top->news_count - 1) % NEWS_MAX];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (top->news_count == 0 || last->routes == 0 ||
	    strcmp(last->way, way) != 0 ||
	    now.tv_sec - last->when.tv_sec > 1) {
		last = next_news(top, style);
		snprintf(last->way, sizeof(last->way), "%s", way);
	}
	if (++last->routes == 1)
		snprintf(last->text, sizeof(last->text), "%s %s", prefix,
		    way);
	else
		snprintf(last->text, sizeof(last->text), "%u routes %s, the "
		    "last to %s", last->routes, way, prefix);
}

static void
news_of_route(struct top *top, const struct object *before,
    struct object *after)
{
	bool was = before != NULL && route_is_used(before);
	bool is = after != NULL && route_is_used(after);
	char prefix[PREFIX_MAX], way[WAY_TEXT];

	object_prefix(after != NULL ? after : before, prefix);
	if (is && !was) {
		after->touched = news_now();
		snprintf(way, sizeof(way), "%s %.40s %.50s",
		    screen_glyph(&top->screen, ARROW),
		    object_text(after, FIELD_INTERFACE),
		    object_text(after, FIELD_VIA));
		add_way(top, WAY, prefix, way);
	} else if (was && !is && top->lost_count < NEWS_MAX)
		memcpy(top->lost[top->lost_count++], prefix, sizeof(prefix));
	else if (was && !is)
		top->lost_more++;
}

void
news_of_change(struct top *top, const struct change *change)
{
	const struct object *o = change->after != NULL ? change->after :
	    change->before;

	if (o == NULL)
		return;
	if (change->before != NULL && change->after != NULL)
		change->after->touched = change->before->touched;
	if (!top->loaded)
		return;
	switch (o->kind) {
	case INTERFACE:
		news_of_interface(top, change->before, change->after);
		break;
	case NEIGHBOUR:
		news_of_neighbour(top, change->before, change->after);
		break;
	case ROUTE:
		news_of_route(top, change->before, change->after);
		break;
	case XROUTE:
	case KINDS:
		break;
	}
}

/* Is there a route in use for it? */
static bool
has_way(const struct view *view, const char *prefix)
{
	char text[PREFIX_MAX];
	const struct object *o;

	TAILQ_FOREACH(o, &view->objects[ROUTE], entry) {
		if (!route_is_used(o))
			continue;
		object_prefix(o, text);
		if (strcmp(text, prefix) == 0)
			return true;
	}
	return false;
}

void
news_settle(struct top *top)
{
	unsigned int i;
	char way[WAY_TEXT];

	snprintf(way, sizeof(way), "%s nowhere",
	    screen_glyph(&top->screen, ARROW));
	for (i = 0; i < top->lost_count; i++)
		if (!has_way(&top->view, top->lost[i]))
			add_way(top, BAD, top->lost[i], way);
	if (top->lost_more > 0)
		news_add(top, BAD, "%u more routes are lost",
		    top->lost_more);
	top->lost_count = top->lost_more = 0;
}
