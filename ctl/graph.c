/*
 * ctl/graph.c - "graph" and "routes --netjson".
 */
#include "ctl/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/connection.h"
#include "ctl/mesh.h"
#include "ctl/netjson.h"
#include "ctl/text.h"
#include "ctl/view.h"

/* Query one router.  Errors are printed. */
static enum answer
look(struct sight *sight, const char *socket, const char *request)
{
	struct connection c;
	enum answer answer;

	view_init(&sight->view);
	if (command_open(&c, socket) < 0) {
		connection_complain(&c, ANSWER_BROKEN, NULL);
		return ANSWER_BROKEN;
	}
	memcpy(sight->id, c.id, sizeof(sight->id));
	memcpy(sight->host, c.host, sizeof(sight->host));
	memcpy(sight->version, c.version, sizeof(sight->version));
	answer = view_load(&sight->view, &c, request);
	connection_close(&c);
	return answer;
}

enum answer
netjson_routes_run(const struct command *command)
{
	struct sight sight;
	enum answer answer = look(&sight, command->socket, "json dump route");

	if (answer == ANSWER_OK)
		netjson_routes(&sight, stdout);
	view_free(&sight.view);
	return answer;
}

/* For Graphviz. */
static void
put_dot(const struct mesh *mesh)
{
	const struct node *node;
	const struct link *link;
	size_t i;

	fputs("digraph babel {\n\tnode [shape=box, style=rounded];\n", stdout);
	for (i = 0; i < mesh->node_count; i++) {
		node = &mesh->nodes[i];
		putchar('\t');
		text_quote(stdout, node->id);
		fputs(" [label=", stdout);
		text_quote(stdout, node->sight != NULL ? node->sight->host :
		    node->id);
		fputs("];\n", stdout);
	}
	for (i = 0; i < mesh->link_count; i++) {
		link = &mesh->links[i];
		putchar('\t');
		text_quote(stdout, mesh->nodes[link->source].id);
		fputs(" -> ", stdout);
		text_quote(stdout, mesh->nodes[link->target].id);
		printf(" [label=%ld];\n",
		    object_number(link->neighbour, FIELD_COST, 0));
	}
	fputs("}\n", stdout);
}

static enum answer
draw(const struct sight *sights, size_t count, bool as_dot)
{
	struct mesh mesh;
	enum answer answer = ANSWER_OK;

	if (mesh_build(&mesh, sights, count) < 0) {
		fputs("babelctl: out of memory\n", stderr);
		answer = ANSWER_BROKEN;
	} else if (as_dot)
		put_dot(&mesh);
	else
		netjson_graph(&mesh, stdout);
	mesh_free(&mesh);
	return answer;
}

enum answer
graph_run(const struct command *command)
{
	const char *const *sockets = command->words + 1, *format =
	    command->format != NULL ? command->format : "netjson";
	struct sight *sights;
	enum answer answer = ANSWER_OK;
	size_t count = 0, looked, i;

	if (strcmp(format, "netjson") != 0 && strcmp(format, "dot") != 0) {
		fputs("babelctl: the format is netjson or dot\n", stderr);
		return STATUS_USAGE;
	}
	while (sockets[count] != NULL)
		count++;
	looked = count > 0 ? count : 1;
	sights = calloc(looked, sizeof(*sights));
	if (sights == NULL) {
		fputs("babelctl: out of memory\n", stderr);
		return ANSWER_BROKEN;
	}
	for (i = 0; i < looked && answer == ANSWER_OK; i++)
		answer = look(&sights[i], count > 0 ? sockets[i] :
		    command->socket, "json dump");
	if (answer == ANSWER_OK)
		answer = draw(sights, looked, strcmp(format, "dot") == 0);
	while (i-- > 0)
		view_free(&sights[i].view);
	free(sights);
	return answer;
}
