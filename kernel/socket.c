/*
 * kernel/socket.c - netlink sockets: open one, ask a question, await the
 * answer.
 */
#include "kernel/socket.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stddef.h>
#include <unistd.h>

#include "kernel/marks.h"
#include "kernel/attribute.h"
#include "kernel/kernel_state.h"

#define RECEIVE_BUFFER	(4 << 20)

/* A group as a bit for bind(2). */
#define GROUP(group)	(1U << ((group) - 1))
#define GROUPS		(GROUP(RTNLGRP_LINK) | GROUP(RTNLGRP_IPV4_IFADDR) | \
			    GROUP(RTNLGRP_IPV6_IFADDR) | \
			    GROUP(RTNLGRP_IPV4_ROUTE) | \
			    GROUP(RTNLGRP_IPV6_ROUTE) | \
			    GROUP(RTNLGRP_IPV4_RULE) | \
			    GROUP(RTNLGRP_IPV6_RULE) | \
			    GROUP(RTNLGRP_NEXTHOP))

/* Kernel 5.1; the headers of Debian 12 have it, older ones may not. */
#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK	12
#endif

/* Options that older kernels lack can be missing: dumps are not filtered then,
 * and errors have no text. */
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

static uint32_t
port_of(int fd)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(local);

	if (getsockname(fd, (struct sockaddr *)&local, &len) < 0)
		return 0;
	return local.nl_pid;
}

/*
 * Let the kernel drop the notifications of our own changes, which would wake us
 * up for each change.  A notification is a single message; its nlmsg_pid is the
 * address of the socket that asked.  Filters load values in network order.  If
 * this fails, there is only more work, because the reader checks as well.
 */
static void
filter_own_changes(int fd, uint32_t port)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]), .filter = code
	};

	(void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
	    sizeof(program));
}

static void
close_socket(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
kernel_sockets_close(struct kernel *kernel)
{
	close_socket(&kernel->command);
	close_socket(&kernel->notify);
	close_socket(&kernel->dump);
}

int
kernel_sockets_open(struct kernel *kernel)
{
	int error;

	kernel->command = kernel_netlink_open(0);
	kernel->notify = kernel_netlink_open(GROUPS);
	kernel->dump = kernel_netlink_open(0);
	if (kernel->command < 0 || kernel->notify < 0 || kernel->dump < 0) {
		error = errno;
		kernel_sockets_close(kernel);
		errno = error;
		return -1;
	}
	kernel->command_port = port_of(kernel->command);
	filter_own_changes(kernel->notify, kernel->command_port);
	return 0;
}

/* The error in the kernel's answer to the request of that number; -1 if the
 * answer is not among these messages. */
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

/* Read until the answer comes; it is normally there already.  False and an
 * errno if none comes. */
static bool
await_answer(struct kernel *kernel, uint32_t seq, int *answer, int *error)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[ANSWER_MAX];
	struct pollfd fd = { .fd = kernel->command, .events = POLLIN };
	int patience = ANSWER_PATIENCE;
	ssize_t len;

	while (patience-- > 0) {
		len = recv(kernel->command, buffer, sizeof(buffer),
		    MSG_DONTWAIT);
		*error = len < 0 ? errno : 0;
		if (len < 0 && *error != EAGAIN && *error != EINTR)
			return false;
		if (len < 0) {
			(void)poll(&fd, 1, ANSWER_WAIT);
			continue;
		}
		*answer = find_answer(buffer, (int)len, seq);
		if (*answer >= 0)
			return true;
	}
	*error = ETIMEDOUT;
	return false;
}

int
kernel_request(struct kernel *kernel, struct nlmsghdr *nlh)
{
	int answer = 0, error = 0;

	nlh->nlmsg_seq = ++kernel->seq;
	if (send(kernel->command, nlh, nlh->nlmsg_len, MSG_NOSIGNAL) < 0)
		return errno;
	if (!await_answer(kernel, nlh->nlmsg_seq, &answer, &error))
		kernel_marks_reopen(kernel, 0);
	return error != 0 ? error : answer;
}
