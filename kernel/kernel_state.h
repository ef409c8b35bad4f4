/*
 * kernel/kernel_state.h - what the kernel layer keeps.
 *
 *	kernel_netlink.c	life cycle
 *	kernel/sync.c		reads all tables, in slices
 *	kernel/notify.c		reads notifications, and dispatches messages
 *	kernel/rule_message.c	policy rules
 *	kernel/flush.c		whole tables
 *	kernel/stray.c		routes of ours that nobody holds
 *	kernel/fib.c		changes of routes and their answers
 *	kernel/batch.c		requests by the batch
 *	kernel/watch.c		what a message about a route means
 *	kernel/nexthop.c	nexthop objects
 *	kernel/own.c		which routes are ours
 *	kernel/route_message.c	route messages to values and back
 *	kernel/link.c		the table of links and their addresses
 *	kernel/kind.c		what a link is
 *	kernel/marks.c		what must be read again
 *	kernel/address.c	addresses that we add
 *	kernel/dump.c		asks for a table
 *	kernel/socket.c		opens a socket, asks, waits
 *	kernel/attribute.c	parts of messages
 */
#ifndef KERNEL_KERNEL_STATE_H
#define KERNEL_KERNEL_STATE_H

#include "kernel.h"
#include "kernel/dump.h"
#include "kernel/link.h"
#include "kernel/marks.h"
#include "kernel/sync.h"

#define NEXTHOPS	64

struct nexthop {
	uint32_t id;			/* 0: none */
	unsigned int ifindex;
};

struct kernel {
	const struct kernel_events *events;
	void *ctx;
	const struct kernel_fib_events *fib_events;
	const struct kernel_fib_queries *fib_queries;	/* or NULL */
	void *fib_ctx;			/* of both */
	struct kernel_conf conf;	/* owns its arrays and strings */

	int command, notify, dump, timer;
	uint32_t command_port;		/* netlink address */
	uint32_t seq;

	struct kernel_link_tree links;
	struct kernel_address_tree addresses;
	struct kernel_link_queue dirty;
	uint64_t next_order;
	bool holds_links;		/* report after the addresses */

	struct fib_change window[KERNEL_BATCH];
	unsigned int queued;
	struct fib_change stale[KERNEL_BATCH]; /* deletions, not done yet */
	unsigned int stale_count;
	babel_time repeat_delay;	/* of changes without an answer */
	babel_time failure_second;	/* of the last failure logged */
	unsigned int failures_logged;	/* in that second */

	bool uses_pref_src;		/* a lost address may cost a route */
	bool has_ipv4_imports;		/* IPv4 routes of others matter */
	bool has_ipv6_siblings;		/* foreign IPv6 multipath was seen */
	bool has_ipv4_spread;		/* IPv4 routes by unknown links */
	struct kernel_marks marks;
	struct sync sync;
	struct nexthop nexthops[NEXTHOPS];	/* the last asked for */
	bool has_nexthops;		/* there ever was one */
	struct stray *strays;		/* owned; found by the dump */
	unsigned int stray_count;

	struct dump_room leaving;	/* reserved: to remove our routes */
	babel_time quiet_until;		/* no log of lost ones before */
	int read_error;			/* an errno, of kernel_ready */
	uint64_t overruns;		/* of the notifications */
	uint64_t seed;			/* of the fingerprints */
	uint8_t *buffer;		/* NETLINK_BUFFER, for datagrams */
};

#endif
