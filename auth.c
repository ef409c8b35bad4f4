/*
 * auth.c - which packets to accept (RFC 8967, sections 3 and 4).
 *
 * The MAC proves that a packet was made by somebody who has a key.  A counter
 * that only grows proves that it is not an old packet that was recorded and
 * sent again.  The counter belongs to an index, which a router chooses at
 * random each time it starts to count.  An index that is new to us must be
 * proved to be in use now, by the reply to a challenge that could not be
 * foreseen.
 *
 * Multicast may overtake unicast, or fall behind it by the sleep of a Wi-Fi
 * station, and packets may be reordered.  So each of the two has its own window
 * of packet counters (RFC 9467, section 3.3).
 *
 * Until a side is proved to the other, its packets are dropped.  So both act at
 * once: challenge and reply leave before anything else, in one packet where
 * both are due, and the packets that were dropped are then repeated.
 */
#include "auth.h"

#include <string.h>
#include <syslog.h>

#include "babel.h"
#include "configuration.h"
#include "counter.h"
#include "instance.h"
#include "interface.h"
#include "lifetime.h"
#include "mac.h"
#include "message.h"
#include "neighbour.h"
#include "prefix.h"
#include "util.h"
#include "wire.h"

/* The smallest body, however many MACs follow it. */
#define BODY_MIN		256
/* How much an interface may send in answer to challenges: enough for a few
 * hundred neighbours that see us restart. */
#define ANSWERS_PERIOD		(100 * MILLISECOND)
#define ANSWERS_MAX		64
/* Old packets that somebody recorded and sends again make our neighbour
 * challenge us.  That must not make us dump our table each time. */
#define INTRODUCTION_PAUSE	(5 * SECOND)

/* The TLVs that the pre-parse looks for in a body (section 4.3). */
struct findings {
	bool has_pc, has_request, replied;
	struct packet_counter pc;
	struct nonce request;
};

static int64_t
wall_seconds(const struct babel *b)
{
	return (b->now + b->wall_clock) / SECOND;
}

/* The first of the interface's keys, from *at on, that is valid now for signing
 * or for accepting; NULL at the end. */
static const struct mac_key *
next_key(struct mac_key *const **at, int64_t now, bool sign)
{
	const struct mac_key *key;

	while (*at != NULL && (key = **at) != NULL) {
		(*at)++;
		if (sign ? key->sign_from <= now && now < key->sign_until :
		    key->accept_from <= now && now < key->accept_until)
			return key;
	}
	return NULL;
}

/* The octets that sealing adds to a packet; 0 if there is no key to sign
 * with. */
static size_t
overhead(const struct babel *b, const struct interface *ifp)
{
	struct mac_key *const *at = ifp->conf.keys;
	const struct mac_key *key;
	size_t octets = 0;

	while ((key = next_key(&at, wall_seconds(b), true)) != NULL)
		octets += 2 + mac_length(key->algorithm);
	return octets == 0 ? 0 : octets + 2 + 4 + AUTH_INDEX;
}

size_t
auth_body_size(const struct babel *b, const struct interface *ifp)
{
	size_t size = interface_packet_size(ifp), octets = overhead(b, ifp);

	return octets + BODY_MIN < size ? size - octets : BODY_MIN;
}

/* Count a packet.  An index lasts for 2^32 packets; a change of the keys does
 * not end it, because the counter grows under any key. */
static void
count_packet(struct babel *b, struct auth_sender *sender)
{
	if (sender->has_index && sender->pc < UINT32_MAX) {
		sender->pc++;
		return;
	}
	b->ops->random(b->ctx, sender->index, sizeof(sender->index));
	sender->has_index = true;
	sender->pc = 0;
}

static struct mac_endpoints
endpoints(const struct datagram *datagram)
{
	return (struct mac_endpoints){ datagram->from, datagram->to,
	    datagram->from_port, datagram->to_port };
}

/* Put a MAC for each key into the trailer; those that find no room are left
 * out. */
static void
put_macs(const struct babel *b, const struct interface *ifp,
    struct encoder *e, const struct mac_endpoints *ends)
{
	struct mac_key *const *at = ifp->conf.keys;
	const size_t packet_len = message_length(e);
	const struct mac_key *key;
	uint8_t mac[MAC_LENGTH_MAX];
	size_t len;

	while ((key = next_key(&at, wall_seconds(b), true)) != NULL) {
		len = mac_compute(key, ends, e->start, packet_len, mac);
		if (len == 0 || writer_room(&e->out) < 2 + len)
			continue;
		write_u8(&e->out, TLV_MAC);
		write_u8(&e->out, (uint8_t)len);
		write_bytes(&e->out, mac, len);
	}
}

/* Log the condition once for as long as it lasts. */
static void
complain_once(const struct babel *b, const struct interface *ifp, bool *said,
    bool is_so, const char *what)
{
	if (is_so && !*said)
		log_at(b, LOG_WARNING, "interface %s: %s", ifp->link.name,
		    what);
	*said = is_so;
}

static void
complain(const struct babel *b, struct interface *ifp, size_t octets)
{
	complain_once(b, ifp, &ifp->auth.unsigned_logged, octets == 0 &&
	    ifp->conf.keys != NULL && ifp->conf.keys[0] != NULL,
	    "none of its keys is valid for signing now, packets leave "
	    "unsigned");
	complain_once(b, ifp, &ifp->auth.crowded_logged,
	    octets + BODY_MIN > interface_packet_size(ifp),
	    "it has more keys than its MTU has room for, packets are not "
	    "signed with all of them");
}

size_t
auth_seal(struct babel *b, struct interface *ifp, struct encoder *e,
    const struct datagram *datagram)
{
	struct mac_endpoints ends = endpoints(datagram);
	struct packet_counter pc = { .index_len = AUTH_INDEX,
	    .index = ifp->auth.index };
	size_t octets = overhead(b, ifp);

	complain(b, ifp, octets);
	if (octets == 0)
		return message_finish(e);
	e->out.end = e->start + interface_packet_size(ifp);
	count_packet(b, &ifp->auth);
	pc.pc = ifp->auth.pc;
	message_put_pc(e, &pc);
	message_finish(e);
	put_macs(b, ifp, e, &ends);
	return message_length(e);
}

/* The lengths of the MACs in a trailer: bit n for n octets. */
static uint64_t
mac_lengths(struct decoder *d)
{
	struct reader mac, trailer = d->trailer;
	uint64_t lengths = 0;
	size_t len;

	while (message_next_mac(d, &mac)) {
		len = reader_left(&mac);
		lengths |= (uint64_t)1 << (len < 63 ? len : 63);
	}
	d->trailer = trailer;
	return lengths;
}

static bool
trailer_has_mac(struct decoder *d, const uint8_t *wanted, size_t len)
{
	struct reader mac, trailer = d->trailer;
	bool found = false;

	while (message_next_mac(d, &mac))
		if (reader_left(&mac) == len && mac_equal(mac.at, wanted, len))
			found = true;
	d->trailer = trailer;
	return found;
}

/* Compute the MAC once for each key, if a MAC of that length was sent, and
 * never once for each MAC that was sent (section 4.3). */
static bool
is_signed(const struct babel *b, const struct interface *ifp,
    const struct datagram *datagram, struct decoder *d)
{
	struct mac_key *const *at = ifp->conf.keys;
	struct mac_endpoints ends = endpoints(datagram);
	uint64_t lengths = mac_lengths(d);
	const struct mac_key *key;
	uint8_t mac[MAC_LENGTH_MAX];
	size_t len;

	while ((key = next_key(&at, wall_seconds(b), false)) != NULL) {
		if ((lengths >> mac_length(key->algorithm) & 1) == 0)
			continue;
		len = mac_compute(key, &ends, datagram->bytes, d->packet_len,
		    mac);
		if (len > 0 && trailer_has_mac(d, mac, len))
			return true;
	}
	return false;
}

/* Count the failure for the neighbour, or, if the sender is none, for the last
 * such stranger, because unauthenticated packets must not cost memory. */
static void
note_trouble(const struct babel *b, struct interface *ifp,
    const struct in6_addr *from, enum babel_counter reason)
{
	struct neighbour *n = neighbour_find(ifp, from);
	struct auth_trouble *trouble = &ifp->auth.trouble;

	if (n != NULL)
		trouble = &n->auth.trouble;
	else if (!address_equal(&ifp->auth.stranger, from)) {
		ifp->auth.stranger = *from;
		trouble->count = 0;
	}
	trouble->count++;
	trouble->reason = reason;
	trouble->last = b->now;
}

static void
drop_quietly(struct babel *b, struct interface *ifp,
    const struct in6_addr *from, enum babel_counter reason)
{
	count(b, reason);
	note_trouble(b, ifp, from, reason);
}

/* Log why the packet is dropped, now and then. */
static void
drop(struct babel *b, struct interface *ifp, const struct in6_addr *from,
    enum babel_counter reason)
{
	char text[ADDRESS_STRLEN];

	drop_quietly(b, ifp, from, reason);
	if (ifp->auth.complained != 0 &&
	    b->now - ifp->auth.complained < COMPLAINT_PAUSE)
		return;
	ifp->auth.complained = b->now;
	log_at(b, LOG_WARNING, "interface %s: dropped a packet from %s: %s",
	    ifp->link.name, address_format(from, text),
	    reason == COUNT_DROP_MAC_MISSING ? "it is not signed" :
	    reason == COUNT_DROP_MAC_WRONG ? "it is signed with another key" :
	    "it is signed but has no packet counter");
}

enum auth_mac
auth_check_mac(struct babel *b, struct interface *ifp,
    const struct datagram *datagram, struct decoder *d)
{
	if (ifp->conf.keys == NULL || ifp->conf.keys[0] == NULL)
		return AUTH_UNCHECKED;
	if (is_signed(b, ifp, datagram, d))
		return AUTH_VERIFIED;
	if (ifp->conf.accept_bad_signatures) {
		count(b, COUNT_BAD_SIGNATURES_ACCEPTED);
		return AUTH_UNCHECKED;
	}
	drop(b, ifp, &datagram->from, mac_lengths(d) == 0 ?
	    COUNT_DROP_MAC_MISSING : COUNT_DROP_MAC_WRONG);
	return AUTH_REJECTED;
}

/* Is it the reply to a challenge that is still open (section 4.3.1.3)? */
static bool
is_reply(const struct babel *b, const struct auth_peer *peer,
    const struct reader *nonce)
{
	const struct auth_challenge *challenge = peer->challenges;
	bool right = false;

	if (reader_left(nonce) != AUTH_NONCE)
		return false;
	for (; challenge < peer->challenges + AUTH_NONCES; challenge++)
		if (challenge->expires > b->now &&
		    mac_equal(nonce->at, challenge->nonce, AUTH_NONCE))
			right = true;
	return right;
}

static void
find_pc(struct findings *f, struct reader value)
{
	size_t len = reader_left(&value);

	if (f->has_pc || len < 4 || len > 4 + MAC_INDEX_MAX)
		return;
	f->has_pc = true;
	f->pc.pc = read_u32(&value);
	f->pc.index_len = (uint8_t)reader_left(&value);
	f->pc.index = value.at;
}

/* Find the TLVs of this layer in the body: the first packet counter, the last
 * challenge, any right reply.  Others are not even decoded, because the packet
 * may still be dropped. */
static void
find_tlvs(const struct babel *b, const struct decoder *d,
    const struct auth_peer *peer, struct findings *f)
{
	struct reader body = d->body, value;
	uint8_t type;

	while (reader_left(&body) > 0) {
		type = read_u8(&body);
		if (type == TLV_PAD1)
			continue;
		value = read_slice(&body, read_u8(&body));
		if (value.overrun)
			break;
		if (type == TLV_PC)
			find_pc(f, value);
		else if (type == TLV_CHALLENGE_REQUEST &&
		    reader_left(&value) <= MAC_NONCE_MAX) {
			f->has_request = true;
			f->request.len = (uint8_t)reader_left(&value);
			f->request.octets = value.at;
		} else if (type == TLV_CHALLENGE_REPLY && peer != NULL)
			f->replied |= is_reply(b, peer, &value);
	}
}

/* Does the neighbour have an index that was proved by a challenge and is not
 * too old?  Without keys: no. */
static bool
is_proven(const struct babel *b, const struct neighbour *n)
{
	babel_time interval = time_max(n->multicast.interval,
	    n->unicast.interval);

	return n->auth.has_index &&
	    b->now - n->auth.accepted < lifetime_of_index(interval);
}

static bool
is_same_index(const struct auth_peer *peer, const struct packet_counter *pc)
{
	return peer->index_len == pc->index_len &&
	    memcmp(peer->index, pc->index, pc->index_len) == 0;
}

/* Begin anew after a challenge.  Lower counters count as seen, because their
 * packets may have been received, and recorded by others, before we last forgot
 * them. */
static void
window_reset(struct auth_window *window, uint32_t pc)
{
	memset(window->seen, 0xFF, sizeof(window->seen));
	window->highest = pc;
}

static void
window_advance(struct auth_window *window, uint32_t pc)
{
	uint32_t distance = pc - window->highest;
	size_t i;

	window->highest = pc;
	if (distance > AUTH_WINDOW)
		distance = AUTH_WINDOW;
	for (; distance >= 64; distance -= 64) {
		for (i = AUTH_WINDOW / 64 - 1; i > 0; i--)
			window->seen[i] = window->seen[i - 1];
		window->seen[0] = 0;
	}
	for (i = AUTH_WINDOW / 64 - 1; distance > 0 && i > 0; i--)
		window->seen[i] = window->seen[i] << distance |
		    window->seen[i - 1] >> (64 - distance);
	window->seen[0] = window->seen[0] << distance | 1;
}

/* RFC 9467, section 3.2: false if the packet was seen, or is too old to
 * know. */
static bool
window_accept(struct auth_window *window, uint32_t pc)
{
	uint32_t age = window->highest - pc;
	uint64_t bit = (uint64_t)1 << age % 64;

	if (pc > window->highest) {
		window_advance(window, pc);
		return true;
	}
	if (age >= AUTH_WINDOW || (window->seen[age / 64] & bit) != 0)
		return false;
	window->seen[age / 64] |= bit;
	return true;
}

/* The sender has proved that it uses the index now. */
static void
set_index(struct auth_peer *peer, const struct packet_counter *pc)
{
	peer->has_index = true;
	peer->index_len = pc->index_len;
	memcpy(peer->index, pc->index, pc->index_len);
	window_reset(&peer->multicast, pc->pc);
	window_reset(&peer->unicast, pc->pc);
}

/* May one more challenge or reply be sent: not too soon after the last one to
 * this neighbour, and not too many in all? */
static bool
may_answer(struct babel *b, struct auth_sender *sender, babel_time *last)
{
	if (*last != 0 && b->now - *last < AUTH_PAUSE)
		return false;
	if (sender->answers == 0 ||
	    b->now - sender->answers_began >= ANSWERS_PERIOD) {
		sender->answers_began = b->now;
		sender->answers = 0;
	}
	if (sender->answers >= ANSWERS_MAX)
		return false;
	sender->answers++;
	*last = b->now;
	return true;
}

/*
 * Section 4.3.1.1.  On a link with a long round-trip time a reply may come
 * after the next challenge has left, so a few nonces are remembered.
 */
static void
challenge(struct babel *b, struct neighbour *n, struct auth_outcome *outcome)
{
	struct auth_peer *peer = &n->auth;
	struct auth_challenge *open = &peer->challenges[peer->challenge_next];

	if (!may_answer(b, &n->interface->auth, &peer->challenged))
		return;
	peer->challenge_next = (uint8_t)((peer->challenge_next + 1U) %
	    AUTH_NONCES);
	b->ops->random(b->ctx, open->nonce, sizeof(open->nonce));
	open->expires = b->now + AUTH_CHALLENGE_TIME;
	outcome->challenge = true;
	outcome->challenge_nonce = (struct nonce){ AUTH_NONCE, open->nonce };
	count(b, COUNT_CHALLENGES_SENT);
}

/* Section 4.3.1.2. */
static void
reply(struct babel *b, struct neighbour *n, const struct nonce *nonce,
    struct auth_outcome *outcome)
{
	if (!may_answer(b, &n->interface->auth, &n->auth.answered))
		return;
	outcome->reply = true;
	outcome->reply_nonce = *nonce;
	count(b, COUNT_CHALLENGES_ANSWERED);
}

/* Does the neighbour challenge us because it does not accept our packets?  (A
 * challenge under an unknown index may be an old one: it is answered, but means
 * nothing.) */
static bool
has_forgotten_us(const struct babel *b, struct auth_peer *peer)
{
	if (peer->introduced != 0 &&
	    b->now - peer->introduced < INTRODUCTION_PAUSE)
		return false;
	peer->introduced = b->now;
	return true;
}

static bool
is_multicast(const struct in6_addr *address)
{
	return address_is_ipv4(address) ?
	    (address->s6_addr[12] & 0xF0) == 0xE0 :
	    address->s6_addr[0] == 0xFF;
}

/* The last two steps of section 4.3, for a sender that is a neighbour or
 * becomes one.  Only the destination address, which the MAC covers, decides
 * which window is used (RFC 9467, section 3.1).  A reply under an index that is
 * proved already proves nothing more: later packets may have overtaken it, and
 * the counters must not go back to its own. */
static bool
accept_counter(struct babel *b, struct neighbour *n,
    const struct findings *f, bool proven, bool multicast)
{
	struct auth_peer *peer = &n->auth;

	if (f->replied)
		explicit_bzero(peer->challenges, sizeof(peer->challenges));
	if (!proven)
		set_index(peer, &f->pc);
	else if (!window_accept(multicast ? &peer->multicast :
	    &peer->unicast, f->pc.pc))
		return false;
	peer->accepted = b->now;
	return true;
}

bool
auth_check_counter(struct babel *b, struct interface *ifp,
    const struct datagram *datagram, const struct decoder *d,
    struct auth_outcome *outcome)
{
	struct neighbour *n = neighbour_find(ifp, &datagram->from);
	const bool lenient = ifp->conf.accept_bad_signatures;
	const bool multicast = is_multicast(&datagram->to);
	struct findings f = { .has_pc = false };
	bool known, proven;

	memset(outcome, 0, sizeof(*outcome));
	find_tlvs(b, d, n == NULL ? NULL : &n->auth, &f);
	if (!f.has_pc) {
		if (!lenient)
			drop(b, ifp, &datagram->from, COUNT_DROP_PC_MISSING);
		return lenient;
	}
	if (n == NULL)
		n = neighbour_get(b, ifp, &datagram->from);
	if (n == NULL)
		return false;
	proven = is_proven(b, n) && is_same_index(&n->auth, &f.pc);
	known = proven || f.replied;
	if (!known)
		challenge(b, n, outcome);
	else if (!accept_counter(b, n, &f, proven, multicast)) {
		if (!lenient)
			drop_quietly(b, ifp, &datagram->from,
			    COUNT_DROP_PC_STALE);
		return lenient;
	}
	if (f.has_request && !multicast)
		reply(b, n, &f.request, outcome);
	outcome->is_new = known && !proven;
	outcome->forgot_us = proven && outcome->reply &&
	    has_forgotten_us(b, &n->auth);
	if (!known && !lenient)
		drop_quietly(b, ifp, &datagram->from,
		    COUNT_DROP_INDEX_UNKNOWN);
	return known || lenient;
}
