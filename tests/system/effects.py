"""Looking at what a word of the configuration does, and the account of which
words have been looked at."""

import contextlib
import json
import subprocess

from daemons import OURS
from lab import kernel_route

SHOWN = set()


def shows(*names):
    """The test shows the effect of these words."""
    def mark(test):
        SHOWN.update(names)
        return test
    return mark


def json_dump(daemon, kind, verb="dump"):
    with daemon.control() as control:
        lines = control.request(f"json {verb} {kind}")
    assert lines[-1] == "ok"
    return [json.loads(line) for line in lines[:-1]]


def counter(daemon, name):
    with daemon.control() as control:
        for line in control.request("stats"):
            if line.startswith(f"counter {name} value "):
                return int(line.split()[-1])
    raise AssertionError(f"no counter {name}")


def routes_of(router, table="main"):
    """What babeld has in a table, which need not exist."""
    try:
        return {route.prefix: route for route in router.routes(table)
                if route.protocol == "babel"}
    except RuntimeError:
        found = {}
    for family, width in (("-4", 32), ("-6", 128)):
        with contextlib.suppress(RuntimeError):
            for entry in json.loads(router.ip(
                    "-j", "-d", family, "route", "show", "table", table)
                    or "[]"):
                route = kernel_route(entry, width, table)
                found[route.prefix] = route
    return found


def xroutes(daemon):
    return {entry["prefix"]: entry for entry in daemon.dump().all("xroute")}


def check(*arguments):
    """Is it right?  With the errors and the warnings."""
    run = subprocess.run([OURS, "--check", *arguments], capture_output=True,
                         text=True, timeout=20)
    assert run.returncode in (0, 1) and run.stdout == "", run
    messages = run.stderr.splitlines()
    return run.returncode == 0, [
        line for line in messages if ": warning: " not in line], [
        line for line in messages if ": warning: " in line]
