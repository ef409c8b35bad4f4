/*
 * ctl/find.c - finding the daemon's socket.
 */
#include "ctl/find.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/connection.h"

#define CONFIGURATION	"/etc/babeld.conf"
#define CONFIGURED_MAX	4
#define BLANKS		" \t\r\n"

static const char *const usual[] = {
	"/run/babeld.sock", "/run/babeld/babeld.sock", "/var/run/babeld.sock",
	"/run/babel.sock", "/var/run/babel.sock", "33123",
};
#define USUAL	(sizeof(usual) / sizeof(usual[0]))

bool
find_in_line(const char *line, char where[WHERE_MAX])
{
	static const char *const options[] = {
		"local-path-readwrite", "local-port-readwrite",
		"local-path", "local-port",
	};
	size_t i, len;

	line += strspn(line, BLANKS);
	len = strcspn(line, BLANKS);
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strlen(options[i]) == len &&
		    memcmp(options[i], line, len) == 0)
			break;
	if (i == sizeof(options) / sizeof(options[0]))
		return false;
	line += len;
	line += strspn(line, BLANKS);
	if (*line == '"') {
		line++;
		len = strcspn(line, "\"\n");
	} else
		len = strcspn(line, BLANKS "#");
	if (len == 0 || len >= WHERE_MAX)
		return false;
	memcpy(where, line, len);
	where[len] = '\0';
	return true;
}

/* The sockets that the configuration file names; returns how many. */
static unsigned int
read_configuration(char found[CONFIGURED_MAX][WHERE_MAX])
{
	char line[1024];
	unsigned int count = 0;
	FILE *file = fopen(CONFIGURATION, "re");

	if (file == NULL)
		return 0;
	while (count < CONFIGURED_MAX &&
	    fgets(line, sizeof(line), file) != NULL)
		if (find_in_line(line, found[count]))
			count++;
	fclose(file);
	return count;
}

/* Try one; its error is added to the reasons. */
static int
try(struct connection *c, const char *where, char reasons[ERROR_MAX])
{
	const char *missing = strerror(ENOENT);
	size_t len = strlen(reasons);

	if (connection_open(c, where) == 0)
		return 0;
	snprintf(reasons + len, ERROR_MAX - len, "%s%s%s%s",
	    len > 0 ? ", " : "", c->where,
	    strcmp(c->error, missing) == 0 ? "" : ": ",
	    strcmp(c->error, missing) == 0 ? "" : c->error);
	return -1;
}

int
find_daemon(struct connection *c)
{
	char configured[CONFIGURED_MAX][WHERE_MAX], reasons[ERROR_MAX] = "";
	unsigned int i, count = read_configuration(configured);

	for (i = 0; i < count; i++)
		if (try(c, configured[i], reasons) == 0)
			return 0;
	for (i = 0; i < USUAL; i++)
		if (try(c, usual[i], reasons) == 0)
			return 0;
	snprintf(c->where, sizeof(c->where), "there is no daemon at");
	memcpy(c->error, reasons, sizeof(c->error));
	return -1;
}
