"""Start and end of the process: what it takes over, what it leaves behind,
and what it says when it cannot."""

import os
import select
import signal
import socket
import stat
import subprocess

import pytest

from control import Control
from daemons import OURS
from lab import wait_for
from place import UNWANTED, WANTED, Place, end, spoil

READ_ONLY = """
mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys &&
exec "$@"
"""


@pytest.fixture
def place(lab):
    return Place(lab)


# What may be in the way; what is done about it before, and what is said.

def held_pid_file(place):
    process = place.start()
    return process, ["-p", "7777", "-g", place.socket + "2"], \
        f"pid file {place.pid} is held by a running process, {process.pid}"


def taken_port(place):
    return place.start(), ["-I", place.pid + "2", "-g", place.socket + "2"], \
        "UDP port 6696: Address already in use"


def no_place_for_the_socket(place):
    return None, ["-g", "/nonexistent/socket"], "/nonexistent/socket"


def no_place_for_the_pid_file(place):
    return None, ["-I", "/nonexistent/pid"], \
        "pid file /nonexistent/pid: No such file or directory"


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("obstacle", [
    held_pid_file, taken_port, no_place_for_the_socket,
    no_place_for_the_pid_file])
def test_a_start_that_fails_leaves_nothing(place, obstacle, background):
    """The status is that of the process in the foreground, in either case;
    parameters of the kernel that were set already are as before."""
    process, options, message = obstacle(place)
    files = set(os.listdir(place.lab.directory)) | {"log"}
    before = place.sysctls()
    assert place.run(*options, *["-D"] * background) == 1
    assert message in place.read(place.log)
    assert place.sysctls() == before
    assert set(os.listdir(place.lab.directory)) == files
    if process is not None:
        assert before == WANTED
        assert place.read(place.pid) == f"{process.pid}\n"
        end(process)
    assert place.sysctls() == UNWANTED


def test_a_start_that_fails_leaves_the_routes_of_others(place):
    """Those of an older babeld look like what a crash of ours left."""
    route = "192.0.2.0/24", "babel"
    place.router.ip("route", "add", route[0], "dev", "dut-east",
                    "proto", route[1])
    with place.router.socket(socket.AF_INET6, socket.SOCK_DGRAM) as taken:
        taken.bind(("::", 6696))
        assert place.run() == 1
    assert route in [(found.prefix, found.protocol)
                     for found in place.router.routes()]


def test_a_log_that_cannot_be_opened_ends_it(place):
    assert place.run("-L", "/nonexistent/log") == 1
    assert place.run("-L", "/nonexistent/log", "-D") == 1
    assert not os.path.exists(place.pid)


def test_after_a_crash(place):
    """The pid file, the socket and the parameters of one that was killed
    are those of the next."""
    first = place.start()
    first.kill()
    first.wait()
    assert os.path.exists(place.socket) and place.sysctls() == WANTED
    assert place.read(place.pid) == f"{first.pid}\n"
    second = place.start()
    assert place.read(place.pid) == f"{second.pid}\n"
    end(second)
    assert place.sysctls() == UNWANTED
    assert not os.path.exists(place.pid)
    assert not os.path.exists(place.socket)


@pytest.mark.parametrize("text", ["", "65536\n", "\0"])
def test_a_state_file_that_makes_no_sense(place, text):
    with open(place.state, "w") as stream:
        stream.write(text)
    end(place.start())
    assert f"state file {place.state}" in place.read(place.log)
    assert place.read(place.state).split()[0].isdigit()


NOT_OURS = ["configuration", "link", "second name", "device", "fifo",
            "directory"]


@pytest.mark.parametrize("kind", NOT_OURS)
def test_a_pid_file_that_is_something_else(place, kind):
    look = spoil(place, kind, place.pid)
    before = look()
    assert place.run() == 1
    assert f"pid file {place.pid}: " in place.read(place.log)
    assert look() == before


@pytest.mark.parametrize("kind", NOT_OURS)
def test_a_state_file_that_is_something_else(place, kind):
    """The daemon runs without one."""
    look = spoil(place, kind, place.state)
    before = look()
    end(place.start())
    assert f"state file {place.state}: " in place.read(place.log)
    assert look() == before
    assert not os.path.exists(place.state + ".new")


def test_files_where_others_can_exchange_them(place):
    open_to_all = place.lab.path("open")
    os.mkdir(open_to_all)
    os.chmod(open_to_all, 0o777)
    place.pid = os.path.join(open_to_all, "pid")
    assert place.run() == 1
    assert os.listdir(open_to_all) == []
    os.chmod(open_to_all, 0o1777)
    end(place.start())


def test_a_log_file_that_is_the_configuration(place):
    with open(place.log, "w") as stream:
        stream.write("interface dut-east\n")
    assert place.run("-c", place.log) == 1
    assert place.read(place.log) == "interface dut-east\n"


def test_a_full_file_does_not_kill(place):
    end(place.start(wrapper=["prlimit", "--fsize=16"]))


def test_one_that_ends_is_waited_for(place):
    """"kill PID; babeld" starts the next."""
    first = place.start("-C", "shutdown-delay-ms 1500")
    first.terminate()
    second = place.router.spawn(place.argv(), stdin=subprocess.DEVNULL)
    place.lab.processes.append(second)
    assert first.wait(10) == 0
    wait_for(lambda: os.path.exists(place.pid)
             and place.read(place.pid) == f"{second.pid}\n", 10,
             "the next one runs")
    end(second)


def test_where_parameters_cannot_be_written(place):
    wrapper = ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh"]
    assert place.run(wrapper=wrapper) == 1
    assert "setting /proc/sys/net/ipv6/conf/all/forwarding to 1: " \
        "Read-only file system" in place.read(place.log)
    end(place.start("-C", "skip-kernel-setup true", wrapper=wrapper))
    assert place.sysctls() == UNWANTED
    place.router.sysctl(WANTED)
    end(place.start(wrapper=wrapper))


def test_without_standard_output(place):
    """What is printed is lost, and does not end up in a file of ours."""
    wrapper = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]
    process = place.start("-L", "", wrapper=wrapper)
    process.send_signal(signal.SIGUSR1)
    with Control(place.socket) as control:
        assert control.request("unmonitor") == ["ok"]
    assert place.read(place.pid) == f"{process.pid}\n"
    end(process)


def test_a_log_that_cannot_be_opened_again(place):
    """The old one goes on."""
    os.mkdir(place.lab.path("logs"))
    log = place.lab.path("logs/log")
    process = place.start("-L", log)
    os.rename(place.lab.path("logs"), place.lab.path("old"))
    process.send_signal(signal.SIGUSR2)
    wait_for(lambda: f"log file {log}: No such file or directory"
             in place.read(place.lab.path("old/log")), 5, "it says so")
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: "My id " in place.read(place.lab.path("old/log")), 5,
             "the tables")
    end(process)


def test_a_large_table_is_printed_at_once(place):
    """Though nothing else happens meanwhile."""
    place.router.ip_batch([f"route add 10.9.{n >> 8}.{n & 255} dev lo "
                           "proto 77" for n in range(4000)])
    process = place.start("-C", "redistribute proto 77")

    def exported():
        return place.read(place.log).count("(exported)")

    with Control(place.socket) as control:
        wait_for(lambda: sum(line.startswith("add xroute 10.9.") for line in
                             control.request("dump")) == 4000, 10,
                 "the routes")
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: exported() >= 4000, 2, "the tables")
    end(process)


def test_nothing_is_inherited(place):
    """A descriptor that the starter forgot to close is not kept open."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    process = place.router.spawn(place.argv(), stdin=subprocess.DEVNULL,
                                 pass_fds=[writer])
    place.lab.processes.append(process)
    with Control(place.socket) as control:
        assert control.request("unmonitor") == ["ok"]
    os.close(writer)
    assert select.select([reader], [], [], 5)[0]  # nobody else has it
    os.close(reader)
    end(process)
