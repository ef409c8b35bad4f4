/*
 * config/filter_rule.c - the grammar of filter rules: selectors and actions in
 * any order, all of them optional.
 *
 * A selector or action that is repeated replaces the one before, but
 * bounds on a prefix length add up.  A rule is for one address family as
 * soon as it names a prefix or an address, and then its lengths are those
 * of that family.  A rule that bounds lengths and names no family is for
 * IPv6: that is what babeld 1.14 does, and files rely on it.
 */
#include "config/filter_rule.h"

#include <string.h>

#include "config/statement.h"
#include "configuration.h"
#include "filter.h"
#include "pattern.h"
#include "prefix.h"
#include "token.h"
#include "util.h"

/* Prefix lengths as they are written. */
struct bounds {
	int64_t ge, le;
};

struct draft {
	struct filter_rule rule;
	struct bounds to, from;
	bool is_bounded;
	struct token too_long;		/* a length over 32, or TOKEN_END */
};

static const char family_names[][8] = {
	[FAMILY_ANY] = "any", [FAMILY_IPV4] = "IPv4", [FAMILY_IPV6] = "IPv6"
};

/* Values. */

static int
set_family(struct statement *s, struct draft *draft, bool is_ipv4)
{
	enum filter_family family = is_ipv4 ? FAMILY_IPV4 : FAMILY_IPV6;

	if (draft->rule.family != FAMILY_ANY && draft->rule.family != family)
		return statement_error(s, &s->word,
		    "expected %s, as before in this rule",
		    family_names[draft->rule.family]);
	draft->rule.family = (uint8_t)family;
	return 0;
}

static int
read_prefix(struct statement *s, struct draft *draft, struct prefix *prefix)
{
	if (statement_need_word(s, "a prefix") == -1)
		return -1;
	if (prefix_parse(s->word.text, prefix) == -1)
		return statement_expected(s, "a prefix");
	return set_family(s, draft, prefix_is_ipv4(prefix));
}

static int
read_address(struct statement *s, struct in6_addr *address)
{
	if (statement_need_word(s, "an address") == -1)
		return -1;
	return address_parse(s->word.text, address) == 0 ? 0 :
	    statement_expected(s, "an address");
}

/* Selectors. */

static int
read_ip(struct statement *s, struct draft *draft)
{
	return read_prefix(s, draft, &draft->rule.ip);
}

static int
read_src_ip(struct statement *s, struct draft *draft)
{
	return read_prefix(s, draft, &draft->rule.src_ip);
}

static int
read_length(struct statement *s, struct draft *draft, int64_t *length)
{
	if (statement_need_number(s, 0, 128, length) == -1)
		return -1;
	draft->is_bounded = true;
	if (*length > 32)
		draft->too_long = s->word;
	return 0;
}

static int
read_bounds(struct statement *s, struct draft *draft, const char *how,
    struct bounds *bounds)
{
	int64_t length;

	if (read_length(s, draft, &length) == -1)
		return -1;
	if (strcmp(how, "le") != 0 && length > bounds->ge)
		bounds->ge = length;
	if (strcmp(how, "ge") != 0 && length < bounds->le)
		bounds->le = length;
	return 0;
}

static int
read_eq(struct statement *s, struct draft *draft)
{
	return read_bounds(s, draft, "eq", &draft->to);
}

static int
read_le(struct statement *s, struct draft *draft)
{
	return read_bounds(s, draft, "le", &draft->to);
}

static int
read_ge(struct statement *s, struct draft *draft)
{
	return read_bounds(s, draft, "ge", &draft->to);
}

static int
read_src_eq(struct statement *s, struct draft *draft)
{
	return read_bounds(s, draft, "eq", &draft->from);
}

static int
read_src_le(struct statement *s, struct draft *draft)
{
	return read_bounds(s, draft, "le", &draft->from);
}

static int
read_src_ge(struct statement *s, struct draft *draft)
{
	return read_bounds(s, draft, "ge", &draft->from);
}

static int
read_neigh(struct statement *s, struct draft *draft)
{
	return read_address(s, &draft->rule.neighbour);
}

static int
read_id(struct statement *s, struct draft *draft)
{
	if (statement_need_word(s, "a router-id") == -1)
		return -1;
	return router_id_parse(s->word.text, &draft->rule.id) == 0 ? 0 :
	    statement_expected(s, "a router-id");
}

/* "proto" and "local" exclude each other: the last one counts. */

static int
read_proto(struct statement *s, struct draft *draft)
{
	int64_t proto;

	if (statement_need_number(s, 0, 255, &proto) == -1)
		return -1;
	draft->rule.proto = (uint8_t)proto;
	draft->rule.has &= (uint16_t)~FILTER_HAS_LOCAL;
	return 0;
}

static int
read_local(struct statement *s, struct draft *draft)
{
	(void)s;
	draft->rule.has &= (uint16_t)~FILTER_HAS_PROTO;
	return 0;
}

static const char type_names[][12] = {
	[ROUTE_UNICAST] = "unicast", [ROUTE_BLACKHOLE] = "blackhole",
	[ROUTE_UNREACHABLE] = "unreachable", [ROUTE_PROHIBIT] = "prohibit"
};

static int
read_type(struct statement *s, struct draft *draft)
{
	static const char what[] = "unicast, blackhole, unreachable or "
	    "prohibit";
	uint8_t type;

	if (statement_need_word(s, what) == -1)
		return -1;
	for (type = 0; type <= ROUTE_PROHIBIT; type++)
		if (strcmp(s->word.text, type_names[type]) == 0) {
			draft->rule.type = type;
			return 0;
		}
	return statement_expected(s, what);
}

/* The draft's rule points to the name; filter_append copies it. */
static int
read_if(struct statement *s, struct draft *draft, char *name)
{
	if (statement_need_string(s, "the name of an interface") == -1)
		return -1;
	memcpy(name, s->word.text, strlen(s->word.text) + 1);
	draft->rule.ifname = name;
	draft->rule.has &= (uint16_t)~FILTER_IF_IS_PATTERN;
	draft->rule.has |= FILTER_HAS_IF;
	if (pattern_is_special(name))
		draft->rule.has |= FILTER_IF_IS_PATTERN;
	statement_check_name(s);
	return 0;
}

/* Actions. */

static int
read_allow(struct statement *s, struct draft *draft)
{
	(void)s;
	draft->rule.deny = false;
	draft->rule.metric = 0;
	return 0;
}

static int
read_deny(struct statement *s, struct draft *draft)
{
	(void)s;
	draft->rule.deny = true;
	draft->rule.metric = 0;
	return 0;
}

static int
read_metric(struct statement *s, struct draft *draft)
{
	int64_t metric;

	if (statement_need_number(s, 1, INFINITY_METRIC, &metric) == -1)
		return -1;
	draft->rule.deny = metric == INFINITY_METRIC;
	draft->rule.metric = draft->rule.deny ? 0 : (uint16_t)metric;
	return 0;
}

static int
read_src_prefix(struct statement *s, struct draft *draft)
{
	return read_prefix(s, draft, &draft->rule.src_prefix);
}

static int
read_table(struct statement *s, struct draft *draft)
{
	int64_t table;

	if (statement_need_number(s, 1, UINT32_MAX, &table) == -1)
		return -1;
	draft->rule.table = (uint32_t)table;
	return 0;
}

static int
read_pref_src(struct statement *s, struct draft *draft)
{
	if (read_address(s, &draft->rule.pref_src) == -1)
		return -1;
	return set_family(s, draft, address_is_ipv4(&draft->rule.pref_src));
}

static const struct part {
	const char *word;
	int (*read)(struct statement *, struct draft *);
	uint16_t has;
} parts[] = {
	{ "ip", read_ip, FILTER_HAS_IP },
	{ "eq", read_eq, 0 },
	{ "le", read_le, 0 },
	{ "ge", read_ge, 0 },
	{ "src-ip", read_src_ip, FILTER_HAS_SRC_IP },
	{ "src-eq", read_src_eq, 0 },
	{ "src-le", read_src_le, 0 },
	{ "src-ge", read_src_ge, 0 },
	{ "neigh", read_neigh, FILTER_HAS_NEIGH },
	{ "id", read_id, FILTER_HAS_ID },
	{ "proto", read_proto, FILTER_HAS_PROTO },
	{ "local", read_local, FILTER_HAS_LOCAL },
	{ "type", read_type, FILTER_HAS_TYPE },
	{ "allow", read_allow, 0 },
	{ "deny", read_deny, 0 },
	{ "metric", read_metric, 0 },
	{ "src-prefix", read_src_prefix, FILTER_SETS_SRC_PREFIX },
	{ "table", read_table, FILTER_SETS_TABLE },
	{ "pref-src", read_pref_src, FILTER_SETS_PREF_SRC },
	{ .word = NULL },
};

/* Warn about a selector or an action that has no meaning in this chain.  The
 * selector never matches and the action does nothing; this has always been
 * allowed, but is surely a mistake. */
static void
warn_of_part(struct statement *s, const struct token *at, uint16_t has,
    enum filter_chain chain)
{
	if ((has & ~filter_chain_abilities(chain)) == 0)
		return;
	statement_warn(s, at, "%s in a filter \"%s\"",
	    has & FILTER_SETS ? "does nothing" : "never matches",
	    filter_chain_name(chain));
}

static int
read_part(struct statement *s, enum filter_chain chain, struct draft *draft)
{
	const struct token at = s->word;
	const struct part *part = parts;

	while (part->word != NULL && strcmp(part->word, at.text) != 0)
		part++;
	if (part->word == NULL)
		return statement_expected(s, "a selector or an action");
	if (part->read(s, draft) == -1)
		return -1;
	draft->rule.has |= part->has;
	warn_of_part(s, &at, part->has, chain);
	return 0;
}

/* The bounds on the 128-bit scale; no bound stays 0 to 128. */
static void
put_bounds(const struct bounds *bounds, bool is_ipv4, uint8_t *ge, uint8_t *le)
{
	int64_t shift = is_ipv4 ? 96 : 0;

	*ge = (uint8_t)(bounds->ge == 0 ? 0 : bounds->ge + shift);
	*le = (uint8_t)(bounds->le + shift > 128 ? 128 : bounds->le + shift);
}

static void
finish_bounds(struct statement *s, struct draft *draft)
{
	struct filter_rule *rule = &draft->rule;
	bool is_ipv4;

	if (rule->family == FAMILY_ANY && draft->is_bounded) {
		rule->family = FAMILY_IPV6;
		if (draft->to.ge <= 32 && draft->from.ge <= 32)
			statement_warn(s, &s->word, "a rule that bounds "
			    "lengths without a prefix is for IPv6 alone");
	}
	is_ipv4 = rule->family == FAMILY_IPV4;
	if (is_ipv4 && draft->too_long.type != TOKEN_END)
		statement_warn(s, &draft->too_long,
		    "an IPv4 prefix has at most 32 bits");
	put_bounds(&draft->to, is_ipv4, &rule->plen_ge, &rule->plen_le);
	put_bounds(&draft->from, is_ipv4, &rule->from_plen_ge,
	    &rule->from_plen_le);
}

/* Read the rest of the line, beginning with the word just read.  The draft's
 * interface name lies in the buffer. */
static int
read_draft(struct statement *s, enum filter_chain chain, struct draft *draft,
    char ifname[TOKEN_MAX + 1])
{
	*draft = (struct draft){
		.rule = FILTER_RULE_ANY,
		.to = { 0, 128 },
		.from = { 0, 128 },
		.too_long = { .type = TOKEN_END },
	};
	while (s->word.type != TOKEN_END) {
		if (strcmp(s->word.text, "if") == 0 ?
		    read_if(s, draft, ifname) == -1 :
		    read_part(s, chain, draft) == -1)
			return -1;
		if (statement_next(s) == -1)
			return -1;
	}
	finish_bounds(s, draft);
	return 0;
}

/* Warn if an earlier rule, in the files or here, matches everything that this
 * one could match. */
static void
warn_of_cover(struct statement *s, enum filter_chain chain,
    const struct filter_rule *rule)
{
	static const struct filter none;
	const struct filter *here = &s->conf->filters[chain];
	const struct filter *below = s->files == NULL ? &none :
	    &s->files->filters[chain];
	size_t place = filter_find_cover(below, chain, rule);

	if (place == below->count)
		place += filter_find_cover(here, chain, rule);
	if (place < below->count + here->count)
		statement_warn(s, &s->word, "this rule never matches, because "
		    "rule %zu of the filter \"%s\" matches all that it could",
		    place + 1, filter_chain_name(chain));
}

int
filter_rule_read(struct statement *s, enum filter_chain chain)
{
	char ifname[TOKEN_MAX + 1];
	struct draft draft;

	if (statement_next(s) == -1 ||
	    read_draft(s, chain, &draft, ifname) == -1)
		return -1;
	warn_of_cover(s, chain, &draft.rule);
	if (filter_append(&s->conf->filters[chain], &draft.rule) == -1)
		return statement_no_memory(s);
	return 0;
}

int
filter_rule_flush(struct statement *s, enum filter_chain chain)
{
	char ifname[TOKEN_MAX + 1];
	struct draft draft;
	bool found;

	if (read_draft(s, chain, &draft, ifname) == -1)
		return -1;
	found = filter_remove(&s->conf->filters[chain], &draft.rule);
	if (s->files != NULL)
		found |= filter_remove(&s->files->filters[chain],
		    &draft.rule);
	return found ? 0 : statement_refuse(s, "No such rule");
}

int
filter_rule_replace(struct statement *s, enum filter_chain chain)
{
	char ifname[TOKEN_MAX + 1];
	struct draft draft;

	if (statement_next(s) == -1 ||
	    read_draft(s, chain, &draft, ifname) == -1)
		return -1;
	return (s->files != NULL &&
	    filter_replace(&s->files->filters[chain], &draft.rule)) ||
	    filter_replace(&s->conf->filters[chain], &draft.rule) ? 0 :
	    statement_refuse(s, "No such rule");
}
