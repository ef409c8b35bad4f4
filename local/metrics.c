/*
 * local/metrics.c - "metrics": the numbers in Prometheus' text format.
 *
 * The samples of a family follow its HELP and TYPE and each other, so the
 * families are the outer loop and the tables are walked once for each.
 * Counters end in _total; what belongs to an interface or a neighbour has
 * labels.  The names of reasons for dropping a packet become labels too.
 */
#include "local/state.h"

#include <string.h>

#include "local/describe.h"

#define DROPPED		"dropped-"

/* A family with a sample for each object of a kind. */
struct family {
	const char *name, *help;
	enum object_kind kind;
	bool is_counter;
	bool microseconds;		/* to be shown in seconds */
	/* False: the object has no such value now. */
	bool (*get)(const struct babel *, const struct object *, uint64_t *);
};

static bool
interface_up(const struct babel *b, const struct object *o, uint64_t *value)
{
	(void)b;
	*value = o->u.interface->up;
	return true;
}

static bool
interface_neighbours(const struct babel *b, const struct object *o,
    uint64_t *value)
{
	(void)b;
	*value = o->u.interface->neighbour_count;
	return true;
}

#define INTERFACE_STATISTIC(field)					\
static bool								\
sent_##field(const struct babel *b, const struct object *o,		\
    uint64_t *value)							\
{									\
	(void)b;							\
	*value = o->u.interface->stats.field;				\
	return true;							\
}
INTERFACE_STATISTIC(mcast_hellos)
INTERFACE_STATISTIC(mcast_updates)
INTERFACE_STATISTIC(ucast_hellos)
INTERFACE_STATISTIC(ucast_updates)
INTERFACE_STATISTIC(ihus)
INTERFACE_STATISTIC(received)

#define NEIGHBOUR_NUMBER(field)						\
static bool								\
neighbour_##field(const struct babel *b, const struct object *o,	\
    uint64_t *value)							\
{									\
	(void)b;							\
	*value = o->u.neighbour->field;					\
	return true;							\
}
NEIGHBOUR_NUMBER(rxcost)
NEIGHBOUR_NUMBER(txcost)
NEIGHBOUR_NUMBER(cost)
NEIGHBOUR_NUMBER(route_count)

static bool
neighbour_rtt(const struct babel *b, const struct object *o,
    uint64_t *value)
{
	const struct neighbour *n = o->u.neighbour;

	*value = (uint64_t)n->rtt;
	return neighbour_rtt_is_valid(b, n);
}

static bool
neighbour_hello_age(const struct babel *b, const struct object *o,
    uint64_t *value)
{
	const struct neighbour *n = o->u.neighbour;
	babel_time heard = time_max(n->multicast.received,
	    n->unicast.received);

	*value = (uint64_t)time_max(b->now - heard, 0);
	return n->multicast.started || n->unicast.started;
}

static const struct family families[] = {
	{ "babel_interface_up", "Whether Babel runs on the interface.",
	    OBJECT_INTERFACE, false, false, interface_up },
	{ "babel_interface_neighbours", "Neighbours on the interface.",
	    OBJECT_INTERFACE, false, false, interface_neighbours },
	{ "babel_interface_sent_mcast_hellos_total",
	    "Multicast Hellos sent on the interface.",
	    OBJECT_INTERFACE, true, false, sent_mcast_hellos },
	{ "babel_interface_sent_mcast_updates_total",
	    "Multicast updates sent on the interface.",
	    OBJECT_INTERFACE, true, false, sent_mcast_updates },
	{ "babel_interface_sent_ucast_hellos_total",
	    "Unicast Hellos sent on the interface.",
	    OBJECT_INTERFACE, true, false, sent_ucast_hellos },
	{ "babel_interface_sent_ucast_updates_total",
	    "Unicast updates sent on the interface.",
	    OBJECT_INTERFACE, true, false, sent_ucast_updates },
	{ "babel_interface_sent_ihus_total", "IHUs sent on the interface.",
	    OBJECT_INTERFACE, true, false, sent_ihus },
	{ "babel_interface_received_packets_total",
	    "Packets received on the interface.",
	    OBJECT_INTERFACE, true, false, sent_received },
	{ "babel_neighbour_rxcost", "Cost that we tell the neighbour.",
	    OBJECT_NEIGHBOUR, false, false, neighbour_rxcost },
	{ "babel_neighbour_txcost", "Cost that the neighbour tells us.",
	    OBJECT_NEIGHBOUR, false, false, neighbour_txcost },
	{ "babel_neighbour_cost", "Cost of the link; 65535: no link.",
	    OBJECT_NEIGHBOUR, false, false, neighbour_cost },
	{ "babel_neighbour_routes", "Routes learnt from the neighbour.",
	    OBJECT_NEIGHBOUR, false, false, neighbour_route_count },
	{ "babel_neighbour_rtt_seconds", "Round-trip time, smoothed.",
	    OBJECT_NEIGHBOUR, false, true, neighbour_rtt },
	{ "babel_neighbour_hello_age_seconds", "Time since the last Hello.",
	    OBJECT_NEIGHBOUR, false, true, neighbour_hello_age },
};
#define FAMILIES	(sizeof(families) / sizeof(families[0]))

/* The family of a number: its name, "dropped-*" all in one. */
static void
scalar_family(struct line *line, const struct scalar *scalar)
{
	const char *name = scalar->name;
	char c[2] = "";

	if (strncmp(name, DROPPED, strlen(DROPPED)) == 0)
		name = "packets-dropped";
	line_text(line, "babel_");
	for (; *name != '\0'; name++) {
		c[0] = *name == '-' ? '_' : *name;
		line_text(line, c);
	}
	if (!scalar->is_gauge)
		line_text(line, "_total");
}

static void
put_heading(struct line *line, const char *name, const char *help,
    bool is_counter)
{
	line_text(line, "# HELP ");
	line_text(line, name);
	line_text(line, " ");
	line_text(line, help);
	line_text(line, "\n# TYPE ");
	line_text(line, name);
	line_text(line, is_counter ? " counter\n" : " gauge\n");
}

/* A label's value: backslash, quote and newline are escaped; what is not
 * ASCII is written out in hexadecimal, after a backslash of its own. */
static void
put_label(struct line *line, const char *name, const char *value)
{
	unsigned char c;
	char text[2] = "";

	line_text(line, name);
	line_text(line, "=\"");
	while ((c = (unsigned char)*value++) != '\0') {
		text[0] = (char)c;
		if (c < 0x20 || c >= 0x7F) {
			line_text(line, "\\\\x");
			line_hex(line, c, 2);
			continue;
		}
		if (c == '"' || c == '\\')
			line_text(line, "\\");
		line_text(line, text);
	}
	line_text(line, "\"");
}

static void
say(struct client *c, struct line *line)
{
	line_text(line, "\n");
	client_say(c, line->bytes, line->len);
}

/* Is it the first of its family?  Only "dropped-*" are several. */
static bool
begins_family(const struct local *local, const struct babel *b,
    unsigned int index, const char *name)
{
	struct scalar before;

	return strncmp(name, DROPPED, strlen(DROPPED)) != 0 || index == 0 ||
	    !scalar_get(local, b, index - 1, &before) ||
	    strncmp(before.name, DROPPED, strlen(DROPPED)) != 0;
}

static void
say_scalar(const struct local *local, const struct babel *b,
    struct client *c, const struct scalar *scalar)
{
	struct line name, line;
	bool is_drop = strncmp(scalar->name, DROPPED,
	    strlen(DROPPED)) == 0;

	line_init(&name, LINE_PLAIN);
	scalar_family(&name, scalar);
	line_terminate(&name);
	line_init(&line, LINE_PLAIN);
	if (begins_family(local, b, c->task.stage, scalar->name))
		put_heading(&line, name.bytes, scalar->help,
		    !scalar->is_gauge);
	line_text(&line, name.bytes);
	if (is_drop) {
		line_text(&line, "{");
		put_label(&line, "reason", scalar->name + strlen(DROPPED));
		line_text(&line, "}");
	}
	line_text(&line, " ");
	line_decimal(&line, scalar->value);
	say(c, &line);
}

static void
put_labels(struct line *line, const struct object *object)
{
	char address[ADDRESS_STRLEN];
	const struct interface *ifp = object->u.interface;

	if (object->kind == OBJECT_NEIGHBOUR)
		ifp = object->u.neighbour->interface;
	line_text(line, "{");
	put_label(line, "interface", ifp->link.name);
	if (object->kind == OBJECT_NEIGHBOUR) {
		line_text(line, ",");
		put_label(line, "address", address_format(
		    &object->u.neighbour->address, address));
	}
	line_text(line, "} ");
}

static void
say_sample(const struct babel *b, struct client *c,
    const struct family *family, const struct object *object)
{
	struct line line;
	uint64_t value;

	if (!family->get(b, object, &value))
		return;
	line_init(&line, LINE_PLAIN);
	line_text(&line, family->name);
	put_labels(&line, object);
	line_decimal(&line, family->microseconds ? value / SECOND : value);
	if (family->microseconds) {
		line_text(&line, ".");
		line_digits(&line, value % SECOND, 6);
	}
	say(c, &line);
}

static void
begin_family(struct client *c, const struct family *family)
{
	struct line line;

	cursor_init(&c->task.cursor, OBJECT_BIT(family->kind));
	c->task.started = true;
	line_init(&line, LINE_PLAIN);
	put_heading(&line, family->name, family->help, family->is_counter);
	client_say(c, line.bytes, line.len);
}

/* Who we are, as labels of a number that is always 1. */
static void
say_info(const struct local *local, const struct babel *b,
    struct client *c)
{
	char id[ROUTER_ID_STRLEN];
	struct line line;

	line_init(&line, LINE_PLAIN);
	put_heading(&line, "babel_info", "Version and router-id.", false);
	line_text(&line, "babel_info{");
	put_label(&line, "version", local->version);
	line_text(&line, ",");
	put_label(&line, "router_id", router_id_format(&b->id, id));
	line_text(&line, "} 1");
	say(c, &line);
}

/* Walk the objects of a family; then the next one. */
static bool
family_step(const struct babel *b, struct client *c)
{
	const struct family *family = &families[c->task.family];
	struct object object;

	if (!c->task.started) {
		begin_family(c, family);
		return false;
	}
	switch (cursor_step(&c->task.cursor, b, &object)) {
	case CURSOR_OBJECT:
		say_sample(b, c, family, &object);
		break;
	case CURSOR_NOTHING:
		break;
	case CURSOR_END:
		c->task.started = false;
		c->task.family++;
		break;
	}
	return c->task.family == FAMILIES;
}

bool
metrics_step(const struct local *local, const struct babel *b,
    struct client *c)
{
	struct scalar scalar;

	if (!scalar_get(local, b, c->task.stage, &scalar)) {
		if (c->task.family == 0 && !c->task.started)
			say_info(local, b, c);
		return family_step(b, c);
	}
	say_scalar(local, b, c, &scalar);
	c->task.stage++;
	return false;
}
