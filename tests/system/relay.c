/*
 * relay.c - joins two Ethernet interfaces into one link with a delay.
 *
 *	relay NAME NAME UNICAST MULTICAST JITTER
 *
 * A frame leaves by the other interface UNICAST or MULTICAST microseconds
 * after it came in, give or take as much as JITTER at random; so frames may
 * overtake each other.  What counts as the moment that it came is the
 * kernel's stamp, so the time that it waits for us is no extra delay.
 *
 * A line on standard input is answered by one of what was relayed since the
 * last: for each direction the number of frames and the mean of the delay
 * that they really had, in microseconds, then how many were multicast.  The
 * end of the input is the end.
 */
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <err.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX	65600
#define SECOND		1000000000LL	/* nanoseconds here */
#define BUFFER		(16 << 20)

struct frame {
	TAILQ_ENTRY(frame) entry;
	int64_t arrived, due;
	struct side *out;
	size_t len;
	uint8_t bytes[];		/* behind a virtio_net_hdr */
};

/* An interface, and what left by it since the last question. */
struct side {
	int fd;
	uint64_t frames;
	int64_t delays;
};

struct relay {
	struct side sides[2];
	int64_t delay[2], jitter;	/* of unicast, of multicast */
	uint64_t multicasts;
	TAILQ_HEAD(frame_queue, frame) waiting;	/* the first due first */
};

static int64_t
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

static void
set_option(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		err(1, "setsockopt %d", option);
}

/* The header of virtio tells which checksums are still to be completed,
 * and makes the kernel do it on the way out. */
static int
open_interface(const char *name)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ALL) };
	struct packet_mreq all = { .mr_type = PACKET_MR_PROMISC };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);

	if (fd < 0)
		err(1, "socket");
	address.sll_ifindex = (int)if_nametoindex(name);
	all.mr_ifindex = address.sll_ifindex;
	set_option(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
	set_option(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
	set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all,
	    sizeof(all)) < 0)
		err(1, "%s", name);
	return fd;
}

static int64_t
stamp_of(struct msghdr *message)
{
	struct cmsghdr *cmsg;
	struct timespec stamp;

	for (cmsg = CMSG_FIRSTHDR(message); cmsg != NULL;
	    cmsg = CMSG_NXTHDR(message, cmsg))
		if (cmsg->cmsg_level == SOL_SOCKET &&
		    cmsg->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&stamp, CMSG_DATA(cmsg), sizeof(stamp));
			return stamp.tv_sec * SECOND + stamp.tv_nsec;
		}
	return clock_now();
}

static int64_t
random_jitter(const struct relay *relay)
{
	return relay->jitter == 0 ? 0 :
	    (int64_t)(drand48() * (double)(2 * relay->jitter)) -
	    relay->jitter;
}

static void
keep_frame(struct relay *relay, struct frame *frame)
{
	struct frame *before = TAILQ_LAST(&relay->waiting, frame_queue);

	while (before != NULL && before->due > frame->due)
		before = TAILQ_PREV(before, frame_queue, entry);
	if (before == NULL)
		TAILQ_INSERT_HEAD(&relay->waiting, frame, entry);
	else
		TAILQ_INSERT_AFTER(&relay->waiting, before, frame, entry);
}

/* Take in one frame; false if there is none. */
static bool
receive_frame(struct relay *relay, int from)
{
	static uint8_t bytes[FRAME_MAX];
	_Alignas(struct cmsghdr) char
	    control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec vector = { bytes, sizeof(bytes) };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1,
	    .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t len = recvmsg(relay->sides[from].fd, &message, 0);
	bool is_multicast;
	struct frame *frame;

	if (len < (ssize_t)(sizeof(struct virtio_net_hdr) + ETH_HLEN))
		return false;
	frame = malloc(sizeof(*frame) + (size_t)len);
	if (frame == NULL)
		err(1, NULL);
	is_multicast = bytes[sizeof(struct virtio_net_hdr)] & 1;
	relay->multicasts += is_multicast;
	frame->arrived = stamp_of(&message);
	frame->due = frame->arrived + relay->delay[is_multicast] +
	    random_jitter(relay);
	frame->out = &relay->sides[1 - from];
	frame->len = (size_t)len;
	memcpy(frame->bytes, bytes, frame->len);
	keep_frame(relay, frame);
	return true;
}

static void
send_due(struct relay *relay)
{
	struct frame *frame;
	int64_t now;

	while ((frame = TAILQ_FIRST(&relay->waiting)) != NULL &&
	    frame->due <= (now = clock_now())) {
		if (write(frame->out->fd, frame->bytes, frame->len) < 0)
			warn("a frame is lost");
		frame->out->frames++;
		frame->out->delays += now - frame->arrived;
		TAILQ_REMOVE(&relay->waiting, frame, entry);
		free(frame);
	}
}

/* Answer a question; false at the end of the input. */
static bool
answer(struct relay *relay)
{
	struct side *side;
	char question[64];

	if (read(STDIN_FILENO, question, sizeof(question)) <= 0)
		return false;
	for (side = relay->sides; side < relay->sides + 2; side++) {
		printf("%llu %lld ", (unsigned long long)side->frames,
		    side->frames == 0 ? 0LL : (long long)(side->delays /
		    (int64_t)side->frames / 1000));
		side->frames = 0;
		side->delays = 0;
	}
	printf("%llu\n", (unsigned long long)relay->multicasts);
	relay->multicasts = 0;
	fflush(stdout);
	return true;
}

static void
wait_for_work(const struct relay *relay, struct pollfd fds[3])
{
	const struct frame *first = TAILQ_FIRST(&relay->waiting);
	int64_t left = first == NULL ? SECOND : first->due - clock_now();
	struct timespec timeout = { 0, 0 };

	if (left > 0) {
		timeout.tv_sec = left / SECOND;
		timeout.tv_nsec = (long)(left % SECOND);
	}
	if (ppoll(fds, 3, &timeout, NULL) < 0)
		err(1, "ppoll");
}

/* A busy machine must not make the link longer than it was asked to be. */
static void
go_first(void)
{
	const struct sched_param lowest = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &lowest) < 0)
		warn("frames may be late: no priority in real time");
}

int
main(int argc, char *argv[])
{
	struct relay relay = { .jitter = 0 };
	struct pollfd fds[3] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	int i;

	if (argc != 6)
		errx(1, "usage: relay NAME NAME UNICAST MULTICAST JITTER");
	go_first();
	TAILQ_INIT(&relay.waiting);
	for (i = 0; i < 2; i++) {
		relay.sides[i].fd = open_interface(argv[1 + i]);
		relay.delay[i] = strtoll(argv[3 + i], NULL, 10) * 1000;
		fds[1 + i] = (struct pollfd){ .fd = relay.sides[i].fd,
		    .events = POLLIN };
	}
	relay.jitter = strtoll(argv[5], NULL, 10) * 1000;
	for (;;) {
		wait_for_work(&relay, fds);
		for (i = 0; i < 2; i++)
			while (receive_frame(&relay, i))
				send_due(&relay);
		send_due(&relay);
		if (fds[0].revents != 0 && !answer(&relay))
			return 0;
	}
}
