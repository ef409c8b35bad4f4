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

/* Open the port: [::]:port, IPv6 only, for what comes in on no interface of
 * ours.  NULL with errno; another instance on the port is EADDRINUSE. */
struct net *net_open(uint16_t port, const struct in6_addr *group);
/* Where to tell of errors, and what to count them in; to nobody without. */
void	net_set_log(struct net *, struct log *, uint64_t *errors);
void	net_close(struct net *);
/* A descriptor that is readable when net_receive has something to do. */
int	net_fd(const struct net *);

/*
 * Open a socket that is bound to the interface, and join the group there:
 * hop limit 1, CS6, a receive buffer of megabytes where allowed, receive
 * stamps.  What fails is logged, and tried again by net_run.  One that is
 * there already stays as it is.  -1 for no memory.
 */
int	net_add(struct net *, unsigned int ifindex, const char *name);
/* Close it; one that is not there is no error. */
void	net_remove(struct net *, unsigned int ifindex);
/* Join the group anew on each interface: memberships may have been lost. */
void	net_renew(struct net *);
/* Try again what failed, and look for packets that do not reach us, if it
 * is time.  Returns when it wants to be called again. */
babel_time net_run(struct net *, babel_time now);

/*
 * Send from the datagram's source address (IPV6_PKTINFO).  0 when sent;
 * otherwise an errno: EAGAIN and ENOBUFS mean "later", anything else
 * that the packet is lost.
 */
int	net_send(struct net *, const struct datagram *);
/* What such an errno means: a word for programs, text for people. */
const char *net_error_word(int error);
const char *net_error_text(int error);

/*
 * Hand some received datagrams to the callback, all but truncated ones: at
 * most NET_BURST of one interface, and less of each if many have some.  now
 * is the monotonic clock; the kernel's stamps are turned into it, and never
 * lie after it.  Returns the number of datagrams read, or -1 with errno.
 */
#define NET_BURST	32
int	net_receive(struct net *, babel_time now, net_input *, void *ctx);

/* Datagrams that the kernel dropped so far, for want of room. */
const uint64_t *net_overruns(const struct net *);

/* What is known of an interface's socket. */
struct net_numbers {
	int error;		/* why there is none yet: an errno, or 0 */
	uint64_t sent, received;	/* datagrams */
	uint64_t refused;	/* times that the link could take no more */
	uint64_t overruns;	/* datagrams dropped for want of room */
	bool is_filtered;	/* packets arrive, but do not reach us */
	babel_time refuses_since;	/* it takes no more now; or 0 */
	unsigned int queued;	/* octets that wait in the kernel, now */
	unsigned int queue_limit;	/* octets that may */
	uint64_t rate;		/* octets a second that it took when it
				 * could take no more; 0: not known */
};

/* False if there is no such interface. */
bool	net_numbers_of(const struct net *, unsigned int ifindex,
	    struct net_numbers *);

#endif
