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
	dev_t device;			/* of the path, to recognise it */
	ino_t inode;
};

void	server_init(struct server *);
/* Open the server of that slot, if the options name it: 0, or -1 with a
 * message. */
int	server_open(struct server *, const struct options *,
	    enum server_slot, char error[LOCAL_ERROR_MAX]);
/* Close the server and remove its path, if that is still ours. */
void	server_close(struct server *);
/* The next connection, or -1. */
int	server_accept(const struct server *);

#endif
