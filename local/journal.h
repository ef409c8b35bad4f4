/*
 * local/journal.h - the changes that monitors must still be sent.
 *
 * The journal names the objects that changed, each once, in the order of their
 * last change; the text about an object is made when it is needed.  One journal
 * serves all monitors, each of which remembers how far it has got.  So a slow
 * client costs memory in proportion to the size of the tables, not to the
 * number of changes.
 */
#ifndef LOCAL_JOURNAL_H
#define LOCAL_JOURNAL_H

#include "local/cursor.h"
#include "local/line.h"
#include "tree.h"

struct record {
	struct tree_node entry;		/* by serial */
	struct tree_node living;	/* by place, until it is gone */
	struct place place;
	uint64_t born;		/* serial of its add; 0: long ago */
	uint64_t serial;		/* of its last event */
	uint64_t unsent;	/* slots that must still be sent it */
	bool gone;
	/* The text to send, made on demand.  An object that is gone cannot be
	 * looked up any more, so its texts are made when it goes. */
	char *text[LINE_FORMATS];
};
TREE_HEAD(record_tree);
TREE_HEAD(living_tree);

int	record_compare(const struct record *, const struct record *);
int	record_compare_places(const struct record *, const struct record *);
TREE_DEFINE(record_tree, record, entry, record_compare)
TREE_DEFINE(living_tree, record, living, record_compare_places)

struct journal {
	struct record_tree records;	/* owned */
	struct living_tree living;	/* those that are not gone */
	size_t count;			/* of records */
	uint64_t serial;		/* of the last event */
	unsigned int formats;	/* a set of 1 << line_format, in use */
	bool broken;			/* something was lost */
};

void	journal_init(struct journal *);
void	journal_free(struct journal *);
/* Record an event.  Without memory the journal becomes broken: no monitor
 * may rely on it any more. */
void	journal_event(struct journal *, const struct babel *,
	    enum babel_event, const void *object);
/* Remove records up to the serial, at most budget of them; true if more of
 * these are left. */
bool	journal_trim(struct journal *, uint64_t serial, uint64_t budget);
/* The first record behind a serial, or NULL. */
struct record *journal_after(const struct journal *, uint64_t serial);
/* The line about the object, without its first word.  NULL without memory, or
 * if the object is gone, which another record is about. */
const char *journal_text(struct record *, const struct babel *,
	    enum line_format);

#endif
