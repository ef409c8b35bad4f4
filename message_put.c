/*
 * message_put.c - values to bytes (RFC 8966, section 4).
 *
 * A TLV that does not fit leaves no trace: the encoder's state, the mirror
 * of what the receiver's parser will have, is rolled back with it.
 */
#include "message.h"

#include <string.h>

#include "prefix.h"
#include "util.h"
#include "wire.h"

void
message_start(struct encoder *e, uint8_t *buffer, size_t size)
{
	memset(e, 0, sizeof(*e));
	e->start = buffer;
	e->out = (struct writer){ buffer, buffer + size, false };
	write_u8(&e->out, MESSAGE_MAGIC);
	write_u8(&e->out, MESSAGE_VERSION);
	write_u16(&e->out, 0);
}

bool
message_is_empty(const struct encoder *e)
{
	return e->out.at == e->start + MESSAGE_HEADER;
}

void
message_copy(struct encoder *copy, const struct encoder *e, uint8_t *buffer)
{
	const size_t len = message_length(e);

	memcpy(buffer, e->start, len);
	*copy = *e;
	copy->start = buffer;
	copy->out = (struct writer){ buffer + len, buffer + len, false };
	if (e->stamp != NULL)
		copy->stamp = buffer + (e->stamp - e->start);
}

void
message_stamp(struct encoder *e, uint32_t transmit)
{
	struct writer stamp;

	if (e->stamp == NULL)
		return;
	stamp = (struct writer){ e->stamp, e->stamp + 4, false };
	write_u32(&stamp, transmit);
}

size_t
message_room(const struct encoder *e)
{
	return writer_room(&e->out);
}

size_t
message_length(const struct encoder *e)
{
	return (size_t)(e->out.at - e->start);
}

size_t
message_finish(struct encoder *e)
{
	size_t len = message_length(e);
	struct writer header = { e->start + 2, e->start + 4, false };

	write_u16(&header, (uint16_t)(len - MESSAGE_HEADER));
	return len;
}

/* Begin a TLV; its length is filled in by put_end. */
static uint8_t *
put_begin(struct encoder *e, enum tlv_type type)
{
	uint8_t *at = e->out.at;

	write_u8(&e->out, (uint8_t)type);
	write_u8(&e->out, 0);
	return at;
}

/* End the TLV begun at the place given. */
static void
put_end(struct encoder *e, uint8_t *begun)
{
	if (!e->out.overrun)
		begun[1] = (uint8_t)(e->out.at - begun - 2);
}

/* All or nothing: if something did not fit, the encoder is as before. */
static bool
put_commit(struct encoder *e, const struct encoder *before)
{
	if (!e->out.overrun)
		return true;
	*e = *before;
	return false;
}

/* The octets of a prefix, except the first ones, which are omitted. */
static void
put_prefix(struct encoder *e, uint8_t ae, const struct prefix *prefix,
    size_t omitted)
{
	size_t offset = ae_offset(ae);
	size_t octets = octets_of(prefix->plen) - offset;

	write_bytes(&e->out, prefix->address + offset + omitted,
	    octets - omitted);
}

static uint8_t
wire_plen(uint8_t ae, const struct prefix *prefix)
{
	return (uint8_t)(prefix->plen - 8 * ae_offset(ae));
}

static void
put_source_prefix(struct encoder *e, uint8_t ae,
    const struct destination_key *key)
{
	size_t octets;

	if (!destination_is_source_specific(key))
		return;
	octets = octets_of(key->from.plen) - ae_offset(ae);
	write_u8(&e->out, SUBTLV_SOURCE_PREFIX);
	write_u8(&e->out, (uint8_t)(1 + octets));
	write_u8(&e->out, wire_plen(ae, &key->from));
	put_prefix(e, ae, &key->from, 0);
}

bool
message_put_padding(struct encoder *e, size_t octets)
{
	static const uint8_t zeros[UINT8_MAX];
	struct encoder before = *e;
	uint8_t *begun;
	size_t chunk;

	while (octets > 1 && !e->out.overrun) {
		chunk = octets - 2 > UINT8_MAX ? UINT8_MAX : octets - 2;
		begun = put_begin(e, TLV_PADN);
		write_bytes(&e->out, zeros, chunk);
		put_end(e, begun);
		octets -= chunk + 2;
	}
	if (octets == 1)
		write_u8(&e->out, TLV_PAD1);
	return put_commit(e, &before);
}

bool
message_put_ack_request(struct encoder *e, const struct ack_request *request)
{
	struct encoder before = *e;
	uint8_t *begun = put_begin(e, TLV_ACK_REQUEST);

	write_u16(&e->out, 0);
	write_u16(&e->out, request->opaque);
	write_u16(&e->out, interval_encode(request->interval));
	put_end(e, begun);
	return put_commit(e, &before);
}

bool
message_put_ack(struct encoder *e, uint16_t opaque)
{
	struct encoder before = *e;
	uint8_t *begun = put_begin(e, TLV_ACK);

	write_u16(&e->out, opaque);
	put_end(e, begun);
	return put_commit(e, &before);
}

bool
message_put_hello(struct encoder *e, const struct hello *hello)
{
	struct encoder before = *e;
	uint8_t *begun = put_begin(e, TLV_HELLO);

	write_u16(&e->out, hello->unicast ? HELLO_FLAG_UNICAST : 0);
	write_u16(&e->out, hello->seqno);
	write_u16(&e->out, hello->interval == 0 ? 0 :
	    interval_encode(hello->interval));
	if (hello->stamped) {
		write_u8(&e->out, SUBTLV_TIMESTAMP);
		write_u8(&e->out, 4);
		e->stamp = e->out.at;
		write_u32(&e->out, hello->transmit);
	}
	put_end(e, begun);
	return put_commit(e, &before);
}

static void
put_ihu_address(struct encoder *e, const struct in6_addr *address)
{
	if (address_is_link_local(address))
		write_bytes(&e->out, address->s6_addr + 8, 8);
	else if (address_is_ipv4(address))
		write_bytes(&e->out, address->s6_addr + 12, 4);
	else
		write_bytes(&e->out, address->s6_addr, 16);
}

static enum address_encoding
ae_of_address(const struct in6_addr *address)
{
	if (address_is_link_local(address))
		return AE_LINK_LOCAL;
	return address_is_ipv4(address) ? AE_IPV4 : AE_IPV6;
}

bool
message_put_ihu(struct encoder *e, const struct ihu *ihu)
{
	struct encoder before = *e;
	uint8_t *begun = put_begin(e, TLV_IHU);

	write_u8(&e->out, (uint8_t)ae_of_address(&ihu->address));
	write_u8(&e->out, 0);
	write_u16(&e->out, ihu->rxcost);
	write_u16(&e->out, interval_encode(ihu->interval));
	put_ihu_address(e, &ihu->address);
	if (ihu->stamped) {
		write_u8(&e->out, SUBTLV_TIMESTAMP);
		write_u8(&e->out, 8);
		write_u32(&e->out, ihu->origin);
		write_u32(&e->out, ihu->receive);
	}
	put_end(e, begun);
	return put_commit(e, &before);
}

/* Can the router-id be taken from the prefix itself?  Only for IPv6, because
 * some peers ignore the flag elsewhere. */
static bool
prefix_has_id(const struct update *update)
{
	return update->ae == AE_IPV6 && update->key.to.plen == 128 &&
	    memcmp(update->key.to.address + 8, update->id.octets, 8) == 0;
}

static void
put_router_id(struct encoder *e, const struct router_id *id)
{
	uint8_t *begun = put_begin(e, TLV_ROUTER_ID);

	write_u16(&e->out, 0);
	write_bytes(&e->out, id->octets, 8);
	put_end(e, begun);
	e->id = *id;
	e->have_id = true;
}

/* A Router-Id TLV, or the flag of the Update that stands for it. */
static uint8_t
put_id_of_update(struct encoder *e, const struct update *update)
{
	if (!prefix_has_id(update) || update->metric == INFINITY_METRIC) {
		put_router_id(e, &update->id);
		return 0;
	}
	e->id = update->id;
	e->have_id = true;
	return UPDATE_FLAG_ROUTER_ID;
}

static void
put_next_hop(struct encoder *e, const struct update *update)
{
	uint8_t *begun = put_begin(e, TLV_NEXT_HOP);

	write_u8(&e->out, AE_IPV4);
	write_u8(&e->out, 0);
	write_bytes(&e->out, update->next_hop.s6_addr + 12, 4);
	put_end(e, begun);
	e->next_hop4 = update->next_hop;
	e->have_next_hop4 = true;
}

/*
 * Put Router-Id and Next Hop TLVs unless the packet has them already, and
 * return the flags of the Update.  A retraction needs neither (section 4.6.9),
 * but FRR ignores every Update that no Router-Id precedes, and every IPv4
 * Update that no Next Hop precedes, so the first of each kind in a packet
 * brings them.
 */
static uint8_t
put_update_state(struct encoder *e, const struct update *update)
{
	bool is_retraction = update->metric == INFINITY_METRIC;
	uint8_t flags = 0;

	if (!e->have_id || (!is_retraction &&
	    router_id_compare(&e->id, &update->id) != 0))
		flags = put_id_of_update(e, update);
	if (update->ae != AE_IPV4)
		return flags;
	if (is_retraction ? !e->have_next_hop4 &&
	    !address_is_unspecified(&update->next_hop) :
	    !e->have_next_hop4 ||
	    !address_equal(&e->next_hop4, &update->next_hop))
		put_next_hop(e, update);
	return flags;
}

/* How many leading octets the default prefix shares with this one. */
static size_t
omit_octets(const struct encoder *e, const struct update *update)
{
	size_t offset = ae_offset(update->ae), n = 0;
	size_t octets = octets_of(update->key.to.plen) - offset;
	const uint8_t *shared = e->defaults[update->ae].s6_addr + offset;

	if (!e->have_default[update->ae])
		return 0;
	while (n < octets && update->key.to.address[offset + n] == shared[n])
		n++;
	return n;
}

bool
message_put_update(struct encoder *e, const struct update *update)
{
	const struct prefix *to = &update->key.to;
	struct encoder before = *e;
	uint8_t *begun, flags;
	size_t omitted;

	flags = put_update_state(e, update);
	omitted = omit_octets(e, update);
	begun = put_begin(e, TLV_UPDATE);
	write_u8(&e->out, update->ae);
	write_u8(&e->out, flags | UPDATE_FLAG_PREFIX);
	write_u8(&e->out, wire_plen(update->ae, to));
	write_u8(&e->out, (uint8_t)omitted);
	write_u16(&e->out, interval_encode(update->interval));
	write_u16(&e->out, update->seqno);
	write_u16(&e->out, update->metric);
	put_prefix(e, update->ae, to, omitted);
	put_source_prefix(e, update->ae, &update->key);
	memcpy(&e->defaults[update->ae], to->address, 16);
	e->have_default[update->ae] = true;
	put_end(e, begun);
	return put_commit(e, &before);
}

bool
message_put_wildcard_retraction(struct encoder *e,
    const struct router_id *id, uint16_t seqno)
{
	struct encoder before = *e;
	uint8_t *begun;

	if (!e->have_id)
		put_router_id(e, id);
	begun = put_begin(e, TLV_UPDATE);
	write_u32(&e->out, (uint32_t)AE_WILDCARD << 24);
	write_u16(&e->out, UINT16_MAX);
	write_u16(&e->out, seqno);
	write_u16(&e->out, INFINITY_METRIC);
	put_end(e, begun);
	return put_commit(e, &before);
}

bool
message_put_route_request(struct encoder *e,
    const struct route_request *request)
{
	struct encoder before = *e;
	uint8_t *begun = put_begin(e, TLV_ROUTE_REQUEST);

	write_u8(&e->out, request->wildcard ? AE_WILDCARD : request->ae);
	if (request->wildcard)
		write_u8(&e->out, 0);
	else {
		write_u8(&e->out, wire_plen(request->ae, &request->key.to));
		put_prefix(e, request->ae, &request->key.to, 0);
		put_source_prefix(e, request->ae, &request->key);
	}
	put_end(e, begun);
	return put_commit(e, &before);
}

bool
message_put_seqno_request(struct encoder *e,
    const struct seqno_request *request)
{
	struct encoder before = *e;
	uint8_t *begun = put_begin(e, TLV_SEQNO_REQUEST);

	write_u8(&e->out, request->ae);
	write_u8(&e->out, wire_plen(request->ae, &request->key.to));
	write_u16(&e->out, request->seqno);
	write_u8(&e->out, request->hop_count);
	write_u8(&e->out, 0);
	write_bytes(&e->out, request->id.octets, 8);
	put_prefix(e, request->ae, &request->key.to, 0);
	put_source_prefix(e, request->ae, &request->key);
	put_end(e, begun);
	return put_commit(e, &before);
}

bool
message_put_pc(struct encoder *e, const struct packet_counter *pc)
{
	struct encoder before = *e;
	uint8_t *begun = put_begin(e, TLV_PC);

	write_u32(&e->out, pc->pc);
	write_bytes(&e->out, pc->index, pc->index_len);
	put_end(e, begun);
	return put_commit(e, &before);
}

bool
message_put_challenge(struct encoder *e, enum tlv_type type,
    const struct nonce *nonce)
{
	struct encoder before = *e;
	uint8_t *begun = put_begin(e, type);

	write_bytes(&e->out, nonce->octets, nonce->len);
	put_end(e, begun);
	return put_commit(e, &before);
}
