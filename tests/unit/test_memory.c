/*
 * test_memory.c - the N-th allocation fails, for N = 1, 2, ... until a
 * whole scenario passes without reaching it.
 *
 * The scenario: two routers on a link, started, talking, exchanging an
 * IPv4 and an IPv6 prefix, withdrawing and announcing them anew.  After
 * the failure they must go on; once memory is back, and the daemon has
 * told once more what it tells periodically, either must have the other's
 * routes.  In the end every block must have been freed.
 */
#include "babel.h"
#include "unit.h"

#define NODES		2
#define QUEUE_MAX	64
#define PACKET_MAX	1500
#define FIB_MAX		64
#define PREFIXES	2
#define IFINDEX		1

/* What the wrappers below count, and when they fail. */
static struct {
	unsigned long allocations, fail_at;
	long blocks;
	bool armed, failed;
} memory;

void	*__real_malloc(size_t);
void	*__real_calloc(size_t, size_t);
void	*__real_realloc(void *, size_t);
void	*__real_reallocarray(void *, size_t, size_t);
char	*__real_strdup(const char *);
void	 __real_free(void *);
void	*__wrap_malloc(size_t);
void	*__wrap_calloc(size_t, size_t);
void	*__wrap_realloc(void *, size_t);
void	*__wrap_reallocarray(void *, size_t, size_t);
char	*__wrap_strdup(const char *);
void	 __wrap_free(void *);

static bool
memory_is_out(void)
{
	if (!memory.armed || ++memory.allocations != memory.fail_at)
		return false;
	memory.failed = true;
	return true;
}

static void *
memory_count(void *block)
{
	if (block != NULL)
		memory.blocks++;
	return block;
}

void *
__wrap_malloc(size_t size)
{
	return memory_is_out() ? NULL : memory_count(__real_malloc(size));
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return memory_is_out() ? NULL :
	    memory_count(__real_calloc(count, size));
}

void *
__wrap_realloc(void *block, size_t size)
{
	void *moved;

	if (memory_is_out())
		return NULL;
	moved = __real_realloc(block, size);
	if (block == NULL)
		memory_count(moved);
	return moved;
}

void *
__wrap_reallocarray(void *block, size_t count, size_t size)
{
	void *moved;

	if (memory_is_out())
		return NULL;
	moved = __real_reallocarray(block, count, size);
	if (block == NULL)
		memory_count(moved);
	return moved;
}

char *
__wrap_strdup(const char *text)
{
	return memory_is_out() ? NULL : memory_count(__real_strdup(text));
}

void
__wrap_free(void *block)
{
	if (block != NULL)
		memory.blocks--;
	__real_free(block);
}

struct packet {
	size_t len;
	uint8_t bytes[PACKET_MAX];
	struct in6_addr from, to;
};

struct node {
	struct configuration *conf;
	struct babel *babel;
	struct pair *pair;
	unsigned int index;
	struct packet queue[QUEUE_MAX];		/* on the way to it */
	unsigned int queued;
	struct fib_change asked[FIB_MAX];	/* not answered yet */
	unsigned int asking;
	struct destination_key has[FIB_MAX];	/* its kernel's routes */
	unsigned int having;
};

struct pair {
	struct node nodes[NODES];
	babel_time now;
	uint64_t random;
};

static struct in6_addr
node_address(unsigned int index)
{
	struct in6_addr address;

	assert_int_equal(address_parse("fe80::1", &address), 0);
	address.s6_addr[15] = (uint8_t)(index + 1);
	return address;
}

static int
node_send(void *ctx, const struct datagram *datagram)
{
	struct node *node = ctx;
	struct node *peer = &node->pair->nodes[!node->index];
	struct packet *packet = &peer->queue[peer->queued];

	if (peer->queued == QUEUE_MAX || datagram->len > PACKET_MAX)
		return 0;		/* lost on the way */
	packet->len = datagram->len;
	packet->from = datagram->from;
	packet->to = datagram->to;
	memcpy(packet->bytes, datagram->bytes, datagram->len);
	peer->queued++;
	return 0;
}

static bool
node_fib(void *ctx, const struct fib_change *change)
{
	struct node *node = ctx;

	if (node->asking == FIB_MAX)
		return false;
	node->asked[node->asking++] = *change;
	return true;
}

static babel_time
node_stamp(void *ctx)
{
	return ((struct node *)ctx)->pair->now;
}

static void
node_random(void *ctx, void *buffer, size_t len)
{
	struct pair *pair = ((struct node *)ctx)->pair;
	uint8_t *octets = buffer;

	while (len-- > 0)
		*octets++ = (uint8_t)unit_random(&pair->random);
}

static void __attribute__((format(printf, 3, 0)))
node_log(void *ctx, int priority, const char *format, va_list arguments)
{
	(void)ctx;
	(void)priority;
	(void)format;
	(void)arguments;
}

static const struct babel_ops node_ops = {
	.send = node_send,
	.fib = node_fib,
	.stamp = node_stamp,
	.random = node_random,
	.log = node_log,
};

static int
node_has(const struct node *node, const struct destination_key *key)
{
	unsigned int i;

	for (i = 0; i < node->having; i++) {
		if (destination_key_compare(&node->has[i], key) == 0)
			return (int)i;
	}
	return -1;
}

/* The kernel does as it was asked. */
static void
node_answer(struct node *node)
{
	struct fib_change change;
	int at;

	while (node->asking > 0) {
		change = node->asked[0];
		memmove(node->asked, node->asked + 1,
		    --node->asking * sizeof(node->asked[0]));
		at = node_has(node, &change.key);
		if (at >= 0)
			node->has[at] = node->has[--node->having];
		if (change.operation != FIB_DELETE &&
		    !change.entry.unreachable)
			node->has[node->having++] = change.key;
		babel_fib_done(node->babel, node->pair->now, &change, 0);
	}
}

static void
node_receive(struct node *node)
{
	struct packet packet;
	struct datagram datagram;

	while (node->queued > 0) {
		packet = node->queue[0];
		memmove(node->queue, node->queue + 1,
		    --node->queued * sizeof(node->queue[0]));
		datagram = (struct datagram){ .ifindex = IFINDEX,
			.from = packet.from, .to = packet.to,
			.from_port = 6696, .to_port = 6696,
			.received = node->pair->now,
			.bytes = packet.bytes, .len = packet.len };
		babel_receive(node->babel, node->pair->now, &datagram);
	}
}

/* A prefix of the node's own. */
static struct kernel_route
node_prefix(const struct node *node, unsigned int which)
{
	struct kernel_route route = { .table = 254, .ifindex = IFINDEX,
		.proto = 4, .type = ROUTE_UNICAST, .ifname = "link" };
	struct prefix prefix;

	assert_int_equal(prefix_parse(which == 0 ? "10.0.0.0/24" :
	    "2001:db8::/64", &prefix), 0);
	prefix.address[which == 0 ? 14 : 7] = (uint8_t)(node->index + 1);
	route.key = destination_key_of(&prefix, NULL);
	return route;
}

static void
node_tell_prefixes(struct node *node, bool present)
{
	struct kernel_route route;
	unsigned int i;

	for (i = 0; i < PREFIXES; i++) {
		route = node_prefix(node, i);
		babel_kernel_route(node->babel, node->pair->now, &route,
		    present);
	}
}

static void
node_tell_link(struct node *node)
{
	struct link_state link = { .ifindex = IFINDEX, .name = "link",
		.mtu = 1500, .up = true, .carrier = true,
		.kind = LINK_WIRED, .link_local_count = 1 };

	link.link_local[0] = node_address(node->index);
	babel_link_changed(node->babel, node->pair->now, &link);
}

static bool
node_configure(struct node *node)
{
	static const char text[] = "interface link\nredistribute proto 4\n";
	const struct configuration_source source = {
		.context = CONTEXT_FILE, .name = "test" };
	struct configuration_report report = { .warn = NULL };

	node->conf = configuration_new();
	return node->conf != NULL && configuration_read(node->conf, text,
	    sizeof(text) - 1, &source, &report) == 0 &&
	    configuration_finish(node->conf, &report) == 0;
}

/* False if it could not be started for lack of memory. */
static bool
node_start(struct node *node)
{
	const struct babel_identity identity = {
		.id = { { 1, 2, 3, 4, 5, 6, 7, (uint8_t)(node->index + 1) } },
		.id_is_configured = true, .v4_via_v6 = true,
		.v4_via_v6_default = true };

	if (!node_configure(node))
		return false;
	node->babel = babel_new(&node_ops, node, node->conf, &identity,
	    node->pair->now);
	if (node->babel == NULL)
		return false;
	node_tell_link(node);
	node_tell_prefixes(node, true);
	return true;
}

static void
node_free(struct node *node)
{
	if (node->babel != NULL)
		babel_free(node->babel);
	if (node->conf != NULL)
		configuration_free(node->conf);
}

/* Let some time pass: packets and answers arrive a millisecond later. */
static void
pair_run(struct pair *pair, babel_time duration)
{
	const babel_time end = pair->now + duration;
	babel_time wish, next;
	struct node *node;

	while (pair->now < end) {
		next = end;
		for (node = pair->nodes; node < pair->nodes + NODES; node++) {
			node_receive(node);
			node_answer(node);
			wish = babel_run(node->babel, pair->now);
			next = time_min(next, wish);
		}
		for (node = pair->nodes; node < pair->nodes + NODES; node++) {
			if (node->queued > 0 || node->asking > 0)
				next = pair->now;
		}
		pair->now = time_max(next, pair->now + MILLISECOND);
	}
}

static void
pair_tell(struct pair *pair, bool links, bool present)
{
	struct node *node;

	for (node = pair->nodes; node < pair->nodes + NODES; node++) {
		if (links)
			node_tell_link(node);
		node_tell_prefixes(node, present);
	}
}

/* Does either node have the other's prefixes, or neither? */
static void
pair_expect(const struct pair *pair, bool present)
{
	struct kernel_route route;
	unsigned int i, which;

	for (i = 0; i < NODES; i++) {
		for (which = 0; which < PREFIXES; which++) {
			route = node_prefix(&pair->nodes[!i], which);
			if ((node_has(&pair->nodes[i], &route.key) >= 0) !=
			    present)
				fail_msg("allocation %lu: node %u %s route "
				    "%u", memory.fail_at, i,
				    present ? "lacks" : "keeps", which);
		}
	}
}

/* True if nothing failed: the end of the series. */
static bool
scenario(unsigned long fail_at)
{
	static struct pair pair;
	unsigned int i;
	bool started = true;

	memset(&pair, 0, sizeof(pair));
	pair.now = 1000 * SECOND;
	pair.random = 1;
	memset(&memory, 0, sizeof(memory));
	memory.fail_at = fail_at;
	memory.armed = true;
	for (i = 0; i < NODES && started; i++) {
		pair.nodes[i].pair = &pair;
		pair.nodes[i].index = i;
		started = node_start(&pair.nodes[i]);
	}
	assert_true(started || memory.failed);
	if (started) {
		pair_run(&pair, 30 * SECOND);
		pair_tell(&pair, false, false);
		pair_run(&pair, 10 * SECOND);
		pair_tell(&pair, false, true);
		pair_run(&pair, 30 * SECOND);
		memory.armed = false;
		pair_tell(&pair, true, true);
		pair_run(&pair, 60 * SECOND);
		pair_expect(&pair, true);
		pair_tell(&pair, false, false);
		pair_run(&pair, 60 * SECOND);
		pair_expect(&pair, false);
	}
	memory.armed = false;
	for (i = 0; i < NODES; i++)
		node_free(&pair.nodes[i]);
	if (memory.blocks != 0)
		fail_msg("allocation %lu: %ld blocks are left", fail_at,
		    memory.blocks);
	return !memory.failed;
}

static void
every_allocation_may_fail(void **state)
{
	unsigned long fail_at = 1;

	(void)state;
	while (!scenario(fail_at))
		fail_at++;
	printf("each of %lu allocations failed once\n", fail_at - 1);
	assert_in_range(fail_at, 50, 100000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
