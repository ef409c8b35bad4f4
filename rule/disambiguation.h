/*
 * rule/disambiguation.h - source-specific routes for a kernel that looks at the
 * source first: what each source's table must hold (RFC 9079, section 4).
 *
 * No system call, no global: the steps to be done are handed to a callback.
 * One instance serves one family of addresses.
 */
#ifndef RULE_DISAMBIGUATION_H
#define RULE_DISAMBIGUATION_H

#include "babel.h"

struct disambiguation;

/*
 * The table of key.from must change at key.to: an entry is added, changed or
 * removed.  The receiver fills in the entries' table and by_rule.  Steps must
 * be carried out in the order in which they come.  Returns 0, or an errno if
 * the step will not be done.  Must not call back; each step that was taken (0)
 * is answered by disambiguation_done later.
 */
typedef int disambiguation_step(void *ctx, const struct fib_change *);

/* NULL for no memory. */
struct disambiguation *disambiguation_new(disambiguation_step *, void *ctx);
void	disambiguation_free(struct disambiguation *);

/*
 * A route that we installed, or NULL if there is none any more.  Where the key
 * has no source prefix, the route itself is in the kernel's plain table, put
 * there by other means, and its entry does not matter; call this after it was
 * installed and before it is removed.  0, or the errno of a step that failed;
 * then some steps may be missing until a review or the next change.
 */
int	disambiguation_set(struct disambiguation *,
	    const struct destination_key *, const struct fib_entry *);
/* The same for a route that others have: a network we are attached to,
 * somebody's static route, a route that we redistribute. */
int	disambiguation_set_other(struct disambiguation *,
	    const struct destination_key *, bool present);

/* The answer to a step, in the order of the steps: 0, or an errno. */
void	disambiguation_done(struct disambiguation *,
	    const struct fib_change *step, int error);
/* The entry was removed by others.  True if it was a route of ours, which is
 * forgotten as if it had been unset; otherwise the entry is added again. */
bool	disambiguation_lost(struct disambiguation *,
	    const struct destination_key *);

/* After failures, compare everything with the right state: begin, then look at
 * a number of entries; true while there are more. */
void	disambiguation_review(struct disambiguation *);
bool	disambiguation_review_slice(struct disambiguation *,
	    unsigned int budget);

/* The entry of a source's table, unless it is being changed; and the first
 * entry after a key (NULL: of all), by source, then destination.  False if
 * there is none. */
bool	disambiguation_find(const struct disambiguation *,
	    const struct destination_key *, struct fib_entry *);
bool	disambiguation_after(const struct disambiguation *,
	    const struct destination_key *after, struct destination_key *,
	    struct fib_entry *);
/* Does the table of that source have any entry, or is one being added? */
bool	disambiguation_uses(const struct disambiguation *,
	    const struct prefix *from);

#endif
