# SPDX-License-Identifier: Apache-2.0
"""TLS on both sides of Weir: who gets it, who must have it, whose certificate is believed."""

import shutil
import signal
import socket
import ssl
import struct
import subprocess
import time

import pytest

import certificates
import processes
import wire
from processes import wait_until

SIZES = (1, 16383, 16384, 70000, 3000000)
ER_ACCESS_DENIED = 1045
ER_SECURE_TRANSPORT_REQUIRED = 3159
CR_SSL_CONNECTION_ERROR = 2026

pytestmark = pytest.mark.untls("it says for each client and server whether it uses TLS")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return certificates.Authority(str(tmp_path_factory.mktemp("others")), "stranger")


def work(connection):
    for size in SIZES:
        assert connection.query(f"SELECT REPEAT('x', {size})") == [[b"x" * size]]
        assert connection.value("SELECT LENGTH('" + "y" * size + "')") == str(size)


def links_tls(connection):
    """Version of TLS on the link, '' without."""
    return connection.query("SHOW SESSION STATUS LIKE 'Ssl_version'")[0][1]


@pytest.mark.parametrize("mode", ["disabled", "preferred", "required", "verify_ca", "verify_identity"])
@pytest.mark.parametrize("client", ["plain", "tls"])
def test_both_sides_choose_on_their_own(weir, tls_server, authority, mode, client):
    certificate, key = authority.sign("weir-" + mode + client)
    one = weir(of=tls_server, server_ssl_mode=mode, server_ssl_ca=authority.certificate,
              server_host="localhost", ssl_cert=certificate, ssl_key=key)
    context = authority.trusting() if client == "tls" else None
    with one.connect(tls=context, host="localhost", timeout=60) as c:
        work(c)
        assert (links_tls(c) == b"") == (mode == "disabled")
        if client == "tls":
            assert c.socket.version() == "TLSv1.3"
        c.quit()
    wait_until(lambda: one.counters()["Threads_connected"] == 0, 10, "the client's end")
    counters = one.counters()
    assert counters["Ssl_finished_accepts"] == (client == "tls")
    assert (counters["Ssl_finished_connects"] > 0) == (mode != "disabled")


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_versions_and_resumption(weir, tls_server, version):
    one = weir(of=tls_server, tls_version=version)
    context = wire.unverified_tls()
    first = one.connect(tls=context)
    assert first.socket.version() == version
    assert links_tls(first) == version.encode()
    session = first.socket.session
    second = wire.Wire(one.address)
    second.read_greeting()
    request = struct.pack("<IIB19sI", wire.BASIC & 0xffffffff | wire.SSL, 1 << 30, 45, b"", 0)
    second.send_bytes(wire.frames(request, 1))
    second.socket = context.wrap_socket(second.socket, session=session)
    second.is_secure = True
    second.send(second.login_packet("app", "secret", capabilities=wire.BASIC | wire.SSL), 2)
    second.finish_login("secret")
    assert second.socket.session_reused
    wait_until(lambda: one.counters()["Ssl_session_cache_hits"] == 1, 10, "the count of it")
    assert second.query("SELECT 1") == [[b"1"]]


def test_a_made_certificate_suffices_to_keep_listeners_out(weir, server):
    with weir(of=server).connect(tls=wire.unverified_tls()) as c:
        work(c)


def test_switched_off(weir, server):
    one = weir(of=server, ssl="off")
    w = wire.Wire(one.address)
    assert not w.read_greeting().capabilities & wire.SSL
    w.login()
    w.close()


def test_insecure_clients_are_refused(weir, server):
    one = weir(of=server, require_secure_transport="on", socket="weir.sock")
    with pytest.raises(wire.ServerError) as refused:
        one.connect()
    assert refused.value.code == ER_SECURE_TRANSPORT_REQUIRED
    with one.connect(tls=wire.unverified_tls()) as c:
        assert c.query("SELECT 1") == [[b"1"]]
    with wire.connect(one.directory + "/weir.sock") as c:
        assert c.query("SELECT 1") == [[b"1"]]


def test_a_user_may_have_to_use_tls(weir, server):
    one = weir(of=server, start=False)
    with open(one.config, "a", encoding="utf-8") as out:
        out.write("require_secure_transport = on\n")  # of the last section: [user app]
    one.start()
    with pytest.raises(wire.ServerError) as refused:
        one.connect()
    assert refused.value.code == ER_ACCESS_DENIED
    with one.connect(tls=wire.unverified_tls()) as c:
        assert c.query("SELECT 1") == [[b"1"]]


@pytest.mark.parametrize("mode,host", [("verify_ca", "localhost"), ("verify_identity", "localhost")])
def test_a_stranger_is_not_believed(weir, tls_server, stranger, mode, host):
    one = weir(of=tls_server, server_ssl_mode=mode, server_ssl_ca=stranger.certificate,
              server_host=host)
    with pytest.raises(wire.ServerError) as refused:
        with one.connect() as c:
            c.query("SELECT 1")
    assert refused.value.code == CR_SSL_CONNECTION_ERROR
    assert "certificate" in str(refused.value)


def test_another_name_is_not_believed(weir, server, authority):
    del server
    certificate, key = authority.sign("other-name", "db.example", "DNS:db.example")
    other = processes.new_server(f"--ssl-ca={authority.certificate}", f"--ssl-cert={certificate}",
                                 f"--ssl-key={key}", name="other-name")
    try:
        other.start().prepare()
        for mode, believed in (("verify_ca", True), ("verify_identity", False)):
            one = weir(of=other, server_ssl_mode=mode, server_ssl_ca=authority.certificate)
            if believed:
                with one.connect() as c:
                    assert c.query("SELECT 1") == [[b"1"]]
                continue
            with pytest.raises(wire.ServerError) as refused:
                with one.connect() as c:
                    c.query("SELECT 1")
            assert refused.value.code == CR_SSL_CONNECTION_ERROR
    finally:
        other.destroy()


@pytest.mark.mariadb  # MySQL always has TLS
def test_a_server_without_tls_is_refused_when_it_is_required(weir, server):
    one = weir(of=server, server_ssl_mode="required")
    with pytest.raises(wire.ServerError) as refused:
        with one.connect() as c:
            c.query("SELECT 1")
    assert refused.value.code == CR_SSL_CONNECTION_ERROR
    assert "ssl_mode" in str(refused.value)


@pytest.mark.parametrize("change", [("[server main]", "[server renamed]"),
                                    ("[server main]", "[server main]\nsocket = /nowhere.sock")])
def test_what_a_reload_cannot_change_yet_keeps_its_tls(weir, tls_server, authority, change):
    """A server whose section is gone, or has a socket now, is used as before until the next start."""
    one = weir(of=tls_server, server_ssl_mode="verify_identity", server_ssl_ca=authority.certificate,
               server_host="localhost")
    with one.connect() as c:
        assert links_tls(c).startswith(b"TLS")
        with open(one.config, encoding="utf-8") as file:
            text = file.read()
        with open(one.config, "w", encoding="utf-8") as file:
            file.write(text.replace(*change))
        one.send_signal(signal.SIGHUP)
        one.wait_log("restart")
        tls_server.kill_connections()
        if not processes.switching():  # else they rest in the pool, where nobody looks at them
            wait_until(lambda: not one.links(), 10, "the end of its links")
    with one.connect() as c:
        assert links_tls(c).startswith(b"TLS")


def test_certificates_of_clients(weir, server, authority, stranger):
    """None is fine, one of the authority is fine, one of another is not."""
    certificate, key = authority.sign("weir-asks")
    one = weir(of=server, ssl_cert=certificate, ssl_key=key, ssl_ca=authority.certificate)
    for context in (authority.trusting(), authority.trusting(*authority.sign("client"))):
        with one.connect(tls=context, host="localhost") as c:
            assert c.query("SELECT 1") == [[b"1"]]
    with pytest.raises((ssl.SSLError, wire.Closed, ConnectionError)):
        one.connect(tls=authority.trusting(*stranger.sign("client")), host="localhost")
    wait_until(lambda: one.counters()["Weir_tls_failures"] == 1, 10, "the failure's count")


def test_what_accounts_require_is_asked_of_the_client(tls_server, weir, authority):
    """The server looks at Weir's connection, which has TLS and a certificate of the right name: a guest
    must have as much, or is refused."""
    certificate, key = authority.sign("weir-itself", "weir-itself")
    wants = {"r_ssl": "SSL", "r_x509": "X509", "r_subject": "SUBJECT '/CN=weir-itself'",
             "r_issuer": f"ISSUER '/CN={authority.name}'", "r_none": "NONE"}
    with tls_server.root() as root:
        for name, clause in wants.items():
            root.query(f"DROP USER IF EXISTS {name}@'%'")
            root.query(f"CREATE USER {name}@'%' IDENTIFIED BY 'secret' REQUIRE {clause}")
    one = weir(of=tls_server, users={}, unknown_users="serve", server_host="localhost", ssl_cert=certificate,
               ssl_key=key, ssl_ca=authority.certificate, server_ssl_mode="required", server_ssl_cert=certificate,
               server_ssl_key=key)

    def met(name, tls):
        try:
            with wire.connect(one.address, name, "secret", tls=tls, host="localhost") as c:
                return c.value("SELECT CURRENT_USER()")
        except wire.ServerError as error:
            return error.code
    certified = authority.trusting(*authority.sign("client"))
    uncertified = authority.trusting()
    for _ in range(2):  # the server is asked, and then its answer is known
        for name, needs in (("r_none", None), ("r_ssl", uncertified), ("r_x509", certified)):
            ways = (None, uncertified, certified) if not wire.MYSQL else (uncertified, certified)
            for way in ways:
                enough = needs is None or way is certified or way is needs
                assert met(name, way) == (f"{name}@%" if enough else 1045), (name, way)
        for name in ("r_subject", "r_issuer"):
            assert met(name, certified) == 1045
    assert "REQUIRE SUBJECT, ISSUER or CIPHER, which Weir does not compare" in one.log()


def test_new_certificates_disturb_nobody(weir, server, authority):
    certificate, key = authority.sign("first", "first")
    one = weir(of=server, ssl_cert=certificate, ssl_key=key)
    old = one.connect(tls=authority.trusting(), host="localhost")
    again = authority.sign("second", "second")
    shutil.copy(again[0], certificate)
    shutil.copy(again[1], key)
    one.reload()
    fresh = one.connect(tls=authority.trusting(), host="localhost")
    names = [dict(part[0] for part in c.socket.getpeercert()["subject"])["commonName"]
             for c in (old, fresh)]
    assert names == ["first", "second"]
    for c in (old, fresh):
        assert c.query("SELECT 1") == [[b"1"]]
    with open(certificate, "w", encoding="ascii") as broken:
        broken.write("no certificate")
    after = len(one.log())
    one.send_signal(signal.SIGHUP)
    one.wait_log("the old one stays in force", after=after)
    assert f"ssl_cert '{certificate}'" in one.log()[after:]
    with one.connect(tls=authority.trusting(), host="localhost") as c:
        assert c.query("SELECT 1") == [[b"1"]]


def test_a_wrong_file_is_named_at_the_start(weir, server):
    one = weir(of=server, ssl_cert="/nowhere/weir.pem", start=False)
    done = subprocess.run([processes.binary(), "--config", one.config], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=30, check=False)
    assert done.returncode != 0
    assert b"[weir]: ssl_cert '/nowhere/weir.pem'" in done.stdout


def begin_by_hand(one):
    """A connection whose SSLRequest and first bytes of TLS are still to be sent: (socket, both, the
    TLS machine)."""
    w = wire.Wire(one.address)
    w.read_greeting()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    machine = wire.unverified_tls().wrap_bio(incoming, outgoing)
    with pytest.raises(ssl.SSLWantReadError):
        machine.do_handshake()
    request = struct.pack("<IIB19sI", wire.BASIC & 0xffffffff | wire.SSL, 1 << 30, 45, b"", 0)
    return w, wire.frames(request, 1) + outgoing.read(), (machine, incoming, outgoing)


def finish_by_hand(w, machine, incoming, outgoing):
    while True:
        try:
            machine.do_handshake()
            break
        except ssl.SSLWantReadError:
            w.socket.sendall(outgoing.read())
            data = w.socket.recv(1 << 16)
            assert data, "Weir closed the connection"
            incoming.write(data)
    packet = w.login_packet("app", "secret", capabilities=wire.BASIC | wire.SSL)
    machine.write(wire.frames(packet, 2))
    w.socket.sendall(outgoing.read())
    while True:
        try:
            return machine.read(1 << 16)
        except ssl.SSLWantReadError:
            incoming.write(w.socket.recv(1 << 16))


def test_tls_may_begin_in_the_segment_of_the_request(weir, server):
    one = weir(of=server)
    for cut in (0, 36, 37, 50, None):
        w, both, tls = begin_by_hand(one)
        if cut:
            w.send_bytes(both[:cut])
            time.sleep(0.05)
        w.send_bytes(both[cut or 0:])
        assert finish_by_hand(w, *tls)[3:6] == (b"\x03\1\3" if wire.MYSQL else b"\x03\0\0")
        w.close()


def test_broken_handshakes_hurt_nobody_else(weir, server):
    one = weir(of=server, connect_timeout=5)
    bystander = one.connect()
    _, both, _ = begin_by_hand(one)
    for cut in [*range(36, min(len(both), 120), 7), len(both) - 1, len(both)]:
        w, both, _ = begin_by_hand(one)
        w.send_bytes(both[:cut])
        w.close()
    for junk in (b"\0" * 100, b"GET / HTTP/1.0\r\n\r\n", wire.frames(b"login", 2)):
        w, both, _ = begin_by_hand(one)
        w.send_bytes(both[:36] + junk)
        w.socket.settimeout(10)
        with pytest.raises((ConnectionError, EOFError)):
            while True:
                if not w.socket.recv(4096):
                    raise EOFError
    silent, both, _ = begin_by_hand(one)
    silent.send_bytes(both[:60])
    assert silent.at_end(timeout=20)  # connect_timeout
    assert bystander.query("SELECT 1") == [[b"1"]]


def test_a_login_in_clear_after_the_wish_for_tls_is_refused(weir, server):
    one = weir(of=server)
    w, both, _ = begin_by_hand(one)
    w.send_bytes(both[:36] + wire.frames(w.login_packet("app", "secret"), 2))
    with pytest.raises((wire.Closed, ConnectionError)):
        while True:
            payload = w.socket.recv(4096)
            if not payload:
                raise wire.Closed("end")
            assert b"\0\0\0\2" not in payload


def test_a_slow_reader_gets_everything(weir, server):
    one = weir(of=server)
    c = one.connect(tls=wire.unverified_tls(), timeout=60)
    c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 17)
    c.send(wire.q("SELECT REPEAT('z', 8000000)"))
    time.sleep(1)
    c.rows, c.row_count = [], 0
    c.read_results()
    assert c.error is None and [wire.text_row(row) for row in c.rows] == [[b"z" * 8000000]]
    assert c.query("SELECT 1") == [[b"1"]]


def run_client(command, one, *more):
    return subprocess.run([*command, "-h127.0.0.1", f"-P{one.settings['port']}", "-uapp", "-psecret", *more],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)


def test_the_command_line_verifies(weir, server, authority, stranger):
    if shutil.which("mariadb") is None:
        pytest.skip("there is no mariadb client")
    certificate, key = authority.sign("command-line")
    one = weir(of=server, ssl_cert=certificate, ssl_key=key)
    say = ["--ssl-verify-server-cert", "--batch", "--skip-column-names", "-e", "SELECT 42"]
    good = run_client(["mariadb"], one, f"--ssl-ca={authority.certificate}", *say)
    assert (good.returncode, good.stdout) == (0, b"42\n")
    bad = run_client(["mariadb"], one, f"--ssl-ca={stranger.certificate}", *say)
    assert bad.returncode != 0 and b"2026" in bad.stdout


def test_pymysql(weir, server, authority):
    pymysql = pytest.importorskip("pymysql", reason="there is no PyMySQL on this machine")
    certificate, key = authority.sign("pymysql")
    one = weir(of=server, ssl_cert=certificate, ssl_key=key)
    connection = pymysql.connect(host="localhost", port=one.settings["port"], user="app",
                                 password="secret", ssl={"ca": authority.certificate})
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT 42")
        assert cursor.fetchall() == ((42,),)
