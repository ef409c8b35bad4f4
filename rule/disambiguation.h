/*
 * rule/disambiguation.h - source-specific routes for a kernel that looks at the
 * source first: what each source's table must hold (RFC 9079, section 4).
 *
 * No system call, no global: what is to be done is handed to a callback.
 * One instance serves one family of addresses.
 */
#ifndef RULE_DISAMBIGUATION_H
#define RULE_DISAMBIGUATION_H

#include "babel.h"

struct disambiguation;

/*
 * The table of key.from must change so at key.to: an entry comes, changes
 * or goes.  The entries' table, and by_rule, are left to the receiver.
 * Steps must be carried out in the order in which they come.  Returns 0,
 * or an errno: it will not be done.  Must not call back; each step that
 * was taken (0) is answered by disambiguation_done later.
 */
typedef int disambiguation_step(void *ctx, const struct fib_change *);

/* NULL for no memory. */
struct disambiguation *disambiguation_new(disambiguation_step *, void *ctx);
void	disambiguation_free(struct disambiguation *);

/*
 * A route that we installed, or NULL: none any more.  Where the key has no
 * source prefix, the route itself is in the kernel's plain table, by other
 * means, and its entry does not matter; call this after it was installed
 * and before it is removed.  0, or the errno of what could not be done;
 * then some steps may be missing, until a review or the next change.
 */
int	disambiguation_set(struct disambiguation *,
	    const struct destination_key *, const struct fib_entry *);
/* The same of a route that others have there: a network we are attached
 * to, somebody's static route, what we redistribute. */
int	disambiguation_set_other(struct disambiguation *,
	    const struct destination_key *, bool present);

/* The answer to a step, in the order of the steps: 0, or an errno. */
void	disambiguation_done(struct disambiguation *,
	    const struct fib_change *step, int error);
/* The entry was removed by others.  True if it was a route of ours: it is
 * forgotten, as if it had been unset.  Else it comes again. */
bool	disambiguation_lost(struct disambiguation *,
	    const struct destination_key *);

/* Compare everything with what should be, after failures: begin, then
 * look at a number of entries; true while there are more. */
void	disambiguation_review(struct disambiguation *);
bool	disambiguation_review_slice(struct disambiguation *,
	    unsigned int budget);

/* What a source's table holds, unless it is just being changed there; and
 * the first entry after a key (NULL: of all), by source, then destination.
 * False: nothing. */
bool	disambiguation_find(const struct disambiguation *,
	    const struct destination_key *, struct fib_entry *);
bool	disambiguation_after(const struct disambiguation *,
	    const struct destination_key *after, struct destination_key *,
	    struct fib_entry *);
/* Is there anything in the table of that source, or going there? */
bool	disambiguation_uses(const struct disambiguation *,
	    const struct prefix *from);

#endif
