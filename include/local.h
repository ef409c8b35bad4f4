/*
 * local.h - the local socket: monitoring and run-time configuration.
 *
 * The protocol is babeld's BABEL 1.0, line by line; extensions are sent only
 * to clients that ask for them.  One thread, no blocking call: the owner
 * polls, and calls local_ready when something is ready.  The engine's tables
 * are read, never touched; changes go through a callback.
 */
#ifndef LOCAL_H
#define LOCAL_H

#include <poll.h>

#include "babel.h"

#define LOCAL_CLIENTS	64
/* Descriptors to poll, at most. */
#define LOCAL_FDS	(SERVER_SLOTS + LOCAL_CLIENTS)
/* Bytes that may be queued for one client. */
#define LOCAL_BUFFER	(1 << 20)
#define LOCAL_ERROR_MAX	256

struct local;
struct log;
struct net;

enum local_reply {
	LOCAL_OK,
	LOCAL_NO,			/* understood, but: report->error */
	LOCAL_BAD,			/* not understood, or not allowed */
};

/*
 * A request that is not the local socket's own, from a client that may
 * write: a directive of the configuration language, without its newline.
 * May call the engine, and so cause events; must not call local_*.
 */
typedef enum local_reply local_command(void *ctx, const char *line,
	    struct configuration_report *);

/* A number that the owner contributes to the reports "stats" and "metrics". */
struct local_statistic {
	const char *name;		/* lower-case words with '-' */
	const char *help;		/* a sentence */
	const uint64_t *value;
	bool is_gauge;			/* otherwise it only grows */
};

/*
 * Open the servers that the options name. version is that of the greeting,
 * "babeld-X.Y", borrowed.  NULL with a message that names the server that
 * failed.
 */
struct local *local_open(const struct options *, const char *version,
	    char error[LOCAL_ERROR_MAX]);
/* Close all, remove our sockets from the file system, free. */
void	local_close(struct local *);
/* Set who executes directives; without one, they are answered "bad". */
void	local_on_command(struct local *, local_command *, void *ctx);
/* Set the log and the counter for errors. */
void	local_set_log(struct local *, struct log *, uint64_t *errors);
/* Show the state of the interfaces' sockets, which is borrowed. */
void	local_show_sockets(struct local *, const struct net *);
/* Show these numbers too; the array is borrowed until local_close. */
void	local_show(struct local *, const struct local_statistic *,
	    size_t count);

/* For ops->notify.  Costs nothing while no client monitors. */
void	local_event(struct local *, const struct babel *, enum babel_event,
	    const void *object);

/* Fill in what to poll; returns how many, LOCAL_FDS at most. */
unsigned int local_pollfds(struct local *, struct pollfd *);
/*
 * One bounded turn: accept, read, answer, write.  fds is what
 * local_pollfds filled in, after poll(2).  To be called as well when the
 * time of local_due has come.  busy: the engine has work waiting, so take
 * little.
 */
void	local_ready(struct local *, const struct babel *,
	    const struct pollfd *fds, unsigned int count, bool busy);
/* When it wants its next turn without a ready descriptor: now if work is
 * left, NEVER if only a descriptor can bring some. */
babel_time local_due(const struct local *, babel_time now);

#endif
