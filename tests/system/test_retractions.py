"""What we withdraw goes at once from routers of every make.

origin - ours - peer: routes of both of ours are withdrawn and announced
again.  Updates are 100 s apart, so that nothing but the retraction itself
can make the peer give a route up.
"""

import time

import pytest

from daemons import Babeld, Bird, Frr, OURS, PEER_BABELD
from lab import all_met, wait_for

HELLO = 1
WITHIN = 20			# of 100 s to the next update, 350 s to expiry
PROTOCOL = "77"
# FRR does not use a next hop that it has a Babel route to: the addresses of
# the links are not announced.
OURS_CONFIG = ["redistribute local ip 10.64.0.0/10 deny",
               "redistribute proto 77 type unreachable allow",
               "default update-interval 100"]

PEERS = {
    "babeld": lambda router: Babeld(router, PEER_BABELD, HELLO,
                                    ["random-id true"]),
    "bird": lambda router: Bird(router, hello=HELLO),
    "frr": lambda router: Frr(router, HELLO),
}

# By the router that announces them.
PLAIN = {
    "ours": ["10.9.0.0/24", "10.9.1.1/32", "10.9.8.0/21",
             "2001:db8:9::/48", "2001:db8:a::1/128", "2001:db8:b::/61"],
    "origin": ["10.19.0.0/24", "10.19.1.1/32", "0.0.0.0/0",
               "2001:db8:19::/48", "2001:db8:1a::1/128", "::/0"],
}
SOURCE_SPECIFIC = {
    "ours": ["2001:db8:c::/48 from 2001:db8:d::/48"],
    "origin": ["::/0 from 2001:db8:1d::/48"],
}


class Chain:
    def __init__(self, lab, figure, kind):
        self.figure = figure
        self.routers = [lab.router(name)
                        for name in ("origin", "ours", "peer")]
        origin, ours, peer = self.routers
        lab.link(origin, ours)
        lab.link(ours, peer)
        lab.build()
        self.peer = peer
        self.prefixes = PLAIN
        if kind == "babeld":
            self.prefixes = {name: PLAIN[name] + SOURCE_SPECIFIC[name]
                             for name in PLAIN}
        self.daemons = [Babeld(router, OURS, HELLO, OURS_CONFIG)
                        for router in (origin, ours)]
        self.daemons.append(PEERS[kind](peer))
        for daemon in self.daemons:
            daemon.start()

    def change(self, verb):
        """Add or delete all that is announced."""
        for router in self.routers:
            router.ip_batch(
                f"route {verb} unreachable {prefix} proto {PROTOCOL}"
                for prefix in self.prefixes.get(router.name, ()))

    def reachable(self):
        """The prefixes that the peer's kernel forwards."""
        return {f"{route.prefix} from {route.source}" if route.source
                else route.prefix
                for route in self.peer.routes()
                if route.kind == "unicast" and route.gateway}

    def settle(self, event, present):
        prefixes = {prefix for some in self.prefixes.values()
                    for prefix in some}
        began = time.monotonic()
        wait_for(lambda: all_met(sorted(
            prefixes - self.reachable() if present
            else prefixes & self.reachable())), WITHIN, event)
        self.figure(event, time.monotonic() - began)


@pytest.mark.covers("F40")
@pytest.mark.parametrize("kind", [
    pytest.param(kind, marks=getattr(pytest.mark, f"peer_{kind}"))
    for kind in PEERS])
def test_withdrawn_and_announced_again(lab, figure, kind):
    chain = Chain(lab, figure, kind)
    chain.change("add")
    chain.settle("announced", True)
    for time_ in ("", " again"):
        chain.change("del")
        chain.settle(f"withdrawn{time_}", False)
        chain.change("add")
        chain.settle(f"announced after that{time_}", True)
    # All of a router at once: the wildcard retraction, forwarded.
    chain.daemons[0].terminate()
    chain.prefixes = {"origin": chain.prefixes["origin"]}
    chain.settle("its router leaves", False)
