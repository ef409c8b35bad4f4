/*
 * prefix.h - addresses, prefixes, router-ids and the key of the route
 * table.  Values only: parse, format, compare.
 */
#ifndef PREFIX_H
#define PREFIX_H

#include <netinet/in.h>

#include "util.h"

/*
 * An address prefix.  IPv4 is kept v4-mapped with plen + 96, so that one
 * compare and one code path serve both families.  Bits beyond plen are 0.
 */
struct prefix {
	uint8_t address[16];
	uint8_t plen;
};

/*
 * Destination prefix and source prefix (RFC 9079, section 3).  "from" is
 * all zeros when the route is not source-specific, for IPv4 too.  Bytes
 * only, no padding: ordered with one memcmp.
 */
struct destination_key {
	struct prefix to;
	struct prefix from;
};
_Static_assert(sizeof(struct destination_key) == 34, "key has padding");

/*
 * How far a walk through a table has come, in the order of keys.  It is a
 * key, never a pointer, so that the table may change between two steps.  A
 * walk of zeros is before the first key.
 */
struct walk {
	struct destination_key last;
	bool begun;			/* last means something */
};

struct router_id {
	uint8_t octets[8];
};

#define ADDRESS_STRLEN		46
#define PREFIX_STRLEN		50
#define ROUTER_ID_STRLEN	24
/* "prefix from prefix". */
#define DESTINATION_STRLEN	(2 * PREFIX_STRLEN + 6)

/* Total orders. */
int	prefix_compare(const struct prefix *, const struct prefix *);
int	destination_key_compare(const struct destination_key *,
	    const struct destination_key *);
int	router_id_compare(const struct router_id *,
	    const struct router_id *);

/* True for a v4-mapped prefix of 96 bits or more. */
bool	prefix_is_ipv4(const struct prefix *);
/* True if every address of inner is in outer.  Families never mix, except that
 * outer ::/0 with plen 0 contains everything. */
bool	prefix_contains(const struct prefix *outer,
	    const struct prefix *inner);
/* Clear the bits beyond plen. */
void	prefix_mask(struct prefix *);
/* The prefix of all addresses that share their first plen bits (128-bit
 * scale) with the address. */
struct prefix prefix_of(const struct in6_addr *, uint8_t plen);
/* Destinations that are never routed (RFC 8966, appendix C): link-local,
 * multicast, loopback, unspecified. */
bool	prefix_is_martian(const struct prefix *);

/*
 * Make a key.  from may be NULL; a source prefix that covers the whole
 * family is stored as "not source-specific".
 */
struct destination_key destination_key_of(const struct prefix *to,
	    const struct prefix *from);
bool	destination_is_source_specific(const struct destination_key *);

/* The key that a walk has come to, or NULL. */
static inline const struct destination_key *
walk_last(const struct walk *walk)
{
	return walk->begun ? &walk->last : NULL;
}

static inline void
walk_move(struct walk *walk, const struct destination_key *key)
{
	walk->last = *key;
	walk->begun = true;
}

static inline void
walk_restart(struct walk *walk)
{
	walk->begun = false;
}

/* True if both prefixes are of one family and none is martian. */
bool	destination_key_is_valid(const struct destination_key *);

/* True if the address is ::ffff:0:0/96. */
bool	address_is_ipv4(const struct in6_addr *);
/* True if the address is in fe80::/64. */
bool	address_is_link_local(const struct in6_addr *);
bool	address_equal(const struct in6_addr *, const struct in6_addr *);
bool	address_is_unspecified(const struct in6_addr *);
/* The IPv4 address, network order, v4-mapped. */
struct in6_addr address_from_ipv4(const void *four_octets);

/* Text to value: 0, or -1 if the text is anything else.  IPv4 dotted
 * quad or IPv6; a prefix without length is a host prefix; host bits are
 * cleared; "default" is ::/0. */
int	address_parse(const char *text, struct in6_addr *);
int	prefix_parse(const char *text, struct prefix *);
/* Eight hexadecimal groups of one or two digits, separated by ':' or by
 * '-', or a MAC-48 of six groups separated by ':' (FF FE is inserted). */
int	router_id_parse(const char *text, struct router_id *);
/* Neither all zeros nor all ones (RFC 8966, section 4.1.3). */
bool	router_id_is_valid(const struct router_id *);

/* Value to text in the caller's buffer, which is returned. */
const char *address_format(const struct in6_addr *,
	    char buffer[ADDRESS_STRLEN]);
const char *prefix_format(const struct prefix *, char buffer[PREFIX_STRLEN]);
/* The source prefix of a key: 0.0.0.0/0 or ::/0 when not specific. */
const char *destination_from_format(const struct destination_key *,
	    char buffer[PREFIX_STRLEN]);
/* "2001:db8::/32", or "2001:db8::/32 from 2001:db8:1::/48". */
const char *destination_key_format(const struct destination_key *,
	    char buffer[DESTINATION_STRLEN]);
const char *router_id_format(const struct router_id *,
	    char buffer[ROUTER_ID_STRLEN]);

#endif
