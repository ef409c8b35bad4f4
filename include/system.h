/*
 * system.h - the process and its surroundings: kernel parameters, pid
 * file, state file, log file, daemonising, and the router-id that the
 * hardware suggests.
 *
 * Where something can fail in more than one way, the last argument takes
 * a phrase for the log that names what failed and why.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include "prefix.h"

#define SYSTEM_ERROR_SIZE 256

/*
 * Kernel parameters: forwarding on, redirects and reverse-path filters off.
 * Old values are kept in a file that all instances in a network namespace
 * share.  The last instance to leave restores them; an instance that crashed
 * leaves that to the next.  An instance without access to the file restores
 * what it changed itself, if it is the last to leave.
 */
struct system_sysctls;

/* procfs is "/proc" except in tests; directory is where the file goes,
 * "/run".  NULL for no memory. */
struct system_sysctls *system_sysctls_open(const char *procfs,
	    const char *directory);
/* Set the global parameters.  -1 if one cannot be read or set; those that were
 * set before are restored. */
int	system_sysctls_set(struct system_sysctls *,
	    char error[SYSTEM_ERROR_SIZE]);
/* Turn the reverse-path filter of an interface off, and restore it. */
int	system_sysctls_set_interface(struct system_sysctls *,
	    const char *ifname, char error[SYSTEM_ERROR_SIZE]);
void	system_sysctls_restore_interface(struct system_sysctls *,
	    const char *ifname);
/* The interface, and with it its parameter, has another name now. */
void	system_sysctls_rename_interface(struct system_sysctls *,
	    const char *from, const char *to);
/* Restore all parameters if no other instance needs them.  NULL is allowed. */
void	system_sysctls_close(struct system_sysctls *);

/*
 * The pid file is locked while we run.  A file that nobody has locked is stale,
 * unless it names a living babeld, because older ones do not lock.  If it is
 * locked, wait a while, because its owner may be about to end.  NULL if another
 * instance still has it after that, if it cannot be written, or if it holds
 * something else (ownfile.h).  To be opened in the process that goes on.
 */
struct system_pid_file;
struct system_pid_file *system_pid_file_open(const char *path,
	    babel_time patience, char error[SYSTEM_ERROR_SIZE]);
/* Remove the pid file.  NULL is allowed. */
void	system_pid_file_close(struct system_pid_file *);

/* The state that outlives the process: a line with the seqno in decimal, and
 * perhaps one with a router-id that had to be drawn. */
struct system_state {
	bool has_seqno, has_id;
	uint16_t seqno;
	struct router_id id;
};

/* Read the file.  0 and an empty state if there is none; -1 and an empty state
 * if it cannot be read or makes no sense. */
int	system_state_read(const char *path, struct system_state *,
	    char error[SYSTEM_ERROR_SIZE]);
/* Replace the file atomically and durably, unless it is no state file of ours
 * (ownfile.h).  If that fails, -1, and the old one is still there. */
int	system_state_write(const char *path, const struct system_state *,
	    char error[SYSTEM_ERROR_SIZE]);

/* Open standard input, output and error if our parent has closed them,
 * otherwise one of our files could take their place and messages would go
 * there.  Close all other inherited descriptors, because nobody could tell what
 * they keep open. */
void	system_fill_standard(void);
/* Raise the limit on open descriptors to the hard limit. */
void	system_raise_limits(void);
/* Let the stack grow now to the size that it may ever need, because without
 * memory it could not grow later, and the process would be killed. */
void	system_reserve_stack(void);

/*
 * Go to the background.  Returns in the child only, with a descriptor for
 * system_daemonise_done, or in the parent with -1 and errno.  The parent waits:
 * it exits with 0 when the child reports success, or else with the child's
 * status.  The working directory stays, so that relative file names keep their
 * meaning.
 */
int	system_daemonise(void);
void	system_daemonise_done(int descriptor);

/* The router-id for a hardware address of a type (ARPHRD_*): a modified EUI-64.
 * False if the address is not universally unique. */
bool	system_router_id_of(unsigned short hardware, const uint8_t *address,
	    size_t len, struct router_id *);
/* The router-id of the first interface that has such an address. */
bool	system_router_id_from_hardware(struct router_id *);
/* Unpredictable octets.  Waits for the kernel at boot, and ends the process if
 * the kernel has none. */
void	system_random(void *, size_t len);
void	system_router_id_random(struct router_id *);

#endif
