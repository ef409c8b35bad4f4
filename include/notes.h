/*
 * notes.h - files that outlive a killed instance, one for each network
 * namespace.
 */
#ifndef NOTES_H
#define NOTES_H

#include <limits.h>
#include <stdio.h>

struct notes {
	char path[PATH_MAX];
	int fd;				/* or -1: no access */
};

/* Open the file of our namespace, "DIRECTORY/NAME-NUMBER.INODE", made if
 * need be.  Files of that name whose namespaces are gone are removed. */
void	notes_open(struct notes *, const char *directory, const char *name);
/* All that is noted, for the caller to close; NULL for no access. */
FILE   *notes_read(const struct notes *);
/* To be called when nobody else has it open, nor is about to.  In a directory
 * that we may no longer change, it stays. */
void	notes_remove(const struct notes *);
void	notes_close(struct notes *);

#endif
