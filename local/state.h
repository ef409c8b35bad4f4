/*
 * local/state.h - the local socket's own state, for its own files.
 */
#ifndef LOCAL_STATE_H
#define LOCAL_STATE_H

#include "local/client.h"
#include "local/server.h"

#define LOCAL_SHOWN	8		/* arrays given to local_show */
/* Records in the journal beyond two for each object that was in the tables
 * since it was empty, before the slowest monitor is dropped. */
#define LOCAL_LAG	32768

/* What the local socket counts of itself. */
enum local_counter {
	LOCAL_ACCEPTED, LOCAL_REFUSED, LOCAL_REQUESTS, LOCAL_DROPPED,
	LOCAL_COUNTERS
};

struct local {
	struct server servers[SERVER_SLOTS];
	unsigned int server_index[SERVER_SLOTS];	/* in poll */
	struct client_list clients;	/* owned; the next to serve first */
	unsigned int client_count;
	babel_time accept_again;	/* no descriptors till then, or 0 */
	uint64_t slots;			/* set of the slots in use */
	struct journal journal;
	bool monitored;			/* somebody reads the journal */
	bool forgetting;		/* there is more to forget */
	uint64_t seen;			/* serial of the journal, last turn */
	size_t lag;			/* LOCAL_LAG, but for tests */
	size_t tables;	/* objects in the tables, at most, of late */
	const char *version;		/* borrowed */
	local_command *command;
	void *ctx;
	struct {
		const struct local_statistic *statistics;
		size_t count;
	} shown[LOCAL_SHOWN];
	uint64_t counters[LOCAL_COUNTERS];
};

/* Serve a connected socket, which is owned from then on. */
void	local_adopt(struct local *, const struct babel *, int fd,
	    bool writable);

/* local/request.c: act on one line.  True if it was costly. */
bool	request_execute(struct local *, const struct babel *,
	    struct client *, const char *line);

/* local/report.c: go on with what the client asked for, for a number of
 * steps, which are subtracted from *budget. */
void	report_run(const struct local *, const struct babel *,
	    struct client *, unsigned int *budget);

/* End the line and say it, as the client wanted its report. */
void	report_say(struct client *, struct line *);

/* One step each; true when it was the last. */
bool	stats_step(const struct local *, const struct babel *,
	    struct client *);
bool	metrics_step(const struct local *, const struct babel *,
	    struct client *);
bool	explain_route_step(const struct babel *, struct client *);
bool	explain_neighbour_step(const struct babel *, struct client *);

/* A number of no object in particular. */
struct scalar {
	const char *name, *help;
	uint64_t value;
	bool is_gauge;
};
/* The one of that index; false behind the last. */
bool	scalar_get(const struct local *, const struct babel *,
	    unsigned int index, struct scalar *);

#endif
