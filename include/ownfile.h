/*
 * ownfile.h - files that we create, take over and remove: the pid file and the
 * state file; and the log, which is written to and never read.
 *
 * A file is only taken over if it is a regular file with one name, in a
 * directory where nobody else can exchange it, and if it is empty or holds the
 * text that we write there.  Links are never followed, so a path that is given
 * by mistake, or prepared by somebody else, does no harm.
 */
#ifndef OWNFILE_H
#define OWNFILE_H

#include <stdbool.h>
#include <stddef.h>

#define OWNFILE_MAX	1024		/* octets that are looked at */

/* Could a file of ours hold this text?  The text ends with '\0'. */
typedef bool ownfile_test(const char *text);

/* Open for reading and writing, and create it with the mode if create is
 * set: a descriptor; or -1 with errno, and in why, of the size, a phrase
 * that begins with the path. */
int	ownfile_open(const char *path, bool create, ownfile_test *is_ours,
	    char *why, size_t size);
/* Open for appending, and create it; a device, a pipe or a link will do, and
 * whatever is there already.  Where others may make files, neither a link nor
 * a file of theirs or with another name is taken: they could have put it
 * there to have something else spoilt.  -1 with errno. */
int	ownfile_append(const char *path);
/* Is the open file the one that has the path now? */
bool	ownfile_has_path(int fd, const char *path);

#endif
