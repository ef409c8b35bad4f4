/*
 * sandbox.h - the system calls that are allowed once the daemon runs.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "system.h"

enum sandbox {
	SANDBOX_FAILED = -1,
	SANDBOX_ABSENT,			/* not built in: make SECCOMP=1 */
	SANDBOX_ENTERED
};

/* From now on the process is killed if it makes a system call that it does not
 * need.  Needs no_new_privs (privilege.h). */
enum sandbox sandbox_enter(char error[SYSTEM_ERROR_SIZE]);

#endif
