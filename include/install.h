/*
 * install.h - the tables that our routes go into: the export table, and
 * those that install rules name.
 *
 * Instances may share a table.  Routes in it are all of one protocol, so
 * none removes there what it has not installed itself while another lives.
 */
#ifndef INSTALL_H
#define INSTALL_H

#include "kernel.h"

struct install;
struct log;

/* Use the tables of the configuration, and remove what a crashed instance
 * left in those that nobody else uses.  The directory is that of the file
 * that instances share: "/run".  NULL for no memory. */
struct install *install_open(struct kernel *, struct log *,
	    const struct configuration *, const char *directory);
/* Use those of another configuration, too. */
void	install_use(struct install *, const struct configuration *);
/* Remove our routes. */
void	install_flush(struct install *, const struct configuration *);
/* May what no living instance has installed be in that table?  Then routes of
 * our protocol there that are not ours are left over. */
bool	install_is_free(const struct install *, uint32_t table);
/* NULL is fine. */
void	install_close(struct install *);

#endif
