/*
 * test_vectors.c - the packets of tests/vectors.json through the decoder,
 * each against its disposition and each field of what must be kept of it;
 * MACs are computed and checked as RFC 8967, section 4.3, says.
 */
#include "unit.h"
#include "vectors.h"

#define PORT		6696
#define PACKET_MAX	2048
#define TEXT_MAX	8192

/* Text that grows by printing at its end. */
struct text {
	char at[TEXT_MAX];
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
print(struct text *text, const char *format, ...)
{
	size_t room = sizeof(text->at) - text->len;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(text->at + text->len, room, format, arguments);
	va_end(arguments);
	assert_in_range(len, 0, room - 1);
	text->len += (size_t)len;
}

static void
print_hex(struct text *text, const char *name, const uint8_t *octets,
    size_t len)
{
	size_t i;

	print(text, "%s", name);
	for (i = 0; i < len; i++)
		print(text, "%02x", octets[i]);
}

static void
print_interval(struct text *text, babel_time interval)
{
	assert_int_equal(interval % CENTISECOND, 0);
	print(text, " interval_cs=%lld", (long long)(interval / CENTISECOND));
}

static void
print_key(struct text *text, const struct destination_key *key)
{
	char buffer[PREFIX_STRLEN];

	print(text, " prefix=%s", prefix_format(&key->to, buffer));
	if (destination_is_source_specific(key))
		print(text, " source_prefix=%s",
		    prefix_format(&key->from, buffer));
}

static void
print_hello(struct text *text, const struct hello *hello)
{
	print(text, "Hello unicast=%d", hello->unicast);
	print_interval(text, hello->interval);
	print(text, " seqno=%u", hello->seqno);
	if (hello->stamped)
		print(text, " tx_us=%u", hello->transmit);
}

static void
print_ihu(struct text *text, const struct ihu *ihu)
{
	char buffer[ADDRESS_STRLEN];

	print(text, "IHU ae=%u", ihu->ae);
	print_interval(text, ihu->interval);
	print(text, " rxcost=%u", ihu->rxcost);
	if (ihu->ae != AE_WILDCARD)
		print(text, " address=%s",
		    address_format(&ihu->address, buffer));
	else
		assert_true(address_is_unspecified(&ihu->address));
	if (ihu->stamped)
		print(text, " origin_us=%u receive_us=%u", ihu->origin,
		    ihu->receive);
}

static void
print_update(struct text *text, const struct update *update)
{
	char buffer[ADDRESS_STRLEN];

	print(text, "Update ae=%u%s flags=%u", update->ae,
	    update->wildcard ? " wildcard" : "", update->flags);
	print_interval(text, update->interval);
	print(text, " seqno=%u metric=%u", update->seqno, update->metric);
	if (update->wildcard)
		return;
	print_key(text, &update->key);
	if (update->metric == INFINITY_METRIC) {
		print(text, " retraction");
		return;
	}
	print_hex(text, " router_id=", update->id.octets, 8);
	print(text, " next_hop=%s",
	    address_format(&update->next_hop, buffer));
}

static void
print_route_request(struct text *text, const struct route_request *request)
{
	print(text, "RouteRequest ae=%u", request->ae);
	if (request->wildcard)
		print(text, " wildcard");
	else
		print_key(text, &request->key);
}

static void
print_seqno_request(struct text *text, const struct seqno_request *request)
{
	print(text, "SeqnoRequest ae=%u seqno=%u hop_count=%u", request->ae,
	    request->seqno, request->hop_count);
	print_key(text, &request->key);
	print_hex(text, " router_id=", request->id.octets, 8);
}

/* The TLVs of RFC 8967. */
static void
print_security(struct text *text, const struct tlv *tlv)
{
	switch (tlv->type) {
	case TLV_PC:
		print(text, "PC pc=%u", tlv->u.pc.pc);
		print_hex(text, " index=", tlv->u.pc.index,
		    tlv->u.pc.index_len);
		break;
	case TLV_CHALLENGE_REQUEST:
		print_hex(text, "ChallengeRequest nonce=",
		    tlv->u.nonce.octets, tlv->u.nonce.len);
		break;
	case TLV_CHALLENGE_REPLY:
		print_hex(text, "ChallengeReply nonce=",
		    tlv->u.nonce.octets, tlv->u.nonce.len);
		break;
	default:
		print(text, "type %u is not expected here", tlv->type);
	}
}

static void
print_tlv(struct text *text, const struct tlv *tlv)
{
	char buffer[ADDRESS_STRLEN];

	switch (tlv->type) {
	case TLV_PAD1:
		print(text, "Pad1");
		break;
	case TLV_PADN:
		print(text, "PadN n=%u", tlv->u.pad);
		break;
	case TLV_ACK_REQUEST:
		print(text, "AckReq opaque=%u", tlv->u.ack_request.opaque);
		print_interval(text, tlv->u.ack_request.interval);
		break;
	case TLV_ACK:
		print(text, "Ack opaque=%u", tlv->u.ack);
		break;
	case TLV_HELLO:
		print_hello(text, &tlv->u.hello);
		break;
	case TLV_IHU:
		print_ihu(text, &tlv->u.ihu);
		break;
	case TLV_ROUTER_ID:
		print_hex(text, "RouterId router_id=",
		    tlv->u.router_id.octets, 8);
		break;
	case TLV_NEXT_HOP:
		print(text, "NextHop ae=%u address=%s", tlv->u.next_hop.ae,
		    address_format(&tlv->u.next_hop.address, buffer));
		break;
	case TLV_UPDATE:
		print_update(text, &tlv->u.update);
		break;
	case TLV_ROUTE_REQUEST:
		print_route_request(text, &tlv->u.route_request);
		break;
	case TLV_SEQNO_REQUEST:
		print_seqno_request(text, &tlv->u.seqno_request);
		break;
	default:
		print_security(text, tlv);
	}
	print(text, "\n");
}

static size_t
unhex(const char *text, uint8_t *octets, size_t size)
{
	size_t len = strlen(text) / 2, i;
	char pair[3] = "";

	assert_in_range(len, 0, size);
	for (i = 0; i < len; i++) {
		memcpy(pair, text + 2 * i, 2);
		octets[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return len;
}

/* A packet on the heap in as many octets as it has, so that a sanitiser
 * sees the first one read beyond it. */
static void
vector_datagram(const struct vector *vector, struct datagram *datagram)
{
	uint8_t buffer[PACKET_MAX], *octets;
	size_t len = unhex(vector->packet, buffer, sizeof(buffer));

	octets = malloc(len > 0 ? len : 1);
	assert_non_null(octets);
	memcpy(octets, buffer, len);
	*datagram = (struct datagram){ .ifindex = 1, .bytes = octets,
		.from_port = vector->port, .to_port = PORT, .len = len };
	assert_int_equal(address_parse(vector->from, &datagram->from), 0);
	assert_int_equal(address_parse(vector->to, &datagram->to), 0);
}

static void
datagram_free(struct datagram *datagram)
{
	free((void *)(uintptr_t)datagram->bytes);
}

static void
expect_text(const struct vector *vector, const char *what,
    const char *got, const char *wanted)
{
	if (strcmp(got, wanted) != 0)
		fail_msg("%s: %s:\n%sinstead of\n%s", vector->name, what, got,
		    wanted);
}

/* The body: every field of every TLV that is kept, and how many are not. */
static void
check_body(const struct vector *vector, struct decoder *decoder)
{
	struct text text = { .len = 0 };
	struct tlv tlv;

	while (message_next(decoder, &tlv))
		print_tlv(&text, &tlv);
	expect_text(vector, "TLVs", text.at, vector->tlvs);
	if (decoder->ignored != vector->ignored)
		fail_msg("%s: %u TLVs ignored instead of %u", vector->name,
		    decoder->ignored, vector->ignored);
	if (decoder->stopped != (vector->disposition == STOP))
		fail_msg("%s: framing lost: %d", vector->name,
		    decoder->stopped);
}

static void
check_trailer(const struct vector *vector, const struct decoder *decoder)
{
	struct decoder copy = *decoder;
	struct text text = { .len = 0 };
	struct reader mac;

	while (message_next_mac(&copy, &mac)) {
		print_hex(&text, "", mac.at, reader_left(&mac));
		print(&text, "\n");
	}
	expect_text(vector, "MACs", text.at, vector->macs);
}

static void
decode(const struct vector *vector)
{
	struct decoder decoder;
	struct datagram datagram;
	enum message_result result;

	vector_datagram(vector, &datagram);
	result = message_open(&decoder, &datagram, PORT);
	if (result != vector->result)
		fail_msg("%s: result %d instead of %d", vector->name,
		    (int)result, (int)vector->result);
	assert_int_equal(result != MESSAGE_OK,
	    vector->disposition == DROP_PACKET);
	if (result == MESSAGE_OK) {
		check_body(vector, &decoder);
		check_trailer(vector, &decoder);
	}
	datagram_free(&datagram);
}

/* Is the MAC among those of the trailer? */
static bool
trailer_holds(const struct decoder *decoder, const uint8_t *mac, size_t len)
{
	struct decoder copy = *decoder;
	struct reader sent;

	while (message_next_mac(&copy, &sent)) {
		if (reader_left(&sent) == len && mac_equal(sent.at, mac, len))
			return true;
	}
	return false;
}

static bool
body_holds_pc(const struct decoder *decoder)
{
	struct decoder copy = *decoder;
	struct tlv tlv;

	while (message_next(&copy, &tlv)) {
		if (tlv.type == TLV_PC)
			return true;
	}
	return false;
}

/* Would a receiver with the key take the packet?  Compares the MAC with
 * the vector's, of which a truncated one is the beginning. */
static bool
key_accepts(const struct vector *vector, const struct datagram *datagram,
    const struct decoder *decoder, size_t which)
{
	struct mac_endpoints ends = { datagram->from, datagram->to,
	    datagram->from_port, datagram->to_port };
	struct mac_key key = { .algorithm = vector->keys[which].algorithm };
	uint8_t mac[MAC_LENGTH_MAX], wanted[MAC_LENGTH_MAX];
	size_t len, wanted_len;

	key.length = (uint8_t)unhex(vector->keys[which].key, key.value,
	    sizeof(key.value));
	wanted_len = unhex(vector->keys[which].mac, wanted, sizeof(wanted));
	len = mac_compute(&key, &ends, datagram->bytes, decoder->packet_len,
	    mac);
	assert_int_equal(len, mac_length(key.algorithm));
	if (memcmp(mac, wanted, wanted_len) != 0)
		fail_msg("%s: wrong MAC", vector->name);
	return trailer_holds(decoder, mac, len) && body_holds_pc(decoder);
}

static void
authenticate(const struct vector *vector)
{
	struct decoder decoder;
	struct datagram datagram;
	bool accepted;
	size_t i;

	vector_datagram(vector, &datagram);
	assert_int_equal(message_open(&decoder, &datagram, PORT), MESSAGE_OK);
	for (i = 0; i < VECTOR_KEYS && vector->keys[i].key != NULL; i++) {
		accepted = key_accepts(vector, &datagram, &decoder, i);
		if (accepted != (vector->disposition == ACCEPT))
			fail_msg("%s: %s by key %zu", vector->name,
			    accepted ? "accepted" : "dropped", i);
	}
	datagram_free(&datagram);
}

static const size_t vector_count = sizeof(vectors) / sizeof(vectors[0]);

/* covers: B75 B76 B81 B82 B83 B84 B85 B86 B87 B88 B89 B90 B91 B92 B98 B100
 * B101 B102 B103 B104 B105 B106 B107 B109 B110 B111 B112 L1 L2 L3 L4 L5 L6
 * L7 L8 L9 F1 F2 F3 F5 F6 F7 F9 F10 F11 F12 F13 F14 F15 F16 F17 Q37 Q38a */
static void
all_packets_decode_as_they_must(void **state)
{
	unsigned int seen[AUTH_DROP + 1] = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < vector_count; i++) {
		decode(&vectors[i]);
		seen[vectors[i].disposition]++;
	}
	printf("%zu packets: %u accepted, %u with TLVs ignored, %u stopped, "
	    "%u dropped, %u to be dropped for their MAC\n", vector_count,
	    seen[ACCEPT], seen[IGNORE_TLV], seen[STOP], seen[DROP_PACKET],
	    seen[AUTH_DROP]);
	assert_int_equal(vector_count, 141);
}

static void
all_macs_are_as_they_must(void **state)
{
	unsigned int checked = 0;
	size_t i;

	(void)state;
	for (i = 0; i < vector_count; i++) {
		if (vectors[i].keys[0].key == NULL)
			continue;
		authenticate(&vectors[i]);
		checked++;
	}
	printf("%u packets with keys\n", checked);
	assert_int_equal(checked, 15);
}

/* Each vector cut off after each octet: never read beyond the end (seen
 * by a sanitiser), never more of it kept than of the whole. */
/* covers: L3 L4 L9 F2 F4 F18 */
static void
truncated_packets_are_survived(void **state)
{
	struct decoder decoder;
	struct datagram datagram;
	struct tlv tlv;
	size_t i, len, whole;
	uint8_t *octets;

	(void)state;
	for (i = 0; i < vector_count; i++) {
		vector_datagram(&vectors[i], &datagram);
		whole = datagram.len;
		octets = (uint8_t *)(uintptr_t)datagram.bytes;
		for (len = whole; len-- > MESSAGE_HEADER;) {
			octets = realloc(octets, len);
			assert_non_null(octets);
			datagram.bytes = octets;
			datagram.len = len;
			/* Make the body end with the datagram. */
			octets[2] = (uint8_t)((len - MESSAGE_HEADER) >> 8);
			octets[3] = (uint8_t)(len - MESSAGE_HEADER);
			if (message_open(&decoder, &datagram, PORT) !=
			    MESSAGE_OK)
				break;
			while (message_next(&decoder, &tlv))
				continue;
			assert_int_equal(reader_left(&decoder.trailer), 0);
		}
		datagram_free(&datagram);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_packets_decode_as_they_must),
		cmocka_unit_test(all_macs_are_as_they_must),
		cmocka_unit_test(truncated_packets_are_survived),
	};

	return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
