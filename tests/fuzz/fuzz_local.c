/*
 * fuzz_local.c - clients of the local socket that say anything, while the
 * network changes and the configuration with it.
 *
 * The input is lines.  One that begins with '@' makes something happen:
 * "@c1" and "@c0" connect a client that may write or not, "@c3" and "@c2"
 * one of a TCP port, where who speaks HTTP is given up; "@n" turns to
 * the next client, "@x" lets it go away, "@e" ends what it says, "@s" and
 * "@r" stop and start its reading; "@u", "@w", "@o", "@l", "@t" and "@k"
 * are updates, retractions, kernel routes, links, time and the kernel's
 * answers, each with a digit or letter to choose by.  All other lines are
 * said by the client whose turn it is.
 *
 * Besides doing no harm, every request must get one reply.
 */
#include "../unit/local_world.h"

#include <stdio.h>

#define CLIENTS		5

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct talker {
	int fd;
	bool reads, may_end;
	unsigned int requests, replies;
	size_t len;
	char line[4096];		/* what was read of one */
};

struct scene {
	struct world *world;
	struct configuration_layers layers;
	struct configuration *conf;	/* what runs, once amended */
	struct talker talkers[CLIENTS];
	unsigned int turn;
	uint32_t metric;
	unsigned int reloads;
};

static void
fail(const char *what, const char *line)
{
	fprintf(stderr, "%s: %s\n", what, line);
	abort();
}

/* What the files say, one reload after another. */
static const char *const files[] = {
	"interface eth0\ninterface eth1\nredistribute local allow\n",
	("interface eth0 rxcost 50\nin ip fd00::/16 deny\n"
	    "redistribute local metric 5\n"),
	"interface eth0\ninterface eth1 rxcost many\n",
	"interface eth*\nout if eth1 deny\nredistribute local deny\n",
};
#define FILES	(sizeof(files) / sizeof(files[0]))

/* They are read; NULL if there is a mistake in them. */
static struct configuration *
read_files(const char *text, struct configuration_report *report)
{
	static const struct configuration_source source = {
		.context = CONTEXT_FILE, .name = "file",
	};
	struct configuration *conf = configuration_new();

	if (conf != NULL && configuration_read(conf, text, strlen(text),
	    &source, report) == 0)
		return conf;
	configuration_free(conf);
	return NULL;
}

static void
adopt(struct scene *scene, struct configuration *conf)
{
	babel_configure(scene->world->babel, scene->world->now, conf);
	configuration_free(scene->conf);
	scene->conf = conf;
}

static enum local_reply
reload(struct scene *scene, struct configuration_report *report)
{
	struct configuration *lower, *conf;

	lower = read_files(files[++scene->reloads % FILES], report);
	if (lower == NULL)
		return LOCAL_NO;
	conf = configuration_reload(&scene->layers, lower, report);
	if (conf == NULL) {
		configuration_free(lower);
		return LOCAL_NO;
	}
	adopt(scene, conf);
	return LOCAL_OK;
}

static enum local_reply
amend(void *ctx, const char *line, struct configuration_report *report)
{
	static const struct configuration_source source = {
		.context = CONTEXT_SOCKET, .name = "request",
	};
	struct scene *scene = ctx;
	struct configuration *conf;

	if (strcmp(line, "reload") == 0)
		return reload(scene, report);
	conf = configuration_amend(&scene->layers, line, strlen(line),
	    &source, report);
	if (conf == NULL)
		return report->refused ? LOCAL_NO : LOCAL_BAD;
	adopt(scene, conf);
	return LOCAL_OK;
}

/* A whole line from the daemon: is it a reply? */
static void
take_line(struct talker *t)
{
	const char *line = t->line;

	if (strcmp(line, "ok") == 0 || strcmp(line, "bad") == 0 ||
	    strcmp(line, "no") == 0 || strncmp(line, "no ", 3) == 0)
		t->replies++;
	else if (strchr("acfgidknhprsBvmw{#b", line[0]) == NULL)
		fail("a line of no kind", line);
	if (strncmp(line, "no Too ", 7) == 0 ||
	    strncmp(line, "no Line ", 8) == 0)
		t->may_end = true;
}

static void
listen_to(struct talker *t)
{
	char buffer[4096];
	ssize_t n, i;

	while (t->fd >= 0 && (n = recv(t->fd, buffer, sizeof(buffer), 0)) > 0)
		for (i = 0; i < n; i++) {
			if (buffer[i] != '\n') {
				if (t->len == sizeof(t->line) - 1)
					fail("too long", t->line);
				t->line[t->len++] = buffer[i];
				continue;
			}
			t->line[t->len] = '\0';
			t->len = 0;
			take_line(t);
		}
}

static void
turns(struct scene *scene, int count)
{
	unsigned int i;

	while (count-- > 0) {
		world_turn(scene->world, (count & 1) != 0);
		for (i = 0; i < CLIENTS; i++)
			if (scene->talkers[i].reads)
				listen_to(&scene->talkers[i]);
	}
}

static void
talker_connect(struct scene *scene, bool writable, bool is_tcp)
{
	struct talker *t = &scene->talkers[scene->turn];

	if (t->fd >= 0)
		close(t->fd);
	*t = (struct talker){
	    .fd = world_connect(scene->world, writable, is_tcp),
	    .reads = true, .may_end = is_tcp, .requests = 1 };
}

static void
talker_say(struct talker *t, const char *line, size_t len)
{
	char text[4096];

	if (t->fd < 0 || len >= sizeof(text))
		return;
	memcpy(text, line, len);
	text[len] = '\n';
	if (send(t->fd, text, len + 1, MSG_NOSIGNAL) != (ssize_t)len + 1)
		t->may_end = true;
	t->requests++;
	if (len > 1023 || memmem(line, len, "quit", 4) != NULL)
		t->may_end = true;
}

static void
happen_to_client(struct scene *scene, char what, unsigned int choice)
{
	struct talker *t = &scene->talkers[scene->turn];

	switch (what) {
	case 'c':
		talker_connect(scene, (choice & 1) != 0, (choice & 2) != 0);
		break;
	case 'n':
		scene->turn = (scene->turn + 1) % CLIENTS;
		break;
	case 'x':
		if (t->fd >= 0)
			close(t->fd);
		t->fd = -1;
		break;
	case 'e':
		if (t->fd >= 0)
			shutdown(t->fd, SHUT_WR);
		t->may_end = true;
		break;
	case 's':
	case 'r':
		t->reads = what == 'r';
		break;
	}
}

static void
happen(struct scene *scene, char what, unsigned int choice)
{
	struct world *w = scene->world;

	switch (what) {
	case 'u':
		world_update(w, 1 + choice % 2, 2 + choice / 2 % 3,
		    choice, (uint16_t)(scene->metric++ % 500));
		break;
	case 'w':
		world_update(w, 1 + choice % 2, 2 + choice / 2 % 3,
		    choice, 0xFFFF);
		break;
	case 'h':
		w->hello_seqno++;
		world_hello(w, 1 + choice % 2, 2 + choice / 2 % 3);
		break;
	case 'o':
		world_offer(w, choice / 2, (choice & 1) != 0);
		break;
	case 'l':
		world_link(w, 1 + choice % 2, (choice & 1) != 0 ? "eth1" :
		    "eth0", (choice & 2) != 0);
		break;
	case 't':
		w->now += choice * SECOND;
		break;
	case 'k':
		world_kernel(w);
		break;
	default:
		happen_to_client(scene, what, choice);
	}
	babel_run(w->babel, w->now);
}

static void
layers_begin(struct scene *scene)
{
	struct configuration_report report = { .error = "" };
	struct configuration *lower = read_files(files[0], &report), *conf;

	scene->layers.socket = configuration_new();
	if (lower == NULL || scene->layers.socket == NULL)
		exit(2);
	conf = configuration_reload(&scene->layers, lower, &report);
	if (conf == NULL)
		exit(2);
	adopt(scene, conf);
}

static void
scene_begin(struct scene *scene)
{
	unsigned int i;

	memset(scene, 0, sizeof(*scene));
	scene->world = world_new(files[0]);
	layers_begin(scene);
	local_on_command(scene->world->local, amend, scene);
	for (i = 0; i < CLIENTS; i++)
		scene->talkers[i].fd = -1;
	talker_connect(scene, true, false);
	world_link(scene->world, 1, "eth0", true);
	world_link(scene->world, 2, "eth1", true);
}

/* Everybody listens until nothing is left to say; then the account must
 * be even. */
static void
scene_end(struct scene *scene)
{
	struct talker *t;
	int i;

	for (i = 0; i < CLIENTS; i++)
		scene->talkers[i].reads = true;
	turns(scene, 1);
	for (i = 0; i < 10000 && !world_is_idle(scene->world); i++)
		turns(scene, 1);
	if (!world_is_idle(scene->world))
		fail("never at rest", "");
	for (i = 0; i < CLIENTS; i++) {
		t = &scene->talkers[i];
		if (t->fd < 0)
			continue;
		if (!t->may_end && t->replies != t->requests)
			fail("a request without a reply", t->line);
		close(t->fd);
	}
	world_free(scene->world);
	configuration_free(scene->conf);
	configuration_free(scene->layers.files);
	configuration_free(scene->layers.socket);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scene scene;
	const char *at = (const char *)data, *end = at + size, *newline;
	size_t len;

	if (size > 16384)
		return 0;
	scene_begin(&scene);
	while (at < end) {
		newline = memchr(at, '\n', (size_t)(end - at));
		len = (size_t)((newline != NULL ? newline : end) - at);
		if (len >= 2 && at[0] == '@')
			happen(&scene, at[1], len > 2 ?
			    (unsigned int)at[2] & 0x3F : 0);
		else
			talker_say(&scene.talkers[scene.turn], at, len);
		turns(&scene, 2);
		at += len + 1;
	}
	scene_end(&scene);
	return 0;
}
