/*
 * fuzz_state.c - files of ours with anything in them: the state file, the
 * pid file, and what instances note of the kernel's parameters.
 *
 * The first octet chooses; the rest is in the file.  What is taken for a
 * state file can be replaced, and then says what was written; what is not
 * ours stays as it is.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char directory[64];		/* of this process */
static char path[80];

static void
check(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static int
remove_entry(const char *name, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(name);
}

static void
remove_directory(void)
{
	(void)nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* In memory, where there is such a place: files are synchronised. */
static void
make_directory(void)
{
	snprintf(directory, sizeof(directory), "%s/babeld-fuzz-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	check(mkdtemp(directory) != NULL, "no directory");
	snprintf(path, sizeof(path), "%s/file", directory);
	atexit(remove_directory);
}

static void
fill(const char *name, const uint8_t *bytes, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	check(fd >= 0 && write(fd, bytes, len) == (ssize_t)len, "no file");
	close(fd);
}

static bool
holds(const char *name, const uint8_t *bytes, size_t len)
{
	uint8_t *found = malloc(len + 1);
	int fd = open(name, O_RDONLY);
	bool same = fd >= 0 && found != NULL &&
	    read(fd, found, len + 1) == (ssize_t)len &&
	    memcmp(found, bytes, len) == 0;

	close(fd);
	free(found);
	return same;
}

static void
try_state(const uint8_t *bytes, size_t len)
{
	struct system_state new = { .has_seqno = true, .has_id = true,
		.seqno = 4711 }, read, again;
	char error[SYSTEM_ERROR_SIZE] = "";

	memset(&new.id, 0x42, sizeof(new.id));
	fill(path, bytes, len);
	if (system_state_read(path, &read, error) < 0)
		check(error[0] != '\0' && !read.has_seqno && !read.has_id,
		    "half a state");
	else {
		check(system_state_write(path, &read, error) < 0 ||
		    (system_state_read(path, &again, error) == 0 &&
		    again.seqno == read.seqno && again.has_id == read.has_id),
		    "not the same when written");
		fill(path, bytes, len);
	}
	if (system_state_write(path, &new, error) < 0) {
		check(holds(path, bytes, len), "harmed, and not ours");
		return;
	}
	check(system_state_read(path, &again, error) == 0 &&
	    again.seqno == 4711 && again.has_id, "not what was written");
}

static void
try_pid(const uint8_t *bytes, size_t len)
{
	struct system_pid_file *file;
	char error[SYSTEM_ERROR_SIZE] = "";
	char text[24];

	fill(path, bytes, len);
	file = system_pid_file_open(path, 0, error);
	if (file == NULL) {
		check(error[0] != '\0', "no reason");
		check(holds(path, bytes, len), "harmed, and not ours");
		return;
	}
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	check(holds(path, (const uint8_t *)text, strlen(text)), "not ours");
	system_pid_file_close(file);
	check(access(path, F_OK) < 0, "not removed");
}

/* Parameters are files below a directory that is not there. */
static void
try_parameters(const uint8_t *bytes, size_t len)
{
	struct system_sysctls *sysctls;
	char error[SYSTEM_ERROR_SIZE], pattern[128];
	glob_t found;

	sysctls = system_sysctls_open(directory, directory);
	check(sysctls != NULL, "no memory");
	snprintf(pattern, sizeof(pattern), "%s/babeld-sysctls-*", directory);
	if (glob(pattern, 0, NULL, &found) == 0) {
		fill(found.gl_pathv[0], bytes, len);
		globfree(&found);
	}
	system_sysctls_rename_interface(sysctls, "eth0", "eth1");
	check(system_sysctls_set(sysctls, error) < 0, "set what is not there");
	(void)system_sysctls_set_interface(sysctls, "eth1", error);
	system_sysctls_restore_interface(sysctls, "eth1");
	system_sysctls_close(sysctls);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 4096)
		return 0;
	if (directory[0] == '\0')
		make_directory();
	switch (data[0]) {
	case 'p':
		try_pid(data + 1, size - 1);
		break;
	case 'n':
		try_parameters(data + 1, size - 1);
		break;
	default:
		try_state(data + 1, size - 1);
		break;
	}
	return 0;
}
