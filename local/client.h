/*
 * local/client.h - one connection: what came in, what has to go out, and
 * what it is being told.
 */
#ifndef LOCAL_CLIENT_H
#define LOCAL_CLIENT_H

#include "local.h"
#include "local/journal.h"
#include "local/set.h"

/* The longest line, with its newline. */
#define CLIENT_INPUT	1024
/* No more is produced for a client that has that much waiting. */
#define CLIENT_ENOUGH	(32 * 1024)
#define CLIENT_REPLY_MAX (CONFIGURATION_MESSAGE_MAX + 16)

enum client_state {
	CLIENT_OPEN,
	CLIENT_CLOSING,			/* what is waiting goes out first */
	CLIENT_LINGERING,		/* all said; waits for it to close */
};

/* Answers that take more than a line: each goes on step by step. */
enum task_kind {
	TASK_NONE,
	TASK_DUMP,			/* objects; of a monitor too */
	TASK_STATS,			/* after a line about ourselves */
	TASK_METRICS,
	TASK_EXPLAIN_ROUTE,
	TASK_EXPLAIN_NEIGHBOUR,
};

/* Which objects a dump or a monitor shows, besides their kinds. */
enum selection {
	SELECT_ALL,
	SELECT_INSTALLED,		/* routes that the kernel uses */
	SELECT_REACHABLE,		/* neighbours of finite cost */
	SELECT_ADDRESS,			/* neighbours of that address */
};

struct task {
	enum task_kind kind;
	enum line_format format;
	enum selection selection;
	struct in6_addr address;
	struct cursor cursor;
	unsigned int stage;		/* of a report: which number */
	unsigned int family;		/* of metrics: which kind of sample */
	bool started;			/* its heading was said */
	bool monitors;			/* a monitor's first dump */
};

struct client {
	TAILQ_ENTRY(client) entry;
	int fd;
	unsigned int slot;		/* its number among all */
	bool writable;			/* may change the configuration */
	bool ended;			/* nothing more comes in */
	bool deaf;			/* nothing more can be said */
	enum client_state state;
	babel_time deadline;		/* of closing */
	unsigned int poll_index;
	bool polled;

	char input[CLIENT_INPUT];
	size_t input_len;
	char *output;			/* starts at a byte of a line */
	size_t output_start, output_len, output_size;

	struct task task;
	bool owes_reply;
	uint64_t reply_serial;	/* not before the journal is told so far */
	char reply[CLIENT_REPLY_MAX];

	bool monitors;
	enum line_format format;	/* of the monitor */
	enum selection selection;
	struct cursor told;		/* how far its dump has got */
	uint64_t since;			/* the journal when that began */
	uint64_t serial;		/* how far in the journal */
	babel_time news_at;		/* no news of its own before then */
	/* What it was told of that all this does not say: neighbours (a
	 * dying one is in no table), and installed routes. */
	struct set known;
};
TAILQ_HEAD(client_list, client);

/* NULL for no memory, else it owns the descriptor. */
struct client *client_new(int fd, bool writable);
void	client_free(struct client *);

/* Put whole lines into the queue.  A client that would have too much
 * waiting, or for which there is no memory, is given up. */
void	client_say(struct client *, const char *bytes, size_t len);
void	client_say_text(struct client *, const char *);
/* A line after its first word, as the format has it: "add", or NULL. */
void	client_say_line(struct client *, enum line_format,
	    const char *first, const char *rest);
/* What to answer when everything before has been said. */
void	client_reply(struct client *, const char *word, const char *message);

/* Read what there is, up to the room; false if the input is full and
 * holds no line. */
bool	client_read(struct client *);
/* Take the next line out of the input, its newline and the CR before it
 * cut off; false if there is none. */
bool	client_next_line(struct client *, char line[CLIENT_INPUT]);
bool	client_has_line(const struct client *);
/* Write what the socket takes now. */
void	client_write(struct client *);

/* Say no more than what is waiting, and the reason if there is one. */
void	client_finish(struct client *, babel_time now, const char *reason);
/* Go on with closing; true when it is over. */
bool	client_close_step(struct client *, babel_time now);
/* Nothing can be said to it any more; its requests are still obeyed. */
void	client_is_gone(struct client *);
/* The monitor, and whatever is being answered, end. */
void	client_stop(struct client *);

#endif
