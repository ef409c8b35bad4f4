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
#define BURST		32
#define DATAGRAM_MAX	65536		/* pages not written cost nothing */
#define TRAFFIC_CLASS	0xC0		/* CS6: network control */
#define AGE_MAX		SECOND

/* Room for the ancillary data of a packet. */
#define CONTROL_IN	(CMSG_SPACE(sizeof(struct in6_pktinfo)) + \
			    CMSG_SPACE(sizeof(struct timespec)) + \
			    CMSG_SPACE(sizeof(uint32_t)))
#define CONTROL_OUT	(CMSG_SPACE(sizeof(struct in6_pktinfo)) + \
			    CMSG_SPACE(sizeof(int)))

/* The address that we last sent from on an interface. */
struct source_address {
	unsigned int ifindex;
	struct in6_addr address;
};

struct net {
	int fd;
	uint16_t port;
	struct in6_addr group;
	uint32_t overflow;		/* the kernel's counter, as last seen */
	struct net_drops drops;
	struct source_address *sources;	/* of joined interfaces, sorted */
	size_t source_count;

	struct mmsghdr messages[BURST];
	struct iovec vectors[BURST];
	struct sockaddr_in6 senders[BURST];
	_Alignas(struct cmsghdr) char control[BURST][CONTROL_IN];
	uint8_t *buffers;		/* BURST times DATAGRAM_MAX */
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

	for (i = 0; i < BURST; i++) {
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
	net->buffers = malloc((size_t)BURST * DATAGRAM_MAX);
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
	free(net->sources);
	free(net->buffers);
	free(net);
}

int
net_fd(const struct net *net)
{
	return net->fd;
}

const struct net_drops *
net_drops(const struct net *net)
{
	return &net->drops;
}

/* The place of the interface in the sorted array, or where it belongs. */
static size_t
source_place(const struct net *net, unsigned int ifindex)
{
	size_t low = 0, high = net->source_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (net->sources[middle].ifindex < ifindex)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct source_address *
source_find(const struct net *net, unsigned int ifindex)
{
	size_t i = source_place(net, ifindex);

	if (i == net->source_count || net->sources[i].ifindex != ifindex)
		return NULL;
	return &net->sources[i];
}

static int
source_add(struct net *net, unsigned int ifindex)
{
	size_t i = source_place(net, ifindex);
	struct source_address *grown;

	if (source_find(net, ifindex) != NULL)
		return 0;
	grown = reallocarray(net->sources, net->source_count + 1,
	    sizeof(*grown));
	if (grown == NULL)
		return -1;
	memmove(grown + i + 1, grown + i,
	    (net->source_count - i) * sizeof(*grown));
	memset(grown + i, 0, sizeof(*grown));
	grown[i].ifindex = ifindex;
	net->sources = grown;
	net->source_count++;
	return 0;
}

static void
source_remove(struct net *net, unsigned int ifindex)
{
	struct source_address *source = source_find(net, ifindex);
	size_t after;

	if (source == NULL)
		return;
	after = net->source_count - (size_t)(source - net->sources) - 1;
	memmove(source, source + 1, after * sizeof(*source));
	net->source_count--;
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
net_join(struct net *net, unsigned int ifindex)
{
	if (set_membership(net, ifindex, IPV6_JOIN_GROUP) < 0 &&
	    errno != EADDRINUSE)
		return -1;
	return source_add(net, ifindex);
}

int
net_leave(struct net *net, unsigned int ifindex)
{
	source_remove(net, ifindex);
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
net_send(struct net *net, const struct datagram *datagram)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	struct in6_pktinfo info = { .ipi6_addr = datagram->from };
	_Alignas(struct cmsghdr) char control[CONTROL_OUT] = { 0 };
	struct iovec vector;
	struct msghdr message = { .msg_name = &to, .msg_namelen = sizeof(to),
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control };
	struct source_address *source;
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
	source = source_find(net, datagram->ifindex);
	if (source != NULL)
		source->address = datagram->from;
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
	net->drops.overruns += (uint32_t)(overflow - net->overflow);
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

/* A packet of ours that the network reflected.  The address counts on the
 * same interface only: elsewhere it may well be a neighbour's. */
static bool
is_own(const struct net *net, const struct datagram *datagram)
{
	const struct source_address *source;

	source = source_find(net, datagram->ifindex);
	return source != NULL && datagram->from_port == net->port &&
	    memcmp(&source->address, &datagram->from,
	    sizeof(source->address)) == 0;
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
	if (is_own(net, datagram)) {
		net->drops.reflected++;
		return false;
	}
	return (message->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
	    datagram->ifindex != 0;
}

/* Read at most BURST; the number read, or 0. */
static int
receive_burst(struct net *net, int burst)
{
	int i, n;

	for (i = 0; i < burst; i++) {
		net->messages[i].msg_hdr.msg_namelen =
		    sizeof(net->senders[i]);
		net->messages[i].msg_hdr.msg_controllen =
		    sizeof(net->control[i]);
	}
	n = recvmmsg(net->fd, net->messages, (unsigned int)burst,
	    MSG_DONTWAIT, NULL);
	return n > 0 ? n : 0;
}

int
net_receive(struct net *net, babel_time now, int burst, net_input *input,
    void *ctx)
{
	struct datagram datagram;
	struct clocks clocks = { .now = now };
	int asked, got, i, total = 0;

	do {
		clocks.monotonic = clock_monotonic();
		clocks.real = clock_real();
		asked = burst - total < BURST ? burst - total : BURST;
		got = receive_burst(net, asked);
		for (i = 0; i < got; i++)
			if (describe(net, (size_t)i, &clocks, &datagram))
				input(ctx, &datagram);
		total += got;
	} while (got == asked && total < burst);
	return total;
}
