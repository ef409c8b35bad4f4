/*
 * wiretap.c - reading Babel packets for the checker (RFC 8966, sections
 * 4.2 to 4.6; the Source Prefix sub-TLV of RFC 9079).
 *
 * A sender is held to more than a receiver may demand: anything that a
 * receiver would ignore is an error here.
 */
#include "wiretap.h"

#include <string.h>

#define WIRE_PREFIX_FLAG	0x80
#define WIRE_ROUTER_ID_FLAG	0x40

static uint16_t
octets16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

void
wiretap_open(struct wiretap *t, const uint8_t *packet, size_t len)
{
	size_t body;

	memset(t, 0, sizeof(*t));
	if (len < 4 || packet[0] != 42 || packet[1] != 2) {
		t->error = "not a Babel packet";
		return;
	}
	body = octets16(packet + 2);
	if (body + 4 > len) {
		t->error = "body longer than the packet";
		return;
	}
	t->at = packet + 4;
	t->end = t->at + body;
}

static bool
wiretap_fail(struct wiretap *t, const char *error)
{
	t->error = error;
	t->at = t->end = NULL;
	return false;
}

/* An address of the encoding as the engine keeps it. */
static bool
store_prefix(struct prefix *to, unsigned int ae, unsigned int plen,
    const uint8_t octets[16])
{
	static const uint8_t mapped[12] =
	    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	memset(to, 0, sizeof(*to));
	if (ae == 1 || ae == 4) {
		memcpy(to->address, mapped, sizeof(mapped));
		memcpy(to->address + 12, octets, 4);
		to->plen = (uint8_t)(plen + 96);
		return plen <= 32;
	}
	memcpy(to->address, octets, 16);
	to->plen = (uint8_t)plen;
	return ae == 2 && plen <= 128;
}

/* The sub-TLVs from at to end: only a source prefix is of interest. */
static bool
read_subtlvs(struct seen *seen, unsigned int ae, const uint8_t *at,
    const uint8_t *end)
{
	uint8_t octets[16];
	size_t bytes;

	while (at < end) {
		if (at[0] == 0) {
			at++;
			continue;
		}
		if (end - at < 2 || end - at < 2 + at[1])
			return false;
		if (at[0] == 128) {
			bytes = (at[2] + 7U) / 8;
			if (at[1] != bytes + 1 || bytes > 16)
				return false;
			memset(octets, 0, sizeof(octets));
			memcpy(octets, at + 3, bytes);
			if (!store_prefix(&seen->key.from, ae, at[2], octets))
				return false;
		}
		at += 2 + at[1];
	}
	return true;
}

static bool
read_update(struct wiretap *t, struct seen *seen, const uint8_t *p,
    size_t len)
{
	unsigned int ae = p[0], flags = p[1], plen = p[2], omitted = p[3];
	size_t bytes = (plen + 7U) / 8;
	uint8_t octets[16] = { 0 };

	seen->interval = octets16(p + 4);
	seen->seqno = octets16(p + 6);
	seen->metric = octets16(p + 8);
	seen->kind = seen->metric == 0xffff ? SEEN_RETRACTION : SEEN_UPDATE;
	if (ae == 0) {
		seen->kind = SEEN_WILDCARD_RETRACTION;
		return seen->metric == 0xffff && plen == 0 && omitted == 0;
	}
	if (ae > 4 || ae == 3 || bytes > 16 || omitted > bytes ||
	    bytes - omitted > len - 10 || seen->interval == 0)
		return wiretap_fail(t, "malformed update");
	if (omitted > 0 && !t->has_default[ae])
		return wiretap_fail(t, "update without its default prefix");
	memcpy(octets, t->defaults[ae], omitted);
	memcpy(octets + omitted, p + 10, bytes - omitted);
	if (plen % 8 != 0)
		octets[bytes - 1] &= (uint8_t)(0xff00 >> plen % 8);
	if (!store_prefix(&seen->key.to, ae, plen, octets))
		return wiretap_fail(t, "update with a bad prefix length");
	if ((flags & WIRE_PREFIX_FLAG) != 0) {
		memcpy(t->defaults[ae], octets, sizeof(octets));
		t->has_default[ae] = true;
	}
	if ((flags & WIRE_ROUTER_ID_FLAG) != 0) {
		memset(&t->id, 0, sizeof(t->id));
		if (ae == 2)
			memcpy(t->id.octets, octets + 8, 8);
		else
			memcpy(t->id.octets + 4, octets, 4);
		t->has_id = true;
	}
	if (!read_subtlvs(seen, ae, p + 10 + bytes - omitted, p + len))
		return wiretap_fail(t, "malformed sub-TLV");
	if (seen->kind == SEEN_UPDATE && !t->has_id)
		return wiretap_fail(t, "update without a router-id");
	seen->id = t->id;
	return true;
}

static bool
read_request(struct wiretap *t, struct seen *seen, const uint8_t *p,
    size_t len)
{
	bool is_seqno = seen->kind == SEEN_SEQNO_REQUEST;
	size_t fixed = is_seqno ? 14 : 2, bytes = (p[1] + 7U) / 8;
	uint8_t octets[16] = { 0 };

	if (len < fixed || bytes > 16 || bytes > len - fixed)
		return wiretap_fail(t, "malformed request");
	if (is_seqno) {
		seen->seqno = octets16(p + 2);
		memcpy(seen->id.octets, p + 6, 8);
		if (p[4] == 0 || p[0] == 0)
			return wiretap_fail(t, "forbidden seqno request");
	}
	if (p[0] == 0)
		return true;
	memcpy(octets, p + fixed, bytes);
	if (!store_prefix(&seen->key.to, p[0], p[1], octets) ||
	    !read_subtlvs(seen, p[0], p + fixed + bytes, p + len))
		return wiretap_fail(t, "malformed request");
	return true;
}

/* The shortest payload of each TLV type, and what it is. */
static const struct {
	uint8_t min_length;
	enum seen_kind kind;
} tlv_shapes[] = {
	[2] = { 6, SEEN_ACK_REQUEST },
	[3] = { 2, SEEN_OTHER },
	[4] = { 6, SEEN_HELLO },
	[5] = { 6, SEEN_OTHER },
	[6] = { 10, SEEN_OTHER },
	[7] = { 2, SEEN_OTHER },
	[8] = { 10, SEEN_UPDATE },
	[9] = { 2, SEEN_ROUTE_REQUEST },
	[10] = { 14, SEEN_SEQNO_REQUEST },
};

static bool
read_payload(struct wiretap *t, struct seen *seen, unsigned int type,
    const uint8_t *p, size_t len)
{
	if (type >= sizeof(tlv_shapes) / sizeof(tlv_shapes[0])) {
		seen->kind = SEEN_OTHER;
		return true;
	}
	seen->kind = tlv_shapes[type].kind;
	if (len < tlv_shapes[type].min_length)
		return wiretap_fail(t, "TLV too short");
	switch (type) {
	case 4:
		seen->unicast = (p[0] & 0x80) != 0;
		seen->seqno = octets16(p + 2);
		seen->interval = octets16(p + 4);
		return true;
	case 6:
		memcpy(t->id.octets, p + 2, sizeof(t->id.octets));
		t->has_id = true;
		return true;
	case 8:
		return read_update(t, seen, p, len);
	case 9:
	case 10:
		return read_request(t, seen, p, len);
	default:
		return true;
	}
}

bool
wiretap_next(struct wiretap *t, struct seen *seen)
{
	const uint8_t *payload;
	unsigned int type;
	size_t len;

	while (t->at < t->end && t->at[0] <= 1) {
		len = t->at[0] == 0 ? 1 : t->end - t->at < 2 ? 2 :
		    2U + t->at[1];
		if (len > (size_t)(t->end - t->at))
			return wiretap_fail(t, "padding beyond the body");
		t->at += len;
	}
	if (t->at >= t->end)
		return false;
	if (t->end - t->at < 2 || t->end - t->at < 2 + t->at[1])
		return wiretap_fail(t, "TLV beyond the body");
	type = t->at[0];
	len = t->at[1];
	payload = t->at + 2;
	t->at = payload + len;
	memset(&seen->key, 0, sizeof(seen->key));
	return read_payload(t, seen, type, payload, len);
}
