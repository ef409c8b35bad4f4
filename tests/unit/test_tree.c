/*
 * test_tree.c - trees against a naive twin: an array that says which keys
 * are in.  Both see the same random operations and must agree after each;
 * the tree's own invariants must hold as well.
 */
#include "tree.h"
#include "unit.h"

#define KEYS		100
#define OPERATIONS	20000

struct number {
	uint32_t key;
	struct tree_node entry;
};
TREE_HEAD(numbers);

static int
number_compare(const struct number *a, const struct number *b)
{
	return compare_numbers(a->key, b->key);
}

TREE_DEFINE(numbers, number, entry, number_compare)

struct pair {
	struct numbers tree;
	struct number elements[KEYS];
	bool in[KEYS];
	uint64_t random;
};

static uint32_t
any_key(struct pair *pair)
{
	return unit_random_below(&pair->random, KEYS);
}

/* The first key that is in, from one on; KEYS: none. */
static uint32_t
twin_from(const struct pair *pair, uint32_t key)
{
	while (key < KEYS && !pair->in[key])
		key++;
	return key;
}

/* The last one that is in and below a key; KEYS: none. */
static uint32_t
twin_below(const struct pair *pair, uint32_t key)
{
	while (key > 0)
		if (pair->in[--key])
			return key;
	return KEYS;
}

static void
assert_is(const struct number *found, uint32_t wanted)
{
	assert_int_equal(found == NULL ? KEYS : found->key, wanted);
}

/* Check all that lies below the node; returns the height. */
static int
check_node(const struct tree_node *node, const struct tree_node *parent)
{
	int less, greater;

	if (node == NULL)
		return 0;
	assert_ptr_equal(tree_parent(node), parent);
	less = check_node(node->child[TREE_LESS], node);
	greater = check_node(node->child[TREE_GREATER], node);
	assert_int_equal(tree_balance(node), greater - less);
	assert_in_range(tree_balance(node) + 1, 0, 2);
	return 1 + (less > greater ? less : greater);
}

/* Both directions of the walk have exactly what is in. */
static void
check_order(const struct pair *pair)
{
	const struct number *number;
	uint32_t key = twin_from(pair, 0);

	TREE_FOREACH(number, numbers, &pair->tree) {
		assert_is(number, key);
		key = twin_from(pair, key + 1);
	}
	assert_int_equal(key, KEYS);
	key = twin_below(pair, KEYS);
	for (number = numbers_last(&pair->tree); number != NULL;
	    number = numbers_previous(number)) {
		assert_is(number, key);
		key = twin_below(pair, key);
	}
	assert_int_equal(key, KEYS);
}

static void
check_searches(const struct pair *pair, uint32_t key)
{
	const struct number wanted = { .key = key };
	struct tree_place place;

	assert_is(numbers_find(&pair->tree, &wanted),
	    pair->in[key] ? key : KEYS);
	assert_is(numbers_seek(&pair->tree, &wanted, &place),
	    pair->in[key] ? key : KEYS);
	assert_is(numbers_from(&pair->tree, &wanted), twin_from(pair, key));
	assert_is(numbers_after(&pair->tree, &wanted),
	    twin_from(pair, key + 1));
	assert_is(numbers_until(&pair->tree, &wanted),
	    twin_below(pair, key + 1));
	assert_is(numbers_first(&pair->tree), twin_from(pair, 0));
	assert_is(numbers_last(&pair->tree), twin_below(pair, KEYS));
	assert_int_equal(numbers_is_empty(&pair->tree),
	    twin_from(pair, 0) == KEYS);
}

/* Put the key in or take it out, as it is not or is in. */
static void
toggle(struct pair *pair, uint32_t key)
{
	struct number *number = &pair->elements[key];
	struct tree_place place;

	if (pair->in[key])
		numbers_remove(&pair->tree, number);
	else if (unit_random_below(&pair->random, 2) == 0)
		numbers_insert(&pair->tree, number);
	else {
		assert_null(numbers_seek(&pair->tree, number, &place));
		numbers_put(&pair->tree, &place, number);
	}
	pair->in[key] = !pair->in[key];
}

static void
pair_init(struct pair *pair)
{
	uint32_t key;

	*pair = (struct pair){ .random = unit_seed() };
	for (key = 0; key < KEYS; key++)
		pair->elements[key].key = key;
}

static void
check(const struct pair *pair)
{
	(void)check_node(pair->tree.tree.root, NULL);
	check_order(pair);
}

static void
tree_agrees_with_an_array(void **state)
{
	struct pair pair;
	unsigned int i;

	(void)state;
	pair_init(&pair);
	for (i = 0; i < OPERATIONS; i++) {
		/* Few of them at times, and many at others. */
		toggle(&pair, any_key(&pair) % (1 + i % KEYS));
		check(&pair);
		check_searches(&pair, any_key(&pair));
	}
}

/* The worst for a tree that does not balance itself; and each element may
 * be removed while it is visited. */
static void
sorted_input_stays_flat(void **state)
{
	struct number *number, *following;
	struct pair pair;
	uint32_t key;

	(void)state;
	pair_init(&pair);
	for (key = 0; key < KEYS; key++) {
		toggle(&pair, key);
		check(&pair);
	}
	/* 1.45 log2 of 100. */
	assert_in_range(check_node(pair.tree.tree.root, NULL), 7, 9);
	TREE_FOREACH_SAFE(number, numbers, &pair.tree, following) {
		toggle(&pair, number->key);
		*number = (struct number){ .key = number->key };
		check(&pair);
	}
	assert_true(numbers_is_empty(&pair.tree));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_agrees_with_an_array),
		cmocka_unit_test(sorted_input_stays_flat),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
