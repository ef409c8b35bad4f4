/*
 * ctl/find.h - finding the daemon's socket.
 */
#ifndef CTL_FIND_H
#define CTL_FIND_H

#include "ctl/connection.h"

/*
 * Connect to the daemon on this machine: try the sockets that the configuration
 * file names, then the usual paths, then the usual port, and take the first
 * that answers.  -1 if none does; error lists what was tried and why it failed.
 */
int	find_daemon(struct connection *);

/* The socket that a line of the configuration names, for reading and writing or
 * for reading; false if none.  Public for the tests. */
bool	find_in_line(const char *line, char where[WHERE_MAX]);

#endif
