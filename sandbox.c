/*
 * sandbox.c - the system calls that are allowed once the daemon runs.
 *
 * This list covers the loop, reload and the end, with the calls that the C
 * library makes for them on any architecture; it does not cover the start.  An
 * attacker who took over the process could neither execute a program nor look
 * at another process.  The unit in contrib/systemd has the same list, and a
 * test compares them.
 */
#include "sandbox.h"

#include "system.h"

#ifdef WITH_SECCOMP

#include <errno.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char *const calls[] = {
	/* Memory, time, signals and the end of the process. */
	"brk", "madvise", "mmap", "mmap2", "mprotect", "mremap", "munmap",
	"clock_getres", "clock_getres_time64", "clock_gettime",
	"clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64",
	"gettimeofday", "nanosleep", "restart_syscall", "time",
	"timerfd_create", "timerfd_settime", "timerfd_settime64",
	"getpid", "gettid", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"sigreturn", "tgkill",
	"exit", "exit_group", "futex", "futex_time64", "getrandom", "sysinfo",
	"uname",
	/* Waiting. */
	"epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2",
	"epoll_wait", "poll", "ppoll", "ppoll_time64",
	/* Sockets. */
	"accept4", "bind", "connect", "getsockname", "getsockopt", "listen",
	"recv", "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "send",
	"sendmsg", "sendto", "setsockopt", "shutdown", "socket", "socketcall",
	/* Files. */
	"_llseek", "access", "close", "dup2", "dup3", "faccessat", "faccessat2",
	"fchmod", "fcntl", "fcntl64", "flock", "fstat", "fstat64", "fstatat64",
	"fsync", "ftruncate", "ftruncate64", "getdents64", "geteuid",
	"geteuid32", "ioctl", "lseek", "lstat", "lstat64", "newfstatat", "open",
	"openat", "pread64", "read", "readlink", "readlinkat", "readv",
	"rename", "renameat", "renameat2", "stat", "stat64", "statx", "unlink",
	"unlinkat", "write", "writev",
};

/* Names that an architecture does not have count as added. */
static int
allow(scmp_filter_ctx filter, const char *name)
{
	int number = seccomp_syscall_resolve_name(name), error;

	if (number == __NR_SCMP_ERROR)
		return 0;
	error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	return error == -EDOM ? 0 : error;
}

static int
load(scmp_filter_ctx filter)
{
	int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	size_t i;

	for (i = 0; error == 0 && i < sizeof(calls) / sizeof(calls[0]); i++)
		error = allow(filter, calls[i]);
	return error == 0 ? seccomp_load(filter) : error;
}

enum sandbox
sandbox_enter(char error[SYSTEM_ERROR_SIZE])
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int result = filter == NULL ? -ENOMEM : load(filter);

	seccomp_release(filter);
	if (result == 0)
		return SANDBOX_ENTERED;
	snprintf(error, SYSTEM_ERROR_SIZE, "filtering system calls: %s",
	    strerror(-result));
	return SANDBOX_FAILED;
}

#else

enum sandbox
sandbox_enter(char error[SYSTEM_ERROR_SIZE])
{
	error[0] = '\0';
	return SANDBOX_ABSENT;
}

#endif
