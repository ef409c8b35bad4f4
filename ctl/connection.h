/*
 * ctl/connection.h - a conversation with a daemon, line by line.
 */
#ifndef CTL_CONNECTION_H
#define CTL_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

/* The longest line of a daemon, and of a request. */
#define CONNECTION_LINE	65535
#define REQUEST_MAX	1023
#define WHERE_MAX	128
#define ERROR_MAX	(3 * WHERE_MAX)
#define GREETING_MAX	80

/* The parts of an answer; the first ones are exit statuses, too. */
enum answer {
	ANSWER_OK = 0,
	ANSWER_NO = 1,			/* the line has the reason */
	ANSWER_BAD = 2,
	ANSWER_BROKEN = 3,		/* error has the reason */
	ANSWER_LINE,			/* a line of data */
	ANSWER_NOTHING,			/* none yet */
};

struct connection {
	int fd;
	char where[WHERE_MAX];		/* the socket: a path or a port */
	char error[ERROR_MAX];		/* what went wrong, in words */
	char version[GREETING_MAX], host[GREETING_MAX], id[GREETING_MAX];
	size_t start, len;		/* of the unread part of the buffer */
	char buffer[CONNECTION_LINE + 1];
};

/* Connect to a path or a port of ::1, and read the greeting: 0, or -1 with
 * error. */
int	connection_open(struct connection *, const char *where);
void	connection_close(struct connection *);
/* Send a line of at most REQUEST_MAX bytes, without its newline. */
int	connection_send(struct connection *, const char *request);

/* The next line, if it is there: ANSWER_LINE, ANSWER_NOTHING or, if it is
 * too long or holds a NUL, ANSWER_BROKEN.  It is valid until the next
 * read. */
enum answer connection_line(struct connection *, char **line);
/* Read what the socket has: 0, or -1 with error. */
int	connection_read(struct connection *);
/* The next line of the answer to a request, waiting for it for a while:
 * ANSWER_NOTHING is not among the results. */
enum answer connection_answer(struct connection *, char **line);
/* Classify a line: data, or the end of an answer. */
enum answer connection_classify(const char *line);

/* Print the error, or a refusal, with the name of the socket. */
void	connection_complain(const struct connection *, enum answer,
	    const char *line);

#endif
