#!/usr/bin/python3
"""How fast real daemons find their ways, and find them again.

    convergence.py [--sizes 25,50,100] [--shapes grid,line]
        [--daemons ours,babeld,bird] [--events both,one,silent,kill]
        [--rounds 5]

Routers are namespaces joined by veth pairs, each with one address.  The
daemons run by turns, in another order in each round, with their default
intervals.  A run starts all of them within a second (cold start, timed
from the exec of the last one), waits until they are calm, and then does
one thing to a link or a router in the middle:

    both    the link is set down at both ends
    one     ... at one end; the other one sees its carrier go
    silent  the link passes no packets any more, and shows no sign of it
    kill    a router stops without a word

Reachability is taken from the kernels: every change of every routing table
is recorded as it happens (a netlink socket in each namespace) and the
tables are replayed afterwards, each pair of routers walked hop by hop.  At
the end of a cold start real pings confirm the result; a start that they do not
confirm counts as failed.
Babel packets are counted by a packet socket in each namespace, in windows
of equal length for all.

The kernel's table of IPv6 neighbours is one for all namespaces, and its
limit too small for a hundred routers: the limit is raised for as long as
this runs.
"""

import argparse
import contextlib
import ctypes
import errno
import os
import selectors
import socket
import statistics
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "system"))

import lab as laboratory  # noqa: E402
from daemons import (  # noqa: E402
    OURS, PEER_BABELD, PEER_BIRD, Babeld, Bird)
from lab import wait_for  # noqa: E402
from probe import unanswered  # noqa: E402

WINDOW = 20.0  # seconds in which packets are counted
CALM = 3.0  # no route changes for so long: all is calm
LIMIT = 120.0  # seconds; what takes longer has failed
BUFFER = 8 << 20
RTM_NEWROUTE, RTM_DELROUTE = 24, 25
NLM_F_REPLACE = 0x100
RTMGRP_IPV6_ROUTE = 0x400
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY = 1, 4, 5, 6
UNICAST = 1
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35
ETH_P_ALL, ETH_P_IPV6 = 3, 0x86dd


# The network

def grid(rows, columns):
    for row in range(rows):
        for column in range(columns):
            here = row * columns + column
            if column + 1 < columns:
                yield here, here + 1
            if row + 1 < rows:
                yield here, here + columns


def shape_edges(shape, size):
    """The edges, the middle one, and a router in the middle."""
    if shape == "line":
        edges = [(here, here + 1) for here in range(size - 1)]
        return edges, edges[size // 2], size // 2
    rows = {25: 5, 50: 5, 100: 10}.get(size, int(size ** 0.5))
    columns = size // rows
    centre = rows // 2 * columns + columns // 2
    return list(grid(rows, columns)), (centre - 1, centre), centre


class Silent(Bird):
    """BIRD with IPv6 only, as all the daemons are run here."""

    CONFIGURATION = """
log "{log}" all;
router id {address4};
protocol device {{ }}
protocol direct {{ ipv6; interface "lo"; }}
protocol kernel {{ ipv6 {{ import none; export where source = RTS_BABEL; }}; }}
protocol babel {{
	randomize router id yes;
	ipv6 {{ import all; export all; }};
	{interfaces}
}}
"""


BABELD_CONFIGURATION = [
    "random-id true", "redistribute local ip fd00::/16 allow",
    "redistribute local deny"]


def make_daemon(kind, router):
    if kind == "bird":
        return Silent(router)
    program = PEER_BABELD if kind == "babeld" else OURS
    return Babeld(router, program, config=BABELD_CONFIGURATION)


@contextlib.contextmanager
def room_for_neighbours():
    """Raise the limits that all namespaces share, and put them back."""
    places = [f"/proc/sys/net/ipv6/neigh/default/gc_thresh{number}"
              for number in (3, 2, 1)]
    before = {}
    for place in places:
        with open(place) as stream:
            before[place] = int(stream.read())
    try:
        for place in places:
            with open(place, "w") as stream:
                stream.write(str(max(before[place], 16384)))
        yield
    finally:
        for place in reversed(places):
            with open(place, "w") as stream:
                stream.write(str(before[place]))


# Watching it

class Watcher:
    """Records the route changes and the Babel packets of a router."""

    def __init__(self, router):
        self.router = router
        self.changes = router.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self.changes.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self.changes.bind((0, RTMGRP_IPV6_ROUTE))
        self.changes.setblocking(False)
        self.packets = router.socket(
            socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.packets.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self.packets.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        attach_filter(self.packets)
        self.packets.setblocking(False)

    def close(self):
        self.changes.close()
        self.packets.close()

    def take_changes(self):
        """The datagrams that have come."""
        while True:
            try:
                yield self.changes.recv(65536)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    raise RuntimeError("route changes were missed") from None
                raise

    def take_packets(self):
        """(moment, octets at the IP layer) of each packet sent."""
        ahead = time.time() - time.monotonic()
        while True:
            try:
                head, ancillary, _, _ = self.packets.recvmsg(64, 64)
            except BlockingIOError:
                return
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
            yield (seconds + nanoseconds * 1e-9 - ahead,
                   40 + struct.unpack("!H", head[4:6])[0])


def attach_filter(packet_socket):
    """Only what leaves: IPv6, UDP, to the port of Babel; heads suffice."""
    load_byte, load_half, jump_equal, give = 0x30, 0x28, 0x15, 0x06
    protocol, packet_type = 0xfffff000, 0xfffff004
    program = [
        (load_byte, 0, 0, packet_type), (jump_equal, 0, 7, 4),
        (load_half, 0, 0, protocol), (jump_equal, 0, 5, ETH_P_IPV6),
        (load_byte, 0, 0, 6), (jump_equal, 0, 3, socket.IPPROTO_UDP),
        (load_half, 0, 0, 42), (jump_equal, 0, 1, 6696),
        (give, 0, 0, 48), (give, 0, 0, 0)]
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    held = ctypes.create_string_buffer(code)
    packet_socket.setsockopt(
        socket.SOL_SOCKET, SO_ATTACH_FILTER,
        struct.pack("HL", len(program), ctypes.addressof(held)))


def route_changes(datagram):
    """(type, flags, destination, gateway, interface, priority) of each."""
    position = 0
    while position + 16 <= len(datagram):
        length, kind, flags = struct.unpack_from("IHH", datagram, position)
        if kind in (RTM_NEWROUTE, RTM_DELROUTE):
            message = datagram[position + 16:position + length]
            if message[1] == 128 and message[7] in (1, 7):
                yield route_change(kind, flags, message)
        position += (length + 3) & ~3


def route_change(kind, flags, message):
    found = {}
    position = 12
    while position + 4 <= len(message):
        length, attribute = struct.unpack_from("HH", message, position)
        found[attribute] = message[position + 4:position + length]
        position += (length + 3) & ~3
    gateway = found.get(RTA_GATEWAY, b"") if message[7] == UNICAST else b""
    return (kind, flags & NLM_F_REPLACE, found.get(RTA_DST, b""), gateway,
            found.get(RTA_PRIORITY, b""))


class Replay:
    """The tables of all routers, moved forward change by change."""

    def __init__(self, routers, owners):
        self.routers = routers
        self.owners = owners  # link-local address: router index
        self.goals = {socket.inet_pton(socket.AF_INET6, router.address6):
                      index for index, router in enumerate(routers)}
        self.tables = [{} for _ in routers]  # goal: [(priority, next)]
        self.hops = [dict() for _ in routers]  # goal: {router: next}
        self.reached = [set() for _ in routers]
        self.dead_edges = set()
        self.dead = set()

    def apply(self, router, change):
        """One change; returns the goal it concerns, or None."""
        kind, replace, destination, gateway, priority = change
        goal = self.goals.get(destination)
        if goal is None or goal == router:
            return None
        entries = self.tables[router].setdefault(goal, [])
        entry = priority[::-1], self.owners.get(gateway)
        if kind == RTM_DELROUTE:
            if entry in entries:
                entries.remove(entry)
        else:
            if replace:
                entries[:] = [one for one in entries if one[0] != entry[0]]
            if entry not in entries:
                entries.append(entry)
        best = min(entries, default=None, key=lambda one: one[0])
        self.hops[goal][router] = best[1] if best else None
        return goal

    def evaluate(self, goal):
        """Who reaches the goal now?"""
        hops = self.hops[goal]
        verdict = {goal: goal not in self.dead}
        for start in range(len(self.routers)):
            trail, here = [], start
            while here is not None and here not in verdict:
                verdict[here] = False  # if we come back: a loop
                trail.append(here)
                there = hops.get(here)
                usable = there is not None and here not in self.dead \
                    and (here, there) not in self.dead_edges
                here = there if usable else None
            outcome = here is not None and verdict[here]
            for one in trail:
                verdict[one] = outcome
        self.reached[goal] = {one for one, yes in verdict.items()
                              if yes and one != goal}

    def evaluate_all(self):
        for goal in range(len(self.routers)):
            self.evaluate(goal)

    def pairs(self):
        return sum(map(len, self.reached))

    def stale(self):
        """Routes that lead to where there is no way."""
        return sum(1 for goal, hops in enumerate(self.hops)
                   for router, there in hops.items()
                   if there is not None and router not in self.dead
                   and router not in self.reached[goal])


class Phase:
    """A stretch of time that ends when all is as it should be, and calm."""

    def __init__(self, run, began, wanted):
        self.run = run
        self.began = began
        self.wanted = wanted  # pairs that can reach each other
        self.times = {}  # share: seconds, None if never

    def play(self):
        last_change = time.monotonic()
        share = {0.95: None, 1.0: None}
        self.judge(self.began, share)
        while True:
            now = time.monotonic()
            if self.run.collect(0.2):
                last_change = now
            if now - last_change < min(1.0, CALM):
                continue
            self.replay(share)
            good = share[1.0] is not None
            if good and now - last_change >= CALM:
                break
            if now - self.began > LIMIT:
                break
        self.times = share

    def replay(self, share):
        replay = self.run.replay
        for moment, router, datagram in self.run.pending:
            for change in route_changes(datagram):
                goal = replay.apply(router, change)
                if goal is not None:
                    replay.evaluate(goal)
                    self.judge(moment, share)
        self.run.pending.clear()

    def judge(self, moment, share):
        """Note since when each share has been reached without a break."""
        pairs = self.run.replay.pairs()
        for part in share:
            enough = pairs >= part * self.wanted
            if part == 1.0:
                enough = enough and self.run.replay.stale() == 0
            if not enough:
                share[part] = None
            elif share[part] is None:
                share[part] = max(moment - self.began, 0.0)


class Run:
    """One start of all daemons of a kind, and one event."""

    def __init__(self, bench, kind):
        self.bench = bench
        self.routers = bench.lab.routers
        self.daemons = [make_daemon(kind, router) for router in self.routers]
        self.watchers = [Watcher(router) for router in self.routers]
        self.replay = Replay(self.routers, bench.owners)
        self.pending = []  # (moment, router, datagram)
        self.sent = []  # (moment, octets)
        self.selector = selectors.DefaultSelector()
        for index, watcher in enumerate(self.watchers):
            self.selector.register(watcher.changes, selectors.EVENT_READ,
                                   index)

    def collect(self, timeout):
        """Store what has happened; True if anything has."""
        count = len(self.pending)
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            for key, _ in self.selector.select(left):
                moment = time.monotonic()
                for datagram in self.watchers[key.data].take_changes():
                    self.pending.append((moment, key.data, datagram))
        return len(self.pending) > count

    def traffic(self, began):
        """(packets, octets) sent in the window that began then."""
        wait_for(lambda: time.monotonic() >= began + WINDOW, WINDOW + 1,
                 "the window is over", every=0.1)
        for watcher in self.watchers:
            self.sent.extend(watcher.take_packets())
        sizes = [size for moment, size in self.sent
                 if began <= moment < began + WINDOW]
        return len(sizes), sum(sizes)

    def cold_start(self):
        size = len(self.routers)
        first = time.monotonic()
        for daemon in self.daemons:
            daemon.start()
        began = time.monotonic()
        phase = Phase(self, began, size * (size - 1))
        phase.play()
        figures = {"start": phase.times, "spread": began - first,
                   "traffic": self.traffic(first)}
        if phase.times[1.0] is not None and not self.confirmed():
            phase.times[1.0] = None
        return figures

    def confirmed(self):
        """A tenth of the routers really ping all the others."""
        some = self.routers[::max(len(self.routers) // 10, 1)]
        missing = unanswered(some, self.routers, 20, versions=(6,))
        if missing:
            print(f"all routes were there, but {len(missing)} pings are not "
                  f"answered: {missing[:3]}", file=sys.stderr)
        return not missing

    def disturb(self, event):
        """Do it.  The moments of what follows are taken as we read of it:
        whatever takes time is done before."""
        replay = self.replay
        edge, middle = self.bench.edge, self.bench.middle
        link = self.bench.links[edge]
        wanted = self.bench.pairs_after(event)
        if event == "kill":
            replay.dead.add(middle)
        else:
            replay.dead_edges |= {edge, edge[::-1]}
        replay.evaluate_all()
        self.collect(0.01)
        began = time.monotonic()
        {"both": link.cut, "silent": link.silence,
         "one": lambda: link.cut_at(self.routers[edge[0]]),
         "kill": lambda: self.kill(middle)}[event]()
        phase = Phase(self, began, wanted)
        phase.play()
        return {event: phase.times, "traffic": self.traffic(began)}

    def kill(self, index):
        self.daemons[index].kill()
        self.routers[index].sysctl({"ipv6/conf/all/forwarding": 0})

    def close(self):
        for daemon in self.daemons:
            if daemon.alive:
                daemon.process.terminate()
        for daemon in self.daemons:
            daemon.wait(20)
        self.selector.close()
        for watcher in self.watchers:
            watcher.close()


class Bench:
    """A topology, and the runs on it."""

    def __init__(self, lab, shape, size):
        self.lab = lab
        edges, self.edge, self.middle = shape_edges(shape, size)
        self.edges = edges
        routers = [lab.router(f"r{index}") for index in range(size)]
        self.links = {(a, b): lab.link(routers[a], routers[b], ipv4=False)
                      for a, b in edges}
        lab.build()
        for router in routers:	# lines are longer than 64 hops
            router.sysctl({f"ipv6/conf/{interface}/hop_limit": 255
                           for interface in router.interfaces})
        self.owners = {
            socket.inet_pton(socket.AF_INET6,
                             router.link_local(interface)): index
            for index, router in enumerate(routers)
            for interface in router.interfaces}

    def pairs_after(self, event):
        """The pairs that can still reach each other."""
        alive = list(self.lab.routers)
        link = self.links[self.edge]
        link.up = event == "kill"
        if event == "kill":
            del alive[self.middle]
        pairs = sum(len(self.lab.distances(router, alive)) - 1
                    for router in alive)
        return pairs

    def run(self, kind, event):
        run = Run(self, kind)
        try:
            figures = {"cold": run.cold_start()}
            figures["event"] = run.disturb(event)
            return figures
        finally:
            run.close()
            self.restore(event)

    def restore(self, event):
        link = self.links[self.edge]
        if event == "kill":
            router = self.lab.routers[self.middle]
            router.sysctl({"ipv6/conf/all/forwarding": 1})
        elif event == "silent":
            link.silence(False)
        else:
            link.heal()
        link.up = True
        for router in self.lab.routers:
            router.ip("-6", "route", "flush", "proto", "babel")


# Figures

def summary(values, form="{:.2f}"):
    """Median, least and most; - for what never came."""
    known = [value for value in values if value is not None]
    if len(known) * 2 <= len(values):
        return f"- ({len(known)}/{len(values)})"
    text = [form.format(value) for value in (
        statistics.median(known), min(known), max(known))]
    failed = len(values) - len(known)
    return f"{text[0]} [{text[1]} {text[2]}]" + (
        f" {failed} failed" if failed else "")


def report(title, rows):
    """rows: {daemon: [(times, (packets, octets))]}"""
    print(f"\n{title}")
    print(f"  {'':8} {'95 %, s':>22} {'100 %, s':>22} "
          f"{'packets':>22} {'kB in %g s' % WINDOW:>22}")
    for kind, runs in rows.items():
        cells = [summary([times[0.95] for times, _ in runs]),
                 summary([times[1.0] for times, _ in runs]),
                 summary([traffic[0] for _, traffic in runs], "{:.0f}"),
                 summary([traffic[1] / 1000 for _, traffic in runs],
                         "{:.1f}")]
        print(f"  {kind:8} " + " ".join(f"{cell:>22}" for cell in cells))
    sys.stdout.flush()


def measure(shape, size, options):
    with laboratory.Lab() as lab:
        bench = Bench(lab, shape, size)
        cold = {kind: [] for kind in options.daemons}
        for event in options.events:
            rows = {kind: [] for kind in options.daemons}
            for turn in range(options.rounds):
                shift = turn % len(options.daemons)
                order = options.daemons[shift:] + options.daemons[:shift]
                for kind in order:
                    figures = bench.run(kind, event)
                    start = figures["cold"]
                    cold[kind].append((start["start"], start["traffic"]))
                    after = figures["event"]
                    rows[kind].append((after[event], after["traffic"]))
                    note(shape, size, event, turn, kind, figures)
            report(f"{shape} of {size}, {event}", rows)
        report(f"{shape} of {size}, cold start", cold)


def note(shape, size, event, turn, kind, figures):
    """A line for each run, so that a long benchmark is seen to live."""
    start, after = figures["cold"]["start"], figures["event"][event]
    print(f"{shape} {size} {event} round {turn + 1} {kind}: started within "
          f"{figures['cold']['spread']:.2f} s, cold {start[0.95]} "
          f"{start[1.0]}, then {after[1.0]}", file=sys.stderr)


def arguments():
    def words(text):
        return text.split(",")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=words, default="25,50,100")
    parser.add_argument("--shapes", type=words, default="grid,line")
    parser.add_argument("--daemons", type=words, default="ours,babeld,bird")
    parser.add_argument("--events", type=words,
                        default="both,one,silent,kill")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    programs = {"ours": OURS, "babeld": PEER_BABELD, "bird": PEER_BIRD}
    for kind in options.daemons:
        if not programs.get(kind) or not os.path.exists(programs[kind]):
            parser.error(f"{kind} is not there to be run")
    return options


def main():
    options = arguments()
    missing = laboratory.shortfalls()
    if missing:
        sys.exit(f"{sys.argv[0]}: this needs {', '.join(missing)}")
    laboratory.exit_on_signals()
    with room_for_neighbours():
        for shape in options.shapes:
            for size in map(int, options.sizes):
                measure(shape, size, options)


if __name__ == "__main__":
    main()
