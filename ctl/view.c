/*
 * ctl/view.c - a daemon's tables, as reported.
 */
#include "ctl/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/connection.h"
#include "ctl/json.h"

#define SLOTS_MIN	64
#define VALUE_MAX	256		/* bytes of one field that are kept */

static const char *const kinds[KINDS] = {
	[INTERFACE] = "interface", [NEIGHBOUR] = "neighbour",
	[XROUTE] = "xroute", [ROUTE] = "route",
};

static const char *const names[FIELDS] = {
	[FIELD_ID] = "id",
	[FIELD_INTERFACE] = "babel-interface-reference",
	[FIELD_UP] = "up",
	[FIELD_TYPE] = "type",
	[FIELD_IPV6] = "ipv6",
	[FIELD_IPV4] = "ipv4",
	[FIELD_NOMINAL] = "rxcost",
	[FIELD_ADDRESS] = "babel-neighbor-address",
	[FIELD_REACH] = "babel-hello-mcast-history",
	[FIELD_UREACH] = "babel-hello-ucast-history",
	[FIELD_RXCOST] = "babel-rxcost",
	[FIELD_TXCOST] = "babel-txcost",
	[FIELD_COST] = "babel-cost",
	[FIELD_RTT] = "rtt",
	[FIELD_ROUTES] = "routes",
	[FIELD_PEER] = "router-id",
	[FIELD_PREFIX] = "babel-route-prefix",
	[FIELD_PLEN] = "babel-route-prefix-length",
	[FIELD_FROM] = "from-prefix",
	[FIELD_FROM_PLEN] = "from-prefix-length",
	[FIELD_ROUTER] = "babel-route-router-id",
	[FIELD_METRIC] = "babel-route-calculated-metric",
	[FIELD_REFMETRIC] = "babel-route-received-metric",
	[FIELD_VIA] = "babel-route-neighbor",
	[FIELD_NEXT_HOP] = "babel-route-next-hop",
	[FIELD_INSTALLED] = "installed",
	[FIELD_FEASIBLE] = "babel-route-feasible",
	[FIELD_AGE] = "age",
};

/* A line as it was read, with the places of its fields. */
struct reading {
	struct json_field event, object, fields[FIELDS];
};

void
view_init(struct view *view)
{
	int kind;

	memset(view, 0, sizeof(*view));
	for (kind = 0; kind < KINDS; kind++)
		TAILQ_INIT(&view->objects[kind]);
}

void
view_free(struct view *view)
{
	struct object *object;
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		while ((object = TAILQ_FIRST(&view->objects[kind])) != NULL) {
			TAILQ_REMOVE(&view->objects[kind], object, entry);
			free(object);
		}
	free(view->slots);
	view_init(view);
}

/* Objects by kind and id. */

static struct object **
slot_of(const struct view *view, enum kind kind, const char *id)
{
	uint32_t hash = 2166136261u + (uint32_t)kind;

	for (; *id != '\0'; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619u;
	hash ^= hash >> 15;
	return &view->slots[hash & (view->slot_count - 1)];
}

/* The reference to the object, or where it would be. */
static struct object **
look_up(const struct view *view, enum kind kind, const char *id)
{
	struct object **place = slot_of(view, kind, id);

	while (*place != NULL && ((*place)->kind != kind ||
	    strcmp(object_text(*place, FIELD_ID), id) != 0))
		place = &(*place)->chain;
	return place;
}

/* Make room for one more: 0, or -1. */
static int
reserve(struct view *view)
{
	struct object *object, **place;
	int kind;

	if (view->count < view->slot_count)
		return 0;
	free(view->slots);
	view->slot_count = view->slot_count == 0 ? SLOTS_MIN :
	    2 * view->slot_count;
	view->slots = calloc(view->slot_count, sizeof(*view->slots));
	if (view->slots == NULL) {
		view->slot_count = 0;
		return -1;
	}
	for (kind = 0; kind < KINDS; kind++)
		TAILQ_FOREACH(object, &view->objects[kind], entry) {
			place = slot_of(view, object->kind,
			    object_text(object, FIELD_ID));
			object->chain = *place;
			*place = object;
		}
	return 0;
}

static bool
is(const struct json_field *f, const char *word)
{
	return f->name != NULL && f->len == strlen(word) &&
	    memcmp(f->text, word, f->len) == 0;
}

static int
read_line(char *line, struct reading *reading)
{
	struct json_reader reader;
	struct json_field found;
	enum json_result result;
	int i;

	memset(reading, 0, sizeof(*reading));
	json_open(&reader, line);
	while ((result = json_next(&reader, &found)) == JSON_FIELD) {
		if (strcmp(found.name, "event") == 0)
			reading->event = found;
		else if (strcmp(found.name, "object") == 0)
			reading->object = found;
		for (i = 0; i < FIELDS; i++)
			if (strcmp(found.name, names[i]) == 0 &&
			    !(found.len == 4 && *found.text == 'n' &&
			    memcmp(found.text, "null", 4) == 0))
				reading->fields[i] = found;
	}
	return result == JSON_END ? 0 : -1;
}

static size_t
kept(const struct json_field *f)
{
	return f->name == NULL ? 0 : f->len < VALUE_MAX ? f->len : VALUE_MAX;
}

static struct object *
object_new(enum kind kind, const struct reading *reading)
{
	struct object *object;
	size_t size = 1, len;
	int i;

	for (i = 0; i < FIELDS; i++)
		size += kept(&reading->fields[i]) + 1;
	object = calloc(1, sizeof(*object) + size);
	if (object == NULL)
		return NULL;
	object->kind = kind;
	size = 1;
	for (i = 0; i < FIELDS; i++) {
		len = kept(&reading->fields[i]);
		if (len == 0)
			continue;
		memcpy(object->text + size, reading->fields[i].text, len);
		object->at[i] = (uint16_t)size;
		size += len + 1;
	}
	return object;
}

int
view_take(struct view *view, char *line, struct change *change)
{
	struct reading reading;
	struct object *object, **place;
	enum kind kind = 0;

	change->before = change->after = NULL;
	if (read_line(line, &reading) < 0 || reserve(view) < 0)
		return -1;
	while (kind < KINDS && !is(&reading.object, kinds[kind]))
		kind++;
	if (kind == KINDS)
		return -1;
	object = object_new(kind, &reading);
	if (object == NULL)
		return -1;
	place = look_up(view, kind, object_text(object, FIELD_ID));
	if (*place != NULL) {
		change->before = *place;
		*place = (*place)->chain;
		view->count--;
	}
	if (is(&reading.event, "flush")) {
		if (change->before != NULL)
			TAILQ_REMOVE(&view->objects[kind], change->before,
			    entry);
		free(object);
		return 0;
	}
	if (change->before != NULL) {
		TAILQ_INSERT_BEFORE(change->before, object, entry);
		TAILQ_REMOVE(&view->objects[kind], change->before, entry);
	} else
		TAILQ_INSERT_TAIL(&view->objects[kind], object, entry);
	object->chain = *place;
	*place = object;
	view->count++;
	change->after = object;
	return 0;
}

void
view_forget(struct change *change)
{
	free(change->before);
	change->before = NULL;
}

enum answer
view_load(struct view *view, struct connection *c, const char *request)
{
	struct change change;
	enum answer answer = ANSWER_BROKEN;
	char *line = NULL;

	if (connection_send(c, request) == 0)
		while ((answer = connection_answer(c, &line)) ==
		    ANSWER_LINE) {
			if (view_take(view, line, &change) < 0) {
				snprintf(c->error, sizeof(c->error),
				    "the daemon sent a line that is not of "
				    "its JSON stream");
				answer = ANSWER_BROKEN;
				break;
			}
			view_forget(&change);
		}
	if (answer != ANSWER_OK)
		connection_complain(c, answer, line);
	return answer;
}

/* Fields. */

const char *
object_text(const struct object *object, enum field f)
{
	return object->text + object->at[f];
}

long
object_number(const struct object *object, enum field f, long otherwise)
{
	const char *text = object_text(object, f);
	char *end;
	long value = strtol(text, &end, 10);

	return end == text ? otherwise : value;
}

bool
object_true(const struct object *object, enum field f)
{
	return strcmp(object_text(object, f), "true") == 0;
}

bool
object_equal(const struct object *a, enum field f, const struct object *b,
    enum field g)
{
	return strcmp(object_text(a, f), object_text(b, g)) == 0;
}

void
object_prefix(const struct object *object, char text[PREFIX_MAX])
{
	snprintf(text, PREFIX_MAX, "%.50s/%.8s",
	    object_text(object, FIELD_PREFIX),
	    object_text(object, FIELD_PLEN));
}

void
object_from(const struct object *object, char text[PREFIX_MAX])
{
	const char *plen = object_text(object, FIELD_FROM_PLEN);

	text[0] = '\0';
	if (*plen != '\0' && strcmp(plen, "0") != 0)
		snprintf(text, PREFIX_MAX, "%.50s/%.8s",
		    object_text(object, FIELD_FROM), plen);
}

bool
neighbour_works(const struct object *neighbour)
{
	return object_number(neighbour, FIELD_COST, INFINITE_METRIC) <
	    INFINITE_METRIC;
}

bool
route_is_by(const struct object *route, const struct object *neighbour)
{
	return object_equal(route, FIELD_VIA, neighbour, FIELD_ADDRESS) &&
	    object_equal(route, FIELD_INTERFACE, neighbour, FIELD_INTERFACE);
}

bool
route_is_used(const struct object *route)
{
	return object_true(route, FIELD_INSTALLED) &&
	    object_number(route, FIELD_METRIC, INFINITE_METRIC) <
	    INFINITE_METRIC;
}

const char *
neighbour_router(const struct view *view, const struct object *neighbour)
{
	const struct object *route;

	if (*object_text(neighbour, FIELD_PEER) != '\0')
		return object_text(neighbour, FIELD_PEER);
	TAILQ_FOREACH(route, &view->objects[ROUTE], entry)
		if (object_number(route, FIELD_REFMETRIC, 1) == 0 &&
		    route_is_by(route, neighbour))
			return object_text(route, FIELD_ROUTER);
	return NULL;
}
