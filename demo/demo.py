#!/usr/bin/python3
"""Five routers, four of them in a ring, drawn while they find their ways.

    demo.py path/to/babeld

Each router is a network namespace with a daemon of its own; what is drawn
comes from the daemons' local sockets, as any monitor would see it.  On a
terminal the picture is redrawn in place, elsewhere each change is printed
as a new frame.  The exit status is 0 if everything worked.
"""

import os
import select
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "system"))

import lab as laboratory  # noqa: E402
from control import Control, View  # noqa: E402
from daemons import Babeld  # noqa: E402
from probe import Flow, unanswered  # noqa: E402

INFINITY = 65535
PATIENCE = 60.0  # seconds for any one step
FRAME = 0.08  # seconds between frames on a terminal
CELL = 0.1  # seconds of traffic in a cell of the strip
CALM, GOOD, BAD, PATH, DIM, BOLD = "0", "32", "1;31", "1;36", "2", "1"

BOX_WIDTH, BOX_HEIGHT = 14, 4
CANVAS_WIDTH, CANVAS_HEIGHT = 79, 16
PLACES = {  # left upper corners of the boxes
    "north": (26, 0), "west": (1, 6), "east": (45, 6),
    "cabin": (65, 6), "south": (26, 12),
}
COSTS = {("west", "north"): 96, ("north", "east"): 96,
         ("west", "south"): 150, ("south", "east"): 150,
         ("east", "cabin"): 96}
SOURCE, TARGET, CUT = "west", "cabin", ("north", "east")


def horizontal(start, stop, row):
    return [(column, row) for column in range(start, stop)]


def vertical(column, start, stop):
    step = 1 if stop > start else -1
    return [(column, row) for row in range(start, stop, step)]


def wires():
    """The cells of each link, from its first router to its second."""
    left, right = 8, 52
    return {
        ("west", "north"): vertical(left, 5, 1) + horizontal(left, 26, 1),
        ("north", "east"): horizontal(40, right + 1, 1)
        + vertical(right, 2, 6),
        ("west", "south"): vertical(left, 10, 14) + horizontal(left, 26, 14),
        ("south", "east"): horizontal(40, right + 1, 14)
        + vertical(right, 13, 9),
        ("east", "cabin"): horizontal(59, 65, 7),
    }


LABELS = {("west", "north"): (14, 0), ("north", "east"): (43, 0),
          ("west", "south"): (14, 15), ("south", "east"): (43, 15),
          ("east", "cabin"): (60, 6)}

# Lines by style: horizontal, vertical, and the corners between them.
LINES = {
    "unknown": "┄┆┌┐└┘", "known": "─│┌┐└┘", "path": "━┃┏┓┗┛",
    "cut": "╌╎┌┐└┘",
}


def line_character(style, before, here, after):
    """How a line looks in a cell, by the cells before and after it."""
    flat, upright, *corners = LINES[style]
    if before[1] == here[1] == after[1]:
        return flat
    if before[0] == here[0] == after[0]:
        return upright
    right = max(before[0], after[0]) > here[0]
    below = max(before[1], after[1]) > here[1]
    return corners[(0 if below else 2) + (0 if right else 1)]


class Canvas:
    """Characters with a style each; comes out as lines of text."""

    def __init__(self, width, height, coloured):
        self.cells = [[(" ", CALM)] * width for _ in range(height)]
        self.coloured = coloured

    def put(self, column, row, text, style=CALM):
        for offset, character in enumerate(text):
            self.cells[row][column + offset] = character, style

    def lines(self):
        for row in self.cells:
            text, current = "", CALM
            for character, style in row:
                if self.coloured and style != current:
                    text += f"\x1b[0;{style}m"
                    current = style
                text += character
            yield (text + ("\x1b[0m" if current != CALM else "")).rstrip()


class Node:
    """A router as its daemon's monitor shows it."""

    def __init__(self, router, daemon):
        self.router = router
        self.name = router.name
        self.daemon = daemon
        self.monitor = None
        self.view = View()

    def poll(self):
        """Take in what the daemon says; True if something changed."""
        if self.monitor is None:
            return self.daemon.alive and self.connect()
        lines = self.monitor.pending_lines()
        if lines is None:
            self.monitor.close()
            self.monitor = None
            self.view = View()
            return True
        self.view.take_lines(lines)
        return bool(lines)

    def connect(self):
        try:
            self.monitor = Control(self.daemon.socket_path, within=0.05)
        except OSError:
            return False
        self.monitor.send("monitor\n")
        return True

    def cost_of(self, interface):
        """The cost of the link there, or None without a neighbour."""
        for neighbour in self.view.find("neighbour", **{"if": interface}):
            return int(neighbour["cost"])
        return None

    def usable_routes(self):
        return [route for route in self.view.find("route", installed="yes")
                if int(route["metric"]) < INFINITY]

    def next_hop(self, prefix):
        """(interface, neighbour, metric) of the selected route."""
        for route in self.usable_routes():
            if route["prefix"] == prefix:
                return route["if"], route["via"], int(route["metric"])
        return None


class Network:
    """The five routers, their links, and what is known of them."""

    def __init__(self, lab, program):
        self.lab = lab
        routers = {name: lab.router(name) for name in PLACES}
        self.links = {pair: lab.link(*(routers[name] for name in pair))
                      for pair in COSTS}
        lab.build()
        self.nodes = {name: Node(router, Babeld(
            router, program, config=self.configuration(router)))
            for name, router in routers.items()}
        self.cut = set()

    def configuration(self, router):
        return [f"interface {link.end(router).interface} "
                f"rxcost {COSTS[pair]}"
                for pair, link in self.links.items() if router.name in pair]

    def poll(self, timeout):
        """Wait for news for a while; True if there were some."""
        monitors = [node.monitor for node in self.nodes.values()
                    if node.monitor]
        select.select(monitors, [], [], timeout)
        return any([node.poll() for node in self.nodes.values()])

    def costs(self, pair):
        """The cost of a link as seen from both ends."""
        return [self.nodes[end.router.name].cost_of(end.interface)
                for end in self.links[pair].ends]

    def adjacent(self, pair):
        return all(cost is not None and cost < INFINITY
                   for cost in self.costs(pair))

    def path(self, start, goal, version):
        """The names on the way as the daemons have it; None if broken."""
        prefix = self.nodes[goal].router.prefixes[version == 6]
        names = [start]
        while names[-1] != goal:
            here = self.nodes[names[-1]]
            hop = here.next_hop(prefix)
            there = hop and self.lab.owner(hop[1], hop[0], here.router)
            if there is None or there.name in names:
                return None
            names.append(there.name)
        return names

    def metric(self, start, goal):
        hop = self.nodes[start].next_hop(self.nodes[goal].router.prefixes[1])
        return hop and hop[2]

    def complete(self, node):
        """Does this router know all the others' addresses?"""
        wanted = {prefix for other in self.nodes.values()
                  if other is not node for prefix in other.router.prefixes}
        return wanted <= {route["prefix"] for route in node.usable_routes()}

    def settled(self):
        return all(self.complete(node) for node in self.nodes.values())


class Screen:
    """Draws frames: in place on a terminal, one after another elsewhere."""

    def __init__(self):
        size = shutil.get_terminal_size((80, 30))
        self.live = (sys.stdout.isatty() and size.columns >= CANVAS_WIDTH
                     and size.lines >= CANVAS_HEIGHT + 8
                     and os.environ.get("TERM", "dumb") != "dumb")
        self.coloured = self.live and "NO_COLOR" not in os.environ
        self.room = min(max(size.lines - CANVAS_HEIGHT - 7, 1), 8)
        self.drawn = 0
        self.last = None

    def show(self, lines):
        if self.live:
            up = f"\x1b[{self.drawn}F" if self.drawn else "\x1b[?25l"
            text = "".join(f"{line}\x1b[K\n" for line in lines)
            sys.stdout.write(f"{up}{text}\x1b[J")
            self.drawn = len(lines)
        elif lines != self.last:
            sys.stdout.write("\n".join(lines) + "\n\n")
        self.last = lines
        sys.stdout.flush()

    def paint(self, text, style):
        return f"\x1b[0;{style}m{text}\x1b[0m" if self.coloured else text

    def close(self):
        if self.live:
            sys.stdout.write("\x1b[?25h")
            sys.stdout.flush()


class Show:
    """The story: what is done, what is waited for, what is drawn."""

    def __init__(self, network, screen):
        self.network = network
        self.screen = screen
        self.events = []
        self.began = time.monotonic()
        self.headline = ""
        self.flow = None
        self.seen = set()
        self.way = None
        self.drawn = 0.0
        self.frame_number = 0

    # Drawing

    def frame(self):
        canvas = Canvas(CANVAS_WIDTH, CANVAS_HEIGHT, self.screen.coloured)
        path = self.way or []
        hops = set(zip(path, path[1:])) | set(zip(path[1:], path))
        for pair, cells in wires().items():
            self.draw_link(canvas, pair, cells, pair in hops)
        if self.screen.live and self.flow:
            self.draw_packets(canvas, path)
        for name, place in PLACES.items():
            self.draw_node(canvas, self.network.nodes[name], place,
                           name in path)
        return [self.title(), *canvas.lines(), "", *self.traffic(), "",
                *self.recent()]

    def title(self):
        clock = f"{time.monotonic() - self.began:6.1f} s" \
            if self.screen.live else ""
        return self.screen.paint(f"  {self.headline:<64}", BOLD) + clock

    def draw_link(self, canvas, pair, cells, on_path):
        adjacent = self.network.adjacent(pair)
        style, colour = ("path", PATH) if on_path else \
            ("known", CALM) if adjacent else ("unknown", DIM)
        if pair in self.network.cut:
            style, colour = "cut", BAD
        around = [self.beyond(cells[0], cells[1]), *cells,
                  self.beyond(cells[-1], cells[-2])]
        for before, here, after in zip(around, cells, around[2:]):
            canvas.put(*here, line_character(style, before, here, after),
                       colour)
        if pair in self.network.cut:
            column, row = cells[len(cells) // 2]
            canvas.put(column, row, "╳", BAD)
        canvas.put(*LABELS[pair], self.label(pair), colour)

    @staticmethod
    def beyond(end, inner):
        """Where a line would go on after its end."""
        return 2 * end[0] - inner[0], 2 * end[1] - inner[1]

    def label(self, pair):
        if pair in self.network.cut:
            return "cut"
        if not self.network.adjacent(pair):
            return ""
        costs = self.network.costs(pair)
        return str(costs[0]) if costs[0] == costs[1] else \
            f"{costs[0]}/{costs[1]}"

    def draw_node(self, canvas, node, place, on_path):
        column, row = place
        complete = self.network.complete(node)
        colour = PATH if on_path else CALM if node.monitor else DIM
        inner = BOX_WIDTH - 2
        canvas.put(column, row, "╭" + "─" * inner + "╮", colour)
        canvas.put(column, row + 1, "│" + " " * inner + "│", colour)
        canvas.put(column, row + 2, "│" + " " * inner + "│", colour)
        canvas.put(column, row + 3, "╰" + "─" * inner + "╯", colour)
        canvas.put(column + 1, row + 1, f"{node.name:^{inner}}", BOLD)
        if node.monitor:
            text = f"{len(node.usable_routes())} routes"
            text += " ✔" if complete else ""
        else:
            text = "…"
        canvas.put(column + 1, row + 2, f"{text:^{inner}}",
                   GOOD if complete else DIM)

    def draw_packets(self, canvas, path):
        """Dots that wander along the path."""
        cells = []
        for here, there in zip(path, path[1:]):
            wire = wires()
            cells += wire[here, there] if (here, there) in wire else \
                wire[there, here][::-1]
        for index in range(self.frame_number % 8, len(cells), 8):
            canvas.put(*cells[index], "●", GOOD)

    def traffic(self):
        """Two strips: a cell for each tenth of a second, lost or not."""
        if self.flow is None:
            return ["", ""]
        return [f"  {SOURCE} → {TARGET}  IPv{version}  "
                + self.strip(version) for version in (4, 6)]

    def strip(self, version):
        now = time.monotonic()
        width = 52
        lost, sent = [0] * width, [0] * width
        moments = self.flow.sent[version]
        answered = self.flow.answered[version]
        for sequence in range(len(moments) - 1, -1, -1):
            age = int((now - moments[sequence]) / CELL)
            if age >= width:
                break
            if now - moments[sequence] > 0.02:
                sent[age] += 1
                lost[age] += sequence not in answered
        text = ""
        for here, gone in zip(sent[::-1], lost[::-1]):
            if here == 0:
                text += " "
            elif gone:
                text += self.screen.paint("╳", BAD)
            else:
                text += self.screen.paint("▪", GOOD)
        return text

    def recent(self):
        lines = []
        for moment, text, style in self.events[-self.screen.room:]:
            lines.append(self.screen.paint(
                f"  {moment - self.began:6.2f} s  {text}", style))
        return lines + [""] * (self.screen.room - len(lines))

    def draw(self, changed):
        now = time.monotonic()
        if self.screen.live:
            if now - self.drawn < FRAME:
                return
            self.frame_number += 1
        elif not changed:
            return
        self.drawn = now
        self.screen.show(self.frame())

    # Telling

    def tell(self, text, style=CALM):
        self.events.append((time.monotonic(), text, style))

    def notice(self):
        """Tell what is new in the network; True if there was anything."""
        count = len(self.events)
        for pair in COSTS:
            self.once(("link", pair), self.network.adjacent(pair),
                      "%s and %s are neighbours" % pair,
                      "%s and %s have lost each other" % pair)
        for name, node in self.network.nodes.items():
            self.once(("all", name), self.network.complete(node),
                      f"{name} knows a way to everybody",
                      f"{name} has lost a way")
        self.notice_path()
        return len(self.events) > count

    def once(self, key, true, gained, lost):
        if true and key not in self.seen:
            self.seen.add(key)
            self.tell(gained)
        elif not true and key in self.seen:
            self.seen.discard(key)
            self.tell(lost, DIM)

    def notice_path(self):
        paths = [self.network.path(SOURCE, TARGET, version)
                 for version in (4, 6)]
        path = paths[0] if paths[0] == paths[1] else None
        if path != self.way:
            self.way = path
            if path:
                self.tell(f"{' → '.join(path)}, metric "
                          f"{self.network.metric(SOURCE, TARGET)}", PATH)

    # Acting

    def watch(self, condition, what, within=PATIENCE):
        """Draw until the condition is true; returns the seconds it took."""
        began = time.monotonic()
        while True:
            self.network.poll(0.02)
            self.draw(self.notice())
            if condition():
                self.screen.show(self.frame())
                return time.monotonic() - began
            if time.monotonic() - began > within:
                raise laboratory.Timeout(f"not within {within:g} s: {what}")

    def linger(self, seconds):
        """Time for a person to look at it."""
        if self.screen.live:
            until = time.monotonic() + seconds
            self.watch(lambda: time.monotonic() > until, "time passes")

    def goes_by(self, name):
        return self.way is not None and name in self.way

    def perform(self):
        """The play in five acts; yields a line of summary for each."""
        yield self.act_start()
        yield self.act_ping()
        self.flow = Flow(self.network.nodes[SOURCE].router,
                         self.network.nodes[TARGET].router, every=0.005)
        try:
            yield self.act_cut()
            yield self.act_heal()
        finally:
            self.flow.stop()
        yield self.act_stop()

    def act_start(self):
        self.headline = "Five routers start and look for neighbours"
        for node in self.network.nodes.values():
            node.daemon.start()
            self.linger(0.7)
        took = self.watch(self.network.settled, "all know all")
        self.watch(lambda: self.goes_by("north"), "the shortest path")
        return (f"routes between all five routers {took:.2f} s after the "
                f"start of the last one")

    def act_ping(self):
        self.headline = "Everybody pings everybody"
        routers = [node.router for node in self.network.nodes.values()]
        began = time.monotonic()
        missing = unanswered(routers, within=PATIENCE)
        if missing:
            raise laboratory.Timeout(f"no answer: {missing}")
        pairs = len(routers) * (len(routers) - 1)
        text = f"{pairs} pings by IPv4 and {pairs} by IPv6 answered"
        self.tell(f"{text} within {time.monotonic() - began:.2f} s", GOOD)
        self.draw(True)
        self.linger(2)
        return text

    def act_cut(self):
        self.headline = "Packets flow from %s to %s" % (SOURCE, TARGET)
        self.watch(self.flow.flowing, "packets flow")
        self.linger(4)
        self.headline = "The link between %s and %s is cut" % CUT
        self.network.cut.add(CUT)
        self.tell("CUT: the link between %s and %s" % CUT, BAD)
        since = time.monotonic()
        self.network.links[CUT].cut()
        self.watch(lambda: self.goes_by("south") and self.flow.flowing(),
                   "another way")
        gaps = [self.flow.longest_gap(version, since) for version in (4, 6)]
        self.tell(f"rerouted; IPv4 {outage(gaps[0])}, "
                  f"IPv6 {outage(gaps[1])}", GOOD)
        self.draw(True)
        self.linger(5)
        return (f"a link of the path cut: {outage(max(gaps))}, "
                f"then by another way")

    def act_heal(self):
        self.headline = "The link is mended"
        since = time.monotonic()
        self.network.links[CUT].heal()
        self.network.cut.discard(CUT)
        self.tell("HEALED: the link between %s and %s" % CUT, GOOD)
        took = self.watch(lambda: self.goes_by("north")
                          and self.network.settled()
                          and self.flow.flowing(), "the shorter path again")
        gap = self.flow.longest_gap(since=since)
        self.tell(f"back on the shorter path; {outage(gap)}", GOOD)
        self.draw(True)
        self.linger(4)
        return (f"the link mended: back on the shorter path after "
                f"{took:.2f} s, {outage(gap)}")

    def act_stop(self):
        self.headline = "All daemons are asked to leave"
        self.flow.stop()
        self.flow = None
        left = []
        for node in self.network.nodes.values():
            if node.daemon.terminate() != 0:
                left.append(f"{node.name} failed")
            left += [f"{node.name} kept {route.prefix}"
                     for route in node.router.routes()
                     if route.protocol == "babel"]
        self.network.poll(0)
        self.way = None
        self.seen.clear()
        self.tell("all have gone, and the kernels' tables are as before",
                  GOOD)
        self.draw(True)
        if left:
            raise RuntimeError("; ".join(left))
        return "all daemons left with status 0 and took their routes along"


def outage(seconds):
    return "no packet lost" if seconds <= 0 else \
        f"traffic away for {seconds * 1000:.0f} ms"


def perform(program):
    screen = Screen()
    lines = []
    failure = None
    try:
        with laboratory.Lab() as lab:
            show = Show(Network(lab, program), screen)
            for line in show.perform():
                lines.append(line)
    except (AssertionError, OSError, RuntimeError, EOFError) as error:
        failure = error
    finally:
        screen.close()
    print("What was seen")
    for line in lines:
        print("  ✔ " + line)
    if failure is not None:
        print(f"  ✘ {failure}")
    return 0 if failure is None else 1


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} path/to/babeld")
    program = os.path.abspath(sys.argv[1])
    if not os.access(program, os.X_OK):
        sys.exit(f"{sys.argv[0]}: {program} is not there to be run")
    missing = laboratory.shortfalls()
    if missing:
        sys.exit(f"{sys.argv[0]}: this needs {', '.join(missing)}")
    laboratory.exit_on_signals()
    try:
        return perform(program)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
