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
 * Kernel parameters: forwarding on, redirects and reverse-path filters
 * off.  Old values are kept in a file that all instances in a network
 * namespace share, and restored by the last one to leave; an instance
 * that crashed leaves them to the next.
 */
struct system_sysctls;

/* procfs: "/proc" but for tests; directory: where the file goes, "/run".
 * Without the file (no access) we think that we are alone.  NULL for no
 * memory. */
struct system_sysctls *system_sysctls_open(const char *procfs,
	    const char *directory);
/* Set the global ones.  -1 if one cannot be read or set to what it must
 * be; those set before are back as they were. */
int	system_sysctls_set(struct system_sysctls *,
	    char error[SYSTEM_ERROR_SIZE]);
/* The reverse-path filter of an interface: off, and as it was before. */
int	system_sysctls_set_interface(struct system_sysctls *,
	    const char *ifname, char error[SYSTEM_ERROR_SIZE]);
void	system_sysctls_restore_interface(struct system_sysctls *,
	    const char *ifname);
/* It has another name now, and its parameter with it. */
void	system_sysctls_rename_interface(struct system_sysctls *,
	    const char *from, const char *to);
/* Restore all if nobody else needs them; NULL is fine. */
void	system_sysctls_close(struct system_sysctls *);

/*
 * The pid file is locked while we run: one that nobody holds is stale,
 * unless it names a living babeld, for older ones do not lock.  One that is
 * held is waited for, because its owner may be about to end.  NULL if
 * another instance holds it after that, if it cannot be written, or if
 * there is something else (ownfile.h).  Open it in the process that goes on.
 */
struct system_pid_file;
struct system_pid_file *system_pid_file_open(const char *path,
	    babel_time patience, char error[SYSTEM_ERROR_SIZE]);
/* Remove it; NULL is fine. */
void	system_pid_file_close(struct system_pid_file *);

/* What outlives the process: a line with the seqno in decimal, and perhaps
 * one with a router-id that had to be drawn. */
struct system_state {
	bool has_seqno, has_id;
	uint16_t seqno;
	struct router_id id;
};

/* 0 and nothing there if there is no file; -1 if it cannot be read or
 * makes no sense, and then nothing is there either. */
int	system_state_read(const char *path, struct system_state *,
	    char error[SYSTEM_ERROR_SIZE]);
/* Replace the file atomically, and make it last, unless it is no state file
 * of ours (ownfile.h); -1 if that failed, and
 * then the old one is still there. */
int	system_state_write(const char *path, const struct system_state *,
	    char error[SYSTEM_ERROR_SIZE]);

/* Whoever started us may have closed standard input, output or error: open
 * them, lest a file of ours takes the place and messages go there.  Close what
 * else was inherited: nobody could tell what it keeps open. */
void	system_fill_standard(void);
/* Allow as many open descriptors as the hard limit does. */
void	system_raise_limits(void);
/* Have the stack grow now to what it may ever need: without memory, it
 * could not grow later, and the process would be killed. */
void	system_reserve_stack(void);

/*
 * Go to the background.  Returns in the child alone, with a descriptor
 * for system_daemonise_done, or in the parent with -1 and errno.  The
 * parent waits: it exits with 0 when told that all is well, or else with
 * the status of the child.  The working directory stays, for relative
 * file names must keep their meaning.
 */
int	system_daemonise(void);
void	system_daemonise_done(int descriptor);

/* The router-id of a hardware address of a type (ARPHRD_*): a modified
 * EUI-64.  False if the address is none that is unique in the world. */
bool	system_router_id_of(unsigned short hardware, const uint8_t *address,
	    size_t len, struct router_id *);
/* That of the first interface that has such an address. */
bool	system_router_id_from_hardware(struct router_id *);
/* Octets that nobody can foresee.  Waits for the kernel at boot; ends
 * the process if it has none. */
void	system_random(void *, size_t len);
void	system_router_id_random(struct router_id *);

#endif
