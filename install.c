/*
 * install.c - the tables that our routes go into, and who else uses them.
 *
 * Each instance holds a shared lock on the number of each table that it uses
 * (claims.c).  An instance that is alone with a table removes all routes of our
 * protocol from it: a crashed instance left them.
 */
#include "install.h"

#include <stdlib.h>

#include "claims.h"
#include "configuration.h"
#include "filter.h"
#include "kernel.h"
#include "log.h"

struct install {
	struct kernel *kernel;
	struct log *log;
	struct claims claims;
};

static void
each_table(struct install *install, const struct configuration *conf,
    void (*call)(struct install *, uint32_t table))
{
	const struct filter *filter = &conf->filters[FILTER_INSTALL];
	size_t i;

	call(install, conf->options.export_table);
	for (i = 0; i < filter->count; i++)
		if ((filter->rules[i].has & FILTER_SETS_TABLE) != 0)
			call(install, filter->rules[i].table);
}

static void
flush(struct install *install, uint32_t table, enum kernel_whose whose)
{
	if (kernel_flush_routes(install->kernel, table, whose) < 0)
		log_warn(install->log, "removing routes from table %u", table);
}

static void
use(struct install *install, uint32_t table)
{
	claims_join(&install->claims, table);
}

static void
use_cleanly(struct install *install, uint32_t table)
{
	use(install, table);
	if (claims_is_only(&install->claims, table))
		flush(install, table, OF_ANYBODY);
}

static void
flush_ours(struct install *install, uint32_t table)
{
	flush(install, table, claims_is_only(&install->claims, table) ?
	    OF_ANYBODY : OF_OURS);
}

struct install *
install_open(struct kernel *kernel, struct log *log,
    const struct configuration *conf)
{
	struct install *install = calloc(1, sizeof(*install));

	if (install == NULL)
		return NULL;
	install->kernel = kernel;
	install->log = log;
	claims_open(&install->claims, "babeld-exports");
	claims_lock(&install->claims);
	each_table(install, conf, use_cleanly);
	claims_unlock(&install->claims);
	return install;
}

void
install_use(struct install *install, const struct configuration *conf)
{
	each_table(install, conf, use);
}

void
install_flush(struct install *install, const struct configuration *conf)
{
	claims_lock(&install->claims);
	each_table(install, conf, flush_ours);
	claims_unlock(&install->claims);
}

bool
install_is_free(const struct install *install, uint32_t table)
{
	return !claims_is_others(&install->claims, table);
}

void
install_close(struct install *install)
{
	if (install == NULL)
		return;
	claims_close(&install->claims);
	free(install);
}
