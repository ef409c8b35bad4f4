"""Route requests and seqno requests, received, forwarded and originated."""

import time

import pytest

import packet as p
from bench import OTHER, PREFIX, SLACK, URGENT
from lab import wait_for
from test_blackbox_routes import ID_A, ID_B, learn

covers = pytest.mark.covers


def newer(seqno, step=1):
    return (seqno + step) & 0xffff


# Route requests

@covers("B55", "F32")
def test_wildcard_request(bench):
    """The whole table, within two Hello intervals, though just sent.

    The first request may be taken for the twin of the exchange that made
    us neighbours, which has been answered already.
    """
    learn(bench, bench.east, others=[bench.west])
    west = bench.west
    west.expect("Update", 5, prefix=PREFIX)
    west.send(p.route_request(), to=west.dut)
    west.sync()
    west.send(p.route_request(), to=west.dut)
    for prefix in (PREFIX, *bench.router.prefixes):
        west.expect("Update", 2.0, prefix=prefix)


@covers("B56")
def test_wildcard_requests_are_limited(bench):
    """Fifty requests do not make fifty dumps."""
    west = bench.west
    own = bench.router.prefixes[0]
    since = west.mark()
    for _ in range(50):
        west.send(p.route_request())
    west.sync()
    west.expect("Update", 2.5, since, prefix=own)
    assert len(west.tlvs(since, "Update", prefix=own)) <= 5


@covers("B111", "F13")
def test_wildcard_request_with_a_length(bench):
    west = bench.west
    since = west.mark()
    west.expect("Update", 5, since, prefix=bench.router.prefixes[0])
    west.send(p.route_request(plen=8, ae=0), to=west.dut)
    west.expect_none("Update", 0.8, where=lambda heard:
                     heard.datagram.unicast)


@covers("B54")
@pytest.mark.parametrize("unicast", [True, False])
def test_request_for_a_prefix(bench, unicast):
    """Own, learnt and unknown ones: update or retraction."""
    learn(bench, bench.east, others=[bench.west])
    west = bench.west
    to = west.dut if unicast else None
    west.send(p.route_request(PREFIX), to=to)
    west.expect("Update", 1.0, prefix=PREFIX, metric=96, router_id=ID_A)
    own = bench.router.prefixes[1]
    west.send(p.route_request(own), to=to)
    west.expect("Update", 1.0, prefix=own, metric=0, router_id=bench.id)
    west.send(p.route_request(OTHER), to=to)
    west.expect("Update", 1.0, prefix=OTHER, metric=p.INFINITY)
    west.send(p.route_request("2001:db8::/40"), to=to)
    west.expect("Update", 1.0, prefix="2001:db8::/40", metric=p.INFINITY)


@covers("B54", "F26")
def test_request_under_split_horizon(bench):
    """A question is answered also where the route came from."""
    east = bench.east
    learn(bench, east)
    east.send(p.route_request(PREFIX), to=east.dut)
    east.expect("Update", 1.0, prefix=PREFIX)


# Seqno requests received

def own_seqno(bench, who):
    own = bench.router.prefixes[1]
    who.send(p.route_request(own), to=who.dut)
    return who.expect("Update", 1.5, prefix=own).seqno


@covers("B58", "B59", "F20")
@pytest.mark.parametrize("ahead", [1, 2, 100, 101, 200, 5000])
def test_own_seqno_is_raised_by_one(bench, ahead):
    """By exactly one, however far ahead the request is."""
    west = bench.west
    own = bench.router.prefixes[1]
    seqno = own_seqno(bench, west)
    west.send(p.seqno_request(own, newer(seqno, ahead), bench.id),
              to=west.dut)
    west.expect("Update", URGENT + SLACK, prefix=own, seqno=newer(seqno),
                router_id=bench.id)
    west.sync()
    assert own_seqno(bench, west) == newer(seqno)


@covers("B57", "B8")
@pytest.mark.parametrize("behind", [0, 1, 30000])
def test_old_request_raises_nothing(bench, behind):
    west = bench.west
    own = bench.router.prefixes[1]
    seqno = own_seqno(bench, west)
    west.send(p.seqno_request(own, newer(seqno, -behind), bench.id),
              to=west.dut)
    west.expect("Update", URGENT + SLACK, prefix=own, seqno=seqno)
    assert own_seqno(bench, west) == seqno


@covers("B57")
def test_request_for_another_source(bench):
    """We have the prefix from elsewhere: an update says so."""
    west = bench.west
    own = bench.router.prefixes[1]
    seqno = own_seqno(bench, west)
    west.send(p.seqno_request(own, newer(seqno, 9), ID_B), to=west.dut)
    west.expect("Update", URGENT + SLACK, prefix=own, seqno=seqno,
                router_id=bench.id)
    learn(bench, bench.east, others=[west])
    west.send(p.seqno_request(PREFIX, 99, ID_B), to=west.dut)
    west.expect("Update", URGENT + SLACK, prefix=PREFIX, router_id=ID_A)


@covers("B57")
def test_request_that_the_table_satisfies(bench):
    learn(bench, bench.east, seqno=10, others=[bench.west])
    west = bench.west
    for seqno in (10, 9, 40000):
        west.send(p.seqno_request(PREFIX, seqno, ID_A), to=west.dut)
        west.expect("Update", URGENT + SLACK, prefix=PREFIX, seqno=10)
    assert not bench.east.tlvs(0, "SeqnoRequest")


@covers("B60", "B62", "B63", "B64")
@pytest.mark.parametrize("ahead", [1, 200])
def test_forwarding(bench, ahead):
    """By unicast to the next hop, one hop less; the answer comes back."""
    east, west = bench.east, bench.west
    learn(bench, east, seqno=10, others=[west])
    west.send(p.seqno_request(PREFIX, 10 + ahead, ID_A, hops=5),
              to=west.dut)
    heard = east.expect("SeqnoRequest", URGENT + SLACK, west.since,
                        prefix=PREFIX, router_id=ID_A, seqno=10 + ahead,
                        hop_count=4)
    assert heard.datagram.destination == east.address
    east.announce(p.update(PREFIX, 0, 10 + ahead), router_id=ID_A)
    west.expect("Update", URGENT + SLACK, east.since, prefix=PREFIX,
                seqno=10 + ahead)


@covers("B62")
def test_last_hop_is_not_forwarded(bench):
    east, west = bench.east, bench.west
    learn(bench, east, seqno=10, others=[west])
    west.send(p.seqno_request(PREFIX, 11, ID_A, hops=1), to=west.dut)
    east.expect_none("SeqnoRequest", 0.6, west.since, prefix=PREFIX)


@covers("F11", "L6")
@pytest.mark.parametrize("crafted", [
    p.seqno_request(PREFIX, 11, ID_A, hops=0),
    p.seqno_request(PREFIX, 11, ID_A, ae=0, plen=0),
    p.seqno_request(PREFIX, 11, bytes(8)),
    p.seqno_request(PREFIX, 11, b"\xff" * 8)], ids=bytes.hex)
def test_requests_that_are_none(bench, crafted):
    east, west = bench.east, bench.west
    learn(bench, east, seqno=10, others=[west])
    west.send(crafted, to=west.dut)
    west.expect_none("Update", 0.6, where=lambda heard:
                     heard.datagram.unicast)
    assert not east.tlvs(0, "SeqnoRequest")


@covers("B65")
def test_redundant_request_is_not_forwarded(bench):
    east, west = bench.east, bench.west
    learn(bench, east, seqno=10, others=[west])
    since = east.mark()
    for _ in range(5):
        west.send(p.seqno_request(PREFIX, 11, ID_A, hops=9), to=west.dut)
    east.expect("SeqnoRequest", URGENT + SLACK, since, prefix=PREFIX)
    east.expect_none("SeqnoRequest", 0.6, since, where=lambda heard: len(
        east.tlvs(since, "SeqnoRequest")) > 1)


@covers("B60", "F22")
def test_forwarded_to_the_feasible_one(make_bench):
    """Not to the unfeasible one, nor back to who asked, and once only."""
    bench = make_bench(("east", "west", "south")).start()
    east, west, south = bench.east, bench.west, bench.south
    learn(bench, east, 0, 10, others=[west, south])
    south.announce(p.update(PREFIX, 200, 10), router_id=ID_A)
    south.sync()
    since = west.mark()
    west.send(p.seqno_request(PREFIX, 12, ID_A, hops=9), to=west.dut)
    east.expect("SeqnoRequest", URGENT + SLACK, since, prefix=PREFIX,
                seqno=12, hop_count=8)
    east.expect_none("SeqnoRequest", 0.6, since, seqno=12, where=lambda _:
                     len(east.tlvs(since, "SeqnoRequest", seqno=12)) > 1)
    assert not south.tlvs(since, "SeqnoRequest", seqno=12)
    assert not west.tlvs(since, "SeqnoRequest", seqno=12)


@covers("B61")
def test_forwarded_to_an_unfeasible_one(make_bench):
    """The feasible one asks itself: then an unfeasible one is asked."""
    bench = make_bench(("east", "west", "south")).start()
    east, west, south = bench.east, bench.west, bench.south
    learn(bench, east, 0, 10, others=[west, south])
    south.announce(p.update(PREFIX, 200, 10), router_id=ID_A)
    south.sync()
    since = south.mark()
    east.send(p.seqno_request(PREFIX, 13, ID_A, hops=9), to=east.dut)
    south.expect("SeqnoRequest", URGENT + SLACK, since, prefix=PREFIX,
                 seqno=13, hop_count=8)
    assert not west.tlvs(since, "SeqnoRequest", seqno=13)


@covers("F21")
def test_requests_are_kept_by_source(bench):
    """A pending request of one source does not swallow another's."""
    east, west = bench.east, bench.west
    learn(bench, east, 0, 10, ID_A, others=[west])
    west.send(p.seqno_request(PREFIX, 20, ID_A, hops=9), to=west.dut)
    east.expect("SeqnoRequest", URGENT + SLACK, west.since, prefix=PREFIX,
                router_id=ID_A, seqno=20)
    learn(bench, east, 0, 10, ID_B, others=[west])
    west.send(p.seqno_request(PREFIX, 20, ID_B, hops=9), to=west.dut)
    east.expect("SeqnoRequest", URGENT + SLACK, west.since, prefix=PREFIX,
                router_id=ID_B, seqno=20)


# Requests originated

@covers("B66", "B67", "B68", "B69", "B70", "F23")
def test_starvation(bench):
    """The last feasible route is lost, an unfeasible one is left."""
    east, west = bench.east, bench.west
    learn(bench, east, 0, 10, ID_A, others=[west])
    west.announce(p.update(PREFIX, 150, 10), router_id=ID_A)
    west.sync()
    since = west.mark()
    east.send(p.update(PREFIX, p.INFINITY))
    heard = west.expect("SeqnoRequest", URGENT + SLACK, since,
                        prefix=PREFIX, router_id=ID_A, seqno=11)
    assert heard.hop_count >= 64
    west.expect("SeqnoRequest", 5, since, prefix=PREFIX, seqno=11,
                where=lambda again: again.datagram is not heard.datagram)
    began = time.monotonic()
    west.announce(p.update(PREFIX, 150, 11), router_id=ID_A)
    bench.await_installed(PREFIX, west, within=0.5)
    print(f"back after {time.monotonic() - began:.3f} s")
    since = west.mark()
    west.expect_none("SeqnoRequest", 5, since, prefix=PREFIX)


@covers("B66", "B67")
def test_starvation_when_the_neighbour_dies(bench):
    """Loss by silence is loss too."""
    east, west = bench.east, bench.west
    learn(bench, east, 0, 10, ID_A, others=[west])
    west.announce(p.update(PREFIX, 150, 10), router_id=ID_A)
    west.sync()
    east.fall_silent()
    west.expect("SeqnoRequest", 3.5 * east.hello + SLACK, 0, prefix=PREFIX,
                router_id=ID_A, seqno=11)


@covers("B72")
def test_better_but_unfeasible(bench):
    """It would be preferred: so a new seqno is asked of it, by unicast."""
    east, west = bench.east, bench.west
    learn(bench, east, 0, 10, ID_A, others=[west])
    learn(bench, east, 900, 11, ID_A)
    east.announce(p.update(PREFIX, 900, 11), router_id=ID_A)
    east.sync()
    west.announce(p.update(PREFIX, 100, 10), router_id=ID_A)
    heard = west.expect("SeqnoRequest", 1, prefix=PREFIX, router_id=ID_A)
    assert heard.datagram.unicast


def test_wildcard_request_at_start(bench):
    """A daemon that comes up asks for the tables of its neighbours."""
    stranger = bench.stranger()
    stranger.expect("RouteRequest", 3, 0, wildcard=True)
    stranger.expect("Hello", 3, 0)


def test_restart_is_announced(make_bench):
    """SIGTERM: all is retracted before the daemon goes."""
    bench = make_bench().start()
    west = bench.west
    learn(bench, bench.east, others=[west])
    since = west.mark()
    assert bench.daemon.terminate() == 0

    def retracted():
        heard = west.tlvs(since, "Update", metric=p.INFINITY)
        prefixes = {one.get("prefix") for one in map(
            lambda item: item.tlv, heard)}
        return any(one.tlv.get("wildcard") for one in heard) or \
            {PREFIX, *bench.router.prefixes} <= prefixes
    wait_for(retracted, 1, "everything is retracted")
