/*
 * ownfile.c - files that we create, take over and remove.
 */
#include "ownfile.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_MODE	0644

static int
stat_directory(const char *path, struct stat *st)
{
	char copy[PATH_MAX];

	if (strlcpy(copy, path, sizeof(copy)) >= sizeof(copy)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return stat(dirname(copy), st);
}

/* NULL, or what is wrong with the directory.  In a sticky one, such as /tmp,
 * others cannot exchange a file that is ours. */
static const char *
fault_of_directory(const char *path)
{
	struct stat st;

	if (stat_directory(path, &st) < 0)
		return strerror(errno);
	if ((st.st_mode & S_IWOTH) == 0 || (st.st_mode & S_ISVTX) != 0)
		return NULL;
	errno = EPERM;
	return "others can exchange files in its directory";
}

/* May more than its owner make files in the directory? */
static bool
is_shared(const char *path)
{
	struct stat st;

	return stat_directory(path, &st) < 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

static bool
is_others(const struct stat *st)
{
	return st->st_uid != geteuid() && st->st_uid != 0;
}

static const char *
fault_of_status(const struct stat *st)
{
	errno = EINVAL;
	if (S_ISLNK(st->st_mode))
		return "is a symbolic link";
	if (S_ISDIR(st->st_mode))
		return strerror(errno = EISDIR);
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (st->st_nlink > 1)
		return "has another name";
	return NULL;
}

/* A file of another user's, where he could have put it.  (Where he could
 * not, it is ours from the time when we ran as that user.) */
static const char *
fault_of_owner(const struct stat *st, const char *path)
{
	if (!is_others(st) || !is_shared(path))
		return NULL;
	errno = EPERM;
	return "belongs to another user";
}

/* NULL, or why the file that was opened is not to be taken over. */
static const char *
fault_of_file(int fd, ownfile_test *is_ours)
{
	char text[OWNFILE_MAX];
	const char *fault;
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if ((fault = fault_of_status(&st)) != NULL)
		return fault;
	len = pread(fd, text, sizeof(text) - 1, 0);
	if (len < 0)
		return strerror(errno);
	text[len] = '\0';
	/* A crash of the machine may leave a file of zeros. */
	if (st.st_size == 0 || (st.st_size < (off_t)sizeof(text) &&
	    (text[0] == '\0' || is_ours(text))))
		return NULL;
	errno = EEXIST;
	return "holds something else";
}

int
ownfile_open(const char *path, bool create, ownfile_test *is_ours, char *why,
    size_t size)
{
	const char *fault = fault_of_directory(path);
	struct stat st;
	int fd = -1, error;

	if (fault == NULL && lstat(path, &st) == 0 &&
	    (fault = fault_of_status(&st)) == NULL)
		fault = fault_of_owner(&st, path);
	if (fault == NULL) {
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW |
		    O_NONBLOCK | O_NOCTTY | (create ? O_CREAT : 0),
		    FILE_MODE);
		fault = fd < 0 ? strerror(errno) : fault_of_file(fd, is_ours);
	}
	if (fault == NULL)
		return fd;
	error = errno;
	snprintf(why, size, "%s: %s", path, fault);
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

bool
ownfile_has_path(int fd, const char *path)
{
	struct stat open_file, named;

	return fstat(fd, &open_file) == 0 && lstat(path, &named) == 0 &&
	    open_file.st_dev == named.st_dev &&
	    open_file.st_ino == named.st_ino;
}

int
ownfile_append(const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
	    O_NONBLOCK | O_NOCTTY;
	struct stat st;
	int fd;

	if (!is_shared(path))
		return open(path, flags, FILE_MODE);
	fd = open(path, flags | O_NOFOLLOW, FILE_MODE);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (st.st_nlink == 1 && !is_others(&st)))
		return fd;
	close(fd);
	errno = EPERM;
	return -1;
}
