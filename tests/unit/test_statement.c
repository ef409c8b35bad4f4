/*
 * test_statement.c - the grammar: every word of the language with its
 * values, bounds and refusals, and the places of errors.
 */
#include "reading.h"

static const struct configuration_source test_command = {
	CONTEXT_COMMAND_LINE, "-C", NULL
};

/* What comes before and behind the lines a test is about. */
#define NO_INTERFACE "default\n"

static const struct {
	const char *text, *printed;
} options[] = {
	{ "protocol-group ff02::1:7", NULL },
	{ "protocol-group ff05::1", NULL },
	{ "protocol-port 1", NULL },
	{ "protocol-port 65535", NULL },
	{ "protocol-port 0x1a28", "protocol-port 6696" },
	{ "kernel-priority 0", NULL },
	{ "kernel-priority 65535", NULL },
	{ "reflect-kernel-metric true", NULL },
	{ "reflect-kernel-metric yes", "reflect-kernel-metric true" },
	{ "reflect-kernel-metric auto",
	    "reflect-kernel-metric false" },
	{ "allow-duplicates 0", NULL },
	{ "allow-duplicates 65535", NULL },
	{ "random-id true", NULL },
	{ "random-id no", "random-id false" },
	{ "ipv6-subtrees true", NULL },
	{ "ipv6-subtrees false", NULL },
	{ "ipv6-subtrees default", "ipv6-subtrees auto" },
	{ "debug 0", NULL },
	{ "debug 2147483647", NULL },
	{ "local-port 1", NULL },
	{ "local-port 65535", NULL },
	{ "local-port-readwrite 33123", NULL },
	{ "local-path /run/b.sock", NULL },
	{ "local-path relative", NULL },
	{ "local-path-readwrite \"/run/with blank\"", NULL },
	{ "local-path-mode 0660", NULL },
	{ "local-path-mode 660", "local-path-mode 0660" },
	{ "local-path-mode 777", "local-path-mode 0777" },
	{ "local-path-group adm", NULL },
	{ "export-table 1", NULL },
	{ "export-table 4294967295", NULL },
	{ "export-table 0", "export-table 254" },
	{ "import-table 1", NULL },
	{ "import-table 4294967295", NULL },
	{ "import-table 1\nimport-table 2\nimport-table 1",
	    "import-table 1\nimport-table 2" },
	{ "import-table 254 # main", "import-table 254" },
	{ "kernel-check-interval 0", NULL },
	{ "kernel-check-interval 65535", NULL },
	{ "shutdown-delay-ms 0", NULL },
	{ "shutdown-delay-ms 65535", NULL },
	{ "link-detect true", NULL },
	{ "smoothing-half-life 0", NULL },
	{ "smoothing-half-life 2147483647", NULL },
	{ "daemonise true", NULL },
	{ "skip-kernel-setup true", NULL },
	{ "router-id 02:16:3e:ff:fe:00:00:12", NULL },
	{ "router-id 2-16-3e-ff-fe-0-0-12",
	    "router-id 02:16:3e:ff:fe:00:00:12" },
	{ "router-id 02:16:3e:00:00:12",
	    "router-id 02:16:3e:ff:fe:00:00:12" },
	{ "state-file /s", NULL },
	{ "state-file \"\"", NULL },
	{ "log-file /l#c", "log-file /l" },
	{ "log-file \"/l#c\"", NULL },
	{ "log-file \"a\\\"b\\\\ \"", NULL },
	{ "pid-file \"\"", NULL },
	{ "user nobody", NULL },
	{ "first-rule-priority 1", NULL },
	{ "first-rule-priority 32637", NULL },
	{ "first-table-number 1", NULL },
	{ "first-table-number 4294967295", NULL },
	/* The last one counts; printed in the order of the manual. */
	{ "debug 1\nprotocol-port 2\ndebug 3",
	    "protocol-port 2\ndebug 3" },
	{ "local-port 1\nlocal-port-readwrite 2\nlocal-path a\n"
	    "local-path-readwrite b", NULL },
};

static void
test_options_accepted(void **state)
{
	char printed[512];
	size_t i;

	(void)state;
	check_print("", NO_INTERFACE);
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		snprintf(printed, sizeof(printed), "%s\n" NO_INTERFACE,
		    options[i].printed != NULL ? options[i].printed :
		    options[i].text);
		check_print(options[i].text, printed);
	}
}

static void
test_parameters_accepted(void **state)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{ "type auto", NULL }, { "type default", "type auto" },
		{ "type wired", NULL }, { "type wireless", NULL },
		{ "type tunnel", NULL }, { "wired true", "type wired" },
		{ "wired false", "type wireless" },
		{ "wired auto", "type wireless" },
		{ "type wired type tunnel", "type tunnel" },
		{ "link-quality true", NULL }, { "link-quality false", NULL },
		{ "link-quality auto", NULL },
		{ "link-quality default", "link-quality auto" },
		{ "link-quality yes", "link-quality true" },
		{ "link-quality no", "link-quality false" },
		{ "split-horizon auto", NULL },
		{ "rxcost 1", NULL }, { "rxcost 65535", NULL },
		{ "hello-interval 0.001", NULL },
		{ "hello-interval 655.350", NULL },
		{ "hello-interval 4", "hello-interval 4.000" },
		{ "hello-interval .5", "hello-interval 0.500" },
		{ "update-interval 0.0019", "update-interval 0.001" },
		{ "update-interval 655.350", NULL },
		{ "enable-timestamps true", NULL }, { "unicast true", NULL },
		{ "rfc6126-compatible true", NULL },
		{ "rtt-decay 1", NULL }, { "rtt-decay 256", NULL },
		{ "rtt-min 0", "rtt-min 0.000" },
		{ "rtt-min 2147483.647", NULL },
		{ "rtt-max 0.001", NULL }, { "rtt-max 120",
		    "rtt-max 120.000" },
		{ "max-rtt-penalty 0", NULL },
		{ "max-rtt-penalty 65535", NULL },
		{ "rtt-filter ewma", NULL }, { "rtt-filter quartile", NULL },
		{ "v4-via-v6 true", NULL }, { "probe-mtu true", NULL },
		{ "accept-bad-signatures true", NULL },
		{ "link-local auto", NULL }, { "link-local none", NULL },
		{ "faraway true", "" }, { "channel 6", "" },
		{ "rxcost 1 rxcost 2", "rxcost 2" },
		{ "unicast true rxcost 5 type wired",
		    "type wired rxcost 5 unicast true" },
	};
	char text[256], printed[256];
	const char *value;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		value = cases[i].printed != NULL ? cases[i].printed :
		    cases[i].text;
		snprintf(text, sizeof(text), "interface eth0 %s",
		    cases[i].text);
		snprintf(printed, sizeof(printed),
		    "default\ninterface eth0%s%s\n", *value ? " " : "", value);
		check_print(text, printed);
		snprintf(text, sizeof(text), "default %s", cases[i].text);
		snprintf(printed, sizeof(printed), "default%s%s\n",
		    *value ? " " : "", value);
		check_print(text, printed);
	}
}

static const struct {
	const char *text, *printed;
} statements[] = {
	/* Lines that merge, in the order of the first mention. */
	{ "interface b rxcost 1\ninterface a\ninterface b rxcost 2 "
	    "unicast true\ndefault rxcost 3\ndefault unicast no",
	    "default rxcost 3 unicast false\n"
	    "interface b rxcost 2 unicast true\ninterface a\n" },
	{ "interface \"mesh-?\"", "default\ninterface mesh-?\n" },
	{ "interface \"a b\"", "default\ninterface \"a b\"\n" },
	{ " \t interface  a\t\r\n\r\n# end", "default\ninterface a\n" },
	{ "neighbour fe80::1 if wg0\nneighbour fe80::1 if \"wg0\"\n"
	    "neighbour fe80::1 if wg1",
	    "default\nneighbour fe80::1 if wg0\n"
	    "neighbour fe80::1 if wg1\n" },
	/* Keys. */
	{ "key id a type hmac-sha256 value 00fF",
	    "key id a type hmac-sha256 value 00ff\ndefault\n" },
	{ "key value 0011 type blake2s128 id \\\"x\"",
	    "key id \\\"x\" type blake2s128 value 0011\ndefault\n" },
	{ "key id a type hmac-sha256 value 00\n"
	    "key id b type hmac-sha256 value 01\n"
	    "key id a type blake2s128 value 02",
	    "key id a type blake2s128 value 02\n"
	    "key id b type hmac-sha256 value 01\ndefault\n" },
	{ "key id a type hmac-sha256 file \"/k 1\" accept-from "
	    "2026-03-01T13:00:00+01:00 accept-until "
	    "2026-04-01T00:00:00Z sign-from 2026-03-02T00:00:00Z "
	    "sign-until 2026-03-31T00:00:00Z",
	    "key id a type hmac-sha256 file \"/k 1\" sign-from "
	    "2026-03-02T00:00:00Z sign-until 2026-03-31T00:00:00Z "
	    "accept-from 2026-03-01T12:00:00Z accept-until "
	    "2026-04-01T00:00:00Z\ndefault\n" },
	{ "key id a type hmac-sha256 value 00\n"
	    "key id b type hmac-sha256 value 01\n"
	    "default key b\ninterface x key a key b key a",
	    "key id a type hmac-sha256 value 00\n"
	    "key id b type hmac-sha256 value 01\n"
	    "default key b\ninterface x key a key b\n" },
	/* Words of older versions. */
	{ "diversity true\ndiversity-factor 128\nkeep-unfeasible true",
	    "default\n" },
	/* Filters. */
	{ "in", "default\nin allow\n" },
	{ "out deny", "default\nout deny\n" },
	{ "install metric 65535", "default\ninstall deny\n" },
	{ "in deny metric 1", "default\nin metric 1\n" },
	{ "in ip 10.1.2.3/8 le 32", "default\nin ip 10.0.0.0/8 "
	    "allow\n" },
	{ "in ip 10.0.0.0/8 ge 9 le 30 src-ip 192.0.2.1 src-eq 32",
	    "default\nin ip 10.0.0.0/8 src-ip 192.0.2.1/32 ge 9 "
	    "le 30 src-ge 32 allow\n" },
	{ "in ip default", "default\nin ip ::/0 allow\n" },
	{ "in le 24", "default\nin ge 0 le 24 allow\n" },
	{ "in le 128", "default\nin ge 0 allow\n" },
	{ "in src-le 24", "default\nin ge 0 src-le 24 allow\n" },
	{ "in eq 24", "default\nin ge 24 le 24 allow\n" },
	{ "in ip 10.0.0.0/8 eq 64", "default\nin ip 10.0.0.0/8 "
	    "ge 64 allow\n" },
	{ "in neigh fe80::1 id 1:2:3:4:5:6:7:8 if \"a b\"",
	    "default\nin neigh fe80::1 id 01:02:03:04:05:06:07:08 "
	    "if \"a b\" allow\n" },
	{ "redistribute proto 255 metric 65534",
	    "default\nredistribute proto 255 metric 65534\n" },
	{ "redistribute local if lo deny",
	    "default\nredistribute local if lo deny\n" },
	{ "redistribute proto 3 local",
	    "default\nredistribute local allow\n" },
	{ "redistribute src-prefix 2001:db8::/32",
	    "default\nredistribute src-prefix 2001:db8::/32 "
	    "allow\n" },
	{ "install table 4294967295 pref-src 10.0.0.1",
	    "default\ninstall table 4294967295 pref-src 10.0.0.1 "
	    "allow\n" },
	{ "install pref-src ::1 eq 64",
	    "default\ninstall ge 64 le 64 pref-src ::1 allow\n" },
};

static void
test_statements_accepted(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		check_print(statements[i].text, statements[i].printed);
}

static const struct {
	const char *text, *error;	/* how it starts */
} refused[] = {
	{ "foo", "f:1:1: foo: expected a directive" },
	{ "Interface a", "f:1:1: Interface: expected a directive" },
	{ "\n\n  foo", "f:3:3: foo: " },
	{ "debug 1\ndebug x\ndebug y", "f:2:7: x: expected a number "
	    "from 0 to 2147483647" },
	{ "debug", "f:1:6: end of line: expected a value" },
	{ "debug # 1", "f:1:7: end of line: expected a value" },
	{ "debug -1", "f:1:7: -1: " }, { "debug 2147483648", "f:1:7" },
	{ "debug 1 2", "f:1:9: 2: expected the end of the line" },
	{ "debug \"1\"", "f:1:7: a quoted word: not expected here" },
	{ "\"debug\" 1", "f:1:1: a quoted word" },
	{ "protocol-group 192.0.2.1", "f:1:16: 192.0.2.1: expected "
	    "an IPv6 multicast address" },
	{ "protocol-group fe80::1", "f:1:16: " },
	{ "protocol-port 0", "f:1:15: 0: expected a number from 1 to "
	    "65535" },
	{ "protocol-port 65536", "f:1:15: " },
	{ "kernel-priority 65536", "f:1:17: " },
	{ "kernel-priority -1", "f:1:17: " },
	{ "reflect-kernel-metric 1", "f:1:23: 1: expected true or "
	    "false" },
	{ "random-id on", "f:1:11: on: " },
	{ "random-id TRUE", "f:1:11: TRUE: " },
	{ "ipv6-subtrees x", "f:1:15: x: expected true, false or "
	    "auto" },
	{ "allow-duplicates 65536", "f:1:18: " },
	{ "local-port 0", "f:1:12: " },
	{ "local-port /run/x", "f:1:12: " },
	{ "local-path", "f:1:11: end of line: expected a string" },
	{ "local-path \"\"", "f:1:12: \"\": expected a path" },
	{ "local-path-mode 0", "f:1:17: 0: expected permissions" },
	{ "local-path-mode 01000", "f:1:17: " },
	{ "local-path-mode 0o660", "f:1:17: " },
	{ "export-table 4294967296", "f:1:14: " },
	{ "import-table -1", "f:1:14: " },
	{ "kernel-check-interval 65536", "f:1:23: " },
	{ "shutdown-delay-ms 65536", "f:1:19: " },
	{ "smoothing-half-life -1", "f:1:21: " },
	{ "router-id 1.2.3.4", "f:1:11: 1.2.3.4: expected an EUI-64" },
	{ "router-id 0:0:0:0:0:0:0:0", "f:1:11: " },
	{ "router-id ff:ff:ff:ff:ff:ff:ff:ff", "f:1:11: " },
	{ "router-id 02-16-3e-00-00-12", "f:1:11: " },
	{ "state-file \"a", "f:1:12: a string without closing quote: "
	    "not expected here" },
	{ "first-rule-priority 0", "f:1:21: " },
	{ "first-rule-priority 32638", "f:1:21: " },
	{ "first-table-number 0", "f:1:20: " },
	{ "-h 4", "f:1:1: -h: expected a directive" },
	/* Interfaces. */
	{ "interface", "f:1:10: end of line: expected the name of" },
	{ "interface \"\"", "f:1:11: " },
	{ "interface a foo", "f:1:13: foo: expected an interface "
	    "parameter" },
	{ "interface a rxcost", "f:1:19: end of line: expected a "
	    "value" },
	{ "interface a rxcost 0", "f:1:20: 0: expected a number from "
	    "1 to 65535" },
	{ "interface a rxcost 65536", "f:1:20: " },
	{ "interface a hello-interval 0", "f:1:28: 0: expected "
	    "seconds from 0.001 to 655.350" },
	{ "interface a hello-interval 655.351", "f:1:28: " },
	{ "interface a hello-interval -1", "f:1:28: " },
	{ "interface a rtt-decay 0", "f:1:23: " },
	{ "interface a rtt-decay 257", "f:1:23: " },
	{ "interface a rtt-max 0", "f:1:21: 0: expected milliseconds "
	    "from 0.001 to 2147483.647" },
	{ "interface a max-rtt-penalty 65536", "f:1:29: " },
	{ "interface a type ethernet", "f:1:18: ethernet: expected "
	    "auto, wired, wireless or tunnel" },
	{ "interface a rtt-filter median", "f:1:24: median: expected "
	    "ewma or quartile" },
	{ "interface a link-local true", "f:1:24: true: expected "
	    "auto or none" },
	{ "interface a key k", "f:1:17: k: expected the id of a key "
	    "defined before" },
	{ "interface a key k\nkey id k type hmac-sha256 value 00",
	    "f:1:17: k: " },
	{ "interface a\n\trxcost 5", "f:2:2: rxcost: expected a "
	    "directive; parameters stand on the line of their" },
	{ "default foo", "f:1:9: foo: expected an interface "
	    "parameter" },
	{ "channel 6", "f:1:1: channel: expected a directive" },
	{ "interface a diversity true", "f:1:13: diversity: " },
	{ "diversity", "f:1:10: end of line: expected a value" },
	/* Neighbours. */
	{ "neighbour", "f:1:10: end of line: expected an address "
	    "within fe80::/64" },
	{ "neighbour 2001:db8::1 if a", "f:1:11: " },
	{ "neighbour fe80:1::1 if a", "f:1:11: " },
	{ "neighbour fe80::1 on a", "f:1:19: on: expected if" },
	{ "neighbour fe80::1 if", "f:1:21: " },
	{ "neighbour fe80::1 if abcdefghijklmnop", "f:1:22: " },
	{ "neighbour fe80::1 if a b", "f:1:24: b: expected the end" },
	/* Keys; their digits are never shown. */
	{ "key", "f:1:4: end of line: expected id" },
	{ "key id a", "f:1:9: end of line: expected type" },
	{ "key id a type none", "f:1:15: none: expected hmac-sha256 "
	    "or blake2s128" },
	{ "key id a type hmac-sha256", "f:1:26: end of line: expected "
	    "either value or file" },
	{ "key id a type hmac-sha256 value 0 ", "f:1:33: value: "
	    "expected an even number of hexadecimal digits" },
	{ "key id a type hmac-sha256 value 0g", "f:1:33: value: " },
	{ "key id a type hmac-sha256 value 00 file /k", "f:1:43: " },
	{ "key id a type blake2s128 value 000102030405060708090a0b0c0d"
	    "0e0f101112131415161718191a1b1c1d1e1f20", "f:1:32: value: "
	    "expected a key of 1 to 32 octets, not 33" },
	{ "key foo", "f:1:5: foo: expected id, type, value" },
	{ "key id a sign-from now", "f:1:20: now: expected a time "
	    "such as" },
	{ "key id a type hmac-sha256 value 00 sign-from "
	    "2026-01-02T00:00:00Z sign-until 2026-01-01T00:00:00Z",
	    "f:1:98: end of line: expected an end after the start" },
	/* Filters. */
	{ "in foo", "f:1:4: foo: expected a selector or an action" },
	{ "in ip", "f:1:6: end of line: expected a prefix" },
	{ "in ip 10.0.0.0/33", "f:1:7: " },
	{ "in ip 10.0.0/8", "f:1:7: " },
	{ "in ip 2001:db8::/129", "f:1:7: " },
	{ "in ip eth0", "f:1:7: eth0: expected a prefix" },
	{ "in le 129", "f:1:7: 129: expected a number from 0 to 128" },
	{ "in le 300", "f:1:7: " }, { "in ge -1", "f:1:7: " },
	{ "in src-eq 129", "f:1:11: " },
	{ "in neigh foo", "f:1:10: foo: expected an address" },
	{ "in id foo", "f:1:7: foo: expected a router-id" },
	{ "redistribute proto 256", "f:1:20: " },
	{ "redistribute proto static", "f:1:20: static: expected a "
	    "number from 0 to 255" },
	{ "in if", "f:1:6: end of line: expected the name of an" },
	{ "in metric 0", "f:1:11: 0: expected a number from 1 to "
	    "65535" },
	{ "in metric 65536", "f:1:11: " },
	{ "install table 0", "f:1:15: " },
	{ "install table 4294967296", "f:1:15: " },
	{ "install pref-src foo", "f:1:18: foo: expected an address" },
	{ "in ip 10.0.0.0/8 src-ip ::/0", "f:1:25: ::/0: expected "
	    "IPv4, as before in this rule" },
	{ "install ip ::/0 pref-src 10.0.0.1", "f:1:26: 10.0.0.1: "
	    "expected IPv6" },
	{ "redistribute ip 10.0.0.0/8 src-prefix ::/0", "f:1:39: " },
	/* Words of the socket. */
	{ "flush interface a", "f:1:1: flush: not allowed here" },
	{ "reopen-logfile", "f:1:1: reopen-logfile: not allowed" },
	{ "dump", "f:1:1: dump: expected a directive" },
	{ "quit", "f:1:1: quit: expected a directive" },
	/* What cannot be printed is shown in another way. */
	{ "a\x1b[1m\xc3\xa9", "f:1:1: a\\x1b[1m\\xc3\\xa9: " },
};

static void
test_refused(void **state)
{
	struct configuration_report report = { .warn = NULL };
	struct configuration *conf;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		conf = read_text(refused[i].text, &test_file, &report);
		if (conf != NULL)
			fail_msg("accepted: %s", refused[i].text);
		if (strncmp(report.error, refused[i].error,
		    strlen(refused[i].error)) != 0)
			fail_msg("%s: %s", refused[i].text, report.error);
	}
}

/* covers: Q41 */
static void
test_lengths(void **state)
{
	struct configuration_report report = { .warn = NULL };
	struct configuration *conf;
	char text[600];

	(void)state;
	/* A word of 255 bytes, and one of 256. */
	snprintf(text, sizeof(text), "interface %0255d", 0);
	conf = read_text(text, &test_file, &report);
	assert_non_null(conf);
	configuration_free(conf);
	snprintf(text, sizeof(text), "interface %0256d", 0);
	assert_null(read_text(text, &test_file, &report));
	assert_string_equal(report.error,
	    "f:1:11: a word of more than 255 bytes: not expected here");
	snprintf(text, sizeof(text), "interface \"%0256d\"", 0);
	assert_null(read_text(text, &test_file, &report));
	/* A path that fits a socket, and one that does not. */
	snprintf(text, sizeof(text), "local-path %0107d", 0);
	conf = read_text(text, &test_file, &report);
	assert_non_null(conf);
	configuration_free(conf);
	snprintf(text, sizeof(text), "local-path %0108d", 0);
	assert_null(read_text(text, &test_file, &report));
	/* NUL bytes are no part of a word. */
	conf = configuration_new();
	assert_int_equal(configuration_read(conf, "debug 1\0", 8, &test_file,
	    &report), -1);
	assert_string_equal(report.error,
	    "f:1:7: a NUL byte: not expected here");
	configuration_free(conf);
}

static void
test_command_line_statements(void **state)
{
	struct configuration_report report = { .warn = NULL };
	struct configuration *conf;

	(void)state;
	conf = read_text("in ip 10.0.0.0/8 deny\n", &test_command, &report);
	assert_non_null(conf);
	configuration_free(conf);
	conf = read_text("# comment", &test_command, &report);
	assert_non_null(conf);
	configuration_free(conf);
	conf = read_text("reopen-logfile", &test_command, &report);
	assert_non_null(conf);
	configuration_free(conf);
	assert_null(read_text("", &test_command, &report));
	assert_null(read_text("in\nout", &test_command, &report));
	assert_null(read_text("flush interface a", &test_command, &report));
	assert_null(read_text("in foo", &test_command, &report));
	assert_string_equal(report.error, "-C:1:4: foo: expected a selector "
	    "or an action; in \"in foo\"");
	/* A key is not quoted. */
	assert_null(read_text("key id a type foo value 0123", &test_command,
	    &report));
	assert_null(strstr(report.error, "0123"));
}

static void
test_all_errors(void **state)
{
	struct messages messages = { .count = 0 };
	struct configuration_report report = {
		.each_error = keep_message, .ctx = &messages
	};

	(void)state;
	assert_null(read_text("foo\ndebug 1\nin bar baz\ninterface a\n"
	    "interface b rxcost x", &test_file, &report));
	assert_int_equal(messages.count, 3);
	assert_memory_equal(messages.text[0], "f:1:1: ", 7);
	assert_memory_equal(messages.text[1], "f:3:4: ", 7);
	assert_memory_equal(messages.text[2], "f:5:20: ", 8);
	assert_string_equal(report.error, messages.text[0]);
}

static void
test_warnings(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		const char *warning;	/* the first */
	} cases[] = {
		{ "debug 1\ninterface a type tunnel", 0, NULL },
		{ "diversity 1\ndiversity 2", 1, "f:1:1: warning: diversity: "
		    "is obsolete and does nothing" },
		{ "default faraway true\ninterface a faraway true channel 6",
		    2, "f:1:9: warning: faraway: is obsolete and does "
		    "nothing" },
		{ "interface a wired true\ninterface b wired true", 1,
		    "f:1:13: warning: wired: is deprecated, use \"type "
		    "wired\" or \"type wireless\"" },
		{ "protocol-group ff05::1", 1, "f:1:16: warning: ff05::1: "
		    "not a link-local multicast address" },
		{ "interface abcdefghijklmnop", 1, "f:1:11: warning: "
		    "abcdefghijklmnop: no interface can have this name: it "
		    "has up to 15 bytes, no blank, '/' or ':'" },
		{ "interface \"a b\"", 1, "f:1:11: warning: a b: " },
		{ "interface abcdefghijklmnop*", 0, NULL },
		{ "out if abcdefghijklmnop", 1, "f:1:8: warning: " },
		{ "out neigh fe80::1", 1, "f:1:5: warning: neigh: never "
		    "matches in a filter \"out\"" },
		{ "in table 5", 1, "f:1:4: warning: table: does nothing in a "
		    "filter \"in\"" },
		{ "in le 24", 1, "f:1:9: warning: end of line: a rule that "
		    "bounds lengths without a prefix is for IPv6 alone" },
		{ "in ge 33", 0, NULL },
		{ "in ip 10.0.0.0/8 le 64", 1, "f:1:21: warning: 64: an IPv4 "
		    "prefix has at most 32 bits" },
		{ "interface a rtt-min 50 rtt-max 50", 1, "warning: a: "
		    "rtt-max is not above rtt-min, taken as 10 ms more" },
		{ "interface a max-rtt-penalty 5", 1, "warning: a: "
		    "max-rtt-penalty has no effect without timestamps" },
		{ "interface a max-rtt-penalty 5 enable-timestamps true", 0,
		    NULL },
		{ "neighbour fe80::1 if a", 1, "warning: a: has a neighbour "
		    "but is not an interface to run" },
		{ "neighbour fe80::1 if a\ninterface ?", 0, NULL },
	};
	struct messages messages;
	struct configuration *conf;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct configuration_report report = {
			.warn = keep_message, .ctx = &messages
		};

		messages.count = 0;
		conf = read_text(cases[i].text, &test_file, &report);
		assert_non_null(conf);
		configuration_free(conf);
		if (messages.count != cases[i].count || (messages.count > 0 &&
		    strncmp(messages.text[0], cases[i].warning,
		    strlen(cases[i].warning)) != 0))
			fail_msg("%s: %zu %s", cases[i].text, messages.count,
			    messages.text[0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_accepted),
		cmocka_unit_test(test_parameters_accepted),
		cmocka_unit_test(test_statements_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_command_line_statements),
		cmocka_unit_test(test_all_errors),
		cmocka_unit_test(test_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
