/*
 * config/layers.c - the running configuration is made of two layers: below, the
 * files with the command line; on top, what the local socket added.
 *
 * Both layers are kept as they were read.  A change is made in copies, so that
 * an error leaves everything as it was.
 */
#include <stdlib.h>

#include "config/build.h"
#include "config/directive.h"
#include "config/statement.h"
#include "configuration.h"
#include "field.h"

int
configuration_read(struct configuration *conf, const char *text, size_t len,
    const struct configuration_source *source,
    struct configuration_report *report)
{
	struct statement s = {
		.conf = conf, .source = source, .report = report
	};

	report->error[0] = '\0';
	report->refused = false;
	return directive_read(&s, text, len);
}

struct configuration *
configuration_amend(struct configuration_layers *layers, const char *text,
    size_t len, const struct configuration_source *source,
    struct configuration_report *report)
{
	struct configuration_layers new = {
		.files = configuration_copy(layers->files),
		.socket = configuration_copy(layers->socket),
	};
	struct statement s = {
		.conf = new.socket, .files = new.files,
		.source = source, .report = report,
	};
	struct configuration *conf = NULL;

	report->error[0] = '\0';
	report->refused = false;
	if (new.files == NULL || new.socket == NULL)
		configuration_no_memory(report);
	else if (directive_read(&s, text, len) == 0)
		conf = configuration_combine(new.files, new.socket, report);
	if (conf != NULL) {
		configuration_free(layers->files);
		configuration_free(layers->socket);
		*layers = new;
	} else {
		configuration_free(new.files);
		configuration_free(new.socket);
	}
	return conf;
}

/* Options that cannot change while running keep their values until the next
 * start. */
static int
keep_options(struct configuration *files, const struct configuration *old,
    struct configuration_report *report)
{
	const struct field *field = option_fields;
	uint64_t bit;

	for (; field->word != NULL; field++) {
		if (!(field->flags & FIELD_AT_START) ||
		    field_equal(field, &files->options, &old->options))
			continue;
		configuration_warn(report, field->word,
		    "the change takes effect after a restart");
		field_free(field, &files->options);
		if (field_copy(field, &files->options, &old->options) == -1) {
			configuration_no_memory(report);
			return -1;
		}
		bit = UINT64_C(1) << (field - option_fields);
		files->given = (files->given & ~bit) | (old->given & bit);
	}
	return 0;
}

struct configuration *
configuration_reload(struct configuration_layers *layers,
    struct configuration *files, struct configuration_report *report)
{
	struct configuration *conf;

	if (layers->files != NULL &&
	    keep_options(files, layers->files, report) == -1)
		return NULL;
	conf = configuration_combine(files, layers->socket, report);
	if (conf == NULL)
		return NULL;
	configuration_free(layers->files);
	layers->files = files;
	return conf;
}
