/*
 * kernel/stray.c - routes of our protocol that no instance has.
 *
 * A crashed instance leaves its routes, in whatever tables it was configured
 * for; a change whose answer was lost may leave one, too.  Protocol 42 shows
 * that a babeld installed them, and the claims of living instances show that
 * none of these did.  The dump that compares our routes with the kernel's finds
 * them.  They are removed after it, because a dump of a table that changes
 * meanwhile is not complete.
 */
#include "kernel/stray.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "babel.h"
#include "kernel.h"
#include "kernel/batch.h"
#include "kernel/flush.h"
#include "kernel/kernel_state.h"
#include "kernel/own.h"
#include "kernel/route_message.h"

#define STRAYS_MAX	4096	/* at a time; the next dump finds more */

struct stray {
	struct route_message message;
	_Alignas(struct nlmsghdr) uint8_t request[ROUTE_REQUEST_MAX];
};

void
kernel_stray_note(struct kernel *kernel, const struct nlmsghdr *nlh,
    const struct route_message *message)
{
	struct stray *stray, *more;

	if (kernel->fib_queries == NULL ||
	    kernel->stray_count == STRAYS_MAX ||
	    kernel_own_has(kernel, message) ||
	    !kernel->fib_queries->is_free(kernel->fib_ctx,
	    message->route.table))
		return;
	more = reallocarray(kernel->strays, kernel->stray_count + 1,
	    sizeof(*more));
	if (more == NULL)
		return;			/* the next dump may find memory */
	kernel->strays = more;
	stray = &more[kernel->stray_count++];
	stray->message = *message;
	(void)kernel_flush_encode(stray->request, nlh);
}

void
kernel_stray_remove(struct kernel *kernel)
{
	unsigned int i, removed = 0;
	struct batch batch;
	struct nlmsghdr *nlh;
	struct stray *stray;

	batch_init(&batch, kernel);
	for (i = 0; i < kernel->stray_count; i++) {
		stray = &kernel->strays[i];
		/* We may have installed it meanwhile. */
		if (kernel_own_has(kernel, &stray->message))
			continue;
		batch_make_room(&batch, 1);
		nlh = (struct nlmsghdr *)(void *)stray->request;
		memcpy(batch_room(&batch), nlh, nlh->nlmsg_len);
		batch_take(&batch, batch_room(&batch), NULL);
		removed++;
	}
	batch_finish(&batch);
	if (removed > 0)
		kernel->events->log(kernel->ctx, LOG_INFO,
		    "removing %u routes that no living instance holds",
		    removed);
	kernel_stray_free(kernel);
}

void
kernel_stray_free(struct kernel *kernel)
{
	free(kernel->strays);
	kernel->strays = NULL;
	kernel->stray_count = 0;
}
