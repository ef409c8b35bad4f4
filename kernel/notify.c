/*
 * kernel/notify.c - reading notifications, and passing each message to its
 * table.
 */
#include "kernel/notify.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <syslog.h>

#include "clock.h"
#include "kernel.h"
#include "kernel/attribute.h"
#include "kernel/kernel_state.h"
#include "kernel/link.h"
#include "kernel/marks.h"
#include "kernel/nexthop.h"
#include "kernel/rule_message.h"
#include "kernel/socket.h"
#include "kernel/watch.h"
#include "util.h"

#define NOTIFICATIONS	16		/* read at a time */
#define NOTIFICATION_MAX 8192
#define DRAIN_MAX	64		/* bursts */
#define DISCARD_MAX	65536		/* more than fit */
#define DISCARD_ERRORS	8		/* then an error lasts */
_Static_assert(NOTIFICATIONS * NOTIFICATION_MAX <= 2 * NETLINK_BUFFER,
    "the buffer holds a burst");

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
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		kernel_nexthop_message(kernel, nlh);
		break;
	default:
		break;
	}
}

/*
 * Notifications were lost, or one was too large for us.  Those still queued are
 * older: they may report routes whose removal was lost, so they must not be
 * processed after the dump that now begins.  The kernel queues nothing more
 * before all of them have been taken.
 */
static void
overrun(struct kernel *kernel)
{
	int left = DISCARD_MAX, errors = DISCARD_ERRORS;

	kernel->overruns++;
	if (clock_monotonic() >= kernel->quiet_until) {
		kernel->quiet_until = clock_monotonic() + MINUTE;
		kernel->events->log(kernel->ctx, LOG_INFO,
		    "lost notifications of the kernel: asking for everything");
	}
	while (left-- > 0 &&
	    (recv(kernel->notify, NULL, 0, MSG_DONTWAIT) >= 0 ||
	    ((errno == ENOBUFS || errno == EINTR) && errors-- > 0)))
		continue;
	kernel_marks_schedule(kernel, SYNC_ALL, 0);
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
bool
kernel_notify_ready(struct kernel *kernel)
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
	if (n < 0)
		kernel->read_error = errno;
	if (n < 0 && errno == ENOBUFS)
		overrun(kernel);
	for (i = 0; i < n; i++)
		read_notification(kernel, &messages[i], &senders[i]);
	kernel_link_report(kernel);
	return n == NOTIFICATIONS;
}

void
kernel_notify_drain(struct kernel *kernel)
{
	int bursts = DRAIN_MAX;

	while (bursts-- > 0 && kernel_notify_ready(kernel))
		continue;
}
