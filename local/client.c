/*
 * local/client.c - one connection: its buffers, and how it ends.
 *
 * Nothing here waits.  Output is queued and sent as the socket takes it.  The
 * queue is bounded, and every producer checks its length first, so that only a
 * programming error can reach the bound.
 *
 * A connection ends in order: the queue is sent, the sending side is shut, and
 * the rest of the input is discarded until the client closes too or a deadline
 * passes.  Closing at once would let TCP answer unread input with a reset,
 * which may destroy the last line: the reason.
 *
 * A client of a TCP port that sends HTTP is given up, and nothing that it has
 * sent has an effect (local/foreign.c), also not what came before, in the same
 * packet or others.  So a client is on trial, and its changes wait, until it
 * has been silent for a moment after a whole line, or has ended.
 */
#include "local/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "local.h"
#include "local/foreign.h"
#include "local/line.h"
#include "set.h"
#include "util.h"

#define TRIAL_TIME	(300 * MILLISECOND)	/* of silence */
#define OUTPUT_MIN	4096
#define OUTPUT_SPARE	(64 * 1024)
_Static_assert(OUTPUT_SPARE >= 2 * CLIENT_ENOUGH,
    "what is produced at a time has room in a spare buffer");
#define WRITE_MAX	(64 * 1024)	/* bytes in one turn */
#define DISCARD_READS	16		/* likewise */
#define CLOSING_TIME	(30 * SECOND)
#define LINGERING_TIME	(2 * SECOND)

int
spares_init(struct spares *spares)
{
	int i;

	for (i = 0; i < CLIENT_SPARES; i++) {
		spares->clients[i] = malloc(sizeof(struct client));
		spares->outputs[i] = malloc(OUTPUT_SPARE);
		if (spares->clients[i] == NULL || spares->outputs[i] == NULL)
			return -1;
	}
	return 0;
}

void
spares_free(struct spares *spares)
{
	int i;

	for (i = 0; i < CLIENT_SPARES; i++) {
		free(spares->clients[i]);
		free(spares->outputs[i]);
	}
}

static struct client *
take_spare_client(struct spares *spares)
{
	struct client *c;
	int i;

	for (i = 0; i < CLIENT_SPARES; i++) {
		c = spares->clients[i];
		if (c == NULL)
			continue;
		spares->clients[i] = NULL;
		memset(c, 0, sizeof(*c));
		c->is_spare = true;
		return c;
	}
	return NULL;
}

static void
give_back_client(struct spares *spares, struct client *c)
{
	int i;

	for (i = 0; i < CLIENT_SPARES; i++)
		if (spares->clients[i] == NULL) {
			spares->clients[i] = c;
			return;
		}
}

struct client *
client_new(struct spares *spares, int fd, bool writable, bool is_tcp)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		c = take_spare_client(spares);
	if (c == NULL)
		return NULL;
	c->spares = spares;
	c->fd = fd;
	c->writable = writable;
	c->is_tcp = c->on_trial = is_tcp;
	return c;
}

static void
release_output(struct client *c)
{
	int i;

	for (i = 0; i < CLIENT_SPARES && c->has_spare_output; i++)
		if (c->spares->outputs[i] == NULL) {
			c->spares->outputs[i] = c->output;
			c->has_spare_output = false;
			c->output = NULL;
		}
	free(c->output);
	c->output = NULL;
	c->output_size = 0;
}

/* There is no memory for a larger buffer: use a spare one.  0, or -1 if there
 * is none, or it has no room. */
static int
take_spare_output(struct client *c, size_t size)
{
	char *output;
	int i;

	if (c->has_spare_output || size > OUTPUT_SPARE)
		return -1;
	for (i = 0; i < CLIENT_SPARES; i++) {
		output = c->spares->outputs[i];
		if (output == NULL)
			continue;
		c->spares->outputs[i] = NULL;
		if (c->output_len > 0)
			memcpy(output, c->output, c->output_len);
		free(c->output);
		c->output = output;
		c->output_size = OUTPUT_SPARE;
		c->has_spare_output = true;
		return 0;
	}
	return -1;
}

void
client_free(struct client *c)
{
	close(c->fd);
	set_clear(&c->sent);
	release_output(c);
	if (c->is_spare)
		give_back_client(c->spares, c);
	else
		free(c);
}

void
client_stop(struct client *c)
{
	c->task.kind = TASK_NONE;
	c->owes_reply = false;
	c->monitors = false;
	set_clear(&c->sent);
}

void
client_is_gone(struct client *c)
{
	c->deaf = true;
	release_output(c);
	c->output_start = c->output_len = 0;
	client_stop(c);
}

/* Neither its requests nor its answers are of any use. */
static void
give_up(struct client *c)
{
	client_is_gone(c);
	c->ended = true;
	c->input_len = 0;
}

/* Make room for that many more bytes: 0, or -1. */
static int
output_reserve(struct client *c, size_t len)
{
	size_t size = c->output_size < OUTPUT_MIN ? OUTPUT_MIN :
	    c->output_size;
	char *output;

	if (len > LOCAL_BUFFER - c->output_len)
		return -1;
	if (c->output_start + c->output_len + len <= c->output_size)
		return 0;
	if (c->output_start > 0)
		memmove(c->output, c->output + c->output_start,
		    c->output_len);
	c->output_start = 0;
	while (size < c->output_len + len)
		size *= 2;
	if (size == c->output_size)
		return 0;
	output = c->has_spare_output ? NULL : realloc(c->output, size);
	if (output == NULL)
		return take_spare_output(c, size);
	c->output = output;
	c->output_size = size;
	return 0;
}

void
client_put(struct client *c, const char *bytes, size_t len)
{
	if (c->deaf)
		return;
	if (output_reserve(c, len) < 0) {
		give_up(c);
		return;
	}
	memcpy(c->output + c->output_start + c->output_len, bytes, len);
	c->output_len += len;
}

void
client_put_text(struct client *c, const char *text)
{
	client_put(c, text, strlen(text));
}

void
client_put_line(struct client *c, enum line_format format,
    const char *first, const char *rest)
{
	if (format == LINE_JSON) {
		client_put_text(c, "{");
		if (first != NULL) {
			client_put_text(c, "\"event\":\"");
			client_put_text(c, first);
			client_put_text(c, "\",");
		}
	} else if (first != NULL) {
		client_put_text(c, first);
		client_put_text(c, " ");
	}
	client_put_text(c, rest);
}

void
client_put_report(struct client *c, struct line *line)
{
	line_end(line);
	client_put_line(c, c->task.format, NULL, line->bytes);
}

/* A message is one line, whatever text it quotes. */
static void
make_one_line(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			*text = ' ';
}

void
client_reply(struct client *c, const char *word, const char *message)
{
	size_t len = strlen(word);

	memcpy(c->reply, word, len + 1);
	if (message != NULL && *message != '\0') {
		c->reply[len++] = ' ';
		strlcpy(c->reply + len, message, sizeof(c->reply) - len - 1);
		make_one_line(c->reply);
		len = strlen(c->reply);
	}
	c->reply[len] = '\n';
	c->reply[len + 1] = '\0';
	c->owes_reply = !c->deaf;
}

void
client_reply_ok(struct client *c, const char *warning)
{
	if (*warning == '\0') {
		client_reply(c, "ok", NULL);
		return;
	}
	client_reply(c, "warning", warning);
	strlcat(c->reply, "ok\n", sizeof(c->reply));
}

bool
client_has_line(const struct client *c)
{
	return memchr(c->input, '\n', c->input_len) != NULL;
}

enum client_input
client_read(struct client *c, babel_time now)
{
	const size_t room = sizeof(c->input) - c->input_len;
	ssize_t n;

	if (room > 0 && !c->ended) {
		n = recv(c->fd, c->input + c->input_len, room, MSG_DONTWAIT);
		if (n > 0) {
			c->input_len += (size_t)n;
			c->input_at = now;
		} else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			c->ended = true;
	}
	if (c->is_tcp && foreign_is(c->input, c->input_len)) {
		give_up(c);
		return CLIENT_FOREIGN;
	}
	return c->input_len < sizeof(c->input) || client_has_line(c) ?
	    CLIENT_READ : CLIENT_OVERLONG;
}

babel_time
client_trial_end(const struct client *c, babel_time now)
{
	if (!c->on_trial || c->ended || c->input_len == sizeof(c->input))
		return now;
	if (c->input_len > 0 && c->input[c->input_len - 1] != '\n')
		return NEVER;
	return time_max(c->input_at + TRIAL_TIME, now);
}

bool
client_next_line(const struct client *c, char line[CLIENT_INPUT])
{
	const char *newline = memchr(c->input, '\n', c->input_len);
	size_t len, i;

	if (newline == NULL)
		return false;
	len = (size_t)(newline - c->input);
	memcpy(line, c->input, len);
	for (i = 0; i < len; i++)
		if (line[i] == '\0')
			line[i] = '\x7F';	/* no word has this byte */
	if (len > 0 && line[len - 1] == '\r')
		len--;
	line[len] = '\0';
	return true;
}

void
client_take_line(struct client *c)
{
	const char *newline = memchr(c->input, '\n', c->input_len);

	if (newline == NULL)
		return;
	c->input_len -= (size_t)(newline + 1 - c->input);
	memmove(c->input, newline + 1, c->input_len);
}

void
client_write(struct client *c)
{
	ssize_t n;

	if (c->deaf || c->output_len == 0)
		return;
	n = send(c->fd, c->output + c->output_start,
	    c->output_len < WRITE_MAX ? c->output_len : WRITE_MAX,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			client_is_gone(c);
		return;
	}
	c->output_start += (size_t)n;
	c->output_len -= (size_t)n;
	if (c->output_len > 0)
		return;
	c->output_start = 0;
	if (c->output_size > OUTPUT_MIN)
		release_output(c);
}

void
client_finish(struct client *c, babel_time now, const char *reason)
{
	client_stop(c);
	if (reason != NULL) {
		client_put_text(c, "no ");
		client_put_text(c, reason);
		client_put_text(c, "\n");
	}
	c->state = CLIENT_CLOSING;
	c->deadline = now + CLOSING_TIME;
}

/* Discard input; true when no more will come. */
static bool
client_discard(struct client *c)
{
	char buffer[4096];
	ssize_t n;
	int i;

	for (i = 0; i < DISCARD_READS && !c->ended; i++) {
		n = recv(c->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0)
			c->ended = true;
	}
	return c->ended;
}

bool
client_close_step(struct client *c, babel_time now)
{
	if (c->deaf || now >= c->deadline)
		return true;
	if (c->state == CLIENT_CLOSING) {
		if (c->output_len > 0)
			return false;
		shutdown(c->fd, SHUT_WR);
		c->state = CLIENT_LINGERING;
		c->deadline = now + LINGERING_TIME;
	}
	return client_discard(c);
}
