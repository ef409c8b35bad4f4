/*
 * printing.h - a configuration as text that reads back as the same value,
 * and what is different in two.
 *
 * Whatever can be said is written from the tables it is read by, so that
 * nothing is forgotten; what was not said is not written.
 */
#ifndef PRINTING_H
#define PRINTING_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "configuration.h"
#include "field.h"
#include "token.h"

/* A time as "key" lines have it, in UTC. */
#define PRINTED_TIME	32
static inline const char *
print_time(int64_t seconds, char buffer[PRINTED_TIME])
{
	const time_t time = (time_t)seconds;
	struct tm tm;

	(void)strftime(buffer, PRINTED_TIME, "%Y-%m-%dT%H:%M:%SZ",
	    gmtime_r(&time, &tm));
	return buffer;
}

static inline const char *
print_algorithm(enum mac_algorithm algorithm)
{
	return algorithm == MAC_HMAC_SHA256 ? "hmac-sha256" : "blake2s128";
}

/* A growing text; failed when there was no memory. */
struct text {
	char *bytes;
	size_t len, size;
	bool failed;
};

static inline bool
text_has_room(struct text *text, size_t len)
{
	char *bytes;

	if (text->failed || text->size - text->len > len)
		return !text->failed;
	bytes = realloc(text->bytes, 2 * (text->size + len + 1));
	text->failed = bytes == NULL;
	if (text->failed)
		return false;
	text->bytes = bytes;
	text->size = 2 * (text->size + len + 1);
	return true;
}

static inline void __attribute__((format(printf, 2, 3)))
text_put(struct text *text, const char *format, ...)
{
	/* Room for the longest word, in quotes, and some more. */
	const size_t room = FIELD_TEXT_MAX + 80;
	va_list arguments;
	int len;

	if (!text_has_room(text, room))
		return;
	va_start(arguments, format);
	len = vsnprintf(text->bytes + text->len, room, format, arguments);
	va_end(arguments);
	text->len += (size_t)len;
}

static inline void
put_options(struct text *text, const struct configuration *conf)
{
	const struct options *options = &conf->options;
	const struct field *field = option_fields;
	char buffer[FIELD_TEXT_MAX];
	const char *value;
	size_t i;

	for (; field->word != NULL; field++) {
		if (!(conf->given & UINT64_C(1) << (field - option_fields)))
			continue;
		value = field_format(field, options, buffer);
		if (value != NULL)
			text_put(text, "%s%s %s\n",
			    field->flags & FIELD_LETTER ? "# " : "",
			    field->word, value);
	}
	for (i = 0; i < options->import_table_count; i++)
		text_put(text, "import-table %u\n", options->import_tables[i]);
}

static inline void
put_time(struct text *text, const char *word, int64_t time)
{
	char buffer[PRINTED_TIME];

	if (time != KEY_ALWAYS && time != KEY_FOREVER)
		text_put(text, " %s %s", word, print_time(time, buffer));
}

static inline void
put_key(struct text *text, const struct mac_key *key, const char *file)
{
	char buffer[FIELD_TEXT_MAX];
	unsigned int i;

	text_put(text, "key id %s type %s", key->id,
	    print_algorithm(key->algorithm));
	if (file != NULL) {
		text_put(text, " file %s", field_quote(file, buffer));
	} else {
		text_put(text, " value ");
		for (i = 0; i < key->length; i++)
			text_put(text, "%02x", key->value[i]);
	}
	put_time(text, "sign-from", key->sign_from);
	put_time(text, "sign-until", key->sign_until);
	put_time(text, "accept-from", key->accept_from);
	put_time(text, "accept-until", key->accept_until);
	text_put(text, "\n");
}

static inline void
put_parameters(struct text *text, const struct interface_conf *interface)
{
	const struct field *field = interface_fields;
	char buffer[FIELD_TEXT_MAX];
	const char *value;
	size_t i;

	for (; field->word != NULL; field++) {
		value = field_format(field, interface, buffer);
		if (value != NULL)
			text_put(text, " %s %s", field->word, value);
	}
	for (i = 0; i < interface->key_count; i++)
		text_put(text, " key %s", interface->keys[i]);
	text_put(text, "\n");
}

static inline void
put_interfaces(struct text *text, const struct configuration *conf)
{
	char buffer[FIELD_TEXT_MAX];
	size_t i;

	text_put(text, "default");
	put_parameters(text, &conf->defaults);
	for (i = 0; i < conf->interface_count; i++) {
		text_put(text, "interface %s",
		    field_quote(conf->interfaces[i].name, buffer));
		put_parameters(text, &conf->interfaces[i]);
	}
}

static inline void
put_neighbour(struct text *text, const struct neighbour_conf *neighbour)
{
	char address[ADDRESS_STRLEN], name[FIELD_TEXT_MAX];

	text_put(text, "neighbour %s if %s\n",
	    address_format(&neighbour->address, address),
	    field_quote(neighbour->ifname, name));
}

/* Filters. */

static inline void
put_prefix(struct text *text, const char *word, const struct prefix *prefix)
{
	char buffer[PREFIX_STRLEN];

	text_put(text, " %s %s", word, prefix_format(prefix, buffer));
}

static inline void
put_address(struct text *text, const char *word, const struct in6_addr *address)
{
	char buffer[ADDRESS_STRLEN];

	text_put(text, " %s %s", word, address_format(address, buffer));
}

static inline void
put_bounds(struct text *text, const char *prefix, int shift,
    const uint8_t bounds[2])
{
	if (bounds[0] != 0)
		text_put(text, " %sge %d", prefix, bounds[0] - shift);
	if (bounds[1] != 128)
		text_put(text, " %sle %d", prefix, bounds[1] - shift);
}

/* A rule for IPv6 that does not show it otherwise is one with a bound, be
 * it an empty one. */
static inline void
put_lengths(struct text *text, const struct filter_rule *rule)
{
	const uint16_t shows = FILTER_HAS_IP | FILTER_HAS_SRC_IP |
	    FILTER_SETS_SRC_PREFIX | FILTER_SETS_PREF_SRC;
	const uint8_t to[2] = { rule->plen_ge, rule->plen_le };
	const uint8_t from[2] = { rule->from_plen_ge, rule->from_plen_le };
	int shift = rule->family == FAMILY_IPV4 ? 96 : 0;

	if (rule->family == FAMILY_IPV6 && !(rule->has & shows) &&
	    rule->plen_ge == 0)
		text_put(text, " ge 0");
	put_bounds(text, "", shift, to);
	put_bounds(text, "src-", shift, from);
}

static inline void
put_selectors(struct text *text, const struct filter_rule *rule)
{
	char id[ROUTER_ID_STRLEN], name[FIELD_TEXT_MAX];

	if (rule->has & FILTER_HAS_IP)
		put_prefix(text, "ip", &rule->ip);
	if (rule->has & FILTER_HAS_SRC_IP)
		put_prefix(text, "src-ip", &rule->src_ip);
	put_lengths(text, rule);
	if (rule->has & FILTER_HAS_NEIGH)
		put_address(text, "neigh", &rule->neighbour);
	if (rule->has & FILTER_HAS_ID)
		text_put(text, " id %s", router_id_format(&rule->id, id));
	if (rule->has & FILTER_HAS_PROTO)
		text_put(text, " proto %u", rule->proto);
	if (rule->has & FILTER_HAS_LOCAL)
		text_put(text, " local");
	if (rule->has & FILTER_HAS_TYPE)
		text_put(text, " type %s", rule->type == ROUTE_UNICAST ?
		    "unicast" : rule->type == ROUTE_BLACKHOLE ? "blackhole" :
		    rule->type == ROUTE_PROHIBIT ? "prohibit" :
		    "unreachable");
	if (rule->has & FILTER_HAS_IF)
		text_put(text, " if %s", field_quote(rule->ifname, name));
}

static inline void
put_actions(struct text *text, const struct filter_rule *rule)
{
	if (rule->has & FILTER_SETS_SRC_PREFIX)
		put_prefix(text, "src-prefix", &rule->src_prefix);
	if (rule->has & FILTER_SETS_TABLE)
		text_put(text, " table %u", rule->table);
	if (rule->has & FILTER_SETS_PREF_SRC)
		put_address(text, "pref-src", &rule->pref_src);
	if (rule->deny)
		text_put(text, " deny\n");
	else if (rule->metric != 0)
		text_put(text, " metric %u\n", rule->metric);
	else
		text_put(text, " allow\n");
}

static inline void
put_filter(struct text *text, const struct filter *filter,
    enum filter_chain chain)
{
	size_t i;

	for (i = 0; i < filter->count; i++) {
		text_put(text, "%s", filter_chain_name(chain));
		put_selectors(text, &filter->rules[i]);
		put_actions(text, &filter->rules[i]);
	}
}

/* A malloc'ed string, or NULL for no memory.  It shows the keys; what only
 * the command line can say appears as comments. */
static inline char *
configuration_print(const struct configuration *conf)
{
	struct text text = { .bytes = NULL };
	enum filter_chain chain;
	size_t i;

	put_options(&text, conf);
	for (i = 0; i < conf->key_count; i++)
		put_key(&text, conf->keys[i], conf->key_files[i]);
	put_interfaces(&text, conf);
	for (i = 0; i < conf->neighbour_count; i++)
		put_neighbour(&text, &conf->neighbours[i]);
	for (chain = 0; chain < FILTER_CHAINS; chain++)
		put_filter(&text, &conf->filters[chain], chain);
	if (!text.failed)
		return text.bytes;
	free(text.bytes);
	return NULL;
}

/* Call differs for each global option in which the two differ. */
static inline void
configuration_compare_options(const struct configuration *a,
    const struct configuration *b,
    void (*differs)(void *ctx, const char *word), void *ctx)
{
	const struct field *field;

	for (field = option_fields; field->word != NULL; field++)
		if (!field_equal(field, &a->options, &b->options))
			differs(ctx, field->word);
}

#endif
