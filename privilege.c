/*
 * privilege.c - the user and the capabilities of the process.
 *
 * The system calls are made directly, because libcap would be one more library
 * for three calls.
 */
#include "privilege.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "system.h"

/* As the kernel has them: the lower 32 of 64 come first. */
struct sets {
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];
};

static struct __user_cap_header_struct
this_process(void)
{
	return (struct __user_cap_header_struct){
		.version = _LINUX_CAPABILITY_VERSION_3
	};
}

static int
get_sets(struct sets *sets)
{
	struct __user_cap_header_struct header = this_process();

	return (int)syscall(SYS_capget, &header, sets->half);
}

/* The bounding and the ambient set are not touched. */
static int
set_sets(const struct sets *sets)
{
	struct __user_cap_header_struct header = this_process();

	return (int)syscall(SYS_capset, &header, sets->half);
}

/* Enable all permitted capabilities, because becoming another user disables
 * them. */
static int
raise_all(void)
{
	struct sets sets;
	size_t i;

	if (get_sets(&sets) < 0)
		return -1;
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		sets.half[i].effective = sets.half[i].permitted;
	return set_sets(&sets);
}

static int
become(const struct passwd *user)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    initgroups(user->pw_name, user->pw_gid) < 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		return -1;
	return raise_all();
}

int
privilege_become(const char *name, char error[SYSTEM_ERROR_SIZE])
{
	const struct passwd *user;

	errno = 0;
	user = getpwnam(name);
	if (user != NULL && (user->pw_uid == geteuid() || become(user) == 0))
		return 0;
	snprintf(error, SYSTEM_ERROR_SIZE, "user %.100s: %s", name,
	    user == NULL && errno == 0 ? "no such user" : strerror(errno));
	return -1;
}

/* The bounding set is not needed, because nothing is executed.  Without
 * CAP_SETPCAP it cannot be emptied, but with no_new_privs set the process
 * cannot execute anything that has capabilities either. */
static void
close_ways_back(void)
{
	unsigned long capability;

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
	    capability++)
		(void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

int
privilege_keep(uint64_t capabilities, char error[SYSTEM_ERROR_SIZE])
{
	struct sets sets;
	size_t i;

	close_ways_back();
	if (get_sets(&sets) == 0) {
		for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
			sets.half[i].permitted &=
			    (uint32_t)(capabilities >> 32 * i);
			sets.half[i].effective = sets.half[i].permitted;
			sets.half[i].inheritable = 0;
		}
		if (set_sets(&sets) == 0 &&
		    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
			return 0;
	}
	snprintf(error, SYSTEM_ERROR_SIZE, "giving up privileges: %s",
	    strerror(errno));
	return -1;
}

/* Others may be in force only where privilege_keep() was not called. */
static const struct {
	unsigned int capability;
	const char *name;
} names[] = {
	{ CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE" },
	{ CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE" },
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN" },
	{ CAP_NET_RAW, "CAP_NET_RAW" },
};

const char *
privilege_format(char text[PRIVILEGE_STRLEN])
{
	struct sets sets;
	size_t i;

	text[0] = '\0';
	if (get_sets(&sets) < 0)
		return strerror(errno);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((sets.half[0].effective &
		    PRIVILEGE(names[i].capability)) == 0)
			continue;
		if (text[0] != '\0')
			strlcat(text, " ", PRIVILEGE_STRLEN);
		strlcat(text, names[i].name, PRIVILEGE_STRLEN);
	}
	return text[0] == '\0' ? "none" : text;
}
