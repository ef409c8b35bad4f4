/*
 * state.h - the state file while the daemon runs: what it holds, and when it is
 * written.
 */
#ifndef STATE_H
#define STATE_H

#include <limits.h>

#include "system.h"

struct state_file {
	char path[PATH_MAX];		/* "": there is none */
	struct system_state stored;	/* what the file holds */
	uint16_t block;			/* seqnos reserved the last time */
	babel_time written;		/* when that was */
	babel_time retry;		/* when to try again, or 0 */
	char failure[SYSTEM_ERROR_SIZE];	/* the last failure; "": none */
};

/* Read the file, unless the path is NULL. -1 with a phrase for the log if that
 * fails; then it counts as empty. */
int	state_open(struct state_file *, const char *path,
	    char error[SYSTEM_ERROR_SIZE]);
/*
 * Write the file if its contents are too little for the current state: a seqno,
 * and perhaps a router-id to remember; without one, the file's own stays.  -1
 * with a phrase for the log if that failed, unless the phrase is the same as
 * the last time.  A later call tries again.
 */
int	state_keep(struct state_file *, const struct system_state *current,
	    babel_time now, char error[SYSTEM_ERROR_SIZE]);
/* At the end: write the exact state.  -1 as above. */
int	state_close(struct state_file *, const struct system_state *current,
	    char error[SYSTEM_ERROR_SIZE]);

#endif
