"""A web page cannot do anything by way of the TCP ports of the local socket:
a browser that is made to send a request there is not obeyed, however the
request is cut into pieces and whatever surrounds it.
"""

import http.client
import socket
import ssl
import time

import pytest

from control import Control
from lab import wait_for

PORTS = {"reads": 33123, "writes": 33124}
FLUSH = b"flush interface a\n"
# Pieces, each sent on its own.
VARIANTS = {
    "post": [b"POST / HTTP/1.1\r\nHost: [::1]:33124\r\n"
             b"Content-Type: text/plain\r\nContent-Length: 18\r\n\r\n" + FLUSH],
    "get": [b"GET /flush%20interface%20a HTTP/1.1\r\n\r\n" + FLUSH],
    "method alone": [b"GET\r\n" + FLUSH],
    "split segments": [b"PO", b"ST / HT", b"TP/1.1\r", b"\n\r\n", FLUSH],
    "octet by octet": [bytes([octet]) for octet in
                       b"POST / HTTP/1.1\r\n\r\n" + FLUSH],
    "host first": [b"Host: [::1]:33124\r\n\r\n", FLUSH],
    "lower case field": [b"origin:http://example.org\r\n", FLUSH],
    "method of its own": [b"dump / HTTP/1.1\r\n\r\n", FLUSH],
    "http/2": [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + FLUSH],
    "behind a request": [b"dump\r\nGET / HTTP/1.1\r\n\r\n" + FLUSH],
    "behind a change": [FLUSH + b"GET / HTTP/1.1\r\n\r\n"],
    "right behind a change": [FLUSH, b"GET / HTTP/1.1\r\n\r\n"],
    "behind a change, split": [FLUSH, b"G", b"ET", b" / HTTP/1.1\r\n\r\n"],
    "an answer": [b"HTTP/1.1 200 OK\r\n\r\n" + FLUSH],
    "tls": [b"\x16\x03\x01\x00\x12" + FLUSH],
    "stun": [b"\x00\x03\x00\x12\x21\x12\xa4\x42" + FLUSH],
}


@pytest.fixture
def bench(make_bench):
    return make_bench(config=[
        f"local-port {PORTS['reads']}",
        f"local-port-readwrite {PORTS['writes']}", "interface a"]).start()


def connect(bench, port):
    client = bench.daemon.router.socket(socket.AF_INET6, socket.SOCK_STREAM)
    client.settimeout(10)
    client.connect(("::1", port))
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def read_all(client):
    """Until the other side closes; a reset is an end, too."""
    said = b""
    while True:
        try:
            data = client.recv(65536)
        except ConnectionResetError:
            return said
        if not data:
            return said
        said += data


def send_pieces(client, pieces, pause):
    for piece in pieces:
        try:
            client.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            return
        # Only to make packets of their own of the pieces.
        time.sleep(pause)


def interfaces(bench):
    with bench.daemon.control() as control:
        return [record.id for record in control.dump("dump interface")]


def closed(bench):
    """How many connections were closed for what they sent."""
    with bench.daemon.control() as control:
        for line in control.request("stats"):
            if line.startswith("counter local-foreign "):
                return int(line.split()[-1])
    raise AssertionError("local-foreign is not counted")


@pytest.mark.parametrize("port", PORTS)
def test_variants_change_nothing(bench, port):
    before = interfaces(bench)
    assert "a" in before
    for number, (name, pieces) in enumerate(VARIANTS.items(), 1):
        pause = 0.005 if len(pieces) > 4 else 0.05
        with connect(bench, PORTS[port]) as client:
            send_pieces(client, pieces, pause)
            said = read_all(client)
            assert b"flush" not in said, name
        assert interfaces(bench) == before, name
        assert closed(bench) == number, name


def test_clients_of_http_and_tls(bench):
    """Real ones, as a browser is."""
    before = interfaces(bench)
    for method in ("GET", "POST", "PUT", "OPTIONS"):
        connection = http.client.HTTPConnection("::1", PORTS["writes"])
        connection.sock = connect(bench, PORTS["writes"])
        with pytest.raises((http.client.BadStatusLine, OSError)):
            connection.request(method, "/", body=FLUSH * 3)
            connection.getresponse()
        connection.close()
    context = ssl.create_default_context()
    with connect(bench, PORTS["writes"]) as client, \
            pytest.raises(OSError):
        context.wrap_socket(client, server_hostname="localhost")
    wait_for(lambda: closed(bench) == 5, 5, "all five are closed")
    assert interfaces(bench) == before


def test_who_means_us_is_obeyed(bench):
    """With and without an end, at once and piece by piece."""
    router, port = bench.daemon.router, PORTS["writes"]
    with Control(namespace=router, port=port) as control:
        for number in range(3):
            assert control.request(f"interface nope{number}")[-1] == "ok"
        control.send("flush interface")
        time.sleep(0.05)
        assert control.request(" nope0")[-1] == "ok"
    with connect(bench, port) as client:
        client.sendall(b"flush interface nope1\n")
        client.shutdown(socket.SHUT_WR)
        assert read_all(client).endswith(b"ok\n")
    assert not {"nope0", "nope1"} & set(interfaces(bench))
    assert "nope2" in interfaces(bench)
    assert closed(bench) == 0
