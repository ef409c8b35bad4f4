"""Fixtures of the system tests, and the figures they report at the end."""

import os

import pytest

import lab as laboratory
from bench import Bench
from daemons import OURS, PEER_BABELD, PEER_BIRD, PEER_FRR
from twins import Twins

FIGURES = []


def pytest_addoption(parser):
    parser.addoption("--coverage-table", metavar="FILE", help=(
        "write a line for each clause that a test covers: its id, the test"))


def pytest_configure(config):
    laboratory.exit_on_signals()


def pytest_collection_finish(session):
    """The conformance table is made from the tests' own markers."""
    path = session.config.getoption("--coverage-table")
    if path is None:
        return
    lines = {f"{clause}\t{item.nodeid}\n" for item in session.items
             for marker in item.iter_markers("covers")
             for clause in marker.args}
    with open(path, "w") as stream:
        stream.writelines(sorted(lines))


def pytest_report_header(config):
    lacking = laboratory.shortfalls()
    lines = [f"daemon under test: {OURS}"
             + ("" if os.path.exists(OURS) else " (MISSING)"),
             f"peers: babeld {PEER_BABELD or 'ABSENT'}, "
             f"bird {PEER_BIRD or 'ABSENT'}, frr {PEER_FRR or 'ABSENT'}"]
    if lacking:
        lines.append("SKIPPING ALL: no laboratory without "
                     + ", ".join(lacking))
    return lines


def pytest_collection_modifyitems(config, items):
    lacking = laboratory.shortfalls()
    for item in items:
        reasons = []
        if lacking and {"lab", "twins"} & set(
                getattr(item, "fixturenames", ())):
            reasons.append("no laboratory without " + ", ".join(lacking))
        if item.get_closest_marker("peer_babeld") and not PEER_BABELD:
            reasons.append("babeld is not installed")
        if item.get_closest_marker("peer_bird") and not PEER_BIRD:
            reasons.append("bird is not installed")
        if item.get_closest_marker("peer_frr") and not PEER_FRR:
            reasons.append("frr is not installed")
        if reasons:
            item.add_marker(pytest.mark.skip(reason="; ".join(reasons)))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the ends of the daemons' logs under a test that failed."""
    outcome = yield
    report = outcome.get_result()
    lab = getattr(item, "funcargs", {}).get("lab")
    if report.when == "call" and report.failed and lab is not None:
        for name in sorted(os.listdir(lab.directory)):
            if not name.endswith(".log"):
                continue
            with open(lab.path(name), errors="replace") as stream:
                report.sections.append((name, stream.read()[-3000:]))


def pytest_terminal_summary(terminalreporter):
    if not FIGURES:
        return
    terminalreporter.section("measured")
    for scenario, event, figure in FIGURES:
        terminalreporter.write_line(f"{scenario:<44} {event:<38} {figure}")


@pytest.fixture
def lab():
    with laboratory.Lab() as made:
        yield made


@pytest.fixture(scope="module")
def twins():
    """Two machines alike."""
    with laboratory.Lab() as made:
        yield Twins(made)


@pytest.fixture
def make_bench(lab):
    """make_bench(...) builds a Bench; all are checked at the end."""
    made = []

    def make(*arguments, **options):
        made.append(Bench(lab, *arguments, **options))
        return made[-1]

    try:
        yield make
        for bench in made:
            bench.finish()
    finally:
        for bench in made:
            bench.close()


@pytest.fixture
def bench(make_bench):
    """The daemon between east and west, running."""
    return make_bench().start()


@pytest.fixture
def figure(request):
    """figure(event, value) puts a line into the closing table."""
    def note(event, value, unit="s"):
        FIGURES.append((request.node.name, event, f"{value:8.2f} {unit}"))
    return note


@pytest.fixture(scope="session", autouse=True)
def the_daemon_exists():
    if not os.path.exists(OURS):
        pytest.exit(f"{OURS} is missing: build it first", returncode=2)
