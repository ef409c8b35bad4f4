/*
 * outbox.c - items to send, by name, merged and bounded.
 */
#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "prefix.h"
#include "timer.h"
#include "tree.h"
#include "util.h"

static int
outbox_item_compare(const struct outbox_item *a, const struct outbox_item *b)
{
	int order;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	order = destination_key_compare(&a->key, &b->key);
	return order != 0 ? order : router_id_compare(&a->id, &b->id);
}

TREE_DEFINE(outbox_tree, outbox_item, entry, outbox_item_compare)

void
outbox_init(struct outbox *o, enum timer_kind kind)
{
	memset(o, 0, sizeof(*o));
	timer_init(&o->timer, kind);
}

/* The item cannot be kept by name. */
static void
outbox_overflow(struct outbox *o, const struct outbox_item *item)
{
	if (item->kind == OUTBOX_UPDATE)
		o->everything = true;
}

void
outbox_add(struct outbox *o, const struct outbox_item *item)
{
	struct outbox_item *copy, *twin;
	struct tree_place place;

	twin = outbox_tree_seek(&o->items, item, &place);
	if (twin != NULL) {
		if (seqno_less(twin->seqno, item->seqno))
			twin->seqno = item->seqno;
		if (twin->hop_count < item->hop_count)
			twin->hop_count = item->hop_count;
		return;
	}
	copy = outbox_has_room(o) ? malloc(sizeof(*copy)) : NULL;
	if (copy == NULL) {
		outbox_overflow(o, item);
		return;
	}
	*copy = *item;
	outbox_tree_put(&o->items, &place, copy);
	o->count++;
}

bool
outbox_has_room(const struct outbox *o)
{
	return o->count < OUTBOX_MAX;
}

bool
outbox_add_ack(struct outbox *o, uint16_t opaque)
{
	if (o->ack_count == OUTBOX_ACKS)
		return false;
	o->acks[o->ack_count++] = opaque;
	return true;
}

struct outbox_item *
outbox_first(const struct outbox *o)
{

	return outbox_tree_first(&o->items);
}

struct outbox_item *
outbox_next(struct outbox_item *item)
{
	return outbox_tree_next(item);
}

void
outbox_drop(struct outbox *o, struct outbox_item *item)
{
	outbox_tree_remove(&o->items, item);
	o->count--;
	free(item);
}

bool
outbox_is_empty(const struct outbox *o)
{
	return o->count == 0 && o->ack_count == 0 && !o->hello && !o->ihu &&
	    !o->wildcard_request && !o->everything && !o->probe;
}

void
outbox_clear(struct outbox *o)
{
	struct outbox_item *item;

	while ((item = outbox_first(o)) != NULL)
		outbox_drop(o, item);
	o->hello = o->ihu = o->wildcard_request = false;
	o->everything = o->probe = false;
	o->ack_count = 0;
}
