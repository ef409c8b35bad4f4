/*
 * export.c - the tables that our routes go into, and who else uses them.
 *
 * Each instance holds a lock, shared by all who use a table, on the number
 * of that table (shared.c).  Who turns out to be alone with it removes all
 * routes of our protocol: what a crashed instance left.
 */
#include "export.h"

#include <err.h>
#include <stdlib.h>

#include "shared.h"

struct exports {
	struct kernel *kernel;
	struct shared shared;
};

static void
each_table(struct exports *exports, const struct configuration *conf,
    void (*call)(struct exports *, uint32_t table))
{
	const struct filter *install = &conf->filters[FILTER_INSTALL];
	size_t i;

	call(exports, conf->options.export_table);
	for (i = 0; i < install->count; i++)
		if ((install->rules[i].has & FILTER_SETS_TABLE) != 0)
			call(exports, install->rules[i].table);
}

static void
flush(struct exports *exports, uint32_t table, enum kernel_whose whose)
{
	if (kernel_flush_routes(exports->kernel, table, whose) < 0)
		warn("removing routes from table %u", table);
}

static void
use(struct exports *exports, uint32_t table)
{
	shared_join(&exports->shared, table);
}

static void
use_cleanly(struct exports *exports, uint32_t table)
{
	use(exports, table);
	if (shared_is_only(&exports->shared, table))
		flush(exports, table, OF_ANYBODY);
}

static void
flush_ours(struct exports *exports, uint32_t table)
{
	flush(exports, table, shared_is_only(&exports->shared, table) ?
	    OF_ANYBODY : OF_OURS);
}

struct exports *
exports_open(struct kernel *kernel, const struct configuration *conf,
    const char *directory)
{
	struct exports *exports = calloc(1, sizeof(*exports));

	if (exports == NULL)
		return NULL;
	exports->kernel = kernel;
	shared_open(&exports->shared, directory, "babeld-exports");
	shared_lock(&exports->shared);
	each_table(exports, conf, use_cleanly);
	shared_unlock(&exports->shared);
	return exports;
}

void
exports_use(struct exports *exports, const struct configuration *conf)
{
	each_table(exports, conf, use);
}

void
exports_flush(struct exports *exports, const struct configuration *conf)
{
	shared_lock(&exports->shared);
	each_table(exports, conf, flush_ours);
	shared_unlock(&exports->shared);
}

void
exports_close(struct exports *exports)
{
	if (exports == NULL)
		return;
	shared_close(&exports->shared);
	free(exports);
}
