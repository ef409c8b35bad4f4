/*
 * mac.c - message authentication codes (RFC 8967, section 4.1).
 *
 * The MAC covers a pseudo-header, made of the addresses and ports of the
 * datagram, and the packet without its trailer.  Both algorithms of the RFC are
 * here: HMAC-SHA256 (RFC 2104, SHA-256 from libmd) and keyed BLAKE2s with a
 * digest of 16 octets (blake2s.c).
 *
 * Buffers that held key material are overwritten before they go out of scope.
 */
#include "mac.h"

#include <sys/types.h>

#include <sha2.h>
#include <string.h>

#include "blake2s.h"
#include "prefix.h"
#include "wire.h"

#define PSEUDO_HEADER_MAX	36

static const struct {
	const char *name;
	size_t key_min, key_max, length;
} algorithms[] = {
	[MAC_NONE] = { "none", 0, 0, 0 },
	[MAC_HMAC_SHA256] = { "hmac-sha256", 0, 64, SHA256_DIGEST_LENGTH },
	[MAC_BLAKE2S_128] = { "blake2s128", 1, 32, 16 },
};

enum mac_algorithm
mac_algorithm_parse(const char *name)
{
	if (strcmp(name, algorithms[MAC_HMAC_SHA256].name) == 0)
		return MAC_HMAC_SHA256;
	if (strcmp(name, algorithms[MAC_BLAKE2S_128].name) == 0)
		return MAC_BLAKE2S_128;
	return MAC_NONE;
}

size_t
mac_key_length_max(enum mac_algorithm algorithm)
{
	return algorithms[algorithm].key_max;
}

size_t
mac_key_length_min(enum mac_algorithm algorithm)
{
	return algorithms[algorithm].key_min;
}

size_t
mac_length(enum mac_algorithm algorithm)
{
	return algorithms[algorithm].length;
}

/* IPv4 addresses go in as four octets, so that the header is the one of
 * the datagram on the wire. */
static void
pseudo_header_end(struct writer *w, const struct in6_addr *address,
    uint16_t port)
{
	if (address_is_ipv4(address))
		write_bytes(w, address->s6_addr + 12, 4);
	else
		write_bytes(w, address->s6_addr, 16);
	write_u16(w, port);
}

static size_t
pseudo_header(const struct mac_endpoints *ends,
    uint8_t header[PSEUDO_HEADER_MAX])
{
	struct writer w = { header, header + PSEUDO_HEADER_MAX, false };

	pseudo_header_end(&w, &ends->from, ends->from_port);
	pseudo_header_end(&w, &ends->to, ends->to_port);
	return (size_t)(w.at - header);
}

/* The octets that a MAC covers. */
struct text {
	const uint8_t *header, *packet;
	size_t header_len, packet_len;
};

/* The key, padded with zeros to a block, each octet changed by pad. */
static void
hmac_begin(SHA2_CTX *sha, const struct mac_key *key, uint8_t pad)
{
	uint8_t block[SHA256_BLOCK_LENGTH];
	size_t i;

	for (i = 0; i < sizeof(block); i++)
		block[i] = (i < key->length ? key->value[i] : 0) ^ pad;
	SHA256Init(sha);
	SHA256Update(sha, block, sizeof(block));
	explicit_bzero(block, sizeof(block));
}

static void
hmac_sha256(const struct mac_key *key, const struct text *text,
    uint8_t mac[MAC_LENGTH_MAX])
{
	uint8_t inner[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;

	hmac_begin(&sha, key, 0x36);
	SHA256Update(&sha, text->header, text->header_len);
	SHA256Update(&sha, text->packet, text->packet_len);
	SHA256Final(inner, &sha);

	hmac_begin(&sha, key, 0x5C);
	SHA256Update(&sha, inner, sizeof(inner));
	SHA256Final(mac, &sha);
	explicit_bzero(&sha, sizeof(sha));
}

static void
blake2s_128(const struct mac_key *key, const struct text *text,
    uint8_t mac[MAC_LENGTH_MAX])
{
	struct blake2s hash;

	blake2s_begin(&hash, algorithms[MAC_BLAKE2S_128].length,
	    key->value, key->length);
	blake2s_add(&hash, text->header, text->header_len);
	blake2s_add(&hash, text->packet, text->packet_len);
	blake2s_end(&hash, mac);
}

size_t
mac_compute(const struct mac_key *key, const struct mac_endpoints *ends,
    const uint8_t *packet, size_t len, uint8_t mac[MAC_LENGTH_MAX])
{
	uint8_t header[PSEUDO_HEADER_MAX];
	struct text text = { header, packet, 0, len };

	if (key->length < mac_key_length_min(key->algorithm) ||
	    key->length > mac_key_length_max(key->algorithm))
		return 0;
	text.header_len = pseudo_header(ends, header);
	switch (key->algorithm) {
	case MAC_HMAC_SHA256:
		hmac_sha256(key, &text, mac);
		break;
	case MAC_BLAKE2S_128:
		blake2s_128(key, &text, mac);
		break;
	case MAC_NONE:
		break;
	}
	return mac_length(key->algorithm);
}

bool
mac_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	volatile uint8_t difference = 0;
	size_t i;

	for (i = 0; i < len; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}

void
mac_key_wipe(struct mac_key *key)
{
	explicit_bzero(key->value, sizeof(key->value));
	key->length = 0;
}
