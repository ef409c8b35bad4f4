/*
 * kernel/address.c - interface addresses that we add ourselves
 * ("link-local auto"), where nobody else does.
 */
#include "kernel/internal.h"

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
kernel_address_is_coming(unsigned int ifindex)
{
	const struct dump_request request = {
		.type = RTM_GETADDR, .family = AF_INET6, .ifindex = ifindex
	};
	const struct dump_taker taker = { take_address, &ifindex };

	return kernel_dump(&request, &taker) == 0 && ifindex == 0;
}
