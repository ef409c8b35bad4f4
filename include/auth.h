/*
 * auth.h - which packets to accept: packet counters and challenges (RFC 8967),
 * with the relaxed check of the counters (RFC 9467).  The MACs themselves are
 * in mac.h.
 */
#ifndef AUTH_H
#define AUTH_H

#include "instance.h"
#include "message.h"

struct babel;
struct interface;
struct neighbour;

#define AUTH_INDEX		8	/* octets of our index: random */
#define AUTH_NONCE		10	/* ... and of our nonces */
#define AUTH_NONCES		4	/* challenges open at a time */
#define AUTH_WINDOW		128	/* packets (RFC 9467, section 3.2) */
#define AUTH_CHALLENGE_TIME	(30 * SECOND)
#define AUTH_PAUSE		(300 * MILLISECOND)	/* between two
					   challenges, or two replies */

/* Packets that were dropped for want of proof. */
struct auth_trouble {
	uint64_t count;
	enum babel_counter reason;	/* of the last; if count is not 0 */
	babel_time last;
};

/* An interface as a sender of signed packets. */
struct auth_sender {
	uint32_t pc;			/* of the last packet */
	bool has_index;
	uint8_t index[AUTH_INDEX];
	babel_time answers_began;	/* challenges and replies ... */
	uint32_t answers;		/* ... sent since */
	babel_time complained;		/* last log of a dropped packet, or 0 */
	bool unsigned_logged;		/* logged: no key to sign with ... */
	bool crowded_logged;		/* ... or too many for the MTU */
	struct in6_addr stranger;	/* the last such sender ... */
	struct auth_trouble trouble;	/* ... and its dropped packets */
};

/* The packet counters of a neighbour that have been accepted. */
struct auth_window {
	uint32_t highest;
	uint64_t seen[AUTH_WINDOW / 64];	/* bit n: highest - n */
};

struct auth_challenge {
	babel_time expires;
	uint8_t nonce[AUTH_NONCE];
};

/* A neighbour as a sender of signed packets. */
struct auth_peer {
	bool has_index;			/* not the same as an empty index */
	uint8_t index_len;
	uint8_t index[MAC_INDEX_MAX];
	struct auth_window multicast, unicast;
	babel_time accepted;		/* when the last packet was */
	struct auth_challenge challenges[AUTH_NONCES];	/* a ring */
	uint8_t challenge_next;
	babel_time challenged, answered;	/* when last, or 0 */
	babel_time introduced;		/* ... because it challenged us */
	struct auth_trouble trouble;
};

enum auth_mac {
	AUTH_REJECTED,			/* counted already */
	AUTH_UNCHECKED,			/* no MAC is asked for */
	AUTH_VERIFIED,
};

/* What to do about a packet besides accepting it or not. */
struct auth_outcome {
	bool challenge, reply;		/* send these TLVs, at once */
	struct nonce challenge_nonce;	/* points into the neighbour */
	struct nonce reply_nonce;	/* points into the datagram */
	/* Earlier packets may have been dropped: by us, because we did not know
	 * the index, or by the neighbour, which challenges us. */
	bool is_new, forgot_us;
};

/* The largest header and body that leaves room for a packet counter and
 * all MACs (RFC 8967, section 4.2), or for as many as find room beside the
 * smallest body. */
size_t	auth_body_size(const struct babel *, const struct interface *);
/*
 * End a packet that has the addresses and ports of the datagram: packet
 * counter, body length, MACs.  The body must be no longer than
 * auth_body_size, in a buffer of MESSAGE_MAX_SIZE octets.  Returns the
 * length of the whole.
 */
size_t	auth_seal(struct babel *, struct interface *, struct encoder *,
	    const struct datagram *);

/* Is one of the MACs right (section 4.3)?  Costs next to nothing where
 * there is none that could be. */
enum auth_mac auth_check_mac(struct babel *, struct interface *,
	    const struct datagram *, struct decoder *);
/* The rest of section 4.3 for a packet whose MAC is right: may it be acted
 * upon?  The neighbour is created if necessary. */
bool	auth_check_counter(struct babel *, struct interface *,
	    const struct datagram *, const struct decoder *,
	    struct auth_outcome *);

#endif
