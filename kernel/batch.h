/*
 * kernel/batch.h - requests to change routes that are sent together, and the
 * outcome of each.
 */
#ifndef KERNEL_BATCH_H
#define KERNEL_BATCH_H

#include "kernel.h"
#include "kernel/route_message.h"

#define OUTCOME_TEXT_MAX 96
#define UNANSWERED	(-1)		/* the outcome is not known */

struct outcome {
	int error;			/* errno, or UNANSWERED */
	char text[OUTCOME_TEXT_MAX];	/* the kernel's message, or "" */
};

struct batch {
	struct kernel *kernel;
	unsigned int count;
	size_t len;
	size_t starts[KERNEL_BATCH];	/* of the requests in the buffer */
	struct outcome *outcomes[KERNEL_BATCH];	/* or NULL */
	_Alignas(struct nlmsghdr)
	uint8_t buffer[KERNEL_BATCH * ROUTE_REQUEST_MAX];
};

/* An empty batch. */
void	batch_init(struct batch *, struct kernel *);
/* Room for a request of at most ROUTE_REQUEST_MAX octets; and: add the request
 * that was written there.  The outcome, which may be NULL, is filled in when
 * the batch is settled. */
void	*batch_room(struct batch *);
void	batch_take(struct batch *, struct nlmsghdr *, struct outcome *);
/* Add a request to add a route, with the NLM_F_ flags, or to delete it. */
void	batch_add(struct batch *, unsigned int flags,
	    const struct destination_key *, const struct fib_entry *,
	    struct outcome *);
void	batch_delete(struct batch *, const struct destination_key *,
	    const struct fib_entry *, struct outcome *);
/* Send the batch and read the answers.  0, or an errno if it could not be sent;
 * then nothing is answered.  Outcomes may stay UNANSWERED even so; then the
 * sockets will be opened anew. */
int	batch_run(struct batch *);
/* Requests that were not answered get that outcome. */
void	batch_settle(struct batch *, int error);
/* Run the batch; if it cannot be sent, the error is the outcome. */
void	batch_finish(struct batch *);
/* Run the batch and begin a new one, if fewer than n more requests fit. */
void	batch_make_room(struct batch *, unsigned int n);
/* A route that is not there need not be deleted: is the errno of a deletion
 * as good as success? */
bool	batch_is_deleted(int error);

#endif
