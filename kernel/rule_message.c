/*
 * kernel/rule_message.c - policy rules over rtnetlink.
 *
 * For source-specific routes where the kernel has none of its own (RFC 9079,
 * section 4), a rule sends packets of a source prefix to a table.  Rules are
 * few compared with routes, so each is changed by a request whose answer is
 * awaited.  They carry our protocol number (FRA_PROTOCOL, Linux 4.17), by which
 * left-overs are recognised.
 */
#include "kernel/rule_message.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <string.h>

#include "kernel.h"
#include "kernel/attribute.h"
#include "kernel/dump.h"
#include "kernel/kernel_state.h"
#include "kernel/socket.h"
#include "prefix.h"

#define REQUEST_MAX	128

static struct nlmsghdr *
encode(void *buffer, uint16_t type, const struct kernel_rule *rule)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct fib_rule_hdr *frh;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (type == RTM_NEWRULE)
		nlh->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
	frh = mnl_nlmsg_put_extra_header(nlh, sizeof(*frh));
	frh->family = rule->is_ipv4 ? AF_INET : AF_INET6;
	frh->src_len = kernel_family_plen(&rule->from, rule->is_ipv4);
	frh->dst_len = kernel_family_plen(&rule->to, rule->is_ipv4);
	frh->table = rule->table < 256 ? (uint8_t)rule->table :
	    RT_TABLE_COMPAT;
	frh->action = FR_ACT_TO_TBL;
	kernel_put_prefix(nlh, FRA_SRC, &rule->from, rule->is_ipv4);
	kernel_put_prefix(nlh, FRA_DST, &rule->to, rule->is_ipv4);
	mnl_attr_put_u32(nlh, FRA_TABLE, rule->table);
	mnl_attr_put_u32(nlh, FRA_PRIORITY, rule->priority);
	mnl_attr_put_u8(nlh, FRA_PROTOCOL, rule->protocol);
	return nlh;
}

int
kernel_rule_add(struct kernel *kernel, const struct kernel_rule *rule)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[REQUEST_MAX];
	int error = kernel_request(kernel, encode(buffer, RTM_NEWRULE, rule));

	return error == EEXIST ? 0 : error;
}

int
kernel_rule_delete(struct kernel *kernel, const struct kernel_rule *rule)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[REQUEST_MAX];
	int error = kernel_request(kernel, encode(buffer, RTM_DELRULE, rule));

	return error == ENOENT || error == ESRCH ? 0 : error;
}

/* The attribute is the address of the prefix. */
static bool
get_prefix(const struct nlattr *attr, uint8_t plen, bool is_ipv4,
    struct prefix *prefix)
{
	const void *octets = mnl_attr_get_payload(attr);
	struct in6_addr address;
	uint8_t base = is_ipv4 ? 96 : 0;

	if (mnl_attr_get_payload_len(attr) != (is_ipv4 ? 4 : 16) ||
	    plen > 128 - base)
		return false;
	if (is_ipv4)
		address = address_from_ipv4(octets);
	else
		memcpy(&address, octets, sizeof(address));
	if (plen > 0)
		*prefix = prefix_of(&address, (uint8_t)(base + plen));
	return true;
}

/* False if the attribute is malformed. */
static bool
decode_attribute(const struct nlattr *attr, const struct fib_rule_hdr *frh,
    struct kernel_rule *rule)
{
	switch (mnl_attr_get_type(attr)) {
	case FRA_SRC:
		return get_prefix(attr, frh->src_len, rule->is_ipv4,
		    &rule->from);
	case FRA_DST:
		return get_prefix(attr, frh->dst_len, rule->is_ipv4,
		    &rule->to);
	case FRA_TABLE:
		return attribute_u32(attr, &rule->table);
	case FRA_PRIORITY:
		return attribute_u32(attr, &rule->priority);
	case FRA_PROTOCOL:
		if (mnl_attr_get_payload_len(attr) != 1)
			return false;
		rule->protocol = mnl_attr_get_u8(attr);
		return true;
	case FRA_SUPPRESS_PREFIXLEN:
		/* Always there; all ones when unused. */
		rule->is_other |= mnl_attr_get_payload_len(attr) != 4 ||
		    mnl_attr_get_u32(attr) != UINT32_MAX;
		return true;
	default:
		rule->is_other = true;
		return true;
	}
}

static bool
decode(const struct nlmsghdr *nlh, struct kernel_rule *rule)
{
	const struct fib_rule_hdr *frh = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*frh) ||
	    (frh->family != AF_INET && frh->family != AF_INET6))
		return false;
	memset(rule, 0, sizeof(*rule));
	rule->is_ipv4 = frh->family == AF_INET;
	rule->table = frh->table;
	rule->is_other = frh->action != FR_ACT_TO_TBL || frh->tos != 0 ||
	    (frh->flags & FIB_RULE_INVERT) != 0;
	FOR_EACH_ATTRIBUTE(attr, nlh, sizeof(*frh))
		if (!decode_attribute(attr, frh, rule))
			return false;
	return true;
}

void
kernel_rule_message(struct kernel *kernel, const struct nlmsghdr *nlh)
{
	struct kernel_rule rule;

	if (decode(nlh, &rule))
		kernel->events->rule(kernel->ctx, &rule,
		    nlh->nlmsg_type == RTM_NEWRULE);
}

static const uint8_t families[] = { AF_INET, AF_INET6 };

struct rule_dump {
	void (*call)(void *ctx, const struct kernel_rule *);
	void *ctx;
};

static bool
take_rule(void *ctx, const struct nlmsghdr *nlh)
{
	const struct rule_dump *dump = ctx;
	struct kernel_rule rule;

	if (nlh->nlmsg_type == RTM_NEWRULE && decode(nlh, &rule))
		dump->call(dump->ctx, &rule);
	return true;
}

int
kernel_rule_dump(void (*call)(void *, const struct kernel_rule *), void *ctx)
{
	struct rule_dump dump = { call, ctx };
	const struct dump_taker taker = { take_rule, &dump };
	struct dump_request request = { .type = RTM_GETRULE };
	int error = 0;
	size_t i;

	for (i = 0; i < 2 && error == 0; i++) {
		request.family = families[i];
		error = kernel_dump(&request, &taker);
	}
	return error;
}
