/*
 * kernel.h - what the daemon asks of the kernel, and what the kernel reports.
 *
 * kernel_netlink.c implements this over rtnetlink, with three sockets
 * (commands, notifications, dumps) and requests in batches with one
 * acknowledgment.
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
	bool is_other;			/* has other selectors or actions */
};

typedef void kernel_log(void *ctx, int priority, const char *format, ...)
	    __attribute__((format(printf, 3, 4)));

/* Reports of the kernel that are not answers. */
struct kernel_events {
	/* A link appeared or changed (any, not only Babel's), or is gone
	 * (present false; ifindex and name are set). */
	void (*link)(void *ctx, const struct link_state *, bool present);
	/* A route of an import table or an address; not our own.  Returns
	 * whether it matters to anybody, or did. */
	bool (*route)(void *ctx, const struct kernel_route *, bool present);
	/* Routes in the place of this one, that is of its prefix, table and
	 * priority, are gone, except this one itself.  Returns how many that
	 * mattered there were. */
	unsigned int (*displaced)(void *ctx, const struct kernel_route *);
	/* Somebody else added or removed a rule. */
	void (*rule)(void *ctx, const struct kernel_rule *, bool present);
	/* Around each dump of all links, addresses and routes. */
	void (*sync)(void *ctx, bool begin);
	kernel_log *log;
};

/* What became of the routes that we installed. */
struct kernel_fib_events {
	/* The answer to kernel_submit. */
	void (*done)(void *ctx, const struct fib_change *, int error);
	/* The route that we installed there was removed, or replaced by
	 * others. */
	void (*lost)(void *ctx, const struct destination_key *);
	/* A route of somebody else is gone from that table: a route that was
	 * refused because of it may be tried again. */
	void (*room)(void *ctx, const struct destination_key *,
	    uint32_t table);
};

/*
 * The routes that we believe to be installed, asked for so that the kernel
 * layer keeps no second copy: the route for a key in a table, and the first one
 * after a key (NULL: the first of all) in the order of keys.  False if there is
 * none.  In a table for one source prefix, the kernel's routes have no source,
 * so find completes the key.
 */
struct kernel_fib_queries {
	bool (*find)(void *ctx, struct destination_key *, uint32_t table,
	    struct fib_entry *);
	bool (*after)(void *ctx, const struct destination_key *after,
	    struct destination_key *, struct fib_entry *);
	/* Does no other living instance use that table?  Then routes of our
	 * protocol in it that are not ours are left over, and are removed. */
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
/* Set who installs routes.  Before this call none can be submitted, and none is
 * reported lost. */
void	kernel_serve(struct kernel *, const struct kernel_fib_events *,
	    const struct kernel_fib_queries *, void *ctx);
/* Replace the configuration; a resync follows. */
int	kernel_configure(struct kernel *, const struct kernel_conf *);

/* The descriptors to poll for reading, or -1.  They may change in
 * kernel_ready. */
void	kernel_fds(const struct kernel *, int fds[KERNEL_FDS]);
/* Read one datagram (a bounded burst) from a readable descriptor.  Returns 0,
 * or an errno that may last: do not poll the descriptor for a while. */
int	kernel_ready(struct kernel *, int fd);

/* Queue a change; false if the queue is full: call kernel_send and try
 * again. */
bool	kernel_submit(struct kernel *, const struct fib_change *);
/* Send what is queued, at most KERNEL_BATCH requests at a time, and read
 * the answers: done is called for each. */
enum kernel_progress {
	KERNEL_IDLE,			/* nothing was to be done */
	KERNEL_ANSWERED,	/* answers may have led to new changes */
	KERNEL_BUSY,			/* not all could be done: call soon */
};
enum kernel_progress kernel_send(struct kernel *);

/* Begin a dump of links, addresses and routes.  The kernel layer also begins
 * one when notifications were lost.  A dump in progress starts over.
 * kernel_ready continues it. */
int	kernel_resync(struct kernel *);

/* How often notifications were lost so far. */
const uint64_t *kernel_overruns(const struct kernel *);

/* Remove routes from a table: all of our protocol, or those that find knows.
 * Blocks; -1 with errno. */
enum kernel_whose { OF_ANYBODY, OF_OURS };
int	kernel_flush_routes(struct kernel *, uint32_t table,
	    enum kernel_whose);

/* Add or remove a policy rule at once.  A rule that exists already, or is gone,
 * is no error.  0, or an errno. */
int	kernel_rule_add(struct kernel *, const struct kernel_rule *);
int	kernel_rule_delete(struct kernel *, const struct kernel_rule *);
/* Call back for each rule of both families.  Blocks; 0, or an errno. */
int	kernel_rule_dump(void (*)(void *ctx, const struct kernel_rule *),
	    void *ctx);
/* Is there no route at all in that table, of either family, except those of
 * that protocol (0: none is excepted)?  Blocks. */
bool	kernel_table_is_empty(uint32_t table, uint8_t except);

/* Is the running kernel of this release or a later one? */
bool	kernel_is_at_least(int major, int minor);

#endif
