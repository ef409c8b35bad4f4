/*
 * net.h - the UDP sockets, one for each interface, and nothing above them.
 */
#ifndef NET_H
#define NET_H

#include <netinet/in.h>

#include "babel.h"

struct log;
struct net;
typedef void net_input(void *ctx, const struct datagram *);

/* Open the port: [::]:port, IPv6 only, for packets that come in on no interface
 * of ours.  NULL with errno; EADDRINUSE if another instance has the port. */
struct net *net_open(uint16_t port, const struct in6_addr *group);
/* Set the log and the counter for errors. */
void	net_set_log(struct net *, struct log *, uint64_t *errors);
void	net_close(struct net *);
/* A descriptor that is readable when net_receive has something to do. */
int	net_fd(const struct net *);

/*
 * Open a socket that is bound to the interface, and join the group there: hop
 * limit 1, CS6, a receive buffer of megabytes where allowed, receive
 * timestamps.  Failures are logged, and net_run tries again.  An existing
 * socket stays as it is.  -1 for no memory.
 */
int	net_add(struct net *, unsigned int ifindex, const char *name);
/* Close the interface's socket, if there is one. */
void	net_remove(struct net *, unsigned int ifindex);
/* Join the group anew on each interface, because memberships may have been
 * lost. */
void	net_renew(struct net *);
/* Try again what failed, and look for packets that do not reach us.  Returns
 * when to call it again. */
babel_time net_run(struct net *, babel_time now);

/*
 * Send from the datagram's source address (IPV6_PKTINFO).  0 when sent,
 * otherwise an errno: after EAGAIN and ENOBUFS try again later; after any other
 * the packet is lost.
 */
int	net_send(struct net *, const struct datagram *);
/* Such an errno as a word for programs, and as text for people. */
const char *net_error_word(int error);
const char *net_error_text(int error);

/*
 * Pass received datagrams to the callback, except truncated ones: at most
 * NET_BURST of one interface, and fewer of each if many have some. now is the
 * monotonic clock; the kernel's timestamps are converted to it, and are never
 * later.  Returns the number of datagrams read, or -1 with errno.
 */
#define NET_BURST	32
int	net_receive(struct net *, babel_time now, net_input *, void *ctx);

/* Datagrams that the kernel dropped so far, for want of room. */
const uint64_t *net_overruns(const struct net *);

/* The state of an interface's socket. */
struct net_numbers {
	int error;		/* why there is none yet: an errno, or 0 */
	uint64_t sent, received;	/* datagrams */
	uint64_t refused;	/* times that the link could take no more */
	uint64_t overruns;	/* datagrams dropped for want of room */
	bool is_filtered;	/* packets arrive, but do not reach us */
	babel_time refuses_since;	/* since when it takes no more; or 0 */
	unsigned int queued;	/* octets that wait in the kernel, now */
	unsigned int queue_limit;	/* octets that may */
	uint64_t rate;		/* octets a second when last busy, or 0 */
};

/* False if there is no such interface. */
bool	net_numbers_of(const struct net *, unsigned int ifindex,
	    struct net_numbers *);

#endif
