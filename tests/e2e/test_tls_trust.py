# SPDX-License-Identifier: Apache-2.0
"""Certificates that are not believed, and what is said about them; files that cannot be used; the
certificate that Weir makes for itself, and how clients of MariaDB know it by their password."""

import hashlib
import os
import shutil
import ssl
import stat
import subprocess

import pytest

import certificates
import console
import npm
import processes
import wire
from processes import wait_until

CR_SSL_CONNECTION_ERROR = 2026


# -------- a server's certificate --------

@pytest.fixture(scope="module")
def shown(server, authority):
    """shown("expired"): a server that shows such a certificate, one for all tests of the module."""
    del server
    started = {}
    kinds = {"good": {}, "expired": {"days": -1}, "another": {"names": "DNS:db.example"}}

    def start(kind):
        if kind not in started:
            certificate, key = authority.sign("of-server-" + kind, **kinds[kind])
            started[kind] = processes.new_server(
                f"--ssl-ca={authority.certificate}", f"--ssl-cert={certificate}", f"--ssl-key={key}", name=kind)
            started[kind].start().prepare()
        return started[kind]
    try:
        yield start
    finally:
        for one in started.values():
            one.destroy()


# What a link meets, and the words for it, which also say what to do.
BAD = {
    "expired": ("verify_ca", "has expired (it must be renewed)"),
    "another": ("verify_identity", "mismatch (it names other hosts than that of the [server] section)"),
    "stranger": ("verify_ca", "(its authority is not in ssl_ca)"),
    "revoked": ("verify_ca", "certificate revoked (ssl_crl says so)"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_servers_certificate_that_is_not_believed(weir, shown, authority, tmp_path, what):
    """The same words for the client, in the log and on the console."""
    mode, words = BAD[what]
    of = shown(what if what in ("expired", "another") else "good")
    more = {"server_ssl_ca": authority.certificate}
    if what == "stranger":
        more["server_ssl_ca"] = certificates.Authority(str(tmp_path), "stranger").certificate
    if what == "revoked":
        more["server_ssl_crl"] = authority.revoke(
            os.path.join(authority.directory, "of-server-good.pem"))
    one = weir(of=of, server_ssl_mode=mode, **more)
    with pytest.raises(wire.ServerError) as refused:
        with one.connect() as c:
            c.query("SELECT 1")
    assert refused.value.code == CR_SSL_CONNECTION_ERROR
    assert "the certificate was not accepted: " in refused.value.text
    assert words in refused.value.text
    one.wait_log(words)
    row = console.mariadb(one, "SELECT error_code, error FROM servers", "-N")
    assert row.startswith("2026\t") and words in row
    # What is put right counts for the next attempt.
    one.configure(server_ssl_mode="required", server_ssl_crl=None)
    one.reload()

    def is_served():
        try:
            with one.connect() as c:
                return c.query("SELECT 1") == [[b"1"]]
        except wire.ServerError:
            return False
    wait_until(is_served, 20, "another attempt")


def test_a_new_authority_of_a_server_drops_nobody(weir, server, authority, tmp_path):
    """The server gets a certificate of another authority; ssl_ca follows by a reload."""
    del server
    other = certificates.Authority(str(tmp_path), "new")
    ca = tmp_path / "ca.pem"
    shutil.copy(authority.certificate, ca)
    own = processes.new_server(*(f"--ssl-{what}={path}" for what, path in zip(
        ("ca", "cert", "key"), (authority.certificate, *authority.sign("before")))), name="renewed")
    try:
        own.start().prepare()
        one = weir(of=own, server_ssl_mode="verify_identity", server_ssl_ca=str(ca), server_host="localhost")
        with one.connect() as c:
            assert c.query("SELECT 1") == [[b"1"]]
            own.stop()
            own.options = [own._inside(f"--ssl-{what}={path}") if wire.MYSQL else f"--ssl-{what}={path}"
                           for what, path in zip(("ca", "cert", "key"), (other.certificate, *other.sign("after")))]
            own.start()
            shutil.copy(other.certificate, ca)
            one.reload()

            def is_served():
                try:
                    return c.query("SELECT 2") == [[b"2"]]
                except wire.ServerError:
                    return False
            wait_until(is_served, 20, "a link to the server with its new certificate")
    finally:
        own.destroy()


def test_links_resume_their_sessions(weir, shown):
    one = weir(of=shown("good"), pool_max_size=6, server_ssl_mode="required")
    clients = [one.connect() for _ in range(4)]
    try:
        for c in clients:
            c.query("BEGIN")
        counters = one.counters()
        assert counters["Ssl_finished_connects"] >= 4
        # The first ones may be on their way together, before there is a session.
        assert counters["Weir_tls_connects_resumed"] >= 3
    finally:
        for c in clients:
            c.close()


# -------- files --------

def output_of_start(one):
    done = subprocess.run([processes.binary(), "--config", one.config], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=30, check=False)
    assert done.returncode != 0
    return done.stdout.decode()


def test_files_that_cannot_be_used(weir, server, authority, tmp_path):
    """Each is named with its section and setting, and with what is wrong with it."""
    certificate, key = authority.sign("good")
    other_key = authority.sign("other")[1]
    locked = str(tmp_path / "locked.key")
    subprocess.run(["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", locked], check=True)
    words = str(tmp_path / "words")
    with open(words, "w", encoding="ascii") as out:
        out.write("no certificate\n")
    for settings, expected in (
            ({"ssl_cert": "/nowhere/c.pem"}, "[weir]: ssl_cert '/nowhere/c.pem': No such file or directory"),
            ({"ssl_cert": words}, f"[weir]: ssl_cert '{words}': it has no certificate or key in PEM form"),
            ({"ssl_cert": certificate, "ssl_key": "/nowhere/k.pem"},
             "[weir]: ssl_key '/nowhere/k.pem': No such file or directory"),
            ({"ssl_cert": certificate, "ssl_key": other_key}, f"ssl_key '{other_key}': it does not belong to ssl_cert"),
            ({"ssl_cert": certificate, "ssl_key": locked}, "it has a passphrase, which Weir asks nobody for"),
            ({"server_ssl_ca": "/nowhere/ca.pem"},
             "[server main]: ssl_ca '/nowhere/ca.pem': No such file or directory"),
            ({"server_ssl_mode": "required", "server_ssl_crl": words}, f"[server main]: ssl_crl '{words}'")):
        one = weir(of=server, start=False, **settings)
        assert expected in output_of_start(one)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs another account")
def test_a_key_that_may_not_be_read(weir, server, authority):
    one = weir(of=server, start=False)
    if os.stat(os.path.dirname(one.directory)).st_mode & 1 == 0:
        pytest.skip("other accounts cannot reach the folder of the tests")
    os.chmod(one.directory, 0o755)
    certificate, key = [shutil.copy(path, one.directory) for path in authority.sign("unreadable")]
    os.chmod(certificate, 0o644)
    os.chmod(key, 0o600)
    one.configure(ssl_cert=certificate, ssl_key=key)
    done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", processes.binary(), "--config",
                           one.config], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=False)
    assert done.returncode != 0
    assert (f"ssl_key '{key}': Permission denied; the account that Weir runs as must be able to read it"
            in done.stdout.decode())


def test_its_own_certificate_has_expired(weir, server, authority):
    certificate, key = authority.sign("old", days=-1)
    one = weir(of=server, ssl_cert=certificate, ssl_key=key)
    assert f"[weir]: ssl_cert '{certificate}' has expired" in one.log()
    with pytest.raises(ssl.SSLError):
        one.connect(tls=authority.trusting(), host="localhost")
    one.wait_log("(the certificate that the other side was shown has expired: see ssl_cert)")
    certificate, key = authority.sign("soon", days=3)
    one.configure(ssl_cert=certificate, ssl_key=key)
    one.reload()
    one.wait_log(f"ssl_cert '{certificate}' expires in ")
    with one.connect(tls=authority.trusting(), host="localhost") as c:
        assert c.query("SELECT 1") == [[b"1"]]


def test_clients_that_do_not_believe_are_explained(weir, server, authority):
    one = weir(of=server)
    with pytest.raises(ssl.SSLError):
        one.connect(tls=authority.trusting(), host="localhost")
    one.wait_log("TLS handshake failed: ")
    one.wait_log("(the other side does not believe the certificate that it was shown: see ssl_cert)")


def test_versions_that_do_not_meet(weir, server):
    one = weir(of=server, tls_version="TLSv1.3")
    old = wire.unverified_tls()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        one.connect(tls=old)
    one.wait_log("(the other side has no version of tls_version)")


def test_revoked_certificates_of_clients(weir, server, authority):
    good, bad = authority.sign("stays"), authority.sign("revoked")
    certificate, key = authority.sign("revoking")
    one = weir(of=server, ssl_cert=certificate, ssl_key=key, ssl_ca=authority.certificate,
               ssl_crl=authority.revoke(bad[0]))
    with one.connect(tls=authority.trusting(*good), host="localhost") as c:
        assert c.query("SELECT 1") == [[b"1"]]
    with pytest.raises((ssl.SSLError, wire.Closed, ConnectionError)):
        one.connect(tls=authority.trusting(*bad), host="localhost")
    one.wait_log("the certificate was not accepted: certificate revoked (ssl_crl says so)")


# -------- the certificate that is made --------

def certificate_of(one):
    with one.connect(tls=wire.unverified_tls()) as c:
        return c.socket.getpeercert(binary_form=True)


def start_again(one):
    after = len(one.log())
    one.start()
    one.wait_log("ready for clients", after=after)


def test_the_made_certificate_is_kept(weir, server):
    one = weir(of=server)
    kept = one.config + ".tls"
    first = certificate_of(one)
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
    one.reload()
    assert certificate_of(one) == first
    one.stop()
    start_again(one)
    assert certificate_of(one) == first
    # Whoever may read the key may pose as Weir.
    one.stop()
    os.chmod(kept, 0o644)
    start_again(one)
    second = certificate_of(one)
    assert second != first
    assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
    with open(kept, "w", encoding="ascii") as out:
        out.write("no key")
    one.reload()
    third = certificate_of(one)
    assert third not in (first, second)
    one.configure(auto_generate_certs="off")
    one.reload()
    assert certificate_of(one) != third


def test_a_certificate_that_cannot_be_kept(weir, server):
    one = weir(of=server, start=False)
    os.mkdir(one.config + ".tls")
    one.start()
    assert f"cannot be kept in '{one.config}.tls'" in one.log()
    assert certificate_of(one)


def login_over_tls(one, **more):
    """A login; (what its OK says, what it should say when `stored` stands for the password)."""
    c = wire.Wire(one.address)
    seed = c.read_greeting().scramble[:20]
    ok = c.login(tls=wire.unverified_tls(), capabilities=wire.BASIC & ~wire.LONG_PASSWORD, **more)
    said = ok[7:]

    def expected(stored):
        shown = hashlib.sha256(c.socket.getpeercert(binary_form=True)).digest()
        text = b"\1" + hashlib.sha256(stored + seed + shown).hexdigest().encode()
        return bytes([len(text)]) + text
    return c, said, expected


def native(password):
    return hashlib.sha1(hashlib.sha1(password.encode()).digest()).digest()


@pytest.mark.mariadb
@pytest.mark.uncompressed("it looks below")
def test_weir_shows_that_it_knows_the_password(weir, server):
    one = weir(of=server)
    c, said, expected = login_over_tls(one)
    assert said == expected(native("secret"))
    assert said != expected(native("another"))
    # With a schema the server is asked in between.
    c, said, expected = login_over_tls(one, schema="test")
    assert said.startswith(expected(native("secret")))
    assert c.query("SELECT DATABASE()") == [[b"test"]]
    # In clear text there is nothing to be known by.
    c = wire.Wire(one.address)
    c.read_greeting()
    if wire.EVERYWHERE_TLS is None:
        assert c.login()[7:] == b""


@pytest.mark.mariadb
def test_a_guest_is_shown_it_too(weir, server):
    with server.root() as root:
        root.query("CREATE OR REPLACE USER known@'%' IDENTIFIED BY 'by heart'")
    one = weir(of=server, users={})
    for _ in range(2):  # by the server, and by what Weir has learned from it
        c, said, expected = login_over_tls(one, user="known", password="by heart")
        if said == expected(native("by heart")):
            break
    else:
        pytest.fail(f"the OK says {said}")


@pytest.mark.mariadb
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_the_driver_of_mariadb_believes_it(weir, server, authority):
    """ssl: true verifies; a certificate that nobody vouches for is believed by the password alone."""
    folder = npm.modules()
    script = ("const m = require('mariadb');"
              "m.createConnection({host: 'localhost', port: +process.argv[1], user: 'app', password: process.argv[2],"
              " ssl: true, connectTimeout: 50000, initializationTimeout: 50000}).then(c => c.query('SELECT 42 AS n').then(r => {console.log(r[0].n); c.end();}))"
              ".catch(e => {console.log(e.code || e.message); process.exit(1);});")

    def run(one, password="secret"):
        done = subprocess.run(["node", "-e", script, str(one.settings["port"]), password],
                              env={**os.environ, "NODE_PATH": folder}, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, check=False)
        return done.returncode, done.stdout.decode().strip()
    # Only servers from 11.4 on do so, as far as the driver knows.
    made = weir(of=server, server_version="11.8.2-MariaDB")
    assert run(made) == (0, "42")
    certificate, key = authority.sign("nobody-vouches", "localhost")
    assert run(weir(of=server, server_version="11.8.2-MariaDB", ssl_cert=certificate, ssl_key=key)) == (0, "42")
    old = weir(of=server, server_version="10.11.2-MariaDB")
    status, said = run(old)
    assert status != 0 and "SELF_SIGNED" in said
