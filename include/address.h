/*
 * address.h - "link-local auto": addresses for links that have none.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <sys/queue.h>

#include "claims.h"
#include "kernel.h"

/* The addresses that we have added to links. */
struct added_address;
struct address_list {
	SLIST_HEAD(, added_address) added;
	struct claims claims;		/* of the instances on this machine */
};

/* Find the addresses that a crashed instance left, which are ours from then
 * on.  The name is that of the claims (claims.h), and the router-id is ours.
 * Blocks; 0, or an errno if the kernel does not tell its addresses. */
int	address_open(struct address_list *, const char *name,
	    const struct router_id *);
/* Take back all of them. */
void	address_close(struct address_list *, struct kernel *);

/* The link-local address of a router's interface: always the same. */
struct in6_addr address_link_local(const struct router_id *,
	    const char *ifname);
/* Add that address to the interface; 0, or an errno.  An address that is there
 * already still belongs to whatever added it. */
int	address_add(struct address_list *, struct kernel *,
	    unsigned int ifindex, const struct in6_addr *);
/* Has the link an address of ours? */
bool	address_is_given(const struct address_list *, unsigned int ifindex);
/* Does the link have a link-local address that is in duplicate detection and
 * not reported yet?  Blocks. */
bool	address_is_coming(unsigned int ifindex);
/* The interface is gone: forget its address. */
void	address_forget(struct address_list *, unsigned int ifindex);
/* Take back those of the links that are not to have one. */
void	address_keep(struct address_list *, struct kernel *,
	    bool (*is_wanted)(void *ctx, unsigned int ifindex), void *ctx);

#endif
