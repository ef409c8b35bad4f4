/*
 * ctl/netjson.c - a mesh, or a router's routes, as NetJSON.
 */
#include "ctl/netjson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/mesh.h"
#include "ctl/text.h"
#include "ctl/view.h"

/* A member with a string. */
static void
put(FILE *file, const char *separator, const char *name, const char *text)
{
	fprintf(file, "%s\"%s\": ", separator, name);
	text_quote(file, text);
}

/* A member with a number, if the daemon reported one. */
static void
put_number(FILE *file, const char *name, const struct object *object,
    enum field f)
{
	if (*object_text(object, f) != '\0')
		fprintf(file, ", \"%s\": %ld", name,
		    object_number(object, f, 0));
}

static void
put_heading(FILE *file, const char *type, const struct sight *sight,
    bool alone)
{
	static const char prefix[] = "babeld-";
	const char *version = sight->version;

	if (strncmp(version, prefix, sizeof(prefix) - 1) == 0)
		version += sizeof(prefix) - 1;
	put(file, "{\n  ", "type", type);
	put(file, ",\n  ", "protocol", "babel");
	put(file, ",\n  ", "version", version);
	put(file, ",\n  ", "metric", "babel");
	if (alone)
		put(file, ",\n  ", "router_id", sight->id);
}

/* The addresses of a queried router, each once. */
static void
put_addresses(FILE *file, const struct sight *sight)
{
	const struct object *o;
	const char *separator = "";

	fputs(", \"local_addresses\": [", file);
	TAILQ_FOREACH(o, &sight->view.objects[INTERFACE], entry) {
		if (*object_text(o, FIELD_IPV6) != '\0') {
			fputs(separator, file);
			text_quote(file, object_text(o, FIELD_IPV6));
			separator = ", ";
		}
		if (*object_text(o, FIELD_IPV4) != '\0') {
			fputs(separator, file);
			text_quote(file, object_text(o, FIELD_IPV4));
			separator = ", ";
		}
	}
	putc(']', file);
}

static void
put_node(FILE *file, const struct node *node)
{
	put(file, "{", "id", node->id);
	put(file, ", ", "label", node->sight != NULL ? node->sight->host :
	    node->id);
	if (node->sight != NULL) {
		put_addresses(file, node->sight);
		put(file, ", \"properties\": {", "version",
		    node->sight->version);
		putc('}', file);
	}
	putc('}', file);
}

static void
put_link(FILE *file, const struct mesh *mesh, const struct link *link)
{
	const struct object *o = link->neighbour;
	double rtt = strtod(object_text(o, FIELD_RTT), NULL);

	put(file, "{", "source", mesh->nodes[link->source].id);
	put(file, ", ", "target", mesh->nodes[link->target].id);
	put_number(file, "cost", o, FIELD_COST);
	put(file, ", \"properties\": {", "interface",
	    object_text(o, FIELD_INTERFACE));
	put(file, ", ", "address", object_text(o, FIELD_ADDRESS));
	put(file, ", ", "reach", object_text(o, FIELD_REACH));
	put_number(file, "rxcost", o, FIELD_RXCOST);
	put_number(file, "txcost", o, FIELD_TXCOST);
	if (isfinite(rtt) && *object_text(o, FIELD_RTT) != '\0')
		fprintf(file, ", \"rtt_ms\": %.3f", rtt);
	fputs("}}", file);
}

void
netjson_graph(const struct mesh *mesh, FILE *file)
{
	size_t i;

	put_heading(file, "NetworkGraph", &mesh->sights[0],
	    mesh->sight_count == 1);
	fputs(",\n  \"nodes\": [", file);
	for (i = 0; i < mesh->node_count; i++) {
		fputs(i > 0 ? ",\n    " : "\n    ", file);
		put_node(file, &mesh->nodes[i]);
	}
	fputs("\n  ],\n  \"links\": [", file);
	for (i = 0; i < mesh->link_count; i++) {
		fputs(i > 0 ? ",\n    " : "\n    ", file);
		put_link(file, mesh, &mesh->links[i]);
	}
	fputs("\n  ]\n}\n", file);
}

static void
put_route(FILE *file, const struct object *o)
{
	char text[PREFIX_MAX];

	object_prefix(o, text);
	put(file, "{", "destination", text);
	object_from(o, text);
	if (*text != '\0')
		put(file, ", ", "source", text);
	put(file, ", ", "next", object_text(o, FIELD_NEXT_HOP));
	put(file, ", ", "device", object_text(o, FIELD_INTERFACE));
	put_number(file, "cost", o, FIELD_METRIC);
	put(file, ", ", "router_id", object_text(o, FIELD_ROUTER));
	putc('}', file);
}

void
netjson_routes(const struct sight *sight, FILE *file)
{
	const struct object *o;
	const char *separator = "\n    ";

	put_heading(file, "NetworkRoutes", sight, true);
	fputs(",\n  \"routes\": [", file);
	TAILQ_FOREACH(o, &sight->view.objects[ROUTE], entry) {
		if (!route_is_used(o))
			continue;
		fputs(separator, file);
		put_route(file, o);
		separator = ",\n    ";
	}
	fputs("\n  ]\n}\n", file);
}
