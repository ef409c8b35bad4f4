/*
 * kernel/address.c - "link-local auto": addresses for links that have none.
 *
 * Tunnels such as WireGuard's come without a link-local address, and Babel
 * cannot run without one.  The address is made from our router-id and the
 * interface's name, so it is the same each time and used nowhere else.  It is
 * removed when nothing asks for it any more, and when we leave.
 *
 * An address that a crashed instance left is recognised by the protocol that
 * the kernel keeps with an address, or by its value before Linux 5.18.
 */
#include "address.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <libmnl/libmnl.h>

#include "claims.h"
#include "kernel.h"
#include "kernel/attribute.h"
#include "kernel/dump.h"
#include "kernel/socket.h"
#include "prefix.h"

#define REQUEST_MAX	128
#define LINK_LOCAL_PLEN	64

#ifndef IFA_PROTO
#define IFA_PROTO	11		/* Linux 5.18 */
#endif

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
	mnl_attr_put_u8(nlh, IFA_PROTO, RTPROT_BABEL);
	return kernel_request(kernel, nlh);
}

/* The kernel does not report an address before duplicate detection is done. */
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
	address.s6_addr[8] &= 0xFC;	/* not universally unique */
	return address;
}

/* What the instances on this machine know an address by. */
static uint32_t
number_of(const struct in6_addr *address)
{
	uint32_t number;

	memcpy(&number, address->s6_addr + 8, sizeof(number));
	return number;
}

static bool
is_known(const struct address_list *list, unsigned int ifindex,
    const struct in6_addr *address)
{
	const struct added_address *added;

	SLIST_FOREACH(added, &list->added, entry)
		if (added->ifindex == ifindex &&
		    address_equal(&added->address, address))
			return true;
	return false;
}

/* Without memory for a note, the address stays when we leave. */
static void
note(struct address_list *list, unsigned int ifindex,
    const struct in6_addr *address)
{
	struct added_address *added = malloc(sizeof(*added));

	if (added == NULL)
		return;
	*added = (struct added_address){ .ifindex = ifindex,
	    .address = *address };
	SLIST_INSERT_HEAD(&list->added, added, entry);
	(void)claims_take(&list->claims, number_of(address));
}

static void
forget(struct address_list *list, struct added_address *added)
{
	struct in6_addr address = added->address;
	const struct added_address *other;

	SLIST_REMOVE(&list->added, added, added_address, entry);
	free(added);
	SLIST_FOREACH(other, &list->added, entry)
		if (number_of(&other->address) == number_of(&address))
			return;
	claims_drop(&list->claims, number_of(&address));
}

/* The address that is looked for, and where it is noted. */
struct search {
	struct address_list *list;
	const struct router_id *id;
	bool by_value;
};

static bool
is_ours(const struct search *search, unsigned int ifindex,
    const struct in6_addr *address, uint8_t protocol)
{
	char name[IF_NAMESIZE];
	struct in6_addr own;

	if (claims_is_others(&search->list->claims, number_of(address)))
		return false;
	if (!search->by_value)
		return protocol == RTPROT_BABEL;
	if (if_indextoname(ifindex, name) == NULL)
		return false;
	own = address_link_local(search->id, name);
	return address_equal(&own, address);
}

static bool
find_ours(void *ctx, const struct nlmsghdr *nlh)
{
	const struct search *search = ctx;
	const struct ifaddrmsg *message = mnl_nlmsg_get_payload(nlh);
	struct in6_addr address = { .s6_addr = { 0 } };
	const struct nlattr *attr;
	uint8_t protocol = 0;

	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*message) ||
	    message->ifa_scope != RT_SCOPE_LINK)
		return true;
	FOR_EACH_ATTRIBUTE(attr, nlh, sizeof(*message)) {
		if (mnl_attr_get_type(attr) == IFA_ADDRESS &&
		    mnl_attr_get_payload_len(attr) == sizeof(address))
			memcpy(&address, mnl_attr_get_payload(attr),
			    sizeof(address));
		if (mnl_attr_get_type(attr) == IFA_PROTO &&
		    mnl_attr_get_payload_len(attr) >= sizeof(protocol))
			protocol = mnl_attr_get_u8(attr);
	}
	if (address_is_link_local(&address) &&
	    is_ours(search, message->ifa_index, &address, protocol))
		note(search->list, message->ifa_index, &address);
	return true;
}

int
address_open(struct address_list *list, const char *name,
    const struct router_id *id)
{
	const struct dump_request request = {
		.type = RTM_GETADDR, .family = AF_INET6
	};
	struct search search = {
		.list = list, .id = id, .by_value = !kernel_is_at_least(5, 18)
	};
	const struct dump_taker taker = { find_ours, &search };
	int error;

	SLIST_INIT(&list->added);
	claims_open(&list->claims, name);
	claims_lock(&list->claims);
	error = kernel_dump(&request, &taker);
	claims_unlock(&list->claims);
	return error;
}

int
address_add(struct address_list *list, struct kernel *kernel,
    unsigned int ifindex, const struct in6_addr *address)
{
	int error = change_address(kernel, RTM_NEWADDR, ifindex, address);

	if (error == 0 && !is_known(list, ifindex, address))
		note(list, ifindex, address);
	return error == EEXIST ? 0 : error;
}

bool
address_is_given(const struct address_list *list, unsigned int ifindex)
{
	const struct added_address *added;

	SLIST_FOREACH(added, &list->added, entry)
		if (added->ifindex == ifindex)
			return true;
	return false;
}

void
address_forget(struct address_list *list, unsigned int ifindex)
{
	struct added_address *added, *next;

	for (added = SLIST_FIRST(&list->added); added != NULL; added = next) {
		next = SLIST_NEXT(added, entry);
		if (added->ifindex == ifindex)
			forget(list, added);
	}
}

void
address_keep(struct address_list *list, struct kernel *kernel,
    bool (*is_wanted)(void *ctx, unsigned int ifindex), void *ctx)
{
	struct added_address *added, *next;

	for (added = SLIST_FIRST(&list->added); added != NULL; added = next) {
		next = SLIST_NEXT(added, entry);
		if (is_wanted(ctx, added->ifindex))
			continue;
		(void)change_address(kernel, RTM_DELADDR, added->ifindex,
		    &added->address);
		forget(list, added);
	}
}

static bool
is_wanted_no_more(void *ctx, unsigned int ifindex)
{
	(void)ctx;
	(void)ifindex;
	return false;
}

void
address_close(struct address_list *list, struct kernel *kernel)
{
	address_keep(list, kernel, is_wanted_no_more, NULL);
	claims_close(&list->claims);
}
