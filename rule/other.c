/*
 * rule/other.c - the routes that others have, and those that we announce.
 *
 * Several kernel routes may have the same prefixes.  Each is kept with
 * everything that identifies it, so that a removal removes exactly that one,
 * and reporting a route twice changes nothing.  The callback is given prefixes
 * only: when the first route with them comes, and when the last one goes.
 */
#include "rule/other.h"

#include <stdlib.h>
#include <string.h>

#include "babel.h"
#include "prefix.h"
#include "tree.h"

/* In the order of its members, the key first. */
struct identity {
	struct destination_key key;
	uint8_t proto;
	bool is_announced;
	uint32_t table, priority, ifindex;
};
_Static_assert(sizeof(struct identity) == 48, "identity has padding");

struct other {
	struct tree_node entry;
	struct identity identity;
	uint32_t generation;
};
TREE_HEAD(rule_other_tree);

struct rule_others {
	struct rule_other_tree tree;
	rule_others_changed *changed;
	void *ctx;
	uint32_t generation, complete;
	bool is_sweeping;
	struct walk sweep;
};

static int
other_compare(const struct other *a, const struct other *b)
{
	return memcmp(&a->identity, &b->identity, sizeof(a->identity));
}

TREE_DEFINE(rule_other_tree, other, entry, other_compare)

struct rule_others *
rule_others_new(rule_others_changed *changed, void *ctx)
{
	struct rule_others *others = calloc(1, sizeof(*others));

	if (others == NULL)
		return NULL;
	others->changed = changed;
	others->ctx = ctx;
	return others;
}

void
rule_others_free(struct rule_others *others)
{
	struct other *other;

	if (others == NULL)
		return;
	while ((other = rule_other_tree_first(&others->tree)) != NULL) {
		rule_other_tree_remove(&others->tree, other);
		free(other);
	}
	free(others);
}

static struct other *
find(struct rule_others *others, const struct identity *identity)
{
	struct other wanted = { .identity = *identity };

	return rule_other_tree_find(&others->tree, &wanted);
}

static bool
has_key(const struct other *other, const struct destination_key *key)
{
	return other != NULL &&
	    destination_key_compare(&other->identity.key, key) == 0;
}

/* Is it the only route with its key? */
static bool
is_alone(const struct other *other)
{
	const struct destination_key *key = &other->identity.key;

	return !has_key(rule_other_tree_previous(other), key) &&
	    !has_key(rule_other_tree_next(other), key);
}

static bool
add(struct rule_others *others, const struct identity *identity)
{
	const struct other wanted = { .identity = *identity };
	struct tree_place place;
	struct other *other;

	other = rule_other_tree_seek(&others->tree, &wanted, &place);
	if (other == NULL) {
		other = calloc(1, sizeof(*other));
		if (other == NULL)
			return false;
		other->identity = *identity;
		rule_other_tree_put(&others->tree, &place, other);
		if (is_alone(other))
			others->changed(others->ctx, &identity->key,
			    identity->table, true);
	}
	other->generation = others->generation;
	return true;
}

static void
forget(struct rule_others *others, struct other *other)
{
	const struct identity identity = other->identity;
	bool was_alone = is_alone(other);

	rule_other_tree_remove(&others->tree, other);
	free(other);
	if (was_alone)
		others->changed(others->ctx, &identity.key, identity.table,
		    false);
}

static struct identity
identity_of(const struct kernel_route *route)
{
	return (struct identity){
		.key = route->key,
		.proto = route->proto,
		.table = route->table,
		.priority = route->priority,
		.ifindex = route->ifindex,
	};
}

bool
rule_others_add(struct rule_others *others, const struct kernel_route *route)
{
	const struct identity identity = identity_of(route);

	return add(others, &identity);
}

void
rule_others_remove(struct rule_others *others,
    const struct kernel_route *route)
{
	const struct identity identity = identity_of(route);
	struct other *other = find(others, &identity);

	if (other != NULL)
		forget(others, other);
}

unsigned int
rule_others_displace(struct rule_others *others,
    const struct kernel_route *route)
{
	const struct identity identity = identity_of(route);
	struct other wanted = { .identity = { .key = route->key } };
	struct other *other, *next;
	unsigned int displaced = 0;

	for (other = rule_other_tree_from(&others->tree, &wanted);
	    has_key(other, &route->key); other = next) {
		next = rule_other_tree_next(other);
		if (other->identity.is_announced ||
		    other->identity.table != route->table ||
		    other->identity.priority != route->priority ||
		    memcmp(&other->identity, &identity,
		    sizeof(identity)) == 0)
			continue;
		forget(others, other);
		displaced++;
	}
	return displaced;
}

/* There is one announced route with a key, from whatever table. */
static struct other *
find_announced(struct rule_others *others, const struct destination_key *key)
{
	struct other wanted = { .identity = { .key = *key } }, *other;

	for (other = rule_other_tree_from(&others->tree, &wanted);
	    has_key(other, key);
	    other = rule_other_tree_next(other))
		if (other->identity.is_announced)
			return other;
	return NULL;
}

bool
rule_others_announce(struct rule_others *others,
    const struct destination_key *key, uint32_t table)
{
	const struct identity identity = {
		.key = *key, .table = table, .is_announced = true
	};

	if (find_announced(others, key) != NULL)
		return true;
	return add(others, &identity);
}

void
rule_others_retract(struct rule_others *others,
    const struct destination_key *key)
{
	struct other *other = find_announced(others, key);

	if (other != NULL)
		forget(others, other);
}

void
rule_others_report(const struct rule_others *others)
{
	struct other *other;

	TREE_FOREACH(other, rule_other_tree, &others->tree)
		others->changed(others->ctx, &other->identity.key,
		    other->identity.table, true);
}

void
rule_others_sync(struct rule_others *others, bool begin)
{
	if (begin) {
		others->generation++;
		return;
	}
	others->complete = others->generation;
	others->is_sweeping = true;
	walk_restart(&others->sweep);
}

/* The first route of the next key. */
static struct other *
next_of_sweep(struct rule_others *others)
{
	const struct destination_key *last = walk_last(&others->sweep);
	struct other wanted;

	if (last == NULL)
		return rule_other_tree_first(&others->tree);
	memset(&wanted, 0xff, sizeof(wanted));
	wanted.identity.key = *last;
	return rule_other_tree_after(&others->tree, &wanted);
}

/* Forget the routes of one key that the kernel did not report any more. */
static void
sweep_key(struct rule_others *others, struct other *other)
{
	const struct destination_key key = other->identity.key;
	struct other *next;

	for (; has_key(other, &key); other = next) {
		next = rule_other_tree_next(other);
		if (!other->identity.is_announced &&
		    other->generation < others->complete)
			forget(others, other);
	}
}

bool
rule_others_sweep(struct rule_others *others, unsigned int budget)
{
	struct other *other;

	while (others->is_sweeping && budget-- > 0) {
		other = next_of_sweep(others);
		if (other == NULL) {
			others->is_sweeping = false;
			break;
		}
		walk_move(&others->sweep, &other->identity.key);
		sweep_key(others, other);
	}
	return others->is_sweeping;
}
