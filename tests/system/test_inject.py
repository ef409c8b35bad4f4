"""Each call that the daemon makes fails, with each error that it can have,
once and for as long as may be, while it runs and from its start on; and each
allocation fails.  "make inject" does all of it and prints what came of it;
"make check" does some.

Afterwards the daemon and the kernel must agree again, nothing may be leaked,
and meanwhile it must not have spun: calls are counted, not seconds.
"""

import contextlib
import errno
import mmap
import os
import select
import subprocess

import pytest

from daemons import OURS, Babeld
from lab import BABEL_PROTOCOL, Unmet, wait_for
from plan import FAILING, make_plan

HELLO = 0.2
LASTS = 3 * HELLO
ROUTES = [f"198.51.100.{number}/32" for number in range(20)]
TOLD = "203.0.113.1/32"
FOR_EVER, ONCE = -1, 1
NOT_CALLED = "not called"
CALLS_MAX = 4000  # while it lasts; a spin makes tens of thousands
GROWTH_MAX = 2048  # kB; what the loop gets at first, it keeps

ERRORS = {
    "accept4": "EMFILE ENFILE ENOMEM ENOBUFS EPERM ECONNABORTED EINTR EAGAIN",
    "access": "ENOENT EACCES EIO",
    "bind": "EADDRINUSE EACCES ENOMEM",
    "connect": "ECONNREFUSED EACCES EAGAIN ENOMEM",
    "dup2": "EBADF EMFILE EINTR",
    "epoll_create1": "EMFILE ENFILE ENOMEM",
    "epoll_ctl": "ENOMEM ENOSPC EPERM",
    "epoll_wait": "EINTR ENOMEM",
    "fchmod": "EPERM EIO EROFS",
    "fcntl64": "ENOLCK EMFILE EAGAIN",
    "fdopen": "ENOMEM EMFILE",
    "flock": "EINTR ENOLCK EWOULDBLOCK",
    "fopen64": "ENOENT EACCES EMFILE ENFILE ENOMEM EIO",
    "fstat64": "EIO ENOMEM",
    "fsync": "EIO ENOSPC EDQUOT",
    "ftruncate64": "EIO EINTR EPERM",
    "getifaddrs": "ENOMEM EMFILE",
    "getsockname": "ENOBUFS",
    "getsockopt": "ENOPROTOOPT ENOMEM",
    "ioctl": "ENODEV EPERM",
    "listen": "EADDRINUSE",
    "lseek64": "ESPIPE EIO",
    "lstat64": "EACCES EIO ENOMEM",
    "nanosleep": "EINTR",
    "open64": "EACCES EMFILE ENFILE ENOMEM ENOSPC EROFS EIO EINTR",
    "opendir": "EACCES EMFILE ENOMEM",
    "poll": "EINTR ENOMEM EINVAL",
    "ppoll": "EINTR ENOMEM EINVAL",
    "pread64": "EIO EINTR",
    "read": "EIO EINTR EAGAIN",
    "recv": "EINTR EAGAIN ENOMEM ENOBUFS ECONNRESET",
    "recvfrom": "EINTR EAGAIN ENOMEM ENETDOWN",
    "recvmmsg": "EINTR EAGAIN ENOMEM ENOBUFS ENETDOWN ECONNREFUSED",
    "rename": "EACCES EIO ENOSPC EROFS EBUSY",
    "send": "EINTR EAGAIN ENOMEM ENOBUFS EPIPE ECONNRESET",
    "sendmsg": "EINTR EAGAIN ENOMEM ENOBUFS EPERM EMSGSIZE ENETDOWN"
               " ENETUNREACH EHOSTUNREACH EADDRNOTAVAIL EINVAL ENODEV",
    "setsockopt": "ENOBUFS ENOMEM ENODEV EPERM ENOPROTOOPT EADDRINUSE",
    "shutdown": "ENOTCONN",
    "signalfd": "EMFILE ENFILE ENOMEM",
    "sigprocmask": "EINVAL",
    "socket": "EMFILE ENFILE ENOMEM ENOBUFS EACCES EAFNOSUPPORT",
    "socketpair": "EMFILE ENFILE",
    "stat64": "EACCES EIO ENOENT",
    "timerfd_create": "EMFILE ENFILE ENOMEM",
    "timerfd_settime": "EINVAL ECANCELED",
    "unlink": "EACCES EBUSY EROFS ENOENT",
    "write": "EAGAIN EINTR EIO ENOSPC EPIPE",
}
PAIRS = [(call, error) for call, errors in ERRORS.items()
         for error in errors.split()]
SOME = [("send", "ENOBUFS"), ("ppoll", "EINVAL"), ("accept4", "EMFILE"),
        ("recvmmsg", "ENOMEM")]


class Site:
    """A daemon whose calls fail, its neighbour, and twenty routes."""

    def __init__(self, lab, monkeypatch):
        self.monkeypatch = monkeypatch
        self.dut, peer = lab.router("dut"), lab.router("peer")
        lab.link(self.dut, peer)
        lab.build()
        peer.ip_batch(f"route add blackhole {prefix} proto 44"
                      for prefix in ROUTES)
        self.told = peer
        self.plan = make_plan(lab, monkeypatch)
        self.peer = Babeld(peer, OURS, hello=HELLO, config=[
            "redistribute local deny", "redistribute proto 44"]).start()
        self.daemon = Babeld(self.dut, OURS, hello=HELLO,
                             config=["redistribute local deny"])

    def spawn(self):
        """Start, and wait for nothing."""
        with self.monkeypatch.context() as patch:
            patch.setenv("LD_PRELOAD", FAILING)
            self.daemon.start()

    def start(self):
        self.spawn()
        self.await_routes(ROUTES)

    def installed(self):
        return {route.prefix for route in self.dut.routes()
                if route.protocol == BABEL_PROTOCOL}

    def await_routes(self, prefixes, within=30):
        wanted = {prefix.removesuffix("/32") for prefix in prefixes}

        def are_there():
            found = {prefix.removesuffix("/32")
                     for prefix in self.installed()}
            return found == wanted or Unmet(sorted(found ^ wanted))
        wait_for(are_there, within, "the kernel has the routes")

    def fail(self, call, error, times, skip=0):
        self.plan.fail(call, getattr(errno, error), times, skip)

    def stir(self):
        """Let it make each call that it makes while it runs."""
        self.dut.ip("addr", "add", "192.0.2.1/32", "dev", "lo")
        self.told.ip("route", "add", "blackhole", TOLD, "proto", "44")
        for request in ("reload", "dump", "check-xroutes"):
            with contextlib.suppress(OSError, EOFError, AssertionError):
                with self.daemon.control(within=LASTS) as control:
                    control.request(request, LASTS)
        self.dut.ip("addr", "del", "192.0.2.1/32", "dev", "lo")
        select.select([], [], [], LASTS)
        self.told.ip("route", "del", "blackhole", TOLD, "proto", "44")

    def use(self):
        """(descriptors, kB of memory)"""
        with open(f"/proc/{self.daemon.pid}/statm") as stream:
            pages = int(stream.read().split()[1])
        return (len(os.listdir(f"/proc/{self.daemon.pid}/fd")),
                pages * mmap.PAGESIZE // 1024)

    def await_recovery(self, before):
        self.await_routes(ROUTES)
        wait_for(lambda: not (wrong := self.daemon.disagreements())
                 or Unmet(wrong), 10, "the dump is what the kernel has")
        for daemon in (self.daemon, self.peer):
            wait_for(lambda: any(int(found["cost"]) < 65535 for found
                                 in daemon.dump().find("neighbour")), 30,
                     f"{daemon} has its neighbour")
        # One more for claims, which are opened when first needed.
        wait_for(lambda: self.use()[0] <= before[0] + 1 or Unmet(self.use()),
                 10, "descriptors are as before")
        assert self.use()[1] <= before[1] + GROWTH_MAX, "it grows"

    def run_with(self, call, error, times):
        """What came of it while running."""
        before = self.use()
        self.fail(call, error, times)
        self.stir()
        failed, made = self.plan.failed, self.plan.made
        self.plan.work()
        if failed == 0:
            return NOT_CALLED
        assert self.daemon.alive, f"ended by {self.daemon.process.returncode}"
        assert made < CALLS_MAX, f"{made} calls"
        self.await_recovery(before)
        return f"recovers, {failed} failed of {made}"

    def start_with(self, call, error, times, skip=0):
        """What came of it from the start to the end."""
        self.fail(call, error, times, skip)
        self.spawn()

        def is_settled():
            return not self.daemon.alive or len(self.installed()) >= 20 \
                or self.plan.failed > 0
        wait_for(is_settled, 20, "it starts, or not")
        with contextlib.suppress(OSError, EOFError, AssertionError,
                                 subprocess.SubprocessError):
            with self.daemon.control(within=1) as control:
                control.request("reload", 1)
        failed = self.plan.failed
        self.plan.work()
        if not self.daemon.alive:
            status = self.daemon.process.returncode
            assert status == 1, f"ended by {status}"
            assert self.installed() == set(), "left routes"
            return "does not start" if failed else "NOT STARTED"
        self.await_routes(ROUTES)
        assert self.daemon.terminate() == 0
        assert self.installed() == set(), "left routes"
        return f"starts, {failed} failed" if failed else NOT_CALLED


@pytest.fixture
def site(lab, monkeypatch):
    return Site(lab, monkeypatch)


class Matrix:
    """Prints each outcome as it comes; whatever went wrong fails at last."""

    def __init__(self):
        self.wrong, self.uncalled = [], 0

    def note(self, what, attempt):
        try:
            outcome = attempt()
        except AssertionError as fault:
            outcome = f"WRONG: {str(fault).splitlines()[0]}"
            self.wrong.append(f"{what}: {outcome}")
        print(f"{what:42} {outcome}", flush=True)
        self.uncalled += outcome == NOT_CALLED
        return not outcome.startswith("WRONG")


def while_running(site, pairs, all_are_made=False):
    matrix = Matrix()
    site.start()
    for call, error in pairs:
        for times, word in ((ONCE, "once"), (FOR_EVER, "for ever")):
            if matrix.note(f"{call} {error} {word}",
                           lambda: site.run_with(call, error, times)):
                continue
            if site.daemon.alive:
                site.daemon.kill()
            site.start()
    assert site.daemon.terminate() == 0
    assert not matrix.wrong
    assert not (all_are_made and matrix.uncalled)


def from_the_start(site, pairs):
    matrix = Matrix()
    for call, error in pairs:
        for times, word in ((ONCE, "once"), (FOR_EVER, "for ever")):
            if not matrix.note(f"{call} {error} {word}, started",
                               lambda: site.start_with(call, error, times)) \
                    and site.daemon.alive:
                site.daemon.kill()
    assert not matrix.wrong


def each_allocation(site, step):
    matrix = Matrix()
    site.fail("malloc", "ENOMEM", ONCE, 1 << 40)
    site.spawn()
    site.await_routes(ROUTES)
    with site.daemon.control() as control:
        assert control.request("reload")[-1] == "ok"
    assert site.daemon.terminate() == 0
    count = (1 << 40) - site.plan.skip
    for number in range(0, count, step):
        if not matrix.note(f"allocation {number} of {count}",
                           lambda: site.start_with("malloc", "ENOMEM", ONCE,
                                                   number)) \
                and site.daemon.alive:
            site.daemon.kill()
    assert not matrix.wrong


def test_some_calls_fail_while_it_runs(site):
    while_running(site, SOME, all_are_made=True)


def test_some_allocations_fail(site):
    each_allocation(site, 97)


@pytest.mark.slow
def test_each_call_fails_while_it_runs(site):
    while_running(site, PAIRS)


@pytest.mark.slow
def test_each_call_fails_from_the_start(site):
    from_the_start(site, PAIRS)


@pytest.mark.slow
def test_each_allocation_fails(site):
    each_allocation(site, 1)
