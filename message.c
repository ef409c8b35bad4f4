/*
 * message.c - bytes to values (RFC 8966, section 4; RFC 9079, 9229, 9616 and
 * 8967 for the extensions).
 *
 * A table has one entry for each TLV type: the least length, the function that
 * reads it, and the state that becomes undefined when it cannot be read.  State
 * changes come before the check of mandatory sub-TLVs, as section 4.5 demands,
 * so an ignored TLV still changes the state.
 */
#include "message.h"

#include <string.h>

#include "babel.h"
#include "prefix.h"
#include "util.h"
#include "wire.h"

#define SUBTLV_MANDATORY	0x80

/* What the sub-TLVs of a TLV contained. */
struct subtlvs {
	size_t stamp_len;		/* octets of a Timestamp; 0: none */
	bool allow_source;
	uint8_t ae;			/* of the source prefix */
	bool stamped, has_source;
	uint32_t stamps[2];
	struct prefix source;
};

/* Encodings of prefixes: IPv4, IPv6 and IPv4 via IPv6. */
static bool
ae_has_prefixes(uint8_t ae)
{
	return ae == AE_IPV6 || ae_is_ipv4(ae);
}

enum address_encoding
message_ae(const struct prefix *p)
{
	return prefix_is_ipv4(p) ? AE_IPV4 : AE_IPV6;
}

/*
 * A prefix of plen bits in the given encoding.  False if there is no such
 * prefix or it is cut short.
 */
static bool
read_prefix(struct reader *r, uint8_t ae, uint8_t plen, struct prefix *prefix)
{
	size_t offset = ae_offset(ae), octets = octets_of(plen);
	const uint8_t *bytes;

	if (!ae_has_prefixes(ae) || plen > 8 * (16 - offset))
		return false;
	bytes = read_bytes(r, octets);
	if (bytes == NULL)
		return false;
	memset(prefix, 0, sizeof(*prefix));
	if (offset > 0)
		memset(prefix->address + 10, 0xff, 2);
	memcpy(prefix->address + offset, bytes, octets);
	prefix->plen = (uint8_t)(plen + 8 * offset);
	prefix_mask(prefix);
	return true;
}

/* A v4-mapped prefix in an IPv6 encoding, which does not exist. */
static bool
is_mapped(uint8_t ae, const struct prefix *prefix)
{
	return ae == AE_IPV6 && prefix_is_ipv4(prefix);
}

static bool
read_address(struct reader *r, uint8_t ae, struct in6_addr *address)
{
	static const uint8_t link_local[8] = { 0xfe, 0x80 };
	const uint8_t *bytes;

	memset(address, 0, sizeof(*address));
	switch (ae) {
	case AE_WILDCARD:
		return true;
	case AE_IPV4:
		bytes = read_bytes(r, 4);
		if (bytes != NULL)
			*address = address_from_ipv4(bytes);
		return bytes != NULL;
	case AE_IPV6:
		bytes = read_bytes(r, 16);
		if (bytes != NULL)
			memcpy(address, bytes, 16);
		return bytes != NULL;
	case AE_LINK_LOCAL:
		bytes = read_bytes(r, 8);
		if (bytes == NULL)
			return false;
		memcpy(address->s6_addr, link_local, 8);
		memcpy(address->s6_addr + 8, bytes, 8);
		return true;
	default:
		return false;
	}
}

/* RFC 9616, section 6: a longer Timestamp is accepted, a shorter one is
 * ignored. */
static void
read_timestamp(struct subtlvs *sub, struct reader value)
{
	if (sub->stamp_len == 0 || reader_left(&value) < sub->stamp_len)
		return;
	sub->stamps[0] = read_u32(&value);
	sub->stamps[1] = sub->stamp_len > 4 ? read_u32(&value) : 0;
	sub->stamped = true;
}

/* RFC 9079, section 7.1. */
static bool
read_source_prefix(struct subtlvs *sub, struct reader value)
{
	uint8_t plen = read_u8(&value);

	if (!sub->allow_source || sub->has_source || plen == 0)
		return false;
	sub->has_source = true;
	return read_prefix(&value, sub->ae, plen, &sub->source) &&
	    !is_mapped(sub->ae, &sub->source);
}

/* The sub-TLVs that fill the rest of a TLV (section 4.4).  False: the
 * TLV must be ignored. */
static bool
read_subtlvs(struct reader *r, struct subtlvs *sub)
{
	struct reader value;
	uint8_t type;

	while (reader_left(r) > 0) {
		type = read_u8(r);
		if (type == TLV_PAD1)
			continue;
		value = read_slice(r, read_u8(r));
		if (r->overrun || value.overrun)
			return false;
		if (type == SUBTLV_TIMESTAMP)
			read_timestamp(sub, value);
		else if (type == SUBTLV_SOURCE_PREFIX) {
			if (!read_source_prefix(sub, value))
				return false;
		} else if ((type & SUBTLV_MANDATORY) != 0)
			return false;
	}
	return true;
}

static bool
read_no_subtlvs(struct reader *r)
{
	struct subtlvs none = { 0 };

	return read_subtlvs(r, &none);
}

static bool
decode_padn(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	(void)d;
	tlv->u.pad = (uint8_t)reader_left(r);
	return true;
}

static bool
decode_ack_request(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	(void)d;
	read_u16(r);
	tlv->u.ack_request.opaque = read_u16(r);
	tlv->u.ack_request.interval = interval_decode(read_u16(r));
	return read_no_subtlvs(r) && tlv->u.ack_request.interval > 0;
}

static bool
decode_ack(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	(void)d;
	tlv->u.ack = read_u16(r);
	return read_no_subtlvs(r);
}

static bool
decode_hello(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	struct subtlvs sub = { .stamp_len = 4 };
	struct hello *hello = &tlv->u.hello;

	(void)d;
	hello->unicast = (read_u16(r) & HELLO_FLAG_UNICAST) != 0;
	hello->seqno = read_u16(r);
	hello->interval = interval_decode(read_u16(r));
	if (!read_subtlvs(r, &sub))
		return false;
	hello->stamped = sub.stamped;
	hello->transmit = sub.stamps[0];
	return true;
}

static bool
decode_ihu(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	struct subtlvs sub = { .stamp_len = 8 };
	struct ihu *ihu = &tlv->u.ihu;

	(void)d;
	ihu->ae = read_u8(r);
	read_u8(r);
	ihu->rxcost = read_u16(r);
	ihu->interval = interval_decode(read_u16(r));
	if (!read_address(r, ihu->ae, &ihu->address) ||
	    !read_subtlvs(r, &sub))
		return false;
	ihu->stamped = sub.stamped;
	ihu->origin = sub.stamps[0];
	ihu->receive = sub.stamps[1];
	return ihu->interval > 0;
}

static bool
decode_router_id(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	read_u16(r);
	memcpy(d->id.octets, read_bytes(r, 8), 8);
	d->have_id = router_id_is_valid(&d->id);
	tlv->u.router_id = d->id;
	return read_no_subtlvs(r) && d->have_id;
}

static void
spoil_router_id(struct decoder *d)
{
	d->have_id = false;
}

/* "::" and 0.0.0.0 are no next hops: the kernel would look for the destinations
 * themselves on the link. */
static bool
is_somewhere(const struct in6_addr *address)
{
	const struct in6_addr ipv4 = address_from_ipv4("\0\0\0");

	return !address_is_unspecified(address) &&
	    !address_equal(address, &ipv4);
}

static bool
decode_next_hop(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	struct in6_addr address;
	uint8_t ae = read_u8(r);
	bool ok;

	read_u8(r);
	if (ae != AE_IPV4 && ae != AE_IPV6 && ae != AE_LINK_LOCAL)
		return false;
	ok = read_address(r, ae, &address) &&
	    (ae == AE_IPV4) == address_is_ipv4(&address) &&
	    is_somewhere(&address);
	if (ae == AE_IPV4) {
		d->next_hop4 = address;
		d->have_next_hop4 = ok;
	} else {
		d->next_hop6 = address;
		d->have_next_hop6 = ok;
	}
	tlv->u.next_hop.ae = ae;
	tlv->u.next_hop.address = address;
	return ok && read_no_subtlvs(r);
}

static void
spoil_next_hop(struct decoder *d)
{
	d->have_next_hop4 = d->have_next_hop6 = false;
}

/* An Update whose prefix cannot be determined defines no state (4.5). */
static void
spoil_update_state(struct decoder *d, uint8_t ae, uint8_t flags)
{
	if ((flags & UPDATE_FLAG_PREFIX) != 0 && ae < AE_COUNT)
		d->have_default[ae] = false;
	if ((flags & UPDATE_FLAG_ROUTER_ID) != 0)
		d->have_id = false;
}

static void
spoil_update(struct decoder *d)
{
	memset(d->have_default, 0, sizeof(d->have_default));
	d->have_id = false;
}

/* The prefix of an Update: the first octets from the default prefix, the
 * others from the TLV. */
static bool
read_update_prefix(struct decoder *d, struct reader *r, struct update *update,
    uint8_t lengths[2])
{
	uint8_t plen = lengths[0], omitted = lengths[1], bytes[16];
	size_t octets = octets_of(plen), offset = ae_offset(update->ae);
	const uint8_t *sent;
	struct reader whole;

	if (!ae_has_prefixes(update->ae) || octets > 16 - offset ||
	    omitted > octets || (omitted > 0 && !d->have_default[update->ae]))
		return false;
	sent = read_bytes(r, octets - omitted);
	if (sent == NULL)
		return false;
	memcpy(bytes, d->defaults[update->ae].s6_addr + offset, omitted);
	memcpy(bytes + omitted, sent, octets - omitted);
	whole = (struct reader){ bytes, bytes + octets, false };
	return read_prefix(&whole, update->ae, plen, &update->key.to);
}

/* The P and R flags (section 4.6.9): for this TLV and those after it. */
static void
apply_update_flags(struct decoder *d, const struct update *update)
{
	const uint8_t *address = update->key.to.address;

	if ((update->flags & UPDATE_FLAG_PREFIX) != 0) {
		memcpy(&d->defaults[update->ae], address, 16);
		d->have_default[update->ae] = true;
	}
	if ((update->flags & UPDATE_FLAG_ROUTER_ID) != 0) {
		memcpy(d->id.octets, address + 8, 8);
		if (ae_is_ipv4(update->ae))
			memset(d->id.octets, 0, 4);
		d->have_id = router_id_is_valid(&d->id);
	}
}

/* A finite update needs a router-id and a next hop. */
static bool
complete_update(const struct decoder *d, struct update *update)
{
	bool over4 = update->ae == AE_IPV4;

	if (update->metric == INFINITY_METRIC)
		return true;
	update->id = d->id;
	update->next_hop = over4 ? d->next_hop4 : d->next_hop6;
	return d->have_id && (over4 ? d->have_next_hop4 : d->have_next_hop6);
}

static bool
decode_wildcard_update(struct reader *r, struct update *update,
    const uint8_t lengths[2])
{
	update->wildcard = true;
	return update->metric == INFINITY_METRIC && lengths[0] == 0 &&
	    lengths[1] == 0 && read_no_subtlvs(r) && update->interval > 0;
}

static bool
decode_update(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	struct subtlvs sub = { .allow_source = true };
	struct update *update = &tlv->u.update;
	uint8_t lengths[2];

	memset(update, 0, sizeof(*update));
	update->ae = sub.ae = read_u8(r);
	update->flags = read_u8(r);
	lengths[0] = read_u8(r);
	lengths[1] = read_u8(r);
	update->interval = interval_decode(read_u16(r));
	update->seqno = read_u16(r);
	update->metric = read_u16(r);
	if (update->ae == AE_WILDCARD) {
		spoil_update_state(d, update->ae, update->flags);
		return decode_wildcard_update(r, update, lengths);
	}
	if (!read_update_prefix(d, r, update, lengths)) {
		spoil_update_state(d, update->ae, update->flags);
		return false;
	}
	apply_update_flags(d, update);
	if (is_mapped(update->ae, &update->key.to) || !read_subtlvs(r, &sub))
		return false;
	if (sub.has_source)
		update->key = destination_key_of(&update->key.to,
		    &sub.source);
	return complete_update(d, update) && update->interval > 0;
}

/* The key that a request names. */
static bool
read_request_key(struct reader *r, uint8_t ae, uint8_t plen,
    struct destination_key *key)
{
	struct subtlvs sub = { .allow_source = true, .ae = ae };
	struct prefix to;

	if (!read_prefix(r, ae, plen, &to) || is_mapped(ae, &to) ||
	    !read_subtlvs(r, &sub))
		return false;
	*key = destination_key_of(&to, sub.has_source ? &sub.source : NULL);
	return true;
}

static bool
decode_route_request(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	struct route_request *request = &tlv->u.route_request;
	uint8_t plen;

	(void)d;
	memset(request, 0, sizeof(*request));
	request->ae = read_u8(r);
	plen = read_u8(r);
	if (request->ae != AE_WILDCARD)
		return read_request_key(r, request->ae, plen, &request->key);
	request->wildcard = true;
	return plen == 0 && read_no_subtlvs(r);
}

static bool
decode_seqno_request(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	struct seqno_request *request = &tlv->u.seqno_request;
	uint8_t plen;

	(void)d;
	request->ae = read_u8(r);
	plen = read_u8(r);
	request->seqno = read_u16(r);
	request->hop_count = read_u8(r);
	read_u8(r);
	memcpy(request->id.octets, read_bytes(r, 8), 8);
	return read_request_key(r, request->ae, plen, &request->key) &&
	    request->hop_count > 0 && router_id_is_valid(&request->id);
}

static bool
decode_pc(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	struct packet_counter *pc = &tlv->u.pc;

	(void)d;
	pc->pc = read_u32(r);
	pc->index_len = (uint8_t)reader_left(r);
	pc->index = read_bytes(r, pc->index_len);
	return pc->index_len <= MAC_INDEX_MAX;
}

static bool
decode_nonce(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	struct nonce *nonce = &tlv->u.nonce;

	(void)d;
	nonce->len = (uint8_t)reader_left(r);
	nonce->octets = read_bytes(r, nonce->len);
	return nonce->len <= MAC_NONCE_MAX;
}

static const struct {
	size_t min_length;
	bool (*decode)(struct decoder *, struct reader *, struct tlv *);
	void (*spoil)(struct decoder *);	/* when it is too short */
} tlv_table[] = {
	[TLV_PADN] = { 0, decode_padn, NULL },
	[TLV_ACK_REQUEST] = { 6, decode_ack_request, NULL },
	[TLV_ACK] = { 2, decode_ack, NULL },
	[TLV_HELLO] = { 6, decode_hello, NULL },
	[TLV_IHU] = { 6, decode_ihu, NULL },
	[TLV_ROUTER_ID] = { 10, decode_router_id, spoil_router_id },
	[TLV_NEXT_HOP] = { 2, decode_next_hop, spoil_next_hop },
	[TLV_UPDATE] = { 10, decode_update, spoil_update },
	[TLV_ROUTE_REQUEST] = { 2, decode_route_request, NULL },
	[TLV_SEQNO_REQUEST] = { 14, decode_seqno_request, NULL },
	[TLV_PC] = { 4, decode_pc, NULL },
	[TLV_CHALLENGE_REQUEST] = { 0, decode_nonce, NULL },
	[TLV_CHALLENGE_REPLY] = { 0, decode_nonce, NULL },
};

/* Read one TLV of a known length.  False: ignored. */
static bool
decode_tlv(struct decoder *d, struct reader *r, struct tlv *tlv)
{
	uint8_t type = tlv->type;

	if (type >= sizeof(tlv_table) / sizeof(tlv_table[0]) ||
	    tlv_table[type].decode == NULL)
		return false;
	if (reader_left(r) < tlv_table[type].min_length) {
		if (tlv_table[type].spoil != NULL)
			tlv_table[type].spoil(d);
		return false;
	}
	return tlv_table[type].decode(d, r, tlv);
}

static enum message_result
check_header(const struct datagram *datagram, uint16_t port)
{
	const uint8_t *bytes = datagram->bytes;

	if (!address_is_link_local(&datagram->from) &&
	    !address_is_ipv4(&datagram->from))
		return MESSAGE_BAD_SOURCE;
	if (datagram->from_port != port)
		return MESSAGE_BAD_PORT;
	if (datagram->len < MESSAGE_HEADER)
		return MESSAGE_TOO_SHORT;
	if (bytes[0] != MESSAGE_MAGIC)
		return MESSAGE_BAD_MAGIC;
	return bytes[1] == MESSAGE_VERSION ? MESSAGE_OK : MESSAGE_BAD_VERSION;
}

enum message_result
message_open(struct decoder *d, const struct datagram *datagram,
    uint16_t port)
{
	enum message_result result = check_header(datagram, port);
	struct reader r;

	memset(d, 0, sizeof(*d));
	if (result != MESSAGE_OK)
		return result;
	r = (struct reader){ datagram->bytes, datagram->bytes + datagram->len,
	    false };
	read_u16(&r);
	d->body = read_slice(&r, read_u16(&r));
	if (d->body.overrun)
		return MESSAGE_BAD_LENGTH;
	d->trailer = r;
	d->packet_len = (size_t)(r.at - datagram->bytes);
	if (address_is_ipv4(&datagram->from)) {
		d->next_hop4 = datagram->from;
		d->have_next_hop4 = true;
	} else {
		d->next_hop6 = datagram->from;
		d->have_next_hop6 = true;
	}
	return MESSAGE_OK;
}

bool
message_next(struct decoder *d, struct tlv *tlv)
{
	struct reader r;

	while (reader_left(&d->body) > 0) {
		tlv->type = read_u8(&d->body);
		if (tlv->type == TLV_PAD1)
			return true;
		r = read_slice(&d->body, read_u8(&d->body));
		if (d->body.overrun) {
			d->stopped = true;
			return false;
		}
		if (decode_tlv(d, &r, tlv))
			return true;
		d->ignored++;
	}
	return false;
}

bool
message_next_mac(struct decoder *d, struct reader *mac)
{
	uint8_t type;

	while (reader_left(&d->trailer) > 0) {
		type = read_u8(&d->trailer);
		if (type == TLV_PAD1)
			continue;
		*mac = read_slice(&d->trailer, read_u8(&d->trailer));
		if (d->trailer.overrun)
			return false;
		if (type == TLV_MAC)
			return true;
	}
	return false;
}
