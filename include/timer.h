/*
 * timer.h - an intrusive four-way heap of deadlines.
 *
 * No callbacks: the owner pops due timers and dispatches on their kind in
 * one switch (babel.c).  Timers due at the same time fire in the order in
 * which they were set, so that a run can be replayed.
 */
#ifndef TIMER_H
#define TIMER_H

#include "util.h"

enum timer_kind {
	/* prompt: other routers notice when these are late */
	TIMER_INTERFACE_HELLO,		/* the next multicast Hello */
	TIMER_INTERFACE_SEND,		/* an interface's outbox */
	TIMER_NEIGHBOUR_SEND,		/* a neighbour's outbox */
	TIMER_NEIGHBOUR_PROBE,		/* is an overdue neighbour alive? */
	TIMER_REQUEST_RESEND,
	TIMER_DELIVERY_RESEND,		/* an unacknowledged update */
	TIMER_SHUTDOWN,
	/* patient: may lag behind a burst without harm */
	TIMER_INTERFACE_UPDATE,		/* next slice of the full update */
	TIMER_INTERFACE_WAIT,		/* log why it still does not run */
	TIMER_NEIGHBOUR_DUMP,		/* next slice of a unicast dump */
	/* a Hello is overdue: */
	TIMER_NEIGHBOUR_MULTICAST_HELLO,
	TIMER_NEIGHBOUR_UNICAST_HELLO,
	TIMER_NEIGHBOUR_IHU,
	TIMER_NEIGHBOUR_UNUSED,
	TIMER_ROUTE_EXPIRY,
	TIMER_SOURCE_GC,
	TIMER_DESTINATION_HOLD,
	TIMER_DESTINATION_RESELECT,
	TIMER_DESTINATION_REPEAT,
	TIMER_FIB_RETRY,
	TIMER_UNRECORDED,		/* what there was no memory for */
	TIMER_KINDS
};

/* Embedded in its owner, several in each destination, and therefore small;
 * zero-initialised plus timer_init. */
struct timer {
	babel_time due;
	uint32_t order;			/* breaks ties: first set, first out */
	unsigned int kind : 5;		/* enum timer_kind */
	unsigned int index : 27;	/* heap slot plus one; 0: idle */
};

struct timer_heap {
	struct timer **slots;
	uint32_t order;			/* of the next one set; wraps */
	uint32_t used, size, reserved;
};

void	timer_init(struct timer *, enum timer_kind);
/* Reserve room for count more timers, or give it back.  0, or -1 for no memory.
 * With its room reserved, setting a timer cannot fail. */
int	timer_heap_reserve(struct timer_heap *, uint32_t count);
void	timer_heap_unreserve(struct timer_heap *, uint32_t count);
/* Set, or move, a timer. */
void	timer_set(struct timer_heap *, struct timer *, babel_time due);
/* Set the timer, but never later than it is set now. */
void	timer_advance(struct timer_heap *, struct timer *, babel_time due);
void	timer_stop(struct timer_heap *, struct timer *);
bool	timer_is_set(const struct timer *);
/* Take the first timer that is due, or NULL. */
struct timer *timer_pop(struct timer_heap *, babel_time now);
/* When the first timer is due, or NEVER. */
babel_time timer_next(const struct timer_heap *);
void	timer_heap_free(struct timer_heap *);

#endif
