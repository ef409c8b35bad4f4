"""A flood of numbered datagrams through a network, while its routes move."""

import contextlib
import select
import socket
import threading
import time

PORT = 9999
BURST = 0.001  # seconds between bursts
SO_RCVBUFFORCE = 33


class Flood:
    """From a router to an address of another one, at a steady pace."""

    def __init__(self, source, sink, target, rate=24000):
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        self.target, self.rate = target, rate
        self.sender = source.socket(family, socket.SOCK_DGRAM)
        self.receiver = sink.socket(family, socket.SOCK_DGRAM)
        self.receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 26)
        self.receiver.bind((target, PORT))
        self.receiver.setblocking(False)
        self.arrived = bytearray()  # how often, by number
        self.achieved = 0.0  # datagrams a second

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.sender.close()
        self.receiver.close()

    def warm_up(self):
        """One datagram: the queue of a next hop that is not resolved yet
        is short."""
        self.sender.sendto(b"warm", (self.target, PORT))
        assert select.select([self.receiver], [], [], 5)[0], "no way there"
        assert self.receiver.recv(16) == b"warm"

    def run(self, seconds, meanwhile):
        """Call meanwhile() over and over until all were sent."""
        self.arrived = bytearray(round(seconds * self.rate))
        workers = [threading.Thread(target=work)
                   for work in (self.send, self.receive)]
        for worker in workers:
            worker.start()
        try:
            while workers[0].is_alive():
                meanwhile()
        finally:
            for worker in workers:
                worker.join()

    def send(self):
        began = due = time.monotonic()
        burst = round(self.rate * BURST)
        for first in range(0, len(self.arrived), burst):
            for number in range(first, first + burst):
                self.sender.sendto(number.to_bytes(4, "big"),
                                   (self.target, PORT))
            due += BURST
            select.select([], [], [], max(0, due - time.monotonic()))
        self.achieved = len(self.arrived) / (time.monotonic() - began)

    def receive(self):
        while select.select([self.receiver], [], [], 1)[0]:
            with contextlib.suppress(BlockingIOError):
                while True:
                    number = int.from_bytes(self.receiver.recv(16), "big")
                    self.arrived[number] += 1

    @property
    def lost(self):
        return self.arrived.count(0)

    @property
    def repeated(self):
        return len(self.arrived) - self.arrived.count(0) \
            - self.arrived.count(1)
