/*
 * ctl/main.c - babelctl: querying and controlling a babeld from the command
 * line.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/connection.h"

static const char usage[] =
    "usage: babelctl [-s SOCKET] [--json] [REQUEST ...]\n"
    "\n"
    "  (nothing)                   interfaces, neighbours, routes\n"
    "  interfaces                  one of these tables\n"
    "  neighbours\n"
    "  routes [--netjson]\n"
    "  top                         a live view in the terminal\n"
    "  graph [SOCKET ...] [--format netjson|dot]\n"
    "                              the mesh, as these routers see it\n"
    "  metrics [--http]            for Prometheus; as an HTTP server for\n"
    "                              inetd or a socket unit\n"
    "  dump, monitor, explain ADDRESS, explain neighbour, stats, reload,\n"
    "  or any other request of the local socket\n"
    "\n"
    "  -s, --socket PATH|PORT      instead of looking for the socket\n"
    "  -j, --json                  JSON, an object to a line\n"
    "  -h, --help  -V, --version\n"
    "\n"
    "The exit status is 0 for ok, 1 for no, 2 for bad, 3 if there was no\n"
    "conversation to the end.\n";

static const struct {
	const char *word;
	enum answer (*run)(const struct command *);
	bool takes_words, takes_json, takes_netjson, takes_http, takes_format;
} commands[] = {
	{ "interfaces", show_run, .takes_json = true },
	{ "neighbours", show_run, .takes_json = true },
	{ "routes", show_run, .takes_json = true, .takes_netjson = true },
	{ "top", top_run, .takes_words = false },
	{ "graph", graph_run, .takes_words = true, .takes_format = true },
	{ "metrics", metrics_run, .takes_http = true },
};
#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static enum answer
refuse(const char *what, const char *word)
{
	fprintf(stderr, "babelctl: %s%s; see babelctl --help\n", what, word);
	return STATUS_USAGE;
}

/* Is the argument this option, with its value in it or behind it?  -1: the
 * value is missing. */
static int
takes_value(char ***at, const char *letter, const char *name,
    const char **value)
{
	const char *argument = **at;
	size_t len = strlen(name);

	if (strncmp(argument, name, len) == 0 && argument[len] == '=') {
		*value = argument + len + 1;
		return 1;
	}
	if (letter != NULL && strncmp(argument, letter, 2) == 0 &&
	    argument[2] != '\0') {
		*value = argument + 2;
		return 1;
	}
	if (strcmp(argument, name) != 0 &&
	    (letter == NULL || strcmp(argument, letter) != 0))
		return 0;
	if ((*at)[1] == NULL)
		return -1;
	*value = *++*at;
	return 1;
}

static bool
is_option(const char *argument, const char *letter, const char *name)
{
	return strcmp(argument, name) == 0 ||
	    (letter != NULL && strcmp(argument, letter) == 0);
}

/* Take one option: 0, or -1 if it is none of ours or lacks its value. */
static int
take_option(struct command *command, char ***at)
{
	const char *argument = **at;
	int taken;

	taken = takes_value(at, "-s", "--socket", &command->socket);
	if (taken == 0)
		taken = takes_value(at, NULL, "--format", &command->format);
	if (taken != 0)
		return taken > 0 ? 0 : -1;
	if (is_option(argument, "-j", "--json"))
		command->json = true;
	else if (is_option(argument, NULL, "--netjson"))
		command->netjson = true;
	else if (is_option(argument, NULL, "--http"))
		command->http = true;
	else if (is_option(argument, "-h", "--help")) {
		fputs(usage, stdout);
		exit(ANSWER_OK);
	} else if (is_option(argument, "-V", "--version")) {
		puts("babelctl-" VERSION);
		exit(ANSWER_OK);
	} else
		return -1;
	return 0;
}

/* Separate options from words; -1 with the argument at fault. */
static int
read_arguments(struct command *command, char **argv, const char **words,
    const char **fault)
{
	size_t count = 0;
	bool options = true;

	for (argv++; *argv != NULL; argv++) {
		*fault = *argv;
		if (!options || **argv != '-')
			words[count++] = *argv;
		else if (strcmp(*argv, "--") == 0)
			options = false;
		else if (take_option(command, &argv) < 0)
			return -1;
	}
	words[count] = NULL;
	command->words = words;
	return 0;
}

/* Run the command that the first word names; options that it does not have are
 * errors. */
static enum answer
run(const struct command *command)
{
	const char *word = command->words[0];
	size_t i = 0;

	while (i < COMMANDS && (word == NULL ||
	    strcmp(commands[i].word, word) != 0))
		i++;
	if (command->netjson && (i == COMMANDS || !commands[i].takes_netjson))
		return refuse("--netjson is for routes", "");
	if (command->http && (i == COMMANDS || !commands[i].takes_http))
		return refuse("--http is for metrics", "");
	if (command->format != NULL &&
	    (i == COMMANDS || !commands[i].takes_format))
		return refuse("--format is for graph", "");
	if (i == COMMANDS)
		return word != NULL || command->json ? pass_run(command) :
		    show_run(command);
	if (command->json && !commands[i].takes_json)
		return refuse("there is no --json for ", word);
	if (command->words[1] != NULL && !commands[i].takes_words)
		return refuse("one word too many: ", command->words[1]);
	if (command->netjson)
		return netjson_routes_run(command);
	return command->json ? pass_run(command) : commands[i].run(command);
}

int
main(int argc, char **argv)
{
	struct command command = { .json = false };
	const char **words = calloc((size_t)argc + 1, sizeof(*words));
	const char *fault = "";
	enum answer answer;

	if (words == NULL) {
		fprintf(stderr, "babelctl: %s\n", strerror(errno));
		return ANSWER_BROKEN;
	}
	setlocale(LC_CTYPE, "");
	answer = read_arguments(&command, argv, words, &fault) == 0 ?
	    run(&command) : refuse("what is ", fault);
	free(words);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "babelctl: cannot write: %s\n",
		    strerror(errno));
		return ANSWER_BROKEN;
	}
	return (int)answer;
}
