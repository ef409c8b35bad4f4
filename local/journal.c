/*
 * local/journal.c - what monitors have still to be told.
 *
 * While routing converges, a route may be added, selected, installed and
 * changed within milliseconds.  Writing a line for each to every monitor
 * as it happens would cost more than the routing.  Here an event costs a
 * look into a hash table: the record of the object moves to the end of the
 * order, and when a monitor gets there, it is told how things stand then.
 *
 * A record knows who has not heard of its object yet: they will be told
 * "add" instead of "change", and nothing at all if it is gone before they
 * get there.  An object that comes back is a new one with a record of its
 * own, behind the old one's.
 *
 * The hash table grows bucket by bucket (linear hashing), and its memory by
 * segments that stay where they are, so that no event ever pays for all of
 * them.
 */
#include "local/journal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "local/describe.h"

#define RECORDS_PER_BUCKET 2

int
record_compare(const struct record *a, const struct record *b)
{
	return compare_numbers(a->serial, b->serial);
}

RB_GENERATE(record_tree, record, entry, record_compare)

void
journal_init(struct journal *journal)
{
	memset(journal, 0, sizeof(*journal));
	RB_INIT(&journal->records);
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

/* An object keeps its id for life, or its key if it has no id. */
static uint64_t
place_hash(const struct place *place)
{
	const uint8_t *bytes = (const uint8_t *)&place->key;
	uint64_t hash = (uint64_t)place->id << 2 | place->kind;
	size_t i;

	if (place->kind == OBJECT_XROUTE)
		for (i = 0; i < sizeof(place->key); i++)
			hash = (hash ^ bytes[i]) * 0x100000001B3u;
	hash *= 0x9E3779B97F4A7C15u;
	return hash ^ hash >> 32;
}

static bool
place_is_same(const struct place *a, const struct place *b)
{
	return a->kind == b->kind && a->id == b->id &&
	    (a->kind != OBJECT_XROUTE ||
	    destination_key_compare(&a->key, &b->key) == 0);
}

/* The greatest power of two that is not greater; 0 of 0. */
static size_t
power_of_two(size_t number)
{
	while ((number & (number - 1)) != 0)
		number &= number - 1;
	return number;
}

static struct record **
bucket_at(const struct journal *journal, size_t bucket)
{
	size_t first = power_of_two(bucket);

	return &journal->segments[ffsl((long)first)][bucket - first];
}

/* The bucket of a hash, when some are split already and some are not. */
static struct record **
bucket_of(const struct journal *journal, uint64_t hash)
{
	size_t low = power_of_two(journal->bucket_count);
	size_t bucket = hash & (low * 2 - 1);

	return bucket_at(journal, bucket < journal->bucket_count ? bucket :
	    hash & (low - 1));
}

static void
bucket_insert(struct journal *journal, struct record *record)
{
	struct record **bucket = bucket_of(journal,
	    place_hash(&record->place));

	record->next = *bucket;
	*bucket = record;
}

/* Add a bucket, and share out what is in the one that it is split from.
 * Nothing else moves: a new segment leaves the others where they are. */
static int
bucket_split(struct journal *journal)
{
	size_t last = journal->bucket_count, low = power_of_two(last);
	struct record ***segment = &journal->segments[ffsl((long)low)];
	struct record *record, *next, **from;

	if (last == low) {
		*segment = reallocarray(NULL, low > 0 ? low : 1,
		    sizeof(**segment));
		if (*segment == NULL)
			return -1;
	}
	*bucket_at(journal, last) = NULL;
	journal->bucket_count++;
	if (last == 0)
		return 0;
	from = bucket_at(journal, last - low);
	record = *from;
	*from = NULL;
	for (; record != NULL; record = next) {
		next = record->next;
		bucket_insert(journal, record);
	}
	return 0;
}

static void
buckets_free(struct journal *journal)
{
	size_t i;

	for (i = 0; i < SEGMENTS; i++) {
		free(journal->segments[i]);
		journal->segments[i] = NULL;
	}
	journal->bucket_count = 0;
}

static struct record *
journal_find(const struct journal *journal, const struct place *place)
{
	struct record *record;

	if (journal->live == 0)
		return NULL;
	record = *bucket_of(journal, place_hash(place));
	while (record != NULL && !place_is_same(&record->place, place))
		record = record->next;
	return record;
}

static void
bucket_remove(struct journal *journal, struct record *record)
{
	struct record **at = bucket_of(journal, place_hash(&record->place));

	while (*at != record)
		at = &(*at)->next;
	*at = record->next;
	journal->live--;
}

static struct record *
journal_add(struct journal *journal, const struct place *place)
{
	struct record *record;

	if (journal->live >= journal->bucket_count * RECORDS_PER_BUCKET &&
	    bucket_split(journal) < 0)
		return NULL;
	record = calloc(1, sizeof(*record));
	if (record == NULL)
		return NULL;
	record->place = *place;
	bucket_insert(journal, record);
	journal->live++;
	journal->count++;
	return record;
}

/* Take it out of the order, and of what can be found. */
static void
journal_remove(struct journal *journal, struct record *record)
{
	RB_REMOVE(record_tree, &journal->records, record);
	journal->count--;
	if (!record->gone)
		bucket_remove(journal, record);
	record_free(record);
}

void
journal_free(struct journal *journal)
{
	(void)journal_trim(journal, UINT64_MAX, SIZE_MAX);
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
	describe(&line, b, object);
	record->text[format] = strndup(line.bytes, line.len);
	return record->text[format] == NULL ? -1 : 0;
}

/* Write down what will be said of an object that is going. */
static void
record_is_gone(struct journal *journal, struct record *record,
    const struct babel *b, const struct object *object)
{
	unsigned int format;

	bucket_remove(journal, record);
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
	struct record *record = journal_find(journal, &place);

	journal->serial++;
	if (record != NULL) {
		RB_REMOVE(record_tree, &journal->records, record);
		record_forget_text(record);
	} else {
		record = journal_add(journal, &place);
		if (record == NULL) {
			journal->broken = true;
			return;
		}
	}
	if (event_is_add(event)) {
		record->born = journal->serial;
		record->unheard = UINT64_MAX;
	}
	record->serial = journal->serial;
	RB_INSERT(record_tree, &journal->records, record);
	if (event_is_flush(event))
		record_is_gone(journal, record, b, &o);
}

bool
journal_trim(struct journal *journal, uint64_t told, size_t budget)
{
	struct record *record;

	while ((record = RB_MIN(record_tree, &journal->records)) != NULL &&
	    record->serial <= told) {
		if (budget-- == 0)
			return true;
		journal_remove(journal, record);
	}
	if (journal->count == 0)
		buckets_free(journal);
	return false;
}

struct record *
journal_after(const struct journal *journal, uint64_t serial)
{
	struct record_tree records = journal->records;
	struct record key;

	key.serial = serial + 1;
	return RB_NFIND(record_tree, &records, &key);
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
