/*
 * fuzz_ctl.c - whatever a daemon sends to babelctl, no harm is done, what
 * is shown is harmless, and what is made of it as NetJSON is JSON.  The
 * input is also a request by HTTP to it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/grid.h"
#include "ctl/http.h"
#include "ctl/json.h"
#include "ctl/netjson.h"
#include "ctl/text.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool condition, const char *what, const char *text)
{
	if (condition)
		return;
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

/* Nothing that moves a cursor. */
static void
check_harmless(const char *text)
{
	for (; *text != '\0'; text++)
		check(*text == '\n' || ((unsigned char)*text >= ' ' &&
		    *text != 0x7F), "control character", text);
}

static void
check_json(char *text)
{
	struct json_reader reader;
	struct json_field field;
	enum json_result result;

	check_harmless(text);
	json_open(&reader, text);
	do
		result = json_next(&reader, &field);
	while (result == JSON_FIELD);
	check(result == JSON_END, "not JSON", text);
}

/* A line as a person would see it, and as JSON if it is. */
static void
show(const char *line)
{
	static const char *const headings[] = { "a", ">b", NULL };
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	struct grid grid;

	grid_init(&grid, headings);
	grid_add(&grid, line);
	grid_add(&grid, line);
	check(file != NULL && grid_print(&grid, "title", file) == 0 &&
	    fclose(file) == 0, "memory", "");
	check_harmless(text);
	grid_free(&grid);
	free(text);
}

static void
draw(const struct sight *sight)
{
	struct mesh mesh;
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	check(file != NULL && mesh_build(&mesh, sight, 1) == 0, "memory", "");
	netjson_graph(&mesh, file);
	check(fclose(file) == 0, "memory", "");
	check_json(text);
	free(text);
	mesh_free(&mesh);
	text = NULL;
	file = open_memstream(&text, &len);
	check(file != NULL, "memory", "");
	netjson_routes(sight, file);
	check(fclose(file) == 0, "memory", "");
	check_json(text);
	free(text);
}

/* A request by HTTP, which may come in two pieces. */
static void
judge(const char *head, size_t size)
{
	struct http_request first = http_judge(head, size / 2, false);
	struct http_request all = http_judge(head, size, true);

	check(all.verdict != HTTP_INCOMPLETE, "never judged", "");
	check(first.verdict == HTTP_INCOMPLETE ||
	    first.verdict == all.verdict, "judged twice", "");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sight sight = { .id = "me", .host = "here", .version = "x" };
	char *text = malloc(size + 1), *line, *rest;
	struct change change;

	check(text != NULL, "memory", "");
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	rest = text;
	judge(text, size);
	view_init(&sight.view);
	while ((line = strsep(&rest, "\n")) != NULL) {
		show(line);
		(void)view_take(&sight.view, line, &change);
		view_forget(&change);
	}
	draw(&sight);
	view_free(&sight.view);
	free(text);
	return 0;
}
