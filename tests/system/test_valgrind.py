"""A whole life of the daemon under valgrind: not a byte leaks, none is
read that was not written.

    peer --- dut --- other

The peer proves itself by a MAC, the other daemon is of another make where
there is one.
"""


import pytest

from control import Control
from daemons import Babeld, OURS, PEER_BABELD
from lab import Unmet, wait_for

HELLO = 0.5
KEY = "key id k type blake2s128 value " + 32 * "5a"
SOURCE_SPECIFIC = "redistribute ip ::/0 eq 0 src-prefix 2001:db8::/32 allow"
FAILED = 99  # a status of no daemon's own


class Watched(Babeld):
    """Under valgrind, whose verdict is the exit status."""

    def argv(self):
        return ["valgrind", "--quiet", "--leak-check=full",
                "--show-leak-kinds=all", "--errors-for-leak-kinds=all",
                f"--error-exitcode={FAILED}",
                *super().argv()]


def say(daemon, text):
    with Control(daemon.socket_path, within=30) as control:
        return control.request(text, 30)


def reload(daemon, *lines):
    with open(daemon.base + ".conf", "w") as stream:
        stream.write("".join(line + "\n" for line in lines))
    assert say(daemon, "reload")[-1] == "ok"


@pytest.mark.parametrize("peer", [
    "ours", pytest.param("babeld", marks=(pytest.mark.peer_babeld,
                                          pytest.mark.slow))])
def test_no_leak_at_exit(lab, peer):
    routers = [lab.router(name) for name in ("peer", "dut", "other")]
    first, dut, other = routers
    link = lab.link(first, dut)
    lab.link(dut, other)
    lab.build()
    keyed = f"interface {link.end(dut).interface} key k"
    config = [KEY, keyed, "in neigh fe80::1 deny", "import-table 254",
              "redistribute metric 128"]
    daemons = [
        Babeld(first, OURS, HELLO, [KEY, SOURCE_SPECIFIC, "interface "
               f"{link.end(first).interface} key k"]),
        Watched(dut, OURS, HELLO, config),
        Babeld(other, OURS if peer == "ours" else PEER_BABELD, HELLO)]
    first.ip("route", "add", "unreachable", "default", "from",
             "2001:db8::/32", "proto", "static")
    for daemon in daemons:
        daemon.start()
    watched = daemons[1]

    def learnt(*wanted):
        have = {route["prefix"] for route in watched.dump().find(
            "route", installed="yes")}
        return set(wanted) <= have or Unmet(f"has {have}")

    wait_for(lambda: learnt(*first.prefixes, *other.prefixes), 30, "routes")
    with Control(watched.socket_path, within=30) as monitor:
        monitor.dump("monitor")
        for text in ("json dump", "explain 10.0.0.1/32", "stats", "metrics",
                     "json explain neighbour", "interface nope0",
                     "flush interface nope0"):
            assert say(watched, text)[-1] == "ok", text
        assert say(watched, "no such thing")[-1] == "bad"
        reload(watched, KEY, keyed, "out ip 10.0.0.0/8 metric 256",
               "redistribute local deny")
        daemons[2].kill()
        link.cut()
        wait_for(lambda: not watched.dump().find("route", installed="yes")
                 or Unmet("routes"), 30, "nothing is installed")
        link.heal()
        daemons[2].start()
        wait_for(lambda: learnt(*first.prefixes), 30, "routes again")
    status = watched.terminate(60)
    assert status == 0, watched.log()
