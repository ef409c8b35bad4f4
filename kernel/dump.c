/*
 * kernel/dump.c - asking the kernel for a table.
 *
 * kernel/sync.c reads the tables that it asks for in slices.  An answer that is
 * needed at once is read here, on a socket and into a buffer of its own,
 * because the caller may be in the middle of reading something else.
 */
#include "kernel/dump.h"

#include <sys/socket.h>

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/attribute.h"
#include "kernel/socket.h"

static void
put_route(struct nlmsghdr *nlh, const struct dump_request *request)
{
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = request->family;
	rtm->rtm_protocol = request->protocol;
	if (request->table != 0)
		mnl_attr_put_u32(nlh, RTA_TABLE, request->table);
}

struct nlmsghdr *
kernel_dump_encode(void *buffer, const struct dump_request *request)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *ifi;
	struct ifaddrmsg *ifa;
	struct fib_rule_hdr *frh;

	nlh->nlmsg_type = request->type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	switch (request->type) {
	case RTM_GETLINK:
		ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
		ifi->ifi_family = request->family;
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		break;
	case RTM_GETADDR:
		ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
		ifa->ifa_family = request->family;
		ifa->ifa_index = request->ifindex;
		break;
	case RTM_GETRULE:
		frh = mnl_nlmsg_put_extra_header(nlh, sizeof(*frh));
		frh->family = request->family;
		break;
	default:
		put_route(nlh, request);
		break;
	}
	return nlh;
}

bool
kernel_dump_is_end(const struct nlmsghdr *nlh, int *error)
{
	if (nlh->nlmsg_type != NLMSG_DONE && nlh->nlmsg_type != NLMSG_ERROR)
		return false;
	*error = 0;
	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(*error))
		memcpy(error, mnl_nlmsg_get_payload(nlh), sizeof(*error));
	*error = -*error;
	if (*error == ENOENT || *error == EOPNOTSUPP ||
	    *error == EAFNOSUPPORT)
		*error = 0;
	return true;
}

/* Pass the messages of a datagram to the taker; true if it was the last
 * datagram, or the taker needs no more. */
static bool
take_messages(const struct dump_room *room, int len,
    const struct dump_taker *taker, int *error)
{
	const struct nlmsghdr *nlh = (void *)room->buffer;

	for (; message_is_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_seq != room->seq)
			continue;
		if (kernel_dump_is_end(nlh, error) ||
		    !taker->take(taker->ctx, nlh))
			return true;
	}
	return false;
}

static int
read_dump(const struct dump_room *room, const struct dump_taker *taker)
{
	struct pollfd pollfd = { .fd = room->fd, .events = POLLIN };
	int error = 0, patience = ANSWER_PATIENCE;
	ssize_t len;

	while (patience > 0) {
		len = recv(room->fd, room->buffer, NETLINK_BUFFER, 0);
		if (len < 0 && errno != EAGAIN && errno != EINTR)
			return errno;
		if (len < 0) {
			(void)poll(&pollfd, 1, ANSWER_WAIT);
			patience--;
		} else if (take_messages(room, (int)len, taker, &error))
			return error;
	}
	return ETIMEDOUT;
}

int
kernel_dump_reserve(struct dump_room *room)
{
	room->seq = 0;
	room->fd = kernel_netlink_open(0);
	room->buffer = malloc(NETLINK_BUFFER);
	return room->fd < 0 || room->buffer == NULL ? -1 : 0;
}

void
kernel_dump_release(struct dump_room *room)
{
	if (room->fd >= 0)
		close(room->fd);
	free(room->buffer);
	room->fd = -1;
	room->buffer = NULL;
}

int
kernel_dump_in(struct dump_room *room, const struct dump_request *request,
    const struct dump_taker *taker)
{
	_Alignas(struct nlmsghdr) uint8_t text[DUMP_REQUEST_MAX];
	struct nlmsghdr *nlh = kernel_dump_encode(text, request);

	nlh->nlmsg_seq = ++room->seq;
	if (send(room->fd, nlh, nlh->nlmsg_len, MSG_NOSIGNAL) < 0)
		return errno;
	return read_dump(room, taker);
}

int
kernel_dump(const struct dump_request *request,
    const struct dump_taker *taker)
{
	struct dump_room room;
	int error;

	error = kernel_dump_reserve(&room) < 0 ? errno :
	    kernel_dump_in(&room, request, taker);
	kernel_dump_release(&room);
	return error;
}
