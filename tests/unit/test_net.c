/*
 * test_net.c - the UDP socket, in a network namespace of its own with both
 * ends of a veth pair in it: what leaves by v0 arrives on v1.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <net/if.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "net.h"
#include "unit.h"

#define PORT	6696
#define PEER	6697

static struct in6_addr group, own, far;
static unsigned int near_index, far_index;
static bool is_possible;

/* The datagrams that the last call of receive() handed over. */
static struct datagram got[64];
static char bodies[64][8];
static int count;

static babel_time
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec / 1000;
}

static int
ip(const char *arguments)
{
	char text[128], *words[16] = { NULL }, *at = text;
	int status, n = 0;
	pid_t child;

	strlcpy(text, arguments, sizeof(text));
	while (at != NULL && n < 15)
		words[n++] = strsep(&at, " ");
	child = fork();
	if (child == 0) {
		execvp(words[0], words);
		_exit(127);
	}
	return waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

/* Until the kernel has seen to it that both ends are up, nothing can be
 * sent: wait for a route. */
static int
await_route(unsigned int ifindex, const struct in6_addr *to)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct timespec wait = { .tv_nsec = 5000000 };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), tries = 1000, status;

	sin6.sin6_addr = *to;
	sin6.sin6_port = htons(PEER);
	sin6.sin6_scope_id = ifindex;
	while ((status = connect(fd, (struct sockaddr *)&sin6,
	    sizeof(sin6))) < 0 && --tries > 0)
		nanosleep(&wait, NULL);
	close(fd);
	return status;
}

/* An emulator may lack the option that this needs of the kernel. */
static bool
has_multicast_all(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), off = 0, status;

	status = setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &off,
	    sizeof(off));
	close(fd);
	return status == 0;
}

static int
make_pair(void **state)
{
	(void)state;
	if (!has_multicast_all()) {
		print_message("SKIPPING: no IPV6_MULTICAST_ALL\n");
		return 0;
	}
	if (unshare(CLONE_NEWNET) < 0 ||
	    ip("ip link add v0 type veth peer name v1") < 0) {
		print_message("SKIPPING: no network namespace: %s\n",
		    strerror(errno));
		return 0;
	}
	if (ip("ip link set lo up") < 0 ||
	    ip("ip link set v0 addrgenmode none mtu 1400") < 0 ||
	    ip("ip link set v1 addrgenmode none mtu 1400") < 0 ||
	    ip("ip addr add fe80::a/64 dev v0 nodad") < 0 ||
	    ip("ip addr add fe80::c/64 dev v0 nodad") < 0 ||
	    ip("ip addr add fe80::b/64 dev v1 nodad") < 0 ||
	    ip("ip link set v0 up") < 0 || ip("ip link set v1 up") < 0)
		return -1;
	address_parse("ff02::1:6", &group);
	address_parse("fe80::a", &own);
	address_parse("fe80::b", &far);
	near_index = if_nametoindex("v0");
	far_index = if_nametoindex("v1");
	if (await_route(near_index, &far) < 0 ||
	    await_route(near_index, &group) < 0 ||
	    await_route(far_index, &own) < 0 ||
	    await_route(far_index, &group) < 0)
		return -1;
	is_possible = true;
	return 0;
}

static void
set(int fd, int level, int option, int value)
{
	assert_int_equal(setsockopt(fd, level, option, &value,
	    sizeof(value)), 0);
}

/* The neighbour: an ordinary socket on v1. */
static int
open_peer(void)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct ipv6_mreq request = { .ipv6mr_multiaddr = group };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1);
	set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
	sin6.sin6_port = htons(PEER);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)),
	    0);
	request.ipv6mr_interface = far_index;
	assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP,
	    &request, sizeof(request)), 0);
	return fd;
}

static ssize_t
send_to(int fd, const struct in6_addr *to, const void *bytes, size_t len)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	sin6.sin6_addr = *to;
	sin6.sin6_port = htons(PORT);
	sin6.sin6_scope_id = far_index;
	return sendto(fd, bytes, len, 0, (struct sockaddr *)&sin6,
	    sizeof(sin6));
}

static void
take(void *ctx, const struct datagram *datagram)
{
	(void)ctx;
	if (count == 64)
		return;
	got[count] = *datagram;
	memset(bodies[count], 0, sizeof(bodies[count]));
	memcpy(bodies[count], datagram->bytes,
	    datagram->len < 8 ? datagram->len : 7);
	count++;
}

static bool
is_readable(int fd, int milliseconds)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, milliseconds) == 1;
}

static int
receive(struct net *net)
{
	count = 0;
	assert_true(is_readable(net_fd(net), 5000));
	return net_receive(net, now(), take, NULL);
}

static struct datagram
to_peer(const struct in6_addr *to, const void *bytes, size_t len)
{
	return (struct datagram){
		.ifindex = near_index, .from = own, .to = *to,
		.to_port = PEER, .bytes = bytes, .len = len
	};
}

/* covers: Q38 */
static void
second_instance_is_refused(void **state)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct net *net;
	int fd;

	(void)state;
	if (!is_possible)
		skip();
	net = net_open(PORT, &group);
	assert_non_null(net);
	assert_null(net_open(PORT, &group));
	assert_int_equal(errno, EADDRINUSE);
	/* Nor after our own sockets have shared the port. */
	assert_int_equal(net_add(net, near_index, "v0"), 0);
	assert_null(net_open(PORT, &group));
	assert_int_equal(errno, EADDRINUSE);
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	sin6.sin6_port = htons(PORT);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)),
	    -1);
	close(fd);
	net_close(net);
	net = net_open(PORT, &group);
	assert_non_null(net);
	net_close(net);
	net_close(NULL);
}

static struct net *
open_near(void)
{
	struct net *net = net_open(PORT, &group);

	assert_non_null(net);
	assert_int_equal(net_add(net, near_index, "v0"), 0);
	return net;
}

/* Traffic class and hop limit of a received message. */
static void
check_control(struct msghdr *message)
{
	struct cmsghdr *cmsg;
	int value, seen = 0;

	for (cmsg = CMSG_FIRSTHDR(message); cmsg != NULL;
	    cmsg = CMSG_NXTHDR(message, cmsg)) {
		memcpy(&value, CMSG_DATA(cmsg), sizeof(value));
		if (cmsg->cmsg_type == IPV6_TCLASS)
			assert_int_equal(value, 0xC0);
		else if (cmsg->cmsg_type == IPV6_HOPLIMIT)
			assert_int_equal(value, 1);
		else
			continue;
		seen++;
	}
	assert_int_equal(seen, 2);
}

static void
what_is_sent_arrives(void **state)
{
	struct in6_addr second, destinations[2];
	struct sockaddr_in6 sender;
	_Alignas(struct cmsghdr) char control[128];
	char body[16];
	struct iovec vector = { body, sizeof(body) };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	struct datagram datagram;
	struct net *net;
	int fd, i;

	(void)state;
	if (!is_possible)
		skip();
	net = open_near();
	fd = open_peer();
	address_parse("fe80::c", &second);
	destinations[0] = group;
	destinations[1] = far;
	for (i = 0; i < 4; i++) {
		/* Each source address, to the group and to the peer. */
		datagram = to_peer(&destinations[i % 2], "hello", 5);
		datagram.from = i < 2 ? own : second;
		assert_int_equal(net_send(net, &datagram), 0);
		assert_true(is_readable(fd, 5000));
		message.msg_name = &sender;
		message.msg_namelen = sizeof(sender);
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		assert_int_equal(recvmsg(fd, &message, 0), 5);
		assert_memory_equal(body, "hello", 5);
		assert_memory_equal(&sender.sin6_addr, &datagram.from, 16);
		assert_int_equal(ntohs(sender.sin6_port), PORT);
		check_control(&message);
	}
	close(fd);
	net_close(net);
}

static void
only_joined_interfaces_are_heard(void **state)
{
	struct net *net;
	int fd;

	(void)state;
	if (!is_possible)
		skip();
	net = net_open(PORT, &group);
	fd = open_peer();
	set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)far_index);
	/* The unicast packet comes last, and alone. */
	assert_int_equal(send_to(fd, &group, "deaf", 4), 4);
	assert_int_equal(send_to(fd, &own, "one", 3), 3);
	assert_int_equal(receive(net), 1);
	assert_string_equal(bodies[0], "one");
	assert_memory_equal(&got[0].to, &own, 16);
	assert_int_equal(net_add(net, near_index, "v0"), 0);
	assert_int_equal(net_add(net, near_index, "v0"), 0);
	net_renew(net);
	assert_int_equal(send_to(fd, &group, "two", 3), 3);
	assert_int_equal(receive(net), 1);
	assert_string_equal(bodies[0], "two");
	assert_memory_equal(&got[0].to, &group, 16);
	assert_memory_equal(&got[0].from, &far, 16);
	assert_int_equal(got[0].ifindex, near_index);
	assert_int_equal(got[0].from_port, PEER);
	assert_int_equal(got[0].to_port, PORT);
	net_remove(net, near_index);
	assert_int_equal(send_to(fd, &group, "deaf", 4), 4);
	assert_int_equal(send_to(fd, &own, "three", 5), 5);
	assert_int_equal(receive(net), 1);
	assert_string_equal(bodies[0], "three");
	net_remove(net, near_index);
	close(fd);
	net_close(net);
}

/* The first socket of a machine that asks for stamps does not get them at
 * once: the kernel changes its code for it in the background. */
static void
await_stamps(struct net *net, int fd)
{
	struct timespec wait = { .tv_nsec = 10000000 };
	babel_time after;
	int tries = 500;

	do {
		assert_true(tries-- > 0);
		assert_int_equal(send_to(fd, &own, "x", 1), 1);
		assert_true(is_readable(net_fd(net), 5000));
		after = now();
		nanosleep(&wait, NULL);
		assert_int_equal(receive(net), 1);
	} while (got[0].received > after);
}

static void
arrival_is_stamped_by_the_kernel(void **state)
{
	struct timespec wait = { .tv_nsec = 50000000 };
	babel_time before, after;
	struct net *net;
	int fd;

	(void)state;
	if (!is_possible)
		skip();
	net = open_near();
	fd = open_peer();
	await_stamps(net, fd);
	before = now();
	assert_int_equal(send_to(fd, &own, "x", 1), 1);
	assert_true(is_readable(net_fd(net), 5000));
	after = now();
	/* What is read late arrived no later for that. */
	nanosleep(&wait, NULL);
	assert_int_equal(receive(net), 1);
	assert_in_range(got[0].received, before - 5000, after + 5000);
	/* Never after what the caller takes for now. */
	assert_int_equal(send_to(fd, &own, "x", 1), 1);
	assert_true(is_readable(net_fd(net), 5000));
	count = 0;
	assert_int_equal(net_receive(net, before, take, NULL), 1);
	assert_int_equal(got[0].received, before);
	close(fd);
	net_close(net);
}

/* covers: Q49 */
static void
bursts_are_bounded(void **state)
{
	struct net *net;
	char body[16];
	int fd, i, n, next = 0;

	(void)state;
	if (!is_possible)
		skip();
	net = open_near();
	fd = open_peer();
	for (i = 0; i < 100; i++) {
		snprintf(body, sizeof(body), "%d", i);
		assert_true(send_to(fd, &own, body, strlen(body)) > 0);
	}
	while (next < 100) {
		n = receive(net);
		assert_int_equal(n, count);
		assert_in_range(n, 1, NET_BURST);
		for (i = 0; i < n; i++)
			assert_int_equal(strtol(bodies[i], NULL, 10),
			    next + i);
		next += n;
	}
	assert_int_equal(net_receive(net, now(), take, NULL), 0);
	assert_int_equal(*net_overruns(net), 0);
	close(fd);
	net_close(net);
}

/* The one that is bound to an interface. */
static int
socket_of_interface(void)
{
	char name[IFNAMSIZ];
	socklen_t len;
	int fd;

	for (fd = 3; fd < 64; fd++) {
		len = sizeof(name);
		if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name,
		    &len) == 0 && len > 0)
			return fd;
	}
	return -1;
}

static void
overflow_is_counted(void **state)
{
	struct net *net;
	int fd, i;

	(void)state;
	if (!is_possible)
		skip();
	net = open_near();
	set(socket_of_interface(), SOL_SOCKET, SO_RCVBUF, 4608);
	fd = open_peer();
	for (i = 0; i < 100; i++)
		assert_int_equal(send_to(fd, &own, "x", 1), 1);
	while (is_readable(net_fd(net), 0))
		receive(net);
	/* The counter comes with the next packet. */
	assert_int_equal(send_to(fd, &own, "x", 1), 1);
	receive(net);
	assert_in_range(*net_overruns(net), 1, 99);
	close(fd);
	net_close(net);
}

static void
large_packets_pass_or_fail_as_asked(void **state)
{
	static uint8_t bytes[3000];
	struct datagram datagram = to_peer(&far, bytes, sizeof(bytes));
	static uint8_t body[65536];
	struct net *net;
	int fd;

	(void)state;
	if (!is_possible)
		skip();
	net = open_near();
	fd = open_peer();
	assert_int_equal(net_send(net, &datagram), 0);
	assert_true(is_readable(fd, 5000));
	assert_int_equal(recv(fd, body, sizeof(body), 0), sizeof(bytes));
	datagram.dont_fragment = true;
	assert_int_equal(net_send(net, &datagram), EMSGSIZE);
	assert_int_equal(send_to(fd, &own, bytes, sizeof(bytes)),
	    sizeof(bytes));
	assert_int_equal(receive(net), 1);
	assert_int_equal(got[0].len, sizeof(bytes));
	close(fd);
	net_close(net);
}

static void
a_dead_interface_is_an_error(void **state)
{
	struct datagram datagram = to_peer(&group, "x", 1);
	struct net *net;

	(void)state;
	if (!is_possible)
		skip();
	net = net_open(PORT, &group);
	assert_int_equal(net_send(net, &datagram), ENODEV);
	assert_int_equal(net_add(net, near_index, "v0"), 0);
	datagram.from = far;		/* not an address of v0 */
	assert_int_not_equal(net_send(net, &datagram), 0);
	net_close(net);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_instance_is_refused),
		cmocka_unit_test(what_is_sent_arrives),
		cmocka_unit_test(only_joined_interfaces_are_heard),
		cmocka_unit_test(arrival_is_stamped_by_the_kernel),
		cmocka_unit_test(bursts_are_bounded),
		cmocka_unit_test(overflow_is_counted),
		cmocka_unit_test(large_packets_pass_or_fail_as_asked),
		cmocka_unit_test(a_dead_interface_is_an_error),
	};

	return cmocka_run_group_tests_name("net", tests, make_pair, NULL);
}
