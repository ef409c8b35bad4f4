/*
 * address.h - "link-local auto": addresses for links that have none.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <sys/queue.h>

#include "kernel.h"

/* The addresses that we have added; zero-initialised: none. */
struct added_address;
SLIST_HEAD(address_list, added_address);

/* The link-local address of a router's interface: always the same. */
struct in6_addr address_link_local(const struct router_id *,
	    const char *ifname);
/* Give it to the interface; 0, or an errno. */
int	address_add(struct address_list *, struct kernel *,
	    unsigned int ifindex, const struct in6_addr *);
/* Has the link a link-local address that is in duplicate detection, and not
 * reported yet?  Blocks. */
bool	address_is_coming(unsigned int ifindex);
/* The interface is gone. */
void	address_forget(struct address_list *, unsigned int ifindex);
/* Take back all that were added. */
void	address_remove_all(struct address_list *, struct kernel *);

#endif
