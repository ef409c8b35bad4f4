/*
 * ctl/find.h - finding the daemon's socket.
 */
#ifndef CTL_FIND_H
#define CTL_FIND_H

#include "ctl/connection.h"

/*
 * Connect to the daemon on this machine: what the configuration file says,
 * else the usual paths, else the usual port.  The first that answers is
 * taken.  -1: none; error names what was tried and why it failed.
 */
int	find_daemon(struct connection *);

/* The socket that a line of the configuration names, for reading and
 * writing or for reading; false: none.  Exported for the tests. */
bool	find_in_line(const char *line, char where[WHERE_MAX]);

#endif
