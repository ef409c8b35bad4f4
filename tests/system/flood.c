/*
 * flood.c - sends one datagram again and again, from Babel's port to it.
 *
 *	flood FROM TO INTERFACE HEX RATE SECONDS
 *
 * RATE is what leaves in a second; what the machine cannot do in time is
 * made up for.  At the end the number of datagrams sent is printed.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <err.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PORT		6696
#define BATCH		100
#define DATAGRAM_MAX	1500

static struct sockaddr_in6
endpoint(const char *address, const char *interface)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
	    .sin6_port = htons(PORT) };

	sin6.sin6_scope_id = if_nametoindex(interface);
	if (inet_pton(AF_INET6, address, &sin6.sin6_addr) != 1 ||
	    sin6.sin6_scope_id == 0)
		errx(1, "%s on %s?", address, interface);
	return sin6;
}

static int
open_socket(const struct sockaddr_in6 *from, const struct sockaddr_in6 *to)
{
	const int one = 1;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &one,
	    sizeof(one)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF,
	    &from->sin6_scope_id, sizeof(from->sin6_scope_id)) < 0 ||
	    bind(fd, (const struct sockaddr *)from, sizeof(*from)) < 0 ||
	    connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		err(1, "socket");
	return fd;
}

static size_t
read_hex(const char *hex, unsigned char *bytes)
{
	size_t len = strlen(hex) / 2, i;

	if (len > DATAGRAM_MAX)
		errx(1, "too long");
	for (i = 0; i < len; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &bytes[i]) != 1)
			errx(1, "not hexadecimal: %s", hex);
	return len;
}

static double
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static unsigned long
flood(int fd, struct iovec *vector, double rate, double seconds)
{
	const struct timespec pause = { 0, 500000 };
	struct mmsghdr messages[BATCH];
	double began = clock_now(), now;
	unsigned long sent = 0;
	int i, n;

	memset(messages, 0, sizeof(messages));
	for (i = 0; i < BATCH; i++) {
		messages[i].msg_hdr.msg_iov = vector;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while ((now = clock_now()) < began + seconds) {
		if (sent + BATCH > (unsigned long)((now - began) * rate)) {
			nanosleep(&pause, NULL);
			continue;
		}
		n = sendmmsg(fd, messages, BATCH, 0);
		if (n < 0)
			err(1, "sendmmsg");
		sent += (unsigned long)n;
	}
	return sent;
}

int
main(int argc, char *argv[])
{
	static unsigned char bytes[DATAGRAM_MAX];
	struct iovec vector = { bytes, 0 };
	struct sockaddr_in6 from, to;

	if (argc != 7)
		errx(1, "usage: flood FROM TO INTERFACE HEX RATE SECONDS");
	from = endpoint(argv[1], argv[3]);
	to = endpoint(argv[2], argv[3]);
	vector.iov_len = read_hex(argv[4], bytes);
	printf("%lu\n", flood(open_socket(&from, &to), &vector,
	    strtod(argv[5], NULL), strtod(argv[6], NULL)));
	return 0;
}
