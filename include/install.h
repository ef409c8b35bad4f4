/*
 * install.h - the tables that our routes go into: the export table, and those
 * that install rules name.
 *
 * Instances may share a table.  All routes in it have the same protocol, so an
 * instance removes only the routes that it has installed itself while another
 * instance uses the table.
 */
#ifndef INSTALL_H
#define INSTALL_H

#include "kernel.h"

struct install;
struct log;

/* Use the configuration's tables, and remove what a crashed instance left in
 * those that no other instance uses.  NULL for no memory. */
struct install *install_open(struct kernel *, struct log *,
	    const struct configuration *);
/* Use the tables of another configuration, too. */
void	install_use(struct install *, const struct configuration *);
/* Remove our routes. */
void	install_flush(struct install *, const struct configuration *);
/* Is no other living instance using the table?  Then routes of our protocol in
 * it that are not ours are left over. */
bool	install_is_free(const struct install *, uint32_t table);
/* NULL is allowed. */
void	install_close(struct install *);

#endif
