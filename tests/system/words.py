"""The words of the configuration language, with what each of them takes.

A Word is tried in a line whose "{}" is its value.  Bounds are the manual's:
the values at either end are right, and those next to them are wrong.
"""

from dataclasses import dataclass

MAC_KEY = "key id k type {} value {}"
DIGITS = "00112233445566778899aabbccddeeff"


@dataclass(frozen=True)
class Word:
    kind: str			# option, parameter, statement, key, ...
    word: str
    line: str
    right: tuple
    wrong: tuple = ()

    def __str__(self):
        return f"{self.kind}-{self.word}"


def numbers(low, high, *wrong):
    """Every way to write a number, and none of the ways not to."""
    return ((f"{low}", f"{high}", f"{high:#x}", f"0{high:o}", f"+{low}"),
            (f"{low - 1}", f"{high + 1}", "1.5", "1e1", "0x", "08", "five",
             '"5"', *wrong))


def fixed(low, high, *wrong):
    """Numbers of up to three decimals that matter."""
    return ((low, high, "1.5", ".5", "5.", "0005", "0.50049999"),
            ("-1", "1e3", "0x10", "1s", "five", '"1"', *wrong))


TRUTH = (("true", "false", "yes", "no", "auto", "default"),
         ("on", "1", "TRUE", "maybe", '"true"'))
FILE = (("/nonexistent/x", '"/with a blank"', '""', "\"a\\\"b\""),
        ('"unfinished', "x" * 256))
PATH = (("/run/x.sock", "x.sock", '"a b"', "/" + "x" * 106),
        ('""', "/" + "x" * 107))
PREFIX = (("2001:db8::/32", "2001:db8::1", "default", "10.0.0.0/8",
           "10.1.2.3/8", "0.0.0.0/0", "::/0", "2001:db8::/0x20"),
          ("2001:db8::/129", "10.0.0.0/33", "10.0.0/8", "2001:db8::/",
           "10.0.0.0/8/8", "here"))
LENGTH = (("0", "128", "0x20"), ("-1", "129", "300", "x", "1.5"))
ADDRESS = (("fe80::1", "10.0.0.1", "::ffff:10.0.0.1"),
           ("fe80::1%eth0", "10.0.0.256", "fe80::1/64", "one"))
ID = (("02:16:3e:ff:fe:00:00:12", "02-16-3e-ff-fe-00-00-12",
       "2:16:3e:ff:fe:0:0:12", "00:16:3E:00:00:12"),
      ("02:16:3e", "1.2.3.4", "02-16-3e-00-00-12", "g:0:0:0:0:0:0:0"))
NAME = (("eth0", '"eth 0"', "wg*", '"[a-c]?"', "x" * 255),
        ('"eth0', "x" * 256))
TIME = (("2027-01-31T12:00:00Z", "2027-01-31t12:00:00.5+01:00",
         "1970-01-01T00:00:00Z", "2028-02-29T23:59:60-23:59"),
        ("2027-02-29T00:00:00Z", "2027-01-31", "2027-01-31T12:00:00",
         "2027-13-01T00:00:00Z", "tomorrow"))


def words(kind, line, table):
    return [Word(kind, word, line.format(word), *values)
            for word, values in table.items()]


OPTIONS = words("option", "{} {{}}", {
    "protocol-group": (("ff02::1:6", "ff05::1", "ff02:0:0:0:0:0:1:6"),
                       ("fe80::1", "224.0.0.111", "group")),
    "protocol-port": numbers(1, 65535),
    "kernel-priority": numbers(0, 65535),
    "reflect-kernel-metric": TRUTH,
    "allow-duplicates": numbers(0, 65535),
    "random-id": TRUTH,
    "ipv6-subtrees": TRUTH,
    "debug": numbers(0, 2147483647),
    "local-port": numbers(1, 65535, "/run/x"),
    "local-port-readwrite": numbers(1, 65535),
    "local-path": PATH,
    "local-path-readwrite": PATH,
    "local-path-mode": (("0660", "660", "1", "777"),
                        ("0", "1000", "0o660", "rw-rw----", "9")),
    "local-path-group": FILE,
    "export-table": numbers(0, 4294967295, "main"),
    "import-table": numbers(0, 4294967295, "main"),
    "kernel-check-interval": numbers(0, 65535),
    "shutdown-delay-ms": numbers(0, 65535),
    "link-detect": TRUTH,
    "smoothing-half-life": numbers(0, 2147483647),
    "daemonise": TRUTH,
    "skip-kernel-setup": TRUTH,
    "router-id": (ID[0], (*ID[1], "0:0:0:0:0:0:0:0",
                          "ff:ff:ff:ff:ff:ff:ff:ff")),
    "state-file": FILE,
    "log-file": FILE,
    "log-neighbours": TRUTH,
    "pid-file": FILE,
    "user": FILE,
    "first-rule-priority": numbers(1, 32637),
    "first-table-number": numbers(1, 4294967295),
})

PARAMETERS = words("parameter", "interface eth0 {} {{}}", {
    "type": (("auto", "default", "wired", "wireless", "tunnel"),
             ("ethernet", "WIRED", '"wired"')),
    "link-quality": TRUTH,
    "split-horizon": TRUTH,
    "rxcost": numbers(1, 65535),
    "hello-interval": fixed("0.001", "655.350", "0", "655.351", ".0009"),
    "update-interval": fixed("0.001", "655.350", "0", "655.351"),
    "enable-timestamps": TRUTH,
    "unicast": TRUTH,
    "rfc6126-compatible": TRUTH,
    "rtt-decay": numbers(1, 256),
    "rtt-min": fixed("0", "2147483.647", "2147483.648"),
    "rtt-max": fixed("0.001", "2147483.647", "0"),
    "max-rtt-penalty": numbers(0, 65535),
    "rtt-filter": (("ewma", "quartile"), ("auto", "median")),
    "v4-via-v6": TRUTH,
    "probe-mtu": TRUTH,
    "accept-bad-signatures": TRUTH,
    "link-local": (("auto", "none"), ("true", "fe80::1")),
}) + [Word("parameter", "key", f"key id a type hmac-sha256 value {DIGITS}\n"
           f"key id b type blake2s128 value {DIGITS}\n"
           "interface eth0 key {}", ("a", "b", "a key b"),
           ("c", "A", '"a"'))]

STATEMENTS = [
    Word("statement", "interface", "interface {}", (*NAME[0], "a rxcost 5"),
         (*NAME[1], '""', "eth0 eth1", "a rxcost", "a nothing 5")),
    Word("statement", "default", "default {}",
         ("", "rxcost 5", "type wired rxcost 5 rxcost 6"),
         ("rxcost", "nothing", "interface eth0")),
    Word("statement", "neighbour", "neighbour {}",
         ("fe80::1 if eth0", 'fe80::abcd if "eth 0"'),
         ("fe80::1", "fe80::1 if", "fe80::1 on eth0", "2001:db8::1 if eth0",
          "192.0.2.1 if eth0", "fe80::1 if eth0 eth1", "fec0::1 if eth0",
          f"fe80::1 if {'x' * 16}")),
    Word("statement", "in", "in {}", ("", "deny", "ip ::/0 allow"),
         ("nothing", "ip", "deny all", "ip 10.0.0.0/8 src-ip ::/0")),
    Word("statement", "out", "out {}", ("", "deny"), ("nothing",)),
    Word("statement", "redistribute", "redistribute {}", ("", "local deny"),
         ("nothing",)),
    Word("statement", "install", "install {}", ("", "table 5"),
         ("nothing", "ip 10.0.0.0/8 pref-src 2001:db8::1")),
    Word("statement", "key", "key {}",
         (f"id k type hmac-sha256 value {DIGITS}",
          f"value {DIGITS} type blake2s128 id k",
          f"id k id l type hmac-sha256 value {DIGITS}"),
         ("id k", f"id k value {DIGITS}", f"type hmac-sha256 value {DIGITS}",
          "id k type hmac-sha256", "id k type none",
          f"id k type hmac-sha256 value {DIGITS} file /nonexistent",
          f"id k type hmac-sha256 value {DIGITS} now")),
]

SHA, BLAKE = "id k type hmac-sha256", "id k type blake2s128"
KEY_PARTS = [
    Word("key", "id", f"key type hmac-sha256 value {DIGITS} id {{}}",
         ("k", "x" * 255), ('"k"',)),
    Word("key", "type", f"key id k value {DIGITS} type {{}}",
         ("hmac-sha256", "blake2s128"), ("none", "md5", "HMAC-SHA256")),
    Word("key", "value", "key {}",
         (f"{SHA} value 00", f"{SHA} value {'aB' * 64}",
          f"{BLAKE} value 00", f"{BLAKE} value {'aB' * 32}"),
         (f"{SHA} value 0", f"{SHA} value 0g", f"{SHA} value {'00' * 65}",
          f"{BLAKE} value {'00' * 33}", f"{SHA} value")),
    Word("key", "file", f"key {SHA} file {{}}", (),
         ("/nonexistent", "/dev/null", "/", '"unfinished')),
] + words("key", f"key {SHA} value {DIGITS} {{}} {{{{}}}}", {
        "sign-from": TIME, "sign-until": (TIME[0][:2], TIME[1]),
        "accept-from": TIME, "accept-until": (TIME[0][:2], TIME[1])})

SELECTORS = words("selector", "in {} {{}}", {
    "ip": PREFIX, "eq": LENGTH, "le": LENGTH, "ge": LENGTH,
    "src-ip": PREFIX, "src-eq": LENGTH, "src-le": LENGTH, "src-ge": LENGTH,
    "neigh": ADDRESS, "id": ID,
    "if": NAME,
}) + [
    Word("selector", "proto", "redistribute proto {}", ("0", "255", "0x2a"),
         ("-1", "256", "static")),
    Word("selector", "local", "redistribute {}", ("local", "local deny"),
         ("local true",)),
    Word("selector", "type", "redistribute type {}",
         ("unicast", "blackhole", "unreachable", "prohibit"),
         ("anycast", "0")),
]

ACTIONS = [
    Word("action", "allow", "in {}", ("allow", "deny allow"),
         ("allow all",)),
    Word("action", "deny", "in {}", ("deny", "metric 5 deny"), ("deny 5",)),
    Word("action", "metric", "in metric {}", *numbers(1, 65535)),
    Word("action", "src-prefix", "redistribute src-prefix {}", *PREFIX),
    Word("action", "table", "install table {}", *numbers(1, 4294967295)),
    Word("action", "pref-src", "install pref-src {}", *ADDRESS),
]

# Words of older versions: taken, and one warning that they do nothing.
OBSOLETE = [
    Word("obsolete", "diversity", "diversity {}", ("true", "3")),
    Word("obsolete", "diversity-factor", "diversity-factor {}", ("128",)),
    Word("obsolete", "keep-unfeasible", "keep-unfeasible {}", ("true",)),
    Word("obsolete", "ubus-bindings", "ubus-bindings {}", ("true",)),
    Word("obsolete", "channel", "interface eth0 channel {}", ("6",)),
    Word("obsolete", "faraway", "interface eth0 faraway {}", ("true",)),
]
DEPRECATED = [
    Word("obsolete", "wired", "interface eth0 wired {}", *TRUTH),
]

ALL = (OPTIONS + PARAMETERS + STATEMENTS + KEY_PARTS + SELECTORS + ACTIONS
       + OBSOLETE + DEPRECATED)

# What the local socket alone takes, besides its own requests.
REQUESTS = ("flush", "replace", "reload", "reopen-logfile")
# Options that may be changed while running.
RUN_TIME = ("link-detect", "smoothing-half-life", "log-neighbours",
            "log-file")
