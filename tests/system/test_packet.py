"""The speaker's own codec against the vectors: a test of the tests."""

import json
import os

import pytest

import packet as p
from daemons import CHECKOUT

PLACES = [os.environ.get("VECTORS", ""),
          *(os.path.join(CHECKOUT, "tests", *path, "vectors.json")
            for path in ((), ("unit",), ("system",))),
          os.path.join(CHECKOUT, os.pardir, "shared", "reference",
                       "vectors.json")]
FOUND = next((place for place in PLACES if os.path.exists(place)), None)
VECTORS = []
if FOUND:
    with open(FOUND) as stream:
        VECTORS = json.load(stream)


def test_vectors_are_here():
    assert len(VECTORS) >= 141, f"vectors.json is in none of {PLACES}"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one["name"])
def test_vector(vector):
    octets = bytes.fromhex(vector["hex"])
    result = p.decode(octets, vector["src"], vector["sport"])
    disposition = vector["disposition"]
    assert (result.dropped is not None) == (disposition == "drop-packet")
    assert result.tlvs == vector["expect"]
    if disposition == "stop":
        assert result.stopped
    authentic = [
        p.mac_of(entry["alg"], bytes.fromhex(entry["key"]),
                 p.pseudo_header(vector["src"], vector["dst"]),
                 octets[:4 + int.from_bytes(octets[2:4], "big")])
        in result.macs for entry in vector.get("auth", ())]
    if authentic:
        wrong = disposition == "auth-drop" and vector["name"] != \
            "bad-mac-no-pc"
        assert any(authentic) != wrong


def test_what_is_encoded_is_decoded():
    source = "fe80::1"
    sent = p.packet(
        p.hello(7, 400, sub=p.timestamp(5)), p.ihu("fe80::2", 96),
        p.router_id("0102030405060708"), p.next_hop("192.0.2.1"),
        p.update("2001:db8::/32", 10, flags=p.SET_PREFIX),
        p.update("2001:db8:1::/48", 20, omitted=4,
                 sub=p.source_prefix("2001:db8::/40")),
        p.update("10.0.0.0/8", 30), p.update(metric=p.INFINITY),
        p.route_request(), p.route_request("10.0.0.0/8"),
        p.seqno_request("10.0.0.0/8", 9, "0102030405060708", 3),
        p.ack_request(17, 100), p.ack(17))
    result = p.decode(sent, source)
    assert not result.dropped and not result.stopped and not result.ignored
    assert [one.tlv for one in result.tlvs] == [
        "Hello", "IHU", "RouterId", "NextHop", "Update", "Update", "Update",
        "Update", "RouteRequest", "RouteRequest", "SeqnoRequest", "AckReq",
        "Ack"]
    assert result.tlvs[5].prefix == "2001:db8:1::/48"
    assert result.tlvs[5].source_prefix == "2001:db8::/40"
    assert result.tlvs[6].next_hop == "192.0.2.1"
