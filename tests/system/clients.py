"""Models of the programs that read the local socket in the field.

Each takes a stream line by line as that program does and raises Rejected
where that program would give up, misread, or report an error.  They are
written from what is known of the programs' parsers, not from ours, and
test_local.py shows that each of them rejects a stream that is broken.
"""

import ipaddress
import json
import re


class Rejected(AssertionError):
    """A client would not have taken the stream."""


def require(condition, *what):
    if not condition:
        raise Rejected(" ".join(map(str, what)))


def is_address(text):
    try:
        ipaddress.ip_address(text)
        return True
    except ValueError:
        return False


def is_cidr(text):
    try:
        ipaddress.ip_network(text)
        return "/" in text
    except ValueError:
        return False


def unsigned(bits):
    return lambda text: re.fullmatch(r"\d+", text) is not None \
        and int(text) < 1 << bits


def hexadecimal(text):
    return re.fullmatch(r"[0-9a-f]{1,4}", text) is not None


def one_of(*words):
    return lambda text: text in words


class BabelWeb2:
    """Keeps a table per kind; disconnects at the first thing amiss."""

    TYPES = {
        "interface": {"up": one_of("true", "false"), "ipv4": is_address,
                      "ipv6": is_address},
        "neighbour": {"address": is_address, "if": str, "reach": hexadecimal,
                      "ureach": hexadecimal, "rxcost": unsigned(32),
                      "txcost": unsigned(32), "cost": unsigned(32),
                      "rtt": str, "rttcost": unsigned(32)},
        "xroute": {"prefix": is_cidr, "from": is_cidr,
                   "metric": unsigned(31)},
        "route": {"prefix": is_cidr, "from": is_cidr,
                  "installed": one_of("yes", "no"), "id": str,
                  "metric": unsigned(31), "refmetric": unsigned(32),
                  "via": is_address, "if": str},
    }

    def __init__(self):
        self.tables = {kind: {} for kind in self.TYPES}
        self.header = {}
        self.greeted = False
        self.seen = set()

    def greet(self, line):
        if not self.header:
            require(re.fullmatch(r"BABEL \d+\.\d+", line), "header", line)
            require(line != "BABEL 0.0", "old protocol")
            self.header["version"] = line
        elif line == "ok":
            require("my-id" in self.header and "host" in self.header,
                    "incomplete header", self.header)
            self.greeted = True
        else:
            key, _, value = line.partition(" ")
            self.header[key] = value

    def take(self, line):
        if not self.greeted:
            self.greet(line)
            return
        words = line.split(" ")
        if words[0] in ("ok", "no", "bad"):
            return
        require(words[0] in ("add", "change", "flush"), "verb", line)
        require(len(words) > 2 and words[1] in self.tables, "table", line)
        self.seen.add((words[0], words[1]))
        table, known = self.tables[words[1]], self.TYPES[words[1]]
        require((words[0] == "add") == (words[2] not in table),
                words[0], "of", words[2], "out of order")
        if words[0] == "flush":
            del table[words[2]]
            return
        table[words[2]] = self.fields(words[3:], known, line)

    @staticmethod
    def fields(words, known, line):
        require(len(words) % 2 == 0 and "" not in words, "pairs", line)
        fields = dict(zip(words[::2], words[1::2]))
        require(len(fields) == len(words) // 2, "key said twice", line)
        for key, value in fields.items():
            require(key not in known or known[key](value), key, value)
        return fields


class LibBabelHelper:
    """Splits at single blanks, takes pairs, waits for exactly "ok"."""

    KNOWN = {"address", "if", "reach", "ureach", "rxcost", "txcost", "cost",
             "rtt", "rttcost", "prefix", "from", "installed", "id",
             "metric", "refmetric", "via", "up", "ipv6", "ipv4"}

    def __init__(self):
        self.oks = 0

    def take(self, line):
        require("\r" not in line and "\t" not in line, "blanks in", line)
        if line == "ok":
            self.oks += 1
            return
        require(line == line.strip(" ") and "  " not in line,
                "blanks in", line)
        words = line.split(" ")
        if words[0] not in ("add", "change", "flush"):
            require(self.oks == 0, "not understood", line)
            return
        require(len(words) >= 5 and len(words) % 2 == 1, "pairs", line)
        require(self.KNOWN & set(words[3::2]), "no key it knows", line)


class MeshAnnounce:
    """Counts words; works as long as no RTT is shown."""

    PLACES = {7: "reach", 11: "rxcost", 13: "txcost", 15: "cost"}

    def take(self, line):
        words = line.split(" ")
        if words[:2] != ["add", "neighbour"] or "rtt" in words:
            return
        for place, name in self.PLACES.items():
            require(len(words) > place + 1 and words[place] == name,
                    name, "is not word", place, "of", line)
            int(words[place + 1], 16 if name == "reach" else 10)


class LibreMesh:
    """grep, before and after the greeting."""

    def __init__(self):
        self.found = set()

    def take(self, line):
        for pattern in ("host ", "my-id "):
            if line.startswith(pattern):
                self.found.add(pattern)
        if line == "ok":
            require(len(self.found) == 2, "no host or my-id before ok")


class Aredn:
    """The regular expressions of its web pages, one for each command."""

    INTERFACE = re.compile(r"interface (\S+) .+ ipv6 (\S+) ipv4 (\S+)")
    NEIGHBOUR = re.compile(r"address (\S+) if (\S+) reach (\S+) .*"
                           r"rxcost (\S+) txcost (\S+) .*cost (\S+)")
    ROUTE = re.compile(r"^add route .+ prefix (\S+) .*installed yes.+ "
                       r"metric (\S+) .*nexthop (\S+) .*table (\d+) .*"
                       r"if (\S+)$")

    @staticmethod
    def all(pattern, lines):
        for line in lines:
            require(pattern.search(line), "does not match", line)
        return [pattern.search(line).groups() for line in lines]


def take_all(model, lines):
    for line in lines:
        model.take(line)
    return model


# JSON

RFC9046 = {
    "babel-interface-reference", "babel-interface-enable",
    "babel-interface-metric-algorithm", "babel-interface-split-horizon",
    "babel-mcast-hello-seqno", "babel-mcast-hello-interval",
    "babel-update-interval", "babel-mac-enable", "babel-mac-verify",
    "babel-if-stats", "babel-sent-mcast-hello", "babel-sent-mcast-update",
    "babel-sent-ucast-hello", "babel-sent-ucast-update", "babel-sent-IHU",
    "babel-received-packets", "babel-neighbor-address",
    "babel-hello-mcast-history", "babel-hello-ucast-history",
    "babel-txcost", "babel-exp-mcast-hello-seqno",
    "babel-exp-ucast-hello-seqno", "babel-ucast-hello-seqno",
    "babel-ucast-hello-interval", "babel-rxcost", "babel-cost",
    "babel-route-prefix", "babel-route-prefix-length",
    "babel-route-router-id", "babel-route-neighbor",
    "babel-route-received-metric", "babel-route-calculated-metric",
    "babel-route-seqno", "babel-route-next-hop", "babel-route-feasible",
    "babel-route-selected", "babel-implementation-version", "babel-enable",
    "babel-self-router-id", "babel-self-seqno",
    "babel-metric-comp-algorithms", "babel-security-supported",
    "babel-mac-algorithms", "babel-constants", "babel-udp-port",
    "babel-mcast-group",
}

# Where the plain fields are in JSON, by kind; a prefix is two fields.
JSON_NAMES = {
    "address": "babel-neighbor-address", "via": "babel-route-neighbor",
    "if": "babel-interface-reference",
    "reach": "babel-hello-mcast-history",
    "ureach": "babel-hello-ucast-history", "rxcost": "babel-rxcost",
    "txcost": "babel-txcost", "cost": "babel-cost",
    "id": "babel-route-router-id", "metric": "babel-route-calculated-metric",
    "refmetric": "babel-route-received-metric",
    "nexthop": "babel-route-next-hop", "smoothed": "smoothed-metric",
}
JSON_PREFIXES = {"prefix": "babel-route-prefix", "from": "from-prefix"}
WORDS = {"yes": True, "no": False, "true": True, "false": False}


def names_of(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from names_of(inner)


def json_object(line):
    """One object a line, with the model's names, spelt right."""
    try:
        found = json.loads(line)
    except ValueError as error:
        raise Rejected(f"{error}: {line}") from error
    require(isinstance(found, dict), "not an object", line)
    for name in names_of(found):
        require(not name.startswith("babel-") or name in RFC9046,
                "not in RFC 9046:", name)
    return found


def json_field(found, key):
    """What JSON says for a field of the plain lines, as they spell it."""
    if key in JSON_PREFIXES:
        name = JSON_PREFIXES[key]
        return f"{found[name]}/{found[name + '-length']}"
    return found[JSON_NAMES.get(key, key)]


def json_says(found, record):
    """Does it say all that the plain line said?"""
    require((found["event"], found["object"], found["id"]) ==
            (record.event, record.kind, record.id), "other object", found)
    for key, value in record.fields.items():
        said = json_field(found, key)
        require(WORDS.get(value, value) == said or value == str(said),
                key, value, "is", said, "in JSON")


def json_names_all(found, line):
    """Has it a name for each field of a line of a report?"""
    names = {name.lower() for name in names_of(found)}
    for key in line.split(" ")[2::2]:
        wanted = {prefix + key for prefix in
                  ("", "babel-", "babel-route-", "babel-self-")}
        wanted.add(JSON_PREFIXES.get(key, JSON_NAMES.get(key)))
        require(wanted & names, key, "is missing in", found)


# Prometheus

FAMILY = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
                    r"(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
                   r"(?:,|$)")


# Units that are not the base ones, kinds, and what histograms end in.
NOT_IN_NAMES = {"milliseconds", "microseconds", "nanoseconds", "minutes",
                "hours", "days", "percent", "bits", "kilobytes", "megabytes",
                "ms", "us", "ns", "sec", "min", "kb", "mb", "counter",
                "gauge", "count", "sum", "bucket"}


class Metrics:
    """The exposition format, with the rules that promtool checks."""

    def __init__(self, lines):
        self.helps, self.types, self.samples = {}, {}, {}
        self.family = None
        self.closed = set()
        for line in lines:
            self.take(line)
        for name in self.types:
            require(name in self.helps, "no HELP for", name)

    def take(self, line):
        require(line == line.strip(), "blanks around", line)
        if line.startswith("# HELP "):
            name, _, text = line[7:].partition(" ")
            require(FAMILY.fullmatch(name) and text, "HELP", line)
            require(name not in self.helps, "second HELP for", name)
            self.open(name)
            self.helps[name] = text
        elif line.startswith("# TYPE "):
            name, _, kind = line[7:].partition(" ")
            require(name not in self.types, "second TYPE for", name)
            require(kind in ("counter", "gauge"), "type", line)
            require((kind == "counter") == name.endswith("_total"),
                    "counters alone end in _total:", name)
            require(name == name.lower() and ":" not in name, "name", line)
            require(not NOT_IN_NAMES & set(name.split("_")), "name", line)
            self.open(name)
            self.types[name] = kind
        else:
            self.sample(line)

    def open(self, name):
        if name != self.family:
            require(name not in self.closed, name, "is not in one piece")
            self.closed.add(self.family)
            self.family = name

    def sample(self, line):
        match = SAMPLE.fullmatch(line)
        require(match, "not a sample:", line)
        name, text = match["name"], match["labels"] or ""
        require(name == self.family, "sample outside its family:", line)
        require(name in self.types and name in self.helps,
                "no HELP and TYPE before", line)
        labels = LABEL.findall(text)
        require("".join(LABEL.split(text)[::3]) == "", "labels", line)
        require(len({key for key, _ in labels}) == len(labels),
                "label said twice", line)
        require(not any(key.startswith("__") or key in ("le", "quantile")
                        for key, _ in labels), "reserved label", line)
        series = name, tuple(sorted(labels))
        require(series not in self.samples, "series said twice:", line)
        self.samples[series] = float(match["value"])
        require(self.samples[series] >= 0, "negative", line)

    def get(self, name, **labels):
        return self.samples[name, tuple(sorted(labels.items()))]
