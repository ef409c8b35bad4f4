/*
 * local/local_state.h - the local socket's own state.
 */
#ifndef LOCAL_LOCAL_STATE_H
#define LOCAL_LOCAL_STATE_H

#include "local/client.h"
#include "local/server.h"
#include "trouble.h"

#define LOCAL_SHOWN	8		/* arrays given to local_show */
/*
 * The slowest monitor is dropped when the journal holds more records than
 * this and two for each object that was in the tables since it was empty.
 */
#define LOCAL_LAG	32768

/* The local socket's own counters, in rows like counter.h's. */
#define LOCAL_COUNTER_TABLE(X)						\
	X(ACCEPTED, "local-accepted", NULL, NULL,			\
	    "Connections to the local socket accepted.")		\
	X(REFUSED, "local-refused", NULL, NULL,				\
	    "Connections refused because there were too many.")		\
	X(REQUESTS, "local-requests", NULL, NULL,			\
	    "Requests on the local socket.")				\
	X(DROPPED, "local-dropped", NULL, NULL,				\
	    "Clients dropped because they lagged or misbehaved.")	\
	X(FOREIGN, "local-foreign", NULL, NULL,				\
	    "Connections closed because they spoke HTTP or no text.")

enum local_counter {
#define COUNTER_INDEX(name, word, family, reason, help) LOCAL_##name,
	LOCAL_COUNTER_TABLE(COUNTER_INDEX)
#undef COUNTER_INDEX
	LOCAL_COUNTERS
};

struct local {
	struct server servers[SERVER_SLOTS];
	unsigned int server_index[SERVER_SLOTS];	/* in poll */
	struct client_list clients;	/* owned; the next to serve first */
	struct spares spares;
	unsigned int client_count;
	struct trouble accepting;
	babel_time accept_again;	/* no accept before then, or 0 */
	uint64_t slots;			/* set of the slots in use */
	struct journal journal;
	bool monitored;			/* a monitor reads the journal */
	bool forgetting;		/* there are more old records */
	uint64_t seen;			/* serial of the journal, last turn */
	size_t lag;			/* LOCAL_LAG; less in tests */
	size_t tables;		/* most objects in the tables, lately */
	const char *version;		/* borrowed */
	const struct net *net;		/* borrowed, or NULL */
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
	    bool writable, bool is_tcp);

#endif
