/*
 * rule/disambiguation.c - destination-first routing on source-first tables.
 *
 * RFC 9079, section 4, wants the more specific destination to win, the
 * more specific source to decide between equal ones.  Policy rules do it
 * the other way round: the table of the longest source that has a match
 * wins.  The two differ for a packet that matches a = (D1, S1) and b =
 * (D2, S2), D1 within D2, S2 within S1: a should win, b does.  Hence a
 * further entry for (D1, S2) in the table of S2, which leads where the
 * route for D1 with the longest source around S2 leads.
 *
 * The members of the set are our routes and those that others have in the
 * plain table.  For plain routes, whose source is everything, and for
 * those of others, the entry is a throw: go on with the next rule.
 *
 * A change of the member (D, S) can change its own entry, (D, S') for
 * sources S' within S, and (D', S) for destinations D' within D, and no
 * other.  Steps are ordered so that at any moment every packet goes where
 * it went before or where it will go after the change.  Entries that
 * protect more specific destinations from the member come before it, and
 * go after it, the innermost first and last; a throw hands packets to a
 * less specific source, whose throw must be there already.
 */
#include "rule/disambiguation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "babel.h"
#include "prefix.h"
#include "tree.h"

/* One of the two prefixes leads, so that the members that share it are
 * neighbours in the order.  Octets only. */
struct pair {
	struct prefix lead, trail;
};

struct position {
	struct tree_node entry;
	struct pair pair;
	struct member *member;
};
TREE_HEAD(position_tree);

/* A route. */
struct member {
	struct position by_destination, by_source;
	bool is_own, is_other;
	struct fib_entry own;
};

/* An entry of a source's table; the source is the lead. */
struct slot {
	struct tree_node entry;
	struct pair pair;
	bool is_planned, is_there;
	struct fib_entry planned;	/* once the pending steps are done */
	struct fib_entry there;		/* as answered so far */
	unsigned int pending;		/* steps not answered yet */
};
TREE_HEAD(slot_tree);

enum review { REVIEW_NOTHING, REVIEW_MEMBERS, REVIEW_SLOTS };

struct disambiguation {
	struct position_tree by_destination, by_source;
	struct slot_tree slots;
	size_t members;
	struct prefix *found;		/* room for one of each member */
	size_t room;
	disambiguation_step *step;
	void *ctx;
	enum review review;
	struct walk review_walk;
};

static int
position_compare(const struct position *a, const struct position *b)
{
	return memcmp(&a->pair, &b->pair, sizeof(a->pair));
}

static int
slot_compare(const struct slot *a, const struct slot *b)
{
	return memcmp(&a->pair, &b->pair, sizeof(a->pair));
}

TREE_DEFINE(position_tree, position, entry, position_compare)
TREE_DEFINE(slot_tree, slot, entry, slot_compare)

static struct pair
pair_by_destination(const struct destination_key *key)
{
	return (struct pair){ key->to, key->from };
}

static struct pair
pair_by_source(const struct destination_key *key)
{
	return (struct pair){ key->from, key->to };
}

static struct destination_key
key_of_member(const struct member *member)
{
	const struct pair *pair = &member->by_destination.pair;

	return (struct destination_key){ pair->lead, pair->trail };
}

static struct destination_key
key_of_slot(const struct slot *slot)
{
	return (struct destination_key){ slot->pair.trail, slot->pair.lead };
}

/* How many bits two addresses have in common, from the left. */
static unsigned int
common_bits(const struct prefix *a, const struct prefix *b)
{
	unsigned int bits, differ, i;

	for (i = 0; i < 16; i++)
		if (a->address[i] != b->address[i])
			break;
	if (i == 16)
		return 128;
	differ = a->address[i] ^ b->address[i];
	for (bits = 8 * i; (differ & 0x80) == 0; bits++)
		differ <<= 1;
	return bits;
}

/* Families do not mix here, so ::/0 needs no special case. */
static bool
is_inside(const struct prefix *inner, const struct prefix *outer)
{
	return inner->plen >= outer->plen &&
	    common_bits(inner, outer) >= outer->plen;
}

/* The first position not before the pair, and the last one not after it. */
static struct position *
position_ceiling(const struct position_tree *tree, const struct pair *pair)
{
	const struct position wanted = { .pair = *pair };

	return position_tree_from(tree, &wanted);
}

static struct position *
position_floor(const struct position_tree *tree, const struct pair *pair)
{
	const struct position wanted = { .pair = *pair };

	return position_tree_until(tree, &wanted);
}

/* The prefix cut to a length. */
static struct prefix
prefix_cut(const struct prefix *prefix, unsigned int plen)
{
	struct prefix cut = *prefix;

	cut.plen = (uint8_t)plen;
	prefix_mask(&cut);
	return cut;
}

/*
 * The longest prefix around another one, strictly, among those that trail
 * the same lead; NULL: none.  The last position not after the prefix, cut
 * shorter, is around it, or shares all bits with it that any other position
 * around it may have.
 */
static const struct position *
nearest_trail(const struct position_tree *tree, const struct pair *pair)
{
	struct pair probe = *pair;
	const struct position *position;
	unsigned int plen = pair->trail.plen;

	while (plen > 0) {
		probe.trail = prefix_cut(&pair->trail, plen - 1);
		position = position_floor(tree, &probe);
		if (position == NULL ||
		    prefix_compare(&position->pair.lead, &pair->lead) != 0)
			return NULL;
		if (is_inside(&probe.trail, &position->pair.trail))
			return position;
		plen = common_bits(&position->pair.trail, &probe.trail) + 1;
	}
	return NULL;
}

/* The same among the leads. */
static const struct position *
nearest_lead(const struct position_tree *tree, const struct prefix *prefix)
{
	struct pair probe;
	const struct position *position;
	unsigned int plen = prefix->plen;

	memset(&probe, 0xff, sizeof(probe));
	while (plen > 0) {
		probe.lead = prefix_cut(prefix, plen - 1);
		position = position_floor(tree, &probe);
		if (position == NULL || is_inside(&probe.lead,
		    &position->pair.lead))
			return position;
		plen = common_bits(&position->pair.lead, &probe.lead) + 1;
	}
	return NULL;
}

static int
found_compare(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

/* Ascending, and so the outer ones before the inner ones; each once. */
static size_t
sort_found(struct prefix *found, size_t count)
{
	size_t i, n = 0;

	if (count == 0)
		return 0;
	qsort(found, count, sizeof(found[0]), found_compare);
	for (i = 1; i < count; i++)
		if (prefix_compare(&found[i], &found[n]) != 0)
			found[++n] = found[i];
	return n + 1;
}

/*
 * Collect the trails strictly inside that of the pair, of members whose
 * lead is strictly around that of the pair.  Any member is found once at
 * most, and none from both sides.
 */
static size_t
collect(const struct position_tree *tree, const struct pair *pair,
    struct prefix *found)
{
	struct pair from = *pair;
	const struct position *outer;
	struct position *position;
	size_t count = 0;

	while ((outer = nearest_lead(tree, &from.lead)) != NULL) {
		from.lead = outer->pair.lead;
		for (position = position_ceiling(tree, &from);
		    position != NULL &&
		    prefix_compare(&position->pair.lead, &from.lead) == 0 &&
		    is_inside(&position->pair.trail, &pair->trail);
		    position = position_tree_next(position))
			if (position->pair.trail.plen > pair->trail.plen)
				found[count++] = position->pair.trail;
	}
	return sort_found(found, count);
}

static struct member *
member_find(const struct disambiguation *d,
    const struct destination_key *key)
{
	struct position wanted = { .pair = pair_by_destination(key) }, *found;

	found = position_tree_find(&d->by_destination, &wanted);
	return found == NULL ? NULL : found->member;
}

/* Make room, so that collecting cannot fail later. */
static bool
make_room(struct disambiguation *d)
{
	struct prefix *found;
	size_t room = d->room == 0 ? 64 : 2 * d->room;

	if (d->members < d->room)
		return true;
	found = reallocarray(d->found, room, sizeof(*found));
	if (found == NULL)
		return false;
	d->found = found;
	d->room = room;
	return true;
}

static struct member *
member_get(struct disambiguation *d, const struct destination_key *key)
{
	struct member *member = member_find(d, key);

	if (member != NULL || !make_room(d))
		return member;
	member = calloc(1, sizeof(*member));
	if (member == NULL)
		return NULL;
	member->by_destination.pair = pair_by_destination(key);
	member->by_source.pair = pair_by_source(key);
	member->by_destination.member = member->by_source.member = member;
	position_tree_insert(&d->by_destination, &member->by_destination);
	position_tree_insert(&d->by_source, &member->by_source);
	d->members++;
	return member;
}

/* Free the member if it is nobody's route any more. */
static void
member_release(struct disambiguation *d, struct member *member)
{
	if (member == NULL || member->is_own || member->is_other)
		return;
	position_tree_remove(&d->by_destination, &member->by_destination);
	position_tree_remove(&d->by_source, &member->by_source);
	d->members--;
	free(member);
}

/* The entry that leads where the member leads. */
static struct fib_entry
entry_of_member(const struct member *member)
{
	if (member->is_own && member->by_source.pair.lead.plen != 0)
		return member->own;
	return (struct fib_entry){ .throw_route = true };
}

/* The entry that the source's table should have; false: none. */
static bool
want(const struct disambiguation *d, const struct destination_key *key,
    struct fib_entry *entry)
{
	const struct pair by_destination = pair_by_destination(key);
	const struct pair by_source = pair_by_source(key);
	const struct member *member = member_find(d, key);
	const struct position *best;

	if (member == NULL) {
		if (nearest_trail(&d->by_source, &by_source) == NULL)
			return false;
		best = nearest_trail(&d->by_destination, &by_destination);
		if (best == NULL)
			return false;
		member = best->member;
	}
	*entry = entry_of_member(member);
	return true;
}

static struct slot *
slot_find(const struct disambiguation *d, const struct destination_key *key)
{
	struct slot wanted = { .pair = pair_by_source(key) };

	return slot_tree_find(&d->slots, &wanted);
}

static struct slot *
slot_new(struct disambiguation *d, const struct destination_key *key)
{
	struct slot *slot = calloc(1, sizeof(*slot));

	if (slot == NULL)
		return NULL;
	slot->pair = pair_by_source(key);
	slot_tree_insert(&d->slots, slot);
	return slot;
}

static void
slot_release(struct disambiguation *d, struct slot *slot)
{
	if (slot->is_planned || slot->pending > 0)
		return;
	slot_tree_remove(&d->slots, slot);
	free(slot);
}

static bool
is_same(const struct fib_entry *a, const struct fib_entry *b)
{
	return address_equal(&a->next_hop, &b->next_hop) &&
	    a->ifindex == b->ifindex && a->priority == b->priority &&
	    address_equal(&a->pref_src, &b->pref_src) &&
	    a->unreachable == b->unreachable &&
	    a->throw_route == b->throw_route;
}

/* Take the step that makes the entry right, if one is needed. */
static int
settle_slot(struct disambiguation *d, struct slot *slot)
{
	struct fib_change change = { .key = key_of_slot(slot) };
	bool is_wanted = want(d, &change.key, &change.entry);
	int error = 0;

	if (is_wanted != slot->is_planned ||
	    (is_wanted && !is_same(&change.entry, &slot->planned))) {
		change.old = slot->planned;
		change.operation = !slot->is_planned ? FIB_ADD :
		    is_wanted ? FIB_CHANGE : FIB_DELETE;
		error = d->step(d->ctx, &change);
		if (error == 0) {
			slot->pending++;
			slot->is_planned = is_wanted;
			slot->planned = change.entry;
		}
	}
	slot_release(d, slot);
	return error;
}

static int
settle(struct disambiguation *d, const struct prefix *to,
    const struct prefix *from)
{
	const struct destination_key key = { *to, *from };
	struct fib_entry entry;
	struct slot *slot = slot_find(d, &key);

	if (from->plen == 0 || (slot == NULL && !want(d, &key, &entry)))
		return 0;
	if (slot == NULL)
		slot = slot_new(d, &key);
	return slot == NULL ? ENOMEM : settle_slot(d, slot);
}

/* The entries that a member can change besides its own: (to, each source) and
 * (each destination, from). */
struct reach {
	const struct prefix *to, *from;
	const struct prefix *sources, *destinations;	/* ascending */
	size_t source_count, destination_count;
	int error;			/* the first one */
};

static void
reach_settle(struct disambiguation *d, struct reach *reach,
    const struct prefix *to, const struct prefix *from)
{
	int error = settle(d, to, from);

	if (reach->error == 0)
		reach->error = error;
}

/* The member has come or changed. */
static void
arrange_present(struct disambiguation *d, struct reach *reach)
{
	size_t i;

	for (i = reach->destination_count; i-- > 0;)
		reach_settle(d, reach, &reach->destinations[i], reach->from);
	reach_settle(d, reach, reach->to, reach->from);
	for (i = 0; i < reach->source_count; i++)
		reach_settle(d, reach, reach->to, &reach->sources[i]);
}

/* The member has gone. */
static void
arrange_absent(struct disambiguation *d, struct reach *reach)
{
	size_t i;

	for (i = reach->source_count; i-- > 0;)
		reach_settle(d, reach, reach->to, &reach->sources[i]);
	reach_settle(d, reach, reach->to, reach->from);
	for (i = 0; i < reach->destination_count; i++)
		reach_settle(d, reach, &reach->destinations[i], reach->from);
}

/* Settle all entries that the member of that key, existing or gone, can change.
 * Returns the first error, but tries them all. */
static int
arrange(struct disambiguation *d, const struct destination_key *key)
{
	const struct pair by_destination = pair_by_destination(key);
	const struct pair by_source = pair_by_source(key);
	struct reach reach = { .to = &key->to, .from = &key->from };
	struct prefix *found = d->found;

	reach.sources = found;
	reach.source_count = collect(&d->by_destination, &by_destination,
	    found);
	reach.destinations = found + reach.source_count;
	reach.destination_count = collect(&d->by_source, &by_source,
	    found + reach.source_count);
	if (member_find(d, key) != NULL)
		arrange_present(d, &reach);
	else
		arrange_absent(d, &reach);
	return reach.error;
}

struct disambiguation *
disambiguation_new(disambiguation_step *step, void *ctx)
{
	struct disambiguation *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->step = step;
	d->ctx = ctx;
	return d;
}

void
disambiguation_free(struct disambiguation *d)
{
	struct position *position;
	struct slot *slot;

	if (d == NULL)
		return;
	while ((position = position_tree_first(&d->by_destination)) != NULL) {
		position->member->is_own = position->member->is_other = false;
		member_release(d, position->member);
	}
	while ((slot = slot_tree_first(&d->slots)) != NULL) {
		slot->is_planned = false;
		slot->pending = 0;
		slot_release(d, slot);
	}
	free(d->found);
	free(d);
}

int
disambiguation_set(struct disambiguation *d,
    const struct destination_key *key, const struct fib_entry *entry)
{
	struct member *member;

	if (entry == NULL) {
		member = member_find(d, key);
		if (member != NULL)
			member->is_own = false;
		member_release(d, member);
	} else {
		member = member_get(d, key);
		if (member == NULL)
			return ENOMEM;
		member->is_own = true;
		member->own = *entry;
	}
	return arrange(d, key);
}

int
disambiguation_set_other(struct disambiguation *d,
    const struct destination_key *key, bool present)
{
	struct member *member = present ? member_get(d, key) :
	    member_find(d, key);

	if (member == NULL)
		return present ? ENOMEM : 0;
	member->is_other = present;
	member_release(d, member);
	return arrange(d, key);
}

void
disambiguation_done(struct disambiguation *d, const struct fib_change *step,
    int error)
{
	struct slot *slot = slot_find(d, &step->key);

	if (slot == NULL || slot->pending == 0)
		return;
	slot->pending--;
	if (error == 0) {
		slot->is_there = step->operation != FIB_DELETE;
		slot->there = step->entry;
	}
	if (slot->pending == 0) {
		slot->is_planned = slot->is_there;
		slot->planned = slot->there;
	}
	slot_release(d, slot);
}

bool
disambiguation_lost(struct disambiguation *d,
    const struct destination_key *key)
{
	const struct member *member = member_find(d, key);
	struct slot *slot = slot_find(d, key);
	bool is_own = member != NULL && member->is_own;

	if (slot == NULL || !slot->is_planned || slot->pending > 0)
		return false;
	slot->is_planned = slot->is_there = false;
	if (!is_own) {
		(void)settle_slot(d, slot);
		return false;
	}
	slot_release(d, slot);
	(void)disambiguation_set(d, key, NULL);
	return true;
}

void
disambiguation_review(struct disambiguation *d)
{
	d->review = REVIEW_MEMBERS;
	walk_restart(&d->review_walk);
}

static const struct member *
member_after(const struct disambiguation *d,
    const struct destination_key *after)
{
	const struct position *position;
	struct position wanted;

	if (after == NULL)
		position = position_tree_first(&d->by_destination);
	else {
		wanted.pair = pair_by_destination(after);
		position = position_tree_after(&d->by_destination, &wanted);
	}
	return position == NULL ? NULL : position->member;
}

/* Settle the entries that the next member can change; false if there is
 * none. */
static bool
review_member(struct disambiguation *d)
{
	const struct member *member = member_after(d,
	    walk_last(&d->review_walk));
	struct destination_key key;

	if (member == NULL)
		return false;
	key = key_of_member(member);
	walk_move(&d->review_walk, &key);
	(void)arrange(d, &key);
	return true;
}

static struct slot *
slot_after(const struct disambiguation *d,
    const struct destination_key *after)
{
	struct slot wanted;

	if (after == NULL)
		return slot_tree_first(&d->slots);
	wanted.pair = pair_by_source(after);
	return slot_tree_after(&d->slots, &wanted);
}

static bool
review_slot(struct disambiguation *d)
{
	struct slot *slot = slot_after(d, walk_last(&d->review_walk));
	struct destination_key key;

	if (slot == NULL)
		return false;
	key = key_of_slot(slot);
	walk_move(&d->review_walk, &key);
	(void)settle_slot(d, slot);
	return true;
}

bool
disambiguation_review_slice(struct disambiguation *d, unsigned int budget)
{
	while (budget-- > 0 && d->review != REVIEW_NOTHING) {
		if (d->review == REVIEW_MEMBERS ? review_member(d) :
		    review_slot(d))
			continue;
		d->review = d->review == REVIEW_MEMBERS ? REVIEW_SLOTS :
		    REVIEW_NOTHING;
		walk_restart(&d->review_walk);
	}
	return d->review != REVIEW_NOTHING;
}

bool
disambiguation_find(const struct disambiguation *d,
    const struct destination_key *key, struct fib_entry *entry)
{
	const struct slot *slot = slot_find(d, key);

	if (slot == NULL || !slot->is_planned || slot->pending > 0)
		return false;
	*entry = slot->planned;
	return true;
}

bool
disambiguation_after(const struct disambiguation *d,
    const struct destination_key *after, struct destination_key *key,
    struct fib_entry *entry)
{
	const struct slot *slot = slot_after(d, after);

	while (slot != NULL && (!slot->is_planned || slot->pending > 0))
		slot = slot_tree_next(slot);
	if (slot == NULL)
		return false;
	*key = key_of_slot(slot);
	*entry = slot->planned;
	return true;
}

bool
disambiguation_uses(const struct disambiguation *d,
    const struct prefix *from)
{
	struct slot wanted = { .pair = { .lead = *from } };
	const struct slot *slot = slot_tree_from(&d->slots, &wanted);

	return slot != NULL && prefix_compare(&slot->pair.lead, from) == 0;
}
