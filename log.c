/*
 * log.c - writing lines without ever waiting.
 *
 * Standard error may be a pipe whose reader is stuck, or a terminal that is
 * stopped.  O_NONBLOCK on such a descriptor would change it for every process
 * that shares it, so the file is opened anew through /proc, which gives a
 * description of our own.  Where that is forbidden (the pipe may belong to
 * another user), poll(2) tells whether a write would wait: a pipe that is ready
 * has room for PIPE_BUF octets, and no line is longer.  A socket takes a flag
 * with each line.
 *
 * In a log file each line begins with the time (RFC 3339) and the severity
 * (syslog(3)).  In systemd's journal, which adds the time itself, it begins
 * with the severity as "<N>"; the environment tells whether standard error goes
 * there (systemd.exec(5)).  Elsewhere, as to a terminal, a line has no prefix.
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
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "ownfile.h"
#include "util.h"

#define LOG_LINE	2048		/* octets with the newline */
#define REPORT_PAUSE	SECOND		/* between two tries to report */
_Static_assert(LOG_LINE <= PIPE_BUF, "a ready pipe has room for a line");

enum way {
	WAY_WRITE,			/* it is our own, or never waits */
	WAY_ASK,			/* poll first */
	WAY_SEND,			/* a socket */
};

/* The prefix of a line. */
enum dress { DRESS_NONE, DRESS_FILE, DRESS_JOURNAL };

struct stream {
	int fd;
	enum way way;
	enum dress dress;
	bool in_line;			/* printed, and not at its end */
	char rest[LOG_LINE];		/* of a line that was begun */
	size_t rest_len;
	uint64_t lost;			/* lost lines not reported yet */
	uint64_t *total;		/* ... and all lost lines */
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

/* Is standard error systemd's journal? */
static bool
is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream != NULL &&
	    sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	    fstat(fd, &status) == 0 && status.st_dev == device &&
	    status.st_ino == inode;
}

/* Write the prefix that the stream's lines have; returns its length. */
static size_t
begin_line(const struct stream *s, int priority, char line[LOG_LINE])
{
	static const char *const words[] = { "emergency", "alert", "critical",
		"error", "warning", "notice", "info", "debug" };
	const babel_time now = clock_real();
	const time_t seconds = (time_t)(now / SECOND);
	struct tm tm;
	char stamp[32];
	int len = 0;

	switch (s->dress) {
	case DRESS_NONE:
		break;
	case DRESS_FILE:
		gmtime_r(&seconds, &tm);
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
		len = snprintf(line, LOG_LINE, "%s.%03dZ %s: ", stamp,
		    (int)(now % SECOND / MILLISECOND),
		    words[LOG_PRI(priority)]);
		break;
	case DRESS_JOURNAL:
		len = snprintf(line, LOG_LINE, "<%d>", LOG_PRI(priority));
		break;
	}
	return (size_t)len;
}

/* ... and the name of the program, where nothing else shows it. */
static size_t
begin_message(const struct stream *s, int priority, char line[LOG_LINE])
{
	if (s->dress != DRESS_NONE)
		return begin_line(s, priority, line);
	return (size_t)snprintf(line, LOG_LINE, "%s: ",
	    program_invocation_short_name);
}

/* The number of octets written; 0 if writing would have to wait. */
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

/* Write the line, or as much of it as has room; false if nothing has. */
static bool
put_line(struct stream *s, const char *line, size_t len)
{
	size_t done = put(s, line, len);

	if (done > 0)
		keep_rest(s, line + done, len - done);
	return done > 0;
}

/* Write what must precede the next line; false if that is not possible. */
static bool
catch_up(struct stream *s)
{
	char line[LOG_LINE];
	size_t len;

	if (s->rest_len > 0 && !put_line(s, s->rest, s->rest_len))
		return false;
	if (s->rest_len > 0 || s->lost == 0)
		return s->rest_len == 0;
	len = begin_message(s, LOG_WARNING, line);
	len += (size_t)snprintf(line + len, sizeof(line) - len,
	    "%llu lines were lost here, because they could not be written\n",
	    (unsigned long long)s->lost);
	if (!put_line(s, line, len))
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

/* End the line, of which len octets were to be formatted behind the first
 * ones, and write it. */
static void
end_line(struct log *log, char line[LOG_LINE], size_t begun, int len)
{
	size_t end = begun + (len < 0 ? 0 : (size_t)len);

	if (end > LOG_LINE - 1)
		end = LOG_LINE - 1;
	line[end] = '\n';
	write_line(&log->errors, line, end + 1);
}

void
log_line(struct log *log, int priority, const char *format, va_list ap)
{
	char line[LOG_LINE];
	int saved = errno;
	size_t len;

	if (log == NULL)
		return;
	len = begin_line(&log->errors, priority, line);
	end_line(log, line, len,
	    vsnprintf(line + len, sizeof(line) - len, format, ap));
	errno = saved;
}

void
log_note(struct log *log, int priority, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_line(log, priority, format, ap);
	va_end(ap);
}

static void __attribute__((format(printf, 4, 0)))
warn_of(struct log *log, int priority, const char *error, const char *format,
    va_list ap)
{
	char line[LOG_LINE], text[LOG_LINE / 2];
	int saved = errno;
	size_t len;

	if (log == NULL)
		return;
	vsnprintf(text, sizeof(text), format, ap);
	len = begin_message(&log->errors, priority, line);
	end_line(log, line, len, snprintf(line + len, sizeof(line) - len,
	    "%s%s%s", text, error == NULL ? "" : ": ",
	    error == NULL ? "" : error));
	errno = saved;
}

void
log_warn(struct log *log, const char *format, ...)
{
	const char *error = strerror(errno);
	va_list ap;

	va_start(ap, format);
	warn_of(log, LOG_ERR, error, format, ap);
	va_end(ap);
}

void
log_warnx(struct log *log, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	warn_of(log, LOG_WARNING, NULL, format, ap);
	va_end(ap);
}

/* Printed text arrives here, a line at a time or less. */
static ssize_t
take_output(void *ctx, const char *bytes, size_t len)
{
	struct stream *s = ctx;
	char line[LOG_LINE];
	const char *newline;
	size_t at, begun, part;

	for (at = 0; at < len; at += part) {
		begun = s->in_line ? 0 : begin_line(s, LOG_INFO, line);
		newline = memchr(bytes + at, '\n', len - at);
		part = newline != NULL ? (size_t)(newline + 1 - bytes) - at :
		    len - at;
		if (part > LOG_LINE - begun)
			part = LOG_LINE - begun;
		memcpy(line + begun, bytes + at, part);
		write_line(s, line, begun + part);
		s->in_line = line[begun + part - 1] != '\n';
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
	if (is_journal(STDERR_FILENO))
		log->errors.dress = DRESS_JOURNAL;
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

	fd = ownfile_append(path);
	if (fd < 0)
		return -1;
	fflush(log->printed);
	result = dup2(fd, log->output.fd) < 0 ||
	    dup2(fd, log->errors.fd) < 0 ? -1 : 0;
	if (fd > STDERR_FILENO)
		close(fd);
	log->errors.way = log->output.way = WAY_WRITE;
	log->errors.dress = log->output.dress = DRESS_FILE;
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
	    now + REPORT_PAUSE : NEVER;
}

const uint64_t *
log_lost(const struct log *log)
{
	return &log->lost;
}
