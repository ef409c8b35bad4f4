/*
 * manager.c - messages to a service manager about the state of the daemon.
 *
 * Each message is one datagram of lines NAME=VALUE.  Messages that do not
 * arrive are not repeated: a manager that misses signs of life restarts the
 * daemon, and should.
 */
#include "manager.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

#define MESSAGE_MAX	64

static int
connect_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	socklen_t address_len = (socklen_t)(len +
	    offsetof(struct sockaddr_un, sun_path));
	int s;

	if ((name[0] != '/' && name[0] != '@') || len < 2 ||
	    len >= sizeof(address.sun_path)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	s = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s < 0)
		return -1;
	if (connect(s, (struct sockaddr *)&address, address_len) < 0) {
		close(s);
		return -1;
	}
	return s;
}

/* A variable of the environment as a number; 0 if there is none. */
static int64_t
number_of(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	int64_t number;

	if (text == NULL || *text == '\0')
		return 0;
	number = strtoll(text, &end, 10);
	return *end == '\0' && number > 0 ? number : 0;
}

void
manager_open(struct manager *manager, babel_time now)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int64_t pid = number_of("WATCHDOG_PID");
	babel_time period = number_of("WATCHDOG_USEC");

	*manager = (struct manager){ -1, NEVER, NEVER };
	if (name == NULL || *name == '\0')
		return;
	manager->socket = connect_to(name);
	if (manager->socket < 0) {
		warn("NOTIFY_SOCKET %s", name);
		return;
	}
	if (period == 0 || (pid != 0 && pid != getpid()))
		return;
	manager->period = time_max(period / 2, MILLISECOND);
	manager->next = now;
}

void
manager_close(struct manager *manager)
{
	if (manager->socket >= 0)
		close(manager->socket);
	manager->socket = -1;
	manager->next = NEVER;
}

static void
send_message(const struct manager *manager, const char *message)
{
	if (manager->socket >= 0)
		(void)!send(manager->socket, message, strlen(message),
		    MSG_NOSIGNAL);
}

void
manager_ready(const struct manager *manager)
{
	send_message(manager, "READY=1");
}

void
manager_reloading(const struct manager *manager, babel_time now)
{
	char message[MESSAGE_MAX];

	snprintf(message, sizeof(message),
	    "RELOADING=1\nMONOTONIC_USEC=%" PRId64, now);
	send_message(manager, message);
}

void
manager_stopping(const struct manager *manager)
{
	send_message(manager, "STOPPING=1");
}

void
manager_alive(struct manager *manager, babel_time now)
{
	if (now < manager->next)
		return;
	send_message(manager, "WATCHDOG=1");
	manager->next = now + manager->period;
}
