/*
 * claims.c - a file in which the instances in a network namespace claim
 * numbers.
 *
 * Octets of the file are locked, whether they exist or not: octet 0 for a
 * moment, by the instance that changes the file; octet 1 shared, by every
 * instance that has it open, so that an instance that can lock it exclusively
 * is alone; the octets behind, each for the number that its holder has taken,
 * or shared by those that share the number.  Open file description locks vanish
 * with their holder, however it ends.
 */
#include "claims.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE	71		/* Linux 5.14 */
#endif

#define LOCK_CHANGE	0		/* octets of the file */
#define LOCK_PRESENCE	1
#define LOCK_NUMBERS	2

static bool
lock(int fd, off_t octet, short type, int command)
{
	struct flock request = {
		.l_type = type, .l_whence = SEEK_SET,
		.l_start = octet, .l_len = 1
	};
	int result;

	do
		result = fcntl(fd, command, &request);
	while (result < 0 && errno == EINTR);
	return result == 0;
}

/* A number of our network namespace that is never used for another. */
static unsigned long long
namespace_number(void)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	struct stat st;
	int fd;

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie,
		    &len) < 0)
			cookie = 0;
		close(fd);
	}
	if (cookie == 0 && stat("/proc/self/ns/net", &st) == 0)
		cookie = st.st_ino;
	return cookie;
}

static unsigned long long
namespace_inode(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) == 0 ? st.st_ino : 0;
}

/* Does a mount, as ip-netns(8) makes them, keep the namespace? */
static bool
is_mounted(unsigned long long inode)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char root[32], line[1024];
	bool found = mounts == NULL;

	snprintf(root, sizeof(root), " net:[%llu] ", inode);
	while (!found && fgets(line, sizeof(line), mounts) != NULL)
		found = strstr(line, root) != NULL;
	if (mounts != NULL)
		fclose(mounts);
	return found;
}

/* Is a process in the namespace?  One that an ordinary user may not examine
 * counts as if it were. */
static bool
is_inhabited(unsigned long long inode)
{
	char path[300];
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct stat st;
	bool found = proc == NULL;

	while (!found && (entry = readdir(proc)) != NULL) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/ns/net",
		    entry->d_name);
		found = stat(path, &st) == 0 ? st.st_ino == inode :
		    errno == EACCES && geteuid() != 0;
	}
	if (proc != NULL)
		closedir(proc);
	return found;
}

/* Is the file's text useless, because its namespace is gone?  The name ends
 * with the namespace's inode. */
static bool
is_of_the_gone(const char *name)
{
	const char *point = strrchr(name, '.');
	unsigned long long inode;

	if (point == NULL)
		return false;
	inode = strtoull(point + 1, NULL, 10);
	return inode != 0 && !is_mounted(inode) && !is_inhabited(inode);
}

/* Open the file and lock octet 1; an instance that left may have removed the
 * file between our opening and locking it. */
static int
open_present(const char *path)
{
	struct stat st;
	int fd;

	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		    0600);
		if (fd < 0)
			return -1;
		if (!lock(fd, LOCK_CHANGE, F_WRLCK, F_OFD_SETLKW) ||
		    !lock(fd, LOCK_PRESENCE, F_RDLCK, F_OFD_SETLKW)) {
			close(fd);
			return -1;
		}
		(void)lock(fd, LOCK_CHANGE, F_UNLCK, F_OFD_SETLK);
		if (fstat(fd, &st) == 0 && st.st_nlink > 0)
			return fd;
		close(fd);
	}
}

/* Remove a file that nobody has open and whose text is useless.  An instance
 * that is about to open it sees that it is gone. */
static void
remove_if_forgotten(int directory, const char *name)
{
	struct stat st;
	int fd;

	fd = openat(directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK);
	if (fd < 0)
		return;
	if (lock(fd, LOCK_CHANGE, F_WRLCK, F_OFD_SETLK) &&
	    lock(fd, LOCK_PRESENCE, F_WRLCK, F_OFD_SETLK) &&
	    fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink > 0 && (st.st_size == 0 || is_of_the_gone(name)))
		unlinkat(directory, name, 0);
	close(fd);
}

/* Instances that were killed leave their files, and their namespaces may never
 * have another instance. */
static void
tidy(const char *directory, const char *name)
{
	size_t len = strlen(name);
	DIR *dir = opendir(directory);
	struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, name, len) == 0 &&
		    entry->d_name[len] == '-')
			remove_if_forgotten(dirfd(dir), entry->d_name);
	closedir(dir);
}

void
claims_open(struct claims *claims, const char *directory, const char *name)
{
	tidy(directory, name);
	snprintf(claims->path, sizeof(claims->path), "%s/%s-%llu.%llu",
	    directory, name, namespace_number(), namespace_inode());
	claims->fd = open_present(claims->path);
}

void
claims_close(struct claims *claims)
{
	if (claims->fd < 0)
		return;
	claims_lock(claims);
	if (claims_is_alone(claims))
		unlink(claims->path);
	close(claims->fd);
	claims->fd = -1;
}

void
claims_lock(const struct claims *claims)
{
	if (claims->fd >= 0)
		(void)lock(claims->fd, LOCK_CHANGE, F_WRLCK, F_OFD_SETLKW);
}

void
claims_unlock(const struct claims *claims)
{
	if (claims->fd >= 0)
		(void)lock(claims->fd, LOCK_CHANGE, F_UNLCK, F_OFD_SETLK);
}

/* Is the octet, of which we hold a shared lock, locked by nobody else? */
static bool
is_only(const struct claims *claims, off_t octet)
{
	if (claims->fd < 0)
		return true;
	if (!lock(claims->fd, octet, F_WRLCK, F_OFD_SETLK))
		return false;
	(void)lock(claims->fd, octet, F_RDLCK, F_OFD_SETLK);
	return true;
}

bool
claims_is_alone(const struct claims *claims)
{
	return is_only(claims, LOCK_PRESENCE);
}

bool
claims_take(const struct claims *claims, uint32_t number)
{
	return claims->fd < 0 || lock(claims->fd,
	    LOCK_NUMBERS + (off_t)number, F_WRLCK, F_OFD_SETLK);
}

void
claims_drop(const struct claims *claims, uint32_t number)
{
	if (claims->fd >= 0)
		(void)lock(claims->fd, LOCK_NUMBERS + (off_t)number, F_UNLCK,
		    F_OFD_SETLK);
}

bool
claims_is_others(const struct claims *claims, uint32_t number)
{
	struct flock request = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET,
		.l_start = LOCK_NUMBERS + (off_t)number, .l_len = 1
	};

	return claims->fd < 0 ||
	    fcntl(claims->fd, F_OFD_GETLK, &request) < 0 ||
	    request.l_type != F_UNLCK;
}

void
claims_join(const struct claims *claims, uint32_t number)
{
	if (claims->fd >= 0)
		(void)lock(claims->fd, LOCK_NUMBERS + (off_t)number, F_RDLCK,
		    F_OFD_SETLK);
}

bool
claims_is_only(const struct claims *claims, uint32_t number)
{
	return is_only(claims, LOCK_NUMBERS + (off_t)number);
}
