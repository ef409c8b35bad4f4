/*
 * fuzz_arguments.c - the command line, an argument to a line, with files
 * that may be named in it: what it yields is finished, can be printed, and
 * reloads to the same; what it refuses has a reason.
 *
 * A line that is "---" alone ends the arguments; what follows is in the file
 * "conf", and after another one, in the file "key".  Arguments with a slash are
 * left out, so that nothing but these two files is read.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/printing.h"
#include "options.h"

#define ARGUMENTS_MAX	64

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char directory[64];		/* of this process */
static int there = -1, here = -1;	/* it, and where we were started */

static void
check(bool condition, const char *what, const char *text)
{
	if (condition)
		return;
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

static void
remove_directory(void)
{
	(void)unlinkat(there, "conf", 0);
	(void)unlinkat(there, "key", 0);
	(void)rmdir(directory);
}

static void
make_directory(void)
{
	snprintf(directory, sizeof(directory), "%s/babeld-fuzz-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	check(mkdtemp(directory) != NULL, "no directory", directory);
	there = open(directory, O_RDONLY | O_DIRECTORY);
	here = open(".", O_RDONLY | O_DIRECTORY);
	check(there >= 0 && here >= 0, "no directory", directory);
	atexit(remove_directory);
}

static void
fill(const char *name, const char *text)
{
	int fd = openat(there, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	size_t len = strlen(text);

	check(fd >= 0 && write(fd, text, len) == (ssize_t)len, "file", name);
	close(fd);
}

/* The text behind the next "---"; it ends the one before. */
static char *
part(char *text)
{
	char *mark = strstr(text, "---\n");

	if (mark == NULL)
		return text + strlen(text);
	*mark = '\0';
	return mark + 4;
}

static void
use_message(void *ctx, const char *message)
{
	size_t *count = ctx;

	*count += strlen(message) > 0;
}

static void
try(int argc, char *argv[])
{
	size_t warnings = 0;
	struct configuration_report report = { .warn = use_message,
		.ctx = &warnings };
	struct configuration *conf = options_reload(argc, argv, &report);
	struct configuration *again;
	char *printed, *same;

	if (conf == NULL) {
		check(report.error[0] != '\0', "no reason", argv[argc - 1]);
		return;
	}
	check(options_state_file(&conf->options) == NULL ||
	    *options_state_file(&conf->options) != '\0', "state file", "");
	check(options_pid_file(&conf->options) == NULL ||
	    *options_pid_file(&conf->options) != '\0', "pid file", "");
	check(options_log_file(&conf->options) == NULL ||
	    *options_log_file(&conf->options) != '\0', "log file", "");
	check(options_user(&conf->options) == NULL ||
	    *options_user(&conf->options) != '\0', "user", "");
	again = options_reload(argc, argv, &report);
	check(again != NULL, "not twice", report.error);
	printed = configuration_print(conf);
	same = configuration_print(again);
	check(strcmp(printed, same) == 0, "not the same", printed);
	free(printed);
	free(same);
	configuration_free(conf);
	configuration_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char name[] = "babeld";
	char *argv[ARGUMENTS_MAX + 1] = { name };
	char *text = malloc(size + 1), *rest = text, *line;
	int argc = 1;

	check(text != NULL, "memory", "");
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (directory[0] == '\0')
		make_directory();
	line = part(text);
	fill("key", part(line));
	fill("conf", line);
	while (argc < ARGUMENTS_MAX && (line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0' && strchr(line, '/') == NULL)
			argv[argc++] = line;
	check(fchdir(there) == 0, "chdir", directory);
	try(argc, argv);
	check(fchdir(here) == 0, "chdir", ".");
	free(text);
	return 0;
}
