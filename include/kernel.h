/*
 * kernel.h - what the daemon asks of the kernel, and what it hears.
 *
 * kernel_netlink.c does it over rtnetlink: three sockets (commands,
 * notifications, dumps), requests in batches with one acknowledgment.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "babel.h"

#define KERNEL_BATCH	64		/* requests in one datagram */
#define KERNEL_FDS	4		/* three sockets and a timer */
#define PROTOCOL_BABEL	42		/* rtm_protocol of what is ours */

struct kernel;

/* A policy rule "from SOURCE lookup TABLE". */
struct kernel_rule {
	struct prefix from;		/* as a key has it; ::/0: any */
	struct prefix to;		/* the same; ::/0: any */
	uint32_t priority, table;
	uint8_t protocol;
	bool is_ipv4;
	bool is_other;			/* does, or asks for, more than that */
};

typedef void kernel_log(void *ctx, int priority, const char *format, ...)
	    __attribute__((format(printf, 3, 4)));

/* What the kernel reports of its own accord. */
struct kernel_events {
	/* A link appeared or changed (any, not only Babel's), or is gone
	 * (present false; ifindex and name are set). */
	void (*link)(void *ctx, const struct link_state *, bool present);
	/* A route of an import table or an address; not our own.  True if
	 * it matters, or has mattered, to anybody. */
	bool (*route)(void *ctx, const struct kernel_route *, bool present);
	/* What was in the place of that route, that is of its prefix, table
	 * and priority, is gone, except this one itself.  How many routes
	 * that mattered were there? */
	unsigned int (*displaced)(void *ctx, const struct kernel_route *);
	/* Somebody else added or removed a rule. */
	void (*rule)(void *ctx, const struct kernel_rule *, bool present);
	/* Around each dump of all links, addresses and routes. */
	void (*sync)(void *ctx, bool begin);
	kernel_log *log;
};

/* What became of the routes that we install. */
struct kernel_fib_events {
	/* The answer to kernel_submit. */
	void (*done)(void *ctx, const struct fib_change *, int error);
	/* What we installed there was removed or replaced by others. */
	void (*lost)(void *ctx, const struct destination_key *);
	/* A route of somebody else is gone from that table: what was refused
	 * because of it may be tried again. */
	void (*room)(void *ctx, const struct destination_key *,
	    uint32_t table);
};

/*
 * What we hold to be installed, so that no second copy of it is kept in the
 * kernel layer: for a key in a table, and for the first key after the given
 * one (NULL: the first of all) in the order of keys.  False: nothing.  In a
 * table that is for one source prefix only, the kernel's routes have none:
 * find completes the key.
 */
struct kernel_fib_queries {
	bool (*find)(void *ctx, struct destination_key *, uint32_t table,
	    struct fib_entry *);
	bool (*after)(void *ctx, const struct destination_key *after,
	    struct destination_key *, struct fib_entry *);
	/* Is no other living instance in that table?  Then routes of our
	 * protocol there that we do not hold are left over: they are
	 * removed. */
	bool (*is_free)(void *ctx, uint32_t table);
};

struct kernel_conf {
	const uint32_t *import_tables;
	size_t import_table_count;
	bool link_detect;		/* "up" needs IFF_RUNNING */
	const char *sysfs;		/* "/sys" but for tests */
};

/* Open the sockets; NULL with errno.  The configuration's arrays are
 * copied. */
struct kernel *kernel_open(const struct kernel_conf *,
	    const struct kernel_events *, void *ctx);
void	kernel_close(struct kernel *);
/* Who installs routes.  Before that is said, none can be submitted, and
 * nothing is found lost. */
void	kernel_serve(struct kernel *, const struct kernel_fib_events *,
	    const struct kernel_fib_queries *, void *ctx);
/* Replace the configuration; a resync follows. */
int	kernel_configure(struct kernel *, const struct kernel_conf *);

/* The descriptors to poll for reading.  They may be others after
 * kernel_ready, or -1. */
void	kernel_fds(const struct kernel *, int fds[KERNEL_FDS]);
/* Read one datagram (a bounded burst) from a readable descriptor.  0, or an
 * errno that may last: leave the descriptor alone for a while. */
int	kernel_ready(struct kernel *, int fd);

/* Queue a change; false when the window is full: flush and try later. */
bool	kernel_submit(struct kernel *, const struct fib_change *);
/* Send what is queued, at most KERNEL_BATCH requests at a time, and read
 * the answers: done is called for each. */
enum kernel_progress {
	KERNEL_IDLE,			/* nothing was to be done */
	KERNEL_ANSWERED,		/* which may have led to new changes */
	KERNEL_BUSY,			/* not all could be done: call soon */
};
enum kernel_progress kernel_flush(struct kernel *);

/* Begin a dump of links, addresses and routes; also begun by itself when
 * notifications were lost.  One in progress starts over.  It goes on by
 * kernel_ready. */
int	kernel_resync(struct kernel *);

/* How often notifications were lost so far. */
const uint64_t *kernel_overruns(const struct kernel *);

/* Remove routes from a table: all of our protocol, or those of them that
 * find knows.  Blocks; -1 with errno. */
enum kernel_whose { OF_ANYBODY, OF_OURS };
int	kernel_flush_routes(struct kernel *, uint32_t table,
	    enum kernel_whose);

/* Add or remove a policy rule, at once.  One that is there already, or is
 * gone, is no error.  0, or an errno. */
int	kernel_rule_add(struct kernel *, const struct kernel_rule *);
int	kernel_rule_delete(struct kernel *, const struct kernel_rule *);
/* Call back for each rule of both families.  Blocks; 0, or an errno. */
int	kernel_rule_dump(void (*)(void *ctx, const struct kernel_rule *),
	    void *ctx);
/* Is there no route at all in that table, of either family, except those of
 * that protocol (0: none is excepted)?  Blocks. */
bool	kernel_table_is_empty(uint32_t table, uint8_t except);

/* "linux 5.13 or later": the release of the running kernel. */
bool	kernel_is_at_least(int major, int minor);

#endif
