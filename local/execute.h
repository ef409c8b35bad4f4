/*
 * local/execute.h - the requests of clients.
 */
#ifndef LOCAL_EXECUTE_H
#define LOCAL_EXECUTE_H

#include "local/local_state.h"

/* Is the line a directive, which changes something? */
bool	local_request_is_directive(const char *line);
/* Carry out one line.  True if it was costly: a directive. */
bool	local_request_execute(struct local *, const struct babel *,
	    struct client *, const char *line);

#endif
