"""Beside tables of other daemons that change all the time, and that no rule
wants: it costs little, and what the kernel does without a word is noticed.
"""

import os
import threading
import time

import pytest

from daemons import Babeld, OURS
from lab import wait_for

COUNT = 20000
FIGURE_TIME = 5  # seconds


def stranger(number):
    return f"2001:db8:{number:x}::/48" if number % 2 else \
        f"10.{number >> 8}.{number & 255}.0/24"


class Churn:
    """Replaces and flaps foreign routes, some tens a second."""

    def __init__(self, router):
        self.router, self.ended = router, threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        number = 0
        while not self.ended.wait(0.1):
            lines = [f"route replace {stranger(number + i)} dev dut-c{number % 2} "
                     "proto 11 metric 9" for i in range(2)]
            lines += [f"route {verb} {stranger(number + 5)} dev dut-c0 proto 12 "
                      "metric 11" for verb in ("add", "del")]
            self.router.ip_batch(lines)
            number = (number + 2) % COUNT

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.ended.set()
        self.thread.join()


@pytest.fixture(name="field")
def make_field(lab):
    dut, peer = lab.router("dut"), lab.router("peer")
    lab.link(dut, peer)
    for name in ("c0", "c1", "stub"):
        lab.link(dut, lab.router(name))
    lab.build()
    dut.ip_batch([f"route add {stranger(number)} dev dut-c0 proto 11 metric 9"
                  for number in range(COUNT)])
    dut.ip("addr", "add", "198.51.100.9/32", "dev", "dut-peer")
    dut.ip("route", "add", "203.0.113.0/24", "dev", "dut-stub", "proto", "45")
    peer.ip("route", "add", "blackhole", "192.0.2.0/24", "proto", "45")
    daemons = [
        Babeld(dut, OURS, hello=1, interfaces=["dut-peer"], config=[
            "redistribute local deny", "redistribute proto 45",
            "install ip 192.0.2.0/24 allow pref-src 198.51.100.9"]),
        Babeld(peer, OURS, hello=1, config=[
            "redistribute local deny", "redistribute proto 45"])]
    for daemon in daemons:
        daemon.start()
    return dut, peer, daemons[0]


def processor_time(daemon):
    with open(f"/proc/{daemon.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_beside_tables_that_change(field, figure):
    dut, peer, daemon = field

    def has(router, prefix):
        return any(route.prefix == prefix and route.protocol == "babel"
                   for route in router.routes())
    wait_for(lambda: has(dut, "192.0.2.0/24"), 10, "the route is learnt")
    wait_for(lambda: has(peer, "203.0.113.0/24"), 10, "the export is")
    with Churn(dut):
        # Both go without a word from the kernel.
        dut.ip("addr", "del", "198.51.100.9/32", "dev", "dut-peer")
        dut.ip("addr", "add", "198.51.100.9/32", "dev", "dut-peer")
        wait_for(lambda: has(dut, "192.0.2.0/24"), 10, "it is put back")
        dut.ip("link", "set", "dut-stub", "down")
        wait_for(lambda: not has(peer, "203.0.113.0/24"), 10,
                 "the export is withdrawn")
        before = processor_time(daemon)
        time.sleep(FIGURE_TIME)
        share = 100 / FIGURE_TIME * (processor_time(daemon) - before)
    figure("processor beside tables that change", share, "%")
    # Of its own time, whatever else the machine does; a comparison of
    # everything after each change takes several times that.
    assert share < 2
