/*
 * trouble.h - an error that may last: it is met with a pause that grows,
 * and told once a minute.
 *
 * Each place where a call can fail again and again owns one.  While it
 * waits, the call is not made, so no error can keep the loop busy or fill
 * the log.
 */
#ifndef TROUBLE_H
#define TROUBLE_H

#include "util.h"

struct log;

struct trouble {
	struct log *log;	/* where to tell it, or NULL */
	uint64_t *count;	/* of all errors met, or NULL */
	int error;		/* an errno; 0: there is none */
	uint64_t times;		/* met since it was told last */
	babel_time pause, again;	/* no try before */
	babel_time logged;		/* the last time; 0: never */
};

/* There is none yet; zeros are a trouble that is told to nobody.  The counter
 * is one for many, raised with each error. */
void	trouble_init(struct trouble *, struct log *, uint64_t *count);
/* The call failed: wait 10 ms, twice as long each time, a second at most.
 * The text names what was tried, and the error is added to it. */
void	trouble_met(struct trouble *, babel_time now, int error,
	    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The call did what it should. */
void	trouble_over(struct trouble *);
/* Is it too early to try again? */
bool	trouble_waits(const struct trouble *, babel_time now);
/* When to try again; NEVER without trouble. */
babel_time trouble_again(const struct trouble *);

#endif
