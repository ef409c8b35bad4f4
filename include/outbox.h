/*
 * outbox.h - what is waiting to be sent on one interface or to one neighbour,
 * besides the changes that are to be announced (destination.h).
 *
 * An outbox holds names, never encoded bytes, so that packets carry the state
 * at the moment of sending.  It is bounded: when it overflows with updates, it
 * forgets the names and remembers "everything".
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include "prefix.h"
#include "timer.h"
#include "tree.h"

#define OUTBOX_MAX	4096
#define OUTBOX_ACKS	128

enum outbox_kind { OUTBOX_UPDATE, OUTBOX_ROUTE_REQUEST, OUTBOX_SEQNO_REQUEST };

struct outbox_item {
	struct tree_node entry;	/* by kind, key, id */
	struct destination_key key;
	struct router_id id;		/* of a seqno request */
	uint16_t seqno;
	uint8_t hop_count;
	uint8_t kind;			/* enum outbox_kind */
};
TREE_HEAD(outbox_tree);

struct outbox {
	struct outbox_tree items;
	uint32_t count;
	bool hello, ihu, wildcard_request;
	bool everything;		/* a full update is due */
	uint16_t acks[OUTBOX_ACKS];
	uint8_t ack_count;
	bool probe;			/* an Acknowledgment Request */
	uint16_t probe_opaque;
	struct timer timer;		/* when to send */
};

void	outbox_init(struct outbox *, enum timer_kind);
/* Copies the item; one of the same kind, key and id is replaced by the
 * newer seqno.  When full, or without memory, an update turns into
 * "everything" and a request is forgotten: it will be sent again. */
void	outbox_add(struct outbox *, const struct outbox_item *);
/* Is there room for one more item? */
bool	outbox_has_room(const struct outbox *);
/* An acknowledgment to send; false when full. */
bool	outbox_add_ack(struct outbox *, uint16_t opaque);
/* The first item, still owned by the outbox, or NULL. */
struct outbox_item *outbox_first(const struct outbox *);
/* The item after this one, or NULL. */
struct outbox_item *outbox_next(struct outbox_item *);
void	outbox_drop(struct outbox *, struct outbox_item *);
bool	outbox_is_empty(const struct outbox *);
/* Forget everything; the caller stops the timer. */
void	outbox_clear(struct outbox *);

#endif
