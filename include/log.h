/*
 * log.h - the log, on standard error, and printed text, on standard output.
 * Each line of a log file has the time and its severity; each line for
 * systemd's journal has its severity.  Nothing here waits: a line that cannot
 * be written at once is dropped and counted, and the number of such lines is
 * written as soon as lines can be written again.
 */
#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stdio.h>

#include "util.h"

struct log;

/* Take over standard output and standard error.  NULL for no memory. */
struct log *log_new(void);
/* Try a last time to report lost lines, and free. */
void	log_free(struct log *);
/* Append both to a file from now on, which is created if necessary.  0, or -1
 * with errno, and they stay where they are. */
int	log_open(struct log *, const char *path);

/* Write a line, as warn(3) and warnx(3) do: after the name of the program,
 * and before the text of errno if the name does not end in "x"; the former
 * is an error, the latter a warning.  Without a log, nothing is written. */
void	log_warn(struct log *, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
void	log_warnx(struct log *, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
/* Write a line of that priority, as in syslog(3); the newline is added. */
void	log_line(struct log *, int priority, const char *format, va_list)
	    __attribute__((format(printf, 3, 0)));
void	log_note(struct log *, int priority, const char *format, ...)
	    __attribute__((format(printf, 3, 4)));
/* A line-buffered stream to standard output. */
FILE	*log_output(const struct log *);

/* Try to report lost lines.  Returns when to call it again; NEVER if all are
 * reported. */
babel_time log_run(struct log *, babel_time now);
/* The number of lines lost so far. */
const uint64_t *log_lost(const struct log *);

#endif
