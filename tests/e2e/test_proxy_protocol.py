# SPDX-License-Identifier: Apache-2.0
"""The PROXY protocol: headers of load balancers before Weir, and those that Weir sends to a server."""

import socket
import struct
import threading

import pytest

import console
import processes
import proxy_protocol
import wire
from processes import wait_until
from proxy_protocol import LOCAL_V1, LOCAL_V2, v1, v2

ER_ACCESS_DENIED = 1045
ER_HOST_NOT_PRIVILEGED = 1130
SOMEBODY = ("192.0.2.7", 4242)
ELSEWHERE = ("198.51.100.1", 9)
SIX = ("2001:db8::7", 4243)


def host_of(one):
    return console.mariadb(one, "SELECT host FROM clients", "-N").strip()


@pytest.mark.parametrize("pieces", [1, 2, 1000])
@pytest.mark.parametrize("header,host", [
    (v1(), "192.0.2.7:4242"), (v1(SIX, ("::1", 1)), "[2001:db8::7]:4243"),
    (v2(), "192.0.2.7:4242"), (v2(SIX, ("::1", 1)), "[2001:db8::7]:4243"),
    (v2(more=b"\x04\x00\x10" + bytes(16)), "192.0.2.7:4242"),
    (v1(("::ffff:192.0.2.9", 1), ("::1", 1)), "192.0.2.9:1")], ids=str)
def test_a_client_is_who_the_header_says(module_proxied, header, host, pieces):
    one = module_proxied
    with proxy_protocol.connect(one.address, header, pieces) as c:
        assert host_of(one) == host
        assert c.query("SELECT 1") == [[b"1"]]
        c.quit()
    with pytest.raises(wire.ServerError) as error:
        proxy_protocol.connect(one.address, header, pieces, password="wrong")
    assert error.value.code == ER_ACCESS_DENIED
    assert f"'app'@'{host.rsplit(':', 1)[0].strip('[]')}'" in error.value.text
    wait_until(lambda: host_of(one) == "", 20, "the end of the clients")


@pytest.fixture(scope="module")
def module_proxied(module_weir):
    return module_weir(proxy_protocol_networks="10.0.0.0/8, 127.0.0.0/8")


@pytest.mark.parametrize("header", [b"", LOCAL_V1, LOCAL_V2], ids=str)
def test_who_speaks_for_itself(module_proxied, header):
    one = module_proxied
    with proxy_protocol.connect(one.address, header) as c:
        mine = c.socket.getsockname()
        assert host_of(one) == f"{mine[0]}:{mine[1]}"
        c.quit()
    wait_until(lambda: host_of(one) == "", 20, "the end of the client")


def header_v2(command, family, body, size=None):
    return (proxy_protocol.SIGNATURE + bytes([command, family])
            + struct.pack(">H", len(body) if size is None else size) + body)


ENDS = socket.inet_aton("192.0.2.7") + socket.inet_aton("192.0.2.1") + struct.pack(">HH", 4242, 3306)
PATHS = b"/run/app.sock".ljust(108, b"\0") + b"/run/db.sock".ljust(108, b"\0")


ODD = {
    # What follows the addresses is skipped by the header's own length, whatever it says of itself.
    "tlvs": (header_v2(0x21, 0x11, ENDS + b"\x02\0\x0bexample.com\x04\0\0"), "192.0.2.7:4242"),
    "tlv_cut_in_its_length": (header_v2(0x21, 0x11, ENDS + b"\x02\0"), "192.0.2.7:4242"),
    "tlv_longer_than_all": (header_v2(0x21, 0x11, ENDS + b"\x02\xff\xffx"), "192.0.2.7:4242"),
    "tlv_of_tls": (header_v2(0x21, 0x11, ENDS + b"\x20\0\x05\x01\0\0\0\0"), "192.0.2.7:4242"),
    "local_with_addresses": (header_v2(0x20, 0x11, ENDS), None),
    "local_with_noise": (header_v2(0x20, 0xff, bytes(range(200))), None),
    "unspecified": (header_v2(0x21, 0x00, b"whatever"), None),
    "unknown_with_addresses": (b"PROXY UNKNOWN 192.0.2.7 192.0.2.1 1 2\r\n", None),
    "unknown_with_noise": (b"PROXY UNKNOWN \xff\xfe" + b"x" * 80 + b"\r\n", None),
    "unix": (header_v2(0x21, 0x31, PATHS), "localhost"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_headers(module_proxied, name):
    """None: the load balancer speaks for itself."""
    one, (header, host) = module_proxied, ODD[name]
    for pieces in (1, 7):
        with proxy_protocol.connect(one.address, header, pieces) as c:
            mine = c.socket.getsockname()
            assert host_of(one) == (host or f"{mine[0]}:{mine[1]}")
            assert c.query("SELECT 1") == [[b"1"]]
            c.quit()
        wait_until(lambda: host_of(one) == "", 20, "the end of the client")


WRONG = {
    "v2_of_no_version": header_v2(0x11, 0x11, ENDS), "v2_of_no_command": header_v2(0x22, 0x11, ENDS),
    "v2_datagrams": header_v2(0x21, 0x12, ENDS), "v2_cut_addresses": header_v2(0x21, 0x11, ENDS[:11]),
    "v2_six_in_four": header_v2(0x21, 0x21, ENDS), "v2_cut_paths": header_v2(0x21, 0x31, PATHS[:215]),
    "v2_of_64_kib": header_v2(0x21, 0x11, ENDS, 0xffff), "v1_without_end": b"PROXY TCP4 192.0.2.7 1 2" + b"3" * 90,
    "v1_only_newline": b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\n", "v1_six_in_four": b"PROXY TCP4 ::1 ::1 1 2\r\n",
    "v1_port_too_high": b"PROXY TCP4 192.0.2.7 192.0.2.1 65536 2\r\n",
    "v1_negative_port": b"PROXY TCP4 192.0.2.7 192.0.2.1 -1 2\r\n",
    "v1_two_spaces": b"PROXY TCP4  192.0.2.7 192.0.2.1 1 2\r\n", "v1_nul": b"PROXY TCP4 192.0.2.7\0 192.0.2.1 1 2\r\n",
    "v1_octal": b"PROXY TCP4 192.0.2.07 192.0.2.1 1 2\r\n", "v1_name": b"PROXY TCP4 localhost localhost 1 2\r\n",
    "v1_lower": b"PROXY tcp4 192.0.2.7 192.0.2.1 1 2\r\n", "v1_udp": b"PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n",
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_headers_end_the_connection(module_proxied, name):
    """And are never believed: nobody logs in behind one."""
    one = module_proxied
    with wire.Wire(one.address) as c:
        c.read_greeting()
        c.socket.sendall(WRONG[name])
        with pytest.raises((wire.Closed, wire.ServerError, OSError)):
            c.login()
    assert one.process.poll() is None
    wait_until(lambda: host_of(one) == "", 20, "the end of the client")


def test_a_header_in_the_middle_of_a_session_is_no_header(module_proxied):
    one = module_proxied
    with proxy_protocol.connect(one.address, v1()) as c:
        c.socket.sendall(v1(("198.51.100.1", 1)))
        with pytest.raises((wire.Closed, wire.ServerError, ConnectionError)):
            raise wire.ServerError(c.read_packet())
    wait_until(lambda: host_of(one) == "", 20, "the end of the client")


def test_tls_begins_behind_the_header(module_proxied):
    with proxy_protocol.connect(module_proxied.address, v2(), tls=wire.unverified_tls()) as c:
        assert host_of(module_proxied) == "192.0.2.7:4242"
        assert c.socket.version() == "TLSv1.3"
        c.quit()


@pytest.mark.parametrize("header", [
    b"PROXY TCP4 nowhere 1 2 3\r\n", b"PROXY " + b"x" * 200, proxy_protocol.SIGNATURE + b"\x31\x11\0\0",
    proxy_protocol.SIGNATURE + b"\x21\x11\xff\xff", v1() + v1()], ids=range(5))
def test_headers_that_are_none(module_proxied, header):
    """Two in a row are one too many."""
    with wire.Wire(module_proxied.address) as c:
        c.read_greeting()
        c.socket.sendall(header)
        c.socket.settimeout(20)
        with pytest.raises((wire.Closed, wire.ServerError)):
            raise wire.ServerError(c.read_packet())


def test_only_from_trusted_networks(server, weir):
    """With the words of a MariaDB server."""
    one = weir()
    for header in (v1(), v2(), LOCAL_V1, LOCAL_V2):
        replies = []
        for address in (server.address, one.address) if not wire.MYSQL else (one.address,):
            with wire.Wire(address) as c:
                c.read_greeting()
                c.socket.sendall(header)
                payload = c.read_packet()
                replies.append((payload, c.sequence))
        assert replies[0] == replies[-1]
        error = wire.ServerError(replies[0][0])
        assert (error.code, error.text) == (ER_HOST_NOT_PRIVILEGED,
                                            "Proxy header is not accepted from 127.0.0.1")
    counters = one.counters()
    assert (counters["Weir_proxy_headers"], counters["Weir_refused_proxy_headers"]) == (0, 4)
    one.configure(proxy_protocol_networks="localhost, 127.0.0.1/32")
    one.reload()
    with proxy_protocol.connect(one.address, v1()):
        assert host_of(one) == "192.0.2.7:4242"


@pytest.mark.untls("it says for each client whether it uses TLS")
def test_over_a_unix_socket(weir, tmp_path):
    """Which is no proof any more that nobody can listen."""
    path = str(tmp_path / "s.sock")
    one = weir(socket=path, proxy_protocol_networks="localhost", require_secure_transport="on")
    with wire.connect(path) as c:
        assert c.query("SELECT 1") == [[b"1"]]
    with pytest.raises(wire.ServerError) as error:
        proxy_protocol.connect(path, v1())
    assert error.value.code == 3159
    with proxy_protocol.connect(path, v1(), tls=wire.unverified_tls()):
        assert "192.0.2.7:4242" in host_of(one)


def test_rules_are_about_the_clients_address(weir):
    one = weir(proxy_protocol_networks="127.0.0.1", allow_networks="192.0.2.0/24")
    with proxy_protocol.connect(one.address, v1()) as c:
        assert c.query("SELECT 1") == [[b"1"]]
    for header in (v1(("198.51.100.1", 1)), b""):
        with pytest.raises(wire.ServerError) as error:
            proxy_protocol.connect(one.address, header)
        assert error.value.code == ER_HOST_NOT_PRIVILEGED
        assert error.value.text.startswith(
            f"Host '{'198.51.100.1' if header else '127.0.0.1'}' is not allowed to connect to this M")


def test_who_does_not_go_on_is_cut_off(weir):
    one = weir(proxy_protocol_networks="127.0.0.1", connect_timeout=1)
    with wire.Wire(one.address) as c:
        c.read_greeting()
        c.socket.sendall(v1()[:20])
        assert c.readable(20)
        with pytest.raises(wire.Closed):
            c.read_packet()


# -------- towards servers --------

class Listener:
    """Stands before the server, keeps the headers that links begin with, and passes the rest on."""

    def __init__(self, server):
        self.server = server
        self.sources = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                one, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one):
        data = one.recv(65536)
        if not data:
            return
        source, rest = proxy_protocol.read(data)
        self.sources.append(source)
        there = socket.create_connection(self.server.address)
        there.sendall(rest)
        for a, b in ((one, there), (there, one)):
            threading.Thread(target=self._pass, args=(a, b), daemon=True).start()

    @staticmethod
    def _pass(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.socket.close()


@pytest.fixture
def listener(server):
    one = Listener(server)
    yield one
    one.close()


@pytest.mark.unswitched("while one link is soiled, another is opened, and not for who gets it then")
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_link_says_whose_it_is(weir, listener, version):
    one = weir(server_port=listener.port, server_proxy_protocol=version,
               proxy_protocol_networks="127.0.0.1", pool_max_size=3)
    with proxy_protocol.connect(one.address, v2(SIX, ("::1", 1))) as a:
        a.query("BEGIN")
        with one.connect() as b:
            b.query("BEGIN")
            mine = b.socket.getsockname()
            assert SIX in listener.sources
            assert mine in listener.sources
    # What Weir does for itself is nobody's.
    assert set(listener.sources) <= {SIX, mine, None}


@pytest.fixture(scope="module")
def believing():
    """A MariaDB that believes PROXY headers, with an account that depends on them."""
    own = processes.new_server("--proxy-protocol-networks=127.0.0.1", name="proxied").start().prepare()
    try:
        with own.root() as root:
            root.query("CREATE USER app2@'192.0.2.%' IDENTIFIED BY 'secret'")
        yield own
    finally:
        own.destroy()


@pytest.mark.mariadb
def test_a_mariadb_server_believes_it(weir, believing):
    for source, allowed in ((SOMEBODY, True), (ELSEWHERE, False)):
        one = weir(of=believing, users={"app2": "secret"}, server_proxy_protocol="v2",
                   proxy_protocol_networks="127.0.0.1")
        if allowed:
            with proxy_protocol.connect(one.address, v1(source), user="app2") as c:
                assert c.query("SELECT CURRENT_USER(), USER()") == [[b"app2@192.0.2.%", b"app2@192.0.2.7"]]
            continue
        with pytest.raises(wire.ServerError) as error:
            with proxy_protocol.connect(one.address, v1(source), user="app2") as c:
                c.query("SELECT 1")
        assert error.value.code == ER_ACCESS_DENIED
        assert "'app2'@'198.51.100.1'" in error.value.text


@pytest.mark.mariadb
def test_a_password_that_is_right_of_one_host_is_right_of_no_other(weir, believing):
    """Guests: what the server has said of one client does not open the door to another, nor shut it."""
    one = weir(of=believing, users={}, server_proxy_protocol="v2", proxy_protocol_networks="127.0.0.1",
               failed_connections_threshold=0)

    def comes(source):
        return proxy_protocol.connect(one.address, v1(source), user="app2")

    for _ in range(3):
        with comes(SOMEBODY) as c:
            assert c.query("SELECT USER()") == [[b"app2@192.0.2.7"]]
            with pytest.raises(wire.ServerError) as error:
                comes(ELSEWHERE)
            assert error.value.code == ER_ACCESS_DENIED
            for _ in range(2):
                assert c.query("SELECT USER()") == [[b"app2@192.0.2.7"]]
