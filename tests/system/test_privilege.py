"""What the daemon may do once it runs: its user, its capabilities, and its
files when they are not its own."""

import os
import pwd
import signal
import subprocess

import pytest

import packet as p
from bench import PREFIX
from control import Control
from daemons import OURS
from effects import shows
from lab import wait_for
from place import UNWANTED, WANTED, Place, end, spoil

CAPABILITIES = {"CAP_DAC_OVERRIDE": 1, "CAP_NET_BIND_SERVICE": 10,
                "CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13}
USER = "nobody"
NOBODY = pwd.getpwnam(USER)
# Was it built with SECCOMP=1?
CALLS = "those needed" if "libseccomp" in subprocess.run(
    ["ldd", OURS], capture_output=True, text=True,
    check=True).stdout else "any"
# A network of its own for somebody who is not root.
UNPRIVILEGED = """
ip link add dut-east type veth peer east &&
ip link set dut-east up && ip link set east up && exec "$@"
"""


@pytest.fixture
def place(lab):
    """Its files are in a directory of the user's."""
    made = Place(lab)
    os.chmod(lab.directory, 0o755)
    os.chown(lab.directory, NOBODY.pw_uid, NOBODY.pw_gid)
    return made


def status(pid):
    with open(f"/proc/{pid}/status") as stream:
        return dict(line.rstrip("\n").split(":\t", 1) for line in stream
                    if ":\t" in line)


def check_status(pid, capabilities, user=0, group=0):
    found = status(pid)
    bits = sum(1 << CAPABILITIES[name] for name in capabilities)
    assert {name: int(found[name], 16) for name in
            ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")} == \
        {"CapEff": bits, "CapPrm": bits, "CapInh": 0, "CapAmb": 0,
         "CapBnd": 0}
    assert found["NoNewPrivs"] == "1"
    assert found["Seccomp"] == ("2" if CALLS == "those needed" else "0")
    assert found["Uid"].split() == [str(user)] * 4
    assert found["Gid"].split() == [str(group)] * 4


def check_user(pid, *more):
    check_status(pid, ["CAP_NET_ADMIN", *more], NOBODY.pw_uid, NOBODY.pw_gid)


def await_interface(place, name):
    with Control(place.socket) as control:
        wait_for(lambda: any(
            line.startswith(f"add interface {name} up true")
            for line in control.request("dump")), 10, f"it runs on {name}")


def test_root_keeps_what_it_needs(place):
    process = place.start()
    check_status(process.pid,
                 ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_DAC_OVERRIDE"])
    assert "user 0, capabilities: CAP_DAC_OVERRIDE CAP_NET_ADMIN " \
        f"CAP_NET_RAW, system calls: {CALLS}\n" in place.read(place.log)
    end(process)


@shows("user")
@pytest.mark.parametrize("how", [["--user", USER], ["-C", f"user {USER}"]])
def test_a_user_of_its_own(place, how):
    """Its files are opened anew, and gone at the end."""
    process = place.start(*how)
    check_user(process.pid)
    assert place.sysctls() == WANTED
    assert os.stat(place.pid).st_uid == 0
    assert {os.stat(path).st_uid for path in
            (place.log, place.state, place.socket)} == {NOBODY.pw_uid}
    os.rename(place.log, place.log + ".old")
    process.send_signal(signal.SIGUSR2)
    wait_for(lambda: os.path.exists(place.log), 5, "a new log")
    seqno = int(place.read(place.state).split()[0])
    end(process)
    assert place.sysctls() == UNWANTED
    assert not {"pid", "socket", "state.new"} & set(
        os.listdir(place.lab.directory))
    assert place.read(place.state).split()[0] != str(seqno), "not written"
    check_user(place.start(*how).pid)


def test_a_user_routes(make_bench):
    bench = make_bench(["east"], options=["--user", USER]).start()
    bench.east.announce(p.update(PREFIX, 100))
    bench.await_installed(PREFIX)
    check_user(bench.daemon.pid)
    bench.router.ip("link", "set", "dut-east", "down")
    bench.await_uninstalled(PREFIX)


def test_a_reserved_port_on_a_link_that_comes_later(place):
    process = place.start("--user", USER, "-p", "700", "-C",
                          "interface later")
    check_user(process.pid, "CAP_NET_BIND_SERVICE")
    for command in ("link add later type veth peer other",
                    "link set other up", "link set later up"):
        place.router.ip(*command.split())
    await_interface(place, "later")
    assert "opening a socket" not in place.read(place.log)
    end(process)


def test_no_such_user(place):
    files = set(os.listdir(place.lab.directory))
    done = subprocess.run(
        ["ip", "netns", "exec", place.router.full_name,
         *place.argv("--user", "nobody-here")], capture_output=True,
        text=True, timeout=10, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert done.stderr == "babeld: user nobody-here: no such user\n"
    assert set(os.listdir(place.lab.directory)) == files
    assert place.sysctls() == UNWANTED


def test_files_in_a_directory_of_root(place):
    """What cannot be removed hinders nobody, neither that user nor root."""
    os.chown(place.lab.directory, 0, 0)
    for user in (["--user", USER], ["--user", USER], [], []):
        process = place.start(*user)
        assert place.read(place.pid) == f"{process.pid}\n"
        end(process)
        assert int(place.read(place.state).split()[0]) >= 0
        assert os.path.exists(place.pid) == os.path.exists(place.socket) \
            == bool(user)
        if user:
            assert place.read(place.pid) == ""
            assert os.stat(place.pid).st_uid == 0
    assert "state file" not in place.read(place.log)
    assert "pid file" not in place.read(place.log)


def test_a_user_namespace(place):
    """Without any privilege outside of it."""
    wrapper = ["setpriv", "--reuid", USER, "--regid", str(NOBODY.pw_gid),
               "--clear-groups", "unshare", "-Urn", "sh", "-c", UNPRIVILEGED,
               "sh"]
    process = place.start("-C", "skip-kernel-setup true", wrapper=wrapper)
    await_interface(place, "dut-east")
    assert int(status(process.pid)["CapBnd"], 16) == 0
    assert status(process.pid)["Uid"].split()[0] == str(NOBODY.pw_uid)
    end(process)
    assert not os.path.exists(place.pid)


@pytest.mark.parametrize("kind", ["link", "second name", "others'"])
def test_a_log_that_others_put_there(place, kind):
    """In /tmp, say; elsewhere the administrator may have wished for it."""
    os.chown(place.lab.directory, 0, 0)
    if kind == "others'":
        with open(place.log, "w"):
            os.chown(place.log, NOBODY.pw_uid, NOBODY.pw_gid)
        look = lambda: place.read(place.log)  # noqa: E731
    else:
        look = spoil(place, kind, place.log)
    before = look()
    os.chmod(place.lab.directory, 0o1777)
    assert place.run() == 1
    assert look() == before
    os.chmod(place.lab.directory, 0o755)
    end(place.start())


def test_a_log_that_is_a_directory(place):
    look = spoil(place, "directory", place.log)
    before = look()
    assert place.run() == 1
    assert look() == before and os.listdir(place.log) == []


@pytest.mark.parametrize("kind", ["configuration", "link", "second name",
                                  "device", "fifo", "directory"])
def test_a_socket_path_that_is_something_else(place, kind):
    look = spoil(place, kind, place.socket)
    before = look()
    assert place.run() == 1
    assert f"local server {place.socket}: the file exists and is not a " \
        "socket" in place.read(place.log)
    assert look() == before
