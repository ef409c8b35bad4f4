/*
 * local_peer.h - the other end of a connection to the local socket.
 */
#ifndef LOCAL_PEER_H
#define LOCAL_PEER_H

#include "local_world.h"

#define PLENTY	1000			/* turns */

/* A client's end of a connection. */
struct peer {
	int fd;
	size_t len;
	bool ended;
	char text[1 << 20];
};

static inline struct peer *
peer_new(struct world *w, bool writable)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	assert_non_null(peer);
	peer->fd = world_connect(w, writable, false);
	return peer;
}

/* One that came by TCP. */
static inline struct peer *
peer_new_tcp(struct world *w, bool writable)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	assert_non_null(peer);
	peer->fd = world_connect(w, writable, true);
	return peer;
}

static inline void
peer_free(struct peer *peer)
{
	close(peer->fd);
	free(peer);
}

static inline void
peer_read(struct peer *peer)
{
	ssize_t n;

	while ((n = recv(peer->fd, peer->text + peer->len,
	    sizeof(peer->text) - 1 - peer->len, 0)) > 0)
		peer->len += (size_t)n;
	peer->text[peer->len] = '\0';
	if (n == 0)
		peer->ended = true;
}

static inline void
peer_say(struct peer *peer, const char *text)
{
	assert_int_equal(send(peer->fd, text, strlen(text), MSG_NOSIGNAL),
	    (ssize_t)strlen(text));
}

/* Let the local socket do all it can, with everybody listening. */
static inline void
run(struct world *w, struct peer *peer)
{
	int i;

	for (i = 0; i < PLENTY; i++) {
		world_turn(w, false);
		peer_read(peer);
		if (!world_is_idle(w))
			continue;
		if (local_due(w->local, w->now) > w->now + SECOND)
			return;
		w->now = local_due(w->local, w->now);
		world_settle(w);
	}
	fail_msg("the local socket never comes to rest");
}

/* What is answered to a request, which is taken off what was read. */
static inline const char *
ask(struct world *w, struct peer *peer, const char *text)
{
	run(w, peer);
	peer->len = 0;
	peer_say(peer, text);
	run(w, peer);
	return peer->text;
}

/* An eth0 that is up, and a neighbour with both directions alive. */
static inline struct world *
small_world(void)
{
	struct world *w = world_new("interface eth0\ninterface eth1\n"
	    "redistribute local allow\n");

	world_link(w, 1, "eth0", true);
	world_hello(w, 1, 2);
	w->hello_seqno++;
	world_hello(w, 1, 2);
	world_settle(w);
	return w;
}

/* A thousand prefixes in packets of a few. */
static inline void
announce(struct world *w, unsigned int neighbour, uint32_t first,
    uint32_t count, uint16_t metric)
{
	struct world_packet p;
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (i % 32 == 0)
			packet_begin(&p);
		packet_update(&p, (uint8_t)neighbour, first + i, 1, metric);
		if (i % 32 == 31 || i == count - 1)
			packet_send(w, &p, 1, neighbour);
	}
	world_settle(w);
}

static inline size_t
count_lines(const char *text, const char *start)
{
	size_t count = 0;

	for (; text != NULL && *text != '\0'; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, start, strlen(start)) == 0)
			count++;
	}
	return count;
}

#endif
