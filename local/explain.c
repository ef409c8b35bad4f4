/*
 * local/explain.c - "explain": why a route is selected or not, and what is
 * wrong with a link.
 *
 * For a prefix: a line for the destination with the kernel's entry, and one for
 * each candidate with everything that selection looks at (RFC 8966, section
 * 3.6) and the first reason against it.  For a neighbour: the state of both
 * directions, from the Hellos that we receive and the IHUs that it sends
 * (section 3.4).  Values are single words, as everywhere.
 */
#include "local/explain.h"

#include <errno.h>
#include <string.h>

#include "auth.h"
#include "babel.h"
#include "configuration.h"
#include "counter.h"
#include "debt.h"
#include "destination.h"
#include "fib.h"
#include "filter.h"
#include "instance.h"
#include "interface.h"
#include "local/client.h"
#include "local/cursor.h"
#include "local/describe.h"
#include "local/line.h"
#include "local/monitor.h"
#include "neighbour.h"
#include "policy.h"
#include "prefix.h"
#include "route.h"
#include "select.h"
#include "source.h"
#include "util.h"
#include "xroute.h"

static const char *
kernel_word(const struct babel *b, const struct destination *d)
{
	switch ((enum fib_state)d->fib.state) {
	case FIB_WANTED:
		return "waiting";
	case FIB_IN_FLIGHT:
		return "asked";
	case FIB_FAILED:
		return "refused";
	case FIB_IDLE:
		break;
	}
	if (!d->fib.has_installed)
		return "nothing";
	if (d->fib.installed.unreachable)
		return "unreachable";
	return fib_is_current(b, d) ? "installed" : "other";
}

static void
put_number_hex(struct line *line, struct label label, uint32_t number)
{
	char text[9];

	line_word(line, label, line_hex_format(number, text));
}

static void
report_destination(const struct babel *b, struct client *c,
    const struct destination *d)
{
	char id[DESTINATION_ID_STRLEN];
	struct line line;

	line_init(&line, c->task.format);
	line_object(&line, "destination", describe_destination_id(&d->key,
	    id));
	describe_destination(&line, &d->key);
	if (d->selected != NULL)
		put_number_hex(&line, BOTH("selected"), d->selected->id);
	else
		line_null(&line, BOTH("selected"));
	if (d->xroute != NULL)
		line_number(&line, BOTH("xroute-metric"), d->xroute->metric);
	line_word(&line, BOTH("kernel"), kernel_word(b, d));
	if (d->fib.has_installed) {
		line_address(&line, BOTH("kernel-nexthop"),
		    &d->fib.installed.next_hop);
		line_number(&line, BOTH("kernel-table"),
		    d->fib.installed.table);
		line_number(&line, BOTH("kernel-priority"),
		    d->fib.installed.priority);
		if (d->fib.beside > 0)
			line_number(&line, BOTH("kernel-beside"),
			    d->fib.beside);
	}
	if (d->fib.state == FIB_FAILED) {
		line_number(&line, BOTH("errno"), (uint64_t)d->fib.error);
		line_number(&line, BOTH("failures"), d->fib.failures);
	}
	line_yes(&line, BOTH("held"), debt_is(d, DEBT_HOLD));
	line_number(&line, BOTH("announced-metric"), d->announced_metric);
	client_put_report(c, &line);
}

static bool
is_denied(const struct babel *b, const struct route *route,
    enum filter_chain chain)
{
	struct filter_verdict verdict = policy_route(b, route, chain);

	return verdict.deny || verdict.metric == INFINITY_METRIC;
}

/* Why a route is not eligible for selection. */
static const char *
reason_against(const struct babel *b, const struct route *route)
{
	if (is_denied(b, route, FILTER_IN))
		return "filtered";
	if (route->refmetric == INFINITY_METRIC)
		return b->now >= route_expires(route) ?
		    "expired" : "retracted";
	if (!neighbour_is_reachable(route->neighbour))
		return "neighbour-unreachable";
	if (route->metric == INFINITY_METRIC)
		return "infinite-metric";
	if (!route_is_feasible(route))
		return "unfeasible";
	if (is_denied(b, route, FILTER_INSTALL))
		return "install-filtered";
	if (fib_refuses(b, route))
		return "kernel-refused";
	return NULL;
}

static const char *
reason_of(const struct babel *b, const struct route *route)
{
	const struct route *selected = route->destination->selected;
	const char *against = reason_against(b, route);

	if (selected == route)
		return describe_is_installed(b, route) ? "installed" :
		    "being-installed";
	if (against != NULL)
		return against;
	if (selected == NULL)
		return route->destination->xroute != NULL ? "own-route" :
		    "not-considered-yet";
	switch (route_judge(b, route, selected)) {
	case ROUTE_WORSE:
		return "worse";
	case ROUTE_WORSE_ON_AVERAGE:
		return "not-better-on-average";
	case ROUTE_WITHIN_NOISE:
		return "within-noise";
	case ROUTE_BETTER:
		break;
	}
	return "not-considered-yet";
}

static void
put_distance(struct line *line, const struct source *source)
{
	if (!source->has_distance) {
		line_null(line, BOTH("distance-seqno"));
		line_null(line, BOTH("distance-metric"));
		return;
	}
	line_number(line, BOTH("distance-seqno"), source->seqno);
	line_number(line, BOTH("distance-metric"), source->metric);
}

static void
put_time_left(struct line *line, const struct babel *b,
    const struct route *route)
{
	line_seconds(line, BOTH("age"), b->now - route->received);
	line_seconds(line, BOTH("expires"), time_max(route_expires(route) -
	    b->now, 0));
}

static void
report_candidate(const struct babel *b, struct client *c,
    const struct route *route)
{
	struct line line;

	line_init(&line, c->task.format);
	line_object_number(&line, "candidate", route->id);
	describe_destination(&line, &route->destination->key);
	line_address(&line, LABEL("via", "babel-route-neighbor"),
	    &route->neighbour->address);
	line_address(&line, LABEL("nexthop", "babel-route-next-hop"),
	    &route->next_hop);
	line_id(&line, LABEL("id", "babel-route-router-id"),
	    &route->source->id);
	line_number(&line, LABEL("seqno", "babel-route-seqno"),
	    route->seqno);
	line_number(&line, LABEL("refmetric",
	    "babel-route-received-metric"), route->refmetric);
	line_number(&line, BOTH("cost"), route->neighbour->cost);
	line_number(&line, BOTH("add-metric"), route->add_metric);
	line_number(&line, LABEL("metric", "babel-route-calculated-metric"),
	    route->metric);
	line_number(&line, LABEL("smoothed", "smoothed-metric"),
	    route_smoothed_metric(b, route));
	line_yes(&line, LABEL("feasible", "babel-route-feasible"),
	    route_is_feasible(route));
	put_distance(&line, route->source);
	line_word(&line, BOTH("in-filter"), is_denied(b, route, FILTER_IN) ?
	    "deny" : "allow");
	line_word(&line, BOTH("install-filter"), is_denied(b, route,
	    FILTER_INSTALL) ? "deny" : "allow");
	line_yes(&line, LABEL("selected", "babel-route-selected"),
	    route->destination->selected == route);
	line_yes(&line, BOTH("installed"), describe_is_installed(b, route));
	put_time_left(&line, b, route);
	line_word(&line, BOTH("reason"), reason_of(b, route));
	line_word(&line, LABEL("if", "babel-interface-reference"),
	    route->neighbour->interface->link.name);
	client_put_report(c, &line);
}

bool
explain_route_step(const struct babel *b, struct client *c)
{
	struct cursor *cursor = &c->task.cursor;
	struct destination_key key = cursor->walk.last;
	bool had_key = cursor->walk.begun;
	struct object object;
	enum cursor_result result = cursor_step(cursor, b, &object);

	if (result == CURSOR_END) {
		c->task.kind = TASK_EXPLAIN_KERNEL;
		return false;
	}
	if (cursor->walk.begun && (!had_key ||
	    destination_key_compare(&key, &cursor->walk.last) != 0))
		report_destination(b, c, cursor->at);
	if (result == CURSOR_OBJECT)
		report_candidate(b, c, object.u.route);
	return false;
}

/* The state of the link in one word, and how long ago the dead direction was
 * last alive. */
static const char *
link_word(const struct neighbour *n, babel_time *last)
{
	babel_time heard = time_max(n->multicast.received,
	    n->unicast.received);

	*last = 0;
	if (!n->multicast.started && !n->unicast.started)
		return "no-hello-yet";
	if (n->rxcost == INFINITY_METRIC) {
		*last = heard;
		return n->txcost == INFINITY_METRIC ? "both-dead" :
		    "not-heard";
	}
	if (n->txcost == INFINITY_METRIC) {
		*last = n->heard_us;
		return n->heard_us == 0 ? "never-heard-us" :
		    "not-hearing-us";
	}
	return n->cost == INFINITY_METRIC ? "unusable" : "ok";
}

/* Do our Hellos, which probe-mtu makes as large as possible, arrive? */
static const char *
mtu_word(const struct babel *b, const struct neighbour *n)
{
	const struct interface *ifp = n->interface;

	if (!ifp->conf.probe_mtu)
		return "off";
	if (ifp->send_failures.error == EMSGSIZE && b->now -
	    ifp->send_failures.last < 2 * ifp->conf.hello_interval)
		return "too-big";
	if (n->txcost < INFINITY_METRIC)
		return "passed";
	return n->rxcost < INFINITY_METRIC ? "lost" : "unknown";
}

static void
put_histories(struct line *line, const struct babel *b,
    const struct neighbour *n)
{
	line_vector(line, LABEL("reach", "babel-hello-mcast-history"),
	    n->multicast.vector);
	line_vector(line, LABEL("ureach", "babel-hello-ucast-history"),
	    n->unicast.vector);
	line_seconds(line, BOTH("hello-interval"),
	    time_max(n->multicast.interval, n->unicast.interval));
	describe_age(line, BOTH("hello-age"), b, time_max(n->multicast.received,
	    n->unicast.received));
	describe_age(line, BOTH("ihu-age"), b, n->ihu_received);
	describe_age(line, BOTH("packet-age"), b, n->received);
}

/* Packets that were not accepted: how many, why the last one, and when. */
static void
put_trouble(struct line *line, const struct babel *b,
    const struct auth_trouble *trouble)
{
	line_number(line, BOTH("mac-dropped"), trouble->count);
	if (trouble->count == 0)
		line_null(line, BOTH("mac-reason"));
	else
		line_word(line, BOTH("mac-reason"), counter_name(
		    trouble->reason) + strlen("dropped-"));
	describe_age(line, BOTH("mac-age"), b, trouble->last);
}

static void
report_neighbour(const struct babel *b, struct client *c,
    const struct neighbour *n)
{
	const char *word;
	struct line line;
	babel_time last;

	word = link_word(n, &last);
	line_init(&line, c->task.format);
	line_object_number(&line, "neighbour", n->id);
	line_address(&line, LABEL("address", "babel-neighbor-address"),
	    &n->address);
	line_word(&line, BOTH("link"), word);
	describe_age(&line, BOTH("since"), b, last);
	line_yes(&line, BOTH("heard"), n->rxcost < INFINITY_METRIC);
	line_yes(&line, BOTH("hears-us"), n->txcost < INFINITY_METRIC);
	put_histories(&line, b, n);
	line_number(&line, LABEL("rxcost", "babel-rxcost"), n->rxcost);
	line_number(&line, LABEL("txcost", "babel-txcost"), n->txcost);
	describe_rtt(&line, b, n);
	line_number(&line, BOTH("rtt-samples"), n->rtt_samples);
	line_number(&line, LABEL("cost", "babel-cost"), n->cost);
	line_number(&line, BOTH("routes"), n->route_count);
	line_yes(&line, BOTH("static"), neighbour_is_declared(b, n));
	line_word(&line, BOTH("mac"), describe_mac_word(n->interface));
	put_trouble(&line, b, &n->auth.trouble);
	line_number(&line, BOTH("mtu"), n->interface->link.mtu);
	line_word(&line, BOTH("mtu-probe"), mtu_word(b, n));
	describe_sending(&line, b, n->interface);
	line_word(&line, LABEL("if", "babel-interface-reference"),
	    n->interface->link.name);
	client_put_report(c, &line);
}

/* The interface's last sender that is no neighbour because its packets were not
 * accepted, if it is asked for. */
static void
report_stranger(const struct babel *b, struct client *c,
    const struct interface *ifp)
{
	const struct in6_addr *address = &ifp->auth.stranger;
	char text[ADDRESS_STRLEN];
	struct line line;

	if (ifp->auth.trouble.count == 0 ||
	    neighbour_find(ifp, address) != NULL ||
	    (c->task.selection == SELECT_ADDRESS &&
	    !address_equal(address, &c->task.address)))
		return;
	line_init(&line, c->task.format);
	line_object(&line, "stranger", address_format(address, text));
	line_word(&line, BOTH("mac"), describe_mac_word(ifp));
	put_trouble(&line, b, &ifp->auth.trouble);
	line_word(&line, LABEL("if", "babel-interface-reference"),
	    ifp->link.name);
	client_put_report(c, &line);
}

/* An interface where no packet of ours leaves, as the reason why there is no
 * neighbour. */
static void
report_mute(const struct babel *b, struct client *c,
    const struct interface *ifp)
{
	struct line line;

	if (ifp->send_failures.count == 0 ||
	    !neighbour_tree_is_empty(&ifp->neighbours) ||
	    c->task.selection == SELECT_ADDRESS)
		return;
	line_init(&line, c->task.format);
	line_object(&line, "interface", ifp->link.name);
	line_yes(&line, BOTH("up"), ifp->up);
	describe_sending(&line, b, ifp);
	line_word(&line, LABEL("if", "babel-interface-reference"),
	    ifp->link.name);
	client_put_report(c, &line);
}

bool
explain_neighbour_step(const struct babel *b, struct client *c)
{
	struct object object;
	enum cursor_result result = cursor_step(&c->task.cursor, b, &object);

	if (result != CURSOR_OBJECT)
		return result == CURSOR_END;
	if (object.kind == OBJECT_INTERFACE) {
		report_stranger(b, c, object.u.interface);
		report_mute(b, c, object.u.interface);
	} else if (monitor_selects(b, &object, &c->task))
		report_neighbour(b, c, object.u.neighbour);
	return false;
}
