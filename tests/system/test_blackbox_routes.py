"""Routes: acquired, selected, announced, retracted, expired, held.

The branches A1 to B2b are those of RFC 8966 section 3.5.3: A is an update
for a route that is not in the table, B for one that is.
"""

import re
import time

import pytest

import packet as p
from bench import OTHER, PREFIX, PREFIX4, SLACK, URGENT
from lab import Unmet, wait_for

covers = pytest.mark.covers
ID_A, ID_B = "00000000000000aa", "00000000000000bb"
COVERING = "2001:db8::/32"


def text(router_id):
    return ":".join(router_id[index:index + 2] for index in range(0, 16, 2))


def learn(bench, who, metric=0, seqno=10, router_id=ID_A, prefix=PREFIX,
          interval=1600, others=()):
    """who announces; when installed it has been passed on to the others,
    so the feasibility distance is (seqno, metric + 96)."""
    who.announce(p.update(prefix, metric, seqno, interval),
                 router_id=router_id)
    bench.await_installed(prefix, who)
    for other in others:
        other.expect("Update", 3, 0, prefix=prefix, seqno=seqno,
                     metric=metric + 96)


# Acquisition

@covers("B25", "B31", "B40", "B72")
def test_a1_unfeasible_update_for_an_unknown_route(bench):
    """It is never selected; a request for a new seqno goes out."""
    learn(bench, bench.east, seqno=10, others=[bench.west])
    west = bench.west
    west.announce(p.update(PREFIX, 96, 10), router_id=ID_A)
    west.sync()
    assert bench.route(PREFIX, via=west.address, installed="yes") is None
    bench.east.send(p.update(PREFIX, p.INFINITY))
    heard = west.expect("SeqnoRequest", URGENT + SLACK, 0, prefix=PREFIX,
                        router_id=ID_A)
    assert heard.seqno == 11
    bench.await_uninstalled(PREFIX)
    assert bench.route(PREFIX, via=west.address, installed="yes") is None


@covers("B30")
def test_a2_retraction_of_an_unknown_route(bench):
    east = bench.east
    east.announce(p.update(PREFIX, p.INFINITY))
    east.sync()
    assert bench.route(PREFIX) is None and bench.kernel(PREFIX) is None
    west = bench.west
    west.expect_none("Update", 0.6, 0, prefix=PREFIX)


@covers("B12", "B26")
def test_a3_new_route(bench):
    east = bench.east
    east.announce(p.update(PREFIX, 40, 7), p.update(PREFIX4, 41, 7),
                  router_id=ID_A, next_hop="10.64.1.2")
    route = bench.await_installed(PREFIX, east)
    assert (route["id"], route["metric"], route["refmetric"], route["if"]) \
        == (text(ID_A), "136", "40", "dut-east")
    assert bench.await_installed(PREFIX4, east)["metric"] == "137"
    kernel = bench.kernel_route(PREFIX)
    assert (kernel.gateway, kernel.interface) == (east.address, "dut-east")
    kernel = bench.kernel_route(PREFIX4)
    assert (kernel.gateway, kernel.interface) == ("10.64.1.2", "dut-east")


@covers("B12")
def test_no_routes_from_strangers(bench):
    """Who never said Hello cannot have routes that count."""
    stranger = bench.stranger()
    stranger.announce(p.update(PREFIX))
    stranger.sync()
    assert bench.route(PREFIX, installed="yes") is None


@covers("B32", "B33", "B71", "F24")
def test_b1_unfeasible_update_for_the_selected_route(bench):
    """Ignored or unselected, never installed as it is; and asked for."""
    east = bench.east
    learn(bench, east, 0, 10, others=[bench.west])
    east.announce(p.update(PREFIX, 500, 10), router_id=ID_A)
    heard = east.expect("SeqnoRequest", URGENT + SLACK, prefix=PREFIX,
                        router_id=ID_A, seqno=11)
    assert heard.datagram.unicast
    installed = bench.route(PREFIX, installed="yes")
    if installed and installed["metric"] != "65535":
        assert installed["refmetric"] == "0"
    east.announce(p.update(PREFIX, 500, 11), router_id=ID_A)
    bench.await_installed(PREFIX, east, refmetric="500")


@covers("B25", "B26")
@pytest.mark.parametrize("metric, seqno", [(95, 10), (0, 10), (500, 11),
                                           (500, 32777)])
def test_b2_feasible_update(bench, metric, seqno):
    east = bench.east
    learn(bench, east, 0, 10, others=[bench.west])
    east.announce(p.update(PREFIX, metric, seqno), router_id=ID_A)
    bench.await_installed(PREFIX, east, refmetric=str(metric))


@covers("B33", "B40")
def test_b2a_becomes_unfeasible_with_a_new_source(bench):
    """The selected route changes to a source that we know as better."""
    east, west = bench.east, bench.west
    learn(bench, east, 0, 10, ID_A, others=[west])
    learn(bench, east, 0, 10, ID_B, others=[west])
    east.announce(p.update(PREFIX, 300, 10), router_id=ID_A)
    east.sync()
    bench.await_uninstalled(PREFIX, within=1)
    west.expect("Update", URGENT + SLACK, 0, prefix=PREFIX,
                metric=p.INFINITY)


@covers("B3", "B34", "B44", "B45")
def test_b2b_change_of_source_is_urgent(bench):
    east, west = bench.east, bench.west
    learn(bench, east, 0, 10, ID_A, others=[west])
    east.announce(p.update(PREFIX, 0, 3), router_id=ID_B)
    heard = west.expect("Update", URGENT + SLACK, prefix=PREFIX,
                        since=east.since, router_id=ID_B)
    assert heard.metric == 96
    bench.await_installed(PREFIX, east, id=text(ID_B))


def test_next_hop_changes(bench):
    """The kernel follows, though neither metric nor source changed."""
    east = bench.east
    for hop in ("10.64.1.2", "10.64.1.77"):
        east.announce(p.update(PREFIX4, 0, 10), next_hop=hop)
        wait_for(lambda: (route := bench.kernel_route(PREFIX4))
                 and route.gateway == hop, 2, f"next hop {hop}")


@covers("B7", "F19")
def test_seqno_wraps(bench):
    """Each update is newer than the last, though its number is less."""
    east, west = bench.east, bench.west
    for step, seqno in enumerate((65533, 65534, 65535, 0, 1, 2)):
        east.announce(p.update(PREFIX, 10 * step, seqno), router_id=ID_A)
        bench.await_installed(PREFIX, east, refmetric=str(10 * step))
    west.send(p.seqno_request(PREFIX, 3, ID_A), to=west.dut)
    east.expect("SeqnoRequest", 1, west.since, prefix=PREFIX, seqno=3)


@covers("B25", "B41")
def test_selection_ignores_seqnos(bench):
    east, west = bench.east, bench.west
    west.announce(p.update(PREFIX, 300, 1000), router_id=ID_B)
    east.announce(p.update(PREFIX, 20, 5), router_id=ID_A)
    bench.await_installed(PREFIX, east, within=15)
    west.announce(p.update(PREFIX, 300, 1005), router_id=ID_B)
    west.sync()
    assert bench.route(PREFIX, installed="yes")["via"] == east.address


@covers("B42")
def test_the_better_route_takes_over(bench):
    """Twice as good: within three Hello intervals."""
    east, west = bench.east, bench.west
    learn(bench, east, 400)
    west.announce(p.update(PREFIX, 100, 5), router_id=ID_B)
    bench.await_installed(PREFIX, west, within=3 * 1.0 + SLACK)


@covers("B39")
def test_the_other_route_takes_over_at_once(bench):
    east, west = bench.east, bench.west
    learn(bench, east, 0, router_id=ID_A)
    west.announce(p.update(PREFIX, 700, 5), router_id=ID_B)
    west.sync()
    east.send(p.update(PREFIX, p.INFINITY))
    bench.await_installed(PREFIX, west, within=0.5)
    assert bench.kernel_route(PREFIX).gateway == west.address


# Retraction

@covers("B48", "B45", "B110")
def test_retraction_is_passed_on(bench):
    east, west = bench.east, bench.west
    learn(bench, east, others=[west])
    east.send(p.update(PREFIX, p.INFINITY))
    west.expect("Update", URGENT + SLACK, east.since, prefix=PREFIX,
                metric=p.INFINITY)
    bench.await_uninstalled(PREFIX)


@covers("B108", "L6")
def test_wildcard_retraction(bench):
    """Everything from that neighbour goes, and from no other."""
    east, west = bench.east, bench.west
    east.announce(p.update(PREFIX), p.update(PREFIX4),
                  next_hop="10.64.1.2")
    west.announce(p.update(OTHER))
    for prefix in (PREFIX, PREFIX4, OTHER):
        bench.await_installed(prefix)
    east.send(p.update(metric=p.INFINITY))
    bench.await_uninstalled(PREFIX)
    bench.await_uninstalled(PREFIX4)
    bench.await_installed(OTHER, west)


@covers("B45", "B46", "B47")
def test_copies_of_a_retraction(bench):
    """Who does not acknowledge hears it again, but five times at most."""
    east, west = bench.east, bench.west
    learn(bench, east, others=[west])
    west.acknowledge = False
    east.send(p.update(PREFIX, p.INFINITY))
    since = east.since

    def copies():
        return west.tlvs(since, "Update", prefix=PREFIX, metric=p.INFINITY)
    wait_for(lambda: len(copies()) >= 2, 5, "a second copy")
    west.expect_none("Update", 6, since,
                     where=lambda heard: len(copies()) > 5)
    moments = [copy.datagram.time for copy in copies()]
    assert all(later - earlier > 0.01
               for earlier, later in zip(moments, moments[1:]))


@covers("B38", "B45")
def test_acknowledged_retraction_is_not_repeated(bench):
    east, west = bench.east, bench.west
    learn(bench, east, others=[west])
    east.send(p.update(PREFIX, p.INFINITY))
    since = east.since
    first = west.expect("Update", URGENT + SLACK, since, prefix=PREFIX,
                        metric=p.INFINITY)
    if not any(tlv.tlv == "AckReq" for tlv in first.datagram.decoded.tlvs):
        pytest.fail("a retraction towards one neighbour asks for no Ack")
    west.expect_none("Update", 1.5, since, prefix=PREFIX,
                     where=lambda heard: heard.datagram is not first.datagram)


# Hold time

@covers("B36", "F28")
def test_no_fallback_while_held(bench):
    """While others may still use us, a covering route must not catch."""
    east, west = bench.east, bench.west
    west.announce(p.update(COVERING), router_id=ID_B)
    bench.await_installed(COVERING, west)
    learn(bench, east, others=[west])
    west.acknowledge = False
    east.send(p.update(PREFIX, p.INFINITY))
    bench.await_kernel(PREFIX, "unreachable", within=0.5)
    assert bench.kernel(COVERING) == "unicast"
    east.announce(p.update(PREFIX, 0, 12), router_id=ID_A)
    bench.await_installed(PREFIX, east)
    assert bench.kernel_route(PREFIX).gateway == east.address


@covers("B36")
def test_hold_is_shown(bench):
    """`installed yes` with an infinite metric is a kernel's unreachable."""
    east, west = bench.east, bench.west
    learn(bench, east, others=[west])
    west.acknowledge = False
    east.send(p.update(PREFIX, p.INFINITY))
    bench.await_kernel(PREFIX, "unreachable")
    bench.await_route(PREFIX, metric="65535", installed="yes")


@covers("B37", "B38")
def test_acknowledgments_release_the_hold(bench):
    east, west = bench.east, bench.west
    west.announce(p.update(COVERING), router_id=ID_B)
    bench.await_installed(COVERING, west)
    learn(bench, east, others=[west])
    east.send(p.update(PREFIX, p.INFINITY))
    wait_for(lambda: bench.kernel(PREFIX) is None, 3,
             "all have acknowledged: the entry goes")
    assert bench.kernel(COVERING) == "unicast"


@covers("B39", "Q13")
def test_never_reachable_is_never_held(bench):
    """No unreachable entry for what was never reachable."""
    stranger = bench.stranger()
    stranger.send(p.hello(1, 1000))
    stranger.announce(p.update(PREFIX), p.update("::/0"))
    stranger.sync()
    assert bench.kernel(PREFIX) is None
    stranger.send(p.update(PREFIX, p.INFINITY))
    stranger.sync()
    assert bench.kernel(PREFIX) is None


# Expiry

@covers("B35", "B73", "F25")
def test_expiry(bench):
    """Asked for before, retracted at 3.5 intervals, flushed at last."""
    east, west = bench.east, bench.west
    learn(bench, east, interval=40, others=[west])
    began = time.monotonic()
    since = east.since
    heard = east.expect("RouteRequest", 1.4, since, prefix=PREFIX)
    assert heard.datagram.unicast
    west.expect("Update", 1.4 + 2 * SLACK, since, prefix=PREFIX,
                metric=p.INFINITY)
    assert time.monotonic() - began > 1.2
    bench.await_uninstalled(PREFIX, within=1)
    wait_for(lambda: bench.route(PREFIX) is None, 3.5, "it is flushed")
    wait_for(lambda: bench.kernel(PREFIX) is None, 16, "nothing is held")


@covers("B35", "B73")
def test_refreshed_route_does_not_expire(bench):
    east = bench.east
    learn(bench, east, interval=40)
    began = time.monotonic()
    while time.monotonic() - began < 3:
        east.expect("RouteRequest", 1.5, prefix=PREFIX)
        east.announce(p.update(PREFIX, 0, 10, 40), router_id=ID_A)
        east.sync()
        assert bench.route(PREFIX, installed="yes")["metric"] == "96"


@covers("B35")
def test_retractions_do_not_restart_the_timer(bench):
    """The entry goes, however often it is retracted."""
    east = bench.east
    learn(bench, east, interval=40)

    def gone():
        east.send(p.update(PREFIX, p.INFINITY, interval=40))
        return bench.route(PREFIX) is None
    wait_for(gone, 5, "the entry is flushed", every=0.2)


# Updates sent

@covers("B43", "B50")
def test_periodic_updates(bench):
    """Every selected route, own ones too, once an update interval."""
    east, west = bench.east, bench.west
    learn(bench, east, others=[west])
    own = bench.router.prefixes
    for _ in range(3):
        since = west.mark()
        first = west.expect("Update", 4 + SLACK, since, prefix=PREFIX)
        for prefix in own:
            west.expect("Update", 4 + SLACK, since, prefix=prefix, metric=0)
        assert first.interval_cs > 0
        assert first.metric == 96 and first.router_id == ID_A


@covers("B52")
def test_split_horizon(bench):
    """On a wire, routes are not sent back to where they came from."""
    east, west = bench.east, bench.west
    learn(bench, east, others=[west])
    west.expect("Update", 5, prefix=PREFIX)
    assert not [heard for heard in east.tlvs(0, "Update", prefix=PREFIX)
                if heard.metric != p.INFINITY]


@covers("B49")
def test_trifles_are_not_news(bench):
    """A metric a little worse is no reason for a triggered update."""
    east, west = bench.east, bench.west
    learn(bench, east, 100, 10, others=[west])
    since = west.mark()
    west.expect("Update", 5, since, prefix=PREFIX)
    east.announce(p.update(PREFIX, 104, 11), router_id=ID_A)
    bench.await_installed(PREFIX, east, refmetric="104")
    west.expect_none("Update", 0.4, east.since, prefix=PREFIX,
                     where=lambda heard: heard.metric == 200)


@covers("B48")
def test_own_prefix_withdrawn(bench):
    """An address that is removed is retracted at once."""
    west = bench.west
    own = bench.router.prefixes[1]
    west.expect("Update", 5, 0, prefix=own)
    since = west.mark()
    bench.router.ip("addr", "del", own, "dev", "lo")
    west.expect("Update", 1, since, prefix=own, metric=p.INFINITY)
    since = west.mark()
    bench.router.ip("addr", "add", own, "dev", "lo")
    west.expect("Update", 1, since, prefix=own, metric=0)


@covers("F31")
def test_static_route_withdrawn(make_bench):
    """Own and learnt at once: the own one goes, the learnt one serves."""
    bench = make_bench(config=["redistribute proto 4 metric 50"])
    west_port = bench.links["west"].ends[0]
    bench.router.ip("-6", "route", "add", PREFIX, "via", "fe80::9:9", "dev",
                    west_port.interface, "proto", "static", "metric", "20")
    bench.start()
    east, west = bench.east, bench.west
    west.expect("Update", 3, 0, prefix=PREFIX, metric=50)
    east.announce(p.update(PREFIX), router_id=ID_A)
    east.sync()
    assert bench.route(PREFIX, installed="yes") is None
    bench.router.ip("-6", "route", "del", PREFIX, "proto", "static")
    bench.await_installed(PREFIX, east, within=1)
    west.expect("Update", 1, east.since, prefix=PREFIX, metric=96,
                router_id=ID_A)


@covers("B36", "Q4")
@pytest.mark.parametrize("prefix", [PREFIX, PREFIX4])
def test_an_owner_can_put_its_route_back(make_bench, prefix):
    """What is held for a route of others that went stands behind it."""
    bench = make_bench(config=["redistribute proto 4"])
    route = [prefix, "dev", bench.links["west"].ends[0].interface,
             "proto", "static"]
    bench.router.ip("route", "add", *route)
    east = bench.start().east
    east.expect("Update", 3, 0, prefix=prefix, metric=0)
    east.acknowledge = False
    bench.router.ip("route", "del", *route)
    bench.await_kernel(prefix, "unreachable")
    bench.router.ip("route", "add", *route)
    bench.await_kernel(prefix, None)
    east.expect("Update", 1, prefix=prefix, metric=0)


@covers("B50", "B51", "B25")
def test_feasibility_follows_what_was_sent(bench):
    """A retraction does not raise the distance; only time does."""
    east, west = bench.east, bench.west
    learn(bench, east, 0, 10, others=[west])
    east.send(p.update(PREFIX, p.INFINITY))
    west.expect("Update", 1, east.since, prefix=PREFIX, metric=p.INFINITY)
    east.announce(p.update(PREFIX, 96, 10), router_id=ID_A)
    east.sync()
    installed = bench.route(PREFIX, installed="yes")
    assert installed is None or installed["metric"] == "65535"
    east.announce(p.update(PREFIX, 95, 10), router_id=ID_A)
    bench.await_installed(PREFIX, east)


def test_several_updates_of_one_packet(bench):
    """A table in full packets arrives whole, and is gone as one."""
    east = bench.east
    prefixes = [f"2001:db8:{number:x}::/48" for number in range(1, 1001)]
    for start in range(0, len(prefixes), 50):
        east.announce(*(p.update(prefix)
                        for prefix in prefixes[start:start + 50]))

    def installed():
        kernel = {route.prefix for route in bench.router.routes()
                  if route.protocol == "babel"
                  and route.kind == "unicast"} & set(prefixes)
        return len(kernel)
    wait_for(lambda: installed() == 1000 or Unmet(installed()), 5,
             "a thousand routes in the kernel")
    east.send(p.update(metric=p.INFINITY))
    wait_for(lambda: installed() == 0 or Unmet(installed()), 5,
             "none left")


# The kernel says no

@covers("Q14", "Q19")
def test_a_foreign_route_is_in_the_place(make_bench):
    """It stays; ours goes beside it and is announced; the log and the socket
    say why; it takes over when the other goes."""
    bench = make_bench()
    foreign = [PREFIX4, "dev", "dut-west", "proto", "static"]
    bench.router.ip("route", "add", *foreign)
    bench.router.ip("route", "add", *foreign, "metric", "1")
    bench.start()
    east, west = bench.east, bench.west
    east.announce(p.update(PREFIX4), router_id=ID_A,
                  next_hop=bench.links["east"].ends[1].address4)
    bench.await_installed(PREFIX4, east)
    assert bench.kernel_route(PREFIX4).metric == 2
    west.expect("Update", prefix=PREFIX4, metric=96, since=0)
    assert re.search(f"route {re.escape(PREFIX4)}.*: somebody else has a "
                     "route of priority 0 in table 254", bench.daemon.log())
    with bench.daemon.control() as control:
        told = "\n".join(control.request(f"explain {PREFIX4}"))
    assert re.search("kernel installed .* kernel-priority 2 "
                     "kernel-beside 2", told), told
    mark = west.mark()
    bench.router.ip("route", "del", *foreign, "metric", "1")
    wait_for(lambda: bench.kernel_route(PREFIX4).metric == 1, 2,
             "one place nearer")
    shown = bench.router.ip("route", "show", PREFIX4)
    assert "dut-west" in shown and "static" in shown
    bench.router.ip("route", "del", *foreign)
    wait_for(lambda: bench.kernel_route(PREFIX4).metric == 0, 2,
             "in its place")
    west.expect_none("Update", 0.3, since=mark, prefix=PREFIX4,
                     where=lambda heard: heard.metric != 96)


def test_what_we_are_connected_to_is_passed_on(make_bench):
    """The network of an address is another's to announce, too."""
    bench = make_bench()
    bench.router.ip("addr", "add", "192.168.7.1/24", "dev", "dut-east")
    bench.start()
    bench.east.announce(p.update("192.168.7.0/24"), router_id=ID_A,
                        next_hop=bench.links["east"].ends[1].address4)
    bench.await_installed("192.168.7.0/24", bench.east)
    bench.west.expect("Update", prefix="192.168.7.0/24", metric=96, since=0)
    bench.router.ip("addr", "del", "192.168.7.1/24", "dev", "dut-east")
    wait_for(lambda: bench.kernel_route("192.168.7.0/24").metric == 0, 3,
             "in its place")
