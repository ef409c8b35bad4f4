/*
 * local/client.h - one connection: its input, its output, and the state of
 * what is being sent to it.
 */
#ifndef LOCAL_CLIENT_H
#define LOCAL_CLIENT_H

#include "local.h"
#include "local/journal.h"
#include "set.h"

/* The longest line, with its newline. */
#define CLIENT_INPUT	1024
/* Nothing more is produced while this many bytes are queued. */
#define CLIENT_ENOUGH	(32 * 1024)
#define CLIENT_REPLY_MAX (CONFIGURATION_MESSAGE_MAX + 32)

enum client_state {
	CLIENT_OPEN,
	CLIENT_CLOSING,			/* the queue is sent first */
	CLIENT_LINGERING,		/* it is sent; the peer may close */
};

/* Answers of more than a line, produced step by step. */
enum task_kind {
	TASK_NONE,
	TASK_DUMP,			/* objects; also a monitor's first */
	TASK_STATS,
	TASK_METRICS,
	TASK_HELP,
	TASK_EXPLAIN_ROUTE,
	TASK_EXPLAIN_KERNEL,		/* after the routes */
	TASK_EXPLAIN_INTERFACE,
	TASK_EXPLAIN_NEIGHBOUR,
};

/* Which objects of its kinds a dump or a monitor shows. */
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
	struct prefix prefix;		/* that is to be explained */
	char name[IFNAME_SIZE];		/* of an interface; "": all */
	unsigned int stage;		/* how far in what has no cursor */
	unsigned int family;		/* of metrics: which one */
	bool started;			/* its heading was sent */
	bool monitors;			/* a monitor's first dump */
};

/* Room for some clients, kept for a time without memory. */
#define CLIENT_SPARES	4
struct spares {
	struct client *clients[CLIENT_SPARES];	/* owned; NULL: in use */
	char *outputs[CLIENT_SPARES];		/* owned; the same */
};

struct client {
	TAILQ_ENTRY(client) entry;
	int fd;
	struct spares *spares;
	bool is_spare, has_spare_output;	/* to be given back */
	unsigned int slot;		/* its number among all */
	bool writable;			/* may change the configuration */
	bool is_tcp;			/* anybody may have connected */
	bool ended;			/* no more input will come */
	bool deaf;			/* no output can be sent */
	/* May it still turn out to be foreign?  Then it changes nothing. */
	bool on_trial;
	bool line_waits;		/* its next line waits for that */
	babel_time input_at;		/* when input came last */
	enum client_state state;
	babel_time deadline;		/* of closing */
	unsigned int poll_index;
	bool polled;

	char input[CLIENT_INPUT];
	size_t input_len;
	char *output;			/* owned */
	size_t output_start, output_len, output_size;

	struct task task;
	bool owes_reply;
	uint64_t reply_serial;	/* the reply follows this event's news */
	char reply[CLIENT_REPLY_MAX];

	bool monitors;
	enum line_format format;	/* of the monitor */
	enum selection selection;
	struct cursor dumped;		/* how far its first dump has got */
	uint64_t since;			/* serial when that began */
	uint64_t serial;		/* serial of the last news */
	babel_time news_at;		/* when the next news may go out */
	/* Ids of the neighbours and installed routes in the client's tables,
	 * because the dump's cursor and the journal do not determine these. */
	struct set sent;
};
TAILQ_HEAD(client_list, client);

/* -1 for no memory; to be freed all the same. */
int	spares_init(struct spares *);
void	spares_free(struct spares *);

/* NULL for no memory, else it owns the descriptor. */
struct client *client_new(struct spares *, int fd, bool writable,
	    bool is_tcp);
void	client_free(struct client *);

/* Queue whole lines.  A client whose queue would grow too long, or for
 * which there is no memory, is given up. */
void	client_put(struct client *, const char *bytes, size_t len);
void	client_put_text(struct client *, const char *);
/* Queue a line without its first word, which is "add" and the like, or
 * NULL. */
void	client_put_line(struct client *, enum line_format,
	    const char *first, const char *rest);
/* End a line in the format of the client's task, and queue it. */
void	client_put_report(struct client *, struct line *);
/* Set the reply, which is sent once everything before it has been queued. */
void	client_reply(struct client *, const char *word, const char *message);
/* Reply "ok", after a line with the warning, if there is one: old clients read
 * on to the line that is "ok". */
void	client_reply_ok(struct client *, const char *warning);

enum client_input {
	CLIENT_READ,
	CLIENT_OVERLONG,		/* the input is full, without a line */
	CLIENT_FOREIGN,			/* given up: HTTP, or no text */
};
/* Read as much as there is room for. */
enum client_input client_read(struct client *, babel_time now);
/* Copy the next line of the input, without its newline and the CR before
 * that; false if there is none. */
bool	client_next_line(const struct client *, char line[CLIENT_INPUT]);
/* Remove that line from the input. */
void	client_take_line(struct client *);
bool	client_has_line(const struct client *);
/* When its trial ends if it sends nothing more: NEVER while the input ends
 * within a line, now if it is over. */
babel_time client_trial_end(const struct client *, babel_time now);
/* Send as much as the socket takes now. */
void	client_write(struct client *);

/* Send what is queued, and the reason if there is one, then close. */
void	client_finish(struct client *, babel_time now, const char *reason);
/* Continue closing; true when it is over. */
bool	client_close_step(struct client *, babel_time now);
/* The client is gone: no output can be sent any more, but its requests are
 * still carried out. */
void	client_is_gone(struct client *);
/* End the monitor and the task. */
void	client_stop(struct client *);

#endif
