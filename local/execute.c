/*
 * local/execute.c - the requests of clients.
 *
 * A request is a line of words.  The requests in the table below are the local
 * socket's own; "json" may stand before those that return lines.  Everything
 * else is a directive of the configuration language, and only for clients that
 * may write.  Every request has a reply of its own, however many come in one
 * packet.
 */
#include "local/execute.h"

#include <string.h>

#include "configuration.h"
#include "instance.h"
#include "interface.h"
#include "local.h"
#include "local/client.h"
#include "local/cursor.h"
#include "local/explain.h"
#include "local/journal.h"
#include "local/line.h"
#include "local/local_state.h"
#include "local/monitor.h"
#include "prefix.h"
#include "token.h"

#define WORDS		5

struct local_request {
	struct local *local;
	const struct babel *b;
	struct client *client;
	enum line_format format;
	unsigned int count;		/* of words */
	struct token words[WORDS];
};

struct selector {
	const char *word;
	uint8_t kinds;
	enum selection selection;
	enum line_format format;
};

static const struct selector selectors[] = {
	{ "interface", OBJECT_BIT(OBJECT_INTERFACE), SELECT_ALL, LINE_PLAIN },
	{ "neighbour", OBJECT_BIT(OBJECT_NEIGHBOUR), SELECT_ALL, LINE_PLAIN },
	{ "xroute", OBJECT_BIT(OBJECT_XROUTE), SELECT_ALL, LINE_PLAIN },
	{ "route", OBJECT_BIT(OBJECT_ROUTE), SELECT_ALL, LINE_PLAIN },
	{ "installed", OBJECT_BIT(OBJECT_ROUTE), SELECT_INSTALLED,
	    LINE_PLAIN },
	{ NULL, 0, SELECT_ALL, LINE_PLAIN },
};

/* Old one-word forms of requests. */
static const struct selector dumps[] = {
	{ "dump-interfaces", OBJECT_BIT(OBJECT_INTERFACE), SELECT_ALL,
	    LINE_PLAIN },
	{ "dump-neighbors", OBJECT_BIT(OBJECT_NEIGHBOUR), SELECT_ALL,
	    LINE_PLAIN },
	{ "dump-routable-neighbors", OBJECT_BIT(OBJECT_NEIGHBOUR),
	    SELECT_REACHABLE, LINE_PLAIN },
	{ "dump-installed-routes", OBJECT_BIT(OBJECT_ROUTE),
	    SELECT_INSTALLED, LINE_WIDE },
	{ NULL, 0, SELECT_ALL, LINE_PLAIN },
};

static const struct selector *
selector_find(const struct selector *table, const char *word)
{
	while (table->word != NULL && strcmp(table->word, word) != 0)
		table++;
	return table->word != NULL ? table : NULL;
}

static bool
word_is(const struct local_request *r, unsigned int index, const char *text)
{
	return index < r->count && r->words[index].type == TOKEN_WORD &&
	    strcmp(r->words[index].text, text) == 0;
}

static struct task *
begin_task(const struct local_request *r, enum task_kind kind,
    unsigned int kinds)
{
	struct task *task = &r->client->task;

	memset(task, 0, sizeof(*task));
	task->kind = kind;
	task->format = r->format;
	cursor_init(&task->cursor, kinds);
	return task;
}

static void
begin_dump(const struct local_request *r, const struct selector *selector)
{
	struct task *task = begin_task(r, TASK_DUMP, selector != NULL ?
	    selector->kinds : OBJECT_ALL);

	if (selector == NULL)
		return;
	task->selection = selector->selection;
	if (r->format == LINE_PLAIN)
		task->format = selector->format;
}

/*
 * The prefix that a word stands for: for an address, the longest known one that
 * contains it, otherwise itself.  False if the word is neither; *found tells
 * whether the prefix is known.
 */
static bool
find_prefix(const struct local_request *r, unsigned int index,
    struct prefix *prefix, bool *found)
{
	const char *text = r->words[index].text;
	struct in6_addr address;
	struct prefix host;

	if (address_parse(text, &address) == 0) {
		host = prefix_of(&address, 128);
		*found = cursor_longest_match(r->b, &host, prefix);
	} else if (prefix_parse(text, prefix) == 0)
		*found = cursor_prefix_exists(r->b, prefix);
	else
		return false;
	return true;
}

/* "dump", "dump KIND", "dump route PREFIX". */
static bool
request_dump(const struct local_request *r)
{
	const struct selector *selector = NULL;
	struct prefix prefix;
	bool found = true;

	if (r->count > 1) {
		selector = selector_find(selectors, r->words[1].text);
		if (selector == NULL)
			return false;
	}
	if (r->count == 3 && (!word_is(r, 1, "route") ||
	    !find_prefix(r, 2, &prefix, &found)))
		return false;
	if (r->count > 3)
		return false;
	begin_dump(r, selector);
	if (r->count == 3 && found)
		cursor_narrow(&r->client->task.cursor, &prefix);
	else if (!found)
		r->client->task.kind = TASK_NONE;
	return true;
}

static bool
request_dump_word(const struct local_request *r)
{
	if (r->count != 1)
		return false;
	begin_dump(r, selector_find(dumps, r->words[0].text));
	return true;
}

static bool
request_monitor(const struct local_request *r)
{
	const struct selector *selector = NULL;

	if (r->count > 1)
		selector = selector_find(selectors, r->words[1].text);
	if (r->count > 2 || (r->count == 2 && selector == NULL))
		return false;
	begin_dump(r, selector);
	r->client->task.monitors = true;
	monitor_start(r->client, &r->local->journal, &r->client->task);
	r->local->monitored = true;
	return true;
}

static bool
request_unmonitor(const struct local_request *r)
{
	if (r->count != 1)
		return false;
	client_stop(r->client);
	return true;
}

static bool
request_quit(const struct local_request *r)
{
	if (r->count != 1)
		return false;
	client_finish(r->client, r->b->now, NULL);
	return true;
}

static bool
request_stats(const struct local_request *r)
{
	if (r->count != 1)
		return false;
	begin_task(r, TASK_STATS, OBJECT_BIT(OBJECT_INTERFACE) |
	    OBJECT_BIT(OBJECT_NEIGHBOUR));
	return true;
}

static bool
request_metrics(const struct local_request *r)
{
	if (r->count != 1 || r->format != LINE_PLAIN)
		return false;
	begin_task(r, TASK_METRICS, 0);
	return true;
}

/* "explain neighbour", "explain neighbour ADDRESS". */
static bool
explain_neighbour(const struct local_request *r)
{
	struct in6_addr address;
	struct task *task;

	if (r->count > 3 || (r->count == 3 &&
	    address_parse(r->words[2].text, &address) < 0))
		return false;
	task = begin_task(r, TASK_EXPLAIN_NEIGHBOUR,
	    OBJECT_BIT(OBJECT_INTERFACE) | OBJECT_BIT(OBJECT_NEIGHBOUR));
	if (r->count == 3) {
		task->selection = SELECT_ADDRESS;
		task->address = address;
	}
	return true;
}

/* "explain interface", "explain interface NAME". */
static bool
explain_interface(const struct local_request *r)
{
	const char *name = r->count == 3 ? r->words[2].text : "";
	struct task *task;

	if (r->count > 3)
		return false;
	if (name[0] != '\0' && interface_find_name(r->b, name) == NULL) {
		client_reply(r->client, "no", "No such interface");
		return true;
	}
	task = begin_task(r, TASK_EXPLAIN_INTERFACE,
	    OBJECT_BIT(OBJECT_INTERFACE));
	strlcpy(task->name, name, sizeof(task->name));
	return true;
}

/* A prefix, or an address, which is a prefix of full length. */
static bool
read_prefix(const char *text, struct prefix *prefix)
{
	struct in6_addr address;

	if (address_parse(text, &address) < 0)
		return prefix_parse(text, prefix) == 0;
	*prefix = prefix_of(&address, 128);
	return true;
}

/* "explain PREFIX", "explain ADDRESS": the longest destination that contains
 * it, and all kernel routes that do. */
static bool
request_explain(const struct local_request *r)
{
	struct prefix prefix, known;
	struct task *task;
	bool found;

	if (word_is(r, 1, "neighbour"))
		return explain_neighbour(r);
	if (word_is(r, 1, "interface"))
		return explain_interface(r);
	if (r->count != 2 || !read_prefix(r->words[1].text, &prefix))
		return false;
	found = cursor_longest_match(r->b, &prefix, &known);
	if (!found && !explain_kernel_covers(r->b, &prefix)) {
		client_reply(r->client, "no", "No such destination");
		return true;
	}
	task = begin_task(r, found ? TASK_EXPLAIN_ROUTE :
	    TASK_EXPLAIN_KERNEL, OBJECT_BIT(OBJECT_ROUTE));
	task->prefix = prefix;
	if (found)
		cursor_narrow(&task->cursor, &known);
	return true;
}

static bool
request_help(const struct local_request *r)
{
	if (r->count != 1)
		return false;
	begin_task(r, TASK_HELP, 0);
	return true;
}

/* The local socket's own requests. */
static const struct verb {
	const char *word;
	bool (*act)(const struct local_request *);	/* false: bad */
	bool has_json;
} verbs[] = {
	{ "dump", request_dump, true },
	{ "dump-interfaces", request_dump_word, true },
	{ "dump-neighbors", request_dump_word, true },
	{ "dump-routable-neighbors", request_dump_word, true },
	{ "dump-installed-routes", request_dump_word, true },
	{ "monitor", request_monitor, true },
	{ "unmonitor", request_unmonitor, false },
	{ "quit", request_quit, false },
	{ "stats", request_stats, true },
	{ "metrics", request_metrics, false },
	{ "explain", request_explain, true },
	{ "help", request_help, true },
};

/* Split the line; false if it is no request of the local socket. */
static bool
read_words(struct local_request *r, const char *line)
{
	struct token_reader reader;
	struct token *word = r->words;

	token_open(&reader, line, strlen(line));
	r->count = 0;
	while (r->count < WORDS) {
		token_word(&reader, word);
		if (word->type == TOKEN_END)
			return true;
		if (word->type != TOKEN_WORD)
			return false;
		if (r->count == 0 && r->format == LINE_PLAIN &&
		    strcmp(word->text, "json") == 0) {
			r->format = LINE_JSON;
			continue;
		}
		r->count++;
		word++;
	}
	return false;
}

/* The request's row of the table, or NULL for a directive. */
static const struct verb *
verb_find(const struct local_request *r)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].word, r->words[0].text) == 0)
			return &verbs[i];
	return NULL;
}

bool
local_request_is_directive(const char *line)
{
	struct local_request r = { .format = LINE_PLAIN };

	return !read_words(&r, line) || (r.count > 0 && verb_find(&r) == NULL);
}

/* Carry out a request of the table: ok, no, or bad. */
static enum local_reply
act(const struct local_request *r)
{
	const struct verb *verb = verb_find(r);

	if (verb == NULL)
		return LOCAL_NO;
	if (r->format == LINE_JSON && !verb->has_json)
		return LOCAL_BAD;
	return verb->act(r) ? LOCAL_OK : LOCAL_BAD;
}

static void
keep_warning(void *ctx, const char *message)
{
	strlcpy(ctx, message, CONFIGURATION_MESSAGE_MAX);
}

/* Pass a directive to the owner of the configuration. */
static void
execute_directive(struct local *local, struct client *c, const char *line)
{
	char warning[CONFIGURATION_MESSAGE_MAX] = "";
	struct configuration_report report = { .error = "",
	    .warn = keep_warning, .ctx = warning };
	enum local_reply reply = LOCAL_BAD;

	if (c->writable && local->command != NULL)
		reply = local->command(local->ctx, line, &report);
	switch (reply) {
	case LOCAL_OK:
		client_reply_ok(c, warning);
		break;
	case LOCAL_NO:
		client_reply(c, "no", report.error);
		break;
	case LOCAL_BAD:
		client_reply(c, "bad", NULL);
		break;
	}
}

bool
local_request_execute(struct local *local, const struct babel *b,
    struct client *c, const char *line)
{
	struct local_request r = { .local = local, .b = b, .client = c,
	    .format = LINE_PLAIN };
	bool is_ours = read_words(&r, line), directive = false;
	enum local_reply reply = LOCAL_NO;

	local->counters[LOCAL_REQUESTS]++;
	if (is_ours && r.count > 0)
		reply = act(&r);
	else if (is_ours)
		reply = r.format == LINE_PLAIN ? LOCAL_OK : LOCAL_BAD;
	if (reply == LOCAL_NO && r.format == LINE_JSON)
		reply = LOCAL_BAD;
	if (reply == LOCAL_NO) {
		directive = true;
		execute_directive(local, c, line);
	} else if (c->state == CLIENT_OPEN && !c->owes_reply)
		client_reply(c, reply == LOCAL_OK ? "ok" : "bad", NULL);
	c->reply_serial = local->journal.serial;
	if (c->deaf)
		client_stop(c);
	return directive;
}
