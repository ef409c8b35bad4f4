"""The local socket under clients that are odd, rude or hostile."""

import os
import random
import re
import socket
import struct
import time

import pytest

import packet as p
from clients import BabelWeb2, take_all
from control import Control, REPLIES
from daemons import Babeld, CHECKOUT, OURS
from lab import wait_for
from test_local import HEAD, HELLO, Pair, Recorder, announce_many, \
    daemon_pid, netcat

ROUTES = 3000
SECONDS = float(os.environ.get("LOCAL_FUZZ_SECONDS", 5))
SEED = int(os.environ.get("SEED", time.time()))
ASAN = os.path.join(CHECKOUT, "build", "asan", "babeld")


@pytest.fixture
def pair(lab):
    return Pair(lab)


@pytest.fixture
def large(make_bench):
    """A daemon with a table of some size."""
    bench = make_bench(config=["local-port 33123"]).start()
    announce_many(bench.east, 0, ROUTES)
    wait_for(lambda: len(bench.daemon.dump().all("route")) == ROUTES, 20,
             "all routes are known")
    return bench


def replies(lines):
    return [line for line in lines if line.split(" ")[0] in REPLIES]


@pytest.mark.parametrize("where", ["unix", "tcp"])
def test_twenty_thousand_requests_at_once(lab, where):
    pair = Pair(lab, ["local-port-readwrite 33124"])
    address = ("-U", pair.daemon.socket_path) if where == "unix" else \
        ("::1", "33124")
    kinds = {"unmonitor": "ok", "foo": "bad", "": "ok", "json": "bad",
             "flush interface nope0": "no No such interface",
             "explain 192.0.2.1": "no No such destination"}
    requests = list(kinds) * (20000 // len(kinds))
    said = netcat(pair.a, *address, text="\n".join(requests) + "\n",
                  within=60)
    assert said.split("\n")[5:-1] == [kinds[text] for text in requests]


ODD = {
    b"unmonitor\r\n": "ok", b"\r\n": "ok", b"  \t unmonitor \t \r\n": "ok",
    b"unmonitor\r\r\n": "ok", b"\n": "ok", b"# x\0y\n": "ok",
    b"unmonitor\0\n": "bad", b"\0\n": "bad", b"un\0monitor\n": "bad",
    b"UNMONITOR\n": "bad", b"unmonitor # \xff\xfe\n": "ok",
    b"\xef\xbb\xbfunmonitor\n": "bad", b"\x1b[A\n": "bad",
    b"\"unmonitor\"\n": "bad", b"'unmonitor'\n": "bad", b"\"\n": "bad",
    b"unmonitor;unmonitor\n": "bad", b"GET / HTTP/1.1\r\n": "bad",
    b"x" * 255 + b"\n": "bad", b"x" * 256 + b"\n": "bad",
    b"x" * 1023 + b"\n": "bad", b"#" + b"x" * 1022 + b"\n": "ok",
    b" " * 1023 + b"\n": "ok", b"a " * 511 + b"\n": "bad",
    b"-1 0x 1e9 %n%s%p\n": "bad", b"dump route ::/129\n": "bad",
    b"dump route 10.0.0.0/33\n": "bad", b"dump route /\n": "bad",
    b"explain neighbour 10\n": "bad", b"explain neighbour ::/0\n": "bad",
}


def test_odd_lines(pair):
    with Control(pair.daemon.socket_path) as control:
        for octets, expected in ODD.items():
            control.socket.sendall(octets)
            reply = control.reply()
            assert reply == [expected], octets
        assert len(control.request("dump interface")) == 2


@pytest.mark.parametrize("octets", [
    b"x" * 1024, b"x" * 5000 + b"\n", b"\0" * 1024, b" " * 4096,
    b"unmonitor\n" + b"x" * 70000])
def test_lines_that_never_end(pair, octets):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(pair.daemon.socket_path)
        client.sendall(octets)
        said = b""
        while data := client.recv(65536):
            said += data
    assert re.fullmatch(HEAD + r"(ok\n)?no Line too long\n", said.decode())


def test_everything_is_answered_after_a_half_close(large):
    requests = ["dump", "json dump", "stats", "metrics", "explain ::/0",
                "explain neighbour", "monitor route", "dump installed"]
    for address in (("-U", large.daemon.socket_path), ("::1", "33123")):
        said = netcat(large.router, *address, text="\n".join(requests) +
                      "\n", within=60).split("\n")
        assert said[-1] == ""
        answers = replies(said[:-1])
        assert answers == ["ok"] * 5 + ["no No such destination"] + \
            ["ok"] * 3, answers
        assert sum(line.startswith("add route ") for line in said) == \
            3 * ROUTES


def leave(client, rudely):
    if rudely:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
    client.close()


def test_clients_that_leave_in_the_middle(large):
    descriptors = f"/proc/{daemon_pid(large.daemon)}/fd"
    before = len(os.listdir(descriptors))
    for number in range(150):
        family = (socket.AF_UNIX, socket.AF_INET6)[number % 2]
        client = large.router.socket(family, socket.SOCK_STREAM)
        client.connect(large.daemon.socket_path if number % 2 == 0 else
                       ("::1", 33123))
        client.settimeout(10)
        client.sendall((b"dump\n", b"monitor\ndump\n", b"json dump\nstats\n",
                        b"metrics\n" * 50)[number % 4])
        for _ in range(number % 5):
            client.recv(1000)
        leave(client, number % 3 == 0)
    wait_for(lambda: len(os.listdir(descriptors)) == before, 10,
             "all connections are closed")
    assert len(large.daemon.dump().all("route")) == ROUTES


def test_dumps_on_a_connection_that_monitors(large):
    """A dump says all there is, whatever else is being said; changes go on
    being told, each in a whole line."""
    with Control(large.daemon.socket_path) as control:
        assert control.request("monitor route", within=20)[-1] == "ok"
        for number in range(10):
            announce_many(large.east, ROUTES + number * 30, 30)
            lines = control.request("dump route", within=20)
            assert lines[-1] == "ok"
            told = {line.split(" ")[2] for line in lines[:-1]
                    if line.startswith("add route ")}
            assert len(told) >= ROUTES
        wait_for(lambda: len(large.daemon.dump().all("route")) ==
                 ROUTES + 300, 10, "the new ones")
        large.east.announce(p.update("2001:db8:0:1::/64", p.INFINITY))
        wait_for(lambda: any(
            line.startswith("change route ") and
            " prefix 2001:db8:0:1::/64 " in line
            for line in control.pending_lines()), 5, "a change is told")


def test_requests_while_all_is_read_again(pair):
    """Reloads, changes and questions of several clients at once."""
    path = pair.daemon.socket_path
    recorder = Recorder(path)
    texts = ["reload", "interface nope1", "dump", "flush interface nope1",
             "in ip 10.9.0.0/16 deny", "flush in", "json stats", "foo"]
    crowd = [Control(path) for _ in range(8)]
    for round_ in range(20):
        for number, control in enumerate(crowd):
            control.send("\n".join(texts[number:] + texts[:number]) + "\n")
    for control in crowd:
        count = 0
        while count < 20 * len(texts):
            last = control.reply()[-1]
            assert last in ("ok", "bad", "no No such interface")
            count += 1
        assert control.pending_lines() == []
        control.close()
    web = take_all(BabelWeb2(), recorder.read())
    assert "a-b" in web.tables["interface"]
    pair.await_routes(2)
    assert pair.daemon.alive


def test_a_log_that_nobody_reads(pair):
    """A pipe for a log file hangs nobody, before or after it is full."""
    pipe = pair.lab.path("pipe")
    os.mkfifo(pipe)
    with Control(pair.daemon.socket_path) as control:
        assert control.request(f"  log-file {pipe}") == ["ok"]
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        assert control.request(" reopen-logfile # now it can be opened") == [
            "ok"]
        assert os.path.samefile(
            f"/proc/{daemon_pid(pair.daemon)}/fd/2", pipe)
        # Each round is logged, as long as there is room in the pipe.
        for _ in range(1000):
            assert control.request("flush interface a-b") == ["ok"]
            assert control.request("interface a-b") == ["ok"]
        assert 0 < os.read(reader, 1 << 20).count(b"stopped") < 1000
        os.close(reader)
        assert control.request("flush interface a-b") == ["ok"]
        assert control.request("interface a-b") == ["ok"]
        assert control.request("\treload \t# all") == ["ok"]
        assert control.request("reload all") == ["bad"]
        assert control.request("log-file /dev/null") == ["ok"]


WORDS = """dump monitor unmonitor json stats metrics explain reload interface
neighbour xroute route installed flush in out redistribute install default
dump-interfaces dump-neighbors dump-routable-neighbors dump-installed-routes
link-detect smoothing-half-life reopen-logfile a-b b-a nope0 nope* wg*
10.0.0.1 10.0.0.2/32 fd00::2 ::/0 0.0.0.0/0 fe80::1 ip deny allow metric 96
rxcost le 64 proto 3 local true false unicast hello-interval update-interval
4 -1 65536 eq ge src-prefix if neigh id # " \\ add change""".split()
SENTENCES = ["interface a-b", "interface a-b rxcost 100", "interface nope0",
             "flush interface nope0", "flush interface a-b", "reload",
             "in ip fd00::/16 deny", "out if a-b deny", "flush in",
             "flush out", "redistribute ip 10.0.0.0/8 metric 7", "dump",
             "flush redistribute", "install metric 3", "flush install",
             "monitor", "json monitor", "explain 10.0.0.2", "stats",
             "explain neighbour", "monitor installed", "unmonitor"]


def sentence(dice):
    if dice.random() < 0.6:
        return dice.choice(SENTENCES)
    return " ".join(dice.choice(WORDS) for _ in range(dice.randint(1, 6)))


@pytest.mark.covers("F38")
def test_random_requests(lab, figure):
    """Under the sanitisers, where that daemon has been built."""
    program = ASAN if os.path.exists(ASAN) else OURS
    pair = Pair(lab, start=False)
    pair.daemon = Babeld(pair.a, program, HELLO)
    pair.daemon.start()
    pair.other.start()
    dice = random.Random(SEED)
    print(f"SEED={SEED}")
    end = time.monotonic() + SECONDS
    crowd, count = {}, 0
    while time.monotonic() < end:
        if len(crowd) < 10:
            crowd[Control(pair.daemon.socket_path)] = 0
        control = dice.choice(list(crowd))
        texts = [sentence(dice) for _ in range(dice.randint(1, 20))]
        control.send("\n".join(texts) + "\n")
        count += len(texts)
        crowd[control] += len(texts)
        if dice.random() < 0.05:
            pair.other.kill()
            pair.other.start()
        if dice.random() < 0.5:
            while crowd[control] > 0:
                control.reply(30)
                crowd[control] -= 1
        elif dice.random() < 0.5:
            control.close()
            del crowd[control]
    for control, owed in crowd.items():
        for _ in range(owed):
            control.reply(30)
        control.close()
    figure(f"requests answered: {count}, in", SECONDS)
    assert count > 100
    assert pair.daemon.alive and "Sanitizer" not in pair.daemon.log()
    assert pair.daemon.terminate(30) == 0
