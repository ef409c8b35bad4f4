/*
 * claims.h - numbers, such as those of tables, that the instances in a network
 * namespace claim, so that they know of each other.
 *
 * The kernel keeps the claims with the namespace itself.  An instance needs
 * neither a file nor a privilege for them, and its claims end with it.
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

/* Without access to the namespace, each instance acts as if it were alone. */
struct claims {
	int fd;				/* or -1 */
	uint64_t first;			/* octet of those of our name */
};

/* Join the instances that claim by that name; no number is claimed yet. */
void	claims_open(struct claims *, const char *name);
/* Leave them, and give back every number and then the lock. */
void	claims_close(struct claims *);

/* Hold the claims for a moment; no other instance can do so meanwhile.  Any
 * user of the machine could hold them for ever, so the wait ends after three
 * seconds. */
void	claims_lock(const struct claims *);
void	claims_unlock(const struct claims *);
/* Has no other instance joined?  To be called while holding the claims. */
bool	claims_is_alone(const struct claims *);

/* Take a number that no other living instance has, or give it back.  False if
 * another has it or is taking it.  A number may be taken twice. */
bool	claims_take(const struct claims *, uint32_t number);
void	claims_drop(const struct claims *, uint32_t number);

/* Has another living instance taken the number, or a share of it?  True if
 * there is no access to the namespace. */
bool	claims_is_others(const struct claims *, uint32_t number);

/* Share a number with others; and: does no other instance share it?  The second
 * is to be called while holding the claims. */
void	claims_join(const struct claims *, uint32_t number);
bool	claims_is_only(const struct claims *, uint32_t number);

#endif
