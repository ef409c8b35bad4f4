/*
 * local/describe.c - the objects of the stream, in the words that clients
 * parse.
 *
 * The plain lines are babeld's, to the byte: clients split them at single
 * blanks, and some count the words, so nothing may be added to them.  New
 * fields go into JSON, or into the wide form, where "if" still comes last
 * because there are clients whose patterns end with it.
 *
 * JSON follows RFC 9046: interfaces (section 3.3) with their statistics (3.4),
 * neighbours (3.5) and routes (3.6), with the names given there.  An xroute is
 * a route without neighbour.  That model lacks source prefixes, RTT and the
 * difference between selected and installed; these have the names of the plain
 * lines.
 */
#include "local/describe.h"

#include <string.h>

#include "babel.h"
#include "configuration.h"
#include "destination.h"
#include "fib.h"
#include "field.h"
#include "instance.h"
#include "interface.h"
#include "local/cursor.h"
#include "local/line.h"
#include "neighbour.h"
#include "net.h"
#include "prefix.h"
#include "route.h"
#include "source.h"
#include "util.h"
#include "xroute.h"

#define JSON(name)	LABEL(NULL, name)

bool
describe_is_installed(const struct babel *b, const struct route *route)
{
	const struct destination *d = route->destination;

	if (d->selected != NULL)
		return d->selected == route && fib_is_current(b, d);
	/* An unreachable entry in the kernel stands for the last route. */
	return d->fib.has_installed && d->fib.installed.unreachable &&
	    d->last_route == route->id && route->metric == INFINITY_METRIC;
}

/* A time as centiseconds, as the model has intervals. */
static void
put_interval(struct line *line, const char *name, babel_time interval)
{
	line_number(line, JSON(name), interval_encode(interval));
}

void
describe_statistics(struct line *line, const struct interface *ifp)
{
	line_number(line, LABEL("sent-mcast-hello",
	    "babel-sent-mcast-hello"), ifp->stats.mcast_hellos);
	line_number(line, LABEL("sent-mcast-update",
	    "babel-sent-mcast-update"), ifp->stats.mcast_updates);
	line_number(line, LABEL("sent-ucast-hello",
	    "babel-sent-ucast-hello"), ifp->stats.ucast_hellos);
	line_number(line, LABEL("sent-ucast-update",
	    "babel-sent-ucast-update"), ifp->stats.ucast_updates);
	line_number(line, LABEL("sent-ihu", "babel-sent-IHU"),
	    ifp->stats.ihus);
	line_number(line, LABEL("received-packets",
	    "babel-received-packets"), ifp->stats.received);
}

/* Fields that have a meaning only while the interface is up. */
static void
put_parameters(struct line *line, const struct interface *ifp)
{
	const struct interface_parameters *conf = &ifp->conf;

	line_word(line, JSON("babel-interface-metric-algorithm"),
	    conf->link_quality ? "ETX" : "2-out-of-3");
	line_true(line, JSON("babel-interface-split-horizon"),
	    conf->split_horizon);
	line_number(line, JSON("babel-mcast-hello-seqno"),
	    seqno_plus(ifp->hello_seqno, -1));
	put_interval(line, "babel-mcast-hello-interval",
	    conf->hello_interval);
	put_interval(line, "babel-update-interval", conf->update_interval);
	line_true(line, JSON("babel-mac-enable"), conf->keys != NULL);
	line_true(line, JSON("babel-mac-verify"), conf->keys != NULL &&
	    !conf->accept_bad_signatures);
	line_word(line, JSON("type"), field_type_word(conf->type));
	line_number(line, JSON("rxcost"), conf->rxcost);
	line_number(line, JSON("mtu"), ifp->link.mtu);
}

static void
describe_interface(struct line *line, const struct interface *ifp)
{
	line_object(line, "interface", ifp->link.name);
	line_word(line, JSON("babel-interface-reference"), ifp->link.name);
	line_true(line, JSON("babel-interface-enable"), true);
	line_true(line, LABEL("up", "up"), ifp->up);
	if (ifp->up && ifp->link.link_local_count > 0)
		line_address(line, LABEL("ipv6", "ipv6"),
		    &ifp->link.link_local[0]);
	if (ifp->up && !address_is_unspecified(&ifp->link.ipv4))
		line_address(line, LABEL("ipv4", "ipv4"), &ifp->link.ipv4);
	if (line->format != LINE_JSON)
		return;
	if (ifp->up)
		put_parameters(line, ifp);
	line_open(line, "babel-if-stats");
	describe_statistics(line, ifp);
	line_close(line);
}

void
describe_rtt(struct line *line, const struct babel *b,
    const struct neighbour *n)
{
	if (!neighbour_rtt_is_valid(b, n))
		return;
	line_milliseconds(line, LABEL("rtt", "rtt"), n->rtt);
	line_number(line, LABEL("rttcost", "rttcost"),
	    neighbour_rtt_cost(b, n));
}

void
describe_age(struct line *line, struct label label, const struct babel *b,
    babel_time then)
{
	if (then == 0)
		line_null(line, label);
	else
		line_seconds(line, label, b->now - then);
}

const char *
describe_mac_word(const struct interface *ifp)
{
	if (ifp->conf.keys == NULL)
		return "off";
	return ifp->conf.accept_bad_signatures ? "lenient" : "required";
}

void
describe_sending(struct line *line, const struct babel *b,
    const struct interface *ifp)
{
	line_number(line, BOTH("sends-failed"), ifp->send_failures.count);
	if (ifp->send_failures.count == 0) {
		line_null(line, BOTH("send-errno"));
		line_null(line, BOTH("send-reason"));
	} else {
		line_number(line, BOTH("send-errno"),
		    (uint64_t)ifp->send_failures.error);
		line_word(line, BOTH("send-reason"),
		    net_error_word(ifp->send_failures.error));
	}
	describe_age(line, BOTH("send-age"), b, ifp->send_failures.last);
}

/* The seqno that the next Hello should have. */
static void
put_expected(struct line *line, const char *name,
    const struct hello_history *history)
{
	if (history->started)
		line_number(line, JSON(name), history->expected);
	else
		line_null(line, JSON(name));
}

static void
put_neighbour_state(struct line *line, const struct neighbour *n)
{
	if (router_id_is_valid(&n->router_id))
		line_id(line, JSON("router-id"), &n->router_id);
	else
		line_null(line, JSON("router-id"));
	put_expected(line, "babel-exp-mcast-hello-seqno", &n->multicast);
	put_expected(line, "babel-exp-ucast-hello-seqno", &n->unicast);
	/* No Hello is promised by unicast. */
	line_null(line, JSON("babel-ucast-hello-seqno"));
	line_null(line, JSON("babel-ucast-hello-interval"));
	line_seconds(line, JSON("hello-interval"), n->multicast.interval);
	line_number(line, JSON("routes"), n->route_count);
}

static void
describe_neighbour(struct line *line, const struct babel *b,
    const struct neighbour *n)
{
	line_object_number(line, "neighbour", n->id);
	line_address(line, LABEL("address", "babel-neighbor-address"),
	    &n->address);
	line_word(line, LABEL("if", "babel-interface-reference"),
	    n->interface->link.name);
	line_vector(line, LABEL("reach", "babel-hello-mcast-history"),
	    n->multicast.vector);
	line_vector(line, LABEL("ureach", "babel-hello-ucast-history"),
	    n->unicast.vector);
	line_number(line, LABEL("rxcost", "babel-rxcost"), n->rxcost);
	line_number(line, LABEL("txcost", "babel-txcost"), n->txcost);
	describe_rtt(line, b, n);
	line_number(line, LABEL("cost", "babel-cost"), n->cost);
	if (line->format == LINE_JSON)
		put_neighbour_state(line, n);
}

/* A prefix as in the model: address and length apart. */
static void
put_prefix(struct line *line, struct prefix prefix, const char *address,
    const char *length)
{
	struct in6_addr octets;
	unsigned int shift = prefix_is_ipv4(&prefix) ? 96 : 0;

	memcpy(&octets, prefix.address, sizeof(octets));
	line_address(line, JSON(address), &octets);
	line_number(line, JSON(length), prefix.plen - shift);
}

void
describe_destination(struct line *line, const struct destination_key *key)
{
	char text[PREFIX_STRLEN];
	struct prefix from;

	line_word(line, LABEL("prefix", NULL), prefix_format(&key->to, text));
	destination_from_format(key, text);
	line_word(line, LABEL("from", NULL), text);
	if (line->format != LINE_JSON)
		return;
	put_prefix(line, key->to, "babel-route-prefix",
	    "babel-route-prefix-length");
	if (prefix_parse(text, &from) == 0)
		put_prefix(line, from, "from-prefix", "from-prefix-length");
}

const char *
describe_destination_id(const struct destination_key *key,
    char buffer[DESTINATION_ID_STRLEN])
{
	char *end;

	prefix_format(&key->to, buffer);
	end = buffer + strlen(buffer);
	*end++ = '-';
	destination_from_format(key, end);
	return buffer;
}

static void
describe_xroute(struct line *line, const struct babel *b,
    const struct xroute *x)
{
	const struct destination_key *key = &x->destination->key;
	char id[DESTINATION_ID_STRLEN];

	line_object(line, "xroute", describe_destination_id(key, id));
	describe_destination(line, key);
	line_number(line, LABEL("metric", "babel-route-calculated-metric"),
	    x->metric);
	if (line->format != LINE_JSON)
		return;
	line_id(line, JSON("babel-route-router-id"), &b->id);
	line_null(line, JSON("babel-route-neighbor"));
	line_null(line, JSON("babel-route-received-metric"));
	line_number(line, JSON("babel-route-seqno"), b->seqno);
	line_null(line, JSON("babel-route-next-hop"));
	line_true(line, JSON("babel-route-feasible"), true);
	line_true(line, JSON("babel-route-selected"), true);
	line_number(line, JSON("proto"), x->proto);
	line_number(line, JSON("priority"), x->priority);
}

static uint32_t
table_of(const struct babel *b, const struct destination *d)
{
	return d->fib.has_installed ? d->fib.installed.table :
	    b->conf->options.export_table;
}

static void
put_route_state(struct line *line, const struct babel *b,
    const struct route *route)
{
	line_number(line, JSON("babel-route-seqno"), route->seqno);
	line_true(line, JSON("babel-route-feasible"),
	    route_is_feasible(route));
	line_true(line, JSON("babel-route-selected"),
	    route->destination->selected == route);
	line_number(line, JSON("smoothed-metric"),
	    route_smoothed_metric(b, route));
	line_seconds(line, JSON("age"), b->now - route->received);
}

static void
describe_route(struct line *line, const struct babel *b,
    const struct route *route)
{
	bool wide = line->format == LINE_WIDE;

	line_object_number(line, "route", route->id);
	describe_destination(line, &route->destination->key);
	line_yes(line, LABEL("installed", "installed"),
	    describe_is_installed(b, route));
	line_id(line, LABEL("id", "babel-route-router-id"),
	    &route->source->id);
	line_number(line, LABEL("metric", "babel-route-calculated-metric"),
	    route->metric);
	line_number(line, LABEL("refmetric", "babel-route-received-metric"),
	    route->refmetric);
	line_address(line, LABEL("via", "babel-route-neighbor"),
	    &route->neighbour->address);
	line_address(line, LABEL(wide ? "nexthop" : NULL,
	    "babel-route-next-hop"), &route->next_hop);
	line_number(line, LABEL(wide ? "table" : NULL, "table"),
	    table_of(b, route->destination));
	line_word(line, LABEL("if", "babel-interface-reference"),
	    route->neighbour->interface->link.name);
	if (line->format == LINE_JSON)
		put_route_state(line, b, route);
}

void
describe_object(struct line *line, const struct babel *b,
    const struct object *object)
{
	switch (object->kind) {
	case OBJECT_INTERFACE:
		describe_interface(line, object->u.interface);
		break;
	case OBJECT_NEIGHBOUR:
		describe_neighbour(line, b, object->u.neighbour);
		break;
	case OBJECT_XROUTE:
		describe_xroute(line, b, object->u.xroute);
		break;
	case OBJECT_ROUTE:
		describe_route(line, b, object->u.route);
		break;
	case OBJECT_KINDS:
		break;
	}
	line_end(line);
}
