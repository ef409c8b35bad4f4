/*
 * message.h - packets and TLVs (RFC 8966, section 4): bytes to values and
 * values to bytes.  Pure: knows no table.
 *
 * Reading is a pull parser over one datagram that yields one value at a
 * time, parser state (section 4.5) included.  A TLV that must be ignored
 * is counted and skipped; broken framing ends the packet, and what came
 * before stands.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "babel.h"
#include "wire.h"

enum tlv_type {
	TLV_PAD1 = 0,
	TLV_PADN = 1,
	TLV_ACK_REQUEST = 2,
	TLV_ACK = 3,
	TLV_HELLO = 4,
	TLV_IHU = 5,
	TLV_ROUTER_ID = 6,
	TLV_NEXT_HOP = 7,
	TLV_UPDATE = 8,
	TLV_ROUTE_REQUEST = 9,
	TLV_SEQNO_REQUEST = 10,
	TLV_MAC = 16,			/* RFC 8967 */
	TLV_PC = 17,
	TLV_CHALLENGE_REQUEST = 18,
	TLV_CHALLENGE_REPLY = 19,
};

/* Address encodings (section 4.1.4; RFC 9229). */
enum address_encoding {
	AE_WILDCARD = 0, AE_IPV4 = 1, AE_IPV6 = 2, AE_LINK_LOCAL = 3,
	AE_V4_VIA_V6 = 4,
	AE_COUNT
};

#define MESSAGE_HEADER		4
#define MESSAGE_OVERHEAD	48	/* IPv6 and UDP headers */
#define MESSAGE_MIN_SIZE	512	/* always sendable (section 4) */
#define MESSAGE_MAX_SIZE	(65535 - MESSAGE_OVERHEAD)
#define UPDATE_FLAG_PREFIX	0x80
#define UPDATE_FLAG_ROUTER_ID	0x40
#define MAC_INDEX_MAX		32
#define MAC_NONCE_MAX		192

struct ack_request {
	uint16_t opaque;
	babel_time interval;
};

struct hello {
	bool unicast;
	uint16_t seqno;
	babel_time interval;		/* 0: unscheduled */
	bool stamped;			/* RFC 9616 */
	uint32_t transmit;
};

struct ihu {
	uint8_t ae;
	struct in6_addr address;	/* :: with AE_WILDCARD */
	uint16_t rxcost;
	babel_time interval;
	bool stamped;			/* RFC 9616 */
	uint32_t origin, receive;
};

/* A metric of INFINITY_METRIC is a retraction: then id and next_hop mean
 * nothing. */
struct update {
	bool wildcard;			/* retracts all; key means nothing */
	uint8_t ae, flags;
	struct destination_key key;
	struct router_id id;
	struct in6_addr next_hop;
	uint16_t seqno, metric;
	babel_time interval;
};

struct route_request {
	bool wildcard;
	uint8_t ae;
	struct destination_key key;
};

struct seqno_request {
	uint8_t ae;
	struct destination_key key;
	struct router_id id;
	uint16_t seqno;
	uint8_t hop_count;
};

/* RFC 8967, sections 6.2 to 6.4.  Octets point into the datagram. */
struct packet_counter {
	uint32_t pc;
	uint8_t index_len;
	const uint8_t *index;
};

struct nonce {
	uint8_t len;
	const uint8_t *octets;
};

struct tlv {
	uint8_t type;
	union {
		uint8_t pad;			/* PadN: octets of padding */
		struct ack_request ack_request;
		uint16_t ack;
		struct hello hello;
		struct ihu ihu;
		struct router_id router_id;
		struct {
			uint8_t ae;
			struct in6_addr address;
		} next_hop;
		struct update update;
		struct route_request route_request;
		struct seqno_request seqno_request;
		struct packet_counter pc;
		struct nonce nonce;
	} u;
};

enum message_result {
	MESSAGE_OK,
	MESSAGE_BAD_SOURCE,		/* neither link-local nor IPv4 */
	MESSAGE_BAD_PORT,
	MESSAGE_TOO_SHORT,
	MESSAGE_BAD_MAGIC,
	MESSAGE_BAD_VERSION,
	MESSAGE_BAD_LENGTH,		/* body longer than the datagram */
};

/* The state of reading one packet.  Fields are private except the counts. */
struct decoder {
	struct reader body, trailer;
	size_t packet_len;		/* header and body */
	unsigned int ignored;		/* TLVs ignored so far */
	bool stopped;			/* framing was lost */
	struct in6_addr defaults[AE_COUNT];
	bool have_default[AE_COUNT];
	struct in6_addr next_hop4, next_hop6;
	bool have_next_hop4, have_next_hop6;
	struct router_id id;
	bool have_id;
};

/* Check the datagram and start reading it.  port is ours: what a packet
 * must come from.  The datagram must outlive the decoder. */
enum message_result message_open(struct decoder *, const struct datagram *,
	    uint16_t port);
/* The next TLV that is understood; false at the end.  Pad1 and PadN are
 * yielded like all others. */
bool	message_next(struct decoder *, struct tlv *);
/* The next MAC TLV of the trailer; false at the end. */
bool	message_next_mac(struct decoder *, struct reader *mac);

/*
 * The state of writing one packet: compression state mirrors what a receiver
 * will have.  Each message_put_* writes a whole TLV with the state TLVs that it
 * needs, or, when it does not fit, returns false and writes nothing.
 */
struct encoder {
	uint8_t *start;
	struct writer out;
	struct in6_addr defaults[AE_COUNT];
	bool have_default[AE_COUNT];
	struct in6_addr next_hop4;
	bool have_next_hop4;
	struct router_id id;
	bool have_id;
	uint8_t *stamp;			/* of a Hello, or NULL */
};

void	message_start(struct encoder *, uint8_t *buffer, size_t size);
/* Nothing but the header so far? */
bool	message_is_empty(const struct encoder *);
/* Octets that can still be written. */
size_t	message_room(const struct encoder *);
/* Octets of header and body so far. */
size_t	message_length(const struct encoder *);
/* The same packet in another buffer, which is at least as long.  Nothing more
 * is written to the copy until its end is moved. */
void	message_copy(struct encoder *copy, const struct encoder *,
	    uint8_t *buffer);
/* Renew the transmit timestamp of the packet's Hello, if it has one, because it
 * should be taken as late as possible (RFC 9616, section 3.2). */
void	message_stamp(struct encoder *, uint32_t transmit);
/* Fill in the body length; returns the length of header and body. */
size_t	message_finish(struct encoder *);

bool	message_put_padding(struct encoder *, size_t octets);
bool	message_put_ack_request(struct encoder *, const struct ack_request *);
bool	message_put_ack(struct encoder *, uint16_t opaque);
bool	message_put_hello(struct encoder *, const struct hello *);
bool	message_put_ihu(struct encoder *, const struct ihu *);
/* ae must be set; flags are chosen here.  With AE_IPV4 the next hop is
 * announced by a Next Hop TLV where needed; with other encodings it is
 * the sender of the packet. */
bool	message_put_update(struct encoder *, const struct update *);
bool	message_put_wildcard_retraction(struct encoder *,
	    const struct router_id *, uint16_t seqno);
bool	message_put_route_request(struct encoder *,
	    const struct route_request *);
bool	message_put_seqno_request(struct encoder *,
	    const struct seqno_request *);
bool	message_put_pc(struct encoder *, const struct packet_counter *);
bool	message_put_challenge(struct encoder *, enum tlv_type,
	    const struct nonce *);

/* The encoding for a prefix when nothing else is known. */
enum address_encoding message_ae(const struct prefix *);

/* Shared by the two halves, message.c and message_put.c. */

#define MESSAGE_MAGIC		42
#define MESSAGE_VERSION		2
#define HELLO_FLAG_UNICAST	0x8000
#define SUBTLV_TIMESTAMP	3
#define SUBTLV_SOURCE_PREFIX	128

static inline bool
ae_is_ipv4(uint8_t ae)
{
	return ae == AE_IPV4 || ae == AE_V4_VIA_V6;
}

/* Where the octets of an encoding begin in a 16-octet address. */
static inline size_t
ae_offset(uint8_t ae)
{
	return ae_is_ipv4(ae) ? 12 : 0;
}

/* The number of octets that hold this many bits. */
static inline size_t
octets_of(unsigned int bits)
{
	return (bits + 7) / 8;
}

#endif
