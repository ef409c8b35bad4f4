/*
 * queue.c - the simulator's future: a binary heap of events.
 *
 * Not the engine's heap: what is tested should not measure itself.
 */
#include "queue.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

void *
sim_calloc(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size);

	if (p == NULL)
		err(2, "calloc");
	return p;
}

void *
sim_grow(void *array, uint32_t *size, size_t item)
{
	*size = *size == 0 ? 16 : 2 * *size;
	array = reallocarray(array, *size, item);
	if (array == NULL)
		err(2, "reallocarray");
	return array;
}

struct event *
queue_new(struct queue *q, enum happening kind, babel_time at)
{
	struct event *e;

	if (q->spares > 0)
		e = q->spare[--q->spares];
	else
		e = sim_calloc(1, sizeof(*e));
	e->kind = kind;
	e->at = at;
	return e;
}

static bool
event_before(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void
queue_put(struct queue *q, struct event *e)
{
	uint32_t i, parent;

	if (q->used == q->size)
		q->heap = sim_grow(q->heap, &q->size, sizeof(*q->heap));
	e->order = q->order++;
	for (i = q->used++; i > 0; i = parent) {
		parent = (i - 1) / 2;
		if (event_before(q->heap[parent], e))
			break;
		q->heap[i] = q->heap[parent];
	}
	q->heap[i] = e;
}

struct event *
queue_take(struct queue *q)
{
	struct event *first, *last;
	uint32_t i, child;

	if (q->used == 0)
		return NULL;
	first = q->heap[0];
	last = q->heap[--q->used];
	for (i = 0; (child = 2 * i + 1) < q->used; i = child) {
		if (child + 1 < q->used &&
		    event_before(q->heap[child + 1], q->heap[child]))
			child++;
		if (event_before(last, q->heap[child]))
			break;
		q->heap[i] = q->heap[child];
	}
	q->heap[i] = last;
	return first;
}

void
queue_recycle(struct queue *q, struct event *e)
{
	if (q->spares == q->spare_size)
		q->spare = sim_grow(q->spare, &q->spare_size,
		    sizeof(*q->spare));
	q->spare[q->spares++] = e;
}

void
queue_free(struct queue *q)
{
	while (q->used > 0)
		free(q->heap[--q->used]);
	while (q->spares > 0)
		free(q->spare[--q->spares]);
	free(q->heap);
	free(q->spare);
	memset(q, 0, sizeof(*q));
}
