/*
 * kernel/stray.h - routes of our protocol that no instance has.
 */
#ifndef KERNEL_STRAY_H
#define KERNEL_STRAY_H

#include "kernel/route_message.h"

/* A dump of our own routes reports one: note it if no instance has it. */
void	kernel_stray_note(struct kernel *, const struct nlmsghdr *,
	    const struct route_message *);
/* The dump is done: remove the noted routes. */
void	kernel_stray_remove(struct kernel *);
void	kernel_stray_free(struct kernel *);

#endif
