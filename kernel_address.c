/*
 * kernel_address.c - interface addresses that we add ourselves
 * ("link-local auto").
 */
#include "kernel_internal.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <string.h>

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

int
kernel_address_add(struct kernel *kernel, unsigned int ifindex,
    const struct in6_addr *address)
{
	int error = change_address(kernel, RTM_NEWADDR, ifindex, address);

	return error == EEXIST ? 0 : error;
}

int
kernel_address_delete(struct kernel *kernel, unsigned int ifindex,
    const struct in6_addr *address)
{
	int error = change_address(kernel, RTM_DELADDR, ifindex, address);

	return error == EADDRNOTAVAIL || error == ENODEV ? 0 : error;
}
