"""The package for OpenWrt: its init script and its plugin for rpcd, under
the shell and the awk that they will have."""

import glob
import json
import os
import shutil
import subprocess

import pytest

from daemons import Babeld, CHECKOUT, CTL, OURS
from lab import wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = os.path.join(CHECKOUT, "contrib", "openwrt", "files")
BUSYBOX = shutil.which("busybox")
CORPUS = os.path.join(os.environ.get("BABEL_CORPUS", os.path.join(
    CHECKOUT, "..", "shared", "corpus")), "uci")

pytestmark = pytest.mark.skipif(BUSYBOX is None, reason="no busybox")


def generated(uci, place, function="start_service", **environment):
    """What the init script prints, and the file that it writes."""
    with open(os.path.join(FILES, "babeld.init")) as stream:
        script = stream.read()
    for path, here in (("/var/etc/", f"{place}/"),
                       ("/lib/functions/network.sh", "/dev/null"),
                       ("/var/lib", str(place)),
                       ("=/etc/babeld.conf", f"={place}/etc.conf"),
                       ("/tmp/babel.d", f"{place}/babel.d")):
        assert path in script
        script = script.replace(path, here)
    done = subprocess.run(
        [BUSYBOX, "ash", "-c", f". {HERE}/openwrt.sh\n{script}\n{function}"],
        env={"PATH": os.environ["PATH"], "UCI": str(uci),
             "NETWORKS": "", **environment},
        capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done
    written = place / "babeld.conf"
    return done.stdout, written.read_text() if written.exists() else None


def check(place):
    done = subprocess.run(
        [OURS, "--check", "-c", str(place / "babeld.conf"), "lo"],
        capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done


EVERYTHING = """
package babeld

config general 'general'
	option local_server '33123'
	option 'ipv6_subtrees' "true"   # quoted in all ways
	list import_table 42
	list import_table 100
	option ubus_bindings 'true'
	option random_id 'true'

config interface
	option ignore '1'
	option ifname 'wan'

config interface mesh
	option ifname 'mesh'
	option rxcost 256
	option hello_interval '1'

config interface
	option ifname 'tun-later'
	option type 'tunnel'
	option max_rtt_penalty '96'

config interface
	option update_interval '30'

config filter
	option ignore true
	option type out

config filter
	option type 'redistribute'
	option local 'true'
	option ip '198.51.100.0/24'
	option action 'deny'

config filter
	option type 'in'
	option if 'mesh'
	option src_ip '2001:db8::/32'
	option src_le '64'
	option src_ge '32'
	option ip '2001:db8:1::/48'
	option eq '48'
	option neigh 'fe80::1'
	option id '02:00:00:00:00:00:00:01'
	option action 'metric 5'

config filter
	option type 'install'
	option ip '2001:db8:cafe::/48'
	option action 'table 200 pref-src 2001:db8:ba:be1::42'
"""

SAID = """local-port 33123
ipv6-subtrees true
import-table 42
import-table 100
random-id true
interface br-mesh
interface br-mesh rxcost 256
interface br-mesh hello-interval 1
interface tun-later
interface tun-later type tunnel
interface tun-later max-rtt-penalty 96
default update-interval 30
redistribute local ip 198.51.100.0/24 deny
in ip 2001:db8:1::/48 eq 48 src-ip 2001:db8::/32 src-le 64 src-ge 32 neigh \
fe80::1 id 02:00:00:00:00:00:00:01 if br-mesh metric 5
install ip 2001:db8:cafe::/48 table 200 pref-src 2001:db8:ba:be1::42
"""


def test_every_kind_of_option(tmp_path):
    uci = tmp_path / "uci"
    uci.write_text(EVERYTHING)
    command, written = generated(uci, tmp_path, NETWORKS="mesh=br-mesh")
    assert written == SAID
    check(tmp_path)
    assert command.split() == [
        "'/usr/sbin/babeld'", "'-I'", "''", "'-G'", "'/var/run/babeld.sock'",
        "'-c'", f"'{tmp_path}/babeld.conf'"]


def test_files_that_are_read_before(tmp_path):
    """Those that are there; their places can be named."""
    (tmp_path / "babel.d").mkdir()
    (tmp_path / "other").mkdir()
    for name in ("etc.conf", "babel.d/a.conf", "babel.d/b.conf",
                 "babel.d/not", "other/c.conf"):
        (tmp_path / name).touch()
    uci = tmp_path / "uci"
    for text, names in (
            ("config general\n", ("etc", "babel.d/a", "babel.d/b", "babeld")),
            (f"config general\n\toption conf_dir '{tmp_path}/other/'\n"
             "\toption conf_file '/nowhere'\n", ("other/c", "babeld"))):
        uci.write_text(text)
        command, written = generated(uci, tmp_path)
        assert written == ""
        assert command.split("'-c'")[1:] == [
            f" '{tmp_path}/{name}.conf'" + ("\n" if name == "babeld" else " ")
            for name in names]


def test_changes_are_followed(tmp_path):
    said, _ = generated("/dev/null", tmp_path, "service_triggers")
    assert said == "reload on babeld\n" \
        "event interface.*: /etc/init.d/babeld reload\n"


@pytest.mark.parametrize("path", [
    os.path.join(FILES, "babeld.config"),
    *sorted(glob.glob(os.path.join(CORPUS, "*.uci")))],
    ids=os.path.basename)
def test_files_of_the_field(tmp_path, path):
    """What communities run becomes what the daemon accepts."""
    _, written = generated(path, tmp_path, NETWORKS="lan=br-lan wan=eth0")
    check(tmp_path)
    with open(path) as stream:
        text = stream.read()
    if "ignore" not in text:
        assert written.count("\n") >= text.count("\tconfig ")


# rpcd.

class Plugin:
    """The plugin, called as rpcd calls it."""

    def __init__(self, lab, socket):
        self.tools = lab.path("busybox")
        os.mkdir(self.tools)
        for applet in ("awk", "uname", "sh"):
            os.symlink(BUSYBOX, os.path.join(self.tools, applet))
        os.symlink(CTL, os.path.join(self.tools, "babelctl"))
        self.socket = socket

    def run(self, *arguments, text=""):
        return subprocess.run(
            [BUSYBOX, "ash", os.path.join(FILES, "babeld.rpcd"), *arguments],
            input=text, capture_output=True, text=True, check=False,
            env={"PATH": self.tools, "BABELD_SOCKET": self.socket})

    def call(self, method, **arguments):
        done = self.run("call", method, text=json.dumps(arguments) + "\n")
        assert (done.returncode, done.stderr) == (0, ""), done
        return json.loads(done.stdout) if done.stdout else None


METHODS = {"get_info", "get_neighbours", "get_routes", "get_xroutes",
           "add_interface", "add_filter"}


def test_calls_of_ubus(lab):
    one, two = lab.router("one"), lab.router("two")
    lab.link(one, two)
    lab.build()
    dut = Babeld(one, OURS).start()
    Babeld(two, OURS).start()
    plugin = Plugin(lab, dut.socket_path)
    assert set(json.loads(plugin.run("list").stdout)) == METHODS

    def routes():
        found = plugin.call("get_routes")
        return found if found["IPv4"] and found["IPv6"] else None
    wait_for(lambda: os.path.exists(dut.socket_path), 10, "the socket")
    found = wait_for(routes, 20, "routes to the other router")
    [route] = [entry for entry in found["IPv4"]
               if entry["address"] == two.address4 + "/32"]
    assert {name: type(value) for name, value in route.items()} == {
        "address": str, "src_prefix": str, "route_metric": int,
        "route_smoothed_metric": int, "refmetric": int, "id": str,
        "seqno": int, "age": int, "via": str, "nexthop": str,
        "installed": bool, "feasible": bool}
    assert route["src_prefix"] == "0.0.0.0/0" and route["feasible"]
    peer = two.link_local("two-one")
    assert route["via"] == peer and route["route_metric"] == 96
    [route] = [entry for entry in found["IPv6"]
               if entry["address"] == two.address6 + "/128"]
    assert route["src_prefix"] == "::/0" and "nexthop" not in route

    assert {"address": one.address6 + "/128", "src_prefix": "::/0",
            "metric": 0} in plugin.call("get_xroutes")["IPv6"]
    neighbours = plugin.call("get_neighbours")
    assert neighbours["IPv4"] == []
    [neighbour] = neighbours["IPv6"]
    reach = neighbour.pop("hello_reach")
    assert reach & 0x8000 and reach <= 0xffff
    assert neighbour == {
        "address": peer, "dev": "one-two", "uhello_reach": 0, "rxcost": 96,
        "txcost": 96, "rtt": "0.000", "if_up": True}
    info = plugin.call("get_info")
    assert info == {"babeld_version": info["babeld_version"],
                    "my_id": dut.router_id(), "host": os.uname().nodename}

    plugin.call("add_interface", ifname="one-more")
    with dut.control() as control:
        assert any(" one-more " in line
                   for line in control.request("dump interface"))
    plugin.call("add_filter", ifname="one-two", type="input", metric=128)
    wait_for(lambda: {224} == {
        entry["route_metric"] for entry in plugin.call("get_routes")["IPv4"]},
        10, "the filter counts")


def test_calls_that_cannot_be_answered(lab):
    plugin = Plugin(lab, lab.path("nothing"))
    assert plugin.run("call", "reboot", text="{}\n").returncode != 0
    done = plugin.run("call", "add_interface", text='{"ifname":"x"}\n')
    assert done.returncode != 0
