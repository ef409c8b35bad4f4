/*
 * manager.h - tells a service manager how the daemon is: the protocol of
 * systemd's sd_notify(3), without its library.
 *
 * Where no manager has asked for it, nothing is sent.
 */
#ifndef MANAGER_H
#define MANAGER_H

#include "util.h"

struct manager {
	int socket;			/* connected, or -1 */
	babel_time period;		/* between signs of life, or NEVER */
	babel_time next;		/* sign of life */
};

/*
 * Connects to the socket that NOTIFY_SOCKET names, a path or, after '@', an
 * abstract name; takes the watchdog's period from WATCHDOG_USEC, if
 * WATCHDOG_PID is this process or not there.  A warning says what is wrong
 * with the socket.
 */
void	manager_open(struct manager *, babel_time now);
void	manager_close(struct manager *);

/* The start has succeeded, or a reload is over. */
void	manager_ready(const struct manager *);
/* A reload begins. */
void	manager_reloading(const struct manager *, babel_time now);
/* The end begins. */
void	manager_stopping(const struct manager *);

/* Sends a sign of life if it is time: twice in the watchdog's period. */
void	manager_alive(struct manager *, babel_time now);

#endif
