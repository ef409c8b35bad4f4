"""Two machines alike, on which two daemons do as one configuration says.

The machines are furnished from the configuration itself: its interfaces
are there; so are addresses, and routes of several protocols and tables,
within, without and above every prefix that it names.
"""

import contextlib
import ipaddress
import itertools
import os
import re

import pytest

from control import Control, view_of
from daemons import OURS, PEER_BABELD
from lab import Unmet, wait_for

NAME = re.compile(r"[A-Za-z0-9][\w.@-]{0,14}")
LINK = re.compile(
    rf'(?:\binterface|\bif) +"?({NAME.pattern})(?=[\s"]|$)', re.MULTILINE)
PREFIX = re.compile(r"\b(?:ip|src-prefix|pref-src) +([0-9a-fA-F:.]+(?:/\d+)?)")
DIRECTORY = re.compile(r"(?:/var)?/run/[\w/-]+(?=/)")
NUMBER = re.compile(r"\b(proto|import-table) +(\w+)")
OTHER_LINK, OTHER_TABLE = "other0", 77
PROTOCOLS = (3, 4, 11, 44)		# boot, static, and any
NAME_MAX = 15
STEADY = 3				# samples that agree

# Files of this machine must be neither read nor written.
MOUNTS = """
for d in /run /var/lib /var/log; do mount -t tmpfs tmpfs $d || exit; done
mkdir -p /run/ $DIRECTORIES && exec "$@"
"""

# Behind all else, so that it overrides whatever was asked for.
AT_LAST = """
daemonise false
pid-file ""
state-file "{base}.state"
log-file "{base}.log"
local-path "{base}.socket"
"""


def links_of(text, arguments):
    """The interfaces that are spoken of and can be made."""
    said = LINK.findall(re.sub("#.*", "", text)) + [
        word for word in arguments if NAME.fullmatch(word)]
    return [name for name in dict.fromkeys(said)
            if name != "lo" and not name.isdigit()]


def numbers(text, word):
    found = set()
    for name, digits in NUMBER.findall(text):
        with contextlib.suppress(ValueError):
            if name == word:
                found.add(int(digits, 0))
    return sorted(found)


def around(prefix):
    """The prefix, some above it and some within."""
    yield prefix
    for plen in (prefix.prefixlen // 2, prefix.prefixlen - 1):
        if 0 < plen < prefix.prefixlen:
            yield prefix.supernet(new_prefix=plen)
    width = prefix.max_prefixlen
    for plen in (prefix.prefixlen + 1, prefix.prefixlen + 8, 64,
                 width - 8, width):
        if prefix.prefixlen < plen <= width:
            # The last of that length, for the first may be ours.
            yield type(prefix)((prefix.broadcast_address, plen),
                               strict=False)


def prefixes(text):
    """All prefixes that the configuration is about, and two it is not."""
    for name in ("198.51.100.0/24", "2001:db8:77::/48",
                 *PREFIX.findall(text)):
        with contextlib.suppress(ValueError):
            yield ipaddress.ip_network(name, strict=False)


def furniture(text, links):
    """What ip(8) is told."""
    links = [*links, OTHER_LINK]
    for number, link in enumerate(links, 1):
        yield (f"link add name {link} address 02:00:00:00:00:{number:02x} "
               f"type veth peer name far{number}")
        yield f"link set dev far{number} up"
        yield f"addr add 192.0.2.{number}/32 dev {link}"
        yield f"link set dev {link} up"
    choices = itertools.product(
        [254, *numbers(text, "import-table"), OTHER_TABLE],
        [*PROTOCOLS, *numbers(text, "proto")])
    ways = itertools.cycle(
        (link, *choice) for choice in choices for link in links)
    for prefix in dict.fromkeys(prefixes(text)):
        yield f"addr add {prefix[-1]}/{prefix.max_prefixlen} dev lo"
        for route in dict.fromkeys(around(prefix)):
            link, table, protocol = next(ways)
            yield (f"route add {route} dev {link} proto {protocol} "
                   f"table {table}")


class Twins:
    def __init__(self, lab):
        self.lab = lab
        self.serial = itertools.count()
        self.machines = [lab.router(name) for name in ("ours", "other")]
        lab.build()

    def furnish(self, text, links):
        """Exactly this, on both; what ip refuses is refused on both."""
        for machine in self.machines:
            lines = ["addr flush dev lo scope global",
                     *furniture(text, links)]
            with contextlib.suppress(RuntimeError):
                machine.ip("-force", "-batch", self.file("furniture", lines))

    def clear(self, links):
        for machine in self.machines:
            machine.ip_batch([f"link del dev {link}"
                              for link in (*links, OTHER_LINK)])

    def file(self, name, lines):
        path = self.lab.path(name)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write("".join(line + "\n" for line in lines))
        return path

    @contextlib.contextmanager
    def running(self, machine, program, arguments, directories):
        """The daemon, told last where its files are."""
        base = self.lab.path(f"{machine.name}{next(self.serial)}")
        last = self.file(base + ".conf",
                         AT_LAST.format(base=base).splitlines())
        at = arguments.index("--") if "--" in arguments else len(arguments)
        process = machine.spawn(
            ["sh", "-c", MOUNTS, "sh", program, *arguments[:at], "-c", last,
             *arguments[at:]],
            env={"DIRECTORIES": " ".join(directories), **os.environ})
        self.lab.processes.append(process)
        try:
            yield base + ".socket"
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()

    def compare(self, text, arguments):
        """Both run, and what they say of interfaces and of exported routes
        comes to be the same: all of that."""
        text = "\n".join([text, *arguments])
        links = links_of(text, arguments)
        directories = DIRECTORY.findall(text)
        self.furnish(text, links)
        try:
            with self.running(self.machines[1], PEER_BABELD, arguments,
                              directories) as other, \
                    self.running(self.machines[0], OURS, arguments,
                                 directories) as ours:
                return self.agreement(ours, other, links,
                                      impossible_names(text))
        finally:
            self.clear(links)

    @staticmethod
    def agreement(ours, other, links, impossible):
        agreed = 0

        def look():
            nonlocal agreed
            mine = seen(ours)
            theirs = {one for one in seen(other) if one[1] not in impossible}
            down = [name for kind, name, up in theirs if kind == "interface"
                    and name in links and ("up", "true") not in up]
            different = mine ^ theirs
            agreed = 0 if down or different else agreed + 1
            if agreed >= STEADY:
                return theirs
            return Unmet(f"down {down}, ours alone {mine - theirs}, "
                         f"theirs alone {theirs - mine}")
        return wait_for(look, 8, "both tell the same", 0.05)


def impossible_names(text):
    """What 1.12 keeps of words too long to be the name of an interface.

    It announces an interface of such a name; ours warns and does not.
    """
    return {word[:NAME_MAX] for word in text.split() if len(word) > NAME_MAX}


def seen(path):
    """(kind, name, fields) of each interface and each exported route."""
    with Control(path) as control:
        view = view_of(control.dump())
    return {(kind, record.id[:NAME_MAX] if kind == "interface" else record.id,
             tuple(record.fields.items()))
            for kind in ("interface", "xroute") for record in view.all(kind)}


def sample(cases, every=8):
    """One in so many of them runs always, the others in the full suite."""
    return [pytest.param(*case, marks=[pytest.mark.slow] * (
        number % every > 0)) for number, case in enumerate(cases)]
