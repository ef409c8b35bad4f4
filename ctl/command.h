/*
 * ctl/command.h - the commands of babelctl.
 *
 * Each command returns its exit status: an enum answer up to ANSWER_BROKEN.  It
 * has printed its own error messages.
 */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "ctl/view.h"

#define STATUS_USAGE	ANSWER_BAD

struct command {
	const char *const *words;	/* the request, NULL at the end */
	const char *socket;		/* -s, or NULL */
	const char *format;		/* --format, or NULL */
	bool json, netjson, http;
};

/* The tables for people: all of them, or that of the first word. */
enum answer show_run(const struct command *);
/* "routes --netjson". */
enum answer netjson_routes_run(const struct command *);
/* The mesh, from the views of one or several routers. */
enum answer graph_run(const struct command *);
/* The metrics, plain or as the answer to a request by HTTP. */
enum answer metrics_run(const struct command *);
/* A live view in the terminal. */
enum answer top_run(const struct command *);
/* Any other request of the local socket, passed on unchanged. */
enum answer pass_run(const struct command *);

/* Connect to the command's socket, or to the one that is found.  Errors are
 * printed. */
enum answer command_connect(const struct command *, struct connection *);
/* The same for any socket, or NULL to find one: 0, or -1 with error. */
int	command_open(struct connection *, const char *socket);

#endif
