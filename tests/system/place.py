"""A daemon on a host: its files, its parameters of the kernel, its process."""

import os
import stat
import subprocess

from control import Control
from daemons import OURS

WANTED = {"ipv6/conf/all/forwarding": "1", "ipv4/conf/all/forwarding": "1",
          "ipv6/conf/all/accept_redirects": "0",
          "ipv4/conf/all/rp_filter": "0"}
UNWANTED = {path: str(1 - int(value)) for path, value in WANTED.items()}


class Place:
    """A router with one link, and files for a daemon there."""

    def __init__(self, lab):
        self.lab = lab
        self.router = lab.router("dut")
        lab.link(self.router, lab.router("east"))
        lab.build()
        self.router.sysctl(UNWANTED)
        self.pid, self.log, self.state, self.socket = (
            lab.path(name) for name in ("pid", "log", "state", "socket"))

    def argv(self, *more):
        return [OURS, "-c", "/dev/null", "-I", self.pid, "-L", self.log,
                "-S", self.state, "-g", self.socket, *more, "dut-east"]

    def start(self, *more, wrapper=()):
        """One that comes to run."""
        process = self.router.spawn([*wrapper, *self.argv(*more)],
                                    stdin=subprocess.DEVNULL)
        self.lab.processes.append(process)
        with Control(self.socket) as control:
            assert control.request("unmonitor") == ["ok"]
        return process

    def run(self, *more, wrapper=()):
        """One that ends by itself: its exit status."""
        return subprocess.run(
            ["ip", "netns", "exec", self.router.full_name, *wrapper,
             *self.argv(*more)], timeout=10, check=False,
            stdin=subprocess.DEVNULL).returncode

    def read(self, path):
        with open(path) as stream:
            return stream.read()

    def sysctls(self):
        return {path: self.router.read(f"/proc/sys/net/{path}").strip()
                for path in WANTED}


def end(process):
    process.terminate()
    assert process.wait(10) == 0


def spoil(place, kind, path):
    """Put something there that is not ours; tell what must stay of it."""
    other = place.lab.path("other")
    with open(other, "w") as stream:
        stream.write("interface dut-east\n")
    if kind == "configuration":
        os.rename(other, path)
    elif kind == "link":
        os.symlink(other, path)
    elif kind == "second name":
        os.link(other, path)
    elif kind == "device":
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        os.mkdir(path)
    return lambda: (os.lstat(path).st_ino, os.lstat(path).st_mode,
                    os.path.exists(other) and place.read(other),
                    kind == "configuration" and place.read(path))
