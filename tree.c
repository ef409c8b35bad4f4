/*
 * tree.c - balanced trees, once for all tables.
 *
 * These are AVL trees: the heights of a node's two subtrees differ by one
 * at most, so a search in n elements looks at fewer than 1.45 log2 n of
 * them.  Each node remembers the difference as its balance.  An insertion
 * or a removal walks up from where it happened for as long as heights
 * change, and turns the nodes whose balance has become two.
 */
#include "tree.h"

#include <assert.h>

/* The side of its parent that the node is on; it must have a parent. */
static enum tree_side
side_of(const struct tree_node *node)
{
	return tree_parent(node)->child[TREE_GREATER] == node;
}

/* The pointer to the node. */
static struct tree_node **
link_of(struct tree *tree, const struct tree_node *node)
{
	struct tree_node *parent = tree_parent(node);

	return parent == NULL ? &tree->root : &parent->child[side_of(node)];
}

static struct tree_node *
outermost(struct tree_node *node, enum tree_side side)
{
	while (node != NULL && node->child[side] != NULL)
		node = node->child[side];
	return node;
}

struct tree_node *
tree_end(const struct tree *tree, enum tree_side side)
{
	return outermost(tree->root, side);
}

struct tree_node *
tree_step(const struct tree_node *node, enum tree_side side)
{
	struct tree_node *next = node->child[side];

	if (next != NULL)
		return outermost(next, !side);
	for (next = tree_parent(node);
	    next != NULL && next->child[side] == node;
	    next = tree_parent(next))
		node = next;
	return next;
}

struct tree_node *
tree_find(const struct tree *tree, const void *key, tree_order *order)
{
	struct tree_node *node = tree->root;
	int difference;

	while (node != NULL && (difference = order(key, node)) != 0)
		node = node->child[difference > 0];
	return node;
}

struct tree_node *
tree_near(const struct tree *tree, const void *key, tree_order *order,
    enum tree_side side, bool or_at)
{
	struct tree_node *node = tree->root, *nearest = NULL;
	int difference;

	while (node != NULL) {
		difference = order(key, node);
		if (difference == 0 && or_at)
			return node;
		if (side == TREE_GREATER ? difference < 0 : difference > 0) {
			nearest = node;
			node = node->child[!side];
		} else
			node = node->child[side];
	}
	return nearest;
}

struct tree_node *
tree_seek(const struct tree *tree, const void *key, tree_order *order,
    struct tree_place *place)
{
	struct tree_node *node = tree->root;
	int difference;

	place->parent = NULL;
	place->side = TREE_LESS;
	while (node != NULL && (difference = order(key, node)) != 0) {
		place->parent = node;
		place->side = difference > 0;
		node = node->child[place->side];
	}
	return node;
}

static void
set_parent(struct tree_node *node, struct tree_node *parent)
{
	node->parent_and_balance = (uintptr_t)parent |
	    (node->parent_and_balance & TREE_BALANCE_BITS);
}

static void
set_balance(struct tree_node *node, int balance)
{
	node->parent_and_balance = (uintptr_t)tree_parent(node) |
	    (uintptr_t)(balance + 1);
}

/* Rotate: the node goes down on that side, and its child on the other side
 * rises into its place.  The child's inner subtree goes to the node. */
static void
rotate(struct tree *tree, struct tree_node *node, enum tree_side side)
{
	struct tree_node *risen = node->child[!side];
	struct tree_node *inner = risen->child[side];

	*link_of(tree, node) = risen;
	set_parent(risen, tree_parent(node));
	risen->child[side] = node;
	set_parent(node, risen);
	node->child[!side] = inner;
	if (inner != NULL)
		set_parent(inner, node);
}

/* Mend a node whose subtree on that side is too high by two; returns the
 * node that takes its place. */
static struct tree_node *
mend(struct tree *tree, struct tree_node *node, enum tree_side heavy)
{
	struct tree_node *child = node->child[heavy];
	struct tree_node *inner = child->child[!heavy];
	const int outward = heavy == TREE_GREATER ? 1 : -1;
	int lean = outward * tree_balance(child);

	if (lean >= 0) {
		rotate(tree, node, !heavy);
		set_balance(node, outward * (1 - lean));
		set_balance(child, outward * (lean - 1));
		return child;
	}
	/* The child leans inwards, so its inner child has to rise twice.  The
	 * node and the child get one each of the subtrees of that. */
	lean = outward * tree_balance(inner);
	rotate(tree, child, heavy);
	rotate(tree, node, !heavy);
	set_balance(node, lean > 0 ? -outward : 0);
	set_balance(child, lean < 0 ? outward : 0);
	set_balance(inner, 0);
	return inner;
}

/* The subtree that begins with the node has become higher by one. */
static void
grow(struct tree *tree, struct tree_node *node)
{
	struct tree_node *parent;
	enum tree_side side;
	int balance;

	for (; (parent = tree_parent(node)) != NULL; node = parent) {
		side = side_of(node);
		balance = tree_balance(parent) +
		    (side == TREE_GREATER ? 1 : -1);
		if (balance < -1 || balance > 1) {
			mend(tree, parent, side);
			return;
		}
		set_balance(parent, balance);
		if (balance == 0)
			return;
	}
}

/* The node's subtree on that side has become lower by one. */
static void
shrink(struct tree *tree, struct tree_node *node, enum tree_side side)
{
	int balance;

	while (node != NULL) {
		balance = tree_balance(node) -
		    (side == TREE_GREATER ? 1 : -1);
		if (balance < -1 || balance > 1)
			node = mend(tree, node, !side);
		else
			set_balance(node, balance);
		if (tree_balance(node) != 0)
			return;
		if (tree_parent(node) != NULL)
			side = side_of(node);
		node = tree_parent(node);
	}
}

void
tree_put(struct tree *tree, const struct tree_place *place,
    struct tree_node *node)
{
	*node = (struct tree_node){ .parent_and_balance = 0 };
	set_parent(node, place->parent);
	set_balance(node, 0);
	if (place->parent == NULL)
		tree->root = node;
	else
		place->parent->child[place->side] = node;
	grow(tree, node);
}

void
tree_insert(struct tree *tree, const void *key, tree_order *order,
    struct tree_node *node)
{
	struct tree_place place;
	struct tree_node *twin = tree_seek(tree, key, order, &place);

	assert(twin == NULL);
	tree_put(tree, &place, node);
}

/* Remove a node that has one child at most. */
static void
cut(struct tree *tree, struct tree_node *node)
{
	struct tree_node *child = node->child[node->child[0] == NULL];
	struct tree_node *parent = tree_parent(node);
	enum tree_side side = parent != NULL && side_of(node);

	*link_of(tree, node) = child;
	if (child != NULL)
		set_parent(child, parent);
	shrink(tree, parent, side);
}

void
tree_remove(struct tree *tree, struct tree_node *node)
{
	struct tree_node *heir;
	int side;

	if (node->child[0] == NULL || node->child[1] == NULL) {
		cut(tree, node);
		return;
	}
	/* The next element has no lesser child, and can take the place. */
	heir = tree_step(node, TREE_GREATER);
	cut(tree, heir);
	*link_of(tree, node) = heir;
	*heir = *node;
	for (side = 0; side < 2; side++)
		if (heir->child[side] != NULL)
			set_parent(heir->child[side], heir);
}
