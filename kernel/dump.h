/*
 * kernel/dump.h - asking the kernel for a table.
 */
#ifndef KERNEL_DUMP_H
#define KERNEL_DUMP_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/netlink.h>

/* The table to ask for. */
struct dump_request {
	uint16_t type;			/* RTM_GET* */
	uint8_t family;
	uint8_t protocol;		/* routes: 0 for all */
	uint32_t table;			/* routes: 0 for all */
	unsigned int ifindex;		/* addresses: 0 for all */
};

/* Takes a message of the answer; false if it needs no more. */
struct dump_taker {
	bool (*take)(void *ctx, const struct nlmsghdr *);
	void *ctx;
};

/* Write the request into the buffer of DUMP_REQUEST_MAX octets. */
#define DUMP_REQUEST_MAX 64
struct nlmsghdr *kernel_dump_encode(void *buffer,
	    const struct dump_request *);
/* Does the message end a dump, with an errno or 0?  A kernel may lack a family,
 * and a table that nobody has created is empty. */
bool	kernel_dump_is_end(const struct nlmsghdr *, int *error);
/* Ask for the table, and read the whole answer.  Blocks; 0, or an errno as
 * above. */
int	kernel_dump(const struct dump_request *, const struct dump_taker *);

/* A socket and a buffer, reserved for a time when there are no descriptors and
 * no memory. */
struct dump_room {
	int fd;				/* -1: not open */
	uint8_t *buffer;
	uint32_t seq;			/* of the last request */
};
/* -1 with errno; to be closed all the same. */
int	kernel_dump_reserve(struct dump_room *);
void	kernel_dump_release(struct dump_room *);
/* As kernel_dump, with the reserved socket and buffer.  The taker must not stop
 * early if they are to be used again. */
int	kernel_dump_in(struct dump_room *, const struct dump_request *,
	    const struct dump_taker *);

#endif
