"""The Debian packages, in a bare Debian: "make package-check".

Built twice; installed, started, upgraded from Debian's own babeld, removed
and purged, each in a tree that debootstrap has made, in namespaces for its
network, its processes and what it mounts.
"""

import filecmp
import os
import re
import shutil
import subprocess

import pytest

from daemons import CHECKOUT
from lab import run, wait_for

TOOLS = ("dpkg-buildpackage", "dh", "lintian", "debootstrap", "autopkgtest",
         "systemd-analyze", "git")
LACKING = [tool for tool in TOOLS if shutil.which(tool) is None]
pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(LACKING != [], reason=f"no {LACKING}")]

OTHERS_NEED = "libb2-1,lsb-base"
OURS_NEED = "adduser,libbsd0,libmd0,libmnl0,libseccomp2"
TEST_NEEDS = "iproute2,iputils-ping"

MOUNT = """
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount -t sysfs sysfs "$1/sys"
mount --rbind /dev "$1/dev"
mount -t tmpfs tmpfs "$1/run"
"""

# The first process of a machine, a shell that waits; it takes note of the
# end of processes whose parents have gone, too.
HOLD = MOUNT + """
exec chroot "$1" sh -c 'echo ready; sleep infinity & wait'
"""

# Traces of a package that dpkg and adduser leave on purpose.
LEFT = re.compile(r"var/(lib/dpkg|log/(dpkg|alternatives)|cache/debconf)\b"
                  r"|var/cache/ldconfig\b|etc/(passwd|group|g?shadow|sub[ug]id)-?$"
                  r"|etc/\.pwd\.lock$|var/lib/systemd(/deb-systemd-helper\S*)?$")


def build(place, mask, **environment):
    """The packages of the commit, built there."""
    old = os.umask(mask)
    try:
        run("env", *(f"{name}={value}"
                     for name, value in environment.items()),
            "make", "-C", CHECKOUT, "package", f"PACKAGEDIR={place}")
    finally:
        os.umask(old)
    return place


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """By two people who have little in common."""
    return (build(tmp_path_factory.mktemp("one"), 0o022, TZ="UTC"),
            build(tmp_path_factory.mktemp("another-place") / "deeper", 0o077,
                  TZ="Asia/Tokyo", LC_ALL="C", USER="somebody",
                  DEB_BUILD_OPTIONS="nocheck parallel=1"))


def only(place, pattern):
    [path] = place.glob(pattern)
    return path


@pytest.fixture(scope="module")
def ours(built):
    return only(built[0], "babeld_*.deb")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    place = tmp_path_factory.mktemp("theirs")
    subprocess.run(["apt-get", "-q", "download", "babeld"], cwd=place,
                   check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return only(place, "babeld_1.12.1-*.deb")


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    """A tree with what the packages need, and nothing of them."""
    root = tmp_path_factory.mktemp("debian") / "root"
    mirrors = run("apt-get", "indextargets", "--format", "$(REPO_URI)",
                  "Codename: bookworm", "Component: main",
                  "Created-By: Packages")
    run("debootstrap", "--variant=minbase",
        f"--include={OURS_NEED},{OTHERS_NEED},{TEST_NEEDS}", "bookworm",
        str(root), mirrors.split()[0])
    yield root
    shutil.rmtree(root)


class Machine:
    """A copy of the tree, as a router of the laboratory."""

    def __init__(self, lab, debian, name):
        self.router = lab.router(name)
        self.root = os.path.join(lab.directory, f"{name}-root")
        run("cp", "-a", str(debian), self.root)
        # Without an init system, services start only where they may.
        self.write("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 0\n")
        os.chmod(self.path("usr/sbin/policy-rc.d"), 0o755)
        self.before = self.files()

    def switch_on(self, lab):
        holder = self.router.spawn(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child",
             "sh", "-c", HOLD, "sh", self.root],
            stdout=subprocess.PIPE, text=True)
        lab.processes.append(holder)
        assert holder.stdout.readline() == "ready\n"
        with open(f"/proc/{holder.pid}/task/{holder.pid}/children") as stream:
            self.first = stream.read().strip()
        return self

    def argv(self, command):
        return ["nsenter", "--target", self.first, "--mount", "--pid",
                "--net", "--root", "--wdns=/", "sh", "-c", command]

    def ask(self, command):
        return subprocess.run(
            self.argv(command), capture_output=True, text=True,
            stdin=subprocess.DEVNULL, check=False, timeout=120,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})

    def type(self, command):
        done = self.ask(command)
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{command}\n{said}"
        return said

    def install(self, package):
        shutil.copy(package, os.path.join(self.root, "tmp"))
        return self.type(f"dpkg -i /tmp/{package.name}")

    def path(self, name):
        return os.path.join(self.root, name.lstrip("/"))

    def read(self, name):
        with open(self.path(name)) as stream:
            return stream.read()

    def write(self, name, text):
        with open(self.path(name), "w") as stream:
            stream.write(text)

    def files(self):
        """All that is kept on the machine."""
        found = set()
        for top, folders, names in os.walk(self.root):
            here = os.path.relpath(top, self.root)
            if here == ".":
                folders[:] = set(folders) - {"proc", "sys", "dev", "run",
                                             "tmp"}
            found.update(os.path.normpath(os.path.join(here, name))
                         for name in folders + names)
        return found

    def left(self):
        return sorted(name for name in self.files() - self.before
                      if not LEFT.match(name))

    def daemons(self):
        """The programs of the daemons that run."""
        return self.ask("for p in /proc/[0-9]*; do "
                        "test \"$(cat $p/comm)\" != babeld || "
                        "readlink $p/exe; done").stdout.split("\n")[:-1]

    def unit(self, word):
        """A command of the unit, as the user that runs it."""
        unit = self.read("lib/systemd/system/babeld.service")
        command = re.search(rf"^{word}=(.*)$", unit, re.MULTILINE)[1]
        return ("test ! -e /etc/default/babeld || . /etc/default/babeld; "
                "exec setpriv --reuid babeld --regid babeld --init-groups "
                "--inh-caps -all,+net_admin --ambient-caps +net_admin "
                "--bounding-set -all,+net_admin --no-new-privs "
                + command.lstrip("+").replace("$$", "$"))

    def start_as_the_unit_does(self, lab):
        for place in ("/run/babeld", "/var/lib/babeld"):
            self.type(f"install -d -o babeld -g babeld -m 750 {place}")
        with open(self.path("tmp/log"), "w") as log:
            lab.processes.append(subprocess.Popen(
                self.argv(self.unit("ExecStart")), stdout=log, stderr=log,
                stdin=subprocess.DEVNULL))
        wait_for(lambda: self.ask("test -e /run/babeld/babeld.sock")
                 .returncode == 0, 10, "it has started")


@pytest.fixture
def one(lab, debian):
    """A machine with a cable, at whose other end nobody speaks."""
    machine = Machine(lab, debian, "one")
    lab.link(machine.router, lab.router("two"))
    lab.build()
    return machine.switch_on(lab)


def test_two_builds_are_the_same(built):
    for name in ("babeld_*.deb", "babeld-dbgsym_*.deb", "babeld_*.tar.xz"):
        assert filecmp.cmp(only(built[0], name), only(built[1], name),
                           shallow=False), name


def test_lintian_has_no_objection(built):
    done = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning",
         str(only(built[0], "*.changes"))],
        capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done


def test_the_programs_are_hardened(built):
    for name in ("sbin/babeld", "bin/babelctl"):
        path = only(built[0], f"babeld-*/debian/babeld/usr/{name}")
        shown = run("readelf", "--wide", "--file-header", "--dynamic",
                    "--dyn-syms", str(path))
        for word in ("DYN (Position-Independent", "BIND_NOW",
                     "__stack_chk_fail", "_chk@"):
            assert word in shown, (name, word)


def test_new_installed_removed_and_purged(one, ours):
    said = one.install(ours)
    assert "no interface is configured" in said and one.daemons() == []
    assert one.type("getent passwd babeld").endswith(
        ":/nonexistent:/usr/sbin/nologin\n")
    assert one.type("babeld --version").startswith("babeld-2")

    one.write("etc/babeld.conf", "interface one-two\n")
    one.type("service babeld start")
    assert one.daemons() == ["/usr/sbin/babeld"]
    assert "one-two" in one.type("babelctl interfaces")
    one.type("service babeld reload && service babeld status")
    one.type("service babeld restart")
    assert one.daemons() == ["/usr/sbin/babeld"]

    one.type("dpkg --remove babeld")
    assert one.daemons() == []
    links = re.compile(r"etc/(rc\d\.d|systemd/system)/")
    assert [name for name in one.left() if not links.match(name)] == [
        "etc/babeld.conf", "etc/init.d/babeld", "etc/logrotate.d/babeld",
        "var/lib/babeld", "var/lib/babeld/state"]
    one.type("dpkg --purge babeld")
    assert one.left() == []


KEPT = {
    "etc/babeld.conf": "redistribute local deny\nlog-file /var/log/babeld.log\n"
                       "local-port 33123\n",
    "etc/default/babeld": 'INTERFACES="one-two"\n'
                          'DAEMON_ARGS="-S /var/lib/babeld/state -H 3"\n',
}


def test_upgraded_from_the_other_babeld(lab, one, ours, theirs):
    """While it runs; its configuration counts, and nobody is asked."""
    one.install(theirs)
    for name, text in KEPT.items():
        one.write(name, text)
    one.type("invoke-rc.d babeld start")
    wait_for(lambda: one.daemons() == ["/usr/sbin/babeld"], 10, "it runs")
    first = one.type("cat /var/run/babeld.pid")

    one.install(ours)
    assert {name: one.read(name) for name in KEPT} == KEPT
    assert one.daemons() == ["/usr/sbin/babeld"]
    assert one.type("cat /run/babeld.pid") != first
    shown = one.type("babelctl -s 33123 explain interface one-two")
    assert "hello-interval 3.000 " in shown, shown
    assert re.match("babeld adm ", one.type(
        "stat -c '%U %G %a' /var/log/babeld.log"))

    one.type("service babeld stop")
    one.start_as_the_unit_does(lab)
    shown = one.type("babelctl -s 33123 explain interface one-two")
    assert "hello-interval 3.000 " in shown, shown

    one.type("dpkg --purge babeld")
    assert one.left() == []


def test_a_mesh_as_the_unit_starts_it(lab, debian, ours):
    machines = [Machine(lab, debian, name) for name in ("one", "two")]
    lab.link(*(machine.router for machine in machines))
    lab.build()
    for machine, peer in zip(machines, reversed(machines)):
        machine.switch_on(lab).install(ours)
        condition = machine.unit("ExecCondition")
        assert machine.ask(condition).returncode == 1
        name = f"{machine.router.name}-{peer.router.name}"
        machine.write("etc/babeld.conf", f"interface {name}\n")
        machine.type(condition)
        machine.start_as_the_unit_does(lab)
    one, two = machines

    def reach(machine, peer):
        return set(peer.router.prefixes) <= {
            route.prefix for route in machine.router.routes()
            if route.protocol == "babel" and route.kind == "unicast"}
    wait_for(lambda: reach(one, two) and reach(two, one), 20,
             "either reaches the other")
    two.write("etc/babeld.conf",
              "interface two-one\nredistribute local deny\n")
    two.type(two.unit("ExecReload"))
    wait_for(lambda: not reach(one, two), 20, "it was reloaded")


def test_autopkgtest(lab, debian, built, ours):
    """debian/tests, as Debian runs it."""
    root = os.path.join(lab.directory, "root")
    run("cp", "-a", str(debian), root)
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", MOUNT + 'shift; exec "$@"', "sh",
         root, "autopkgtest", "--no-built-binaries",
         f"{only(built[0], 'babeld-*[0-9]')}/", str(ours), "--", "chroot", root],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^mesh +PASS", done.stdout, re.MULTILINE), done.stdout
