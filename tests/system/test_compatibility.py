"""What a user of babeld 1.14 relies upon, and what he need not fear any more.

Files and command lines of our own, for babeld 1.12 and for ours: both
accept and do the same, both refuse, or the table says why not.  Then faults
of the predecessor, as the process and its surroundings show them.
"""

import os
import resource
import signal
import socket
import subprocess
import time

import pytest

from control import Control
from daemons import OURS, Babeld
from lab import Unmet, wait_for
from twins import sample
from verdict import peer_accepts

covers = pytest.mark.covers

MANUAL = "the manual documents it"
LATER = "the manual documents it, 1.12 is older"
ISSUE = "an extension, with the compatibility kept"

# Whether we accept the file; why the other does not agree, if so.
FILES = [
    ("", True, None),
    ("# only a comment", True, None),
    ("interface a\r\n\r\n\tinterface b # c\r\n", True, None),
    ("interface \"a b\"", True, None),
    ("interface \"a", False, None),
    ("interface a type auto", True, None),
    ("interface a type default", True, None),
    ("interface a type ethernet", False, None),
    ("interface a wired true", True, None),
    ("interface a wired maybe", False, None),
    ("interface a faraway true", True, None),
    ("interface a channel 6", True, None),
    ("interface a link-quality yes split-horizon no", True, None),
    ("interface a link-quality on", False, None),
    ("interface a rxcost 0x60", True, None),
    ("interface a rxcost 0140", True, None),
    ("interface a rxcost 65536", False, None),
    ("interface a rxcost 1.5", False, None),
    ("interface a rxcost \"5\"", False, None),
    ("interface a hello-interval .5 update-interval 5.", True, None),
    ("interface a hello-interval 655.35", True, None),
    ("interface a hello-interval 655.36", False, None),
    ("interface a hello-interval -1", False, None),
    ("interface a enable-timestamps auto", True, None),
    ("interface a unicast true rfc6126-compatible true", True, None),
    ("interface a rtt-decay 256 rtt-max 0.001", True, None),
    ("interface a rtt-decay 257", False, None),
    ("interface a rtt-min 0", True, MANUAL),
    ("interface a max-rtt-penalty 0", True, MANUAL),
    ("interface a v4-via-v6 auto", True, None),
    ("interface a probe-mtu true", True, LATER),
    ("interface a accept-bad-signatures true", True, None),
    ("interface a key k", False, None),
    ("key id k type blake2s128 value 00\ninterface a key k", True, None),
    ("key type hmac-sha256 value 00 id k", True, None),
    ("key id k type md5 value 00", False, None),
    ("key id k type none", False, None),
    ("interface wg* rtt-filter quartile link-local auto", True, ISSUE),
    ("neighbour fe80::1 if a", True, ISSUE),
    ("default", True, None),
    ("default foo", False, None),
    ("in", True, None),
    ("in ip default deny", True, None),
    ("in ip 10.0.0.0/8 eq 24 le 16", True, None),
    ("in ip 10.0.0.0/8 le 64", True, None),
    ("in ip 10.0.0.0/33", False, None),
    ("in ip 10.0.0.0/8 src-ip ::/0", False, None),
    ("in ip 300.0.0.0/8", False, None),
    ("in le 300", False, "an error that 1.12 does not see (the issue: "
     "ranges are validated)"),
    ("in metric 0", False, None),
    ("in metric 65536", False, None),
    ("in neigh fe80::1 if a id 1:2:3:4:5:6:7:8 deny", True, None),
    ("in if \"a b\" allow deny metric 5", True, None),
    ("out id 02-16-3e-ff-fe-00-00-12 deny", True, None),
    ("redistribute local proto 3", True, None),
    ("redistribute proto static", False, None),
    ("redistribute src-prefix 2001:db8::/32", True, None),
    ("install pref-src 10.0.0.1 table 65535", True, None),
    ("install table 4294967295", True, "32-bit tables (the issue)"),
    ("install table 0", False, None),
    ("kernel-priority 0", True, MANUAL),
    ("kernel-priority 65535", True, "an off-by-one of 1.12"),
    ("protocol-port 65535", True, "an off-by-one of 1.12"),
    ("protocol-port 0", False, None),
    ("protocol-group 192.0.2.1", False, "an error that 1.12 does not see: "
     "this group cannot be joined"),
    ("kernel-check-interval 0", True, MANUAL),
    ("shutdown-delay-ms 0", True, LATER),
    ("first-rule-priority 100", True, MANUAL),
    ("first-table-number 10", True, "the companion of "
     "first-rule-priority"),
    ("export-table 4294967295\nimport-table 1000", True,
     "32-bit tables (the issue)"),
    ("".join(f"import-table {table}\n" for table in range(1, 13)), True,
     None),
    ("router-id 1.2.3.4", False, None),
    ("router-id 02:16:3e:00:00:12", True, None),
    ("router-id 0:0:0:0:0:0:0:0", False, "an error that 1.12 does not see "
     "(RFC 8966, section 4.1.3)"),
    ("random-id 1", False, None),
    ("debug -1", False, None),
    ("local-path run/babeld.sock", True, None),
    ("local-path-mode 0660", True, ISSUE),
    ("local-port /run/x", False, None),
    ("state-file \"\"", True, None),
    ("diversity true\ndiversity-factor 128", True, None),
    ("keep-unfeasible true", True, "a word of older versions (the issue)"),
    ("reopen-logfile", False, None),
    ("flush interface a", False, "a request of the local socket, for which "
     "a file is no place"),
    ("quit", False, None),
    ("interface a\n\trxcost 5", False, None),
    ("debug 1 2", False, None),
    ("DEBUG 1", False, None),
]

COMMAND_LINES = [
    (["a"], True, None),
    (["--", "-a"], True, None),
    (["a", "-d", "1", "b"], True, None),
    (["-lwsr", "-p", "7", "a"], True, None),
    (["-m", "ff02::7", "a"], True, None),
    (["-m", "fe80::7", "a"], False, None),
    (["-p", "0", "a"], False, None),
    (["-p", "65535", "a"], True, None),
    (["-p", "0x1a28 ", "a"], True, None),
    (["-p", "66x", "a"], False, None),
    (["-h", "0", "a"], False, None),
    (["-h", ".5", "-H", "20.25", "a"], True, None),
    (["-h", "655.36", "a"], False, None),
    (["-k", "0", "-A", "0", "-M", "0", "-t", "0", "-T", "0", "a"], True,
     None),
    (["-g", "33123", "-G", "/run/x", "a"], True, None),
    (["-g", "run/x", "a"], False, None),
    (["-i", "a"], False, None),
    (["-Q"], False, None),
    (["-p"], False, None),
    (["-C", "interface a", "-C", "in deny"], True, None),
    (["-C", ""], False, None),
    (["-C", "# nothing", "a"], True, None),
    (["-C", "in\nout", "a"], False, None),
    (["-C", "in foo", "a"], False, None),
    (["-C", "quit", "a"], False, None),
    (["-C", "flush interface a"], False, None),
    (["-c", "/nonexistent"], False, None),
    (["-c", "/", "a"], True, None),
    (["-S", "", "-I", "", "a"], True, None),
    (["-z", "3", "a"], True, None),
    (["-u", "a"], True, "a letter of older versions (the issue)"),
]


def ours_accepts(arguments):
    run = subprocess.run([OURS, "--check", *arguments], capture_output=True,
                         text=True, timeout=20)
    assert run.returncode in (0, 1), run
    assert run.returncode == 0 or run.stderr.startswith("babeld: ") \
        or "usage: " in run.stderr
    return run.returncode == 0, run.stderr


def compare(arguments, ours, reason, directory):
    accepted, messages = ours_accepts(arguments)
    assert accepted == ours, messages
    if reason is None:
        assert peer_accepts(arguments, directory) == ours
    else:
        assert peer_accepts(arguments, directory) != ours, "agreed, after all"


@pytest.mark.peer_babeld
@pytest.mark.parametrize("text, ours, reason", FILES)
def test_file(text, ours, reason, tmp_path):
    path = tmp_path / "babeld.conf"
    path.write_text(text)
    # Ours wants to know of an interface, even for a check.
    compare(["-c", str(path), "eth0"], ours, reason, tmp_path)


@pytest.mark.peer_babeld
@pytest.mark.parametrize("arguments, ours, reason", COMMAND_LINES)
def test_command_line(arguments, ours, reason, tmp_path):
    empty = tmp_path / "empty.conf"
    empty.write_text("")
    compare(["-c", str(empty), *arguments], ours, reason, tmp_path)


# What both accept makes both say the same of interfaces and exports.

def agreed(cases):
    """But for names with blanks, of which no client can make sense."""
    return sample([(case,) for case, ours, reason in cases
                   if ours and reason is None
                   and case != 'interface "a b"'])


@pytest.mark.peer_babeld
@pytest.mark.parametrize("text", agreed(FILES))
def test_what_a_file_exports(text, twins, tmp_path):
    path = tmp_path / "babeld.conf"
    path.write_text(text)
    assert twins.compare(text, ["-c", str(path), "eth0"])


@pytest.mark.peer_babeld
@pytest.mark.parametrize("arguments", agreed(COMMAND_LINES))
def test_what_a_command_line_exports(arguments, twins, tmp_path):
    empty = tmp_path / "empty.conf"
    empty.write_text("")
    assert twins.compare("", ["-c", str(empty), *arguments])


# What is ours alone.

def run_ours(*arguments):
    return subprocess.run([OURS, *arguments], capture_output=True, text=True,
                          timeout=20)


def test_version():
    run = run_ours("-V")
    assert run.returncode == 0 and run.stdout == ""
    assert run.stderr.startswith("babeld-") and run.stderr.count("\n") == 1
    long = run_ours("--version")
    assert long.returncode == 0 and long.stdout == run.stderr


def test_help():
    run = run_ours("--help")
    assert run.returncode == 0 and "usage: babeld" in run.stdout
    assert run.stderr == ""


def test_usage():
    run = run_ours("-p", "0")
    assert run.returncode == 1 and run.stdout == ""
    assert run.stderr.splitlines()[0] == \
        "babeld: -p: 0: expected a number from 1 to 65535"
    assert "usage: babeld" in run.stderr


def test_no_interface():
    run = run_ours("-c", "/dev/null")
    assert run.returncode == 1
    assert "no interface to run on" in run.stderr


@covers("Q42")
def test_check_prints_all_errors(tmp_path):
    path = tmp_path / "babeld.conf"
    path.write_text("foo\ninterface a rxcost x\ndebug 1\nin bar\n")
    run = run_ours("-C", "out baz", "--check", "-c", str(path), "-c", "/none")
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        'babeld: -C:1:5: baz: expected a selector or an action; in "out baz"',
        f"babeld: {path}:1:1: foo: expected a directive",
        f"babeld: {path}:2:20: x: expected a number from 1 to 65535",
        f"babeld: {path}:4:4: bar: expected a selector or an action",
        "babeld: /none: No such file or directory",
    ]
    run = run_ours("-c", str(path))
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        f"babeld: {path}:1:1: foo: expected a directive"]


# Faults of the predecessor.

@pytest.fixture
def alone(lab):
    """The daemon on a router with one link and nobody at its other end."""
    router = lab.router("a")
    lab.link(router, lab.router("b"))
    lab.build()
    return Babeld(router, OURS)


def cpu_time(pid):
    """Seconds of processor time that a process has used."""
    return time.clock_gettime(~pid << 3 | 2)


@covers("Q3")
def test_q3_no_descriptors_for_newcomers(alone):
    """They wait, nobody spins, and they are served when there are some."""
    alone.start()
    path = alone.socket_path
    first = Control(path)
    limits = resource.prlimit(alone.pid, resource.RLIMIT_NOFILE)
    used = max(int(name) for name in os.listdir(f"/proc/{alone.pid}/fd"))
    resource.prlimit(alone.pid, resource.RLIMIT_NOFILE,
                     (used + 1, limits[1]))
    with socket.socket(socket.AF_UNIX) as second:
        second.connect(path)
        start, used = time.monotonic(), cpu_time(alone.pid)
        while time.monotonic() < start + 1.5:
            assert first.request("unmonitor") == ["ok"]
            second.settimeout(0.1)
            with pytest.raises(TimeoutError):
                second.recv(1)
        assert cpu_time(alone.pid) - used < 0.1
        resource.prlimit(alone.pid, resource.RLIMIT_NOFILE, limits)
        second.settimeout(3)
        assert second.recv(5) == b"BABEL"
    first.close()


@covers("Q38a")
def test_q38a_two_interfaces_on_one_link(lab):
    """Our own packets come in by the other one: nobody is our neighbour."""
    a, b = lab.router("a"), lab.router("b")
    lab.lan("x", a, a, b)
    lab.build()
    ours = [Babeld(router, OURS, 0.5).start() for router in (a, b)]
    wait_for(lambda: len(ours[0].dump().all("neighbour")) == 2, 5,
             "the neighbour is met on both interfaces")
    for neighbour in ours[0].dump().all("neighbour"):
        assert neighbour["address"] == b.link_local(b.interfaces[0])
    def have_come_back():
        with ours[0].control() as control:
            stats = control.request("stats")
        return all(any(line.startswith(f"counter {name} value ")
                       and not line.endswith(" 0") for line in stats)
                   for name in ("dropped-own", "udp-reflected"))
    wait_for(have_come_back, 5, "packets of its own are counted")


@covers("Q38a")
def test_q38a_the_same_addresses_on_each_link(lab):
    """Tunnels from fe80::1 to fe80::2, one behind the other."""
    routers = [lab.router(name) for name in "abc"]
    links = [lab.link(*routers[:2]), lab.link(*routers[1:])]
    lab.build()
    for link in links:
        for address, end in zip(("fe80::1", "fe80::2"), link.ends):
            end.router.ip("address", "flush", "dev", end.interface, "scope",
                          "link")
            end.router.ip("address", "add", f"{address}/64", "dev",
                          end.interface, "nodad")
    ours = [Babeld(router, OURS).start() for router in routers]
    for daemon, other in ((ours[0], routers[2]), (ours[2], routers[0])):
        wait_for(lambda: any(
            route["prefix"] == other.prefixes[0] and
            route["metric"] == "192" for route in daemon.dump().all("route")),
            5, f"{daemon} knows the way to {other}")


# A kernel that has a packet, always, and never gives it away.
NEVER_DONE = """
#include <errno.h>
int recvmmsg(void) { errno = EAGAIN; return -1; }
"""


@covers("Q43")
def test_q43_signals_come_through_when_busy(alone):
    """poll() lets signals in only when there is nothing else to do."""
    library = alone.lab.path("never_done.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", library, "-"],
                   input=NEVER_DONE, text=True, check=True)
    program = alone.program
    alone.argv = lambda: ["env", f"LD_PRELOAD={library}", program,
                          *Babeld.argv(alone)[1:]]
    alone.start()
    alone.control().close()
    with alone.router.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"", ("::1", 6696))
    used = cpu_time(alone.pid)
    wait_for(lambda: cpu_time(alone.pid) > used + 0.2, 20, "it is busy")
    alone.signal(signal.SIGUSR1)
    wait_for(lambda: "My id" in alone.log(), 5, "the tables are printed")
    assert alone.terminate() == 0


FULL_DISK = """
mount -t tmpfs -o size=8k none "$1" && echo 100 > "$1/state" || exit 99
dd if=/dev/zero of="$1/rest" 2> /dev/null
shift
exec "$@"
"""


@covers("Q43")
def test_q43_state_is_kept_on_a_full_disk(alone):
    disk = alone.lab.path("disk")
    os.mkdir(disk)
    alone.state_path = os.path.join(disk, "state")
    alone.argv = lambda: ["unshare", "-m", "sh", "-c", FULL_DISK, "sh", disk,
                          *Babeld.argv(alone)]
    alone.start()
    alone.control().close()
    with open(f"/proc/{alone.pid}/root{alone.state_path}") as state:
        assert int(state.readline()) > 100
        assert alone.terminate() == 0
        state.seek(0)
        assert int(state.readline()) == 101
    assert "No space" not in alone.log()


def netlink_queues(daemon):
    """What waits in each netlink socket of the daemon, in octets."""
    text = daemon.router.read("/proc/thread-self/net/netlink")
    inodes = {os.stat(f"/proc/{daemon.pid}/fd/{name}").st_ino
              for name in os.listdir(f"/proc/{daemon.pid}/fd")}
    return [int(words[4]) for words in map(str.split, text.splitlines()[1:])
            if int(words[-1]) in inodes]


@covers("Q46")
def test_q46_no_forgotten_netlink_socket_fills_up(alone):
    alone.start()
    with alone.control() as control:
        control.dump()
    alone.router.ip_batch(["link add x type bridge", "link del x"] * 100)
    assert netlink_queues(alone)
    wait_for(lambda: not any(netlink_queues(alone)) or
             Unmet(netlink_queues(alone)), 5, "all is read")


@covers("Q52")
def test_q52_descriptors_above_1024(alone):
    """select() could not do it; what is inherited is no hindrance."""
    held = []
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, limits[1]))
    try:
        held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
        spawn = alone.router.spawn
        alone.router.spawn = lambda argv, **options: spawn(
            argv, pass_fds=held, **options)
        alone.start()
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    with alone.control() as control:
        assert control.dump()
    assert alone.terminate() == 0


def test_what_an_interface_waits_for_is_told(lab):
    """Once, and not what passes by itself."""
    router = lab.router("a")
    link = lab.link(router, lab.router("b"))
    lab.build()
    name = router.interfaces[0]
    daemon = Babeld(router, OURS, interfaces=[name, "nowhere"]).start()
    missing = "interface nowhere: waiting; there is no such interface\n"
    wait_for(lambda: missing in daemon.log(), 6, "a missing one is told")
    assert f"{name}: waiting" not in daemon.log()
    link.end(router).set("down")
    down = f"interface {name}: waiting; it is down\n"
    wait_for(lambda: down in daemon.log(), 6, "one that is down is told")
    link.end(router).set("up")
    wait_for(lambda: daemon.log().count(f"{name}: running") == 2, 6,
             "it runs again")
    assert daemon.log().count("waiting") == 2
    assert "no link-local" not in daemon.log()
