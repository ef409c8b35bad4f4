/*
 * kernel_netlink.c - the kernel over rtnetlink: sockets and life cycle.
 *
 * There are three sockets, so that none waits for another.  On the command
 * socket we change routes (kernel/fib.c): rtnetlink does its work within
 * sendmsg, so the answers are there when it returns.  The notification socket
 * reports the changes of others; a filter in the kernel drops the echo of our
 * own.  On the dump socket the whole state is read, a datagram at a time: at
 * the start, when asked for, and when notifications were lost (kernel/sync.c).
 * A timer descriptor serves everything that has to wait.
 */
#include "kernel.h"

#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/dump.h"
#include "kernel/kernel_state.h"
#include "kernel/link.h"
#include "kernel/marks.h"
#include "kernel/notify.h"
#include "kernel/socket.h"
#include "kernel/stray.h"
#include "kernel/sync.h"
#include "system.h"

bool
kernel_is_at_least(int major, int minor)
{
	struct utsname name;
	int has_major, has_minor;

	if (uname(&name) < 0 ||
	    sscanf(name.release, "%d.%d", &has_major, &has_minor) != 2)
		return false;
	return has_major > major ||
	    (has_major == major && has_minor >= minor);
}

/* Take a copy of the configuration; -1 for no memory, and nothing done. */
static int
set_conf(struct kernel *kernel, const struct kernel_conf *conf)
{
	static const uint32_t main_table[] = { RT_TABLE_MAIN };
	struct kernel_conf new = *conf;
	uint32_t *tables;
	char *sysfs;

	if (new.import_table_count == 0) {
		new.import_tables = main_table;
		new.import_table_count = 1;
	}
	tables = reallocarray(NULL, new.import_table_count, sizeof(*tables));
	sysfs = strdup(conf->sysfs == NULL ? "/sys" : conf->sysfs);
	if (tables == NULL || sysfs == NULL) {
		free(tables);
		free(sysfs);
		errno = ENOMEM;
		return -1;
	}
	memcpy(tables, new.import_tables,
	    new.import_table_count * sizeof(*tables));
	new.import_tables = tables;
	new.sysfs = sysfs;
	free((void *)(uintptr_t)kernel->conf.import_tables);
	free((void *)(uintptr_t)kernel->conf.sysfs);
	kernel->conf = new;
	return 0;
}

static int
open_descriptors(struct kernel *kernel)
{
	kernel->timer = timerfd_create(CLOCK_MONOTONIC,
	    TFD_NONBLOCK | TFD_CLOEXEC);
	return kernel->timer < 0 ? -1 : kernel_sockets_open(kernel);
}

struct kernel *
kernel_open(const struct kernel_conf *conf,
    const struct kernel_events *events, void *ctx)
{
	struct kernel *kernel;
	int error;

	kernel = calloc(1, sizeof(*kernel));
	if (kernel == NULL)
		return NULL;
	kernel->events = events;
	kernel->ctx = ctx;
	kernel->command = kernel->dump = kernel->notify = kernel->timer = -1;
	kernel->leaving.fd = -1;
	system_random(&kernel->seed, sizeof(kernel->seed));
	kernel_link_init(kernel);
	kernel_marks_init(kernel);
	kernel->buffer = malloc(2 * NETLINK_BUFFER);
	if (kernel->buffer == NULL || set_conf(kernel, conf) < 0 ||
	    open_descriptors(kernel) < 0 ||
	    kernel_dump_reserve(&kernel->leaving) < 0) {
		error = errno;
		kernel_close(kernel);
		errno = error;
		return NULL;
	}
	return kernel;
}

void
kernel_serve(struct kernel *kernel, const struct kernel_fib_events *events,
    const struct kernel_fib_queries *queries, void *ctx)
{
	kernel->fib_events = events;
	kernel->fib_queries = queries;
	kernel->fib_ctx = ctx;
}

void
kernel_close(struct kernel *kernel)
{
	if (kernel == NULL)
		return;
	kernel_sockets_close(kernel);
	kernel_dump_release(&kernel->leaving);
	if (kernel->timer >= 0)
		close(kernel->timer);
	kernel_link_free(kernel);
	kernel_marks_free(kernel);
	kernel_stray_free(kernel);
	free((void *)(uintptr_t)kernel->conf.import_tables);
	free((void *)(uintptr_t)kernel->conf.sysfs);
	free(kernel->buffer);
	free(kernel);
}

int
kernel_configure(struct kernel *kernel, const struct kernel_conf *conf)
{
	if (set_conf(kernel, conf) < 0)
		return -1;
	kernel_link_review(kernel);
	return kernel_resync(kernel);
}

const uint64_t *
kernel_overruns(const struct kernel *kernel)
{
	return &kernel->overruns;
}

void
kernel_fds(const struct kernel *kernel, int fds[KERNEL_FDS])
{
	fds[0] = kernel->command;
	fds[1] = kernel->notify;
	fds[2] = kernel->dump;
	fds[3] = kernel->timer;
}

/* Answers are read where the question was asked; a left-over answer is to a
 * question that was given up. */
static void
discard_answers(struct kernel *kernel)
{
	if (recv(kernel->command, kernel->buffer, NETLINK_BUFFER,
	    MSG_DONTWAIT) < 0)
		kernel->read_error = errno;
}

int
kernel_ready(struct kernel *kernel, int fd)
{
	int error, before = kernel->read_error;

	kernel->read_error = 0;
	if (fd == kernel->notify)
		(void)kernel_notify_ready(kernel);
	else if (fd == kernel->dump)
		kernel_sync_ready(kernel);
	else if (fd == kernel->timer)
		kernel_sync_timer(kernel);
	else if (fd == kernel->command)
		discard_answers(kernel);
	error = kernel->read_error;
	if (error == EAGAIN || error == EINTR)
		return 0;
	/* An overrun is reported once, and has been acted upon. */
	return error == ENOBUFS && before != ENOBUFS ? 0 : error;
}
