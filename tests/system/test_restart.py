"""A router is killed and started again at once while a prefix behind it goes.

origin - restarted - neighbour, without split horizon.  The restarted router
has forgotten its feasibility distances, and its neighbour has not noticed
that it was away: it still uses it, and announces the prefix to it.  Each
would be the other's next hop until the route expires, 17 minutes later.
"""

import time

import pytest

from daemons import Babeld, Bird, OURS, PEER_BABELD
from lab import all_met, wait_for

HELLO = 1
UPDATE = 300
WITHIN = 20			# of 300 s to the next update, 1050 s to expiry
GOING = ["10.9.0.0/24", "2001:db8:9::/48"]
COMING = ["10.9.1.0/24", "2001:db8:a::/48"]
CONFIG = ["redistribute local deny", "redistribute proto 77 allow",
          f"default update-interval {UPDATE} split-horizon false"]
OURS_CONFIG = [*CONFIG, "redistribute proto 77 type unreachable allow"]

KINDS = {
    "ours": lambda router: Babeld(router, OURS, HELLO, OURS_CONFIG),
    "babeld": lambda router: Babeld(router, PEER_BABELD, HELLO,
                                    [*CONFIG, "random-id true"]),
    # It knows no split horizon.
    "bird": lambda router: Bird(router, hello=HELLO, update=UPDATE),
}



PLACES = [("ours", "ours"), ("ours", "babeld"), ("ours", "bird"),
          ("babeld", "ours"), ("bird", "ours")]


class Line:
    def __init__(self, lab, kinds):
        self.routers = [lab.router(name)
                        for name in ("origin", "restarted", "neighbour")]
        self.origin, self.restarted, self.neighbour = self.routers
        lab.link(self.origin, self.restarted)
        self.between = lab.link(self.restarted, self.neighbour)
        lab.build()
        self.daemons = [KINDS[kind](router)
                        for kind, router in zip(("ours", *kinds),
                                                self.routers)]
        for daemon in self.daemons:
            daemon.start()

    def change(self, verb, prefixes):
        self.origin.ip_batch(f"route {verb} unreachable {prefix} proto 77"
                             for prefix in prefixes)

    def forwarded(self, router):
        """The prefixes that the router forwards to the other of the two."""
        port = self.between.end(router).interface
        return {route.prefix for route in router.routes()
                if route.kind == "unicast" and route.interface == port}

    def arrive(self, prefixes):
        wait_for(lambda: self.forwarded(self.neighbour) >= set(prefixes),
                 WITHIN, "the neighbour forwards")

    def in_use(self):
        """Of the prefixes that went.  What a killed babeld leaves in its
        kernel leads to the origin, and is not counted."""
        return sorted(set(GOING) & (self.forwarded(self.restarted)
                                    | self.forwarded(self.neighbour)))


@pytest.mark.covers("B40")
@pytest.mark.parametrize("kinds", [
    pytest.param(kinds, id="-".join(kinds), marks=[
        getattr(pytest.mark, f"peer_{kind}") for kind in kinds
        if kind != "ours"]) for kinds in PLACES])
def test_prefix_goes_during_a_restart(lab, figure, kinds):
    line = Line(lab, kinds)
    line.change("add", GOING)
    line.arrive(GOING)
    daemon = line.daemons[1]
    daemon.kill()
    daemon.wait()
    line.change("del", GOING)
    daemon.start()
    began = time.monotonic()
    wait_for(lambda: all_met(line.in_use()), WITHIN, "the prefix is gone")
    figure("gone after the start", time.monotonic() - began)
    # Everything has been exchanged anew when news come through.
    line.change("add", COMING)
    line.arrive(COMING)
    wait_for(lambda: all_met(line.in_use()), WITHIN, "it is gone for good")
    figure("gone for good", time.monotonic() - began)
