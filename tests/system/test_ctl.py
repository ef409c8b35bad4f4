"""babelctl: what it prints and how it ends, with real daemons and bad ones."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

import words
from daemons import CHECKOUT, CTL, OURS, Babeld
from lab import Unmet, wait_for
from terminal import Terminal

OK, NO, BAD, BROKEN = range(4)
GREETING = b"BABEL 1.0\nversion babeld-9\nhost here\nmy-id 01:02\nok\n"


def ctl(*words, at=None, within=20, **options):
    argv = [CTL] + (["-s", at] if at else []) + list(words)
    return subprocess.run(argv, capture_output=True, timeout=within,
                          text=True, **options)


def said(*words, at):
    """What it prints when all is well."""
    done = ctl(*words, at=at)
    assert (done.returncode, done.stderr) == (OK, ""), done
    return done.stdout


# A mesh.

COSTS = {("west", "north"): 96, ("north", "east"): 96,
         ("west", "south"): 150, ("south", "east"): 150,
         ("east", "cabin"): 96}


def distances(start):
    found = {start: 0}
    for _ in COSTS:
        for pair, cost in COSTS.items():
            for here, there in (pair, pair[::-1]):
                if here in found:
                    found[there] = min(found.get(there, 1 << 16),
                                       found[here] + cost)
    return found


class Mesh:
    """The routers of the demonstration."""

    def __init__(self, lab):
        names = sorted({name for pair in COSTS for name in pair})
        routers = {name: lab.router(name) for name in names}
        self.links = {pair: lab.link(*(routers[name] for name in pair))
                      for pair in COSTS}
        lab.build()
        self.daemons = {name: Babeld(router, OURS, hello=0.5, config=[
            f"interface {link.end(router).interface} rxcost {COSTS[pair]}"
            for pair, link in self.links.items() if name in pair])
            for name, router in routers.items()}
        for daemon in self.daemons.values():
            daemon.start()
        wait_for(self.settled, 20, "all know all")

    def socket(self, name):
        return self.daemons[name].socket_path

    def sockets(self):
        return [daemon.socket_path for daemon in self.daemons.values()]

    def settled(self):
        """Has everybody the shortest way to everybody?"""
        for name, daemon in self.daemons.items():
            try:
                known = {(record["prefix"], int(record["metric"]))
                         for record in
                         daemon.dump().find("route", installed="yes")}
            except (OSError, EOFError) as error:
                return Unmet(error)
            wanted = {(prefix, distance) for other, distance in
                      distances(name).items() if other != name
                      for prefix in self.daemons[other].router.prefixes}
            if not wanted <= known:
                return Unmet((name, wanted - known))
        return True


@pytest.fixture(scope="module")
def mesh():
    import lab as laboratory
    if laboratory.shortfalls():
        pytest.skip("no laboratory")
    with laboratory.Lab() as made:
        yield Mesh(made)


def test_tables_for_people(mesh):
    east = mesh.socket("east")
    text = said(at=east)
    parts = re.split(r"\n\n", text.rstrip())
    assert re.fullmatch(r"\S+: babeld-\S+, router-id [0-9a-f:]{23}", parts[0])
    assert [part.split("\n")[0].split(" (")[0] for part in parts[1:]] == \
        ["Interfaces", "Neighbours", "Routes"]
    for part, word, count in zip(parts[1:], (
            "interfaces", "neighbours", "routes"), (3, 3, None)):
        lines = part.split("\n")
        assert count in (None, len(lines) - 2)
        assert said(word, at=east).split("\n")[0] == lines[0]
        # Columns are aligned: where a heading begins there is no word
        # that began before it.
        for match in re.finditer(r"(?<=  )\S", lines[1]):
            assert all(line[match.start() - 1:match.start()] in ("", " ")
                       for line in lines[2:]), part
    neighbours = said("neighbours", at=east)
    assert re.search(r"east-south +\S+ +150 +150 +150 +\d+ +"
                     r"([0-9a-f]{2}:){7}[0-9a-f]{2}$", neighbours, re.M)
    routes = said("routes", at=east)
    west = mesh.daemons["west"].router
    assert re.search(rf"^  \* +{west.address4}/32 +192 +fe80::\S+ +"
                     rf"east-north +\S+$", routes, re.M)
    assert re.search(rf"^    +{west.address4}/32 +300 +fe80::\S+ +"
                     rf"east-south +\S+$", routes, re.M)
    assert re.search(r"^  \* +\S+ +0 +this router$", routes, re.M)


@pytest.mark.parametrize("words", [
    ["dump"], [], ["dump", "neighbour"], ["neighbours"], ["routes"],
    ["interfaces"], ["stats"], ["explain", "neighbour"],
    ["explain", "10.0.0.1"], ["explain", "interface"], ["help"],
    ["dump-installed-routes"]], ids=" ".join)
def test_json_and_nothing_but_json(mesh, words):
    done = subprocess.run(
        f"{CTL} --json -s {mesh.socket('east')} {' '.join(words)} | "
        + ("jq -e ." if shutil.which("jq") else "cat"),
        shell=True, capture_output=True, text=True, check=True, timeout=20)
    assert done.stderr == ""
    text = said("-j", *words, at=mesh.socket("east"))
    assert text.endswith("\n")
    objects = [json.loads(line) for line in text.splitlines()]
    assert objects and all("object" in found for found in objects)


def test_requests_are_handed_on(mesh):
    east = mesh.socket("east")
    lines = said("dump", at=east).splitlines()
    assert lines[0].startswith("add interface ") and "ok" not in lines
    assert {line.split()[1] for line in lines} == {
        "interface", "neighbour", "xroute", "route"}
    assert said("reload", at=east) == ""
    assert said("redistribute ip 203.0.113.0/24", "metric", "7",
                at=east) == ""
    assert said("flush", "redistribute", at=east) == ""
    assert said("quit", at=east) == ""
    assert said("-j", "reload", at=east) == ""
    assert said("metrics", at=east).startswith("# HELP babel_")


def test_exit_statuses(mesh):
    east = mesh.socket("east")
    for words, status, reason in (
            (["explain", "192.0.2.1"], NO, "No such destination"),
            (["-j", "explain", "192.0.2.1"], NO, "No such destination"),
            (["flush", "interface", "nope"], NO, ""),
            (["nonsense"], BAD, "does not understand"),
            (["-j", "dump", "nonsense"], BAD, "does not understand")):
        done = ctl(*words, at=east)
        assert (done.returncode, done.stdout) == (status, ""), done
        assert done.stderr.startswith(f"babelctl: {east}: ")
        assert reason in done.stderr and done.stderr.count("\n") == 1
    for words in (["--nonsense"], ["-s"], ["--format"], ["top", "now"],
                  ["graph", "--format", "svg"], ["--netjson", "dump"],
                  ["--http", "dump"], ["--format", "dot", "dump"],
                  ["--json", "top"], ["--json", "metrics"], ["top"],
                  ["dump\nreload"], ["x" * 1024], ["routes", "now"]):
        done = ctl(*words, at=east)
        assert (done.returncode, done.stdout) == (BAD, ""), words
        assert done.stderr.startswith("babelctl: ")
    for words in (["--help"], ["-h"]):
        assert ctl(*words).stdout.startswith("usage: babelctl ")
    assert re.fullmatch(r"babelctl-\S+\n", ctl("-V").stdout)


def test_output_that_cannot_be_written(mesh):
    with open("/dev/full", "w") as full:
        done = subprocess.run([CTL, "-s", mesh.socket("east")], stdout=full,
                              stderr=subprocess.PIPE, text=True)
    assert done.returncode == BROKEN
    assert "cannot write" in done.stderr


def test_monitor_follows(mesh):
    east = mesh.daemons["east"]
    with subprocess.Popen([CTL, "-j", "-s", east.socket_path, "monitor",
                           "xroute"], stdout=subprocess.PIPE, text=True) \
            as watching:
        first = json.loads(watching.stdout.readline())
        assert first["event"] == "add"
        east.router.ip("addr", "add", "10.7.7.7/32", "dev", "lo")
        for line in watching.stdout:
            found = json.loads(line)
            if found["babel-route-prefix"] == "10.7.7.7":
                break
        east.router.ip("addr", "del", "10.7.7.7/32", "dev", "lo")
        for line in watching.stdout:
            if json.loads(line)["event"] == "flush":
                break
        watching.terminate()


# The mesh as a graph.

def test_the_graph_of_five_routers(mesh):
    graph = json.loads(said("graph", *mesh.sockets(), at="/nowhere"))
    assert (graph["type"], graph["protocol"]) == ("NetworkGraph", "babel")
    assert isinstance(graph["version"], str)
    assert isinstance(graph["metric"], str)
    ids = {name: daemon.router_id() for name, daemon in mesh.daemons.items()}
    assert sorted(node["id"] for node in graph["nodes"]) == \
        sorted(ids.values())
    wanted = {(ids[a], ids[b], cost) for pair, cost in COSTS.items()
              for a, b in (pair, pair[::-1])}
    assert len(graph["links"]) == len(wanted) == 10
    assert {(link["source"], link["target"], link["cost"])
            for link in graph["links"]} == wanted
    assert all(link["properties"]["interface"] for link in graph["links"])


def test_the_graph_of_one_router(mesh):
    """It knows all routers, and its own links."""
    graph = json.loads(said("graph", at=mesh.socket("cabin")))
    assert len(graph["nodes"]) == 5
    (link,) = graph["links"]
    assert (link["source"], link["target"]) == (
        mesh.daemons["cabin"].router_id(), mesh.daemons["east"].router_id())
    assert graph["router_id"] == link["source"]
    # Twice the same router is one.
    twice = json.loads(said("graph", *[mesh.socket("cabin")] * 2, at="/no"))
    assert (twice["nodes"], twice["links"]) == (graph["nodes"],
                                                graph["links"])


def test_the_graph_for_graphviz(mesh):
    text = said("graph", "--format=dot", *mesh.sockets(), at="/nowhere")
    assert text.startswith("digraph ") and text.endswith("}\n")
    assert len(re.findall(r'^\t"[0-9a-f:]{23}" \[label="[^"]+"\];$', text,
                          re.M)) == 5
    assert len(re.findall(r'^\t"[0-9a-f:]{23}" -> "[0-9a-f:]{23}" '
                          r"\[label=\d+\];$", text, re.M)) == 10
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tsvg"], input=text, text=True, check=True,
                       stdout=subprocess.DEVNULL)


def test_the_routes_as_netjson(mesh):
    daemon = mesh.daemons["east"]
    routes = json.loads(said("routes", "--netjson", at=daemon.socket_path))
    assert routes["type"] == "NetworkRoutes"
    assert routes["router_id"] == daemon.router_id()
    assert {(route["destination"], route["device"], route["cost"])
            for route in routes["routes"]} == {
        (route["prefix"], route["if"], int(route["metric"]))
        for route in daemon.dump().find("route", installed="yes")}
    gateways = {route.prefix: route.gateway
                for route in daemon.router.routes()}
    assert all(gateways[route["destination"]] == route["next"]
               for route in routes["routes"])


# top

@pytest.fixture
def watch():
    made = []

    def begin(path, *arguments, **options):
        made.append(Terminal([CTL, "-s", path, "top"], *arguments,
                             **options))
        return made[-1]
    yield begin
    for terminal in made:
        terminal.end()


def test_top_follows_a_cut(mesh, watch, figure):
    """A picture in 80 by 24; a link that is cut is seen at once."""
    terminal = watch(mesh.socket("east"))
    terminal.wait_for(lambda text: "3 of 3 links work" in text and re.search(
        r"east-south ━+ 150 ━+ +fe80::\S+ +┄*▪+ +\d+\n", text) and re.search(
        r"Routes in use\n  10\.\S+ +\d+  → east-\w+ +fe80::", text), 10,
        "the picture")
    # A title in reverse video across the screen, links in colours.
    assert {"0;7", "0;1;36", "0;32"} <= terminal.styles
    assert terminal.reversed_columns(0) == 80
    lines = terminal.lines()
    assert len(lines) == 24 and all(len(line) <= 80 for line in lines)
    began = time.monotonic()
    mesh.links["north", "east"].cut()
    try:
        terminal.wait_for(lambda text: re.search(r"east-north \S+ down ",
                                                 text), 5, "the cut")
        took = time.monotonic() - began
        figure("top shows a cut after", took)
        terminal.wait_for(lambda text: re.search(
            r"neighbour fe80\S+ on east-north is lost", text) and re.search(
            r"routes → east-south fe80", text), 5, "the news")
    finally:
        mesh.links["north", "east"].heal()
    terminal.wait_for(lambda text: "3 of 3 links work" in text, 10,
                      "the link again")
    terminal.type("q")
    wait_for(lambda: not terminal.read() or
             terminal.process.poll() is not None, 5, "the end")
    assert terminal.process.wait(5) == OK
    assert terminal.has_been_given_back()
    wait_for(mesh.settled, 20, "all know all")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM,
                                    signal.SIGHUP, signal.SIGQUIT])
def test_top_gives_the_terminal_back(mesh, watch, number):
    terminal = watch(mesh.socket("west"), 30, 100)
    terminal.wait_for(lambda text: "links work" in text, 10, "the picture")
    assert not terminal.has_been_given_back()
    terminal.process.send_signal(number)
    wait_for(lambda: terminal.read() and terminal.process.poll() is not None,
             5, "the end")
    while terminal.read(0.05) and not terminal.has_been_given_back():
        pass
    assert terminal.process.returncode == -number
    assert terminal.has_been_given_back()


def test_top_follows_the_size(mesh, watch):
    terminal = watch(mesh.socket("west"), 40, 120)
    terminal.wait_for(lambda text: "links work" in text, 10, "the picture")
    for rows, columns in ((24, 80), (10, 40), (3, 10), (1, 1), (50, 200)):
        terminal.resize(rows, columns)
        shown = "q quits" if columns >= 40 else ""
        terminal.wait_for(lambda text: shown in text.split("\n")[0], 5,
                          "the new size")
    assert terminal.process.poll() is None


def test_top_stops_and_goes_on(mesh, watch):
    terminal = watch(mesh.socket("west"))
    terminal.wait_for(lambda text: "links work" in text, 10, "the picture")
    terminal.process.send_signal(signal.SIGTSTP)

    def state():
        with open(f"/proc/{terminal.process.pid}/stat") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0]
    wait_for(lambda: state() == "T", 5, "it stops")
    terminal.read()
    assert terminal.has_been_given_back()
    terminal.process.send_signal(signal.SIGCONT)
    terminal.wait_for(lambda text: "1049" in terminal.modes, 5, "it goes on")


def test_top_waits_for_the_daemon(lab, watch):
    a, b = lab.router("a"), lab.router("b")
    lab.link(a, b)
    lab.build()
    daemon = Babeld(a, OURS, hello=0.5).start()
    terminal = watch_ready(watch, daemon)
    daemon.kill()
    terminal.wait_for(lambda text: "closed the connection" in text, 5,
                      "it is told")
    daemon.start()
    terminal.wait_for(lambda text: "connected" in text
                      and "nobody" in text, 10, "it is back")


def watch_ready(watch, daemon):
    wait_for(lambda: ctl("dump", at=daemon.socket_path).returncode == OK, 10,
             "the daemon")
    terminal = watch(daemon.socket_path)
    terminal.wait_for(lambda text: "nobody" in text, 10, "the picture")
    return terminal


def test_round_trip_times(lab, watch):
    a, b = lab.router("a"), lab.router("b")
    link = lab.link(a, b)
    lab.build()
    daemons = [Babeld(router, OURS, hello=0.3, config=[
        f"interface {link.end(router).interface} type tunnel"]).start()
        for router in (a, b)]
    path = daemons[0].socket_path
    wait_for(lambda: re.search(r" rtt ms .*\n.* \d+\.\d{3} ",
                               ctl("neighbours", at=path).stdout), 10,
             "it is in the table")
    terminal = watch(path)
    terminal.wait_for(lambda text: re.search(
        r" rtt ms .*\n.*▪ +\d+\.\d{3} ", text), 10, "it is in the picture")
    graph = json.loads(said("graph", at=path))
    assert graph["links"][0]["properties"]["rtt_ms"] >= 0


def test_top_in_plain_ascii(mesh, watch):
    terminal = watch(mesh.socket("east"), environment={
        "LC_ALL": "C", "NO_COLOR": "1"})
    terminal.wait_for(lambda text: "3 of 3 links work" in text, 10,
                      "the links")
    assert str(terminal).isascii() and terminal.styles <= {"0"}


# What a socket may send that is no babeld.

class Impostor:
    """Serves one connection after the other with the same bytes."""

    def __init__(self, path, *pieces, hold=False):
        self.pieces = pieces
        self.hold = hold
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(5)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                self.speak(client)

    def speak(self, client):
        try:
            for piece in self.pieces:
                if piece is None:
                    client.recv(4096)
                else:
                    client.sendall(piece)
            if self.hold:
                client.recv(4096)
                client.recv(4096)
        except OSError:
            pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@pytest.fixture
def impostor(tmp_path):
    made = []

    def make(*pieces, **options):
        made.append(Impostor(str(tmp_path / f"s{len(made)}"), *pieces,
                             **options))
        return made[-1].path
    yield make
    for one in made:
        one.close()


FLOOD = b"x" * 200000
BAD_SPEECH = {
    "nothing": ([], "closed the connection"),
    "garbage": ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "no greeting"),
    "binary": ([bytes(range(11, 256)) + b"\n"], "no greeting"),
    "endless": ([FLOOD], "a line of more than 65535 bytes"),
    "half": ([b"BABEL 1.0\nversion"], "closed the connection"),
    "refused": ([b"BABEL 1.0\nno Too many clients\n"], "Too many clients"),
    "cut off": ([GREETING, None, b"add interface"], "closed the connection"),
    "no end": ([GREETING, None, b'{"event":"add","object":"route","id":"1"}\n'
                * 3], "closed the connection"),
    "NUL": ([GREETING, None, b'{"a\x00":1}\n'], "with a NUL"),
    "long": ([GREETING, None, FLOOD], "a line of more than 65535 bytes"),
}


@pytest.mark.parametrize("name", BAD_SPEECH)
def test_bad_speech_is_an_error(impostor, name):
    pieces, reason = BAD_SPEECH[name]
    path = impostor(*pieces)
    for words in ((), ("dump",), ("--json", "dump"), ("graph",),
                  ("metrics",), ("routes", "--netjson"), ("neighbours",)):
        done = ctl(*words, at=path)
        assert done.returncode == BROKEN, (words, done)
        # Depending on the request, what is not JSON is noticed first.
        assert done.stderr.startswith(f"babelctl: {path}: ")
        assert reason in done.stderr or "JSON" in done.stderr, done.stderr
        assert done.stderr.count("\n") == 1
        assert not [c for c in done.stderr[:-1] if not c.isprintable()]


def test_silence_is_an_error(impostor):
    done = ctl("dump", at=impostor(hold=True))
    assert done.returncode == BROKEN
    assert "no answer within 5 seconds" in done.stderr


NOT_JSON = [
    b"add interface eth0 up true", b'{"a":1', b'{"a":1}}', b"[1]", b"{}{}",
    b'{"a":01}', b'{"a":1.}', b'{"a":+1}', b'{"a":nul}', b'{"a" 1}',
    b'{"a":"\x01"}', b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}',
    b'{"a":"\xc0\x80"}', b'{"a":"\\x41"}', b'{"a":"\\ud800"}',
    b'{"a":"\\u12"}', b'{"a":1,}', b'{,"a":1}', b"{1:2}", b'{"a":[1,]}',
    b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", b'{"a":"b}', b'{"a":[}]}',
    b"", b"null", b'{"a":{"b":1]}',
]


@pytest.mark.parametrize("line", NOT_JSON, ids=repr)
def test_what_is_not_json_is_not_printed(impostor, line):
    path = impostor(GREETING, None, line + b"\nok\n")
    done = ctl("--json", "dump", at=path)
    assert (done.returncode, done.stdout) == (BROKEN, "")
    assert "not JSON" in done.stderr
    done = ctl(at=path)
    assert (done.returncode, done.stdout) == (BROKEN, "")


EVIL = "e\x1b[2J\x07\x7f\u009b31m\u202e"


def evil_objects():
    escaped = json.dumps(EVIL)
    raw = json.dumps(EVIL, ensure_ascii=False).replace("\x7f", "\\u007f")
    name = f'"babel-interface-reference":{escaped}'
    lines = [f'{{"event":"add","object":"interface","id":{raw},{name},'
             f'"up":true,"ipv6":{escaped}}}',
             f'{{"event":"add","object":"neighbour","id":"1",{name},'
             f'"babel-neighbor-address":{raw},"babel-cost":96,'
             f'"babel-hello-mcast-history":{escaped},"rtt":{escaped}}}',
             f'{{"event":"add","object":"route","id":"2",{name},'
             f'"babel-route-prefix":{escaped},"installed":true,'
             f'"babel-route-calculated-metric":1,'
             f'"babel-route-neighbor":{raw},"babel-route-router-id":{raw}}}']
    greeting = GREETING.replace(b"here", EVIL.encode())
    return greeting, ("\n".join(lines) + "\nok\n").encode()


def is_harmless(text):
    return all(c == "\n" or c == "\t" or c.isprintable() for c in text)


def test_control_characters_do_not_reach_the_terminal(impostor, watch):
    greeting, lines = evil_objects()
    plain = f"add interface {EVIL} up true\xff\nok\n".encode("latin-1",
                                                           "replace")
    path = impostor(greeting, None, lines)
    for words in ((), ("-j", "dump"), ("graph",), ("graph", "--format=dot"),
                  ("routes", "--netjson"), ("neighbours",)):
        text = said(*words, at=path)
        assert text and is_harmless(text), (words, text)
    assert json.loads(said("-j", "dump", at=path).split("\n")[0])["id"] == \
        EVIL
    graph = json.loads(said("graph", at=path))
    assert graph["nodes"][0]["label"] == EVIL
    text = said("dump", at=impostor(greeting, None, plain))
    assert text and is_harmless(text) and "\\x1B[2J" in text
    done = ctl("dump", at=impostor(greeting, None, b"no \x1b[2J\xff\n"))
    assert done.returncode == NO and is_harmless(done.stderr)
    terminal = watch(impostor(greeting, None, lines, hold=True), 40, 160)
    terminal.wait_for(lambda text: "1 of 1 links work" in text
                      and "\\x1B[2J" in text, 10, "the picture")


def test_values_of_the_wrong_kind(impostor):
    """Numbers that are none, kinds that are unknown, fields twice."""
    lines = (b'{"event":"add","object":"neighbour","id":"1",'
             b'"babel-cost":"many","rtt":"1,\\"x\\":2","babel-rxcost":1e99,'
             b'"babel-txcost":-5,"babel-interface-reference":null}\nok\n')
    path = impostor(GREETING, None, lines)
    assert said(at=path)
    json.loads(said("graph", at=path))
    path = impostor(GREETING, None, b'{"event":"add","object":"ghost",'
                    b'"id":"1"}\nok\n')
    assert ctl(at=path).returncode == BROKEN
    twice = (b'{"event":"add","object":"route","id":"1","id":"2"}\n' * 2
             + b'{"event":"flush","object":"route","id":"9"}\nok\n')
    assert said("routes", at=impostor(GREETING, None, twice))


# Where there is none.

def test_no_socket(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("")
    stale = str(tmp_path / "stale")
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(stale)
    for where, reason in (
            (str(tmp_path / "none"), "No such file or directory"),
            (str(plain), "Connection refused"), (stale, "Connection refused"),
            ("1", "port 1: Connection refused"),
            ("0", "a number from 1 to 65535"),
            ("65536", "a number from 1 to 65535"),
            ("/" + "x" * 200, "a path has 1 to 107 bytes")):
        done = ctl("dump", at=where)
        assert (done.returncode, done.stdout) == (BROKEN, "")
        assert reason in done.stderr and done.stderr.startswith("babelctl: ")


# Looking for the socket: in a place with an /etc and a /run of its own.

PLACE = """
mount --make-rprivate / && mount --bind {etc} /etc &&
mount --bind {run} /run && { [ -L /var/run ] || mount --bind {run} /var/run; }
exec {ctl} dump
"""


@pytest.fixture
def place(tmp_path):
    for name in ("etc", "run"):
        (tmp_path / name).mkdir()

    def look(configuration=""):
        (tmp_path / "etc/babeld.conf").write_text(configuration)
        script = PLACE.replace("{etc}", str(tmp_path / "etc")) \
            .replace("{run}", str(tmp_path / "run")).replace("{ctl}", CTL)
        return subprocess.run(["unshare", "--mount", "--net", "sh", "-c",
                               script], capture_output=True, text=True)
    if os.geteuid() != 0:
        pytest.skip("not root")
    return look


def test_it_finds_the_socket(place, tmp_path):
    def serve(path, name):
        made.append(Impostor(str(path), GREETING, None,
                             f"add {name}\nok\n".encode()))
    made = []
    done = place()
    assert (done.returncode, done.stdout) == (BROKEN, "")
    assert done.stderr.startswith("babelctl: there is no daemon at: "
                                  "/run/babeld.sock, /run/babeld/")
    assert "port 33123: " in done.stderr
    serve(tmp_path / "configured", "configured")
    configuration = ("# local-path /run/none\nlocal-port 1\n"
                     f"local-path-readwrite \"{tmp_path}/configured\"\n")
    assert place(configuration).stdout == "add configured\n"
    serve(tmp_path / "run/babel.sock", "old")
    assert place().stdout == "add old\n"
    # One that nobody serves is passed over.
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "run/babeld.sock"))
    assert place(f"local-path {tmp_path}/none\n").stdout == "add old\n"
    os.unlink(tmp_path / "run/babeld.sock")
    serve(tmp_path / "run/babeld.sock", "usual")
    assert place().stdout == "add usual\n"
    assert place(configuration).stdout == "add configured\n"
    for one in made:
        one.close()


# Completion

def complete(program, *typed):
    """What bash would offer for the last of the words."""
    script = os.path.join(CHECKOUT, "completion", program)
    text = (f'. {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
            f'_{program}; printf "%s\\n" "${{COMPREPLY[@]}}"')
    done = subprocess.run(
        ["bash", "-c", text, "bash", program, *typed], text=True, check=True,
        stdout=subprocess.PIPE, env={
            "PATH": os.path.dirname(OURS) + ":" + os.environ["PATH"]})
    return set(done.stdout.split())


def test_completion():
    assert complete("babelctl", "to") == {"top"}
    assert complete("babelctl", "-s", "/run/x", "du") == {"dump"}
    assert complete("babelctl", "dump", "n") == {"neighbour"}
    assert complete("babelctl", "graph", "--format", "") == {"netjson", "dot"}
    assert complete("babelctl", "--net") == {"--netjson"}
    assert complete("babelctl", "flush", "interface", "l") >= {"lo"}
    assert complete("babelctl", "nonsense", "") == set()
    assert complete("babeld", "--ch") == {"--check"}
    assert complete("babeld", "-D", "l") >= {"lo"}
    assert complete("babeld", "-") >= {"-D", "-c", "-G", "--help"}
    # What it offers exists, and what exists is offered.
    obsolete = {"channel", "faraway", "wired"}
    assert complete("babelctl", "interface", "eth0", "") == \
        {word.word for word in words.PARAMETERS} - obsolete


# HTTP

def ask_http(data, at, **options):
    return subprocess.run([CTL, "-s", at, "metrics", "--http"], input=data,
                          capture_output=True, timeout=20, **options)


def parse_http(data):
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    return int(first.split(" ")[1]), fields, body


def test_http(mesh):
    east = mesh.socket("east")
    done = ask_http(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", east)
    status, fields, body = parse_http(done.stdout)
    assert (done.returncode, status, done.stderr) == (OK, 200, b"")
    assert fields["Content-Type"].startswith("text/plain; version=0.0.4")
    assert int(fields["Content-Length"]) == len(body)
    assert body.startswith(b"# HELP ") and b"\nbabel_info{" in body
    done = ask_http(b"HEAD /metrics?x=1 HTTP/1.0\n\n", east)
    status, fields, body = parse_http(done.stdout)
    assert (status, body) == (200, b"") and int(fields["Content-Length"])


@pytest.mark.parametrize("data, wanted", [
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /metricsandmore HTTP/1.1\r\n\r\n", 404),
    (b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 405),
    (b"reload\n", 400), (b"\n", 400), (b"", 400), (b"GET\r\n\r\n", 400),
    (b"GET /metrics\r\n\r\n", 400), (b"GET /metrics HTTP/2.0\r\n\r\n", 400),
    (b"GET  /metrics HTTP/1.1\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\r\nHost: x", 400),
    (b"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\r\nA: \x00\r\n\r\n", 400),
    (b"G\x00T /metrics HTTP/1.1\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 431),
    (b"GET /metrics HTTP/1.1\r\n" + b"A: b\r\n" * 5000, 431)],
    ids=lambda value: repr(value)[:30])
def test_http_errors(impostor, data, wanted):
    done = ask_http(data, impostor(GREETING, None, b"ok\n"))
    status, fields, body = parse_http(done.stdout)
    assert status == wanted and done.returncode == OK
    assert int(fields["Content-Length"]) == len(body)


def test_http_head_of_nothing_has_no_body(impostor):
    done = ask_http(b"HEAD / HTTP/1.1\r\n\r\n", "/nowhere")
    assert parse_http(done.stdout)[0::2] == (404, b"")


def test_http_without_a_daemon(impostor):
    for path in ("/nowhere", impostor(GREETING, None, b"half")):
        done = ask_http(b"GET /metrics HTTP/1.1\r\n\r\n", path)
        assert done.returncode == BROKEN
        assert parse_http(done.stdout)[0] == 503
        assert done.stderr.startswith(b"babelctl: ")


def test_http_over_a_socket(mesh):
    """As inetd starts it, with all three descriptors the client's; a client
    that sends more than it should still gets the answer."""
    ours, theirs = socket.socketpair()
    with ours, subprocess.Popen(
            [CTL, "-s", mesh.socket("east"), "metrics", "--http"],
            stdin=theirs, stdout=theirs, stderr=theirs) as server:
        theirs.close()
        ours.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" + b"x" * 50000)
        ours.shutdown(socket.SHUT_WR)
        data = b"".join(iter(lambda: ours.recv(65536), b""))
        assert parse_http(data)[0] == 200
        assert server.wait(10) == OK


ACTIVATE = shutil.which("systemd-socket-activate")


@pytest.mark.skipif(ACTIVATE is None, reason="no systemd-socket-activate")
def test_http_by_a_systemd_socket(mesh):
    """A process for each request, several at once."""
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
            [ACTIVATE, "--accept", "--inetd", "-l", f"[::1]:{port}", CTL,
             "-s", mesh.socket("east"), "metrics", "--http"],
            stderr=subprocess.DEVNULL) as server:
        def connect():
            try:
                return socket.create_connection(("::1", port), 10)
            except ConnectionRefusedError:
                return None
        clients = [wait_for(connect, 10, "the server") for _ in range(5)]
        for client in clients:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        for client in clients:
            with client:
                data = b"".join(iter(lambda: client.recv(65536), b""))
                assert parse_http(data)[0] == 200
        server.terminate()


def test_http_time_limit(mesh):
    ours, theirs = socket.socketpair()
    with ours, subprocess.Popen(
            [CTL, "-s", mesh.socket("east"), "metrics", "--http"],
            stdin=theirs, stdout=theirs) as server:
        theirs.close()
        ours.sendall(b"GET /metrics HTTP/1.1\r\n")
        data = ours.recv(65536)
        assert parse_http(data)[0] == 408
        ours.close()
        assert server.wait(10) == OK
