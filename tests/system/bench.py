"""The daemon under test between fake neighbours.

      east --- dut --- west          (and south, when asked for)

Every packet the daemon sends during a test is checked for what must hold
of all packets, and at the end it must still be alive, leave by SIGTERM
with status 0 and take its kernel routes along.
"""

import struct

import packet as p
from daemons import OURS, Babeld
from lab import Unmet, wait_for
from speaker import Wire

ROUTER_ID = "02:00:00:00:00:00:00:d1"
PREFIX, OTHER = "2001:db8:1::/48", "2001:db8:2::/48"
PREFIX4, OTHER4 = "203.0.113.0/24", "198.51.100.0/24"
URGENT = 0.2  # RFC 8966 appendix B, and what a timer may take
SLACK = 0.15
MTU = 1500


class Bench:
    def __init__(self, lab, names=("east", "west"), hello=1.0, config=(),
                 program=OURS, **options):
        self.lab = lab
        self.router = lab.router("dut")
        self.links = {name: lab.link(self.router, lab.router(name))
                      for name in names}
        lab.build()
        self.daemon = Babeld(self.router, program, hello,
                             [f"router-id {ROUTER_ID}", *config], **options)
        self.wires = {name: Wire(link.ends[1])
                      for name, link in self.links.items()}
        self.made = {}

    def start(self):
        self.daemon.start()
        return self

    def __getattr__(self, name):
        """bench.east: the neighbour there, connected at first use."""
        if name.startswith("_") or name not in self.links:
            raise AttributeError(name)
        if name not in self.made:
            self.made[name] = self.wires[name].neighbour()
            self.made[name].connect()
        return self.made[name]

    def stranger(self, name="east"):
        """A neighbour that has not said anything yet."""
        self.made[name] = self.wires[name].neighbour()
        self.made[name].find_daemon()
        return self.made[name]

    @property
    def id(self):
        return p.id_octets(ROUTER_ID).hex()

    # Looking at the daemon

    def route(self, prefix, **fields):
        """The first route of its dump to a prefix, or None."""
        found = self.daemon.dump().find("route", prefix=prefix, **fields)
        return found[0] if found else None

    def neighbour(self, who):
        found = self.daemon.dump().find("neighbour", address=who.address)
        return found[0] if found else None

    def await_route(self, prefix, within=3, **fields):
        def look():
            found = self.daemon.dump().find("route", prefix=prefix)
            right = [route for route in found if all(
                route.get("if" if key == "interface" else key) == value
                for key, value in fields.items())]
            return right[0] if right else Unmet(found)
        return wait_for(look, within, f"route {prefix} {fields}")

    def await_installed(self, prefix, who=None, within=3, **fields):
        if who is not None:
            fields["via"] = who.address
        route = self.await_route(prefix, within, installed="yes", **fields)
        self.await_kernel(prefix, "unicast")
        return route

    def await_uninstalled(self, prefix, within=3):
        """No finite route is installed, in its own view and the kernel's."""
        def look():
            found = self.route(prefix, installed="yes")
            return Unmet(found) if found and found["metric"] != "65535" \
                else True
        wait_for(look, within, f"{prefix} is not installed")
        wait_for(lambda: self.kernel(prefix) in (None, "unreachable"), within,
                 f"{prefix} is gone from the kernel")

    def await_neighbour(self, who, within=3, **fields):
        def look():
            found = self.neighbour(who)
            return found if found and all(
                found.get(key) == value for key, value in fields.items()) \
                else Unmet(found)
        return wait_for(look, within, f"neighbour {fields}")

    def kernel_route(self, prefix):
        for route in self.router.routes():
            if route.prefix == prefix and route.protocol == "babel":
                return route
        return None

    def kernel(self, prefix):
        """The kind of the kernel's route to a prefix, or None."""
        route = self.kernel_route(prefix)
        return route.kind if route else None

    def await_kernel(self, prefix, kind, within=2):
        wait_for(lambda: self.kernel(prefix) == kind, within,
                 f"kernel route {prefix} is {kind}")

    # The end

    def finish(self):
        """What must hold after every test."""
        if not self.daemon.stopped:
            assert self.daemon.alive, self.daemon.log()[-2000:]
            assert self.daemon.terminate() == 0
        left = [route for route in self.router.routes()
                if route.protocol == "babel"]
        assert left == []
        for wire in self.wires.values():
            for datagram in wire.heard:
                assert_clean(datagram)

    def close(self):
        for wire in self.wires.values():
            wire.close()


def assert_clean(datagram):
    """What RFC 8966 demands of every packet that is sent."""
    decoded = datagram.decoded
    assert datagram.source.startswith("fe80:"), datagram
    assert (datagram.source_port, datagram.destination_port) == \
        (p.PORT, p.PORT)
    assert datagram.hop_limit == 1
    assert len(datagram.payload) <= MTU - 48
    assert decoded.dropped is None and not decoded.stopped, datagram
    assert decoded.ignored == [], datagram
    kinds = [tlv.tlv for tlv in decoded.tlvs]
    assert kinds.count("Hello") <= 1, "several Hellos in a packet"
    assert kinds.count("PC") <= 1
    if not datagram.unicast:
        assert not {"Ack", "ChallengeRequest", "ChallengeReply"} & set(kinds)
    assert_reserved_zero(datagram.payload)


RESERVED = {  # TLV type: (offset, format, mask) of what must be 0
    p.ACK_REQ: [(0, "H", 0xffff)],
    p.HELLO: [(0, "H", 0x7fff)],
    p.IHU: [(1, "B", 0xff)],
    p.ROUTER_ID: [(0, "H", 0xffff)],
    p.NEXT_HOP: [(1, "B", 0xff)],
    p.UPDATE: [(1, "B", 0x3f)],
    p.SEQNO_REQUEST: [(5, "B", 0xff)],
}


def assert_reserved_zero(payload):
    body = payload[4:4 + int.from_bytes(payload[2:4], "big")]
    for kind, content in p.split(body):
        for offset, layout, mask in RESERVED.get(kind, ()):
            value, = struct.unpack_from("!" + layout, content, offset)
            assert value & mask == 0, f"reserved bits in TLV {kind}"
