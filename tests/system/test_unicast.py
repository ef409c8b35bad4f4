"""Links without multicast, and interfaces that avoid it: static neighbours,
among ourselves and with others, and what is said at the end."""

import json
import time

import pytest

from daemons import OURS, PEER_BABELD, Babeld, Bird
from lab import Tables, all_met, run, wait_for
from probe import unanswered
from speaker import Wire

HELLO = 0.4


def hardware_address(port):
    shown = json.loads(port.router.ip("-j", "link", "show", port.interface))
    return shown[0]["address"]


class Island:
    """A LAN whose bridge lets no multicast through to some ports; they know
    the hardware addresses of the others, for nobody can ask for them."""

    def __init__(self, lab, names, deaf, hello=HELLO):
        self.lab, self.hello = lab, hello
        self.routers = [lab.router(name) for name in names]
        self.lan = lab.lan("island", *self.routers)
        lab.build()
        bridge = self.lan.namespace
        for index, port in enumerate(self.lan.ends):
            for other in self.lan.ends:
                if other is not port:
                    port.router.ip(
                        "neigh", "replace", self.address(other.router), "dev",
                        port.interface, "lladdr", hardware_address(other))
            if port.router.name in deaf:
                run("bridge", "-n", bridge.full_name, "link", "set", "dev",
                    f"p{index}", "mcast_flood", "off")
        self.wires = {port.router: Wire(port) for port in self.lan.ends}
        for wire in self.wires.values():
            lab.closers.append(wire.close)

    def address(self, router):
        return router.link_local(self.lan.end(router).interface)

    def ours(self, router, *neighbours):
        name = self.lan.end(router).interface
        return Babeld(router, OURS, self.hello, config=[
            f"neighbour {self.address(there)} if {name}"
            for there in neighbours])

    @staticmethod
    def explained(daemon):
        """What a daemon says of its only neighbour."""
        with daemon.control() as control:
            words = control.request("explain neighbour")[0].split()
        return dict(zip(words[2::2], words[3::2]))

    def multicasts(self, router):
        """How many packets to the group a router has heard."""
        return sum(not datagram.unicast
                   for datagram in self.wires[router].heard)


def test_a_chain_of_declared_neighbours(lab, figure):
    """a and c speak with b alone, which passes on what it hears, although
    all are on one link; what ends is told."""
    island = Island(lab, "abc", "abc")
    a, b, c = island.routers
    daemons = [island.ours(a, b), island.ours(b, a, c), island.ours(c, b)]
    began = time.monotonic()
    for daemon in daemons:
        daemon.start()

    def problems():
        return Tables(lab).problems(shortest=False)
    wait_for(lambda: all_met(problems()), 20, "routes")
    figure("routes", time.monotonic() - began)
    assert Tables(lab).walk(a, c, c.prefixes[0]) == [a, b, c]
    assert unanswered(island.routers) == []
    for daemon in daemons:
        daemon.await_agreement()
    began = time.monotonic()
    assert daemons[2].terminate() == 0
    wait_for(lambda: not {route.prefix for route in a.routes()
                          if route.kind == "unicast"} & set(c.prefixes), 3,
             "a knows that c is gone")
    figure("c leaves, a knows", time.monotonic() - began)
    assert [island.multicasts(router) for router in island.routers] == [0] * 3


@pytest.mark.parametrize("kind", [
    pytest.param("babeld", marks=pytest.mark.peer_babeld),
    pytest.param("bird", marks=pytest.mark.peer_bird)])
def test_a_peer_that_hears_no_multicast(lab, figure, kind):
    """It takes our Hellos for ordinary ones, which they are."""
    island = Island(lab, "ab", "b")
    a, b = island.routers
    ours = island.ours(a, b)
    peer = Babeld(b, PEER_BABELD, HELLO) if kind == "babeld" else \
        Bird(b, hello=HELLO)
    began = time.monotonic()
    peer.start()
    ours.start()
    wait_for(lambda: all_met(Tables(lab).problems()), 20, "routes")
    figure("routes", time.monotonic() - began)
    assert unanswered(island.routers) == []
    ours.await_agreement()
    assert island.multicasts(b) == 0


@pytest.mark.peer_babeld
@pytest.mark.parametrize("hello, seconds", [
    (HELLO, 5), pytest.param(4, 60, marks=pytest.mark.slow)])
def test_a_babeld_without_multicast_at_all(lab, figure, hello, seconds):
    """Its Hellos are multicast, but for those that carry time stamps: these
    are unscheduled, and come with its IHUs."""
    island = Island(lab, "ab", "ab", hello)
    a, b = island.routers
    ours = island.ours(a, b)
    ours.config.append("default enable-timestamps true")
    peer = Babeld(b, PEER_BABELD, hello, [
        f"interface {name} unicast true enable-timestamps true"
        for name in b.interfaces])
    began = time.monotonic()
    peer.start()
    ours.start()
    # Two of its IHUs make a link, and each comes after three intervals.
    wait_for(lambda: all_met(Tables(lab).problems()), max(20, 10 * hello),
             "routes")
    figure("routes", time.monotonic() - began)
    stays = time.monotonic() + seconds
    while time.monotonic() < stays:
        assert Tables(lab).problems() == []
        time.sleep(hello / 4)
    assert island.explained(ours)["static"] == "yes"
    assert island.multicasts(a) == island.multicasts(b) == 0


@pytest.mark.peer_bird
def test_a_bird_without_multicast_at_all(lab):
    """It says Hello by multicast alone, so we cannot be its neighbour; but
    whoever asks is told what is wrong."""
    island = Island(lab, "ab", "ab")
    a, b = island.routers
    ours = island.ours(a, b)
    Bird(b, hello=HELLO).start()
    ours.start()
    wait_for(lambda: island.explained(ours).get("hears-us") == "yes", 20,
             "BIRD says that it hears us")
    said = island.explained(ours)
    assert (said["link"], said["heard"], said["static"]) == \
        ("no-hello-yet", "no", "yes")


def test_an_interface_that_speaks_by_unicast(lab):
    """Round trips are measured there, too, and what ends is told."""
    a, b = lab.router("a"), lab.router("b")
    link = lab.link(a, b)
    lab.build()
    daemons = [Babeld(router, OURS, HELLO, config=[
        "default type tunnel unicast true"]) for router in (a, b)]
    wire = Wire(link.end(a))
    lab.closers.append(wire.close)
    for daemon in daemons:
        daemon.start()
    wait_for(lambda: all_met(Tables(lab).problems()), 20, "routes")
    for daemon in daemons:
        wait_for(lambda: [one for one in daemon.dump().all("neighbour")
                          if "rtt" in one.fields], 5, "a round trip")
    assert daemons[1].terminate() == 0
    wait_for(lambda: not [route for route in a.routes()
                          if (route.protocol, route.kind) ==
                          ("babel", "unicast")], 0.5,
             "a knows that b is gone")
    last = [tlv.tlv for datagram in wire.heard if not datagram.unicast
            for tlv in datagram.decoded.tlvs]
    assert last and set(last) == {"Hello"}
