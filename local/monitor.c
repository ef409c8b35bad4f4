/*
 * local/monitor.c - sending changes to monitors.
 *
 * The rule of the stream is that an object is added once, then changed, then
 * flushed once.  How far a monitor's dump has got and the journal determine
 * which objects are in its tables, so these need not be listed, with two
 * exceptions.  A dying neighbour has left the tables when its flush comes, so a
 * dump may have missed it.  And for a monitor of installed routes, a route may
 * come and go without being born or dying.
 */
#include "local/monitor.h"

#include <string.h>

#include "instance.h"
#include "local/client.h"
#include "local/cursor.h"
#include "local/describe.h"
#include "local/journal.h"
#include "neighbour.h"
#include "prefix.h"
#include "set.h"

/* Changes within this time of the last ones are sent together, because a
 * route is installed a moment after it is added, and one line will do. */
#define NEWS_PAUSE	(50 * MILLISECOND)

void
monitor_start(struct client *c, struct journal *journal,
    const struct task *task)
{
	set_clear(&c->sent);
	c->monitors = true;
	c->format = task->format;
	c->selection = task->selection;
	c->dumped = task->cursor;
	c->since = c->serial = journal->serial;
	journal->formats |= 1U << task->format;
}

bool
monitor_is_behind(const struct client *c, const struct journal *journal)
{
	return c->monitors && c->serial < journal->serial;
}

bool
monitor_selects(const struct babel *b, const struct object *object,
    const struct task *task)
{
	switch (task->selection) {
	case SELECT_ALL:
		break;
	case SELECT_INSTALLED:
		return describe_is_installed(b, object->u.route);
	case SELECT_REACHABLE:
		return neighbour_is_reachable(object->u.neighbour);
	case SELECT_ADDRESS:
		return address_equal(&object->u.neighbour->address,
		    &task->address);
	}
	return true;
}

/* Does the client's set have ids of that kind? */
static bool
is_recorded(const struct client *c, unsigned int kind)
{
	return kind == OBJECT_NEIGHBOUR ||
	    (kind == OBJECT_ROUTE && c->selection == SELECT_INSTALLED);
}

int
monitor_dumped(struct client *c, const struct object *object)
{
	if (!is_recorded(c, object->kind))
		return 0;
	return set_add(&c->sent, place_of(object).id);
}

/* Is the object in the client's tables? */
static bool
has_object(const struct client *c, const struct record *record)
{
	if (is_recorded(c, record->place.kind))
		return set_has(&c->sent, record->place.id);
	return record->born <= c->since ||
	    (record->unsent & (uint64_t)1 << c->slot) == 0;
}

/* Should it be in them now? */
static bool
should_have(const struct client *c, const struct record *record,
    const struct babel *b)
{
	struct object object;

	if (record->gone || c->selection != SELECT_INSTALLED)
		return !record->gone;
	return place_find(b, &record->place, &object) &&
	    describe_is_installed(b, object.u.route);
}

/* 0, or -1 for no memory. */
static int
remember(struct client *c, struct record *record, bool has)
{
	record->unsent &= ~((uint64_t)1 << c->slot);
	if (!is_recorded(c, record->place.kind))
		return 0;
	if (has)
		return set_add(&c->sent, record->place.id);
	set_remove(&c->sent, record->place.id);
	return 0;
}

/* Bring the client up to date with one object: 0, or -1 for no memory. */
static int
update(struct client *c, struct record *record, const struct babel *b)
{
	bool had = has_object(c, record), should = should_have(c, record, b);
	const char *text;

	if (!had && !should)
		return remember(c, record, false);
	text = journal_text(record, b, c->format);
	if (text == NULL)
		return 0;
	client_put_line(c, c->format, !should ? "flush" : had ? "change" :
	    "add", text);
	return remember(c, record, should);
}

void
monitor_catch_up(struct client *c, const struct journal *journal,
    const struct babel *b, unsigned int *budget)
{
	struct record *record = journal_after(journal, c->serial);
	int error = 0;

	while (record != NULL && *budget > 0 && error == 0 && c->monitors &&
	    c->output_len < CLIENT_ENOUGH) {
		if (cursor_has_passed(&c->dumped, &record->place))
			error = update(c, record, b);
		else
			error = remember(c, record, false);
		c->serial = record->serial;
		(*budget)--;
		record = record_tree_next(record);
	}
	if (record == NULL) {
		c->serial = journal->serial;
		c->news_at = b->now + NEWS_PAUSE;
	}
	if (error != 0)
		client_finish(c, b->now, "Out of memory");
}
