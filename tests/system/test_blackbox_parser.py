"""What the daemon accepts on the wire, and what it lets pass.

The method: say something crafted, have the daemon acknowledge a later
packet (so the crafted one has been handled), and look at its tables.
"""

import random
import struct

import pytest

import packet as p
from bench import OTHER, OTHER4, PREFIX, PREFIX4
from test_packet import VECTORS

covers = pytest.mark.covers
FE = b"\xfe\x00"  # a mandatory sub-TLV nobody knows
OPTIONAL = b"\x7e\x01\x00"  # an optional one
PADN = b"\x01\x02\x00\x00"
NEW = "fe80::e:1"  # a further address in the east


def accepted(bench, prefix=PREFIX):
    bench.east.sync()
    return bench.route(prefix) is not None


def body_of_update(bench, **fields):
    return p.router_id(bench.east.router_id) + p.update(PREFIX, **fields)


@covers("L10", "B74")
def test_a_plain_update_is_accepted(bench):
    """The yardstick of all refusals below."""
    bench.east.send(body_of_update(bench))
    assert accepted(bench)
    bench.await_installed(PREFIX, bench.east)


# The packet

@covers("B82", "B83", "L1", "L2", "F1")
@pytest.mark.parametrize("header", [
    {"magic": 43}, {"version": 1}, {"version": 3}, {"length": 1000},
    {"length": 0}, {"length": 21}], ids=str)
def test_bad_header(bench, header):
    bench.east.send(body_of_update(bench), **header)
    assert not accepted(bench)


@covers("L1")
@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_short_datagram(bench, size):
    bench.east.send(body_of_update(bench))
    bench.east.send_raw(b"\x2a\x02\x00\x00"[:size])
    assert accepted(bench)


@covers("B76", "F15")
def test_wrong_source_port(bench):
    bench.east.send_from_port(6697, body_of_update(bench))
    assert not accepted(bench)


@covers("B75")
def test_source_not_link_local(bench):
    east = bench.east
    east.wire.namespace.ip("addr", "add", "2001:db8:ffff::2/64", "dev",
                           east.wire.interface, "nodad")
    stranger = east.__class__(east.wire, "2001:db8:ffff::2")
    stranger.send(body_of_update(bench))
    stranger.send(p.hello(1), p.hello(2))
    stranger.socket.close()
    assert not accepted(bench)
    assert bench.neighbour(stranger) is None


@covers("B80")
def test_largest_packet(bench):
    padding = p.tlv(p.PADN, bytes(255)) * 5
    update = body_of_update(bench)
    fill = 1452 - 4 - len(padding) - len(update) - 2
    bench.east.send(padding, p.tlv(p.PADN, bytes(fill)), update)
    assert accepted(bench)


# Framing

@covers("L3", "F2")
@pytest.mark.parametrize("excess", [1, 2, 200])
def test_tlv_overruns_the_body(bench, excess):
    """What stands before is acted upon, the rest is not."""
    broken = bytearray(p.update(OTHER))
    broken[1] += excess
    bench.east.send(body_of_update(bench), bytes(broken))
    assert accepted(bench) and not accepted(bench, OTHER)


@covers("L3")
def test_tlv_overruns_into_the_trailer(bench):
    update = p.update(PREFIX)
    body = p.router_id(bench.east.router_id) + update
    bench.east.send(body, length=len(body) - 2)
    assert not accepted(bench)


@covers("L4", "F4")
def test_a_bad_tlv_does_not_stop_the_parser(bench):
    bench.east.send(p.tlv(p.HELLO, b"\x7f\xff"), p.tlv(p.UPDATE, b"\x02"),
                    p.tlv(p.IHU, b""), p.tlv(p.NEXT_HOP, b"\x03"),
                    p.tlv(p.ROUTE_REQUEST, b"\x02"),
                    p.tlv(p.SEQNO_REQUEST, b"\x02\x40"),
                    p.next_hop(bench.east.address), body_of_update(bench))
    assert accepted(bench)


@covers("B85")
@pytest.mark.parametrize("kind", [11, 13, 15, 20, 223, 224, 254, 255])
def test_unknown_tlv(bench, kind):
    bench.east.send(p.tlv(kind, b"\x02\x40" * 9), body_of_update(bench))
    assert accepted(bench)


@covers("B84")
def test_trailer(bench):
    """Nothing of the base protocol counts in the trailer."""
    bench.east.send(p.router_id(bench.east.router_id),
                    trailer=p.update(PREFIX) + p.tlv(p.PADN, b"\0\0"))
    assert not accepted(bench)
    bench.east.send(trailer=p.router_id(bench.east.router_id))
    bench.east.send(p.update(OTHER))
    assert not accepted(bench, OTHER)


# Sub-TLVs

@covers("B86", "F3")
@pytest.mark.parametrize("sub", [
    OPTIONAL, PADN, b"\x00", b"\x00\x00" + OPTIONAL + PADN, b"\x02\x00",
    p.timestamp(1)], ids=bytes.hex)
def test_optional_sub_tlvs(bench, sub):
    bench.east.send(body_of_update(bench, sub=sub))
    assert accepted(bench)


@covers("B87", "F3", "F5")
@pytest.mark.parametrize("sub", [
    FE, b"\x81\x00", b"\xff\x01\x00", PADN + FE, OPTIONAL + b"\x00" + FE,
    b"\x01\x09\x00", b"\x7e"], ids=bytes.hex)
def test_mandatory_or_broken_sub_tlvs(bench, sub):
    bench.east.send(body_of_update(bench, sub=sub))
    assert not accepted(bench)


@covers("B88", "F5")
def test_ignored_tlvs_still_set_the_state(bench):
    east = bench.east
    east.send(p.router_id(east.router_id, sub=FE),
              p.next_hop("10.64.1.77", sub=FE),
              p.update("2001:db8:1::/64", flags=p.SET_PREFIX, sub=FE),
              p.update("2001:db8:1:2::/64", omitted=6),
              p.update(PREFIX4))
    east.sync()
    assert bench.route("2001:db8:1::/64") is None
    assert bench.route("2001:db8:1:2::/64") is not None
    bench.await_installed(PREFIX4, east)
    assert bench.kernel_route(PREFIX4).gateway == "10.64.1.77"


@covers("B87", "F5")
def test_mandatory_sub_tlv_on_ack_request(bench):
    east = bench.east
    east.send(p.ack_request(0x5151, 10, sub=FE), to=east.dut)
    east.sync()
    assert not east.tlvs(kind="Ack", opaque=0x5151)


@covers("B87", "F5", "F6")
def test_mandatory_sub_tlv_on_hello(bench):
    east = bench.east
    stranger = east.wire.neighbour(NEW)
    stranger.send(p.hello(1, sub=FE))
    stranger.send(p.hello(2, sub=b"\xfe\x01\x00"))
    stranger.find_daemon()
    east.sync()
    found = bench.neighbour(stranger)
    assert found is None or found["reach"] == "0000"


@covers("B87", "F5")
def test_mandatory_sub_tlv_on_ihu(bench):
    east = bench.east
    east.send(p.ihu(east.dut, 777, sub=FE))
    east.sync()
    assert bench.neighbour(east)["txcost"] != "777"


@covers("B87", "F5")
def test_mandatory_sub_tlv_on_requests(bench):
    east = bench.east
    own = bench.router.prefixes[1]
    east.sync()
    east.send(p.route_request(own, sub=FE),
              p.seqno_request(own, 7, bench.id, sub=FE), to=east.dut)
    east.expect_none("Update", 0.8, prefix=own,
                     where=lambda heard: heard.datagram.unicast)


# Values

@covers("F7", "B92")
def test_hello_with_reserved_flags(bench):
    stranger = bench.stranger()
    stranger.send(p.hello(1, flags=0x7fff))
    stranger.send(p.hello(2, flags=0x7fff))
    found = bench.await_neighbour(stranger)
    assert int(found["reach"], 16) == 0xc000


@covers("F17", "B92")
def test_reserved_fields_are_not_looked_at(bench):
    east = bench.east
    east.send(p.ihu(east.dut, 101, reserved=0xff),
              p.router_id(east.router_id, reserved=0xffff),
              p.update(PREFIX, flags=0x3f))
    assert accepted(bench)
    assert bench.neighbour(east)["txcost"] == "101"


@covers("F9", "L5")
def test_interval_zero(bench):
    east = bench.east
    east.send(p.ihu(east.dut, 777, 0),
              p.ack_request(0x5252, 0),
              body_of_update(bench, interval=0))
    assert not accepted(bench)
    assert bench.neighbour(east)["txcost"] == "96"
    assert not east.tlvs(kind="Ack", opaque=0x5252)


@covers("B81", "F10", "L7")
@pytest.mark.parametrize("value", [bytes(8), b"\xff" * 8], ids=bytes.hex)
def test_forbidden_router_id(bench, value):
    east = bench.east
    east.send(p.router_id(east.router_id), p.router_id(value),
              p.update(PREFIX))
    assert not accepted(bench)


@covers("F10")
def test_forbidden_router_id_from_prefix(bench):
    east = bench.east
    east.send(p.router_id(east.router_id),
              p.update("2001:db8::/128", flags=p.SET_ROUTER_ID))
    assert not accepted(bench, "2001:db8::/128")
    east.send(p.router_id(east.router_id),
              p.update("0.0.0.0/0", flags=p.SET_ROUTER_ID,
                       metric=p.INFINITY),
              p.update(PREFIX))
    assert not accepted(bench)


@covers("B104")
def test_router_id_from_prefix(bench):
    east = bench.east
    east.send(p.update("2001:db8:9::1:2:3/128",
                       flags=p.SET_ROUTER_ID | p.SET_PREFIX),
              p.next_hop("10.64.1.2"),
              p.update("198.51.100.7/32"),
              p.update("192.0.2.9/32", flags=p.SET_ROUTER_ID))
    east.sync()
    first = "00:00:00:01:00:02:00:03"
    assert bench.route("2001:db8:9::1:2:3/128")["id"] == first
    assert bench.route("198.51.100.7/32")["id"] == first
    assert bench.route("192.0.2.9/32")["id"] == "00:00:00:00:c0:00:02:09"


@covers("B98", "B99")
@pytest.mark.parametrize("fields", [
    {"address": "fe80::dead"}, {"ae": 5}, {"ae": 4}, {"ae": 255}], ids=str)
def test_ihu_for_others(bench, fields):
    east = bench.east
    address = fields.pop("address", east.dut)
    east.send(p.ihu(address, 777, **fields))
    east.sync()
    assert bench.neighbour(east)["txcost"] == "96"


def test_ihu_without_address(bench):
    east = bench.east
    east.send(p.ihu(None, 123), to=east.dut)
    east.sync()
    assert bench.neighbour(east)["txcost"] == "123"


@covers("B100", "F12")
@pytest.mark.parametrize("ae", [0, 4, 5, 255])
def test_next_hop_of_unknown_kind(bench, ae):
    """It is ignored: the next hop stays what it was."""
    east = bench.east
    octets = "10.64.1.66" if ae == 4 else None
    east.send(p.router_id(east.router_id), p.next_hop("10.64.1.2"),
              p.next_hop(octets, ae=ae), p.update(PREFIX),
              p.update(PREFIX4))
    east.sync()
    bench.await_installed(PREFIX, east)
    bench.await_installed(PREFIX4, east)
    assert bench.kernel_route(PREFIX4).gateway == "10.64.1.2"
    assert bench.kernel_route(PREFIX).gateway == east.address


@covers("B91", "B106")
def test_ipv4_needs_a_next_hop(bench):
    east = bench.east
    east.announce(p.update(PREFIX4))
    assert not accepted(bench, PREFIX4)
    east.announce(p.update(PREFIX4), next_hop="10.64.1.2")
    assert accepted(bench, PREFIX4)


@covers("B91")
def test_ipv6_next_hop(bench):
    east = bench.east
    east.announce(p.update(PREFIX), next_hop="fe80::9:9")
    bench.await_installed(PREFIX, east)
    assert bench.kernel_route(PREFIX).gateway == "fe80::9:9"


@covers("B105")
def test_a_finite_update_needs_a_router_id(bench):
    bench.east.send(p.update(PREFIX))
    assert not accepted(bench)


@covers("B89")
def test_state_is_forgotten_between_packets(bench):
    east = bench.east
    east.send(p.router_id(east.router_id), p.next_hop("10.64.1.2"),
              p.update(OTHER, flags=p.SET_PREFIX))
    east.send(p.update(PREFIX), p.update(PREFIX4),
              p.router_id(east.router_id), p.update(OTHER4),
              p.update("2001:db8:2:1::/64", omitted=6))
    for prefix in (PREFIX, PREFIX4, OTHER4, "2001:db8:2:1::/64"):
        assert not accepted(bench, prefix)
    assert accepted(bench, OTHER)


@covers("B90", "B102", "F16", "L8")
@pytest.mark.parametrize("crafted", [
    p.update("2001:db8:3::/64", omitted=4),
    p.update("2001:db8:3::/64", ae=3),
    p.update("2001:db8:3::/64", ae=3, omitted=4),
    p.update("2001:db8:3::/64", plen=129),
    p.update("10.9.0.0/16", plen=33),
    p.update("10.9.0.0/16", plen=32),
    p.update("10.9.0.0/16", flags=p.SET_PREFIX, omitted=3, octets=b""),
    p.update("10.9.0.0/16", ae=5),
    p.update("10.9.0.0/16", ae=255),
], ids=bytes.hex)
def test_prefix_that_cannot_be(bench, crafted):
    east = bench.east
    east.send(p.router_id(east.router_id), p.next_hop("10.64.1.2"), crafted)
    east.sync()
    assert bench.daemon.dump().all("route") == []


@covers("B90")
def test_default_prefixes_are_kept_by_encoding(bench):
    east = bench.east
    east.announce(p.update(PREFIX4, flags=p.SET_PREFIX),
                  p.update("2001:db8:3::/64", omitted=2),
                  p.update("203.0.200.0/24", omitted=2, octets=b"\xc8"),
                  next_hop="10.64.1.2")
    assert accepted(bench, PREFIX4)
    assert accepted(bench, "203.0.200.0/24")
    assert len(bench.daemon.dump().all("route")) == 2


@covers("F16", "B90")
def test_a_prefix_that_cannot_be_read_is_undefined(bench):
    east = bench.east
    east.announce(p.update("2001:db8:1::/64", flags=p.SET_PREFIX),
                  p.update("2001:db8:2::/64", flags=p.SET_PREFIX, omitted=9),
                  p.update("2001:db8:1:2::/64", omitted=6))
    assert accepted(bench, "2001:db8:1::/64")
    assert not accepted(bench, "2001:db8:1:2::/64")


@covers("B103")
def test_bits_beyond_the_prefix_length(bench):
    east = bench.east
    east.announce(p.update("2001:db8::/33", octets=bytes.fromhex(
        "20010db8ff")))
    assert accepted(bench, "2001:db8:8000::/33")


@covers("B107", "F13")
@pytest.mark.parametrize("crafted", [
    p.update(metric=p.INFINITY, plen=8),
    p.update(metric=p.INFINITY, omitted=1),
    p.update(metric=5), p.update(metric=p.INFINITY, interval=0),
    p.update(metric=p.INFINITY, sub=p.source_prefix(PREFIX))],
    ids=bytes.hex)
def test_wildcards_that_are_none(bench, crafted):
    bench.east.send(body_of_update(bench))
    bench.await_installed(PREFIX)
    bench.east.send(crafted)
    bench.east.sync()
    assert bench.route(PREFIX)["metric"] != "65535"


@covers("B110", "F14")
@pytest.mark.parametrize("head", [
    b"", p.router_id("00000000000000aa"), p.next_hop("10.64.1.99")],
    ids=["alone", "another router-id", "another next hop"])
@pytest.mark.parametrize("prefix", [PREFIX, PREFIX4])
def test_retraction_needs_nothing(bench, prefix, head):
    bench.east.announce(p.update(prefix), next_hop="10.64.1.2")
    bench.await_installed(prefix)
    bench.east.send(head, p.update(prefix, p.INFINITY))
    bench.await_uninstalled(prefix)


@covers("B116")
@pytest.mark.parametrize("prefix", [
    "fe80::/64", "ff00::/8", "ff02::1:6/128", "::1/128", "127.0.0.1/32",
    "224.0.0.0/8", "0.0.0.0/32"])
def test_martians(bench, prefix):
    bench.east.announce(p.update(prefix), next_hop="10.64.1.2")
    assert not accepted(bench, prefix)


@covers("L10", "F31")
def test_our_own_router_id(bench):
    bench.east.announce(p.update(PREFIX), router_id=bench.id)
    assert not accepted(bench)


# Everything at once

@covers("L3")
def test_all_vectors(bench):
    """Whatever is in them, the daemon takes it and stays well."""
    assert VECTORS
    for vector in VECTORS:
        bench.east.send_raw(bytes.fromhex(vector["hex"]))
        bench.east.send_raw(bytes.fromhex(vector["hex"]), to=bench.east.dut)
    bench.east.sync()


def test_noise(bench):
    """Valid packets with octets changed, cut off or repeated."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    source = random.Random(seed)
    good = [bytes.fromhex(vector["hex"]) for vector in VECTORS]
    for count in range(3000):
        octets = bytearray(source.choice(good))
        for _ in range(source.randrange(4)):
            if octets:
                octets[source.randrange(len(octets))] = source.randrange(256)
        if source.random() < 0.3:
            octets = octets[:source.randrange(len(octets) + 1)]
        if len(octets) >= 4 and source.random() < 0.7:
            struct.pack_into("!BBH", octets, 0, 42, 2, len(octets) - 4)
        bench.east.send_raw(bytes(octets))
        if count % 50 == 0:
            bench.east.sync()
    bench.east.sync(10)
