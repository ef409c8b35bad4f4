/*
 * test_state.c - when the state file is written, and what it holds.
 */
#include <sys/stat.h>

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "state.h"
#include "unit.h"

static char directory[64], path[PATH_MAX];
static char error[SYSTEM_ERROR_SIZE];

/* The path is in a directory that does not exist yet. */
static int
choose_path(void **state)
{
	(void)state;
	strlcpy(directory, "/tmp/babel-state-XXXXXX", sizeof(directory));
	if (mkdtemp(directory) == NULL || rmdir(directory) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/state", directory);
	return 0;
}

static int
remove_path(void **state)
{
	(void)state;
	unlink(path);
	rmdir(directory);
	return 0;
}

static struct system_state
what_is_there(void)
{
	struct system_state there;

	assert_int_equal(system_state_read(path, &there, error), 0);
	return there;
}

static struct system_state
seqno_is(uint16_t seqno)
{
	return (struct system_state){ .has_seqno = true, .seqno = seqno };
}

/* What failed is not done: the file is written as soon as that works, and
 * one failure is told once. */
static void
a_failed_write_is_repeated(void **state)
{
	struct system_state current = seqno_is(7);
	struct state_file file;
	babel_time now = SECOND;

	(void)state;
	assert_int_equal(state_open(&file, path, error), 0);
	assert_int_equal(state_keep(&file, &current, now, error), -1);
	assert_non_null(strstr(error, path));
	assert_int_equal(state_keep(&file, &current, now, error), 0);
	now += MINUTE;
	assert_int_equal(state_keep(&file, &current, now, error), 0);
	assert_false(file.stored.has_seqno);
	assert_int_equal(state_close(&file, &current, error), -1);
	assert_int_equal(mkdir(directory, 0700), 0);
	/* Not at once: whoever cannot write is not to do nothing else. */
	assert_int_equal(state_keep(&file, &current, now, error), 0);
	assert_false(what_is_there().has_seqno);
	now += MINUTE;
	assert_int_equal(state_keep(&file, &current, now, error), 0);
	assert_int_equal(what_is_there().seqno, 7 + 64);
	/* A router-id does not get lost either. */
	current.has_id = true;
	current.id = (struct router_id){ { 2, 0, 0, 0, 0, 0, 0, 1 } };
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
	assert_int_equal(state_keep(&file, &current, now, error), -1);
	assert_int_equal(mkdir(directory, 0700), 0);
	now += MINUTE;
	assert_int_equal(state_keep(&file, &current, now, error), 0);
	assert_true(what_is_there().has_id);
	current = seqno_is(9);
	assert_int_equal(state_close(&file, &current, error), 0);
	assert_true(what_is_there().has_id);
	assert_int_equal(what_is_there().seqno, 9);
}

static void
a_directory_is_told_once(void **state)
{
	struct system_state current = seqno_is(7);
	struct state_file file;
	babel_time now = SECOND;

	(void)state;
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(state_open(&file, path, error), -1);
	assert_non_null(strstr(error, path));
	assert_int_equal(state_keep(&file, &current, now, error), 0);
	assert_int_equal(rmdir(path), 0);
	now += MINUTE;
	assert_int_equal(state_keep(&file, &current, now, error), 0);
	assert_true(what_is_there().has_seqno);
	/* Again one, after it worked. */
	current.seqno = 1000;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(state_keep(&file, &current, now, error), -1);
	assert_int_equal(rmdir(path), 0);
}

struct run {
	struct state_file file;
	struct system_state current;
	babel_time now;
};

/* A seqno each so many microseconds for an hour: how often is it written?
 * At each moment the file is ahead. */
static unsigned int
writes_in_an_hour(struct run *run, babel_time step)
{
	babel_time end = run->now + 60 * MINUTE;
	uint16_t held = run->file.stored.seqno;
	unsigned int writes = 0;

	for (; run->now < end; run->now += step) {
		run->current.seqno++;
		assert_int_equal(state_keep(&run->file, &run->current,
		    run->now, error), 0);
		assert_false(seqno_less(run->file.stored.seqno,
		    run->current.seqno));
		writes += run->file.stored.seqno != held;
		held = run->file.stored.seqno;
	}
	assert_int_equal(what_is_there().seqno, held);
	return writes;
}

static void
haste_makes_blocks_grow(void **state)
{
	struct run run = { .current = seqno_is(65500), .now = SECOND };

	(void)state;
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(state_open(&run.file, path, error), 0);
	/* The most that the engine does for requests: a block of 64 would
	 * not last half a second. */
	assert_in_range(writes_in_an_hour(&run, SECOND / 160), 130, 160);
	assert_int_equal(run.file.block, 4096);
	/* About one a minute, and in the end no more than are needed. */
	assert_in_range(writes_in_an_hour(&run, SECOND / 4), 35, 70);
	(void)writes_in_an_hour(&run, 10 * SECOND);
	assert_in_range(writes_in_an_hour(&run, 10 * SECOND), 5, 6);
	assert_int_equal(run.file.block, 64);
}

static void
no_file_is_asked_for(void **state)
{
	struct system_state current = seqno_is(1);
	struct state_file file;

	(void)state;
	assert_int_equal(state_open(&file, NULL, error), 0);
	assert_int_equal(state_keep(&file, &current, SECOND, error), 0);
	assert_int_equal(state_close(&file, &current, error), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, choose_path, \
	remove_path)
	const struct CMUnitTest tests[] = {
		TEST(a_failed_write_is_repeated),
		TEST(a_directory_is_told_once),
		TEST(haste_makes_blocks_grow),
		TEST(no_file_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
