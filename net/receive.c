/*
 * net/receive.c - reading a burst, with the kernel's control messages.
 *
 * The kernel stamps the arrival of a packet in real time.  The timestamp is
 * used only as the age of the packet, which is subtracted from the monotonic
 * clock, so a step of real time affects only the packets that are queued at
 * that moment.
 */
#include "net/internal.h"

#include <string.h>

#include "babel.h"
#include "clock.h"
#include "net.h"
#include "util.h"

#define AGE_MAX		SECOND

void
net_receive_init(struct net *net)
{
	size_t i;

	for (i = 0; i < NET_BURST; i++) {
		net->vectors[i].iov_base = net->buffers + i * DATAGRAM_MAX;
		net->vectors[i].iov_len = DATAGRAM_MAX;
		net->messages[i].msg_hdr.msg_iov = &net->vectors[i];
		net->messages[i].msg_hdr.msg_iovlen = 1;
		net->messages[i].msg_hdr.msg_name = &net->senders[i];
		net->messages[i].msg_hdr.msg_control = net->control[i];
	}
}

/* A pair of readings of the two clocks, and the latest time to give. */
struct clocks {
	babel_time monotonic, real, now;
};

static babel_time
time_of_arrival(const struct clocks *clocks, const struct timespec *stamp)
{
	babel_time age, received;

	age = clocks->real - (stamp->tv_sec * SECOND + stamp->tv_nsec / 1000);
	if (age < 0)
		age = 0;
	if (age > AGE_MAX)
		age = AGE_MAX;
	received = clocks->monotonic - age;
	return received < clocks->now ? received : clocks->now;
}

/* The interface that a socket is bound to counts, because in a VRF the kernel
 * may name the VRF instead. */
static void
read_pktinfo(const struct net_link *link, struct datagram *datagram,
    const struct cmsghdr *cmsg)
{
	struct in6_pktinfo info;

	memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
	datagram->to = info.ipi6_addr;
	datagram->ifindex = link->ifindex != 0 ? link->ifindex :
	    info.ipi6_ifindex;
}

/* The counter is of 32 bits and wraps. */
static void
read_overflow(struct net *net, struct net_link *link,
    const struct cmsghdr *cmsg)
{
	uint32_t overflow, more;

	memcpy(&overflow, CMSG_DATA(cmsg), sizeof(overflow));
	more = overflow - link->overflow;
	link->overflow = overflow;
	link->numbers.overruns += more;
	net->overruns += more;
}

static void
read_control(struct net *net, struct net_link *link,
    struct msghdr *message, const struct clocks *clocks,
    struct datagram *datagram)
{
	struct cmsghdr *cmsg;
	struct timespec stamp;

	for (cmsg = CMSG_FIRSTHDR(message); cmsg != NULL;
	    cmsg = CMSG_NXTHDR(message, cmsg)) {
		if (cmsg->cmsg_level == IPPROTO_IPV6 &&
		    cmsg->cmsg_type == IPV6_PKTINFO)
			read_pktinfo(link, datagram, cmsg);
		else if (cmsg->cmsg_level != SOL_SOCKET)
			continue;
		else if (cmsg->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&stamp, CMSG_DATA(cmsg), sizeof(stamp));
			datagram->received = time_of_arrival(clocks, &stamp);
		} else if (cmsg->cmsg_type == SO_RXQ_OVFL)
			read_overflow(net, link, cmsg);
	}
}

/* False if the datagram is to be dropped.  A packet to a group is for
 * interfaces that have joined it; before Linux 4.20 the socket that is bound to
 * the port only gets copies. */
static bool
fill_datagram(struct net *net, struct net_link *link, size_t i,
    const struct clocks *clocks, struct datagram *datagram)
{
	struct msghdr *message = &net->messages[i].msg_hdr;

	memset(datagram, 0, sizeof(*datagram));
	datagram->from = net->senders[i].sin6_addr;
	datagram->from_port = ntohs(net->senders[i].sin6_port);
	datagram->to_port = net->port;
	datagram->received = clocks->now;
	datagram->bytes = net->vectors[i].iov_base;
	datagram->len = net->messages[i].msg_len;
	read_control(net, link, message, clocks, datagram);
	if (link->ifindex == 0 && IN6_IS_ADDR_MULTICAST(&datagram->to))
		return false;
	return (message->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
	    datagram->ifindex != 0;
}

int
net_receive_link(struct net *net, struct net_link *link,
    const struct net_burst *burst)
{
	struct clocks clocks = { .now = burst->now };
	struct datagram datagram;
	int i, n;

	for (i = 0; i < burst->limit; i++) {
		net->messages[i].msg_hdr.msg_namelen =
		    sizeof(net->senders[i]);
		net->messages[i].msg_hdr.msg_controllen =
		    sizeof(net->control[i]);
	}
	n = recvmmsg(link->fd, net->messages, (unsigned int)burst->limit,
	    MSG_DONTWAIT, NULL);
	clocks.monotonic = clock_monotonic();
	clocks.real = clock_real();
	if (n > 0)
		link->numbers.received += (uint64_t)n;
	for (i = 0; i < n; i++)
		if (fill_datagram(net, link, (size_t)i, &clocks, &datagram))
			burst->input(burst->ctx, &datagram);
	return n;
}
