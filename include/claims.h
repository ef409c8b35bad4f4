/*
 * claims.h - a file in which the instances in a network namespace claim
 * what is theirs, to know of each other.
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Without access to the file, all is as if we were alone. */
struct claims {
	char path[PATH_MAX];
	int fd;				/* or -1 */
};

/* Open "NAME-NUMBER" in the directory, made if need be, where the number
 * is that of our network namespace.  Empty ones that dead instances left
 * are removed, whatever their namespace. */
void	claims_open(struct claims *, const char *directory,
	    const char *name);
/* The last one to close it removes it. */
void	claims_close(struct claims *);

/* Hold the file's contents for a moment: nobody else does meanwhile. */
void	claims_lock(const struct claims *);
void	claims_unlock(const struct claims *);
/* Has nobody else opened it?  To be asked while holding it. */
bool	claims_is_alone(const struct claims *);

/* Take a number that no other living instance has, or give it back.  False:
 * one has it.  To take twice what is ours is fine. */
bool	claims_take(const struct claims *, uint32_t number);
void	claims_drop(const struct claims *, uint32_t number);

/* Has another living instance taken the number, or a share of it?  Without
 * access to the file nobody knows: true. */
bool	claims_is_others(const struct claims *, uint32_t number);

/* Have a number together with others.  Does nobody else have it?  To be
 * asked while holding the file. */
void	claims_join(const struct claims *, uint32_t number);
bool	claims_is_only(const struct claims *, uint32_t number);

#endif
