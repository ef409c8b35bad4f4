"""Packets through our own routers: none is lost while routes are replaced,
and IPv4 crosses links that have none."""

import contextlib
import itertools
import re
import socket

import pytest

from daemons import Babeld, OURS, PEER_BABELD
from flood import Flood
from lab import wait_for
from probe import Flow, unanswered

SECONDS = 3
IP_RECVERR = 11


class Diamond:
    """source - dut - {left, right} - sink; the daemons learn of the sink's
    addresses from static routes on either side."""

    SIDES = ("left", "right")

    def __init__(self, lab):
        self.source, self.dut, self.sink = (
            lab.router(name) for name in ("source", "dut", "sink"))
        self.sides = [lab.router(name) for name in self.SIDES]
        first = lab.link(self.source, self.dut)
        near = [lab.link(self.dut, side) for side in self.sides]
        far = [lab.link(side, self.sink) for side in self.sides]
        lab.build()
        for side, link in zip(self.sides, far):
            port, sink = link.end(side), link.end(self.sink)
            side.ip("route", "add", self.sink.address4, "via", sink.address4,
                    "proto", "44")
            side.ip("route", "add", self.sink.address6, "via",
                    self.sink.link_local(sink.interface), "dev",
                    port.interface, "proto", "44")
        port, gateway = first.end(self.source), first.end(self.dut)
        self.source.ip("route", "add", "default", "via", gateway.address4)
        self.source.ip("route", "add", "default", "via",
                       self.dut.link_local(gateway.interface), "dev",
                       port.interface)
        self.daemons = [
            Babeld(router, OURS, hello=0.4, interfaces=[
                link.end(router).interface for link in links],
                config=["redistribute proto 44", "redistribute local deny",
                        "smoothing-half-life 0"])
            for router, links in [(self.dut, near)] + [
                (side, [link]) for side, link in zip(self.sides, near)]]

    def start(self):
        for daemon in self.daemons:
            daemon.start()
        for target in (self.sink.address4, self.sink.address6):
            wait_for(lambda: self.way(target), 10, f"a route to {target}")
        return self

    def way(self, target):
        """The side that the dut's kernel sends it to, or None."""
        for route in self.dut.routes():
            if route.prefix.split("/")[0] == target:
                return route.interface.removeprefix("dut-")
        return None

    def prefer(self, control, side, target):
        """The metric by the other side becomes the worse one."""
        other = self.SIDES[1 - self.SIDES.index(side)]
        for request in ("flush in", f"in if dut-{other} metric 500"):
            assert control.request(request) == ["ok"]
        wait_for(lambda: self.way(target) == side, 5, f"{target} by {side}",
                 0.005)


@pytest.mark.covers("Q12")
@pytest.mark.parametrize("version", ["address4", "address6"])
def test_no_packet_is_lost_across_metric_flaps(lab, figure, version):
    diamond = Diamond(lab).start()
    target = getattr(diamond.sink, version)
    turns = itertools.cycle(diamond.SIDES)
    flaps = 0

    with diamond.daemons[0].control() as control, \
            Flood(diamond.source, diamond.sink, target) as flood:
        def flap():
            nonlocal flaps
            diamond.prefer(control, next(turns), target)
            flaps += 1
        for _ in range(4):
            flap()
            flood.warm_up()
        for _ in range(3):	# until the machine is idle enough
            flaps = 0
            flood.run(SECONDS, flap)
            assert flaps >= 10
            assert (flood.lost, flood.repeated) == (0, 0)
            if flood.achieved >= 20000:
                break
        figure(f"{flaps} flaps at {flood.achieved:.0f} packets/s", SECONDS)
        assert flood.achieved >= 20000


class BareLine:
    """left - middle - right, without IPv4 addresses on the links; the one in
    the middle has none at all."""

    def __init__(self, lab, programs):
        self.routers = [lab.router(name)
                        for name in ("left", "middle", "right")]
        self.left, self.middle, self.right = self.routers
        self.links = [lab.link(*ends, ipv4=False)
                      for ends in itertools.pairwise(self.routers)]
        lab.build()
        self.middle.ip("-4", "addr", "flush", "dev", "lo", "scope", "global")
        self.daemons = [
            Babeld(router, program, hello=0.4, config=(
                ["default v4-via-v6 true"] if program == PEER_BABELD else []))
            for router, program in zip(self.routers, programs)]

    def start(self):
        for daemon in self.daemons:
            daemon.start()
        return self

    def gateway(self, router, target):
        """Of the only route that a router has to another one, or None."""
        found = [route.gateway for route in router.routes()
                 if route.prefix == f"{target.address4}/32"]
        assert len(found) < 2, found
        return found[0] if found else None


def time_exceeded(router, target, within=5):
    """Who says that a packet with one hop to live died."""
    with router.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        sender.bind((router.address4, 0))
        sender.sendto(b"x", (target, 33434))

        def error():
            with contextlib.suppress(BlockingIOError):
                return sender.recvmsg(512, 512, socket.MSG_ERRQUEUE
                                      | socket.MSG_DONTWAIT)[1]
            return None
        (_, _, data), = wait_for(error, within, "an ICMP error")
    # struct sock_extended_err, then the offender's struct sockaddr_in.
    kind, code = data[5], data[6]
    assert (kind, code) == (11, 0)
    return socket.inet_ntoa(data[20:24])


@pytest.mark.parametrize("programs", [
    pytest.param([OURS, OURS, OURS], id="ours"),
    pytest.param([PEER_BABELD, OURS, PEER_BABELD], id="among-babelds",
                 marks=pytest.mark.peer_babeld),
    pytest.param([OURS, PEER_BABELD, OURS], id="around-babeld",
                 marks=pytest.mark.peer_babeld)])
def test_ipv4_over_links_without(lab, programs):
    line = BareLine(lab, programs).start()
    shown = line.middle.ip("-4", "addr")
    assert re.findall(r"inet (\S+)", shown) == ["127.0.0.1/8"], shown
    ends = [line.left, line.right]
    assert unanswered(ends, within=15) == []
    for router, target in ((line.left, line.right), (line.right, line.left),
                           (line.middle, line.left)):
        assert line.gateway(router, target).startswith("fe80:")
    # The one without any address can still complain (RFC 7600).
    assert time_exceeded(line.left, line.right.address4) == "192.0.0.8"
    assert all(daemon.terminate() == 0 for daemon in line.daemons)


def test_a_link_is_given_ipv4(lab):
    """From then on its next hops are IPv4; the other link stays as it is."""
    line = BareLine(lab, [OURS] * 3).start()
    ends = [line.left, line.right]
    assert unanswered(ends, within=15) == []
    with Flow(*ends, versions=(4,)) as flow:
        flow.await_flowing(5)
        for number, end in enumerate(line.links[0].ends, 1):
            end.router.ip("addr", "add", f"192.0.2.{number}/24", "dev",
                          end.interface)
        wait_for(lambda: line.gateway(*ends) == "192.0.2.2", 10,
                 "the IPv4 gateway")
        flow.await_flowing(5)
        for number, end in enumerate(line.links[0].ends, 1):
            end.router.ip("addr", "del", f"192.0.2.{number}/24", "dev",
                          end.interface)
        wait_for(lambda: (line.gateway(*ends) or "").startswith("fe80:"), 10,
                 "the IPv6 gateway again")
        flow.await_flowing(5)
    assert line.gateway(line.right, line.left).startswith("fe80:")
