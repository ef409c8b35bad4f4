"""babel-socket(7) lists what the local socket can send: every JSON key with
its type, every counter and every metric, neither more nor fewer than the
sources have, and what a daemon sends agrees with it.
"""

import glob
import json
import os
import re
import subprocess

import pytest

from daemons import CHECKOUT
from lab import wait_for
import packet as p

FAMILY = os.path.join(CHECKOUT, "local")
# How a key gets into a line: by what a field is called, or by a helper.
KEYS = [
    r'\b(?:JSON|BOTH)\("([^"]+)"\)',
    r'\bLABEL\((?:[^,()"]|"[^"]*")*,\s*"([^"]+)"\)',
    r'\bline_(?:open|list)\([^,]+,\s*"([^"]+)"',
    r'\bput_(?:interval|expected|phrase)\([^,;]+,\s*"([^"]+)"',
    r'\bput_prefix\([^"]*"([^"]+)",\s*"[^"]+"\)',
    r'\bput_prefix\([^"]*"[^"]+",\s*"([^"]+)"\)',
    r'"\\"([a-z]+)\\":',
]
REQUESTS = ["dump", "stats", "help", "explain neighbour", "explain interface",
            "explain 2001:db8::1", "explain fd00:7::1"]
TYPES = {str: "string", bool: "boolean", int: "number", float: "number",
         type(None): "null", list: "array", dict: "object"}


def read(path):
    with open(os.path.join(CHECKOUT, path)) as stream:
        return stream.read()


def items(section):
    """{name: text} of the lists of a section of the manual."""
    part = read("man/babel-socket.7").split(f"\n.Sh {section}\n")[1]
    part = part.split("\n.Sh ")[0]
    return dict(re.findall(r"^\.It Li (\S+)\n(.*?)(?=^\.It |^\.El)", part,
                           re.MULTILINE | re.DOTALL))


def keys_of_the_sources():
    text = "".join(read(path) for path in glob.glob(FAMILY + "/*.c"))
    return {key for pattern in KEYS for key in re.findall(pattern, text)}


def test_every_key_is_in_the_manual():
    documented = items("KEYS")
    assert len(documented) > 100
    assert set(documented) == keys_of_the_sources()
    assert list(documented) == sorted(documented, key=str.lower)


def asked(bench, request):
    with bench.daemon.control() as control:
        *lines, last = control.request(request)
    assert last == "ok", request
    return lines


@pytest.fixture
def bench(make_bench):
    bench = make_bench(config=["redistribute local"]).start()
    bench.east.announce(p.update("2001:db8::/32", 0))
    bench.await_installed("2001:db8::/32")
    bench.router.ip("addr", "add", "fd00:7::1/128", "dev", "lo")
    wait_for(lambda: asked(bench, "dump xroute"), 5, "our address")
    return bench


def walk(found):
    """(key, value) of an object and of those within it."""
    for key, value in found.items():
        yield key, value
        if isinstance(value, dict):
            yield from walk(value)


def test_what_is_sent_has_the_types_of_the_manual(bench):
    documented = items("KEYS")
    seen = set()
    for request in REQUESTS:
        for line in asked(bench, f"json {request}"):
            for key, value in walk(json.loads(line)):
                types = documented[key].split(":")[0].split(",")[0].lower()
                assert TYPES[type(value)] in types.split(" or "), (key, value)
                seen.add(key)
    assert len(seen) > 80


def test_every_counter_is_in_the_manual(bench):
    text = read("man/babel-socket.7")
    documented = items("COUNTERS")
    counters = {name: entry for name, entry in documented.items()
                if not name.startswith("babel_")}
    rows = read("include/counter.h") + read("local/local_state.h")
    assert set(re.findall(r'\bX\(\w+, "([a-z0-9-]+)"',
                          rows.replace("\\\n", ""))) <= set(counters)
    shown = {}
    for line in asked(bench, "stats"):
        words = line.split(" ")
        if words[0] in ("counter", "gauge"):
            shown[words[1]] = words[0]
    absent = {"default-metric-ipv4", "default-metric-ipv6"}
    assert set(counters) - absent == set(shown)
    for name, kind in shown.items():
        assert counters[name].startswith("A gauge: ") == (kind == "gauge"), \
            name
    families = {line.split(" ")[2] for line in asked(bench, "metrics")
                if line.startswith("# TYPE ")}
    for family in families:
        plain = family.removeprefix("babel_").removesuffix("_total")
        assert family in text or plain.replace("_", "-") in counters, family
    for name in re.findall(r"\b(?:babel|process)_[a-z_0-9]+", text):
        assert name in families | {"babel_"}, name


def test_help_lists_every_request(bench):
    """Those of the local socket's table, and those of the manual."""
    listed = [json.loads(line) for line in asked(bench, "json help")]
    words = {row["id"].split(" ")[0] for row in listed}
    table = read("local/execute.c").split("} verbs[] = {")[1]
    assert set(re.findall(r'\{ "([a-z-]+)", \w+',
                          table.split("};")[0])) <= words
    manual = read("man/babel-socket.7").split(".Sh REQUESTS")[1]
    requests = set(re.findall(r"^\.It Ic ([a-z-]+)",
                              manual.split(".Sh EXPLANATIONS")[0],
                              re.MULTILINE))
    assert requests - {"json"} <= words
    for row in listed:
        if row["json"] and not row["arguments"].startswith("PREFIX"):
            asked(bench, f"json {row['id']}")


def test_the_examples_of_the_manual(bench):
    lines = re.findall(r"^\$ (.*)$", read("man/babel-socket.7"), re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        command = line.replace("\\e", "\\").replace(
            "/run/babeld.sock", bench.daemon.socket_path)

        def run():
            return subprocess.run(["sh", "-c", command], text=True, timeout=20,
                                  capture_output=True, check=False)
        done = wait_for(run, 5, command)
        assert done.returncode == 0
        assert done.stdout.splitlines()[-1] == "ok", command
