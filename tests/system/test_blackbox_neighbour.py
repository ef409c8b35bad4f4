"""Hellos, IHUs and the cost of a link, against the daemon on the wire."""

import socket
import time

import pytest

import packet as p
from bench import PREFIX, SLACK, assert_clean
from lab import wait_for

covers = pytest.mark.covers


# What the daemon sends

@covers("B4", "B15", "B74", "B92", "B94", "B96")
def test_hellos_sent(make_bench):
    """One a packet, seqno + 1 each, each within the promised interval."""
    bench = make_bench(hello=0.3).start()
    east = bench.stranger()

    def hellos():
        return [heard for heard in east.tlvs(0, "Hello")
                if not heard.unicast]
    wait_for(lambda: len(hellos()) >= 12, 10, "twelve Hellos")
    heard = hellos()
    for before, after in zip(heard, heard[1:]):
        assert after.seqno == (before.seqno + 1) & 0xffff
        assert before.interval_cs > 0
    # All in all; a single one may be late when the machine is.
    assert heard[-1].datagram.time - heard[0].datagram.time <= sum(
        hello.interval_cs for hello in heard[:-1]) / 100
    for one in heard:
        assert one.datagram.destination == p.GROUP
        assert one.datagram.hop_limit == 1
        assert one.datagram.traffic_class == 0xc0
        assert_clean(one.datagram)


@covers("B4", "B97")
def test_ihus_sent(bench):
    """Answered promptly, and again within the promised interval."""
    stranger = bench.stranger()
    since = stranger.mark()
    for _ in range(2):
        stranger.send(stranger.hello_tlv())
    first = stranger.expect("IHU", 1.0 + SLACK, since,
                            address=stranger.address)
    assert first.interval_cs > 0
    stranger.keep(1)
    stranger.expect("IHU", 2, since, address=stranger.address, rxcost=96)
    since = stranger.mark()
    stranger.expect("IHU", first.interval_cs / 100 + SLACK, since,
                    address=stranger.address)


@covers("B4", "B9", "B10", "B93")
def test_ack(bench):
    """By unicast, with the same opaque value, in time."""
    east = bench.east
    for interval, to in ((10, east.dut), (50, None), (100, east.dut)):
        east.send(p.ack_request(0x1234 + interval, interval), to=to)
        heard = east.expect("Ack", interval / 100 + 0.05,
                            opaque=0x1234 + interval)
        assert heard.datagram.destination == east.address


# Hellos received

@covers("B115", "B21")
def test_two_out_of_three(bench):
    """Two Hellos of the last three make the link usable, one does not."""
    stranger = bench.stranger()
    seqno = 100

    def history(*given):
        nonlocal seqno
        for bit in given:
            if bit:
                stranger.send(p.hello(seqno, 1000), p.ihu(stranger.dut))
            seqno += 1
        stranger.sync()
        return int(bench.await_neighbour(stranger)["rxcost"])
    assert history(1) == 65535
    bench.await_neighbour(stranger, reach="8000")
    assert history(1) == 96
    assert history(0, 1) == 96
    assert history(0, 0, 1) == 65535
    assert history(1) == 96
    bench.await_neighbour(stranger, reach="cb00")


@covers("B115")
def test_reboot_is_noticed(bench):
    """A Hello seqno that jumps by more than 16 starts a new history."""
    stranger = bench.stranger()
    for seqno in (1, 2, 3):
        stranger.send(p.hello(seqno, 1000))
    bench.await_neighbour(stranger, reach="e000")
    stranger.send(p.hello(5000, 1000))
    bench.await_neighbour(stranger, reach="8000")
    stranger.send(p.hello(5001, 1000))
    bench.await_neighbour(stranger, reach="c000")


@covers("B115")
@pytest.mark.parametrize("first", [1, 65534])
def test_late_hello_undoes_a_miss(bench, first):
    """The sender lengthened its interval: misses are taken back."""
    stranger = bench.stranger()
    stranger.send(p.hello(first, 1000))
    stranger.send(p.hello(first + 1, 1000))
    stranger.send(p.hello(first + 4, 1000))
    bench.await_neighbour(stranger, reach="9800")
    stranger.send(p.hello(first + 3, 1000))
    bench.await_neighbour(stranger, reach="b000")


@covers("F8")
def test_unicast_hellos(bench):
    """They have a history of their own and suffice for a neighbour."""
    stranger = bench.stranger()
    for seqno in (7, 8, 9):
        stranger.send(p.hello(seqno, 1000, flags=p.UNICAST),
                      p.ihu(stranger.dut), to=stranger.dut)
    found = bench.await_neighbour(stranger, ureach="e000", reach="0000")
    assert found["rxcost"] == "96" and found["cost"] == "96"
    stranger.announce(p.update(PREFIX))
    bench.await_installed(PREFIX, stranger)


@covers("F9", "B17")
def test_unscheduled_hello_promises_nothing(bench):
    """It counts as heard, and no Hello is missed after it."""
    stranger = bench.stranger()
    stranger.send(p.hello(1, 0))
    stranger.send(p.hello(2, 0))
    bench.await_neighbour(stranger, reach="c000")
    began = time.monotonic()
    wait_for(lambda: time.monotonic() - began > 2
             or bench.neighbour(stranger)["reach"] != "c000", 3,
             "two seconds or a change")
    assert bench.neighbour(stranger)["reach"] == "c000"


@covers("B13", "B23", "B115")
def test_missed_hellos(bench):
    """First miss at 1.5 intervals, then one each; empty: flushed."""
    stranger = bench.stranger()
    stranger.send(p.hello(1, 20))
    stranger.send(p.hello(2, 20), p.ihu(stranger.dut))
    began = time.monotonic()
    bench.await_neighbour(stranger, reach="c000")
    bench.await_neighbour(stranger, reach="6000", within=0.3 + SLACK)
    assert time.monotonic() - began > 0.2
    bench.await_neighbour(stranger, reach="3000", within=0.2 + SLACK)
    wait_for(lambda: bench.neighbour(stranger) is None, 16 * 0.2 + 2,
             "the neighbour is gone")


# IHUs received

@covers("B20", "B24", "B39", "Q13")
def test_cost_is_what_the_ihu_says(bench):
    stranger = bench.stranger()
    for seqno in (1, 2, 3):
        stranger.send(p.hello(seqno, 1000))
    found = bench.await_neighbour(stranger, rxcost="96")
    assert found["txcost"] == "65535" and found["cost"] == "65535"
    stranger.announce(p.update(PREFIX))
    stranger.sync()
    assert not bench.route(PREFIX, installed="yes")
    assert bench.kernel(PREFIX) is None, \
        "a route never reachable is held unreachable"
    stranger.send(p.ihu(stranger.dut, 150))
    bench.await_neighbour(stranger, txcost="150", cost="150")
    bench.await_installed(PREFIX, stranger, metric="150")


@covers("B24", "B27", "B39")
def test_ihu_infinite(bench):
    """The neighbour cannot hear us: its routes are of no use."""
    east = bench.east
    east.announce(p.update(PREFIX))
    bench.await_installed(PREFIX)
    east.rxcost = p.INFINITY
    east.send(east.ihu_tlv())
    bench.await_neighbour(east, cost="65535")
    bench.await_uninstalled(PREFIX)


@covers("B20")
def test_ihu_expiry(bench):
    """Hellos go on, IHUs stop: the cost is infinite 3.5 intervals on."""
    stranger = bench.stranger()
    stranger.send(p.hello(1, 60000))
    stranger.send(p.hello(2, 60000))
    stranger.send(p.ihu(stranger.dut, 96, 50))
    began = time.monotonic()
    bench.await_neighbour(stranger, cost="96")
    bench.await_neighbour(stranger, within=1.75 + 2 * SLACK, cost="65535")
    assert time.monotonic() - began > 1.4


@covers("B22", "B28")
def test_zero_cost_is_no_cost(bench):
    """An IHU of cost 0 must not make a link for nothing."""
    east = bench.east
    east.rxcost = 0
    east.send(east.ihu_tlv())
    east.sync()
    assert int(bench.neighbour(east)["cost"]) > 0


# Silence

@covers("B23")
def test_silent_neighbour(bench):
    """Its routes go within a few Hello intervals."""
    east = bench.east
    east.announce(p.update(PREFIX))
    bench.await_installed(PREFIX)
    east.fall_silent()
    began = time.monotonic()
    bench.await_uninstalled(PREFIX, within=3.5 * east.hello + SLACK)
    print(f"lost after {time.monotonic() - began:.2f} s")


def test_overdue_neighbour_is_probed(bench):
    """Silence after sixteen Hellos in time: asked, then dropped at once."""
    east = bench.east
    east.keep(0.2)
    bench.await_neighbour(east, within=10, reach="ffff")
    east.announce(p.update(PREFIX))
    bench.await_installed(PREFIX)
    east.fall_silent()
    east.mark()
    east.expect("AckReq", 0.2 * 1.25 + SLACK,
                where=lambda heard: heard.datagram.unicast)
    bench.await_uninstalled(PREFIX, within=1.6 * 0.2 + 2 * SLACK)


def test_probed_neighbour_that_answers_stays(bench):
    """An answer keeps the link, but does not pass for a Hello."""
    east = bench.east
    east.keep(0.2)
    bench.await_neighbour(east, within=10, reach="ffff")
    east.announce(p.update(PREFIX))
    bench.await_installed(PREFIX)
    east.pause()
    east.mark()
    east.expect("AckReq", 0.2 * 1.25 + SLACK,
                where=lambda heard: heard.datagram.unicast)
    bench.await_neighbour(east, reach="7fff")
    assert bench.route(PREFIX)["installed"] == "yes"
    bench.await_uninstalled(PREFIX, within=3.5 * 0.2 + 2 * SLACK)


def test_new_neighbour_gets_the_table_at_once(bench):
    """As soon as the link is usable both ways, unasked."""
    west = bench.west
    west.announce(p.update(PREFIX, 10))
    bench.await_installed(PREFIX)
    stranger = bench.stranger()
    for seqno in (1, 2):
        stranger.send(p.hello(seqno, 400), p.ihu(stranger.dut))
    stranger.expect("Update", 0.5, 0, prefix=PREFIX, metric=106)
    stranger.expect("Update", 0.5, 0, prefix=bench.router.prefixes[0])


def test_many_neighbours_are_bounded(bench):
    """Hellos from thousands of addresses do not fill the memory."""
    east = bench.east
    before = resident(bench.daemon.pid)
    octets = p.packet(p.hello(1, 400))
    with east.wire.namespace.entered():
        with open("/proc/sys/net/ipv6/ip_nonlocal_bind", "w") as stream:
            stream.write("1")
    for number in range(6000):
        stranger = f"fe80::bad:{number:x}"
        send_as(east, stranger, octets)
        if number % 500 == 0:
            east.sync()
    east.sync(10)
    assert len(bench.daemon.dump().all("neighbour")) <= 4097
    assert resident(bench.daemon.pid) - before < 16 << 20


def resident(pid):
    with open(f"/proc/{pid}/statm") as stream:
        return int(stream.read().split()[1]) * 4096


def send_as(neighbour, address, octets):
    """Send from an address that the namespace does not have."""
    wire = neighbour.wire
    sender = wire.namespace.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF,
                          wire.index)
        sender.setsockopt(socket.IPPROTO_IPV6, 75, 1)  # IPV6_TRANSPARENT
        sender.bind((address, p.PORT, 0, wire.index))
        sender.sendto(octets, (p.GROUP, p.PORT, 0, wire.index))
    finally:
        sender.close()
