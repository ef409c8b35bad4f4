/*
 * configuration.c - the value that a configuration is: its life, its parts, and
 * what follows from it for an interface.
 *
 * Text becomes a configuration in config/. Each value is kept as it was given:
 * set, left to its default, or put back to it ("auto").  Only
 * configuration_interface decides, from the words on the interface, then the
 * "default" lines, then the options, then the kind of link.  So the order of
 * lines does not matter, and an interface that appears years later is run by
 * the same rules.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/build.h"
#include "configuration.h"
#include "field.h"
#include "filter.h"
#include "mac.h"
#include "pattern.h"
#include "util.h"

#define DEFAULT_PORT		6696	/* RFC 8966, section 5 */
#define DEFAULT_HELLO		(4 * SECOND)
#define HELLO_FLOOR		(5 * MILLISECOND)

/* Life. */

void
configuration_no_memory(struct configuration_report *report)
{
	snprintf(report->error, sizeof(report->error), "out of memory");
}

static void
interface_conf_init(struct interface_conf *interface)
{
	*interface = (struct interface_conf){
		.rxcost = UNSET,
		.rtt_decay = UNSET,
		.max_rtt_penalty = UNSET,
		.rtt_min = UNSET,
		.rtt_max = UNSET,
	};
}

struct configuration *
configuration_new(void)
{
	/* RFC 8966, section 5: ff02::1:6. */
	static const struct in6_addr group = { .s6_addr = {
		0xFF, 0x02, [13] = 1, [15] = 6 } };
	struct configuration *conf = calloc(1, sizeof(*conf));

	if (conf == NULL)
		return NULL;
	interface_conf_init(&conf->defaults);
	conf->options = (struct options){
		.protocol_group = group,
		.protocol_port = DEFAULT_PORT,
		.allow_duplicates = UNSET,
		.export_table = TABLE_MAIN,
		.kernel_check_interval = 300 * SECOND,
		.smoothing_half_life = 4 * SECOND,
		.first_rule_priority = 100,
		.first_table_number = 10,
		.hello_interval_wireless = DEFAULT_HELLO,
		.hello_interval_wired = DEFAULT_HELLO,
	};
	return conf;
}

static void
interface_conf_free(struct interface_conf *interface)
{
	size_t i;

	for (i = 0; i < interface->key_count; i++)
		free(interface->keys[i]);
	free(interface->keys);
	free(interface->resolved);
}

static void
key_free(struct mac_key *key)
{
	mac_key_wipe(key);
	free(key);
}

void
configuration_free(struct configuration *conf)
{
	const struct field *field;
	size_t i;

	if (conf == NULL)
		return;
	for (field = option_fields; field->word != NULL; field++)
		field_free(field, &conf->options);
	interface_conf_free(&conf->defaults);
	for (i = 0; i < conf->interface_count; i++)
		interface_conf_free(&conf->interfaces[i]);
	free(conf->interfaces);
	free(conf->neighbours);
	for (i = 0; i < conf->key_count; i++) {
		key_free(conf->keys[i]);
		free(conf->key_files[i]);
	}
	free(conf->keys);
	free(conf->key_files);
	for (i = 0; i < FILTER_CHAINS; i++)
		filter_free(&conf->filters[i]);
	free(conf->files);
	free(conf);
}

/* Parts. */

/* Make room for one more element.  Arrays grow when their count is a power of
 * two, so their size need not be kept. */
static void *
grown(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return reallocarray(array, count == 0 ? 1 : 2 * count, size);
}

static struct interface_conf *
find_interface(const struct configuration *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->interface_count; i++)
		if (strcmp(conf->interfaces[i].name, name) == 0)
			return &conf->interfaces[i];
	return NULL;
}

static struct interface_conf *
find_pattern(const struct configuration *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->interface_count; i++)
		if (conf->interfaces[i].is_pattern &&
		    pattern_match(conf->interfaces[i].name, name))
			return &conf->interfaces[i];
	return NULL;
}

struct interface_conf *
configuration_get_interface(struct configuration *conf, const char *name)
{
	struct interface_conf *interfaces, *new = find_interface(conf, name);

	if (new != NULL)
		return new;
	interfaces = grown(conf->interfaces, conf->interface_count,
	    sizeof(*interfaces));
	if (interfaces == NULL)
		return NULL;
	conf->interfaces = interfaces;
	new = &interfaces[conf->interface_count++];
	interface_conf_init(new);
	snprintf(new->name, sizeof(new->name), "%s", name);
	/* A name that no interface can have is a pattern that matches none. */
	new->is_pattern = pattern_is_special(name) || !pattern_is_name(name);
	return new;
}

int
configuration_add_interface(struct configuration *conf, const char *name,
    struct configuration_report *report)
{
	if (*name == '\0' || strlen(name) > INTERFACE_NAME_MAX ||
	    strchr(name, '\n') != NULL) {
		snprintf(report->error, sizeof(report->error),
		    "%.100s: expected the name of an interface", name);
		return -1;
	}
	if (find_pattern(conf, name) != NULL ||
	    configuration_get_interface(conf, name) != NULL)
		return 0;
	configuration_no_memory(report);
	return -1;
}

int
configuration_flush_interface(struct configuration *conf, const char *name)
{
	struct interface_conf *interface = find_interface(conf, name);
	size_t behind;

	if (interface == NULL)
		return -1;
	interface_conf_free(interface);
	behind = (size_t)(conf->interfaces + conf->interface_count -
	    (interface + 1));
	memmove(interface, interface + 1, behind * sizeof(*interface));
	conf->interface_count--;
	return 0;
}

static size_t
own_key_place(const struct interface_conf *interface, const char *id)
{
	size_t i;

	for (i = 0; i < interface->key_count; i++)
		if (strcmp(interface->keys[i], id) == 0)
			break;
	return i;
}

int
interface_conf_add_key(struct interface_conf *interface, const char *id)
{
	char **keys, *copy;

	if (own_key_place(interface, id) < interface->key_count)
		return 0;
	keys = grown(interface->keys, interface->key_count, sizeof(*keys));
	if (keys == NULL)
		return -1;
	interface->keys = keys;
	if ((copy = strdup(id)) == NULL)
		return -1;
	keys[interface->key_count++] = copy;
	return 0;
}

static void
drop_own_key(struct interface_conf *interface, const char *id)
{
	size_t i = own_key_place(interface, id);

	if (i == interface->key_count)
		return;
	free(interface->keys[i]);
	interface->keys[i] = interface->keys[--interface->key_count];
}

static size_t
key_place(const struct configuration *conf, const char *id)
{
	size_t i;

	for (i = 0; i < conf->key_count; i++)
		if (strcmp(conf->keys[i]->id, id) == 0)
			break;
	return i;
}

struct mac_key *
configuration_find_key(const struct configuration *conf, const char *id)
{
	size_t i = key_place(conf, id);

	return i == conf->key_count ? NULL : conf->keys[i];
}

/* Add an empty key at the end. */
static int
add_key(struct configuration *conf)
{
	struct mac_key **keys;
	char **files;

	keys = grown(conf->keys, conf->key_count, sizeof(*keys));
	if (keys == NULL)
		return -1;
	conf->keys = keys;
	files = grown(conf->key_files, conf->key_count, sizeof(*files));
	if (files == NULL)
		return -1;
	conf->key_files = files;
	if ((keys[conf->key_count] = calloc(1, sizeof(**keys))) == NULL)
		return -1;
	files[conf->key_count++] = NULL;
	return 0;
}

int
configuration_put_key(struct configuration *conf, const struct mac_key *key,
    const char *file)
{
	size_t i = key_place(conf, key->id);
	char *copy = NULL;

	if (file != NULL && (copy = strdup(file)) == NULL)
		return -1;
	if (i == conf->key_count && add_key(conf) == -1) {
		free(copy);
		return -1;
	}
	*conf->keys[i] = *key;
	free(conf->key_files[i]);
	conf->key_files[i] = copy;
	return 0;
}

static size_t
neighbour_place(const struct configuration *conf,
    const struct neighbour_conf *neighbour)
{
	size_t i;

	for (i = 0; i < conf->neighbour_count; i++)
		if (memcmp(&conf->neighbours[i], neighbour,
		    sizeof(*neighbour)) == 0)
			break;
	return i;
}

int
configuration_add_neighbour(struct configuration *conf,
    const struct neighbour_conf *neighbour)
{
	struct neighbour_conf *neighbours;

	if (neighbour_place(conf, neighbour) < conf->neighbour_count)
		return 0;
	neighbours = grown(conf->neighbours, conf->neighbour_count,
	    sizeof(*neighbours));
	if (neighbours == NULL)
		return -1;
	neighbours[conf->neighbour_count++] = *neighbour;
	conf->neighbours = neighbours;
	return 0;
}

int
configuration_flush_neighbour(struct configuration *conf,
    const struct neighbour_conf *neighbour)
{
	size_t i = neighbour_place(conf, neighbour);

	if (i == conf->neighbour_count)
		return -1;
	conf->neighbour_count--;
	memmove(&conf->neighbours[i], &conf->neighbours[i + 1],
	    (conf->neighbour_count - i) * sizeof(*neighbour));
	return 0;
}

/* One configuration on top of another. */

static int
overlay_options(struct configuration *to, const struct configuration *from)
{
	unsigned int i;

	for (i = 0; option_fields[i].word != NULL; i++)
		if (from->given & UINT64_C(1) << i &&
		    field_copy(&option_fields[i], &to->options,
		    &from->options) == -1)
			return -1;
	to->given |= from->given;
	return 0;
}

static int
overlay_interface(struct interface_conf *to, const struct interface_conf *from)
{
	const struct field *field;
	size_t i;

	for (field = interface_fields; field->word != NULL; field++)
		if (field_is_set(field, from) &&
		    field_copy(field, to, from) == -1)
			return -1;
	for (i = 0; i < from->key_count; i++)
		if (interface_conf_add_key(to, from->keys[i]) == -1)
			return -1;
	return 0;
}

static int
overlay_interfaces(struct configuration *to, const struct configuration *from)
{
	struct interface_conf *interface;
	size_t i;

	for (i = 0; i < from->interface_count; i++) {
		interface = configuration_get_interface(to,
		    from->interfaces[i].name);
		if (interface == NULL || overlay_interface(interface,
		    &from->interfaces[i]) == -1)
			return -1;
	}
	return overlay_interface(&to->defaults, &from->defaults);
}

/* Add to one configuration everything that another one gives; -1 for no
 * memory. */
static int
overlay(struct configuration *to, const struct configuration *from)
{
	size_t i;

	for (i = 0; i < from->key_count; i++)
		if (configuration_put_key(to, from->keys[i],
		    from->key_files[i]) == -1)
			return -1;
	for (i = 0; i < from->neighbour_count; i++)
		if (configuration_add_neighbour(to,
		    &from->neighbours[i]) == -1)
			return -1;
	for (i = 0; i < FILTER_CHAINS; i++)
		if (filter_copy(&to->filters[i], &from->filters[i]) == -1)
			return -1;
	return overlay_options(to, from) == -1 ||
	    overlay_interfaces(to, from) == -1 ? -1 : 0;
}

struct configuration *
configuration_copy(const struct configuration *conf)
{
	struct configuration *copy = configuration_new();
	const struct field *field = option_fields;
	bool failed = copy == NULL || overlay(copy, conf) == -1;

	/* Options that were set without being given, too. */
	for (; !failed && field->word != NULL; field++)
		failed = field_copy(field, &copy->options,
		    &conf->options) == -1;
	if (!failed)
		return copy;
	configuration_free(copy);
	return NULL;
}

int
configuration_set(struct configuration *conf, const char *word,
    const char *value, const char *origin, struct configuration_report *report)
{
	const struct field *field = field_find(option_fields, word);
	char expected[FIELD_EXPECTED_MAX] = "an option";

	if (field != NULL &&
	    field_set(field, &conf->options, value, expected) == 0) {
		field_mark_given(field, &conf->options, &conf->given);
		return 0;
	}
	if (expected[0] == '\0')
		configuration_no_memory(report);
	else
		snprintf(report->error, sizeof(report->error),
		    "%.100s: %.300s: expected %s", origin, value, expected);
	return -1;
}

/* The end. */

static int
resolve_keys(const struct configuration *conf,
    struct interface_conf *interface, struct configuration_report *report)
{
	size_t i;

	free(interface->resolved);
	interface->resolved = NULL;
	if (interface->key_count == 0)
		return 0;
	interface->resolved = calloc(interface->key_count + 1,
	    sizeof(*interface->resolved));
	if (interface->resolved == NULL) {
		configuration_no_memory(report);
		return -1;
	}
	for (i = 0; i < interface->key_count; i++) {
		interface->resolved[i] = configuration_find_key(conf,
		    interface->keys[i]);
		if (interface->resolved[i] == NULL) {
			snprintf(report->error, sizeof(report->error),
			    "key %s: expected to be defined, for it is used",
			    interface->keys[i]);
			return -1;
		}
	}
	return 0;
}

void
configuration_warn(struct configuration_report *report, const char *name,
    const char *what)
{
	char text[CONFIGURATION_MESSAGE_MAX];

	if (report->warn == NULL)
		return;
	snprintf(text, sizeof(text), "warning: %.300s: %s", name, what);
	report->warn(report->ctx, text);
}

/* Warn of values that are no error, but are hardly intended. */
static void
warn_of_rtt(const struct configuration *conf,
    const struct interface_conf *interface,
    struct configuration_report *report)
{
	struct interface_parameters p;
	babel_time max = interface->rtt_max != UNSET ?
	    interface->rtt_max : conf->defaults.rtt_max;

	if (!configuration_interface(conf, interface->name, LINK_UNKNOWN,
	    false, &p))
		return;
	if (max != UNSET && p.rtt_max != max)
		configuration_warn(report, interface->name,
		    "rtt-max is not above rtt-min, taken as 10 ms more");
	if (p.max_rtt_penalty > 0 && !p.enable_timestamps)
		configuration_warn(report, interface->name,
		    "max-rtt-penalty has no effect without timestamps");
}

static void
warn_of_conflicts(const struct configuration *conf,
    struct configuration_report *report)
{
	size_t i;

	if (report->warn == NULL)
		return;
	for (i = 0; i < conf->interface_count; i++)
		warn_of_rtt(conf, &conf->interfaces[i], report);
	for (i = 0; i < conf->neighbour_count; i++)
		if (find_interface(conf, conf->neighbours[i].ifname) == NULL &&
		    find_pattern(conf, conf->neighbours[i].ifname) == NULL)
			configuration_warn(report, conf->neighbours[i].ifname,
			    "has a neighbour but is not an interface to run");
}

int
configuration_finish(struct configuration *conf,
    struct configuration_report *report)
{
	size_t i;

	report->error[0] = '\0';
	if (resolve_keys(conf, &conf->defaults, report) == -1)
		return -1;
	for (i = 0; i < conf->interface_count; i++)
		if (resolve_keys(conf, &conf->interfaces[i], report) == -1)
			return -1;
	for (i = 0; i < FILTER_CHAINS; i++)
		if (filter_finish(&conf->filters[i]) == -1) {
			configuration_no_memory(report);
			return -1;
		}
	warn_of_conflicts(conf, report);
	return 0;
}

/* Both layers. */

struct configuration *
configuration_combine(const struct configuration *files,
    const struct configuration *socket, struct configuration_report *report)
{
	struct configuration *conf = configuration_copy(files);
	struct configuration_report quiet = { .warn = NULL };

	if (conf == NULL || overlay(conf, socket) == -1)
		configuration_no_memory(&quiet);
	else if (configuration_finish(conf, &quiet) == 0)
		return conf;
	memcpy(report->error, quiet.error, sizeof(report->error));
	configuration_free(conf);
	return NULL;
}

/* Remove the key, if it is defined here, and its uses. */
static void
drop_key(struct configuration *conf, const char *id)
{
	size_t place = key_place(conf, id), i;

	drop_own_key(&conf->defaults, id);
	for (i = 0; i < conf->interface_count; i++)
		drop_own_key(&conf->interfaces[i], id);
	if (place == conf->key_count)
		return;
	key_free(conf->keys[place]);
	free(conf->key_files[place]);
	conf->key_count--;
	for (i = place; i < conf->key_count; i++) {
		conf->keys[i] = conf->keys[i + 1];
		conf->key_files[i] = conf->key_files[i + 1];
	}
}

static bool
is_only_key(const struct interface_conf *interface, const char *id)
{
	return interface->key_count == 1 &&
	    strcmp(interface->keys[0], id) == 0;
}

/* The interface that would send unsigned packets without the key, or NULL. */
static const char *
who_needs_key(const struct configuration *conf, const char *id)
{
	size_t i;

	if (is_only_key(&conf->defaults, id))
		return "default";
	for (i = 0; i < conf->interface_count; i++)
		if (is_only_key(&conf->interfaces[i], id))
			return conf->interfaces[i].name;
	return NULL;
}

int
configuration_flush_key(struct configuration *files,
    struct configuration *socket, const char *id,
    struct configuration_report *report)
{
	struct configuration *conf = configuration_combine(files, socket,
	    report);
	const char *needs;
	int result = -1;

	if (conf == NULL)
		return -1;
	needs = who_needs_key(conf, id);
	if (needs != NULL)
		snprintf(report->error, sizeof(report->error),
		    "key %s is the only one of %s", id, needs);
	else if (configuration_find_key(conf, id) == NULL)
		snprintf(report->error, sizeof(report->error), "No such key");
	else
		result = 0;
	report->refused = result != 0;
	if (result == 0) {
		drop_key(files, id);
		drop_key(socket, id);
	}
	configuration_free(conf);
	return result;
}

/* The parameters of an interface. */

/* The setting, or its default. */
static bool
decide(enum setting setting, bool by_default)
{
	if (setting == SETTING_TRUE || setting == SETTING_FALSE)
		return setting == SETTING_TRUE;
	return by_default;
}

/* The type to run the interface as; the kind of link decides if no setting
 * does. */
static enum interface_type
decide_type(const struct options *options, enum interface_type type,
    enum link_kind kind)
{
	if (type == INTERFACE_UNSET && options->all_wireless)
		return INTERFACE_WIRELESS;
	if (type != INTERFACE_UNSET && type != INTERFACE_AUTO)
		return type;
	switch (kind) {
	case LINK_WIRELESS:
		return INTERFACE_WIRELESS;
	case LINK_TUNNEL:
		return INTERFACE_TUNNEL;
	default:
		return INTERFACE_WIRED;
	}
}

static uint16_t
decide_cost(int32_t cost, uint16_t by_default)
{
	return cost == UNSET ? by_default : (uint16_t)cost;
}

static void
decide_intervals(const struct options *options,
    const struct interface_conf *given, struct interface_parameters *p)
{
	babel_time hello = p->type == INTERFACE_WIRELESS ?
	    options->hello_interval_wireless : options->hello_interval_wired;

	p->hello_interval = given->hello_interval != 0 ?
	    given->hello_interval : time_max(hello, HELLO_FLOOR);
	p->update_interval = given->update_interval != 0 ?
	    given->update_interval : 4 * p->hello_interval;
}

/* Timestamps and a cost of the RTT need an explicit type, because detection
 * must not change a metric. */
static void
decide_rtt(const struct interface_conf *given, struct interface_parameters *p)
{
	bool is_tunnel = given->type == INTERFACE_TUNNEL;

	p->enable_timestamps = decide(given->enable_timestamps, is_tunnel);
	p->rtt_decay = decide_cost(given->rtt_decay, 42);
	p->max_rtt_penalty = decide_cost(given->max_rtt_penalty,
	    is_tunnel ? 96 : 0);
	p->rtt_min = given->rtt_min == UNSET ? 10 * MILLISECOND :
	    given->rtt_min;
	p->rtt_max = given->rtt_max == UNSET ? 120 * MILLISECOND :
	    given->rtt_max;
	if (p->rtt_max <= p->rtt_min)
		p->rtt_max = p->rtt_min + 10 * MILLISECOND;
	p->rtt_filter = given->rtt_filter == RTT_FILTER_UNSET ?
	    RTT_FILTER_EWMA : given->rtt_filter;
}

static void
decide_all(const struct options *options, const struct interface_conf *given,
    enum link_kind kind, bool v4_via_v6, struct interface_parameters *p)
{
	bool wireless, wired;

	p->type = decide_type(options, given->type, kind);
	wireless = p->type == INTERFACE_WIRELESS;
	wired = given->type == INTERFACE_WIRED ||
	    (p->type == INTERFACE_WIRED && kind == LINK_WIRED);
	p->link_quality = decide(given->link_quality, wireless);
	p->split_horizon = decide(given->split_horizon,
	    wired && !options->no_split_horizon);
	p->rxcost = decide_cost(given->rxcost, wireless ? 256 : 96);
	p->unicast = decide(given->unicast, false);
	p->rfc6126_compatible = decide(given->rfc6126_compatible, false);
	p->v4_via_v6 = decide(given->v4_via_v6, v4_via_v6);
	p->probe_mtu = decide(given->probe_mtu, false);
	p->accept_bad_signatures = decide(given->accept_bad_signatures, false);
	p->link_local_auto = decide(given->link_local_auto, false);
	decide_intervals(options, given, p);
	decide_rtt(given, p);
}

bool
configuration_interface(const struct configuration *conf, const char *name,
    enum link_kind kind, bool v4_via_v6_default,
    struct interface_parameters *parameters)
{
	const struct interface_conf *own = find_interface(conf, name);
	const struct field *field;
	struct interface_conf given;

	if (own == NULL)
		own = find_pattern(conf, name);
	if (own == NULL)
		return false;
	given = conf->defaults;
	for (field = interface_fields; field->word != NULL; field++)
		if (field_is_set(field, own))
			field_copy(field, &given, own);
	decide_all(&conf->options, &given, kind, v4_via_v6_default, parameters);
	parameters->keys = own->resolved != NULL ? own->resolved :
	    conf->defaults.resolved;
	return true;
}
