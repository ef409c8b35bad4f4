/*
 * kernel/dump.h - asking the kernel for a table.
 */
#ifndef KERNEL_DUMP_H
#define KERNEL_DUMP_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/netlink.h>

/* What to ask for. */
struct dump_request {
	uint16_t type;			/* RTM_GET* */
	uint8_t family;
	uint8_t protocol;		/* routes: 0 for all */
	uint32_t table;			/* routes: 0 for all */
	unsigned int ifindex;		/* addresses: 0 for all */
};

/* Takes a message of the answer; false: it has seen enough. */
struct dump_taker {
	bool (*take)(void *ctx, const struct nlmsghdr *);
	void *ctx;
};

/* Write the request into the buffer of DUMP_REQUEST_MAX octets. */
#define DUMP_REQUEST_MAX 64
struct nlmsghdr *kernel_dump_encode(void *buffer,
	    const struct dump_request *);
/* Does the message end a dump?  With an errno, or 0; a kernel may lack a
 * family, and a table that nobody has created is empty. */
bool	kernel_dump_is_end(const struct nlmsghdr *, int *error);
/* Ask, and read the whole answer.  Blocks; 0, or an errno as above. */
int	kernel_dump(const struct dump_request *, const struct dump_taker *);

/* What that takes, for a time when there are no descriptors and no memory:
 * a socket and a buffer. */
struct dump_room {
	int fd;				/* -1: not open */
	uint8_t *buffer;
	uint32_t seq;			/* of the last request */
};
/* -1 with errno; to be closed all the same. */
int	kernel_dump_reserve(struct dump_room *);
void	kernel_dump_release(struct dump_room *);
/* The same as kernel_dump, in that room.  The taker must not stop early if
 * the room is to be used again. */
int	kernel_dump_in(struct dump_room *, const struct dump_request *,
	    const struct dump_taker *);

#endif
