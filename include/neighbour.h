/*
 * neighbour.h - the neighbour table (RFC 8966, section 3.2.4): Hello histories,
 * costs, and what must still be sent to each neighbour.
 */
#ifndef NEIGHBOUR_H
#define NEIGHBOUR_H

#include "interface.h"
#include "message.h"
#include "response.h"

struct route;
TAILQ_HEAD(route_list, route);
TAILQ_HEAD(owed_list, delivery);

/* The quartile is taken of this many measurements. */
#define RTT_RECENT	16

/* One of the two Hello histories (appendix A.1). */
struct hello_history {
	uint16_t vector;		/* newest Hello in the top bit */
	uint8_t length;			/* Hellos accounted for, 16 at most */
	bool started;			/* expected means something */
	uint16_t expected;		/* seqno of the next one */
	double loss;	/* mean of the last LOSS_MEMORY Hellos */
	uint8_t loss_samples;		/* in that mean */
	babel_time interval;		/* last announced, 0: none */
	babel_time received;		/* when the last one came */
	struct timer missed;		/* when the next is overdue */
};

enum dump_state {
	DUMP_NONE,
	DUMP_ONCE,			/* due, or being sent */
	DUMP_TWICE,			/* ... and due again after that */
};

/* A full update by unicast; neighbour_dump() begins it. */
struct dump {
	struct job job;
	struct timer next;		/* when the next slice is sent */
	struct walk walk;		/* how far it has come */
	uint8_t state;			/* enum dump_state */
	babel_time began;		/* when the last one did, or 0 */
};

struct neighbour {
	struct tree_node entry;	/* interface.neighbours */
	struct interface *interface;
	struct in6_addr address;
	uint32_t id;			/* order of creation; never reused */
	struct router_id router_id;	/* zeros: not known yet */

	struct hello_history multicast, unicast;
	uint16_t txcost, rxcost;
	uint16_t cost;			/* as computed when last changed */
	struct timer ihu;		/* when txcost expires */
	babel_time ihu_received;	/* or 0 */
	babel_time ihu_interval;	/* that was promised */
	babel_time heard_us;	/* when its last finite IHU came, or 0 */
	babel_time received;		/* when the last packet came, or 0 */
	struct timer unused;		/* sent no Hello yet */
	uint16_t hello_seqno;		/* of the next unicast Hello */
	bool ihu_due;			/* an IHU goes with the next packet */
	bool logged;			/* logged as reachable */
	bool is_listening;		/* was sent a finite IHU, or a table */
	babel_time ihu_promised;	/* the last one's interval ends */
	struct auth_peer auth;		/* RFC 8967 */
	bool exchange_due;		/* exchange tables at its next Hello */

	/* RFC 9616, section 3.1 */
	bool stamped;
	uint32_t hello_transmit, hello_received;
	babel_time rtt, rtt_sampled;	/* rtt_sampled 0: none yet */
	uint32_t rtt_samples;
	uint32_t rtt_recent[RTT_RECENT];	/* microseconds, a ring */

	struct route_list routes;	/* owned by their destinations */
	uint32_t route_count;
	uint32_t generation;	/* routes of earlier ones are retracted */
	struct job cost_changed;	/* routes still to select again: */
	uint32_t cost_pending;
	struct job flush;
	STAILQ_ENTRY(neighbour) lost_entry;	/* babel.lost, once dying */

	struct dump dump;
	babel_time exchanged;		/* when tables were, or 0 */

	struct outbox outbox;		/* unicast */
	struct owed_list owed;		/* updates to be acknowledged */
	uint32_t owed_count;
	struct timer resend;		/* ... and sent again */

	struct response response;	/* to Acknowledgment Requests */
	/* Acknowledgment Requests that ask whether a neighbour whose Hello is
	 * late is alive. */
	struct timer probe;
	uint16_t probe_opaque;		/* of the first one */
	uint8_t probes_sent, probes_wanted;
	bool dying;
};

int	neighbour_compare(const struct neighbour *,
	    const struct neighbour *);
TREE_DEFINE(neighbour_tree, neighbour, entry, neighbour_compare)

struct neighbour *neighbour_find(const struct interface *,
	    const struct in6_addr *);
/* Find or create; NULL when there are too many, or no memory. */
struct neighbour *neighbour_get(struct babel *, struct interface *,
	    const struct in6_addr *);
/* A Hello (section 3.4.1) or an IHU for us (3.4.2) was received. */
void	neighbour_hello(struct babel *, struct neighbour *,
	    const struct hello *);
void	neighbour_ihu(struct babel *, struct neighbour *,
	    const struct ihu *);
/* Timers. */
void	neighbour_hello_missed(struct babel *, struct neighbour *,
	    struct hello_history *);
void	neighbour_ihu_expired(struct babel *, struct neighbour *);
/* The neighbour is lost: it leaves the table at once and waits in babel.lost.
 * Its deliveries end when the engine settles; a job flushes its routes and
 * frees it. */
void	neighbour_flush(struct babel *, struct neighbour *);
/* Called at the end of that job. */
void	neighbour_free(struct babel *, struct neighbour *);
/* A wildcard retraction or a restart: all its routes are lost, but the
 * neighbour stays.  The job for a changed cost walks the routes; their
 * generation tells which were announced since. */
void	neighbour_retract_all(struct babel *, struct neighbour *);

/* The rxcost and the cost of the link (section 3.4.3, appendix A.2), from the
 * histories and the last IHU. */
uint16_t neighbour_compute_rxcost(const struct neighbour *);
uint16_t neighbour_compute_cost(const struct babel *,
	    const struct neighbour *);
/* Has the round-trip time been measured lately? */
bool	neighbour_rtt_is_valid(const struct babel *,
	    const struct neighbour *);
/* What the round-trip time adds to the cost (RFC 9616, section 4). */
uint16_t neighbour_rtt_cost(const struct babel *,
	    const struct neighbour *);
/* One measurement of the round-trip time (RFC 9616, section 3.2). */
void	neighbour_rtt_sample(struct babel *, struct neighbour *,
	    babel_time rtt);
/* Compute the cost again; when it has changed, the routes are selected
 * again. */
void	neighbour_update_cost(struct babel *, struct neighbour *);
/* Is the link's cost finite? */
bool	neighbour_is_reachable(const struct neighbour *);
/* Does a "neighbour" line name it? */
bool	neighbour_is_declared(const struct babel *,
	    const struct neighbour *);

/* The neighbour has acknowledged a packet: the probe is over, and the response
 * time is recorded. */
void	neighbour_acked(struct babel *, struct neighbour *,
	    uint16_t opaque);
/* Ask by Acknowledgment Requests whether the neighbour is alive.  It is lost
 * when it answers none of them. */
void	neighbour_probe(struct babel *, struct neighbour *);
void	neighbour_probe_due(struct babel *, struct neighbour *);
/* The neighbour seems to live, but must prove who it is before its answers
 * count (RFC 8967): the probe begins anew after a while. */
void	neighbour_probe_later(struct babel *, struct neighbour *);

/* Packets may have been lost both ways for want of proof (RFC 8967): greet the
 * neighbour and exchange tables anew.  If its index is new, that waits for a
 * Hello that shows that it did not restart. */
void	neighbour_introduce(struct babel *, struct neighbour *, bool is_new);

/* Set the timer by which the outbox is sent. */
void	neighbour_send_urgently(struct babel *, struct neighbour *);
void	neighbour_send_soon(struct babel *, struct neighbour *);
void	neighbour_queue(struct babel *, struct neighbour *,
	    const struct outbox_item *, bool urgent);
/* The neighbour asks for the whole table. */
void	neighbour_wants_table(struct babel *, struct neighbour *);
/* Begin a full update by unicast.  If one is under way, or was just sent, it
 * begins a little later. */
void	neighbour_dump(struct babel *, struct neighbour *);
void	neighbour_dump_done(struct babel *, struct neighbour *);

#endif
