"""Babel over WireGuard: a full mesh with a tunnel for each pair.

The tunnels are those of wireguard-go, since not every kernel has its own.
Their outer packets pass a LAN where nobody speaks Babel.  As with the
kernel's, an interface has no link-local address until somebody gives it one.
"""

import base64
import itertools
import os
import random
import shutil
import socket
import subprocess
import time

import pytest

from daemons import OURS, Babeld
from lab import Link, Port, Tables, all_met, run, wait_for
from probe import Flow, unanswered

LACKING = [tool for tool in ("wg", "wireguard-go")
           if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(LACKING != [], reason=f"no {LACKING}")
slow = pytest.mark.slow


class Device:
    """One end of a tunnel: a process of wireguard-go, and its interface."""

    OUTER = itertools.count(51001)  # UDP ports

    def __init__(self, port):
        self.router, self.name = port.router, port.interface
        self.outer = next(self.OUTER)
        self.private = run("wg", "genkey")
        self.public = run("wg", "pubkey", text=self.private)
        self.process = self.router.spawn(
            ["sh", "-c", "mount -t tmpfs tmpfs /run && "
             f"exec wireguard-go -f {self.name}"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.router.lab.processes.append(self.process)
        self.path = (f"/proc/{self.process.pid}/root/run/wireguard/"
                     f"{self.name}.sock")
        wait_for(lambda: os.path.exists(self.path), 10, self.path)
        self.router.ip("link", "set", self.name, "addrgenmode", "none")

    def tell(self, *lines):
        """What the tool "wg" would say to it."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.path)
            client.sendall("\n".join(("set=1", *lines, "", "")).encode())
            assert client.recv(4096) == b"errno=0\n\n"

    def join(self, there, endpoint):
        self.tell(f"private_key={as_hex(self.private)}",
                  f"listen_port={self.outer}",
                  f"public_key={as_hex(there.public)}",
                  f"endpoint={endpoint}:{there.outer}",
                  "allowed_ip=0.0.0.0/0", "allowed_ip=::/0")

    def kill(self):
        """The interface goes with it."""
        self.process.kill()
        self.process.wait()


def as_hex(key):
    return base64.b64decode(key).hex()


def random_link_local():
    """From a MAC address that nobody has, as the recipe goes."""
    low = [random.randint(0, most) for most in (0x7f, 0xff, 0xff)]
    return "fe80::216:3eff:fe%02x:%02x%02x/64" % tuple(low)


class Tunnel(Link):
    """A tunnel between two routers of a mesh."""

    def __init__(self, mesh, a, b):
        number = len(mesh.lab.links) + 1
        super().__init__(*(
            Port(here, f"wg-{there.name}", f"10.64.{number}.{index}", self)
            for index, (here, there) in enumerate(((a, b), (b, a)), 1)))
        self.devices = [Device(port) for port in self.ends]
        for here, there in (self.devices, self.devices[::-1]):
            here.join(there, mesh.endpoint(here, there))
        for port in self.ends:
            port.router.ports[port.interface] = port
            port.router.ip_batch([
                *mesh.addresses(port), f"link set {port.interface} up"])
        mesh.lab.links.append(self)


class Mesh:
    """Routers on a LAN, and a tunnel between each two of those that are in.

    By "hand", each interface is named and is given random link-local and
    IPv4 addresses; otherwise babeld is told all that there is to tell in a
    line, at the start.
    """

    def __init__(self, lab, figure, names, by_hand, hello=None):
        self.lab, self.figure, self.by_hand = lab, figure, by_hand
        self.hello = hello
        self.routers = [lab.router(name) for name in names]
        lan = lab.lan("outside", *self.routers, ipv4=False)
        lab.build()
        self.outside = {port.router: port for port in lan.ends}
        # What follows is about tunnels alone.
        lab.links.remove(lan)
        for port in lan.ends:
            del port.router.ports[port.interface]
        self.daemons = {}
        self.tunnels = {}

    def endpoint(self, here, there):
        port = self.outside[there.router]
        zone = self.outside[here.router].interface
        return f"[{port.router.link_local(port.interface)}%{zone}]"

    def addresses(self, port):
        if not self.by_hand:
            return []
        return [f"addr add {address} dev {port.interface}" for address in (
            random_link_local(), f"{port.address4}/24")]

    def daemon(self, router):
        if self.by_hand:
            return Babeld(router, OURS, self.hello)
        return Babeld(router, OURS, self.hello, interfaces=[],
                      config=["interface wg* link-local auto"])

    def join(self, *routers):
        """Tunnels to all who are in, and a daemon; nobody is restarted."""
        began = time.monotonic()
        for router in routers:
            for other in self.daemons:
                self.tunnels[other, router] = Tunnel(self, other, router)
                if self.by_hand and self.daemons[other] is not None:
                    with self.daemons[other].control() as control:
                        line = f"interface wg-{router}"
                        assert control.request(line) == ["ok"]
            self.daemons[router] = None
        for router in routers:
            self.daemons[router] = self.daemon(router).start()
        names = "".join(router.name for router in self.daemons)
        self.settle(f"{names} have met", began)

    def problems(self):
        routers = list(self.daemons)
        return Tables(self.lab, routers).problems(routers)

    def settle(self, event, began, within=40):
        wait_for(lambda: all_met(self.problems()), within, event, every=0.05)
        self.figure(event, time.monotonic() - began)
        assert unanswered(list(self.daemons)) == []

    def lose(self, event, cut, tunnel):
        """The traffic of a tunnel finds another way."""
        a, b = tunnel.routers
        with Flow(a, b) as flow:
            flow.await_flowing(10)
            began = time.monotonic()
            cut()
            tunnel.up = False
            self.settle(event, began)
            flow.await_flowing(10)
        self.figure("    no packets for", flow.longest_gap(since=began))

    def end(self):
        """What the daemons added is gone, what others did has stayed."""
        devices = [device for tunnel in self.tunnels.values()
                   for device in tunnel.devices
                   if device.process.poll() is None]
        assert all(device.router.link_local(device.name)
                   for device in devices)
        for daemon in self.daemons.values():
            assert daemon.terminate() == 0
        for device in devices:
            left = device.router.link_local(device.name) is not None
            assert left == self.by_hand


@pytest.mark.parametrize("by_hand", [False, pytest.param(True, marks=slow)],
                         ids=["automatic", "by hand"])
@pytest.mark.parametrize("hello", [0.5, pytest.param(None, marks=slow)],
                         ids=["brisk", "default"])
def test_full_mesh(lab, figure, by_hand, hello):
    """Four meet; a tunnel falls silent, and comes back; a device vanishes;
    a fifth comes, and whoever was there stays as he is."""
    mesh = Mesh(lab, figure, "abcde", by_hand, hello)
    a, b, c, d, e = mesh.routers
    mesh.join(a, b, c, d)
    tunnel = mesh.tunnels[a, b]
    mesh.lose("silence between a and b", tunnel.silence, tunnel)
    began = time.monotonic()
    tunnel.silence(False)
    mesh.settle("that is over", began)
    tunnel = mesh.tunnels[c, d]
    mesh.lose("c's device is gone", tunnel.devices[0].kill, tunnel)
    before = [daemon.pid for daemon in mesh.daemons.values()]
    mesh.join(e)
    assert before == [daemon.pid for daemon in mesh.daemons.values()][:4]
    assert all(daemon.alive for daemon in mesh.daemons.values())
    mesh.end()
