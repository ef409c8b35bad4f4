/*
 * local/stats.c - the report "stats": a line for each number that belongs to no
 * object, and then one for each interface and neighbour.
 */
#include "local/stats.h"

#include "babel.h"
#include "configuration.h"
#include "instance.h"
#include "interface.h"
#include "local/client.h"
#include "local/cursor.h"
#include "local/describe.h"
#include "local/line.h"
#include "local/local_state.h"
#include "local/statistic.h"
#include "neighbour.h"

static void
put_interface(struct line *line, const struct interface *ifp)
{
	line_object(line, "interface", ifp->link.name);
	line_true(line, BOTH("up"), ifp->up);
	line_number(line, BOTH("neighbours"), ifp->neighbour_count);
	describe_statistics(line, ifp);
}

static void
put_neighbour(struct line *line, const struct babel *b,
    const struct neighbour *n)
{
	line_object_number(line, "neighbour", n->id);
	line_address(line, LABEL("address", "babel-neighbor-address"),
	    &n->address);
	line_number(line, BOTH("routes"), n->route_count);
	line_number(line, LABEL("cost", "babel-cost"), n->cost);
	describe_rtt(line, b, n);
	line_number(line, BOTH("rtt-samples"), n->rtt_samples);
	line_word(line, LABEL("if", "babel-interface-reference"),
	    n->interface->link.name);
}

/* Behind the scalars: a line for each interface and neighbour. */
static bool
object_step(const struct babel *b, struct client *c,
    struct line *line)
{
	struct object object;
	enum cursor_result result = cursor_step(&c->task.cursor, b, &object);

	if (result != CURSOR_OBJECT)
		return result == CURSOR_END;
	if (object.kind == OBJECT_INTERFACE)
		put_interface(line, object.u.interface);
	else
		put_neighbour(line, b, object.u.neighbour);
	client_put_report(c, line);
	return false;
}

/* RFC 9046, section 3.1. */
static void
report_information(const struct local *local, const struct babel *b,
    struct client *c)
{
	static const char *const metrics[] = { "2-out-of-3", "ETX", NULL };
	static const char *const security[] = { "MAC", NULL };
	static const char *const macs[] = { "HMAC-SHA256", "BLAKE2s-128",
		NULL };
	struct line line;

	line_init(&line, c->task.format);
	line_object(&line, "information", local->version);
	line_word(&line, LABEL(NULL, "babel-implementation-version"),
	    local->version);
	line_true(&line, LABEL(NULL, "babel-enable"), !b->shutting_down);
	line_id(&line, LABEL("router-id", "babel-self-router-id"), &b->id);
	line_number(&line, LABEL("seqno", "babel-self-seqno"), b->seqno);
	line_list(&line, "babel-metric-comp-algorithms", metrics);
	line_list(&line, "babel-security-supported", security);
	line_list(&line, "babel-mac-algorithms", macs);
	line_open(&line, "babel-constants");
	line_number(&line, LABEL("udp-port", "babel-udp-port"),
	    b->conf->options.protocol_port);
	line_address(&line, LABEL("mcast-group", "babel-mcast-group"),
	    &b->conf->options.protocol_group);
	line_close(&line);
	client_put_report(c, &line);
}

bool
stats_step(const struct local *local, const struct babel *b,
    struct client *c)
{
	struct statistic statistic;
	struct line line;

	if (!c->task.started) {
		c->task.started = true;
		report_information(local, b, c);
		return false;
	}
	line_init(&line, c->task.format);
	if (!statistic_get(local, b, c->task.stage, &statistic))
		return object_step(b, c, &line);
	c->task.stage++;
	if (statistic.is_absent)
		return false;
	line_object(&line, statistic.is_gauge ? "gauge" : "counter",
	    statistic.name);
	line_number(&line, BOTH("value"), statistic.value);
	client_put_report(c, &line);
	return false;
}
