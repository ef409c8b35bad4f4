/*
 * kernel/socket.c - netlink sockets: open one, ask a question, await the
 * answer.
 */
#include "kernel/socket.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "kernel/message.h"
#include "kernel/state.h"

#define RECEIVE_BUFFER	(4 << 20)

/* Kernel 5.1; the headers of Debian 12 have it, older ones may not. */
#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK	12
#endif

/* Options that older kernels lack are not missed: dumps come unfiltered,
 * errors without a text. */
static void
set_options(int fd)
{
	int size = RECEIVE_BUFFER, yes = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof(yes));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof(yes));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &yes,
	    sizeof(yes));
}

int
kernel_netlink_open(uint32_t groups)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	int error, fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    NETLINK_ROUTE);
	if (fd < 0)
		return -1;
	set_options(fd);
	local.nl_groups = groups;
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

uint32_t
kernel_netlink_port(int fd)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(local);

	if (getsockname(fd, (struct sockaddr *)&local, &len) < 0)
		return 0;
	return local.nl_pid;
}

/* The error that the kernel answers to the request of that number; -1 if
 * the answer is not among these messages. */
static int
find_answer(const void *buffer, int len, uint32_t seq)
{
	const struct nlmsghdr *nlh = buffer;
	const struct nlmsgerr *answer;

	for (; message_is_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		answer = mnl_nlmsg_get_payload(nlh);
		if (nlh->nlmsg_type == NLMSG_ERROR && nlh->nlmsg_seq == seq &&
		    mnl_nlmsg_get_payload_len(nlh) >= sizeof(*answer))
			return -answer->error;
	}
	return -1;
}

/* Read until the answer comes; it is there already. */
static int
await_answer(struct kernel *kernel, uint32_t seq)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[ANSWER_MAX];
	struct pollfd fd = { .fd = kernel->command, .events = POLLIN };
	int error, patience = ANSWER_PATIENCE;
	ssize_t len;

	while (patience-- > 0) {
		len = recv(kernel->command, buffer, sizeof(buffer),
		    MSG_DONTWAIT);
		if (len < 0 && errno != EAGAIN && errno != EINTR)
			return errno;
		if (len < 0) {
			(void)poll(&fd, 1, ANSWER_WAIT);
			continue;
		}
		error = find_answer(buffer, (int)len, seq);
		if (error >= 0)
			return error;
	}
	return ETIMEDOUT;
}

int
kernel_request(struct kernel *kernel, struct nlmsghdr *nlh)
{
	nlh->nlmsg_seq = ++kernel->seq;
	if (send(kernel->command, nlh, nlh->nlmsg_len, MSG_NOSIGNAL) < 0)
		return errno;
	return await_answer(kernel, nlh->nlmsg_seq);
}
