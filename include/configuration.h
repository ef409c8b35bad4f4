/*
 * configuration.h - text to values: the one grammar of file, command line
 * and local socket.  No files, no side effects.
 *
 * A struct configuration is built statement by statement, finished once,
 * and immutable from then on; a change is a changed copy that replaces
 * the old one whole.
 */
#ifndef CONFIGURATION_H
#define CONFIGURATION_H

#include "filter.h"
#include "mac.h"

/* A value that may be left to the next level of defaults. */
enum setting {
	SETTING_UNSET,			/* not mentioned */
	SETTING_AUTO,			/* "auto" or "default" was given */
	SETTING_FALSE,
	SETTING_TRUE,
};

enum interface_type {
	INTERFACE_UNSET,		/* not mentioned */
	INTERFACE_AUTO,
	INTERFACE_WIRED,
	INTERFACE_WIRELESS,
	INTERFACE_TUNNEL,
};

enum rtt_filter { RTT_FILTER_UNSET, RTT_FILTER_EWMA, RTT_FILTER_QUARTILE };

#define INTERFACE_NAME_MAX	255	/* patterns may be long */
#define UNSET			(-1)

/* What was given for one interface, or by "default" lines: not resolved. */
struct interface_conf {
	char name[INTERFACE_NAME_MAX + 1];	/* or a shell pattern */
	bool is_pattern;
	enum interface_type type;
	enum setting link_quality, split_horizon, enable_timestamps;
	enum setting unicast, rfc6126_compatible, v4_via_v6, probe_mtu;
	enum setting accept_bad_signatures, link_local_auto;
	babel_time hello_interval, update_interval;	/* 0: not set */
	int32_t rxcost;					/* or UNSET, as below */
	int32_t rtt_decay, max_rtt_penalty;
	babel_time rtt_min, rtt_max;			/* or UNSET */
	enum rtt_filter rtt_filter;
	char **keys;				/* ids, owned */
	size_t key_count;
	/* The keys themselves, borrowed, NULL-terminated; or NULL if there
	 * are none.  The array is owned, made by configuration_finish. */
	struct mac_key **resolved;
};

/* A declared unicast neighbour: "neighbour ADDRESS if NAME". */
struct neighbour_conf {
	struct in6_addr address;
	char ifname[IFNAME_SIZE];
};

/* One local server: a TCP port, or a path; neither when unused. */
struct server_conf {
	uint16_t port;
	char *path;
};

enum server_slot {
	SERVER_PORT, SERVER_PORT_READWRITE, SERVER_PATH, SERVER_PATH_READWRITE,
	SERVER_SLOTS
};

/* The global options.  Strings are owned; NULL: not set. */
struct options {
	struct in6_addr protocol_group;
	uint16_t protocol_port;
	uint32_t kernel_priority;
	bool reflect_kernel_metric;
	int64_t allow_duplicates;		/* kernel priority, or UNSET */
	bool random_id;
	enum setting ipv6_subtrees;
	int debug;
	struct server_conf servers[SERVER_SLOTS];
	uint32_t local_path_mode;		/* or 0: the umask's */
	char *local_path_group;
	uint32_t export_table;
	uint32_t *import_tables;
	size_t import_table_count;		/* 0: the main table */
	babel_time kernel_check_interval;	/* 0: never */
	babel_time shutdown_delay;
	bool link_detect;
	babel_time smoothing_half_life;		/* 0: no smoothing */
	bool daemonise;
	bool skip_kernel_setup;
	bool has_router_id;
	struct router_id router_id;
	char *state_file, *log_file, *pid_file;
	char *user;				/* to run as */
	bool log_neighbours;	/* log reachable and lost ones */
	uint32_t first_rule_priority, first_table_number;
	babel_time hello_interval_wireless, hello_interval_wired;
	bool all_wireless;			/* -w */
	bool no_split_horizon;			/* -s */
};

struct configuration {
	struct options options;
	uint64_t given;			/* bit n: option_fields[n] was given */
	char *files;			/* the files read, or NULL */
	struct interface_conf defaults;
	struct interface_conf *interfaces;	/* in order of first mention */
	size_t interface_count;
	struct neighbour_conf *neighbours;
	size_t neighbour_count;
	struct mac_key **keys;			/* each owned */
	char **key_files;		/* for each key: its file, or NULL */
	size_t key_count;
	struct filter filters[FILTER_CHAINS];
};

/* Where a text comes from, which decides what it may contain. */
enum configuration_context {
	CONTEXT_FILE,
	CONTEXT_COMMAND_LINE,		/* -C */
	CONTEXT_SOCKET,			/* a read-write local socket */
};

struct configuration_source {
	enum configuration_context context;
	const char *name;		/* for messages: file name, "-C" */
	/* Fetch the value of a key from a file: fill in key->value and
	 * key->length.  0, or -1 with the reason in error.  NULL: keys from
	 * files stay without value. */
	int (*load_key)(const char *path, struct mac_key *key, char *error,
	    size_t size);
};

/* The first thing wrong with a text: "FILE:LINE:COLUMN: ..." naming the
 * word and what was expected instead. */
#define CONFIGURATION_MESSAGE_MAX 1024
struct configuration_report {
	char error[CONFIGURATION_MESSAGE_MAX];
	/* The text was understood but could not be carried out: the local
	 * socket answers "no" instead of "bad". */
	bool refused;
	/* Called for each warning: about an obsolete word (once for each word
	 * and report), or a rule that can never match.  May be NULL. */
	void (*warn)(void *ctx, const char *message);
	/* Called for each line with an error; reading then goes on behind
	 * it.  NULL: stop at the first. */
	void (*each_error)(void *ctx, const char *message);
	void *ctx;
	uint32_t warned;		/* words that were warned about */
};

/* The built-in defaults; NULL for no memory. */
struct configuration *configuration_new(void);
struct configuration *configuration_copy(const struct configuration *);
void	configuration_free(struct configuration *);

/*
 * Apply a text to a configuration that is not finished.  0, or -1 with
 * report->error set; after an error the configuration must be thrown
 * away (callers amend a copy).  In CONTEXT_COMMAND_LINE the text must be
 * exactly one statement.  For CONTEXT_SOCKET see configuration_amend.
 */
int	configuration_read(struct configuration *, const char *text,
	    size_t len, const struct configuration_source *,
	    struct configuration_report *);
/*
 * Set one global option to a value, under the word of the language or as "-h",
 * "-H", "-w", "-s", which have none. origin names the value in messages.  0, or
 * -1 with report->error.
 */
int	configuration_set(struct configuration *, const char *word,
	    const char *value, const char *origin,
	    struct configuration_report *);
/* Add an interface without parameters, for an argument of the command line,
 * unless it is there already or a pattern matches it.  0, or -1 with
 * report->error. */
int	configuration_add_interface(struct configuration *, const char *name,
	    struct configuration_report *);
/* Check what can only be checked at the end, build indexes.  0, or -1
 * with report->error. */
int	configuration_finish(struct configuration *,
	    struct configuration_report *);

/*
 * The running configuration is that of the files and the command line with that
 * of the local socket on top.  Both layers are owned; the running one is made
 * from them.  At the start, socket is a new configuration, files is NULL, and
 * configuration_reload does the rest.
 */
struct configuration_layers {
	struct configuration *files, *socket;
};

/*
 * Carry out one request of a read-write local socket: any directive that may
 * change at run time, "flush interface NAME", "flush in" and so on.  Returns
 * the new configuration, finished and owned by the caller; or NULL with
 * report->error, and nothing has changed.  An error is answered "bad", or "no"
 * and the error if report->refused.  The socket's other verbs, such as
 * reopen-logfile, are not handled here.
 */
struct configuration *configuration_amend(struct configuration_layers *,
	    const char *text, size_t len,
	    const struct configuration_source *,
	    struct configuration_report *);
/* Replace the lower layer, which is taken over unless there is an error.
 * Returns the new configuration, finished and owned by the caller, or NULL as
 * above.  Options that cannot change while running keep their values; a warning
 * names each that the new files change. */
struct configuration *configuration_reload(struct configuration_layers *,
	    struct configuration *files, struct configuration_report *);

/* What the daemon has detected about a link. */
enum link_kind {
	LINK_UNKNOWN,			/* as wired, without split horizon */
	LINK_WIRED, LINK_WIRELESS, LINK_TUNNEL,
};

/* The parameters of one interface, all decided. */
struct interface_parameters {
	enum interface_type type;	/* WIRED, WIRELESS or TUNNEL */
	bool link_quality, split_horizon, enable_timestamps;
	bool unicast, rfc6126_compatible, v4_via_v6, probe_mtu;
	bool accept_bad_signatures, link_local_auto;
	uint16_t rxcost, rtt_decay, max_rtt_penalty;
	babel_time hello_interval, update_interval;
	babel_time rtt_min, rtt_max;
	enum rtt_filter rtt_filter;
	struct mac_key *const *keys;	/* borrowed; NULL-terminated, or NULL */
};

/*
 * The parameters of the interface of that name, merged from its own line (an
 * exact name beats a pattern, an earlier pattern a later one), the "default"
 * lines, the options and the kind of link.  False if the configuration does not
 * name the interface. v4_via_v6_default is the default for this kernel.
 */
bool	configuration_interface(const struct configuration *,
	    const char *name, enum link_kind, bool v4_via_v6_default,
	    struct interface_parameters *);

#endif
