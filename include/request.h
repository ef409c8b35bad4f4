/*
 * request.h - pending seqno requests (RFC 8966, section 3.2.7), and the
 * answers to requests received (3.8).
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "route.h"

struct request {
	struct tree_node entry;	/* destination.requests, by id */
	TAILQ_ENTRY(request) asking_entry;	/* babel.asking */
	struct destination *destination;
	struct router_id id;
	uint16_t seqno;
	uint8_t hop_count;
	uint8_t resends;		/* left; 0 when forwarded */
	bool asking;			/* waits for its turn to be sent */
	bool ours;			/* else forwarded for somebody */
	babel_time sent;
	/* The sender of a forwarded request; looked up when it is answered. */
	unsigned int asker_ifindex;
	struct in6_addr asker;
	bool more_askers;
	uint32_t passed_to;		/* id of a neighbour, or 0 */
	struct timer resend;		/* or the end of its life */
};

int	request_compare(const struct request *, const struct request *);
TREE_DEFINE(request_tree, request, entry, request_compare)

/* A request was received (sections 3.8.1.1 and 3.8.1.2). */
void	request_received_route(struct babel *, struct neighbour *,
	    const struct route_request *);
void	request_received_seqno(struct babel *, struct neighbour *,
	    const struct seqno_request *);
/* No feasible route is left; the last one came from this source.  If there are
 * unfeasible ones, request a newer seqno (section 3.8.2.1). */
void	request_starving(struct babel *, struct destination *,
	    const struct router_id *lost);
/* An unfeasible update came from the neighbour: request a newer seqno from it
 * if its route would be better than the selected one, or is selected (section
 * 3.8.2.2). */
void	request_unfeasible(struct babel *, struct neighbour *,
	    const struct update *);
/* Another route is selected: a forwarded request whose neighbour has no route
 * any more is forwarded to another. */
void	request_pass_again(struct babel *, const struct destination *);
/* Our announcement of the destination has changed, or a newer seqno came:
 * answer and forget the requests that it satisfies. */
void	request_satisfy(struct babel *, struct destination *);
void	request_resend_due(struct babel *, struct request *);
/* Send waiting requests that have a neighbour with room in its outbox, looking
 * at no more than budget of them.  True when more may be sent at once. */
bool	request_submit(struct babel *, unsigned int budget);
void	request_free(struct babel *, struct request *);

#endif
