"""A laboratory of network namespaces.

A Lab holds routers (a namespace each), links between them (veth pairs) and
LANs (a bridge in a namespace of its own).  Describe them, then build():

    with Lab() as lab:
        a, b = lab.router("a"), lab.router("b")
        link = lab.link(a, b)
        lab.build()
        ...
        link.cut()

Every namespace carries the process id of its maker in its name, so that
several laboratories can stand side by side, and a run that was killed is
swept away by the next one.  Only the standard library is used: the
demonstration and the benchmarks stand on this file too.
"""

import atexit
import contextlib
import ctypes
import ipaddress
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass

PREFIX = "babel"
NAME = re.compile(PREFIX + r"(\d+)\.\d+-")
NETNS_DIRECTORY = "/run/netns"
CLONE_NEWNET = 0x40000000
IFA_F_TENTATIVE = 0x40
BABEL_PROTOCOL = "babel"  # iproute2's name for protocol 42

_libc = ctypes.CDLL(None, use_errno=True)
_serial = itertools.count(1)
_open_labs = set()


# Deadlines are for tests that hang.  None is a claim, and a busy machine must
# not miss one: each is stretched by this.  What takes time is reported by
# figure(), or derived from events and their order.
PATIENCE = 5


class Timeout(AssertionError):
    """A condition did not come true before its deadline."""


def wait_for(condition, within, what, every=0.02):
    """Call condition() until it is true and return what it returned.

    A condition that can tell why it is not true returns an Unmet, whose
    reason is shown on timeout.
    """
    within *= PATIENCE
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value and not isinstance(value, Unmet):
            return value
        if time.monotonic() >= deadline:
            reason = f": {value.reason}" if isinstance(value, Unmet) else ""
            raise Timeout(f"not within {within:g} s: {what}{reason}")
        time.sleep(every)


class Unmet:
    """A false condition that can say why."""

    def __init__(self, reason):
        self.reason = reason

    def __bool__(self):
        return False


def all_met(problems):
    """True if there are no problems, else the first few of them."""
    return True if not problems else Unmet("; ".join(map(str, problems[:6])))


def run(*argv, text=None):
    """Run a command to its end; its failure is an error that says why."""
    done = subprocess.run(argv, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


def set_namespace(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def shortfalls():
    """What this machine lacks to hold a laboratory; empty if nothing."""
    missing = []
    if os.geteuid() != 0:
        missing.append("root")
    for tool in ("ip", "tc", "setpriv"):
        if shutil.which(tool) is None:
            missing.append(tool)
    return missing


def sweep():
    """Remove what is left of runs whose process has died."""
    try:
        names = os.listdir(NETNS_DIRECTORY)
    except FileNotFoundError:
        return
    for name in names:
        match = NAME.match(name)
        if match is None or os.path.exists(f"/proc/{match.group(1)}"):
            continue
        pids = subprocess.run(["ip", "netns", "pids", name],
                              capture_output=True, text=True).stdout.split()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", name], capture_output=True)


def close_all():
    for lab in list(_open_labs):
        lab.close()


def exit_on_signals():
    """Turn SIGTERM and SIGHUP into an exit, so that clean-up is run."""
    def leave(number, frame):
        sys.exit(128 + number)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)


atexit.register(close_all)


@dataclass(frozen=True)
class KernelRoute:
    prefix: str  # always with its length
    source: str  # source prefix, or ""
    kind: str  # unicast, unreachable, throw, ...
    gateway: str  # or ""
    interface: str  # or ""
    protocol: str
    metric: int
    table: str


class Namespace:
    """A network namespace with a name known to ip(8)."""

    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        self.full_name = f"{PREFIX}{os.getpid()}.{lab.serial}-{name}"
        self.descriptor = -1

    def open(self):
        self.descriptor = os.open(f"{NETNS_DIRECTORY}/{self.full_name}",
                                  os.O_RDONLY | os.O_CLOEXEC)

    def close(self):
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    @contextlib.contextmanager
    def entered(self):
        """Let this thread act inside the namespace."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            set_namespace(self.descriptor)
            yield
        finally:
            set_namespace(home)
            os.close(home)

    def socket(self, *arguments):
        with self.entered():
            return socket.socket(*arguments)

    def read(self, path):
        with self.entered(), open(path) as stream:
            return stream.read()

    def sysctl(self, settings):
        with self.entered():
            for path, value in settings.items():
                with open(f"/proc/sys/net/{path}", "w") as stream:
                    stream.write(str(value))

    def ip(self, *arguments):
        return run("ip", "-n", self.full_name, *arguments)

    def ip_batch(self, lines):
        return run("ip", "-n", self.full_name, "-batch", "-",
                   text="\n".join(lines) + "\n")

    def tc(self, *arguments):
        return run("tc", "-n", self.full_name, *arguments)

    def spawn(self, argv, **options):
        """Start a process inside, which dies when this one dies."""
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL",
             "ip", "netns", "exec", self.full_name, *argv], **options)

    def link_local(self, interface):
        """The first link-local address that is ready for use, or None."""
        for line in self.read("/proc/thread-self/net/if_inet6").splitlines():
            digits, _, _, scope, flags, name = line.split()
            if name == interface and scope == "20" \
                    and not int(flags, 16) & IFA_F_TENTATIVE:
                return str(ipaddress.IPv6Address(int(digits, 16)))
        return None

    def routes(self, table="main"):
        """The kernel's routes of both families."""
        found = []
        for family, width in (("-4", 32), ("-6", 128)):
            text = self.ip("-j", "-d", family, "route", "show",
                           "table", str(table))
            for entry in json.loads(text or "[]"):
                found.append(kernel_route(entry, width, str(table)))
        return found


def kernel_route(entry, width, table):
    default = "0.0.0.0/0" if width == 32 else "::/0"

    def full(text):
        if text in ("", "default", None):
            return default
        return text if "/" in text else f"{text}/{width}"

    via = entry.get("via", {}).get("host", "")
    return KernelRoute(
        prefix=full(entry["dst"]),
        source=full(entry["from"]) if "from" in entry else "",
        kind=entry.get("type", "unicast"),
        gateway=entry.get("gateway", via),
        interface=entry.get("dev", ""),
        protocol=str(entry.get("protocol", "")),
        metric=int(entry.get("metric", 0)),
        table=entry.get("table", table))


class Router(Namespace):
    """A node that forwards, with an address of each family on lo."""

    SETTINGS = {
        "ipv6/conf/all/accept_dad": 0,
        "ipv6/conf/default/accept_dad": 0,
        "ipv6/conf/default/dad_transmits": 0,
        "ipv6/conf/all/forwarding": 1,
        "ipv6/conf/default/forwarding": 1,
        "ipv6/conf/all/accept_redirects": 0,
        "ipv6/conf/default/router_solicitations": 0,
        "ipv4/conf/all/forwarding": 1,
        "ipv4/conf/default/forwarding": 1,
        "ipv4/conf/all/rp_filter": 0,
        "ipv4/conf/default/rp_filter": 0,
        "ipv4/icmp_ratelimit": 0,
        "ipv6/icmp/ratelimit": 0,
    }

    def __init__(self, lab, name, number):
        super().__init__(lab, name)
        self.number = number
        self.ports = {}  # interface name: Port
        self.address4 = f"10.0.{number >> 8}.{number & 255}"
        self.address6 = f"fd00::{number:x}"

    @property
    def interfaces(self):
        return list(self.ports)

    @property
    def prefixes(self):
        return [f"{self.address4}/32", f"{self.address6}/128"]

    def __repr__(self):
        return self.name


@dataclass
class Port:
    """One end of a link."""
    router: Router
    interface: str
    address4: str
    carrier: object  # the Link or Lan it hangs on

    def set(self, state):
        self.router.ip("link", "set", self.interface, state)

    def silence(self, silent=True):
        """Drop whatever leaves here, carrier and all else untouched."""
        verb = ["add"] if silent else ["del"]
        self.router.tc("qdisc", *verb, "dev", self.interface, "root",
                       "blackhole")


class Link:
    """A veth pair."""

    def __init__(self, a, b):
        self.ends = (a, b)  # Ports
        self.up = True

    @property
    def routers(self):
        return tuple(end.router for end in self.ends)

    def end(self, router):
        return next(end for end in self.ends if end.router is router)

    def cut(self):
        """Set both ends down."""
        self.up = False
        for end in self.ends:
            end.set("down")

    def cut_at(self, router):
        """Set one end down; the other one sees its carrier go."""
        self.up = False
        self.end(router).set("down")

    def heal(self):
        self.up = True
        for end in self.ends:
            end.set("up")
        for end in self.ends:
            self.ends[0].router.lab.await_link_local(end)

    def silence(self, silent=True):
        """Both directions stop passing packets, with no other sign."""
        self.up = not silent
        for end in self.ends:
            end.silence(silent)

    def __repr__(self):
        return "-".join(end.router.name for end in self.ends)


class Lan(Link):
    """A bridge, with a port for each router."""

    def __init__(self, name, namespace, ends):
        self.name = name
        self.namespace = namespace
        self.ends = tuple(ends)
        self.up = True

    def __repr__(self):
        return self.name


class Lab:
    def __init__(self):
        self.serial = next(_serial)
        self.routers = []
        self.links = []
        self.segments = []  # namespaces of bridges
        self.processes = []
        self.closers = []  # called at the end, last first
        self.indices = itertools.count(10)  # of interfaces
        self.built = False
        self.directory = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
        _open_labs.add(self)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    # Description

    def router(self, name):
        router = Router(self, name, len(self.routers) + 1)
        self.routers.append(router)
        return router

    def link(self, a, b, ipv4=True):
        number = len(self.links) + 1
        ends = []
        for index, (here, there) in enumerate(((a, b), (b, a)), 1):
            ends.append(self.port(here, there.name, number,
                                  index if ipv4 else 0))
        link = Link(*ends)
        for end in ends:
            end.carrier = link
        self.links.append(link)
        return link

    def lan(self, name, *routers, ipv4=True):
        number = len(self.links) + 1
        namespace = Namespace(self, f"lan-{name}")
        ends = [self.port(router, name, number, index if ipv4 else 0)
                for index, router in enumerate(routers, 1)]
        lan = Lan(name, namespace, ends)
        for end in ends:
            end.carrier = lan
        self.segments.append(namespace)
        self.links.append(lan)
        return lan

    def port(self, router, towards, number, index):
        base = interface = f"{router.name}-{towards}"[:15]
        for suffix in itertools.count(2):
            if interface not in router.ports:
                break
            interface = f"{base[:12]}.{suffix}"
        address = f"10.{64 + (number >> 8)}.{number & 255}.{index}" \
            if index else ""
        port = Port(router, interface, address, None)
        router.ports[interface] = port
        return port

    # Construction

    def build(self):
        """Make everything described, and wait until links can speak."""
        sweep()
        spaces = self.routers + self.segments
        run("ip", "-batch", "-", text="".join(
            f"netns add {space.full_name}\n" for space in spaces))
        self.built = True
        for space in spaces:
            space.open()
            space.sysctl(Router.SETTINGS)
        run("ip", "-batch", "-", text="\n".join(self.wiring()) + "\n")
        for space in self.segments:
            space.ip_batch(["link set switch up"] + [
                f"link set p{index} master switch up"
                for lan in self.links if isinstance(lan, Lan)
                and lan.namespace is space
                for index in range(len(lan.ends))])
        for router in self.routers:
            router.ip_batch(self.furniture(router))
        for router in self.routers:
            for port in router.ports.values():
                self.await_link_local(port)
        return self

    def wiring(self):
        for link in self.links:
            if isinstance(link, Lan):
                yield f"link add name switch " \
                    f"netns {link.namespace.full_name} type bridge"
                for index, end in enumerate(link.ends):
                    yield self.veth(end, f"p{index}", link.namespace)
            else:
                a, b = link.ends
                yield self.veth(a, b.interface, b.router)

    def veth(self, end, peer_name, peer_space):
        """The kernel tells at once of the carrier of a pair whose numbers
        differ, and of any other one only each second."""
        return (f"link add name {end.interface} "
                f"index {next(self.indices)} "
                f"netns {end.router.full_name} type veth "
                f"peer name {peer_name} index {next(self.indices)} "
                f"netns {peer_space.full_name}")

    @staticmethod
    def furniture(router):
        yield "link set lo up"
        yield f"addr add {router.address4}/32 dev lo"
        yield f"addr add {router.address6}/128 dev lo"
        for port in router.ports.values():
            if port.address4:
                yield f"addr add {port.address4}/24 dev {port.interface}"
            yield f"link set {port.interface} up"

    def await_link_local(self, port):
        return wait_for(lambda: port.router.link_local(port.interface), 10,
                        f"link-local address on {port.interface}", 0.005)

    def path(self, name):
        return os.path.join(self.directory, name)

    def close(self):
        if self not in _open_labs:
            return
        _open_labs.discard(self)
        for closer in reversed(self.closers):
            closer()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
        for process in self.processes:
            process.wait()
        spaces = self.routers + self.segments
        for space in spaces:
            space.close()
        if self.built:
            subprocess.run(
                ["ip", "-force", "-batch", "-"], capture_output=True,
                text=True, input="".join(
                    f"netns del {space.full_name}\n" for space in spaces))
        shutil.rmtree(self.directory, ignore_errors=True)

    # Looking around

    def owner(self, gateway, interface, router):
        """The router at the other end of a next hop, or None."""
        port = router.ports.get(interface)
        if port is None:
            return None
        for end in port.carrier.ends:
            if end.router is router:
                continue
            if gateway in (end.address4, end.router.link_local(end.interface)):
                return end.router
        return None

    def distances(self, start, alive=None):
        """Hops from a router to each one it can reach over live links."""
        alive = set(self.routers if alive is None else alive)
        hops = {start: 0}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for link in self.links:
                if not link.up or here not in link.routers:
                    continue
                for there in link.routers:
                    if there in alive and there not in hops:
                        hops[there] = hops[here] + 1
                        queue.append(there)
        return hops


class Tables:
    """The kernel tables of all routers at one moment, and walks in them."""

    def __init__(self, lab, routers=None):
        self.lab = lab
        self.routers = list(lab.routers if routers is None else routers)
        self.next_hops = {}  # (router, prefix): KernelRoute
        for router in self.routers:
            for route in router.routes():
                if not route.source:
                    self.add(router, route)
        self.owners = {
            (port.router, port.interface, address): end.router
            for router in self.routers for port in router.ports.values()
            for end in port.carrier.ends if end.router is not router
            for address in (end.address4,
                            end.router.link_local(end.interface)) if address}

    def add(self, router, route):
        key = router, route.prefix
        old = self.next_hops.get(key)
        if old is None or route.metric < old.metric:
            self.next_hops[key] = route

    def get(self, router, prefix):
        return self.next_hops.get((router, prefix))

    def walk(self, start, goal, prefix):
        """The routers a packet passes, goal included; None if it is lost."""
        path = [start]
        while path[-1] is not goal:
            route = self.get(path[-1], prefix)
            if route is None or route.kind != "unicast":
                return None
            there = self.owners.get(
                (path[-1], route.interface, route.gateway))
            if there is None or there in path:
                return None
            path.append(there)
        return path

    def problems(self, alive=None, shortest=True):
        """Whatever is not as it should be between the routers alive."""
        alive = self.routers if alive is None else alive
        found = []
        for start in alive:
            hops = self.lab.distances(start, alive)
            for goal in self.routers:
                if goal is start:
                    continue
                for prefix in goal.prefixes:
                    found += self.check(start, goal, prefix, hops, shortest)
        return found

    def check(self, start, goal, prefix, hops, shortest):
        if goal not in hops:
            route = self.get(start, prefix)
            stale = route is not None and route.kind == "unicast"
            return [f"{start} has a stale route to {goal}"] if stale else []
        path = self.walk(start, goal, prefix)
        if path is None:
            return [f"{start} does not reach {prefix} of {goal}"]
        if shortest and len(path) - 1 != hops[goal]:
            return [f"{start} reaches {goal} by the detour {path}"]
        return []
