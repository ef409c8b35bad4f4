/*
 * babel.h - the protocol engine as its user sees it: the daemon, or a
 * simulator.
 *
 * Time comes in as an argument; everything else goes out through struct
 * babel_ops.  Nothing here blocks, makes a system call or is global.  The
 * callbacks must not call back into the engine.
 */
#ifndef BABEL_H
#define BABEL_H

#include <stdarg.h>

#include "configuration.h"
#include "prefix.h"

struct babel;
struct fib_change;
struct link_state;

/* What happened.  The object is a struct interface, neighbour, xroute or
 * route (their headers), valid during the call. */
enum babel_event {
	/* A packet was lost; the interface's send_failures tell how.  Reported
	 * when the error is a new one, or after a minute. */
	EVENT_SEND_FAILED,
	/* An object was added, changed or removed: for monitors. */
	EVENT_INTERFACE_ADD, EVENT_INTERFACE_CHANGE, EVENT_INTERFACE_FLUSH,
	EVENT_NEIGHBOUR_ADD, EVENT_NEIGHBOUR_CHANGE, EVENT_NEIGHBOUR_FLUSH,
	EVENT_XROUTE_ADD, EVENT_XROUTE_CHANGE, EVENT_XROUTE_FLUSH,
	EVENT_ROUTE_ADD, EVENT_ROUTE_CHANGE, EVENT_ROUTE_FLUSH,
};

/* A UDP datagram, in or out.  IPv4 addresses are v4-mapped. */
struct datagram {
	unsigned int ifindex;
	struct in6_addr from, to;
	uint16_t from_port, to_port;	/* host order */
	babel_time received;		/* when it arrived; in only */
	const uint8_t *bytes;
	size_t len;
	bool dont_fragment;		/* out only */
};

/* An entry of the kernel's table for a destination. */
struct fib_entry {
	struct in6_addr next_hop;	/* v4-mapped, or IPv6 link-local */
	unsigned int ifindex;
	uint32_t priority, table;
	struct in6_addr pref_src;	/* :: if none */
	bool unreachable;		/* hold: no next hop, no interface */
	/* The engine leaves these to the daemon. */
	bool throw_route;		/* no route here: try the next rule */
	bool by_rule;			/* a table for key.from alone */
};

enum fib_operation { FIB_ADD, FIB_CHANGE, FIB_DELETE };

/* Self-contained: holds no pointer into the engine. */
struct fib_change {
	enum fib_operation operation;
	struct destination_key key;
	struct fib_entry entry;		/* ADD, CHANGE: wanted */
	struct fib_entry old;		/* CHANGE, DELETE: there now */
};

struct babel_ops {
	/* Send: 0, or an errno.  After EAGAIN or ENOBUFS the engine tries
	 * again; after any other the packet is lost. */
	int (*send)(void *ctx, const struct datagram *);
	/* Change the kernel; answered by babel_fib_done.  False if this is not
	 * possible now: the engine tries again. */
	bool (*fib)(void *ctx, const struct fib_change *);
	/* The present time, for RFC 9616 transmit timestamps only. */
	babel_time (*stamp)(void *ctx);
	void (*random)(void *ctx, void *buffer, size_t len);
	/* May be NULL. */
	void (*notify)(void *ctx, enum babel_event, const void *object);
	/* priority as in syslog(3). */
	void (*log)(void *ctx, int priority, const char *format, va_list)
	    __attribute__((format(printf, 3, 0)));
};

/* A network interface as the kernel has it. */
#define LINK_ADDRESSES 8
#define LINK_REASON 80
#define LINK_PORT	(2 * IFNAME_SIZE)	/* of a kind and a name */

struct link_state {
	unsigned int ifindex;		/* 0: not there */
	char name[IFNAME_SIZE];
	unsigned int mtu;
	bool up;			/* usable now */
	bool carrier;			/* IFF_RUNNING */
	enum link_kind kind;
	char kind_reason[LINK_REASON];	/* why so, for the log */
	char port_of[LINK_PORT];	/* "bridge br0", or "" */
	bool is_deaf;			/* ... which takes what it receives */
	/* Link-local IPv6 addresses past duplicate detection; the first is
	 * the source of what we send.  None: the interface cannot run. */
	struct in6_addr link_local[LINK_ADDRESSES];
	unsigned int link_local_count;
	struct in6_addr ipv4;		/* v4-mapped, :: if none */
};

/* A route or an interface address that the kernel has and that may be
 * redistributed.  All fields but the metric of the verdict identify it. */
struct kernel_route {
	struct destination_key key;
	uint32_t table, priority;
	unsigned int ifindex;
	char ifname[IFNAME_SIZE];
	uint8_t proto;			/* RTPROT_* */
	bool local;			/* an address of ours */
	enum route_type type;
};

/* What is fixed for the life of the engine. */
struct babel_identity {
	struct router_id id;
	uint16_t seqno;
	bool id_is_configured;		/* do not choose another */
	bool without_state;		/* the seqno was lost */
	bool v4_via_v6;			/* the kernel supports it */
	bool v4_via_v6_default;		/* ... and answers by ICMP */
};

/* The configuration is borrowed until replaced.  NULL for no memory. */
struct babel *babel_new(const struct babel_ops *, void *ctx,
	    const struct configuration *, const struct babel_identity *,
	    babel_time now);
void	babel_free(struct babel *);

/* Inputs.  Each does a bounded amount of work and returns. */

void	babel_receive(struct babel *, babel_time now,
	    const struct datagram *);

/* A link appeared or changed; links are identified by ifindex.  Links that the
 * configuration does not name may be reported too, because a reload may name
 * them.  A link that is gone is reported by babel_link_removed. */
void	babel_link_changed(struct babel *, babel_time now,
	    const struct link_state *);
void	babel_link_removed(struct babel *, babel_time now,
	    unsigned int ifindex);

/* A kernel route appeared (present) or went away.  Returns whether the filter
 * lets it pass, or did.  Others are not kept, except a few to be explained, so
 * all routes must be reported again after babel_configure.  Between begin and
 * end of a synchronisation every existing route is reported; at the end, routes
 * that were not are gone. */
bool	babel_kernel_route(struct babel *, babel_time now,
	    const struct kernel_route *, bool present);
/* Routes with the key, table and priority of this one are gone, except this one
 * itself.  Returns how many of them the filter had let pass. */
unsigned int babel_kernel_displaced(struct babel *, babel_time now,
	    const struct kernel_route *);
void	babel_kernel_sync(struct babel *, babel_time now, bool begin);

/* The answer to ops->fib: 0, or an errno. */
void	babel_fib_done(struct babel *, babel_time now,
	    const struct fib_change *, int error);
/* The kernel lost the entry that we installed there, or somebody removed or
 * replaced it: install it again. */
void	babel_fib_lost(struct babel *, babel_time now,
	    const struct destination_key *);
/* A route of somebody else is gone there: if the kernel refused ours, try again
 * at once. */
void	babel_fib_room(struct babel *, babel_time now,
	    const struct destination_key *);

/* The entry that the engine believes to be installed: for a key in a table, and
 * for the first key after the given one (NULL: of all).  False if there is
 * none. */
bool	babel_fib_find(const struct babel *, const struct destination_key *,
	    uint32_t table, struct fib_entry *);
bool	babel_fib_after(const struct babel *,
	    const struct destination_key *after, struct destination_key *,
	    struct fib_entry *);

/* Replace the configuration; the old one may be freed on return.  All links
 * must be reported again, because the new configuration may name others. */
void	babel_configure(struct babel *, babel_time now,
	    const struct configuration *);
/* What to add to the monotonic clock to get seconds since 1970, for the
 * validity of keys. */
void	babel_set_wall_clock(struct babel *, babel_time offset);

/* Retract everything and send good-byes; babel_is_quiet turns true when all of
 * them have been handed to ops->send. */
void	babel_shutdown(struct babel *, babel_time now);
bool	babel_is_quiet(const struct babel *);

/*
 * Fire due timers and do one slice of postponed work.  Returns when to call it
 * next: now if work is left, NEVER if nothing is pending.
 */
babel_time babel_run(struct babel *, babel_time now);

/* For the state file. */
uint16_t babel_seqno(const struct babel *);
struct router_id babel_router_id(const struct babel *);

#endif
