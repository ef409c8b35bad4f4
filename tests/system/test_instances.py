"""Two instances on one machine, on different ports and tables.

Each has a neighbour of its own; both are told the same source prefixes, and
have the default priorities for rules and tables.  Whatever one of them does,
nothing of the other's is removed, not even for a moment: `ip monitor` tells.
"""

import os
import re
import subprocess
import threading

import pytest

from daemons import Babeld, OURS
from lab import Unmet, wait_for

HELLO = 0.2
SOURCE6, SOURCE4 = "2001:db8:1::/48", "198.51.100.0/24"
PLAIN = "2001:db8:77::/48"
SYSCTLS = ["ipv6/conf/all/forwarding", "ipv4/conf/all/forwarding",
           "ipv4/conf/all/rp_filter"]


# An ordinary user, who may change the network and write nothing of root's.
NOBODY = 65534
ORDINARY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
            "--clear-groups",
            "--inh-caps=-all,+net_admin", "--ambient-caps=-all,+net_admin",
            "--bounding-set=-all,+net_admin"]


class Second(Babeld):
    """One with files of its own, and another port and table."""
    kind = "second"

    def __init__(self, router, program, config=(), **options):
        super().__init__(router, program, config=[
            "protocol-port 7000", "export-table 1000", *config], **options)


def be_ordinary(daemon):
    """Let an ordinary user run it, with files where he may write."""
    files = daemon.lab.path(f"of-{daemon.kind}")
    os.mkdir(files)
    os.chown(files, NOBODY, NOBODY)
    os.chmod(daemon.lab.path("."), 0o711)
    daemon.wrapper = ORDINARY
    daemon.socket_path, daemon.state_path = f"{files}/sock", f"{files}/state"
    return daemon


class Monitor:
    """What changes in a namespace, as `ip monitor` prints it."""

    def __init__(self, router):
        self.lines = []
        self.process = router.spawn(["ip", "monitor", "rule", "route"],
                                    text=True, stdout=subprocess.PIPE)
        router.lab.processes.append(self.process)
        threading.Thread(target=self.read, daemon=True).start()

        def listens():
            router.ip("rule", "add", "lookup", "9999")
            router.ip("rule", "del", "lookup", "9999")
            return any("9999" in line for line in self.lines)
        wait_for(listens, 5, "ip monitor listens")

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.strip())

    def deleted(self):
        return [line + " " for line in self.lines
                if line.startswith("Deleted") and "9999" not in line]


class Machine:
    def __init__(self, lab):
        self.dut = lab.router("dut")
        peers = [lab.router("first"), lab.router("other")]
        links = [lab.link(self.dut, peer) for peer in peers]
        lab.build()
        for peer in peers:
            peer.ip_batch([f"route add blackhole {prefix} proto 44"
                           for prefix in (PLAIN, "::/0", "0.0.0.0/0")])
        self.peers = [
            kind(peer, OURS, hello=HELLO, config=[
                "redistribute local deny",
                f"redistribute proto 44 ip {PLAIN}",
                f"redistribute proto 44 type blackhole ip ::/0 "
                f"src-prefix {SOURCE6}",
                f"redistribute proto 44 type blackhole ip 0.0.0.0/0 "
                f"src-prefix {SOURCE4}"])
            for kind, peer in zip((Babeld, Second), peers)]
        self.first, self.second = (
            kind(self.dut, OURS, hello=HELLO,
                 config=["ipv6-subtrees false", "redistribute deny"],
                 interfaces=[link.end(self.dut).interface])
            for kind, link in zip((Babeld, Second), links))

    def tables(self):
        """Of all sources of both."""
        rules = self.dut.ip("-4", "rule") + self.dut.ip("-6", "rule")
        return sorted(match[1] for match in re.finditer(
            r"from \S+ lookup (\d+) proto babel", rules))

    def await_tables(self, count):
        wait_for(lambda: len(set(self.tables())) == count
                 or Unmet(self.tables()), 10, f"{count} tables of sources")

    def routes(self):
        return {str(route) for route in self.dut.routes("all")
                if route.protocol == "babel"}

    def await_route(self, table):
        wait_for(lambda: any(
            route.prefix == PLAIN and route.table == table
            for route in self.dut.routes("all")), 5, f"route in {table}")

    def sysctls(self):
        return [self.dut.read(f"/proc/sys/net/{path}").strip()
                for path in SYSCTLS]


def test_two_instances(lab):
    machine = Machine(lab)
    machine.dut.sysctl(dict(zip(SYSCTLS, (0, 0, 2))))
    for peer in machine.peers:
        peer.start()
    machine.first.start()
    machine.await_tables(2)
    machine.await_route("main")
    tables, routes = machine.tables(), machine.routes()
    assert len(routes) >= 5 and machine.sysctls() == ["1", "1", "0"]
    monitor = Monitor(machine.dut)

    # The other one starts, crashes, starts again for less, and leaves.
    machine.second.start()
    machine.await_tables(4)
    machine.await_route("1000")
    machine.second.kill()
    assert len(machine.tables()) == 4, "what a crash leaves behind"
    machine.peers[1].kill()
    machine.second.start()
    machine.await_tables(2)
    assert machine.tables() == tables
    machine.peers[1].start()
    machine.await_tables(4)
    machine.await_route("1000")
    assert machine.second.terminate() == 0
    assert machine.tables() == tables and machine.routes() == routes
    assert machine.sysctls() == ["1", "1", "0"]
    gone = monitor.deleted()
    assert sum("lookup" in line for line in gone) == 4, "twice two rules"
    assert sum("table 1000 " in line for line in gone) > 1
    for line in gone:
        assert re.search("table (?!main )|lookup (?!main )", line), line
        assert not any(f"table {table} " in line or f"lookup {table} " in line
                       for table in tables), line

    # Now the first one leaves, while the other one stays.
    machine.second.start()
    machine.await_tables(4)
    machine.await_route("1000")
    kept = machine.routes() - routes
    assert machine.first.terminate() == 0
    assert len(machine.tables()) == 2
    assert machine.routes() == kept
    assert machine.sysctls() == ["1", "1", "0"]
    assert machine.second.terminate() == 0
    assert machine.tables() == [] and machine.routes() == set()
    assert machine.sysctls() == ["0", "0", "2"]


def test_an_export_table_in_common(lab):
    """Nobody removes there what the other one has installed, neither at a
    start nor at an end nor after a crash, but what nobody needs any more."""
    machine = Machine(lab)
    for peer, prefix in zip(machine.peers, ("2001:db8:5::/48",
                                            "2001:db8:6::/48")):
        peer.router.ip("route", "add", "blackhole", prefix, "proto", "44")
        peer.config = ["redistribute local deny",
                       f"redistribute proto 44 ip {prefix}",
                       *[line for line in peer.config
                         if line.startswith("protocol-port")]]
        peer.start()
    machine.second.config.remove("export-table 1000")

    def await_routes(*numbers):
        prefixes = [f"2001:db8:{number}::/48" for number in numbers]
        wait_for(lambda: sorted(
            route.prefix for route in machine.dut.routes("main")
            if route.protocol == "babel") == prefixes
            or Unmet(machine.routes()), 10, f"routes {prefixes}")
    machine.first.start()
    await_routes(5)
    monitor = Monitor(machine.dut)
    machine.second.start()
    await_routes(5, 6)
    assert machine.second.terminate() == 0
    await_routes(5)
    machine.second.start()
    await_routes(5, 6)
    machine.second.kill()
    machine.second.start()      # its own are adopted
    await_routes(5, 6)
    assert not any("2001:db8:5:" in line for line in monitor.deleted())
    machine.second.kill()
    assert machine.first.terminate() == 0
    await_routes()


def test_a_crash_of_another_configuration(lab):
    """Whatever tables and priorities it had: what the dead one left is
    removed, what the living one has is not."""
    machine = Machine(lab)
    for peer in machine.peers:
        peer.start()
    usual = list(machine.first.config)
    machine.first.config += ["export-table 1001", "first-table-number 500",
                             "first-rule-priority 700"]
    machine.second.start()
    machine.await_tables(2)
    machine.await_route("1000")
    kept, tables = machine.routes(), machine.tables()
    machine.first.start()
    machine.await_tables(4)
    machine.await_route("1001")
    machine.first.kill()
    machine.peers[0].kill()
    left = machine.routes() - kept
    assert len(left) > 2
    monitor = Monitor(machine.dut)
    machine.first.config = usual
    machine.first.start()
    wait_for(lambda: machine.tables() == tables or Unmet(machine.tables()),
             10, "its rules are gone")
    wait_for(lambda: not machine.routes() & left or Unmet(machine.routes()),
             10, "its routes are gone")
    assert machine.routes() >= kept
    for line in monitor.deleted():
        assert not any(f"table {table} " in line or f"lookup {table} " in line
                       for table in [*tables, "1000"]), line


@pytest.mark.parametrize("leaves_first", (0, 1))
def test_instances_of_an_ordinary_user(lab, leaves_first):
    """Without a file in common they know of each other: forwarding stays on
    for who stays, and what was left in tables that nobody has is removed."""
    machine = Machine(lab)
    machine.dut.sysctl(dict(zip(SYSCTLS, (0, 0, 2))))
    for peer in machine.peers:
        peer.start()
    both = [machine.first, machine.second]
    for daemon in both:
        be_ordinary(daemon).start()
    machine.await_tables(4)
    machine.await_route("1000")
    assert machine.sysctls() == ["1", "1", "0"]
    stays = both[not leaves_first]
    assert both[leaves_first].terminate() == 0
    assert machine.sysctls() == ["1", "1", "0"]
    machine.await_tables(2)
    # One that is killed leaves routes, which the next one finds.
    stays.kill()
    machine.peers[not leaves_first].kill()
    assert machine.tables() and machine.routes()
    stays.start()
    wait_for(lambda: not machine.tables() and not machine.routes()
             or Unmet(machine.tables()), 10, "what was left is gone")
    assert stays.terminate() == 0
