/*
 * config/field.c - the words of the configuration language that take one value:
 * the global options and the interface parameters.
 *
 * A field has the word, its values and the member that keeps them, so each line
 * of the tables below is all there is to know of a word.  A member is "unset"
 * if it holds no value that could be written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "configuration.h"
#include "field.h"
#include "prefix.h"
#include "token.h"
#include "util.h"

#define SOCKET_PATH_MAX	107		/* sun_path, without its '\0' */

const struct choice_list field_truth = { "true or false", {
	{ "true", true }, { "false", false }, { "yes", true },
	{ "no", false }, { "auto", false }, { "default", false } } };
static const struct choice_list setting = { "true, false or auto", {
	{ "true", SETTING_TRUE }, { "false", SETTING_FALSE },
	{ "auto", SETTING_AUTO }, { "yes", SETTING_TRUE },
	{ "no", SETTING_FALSE }, { "default", SETTING_AUTO } } };
static const struct choice_list type = { "auto, wired, wireless or tunnel", {
	{ "auto", INTERFACE_AUTO }, { "wired", INTERFACE_WIRED },
	{ "wireless", INTERFACE_WIRELESS }, { "tunnel", INTERFACE_TUNNEL },
	{ "default", INTERFACE_AUTO } } };
static const struct choice_list rtt_filter = { "ewma or quartile", {
	{ "ewma", RTT_FILTER_EWMA }, { "quartile", RTT_FILTER_QUARTILE } } };
static const struct choice_list link_local = { "auto or none", {
	{ "auto", SETTING_TRUE }, { "none", SETTING_FALSE } } };

#define OPTION(member) \
	offsetof(struct options, member), sizeof(((struct options *)0)->member)
#define PORT_RANGE	1, 65535, 1, NULL
#define TABLE_RANGE	0, UINT32_MAX, 1, NULL
#define NO_RANGE	0, 0, 0, NULL
#define TRUTH		0, 0, 0, &field_truth

const struct field option_fields[] = {
	{ "protocol-group", FIELD_GROUP, FIELD_AT_START,
	    OPTION(protocol_group), NO_RANGE },
	{ "protocol-port", FIELD_NUMBER, FIELD_AT_START,
	    OPTION(protocol_port), PORT_RANGE },
	{ "kernel-priority", FIELD_NUMBER, 0, OPTION(kernel_priority),
	    0, 65535, 1, NULL },
	{ "reflect-kernel-metric", FIELD_CHOICE, 0,
	    OPTION(reflect_kernel_metric), TRUTH },
	{ "allow-duplicates", FIELD_NUMBER, 0, OPTION(allow_duplicates),
	    0, 65535, 1, NULL },
	{ "random-id", FIELD_CHOICE, FIELD_AT_START, OPTION(random_id),
	    TRUTH },
	{ "ipv6-subtrees", FIELD_CHOICE, FIELD_AT_START,
	    OPTION(ipv6_subtrees), 0, 0, 0, &setting },
	{ "debug", FIELD_NUMBER, 0, OPTION(debug), 0, INT32_MAX, 1, NULL },
	{ "local-port", FIELD_NUMBER, FIELD_AT_START,
	    OPTION(servers[SERVER_PORT].port), PORT_RANGE },
	{ "local-port-readwrite", FIELD_NUMBER, FIELD_AT_START,
	    OPTION(servers[SERVER_PORT_READWRITE].port), PORT_RANGE },
	{ "local-path", FIELD_PATH, FIELD_AT_START,
	    OPTION(servers[SERVER_PATH].path), NO_RANGE },
	{ "local-path-readwrite", FIELD_PATH, FIELD_AT_START,
	    OPTION(servers[SERVER_PATH_READWRITE].path), NO_RANGE },
	{ "local-path-mode", FIELD_OCTAL, FIELD_AT_START,
	    OPTION(local_path_mode), 1, 0777, 1, NULL },
	{ "local-path-group", FIELD_STRING, FIELD_AT_START,
	    OPTION(local_path_group), NO_RANGE },
	{ "export-table", FIELD_TABLE, FIELD_AT_START,
	    OPTION(export_table), TABLE_RANGE },
	{ "import-table", FIELD_TABLES, 0, OPTION(import_tables),
	    TABLE_RANGE },
	{ "kernel-check-interval", FIELD_NUMBER, 0,
	    OPTION(kernel_check_interval), 0, 65535, SECOND, NULL },
	{ "shutdown-delay-ms", FIELD_NUMBER, 0, OPTION(shutdown_delay),
	    0, 65535, MILLISECOND, NULL },
	{ "link-detect", FIELD_CHOICE, FIELD_RUN_TIME, OPTION(link_detect),
	    TRUTH },
	{ "smoothing-half-life", FIELD_NUMBER, FIELD_RUN_TIME,
	    OPTION(smoothing_half_life), 0, INT32_MAX, SECOND, NULL },
	{ "daemonise", FIELD_CHOICE, FIELD_AT_START, OPTION(daemonise),
	    TRUTH },
	{ "skip-kernel-setup", FIELD_CHOICE, FIELD_AT_START,
	    OPTION(skip_kernel_setup), TRUTH },
	{ "router-id", FIELD_ROUTER_ID, FIELD_AT_START,
	    OPTION(router_id), NO_RANGE },
	{ "state-file", FIELD_STRING, FIELD_AT_START, OPTION(state_file),
	    NO_RANGE },
	{ "log-file", FIELD_STRING, FIELD_RUN_TIME, OPTION(log_file),
	    NO_RANGE },
	{ "log-neighbours", FIELD_CHOICE, FIELD_RUN_TIME,
	    OPTION(log_neighbours), TRUTH },
	{ "pid-file", FIELD_STRING, FIELD_AT_START, OPTION(pid_file),
	    NO_RANGE },
	{ "user", FIELD_STRING, FIELD_AT_START, OPTION(user), NO_RANGE },
	/* The rules take up to 128 more, and stay before that of "main". */
	{ "first-rule-priority", FIELD_NUMBER, FIELD_AT_START,
	    OPTION(first_rule_priority), 1, 32765 - 128, 1, NULL },
	{ "first-table-number", FIELD_NUMBER, FIELD_AT_START,
	    OPTION(first_table_number), 1, UINT32_MAX, 1, NULL },
	{ "-h", FIELD_FIXED, FIELD_LETTER, OPTION(hello_interval_wireless),
	    1, 655350, MILLISECOND, NULL },
	{ "-H", FIELD_FIXED, FIELD_LETTER, OPTION(hello_interval_wired),
	    1, 655350, MILLISECOND, NULL },
	{ "-w", FIELD_CHOICE, FIELD_LETTER, OPTION(all_wireless), TRUTH },
	{ "-s", FIELD_CHOICE, FIELD_LETTER, OPTION(no_split_horizon), TRUTH },
	{ .word = NULL },
};

_Static_assert(sizeof(option_fields) / sizeof(option_fields[0]) <= 65,
    "more options than bits in configuration.given");

#define PARAMETER(member) \
	offsetof(struct interface_conf, member), \
	sizeof(((struct interface_conf *)0)->member)
#define SETTING(word, member) \
	{ word, FIELD_CHOICE, 0, PARAMETER(member), 0, 0, 0, &setting }

const struct field interface_fields[] = {
	{ "type", FIELD_CHOICE, 0, PARAMETER(type), 0, 0, 0, &type },
	SETTING("link-quality", link_quality),
	SETTING("split-horizon", split_horizon),
	{ "rxcost", FIELD_NUMBER, 0, PARAMETER(rxcost), 1, 65535, 1, NULL },
	{ "hello-interval", FIELD_FIXED, 0, PARAMETER(hello_interval),
	    1, 655350, MILLISECOND, NULL },
	{ "update-interval", FIELD_FIXED, 0, PARAMETER(update_interval),
	    1, 655350, MILLISECOND, NULL },
	SETTING("enable-timestamps", enable_timestamps),
	SETTING("unicast", unicast),
	SETTING("rfc6126-compatible", rfc6126_compatible),
	{ "rtt-decay", FIELD_NUMBER, 0, PARAMETER(rtt_decay), 1, 256, 1, NULL },
	{ "rtt-min", FIELD_FIXED, 0, PARAMETER(rtt_min),
	    0, INT32_MAX, 1, NULL },
	{ "rtt-max", FIELD_FIXED, 0, PARAMETER(rtt_max),
	    1, INT32_MAX, 1, NULL },
	{ "max-rtt-penalty", FIELD_NUMBER, 0, PARAMETER(max_rtt_penalty),
	    0, 65535, 1, NULL },
	{ "rtt-filter", FIELD_CHOICE, 0, PARAMETER(rtt_filter),
	    0, 0, 0, &rtt_filter },
	SETTING("v4-via-v6", v4_via_v6),
	SETTING("probe-mtu", probe_mtu),
	SETTING("accept-bad-signatures", accept_bad_signatures),
	{ "link-local", FIELD_CHOICE, 0, PARAMETER(link_local_auto),
	    0, 0, 0, &link_local },
	{ .word = NULL },
};

const struct field *
field_find(const struct field *fields, const char *word)
{
	for (; fields->word != NULL; fields++)
		if (strcmp(fields->word, word) == 0)
			return fields;
	return NULL;
}

static void *
member(const struct field *field, void *base)
{
	return (char *)base + field->offset;
}

static const void *
member_const(const struct field *field, const void *base)
{
	return (const char *)base + field->offset;
}

static bool
is_string(const struct field *field)
{
	return field->kind == FIELD_STRING || field->kind == FIELD_PATH;
}

/* Integers of any size; those of 4 octets and less are unsigned, so that
 * UNSET reads as a value beyond any range. */

static int64_t
integer_get(const struct field *field, const void *base)
{
	const void *at = member_const(field, base);

	switch (field->size) {
	case sizeof(uint8_t):
		return *(const uint8_t *)at;
	case sizeof(uint16_t):
		return *(const uint16_t *)at;
	case sizeof(uint32_t):
		return *(const uint32_t *)at;
	default:
		return *(const int64_t *)at;
	}
}

static void
integer_put(const struct field *field, void *base, int64_t value)
{
	void *at = member(field, base);

	switch (field->size) {
	case sizeof(uint8_t):
		*(uint8_t *)at = (uint8_t)value;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)at = (uint16_t)value;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)at = (uint32_t)value;
		break;
	default:
		*(int64_t *)at = value;
		break;
	}
}

/* Text to value. */

static int
set_choice(const struct field *field, void *base, const char *text)
{
	const struct choice *choice = field->list->choices;

	for (; choice->word != NULL; choice++)
		if (strcmp(choice->word, text) == 0) {
			integer_put(field, base, choice->value);
			return 0;
		}
	return -1;
}

static int
parse_integer(const struct field *field, const char *text, int64_t *value)
{
	int error;

	if (field->kind == FIELD_OCTAL)
		error = token_octal(text, value);
	else if (field->kind == FIELD_FIXED)
		error = token_thousandths(text, value);
	else
		error = token_number(text, value);
	if (error == -1 || *value < field->min || *value > field->max)
		return -1;
	return 0;
}

static int
set_integer(const struct field *field, void *base, const char *text)
{
	int64_t value;

	if (parse_integer(field, text, &value) == -1)
		return -1;
	if (field->kind == FIELD_TABLE && value == 0)
		value = TABLE_MAIN;
	integer_put(field, base, value * field->unit);
	return 0;
}

static int
replace_string(char **string, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return -1;
	free(*string);
	*string = copy;
	return 0;
}

static int
set_group(struct in6_addr *group, const char *text)
{
	struct in6_addr address;

	if (address_parse(text, &address) == -1 ||
	    !IN6_IS_ADDR_MULTICAST(&address))
		return -1;
	*group = address;
	return 0;
}

static int
set_router_id(struct options *options, const char *text)
{
	struct router_id id;

	if (router_id_parse(text, &id) == -1 || !router_id_is_valid(&id))
		return -1;
	options->router_id = id;
	options->has_router_id = true;
	return 0;
}

static int
add_table(struct options *options, uint32_t table)
{
	uint32_t *tables;
	size_t i;

	for (i = 0; i < options->import_table_count; i++)
		if (options->import_tables[i] == table)
			return 0;
	tables = reallocarray(options->import_tables,
	    options->import_table_count + 1, sizeof(*tables));
	if (tables == NULL)
		return -1;
	tables[options->import_table_count++] = table;
	options->import_tables = tables;
	return 0;
}

static int
set_string(const struct field *field, void *base, const char *text,
    bool *no_memory)
{
	size_t max = field->kind == FIELD_PATH ? SOCKET_PATH_MAX : TOKEN_MAX;

	if (strlen(text) > max || strchr(text, '\n') != NULL ||
	    (field->kind == FIELD_PATH && *text == '\0'))
		return -1;
	*no_memory = replace_string(member(field, base), text) == -1;
	return *no_memory ? -1 : 0;
}

static int
set_tables(const struct field *field, void *base, const char *text,
    bool *no_memory)
{
	int64_t value;

	if (parse_integer(field, text, &value) == -1)
		return -1;
	*no_memory = add_table(base,
	    value == 0 ? TABLE_MAIN : (uint32_t)value) == -1;
	return *no_memory ? -1 : 0;
}

/* Describe the values that are allowed. */
static void
describe_values(const struct field *field, char expected[FIELD_EXPECTED_MAX])
{
	long long min = field->min, max = field->max;

	switch (field->kind) {
	case FIELD_CHOICE:
		snprintf(expected, FIELD_EXPECTED_MAX, "%s",
		    field->list->expected);
		break;
	case FIELD_OCTAL:
		snprintf(expected, FIELD_EXPECTED_MAX,
		    "permissions as an octal number, such as 0660");
		break;
	case FIELD_FIXED:
		snprintf(expected, FIELD_EXPECTED_MAX,
		    "%s from %lld.%03lld to %lld.%03lld",
		    field->unit == MILLISECOND ? "seconds" : "milliseconds",
		    min / 1000, min % 1000, max / 1000, max % 1000);
		break;
	case FIELD_STRING:
		snprintf(expected, FIELD_EXPECTED_MAX,
		    "a line of at most %d bytes", TOKEN_MAX);
		break;
	case FIELD_PATH:
		snprintf(expected, FIELD_EXPECTED_MAX,
		    "a path of 1 to %d bytes", SOCKET_PATH_MAX);
		break;
	case FIELD_GROUP:
		snprintf(expected, FIELD_EXPECTED_MAX,
		    "an IPv6 multicast address");
		break;
	case FIELD_ROUTER_ID:
		snprintf(expected, FIELD_EXPECTED_MAX,
		    "an EUI-64 or a MAC-48, neither all zeros nor all ones");
		break;
	default:
		snprintf(expected, FIELD_EXPECTED_MAX,
		    "a number from %lld to %lld", min, max);
		break;
	}
}

static int
set_member(const struct field *field, void *base, const char *text,
    bool *no_memory)
{
	switch (field->kind) {
	case FIELD_CHOICE:
		return set_choice(field, base, text);
	case FIELD_STRING:
	case FIELD_PATH:
		return set_string(field, base, text, no_memory);
	case FIELD_TABLES:
		return set_tables(field, base, text, no_memory);
	case FIELD_GROUP:
		return set_group(member(field, base), text);
	case FIELD_ROUTER_ID:
		return set_router_id(base, text);
	default:
		return set_integer(field, base, text);
	}
}

int
field_set(const struct field *field, void *base, const char *text,
    char expected[FIELD_EXPECTED_MAX])
{
	bool no_memory = false;

	if (set_member(field, base, text, &no_memory) == 0)
		return 0;
	expected[0] = '\0';
	if (!no_memory)
		describe_values(field, expected);
	return -1;
}

/* Value to text. */

const char *
field_quote(const char *text, char buffer[FIELD_TEXT_MAX])
{
	char *to = buffer;

	if (token_is_plain(text))
		return memcpy(buffer, text, strlen(text) + 1);
	*to++ = '"';
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			*to++ = '\\';
		*to++ = *text;
	}
	*to++ = '"';
	*to = '\0';
	return buffer;
}

static const char *
choice_word(const struct choice_list *list, int64_t value)
{
	const struct choice *choice = list->choices;

	while (choice->word != NULL && choice->value != value)
		choice++;
	return choice->word;
}

const char *
field_type_word(enum interface_type value)
{
	return choice_word(&type, value);
}

/* A value out of bounds means that none is set. */
static bool
integer_is_set(const struct field *field, const void *base)
{
	int64_t value = integer_get(field, base);

	return value >= 0 && value / field->unit >= field->min &&
	    value / field->unit <= field->max;
}

static const char *
format_integer(const struct field *field, const void *base, char *buffer)
{
	long long value = (long long)(integer_get(field, base) / field->unit);

	if (!integer_is_set(field, base))
		return NULL;
	if (field->kind == FIELD_FIXED)
		snprintf(buffer, FIELD_TEXT_MAX, "%lld.%03lld", value / 1000,
		    value % 1000);
	else
		snprintf(buffer, FIELD_TEXT_MAX,
		    field->kind == FIELD_OCTAL ? "%04llo" : "%lld", value);
	return buffer;
}

const char *
field_format(const struct field *field, const void *base,
    char buffer[FIELD_TEXT_MAX])
{
	const char *const *string;
	const struct options *options;

	switch (field->kind) {
	case FIELD_CHOICE:
		return choice_word(field->list, integer_get(field, base));
	case FIELD_STRING:
	case FIELD_PATH:
		string = member_const(field, base);
		return *string == NULL ? NULL : field_quote(*string, buffer);
	case FIELD_GROUP:
		return address_format(member_const(field, base), buffer);
	case FIELD_ROUTER_ID:
		options = base;
		return !options->has_router_id ? NULL :
		    router_id_format(&options->router_id, buffer);
	case FIELD_TABLES:
		return NULL;
	default:
		return format_integer(field, base, buffer);
	}
}

bool
field_is_set(const struct field *field, const void *base)
{
	const struct options *options = base;

	switch (field->kind) {
	case FIELD_CHOICE:
		return choice_word(field->list,
		    integer_get(field, base)) != NULL;
	case FIELD_STRING:
	case FIELD_PATH:
		return *(const char *const *)member_const(field, base) != NULL;
	case FIELD_GROUP:
		return true;
	case FIELD_ROUTER_ID:
		return options->has_router_id;
	case FIELD_TABLES:
		return false;
	default:
		return integer_is_set(field, base);
	}
}

static bool
servers_equal(const struct server_conf *a, const struct server_conf *b)
{
	return a->port == b->port && strings_equal(a->path, b->path);
}

void
field_mark_given(const struct field *field, struct options *options,
    uint64_t *given)
{
	const size_t first = offsetof(struct options, servers);
	const size_t end = first + sizeof(options->servers);
	struct server_conf *servers = options->servers;
	size_t slot, other;

	*given |= UINT64_C(1) << (field - option_fields);
	if (field->offset < first || field->offset >= end)
		return;
	/* The two kinds of server stand side by side. */
	slot = (field->offset - first) / sizeof(servers[0]);
	other = slot ^ 1;
	if (!servers_equal(&servers[slot], &servers[other]))
		return;
	field += (ptrdiff_t)other - (ptrdiff_t)slot;
	field_free(field, options);
	servers[other] = (struct server_conf){ .path = NULL };
	*given &= ~(UINT64_C(1) << (field - option_fields));
}

/* Copies. */

static int
copy_tables(struct options *to, const struct options *from)
{
	size_t i;

	for (i = 0; i < from->import_table_count; i++)
		if (add_table(to, from->import_tables[i]) == -1)
			return -1;
	return 0;
}

int
field_copy(const struct field *field, void *to, const void *from)
{
	const char *const *string;

	if (field->kind == FIELD_TABLES)
		return copy_tables(to, from);
	if (field->kind == FIELD_ROUTER_ID)
		((struct options *)to)->has_router_id =
		    ((const struct options *)from)->has_router_id;
	if (!is_string(field)) {
		memcpy(member(field, to), member_const(field, from),
		    field->size);
		return 0;
	}
	string = member_const(field, from);
	return *string == NULL ? 0 : replace_string(member(field, to), *string);
}

static bool
tables_equal(const struct options *a, const struct options *b)
{
	return a->import_table_count == b->import_table_count &&
	    (a->import_table_count == 0 ||
	    memcmp(a->import_tables, b->import_tables,
	    a->import_table_count * sizeof(a->import_tables[0])) == 0);
}

bool
field_equal(const struct field *field, const void *a, const void *b)
{
	const char *const *string;

	if (field->kind == FIELD_TABLES)
		return tables_equal(a, b);
	if (is_string(field)) {
		string = member_const(field, a);
		return strings_equal(*string,
		    *(const char *const *)member_const(field, b));
	}
	return memcmp(member_const(field, a), member_const(field, b),
	    field->size) == 0;
}

void
field_free(const struct field *field, void *base)
{
	struct options *options;
	char **string;

	if (field->kind == FIELD_TABLES) {
		options = base;
		free(options->import_tables);
		options->import_tables = NULL;
		options->import_table_count = 0;
	} else if (is_string(field)) {
		string = member(field, base);
		free(*string);
		*string = NULL;
	}
}
