/*
 * kernel_netlink.c - the kernel over rtnetlink: sockets and life cycle.
 *
 * Three sockets, so that none waits for another.  On the command socket
 * we change routes (kernel/fib.c): rtnetlink does its work within
 * sendmsg, so the answers are there when it returns.  The notification
 * socket tells what others change; a filter in the kernel drops the echo
 * of our own changes.  On the dump socket the whole state is read, at
 * start, when asked for, and when notifications were lost
 * (kernel/sync.c); it is read a datagram at a time.  A timer descriptor
 * serves what has to wait.
 */
#include "kernel/internal.h"

#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define RECEIVE_BUFFER	(4 << 20)
#define NOTIFICATIONS	16		/* read at a time */
#define NOTIFICATION_MAX 8192
#define DRAIN_MAX	64		/* bursts */
#define DISCARD_MAX	65536		/* more than fit */
_Static_assert(NOTIFICATIONS * NOTIFICATION_MAX <= 2 * NETLINK_BUFFER,
    "the buffer holds a burst");

/* A group as bind(2) has it. */
#define GROUP(group)	(1U << ((group) - 1))
#define GROUPS		(GROUP(RTNLGRP_LINK) | GROUP(RTNLGRP_IPV4_IFADDR) | \
			    GROUP(RTNLGRP_IPV6_IFADDR) | \
			    GROUP(RTNLGRP_IPV4_ROUTE) | \
			    GROUP(RTNLGRP_IPV6_ROUTE) | \
			    GROUP(RTNLGRP_IPV4_RULE) | \
			    GROUP(RTNLGRP_IPV6_RULE) | \
			    GROUP(RTNLGRP_NEXTHOP))

bool
kernel_is_at_least(int major, int minor)
{
	struct utsname name;
	int has_major, has_minor;

	if (uname(&name) < 0 ||
	    sscanf(name.release, "%d.%d", &has_major, &has_minor) != 2)
		return false;
	return has_major > major ||
	    (has_major == major && has_minor >= minor);
}

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

/*
 * Have the kernel drop the notifications of what we did ourselves, which
 * would wake us up for each change.  A notification is a single message;
 * its nlmsg_pid is the address of the socket that asked.  Filters load in
 * network order.  Should it fail, we only work more: the reader checks
 * as well.
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

/* Take a copy of the configuration; -1 for no memory, and nothing done. */
static int
set_conf(struct kernel *kernel, const struct kernel_conf *conf)
{
	static const uint32_t main_table[] = { RT_TABLE_MAIN };
	struct kernel_conf new = *conf;
	uint32_t *tables;
	char *sysfs;

	if (new.import_table_count == 0) {
		new.import_tables = main_table;
		new.import_table_count = 1;
	}
	tables = reallocarray(NULL, new.import_table_count, sizeof(*tables));
	sysfs = strdup(conf->sysfs == NULL ? "/sys" : conf->sysfs);
	if (tables == NULL || sysfs == NULL) {
		free(tables);
		free(sysfs);
		errno = ENOMEM;
		return -1;
	}
	memcpy(tables, new.import_tables,
	    new.import_table_count * sizeof(*tables));
	new.import_tables = tables;
	new.sysfs = sysfs;
	free((void *)(uintptr_t)kernel->conf.import_tables);
	free((void *)(uintptr_t)kernel->conf.sysfs);
	kernel->conf = new;
	return 0;
}

static int
open_descriptors(struct kernel *kernel)
{
	kernel->command = kernel_netlink_open(0);
	kernel->dump = kernel_netlink_open(0);
	kernel->notify = kernel_netlink_open(GROUPS);
	kernel->timer = timerfd_create(CLOCK_MONOTONIC,
	    TFD_NONBLOCK | TFD_CLOEXEC);
	if (kernel->command < 0 || kernel->dump < 0 || kernel->notify < 0 ||
	    kernel->timer < 0)
		return -1;
	kernel->command_port = kernel_netlink_port(kernel->command);
	filter_own_changes(kernel->notify, kernel->command_port);
	return 0;
}

struct kernel *
kernel_open(const struct kernel_conf *conf,
    const struct kernel_events *events, void *ctx)
{
	struct kernel *kernel;
	int error;

	kernel = calloc(1, sizeof(*kernel));
	if (kernel == NULL)
		return NULL;
	kernel->events = events;
	kernel->ctx = ctx;
	kernel->command = kernel->dump = kernel->notify = kernel->timer = -1;
	arc4random_buf(&kernel->seed, sizeof(kernel->seed));
	kernel_link_init(kernel);
	kernel_sync_init(kernel);
	kernel->buffer = malloc(2 * NETLINK_BUFFER);
	if (kernel->buffer == NULL || set_conf(kernel, conf) < 0 ||
	    open_descriptors(kernel) < 0) {
		error = errno;
		kernel_close(kernel);
		errno = error;
		return NULL;
	}
	return kernel;
}

static void
close_descriptor(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
kernel_close(struct kernel *kernel)
{
	if (kernel == NULL)
		return;
	close_descriptor(kernel->command);
	close_descriptor(kernel->dump);
	close_descriptor(kernel->notify);
	close_descriptor(kernel->timer);
	kernel_link_free(kernel);
	kernel_sync_free(kernel);
	free((void *)(uintptr_t)kernel->conf.import_tables);
	free((void *)(uintptr_t)kernel->conf.sysfs);
	free(kernel->buffer);
	free(kernel);
}

int
kernel_configure(struct kernel *kernel, const struct kernel_conf *conf)
{
	if (set_conf(kernel, conf) < 0)
		return -1;
	kernel_link_review(kernel);
	return kernel_resync(kernel);
}

const uint64_t *
kernel_overruns(const struct kernel *kernel)
{
	return &kernel->overruns;
}

void
kernel_fds(const struct kernel *kernel, int fds[KERNEL_FDS])
{
	fds[0] = kernel->command;
	fds[1] = kernel->notify;
	fds[2] = kernel->dump;
	fds[3] = kernel->timer;
}

void
kernel_netlink_message(struct kernel *kernel, const struct nlmsghdr *nlh,
    bool is_dump)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		kernel_link_message(kernel, nlh, is_dump);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		kernel_link_address_message(kernel, nlh, is_dump);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		kernel_route_message(kernel, nlh, is_dump);
		break;
	case RTM_NEWRULE:
	case RTM_DELRULE:
		kernel_rule_message(kernel, nlh);
		break;
	case RTM_DELNEXTHOP:
		kernel_sync_schedule(kernel, SYNC_ALL, 0);
		break;
	default:
		break;
	}
}

/*
 * Notifications were lost, or one was too large for us.  What is still
 * queued is older: it may tell of routes whose removal was lost, and must
 * not be believed after the dump that now begins.  The kernel queues
 * nothing more before all of that was taken.
 */
static void
overrun(struct kernel *kernel)
{
	int left = DISCARD_MAX;

	kernel->overruns++;
	kernel->events->log(kernel->ctx, LOG_INFO,
	    "lost notifications of the kernel: asking for everything");
	while (left-- > 0 &&
	    (recv(kernel->notify, NULL, 0, MSG_DONTWAIT) >= 0 ||
	    errno == ENOBUFS || errno == EINTR))
		continue;
	kernel_sync_schedule(kernel, SYNC_ALL, 0);
}

static void
read_notification(struct kernel *kernel, const struct mmsghdr *message,
    const struct sockaddr_nl *sender)
{
	const struct nlmsghdr *nlh = message->msg_hdr.msg_iov->iov_base;
	int len = (int)message->msg_len;

	if (message->msg_hdr.msg_flags & MSG_TRUNC) {
		overrun(kernel);
		return;
	}
	if (sender->nl_pid != 0)
		return;			/* not the kernel */
	for (; message_is_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		if (nlh->nlmsg_pid != kernel->command_port)
			kernel_netlink_message(kernel, nlh, false);
}

/* Read a burst; true if there may be more.  The error of an overrun comes
 * once, before what is still queued. */
static bool
read_notifications(struct kernel *kernel)
{
	struct mmsghdr messages[NOTIFICATIONS] = { 0 };
	struct iovec vectors[NOTIFICATIONS];
	struct sockaddr_nl senders[NOTIFICATIONS];
	int i, n;

	for (i = 0; i < NOTIFICATIONS; i++) {
		vectors[i].iov_base = kernel->buffer + i * NOTIFICATION_MAX;
		vectors[i].iov_len = NOTIFICATION_MAX;
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
		messages[i].msg_hdr.msg_name = &senders[i];
		messages[i].msg_hdr.msg_namelen = sizeof(senders[i]);
	}
	n = recvmmsg(kernel->notify, messages, NOTIFICATIONS, MSG_DONTWAIT,
	    NULL);
	if (n < 0 && errno == ENOBUFS)
		overrun(kernel);
	for (i = 0; i < n; i++)
		read_notification(kernel, &messages[i], &senders[i]);
	kernel_link_tell(kernel);
	return n == NOTIFICATIONS;
}

void
kernel_netlink_drain(struct kernel *kernel)
{
	int bursts = DRAIN_MAX;

	while (bursts-- > 0 && read_notifications(kernel))
		continue;
}

/* Answers are read where the question was asked; what is left over is the
 * answer to a question that was given up. */
static void
discard_answers(struct kernel *kernel)
{
	(void)recv(kernel->command, kernel->buffer, NETLINK_BUFFER,
	    MSG_DONTWAIT);
}

void
kernel_ready(struct kernel *kernel, int fd)
{
	if (fd == kernel->notify)
		(void)read_notifications(kernel);
	else if (fd == kernel->dump)
		kernel_sync_ready(kernel);
	else if (fd == kernel->timer)
		kernel_sync_timer(kernel);
	else if (fd == kernel->command)
		discard_answers(kernel);
}
