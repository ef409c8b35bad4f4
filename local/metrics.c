/*
 * local/metrics.c - "metrics": the numbers in Prometheus' text format.
 *
 * The samples of a family follow its HELP and TYPE and each other, so the
 * families are the outer loop and the tables are walked once for each.
 * Names follow Prometheus' conventions: base units, counters end in _total.
 * A number that does not exist at the moment has no sample, so that no
 * average contains an infinite cost.
 */
#include "local/metrics.h"

#include <string.h>

#include "auth.h"
#include "babel.h"
#include "configuration.h"
#include "instance.h"
#include "interface.h"
#include "local/client.h"
#include "local/cursor.h"
#include "local/line.h"
#include "local/local_state.h"
#include "local/statistic.h"
#include "neighbour.h"
#include "prefix.h"
#include "util.h"

enum value_type {
	VALUE_FLAG,			/* a bool: 0 or 1 */
	VALUE_COST,			/* an uint16_t; none if infinite */
	VALUE_NUMBER,			/* an uint32_t */
	VALUE_TOTAL,			/* an uint64_t that only grows */
	VALUE_SECONDS,			/* a babel_time */
};

/* A family with a sample for each object of a kind. */
struct family {
	const char *name, *help;
	enum object_kind kind;
	enum value_type type;
	size_t offset;			/* of the field in the object, or: */
	/* False: the object has no such value now. */
	bool (*compute)(const struct babel *, const struct object *,
	    uint64_t *value);
};

static bool
neighbour_rtt(const struct babel *b, const struct object *object,
    uint64_t *value)
{
	const struct neighbour *n = object->u.neighbour;

	*value = (uint64_t)n->rtt;
	return neighbour_rtt_is_valid(b, n);
}

static bool
neighbour_hello_age(const struct babel *b, const struct object *object,
    uint64_t *value)
{
	const struct neighbour *n = object->u.neighbour;
	babel_time heard = time_max(n->multicast.received,
	    n->unicast.received);

	*value = (uint64_t)time_max(b->now - heard, 0);
	return n->multicast.started || n->unicast.started;
}

static bool
neighbour_reachable(const struct babel *b, const struct object *object,
    uint64_t *value)
{
	(void)b;
	*value = neighbour_is_reachable(object->u.neighbour);
	return true;
}

static bool
neighbour_is_heard(const struct babel *b, const struct object *object,
    uint64_t *value)
{
	(void)b;
	*value = object->u.neighbour->rxcost < INFINITY_METRIC;
	return true;
}

static bool
neighbour_hears_us(const struct babel *b, const struct object *object,
    uint64_t *value)
{
	(void)b;
	*value = object->u.neighbour->txcost < INFINITY_METRIC;
	return true;
}

/* How many of the last sixteen Hellos were received, of the kind that
 * arrives. */
static bool
neighbour_reach(const struct babel *b, const struct object *object,
    uint64_t *value)
{
	const struct neighbour *n = object->u.neighbour;
	uint16_t vector = n->multicast.started ? n->multicast.vector :
	    n->unicast.vector;

	(void)b;
	for (*value = 0; vector != 0; vector &= (uint16_t)(vector - 1))
		++*value;
	return n->multicast.started || n->unicast.started;
}

#define INTERFACE(type, field, name, help)				\
	{ "babel_interface_" name, help, OBJECT_INTERFACE, type,	\
	    offsetof(struct interface, field), NULL }
#define NEIGHBOUR(type, field, name, help)				\
	{ "babel_neighbour_" name, help, OBJECT_NEIGHBOUR, type,	\
	    offsetof(struct neighbour, field), NULL }
#define COMPUTED(type, function, name, help)				\
	{ "babel_neighbour_" name, help, OBJECT_NEIGHBOUR, type, 0, function }

static const struct family families[] = {
	INTERFACE(VALUE_FLAG, up, "up",
	    "Whether Babel runs on the interface."),
	INTERFACE(VALUE_FLAG, link.carrier, "carrier",
	    "Whether the interface has a carrier."),
	INTERFACE(VALUE_SECONDS, conf.hello_interval,
	    "hello_interval_seconds", "Time between two Hellos."),
	INTERFACE(VALUE_NUMBER, unsent_count, "queued_packets",
	    "Packets that wait until the kernel can take them."),
	INTERFACE(VALUE_TOTAL, send_failures.count, "send_failures_total",
	    "Packets that could not be sent on the interface."),
	INTERFACE(VALUE_TOTAL, auth.trouble.count, "mac_failures_total",
	    "Packets on the interface whose MAC was not right."),
	INTERFACE(VALUE_NUMBER, neighbour_count, "neighbours",
	    "Neighbours on the interface."),
	INTERFACE(VALUE_TOTAL, stats.mcast_hellos,
	    "sent_mcast_hellos_total",
	    "Multicast Hellos sent on the interface."),
	INTERFACE(VALUE_TOTAL, stats.mcast_updates,
	    "sent_mcast_updates_total",
	    "Multicast updates sent on the interface."),
	INTERFACE(VALUE_TOTAL, stats.ucast_hellos,
	    "sent_ucast_hellos_total",
	    "Unicast Hellos sent on the interface."),
	INTERFACE(VALUE_TOTAL, stats.ucast_updates,
	    "sent_ucast_updates_total",
	    "Unicast updates sent on the interface."),
	INTERFACE(VALUE_TOTAL, stats.ihus, "sent_ihus_total",
	    "IHUs sent on the interface."),
	INTERFACE(VALUE_TOTAL, stats.received, "received_packets_total",
	    "Packets received on the interface."),
	COMPUTED(VALUE_FLAG, neighbour_reachable, "reachable",
	    "Whether the link works in both directions."),
	COMPUTED(VALUE_FLAG, neighbour_is_heard, "rx_up",
	    "Whether we hear the neighbour."),
	COMPUTED(VALUE_FLAG, neighbour_hears_us, "tx_up",
	    "Whether the neighbour hears us."),
	COMPUTED(VALUE_NUMBER, neighbour_reach, "reach",
	    "Hellos received of the last sixteen."),
	NEIGHBOUR(VALUE_TOTAL, auth.trouble.count, "mac_failures_total",
	    "Packets of the neighbour whose MAC was not right."),
	NEIGHBOUR(VALUE_COST, rxcost, "rxcost",
	    "Cost that we announce to the neighbour."),
	NEIGHBOUR(VALUE_COST, txcost, "txcost",
	    "Cost that the neighbour announces to us."),
	NEIGHBOUR(VALUE_COST, cost, "cost", "Cost of the link."),
	NEIGHBOUR(VALUE_NUMBER, route_count, "routes",
	    "Routes learned from the neighbour."),
	COMPUTED(VALUE_SECONDS, neighbour_rtt, "rtt_seconds",
	    "Round-trip time, smoothed."),
	COMPUTED(VALUE_SECONDS, neighbour_hello_age, "hello_age_seconds",
	    "Time since the last Hello."),
};
#define FAMILIES	(sizeof(families) / sizeof(families[0]))

/* Families of statistics that have a sample for each value of a label. */
static const struct {
	const char *family, *help;
} labelled[] = {
	{ "default-route-metric",
	    "Metric of the default route, if there is one." },
	{ "packets-dropped", "Packets received and dropped." },
	{ "requests-ignored", "Requests received and not forwarded." },
	{ "routes", "Routes in the table." },
	{ "sends-lost", "Packets that could not be sent." },
	{ "updates-ignored", "Updates received and not used." },
};

/* The object's value; false if it has none now. */
static bool
family_value(const struct family *family, const struct babel *b,
    const struct object *object, uint64_t *value)
{
	const char *at = object->kind == OBJECT_INTERFACE ?
	    (const char *)object->u.interface :
	    (const char *)object->u.neighbour;

	if (family->compute != NULL)
		return family->compute(b, object, value);
	at += family->offset;
	switch (family->type) {
	case VALUE_FLAG:
		*value = *(const bool *)at;
		break;
	case VALUE_COST:
		*value = *(const uint16_t *)(const void *)at;
		return *value != INFINITY_METRIC;
	case VALUE_NUMBER:
		*value = *(const uint32_t *)(const void *)at;
		break;
	case VALUE_TOTAL:
		*value = *(const uint64_t *)(const void *)at;
		break;
	case VALUE_SECONDS:
		*value = (uint64_t)*(const babel_time *)(const void *)at;
		break;
	}
	return true;
}

/* A name in Prometheus' spelling: a statistic's, or a family's. */
static void
put_name(struct line *line, const struct statistic *statistic)
{
	const char *name = statistic->family != NULL ? statistic->family :
	    statistic->name;
	char c[2] = "";

	/* Every program has its resident memory and its start. */
	if (strncmp(name, "process-", strlen("process-")) != 0)
		line_text(line, "babel_");
	for (; *name != '\0'; name++) {
		c[0] = *name == '-' ? '_' : *name;
		line_text(line, c);
	}
	if (!statistic->is_gauge)
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

/* Write a label.  Backslash, quote and newline are escaped; octets that are not
 * UTF-8 are written in hexadecimal, after a backslash of their own. */
static void
put_label(struct line *line, const char *name, const char *value)
{
	char text[5];
	size_t len;

	line_text(line, name);
	line_text(line, "=\"");
	for (; *value != '\0'; value += len) {
		len = (unsigned char)*value < 0x80 ? 1 : line_utf8(value);
		if (len == 0 || (unsigned char)*value < 0x20 ||
		    *value == 0x7F) {
			line_text(line, "\\\\x");
			line_hex(line, (unsigned char)*value, 2);
			len = 1;
			continue;
		}
		if (*value == '"' || *value == '\\')
			line_text(line, "\\");
		memcpy(text, value, len);
		text[len] = '\0';
		line_text(line, text);
	}
	line_text(line, "\"");
}

static void
put_line(struct client *c, struct line *line)
{
	line_text(line, "\n");
	client_put(c, line->bytes, line->len);
}

/* Is it the first of its family?  Members of a family follow each other. */
static bool
begins_family(const struct local *local, const struct babel *b,
    unsigned int index, const struct statistic *statistic)
{
	struct statistic before;

	return statistic->family == NULL || index == 0 ||
	    !statistic_get(local, b, index - 1, &before) ||
	    before.family == NULL ||
	    strcmp(before.family, statistic->family) != 0;
}

static const char *
statistic_help(const struct statistic *statistic)
{
	size_t i;

	if (statistic->label != NULL)
		for (i = 0; i < sizeof(labelled) / sizeof(labelled[0]); i++)
			if (strcmp(labelled[i].family,
			    statistic->family) == 0)
				return labelled[i].help;
	return statistic->help;
}

static void
put_value(struct line *line, const char *name,
    const struct statistic *statistic)
{
	line_text(line, name);
	if (statistic->label != NULL) {
		line_text(line, "{");
		put_label(line, statistic->label, statistic->label_value);
		line_text(line, "}");
	}
	line_text(line, " ");
	line_decimal(line, statistic->value);
	line_text(line, "\n");
}

static void
report_statistic(const struct local *local, const struct babel *b,
    struct client *c, const struct statistic *statistic)
{
	struct line name, line;

	line_init(&name, LINE_PLAIN);
	put_name(&name, statistic);
	line_terminate(&name);
	line_init(&line, LINE_PLAIN);
	if (begins_family(local, b, c->task.stage, statistic))
		put_heading(&line, name.bytes, statistic_help(statistic),
		    !statistic->is_gauge);
	if (!statistic->is_absent)
		put_value(&line, name.bytes, statistic);
	client_put(c, line.bytes, line.len);
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
report_sample(const struct babel *b, struct client *c,
    const struct family *family, const struct object *object)
{
	struct line line;
	uint64_t value;

	if (!family_value(family, b, object, &value))
		return;
	line_init(&line, LINE_PLAIN);
	line_text(&line, family->name);
	put_labels(&line, object);
	if (family->type == VALUE_SECONDS) {
		line_decimal(&line, value / SECOND);
		line_text(&line, ".");
		line_digits(&line, value % SECOND, 6);
	} else
		line_decimal(&line, value);
	put_line(c, &line);
}

static void
begin_family(struct client *c, const struct family *family)
{
	struct line line;

	cursor_init(&c->task.cursor, OBJECT_BIT(family->kind));
	c->task.started = true;
	line_init(&line, LINE_PLAIN);
	put_heading(&line, family->name, family->help,
	    family->type == VALUE_TOTAL);
	client_put(c, line.bytes, line.len);
}

/* Version and router-id, as labels of a number that is always 1. */
static void
report_identity(const struct local *local, const struct babel *b,
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
	put_line(c, &line);
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
		report_sample(b, c, family, &object);
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
	struct statistic statistic;

	if (!statistic_get(local, b, c->task.stage, &statistic)) {
		if (c->task.family == 0 && !c->task.started)
			report_identity(local, b, c);
		return family_step(b, c);
	}
	if (statistic.family == NULL || statistic.family[0] != '\0')
		report_statistic(local, b, c, &statistic);
	c->task.stage++;
	return false;
}
