/*
 * export.h - the tables that our routes go into: the export table, and
 * those that install rules name.
 *
 * Instances may share a table.  Routes in it are all of one protocol, so
 * none removes there what it has not installed itself while another lives.
 */
#ifndef EXPORT_H
#define EXPORT_H

#include "kernel.h"

struct exports;

/* Use the tables of the configuration, and remove what a crashed instance
 * left in those that nobody else uses.  The directory is that of the file
 * that instances share: "/run".  NULL for no memory. */
struct exports *exports_open(struct kernel *, const struct configuration *,
	    const char *directory);
/* Use those of another configuration, too. */
void	exports_use(struct exports *, const struct configuration *);
/* Remove our routes. */
void	exports_flush(struct exports *, const struct configuration *);
/* NULL is fine. */
void	exports_close(struct exports *);

#endif
