"""Interfaces that come, go, return as another, and change their names, and
the lines of the configuration that are for them: what is said on the wire
tells which."""

import signal
import socket
import struct
import time

import pytest

import packet as p
from bench import OTHER, PREFIX
from daemons import OURS, Babeld
from lab import Timeout, wait_for

CONFIG = [
    'interface "net-*" hello-interval 0.3',
    'interface "net-a*" hello-interval 0.4',	# too late for all of these
    "interface net-ab hello-interval 0.5",
    'interface "[x-z]?" hello-interval 0.6',
]


class Site:
    """The daemon's machine, and one at the far end of all its links."""

    def __init__(self, lab):
        self.near, self.far = lab.router("near"), lab.router("far")
        lab.build()
        self.daemon = Babeld(self.near, OURS, config=CONFIG)
        self.ear = self.far.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.ear.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.ear.bind(("::", p.PORT))

    def plug(self, name, index):
        """A new link, which the far end calls after its index."""
        self.near.ip("link", "add", "name", name, "index", str(index),
                     "type", "veth", "peer", "name", f"far{index}", "netns",
                     self.far.full_name)
        self.far.ip("link", "set", f"far{index}", "up")
        with self.far.entered():
            group = struct.pack("@16sI", socket.inet_pton(
                socket.AF_INET6, p.GROUP), socket.if_nametoindex(
                    f"far{index}"))
        self.ear.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                            group)
        self.near.ip("link", "set", name, "up")

    def unplug(self, name):
        self.near.ip("link", "del", name)

    def rename(self, old, new):
        self.near.ip("link", "set", old, "down")
        self.near.ip("link", "set", old, "name", new)
        self.near.ip("link", "set", new, "up")

    def hear(self, index, within=5):
        """The interval, in seconds, that Hellos on the link promise."""
        with self.far.entered():
            scope = socket.if_nametoindex(f"far{index}")
        self.drain()
        found = []

        def listen():
            for address, decoded in self.drain():
                if address[3] == scope:
                    found.extend(tlv.interval_cs / 100
                                 for tlv in decoded.tlvs
                                 if tlv.tlv == "Hello")
            return found
        return wait_for(listen, within, f"a Hello on far{index}")[0]

    def drain(self):
        heard = []
        while True:
            try:
                data, address = self.ear.recvfrom(2048, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return heard
            source = address[0].partition("%")[0]
            heard.append((address, p.decode(data, source)))

    def names(self):
        return {entry.id for entry in self.daemon.dump().all("interface")}


@pytest.fixture
def site(lab):
    made = Site(lab)
    yield made
    made.ear.close()
    assert made.daemon.terminate() == 0


def test_which_line_is_for_an_interface(site):
    """An exact name before patterns, an early pattern before late ones."""
    for index, name in enumerate(("net-ab", "net-ac", "y1"), 100):
        site.plug(name, index)
    site.plug("other", 103)
    site.daemon.start()
    assert [site.hear(index) for index in (100, 101, 102)] == [0.5, 0.3, 0.6]
    with pytest.raises(Timeout):
        site.hear(103, 1)
    assert site.names() == {"net-ab", "net-ac", "y1"}


def test_an_interface_returns_as_another(site):
    site.daemon.start()
    assert site.names() == {"net-ab"}, "that is named, and no pattern"
    for index in (100, 200, 201):
        site.plug("net-ab", index)
        site.plug("net-x", index + 100)
        assert site.hear(index) == 0.5 and site.hear(index + 100) == 0.3
        site.unplug("net-ab")
        site.unplug("net-x")
        wait_for(lambda: site.names() == {"net-ab"}, 3,
                 "what came by a pattern goes with its link")
        down, = site.daemon.dump().all("interface")
        assert down["up"] == "false"


def test_an_interface_is_renamed(site):
    """It is run as its new name has it, or not at all."""
    site.plug("net-ac", 100)
    site.daemon.start()
    assert site.hear(100) == 0.3
    site.rename("net-ac", "net-ab")
    wait_for(lambda: site.names() == {"net-ab"}, 3, "the old name is gone")
    assert site.hear(100) == 0.5
    site.rename("net-ab", "other")
    wait_for(lambda: site.daemon.dump().find("interface", up="false"), 3,
             "nothing has the name")
    with pytest.raises(Timeout):
        site.hear(100, 1)
    site.rename("other", "z1")
    assert site.hear(100) == 0.6
    assert site.names() == {"net-ab", "z1"}


def test_a_parameter_is_restored_under_the_new_name(site):
    site.plug("net-ac", 100)
    site.near.sysctl({"ipv4/conf/net-ac/rp_filter": 1})
    site.daemon.start()
    assert site.hear(100) == 0.3
    site.daemon.process.send_signal(signal.SIGSTOP)
    site.rename("net-ac", "net-ab")
    site.daemon.process.send_signal(signal.SIGCONT)
    assert site.hear(100) == 0.5

    def parameter():
        return site.near.read("/proc/sys/net/ipv4/conf/net-ab/rp_filter")
    assert parameter() == "0\n"
    assert site.daemon.terminate() == 0
    assert parameter() == "1\n"


def test_a_link_that_was_down_for_a_moment(lab, figure):
    """Shorter than the neighbour could notice, at default intervals."""
    here, there = lab.router("here"), lab.router("there")
    link = lab.link(here, there)
    lab.build()
    daemons = [Babeld(router, OURS).start() for router in (here, there)]

    def is_reached():
        return any(route.prefix == f"{there.address6}/128"
                   and route.kind == "unicast" for route in here.routes())

    wait_for(is_reached, 15, "the route")
    port = link.end(here).interface
    began = time.monotonic()
    here.ip_batch([f"link set {port} down", f"link set {port} up"])
    wait_for(is_reached, 2, "the route again")
    figure("back after", time.monotonic() - began)
    for daemon in daemons:
        assert daemon.terminate() == 0


def test_names_that_no_interface_can_have(site):
    """They are asked for in vain, and not spoken of: clients would take
    their parts for something else, or the first 15 bytes for another."""
    whole = "net-ab-net-ab-n"
    site.plug(whole, 100)
    names = [whole, whole + "e", "net-ab up", "net\tab", "net/ab"]
    site.daemon.config = [f'interface "{name}"' for name in names]
    site.daemon.start()
    site.hear(100)
    assert site.names() == {whole}
    with site.daemon.control() as control:
        assert len(control.request("monitor interface")) == 2
        for name in (whole + "f", "net-ab down"):
            assert control.request(f'interface "{name}"') == ["ok"]
            assert control.request(f'flush interface "{name}"') == ["ok"]
    for name in names[1:]:
        shown = name.replace("\t", "\\x09")
        assert f"{shown}: no interface can have" in site.daemon.log()


def test_filters_know_what_came_later(make_bench):
    """An interface is looked up when a rule is applied, and by its name of
    that moment."""
    bench = make_bench(["east"], config=[
        'redistribute if "late?" metric 123', "redistribute local deny"])
    bench.start()
    east = bench.east
    bench.router.ip("link", "add", "late1", "type", "veth", "peer", "name",
                    "peer")
    for name in ("peer", "late1"):
        bench.router.ip("link", "set", name, "up")
    bench.router.ip("route", "add", PREFIX, "dev", "late1", "proto", "44")
    east.expect("Update", 5, prefix=PREFIX, metric=123, since=0)
    bench.router.ip("route", "add", OTHER, "dev", "peer", "proto", "44")
    east.expect_none("Update", 0.5, prefix=OTHER, since=0)
    # The route stays where it is, which is now called otherwise.
    east.mark()
    bench.router.ip("link", "set", "late1", "name", "early")
    east.expect("Update", 5, prefix=PREFIX, metric=p.INFINITY)
    bench.router.ip("link", "set", "peer", "name", "late2")
    east.expect("Update", 5, prefix=OTHER, metric=123)


def test_link_local_auto(lab):
    """An interface that the kernel is giving an address, though not ready
    for use yet, is not given another one; one that lost its own is."""
    near, far = lab.router("near"), lab.router("far")
    link = lab.link(near, far)
    lab.build()
    name = link.end(near).interface
    near.ip("link", "set", name, "down")
    near.sysctl({f"ipv6/conf/{name}/accept_dad": 1,
                 f"ipv6/conf/{name}/dad_transmits": 1})
    daemon = Babeld(near, OURS, config=["default link-local auto"]).start()

    def addresses():
        return {line.split()[1] for line in near.ip(
            "-6", "addr", "show", "dev", name).splitlines()
            if "inet6" in line}

    def runs():
        found = daemon.dump().find("interface", up="true")
        return found and found[0]["ipv6"] + "/64" in addresses()
    wait_for(lambda: daemon.dump().find("interface", up="false"), 5,
             "the interface")
    near.ip("link", "set", name, "up")
    wait_for(runs, 5, "it runs")
    own = addresses()
    assert len(own) == 1
    near.ip("addr", "del", own.pop(), "dev", name)
    wait_for(runs, 5, "it runs with another address")
    assert len(addresses()) == 1
    assert daemon.terminate() == 0
    assert addresses() == set()


def test_a_port_of_a_bridge_is_named(make_bench):
    """It receives nothing, and no address would help."""
    bench = make_bench()
    bench.router.ip("link", "add", "br-lan", "type", "bridge")
    bench.router.ip("link", "set", "dut-east", "master", "br-lan")
    bench.start()
    said = "interface {}: it is a port of bridge br-lan, which takes all"
    wait_for(lambda: said.format("dut-east") in bench.daemon.log(), 5,
             "the log names the bridge")
    with bench.daemon.control() as control:
        told = "\n".join(control.request("explain interface dut-east"))
    assert "port-of bridge-br-lan" in told, told
    # Another becomes one under way.
    assert said.format("dut-west") not in bench.daemon.log()
    bench.router.ip("link", "set", "dut-west", "master", "br-lan")
    wait_for(lambda: said.format("dut-west") in bench.daemon.log(), 5,
             "the log names the bridge again")
    assert "link-local auto" not in bench.daemon.log()
