"""What others do to the kernel's tables, and to the daemon, under way.

A neighbour has ten thousand routes to tell, half of them IPv4; the daemon
has some hundred static ones to export.  Two seconds after each disturbance
the kernel and the daemon agree again, both ways: what the daemon says is
installed is, and nothing else of ours; what is redistributed is there.
"""

import signal
import time

import pytest

from daemons import Babeld, OURS
from lab import all_met, wait_for

HELLO = 2
ROUTES = 10000
EXPORTS = 300
AGREE = 2.0  # seconds
OURS_PROTO, PEERS_PROTO = "45", "44"


def learned(number):
    return f"2001:db8:{number:x}::/48" if number % 2 else \
        f"10.{64 + (number >> 8)}.{number & 255}.0/24"


def exported(number):
    return f"3fff:{number:x}::/32" if number % 2 else \
        f"198.18.{number & 255}.{number >> 8}/32"


class Field:
    def __init__(self, lab):
        self.dut, self.peer = lab.router("dut"), lab.router("peer")
        self.link = lab.link(self.dut, self.peer)
        lab.build()
        self.peer.ip_batch([f"route add blackhole {learned(number)} "
                            f"proto {PEERS_PROTO}"
                            for number in range(ROUTES)])
        self.dut.ip_batch([self.static(number) for number in range(EXPORTS)])
        self.daemon = Babeld(self.dut, OURS, hello=HELLO, config=[
            "redistribute local deny", f"redistribute proto {OURS_PROTO}"])
        self.other = Babeld(self.peer, OURS, hello=HELLO, config=[
            "redistribute local deny", f"redistribute proto {PEERS_PROTO}"])

    @staticmethod
    def static(number, verb="add"):
        return f"route {verb} {exported(number)} dev lo proto {OURS_PROTO}"

    def start(self):
        self.other.start()
        self.daemon.start()
        self.await_all()
        return self

    def in_kernel(self, protocol, kind="unicast"):
        return {route.prefix for route in self.dut.routes()
                if route.protocol == protocol and route.kind == kind}

    def await_all(self, within=30):
        """The whole table has been learned."""
        wait_for(lambda: len(self.in_kernel("babel")) == ROUTES, within,
                 "all routes are there", 0.1)

    def differences(self):
        """Both ways, by one look at either side."""
        view, routes = self.daemon.dump(), self.dut.routes()
        exports = {xroute["prefix"] for xroute in view.all("xroute")}
        return self.daemon.differences(view, routes) + sorted(
            exports ^ {route.prefix for route in routes
                       if route.protocol == OURS_PROTO})

    def await_agreement(self, figure, what, began):
        """In time, though to look takes some of it."""
        def agree():
            return all_met(self.differences())
        wait_for(agree, AGREE - (time.monotonic() - began), what, 0.05)
        figure(what, time.monotonic() - began)


@pytest.fixture
def field(lab):
    made = Field(lab)
    yield made.start()
    for daemon in (made.daemon, made.other):
        assert daemon.alive and daemon.terminate() == 0
    assert not any(route.protocol == "babel" for route in made.dut.routes())
    assert len(made.in_kernel(OURS_PROTO)) >= EXPORTS // 2, "not touched"


def flush(router):
    for family in ("-4", "-6"):
        try:
            router.ip(family, "route", "flush", "proto", "babel")
        except RuntimeError as error:
            # What it saw was repaired, and changed, in the middle of it.
            assert "No such process" in str(error), error


@pytest.mark.covers("Q15")
def test_flushes(field, figure):
    dut, daemon = field.dut, field.daemon

    began = time.monotonic()
    flush(dut)
    field.await_agreement(figure, "ip route flush proto babel", began)
    field.await_all(2)

    # Those that are exported go with them, and come back.
    began = time.monotonic()
    flush(dut)
    dut.ip_batch([field.static(number, "del") for number in range(EXPORTS)])
    field.await_agreement(figure, "that, and all static routes gone", began)
    assert daemon.dump().all("xroute") == []
    began = time.monotonic()
    dut.ip_batch([field.static(number) for number in range(EXPORTS)])
    field.await_agreement(figure, "they come back", began)
    assert len(daemon.dump().all("xroute")) == EXPORTS
    field.await_all(2)


@pytest.mark.covers("Q11")
def test_full_socket(field, figure):
    """More is changed than the socket can tell of."""
    dut, daemon = field.dut, field.daemon

    daemon.signal(signal.SIGSTOP)
    dut.ip_batch([f"route {verb} 172.16.{i >> 8}.{i & 255}/32 dev lo "
                  f"proto {OURS_PROTO}"
                  for verb in ("add", "del") for i in range(10000)])
    dut.ip_batch([field.static(number, "del")
                  for number in range(0, EXPORTS, 2)])
    flush(dut)
    assert field.in_kernel("babel") == set()
    assert daemon.log().count("lost notifications") == 0
    began = time.monotonic()
    daemon.signal(signal.SIGCONT)
    field.await_agreement(figure, "a full netlink socket", began)
    assert "lost notifications" in daemon.log()
    field.await_all(2)


def test_flaps(field, figure):
    for turn in range(5):
        field.link.end(field.dut).set("down")
        field.link.end(field.dut).set("up")
    began = time.monotonic()
    field.await_agreement(figure, "five flaps of the link", began)
    field.await_all(60)
    field.link.end(field.dut).set("down")
    began = time.monotonic()
    field.await_agreement(figure, "the link is down", began)
    field.link.end(field.dut).set("up")
    began = time.monotonic()
    field.await_agreement(figure, "the link is up", began)
    field.await_all(60)


@pytest.mark.covers("Q14")
def test_crash(field, figure):
    """With the whole table, and in the middle of learning it; what was left
    behind serves on until the next start, and goes if nobody tells it."""
    field.daemon.kill()
    assert len(field.in_kernel("babel")) == ROUTES, "they serve on"
    began = time.monotonic()
    field.daemon.start()
    field.await_agreement(figure, "kill -9 and restart", began)
    field.await_all()
    # Once more while the table is coming in, for other routes.
    field.daemon.kill()
    gone = [learned(number) for number in range(0, ROUTES, 2)]
    field.peer.ip_batch([f"route del blackhole {prefix}" for prefix in gone])
    field.daemon.start()
    wait_for(lambda: len(field.in_kernel("babel")) > 10, 10, "the middle")
    field.daemon.kill()
    began = time.monotonic()
    field.daemon.start()
    field.await_agreement(figure, "the same in the middle of learning",
                          began)
    wait_for(lambda: len(field.in_kernel("babel")) == ROUTES // 2, 30,
             "half of the routes")
    assert not field.in_kernel("babel") & set(gone)
