/*
 * net.c - the UDP sockets that carry Babel (RFC 8966, sections 3.1, 4).
 *
 * Each interface has a socket of its own, bound to it, so that no limit of one
 * link affects another: a send buffer that does not drain, a receive buffer
 * that is full, memory for group memberships.  One more socket is bound to the
 * port only; it receives packets that belong to no interface, and reserves the
 * port.  One epoll descriptor stands for them all.
 *
 * The source address of a packet is set by IPV6_PKTINFO, because neighbours
 * know us by it and MACs are computed over it (RFC 8967, section 4.1).
 *
 * A Hello cannot overtake packets that wait in the kernel, so only little may
 * wait there.  How much depends on the link: less if it takes long to drain,
 * more if it drains at once.
 */
#include "net/internal.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "babel.h"
#include "clock.h"
#include "net.h"
#include "pattern.h"
#include "trouble.h"
#include "util.h"

#define QUEUE_MIN	4096		/* octets in the kernel */
#define QUEUE_START	(16 << 10)
#define QUEUE_MAX	(256 << 10)
#define DRAIN_SLOW	(200 * MILLISECOND)	/* too much waits there */
#define DRAIN_FAST	(20 * MILLISECOND)	/* more may */
/* When to try to send again if no event comes. */
#define RETRY_MIN	(10 * MILLISECOND)
#define RETRY_MAX	SECOND
/* Refusals further apart do not show the link's rate. */
#define RATE_PERIOD	(5 * SECOND)

#define CONTROL_OUT	(CMSG_SPACE(sizeof(struct in6_pktinfo)) + \
			    CMSG_SPACE(sizeof(int)))

/* Opening and closing. */

/* Poll for input, and for room in the buffer if there is none. */
static int
listen_to(const struct net *net, struct net_link *link)
{
	struct epoll_event event = { .events = EPOLLIN };

	event.data.u32 = link->ifindex;
	if (link->numbers.refuses_since != 0)
		event.events |= EPOLLOUT;
	if (epoll_ctl(net->epoll, link->is_listening ? EPOLL_CTL_MOD :
	    EPOLL_CTL_ADD, link->fd, &event) < 0)
		return -1;
	link->is_listening = true;
	return 0;
}

static void
stop_listening(const struct net *net, struct net_link *link)
{
	(void)epoll_ctl(net->epoll, EPOLL_CTL_DEL, link->fd, NULL);
	link->is_listening = false;
}

static bool
is_well(const struct net_link *link)
{
	return link->fd >= 0 && link->is_member && link->is_listening;
}

static void
note_health(struct net *net, struct net_link *link)
{
	bool is_ailing = !is_well(link);

	if (is_ailing && !link->is_ailing)
		net->ailing++;
	if (!is_ailing && link->is_ailing)
		net->ailing--;
	link->is_ailing = is_ailing;
	link->numbers.error = link->opening.error;
}

static bool
open_link(struct net *net, struct net_link *link)
{
	if (link->fd < 0)
		link->fd = net_socket_open_beside(net->base->fd, net->port,
		    link->ifindex);
	if (link->fd < 0)
		return false;
	net_socket_limit(link->fd, (int)link->numbers.queue_limit);
	return true;
}

/* Do what is missing before packets can be received from the link. */
static void
establish(struct net *net, struct net_link *link, babel_time now)
{
	const char *step = "opening a socket";
	int error = 0;

	if (link->fd < 0 && !open_link(net, link))
		error = errno;
	if (error == 0 && !link->is_listening && listen_to(net, link) < 0)
		error = errno;
	if (error == 0 && !link->is_member) {
		step = "joining the multicast group";
		error = net_socket_join(link->fd, link->ifindex, &net->group,
		    true);
		link->is_member = error == 0;
	}
	if (error == 0)
		trouble_over(&link->opening);
	else
		trouble_met(&link->opening, now, error, "interface %s: %s",
		    link->name, step);
	note_health(net, link);
}

static struct net_link *
new_link(struct net *net, unsigned int ifindex, const char *name)
{
	struct net_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		return NULL;
	link->ifindex = ifindex;
	memcpy(link->name, name, strnlen(name, IFNAME_SIZE - 1));
	link->fd = -1;
	link->look_next = clock_monotonic() + TAP_PAUSE;
	trouble_init(&link->opening, net->log, net->errors);
	trouble_init(&link->receiving, net->log, net->errors);
	link->numbers.queue_limit = QUEUE_START;
	net_links_insert(&net->links, link);
	return link;
}

static void
free_link(struct net *net, struct net_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	if (link->is_ailing)
		net->ailing--;
	net_links_remove(&net->links, link);
	free(link);
}

/* The socket that is bound to the port only is no member of a group. */
static bool
open_base(struct net *net)
{
	net->base = new_link(net, 0, "(none)");
	if (net->base == NULL)
		return false;
	net->base->fd = net_socket_open(net->port);
	net->base->is_member = true;
	return net->base->fd >= 0 && listen_to(net, net->base) == 0;
}

struct net *
net_open(uint16_t port, const struct in6_addr *group)
{
	struct net *net = calloc(1, sizeof(*net));
	int error;

	if (net == NULL)
		return NULL;
	net->tap = -1;
	net->port = port;
	net->group = *group;
	net->buffers = malloc((size_t)NET_BURST * DATAGRAM_MAX);
	net->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (net->buffers == NULL || net->epoll < 0 || !open_base(net)) {
		error = errno;
		net_close(net);
		errno = error;
		return NULL;
	}
	net_receive_init(net);
	return net;
}

void
net_close(struct net *net)
{
	struct net_link *link;

	if (net == NULL)
		return;
	while ((link = net_links_first(&net->links)) != NULL)
		free_link(net, link);
	net_tap_close(net);
	if (net->epoll >= 0)
		close(net->epoll);
	free(net->buffers);
	free(net);
}

void
net_set_log(struct net *net, struct log *log, uint64_t *errors)
{
	net->log = log;
	net->errors = errors;
	trouble_init(&net->base->receiving, log, errors);
}

int
net_fd(const struct net *net)
{
	return net->epoll;
}

int
net_add(struct net *net, unsigned int ifindex, const char *name)
{
	struct net_link *link = net_link_find(net, ifindex);

	if (link != NULL)
		return 0;
	link = new_link(net, ifindex, name);
	if (link == NULL)
		return -1;
	establish(net, link, clock_monotonic());
	return 0;
}

void
net_remove(struct net *net, unsigned int ifindex)
{
	struct net_link *link = net_link_find(net, ifindex);

	if (link != NULL && link != net->base)
		free_link(net, link);
}

/* The kernel may have dropped memberships without reporting it, as it does when
 * an MTU is too small for IPv6 for a moment. */
void
net_renew(struct net *net)
{
	struct net_link *link;

	for (link = net_links_first(&net->links); link != NULL;
	    link = net_links_next(link)) {
		if (link == net->base || link->fd < 0)
			continue;
		link->is_member = false;
		establish(net, link, clock_monotonic());
	}
}

/* The error that keeps packets of the link from being received. */
static const struct trouble *
trouble_of(const struct net_link *link)
{
	return link->opening.error != 0 ? &link->opening : &link->receiving;
}

static babel_time
try_again(struct net *net, struct net_link *link, babel_time now)
{
	if (!trouble_waits(trouble_of(link), now))
		establish(net, link, now);
	return link->is_ailing ? trouble_again(trouble_of(link)) : NEVER;
}

babel_time
net_run(struct net *net, babel_time now)
{
	struct net_link *link;
	babel_time wish = net_tap_run(net, now);

	if (net->ailing == 0)
		return wish;
	for (link = net_links_first(&net->links); link != NULL;
	    link = net_links_next(link))
		if (link->is_ailing)
			wish = time_min(wish, try_again(net, link, now));
	return wish;
}

/* Sending, and when the link can take no more. */

/* The link can take more; the time that this took decides how much may wait. */
static void
resume(struct net *net, struct net_link *link)
{
	struct net_numbers *numbers = &link->numbers;
	babel_time took = clock_monotonic() - numbers->refuses_since;

	if (took > DRAIN_SLOW && numbers->queue_limit > QUEUE_MIN)
		numbers->queue_limit /= 2;
	else if (took < DRAIN_FAST && numbers->queue_limit < QUEUE_MAX)
		numbers->queue_limit *= 2;
	net_socket_limit(link->fd, (int)numbers->queue_limit);
	numbers->refuses_since = 0;
	link->retry = link->pause = 0;
	if (link->is_listening)
		(void)listen_to(net, link);
}

/* The link has taken what was sent between two refusals. */
static void
measure(struct net_link *link, babel_time now)
{
	babel_time period = now - link->measured;

	if (link->measured != 0 && period > 0 && period < RATE_PERIOD)
		link->numbers.rate = link->octets * SECOND / (uint64_t)period;
	link->measured = now;
	link->octets = 0;
}

/* The link can take no more.  A socket buffer that has room again causes an
 * event; a device's queue does not. */
static void
refuse(struct net *net, struct net_link *link, int error)
{
	babel_time now = clock_monotonic();

	link->numbers.refused++;
	link->pause = link->pause == 0 ? RETRY_MIN :
	    time_min(2 * link->pause, RETRY_MAX);
	link->retry = now + (error == EAGAIN ? RETRY_MAX : link->pause);
	if (link->numbers.refuses_since != 0)
		return;
	measure(link, now);
	link->numbers.refuses_since = now;
	if (error == EAGAIN && link->is_listening &&
	    listen_to(net, link) < 0)
		link->retry = now + link->pause;
}

static void
put_control(struct msghdr *message, int type, const void *value, size_t len)
{
	struct cmsghdr *cmsg;

	cmsg = (struct cmsghdr *)(void *)((char *)message->msg_control +
	    message->msg_controllen);
	cmsg->cmsg_level = IPPROTO_IPV6;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = (socklen_t)CMSG_LEN(len);
	memcpy(CMSG_DATA(cmsg), value, len);
	message->msg_controllen += (socklen_t)CMSG_SPACE(len);
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

static int
send_datagram(int fd, const struct datagram *datagram)
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
	return send_retried(fd, &message);
}

int
net_send(struct net *net, const struct datagram *datagram)
{
	struct net_link *link = net_link_find(net, datagram->ifindex);
	int error;

	if (link == NULL)
		return ENODEV;
	if (link->fd < 0 || (link->retry != 0 &&
	    clock_monotonic() < link->retry))
		return EAGAIN;
	error = send_datagram(link->fd, datagram);
	if (error == EAGAIN || error == ENOBUFS || error == ENOMEM) {
		refuse(net, link, error);
		return EAGAIN;
	}
	if (link->numbers.refuses_since != 0)
		resume(net, link);
	if (error == 0) {
		link->numbers.sent++;
		link->octets += datagram->len;
	}
	return error;
}

/* Errors whose usual texts do not tell what is wrong; two come from
 * WireGuard. */
static const struct send_error {
	int error;
	const char *word, *text;
} send_errors[] = {
	{ EDESTADDRREQ, "no-endpoint", "the WireGuard peer has no endpoint: "
	    "set one, or wait until it speaks first" },
	{ ENOKEY, "no-peer", "no WireGuard peer takes it: the only one must "
	    "have 0.0.0.0/0 and ::/0 in its allowed-ips" },
	{ EPERM, "forbidden", "a packet filter forbids it" },
	{ EINVAL, "no-neighbour", "the kernel has no room in its table of "
	    "neighbours (net.ipv6.neigh.default.gc_thresh3), or the address "
	    "that it is sent from is gone" },
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

/* Receiving. */

/* An error that lasts must not keep the loop busy: the socket is left alone for
 * a while. */
static void
receive_failed(struct net *net, struct net_link *link, babel_time now)
{
	if (errno == EAGAIN || errno == EINTR)
		return;
	trouble_met(&link->receiving, now, errno, "interface %s: receiving",
	    link->name);
	stop_listening(net, link);
	note_health(net, link);
}

/* Handle the events of one socket; returns the number of datagrams read. */
static int
serve(struct net *net, struct net_link *link, uint32_t events,
    const struct net_burst *burst)
{
	int n;

	if (events & EPOLLOUT)
		resume(net, link);
	if ((events & ~(uint32_t)EPOLLOUT) == 0)
		return 0;
	n = net_receive_link(net, link, burst);
	if (n < 0)
		receive_failed(net, link, burst->now);
	else
		trouble_over(&link->receiving);
	return n < 0 ? 0 : n;
}

int
net_receive(struct net *net, babel_time now, net_input *input, void *ctx)
{
	struct net_burst burst = { .now = now, .input = input, .ctx = ctx };
	struct epoll_event events[NET_BURST];
	struct net_link *link;
	int count, i, total = 0;

	count = epoll_wait(net->epoll, events, NET_BURST, 0);
	if (count < 0)
		return errno == EINTR ? 0 : -1;
	for (i = 0; i < count; i++) {
		link = net_link_find(net, events[i].data.u32);
		burst.limit = NET_BURST / count;
		if (link != NULL)
			total += serve(net, link, events[i].events, &burst);
	}
	return total;
}

const uint64_t *
net_overruns(const struct net *net)
{
	return &net->overruns;
}

bool
net_numbers_of(const struct net *net, unsigned int ifindex,
    struct net_numbers *numbers)
{
	const struct net_link *link = net_link_find(net, ifindex);
	int queued;

	if (link == NULL || link == net->base)
		return false;
	*numbers = link->numbers;
	if (link->fd >= 0 && ioctl(link->fd, SIOCOUTQ, &queued) == 0)
		numbers->queued = (unsigned int)queued;
	return true;
}
