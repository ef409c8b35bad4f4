/*
 * local_world.h - an engine with a kernel that obeys, neighbours that are
 * made of packets, and the local socket on top: for the tests of it.
 */
#ifndef LOCAL_WORLD_H
#define LOCAL_WORLD_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "local.h"
#include "local/local_state.h"
#include "wire.h"

#define WORLD_FIB	4096		/* changes that the kernel remembers */

struct world {
	struct babel *babel;
	struct configuration *conf;
	struct local *local;
	babel_time now;
	uint64_t random;
	struct fib_change fib[WORLD_FIB];
	unsigned int fib_count;
	int send_error;
	unsigned int complaints;	/* about that, for the log */
	uint16_t hello_seqno;
	unsigned int commands;		/* directives received */
	char directive[CLIENT_INPUT];	/* the last one */
	enum local_reply answer;	/* to directives */
};

static int
world_send(void *ctx, const struct datagram *datagram)
{
	const struct world *w = ctx;

	(void)datagram;
	return w->send_error;
}

static bool
world_fib(void *ctx, const struct fib_change *change)
{
	struct world *w = ctx;

	if (w->fib_count == WORLD_FIB)
		return false;
	w->fib[w->fib_count++] = *change;
	return true;
}

static babel_time
world_stamp(void *ctx)
{
	const struct world *w = ctx;

	return w->now;
}

static void
world_random(void *ctx, void *buffer, size_t len)
{
	struct world *w = ctx;
	uint8_t *bytes = buffer;

	while (len-- > 0) {
		w->random = w->random * 6364136223846793005u +
		    1442695040888963407u;
		*bytes++ = (uint8_t)(w->random >> 56);
	}
}

static void
world_notify(void *ctx, enum babel_event event, const void *object)
{
	struct world *w = ctx;

	if (event == EVENT_SEND_FAILED)
		w->complaints++;
	else if (w->local != NULL && w->babel != NULL)
		local_event(w->local, w->babel, event, object);
}

static void __attribute__((format(printf, 3, 0)))
world_log(void *ctx, int priority, const char *format, va_list ap)
{
	(void)ctx;
	(void)priority;
	(void)format;
	(void)ap;
}

static const struct babel_ops world_ops = {
	world_send, world_fib, world_stamp, world_random, world_notify,
	world_log
};

static inline struct configuration *
world_configuration(const char *text)
{
	static const struct configuration_source source = {
		.context = CONTEXT_FILE, .name = "test"
	};
	struct configuration_report report = { .error = "" };
	struct configuration *conf = configuration_new();

	if (conf == NULL || configuration_read(conf, text, strlen(text),
	    &source, &report) < 0 || configuration_finish(conf, &report) < 0)
		exit(2);
	return conf;
}

static enum local_reply
world_command(void *ctx, const char *line, struct configuration_report *report)
{
	struct world *w = ctx;

	w->commands++;
	strlcpy(w->directive, line, sizeof(w->directive));
	if (w->answer == LOCAL_NO)
		strlcpy(report->error, "No such\nthing", sizeof(report->error));
	return w->answer;
}

static inline struct world *
world_new(const char *configuration)
{
	const struct babel_identity identity = {
		.id = { { 2, 0, 0, 0xFF, 0xFE, 0, 0, 1 } }, .seqno = 7
	};
	const struct options none = { .protocol_port = 0 };
	char error[LOCAL_ERROR_MAX];
	struct world *w = calloc(1, sizeof(*w));

	if (w == NULL)
		exit(2);
	w->now = 1000 * SECOND;
	w->random = 1;
	w->conf = world_configuration(configuration);
	w->local = local_open(&none, "babeld-test", error);
	w->babel = babel_new(&world_ops, w, w->conf, &identity, w->now);
	if (w->local == NULL || w->babel == NULL)
		exit(2);
	local_on_command(w->local, world_command, w);
	return w;
}

static inline void
world_free(struct world *w)
{
	local_close(w->local);
	w->local = NULL;
	babel_free(w->babel);
	configuration_free(w->conf);
	free(w);
}

static inline struct in6_addr
world_link_local(unsigned int number)
{
	struct in6_addr address = { .s6_addr = { 0xFE, 0x80 } };

	address.s6_addr[14] = (uint8_t)(number >> 8);
	address.s6_addr[15] = (uint8_t)number;
	return address;
}

static inline void
world_link(struct world *w, unsigned int ifindex, const char *name, bool up)
{
	struct link_state link = {
		.ifindex = ifindex, .mtu = 1500, .up = up, .carrier = up,
		.kind = LINK_WIRED,
		.link_local = { world_link_local(0x100 + ifindex) },
		.link_local_count = 1,
		.ipv4 = address_from_ipv4("\x0A\x00\x00\x01"),
	};

	strlcpy(link.name, name, sizeof(link.name));
	babel_link_changed(w->babel, w->now, &link);
}

/* A packet being built, from the neighbour of that number. */
struct world_packet {
	struct writer out;
	uint8_t bytes[1400];
};

static inline void
packet_begin(struct world_packet *p)
{
	p->out = (struct writer){ p->bytes, p->bytes + sizeof(p->bytes),
	    false };
	write_bytes(&p->out, "\x2A\x02\0", 4);
}

static inline void
packet_hello(struct world_packet *p, uint16_t seqno)
{
	write_bytes(&p->out, "\x04\x06\0", 4);
	write_u16(&p->out, seqno);
	write_u16(&p->out, 400);
	write_bytes(&p->out, "\x05\x06\0", 4);	/* IHU for everybody */
	write_u16(&p->out, 96);
	write_u16(&p->out, 1200);
}

/* An update for an IPv6 /64 of that number. */
static inline void
packet_update(struct world_packet *p, uint8_t router, uint32_t number,
    uint16_t seqno, uint16_t metric)
{
	write_bytes(&p->out, "\x06\x0A\0\0\0\0\0\0\0\0", 11);
	write_u8(&p->out, router);
	write_bytes(&p->out, "\x08\x12\x02\0\x40\0", 6);
	write_u16(&p->out, 1600);
	write_u16(&p->out, seqno);
	write_u16(&p->out, metric);
	write_bytes(&p->out, "\xFD\0", 2);
	write_u32(&p->out, number);
	write_u16(&p->out, 0);
}

static inline void
packet_send(struct world *w, struct world_packet *p, unsigned int ifindex,
    unsigned int neighbour)
{
	size_t len = (size_t)(p->out.at - p->bytes);
	struct datagram datagram = {
		.ifindex = ifindex, .from = world_link_local(neighbour),
		.to = { .s6_addr = { 0xFF, 2, [13] = 1, [15] = 6 } },
		.from_port = 6696, .to_port = 6696, .received = w->now,
		.bytes = p->bytes, .len = len
	};

	p->bytes[2] = (uint8_t)((len - 4) >> 8);
	p->bytes[3] = (uint8_t)(len - 4);
	babel_receive(w->babel, w->now, &datagram);
}

static inline void
world_hello(struct world *w, unsigned int ifindex, unsigned int neighbour)
{
	struct world_packet p;

	packet_begin(&p);
	packet_hello(&p, w->hello_seqno);
	packet_send(w, &p, ifindex, neighbour);
}

static inline void
world_update(struct world *w, unsigned int ifindex, unsigned int neighbour,
    uint32_t number, uint16_t metric)
{
	struct world_packet p;

	packet_begin(&p);
	packet_update(&p, (uint8_t)neighbour, number, 1, metric);
	packet_send(w, &p, ifindex, neighbour);
}

static inline void
world_offer(struct world *w, uint32_t number, bool present)
{
	struct kernel_route route = { .table = 254, .proto = 3,
	    .type = ROUTE_UNICAST, .local = true };
	struct prefix to = { .address = { 0xFD, 1 }, .plen = 128 };

	to.address[14] = (uint8_t)(number >> 8);
	to.address[15] = (uint8_t)number;
	route.key = destination_key_of(&to, NULL);
	babel_kernel_route(w->babel, w->now, &route, present);
}

/* The kernel answers all it was asked. */
static inline void
world_kernel(struct world *w)
{
	struct fib_change change;
	unsigned int i, count = w->fib_count;

	for (i = 0; i < count; i++) {
		change = w->fib[i];
		babel_fib_done(w->babel, w->now, &change, 0);
	}
	memmove(w->fib, w->fib + count,
	    (w->fib_count - count) * sizeof(w->fib[0]));
	w->fib_count -= count;
}

/* Let the engine come to rest at this moment. */
static inline void
world_settle(struct world *w)
{
	int i;

	for (i = 0; i < 10000; i++) {
		if (babel_run(w->babel, w->now) > w->now &&
		    w->fib_count == 0)
			return;
		world_kernel(w);
	}
}

/* A turn of the local socket. */
static inline void
world_turn(struct world *w, bool busy)
{
	struct pollfd fds[LOCAL_FDS];
	unsigned int count = local_pollfds(w->local, fds);

	(void)poll(fds, count, 0);
	local_ready(w->local, w->babel, fds, count, busy);
}

/* Has it nothing to do, whatever the time? */
static inline bool
world_is_idle(struct world *w)
{
	struct pollfd fds[LOCAL_FDS];
	unsigned int count = local_pollfds(w->local, fds);

	return local_due(w->local, w->now) > w->now &&
	    poll(fds, count, 0) == 0;
}

/* Connect: the client's end, which does not block. */
static inline int
world_connect(struct world *w, bool writable, bool is_tcp)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
		exit(2);
	local_adopt(w->local, w->babel, pair[0], writable, is_tcp);
	return pair[1];
}

#endif
