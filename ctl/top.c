/*
 * ctl/top.c - "top": a live view in the terminal.
 *
 * A monitor's stream is read as it comes.  The picture is drawn at most a dozen
 * times a second, and at least once a second for the clock.  When the daemon
 * goes away, top tries to connect until it is back.
 */
#include "ctl/top.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/connection.h"
#include "ctl/screen.h"
#include "ctl/terminal.h"
#include "ctl/view.h"

#define FRAME		80		/* milliseconds between pictures */
#define TICK		1000

struct loop {
	struct top top;
	struct terminal terminal;
	bool changed;			/* since the last picture */
	long long drawn, tried;		/* when */
	int end;			/* the signal to end by, or 0 */
	bool over;
};

/* Connect and start a monitor: 0, or -1 with the connection's error. */
static int
begin(struct top *top)
{
	view_free(&top->view);
	top->loaded = false;
	top->connected = command_open(top->connection, top->socket) == 0 &&
	    connection_send(top->connection, "json monitor") == 0;
	return top->connected ? 0 : -1;
}

static void
lose(struct top *top)
{
	char error[ERROR_MAX];

	memcpy(error, top->connection->error, sizeof(error));
	connection_close(top->connection);
	top->connected = false;
	news_add(top, BAD, "%.150s", error);
}

/* One line of the stream: 0, or -1 with the connection's error. */
static int
take_line(struct top *top, char *line)
{
	struct connection *c = top->connection;
	enum answer answer = connection_classify(line);
	struct change change;

	if (answer == ANSWER_OK) {
		top->loaded = true;
		return 0;
	}
	if (answer == ANSWER_NO || answer == ANSWER_BAD) {
		snprintf(c->error, sizeof(c->error), "the daemon says: %.200s",
		    line);
		return -1;
	}
	if (view_take(&top->view, line, &change) < 0) {
		snprintf(c->error, sizeof(c->error),
		    "the daemon sent a line that is not of its JSON stream");
		return -1;
	}
	news_of_change(top, &change);
	view_forget(&change);
	return 0;
}

static void
take_stream(struct top *top)
{
	enum answer answer = ANSWER_NOTHING;
	char *line;

	if (connection_read(top->connection) < 0) {
		lose(top);
		return;
	}
	while (top->connected && (answer = connection_line(top->connection,
	    &line)) == ANSWER_LINE)
		if (take_line(top, line) < 0)
			lose(top);
	if (top->connected && answer == ANSWER_BROKEN)
		lose(top);
}

static void
take_keys(struct loop *loop)
{
	char keys[64];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN) ||
	    (n > 0 && (memchr(keys, 'q', (size_t)n) != NULL ||
	    memchr(keys, 'Q', (size_t)n) != NULL)))
		loop->over = true;
}

static void
draw(struct loop *loop)
{
	frame_draw(&loop->top, loop->drawn);
	screen_show(&loop->top.screen, stdout);
	loop->changed = false;
	loop->over |= ferror(stdout) != 0;
}

static void
resize(struct loop *loop)
{
	int rows, columns;

	terminal_size(&rows, &columns);
	if (screen_resize(&loop->top.screen, rows, columns) < 0)
		loop->over = true;
	loop->changed = true;
}

/* Wait for the stream, a key, a signal, or the time of the next picture. */
static void
wait_for_events(struct loop *loop)
{
	struct pollfd fds[3] = {
		{ STDIN_FILENO, POLLIN, 0 },
		{ loop->top.connected ? loop->top.connection->fd : -1,
		    POLLIN, 0 },
		{ loop->terminal.signals, POLLIN, 0 },
	};
	long long left = loop->drawn + (loop->changed ? FRAME : TICK) -
	    news_now();

	if (poll(fds, 3, left > 0 ? (int)left : 0) <= 0)
		return;
	if (fds[0].revents != 0)
		take_keys(loop);
	if (fds[1].revents != 0) {
		take_stream(&loop->top);
		loop->changed = true;
	}
}

static void
obey_signals(struct loop *loop)
{
	struct terminal_wishes wishes = terminal_wishes(&loop->terminal);

	if (wishes.stop) {
		terminal_stop(&loop->terminal);
		wishes.resize = true;
	}
	if (wishes.resize)
		resize(loop);
	if (wishes.end != 0) {
		loop->end = wishes.end;
		loop->over = true;
	}
}

static void
run(struct loop *loop)
{
	long long now;

	resize(loop);
	while (!loop->over) {
		now = news_now();
		if (now - loop->drawn >= (loop->changed ? FRAME : TICK)) {
			loop->drawn = now;
			draw(loop);
		}
		wait_for_events(loop);
		obey_signals(loop);
		if (!loop->top.connected && now - loop->tried >= TICK) {
			loop->tried = now;
			if (begin(&loop->top) == 0)
				news_add(&loop->top, GOOD, "connected");
			loop->changed = true;
		}
	}
}

enum answer
top_run(const struct command *command)
{
	struct connection connection;
	struct loop loop = { .over = false };

	if (!terminal_is_usable()) {
		fputs("babelctl: top needs a terminal; there is monitor, "
		    "too\n", stderr);
		return STATUS_USAGE;
	}
	loop.top.socket = command->socket;
	loop.top.connection = &connection;
	view_init(&loop.top.view);
	loop.top.screen.utf8 = terminal_has_utf8();
	loop.top.screen.coloured = terminal_has_colours();
	if (begin(&loop.top) < 0) {
		connection_complain(&connection, ANSWER_BROKEN, NULL);
		return ANSWER_BROKEN;
	}
	if (terminal_take(&loop.terminal) < 0) {
		fprintf(stderr, "babelctl: the terminal: %s\n",
		    strerror(errno));
		return ANSWER_BROKEN;
	}
	run(&loop);
	terminal_give_back(&loop.terminal);
	connection_close(&connection);
	view_free(&loop.top.view);
	screen_free(&loop.top.screen);
	if (loop.end != 0)
		terminal_end_by(&loop.terminal, loop.end);
	return ANSWER_OK;
}
