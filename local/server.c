/*
 * local/server.c - the listening sockets: TCP on ::1, and UNIX paths.
 *
 * A path that a dead process left would keep us from starting.  So when a path
 * is taken, we try to connect to it.  If nobody listens, the socket is removed
 * and made anew; a living server, or a file that is no socket, is left alone
 * and is an error.
 *
 * The mode of the path is set by the umask while it is bound, so that it is
 * never wider than it should be.  Nobody can connect before listen(2), which
 * comes after the change of group.
 */
#include "local/server.h"

#include <errno.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "configuration.h"
#include "local.h"

#define BACKLOG		64

void
server_init(struct server *server)
{
	memset(server, 0, sizeof(*server));
	server->fd = -1;
}

static int
open_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int
bind_port(struct server *server, uint16_t port)
{
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6, .sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT
	};
	int one = 1;

	server->fd = open_socket(AF_INET6);
	if (server->fd < 0)
		return -1;
	(void)setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &one,
	    sizeof(one));
	(void)setsockopt(server->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one,
	    sizeof(one));
	return bind(server->fd, (struct sockaddr *)&address,
	    sizeof(address));
}

/* Is it a socket that nobody listens on?  If not, errno tells what it is. */
static bool
is_stale(const struct sockaddr_un *address)
{
	struct stat status;
	bool stale;
	int fd;

	if (lstat(address->sun_path, &status) < 0 ||
	    !S_ISSOCK(status.st_mode)) {
		errno = EEXIST;
		return false;
	}
	fd = open_socket(AF_UNIX);
	if (fd < 0)
		return false;
	stale = connect(fd, (const struct sockaddr *)address,
	    sizeof(*address)) < 0 && errno == ECONNREFUSED;
	close(fd);
	errno = EADDRINUSE;
	return stale;
}

static int
bind_with_mode(int fd, const struct sockaddr_un *address, mode_t mode)
{
	mode_t mask;
	int error;

	if (mode == 0)
		return bind(fd, (const struct sockaddr *)address,
		    sizeof(*address));
	mask = umask(0777 & ~mode);
	error = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	umask(mask);
	return error;
}

/* The group of that name or number: 0, or -1 with errno. */
static int
find_group(const char *name, gid_t *gid)
{
	const struct group *group;
	unsigned long number;
	char *end;

	errno = 0;
	group = getgrnam(name);
	if (group != NULL) {
		*gid = group->gr_gid;
		return 0;
	}
	number = strtoul(name, &end, 10);
	if (*name >= '0' && *name <= '9' && *end == '\0' &&
	    number < (gid_t)-1) {
		*gid = (gid_t)number;
		return 0;
	}
	errno = ENOENT;
	return -1;
}

static int
bind_path(struct server *server, const char *path, mode_t mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat status;

	if (strlcpy(address.sun_path, path, sizeof(address.sun_path)) >=
	    sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	server->fd = open_socket(AF_UNIX);
	if (server->fd < 0)
		return -1;
	if (bind_with_mode(server->fd, &address, mode) < 0 &&
	    (errno != EADDRINUSE || !is_stale(&address) ||
	    unlink(path) < 0 ||
	    bind_with_mode(server->fd, &address, mode) < 0))
		return -1;
	server->path = strdup(path);
	if (server->path == NULL || lstat(path, &status) < 0) {
		(void)unlink(path);
		return -1;
	}
	server->device = status.st_dev;
	server->inode = status.st_ino;
	return 0;
}

static const char *
explain_errno(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "another process listens there";
	case EEXIST:
		return "the file exists and is not a socket";
	}
	return strerror(error);
}

static int
fail(struct server *server, const char *what, int error, char *message)
{
	snprintf(message, LOCAL_ERROR_MAX, "local server %s: %s", what,
	    explain_errno(error));
	server_close(server);
	return -1;
}

int
server_open(struct server *server, const struct options *options,
    enum server_slot slot, char error[LOCAL_ERROR_MAX])
{
	const struct server_conf *conf = &options->servers[slot];
	const char *group = options->local_path_group;
	char port[16];
	gid_t gid;

	server->writable = slot == SERVER_PORT_READWRITE ||
	    slot == SERVER_PATH_READWRITE;
	if (conf->path == NULL && conf->port == 0)
		return 0;
	if (conf->path == NULL) {
		snprintf(port, sizeof(port), "port %u", conf->port);
		if (bind_port(server, conf->port) < 0 ||
		    listen(server->fd, BACKLOG) < 0)
			return fail(server, port, errno, error);
		return 0;
	}
	if (bind_path(server, conf->path, options->local_path_mode) < 0)
		return fail(server, conf->path, errno, error);
	if (group != NULL && (find_group(group, &gid) < 0 ||
	    lchown(conf->path, (uid_t)-1, gid) < 0)) {
		snprintf(error, LOCAL_ERROR_MAX,
		    "local server %s: group %s: %s", conf->path, group,
		    errno == ENOENT ? "no such group" : strerror(errno));
		server_close(server);
		return -1;
	}
	if (listen(server->fd, BACKLOG) < 0)
		return fail(server, conf->path, errno, error);
	return 0;
}

void
server_close(struct server *server)
{
	struct stat status;

	if (server->fd >= 0)
		close(server->fd);
	if (server->path != NULL && lstat(server->path, &status) == 0 &&
	    status.st_dev == server->device &&
	    status.st_ino == server->inode)
		(void)unlink(server->path);
	free(server->path);
	server_init(server);
}

int
server_accept(const struct server *server)
{
	int one = 1;
	int fd = accept4(server->fd, NULL, NULL,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);

	/* Replies are small and should not be delayed to be sent together. */
	if (fd >= 0 && server->path == NULL)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
	return fd;
}
