/*
 * local/set.h - a set of object ids.
 */
#ifndef LOCAL_SET_H
#define LOCAL_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised: empty.  Ids are not 0. */
struct set {
	uint32_t *slots;		/* owned; 0: free */
	size_t count, size;
};

bool	set_has(const struct set *, uint32_t id);
/* 0, or -1 for no memory. */
int	set_add(struct set *, uint32_t id);
void	set_remove(struct set *, uint32_t id);
void	set_clear(struct set *);

#endif
