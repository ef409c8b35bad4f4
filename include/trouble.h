/*
 * trouble.h - an error that may last: each retry waits longer than the one
 * before, and the error is logged once a minute.
 *
 * Each place where a call can fail again and again owns a struct trouble.
 * While it waits, the call is not made, so no error can keep the loop busy or
 * fill the log.
 */
#ifndef TROUBLE_H
#define TROUBLE_H

#include "util.h"

struct log;

struct trouble {
	struct log *log;	/* or NULL */
	uint64_t *count;	/* of all errors met, or NULL */
	int error;		/* an errno; 0: there is none */
	uint64_t times;		/* that it happened since then */
	babel_time pause, again;	/* no retry before again */
	babel_time logged;		/* when last; 0: never */
};

/* No trouble yet.  A struct of zeros is not logged.  The counter may be shared;
 * each error raises it. */
void	trouble_init(struct trouble *, struct log *, uint64_t *count);
/* The call failed: wait 10 ms, twice as long each further time, at most a
 * second.  The text names the call; the error is added to it. */
void	trouble_met(struct trouble *, babel_time now, int error,
	    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The call succeeded. */
void	trouble_over(struct trouble *);
/* Is it too early to try again? */
bool	trouble_waits(const struct trouble *, babel_time now);
/* When to try again; NEVER without trouble. */
babel_time trouble_again(const struct trouble *);

#endif
