/*
 * mac.h - RFC 8967 message authentication codes: the keys and the two
 * algorithms.  Pure: no state, no I/O.
 */
#ifndef MAC_H
#define MAC_H

#include <netinet/in.h>

#include "wire.h"

enum mac_algorithm {
	MAC_NONE,
	MAC_HMAC_SHA256,	/* RFC 6234: key 0-64 octets, MAC 32 */
	MAC_BLAKE2S_128,	/* RFC 7693: key 1-32 octets, MAC 16 */
};

#define MAC_KEY_MAX	64
#define MAC_LENGTH_MAX	32
#define MAC_KEY_ID_MAX	255

/* Seconds since 1970, or one of these: no bound. */
#define KEY_ALWAYS	INT64_MIN
#define KEY_FOREVER	INT64_MAX

/* One key.  The validity times are wall-clock time. */
struct mac_key {
	enum mac_algorithm algorithm;
	uint8_t length;
	uint8_t value[MAC_KEY_MAX];
	int64_t sign_from, sign_until;
	int64_t accept_from, accept_until;
	char id[MAC_KEY_ID_MAX + 1];
};

/* The two ends of a datagram; IPv4 addresses v4-mapped. */
struct mac_endpoints {
	struct in6_addr from, to;
	uint16_t from_port, to_port;	/* host order */
};

/* "hmac-sha256", "blake2s128"; MAC_NONE for any other text. */
enum mac_algorithm mac_algorithm_parse(const char *name);
/* The longest and shortest key, and the length of the MAC, in octets. */
size_t	mac_key_length_max(enum mac_algorithm);
size_t	mac_key_length_min(enum mac_algorithm);
size_t	mac_length(enum mac_algorithm);

/*
 * The MAC of a packet (header and body, without trailer) sent between the
 * endpoints (RFC 8967, section 4.1).  Returns its length, 0 if the key
 * cannot be used.
 */
size_t	mac_compute(const struct mac_key *, const struct mac_endpoints *,
	    const uint8_t *packet, size_t len, uint8_t mac[MAC_LENGTH_MAX]);

/* Compare in constant time. */
bool	mac_equal(const uint8_t *a, const uint8_t *b, size_t len);

/* Overwrite the key's octets; not optimised away. */
void	mac_key_wipe(struct mac_key *);

#endif
