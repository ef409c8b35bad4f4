"""Every example in the manual page and in the README is run.

What begins with a prompt is typed into a shell on a machine of that name,
a network namespace with directories of its own; lines without prompt behind
a command are what it must print, but for addresses.  The rest are
configurations, which babeld --check must accept, or lines of the local
socket, which must have the form that the daemon's have.  No example may be
left over.
"""

import fnmatch
import glob
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

import words
from control import Control
from daemons import CHECKOUT, CTL, OURS
from lab import Unmet, run, wait_for
from terminal import Terminal

PROMPT = re.compile(r"^(?:(\w+))?([#$]) (.*)$")
RUNNING = re.compile(r"^babeld (?!.*(?:-D\b|--))")
ADDRESS = r"fe80::[0-9a-f:]+"
LACKING = [tool for tool in ("nc", "pkill") if shutil.which(tool) is None]
TUNNELS = [tool for tool in ("wg", "wireguard-go")
           if shutil.which(tool) is None]

# Directories that a machine has for itself, and /etc/babeld.conf, which may
# have come with another babeld and must not be read.
MOUNTS = """
mount --make-rprivate / &&
for d in /run /var/lib /var/log; do mount -t tmpfs tmpfs $d || exit; done
[ -e /var/run ] || mount -t tmpfs tmpfs /var/run
[ ! -e /etc/babeld.conf ] || mount --bind /dev/null /etc/babeld.conf
echo ready && exec sleep infinity
"""

# In a namespace without WireGuard of the kernel's own.
IP = """#!/bin/sh
if [ "$1 $2 $4 $5" = "link add type wireguard" ] &&
    ! {ip} "$@" 2>/dev/null; then
	exec wireguard-go "$3" < /dev/null > /dev/null 2>&1
fi
[ "$1 $2 $4 $5" = "link add type wireguard" ] || exec {ip} "$@"
"""


# The documents.

def read(name):
    with open(os.path.join(CHECKOUT, name)) as stream:
        return stream.read()


def man_text(line):
    """A line of the source as it is shown."""
    return re.sub(r"\\(.)", lambda match: {
        "e": "\\", "&": "", "-": "-"}[match[1]], line)


def sources(pattern):
    """The paths of our own files of that kind, tests not among them."""
    return [path for place in ("", "include", "config", "ctl", "kernel",
                               "local", "net", "rule")
            for path in glob.glob(os.path.join(CHECKOUT, place, pattern))]


def man_examples(name):
    """(section, lines) of each display in a manual page."""
    section, block, found = "", None, []
    for line in read(name).splitlines():
        if line.startswith((".Sh ", ".Ss ")):
            section = line[4:]
        elif line.startswith(".Bd "):
            block = []
        elif line == ".Ed":
            found.append((section, block))
            block = None
        elif block is not None:
            block.append(man_text(line))
        elif line.startswith(".Dl "):
            found.append((section, [man_text(line[4:])]))
    return found


def readme_examples():
    """(section, lines) of each indented block in the README."""
    section, last, found, block = "", "", [], []
    for line in read("README").splitlines() + [""]:
        if re.fullmatch("-+", line):
            section = last
        if line.startswith("    "):
            block.append(line[4:])
        elif block:
            found.append((section, block))
            block = []
        last = line
    return found


def joined(lines):
    """Lines that end in a backslash, with those behind them."""
    text = "\n".join(lines)
    return re.sub(r"\s*\\\n\s*", " ", text).split("\n")


def steps(lines):
    """(machine, root, command, what it prints) of each command."""
    found = []
    for line in joined(lines):
        match = PROMPT.match(line)
        if match:
            found.append((match[1] or "one", match[2] == "#", match[3], []))
        else:
            found[-1][3].append(line)
    return found


def of(examples, section):
    return [lines for name, lines in examples if name == section]


def is_dialogue(lines):
    return PROMPT.match(lines[0]) is not None


# Machines.

class Machine:
    """A namespace with a shell."""

    def __init__(self, lab, name):
        self.lab = lab
        self.router = lab.router(name)
        self.holder = None
        self.running = []

    def switch_on(self, tools):
        self.holder = self.router.spawn(
            ["unshare", "--mount", "sh", "-c", MOUNTS],
            stdout=subprocess.PIPE, text=True)
        self.lab.processes.append(self.holder)
        assert self.holder.stdout.readline() == "ready\n"
        self.environment = {
            "PATH": tools + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:"
                            "/usr/bin:/sbin:/bin"}
        self.lab.closers.append(self.switch_off)

    def argv(self, command):
        return ["nsenter", "--target", str(self.holder.pid), "--mount",
                "--net", f"--wd={self.lab.directory}", "sh", "-c", command]

    def type(self, command):
        return subprocess.run(
            self.argv(command), env=self.environment, timeout=20,
            capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def start(self, command):
        """Something that stays in the foreground."""
        process = subprocess.Popen(
            self.argv("exec " + command), env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        self.running.append(process)
        self.lab.processes.append(process)
        return process

    def processes(self):
        """The ids of all processes in the namespace but the holder."""
        listed = run("ip", "netns", "pids", self.router.full_name).split()
        return [int(pid) for pid in listed if int(pid) != self.holder.pid]

    def switch_off(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def daemons_end(self):
        """All daemons leave in order; those too that are only starting."""
        asked = set()

        def have_left():
            daemons = {pid for pid in self.processes() if is_babeld(pid)}
            for pid in daemons - asked:
                os.kill(pid, signal.SIGTERM)
            asked.update(daemons)
            return not daemons and all(
                process.poll() is not None for process in self.running)
        wait_for(have_left, 10, "they left")


def is_babeld(pid):
    try:
        with open(f"/proc/{pid}/comm") as stream:
            return stream.read() == "babeld\n"
    except FileNotFoundError:
        return False


def is_content(text):
    """What the local socket has said ends well."""
    lines = text.splitlines()
    return "bad" not in lines and lines.count("ok") == 2 \
        and lines[-1] == "ok"


class Site:
    """Machines, the cables between them, and what they are told."""

    def __init__(self, lab, names, cables):
        self.lab = lab
        self.machines = {name: Machine(lab, name) for name in names}
        lab.build()
        for machine in self.machines.values():
            for family in ("-4", "-6"):
                machine.router.ip(family, "addr", "flush", "dev", "lo",
                                  "scope", "global")
        ends = [end for cable in cables for end in self.cable(*cable)]
        self.await_addresses(ends)
        tools = lab.path("bin")
        os.mkdir(tools)
        os.symlink(OURS, os.path.join(tools, "babeld"))
        os.symlink(CTL, os.path.join(tools, "babelctl"))
        with open(os.path.join(tools, "ip"), "w") as stream:
            stream.write(IP.format(ip=shutil.which("ip")))
        os.chmod(os.path.join(tools, "ip"), 0o755)
        for machine in self.machines.values():
            machine.switch_on(tools)

    def __getitem__(self, name):
        return self.machines[name]

    def cable(self, *ends):
        """Two ends, each a machine and an interface."""
        spaces = [self[name].router for name, _ in ends]
        run("ip", "link", "add", "name", ends[0][1], "netns",
            spaces[0].full_name, "type", "veth", "peer", "name", ends[1][1],
            "netns", spaces[1].full_name)
        for space, (_, port) in zip(spaces, ends):
            space.ip("link", "set", port, "up")
        return ends

    def await_addresses(self, ends):
        for name, port in ends:
            wait_for(lambda: self[name].router.link_local(port), 5,
                     f"an address on {port}")

    def follow(self, lines, within=10):
        """Do as the document says; what takes time is tried again."""
        for name, _, command, printed in steps(lines):
            machine = self[name]
            if RUNNING.match(command):
                machine.start(command)
                continue
            if command.startswith("pkill "):
                # On this machine only, and until it is gone.
                machine.daemons_end()
                continue
            self.await_success(machine, command, printed, within)

    def await_success(self, machine, command, printed, within):
        pattern = re.compile("".join(
            re.sub(r"fe80::\S+", lambda _: ADDRESS, re.escape(line)
                   .replace(r"\ ", " ")) + r"\s*\n" for line in printed))

        def attempt():
            done = machine.type(command)
            if done.returncode == 0 and (
                    not printed or pattern.fullmatch(done.stdout)) and (
                    "| nc " not in command or is_content(done.stdout)):
                return done
            return Unmet((command, done.returncode, done.stdout,
                          done.stderr))
        once = not printed and not command.startswith("ping ")
        return wait_for(attempt, 0 if once else within, command)

    def file(self, name, lines):
        with open(self.lab.path(name), "w") as stream:
            stream.write("".join(line + "\n" for line in lines))

    def end(self):
        for machine in self.machines.values():
            machine.daemons_end()
            assert not [route for route in machine.router.routes()
                        if route.protocol == "babel"]


@pytest.fixture
def make_site(lab):
    made = []

    def make(*arguments):
        made.append(Site(lab, *arguments))
        return made[-1]
    yield make
    for site in made:
        site.end()


netcat = pytest.mark.skipif(LACKING != [], reason=f"no {LACKING}")
wireguard = pytest.mark.skipif(TUNNELS != [], reason=f"no {TUNNELS}")


def check(text, tmp_path):
    path = tmp_path / "example.conf"
    path.write_text(text)
    done = subprocess.run([OURS, "--check", "-c", str(path), "eth0"],
                          capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, ""), text


# The READMEs.

README = readme_examples()


def test_the_readme_of_the_tests_names_files_that_are_there():
    text = read("tests/README")
    names = set(re.findall(r"\b[a-z_]+(?:/[a-z_]+)*\.(?:c|h|py|json|mutants)\b",
                           text))
    assert len(names) > 40
    assert [name for name in sorted(names)
            if not any(os.path.exists(os.path.join(CHECKOUT, folder, name))
                       for folder in ("", "tests", "tests/system"))] == []
    walks = text.split("Five walks")[1].split("\n\n")[1:]
    assert len(walks) == 5
    assert all(len(walk.splitlines()) <= 10 for walk in walks)


def test_the_two_lines_of_the_readme():
    seen = [lines for lines in of(README, "See it")]
    assert len(seen) == 2
    for (line,), target in zip(seen, ("demo", "check")):
        done = subprocess.run(["sh", "-n", "-c", line], check=False)
        assert done.returncode == 0 and line.endswith(f"&& make {target}")
    for lines in of(README, "Installing"):
        for line in lines:
            command = re.match(r"make( \S+)*", line)[0]
            subprocess.run(f"{command} -n", shell=True, check=True,
                           cwd=CHECKOUT, stdout=subprocess.DEVNULL)


def three_in_a_row(make_site):
    return make_site(
        ["one", "two", "three", "internet"],
        [(("one", "eth0"), ("two", "eth0")),
         (("two", "eth1"), ("three", "eth0")),
         (("three", "wan"), ("internet", "eth0"))])


@netcat
def test_first_mesh_gateway_and_changes(make_site):
    """The sections build on each other, as they are read."""
    site = three_in_a_row(make_site)
    for lines in of(README, "A first mesh"):
        site.follow(lines)
    files = [lines for lines in of(README, "A gateway")
             if not is_dialogue(lines)]
    assert len(files) == 1
    site.file("gateway.conf", files[0])
    for version, address in (("-4", "192.0.2.1/24"), ("-6", "2001:db8::1/64")):
        site["three"].router.ip(version, "addr", "add", address, "dev", "wan")
        gateway = address.split("/")[0][:-1] + "2"
        site["three"].router.ip(version, "route", "add", "default", "via",
                                gateway, "dev", "wan", "proto", "static")
    for lines in of(README, "A gateway"):
        if is_dialogue(lines):
            site.follow(lines)
    site["three"].router.ip("-4", "route", "del", "default")
    wait_for(lambda: "default" not in site["one"].router.ip("route"), 10,
             "what is not there any more is taken back")
    site["two"].daemons_end()
    for lines in of(README, "Changing it"):
        site.follow(lines)


def in_a_terminal(machine, command):
    """What the command shows in a terminal on the machine."""
    return Terminal(machine.argv(command), environment=machine.environment)


@netcat
def test_trouble_shooting(make_site):
    site = three_in_a_row(make_site)
    site["one"].router.ip("addr", "add", "10.77.0.1/32", "dev", "lo")
    site["one"].start("babeld -H 1 eth0")
    start, questions, watching, by_netcat = of(README, "Nothing happens?")
    site.follow(start)
    two = site["two"]
    wait_for(lambda: "10.77.0.1/32" in two.type("babelctl routes").stdout,
             10, "the route")
    beginnings = [r"\S+: babeld-\S+, router-id \S+\n\nInterfaces\n",
                  "neighbour ", "destination 10.77.0.1/32-",
                  "information babeld-"]
    for (_, _, command, _), beginning in zip(steps(questions), beginnings):
        done = two.type(command)
        assert done.returncode == 0 and re.match(beginning, done.stdout), done
    (_, _, top, _), (_, _, monitor, _) = steps(watching)
    terminal = in_a_terminal(two, top)
    terminal.wait_for(lambda text: re.search(
        r"Routes in use\n +10.77.0.1/32 +96 ", text), 10, "the picture")
    terminal.end()
    # The monitor never ends by itself.
    watching = subprocess.Popen(
        two.argv("exec " + monitor), env=two.environment,
        stdout=subprocess.PIPE, text=True)
    two.lab.processes.append(watching)
    assert watching.stdout.readline().startswith("add interface eth0 ")
    two.router.ip("addr", "add", "10.77.0.2/32", "dev", "lo")
    for line in watching.stdout:
        if line.startswith("add xroute 10.77.0.2/32-0.0.0.0/0 "):
            break
    else:
        raise AssertionError("the monitor says nothing of a new address")
    watching.kill()
    site.follow(by_netcat)


def test_the_mesh_and_prometheus(make_site):
    site = three_in_a_row(make_site)
    two = site["two"]
    site["one"].start("babeld -H 0.3 eth0")
    two.start("babeld -H 0.3 -g 33123 eth0")
    wait_for(lambda: re.search(" 96 +96 ", two.type(
        "babelctl neighbours").stdout), 10, "the neighbour")
    graph, metrics = of(README, "The whole mesh, and Prometheus")
    done = two.type(steps(graph)[0][2])
    assert done.returncode == 0 and done.stdout.count(" -> ") == 1
    (_, _, http, _), (_, _, to_file, _) = steps(metrics)
    done = two.type(http)
    assert done.stdout.startswith("HTTP/1.1 200 OK\n")
    assert two.type(to_file).returncode == 0
    with open(site.lab.path("babel.prom")) as stream:
        assert stream.readline().startswith("# HELP babel_")


@wireguard
def test_wireguard_overlay(make_site):
    site = make_site(["alice", "bob", "carol"], [
        (("alice", "eth0"), ("bob", "eth0")),
        (("bob", "eth1"), ("carol", "eth0"))])
    site["alice"].router.ip("addr", "add", "192.0.2.1/24", "dev", "eth0")
    site["bob"].router.ip("addr", "add", "192.0.2.2/24", "dev", "eth0")
    blocks = of(README, "A WireGuard overlay")
    files = [lines for lines in blocks if not is_dialogue(lines)]
    assert len(files) == 1
    site.file("overlay.conf", files[0])
    dialogues = [lines for lines in blocks if is_dialogue(lines)]
    # Everybody's keys are there before they are asked for.
    keys = [lines for lines in dialogues if "genkey" in lines[0]]
    assert len(keys) == 2
    for lines in keys + [lines for lines in dialogues if lines not in keys]:
        site.follow(lines)
    assert os.stat(site.lab.path("alice.key")).st_mode & 0o777 == 0o600
    # The outer address is not learnt from inside.
    assert {route.prefix for route in site["alice"].router.routes()
            if route.protocol == "babel"} == {"10.88.0.2/32"}
    # One more tunnel, and nothing is restarted.
    before = site["bob"].processes()
    site["bob"].router.ip("addr", "add", "198.51.100.2/24", "dev", "eth1")
    site["carol"].router.ip("addr", "add", "198.51.100.1/24", "dev", "eth0")
    others = {"alice": "carol", "192.0.2.": "198.51.100.", "5100": "5200",
              "10.88.0.1/": "10.88.0.3/"}

    def translated(text):
        for old, new in others.items():
            text = text.replace(old, new)
        return text
    mine = [translated("\n".join(lines)).split("\n") for lines in dialogues
            if lines[0].startswith("alice#")]
    his = [translated("\n".join(lines)).split("\n") for lines in dialogues
           if lines[0].startswith("bob# ip link")]
    assert len(his) == 1
    mine.sort(key=lambda lines: "genkey" not in lines[0])
    site.follow(mine[0])
    site.follow(his[0])
    for lines in mine[1:]:
        site.follow(lines)
    site.follow(["alice# ping -c 3 10.88.0.3"])
    assert set(before) <= set(site["bob"].processes())


def test_no_example_of_the_readme_is_left_over():
    sections = {section for section, lines in README}
    assert sections == {
        "See it", "How fast", "Installing", "Starting at boot",
        "A first mesh", "A gateway",
        "A WireGuard overlay", "Changing it", "Nothing happens?",
        "The whole mesh, and Prometheus", "Reading the source"}


def test_starting_at_boot(tmp_path):
    """The files arrive; the service manager is for a machine that runs it."""
    lines = [line for lines in of(README, "Starting at boot")
             for line in lines]
    commands = "\n".join(lines).replace("\\\n", " ").splitlines()
    for command in commands:
        if command.startswith("systemctl") or "systemctl" in command:
            continue
        os.makedirs(tmp_path / "etc/sysusers.d", exist_ok=True)
        os.makedirs(tmp_path / "etc/systemd/system", exist_ok=True)
        subprocess.run(command.replace(" /etc/", f" {tmp_path}/etc/"),
                       shell=True, check=True, cwd=CHECKOUT)
    assert sorted(os.listdir(tmp_path / "etc/systemd/system")) == [
        "babeld-metrics.socket", "babeld-metrics@.service", "babeld.service"]
    assert os.listdir(tmp_path / "etc/sysusers.d") == ["babeld.conf"]


def test_the_map_of_the_source():
    """Every file of ours is on the map, and nothing else."""
    named = set()
    for lines in of(README, "Reading the source"):
        for line in lines:
            if line[0] != " ":
                named.update(re.split(r"\s{2,}", line)[0].split())
    named = {name.removesuffix(".h") for name in named}
    files = {os.path.splitext(os.path.relpath(path, CHECKOUT))[0]
             .removeprefix("include/") for path in sources("*.[ch]")}
    lost = {name for name in files if not any(
        fnmatch.fnmatchcase(name, entry) for entry in named)}
    gone = {entry for entry in named if not fnmatch.filter(files, entry)}
    assert (lost, gone) == (set(), set())


# The manual pages of the daemon, of its configuration and of its socket.

PAGES = ["babeld.man", "man/babelctl.1", "man/babeld.conf.5",
         "man/babel-socket.7"]
MANUAL = man_examples("babeld.man") + man_examples("man/babeld.conf.5")
SOCKET = man_examples("man/babel-socket.7")


def test_the_manual_is_clean():
    if shutil.which("mandoc") is None:
        pytest.skip("no mandoc")
    done = subprocess.run(
        ["mandoc", "-Tlint", "-W", "warning", *PAGES], cwd=CHECKOUT,
        capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_reference_leads_somewhere():
    """Sections of the same page, and pages of ours."""
    for page in PAGES:
        text = read(page)
        titles = set(re.findall(r"^\.S[hs] (.*)$", text, re.MULTILINE))
        for title in re.findall(r"^\.Sx (.*?)(?: [.,])?$", text,
                                re.MULTILINE):
            assert title in titles, (page, title)
        for name, chapter in re.findall(r"^\.Xr (babel\S*) (\d)", text,
                                        re.MULTILINE):
            assert any(re.search(rf"^\.Dt {name} {chapter}$", read(other),
                                 re.MULTILINE | re.IGNORECASE)
                       for other in PAGES), (page, name)


def listed(section, macro):
    """The words that babeld.conf(5) describes in a section: its items."""
    part = read("man/babeld.conf.5").split(f"\n.Sh {section}\n")[1]
    return {word for line in re.findall(
        rf"^\.(?:It )?{macro} (.*)$", part.split("\n.Sh ")[0], re.MULTILINE)
        for word in line.split()[:1]}


def parsed(path, table):
    """The words of a table of the parser."""
    rows = read(path).split(f"{table}[] = {{")[1].split("\n};")[0]
    return set(re.findall(r'^\t(?:\{ |SETTING\()"([a-z][a-z0-9-]+)",', rows,
                          re.MULTILINE))


def test_the_manual_has_the_words_of_the_parser():
    """Those of its tables in babeld.conf(5), and no others."""
    directives = parsed("config/directive.c", "} directives") - \
        {"flush", "replace", "reopen-logfile"}
    assert listed("GLOBAL OPTIONS", "It Ic") == \
        parsed("config/field.c", "option_fields")
    assert listed("INTERFACES", "It Cm") == \
        parsed("config/field.c", "interface_fields") | {"key"}
    assert listed("FILTERS", "It Cm") == \
        parsed("config/filter_rule.c", "} parts") | {"if"}
    assert set.union(*(listed(section, "It Ic") for section in
                       ("INTERFACES", "FILTERS")), {"key"}) == directives
    validity = re.findall(r"^(?:\.Cm )(.*-from.*|.*-until.*)$",
                          read("man/babeld.conf.5"), re.MULTILINE)
    assert set(" ".join(validity).replace(",", "").split()) == \
        parsed("config/key.c", "} key_times")
    obsolete = re.findall(r"^\.(?:Ic|Cm) ([a-z-]+)", read(
        "man/babeld.conf.5").split(".Sh OBSOLETE WORDS")[1].split(
            "\n.Sh ")[0], re.MULTILINE)
    assert set(obsolete) == parsed("config/directive.c", "} obsolete") | \
        {"wired", "type"}


def test_every_word_is_in_the_manual():
    text = read("man/babeld.conf.5") + read("man/babel-socket.7")
    known = set(re.findall(
        r"^\.(?:It )?(?:Xo |)?(?:Ic|Cm|Op Cm) (.*)$", text, re.MULTILINE))
    said = set(re.findall(r"[a-z0-9][a-z0-9-]*", " ".join(known)))
    wanted = {word.word for word in words.ALL} | set(words.REQUESTS)
    assert wanted - said == set()


def test_every_option_is_in_the_manual():
    options = set(re.findall(r"^\.It Fl (\S+)", read("babeld.man"),
                             re.MULTILINE))
    helped = subprocess.run([OURS, "--help"], capture_output=True, text=True,
                            check=True).stdout
    assert options == set(re.findall(r"(?<=[ ,]-)(?:[A-Za-z]\b|-[a-z]+)",
                                     helped))


def test_every_word_of_explain_is_in_the_manual():
    text = read("man/babel-socket.7")
    said = set(re.findall(r"[a-z][a-z-]+", " ".join(
        re.findall(r"^\.(?:It )?Li (.*)$", text, re.MULTILINE))))
    source = "".join(read(path) for path in (
        "local/explain.c", "local/explain_kernel.c",
        "local/explain_interface.c", "local/describe.c", "net.c"))
    for name in ("kernel_word", "reason_against", "reason_of", "link_word",
                 "reason_word", "type_word", "state_word",
                 "describe_mac_word", "send_errors", "net_error_word"):
        body = re.search(rf"^(?:{name}\(|}} {name}).*?^}}", source,
                         re.MULTILINE | re.DOTALL)[0]
        found = set(re.findall(r'"([a-z-]+)"', body))
        assert found and found <= said, (name, found - said)


def test_the_diagnostics_are_those_of_the_sources():
    text = "".join(re.sub(r'"\s*\n\s*"', "", read(path))
                   for path in sources("*.c"))
    part = read("babeld.man").partition(".Sh DIAGNOSTICS")[2]
    items = re.findall(r"^\.It (.*)$", part.partition(".Sh SEE")[0],
                       re.MULTILINE)
    assert len(items) > 5
    for item in items:
        fixed = re.split(r"Ar \w+| :", item.replace("install it", "%s it"))
        assert [part for part in fixed
                if part.strip(", ") not in text] == [], item


@pytest.fixture
def village(make_site):
    """A router that knows another one, and what the examples speak of."""
    site = make_site(["one", "two"], [
        (("one", "eth0"), ("two", "eth0")), (("one", "eth1"), ("two", "eth1")),
        (("one", "wlan0"), ("two", "wlan0"))])
    for address in ("10.9.0.1/32", "fd00:9::1/128"):
        site["one"].router.ip("addr", "add", address, "dev", "lo")
    site["two"].router.ip("addr", "add", "10.1.2.3/32", "dev", "lo")
    site["two"].start("babeld -H 1 -h 1 eth0 eth1 wlan0")
    return site


def daemon_of(machine):
    return [pid for pid in machine.processes() if is_babeld(pid)]


MAN_COMMANDS = {" ".join(joined(lines)): lines for section, lines in MANUAL
                if section == "EXAMPLES" and is_dialogue(lines)}


def man_example(start):
    """The one that begins so; each is asked for once."""
    found = [text for text in MAN_COMMANDS if text.startswith(start)]
    assert len(found) == 1, (start, list(MAN_COMMANDS))
    return MAN_COMMANDS[found[0]]


STARTS = ["# babeld eth0 wlan0", "# babeld -C 'redistribute ip 0",
          "# babeld -C 'redistribute ip ::/0 eq 0 src", "$ babeld --check",
          "# ip link add", "# babeld -D -g", "$ babelctl explain 10",
          "# babeld -D -G"]


def test_no_example_of_the_manual_is_left_over():
    assert sum(len([text for text in MAN_COMMANDS if text.startswith(start)])
               for start in STARTS) == len(MAN_COMMANDS) == len(STARTS)
    assert {section for section, _ in MANUAL} == {"EXAMPLES"}
    assert {section for section, _ in SOCKET} == {
        "Connection", "OBJECTS", "EXPLANATIONS", "STATISTICS", "EXAMPLES"}


@pytest.mark.parametrize("start", STARTS[:2], ids=["plain", "gateway"])
def test_commands_that_run(village, start):
    one, two = village["one"], village["two"]
    for family in ("-4", "-6"):
        one.router.ip(family, "route", "add", "default", "dev", "eth1",
                      "proto", "static")
    village.follow(man_example(start))
    defaults = {"0.0.0.0/0", "::/0"} if "redistribute" in start else set()

    def learnt():
        found = {route.prefix for route in two.router.routes()
                 if route.protocol == "babel"}
        return found == {"10.9.0.1/32", "fd00:9::1/128"} | defaults \
            or Unmet(found)
    wait_for(learnt, 10, "the other one has learnt all of it")
    assert one.running[-1].poll() is None


def test_source_specific_gateway(village):
    one, two = village["one"], village["two"]
    one.router.ip("-6", "route", "add", "default", "dev", "eth1", "proto",
                  "static")
    village.follow(man_example(STARTS[2]))
    wait_for(lambda: [route.source for route in two.router.routes()
                      if route.prefix == "::/0"] == ["2001:db8:1::/48"], 10,
             "a default route for packets from there")


def test_check_of_the_manual(village, lab):
    command, = man_example(STARTS[3])
    one = village["one"]
    path = lab.path("right.conf")
    for text, status in (("interface eth0\n", 0), ("interface\n", 1)):
        with open(path, "w") as stream:
            stream.write(text)
        done = one.type(command[2:].replace("/etc/babeld.conf", path))
        assert done.returncode == status
        assert done.stdout == "" and bool(done.stderr) == bool(status)


def test_monitor_of_the_manual(village):
    one = village["one"]
    start, monitor = steps(man_example(STARTS[5]))
    village.follow(["one# " + start[2]])
    assert len(daemon_of(one)) == 1
    watching = subprocess.Popen(
        one.argv(monitor[2]), env=one.environment, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True)
    one.lab.processes.append(watching)
    seen = set()
    for line in watching.stdout:
        if re.match(r"(add|change) route \S+ prefix 10\.1\.2\.3/32 ", line):
            seen.add(line.split()[0])
            if "installed yes" in line:
                break
    assert "add" in seen
    watching.kill()


def test_questions_of_the_manual(village):
    one = village["one"]
    village.follow(["# babeld -D -g 33123 eth0"])
    wait_for(lambda: "10.1.2.3" in one.router.ip(
        "route", "show", "proto", "babel"), 10, "the route")
    commands = steps(man_example(STARTS[6]))
    said = [one.type(command).stdout.splitlines()
            for _, _, command, _ in commands]
    assert said[0][0].startswith("destination 10.1.2.3/32-0.0.0.0/0 ")
    assert said[0][1].startswith("candidate ")
    assert said[1][0].startswith("neighbour ")


def test_hot_add_of_the_manual(village):
    one = village["one"]
    village.follow(man_example(STARTS[7]))
    wait_for(lambda: "ff02::1:6" in one.router.ip(
        "-6", "maddr", "show", "dev", "eth1"), 5, "Babel on eth1")


@wireguard
def test_wireguard_of_the_manual(village, lab):
    """The commands, and the pattern that takes the tunnel up."""
    one = village["one"]
    one.environment["BOB"] = "A" * 42 + "I="
    done = one.type("umask 077 && wg genkey > wg.key")
    assert done.returncode == 0
    pattern, = [lines for _, lines in MANUAL if "wg-*" in lines[0]]
    village.file("wg.conf", pattern)
    one.start(f"babeld -c {lab.path('wg.conf')} -g /run/wg.sock")
    village.follow(man_example(STARTS[4]))
    wait_for(lambda: "add interface wg-bob up true ipv6 fe80:" in one.type(
        "babelctl -s /run/wg.sock dump interface").stdout, 10,
        "the tunnel is run")


def test_configurations_of_the_manual(tmp_path):
    blocks = [lines for section, lines in MANUAL
              if section == "EXAMPLES" and not is_dialogue(lines)]
    assert len(blocks) == 3
    for lines in blocks:
        text = "\n".join(joined(lines)) + "\n"
        for name in re.findall(r"/etc/babeld/(\S+)", text):
            key = tmp_path / name
            key.write_text("00" * 32)
            key.chmod(0o600)
        check(text.replace("/etc/babeld", str(tmp_path)), tmp_path)


def test_the_signed_example_runs(village):
    lines, = [lines for _, lines in MANUAL if "key id mesh" in lines[0]]
    village.file("mesh.conf", lines)
    one = village["one"]
    one.router.ip("addr", "add", "10.1.0.1/32", "dev", "lo")
    one.start(f"babeld -c {village.lab.path('mesh.conf')} -g /run/s")
    two = village["two"]
    wait_for(lambda: "10.1.0.1" in two.router.ip(
        "route", "show", "proto", "babel"), 10, "its prefix is learnt")
    learnt = {route.prefix for route in two.router.routes()
              if route.protocol == "babel"}
    assert learnt == {"10.1.0.1/32"}, "and no other"


# The manual page of babelctl.

CTL_MANUAL = man_examples("man/babelctl.1")


def test_commands_of_babelctl(village):
    """Each is run, in the order of the page."""
    one = village["one"]
    assert {section for section, _ in CTL_MANUAL} == {"EXAMPLES"}
    one.start("babeld -H 0.3 -G /run/babeld.sock eth0")
    wait_for(lambda: "10.1.2.3" in one.type("babelctl routes").stdout, 10,
             "the route")
    commands = [command for _, lines in CTL_MANUAL
                for _, _, command, _ in steps(lines)]
    said = []
    for command in commands:
        done = one.type(command)
        assert (done.returncode, done.stderr) == (0, ""), done
        said.append(done.stdout)
    wanted = ["\nInterfaces\n", "destination 10.1.2.3/32-", "", "", "fe80::",
              "", "HTTP/1.1 200 OK\n"]
    assert len(said) == len(wanted)
    assert all(part in text for part, text in zip(wanted, said))
    assert "ff02::1:6" in one.router.ip("-6", "maddr", "show", "dev", "eth1")
    with open(one.lab.path("mesh.dot")) as stream:
        assert stream.readline() == "digraph babel {\n"


def test_the_options_of_babelctl_are_in_its_manual():
    text = read("man/babelctl.1")
    told = {"-" + name for name in
            re.findall(r"(?:Fl|,) (-?[a-z]+)\b", text.replace("Fl -", "Fl -"))}
    usage = subprocess.run([CTL, "--help"], capture_output=True, text=True,
                           check=True).stdout
    helped = set(re.findall(r"(?<![\w-])--?[a-zA-Z]+", usage))
    assert helped - {"-V"} <= told, helped - told
    words_told = set(re.findall(r"^\.It Cm ([a-z]+)", text, re.MULTILINE))
    assert set(re.findall(r"^  ([a-z]+)", usage, re.MULTILINE)) - {"or"} \
        <= words_told
    for path in re.findall(r'"(/[a-z./]+|33123)"', read("ctl/find.c")):
        assert path in text, path


# Lines of the local socket: the manual's and the daemon's have one form.

def shape(line):
    """The words of a line with the values taken out."""
    words_of = line.split(" ")
    kinds = {"add": 3, "change": 3, "flush": 3}
    head = kinds.get(words_of[0], 2)
    return tuple(words_of[:head - 1]), tuple(words_of[head::2])


def socket_examples(section):
    found = []
    for lines in of(SOCKET, section):
        found += [" ".join(line.split()) for line in joined(lines)]
    return found


@netcat
def test_lines_of_the_local_socket(village):
    one = village["one"]
    one.router.ip("addr", "add", "192.0.2.1/24", "dev", "eth0")
    village.file("lines.conf", [
        "interface eth0 type tunnel", "interface nope0", "local-port 33123",
        "local-port-readwrite 33124",
        "key id k type hmac-sha256 value " + "00" * 32])
    village["two"].daemons_end()
    village.file("other.conf", ["interface eth0 type tunnel"])
    village["two"].start(f"babeld -H 0.3 -c {village.lab.path('other.conf')}")
    one.start(f"babeld -H 0.3 -c {village.lab.path('lines.conf')}")

    def said(request):
        with Control(namespace=one.router, port=33123) as control:
            return control.greeting, control.request(request)[:-1]
    wait_for(lambda: any(" rtt " in line for line in
                         said("dump neighbour")[1]), 10, "a round-trip time")
    wait_for(lambda: said("dump installed")[1], 10, "a route")
    greeting = socket_examples("Connection")
    assert [line.split()[0] for line in greeting] == \
        [line.split()[0] for line in said("dump")[0]]
    assert greeting[1] == said("dump")[0][1], "the version"
    real = {section: [line for request in requests for line in
                      said(request)[1]]
            for section, requests in (
                ("OBJECTS", ["dump"]),
                ("EXPLANATIONS", ["explain 10.1.2.3", "explain neighbour",
                                  "explain interface eth0",
                                  "explain 192.0.2.1"]),
                ("STATISTICS", ["stats"]))}
    # With a key that it lacks the neighbour becomes a stranger.
    with Control(namespace=one.router, port=33124) as control:
        assert control.request("interface eth0 key k") == ["ok"]
    wait_for(lambda: [line for line in said("explain neighbour")[1]
                      if line.startswith("stranger ")], 20, "a stranger")
    # Nothing of what is said to the group leaves any more.
    one.router.ip("-6", "route", "del", "multicast", "ff00::/8", "dev", "eth0",
                  "table", "local")
    wait_for(lambda: [line for line in said("explain neighbour")[1]
                      if line.startswith("interface ")], 20, "it is mute")
    real["EXPLANATIONS"] += said("explain neighbour")[1]
    for section, lines in real.items():
        shapes = {shape(line) for line in lines}
        for line in socket_examples(section):
            if "txcost 65535" in line:
                # A link that is broken has no round-trip time.
                shapes |= {(head, tuple(name for name in names
                                        if not name.startswith("rtt")
                                        or name == "rtt-samples"))
                           for head, names in shapes}
            if section == "STATISTICS":
                shapes |= {(head, tuple(name for name in names
                                        if name not in ("rtt", "rttcost")))
                           for head, names in shapes}
            assert shape(line) in shapes, line
        documented = {shape(line)[0] for line in socket_examples(section)}
        assert {head for head, _ in shapes} <= documented


def test_requests_of_the_manual(village):
    """Each form of each request is answered as the manual says."""
    one = village["one"]
    one.start("babeld -H 0.3 -G 33124 -g 33123 -L /run/log eth0")
    wait_for(lambda: "10.1.2.3" in one.router.ip(
        "route", "show", "proto", "babel"), 10, "the route")
    kinds = ("interface", "neighbour", "xroute", "route", "installed")
    asked = (["dump", "monitor", "unmonitor", "stats", "metrics",
              "dump-interfaces", "dump-neighbors", "dump-routable-neighbors",
              "dump-installed-routes", "dump route 10.1.2.3",
              "dump route 10.1.2.3/32", "dump route 192.0.2.0/24",
              "explain 10.1.2.3", "explain 10.1.2.3/32", "explain neighbour",
              "explain neighbour fe80::1", "explain interface",
              "explain interface eth0", "help"]
             + [f"{verb} {kind}" for verb in ("dump", "monitor")
                for kind in kinds])
    with Control(namespace=one.router, port=33123) as control:
        for request in asked:
            assert control.request(request)[-1] == "ok", request
            if request.split()[0] in ("dump", "monitor", "explain", "stats",
                                      "help"):
                *lines, end = control.request(f"json {request}")
                assert end == "ok" and all(
                    json.loads(line)["object"] for line in lines)
            control.request("unmonitor")
        for request in ("reload", "flush in", "interface eth1", "in deny",
                        "explain", "json", "json metrics", "dump nothing"):
            assert control.request(request) == ["bad"], request
        assert control.request("explain 192.0.2.1") == \
            ["no No such destination"]
        control.send("quit\n")
        assert control.line() is None
    changes = ["interface eth1 rxcost 100", "default rxcost 97", "in", "out",
               f"key id k type hmac-sha256 value {words.DIGITS}",
               "redistribute", "install", "link-detect no",
               "log-neighbours yes",
               "neighbour fe80::9 if eth1",
               "smoothing-half-life 4", "log-file /run/log2",
               "flush neighbour fe80::9 if eth1", "flush key k",
               "flush interface eth1", "flush in", "flush out",
               "flush redistribute", "flush install", "reopen-logfile",
               "reload"]
    with Control(namespace=one.router, port=33124) as control:
        for request in changes:
            assert control.request(request) == ["ok"], request


def test_signals_of_the_manual(village):
    one = village["one"]
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process = one.start("babeld -H 0.3 -L /run/log eth0")
        wait_for(lambda: "10.1.2.3" in one.router.ip(
            "route", "show", "proto", "babel"), 10, "the route")
        process.send_signal(signal.SIGUSR1)
        wait_for(lambda: "10.1.2.3/32 from 0.0.0.0/0 metric" in one.type(
            "cat /run/log").stdout, 5, "the tables in the log file")
        assert one.type("mv /run/log /run/old").returncode == 0
        process.send_signal(signal.SIGUSR2)
        wait_for(lambda: one.type("test -e /run/log").returncode == 0, 5,
                 "a new log file")
        process.send_signal(number)
        assert process.wait(10) == 0
        assert "babel" not in one.router.ip("route", "show")
        assert one.type("cat /var/lib/babel-state").stdout.split()[0].isdigit()
        assert one.type("test -e /run/babeld.pid").returncode == 1


def test_a_start_without_state_does_not_wait(village):
    """No passive mode: what is announced is believed within moments, by one
    that remembers better, too."""
    one, two = village["one"], village["two"]
    one.router.ip("addr", "add", "10.1.0.1/32", "dev", "lo")
    for number in ("40000", "10000", ""):
        command = f"echo {number} > /var/lib/babel-state" if number else \
            "rm /var/lib/babel-state"
        assert one.type(command).returncode == 0
        process = one.start("babeld -H 0.3 -C 'router-id 2:0:0:0:0:0:0:1' "
                            "eth0")
        wait_for(lambda: "10.1.0.1 via" in two.router.ip(
            "route", "show", "proto", "babel"), 10, "it is believed")
        process.send_signal(signal.SIGKILL if number else signal.SIGTERM)
        process.wait()
        assert one.type("cat /var/lib/babel-state").stdout.strip().isdigit()
        wait_for(lambda: "10.1.0.1 via" not in two.router.ip(
            "route", "show", "proto", "babel"), 10, "it is missed")
