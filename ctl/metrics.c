/*
 * ctl/metrics.c - "metrics", and "metrics --http".
 *
 * As a server, this reads one request from standard input and writes one answer
 * to standard output, for inetd and systemd's sockets.  The answer is collected
 * before its first byte is sent, so that a daemon that stops in the middle
 * causes an error and not a short list.
 */
#include "ctl/command.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/connection.h"
#include "ctl/http.h"
#include "ctl/text.h"

#define REQUEST_TIME	10000		/* milliseconds */
#define LINGER_TIME	1000		/* likewise */
#define PROCESS_TIME	60		/* seconds, whatever happens */
#define BODY_MAX	(64L << 20)

/* Request the metrics and write them.  Errors are not printed. */
static enum answer
collect(struct connection *c, FILE *file, char **line)
{
	enum answer answer;

	if (connection_send(c, "metrics") < 0)
		return ANSWER_BROKEN;
	while ((answer = connection_answer(c, line)) == ANSWER_LINE) {
		text_print(file, *line);
		putc('\n', file);
		if (ftell(file) > BODY_MAX) {
			snprintf(c->error, sizeof(c->error),
			    "the daemon does not stop sending metrics");
			return ANSWER_BROKEN;
		}
	}
	return answer;
}

static long long
now_in_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Read until the deadline: the number of bytes, 0 at the end, -1 if it is too
 * late. */
static ssize_t
read_until(long long deadline, char *buffer, size_t size)
{
	struct pollfd input = { STDIN_FILENO, POLLIN, 0 };
	long long left = deadline - now_in_milliseconds();
	ssize_t n;

	if (left <= 0 || poll(&input, 1, (int)left) == 0)
		return -1;
	n = read(STDIN_FILENO, buffer, size);
	return n < 0 ? 0 : n;
}

static struct http_request
read_head(void)
{
	char head[HTTP_HEAD_MAX];
	long long deadline = now_in_milliseconds() + REQUEST_TIME;
	struct http_request r = { HTTP_INCOMPLETE, false };
	size_t len = 0;
	ssize_t n;

	while (r.verdict == HTTP_INCOMPLETE) {
		n = read_until(deadline, head + len, sizeof(head) - len);
		if (n < 0) {
			r.verdict = HTTP_TOO_SLOW;
			break;
		}
		len += (size_t)n;
		r = http_judge(head, len, n == 0);
	}
	return r;
}

struct reply {
	const char *status, *type, *body;
	size_t len;
};

/* Send the answer, then wait for the client to close, because closing before
 * the client has sent everything would let TCP destroy what it has not read
 * yet. */
static void
send_reply(struct reply reply, bool headers_only)
{
	long long deadline;
	char rest[4096];

	printf("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
	    "Allow: GET, HEAD\r\nCache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
	    reply.status, reply.type, reply.len);
	if (!headers_only)
		fwrite(reply.body, 1, reply.len, stdout);
	fflush(stdout);
	if (shutdown(STDOUT_FILENO, SHUT_WR) < 0)
		return;
	deadline = now_in_milliseconds() + LINGER_TIME;
	while (read_until(deadline, rest, sizeof(rest)) > 0)
		continue;
}

/* An answer of a line of text. */
static struct reply
text_reply(const char *status, const char *text)
{
	return (struct reply){ status, "text/plain; charset=utf-8", text,
	    strlen(text) };
}

static struct reply
reply_of(enum http_verdict verdict)
{
	switch (verdict) {
	case HTTP_METRICS:
		return text_reply("503 Service Unavailable",
		    "The daemon gives no metrics.\n");
	case HTTP_NOT_FOUND:
		return text_reply("404 Not Found", "It is at /metrics.\n");
	case HTTP_NOT_ALLOWED:
		return text_reply("405 Method Not Allowed",
		    "GET or HEAD, please.\n");
	case HTTP_TOO_LARGE:
		return text_reply("431 Request Header Fields Too Large",
		    "The request is too long.\n");
	case HTTP_TOO_SLOW:
		return text_reply("408 Request Timeout",
		    "The request did not come in time.\n");
	case HTTP_INCOMPLETE:
	case HTTP_GARBAGE:
		break;
	}
	return text_reply("400 Bad Request", "This is no HTTP request.\n");
}

/* Print the error, unless standard error is the client, too. */
static void
complain(const struct connection *c, enum answer answer, const char *line)
{
	struct stat out, error;

	if (fstat(STDOUT_FILENO, &out) == 0 &&
	    fstat(STDERR_FILENO, &error) == 0 &&
	    (out.st_dev != error.st_dev || out.st_ino != error.st_ino))
		connection_complain(c, answer, line);
}

/* Collect the metrics, which the caller frees, into a reply.  Without metrics
 * the reply stays as it is. */
static enum answer
collect_reply(const struct command *command, struct reply *reply,
    char **body)
{
	struct connection c;
	char *line = NULL;
	size_t len = 0;
	FILE *file = open_memstream(body, &len);
	enum answer answer = ANSWER_BROKEN;

	if (file == NULL)
		return ANSWER_BROKEN;
	if (command_open(&c, command->socket) == 0)
		answer = collect(&c, file, &line);
	if (answer != ANSWER_OK)
		complain(&c, answer, line);
	connection_close(&c);
	if (fclose(file) != 0)
		answer = ANSWER_BROKEN;
	if (answer == ANSWER_OK)
		*reply = (struct reply){ "200 OK",
		    "text/plain; version=0.0.4; charset=utf-8", *body, len };
	return answer;
}

static enum answer
serve(const struct command *command)
{
	struct http_request request;
	struct reply reply;
	char *body = NULL;
	enum answer answer = ANSWER_OK;

	(void)alarm(PROCESS_TIME);
	request = read_head();
	reply = reply_of(request.verdict);
	if (request.verdict == HTTP_METRICS)
		answer = collect_reply(command, &reply, &body);
	send_reply(reply, request.headers_only);
	free(body);
	return answer;
}

enum answer
metrics_run(const struct command *command)
{
	struct connection c;
	char *line = NULL;
	enum answer answer;

	if (command->http)
		return serve(command);
	answer = command_connect(command, &c);
	if (answer != ANSWER_OK)
		return answer;
	answer = collect(&c, stdout, &line);
	if (answer != ANSWER_OK)
		connection_complain(&c, answer, line);
	connection_close(&c);
	return answer;
}
