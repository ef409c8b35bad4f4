/*
 * kernel_probe.c - drives the kernel layer by commands on standard input,
 * and prints what it reports.  For test_kernel.py.
 *
 * It stands where the engine stands: it remembers what is installed, and
 * with -R installs again what was lost.  -a and -n leave hardly any room
 * for answers or notifications.  -l is link-detect.  -d is the number of
 * routes that each replacement by others is to have displaced.
 *
 *	add|change|delete PREFIX [from PREFIX] [via ADDRESS] [dev NAME]
 *	    [priority N] [table N] [src ADDRESS] [count N]
 *	flush TABLE [ours]	resync	  configure TABLE...	pause	resume
 *
 * "count" repeats with the next prefix of the same length; without "via",
 * the entry is unreachable.  While paused, notifications are not read.
 * Each command ends with a line "ok", after the answers to its changes.
 */
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel.h"
#include "tree.h"

#define WORDS_MAX	32

struct installed {
	struct tree_node node;
	struct destination_key key;
	struct fib_entry entry;
};

static int
installed_compare(const struct installed *a, const struct installed *b)
{
	return destination_key_compare(&a->key, &b->key);
}

TREE_HEAD(installed_tree);
TREE_DEFINE(installed_tree, installed, node, installed_compare)

struct probe {
	struct kernel *kernel;
	struct installed_tree tree;
	bool repairs, is_paused, is_quiet, is_synchronised;
	unsigned int pending, failed, lost;
	unsigned int displaced;		/* routes by each replacement */
	uint32_t tables[WORDS_MAX];
	struct kernel_conf conf;
};

static struct installed *
probe_find(struct probe *probe, const struct destination_key *key)
{
	struct installed wanted = { .key = *key };

	return installed_tree_find(&probe->tree, &wanted);
}

static void
probe_remember(struct probe *probe, const struct fib_change *change)
{
	struct installed *installed = probe_find(probe, &change->key);

	if (change->operation == FIB_DELETE) {
		if (installed != NULL)
			installed_tree_remove(&probe->tree, installed);
		free(installed);
		return;
	}
	if (installed == NULL) {
		installed = calloc(1, sizeof(*installed));
		if (installed == NULL)
			err(1, "calloc");
		installed->key = change->key;
		installed_tree_insert(&probe->tree, installed);
	}
	installed->entry = change->entry;
}

static const char *
kind_name(enum link_kind kind)
{
	static const char *const names[] = {
		[LINK_UNKNOWN] = "unknown", [LINK_WIRED] = "wired",
		[LINK_WIRELESS] = "wireless", [LINK_TUNNEL] = "tunnel",
	};

	return names[kind];
}

static void
on_link(void *ctx, const struct link_state *state, bool present)
{
	char text[ADDRESS_STRLEN];
	unsigned int i;

	(void)ctx;
	if (!present) {
		printf("nolink %u %s\n", state->ifindex, state->name);
		return;
	}
	printf("link %u %s up %d carrier %d mtu %u kind %s ipv4 %s",
	    state->ifindex, state->name, state->up, state->carrier,
	    state->mtu, kind_name(state->kind),
	    address_format(&state->ipv4, text));
	for (i = 0; i < state->link_local_count; i++)
		printf(" ll %s", address_format(&state->link_local[i], text));
	printf(" why %s\n", state->kind_reason);
}

static const char *
type_name(enum route_type type)
{
	static const char *const names[] = {
		[ROUTE_UNICAST] = "unicast", [ROUTE_BLACKHOLE] = "blackhole",
		[ROUTE_UNREACHABLE] = "unreachable",
		[ROUTE_PROHIBIT] = "prohibit",
	};

	return names[type];
}

static bool
on_route(void *ctx, const struct kernel_route *route, bool present)
{
	char text[DESTINATION_STRLEN];

	(void)ctx;
	printf("route %c %s proto %u priority %u table %u dev %s "
	    "local %d type %s\n", present ? '+' : '-',
	    destination_key_format(&route->key, text), route->proto,
	    route->priority, route->table, route->ifname, route->local,
	    type_name(route->type));
	return true;
}

static unsigned int
on_displaced(void *ctx, const struct kernel_route *route)
{
	struct probe *probe = ctx;
	char text[DESTINATION_STRLEN];

	printf("displaced %s priority %u table %u\n",
	    destination_key_format(&route->key, text), route->priority,
	    route->table);
	return probe->displaced;
}

static void
on_sync(void *ctx, bool begin)
{
	struct probe *probe = ctx;

	probe->is_synchronised = !begin;
	printf("sync %s\n", begin ? "begin" : "end");
}

static void
on_done(void *ctx, const struct fib_change *change, int error)
{
	struct probe *probe = ctx;
	char text[DESTINATION_STRLEN];

	probe->pending--;
	if (error == 0)
		probe_remember(probe, change);
	else
		probe->failed++;
	if (!probe->is_quiet)
		printf("done %s %s\n",
		    destination_key_format(&change->key, text),
		    error == 0 ? "0" : strerrorname_np(error));
}

static void
submit(struct probe *probe, const struct fib_change *change)
{
	while (!kernel_submit(probe->kernel, change))
		kernel_send(probe->kernel);
	probe->pending++;
}

static void
on_lost(void *ctx, const struct destination_key *key)
{
	struct probe *probe = ctx;
	struct installed *installed = probe_find(probe, key);
	struct fib_change change = { .operation = FIB_ADD, .key = *key };
	char text[DESTINATION_STRLEN];

	probe->lost++;
	if (!probe->is_quiet)
		printf("lost %s\n", destination_key_format(key, text));
	if (installed == NULL)
		return;
	change.entry = installed->entry;
	installed_tree_remove(&probe->tree, installed);
	free(installed);
	if (probe->repairs)
		submit(probe, &change);
}

static bool
on_find(void *ctx, struct destination_key *key, uint32_t table,
    struct fib_entry *entry)
{
	struct installed *installed = probe_find(ctx, key);

	if (installed == NULL || installed->entry.table != table)
		return false;
	*entry = installed->entry;
	return true;
}

static bool
on_after(void *ctx, const struct destination_key *after,
    struct destination_key *key, struct fib_entry *entry)
{
	struct probe *probe = ctx;
	struct installed wanted, *next;

	if (after == NULL)
		next = installed_tree_first(&probe->tree);
	else {
		wanted.key = *after;
		next = installed_tree_after(&probe->tree, &wanted);
	}
	if (next == NULL)
		return false;
	*key = next->key;
	*entry = next->entry;
	return true;
}

static void
on_log(void *ctx, int priority, const char *format, ...)
{
	va_list args;

	(void)ctx;
	printf("log %d ", priority);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void
on_rule(void *ctx, const struct kernel_rule *rule, bool present)
{
	(void)ctx;
	(void)rule;
	(void)present;
}

static void
on_room(void *ctx, const struct destination_key *key, uint32_t table)
{
	char text[DESTINATION_STRLEN];

	(void)ctx;
	(void)table;
	printf("room %s\n", destination_key_format(key, text));
}

static const struct kernel_events events = {
	.link = on_link, .route = on_route, .displaced = on_displaced,
	.rule = on_rule, .sync = on_sync, .log = on_log
};
static const struct kernel_fib_events fib_events = {
	on_done, on_lost, on_room
};
/* Tables from 5000 on are. */
static bool
on_is_free(void *ctx, uint32_t table)
{
	(void)ctx;
	return table >= 5000;
}

static const struct kernel_fib_queries fib_queries = {
	on_find, on_after, on_is_free
};

/* The words of a change; the number of times to do it. */
static unsigned int
parse_change(struct probe *probe, char **words, struct fib_change *change)
{
	struct prefix to, from;
	unsigned int count = 1;
	int i;

	memset(change, 0, sizeof(*change));
	change->operation = words[0][0] == 'a' ? FIB_ADD :
	    words[0][0] == 'c' ? FIB_CHANGE : FIB_DELETE;
	change->entry.table = 254;
	change->entry.unreachable = true;
	if (words[1] == NULL || prefix_parse(words[1], &to) < 0)
		errx(1, "bad prefix");
	change->key = destination_key_of(&to, NULL);
	for (i = 2; words[i] != NULL && words[i + 1] != NULL; i += 2) {
		if (strcmp(words[i], "from") == 0) {
			if (prefix_parse(words[i + 1], &from) < 0)
				errx(1, "bad prefix %s", words[i + 1]);
			change->key = destination_key_of(&to, &from);
		} else if (strcmp(words[i], "via") == 0) {
			change->entry.unreachable = false;
			if (address_parse(words[i + 1],
			    &change->entry.next_hop) < 0)
				errx(1, "bad address %s", words[i + 1]);
		} else if (strcmp(words[i], "src") == 0) {
			if (address_parse(words[i + 1],
			    &change->entry.pref_src) < 0)
				errx(1, "bad address %s", words[i + 1]);
		} else if (strcmp(words[i], "dev") == 0)
			change->entry.ifindex = if_nametoindex(words[i + 1]);
		else if (strcmp(words[i], "priority") == 0)
			change->entry.priority =
			    (uint32_t)strtoul(words[i + 1], NULL, 10);
		else if (strcmp(words[i], "table") == 0)
			change->entry.table =
			    (uint32_t)strtoul(words[i + 1], NULL, 10);
		else if (strcmp(words[i], "count") == 0)
			count = (unsigned int)strtoul(words[i + 1], NULL, 10);
		else
			errx(1, "bad word %s", words[i]);
	}
	probe->is_quiet = count > 1;
	return count;
}

static void
next_prefix(struct prefix *prefix)
{
	unsigned int bit = (unsigned int)prefix->plen - 1;
	unsigned int sum, add = 1U << (7 - bit % 8);
	int octet;

	for (octet = (int)(bit / 8); octet >= 0 && add > 0; octet--) {
		sum = prefix->address[octet] + add;
		prefix->address[octet] = (uint8_t)sum;
		add = sum >> 8;
	}
}

static void
run_changes(struct probe *probe, char **words)
{
	struct fib_change change;
	struct installed *installed;
	struct timespec begin, end;
	unsigned int count, i;

	count = parse_change(probe, words, &change);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 0; i < count; i++) {
		installed = probe_find(probe, &change.key);
		if (installed != NULL)
			change.old = installed->entry;
		submit(probe, &change);
		next_prefix(&change.key.to);
	}
	while (probe->pending > 0)
		kernel_send(probe->kernel);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (count > 1)
		printf("bulk %u failed %u microseconds %lld\n", count,
		    probe->failed, (end.tv_sec - begin.tv_sec) * 1000000LL +
		    (end.tv_nsec - begin.tv_nsec) / 1000);
	probe->failed = 0;
}

static void
configure(struct probe *probe, char **words)
{
	size_t i;

	for (i = 0; words[i + 1] != NULL; i++)
		probe->tables[i] = (uint32_t)strtoul(words[i + 1], NULL, 10);
	probe->conf.import_tables = probe->tables;
	probe->conf.import_table_count = i;
	if (kernel_configure(probe->kernel, &probe->conf) < 0)
		err(1, "kernel_configure");
}

static void
command(struct probe *probe, char *line)
{
	char *words[WORDS_MAX] = { NULL }, *word;
	size_t n = 0;

	while ((word = strsep(&line, " ")) != NULL && n < WORDS_MAX - 1)
		if (*word != '\0')
			words[n++] = word;
	if (n == 0)
		return;
	if (strcmp(words[0], "pause") == 0)
		probe->is_paused = true;
	else if (strcmp(words[0], "resume") == 0)
		probe->is_paused = false;
	else if (strcmp(words[0], "resync") == 0)
		kernel_resync(probe->kernel);
	else if (strcmp(words[0], "configure") == 0)
		configure(probe, words);
	else if (strcmp(words[0], "counts") == 0)
		printf("counts lost %u synchronised %d\n", probe->lost,
		    probe->is_synchronised);
	else if (strcmp(words[0], "flush") == 0 && n > 1) {
		if (kernel_flush_routes(probe->kernel,
		    (uint32_t)strtoul(words[1], NULL, 10),
		    n > 2 ? OF_OURS : OF_ANYBODY) < 0)
			printf("flush failed: %s\n", strerror(errno));
	} else
		run_changes(probe, words);
	printf("ok\n");
}

/* One read of standard input; false at its end. */
static bool
read_commands(struct probe *probe)
{
	static char buffer[65536];
	static size_t len;
	char *newline;
	ssize_t got;

	got = read(STDIN_FILENO, buffer + len, sizeof(buffer) - len);
	if (got <= 0)
		return false;
	len += (size_t)got;
	while ((newline = memchr(buffer, '\n', len)) != NULL) {
		*newline = '\0';
		command(probe, buffer);
		len -= (size_t)(newline + 1 - buffer);
		memmove(buffer, newline + 1, len);
	}
	return true;
}

static void
loop(struct probe *probe)
{
	struct pollfd fds[KERNEL_FDS + 1] = { 0 };
	int descriptors[KERNEL_FDS], i;

	kernel_fds(probe->kernel, descriptors);
	for (;;) {
		fds[KERNEL_FDS].fd = STDIN_FILENO;
		fds[KERNEL_FDS].events = POLLIN;
		for (i = 0; i < KERNEL_FDS; i++) {
			fds[i].fd = i == 1 && probe->is_paused ? -1 :
			    descriptors[i];
			fds[i].events = POLLIN;
		}
		fflush(stdout);
		if (poll(fds, KERNEL_FDS + 1, -1) < 0)
			err(1, "poll");
		for (i = 0; i < KERNEL_FDS; i++)
			if (fds[i].revents != 0)
				kernel_ready(probe->kernel, fds[i].fd);
		if (fds[KERNEL_FDS].revents != 0 && !read_commands(probe))
			return;
		while (kernel_send(probe->kernel) != KERNEL_IDLE)
			continue;
	}
}

/* So small a buffer that it overflows: for answers, or notifications. */
static void
set_receive_buffer(const struct probe *probe, int which)
{
	int fds[KERNEL_FDS], size = 1;	/* the kernel's minimum */

	kernel_fds(probe->kernel, fds);
	if (setsockopt(fds[which], SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size)) < 0)
		err(1, "SO_RCVBUF");
}

int
main(int argc, char **argv)
{
	static struct probe probe;
	size_t tables = 0;
	bool is_deaf[2] = { false, false };
	int option;

	while ((option = getopt(argc, argv, "ad:nlRs:T:")) != -1) {
		if (option == 'l')
			probe.conf.link_detect = true;
		else if (option == 'R')
			probe.repairs = true;
		else if (option == 'a')
			is_deaf[0] = true;
		else if (option == 'n')
			is_deaf[1] = true;
		else if (option == 'd')
			probe.displaced = (unsigned int)strtoul(optarg, NULL,
			    10);
		else if (option == 's')
			probe.conf.sysfs = optarg;
		else if (option == 'T' && tables < WORDS_MAX)
			probe.tables[tables++] =
			    (uint32_t)strtoul(optarg, NULL, 10);
		else
			errx(1, "usage: kernel_probe [-anlR] [-d number] "
			    "[-s sysfs] [-T table]");
	}
	probe.conf.import_tables = probe.tables;
	probe.conf.import_table_count = tables;
	probe.kernel = kernel_open(&probe.conf, &events, &probe);
	if (probe.kernel == NULL)
		err(1, "kernel_open");
	kernel_serve(probe.kernel, &fib_events, &fib_queries, &probe);
	for (option = 0; option < 2; option++)
		if (is_deaf[option])
			set_receive_buffer(&probe, option);
	kernel_resync(probe.kernel);
	loop(&probe);
	kernel_close(probe.kernel);
	return 0;
}
