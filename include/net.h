/*
 * net.h - the UDP socket, and nothing above it.
 */
#ifndef NET_H
#define NET_H

#include <netinet/in.h>

#include "babel.h"

struct net;
typedef void net_input(void *ctx, const struct datagram *);

/* Open the socket: [::]:port, IPv6 only, hop limit 1, CS6, a receive
 * buffer of megabytes where allowed, receive stamps.  NULL with errno;
 * another instance on the port is EADDRINUSE. */
struct net *net_open(uint16_t port, const struct in6_addr *group);
void	net_close(struct net *);
int	net_fd(const struct net *);

/* Join or leave the group on an interface; -1 with errno.  To join where
 * we are a member already is no error. */
int	net_join(struct net *, unsigned int ifindex);
int	net_leave(struct net *, unsigned int ifindex);

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
 * Hand at most burst received datagrams to the callback; truncated ones
 * and our own are dropped.  now is the monotonic clock; the kernel's
 * stamps are turned into it, and never lie after it.  Returns the number
 * of datagrams read.
 */
int	net_receive(struct net *, babel_time now, int burst, net_input *,
	    void *ctx);

/* Datagrams that were dropped so far and never handed over. */
struct net_drops {
	uint64_t overruns;		/* by the kernel, for want of room */
	uint64_t reflected;		/* our own, come back */
};
const struct net_drops *net_drops(const struct net *);

#endif
