/*
 * claims.c - numbers that the instances in a network namespace claim.
 *
 * A namespace is a file that every process in it can open for reading.  Octets
 * of that file are locked, whether they exist or not: one for each number of
 * each name, and one more for each name by every instance that has joined.  A
 * file that is open for reading allows shared locks alone, but the kernel tells
 * whether somebody else has locked an octet, too.  Open file description locks
 * vanish with their holder.
 */
#include "claims.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define NAMESPACE	"/proc/self/ns/net"
#define PRESENCE	((uint64_t)UINT32_MAX + 1)	/* after the numbers */
#define NAME_BITS	29		/* of an octet, of 63 */
#define NAME_SHIFT	33
#define PATIENCE	3000		/* milliseconds */

/* Octets of other names are others: FNV-1a. */
static uint64_t
first_of(const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619U;
	return (uint64_t)(hash & ((1U << NAME_BITS) - 1)) << NAME_SHIFT;
}

static bool
lock(const struct claims *claims, uint64_t octet, short type)
{
	struct flock request = {
		.l_type = type, .l_whence = SEEK_SET,
		.l_start = (off_t)(claims->first + octet), .l_len = 1
	};

	return claims->fd < 0 ||
	    fcntl(claims->fd, F_OFD_SETLK, &request) == 0;
}

/* Has anybody but us a lock on the octet?  -1: nobody knows. */
static int
is_locked(const struct claims *claims, uint64_t octet)
{
	struct flock request = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET,
		.l_start = (off_t)(claims->first + octet), .l_len = 1
	};

	if (claims->fd < 0 || fcntl(claims->fd, F_OFD_GETLK, &request) < 0)
		return -1;
	return request.l_type != F_UNLCK;
}

void
claims_open(struct claims *claims, const char *name)
{
	claims->first = first_of(name);
	claims->fd = open(NAMESPACE, O_RDONLY | O_CLOEXEC);
	claims_lock(claims);
	(void)lock(claims, PRESENCE, F_RDLCK);
	claims_unlock(claims);
}

void
claims_close(struct claims *claims)
{
	if (claims->fd >= 0)
		close(claims->fd);
	claims->fd = -1;
}

void
claims_lock(const struct claims *claims)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < PATIENCE && claims->fd >= 0 &&
	    flock(claims->fd, LOCK_EX | LOCK_NB) < 0 &&
	    (errno == EWOULDBLOCK || errno == EINTR); i++)
		nanosleep(&pause, NULL);
}

void
claims_unlock(const struct claims *claims)
{
	if (claims->fd >= 0)
		(void)flock(claims->fd, LOCK_UN);
}

bool
claims_is_alone(const struct claims *claims)
{
	return is_locked(claims, PRESENCE) <= 0;
}

/* Of two who take it at once, none sees nobody else after locking it. */
bool
claims_take(const struct claims *claims, uint32_t number)
{
	if (is_locked(claims, number) > 0 || !lock(claims, number, F_RDLCK))
		return false;
	if (is_locked(claims, number) <= 0)
		return true;
	claims_drop(claims, number);
	return false;
}

void
claims_drop(const struct claims *claims, uint32_t number)
{
	(void)lock(claims, number, F_UNLCK);
}

bool
claims_is_others(const struct claims *claims, uint32_t number)
{
	return is_locked(claims, number) != 0;
}

void
claims_join(const struct claims *claims, uint32_t number)
{
	(void)lock(claims, number, F_RDLCK);
}

bool
claims_is_only(const struct claims *claims, uint32_t number)
{
	return is_locked(claims, number) <= 0;
}
