/*
 * debt.h - what we owe to whom about a destination: news that could not be
 * told yet, who is to be told more than the others, and, once it is lost,
 * the hold time (RFC 8966, section 3.5.4).
 *
 * Most destinations owe nothing.  What needs timers or a list is in a
 * record that exists while something is owed.  The states need no memory,
 * and so no debt is lost for lack of it: a hold without a record lasts until
 * babel.unrecorded fires, a full hold time at least.
 */
#ifndef DEBT_H
#define DEBT_H

#include "timer.h"
#include "tree.h"

struct babel;
struct destination;
TREE_HEAD(delivery_tree);

enum debt {
	DEBT_NEWS = 1 << 0,	/* it could not be told: the kernel was busy */
	DEBT_DENIAL = 1 << 1,	/* the output filter denies what it did not */
	DEBT_ANSWER = 1 << 2,	/* several asked: it is told on every link */
	DEBT_OTHERS = 1 << 3,	/* split horizon concerns other links now */
	DEBT_COPY = 1 << 4,	/* what is told is a copy, for crowds alone */
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
	bool undelivered;		/* somebody cannot, or did not */
	uint16_t last_metric;		/* that was announced before a hold */
};

struct debts {
	struct debt_record *record;	/* owned; or NULL */
	/* Split horizon silenced it there since: owed one retraction. */
	unsigned int silent_ifindex;
	uint8_t states;			/* enum debt */
};

/* Is it owed?  It is from now on; these are not any more. */
bool	debt_is(const struct destination *, enum debt);
void	debt_owe(struct destination *, enum debt);
void	debt_pay(struct destination *, unsigned int debts);

/* The link that is owed a retraction, because split horizon silences the
 * destination there; 0: none. */
unsigned int debt_silent_ifindex(const struct destination *);
void	debt_silence(struct destination *, unsigned int ifindex);

/* The record, which is made if there is none; NULL for no memory. */
struct debt_record *debt_record(struct babel *, struct destination *);
/* Free the record if nothing is in it any more. */
void	debt_tidy(struct babel *, struct destination *);

/* The hold time begins, or begins again; that metric was announced. */
void	debt_hold(struct babel *, struct destination *, uint16_t last_metric);
/* Nobody will use us any more at that time: the kernel's part of it ends
 * then.  Somebody may, after all: both last as long as they were to. */
void	debt_hold_less(struct babel *, struct destination *, babel_time);
void	debt_hold_on(struct babel *, struct destination *);
/* The kernel's part is over.  True: the rest lasts on. */
bool	debt_lift_barrier(struct babel *, struct destination *);
void	debt_end_hold(struct babel *, struct destination *);
/* The metric that was announced before the hold; 0 if it is not known. */
uint16_t debt_last_metric(const struct destination *);

/* Will somebody never acknowledge it?  Then the hold lasts to its end. */
bool	debt_is_undelivered(const struct destination *);
void	debt_set_undelivered(struct destination *, bool);

/* Copies are due where there is a crowd; the timer fired, and one of them
 * is to be sent now, if that is true. */
void	debt_repeat(struct babel *, struct destination *);
bool	debt_take_copy(struct babel *, struct destination *);

/* Nothing is owed any more; there are no deliveries. */
void	debt_forgive(struct babel *, struct destination *);

#endif
