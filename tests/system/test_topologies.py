"""Our daemon among Debian's babeld and BIRD: lines, rings, meshes.

Each scenario starts from nothing and then goes through the troubles of a
network's life.  After every step the kernel tables of all routers are
walked (every pair of routers by a path, the shortest one where all are
ours; nothing left towards the lost ones), `ip route` is compared with what
our daemons say, and all live pairs ping, in IPv4 and IPv6.
"""

import itertools
import time

import pytest

from daemons import Babeld, Bird, OURS, PEER_BABELD
from lab import Tables, all_met, wait_for
from probe import Flow, unanswered

HELLO = 0.4
SETTLE = 40 * HELLO  # neighbours need some Hellos and updates

# Debian's babeld takes a fresh router-id at each start here: without its
# state file others would ignore it for minutes after a crash.  Smoothing
# off lets it return to the shortest path at once.
PEER_CONFIG = ["random-id true", "smoothing-half-life 0"]


def daemon_for(router, kind, hello=HELLO):
    if kind == "ours":
        return Babeld(router, OURS, hello)
    if kind == "babeld":
        return Babeld(router, PEER_BABELD, hello, PEER_CONFIG)
    return Bird(router, hello=hello)


class Scenario:
    """A topology with a daemon on each router, and its life."""

    def __init__(self, lab, figure, kinds, edges, hello=HELLO):
        """Edges are pairs of numbers; a longer tuple makes a LAN."""
        self.lab = lab
        self.figure = figure
        self.kinds = kinds
        self.routers = [lab.router(f"r{number}{kind[:2]}")
                        for number, kind in enumerate(kinds, 1)]
        self.links = {}
        for edge in edges:
            ends = [self.router(number) for number in edge]
            self.links[edge] = (lab.link(*ends) if len(edge) == 2
                                else lab.lan("lan", *ends))
        lab.build()
        self.daemons = [daemon_for(router, kind, hello)
                        for router, kind in zip(self.routers, kinds)]

    def router(self, number):
        return self.routers[number - 1]

    def daemon(self, number):
        return self.daemons[number - 1]

    def start(self):
        for daemon in self.daemons:
            daemon.start()

    @property
    def eager(self):
        """Do all turn to a shorter path soon?  Debian's babeld waits."""
        return set(self.kinds) == {"ours"}

    def alive(self):
        return [daemon.router for daemon in self.daemons if daemon.alive]

    def settle(self, event, began=None, within=SETTLE):
        """Wait until all is right again; tell how long it took."""
        began = time.monotonic() if began is None else began
        wait_for(lambda: all_met(Tables(self.lab).problems(
                     self.alive(), shortest=self.eager)),
                 within, event, every=0.05)
        self.figure(event, time.monotonic() - began)
        self.verify()

    def verify(self):
        for daemon, kind in zip(self.daemons, self.kinds):
            if daemon.alive and kind == "ours":
                daemon.await_agreement()
        for group in self.groups():
            assert unanswered(group) == []

    def groups(self):
        """The live routers, parted into those that reach each other."""
        left = set(self.alive())
        while left:
            group = set(self.lab.distances(min(left, key=str), left))
            left -= group
            yield sorted(group, key=str)

    # Steps

    def cut_and_heal(self, edge):
        link = self.links[edge]
        began = time.monotonic()
        link.cut()
        self.settle(f"link {link} cut", began)
        began = time.monotonic()
        link.heal()
        self.settle(f"link {link} healed", began)

    def kill_and_restart(self, number):
        daemon = self.daemon(number)
        began = time.monotonic()
        daemon.kill()
        # What a killed daemon leaves in its own kernel is not its
        # neighbours' fault; the next start must clear it.  Others do not
        # always, and would seem to know ways that they have not learnt yet.
        self.settle(f"{daemon} killed", began)
        if self.kinds[number - 1] != "ours":
            for family, protocol in itertools.product(
                    ("-4", "-6"), ("babel", "bird")):
                daemon.router.ip(family, "route", "flush", "proto", protocol)
        began = time.monotonic()
        daemon.start()
        self.settle(f"{daemon} restarted", began)

    def stop_and_restart(self, number):
        daemon = self.daemon(number)
        began = time.monotonic()
        assert daemon.terminate() == 0
        if self.kinds[number - 1] == "ours":
            assert daemon.installed() == set(), "routes left at exit"
        self.settle(f"{daemon} stopped by SIGTERM", began)
        began = time.monotonic()
        daemon.start()
        self.settle(f"{daemon} started again", began)

    def withdraw_and_announce(self, number):
        """Take the router's own addresses away, then give them back."""
        router = self.router(number)
        others = [other for other in self.alive() if other is not router]
        began = time.monotonic()
        for prefix in router.prefixes:
            router.ip("addr", "del", prefix, "dev", "lo")
        wait_for(lambda: all_met(self.holders(others, router.prefixes)),
                 SETTLE, f"prefixes of {router} withdrawn", every=0.05)
        self.figure(f"prefixes of {router} withdrawn",
                    time.monotonic() - began)
        began = time.monotonic()
        for prefix in router.prefixes:
            router.ip("addr", "add", prefix, "dev", "lo")
        self.settle(f"prefixes of {router} back", began)

    @staticmethod
    def holders(routers, prefixes):
        return [f"{router} still has {route.prefix}"
                for router in routers for route in router.routes()
                if route.prefix in prefixes and route.kind == "unicast"]


LINE = [(1, 2), (2, 3)]
BABELD, BIRD = pytest.mark.peer_babeld, pytest.mark.peer_bird
# In the short ones each daemon is once in the middle, and once at an end.
LINES = {
    "ours-babeld-ours": BABELD,
    "ours-bird-ours": BIRD,
    "babeld-ours-bird": (BABELD, BIRD),
    "ours-ours-ours": pytest.mark.slow,
    "ours-babeld-bird": (BABELD, BIRD, pytest.mark.slow),
    "bird-ours-babeld": (BABELD, BIRD, pytest.mark.slow),
}


@pytest.mark.parametrize(
    "kinds", [pytest.param(name.split("-"), id=name, marks=marks)
              for name, marks in LINES.items()])
def test_line(lab, figure, kinds):
    """Three routers in a line; the middle one and an end get in trouble."""
    scenario = Scenario(lab, figure, kinds, LINE)
    scenario.start()
    scenario.settle("cold start")
    scenario.cut_and_heal((2, 3))
    scenario.kill_and_restart(3)
    scenario.stop_and_restart(2)
    scenario.withdraw_and_announce(1)


RING = [(1, 2), (2, 3), (3, 4), (4, 1)]
RINGS = {
    "ours-babeld-ours-bird": (BABELD, BIRD),
    "ours-ours-ours-ours": (),
}


@pytest.mark.parametrize(
    "kinds", [pytest.param(name.split("-"), id=name, marks=marks)
              for name, marks in RINGS.items()])
def test_ring(lab, figure, kinds):
    """Four routers in a ring: whatever breaks, there is another way."""
    scenario = Scenario(lab, figure, kinds, RING)
    scenario.start()
    scenario.settle("cold start")
    with Flow(scenario.router(1), scenario.router(2)) as flow:
        flow.await_flowing(5)
        since = time.monotonic()
        scenario.cut_and_heal((1, 2))
        figure("longest gap of packets r1-r2", flow.longest_gap(since=since))
    scenario.cut_and_heal((3, 4))
    scenario.kill_and_restart(2)
    scenario.kill_and_restart(3)
    scenario.stop_and_restart(1)
    scenario.stop_and_restart(4)
    scenario.withdraw_and_announce(3)


@BABELD
@BIRD
def test_mixed_mesh(lab, figure):
    """A ring of five with a chord and two tails, all kinds of daemons."""
    kinds = ["ours", "babeld", "ours", "bird", "ours", "babeld", "bird"]
    edges = [(1, 2), (2, 3), (3, 4), (4, 5), (5, 1), (2, 5), (3, 6), (1, 7)]
    scenario = Scenario(lab, figure, kinds, edges)
    scenario.start()
    scenario.settle("cold start")
    scenario.cut_and_heal((2, 5))
    scenario.cut_and_heal((3, 4))
    scenario.kill_and_restart(3)
    scenario.stop_and_restart(5)
    scenario.withdraw_and_announce(1)
    scenario.withdraw_and_announce(7)


@BABELD
@pytest.mark.slow
def test_starvation_behind_babeld(lab, figure):
    """We notice a death before babeld does, and ask it for a new seqno.

    Debian's babeld forwards that request to the dead router.  For up to 65 s
    it then takes every further one for the same prefix and router-id for a
    repetition and forwards none, whatever seqno is asked for; only then can
    the route come back.
    """
    kinds = ["ours", "babeld", "ours", "ours", "ours"]
    edges = [(1, 2), (2, 3), (3, 4), (4, 5), (5, 1), (2, 5)]
    scenario = Scenario(lab, figure, kinds, edges)
    scenario.start()
    scenario.settle("cold start")
    scenario.cut_and_heal((2, 3))  # now the way from 2 to 4 is by 5
    began = time.monotonic()
    scenario.daemon(5).kill()
    scenario.settle("r5 killed", began, within=90)


def test_default_intervals(lab, figure):
    """Nothing shortened: a ring of our own with Hellos each 4 s."""
    scenario = Scenario(lab, figure, ["ours"] * 4, RING, hello=None)
    scenario.start()
    scenario.settle("cold start", within=30)
    with Flow(scenario.router(1), scenario.router(2)) as flow:
        flow.await_flowing(5)
        since = time.monotonic()
        link = scenario.links[1, 2]
        link.cut()
        scenario.settle("link cut", since, within=60)
        figure("longest gap of packets", flow.longest_gap(since=since))


def test_silent_loss(lab, figure):
    """A link stops passing packets without any other sign."""
    scenario = Scenario(lab, figure, ["ours"] * 4, RING)
    scenario.start()
    scenario.settle("cold start")
    link = scenario.links[1, 2]
    began = time.monotonic()
    link.silence()
    scenario.settle("link silent", began)
    began = time.monotonic()
    link.silence(False)
    scenario.settle("link speaks again", began)


@BABELD
@BIRD
def test_lan(lab, figure):
    """Several daemons on one LAN, one of them with a tail behind it."""
    kinds = ["ours", "babeld", "bird", "ours", "ours"]
    scenario = Scenario(lab, figure, kinds, [(1, 2, 3, 4), (4, 5)])
    scenario.start()
    scenario.settle("cold start")
    scenario.kill_and_restart(2)
    scenario.stop_and_restart(1)
    scenario.withdraw_and_announce(5)
