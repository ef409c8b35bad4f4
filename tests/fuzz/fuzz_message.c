/*
 * fuzz_message.c - any octets as a datagram through the decoder alone, and
 * each value that it yields through the encoder and the decoder again: it
 * must come out as it went in.
 *
 * The first octet of an input chooses the family of the sender.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

#define PORT		6696
#define PACKET_MAX	65536

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct datagram
make_datagram(uint8_t choice, const uint8_t *bytes, size_t len)
{
	struct datagram datagram = { .ifindex = 1, .from_port = PORT,
		.to_port = PORT, .bytes = bytes, .len = len };
	const char *from = choice & 1 ? "192.0.2.1" : "fe80::1";

	if (address_parse(from, &datagram.from) < 0 ||
	    address_parse("ff02::1:6", &datagram.to) < 0)
		exit(1);
	return datagram;
}

/* Write the value; false if it is of a kind that cannot be written. */
static bool
encode(struct encoder *e, const struct tlv *tlv)
{
	switch (tlv->type) {
	case TLV_PADN:
		return message_put_padding(e, tlv->u.pad + 2u);
	case TLV_ACK_REQUEST:
		return message_put_ack_request(e, &tlv->u.ack_request);
	case TLV_ACK:
		return message_put_ack(e, tlv->u.ack);
	case TLV_HELLO:
		return message_put_hello(e, &tlv->u.hello);
	case TLV_ROUTE_REQUEST:
		return message_put_route_request(e, &tlv->u.route_request);
	case TLV_SEQNO_REQUEST:
		return message_put_seqno_request(e, &tlv->u.seqno_request);
	case TLV_PC:
		return message_put_pc(e, &tlv->u.pc);
	case TLV_CHALLENGE_REQUEST:
	case TLV_CHALLENGE_REPLY:
		return message_put_challenge(e, (enum tlv_type)tlv->type,
		    &tlv->u.nonce);
	case TLV_UPDATE:
		if (tlv->u.update.wildcard)
			return false;
		return message_put_update(e, &tlv->u.update);
	default:
		return false;
	}
}

/* What must survive; flags and next hop are the encoder's to choose. */
static bool
same_update(const struct update *a, const struct update *b)
{
	return destination_key_compare(&a->key, &b->key) == 0 &&
	    a->ae == b->ae && a->seqno == b->seqno &&
	    a->metric == b->metric && a->interval == b->interval &&
	    (a->metric == INFINITY_METRIC ||
	    router_id_compare(&a->id, &b->id) == 0);
}

static bool
same(const struct tlv *a, const struct tlv *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case TLV_PADN:
		return a->u.pad == b->u.pad;
	case TLV_ACK_REQUEST:
		return a->u.ack_request.opaque == b->u.ack_request.opaque &&
		    a->u.ack_request.interval == b->u.ack_request.interval;
	case TLV_ACK:
		return a->u.ack == b->u.ack;
	case TLV_HELLO:
		return a->u.hello.seqno == b->u.hello.seqno &&
		    a->u.hello.unicast == b->u.hello.unicast &&
		    a->u.hello.interval == b->u.hello.interval &&
		    a->u.hello.stamped == b->u.hello.stamped;
	case TLV_UPDATE:
		return same_update(&a->u.update, &b->u.update);
	case TLV_ROUTE_REQUEST:
		return a->u.route_request.wildcard ==
		    b->u.route_request.wildcard &&
		    (a->u.route_request.wildcard || destination_key_compare(
		    &a->u.route_request.key, &b->u.route_request.key) == 0);
	case TLV_SEQNO_REQUEST:
		return destination_key_compare(&a->u.seqno_request.key,
		    &b->u.seqno_request.key) == 0 &&
		    a->u.seqno_request.seqno == b->u.seqno_request.seqno &&
		    a->u.seqno_request.hop_count ==
		    b->u.seqno_request.hop_count;
	default:
		return true;
	}
}

static void
round_trip(const struct tlv *tlv)
{
	uint8_t buffer[1500];
	struct datagram datagram;
	struct decoder decoder;
	struct encoder encoder;
	struct tlv again;
	size_t len;

	message_start(&encoder, buffer, sizeof(buffer));
	if (!encode(&encoder, tlv))
		return;
	len = message_finish(&encoder);
	datagram = make_datagram(0, buffer, len);
	if (message_open(&decoder, &datagram, PORT) != MESSAGE_OK)
		__builtin_trap();
	/* State comes first: router-id, next hop. */
	while (message_next(&decoder, &again)) {
		if (same(tlv, &again))
			return;
	}
	fprintf(stderr, "a TLV of type %u does not survive\n", tlv->type);
	__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t len)
{
	struct datagram datagram;
	struct decoder decoder;
	struct reader mac;
	struct tlv tlv;

	if (len == 0 || len > PACKET_MAX)
		return 0;
	datagram = make_datagram(input[0], input + 1, len - 1);
	if (message_open(&decoder, &datagram, PORT) != MESSAGE_OK)
		return 0;
	while (message_next(&decoder, &tlv))
		round_trip(&tlv);
	while (message_next_mac(&decoder, &mac))
		continue;
	return 0;
}
