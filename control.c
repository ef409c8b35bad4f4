/*
 * control.c - changes while the daemon runs: its configuration, its log file
 * and its state file, and when the kernel's tables are checked and links are
 * given addresses.
 */
#include "daemon.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "babel.h"
#include "clock.h"
#include "configuration.h"
#include "install.h"
#include "instance.h"
#include "interface.h"
#include "kernel.h"
#include "local.h"
#include "log.h"
#include "manager.h"
#include "options.h"
#include "prefix.h"
#include "rule.h"
#include "state.h"
#include "system.h"
#include "token.h"
#include "util.h"

/* A link that comes up may be given an address by the kernel in a moment. */
#define ADDRESS_PATIENCE (100 * MILLISECOND)

/* All tables have just been asked for. */
static void
plan_check(struct daemon *daemon, babel_time now)
{
	babel_time interval = daemon->conf->options.kernel_check_interval;

	daemon->next_check = interval == 0 ? NEVER : now + interval;
}

void
control_check_kernel(struct daemon *daemon, babel_time now)
{
	plan_check(daemon, now);
	if (kernel_resync(daemon->kernel) < 0)
		log_warn(daemon->log, "asking the kernel for its tables");
}

/* A link that could be used, except that it has no link-local address. */
static bool
is_bare(const struct link_state *link)
{
	return link->up && link->carrier && link->link_local_count == 0;
}

static void
provide_address(struct daemon *daemon, const struct link_state *link)
{
	struct router_id id = babel_router_id(daemon->babel);
	struct in6_addr address = address_link_local(&id, link->name);
	char text[ADDRESS_STRLEN];
	int error;

	error = address_add(&daemon->addresses, daemon->kernel,
	    link->ifindex, &address);
	if (error != 0)
		log_warnx(daemon->log, "interface %s: adding %s: %s",
		    link->name, address_format(&address, text),
		    error == EACCES ?
		    "IPv6 is disabled there" : strerror(error));
}

void
control_expect_addresses(struct daemon *daemon, babel_time now)
{
	daemon->next_address = time_min(daemon->next_address,
	    now + ADDRESS_PATIENCE);
}

/* Is the link to have an address of ours where it has none? */
static bool
is_to_have_address(const struct daemon *daemon, const struct link_state *link)
{
	struct interface_parameters conf;

	return configuration_interface(daemon->conf, link->name, link->kind,
	    false, &conf) && conf.link_local_auto;
}

static bool
is_wanted_address(void *ctx, unsigned int ifindex)
{
	const struct daemon *daemon = ctx;
	const struct interface *ifp = interface_find(daemon->babel, ifindex);

	return ifp != NULL && is_to_have_address(daemon, &ifp->link);
}

void
control_settle_addresses(struct daemon *daemon, babel_time now)
{
	const struct interface *ifp;

	daemon->next_address = NEVER;
	address_keep(&daemon->addresses, daemon->kernel, is_wanted_address,
	    daemon);
	TAILQ_FOREACH(ifp, &daemon->babel->interfaces, entry) {
		if (!is_bare(&ifp->link) ||
		    !is_to_have_address(daemon, &ifp->link))
			continue;
		if (address_is_coming(ifp->link.ifindex))
			daemon->next_address = now + ADDRESS_PATIENCE;
		else
			provide_address(daemon, &ifp->link);
	}
}

/* The tables to watch: the import tables, and the main table, whose routes of
 * others must not be hidden. */
static size_t
watch_tables(struct daemon *daemon, const struct options *options)
{
	size_t count = options->import_table_count, i;
	uint32_t *tables = reallocarray(daemon->watched, count + 1,
	    sizeof(*tables));

	if (tables == NULL)
		return 0;		/* the main table alone */
	if (count > 0)
		memcpy(tables, options->import_tables,
		    count * sizeof(*tables));
	daemon->watched = tables;
	for (i = 0; i < count; i++)
		if (tables[i] == RT_TABLE_MAIN)
			return count;
	tables[count] = RT_TABLE_MAIN;
	return count + 1;
}

struct kernel_conf
control_kernel_conf(struct daemon *daemon, const struct options *options)
{
	size_t count = watch_tables(daemon, options);

	return (struct kernel_conf){
		.import_tables = daemon->watched,
		.import_table_count = count,
		.link_detect = options->link_detect,
		.sysfs = "/sys",
	};
}

/* A file that cannot be opened leaves the log where it was. */
void
control_reopen_log(struct daemon *daemon)
{
	const char *path = options_log_file(&daemon->conf->options);

	if (path != NULL && log_open(daemon->log, path) < 0)
		log_warn(daemon->log, "log file %s", path);
}

/* Use another configuration from now on. */
static void
adopt(struct daemon *daemon, struct configuration *conf)
{
	struct configuration *old = daemon->conf;
	struct kernel_conf kernel = control_kernel_conf(daemon, &conf->options);

	daemon->conf = conf;
	babel_configure(daemon->babel, clock_monotonic(), conf);
	if (!strings_equal(options_log_file(&old->options),
	    options_log_file(&conf->options)))
		control_reopen_log(daemon);
	configuration_free(old);
	install_use(daemon->install, conf);
	rules_reserve(daemon->rules, conf->options.import_tables,
	    conf->options.import_table_count);
	if (kernel_configure(daemon->kernel, &kernel) < 0)
		log_warn(daemon->log, "asking the kernel for its tables");
	plan_check(daemon, clock_monotonic());
	control_expect_addresses(daemon, clock_monotonic());
}

static void
log_warning(void *ctx, const char *message)
{
	struct daemon *daemon = ctx;

	log_warnx(daemon->log, "%s", message);
}

static enum local_reply
read_files_again(struct daemon *daemon, struct configuration_report *report)
{
	struct configuration *files, *conf;

	report->warn = log_warning;
	report->ctx = daemon;
	files = options_reload(daemon->argc, daemon->argv, report);
	if (files == NULL)
		return LOCAL_NO;
	conf = configuration_reload(&daemon->layers, files, report);
	if (conf == NULL) {
		configuration_free(files);
		return LOCAL_NO;
	}
	adopt(daemon, conf);
	return LOCAL_OK;
}

static enum local_reply
reload(struct daemon *daemon, struct configuration_report *report)
{
	enum local_reply reply;

	manager_reloading(&daemon->manager, clock_monotonic());
	reply = read_files_again(daemon, report);
	manager_ready(&daemon->manager);
	return reply;
}

/* A request of a local client that may write. */
enum local_reply
control_command(void *ctx, const char *line,
    struct configuration_report *report)
{
	static const struct configuration_source source = {
		.context = CONTEXT_SOCKET,
		.name = "request",
		.load_key = options_load_key,
	};
	struct daemon *daemon = ctx;
	struct configuration *conf;
	struct token_reader reader;
	struct token word, next;
	bool is_alone;

	token_open(&reader, line, strlen(line));
	token_word(&reader, &word);
	is_alone = token_word(&reader, &next) == TOKEN_END;
	if (is_alone && strcmp(word.text, "reload") == 0)
		return reload(daemon, report);
	if (is_alone && strcmp(word.text, "reopen-logfile") == 0) {
		control_reopen_log(daemon);
		return LOCAL_OK;
	}
	conf = configuration_amend(&daemon->layers, line, strlen(line),
	    &source, report);
	if (conf == NULL)
		return report->refused ? LOCAL_NO : LOCAL_BAD;
	adopt(daemon, conf);
	if (strcmp(word.text, "log-file") == 0)
		control_reopen_log(daemon);
	return LOCAL_OK;
}

void
control_save_state(struct daemon *daemon, bool at_end)
{
	struct system_state current = {
		.has_seqno = true,
		.seqno = babel_seqno(daemon->babel),
		.id = babel_router_id(daemon->babel),
	};
	char error[SYSTEM_ERROR_SIZE];

	/* One that had to be drawn is to be remembered. */
	current.has_id = daemon->id_is_drawn ||
	    router_id_compare(&current.id, &daemon->first_id) != 0;
	if ((at_end ? state_close(&daemon->state, &current, error) :
	    state_keep(&daemon->state, &current, clock_monotonic(),
	    error)) < 0)
		log_warnx(daemon->log, "%s", error);
}
