/*
 * interface.h - the interface table (RFC 8966, section 3.2.3).
 */
#ifndef INTERFACE_H
#define INTERFACE_H

#include "auth.h"
#include "outbox.h"

struct destination;
struct neighbour;
struct unsent_packet;
TAILQ_HEAD(unsent_queue, unsent_packet);
TREE_HEAD(neighbour_tree);

/* Early Hellos when an interface comes up or a new neighbour is heard.  The
 * 2-out-of-3 rule wants two, so links are up in a fraction of a second. */
#define HELLO_BURST		2
#define HELLO_BURST_PAUSE	(500 * MILLISECOND)	/* between bursts */

struct interface {
	TAILQ_ENTRY(interface) entry;		/* babel.interfaces */
	struct tree_node link_entry;		/* babel.links */
	struct link_state link;			/* ifindex 0: not there */
	struct interface_parameters conf;	/* meaningful while up */
	bool up;				/* Babel runs on it */
	bool from_pattern;			/* vanishes with its link */
	bool announced;		/* an update was sent since our start */
	bool unwanted;	/* freed with its last dying neighbour */
	uint32_t id;
	struct neighbour_tree neighbours;	/* owned; by address */
	uint32_t neighbour_count;		/* without dying ones */
	uint32_t dying_count;			/* flushed but not freed */

	struct timer waiting;			/* for a usable link */
	struct timer hello;			/* the next scheduled Hello */
	babel_time hello_promised;	/* the last Hello's interval ends */
	uint16_t hello_seqno;			/* of the next one */
	uint8_t hello_burst;			/* early Hellos left */
	babel_time hello_regular;	/* when the next is due anyway */
	babel_time hello_sent;

	struct timer update;		/* next slice of the full update */
	struct job full_update;
	struct walk update_walk;
	babel_time hurried;		/* when one was hurried, or 0 */
	bool update_hurry;	/* this walk is not spread out */

	struct outbox outbox;			/* for all neighbours */
	bool retracts_ipv4;	/* no next hop for it any more */
	struct unsent_queue unsent;	/* owned; ops->send refused them */
	uint32_t unsent_count;
	struct destination *next_change; /* to announce; NULL: none */
	babel_time last_sent;		/* when a packet was sent last */
	babel_time hello_burst_next;	/* no further burst before */
	babel_time introduced;		/* when a newcomer was, or 0 */

	struct auth_sender auth;		/* RFC 8967 */
	struct send_failures {
		uint64_t count;
		int error;		/* the last errno */
		struct in6_addr to;
		babel_time last, logged;	/* logged: when */
	} send_failures;

	struct {
		uint64_t mcast_hellos, mcast_updates, ucast_hellos,
		    ucast_updates, ihus, received;
	} stats;				/* RFC 9046, section 3.4 */
};

int	interface_compare(const struct interface *, const struct interface *);
TREE_DEFINE(interface_tree, interface, link_entry, interface_compare)

/* The interface of that index, or NULL. */
struct interface *interface_find(const struct babel *, unsigned int ifindex);
struct interface *interface_find_name(const struct babel *,
	    const char *name);
/* Free it, if it is unwanted and the last of its neighbours is free. */
void	interface_release(struct babel *, struct interface *);
/* Send a few early Hellos, so that new neighbours receive one soon. */
void	interface_hello_soon(struct babel *, struct interface *);

/* Set the timer by which the outbox is sent: with the next Hello if that is
 * soon, when convenient within half a Hello interval, within the urgent
 * timeout, or soon (section 3.1). */
void	interface_send_with_hello(struct babel *, struct interface *);
void	interface_send_lazily(struct babel *, struct interface *);
void	interface_send_urgently(struct babel *, struct interface *);
void	interface_send_soon(struct babel *, struct interface *);
/* Are there so many neighbours that they are better addressed together than one
 * by one? */
bool	interface_is_crowded(const struct interface *);
/* Is the address one of the interface's own? */
bool	interface_has_address(const struct interface *,
	    const struct in6_addr *);
/* Are neighbours declared on the interface?  These need not hear each other. */
bool	interface_has_static(const struct babel *,
	    const struct interface *);
/* May the destination be announced here?  RFC 6126 knows no source prefixes and
 * would take it for another one (RFC 9079, section 6). */
bool	interface_understands(const struct interface *,
	    const struct destination_key *);
/* The largest packet to send: UDP payload octets (section 4). */
size_t	interface_packet_size(const struct interface *);

/* The longest time for which a neighbour may keep using what we announced. */
babel_time interface_hold_time(const struct babel *);
/* An update interval is about to become shorter.  Neighbours may still use what
 * was announced with the longer one. */
void	interface_hold_longer(struct babel *);

#endif
