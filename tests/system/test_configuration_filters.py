"""What the selectors and actions of filters do, each in every filter where it
means something; and what changes while the daemon runs."""

import json
import os
import re

import packet as p
from bench import PREFIX
from effects import routes_of, shows
from lab import all_met, wait_for

SOURCE = "2001:db8:5::/48"
ROUTERS = ("02:aa:00:00:00:00:00:01", "02:aa:00:00:00:00:00:02")


def net(number, plen=48):
    """A prefix in the zone of that number, which has its own rules."""
    return f"2001:db8:{number:x}00::/{plen}"


def probe(plen=48, source=None, router=0, via="east"):
    return plen, source, router, via


# Rules for a zone, then what is announced in it and what that adds to its
# metric; None is a denial.
IN = [
    (["in ip {zone} deny"], {probe(): None, probe(40): None}),
    (["in ip {zone} allow"], {probe(): 0}),
    (["in ip {zone} metric 65535"], {probe(): None}),
    (["in ip {zone} metric 7"], {probe(): 7, probe(40): 7}),
    (["in ip {zone} eq 48 metric 7"], {probe(): 7, probe(49): 0}),
    (["in ip {zone} le 47 metric 7"], {probe(47): 7, probe(): 0}),
    (["in ip {zone} ge 49 metric 7"], {probe(49): 7, probe(): 0}),
    (["in ip {zone} ge 44 le 48 le 50 metric 7"],
     {probe(43): 0, probe(44): 7, probe(48): 7, probe(49): 0}),
    (["in ip {zone} src-ip 2001:db8:5::/48 metric 7"],
     {probe(): 0, probe(48, SOURCE): 7, probe(48, "2001:db8:5:1::/64"): 7,
      probe(48, "2001:db8::/32"): 0}),
    (["in ip {zone} src-eq 48 metric 7", "in ip {zone} src-eq 0 metric 8"],
     {probe(): 8, probe(48, SOURCE): 7, probe(48, "2001:db8::/32"): 0}),
    (["in ip {zone} src-le 47 metric 7"],
     {probe(48, SOURCE): 0, probe(48, "2001:db8::/32"): 7}),
    (["in ip {zone} src-ge 48 metric 7"],
     {probe(): 0, probe(48, SOURCE): 7, probe(48, "2001:db8::/32"): 0}),
    (["in ip {zone} neigh {east} metric 7"],
     {probe(): 7, probe(49, via="west"): 0}),
    ([f"in ip {{zone}} id {ROUTERS[1]} metric 7"],
     {probe(): 0, probe(49, router=1): 7}),
    (["in ip {zone} if dut-west metric 7"],
     {probe(): 0, probe(49, via="west"): 7}),
    (['in ip {zone} if "dut-[f-z]*" deny'],
     {probe(): 0, probe(49, via="west"): None}),
    # The first match decides, the last action of a rule, wherever it is.
    (["in ip {zone} eq 48 allow", "in ip {zone} eq 48 deny",
      "in ip {zone} deny"], {probe(): 0, probe(49): None}),
    (["in deny metric 7 ip {zone} eq 48", "in metric 7 deny ip {zone}"],
     {probe(): 7, probe(49): None}),
]
# No zone can be given here: lengths without a prefix are for IPv6 alone.
IN_LAST = "in ge 100 metric 9"

OUT = [
    (["out ip {zone} deny"], {probe(): None}),
    (["out ip {zone} metric 7"], {probe(): 7}),
    (["out ip {zone} eq 48 metric 7"], {probe(): 7, probe(49): 0}),
    (["out ip {zone} le 48 deny"], {probe(): None, probe(49): 0}),
    (["out ip {zone} ge 49 deny"], {probe(): 0, probe(49): None}),
    (["out ip {zone} src-ip 2001:db8:5::/48 deny"],
     {probe(): 0, probe(48, SOURCE): None}),
    (["out ip {zone} src-ge 1 src-le 48 src-eq 48 metric 7"],
     {probe(): 0, probe(48, SOURCE): 7}),
    ([f"out ip {{zone}} id {ROUTERS[1]} deny"],
     {probe(): 0, probe(49, router=1): None}),
    (["out ip {zone} if dut-east deny"], {probe(): 0}),
    (["out ip {zone} if dut-west deny"], {probe(): None}),
    # What is said only of learning and of the kernel never matches here.
    (["out ip {zone} neigh fe80::1 deny", "out ip {zone} proto 42 deny",
      "out ip {zone} local deny"], {probe(): 0}),
]


def with_zones(cases, **names):
    """The rules of all cases, and (prefix, probe, expected)."""
    rules, probes = [], []
    for number, (lines, wanted) in enumerate(cases, 16):
        rules += [line.format(zone=net(number, 40), **names)
                  for line in lines]
        probes += [(net(number, one[0]), one, add)
                   for one, add in wanted.items()]
    return rules, probes


def announce_all(bench, probes):
    for prefix, (_, source, router, via), _ in probes:
        sub = p.source_prefix(source) if source else b""
        getattr(bench, via).announce(p.update(prefix, 100, sub=sub),
                                     router_id=ROUTERS[router])
    for via in {one[3] for _, one, _ in probes}:
        getattr(bench, via).sync()


def link_local(bench, name):
    port = bench.links[name].ends[1]
    return port.router.link_local(port.interface)


@shows("in", "ip", "eq", "le", "ge", "src-ip", "src-eq", "src-le", "src-ge",
       "neigh", "id", "if", "allow", "deny", "metric")
def test_in(make_bench):
    bench = make_bench()
    rules, probes = with_zones(IN, east=link_local(bench, "east"))
    bench.daemon.config += [*rules, IN_LAST]
    bench.start()
    announce_all(bench, probes)
    bench.east.announce(p.update("2001:db8:ffff::1/128", 100),
                        p.update("203.0.113.1/32", 100),
                        next_hop=bench.links["east"].ends[1].address4)
    assert bench.await_route("2001:db8:ffff::1/128")["metric"] == "205"
    assert bench.await_route("203.0.113.1/32")["metric"] == "196"

    def wrong():
        dump = bench.daemon.dump()
        for prefix, (_, source, _, _), add in probes:
            found = dump.find("route", prefix=prefix, **{
                "from": source or "::/0"})
            metric = found[0]["metric"] if found else "65535"
            if metric != str(65535 if add is None else 196 + add):
                yield prefix, source, metric, add
    wait_for(lambda: all_met(list(wrong())), 5, "every metric is right")
    bench.await_kernel(net(18), None)


@shows("out", "ip", "eq", "le", "ge", "src-ip", "src-eq", "src-le", "src-ge",
       "id", "if", "allow", "deny", "metric")
def test_out(make_bench):
    rules, probes = with_zones(OUT)
    bench = make_bench(config=rules).start()
    west = bench.west
    west.mark()
    announce_all(bench, probes)
    bench.east.announce(p.update("2001:db8:ffff::/48", 100))
    west.expect("Update", prefix="2001:db8:ffff::/48", metric=196)
    for prefix, (_, source, _, _), add in probes:
        def is_it(heard):
            return heard.tlv.get("source_prefix") == source and \
                heard.metric < p.INFINITY
        if add is None:
            west.expect_none("Update", 0, prefix=prefix, where=is_it)
        else:
            heard = west.expect("Update", prefix=prefix, where=is_it)
            assert heard.metric == 196 + add, prefix


@shows("redistribute", "proto", "local", "if", "src-prefix", "ip", "eq", "le",
       "ge", "src-ip", "src-eq", "allow", "deny", "metric")
def test_redistribute(make_bench):
    bench = make_bench(["east", "west"], config=[
        "redistribute ip fd00::/16 deny",
        "redistribute local ip 10.0.0.0/24 allow",
        "redistribute local deny",
        "redistribute proto 44 ip 2001:db8:1::/48 eq 48 metric 10",
        "redistribute proto 44 ip 2001:db8:1::/48 le 56 metric 20",
        "redistribute proto 44 ip 2001:db8:1::/48 ge 64 metric 30",
        "redistribute ip 2001:db8:2::/48 if dut-east metric 40",
        "redistribute ip 2001:db8:2::/48 deny",
        "redistribute ip 2001:db8:3::/48 src-prefix 2001:db8:5::/48",
        "redistribute src-ip 2001:db8:6::/48 src-eq 48 metric 50",
        "redistribute proto 3 ip 203.0.113.0/24 metric 60",
        "redistribute ip 198.51.100.0/24 metric 70",
        "redistribute proto 46 ip 192.0.2.0/24 metric 80",
        "redistribute ip 192.0.2.0/24 metric 90"])

    def add(prefix, *more, dev="dut-east", proto="44"):
        family = "-6" if ":" in prefix else "-4"
        bench.router.ip(family, "route", "add", *more, prefix,
                        *(("dev", dev) if dev else ()), "proto", proto)
    for plen in (48, 56, 57, 64):
        add(f"2001:db8:1::/{plen}")
    add("2001:db8:1:8000::/49", proto="45")
    add("2001:db8:2::/49")
    add("2001:db8:2:8000::/49", dev="dut-west")
    add("2001:db8:3::/48", proto="45")
    bench.router.ip("-6", "route", "add", "2001:db8:4::/48", "from",
                    "2001:db8:6::/48", "dev", "dut-east", "proto", "44")
    add("203.0.113.0/24", proto="boot")
    add("198.51.100.0/24", proto="boot")	# not without being named
    add("198.51.100.0/25", proto="static")
    add("192.0.2.0/25", "blackhole", dev=None, proto="46")
    add("192.0.2.128/25", "blackhole", dev=None, proto="47")
    bench.start()
    wanted = {
        "10.0.0.1/32-0.0.0.0/0": 0, "2001:db8:1::/48-::/0": 10,
        "2001:db8:1::/56-::/0": 20, "2001:db8:1::/64-::/0": 30,
        "2001:db8:2::/49-::/0": 40, "2001:db8:3::/48-2001:db8:5::/48": 0,
        "2001:db8:4::/48-2001:db8:6::/48": 50, "203.0.113.0/24-0.0.0.0/0": 60,
        "198.51.100.0/25-0.0.0.0/0": 70, "192.0.2.0/25-0.0.0.0/0": 80,
        "192.0.2.128/25-0.0.0.0/0": 90}

    def wrong():
        found = {entry.id: int(entry["metric"])
                 for entry in bench.daemon.dump().all("xroute")}
        return found.items() ^ wanted.items()
    wait_for(lambda: all_met(sorted(wrong())), 5, "just these are exported")
    for name, metric in wanted.items():
        prefix, source = name.rsplit("-", 1)
        bench.east.expect("Update", prefix=prefix, metric=metric, since=0,
                          where=lambda heard: heard.tlv.get("source_prefix")
                          == (None if source.endswith("/0") else source))


@shows("install", "table", "pref-src", "id", "if", "ip", "eq", "deny")
def test_install(make_bench):
    bench = make_bench(config=[
        f"install ip {net(1, 40)} deny",
        f"install ip {net(2, 40)} table 4294967295",
        f"install ip {net(3, 40)} pref-src fd00::1",
        f"install ip {net(4, 40)} eq 48 id {ROUTERS[1]} table 1001",
        f"install ip {net(5, 40)} if dut-west table 1002",
        "install ip 203.0.113.0/24 pref-src 10.0.0.1 table 1003"]).start()
    bench.east.announce(
        *(p.update(net(number), 100) for number in range(1, 6)),
        p.update("203.0.113.0/24", 100), router_id=ROUTERS[1],
        next_hop=bench.links["east"].ends[1].address4)
    bench.east.announce(p.update(net(4, 49), 100), p.update(net(4, 47), 100),
                        router_id=ROUTERS[0])
    bench.west.announce(p.update(net(5, 49), 100))
    tables = {net(2): "4294967295", net(3): "main", net(4): "1001",
              net(4, 49): "main", net(5): "main", net(5, 49): "1002",
              "203.0.113.0/24": "1003"}
    for prefix, table in tables.items():
        wait_for(lambda: prefix in routes_of(bench.router, table), 5,
                 f"{prefix} in {table}")
        assert sum(prefix in routes_of(bench.router, other) for other
                   in ("main", "4294967295", "1001", "1002", "1003")) == 1
    for family, prefix, table, address in (
            ("-6", net(3), "main", "fd00::1"),
            ("-4", "203.0.113.0/24", "1003", "10.0.0.1")):
        shown = json.loads(bench.router.ip(
            "-j", family, "route", "show", prefix, "table", table))
        assert shown[0]["prefsrc"] == address
    # What must not be installed is not used, so it is not announced.
    assert bench.route(net(1))["installed"] == "no"
    bench.west.expect("Update", prefix=net(2), since=0)
    bench.west.expect_none("Update", 0.3, prefix=net(1), since=0,
                           where=lambda heard: heard.metric < p.INFINITY)


@shows("flush", "reload", "reopen-logfile")
def test_changes_while_running(make_bench, lab):
    """What the socket says, what the files say then, and the way back."""
    bench = make_bench(config=["in ip 2001:db8:7::/48 deny"]).start()
    bench.east.announce(p.update(PREFIX, 100))
    bench.await_installed(PREFIX)
    bench.west.expect("Update", prefix=PREFIX, metric=196, since=0)

    def told(metric, request, answer="ok"):
        bench.west.mark()
        assert control.request(request) == [answer]
        if metric is not None:
            bench.west.expect("Update", 1, prefix=PREFIX, metric=metric)
    with bench.daemon.control() as control:
        told(p.INFINITY, f"out ip {PREFIX} if dut-west deny")
        told(196, "flush out")
        told(p.INFINITY, f"in ip {PREFIX} deny")
        told(None, "flush in")
        bench.east.announce(p.update(PREFIX, 100))
        bench.west.expect("Update", prefix=PREFIX, metric=196)
        with open(bench.daemon.base + ".conf", "a") as stream:
            stream.write(f"out ip {PREFIX} metric 1000\n")
        told(1196, "reload")
        with open(bench.daemon.base + ".conf", "a") as stream:
            stream.write("interface\n")
        bad, = control.request("reload")
        assert re.fullmatch(r"no \S+:\d+:10: end of line: expected the name "
                            r"of an interface", bad), bad
        told(None, "interface dut-west rxcost 400")
        bench.west.expect("IHU", 5, rxcost=400)
        log = lab.path("moved.log")
        told(None, f"log-file {log}")
        os.rename(log, log + ".1")
        told(None, "reopen-logfile")
        assert os.path.exists(log)
        told(None, "flush interface nope0", "no No such interface")
        told(None, "flush interface dut-east")
        bench.west.expect("Update", prefix=PREFIX, metric=p.INFINITY)
        assert control.request("interface dut-east rxcost 500") == ["ok"]
    # It forgot this neighbour, which only has to go on.
    bench.east.expect("IHU", 5, rxcost=500)


def test_a_hold_stays_in_the_table_of_its_route(make_bench):
    """The kernel removes the routes of a link that goes down by itself."""
    bench = make_bench(["east"], config=["install table 77"]).start()
    bench.east.announce(p.update(PREFIX, 100))

    def kind():
        route = routes_of(bench.router, "77").get(PREFIX)
        return route and route.kind
    wait_for(lambda: kind() == "unicast", 3, "the route")
    bench.router.ip("link", "set", "dut-east", "down")
    wait_for(lambda: kind() == "unreachable", 3, "the hold")
    assert routes_of(bench.router) == {}


@shows("flush", "replace")
def test_a_rule_that_never_matches_is_warned_of(bench):
    with bench.daemon.control() as control:
        assert control.request("in ip 10.0.0.0/8 deny") == ["ok"]
        warning, answer = control.request("in ip 10.1.0.0/16 allow")
        assert answer == "ok"
        assert warning.startswith("warning ") and "rule 1 " in warning
        assert control.request("replace in ip 10.0.0.0/8 metric 9") == ["ok"]
        assert control.request("flush in ip 10.1.0.0/16") == ["ok"]
        assert control.request("flush in ip 10.1.0.0/16") == ["no No such rule"]


@shows("redistribute", "type")
def test_aggregates_are_announced(make_bench):
    """By a rule that names neither protocol nor type; a default route that
    leads nowhere is not."""
    bench = make_bench(config=["import-table 21", "redistribute allow"])
    for kind, prefix in (("blackhole", "10.0.0.0/8"),
                         ("unreachable", "10.128.0.0/9"),
                         ("prohibit", "172.16.0.0/12"),
                         ("unreachable", "0.0.0.0/0")):
        bench.router.ip("route", "add", kind, prefix, "proto", "static",
                        "table", "21")
    bench.start()
    for prefix in ("10.0.0.0/8", "10.128.0.0/9", "172.16.0.0/12"):
        bench.east.expect("Update", prefix=prefix, since=0, within=5)
    assert "0.0.0.0/0" not in {
        entry["prefix"] for entry in bench.daemon.dump().all("xroute")}
    with bench.daemon.control() as control:
        assert control.request("redistribute type unreachable")[-1] == "ok"
    bench.east.expect("Update", prefix="0.0.0.0/0", within=5)
