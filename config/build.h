/*
 * config/build.h - the parts of a configuration that is being built, for the
 * files that read it.  They are implemented in configuration.c.
 */
#ifndef CONFIG_BUILD_H
#define CONFIG_BUILD_H

#include "configuration.h"

/* The interface of exactly that name, added if necessary; NULL for no
 * memory. */
struct interface_conf *configuration_get_interface(struct configuration *,
	    const char *name);
/* The key of that id, or NULL. */
struct mac_key *configuration_find_key(const struct configuration *,
	    const char *id);
/* Add a copy of the key, replacing one of the same id; the file may be NULL. -1
 * for no memory. */
int	configuration_put_key(struct configuration *, const struct mac_key *,
	    const char *file);
/* Use the key on the interface, too; -1 for no memory. */
int	interface_conf_add_key(struct interface_conf *, const char *id);
/* Declare a neighbour, once; -1 for no memory. */
int	configuration_add_neighbour(struct configuration *,
	    const struct neighbour_conf *);
/* Remove the interface: 0, or -1 if there is none of that exact name. */
int	configuration_flush_interface(struct configuration *,
	    const char *name);
/* Remove the key and its uses, in both layers.  -1 with report->error if there
 * is no such key, or if an interface has no other. */
int	configuration_flush_key(struct configuration *files,
	    struct configuration *socket, const char *id,
	    struct configuration_report *);
/* Remove a declared neighbour: 0, or -1 if it is not declared here. */
int	configuration_flush_neighbour(struct configuration *,
	    const struct neighbour_conf *);
/* A finished configuration made of both layers, which the caller owns; or NULL
 * with report->error. */
struct configuration *configuration_combine(
	    const struct configuration *files,
	    const struct configuration *socket,
	    struct configuration_report *);

/* Report that there is no memory. */
void	configuration_no_memory(struct configuration_report *);
/* Warn about the thing named, if the report takes warnings. */
void	configuration_warn(struct configuration_report *, const char *name,
	    const char *what);

#endif
