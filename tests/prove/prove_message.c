/*
 * prove_message.c - what decoder and encoder make of every input of a stated
 * size, against models that are written from the RFCs and share no line with
 * them.  Each packet lies in memory of its own size, so that the sanitisers see
 * a read beyond it.
 */
#include "../unit/unit.h"

#include <string.h>

#include "message.h"

#define PORT		6696
#define ROOM		600
#define ALPHABET	10

static const uint8_t alphabet[ALPHABET] = { 0, 1, 2, 3, 4, 8, 16, 127, 128,
	255 };

/* A packet that is written octet by octet. */
struct packet {
	uint8_t octets[ROOM];
	size_t len;
	uint8_t *exact;
};

static void
begin(struct packet *p)
{
	p->len = MESSAGE_HEADER;
	p->octets[0] = MESSAGE_MAGIC;
	p->octets[1] = MESSAGE_VERSION;
}

static void
put(struct packet *p, const void *octets, size_t len)
{
	if (len > 0)
		memcpy(p->octets + p->len, octets, len);
	p->len += len;
}

/* End the body; what follows is trailer. */
static void
end_body(struct packet *p)
{
	p->octets[2] = (uint8_t)((p->len - MESSAGE_HEADER) >> 8);
	p->octets[3] = (uint8_t)(p->len - MESSAGE_HEADER);
}

static void
open_packet(struct packet *p, struct decoder *d)
{
	struct datagram datagram = { .ifindex = 1, .from_port = PORT,
		.to_port = PORT, .len = p->len };

	memcpy(&datagram.from, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	p->exact = malloc(p->len);
	assert_non_null(p->exact);
	memcpy(p->exact, p->octets, p->len);
	datagram.bytes = p->exact;
	assert_int_equal(message_open(d, &datagram, PORT), MESSAGE_OK);
}

/* The n-th string of that length, of octets or of the alphabet. */
static void
make_string(uint8_t *string, size_t len, unsigned long n, bool of_alphabet)
{
	const unsigned int base = of_alphabet ? ALPHABET : 256;
	size_t i;

	for (i = 0; i < len; i++, n /= base)
		string[i] = (uint8_t)(of_alphabet ? alphabet[n % base] :
		    n % base);
}

/* Every string of up to two octets, and every one of up to six of the
 * alphabet. */
static void
every_string(void (*call)(const uint8_t *string, size_t len))
{
	unsigned long n, count;
	uint8_t string[6];
	size_t len;

	for (len = 0, count = 1; len <= 6; len++, count *= ALPHABET)
		for (n = 0; n < count; n++) {
			make_string(string, len, n, true);
			call(string, len);
		}
	for (len = 1, count = 256; len <= 2; len++, count *= 256)
		for (n = 0; n < count; n++) {
			make_string(string, len, n, false);
			call(string, len);
		}
}

/* Sub-TLVs (RFC 8966, section 4.4): what the TLV before them comes to. */
struct verdict {
	bool ignored, stamped, has_source;
};

/* RFC 9079, section 7.1: one source prefix, of an address of 16 octets, and
 * not of length 0. */
static bool
is_source(const uint8_t *value, size_t len, struct verdict *v)
{
	if (v->has_source || len == 0 || value[0] == 0 || value[0] > 128)
		return false;
	v->has_source = true;
	return (value[0] + 7u) / 8 <= len - 1;
}

static struct verdict
judge(const uint8_t *string, size_t len, bool allow_source, size_t stamp)
{
	struct verdict v = { .ignored = false };
	size_t at = 0, size;

	while (at < len && !v.ignored) {
		if (string[at] == 0) {
			at++;
			continue;
		}
		if (len - at < 2 || len - at - 2 < string[at + 1]) {
			v.ignored = true;
			break;
		}
		size = string[at + 1];
		if (string[at] == 3)
			v.stamped |= stamp > 0 && size >= stamp;
		else if (string[at] == 128)
			v.ignored = !allow_source ||
			    !is_source(string + at + 2, size, &v);
		else if (string[at] > 128)
			v.ignored = true;
		at += 2 + size;
	}
	return v;
}

static void
try_hello(const uint8_t *string, size_t len)
{
	const struct verdict v = judge(string, len, false, 4);
	const uint8_t hello[] = { TLV_HELLO, (uint8_t)(6 + len), 0, 0, 0, 7,
		0, 100 };
	struct packet p;
	struct decoder d;
	struct tlv tlv;

	begin(&p);
	put(&p, hello, sizeof(hello));
	put(&p, string, len);
	end_body(&p);
	open_packet(&p, &d);
	assert_int_equal(message_next(&d, &tlv), !v.ignored);
	assert_int_equal(d.ignored, v.ignored);
	assert_false(d.stopped);
	if (!v.ignored) {
		assert_int_equal(tlv.u.hello.seqno, 7);
		assert_int_equal(tlv.u.hello.stamped, v.stamped);
		assert_false(message_next(&d, &tlv));
	}
	free(p.exact);
}

/* A route request of ::/0, behind which a source prefix may come. */
static void
try_request(const uint8_t *string, size_t len)
{
	const struct verdict v = judge(string, len, true, 0);
	const uint8_t request[] = { TLV_ROUTE_REQUEST, (uint8_t)(2 + len),
		AE_IPV6, 0 };
	struct packet p;
	struct decoder d;
	struct tlv tlv;

	begin(&p);
	put(&p, request, sizeof(request));
	put(&p, string, len);
	end_body(&p);
	open_packet(&p, &d);
	assert_int_equal(message_next(&d, &tlv), !v.ignored);
	assert_int_equal(d.ignored, v.ignored);
	if (!v.ignored)
		assert_int_equal(tlv.u.route_request.key.from.plen > 0,
		    v.has_source);
	free(p.exact);
}

static void
subtlvs(void **state)
{
	(void)state;
	every_string(try_hello);
	every_string(try_request);
}

/* The trailer (RFC 8967, section 4.2): MACs, until framing is lost. */
static void
try_trailer(const uint8_t *string, size_t len)
{
	struct reader mac;
	struct packet p;
	struct decoder d;
	size_t at = 0;

	begin(&p);
	end_body(&p);
	put(&p, string, len);
	open_packet(&p, &d);
	while (at < len) {
		if (string[at] == 0) {
			at++;
			continue;
		}
		if (len - at < 2 || len - at - 2 < string[at + 1])
			break;
		if (string[at] == TLV_MAC) {
			assert_true(message_next_mac(&d, &mac));
			assert_ptr_equal(mac.at, p.exact + MESSAGE_HEADER +
			    at + 2);
			assert_int_equal(reader_left(&mac), string[at + 1]);
		}
		at += 2u + string[at + 1];
	}
	assert_false(message_next_mac(&d, &mac));
	free(p.exact);
}

static void
trailer(void **state)
{
	(void)state;
	every_string(try_trailer);
}

/* A body that is any string: as many TLVs as there are, and an end. */
static void
try_body(const uint8_t *string, size_t len)
{
	unsigned int count = 0;
	struct packet p;
	struct decoder d;
	struct tlv tlv;

	begin(&p);
	put(&p, string, len);
	end_body(&p);
	open_packet(&p, &d);
	while (message_next(&d, &tlv))
		count++;
	assert_true(count + d.ignored <= len);
	assert_true(d.stopped || reader_left(&d.body) == 0);
	free(p.exact);
}

static void
bodies(void **state)
{
	(void)state;
	every_string(try_body);
}

/* Prefixes (section 4.6.9): an encoding, two lengths, whether there is a
 * default to omit octets from, and how many octets there are. */
struct shape {
	uint8_t ae, plen, omitted;
	bool has_default;
	size_t there;
};

static size_t
size_of(uint8_t ae)
{
	return ae == AE_IPV6 ? 16 : ae == AE_IPV4 || ae == AE_V4_VIA_V6 ? 4 :
	    0;
}

static bool
is_right(const struct shape *s)
{
	const size_t octets = (s->plen + 7u) / 8;

	return size_of(s->ae) > 0 && s->plen <= 8 * size_of(s->ae) &&
	    s->omitted <= octets && (s->omitted == 0 || s->has_default) &&
	    octets - s->omitted <= s->there;
}

/* Defaults are octets of 0x20 and on, those sent 0xA0 and on. */
static void
put_update(struct packet *p, const struct shape *s)
{
	const uint8_t update[] = { TLV_UPDATE, (uint8_t)(10 + s->there),
		s->ae, 0, s->plen, s->omitted, 0, 100, 0, 1, 0, 2 };
	uint8_t sent[18] = { 0 };
	size_t octets = (s->plen + 7u) / 8, i;

	for (i = s->omitted; i < octets && i < size_of(s->ae); i++)
		if (i - s->omitted < s->there)
			sent[i - s->omitted] = (uint8_t)(0xA0 + i);
	put(p, update, sizeof(update));
	put(p, sent, s->there);
}

static void
put_default(struct packet *p, uint8_t ae)
{
	const size_t size = size_of(ae);
	uint8_t update[12 + 16] = { TLV_UPDATE, (uint8_t)(10 + size), ae,
		UPDATE_FLAG_PREFIX, (uint8_t)(8 * size), 0, 0, 100, 0, 1, 0,
		2 };
	size_t i;

	for (i = 0; i < size; i++)
		update[12 + i] = (uint8_t)(0x20 + i);
	put(p, update, 12 + size);
}

static void
check_prefix(const struct prefix *found, const struct shape *s)
{
	const size_t size = size_of(s->ae), octets = (s->plen + 7u) / 8;
	uint8_t expected[16] = { 0 };
	size_t i;

	for (i = 0; i < octets; i++)
		expected[i] = (uint8_t)((i < s->omitted ? 0x20 : 0xA0) + i);
	if (s->plen % 8 != 0)
		expected[octets - 1] &= (uint8_t)(0xFF << (8 - s->plen % 8));
	assert_int_equal(found->plen, s->plen + 8 * (16 - size));
	assert_memory_equal(found->address + 16 - size, expected, size);
}

static void
try_update(const struct shape *s)
{
	static const uint8_t state[] = {
		TLV_ROUTER_ID, 10, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
		TLV_NEXT_HOP, 6, AE_IPV4, 0, 192, 0, 2, 1 };
	struct packet p;
	struct decoder d;
	struct tlv tlv = { .type = 0 };
	unsigned int before = s->has_default ? 3 : 2;
	bool right = is_right(s);

	begin(&p);
	put(&p, state, sizeof(state));
	if (s->has_default)
		put_default(&p, s->ae);
	put_update(&p, s);
	end_body(&p);
	open_packet(&p, &d);
	while (before-- > 0)
		assert_true(message_next(&d, &tlv));
	assert_int_equal(message_next(&d, &tlv), right);
	assert_int_equal(d.ignored, !right);
	if (right)
		check_prefix(&tlv.u.update.key.to, s);
	free(p.exact);
}

/* The same in a request, which omits nothing. */
static void
try_prefix(const struct shape *s)
{
	const uint8_t request[] = { TLV_ROUTE_REQUEST,
		(uint8_t)(2 + s->there), s->ae, s->plen };
	const size_t octets = (s->plen + 7u) / 8;
	uint8_t sent[18] = { 0 };
	struct packet p;
	struct decoder d;
	struct tlv tlv;
	size_t i;

	for (i = 0; i < octets && i < s->there && i < size_of(s->ae); i++)
		sent[i] = (uint8_t)(0xA0 + i);
	begin(&p);
	put(&p, request, sizeof(request));
	put(&p, sent, s->there);
	end_body(&p);
	open_packet(&p, &d);
	assert_int_equal(message_next(&d, &tlv), is_right(s));
	if (is_right(s))
		check_prefix(&tlv.u.route_request.key.to, s);
	free(p.exact);
}

/* Every length, with every number of octets up to one more than an address
 * has, and as many omitted, or 255. */
static void
prefixes(void **state)
{
	struct shape s = { .ae = 1 };
	unsigned long n;

	(void)state;
	for (; s.ae <= 6; s.ae++)
		for (n = 0; n < 256UL * 19 * 18; n++) {
			s.plen = (uint8_t)n;
			s.omitted = (uint8_t)((n >> 8) % 19);
			s.omitted = s.omitted == 18 ? 255 : s.omitted;
			s.there = (n >> 8) / 19;
			s.has_default = false;
			try_update(&s);
			if (s.omitted == 0)
				try_prefix(&s);
			s.has_default = size_of(s.ae) > 0;
			if (s.has_default)
				try_update(&s);
		}
}

/* What the encoder writes, two updates in a packet, reads back the same;
 * what has no room leaves no trace. */

static struct update
make_update(uint8_t ae, uint8_t plen, uint8_t source, unsigned int pattern)
{
	static const uint8_t patterns[3][2] = { { 0x5A, 0x5A }, { 0x5A, 0xC3 },
		{ 0x80, 0x01 } };
	struct update update = { .ae = ae, .seqno = 0xFFFF, .metric = 0xFFFE,
		.interval = 16 * SECOND };
	struct prefix to = { .plen = plen }, from = { .plen = source };
	size_t size = size_of(ae);

	memset(to.address, patterns[pattern][0], 16);
	memset(to.address + 12, patterns[pattern][1], 4);
	memset(from.address, 0x3C, 16);
	if (size == 4) {
		memcpy(to.address, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
		memcpy(from.address, to.address, 12);
		to.plen = (uint8_t)(plen + 96);
		from.plen = (uint8_t)(source + 96);
	}
	prefix_mask(&to);
	prefix_mask(&from);
	update.key = destination_key_of(&to, source > 0 ? &from : NULL);
	memset(update.id.octets, 0x42 + (int)pattern, 8);
	memcpy(&update.next_hop, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16);
	return update;
}

/* The next update of the packet is that one. */
static void
expect_update(struct decoder *d, const struct update *update)
{
	struct tlv tlv = { .type = 0 };

	do
		assert_true(message_next(d, &tlv));
	while (tlv.type != TLV_UPDATE);
	assert_int_equal(destination_key_compare(&tlv.u.update.key,
	    &update->key), 0);
	assert_int_equal(tlv.u.update.ae, update->ae);
	assert_int_equal(tlv.u.update.seqno, update->seqno);
	assert_int_equal(tlv.u.update.metric, update->metric);
	assert_int_equal(tlv.u.update.interval, update->interval);
	assert_memory_equal(&tlv.u.update.id, &update->id, 8);
	if (update->ae == AE_IPV4)
		assert_memory_equal(&tlv.u.update.next_hop,
		    &update->next_hop, 16);
}

static void
try_pair(const struct update *first, const struct update *second,
    size_t room)
{
	uint8_t *buffer = malloc(room);
	unsigned int written;
	struct encoder e;
	struct decoder d;
	struct packet p;
	struct tlv tlv;
	size_t left;

	assert_non_null(buffer);
	message_start(&e, buffer, room);
	written = message_put_update(&e, first);
	left = message_room(&e);
	if (message_put_update(&e, second))
		written += 2;
	else
		assert_int_equal(message_room(&e), left);
	p.len = message_finish(&e);
	assert_true(p.len <= room);
	memcpy(p.octets, buffer, p.len);
	open_packet(&p, &d);
	if (written & 1)
		expect_update(&d, first);
	if (written & 2)
		expect_update(&d, second);
	assert_false(message_next(&d, &tlv));
	assert_int_equal(d.ignored, 0);
	assert_false(d.stopped);
	free(p.exact);
	free(buffer);
}

static void
encoder(void **state)
{
	static const uint8_t aes[] = { AE_IPV4, AE_IPV6, AE_V4_VIA_V6 };
	struct update first, second;
	unsigned int i, a, b, pattern;

	(void)state;
	for (i = 0; i < 3; i++)
		for (a = 0; a <= 8 * size_of(aes[i]); a++)
			for (b = 0; b <= 8 * size_of(aes[i]); b++)
				for (pattern = 0; pattern < 3; pattern++) {
					first = make_update(aes[i],
					    (uint8_t)a, 0, 0);
					second = make_update(aes[i],
					    (uint8_t)b, (uint8_t)(a %
					    (8 * size_of(aes[i]) + 1)),
					    pattern);
					try_pair(&first, &second, 200);
				}
}

/* With every room, from that of a header on. */
static void
encoder_without_room(void **state)
{
	struct update first, second;
	unsigned int plen;
	size_t room;

	(void)state;
	for (room = MESSAGE_HEADER; room < 120; room++)
		for (plen = 0; plen <= 128; plen++) {
			first = make_update(AE_IPV4, (uint8_t)(plen % 33),
			    (uint8_t)(plen % 9), 1);
			second = make_update(AE_IPV6, (uint8_t)plen,
			    (uint8_t)(128 - plen), 2);
			try_pair(&first, &second, room);
			try_pair(&second, &first, room);
		}
}

/* One of them alone, if it is named. */
int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subtlvs),
		cmocka_unit_test(trailer),
		cmocka_unit_test(bodies),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(encoder),
		cmocka_unit_test(encoder_without_room),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
