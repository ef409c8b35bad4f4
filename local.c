/*
 * local.c - the local socket: its connections, and their turns.
 *
 * The protocol consists of lines.  A client sends requests; the reply to each
 * is any number of lines and then "ok", "no" or "bad" (local/execute.c).  A
 * monitor is sent changes, too (local/monitor.c).
 *
 * Routing comes first.  An event is only recorded in a journal.  Output is
 * produced in turns of a fixed number of steps, fewer when the engine has work
 * waiting, and only as fast as each client reads.  Nothing more is produced for
 * a client that does not read, and it is dropped when the journal has grown too
 * long because of it.
 *
 * In a client's turn the journal comes first, so that the effects of a request
 * are sent before its "ok", and a dump continues only when all changes behind
 * it have been sent.
 */
#include "local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "babel.h"
#include "configuration.h"
#include "instance.h"
#include "local/client.h"
#include "local/execute.h"
#include "local/journal.h"
#include "local/local_state.h"
#include "local/monitor.h"
#include "local/report.h"
#include "local/server.h"
#include "prefix.h"
#include "trouble.h"
#include "util.h"

#define ACCEPTS		16		/* for each server, in one turn */
#define STEPS_IDLE	1024		/* for all clients, in one turn */
#define STEPS_BUSY	64
#define SHARES		8		/* clients that use up the steps */
#define STEPS_DEAF	16		/* more, for a client that is gone */
#define STEPS_REQUEST	8		/* that a request costs */
#define FORGET		2048		/* records, in one turn at least */
#define HOST_MAX	64

_Static_assert(LOCAL_CLIENTS <= 64, "slots are kept in a 64-bit set");

struct local *
local_open(const struct options *options, const char *version,
    char error[LOCAL_ERROR_MAX])
{
	struct local *local = calloc(1, sizeof(*local));
	int i;

	if (local == NULL) {
		strlcpy(error, "out of memory", LOCAL_ERROR_MAX);
		return NULL;
	}
	local->version = version;
	local->lag = LOCAL_LAG;
	TAILQ_INIT(&local->clients);
	journal_init(&local->journal);
	for (i = 0; i < SERVER_SLOTS; i++)
		server_init(&local->servers[i]);
	if (spares_init(&local->spares) < 0) {
		strlcpy(error, "out of memory", LOCAL_ERROR_MAX);
		local_close(local);
		return NULL;
	}
	for (i = 0; i < SERVER_SLOTS; i++)
		if (server_open(&local->servers[i], options,
		    (enum server_slot)i, error) < 0) {
			local_close(local);
			return NULL;
		}
	return local;
}

static void
local_forget(struct local *local, struct client *c)
{
	TAILQ_REMOVE(&local->clients, c, entry);
	local->slots &= ~((uint64_t)1 << c->slot);
	local->client_count--;
	client_free(c);
}

void
local_close(struct local *local)
{
	struct client *c;
	int i;

	while ((c = TAILQ_FIRST(&local->clients)) != NULL) {
		client_write(c);
		local_forget(local, c);
	}
	for (i = 0; i < SERVER_SLOTS; i++)
		server_close(&local->servers[i]);
	journal_free(&local->journal);
	spares_free(&local->spares);
	free(local);
}

void
local_on_command(struct local *local, local_command *command, void *ctx)
{
	local->command = command;
	local->ctx = ctx;
}

void
local_set_log(struct local *local, struct log *log, uint64_t *errors)
{
	trouble_init(&local->accepting, log, errors);
}

void
local_show_sockets(struct local *local, const struct net *net)
{
	local->net = net;
}

void
local_show(struct local *local, const struct local_statistic *statistics,
    size_t count)
{
	int i;

	for (i = 0; i < LOCAL_SHOWN; i++)
		if (local->shown[i].count == 0) {
			local->shown[i].statistics = statistics;
			local->shown[i].count = count;
			return;
		}
}

void
local_event(struct local *local, const struct babel *b,
    enum babel_event event, const void *object)
{
	if (local->monitored)
		journal_event(&local->journal, b, event, object);
}

/* Connections. */

static void
greet(const struct local *local, const struct babel *b, struct client *c)
{
	char host[HOST_MAX], id[ROUTER_ID_STRLEN];

	if (gethostname(host, sizeof(host)) < 0 || host[0] == '\0')
		strlcpy(host, "localhost", sizeof(host));
	host[sizeof(host) - 1] = '\0';
	client_put_text(c, "BABEL 1.0\nversion ");
	client_put_text(c, local->version);
	client_put_text(c, "\nhost ");
	client_put_text(c, host);
	client_put_text(c, "\nmy-id ");
	client_put_text(c, router_id_format(&b->id, id));
	client_put_text(c, "\n");
}

/* A connection that is over but not closed yet gives way to a new one. */
static void
make_room(struct local *local)
{
	struct client *c;

	TAILQ_FOREACH(c, &local->clients, entry)
		if (c->state == CLIENT_LINGERING) {
			local_forget(local, c);
			return;
		}
}

static unsigned int
take_slot(struct local *local)
{
	unsigned int slot = 0;

	while ((local->slots & (uint64_t)1 << slot) != 0)
		slot++;
	local->slots |= (uint64_t)1 << slot;
	return slot;
}

/* Send the reason, as far as that is possible without waiting. */
static void
refuse(struct local *local, const struct babel *b, struct client *c)
{
	char discarded[256];

	local->counters[LOCAL_REFUSED]++;
	greet(local, b, c);
	client_put_text(c, "no Too many clients\n");
	client_write(c);
	shutdown(c->fd, SHUT_WR);
	(void)recv(c->fd, discarded, sizeof(discarded), MSG_DONTWAIT);
	client_free(c);
}

void
local_adopt(struct local *local, const struct babel *b, int fd,
    bool writable, bool is_tcp)
{
	struct client *c = client_new(&local->spares, fd, writable,
	    is_tcp);

	if (c == NULL) {
		close(fd);
		return;
	}
	if (local->client_count == LOCAL_CLIENTS)
		make_room(local);
	if (local->client_count == LOCAL_CLIENTS) {
		refuse(local, b, c);
		return;
	}
	c->slot = take_slot(local);
	local->client_count++;
	local->counters[LOCAL_ACCEPTED]++;
	TAILQ_INSERT_TAIL(&local->clients, c, entry);
	greet(local, b, c);
	client_put_text(c, "ok\n");
}

/* Without descriptors or memory the server would stay ready all the time, so it
 * is not polled for a while.  Other errors come from a client that is gone
 * again, unless they last. */
static void
accept_failed(struct local *local, babel_time now, int error)
{
	if (error == EAGAIN || error == EINTR || error == ECONNABORTED)
		return;
	trouble_met(&local->accepting, now, error, "accepting a client");
	local->accept_again = trouble_again(&local->accepting);
}

static void
accept_some(struct local *local, const struct babel *b,
    const struct server *server)
{
	int i, fd;

	for (i = 0; i < ACCEPTS; i++) {
		fd = server_accept(server);
		if (fd < 0) {
			accept_failed(local, b->now, errno);
			return;
		}
		trouble_over(&local->accepting);
		local_adopt(local, b, fd, server->writable,
		    server->path == NULL);
	}
}

/* The things that a client waits for. */

/* Is its last request still without its reply? */
static bool
is_occupied(const struct client *c)
{
	return c->task.kind != TASK_NONE || c->owes_reply;
}

static bool
wants_input(const struct client *c)
{
	if (c->ended)
		return false;
	if (c->state == CLIENT_LINGERING)
		return true;
	return c->state == CLIENT_OPEN && !is_occupied(c) &&
	    (!client_has_line(c) ||
	    (c->line_waits && c->input_len < sizeof(c->input)));
}

/* Are changes to be sent now?  All of them are sent before a reply, and
 * when they have become many. */
static bool
has_news(const struct local *local, const struct client *c, babel_time now)
{
	return monitor_is_behind(c, &local->journal) &&
	    (now >= c->news_at || is_occupied(c) ||
	    local->journal.count > local->lag / 2);
}

/* Can its next line be processed? */
static bool
has_request(const struct client *c, babel_time now)
{
	return client_has_line(c) &&
	    (!c->line_waits || client_trial_end(c, now) <= now);
}

/* Could it proceed without input and without its socket taking output? */
static bool
is_runnable(const struct local *local, const struct client *c,
    babel_time now)
{
	if (c->state != CLIENT_OPEN)
		return c->deaf || (c->state == CLIENT_CLOSING &&
		    c->output_len == 0);
	if (c->output_len >= CLIENT_ENOUGH)
		return false;
	return is_occupied(c) || has_request(c, now) || c->ended ||
	    has_news(local, c, now);
}

unsigned int
local_pollfds(struct local *local, struct pollfd *fds)
{
	struct client *c;
	unsigned int count = 0;
	int i;

	for (i = 0; i < SERVER_SLOTS; i++) {
		if (local->servers[i].fd < 0)
			continue;
		local->server_index[i] = count;
		fds[count++] = (struct pollfd){ local->servers[i].fd,
		    local->accept_again == 0 ? POLLIN : 0, 0 };
	}
	TAILQ_FOREACH(c, &local->clients, entry) {
		c->poll_index = count;
		c->polled = true;
		fds[count] = (struct pollfd){ c->fd, 0, 0 };
		if (wants_input(c))
			fds[count].events |= POLLIN;
		if (c->output_len > 0)
			fds[count].events |= POLLOUT;
		count++;
	}
	return count;
}

babel_time
local_due(const struct local *local, babel_time now)
{
	const struct client *c;
	babel_time due = local->accept_again != 0 ? local->accept_again :
	    NEVER;

	TAILQ_FOREACH(c, &local->clients, entry) {
		if (is_runnable(local, c, now))
			return now;
		if (c->state != CLIENT_OPEN)
			due = time_min(due, c->deadline);
		else if (monitor_is_behind(c, &local->journal) &&
		    now < c->news_at)
			due = time_min(due, c->news_at);
		if (c->state == CLIENT_OPEN && c->line_waits)
			due = time_min(due, client_trial_end(c, now));
	}
	return local->forgetting ? now : due;
}

/* Serving. */

static void
read_input(struct local *local, struct client *c, babel_time now)
{
	switch (client_read(c, now)) {
	case CLIENT_READ:
		break;
	case CLIENT_OVERLONG:
		local->counters[LOCAL_DROPPED]++;
		client_finish(c, now, "Line too long");
		break;
	case CLIENT_FOREIGN:
		local->counters[LOCAL_FOREIGN]++;
		break;
	}
}

/* Read, unless the client should not send now. */
static void
client_input(struct local *local, struct client *c, short revents,
    babel_time now)
{
	if (c->state != CLIENT_OPEN)
		return;
	/* The client is gone altogether; its earlier requests are still carried
	 * out, without a reply. */
	if ((revents & (POLLERR | POLLHUP)) != 0 && !c->ended)
		client_is_gone(c);
	else if ((revents & POLLIN) == 0)
		return;
	read_input(local, c, now);
}

/* Must the line wait, or be dropped?  Input that came meanwhile counts. */
static bool
must_wait(struct local *local, struct client *c, const char *line,
    babel_time now)
{
	if (!c->on_trial || !local_request_is_directive(line))
		return false;
	read_input(local, c, now);
	c->line_waits = client_trial_end(c, now) > now;
	c->on_trial = c->line_waits;
	return c->line_waits || !client_has_line(c);
}

/* The next request, or the end of them. */
static bool
next_request(struct local *local, const struct babel *b, struct client *c,
    unsigned int *budget)
{
	char line[CLIENT_INPUT];

	if (!client_next_line(c, line)) {
		if (c->deaf)
			read_input(local, c, b->now);
		if (c->ended)
			client_finish(c, b->now, NULL);
		return client_has_line(c);
	}
	if (must_wait(local, c, line, b->now))
		return c->ended;
	client_take_line(c);
	if (local_request_execute(local, b, c, line))
		*budget = 0;
	else if (c->deaf)
		(*budget)--;
	else
		*budget -= *budget < STEPS_REQUEST ? *budget : STEPS_REQUEST;
	return true;
}

static bool
may_reply(const struct client *c)
{
	return c->owes_reply && (!c->monitors ||
	    c->serial >= c->reply_serial);
}

/* Continue the client's task or monitor. */
static void
client_serve(struct local *local, const struct babel *b, struct client *c,
    unsigned int *budget)
{
	while (c->state == CLIENT_OPEN && c->output_len < CLIENT_ENOUGH) {
		if (has_news(local, c, b->now))
			monitor_catch_up(c, &local->journal, b, budget);
		if (c->task.kind != TASK_NONE &&
		    !monitor_is_behind(c, &local->journal))
			report_run(local, b, c, budget);
		if (c->task.kind == TASK_NONE && may_reply(c)) {
			client_put_text(c, c->reply);
			c->owes_reply = false;
		}
		if (*budget == 0 || c->state != CLIENT_OPEN ||
		    is_occupied(c) || !next_request(local, b, c, budget))
			break;
	}
}

/* One client's turn, of at most share steps; returns how many it took. */
static unsigned int
client_turn(struct local *local, const struct babel *b, struct client *c,
    unsigned int share)
{
	unsigned int budget = share;

	if (c->state == CLIENT_OPEN)
		client_serve(local, b, c, &budget);
	client_write(c);
	if (c->state != CLIENT_OPEN && client_close_step(c, b->now))
		local_forget(local, c);
	return share - budget;
}

/* All clients.  Those that get steps go to the end of the list, so that
 * the others come first in the next turn.  Sending what is queued and
 * closing take no steps. */
static void
serve_all(struct local *local, const struct babel *b, unsigned int steps)
{
	struct client *c, *next, *last;
	unsigned int share = steps / SHARES;

	last = TAILQ_LAST(&local->clients, client_list);
	for (c = TAILQ_FIRST(&local->clients); c != NULL; c = next) {
		next = c == last ? NULL : TAILQ_NEXT(c, entry);
		if (c->deaf) {
			client_turn(local, b, c, STEPS_DEAF);
			continue;
		}
		if (steps > 0) {
			TAILQ_REMOVE(&local->clients, c, entry);
			TAILQ_INSERT_TAIL(&local->clients, c, entry);
		}
		steps -= client_turn(local, b, c, steps < share ? steps :
		    share);
	}
}

/* The monitor that is furthest behind, or NULL if there is none. */
static struct client *
slowest_monitor(const struct local *local)
{
	struct client *c, *slowest = NULL;

	TAILQ_FOREACH(c, &local->clients, entry)
		if (c->monitors && (slowest == NULL ||
		    c->serial < slowest->serial))
			slowest = c;
	return slowest;
}

static void
drop(struct local *local, struct client *c, babel_time now,
    const char *reason)
{
	local->counters[LOCAL_DROPPED]++;
	client_finish(c, now, reason);
}

/* Remove records that all monitors have been sent, and drop a monitor for which
 * too many are kept.  A turn removes more records than were added since the
 * last one, so that the journal shrinks in the end, and its cost is in
 * proportion to that. */
static void
keep_journal(struct local *local, const struct babel *b)
{
	struct journal *journal = &local->journal;
	struct client *slowest = slowest_monitor(local);
	size_t tables = (size_t)b->route_count + b->xroute_count +
	    b->neighbour_count, limit;
	uint64_t came = journal->serial - local->seen;

	local->seen = journal->serial;
	if (journal->count == 0 || tables > local->tables)
		local->tables = tables;
	limit = local->lag + 2 * local->tables;
	if (journal->broken && slowest != NULL) {
		drop(local, slowest, b->now, "Out of memory");
		return;
	}
	local->monitored = slowest != NULL;
	if (slowest == NULL) {
		journal->formats = 0;
		journal->broken = false;
	}
	local->forgetting = journal_trim(journal, slowest == NULL ?
	    UINT64_MAX : slowest->serial, FORGET + 2 * came);
	if (!local->forgetting && journal->count > limit && slowest != NULL) {
		drop(local, slowest, b->now, "Too slow, too much is waiting");
		local->forgetting = true;
	}
}

void
local_ready(struct local *local, const struct babel *b,
    const struct pollfd *fds, unsigned int count, bool busy)
{
	struct client *c;
	int i;

	if (b->now >= local->accept_again)
		local->accept_again = 0;
	TAILQ_FOREACH(c, &local->clients, entry) {
		if (c->polled && c->poll_index < count)
			client_input(local, c, fds[c->poll_index].revents,
			    b->now);
		c->polled = false;
	}
	for (i = 0; i < SERVER_SLOTS; i++)
		if (local->servers[i].fd >= 0 &&
		    local->server_index[i] < count &&
		    (fds[local->server_index[i]].revents & POLLIN) != 0)
			accept_some(local, b, &local->servers[i]);
	serve_all(local, b, busy ? STEPS_BUSY : STEPS_IDLE);
	keep_journal(local, b);
}
