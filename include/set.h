/*
 * set.h - a set of numbers.
 */
#ifndef SET_H
#define SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised: empty.  The numbers are not 0. */
struct set {
	uint64_t *slots;		/* owned; 0: free */
	size_t count, size;
};

bool	set_has(const struct set *, uint64_t number);
/* 0, or -1 for no memory. */
int	set_add(struct set *, uint64_t number);
void	set_remove(struct set *, uint64_t number);
void	set_clear(struct set *);

#endif
