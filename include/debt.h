/*
 * debt.h - what must still be announced about a destination, and to whom: a
 * change that could not be announced yet, links that need more than the others,
 * and, once the destination is lost, the hold time (RFC 8966, section 3.5.4).
 *
 * Most destinations owe nothing.  Timers and lists are in a record that exists
 * only while something is owed.  The states need no memory, so no debt is lost
 * for want of it: a hold without a record lasts until babel.unrecorded fires, a
 * full hold time at least.
 */
#ifndef DEBT_H
#define DEBT_H

#include "timer.h"
#include "tree.h"

struct babel;
struct destination;
TREE_HEAD(delivery_tree);

enum debt {
	DEBT_NEWS = 1 << 0,	/* not announced: kernel was busy */
	DEBT_DENIAL = 1 << 1,	/* the output filter denies it now */
	DEBT_ANSWER = 1 << 2,	/* several asked: on every link */
	DEBT_OTHERS = 1 << 3,	/* split horizon affects other links */
	DEBT_COPY = 1 << 4,	/* a repetition, for crowds only */
	/* Neighbours may still use us: dumps retract it ... */
	DEBT_HOLD = 1 << 5,
	/* ... and the kernel has an unreachable entry. */
	DEBT_BARRIER = 1 << 6,
};

struct debt_record {
	struct destination *destination;
	struct delivery_tree owed;	/* delivery.c's; not acknowledged */
	struct timer hold;
	babel_time hold_until;		/* retracted in dumps till then */
	struct timer repeat;		/* copies where many neighbours are */
	uint8_t repeats;		/* left */
	bool undelivered;	/* a neighbour cannot, or did not, ack */
	uint16_t last_metric;		/* announced before the hold */
};

struct debts {
	struct debt_record *record;	/* owned; or NULL */
	/* Split horizon has silenced it there since; that link is owed one
	 * retraction. */
	unsigned int silent_ifindex;
	uint8_t states;			/* enum debt */
};

/* Is the state set?  Set it; clear several. */
bool	debt_is(const struct destination *, enum debt);
void	debt_owe(struct destination *, enum debt);
void	debt_pay(struct destination *, unsigned int debts);

/* The link that is owed a retraction because split horizon silences the
 * destination there; 0: none. */
unsigned int debt_silent_ifindex(const struct destination *);
void	debt_silence(struct destination *, unsigned int ifindex);

/* The record, which is created if necessary; NULL for no memory. */
struct debt_record *debt_record(struct babel *, struct destination *);
/* Free the record if it is empty. */
void	debt_tidy(struct babel *, struct destination *);

/* The hold time begins, or begins again; that metric was announced before. */
void	debt_hold(struct babel *, struct destination *, uint16_t last_metric);
/* No neighbour will use us any more at that time, when the kernel's part of the
 * hold ends; or a neighbour may after all, and both parts last as long as
 * before. */
void	debt_hold_less(struct babel *, struct destination *, babel_time);
void	debt_hold_on(struct babel *, struct destination *);
/* The kernel's part of the hold is over.  True if the rest goes on. */
bool	debt_lift_barrier(struct babel *, struct destination *);
void	debt_end_hold(struct babel *, struct destination *);
/* The metric that was announced before the hold; 0 if it is not known. */
uint16_t debt_last_metric(const struct destination *);

/* Is there a neighbour that will never acknowledge the retraction?  Then the
 * hold lasts to its end. */
bool	debt_is_undelivered(const struct destination *);
void	debt_set_undelivered(struct destination *, bool);

/* Schedule repetitions for crowded links; and: the timer fired, true if one is
 * to be sent now. */
void	debt_repeat(struct babel *, struct destination *);
bool	debt_take_copy(struct babel *, struct destination *);

/* Nothing is owed any more, and there are no deliveries. */
void	debt_forgive(struct babel *, struct destination *);

#endif
