"""What runs short in one place must not stop the others: a link that takes
no packets, memory for group memberships, descriptors, room for the log."""

import contextlib
import errno
import fcntl
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import time

import pytest

from control import Control
from daemons import OURS, Babeld
from lab import run, wait_for
from test_local import assert_no_hello_missed

GROUP, PORT = "ff02::1:6", 6696
HELLO = 0.5
TLV_HELLO = 4


class Ear:
    """Hears the Hellos that arrive on a port, and when."""

    def __init__(self, port):
        router = port.router
        self.socket = router.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        with router.entered():
            index = socket.if_nametoindex(port.interface)
            self.socket.bind(("::", PORT))
            self.socket.setsockopt(
                socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                socket.inet_pton(socket.AF_INET6, GROUP)
                + struct.pack("@I", index))
        self.last, self.gaps = None, []

    def hear(self):
        packet = self.socket.recv(65536)
        if TLV_HELLO not in types(packet):
            return
        now = time.monotonic()
        if self.last is not None:
            self.gaps.append(now - self.last)
        self.last = now


def types(packet):
    at, end = 4, 4 + struct.unpack("!H", packet[2:4])[0]
    while at < end:
        yield packet[at]
        at += 1 if packet[at] == 0 else 2 + packet[at + 1]


def listen(ears, duration):
    """Take what comes in for a while."""
    end = time.monotonic() + duration
    while (left := end - time.monotonic()) > 0:
        for ready in select.select([ear.socket for ear in ears], [], [],
                                   left)[0]:
            next(ear for ear in ears if ear.socket is ready).hear()


def stats(daemon):
    with daemon.control() as control:
        return {words[0]: int(words[1])
                for words in map(str.split, control.request("stats"))
                if len(words) == 2 and words[1].isdigit()}


class Star:
    """A daemon with a neighbour on a slow link, and ears on all others."""

    ROUTES = 5000
    STUCK = "8bit"

    def __init__(self, lab, ears):
        self.dut, self.slow = lab.router("dut"), lab.router("slow")
        self.port = lab.link(self.dut, self.slow).end(self.dut)
        links = [lab.link(self.dut, lab.router(f"e{number}"))
                 for number in range(ears)]
        lab.build()
        self.dut.ip_batch(f"route add blackhole fd01::{number:x}/128 proto 45"
                          for number in range(self.ROUTES))
        self.ears = [Ear(link.ends[1]) for link in links]
        self.daemon = Babeld(self.dut, OURS, hello=HELLO, config=[
            "redistribute local deny", "redistribute proto 45"]).start()
        self.neighbour = Babeld(self.slow, OURS, hello=HELLO).start()
        wait_for(self.is_told, 60, "the neighbour is told everything")

    def is_told(self):
        return len(self.neighbour.dump().find("route")) >= self.ROUTES

    def narrow(self, rate):
        self.dut.tc("qdisc", "add", "dev", self.port.interface, "root",
                    "tbf", "rate", rate, "burst", "2000", "limit", "4000000")

    def backlog(self):
        """Octets that wait on the slow link."""
        text = self.dut.tc("-s", "qdisc", "show", "dev", self.port.interface)
        return text.split("backlog ")[1].split("b")[0]


def check_stuck_link(lab, ears, duration):
    star = Star(lab, ears)
    star.narrow(star.STUCK)
    listen(star.ears, duration)
    worst = max(gap for ear in star.ears for gap in ear.gaps)
    print(f"backlog {star.backlog()}, worst gap {worst:.3f} s, "
          f"{min(len(ear.gaps) for ear in star.ears)} Hellos at least")
    for ear in star.ears:
        assert_no_hello_missed(ear.gaps, HELLO)
        assert sum(ear.gaps) > duration - 3 * HELLO


def test_stuck_link_delays_no_hello_of_others(lab):
    check_stuck_link(lab, 3, 15)


@pytest.mark.slow
def test_stuck_link_among_ten_for_five_minutes(lab):
    check_stuck_link(lab, 9, 300)


class Wide:
    """Two daemons with many links between them."""

    def __init__(self, lab, links):
        self.routers = [lab.router("a"), lab.router("b")]
        lab.build()
        a, b = self.routers
        for router in self.routers:
            router.sysctl({"core/optmem_max": 20480})
        self.names = [f"w{number}" for number in range(links)]
        run("ip", "-batch", "-", text="".join(
            f"link add {name} netns {a.full_name} type veth "
            f"peer name {name} netns {b.full_name}\n"
            for name in self.names))
        for router in self.routers:
            router.ip_batch(f"link set {name} up" for name in self.names)
        self.daemons = [Babeld(router, OURS, hello=4, interfaces=["w*"])
                        for router in self.routers]

    def neighbours(self, daemon):
        return len({neighbour["if"] for neighbour
                    in daemon.dump().find("neighbour")
                    if neighbour["reach"] != "0000"
                    and neighbour["txcost"] != "65535"})


@pytest.fixture
def room_for_neighbours():
    """The kernel has one table of neighbours for all namespaces."""
    path = "/proc/sys/net/ipv6/neigh/default/gc_thresh3"
    with open(path) as stream:
        before = stream.read()
    with open(path, "w") as stream:
        stream.write("16384")
    yield
    with open(path, "w") as stream:
        stream.write(before)


@pytest.mark.usefixtures("room_for_neighbours")
@pytest.mark.parametrize("links", [
    400, pytest.param(700, marks=pytest.mark.slow)])
def test_each_of_many_interfaces_has_its_neighbour(lab, links):
    """Group memberships are charged to a socket, which may have only so
    much memory for them."""
    wide = Wide(lab, links)
    for daemon in wide.daemons:
        daemon.start()
    for daemon in wide.daemons:
        wait_for(lambda: wide.neighbours(daemon) == links, 90,
                 f"{daemon} has {links} neighbours", 1)
