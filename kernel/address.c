/*
 * kernel/address.c - "link-local auto": addresses for links that have none.
 *
 * Tunnels such as WireGuard's come without a link-local address, and Babel
 * cannot run without one.  The address is made of our router-id and the
 * interface's name, so it is the same each time and nowhere else; it is
 * removed when we leave.
 */
#include "address.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <libmnl/libmnl.h>

#include "kernel/dump.h"
#include "kernel/socket.h"
#include "prefix.h"

#define REQUEST_MAX	128
#define LINK_LOCAL_PLEN	64

static int
change_address(struct kernel *kernel, uint16_t type, unsigned int ifindex,
    const struct in6_addr *address)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[REQUEST_MAX];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *message;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (type == RTM_NEWADDR)
		nlh->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	message = mnl_nlmsg_put_extra_header(nlh, sizeof(*message));
	message->ifa_family = AF_INET6;
	message->ifa_prefixlen = LINK_LOCAL_PLEN;
	message->ifa_scope = RT_SCOPE_LINK;
	message->ifa_index = ifindex;
	mnl_attr_put(nlh, IFA_LOCAL, sizeof(*address), address);
	mnl_attr_put(nlh, IFA_ADDRESS, sizeof(*address), address);
	return kernel_request(kernel, nlh);
}

static int
add(struct kernel *kernel, unsigned int ifindex,
    const struct in6_addr *address)
{
	int error = change_address(kernel, RTM_NEWADDR, ifindex, address);

	return error == EEXIST ? 0 : error;
}

static int
take_back(struct kernel *kernel, unsigned int ifindex,
    const struct in6_addr *address)
{
	int error = change_address(kernel, RTM_DELADDR, ifindex, address);

	return error == EADDRNOTAVAIL || error == ENODEV ? 0 : error;
}

/* The kernel does not tell of an address before it is past duplicate
 * detection. */
static bool
take_address(void *ctx, const struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *message = mnl_nlmsg_get_payload(nlh);
	unsigned int *ifindex = ctx;

	if (nlh->nlmsg_type == RTM_NEWADDR &&
	    mnl_nlmsg_get_payload_len(nlh) >= sizeof(*message) &&
	    message->ifa_index == *ifindex &&
	    message->ifa_scope == RT_SCOPE_LINK &&
	    (message->ifa_flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) ==
	    IFA_F_TENTATIVE)
		*ifindex = 0;
	return *ifindex != 0;
}

bool
address_is_coming(unsigned int ifindex)
{
	const struct dump_request request = {
		.type = RTM_GETADDR, .family = AF_INET6, .ifindex = ifindex
	};
	const struct dump_taker taker = { take_address, &ifindex };

	return kernel_dump(&request, &taker) == 0 && ifindex == 0;
}

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
	int error = add(kernel, ifindex, address);
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

	for (added = SLIST_FIRST(list); added != NULL; added = next) {
		next = SLIST_NEXT(added, entry);
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
		(void)take_back(kernel, added->ifindex,
		    &added->address);
		SLIST_REMOVE_HEAD(list, entry);
		free(added);
	}
}
