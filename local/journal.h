/*
 * local/journal.h - what monitors have still to be told.
 *
 * Names the objects that changed, each once, in the order of their last
 * change; what is said of them is looked up when it is said.  One journal
 * serves all monitors, each of which knows how far it has got.  So a
 * client that lags costs memory by the size of the tables, not by what
 * happened meanwhile.
 */
#ifndef LOCAL_JOURNAL_H
#define LOCAL_JOURNAL_H

#include <limits.h>

#include "local/line.h"
#include "local/cursor.h"

struct record {
	RB_ENTRY(record) entry;		/* by serial */
	struct record *next;		/* of the same bucket */
	struct place place;
	uint64_t born;		/* serial of its add; 0: long ago */
	uint64_t serial;		/* of what happened last */
	uint64_t unheard;	/* by slot: has not been told of it yet */
	bool gone;
	/* What to say of it, once somebody wanted to know; what is gone
	 * cannot be looked up any more and has it from the beginning. */
	char *text[LINE_FORMATS];
};
RB_HEAD(record_tree, record);
RB_PROTOTYPE(record_tree, record, entry, record_compare)

#define SEGMENTS	(1 + sizeof(size_t) * CHAR_BIT)

struct journal {
	struct record_tree records;	/* owned */
	/* Those that are not gone, by bucket: segment i has the buckets from
	 * 2^(i-1) on below 2^i; the first, the one of number 0.  Owned. */
	struct record **segments[SEGMENTS];
	size_t bucket_count, live;
	size_t count;
	uint64_t serial;		/* of the last event */
	unsigned int formats;	/* a set of 1 << line_format, in use */
	bool broken;			/* something was forgotten */
};

int	record_compare(const struct record *, const struct record *);

void	journal_init(struct journal *);
void	journal_free(struct journal *);
/* Something happened to the object.  Without memory the journal is
 * broken: nobody may rely on it any more. */
void	journal_event(struct journal *, const struct babel *,
	    enum babel_event, const void *object);
/* Forget what everybody has been told, but no more than budget records;
 * true if there are more. */
bool	journal_trim(struct journal *, uint64_t told, size_t budget);
/* The first record behind a serial, or NULL. */
struct record *journal_after(const struct journal *, uint64_t serial);
/* What to say of the object, without its first word; NULL if it is not
 * there any more, of which another record tells, or no memory. */
const char *journal_text(struct record *, const struct babel *,
	    enum line_format);
#endif
