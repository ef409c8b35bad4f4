/*
 * config/key.c - the "key" directive: the keys of RFC 8967.
 */
#include "config/key.h"

#include <stdio.h>
#include <string.h>

#include "config/build.h"
#include "config/statement.h"
#include "configuration.h"
#include "mac.h"
#include "token.h"

#define REASON_MAX	200		/* why a key file cannot be read */

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
	char why[REASON_MAX];

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

int
key_read(struct statement *s)
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
