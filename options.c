/*
 * options.c - the command line and the files it names.
 *
 * Options are set by the words of the configuration language, so that a value
 * has one meaning and one range wherever it is given.  The order is that of
 * babeld 1.14: options and -C statements from left to right, then the files,
 * which therefore override them, then the interfaces.  Nothing of this is kept:
 * "reload" goes through the same command line again.
 */
#include "options.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "configuration.h"
#include "mac.h"
#include "pattern.h"
#include "token.h"

#define DEFAULT_FILE	"/etc/babeld.conf"
#define FILE_SIZE_MAX	((size_t)64 << 20)
#define KEY_SIZE_MAX	4096

#define OPTION_STRING \
	"m:p:h:H:M:k:A:d:g:G:t:T:c:C:L:I:S:z:lwsrDVu"

enum long_option {
	OPTION_HELP = 256, OPTION_VERSION, OPTION_CHECK, OPTION_USER
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "user", required_argument, NULL, OPTION_USER },
	{ NULL, 0, NULL, 0 },
};

/* Option letters and the words of the language that mean the same. */
static const struct {
	char letter;
	bool is_flag;			/* takes no value: "true" */
	const char *word;
} letters[] = {
	{ 'm', false, "protocol-group" },
	{ 'p', false, "protocol-port" },
	{ 'S', false, "state-file" },
	{ 'h', false, "-h" },
	{ 'H', false, "-H" },
	{ 'M', false, "smoothing-half-life" },
	{ 'k', false, "kernel-priority" },
	{ 'A', false, "allow-duplicates" },
	{ 'd', false, "debug" },
	{ 't', false, "export-table" },
	{ 'T', false, "import-table" },
	{ 'L', false, "log-file" },
	{ 'I', false, "pid-file" },
	{ 'l', true, "link-detect" },
	{ 'w', true, "-w" },
	{ 's', true, "-s" },
	{ 'r', true, "random-id" },
	{ 'D', true, "daemonise" },
};
#define LETTERS	(sizeof(letters) / sizeof(letters[0]))

/* One evaluation of a command line. */
struct evaluation {
	int argc;
	char **argv;			/* a copy, because getopt reorders it */
	struct configuration *conf;
	struct configuration_report *report;
	const char **files;
	size_t file_count;
	bool failed;			/* an error was reported */
	bool wrong_usage;		/* ... of an option */
	bool getopt_complained;		/* ... and printed already */
	bool obsolete;			/* -u or -z was given */
	int verb;			/* 'V', OPTION_*, or 0: run */
};

static const char version[] = "babeld-" VERSION;

static const char usage[] =
    "usage: babeld [option ...] [--] interface ...\n"
    "\n"
    "  -m ADDRESS    multicast group (ff02::1:6)\n"
    "  -p PORT       UDP port (6696)\n"
    "  -h SECONDS    hello interval on wireless interfaces (4)\n"
    "  -H SECONDS    hello interval on other interfaces (4)\n"
    "  -M SECONDS    half-life of the smoothing of metrics (4; 0: none)\n"
    "  -k PRIORITY   priority of the routes installed (0)\n"
    "  -t TABLE      routing table to install into (254)\n"
    "  -T TABLE      routing table to redistribute from, repeatable (254)\n"
    "  -A PRIORITY   allow duplicates of external routes from that priority\n"
    "  -l            use an interface only while it has carrier\n"
    "  -w            take all interfaces for wireless\n"
    "  -s            no split horizon on wired interfaces\n"
    "  -r            random router-id\n"
    "  -c FILE       configuration file, repeatable (/etc/babeld.conf)\n"
    "  -C STATEMENT  one line of configuration, repeatable\n"
    "  -g PORT|PATH  local server, read-only\n"
    "  -G PORT|PATH  local server, read-write\n"
    "  -S FILE       state file (/var/lib/babel-state)\n"
    "  -I FILE       pid file, \"\" for none (/var/run/babeld.pid)\n"
    "  -L FILE       log file\n"
    "  -d LEVEL      debug level (0)\n"
    "  -D            run in the background\n"
    "  -V            print the version and exit\n"
    "  --user NAME   run as that user\n"
    "  --check       read the configuration, print all errors and exit\n"
    "  --version, --help\n";

/* Messages. */

static void
fail(struct evaluation *e, const char *message)
{
	if (e->report->error[0] == '\0')
		snprintf(e->report->error, sizeof(e->report->error), "%s",
		    message);
	if (e->report->each_error != NULL)
		e->report->each_error(e->report->ctx, message);
	e->failed = true;
}

static void
fail_errno(struct evaluation *e, const char *path, int error)
{
	char message[512];

	snprintf(message, sizeof(message), "%.400s: %s", path,
	    strerror(error));
	fail(e, message);
}

static void
warn(struct evaluation *e, const char *subject, const char *what)
{
	char message[512];

	if (e->report->warn == NULL)
		return;
	snprintf(message, sizeof(message), "warning: %.400s: %s", subject,
	    what);
	e->report->warn(e->report->ctx, message);
}

static void
print_to_stderr(void *ctx, const char *message)
{
	(void)ctx;
	fprintf(stderr, "babeld: %s\n", message);
}

/* Files. */

struct contents {
	char *bytes;
	size_t len;
};

/* Read to the end: 0, or an errno. */
static int
read_to_end(int fd, size_t max, struct contents *contents)
{
	size_t size = 0;
	ssize_t n;
	char *bytes;

	for (;;) {
		if (contents->len == size) {
			size = size == 0 ? 4096 : 2 * size;
			bytes = realloc(contents->bytes, size);
			if (bytes == NULL)
				return ENOMEM;
			contents->bytes = bytes;
		}
		n = read(fd, contents->bytes + contents->len,
		    size - contents->len);
		if (n == 0)
			return 0;
		if (n > 0)
			contents->len += (size_t)n;
		else if (errno != EINTR)
			return errno;
		if (contents->len > max)
			return EFBIG;
	}
}

/* The text may contain keys. */
static void
contents_free(struct contents *contents)
{
	if (contents->bytes != NULL)
		explicit_bzero(contents->bytes, contents->len);
	free(contents->bytes);
}

/* 0, or an errno. */
static int
read_path(const char *path, struct contents *contents)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int error;

	if (fd == -1)
		return errno;
	error = read_to_end(fd, FILE_SIZE_MAX, contents);
	close(fd);
	return error;
}

/* The statements report their own errors, those of -C too. */
static void
read_text(struct evaluation *e, const char *text, size_t len,
    const struct configuration_source *source)
{
	struct configuration_report report = *e->report;

	if (configuration_read(e->conf, text, len, source, &report) == -1) {
		e->failed = true;
		if (e->report->error[0] == '\0')
			memcpy(e->report->error, report.error,
			    sizeof(report.error));
	}
	e->report->warned = report.warned;
}

/* Without memory the name is missing from the log. */
static void
note_file(struct configuration *conf, const char *path)
{
	char *files;

	if (asprintf(&files, "%s%s%s", conf->files != NULL ? conf->files : "",
	    conf->files != NULL ? ", " : "", path) < 0)
		return;
	free(conf->files);
	conf->files = files;
}

static void
read_file(struct evaluation *e, const char *path, bool may_be_absent)
{
	const struct configuration_source source = {
		CONTEXT_FILE, path, options_load_key
	};
	struct contents contents = { .bytes = NULL };
	int error = read_path(path, &contents);

	if (error == EISDIR)
		warn(e, path, "is a directory, taken for an empty file");
	else if (error == 0) {
		note_file(e->conf, path);
		read_text(e, contents.bytes, contents.len, &source);
	} else if (error != ENOENT || !may_be_absent)
		fail_errno(e, path, error);
	contents_free(&contents);
}

/* Digits with blanks and line ends around them. */
static int
parse_key(char *text, struct mac_key *key)
{
	static const char blanks[] = " \t\r\n";
	size_t len = sizeof(key->value);
	char *digits = text + strspn(text, blanks);
	char *end = digits + strcspn(digits, blanks);

	if (end[strspn(end, blanks)] != '\0')
		return -1;
	*end = '\0';
	if (token_hex(digits, key->value, &len) == -1)
		return -1;
	key->length = (uint8_t)len;
	return 0;
}

static const char *
read_key(int fd, struct mac_key *key)
{
	struct contents contents = { .bytes = NULL };
	const char *wrong = NULL;
	struct stat status;
	char text[KEY_SIZE_MAX + 1];
	int error;

	if (fstat(fd, &status) == -1)
		return strerror(errno);
	if (!S_ISREG(status.st_mode))
		return "expected a regular file";
	if (status.st_mode & (S_IROTH | S_IWOTH))
		return "expected a file that others can neither read nor write";
	if ((error = read_to_end(fd, KEY_SIZE_MAX, &contents)) != 0) {
		wrong = strerror(error);
	} else {
		memcpy(text, contents.bytes, contents.len);
		text[contents.len] = '\0';
		if (strlen(text) != contents.len || parse_key(text, key) == -1)
			wrong = "expected a file of hexadecimal digits";
		explicit_bzero(text, sizeof(text));
	}
	contents_free(&contents);
	return wrong;
}

int
options_load_key(const char *path, struct mac_key *key, char *error,
    size_t size)
{
	/* Opening a pipe must not block. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *wrong;

	wrong = fd == -1 ? strerror(errno) : read_key(fd, key);
	if (fd != -1)
		close(fd);
	if (wrong == NULL)
		return 0;
	snprintf(error, size, "%s", wrong);
	return -1;
}

/* Options. */

static void
set(struct evaluation *e, const char *word, const char *value,
    const char *origin)
{
	struct configuration_report report = { .warn = NULL };

	if (configuration_set(e->conf, word, value, origin, &report) == 0)
		return;
	fail(e, report.error);
	e->wrong_usage = true;
}

static void
set_letter(struct evaluation *e, int letter)
{
	const char origin[] = { '-', (char)letter, '\0' };
	size_t i = 0;

	while (i < LETTERS && letters[i].letter != letter)
		i++;
	if (i < LETTERS) {
		set(e, letters[i].word, letters[i].is_flag ? "true" : optarg,
		    origin);
	} else {
		/* getopt has printed what is wrong. */
		if (e->report->error[0] == '\0')
			snprintf(e->report->error, sizeof(e->report->error),
			    "wrong command line");
		e->failed = e->wrong_usage = e->getopt_complained = true;
	}
}

static void
warn_of_group(struct evaluation *e)
{
	if (!e->failed &&
	    !IN6_IS_ADDR_MC_LINKLOCAL(&e->conf->options.protocol_group))
		warn(e, optarg, "not a link-local multicast address");
}

static void
warn_of_obsolete(struct evaluation *e, int letter)
{
	if (!e->obsolete)
		warn(e, letter == 'u' ? "-u" : "-z",
		    "is obsolete and does nothing");
	e->obsolete = true;
}

static void
read_option(struct evaluation *e, int option)
{
	const struct configuration_source source = {
		CONTEXT_COMMAND_LINE, "-C", options_load_key
	};

	switch (option) {
	case 'c':
		e->files[e->file_count++] = optarg;
		break;
	case 'C':
		read_text(e, optarg, strlen(optarg), &source);
		break;
	case 'g':
		set(e, *optarg == '/' ? "local-path" : "local-port", optarg,
		    "-g");
		break;
	case 'G':
		set(e, *optarg == '/' ? "local-path-readwrite" :
		    "local-port-readwrite", optarg, "-G");
		break;
	case OPTION_USER:
		set(e, "user", optarg, "--user");
		break;
	case 'u':
	case 'z':
		warn_of_obsolete(e, option);
		break;
	case 'V':
	case OPTION_HELP:
	case OPTION_VERSION:
	case OPTION_CHECK:
		if (e->verb == 0 || e->verb == OPTION_CHECK)
			e->verb = option;
		break;
	default:
		set_letter(e, option);
		if (option == 'm')
			warn_of_group(e);
		break;
	}
}

/* Only with --check, each error is printed as it is found, and all of them are
 * looked for. */
static bool
must_stop(const struct evaluation *e)
{
	return e->failed && e->report->each_error == NULL;
}

static void
read_command_line(struct evaluation *e)
{
	int option;

	optind = 0;		/* start over, as glibc defines it */
	while (!must_stop(e) && (option = getopt_long(e->argc, e->argv,
	    OPTION_STRING, long_options, NULL)) != -1) {
		read_option(e, option);
		if (option == 'V')
			return;
	}
}

static void
read_files(struct evaluation *e)
{
	size_t i;

	if (e->file_count == 0)
		read_file(e, DEFAULT_FILE, true);
	for (i = 0; i < e->file_count && !must_stop(e); i++)
		read_file(e, e->files[i], false);
}

/* A configuration file that is given as the log file would be spoilt. */
static void
check_log_file(struct evaluation *e)
{
	char message[CONFIGURATION_MESSAGE_MAX];
	const char *path = options_log_file(&e->conf->options);
	struct stat log, file;
	size_t i;

	if (path == NULL || stat(path, &log) < 0 || !S_ISREG(log.st_mode))
		return;
	for (i = 0; i == 0 || i < e->file_count; i++) {
		if (stat(e->file_count == 0 ? DEFAULT_FILE : e->files[i],
		    &file) < 0 || file.st_dev != log.st_dev ||
		    file.st_ino != log.st_ino)
			continue;
		snprintf(message, sizeof(message),
		    "log file %.300s: is a configuration file", path);
		fail(e, message);
		return;
	}
}

static void
add_interface(struct evaluation *e, const char *name)
{
	struct configuration_report report = { .warn = NULL };

	if (configuration_add_interface(e->conf, name, &report) == -1)
		fail(e, report.error);
	else if (!pattern_is_special(name) && !pattern_is_name(name))
		warn(e, name, PATTERN_NO_NAME);
}

static void
add_interfaces(struct evaluation *e)
{
	int i;

	for (i = optind; i < e->argc && !must_stop(e); i++)
		add_interface(e, e->argv[i]);
}

static void
finish(struct evaluation *e)
{
	struct configuration_report report = *e->report;

	if (configuration_finish(e->conf, &report) == -1)
		fail(e, report.error);
}

static bool
begin(struct evaluation *e, int argc, char *const argv[])
{
	size_t size = (size_t)argc + 1;

	e->argc = argc;
	e->conf = configuration_new();
	e->argv = calloc(size, sizeof(*e->argv));
	e->files = calloc(size, sizeof(*e->files));
	if (e->conf == NULL || e->argv == NULL || e->files == NULL) {
		fail(e, "out of memory");
		return false;
	}
	memcpy(e->argv, argv, (size_t)argc * sizeof(*e->argv));
	return true;
}

/* The configuration, unless it is wrong. */
static struct configuration *
end(struct evaluation *e)
{
	free(e->argv);
	free(e->files);
	if (!e->failed && e->conf != NULL)
		return e->conf;
	configuration_free(e->conf);
	return NULL;
}

/* Everything except the verbs. */
static void
evaluate(struct evaluation *e)
{
	read_command_line(e);
	if (must_stop(e) || (e->verb != 0 && e->verb != OPTION_CHECK))
		return;
	read_files(e);
	if (!must_stop(e))
		add_interfaces(e);
	if (!must_stop(e))
		check_log_file(e);
	if (!e->failed)
		finish(e);
}

struct configuration *
options_reload(int argc, char *const argv[],
    struct configuration_report *report)
{
	struct evaluation e = { .report = report };

	report->error[0] = '\0';
	opterr = 0;
	if (begin(&e, argc, argv))
		evaluate(&e);
	return end(&e);
}

/* Is --check among the options?  It changes how errors are reported, also for
 * the options before it. */
static bool
asks_for_check(int argc, char **argv)
{
	bool found = false;
	int option;

	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, OPTION_STRING, long_options,
	    NULL)) != -1)
		if (option == OPTION_CHECK)
			found = true;
	opterr = 1;
	return found;
}

/* Print the final message; returns the exit status, or -1 to run. */
static int
conclude(const struct evaluation *e)
{
	if (e->verb == 'V') {
		fprintf(stderr, "%s\n", version);
		return 0;
	}
	if (e->wrong_usage) {
		fprintf(stderr, "%s\n%s", version, usage);
		return 1;
	}
	if (e->verb == OPTION_VERSION)
		return printf("%s\n", version) < 0;
	if (e->verb == OPTION_HELP)
		return printf("%s\n%s", version, usage) < 0;
	if (e->failed)
		return 1;
	return e->verb == OPTION_CHECK ? 0 : -1;
}

struct configuration *
options_read(int argc, char *const argv[], int *status)
{
	struct configuration_report report = { .warn = print_to_stderr };
	struct evaluation e = { .report = &report };
	struct configuration *conf;

	if (begin(&e, argc, argv)) {
		if (asks_for_check(argc, e.argv))
			report.each_error = print_to_stderr;
		evaluate(&e);
		if (!e.failed && (e.verb == 0 || e.verb == OPTION_CHECK) &&
		    e.conf->interface_count == 0)
			fail(&e, "no interface to run on: name one on the "
			    "command line or in a file");
	}
	if (e.failed && !e.getopt_complained && report.each_error == NULL)
		print_to_stderr(NULL, report.error);
	*status = conclude(&e);
	conf = end(&e);
	if (*status == -1)
		return conf;
	configuration_free(conf);
	return NULL;
}

const char *
options_state_file(const struct options *options)
{
	if (options->state_file == NULL)
		return "/var/lib/babel-state";
	return *options->state_file == '\0' ? NULL : options->state_file;
}

const char *
options_log_file(const struct options *options)
{
	if (options->log_file == NULL)
		return options->daemonise ? "/var/log/babeld.log" : NULL;
	return *options->log_file == '\0' ? NULL : options->log_file;
}

const char *
options_pid_file(const struct options *options)
{
	if (options->pid_file == NULL)
		return "/var/run/babeld.pid";
	return *options->pid_file == '\0' ? NULL : options->pid_file;
}

const char *
options_user(const struct options *options)
{
	return options->user == NULL || *options->user == '\0' ? NULL :
	    options->user;
}
