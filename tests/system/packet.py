"""Babel packets: an encoder that can say anything, and a strict decoder.

Written from the RFCs (8966, 8967, 9079, 9229, 9616) and from nothing else,
so that the daemon's own codec is checked by a second opinion.

The encoder is a set of functions that return the octets of one TLV; any
field can be given any value, legal or not.  decode() walks a packet with
the parser state of RFC 8966 section 4.5 and returns what a receiver is to
act upon; each TLV is a dictionary whose keys are also attributes.
"""

import hashlib
import hmac
import ipaddress
import struct

MAGIC, VERSION = 42, 2
PORT = 6696
GROUP = "ff02::1:6"
INFINITY = 0xFFFF
FORBIDDEN_IDS = (bytes(8), b"\xff" * 8)

(PAD1, PADN, ACK_REQ, ACK, HELLO, IHU, ROUTER_ID, NEXT_HOP, UPDATE,
 ROUTE_REQUEST, SEQNO_REQUEST) = range(11)
MAC, PC, CHALLENGE_REQUEST, CHALLENGE_REPLY = 16, 17, 18, 19
SUB_TIMESTAMP, SUB_SOURCE = 3, 128
UNICAST = 0x8000  # Hello flag
SET_PREFIX, SET_ROUTER_ID = 0x80, 0x40  # Update flags


# Encoding

def tlv(kind, body=b""):
    return bytes([kind, len(body)]) + body


def packet(*tlvs, trailer=b"", magic=MAGIC, version=VERSION, length=None):
    body = b"".join(tlvs)
    length = len(body) if length is None else length
    return struct.pack("!BBH", magic, version, length) + body + trailer


def address_octets(text):
    return ipaddress.ip_address(text).packed


def prefix_octets(text):
    """(address encoding, prefix length, the octets that hold it)"""
    network = ipaddress.ip_network(text, strict=False)
    size = (network.prefixlen + 7) // 8
    encoding = 1 if network.version == 4 else 2
    return encoding, network.prefixlen, network.network_address.packed[:size]


def id_octets(router_id):
    if isinstance(router_id, bytes):
        return router_id
    return bytes.fromhex(router_id.replace(":", ""))


def ack_request(opaque, interval, sub=b""):
    return tlv(ACK_REQ, struct.pack("!HHH", 0, opaque, interval) + sub)


def ack(opaque, sub=b""):
    return tlv(ACK, struct.pack("!H", opaque) + sub)


def hello(seqno, interval=400, flags=0, sub=b""):
    return tlv(HELLO, struct.pack("!HHH", flags, seqno & 0xffff, interval)
               + sub)


def ihu(address=None, rxcost=96, interval=1200, ae=None, sub=b"",
        reserved=0):
    if address is None:
        ae, octets = 0 if ae is None else ae, b""
    else:
        octets = address_octets(address)
        if ae is None:
            ae = 1 if len(octets) == 4 else 3
        if ae == 3:
            octets = octets[8:]
    return tlv(IHU, struct.pack("!BBHH", ae, reserved, rxcost, interval)
               + octets + sub)


def router_id(value, sub=b"", reserved=0):
    return tlv(ROUTER_ID, struct.pack("!H", reserved) + id_octets(value)
               + sub)


def next_hop(address, ae=None, sub=b""):
    octets = address_octets(address) if address else b""
    if ae is None:
        ae = 1 if len(octets) == 4 else 3
    if ae == 3:
        octets = octets[8:]
    return tlv(NEXT_HOP, bytes([ae, 0]) + octets + sub)


def update(prefix=None, metric=0, seqno=1, interval=1600, flags=0, ae=None,
           plen=None, omitted=0, octets=None, sub=b""):
    """Without a prefix: AE 0, the wildcard."""
    encoding, length, body = prefix_octets(prefix) if prefix else (0, 0, b"")
    return tlv(UPDATE, struct.pack(
        "!BBBBHHH", encoding if ae is None else ae, flags,
        length if plen is None else plen, omitted, interval,
        seqno & 0xffff, metric)
        + (body[omitted:] if octets is None else octets) + sub)


def route_request(prefix=None, ae=None, plen=None, sub=b""):
    encoding, length, octets = prefix_octets(prefix) if prefix \
        else (0, 0, b"")
    return tlv(ROUTE_REQUEST,
               bytes([encoding if ae is None else ae,
                      length if plen is None else plen]) + octets + sub)


def seqno_request(prefix, seqno, router, hops=64, ae=None, plen=None,
                  sub=b"", reserved=0):
    encoding, length, octets = prefix_octets(prefix)
    if ae == 0:
        octets = b""
    return tlv(SEQNO_REQUEST, struct.pack(
        "!BBHBB", encoding if ae is None else ae,
        length if plen is None else plen, seqno & 0xffff, hops, reserved)
        + id_octets(router) + octets + sub)


def source_prefix(prefix):
    _, length, octets = prefix_octets(prefix)
    return tlv(SUB_SOURCE, bytes([length]) + octets)


def timestamp(*values):
    return tlv(SUB_TIMESTAMP, b"".join(
        struct.pack("!I", value & 0xffffffff) for value in values))


def pc(counter, index):
    return tlv(PC, struct.pack("!I", counter) + index)


def challenge_request(nonce):
    return tlv(CHALLENGE_REQUEST, nonce)


def challenge_reply(nonce):
    return tlv(CHALLENGE_REPLY, nonce)


# MACs

def pseudo_header(source, destination, source_port=PORT,
                  destination_port=PORT):
    return (address_octets(source) + struct.pack("!H", source_port)
            + address_octets(destination)
            + struct.pack("!H", destination_port))


def mac_of(algorithm, key, header, signed):
    if algorithm == "hmac-sha256":
        return hmac.new(key, header + signed, hashlib.sha256).digest()
    return hashlib.blake2s(header + signed, key=key, digest_size=16).digest()


def signed(plain, keys, source, destination):
    """The packet with a MAC TLV for each (algorithm, key) appended."""
    header = pseudo_header(source, destination)
    return plain + b"".join(
        tlv(MAC, mac_of(algorithm, key, header, plain))
        for algorithm, key in keys)


# Decoding

class Tlv(dict):
    """A decoded TLV: fields by key or as attributes."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Ignore(Exception):
    """This TLV is not to be acted upon."""


class Decoded:
    """What is in a packet: tlvs to act upon, what was ignored, and why."""

    def __init__(self):
        self.tlvs = []
        self.ignored = []
        self.macs = []
        self.dropped = None  # why the packet as a whole is dropped
        self.stopped = False  # framing was lost in the body


class State:
    """The parser state of RFC 8966 section 4.5."""

    def __init__(self, source):
        address = ipaddress.ip_address(source)
        self.router_id = None
        self.next_hops = {4: None, 6: None}
        self.next_hops[address.version] = str(address)
        self.prefixes = {1: None, 2: None, 4: None}


def decode(octets, source, source_port=PORT):
    """Decode a datagram; source is the sender's address."""
    result = Decoded()
    address = ipaddress.ip_address(source)
    if address.version == 6 and not address.is_link_local:
        result.dropped = "source is not link-local"
    elif source_port != PORT:
        result.dropped = "source port"
    elif len(octets) < 4 or octets[0] != MAGIC or octets[1] != VERSION:
        result.dropped = "header"
    else:
        length = struct.unpack("!H", octets[2:4])[0]
        if 4 + length > len(octets):
            result.dropped = "body length"
    if result.dropped:
        return result
    decode_body(result, octets[4:4 + length], State(source))
    decode_trailer(result, octets[4 + length:])
    return result


def split(octets):
    """The (type, body) of each TLV; a final None if framing breaks."""
    position = 0
    while position < len(octets):
        kind = octets[position]
        if kind == PAD1:
            yield kind, b""
            position += 1
            continue
        if position + 2 > len(octets):
            yield None
            return
        end = position + 2 + octets[position + 1]
        if end > len(octets):
            yield None
            return
        yield kind, octets[position + 2:end]
        position = end


def decode_body(result, body, state):
    for item in split(body):
        if item is None:
            result.stopped = True
            return
        kind, content = item
        try:
            decoder = DECODERS.get(kind)
            if decoder is None:
                raise Ignore(f"TLV type {kind} has no place in a body")
            result.tlvs.append(decoder(Reader(content), state))
        except Ignore as reason:
            result.ignored.append((kind, str(reason)))


def decode_trailer(result, trailer):
    for item in split(trailer):
        if item is None:
            return
        kind, content = item
        if kind == MAC:
            result.macs.append(content)
        elif kind not in (PAD1, PADN):
            result.ignored.append((kind, "not allowed in the trailer"))


class Reader:
    """The content of a TLV, read from front to back."""

    def __init__(self, octets):
        self.octets = octets

    def take(self, count):
        if count > len(self.octets):
            raise Ignore("too short")
        taken, self.octets = self.octets[:count], self.octets[count:]
        return taken

    def unpack(self, layout):
        return struct.unpack("!" + layout,
                             self.take(struct.calcsize("!" + layout)))


def sub_tlvs(reader, known=()):
    """The known sub-TLVs as {type: [content]}."""
    found = {}
    for item in split(reader.octets):
        if item is None:
            raise Ignore("sub-TLV overruns its TLV")
        kind, content = item
        if kind in known:
            found.setdefault(kind, []).append(content)
        elif kind & 0x80:
            raise Ignore(f"unknown mandatory sub-TLV {kind}")
    return found


def read_address(reader, encoding):
    if encoding == 1:
        return str(ipaddress.IPv4Address(reader.take(4)))
    if encoding == 2:
        return str(ipaddress.IPv6Address(reader.take(16)))
    if encoding == 3:
        return str(ipaddress.IPv6Address(
            b"\xfe\x80" + bytes(6) + reader.take(8)))
    raise Ignore(f"AE {encoding} has no address here")


def full_prefix(octets, plen, width):
    """Octets filled up and cut off at plen bits."""
    value = int.from_bytes(octets.ljust(width // 8, b"\0"), "big")
    value = value >> (width - plen) << (width - plen) if plen else 0
    return value.to_bytes(width // 8, "big")


def prefix_text(octets, plen):
    return f"{ipaddress.ip_address(octets)}/{plen}"


def width_of(encoding):
    if encoding not in (1, 2, 4):
        raise Ignore(f"AE {encoding} has no prefix here")
    return 128 if encoding == 2 else 32


def read_prefix(reader, encoding, plen):
    width = width_of(encoding)
    if plen > width:
        raise Ignore(f"prefix length {plen}")
    return prefix_text(full_prefix(reader.take((plen + 7) // 8), plen,
                                   width), plen)


def read_source(found, encoding):
    """The source prefix among the sub-TLVs as {"source_prefix": text}."""
    contents = found.get(SUB_SOURCE, [])
    if not contents:
        return {}
    if len(contents) > 1 or encoding == 0:
        raise Ignore("source prefix misplaced or repeated")
    reader = Reader(contents[0])
    plen = reader.unpack("B")[0]
    if plen == 0:
        raise Ignore("source prefix of length 0")
    return {"source_prefix": read_prefix(reader, encoding, plen)}


def decode_pad1(reader, state):
    return Tlv(tlv="Pad1")


def decode_padn(reader, state):
    return Tlv(tlv="PadN", n=len(reader.octets))


def decode_ack_request(reader, state):
    _, opaque, interval = reader.unpack("HHH")
    sub_tlvs(reader)
    if interval == 0:
        raise Ignore("interval 0")
    return Tlv(tlv="AckReq", opaque=opaque, interval_cs=interval)


def decode_ack(reader, state):
    opaque, = reader.unpack("H")
    sub_tlvs(reader)
    return Tlv(tlv="Ack", opaque=opaque)


def decode_hello(reader, state):
    flags, seqno, interval = reader.unpack("HHH")
    found = sub_tlvs(reader, (SUB_TIMESTAMP,))
    decoded = Tlv(tlv="Hello", unicast=bool(flags & UNICAST), seqno=seqno,
                  interval_cs=interval)
    for content in found.get(SUB_TIMESTAMP, []):
        if len(content) >= 4:
            decoded["tx_us"] = struct.unpack("!I", content[:4])[0]
    return decoded


def decode_ihu(reader, state):
    encoding, _, rxcost, interval = reader.unpack("BBHH")
    address = None if encoding == 0 else read_address(reader, encoding)
    found = sub_tlvs(reader, (SUB_TIMESTAMP,))
    if interval == 0:
        raise Ignore("interval 0")
    decoded = Tlv(tlv="IHU", ae=encoding, rxcost=rxcost,
                  interval_cs=interval, address=address)
    for content in found.get(SUB_TIMESTAMP, []):
        if len(content) >= 8:
            decoded["origin_us"], decoded["receive_us"] = struct.unpack(
                "!II", content[:8])
    return decoded


def decode_router_id(reader, state):
    state.router_id = None
    _, value = reader.unpack("H8s")
    if value in FORBIDDEN_IDS:
        raise Ignore("forbidden router-id")
    state.router_id = value
    sub_tlvs(reader)
    return Tlv(tlv="RouterId", router_id=value.hex())


def decode_next_hop(reader, state):
    if len(reader.octets) < 2:
        state.next_hops = {4: None, 6: None}
    encoding, _ = reader.unpack("BB")
    if encoding not in (1, 2, 3):
        raise Ignore(f"AE {encoding} in a next hop")
    family = 4 if encoding == 1 else 6
    state.next_hops[family] = None
    address = read_address(reader, encoding)
    state.next_hops[family] = address
    sub_tlvs(reader)
    return Tlv(tlv="NextHop", ae=encoding, address=address)


def undefine(state, encoding, flags):
    """An Update cannot be read: what it would set is unknown now."""
    if flags & SET_PREFIX and encoding in state.prefixes:
        state.prefixes[encoding] = None
    if flags & SET_ROUTER_ID:
        state.router_id = None


def update_prefix(reader, state, encoding, flags, plen, omitted):
    """The octets of an Update's prefix, after its effects on the state."""
    try:
        width = width_of(encoding)
        size = (plen + 7) // 8
        if plen > width or omitted > size:
            raise Ignore(f"prefix length {plen}, {omitted} octets omitted")
        default = state.prefixes[encoding]
        if omitted and default is None:
            raise Ignore("octets omitted without a default prefix")
        octets = full_prefix((default or b"")[:omitted]
                             + reader.take(size - omitted), plen, width)
    except Ignore:
        undefine(state, encoding, flags)
        raise
    if flags & SET_PREFIX:
        state.prefixes[encoding] = octets
    if flags & SET_ROUTER_ID:
        value = octets[-8:].rjust(8, b"\0")
        state.router_id = None if value in FORBIDDEN_IDS else value
    return octets


def decode_update(reader, state):
    if len(reader.octets) < 10:
        state.prefixes = dict.fromkeys(state.prefixes)
        state.router_id = None
    encoding, flags, plen, omitted, interval, seqno, metric = \
        reader.unpack("BBBBHHH")
    decoded = Tlv(tlv="Update", ae=encoding, flags=flags,
                  interval_cs=interval, seqno=seqno, metric=metric)
    if encoding == 0:
        return wildcard_update(reader, decoded, plen, omitted)
    octets = update_prefix(reader, state, encoding, flags, plen, omitted)
    found = sub_tlvs(reader, (SUB_SOURCE,))
    decoded["prefix"] = prefix_text(octets, plen)
    decoded.update(read_source(found, encoding))
    if metric == INFINITY:
        decoded["retraction"] = True
    else:
        hop = state.next_hops[4 if encoding == 1 else 6]
        if state.router_id is None:
            raise Ignore("finite metric without a router-id")
        if hop is None:
            raise Ignore("finite metric without a next hop")
        decoded["router_id"] = state.router_id.hex()
        decoded["next_hop"] = hop
    if interval == 0:
        raise Ignore("interval 0")
    return decoded


def wildcard_update(reader, decoded, plen, omitted):
    found = sub_tlvs(reader, (SUB_SOURCE,))
    if decoded.metric != INFINITY:
        raise Ignore("wildcard with a finite metric")
    if plen or omitted:
        raise Ignore("wildcard with a prefix")
    if SUB_SOURCE in found:
        raise Ignore("wildcard with a source prefix")
    if decoded.interval_cs == 0:
        raise Ignore("interval 0")
    decoded["wildcard"] = True
    return decoded


def decode_route_request(reader, state):
    encoding, plen = reader.unpack("BB")
    decoded = Tlv(tlv="RouteRequest", ae=encoding)
    if encoding == 0:
        if plen:
            raise Ignore("wildcard with a prefix length")
        decoded["wildcard"] = True
    else:
        decoded["prefix"] = read_prefix(reader, encoding, plen)
    decoded.update(read_source(sub_tlvs(reader, (SUB_SOURCE,)), encoding))
    return decoded


def decode_seqno_request(reader, state):
    encoding, plen, seqno, hops, _, value = reader.unpack("BBHBB8s")
    if hops == 0:
        raise Ignore("hop count 0")
    if value in FORBIDDEN_IDS:
        raise Ignore("forbidden router-id")
    decoded = Tlv(tlv="SeqnoRequest", ae=encoding,
                  prefix=read_prefix(reader, encoding, plen), seqno=seqno,
                  hop_count=hops, router_id=value.hex())
    decoded.update(read_source(sub_tlvs(reader, (SUB_SOURCE,)), encoding))
    return decoded


def decode_pc(reader, state):
    counter, = reader.unpack("I")
    if len(reader.octets) > 32:
        raise Ignore("index longer than 32 octets")
    return Tlv(tlv="PC", pc=counter, index=reader.octets.hex())


def decode_challenge(name):
    def decode_one(reader, state):
        if len(reader.octets) > 192:
            raise Ignore("nonce longer than 192 octets")
        return Tlv(tlv=name, nonce=reader.octets.hex())
    return decode_one


DECODERS = {
    PAD1: decode_pad1,
    PADN: decode_padn,
    ACK_REQ: decode_ack_request,
    ACK: decode_ack,
    HELLO: decode_hello,
    IHU: decode_ihu,
    ROUTER_ID: decode_router_id,
    NEXT_HOP: decode_next_hop,
    UPDATE: decode_update,
    ROUTE_REQUEST: decode_route_request,
    SEQNO_REQUEST: decode_seqno_request,
    PC: decode_pc,
    CHALLENGE_REQUEST: decode_challenge("ChallengeRequest"),
    CHALLENGE_REPLY: decode_challenge("ChallengeReply"),
}
