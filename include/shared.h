/*
 * shared.h - a file that the instances in a network namespace share, to
 * know of each other.
 */
#ifndef SHARED_H
#define SHARED_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Without access to the file, all is as if we were alone. */
struct shared {
	char path[PATH_MAX];
	int fd;				/* or -1 */
};

/* Open "NAME-NUMBER" in the directory, made if need be, where the number
 * is that of our network namespace.  Empty ones that dead instances left
 * are removed, whatever their namespace. */
void	shared_open(struct shared *, const char *directory,
	    const char *name);
/* The last one to close it removes it. */
void	shared_close(struct shared *);

/* Hold the file's contents for a moment: nobody else does meanwhile. */
void	shared_lock(const struct shared *);
void	shared_unlock(const struct shared *);
/* Has nobody else opened it?  To be asked while holding it. */
bool	shared_is_alone(const struct shared *);

/* Take a number that no other living instance has, or give it back.  False:
 * one has it.  To take twice what is ours is fine. */
bool	shared_take(const struct shared *, uint32_t number);
void	shared_drop(const struct shared *, uint32_t number);

/* Have a number together with others.  Does nobody else have it?  To be
 * asked while holding the file. */
void	shared_join(const struct shared *, uint32_t number);
bool	shared_is_only(const struct shared *, uint32_t number);

#endif
