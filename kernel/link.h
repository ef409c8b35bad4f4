/*
 * kernel/link.h - the table of links and their addresses.
 */
#ifndef KERNEL_LINK_H
#define KERNEL_LINK_H

#include <sys/queue.h>

#include <linux/netlink.h>

#include "kernel.h"
#include "kernel/kind.h"
#include "tree.h"

struct kernel_address {
	struct tree_node entry;		/* by ifindex, address, plen */
	unsigned int ifindex;
	struct in6_addr address;	/* link-local, or v4-mapped */
	uint8_t plen;
	bool usable;			/* past duplicate detection */
	bool labelled;			/* IPv4: labelled by the link's name */
	uint32_t generation;		/* of the dump that saw it last */
	uint64_t order;			/* of arrival: the kernel's own order */
};
TREE_HEAD(kernel_address_tree);

struct kernel_link {
	struct tree_node entry;		/* by ifindex */
	TAILQ_ENTRY(kernel_link) dirty_entry;
	struct link_state reported;	/* by the last link event */
	unsigned int ifindex;
	unsigned int flags, master;	/* IFF_*; index of a bridge, or 0 */
	unsigned int mtu;
	unsigned short hardware;	/* ARPHRD_* */
	uint32_t generation;
	char name[IFNAME_SIZE];
	char kind_name[IFNAME_SIZE];	/* IFLA_INFO_KIND */
	enum link_kind kind;
	char reason[LINK_REASON_SIZE];
	bool is_dirty;			/* in kernel.dirty */
	bool is_reported;
	bool has_routes;		/* we installed routes through it */
	bool has_imports;		/* others' IPv4 routes leave by it */
};
TREE_HEAD(kernel_link_tree);
TAILQ_HEAD(kernel_link_queue, kernel_link);

void	kernel_link_init(struct kernel *);
void	kernel_link_free(struct kernel *);
struct kernel_link *kernel_link_find(const struct kernel *,
	    unsigned int ifindex);
/* The name of the link, "" when it is not known. */
const char *kernel_link_name(const struct kernel *, unsigned int ifindex);
/* RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR. */
void	kernel_link_message(struct kernel *, const struct nlmsghdr *,
	    bool is_dump);
void	kernel_link_address_message(struct kernel *, const struct nlmsghdr *,
	    bool is_dump);
/* Report the links that changed. */
void	kernel_link_report(struct kernel *);
/* Judge all links anew: the configuration has changed. */
void	kernel_link_review(struct kernel *);
/* Forget what the dump that just ended has not seen. */
void	kernel_link_sweep(struct kernel *);
void	kernel_link_sweep_addresses(struct kernel *);

#endif
