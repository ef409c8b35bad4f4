"""What the options, parameters and keys of the configuration do: on the
wire, in the kernel, or in the dump."""

import contextlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import time

import pytest

import packet as p
from bench import OTHER, OTHER4, PREFIX, PREFIX4
from control import Control
from daemons import OURS
from effects import check, counter, json_dump, routes_of, shows, xroutes
from lab import Timeout, all_met, wait_for

SOURCE = "2001:db8:5::/48"
KEY = bytes(range(32))
OLD = bytes(range(32, 64))
KEY_LINE = f"key id k type hmac-sha256 value {KEY.hex()}"
PAST, FUTURE = "2001-01-01T00:00:00Z", "2101-01-01T00:00:00Z"


# Help.

def udp_listener(namespace, interface, group, port):
    """A socket that hears the group, in the namespace."""
    opened = namespace.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    opened.settimeout(5)
    with namespace.entered():
        index = socket.if_nametoindex(interface)
    opened.bind(("::", port))
    opened.setsockopt(
        socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
        socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", index))
    return opened


def interface_facts(bench, name):
    return next(entry for entry in json_dump(bench.daemon, "interface")
                if entry["id"] == f"dut-{name}")


def hello_interval(who):
    """In centiseconds, as its Hellos promise."""
    return who.expect("Hello", 5, since=0).interval_cs


class Alone:
    """A daemon started by hand on a router with one link."""

    def __init__(self, lab, arguments=(), config=""):
        self.lab = lab
        self.router, self.other = lab.router("dut"), lab.router("east")
        self.link = lab.link(self.router, self.other)
        lab.build()
        self.path = lab.path("socket")
        self.config = lab.path("babeld.conf")
        with open(self.config, "w") as stream:
            stream.write(config)
        self.arguments = list(arguments)
        self.process = None

    def start(self, *more):
        log = open(self.lab.path("dut.log"), "wb")
        with log:
            self.process = self.router.spawn(
                [OURS, "-I", "", "-S", "", "-g", self.path, *self.arguments,
                 *more, "-c", self.config, "dut-east"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.lab.processes.append(self.process)
        return self

    def log(self):
        with open(self.lab.path("dut.log")) as stream:
            return stream.read()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(10) == 0, self.log()

    def my_id(self):
        with Control(self.path) as control:
            return control.router_id


# Global options.

@shows("protocol-port", "protocol-group")
@pytest.mark.parametrize("arguments, config", [
    ((), "protocol-port 7777\nprotocol-group ff02::77\n"),
    (("-p", "7777", "-m", "ff02::77"), "")])
def test_port_and_group(lab, arguments, config):
    alone = Alone(lab, arguments, config)
    with udp_listener(alone.other, "east-dut", "ff02::77", 7777) as ear:
        alone.start()
        data, sender = ear.recvfrom(2048)
    assert data[:2] == bytes([p.MAGIC, p.VERSION]) and sender[1] == 7777
    alone.stop()


@shows("kernel-priority", "reflect-kernel-metric", "export-table")
@pytest.mark.parametrize("config, options, table, metrics", [
    (["kernel-priority 77"], [], "main", (77, 77)),
    ([], ["-k", "78"], "main", (78, 78)),
    ([], [], "main", (0, 1024)),	# the kernel's own, for IPv6
    (["kernel-priority 77", "reflect-kernel-metric true"], [], "main",
     (77 + 196, 77 + 196)),
    (["kernel-priority 65534", "reflect-kernel-metric true"], [], "main",
     (65534, 65534)),
    (["export-table 1000"], [], "1000", (0, 1024)),
    ([], ["-t", "4294967295"], "4294967295", (0, 1024)),
])
def test_where_routes_go(make_bench, config, options, table, metrics):
    bench = make_bench(["east"], config=config, options=options).start()
    bench.east.announce(p.update(PREFIX, 100), p.update(PREFIX4, 100),
                        next_hop=bench.links["east"].ends[1].address4)
    wait_for(lambda: {PREFIX, PREFIX4} <= routes_of(bench.router, table).keys(), 5, f"routes in table {table}")
    found = routes_of(bench.router, table)
    assert (found[PREFIX4].metric, found[PREFIX].metric) == metrics
    if table != "main":
        assert routes_of(bench.router) == {}
    assert bench.daemon.terminate() == 0
    assert routes_of(bench.router, table) == {}


@shows("import-table", "redistribute", "proto")
def test_import_tables(make_bench):
    """Any number of them, of any number."""
    numbers = [0x7d0, 3000, *range(1000, 1030), 4000000000, 4294967295]
    bench = make_bench(["east"], config=[
        "import-table 0x7d0", *(f"import-table {number}"
                                for number in numbers[2:]),
        "redistribute proto 44", "redistribute local deny"],
        options=["-T", "3000"])
    prefixes = {f"2001:db8:{place}::/48": str(table) for place, table in
                enumerate([*numbers, 4000, "main"], 1)}
    for prefix, table in prefixes.items():
        bench.router.ip("-6", "route", "add", prefix, "dev", "dut-east",
                        "proto", "44", "table", table)
    bench.start()
    wanted = set(prefixes) - set(list(prefixes)[-2:])
    wait_for(lambda: all_met(sorted(xroutes(bench.daemon).keys() ^ wanted)),
             5, "just the routes of these tables")
    for prefix in wanted:
        bench.east.expect("Update", prefix=prefix, metric=0, since=0)


@shows("allow-duplicates")
@pytest.mark.parametrize("config, options", [
    (["allow-duplicates 500"], []), ([], ["-A", "500"])])
def test_allow_duplicates(make_bench, config, options):
    bench = make_bench(["east"], options=options, config=[
        *config, "redistribute proto 44 metric 7"])
    for prefix, metric in ((PREFIX4, 500), (OTHER4, 499)):
        bench.router.ip("route", "add", prefix, "dev", "lo", "proto", "44",
                        "metric", str(metric))
    bench.start()
    bench.east.announce(p.update(PREFIX4, 100), p.update(OTHER4, 100),
                        next_hop=bench.links["east"].ends[1].address4)
    bench.await_installed(PREFIX4)
    assert bench.await_route(OTHER4)["installed"] == "no"
    assert routes_of(bench.router).keys() == {PREFIX4}


@shows("router-id", "random-id")
def test_router_ids(lab):
    alone = Alone(lab)
    alone.router.ip("link", "set", "dut-east", "address", "00:16:3e:00:00:12")
    ids = []
    for arguments, config in (
            ((), ""), (("-r",), ""), ((), "random-id true\n"),
            (("-r",), "router-id 00:16:3e:00:00:12\n"),
            ((), "router-id 1-2-3-4-5-6-7-8\nrandom-id true\n")):
        with open(alone.config, "w") as stream:
            stream.write(config)
        alone.start(*arguments)
        ids.append(alone.my_id())
        alone.stop()
    # Derived, the bit is flipped; given, it is taken as it is.
    assert ids[0] == "02:16:3e:ff:fe:00:00:12"
    assert ids[3] == "00:16:3e:ff:fe:00:00:12"
    assert ids[4] == "01:02:03:04:05:06:07:08"
    assert len(set(ids)) == 5
    assert int(ids[1][:2], 16) & 3 == int(ids[2][:2], 16) & 3 == 0


@pytest.mark.covers("Q51")
@shows("debug")
@pytest.mark.parametrize("config, options, level", [
    ([], [], 0), (["debug 1"], [], 1), (["debug 2"], [], 2),
    ([], ["-d", "3"], 3)])
def test_debug(make_bench, config, options, level):
    """The tables; what is said and heard; what the kernel is told."""
    bench = make_bench(["east"], config=config, options=options).start()
    bench.east.announce(p.update(PREFIX, 100))
    bench.await_installed(PREFIX)
    lines = [
        rf"{PREFIX} from ::/0 metric 196 .*\(installed\)",
        rf"update {PREFIX} metric 100 .* from {bench.east.address} if "
        "dut-east",
        rf".*ask the kernel to add {PREFIX} .*"]

    def printed(line):
        return re.search(rf"^{line}$", bench.daemon.log(), re.MULTILINE)
    for line in lines[:level]:
        wait_for(lambda: printed(line), 3, line)
    assert not any(printed(line) for line in lines[level:])


def test_tables_do_not_wait_for_more_to_happen(make_bench):
    """Of two changes within a second, the other one is printed, too."""
    bench = make_bench(["east"], options=["-d", "1"],
                       config=["default hello-interval 100"]).start()
    for address in ("10.99.0.1", "10.99.0.2"):
        bench.router.ip("addr", "add", f"{address}/32", "dev", "lo")
        wait_for(lambda: f"{address}/32 from" in bench.daemon.log(), 3,
                 address)


@shows("local-port", "local-port-readwrite", "local-path",
       "local-path-readwrite", "local-path-mode", "local-path-group")
def test_local_servers(make_bench, lab):
    readable, writable = lab.path("ro"), lab.path("rw")
    bench = make_bench(["east"], config=[
        "local-port 33123", "local-port-readwrite 33124",
        f"local-path {readable}", f"local-path-readwrite {writable}",
        "local-path-mode 0640", "local-path-group 12"]).start()
    for where, answer in (
            ({"path": readable}, "bad"), ({"path": writable}, "ok"),
            ({"namespace": bench.router, "port": 33123}, "bad"),
            ({"namespace": bench.router, "port": 33124}, "ok")):
        with Control(**where) as control:
            assert control.request("link-detect false") == [answer]
            assert control.request("unmonitor") == ["ok"]
    for path in (readable, writable):
        status = os.stat(path)
        assert (status.st_mode & 0o777, status.st_gid) == (0o640, 12)


def test_the_last_word_on_a_local_server_counts(make_bench, lab):
    """So a flag may be added to what a file or another flag has."""
    path = lab.path("both")
    bench = make_bench(["east"], config=[
        "local-port 33123", f"local-path-readwrite {path}"],
        options=["-G", "33123", "-g", "33124", "-G", "33124", "-g", path])
    bench.start()
    for where, answer in (
            ({"path": path}, "ok"),
            ({"namespace": bench.router, "port": 33123}, "bad"),
            ({"namespace": bench.router, "port": 33124}, "ok")):
        with Control(**where) as control:
            assert control.request("link-detect false") == [answer]


def use_object(bench, verb, link):
    gateway = bench.links[link].ends[1].address4
    bench.router.ip("nexthop", verb, "id", "7", "via", gateway, "dev",
                    f"dut-{link}")


def add_route_by_object(bench, *options):
    use_object(bench, "add", "east")
    bench.router.ip("route", "add", PREFIX4, "nhid", "7", "proto", "44",
                    *options)


def move_object_silently(bench):
    """The route leaves by another link now, which the kernel need not say:
    only looking finds out."""
    bench.router.sysctl({"ipv4/nexthop_compat_mode": 0})
    use_object(bench, "replace", "west")
    bench.router.sysctl({"ipv4/nexthop_compat_mode": 1})


@shows("kernel-check-interval")
def test_kernel_check_interval(make_bench):
    bench = make_bench(config=[
        "kernel-check-interval 1", "redistribute proto 44 if dut-east"])
    add_route_by_object(bench)
    bench.start()
    wait_for(lambda: PREFIX4 in xroutes(bench.daemon), 5, "the xroute")
    move_object_silently(bench)
    wait_for(lambda: PREFIX4 not in xroutes(bench.daemon), 3, "it is gone")


@shows("kernel-check-interval")
@pytest.mark.slow
def test_no_kernel_check_but_by_signal(make_bench):
    bench = make_bench(config=[
        "kernel-check-interval 0", "redistribute proto 44 if dut-east"])
    add_route_by_object(bench)
    bench.start()
    wait_for(lambda: PREFIX4 in xroutes(bench.daemon), 5, "the xroute")
    move_object_silently(bench)
    with pytest.raises(Timeout):
        wait_for(lambda: PREFIX4 not in xroutes(bench.daemon), 4, "a check")
    bench.daemon.signal(signal.SIGUSR2)
    wait_for(lambda: PREFIX4 not in xroutes(bench.daemon), 3, "it is gone")


@shows("reload")
def test_options_that_reload_changes(make_bench):
    """And those that it leaves alone: the router is not cut off."""
    bench = make_bench(config=[
        "kernel-check-interval 0", "redistribute proto 44 if dut-east"])
    add_route_by_object(bench, "table", "55")
    bench.start()
    bench.east.announce(p.update(PREFIX, 100))
    bench.await_installed(PREFIX)
    kept = ["protocol-port 7777", "protocol-group ff02::77",
            "export-table 77", "state-file /nonexistent/state",
            "local-port 7778", "router-id 02:00:00:00:00:00:00:d2"]
    lines = [line for line in bench.daemon.config if "router-id" not in line]
    with open(bench.daemon.base + ".conf", "w") as stream:
        stream.write("\n".join([*lines, *kept, "kernel-priority 33",
                                "import-table 55", "kernel-check-interval 1",
                                f"log-file {bench.daemon.base}.moved"]))
    with bench.daemon.control() as control:
        assert control.request("reload") == ["ok"]
        assert control.request("default rxcost 96") == ["ok"]
    said = bench.daemon.log()
    for word in (line.split()[0] for line in kept):
        assert f"warning: {word}: the change takes effect after a restart" \
            in said
    assert said.count("after a restart") == len(kept)
    assert os.path.exists(bench.daemon.base + ".moved")
    # What was to change: priority, imported table, and how often it is read.
    wait_for(lambda: {route.metric for route in routes_of(
        bench.router).values()} == {33}, 3, "the priority")
    wait_for(lambda: PREFIX4 in xroutes(bench.daemon), 3, "the xroute")
    move_object_silently(bench)
    wait_for(lambda: PREFIX4 not in xroutes(bench.daemon), 3, "it is gone")
    # And it still hears and is heard, and puts routes where it did.
    bench.east.announce(p.update(OTHER, 100))
    bench.await_installed(OTHER)
    bench.west.expect("Update", prefix=OTHER)
    assert routes_of(bench.router, "77") == {}


@shows("shutdown-delay-ms")
@pytest.mark.parametrize("delay", [0, 800])
def test_shutdown_delay(make_bench, delay):
    bench = make_bench(config=[f"shutdown-delay-ms {delay}"]).start()
    bench.east.announce(p.update(PREFIX, 100))
    bench.await_installed(PREFIX)
    bench.west.mark()
    bench.daemon.stopped = True
    bench.daemon.process.terminate()
    said = bench.west.expect("Update", wildcard=True)
    if delay:
        assert PREFIX in routes_of(bench.router)
    assert bench.daemon.wait() == 0
    assert time.monotonic() - said.datagram.time >= delay / 1000


@shows("link-detect")
def test_link_detect(make_bench):
    bench = make_bench(config=["link-detect true"])
    bench.links["west"].cut_at(bench.wires["west"].namespace)
    bench.start()

    def is_up(name):
        return bench.daemon.dump().find(
            "interface", up="true") and interface_facts(bench, name)["up"]
    wait_for(lambda: is_up("east"), 5, "the one with carrier runs")
    assert not is_up("west")
    with bench.daemon.control() as control:
        assert control.request("link-detect false") == ["ok"]
        wait_for(lambda: is_up("west"), 3, "the other one runs")
        assert control.request("link-detect true") == ["ok"]
        wait_for(lambda: not is_up("west"), 3, "it stops")


@shows("smoothing-half-life")
@pytest.mark.parametrize("config, options, smoothed", [
    ([], ["-M", "0"], False), (["smoothing-half-life 0"], [], False),
    (["smoothing-half-life 3600"], [], True)])
def test_smoothing(make_bench, config, options, smoothed):
    bench = make_bench(["east"], config=config, options=options).start()
    bench.east.announce(p.update(PREFIX, 100))
    bench.await_installed(PREFIX)
    bench.east.announce(p.update(PREFIX, 1000))
    bench.await_route(PREFIX, metric="1096")
    route, = json_dump(bench.daemon, f"route {PREFIX}")
    assert (route["smoothed-metric"] < 1000) == smoothed
    with bench.daemon.control() as control:
        assert control.request("smoothing-half-life 0") == ["ok"]
    route, = json_dump(bench.daemon, f"route {PREFIX}")
    assert route["smoothed-metric"] == 1096


STAMP = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z "


@shows("log-neighbours", "log-file")
def test_the_log_of_neighbours(make_bench):
    """A file has times and severities, and who comes and goes if asked."""
    bench = make_bench(config=["log-neighbours true"])
    path = bench.daemon.base + ".file"
    bench.daemon.options += ["-L", path]
    bench.start()

    def lines():
        with contextlib.suppress(FileNotFoundError), open(path) as stream:
            return stream.read().splitlines()
        return []
    bench.await_neighbour(bench.east, cost="96")
    came = r"neighbour fe80::\S+ if dut-east: reachable"
    wait_for(lambda: [line for line in lines() if re.fullmatch(
        STAMP + "notice: " + came, line)], 5, "it came")
    assert re.fullmatch(STAMP + r"notice: babeld-\S+ started, router-id "
                        r"[0-9a-f:]{23}, configuration: \S+\.conf",
                        lines()[0])
    with bench.daemon.control() as control:
        assert control.request("flush interface dut-east")[-1] == "ok"
    wait_for(lambda: [line for line in lines() if re.fullmatch(
        STAMP + "notice: " + came.replace(
            "reachable", "not reachable any more"), line)], 5, "it went")
    bench.daemon.signal(signal.SIGUSR1)
    wait_for(lambda: [line for line in lines() if "My id" in line], 5,
             "the tables")
    assert all(re.match(STAMP + "(error|warning|notice|info|debug): ", line)
               for line in lines())


@shows("daemonise", "pid-file", "log-file", "state-file")
@pytest.mark.parametrize("by_option", [False, True])
def test_files_and_the_background(lab, by_option):
    names = {name: lab.path(f"a {name}")
             for name in ("pid-file", "log-file", "state-file")}
    arguments = ["-D", "-I", names["pid-file"], "-L", names["log-file"],
                 "-S", names["state-file"]] if by_option else []
    config = "" if by_option else "daemonise yes\n" + "".join(
        f'{name} "{path}"\n' for name, path in names.items())
    alone = Alone(lab, arguments, config).start()
    assert alone.process.wait(10) == 0, "the parent waits, and is content"
    with open(names["pid-file"]) as stream:
        text = stream.read()
    pid = int(text)
    try:
        assert text == f"{pid}\n" and pid != alone.process.pid
        with open(f"/proc/{pid}/comm") as stream:
            assert stream.read() == "babeld\n"
        wait_for(lambda: "dut-east" in open(names["log-file"]).read(), 5,
                 "the log speaks of the interface")
        with open(names["state-file"]) as stream:
            assert 0 <= int(stream.readline()) <= 65535
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not os.path.exists(names["pid-file"]), 10, "the end")


@shows("skip-kernel-setup")
@pytest.mark.parametrize("skip", [True, False])
def test_kernel_setup(make_bench, skip):
    changed = {"ipv6/conf/all/forwarding": "1", "ipv4/conf/all/forwarding": "1",
               "ipv6/conf/all/accept_redirects": "0",
               "ipv4/conf/all/rp_filter": "0",
               "ipv4/conf/dut-east/rp_filter": "0"}
    bench = make_bench(["east"], config=[f"skip-kernel-setup {skip}".lower()])
    before = {path: str(1 - int(value)) for path, value in changed.items()}
    bench.router.sysctl(before)

    def values():
        return {path: bench.router.read(f"/proc/sys/net/{path}").strip()
                for path in changed}
    bench.start()
    bench.stranger("east")
    assert values() == (before if skip else changed)
    assert bench.daemon.terminate() == 0
    assert values() == before


@shows("first-rule-priority", "first-table-number", "ipv6-subtrees")
def test_source_specific_by_rules(make_bench):
    bench = make_bench(["east"], config=[
        "ipv6-subtrees false", "first-rule-priority 200",
        "first-table-number 5000"]).start()
    bench.east.announce(
        p.update(PREFIX, 100, sub=p.source_prefix(SOURCE)),
        p.update(PREFIX4, 100, sub=p.source_prefix("198.51.100.0/24")),
        next_hop=bench.links["east"].ends[1].address4)
    bench.await_route(PREFIX, installed="yes")
    bench.await_route(PREFIX4, installed="yes")
    rules6 = bench.router.ip("-6", "rule").splitlines()
    rules4 = bench.router.ip("-4", "rule").splitlines()
    found = [re.fullmatch(r"(\d+):\s+from (\S+) lookup (\d+)( proto babel)?",
                          rule.strip()) for rule in rules6 + rules4]
    found = {match[2]: (int(match[1]), int(match[3])) for match in found
             if match}
    assert found[SOURCE][0] == 200 + 128 - 48
    assert found["198.51.100.0/24"][0] == 200 + 32 - 24
    assert {table for _, table in found.values()} == {5000, 5001}
    for prefix, source in ((PREFIX, SOURCE), (PREFIX4, "198.51.100.0/24")):
        assert prefix in routes_of(bench.router, str(found[source][1]))


@shows("ipv6-subtrees")
@pytest.mark.parametrize("value", ["true", "auto"])
def test_source_specific_by_the_kernel(make_bench, value):
    bench = make_bench(["east"], config=[f"ipv6-subtrees {value}"]).start()
    bench.east.announce(p.update(PREFIX, 100, sub=p.source_prefix(SOURCE)))
    bench.await_route(PREFIX, installed="yes")
    assert routes_of(bench.router)[PREFIX].source == SOURCE
    assert "babel" not in bench.router.ip("-6", "rule")


def test_options_without_a_word(make_bench):
    """-h, -H, -w and -s have no equal in a file."""
    bench = make_bench(["east", "west"], hello=None, options=[
        "-h", "3", "-H", "2", "-w", "-s"],
        config=["interface dut-west type wired"]).start()
    assert hello_interval(bench.stranger("east")) == 300
    assert hello_interval(bench.stranger("west")) == 200
    east, west = (interface_facts(bench, name) for name in ("east", "west"))
    assert (east["type"], west["type"]) == ("wireless", "wired")
    assert (east["rxcost"], west["rxcost"]) == (256, 96)
    assert not west["babel-interface-split-horizon"]


# Interface parameters.

@shows("interface", "default", "type", "rxcost", "hello-interval",
       "update-interval", "wired")
def test_parameters_and_their_precedence(make_bench):
    """An exact name before a pattern, an earlier pattern before a later one,
    "default" lines wherever they stand, then the kind of link."""
    bench = make_bench(["a1", "a2", "b1", "b2", "c1"], hello=None, config=[
        'interface "dut-a*" rxcost 300',
        "interface dut-[ab]? rxcost 400 type wireless",
        "interface dut-a1 rxcost 200 type auto hello-interval 1.5",
        "interface dut-a1 update-interval 3",
        "interface dut-c1 wired no",
        "default hello-interval 0.7 update-interval 9 type tunnel",
        "default update-interval 4.25"], interfaces=["dut-b2"]).start()

    def facts(name):
        wait_for(lambda: interface_facts(bench, name)["up"], 5, "it is up")
        found = interface_facts(bench, name)
        return tuple(found[key] for key in (
            "rxcost", "type", "babel-mcast-hello-interval",
            "babel-update-interval"))
    assert facts("a1") == (200, "wired", 150, 300)
    assert facts("a2") == (300, "tunnel", 70, 425)
    assert facts("b1") == facts("b2") == (400, "wireless", 70, 425)
    assert facts("c1") == (256, "wireless", 70, 425)
    assert hello_interval(bench.a1) == 150
    assert bench.a1.expect("IHU", rxcost=200, since=0)
    assert hello_interval(bench.b1) == 70
    assert bench.b1.expect("IHU", rxcost=400, since=0)
    for name, interval in (("a1", 300), ("b1", 425)):
        update = bench.made[name].expect("Update", since=0,
                                         prefix="10.0.0.1/32")
        assert update.interval_cs == interval


@shows("interface")
def test_patterns_hold_for_what_comes_later(make_bench):
    bench = make_bench(["east"], config=["interface late* rxcost 321"])
    bench.start()
    bench.router.ip("link", "add", "later", "type", "veth", "peer", "name",
                    "peer")
    for name in ("peer", "later"):
        bench.router.ip("link", "set", name, "up")
    wait_for(lambda: bench.daemon.dump().find("interface", up="true")
             and any(entry["id"] == "later" and entry["up"]
                     and entry["rxcost"] == 321
                     for entry in json_dump(bench.daemon, "interface")), 5,
             "it is run as the pattern says")
    bench.router.ip("link", "set", "later", "down")
    bench.router.ip("link", "set", "later", "name", "other")
    wait_for(lambda: "later" not in {
        entry.id for entry in bench.daemon.dump().all("interface")}, 5,
        "under another name it is none of ours")


@shows("type", "link-quality", "split-horizon", "enable-timestamps",
       "max-rtt-penalty")
@pytest.mark.parametrize("kind, quality, split, stamps, cost", [
    ("auto", False, True, False, 96), ("wired", False, True, False, 96),
    ("wireless", True, False, False, 256),
    ("tunnel", False, False, True, 96)])
def test_what_follows_from_the_type(make_bench, kind, quality, split, stamps,
                                    cost):
    negated = {True: "false", False: "true"}
    bench = make_bench(["east", "west"], config=[
        f"interface dut-east type {kind}",
        f"interface dut-west type {kind} link-quality {negated[quality]} "
        f"split-horizon {negated[split]} "
        f"enable-timestamps {negated[stamps]}"]).start()
    for name, same in (("east", True), ("west", False)):
        who = getattr(bench, name)
        found = interface_facts(bench, name)
        assert found["rxcost"] == cost
        assert found["babel-interface-split-horizon"] == (split == same)
        assert found["babel-interface-metric-algorithm"] == \
            ("ETX" if quality == same else "2-out-of-3")
        assert ("tx_us" in who.expect("Hello", since=0).tlv) == \
            (stamps == same)
        # A Hello in six is lost: that is a matter for ETX alone.
        who.pause()
        who.seqno += 1
        who.send(who.hello_tlv(), who.ihu_tlv())
        who.sync()
        reported = int(bench.neighbour(who)["rxcost"])
        assert (reported > cost) == (quality == same)
        # What was learnt here is not told here.
        who.keep(1.0)
        who.announce(p.update(PREFIX, 100))
        bench.await_installed(PREFIX, who)
        if split == same:
            who.expect_none("Update", 0.4, prefix=PREFIX,
                            where=lambda heard: heard.metric < p.INFINITY)
        else:
            who.expect("Update", prefix=PREFIX,
                       where=lambda heard: heard.metric < p.INFINITY)
        who.announce(p.update(PREFIX, p.INFINITY))
        bench.await_uninstalled(PREFIX)


@shows("unicast", "rfc6126-compatible")
def test_unicast_and_old_neighbours(make_bench):
    bench = make_bench(["east", "one", "old", "west"], config=[
        "interface dut-one unicast true",
        "interface dut-old rfc6126-compatible true"]).start()
    listeners = [bench.one, bench.old, bench.west]
    for who in listeners:
        who.mark()
    bench.east.announce(
        p.update(PREFIX, 100, sub=p.source_prefix(SOURCE)),
        p.update("2001:db8:77::/48", 100))
    for who in listeners:
        update = who.expect("Update", prefix="2001:db8:77::/48")
        assert update.datagram.unicast == (who is bench.one)
    bench.one.expect("Update", source_prefix=SOURCE)
    bench.west.expect("Update", source_prefix=SOURCE)
    # Nor what is taken back; and nobody is asked there.
    bench.one.announce(p.update(PREFIX, 900, 1, sub=p.source_prefix(SOURCE)),
                       router_id=bench.east.router_id)
    bench.one.sync()
    bench.east.announce(p.update(PREFIX, p.INFINITY,
                                 sub=p.source_prefix(SOURCE)))
    bench.one.expect("SeqnoRequest", source_prefix=SOURCE)
    bench.west.expect("Update", source_prefix=SOURCE, metric=p.INFINITY)
    bench.old.expect_none("Update", 0.5, since=0, source_prefix=SOURCE)
    for kind in ("RouteRequest", "SeqnoRequest"):
        bench.old.expect_none(kind, 0, since=0, source_prefix=SOURCE)
    for who in listeners:
        assert not who.expect("Hello", since=0).datagram.unicast


def fabricated_rtt(bench, who, microseconds, wait=20000):
    """Pretend that what the daemon sent took that long, there and back.
    Returns the neighbour, and by how many milliseconds it may be more."""
    hello = who.expect("Hello", 3, where=lambda heard: "tx_us" in heard.tlv,
                       since=who.mark())
    passed = round((time.monotonic() - hello.datagram.time) * 1e6)
    received = 5000000
    stamp = received + wait
    origin = hello.tx_us + passed - wait - microseconds
    sub = p.timestamp(origin, received)
    plain = p.hello(0, 0)
    who.seqno = (who.seqno + 1) & 0xffff
    plain = p.hello(who.seqno, 100, sub=p.timestamp(stamp))
    who.send(plain, p.ihu(who.dut, 96, 300, sub=sub))
    # It arrived within this time after the stamp was made up.
    late = (time.monotonic() - hello.datagram.time) * 1000 - passed / 1000
    who.sync()
    return bench.neighbour(who), late


@shows("rtt-min", "rtt-max", "rtt-decay", "max-rtt-penalty", "rtt-filter")
def test_costs_of_round_trips(make_bench):
    """Half-way between the bounds, half the penalty; and what two samples
    make of each other."""
    tunnel = "type tunnel hello-interval 0.3"
    bench = make_bench(["flat", "half", "slow", "low"], hello=None, config=[
        f"interface dut-flat {tunnel} rtt-decay 256 max-rtt-penalty 0",
        f"interface dut-half {tunnel} rtt-decay 256 rtt-min 100 rtt-max 300 "
        "max-rtt-penalty 1000",
        f"interface dut-slow {tunnel} rtt-decay 64 rtt-min 0 rtt-max 1000 "
        "max-rtt-penalty 1000",
        f"interface dut-low {tunnel} rtt-filter quartile"]).start()
    for name in bench.links:
        getattr(bench, name)
    first, late = fabricated_rtt(bench, bench.half, 200000)
    assert float(first["rtt"]) == pytest.approx(200, abs=12 + late)
    assert int(first["rttcost"]) == pytest.approx(500, abs=60 + 5 * late)
    assert int(first["cost"]) == 96 + int(first["rttcost"])
    for who, microseconds, cost in ((bench.half, 50000, "0"),
                                    (bench.half, 400000, "1000"),
                                    (bench.flat, 400000, "0")):
        assert fabricated_rtt(bench, who, microseconds)[0]["rttcost"] == cost
    _, before = fabricated_rtt(bench, bench.slow, 100000)
    second, late = fabricated_rtt(bench, bench.slow, 500000)
    late += before
    assert float(second["rtt"]) == pytest.approx(200, abs=15 + late)
    assert int(second["rttcost"]) == pytest.approx(200, abs=15 + late)
    late = 0
    for sample in (30000, 20000, 500000, 40000, 600000):
        last, more = fabricated_rtt(bench, bench.low, sample)
        late += more
    assert float(last["rtt"]) == pytest.approx(30, abs=12 + late)
    # The defaults: 10 ms, 120 ms, 96.
    assert int(last["rttcost"]) == pytest.approx(
        (float(last["rtt"]) - 10) * 96 / 110, abs=2)


@shows("v4-via-v6")
def test_ipv4_without_ipv4(make_bench):
    bench = make_bench(["east", "yes", "no"], config=[
        "interface dut-yes v4-via-v6 true",
        "interface dut-no v4-via-v6 false"])
    for name in ("yes", "no"):
        bench.router.ip("-4", "addr", "flush", "dev", f"dut-{name}")
    bench.start()
    both = [bench.yes, bench.no]
    bench.east.announce(p.update(PREFIX, 100), p.update(PREFIX4, 100),
                        next_hop=bench.links["east"].ends[1].address4)
    for who in both:
        who.expect("Update", prefix=PREFIX, since=0)
    assert bench.yes.expect("Update", prefix=PREFIX4, since=0).ae == 4
    bench.no.expect_none("Update", 0.3, prefix=PREFIX4, since=0,
                         where=lambda heard: heard.metric < p.INFINITY)
    assert bench.links["east"].ends[0].address4
    assert bench.east.expect("Update", prefix="10.0.0.1/32", since=0).ae == 1


@shows("probe-mtu")
def test_probe_mtu(make_bench):
    bench = make_bench(config=["interface dut-west probe-mtu true"]).start()
    bench.router.ip("link", "set", "dut-west", "mtu", "1400")
    bench.west.mark()
    bench.west.expect("Hello", where=lambda heard: len(
        heard.datagram.payload) == 1400 - 48)
    hello = bench.east.expect("Hello", since=0)
    assert len(hello.datagram.payload) < 200


@shows("link-local")
@pytest.mark.parametrize("value", ["auto", "none"])
def test_link_local_addresses(make_bench, value):
    """One that is missing is added, the same each time, and taken back; one
    that is there is not touched."""
    bench = make_bench(config=["default link-local " + value])
    bench.router.ip("link", "set", "dut-west", "addrgenmode", "none")
    bench.router.ip("-6", "addr", "flush", "dev", "dut-west")
    before = bench.router.link_local("dut-east")
    seen = []
    for _ in range(2):
        bench.start()
        wait_for(lambda: interface_facts(bench, "east")["up"], 5, "it is up")
        if value == "auto":
            wait_for(lambda: interface_facts(bench, "west")["up"], 5, "too")
            seen.append(bench.router.link_local("dut-west"))
            assert interface_facts(bench, "west")["ipv6"] == seen[-1]
        else:
            wait_for(lambda: "dut-west: no link-local address"
                     in bench.daemon.log(), 5, "it is told of")
            assert not interface_facts(bench, "west")["up"]
        assert bench.daemon.terminate() == 0
        assert bench.router.link_local("dut-west") is None
        assert bench.router.link_local("dut-east") == before
    assert len(seen) == 0 or len(set(seen)) == 1


# Keys.

@shows("key", "id", "value", "accept-bad-signatures")
def test_keys_sign_and_check(make_bench):
    bench = make_bench(["strict", "lenient", "open"], config=[
        KEY_LINE, f"key id l type blake2s128 value {OLD.hex()}",
        "interface dut-strict key k key l",
        "interface dut-lenient key k accept-bad-signatures true"]).start()
    strict, lenient = bench.stranger("strict"), bench.lenient
    for who, keys in ((strict, [("hmac-sha256", KEY), ("blake2s128", OLD)]),
                      (lenient, [("hmac-sha256", KEY)]), (bench.open, [])):
        hello = who.expect("Hello", since=0).datagram
        length = 4 + int.from_bytes(hello.payload[2:4], "big")
        header = p.pseudo_header(hello.source, hello.destination)
        assert hello.decoded.macs == [
            p.mac_of(*key, header, hello.payload[:length]) for key in keys]
    assert bench.neighbour(lenient)["cost"] == "96"
    before = counter(bench.daemon, "dropped-mac-missing")
    strict.send(strict.hello_tlv())
    wait_for(lambda: counter(bench.daemon, "dropped-mac-missing") > before, 3,
             "what is not signed is dropped")
    assert bench.neighbour(strict) is None


@shows("sign-from", "sign-until", "accept-from", "accept-until")
def test_validity_of_keys(make_bench):
    """A packet with a good MAC and no packet counter is dropped for the
    counter; one whose key does not count is dropped for the MAC."""
    table = {			# key: validity, signs now, accepted now
        "a": ("", True, True),
        "b": (f"sign-from {FUTURE}", False, True),
        "c": (f"sign-from {PAST} sign-until {FUTURE}", True, True),
        "d": (f"sign-until {PAST}", False, True),
        "e": (f"accept-from {FUTURE}", True, False),
        "f": (f"accept-until {PAST}", True, False),
        "g": (f"accept-from {PAST} accept-until {FUTURE}", True, True)}
    secrets = {key: bytes([ord(key)]) * 32 for key in table}
    bench = make_bench(["east"], config=[
        *(f"key id {key} type hmac-sha256 value {secrets[key].hex()} "
          f"{row[0]}" for key, row in table.items()),
        "interface dut-east " + " ".join(f"key {key}" for key in table),
    ]).start()
    east = bench.stranger("east")
    hello = east.expect("Hello", since=0).datagram
    length = 4 + int.from_bytes(hello.payload[2:4], "big")
    header = p.pseudo_header(hello.source, hello.destination)
    assert hello.decoded.macs == [
        p.mac_of("hmac-sha256", secrets[key], header, hello.payload[:length])
        for key, row in table.items() if row[1]]
    for key, (_, _, accepted) in table.items():
        name = "dropped-pc-missing" if accepted else "dropped-mac-wrong"
        before = counter(bench.daemon, name)
        plain = p.packet(east.hello_tlv())
        east.send_raw(p.signed(plain, [("hmac-sha256", secrets[key])],
                               east.address, p.GROUP))
        wait_for(lambda: counter(bench.daemon, name) == before + 1, 3,
                 f"{key}: {name}")


@shows("file")
def test_key_from_a_file(make_bench, lab):
    path = lab.path("secret key")
    with open(path, "w") as stream:
        stream.write(f"  {KEY.hex()}\n\n")
    line = f'key id k type hmac-sha256 file "{path}"'
    os.chmod(path, 0o604)
    accepted, errors, _ = check("-C", line, "eth0")
    assert not accepted and "others can neither read nor write" in errors[0]
    os.chmod(path, 0o640)
    bench = make_bench(["east"], config=[
        line, "interface dut-east key k"]).start()
    hello = bench.stranger("east").expect("Hello", since=0).datagram
    length = 4 + int.from_bytes(hello.payload[2:4], "big")
    header = p.pseudo_header(hello.source, hello.destination)
    assert hello.decoded.macs == [
        p.mac_of("hmac-sha256", KEY, header, hello.payload[:length])]
    # Run time: another key in the file counts from the next "key" on.
    with open(path, "w") as stream:
        stream.write(OLD.hex())
    with bench.daemon.control() as control:
        assert control.request(line) == ["ok"]
    bench.made["east"].mark()
    hello = bench.made["east"].expect("Hello").datagram
    length = 4 + int.from_bytes(hello.payload[2:4], "big")
    assert hello.decoded.macs == [
        p.mac_of("hmac-sha256", OLD, header, hello.payload[:length])]


# Static neighbours.

@shows("neighbour")
def test_static_neighbours(make_bench):
    bench = make_bench(config=["neighbour fe80::77 if dut-east"]).start()
    bench.router.ip("neigh", "replace", "fe80::77", "dev", "dut-east", "lladdr",
                    bench_mac(bench, "east"))
    east = bench.wires["east"].neighbour("fe80::77")
    hello = east.expect("Hello", 5, where=lambda heard:
                        heard.datagram.destination == "fe80::77")
    assert not hello.unicast, "an ordinary Hello, by unicast"
    east.connect()
    west = bench.west
    declared = {entry["babel-neighbor-address"]: entry["static"] for entry in
                json_dump(bench.daemon, "neighbour", "explain")}
    assert declared == {"fe80::77": True, west.address: False}
    bench.west.expect_none("Hello", 0.5, since=0, where=lambda heard:
                           heard.datagram.unicast)


@shows("key", "neighbour")
def test_keys_and_neighbours_go_while_running(make_bench):
    """By the socket or by a file that names them no more."""
    lines = [KEY_LINE, f"key id l type blake2s128 value {OLD.hex()}",
             "interface dut-east key k key l",
             "neighbour fe80::77 if dut-east"]
    bench = make_bench(["east"], config=lines, hello=0.3).start()
    bench.router.ip("neigh", "replace", "fe80::77", "dev", "dut-east",
                    "lladdr", bench_mac(bench, "east"))
    east, silent = bench.stranger("east"), bench.wires["east"].neighbour(
        "fe80::77")

    def said(macs, told):
        """So many MACs on a Hello; does the neighbour get one?"""
        wait_for(lambda: len(east.expect(
            "Hello", since=east.mark()).datagram.decoded.macs) == macs, 3,
            "the MACs")
        mark = silent.mark()

        def for_it(heard):
            return heard.datagram.destination == "fe80::77"
        if told:
            silent.expect("Hello", where=for_it, since=mark)
        else:
            silent.expect_none("Hello", 0.7, where=for_it, since=mark)
    said(2, True)
    with bench.daemon.control() as control:
        assert control.request("flush key k") == ["ok"]
        assert control.request("flush key l") == [
            "no key l is the only one of dut-east"]
        assert control.request("flush neighbour fe80::77 if dut-east") == [
            "ok"]
        said(1, False)
        assert control.request("reload") == ["ok"]
        said(2, True)
        with open(bench.daemon.base + ".conf", "w") as stream:
            stream.write("\n".join([lines[1], "interface dut-east key l"]))
        assert control.request("reload") == ["ok"]
        said(1, False)


def bench_mac(bench, name):
    port = bench.links[name].ends[1]
    shown = json.loads(port.router.ip("-j", "link", "show", port.interface))
    return shown[0]["address"]
