/*
 * ctl/pass.c - requests of the local socket, passed on unchanged.
 *
 * The answer is printed line by line, without the greeting and without the
 * "ok".  With --json every line is read as JSON before it is printed, so that
 * nothing else can get into the output.
 */
#include "ctl/command.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/connection.h"
#include "ctl/json.h"
#include "ctl/text.h"

/* Our own words for requests of the daemon. */
static const struct {
	const char *word, *request;
} synonyms[] = {
	{ "interfaces", "dump interface" }, { "neighbours", "dump neighbour" },
	{ "routes", "dump route" },
};

static const char *
translate(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
		if (strcmp(synonyms[i].word, word) == 0)
			return synonyms[i].request;
	return word;
}

/* Does the daemon answer such a request in JSON? */
static bool
has_json(const char *word)
{
	static const char *const words[] = { "monitor", "explain", "stats",
		"help" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return strncmp(word, "dump", 4) == 0;
}

/* One line of the words: 0, or -1 with a reason. */
static int
make_request(const struct command *command, char request[REQUEST_MAX + 1],
    const char **reason)
{
	const char *const *word = command->words;
	const char *first = *word != NULL ? translate(*word) : "dump";
	size_t len;
	const char *c;

	len = (size_t)snprintf(request, REQUEST_MAX + 1, "%s%s",
	    command->json && has_json(first) ? "json " : "", first);
	for (word += *word != NULL; *word != NULL && len <= REQUEST_MAX; word++)
		len += (size_t)snprintf(request + len, REQUEST_MAX + 1 - len,
		    " %s", *word);
	*reason = "a request has at most 1023 bytes";
	if (len > REQUEST_MAX)
		return -1;
	*reason = "a request is one line, without control characters";
	for (c = request; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c) && *c != '\t')
			return -1;
	return 0;
}

/* Print a line if it is JSON: 0, or -1. */
static int
print_json(const char *line)
{
	char copy[CONNECTION_LINE + 1];
	struct json_reader reader;
	struct json_field field;
	enum json_result result;

	memcpy(copy, line, strlen(line) + 1);
	json_open(&reader, copy);
	do
		result = json_next(&reader, &field);
	while (result == JSON_FIELD);
	if (result == JSON_ERROR)
		return -1;
	text_print_json(stdout, line);
	putchar('\n');
	return 0;
}

static int
print_line(const struct command *command, struct connection *c,
    const char *line)
{
	if (!command->json) {
		text_print(stdout, line);
		putchar('\n');
		return 0;
	}
	if (print_json(line) == 0)
		return 0;
	snprintf(c->error, sizeof(c->error),
	    "the daemon sent a line that is not JSON");
	return -1;
}

/* The lines that follow a monitor's answer, until the daemon ends it. */
static enum answer
follow(const struct command *command, struct connection *c, char **line)
{
	enum answer answer;

	while ((answer = connection_line(c, line)) != ANSWER_BROKEN) {
		if (answer == ANSWER_NOTHING) {
			if (fflush(stdout) != 0)
				return ANSWER_OK;	/* main() reports it */
			if (connection_read(c) < 0)
				return ANSWER_BROKEN;
			continue;
		}
		answer = connection_classify(*line);
		if (answer == ANSWER_NO || answer == ANSWER_BAD)
			return answer;
		if (answer == ANSWER_LINE && print_line(command, c, *line) < 0)
			return ANSWER_BROKEN;
	}
	return answer;
}

static bool
is_request(const char *request, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(request, "json ", 5) == 0)
		request += 5;
	request += strspn(request, " \t");
	return strncmp(request, word, len) == 0 &&
	    (request[len] == '\0' || request[len] == ' ');
}

static enum answer
converse(const struct command *command, struct connection *c,
    const char *request, char **line)
{
	enum answer answer;

	if (connection_send(c, request) < 0)
		return ANSWER_BROKEN;
	while ((answer = connection_answer(c, line)) == ANSWER_LINE)
		if (print_line(command, c, *line) < 0)
			return ANSWER_BROKEN;
	if (answer == ANSWER_OK && is_request(request, "monitor"))
		answer = follow(command, c, line);
	return answer;
}

enum answer
pass_run(const struct command *command)
{
	struct connection c;
	char request[REQUEST_MAX + 1], *line = NULL;
	const char *reason;
	enum answer answer;

	if (make_request(command, request, &reason) < 0) {
		fprintf(stderr, "babelctl: %s\n", reason);
		return STATUS_USAGE;
	}
	answer = command_connect(command, &c);
	if (answer != ANSWER_OK)
		return answer;
	answer = converse(command, &c, request, &line);
	if (answer == ANSWER_BROKEN && is_request(request, "quit"))
		answer = ANSWER_OK;
	if (answer != ANSWER_OK)
		connection_complain(&c, answer, line);
	connection_close(&c);
	return answer;
}
