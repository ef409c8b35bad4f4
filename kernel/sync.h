/*
 * kernel/sync.h - reading the whole state of the kernel, in slices.
 */
#ifndef KERNEL_SYNC_H
#define KERNEL_SYNC_H

#include "kernel/dump.h"
#include "kernel/marks.h"

struct sync {
	enum sync_task task, next;	/* in progress; after that */
	unsigned int stage, tries;
	struct dump_request request;	/* of the stage in progress */
	uint32_t seq;			/* of its messages */
	unsigned int datagrams;		/* read of it */
	bool is_inconsistent;		/* the dump must be repeated */
	bool is_lossy;			/* a datagram of it was lost */
	bool restart;			/* with everything, after it */
	uint32_t ipv6_changes;		/* marks.ipv6_changes at its start */
	bool is_walking;		/* comparing: the dumps are done */
	struct walk own_walk;		/* over our routes */
	unsigned int lost;		/* found by it */
};

/* The dump socket or the timer is readable. */
void	kernel_sync_ready(struct kernel *);
void	kernel_sync_timer(struct kernel *);

#endif
