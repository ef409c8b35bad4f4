"""Echo requests from inside namespaces: reachability, and gaps in a flow."""

import contextlib
import os
import select
import socket
import struct
import threading
import time

from lab import PATIENCE, wait_for

ECHO = {4: (8, 0), 6: (128, 129)}  # request and reply types


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Pinger:
    """A raw ICMP socket on a router, of one IP version."""

    def __init__(self, router, version):
        family, protocol = (
            (socket.AF_INET, socket.IPPROTO_ICMP) if version == 4 else
            (socket.AF_INET6, socket.IPPROTO_ICMPV6))
        self.version = version
        self.request, self.answer = ECHO[version]
        self.identifier = int.from_bytes(os.urandom(2), "big")
        self.socket = router.socket(family, socket.SOCK_RAW, protocol)
        self.socket.bind((router.address4 if version == 4
                          else router.address6, 0))
        self.socket.setblocking(False)

    def close(self):
        self.socket.close()

    def fileno(self):
        return self.socket.fileno()

    def send(self, target, sequence):
        """False if there is no route, which is a lost packet too."""
        head = struct.pack("!BBHHH", self.request, 0, 0, self.identifier,
                           sequence & 0xffff)
        if self.version == 4:
            head = struct.pack("!BBHHH", self.request, 0, checksum(head),
                               self.identifier, sequence & 0xffff)
        with contextlib.suppress(OSError):
            self.socket.sendto(head, (target, 0))
            return True
        return False

    def receive(self):
        """The sequence numbers of the answers that have come."""
        found = []
        while True:
            try:
                data, sender = self.socket.recvfrom(2048)
            except BlockingIOError:
                return found
            except OSError:
                continue
            if self.version == 4:
                data = data[(data[0] & 15) * 4:]
            if len(data) < 8:
                continue
            kind, _, _, identifier, sequence = struct.unpack("!BBHHH",
                                                             data[:8])
            if kind == self.answer and identifier == self.identifier:
                found.append((sequence, sender[0]))


def unanswered(routers, targets=None, within=5, versions=(4, 6)):
    """Ping all targets from all routers until each answered once.

    Returns the (router, address) pairs that never did.
    """
    targets = routers if targets is None else targets
    pingers = {}
    missing = set()
    for router in routers:
        for version in versions:
            pinger = pingers[router, version] = Pinger(router, version)
            for target in targets:
                address = target.address4 if version == 4 else target.address6
                if target is not router:
                    missing.add((router, version, address))
    deadline = time.monotonic() + within * PATIENCE
    sequence = 0
    try:
        while missing and time.monotonic() < deadline:
            sequence += 1
            for router, version, address in missing:
                pingers[router, version].send(address, sequence)
            until = min(time.monotonic() + 0.3, deadline)
            while missing and time.monotonic() < until:
                select.select(list(pingers.values()), [], [],
                              max(until - time.monotonic(), 0))
                for (router, version), pinger in pingers.items():
                    missing -= {(router, version, sender)
                                for _, sender in pinger.receive()}
        return sorted((router.name, address)
                      for router, _, address in missing)
    finally:
        for pinger in pingers.values():
            pinger.close()


class Flow:
    """A steady stream of echo requests of both IP versions in a thread."""

    def __init__(self, router, target, every=0.01, versions=(4, 6)):
        self.every = every
        self.targets = {4: target.address4, 6: target.address6}
        self.pingers = {version: Pinger(router, version)
                        for version in versions}
        self.sent = {version: [] for version in versions}
        self.answered = {version: set() for version in versions}
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()

    def work(self):
        due = time.monotonic()
        while not self.stopping.is_set():
            for version, pinger in self.pingers.items():
                sequence = len(self.sent[version])
                self.sent[version].append(time.monotonic())
                pinger.send(self.targets[version], sequence)
            due += self.every
            self.collect(due)

    def collect(self, until):
        while True:
            left = until - time.monotonic()
            ready = select.select(list(self.pingers.values()), [], [],
                                  max(left, 0))[0]
            for version, pinger in self.pingers.items():
                if pinger in ready:
                    self.note(version, pinger.receive())
            if left <= 0:
                return

    def note(self, version, answers):
        newest = len(self.sent[version]) - 1
        for low, _ in answers:
            # The wire has 16 bits of the number; restore the rest.
            self.answered[version].add(newest - ((newest - low) & 0xffff))

    def flowing(self, version=None):
        """Did one of the last few requests get its answer?"""
        versions = self.pingers if version is None else [version]
        return all(
            self.answered[one] & set(range(len(self.sent[one]) - 5,
                                           len(self.sent[one])))
            for one in versions)

    def await_flowing(self, within, what="packets flow"):
        wait_for(self.flowing, within, what, every=0.005)

    def stop(self):
        if self.stopping.is_set():
            return
        self.stopping.set()
        self.thread.join()
        for pinger in self.pingers.values():
            pinger.close()

    def longest_gap(self, version=None, since=0.0):
        """Seconds between two answered requests with lost ones between.

        Only gaps that end after a moment count; one that has not ended
        reaches to the last request.
        """
        if version is None:
            return max(self.longest_gap(one, since) for one in self.pingers)
        longest = 0.0
        last = None  # the last answered request
        lost = False  # were there others since?
        for sequence, moment in enumerate(list(self.sent[version])):
            answered = sequence in self.answered[version]
            if last is not None and moment >= since \
                    and (lost or not answered):
                longest = max(longest, moment - last)
            if answered:
                last, lost = moment, False
            else:
                lost = True
        return longest
