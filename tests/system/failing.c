/*
 * failing.c - a library to preload that lets system calls fail for as long
 * as a file says so: each line of the file that FAILING names is a call and
 * an errno.  Without the file all is as ever.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads the file by system calls of its own, which never fail on purpose. */
static bool
fails(const char *call)
{
	const char *path = getenv("FAILING");
	char text[256], name[32], *line, *next;
	int error, fd;
	ssize_t len;

	fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len < 0 ? 0 : len] = '\0';
	for (line = text; line != NULL && *line != '\0'; line = next) {
		next = strchr(line, '\n');
		next = next == NULL ? NULL : next + 1;
		if (sscanf(line, "%31s %d", name, &error) == 2 &&
		    strcmp(name, call) == 0) {
			errno = error;
			return true;
		}
	}
	return false;
}

/* The function that is behind ours. */
#define REAL(call) \
	(*(__typeof__(&call) *)(void *)&(void *){ dlsym(RTLD_NEXT, #call) })

int
recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags,
    struct timespec *timeout)
{
	return fails("recvmmsg") ? -1 :
	    REAL(recvmmsg)(fd, messages, count, flags, timeout);
}

ssize_t
recv(int fd, void *buffer, size_t len, int flags)
{
	return fails("recv") ? -1 : REAL(recv)(fd, buffer, len, flags);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	return fails("sendmsg") ? -1 : REAL(sendmsg)(fd, message, flags);
}

ssize_t
send(int fd, const void *buffer, size_t len, int flags)
{
	return fails("send") ? -1 : REAL(send)(fd, buffer, len, flags);
}

int
epoll_wait(int fd, struct epoll_event *events, int count, int timeout)
{
	return fails("epoll_wait") ? -1 :
	    REAL(epoll_wait)(fd, events, count, timeout);
}

int
ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
    const sigset_t *mask)
{
	return fails("ppoll") ? -1 : REAL(ppoll)(fds, count, timeout, mask);
}

int
accept4(int fd, __SOCKADDR_ARG address, socklen_t *len, int flags)
{
	return fails("accept4") ? -1 : REAL(accept4)(fd, address, len, flags);
}
