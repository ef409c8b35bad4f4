/*
 * test_ctl.c - babelctl's parts: text, JSON, tables, the mesh, HTTP.
 */
#include <string.h>

#include "unit.h"

#include "ctl/find.h"
#include "ctl/grid.h"
#include "ctl/http.h"
#include "ctl/json.h"
#include "ctl/netjson.h"
#include "ctl/text.h"

/* What is written to a file, as a string to be freed. */
struct output {
	FILE *file;
	char *text;
	size_t len;
};

static FILE *
output_open(struct output *output)
{
	output->text = NULL;
	output->file = open_memstream(&output->text, &output->len);
	assert_non_null(output->file);
	return output->file;
}

static void
output_expect(struct output *output, const char *expected)
{
	assert_int_equal(fclose(output->file), 0);
	assert_string_equal(output->text, expected);
	free(output->text);
}

static void
test_text(void **state)
{
	static const struct {
		const char *text, *shown, *quoted;
		size_t width;
	} cases[] = {
		{ "", "", "\"\"", 0 },
		{ "eth0", "eth0", "\"eth0\"", 4 },
		{ "k\xC3\xBC" "che", "k\xC3\xBC" "che",
		    "\"k\xC3\xBC" "che\"", 5 },
		{ "\xF0\x9F\x93\xA1", "\xF0\x9F\x93\xA1",
		    "\"\xF0\x9F\x93\xA1\"", 1 },
		{ "a\"b\\", "a\"b\\", "\"a\\\"b\\\\\"", 4 },
		{ "\x1b[2J", "\\x1B[2J", "\"\\u001b[2J\"", 7 },
		{ "\n\t\x7f", "\\x0A\\x09\\x7F", "\"\\u000a\\u0009\\u007f\"",
		    12 },
		{ "\xC2\x9B", "\\xC2\\x9B", "\"\\u009b\"", 8 },
		{ "\xE2\x80\xAE", "\\xE2\\x80\\xAE", "\"\\u202e\"", 12 },
		{ "\xFF" "a", "\\xFFa", "\"\xEF\xBF\xBD" "a\"", 5 },
		{ "\xC0\x80", "\\xC0\\x80",
		    "\"\xEF\xBF\xBD\xEF\xBF\xBD\"", 8 },
		{ "\xE0\x80\x80", "\\xE0\\x80\\x80",
		    "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"", 12 },
		{ "\xED\xA0\x80", "\\xED\\xA0\\x80",
		    "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"", 12 },
		{ "\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80",
		    "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"",
		    16 },
		{ "\xE2\x82", "\\xE2\\x82",
		    "\"\xEF\xBF\xBD\xEF\xBF\xBD\"", 8 },
	};
	struct output output;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_print(output_open(&output), cases[i].text);
		output_expect(&output, cases[i].shown);
		text_quote(output_open(&output), cases[i].text);
		output_expect(&output, cases[i].quoted);
		assert_int_equal(text_width(cases[i].text), cases[i].width);
	}
	text_print_json(output_open(&output), "{\"a\":\"\x7f\xC2\x85 b\"}");
	output_expect(&output, "{\"a\":\"\\u007f\\u0085 b\"}");
}

/* All fields of a line as "name=text;", or "error". */
static void
read_fields(const char *line, char *fields, size_t size)
{
	char copy[512];
	struct json_reader reader;
	struct json_field field;
	enum json_result result;
	size_t len = 0;

	assert_true(strlen(line) < sizeof(copy));
	memcpy(copy, line, strlen(line) + 1);
	fields[0] = '\0';
	json_open(&reader, copy);
	while ((result = json_next(&reader, &field)) == JSON_FIELD)
		len += (size_t)snprintf(fields + len, size - len, "%s=%.*s;",
		    field.name, (int)field.len, field.text);
	if (result == JSON_ERROR)
		snprintf(fields, size, "error");
}

static void
test_json(void **state)
{
	static const struct {
		const char *line, *fields;
	} cases[] = {
		{ "{}", "" }, { " { } ", "" }, { "{\"a\":1}", "a=1;" },
		{ "{\"a\":\"x\",\"b\":true,\"c\":null}",
		    "a=x;b=true;c=null;" },
		{ "{\"a\":{\"b\":-1.5e+3},\"c\":0}", "b=-1.5e+3;c=0;" },
		{ "{\"a\":[1,{\"b\":2},[\"]\"]],\"c\":3}", "b=2;c=3;" },
		{ "{ \"a\" :\t[ ] , \"b\" : { } }", "" },
		{ "{\"\\u0061\\n\":\"\\\"\\\\\\/\\b\\f\\r\\t\"}",
		    "a\n=\"\\/\b\f\r\t;" },
		{ "{\"a\":\"\\u00fc\\u20ac\\ud83d\\udce1\"}",
		    "a=\xC3\xBC\xE2\x82\xAC\xF0\x9F\x93\xA1;" },
		{ "{\"a\":\"\\u0000\"}", "a=\x7f;" },
		{ "", "error" }, { "x", "error" }, { "1", "error" },
		{ "[]", "error" }, { "{", "error" }, { "{}x", "error" },
		{ "{\"a\":1", "error" }, { "{\"a\"}", "error" },
		{ "{\"a\":}", "error" }, { "{\"a\":1,}", "error" },
		{ "{\"a\":01}", "error" }, { "{\"a\":1.}", "error" },
		{ "{\"a\":.5}", "error" }, { "{\"a\":1e}", "error" },
		{ "{\"a\":-}", "error" }, { "{\"a\":truely}", "error" },
		{ "{\"a\":\"}", "error" }, { "{\"a\":\"\\\"}", "error" },
		{ "{\"a\":\"\\x\"}", "error" }, { "{a:1}", "error" },
		{ "{\"a\":\"\\ud800\"}", "error" },
		{ "{\"a\":\"\\udc00\"}", "error" },
		{ "{\"a\":\"\\ud800\\u0041\"}", "error" },
		{ "{\"a\":\"\\u12G4\"}", "error" },
		{ "{\"a\":\"\t\"}", "error" }, { "{\"a\":[1}", "error" },
		{ "{\"a\":[1,]}", "error" }, { "{\"a\":[,1]}", "error" },
		{ "{\"a\":{]}", "error" }, { "{\"a\":\"\xFF\"}", "error" },
		{ "{\"a\":1 \"b\":2}", "error" }, { "{\"a\"::1}", "error" },
		{ "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", "error" },
	};
	char fields[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		read_fields(cases[i].line, fields, sizeof(fields));
		if (strcmp(fields, cases[i].fields) != 0)
			fail_msg("%s: %s", cases[i].line, fields);
	}
}

/* Whatever a line is changed into, reading it ends within it. */
static void
test_json_survives(void **state)
{
	static const char line[] = "{\"event\":\"add\",\"id\":\"\\u00e9\\\\\","
	    "\"n\":[-1.5,{\"x\":null}],\"o\":{\"p\":true}}";
	static const char bytes[] = "{}[]\",:\\u0eE-.1tfn \x80\xC3\x01";
	uint64_t random = unit_seed();
	char *copy;
	struct json_reader reader;
	struct json_field field;
	uint32_t i, changes, at;

	(void)state;
	for (i = 0; i < 200000; i++) {
		copy = strdup(line);	/* to the byte, for sanitisers */
		assert_non_null(copy);
		for (changes = unit_random_below(&random, 4); changes > 0;
		    changes--) {
			at = unit_random_below(&random, sizeof(line) - 1);
			copy[at] = bytes[unit_random_below(&random,
			    sizeof(bytes))];
		}
		json_open(&reader, copy);
		while (json_next(&reader, &field) == JSON_FIELD)
			assert_true(field.text + field.len <
			    copy + sizeof(line));
		free(copy);
	}
}

static void
test_grid(void **state)
{
	static const char *const headings[] = { "name", ">cost", "empty",
		"k\xC3\xBC", NULL };
	static const char *const cells[] = {
		"a", "1", "", "x", "longer", "65535", "", "", "\x01", "22",
		"", "y",
	};
	struct output output;
	struct grid grid;
	size_t i;

	(void)state;
	grid_init(&grid, headings);
	assert_int_equal(grid_print(&grid, "Title", output_open(&output)), 0);
	output_expect(&output, "");
	for (i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		grid_add(&grid, cells[i]);
	assert_int_equal(grid_print(&grid, "Title", output_open(&output)), 0);
	output_expect(&output,
	    "Title\n"
	    "  name     cost  k\xC3\xBC\n"
	    "  a           1  x\n"
	    "  longer  65535\n"
	    "  \\x01       22  y\n");
	grid_free(&grid);
}

/* A view is fed with lines as text. */
static int
feed(struct view *view, const char *line)
{
	char copy[1024];
	struct change change;
	int error;

	assert_true(strlen(line) < sizeof(copy));
	memcpy(copy, line, strlen(line) + 1);
	error = view_take(view, copy, &change);
	view_forget(&change);
	return error;
}

static void
test_view(void **state)
{
	struct view view;
	struct object *o;
	char line[200], text[PREFIX_MAX];
	int i, found = 0;

	(void)state;
	view_init(&view);
	for (i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "{\"event\":\"add\",\"object\":"
		    "\"route\",\"id\":\"%x\",\"babel-route-prefix\":\"10.0.0."
		    "0\",\"babel-route-prefix-length\":24,\"installed\":true,"
		    "\"babel-route-calculated-metric\":%d}", i, i);
		assert_int_equal(feed(&view, line), 0);
	}
	for (i = 0; i < 1000; i += 2) {
		snprintf(line, sizeof(line), "{\"event\":\"%s\",\"object\":"
		    "\"route\",\"id\":\"%x\"}", i % 4 == 0 ? "flush" :
		    "change", i);
		assert_int_equal(feed(&view, line), 0);
	}
	/* What is not known is not gone; a word is none of ours. */
	assert_int_equal(feed(&view, "{\"event\":\"flush\",\"object\":"
	    "\"xroute\",\"id\":\"1\"}"), 0);
	assert_int_equal(feed(&view, "{\"object\":\"ghost\",\"id\":\"1\"}"),
	    -1);
	assert_int_equal(feed(&view, "add route 1"), -1);
	assert_int_equal(view.count, 750);
	TAILQ_FOREACH(o, &view.objects[ROUTE], entry) {
		i = (int)strtol(object_text(o, FIELD_ID), NULL, 16);
		assert_int_not_equal(i % 4, 0);
		assert_int_equal(route_is_used(o), i % 2 == 1);
		assert_int_equal(object_number(o, FIELD_METRIC, -1),
		    i % 2 == 1 ? i : -1);
		object_prefix(o, text);
		assert_string_equal(text, i % 2 == 1 ? "10.0.0.0/24" : "/");
		found++;
	}
	assert_int_equal(found, 750);
	view_free(&view);
}

static void
take_sight(struct sight *sight, const char *id, const char *const *lines)
{
	memset(sight, 0, sizeof(*sight));
	snprintf(sight->id, sizeof(sight->id), "%s", id);
	snprintf(sight->host, sizeof(sight->host), "host-%s", id);
	snprintf(sight->version, sizeof(sight->version), "babeld-3.1");
	view_init(&sight->view);
	for (; *lines != NULL; lines++)
		assert_int_equal(feed(&sight->view, *lines), 0);
}

#define INTERFACE_LINE(name, address)					\
	"{\"event\":\"add\",\"object\":\"interface\",\"id\":\"" name	\
	"\",\"babel-interface-reference\":\"" name "\",\"up\":true,"	\
	"\"ipv6\":\"" address "\"}"
#define NEIGHBOUR_LINE(id, name, address, cost)				\
	"{\"event\":\"add\",\"object\":\"neighbour\",\"id\":\"" id	\
	"\",\"babel-interface-reference\":\"" name "\","		\
	"\"babel-neighbor-address\":\"" address "\","			\
	"\"babel-hello-mcast-history\":\"ffff\",\"babel-cost\":" cost "}"
#define ROUTE_LINE(id, via, name, router, refmetric)			\
	"{\"event\":\"add\",\"object\":\"route\",\"id\":\"" id		\
	"\",\"babel-route-prefix\":\"10.0.0.1\","			\
	"\"babel-route-prefix-length\":32,\"installed\":true,"		\
	"\"from-prefix\":\"10.1.0.0\",\"from-prefix-length\":16,"	\
	"\"babel-route-neighbor\":\"" via "\","				\
	"\"babel-route-next-hop\":\"" via "\","				\
	"\"babel-interface-reference\":\"" name "\","			\
	"\"babel-route-received-metric\":" refmetric ","		\
	"\"babel-route-calculated-metric\":96,"				\
	"\"babel-route-router-id\":\"" router "\"}"

/* One knows its neighbour by a route, one by the other one's address, and
 * one neighbour nobody knows; a dead link is no link. */
static void
test_mesh(void **state)
{
	static const char *const a[] = {
		INTERFACE_LINE("e0", "fe80::a"),
		NEIGHBOUR_LINE("1", "e0", "fe80::b", "96"),
		NEIGHBOUR_LINE("2", "e0", "fe80::c", "256"),
		NEIGHBOUR_LINE("3", "e0", "fe80::d", "65535"),
		ROUTE_LINE("1", "fe80::b", "e0", "bb", "0"),
		ROUTE_LINE("2", "fe80::b", "e0", "ff", "96"), NULL
	}, *const b[] = {
		INTERFACE_LINE("e1", "fe80::b"),
		NEIGHBOUR_LINE("1", "e1", "fe80::a", "97"), NULL
	};
	struct sight sights[3];
	struct output output;
	struct mesh mesh;

	(void)state;
	take_sight(&sights[0], "aa", a);
	take_sight(&sights[1], "bb", b);
	take_sight(&sights[2], "aa", a);
	assert_int_equal(mesh_build(&mesh, sights, 3), 0);
	netjson_graph(&mesh, output_open(&output));
	output_expect(&output, "{\n"
	    "  \"type\": \"NetworkGraph\",\n"
	    "  \"protocol\": \"babel\",\n"
	    "  \"version\": \"3.1\",\n"
	    "  \"metric\": \"babel\",\n"
	    "  \"nodes\": [\n"
	    "    {\"id\": \"aa\", \"label\": \"host-aa\", "
	    "\"local_addresses\": [\"fe80::a\"], "
	    "\"properties\": {\"version\": \"babeld-3.1\"}},\n"
	    "    {\"id\": \"bb\", \"label\": \"host-bb\", "
	    "\"local_addresses\": [\"fe80::b\"], "
	    "\"properties\": {\"version\": \"babeld-3.1\"}},\n"
	    "    {\"id\": \"fe80::c%e0\", \"label\": \"fe80::c%e0\"},\n"
	    "    {\"id\": \"fe80::d%e0\", \"label\": \"fe80::d%e0\"},\n"
	    "    {\"id\": \"ff\", \"label\": \"ff\"}\n"
	    "  ],\n"
	    "  \"links\": [\n"
	    "    {\"source\": \"aa\", \"target\": \"bb\", \"cost\": 96, "
	    "\"properties\": {\"interface\": \"e0\", "
	    "\"address\": \"fe80::b\", \"reach\": \"ffff\"}},\n"
	    "    {\"source\": \"aa\", \"target\": \"fe80::c%e0\", "
	    "\"cost\": 256, \"properties\": {\"interface\": \"e0\", "
	    "\"address\": \"fe80::c\", \"reach\": \"ffff\"}},\n"
	    "    {\"source\": \"bb\", \"target\": \"aa\", \"cost\": 97, "
	    "\"properties\": {\"interface\": \"e1\", "
	    "\"address\": \"fe80::a\", \"reach\": \"ffff\"}}\n"
	    "  ]\n}\n");
	netjson_routes(&sights[0], output_open(&output));
	output_expect(&output, "{\n"
	    "  \"type\": \"NetworkRoutes\",\n"
	    "  \"protocol\": \"babel\",\n"
	    "  \"version\": \"3.1\",\n"
	    "  \"metric\": \"babel\",\n"
	    "  \"router_id\": \"aa\",\n"
	    "  \"routes\": [\n"
	    "    {\"destination\": \"10.0.0.1/32\", "
	    "\"source\": \"10.1.0.0/16\", \"next\": \"fe80::b\", "
	    "\"device\": \"e0\", \"cost\": 96, \"router_id\": \"bb\"},\n"
	    "    {\"destination\": \"10.0.0.1/32\", "
	    "\"source\": \"10.1.0.0/16\", \"next\": \"fe80::b\", "
	    "\"device\": \"e0\", \"cost\": 96, \"router_id\": \"ff\"}\n"
	    "  ]\n}\n");
	mesh_free(&mesh);
	view_free(&sights[0].view);
	view_free(&sights[1].view);
	view_free(&sights[2].view);
}

static void
test_sockets_of_the_configuration(void **state)
{
	static const struct {
		const char *line, *where;
	} cases[] = {
		{ "local-path /run/x\n", "/run/x" },
		{ "  local-path-readwrite\t\"/run/a b\" # c\n", "/run/a b" },
		{ "local-port 33123", "33123" },
		{ "local-port-readwrite 33124#x\n", "33124" },
		{ "local-path-mode 0660\n", NULL }, { "local-path\n", NULL },
		{ "# local-path /run/x\n", NULL }, { "", NULL },
		{ "local-path \"\"\n", NULL }, { "interface eth0\n", NULL },
	};
	char where[WHERE_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(find_in_line(cases[i].line, where),
		    cases[i].where != NULL);
		if (cases[i].where != NULL)
			assert_string_equal(where, cases[i].where);
	}
}

/* A request is judged alike however it is cut, once enough of it is
 * there. */
static void
test_http(void **state)
{
	static const struct {
		const char *request;
		struct http_request judged;
	} cases[] = {
		{ "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
		    { HTTP_METRICS, false } },
		{ "HEAD /metrics?a HTTP/1.0\n\n", { HTTP_METRICS, true } },
		{ "HEAD / HTTP/1.0\n\n", { HTTP_NOT_FOUND, true } },
		{ "PUT /metrics HTTP/1.1\r\nA:\tb\r\n\r\n",
		    { HTTP_NOT_ALLOWED, false } },
		{ "get /metrics HTTP/1.1\r\n\r\n",
		    { HTTP_NOT_ALLOWED, false } },
		{ "GET /metrics HTTP/1.1\r\n A: b\r\n\r\n",
		    { HTTP_GARBAGE, false } },
		{ "GET /metrics HTTP/1.1 \r\n\r\n", { HTTP_GARBAGE, false } },
	};
	struct http_request judged;
	size_t i, len, whole;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		whole = strlen(cases[i].request);
		for (len = 0; len <= whole; len++) {
			judged = http_judge(cases[i].request, len, false);
			if (len == whole ||
			    judged.verdict != HTTP_INCOMPLETE)
				assert_int_equal(judged.verdict,
				    cases[i].judged.verdict);
			judged = http_judge(cases[i].request, len, true);
			assert_int_not_equal(judged.verdict,
			    HTTP_INCOMPLETE);
		}
		judged = http_judge(cases[i].request, whole, false);
		assert_int_equal(judged.headers_only,
		    cases[i].judged.headers_only);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_survives),
		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_mesh),
		cmocka_unit_test(test_sockets_of_the_configuration),
		cmocka_unit_test(test_http),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
