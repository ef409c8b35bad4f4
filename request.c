/*
 * request.c - requests (RFC 8966, section 3.8): those that we answer, those
 * that we forward, and those that we originate.
 *
 * A pending seqno request belongs to its destination, one for each router-id.
 * Our own requests are sent again a few times.  A forwarded one is kept for as
 * long as its answer may take, so that the answer is sent on to the router that
 * asked, and copies of the request are not forwarded again.
 */
#include "request.h"

#include <stdlib.h>

#include "announce.h"
#include "babel.h"
#include "counter.h"
#include "debt.h"
#include "destination.h"
#include "identity.h"
#include "instance.h"
#include "interface.h"
#include "message.h"
#include "neighbour.h"
#include "outbox.h"
#include "prefix.h"
#include "route.h"
#include "source.h"
#include "timer.h"
#include "tree.h"
#include "util.h"

#define FORWARD_MEMORY	(10 * SECOND)	/* a forwarded request's life */
#define REPEAT_TIME	SECOND		/* no sooner than this again */

int
request_compare(const struct request *a, const struct request *b)
{
	return router_id_compare(&a->id, &b->id);
}

static struct request *
request_find(const struct destination *d, const struct router_id *id)
{
	struct request key;

	key.id = *id;
	return request_tree_find(&d->requests, &key);
}

/* Find or create a request for at least that seqno; an asker that waits for a
 * newer one still waits for that.  NULL for no memory. */
static struct request *
request_get(struct babel *b, struct destination *d,
    const struct router_id *id, uint16_t seqno)
{
	struct tree_place place;
	struct request key, *request;

	key.id = *id;
	request = request_tree_seek(&d->requests, &key, &place);
	if (request != NULL) {
		if (seqno_less(request->seqno, seqno))
			request->seqno = seqno;
		return request;
	}
	if (b->request_count >= b->limits.requests)
		return NULL;
	request = calloc(1, sizeof(*request));
	if (request == NULL || schedule_reserve(b, 1, 0) < 0) {
		count(b, COUNT_NO_MEMORY);
		free(request);
		return NULL;
	}
	request->destination = d;
	request->id = *id;
	request->seqno = seqno;
	timer_init(&request->resend, TIMER_REQUEST_RESEND);
	request_tree_put(&d->requests, &place, request);
	b->request_count++;
	return request;
}

/* Queue the request; it is sent when its turn comes. */
static void
request_ask(struct babel *b, struct request *request)
{
	if (request->asking)
		return;
	TAILQ_INSERT_TAIL(&b->asking, request, asking_entry);
	request->asking = true;
	schedule_cancel(b, &request->resend);
}

static void
request_asked(struct babel *b, struct request *request)
{
	if (!request->asking)
		return;
	TAILQ_REMOVE(&b->asking, request, asking_entry);
	request->asking = false;
}

void
request_free(struct babel *b, struct request *request)
{
	request_asked(b, request);
	schedule_cancel(b, &request->resend);
	schedule_unreserve(b, 1, 0);
	request_tree_remove(&request->destination->requests, request);
	b->request_count--;
	free(request);
}

static void
send_update(struct babel *b, struct neighbour *n,
    const struct destination_key *key, bool urgent)
{
	struct outbox_item item = { .kind = OUTBOX_UPDATE, .key = *key };

	neighbour_queue(b, n, &item, urgent);
}

static void
send_seqno_request(struct babel *b, struct neighbour *n,
    const struct request *request)
{
	struct outbox_item item = {
		.kind = OUTBOX_SEQNO_REQUEST,
		.key = request->destination->key,
		.id = request->id,
		.seqno = request->seqno,
		.hop_count = request->hop_count,
	};

	neighbour_queue(b, n, &item, true);
}

void
request_received_route(struct babel *b, struct neighbour *n,
    const struct route_request *received)
{
	if (received->wildcard)
		neighbour_wants_table(b, n);
	else
		send_update(b, n, &received->key, false);
}

/* The neighbour to forward a request to: that of the selected or else the best
 * feasible route that does not lead back, or else the best unfeasible one. */
static struct neighbour *
choose_successor(const struct destination *d, const struct neighbour *from)
{
	struct route *route, *best = NULL, *selected = d->selected;
	bool feasible, best_feasible = false;

	/* We announce the route that we use, so the answer comes through it and
	 * changes our announcement. */
	if (selected != NULL && selected->neighbour != from &&
	    !selected->neighbour->dying && route_is_feasible(selected))
		return selected->neighbour;
	TREE_FOREACH(route, route_tree, &d->routes) {
		if (route->neighbour == from || !route_is_usable(route))
			continue;
		feasible = route_is_feasible(route);
		if (best == NULL || (feasible && !best_feasible) ||
		    (feasible == best_feasible &&
		    route->metric < best->metric)) {
			best = route;
			best_feasible = feasible;
		}
	}
	return best == NULL ? NULL : best->neighbour;
}

/* Was the same request, or a newer one, sent just now?  A router that has no
 * route itself forwards each seqno once, because its neighbours may have none
 * either and would send it round among themselves. */
static bool
is_redundant(const struct babel *b, const struct destination *d,
    const struct seqno_request *received)
{
	const struct request *request = request_find(d, &received->id);

	return request != NULL &&
	    !seqno_less(request->seqno, received->seqno) &&
	    (b->now - request->sent < REPEAT_TIME ||
	    (d->selected == NULL && d->xroute == NULL));
}

/* The neighbour waits for the answer; when several do, every neighbour is sent
 * it. */
static void
request_add_asker(struct request *request, const struct neighbour *n)
{
	if (request->asker_ifindex != 0 &&
	    (request->asker_ifindex != n->interface->link.ifindex ||
	    !address_equal(&request->asker, &n->address)))
		request->more_askers = true;
	request->asker_ifindex = n->interface->link.ifindex;
	request->asker = n->address;
}

static void
request_pass_on(struct babel *b, struct request *request,
    struct neighbour *successor)
{
	request->sent = b->now;
	request->passed_to = successor->id;
	count(b, COUNT_SEQNO_REQUESTS_FORWARDED);
	send_seqno_request(b, successor, request);
}

/* Section 3.8.1.2: forward to one neighbour only, with one hop less, at
 * once. */
static void
request_forward(struct babel *b, struct destination *d, struct neighbour *n,
    const struct seqno_request *received)
{
	struct neighbour *successor = choose_successor(d, n);
	struct request *request;

	if (received->hop_count < 2 || successor == NULL) {
		count(b, COUNT_REQUEST_DROPPED);
		return;
	}
	if (is_redundant(b, d, received)) {
		count(b, COUNT_REQUEST_REDUNDANT);
		request_add_asker(request_find(d, &received->id), n);
		return;
	}
	request = request_get(b, d, &received->id, received->seqno);
	if (request == NULL)
		return;
	request->hop_count = (uint8_t)(received->hop_count - 1);
	request_add_asker(request, n);
	if (!request->ours)
		schedule(b, &request->resend, b->now + FORWARD_MEMORY);
	request_pass_on(b, request, successor);
}

/* The neighbour that waits for the answer, or NULL. */
static struct neighbour *
request_asker(const struct babel *b, const struct request *request)
{
	struct interface *ifp = interface_find(b, request->asker_ifindex);

	return ifp == NULL ? NULL : neighbour_find(ifp, &request->asker);
}

void
request_pass_again(struct babel *b, const struct destination *d)
{
	struct neighbour *asker, *successor;
	struct request *request;
	struct route *route;

	TREE_FOREACH(request, request_tree, &d->requests) {
		asker = request_asker(b, request);
		route = route_find(d, request->passed_to);
		if (asker == NULL || request->passed_to == 0 ||
		    (route != NULL && route_is_usable(route)))
			continue;
		successor = choose_successor(d, asker);
		if (successor != NULL)
			request_pass_on(b, request, successor);
	}
}

void
request_received_seqno(struct babel *b, struct neighbour *n,
    const struct seqno_request *received)
{
	struct destination *d = destination_find(b, &received->key);
	struct announcement now;

	if (d == NULL || b->shutting_down) {
		count(b, COUNT_REQUEST_DROPPED);
		return;
	}
	if (!announce_content(b, d, &now))
		request_forward(b, d, n, received);
	else if (router_id_compare(&now.id, &received->id) != 0 ||
	    !seqno_less(now.seqno, received->seqno))
		send_update(b, n, &received->key, true);
	else if (now.route == NULL) {
		identity_raise_seqno(b, received->seqno);
		send_update(b, n, &received->key, true);
	} else if (announce_filter(b, d, n->interface, &now))
		request_forward(b, d, n, received);
	else				/* we do not announce it there */
		count(b, COUNT_REQUEST_DROPPED);
}

/* Is this route of use only with a newer seqno? */
static bool
wants_seqno(const struct route *route)
{
	return route_is_usable(route) && !route_is_feasible(route);
}

/* Is there room in the outbox of any neighbour that advertises an unfeasible
 * route?  Neighbours whose outboxes are full are asked the next time. */
static bool
request_has_room(const struct request *request)
{
	struct route *route;
	bool has_room = true;

	TREE_FOREACH(route, route_tree, &request->destination->routes) {
		if (!wants_seqno(route))
			continue;
		has_room = outbox_has_room(&route->neighbour->outbox);
		if (has_room)
			break;
	}
	return has_room;
}

/* Send the request to all of them, and again after a time that doubles. */
static void
request_send(struct babel *b, struct request *request)
{
	struct route *route;

	request->sent = b->now;
	request->hop_count = REQUEST_HOP_COUNT;
	TREE_FOREACH(route, route_tree, &request->destination->routes)
		if (wants_seqno(route))
			send_seqno_request(b, route->neighbour, request);
	schedule(b, &request->resend, b->now + (REQUEST_TIMEOUT <<
	    (REQUEST_RESENDS - request->resends)));
}

/* The request is not needed any more. */
static void
request_end(struct babel *b, struct request *request)
{
	struct destination *d = request->destination;

	request_free(b, request);
	destination_release(b, d);
}

/* The request's turn has come. */
static void
request_take_turn(struct babel *b, struct request *request)
{
	if (request->destination->selected == NULL)
		request_send(b, request);
	else if (request->asker_ifindex == 0)
		request_end(b, request);
	else {				/* others wait for it still */
		request->ours = false;
		request->resends = 0;
		schedule(b, &request->resend, b->now + FORWARD_MEMORY);
	}
}

bool
request_submit(struct babel *b, unsigned int budget)
{
	struct request *request, *stuck = NULL;
	bool sent = false;

	while ((request = TAILQ_FIRST(&b->asking)) != NULL &&
	    request != stuck && budget-- > 0) {
		request_asked(b, request);
		if (request_has_room(request)) {
			request_take_turn(b, request);
			sent = true;
			continue;
		}
		request_ask(b, request);	/* behind those that can */
		if (stuck == NULL)
			stuck = request;
	}
	return sent && request != NULL;
}

/* Request a newer seqno of one source, and repeat the request. */
static void
request_start(struct babel *b, struct destination *d,
    const struct router_id *id)
{
	const struct source *source = source_find(d, id);
	struct request *request = request_find(d, id);
	uint16_t seqno;

	if (source == NULL || !source->has_distance)
		return;
	seqno = seqno_plus(source->seqno, 1);
	if (request != NULL && request->ours && request->resends > 0 &&
	    !seqno_less(request->seqno, seqno))
		return;			/* one is pending already */
	request = request_get(b, d, id, seqno);
	if (request == NULL)
		return;
	request->resends = REQUEST_RESENDS;
	request->ours = true;
	request_ask(b, request);
}

void
request_starving(struct babel *b, struct destination *d,
    const struct router_id *lost)
{
	struct route *route;

	/* The lost source, and any other that may come to the rescue. */
	TREE_FOREACH(route, route_tree, &d->routes)
		if (wants_seqno(route)) {
			request_start(b, d, lost);
			request_start(b, d, &route->source->id);
		}
}

/* Would we select the route if it were feasible, or is it selected? */
static bool
is_wanted(const struct destination *d, const struct route *route)
{
	return route != NULL && d->xroute == NULL && (d->selected == NULL ||
	    d->selected == route || route->metric < d->selected->metric);
}

void
request_unfeasible(struct babel *b, struct neighbour *n,
    const struct update *update)
{
	struct destination *d = destination_find(b, &update->key);
	const struct source *source;
	struct request *request;
	uint16_t seqno;
	bool is_new;

	if (d == NULL || !is_wanted(d, route_find(d, n->id)))
		return;
	source = source_find(d, &update->id);
	request = request_find(d, &update->id);
	if (source == NULL || !source->has_distance)
		return;
	seqno = seqno_plus(source->seqno, 1);
	if (request != NULL && !seqno_less(request->seqno, seqno) &&
	    b->now - request->sent < REPEAT_TIME)
		return;
	is_new = request == NULL;
	request = request_get(b, d, &update->id, seqno);
	if (request == NULL)
		return;
	if (is_new) {
		request->ours = true;
		schedule(b, &request->resend, b->now + FORWARD_MEMORY);
	}
	request->hop_count = REQUEST_HOP_COUNT;
	request->sent = b->now;
	send_seqno_request(b, n, request);
}

/* Send the answer on to the neighbours that wait for it. */
static void
request_answer(struct babel *b, const struct request *request)
{
	struct neighbour *n = request_asker(b, request);

	if (n != NULL)
		send_update(b, n, &request->destination->key, true);
}

void
request_satisfy(struct babel *b, struct destination *d)
{
	struct request *request, *next;
	struct announcement now;

	if (request_tree_is_empty(&d->requests) ||
	    !announce_content(b, d, &now))
		return;
	TREE_FOREACH_SAFE(request, request_tree, &d->requests, next) {
		if (router_id_compare(&now.id, &request->id) == 0 &&
		    seqno_less(now.seqno, request->seqno))
			continue;
		count(b, COUNT_REQUESTS_SATISFIED);
		if (request->more_askers) {
			debt_owe(d, DEBT_ANSWER);
			announce_changed(b, d, HASTE_URGENT);
		} else if (request->asker_ifindex != 0)
			request_answer(b, request);
		request_free(b, request);
	}
}

void
request_resend_due(struct babel *b, struct request *request)
{
	if (request->resends > 0 && request->destination->selected == NULL) {
		request->resends--;
		request_ask(b, request);
		return;
	}
	request_end(b, request);
}
