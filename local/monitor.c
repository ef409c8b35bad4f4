/*
 * local/monitor.c - telling monitors what happens.
 *
 * The rule of the stream is that an object is added once, then changed,
 * then flushed once.  Whether a monitor knows an object follows from how
 * far its dump has got and from the journal, without a list of what it was
 * told; with two exceptions.  A neighbour that is dying is in no table any
 * more when its flush comes, so a dump may have missed it.  And a monitor
 * of installed routes sees one come and go without being born or dying.
 */
#include "local/monitor.h"

#include <string.h>

#include "local/describe.h"

/* What happens within so long of the last news is told together: a route
 * that is added is installed a moment later, and makes one line of it. */
#define NEWS_PAUSE	(50 * MILLISECOND)

void
monitor_start(struct client *c, struct journal *journal,
    const struct task *task)
{
	set_clear(&c->known);
	c->monitors = true;
	c->format = task->format;
	c->selection = task->selection;
	c->told = task->cursor;
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

/* Is what it was told of objects of that kind kept in a set? */
static bool
keeps_known(const struct client *c, unsigned int kind)
{
	return kind == OBJECT_NEIGHBOUR ||
	    (kind == OBJECT_ROUTE && c->selection == SELECT_INSTALLED);
}

int
monitor_told(struct client *c, const struct object *object)
{
	if (!keeps_known(c, object->kind))
		return 0;
	return set_add(&c->known, place_of(object).id);
}

static bool
was_told(const struct client *c, const struct record *record)
{
	if (keeps_known(c, record->place.kind))
		return set_has(&c->known, record->place.id);
	return record->born <= c->since ||
	    (record->unheard & (uint64_t)1 << c->slot) == 0;
}

/* Should it have the object in its tables now? */
static bool
should_know(const struct client *c, const struct record *record,
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
remember(struct client *c, struct record *record, bool known)
{
	record->unheard &= ~((uint64_t)1 << c->slot);
	if (!keeps_known(c, record->place.kind))
		return 0;
	if (known)
		return set_add(&c->known, record->place.id);
	set_remove(&c->known, record->place.id);
	return 0;
}

/* Bring the client up to date with one object: 0, or -1 for no memory. */
static int
tell(struct client *c, struct record *record, const struct babel *b)
{
	bool knew = was_told(c, record), should = should_know(c, record, b);
	const char *text;

	if (!knew && !should)
		return remember(c, record, false);
	text = journal_text(record, b, c->format);
	if (text == NULL)
		return 0;
	client_say_line(c, c->format, !should ? "flush" : knew ? "change" :
	    "add", text);
	return remember(c, record, should);
}

void
monitor_tell(struct client *c, const struct journal *journal,
    const struct babel *b, unsigned int *budget)
{
	struct record *record = journal_after(journal, c->serial);
	int error = 0;

	while (record != NULL && *budget > 0 && error == 0 && c->monitors &&
	    c->output_len < CLIENT_ENOUGH) {
		if (cursor_has_passed(&c->told, &record->place))
			error = tell(c, record, b);
		else
			error = remember(c, record, false);
		c->serial = record->serial;
		(*budget)--;
		record = RB_NEXT(record_tree, NULL, record);
	}
	if (record == NULL) {
		c->serial = journal->serial;
		c->news_at = b->now + NEWS_PAUSE;
	}
	if (error != 0)
		client_finish(c, b->now, "Out of memory");
}
