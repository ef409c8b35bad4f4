"""A fake neighbour: raw packets on the wire, opposite the real daemon.

A Wire listens at one end of a link and records every Babel packet that
arrives there, through a packet socket, so that nothing is hidden by the
UDP layer.  FakeNeighbours speak from it, each from a link-local address of
its own; one that is asked to keeps its adjacency alive with Hellos and
IHUs and acknowledges what it is asked to acknowledge.
"""

import bisect
import os
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass

import packet as p
from lab import PATIENCE, Timeout, wait_for

ETH_P_IPV6 = 0x86dd
PACKET_OUTGOING = 4
UDP = 17


@dataclass
class Datagram:
    """A Babel packet as it was seen on the wire."""
    time: float
    source: str
    destination: str
    source_port: int
    destination_port: int
    hop_limit: int
    traffic_class: int
    payload: bytes
    decoded: p.Decoded

    @property
    def unicast(self):
        return not self.destination.startswith("ff")


@dataclass
class Heard:
    """One TLV and the packet it came in."""
    datagram: Datagram
    tlv: p.Tlv

    def __getattr__(self, name):
        return getattr(self.tlv, name)


def parse_ipv6(frame, moment):
    """The Babel datagram in an IPv6 packet, or None."""
    if len(frame) < 48 or frame[6] != UDP:
        return None
    word, length, _, hops = struct.unpack("!IHBB", frame[:8])
    ports = struct.unpack("!HH", frame[40:44])
    if p.PORT not in ports:
        return None
    source = socket.inet_ntop(socket.AF_INET6, frame[8:24])
    destination = socket.inet_ntop(socket.AF_INET6, frame[24:40])
    payload = frame[48:40 + length]
    return Datagram(moment, source, destination, *ports, hops,
                    word >> 20 & 0xff, payload,
                    p.decode(payload, source, ports[0]))


class Wire:
    """One end of a link, with the thread that listens and keeps alive."""

    def __init__(self, port):
        self.port = port
        self.namespace = port.router
        self.interface = port.interface
        self.heard = []  # Datagrams, oldest first
        self.changed = threading.Condition()
        self.neighbours = []
        self.index = self.interface_index()
        self.capture = self.namespace.socket(
            socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IPV6))
        self.capture.bind((self.interface, ETH_P_IPV6))
        self.capture.setblocking(False)
        self.wake, self.waker = os.pipe()
        self.closing = False
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def interface_index(self):
        with self.namespace.entered():
            return socket.if_nametoindex(self.interface)

    def close(self):
        self.closing = True
        os.write(self.waker, b"x")
        self.thread.join()
        for neighbour in self.neighbours:
            neighbour.socket.close()
        self.capture.close()
        os.close(self.wake)
        os.close(self.waker)

    def work(self):
        while not self.closing:
            due = min((one.next_hello for one in self.neighbours),
                      default=time.monotonic() + 60)
            left = max(due - time.monotonic(), 0)
            ready = select.select([self.capture, self.wake], [], [],
                                  min(left, 60))[0]
            if self.wake in ready:
                os.read(self.wake, 64)
            if self.capture in ready:
                self.receive()
            for neighbour in list(self.neighbours):
                if neighbour.next_hello <= time.monotonic():
                    neighbour.keep_alive()

    def receive(self):
        while True:
            try:
                frame, where = self.capture.recvfrom(65536)
            except (BlockingIOError, OSError):
                return
            if where[2] == PACKET_OUTGOING:
                continue
            datagram = parse_ipv6(frame, time.monotonic())
            if datagram is None:
                continue
            for neighbour in list(self.neighbours):
                neighbour.react(datagram)
            with self.changed:
                self.heard.append(datagram)
                self.changed.notify_all()

    def neighbour(self, address=None, **options):
        """A fake neighbour here; with an address, at a new one."""
        if address is None:
            address = self.namespace.link_local(self.interface)
        else:
            self.namespace.ip("addr", "add", f"{address}/64", "dev",
                              self.interface, "nodad")
        made = FakeNeighbour(self, address, **options)
        self.neighbours.append(made)
        os.write(self.waker, b"x")
        return made

    def heard_since(self, mark):
        first = bisect.bisect_left(self.heard, mark,
                                   key=lambda datagram: datagram.time)
        return self.heard[first:]


class FakeNeighbour:
    """A router that does what it is told.

    hello is the interval in seconds of the Hellos that keep it alive, each
    with an IHU; None sends nothing unasked.
    """

    def __init__(self, wire, address, hello=None, rxcost=96,
                 acknowledge=True):
        self.wire = wire
        self.address = address
        self.rxcost = rxcost
        self.acknowledge = acknowledge
        self.router_id = os.urandom(8).hex()
        self.seqno = 0x8000  # of Hellos
        self.dut = None  # the daemon's address, once heard
        self.next_hello = float("inf")
        self.hello = None
        self.since = 0.0  # what was heard later counts
        self.nonce = int.from_bytes(os.urandom(2), "big")
        self.socket = self.open(p.PORT)
        if hello is not None:
            self.keep(hello)

    def open(self, port):
        opened = self.wire.namespace.socket(socket.AF_INET6,
                                            socket.SOCK_DGRAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF,
                          self.wire.index)
        opened.bind((self.address, port, 0, self.wire.index))
        return opened

    # Speaking

    def send(self, *tlvs, to=None, **header):
        """Send a packet of these TLVs, to the group or to an address."""
        self.send_raw(p.packet(*tlvs, **header), to)

    def send_raw(self, octets, to=None, via=None):
        self.since = time.monotonic()
        (via or self.socket).sendto(
            octets, (to or p.GROUP, p.PORT, 0, self.wire.index))

    def send_from_port(self, port, *tlvs, to=None):
        other = self.open(port)
        try:
            self.send_raw(p.packet(*tlvs), to, other)
        finally:
            other.close()

    def hello_tlv(self, interval=None):
        seconds = interval if interval is not None else self.hello or 4
        self.seqno = (self.seqno + 1) & 0xffff
        return p.hello(self.seqno, round(seconds * 100))

    def ihu_tlv(self, rxcost=None):
        seconds = 3 * (self.hello or 4)
        return p.ihu(self.dut, self.rxcost if rxcost is None else rxcost,
                     round(seconds * 100))

    def announce(self, *updates, router_id=None, next_hop=None, to=None):
        """Send Updates behind a Router-Id and, if given, a Next Hop."""
        head = [p.router_id(router_id or self.router_id)]
        if next_hop:
            head.append(p.next_hop(next_hop))
        self.send(*head, *updates, to=to)

    def keep(self, hello):
        """Keep the adjacency alive from now on."""
        self.hello = hello
        self.next_hello = time.monotonic()
        os.write(self.wire.waker, b"x")

    def pause(self):
        """No more Hellos, but what is asked is answered."""
        self.next_hello = float("inf")

    def fall_silent(self):
        self.pause()
        self.acknowledge = False

    def keep_alive(self):
        self.next_hello = time.monotonic() + self.hello
        tlvs = [self.hello_tlv()]
        if self.dut:
            tlvs.append(self.ihu_tlv())
        self.socket.sendto(p.packet(*tlvs),
                           (p.GROUP, p.PORT, 0, self.wire.index))

    # Listening

    def react(self, datagram):
        """Called by the wire's thread for each packet that arrives."""
        if not self.sees(datagram):
            return
        self.dut = datagram.source
        for tlv in datagram.decoded.tlvs:
            if tlv.tlv == "AckReq" and self.acknowledge:
                self.socket.sendto(
                    p.packet(p.ack(tlv.opaque)),
                    (datagram.source, p.PORT, 0, self.wire.index))

    def sees(self, datagram):
        return (datagram.destination in (p.GROUP, self.address)
                and datagram.source != self.address)

    def tlvs(self, since=None, kind=None, **fields):
        """What was heard since a moment (or since the last send)."""
        start = self.since if since is None else since
        return [Heard(datagram, tlv)
                for datagram in self.wire.heard_since(start)
                if self.sees(datagram) for tlv in datagram.decoded.tlvs
                if kind in (None, tlv.tlv) and all(
                    tlv.get(key) == value for key, value in fields.items())]

    def mark(self):
        """Forget what was heard so far."""
        self.since = time.monotonic()
        return self.since

    def expect(self, kind, within=2.0, since=None, where=None, **fields):
        """Wait for a TLV; where(heard) may look at its packet too."""
        within *= PATIENCE
        found = self.search(kind, within, since, where, fields)
        if found is None:
            heard = [one.tlv for one in self.tlvs(since)]
            raise Timeout(f"no {kind} {fields} within {within:g} s; "
                          f"heard {heard}")
        return found

    def expect_none(self, kind, during, since=None, where=None, **fields):
        """Nothing like this may be heard for some time."""
        found = self.search(kind, during, since, where, fields)
        assert found is None, f"heard {found.tlv}, which must not be"

    def search(self, kind, within, since, where, fields):
        deadline = time.monotonic() + within
        start = self.since if since is None else since
        with self.wire.changed:
            while True:
                for heard in self.tlvs(start, kind, **fields):
                    if where is None or where(heard):
                        return heard
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self.wire.changed.wait(left)

    # Going through the motions

    def find_daemon(self, within=10):
        wait_for(lambda: self.dut, within, "the daemon is heard")
        return self.dut

    def connect(self, hello=1.0, within=5):
        """Become a neighbour with a usable link, and stay one."""
        self.find_daemon()
        self.hello = hello
        for _ in range(3):
            self.send(self.hello_tlv(), self.ihu_tlv())
        self.keep(hello)
        self.expect("IHU", within, address=self.address, since=0,
                    where=lambda heard: heard.rxcost < p.INFINITY)
        self.sync()
        return self

    def sync(self, within=3):
        """Return when the daemon has taken in all that was sent before.

        Packets are handled in order, so an answered Acknowledgment Request
        is the proof; the mark of the last send stays where it was.
        """
        since = self.since
        self.nonce = (self.nonce + 1) & 0xffff
        nonce = self.nonce
        start = time.monotonic()
        self.send(p.ack_request(nonce, 10), to=self.dut)
        self.expect("Ack", within, since=start, opaque=nonce)
        self.since = since
