/*
 * test_options.c - the command line, the files it names, keys in files.
 */
#include "reading.h"

#include <sys/stat.h>

#include <unistd.h>

#include "options.h"

/* A file in the scratch directory; the name is the caller's to free. */
static char *
write_file(const char *text, mode_t mode)
{
	char *path = strdup("/tmp/babeld-test-XXXXXX");
	size_t len = strlen(text);
	int fd;

	assert_non_null(path);
	fd = mkstemp(path);
	assert_true(fd != -1);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static void
remove_file(char *path)
{
	unlink(path);
	free(path);
}

static char warning[512];		/* the last one */

static void
keep_warning(void *ctx, const char *message)
{
	(void)ctx;
	snprintf(warning, sizeof(warning), "%s", message);
}

/* Evaluate the arguments, up to NULL; printed, or the error.  The caller
 * frees it. */
static char *
evaluate(char *argument, ...)
{
	char name[] = "babeld", *argv[20] = { name };
	struct configuration_report report = { .warn = keep_warning };
	struct configuration *conf;
	char *result;
	va_list arguments;
	int argc = 1;

	warning[0] = '\0';
	va_start(arguments, argument);
	for (; argument != NULL; argument = va_arg(arguments, char *))
		argv[argc++] = argument;
	va_end(arguments);
	conf = options_reload(argc, argv, &report);
	result = conf != NULL ? configuration_print(conf) :
	    strdup(report.error);
	configuration_free(conf);
	assert_non_null(result);
	return result;
}

static void
check_result(char *result, const char *expected)
{
	assert_string_equal(result, expected);
	free(result);
}

#define ARGUMENT(literal) ((char[]){ literal })

static void
test_command_line(void **state)
{
	char *path = write_file("interface b rxcost 7\nrandom-id false\n"
	    "in metric 2\n", 0644);

	(void)state;
	check_result(evaluate(ARGUMENT("-c"), path, ARGUMENT("-mff02::9"),
	    ARGUMENT("a"), ARGUMENT("-wslrDp7"), ARGUMENT("-k0"),
	    ARGUMENT("-T5"), ARGUMENT("-T0x10"), ARGUMENT("-t 7 "),
	    ARGUMENT("-Cin metric 1"), ARGUMENT("-g1"), ARGUMENT("-G/s"),
	    ARGUMENT("-h.5"), ARGUMENT("-I"), ARGUMENT(""), ARGUMENT("--"),
	    ARGUMENT("-a"), NULL),
	    "protocol-group ff02::9\nprotocol-port 7\nkernel-priority 0\n"
	    "random-id false\nlocal-port 1\nlocal-path-readwrite /s\n"
	    "export-table 7\nlink-detect true\ndaemonise true\n"
	    "pid-file \"\"\n# -h 0.500\n# -w true\n# -s true\n"
	    "import-table 5\nimport-table 16\ndefault\n"
	    "interface b rxcost 7\ninterface a\ninterface -a\n"
	    "in metric 1\nin metric 2\n");
	check_result(evaluate(ARGUMENT("-c"), path, ARGUMENT("-M0"),
	    ARGUMENT("-A9"), ARGUMENT("-d5"), ARGUMENT("-S"), ARGUMENT("s"),
	    ARGUMENT("-Ll"), ARGUMENT("-u"), ARGUMENT("-z3,4"),
	    ARGUMENT("-H2"), ARGUMENT("--user"), ARGUMENT("u"), NULL),
	    "allow-duplicates 9\nrandom-id false\ndebug 5\n"
	    "smoothing-half-life 0\nstate-file s\nlog-file l\nuser u\n"
	    "# -H 2.000\n"
	    "default\ninterface b rxcost 7\nin metric 2\n");
	remove_file(path);
}

static void
test_command_line_errors(void **state)
{
	char *path = write_file("interface b\nfoo", 0644), expected[100];

	(void)state;
	check_result(evaluate(ARGUMENT("-p"), ARGUMENT("65536"), NULL),
	    "-p: 65536: expected a number from 1 to 65535");
	check_result(evaluate(ARGUMENT("-m"), ARGUMENT("fe80::1"), NULL),
	    "-m: fe80::1: expected an IPv6 multicast address");
	check_result(evaluate(ARGUMENT("-g"), ARGUMENT("x"), NULL),
	    "-g: x: expected a number from 1 to 65535");
	check_result(evaluate(ARGUMENT("-C"), ARGUMENT("foo"), NULL),
	    "-C:1:1: foo: expected a directive; in \"foo\"");
	check_result(evaluate(ARGUMENT("-i"), NULL), "wrong command line");
	check_result(evaluate(ARGUMENT("-p"), NULL), "wrong command line");
	check_result(evaluate(ARGUMENT("-c"), ARGUMENT("/nonexistent"), NULL),
	    "/nonexistent: No such file or directory");
	snprintf(expected, sizeof(expected), "%s:2:1: foo: expected a "
	    "directive", path);
	check_result(evaluate(ARGUMENT("-c"), path, NULL), expected);
	/* A directory counts as an empty file, as ever. */
	check_result(evaluate(ARGUMENT("-c"), ARGUMENT("/"), ARGUMENT("a"),
	    NULL), "default\ninterface a\n");
	remove_file(path);
}

static void
test_command_line_warnings(void **state)
{
	(void)state;
	/* Quoted once too often. */
	check_result(evaluate(ARGUMENT("eth0 eth1"), NULL),
	    "default\ninterface \"eth0 eth1\"\n");
	assert_string_equal(warning, "warning: eth0 eth1: no interface can "
	    "have this name: it has up to 15 bytes, no blank, '/' or ':'");
	check_result(evaluate(ARGUMENT("eth0"), ARGUMENT("wg *"), NULL),
	    "default\ninterface eth0\ninterface \"wg *\"\n");
	assert_string_equal(warning, "");
	check_result(evaluate(ARGUMENT("-mff05::1"), ARGUMENT("a"), NULL),
	    "protocol-group ff05::1\ndefault\ninterface a\n");
	assert_string_equal(warning, "warning: ff05::1: not a link-local "
	    "multicast address");
	check_result(evaluate(ARGUMENT("-u"), ARGUMENT("a"), NULL),
	    "default\ninterface a\n");
	assert_string_equal(warning, "warning: -u: is obsolete and does "
	    "nothing");
}

static void
test_key_files(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		int length;		/* or -1 */
	} cases[] = {
		{ "00ff", 0600, 2 }, { " 00ff\n", 0640, 2 }, { "", 0600, 0 },
		{ "00ff", 0604, -1 }, { "00ff", 0602, -1 },
		{ "00f", 0600, -1 }, { "00 ff", 0600, -1 },
		{ "00fg", 0600, -1 },
	};
	struct mac_key key;
	char error[200], *path;
	size_t i;
	int result;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&key, 0, sizeof(key));
		path = write_file(cases[i].text, cases[i].mode);
		result = options_load_key(path, &key, error, sizeof(error));
		assert_int_equal(result == -1 ? -1 : key.length,
		    cases[i].length);
		remove_file(path);
	}
	assert_int_equal(options_load_key("/nonexistent", &key, error,
	    sizeof(error)), -1);
	assert_string_equal(error, "No such file or directory");
	assert_int_equal(options_load_key("/dev/zero", &key, error,
	    sizeof(error)), -1);
	assert_string_equal(error, "expected a regular file");
}

static void
test_key_file_statement(void **state)
{
	char *good = write_file("00ff\n", 0600), *bad = write_file("00", 0644);
	char statement[200], expected[200];

	(void)state;
	snprintf(statement, sizeof(statement),
	    "-Ckey id a type hmac-sha256 file %s", good);
	snprintf(expected, sizeof(expected),
	    "key id a type hmac-sha256 file %s\ndefault\n", good);
	check_result(evaluate(ARGUMENT("-c/dev/null"), statement, NULL),
	    expected);
	snprintf(statement, sizeof(statement),
	    "-Ckey id a type hmac-sha256 file %s", bad);
	snprintf(expected, sizeof(expected), "-C:1:32: %s: expected a file "
	    "that others can neither read nor write", bad);
	check_result(evaluate(ARGUMENT("-c/dev/null"), statement, NULL),
	    expected);
	remove_file(good);
	remove_file(bad);
}

static void
test_file_names(void **state)
{
	struct configuration *conf = must_read("");

	(void)state;
	assert_string_equal(options_state_file(&conf->options),
	    "/var/lib/babel-state");
	assert_string_equal(options_pid_file(&conf->options),
	    "/var/run/babeld.pid");
	assert_null(options_log_file(&conf->options));
	conf->options.daemonise = true;
	assert_string_equal(options_log_file(&conf->options),
	    "/var/log/babeld.log");
	configuration_free(conf);
	conf = must_read("state-file \"\"\npid-file \"\"\nlog-file l");
	assert_null(options_state_file(&conf->options));
	assert_null(options_pid_file(&conf->options));
	assert_string_equal(options_log_file(&conf->options), "l");
	configuration_free(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_command_line_errors),
		cmocka_unit_test(test_command_line_warnings),
		cmocka_unit_test(test_key_files),
		cmocka_unit_test(test_key_file_statement),
		cmocka_unit_test(test_file_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
