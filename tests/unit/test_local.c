/*
 * test_local.c - the local socket: its lines to the byte, its sessions,
 * and its reports.
 */
#include "unit.h"

#include <sys/resource.h>
#include <sys/un.h>

#include "local/describe.h"
#include "local/statistic.h"
#include "local_peer.h"
#include "route.h"

static const char greeting[] =
    "BABEL 1.0\n"
    "version babeld-test\n"
    "host %s\n"
    "my-id 02:00:00:ff:fe:00:00:01\n"
    "ok\n";

static void
greets(void **state)
{
	struct world *w = world_new("interface eth0\n");
	struct peer *peer = peer_new(w, false);
	char host[64], expected[256];

	(void)state;
	gethostname(host, sizeof(host));
	snprintf(expected, sizeof(expected), greeting, host);
	run(w, peer);
	assert_string_equal(peer->text, expected);
	peer_free(peer);
	world_free(w);
}

static void
dumps_golden_lines(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, false);

	(void)state;
	world_offer(w, 0x99, true);
	world_update(w, 1, 2, 0x10000, 160);
	world_settle(w);
	assert_string_equal(ask(w, peer, "dump\n"),
	    "add interface eth0 up true ipv6 fe80::101 ipv4 10.0.0.1\n"
	    "add interface eth1 up false\n"
	    "add neighbour 3 address fe80::2 if eth0 reach c000 ureach 0000"
	    " rxcost 96 txcost 96 cost 96\n"
	    "add xroute fd01::99/128-::/0 prefix fd01::99/128 from ::/0"
	    " metric 0\n"
	    "add route 4 prefix fd00:1::/64 from ::/0 installed yes"
	    " id 00:00:00:00:00:00:00:02 metric 256 refmetric 160"
	    " via fe80::2 if eth0\n"
	    "ok\n");
	assert_string_equal(ask(w, peer, "dump-installed-routes\n"),
	    "add route 4 prefix fd00:1::/64 from ::/0 installed yes"
	    " id 00:00:00:00:00:00:00:02 metric 256 refmetric 160"
	    " via fe80::2 nexthop fe80::2 table 254 if eth0\n"
	    "ok\n");
	peer_free(peer);
	world_free(w);
}

/* One object, described in a form. */
static const char *
described(const struct babel *b, const struct object *object,
    enum line_format format)
{
	static struct line line;

	line_init(&line, format);
	describe_object(&line, b, object);
	assert_false(line.overrun);
	return line.bytes;
}

static void
describes_rtt(void **state)
{
	struct world *w = small_world();
	struct interface *ifp = TAILQ_FIRST(&w->babel->interfaces);
	struct neighbour *n = neighbour_tree_first(&ifp->neighbours);
	struct object object = { .kind = OBJECT_NEIGHBOUR,
	    .u.neighbour = n };

	(void)state;
	n->rtt = 12345;
	n->rtt_samples = 1;
	n->rtt_sampled = w->now;
	assert_string_equal(described(w->babel, &object, LINE_PLAIN),
	    "neighbour 3 address fe80::2 if eth0 reach c000 ureach 0000"
	    " rxcost 96 txcost 96 rtt 12.345 rttcost 0 cost 96\n");
	assert_non_null(strstr(described(w->babel, &object, LINE_JSON),
	    ",\"rtt\":12.345,\"rttcost\":0,"));
	n->rtt = 7;
	assert_non_null(strstr(described(w->babel, &object, LINE_PLAIN),
	    " rtt 0.007 rttcost 0 cost "));
	/* A sample that is too old does not count. */
	n->rtt_sampled = w->now - 180 * SECOND;
	assert_null(strstr(described(w->babel, &object, LINE_PLAIN),
	    "rtt"));
	world_free(w);
}

static void
describes_source_specific_ipv4(void **state)
{
	struct world *w = small_world();
	struct destination d = { .key.to.plen = 0 };
	struct xroute xroute = { .destination = &d, .metric = 5 };
	struct object object = { .kind = OBJECT_XROUTE,
	    .u.xroute = &xroute };

	(void)state;
	assert_int_equal(prefix_parse("10.0.0.0/8", &d.key.to), 0);
	assert_int_equal(prefix_parse("192.0.2.0/24", &d.key.from), 0);
	assert_string_equal(described(w->babel, &object, LINE_PLAIN),
	    "xroute 10.0.0.0/8-192.0.2.0/24 prefix 10.0.0.0/8"
	    " from 192.0.2.0/24 metric 5\n");
	memset(&d.key.from, 0, sizeof(d.key.from));
	assert_string_equal(described(w->babel, &object, LINE_PLAIN),
	    "xroute 10.0.0.0/8-0.0.0.0/0 prefix 10.0.0.0/8"
	    " from 0.0.0.0/0 metric 5\n");
	world_free(w);
}

static void
quotes_json(void **state)
{
	struct line line;

	(void)state;
	line_init(&line, LINE_JSON);
	line_quoted(&line, "a\"b\\c\x01\xFFz");
	line_terminate(&line);
	assert_string_equal(line.bytes,
	    "\"a\\\"b\\\\c\\u0001\\u00ffz\"");
}

/* What is UTF-8 stays whole; every other octet is shown on its own. */
static void
keeps_utf8_whole(void **state)
{
	static const char *const whole[] = { "\xC3\xA4", "\xE2\x82\xAC",
		"\xF0\x9F\x90\x9F", "\xED\x9F\xBF", "\xEE\x80\x80",
		"\xF4\x8F\xBF\xBF", "\xC2\x80", "\xE0\xA0\x80" };
	static const char *const broken[] = { "\xC3", "\xC3z", "\xE2\x82",
		"\xC0\xAF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
		"\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "\xFF" };
	struct line line;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		assert_int_equal(line_utf8(whole[i]), strlen(whole[i]));
		line_init(&line, LINE_JSON);
		line_quoted(&line, whole[i]);
		line_terminate(&line);
		assert_non_null(strstr(line.bytes, whole[i]));
		assert_int_equal(line.len, strlen(whole[i]) + 2);
	}
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		assert_int_equal(line_utf8(broken[i]), 0);
		line_init(&line, LINE_JSON);
		line_quoted(&line, broken[i]);
		line_terminate(&line);
		assert_memory_equal(line.bytes, "\"\\u00", 5);
	}
}

static void
shows_the_routers_id(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, false);

	(void)state;
	assert_non_null(strstr(ask(w, peer, "json dump neighbour\n"),
	    "\"router-id\":null"));
	world_update(w, 1, 2, 1, 96);
	assert_non_null(strstr(ask(w, peer, "json dump neighbour\n"),
	    "\"router-id\":null"));
	world_update(w, 1, 2, 2, 0);
	assert_non_null(strstr(ask(w, peer, "json dump neighbour\n"),
	    "\"router-id\":\"00:00:00:00:00:00:00:02\""));
	peer_free(peer);
	world_free(w);
}

static void
helps(void **state)
{
	struct world *w = small_world();
	struct peer *reader = peer_new(w, false), *writer = peer_new(w, true);
	size_t lines;

	(void)state;
	lines = count_lines(ask(w, reader, "help\n"), "request ");
	assert_non_null(strstr(reader->text,
	    "request dump route PREFIX|ADDRESS - "));
	assert_null(strstr(reader->text, "request reload"));
	assert_int_equal(count_lines(ask(w, reader, "json help\n"),
	    "{\"object\":\"request\",\"id\":"), lines);
	assert_true(count_lines(ask(w, writer, "help\n"), "request ") >
	    lines);
	assert_non_null(strstr(writer->text, "request reload - "));
	assert_string_equal(ask(w, reader, "help me\n"), "bad\n");
	peer_free(reader);
	peer_free(writer);
	world_free(w);
}

static void
lines_do_not_overrun(void **state)
{
	struct line line;
	int i;

	(void)state;
	line_init(&line, LINE_PLAIN);
	for (i = 0; i < LINE_SIZE; i++)
		line_text(&line, "123");
	line_terminate(&line);
	assert_true(line.overrun);
	assert_true(strlen(line.bytes) < LINE_SIZE);
}

/* covers: Q2 */
static void
answers_each_request(void **state)
{
	static const struct {
		const char *request, *read_only, *read_write;
	} cases[] = {
		{ "\n", "ok\n", "ok\n" },
		{ "\r\n", "ok\n", "ok\n" },
		{ "# a comment\n", "ok\n", "ok\n" },
		{ "unmonitor\r\n", "ok\n", "ok\n" },
		{ "unmonitor # why\n", "ok\n", "ok\n" },
		{ "unmonitor now\n", "bad\n", "bad\n" },
		{ "dump everything\n", "bad\n", "bad\n" },
		{ "dump route fd00::/300\n", "bad\n", "bad\n" },
		{ "dump neighbour fe80::2\n", "bad\n", "bad\n" },
		{ "dump route fd00:99::/64\n", "ok\n", "ok\n" },
		{ "dump route default\n", "ok\n", "ok\n" },
		{ "monitor x\n", "bad\n", "bad\n" },
		{ "quit now\n", "bad\n", "bad\n" },
		{ "json\n", "bad\n", "bad\n" },
		{ "json quit\n", "bad\n", "bad\n" },
		{ "json metrics\n", "bad\n", "bad\n" },
		{ "json interface eth7\n", "bad\n", "bad\n" },
		{ "json json dump route\n", "bad\n", "bad\n" },
		{ "explain\n", "bad\n", "bad\n" },
		{ "explain fe80::x\n", "bad\n", "bad\n" },
		{ "explain fd00:99::/64\n", "no No such destination\n",
		    "no No such destination\n" },
		{ "explain default\n", "no No such destination\n",
		    "no No such destination\n" },
		{ "interface eth7\n", "bad\n", "ok\n" },
		{ "foo\nunmonitor\nunmonitor\n", "bad\nok\nok\n",
		    "ok\nok\nok\n" },
	};
	struct world *w = small_world();
	struct peer *reader = peer_new(w, false), *writer = peer_new(w, true);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(ask(w, reader, cases[i].request),
		    cases[i].read_only);
		assert_string_equal(ask(w, writer, cases[i].request),
		    cases[i].read_write);
	}
	peer_free(reader);
	peer_free(writer);
	world_free(w);
}

static void
hands_on_directives(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, true);

	(void)state;
	w->answer = LOCAL_NO;
	assert_string_equal(ask(w, peer, "  flush interface eth7\r\n"),
	    "no No such thing\n");
	assert_string_equal(w->directive, "  flush interface eth7");
	w->answer = LOCAL_BAD;
	assert_string_equal(ask(w, peer, "a b c d e f g h i j\n"), "bad\n");
	assert_string_equal(w->directive, "a b c d e f g h i j");
	assert_int_equal(w->commands, 2);
	peer_free(peer);
	world_free(w);
}

static void
long_lines(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, true);
	char line[CLIENT_INPUT + 2];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[CLIENT_INPUT - 1] = '\n';
	line[CLIENT_INPUT] = '\0';
	assert_string_equal(ask(w, peer, line), "ok\n");
	assert_int_equal(strlen(w->directive), CLIENT_INPUT - 1);
	line[CLIENT_INPUT - 1] = 'x';
	assert_string_equal(ask(w, peer, line), "no Line too long\n");
	assert_true(peer->ended);
	assert_int_equal(w->commands, 1);
	peer_free(peer);
	world_free(w);
}

static void
quits(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, true);

	(void)state;
	assert_string_equal(ask(w, peer, "unmonitor\nquit\nunmonitor\n"),
	    "ok\n");
	assert_true(peer->ended);
	/* The place is free again when the deadline has passed. */
	assert_int_equal(w->local->client_count, 1);
	w->now += MINUTE;
	world_settle(w);
	world_turn(w, false);
	assert_int_equal(w->local->client_count, 0);
	peer_free(peer);
	world_free(w);
}

static void
answers_before_closing_at_eof(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, true);

	(void)state;
	run(w, peer);
	peer->len = 0;
	peer_say(peer, "unmonitor\ninterface eth7\ndump interface\nunmon");
	shutdown(peer->fd, SHUT_WR);
	run(w, peer);
	assert_string_equal(peer->text, "ok\nok\n"
	    "add interface eth0 up true ipv6 fe80::101 ipv4 10.0.0.1\n"
	    "add interface eth1 up false\nok\n");
	assert_true(peer->ended);
	assert_int_equal(w->local->client_count, 0);
	peer_free(peer);
	world_free(w);
}

/* A client that goes away without listening is still obeyed. */
static void
obeys_who_is_gone(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, true);
	int i;

	(void)state;
	peer_say(peer, "dump\ninterface eth7\nmonitor\ninterface eth8\n");
	close(peer->fd);
	for (i = 0; i < PLENTY && w->local->client_count > 0; i++)
		world_turn(w, false);
	assert_int_equal(w->commands, 2);
	assert_int_equal(w->local->client_count, 0);
	free(peer);
	world_free(w);
}

/* covers: Q3 */
static void
refuses_the_65th(void **state)
{
	struct world *w = small_world();
	struct peer *peers[LOCAL_CLIENTS], *refused;
	int i;

	(void)state;
	for (i = 0; i < LOCAL_CLIENTS; i++)
		peers[i] = peer_new(w, false);
	refused = peer_new(w, false);
	run(w, refused);
	assert_true(refused->ended);
	assert_non_null(strstr(refused->text, "\nno Too many clients\n"));
	assert_string_equal(ask(w, peers[63], "unmonitor\n"), "ok\n");
	peer_free(peers[5]);
	run(w, peers[6]);
	peers[5] = peer_new(w, false);
	assert_string_equal(ask(w, peers[5], "unmonitor\n"), "ok\n");
	for (i = 0; i < LOCAL_CLIENTS; i++)
		peer_free(peers[i]);
	peer_free(refused);
	world_free(w);
}

/* Connect to the path; the client's end. */
static int
connect_path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strlcpy(address.sun_path, path, sizeof(address.sun_path));
	assert_int_equal(connect(fd, (struct sockaddr *)&address,
	    sizeof(address)), 0);
	return fd;
}

/* When there are no descriptors left a newcomer waits, and we do not spin;
 * when there are some again it is served. */
static void
a_shortage_of_descriptors_is_sat_out(void **state)
{
	char path[] = "/tmp/local-XXXXXX", error[LOCAL_ERROR_MAX];
	struct world *w = small_world();
	struct peer *peer = calloc(1, sizeof(*peer));
	struct options options = { .protocol_port = 0 };
	struct rlimit old, none;

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(rmdir(path), 0);
	options.servers[SERVER_PATH].path = path;
	local_close(w->local);
	w->local = local_open(&options, "babeld-test", error);
	assert_non_null(w->local);
	peer->fd = connect_path(path);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ (rlim_t)peer->fd + 1, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	world_turn(w, false);
	assert_true(world_is_idle(w));
	assert_true(local_due(w->local, w->now) <= w->now + SECOND);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	w->now += SECOND;
	world_settle(w);
	run(w, peer);
	assert_non_null(strstr(peer->text, "\nok\n"));
	peer_free(peer);
	world_free(w);
}

/* Those who ask and go at once take no place from those who stay, however
 * many they are. */
static void
passers_by_leave_room(void **state)
{
	struct world *w = small_world();
	struct peer *peer, *staying[30];
	int i;

	(void)state;
	for (i = 0; i < 30; i++)
		staying[i] = peer_new(w, false);
	for (i = 0; i < 200; i++) {
		peer = peer_new(w, false);
		peer_say(peer, "dump\nmonitor\n");
		peer_free(peer);
		if (i % 16 == 15)
			world_turn(w, true);
	}
	assert_int_equal(w->local->counters[LOCAL_REFUSED], 0);
	world_turn(w, true);
	assert_int_equal(w->local->client_count, 30);
	for (i = 0; i < 30; i++)
		peer_free(staying[i]);
	world_free(w);
}

/* A large table takes many turns, each of which says little. */
static void
dumps_in_slices(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, false);
	size_t before, most = 0;
	int turns = 0;

	(void)state;
	announce(w, 2, 0, 4000, 100);
	run(w, peer);
	peer->len = 0;
	peer_say(peer, "dump\n");
	do {
		before = peer->len;
		world_turn(w, true);
		peer_read(peer);
		if (peer->len - before > most)
			most = peer->len - before;
		turns++;
	} while (strstr(peer->text, "\nok\n") == NULL && turns < 100000);
	assert_int_equal(count_lines(peer->text, "add route "), 4000);
	assert_true(turns > 4000 / 64);
	assert_true(most < 64 * 256);
	peer_free(peer);
	world_free(w);
}

/* Nobody listens, nobody waits: the queue stays small, others go on. */
/* covers: Q1 */
static void
nobody_waits_for_the_slow(void **state)
{
	struct world *w = small_world();
	struct peer *slow = peer_new(w, false), *quick = peer_new(w, false);
	int size = 4096, i;

	(void)state;
	setsockopt(slow->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	announce(w, 2, 0, 4000, 100);
	peer_say(slow, "dump\ndump\ndump\ndump\n");
	for (i = 0; i < PLENTY; i++)
		world_turn(w, false);
	assert_string_equal(ask(w, quick, "unmonitor\n"), "ok\n");
	assert_true(local_due(w->local, w->now) > w->now);
	peer_free(slow);
	peer_free(quick);
	world_free(w);
}

static void
explains(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, false);
	const char *text;

	(void)state;
	world_hello(w, 1, 3);
	w->hello_seqno++;
	world_hello(w, 1, 3);
	world_update(w, 1, 2, 0x10000, 100);
	world_update(w, 1, 3, 0x10000, 300);
	world_settle(w);
	text = ask(w, peer, "explain fd00:1::5\n");
	assert_int_equal(count_lines(text, "destination "), 1);
	assert_int_equal(count_lines(text, "candidate "), 2);
	assert_non_null(strstr(text, " reason installed if eth0\n"));
	assert_non_null(strstr(text, " reason worse if eth0\n"));
	world_update(w, 1, 3, 0x10000, 0xFFFF);
	world_settle(w);
	text = ask(w, peer, "explain fd00:1::/64\n");
	assert_non_null(strstr(text, " reason retracted if eth0\n"));
	text = ask(w, peer, "explain neighbour fe80::3\n");
	assert_non_null(strstr(text, " link ok since none heard yes"
	    " hears-us yes "));
	assert_int_equal(count_lines(text, "neighbour "), 1);
	peer_free(peer);
	world_free(w);
}

/* Each number has a help text of one sentence, and a name of its own. */
static void
statistics_have_help(void **state)
{
	struct world *w = small_world();
	struct statistic statistic, other;
	unsigned int i, j;

	(void)state;
	for (i = 0; statistic_get(w->local, w->babel, i, &statistic); i++) {
		assert_int_equal(statistic.help[strlen(statistic.help) - 1],
		    '.');
		for (j = 0; j < i; j++) {
			statistic_get(w->local, w->babel, j, &other);
			assert_string_not_equal(statistic.name, other.name);
		}
	}
	assert_true(i > BABEL_COUNTERS + LOCAL_COUNTERS);
	world_free(w);
}

/* Everything that the local socket counts of itself. */
static void
own_counters_are_raised(void **state)
{
	struct world *w = small_world();
	struct peer *peers[LOCAL_CLIENTS + 1];
	char line[CLIENT_INPUT + 1];
	unsigned int i;

	(void)state;
	memset(line, 'x', CLIENT_INPUT);
	line[CLIENT_INPUT] = '\0';
	for (i = 0; i <= LOCAL_CLIENTS; i++)
		peers[i] = i == 1 ? peer_new_tcp(w, false) :
		    peer_new(w, false);
	ask(w, peers[1], "GET / HTTP/1.1\n");
	ask(w, peers[0], "dump\n");
	ask(w, peers[0], line);
	for (i = 0; i < LOCAL_COUNTERS; i++)
		assert_true(w->local->counters[i] > 0);
	assert_int_equal(w->local->counters[LOCAL_ACCEPTED], LOCAL_CLIENTS);
	assert_int_equal(w->local->counters[LOCAL_REFUSED], 1);
	assert_int_equal(w->local->counters[LOCAL_REQUESTS], 1);
	assert_int_equal(w->local->counters[LOCAL_DROPPED], 1);
	for (i = 0; i <= LOCAL_CLIENTS; i++)
		peer_free(peers[i]);
	world_free(w);
}

static void
shows_registered_numbers(void **state)
{
	static uint64_t batches = 17, queue = 3;
	static const struct local_statistic shown[] = {
		{ "kernel-batches", "Batches sent.", &batches, false },
		{ "kernel-queue", "Changes waiting.", &queue, true },
	};
	struct world *w = small_world();
	struct peer *peer = peer_new(w, false);
	const char *text;

	(void)state;
	local_show(w->local, shown, 2);
	text = ask(w, peer, "stats\n");
	assert_non_null(strstr(text, "\ncounter kernel-batches value 17\n"));
	assert_non_null(strstr(text, "\ngauge kernel-queue value 3\n"));
	text = ask(w, peer, "metrics\n");
	assert_non_null(strstr(text,
	    "\n# HELP babel_kernel_batches_total Batches sent.\n"
	    "# TYPE babel_kernel_batches_total counter\n"
	    "babel_kernel_batches_total 17\n"));
	assert_non_null(strstr(text, "\nbabel_kernel_queue 3\n"));
	peer_free(peer);
	world_free(w);
}

/* The set against an array of flags. */
static void
set_is_a_set(void **state)
{
	uint64_t seed = unit_seed();
	struct set set = { .slots = NULL };
	bool has[2000] = { false };
	size_t count = 0;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		uint32_t id = 1 + unit_random_below(&seed, 1999);

		if (unit_random_below(&seed, 2) != 0) {
			assert_int_equal(set_add(&set, id), 0);
			count += !has[id];
			has[id] = true;
		} else {
			set_remove(&set, id);
			count -= has[id];
			has[id] = false;
		}
		id = 1 + unit_random_below(&seed, 1999);
		assert_int_equal(set_has(&set, id), has[id]);
		assert_int_equal(set.count, count);
	}
	set_clear(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greets),
		cmocka_unit_test(dumps_golden_lines),
		cmocka_unit_test(describes_rtt),
		cmocka_unit_test(describes_source_specific_ipv4),
		cmocka_unit_test(quotes_json),
		cmocka_unit_test(keeps_utf8_whole),
		cmocka_unit_test(shows_the_routers_id),
		cmocka_unit_test(helps),
		cmocka_unit_test(lines_do_not_overrun),
		cmocka_unit_test(answers_each_request),
		cmocka_unit_test(hands_on_directives),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(quits),
		cmocka_unit_test(answers_before_closing_at_eof),
		cmocka_unit_test(obeys_who_is_gone),
		cmocka_unit_test(refuses_the_65th),
		cmocka_unit_test(a_shortage_of_descriptors_is_sat_out),
		cmocka_unit_test(passers_by_leave_room),
		cmocka_unit_test(dumps_in_slices),
		cmocka_unit_test(nobody_waits_for_the_slow),
		cmocka_unit_test(explains),
		cmocka_unit_test(statistics_have_help),
		cmocka_unit_test(own_counters_are_raised),
		cmocka_unit_test(shows_registered_numbers),
		cmocka_unit_test(set_is_a_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
