/*
 * set.c - a set of numbers: a hash table with linear probing.
 *
 * Removal closes the gap by moving later entries of the same run up, so
 * that no marks of deleted entries need sweeping.
 */
#include "set.h"

#include <stdlib.h>

#define SET_SIZE_MIN	64

static size_t
slot_of(const struct set *set, uint64_t number)
{
	return (size_t)((number * UINT64_C(0x9E3779B97F4A7C15)) >> 32) &
	    (set->size - 1);
}

/* The slot of the number, or the free slot where it would go. */
static size_t
slot_find(const struct set *set, uint64_t number)
{
	size_t slot = slot_of(set, number);

	while (set->slots[slot] != 0 && set->slots[slot] != number)
		slot = (slot + 1) & (set->size - 1);
	return slot;
}

bool
set_has(const struct set *set, uint64_t number)
{
	return set->count > 0 && set->slots[slot_find(set, number)] == number;
}

static int
set_grow(struct set *set)
{
	struct set old = *set;
	size_t i;

	set->size = old.size == 0 ? SET_SIZE_MIN : old.size * 2;
	set->slots = calloc(set->size, sizeof(*set->slots));
	if (set->slots == NULL) {
		*set = old;
		return -1;
	}
	for (i = 0; i < old.size; i++)
		if (old.slots[i] != 0)
			set->slots[slot_find(set, old.slots[i])] =
			    old.slots[i];
	free(old.slots);
	return 0;
}

int
set_add(struct set *set, uint64_t number)
{
	size_t slot;

	if (set->count * 2 >= set->size && set_grow(set) < 0)
		return -1;
	slot = slot_find(set, number);
	if (set->slots[slot] == 0)
		set->count++;
	set->slots[slot] = number;
	return 0;
}

void
set_remove(struct set *set, uint64_t number)
{
	size_t gap, slot, home, mask = set->size - 1;

	if (!set_has(set, number))
		return;
	gap = slot = slot_find(set, number);
	for (;;) {
		slot = (slot + 1) & mask;
		if (set->slots[slot] == 0)
			break;
		home = slot_of(set, set->slots[slot]);
		if (((slot - home) & mask) >= ((slot - gap) & mask)) {
			set->slots[gap] = set->slots[slot];
			gap = slot;
		}
	}
	set->slots[gap] = 0;
	set->count--;
}

void
set_clear(struct set *set)
{
	free(set->slots);
	*set = (struct set){ .slots = NULL };
}
