/*
 * options.h - the command line and the files it names: from argv to one
 * finished configuration.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "configuration.h"

/*
 * Evaluate the command line: its options and -C statements from left to right,
 * then the -c files (or /etc/babeld.conf, if it exists), then the interfaces.
 * Returns a configuration, finished and the caller's.
 *
 * NULL means: exit with *status.  All messages have been printed to stderr then
 * (to stdout for --help and --version).
 */
struct configuration *options_read(int argc, char *const argv[], int *status);

/*
 * Evaluate the same command line again, files and all, for "reload".
 * Nothing is printed: NULL with report->error, and report->warn is called
 * for warnings.
 */
struct configuration *options_reload(int argc, char *const argv[],
	    struct configuration_report *);

/* For struct configuration_source: the key's value from a file of
 * hexadecimal digits that others cannot read. */
int	options_load_key(const char *path, struct mac_key *, char *error,
	    size_t size);

/* The files to use, defaults included; NULL for none. */
const char *options_state_file(const struct options *);
const char *options_log_file(const struct options *);
const char *options_pid_file(const struct options *);
/* The user to become, or NULL. */
const char *options_user(const struct options *);

#endif
