/*
 * notes.c - files that outlive a killed instance, one for each network
 * namespace.
 */
#include "notes.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE	71		/* Linux 5.14 */
#endif

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
		    entry->d_name[len] == '-' &&
		    is_of_the_gone(entry->d_name))
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

void
notes_open(struct notes *notes, const char *directory, const char *name)
{
	tidy(directory, name);
	snprintf(notes->path, sizeof(notes->path), "%s/%s-%llu.%llu",
	    directory, name, namespace_number(), namespace_inode());
	notes->fd = open(notes->path, O_RDWR | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW | O_NONBLOCK, 0600);
}

FILE *
notes_read(const struct notes *notes)
{
	int fd = fcntl(notes->fd, F_DUPFD_CLOEXEC, 0);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (file != NULL)
		rewind(file);
	else if (fd >= 0)
		close(fd);
	return file;
}

void
notes_remove(const struct notes *notes)
{
	if (notes->fd >= 0)
		(void)unlink(notes->path);
}

void
notes_close(struct notes *notes)
{
	if (notes->fd >= 0)
		close(notes->fd);
	notes->fd = -1;
}
