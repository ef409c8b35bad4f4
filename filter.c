/*
 * filter.c - policy as data (RFC 8966, appendix C): ordered lists of
 * rules, of which the first that matches decides.
 *
 * A rule with "ip P" can match only destinations within P.  The index
 * keeps, for each family, the distinct prefixes of such rules in order,
 * each with its rules and a link to the closest prefix around it.  The
 * prefixes around a destination are then one binary search and a climb
 * along the links; their rules, and those without a prefix, are tried in
 * the order of their numbers, as if the whole list had been walked.
 */
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "pattern.h"
#include "prefix.h"
#include "util.h"

#define NO_NODE		UINT32_MAX
#define DEPTH_MAX	129		/* nested prefixes: /0 to /128 */

/* A run of rule numbers, in ascending order. */
struct rule_list {
	const uint32_t *at, *end;
};

/* A prefix named by at least one rule. */
struct index_node {
	struct prefix prefix;
	uint32_t parent;		/* the closest around it, or NO_NODE */
	uint32_t first, count;		/* its rules, in index_tree.numbers */
};

/* The rules that can match destinations of one family. */
struct index_tree {
	struct index_node *nodes;	/* in order of prefix */
	uint32_t node_count;
	uint32_t *numbers;		/* the nodes' rules, node by node */
	uint32_t *others;		/* the rules without "ip" */
	uint32_t other_count;
};

struct filter_index {
	struct index_tree ipv4, ipv6;
};

/* A rule and its prefix, while the index is built. */
struct index_entry {
	struct prefix prefix;
	uint32_t number;
};

/* A subject, with everything that all rules need worked out once. */
struct view {
	const struct filter_subject *subject;
	enum filter_chain chain;
	uint16_t abilities;
	enum filter_family family;
	struct prefix from;		/* of the subject's own family */
};

static const struct {
	const char *name;
	uint16_t abilities;
} chains[FILTER_CHAINS] = {
	[FILTER_IN] = { "in", FILTER_HAS_IP | FILTER_HAS_SRC_IP |
	    FILTER_HAS_NEIGH | FILTER_HAS_ID | FILTER_HAS_IF },
	[FILTER_OUT] = { "out", FILTER_HAS_IP | FILTER_HAS_SRC_IP |
	    FILTER_HAS_ID | FILTER_HAS_IF },
	[FILTER_REDISTRIBUTE] = { "redistribute", FILTER_HAS_IP |
	    FILTER_HAS_SRC_IP | FILTER_HAS_PROTO | FILTER_HAS_LOCAL |
	    FILTER_HAS_IF | FILTER_HAS_TYPE | FILTER_SETS_SRC_PREFIX },
	[FILTER_INSTALL] = { "install", FILTER_HAS_IP | FILTER_HAS_SRC_IP |
	    FILTER_HAS_ID | FILTER_HAS_IF | FILTER_SETS_PREF_SRC |
	    FILTER_SETS_TABLE },
};

uint16_t
filter_chain_abilities(enum filter_chain chain)
{
	return chains[chain].abilities;
}

const char *
filter_chain_name(enum filter_chain chain)
{
	return chains[chain].name;
}

/* Matching one rule. */

static enum filter_family
family_of(const struct destination_key *key)
{
	return prefix_is_ipv4(&key->to) ? FAMILY_IPV4 : FAMILY_IPV6;
}

/* The source prefix for comparison: "any" is 0.0.0.0/0 for IPv4. */
static struct prefix
source_of(const struct destination_key *key)
{
	struct in6_addr mapped = { .s6_addr = { [10] = 0xFF, [11] = 0xFF } };

	if (destination_is_source_specific(key) ||
	    family_of(key) == FAMILY_IPV6)
		return key->from;
	return prefix_of(&mapped, 96);
}

static bool
prefixes_match(const struct filter_rule *rule, const struct view *view)
{
	const struct prefix *to = &view->subject->key.to;
	const struct prefix *from = &view->from;

	if (rule->family != FAMILY_ANY && rule->family != view->family)
		return false;
	if (to->plen < rule->plen_ge || to->plen > rule->plen_le ||
	    from->plen < rule->from_plen_ge || from->plen > rule->from_plen_le)
		return false;
	if (rule->has & FILTER_HAS_IP && !prefix_contains(&rule->ip, to))
		return false;
	return !(rule->has & FILTER_HAS_SRC_IP) ||
	    prefix_contains(&rule->src_ip, from);
}

/* By name, now: an interface that comes later matches as well. */
static bool
interface_matches(const struct filter_rule *rule, const char *ifname)
{
	if (ifname == NULL)
		return false;
	if (rule->has & FILTER_IF_IS_PATTERN)
		return pattern_match(rule->ifname, ifname);
	return strcmp(rule->ifname, ifname) == 0;
}

/* Does a rule that names no type redistribute routes of all types?  It does,
 * except unreachable default routes: these are for this machine alone, and if
 * announced would draw the packets of the whole mesh. */
static bool
concerns_type(const struct filter_rule *rule, enum route_type type,
    const struct prefix *to)
{
	if (rule->has & FILTER_HAS_TYPE)
		return rule->type == type;
	return type == ROUTE_UNICAST || rule->deny ||
	    to->plen != (prefix_is_ipv4(to) ? 96 : 0);
}

/* Without "proto", a rule is not about routes of protocol "boot", which the
 * kernel or a DHCP client has left there. */
static bool
kernel_route_matches(const struct filter_rule *rule,
    const struct filter_subject *subject)
{
	if (!concerns_type(rule, subject->type, &subject->key.to))
		return false;
	if (rule->has & FILTER_HAS_LOCAL)
		return subject->local;
	if (subject->local)
		return false;
	if (rule->has & FILTER_HAS_PROTO)
		return subject->proto == rule->proto;
	return subject->proto != FILTER_PROTO_BOOT;
}

static bool
rule_matches(const struct filter_rule *rule, const struct view *view)
{
	const struct filter_subject *subject = view->subject;
	uint16_t has = rule->has & FILTER_SELECTORS;

	/* A selector without a meaning in this chain never matches. */
	if ((has & ~view->abilities) != 0 || !prefixes_match(rule, view))
		return false;
	if (view->chain == FILTER_REDISTRIBUTE &&
	    !kernel_route_matches(rule, subject))
		return false;
	if (has & FILTER_HAS_NEIGH &&
	    !address_equal(&rule->neighbour, &subject->neighbour))
		return false;
	if (has & FILTER_HAS_ID &&
	    router_id_compare(&rule->id, &subject->id) != 0)
		return false;
	return !(has & FILTER_HAS_IF) ||
	    interface_matches(rule, subject->ifname);
}

/* Evaluation. */

/* The prefix of the index that is closest around the destination. */
static uint32_t
tree_lookup(const struct index_tree *tree, const struct prefix *to)
{
	uint32_t low = 0, high = tree->node_count, middle;

	/* The last prefix that is not behind the destination ... */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (prefix_compare(&tree->nodes[middle].prefix, to) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NO_NODE;
	/* ... is within each of those around it, the closest included. */
	low--;
	while (low != NO_NODE && !prefix_contains(&tree->nodes[low].prefix, to))
		low = tree->nodes[low].parent;
	return low;
}

/* The lists of all rules that may match: the unindexed ones, and those of
 * each prefix around the destination. */
static size_t
candidates(const struct index_tree *tree, const struct prefix *to,
    struct rule_list lists[DEPTH_MAX + 1])
{
	const struct index_node *node;
	size_t count = 0;
	uint32_t i;

	if (tree->other_count > 0)
		lists[count++] = (struct rule_list){ tree->others,
		    tree->others + tree->other_count };
	for (i = tree_lookup(tree, to); i != NO_NODE; i = node->parent) {
		node = &tree->nodes[i];
		lists[count++] = (struct rule_list){
		    tree->numbers + node->first,
		    tree->numbers + node->first + node->count };
	}
	return count;
}

/* Take the lowest number off the lists; NO_NODE if they are empty. */
static uint32_t
next_candidate(struct rule_list *lists, size_t count)
{
	struct rule_list *least = NULL;
	size_t i;

	for (i = 0; i < count; i++)
		if (lists[i].at < lists[i].end &&
		    (least == NULL || *lists[i].at < *least->at))
			least = &lists[i];
	return least == NULL ? NO_NODE : *least->at++;
}

static const struct filter_rule *
find_indexed(const struct filter *filter, const struct view *view)
{
	const struct index_tree *tree = view->family == FAMILY_IPV4 ?
	    &filter->index->ipv4 : &filter->index->ipv6;
	struct rule_list lists[DEPTH_MAX + 1];
	size_t count = candidates(tree, &view->subject->key.to, lists);
	uint32_t number;

	while ((number = next_candidate(lists, count)) != NO_NODE)
		if (rule_matches(&filter->rules[number], view))
			return &filter->rules[number];
	return NULL;
}

static const struct filter_rule *
find_linear(const struct filter *filter, const struct view *view)
{
	size_t i;

	for (i = 0; i < filter->count; i++)
		if (rule_matches(&filter->rules[i], view))
			return &filter->rules[i];
	return NULL;
}

struct filter_verdict
filter_evaluate(const struct filter *filter, enum filter_chain chain,
    const struct filter_subject *subject)
{
	struct filter_verdict verdict = { .deny = false };
	const struct filter_rule *rule;
	struct view view = {
		.subject = subject,
		.chain = chain,
		.abilities = chains[chain].abilities,
		.family = family_of(&subject->key),
		.from = source_of(&subject->key),
	};

	rule = filter->index != NULL ? find_indexed(filter, &view) :
	    find_linear(filter, &view);
	if (rule == NULL) {
		verdict.deny = chain == FILTER_REDISTRIBUTE && !subject->local;
		return verdict;
	}
	verdict.rule = rule;
	verdict.deny = rule->deny;
	verdict.metric = rule->metric;
	verdict.sets = rule->has & FILTER_SETS & view.abilities;
	verdict.table = rule->table;
	verdict.pref_src = rule->pref_src;
	verdict.src_prefix = rule->src_prefix;
	return verdict;
}

/* Building. */

int
filter_append(struct filter *filter, const struct filter_rule *rule)
{
	struct filter_rule *rules;
	size_t size = filter->size == 0 ? 8 : 2 * filter->size;
	char *ifname = NULL;

	if (filter->count >= NO_NODE - 1)
		return -1;
	if (filter->count == filter->size) {
		rules = reallocarray(filter->rules, size, sizeof(*rules));
		if (rules == NULL)
			return -1;
		filter->rules = rules;
		filter->size = size;
	}
	if (rule->ifname != NULL && (ifname = strdup(rule->ifname)) == NULL)
		return -1;
	filter->rules[filter->count] = *rule;
	filter->rules[filter->count].ifname = ifname;
	filter->count++;
	return 0;
}

int
filter_copy(struct filter *to, const struct filter *from)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		if (filter_append(to, &from->rules[i]) == -1)
			return -1;
	return 0;
}

static int
entry_compare(const void *a, const void *b)
{
	const struct index_entry *x = a, *y = b;
	int order = prefix_compare(&x->prefix, &y->prefix);

	if (order != 0)
		return order;
	return compare_numbers(x->number, y->number);
}

/* Could the rule match any destination of the family? */
static bool
concerns_family(const struct filter_rule *rule, enum filter_family family)
{
	if (rule->family != FAMILY_ANY && rule->family != family)
		return false;
	return !(rule->has & FILTER_HAS_IP) || rule->ip.plen == 0 ||
	    prefix_is_ipv4(&rule->ip) == (family == FAMILY_IPV4);
}

/* Sort the rules of a family into those with a prefix and the others. */
static uint32_t
tree_collect(struct index_tree *tree, const struct filter *filter,
    enum filter_family family, struct index_entry *entries)
{
	const struct filter_rule *rule;
	uint32_t i, count = 0;

	for (i = 0; i < (uint32_t)filter->count; i++) {
		rule = &filter->rules[i];
		if (!concerns_family(rule, family))
			continue;
		if (rule->has & FILTER_HAS_IP)
			entries[count++] = (struct index_entry){ rule->ip, i };
		else
			tree->others[tree->other_count++] = i;
	}
	qsort(entries, count, sizeof(entries[0]), entry_compare);
	return count;
}

/* Make a node of each distinct prefix.  Each prefix comes before those within
 * it, so its parent is found among the last ones. */
static void
tree_link(struct index_tree *tree, const struct index_entry *entries,
    uint32_t count)
{
	struct index_node *node = NULL;
	uint32_t i, parent;

	for (i = 0; i < count; i++) {
		tree->numbers[i] = entries[i].number;
		if (node == NULL || prefix_compare(&node->prefix,
		    &entries[i].prefix) != 0) {
			parent = node == NULL ? NO_NODE : tree->node_count - 1;
			while (parent != NO_NODE &&
			    !prefix_contains(&tree->nodes[parent].prefix,
			    &entries[i].prefix))
				parent = tree->nodes[parent].parent;
			node = &tree->nodes[tree->node_count++];
			*node = (struct index_node){ entries[i].prefix,
			    parent, i, 0 };
		}
		node->count++;
	}
}

static int
tree_build(struct index_tree *tree, const struct filter *filter,
    enum filter_family family)
{
	size_t room = filter->count + 1;
	struct index_entry *entries = calloc(room, sizeof(*entries));
	uint32_t count;

	tree->nodes = calloc(room, sizeof(*tree->nodes));
	tree->numbers = calloc(room, sizeof(*tree->numbers));
	tree->others = calloc(room, sizeof(*tree->others));
	if (entries == NULL || tree->nodes == NULL ||
	    tree->numbers == NULL || tree->others == NULL) {
		free(entries);
		return -1;
	}
	count = tree_collect(tree, filter, family, entries);
	tree_link(tree, entries, count);
	free(entries);
	return 0;
}

static void
tree_free(struct index_tree *tree)
{
	free(tree->nodes);
	free(tree->numbers);
	free(tree->others);
}

static void
index_free(struct filter_index *index)
{
	if (index == NULL)
		return;
	tree_free(&index->ipv4);
	tree_free(&index->ipv6);
	free(index);
}

int
filter_finish(struct filter *filter)
{
	struct filter_index *index = calloc(1, sizeof(*index));

	if (index == NULL ||
	    tree_build(&index->ipv4, filter, FAMILY_IPV4) == -1 ||
	    tree_build(&index->ipv6, filter, FAMILY_IPV6) == -1) {
		index_free(index);
		return -1;
	}
	index_free(filter->index);
	filter->index = index;
	return 0;
}

void
filter_free(struct filter *filter)
{
	size_t i;

	for (i = 0; i < filter->count; i++)
		free(filter->rules[i].ifname);
	free(filter->rules);
	index_free(filter->index);
	*filter = (struct filter){ .rules = NULL };
}

static bool
has_same_selectors(const struct filter_rule *a, const struct filter_rule *b)
{
	const uint16_t parts = FILTER_SELECTORS | FILTER_IF_IS_PATTERN;

	return (a->has & parts) == (b->has & parts) &&
	    a->family == b->family && a->plen_ge == b->plen_ge &&
	    a->plen_le == b->plen_le && a->from_plen_ge == b->from_plen_ge &&
	    a->from_plen_le == b->from_plen_le && a->proto == b->proto &&
	    a->type == b->type && prefix_compare(&a->ip, &b->ip) == 0 &&
	    prefix_compare(&a->src_ip, &b->src_ip) == 0 &&
	    address_equal(&a->neighbour, &b->neighbour) &&
	    router_id_compare(&a->id, &b->id) == 0 &&
	    ((a->has & FILTER_HAS_IF) == 0 ||
	    strcmp(a->ifname, b->ifname) == 0);
}

static bool
has_same_actions(const struct filter_rule *a, const struct filter_rule *b)
{
	return (a->has & FILTER_SETS) == (b->has & FILTER_SETS) &&
	    a->deny == b->deny && a->metric == b->metric &&
	    a->table == b->table &&
	    prefix_compare(&a->src_prefix, &b->src_prefix) == 0 &&
	    address_equal(&a->pref_src, &b->pref_src);
}

bool
filter_is_same(const struct filter *a, const struct filter *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (!has_same_selectors(&a->rules[i], &b->rules[i]) ||
		    !has_same_actions(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}

/* Rules that cover others. */

/* A length cannot be less than that of the prefix that holds it. */
static bool
bounds_cover(const uint8_t a[2], const uint8_t b[2], bool has_prefix,
    const struct prefix *prefix)
{
	uint8_t least = has_prefix && prefix->plen > b[0] ? prefix->plen : b[0];

	return a[0] <= least && a[1] >= b[1];
}

static bool
prefixes_cover(const struct filter_rule *a, const struct filter_rule *b)
{
	const uint16_t both = a->has & b->has, has = a->has;

	if (a->family != FAMILY_ANY && a->family != b->family)
		return false;
	if (!bounds_cover((uint8_t[2]){ a->plen_ge, a->plen_le },
	    (uint8_t[2]){ b->plen_ge, b->plen_le },
	    b->has & FILTER_HAS_IP, &b->ip))
		return false;
	if (!bounds_cover((uint8_t[2]){ a->from_plen_ge, a->from_plen_le },
	    (uint8_t[2]){ b->from_plen_ge, b->from_plen_le },
	    b->has & FILTER_HAS_SRC_IP, &b->src_ip))
		return false;
	if (has & FILTER_HAS_IP && !(both & FILTER_HAS_IP &&
	    prefix_contains(&a->ip, &b->ip)))
		return false;
	return !(has & FILTER_HAS_SRC_IP) || (both & FILTER_HAS_SRC_IP &&
	    prefix_contains(&a->src_ip, &b->src_ip));
}

static bool
kernel_routes_cover(const struct filter_rule *a, const struct filter_rule *b)
{
	if ((a->has & FILTER_HAS_LOCAL) != (b->has & FILTER_HAS_LOCAL))
		return false;
	if (a->has & FILTER_HAS_TYPE)
		return b->has & FILTER_HAS_TYPE && a->type == b->type;
	if (b->has & FILTER_HAS_TYPE ? b->type != ROUTE_UNICAST : b->deny)
		if (!a->deny)		/* default routes are left */
			return false;
	return a->has & FILTER_HAS_PROTO || !(b->has & FILTER_HAS_PROTO) ||
	    b->proto != FILTER_PROTO_BOOT;
}

static bool
interfaces_cover(const struct filter_rule *a, const struct filter_rule *b)
{
	if (!(a->has & FILTER_HAS_IF))
		return true;
	if (!(b->has & FILTER_HAS_IF))
		return false;
	return strcmp(a->ifname, b->ifname) == 0 ||
	    (a->has & FILTER_IF_IS_PATTERN &&
	    !(b->has & FILTER_IF_IS_PATTERN) &&
	    pattern_match(a->ifname, b->ifname));
}

/* Does a match whatever b matches? */
static bool
rule_covers(const struct filter_rule *a, const struct filter_rule *b,
    enum filter_chain chain)
{
	const uint16_t has = a->has & FILTER_SELECTORS;
	const uint16_t exact = FILTER_HAS_NEIGH | FILTER_HAS_ID |
	    FILTER_HAS_PROTO;

	if ((has & ~chains[chain].abilities) != 0 ||
	    (has & exact & ~b->has) != 0)
		return false;
	if (has & FILTER_HAS_NEIGH &&
	    !address_equal(&a->neighbour, &b->neighbour))
		return false;
	if (has & FILTER_HAS_ID && router_id_compare(&a->id, &b->id) != 0)
		return false;
	if (has & FILTER_HAS_PROTO && a->proto != b->proto)
		return false;
	return prefixes_cover(a, b) && interfaces_cover(a, b) &&
	    (chain != FILTER_REDISTRIBUTE || kernel_routes_cover(a, b));
}

size_t
filter_find_cover(const struct filter *filter, enum filter_chain chain,
    const struct filter_rule *rule)
{
	size_t i = 0;

	while (i < filter->count &&
	    !rule_covers(&filter->rules[i], rule, chain))
		i++;
	return i;
}

/* Changes. */

bool
filter_remove(struct filter *filter, const struct filter_rule *rule)
{
	size_t i, kept = 0, count = filter->count;

	for (i = 0; i < count; i++)
		if (has_same_selectors(&filter->rules[i], rule))
			free(filter->rules[i].ifname);
		else
			filter->rules[kept++] = filter->rules[i];
	filter->count = kept;
	return kept < count;
}

bool
filter_replace(struct filter *filter, const struct filter_rule *rule)
{
	struct filter_rule *old;
	char *ifname;
	size_t i;

	for (i = 0; i < filter->count; i++) {
		old = &filter->rules[i];
		if (!has_same_selectors(old, rule))
			continue;
		ifname = old->ifname;
		*old = *rule;
		old->ifname = ifname;
		return true;
	}
	return false;
}
