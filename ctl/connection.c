/*
 * ctl/connection.c - a conversation with a daemon, line by line.
 *
 * Nothing that the other side does can make this wait for ever, or use more
 * memory than one line has.
 */
#include "ctl/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/text.h"

#define GREETING_TIME	5000		/* milliseconds */
#define ANSWER_TIME	30000		/* likewise, between two reads */

static int __attribute__((format(printf, 2, 3)))
fail(struct connection *c, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(c->error, sizeof(c->error), format, arguments);
	va_end(arguments);
	return -1;
}

/* Is it a port?  Anything else is a path. */
static bool
is_port(const char *where)
{
	return *where != '\0' && where[strspn(where, "0123456789")] == '\0';
}

/* Connect, for a bounded time: the time limit of sending is that of
 * connecting, too. */
static int
connect_to(struct connection *c, const struct sockaddr *address,
    socklen_t len)
{
	struct timeval limit = { GREETING_TIME / 1000, 0 };

	c->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit,
	    sizeof(limit)) < 0 || connect(c->fd, address, len) < 0)
		return fail(c, "%s", errno == EAGAIN || errno == EINPROGRESS ?
		    "the daemon does not accept connections" :
		    strerror(errno));
	return 0;
}

static int
connect_port(struct connection *c, const char *where)
{
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT
	};
	unsigned long port = strlen(where) > 5 ? 0 : strtoul(where, NULL, 10);

	if (port == 0 || port > 65535)
		return fail(c, "a port is a number from 1 to 65535");
	address.sin6_port = htons((in_port_t)port);
	return connect_to(c, (const struct sockaddr *)&address,
	    sizeof(address));
}

static int
connect_path(struct connection *c, const char *where)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(where);

	if (len == 0 || len >= sizeof(address.sun_path))
		return fail(c, "a path has 1 to %zu bytes",
		    sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, where, len + 1);
	return connect_to(c, (const struct sockaddr *)&address,
	    sizeof(address));
}

/* Wait until there is something to read: 0, or -1. */
static int
await(struct connection *c, int timeout)
{
	struct pollfd waited = { c->fd, POLLIN, 0 };
	int ready;

	do
		ready = poll(&waited, 1, timeout);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return fail(c, "%s", strerror(errno));
	if (ready == 0)
		return fail(c, "no answer within %d seconds", timeout / 1000);
	return 0;
}

int
connection_read(struct connection *c)
{
	ssize_t n;

	if (c->start > 0) {
		memmove(c->buffer, c->buffer + c->start, c->len);
		c->start = 0;
	}
	do
		n = read(c->fd, c->buffer + c->len,
		    CONNECTION_LINE + 1 - c->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(c, "the connection broke: %s", strerror(errno));
	if (n == 0)
		return fail(c, "the daemon closed the connection");
	c->len += (size_t)n;
	return 0;
}

enum answer
connection_line(struct connection *c, char **line)
{
	char *end = memchr(c->buffer + c->start, '\n', c->len);
	size_t len;

	if (end == NULL) {
		if (c->len <= CONNECTION_LINE)
			return ANSWER_NOTHING;
		fail(c, "the daemon sent a line of more than %d bytes",
		    CONNECTION_LINE);
		return ANSWER_BROKEN;
	}
	*line = c->buffer + c->start;
	len = (size_t)(end - *line);
	*end = '\0';
	if (strlen(*line) < len) {
		fail(c, "the daemon sent a line with a NUL in it");
		return ANSWER_BROKEN;
	}
	c->start += len + 1;
	c->len -= len + 1;
	return ANSWER_LINE;
}

static enum answer
wait_line(struct connection *c, char **line, int timeout)
{
	enum answer answer;

	while ((answer = connection_line(c, line)) == ANSWER_NOTHING)
		if (await(c, timeout) < 0 || connection_read(c) < 0)
			return ANSWER_BROKEN;
	return answer;
}

enum answer
connection_classify(const char *line)
{
	static const struct {
		const char *word;
		enum answer answer;
	} ends[] = {
		{ "ok", ANSWER_OK }, { "no", ANSWER_NO }, { "bad", ANSWER_BAD },
	};
	size_t i, len = strcspn(line, " ");

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strlen(ends[i].word) == len &&
		    memcmp(ends[i].word, line, len) == 0)
			return ends[i].answer;
	return ANSWER_LINE;
}

enum answer
connection_answer(struct connection *c, char **line)
{
	enum answer answer = wait_line(c, line, ANSWER_TIME);

	return answer == ANSWER_LINE ? connection_classify(*line) : answer;
}

/* Keep what follows a word of the greeting. */
static void
keep(const char *line, const char *word, char value[GREETING_MAX])
{
	size_t len = strlen(word);

	if (strncmp(line, word, len) == 0 && line[len] == ' ')
		snprintf(value, GREETING_MAX, "%s", line + len + 1);
}

/* "BABEL 1.0", lines about the daemon, "ok". */
static int
read_greeting(struct connection *c)
{
	enum answer answer;
	char *line;

	answer = wait_line(c, &line, GREETING_TIME);
	if (answer == ANSWER_BROKEN)
		return -1;
	if (strncmp(line, "BABEL ", 6) != 0)
		return fail(c, "no greeting of a Babel daemon");
	do {
		answer = wait_line(c, &line, GREETING_TIME);
		if (answer == ANSWER_LINE)
			answer = connection_classify(line);
		if (answer != ANSWER_LINE)
			break;
		keep(line, "version", c->version);
		keep(line, "host", c->host);
		keep(line, "my-id", c->id);
	} while (true);
	if (answer == ANSWER_NO || answer == ANSWER_BAD)
		return fail(c, "the daemon turns us away: %.200s", line);
	return answer == ANSWER_OK ? 0 : -1;
}

int
connection_open(struct connection *c, const char *where)
{
	c->fd = -1;
	c->start = c->len = 0;
	c->error[0] = '\0';
	snprintf(c->where, sizeof(c->where), "%s%s",
	    is_port(where) ? "port " : "", where);
	snprintf(c->version, sizeof(c->version), "babeld");
	snprintf(c->host, sizeof(c->host), "localhost");
	c->id[0] = '\0';
	if ((is_port(where) ? connect_port(c, where) :
	    connect_path(c, where)) == 0 && read_greeting(c) == 0)
		return 0;
	connection_close(c);
	return -1;
}

void
connection_close(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

int
connection_send(struct connection *c, const char *request)
{
	char line[REQUEST_MAX + 2];
	size_t done = 0, len;
	ssize_t n;

	len = (size_t)snprintf(line, sizeof(line), "%s\n", request);
	if (len >= sizeof(line))
		return fail(c, "a request has at most %d bytes", REQUEST_MAX);
	while (done < len) {
		n = send(c->fd, line + done, len - done, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(c, "the connection broke: %s",
			    strerror(errno));
		done += (size_t)n;
	}
	return 0;
}

void
connection_complain(const struct connection *c, enum answer answer,
    const char *line)
{
	const char *reason = c->error;

	if (answer == ANSWER_NO)
		reason = line[2] == ' ' ? line + 3 : "it cannot be done";
	else if (answer == ANSWER_BAD)
		reason = "the daemon does not understand this request, "
		    "or not on a socket that is only for reading";
	fflush(stdout);
	fputs("babelctl: ", stderr);
	text_print(stderr, c->where);
	fputs(": ", stderr);
	text_print(stderr, reason);
	putc('\n', stderr);
}
