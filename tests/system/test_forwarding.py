"""Packets through our own routers: none is lost while routes are replaced,
and IPv4 crosses links that have none."""

import itertools

import pytest

from daemons import Babeld, OURS
from flood import Flood
from lab import wait_for

SECONDS = 3


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
