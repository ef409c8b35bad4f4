/*
 * net/tap.c - packets that arrive on an interface and do not reach us.
 *
 * A packet filter that drops incoming packets is noticed only on the other
 * side, because nothing reports packets that we never get.  So an interface on
 * which nothing is received is watched by a packet socket for a while, before
 * any filter: packets to our port that it sees should have reached us.  One
 * interface is watched at a time, again and again, but at growing intervals.
 */
#include "net/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "net.h"
#include "util.h"

#define TAP_TIME	(6 * SECOND)	/* more than a usual Hello interval */
#define TAP_STEP	SECOND		/* between two looks for the next */
#define TAP_PAUSE_MAX	(10 * MINUTE)	/* between two of one interface */
#define IPV6_HEADER	40
#define IPV6_NEXT	6
#define IPV6_SOURCE	8
#define IPV6_TARGET	24

/* Receive only IPv6 packets with UDP for that port, and only their headers. */
static int
filter_port(int fd, uint16_t port)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IPV6_NEXT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, IPV6_HEADER + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, IPV6_HEADER),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]), .filter = code
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
	    sizeof(program));
}

/* Protocol 0 receives nothing until the socket is bound. */
static int
open_tap(uint16_t port, unsigned int ifindex)
{
	struct sockaddr_ll local = { .sll_family = AF_PACKET };
	int fd;

	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	local.sll_protocol = htons(ETH_P_IPV6);
	local.sll_ifindex = (int)ifindex;
	if (filter_port(fd, port) == 0 &&
	    bind(fd, (struct sockaddr *)&local, sizeof(local)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Is the packet one that we should get? */
static bool
is_for_us(const struct net *net, const struct sockaddr_ll *sender,
    const uint8_t *header)
{
	return sender->sll_pkttype == PACKET_HOST ||
	    (sender->sll_pkttype == PACKET_MULTICAST &&
	    memcmp(header + IPV6_TARGET, &net->group,
	    sizeof(net->group)) == 0);
}

/* Has such a packet come?  Returns the address that it is from. */
static bool
has_seen(const struct net *net, struct in6_addr *from)
{
	uint8_t header[IPV6_HEADER];
	struct sockaddr_ll sender;
	socklen_t len = sizeof(sender);

	while (recvfrom(net->tap, header, sizeof(header), MSG_DONTWAIT,
	    (struct sockaddr *)&sender, &len) == IPV6_HEADER) {
		memcpy(from, header + IPV6_SOURCE, sizeof(*from));
		if (is_for_us(net, &sender, header))
			return true;
		len = sizeof(sender);
	}
	return false;
}

/* Has nothing reached us since the last look, read or not? */
static bool
is_deaf(const struct net_link *link)
{
	return link->numbers.received == link->looked_received &&
	    recv(link->fd, NULL, 0, MSG_PEEK | MSG_DONTWAIT) < 0;
}

static bool
is_due(const struct net_link *link, babel_time now)
{
	return link->ifindex != 0 && link->fd >= 0 && link->is_member &&
	    now >= link->look_next && is_deaf(link);
}

/* Schedule the next look at the link: soon, if something was received. */
static void
plan(struct net_link *link, babel_time now)
{
	bool is_heard = link->numbers.received != link->looked_received;

	link->look_pause = is_heard || link->look_pause == 0 ?
	    TAP_PAUSE : time_min(2 * link->look_pause, TAP_PAUSE_MAX);
	link->look_next = now + link->look_pause;
	link->looked_received = link->numbers.received;
}

static void
begin(struct net *net, babel_time now)
{
	struct net_link *link;

	for (link = net_links_first(&net->links); link != NULL;
	    link = net_links_next(link)) {
		if (!is_due(link, now)) {
			if (link->look_next <= now)
				plan(link, now);
			continue;
		}
		net->tap = open_tap(net->port, link->ifindex);
		if (net->tap < 0 && (errno == EPERM || errno == EACCES ||
		    errno == EAFNOSUPPORT)) {
			net->tap_next = NEVER;
			return;
		}
		net->tapped = link->ifindex;
		net->tap_next = now + TAP_TIME;
		return;
	}
}

/* The time is up: has the tap seen packets that we have not? */
static void
end(struct net *net, struct net_link *link, babel_time now)
{
	struct in6_addr from;
	char text[INET6_ADDRSTRLEN];
	bool is_filtered;

	is_filtered = net->tap >= 0 && link->fd >= 0 &&
	    has_seen(net, &from) && is_deaf(link);
	if (is_filtered && !link->numbers.is_filtered)
		log_warnx(net->log, "interface %s: packets from %s arrive, "
		    "but do not reach us: does a packet filter drop what "
		    "comes in for UDP port %u?", link->name,
		    inet_ntop(AF_INET6, &from, text, sizeof(text)),
		    net->port);
	link->numbers.is_filtered = is_filtered;
	plan(link, now);
}

void
net_tap_close(struct net *net)
{
	if (net->tap >= 0)
		close(net->tap);
	net->tap = -1;
	net->tapped = 0;
}

babel_time
net_tap_run(struct net *net, babel_time now)
{
	struct net_link *link;

	if (now < net->tap_next)
		return net->tap_next;
	net->tap_next = now + TAP_STEP;
	if (net->tapped == 0) {
		begin(net, now);
		return net->tap_next;
	}
	link = net_link_find(net, net->tapped);
	if (link != NULL)
		end(net, link, now);
	net_tap_close(net);
	return net->tap_next;
}
