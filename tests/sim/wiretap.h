/*
 * wiretap.h - a reader of Babel packets that shares nothing with the
 * engine's: what the checker believes of a packet should not depend on
 * what it checks.
 */
#ifndef SIM_WIRETAP_H
#define SIM_WIRETAP_H

#include "prefix.h"

enum seen_kind {
	SEEN_HELLO,
	SEEN_UPDATE,			/* finite */
	SEEN_RETRACTION,
	SEEN_WILDCARD_RETRACTION,
	SEEN_ROUTE_REQUEST,
	SEEN_SEQNO_REQUEST,
	SEEN_ACK_REQUEST,
	SEEN_OTHER,
};

struct seen {
	enum seen_kind kind;
	bool unicast;			/* Hello: flag U */
	uint16_t seqno, metric;
	uint16_t interval;		/* centiseconds */
	struct destination_key key;
	struct router_id id;
};

struct wiretap {
	const uint8_t *at, *end;
	uint8_t defaults[5][16];
	bool has_default[5];
	struct router_id id;
	bool has_id;
	const char *error;		/* what nobody should ever send */
};

/* Start reading a packet; wiretap_next yields its TLVs until false, then
 * error is NULL or says what was wrong. */
void	wiretap_open(struct wiretap *, const uint8_t *packet, size_t len);
bool	wiretap_next(struct wiretap *, struct seen *);

#endif
