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
	return node->parent->child[TREE_GREATER] == node;
}

/* The pointer to the node. */
static struct tree_node **
link_of(struct tree *tree, const struct tree_node *node)
{
	return node->parent == NULL ? &tree->root :
	    &node->parent->child[side_of(node)];
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
	for (next = node->parent; next != NULL && next->child[side] == node;
	    next = next->parent)
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

/*
 * Rotate: the node goes down on that side, and its child on the other side
 * rises into its place and is returned.  The child's inner subtree goes to the
 * node.  Balances are computed as seen from the child's side, with the heights
 * from before: a balance grows by what the node loses.
 */
static struct tree_node *
rotate(struct tree *tree, struct tree_node *node, enum tree_side side)
{
	struct tree_node *risen = node->child[!side];
	struct tree_node *inner = risen->child[side];
	int sign = side == TREE_LESS ? 1 : -1;
	int low = sign * node->balance, high = sign * risen->balance;

	*link_of(tree, node) = risen;
	risen->parent = node->parent;
	risen->child[side] = node;
	node->parent = risen;
	node->child[!side] = inner;
	if (inner != NULL)
		inner->parent = node;

	low -= 1 + (high > 0 ? high : 0);
	high -= 1 + (low < 0 ? -low : 0);
	node->balance = sign * low;
	risen->balance = sign * high;
	return risen;
}

/* Restore a node of balance two; returns the node that takes its place. */
static struct tree_node *
mend(struct tree *tree, struct tree_node *node)
{
	enum tree_side heavy = node->balance > 0;
	struct tree_node *child = node->child[heavy];

	/* If the child leans inwards, its inner child has to rise twice. */
	if (child->balance * node->balance < 0)
		rotate(tree, child, heavy);
	return rotate(tree, node, !heavy);
}

/* The subtree that begins with the node has become higher by one. */
static void
grow(struct tree *tree, struct tree_node *node)
{
	struct tree_node *parent;

	for (; (parent = node->parent) != NULL; node = parent) {
		parent->balance += side_of(node) == TREE_GREATER ? 1 : -1;
		if (parent->balance == 0)
			return;
		if (parent->balance < -1 || parent->balance > 1) {
			mend(tree, parent);
			return;
		}
	}
}

/* The node's subtree on that side has become lower by one. */
static void
shrink(struct tree *tree, struct tree_node *node, enum tree_side side)
{
	while (node != NULL) {
		node->balance -= side == TREE_GREATER ? 1 : -1;
		if (node->balance < -1 || node->balance > 1)
			node = mend(tree, node);
		if (node->balance != 0)
			return;
		if (node->parent != NULL)
			side = side_of(node);
		node = node->parent;
	}
}

void
tree_put(struct tree *tree, const struct tree_place *place,
    struct tree_node *node)
{
	*node = (struct tree_node){ .parent = place->parent };
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
	enum tree_side side = node->parent != NULL && side_of(node);

	*link_of(tree, node) = child;
	if (child != NULL)
		child->parent = node->parent;
	shrink(tree, node->parent, side);
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
			heir->child[side]->parent = heir;
}
