/*
 * privilege.h - what the process may do: the user that it runs as, its
 * capabilities (capabilities(7)), and that it can gain none.
 */
#ifndef PRIVILEGE_H
#define PRIVILEGE_H

#include <stdint.h>

#include "system.h"

/* A set of capabilities has bit CAP_* for each. */
#define PRIVILEGE(capability)	(UINT64_C(1) << (capability))
#define PRIVILEGE_STRLEN	128

/* Become the user of that name, with its groups, and keep all capabilities:
 * what is made from now on is that user's, and nothing is forbidden yet.
 * -1 if that cannot be; nothing is done if it is so already. */
int	privilege_become(const char *user, char error[SYSTEM_ERROR_SIZE]);

/* Keep what we have of these capabilities, and give up everything else, for
 * this process and all that it may execute, for good. */
int	privilege_keep(uint64_t capabilities, char error[SYSTEM_ERROR_SIZE]);

/* The capabilities that are in force, by their names; "none". */
const char *privilege_format(char text[PRIVILEGE_STRLEN]);

#endif
