# SPDX-License-Identifier: Apache-2.0
"""Several places where clients come in, and who may come in where: rules of [weir], of a [listener]
and of a [user]. Refusals look like a server's, and the log says which rule it was."""

import os
import stat
import subprocess

import pytest

import console
import processes
import proxy_protocol
import wire

ER_ACCESS_DENIED = 1045
ER_HOST_NOT_PRIVILEGED = 1130
ER_SECURE_TRANSPORT_REQUIRED = 3159
USERS = {"app": "secret", "report": "secret"}


@pytest.fixture(scope="module")
def two_users(server):
    with server.root() as root:
        root.query("CREATE USER IF NOT EXISTS report@'%' IDENTIFIED BY 'secret'")
        root.query("GRANT ALL ON *.* TO report@'%'")
    return server


@pytest.fixture
def start(weir, two_users):
    del two_users

    def with_sections(sections, **settings):
        one = weir(start=False, users=USERS, **settings)
        rewrite(one, sections)
        return one.start()
    return with_sections


def rewrite(one, sections):
    one.sections = sections
    one.configure()


def refused(address, user="app", **more):
    with pytest.raises(wire.ServerError) as error:
        wire.connect(address, user, **more)
    return error.value


def fine(address, user="app", **more):
    with wire.connect(address, user, **more) as c:
        assert c.query("SELECT 1") == [[b"1"]]
        c.quit()
    return True


def counter(one, name):
    return one.counters()[name]


def test_two_ports_and_a_socket(start, tmp_path):
    port, path = processes.free_port(), str(tmp_path / "intern.sock")
    one = start({"listener intern": {"port": port, "socket": path, "socket_mode": "0700"}})
    assert fine(one.address) and fine(("127.0.0.1", port)) and fine(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    shown = console.mariadb(one, "SELECT value FROM settings WHERE name='listener.intern.port'", "-N")
    assert shown.strip() == str(port)
    one.stop()
    assert not os.path.exists(path)


def test_networks(start, tmp_path):
    port, path = processes.free_port(), str(tmp_path / "s.sock")
    intern = ("127.0.0.1", port)
    sections = {"listener intern": {"port": port, "socket": path, "allow_networks": "10.0.0.0/8, localhost"}}
    one = start(sections)
    assert fine(one.address) and fine(path)
    error = refused(intern)
    family = "MySQL" if wire.MYSQL else "MariaDB"
    # As a server that does not know the host: no greeting, and no SQLSTATE.
    assert (error.code, error.state) == (ER_HOST_NOT_PRIVILEGED, None)
    assert error.text == f"Host '127.0.0.1' is not allowed to connect to this {family} server"
    one.wait_log("refused: its address by allow_networks of [listener intern]")
    assert counter(one, "Weir_refused_networks") == 1
    # A reload counts for whoever comes next.
    sections["listener intern"].update(allow_networks="127.0.0.0/8", deny_networks="127.0.0.1")
    rewrite(one, sections)
    one.reload()
    refused(intern)
    assert refused(path).text.startswith("Host 'localhost' is not allowed")
    sections["listener intern"].update(deny_networks="10.0.0.0/8")
    rewrite(one, sections)
    one.reload()
    assert fine(intern)
    # What [weir] says is for all.
    one.configure(deny_networks="127.0.0.0/8")
    one.reload()
    refused(intern), refused(one.address)
    one.wait_log("refused: its address by deny_networks of [weir]")
    # A listener without its section lets nobody in, until a restart closes it.
    one.configure(deny_networks=None)
    rewrite(one, {})
    one.reload()
    refused(intern)
    assert fine(one.address)


def test_users(start):
    port = processes.free_port()
    intern = ("127.0.0.1", port)
    sections = {"listener intern": {"port": port, "allow_users": "rep*"}}
    one = start(sections)
    assert fine(intern, "report") and fine(one.address, "app")
    wrong, unknown = refused(intern, "app"), refused(intern, "nobody")
    for error, user in ((wrong, "app"), (unknown, "nobody")):
        assert (error.code, error.state) == (ER_ACCESS_DENIED, "28000")
        assert error.text == f"Access denied for user '{user}'@'127.0.0.1' (using password: YES)"
    one.wait_log("refused: user 'app' by allow_users of [listener intern]")
    assert counter(one, "Weir_refused_users") == 2
    with wire.connect(intern, "report") as c:
        with pytest.raises(wire.ServerError) as error:
            c.change_user("app", "secret")
        assert error.value.code == ER_ACCESS_DENIED
    one.configure(deny_users="report")
    one.reload()
    refused(intern, "report"), refused(one.address, "report")
    one.wait_log("refused: user 'report' by deny_users of [weir]")
    assert fine(one.address, "app")


def test_networks_of_a_user(start):
    one = start({"user report": {"allow_networks": "10.0.0.0/8"}})
    assert fine(one.address)
    assert refused(one.address, "report").code == ER_ACCESS_DENIED
    one.wait_log("refused: its way by allow_networks of [user report]")
    rewrite(one, {"user report": {"allow_networks": "127.0.0.1"}})
    one.reload()
    assert fine(one.address, "report")


@pytest.mark.parametrize("ssl", ["off", "preferred", "required"])
def test_tls(start, ssl):
    port = processes.free_port()
    one = start({"listener intern": {"port": port, "ssl": ssl}})
    with wire.Wire(("127.0.0.1", port)) as c:
        assert bool(c.read_greeting().capabilities & wire.SSL) == (ssl != "off")
    if ssl == "off":
        return
    assert fine(("127.0.0.1", port), tls=wire.unverified_tls())
    if wire.EVERYWHERE_TLS is None and ssl == "required":
        assert refused(("127.0.0.1", port)).code == ER_SECURE_TRANSPORT_REQUIRED
    assert fine(one.address)


def test_a_proxy_is_trusted_where_it_comes_in(start):
    port = processes.free_port()
    one = start({"listener balanced": {"port": port, "proxy_protocol_networks": "127.0.0.1",
                                       "allow_networks": "192.0.2.0/24"}})
    with proxy_protocol.connect(("127.0.0.1", port), proxy_protocol.v2()) as c:
        assert c.query("SELECT 1") == [[b"1"]]
    assert refused(("127.0.0.1", port)).code == ER_HOST_NOT_PRIVILEGED
    with wire.Wire(one.address) as c:
        c.read_greeting()
        c.socket.sendall(proxy_protocol.v2())
        assert wire.ServerError(c.read_packet()).code == ER_HOST_NOT_PRIVILEGED


@pytest.mark.parametrize("settings,complaint", [
    ({"port": 1, "allow_networks": "10.0.0/8"}, "'10.0.0/8' is not an address"),
    ({"port": 1, "ssl": "maybe"}, "'maybe' is no such word"), ({"port": 1, "socket_mode": "rw"}, "octal mode")])
def test_what_cannot_be(weir, settings, complaint):
    one = weir()
    rewrite(one, {"listener wrong": settings})
    done = subprocess.run([processes.binary(), "--config", one.config, "--check-config"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode != 0
    assert complaint in done.stdout.decode()


def test_listeners_need_a_restart(start):
    port = processes.free_port()
    one = start({"listener intern": {"port": port}})
    rewrite(one, {"listener intern": {"port": port + 1}, "listener more": {"port": port}})
    one.reload()
    one.wait_log("needs a restart")
    log = one.log()
    assert f"[listener intern] port: {port} → {port + 1} needs a restart" in log
    assert "[listener more]: adding it needs a restart" in log
    assert fine(("127.0.0.1", port))
