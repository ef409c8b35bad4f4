/*
 * config/directive.c - the grammar of the configuration: one directive a line,
 * the same for file, command line and local socket.
 *
 * A line starts with a word of one of two tables: the options of field.c, which
 * take one value, and the directives below, which read the rest of the line
 * themselves.  Each directive lists where it may come from.  The first error
 * ends a line.  What a faulty line has changed by then does not matter, because
 * the configuration is thrown away.
 */
#include "config/directive.h"

#include <stdio.h>
#include <string.h>

#include "config/build.h"
#include "config/filter_rule.h"
#include "config/key.h"
#include "config/statement.h"
#include "configuration.h"
#include "field.h"
#include "filter.h"
#include "pattern.h"
#include "prefix.h"
#include "token.h"

/* Where a directive may come from. */
#define IN_FILE		0x01
#define IN_COMMAND	0x02
#define IN_SOCKET	0x04
#define EVERYWHERE	(IN_FILE | IN_COMMAND | IN_SOCKET)

/* Words of older versions, each with one value. report->warned remembers, by
 * the index here, which have been warned about. */
static const struct {
	const char *word;
	bool is_parameter;
} obsolete[] = {
	{ "diversity", false },
	{ "diversity-factor", false },
	{ "keep-unfeasible", false },
	{ "ubus-bindings", false },	/* in OpenWrt's default file */
	{ "channel", true },
	{ "faraway", true },
};
#define OBSOLETE		(sizeof(obsolete) / sizeof(obsolete[0]))
#define DEPRECATED_WIRED	OBSOLETE

/* Obsolete words. */

static void
warn_once(struct statement *s, const struct token *at, size_t bit,
    const char *what)
{
	if (s->report->warned & UINT32_C(1) << bit ||
	    s->source->context == CONTEXT_SOCKET)
		return;			/* old clients still send them */
	s->report->warned |= UINT32_C(1) << bit;
	statement_warn(s, at, "%s", what);
}

/* If the word is obsolete, set *found and skip its value. */
static int
read_obsolete(struct statement *s, bool is_parameter, bool *found)
{
	const struct token at = s->word;
	size_t i = 0;

	while (i < OBSOLETE && (strcmp(obsolete[i].word, at.text) != 0 ||
	    obsolete[i].is_parameter != is_parameter))
		i++;
	*found = i < OBSOLETE;
	if (!*found)
		return 0;
	if (statement_need_word(s, "a value") == -1)
		return -1;
	warn_once(s, &at, i, "is obsolete and does nothing");
	return 0;
}

/* Options and parameters: a word and a value. */

static int
read_field(struct statement *s, const struct field *field, void *base)
{
	char expected[FIELD_EXPECTED_MAX];
	bool is_string = field->kind == FIELD_STRING ||
	    field->kind == FIELD_PATH;

	if ((is_string ? statement_need_string(s, "a string") :
	    statement_need_word(s, "a value")) == -1)
		return -1;
	if (field_set(field, base, s->word.text, expected) == 0)
		return 0;
	return expected[0] == '\0' ? statement_no_memory(s) :
	    statement_expected(s, expected);
}

static int
read_option(struct statement *s, const struct field *field)
{
	struct options *options = &s->conf->options;

	if (s->source->context == CONTEXT_SOCKET &&
	    !(field->flags & FIELD_RUN_TIME))
		return statement_error(s, &s->word,
		    "cannot be changed at run time");
	if (read_field(s, field, options) == -1)
		return -1;
	if (field->kind == FIELD_GROUP &&
	    !IN6_IS_ADDR_MC_LINKLOCAL(&options->protocol_group))
		statement_warn(s, &s->word,
		    "not a link-local multicast address");
	field_mark_given(field, options, &s->conf->given);
	return statement_need_end(s);
}

/* "wired true" is an old form of "type wired". */
static int
read_wired(struct statement *s, struct interface_conf *interface)
{
	static const struct field field = { .word = "wired",
		.kind = FIELD_CHOICE, .size = sizeof(bool),
		.list = &field_truth };
	const struct token at = s->word;
	bool wired;

	if (read_field(s, &field, &wired) == -1)
		return -1;
	interface->type = wired ? INTERFACE_WIRED : INTERFACE_WIRELESS;
	warn_once(s, &at, DEPRECATED_WIRED,
	    "is deprecated, use \"type wired\" or \"type wireless\"");
	return 0;
}

static int
read_interface_key(struct statement *s, struct interface_conf *interface)
{
	const char *id = s->word.text;

	if (statement_need_word(s, "the id of a key") == -1)
		return -1;
	if (configuration_find_key(s->conf, id) == NULL &&
	    (s->files == NULL || configuration_find_key(s->files, id) == NULL))
		return statement_expected(s, "the id of a key defined before");
	if (interface_conf_add_key(interface, id) == -1)
		return statement_no_memory(s);
	return 0;
}

static int
read_parameter(struct statement *s, struct interface_conf *interface)
{
	const struct field *field;
	bool found;

	if ((field = field_find(interface_fields, s->word.text)) != NULL)
		return read_field(s, field, interface);
	if (strcmp(s->word.text, "key") == 0)
		return read_interface_key(s, interface);
	if (strcmp(s->word.text, "wired") == 0)
		return read_wired(s, interface);
	if (read_obsolete(s, true, &found) == -1)
		return -1;
	return found ? 0 : statement_expected(s, "an interface parameter");
}

static int
read_parameters(struct statement *s, struct interface_conf *interface)
{
	for (;;) {
		if (statement_next(s) == -1)
			return -1;
		if (s->word.type == TOKEN_END)
			return 0;
		if (read_parameter(s, interface) == -1)
			return -1;
	}
}

/* Directives. */

static int
read_interface(struct statement *s)
{
	struct interface_conf *interface;

	if (statement_need_string(s, "the name of an interface") == -1)
		return -1;
	if (s->word.text[0] == '\0')
		return statement_expected(s, "the name of an interface");
	interface = configuration_get_interface(s->conf, s->word.text);
	if (interface == NULL)
		return statement_no_memory(s);
	statement_check_name(s);
	return read_parameters(s, interface);
}

static int
read_default(struct statement *s)
{
	return read_parameters(s, &s->conf->defaults);
}

/* "ADDRESS if NAME", to the end of the line. */
static int
need_neighbour(struct statement *s, struct neighbour_conf *neighbour)
{
	static const char what[] = "an address within fe80::/64";

	memset(neighbour, 0, sizeof(*neighbour));
	if (statement_need_word(s, what) == -1)
		return -1;
	if (address_parse(s->word.text, &neighbour->address) == -1 ||
	    !address_is_link_local(&neighbour->address))
		return statement_expected(s, what);
	if (statement_need_word(s, "if") == -1)
		return -1;
	if (strcmp(s->word.text, "if") != 0)
		return statement_expected(s, "if");
	if (statement_need_string(s, "the name of an interface") == -1)
		return -1;
	if (s->word.text[0] == '\0' || strlen(s->word.text) >= IFNAME_SIZE)
		return statement_expected(s, "the name of an interface");
	memcpy(neighbour->ifname, s->word.text, strlen(s->word.text));
	return statement_need_end(s);
}

static int
read_neighbour(struct statement *s)
{
	struct neighbour_conf neighbour;

	if (need_neighbour(s, &neighbour) == -1)
		return -1;
	if (configuration_add_neighbour(s->conf, &neighbour) == -1)
		return statement_no_memory(s);
	return 0;
}

static int
read_in(struct statement *s)
{
	return filter_rule_read(s, FILTER_IN);
}

static int
read_out(struct statement *s)
{
	return filter_rule_read(s, FILTER_OUT);
}

static int
read_redistribute(struct statement *s)
{
	return filter_rule_read(s, FILTER_REDISTRIBUTE);
}

static int
read_install(struct statement *s)
{
	return filter_rule_read(s, FILTER_INSTALL);
}

static int
flush_interface(struct statement *s)
{
	char name[TOKEN_MAX + 1];
	int here, below = -1;

	if (statement_need_string(s, "the name of an interface") == -1)
		return -1;
	memcpy(name, s->word.text, sizeof(name));
	if (statement_need_end(s) == -1)
		return -1;
	here = configuration_flush_interface(s->conf, name);
	if (s->files != NULL)
		below = configuration_flush_interface(s->files, name);
	return here == 0 || below == 0 ? 0 : statement_refuse(s,
	    "No such interface");
}

static int
flush_neighbour(struct statement *s)
{
	struct neighbour_conf neighbour;
	int here, below = -1;

	if (need_neighbour(s, &neighbour) == -1)
		return -1;
	here = configuration_flush_neighbour(s->conf, &neighbour);
	if (s->files != NULL)
		below = configuration_flush_neighbour(s->files, &neighbour);
	return here == 0 || below == 0 ? 0 : statement_refuse(s,
	    "No such neighbour");
}

static int
flush_key(struct statement *s)
{
	char id[TOKEN_MAX + 1];

	if (statement_need_word(s, "the id of a key") == -1)
		return -1;
	memcpy(id, s->word.text, sizeof(id));
	if (statement_need_end(s) == -1)
		return -1;
	return configuration_flush_key(s->files, s->conf, id, s->report);
}

/* A rule, or all rules, of a filter. */
static int
flush_chain(struct statement *s, enum filter_chain chain)
{
	if (statement_next(s) == -1)
		return -1;
	if (s->word.type != TOKEN_END)
		return filter_rule_flush(s, chain);
	filter_free(&s->conf->filters[chain]);
	if (s->files != NULL)
		filter_free(&s->files->filters[chain]);
	return 0;
}

/* The filter that the word just read names, or FILTER_CHAINS. */
static enum filter_chain
named_chain(const struct statement *s)
{
	enum filter_chain chain = 0;

	while (chain < FILTER_CHAINS &&
	    strcmp(s->word.text, filter_chain_name(chain)) != 0)
		chain++;
	return chain;
}

static int
read_replace(struct statement *s)
{
	static const char what[] = "in, out, redistribute or install";
	enum filter_chain chain;

	if (statement_need_word(s, what) == -1)
		return -1;
	chain = named_chain(s);
	return chain < FILTER_CHAINS ? filter_rule_replace(s, chain) :
	    statement_expected(s, what);
}

static int
read_flush(struct statement *s)
{
	static const char what[] = "interface, neighbour, key, in, out, "
	    "redistribute or install";
	enum filter_chain chain;

	if (statement_need_word(s, what) == -1)
		return -1;
	if (strcmp(s->word.text, "interface") == 0)
		return flush_interface(s);
	if (strcmp(s->word.text, "neighbour") == 0)
		return flush_neighbour(s);
	if (strcmp(s->word.text, "key") == 0)
		return flush_key(s);
	chain = named_chain(s);
	return chain < FILTER_CHAINS ? flush_chain(s, chain) :
	    statement_expected(s, what);
}

/* At the start there is no log file open yet. */
static int
read_reopen(struct statement *s)
{
	return statement_need_end(s);
}

static const struct directive {
	const char *word;
	int (*read)(struct statement *);
	unsigned int contexts;
} directives[] = {
	{ "interface", read_interface, EVERYWHERE },
	{ "default", read_default, EVERYWHERE },
	{ "in", read_in, EVERYWHERE },
	{ "out", read_out, EVERYWHERE },
	{ "redistribute", read_redistribute, EVERYWHERE },
	{ "install", read_install, EVERYWHERE },
	{ "key", key_read, EVERYWHERE },
	{ "neighbour", read_neighbour, EVERYWHERE },
	{ "flush", read_flush, IN_SOCKET },
	{ "replace", read_replace, IN_SOCKET },
	{ "reopen-logfile", read_reopen, IN_COMMAND },
	{ .word = NULL },
};

static int
read_directive(struct statement *s, const struct directive *directive)
{
	static const unsigned int contexts[] = {
		[CONTEXT_FILE] = IN_FILE,
		[CONTEXT_COMMAND_LINE] = IN_COMMAND,
		[CONTEXT_SOCKET] = IN_SOCKET,
	};

	if (!(directive->contexts & contexts[s->source->context]))
		return statement_error(s, &s->word, "not allowed here");
	return directive->read(s);
}

/* A line has a directive or nothing. */
static int
read_line(struct statement *s)
{
	const struct directive *directive = directives;
	const struct field *field;
	bool found = false;

	s->is_secret = false;
	if (statement_next(s) == -1)
		return -1;
	if (s->word.type == TOKEN_END)
		return 0;
	while (directive->word != NULL &&
	    strcmp(directive->word, s->word.text) != 0)
		directive++;
	if (directive->word != NULL)
		return read_directive(s, directive);
	field = field_find(option_fields, s->word.text);
	if (field != NULL && !(field->flags & FIELD_LETTER))
		return read_option(s, field);
	if (s->source->context != CONTEXT_SOCKET &&
	    read_obsolete(s, false, &found) == -1)
		return -1;
	if (found)
		return statement_need_end(s);
	if (field_find(interface_fields, s->word.text) != NULL)
		return statement_expected(s, "a directive; parameters stand "
		    "on the line of their interface, or behind \"default\"");
	return statement_expected(s, "a directive");
}

/* Exactly one line, on the command line and on the socket. */
static int
read_single(struct statement *s)
{
	if (token_is_at_end(&s->reader) &&
	    s->source->context == CONTEXT_COMMAND_LINE) {
		s->word = (struct token){ TOKEN_END, 1, 1, "" };
		return statement_expected(s, "a directive");
	}
	if (read_line(s) == -1)
		return -1;
	token_skip_line(&s->reader);
	if (token_is_at_end(&s->reader))
		return 0;
	s->word = (struct token){ TOKEN_END, 1, 1, "" };
	return statement_expected(s, "a single line");
}

int
directive_read(struct statement *s, const char *text, size_t len)
{
	int error = 0;

	token_open(&s->reader, text, len);
	if (s->source->context != CONTEXT_FILE)
		return read_single(s);
	while (!token_is_at_end(&s->reader)) {
		if (read_line(s) == -1) {
			error = -1;
			if (s->report->each_error == NULL)
				break;
		}
		token_skip_line(&s->reader);
	}
	return error;
}
