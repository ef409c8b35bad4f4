/*
 * test_system.c - kernel parameters on a paper procfs, pid files, state
 * files, logs, daemonising, and router-ids of hardware.
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <linux/if_arp.h>

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "claims.h"
#include "log.h"
#include "notes.h"
#include "system.h"
#include "unit.h"

static char directory[PATH_MAX];
static char error[SYSTEM_ERROR_SIZE];

static const char *const sysctls[] = {
	"ipv6/conf/all/forwarding", "ipv4/conf/all/forwarding",
	"ipv6/conf/all/accept_redirects", "ipv4/conf/all/rp_filter",
	"ipv4/conf/eth0/rp_filter",
};

static const char *
path_of(const char *name)
{
	static char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const char *
read_file(const char *name)
{
	static char text[256];
	FILE *file = fopen(path_of(name), "r");
	size_t len;

	if (file == NULL)
		return "(none)";
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static const char *
sysctl_file(size_t i)
{
	static char name[128];

	snprintf(name, sizeof(name), "proc/sys/net/%s", sysctls[i]);
	return name;
}

static void
check_sysctls(const char *all)
{
	size_t i;

	for (i = 0; i < strlen(all); i++)
		assert_int_equal(read_file(sysctl_file(i))[0], all[i]);
}

/* Five digits for five parameters. */
static void
set_sysctls(const char *all)
{
	char text[3] = "?\n";
	size_t i;

	for (i = 0; i < strlen(all); i++) {
		text[0] = all[i];
		write_file(sysctl_file(i), text);
	}
}

static int
make_directory(void **state)
{
	static const char *const parts[] = {
		"proc", "proc/sys", "proc/sys/net", "proc/sys/net/ipv4",
		"proc/sys/net/ipv6", "proc/sys/net/ipv4/conf",
		"proc/sys/net/ipv6/conf", "proc/sys/net/ipv4/conf/all",
		"proc/sys/net/ipv4/conf/eth0", "proc/sys/net/ipv6/conf/all",
		"run",
	};
	size_t i;

	(void)state;
	strlcpy(directory, "/tmp/babel-system-XXXXXX", sizeof(directory));
	if (mkdtemp(directory) == NULL)
		return -1;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (mkdir(path_of(parts[i]), 0700) < 0)
			return -1;
	set_sysctls("00112");
	return 0;
}

static int
remove_entry(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
remove_directory(void **state)
{
	(void)state;
	return nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static struct system_sysctls *
open_sysctls(void)
{
	char procfs[PATH_MAX], run[PATH_MAX];
	static char kept[PATH_MAX];
	struct system_sysctls *s;

	strlcpy(procfs, path_of("proc"), sizeof(procfs));
	strlcpy(run, path_of("run"), sizeof(run));
	strlcpy(kept, procfs, sizeof(kept));
	s = system_sysctls_open(kept, run);
	assert_non_null(s);
	return s;
}

static void
sysctls_are_set_and_restored(void **state)
{
	struct system_sysctls *s = open_sysctls();

	(void)state;
	assert_int_equal(system_sysctls_set(s, error), 0);
	assert_int_equal(system_sysctls_set_interface(s, "eth0", error), 0);
	check_sysctls("11000");
	system_sysctls_restore_interface(s, "eth0");
	check_sysctls("11002");
	assert_int_equal(system_sysctls_set_interface(s, "eth0", error), 0);
	system_sysctls_close(s);
	check_sysctls("00112");
	/* Only an empty directory can be removed. */
	assert_int_equal(rmdir(path_of("run")), 0);
	assert_int_equal(mkdir(path_of("run"), 0700), 0);
}

static void
sysctls_follow_their_interface(void **state)
{
	struct system_sysctls *s = open_sysctls();
	char eth0[PATH_MAX], eth9[PATH_MAX];

	(void)state;
	strlcpy(eth0, path_of("proc/sys/net/ipv4/conf/eth0"), sizeof(eth0));
	strlcpy(eth9, path_of("proc/sys/net/ipv4/conf/eth9"), sizeof(eth9));
	assert_int_equal(system_sysctls_set_interface(s, "eth0", error), 0);
	assert_int_equal(rename(eth0, eth9), 0);
	system_sysctls_rename_interface(s, "eth0", "eth9");
	system_sysctls_restore_interface(s, "eth9");
	assert_int_equal(rename(eth9, eth0), 0);
	check_sysctls("00112");
	system_sysctls_close(s);
}

static void
sysctls_wait_for_the_last_instance(void **state)
{
	struct system_sysctls *a = open_sysctls(), *b = open_sysctls(), *c;

	(void)state;
	assert_int_equal(system_sysctls_set(a, error), 0);
	assert_int_equal(system_sysctls_set_interface(a, "eth0", error), 0);
	assert_int_equal(system_sysctls_set(b, error), 0);
	assert_int_equal(system_sysctls_set_interface(b, "eth0", error), 0);
	system_sysctls_restore_interface(a, "eth0");
	check_sysctls("11000");
	system_sysctls_close(a);
	check_sysctls("11000");
	c = open_sysctls();
	system_sysctls_close(b);
	check_sysctls("11000");
	system_sysctls_close(c);
	check_sysctls("00112");
}

static void
sysctls_survive_a_crash(void **state)
{
	struct system_sysctls *s;
	pid_t child;
	int status;

	(void)state;
	child = fork();
	if (child == 0) {
		s = open_sysctls();
		_exit(system_sysctls_set(s, error) == 0 ? 7 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 7);
	check_sysctls("11002");
	s = open_sysctls();
	assert_int_equal(system_sysctls_set(s, error), 0);
	system_sysctls_close(s);
	check_sysctls("00112");
}

static void
sysctls_leave_what_others_set(void **state)
{
	struct system_sysctls *s = open_sysctls();

	(void)state;
	assert_int_equal(system_sysctls_set(s, error), 0);
	write_file(sysctl_file(3), "2\n");
	system_sysctls_close(s);
	check_sysctls("00122");
	set_sysctls("00112");
}

/* The last one to leave puts back what it changed itself. */
static void
sysctls_need_no_file(void **state)
{
	struct system_sysctls *s, *other;
	char run[PATH_MAX];

	(void)state;
	strlcpy(run, path_of("run"), sizeof(run));
	assert_int_equal(rmdir(run), 0);
	s = open_sysctls();
	other = open_sysctls();
	assert_int_equal(system_sysctls_set(s, error), 0);
	system_sysctls_close(other);
	check_sysctls("11002");
	other = open_sysctls();
	system_sysctls_close(s);
	check_sysctls("11002");
	set_sysctls("00112");
	assert_int_equal(system_sysctls_set(other, error), 0);
	system_sysctls_close(other);
	check_sysctls("00112");
	assert_int_equal(mkdir(run, 0700), 0);
}

/* covers: Q43 */
static void
sysctls_fail_whole(void **state)
{
	struct system_sysctls *s = open_sysctls();

	(void)state;
	assert_int_equal(unlink(path_of(sysctl_file(2))), 0);
	assert_int_equal(system_sysctls_set(s, error), -1);
	assert_non_null(strstr(error, "ipv6/conf/all/accept_redirects"));
	check_sysctls("00");
	assert_int_equal(system_sysctls_set_interface(s, "eth7", error), -1);
	assert_non_null(strstr(error, "eth7"));
	assert_int_equal(system_sysctls_set_interface(s, "../all", error),
	    -1);
	system_sysctls_close(s);
	set_sysctls("00112");
	/* No such directories. */
	s = system_sysctls_open("/nonexistent", "/nonexistent");
	assert_non_null(s);
	assert_int_equal(system_sysctls_set(s, error), -1);
	system_sysctls_close(s);
}

/* Whoever has taken a number loses it by giving it back, or by dying. */
static void
numbers_are_taken_once(void **state)
{
	struct claims a, b;
	int ready[2];
	pid_t child;
	char word;

	(void)state;
	claims_open(&a, directory);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		claims_open(&b, directory);
		word = claims_take(&b, 4294967295) ? 'y' : 'n';
		(void)!write(ready[1], &word, 1);
		pause();
	}
	assert_int_equal(read(ready[0], &word, 1), 1);
	assert_int_equal(word, 'y');
	assert_false(claims_take(&a, 4294967295));
	assert_true(claims_take(&a, 10));
	assert_true(claims_take(&a, 10));
	claims_open(&b, directory);
	assert_false(claims_take(&b, 10));
	claims_drop(&a, 10);
	assert_true(claims_take(&b, 10));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(claims_take(&a, 4294967295));
	assert_false(claims_is_alone(&a) || claims_is_alone(&b));
	claims_close(&a);
	assert_true(claims_is_alone(&b));
	/* What has another name is something else. */
	claims_open(&a, path_of("other"));
	assert_true(claims_is_alone(&a) && claims_take(&a, 10));
	claims_close(&a);
	claims_close(&b);
	/* Without access, nobody is in the way. */
	assert_true(claims_take(&a, 10));
	close(ready[0]);
	close(ready[1]);
}

static void
numbers_are_had_together(void **state)
{
	struct claims a, b;

	(void)state;
	claims_open(&a, directory);
	claims_open(&b, directory);
	claims_join(&a, 254);
	assert_true(claims_is_only(&a, 254));
	claims_join(&b, 254);
	claims_join(&b, 1000);
	assert_false(claims_is_only(&a, 254) || claims_is_only(&b, 254));
	assert_true(claims_is_only(&b, 1000));
	/* To have asked takes it away from nobody. */
	assert_false(claims_take(&a, 1000));
	assert_true(claims_is_only(&b, 1000));
	claims_join(&a, 1000);
	assert_false(claims_is_only(&b, 1000));
	claims_close(&a);
	assert_true(claims_is_only(&b, 254) && claims_is_only(&b, 1000));
	claims_close(&b);
	claims_join(&b, 10);
	assert_true(claims_is_only(&b, 10));
}

static void
forgotten_notes_are_removed(void **state)
{
	struct notes notes;
	char run[PATH_MAX], ours[64];
	struct stat st;

	(void)state;
	strlcpy(run, path_of("run"), sizeof(run));
	/* No namespace has the first inode; this one has the other. */
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	snprintf(ours, sizeof(ours), "run/notes-7.%llu",
	    (unsigned long long)st.st_ino);
	write_file("run/notes-6.1", "noted\n");
	write_file(ours, "noted\n");
	write_file("run/others-6.1", "noted\n");
	notes_open(&notes, run, "notes");
	assert_string_equal(read_file("run/notes-6.1"), "(none)");
	notes_remove(&notes);
	notes_close(&notes);
	assert_string_equal(read_file(ours), "noted\n");
	assert_string_equal(read_file("run/others-6.1"), "noted\n");
	unlink(path_of(ours));
	unlink(path_of("run/others-6.1"));
	assert_int_equal(rmdir(run), 0);
	assert_int_equal(mkdir(run, 0700), 0);
}

/* covers: Q44 */
static void
pid_file_tells_stale_from_held(void **state)
{
	struct system_pid_file *file;
	char path[PATH_MAX], text[64];
	int status, ends[2];
	pid_t child;
	char word;

	(void)state;
	strlcpy(path, path_of("pid"), sizeof(path));
	write_file("pid", "1\n");	/* stale, though process 1 lives */
	file = system_pid_file_open(path, 0, error);
	assert_non_null(file);
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	assert_string_equal(read_file("pid"), text);
	assert_null(system_pid_file_open(path, 0, error));
	snprintf(text, sizeof(text), "running process, %ld", (long)getpid());
	assert_non_null(strstr(error, text));
	system_pid_file_close(file);
	assert_string_equal(read_file("pid"), "(none)");

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		file = system_pid_file_open(path, 0, error);
		(void)!write(ends[1], file == NULL ? "n" : "y", 1);
		pause();
		_exit(1);
	}
	assert_int_equal(read(ends[0], &word, 1), 1);
	assert_int_equal(word, 'y');
	assert_null(system_pid_file_open(path, 0, error));
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	file = system_pid_file_open(path, 0, error);
	assert_non_null(file);
	/* Somebody else's by now: it stays. */
	assert_int_equal(unlink(path), 0);
	write_file("pid", "5\n");
	system_pid_file_close(file);
	assert_string_equal(read_file("pid"), "5\n");
	unlink(path);
	assert_null(system_pid_file_open("/nonexistent/pid", 0,
	    error));
	assert_non_null(strstr(error, "/nonexistent/pid"));
	close(ends[0]);
	close(ends[1]);
}

static void
write_pid(long pid)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", pid);
	write_file("pid", text);
}

/* An older babeld writes its number, without a newline, and no lock. */
static void
pid_file_of_an_older_babeld(void **state)
{
	struct system_pid_file *file;
	char path[PATH_MAX], text[64], name[16], word;
	int status, ends[2];
	pid_t child;

	(void)state;
	strlcpy(path, path_of("pid"), sizeof(path));
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_NAME, "babeld");
		(void)!write(ends[1], "y", 1);
		pause();
		_exit(1);
	}
	assert_int_equal(read(ends[0], &word, 1), 1);
	write_pid(child);
	assert_null(system_pid_file_open(path, 0, error));
	snprintf(text, sizeof(text), "running process, %ld", (long)child);
	assert_non_null(strstr(error, text));
	snprintf(text, sizeof(text), "%ld", (long)child);
	assert_string_equal(read_file("pid"), text);
	/* Dead, though nobody has asked how it died. */
	kill(child, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)child, NULL, WEXITED | WNOWAIT),
	    0);
	file = system_pid_file_open(path, 0, error);
	assert_non_null(file);
	system_pid_file_close(file);
	waitpid(child, &status, 0);
	/* In a container, the one before us may have had our number. */
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, "babeld");
	write_pid(getpid());
	file = system_pid_file_open(path, 0, error);
	prctl(PR_SET_NAME, name);
	assert_non_null(file);
	system_pid_file_close(file);
	close(ends[0]);
	close(ends[1]);
}

static void
state_is_read(void **state)
{
	static const struct {
		const char *text;
		int result, seqno;	/* -1: none */
		bool has_id;
	} cases[] = {
		{ "39243\n", 0, 39243, false },
		{ "0", 0, 0, false },
		{ " 65535 trailing\n", 0, 65535, false },
		{ "7\n02:11:22:33:44:55:66:77\n", 0, 7, true },
		{ "7\n02:11:22:33:44:55:66:77", 0, 7, true },
		{ "7\nrubbish\n", 0, 7, false },
		{ "7\n00:00:00:00:00:00:00:00\n", 0, 7, false },
		{ "65536\n", -1, -1, false },
		{ "99999999999999999999999\n", -1, -1, false },
		{ "-1\n", -1, -1, false },
		{ "\n-1\n", -1, -1, false },
		{ "seqno 7\n", -1, -1, false },
		{ "", -1, -1, false },
	};
	struct system_state read;
	char path[PATH_MAX];
	size_t i;

	(void)state;
	strlcpy(path, path_of("state"), sizeof(path));
	assert_int_equal(system_state_read(path, &read, error), 0);
	assert_false(read.has_seqno || read.has_id);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("\"%s\"\n", cases[i].text);
		write_file("state", cases[i].text);
		assert_int_equal(system_state_read(path, &read, error),
		    cases[i].result);
		assert_int_equal(read.has_seqno, cases[i].seqno >= 0);
		if (read.has_seqno)
			assert_int_equal(read.seqno, cases[i].seqno);
		assert_int_equal(read.has_id, cases[i].has_id);
		if (cases[i].result < 0)
			assert_non_null(strstr(error, path));
	}
	unlink(path);
	assert_int_equal(system_state_read(directory, &read, error), -1);
}

/* covers: Q43 */
static void
state_is_written_atomically(void **state)
{
	struct system_state write = { .has_seqno = true, .seqno = 4711 };
	struct system_state read;
	char path[PATH_MAX];
	struct stat before, after;

	(void)state;
	assert_int_equal(router_id_parse("02:11:22:33:44:55:66:77",
	    &write.id), 0);
	strlcpy(path, path_of("state"), sizeof(path));
	assert_int_equal(system_state_write(path, &write, error), 0);
	assert_string_equal(read_file("state"), "4711\n");
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0644);
	write.has_id = true;
	assert_int_equal(system_state_write(path, &write, error), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
	assert_int_equal(system_state_read(path, &read, error), 0);
	assert_true(read.has_id && read.has_seqno);
	assert_int_equal(read.seqno, 4711);
	assert_memory_equal(&read.id, &write.id, sizeof(read.id));
	assert_int_equal(system_state_write("/nonexistent/state", &write,
	    error), -1);
	assert_non_null(strstr(error, "/nonexistent/state"));
	unlink(path);
}

/* Run the function in a child, and return its exit status. */
static int
status_of(void (*function)(void))
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		function();
		_exit(99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
start_well(void)
{
	int descriptor = system_daemonise();
	struct stat st;

	if (descriptor < 0)
		_exit(50);
	write_file("daemon", "started\n");
	/* The parent must not have gone yet; see the test. */
	if (getsid(0) != getpid())
		write_file("daemon", "no session\n");
	system_daemonise_done(descriptor);
	if (fstat(STDIN_FILENO, &st) < 0 || !S_ISCHR(st.st_mode))
		_exit(51);
	_exit(0);
}

static void
start_badly(void)
{
	if (system_daemonise() < 0)
		_exit(50);
	_exit(3);
}

static void
start_dying(void)
{
	if (system_daemonise() < 0)
		_exit(50);
	raise(SIGKILL);
}

static void
start_saying_nothing(void)
{
	if (system_daemonise() < 0)
		_exit(50);
	_exit(0);
}

/* covers: Q44 */
static void
parent_tells_how_it_went(void **state)
{
	(void)state;
	assert_int_equal(status_of(start_well), 0);
	assert_string_equal(read_file("daemon"), "started\n");
	assert_int_equal(status_of(start_badly), 3);
	assert_int_equal(status_of(start_dying), 1);
	assert_int_equal(status_of(start_saying_nothing), 1);
	unlink(path_of("daemon"));
}

static void
log_twice(void)
{
	char path[PATH_MAX], moved[PATH_MAX];
	struct log *log = log_new();

	strlcpy(path, path_of("log"), sizeof(path));
	strlcpy(moved, path_of("log.1"), sizeof(moved));
	if (log_open(log, path) < 0)
		_exit(1);
	printf("one\n");
	fprintf(stderr, "two\n");
	fflush(stdout);
	if (rename(path, moved) < 0 || log_open(log, path) < 0)
		_exit(2);
	if (log_open(log, "/nonexistent/log") == 0)
		_exit(3);
	fprintf(stderr, "three\n");
	_exit(0);
}

static void
log_is_opened_and_reopened(void **state)
{
	(void)state;
	write_file("log", "zero\n");
	assert_int_equal(status_of(log_twice), 0);
	assert_string_equal(read_file("log"), "three\n");
	assert_non_null(strstr(read_file("log.1"), "zero\n"));
	assert_non_null(strstr(read_file("log.1"), "one\n"));
	assert_non_null(strstr(read_file("log.1"), "two\n"));
}

/* covers: Q45 */
static void
router_ids_of_hardware(void **state)
{
	static const struct {
		unsigned short hardware;
		uint8_t address[8];
		size_t len;
		const char *id;		/* NULL: none */
	} cases[] = {
		{ ARPHRD_ETHER, { 0, 0x16, 0x3e, 0, 0, 0x12 }, 6,
		    "02:16:3e:ff:fe:00:00:12" },
		{ ARPHRD_FDDI, { 0, 0x16, 0x3e, 0, 0, 0x12 }, 6,
		    "02:16:3e:ff:fe:00:00:12" },
		{ ARPHRD_ETHER, { 2, 0x16, 0x3e, 0, 0, 0x12 }, 6, NULL },
		{ ARPHRD_ETHER, { 1, 0x16, 0x3e, 0, 0, 0x12 }, 6, NULL },
		{ ARPHRD_ETHER, { 0 }, 6, NULL },
		{ ARPHRD_ETHER, { 0, 1, 2, 3 }, 4, NULL },
		{ ARPHRD_LOOPBACK, { 0, 1, 2, 3, 4, 5 }, 6, NULL },
		{ ARPHRD_INFINIBAND, { 0x80, 1, 2, 3, 4, 5, 6, 7 }, 20,
		    "82:01:02:03:04:05:06:07" },
		{ ARPHRD_IEEE1394, { 4, 1, 2, 3, 4, 5, 6, 7 }, 8,
		    "06:01:02:03:04:05:06:07" },
		{ ARPHRD_IEEE1394, { 2, 1, 2, 3, 4, 5, 6, 7 }, 8, NULL },
	};
	struct router_id id, other;
	char text[ROUTER_ID_STRLEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(system_router_id_of(cases[i].hardware,
		    cases[i].address, cases[i].len, &id),
		    cases[i].id != NULL);
		if (cases[i].id != NULL)
			assert_string_equal(router_id_format(&id, text),
			    cases[i].id);
	}
	system_router_id_random(&id);
	system_router_id_random(&other);
	assert_int_not_equal(router_id_compare(&id, &other), 0);
	assert_int_equal(id.octets[0] & 3, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sysctls_are_set_and_restored),
		cmocka_unit_test(sysctls_follow_their_interface),
		cmocka_unit_test(sysctls_wait_for_the_last_instance),
		cmocka_unit_test(sysctls_survive_a_crash),
		cmocka_unit_test(sysctls_leave_what_others_set),
		cmocka_unit_test(sysctls_need_no_file),
		cmocka_unit_test(sysctls_fail_whole),
		cmocka_unit_test(numbers_are_taken_once),
		cmocka_unit_test(numbers_are_had_together),
		cmocka_unit_test(forgotten_notes_are_removed),
		cmocka_unit_test(pid_file_tells_stale_from_held),
		cmocka_unit_test(pid_file_of_an_older_babeld),
		cmocka_unit_test(state_is_read),
		cmocka_unit_test(state_is_written_atomically),
		cmocka_unit_test(parent_tells_how_it_went),
		cmocka_unit_test(log_is_opened_and_reopened),
		cmocka_unit_test(router_ids_of_hardware),
	};

	return cmocka_run_group_tests_name("system", tests, make_directory,
	    remove_directory);
}
