/*
 * kernel/own.c - which of the kernel's routes are ours.
 */
#include "kernel/own.h"

#include "babel.h"
#include "kernel.h"
#include "kernel/kernel_state.h"
#include "kernel/route_message.h"
#include "prefix.h"

bool
kernel_own_find(const struct kernel *kernel,
    const struct route_message *message, struct destination_key *key,
    struct fib_entry *installed)
{
	*key = message->route.key;
	return kernel->fib_queries != NULL && message->tos == 0 &&
	    kernel->fib_queries->find(kernel->fib_ctx, key,
	    message->route.table, installed) &&
	    kernel_route_same_place(key, installed, &message->entry);
}

bool
kernel_own_is_same(const struct kernel *kernel,
    const struct route_message *message, const struct destination_key *key,
    const struct fib_entry *installed)
{
	return kernel_route_fingerprint(kernel, &message->route.key,
	    &message->entry) ==
	    kernel_route_fingerprint(kernel, key, installed);
}

bool
kernel_own_has(const struct kernel *kernel,
    const struct route_message *message)
{
	struct destination_key key;
	struct fib_entry installed;

	return kernel_own_find(kernel, message, &key, &installed) &&
	    kernel_own_is_same(kernel, message, &key, &installed);
}
