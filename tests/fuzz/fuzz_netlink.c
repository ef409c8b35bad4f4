/*
 * fuzz_netlink.c - messages of the kernel: whatever they say, no harm is
 * done, and what is told of links and routes makes sense.
 *
 * The first byte says whether they come by a dump; the rest are messages
 * as they lie in a datagram.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/attribute.h"
#include "kernel/notify.h"
#include "kernel/kernel_state.h"
#include "kernel/stray.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void
on_link(void *ctx, const struct link_state *state, bool present)
{
	(void)ctx;
	(void)present;
	check(state->ifindex != 0, "a link without an index");
	check(memchr(state->name, '\0', sizeof(state->name)) != NULL,
	    "a name without an end");
	check(state->link_local_count <= LINK_ADDRESSES, "addresses");
}

static bool
on_route(void *ctx, const struct kernel_route *route, bool present)
{
	(void)ctx;
	(void)present;
	check(route->proto != PROTOCOL_BABEL, "a route of ours");
	check(destination_key_is_valid(&route->key), "an invalid key");
	check(memchr(route->ifname, '\0', sizeof(route->ifname)) != NULL,
	    "a name without an end");
	return true;
}

static unsigned int
on_displaced(void *ctx, const struct kernel_route *route)
{
	(void)ctx;
	return route->priority;
}

static void
on_lost(void *ctx, const struct destination_key *key)
{
	size_t *count = ctx;

	*count += key->to.plen;
}

static void
on_room(void *ctx, const struct destination_key *key, uint32_t table)
{
	(void)table;
	on_lost(ctx, key);
}

static void
on_rule(void *ctx, const struct kernel_rule *rule, bool present)
{
	(void)ctx;
	(void)present;
	check(rule->from.plen <= 128 && rule->to.plen <= 128, "a length");
}

/* All is held, so that all is compared. */
static bool
on_find(void *ctx, struct destination_key *key, uint32_t table,
    struct fib_entry *entry)
{
	(void)ctx;
	(void)key;
	memset(entry, 0, sizeof(*entry));
	entry->table = table;
	return true;
}

static void
on_log(void *ctx, int priority, const char *format, ...)
{
	(void)ctx;
	(void)priority;
	(void)format;
}

static const struct kernel_events events = {
	.link = on_link, .route = on_route, .displaced = on_displaced,
	.rule = on_rule, .log = on_log
};
static const struct kernel_fib_events fib_events = {
	.lost = on_lost, .room = on_room
};
static bool
on_is_free(void *ctx, uint32_t table)
{
	(void)ctx;
	return table % 2 == 0;
}

static const struct kernel_fib_queries fib_queries = {
	.find = on_find, .is_free = on_is_free
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t tables[] = { 254, 255, 0 };
	struct kernel kernel = {
		.events = &events, .timer = -1,
		.fib_events = &fib_events, .fib_queries = &fib_queries
	};
	const struct nlmsghdr *nlh;
	size_t count = 0;
	uint8_t *copy;
	int len = (int)size - 1;

	if (size < 1 || (copy = malloc(size)) == NULL)
		return 0;
	memcpy(copy, data + 1, size - 1);
	kernel.ctx = kernel.fib_ctx = &count;
	kernel.conf.import_tables = tables;
	kernel.conf.import_table_count = 3;
	kernel.conf.sysfs = "/nonexistent";
	kernel_link_init(&kernel);
	kernel_marks_init(&kernel);
	nlh = (const struct nlmsghdr *)(void *)copy;
	for (; message_is_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		kernel_netlink_message(&kernel, nlh, (data[0] & 1) != 0);
	kernel_link_report(&kernel);
	kernel_link_review(&kernel);
	kernel_link_sweep(&kernel);
	kernel_link_free(&kernel);
	kernel_marks_free(&kernel);
	kernel_stray_free(&kernel);
	free(copy);
	return 0;
}
