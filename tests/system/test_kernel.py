"""The kernel layer alone, on a real kernel, driven by kernel_probe.

kernel_probe prints what the layer reports; the kernel's own tables say
whether it is true.
"""

import os
import re
import subprocess
import threading
import time

import pytest

from daemons import OURS
from flood import Flood
from lab import Unmet, run, wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PROBE = os.path.join(os.path.dirname(OURS), "tests/system/kernel_probe")
BABEL = 42


@pytest.fixture(scope="session", autouse=True)
def the_probe_exists():
    if not os.path.exists(PROBE):
        run("make", "-C", ROOT, "-s",
            os.path.relpath(PROBE, ROOT))


class Probe:
    """A kernel_probe at work, and the lines that it printed."""

    def __init__(self, node, *options):
        self.node = node
        self.lines = []
        self.process = node.spawn([PROBE, *options], text=True, bufsize=1,
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        node.lab.processes.append(self.process)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.await_line(r"sync end")

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def send(self, command):
        print(command, file=self.process.stdin, flush=True)

    def do(self, command, within=20):
        """Run a command; the lines that came until its "ok"."""
        start = len(self.lines)
        self.send(command)
        wait_for(lambda: "ok" in self.lines[start:], within, command, 0.002)
        return self.lines[start:start + self.lines[start:].index("ok")]

    def await_line(self, pattern, start=0, within=5):
        """The first line since start that matches from its beginning."""
        def seen():
            for line in self.lines[start:]:
                if re.match(pattern, line):
                    return line
            return Unmet(f"last lines: {self.lines[-8:]}")
        return wait_for(seen, within, pattern, 0.005)

    def count(self, pattern, start=0):
        return sum(bool(re.match(pattern, line))
                   for line in self.lines[start:])

    def link(self, name):
        """The words of the latest link line of that name, as pairs."""
        for line in reversed(self.lines):
            words = line.split(" why ")[0].split()
            if words[:1] == ["link"] and words[2] == name:
                found = dict(zip(words[3::2], words[4::2]))
                found["ll"] = [words[i + 1] for i, word in enumerate(words)
                               if word == "ll"]
                return found
            if words[:1] == ["nolink"] and words[2] == name:
                return None
        return None

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(10) == 0
        self.reader.join()


@pytest.fixture
def node(lab):
    """A namespace with a veth pair whose ends are both in it."""
    made = lab.router("node")
    lab.build()
    made.ip_batch(["link add v0 type veth peer name v1",
                   "link set v0 up", "link set v1 up",
                   "addr add 192.0.2.1/24 dev v0"])
    for name in ("v0", "v1"):
        wait_for(lambda: made.link_local(name), 5, f"address on {name}")
    return made


@pytest.fixture
def probe(node):
    made = Probe(node)
    yield made
    made.stop()


def routes(node, table="main"):
    """The routes of a table, which need not exist; "all" for all."""
    found = node.routes("all")
    if table == "all":
        return found
    return [route for route in found if route.table == str(table)]


def ours(node, table="main"):
    return [route for route in routes(node, table)
            if route.protocol in ("babel", str(BABEL))]


def only(node, prefix, table="main"):
    """The one route of ours for a prefix."""
    found = [route for route in ours(node, table) if route.prefix == prefix]
    assert len(found) == 1, found
    return found[0]


FAMILIES = [
    pytest.param("10.1.0.0/16", "192.0.2.9", "192.0.2.8", 0, id="IPv4"),
    pytest.param("2001:db8:1::/48", "fe80::9", "fe80::8", 1024, id="IPv6"),
]


@pytest.mark.covers("Q7")
@pytest.mark.parametrize("prefix, first, second, metric", FAMILIES)
def test_one_route_through_all_changes(node, probe, prefix, first, second,
                                       metric):
    """Whatever the change, exactly one route, and the right one."""
    def do(command, answer="0"):
        lines = probe.do(command)
        assert f"done {prefix} {answer}" in lines, lines

    do(f"add {prefix} via {first} dev v0")
    route = only(node, prefix)
    assert (route.gateway, route.interface, route.metric) == \
        (first, "v0", metric)
    do(f"change {prefix} via {second} dev v1")
    assert (only(node, prefix).gateway, only(node, prefix).interface) == \
        (second, "v1")
    do(f"change {prefix}")
    assert only(node, prefix).kind == "unreachable"
    assert only(node, prefix).metric == metric
    do(f"change {prefix} via {first} dev v0")
    assert only(node, prefix).kind == "unicast"
    do(f"change {prefix} via {first} dev v0 priority 77")
    assert only(node, prefix).metric == 77
    do(f"change {prefix} priority 78")
    assert (only(node, prefix).metric, only(node, prefix).kind) == \
        (78, "unreachable")
    do(f"change {prefix} via {first} dev v0 table 4000000000")
    assert ours(node) == []
    assert only(node, prefix, 4000000000).gateway == first
    do(f"change {prefix} via {first} dev v0 table 4000000000")
    assert only(node, prefix, 4000000000).gateway == first
    do(f"delete {prefix}")
    assert ours(node, "all") == []
    do(f"delete {prefix} table 777 via {first} dev v0")


def test_ipv4_by_an_ipv6_next_hop(node, probe):
    prefix = "10.1.0.0/16"
    probe.do(f"add {prefix} via fe80::9 dev v1")
    assert only(node, prefix).gateway == "fe80::9"
    probe.do(f"change {prefix} via 192.0.2.9 dev v0")
    assert only(node, prefix).gateway == "192.0.2.9"
    probe.do(f"change {prefix} via fe80::8 dev v1")
    assert only(node, prefix).gateway == "fe80::8"
    probe.do(f"delete {prefix}")
    assert ours(node) == []


def test_source_specific_routes(node, probe):
    """IPv6 has them; for IPv4 the kernel would ignore the source."""
    plain = "2001:db8:1::/48"
    probe.do(f"add {plain} via fe80::1 dev v0")
    for source in ("2001:db8:a::/48", "2001:db8:b::/48"):
        lines = probe.do(f"add {plain} from {source} via fe80::9 dev v0")
        assert f"done {plain} from {source} 0" in lines
    lines = probe.do(f"change {plain} from 2001:db8:a::/48")
    assert f"done {plain} from 2001:db8:a::/48 0" in lines
    assert {(route.source, route.kind) for route in ours(node)} == {
        ("", "unicast"), ("2001:db8:a::/48", "unreachable"),
        ("2001:db8:b::/48", "unicast")}
    probe.do(f"delete {plain} from 2001:db8:a::/48")
    assert {route.source for route in ours(node)} == \
        {"", "2001:db8:b::/48"}
    lines = probe.do("add 10.1.0.0/16 from 10.2.0.0/16 "
                     "via 192.0.2.9 dev v0")
    assert "done 10.1.0.0/16 from 10.2.0.0/16 EOPNOTSUPP" in lines
    assert [route for route in ours(node) if ":" not in route.prefix] == []


def test_preferred_source(node, probe):
    node.ip("addr", "add", "192.0.2.77/32", "dev", "v0")
    start = len(probe.lines)
    probe.do("add 10.1.0.0/16 via 192.0.2.9 dev v0 src 192.0.2.77")
    assert "src 192.0.2.77" in node.ip("route", "show", "10.1.0.0/16")
    node.ip("addr", "del", "192.0.2.77/32", "dev", "v0")
    probe.await_line(r"lost 10\.1\.0\.0/16$", start)


def test_failures_are_named_one_by_one(node, probe):
    """A bad change among good ones fails alone, and the log says why."""
    foreign = "10.1.0.0/16"
    node.ip("route", "add", foreign, "via", "192.0.2.3", "proto", "11")
    lines = probe.do(f"add {foreign} via 192.0.2.9 dev v0")
    assert f"done {foreign} EEXIST" in lines
    assert "192.0.2.3" in node.ip("route", "show", foreign)
    start = len(probe.lines)
    node.ip("route", "del", foreign)
    probe.await_line(rf"room {re.escape(foreign)}$", start)
    lines = probe.do("add 10.2.0.0/16 via 127.0.0.1 dev v0")
    assert "done 10.2.0.0/16 EINVAL" in lines
    assert any("invalid gateway" in line for line in lines)
    # 10.0.200.0/24 to 10.1.43.0/24: the foreign one is no obstacle to
    # those beside it, and one of them has a route already.
    node.ip("route", "add", "10.0.230.0/24", "via", "192.0.2.3")
    lines = probe.do("add 10.0.200.0/24 via 192.0.2.9 dev v0 count 100")
    assert re.match("bulk 100 failed 1 ", lines[-1]), lines
    assert len(ours(node)) == 99
    # Thousands of failures are not thousands of lines.
    start = len(probe.lines)
    lines = probe.do("add 10.128.0.0/24 via 127.0.0.1 dev v0 count 1000")
    assert re.match("bulk 1000 failed 1000 ", lines[-1]), lines
    assert probe.count("log", start) < 100


def test_lost_answers_are_asked_for_again(node):
    """There is room for a few answers only: yet each failure is told, and
    nothing else fails."""
    probe = Probe(node, "-a")
    for base, hop in (("10.0.%d.0/24", "192.0.2.9"),
                      ("2001:db8:%x::/48", "fe80::9")):
        node.ip_batch([f"route add {base % (100 + i)} via {hop} dev v0 "
                       "onlink metric 1024 proto 11"
                       for i in range(0, 60, 2)])
        last = probe.do(f"add {base % 100} via {hop} dev v0 "
                        "priority 1024 count 60")[-1]
        assert re.match("bulk 60 failed 30 ", last), last
    assert len(ours(node)) == 60
    probe.stop()


@pytest.mark.covers("Q14")
def test_an_identical_left_over_is_adopted(node, probe):
    """What an instance that crashed left behind is no foreign route."""
    for prefix, gateway in (("10.1.0.0/16", "192.0.2.9"),
                            ("2001:db8:1::/48", "fe80::9")):
        node.ip("route", "add", prefix, "via", gateway, "dev", "v0",
                "proto", str(BABEL), "onlink")
        lines = probe.do(f"add {prefix} via {gateway} dev v0")
        assert f"done {prefix} 0" in lines, lines
        assert only(node, prefix).gateway == gateway


@pytest.mark.covers("Q14")
def test_flush_removes_ours_only(node, probe):
    for table in ("main", 70000):
        for prefix, hop in (("10.1.0.0/16", "192.0.2.9"),
                            ("2001:db8:1::/48", "fe80::9")):
            for protocol in (BABEL, 11):
                node.ip("route", "add", prefix, "via", hop, "dev", "v0",
                        "onlink", "proto", str(protocol), "metric",
                        str(protocol), "table", str(table))
    node.ip("route", "add", "unreachable", "10.3.0.0/16", "proto", "42")
    node.ip("route", "add", "throw", "10.4.0.0/16", "proto", "42")
    node.ip("route", "add", "blackhole", "2001:db8:4::/48", "proto", "42")
    node.ip("route", "add", "2001:db8:5::/48", "from", "2001:db8::/32",
            "via", "fe80::1", "dev", "v0", "proto", "42")
    before = [len(routes(node, table)) for table in ("main", 70000)]
    probe.do("flush 254")
    assert ours(node) == [] and len(ours(node, 70000)) == 2
    probe.do("flush 70000")
    assert ours(node, 70000) == []
    assert [len(routes(node, table)) for table in ("main", 70000)] == \
        [before[0] - 6, before[1] - 2]
    probe.do("flush 71000")		# there is no such table


def test_flush_of_what_we_installed(node, probe):
    """Of the routes of our protocol, an other instance may have some."""
    node.ip("route", "add", "10.1.0.0/16", "via", "192.0.2.8", "dev", "v0",
            "onlink", "proto", str(BABEL), "metric", "7")
    node.ip("route", "add", "2001:db9::/48", "via", "fe80::8", "dev", "v0",
            "proto", str(BABEL))
    others = ours(node)
    for change in ("10.1.0.0/16 via 192.0.2.9 dev v0",
                   "2001:db8:1::/48 via fe80::9 dev v0 count 200",
                   "10.2.0.0/16", "2001:dba::/48 table 70000"):
        probe.do(f"add {change}")
    assert len(ours(node)) == 2 + 202
    probe.do("flush 254 ours")
    assert ours(node) == others and len(ours(node, 70000)) == 1
    probe.do("flush 70000 ours")
    assert ours(node, 70000) == []


def bulk(probe, command):
    """The microseconds that a change of many routes took."""
    last = probe.do(command)[-1]
    match = re.match(r"bulk (\d+) failed 0 microseconds (\d+)", last)
    assert match, last
    return int(match.group(2))


@pytest.mark.covers("Q48")
def test_ten_thousand_routes(node, probe, figure):
    for name, prefix, first, second in (
            ("IPv4", "10.0.0.0/24", "192.0.2.9", "192.0.2.8"),
            ("IPv6", "2001:db8:1::/64", "fe80::9", "fe80::8")):
        for verb, command in (
                ("add", f"add {prefix} via {first} dev v0 count 10000"),
                ("change",
                 f"change {prefix} via {second} dev v0 count 10000"),
                ("delete", f"delete {prefix} count 10000")):
            took = bulk(probe, command)
            figure(f"{verb} 10,000 {name} routes", took / 1e6)
            assert len(ours(node)) == (0 if verb == "delete" else 10000)
    # None of our own changes comes back as a loss.
    probe.do("resync")
    probe.await_line("sync end", len(probe.lines) - 1)
    assert probe.count("lost") == 0


def flush_by_others(node):
    for family in ("-4", "-6"):
        try:
            node.ip(family, "route", "flush", "proto", str(BABEL))
        except RuntimeError as error:
            # What it saw last was repaired in the middle of it.
            assert "No such process" in str(error), error


@pytest.mark.covers("Q15")
def test_flush_by_others_is_repaired(node, figure):
    probe = Probe(node, "-R")
    bulk(probe, "add 10.0.0.0/24 via 192.0.2.9 dev v0 count 2000")
    bulk(probe, "add 2001:db8:1::/64 via fe80::9 dev v0 count 2000")
    before = sorted(ours(node), key=str)
    start = time.monotonic()
    flush_by_others(node)
    wait_for(lambda: len(ours(node)) == 4000, 5, "all routes back")
    figure("4,000 flushed routes back", time.monotonic() - start)
    assert sorted(ours(node), key=str) == before
    probe.stop()


@pytest.mark.parametrize("prefix, first, second, metric", FAMILIES)
def test_replacement_by_others_is_noticed(node, probe, prefix, first, second,
                                          metric):
    probe.do(f"add {prefix} via {first} dev v0")
    start = len(probe.lines)
    node.ip("route", "replace", prefix, "via", second, "dev", "v0",
            "proto", "11", "onlink")
    probe.await_line(f"lost {prefix}", start)
    # Ours is gone, and the other's is not touched.
    lines = probe.do(f"add {prefix} via {first} dev v0")
    assert f"done {prefix} EEXIST" in lines
    assert second in node.ip("route", "get", prefix.split("/")[0])


def test_other_changes_are_no_loss(node, probe):
    """Same prefix, another table, another metric, another owner."""
    probe.do("add 10.1.0.0/16 via 192.0.2.9 dev v0 priority 50")
    start = len(probe.lines)
    for extra in (["metric", "60"], ["table", "99", "metric", "50"],
                  ["metric", "60", "proto", str(BABEL)]):
        arguments = ["10.1.0.0/16", "via", "192.0.2.3", "dev", "v0", *extra]
        node.ip("route", "replace", *arguments)
        node.ip("route", "del", *arguments)
    node.ip("route", "add", "10.9.0.0/16", "dev", "v0")
    probe.await_line(r"route \+ 10\.9", start)
    probe.do("resync")
    probe.await_line("sync end", len(probe.lines) - 1)
    wait_for(lambda: "counts lost 0 synchronised 1" in probe.do("counts"),
             5, "calm")
    assert probe.count("lost", start) == 0


def test_silent_removals_are_noticed(node, probe):
    """The kernel drops IPv4 routes of a link without a word when it goes
    down, and when its last IPv4 address goes, even if the next hop is an
    IPv6 address."""
    probe.do("add 10.1.0.0/16 via 192.0.2.9 dev v0")
    probe.do("add 10.2.0.0/16 via fe80::9 dev v0")
    probe.do("add 2001:db8:1::/48 via fe80::9 dev v0")
    start = len(probe.lines)
    node.ip("addr", "del", "192.0.2.1/24", "dev", "v0")
    probe.await_line(r"lost 10\.1\.0\.0/16$", start)
    probe.await_line(r"lost 10\.2\.0\.0/16$", start)
    assert len(ours(node)) == 1
    probe.do("add 10.2.0.0/16 via fe80::9 dev v0")
    start = len(probe.lines)
    node.ip("link", "set", "v0", "down")
    probe.await_line(r"lost 10\.2\.0\.0/16$", start)
    probe.await_line(r"lost 2001:db8:1::/48$", start)
    assert ours(node) == []


@pytest.mark.covers("Q11")
def test_overrun_is_answered_by_a_resync(node, figure):
    """A tiny buffer overflows; what it lost is found all the same."""
    probe = Probe(node, "-R", "-n")
    bulk(probe, "add 10.0.0.0/24 via 192.0.2.9 dev v0 count 1000")
    start = len(probe.lines)
    probe.do("pause")
    node.ip_batch([f"route add 172.16.{i}.0/24 dev v0" for i in range(200)])
    node.ip_batch([f"route del 172.16.{i}.0/24 dev v0"
                   for i in range(0, 200, 2)])
    node.ip("route", "flush", "proto", str(BABEL))
    node.ip("link", "add", "late", "type", "veth", "peer", "name", "later")
    node.ip("link", "del", "v1")	# and v0 with it
    begin = time.monotonic()
    probe.do("resume")
    probe.await_line("log . lost notifications", start)
    probe.await_line("link .* late ", start)
    probe.await_line("nolink .* v0$", start)
    probe.await_line("sync end", start)
    figure("recovery from an overrun", time.monotonic() - begin)
    wait_for(lambda: "counts lost 1000 synchronised 1"
             in probe.do("counts"), 5, "all routes found lost")
    # All of what was told inside the last synchronisation, and no more.
    last = max(i for i, line in enumerate(probe.lines)
               if line == "sync begin")
    assert not any("172.16." in line for line in probe.lines[last:])
    probe.stop()


@pytest.mark.parametrize("setting, route, loss", [
    ("", "via 192.0.2.3", "link set v0 down"),
    ("", "via 192.0.2.3", "link del v0"),
    ("", "via 192.0.2.3", "addr del 192.0.2.1/24 dev v0"),
    ("addr add 198.51.100.1/32 dev lo", "dev v0 src 198.51.100.1",
     "addr del 198.51.100.1/32 dev lo"),
    ("addr add 198.51.100.1/24 dev v1",
     "nexthop via 192.0.2.3 nexthop via 198.51.100.3",
     "link set v1 down\nlink set v0 down"),
    ("nexthop add id 1 via 192.0.2.3 dev v0", "nhid 1", "nexthop del id 1"),
], ids=["down", "deleted", "address", "source", "multipath", "object"])
def test_imports_that_go_silently_are_noticed(node, probe, setting, route,
                                              loss):
    """A dump tells that they are gone, if nothing else does."""
    node.ip_batch([setting, f"route add 10.9.0.0/16 {route}"])
    probe.await_line(r"route \+ 10\.9\.0\.0/16 ")
    start = len(probe.lines)
    node.ip_batch([loss])
    probe.await_line("sync end", start)
    assert probe.count(r"route \+ 10\.9\.0\.0/16 ", start) == 0
    assert not any(found.prefix == "10.9.0.0/16" for found in routes(node))


def test_what_is_told_by_a_resync(node):
    for table in (254, 1000, 4000000000):
        node.ip("route", "add", "10.9.0.0/16", "via", "192.0.2.3",
                "table", str(table), "proto", "11")
        node.ip("route", "add", "2001:db8:9::/48", "via", "fe80::3", "dev",
                "v0", "table", str(table), "proto", "11", "metric", "5")
    node.ip("route", "add", "blackhole", "10.8.0.0/16")
    node.ip("route", "add", "throw", "10.3.0.0/16")
    node.ip("route", "add", "unreachable", "10.2.0.0/16")
    node.ip("route", "add", "prohibit", "10.1.0.0/16")
    node.ip("route", "add", "10.7.0.0/16", "proto", "42", "dev", "v0")
    node.ip("route", "add", "224.1.0.0/16", "dev", "v0")
    node.ip("route", "add", "10.6.0.0/16", "dev", "v0", "tos", "4")
    node.ip("-6", "route", "add", "unreachable", "::ffff:0:0/96")
    node.ip("-6", "route", "add", "::ffff:10.4.0.0/112", "dev", "v0")
    probe = Probe(node, "-T", "254", "-T", "4000000000", "-T", "5")
    told = [line for line in probe.lines if line.startswith("route +")]
    assert "route + 10.9.0.0/16 proto 11 priority 0 table 4000000000 " \
        "dev v0 local 0 type unicast" in told
    assert "route + 2001:db8:9::/48 proto 11 priority 5 table 4000000000 " \
        "dev v0 local 0 type unicast" in told
    assert "route + 10.9.0.0/16 proto 11 priority 0 table 254 dev v0 " \
        "local 0 type unicast" in told
    assert "route + 10.8.0.0/16 proto 3 priority 0 table 254 dev  " \
        "local 0 type blackhole" in told
    assert "route + 10.2.0.0/16 proto 3 priority 0 table 254 dev  " \
        "local 0 type unreachable" in told
    assert "route + 10.1.0.0/16 proto 3 priority 0 table 254 dev  " \
        "local 0 type prohibit" in told
    assert "route + 192.0.2.1/32 proto 0 priority 0 table 255 dev v0 " \
        "local 1 type unicast" in told
    text = "\n".join(told)
    for absent in ("table 1000", "10.7.", "224.", "10.6.", "10.4.",
                   "10.3.", "0.0.0.0/0", "::ffff", "fe80:", "127.0.0.1", " ::1/128"):
        assert absent not in text, absent
    # The table exists at last; and the configuration forgets another.
    start = len(probe.lines)
    node.ip("route", "add", "10.5.0.0/16", "dev", "v0", "table", "5")
    probe.await_line(r"route \+ 10\.5\.0\.0/16 .* table 5 ", start)
    start = len(probe.lines)
    probe.do("configure 254 1000")
    probe.await_line("sync end", start)
    text = "\n".join(probe.lines[start:])
    assert "table 1000" in text and "table 4000000000" not in text
    probe.stop()


def test_addresses_that_are_not_fit(node, probe):
    """Tentative, failed and temporary addresses are nobody's business."""
    fit = r"route \+ 2001:db8:77::1/128 .* dev v0 local 1"
    start = len(probe.lines)
    node.sysctl({"ipv6/conf/v0/accept_dad": 1,
                 "ipv6/conf/v0/dad_transmits": 20})
    node.ip("addr", "add", "2001:db8:77::1/64", "dev", "v0")
    probe.await_line(r"route - 2001:db8:77::1/128", start)
    assert probe.count(fit, start) == 0
    node.ip("addr", "del", "2001:db8:77::1/64", "dev", "v0")
    node.ip("addr", "add", "2001:db8:77::1/64", "dev", "v0", "nodad")
    probe.await_line(fit, start)
    start = len(probe.lines)
    # One address, two prefix lengths: it is there until both are gone.
    node.ip("addr", "add", "192.0.2.50/24", "dev", "v0")
    node.ip("addr", "add", "192.0.2.50/32", "dev", "v0")
    node.ip("addr", "del", "192.0.2.50/24", "dev", "v0")
    node.ip("addr", "add", "192.0.2.51/32", "dev", "v0")
    probe.await_line(r"route \+ 192\.0\.2\.51/32", start)
    assert probe.count(r"route - 192\.0\.2\.50/32", start) == 0
    node.ip("addr", "del", "192.0.2.50/32", "dev", "v0")
    probe.await_line(r"route - 192\.0\.2\.50/32", start)


def test_temporary_addresses_are_not_told(node, probe):
    """Those made for privacy change every day; the one they stand beside
    does not."""
    node.sysctl({"ipv6/conf/v0/use_tempaddr": 2})
    start = len(probe.lines)
    node.ip("addr", "add", "2001:db8:88::1/64", "dev", "v0", "mngtmpaddr",
            "nodad")
    shown = wait_for(lambda: re.search(
        r"inet6 (2001:db8:88:\S+)/\d+ .*temporary", node.ip(
            "addr", "show", "dev", "v0")), 5, "a temporary address")
    probe.await_line(r"route \+ 2001:db8:88::1/128", start)
    probe.do("resync")
    probe.await_line("sync end", start)
    assert shown[1] != "2001:db8:88::1"
    assert probe.count(rf"route \+ {shown[1]}/") == 0


def test_a_duplicate_address_is_withdrawn(node):
    """Both ends of the pair claim one address: detection fails."""
    node.ip("addr", "add", "2001:db8:66::1/64", "dev", "v1", "nodad")
    node.sysctl({"ipv6/conf/v0/accept_dad": 1,
                 "ipv6/conf/v0/dad_transmits": 1})
    probe = Probe(node)
    start = len(probe.lines)
    node.ip("addr", "add", "2001:db8:66::1/64", "dev", "v0")
    wait_for(lambda: "dadfailed" in node.ip("addr", "show", "dev", "v0"), 5,
             "duplicate detected")
    probe.await_line(r"route - 2001:db8:66::1/128 .* dev v0 ", start)
    assert probe.count(r"route \+ 2001:db8:66::1/128 .* dev v0 ", start) == 0
    probe.stop()


def test_life_of_a_link(node, probe):
    """Up, down, carrier, renaming, MTU, a new one of the same name."""
    def link(name, **wanted):
        def met():
            have = probe.link(name)
            if have is not None and all(
                    have[key] == value for key, value in wanted.items()):
                return True
            return Unmet(f"{name} is {have}")
        wait_for(met, 5, f"{name} {wanted}")

    local = node.link_local("v1")
    link("v1", up="1", carrier="1", mtu="1500", kind="wired", ll=[local])
    link("v0", ipv4="192.0.2.1")
    node.ip("link", "set", "v1", "mtu", "1400")
    link("v1", mtu="1400")
    node.ip("addr", "add", "fe80::1/64", "dev", "v1")
    link("v1", ll=[local, "fe80::1"])
    node.ip("addr", "del", f"{local}/64", "dev", "v1")
    link("v1", ll=["fe80::1"])
    node.ip("addr", "add", "fe80::0:1:1/64", "dev", "v1")
    link("v1", ll=["fe80::1", "fe80::1:1"])
    node.ip("addr", "add", "fe80::/64", "dev", "v1")
    link("v1", ll=["fe80::1", "fe80::1:1", "fe80::"])
    node.ip("addr", "add", "192.0.2.2/24", "dev", "v0")
    node.ip("link", "set", "v1", "down")
    link("v1", up="0", carrier="0", ll=[])
    link("v0", up="1", carrier="0", ipv4="192.0.2.1")
    node.ip("link", "set", "v1", "name", "new1")
    link("new1", up="0")
    start = len(probe.lines)
    node.ip("link", "del", "new1")
    probe.await_line("nolink .* new1", start)
    probe.await_line("nolink .* v0", start)
    node.ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
    link("v0", up="0", ipv4="::", ll=[])
    node.ip("link", "set", "v0", "up")
    node.ip("link", "set", "v1", "up")
    link("v0", up="1", carrier="1", ll=[
        wait_for(lambda: node.link_local("v0"), 5, "address")])
    # A port that leaves a bridge does not cease to exist.
    node.ip("link", "add", "bridge0", "type", "bridge")
    node.ip("link", "set", "v1", "master", "bridge0")
    link("bridge0", kind="wired")
    start = len(probe.lines)
    node.ip("link", "set", "v1", "nomaster")
    node.ip("link", "set", "bridge0", "mtu", "1300")
    link("bridge0", mtu="1300")
    assert probe.count("nolink", start) == 0


def test_link_detect(node):
    probe = Probe(node, "-l")
    node.ip("link", "set", "v1", "down")
    wait_for(lambda: probe.link("v0")["up"] == "0", 5, "v0 down")
    node.ip("link", "set", "v1", "up")
    wait_for(lambda: probe.link("v0")["up"] == "1", 5, "v0 up")
    probe.stop()


@pytest.mark.covers("Q32")
def test_events_of_one_link_only(node, probe):
    """Others are not told about when one changes, nor is one that changed
    in nothing that matters."""
    start = len(probe.lines)
    for value in ("10", "1000"):
        node.ip("link", "set", "v0", "txqueuelen", value)
    node.ip("link", "set", "v0", "mtu", "1450")
    probe.await_line("link .* v0 .* mtu 1450", start)
    assert probe.count("link", start) == 1


def test_ipv6_siblings_of_others(node, probe):
    """The hops of a foreign multipath route come and go one by one."""
    def there(prefix):
        state = None
        for line in probe.lines:
            if line == "sync begin":
                state = None
            match = re.match(r"route ([+-]) (\S+)", line)
            if match and match.group(2) == prefix:
                state = match.group(1)
        return state == "+"

    prefix = "2001:db8:5::/48"
    node.ip("route", "add", prefix, "proto", "11",
            "nexthop", "via", "fe80::1", "dev", "v0",
            "nexthop", "via", "fe80::2", "dev", "v0")
    wait_for(lambda: there(prefix), 5, "route told")
    start = len(probe.lines)
    node.ip("route", "del", prefix, "via", "fe80::1", "dev", "v0")
    probe.await_line("sync end", start)
    wait_for(lambda: there(prefix), 5, "route still told")
    start = len(probe.lines)
    node.ip("route", "del", prefix)
    probe.await_line("sync end", start)
    wait_for(lambda: not there(prefix), 5, "route gone")


@pytest.mark.parametrize("prefix, via", [
    ("10.9.0.0/16", ["via", "192.0.2.3"]),
    ("2001:db8:9::/48", ["via", "fe80::3"])])
def test_a_dead_route_is_none(node, probe, prefix, via):
    """Nothing is forwarded by a route whose link has no carrier, where the
    machine is told so; it lives again with the carrier."""
    family = "ipv6" if ":" in prefix else "ipv4"
    node.sysctl({f"{family}/conf/v0/ignore_routes_with_linkdown": 1})
    node.ip("route", "add", prefix, *via, "dev", "v0", "proto", "11")
    there = rf"{prefix.replace('.', '[.]')} .* dev v0 "
    probe.await_line(rf"route \+ {there}")
    start = len(probe.lines)
    node.ip("link", "set", "v1", "down")
    probe.await_line(rf"route - {there}", start)
    start = len(probe.lines)
    node.ip("link", "set", "v1", "up")
    probe.await_line(rf"route \+ {there}", start)


def test_an_expired_route_is_none(node, probe):
    """The kernel may keep it for half a minute."""
    node.ip("-6", "route", "add", "2001:db8:9::/48", "dev", "v0", "proto",
            "11", "expires", "1")
    probe.await_line(r"route \+ 2001:db8:9::/48 ")
    probe.await_line(r"route - 2001:db8:9::/48 ", 0, 10)


def test_nexthop_objects_are_looked_up(node, probe):
    """... where the kernel names only the object of a route."""
    node.sysctl({"ipv4/nexthop_compat_mode": 0})
    node.ip("nexthop", "add", "id", "1", "via", "192.0.2.3", "dev", "v0")
    node.ip("nexthop", "add", "id", "2", "group", "1")
    for number, prefix in ((1, "10.8.0.0/16"), (2, "10.9.0.0/16")):
        node.ip("route", "add", prefix, "nhid", str(number), "proto", "11")
        probe.await_line(rf"route \+ {prefix} proto 11 .* dev v0 ")


def test_what_nobody_holds_is_removed(node, probe):
    """Routes of our protocol, of whatever kind, in a table that no living
    instance is in; not in others', and not those of others."""
    probe.do("add 10.1.0.0/16 via 192.0.2.9 dev v0 table 5000")
    for table in (4000, 5000):
        for more in (["10.2.0.0/16", "dev", "v0"],
                     ["unreachable", "10.3.0.0/16", "metric", "7"],
                     ["unreachable", "2001:db8:3::/48"],
                     ["10.1.0.0/16", "dev", "v0", "metric", "9"]):
            node.ip("route", "add", *more, "proto", str(BABEL),
                    "table", str(table))
        node.ip("route", "add", "10.4.0.0/16", "dev", "v0", "proto", "11",
                "table", str(table))
    # The place of ours, after a change whose answer was lost.
    probe.do("add 10.5.0.0/16 via 192.0.2.9 dev v0 table 5000")
    node.ip("route", "del", "10.5.0.0/16", "table", "5000")
    node.ip("route", "add", "unreachable", "10.5.0.0/16", "proto",
            str(BABEL), "table", "5000")
    probe.do("resync")

    def left(table):
        return sorted(found.prefix for found in node.routes(table))
    wait_for(lambda: left(5000) == ["10.1.0.0/16", "10.4.0.0/16"], 5,
             "removed")
    assert len(left(4000)) == 5


@pytest.mark.parametrize("displaced", [0, 1, 2])
def test_ipv4_replacement_among_others(node, displaced):
    """The kernel does not say which of several routes in a place was
    replaced: then, and only then, a resync does."""
    probe = Probe(node, "-d", str(displaced))
    node.ip("route", "add", "10.5.0.0/16", "dev", "v0", "proto", "11")
    probe.await_line(r"route \+ 10\.5\.0\.0/16 proto 11 .* dev v0")
    start = len(probe.lines)
    node.ip("route", "replace", "10.5.0.0/16", "dev", "v1", "proto", "12")
    probe.await_line(r"displaced 10\.5\.0\.0/16 priority 0 table 254", start)
    if displaced < 2:
        node.ip("route", "add", "10.6.0.0/16", "dev", "v1", "proto", "11")
        probe.await_line(r"route \+ 10\.6\.0\.0/16 proto 11 .* dev v1")
        time.sleep(0.3)  # longer than a resync would wait
        assert probe.count("sync begin", start) == 0
        return
    probe.await_line("sync end", start)
    begin = probe.lines.index("sync begin", start)
    told = [line for line in probe.lines[begin:] if "10.5." in line]
    assert len(told) == 1 and "proto 12" in told[0] and "v1" in told[0]


def test_a_changing_table_does_not_lose_routes(node, probe):
    """An IPv6 dump that skipped routes (the kernel does not say so) is
    repeated: no route of ours is taken for lost, none of others for gone.
    """
    bulk(probe, "add 2001:db8:1::/64 via fe80::9 dev v0 count 20000")
    node.ip_batch([f"route add 2001:db8:ff:{i:x}::/64 dev v0 proto 11"
                   for i in range(1000)])
    # What sorts before all these comes and goes.
    lines = [f"route {verb} 2001:db8:0:{i:x}::/64 dev v1"
             for _ in range(600) for verb in ("add", "del")
             for i in range(50)]
    worker = threading.Thread(target=node.ip_batch, args=(lines,))
    worker.start()
    tries = 0
    while worker.is_alive():
        start = len(probe.lines)
        probe.do("resync")
        probe.await_line("sync end|log . reading .* put off", start, 30)
        tries += 1
    worker.join()
    assert tries
    start = len(probe.lines)
    probe.do("resync")
    probe.await_line("sync end", start)
    wait_for(lambda: "counts lost 0 synchronised 1" in probe.do("counts"),
             5, "nothing lost")
    blocks, block = [], None
    for line in probe.lines:
        if line == "sync begin":
            block = set()
        elif line == "sync end":
            blocks.append(len(block))
        elif block is not None and line.startswith("route + 2001:db8:ff:"):
            block.add(line)
    assert blocks[1:] and set(blocks[1:]) == {1000}, blocks


@pytest.mark.covers("Q12")
def test_no_packet_is_lost_by_replacing(lab, figure):
    """A flood through a router whose route flips between two next hops,
    IPv4 and IPv6: every packet arrives."""
    source, router, sink = (lab.router(name) for name in
                            ("source", "router", "sink"))
    lab.link(source, router)
    first, second = lab.link(router, sink), lab.link(router, sink)
    lab.build()
    ends = [(link.end(router).interface, link.end(sink))
            for link in (first, second)]
    port = source.ports["source-router"]
    gateway = lab.routers[1].ports["router-source"]
    probe = Probe(router)
    for target, via, hops in (
            (sink.address4, gateway.address4,
             [(end.address4, name) for name, end in ends]),
            (sink.address6, router.link_local("router-source"),
             [(sink.link_local(end.interface), name)
              for name, end in ends])):
        plen = 32 if "." in target else 128
        source.ip("route", "add", f"{target}/{plen}", "via", via,
                  "dev", port.interface)
        lines = probe.do(f"add {target}/{plen} via {hops[0][0]} "
                         f"dev {hops[0][1]}")
        assert f"done {target}/{plen} 0" in lines
        commands = [f"change {target}/{plen} via {hop} dev {name}"
                    for hop, name in hops[::-1]]
        changes = 0

        def change():
            nonlocal changes
            lines = probe.do(commands[changes % 2])
            assert lines[-1].endswith(" 0"), lines
            changes += 1
        with Flood(source, sink, target, rate=30000) as flood:
            for command in commands * 2:
                probe.do(command)
                flood.warm_up()
            flood.run(2, change)
        figure(f"{changes} changes in {len(flood.arrived)} packets", 2)
        assert changes > 100
        assert (flood.lost, flood.repeated) == (0, 0)
    probe.stop()
