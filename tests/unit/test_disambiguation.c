/*
 * test_disambiguation.c - the tables of sources against their definition,
 * and against a destination-first lookup that knows no better than to try
 * every route.
 *
 * Prefixes of four bits give 31 destinations, 31 sources and 256 packets,
 * few enough to try them all.  Random routes come, change and go; some
 * steps fail; memory runs out.  What the steps have built is asked where
 * each packet goes as the kernel would do it: the tables of its sources
 * from the longest to the shortest, then the plain table.
 */
#include "rule/disambiguation.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

#define BITS		4
#define PREFIXES	31		/* of 0 to 4 bits; 0 is everything */
#define ADDRESSES	16
#define HISTORIES	2000
#define CHANGES		30
#define QUEUE		4096

enum { NOWHERE = -1, THROW = -2, MISS = -3, PLAIN = 1000 };

/* What the kernel would hold, and what it is told to do. */
struct model {
	struct disambiguation *d;
	bool is_ipv4;
	uint64_t random;
	/* The set of routes: a next hop, 0 for none; and routes of others. */
	int own[PREFIXES][PREFIXES];
	bool other[PREFIXES][PREFIXES];
	/* The kernel: [destination][source]; source 0 is the plain table. */
	int held[PREFIXES][PREFIXES];
	bool plain[PREFIXES];
	struct fib_change queue[QUEUE];
	unsigned int count;
	unsigned int failing;		/* of 16 steps */
	unsigned int steps, throws;
};

/* Where every packet goes, by two ways to tell. */
struct outcome {
	int where[ADDRESSES][ADDRESSES];
};

static unsigned long fail_at, allocations;

void	*__real_calloc(size_t, size_t);
void	*__real_reallocarray(void *, size_t, size_t);
void	*__wrap_calloc(size_t, size_t);
void	*__wrap_reallocarray(void *, size_t, size_t);

void *
__wrap_calloc(size_t count, size_t size)
{
	return ++allocations == fail_at ? NULL : __real_calloc(count, size);
}

void *
__wrap_reallocarray(void *block, size_t count, size_t size)
{
	return ++allocations == fail_at ? NULL :
	    __real_reallocarray(block, count, size);
}

/* The n-th prefix: everything, then those of one bit, and so on. */
static unsigned int
length_of(int n)
{
	unsigned int plen = 0;

	for (n++; n > 1; n /= 2)
		plen++;
	return plen;
}

/* The prefix of a length that an address is in. */
static int
prefix_at(unsigned int plen, unsigned int address)
{
	return (int)((1U << plen) - 1 + (address >> (BITS - plen)));
}

static bool
is_within(int inner, int outer)
{
	unsigned int shift;

	if (length_of(inner) <= length_of(outer))
		return false;
	shift = length_of(inner) - length_of(outer);
	return (inner + 1) >> shift == outer + 1;
}

static struct prefix
prefix_of_number(int n, bool is_ipv4, bool is_source)
{
	unsigned int plen = length_of(n);
	unsigned int bits = ((unsigned int)n + 1 - (1U << plen)) <<
	    (BITS - plen);
	struct prefix prefix = { .plen = 0 };
	unsigned int base = is_ipv4 ? 96 : 0;

	if (plen == 0 && is_source)
		return prefix;
	if (is_ipv4)
		prefix.address[10] = prefix.address[11] = 0xff;
	prefix.plen = (uint8_t)(base + plen);
	prefix.address[base / 8] = (uint8_t)(bits << 4);
	return prefix;
}

static struct destination_key
key_of(const struct model *model, int to, int from)
{
	return (struct destination_key){
		prefix_of_number(to, model->is_ipv4, false),
		prefix_of_number(from, model->is_ipv4, true),
	};
}

static int
number_of(const struct model *model, const struct prefix *prefix,
    bool is_source)
{
	struct prefix candidate;
	int n;

	for (n = 0; n < PREFIXES; n++) {
		candidate = prefix_of_number(n, model->is_ipv4, is_source);
		if (prefix_compare(&candidate, prefix) == 0)
			return n;
	}
	fail_msg("a prefix that nobody asked for");
	return -1;
}

static struct fib_entry
entry_of(int hop)
{
	return (struct fib_entry){ .ifindex = (unsigned int)hop };
}

static int
hop_of(const struct fib_entry *entry)
{
	return entry->throw_route ? THROW : (int)entry->ifindex;
}

static bool
is_member(const struct model *model, int to, int from)
{
	return model->own[to][from] != 0 || model->other[to][from];
}

/* The plain table has the longest prefix. */
static int
look_up_plain(const struct model *model, unsigned int to)
{
	int plen, n;

	for (plen = BITS; plen >= 0; plen--) {
		n = prefix_at((unsigned int)plen, to);
		if (model->plain[n])
			return PLAIN + n;
	}
	return NOWHERE;
}

/* Destination first. */
static int
look_up_set(const struct model *model, unsigned int to, unsigned int from)
{
	int plen, source_plen, d, s;

	for (plen = BITS; plen >= 0; plen--)
		for (source_plen = BITS; source_plen >= 0; source_plen--) {
			d = prefix_at((unsigned int)plen, to);
			s = prefix_at((unsigned int)source_plen, from);
			if (is_member(model, d, s))
				return s > 0 && model->own[d][s] != 0 ?
				    model->own[d][s] :
				    look_up_plain(model, to);
		}
	return look_up_plain(model, to);
}

static int
look_up_table(const struct model *model, int table, unsigned int to)
{
	int plen, d;

	for (plen = BITS; plen >= 0; plen--) {
		d = prefix_at((unsigned int)plen, to);
		if (model->held[d][table] != 0)
			return model->held[d][table];
	}
	return MISS;
}

/* Behind the rule of a source stand those that lead what others have for
 * that source to the plain table. */
static bool
leaves(const struct model *model, int table, unsigned int to)
{
	unsigned int plen;

	for (plen = 0; plen <= BITS; plen++)
		if (model->other[prefix_at(plen, to)][table])
			return true;
	return false;
}

/* Source first, as the kernel does it. */
static int
look_up_tables(const struct model *model, unsigned int to, unsigned int from)
{
	int plen, table, found;

	for (plen = BITS; plen > 0; plen--) {
		table = prefix_at((unsigned int)plen, from);
		found = look_up_table(model, table, to);
		if (found != MISS && found != THROW)
			return found;
		if (leaves(model, table, to))
			break;
	}
	return look_up_plain(model, to);
}

static struct outcome
outcome_of(const struct model *model,
    int (*look_up)(const struct model *, unsigned int, unsigned int))
{
	struct outcome outcome;
	unsigned int to, from;

	for (to = 0; to < ADDRESSES; to++)
		for (from = 0; from < ADDRESSES; from++)
			outcome.where[to][from] = look_up(model, to, from);
	return outcome;
}

/* The definition, to the letter: 0 for nothing. */
static int
wanted(const struct model *model, int to, int from)
{
	bool is_shielded = false;
	int d, s, best = -1;

	if (!is_member(model, to, from)) {
		for (d = 0; d < PREFIXES; d++)
			is_shielded |= is_member(model, d, from) &&
			    is_within(to, d);
		for (s = 0; s < PREFIXES; s++)
			if (is_member(model, to, s) && is_within(from, s))
				best = s;
		if (!is_shielded || best < 0)
			return 0;
		from = best;
	}
	return from > 0 && model->own[to][from] != 0 ?
	    model->own[to][from] : THROW;
}

static int
on_step(void *ctx, const struct fib_change *change)
{
	struct model *model = ctx;

	if (unit_random_below(&model->random, 64) < model->failing)
		return ENOSPC;
	assert_true(model->count < QUEUE);
	model->queue[model->count++] = *change;
	return 0;
}

/* Carry out a step as the kernel would. */
static void
execute(struct model *model, const struct fib_change *change)
{
	int to = number_of(model, &change->key.to, false);
	int from = number_of(model, &change->key.from, true);
	int *held = &model->held[to][from];
	int error = 0;

	assert_true(from > 0);
	if (unit_random_below(&model->random, 16) < model->failing)
		error = ENETDOWN;
	else {
		/* Without failures, the old entry is what it says. */
		if (model->failing == 0 && fail_at == 0)
			assert_int_equal(*held,
			    change->operation == FIB_ADD ? 0 :
			    hop_of(&change->old));
		*held = change->operation == FIB_DELETE ? 0 :
		    hop_of(&change->entry);
		model->throws += *held == THROW;
	}
	model->steps++;
	disambiguation_done(model->d, change, error);
}

/* Every packet goes where it went or where it will go. */
static void
check_between(const struct model *model, const struct outcome *before,
    const struct outcome *after)
{
	struct outcome now = outcome_of(model, look_up_tables);
	unsigned int to, from;

	for (to = 0; to < ADDRESSES; to++)
		for (from = 0; from < ADDRESSES; from++)
			if (now.where[to][from] != before->where[to][from] &&
			    now.where[to][from] != after->where[to][from])
				fail_msg("packet %u from %u goes to %d, "
				    "neither %d nor %d", to, from,
				    now.where[to][from],
				    before->where[to][from],
				    after->where[to][from]);
}

static void
drain(struct model *model)
{
	unsigned int i;

	for (i = 0; i < model->count; i++)
		execute(model, &model->queue[i]);
	model->count = 0;
}

static void
drain_and_check(struct model *model, const struct outcome *before)
{
	struct outcome after = outcome_of(model, look_up_set);
	unsigned int i;

	check_between(model, before, &after);
	for (i = 0; i < model->count; i++) {
		execute(model, &model->queue[i]);
		check_between(model, before, &after);
	}
	model->count = 0;
}

/* A change of our own routes; the plain ones are in the plain table, put
 * there before and taken away afterwards. */
static int
change_own(struct model *model, int to, int from, int hop, bool check)
{
	struct outcome before = outcome_of(model, look_up_tables);
	struct destination_key key = key_of(model, to, from);
	struct fib_entry entry = entry_of(hop);
	int error;

	if (from == 0 && hop != 0)
		model->plain[to] = true;
	error = disambiguation_set(model->d, &key,
	    hop == 0 ? NULL : &entry);
	if (check)
		model->own[to][from] = hop;
	if (check)
		drain_and_check(model, &before);
	if (check && from == 0 && hop == 0)
		model->plain[to] = model->other[to][0];
	return error;
}

static void
change_other(struct model *model, int to, int from, bool present)
{
	struct destination_key key = key_of(model, to, from);
	int error;

	/* Others do as they like: there is no before. */
	error = disambiguation_set_other(model->d, &key, present);
	if (fail_at == 0 && model->failing == 0)
		assert_int_equal(error, 0);
	model->other[to][from] = present;
	if (from == 0)
		model->plain[to] = present || model->own[to][0] != 0;
	drain(model);
}

static void
check_lookups(const struct model *model)
{
	struct outcome set = outcome_of(model, look_up_set);
	struct outcome tables = outcome_of(model, look_up_tables);

	assert_memory_equal(&set, &tables, sizeof(set));
}

static void
check_definition(const struct model *model)
{
	int to, from;

	for (to = 0; to < PREFIXES; to++)
		for (from = 1; from < PREFIXES; from++)
			if (model->held[to][from] != wanted(model, to, from))
				fail_msg("the entry for %d from %d is %d, "
				    "should be %d", to, from,
				    model->held[to][from],
				    wanted(model, to, from));
	check_lookups(model);
}

static void
check_queries(const struct model *model)
{
	struct destination_key key, last;
	struct fib_entry entry;
	unsigned int found = 0, held = 0;
	int to, from;
	bool more;

	for (from = 1; from < PREFIXES; from++) {
		bool is_used = false;

		for (to = 0; to < PREFIXES; to++) {
			key = key_of(model, to, from);
			is_used |= model->held[to][from] != 0;
			held += model->held[to][from] != 0;
			assert_int_equal(model->held[to][from] != 0,
			    disambiguation_find(model->d, &key, &entry));
			if (model->held[to][from] != 0)
				assert_int_equal(hop_of(&entry),
				    model->held[to][from]);
		}
		assert_int_equal(is_used,
		    disambiguation_uses(model->d, &key.from));
	}
	more = disambiguation_after(model->d, NULL, &key, &entry);
	for (; more; found++) {
		last = key;
		assert_int_equal(hop_of(&entry), model->held
		    [number_of(model, &key.to, false)]
		    [number_of(model, &key.from, true)]);
		more = disambiguation_after(model->d, &last, &key, &entry);
		if (more)
			assert_true(prefix_compare(&last.from, &key.from) < 0
			    || (prefix_compare(&last.from, &key.from) == 0 &&
			    prefix_compare(&last.to, &key.to) < 0));
	}
	assert_int_equal(found, held);
}

/* Few prefixes a history, so that they meet; any of them over all. */
static int
some_prefix(struct model *model, unsigned int variety)
{
	uint64_t pick = unit_random_below(&model->random, variety);

	if (unit_random_below(&model->random, 4) == 0)
		return (int)unit_random_below(&model->random, 3);
	pick = pick * 7919 + variety;
	return (int)(pick % PREFIXES);
}

static struct model *
model_new(bool is_ipv4, uint64_t random)
{
	struct model *model = __real_calloc(1, sizeof(*model));

	assert_non_null(model);
	model->is_ipv4 = is_ipv4;
	model->random = random;
	model->d = disambiguation_new(on_step, model);
	assert_non_null(model->d);
	return model;
}

static void
model_free(struct model *model)
{
	disambiguation_free(model->d);
	free(model);
}

static void
change_something(struct model *model, unsigned int variety)
{
	int to = some_prefix(model, variety);
	int from = some_prefix(model, variety);

	if (unit_random_below(&model->random, 4) == 0) {
		if (unit_random_below(&model->random, 3) > 0)
			from = 0;
		change_other(model, to, from, !model->other[to][from]);
	} else
		assert_int_equal(change_own(model, to, from,
		    unit_random_below(&model->random, 3) == 0 ? 0 :
		    1 + (int)unit_random_below(&model->random, 5), true), 0);
}

static void
test_histories(void **state)
{
	uint64_t random = unit_seed();
	unsigned int steps = 0, throws = 0, i, j, variety;
	struct model *model;

	(void)state;
	for (i = 0; i < HISTORIES; i++) {
		model = model_new(i % 2 == 0, unit_random(&random));
		variety = 2 + unit_random_below(&model->random, PREFIXES);
		for (j = 0; j < CHANGES; j++) {
			change_something(model, variety);
			check_lookups(model);
			if (j % 16 == 0)
				check_definition(model);
		}
		check_definition(model);
		check_queries(model);
		steps += model->steps;
		throws += model->throws;
		model_free(model);
	}
	printf("%u steps, %u of them throws\n", steps, throws);
	assert_true(steps > HISTORIES * CHANGES / 2);
	assert_true(throws > HISTORIES * CHANGES / 20);
}

static void
review(struct model *model)
{
	model->failing = 0;
	fail_at = 0;
	disambiguation_review(model->d);
	while (disambiguation_review_slice(model->d, 3))
		drain(model);
	drain(model);
}

/* Steps are refused or fail; the routes that they were for stay, and a
 * review makes up for it. */
static void
test_failures(void **state)
{
	uint64_t random = unit_seed();
	struct model *model;
	int i, j, to, from, hop;

	(void)state;
	for (i = 0; i < HISTORIES / 4; i++) {
		model = model_new(i % 2 == 0, unit_random(&random));
		for (j = 0; j < CHANGES; j++) {
			model->failing = 4;
			to = some_prefix(model, 8);
			from = some_prefix(model, 8);
			if (j % 4 == 0) {
				change_other(model, to, 0,
				    !model->other[to][0]);
				continue;
			}
			hop = (int)unit_random_below(&model->random, 4);
			(void)change_own(model, to, from, hop, false);
			model->own[to][from] = hop;
			if (from == 0)
				model->plain[to] = hop != 0 ||
				    model->other[to][0];
			/* Several changes may be on their way. */
			if (j % 3 == 0)
				drain(model);
		}
		drain(model);
		review(model);
		check_definition(model);
		check_queries(model);
		model_free(model);
	}
}

/* Somebody removes entries: what was a route of ours is forgotten, what
 * was not comes back. */
static void
test_losses(void **state)
{
	uint64_t random = unit_seed();
	struct model *model;
	struct destination_key key;
	int i, j, to, from, own = 0, others = 0;
	bool was_own;

	(void)state;
	for (i = 0; i < HISTORIES / 4; i++) {
		model = model_new(i % 2 == 0, unit_random(&random));
		for (j = 0; j < CHANGES; j++) {
			change_something(model, 9);
			to = some_prefix(model, 9);
			from = some_prefix(model, 9);
			key = key_of(model, to, from);
			if (from == 0 || model->held[to][from] == 0) {
				assert_false(disambiguation_lost(model->d,
				    &key));
				assert_int_equal(model->count, 0);
				continue;
			}
			was_own = model->own[to][from] != 0;
			model->held[to][from] = 0;
			assert_int_equal(disambiguation_lost(model->d, &key),
			    was_own);
			model->own[to][from] = 0;
			*(was_own ? &own : &others) += 1;
			drain(model);
			check_lookups(model);
		}
		check_definition(model);
		model_free(model);
	}
	assert_true(own > HISTORIES / 10 && others > HISTORIES / 10);
}

/* The N-th allocation fails.  A route that could not be added is not
 * there; a review mends the rest. */
static void
test_memory(void **state)
{
	uint64_t random = unit_seed();
	struct model *model;
	unsigned long nth;
	unsigned int failures = 0, errors = 0;
	int j, to, from, hop, error;

	(void)state;
	for (nth = 1; nth < 400; nth++) {
		model = model_new(nth % 2 == 0, random + nth / 8);
		allocations = 0;
		fail_at = nth;
		for (j = 0; j < CHANGES; j++) {
			to = some_prefix(model, 12);
			from = some_prefix(model, 12);
			hop = (int)unit_random_below(&model->random, 4);
			if (from == 0 && hop != 0)
				model->plain[to] = true;
			error = change_own(model, to, from, hop, false);
			errors += error != 0;
			if (error != 0)
				assert_int_equal(error, ENOMEM);
			if (error != 0 && hop != 0) {
				(void)change_own(model, to, from, 0, false);
				hop = 0;
			}
			model->own[to][from] = hop;
			if (from == 0)
				model->plain[to] = hop != 0;
			drain(model);
		}
		failures += allocations >= nth;
		review(model);
		check_definition(model);
		model_free(model);
	}
	fail_at = 0;
	assert_true(failures > 20 && errors > 20);
}

/* The example of the specification, and the one of a connected network. */
static void
test_examples(void **state)
{
	struct model *model = model_new(false, 1);
	struct destination_key key;
	struct fib_entry entry = { .ifindex = 1 };

	(void)state;
	assert_int_equal(prefix_parse("2001:db8:0:1::/64", &key.to), 0);
	memset(&key.from, 0, sizeof(key.from));
	assert_int_equal(disambiguation_set(model->d, &key, &entry), 0);
	assert_int_equal(model->count, 0);
	assert_int_equal(prefix_parse("::/0", &key.to), 0);
	assert_int_equal(prefix_parse("2001:db8:0:2::/64", &key.from), 0);
	assert_int_equal(disambiguation_set(model->d, &key, &entry), 0);
	assert_int_equal(model->count, 2);
	assert_true(model->queue[0].entry.throw_route);
	assert_int_equal(model->queue[0].key.to.plen, 64);
	assert_memory_equal(&model->queue[0].key.from, &key.from,
	    sizeof(key.from));
	assert_false(model->queue[1].entry.throw_route);
	assert_int_equal(model->queue[1].entry.ifindex, 1);
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_histories),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
