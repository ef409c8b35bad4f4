/*
 * net/socket.c - how a socket is opened and bound.
 *
 * Two daemons on one port would steal each other's packets, so the sockets
 * refuse to share it.  Our own sockets must share it, so SO_REUSEADDR is set
 * while another one of ours is bound.
 */
#include "net/internal.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#define RECEIVE_BUFFER	(8 << 20)
#define TRAFFIC_CLASS	0xC0		/* CS6: network control */

/* Linux 5.0. */
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

static int
set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* Options that Babel cannot do without. */
static int
set_options(int fd)
{
	if (set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1) < 0 ||
	    set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 1) < 0)
		return -1;
	return 0;
}

/* Options that improve it, and that an old kernel may refuse.  A neighbour's
 * full table arrives as one burst, always in the same order, so with a small
 * buffer the same tail would be lost each time. */
static void
set_wishes(int fd)
{
	(void)set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, TRAFFIC_CLASS);
	/* Deliver only packets from interfaces where this socket has joined the
	 * group. */
	(void)set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
	(void)set_int(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	(void)set_int(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	if (set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) < 0)
		(void)set_int(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
}

/* Without CAP_NET_RAW, Linux before 5.7 refuses both; before 5.0 it knows only
 * the name. */
static int
bind_to_interface(int fd, unsigned int ifindex)
{
	char name[IFNAMSIZ];

	if (ifindex == 0 ||
	    set_int(fd, SOL_SOCKET, SO_BINDTOIFINDEX, (int)ifindex) == 0)
		return 0;
	if (errno != ENOPROTOOPT || if_indextoname(ifindex, name) == NULL)
		return -1;
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name,
	    (socklen_t)strlen(name));
}

static int
bind_to_port(int fd, uint16_t port, bool is_shared)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	sin6.sin6_port = htons(port);
	if (is_shared && set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)) < 0)
		return -1;
	return is_shared ? set_int(fd, SOL_SOCKET, SO_REUSEADDR, 0) : 0;
}

static int
open_bound(uint16_t port, unsigned int ifindex)
{
	int error, fd;

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (set_options(fd) == 0 && bind_to_interface(fd, ifindex) == 0) {
		set_wishes(fd);
		if (bind_to_port(fd, port, ifindex != 0) == 0)
			return fd;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int
net_socket_open(uint16_t port)
{
	return open_bound(port, 0);
}

int
net_socket_open_beside(int first, uint16_t port, unsigned int ifindex)
{
	int error, fd;

	if (set_int(first, SOL_SOCKET, SO_REUSEADDR, 1) < 0)
		return -1;
	fd = open_bound(port, ifindex);
	error = errno;
	(void)set_int(first, SOL_SOCKET, SO_REUSEADDR, 0);
	errno = error;
	return fd;
}

static int
set_membership(int fd, unsigned int ifindex, const struct in6_addr *group,
    int option)
{
	struct ipv6_mreq request = { .ipv6mr_multiaddr = *group };

	request.ipv6mr_interface = ifindex;
	return setsockopt(fd, IPPROTO_IPV6, option, &request,
	    sizeof(request));
}

int
net_socket_join(int fd, unsigned int ifindex, const struct in6_addr *group,
    bool renew)
{
	if (renew)
		(void)set_membership(fd, ifindex, group, IPV6_LEAVE_GROUP);
	return set_membership(fd, ifindex, group, IPV6_JOIN_GROUP) < 0 &&
	    errno != EADDRINUSE ? errno : 0;
}

/* The kernel doubles the value that it is given, and raises it to its
 * minimum. */
void
net_socket_limit(int fd, int octets)
{
	(void)set_int(fd, SOL_SOCKET, SO_SNDBUF, octets / 2);
}
