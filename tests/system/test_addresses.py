"""Link-local addresses that the daemon gives to links without one, and the
router-id of a machine without an address that is unique in the world: they
stay what they were, and go when nothing asks for them."""

import pytest

from daemons import OURS, Babeld
from lab import wait_for

AUTO = "interface {} link-local auto"


class Tunnel:
    """The end of a link that the kernel gives no address to."""

    def __init__(self, lab):
        self.router, far = lab.router("near"), lab.router("far")
        link = lab.link(self.router, far)
        lab.build()
        self.name = link.end(self.router).interface
        self.router.ip("link", "set", self.name, "down")
        self.router.ip("link", "set", self.name, "addrgenmode", "none")
        self.router.ip("link", "set", self.name, "up")
        self.daemon = Babeld(self.router, OURS, interfaces=[],
                             config=[AUTO.format(self.name)])

    def addresses(self):
        return [line.split()[1] for line in self.router.ip(
            "-6", "addr", "show", "dev", self.name, "scope",
            "link").splitlines() if "inet6" in line]

    def runs(self):
        found = self.daemon.dump().find("interface", up="true")
        return found and found[0]["ipv6"] + "/64" in self.addresses()

    def start(self):
        self.daemon.start()
        wait_for(self.runs, 10, "the interface runs")
        return self.addresses()

    def reload(self, config):
        self.daemon.config = config
        with open(self.daemon.base + ".conf", "w") as stream:
            stream.write("".join(line + "\n" for line in config))
        with self.daemon.control() as control:
            assert control.request("reload")[-1] == "ok"

    def is_bare(self):
        return self.addresses() == []


@pytest.fixture
def tunnel(lab):
    return Tunnel(lab)


def test_a_crash_changes_no_address(tunnel):
    given = tunnel.start()
    assert len(given) == 1
    identity = tunnel.daemon.router_id()
    tunnel.daemon.kill()
    assert tunnel.addresses() == given
    assert tunnel.start() == given
    assert tunnel.daemon.router_id() == identity
    assert tunnel.daemon.terminate() == 0
    assert tunnel.is_bare()
    assert tunnel.start() == given
    assert tunnel.daemon.router_id() == identity


@pytest.mark.parametrize("config", [
    ["interface {}"], ["interface other*"],
    ["interface {} link-local auto", "router-id 02:11:22:33:44:55:66:77"]])
def test_what_a_crash_left_goes(tunnel, config):
    """Where nothing asks for it any more, or another is asked for."""
    given = tunnel.start()
    tunnel.daemon.kill()
    assert tunnel.addresses() == given
    tunnel.daemon.config = [line.format(tunnel.name) for line in config]
    tunnel.daemon.start()
    if "auto" in config[0]:
        wait_for(tunnel.runs, 10, "the interface runs")
        assert tunnel.daemon.terminate() == 0
    wait_for(tunnel.is_bare, 10, "the address goes")


def test_a_flush_takes_it_back(tunnel):
    tunnel.start()
    with tunnel.daemon.control() as control:
        control.request("flush interface " + tunnel.name)
    wait_for(tunnel.is_bare, 10, "the address goes")


@pytest.mark.parametrize("config", [
    ["interface {}"], ["interface other*"],
    ["interface {} link-local none"]])
def test_a_reload_takes_it_back(tunnel, config):
    given = tunnel.start()
    tunnel.reload([line.format(tunnel.name) for line in config])
    wait_for(tunnel.is_bare, 10, "the address goes")
    tunnel.reload([AUTO.format(tunnel.name)])
    wait_for(tunnel.runs, 10, "the interface runs again")
    assert tunnel.addresses() == given


def test_a_new_name_may_not_ask_for_it(tunnel):
    def rename(name):
        tunnel.router.ip("link", "set", tunnel.name, "name", name)
        tunnel.name = name
    rename("wg-a")
    tunnel.daemon.config = [AUTO.format("wg-*")]
    given = tunnel.start()
    rename("wg-b")
    wait_for(tunnel.runs, 10, "the interface runs again")
    assert tunnel.addresses() == given
    rename("vpn")
    wait_for(tunnel.is_bare, 10, "the address goes")


def test_what_others_gave_stays(tunnel):
    """The very address that we would give, and another on a link that we
    gave one to."""
    given = tunnel.start()
    assert tunnel.daemon.terminate() == 0
    tunnel.router.ip("addr", "add", given[0], "dev", tunnel.name)
    assert tunnel.start() == given
    tunnel.daemon.kill()
    tunnel.daemon.config = ["interface other*"]
    tunnel.daemon.start()
    assert tunnel.daemon.router_id()
    assert tunnel.daemon.terminate() == 0
    assert tunnel.addresses() == given


def test_another_instance_keeps_its_own(tunnel):
    given = tunnel.start()
    other = Babeld(tunnel.router, OURS, interfaces=[],
                   config=["interface other*", "protocol-port 7000"])
    other.base += "2"
    other.socket_path += "2"
    other.state_path += "2"
    other.start()
    assert other.router_id()
    assert other.terminate() == 0
    assert tunnel.addresses() == given
    assert tunnel.runs()
