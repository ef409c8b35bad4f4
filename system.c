/*
 * system.c - the process and its surroundings.
 *
 * Old kernel parameters are kept in a file that the instances in a network
 * namespace share (notes.c), because parameters belong to a namespace.  A
 * parameter is noted there before it is set.  The last instance to leave
 * (claims.c) restores it, but only if it still has the value that we set.
 *
 * The state file is replaced by renaming, so that after a crash there is an old
 * one or a new one, but never half of one.
 */
#include "system.h"

#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/if_arp.h>
#include <linux/if_packet.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "claims.h"
#include "clock.h"
#include "notes.h"
#include "ownfile.h"
#include "prefix.h"
#include "util.h"

#define NAME_MAX_SYSCTL	64
#define VALUE_MAX	16
#define FILE_MODE	0644
#define STACK_RESERVE	(512 << 10)	/* octets */
#define STACK_PAGE	1024		/* no page is smaller */

/* A parameter that we changed; names are relative to /proc/sys/net. */
struct sysctl {
	char name[NAME_MAX_SYSCTL];
	char old[VALUE_MAX], set[VALUE_MAX];
};

struct system_sysctls {
	const char *procfs;
	struct claims claims;
	struct notes notes;
	struct sysctl *list;		/* as last read from it */
	size_t count;
};

static const struct {
	const char *name, *value;
} wanted[] = {
	{ "ipv6/conf/all/forwarding", "1" },
	{ "ipv4/conf/all/forwarding", "1" },
	{ "ipv6/conf/all/accept_redirects", "0" },
	{ "ipv4/conf/all/rp_filter", "0" },
};

static int __attribute__((format(printf, 2, 3)))
fail(char error[SYSTEM_ERROR_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, SYSTEM_ERROR_SIZE, format, args);
	va_end(args);
	return -1;
}

struct system_sysctls *
system_sysctls_open(const char *procfs, const char *directory)
{
	struct system_sysctls *sysctls;

	sysctls = calloc(1, sizeof(*sysctls));
	if (sysctls == NULL)
		return NULL;
	sysctls->procfs = procfs;
	claims_open(&sysctls->claims, procfs);
	notes_open(&sysctls->notes, directory, "babeld-sysctls");
	return sysctls;
}

static struct sysctl *
find_sysctl(struct system_sysctls *sysctls, const char *name)
{
	size_t i;

	for (i = 0; i < sysctls->count; i++)
		if (strcmp(sysctls->list[i].name, name) == 0)
			return &sysctls->list[i];
	return NULL;
}

static struct sysctl *
get_sysctl(struct system_sysctls *sysctls, const char *name)
{
	struct sysctl *grown, *sysctl = find_sysctl(sysctls, name);

	if (sysctl != NULL)
		return sysctl;
	grown = reallocarray(sysctls->list, sysctls->count + 1,
	    sizeof(*grown));
	if (grown == NULL)
		return NULL;
	sysctls->list = grown;
	sysctl = &grown[sysctls->count++];
	memset(sysctl, 0, sizeof(*sysctl));
	strlcpy(sysctl->name, name, sizeof(sysctl->name));
	return sysctl;
}

static void
remove_sysctl(struct system_sysctls *sysctls, struct sysctl *sysctl)
{
	*sysctl = sysctls->list[--sysctls->count];
}

/* Read the file: a line "NAME OLD SET" for each parameter. */
static void
load(struct system_sysctls *sysctls)
{
	struct sysctl read, *sysctl;
	FILE *file = notes_read(&sysctls->notes);

	if (file == NULL)
		return;			/* what we know will have to do */
	sysctls->count = 0;
	while (fscanf(file, "%63s %15s %15s", read.name, read.old,
	    read.set) == 3) {
		sysctl = get_sysctl(sysctls, read.name);
		if (sysctl != NULL)
			*sysctl = read;
	}
	fclose(file);
}

static void
save(struct system_sysctls *sysctls)
{
	const struct sysctl *sysctl;
	int fd = sysctls->notes.fd;
	size_t i;

	if (fd < 0 || ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return;
	for (i = 0; i < sysctls->count; i++) {
		sysctl = &sysctls->list[i];
		if (dprintf(fd, "%s %s %s\n", sysctl->name, sysctl->old,
		    sysctl->set) < 0)
			return;
	}
}

static void
sysctl_path(const struct system_sysctls *sysctls, const char *name,
    char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/sys/net/%s", sysctls->procfs, name);
}

static int
read_value(const struct system_sysctls *sysctls, const char *name,
    char value[VALUE_MAX])
{
	char path[PATH_MAX];
	ssize_t len;
	int fd;

	sysctl_path(sysctls, name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = read(fd, value, VALUE_MAX - 1);
	close(fd);
	if (len < 0)
		return -1;
	value[len] = '\0';
	value[strcspn(value, " \t\n")] = '\0';
	return 0;
}

static int
write_value(const struct system_sysctls *sysctls, const char *name,
    const char *value)
{
	char path[PATH_MAX];
	size_t len = strlen(value);
	ssize_t written;
	int fd;

	sysctl_path(sysctls, name, path);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -1;
	written = write(fd, value, len);
	close(fd);
	return written == (ssize_t)len ? 0 : -1;
}

/* A value that somebody else has set meanwhile stays. */
static void
restore_value(const struct system_sysctls *sysctls,
    const struct sysctl *sysctl)
{
	char value[VALUE_MAX];

	if (read_value(sysctls, sysctl->name, value) == 0 &&
	    strcmp(value, sysctl->set) == 0)
		(void)write_value(sysctls, sysctl->name, sysctl->old);
}

/* Note a change, then make it. */
static int
change_value(struct system_sysctls *sysctls, const char *name,
    const char *old, const char *value)
{
	struct sysctl *sysctl;
	int error = ENOMEM;

	claims_lock(&sysctls->claims);
	load(sysctls);
	sysctl = get_sysctl(sysctls, name);
	if (sysctl != NULL) {
		strlcpy(sysctl->old, old, sizeof(sysctl->old));
		strlcpy(sysctl->set, value, sizeof(sysctl->set));
		save(sysctls);
		error = 0;
		if (write_value(sysctls, name, value) < 0) {
			error = errno;
			remove_sysctl(sysctls, sysctl);
			save(sysctls);
		}
	}
	claims_unlock(&sysctls->claims);
	errno = error;
	return error == 0 ? 0 : -1;
}

static int
set_value(struct system_sysctls *sysctls, const char *name,
    const char *value, char error[SYSTEM_ERROR_SIZE])
{
	char old[VALUE_MAX];

	if (read_value(sysctls, name, old) < 0)
		return fail(error, "reading %s/sys/net/%s: %s",
		    sysctls->procfs, name, strerror(errno));
	if (strcmp(old, value) == 0)
		return 0;
	if (change_value(sysctls, name, old, value) < 0)
		return fail(error, "setting %s/sys/net/%s to %s: %s",
		    sysctls->procfs, name, value, strerror(errno));
	return 0;
}

/* Put back the parameters of a name, or all of them, if we are alone.  To be
 * called while holding the claims. */
static void
restore_held(struct system_sysctls *sysctls, const char *name)
{
	size_t i;

	if (!claims_is_alone(&sysctls->claims))
		return;
	load(sysctls);
	for (i = sysctls->count; i-- > 0;) {
		if (name != NULL &&
		    strcmp(name, sysctls->list[i].name) != 0)
			continue;
		restore_value(sysctls, &sysctls->list[i]);
		remove_sysctl(sysctls, &sysctls->list[i]);
	}
	save(sysctls);
}

static void
restore(struct system_sysctls *sysctls, const char *name)
{
	claims_lock(&sysctls->claims);
	restore_held(sysctls, name);
	claims_unlock(&sysctls->claims);
}

int
system_sysctls_set(struct system_sysctls *sysctls,
    char error[SYSTEM_ERROR_SIZE])
{
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (set_value(sysctls, wanted[i].name, wanted[i].value,
		    error) == 0)
			continue;
		while (i-- > 0)
			restore(sysctls, wanted[i].name);
		return -1;
	}
	return 0;
}

/* False for a name that no interface can have. */
static bool
interface_sysctl(const char *ifname, char name[NAME_MAX_SYSCTL])
{
	if (strlen(ifname) > 15 || strchr(ifname, '/') != NULL)
		return false;
	snprintf(name, NAME_MAX_SYSCTL, "ipv4/conf/%s/rp_filter", ifname);
	return true;
}

int
system_sysctls_set_interface(struct system_sysctls *sysctls,
    const char *ifname, char error[SYSTEM_ERROR_SIZE])
{
	char name[NAME_MAX_SYSCTL];

	if (!interface_sysctl(ifname, name))
		return fail(error, "interface %s: no such name", ifname);
	return set_value(sysctls, name, "0", error);
}

void
system_sysctls_rename_interface(struct system_sysctls *sysctls,
    const char *from, const char *to)
{
	char old[NAME_MAX_SYSCTL], new[NAME_MAX_SYSCTL];
	struct sysctl *sysctl;

	if (!interface_sysctl(from, old) || !interface_sysctl(to, new))
		return;
	claims_lock(&sysctls->claims);
	load(sysctls);
	sysctl = find_sysctl(sysctls, old);
	if (sysctl != NULL) {
		strlcpy(sysctl->name, new, sizeof(sysctl->name));
		save(sysctls);
	}
	claims_unlock(&sysctls->claims);
}

void
system_sysctls_restore_interface(struct system_sysctls *sysctls,
    const char *ifname)
{
	char name[NAME_MAX_SYSCTL];

	if (interface_sysctl(ifname, name))
		restore(sysctls, name);
}

void
system_sysctls_close(struct system_sysctls *sysctls)
{
	if (sysctls == NULL)
		return;
	/* Of two who leave at once, the second is alone. */
	claims_lock(&sysctls->claims);
	restore_held(sysctls, NULL);
	if (claims_is_alone(&sysctls->claims))
		notes_remove(&sysctls->notes);
	notes_close(&sysctls->notes);
	claims_close(&sysctls->claims);
	free(sysctls->list);
	free(sysctls);
}

struct system_pid_file {
	char *path;
	int fd;
};

static bool
is_pid_file(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && text[digits + strspn(text + digits, " \n")] ==
	    '\0';
}

/* The process that the file names; 0 if its text makes no sense. */
static pid_t
read_pid(int fd)
{
	char text[VALUE_MAX] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		return 0;
	return (pid_t)strtol(text, NULL, 10);
}

/* An older babeld wrote its process id, but holds no lock.  In a container, the
 * process that left the file may have had the id that is ours now. */
static bool
is_living_babeld(pid_t pid)
{
	char path[32], state;
	FILE *file;
	bool found;

	if (pid == getpid())
		return false;
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	found = fscanf(file, "%*d (babeld) %c", &state) == 1 && state != 'Z';
	fclose(file);
	return found;
}

static int
fail_locked(const char *path, pid_t pid, char error[SYSTEM_ERROR_SIZE])
{
	if (pid <= 0)
		return fail(error, "pid file %s is held by a running process",
		    path);
	return fail(error, "pid file %s is held by a running process, %ld",
	    path, (long)pid);
}

/* Open and lock the file: a descriptor; or -1 if another process, *pid, has
 * locked it, or, with the reason, if it cannot be opened. */
static int
open_pid_file(const char *path, pid_t *pid, char error[SYSTEM_ERROR_SIZE])
{
	char why[SYSTEM_ERROR_SIZE];
	int fd;

	for (;;) {
		*pid = -1;
		fd = ownfile_open(path, true, is_pid_file, why, sizeof(why));
		if (fd < 0)
			return fail(error, "pid file %.240s", why);
		*pid = read_pid(fd);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0 ||
		    is_living_babeld(*pid)) {
			close(fd);
			return fail_locked(path, *pid, error);
		}
		if (ownfile_has_path(fd, path))
			return fd;
		close(fd);		/* its owner left, and removed it */
	}
}

/* The same, but an instance that was asked to end is given the time to do
 * so. */
static int
await_pid_file(const char *path, babel_time patience,
    char error[SYSTEM_ERROR_SIZE])
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	const babel_time limit = clock_monotonic() + patience;
	pid_t pid;
	int fd;

	while ((fd = open_pid_file(path, &pid, error)) < 0 && pid >= 0 &&
	    clock_monotonic() < limit)
		nanosleep(&pause, NULL);
	return fd;
}

struct system_pid_file *
system_pid_file_open(const char *path, babel_time patience,
    char error[SYSTEM_ERROR_SIZE])
{
	struct system_pid_file *file;

	file = calloc(1, sizeof(*file));
	if (file == NULL || (file->path = strdup(path)) == NULL) {
		fail(error, "pid file %s: %s", path, strerror(ENOMEM));
		free(file);
		return NULL;
	}
	file->fd = await_pid_file(path, patience, error);
	/* Root's, because others kill whom it names, and the user that we
	 * became should have no say in that. */
	if (file->fd >= 0 && (ftruncate(file->fd, 0) < 0 ||
	    dprintf(file->fd, "%ld\n", (long)getpid()) < 0 ||
	    (fchown(file->fd, 0, 0) < 0 && errno != EPERM))) {
		fail(error, "pid file %s: %s", path, strerror(errno));
		unlink(path);
		close(file->fd);
		file->fd = -1;
	}
	if (file->fd < 0) {
		free(file->path);
		free(file);
		return NULL;
	}
	return file;
}

void
system_pid_file_close(struct system_pid_file *file)
{
	if (file == NULL)
		return;
	/* In a directory that is not ours it stays, but names nobody. */
	if (ownfile_has_path(file->fd, file->path) &&
	    ftruncate(file->fd, 0) == 0)
		unlink(file->path);
	close(file->fd);
	free(file->path);
	free(file);
}

/* The first line is a number, the second, if any, a router-id. */
static int
parse_state(char *text, struct system_state *state)
{
	char *end, *id;
	unsigned long seqno;

	text += strspn(text, " \t");
	seqno = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || seqno > UINT16_MAX)
		return -1;
	state->seqno = (uint16_t)seqno;
	state->has_seqno = true;
	id = strchr(end, '\n');
	if (id == NULL)
		return 0;
	id++;
	id[strcspn(id, "\n")] = '\0';
	state->has_id = router_id_parse(id, &state->id) == 0 &&
	    router_id_is_valid(&state->id);
	return 0;
}

int
system_state_read(const char *path, struct system_state *state,
    char error[SYSTEM_ERROR_SIZE])
{
	char text[128];
	ssize_t len;
	int fd;

	memset(state, 0, sizeof(*state));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return fail(error, "state file %s: %s", path,
		    strerror(errno));
	len = read(fd, text, sizeof(text) - 1);
	if (len < 0) {
		fail(error, "state file %s: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	close(fd);
	text[len] = '\0';
	if (parse_state(text, state) < 0)
		return fail(error, "state file %s: the first line is no "
		    "sequence number", path);
	return 0;
}

static int
print_state(int fd, const struct system_state *state)
{
	char id[ROUTER_ID_STRLEN];

	if (dprintf(fd, "%u\n", state->seqno) < 0)
		return -1;
	if (state->has_id &&
	    dprintf(fd, "%s\n", router_id_format(&state->id, id)) < 0)
		return -1;
	if (ftruncate(fd, lseek(fd, 0, SEEK_CUR)) < 0 ||
	    fchmod(fd, FILE_MODE) < 0)
		return -1;
	return fsync(fd);
}

/* Make the renaming durable; some file systems cannot, and need not. */
static void
sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	strlcpy(copy, path, sizeof(copy));
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

/* A line with a number, even one that is too large, and perhaps one with a
 * router-id. */
static bool
is_state_file(const char *text)
{
	char id[ROUTER_ID_STRLEN] = "";
	struct router_id parsed;
	size_t len;

	text += strspn(text, " \t");
	if (*text < '0' || *text > '9')
		return false;
	text += strspn(text, "0123456789");
	text += strspn(text, " \t\n");
	len = strcspn(text, "\n");
	if (len < sizeof(id))
		memcpy(id, text, len);
	return text[len + strspn(text + len, "\n")] == '\0' &&
	    (len == 0 || router_id_parse(id, &parsed) == 0);
}

/* Write in place.  This is for a directory that we may not write to, a file
 * that is a mount point, or a file system that is full, where the file's own
 * few octets are all the room there is. */
static int
write_in_place(const char *path, const struct system_state *state)
{
	char why[SYSTEM_ERROR_SIZE];
	int fd, result, saved;

	fd = ownfile_open(path, false, is_state_file, why, sizeof(why));
	if (fd < 0)
		return -1;
	result = print_state(fd, state);
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}

/* The new file always has the same name, so that one that a killed writer left
 * is used up by the next. */
static int
replace_file(const char *path, const struct system_state *state)
{
	char temporary[PATH_MAX];
	int fd, saved;

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >=
	    PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (unlink(temporary) < 0 && errno != ENOENT)
		return -1;
	fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, FILE_MODE);
	if (fd < 0)
		return -1;
	if (print_state(fd, state) == 0 && rename(temporary, path) == 0) {
		close(fd);
		sync_directory(path);
		return 0;
	}
	saved = errno;
	unlink(temporary);
	close(fd);
	errno = saved;
	return -1;
}

/* Errors that prevent a new file, but not writing to the old one. */
static bool
may_be_written_in_place(int error)
{
	return error == EACCES || error == EPERM || error == EBUSY ||
	    error == ENOSPC || error == EDQUOT;
}

int
system_state_write(const char *path, const struct system_state *state,
    char error[SYSTEM_ERROR_SIZE])
{
	char why[SYSTEM_ERROR_SIZE];
	int first, fd;

	fd = ownfile_open(path, false, is_state_file, why, sizeof(why));
	if (fd < 0 && errno != ENOENT)
		return fail(error, "state file %.240s", why);
	if (fd >= 0)
		close(fd);
	if (replace_file(path, state) == 0)
		return 0;
	first = errno;
	if (may_be_written_in_place(first) &&
	    write_in_place(path, state) == 0)
		return 0;
	return fail(error, "state file %s: %s", path, strerror(first));
}

void
system_fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	/* Before Linux 5.9 they stay open. */
	(void)syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
}

void
system_raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

void
system_reserve_stack(void)
{
	volatile uint8_t stack[STACK_RESERVE];
	size_t i;

	for (i = 0; i < sizeof(stack); i += STACK_PAGE)
		stack[sizeof(stack) - 1 - i] = 0;
}

/* The parent: wait for the child's report, and pass it on. */
static void
wait_for_child(int descriptor, pid_t child)
{
	char word;
	ssize_t len;
	int status;

	do
		len = read(descriptor, &word, 1);
	while (len < 0 && errno == EINTR);
	if (len == 1)
		_exit(0);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			_exit(1);
	_exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ?
	    WEXITSTATUS(status) : 1);
}

int
system_daemonise(void)
{
	int ends[2];
	pid_t child;

	fflush(NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	child = fork();
	if (child < 0) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (child > 0) {
		close(ends[1]);
		wait_for_child(ends[0], child);
	}
	close(ends[0]);
	setsid();
	return ends[1];
}

void
system_daemonise_done(int descriptor)
{
	int null;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	/* If the parent is gone, nobody waits for the report. */
	(void)send(descriptor, "", 1, MSG_NOSIGNAL);
	close(descriptor);
}

static bool
is_mac48_hardware(unsigned short hardware)
{
	return hardware == ARPHRD_ETHER || hardware == ARPHRD_IEEE802 ||
	    hardware == ARPHRD_IEEE802_TR || hardware == ARPHRD_FDDI;
}

static bool
is_eui64_hardware(unsigned short hardware)
{
	return hardware == ARPHRD_EUI64 || hardware == ARPHRD_IEEE1394 ||
	    hardware == ARPHRD_INFINIBAND;
}

/* Neither a group address nor locally administered. */
static bool
is_unique_address(const uint8_t *address, size_t len)
{
	static const uint8_t zero[8];

	return (address[0] & 3) == 0 && memcmp(address, zero, len) != 0;
}

bool
system_router_id_of(unsigned short hardware, const uint8_t *address,
    size_t len, struct router_id *id)
{
	if (is_mac48_hardware(hardware) && len == 6 &&
	    is_unique_address(address, 6)) {
		memcpy(id->octets, address, 3);
		id->octets[3] = 0xFF;
		id->octets[4] = 0xFE;
		memcpy(id->octets + 5, address + 3, 3);
	} else if (is_eui64_hardware(hardware) && len >= 8 &&
	    is_unique_address(address, 8))
		memcpy(id->octets, address, 8);
	else
		return false;
	id->octets[0] ^= 2;
	return router_id_is_valid(id);
}

/* The interface of the lowest index decides. */
bool
system_router_id_from_hardware(struct router_id *id)
{
	const struct sockaddr_ll *address;
	struct ifaddrs *list, *at;
	struct router_id candidate;
	int best = INT_MAX;

	if (getifaddrs(&list) < 0)
		return false;
	for (at = list; at != NULL; at = at->ifa_next) {
		if (at->ifa_addr == NULL ||
		    at->ifa_addr->sa_family != AF_PACKET)
			continue;
		address = (const struct sockaddr_ll *)(void *)at->ifa_addr;
		if (address->sll_ifindex < best &&
		    system_router_id_of(address->sll_hatype,
		    address->sll_addr, address->sll_halen, &candidate)) {
			best = address->sll_ifindex;
			*id = candidate;
		}
	}
	freeifaddrs(list);
	return best != INT_MAX;
}

/* Neither a group address nor one that could be an interface address. */
void
system_random(void *buffer, size_t len)
{
	uint8_t *at = buffer;
	ssize_t got;

	while (len > 0) {
		got = getrandom(at, len, 0);
		if (got < 0 && errno != EINTR)
			err(1, "getrandom");
		if (got > 0) {
			at += got;
			len -= (size_t)got;
		}
	}
}

void
system_router_id_random(struct router_id *id)
{
	do {
		system_random(id->octets, sizeof(id->octets));
		id->octets[0] &= (uint8_t)~3;
	} while (!router_id_is_valid(id));
}
