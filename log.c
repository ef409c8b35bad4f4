/*
 * log.c - writing lines without ever waiting.
 *
 * Standard error may be a pipe whose reader is stuck, or a terminal that is
 * stopped.  O_NONBLOCK on such a descriptor would change it for every
 * process that shares it, so the file is opened anew through /proc, which
 * gives a description of our own.  Where that is forbidden (the pipe may
 * belong to another user), poll(2) tells whether a write would wait: a pipe
 * that is ready has room for PIPE_BUF octets, and no line is longer.  A
 * socket takes a flag with each line.
 */
#include "log.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINE	2048		/* octets with the newline */
#define LOG_FILE_MODE	0644
#define TELL_PAUSE	SECOND		/* between two tries to tell */
_Static_assert(LOG_LINE <= PIPE_BUF, "a ready pipe has room for a line");

enum way {
	WAY_WRITE,			/* it is our own, or never waits */
	WAY_ASK,			/* poll first */
	WAY_SEND,			/* a socket */
};

struct stream {
	int fd;
	enum way way;
	char rest[LOG_LINE];		/* of a line that was begun */
	size_t rest_len;
	uint64_t lost;			/* lines that nobody was told of */
	uint64_t *total;		/* ... and those before */
};

struct log {
	struct stream errors, output;
	FILE *printed;			/* to output, a line at a time */
	char buffer[LOG_LINE];		/* of printed */
	uint64_t lost;			/* by both */
};

static enum way
find_way(int fd)
{
	struct stat status;
	char path[32];
	int own;

	if (fstat(fd, &status) < 0 || S_ISREG(status.st_mode))
		return WAY_WRITE;
	if (S_ISSOCK(status.st_mode))
		return WAY_SEND;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return WAY_ASK;
	(void)dup2(own, fd);
	close(own);
	return WAY_WRITE;
}

/* The number of octets written; none if that would have to wait. */
static size_t
put(const struct stream *s, const char *bytes, size_t len)
{
	struct pollfd pollfd = { .fd = s->fd, .events = POLLOUT };
	ssize_t n;

	if (s->way == WAY_ASK && poll(&pollfd, 1, 0) <= 0)
		return 0;
	do
		n = s->way == WAY_SEND ?
		    send(s->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) :
		    write(s->fd, bytes, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? 0 : (size_t)n;
}

static void
keep_rest(struct stream *s, const char *bytes, size_t len)
{
	memmove(s->rest, bytes, len);
	s->rest_len = len;
}

/* Write the line, or what of it has room; false if nothing has. */
static bool
put_line(struct stream *s, const char *line, size_t len)
{
	size_t done = put(s, line, len);

	if (done > 0)
		keep_rest(s, line + done, len - done);
	return done > 0;
}

/* Write what must come before the next line; false if it cannot be. */
static bool
catch_up(struct stream *s)
{
	char line[LOG_LINE];
	int len;

	if (s->rest_len > 0 && !put_line(s, s->rest, s->rest_len))
		return false;
	if (s->rest_len > 0 || s->lost == 0)
		return s->rest_len == 0;
	len = snprintf(line, sizeof(line), "%s: %llu lines were lost here, "
	    "because they could not be written\n",
	    program_invocation_short_name, (unsigned long long)s->lost);
	if (!put_line(s, line, (size_t)len))
		return false;
	s->lost = 0;
	return s->rest_len == 0;
}

static void
write_line(struct stream *s, const char *line, size_t len)
{
	if (catch_up(s) && put_line(s, line, len))
		return;
	s->lost++;
	(*s->total)++;
}

/* End what was formatted, len octets of the line's room, and write it. */
static void
end_line(struct log *log, char line[LOG_LINE], int len)
{
	size_t end = len < 0 ? 0 : (size_t)len;
	int saved = errno;

	if (end > LOG_LINE - 1)
		end = LOG_LINE - 1;
	line[end] = '\n';
	if (log != NULL)
		write_line(&log->errors, line, end + 1);
	errno = saved;
}

void
log_line(struct log *log, const char *format, va_list ap)
{
	char line[LOG_LINE];

	end_line(log, line, vsnprintf(line, sizeof(line), format, ap));
}

static void __attribute__((format(printf, 3, 0)))
warn_of(struct log *log, const char *error, const char *format, va_list ap)
{
	char line[LOG_LINE], text[LOG_LINE / 2];

	vsnprintf(text, sizeof(text), format, ap);
	end_line(log, line, snprintf(line, sizeof(line), "%s: %s%s%s",
	    program_invocation_short_name, text, error == NULL ? "" : ": ",
	    error == NULL ? "" : error));
}

void
log_warn(struct log *log, const char *format, ...)
{
	const char *error = strerror(errno);
	va_list ap;

	va_start(ap, format);
	warn_of(log, error, format, ap);
	va_end(ap);
}

void
log_warnx(struct log *log, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	warn_of(log, NULL, format, ap);
	va_end(ap);
}

/* What is printed comes here a line at a time. */
static ssize_t
take_output(void *ctx, const char *bytes, size_t len)
{
	size_t at, part;

	for (at = 0; at < len; at += part) {
		part = len - at < LOG_LINE ? len - at : LOG_LINE;
		write_line(ctx, bytes + at, part);
	}
	return (ssize_t)len;
}

struct log *
log_new(void)
{
	const cookie_io_functions_t functions = { .write = take_output };
	struct log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return NULL;
	fflush(stdout);
	log->errors.fd = STDERR_FILENO;
	log->output.fd = STDOUT_FILENO;
	log->errors.way = find_way(STDERR_FILENO);
	log->output.way = find_way(STDOUT_FILENO);
	log->errors.total = log->output.total = &log->lost;
	log->printed = fopencookie(&log->output, "w", functions);
	if (log->printed == NULL) {
		free(log);
		return NULL;
	}
	setvbuf(log->printed, log->buffer, _IOLBF, sizeof(log->buffer));
	return log;
}

void
log_free(struct log *log)
{
	if (log == NULL)
		return;
	fclose(log->printed);
	(void)log_run(log, 0);
	free(log);
}

FILE *
log_output(const struct log *log)
{
	return log->printed;
}

int
log_open(struct log *log, const char *path)
{
	int fd, result;

	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
	    O_NONBLOCK | O_NOCTTY, LOG_FILE_MODE);
	if (fd < 0)
		return -1;
	fflush(log->printed);
	result = dup2(fd, log->output.fd) < 0 ||
	    dup2(fd, log->errors.fd) < 0 ? -1 : 0;
	if (fd > STDERR_FILENO)
		close(fd);
	log->errors.way = log->output.way = WAY_WRITE;
	log->errors.rest_len = log->output.rest_len = 0;
	return result;
}

babel_time
log_run(struct log *log, babel_time now)
{
	if (log->errors.lost > 0)
		(void)catch_up(&log->errors);
	if (log->output.lost > 0)
		(void)catch_up(&log->output);
	return log->errors.lost > 0 || log->output.lost > 0 ?
	    now + TELL_PAUSE : NEVER;
}

const uint64_t *
log_lost(const struct log *log)
{
	return &log->lost;
}
