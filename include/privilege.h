/*
 * privilege.h - the privileges of the process: its user, its capabilities
 * (capabilities(7)), and that it can gain none.
 */
#ifndef PRIVILEGE_H
#define PRIVILEGE_H

#include <stdint.h>

#include "system.h"

/* A set of capabilities has bit CAP_* for each. */
#define PRIVILEGE(capability)	(UINT64_C(1) << (capability))
#define PRIVILEGE_STRLEN	128

/* Become the user of that name, with its groups, and keep all capabilities:
 * files that are made from now on belong to that user, and nothing is
 * forbidden yet.  -1 if that fails; nothing is done if the process is that
 * user already. */
int	privilege_become(const char *user, char error[SYSTEM_ERROR_SIZE]);

/* Keep these capabilities, as far as we have them, and give up all others for
 * good, for this process and for any that it executes. */
int	privilege_keep(uint64_t capabilities, char error[SYSTEM_ERROR_SIZE]);

/* The names of the capabilities that are in force, or "none". */
const char *privilege_format(char text[PRIVILEGE_STRLEN]);

#endif
