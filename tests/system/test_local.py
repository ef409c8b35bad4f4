"""The local socket as its clients know it.

Netcat is the client wherever bytes matter; models of the programs in the
field (clients.py) read the streams of a network that lives.
"""

import grp
import os
import re
import socket
import stat
import struct
import subprocess
import time

import pytest

import packet as p
from clients import (Aredn, BabelWeb2, LibBabelHelper, LibreMesh,
                     MeshAnnounce, Metrics, Rejected, json_names_all,
                     json_object, json_says, take_all)
from control import Control, parse_record
from daemons import Babeld, OURS
from lab import all_met, wait_for

HELLO = 0.4
ID = "02:00:00:00:00:00:00:d1"
HEAD = (r"BABEL 1\.0\n"
        r"version babeld-\d+\.\d+\S*\n"
        r"host \S{1,63}\n"
        rf"my-id {ID}\n"
        r"ok\n")
LL = r"fe80::[0-9a-f:]+"
HEX_ID = r"[0-9a-f]+"


def netcat(namespace, *where, text, within=10):
    """What netcat prints when the text is piped into it."""
    return subprocess.run(
        ["ip", "netns", "exec", namespace.full_name, "nc", "-N", *where],
        input=text.encode(), stdout=subprocess.PIPE, timeout=within,
        check=False).stdout.decode()


class Pair:
    """Two of our daemons on one link; the first is looked at."""

    def __init__(self, lab, config=(), start=True):
        self.lab = lab
        self.a, self.b = lab.router("a"), lab.router("b")
        self.link = lab.link(self.a, self.b)
        lab.build()
        self.daemon = Babeld(self.a, OURS, HELLO,
                             [f"router-id {ID}", *config])
        self.other = Babeld(self.b, OURS, HELLO)
        if start:
            self.daemon.start()
            self.other.start()
            self.await_routes(1)

    def await_routes(self, least):
        """At least so many routes are installed."""
        wait_for(lambda: len(self.daemon.dump().find(
            "route", installed="yes")) >= least, 15, f"{least} routes")


@pytest.fixture
def pair(lab):
    return Pair(lab)


# Sessions

SESSION = (
    HEAD +
    rf"add interface a-b up true ipv6 {LL} ipv4 10\.64\.1\.1\n"
    r"(add interface nope0 up false\n)?"
    rf"(add neighbour {HEX_ID} address {LL} if a-b reach [0-9a-f]{{4}} "
    r"ureach [0-9a-f]{4} rxcost \d+ txcost \d+ cost \d+\n)+"
    r"add xroute 10\.0\.0\.1/32-0\.0\.0\.0/0 prefix 10\.0\.0\.1/32 "
    r"from 0\.0\.0\.0/0 metric 0\n"
    r"(add xroute \S+ prefix \S+ from \S+ metric \d+\n)*"
    r"add xroute fd00::1/128-::/0 prefix fd00::1/128 from ::/0 metric 0\n"
    rf"(add route {HEX_ID} prefix \S+ from (0\.0\.0\.0|::)/0 "
    rf"installed (yes|no) id [0-9a-f:]{{23}} metric \d+ refmetric \d+ "
    rf"via {LL} if a-b\n)+"
    r"ok\n")


def test_golden_sessions_on_all_four_servers(lab):
    read_only, read_write = lab.path("ro.sock"), lab.path("rw.sock")
    pair = Pair(lab, [
        "local-port 33123", "local-port-readwrite 33124",
        f"local-path {read_only}"])
    servers = {("::1", "33123"): "bad", ("-U", read_only): "bad",
               ("::1", "33124"): "ok",
               ("-U", pair.daemon.socket_path): "ok"}
    for where, may_write in servers.items():
        def talk(text):
            return netcat(pair.a, *where, text=text)
        assert re.fullmatch(HEAD, talk("quit\n")), talk("quit\n")
        assert re.fullmatch(SESSION, talk("dump\n")), talk("dump\n")
        assert re.fullmatch(SESSION, talk("dump\r\nquit\r\n"))
        assert re.fullmatch(HEAD + "ok\n", talk("\n"))
        assert re.fullmatch(HEAD + "bad\n", talk("no-such-word\n"))
        assert re.fullmatch(
            HEAD + "bad\nok\nok\n", talk("foo\nunmonitor\n# x\nquit\n\n"))
        assert re.fullmatch(HEAD + may_write + "\n",
                            talk("interface nope0\n")), where
        assert re.fullmatch(HEAD + "ok\n", talk("unmonitor\nincomplete"))
    assert not os.path.exists(lab.path("nonsense"))
    assert pair.daemon.terminate() == 0
    assert not os.path.exists(read_only)
    assert not os.path.exists(pair.daemon.socket_path)
    assert not os.path.exists(read_write)


def test_lines_up_to_1023_bytes(pair):
    path = pair.daemon.socket_path
    fits = "#" + "x" * 1022 + "\n"
    assert re.fullmatch(HEAD + "ok\n", netcat(pair.a, "-U", path, text=fits))
    long = netcat(pair.a, "-U", path, text="#" + "x" * 5000 + "\nunmonitor\n")
    assert re.fullmatch(HEAD + r"no \S.*\n", long)


@pytest.mark.covers("Q2")
def test_pipelined_requests_in_single_bytes(pair):
    with Control(pair.daemon.socket_path) as control:
        for byte in "unmonitor\nfoo\ndump interface\n":
            control.send(byte)
        assert control.reply() == ["ok"]
        assert control.reply() == ["bad"]
        assert len(control.reply()) == 2


def test_run_time_interface_tells_before_ok(pair):
    with Control(pair.daemon.socket_path) as control:
        control.dump("monitor interface")
        lines = control.request("interface nope0")
        assert lines == ["add interface nope0 up false", "ok"]
        lines = control.request("flush interface nope0")
        assert lines[-2:] == ["flush interface nope0 up false", "ok"]
        assert control.request("flush interface nope0")[0].startswith("no ")


# The programs in the field, on a network that lives

EVERYTHING = {(event, kind) for event in ("add", "change", "flush")
              for kind in ("interface", "neighbour", "route", "xroute")}


class Recorder:
    """A monitoring connection, and all it said."""

    def __init__(self, path, request="monitor"):
        self.control = Control(path)
        self.control.send(request + "\n")
        self.lines = list(self.control.greeting)

    def read(self):
        self.lines += self.control.pending_lines() or []
        return self.lines

    def events(self):
        return {tuple(line.split(" ")[:2]) for line in self.read()}


def live(pair, recorder):
    """Every kind of event happens."""
    daemon = pair.daemon

    def until(*event):
        seen = len(recorder.read())
        return lambda: any(
            line.startswith(" ".join(event) + " ")
            for line in recorder.read()[seen:])

    def cause(action, *event, within=20):
        happened = until(*event)
        action()
        wait_for(happened, within, " ".join(event))

    cause(lambda: pair.b.ip("address", "add", "fd00:9::1/128", "dev", "lo"),
          "add", "route")
    cause(lambda: pair.b.ip("address", "del", "fd00:9::1/128", "dev", "lo"),
          "change", "route")
    cause(lambda: pair.a.ip("address", "add", "fd00:8::1/128", "dev", "lo"),
          "add", "xroute")
    cause(lambda: pair.a.ip("address", "del", "fd00:8::1/128", "dev", "lo"),
          "flush", "xroute")
    cause(pair.other.kill, "flush", "neighbour")
    cause(pair.other.start, "add", "neighbour")
    pair.await_routes(2)
    # What is gone before it is told is not told at all.
    wait_for(lambda: take_all(BabelWeb2(), recorder.read()).tables["route"],
             5, "the routes are told")
    cause(pair.link.cut, "flush", "route")
    cause(pair.link.heal, "add", "neighbour")
    with Control(daemon.socket_path) as control:
        cause(lambda: control.request("interface nope0"),
              "add", "interface")
        cause(lambda: control.request("flush interface nope0"),
              "flush", "interface")
        cause(lambda: control.request(
            "redistribute local ip fd00::1/128 metric 33"),
            "change", "xroute")
        cause(lambda: control.request("flush redistribute"),
              "change", "xroute")
    pair.await_routes(2)
    cause(pair.other.terminate, "change", "route")
    cause(lambda: pair.a.ip("link", "del", "a-b"), "change", "interface")


def test_a_live_stream_satisfies_every_client(pair):
    recorder = Recorder(pair.daemon.socket_path)
    late = Recorder(pair.daemon.socket_path)
    live(pair, recorder)
    web = BabelWeb2()
    for stream in (recorder.read(), late.read()):
        web = take_all(BabelWeb2(), stream)
        take_all(LibBabelHelper(), stream)
        take_all(MeshAnnounce(), stream)
        take_all(LibreMesh(), stream)
    assert EVERYTHING <= web.seen, EVERYTHING - web.seen

    def agrees():
        take_all(web, late.control.pending_lines())
        fresh = take_all(BabelWeb2(), Control(
            pair.daemon.socket_path).greeting)
        with Control(pair.daemon.socket_path) as control:
            take_all(fresh, control.request("dump"))
        return all_met([kind for kind in web.tables if set(
            web.tables[kind]) != set(fresh.tables[kind])])
    wait_for(agrees, 10, "the monitor's tables are those of a dump")


GOOD = [
    "BABEL 1.0", "version babeld-2.0", "host here", f"my-id {ID}", "ok",
    "add interface eth0 up true ipv6 fe80::1 ipv4 10.0.0.1",
    "add neighbour 3 address fe80::2 if eth0 reach ffff ureach 0000 "
    "rxcost 96 txcost 96 cost 96",
    "add xroute 10.0.0.1/32-0.0.0.0/0 prefix 10.0.0.1/32 "
    "from 0.0.0.0/0 metric 0",
    "add route 4 prefix fd00::/64 from ::/0 installed yes "
    f"id {ID} metric 96 refmetric 0 via fe80::2 if eth0",
    "ok",
    "change route 4 prefix fd00::/64 from ::/0 installed no "
    f"id {ID} metric 65535 refmetric 65535 via fe80::2 if eth0",
    "flush route 4 prefix fd00::/64 from ::/0 installed no "
    f"id {ID} metric 65535 refmetric 65535 via fe80::2 if eth0",
]

BROKEN = {
    "added twice": (BabelWeb2, 8, lambda line: line + "\n" + line),
    "changed unknown": (BabelWeb2, 10,
                        lambda line: line.replace("route 4", "route 5")),
    "flushed twice": (BabelWeb2, 11, lambda line: line + "\n" + line),
    "unknown kind": (BabelWeb2, 7,
                     lambda line: line.replace("xroute", "export", 1)),
    "key alone": (BabelWeb2, 6, lambda line: line + " static"),
    "two blanks": (LibBabelHelper, 6,
                   lambda line: line.replace(" if", "  if")),
    "blank at the end": (LibBabelHelper, 6, lambda line: line + " "),
    "CR": (LibBabelHelper, 4, lambda line: line + "\r"),
    "odd words": (LibBabelHelper, 8, lambda line: line + " x"),
    "negative cost": (BabelWeb2, 6,
                      lambda line: line.replace("cost 96", "cost -1")),
    "reach of 5 digits": (BabelWeb2, 6,
                          lambda line: line.replace("ffff", "0ffff")),
    "reach in capitals": (BabelWeb2, 6,
                          lambda line: line.replace("ffff", "FFFF")),
    "not a prefix": (BabelWeb2, 8,
                     lambda line: line.replace("fd00::/64", "fd00::")),
    "host bits": (BabelWeb2, 8,
                  lambda line: line.replace("fd00::/64", "fd00::1/64")),
    "installed true": (BabelWeb2, 8,
                       lambda line: line.replace("yes", "true")),
    "new field in the middle": (
        MeshAnnounce, 6, lambda line: line.replace(" if", " mtu 1500 if")),
    "no host": (LibreMesh, 2, lambda line: "hostname here"),
    "old protocol": (BabelWeb2, 0, lambda line: "BABEL 0.0"),
    "no id": (BabelWeb2, 3, lambda line: "id x"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_the_models_reject_broken_streams(fault):
    model, index, spoil = BROKEN[fault]
    take_all(model(), GOOD)
    stream = GOOD[:index] + spoil(GOOD[index]).split("\n") + GOOD[index + 1:]
    with pytest.raises(Rejected):
        take_all(model(), stream)


def test_aredn_commands(pair):
    pair.await_routes(2)
    wait_for(lambda: pair.daemon.dump().find("neighbour", cost="96"), 5,
             "a neighbour of finite cost")
    with Control(pair.daemon.socket_path) as control:
        def lines(request):
            *data, last = control.request(request)
            assert last == "ok"
            return data
        assert Aredn.all(Aredn.INTERFACE, lines("dump-interfaces"))
        assert Aredn.all(Aredn.NEIGHBOUR, lines("dump-neighbors"))
        assert Aredn.all(Aredn.NEIGHBOUR, lines("dump-routable-neighbors"))
        routes = Aredn.all(Aredn.ROUTE, lines("dump-installed-routes"))
        assert {route[4] for route in routes} == {"a-b"}
        kernel = {route.prefix: route.gateway for route in pair.a.routes()
                  if route.protocol == "babel"}
        assert {route[0]: route[2] for route in routes} == kernel
        pair.link.silence()
        wait_for(lambda: not pair.daemon.dump().find(
            "neighbour", cost="96"), 10, "the neighbour is lost")
        assert lines("dump-routable-neighbors") == []
        with pytest.raises(Rejected):
            Aredn.all(Aredn.ROUTE, GOOD[8:9])


# What is asked for

def test_selectors(pair):
    pair.await_routes(2)
    with Control(pair.daemon.socket_path) as control:
        whole = control.dump()
        for kind in ("interface", "neighbour", "xroute", "route"):
            records = control.dump(f"dump {kind}")
            assert {record.id for record in records} == {
                record.id for record in whole if record.kind == kind}
        installed = control.dump("dump installed")
        assert installed and all(record["installed"] == "yes"
                                 for record in installed)
        prefix = f"{pair.b.address6}/128"
        for request in (prefix, pair.b.address6):
            found = control.dump(f"dump route {request}")
            assert [record["prefix"] for record in found] == [prefix]
        assert control.dump("dump route fd00:dead::/32") == []
        assert control.dump("dump route fd00::dead") == []


def test_longest_match(make_bench):
    bench = make_bench().start()
    bench.east.announce(p.update("2001:db8::/32", 256),
                        p.update("2001:db8:1::/48", 256))
    bench.await_route("2001:db8:1::/48")
    with bench.daemon.control() as control:
        for address, prefix in (("2001:db8:1::1", "2001:db8:1::/48"),
                                ("2001:db8:2::1", "2001:db8::/32")):
            found = control.dump(f"dump route {address}")
            assert [record["prefix"] for record in found] == [prefix]
            lines = control.request(f"explain {address}")
            assert lines[0].startswith(f"destination {prefix}-::/0 ")


def test_monitor_installed(make_bench):
    bench = make_bench().start()
    recorder = Recorder(bench.daemon.socket_path, "monitor installed")
    bench.east.announce(p.update("2001:db8:1::/48", 256))
    wait_for(lambda: ("add", "route") in recorder.events(), 5, "add")
    bench.east.announce(p.update("2001:db8:1::/48", p.INFINITY))
    wait_for(lambda: ("flush", "route") in recorder.events(), 5, "flush")
    take_all(BabelWeb2(), recorder.read())


def test_json_says_all_that_the_plain_lines_say(pair):
    pair.await_routes(2)
    # What counts packets or time may differ between the two.
    moving = {"reach", "ureach", "age"}
    with Control(pair.daemon.socket_path) as control:
        def look():
            plain = control.dump()
            *objects, last = control.request("json dump")
            assert last == "ok" and len(objects) == len(plain)
            for record, line in zip(plain, objects):
                for field in moving & set(record.fields):
                    del record.fields[field]
                json_says(json_object(line), record)
            return True
        wait_for(look, 5, "JSON is complete")
        for request in ("stats", "explain neighbour",
                        "dump-installed-routes",
                        f"explain {pair.b.address6}"):
            *plain, _ = control.request(request)
            *objects, last = control.request(f"json {request}")
            assert last == "ok" and len(objects) == len(plain) > 0
            for line, found in zip(plain, map(json_object, objects)):
                words = line.removeprefix("add ").split(" ")
                assert [found["object"], found["id"]] == words[:2]
                json_names_all(found, " ".join(words))
        *objects, _ = control.request("json stats")
        information = json_object(objects[0])
        assert information["babel-metric-comp-algorithms"] == [
            "2-out-of-3", "ETX"]
        assert information["babel-constants"] == {
            "babel-udp-port": 6696, "babel-mcast-group": "ff02::1:6"}


@pytest.mark.parametrize("line", [
    '{"event":"add","object":"route","id":"4","babel-route-prefix":"fd00::"}',
    '{"event":"add","object":"route","id":"4","babel-route-prefix":"fd00::",'
    '"babel-route-prefix-length":48}',
    '{"event":"add","object":"route","id":"4","babel-route-prefix":"fd00::",'
    '"babel-route-prefix-length":64,"babel-neighbour-cost":1}',
    '{"event":"add","object":"route","id":"4"',
])
def test_the_rules_reject_broken_json(line):
    record = parse_record("add route 4 prefix fd00::/64")
    json_says(json_object(
        '{"event":"add","object":"route","id":"4","babel-route-prefix":'
        '"fd00::","babel-route-prefix-length":64}'), record)
    with pytest.raises((Rejected, KeyError)):
        json_says(json_object(line), record)


def test_metrics_obey_promtools_rules(pair):
    pair.await_routes(2)
    with Control(pair.daemon.socket_path) as control:
        *lines, last = control.request("metrics")
        *stats, _ = control.request("stats")
    assert last == "ok"
    metrics = Metrics(lines)
    assert metrics.get("babel_interface_up", interface="a-b") == 1
    assert metrics.get("babel_packets_received_total") > 0
    assert metrics.get("babel_routes", family="ipv4") >= 1
    assert metrics.get("babel_routes", family="ipv6") >= 1
    assert metrics.get("process_resident_memory_bytes") > 100000
    assert abs(metrics.get("process_start_time_seconds")
               - time.time()) < 3600
    names = {line.split(" ")[1] for line in stats
             if line.startswith(("counter ", "gauge "))}
    assert {"hellos-late", "memory-bytes", "fib-adds"} <= names


GOOD_METRICS = ["# HELP a_total A.", "# TYPE a_total counter", "a_total 1",
                '# HELP b B.', "# TYPE b gauge", 'b{x="1"} 1', 'b{x="2"} 0.5']


@pytest.mark.parametrize("index, line", [
    (0, "# TYPE a_total counter"), (1, "# TYPE a_total gauge"),
    (1, "# HELP a_total again"), (2, "a_total -1"), (2, "a_total"),
    (4, "# TYPE b counter"), (6, 'b{x="1"} 2'), (6, 'b{x=2} 2'),
    (1, "# TYPE a_total histogram"), (6, 'b{le="1"} 2'), (6, 'b{__x="1"} 2'),
    (6, "c 1"), (6, "a_total 2"), (3, "b 1"), (6, 'b{x="1",x="2"} 1'),
])
def test_the_rules_reject_broken_metrics(index, line):
    Metrics(GOOD_METRICS)
    with pytest.raises(Rejected):
        Metrics(GOOD_METRICS[:index] + [line] + GOOD_METRICS[index + 1:])


@pytest.mark.parametrize("name", [
    "a_ms", "a_milliseconds", "a_gauge", "aB", "a:b", "a_count", "a_sum"])
def test_the_rules_reject_bad_names_of_metrics(name):
    Metrics(["# HELP a A.", "# TYPE a gauge", "a 1"])
    with pytest.raises(Rejected):
        Metrics([f"# HELP {name} A.", f"# TYPE {name} gauge", f"{name} 1"])


def test_the_rules_reject_reports_that_lack_a_field():
    line = "neighbour 3 address fe80::2 cost 96 if eth0"
    found = {"object": "neighbour", "id": "3", "babel-cost": 96,
             "babel-interface-reference": "eth0",
             "babel-neighbor-address": "fe80::2"}
    json_names_all(found, line)
    for name in list(found)[2:]:
        with pytest.raises(Rejected):
            json_names_all({key: value for key, value in found.items()
                            if key != name}, line)


def counters(daemon):
    with daemon.control() as control:
        return {words[1]: int(words[3]) for words in (
            line.split(" ") for line in control.request("stats"))
            if words[0] == "counter"}


def drop_cases(bench):
    """Each reason for dropping a packet, and who makes it happen."""
    east = bench.east
    hello = p.hello(1, 400)
    return {
        "dropped-magic": lambda: east.send(hello, magic=43),
        "dropped-version": lambda: east.send(hello, version=3),
        "dropped-short": lambda: east.send_raw(b"\x2a\x02\0"),
        "dropped-length": lambda: east.send(hello, length=400),
        "dropped-port": lambda: east.send_from_port(7000, hello),
        "dropped-source": lambda: send_from_global(bench, p.packet(hello)),
    }


def send_from_global(bench, octets):
    """A packet whose source is not link-local."""
    wire = bench.wires["east"]
    bench.links["east"].ends[1].router.ip(
        "address", "add", "fd77::1/64", "dev", wire.port.interface, "nodad")
    with wire.namespace.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sender.bind(("fd77::1", p.PORT, 0, 0))
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF,
                          wire.index)
        sender.sendto(octets, (p.GROUP, p.PORT, 0, wire.index))


def test_every_reason_for_dropping_is_counted(bench):
    cases = drop_cases(bench)
    for name, send in cases.items():
        before = counters(bench.daemon)
        assert name in before, sorted(before)
        send()
        wait_for(lambda: counters(bench.daemon)[name] > before[name], 3,
                 f"{name} is raised")


def test_explain_names_the_reason(bench):
    prefix = "2001:db8:1::/48"
    bench.east.announce(p.update(prefix, 256, seqno=1))
    bench.await_installed(prefix, bench.east)
    bench.west.announce(p.update(prefix, 700, seqno=1))

    def reasons():
        with bench.daemon.control() as control:
            lines = control.request(f"explain {prefix}")
        return {record["via"]: record["reason"] for record in (
            explained(line) for line in lines) if record}

    wait_for(lambda: reasons() == {bench.east.address: "installed",
                                   bench.west.address: "worse"}, 5,
             "one installed, one worse")
    bench.west.announce(p.update(prefix, p.INFINITY, seqno=1))
    wait_for(lambda: reasons()[bench.west.address] == "retracted", 5,
             "retracted")


def explained(line):
    words = line.split(" ")
    if words[0] != "candidate":
        return None
    return dict(zip(words[2::2], words[3::2]))


def test_explain_neighbour_tells_the_dead_direction(make_bench):
    bench = make_bench().start()
    deaf = bench.stranger("east")
    for _ in range(3):
        deaf.send(deaf.hello_tlv(2))

    def link():
        with bench.daemon.control() as control:
            lines = control.request(f"explain neighbour {deaf.address}")
        words = lines[0].split(" ")
        fields = dict(zip(words[2::2], words[3::2]))
        return fields.get("link"), fields.get("heard"), \
            fields.get("hears-us")

    wait_for(lambda: link() == ("never-heard-us", "yes", "no"), 5,
             "it is heard and does not hear us")
    deaf.send(deaf.hello_tlv(2), p.ihu(deaf.dut, 96, 400))
    wait_for(lambda: link() == ("ok", "yes", "yes"), 5, "the link is up")
    wait_for(lambda: link()[0] == "not-hearing-us" or
             link()[1] == "no", 20, "the link dies")


# Sockets in the file system

@pytest.mark.covers("Q3")
def test_a_stale_socket_is_replaced(pair):
    path = pair.daemon.socket_path
    pair.daemon.kill()
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    restart(pair.daemon)
    with pair.daemon.control() as control:
        assert control.request("unmonitor") == ["ok"]


def restart(daemon):
    """Start without the laboratory's own removal of the socket."""
    daemon.prepare = lambda: None
    daemon.start()


def refused(pair, path):
    """A second daemon on the path: what it says."""
    done = subprocess.run(
        ["ip", "netns", "exec", pair.b.full_name, OURS, "-I", "", "-S",
         pair.lab.path("state"), "-c", "/dev/null", "-g", path, "lo"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=10, check=False)
    assert done.returncode == 1
    return done.stdout.decode()


def test_a_living_socket_is_left_alone(lab):
    pair = Pair(lab, start=False)
    pair.daemon.start()
    path = pair.daemon.socket_path
    pair.daemon.router_id()
    inode = os.stat(path).st_ino
    assert path in refused(pair, path)
    assert os.stat(path).st_ino == inode
    assert pair.daemon.router_id() == ID


def test_a_file_that_is_no_socket_is_left_alone(lab):
    pair = Pair(lab, start=False)
    path = lab.path("precious")
    with open(path, "w") as stream:
        stream.write("data")
    assert path in refused(pair, path)
    with open(path) as stream:
        assert stream.read() == "data"
    long = lab.path("x" * 120)
    assert long in refused(pair, long)


def test_mode_and_group_of_the_path(lab):
    group = next(entry for entry in grp.getgrall() if entry.gr_gid != 0)
    path = lab.path("grouped.sock")
    pair = Pair(lab, [f"local-path {path}", "local-path-mode 0620",
                      f"local-path-group {group.gr_name}"], start=False)
    pair.daemon.start()
    pair.daemon.router_id()
    status = os.stat(path)
    assert stat.S_IMODE(status.st_mode) == 0o620
    assert status.st_gid == group.gr_gid


# Those who would harm

def test_the_65th_client_is_told_why(pair):
    path = pair.daemon.socket_path
    crowd = [Control(path) for _ in range(64)]
    said = netcat(pair.a, "-U", path, text="")
    assert re.search(r"^no \S", said, re.MULTILINE) and "\nok\n" not in said
    assert crowd[0].request("unmonitor") == ["ok"]
    crowd.pop().close()
    wait_for(lambda: "\nok\n" in netcat(pair.a, "-U", path, text=""), 5,
             "there is room again")
    for control in crowd:
        control.close()


def hello_gaps(heard, address):
    """The times between Hellos from an address, in seconds."""
    times = [datagram.time for datagram in heard
             if datagram.source == address and any(
                 tlv.tlv == "Hello" for tlv in datagram.decoded.tlvs)]
    return [after - before for before, after in zip(times, times[1:])]


def assert_no_hello_missed(gaps, interval):
    """They keep their pace, all in all, and none waits for the next."""
    assert sum(gaps) <= interval * len(gaps)
    assert max(gaps) < 2 * interval


class Crowd:
    """Clients of every unpleasant kind, until it is closed."""

    def __init__(self, path, monitors):
        self.path = path
        self.watchers = [Recorder(path) for _ in range(monitors)]
        self.silent = self.connect(b"monitor\n" + b"dump\n" * 100)
        self.slow = self.connect(b"monitor\n")
        self.endless = self.connect(b"")

    def connect(self, text):
        client = socket.socket(socket.AF_UNIX)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(self.path)
        client.sendall(text)
        client.setblocking(False)
        return client

    def disturb(self):
        """One round: read a kilobyte here, send garbage there."""
        for watcher in self.watchers:
            watcher.read()
        for client, act in ((self.slow, lambda: self.slow.recv(100)),
                            (self.endless,
                             lambda: self.endless.send(b"x" * 8192))):
            try:
                act()
            except (BlockingIOError, ConnectionError):
                pass
        try:
            self.connect(b"dump\n").close()
        except OSError:
            pass

    def close(self):
        for watcher in self.watchers:
            watcher.control.close()
        for client in (self.silent, self.slow, self.endless):
            client.close()


def announce_many(neighbour, first, count):
    """Prefixes of consecutive numbers, in packets of 30."""
    for start in range(first, first + count, 30):
        neighbour.announce(*(
            p.update(f"2001:db8:{number >> 16:x}:{number & 0xffff:x}::/64",
                     256)
            for number in range(start, min(start + 30, first + count))))


@pytest.mark.covers("F34", "Q1")
def test_nobody_delays_a_hello(make_bench, figure):
    bench = make_bench(hello=0.5).start()
    bench.east.announce(p.update("2001:db8::/64", 256))
    bench.await_route("2001:db8::/64")
    crowd = Crowd(bench.daemon.socket_path, 20)
    bench.daemon.dump()
    began = len(bench.wires["east"].heard)
    rounds = iter(range(400))

    def over():
        number = next(rounds, None)
        if number is not None and number < 20:
            announce_many(bench.east, number * 150, 150)
        crowd.disturb()
        return number is None
    try:
        wait_for(over, 60, "the crowd is through", every=0.02)
    finally:
        crowd.close()
    gaps = hello_gaps(bench.wires["east"].heard[began:],
                      bench.east.dut)
    assert len(gaps) >= 10
    figure("longest time between Hellos of 0.5 s", max(gaps))
    assert_no_hello_missed(gaps, 0.5)
    with open(f"/proc/{daemon_pid(bench.daemon)}/statm") as stream:
        assert int(stream.read().split()[1]) * 4096 < 64 << 20


def daemon_pid(daemon):
    """The daemon itself, below what started it."""
    pid = daemon.pid
    while True:
        with open(f"/proc/{pid}/task/{pid}/children") as stream:
            children = stream.read().split()
        if not children:
            return pid
        pid = int(children[0])


def test_requests_in_pieces_and_junk_never_end_the_daemon(pair):
    path = pair.daemon.socket_path
    junk = [b"\0\n", b"\xff\xfe\n", b"dump\0dump\n", b"\n" * 2000,
            b"json json json\n", b"explain ::/0\n", b"dump route ::/0\n",
            b'dump "route"\n', b"monitor\nmonitor\nmonitor\n",
            b"dump route " + b"1" * 300 + b"\n", struct.pack("!Q", 0)]
    for octets in junk:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(path)
            client.sendall(octets)
            client.shutdown(socket.SHUT_WR)
            said = b""
            while data := client.recv(65536):
                said += data
            assert said.startswith(b"BABEL 1.0\n")
    assert pair.daemon.router_id() == ID
