"""What Prometheus is given, and the examples for it: promtool agrees, and
alerts and dashboard use only metrics that exist.
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import urllib.parse

import pytest

from control import Control
from daemons import CHECKOUT, CTL
from lab import Unmet, wait_for
import packet as p

EXAMPLES = os.path.join(CHECKOUT, "contrib/prometheus")
METRIC = re.compile(r"\b(?:babel|process)_[a-z_0-9]+")

pytestmark = pytest.mark.skipif(shutil.which("promtool") is None,
                                reason="promtool is not installed")


def promtool(*arguments, text=None):
    done = subprocess.run(["promtool", *arguments], input=text, text=True,
                          capture_output=True, check=False, timeout=60,
                          cwd=EXAMPLES)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def read(name):
    with open(os.path.join(EXAMPLES, name)) as stream:
        return stream.read()


@pytest.fixture
def metrics(make_bench):
    """The lines of a router with a neighbour, default routes and a key."""
    bench = make_bench().start()
    bench.east.announce(p.update("::/0", 96), p.update("0.0.0.0/0", 96),
                        p.update("2001:db8::/32", 96))
    bench.await_route("2001:db8::/32")

    def asked():
        with Control(bench.daemon.socket_path) as control:
            *lines, last = control.request("metrics")
        assert last == "ok"
        text = "\n".join(lines) + "\n"
        return text if 'default_route_metric{family="ipv6"}' in text \
            else None
    return wait_for(asked, 10, "the metrics of a default route")


def test_promtool_likes_the_metrics(metrics):
    assert promtool("check", "metrics", text=metrics) == ""
    for wanted in ('babel_routes{family="ipv6"} ',
                   'babel_packets_dropped_total{reason="mac-wrong"} 0',
                   'babel_updates_ignored_total{reason="unfeasible"} ',
                   "process_resident_memory_bytes ",
                   "process_start_time_seconds ",
                   'babel_default_route_metric{family="ipv6"} ',
                   "babel_received_bytes_total "):
        assert f"\n{wanted}" in metrics, wanted
    assert re.search(r'^babel_neighbour_reachable\{interface="\S+",'
                     r'address="fe80::\S+"\} 1$', metrics, re.MULTILINE)
    assert " 65535\n" not in metrics


def test_the_rules_are_right():
    assert "SUCCESS" in promtool("check", "rules", "babeld.rules.yml")
    assert "SUCCESS" in promtool("test", "rules", "babeld.rules.test.yml")


def test_the_examples_use_what_exists(metrics):
    families = set(re.findall(r"^# TYPE (\S+)", metrics, re.MULTILINE))
    dashboard = json.loads(read("babeld.json"))
    queries = [target["expr"] for panel in dashboard["panels"]
               for target in panel["targets"]]
    assert len(queries) > 10
    queries += re.findall(r"expr: (?:>-\s+)?(.*?)\n        (?:for|labels):",
                          read("babeld.rules.yml"), re.DOTALL)
    for query in queries:
        used = set(METRIC.findall(re.sub(r'"[^"]*"', "", query)))
        assert used <= families | {"babel_info"}, (query, used - families)
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(places)


SERVER = 9090
SCRAPED = 9769  # as contrib/systemd/babeld-metrics.socket
CONFIGURATION = f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{EXAMPLES}/babeld.rules.yml"]
scrape_configs:
- job_name: babel
  static_configs: [{{targets: ["127.0.0.1:{SCRAPED}"]}}]
"""


def asked_of_prometheus(router, path, **parameters):
    """What its interface answers, or why not yet."""
    try:
        client = router.socket(socket.AF_INET, socket.SOCK_STREAM)
        client.settimeout(10)
        client.connect(("127.0.0.1", SERVER))
        connection = http.client.HTTPConnection("127.0.0.1", SERVER)
        connection.sock = client
        with contextlib.closing(connection):
            connection.request("GET", "/api/v1/" + path + "?"
                               + urllib.parse.urlencode(parameters))
            answer = connection.getresponse()
            text = answer.read()
    except OSError as error:
        return Unmet(error)
    return json.loads(text)["data"] if answer.status == 200 else Unmet(text)


@pytest.mark.skipif(shutil.which("prometheus") is None,
                    reason="prometheus is not installed")
@pytest.mark.skipif(shutil.which("systemd-socket-activate") is None,
                    reason="systemd-socket-activate is not installed")
def test_prometheus_scrapes(bench, tmp_path):
    """By way of a socket that starts babelctl for each request."""
    router = bench.daemon.router
    bench.east.announce(p.update("2001:db8::/32", 96))
    bench.await_route("2001:db8::/32")
    (tmp_path / "prometheus.yml").write_text(CONFIGURATION)

    def seen(query, wanted):
        data = asked_of_prometheus(router, "query", query=query)
        values = data and [sample["value"][1] for sample in data["result"]]
        return values == wanted or Unmet(values)

    def judged():
        """Has each rule been evaluated, and without an error?"""
        data = asked_of_prometheus(router, "rules")
        rules = data and [rule["health"] for group in data["groups"]
                          for rule in group["rules"]]
        return rules and (set(rules) == {"ok"} or Unmet(rules))

    with contextlib.ExitStack() as stack, \
            open(tmp_path / "log", "w") as log:
        for argv in (
                ["systemd-socket-activate", "--accept", "--inetd", "-l",
                 f"127.0.0.1:{SCRAPED}", CTL, "-s", bench.daemon.socket_path,
                 "metrics", "--http"],
                ["prometheus", f"--config.file={tmp_path}/prometheus.yml",
                 f"--storage.tsdb.path={tmp_path}/data",
                 f"--web.listen-address=127.0.0.1:{SERVER}"]):
            process = stack.enter_context(router.spawn(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
            stack.callback(process.kill)
        wait_for(lambda: seen('up{job="babel"}', ["1"]), 60, "up 1", every=0.2)
        wait_for(lambda: seen("babel_neighbour_reachable", ["1"]), 60,
                 "the neighbour", every=0.2)
        wait_for(judged, 60, "the rules", every=0.2)
