/*
 * net/internal.h - shared by the files of the UDP sockets.
 *
 * 	net.c		the table of sockets; sending, and when not to
 * 	net/socket.c	how a socket is opened and bound
 * 	net/receive.c	reading a burst, with the kernel's control messages
 * 	net/tap.c	packets that arrive, but do not reach us
 */
#ifndef NET_INTERNAL_H
#define NET_INTERNAL_H

#include <sys/socket.h>

#include <time.h>

#include "net.h"
#include "tree.h"
#include "trouble.h"

#define DATAGRAM_MAX	65536		/* pages not written cost nothing */

/* A socket: of an interface, or the one that is bound to the port only. */
struct net_link {
	struct tree_node entry;	/* by ifindex */
	unsigned int ifindex;		/* 0: bound to the port only */
	char name[IFNAME_SIZE];
	int fd;				/* -1: not open yet */
	bool is_member;			/* of the group */
	bool is_listening;		/* it is in net.epoll */
	bool is_ailing;			/* counted in net.ailing */
	struct trouble opening, receiving;
	uint32_t overflow;		/* the kernel's counter, as last seen */

	/* Packets that the link cannot take now. */
	babel_time retry, pause;	/* send nothing before retry; grows */
	babel_time measured;		/* the last refusal, or 0 ... */
	uint64_t octets;		/* ... and what was sent since */
	/* When nothing is heard (net/tap.c). */
	babel_time look_next, look_pause;
	uint64_t looked_received;	/* numbers.received then */
	struct net_numbers numbers;
};
TREE_HEAD(net_links);

struct net {
	uint16_t port;
	struct in6_addr group;
	int epoll;			/* for all sockets */
	struct net_link *base;		/* the first of them */
	struct net_links links;	/* owned */
	unsigned int ailing;		/* links with something to try again */
	uint64_t overruns;
	int tap;			/* a packet socket, or -1 */
	unsigned int tapped;		/* ... on that interface, or 0 */
	babel_time tap_next;		/* when to look at it, or the next */
	struct log *log;		/* or NULL */
	uint64_t *errors;		/* those logged, or NULL */

	struct mmsghdr messages[NET_BURST];
	struct iovec vectors[NET_BURST];
	struct sockaddr_in6 senders[NET_BURST];
	/* An address, a time, a counter. */
#define CONTROL_IN	(CMSG_SPACE(sizeof(struct in6_pktinfo)) + \
			    CMSG_SPACE(sizeof(struct timespec)) + \
			    CMSG_SPACE(sizeof(uint32_t)))
	_Alignas(struct cmsghdr) char control[NET_BURST][CONTROL_IN];
	uint8_t *buffers;		/* NET_BURST times DATAGRAM_MAX */
};

static inline int
net_link_compare(const struct net_link *a, const struct net_link *b)
{
	return compare_numbers(a->ifindex, b->ifindex);
}

TREE_DEFINE(net_links, net_link, entry, net_link_compare)

static inline struct net_link *
net_link_find(const struct net *net, unsigned int ifindex)
{
	const struct net_link key = { .ifindex = ifindex };

	return net_links_find(&net->links, &key);
}

/* net/socket.c */
/* The socket that is bound to the port only: a descriptor, or -1 with errno. */
int	net_socket_open(uint16_t port);
/* A socket that is bound to an interface as well, beside the first. */
int	net_socket_open_beside(int first, uint16_t port,
	    unsigned int ifindex);
/* Join the group; with renew, leave it first.  0, or an errno. */
int	net_socket_join(int fd, unsigned int ifindex,
	    const struct in6_addr *group, bool renew);
/* Set how many octets may wait in the kernel, or as few as possible. */
void	net_socket_limit(int fd, int octets);

/* net/receive.c */
void	net_receive_init(struct net *);
/* Read a burst of at most limit datagrams and pass them on.  Returns the number
 * read, or -1 with errno. */
struct net_burst {
	int limit;
	babel_time now;
	net_input *input;
	void *ctx;
};
int	net_receive_link(struct net *, struct net_link *,
	    const struct net_burst *);

/* net/tap.c */
#define TAP_PAUSE	(10 * SECOND)	/* before looking at an interface */
/* Look at interfaces on which nothing is received.  Returns when to call it
 * again. */
babel_time net_tap_run(struct net *, babel_time now);
void	net_tap_close(struct net *);

#endif
