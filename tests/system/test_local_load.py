"""Clients of the local socket against routing, at scale.

A neighbour announces many routes; the daemon learns and installs them all,
alone, and with a crowd on its socket: twenty monitors, a client that reads
a kilobyte a second, one that reads nothing, one that sends without end,
and a thousand attempts to connect.  LOCAL_ROUTES and LOCAL_PAIRS set the
size; "make check" runs a small one, and the real one is

    LOCAL_ROUTES=100000 LOCAL_PAIRS=5 pytest test_local_load.py
"""

import os
import selectors
import socket
import statistics
import struct
import threading
import time

import pytest

from clients import BabelWeb2, take_all
from daemons import Babeld, OURS
from lab import wait_for
from speaker import parse_ipv6
from test_local import (assert_no_hello_missed, daemon_pid,
                        hello_gaps)

ROUTES = int(os.environ.get("LOCAL_ROUTES", 5000))
PAIRS = int(os.environ.get("LOCAL_PAIRS", 1))
MONITORS = 20
ATTEMPTS = 1000
HELLO = 0.5
CONNECTING = 0.1		# seconds that the crowd takes to connect
MEMORY_PER_ROUTE = 2048		# bytes, journal and all
MEMORY_BASE = 64 << 20


def prefixes(count):
    return [f"10.{128 + (n >> 16)}.{n >> 8 & 255}.{n & 255}/32"
            for n in range(count)]


class Crowd:
    """Clients of all kinds, in a thread of their own."""

    def __init__(self, path):
        self.path = path
        self.selector = selectors.DefaultSelector()
        self.monitors = []
        self.received = {}
        self.stopped = False
        for _ in range(MONITORS):
            self.monitors.append(self.connect(b"monitor\n"))
        self.slow = self.connect(b"monitor\n", small=True)
        self.silent = self.connect(b"monitor\ndump\n", small=True)
        self.endless = self.connect(b"", small=True)
        self.attempts = ATTEMPTS
        for monitor in self.monitors:
            self.received[monitor] = 0
            self.selector.register(monitor, selectors.EVENT_READ)
        # The first and the last are listened to, the others only read.
        self.heard = {monitor: [] for monitor in
                      (self.monitors[0], self.monitors[-1])}
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def connect(self, text, small=False):
        client = socket.socket(socket.AF_UNIX)
        if small:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(self.path)
        client.sendall(text)
        client.setblocking(False)
        return client

    def work(self):
        next_round = time.monotonic()
        while not self.stopped:
            for key, _ in self.selector.select(0.05):
                data = key.fileobj.recv(1 << 18)
                self.received[key.fileobj] += len(data)
                if key.fileobj in self.heard:
                    self.heard[key.fileobj].append(data)
                if not data:
                    self.selector.unregister(key.fileobj)
            if time.monotonic() >= next_round:
                next_round += 0.1
                self.misbehave()

    def misbehave(self):
        """Ten times a second: 100 bytes read here, much sent there."""
        for act in (lambda: self.slow.recv(100),
                    lambda: self.endless.send(b"x" * (1 << 17))):
            try:
                act()
            except (BlockingIOError, ConnectionError):
                pass
        for _ in range(min(self.attempts, 50)):
            self.attempts -= 1
            try:
                self.connect(b"dump\n").close()
            except OSError:
                pass

    def close(self):
        self.stopped = True
        self.thread.join()
        for client in (*self.monitors, self.slow, self.silent,
                       self.endless):
            client.close()


class Reader:
    """What a strict client makes of what a monitor was sent."""

    def __init__(self, chunks):
        self.chunks = chunks
        self.taken = 0
        self.rest = b""
        self.web = BabelWeb2()

    def knows_all(self):
        chunks = self.chunks[self.taken:]
        self.taken += len(chunks)
        *lines, self.rest = (self.rest + b"".join(chunks)).split(b"\n")
        take_all(self.web, [line.decode() for line in lines])
        return sum(route["installed"] == "yes" for route in
                   self.web.tables["route"].values()) >= ROUTES


class HelloClock:
    """When Hellos arrive, by the kernel's clock.

    A thread of ours may come too late to look at the time itself.
    """

    ETH_P_IPV6, SOL_PACKET, PACKET_IGNORE_OUTGOING = 0x86DD, 263, 23
    SO_TIMESTAMPNS = 35

    def __init__(self, port):
        self.capture = port.router.socket(
            socket.AF_PACKET, socket.SOCK_DGRAM,
            socket.htons(self.ETH_P_IPV6))
        self.capture.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.capture.setsockopt(socket.SOL_SOCKET, self.SO_TIMESTAMPNS, 1)
        self.capture.setsockopt(self.SOL_PACKET,
                                self.PACKET_IGNORE_OUTGOING, 1)
        self.capture.bind((port.interface, self.ETH_P_IPV6))
        self.capture.settimeout(0.2)
        self.heard = []
        self.stopped = False
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while not self.stopped:
            try:
                frame, notes, _, _ = self.capture.recvmsg(65536, 256)
            except TimeoutError:
                continue
            seconds, nanoseconds = struct.unpack("qq", notes[0][2])
            datagram = parse_ipv6(frame, seconds + nanoseconds / 1e9)
            if datagram:
                self.heard.append(datagram)

    def close(self):
        self.stopped = True
        self.thread.join()
        self.capture.close()


class Load:
    def __init__(self, lab):
        self.a, self.b = lab.router("a"), lab.router("b")
        self.link = lab.link(self.a, self.b)
        lab.build()
        self.b.ip_batch([f"route add {prefix} dev lo proto 77"
                         for prefix in prefixes(ROUTES)])
        self.daemon = Babeld(self.a, OURS, HELLO)
        self.other = Babeld(self.b, OURS, HELLO, [
            "redistribute proto 77 metric 128"])
        self.other.start()
        with self.other.control() as control:
            wait_for(lambda: self.gauge(control, "xroutes") >= ROUTES, 60,
                     "the neighbour has its routes")

    @staticmethod
    def gauge(control, name):
        for line in control.request("stats", within=30):
            words = line.split(" ")
            if words[1:2] == [name]:
                return int(words[3])
        raise AssertionError(f"no {name} in stats")

    def run(self, crowded):
        """Start the daemon; the time until all routes are installed."""
        clock = HelloClock(self.link.ends[1])
        start = time.monotonic()
        self.daemon.start()
        # Connected before the crowd, which takes every place at times.
        watch = self.daemon.control()
        crowd = Crowd(self.daemon.socket_path) if crowded else None
        try:
            wait_for(lambda: self.gauge(watch, "fib-adds") >= ROUTES, 300,
                     "all routes are installed", every=0.05)
            took = time.monotonic() - start
            if crowded:
                self.check(crowd)
        finally:
            if crowded:
                crowd.close()
            watch.close()
            clock.close()
        self.gaps = hello_gaps(clock.heard, self.a.link_local("a-b"))
        self.daemon.terminate(60)
        return took

    def check(self, crowd):
        """Every monitor gets to know everything, in order."""
        wait_for(lambda: min(crowd.received[monitor] for monitor in
                             crowd.monitors) >= 100 * ROUTES, 120,
                 "the monitors are told everything")
        wait_for(lambda: crowd.attempts == 0, 120, "all have tried")
        memory = MEMORY_BASE + MEMORY_PER_ROUTE * ROUTES
        with open(f"/proc/{daemon_pid(self.daemon)}/statm") as stream:
            self.memory = int(stream.read().split()[1]) * 4096
        assert self.memory < memory
        for chunks in crowd.heard.values():
            reader = Reader(chunks)
            wait_for(reader.knows_all, 60, "a monitor knows every route",
                     every=0.2)


@pytest.mark.covers("F34")
def test_a_crowd_delays_nothing(lab, figure):
    load = Load(lab)
    alone, crowded, quiet_gaps, gaps = [], [], [], []
    for _ in range(PAIRS):
        alone.append(load.run(False))
        quiet_gaps += load.gaps
        crowded.append(load.run(True))
        gaps += load.gaps
    figure(f"{ROUTES} routes, alone", statistics.median(alone))
    figure(f"{ROUTES} routes, crowded", statistics.median(crowded))
    figure("longest time between Hellos, alone", max(quiet_gaps, default=0))
    figure("longest time between Hellos, crowded", max(gaps))
    print("alone", alone, "crowded", crowded, "memory", load.memory)
    assert_no_hello_missed(gaps, HELLO)
    # Fewer than five pairs say little about ten per cent.
    if PAIRS >= 5:
        assert statistics.median(crowded) <= \
            statistics.median(alone) * 1.1 + CONNECTING
