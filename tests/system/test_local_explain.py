"""What the local socket tells of links that do not work, on real ones."""

import errno
import os
import signal
import socket

import packet as p
from daemons import Babeld, OURS
from lab import wait_for
from test_local import daemon_pid

HELLO = 0.4
KEY = "key id k type hmac-sha256 value " + bytes(range(32)).hex()
OTHER = "key id k type hmac-sha256 value " + bytes(range(32, 64)).hex()


class Link:
    """Two daemons; the first explains the other."""

    def __init__(self, lab, ours=(), theirs=()):
        self.a, self.b = lab.router("a"), lab.router("b")
        self.link = lab.link(self.a, self.b)
        lab.build()
        self.daemon = Babeld(self.a, OURS, HELLO, ours)
        self.other = Babeld(self.b, OURS, HELLO, theirs)

    def start(self):
        self.daemon.start()
        self.other.start()
        return self

    def explained(self):
        """The fields of the only line, and its first word; or nothing."""
        with self.daemon.control() as control:
            *lines, last = control.request("explain neighbour")
        assert last == "ok" and len(lines) <= 1, lines
        if not lines:
            return {}
        kind, address, *words = lines[0].split(" ")
        assert len(words) % 2 == 0, lines
        return {kind: address, **dict(zip(words[::2], words[1::2]))}

    def await_fields(self, within=10, **wanted):
        """Names have '_' for '-'."""
        wanted = {name.replace("_", "-"): value
                  for name, value in wanted.items()}
        wait_for(lambda: wanted.items() <= self.explained().items(),
                 within, f"explain neighbour says {wanted}")
        return self.explained()


def test_packets_that_are_too_large_for_the_other_end(lab):
    link = Link(lab, ["interface a-b probe-mtu true"])
    link.b.ip("link", "set", "b-a", "mtu", "1300")
    link.start()
    found = link.await_fields(link="never-heard-us", heard="yes",
                              mtu="1500", mtu_probe="lost")
    assert found["sends-failed"] == "0"
    link.b.ip("link", "set", "b-a", "mtu", "1500")
    link.await_fields(link="ok", mtu_probe="passed")
    link.b.ip("link", "set", "b-a", "mtu", "1300")
    link.await_fields(15, link="not-hearing-us", mtu_probe="lost")
    wait_for(lambda: link.explained()["link"] == "not-hearing-us" and
             float(link.explained()["since"]) > 2 * HELLO, 10, "for a while")


def test_packets_that_the_other_end_makes_too_large(lab):
    link = Link(lab, theirs=["interface b-a probe-mtu true"]).start()
    link.await_fields(link="ok")
    link.a.ip("link", "set", "a-b", "mtu", "1300")
    # It goes on sending what is small: acknowledgments, answers, updates.
    found = link.await_fields(15, link="not-heard", mtu_probe="off")
    assert float(found["since"]) > HELLO


def test_packets_that_the_kernel_does_not_send(lab):
    link = Link(lab).start()
    link.await_fields(link="ok", sends_failed="0", send_errno="none")
    route = ["multicast", "ff00::/8", "dev", "a-b", "table", "local"]
    link.a.ip("-6", "route", "del", *route)
    found = link.await_fields(send_errno=str(errno.ENETUNREACH))
    assert int(found["sends-failed"]) > 0
    wait_for(lambda: float(link.explained()["send-age"]) < 2 * HELLO, 10,
             "one was refused just now")
    link.a.ip("-6", "route", "add", *route)
    wait_for(lambda: float(link.explained()["send-age"]) > 2 * HELLO, 10,
             "packets are sent again")


def test_a_stranger_with_another_key(lab):
    link = Link(lab, [KEY, "default key k"], [OTHER, "default key k"]).start()
    address = link.b.link_local("b-a")
    found = link.await_fields(stranger=address, mac="required",
                              mac_reason="mac-wrong")
    assert int(found["mac-dropped"]) > 0
    assert float(found["mac-age"]) < 30


def test_a_neighbour_that_no_longer_signs(lab):
    link = Link(lab, [KEY, "default key k"], [KEY, "default key k"]).start()
    link.await_fields(link="ok", mac="required")
    link.other.config[:] = [line for line in link.other.config
                            if "key" not in line]
    link.other.kill()
    link.other.start()
    link.await_fields(mac_reason="mac-missing")


def test_losses_below_the_protocol_are_counted(bench):
    bench.east.announce(p.update("2001:db8:1::/48", 256))
    bench.await_route("2001:db8:1::/48")
    daemon = daemon_pid(bench.daemon)
    os.kill(daemon, signal.SIGSTOP)
    try:
        # More packets than the socket's buffer holds, more changes than
        # the kernel remembers for us.
        with bench.wires["east"].namespace.socket(
                socket.AF_INET6, socket.SOCK_DGRAM) as sender:
            for _ in range(40000):
                sender.sendto(b"x" * 512, (bench.east.dut, p.PORT, 0,
                                           bench.wires["east"].index))
        bench.router.ip_batch([f"route add 10.200.{n >> 8}.{n & 255} dev lo"
                               for n in range(20000)])
    finally:
        os.kill(daemon, signal.SIGCONT)

    def counted():
        with bench.daemon.control() as control:
            lines = control.request("stats")
        values = {words[1]: int(words[3]) for words in (
            line.split(" ") for line in lines) if words[0] == "counter"}
        return values["udp-overruns"] > 0 and \
            values["netlink-overruns"] > 0 and "udp-reflected" in values
    wait_for(counted, 10, "the losses are counted")
