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
int	net_join(const struct net *, unsigned int ifindex);
int	net_leave(const struct net *, unsigned int ifindex);

/*
 * Send from the datagram's source address (IPV6_PKTINFO).  0 when sent;
 * otherwise an errno: EAGAIN and ENOBUFS mean "later", anything else
 * that the packet is lost.
 */
int	net_send(const struct net *, const struct datagram *);
/* What such an errno means: a word for programs, text for people. */
const char *net_error_word(int error);
const char *net_error_text(int error);

/*
 * Hand at most NET_BURST received datagrams to the callback, all but
 * truncated ones.  now is the monotonic clock; the kernel's stamps are
 * turned into it, and never lie after it.  Returns the number of datagrams
 * read.
 */
#define NET_BURST	32
int	net_receive(struct net *, babel_time now, net_input *, void *ctx);

/* Datagrams that the kernel dropped so far, for want of room. */
const uint64_t *net_overruns(const struct net *);

#endif
