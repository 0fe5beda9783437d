# SPDX-License-Identifier: Apache-2.0
"""TLS of the console's port, which asks for a password: who is offered it, who must use it, what the
command lines make of it."""

import shutil
import ssl
import struct
import subprocess
import time

import pytest

import certificates
import console
import processes
import wire


def mysql9_client():
    return processes.MySQL9.why_not(make=False) is None


@pytest.fixture(scope="module")
def secure(module_weir, authority):
    """A Weir whose console wants TLS, with a certificate that can be verified."""
    certificate, key = authority.sign("console")
    return module_weir(console_port=processes.free_port(), console_password=f'"{console.PASSWORD}"',
                       console_ssl="required", ssl_cert=certificate, ssl_key=key)


@pytest.mark.parametrize("method", [b"mysql_native_password", b"caching_sha2_password"])
def test_the_port_speaks_tls(secure, authority, method):
    with wire.connect(console.port_of(secure), "weir", console.PASSWORD, method=method,
                      tls=authority.trusting(), host="localhost") as c:
        assert c.socket.version() == "TLSv1.3"
        assert c.query("SELECT USER()") == [[b"weir@127.0.0.1"]]
        # Much, in both directions, of which the socket does not take all at once.
        assert c.query("SELECT '" + "y" * 500000 + "'") == [[b"y" * 500000]]
    for password in ("wrong", ""):
        with pytest.raises(wire.ServerError) as caught:
            wire.connect(console.port_of(secure), "weir", password, method=method, tls=authority.trusting(),
                         host="localhost")
        assert caught.value.code == 1045


def test_the_port_may_want_tls(weir, secure):
    if wire.EVERYWHERE_TLS is None:
        with pytest.raises(wire.ServerError) as caught:
            wire.connect(console.port_of(secure), "weir", console.PASSWORD)
        assert (caught.value.code, caught.value.state) == (3159, "HY000")
    with console.connect(secure) as c:  # the socket counts as secure
        assert c.query("SELECT 1") == [[b"1"]]
        c.query("SET GLOBAL console_ssl = off")
        with wire.Wire(console.port_of(secure)) as w:
            assert not w.read_greeting().capabilities & wire.SSL
        c.query("SET GLOBAL console_ssl = preferred")
        with wire.connect(console.port_of(secure), "weir", console.PASSWORD) as w:
            assert w.greeting.capabilities & wire.SSL
        c.query("SET GLOBAL console_ssl = required")
    one = weir(console_port=processes.free_port(), console_password="secret", require_secure_transport="on")
    if wire.EVERYWHERE_TLS is None:
        with pytest.raises(wire.ServerError) as caught:
            wire.connect(console.port_of(one), "weir", "secret")
        assert caught.value.code == 3159


def test_broken_handshakes_of_the_console(secure):
    """In any pieces, cut, and nonsense: nobody else notices."""
    with console.connect(secure) as bystander:
        for cut in (0, 36, 37, 90, None):
            w = wire.Wire(console.port_of(secure))
            w.read_greeting()
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            machine = wire.unverified_tls().wrap_bio(incoming, outgoing)
            with pytest.raises(ssl.SSLWantReadError):
                machine.do_handshake()
            request = struct.pack("<IIB19sI", wire.BASIC & 0xffffffff | wire.SSL, 1 << 30, 45, b"", 0)
            both = wire.frames(request, 1) + outgoing.read()
            if cut is None:
                w.send_bytes(both[:36] + b"GET / HTTP/1.0\r\n\r\n" + bytes(100))
                w.socket.settimeout(20)
                with pytest.raises((ConnectionError, EOFError)):
                    while w.socket.recv(4096):
                        pass
                    raise EOFError
            else:
                w.send_bytes(both[:cut])
                time.sleep(0.02)
                w.send_bytes(both[cut:])
                while True:
                    try:
                        machine.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        w.socket.sendall(outgoing.read())
                        incoming.write(w.socket.recv(1 << 16))
            w.close()
        assert bystander.query("SELECT 1") == [[b"1"]]


def test_the_command_line_of_mariadb_over_tls(secure, authority):
    say = ["--ssl-verify-server-cert", "-N", "-e", "SELECT 42"]
    host, port = console.port_of(secure)
    for ca, status in ((authority.certificate, 0), ("/etc/ssl/certs/ca-certificates.crt", 1)):
        done = subprocess.run(["mariadb", "--no-defaults", f"-h{host}", f"-P{port}", "-uweir",
                               f"-p{console.PASSWORD}", f"--ssl-ca={ca}", *say], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        assert done.returncode == status, done.stdout
        assert (b"42" in done.stdout) == (status == 0)


@pytest.mark.skipif(not mysql9_client(), reason="there is no client of MySQL 9")
@pytest.mark.parametrize("mode", ["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"])
def test_the_command_line_of_mysql_9_over_tls(secure, authority, tmp_path, mode):
    shutil.copy(authority.certificate, tmp_path / "ca.pem")
    _, port = console.port_of(secure)
    more = ["--ssl-ca=/instance/ca.pem"] if mode.startswith("VERIFY") else []
    done = subprocess.run([processes.MySQL9.SCRIPT, "client", str(tmp_path), "-h127.0.0.1", f"-P{port}",
                           "-uweir", f"-p{console.PASSWORD}", f"--ssl-mode={mode}", *more, "-e", "SELECT 42"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    if mode == "DISABLED":
        assert done.returncode != 0 and b"3159" in done.stdout
    else:
        assert done.returncode == 0 and b"42" in done.stdout, done.stdout
