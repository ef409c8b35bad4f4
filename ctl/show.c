/*
 * ctl/show.c - interfaces, neighbours and routes as tables for people.
 */
#include "ctl/command.h"

#include <stdio.h>
#include <string.h>

#include "ctl/connection.h"
#include "ctl/grid.h"
#include "ctl/text.h"
#include "ctl/view.h"

static const char *const interface_headings[] = {
	"interface", "state", "type", ">cost", "address", "", NULL
};
static const char *const neighbour_headings[] = {
	"neighbour", "interface", "reach", ">rxcost", ">txcost", ">rtt ms",
	">cost", ">routes", "router-id", NULL
};
static const char *const route_headings[] = {
	"", "destination", "from", ">metric", "by way of", "interface",
	"router-id", NULL
};

/* A cost or a metric; infinity is a word. */
static const char *
cost(const struct object *object, enum field f)
{
	return object_number(object, f, 0) >= INFINITE_METRIC ? "none" :
	    object_text(object, f);
}

static void
add_interface(struct grid *grid, const struct view *view,
    const struct object *o)
{
	(void)view;
	grid_add(grid, object_text(o, FIELD_INTERFACE));
	grid_add(grid, object_true(o, FIELD_UP) ? "up" : "down");
	grid_add(grid, object_text(o, FIELD_TYPE));
	grid_add(grid, object_text(o, FIELD_NOMINAL));
	grid_add(grid, object_text(o, FIELD_IPV6));
	grid_add(grid, object_text(o, FIELD_IPV4));
}

static void
add_neighbour(struct grid *grid, const struct view *view,
    const struct object *o)
{
	const char *router = neighbour_router(view, o);
	bool silent = strcmp(object_text(o, FIELD_REACH), "0000") == 0;

	grid_add(grid, object_text(o, FIELD_ADDRESS));
	grid_add(grid, object_text(o, FIELD_INTERFACE));
	grid_add(grid, object_text(o, silent ? FIELD_UREACH : FIELD_REACH));
	grid_add(grid, cost(o, FIELD_RXCOST));
	grid_add(grid, cost(o, FIELD_TXCOST));
	grid_add(grid, object_text(o, FIELD_RTT));
	grid_add(grid, cost(o, FIELD_COST));
	grid_add(grid, object_text(o, FIELD_ROUTES));
	grid_add(grid, router != NULL ? router : "");
}

static void
add_destination(struct grid *grid, const struct object *o)
{
	char text[PREFIX_MAX];

	object_prefix(o, text);
	grid_add(grid, text);
	object_from(o, text);
	grid_add(grid, text);
	grid_add(grid, cost(o, FIELD_METRIC));
}

static void
add_xroute(struct grid *grid, const struct view *view,
    const struct object *o)
{
	(void)view;
	grid_add(grid, "*");
	add_destination(grid, o);
	grid_add(grid, "this router");
	grid_add(grid, "");
	grid_add(grid, "");
}

static void
add_route(struct grid *grid, const struct view *view,
    const struct object *o)
{
	(void)view;
	grid_add(grid, route_is_used(o) ? "*" :
	    object_true(o, FIELD_FEASIBLE) ? "" : "!");
	add_destination(grid, o);
	grid_add(grid, object_text(o, FIELD_VIA));
	grid_add(grid, object_text(o, FIELD_INTERFACE));
	grid_add(grid, object_text(o, FIELD_ROUTER));
}

static void
add_all(struct grid *grid, const struct view *view, enum kind kind,
    void (*add)(struct grid *, const struct view *, const struct object *))
{
	const struct object *object;

	TAILQ_FOREACH(object, &view->objects[kind], entry)
		add(grid, view, object);
}

static const struct table {
	const char *word, *title;
	const char *const *headings;
} tables[] = {
	{ "interfaces", "Interfaces", interface_headings },
	{ "neighbours", "Neighbours", neighbour_headings },
	{ "routes", "Routes (* in use, ! not feasible)", route_headings },
};
#define TABLES	(sizeof(tables) / sizeof(tables[0]))

static int
print_table(const struct table *table, const struct view *view)
{
	struct grid grid;
	int error;

	grid_init(&grid, table->headings);
	if (table == &tables[0])
		add_all(&grid, view, INTERFACE, add_interface);
	else if (table == &tables[1])
		add_all(&grid, view, NEIGHBOUR, add_neighbour);
	else {
		add_all(&grid, view, XROUTE, add_xroute);
		add_all(&grid, view, ROUTE, add_route);
	}
	error = grid_print(&grid, table->title, stdout);
	grid_free(&grid);
	return error;
}

/* The queried router. */
static void
print_heading(const struct connection *c)
{
	text_print(stdout, c->host);
	fputs(": ", stdout);
	text_print(stdout, c->version);
	fputs(", router-id ", stdout);
	text_print(stdout, c->id);
	putchar('\n');
}

static enum answer
print_tables(const struct view *view, const char *word)
{
	size_t i;

	for (i = 0; i < TABLES; i++) {
		if (word != NULL && strcmp(tables[i].word, word) != 0)
			continue;
		if (word == NULL)
			putchar('\n');
		if (print_table(&tables[i], view) < 0) {
			fputs("babelctl: out of memory\n", stderr);
			return ANSWER_BROKEN;
		}
	}
	return ANSWER_OK;
}

enum answer
show_run(const struct command *command)
{
	struct connection c;
	struct view view;
	enum answer answer = command_connect(command, &c);

	if (answer != ANSWER_OK)
		return answer;
	view_init(&view);
	answer = view_load(&view, &c, "json dump");
	connection_close(&c);
	if (answer == ANSWER_OK) {
		if (command->words[0] == NULL)
			print_heading(&c);
		answer = print_tables(&view, command->words[0]);
	}
	view_free(&view);
	return answer;
}
