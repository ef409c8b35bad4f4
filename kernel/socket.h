/*
 * kernel/socket.h - netlink sockets: open one, ask a question, await the
 * answer.
 */
#ifndef KERNEL_SOCKET_H
#define KERNEL_SOCKET_H

#include <stdint.h>

#include <linux/netlink.h>

#define NETLINK_BUFFER	65536		/* holds any dump datagram */
#define ANSWER_MAX	1024		/* octets, to one request */
#define ANSWER_WAIT	100		/* milliseconds */
#define ANSWER_PATIENCE	10		/* such waits */

struct kernel;

/* A socket that receives the groups (bits, as for bind(2)); -1 with errno. */
int	kernel_netlink_open(uint32_t groups);
/* Open the sockets for commands, notifications and dumps; our own changes are
 * not notified.  -1 with errno, and none is open. */
int	kernel_sockets_open(struct kernel *);
void	kernel_sockets_close(struct kernel *);
/* Make one request on the command socket and await the answer: 0, or an errno.
 * If no answer comes, the sockets will be opened anew. */
int	kernel_request(struct kernel *, struct nlmsghdr *);

#endif
