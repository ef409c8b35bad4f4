/*
 * timer.c - an intrusive four-way heap of deadlines.
 *
 * A heap keeps the earliest deadline at slot 0 and lets any timer be
 * moved or stopped in logarithmic time, because each timer knows its own
 * slot.  Four children to a node instead of two halve the depth, and the
 * pointers to the children of a node share a cache line.
 *
 * Room is reserved when the owner of a timer is created, where running
 * out of memory can still be answered by not creating it.  Setting a
 * timer later on cannot fail, which keeps the protocol code free of
 * error paths that nobody could do anything about.
 */
#include "timer.h"

#include <assert.h>
#include <stdlib.h>

#include "util.h"

#define HEAP_ARITY	4
#define HEAP_SIZE_MIN	64
#define TIMERS_MAX	((1u << 27) - 1) /* the largest index */

_Static_assert(TIMER_KINDS <= 1 << 5, "a kind has 5 bits");

static bool
timer_before(const struct timer *a, const struct timer *b)
{
	if (a->due != b->due)
		return a->due < b->due;
	return (int32_t)(a->order - b->order) < 0;
}

static void
heap_place(struct timer_heap *heap, uint32_t slot, struct timer *timer)
{
	heap->slots[slot] = timer;
	timer->index = (slot + 1) & TIMERS_MAX;
}

/* Put the timer at the slot or above it. */
static void
heap_rise(struct timer_heap *heap, uint32_t slot, struct timer *timer)
{
	uint32_t parent;

	while (slot > 0) {
		parent = (slot - 1) / HEAP_ARITY;
		if (!timer_before(timer, heap->slots[parent]))
			break;
		heap_place(heap, slot, heap->slots[parent]);
		slot = parent;
	}
	heap_place(heap, slot, timer);
}

/* The slot of the earliest child, or 0 if there is none. */
static uint32_t
heap_first_child(const struct timer_heap *heap, uint32_t slot)
{
	uint32_t child = slot * HEAP_ARITY + 1, best = child, last;

	if (child >= heap->used)
		return 0;
	last = child + HEAP_ARITY;
	if (last > heap->used)
		last = heap->used;
	while (++child < last) {
		if (timer_before(heap->slots[child], heap->slots[best]))
			best = child;
	}
	return best;
}

/* Put the timer at the slot or below it. */
static void
heap_sink(struct timer_heap *heap, uint32_t slot, struct timer *timer)
{
	uint32_t child;

	while ((child = heap_first_child(heap, slot)) != 0) {
		if (!timer_before(heap->slots[child], timer))
			break;
		heap_place(heap, slot, heap->slots[child]);
		slot = child;
	}
	heap_place(heap, slot, timer);
}

static void
heap_fix(struct timer_heap *heap, uint32_t slot, struct timer *timer)
{
	if (slot > 0 && timer_before(timer,
	    heap->slots[(slot - 1) / HEAP_ARITY]))
		heap_rise(heap, slot, timer);
	else
		heap_sink(heap, slot, timer);
}

static int
heap_resize(struct timer_heap *heap, uint32_t size)
{
	struct timer **slots;

	slots = reallocarray(heap->slots, size, sizeof(*slots));
	if (slots == NULL)
		return -1;
	heap->slots = slots;
	heap->size = size;
	return 0;
}

void
timer_init(struct timer *timer, enum timer_kind kind)
{
	timer->due = NEVER;
	timer->order = 0;
	timer->index = 0;
	timer->kind = kind;
}

int
timer_heap_reserve(struct timer_heap *heap, uint32_t count)
{
	uint32_t wanted = heap->reserved + count, size = HEAP_SIZE_MIN;

	if (wanted < count || wanted > TIMERS_MAX)
		return -1;
	while (size < wanted)
		size *= 2;
	if (wanted > heap->size && heap_resize(heap, size) < 0)
		return -1;
	heap->reserved = wanted;
	return 0;
}

void
timer_heap_unreserve(struct timer_heap *heap, uint32_t count)
{
	assert(count <= heap->reserved);
	heap->reserved -= count;
	assert(heap->used <= heap->reserved);
	/* Half the room for a quarter of the timers: the next reservation
	 * does not undo this at once.  If it cannot shrink, it stays. */
	if (heap->size > HEAP_SIZE_MIN && heap->reserved < heap->size / 4)
		(void)heap_resize(heap, heap->size / 2);
}

void
timer_set(struct timer_heap *heap, struct timer *timer, babel_time due)
{
	timer->due = due;
	timer->order = heap->order++;
	if (timer->index != 0) {
		heap_fix(heap, timer->index - 1, timer);
		return;
	}
	assert(heap->used < heap->reserved);
	heap_rise(heap, heap->used++, timer);
}

void
timer_advance(struct timer_heap *heap, struct timer *timer, babel_time due)
{
	if (!timer_is_set(timer) || due < timer->due)
		timer_set(heap, timer, due);
}

void
timer_stop(struct timer_heap *heap, struct timer *timer)
{
	struct timer *last;
	uint32_t slot;

	if (timer->index == 0)
		return;
	slot = timer->index - 1;
	assert(heap->slots[slot] == timer);
	timer->index = 0;
	last = heap->slots[--heap->used];
	if (last != timer)
		heap_fix(heap, slot, last);
}

bool
timer_is_set(const struct timer *timer)
{
	return timer->index != 0;
}

struct timer *
timer_pop(struct timer_heap *heap, babel_time now)
{
	struct timer *timer;

	if (heap->used == 0 || heap->slots[0]->due > now)
		return NULL;
	timer = heap->slots[0];
	timer_stop(heap, timer);
	return timer;
}

babel_time
timer_next(const struct timer_heap *heap)
{
	return heap->used == 0 ? NEVER : heap->slots[0]->due;
}

void
timer_heap_free(struct timer_heap *heap)
{
	free(heap->slots);
	*heap = (struct timer_heap){ .slots = NULL };
}
