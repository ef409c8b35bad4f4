/*
 * test_counters.c - everything that the engine counts is raised by what it
 * stands for; a counter for which there is nothing here fails the test.
 * A reason for dropping something is raised alone.
 */
#include "world.h"

#include "mac.h"

#define KEYED "key id k type hmac-sha256 value " \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n" \
	"redistribute proto 4\ninterface e1 key k"

void	*__wrap_calloc(size_t, size_t);
void	*__real_calloc(size_t, size_t);

static bool memory_is_out;

void *
__wrap_calloc(size_t number, size_t size)
{
	return memory_is_out ? NULL : __real_calloc(number, size);
}

/* P6 comes from a, at e1, with seqno 10 and metric 0; b, at e2, is told. */
struct stage {
	struct world *w;
	struct talker *a, *b;
	struct datagram datagram;	/* of a, to be spoilt */
};

static struct stage
stage_new(void)
{
	struct stage s = { .w = world_new(PLAIN) };

	s.a = talker_met(s.w, 1);
	s.b = talker_met(s.w, 2);
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 0));
	world_originate(s.w, OWN, true);
	world_pass(s.w, 2 * SECOND);
	assert_true(is_selected(s.w, P6, s.a));
	return s;
}

/* A Hello in a's buffer. */
static void
prepare(struct stage *s)
{
	const struct hello hello = { .seqno = s->a->hello_seqno++,
		.interval = TALKER_INTERVAL };

	talker_begin(s->a);
	assert_true(message_put_hello(&s->a->e, &hello));
	s->datagram = (struct datagram){ .ifindex = 1,
		.from = s->a->address, .to = address_of(GROUP),
		.from_port = WORLD_PORT, .to_port = WORLD_PORT,
		.received = s->w->now, .bytes = s->a->bytes };
}

static void
deliver(struct stage *s)
{
	if (s->datagram.len == 0)
		s->datagram.len = message_finish(&s->a->e);
	babel_receive(s->w->babel, s->w->now, &s->datagram);
}

static void
says_hello(struct stage *s)
{
	prepare(s);
	deliver(s);
}

static void
time_passes(struct stage *s)
{
	world_pass(s->w, 60 * SECOND);
}

static void
somebody_new_comes(struct stage *s)
{
	talker_met(s->w, 1);
}

static void
socket_is_full(struct stage *s)
{
	s->w->jammed = true;
	world_pass(s->w, 5 * SECOND);
	s->w->jammed = false;
	world_pass(s->w, SECOND);
}

static void
kernel_will_not_send(struct stage *s)
{
	s->w->send_error = EMSGSIZE;
	world_pass(s->w, 5 * SECOND);
	s->w->send_error = 0;
}

/* What is dropped as a whole. */

static void
unknown_interface(struct stage *s)
{
	prepare(s);
	s->datagram.ifindex = 99;
	deliver(s);
}

static void
own_address(struct stage *s)
{
	prepare(s);
	s->datagram.from = our_address(1);
	deliver(s);
}

static void
global_source(struct stage *s)
{
	prepare(s);
	s->datagram.from = address_of("2001:db8::1");
	deliver(s);
}

static void
other_port(struct stage *s)
{
	prepare(s);
	s->datagram.from_port = 7000;
	deliver(s);
}

static void
too_short(struct stage *s)
{
	prepare(s);
	s->datagram.len = 3;
	deliver(s);
}

/* A packet with another octet at a place. */
static void
spoil(struct stage *s, unsigned int place, uint8_t octet)
{
	prepare(s);
	s->datagram.len = message_finish(&s->a->e);
	s->a->bytes[place] = octet;
	deliver(s);
}

static void
other_magic(struct stage *s)
{
	spoil(s, 0, 43);
}

static void
other_version(struct stage *s)
{
	spoil(s, 1, 3);
}

static void
longer_than_it_is(struct stage *s)
{
	spoil(s, 2, 1);
}

static void
unknown_tlv(struct stage *s)
{
	spoil(s, MESSAGE_HEADER, 200);
}

static void
framing_is_lost(struct stage *s)
{
	spoil(s, MESSAGE_HEADER + 1, 200);
}

static void
too_many_neighbours(struct stage *s)
{
	s->w->babel->limits.neighbours_per_interface = 1;
	prepare(s);
	s->datagram.from = address_of("fe80::99");
	deliver(s);
}

/* RFC 8967. */

static void
put_pc(struct stage *s, uint32_t pc)
{
	const struct packet_counter counter = { pc, 0, NULL };

	assert_true(message_put_pc(&s->a->e, &counter));
}

/* Sign what was prepared with the key, or another one. */
static void
deliver_signed(struct stage *s, bool right)
{
	const struct mac_endpoints ends = { s->datagram.from,
		s->datagram.to, WORLD_PORT, WORLD_PORT };
	struct mac_key key = { .algorithm = MAC_HMAC_SHA256, .length = 32 };
	size_t len = message_finish(&s->a->e);
	uint8_t i;

	for (i = 0; i < 32; i++)
		key.value[i] = right ? i : 1;
	s->a->bytes[len] = TLV_MAC;
	s->a->bytes[len + 1] = MAC_LENGTH_MAX;
	assert_int_equal(mac_compute(&key, &ends, s->a->bytes, len,
	    s->a->bytes + len + 2), MAC_LENGTH_MAX);
	s->datagram.len = len + 2 + MAC_LENGTH_MAX;
	deliver(s);
}

static void
no_signature(struct stage *s)
{
	world_configure(s->w, KEYED "\ninterface e2\n");
	says_hello(s);
}

static void
no_signature_but_that_is_fine(struct stage *s)
{
	world_configure(s->w, KEYED
	    " accept-bad-signatures true\ninterface e2\n");
	says_hello(s);
}

static void
other_key(struct stage *s)
{
	world_configure(s->w, KEYED "\ninterface e2\n");
	prepare(s);
	put_pc(s, 1);
	deliver_signed(s, false);
}

static void
no_counter(struct stage *s)
{
	world_configure(s->w, KEYED "\ninterface e2\n");
	prepare(s);
	deliver_signed(s, true);
}

static void
unknown_index(struct stage *s)
{
	world_configure(s->w, KEYED "\ninterface e2\n");
	prepare(s);
	put_pc(s, 1);
	deliver_signed(s, true);
}

/* Challenges do not wait for what is waiting. */
static void
strangers_while_the_socket_is_full(struct stage *s)
{
	uint8_t i;

	world_configure(s->w, KEYED "\ninterface e2\n");
	s->w->jammed = true;
	for (i = 0; i < 80; i++) {
		prepare(s);
		s->datagram.from.s6_addr[14] = i;
		put_pc(s, 1);
		deliver_signed(s, true);
		world_pass(s->w, 10 * MILLISECOND);
	}
	s->w->jammed = false;
}

static void
old_counter(struct stage *s)
{
	int i;

	world_configure(s->w, KEYED "\ninterface e2\n");
	talker_entry(s->a)->auth.has_index = true;
	talker_entry(s->a)->auth.accepted = s->w->now;
	for (i = 0; i < 2; i++) {
		prepare(s);
		put_pc(s, 5);
		deliver_signed(s, true);
	}
}

static void
challenges_us(struct stage *s)
{
	const struct nonce nonce = { 4, (const uint8_t *)"once" };

	world_configure(s->w, KEYED "\ninterface e2\n");
	prepare(s);
	s->datagram.to = our_address(1);
	put_pc(s, 1);
	assert_true(message_put_challenge(&s->a->e, TLV_CHALLENGE_REQUEST,
	    &nonce));
	deliver_signed(s, true);
}

/* Updates. */

static void
our_own_id(struct stage *s)
{
	talker_tell(s->a, P6, OUR_ID, DISTANCE(1, 0));
}

static void
adopts_a_seqno(struct stage *s)
{
	talker_tell(s->a, P6, OUR_ID, DISTANCE(2000, 0));
}

static void
martian(struct stage *s)
{
	talker_tell(s->a, "fe80::/64", ID_A, DISTANCE(10, 0));
}

static void
filtered(struct stage *s)
{
	world_configure(s->w, PLAIN "in ip " P6 " deny\n");
	talker_tell(s->b, P6, ID_A, DISTANCE(10, 0));
	assert_null(world_route(s->w, P6, s->b));
}

static void
unfeasible(struct stage *s)
{
	talker_tell(s->b, P6, ID_A, DISTANCE(10, 500));
}

static void
retracts_what_is_unknown(struct stage *s)
{
	talker_tell(s->b, Q6, ID_A, GONE);
}

static void
too_many_routes(struct stage *s)
{
	s->w->babel->limits.routes = 1;
	talker_tell(s->b, Q6, ID_A, DISTANCE(10, 0));
}

static void
what_the_kernel_cannot_do(struct stage *s)
{
	struct update update = { .key = key_of(P4, NULL),
		.id = id_of(ID_A), .interval = NEWS_INTERVAL, .seqno = 1,
		.ae = AE_V4_VIA_V6 };

	s->w->babel->identity.v4_via_v6 = false;
	talker_begin(s->a);
	assert_true(message_put_update(&s->a->e, &update));
	talker_send(s->a);
}

static void
another_destination(struct stage *s)
{
	talker_tell(s->b, Q6, ID_A, DISTANCE(10, 0));
	world_pass(s->w, SECOND);
}

static void
better_way(struct stage *s)
{
	talker_tell(s->a, P6, ID_A, DISTANCE(11, 400));
	talker_tell(s->b, P6, ID_A, DISTANCE(11, 0));
	world_pass(s->w, 20 * SECOND);
	assert_true(is_selected(s->w, P6, s->b));
}

static void
retracts(struct stage *s)
{
	talker_tell(s->a, P6, ID_A, GONE);
	world_pass(s->w, 10 * MINUTE);
	assert_true(is_lost(s->w, P6));
}

/* Only what might be a loop is left: ask for a newer seqno. */
static void
starves(struct stage *s)
{
	talker_tell(s->b, P6, ID_A, DISTANCE(10, 500));
	retracts(s);
}

/* Requests. */

static void
asks_twice_for_all(struct stage *s)
{
	talker_ask_route(s->b, NULL);
	world_pass(s->w, 10 * MILLISECOND);
	talker_ask_route(s->b, NULL);
}

static void
asks_for_nothing_we_know(struct stage *s)
{
	talker_ask_seqno(s->b, Q6, ID_A, 11, 9);
}

static void
asks_for_news(struct stage *s)
{
	talker_ask_seqno(s->b, P6, ID_A, 11, 9);
}

static void
asks_twice_for_news(struct stage *s)
{
	asks_for_news(s);
	asks_for_news(s);
}

static void
gets_news(struct stage *s)
{
	asks_for_news(s);
	talker_tell(s->a, P6, ID_A, DISTANCE(11, 0));
	world_pass(s->w, SECOND);
}

static void
asks_for_our_news(struct stage *s)
{
	talker_ask_seqno(s->b, OWN, OUR_ID, 1001, 9);
}

static void
wants_an_acknowledgment(struct stage *s)
{
	const struct ack_request request = { 7, SECOND };

	talker_begin(s->a);
	assert_true(message_put_ack_request(&s->a->e, &request));
	talker_send(s->a);
	world_pass(s->w, SECOND);
}

static void
falls_silent(struct stage *s)
{
	world_pass(s->w, 2 * MINUTE);
	s->a->alive = false;
	world_pass(s->w, 10 * SECOND);
}

static void
we_are_late(struct stage *s)
{
	s->w->now += MINUTE;
	babel_run(s->w->babel, s->w->now);
}

/* The kernel, and memory. */

static void
kernel_refuses(struct stage *s)
{
	s->w->kernel_error = 19;
	talker_tell(s->b, Q6, ID_A, DISTANCE(10, 0));
	world_pass(s->w, MILLISECOND);
}

static void
somebody_removes_it(struct stage *s)
{
	const struct destination_key key = key_of(P6, NULL);

	babel_fib_lost(s->w->babel, s->w->now, &key);
}

static void
memory_runs_out(struct stage *s)
{
	memory_is_out = true;
	talker_tell(s->b, Q6, ID_A, DISTANCE(10, 0));
	memory_is_out = false;
}

static void (*const raise_counter[BABEL_COUNTERS])(struct stage *) = {
	[COUNT_PACKETS_RECEIVED] = says_hello,
	[COUNT_PACKETS_SENT] = time_passes,
	[COUNT_BYTES_RECEIVED] = says_hello,
	[COUNT_BYTES_SENT] = time_passes,
	[COUNT_SEND_REFUSED] = socket_is_full,
	[COUNT_SEND_DROPPED] = strangers_while_the_socket_is_full,
	[COUNT_SEND_FAILED] = kernel_will_not_send,
	[COUNT_TLVS_RECEIVED] = says_hello,
	[COUNT_TLVS_IGNORED] = unknown_tlv,
	[COUNT_PACKETS_STOPPED] = framing_is_lost,
	[COUNT_DROP_INTERFACE] = unknown_interface,
	[COUNT_DROP_OWN] = own_address,
	[COUNT_DROP_SOURCE] = global_source,
	[COUNT_DROP_PORT] = other_port,
	[COUNT_DROP_SHORT] = too_short,
	[COUNT_DROP_MAGIC] = other_magic,
	[COUNT_DROP_VERSION] = other_version,
	[COUNT_DROP_LENGTH] = longer_than_it_is,
	[COUNT_DROP_NEIGHBOURS] = too_many_neighbours,
	[COUNT_DROP_MAC_MISSING] = no_signature,
	[COUNT_DROP_MAC_WRONG] = other_key,
	[COUNT_DROP_PC_MISSING] = no_counter,
	[COUNT_DROP_PC_STALE] = old_counter,
	[COUNT_DROP_INDEX_UNKNOWN] = unknown_index,
	[COUNT_BAD_SIGNATURES_ACCEPTED] = no_signature_but_that_is_fine,
	[COUNT_UPDATE_OWN_ID] = our_own_id,
	[COUNT_UPDATE_MARTIAN] = martian,
	[COUNT_UPDATE_FILTERED] = filtered,
	[COUNT_UPDATE_UNFEASIBLE] = unfeasible,
	[COUNT_UPDATE_UNKNOWN_RETRACTION] = retracts_what_is_unknown,
	[COUNT_UPDATE_LIMIT] = too_many_routes,
	[COUNT_UPDATE_V4_VIA_V6] = what_the_kernel_cannot_do,
	[COUNT_REQUEST_REDUNDANT] = asks_twice_for_news,
	[COUNT_REQUEST_DROPPED] = asks_for_nothing_we_know,
	[COUNT_WILDCARD_LIMITED] = asks_twice_for_all,
	[COUNT_HELLOS_SENT] = time_passes,
	[COUNT_HELLOS_LATE] = we_are_late,
	[COUNT_TIMERS_LATE] = we_are_late,
	[COUNT_IHUS_SENT] = time_passes,
	[COUNT_UPDATES_SENT] = time_passes,
	[COUNT_UPDATES_RECEIVED] = another_destination,
	[COUNT_RETRACTIONS_SENT] = retracts,
	[COUNT_ROUTE_REQUESTS_SENT] = somebody_new_comes,
	[COUNT_SEQNO_REQUESTS_SENT] = starves,
	[COUNT_SEQNO_REQUESTS_FORWARDED] = asks_for_news,
	[COUNT_REQUESTS_SATISFIED] = gets_news,
	[COUNT_ACKS_SENT] = wants_an_acknowledgment,
	[COUNT_ACKS_RECEIVED] = retracts,
	[COUNT_ACK_REQUESTS_SENT] = retracts,
	[COUNT_SELECTIONS] = better_way,
	[COUNT_SEQNO_RAISED] = asks_for_our_news,
	[COUNT_PROBES_SENT] = falls_silent,
	[COUNT_CHALLENGES_SENT] = unknown_index,
	[COUNT_CHALLENGES_ANSWERED] = challenges_us,
	[COUNT_FIB_ADDS] = another_destination,
	[COUNT_FIB_CHANGES] = better_way,
	[COUNT_FIB_DELETES] = retracts,
	[COUNT_FIB_FAILURES] = kernel_refuses,
	[COUNT_FIB_LOST] = somebody_removes_it,
	[COUNT_NO_MEMORY] = memory_runs_out,
};

/* Does it say that something was dropped, and why? */
static bool
is_reason(enum babel_counter counter)
{
	return (counter >= COUNT_DROP_INTERFACE &&
	    counter <= COUNT_DROP_INDEX_UNKNOWN) ||
	    (counter >= COUNT_UPDATE_OWN_ID &&
	    counter <= COUNT_WILDCARD_LIMITED);
}

static void
check_counter(enum babel_counter counter)
{
	struct stage s = stage_new();
	uint64_t before[BABEL_COUNTERS], raised;
	enum babel_counter other;

	memcpy(before, s.w->babel->counters, sizeof(before));
	raise_counter[counter](&s);
	for (other = 0; other < BABEL_COUNTERS; other++) {
		raised = s.w->babel->counters[other] - before[other];
		if (other == counter && (raised == 0 ||
		    (raised > 1 && is_reason(counter))))
			fail_msg("%s is raised by %llu",
			    counter_name(counter),
			    (unsigned long long)raised);
		if (other != counter && is_reason(counter) &&
		    is_reason(other) && raised != 0)
			fail_msg("%s is raised, too, with %s",
			    counter_name(other), counter_name(counter));
	}
	world_free(s.w);
}

static void
each_counter_is_raised(void **state)
{
	enum babel_counter counter;

	(void)state;
	for (counter = 0; counter < BABEL_COUNTERS; counter++) {
		if (raise_counter[counter] == NULL)
			fail_msg("nothing here raises %s",
			    counter_name(counter));
		check_counter(counter);
	}
}

/* There is more than one way to some of them. */
static void
a_newer_seqno_of_ours_is_adopted(void **state)
{
	struct stage s = stage_new();

	(void)state;
	adopts_a_seqno(&s);
	assert_int_equal(s.w->babel->counters[COUNT_SEQNO_RAISED], 1);
	assert_int_equal(s.w->babel->seqno, 2001);
	world_free(s.w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_counter_is_raised),
		cmocka_unit_test(a_newer_seqno_of_ours_is_adopted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
