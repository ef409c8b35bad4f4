/*
 * test_engine_rtt.c - round-trip times (RFC 9616): stamps sent, stamps
 * returned, and which of those that come make a sample.
 */
#include "world.h"

#define TUNNEL	"interface e1 type tunnel\n"
#define MANY	70			/* more than a packet holds IHUs for */

/* What is in a packet with stamps. */
struct stamps {
	bool hello, ihu;		/* are there at all */
	uint32_t transmit, origin, receive;
	babel_time age;			/* origin is so long ago, in fact */
	const char *ihu_for;		/* NULL: us */
	bool ihu_first;
};

static void
put_hello(struct talker *t, const struct stamps *s)
{
	const struct hello hello = { .seqno = t->hello_seqno++,
		.interval = TALKER_INTERVAL, .stamped = s->hello,
		.transmit = s->transmit };

	assert_true(message_put_hello(&t->e, &hello));
}

static void
put_ihu(struct talker *t, const struct stamps *s)
{
	const struct ihu ihu = { .rxcost = 96,
		.interval = 3 * TALKER_INTERVAL, .stamped = s->ihu,
		.address = s->ihu_for == NULL ? our_address(t->ifindex) :
		    address_of(s->ihu_for),
		.origin = (uint32_t)(t->w->now - s->age),
		.receive = s->receive };

	assert_true(message_put_ihu(&t->e, &ihu));
}

static void
say(struct talker *t, const struct stamps *s)
{
	talker_begin(t);
	if (s->ihu_first)
		put_ihu(t, s);
	put_hello(t, s);
	if (!s->ihu_first)
		put_ihu(t, s);
	talker_send(t);
}

/* covers: R1 R2 R3 */
static void
stamps_are_returned(void **state)
{
	struct world *w = world_new(TUNNEL);
	struct talker *t = talker_met(w, 1);
	unsigned int stamped_in = 0, returned = 0;
	const struct heard *h;
	uint32_t came;
	size_t i;

	(void)state;
	t->alive = false;
	came = (uint32_t)w->now;
	say(t, &(struct stamps){ .hello = true, .transmit = 0xFFFFFF00 });
	world_pass(w, 3 * TALKER_INTERVAL);
	for (i = 0; i < w->heard_count; i++) {
		h = &w->heard[i];
		if (h->tlv.type == TLV_HELLO) {
			assert_true(h->tlv.u.hello.stamped);
			assert_int_equal(h->tlv.u.hello.transmit,
			    (uint32_t)h->at);
			stamped_in = h->packet;
		} else if (h->tlv.type == TLV_IHU) {
			assert_int_equal(h->packet, stamped_in);
			assert_true(h->tlv.u.ihu.stamped);
			assert_int_equal(h->tlv.u.ihu.origin, 0xFFFFFF00);
			assert_int_equal(h->tlv.u.ihu.receive, came);
			returned++;
		}
	}
	assert_in_range(returned, 1, 10);
	world_free(w);
}

/* covers: R3 */
static void
many_neighbours_all_get_their_stamps(void **state)
{
	struct world *w = world_new(TUNNEL);
	unsigned int ihus[MANY] = { 0 }, stamped_in = 0, i;
	struct talker *t;
	const struct heard *h;
	size_t k;

	(void)state;
	for (i = 0; i < MANY; i++) {
		t = talker_new(w, 1);
		say(t, &(struct stamps){ .hello = true, .transmit = i });
		say(t, &(struct stamps){ .hello = true, .transmit = i });
	}
	world_pass(w, 3 * TALKER_INTERVAL);
	for (k = 0; k < w->heard_count; k++) {
		h = &w->heard[k];
		if (h->tlv.type == TLV_HELLO && h->tlv.u.hello.stamped)
			stamped_in = h->packet;
		if (h->tlv.type != TLV_IHU)
			continue;
		assert_int_equal(h->packet, stamped_in);
		assert_true(h->tlv.u.ihu.stamped);
		assert_in_range(h->tlv.u.ihu.origin, 0, MANY - 1);
		ihus[h->tlv.u.ihu.origin]++;
	}
	for (i = 0; i < MANY; i++)
		assert_in_range(ihus[i], 1, 10);
	world_free(w);
}

/* covers: R4 */
static void
both_stamps_make_a_sample(void **state)
{
	static const struct stamps none[] = {
		{ .hello = true }, { .ihu = true },
		{ .hello = true, .ihu = true, .ihu_for = "fe80::77" },
	};
	const struct stamps *s;
	struct world *w = world_new(TUNNEL);
	struct talker *t = talker_met(w, 1);
	struct stamps right = { .hello = true, .ihu = true,
		.transmit = 5000 + 10 * MILLISECOND, .receive = 5000,
		.age = 30 * MILLISECOND };
	struct neighbour *n = talker_entry(t);

	(void)state;
	for (s = none; s < none + 3; s++)
		say(t, s);
	assert_int_equal(n->rtt_samples, 0);
	say(t, &right);
	assert_int_equal(n->rtt_samples, 1);
	assert_true(n->rtt == 20 * MILLISECOND);
	right.ihu_first = true;
	say(t, &right);
	assert_int_equal(n->rtt_samples, 2);
	/* The other's clock may pass its end. */
	right.receive = UINT32_MAX - 4999;
	right.transmit = 5000;
	say(t, &right);
	assert_int_equal(n->rtt_samples, 3);
	assert_true(n->rtt == 20 * MILLISECOND);
	world_free(w);
}

/* covers: R6 */
static void
nonsense_makes_none(void **state)
{
	static const struct stamps nonsense[] = {
		/* of long ago, here or there */
		{ .age = 4 * MINUTE, .receive = 1000, .transmit = 2000 },
		{ .age = 100, .receive = 1000,
		    .transmit = (uint32_t)(1000 + 4 * MINUTE) },
		/* of the future, here or there */
		{ .age = -100, .receive = 1000, .transmit = 1000 },
		{ .age = 100, .receive = 1000, .transmit = 999 },
	};
	struct world *w = world_new(TUNNEL);
	struct talker *t = talker_met(w, 1);
	struct neighbour *n = talker_entry(t);
	struct stamps s;
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		s = nonsense[i];
		s.hello = s.ihu = true;
		say(t, &s);
		assert_int_equal(n->rtt_samples, 0);
		/* But the stamps are kept, and returned. */
		assert_int_equal(n->hello_transmit, s.transmit);
	}
	/* Clocks that run apart: no less than nothing. */
	say(t, &(struct stamps){ .hello = true, .ihu = true, .age = 100,
	    .receive = 1000, .transmit = 2000 });
	assert_int_equal(n->rtt_samples, 1);
	assert_true(n->rtt == 0);
	world_free(w);
}

/* The count of samples stops at its end; all of the ring is good then. */
static void
samples_beyond_counting(void **state)
{
	struct world *w = world_new("default enable-timestamps true "
	    "rtt-filter quartile\n" TUNNEL);
	struct neighbour *n = talker_entry(talker_met(w, 1));
	int i;

	(void)state;
	neighbour_rtt_sample(w->babel, n, 20 * MILLISECOND);
	n->rtt_samples = UINT32_MAX;
	for (i = 0; i < RTT_RECENT; i++)
		n->rtt_recent[i] = (uint32_t)(20 * MILLISECOND);
	neighbour_rtt_sample(w->babel, n, 90 * MILLISECOND);
	assert_true(n->rtt == 20 * MILLISECOND);
	assert_true(n->rtt_samples == UINT32_MAX);
	world_free(w);
}

/* covers: R7 */
static void
the_first_sample_counts_once(void **state)
{
	struct world *w = world_new(TUNNEL);
	struct neighbour *n = talker_entry(talker_met(w, 1));

	(void)state;
	neighbour_rtt_sample(w->babel, n, 100 * MILLISECOND);
	assert_true(n->rtt == 100 * MILLISECOND);
	neighbour_rtt_sample(w->babel, n, 200 * MILLISECOND);
	assert_true(n->rtt == (42 * 200 + 214 * 100) * MILLISECOND / 256);
	/* What was measured before a long silence is forgotten. */
	world_pass(w, 4 * MINUTE);
	neighbour_rtt_sample(w->babel, n, 50 * MILLISECOND);
	assert_true(n->rtt == 50 * MILLISECOND);
	world_free(w);
}

/* A Hello whose stamp has so many octets. */
static void
say_odd_hello(struct talker *t, uint8_t octets)
{
	uint8_t i;

	talker_begin(t);
	write_u8(&t->e.out, TLV_HELLO);
	write_u8(&t->e.out, (uint8_t)(6 + 2 + octets));
	write_u16(&t->e.out, 0);
	write_u16(&t->e.out, t->hello_seqno++);
	write_u16(&t->e.out, 400);
	write_u8(&t->e.out, SUBTLV_TIMESTAMP);
	write_u8(&t->e.out, octets);
	for (i = 0; i < octets; i++)
		write_u8(&t->e.out, i);
	talker_send(t);
}

/* covers: R10 */
static void
stamps_may_be_long_but_not_short(void **state)
{
	struct world *w = world_new(TUNNEL);
	struct talker *t = talker_met(w, 1);
	struct neighbour *n = talker_entry(t);
	uint16_t expected = n->multicast.expected;

	(void)state;
	t->alive = false;
	say_odd_hello(t, 3);
	assert_false(n->stamped);
	say_odd_hello(t, 6);
	assert_true(n->stamped);
	assert_int_equal(n->hello_transmit, 0x00010203);
	assert_int_equal(n->multicast.expected, expected + 2);
	world_free(w);
}

/* covers: R2 */
static void
a_reboot_has_a_stamp_too(void **state)
{
	struct world *w = world_new(TUNNEL);
	struct talker *t = talker_met(w, 1);

	(void)state;
	t->alive = false;
	t->hello_seqno += 5000;
	say(t, &(struct stamps){ .hello = true, .transmit = 77 });
	assert_true(talker_entry(t)->stamped);
	assert_int_equal(talker_entry(t)->hello_transmit, 77);
	world_free(w);
}

/* covers: R3 */
static void
no_ihu_comes_without_a_hello(void **state)
{
	struct world *w = world_new(TUNNEL);
	struct talker *t = talker_met(w, 1);
	const struct heard *ihu, *hello;

	(void)state;
	t->alive = false;
	say(t, &(struct stamps){ .hello = true, .transmit = 77 });
	world_pass(w, SECOND);
	world_clear(w);
	/* The cost is another one; that is told at once. */
	world_configure(w, TUNNEL "interface e1 rxcost 200\n");
	world_pass(w, 300 * MILLISECOND);
	ihu = heard_first(w, WHICH(.type = TLV_IHU));
	hello = heard_first(w, WHICH(.type = TLV_HELLO));
	assert_non_null(ihu);
	assert_non_null(hello);
	assert_int_equal(ihu->packet, hello->packet);
	assert_true(ihu->tlv.u.ihu.stamped);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps_are_returned),
		cmocka_unit_test(many_neighbours_all_get_their_stamps),
		cmocka_unit_test(both_stamps_make_a_sample),
		cmocka_unit_test(nonsense_makes_none),
		cmocka_unit_test(samples_beyond_counting),
		cmocka_unit_test(the_first_sample_counts_once),
		cmocka_unit_test(stamps_may_be_long_but_not_short),
		cmocka_unit_test(a_reboot_has_a_stamp_too),
		cmocka_unit_test(no_ihu_comes_without_a_hello),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
