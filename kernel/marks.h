/*
 * kernel/marks.h - what must be read again and when, and what has happened
 * since the reading began.
 *
 * The tables of the kernel layer only mark here; kernel/sync.c acts on it.
 */
#ifndef KERNEL_MARKS_H
#define KERNEL_MARKS_H

#include "babel.h"
#include "set.h"

struct kernel;

enum sync_task {
	SYNC_NOTHING,
	SYNC_VERIFY,			/* our own routes only */
	SYNC_ALL,
};

#define SYNC_TASKS 3

struct kernel_marks {
	babel_time due[SYNC_TASKS];	/* when to begin, or NEVER */
	babel_time begun[SYNC_TASKS];	/* the last time */
	babel_time spent[SYNC_TASKS];	/* how long that took */
	babel_time deadline;		/* of the dump in progress, or NEVER */
	babel_time reopen_due;		/* of the sockets, or NEVER */
	babel_time retry_due;		/* of changes, or NEVER */
	bool wants_turn;		/* needs the next turn, too */
	uint32_t generation;		/* counts tasks of SYNC_ALL */
	uint32_t ipv6_changes;		/* counts: IPv6 routes came or went */
	bool keeps_own, keeps_gone;	/* the sets are being filled */
	bool reads_own;			/* the dump is one of our own routes */
	bool own_failed;		/* no memory: the set is useless */
	struct set own;			/* our routes, as dumped */
	struct set gone;		/* what was removed meanwhile */
};

void	kernel_marks_init(struct kernel *);
void	kernel_marks_free(struct kernel *);
/* Empty the sets. */
void	kernel_marks_clear(struct kernel *);
/* Schedule a task after a delay, or sooner if it is due already, or later if it
 * began a moment ago.  Strangers can cause tasks without end, so tasks take no
 * more than a small share of the time. */
void	kernel_marks_schedule(struct kernel *, enum sync_task,
	    babel_time delay);
/* One of the sockets does not answer: open them anew, and read everything
 * again. */
void	kernel_marks_reopen(struct kernel *, babel_time delay);
/* Set the timer to expire when the next task is due. */
void	kernel_marks_set_timer(struct kernel *);
/* A notification reported that something is gone: a datagram of the dump that
 * was written earlier must not bring it back. */
void	kernel_marks_gone(struct kernel *, uint64_t fingerprint);
bool	kernel_marks_is_gone(const struct kernel *, uint64_t fingerprint);
/* A dump reports one of our own routes. */
void	kernel_marks_own(struct kernel *, uint64_t fingerprint);
/* A change of ours was acknowledged while a task may be running. */
void	kernel_marks_installed(struct kernel *, uint64_t fingerprint);

/* A fingerprint of something of a kind: not 0, and not predictable. */
uint64_t kernel_marks_hash(const struct kernel *, unsigned int kind,
	    const void *octets, size_t len);

#endif
