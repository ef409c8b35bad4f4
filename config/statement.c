/*
 * config/statement.c - the grammar of the configuration: one directive a line,
 * the same for file, command line and local socket.
 *
 * A statement starts with a word of one of two tables: the options of
 * field.c, which take one value, and the directives below, which read the
 * rest of the line themselves.  Each says from where it may come.  The
 * first thing wrong with a line ends it, and is reported with the place,
 * the word and what was expected there; what a faulty line has changed by
 * then does not matter, because the configuration is thrown away.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/statement.h"
#include "field.h"
#include "pattern.h"

#define QUOTE_MAX	200		/* of a word or line, in messages */

/* Where a directive may come from. */
#define IN_FILE		0x01
#define IN_COMMAND	0x02
#define IN_SOCKET	0x04
#define EVERYWHERE	(IN_FILE | IN_COMMAND | IN_SOCKET)

/* Words of older versions, each with one value.  What was said of them is
 * remembered in report->warned by the place here. */
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

/* Messages. */

/* Copy text, in readable form and cut short where it is too long. */
static const char *
readable(const char *text, size_t len, char buffer[QUOTE_MAX])
{
	size_t n = 0, i;
	unsigned char c;

	for (i = 0; i < len && n < QUOTE_MAX - 8; i++) {
		c = (unsigned char)text[i];
		if (c >= 0x20 && c < 0x7F)
			buffer[n++] = (char)c;
		else
			n += (size_t)snprintf(buffer + n, 5, "\\x%02x", c);
	}
	snprintf(buffer + n, 4, "%s", i < len ? "..." : "");
	return buffer;
}

/* "FILE:LINE:COLUMN: [warning: ]WORD: MESSAGE[; in "STATEMENT"]".  A line
 * with a secret is not quoted. */
static void
compose(const struct statement *s, const struct token *at, const char *kind,
    const char *message, char text[CONFIGURATION_MESSAGE_MAX])
{
	char word[QUOTE_MAX], line[QUOTE_MAX], in[QUOTE_MAX + 8] = "";
	const char *start;
	size_t len;

	if (s->source->context != CONTEXT_FILE && !s->is_secret) {
		len = token_line(&s->reader, &start);
		snprintf(in, sizeof(in), "; in \"%s\"",
		    readable(start, len, line));
	}
	snprintf(text, CONFIGURATION_MESSAGE_MAX, "%.300s:%u:%u: %s%s: %s%s",
	    s->source->name, at->line, at->column, kind,
	    at->type == TOKEN_END ? "end of line" :
	    at->text[0] == '\0' ? "\"\"" :
	    readable(at->text, strlen(at->text), word), message, in);
}

int
statement_error(struct statement *s, const struct token *at,
    const char *format, ...)
{
	char message[QUOTE_MAX], text[CONFIGURATION_MESSAGE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	compose(s, at, "", message, text);
	if (s->report->error[0] == '\0')
		memcpy(s->report->error, text, sizeof(text));
	if (s->report->tell != NULL)
		s->report->tell(s->report->ctx, text);
	return -1;
}

void
statement_warn(struct statement *s, const struct token *at,
    const char *format, ...)
{
	char message[QUOTE_MAX], text[CONFIGURATION_MESSAGE_MAX];
	va_list arguments;

	if (s->report->warn == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	compose(s, at, "warning: ", message, text);
	s->report->warn(s->report->ctx, text);
}

int
statement_expected(struct statement *s, const char *what)
{
	return statement_error(s, &s->word, "expected %s", what);
}

int
statement_no_memory(struct statement *s)
{
	return statement_error(s, &s->word, "out of memory");
}

/* Words. */

static int
check_word(struct statement *s, enum token_type type)
{
	if (type != TOKEN_BAD)
		return 0;
	return statement_error(s, &s->word, "not expected here");
}

int
statement_next(struct statement *s)
{
	return check_word(s, token_word(&s->reader, &s->word));
}

int
statement_need_word(struct statement *s, const char *expected)
{
	if (statement_next(s) == -1)
		return -1;
	return s->word.type == TOKEN_END ? statement_expected(s, expected) : 0;
}

int
statement_need_string(struct statement *s, const char *expected)
{
	if (check_word(s, token_string(&s->reader, &s->word)) == -1)
		return -1;
	return s->word.type == TOKEN_END ? statement_expected(s, expected) : 0;
}

int
statement_need_end(struct statement *s)
{
	if (check_word(s, token_string(&s->reader, &s->word)) == -1)
		return -1;
	return s->word.type == TOKEN_END ? 0 :
	    statement_expected(s, "the end of the line");
}

int
statement_need_number(struct statement *s, int64_t min, int64_t max,
    int64_t *number)
{
	char expected[80];

	snprintf(expected, sizeof(expected), "a number from %lld to %lld",
	    (long long)min, (long long)max);
	if (statement_need_word(s, expected) == -1)
		return -1;
	if (token_number(s->word.text, number) == -1 || *number < min ||
	    *number > max)
		return statement_expected(s, expected);
	return 0;
}

void
statement_check_name(struct statement *s)
{
	const char *name = s->word.text;

	if (!pattern_is_special(name) && !pattern_is_name(name))
		statement_warn(s, &s->word, PATTERN_NO_NAME);
}

/* Obsolete words. */

static void
warn_once(struct statement *s, const struct token *at, size_t bit,
    const char *what)
{
	if (s->report->warned & UINT32_C(1) << bit)
		return;
	s->report->warned |= UINT32_C(1) << bit;
	statement_warn(s, at, "%s", what);
}

/* If the word is an obsolete one, *found, and its value is read over. */
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
	field_say(field, options, &s->conf->said);
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

/* Keys (RFC 8967). */

struct key_draft {
	struct mac_key key;
	struct token id, type, value, file;	/* TOKEN_END: not given */
};

static const struct {
	const char *word;
	size_t offset;
} key_times[] = {
	{ "sign-from", offsetof(struct mac_key, sign_from) },
	{ "sign-until", offsetof(struct mac_key, sign_until) },
	{ "accept-from", offsetof(struct mac_key, accept_from) },
	{ "accept-until", offsetof(struct mac_key, accept_until) },
};
#define KEY_TIMES	(sizeof(key_times) / sizeof(key_times[0]))

static int
read_key_time(struct statement *s, size_t offset, struct mac_key *key)
{
	static const char what[] = "a time such as 2026-03-01T12:00:00Z";
	int64_t *at = (int64_t *)(void *)((char *)key + offset);

	if (statement_need_word(s, what) == -1)
		return -1;
	return token_time(s->word.text, at) == 0 ? 0 :
	    statement_expected(s, what);
}

static int
read_key_type(struct statement *s, struct key_draft *draft)
{
	static const char what[] = "hmac-sha256 or blake2s128";

	if (statement_need_word(s, what) == -1)
		return -1;
	draft->type = s->word;
	draft->key.algorithm = mac_algorithm_parse(s->word.text);
	return draft->key.algorithm != MAC_NONE ? 0 :
	    statement_expected(s, what);
}

static int
read_key_part(struct statement *s, struct key_draft *draft)
{
	const char *word = s->word.text;
	size_t i;

	if (strcmp(word, "type") == 0)
		return read_key_type(s, draft);
	for (i = 0; i < KEY_TIMES; i++)
		if (strcmp(word, key_times[i].word) == 0)
			return read_key_time(s, key_times[i].offset,
			    &draft->key);
	if (strcmp(word, "id") == 0) {
		if (statement_need_word(s, "an id") == -1)
			return -1;
		draft->id = s->word;
	} else if (strcmp(word, "value") == 0) {
		if (statement_need_word(s, "hexadecimal digits") == -1)
			return -1;
		draft->value = s->word;
	} else if (strcmp(word, "file") == 0) {
		if (statement_need_string(s, "the name of a file") == -1)
			return -1;
		draft->file = s->word;
	} else {
		return statement_expected(s, "id, type, value, file, "
		    "sign-from, sign-until, accept-from or accept-until");
	}
	return 0;
}

static int
check_key_length(struct statement *s, const struct mac_key *key,
    const struct token *at)
{
	size_t min = mac_key_length_min(key->algorithm);
	size_t max = mac_key_length_max(key->algorithm);

	if (key->length >= min && key->length <= max)
		return 0;
	return statement_error(s, at,
	    "expected a key of %zu to %zu octets, not %u", min, max,
	    key->length);
}

/* Never show the digits: they are the secret. */
static int
set_key_value(struct statement *s, struct key_draft *draft)
{
	struct token at = draft->value;
	size_t len = sizeof(draft->key.value);

	snprintf(at.text, sizeof(at.text), "value");
	if (token_hex(draft->value.text, draft->key.value, &len) == -1)
		return statement_error(s, &at, "expected an even number of "
		    "hexadecimal digits, at most %d", 2 * MAC_KEY_MAX);
	draft->key.length = (uint8_t)len;
	return check_key_length(s, &draft->key, &at);
}

static int
load_key(struct statement *s, struct key_draft *draft)
{
	char why[QUOTE_MAX];

	if (s->source->load_key == NULL)
		return 0;
	if (s->source->load_key(draft->file.text, &draft->key, why,
	    sizeof(why)) == -1)
		return statement_error(s, &draft->file, "%s", why);
	return check_key_length(s, &draft->key, &draft->file);
}

static int
finish_key(struct statement *s, struct key_draft *draft)
{
	struct mac_key *key = &draft->key;
	bool has_value = draft->value.type != TOKEN_END;
	bool has_file = draft->file.type != TOKEN_END;

	if (draft->id.type == TOKEN_END)
		return statement_expected(s, "id");
	if (draft->type.type == TOKEN_END)
		return statement_expected(s, "type");
	if (has_value == has_file)
		return statement_expected(s, "either value or file");
	if (key->sign_from >= key->sign_until ||
	    key->accept_from >= key->accept_until)
		return statement_expected(s, "an end after the start");
	snprintf(key->id, sizeof(key->id), "%s", draft->id.text);
	if ((has_value ? set_key_value(s, draft) : load_key(s, draft)) == -1)
		return -1;
	if (configuration_put_key(s->conf, key,
	    has_file ? draft->file.text : NULL) == -1)
		return statement_no_memory(s);
	return 0;
}

static int
read_key_parts(struct statement *s, struct key_draft *draft)
{
	for (;;) {
		if (statement_next(s) == -1)
			return -1;
		if (s->word.type == TOKEN_END)
			return finish_key(s, draft);
		if (read_key_part(s, draft) == -1)
			return -1;
	}
}

static int
read_key(struct statement *s)
{
	struct key_draft draft = {
		.key = { .sign_from = KEY_ALWAYS, .sign_until = KEY_FOREVER,
		    .accept_from = KEY_ALWAYS, .accept_until = KEY_FOREVER },
		.id = { .type = TOKEN_END },
		.type = { .type = TOKEN_END },
		.value = { .type = TOKEN_END },
		.file = { .type = TOKEN_END },
	};
	int error;

	s->is_secret = true;
	error = read_key_parts(s, &draft);
	explicit_bzero(&draft, sizeof(draft));
	return error;
}

static int
read_in(struct statement *s)
{
	return statement_read_rule(s, FILTER_IN);
}

static int
read_out(struct statement *s)
{
	return statement_read_rule(s, FILTER_OUT);
}

static int
read_redistribute(struct statement *s)
{
	return statement_read_rule(s, FILTER_REDISTRIBUTE);
}

static int
read_install(struct statement *s)
{
	return statement_read_rule(s, FILTER_INSTALL);
}

/* It is understood, but cannot be done. */
static int
refuse(struct statement *s, const char *why)
{
	snprintf(s->report->error, sizeof(s->report->error), "%s", why);
	s->report->refused = true;
	return -1;
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
	return here == 0 || below == 0 ? 0 : refuse(s, "No such interface");
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
	return here == 0 || below == 0 ? 0 : refuse(s, "No such neighbour");
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

static int
flush_chain(struct statement *s, enum filter_chain chain)
{
	if (statement_need_end(s) == -1)
		return -1;
	filter_free(&s->conf->filters[chain]);
	if (s->files != NULL)
		filter_free(&s->files->filters[chain]);
	return 0;
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
	for (chain = 0; chain < FILTER_CHAINS; chain++)
		if (strcmp(s->word.text, filter_chain_name(chain)) == 0)
			return flush_chain(s, chain);
	return statement_expected(s, what);
}

/* At start there is no log file open yet. */
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
	{ "key", read_key, EVERYWHERE },
	{ "neighbour", read_neighbour, EVERYWHERE },
	{ "flush", read_flush, IN_SOCKET },
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

/* A line is a directive or nothing. */
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

/* One line and no more, on the command line and on the socket. */
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
statement_read(struct statement *s, const char *text, size_t len)
{
	int error = 0;

	token_open(&s->reader, text, len);
	if (s->source->context != CONTEXT_FILE)
		return read_single(s);
	while (!token_is_at_end(&s->reader)) {
		if (read_line(s) == -1) {
			error = -1;
			if (s->report->tell == NULL)
				break;
		}
		token_skip_line(&s->reader);
	}
	return error;
}
