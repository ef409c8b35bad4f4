"""Round-trip times (RFC 9616): what the daemons report of a link, beside
what it really takes, with thousands of updates to be dealt with at once."""

import math
import multiprocessing
import socket
import statistics
import time

import pytest

import packet as p
from daemons import OURS, PEER_BABELD, Babeld
from lab import wait_for
from relay import Relay
from speaker import Wire

HELLO = 0.1
SECONDS = 5
UPDATES = 5000  # in a second
BATCH = 50  # updates in a packet
PREFIXES = 1000
JITTER = 0.1  # more or less, of a round trip
LIMIT = 1.0  # the error that is allowed, in milliseconds, or else
SHARE = 0.05  # this part of it
SETTLED = 25  # samples: older ones weigh 1 % together
slow = pytest.mark.slow


def shouter(address, index, router_id, sent, stopping):
    """A process that changes all its routes, again and again, and counts
    its updates."""
    sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
    sender.bind((address, p.PORT, 0, index))
    began = time.monotonic()
    while not stopping.is_set():
        turn, place = divmod(sent.value, PREFIXES)
        updates = [
            p.update(f"2001:db8:{number:x}::/48", 100 + turn % 2 * 700,
                     seqno=turn & 0xffff)
            for number in range(place, place + BATCH)]
        sender.sendto(p.packet(p.router_id(router_id), *updates),
                      (p.GROUP, p.PORT, 0, index))
        sent.value += BATCH
        due = began + sent.value / UPDATES
        stopping.wait(max(due - time.monotonic(), 0))


class Pair:
    """Two daemons on either side of a relay, and a load on the first.

        speaker --- a === relay === b
    """

    def __init__(self, lab, name, programs):
        self.lab = lab
        self.name = name
        self.a, self.middle, self.b, self.speaker = (
            lab.router(name + part) for part in "aRbS")
        far, near = lab.link(self.a, self.middle, ipv4=False), \
            lab.link(self.middle, self.b, ipv4=False)
        self.load = lab.link(self.a, self.speaker)
        self.ports = [far.end(self.a), near.end(self.b)]
        self.daemons = [
            Babeld(port.router, program, HELLO, config=[
                f"interface {port.interface} type tunnel "
                f"hello-interval {HELLO}"])
            for port, program in zip(self.ports, programs)]

    def start(self, round_trip, jitter):
        self.relay = Relay(self.middle, round_trip, jitter=jitter)
        for daemon in self.daemons:
            daemon.start()
        self.wire = Wire(self.load.end(self.speaker))
        self.lab.closers.append(self.wire.close)
        self.fake = self.wire.neighbour()
        self.fake.connect()
        self.sent = multiprocessing.Value("q", 0)
        self.stopping = multiprocessing.Event()
        self.process = multiprocessing.Process(target=shouter, args=(
            self.fake.address, self.wire.index, self.fake.router_id,
            self.sent, self.stopping))
        with self.speaker.entered():
            self.process.start()
        self.lab.closers.append(self.stop)

    def stop(self):
        self.stopping.set()
        self.process.join()

    def reported(self):
        """What they say of the link, in milliseconds."""
        for daemon, port in zip(self.daemons, self.ports):
            try:
                view = daemon.dump()
            except EOFError:
                # What a babeld with a lot to do does to its clients.
                assert daemon.program != OURS
                continue
            for found in view.find("neighbour", **{"if": port.interface}):
                if "rtt" in found.fields:
                    yield daemon, float(found["rtt"])

    def routes(self):
        """Those of the load that have come through the relay."""
        return sum(route["prefix"].startswith("2001:db8:")
                   for route in self.daemons[1].dump().find(
                       "route", installed="yes"))

    def samples(self):
        """How many ours has taken."""
        with self.daemons[0].control() as control:
            lines = [line.split() for line in
                     control.request("explain neighbour")]
        return sum(int(words[words.index("rtt-samples") + 1])
                   for words in lines if self.ports[0].interface in words)

    def tlvs(self):
        """How many ours has read."""
        with self.daemons[0].control() as control:
            lines = [line.split() for line in control.request("stats")]
        return sum(int(words[3]) for words in lines
                   if words[:2] == ["counter", "tlvs-received"])


@pytest.mark.covers("R5")
@pytest.mark.peer_babeld
@pytest.mark.parametrize("milliseconds", [
    pytest.param(5, marks=slow), 50, pytest.param(200, marks=slow)])
def test_round_trip_times_under_load(lab, figure, milliseconds):
    """Ours among themselves, with Debian's babeld, and that alone, all at
    once.  What ours say is right.

    What is said of the way to a babeld rests on its own stamps, which are
    late when it has a lot to do.
    """
    pairs = [Pair(lab, "o", [OURS, OURS]),
             Pair(lab, "m", [OURS, PEER_BABELD]),
             Pair(lab, "d", [PEER_BABELD, PEER_BABELD])]
    lab.build()
    for pair in pairs:
        pair.start(milliseconds / 1000, JITTER * milliseconds / 1000)
    for pair in pairs[:2]:
        wait_for(lambda: pair.samples() >= SETTLED, 60, f"{pair.name}: samples")
    before = [(pair.sent.value, pair.tlvs()) for pair in pairs[:2]]
    for pair in pairs:
        pair.relay.ask()
    began = time.monotonic()
    said = {daemon: [] for pair in pairs for daemon in pair.daemons}
    while time.monotonic() < began + SECONDS:
        for pair in pairs:
            for daemon, rtt in pair.reported():
                said[daemon].append(rtt)
        time.sleep(HELLO)
    for pair, (sent, tlvs) in zip(pairs, before):
        shouted = pair.sent.value - sent
        figure("updates a second", shouted / (time.monotonic() - began))
        wait_for(lambda: pair.tlvs() - tlvs >= shouted, 5, "all are read")
    assert pairs[0].routes() == PREFIXES
    for pair in pairs:
        relayed = pair.relay.ask()
        assert relayed.frames > SECONDS / HELLO
        for daemon in pair.daemons:
            error = compare(figure, daemon, relayed.round_trip * 1000,
                            said[daemon])
            if pair is pairs[0]:
                assert error < 1


def compare(figure, daemon, true, rtts):
    """The median's error, as a multiple of what is allowed.  A daemon that
    has to wait for a processor between its stamp and the system call says
    more than is true at that moment."""
    worst = max(rtts, key=lambda rtt: abs(rtt - true), default=math.inf)
    median = statistics.median(rtts) if rtts else math.inf
    who = "ours" if daemon.program == OURS else "babeld"
    figure(f"{daemon.router} ({who}): really", true, "ms")
    if rtts:
        figure("    reported: median", median, "ms")
        figure("    reported: the worst", worst, "ms")
    return abs(median - true) / max(LIMIT, SHARE * true)
