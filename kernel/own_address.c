/*
 * kernel/own_address.c - "link-local auto": addresses for links that have none.
 *
 * Tunnels such as WireGuard's come without a link-local address, and Babel
 * cannot run without one.  The address is made of our router-id and the
 * interface's name, so it is the same each time and nowhere else; it is
 * removed when we leave.
 */
#include "address.h"

#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

struct added_address {
	SLIST_ENTRY(added_address) entry;
	unsigned int ifindex;
	struct in6_addr address;
};

struct in6_addr
address_link_local(const struct router_id *id, const char *ifname)
{
	struct in6_addr address = { .s6_addr = { 0xfe, 0x80 } };
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, id->octets, sizeof(id->octets));
	SHA256Update(&context, (const uint8_t *)ifname, strlen(ifname));
	SHA256Final(digest, &context);
	memcpy(address.s6_addr + 8, digest, 8);
	address.s6_addr[8] &= 0xFC;	/* not unique in the world */
	return address;
}

static bool
is_known(const struct address_list *list, unsigned int ifindex,
    const struct in6_addr *address)
{
	const struct added_address *added;

	SLIST_FOREACH(added, list, entry)
		if (added->ifindex == ifindex &&
		    address_equal(&added->address, address))
			return true;
	return false;
}

int
address_add(struct address_list *list, struct kernel *kernel,
    unsigned int ifindex, const struct in6_addr *address)
{
	int error = kernel_address_add(kernel, ifindex, address);
	struct added_address *added;

	if (error != 0 || is_known(list, ifindex, address))
		return error;
	added = malloc(sizeof(*added));
	if (added == NULL)
		return 0;		/* it stays when we leave */
	*added = (struct added_address){ .ifindex = ifindex,
	    .address = *address };
	SLIST_INSERT_HEAD(list, added, entry);
	return 0;
}

void
address_forget(struct address_list *list, unsigned int ifindex)
{
	struct added_address *added, *next;

	SLIST_FOREACH_SAFE(added, list, entry, next) {
		if (added->ifindex != ifindex)
			continue;
		SLIST_REMOVE(list, added, added_address, entry);
		free(added);
	}
}

void
address_remove_all(struct address_list *list, struct kernel *kernel)
{
	struct added_address *added;

	while ((added = SLIST_FIRST(list)) != NULL) {
		kernel_address_delete(kernel, added->ifindex,
		    &added->address);
		SLIST_REMOVE_HEAD(list, entry);
		free(added);
	}
}
