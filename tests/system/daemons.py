"""The routing daemons that a laboratory can run.

Babeld runs any babeld, the one under test or a peer's; Bird and Frr write
the configuration that makes those speak Babel on all interfaces of their
router.
"""

import contextlib
import os
import shutil
import subprocess

from control import Control, INFINITY, view_of
from lab import BABEL_PROTOCOL, all_met, wait_for

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
OURS = os.environ.get("BABELD",
                      os.path.join(CHECKOUT, "build", "release", "babeld"))
CTL = os.path.join(os.path.dirname(OURS), "babelctl")
PEER_BABELD = shutil.which("babeld", path="/usr/sbin:/usr/local/sbin")
PEER_BIRD = shutil.which("bird", path="/usr/sbin:/usr/local/sbin")
FRR = "/usr/lib/frr"
PEER_FRR = shutil.which("babeld", path=FRR)
DEFAULT_ROUTES = ("0.0.0.0/0", "::/0")


class Daemon:
    """A process on a router, started anew by each start()."""

    kind = "daemon"

    def __init__(self, router):
        self.router = router
        self.lab = router.lab
        self.process = None
        self.stopped = False  # as we wished
        self.wrapper = []  # a command that starts it
        self.base = self.lab.path(f"{router.name}.{self.kind}")
        self.log_path = self.base + ".log"

    def argv(self):
        raise NotImplementedError

    def prepare(self):
        """Write what the process will read."""

    def start(self):
        assert self.process is None or self.process.poll() is not None
        self.prepare()
        with open(self.log_path, "ab") as log:
            self.process = self.router.spawn(
                [*self.wrapper, *self.argv()], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        self.lab.processes.append(self.process)
        self.stopped = False
        return self

    @property
    def pid(self):
        return self.process.pid

    @property
    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        with contextlib.suppress(FileNotFoundError), \
                open(self.log_path, errors="replace") as stream:
            return stream.read()
        return ""

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.stopped = True
        self.process.kill()
        self.process.wait()

    def terminate(self, within=10):
        """SIGTERM; returns the exit status."""
        self.stopped = True
        self.process.terminate()
        return self.wait(within)

    def wait(self, within=10):
        wait_for(lambda: self.process.poll() is not None, within,
                 f"{self} ends")
        return self.process.returncode

    def __repr__(self):
        return f"{self.kind}@{self.router.name}"


class Babeld(Daemon):
    kind = "babeld"

    def __init__(self, router, program, hello=None, config=(), options=(),
                 interfaces=None):
        super().__init__(router)
        self.program = program
        self.hello = hello
        self.config = list(config)
        self.options = list(options)
        self.interfaces = (router.interfaces if interfaces is None
                           else list(interfaces))
        self.socket_path = self.base + ".sock"
        self.state_path = self.base + ".state"

    def prepare(self):
        with open(self.base + ".conf", "w") as stream:
            stream.write("".join(line + "\n" for line in self.config))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket_path)

    def argv(self):
        argv = [self.program, "-I", "", "-S", self.state_path,
                "-G", self.socket_path, "-c", self.base + ".conf"]
        if self.hello:
            argv += ["-h", str(self.hello), "-H", str(self.hello)]
        return argv + self.options + self.interfaces

    def control(self, within=10):
        """A new connection to the local socket."""
        return Control(self.socket_path, within=within)

    def dump(self):
        with self.control() as control:
            return view_of(control.dump())

    def router_id(self):
        with self.control() as control:
            return control.router_id

    def disagreements(self):
        """Where the kernel's tables differ from the daemon's own view.

        A destination can be held unreachable for longer than a route to
        it is known; then the dump has no line that could show it.
        """
        return self.differences(self.dump(), self.router.routes())

    def differences(self, view, routes):
        """The same for one look at either of them."""
        claimed, installed = self.claimed(view), self.installed(routes)
        return ([f"kernel lacks {route}" for route in claimed - installed]
                + [f"dump lacks {route}" for route in installed - claimed
                   if route[2] != "unreachable"])

    @staticmethod
    def claimed(view):
        """(prefix, source, gateway, interface) as the daemon's dump says."""
        routes = set()
        for route in view.find("route", installed="yes"):
            prefix, source = route["prefix"], route["from"]
            source = "" if source in DEFAULT_ROUTES else source
            if int(route["metric"]) < INFINITY:
                routes.add((prefix, source, gateway_of(prefix, route["via"]),
                            route["if"]))
            elif source or prefix not in DEFAULT_ROUTES:
                routes.add((prefix, source, "unreachable", ""))
        return routes

    def installed(self, kernel=None):
        """The same as the kernel says."""
        routes = set()
        for route in self.router.routes() if kernel is None else kernel:
            if route.protocol != BABEL_PROTOCOL:
                continue
            if route.kind == "unicast":
                routes.add((route.prefix, route.source,
                            gateway_of(route.prefix, route.gateway),
                            route.interface))
            else:
                routes.add((route.prefix, route.source, route.kind, ""))
        return routes

    def await_agreement(self, within=5):
        wait_for(lambda: all_met(self.disagreements()), within,
                 f"{self}: ip route agrees with the dump")


def gateway_of(prefix, gateway):
    """The socket does not tell IPv4 gateways, so they compare equal."""
    return gateway if ":" in prefix else "IPv4"


class Bird(Daemon):
    kind = "bird"

    CONFIGURATION = """
log "{log}" all;
router id {address4};
protocol device {{ }}
protocol direct {{ ipv4; ipv6; interface "lo"; }}
protocol static {{ ipv4; {statics} }}
protocol kernel {{ ipv4 {{ import none; export where source = RTS_BABEL; }}; }}
protocol kernel {{ ipv6 {{ import none; export where source = RTS_BABEL; }}; }}
protocol babel {{
	randomize router id yes;
	ipv4 {{ import all; export all; }};
	ipv6 {{ import all; export all; }};
	{interfaces}
}}
"""

    def __init__(self, router, program=PEER_BIRD, hello=None, statics=(),
                 update=None):
        super().__init__(router)
        self.program = program
        self.hello = hello
        self.update = update or 4 * (hello or 4)
        self.statics = statics

    def prepare(self):
        pace = ""
        if self.hello:
            pace = (f"hello interval {round(self.hello * 1000)} ms; "
                    f"update interval {round(self.update * 1000)} ms;")
        interfaces = "\n\t".join(
            f'interface "{port.interface}" {{ type wired; {pace} }};'
            for port in self.router.ports.values())
        with open(self.base + ".conf", "w") as stream:
            stream.write(self.CONFIGURATION.format(
                log=self.log_path, address4=self.router.address4,
                interfaces=interfaces, statics=" ".join(
                    f"route {prefix} unreachable;"
                    for prefix in self.statics)))

    def argv(self):
        return [self.program, "-f", "-c", self.base + ".conf",
                "-s", self.base + ".ctl", "-P", self.base + ".pid"]


class Frr(Daemon):
    """FRR's babeld, with the zebra that installs its routes."""

    kind = "frr"

    def __init__(self, router, hello=None, update=None):
        super().__init__(router)
        self.hello = hello or 4
        self.update = update or 4 * self.hello
        self.zebra = None

    def prepare(self):
        for suffix in (".conf", ".zebra.conf"):
            with open(self.base + suffix, "w"):
                pass
        if self.zebra is not None:
            self.zebra.kill()
            self.zebra.wait()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.base + ".zserv")
        with open(self.base + ".zebra.log", "ab") as log:
            self.zebra = self.router.spawn(
                self.common("zebra", ".zebra"), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        self.lab.processes.append(self.zebra)
        wait_for(lambda: os.path.exists(self.base + ".zserv"), 20,
                 f"{self}: zebra serves")

    def start(self):
        """Configured when it knows the interfaces from zebra: from a file
        it joins the group twice, and takes the second for a failure."""
        super().start()
        wait_for(lambda: "bids fair" in self.zebra_log(), 20,
                 f"{self} reaches zebra")
        wait_for(lambda: not self.vtysh(self.lines()), 20,
                 f"{self} is configured")
        return self

    def lines(self):
        yield "configure terminal"
        for name in self.router.ports:
            yield from (
                f"interface {name}", "babel wired",
                f"babel hello-interval {round(self.hello * 1000)}",
                f"babel update-interval {round(self.update * 1000)}", "exit")
        yield "router babel"
        yield from (f"network {name}" for name in self.router.ports)

    def vtysh(self, lines):
        """What vtysh(1) has to say of the commands."""
        done = subprocess.run(
            ["vtysh", "--vty_socket", self.lab.directory, "-d", "babeld",
             *(word for line in lines for word in ("-c", line))],
            capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def zebra_log(self):
        with open(self.base + ".zebra.log") as stream:
            return stream.read()

    def common(self, program, suffix):
        return [f"{FRR}/{program}", "-u", "root", "-g", "frrvty",
                "-z", self.base + ".zserv", "-i", f"{self.base}{suffix}.pid",
                "--vty_socket", self.lab.directory, "-P", "0",
                "-f", f"{self.base}{suffix}.conf",
                "--log", f"file:{self.base}{suffix}.log"]

    def argv(self):
        return self.common("babeld", "")
