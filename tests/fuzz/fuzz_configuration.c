/*
 * fuzz_configuration.c - the configuration language: whatever the text, no
 * harm is done; what is accepted prints as text that is accepted and prints
 * the same; and it can be asked about, amended and reloaded.
 *
 * The first byte chooses where the text comes from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/printing.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool condition, const char *what, const char *text)
{
	if (condition)
		return;
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

static void
use_message(void *ctx, const char *message)
{
	size_t *count = ctx;

	*count += strlen(message) > 0;
}

/* Keys whose length is right or wrong, by the name. */
static int
load_key(const char *path, struct mac_key *key, char *error, size_t size)
{
	key->length = (uint8_t)(strlen(path) % (MAC_KEY_MAX + 1));
	memset(key->value, 0x5A, key->length);
	snprintf(error, size, "%s: no such key", path);
	return path[0] == '/' ? 0 : -1;
}

static void
ask(const struct configuration *conf)
{
	static const char *const names[] = { "eth0", "wg0", "wlan0", "a" };
	struct filter_subject subject = { .type = ROUTE_UNICAST };
	struct interface_parameters p;
	enum filter_chain chain;
	enum link_kind kind;
	size_t i;

	for (i = 0; i < 4; i++)
		for (kind = LINK_UNKNOWN; kind <= LINK_TUNNEL; kind++)
			if (configuration_interface(conf, names[i], kind, true,
			    &p)) {
				check(p.rtt_max > p.rtt_min, "rtt", names[i]);
				check(p.hello_interval > 0 &&
				    p.update_interval > 0, "interval",
				    names[i]);
			}
	for (chain = 0; chain < FILTER_CHAINS; chain++)
		for (i = 0; i < 4; i++) {
			subject.ifname = names[i];
			subject.key.to.plen = (uint8_t)(i * 32);
			filter_evaluate(&conf->filters[chain], chain,
			    &subject);
		}
}

static void
no_difference(void *ctx, const char *word)
{
	check(false, ctx, word);
}

/* A copy is the same in all respects. */
static void
check_copy(const struct configuration *conf, const char *printed)
{
	static char what[] = "an option differs in the copy";
	struct configuration *copy = configuration_copy(conf);
	char *again = configuration_print(copy);

	check(strcmp(printed, again) == 0, "the copy differs", printed);
	configuration_compare_options(conf, copy, no_difference, what);
	free(again);
	configuration_free(copy);
}

/* Read, finish and print; NULL if there is an error. */
static char *
print_of(const char *text, size_t len,
    const struct configuration_source *source)
{
	struct configuration *conf = configuration_new();
	size_t messages = 0;
	struct configuration_report report = {
		.warn = use_message, .each_error = use_message, .ctx = &messages
	};
	char *printed = NULL;

	if (configuration_read(conf, text, len, source, &report) == 0 &&
	    configuration_finish(conf, &report) == 0) {
		ask(conf);
		printed = configuration_print(conf);
		check_copy(conf, printed);
	} else {
		check(report.error[0] != '\0', "no message", "");
		check(source->context != CONTEXT_FILE || messages > 0,
		    "not told", report.error);
	}
	configuration_free(conf);
	return printed;
}

static void
check_file(const char *text, size_t len)
{
	const struct configuration_source source = {
		CONTEXT_FILE, "file", load_key
	};
	char *printed = print_of(text, len, &source), *again;

	if (printed == NULL)
		return;
	again = print_of(printed, strlen(printed), &source);
	check(again != NULL, "not accepted again", printed);
	check(strcmp(printed, again) == 0, "not a fixed point", printed);
	free(printed);
	free(again);
}

/* Each line is a request, on top of a small configuration; in the end all
 * of it survives a reload. */
static void
check_socket(const char *text, size_t len)
{
	static const char start[] = "key id k type blake2s128 value 00\n"
	    "interface a\nin ip 10.0.0.0/8 deny\n";
	const struct configuration_source file = {
		CONTEXT_FILE, "file", load_key
	};
	const struct configuration_source socket = {
		CONTEXT_SOCKET, "socket", load_key
	};
	struct configuration_report report = { .warn = NULL };
	struct configuration_layers layers = {
		configuration_new(), configuration_new()
	};
	struct configuration *conf, *files = configuration_new();
	const char *end = text + len, *newline;

	configuration_read(layers.files, start, strlen(start), &file, &report);
	while (text < end) {
		newline = memchr(text, '\n', (size_t)(end - text));
		newline = newline == NULL ? end : newline;
		conf = configuration_amend(&layers, text,
		    (size_t)(newline - text), &socket, &report);
		check(conf != NULL || report.error[0] != '\0', "no message",
		    "");
		if (conf != NULL)
			ask(conf);
		configuration_free(conf);
		text = newline == end ? end : newline + 1;
	}
	configuration_read(files, start, strlen(start), &file, &report);
	conf = configuration_reload(&layers, files, &report);
	check(conf != NULL, "not reloaded", report.error);
	configuration_free(conf);
	configuration_free(layers.files);
	configuration_free(layers.socket);
}

/* As the command line does: an option or an interface a line. */
static void
check_options(const char *text, size_t len)
{
	struct configuration *conf = configuration_new();
	struct configuration_report report = { .warn = NULL };
	char *lines = malloc(len + 1), *rest = lines, *line, *value, *printed;

	memcpy(lines, text, len);
	lines[len] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL) {
		value = strchr(line, '=');
		if (value == NULL) {
			configuration_add_interface(conf, line, &report);
			continue;
		}
		*value++ = '\0';
		configuration_set(conf, line, value, "-x", &report);
	}
	check(configuration_finish(conf, &report) == 0, "not finished",
	    report.error);
	printed = configuration_print(conf);
	check_copy(conf, printed);
	check_file(printed, strlen(printed));
	free(printed);
	free(lines);
	configuration_free(conf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct configuration_source command = {
		CONTEXT_COMMAND_LINE, "-C", NULL
	};
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	if (data[0] == 'C')
		free(print_of(text, size - 1, &command));
	else if (data[0] == 'S')
		check_socket(text, size - 1);
	else if (data[0] == 'O')
		check_options(text, size - 1);
	else
		check_file(text, size - 1);
	return 0;
}
