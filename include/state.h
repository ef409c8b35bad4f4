/*
 * state.h - the state file, while we run: what it holds, and when it is
 * written.
 */
#ifndef STATE_H
#define STATE_H

#include <limits.h>

#include "system.h"

struct state_file {
	char path[PATH_MAX];		/* "": there is none */
	struct system_state stored;	/* as far as we know */
	uint16_t block;			/* seqnos reserved the last time */
	babel_time written;		/* then */
	babel_time retry;		/* what failed, is tried again; or 0 */
	char failure[SYSTEM_ERROR_SIZE];	/* what failed; "": nothing */
};

/* Read it, unless the path is NULL; -1 with a phrase for the log, and then
 * it holds nothing. */
int	state_open(struct state_file *, const char *path,
	    char error[SYSTEM_ERROR_SIZE]);
/*
 * Write it if what it holds is too little for what is true now: a seqno,
 * and perhaps a router-id to remember, without which the one in the file
 * stays.  -1 with a phrase for the log if that failed, unless it is the
 * last one again; it is tried again at a later call.
 */
int	state_keep(struct state_file *, const struct system_state *current,
	    babel_time now, char error[SYSTEM_ERROR_SIZE]);
/* At the end: write just what is true.  -1 as above. */
int	state_close(struct state_file *, const struct system_state *current,
	    char error[SYSTEM_ERROR_SIZE]);

#endif
