/*
 * net.c - the UDP socket that carries Babel (RFC 8966, sections 3.1, 4).
 *
 * One socket serves all interfaces: the group is joined on each of them,
 * the scope of an address tells which one is meant.  The source address
 * of what we send is pinned by IPV6_PKTINFO, because neighbours know us
 * by it and MACs are computed over it (RFC 8967, section 4.1).
 *
 * A neighbour's full table arrives as one burst, always in the same
 * order: with a default buffer always the same tail would be lost.  So
 * the receive buffer is large, and reading is done by the burst.
 *
 * Arrival is stamped by the kernel, in real time.  We use the stamp only
 * as the age of the packet, which is subtracted from the monotonic clock,
 * so that a step of real time spoils no more than the packets queued.
 */
#include "net.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define RECEIVE_BUFFER	(8 << 20)
#define DATAGRAM_MAX	65536		/* pages not written cost nothing */
#define TRAFFIC_CLASS	0xC0		/* CS6: network control */
#define AGE_MAX		SECOND

/* Room for the ancillary data of a packet. */
#define CONTROL_IN	(CMSG_SPACE(sizeof(struct in6_pktinfo)) + \
			    CMSG_SPACE(sizeof(struct timespec)) + \
			    CMSG_SPACE(sizeof(uint32_t)))
#define CONTROL_OUT	(CMSG_SPACE(sizeof(struct in6_pktinfo)) + \
			    CMSG_SPACE(sizeof(int)))

struct net {
	int fd;
	uint16_t port;
	struct in6_addr group;
	uint32_t overflow;		/* the kernel's counter, as last seen */
	uint64_t overruns;		/* that counter, never wrapped */

	struct mmsghdr messages[NET_BURST];
	struct iovec vectors[NET_BURST];
	struct sockaddr_in6 senders[NET_BURST];
	_Alignas(struct cmsghdr) char control[NET_BURST][CONTROL_IN];
	uint8_t *buffers;		/* NET_BURST times DATAGRAM_MAX */
};

static int
set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* What Babel cannot do without. */
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

/* What makes it better; an old kernel may refuse. */
static void
set_wishes(int fd)
{
	(void)set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, TRAFFIC_CLASS);
	/* Deliver what comes in where this socket has joined only. */
	(void)set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
	(void)set_int(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	(void)set_int(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	if (set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) < 0)
		(void)set_int(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
}

/* Without SO_REUSEADDR: two daemons on a port would steal each other's
 * packets. */
static int
open_socket(uint16_t port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	int error, fd;

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	sin6.sin6_port = htons(port);
	if (set_options(fd) == 0) {
		set_wishes(fd);
		if (bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)) == 0)
			return fd;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void
prepare_buffers(struct net *net)
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

struct net *
net_open(uint16_t port, const struct in6_addr *group)
{
	struct net *net;

	net = calloc(1, sizeof(*net));
	if (net == NULL)
		return NULL;
	net->port = port;
	net->group = *group;
	net->buffers = malloc((size_t)NET_BURST * DATAGRAM_MAX);
	net->fd = net->buffers == NULL ? -1 : open_socket(port);
	if (net->fd < 0) {
		free(net->buffers);
		free(net);
		return NULL;
	}
	prepare_buffers(net);
	return net;
}

void
net_close(struct net *net)
{
	if (net == NULL)
		return;
	close(net->fd);
	free(net->buffers);
	free(net);
}

int
net_fd(const struct net *net)
{
	return net->fd;
}

const uint64_t *
net_overruns(const struct net *net)
{
	return &net->overruns;
}

static int
set_membership(const struct net *net, unsigned int ifindex, int option)
{
	struct ipv6_mreq request = { .ipv6mr_multiaddr = net->group };

	request.ipv6mr_interface = ifindex;
	return setsockopt(net->fd, IPPROTO_IPV6, option, &request,
	    sizeof(request));
}

int
net_join(const struct net *net, unsigned int ifindex)
{
	return set_membership(net, ifindex, IPV6_JOIN_GROUP) < 0 &&
	    errno != EADDRINUSE ? -1 : 0;
}

int
net_leave(const struct net *net, unsigned int ifindex)
{
	return set_membership(net, ifindex, IPV6_LEAVE_GROUP);
}

static void
put_control(struct msghdr *message, int type, const void *value, size_t len)
{
	struct cmsghdr *cmsg;

	cmsg = (struct cmsghdr *)(void *)((char *)message->msg_control +
	    message->msg_controllen);
	cmsg->cmsg_level = IPPROTO_IPV6;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cmsg), value, len);
	message->msg_controllen += CMSG_SPACE(len);
}

/* The errors that mean more than they say; two come from WireGuard. */
static const struct send_error {
	int error;
	const char *word, *text;
} send_errors[] = {
	{ EDESTADDRREQ, "no-endpoint", "the WireGuard peer has no endpoint: "
	    "set one, or wait until it speaks first" },
	{ ENOKEY, "no-peer", "no WireGuard peer takes it: the only one must "
	    "have 0.0.0.0/0 and ::/0 in its allowed-ips" },
	{ EPERM, "forbidden", "a packet filter forbids it" },
	{ EMSGSIZE, "too-big", "larger than the MTU on the way" },
};

static const struct send_error *
find_send_error(int error)
{
	size_t i;

	for (i = 0; i < sizeof(send_errors) / sizeof(send_errors[0]); i++)
		if (send_errors[i].error == error)
			return &send_errors[i];
	return NULL;
}

const char *
net_error_word(int error)
{
	const struct send_error *known = find_send_error(error);

	return known == NULL ? "other" : known->word;
}

const char *
net_error_text(int error)
{
	const struct send_error *known = find_send_error(error);

	return known == NULL ? strerror(error) : known->text;
}

static int
send_retried(int fd, const struct msghdr *message)
{
	ssize_t sent;

	do
		sent = sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return 0;
	return errno == EWOULDBLOCK ? EAGAIN : errno;
}

int
net_send(const struct net *net, const struct datagram *datagram)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	struct in6_pktinfo info = { .ipi6_addr = datagram->from };
	_Alignas(struct cmsghdr) char control[CONTROL_OUT] = { 0 };
	struct iovec vector;
	struct msghdr message = { .msg_name = &to, .msg_namelen = sizeof(to),
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control };
	int yes = 1;

	to.sin6_addr = datagram->to;
	to.sin6_port = htons(datagram->to_port);
	to.sin6_scope_id = datagram->ifindex;
	vector.iov_base = (void *)(uintptr_t)datagram->bytes;
	vector.iov_len = datagram->len;
	info.ipi6_ifindex = datagram->ifindex;
	put_control(&message, IPV6_PKTINFO, &info, sizeof(info));
	if (datagram->dont_fragment)
		put_control(&message, IPV6_DONTFRAG, &yes, sizeof(yes));
	return send_retried(net->fd, &message);
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

static void
read_pktinfo(struct datagram *datagram, const struct cmsghdr *cmsg)
{
	struct in6_pktinfo info;

	memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
	datagram->to = info.ipi6_addr;
	datagram->ifindex = info.ipi6_ifindex;
}

/* The counter is of 32 bits and wraps. */
static void
read_overflow(struct net *net, const struct cmsghdr *cmsg)
{
	uint32_t overflow;

	memcpy(&overflow, CMSG_DATA(cmsg), sizeof(overflow));
	net->overruns += (uint32_t)(overflow - net->overflow);
	net->overflow = overflow;
}

static void
read_control(struct net *net, struct msghdr *message,
    const struct clocks *clocks, struct datagram *datagram)
{
	struct cmsghdr *cmsg;
	struct timespec stamp;

	for (cmsg = CMSG_FIRSTHDR(message); cmsg != NULL;
	    cmsg = CMSG_NXTHDR(message, cmsg)) {
		if (cmsg->cmsg_level == IPPROTO_IPV6 &&
		    cmsg->cmsg_type == IPV6_PKTINFO)
			read_pktinfo(datagram, cmsg);
		else if (cmsg->cmsg_level != SOL_SOCKET)
			continue;
		else if (cmsg->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&stamp, CMSG_DATA(cmsg), sizeof(stamp));
			datagram->received = time_of_arrival(clocks, &stamp);
		} else if (cmsg->cmsg_type == SO_RXQ_OVFL)
			read_overflow(net, cmsg);
	}
}

/* False if the datagram is to be dropped. */
static bool
describe(struct net *net, size_t i, const struct clocks *clocks,
    struct datagram *datagram)
{
	struct msghdr *message = &net->messages[i].msg_hdr;

	memset(datagram, 0, sizeof(*datagram));
	datagram->from = net->senders[i].sin6_addr;
	datagram->from_port = ntohs(net->senders[i].sin6_port);
	datagram->to_port = net->port;
	datagram->received = clocks->now;
	datagram->bytes = net->vectors[i].iov_base;
	datagram->len = net->messages[i].msg_len;
	read_control(net, message, clocks, datagram);
	return (message->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
	    datagram->ifindex != 0;
}

/* The number of datagrams read, or 0. */
static int
receive_burst(struct net *net)
{
	int i, n;

	for (i = 0; i < NET_BURST; i++) {
		net->messages[i].msg_hdr.msg_namelen =
		    sizeof(net->senders[i]);
		net->messages[i].msg_hdr.msg_controllen =
		    sizeof(net->control[i]);
	}
	n = recvmmsg(net->fd, net->messages, NET_BURST, MSG_DONTWAIT, NULL);
	return n > 0 ? n : 0;
}

int
net_receive(struct net *net, babel_time now, net_input *input, void *ctx)
{
	struct datagram datagram;
	struct clocks clocks = { clock_monotonic(), clock_real(), now };
	int i, n = receive_burst(net);

	for (i = 0; i < n; i++)
		if (describe(net, (size_t)i, &clocks, &datagram))
			input(ctx, &datagram);
	return n;
}
