"""What stands around the daemon: the units, and the example files."""

import os
import re
import shutil
import socket
import subprocess
import sys

import pytest

from daemons import CHECKOUT, CTL, OURS
from lab import wait_for
from place import Place, end

CONTRIB = os.path.join(CHECKOUT, "contrib")
UNITS = os.path.join(CONTRIB, "systemd")
EXPOSURE_MAX = 2.0
# Execute what comes behind "--"; another call than those before it kills.
FILTER = """
import ctypes, os, sys
names, command = (list(words) for words in (
    sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]))
library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_init.restype = ctypes.c_void_p
context = ctypes.c_void_p(library.seccomp_init(0x80000000))
for name in names:
    number = library.seccomp_syscall_resolve_name(name.encode())
    library.seccomp_rule_add(context, 0x7fff0000, number, 0)
assert library.seccomp_load(context) == 0
os.execv(command[0], command)
"""


def run(*argv, **options):
    return subprocess.run(argv, capture_output=True, text=True, check=False,
                          **options)


def test_every_line_of_the_example_file(tmp_path):
    """The file as it is, and with all that it shows."""
    path = os.path.join(CONTRIB, "babeld.conf")
    with open(path) as stream:
        shown = re.findall(r"^#([a-z].*)$", stream.read(), re.MULTILINE)
    assert len(shown) > 20
    everything = tmp_path / "babeld.conf"
    everything.write_text("\n".join(shown) + "\n")
    for name in (path, str(everything)):
        done = run(OURS, "--check", "-c", name, "lo")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None,
                    reason="no systemd-analyze")
@pytest.mark.parametrize("unit", ["babeld.service",
                                  "babeld-metrics@.service"])
def test_the_units_expose_little(unit):
    done = run("systemd-analyze", "security", "--offline=true",
               os.path.join(UNITS, unit))
    level = re.search(r"Overall exposure level.*: ([\d.]+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert float(level[1]) <= EXPOSURE_MAX


@pytest.mark.skipif(shutil.which("systemd-analyze") is None,
                    reason="no systemd-analyze")
def test_the_units_have_no_mistake(tmp_path):
    """With the programs of this build in their places."""
    for name in os.listdir(UNITS):
        with open(os.path.join(UNITS, name)) as stream:
            text = stream.read()
        text = text.replace("/usr/sbin/babeld", OURS).replace(
            "/usr/bin/babelctl",
            os.path.join(os.path.dirname(OURS), "babelctl"))
        (tmp_path / name).write_text(text)
    for name in ("babeld.service", "babeld-metrics.socket"):
        done = run("systemd-analyze", "verify", "--man=no",
                   str(tmp_path / name))
        assert tmp_path.name not in done.stderr, done.stderr
        assert done.returncode == 0, done.stderr


def filters_of(unit):
    with open(os.path.join(UNITS, unit)) as stream:
        return [line.partition("=")[2].split() for line in stream
                if line.startswith("SystemCallFilter=")]


def test_the_unit_has_the_list_of_the_program():
    with open(os.path.join(CHECKOUT, "sandbox.c")) as stream:
        listed = re.search(r"calls\[\] = {(.*?)^};", stream.read(),
                           re.DOTALL | re.MULTILINE)[1]
    *running, start = filters_of("babeld.service")
    assert start[0] == "@default"
    names = [name for line in running for name in line]
    assert names == sorted(re.findall(r'"(\w+)"', listed))
    assert {"execve", "ptrace"} & set(names) == set()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None,
                    reason="no systemd-analyze")
def test_the_filter_of_the_unit_kills_nothing(lab):
    """From the start to the end, and babelctl for a reload."""
    place = Place(lab)
    groups = run("systemd-analyze", "syscall-filter", "@default").stdout
    allowed = re.findall(r"^    (\w+)$", groups, re.MULTILINE)
    assert "execve" in allowed
    for line in filters_of("babeld.service"):
        allowed += [name for name in line if name != "@default"]
    wrapper = [sys.executable, "-c", FILTER, *allowed, "--"]
    process = place.start("-G", place.socket + "2", "-C",
                          "local-path-mode 0660", wrapper=wrapper)
    done = run(*wrapper, CTL, "-s", place.socket + "2", "reload")
    assert done.returncode == 0, done
    end(process)
    # It would have killed: this one calls what no daemon does.
    assert run(*wrapper, "/bin/mkdir", lab.path("made")).returncode < 0


def test_a_service_manager_is_told(lab):
    """Ready, alive, and about to end."""
    router = lab.router("dut")
    lab.link(router, lab.router("east"))
    lab.build()
    path = lab.path("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.setblocking(False)
        said = []

        def hear(word):
            try:
                while True:
                    said.append(manager.recv(256).decode())
            except BlockingIOError:
                return word in said
        environment = dict(os.environ, NOTIFY_SOCKET=path,
                           WATCHDOG_USEC="200000")
        process = router.spawn(
            [OURS, "-c", "/dev/null", "-I", "", "-S", "", "dut-east"],
            env=environment, stdin=subprocess.DEVNULL)
        lab.processes.append(process)
        wait_for(lambda: hear("READY=1"), 10, "it is ready")
        said.clear()
        wait_for(lambda: hear("WATCHDOG=1"), 10, "it is alive")
        process.terminate()
        wait_for(lambda: hear("STOPPING=1"), 10, "it is about to end")
        process.wait(10)


def test_the_package_for_alpine(tmp_path):
    """What it installs, by the shell that Alpine has or one like it."""
    recipe = os.path.join(CONTRIB, "alpine", "APKBUILD")
    done = run("sh", "-euc", '. "$1"; package; echo "$pkgver"', "sh", recipe,
               cwd=CHECKOUT, env=dict(os.environ, pkgdir=str(tmp_path)))
    assert done.returncode == 0, done.stderr
    with open(os.path.join(CHECKOUT, "VERSION")) as stream:
        assert done.stdout.splitlines()[-1] == stream.read().strip()
    for name in ("usr/sbin/babeld", "usr/bin/babelctl", "etc/babeld.conf",
                 "etc/init.d/babeld", "etc/logrotate.d/babeld",
                 "usr/share/man/man8/babeld.8"):
        assert (tmp_path / name).is_file(), name


def test_the_unit_for_nixos(tmp_path):
    """No parser of Nix is at hand; what its commands make of the units is
    looked at."""
    with open(os.path.join(CONTRIB, "nixos", "babeld.nix")) as stream:
        commands = re.search(r"postInstall = ''(.*?)'';", stream.read(),
                             re.DOTALL)[1]
    commands = commands.replace("${pkgs.gnugrep}", "/grep")
    done = run("sh", "-euc", commands, cwd=CHECKOUT,
               env=dict(os.environ, out=str(tmp_path)))
    assert done.returncode == 0, done.stderr
    units = tmp_path / "lib/systemd/system"
    text = (units / "babeld.service").read_text()
    assert f"\nExecStart={tmp_path}/bin/babeld -c /etc/babeld.conf" in text
    assert f"\nExecReload={tmp_path}/bin/babelctl " in text
    assert "/bin/sh -c 'PATH=/grep/bin; test -n" in text
    assert "/usr/" not in "".join(
        path.read_text() for path in units.iterdir())
