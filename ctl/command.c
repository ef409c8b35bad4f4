/*
 * ctl/command.c - the beginning of every command.
 */
#include "ctl/command.h"

#include "ctl/connection.h"
#include "ctl/find.h"

int
command_open(struct connection *c, const char *socket)
{
	return socket != NULL ? connection_open(c, socket) : find_daemon(c);
}

enum answer
command_connect(const struct command *command, struct connection *c)
{
	if (command_open(c, command->socket) == 0)
		return ANSWER_OK;
	connection_complain(c, ANSWER_BROKEN, NULL);
	return ANSWER_BROKEN;
}
