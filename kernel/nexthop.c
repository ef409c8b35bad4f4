/*
 * kernel/nexthop.c - nexthop objects, asked for by number.
 *
 * Many routes share few objects, so the last answers are kept until a
 * notification reports that the object has changed.
 */
#include "kernel/nexthop.h"

#include <sys/socket.h>

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "kernel/attribute.h"
#include "kernel/kernel_state.h"
#include "kernel/marks.h"
#include "kernel/socket.h"

#define AGAIN_DELAY	(200 * MILLISECOND)

struct nexthop_message {
	uint32_t id, first;		/* first: member of a group, or 0 */
	uint32_t ifindex;
};

static bool
decode(const struct nlmsghdr *nlh, struct nexthop_message *message)
{
	const struct nlattr *attr;
	struct nexthop_grp member;

	memset(message, 0, sizeof(*message));
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nhmsg))
		return false;
	FOR_EACH_ATTRIBUTE(attr, nlh, sizeof(struct nhmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case NHA_ID:
			(void)attribute_u32(attr, &message->id);
			break;
		case NHA_OIF:
			(void)attribute_u32(attr, &message->ifindex);
			break;
		case NHA_GROUP:
			if (mnl_attr_get_payload_len(attr) < sizeof(member))
				break;
			memcpy(&member, mnl_attr_get_payload(attr),
			    sizeof(member));
			message->first = member.id;
			break;
		}
	}
	return message->id != 0;
}

/* Ask for one object, on a socket of its own. */
static bool
ask(uint32_t id, struct nexthop_message *message)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[ANSWER_MAX];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct pollfd fd = { .fd = kernel_netlink_open(0), .events = POLLIN };
	ssize_t len = -1;

	nlh->nlmsg_type = RTM_GETNEXTHOP;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nhmsg));
	mnl_attr_put_u32(nlh, NHA_ID, id);
	if (fd.fd < 0)
		return false;
	if (send(fd.fd, nlh, nlh->nlmsg_len, MSG_NOSIGNAL) >= 0 &&
	    poll(&fd, 1, ANSWER_WAIT) > 0)
		len = recv(fd.fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	close(fd.fd);
	return len > 0 && message_is_ok(nlh, (int)len) &&
	    nlh->nlmsg_type == RTM_NEWNEXTHOP && decode(nlh, message);
}

unsigned int
kernel_nexthop_ifindex(struct kernel *kernel, uint32_t id)
{
	struct nexthop *known = &kernel->nexthops[id % NEXTHOPS];
	struct nexthop_message message;

	if (known->id == id)
		return known->ifindex;
	if (!ask(id, &message))
		return 0;
	if (message.first != 0 && !ask(message.first, &message))
		return 0;
	known->id = id;
	known->ifindex = message.ifindex;
	kernel->has_nexthops = true;
	return known->ifindex;
}

void
kernel_nexthop_message(struct kernel *kernel, const struct nlmsghdr *nlh)
{
	struct nexthop_message message;

	if (!decode(nlh, &message))
		return;
	/* The routes of an object that is gone went without notification; a
	 * group may have another first member now. */
	if (nlh->nlmsg_type == RTM_DELNEXTHOP ? kernel->has_ipv4_imports :
	    kernel->has_nexthops && (message.first != 0 ||
	    kernel->nexthops[message.id % NEXTHOPS].id == message.id))
		kernel_marks_schedule(kernel, SYNC_ALL, AGAIN_DELAY);
	if (kernel->has_nexthops)
		memset(kernel->nexthops, 0, sizeof(kernel->nexthops));
}
