/*
 * daemon.h - what the files of the process itself share.
 *
 *	babeld.c	start, the loop, and the end
 *	wiring.c	the callbacks that connect engine, kernel and sockets
 *	control.c	what changes at run time: configuration, log, state
 */
#ifndef DAEMON_H
#define DAEMON_H

#include "address.h"
#include "clock.h"
#include "install.h"
#include "kernel.h"
#include "local.h"
#include "log.h"
#include "net.h"
#include "manager.h"
#include "printout.h"
#include "rule.h"
#include "state.h"
#include "system.h"
#include "trouble.h"

/* The descriptors that the loop always reads from; those of clients follow. */
enum input {
	INPUT_NET,
	INPUT_KERNEL,
	INPUT_SIGNALS = INPUT_KERNEL + KERNEL_FDS,
	INPUTS
};

struct daemon {
	int argc;
	char **argv;
	struct log *log;
	struct configuration_layers layers;
	struct configuration *conf;	/* what runs, made of the layers */
	struct system_sysctls *sysctls;
	struct system_pid_file *pid_file;
	struct state_file state;
	struct manager manager;
	struct router_id first_id;	/* the router-id at the start */
	bool id_is_drawn;		/* ... and shall start with again */
	struct babel *babel;
	struct net *net;
	struct kernel *kernel;
	struct rules *rules;
	struct install *install;
	uint32_t *watched;		/* tables to watch */
	struct local *local;
	struct local_statistic shown[6];	/* by it, besides its own */
	babel_time next_check;		/* of the kernel's tables, or NEVER */
	struct address_list addresses;	/* that we gave to links */
	babel_time next_address;	/* look at all links for them */
	struct printout *printout;	/* of the tables */
	babel_time printed;
	bool changed;			/* since then */
	int signals;			/* a descriptor */
	uint64_t call_errors;		/* of system calls that may last */
	struct trouble memory;		/* inputs were dropped for want of it */
	uint64_t refusals;		/* of it, when last looked at */
	uint64_t is_short;		/* of it, this minute */
	struct trouble polling;		/* poll fails */
	struct trouble reading[INPUTS];
	uint64_t overruns;		/* of netlink, when last looked at */
	bool stop;
};

extern const struct babel_ops wiring_engine;
extern const struct kernel_events wiring_kernel;
extern const struct kernel_fib_events wiring_fib_events;
extern const struct kernel_fib_queries wiring_fib_queries;
kernel_log wiring_log;
/* A datagram for the engine; ctx is the daemon. */
net_input wiring_packet;

/* The kernel layer's configuration; its arrays belong to the daemon. */
struct kernel_conf control_kernel_conf(struct daemon *,
	    const struct options *);
/* Ask the kernel for all its tables, now and after each interval. */
void	control_check_kernel(struct daemon *, babel_time now);
/* Soon look at the link-local addresses of all links. */
void	control_expect_addresses(struct daemon *, babel_time now);
/* Give a link-local address to each link that should have one and has none, and
 * remove those that nothing asks for any more. */
void	control_settle_addresses(struct daemon *, babel_time now);
/* A request of a local client that may write; ctx is the daemon. */
local_command control_command;
/* Open the log file anew; if that fails, the log stays where it was. */
void	control_reopen_log(struct daemon *);
/* Write the state file if its contents will soon be out of date; at the end,
 * write the exact state. */
void	control_save_state(struct daemon *, bool at_end);

#endif
