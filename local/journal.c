/*
 * local/journal.c - the changes that monitors must still be sent.
 *
 * While routing converges, a route may be added, selected, installed and
 * changed within milliseconds.  Writing a line for each of these to every
 * monitor would cost more than the routing.  Here an event costs a search in a
 * tree: the record of the object moves to the end of the order, and a monitor
 * that reaches it is sent the state of that moment.
 *
 * A record has the set of clients that were not sent its object yet.  They are
 * sent "add" instead of "change", and nothing at all if the object is gone
 * before they reach it.  An object that comes back is a new one, with a record
 * of its own behind the old one's.
 */
#include "local/journal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "babel.h"
#include "local/cursor.h"
#include "local/describe.h"
#include "local/line.h"
#include "prefix.h"
#include "tree.h"
#include "util.h"

int
record_compare(const struct record *a, const struct record *b)
{
	return compare_numbers(a->serial, b->serial);
}

/* An object keeps its id for life; xroutes have none and go by key. */
int
record_compare_places(const struct record *a, const struct record *b)
{
	int order = compare_numbers(a->place.kind, b->place.kind);

	if (order == 0)
		order = compare_numbers(a->place.id, b->place.id);
	if (order == 0 && a->place.kind == OBJECT_XROUTE)
		order = destination_key_compare(&a->place.key, &b->place.key);
	return order;
}

void
journal_init(struct journal *journal)
{
	memset(journal, 0, sizeof(*journal));
}

static void
record_forget_text(struct record *record)
{
	unsigned int i;

	for (i = 0; i < LINE_FORMATS; i++) {
		free(record->text[i]);
		record->text[i] = NULL;
	}
}

static void
record_free(struct record *record)
{
	record_forget_text(record);
	free(record);
}

/* Find the living record, or make one, of serial 0; NULL without memory. */
static struct record *
journal_get(struct journal *journal, const struct place *where)
{
	struct tree_place place;
	struct record key, *record;

	key.place = *where;
	record = living_tree_seek(&journal->living, &key, &place);
	if (record != NULL)
		return record;
	record = calloc(1, sizeof(*record));
	if (record == NULL)
		return NULL;
	record->place = *where;
	living_tree_put(&journal->living, &place, record);
	journal->count++;
	return record;
}

/* Remove the record from both trees. */
static void
journal_remove(struct journal *journal, struct record *record)
{
	record_tree_remove(&journal->records, record);
	if (!record->gone)
		living_tree_remove(&journal->living, record);
	journal->count--;
	record_free(record);
}

void
journal_free(struct journal *journal)
{
	(void)journal_trim(journal, UINT64_MAX, UINT64_MAX);
}

static struct object
event_object(enum babel_event event, const void *object)
{
	struct object o = { .kind = OBJECT_INTERFACE };

	if (event >= EVENT_ROUTE_ADD) {
		o.kind = OBJECT_ROUTE;
		o.u.route = object;
	} else if (event >= EVENT_XROUTE_ADD) {
		o.kind = OBJECT_XROUTE;
		o.u.xroute = object;
	} else if (event >= EVENT_NEIGHBOUR_ADD) {
		o.kind = OBJECT_NEIGHBOUR;
		o.u.neighbour = object;
	} else
		o.u.interface = object;
	return o;
}

static bool
event_is_add(enum babel_event event)
{
	return event == EVENT_INTERFACE_ADD || event == EVENT_NEIGHBOUR_ADD ||
	    event == EVENT_XROUTE_ADD || event == EVENT_ROUTE_ADD;
}

static bool
event_is_flush(enum babel_event event)
{
	return event == EVENT_INTERFACE_FLUSH ||
	    event == EVENT_NEIGHBOUR_FLUSH || event == EVENT_XROUTE_FLUSH ||
	    event == EVENT_ROUTE_FLUSH;
}

static int
record_write(struct record *record, const struct babel *b,
    const struct object *object, enum line_format format)
{
	struct line line;

	line_init(&line, format);
	describe_object(&line, b, object);
	record->text[format] = strndup(line.bytes, line.len);
	return record->text[format] == NULL ? -1 : 0;
}

/* Make the texts about an object that is going. */
static void
record_is_gone(struct journal *journal, struct record *record,
    const struct babel *b, const struct object *object)
{
	unsigned int format;

	living_tree_remove(&journal->living, record);
	record->gone = true;
	for (format = 0; format < LINE_FORMATS; format++)
		if ((journal->formats & 1U << format) != 0 &&
		    record_write(record, b, object, format) < 0)
			journal->broken = true;
}

void
journal_event(struct journal *journal, const struct babel *b,
    enum babel_event event, const void *object)
{
	const struct object o = event_object(event, object);
	const struct place place = place_of(&o);
	struct record *record = journal_get(journal, &place);

	journal->serial++;
	if (record == NULL) {
		journal->broken = true;
		return;
	}
	if (record->serial != 0) {
		record_tree_remove(&journal->records, record);
		record_forget_text(record);
	}
	if (event_is_add(event)) {
		record->born = journal->serial;
		record->unsent = UINT64_MAX;
	}
	record->serial = journal->serial;
	record_tree_insert(&journal->records, record);
	if (event_is_flush(event))
		record_is_gone(journal, record, b, &o);
}

bool
journal_trim(struct journal *journal, uint64_t serial, uint64_t budget)
{
	struct record *record;

	while ((record = record_tree_first(&journal->records)) != NULL &&
	    record->serial <= serial) {
		if (budget-- == 0)
			return true;
		journal_remove(journal, record);
	}
	return false;
}

struct record *
journal_after(const struct journal *journal, uint64_t serial)
{
	struct record key;

	key.serial = serial + 1;
	return record_tree_from(&journal->records, &key);
}

const char *
journal_text(struct record *record, const struct babel *b,
    enum line_format format)
{
	struct object object;

	assert(format < LINE_FORMATS);
	if (record->text[format] == NULL && !record->gone &&
	    place_find(b, &record->place, &object))
		(void)record_write(record, b, &object, format);
	return record->text[format];
}
