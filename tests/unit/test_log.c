/*
 * test_log.c - lines are written without waiting, and lost ones are counted.
 *
 * What is tested takes over standard output and error, so each test is a
 * child, which exits with 0 if all is well.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log.h"
#include "trouble.h"
#include "unit.h"

#define NOBODY	65534
#define LINES	3000			/* more than a pipe or socket takes */

static int ends[2];			/* to read from, to write to */
static struct log *written;

static int
status_of(void (*body)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		body();
		_exit(99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What there is to read now; the number of octets. */
static size_t
take(char *buffer, size_t size)
{
	struct pollfd pollfd = { .fd = ends[0], .events = POLLIN };
	size_t len = 0;
	ssize_t n;

	while (len < size - 1 && poll(&pollfd, 1, 0) == 1) {
		n = read(ends[0], buffer + len, size - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	buffer[len] = '\0';
	return len;
}

/* Each line but the first is whole, whatever was lost between them. */
static bool
lines_are_whole(char *text)
{
	unsigned int number;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL && text != NULL)
		if (sscanf(line, "test_log: line %u of many, many words",
		    &number) != 1 || strstr(line, " words") == NULL)
			return false;
	return true;
}

static void
write_more_than_fits(void)
{
	static char text[1 << 20];
	unsigned long long told;
	char *at;
	int i;

	dup2(ends[1], STDERR_FILENO);
	written = log_new();
	for (i = 0; i < LINES; i++)
		log_warnx(written, "line %d of many, many words", i);
	if (*log_lost(written) == 0 || *log_lost(written) >= LINES ||
	    log_run(written, 0) != SECOND)
		_exit(1);
	take(text, sizeof(text));
	if (log_run(written, 0) != NEVER)
		_exit(2);
	log_warnx(written, "after");
	take(text + strlen(text), sizeof(text) - strlen(text));
	at = strstr(text, " lines were lost here");
	if (at == NULL)
		_exit(3);
	while (at[-1] != '\n')
		at--;
	if (sscanf(at, "test_log: %llu", &told) != 1 ||
	    told != *log_lost(written))
		_exit(4);
	if (strcmp(strchr(at, '\n'), "\ntest_log: after\n") != 0)
		_exit(5);
	*at = '\0';
	_exit(lines_are_whole(text) ? 0 : 6);
}

/* As one who may not open the pipe of somebody else. */
static void
write_more_than_fits_as_nobody(void)
{
	if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
		_exit(77);
	write_more_than_fits();
}

static void
a_full_pipe_loses_lines(void **state)
{
	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(status_of(write_more_than_fits), 0);
	/* The description that others share is as it was. */
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	close(ends[0]);
	close(ends[1]);
}

static void
a_full_pipe_of_somebody_else_does(void **state)
{
	int status;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	status = status_of(write_more_than_fits_as_nobody);
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	close(ends[0]);
	close(ends[1]);
	if (status == 77)
		skip();
	assert_int_equal(status, 0);
}

static void
a_full_socket_does(void **state)
{
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    ends), 0);
	assert_int_equal(status_of(write_more_than_fits), 0);
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	close(ends[0]);
	close(ends[1]);
}

static void
print_and_warn(void)
{
	dup2(ends[1], STDOUT_FILENO);
	dup2(ends[1], STDERR_FILENO);
	written = log_new();
	fprintf(log_output(written), "a table\n");
	errno = ENOENT;
	log_warn(written, "file %d", 1);
	_exit(errno == ENOENT ? 0 : 1);
}

static void
what_is_printed_is_in_order(void **state)
{
	char text[256];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(status_of(print_and_warn), 0);
	take(text, sizeof(text));
	assert_string_equal(text,
	    "a table\ntest_log: file 1: No such file or directory\n");
	close(ends[0]);
	close(ends[1]);
}

static void
meet_trouble(void)
{
	struct trouble trouble;
	uint64_t count = 0;
	babel_time now = SECOND, pause = 10 * MILLISECOND;
	int i;

	dup2(ends[1], STDERR_FILENO);
	written = log_new();
	trouble_init(&trouble, written, &count);
	if (trouble_waits(&trouble, now) || trouble_again(&trouble) != NEVER)
		_exit(1);
	for (i = 0; i < 100; i++) {
		trouble_met(&trouble, now, ENOMEM, "reading %s", "it");
		if (trouble_again(&trouble) != now + pause ||
		    !trouble_waits(&trouble, now + pause - 1) ||
		    trouble_waits(&trouble, now + pause))
			_exit(2);
		now += pause;
		pause = time_min(2 * pause, SECOND);
	}
	trouble_over(&trouble);
	if (trouble_waits(&trouble, now) || count != 100)
		_exit(3);
	/* To come and go again is no news within a minute. */
	trouble_met(&trouble, now, ENOMEM, "reading %s", "it");
	_exit(trouble_again(&trouble) == now + 10 * MILLISECOND ? 0 : 4);
}

static void
trouble_is_told_once_a_minute(void **state)
{
	char text[1024];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(status_of(meet_trouble), 0);
	take(text, sizeof(text));
	assert_string_equal(text,
	    "test_log: reading it: Cannot allocate memory\n"
	    "test_log: reading it: Cannot allocate memory (66 times)\n");
	close(ends[0]);
	close(ends[1]);
}

static char path[] = "/tmp/test_log.XXXXXX";

static void
write_to_a_file(void)
{
	written = log_new();
	if (log_open(written, path) < 0)
		_exit(1);
	log_note(written, LOG_NOTICE, "started by %s", "hand");
	log_warnx(written, "look out");
	errno = ENOENT;
	log_warn(written, "file");
	fprintf(log_output(written), "\nMy id\npart");
	fprintf(log_output(written), "ly\n");
	log_free(written);
	_exit(0);
}

/* Each line of a log file has its time and its severity. */
static void
lines_of_a_file_have_a_stamp(void **state)
{
	static const char *const expected[] = { "notice: started by hand",
		"warning: look out", "error: file: No such file or directory",
		"info: ", "info: My id", "info: partly" };
	char line[256], *rest;
	unsigned int i, digits;
	FILE *file;

	(void)state;
	close(mkstemp(path));
	assert_int_equal(status_of(write_to_a_file), 0);
	file = fopen(path, "r");
	assert_non_null(file);
	for (i = 0; fgets(line, sizeof(line), file) != NULL; i++) {
		assert_true(i < sizeof(expected) / sizeof(expected[0]));
		line[strcspn(line, "\n")] = '\0';
		rest = line + strlen("2026-12-01T02:00:00.000Z ");
		assert_int_equal(sscanf(line, "20%*2u-%*2u-%*2uT%*2u:%*2u:"
		    "%*2u.%3uZ", &digits), 1);
		assert_int_equal(rest[-2], 'Z');
		assert_string_equal(rest, expected[i]);
	}
	assert_int_equal(i, sizeof(expected) / sizeof(expected[0]));
	fclose(file);
	unlink(path);
}

static void
write_to_the_journal(void)
{
	struct stat status;
	char stream[64];

	dup2(ends[1], STDERR_FILENO);
	fstat(STDERR_FILENO, &status);
	snprintf(stream, sizeof(stream), "%llu:%llu",
	    (unsigned long long)status.st_dev,
	    (unsigned long long)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	written = log_new();
	log_warnx(written, "look out");
	log_note(written, LOG_DEBUG, "nothing");
	setenv("JOURNAL_STREAM", "1:2", 1);
	written = log_new();
	log_warnx(written, "another program's");
	_exit(0);
}

static void
lines_for_the_journal_have_a_priority(void **state)
{
	char text[256];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(status_of(write_to_the_journal), 0);
	take(text, sizeof(text));
	assert_string_equal(text, "<4>look out\n<7>nothing\n"
	    "test_log: another program's\n");
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_pipe_loses_lines),
		cmocka_unit_test(a_full_pipe_of_somebody_else_does),
		cmocka_unit_test(a_full_socket_does),
		cmocka_unit_test(what_is_printed_is_in_order),
		cmocka_unit_test(trouble_is_told_once_a_minute),
		cmocka_unit_test(lines_of_a_file_have_a_stamp),
		cmocka_unit_test(lines_for_the_journal_have_a_priority),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
