/*
 * claims.h - a file in which the instances in a network namespace claim
 * numbers, such as those of tables, so that they know of each other.
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Without access to the file, each instance acts as if it were alone. */
struct claims {
	char path[PATH_MAX];
	int fd;				/* or -1 */
};

/* Open "NAME-NUMBER" in the directory, creating it if necessary; the number is
 * that of our network namespace.  Empty files that dead instances left are
 * removed, whatever their namespace. */
void	claims_open(struct claims *, const char *directory,
	    const char *name);
/* The last instance to close the file removes it. */
void	claims_close(struct claims *);

/* Hold the file's contents for a moment; no other instance can do so
 * meanwhile. */
void	claims_lock(const struct claims *);
void	claims_unlock(const struct claims *);
/* Has no other instance opened the file?  To be called while holding it. */
bool	claims_is_alone(const struct claims *);

/* Take a number that no other living instance has, or give it back.  False if
 * another has it.  A number may be taken twice. */
bool	claims_take(const struct claims *, uint32_t number);
void	claims_drop(const struct claims *, uint32_t number);

/* Has another living instance taken the number, or a share of it?  True if
 * there is no access to the file. */
bool	claims_is_others(const struct claims *, uint32_t number);

/* Share a number with others; and: does no other instance share it?  The second
 * is to be called while holding the file. */
void	claims_join(const struct claims *, uint32_t number);
bool	claims_is_only(const struct claims *, uint32_t number);

#endif
