/*
 * tree.h - ordered tables: balanced trees whose nodes lie in the elements.
 *
 * A tree owns nothing and allocates nothing.  Its functions are one
 * implementation for all tables (tree.c); TREE_DEFINE puts a typed face
 * before it, so that the compiler knows which table holds what.  A table of
 * struct animal by name:
 *
 *	struct animal {
 *		struct tree_node entry;
 *		char *name;
 *	};
 *	TREE_HEAD(zoo);
 *	int animal_compare(const struct animal *, const struct animal *);
 *	TREE_DEFINE(zoo, animal, entry, animal_compare)
 *
 * All of these take a const table and give an element that may be changed,
 * because the table's owner decides who may change what is in it.  A key
 * is an element of which only what is compared is set.
 *
 *	zoo_first(zoo), zoo_last(zoo)	the outermost, or NULL
 *	zoo_next(animal)		the one after an element, or NULL
 *	zoo_previous(animal)		the one before it, or NULL
 *	zoo_find(zoo, key)		the one equal to the key, or NULL
 *	zoo_from(zoo, key)		the first not before the key, or NULL
 *	zoo_after(zoo, key)		the first after the key, or NULL
 *	zoo_until(zoo, key)		the last not after the key, or NULL
 *	zoo_is_empty(zoo)
 *	zoo_seek(zoo, key, &place)	as zoo_find; if nothing is there, a
 *					new element's place
 *	zoo_put(zoo, &place, animal)	insert it there; the table has not
 *					changed since
 *	zoo_insert(zoo, animal)		insert it; none is equal to it
 *	zoo_remove(zoo, animal)		take it out; it must be there
 *
 * A table of zeros is empty.  Includes nothing of ours but util.h.
 */
#ifndef TREE_H
#define TREE_H

#include "util.h"

/* Which child of a node. */
enum tree_side { TREE_LESS, TREE_GREATER };

/* There are several in each route, and therefore they are small: the two
 * low bits of a pointer to a node, which are zero, hold the balance. */
struct tree_node {
	struct tree_node *child[2];	/* by enum tree_side */
	uintptr_t parent_and_balance;
};
#define TREE_BALANCE_BITS	((uintptr_t)3)
_Static_assert(_Alignof(struct tree_node) > TREE_BALANCE_BITS,
    "the low bits of a pointer to a node are zero");

static inline struct tree_node *
tree_parent(const struct tree_node *node)
{
	return (struct tree_node *)(node->parent_and_balance &
	    ~TREE_BALANCE_BITS);
}

/* The height of the greater side less that of the less side: -1, 0 or 1. */
static inline int
tree_balance(const struct tree_node *node)
{
	return (int)(node->parent_and_balance & TREE_BALANCE_BITS) - 1;
}

struct tree {
	struct tree_node *root;
};

/* Where a new node belongs: a child of parent, or the root. */
struct tree_place {
	struct tree_node *parent;
	enum tree_side side;
};

/* How the key's element compares with the node's: < 0, 0 or > 0. */
typedef int tree_order(const void *key, struct tree_node *);

/* The implementation; every table's own functions are below. */
struct tree_node *tree_end(const struct tree *, enum tree_side);
struct tree_node *tree_step(const struct tree_node *, enum tree_side);
struct tree_node *tree_find(const struct tree *, const void *key,
	    tree_order *);
/* The nearest on that side of the key, or at it if that is wanted. */
struct tree_node *tree_near(const struct tree *, const void *key,
	    tree_order *, enum tree_side, bool or_at);
struct tree_node *tree_seek(const struct tree *, const void *key,
	    tree_order *, struct tree_place *);
void	tree_put(struct tree *, const struct tree_place *,
	    struct tree_node *);
void	tree_insert(struct tree *, const void *key, tree_order *,
	    struct tree_node *);
void	tree_remove(struct tree *, struct tree_node *);

#define TREE_HEAD(name) struct name { struct tree tree; }

#define TREE_FUNCTION	__attribute__((unused)) static inline

#define TREE_DEFINE(name, type, field, compare) \
TREE_FUNCTION struct type * \
name##_element(struct tree_node *node) \
{ \
	return node == NULL ? NULL : CONTAINER_OF(node, struct type, field); \
} \
TREE_FUNCTION int \
name##_order(const void *key, struct tree_node *node) \
{ \
	return compare(key, CONTAINER_OF(node, struct type, field)); \
} \
TREE_FUNCTION bool \
name##_is_empty(const struct name *head) \
{ \
	return head->tree.root == NULL; \
} \
TREE_FUNCTION struct type * \
name##_first(const struct name *head) \
{ \
	return name##_element(tree_end(&head->tree, TREE_LESS)); \
} \
TREE_FUNCTION struct type * \
name##_last(const struct name *head) \
{ \
	return name##_element(tree_end(&head->tree, TREE_GREATER)); \
} \
TREE_FUNCTION struct type * \
name##_next(const struct type *element) \
{ \
	return name##_element(tree_step(&element->field, TREE_GREATER)); \
} \
TREE_FUNCTION struct type * \
name##_previous(const struct type *element) \
{ \
	return name##_element(tree_step(&element->field, TREE_LESS)); \
} \
TREE_FUNCTION struct type * \
name##_find(const struct name *head, const struct type *key) \
{ \
	return name##_element(tree_find(&head->tree, key, name##_order)); \
} \
TREE_FUNCTION struct type * \
name##_from(const struct name *head, const struct type *key) \
{ \
	return name##_element(tree_near(&head->tree, key, name##_order, \
	    TREE_GREATER, true)); \
} \
TREE_FUNCTION struct type * \
name##_after(const struct name *head, const struct type *key) \
{ \
	return name##_element(tree_near(&head->tree, key, name##_order, \
	    TREE_GREATER, false)); \
} \
TREE_FUNCTION struct type * \
name##_until(const struct name *head, const struct type *key) \
{ \
	return name##_element(tree_near(&head->tree, key, name##_order, \
	    TREE_LESS, true)); \
} \
TREE_FUNCTION struct type * \
name##_seek(const struct name *head, const struct type *key, \
    struct tree_place *place) \
{ \
	return name##_element(tree_seek(&head->tree, key, name##_order, \
	    place)); \
} \
TREE_FUNCTION void \
name##_put(struct name *head, const struct tree_place *place, \
    struct type *element) \
{ \
	tree_put(&head->tree, place, &element->field); \
} \
TREE_FUNCTION void \
name##_insert(struct name *head, struct type *element) \
{ \
	tree_insert(&head->tree, element, name##_order, &element->field); \
} \
TREE_FUNCTION void \
name##_remove(struct name *head, struct type *element) \
{ \
	tree_remove(&head->tree, &element->field); \
}

/* Every element in order; the SAFE one may be removed meanwhile. */
#define TREE_FOREACH(element, name, head) \
	for ((element) = name##_first(head); (element) != NULL; \
	    (element) = name##_next(element))
#define TREE_FOREACH_SAFE(element, name, head, following) \
	for ((element) = name##_first(head); (element) != NULL && \
	    ((following) = name##_next(element), true); \
	    (element) = (following))

#endif
