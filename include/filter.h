/*
 * filter.h - policy as data: ordered lists of rules, first match wins.
 */
#ifndef FILTER_H
#define FILTER_H

#include "pattern.h"
#include "prefix.h"

enum filter_chain {
	FILTER_IN, FILTER_OUT, FILTER_REDISTRIBUTE, FILTER_INSTALL,
	FILTER_CHAINS
};

/* Which selectors a rule has. */
#define FILTER_HAS_IP		0x0001	/* to, within */
#define FILTER_HAS_SRC_IP	0x0002	/* from, within */
#define FILTER_HAS_NEIGH	0x0004
#define FILTER_HAS_ID		0x0008
#define FILTER_HAS_PROTO	0x0010
#define FILTER_HAS_LOCAL	0x0020
#define FILTER_HAS_IF		0x0040
#define FILTER_HAS_TYPE		0x0080
#define FILTER_SELECTORS	0x00FF
/* The name after "if" is a shell pattern. */
#define FILTER_IF_IS_PATTERN	0x0800
/* Which actions. */
#define FILTER_SETS_SRC_PREFIX	0x0100
#define FILTER_SETS_PREF_SRC	0x0200
#define FILTER_SETS_TABLE	0x0400
#define FILTER_SETS		0x0700

#define FILTER_PROTO_BOOT	3	/* matched by an explicit proto only */

enum filter_family { FAMILY_ANY, FAMILY_IPV4, FAMILY_IPV6 };

/* One rule.  Prefix lengths are on the 128-bit scale, those of the source
 * too; a bound beyond what the family has never matches (or always). */
struct filter_rule {
	uint16_t has;
	uint8_t family;			/* enum filter_family */
	uint8_t plen_ge, plen_le, from_plen_ge, from_plen_le;
	uint8_t proto;
	uint8_t type;			/* enum route_type */
	bool deny;
	uint16_t metric;		/* to add, or to redistribute with */
	uint32_t table;
	struct prefix ip, src_ip, src_prefix;
	struct in6_addr neighbour, pref_src;
	struct router_id id;
	char *ifname;			/* owned by the filter, or NULL */
};

/* A rule that matches everything, as a starting point. */
#define FILTER_RULE_ANY \
	((struct filter_rule){ .plen_le = 128, .from_plen_le = 128 })

/*
 * The rules of one chain, and an index over them that skips the rules
 * whose prefix cannot hold a given destination (filter.c).
 */
struct filter {
	struct filter_rule *rules;
	size_t count, size;
	struct filter_index *index;	/* built by filter_finish, or NULL */
};

/* The type of a kernel route.  Addresses of ours count as unicast. */
enum route_type {
	ROUTE_UNICAST,
	ROUTE_BLACKHOLE,
	ROUTE_UNREACHABLE,
	ROUTE_PROHIBIT,
};

/* The subject that rules are matched against; only the members that the chain
 * has are set. */
struct filter_subject {
	struct destination_key key;
	struct router_id id;		/* in, out, install */
	struct in6_addr neighbour;	/* in */
	const char *ifname;		/* or NULL: no rule with "if" matches */
	uint8_t proto;			/* redistribute */
	bool local;			/* redistribute: an interface address */
	enum route_type type;		/* redistribute */
};

struct filter_verdict {
	const struct filter_rule *rule;	/* that matched; NULL: none did */
	bool deny;
	uint16_t metric;
	uint16_t sets;			/* FILTER_SETS_* */
	uint32_t table;
	struct in6_addr pref_src;
	struct prefix src_prefix;
};

/* Append a copy of the rule, its name included; -1 for no memory. */
int	filter_append(struct filter *, const struct filter_rule *);
/* Build the index; -1 for no memory.  Append nothing afterwards. */
int	filter_finish(struct filter *);
/* Append copies of all rules; the index is not copied.  -1 for no memory,
 * with some of them appended. */
int	filter_copy(struct filter *to, const struct filter *from);
/* Remove all rules: the chain is left to its default. */
void	filter_free(struct filter *);

/* The selectors that can match, and the actions that have an effect, in
 * the chain: FILTER_HAS_* and FILTER_SETS_*. */
uint16_t filter_chain_abilities(enum filter_chain);
/* "in", "out", "redistribute", "install". */
const char *filter_chain_name(enum filter_chain);

/* Do two chains hold the same rules? */
bool	filter_is_same(const struct filter *, const struct filter *);

/* The index of the first rule that matches everything the given one could
 * match, so that this one never does; the count of rules if no single rule does
 * so. */
size_t	filter_find_cover(const struct filter *, enum filter_chain,
	    const struct filter_rule *);
/* Remove the rules with the same selectors, whatever their actions: true if
 * there was one.  Not for a finished chain. */
bool	filter_remove(struct filter *, const struct filter_rule *);
/* Give the first rule with the same selectors the actions of this one: true
 * if there was one.  Not for a finished chain. */
bool	filter_replace(struct filter *, const struct filter_rule *);

/* The verdict of the first rule that matches, or else of the chain's
 * default (compatibility with babeld 1.14: in, out and install allow,
 * redistribute allows local addresses alone). */
struct filter_verdict filter_evaluate(const struct filter *,
	    enum filter_chain, const struct filter_subject *);

#endif
