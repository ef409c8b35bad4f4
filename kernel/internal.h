/*
 * kernel/internal.h - what the files of the kernel layer share.
 *
 *	kernel_netlink.c	sockets, notifications, life cycle
 *	kernel/sync.c		dumps: links, addresses, routes, our own
 *	kernel/link.c		the table of links and their addresses
 *	kernel/route.c		route messages to values and back
 *	kernel/fib.c		batches of changes and their answers
 *	kernel/rule.c		policy rules
 *	kernel/address.c	addresses of our own
 *	kernel/dump.c		requests for tables, and reading them at once
 */
#ifndef KERNEL_INTERNAL_H
#define KERNEL_INTERNAL_H

#include <sys/queue.h>
#include <sys/tree.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <libmnl/libmnl.h>

#include "kernel.h"
#include "kernel/kind.h"

#define NETLINK_BUFFER	65536		/* holds any dump datagram */
#define ANSWER_MAX	1024		/* octets, to one request */
#define ANSWER_WAIT	100		/* milliseconds */
#define ANSWER_PATIENCE	50		/* times that */
#define PRIORITY_IPV6	1024		/* what priority 0 means for IPv6 */

/* Kernel 5.1; the headers of Debian 12 have it, older ones may not. */
#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK	12
#endif

/* Is there a message in the len octets left?  libmnl's own test takes a
 * length beyond 2^31 for a negative one, and lets it pass. */
static inline bool
message_is_ok(const struct nlmsghdr *nlh, int len)
{
	return mnl_nlmsg_ok(nlh, len) && nlh->nlmsg_len <= (uint32_t)len;
}

/* libmnl's loops over attributes, for const messages. */
static inline bool
attribute_is_ok(const struct nlattr *attr, const void *end)
{
	return mnl_attr_ok(attr,
	    (int)((const char *)end - (const char *)attr));
}

#define FOR_EACH_ATTRIBUTE(attr, nlh, offset) \
	for ((attr) = mnl_nlmsg_get_payload_offset(nlh, offset); \
	    attribute_is_ok(attr, mnl_nlmsg_get_payload_tail(nlh)); \
	    (attr) = mnl_attr_next(attr))
#define FOR_EACH_ATTRIBUTE_NESTED(attr, nest) \
	for ((attr) = mnl_attr_get_payload(nest); \
	    attribute_is_ok(attr, (const char *)mnl_attr_get_payload(nest) + \
	    mnl_attr_get_payload_len(nest)); (attr) = mnl_attr_next(attr))

/* The number in the attribute; false, and nothing is changed, if it is of
 * another length. */
static inline bool
attribute_u32(const struct nlattr *attr, uint32_t *value)
{
	if (mnl_attr_get_payload_len(attr) != sizeof(*value))
		return false;
	*value = mnl_attr_get_u32(attr);
	return true;
}

/* kernel/link.c */

struct kernel_address {
	RB_ENTRY(kernel_address) entry;	/* by ifindex, address, plen */
	unsigned int ifindex;
	struct in6_addr address;	/* link-local, or v4-mapped */
	uint8_t plen;
	bool usable;			/* past duplicate detection */
	bool labelled;			/* IPv4: labelled by the link's name */
	uint32_t generation;		/* of the dump that saw it last */
	uint64_t order;			/* of arrival: the kernel's own order */
};
RB_HEAD(kernel_address_tree, kernel_address);

struct kernel_link {
	RB_ENTRY(kernel_link) entry;	/* by ifindex */
	TAILQ_ENTRY(kernel_link) dirty_entry;
	struct link_state told;		/* what the link event said last */
	unsigned int ifindex;
	unsigned int flags, master;	/* IFF_*; index of a bridge, or 0 */
	unsigned int mtu;
	unsigned short hardware;	/* ARPHRD_* */
	uint32_t generation;
	char name[IFNAME_SIZE];
	char kind_name[IFNAME_SIZE];	/* IFLA_INFO_KIND */
	enum link_kind kind;
	char reason[LINK_REASON_SIZE];
	bool is_dirty;			/* in kernel.dirty */
	bool was_told;
	bool has_routes;		/* we installed routes through it */
	bool has_imports;		/* others' IPv4 routes leave by it */
};
RB_HEAD(kernel_link_tree, kernel_link);
TAILQ_HEAD(kernel_link_queue, kernel_link);

/* kernel/route.c: a route message, decoded. */
struct route_message {
	struct kernel_route route;	/* ifname is not filled in */
	struct fib_entry entry;		/* as if we had installed it */
	uint8_t type;			/* RTN_* */
	uint8_t tos;
	bool is_ipv4, is_cloned, is_multipath;
};

/* kernel/dump.c: what to ask for. */
struct dump_request {
	uint16_t type;			/* RTM_GET* */
	uint8_t family;
	uint8_t protocol;		/* routes: 0 for all */
	uint32_t table;			/* routes: 0 for all */
	unsigned int ifindex;		/* addresses: 0 for all */
};

/* Takes a message of the answer; false: it has seen enough. */
struct dump_taker {
	bool (*take)(void *ctx, const struct nlmsghdr *);
	void *ctx;
};

/* kernel/sync.c: a set of fingerprints. */
struct fingerprints {
	uint64_t *slots;		/* open addressing; 0 is free */
	size_t size, used;		/* size: 0 or a power of two */
	bool failed;			/* for want of memory: it is useless */
};

enum sync_task {
	SYNC_NOTHING,
	SYNC_VERIFY,			/* our own routes only */
	SYNC_ALL,
};

#define SYNC_TASKS 3

struct sync {
	enum sync_task task, next;	/* in progress; after that */
	unsigned int stage, tries;
	struct dump_request request;	/* of the stage in progress */
	uint32_t seq;			/* of its messages */
	unsigned int datagrams;		/* read of it */
	bool is_inconsistent;		/* the dump must be repeated */
	uint32_t ipv6_changes;		/* kernel.ipv6_changes at its start */
	uint32_t generation;		/* counts tasks of SYNC_ALL */
	struct fingerprints own;	/* our routes, as dumped */
	struct fingerprints gone;	/* what was removed meanwhile */
	bool is_walking;		/* comparing: the dumps are done */
	bool has_cursor;
	struct destination_key cursor;	/* of the walk */
	unsigned int lost;		/* found by it */
	babel_time due[SYNC_TASKS];	/* when to begin, or NEVER */
	babel_time begun[SYNC_TASKS];	/* the last time */
};

struct kernel {
	const struct kernel_events *events;
	void *ctx;
	struct kernel_conf conf;	/* owns its arrays and strings */

	int command, notify, dump, timer;
	uint32_t command_port;		/* netlink address */
	uint32_t seq;

	struct kernel_link_tree links;
	struct kernel_address_tree addresses;
	struct kernel_link_queue dirty;
	uint64_t next_order;
	bool holds_links;		/* tell after the dump of addresses */

	struct fib_change window[KERNEL_BATCH];
	unsigned int queued;
	struct fib_change stale[KERNEL_BATCH];	/* deletions: what moved on */
	unsigned int stale_count;
	babel_time failure_second;	/* of the last failure logged */
	unsigned int failures_logged;	/* in that second */

	uint32_t ipv6_changes;		/* counts: IPv6 routes came or went */
	bool uses_pref_src;		/* a lost address may cost a route */
	bool has_ipv6_siblings;		/* foreign IPv6 multipath was seen */
	bool has_ipv4_spread;		/* IPv4 routes by who knows what link */
	struct sync sync;

	uint64_t overruns;		/* of the notifications */
	uint64_t seed;			/* of the fingerprints */
	uint8_t *buffer;		/* NETLINK_BUFFER, for datagrams */
};

/* kernel_netlink.c */
int	kernel_netlink_open(uint32_t groups);
uint32_t kernel_netlink_port(int fd);
/* Read what notifications there are, a bounded number. */
void	kernel_netlink_drain(struct kernel *);
/* Give one message of a notification or a dump to the table it is for. */
void	kernel_netlink_message(struct kernel *, const struct nlmsghdr *,
	    bool is_dump);

/* kernel/link.c */
void	kernel_link_init(struct kernel *);
void	kernel_link_free(struct kernel *);
struct kernel_link *kernel_link_find(const struct kernel *,
	    unsigned int ifindex);
/* The name of the link, "" when it is not known. */
const char *kernel_link_name(const struct kernel *, unsigned int ifindex);
/* RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR. */
void	kernel_link_message(struct kernel *, const struct nlmsghdr *,
	    bool is_dump);
void	kernel_link_address_message(struct kernel *, const struct nlmsghdr *,
	    bool is_dump);
/* Tell of the links that changed. */
void	kernel_link_tell(struct kernel *);
/* Judge all links anew: the configuration has changed. */
void	kernel_link_review(struct kernel *);
/* Forget what the dump that just ended has not seen. */
void	kernel_link_sweep(struct kernel *);
void	kernel_link_sweep_addresses(struct kernel *);

/* kernel/route.c */
/* Decode; false if it is not a route that a router could care about. */
bool	kernel_route_decode(const struct nlmsghdr *, struct route_message *);
/* RTM_NEWROUTE, RTM_DELROUTE. */
void	kernel_route_message(struct kernel *, const struct nlmsghdr *,
	    bool is_dump);
/* Write a request for an entry into the buffer, which must have room for
 * ROUTE_REQUEST_MAX octets. */
#define ROUTE_REQUEST_MAX 192
struct nlmsghdr *kernel_route_encode(void *buffer, uint16_t type,
	    const struct destination_key *, const struct fib_entry *);
uint32_t kernel_route_priority(const struct destination_key *,
	    const struct fib_entry *);
/* Do two entries for one key occupy the same place in the kernel? */
bool	kernel_route_same_place(const struct destination_key *,
	    const struct fib_entry *, const struct fib_entry *);
/* A number that tells the entries that the kernel may hold apart. */
uint64_t kernel_route_fingerprint(const struct kernel *,
	    const struct destination_key *, const struct fib_entry *);
/* Is it just what we hold to be installed there? */
bool	kernel_route_is_held(const struct kernel *,
	    const struct route_message *);
uint64_t kernel_route_hash(uint64_t seed, const void *, size_t);
/* "2001:db8::/32 via fe80::1 dev eth0 table 254" */
#define ROUTE_STRLEN (DESTINATION_STRLEN + ADDRESS_STRLEN + 64)
const char *kernel_route_format(const struct kernel *,
	    const struct destination_key *, const struct fib_entry *,
	    char buffer[ROUTE_STRLEN]);

/* A prefix as messages have it, as an address of the family and a length;
 * ::/0 stands for "any" in both. */
void	kernel_put_prefix(struct nlmsghdr *, uint16_t type,
	    const struct prefix *, bool is_ipv4);
uint8_t	kernel_family_plen(const struct prefix *, bool is_ipv4);

/* kernel/dump.c */
/* Write the request into the buffer of DUMP_REQUEST_MAX octets. */
#define DUMP_REQUEST_MAX 64
struct nlmsghdr *kernel_dump_encode(void *buffer,
	    const struct dump_request *);
/* Does the message end a dump?  With an errno, or 0; a kernel may lack a
 * family, and a table that nobody has created is empty. */
bool	kernel_dump_is_end(const struct nlmsghdr *, int *error);
/* Ask, and read the whole answer.  Blocks; 0, or an errno as above. */
int	kernel_dump(const struct dump_request *, const struct dump_taker *);

/* kernel/rule.c */
/* Make one request on the command socket and await the answer: 0, or an
 * errno. */
int	kernel_request(struct kernel *, struct nlmsghdr *);
/* RTM_NEWRULE, RTM_DELRULE. */
void	kernel_rule_message(struct kernel *, const struct nlmsghdr *);

/* kernel/sync.c */
void	kernel_sync_init(struct kernel *);
void	kernel_sync_free(struct kernel *);
/* Have a task begin after a delay; sooner if it is due sooner already,
 * later if it has begun a moment ago. */
void	kernel_sync_schedule(struct kernel *, enum sync_task,
	    babel_time delay);
/* The dump socket or the timer is readable. */
void	kernel_sync_ready(struct kernel *);
void	kernel_sync_timer(struct kernel *);
/* A change of ours was acknowledged while a task may be running. */
void	kernel_sync_installed(struct kernel *, const struct destination_key *,
	    const struct fib_entry *);
/* What a notification said is gone must not come back by a datagram of
 * the dump that was written before. */
void	kernel_sync_gone(struct kernel *, uint64_t fingerprint);
bool	kernel_sync_is_gone(const struct kernel *, uint64_t fingerprint);
/* A dump reports one of our own routes. */
void	kernel_sync_own(struct kernel *, uint64_t fingerprint);

#endif
