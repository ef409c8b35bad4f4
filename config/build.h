/*
 * config/build.h - the parts of a configuration that is being built, for the
 * files that read it; configuration.c has them.
 */
#ifndef CONFIG_BUILD_H
#define CONFIG_BUILD_H

#include "configuration.h"

/* The interface of that very name, added if need be; NULL for no memory. */
struct interface_conf *configuration_get_interface(struct configuration *,
	    const char *name);
/* The key of that id, or NULL. */
struct mac_key *configuration_find_key(const struct configuration *,
	    const char *id);
/* Take over a copy of the key, in place of one of the same id; the file
 * may be NULL.  -1 for no memory. */
int	configuration_put_key(struct configuration *, const struct mac_key *,
	    const char *file);
/* Use the key on the interface, too; -1 for no memory. */
int	interface_conf_add_key(struct interface_conf *, const char *id);
/* Declare a neighbour, once; -1 for no memory. */
int	configuration_add_neighbour(struct configuration *,
	    const struct neighbour_conf *);
/* Forget the interface: 0, or -1 if there is none of that exact name. */
int	configuration_flush_interface(struct configuration *,
	    const char *name);
/* Forget the key and that it is used, in both layers.  -1 with
 * report->error: there is no such key, or somebody has no other. */
int	configuration_flush_key(struct configuration *files,
	    struct configuration *socket, const char *id,
	    struct configuration_report *);
/* Forget a declared neighbour: 0, or -1 if it is not declared here. */
int	configuration_flush_neighbour(struct configuration *,
	    const struct neighbour_conf *);
/* A finished configuration of both layers, the caller's; or NULL with
 * report->error. */
struct configuration *configuration_combine(
	    const struct configuration *files,
	    const struct configuration *socket,
	    struct configuration_report *);

/* Report that there is no memory. */
void	configuration_no_memory(struct configuration_report *);
/* Warn of what is named, if the report takes warnings. */
void	configuration_warn(struct configuration_report *, const char *name,
	    const char *what);

#endif
