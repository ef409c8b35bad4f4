"""Source-specific routes on a real kernel, with and without its help.

A client sends packets with whatever source it likes through the daemon's
router.  Gateways behind it export routes with source prefixes; another
neighbour, which speaks no Babel, has a network and static routes.  Which
way a packet goes is seen where it arrives; where it should is told by
trying all routes, the most specific destination first.
"""

import ipaddress
import json
import random
import re
import select
import socket
import struct
import time

import pytest

from daemons import Babeld, Bird, OURS, PEER_BABELD, PEER_BIRD
from lab import Unmet, all_met, wait_for

ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 0x0003, 0x0800, 0x86dd
PACKET_OUTGOING = 4
MAGIC = b"babelsrc"
HELLO = 0.2
BABEL = "42"

# How the daemon under test does it: the family, and its configuration.
WAYS = {
    "ipv4": (4, []),
    "ipv6-rules": (6, ["ipv6-subtrees false"]),
    "ipv6-native": (6, ["ipv6-subtrees true"]),
}
RULED = ["ipv4", "ipv6-rules"]
slow = pytest.mark.slow


def net(text):
    return ipaddress.ip_network(text)


class Pool:
    """Nested destinations and sources of one family."""

    def __init__(self, version):
        self.version = version
        if version == 4:
            self.everything = net("0.0.0.0/0")
            self.destinations = [net(text) for text in (
                "0.0.0.0/0", "172.16.0.0/12", "172.20.0.0/14",
                "172.20.0.0/16", "172.20.64.0/18", "172.24.0.0/16",
                "198.51.100.0/24", "198.51.100.128/25")]
            self.sources = [net(text) for text in (
                "10.1.0.0/16", "10.1.0.0/17", "10.1.64.0/18",
                "10.1.192.0/18", "10.2.0.0/16", "10.0.0.0/8")]
            self.foreign = net("172.20.64.0/20")
            self.leaf = net("192.0.2.0/24")
            self.unused = net("203.0.113.0/24")
        else:
            self.everything = net("::/0")
            self.destinations = [net(text) for text in (
                "::/0", "2001:db8::/32", "2001:db8:4000::/36",
                "2001:db8:4000::/48", "2001:db8:4000:8000::/50",
                "2001:db8:8000::/36", "3fff::/20", "3fff:0:1::/48")]
            self.sources = [net(text) for text in (
                "2001:db8:1::/48", "2001:db8:1::/49",
                "2001:db8:1:4000::/50", "2001:db8:1:c000::/50",
                "2001:db8:2::/48", "2001:db8::/33")]
            self.foreign = net("2001:db8:4000:8000::/56")
            self.leaf = net("2001:db8:ff::/64")
            self.unused = net("3ffe::/24")

    def address_in(self, prefix, chance):
        offset = chance.randrange(1, min(prefix.num_addresses, 1 << 64) - 1)
        return prefix[offset]


def packet(source, target, number):
    """A UDP packet that carries a number."""
    payload = MAGIC + struct.pack("!I", number)
    udp = struct.pack("!HHHH", 9, 9, 8 + len(payload), 0) + payload
    if source.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(udp), 17, 64) \
            + source.packed + target.packed + udp
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) \
        + source.packed + target.packed
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xffff) + (total >> 16)
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    return head[:10] + struct.pack("!H", total) + head[12:] + udp


class Ear:
    """Hears what arrives at a router over its link to the daemon's."""

    def __init__(self, router, interface):
        self.name = router.name
        self.socket = router.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                    socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)
        self.socket.bind((interface, ETH_P_ALL))
        self.socket.setblocking(False)

    def fileno(self):
        return self.socket.fileno()

    def numbers(self):
        found = []
        while True:
            try:
                data, sender = self.socket.recvfrom(2048)
            except BlockingIOError:
                return found
            # Not where an error message quotes it.
            at = 28 if data[:1] == b"\x45" else 48
            if data[at:at + 8] == MAGIC and sender[2] != PACKET_OUTGOING:
                found.append(struct.unpack_from("!I", data, at + 8)[0])


class SourceSpecificBird(Bird):
    """What it exports is what it has for a source, and nothing else."""

    CONFIGURATION = """
log "{log}" all;
router id 10.0.0.{number};
ipv6 sadr table sources;
protocol device {{ scan time 1; }}
protocol static {{
	ipv6 sadr {{ table sources; }};
	{statics}
}}
protocol kernel {{
	ipv6 sadr {{ table sources; export where source = RTS_BABEL; }};
}}
protocol babel {{
	randomize router id yes;
	ipv6 sadr {{ table sources; import all; export all; }};
	{interfaces}
}}
"""

    def __init__(self, router, interfaces, exports):
        super().__init__(router, hello=HELLO)
        self.interfaces, self.exports = interfaces, exports

    def prepare(self):
        with open(self.base + ".conf", "w") as stream:
            stream.write(self.CONFIGURATION.format(
                log=self.log_path, number=self.router.number,
                statics="".join(
                    f"route {prefix} from {source} unreachable;"
                    for prefix, source in self.exports.items()),
                interfaces="".join(
                    f'interface "{name}" {{ type wired; hello interval '
                    f'{HELLO * 1000:.0f} ms; update interval '
                    f'{HELLO * 4000:.0f} ms; }};'
                    for name in self.interfaces)))


class Range:
    """The laboratory: client, dut, gateways g1 to g3, leaf."""

    GATEWAYS = ("g1", "g2", "g3")

    def __init__(self, lab, way, config=()):
        self.version, self.way = WAYS[way][0], way
        self.pool = Pool(self.version)
        self.lab = lab
        self.dut = lab.router("dut")
        self.client = lab.router("client")
        self.leaf = lab.router("leaf")
        self.gateways = [lab.router(name) for name in self.GATEWAYS]
        self.links = {other.name: lab.link(self.dut, other) for other in
                      (self.client, self.leaf, *self.gateways)}
        lab.build()
        self.number = 0
        self.exports = {name: {} for name in self.GATEWAYS}
        self.programs = {}  # by name; ours where nothing is said
        self.daemons = {}
        self.config = [*WAYS[way][1], *config, "redistribute local deny"]
        self.furnish()
        self.ears = [Ear(router, self.links[router.name].end(
            router).interface) for router in (self.leaf, *self.gateways)]
        lab.closers.append(lambda: [ear.socket.close() for ear in self.ears])
        self.mouth = self.client.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
        lab.closers.append(self.mouth.close)

    def furnish(self):
        """A network of the leaf's, and a static route through it."""
        port = self.links["leaf"].end(self.dut)
        gateway = self.leaf.link_local("leaf-dut")
        if self.version == 4:
            gateway = self.links["leaf"].end(self.leaf).address4
            self.leaf.ip("addr", "add", "192.0.2.2/24", "dev", "leaf-dut")
        self.dut.ip("addr", "add", f"{self.pool.leaf[1]}/"
                    f"{self.pool.leaf.prefixlen}", "dev", port.interface)
        self.dut.ip("route", "add", str(self.pool.foreign), "via", gateway,
                    "dev", port.interface, "proto", "static")
        # No neighbour discovery for made-up addresses on the leaf's link.
        mac = self.mac(self.leaf, "leaf-dut")
        for offset in range(3, 40):
            self.dut.ip("neigh", "replace", str(self.pool.leaf[offset]),
                        "lladdr", mac, "dev", port.interface)

    @staticmethod
    def mac(router, interface):
        return re.search(r"link/ether (\S+)", router.ip(
            "link", "show", "dev", interface)).group(1)

    def start(self, *names):
        for name in names or ("dut", *self.GATEWAYS):
            router = next(one for one in self.lab.routers
                          if one.name == name)
            config = self.config
            if name != "dut":
                config = [self.rule(prefix, source,
                                    self.programs.get(name, OURS))
                          for prefix, source in
                          sorted(self.exports[name].items(), key=str)]
                # A gateway does what it says, and learns nothing.
                config += ["redistribute deny", "in deny"]
            interfaces = [self.links[other].end(router).interface for other in
                          (self.GATEWAYS if name == "dut" else [name])]
            program = self.programs.get(name, OURS)
            if program == PEER_BIRD:
                self.daemons[name] = SourceSpecificBird(
                    router, interfaces, self.exports.get(name, {}))
            else:
                self.daemons[name] = Babeld(
                    router, program, hello=HELLO, config=config,
                    interfaces=interfaces)
            self.daemons[name].start()
        return self

    @staticmethod
    def rule(prefix, source, program=OURS):
        text = f"redistribute ip {prefix} eq {prefix.prefixlen} proto 4"
        if program == OURS:  # an unreachable default is no accident
            text += " type blackhole"
        return text if source.prefixlen == 0 else \
            f"{text} src-prefix {source}"

    def export(self, name, prefix, source):
        """What the gateway will export once it starts."""
        self.exports[name][prefix] = source
        self.tell(name, prefix)

    def tell(self, name, prefix, verb="add"):
        router = next(one for one in self.lab.routers if one.name == name)
        router.ip("route", verb, "blackhole", str(prefix), "proto", "static",
                  "metric", "512")

    def routes(self):
        """All routes that the router under test should know."""
        found = [(prefix, source, name) for name in self.GATEWAYS
                 for prefix, source in self.exports[name].items()]
        for prefix in (self.pool.leaf, self.pool.foreign):
            found.append((prefix, self.pool.everything, "leaf"))
        return found

    def expected(self, source, target, routes):
        """Destination first."""
        best = max(((prefix.prefixlen, origin.prefixlen, where)
                    for prefix, origin, where in routes
                    if target in prefix and source in origin),
                   default=(0, 0, "nowhere"))
        return best[2]

    def sample(self, chance, count):
        """Packets to and from all the prefixes, and their borders."""
        pool = self.pool
        targets = pool.destinations + [pool.foreign]
        return [(pool.address_in(chance.choice(pool.sources), chance),
                 pool.leaf[chance.randrange(3, 40)]
                 if chance.random() < 0.15 else
                 pool.address_in(chance.choice(targets[1:]), chance))
                for _ in range(count)]

    def shoot(self, sample):
        """Send the packets; where each arrived."""
        port = self.links["client"]
        interface = port.end(self.client).interface
        mac = bytes.fromhex(self.mac(
            self.dut, port.end(self.dut).interface).replace(":", ""))
        kind = ETH_P_IP if self.version == 4 else ETH_P_IPV6
        first = self.number
        arrived = {}
        for source, target in sample:
            self.mouth.sendto(packet(source, target, self.number),
                              (interface, kind, 0, 0, mac))
            self.number += 1
        deadline = time.monotonic() + 0.4
        while time.monotonic() < deadline and len(arrived) < len(sample):
            for ear in select.select(self.ears, [], [], 0.05)[0]:
                for number in ear.numbers():
                    if number >= first:
                        arrived.setdefault(number - first, []).append(
                            ear.name)
        return [arrived.get(i, ["nowhere"]) for i in range(len(sample))]

    def misguided(self, sample):
        routes = self.routes()
        return [f"{source} to {target}: {'+'.join(where)}, should be {wanted}"
                for (source, target), where, wanted in zip(
                    sample, self.shoot(sample),
                    [self.expected(*one, routes) for one in sample])
                if where != [wanted]]

    def await_right(self, sample, within=15):
        """All packets of a volley go where they should."""
        wait_for(lambda: all_met(self.misguided(sample)), within,
                 "packets arrive where destination-first says")

    def rules(self):
        """(priority, source, destination, table) of the daemon's rules."""
        text = self.dut.ip(f"-{self.version}", "-d", "rule", "show")
        found = []
        for line in text.splitlines():
            match = re.match(r"(\d+):\s+from (\S+)(?: to (\S+))? "
                             r"lookup (\S+) proto babel", line)
            if match:
                found.append((int(match.group(1)), net(match.group(2)),
                              match.group(3), match.group(4)))
        return found

    def sources(self):
        return sorted({source for _, source, _, _ in self.rules()})

    def table(self, number):
        """(prefix, type, interface) of each route."""
        text = self.dut.ip(f"-{self.version}", "-j", "-d", "route", "show",
                           "table", str(number))
        return sorted((entry["dst"], entry.get("type", "unicast"),
                       entry.get("dev", ""))
                      for entry in json.loads(text or "[]"))

    def left_over(self):
        """Whatever is ours, anywhere."""
        routes = self.dut.ip(f"-{self.version}", "route", "show", "table",
                             "all", "proto", BABEL).split("\n")
        return [str(rule) for rule in self.rules()] + \
            [route for route in routes if route]


@pytest.fixture(params=WAYS)
def any_way(request):
    return request.param


@pytest.fixture(params=[pytest.param("ipv4", marks=slow), "ipv6-rules"])
def ruled(request):
    return request.param


@pytest.fixture
def chance():
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    return random.Random(seed)


def defaults(range_):
    """Two gateways with a default each, for neighbouring sources."""
    pool = range_.pool
    range_.export("g1", pool.everything, pool.sources[0])
    range_.export("g2", pool.everything, pool.sources[4])
    return range_.start("dut", "g1", "g2")


def test_two_gateways(lab, any_way, chance):
    """The case that all this is for, with a plain route beside."""
    range_ = Range(lab, any_way)
    range_.export("g3", range_.pool.destinations[1],
                  range_.pool.everything)
    defaults(range_).start("g3")
    sample = range_.sample(chance, 200)
    range_.await_right(sample)
    arrived = {where for one in sample for where in [range_.expected(
        *one, range_.routes())]}
    assert {"g1", "g2", "g3", "leaf"} <= arrived
    if any_way in RULED:
        assert range_.sources() == sorted(range_.pool.sources[i]
                                          for i in (0, 4))


@pytest.mark.peer_babeld
@pytest.mark.peer_bird
@pytest.mark.parametrize("way", ["ipv6-native", "ipv6-rules"])
def test_gateways_of_others(lab, way, chance):
    """Debian's babeld and BIRD tell us of defaults for some sources."""
    range_ = Range(lab, way)
    range_.programs = {"g1": PEER_BABELD, "g2": PEER_BIRD}
    pool = range_.pool
    range_.export("g3", pool.everything, pool.sources[2])
    defaults(range_).start("g3")
    sample = range_.sample(chance, 200)
    range_.await_right(sample, 30)
    assert {range_.expected(*one, range_.routes()) for one in sample} >= {
        "g1", "g2", "g3", "leaf"}
    range_.tell("g3", pool.everything, "del")
    del range_.exports["g3"][pool.everything]
    range_.await_right(sample)


@pytest.mark.parametrize("program", [
    pytest.param(PEER_BABELD, marks=pytest.mark.peer_babeld, id="babeld"),
    pytest.param(PEER_BIRD, marks=pytest.mark.peer_bird, id="bird")])
def test_gateways_for_others(lab, program, chance):
    """They hear of ours, and of what we take back."""
    range_ = Range(lab, "ipv6-native")
    range_.programs = {"dut": program}
    pool = range_.pool
    range_.export("g3", pool.everything, pool.sources[2])
    defaults(range_).start("g3")
    sample = range_.sample(chance, 200)
    range_.await_right(sample, 30)
    range_.tell("g3", pool.everything, "del")
    del range_.exports["g3"][pool.everything]
    range_.await_right(sample, 30)


@pytest.mark.parametrize("way", [
    "ipv4", pytest.param("ipv6-rules", marks=slow), "ipv6-native"])
def test_random_sets(lab, way, chance):
    """Overlapping routes of all kinds come and go.

    By the kernel's own lookup only defaults have sources: Linux (6.18
    still) does not find a plain route to another destination that has one
    for some source, and may lose sight of one when another is removed.
    """
    range_ = Range(lab, way)
    everything = range_.pool.everything
    for prefix in range_.pool.destinations:
        sources = [everything] + range_.pool.sources * (
            way in RULED or prefix == everything)
        for name in range_.GATEWAYS:
            source = chance.choice(sources)
            if all(range_.exports[other].get(prefix) != source
                   for other in range_.GATEWAYS):
                range_.exports[name][prefix] = source
    for name, exports in range_.exports.items():
        for prefix in exports:
            range_.tell(name, prefix)
    range_.start()
    planned = {name: dict(exports)
               for name, exports in range_.exports.items()}
    sample = range_.sample(chance, 300)
    range_.await_right(sample)
    for _ in range(6):
        for name, exports in planned.items():
            for prefix in chance.sample(sorted(exports, key=str),
                                        min(3, len(exports))):
                if prefix in range_.exports[name]:
                    del range_.exports[name][prefix]
                    range_.tell(name, prefix, "del")
                else:
                    range_.export(name, prefix, exports[prefix])
        range_.await_right(range_.sample(chance, 300), 30)


def test_others_come_and_go(lab, ruled, chance):
    """Static routes appear and vanish while source-specific ones stay."""
    range_ = Range(lab, ruled)
    defaults(range_)
    sample = range_.sample(chance, 100)
    range_.await_right(sample)
    prefix = range_.pool.destinations[3]
    port = range_.links["leaf"].end(range_.dut)
    arguments = [str(prefix), "via", range_.leaf.link_local("leaf-dut")
                 if range_.version == 6 else
                 range_.links["leaf"].end(range_.leaf).address4,
                 "dev", port.interface]
    known = range_.routes
    range_.dut.ip("route", "add", *arguments)
    range_.routes = lambda: known() + [
        (prefix, range_.pool.everything, "leaf")]
    range_.await_right(sample, 3)
    # Twice the same prefix, of which one goes: nothing changes.
    range_.dut.ip("route", "add", *arguments, "metric", "7777")
    range_.dut.ip("route", "del", *arguments, "metric", "7777")
    range_.await_right(sample, 3)
    range_.dut.ip("route", "del", *arguments)
    range_.routes = known
    range_.await_right(sample, 3)


def test_own_export_with_a_source(lab, ruled, chance):
    """What we export ourselves for a source wins over a wider one."""
    pool = Pool(WAYS[ruled][0])
    range_ = Range(lab, ruled, [
        f"redistribute ip {pool.everything} eq 0 proto 4 src-prefix "
        f"{pool.sources[1]}"])
    port = range_.links["leaf"].end(range_.dut)
    gateway = range_.leaf.link_local("leaf-dut") if range_.version == 6 \
        else range_.links["leaf"].end(range_.leaf).address4
    range_.dut.ip("route", "add", "default", "via", gateway,
                  "dev", port.interface, "proto", "static")
    range_.export("g1", pool.everything, pool.sources[0])
    range_.export("g2", pool.destinations[3], pool.sources[2])
    range_.start("dut", "g1", "g2")
    known = range_.routes
    range_.routes = lambda: known() + [
        (pool.everything, pool.everything, "leaf"),
        (pool.everything, pool.sources[1], "leaf")]
    sample = range_.sample(chance, 200)
    range_.await_right(sample)
    assert {range_.expected(*one, range_.routes()) for one in sample} \
        >= {"g1", "leaf", "g2"}
    # The rules come back in their order.
    range_.dut.ip(f"-{range_.version}", "rule", "del", "from",
                  str(pool.sources[1]), "to", str(pool.everything),
                  "lookup", "main")
    wait_for(lambda: len(range_.rules()) == 4, 2, "rule back")
    range_.await_right(sample, 3)


def test_rule_flush_is_repaired(lab, ruled, chance, figure):
    range_ = defaults(Range(lab, ruled))
    sample = range_.sample(chance, 100)
    range_.await_right(sample)
    before = sorted(range_.rules())
    for family in ("-4", "-6"):
        range_.dut.ip(family, "rule", "flush")
        range_.dut.ip(family, "rule", "add", "lookup", "main", "priority",
                      "32766")
    start = time.monotonic()
    wait_for(lambda: sorted(range_.rules()) == before, 2, "rules back")
    figure("flushed rules back", time.monotonic() - start)
    range_.await_right(sample, 3)
    # One by one, too; and those of others are let be.
    range_.dut.ip(f"-{range_.version}", "rule", "add", "from",
                  str(range_.pool.sources[4]), "lookup", "500")
    range_.dut.ip(f"-{range_.version}", "rule", "del", "priority",
                  str(before[0][0]))
    wait_for(lambda: sorted(range_.rules()) == before, 2,
             "rule back")
    assert "lookup 500" in range_.dut.ip(f"-{range_.version}", "rule")


def test_table_flush_is_repaired(lab, ruled, chance, figure):
    range_ = defaults(Range(lab, ruled))
    sample = range_.sample(chance, 100)
    range_.await_right(sample)
    tables = [number for _, _, _, number in range_.rules()]
    before = [range_.table(number) for number in tables]
    assert all(before)
    start = time.monotonic()
    for number in tables:
        range_.dut.ip(f"-{range_.version}", "route", "flush", "table",
                      number)

    def restored():
        """Whatever numbers the tables have now."""
        now = sorted(range_.table(number)
                     for _, _, _, number in range_.rules())
        return now == sorted(before) or Unmet(now)

    wait_for(restored, 2, "tables as before")
    figure("flushed tables back", time.monotonic() - start)
    range_.await_right(sample, 3)


def test_crash_leaves_nothing(lab, ruled, chance):
    """After kill -9 the next start removes what is not wanted any more,
    and nothing of others; an orderly end removes everything."""
    range_ = Range(lab, ruled)
    range_.dut.ip(f"-{range_.version}", "rule", "add", "from",
                  str(range_.pool.sources[2]), "lookup", "700",
                  "priority", "90", "protocol", BABEL)
    range_.dut.ip("route", "add", "unreachable",
                  str(range_.pool.unused), "table", "700")
    mine = f"from {range_.pool.sources[2]} lookup 700"
    defaults(range_)
    sample = range_.sample(chance, 100)
    range_.await_right(sample)
    assert len(range_.sources()) == 3
    range_.daemons["dut"].kill()
    assert len(range_.sources()) == 3
    assert len(range_.left_over()) > 4
    range_.daemons["g2"].kill()
    del range_.exports["g2"][range_.pool.everything]
    range_.daemons["dut"].start()
    range_.await_right(sample)
    assert range_.sources() == sorted([range_.pool.sources[0],
                                       range_.pool.sources[2]])
    assert range_.daemons["dut"].terminate() == 0
    assert [str(rule) for rule in range_.rules()] == range_.left_over()
    assert len(range_.rules()) == 1
    assert mine in range_.dut.ip(f"-{range_.version}", "rule")
    assert range_.table("700") != []


def test_tables_of_others_are_skipped(lab, ruled):
    """The options say where to begin; what is in use is left alone."""
    range_ = Range(lab, ruled, ["first-table-number 1000",
                                "first-rule-priority 2000",
                                "import-table 1002"])
    prefix = str(range_.pool.destinations[6])
    range_.dut.ip("route", "add", "unreachable", prefix, "table", "1000")
    range_.dut.ip(f"-{range_.version}", "rule", "add", "fwmark", "7",
                  "lookup", "1001")
    # One that comes later, too.
    defaults(range_)
    wait_for(lambda: len(range_.rules()) == 2, 10, "rules")
    base = 32 if range_.version == 4 else 128
    assert sorted(range_.rules()) == sorted(
        (2000 + base - source.prefixlen, source, None, table)
        for source, table in zip(
            [source for _, source, _, _ in sorted(
                range_.rules(), key=lambda rule: rule[3])],
            ["1003", "1004"]))
    assert [route[0] for route in range_.table("1000")] == [prefix]


def test_many_sources(lab, ruled, figure, chance):
    """Hundreds of source prefixes, each with its table."""
    count = 300
    range_ = Range(lab, ruled)
    supernet = net("10.64.0.0/10" if range_.version == 4 else
                   "2001:db8:4000::/34")
    length = 24 if range_.version == 4 else 56
    sources = [supernet[i << ((32 if range_.version == 4 else 128)
                              - length)] for i in range(count)]
    sources = [net(f"{address}/{length}") for address in sources]
    targets = [net(f"{range_.pool.destinations[1][i << 8]}/32")
               if range_.version == 4 else
               net(f"{range_.pool.destinations[1][i << 64]}/64")
               for i in range(count)]
    # A wide destination for each source, and one that conflicts with all.
    range_.export("g2", range_.pool.destinations[3],
                  range_.pool.everything)
    for prefix, source in zip(targets, sources):
        range_.exports["g1"][prefix] = source
    g1 = range_.gateways[0]
    g1.ip_batch([f"route add blackhole {prefix} proto static"
                 for prefix in targets])
    start = time.monotonic()
    range_.start("dut", "g1", "g2")
    wait_for(lambda: len(range_.rules()) == count or
             Unmet(len(range_.rules())), 20, "all rules")
    figure(f"{count} sources installed", time.monotonic() - start)
    range_.await_right([
        (source[5], target[0])
        for source, target in chance.sample(list(zip(sources, targets)),
                                            100)])
    range_.daemons["g1"].kill()
    wait_for(lambda: range_.rules() == [] or Unmet(len(range_.rules())),
             20, "all rules gone")


def test_no_packet_goes_astray(lab, ruled):
    """While a source-specific default comes and goes, packets to what is
    more specific go nowhere else, and none is lost."""
    range_ = Range(lab, ruled)
    pool = range_.pool
    range_.export("g3", pool.destinations[1], pool.everything)
    defaults(range_).start("g3")
    safe = [(pool.sources[0][77], target) for target in
            (pool.leaf[5], pool.foreign[9], pool.destinations[2][99])]
    probe = [(pool.sources[0][77], pool.destinations[6][7])]
    routes = range_.routes()
    wanted = [[range_.expected(*one, routes)] for one in safe]
    assert wanted == [["leaf"], ["leaf"], ["g3"]]
    range_.await_right(safe + probe)
    volleys, seen = 0, set()
    for turn in range(6):
        range_.tell("g1", pool.everything, "del" if turn % 2 == 0
                    else "add")
        end = "nowhere" if turn % 2 == 0 else "g1"

        def settled():
            nonlocal volleys
            *where, last = range_.shoot(safe * 20 + probe)
            assert where == wanted * 20
            volleys += 1
            seen.update(last)
            return last == [end]

        wait_for(settled, 10, f"the default is {end}", 0)
    assert seen == {"g1", "nowhere"} and volleys > 6
