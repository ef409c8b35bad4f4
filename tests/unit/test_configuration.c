/*
 * test_configuration.c - what results for an interface from all that was
 * said; the layers of files and local socket; reload.
 */
#include "config/build.h"
#include "reading.h"

static const struct configuration_source test_socket = {
	CONTEXT_SOCKET, "socket", NULL
};

/* What results for an interface. */

static struct interface_parameters
parameters_of(const char *text, const char *name, enum link_kind kind)
{
	struct configuration *conf = must_read(text);
	struct interface_parameters p;

	assert_true(configuration_interface(conf, name, kind, true, &p));
	p.keys = NULL;
	configuration_free(conf);
	return p;
}

static void
test_types(void **state)
{
	static const struct {
		const char *text;
		enum link_kind kind;
		enum interface_type type;
		uint16_t rxcost, penalty;
		bool link_quality, split_horizon, timestamps;
	} cases[] = {
		/* Explicit types, whatever the link. */
		{ "interface a type wired", LINK_WIRELESS, INTERFACE_WIRED,
		    96, 0, false, true, false },
		{ "interface a type wireless", LINK_WIRED, INTERFACE_WIRELESS,
		    256, 0, true, false, false },
		{ "interface a type tunnel", LINK_WIRED, INTERFACE_TUNNEL,
		    96, 96, false, false, true },
		/* Detected: never a cost of RTT. */
		{ "interface a", LINK_WIRED, INTERFACE_WIRED,
		    96, 0, false, true, false },
		{ "interface a", LINK_WIRELESS, INTERFACE_WIRELESS,
		    256, 0, true, false, false },
		{ "interface a", LINK_TUNNEL, INTERFACE_TUNNEL,
		    96, 0, false, false, false },
		{ "interface a", LINK_UNKNOWN, INTERFACE_WIRED,
		    96, 0, false, false, false },
		/* "auto" puts back what a default line changed. */
		{ "default type tunnel\ninterface a", LINK_WIRED,
		    INTERFACE_TUNNEL, 96, 96, false, false, true },
		{ "default type tunnel\ninterface a type auto", LINK_WIRED,
		    INTERFACE_WIRED, 96, 0, false, true, false },
		{ "default link-quality true split-horizon false\n"
		    "interface a", LINK_WIRED, INTERFACE_WIRED,
		    96, 0, true, false, false },
		{ "default link-quality true split-horizon false\n"
		    "interface a link-quality auto split-horizon auto",
		    LINK_WIRED, INTERFACE_WIRED, 96, 0, false, true, false },
		/* Default lines count wherever they stand. */
		{ "interface a\ndefault rxcost 7 enable-timestamps true\n"
		    "default max-rtt-penalty 9", LINK_WIRED, INTERFACE_WIRED,
		    7, 9, false, true, true },
		{ "default max-rtt-penalty 9\n"
		    "interface a type tunnel max-rtt-penalty 0", LINK_WIRED,
		    INTERFACE_TUNNEL, 96, 0, false, false, true },
		{ "interface a type tunnel enable-timestamps false",
		    LINK_WIRED, INTERFACE_TUNNEL, 96, 96, false, false,
		    false },
	};
	struct interface_parameters p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p = parameters_of(cases[i].text, "a", cases[i].kind);
		if (p.type != cases[i].type || p.rxcost != cases[i].rxcost ||
		    p.max_rtt_penalty != cases[i].penalty ||
		    p.link_quality != cases[i].link_quality ||
		    p.split_horizon != cases[i].split_horizon ||
		    p.enable_timestamps != cases[i].timestamps)
			fail_msg("%s", cases[i].text);
	}
}

/* covers: Q40 */
static void
test_parameter_defaults(void **state)
{
	struct interface_parameters p = parameters_of("interface a", "a",
	    LINK_WIRED);

	(void)state;
	assert_false(p.unicast || p.rfc6126_compatible || p.probe_mtu ||
	    p.accept_bad_signatures || p.link_local_auto);
	assert_true(p.v4_via_v6);
	assert_int_equal(p.hello_interval, 4 * SECOND);
	assert_int_equal(p.update_interval, 16 * SECOND);
	assert_int_equal(p.rtt_decay, 42);
	assert_int_equal(p.rtt_min, 10 * MILLISECOND);
	assert_int_equal(p.rtt_max, 120 * MILLISECOND);
	assert_int_equal(p.rtt_filter, RTT_FILTER_EWMA);
	p = parameters_of("default unicast true rfc6126-compatible true "
	    "probe-mtu true accept-bad-signatures true link-local auto "
	    "v4-via-v6 false hello-interval 0.5 rtt-decay 9 rtt-min 20.5 "
	    "rtt-max 20 rtt-filter quartile\ninterface a", "a", LINK_WIRED);
	assert_true(p.unicast && p.rfc6126_compatible && p.probe_mtu &&
	    p.accept_bad_signatures && p.link_local_auto);
	assert_false(p.v4_via_v6);
	assert_int_equal(p.hello_interval, 500 * MILLISECOND);
	assert_int_equal(p.update_interval, 2 * SECOND);
	assert_int_equal(p.rtt_decay, 9);
	assert_int_equal(p.rtt_min, 20500);
	assert_int_equal(p.rtt_max, 30500);
	assert_int_equal(p.rtt_filter, RTT_FILTER_QUARTILE);
	p = parameters_of("default unicast true link-local auto\n"
	    "interface a unicast auto link-local none update-interval 3",
	    "a", LINK_WIRED);
	assert_false(p.unicast || p.link_local_auto);
	assert_int_equal(p.update_interval, 3 * SECOND);
}

static void
test_command_line_defaults(void **state)
{
	struct configuration *conf = must_read("interface a\n"
	    "interface b type wireless\ninterface c type auto\n"
	    "interface d split-horizon true hello-interval 0.001");
	struct configuration_report report = { .warn = NULL };
	struct interface_parameters p;

	(void)state;
	assert_int_equal(configuration_set(conf, "-h", "2.5", "-h", &report),
	    0);
	assert_int_equal(configuration_set(conf, "-H", ".001", "-H",
	    &report), 0);
	assert_int_equal(configuration_set(conf, "-s", "true", "-s",
	    &report), 0);
	configuration_interface(conf, "a", LINK_WIRED, false, &p);
	assert_int_equal(p.hello_interval, 5 * MILLISECOND);
	assert_false(p.split_horizon || p.v4_via_v6);
	configuration_interface(conf, "b", LINK_WIRED, false, &p);
	assert_int_equal(p.hello_interval, 2500 * MILLISECOND);
	configuration_interface(conf, "d", LINK_WIRED, false, &p);
	assert_true(p.split_horizon);
	assert_int_equal(p.hello_interval, MILLISECOND);
	assert_int_equal(configuration_set(conf, "-w", "true", "-w",
	    &report), 0);
	configuration_interface(conf, "a", LINK_WIRED, false, &p);
	assert_int_equal(p.type, INTERFACE_WIRELESS);
	configuration_interface(conf, "c", LINK_WIRED, false, &p);
	assert_int_equal(p.type, INTERFACE_WIRED);
	assert_int_equal(configuration_set(conf, "-h", "0", "-h", &report),
	    -1);
	assert_string_equal(report.error, "-h: 0: expected seconds from "
	    "0.001 to 655.350");
	assert_int_equal(configuration_set(conf, "foo", "0", "-x", &report),
	    -1);
	configuration_free(conf);
}

static void
test_patterns(void **state)
{
	struct configuration *conf = must_read("default rxcost 5\n"
	    "interface wg? rxcost 1\ninterface wg* rxcost 2\n"
	    "interface wg7 unicast true\ninterface eth0");
	struct configuration_report report = { .warn = NULL };
	struct interface_parameters p;

	(void)state;
	assert_true(configuration_interface(conf, "wg0", LINK_UNKNOWN, false,
	    &p));
	assert_int_equal(p.rxcost, 1);
	assert_true(configuration_interface(conf, "wg00", LINK_UNKNOWN, false,
	    &p));
	assert_int_equal(p.rxcost, 2);
	/* An exact name beats a pattern, wholly. */
	assert_true(configuration_interface(conf, "wg7", LINK_UNKNOWN, false,
	    &p));
	assert_int_equal(p.rxcost, 5);
	assert_true(p.unicast);
	assert_false(configuration_interface(conf, "eth1", LINK_UNKNOWN,
	    false, &p));
	/* As an argument, what a pattern stands for is there already. */
	assert_int_equal(configuration_add_interface(conf, "wg1", &report),
	    0);
	assert_int_equal(conf->interface_count, 4);
	assert_int_equal(configuration_add_interface(conf, "eth1", &report),
	    0);
	assert_int_equal(conf->interface_count, 5);
	assert_int_equal(configuration_add_interface(conf, "", &report), -1);
	assert_int_equal(configuration_flush_interface(conf, "wg1"), -1);
	assert_int_equal(configuration_flush_interface(conf, "wg?"), 0);
	configuration_interface(conf, "wg0", LINK_UNKNOWN, false, &p);
	assert_int_equal(p.rxcost, 2);
	configuration_free(conf);
}

/* An address is served in one way, the one that was said last. */
static void
test_servers(void **state)
{
	struct configuration *conf = must_read("local-port 5\n"
	    "local-port-readwrite 6\nlocal-path /a\n"
	    "local-path-readwrite /b\nlocal-port-readwrite 5\n"
	    "local-path /b");
	char *printed = configuration_print(conf);

	(void)state;
	assert_string_equal(printed, "local-port-readwrite 5\n"
	    "local-path /b\ndefault\n");
	free(printed);
	configuration_free(conf);
}

static void
test_names_of_no_interface(void **state)
{
	static const char *const names[] = { "a b", "abcdefghijklmnop",
	    "a/b", "a:0", ".", ".." };
	struct configuration *conf = must_read("interface abcdefghijklmno");
	const struct interface_conf *interface;
	size_t i;

	(void)state;
	assert_false(conf->interfaces[0].is_pattern);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		interface = configuration_get_interface(conf, names[i]);
		assert_true(interface->is_pattern);
	}
	configuration_free(conf);
}

static void
test_keys(void **state)
{
	struct configuration *conf = must_read(
	    "key id a type hmac-sha256 value 00ff\n"
	    "key id b type blake2s128 value 01 sign-until "
	    "2026-03-01T12:00:00Z\n"
	    "default key a\ninterface x\ninterface y key b key a");
	struct interface_parameters p;

	(void)state;
	assert_true(configuration_interface(conf, "x", LINK_UNKNOWN, false,
	    &p));
	assert_string_equal(p.keys[0]->id, "a");
	assert_int_equal(p.keys[0]->algorithm, MAC_HMAC_SHA256);
	assert_int_equal(p.keys[0]->length, 2);
	assert_int_equal(p.keys[0]->value[1], 0xFF);
	assert_true(p.keys[0]->sign_from == KEY_ALWAYS);
	assert_true(p.keys[0]->accept_until == KEY_FOREVER);
	assert_null(p.keys[1]);
	assert_true(configuration_interface(conf, "y", LINK_UNKNOWN, false,
	    &p));
	assert_string_equal(p.keys[0]->id, "b");
	assert_int_equal(p.keys[0]->sign_until, 1772366400);
	assert_string_equal(p.keys[1]->id, "a");
	assert_null(p.keys[2]);
	configuration_free(conf);
	conf = must_read("interface x");
	configuration_interface(conf, "x", LINK_UNKNOWN, false, &p);
	assert_null(p.keys);
	configuration_free(conf);
}

/* The local socket. */

/* Apply a request; what then runs must print as expected, or the error
 * begin so. */
static void
request(struct configuration_layers *layers, const char *text,
    const char *expected)
{
	struct configuration_report report = { .warn = NULL };
	struct configuration *conf = configuration_amend(layers, text,
	    strlen(text), &test_socket, &report);
	char *printed;

	if (conf == NULL) {
		if (strncmp(report.error, expected, strlen(expected)) != 0)
			fail_msg("%s: %s", text, report.error);
		assert_int_equal(report.refused,
		    strncmp(expected, "socket:", 7) != 0);
		return;
	}
	printed = configuration_print(conf);
	assert_string_equal(printed, expected);
	free(printed);
	configuration_free(conf);
}

static struct configuration_layers
layers_of(const char *text)
{
	struct configuration_report report = { .warn = NULL };
	struct configuration_layers layers = { NULL, configuration_new() };
	struct configuration *conf;

	conf = configuration_reload(&layers, must_read(text), &report);
	assert_non_null(conf);
	configuration_free(conf);
	return layers;
}

static void
layers_free(struct configuration_layers *layers)
{
	configuration_free(layers->files);
	configuration_free(layers->socket);
}

static void
test_run_time(void **state)
{
	/* Whether a directive may be said on a read-write socket. */
	static const struct {
		const char *text;
		bool allowed;
	} cases[] = {
		{ "", true }, { "# comment", true }, { "interface a", true },
		{ "interface wg* rxcost 5", true }, { "default rxcost 5",
		    true },
		{ "key id k type hmac-sha256 value 00", true },
		{ "neighbour fe80::1 if a", true }, { "in deny", true },
		{ "out", true }, { "redistribute local deny", true },
		{ "install table 5", true }, { "link-detect true", true },
		{ "smoothing-half-life 0", true }, { "log-file /l", true },
		{ "flush in", true }, { "flush out", true },
		{ "flush redistribute", true }, { "flush install", true },
		{ "flush key", false }, { "flush neighbour", false },
		{ "flush", false }, { "flush foo", false },
		{ "flush in in", false }, { "flush interface", false },
		{ "protocol-group ff02::1:6", false },
		{ "protocol-port 6696", false },
		{ "kernel-priority 1", false },
		{ "reflect-kernel-metric true", false },
		{ "allow-duplicates 1", false }, { "random-id true", false },
		{ "ipv6-subtrees true", false }, { "debug 1", false },
		{ "local-port 1", false }, { "local-port-readwrite 1", false },
		{ "local-path a", false }, { "local-path-readwrite a", false },
		{ "local-path-mode 0660", false },
		{ "local-path-group a", false }, { "export-table 1", false },
		{ "import-table 1", false },
		{ "kernel-check-interval 1", false },
		{ "shutdown-delay-ms 1", false }, { "daemonise true", false },
		{ "skip-kernel-setup true", false },
		{ "router-id 1:2:3:4:5:6:7:8", false },
		{ "state-file a", false }, { "pid-file a", false },
		{ "user a", false },
		{ "first-rule-priority 5", false },
		{ "first-table-number 5", false }, { "diversity true", false },
		{ "reopen-logfile", false }, { "dump", false },
		{ "in deny\nout deny", false },
	};
	struct configuration_layers layers = layers_of("interface a");
	struct configuration_report report = { .warn = NULL };
	struct configuration *conf;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		conf = configuration_amend(&layers, cases[i].text,
		    strlen(cases[i].text), &test_socket, &report);
		if ((conf != NULL) != cases[i].allowed)
			fail_msg("%s: %s", cases[i].text, report.error);
		configuration_free(conf);
	}
	layers_free(&layers);
}

static void
test_layers(void **state)
{
	struct configuration_layers layers = layers_of(
	    "key id k type hmac-sha256 value 00\n"
	    "interface a rxcost 1\nin metric 1\nlink-detect true");

	(void)state;
	/* The key is one of the files. */
	request(&layers, "interface b key k", "link-detect true\n"
	    "key id k type hmac-sha256 value 00\ndefault\n"
	    "interface a rxcost 1\ninterface b key k\nin metric 1\n");
	request(&layers, "interface a unicast true", "link-detect true\n"
	    "key id k type hmac-sha256 value 00\ndefault\n"
	    "interface a rxcost 1 unicast true\ninterface b key k\n"
	    "in metric 1\n");
	request(&layers, "in deny", "link-detect true\n"
	    "key id k type hmac-sha256 value 00\ndefault\n"
	    "interface a rxcost 1 unicast true\ninterface b key k\n"
	    "in metric 1\nin deny\n");
	request(&layers, "in foo", "socket:1:4: foo: expected a selector or "
	    "an action; in \"in foo\"");
	request(&layers, "debug 1", "socket:1:1: debug: cannot be changed at "
	    "run time; in \"debug 1\"");
	request(&layers, "flush interface c", "No such interface");
	request(&layers, "flush interface c d", "socket:1:19: d: ");
	request(&layers, "flush interface a", "link-detect true\n"
	    "key id k type hmac-sha256 value 00\ndefault\n"
	    "interface b key k\nin metric 1\nin deny\n");
	request(&layers, "replace in if x metric 2", "No such rule");
	request(&layers, "flush in ip 10.0.0.0/8", "No such rule");
	request(&layers, "in neigh fe80::1 deny", "link-detect true\n"
	    "key id k type hmac-sha256 value 00\ndefault\n"
	    "interface b key k\nin metric 1\nin deny\n"
	    "in neigh fe80::1 deny\n");
	request(&layers, "replace in neigh fe80::1 metric 3",
	    "link-detect true\n"
	    "key id k type hmac-sha256 value 00\ndefault\n"
	    "interface b key k\nin metric 1\nin deny\n"
	    "in neigh fe80::1 metric 3\n");
	request(&layers, "flush in neigh fe80::1 deny", "link-detect true\n"
	    "key id k type hmac-sha256 value 00\ndefault\n"
	    "interface b key k\nin metric 1\nin deny\n");
	request(&layers, "flush in", "link-detect true\n"
	    "key id k type hmac-sha256 value 00\ndefault\n"
	    "interface b key k\n");
	request(&layers, "link-detect false", "link-detect false\n"
	    "key id k type hmac-sha256 value 00\ndefault\n"
	    "interface b key k\n");
	layers_free(&layers);
}

/* The last key of an interface is not taken from it, in whichever layer it
 * is used. */
static void
test_removal(void **state)
{
	struct configuration_layers layers = layers_of(
	    "key id k type hmac-sha256 value 00\n"
	    "key id l type hmac-sha256 value 01\n"
	    "interface a key k\ninterface b key k key l\n"
	    "neighbour fe80::1 if a");

	(void)state;
	request(&layers, "flush key k", "key k is the only one of a");
	request(&layers, "flush key n", "No such key");
	request(&layers, "flush key k l", "socket:1:13: l: ");
	request(&layers, "interface a key l", "key id k type hmac-sha256 "
	    "value 00\nkey id l type hmac-sha256 value 01\ndefault\n"
	    "interface a key k key l\ninterface b key k key l\n"
	    "neighbour fe80::1 if a\n");
	request(&layers, "flush key k", "key id l type hmac-sha256 value 01\n"
	    "default\ninterface a key l\ninterface b key l\n"
	    "neighbour fe80::1 if a\n");
	request(&layers, "default key l", "key id l type hmac-sha256 "
	    "value 01\ndefault key l\ninterface a key l\n"
	    "interface b key l\nneighbour fe80::1 if a\n");
	request(&layers, "flush key l", "key l is the only one of default");
	request(&layers, "flush neighbour fe80::1 if b", "No such neighbour");
	request(&layers, "flush neighbour fe80::1", "socket:1:24: ");
	request(&layers, "flush neighbour fe80::1 if a", "key id l type "
	    "hmac-sha256 value 01\ndefault key l\ninterface a key l\n"
	    "interface b key l\n");
	layers_free(&layers);
}

static void
test_reload(void **state)
{
	struct configuration_layers layers = layers_of(
	    "key id k type hmac-sha256 value 00\n"
	    "interface a rxcost 1\nin metric 1");
	struct configuration_report report = { .warn = NULL };
	struct configuration *files, *conf;
	char *printed;

	(void)state;
	conf = configuration_amend(&layers, "out deny", 8, &test_socket,
	    &report);
	configuration_free(conf);
	conf = configuration_amend(&layers, "interface b key k", 17,
	    &test_socket, &report);
	configuration_free(conf);
	conf = configuration_amend(&layers, "flush interface a", 17,
	    &test_socket, &report);
	configuration_free(conf);
	/* The files anew: theirs are back, and ours stay. */
	files = must_read("key id k type hmac-sha256 value 01\n"
	    "interface a rxcost 2\nin metric 2\nout metric 2");
	conf = configuration_reload(&layers, files, &report);
	assert_non_null(conf);
	printed = configuration_print(conf);
	assert_string_equal(printed, "key id k type hmac-sha256 value 01\n"
	    "default\ninterface a rxcost 2\ninterface b key k\nin metric 2\n"
	    "out metric 2\nout deny\n");
	free(printed);
	configuration_free(conf);
	/* A key that the socket uses must not vanish; nothing changes. */
	files = must_read("interface a rxcost 3");
	assert_null(configuration_reload(&layers, files, &report));
	assert_string_equal(report.error,
	    "key k: expected to be defined, for it is used");
	configuration_free(files);
	request(&layers, "", "key id k type hmac-sha256 value 01\n"
	    "default\ninterface a rxcost 2\ninterface b key k\nin metric 2\n"
	    "out metric 2\nout deny\n");
	layers_free(&layers);
}

/* Of the options that the new files change, those that need a restart stay
 * and are named, at each reload; the files that the layer is made of later
 * have them, too. */
static void
test_reload_keeps(void **state)
{
	static const char new[] = "protocol-port 7\nimport-table 9\n"
	    "local-path-group \"\"\nlink-detect true\nkernel-priority 5\n"
	    "router-id 02:00:00:00:00:00:00:01";
	static const char kept[] = "warning: %s: the change takes effect "
	    "after a restart";
	static const char *const words[] = { "protocol-port",
	    "local-path-group", "export-table", "router-id", "state-file" };
	struct configuration_layers layers = layers_of("protocol-port 6\n"
	    "export-table 8\nimport-table 3\nstate-file s\ndebug 1\n"
	    "skip-kernel-setup true\nskip-kernel-setup false");
	struct messages messages = { .count = 0 };
	struct configuration_report report = {
		.warn = keep_message, .ctx = &messages
	};
	char *printed, text[128];
	struct configuration *conf;
	size_t i, again;

	(void)state;
	for (again = 0; again < 2; again++) {
		messages.count = 0;
		conf = configuration_reload(&layers, must_read(new), &report);
		assert_non_null(conf);
		assert_int_equal(messages.count, 5);
		for (i = 0; i < 5; i++) {
			snprintf(text, sizeof(text), kept, words[i]);
			assert_string_equal(messages.text[i], text);
		}
		configuration_free(conf);
	}
	conf = configuration_amend(&layers, "smoothing-half-life 7", 21,
	    &test_socket, &report);
	printed = configuration_print(conf);
	assert_string_equal(printed, "protocol-port 6\nkernel-priority 5\n"
	    "export-table 8\nlink-detect true\nsmoothing-half-life 7\n"
	    "state-file s\nimport-table 9\ndefault\n");
	free(printed);
	configuration_free(conf);
	layers_free(&layers);
}

static void
test_compare_options(void **state)
{
	struct configuration *a = must_read("debug 1\nstate-file x\n"
	    "import-table 5\nlink-detect true");
	struct configuration *b = must_read("debug 1\nstate-file y\n"
	    "import-table 5\nimport-table 6\nprotocol-port 6696");
	struct messages messages = { .count = 0 };

	(void)state;
	configuration_compare_options(a, a, keep_message, &messages);
	assert_int_equal(messages.count, 0);
	configuration_compare_options(a, b, keep_message, &messages);
	assert_int_equal(messages.count, 3);
	assert_string_equal(messages.text[0], "import-table");
	assert_string_equal(messages.text[1], "link-detect");
	assert_string_equal(messages.text[2], "state-file");
	configuration_free(a);
	configuration_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_parameter_defaults),
		cmocka_unit_test(test_command_line_defaults),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_names_of_no_interface),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_run_time),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_removal),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_reload_keeps),
		cmocka_unit_test(test_compare_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
