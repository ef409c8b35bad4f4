/*
 * test_local_foreign.c - other protocols on the local socket's TCP ports:
 * nothing that comes with them has an effect.
 */
#include "unit.h"

#include "local/foreign.h"
#include "local_peer.h"

static const char *const foreign[] = {
	"GET / HTTP/1.1\r\n",
	"GET\r\n",
	"POST /flush HTTP/1.0\n",
	"PUT /",
	"DELETE ",
	"OPTIONS * HTTP/1.1\r\n",
	"PRI * HTTP/2.0\r\n",
	"  GET / HTTP/1.1\r\n",
	"interface / HTTP/1.1\r\n",
	"HTTP/1.1 200 OK\r\n",
	"Host: localhost:33123\r\n",
	"host:x",
	"User-Agent: x\r\n",
	":authority",
	"dump\nGET / HTTP/1.1\r\n",
	"flush interface eth0\r\nContent-Length: 4\r\n",
	"\x16\x03\x01\x02",
	"dump \x01\n",
	"\x7F",
};

static const char *const ours[] = {
	"", "\n", "\r\n", "dump\n", "json dump\r\n", "dump route fd00::/8\n",
	"\tinterface eth0\n", "# GET / HTTP/1.1 or Host:\n", "#:\n",
	"GE", "GET", "interface GET\n", "OK\n", "Dump\n", "explain fe80::1\n",
	"interface \"\xC3\xA4 /\"\n", "redistribute ip ::/0\n",
};

static void
other_protocols_are_recognised(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (!foreign_is(foreign[i], strlen(foreign[i])))
			fail_msg("not recognised: %s", foreign[i]);
	assert_true(foreign_is("\0", 1));
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (foreign_is(ours[i], strlen(ours[i])))
			fail_msg("taken for another protocol: %s", ours[i]);
}

/* Pieces, one of which ends at each '|'. */
static const char *const pieces[] = {
	"POST / HTTP/1.1\r\nHost: x\r\n\r\nflush interface eth0\n",
	"POST / HT|TP/1.1\r|\nHost: x\r\n\r\n|flush interface eth0\n",
	"P|O|S|T| |/| |H|T|T|P|/|1|.|1|\n|flush interface eth0\n",
	"POST /\n|flush interface eth0\n",
	"Host: x\r\n|flush interface eth0\r\n",
	"interface eth7 HTTP/1.1\r\n|flush interface eth0\n",
	"flush interface eth0\nGET / HTTP/1.1\r\n\r\n",
	"flush interface eth0\n|GET / HTTP/1.1\r\n\r\n",
	"flush interface eth0\n|G|E|T| / HTTP/1.1\r\n\r\n",
	"dump\n|flush interface eth0\n|HOST",
	"dump\nflush interface eth0\n|Content-Type: text/plain\r\n",
	"dump\nunmonitor\n|POST / HTTP/1.1\r\n\r\nflush interface eth0\n",
	"flush interface eth0\nflush interface eth1\n|\x16\x03\x01",
	"\x16\x03\x01\x02\n|flush interface eth0\n",
};

/* Say it piece by piece, with a pause between them. */
static void
say_pieces(struct world *w, struct peer *peer, const char *text,
    babel_time pause)
{
	char piece[128];
	size_t len;

	while (*text != '\0') {
		len = strcspn(text, "|");
		memcpy(piece, text, len);
		piece[len] = '\0';
		(void)send(peer->fd, piece, len, MSG_NOSIGNAL);
		world_turn(w, false);
		world_turn(w, false);
		w->now += pause;
		world_turn(w, false);
		text += len;
		text += *text == '|';
	}
}

static void
nothing_has_an_effect(void **state)
{
	struct world *w = small_world();
	struct peer *peer;
	size_t i;

	(void)state;
	for (i = 0; i < 2 * sizeof(pieces) / sizeof(pieces[0]); i++) {
		peer = peer_new_tcp(w, true);
		say_pieces(w, peer, pieces[i / 2], i % 2 == 0 ? 0 :
		    200 * MILLISECOND);
		/* What only begins like HTTP does when it ends there. */
		if (i / 2 == 9)
			(void)send(peer->fd, "\n", 1, MSG_NOSIGNAL);
		run(w, peer);
		if (w->commands != 0 || !peer->ended)
			fail_msg("has an effect: %s", pieces[i / 2]);
		assert_int_equal(w->local->client_count, 0);
		assert_int_equal(w->local->counters[LOCAL_FOREIGN], i + 1);
		peer_free(peer);
	}
	world_free(w);
}

/* Those who mean us are served, the first change after a moment. */
static void
others_are_served(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new_tcp(w, true);
	babel_time before;

	(void)state;
	assert_string_equal(ask(w, peer, "unmonitor\nfoo bar\nunmonitor\n"),
	    "ok\nok\nok\n");
	assert_int_equal(w->commands, 1);
	before = w->now;
	ask(w, peer, "interface eth7\n");
	assert_int_equal(w->now, before);
	assert_int_equal(w->commands, 2);
	ask(w, peer, "GET / HTTP/1.1\n");
	assert_true(peer->ended);
	peer_free(peer);

	/* The end of its input is as good as silence. */
	peer = peer_new_tcp(w, true);
	run(w, peer);
	before = w->now;
	peer_say(peer, "interface eth7\ninterface eth8\n");
	assert_int_equal(shutdown(peer->fd, SHUT_WR), 0);
	world_turn(w, false);
	world_turn(w, false);
	world_turn(w, false);
	assert_int_equal(w->commands, 4);
	peer_free(peer);

	/* Within a line it waits; who only reads may be told at once. */
	peer = peer_new_tcp(w, true);
	assert_string_equal(ask(w, peer, "unmonitor\ninterface eth7\nq"),
	    "ok\n");
	assert_string_equal(ask(w, peer, "uit\n"), "ok\n");
	assert_int_equal(w->commands, 5);
	peer_free(peer);
	world_free(w);
}

/* Nobody else can be reached by a web page. */
static void
paths_are_as_before(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, true);

	(void)state;
	w->answer = LOCAL_BAD;
	assert_string_equal(ask(w, peer, "GET / HTTP/1.1\r\n"), "bad\n");
	assert_string_equal(ask(w, peer, "Host: x\r\n"), "bad\n");
	assert_string_equal(ask(w, peer, "unmonitor\r\n"), "ok\n");
	peer_free(peer);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_protocols_are_recognised),
		cmocka_unit_test(nothing_has_an_effect),
		cmocka_unit_test(others_are_served),
		cmocka_unit_test(paths_are_as_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
