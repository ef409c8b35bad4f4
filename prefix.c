/*
 * prefix.c - addresses, prefixes, router-ids and route table keys.
 *
 * IPv4 lives in ::ffff:0:0/96 (RFC 4291, section 2.5.5.2), its prefix lengths
 * shifted by 96, so that everything above this file handles a single family.
 * The exceptions are here: "contains" must not let an IPv6 prefix such as ::/64
 * contain IPv4, and lengths must be shifted back in text.
 *
 * Keys are ordered by their octets.  The order is total, does not depend on
 * memory addresses, and puts prefixes that share their first octets side by
 * side, which makes the compression of Updates (RFC 8966, section 4.6.9)
 * effective.
 */
#include "prefix.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t ipv4_mapped[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF
};

int
prefix_compare(const struct prefix *a, const struct prefix *b)
{
	return memcmp(a, b, sizeof(*a));
}

int
destination_key_compare(const struct destination_key *a,
    const struct destination_key *b)
{
	return memcmp(a, b, sizeof(*a));
}

int
router_id_compare(const struct router_id *a, const struct router_id *b)
{
	return memcmp(a, b, sizeof(*a));
}

static bool
octets_are_ipv4(const uint8_t octets[16])
{
	return memcmp(octets, ipv4_mapped, sizeof(ipv4_mapped)) == 0;
}

bool
prefix_is_ipv4(const struct prefix *prefix)
{
	return prefix->plen >= 96 && octets_are_ipv4(prefix->address);
}

/* Do two addresses agree in their first bits? */
static bool
octets_agree(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool
prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
	if (outer->plen == 0)
		return true;
	if (outer->plen > inner->plen)
		return false;
	if (prefix_is_ipv4(outer) != prefix_is_ipv4(inner))
		return false;
	return octets_agree(outer->address, inner->address, outer->plen);
}

void
prefix_mask(struct prefix *prefix)
{
	unsigned int whole = prefix->plen / 8, rest = prefix->plen % 8;

	assert(prefix->plen <= 128);
	if (rest != 0) {
		prefix->address[whole] &= (uint8_t)(0xFF00 >> rest);
		whole++;
	}
	memset(prefix->address + whole, 0, 16 - whole);
}

struct prefix
prefix_of(const struct in6_addr *address, uint8_t plen)
{
	struct prefix prefix;

	memcpy(prefix.address, address->s6_addr, sizeof(prefix.address));
	prefix.plen = plen;
	prefix_mask(&prefix);
	return prefix;
}

/* 0.0.0.0/0 itself is a good destination; what lies in 0/8 is not. */
static bool
ipv4_is_martian(const uint8_t octets[4], unsigned int plen)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };

	if (plen >= 8 && (octets[0] == 0 || octets[0] == 127))
		return true;
	if (plen >= 4 && octets[0] >> 4 == 0xE)
		return true;
	return memcmp(octets, broadcast, sizeof(broadcast)) == 0;
}

bool
prefix_is_martian(const struct prefix *prefix)
{
	static const uint8_t zeros[15];
	const uint8_t *octets = prefix->address;

	if (prefix_is_ipv4(prefix))
		return ipv4_is_martian(octets + 12, prefix->plen - 96u);
	if (prefix->plen >= 8 && octets[0] == 0xFF)
		return true;
	if (prefix->plen >= 10 && octets[0] == 0xFE &&
	    (octets[1] & 0xC0) == 0x80)
		return true;
	return prefix->plen == 128 && octets[15] <= 1 &&
	    memcmp(octets, zeros, sizeof(zeros)) == 0;
}

/* Does the prefix hold all of its family? */
static bool
prefix_is_everything(const struct prefix *prefix)
{
	return prefix->plen == 0 ||
	    (prefix->plen == 96 && prefix_is_ipv4(prefix));
}

struct destination_key
destination_key_of(const struct prefix *to, const struct prefix *from)
{
	struct destination_key key;

	memset(&key, 0, sizeof(key));
	key.to = *to;
	if (from != NULL && !prefix_is_everything(from))
		key.from = *from;
	return key;
}

bool
destination_is_source_specific(const struct destination_key *key)
{
	return key->from.plen != 0;
}

bool
destination_key_is_valid(const struct destination_key *key)
{
	if (prefix_is_martian(&key->to))
		return false;
	if (!destination_is_source_specific(key))
		return true;
	return prefix_is_ipv4(&key->to) == prefix_is_ipv4(&key->from) &&
	    !prefix_is_martian(&key->from);
}

bool
address_is_ipv4(const struct in6_addr *address)
{
	return octets_are_ipv4(address->s6_addr);
}

bool
address_is_link_local(const struct in6_addr *address)
{
	static const uint8_t link_local[8] = { 0xFE, 0x80 };

	return memcmp(address, link_local, sizeof(link_local)) == 0;
}

bool
address_equal(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool
address_is_unspecified(const struct in6_addr *address)
{
	return IN6_IS_ADDR_UNSPECIFIED(address);
}

struct in6_addr
address_from_ipv4(const void *four_octets)
{
	struct in6_addr address;

	memcpy(address.s6_addr, ipv4_mapped, sizeof(ipv4_mapped));
	memcpy(address.s6_addr + 12, four_octets, 4);
	return address;
}

int
address_parse(const char *text, struct in6_addr *address)
{
	struct in_addr ipv4;

	if (inet_pton(AF_INET, text, &ipv4) == 1) {
		*address = address_from_ipv4(&ipv4);
		return 0;
	}
	return inet_pton(AF_INET6, text, address) == 1 ? 0 : -1;
}

/* A prefix length from 0 to most, written as a C number; -1 for anything
 * else. */
static int
length_parse(const char *text, int most)
{
	unsigned long length;
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	length = strtoul(text, &end, 0);
	if (*end != '\0' || length > (unsigned long)most)
		return -1;
	return (int)length;
}

int
prefix_parse(const char *text, struct prefix *prefix)
{
	char buffer[ADDRESS_STRLEN];
	struct in6_addr address;
	size_t len;
	int plen, shift;

	/* As in babeld 1.14, and not 0.0.0.0/0. */
	if (strcmp(text, "default") == 0)
		text = "::/0";
	len = strcspn(text, "/");
	if (len >= sizeof(buffer))
		return -1;
	memcpy(buffer, text, len);
	buffer[len] = '\0';
	if (address_parse(buffer, &address) < 0)
		return -1;
	/* "::ffff:192.0.2.0/120" counts its bits as IPv6 does. */
	shift = strchr(buffer, ':') == NULL ? 96 : 0;
	plen = 128 - shift;
	if (text[len] == '/')
		plen = length_parse(text + len + 1, plen);
	if (plen < 0)
		return -1;
	*prefix = prefix_of(&address, (uint8_t)(plen + shift));
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* One or two hexadecimal digits; returns what follows, or NULL if there are
 * none. */
static const char *
octet_parse(const char *text, uint8_t *octet)
{
	int high = hex_digit(text[0]), low;

	if (high < 0)
		return NULL;
	low = hex_digit(text[1]);
	*octet = (uint8_t)(low < 0 ? high : high << 4 | low);
	return text + (low < 0 ? 1 : 2);
}

int
router_id_parse(const char *text, struct router_id *id)
{
	uint8_t octets[8];
	char separator = '\0';
	size_t count = 0;

	for (;;) {
		text = octet_parse(text, &octets[count++]);
		if (text == NULL)
			return -1;
		if (*text == '\0')
			break;
		if (count == 1)
			separator = *text;
		if (count == 8 || *text != separator)
			return -1;
		text++;
	}
	if (separator != ':' && (separator != '-' || count != 8))
		return -1;
	if (count == 6) {
		memmove(octets + 5, octets + 3, 3);
		octets[3] = 0xFF;
		octets[4] = 0xFE;
	} else if (count != 8)
		return -1;
	memcpy(id->octets, octets, sizeof(octets));
	return 0;
}

bool
router_id_is_valid(const struct router_id *id)
{
	static const struct router_id zeros;
	static const struct router_id ones = {
		{ 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF }
	};

	return router_id_compare(id, &zeros) != 0 &&
	    router_id_compare(id, &ones) != 0;
}

/* Append the decimal digits of a number below 1000 and end the string. */
static void
append_decimal(char *to, unsigned int number)
{
	if (number >= 100)
		*to++ = (char)('0' + number / 100);
	if (number >= 10)
		*to++ = (char)('0' + number / 10 % 10);
	*to++ = (char)('0' + number % 10);
	*to = '\0';
}

const char *
address_format(const struct in6_addr *address, char buffer[ADDRESS_STRLEN])
{
	if (address_is_ipv4(address))
		inet_ntop(AF_INET, address->s6_addr + 12, buffer,
		    ADDRESS_STRLEN);
	else
		inet_ntop(AF_INET6, address, buffer, ADDRESS_STRLEN);
	return buffer;
}

const char *
prefix_format(const struct prefix *prefix, char buffer[PREFIX_STRLEN])
{
	bool ipv4 = prefix_is_ipv4(prefix);
	char *end;

	if (ipv4)
		inet_ntop(AF_INET, prefix->address + 12, buffer,
		    PREFIX_STRLEN);
	else
		inet_ntop(AF_INET6, prefix->address, buffer, PREFIX_STRLEN);
	end = buffer + strlen(buffer);
	*end++ = '/';
	append_decimal(end, ipv4 ? prefix->plen - 96u : prefix->plen);
	return buffer;
}

const char *
destination_from_format(const struct destination_key *key,
    char buffer[PREFIX_STRLEN])
{
	struct prefix from = key->from;

	if (from.plen == 0 && prefix_is_ipv4(&key->to)) {
		memcpy(from.address, ipv4_mapped, sizeof(ipv4_mapped));
		from.plen = 96;
	}
	return prefix_format(&from, buffer);
}

const char *
destination_key_format(const struct destination_key *key,
    char buffer[DESTINATION_STRLEN])
{
	static const char between[] = " from ";
	size_t len;

	prefix_format(&key->to, buffer);
	if (!destination_is_source_specific(key))
		return buffer;
	len = strlen(buffer);
	memcpy(buffer + len, between, sizeof(between));
	prefix_format(&key->from, buffer + len + sizeof(between) - 1);
	return buffer;
}

const char *
router_id_format(const struct router_id *id, char buffer[ROUTER_ID_STRLEN])
{
	static const char digits[] = "0123456789abcdef";
	char *to = buffer;
	size_t i;

	for (i = 0; i < sizeof(id->octets); i++) {
		*to++ = digits[id->octets[i] >> 4];
		*to++ = digits[id->octets[i] & 0xF];
		*to++ = ':';
	}
	to[-1] = '\0';
	return buffer;
}
