"""A client of the daemon's local socket.

Lines are taken strictly as the known clients take them: words parted by
single blanks, the kind, an identifier, then pairs of key and value.
"""

import select
import socket
import time
from dataclasses import dataclass, field

EVENTS = ("add", "change", "flush")
KINDS = ("interface", "neighbour", "xroute", "route")
REPLIES = ("ok", "no", "bad")
INFINITY = 65535


class ProtocolError(AssertionError):
    """The daemon said something that a strict client would not take."""


@dataclass
class Record:
    event: str
    kind: str
    id: str
    fields: dict = field(default_factory=dict)

    def __getitem__(self, key):
        return self.fields[key]

    def get(self, key, default=None):
        return self.fields.get(key, default)


def parse_record(line):
    words = line.split(" ")
    if len(words) < 3 or words[0] not in EVENTS or words[1] not in KINDS:
        raise ProtocolError(f"not an object line: {line!r}")
    rest = words[3:]
    if len(rest) % 2 or "" in words:
        raise ProtocolError(f"not key/value pairs: {line!r}")
    return Record(words[0], words[1], words[2],
                  dict(zip(rest[::2], rest[1::2])))


class Control:
    """A connection; over a UNIX path or to ::1 and a port."""

    def __init__(self, path=None, namespace=None, port=None, within=10):
        self.buffer = b""
        self.socket = self.connect(path, namespace, port, within)
        self.greeting = self.reply(within)
        if self.greeting[0] != "BABEL 1.0" or self.greeting[-1] != "ok":
            raise ProtocolError(f"greeting {self.greeting}")
        self.facts = dict(line.split(" ", 1) for line in self.greeting[:-1])

    @staticmethod
    def connect(path, namespace, port, within):
        deadline = time.monotonic() + within
        while True:
            if path is not None:
                client = socket.socket(socket.AF_UNIX)
                address = path
            else:
                client = namespace.socket(socket.AF_INET6, socket.SOCK_STREAM)
                address = ("::1", port)
            client.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                client.connect(address)
                return client
            except OSError:
                client.close()
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self.socket.close()

    def fileno(self):
        return self.socket.fileno()

    @property
    def router_id(self):
        return self.facts["my-id"]

    def send(self, text):
        self.socket.sendall(text.encode())

    def line(self, within=10):
        """The next line without its newline; None at the end of file."""
        deadline = time.monotonic() + within
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if not select.select([self.socket], [], [], max(left, 0))[0]:
                raise TimeoutError("no line from the local socket")
            data = self.socket.recv(65536)
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def reply(self, within=10):
        """All lines up to one that ends a reply, which comes last."""
        lines = []
        while True:
            line = self.line(within)
            if line is None:
                raise EOFError(f"closed after {lines}")
            lines.append(line)
            if line.split(" ", 1)[0] in REPLIES:
                return lines

    def request(self, text, within=10):
        self.send(text + "\n")
        return self.reply(within)

    def dump(self, command="dump"):
        lines = self.request(command)
        if lines[-1] != "ok":
            raise ProtocolError(f"{command} answered {lines[-1]}")
        return [parse_record(line) for line in lines[:-1]]

    def pending_lines(self):
        """Whatever whole lines have come, without waiting; None at EOF."""
        while select.select([self.socket], [], [], 0)[0]:
            data = self.socket.recv(65536)
            if not data:
                return None
            self.buffer += data
        *lines, self.buffer = self.buffer.split(b"\n")
        return [line.decode() for line in lines]


class View:
    """The tables a monitoring client builds from a stream of records.

    It is as strict as the strictest client: an object is added once,
    changed and flushed only while it is there.
    """

    def __init__(self):
        self.tables = {kind: {} for kind in KINDS}

    def take(self, record):
        table = self.tables[record.kind]
        if (record.event == "add") == (record.id in table):
            raise ProtocolError(f"{record.event} of {record.kind} "
                                f"{record.id} breaks its life cycle")
        if record.event == "flush":
            del table[record.id]
        else:
            table[record.id] = record

    def take_lines(self, lines):
        for line in lines:
            if line.split(" ", 1)[0] not in REPLIES:
                self.take(parse_record(line))

    def all(self, kind):
        return list(self.tables[kind].values())

    def find(self, kind, **wanted):
        """The objects whose fields have the values given."""
        return [record for record in self.all(kind)
                if all(record.get(key) == value
                       for key, value in wanted.items())]


def view_of(records):
    view = View()
    for record in records:
        view.take(record)
    return view
