"""What runs short in one place must not stop the others: a link that takes
no packets, memory for group memberships, descriptors, room for the log."""

import contextlib
import errno
import fcntl
import os
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import time

import pytest

from daemons import OURS, Babeld
from lab import BABEL_PROTOCOL, run, wait_for
from plan import FAILING, make_plan
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


# What keeps the loop from its input, and for how long it may keep it busy.

TICKS = os.sysconf("SC_CLK_TCK")
LASTS = 2  # seconds
BUSY = 0.5  # of a processor; the pause has to grow first
CALLS = [("recvmmsg", errno.ENOMEM), ("recvmmsg", errno.ENOBUFS),
         ("recv", errno.ENOMEM), ("recv", errno.ENOBUFS),
         ("sendmsg", errno.ENOMEM), ("sendmsg", errno.ENOBUFS),
         ("sendmsg", errno.EPERM), ("send", errno.ENOBUFS),
         ("epoll_wait", errno.ENOMEM), ("ppoll", errno.EINVAL),
         ("ppoll", errno.ENOMEM), ("accept4", errno.EMFILE),
         ("accept4", errno.ENOMEM), ("accept4", errno.EPERM)]


def processor_time(process):
    with open(f"/proc/{process.pid}/stat") as stream:
        fields = stream.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Pair:
    """Two daemons that are neighbours; calls of one of them may fail."""

    def __init__(self, lab, monkeypatch):
        self.dut, peer = lab.router("dut"), lab.router("peer")
        self.link = lab.link(self.dut, peer)
        lab.build()
        self.peer = Babeld(peer, OURS, hello=HELLO).start()
        monkeypatch.setenv("LD_PRELOAD", FAILING)
        self.plan = make_plan(lab, monkeypatch)
        self.daemon = Babeld(self.dut, OURS, hello=HELLO).start()
        monkeypatch.delenv("LD_PRELOAD")
        self.await_neighbours()

    def await_neighbours(self, within=30):
        for daemon in (self.daemon, self.peer):
            wait_for(lambda: [n for n in daemon.dump().find("neighbour")
                              if int(n["cost"]) < 65535], within,
                     f"{daemon} has its neighbour")

    @contextlib.contextmanager
    def bounded(self):
        """Whatever happens inside, it neither spins nor floods the log."""
        before = processor_time(self.daemon), len(self.daemon.log())
        start = time.monotonic()
        yield
        took = time.monotonic() - start
        after = processor_time(self.daemon), len(self.daemon.log())
        assert after[0] - before[0] < BUSY * took
        assert after[1] - before[1] < 4000


@pytest.fixture
def pair(lab, monkeypatch):
    return Pair(lab, monkeypatch)


def test_no_lasting_error_of_a_call_spins(pair):
    for call, number in CALLS:
        print(call, errno.errorcode[number])
        with pair.bounded():
            pair.plan.fail(call, number)
            # So that there is something to read and to accept.
            client = socket.socket(socket.AF_UNIX)
            client.connect(pair.daemon.socket_path)
            pair.dut.ip("addr", "add", "192.0.2.1/32", "dev", "lo")
            pair.dut.ip("addr", "del", "192.0.2.1/32", "dev", "lo")
            select.select([], [], [], LASTS)
        client.close()
        pair.plan.work()
        pair.await_neighbours()
    pair.plan.fail("ppoll", errno.EINVAL)
    assert pair.daemon.terminate() == 0


def test_fewer_descriptors_than_are_polled(pair):
    limits = resource.prlimit(pair.daemon.pid, resource.RLIMIT_NOFILE)
    with pair.bounded():
        resource.prlimit(pair.daemon.pid, resource.RLIMIT_NOFILE,
                         (0, limits[1]))
        wait_for(lambda: "waiting for input" in pair.daemon.log(), 10,
                 "poll fails")
        select.select([], [], [], LASTS)
    # The neighbour goes on hearing it.
    assert [n["reach"] for n in pair.peer.dump().find("neighbour")
            if n["reach"].endswith("f") or n["reach"].startswith("f")]
    assert pair.daemon.terminate() == 0
    # What it takes to remove the routes was opened before.
    assert installed(pair.dut) == 0


def installed(router):
    return sum(route.protocol == BABEL_PROTOCOL for route in router.routes())


def test_without_memory_it_answers_tells_and_leaves(lab):
    """More routes are offered than there is memory for."""
    offered, limit = 50000, 16 << 20
    router, peer = lab.router("dut"), lab.router("peer")
    lab.link(router, peer)
    lab.build()
    peer.ip_batch(f"route add blackhole fd01::{number:x}/128 proto 45"
                  for number in range(offered))
    daemon = Babeld(router, OURS, hello=HELLO).start()
    daemon.control()
    resource.prlimit(daemon.pid, resource.RLIMIT_AS, (limit, limit))
    Babeld(peer, OURS, hello=HELLO, config=[
        "redistribute local deny", "redistribute proto 45"]).start()
    wait_for(lambda: "Cannot allocate memory" in daemon.log(), 60,
             "the log tells of it")
    for _ in range(3):  # with one connection after the other
        assert statistic(daemon, "out-of-memory") == 1
        with daemon.control() as control:
            assert control.request("explain fd01::1")[-1] == "ok"
            assert control.request("dump", 30)[-1] == "ok"
    assert 0 < installed(router) < offered
    assert daemon.log().count("Cannot allocate memory") == 1
    assert daemon.terminate() == 0
    assert installed(router) == 0


def test_a_log_that_nobody_reads(lab):
    """The pipe is full before the daemon writes its first line."""
    router, peer = lab.router("dut"), lab.router("peer")
    link = lab.link(router, peer)
    lab.build()
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writer, False)
    os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    daemon = Babeld(router, OURS, hello=HELLO, options=["-d", "3"])
    daemon.prepare()
    ear = Ear(link.end(peer))
    daemon.process = router.spawn(daemon.argv(), stdin=subprocess.DEVNULL,
                                  stdout=writer, stderr=writer)
    lab.processes.append(daemon.process)
    with daemon.control() as control:
        assert control.request("unmonitor") == ["ok"]
    daemon.signal(signal.SIGUSR1)
    listen([ear], 5)
    assert_no_hello_missed(ear.gaps, HELLO)
    assert sum(ear.gaps) > 3
    assert os.get_blocking(writer)  # who shares it sees no change
    assert statistic(daemon, "log-lines-lost") > 0
    os.set_blocking(reader, False)
    text = b""

    def is_told():
        nonlocal text
        with contextlib.suppress(BlockingIOError):
            text += os.read(reader, 65536)
        return b" lines were lost here" in text
    wait_for(is_told, 10, "the reader is told of lost lines")
    # Nobody reads again: the end must not wait either.
    daemon.signal(signal.SIGUSR1)
    assert daemon.terminate() == 0
    os.close(reader)
    os.close(writer)


def statistic(daemon, name):
    with daemon.control() as control:
        line = next(line for line in control.request("stats")
                    if name in line.split())
    return int(line.split()[-1])


NFT = """
table ip6 closed {{
    chain input {{
        type filter hook input priority 0;
        udp dport {port} drop
    }}
}}
"""


@pytest.mark.skipif(not shutil.which("nft"), reason="nft is not installed")
def test_what_a_filter_drops_is_told(lab):
    """On the side where it is dropped, and only there."""
    router, peer = lab.router("dut"), lab.router("peer")
    lab.link(router, peer)
    lab.build()
    with router.entered():
        run("nft", "-f", "-", text=NFT.format(port=PORT))
    daemons = [Babeld(place, OURS, hello=HELLO).start()
               for place in (router, peer)]
    wait_for(lambda: "does a packet filter drop" in daemons[0].log(), 60,
             "the filter is suspected")
    with daemons[0].control() as control:
        assert " filtered yes " in control.request("explain interface")[0]
    assert "packet filter" not in daemons[1].log()
    with router.entered():
        run("nft", "delete", "table", "ip6", "closed")
    wait_for(lambda: daemons[0].dump().find("neighbour"), 20,
             "the neighbour is heard")
