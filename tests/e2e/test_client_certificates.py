# SPDX-License-Identifier: Apache-2.0
"""What the ssl of a [listener], of a [user] and of the console asks of clients: no TLS, TLS, a
certificate, a certificate of their own."""

import subprocess

import pytest

import certificates
import console
import processes
import proxy_protocol
import wire

ER_ACCESS_DENIED = 1045
ER_SECURE_TRANSPORT_REQUIRED = 3159
USERS = {"app": "secret", "other": "secret"}

pytestmark = pytest.mark.untls("it says for each client whether it uses TLS")


@pytest.fixture(scope="module")
def contexts(authority, tmp_path_factory):
    """How a client may come: None is in clear text."""
    stranger = certificates.Authority(str(tmp_path_factory.mktemp("others")), "stranger")
    return {"clear": None, "tls": wire.unverified_tls(),
            "app": authority.trusting(*authority.sign("app", "app")),
            "application": authority.trusting(*authority.sign("application", "application")),
            "stranger": authority.trusting(*stranger.sign("app", "app"))}


@pytest.fixture(scope="module")
def two_users(server):
    with server.root() as root:
        root.query("CREATE USER IF NOT EXISTS other@'%' IDENTIFIED BY 'secret'")
        root.query("GRANT ALL ON *.* TO other@'%'")
    return server


@pytest.fixture
def start(weir, two_users, authority):
    del two_users

    def with_sections(sections, **settings):
        certificate, key = authority.sign("of-weir")
        one = weir(start=False, users=USERS, ssl_cert=certificate, ssl_key=key,
                   ssl_ca=authority.certificate, **settings)
        one.sections = sections
        one.configure()
        return one.start()
    return with_sections


def comes_in(address, user="app", tls=None, password="secret"):
    """True, or the number of the error."""
    try:
        with wire.connect(address, user, password, tls=tls, host="localhost") as c:
            assert c.query("SELECT 1") == [[b"1"]]
            c.quit()
            return True
    except wire.ServerError as error:
        return error.code
    except (OSError, wire.Closed):
        return "handshake"


# Of app, by what is asked and how it comes.
ASKED = {
    "preferred": {"clear": True, "tls": True, "app": True, "application": True},
    "required": {"clear": False, "tls": True, "app": True, "application": True},
    "verify_ca": {"clear": False, "tls": ER_ACCESS_DENIED, "app": True, "application": True},
    "verify_identity": {"clear": False, "tls": ER_ACCESS_DENIED, "app": True,
                        "application": ER_ACCESS_DENIED},
}


@pytest.mark.parametrize("ssl", ASKED)
def test_a_listener(start, contexts, ssl, tmp_path):
    port, path = processes.free_port(), str(tmp_path / "s.sock")
    one = start({"listener strict": {"port": port, "socket": path, "ssl": ssl}})
    for how, expected in ASKED[ssl].items():
        found = comes_in(("127.0.0.1", port), tls=contexts[how])
        assert found == (ER_SECURE_TRANSPORT_REQUIRED if expected is False else expected), how
        assert comes_in(one.address, tls=contexts[how]) is True, how
    assert comes_in(("127.0.0.1", port), tls=contexts["stranger"]) == "handshake"
    # The socket is secure, but shows nothing.
    verifies = ssl.startswith("verify")
    assert comes_in(path) == (ER_ACCESS_DENIED if verifies else True)
    assert comes_in(path, tls=contexts["app"]) is True
    if verifies:
        one.wait_log(f"refused: user 'app' by ssl = {ssl} of [listener strict]")
        assert comes_in(("127.0.0.1", port), "other", contexts["app"]) == \
            (True if ssl == "verify_ca" else ER_ACCESS_DENIED)


@pytest.mark.parametrize("ssl", ["off", *ASKED])
def test_a_user(start, contexts, ssl):
    one = start({"user app": {"ssl": ssl}})
    asked = ASKED.get(ssl, {"clear": True, "tls": ER_ACCESS_DENIED, "app": ER_ACCESS_DENIED})
    for how, expected in asked.items():
        assert comes_in(one.address, tls=contexts[how]) == (expected or ER_ACCESS_DENIED), how
        assert comes_in(one.address, "other", contexts[how]) is True, how
    assert comes_in(one.address, tls=contexts["app"], password="wrong") == ER_ACCESS_DENIED
    if ssl == "preferred":
        return
    one.wait_log(f"refused: its way by ssl = {ssl} of [user app]")
    # Nor by a change of user.
    with wire.connect(one.address, "other", tls=contexts["tls"] if ssl != "required" else None) as c:
        with pytest.raises(wire.ServerError) as refused:
            c.change_user("app", "secret")
        assert refused.value.code == ER_ACCESS_DENIED


def test_a_session_that_is_resumed_keeps_its_certificate(start, contexts):
    """Nothing is shown the second time: what counts is what was shown the first time."""
    one = start({"user app": {"ssl": "verify_identity"}})
    for how, expected in (("app", True), ("tls", ER_ACCESS_DENIED)):
        first = wire.connect(one.address, "other", tls=contexts[how], host="localhost")
        first.query("SELECT 1")
        session = first.socket.session
        second = wire.Wire(one.address)
        second.read_greeting()
        second.start_tls(contexts[how], wire.BASIC, "localhost", session=session)
        assert second.socket.session_reused
        second.send(second.login_packet("app", "secret", capabilities=wire.BASIC | wire.SSL), 2)
        if expected is True:
            second.finish_login("secret")
            assert second.query("SELECT 1") == [[b"1"]]
        else:
            with pytest.raises(wire.ServerError) as refused:
                second.finish_login("secret")
            assert refused.value.code == expected


def test_behind_a_load_balancer(start, contexts):
    """The certificate is the client's, whoever has passed its bytes on."""
    one = start({"user app": {"ssl": "verify_identity"}}, proxy_protocol_networks="127.0.0.1")
    with proxy_protocol.connect(one.address, proxy_protocol.v2(), tls=contexts["app"], host="localhost") as c:
        assert c.query("SELECT 1") == [[b"1"]]
    with pytest.raises(wire.ServerError):
        proxy_protocol.connect(one.address, proxy_protocol.v2(), tls=contexts["tls"])


@pytest.mark.parametrize("sections,settings,place", [
    ({"user app": {"ssl": "verify_ca"}}, {}, "ssl = verify_ca"),
    ({"listener a": {"port": 1, "ssl": "verify_identity"}}, {}, "ssl = verify_identity"),
    ({}, {"console_ssl": "verify_ca"}, "console_ssl = verify_ca")])
def test_without_an_authority(weir, sections, settings, place):
    one = weir(start=False, **settings)
    one.sections = sections
    one.configure()
    done = subprocess.run([processes.binary(), "--config", one.config, "--check-config"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode != 0
    assert f"{place} needs ssl_ca in [weir]" in done.stdout.decode()


@pytest.mark.parametrize("ssl", ASKED)
def test_the_console(start, authority, contexts, ssl):
    one = start({}, console_ssl=ssl, console_port=processes.free_port(), console_user="app",
                console_password="secret")
    for how, expected in ASKED[ssl].items():
        found = comes_in(console.port_of(one), tls=contexts[how])
        assert found == (ER_SECURE_TRANSPORT_REQUIRED if expected is False else expected), how
    assert console.mariadb(one, "SELECT 1", "-N").strip() == "1"
