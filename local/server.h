/*
 * local/server.h - the listening sockets.
 */
#ifndef LOCAL_SERVER_H
#define LOCAL_SERVER_H

#include <sys/types.h>

#include "local.h"

struct server {
	int fd;				/* -1: not open */
	bool writable;			/* its clients may change things */
	char *path;			/* owned; NULL for TCP */
	dev_t device;			/* of the path, to know it again */
	ino_t inode;
};

void	server_init(struct server *);
/* Open the one of that slot, if the options want it: 0, or -1 with a
 * message. */
int	server_open(struct server *, const struct options *,
	    enum server_slot, char error[LOCAL_ERROR_MAX]);
/* Close it and remove its path, if that is still ours. */
void	server_close(struct server *);
/* The next connection, or -1. */
int	server_accept(const struct server *);

#endif
