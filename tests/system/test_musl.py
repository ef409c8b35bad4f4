"""The daemon as it is built with musl among those of this C library.

    glibc --- musl --- glibc

"make cross-musl" builds it and runs this.
"""

import os
import subprocess

import pytest

from daemons import CHECKOUT, Babeld, OURS
from lab import Tables, all_met, wait_for
from probe import unanswered

MUSL = os.path.join(CHECKOUT, "build/cross/musl/small/babeld")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(
    not os.path.exists(MUSL), reason="make cross-musl has built none")]


def test_it_is_of_musl():
    headers = subprocess.run(["readelf", "-l", MUSL], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    assert "/ld-musl-" in headers


def test_routes_are_exchanged(lab):
    """The kernels' tables are walked, and all pairs ping."""
    routers = [lab.router(name) for name in ("left", "middle", "right")]
    for a, b in zip(routers, routers[1:]):
        lab.link(a, b)
    lab.build()
    daemons = [Babeld(router, program, hello=0.4) for router, program
               in zip(routers, (OURS, MUSL, OURS))]
    for daemon in daemons:
        daemon.start()
    wait_for(lambda: all_met(Tables(lab).problems()), 20, "all routes")
    for daemon in daemons:
        daemon.await_agreement()
    assert not unanswered(routers)
    for daemon in daemons:
        assert daemon.terminate() == 0
