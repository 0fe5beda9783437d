# SPDX-License-Identifier: Apache-2.0
"""Every authentication method towards Weir's clients, packet by packet, with every form of password in
its settings: who may come in, who may not, and that nobody learns which users exist."""

import subprocess

import pytest

import processes
import wire
from auth_dialog import CLEAR, ED25519, METHODS, NATIVE, PARSEC, SHA2, SHA256, Login, log_in

# What servers store for "secret": MariaDB 10.11, MySQL 9.7, and parsec by the standard library.
STORED = {
    "clear": "secret",
    "native": "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7",
    "sha2": "0x244124303041244239196120635C140D0D0B30074F0C131858165A73624365696C513941434A537A65425566307"
            "6513159666C5463744665615635426A4946592E6F756B5344",
    "sha256": "0x2435244914197F164677291A0E7D57607B7B25487F43022443456C74506D364348724B334B5A353039464F6457"
              "49662F4B57484C4A6952784144646F6B364D61696731",
    "ed25519": "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY",
    "parsec": "P0:AAECAwQFBgcICQoLDA0ODxAR:vN8aAH3uMZDpgxY74WIyK93BSUh/uCItkwxrumXoIVk",
}
# Proofs that each form can check; all of them can check the password itself.
PROOFS = {"clear": {NATIVE, SHA2, ED25519, PARSEC}, "native": {NATIVE}, "sha2": set(), "sha256": set(),
          "ed25519": {ED25519}, "parsec": {PARSEC}}
SAYS_PASSWORD = {SHA2, SHA256, CLEAR}


@pytest.fixture(scope="module")
def guarded(server):
    """Weir with a user for each form. The accounts on the server have the same password, so that a
    login leads to a session."""
    with server.root() as root:
        for form in STORED:
            root.query(f"CREATE OR REPLACE USER f_{form}@'%' IDENTIFIED BY 'secret'")
            root.query(f"GRANT SELECT ON test.* TO f_{form}@'%'")
    one = processes.Weir(server, users={f"f_{form}": text for form, text in STORED.items()},
                         failed_connections_threshold=0)
    try:
        yield one.start()
    finally:
        one.destroy()
        with server.root() as root:
            for form in STORED:
                root.query(f"DROP USER IF EXISTS f_{form}@'%'")


def is_ok(packet):
    return packet[:1] == b"\0"


def error_of(packet):
    assert packet[:1] == b"\xff", packet
    return wire.ServerError(packet)


def expected_method(form, wanted, tls):
    """The method that the login ends with; see docs/authentication.md."""
    if wanted in PROOFS[form] or (tls and wanted in SAYS_PASSWORD):
        return wanted
    greeted = SHA2 if wire.MYSQL else NATIVE
    for method in (greeted, NATIVE, SHA2, ED25519, PARSEC):
        if method in PROOFS[form]:
            return method
    return wanted if wanted in (SHA2, SHA256) else SHA2


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("form", STORED)
def test_every_method_proves_the_password_and_no_other(guarded, form, tls):
    for wanted in METHODS:
        wrong, heard = log_in(guarded.address, f"f_{form}", "Secret", wanted, tls)
        assert error_of(wrong).code == 1045, (wanted, heard)
        assert "using password: YES" in error_of(wrong).text
        with Login(guarded.address, tls) as login:
            login.begin(f"f_{form}", wanted, "secret")
            last = login.go_on("secret")
            # Once the password itself was said, all is known.
            expected = {expected_method(form, wanted, tls), expected_method("clear", wanted, tls)}
            assert login.method in expected, (wanted, login.heard)
            if not is_ok(last):
                # The client is right, but what Weir knows does not suffice for the server.
                assert "Weir " in error_of(last).text, (wanted, error_of(last).text)
                assert login.method in (NATIVE, ED25519, PARSEC), error_of(last).text
                assert wire.MYSQL or login.method != NATIVE, error_of(last).text
                continue
            login.wire.command(wire.q("SELECT CURRENT_USER()"))
            assert login.wire.error is None or login.wire.error.code == 1045


def test_an_unknown_user_hears_what_a_wrong_password_hears(guarded):
    """Packet by packet, for every method, with and without TLS: nobody learns which users exist."""
    for tls in (False, True):
        for wanted in METHODS:
            known = [log_in(guarded.address, f"f_{form}", "wrong", wanted, tls)[1] for form in STORED]
            for i in range(4):
                last, unknown = log_in(guarded.address, f"nobody{i}", "wrong", wanted, tls)
                assert unknown in known, (wanted, tls)
                assert error_of(last).text.startswith(f"Access denied for user 'nobody{i}'@'")
                # … each time again
                assert log_in(guarded.address, f"nobody{i}", "other", wanted, tls)[1] == unknown


def test_unknown_users_resemble_known_ones_of_every_form(server):
    """Not only those whose password is written in clear text."""
    users = {"a": STORED["native"], "b": STORED["ed25519"]}
    one = processes.Weir(server, users=users, failed_connections_threshold=0)
    try:
        one.start()
        kinds = {str(log_in(one.address, f"x{i}", "wrong", PARSEC)[1]) for i in range(40)}
        assert len(kinds) == 2
    finally:
        one.destroy()


@pytest.mark.parametrize("method", [NATIVE, SHA2, ED25519, PARSEC])
def test_an_answer_is_worth_nothing_to_another_challenge(guarded, method):
    with Login(guarded.address) as login:
        login.begin("f_clear", method, "secret")
        assert is_ok(login.go_on("secret")), login.heard
        overheard = [answer for answer in login.said if answer]
    with Login(guarded.address) as login:
        greeted = login.wire.greeting.method.decode() == method
        login.begin("f_clear", method, answer=overheard[0] if greeted else b"")
        while (packet := login.hear())[:1] != b"\xff":
            assert packet != b"\x01\x03"
            login.say(b"" if method == PARSEC and packet[:1] == b"\xfe" else overheard[-1])
        assert login.heard[-1] == ("error", 1045)


def ask_for_all(login, user, method):
    """A quick proof that is wrong, or none: Weir wants the password itself."""
    login.begin(user, method, answer=bytes(32) if wire.MYSQL and method == SHA2 else b"")
    if login.hear()[:1] == b"\xfe" and login.method == SHA2:
        login.say(bytes(32))
        login.hear()
    assert method != SHA2 or login.heard[-1] == ("more", b"\x04", 2)


def say_encrypted(login, answer):
    """As a client that has Weir's key already; without an answer one that asks for it."""
    ask_for_all(login, "f_clear", SHA2)
    login.say(answer or b"\x02")
    return login.hear() if answer else login.go_on("secret", login.hear())


def test_an_encrypted_password_is_worth_nothing_to_another_challenge(guarded):
    with Login(guarded.address) as login:
        assert is_ok(say_encrypted(login, None)), login.heard
        overheard = login.said[-1]
        assert len(overheard) == 256
    with Login(guarded.address) as login:
        assert error_of(say_encrypted(login, overheard)).code == 1045


def test_answers_of_every_length_do_no_harm(guarded):
    for method in (NATIVE, SHA2, SHA256, ED25519, PARSEC):
        for size in (0, 1, 19, 21, 31, 33, 63, 65, 95, 97, 255, 257, 1024, 1025, 70000):
            with Login(guarded.address) as login:
                login.begin("f_clear", method, answer=b"\x02" * size)
                while login.hear()[:1] not in b"\xff":
                    login.say(b"\x02" * size)
                assert login.heard[-1][1] in (1043, 1045), (method, size)
    assert is_ok(log_in(guarded.address, "f_clear", "secret", NATIVE)[0])


def test_clear_text_is_taken_from_nobody_whom_others_hear(guarded):
    for answer in (b"secret\0", b"secret"):
        with Login(guarded.address) as login:
            login.begin("f_clear", CLEAR, answer=answer)
            login.hear()
            assert login.method == (SHA2 if wire.MYSQL else NATIVE)
        with Login(guarded.address) as login:  # caching_sha2_password asks for all of it
            assert error_of(say_encrypted(login, answer)).code == 1045
    last, heard = log_in(guarded.address, "f_clear", "secret", CLEAR, tls=True)
    assert is_ok(last) and heard == [("ok",)]


def test_every_method_changes_the_user(server, guarded):
    """COM_CHANGE_USER, from each form to each: without TLS, hashes need what they can prove. A refusal
    ends a MySQL's connection; MariaDB's client stays who it was."""
    for tls in (False, True):
        with Login(guarded.address, tls) as login:
            login.begin("f_clear", NATIVE, "secret")
            assert is_ok(login.go_on("secret"))
            for form in ("sha2", "native", "sha256", "clear"):
                for method in METHODS:
                    login.method = method
                    login.wire.send(bytes([wire.COM_CHANGE_USER]) + f"f_{form}".encode() + b"\0\0\0"
                                    + b"\x2d\0" + method.encode() + b"\0")
                    assert is_ok(login.go_on("secret")), (form, method, login.heard)
                    login.wire.command(wire.q("SELECT CURRENT_USER()"))
                    assert login.wire.error is None
            login.wire.send(bytes([wire.COM_CHANGE_USER]) + b"f_clear\0\0\0\x2d\0parsec\0")
            assert error_of(login.go_on("wrong")).code == 1045
            if server.family == "mariadb":
                assert login.wire.value("SELECT CURRENT_USER()") == "f_clear@%"
            else:
                assert login.wire.at_end()


# -------- Weir's RSA key --------

def test_the_key_of_a_file_is_the_one_that_clients_get(server, weir, tmp_path):
    path = tmp_path / "private.pem"
    subprocess.run(["openssl", "genrsa", "-out", path, "2048"], check=True, capture_output=True)
    public = subprocess.run(["openssl", "rsa", "-in", path, "-pubout"], check=True,
                            capture_output=True).stdout
    one = weir(caching_sha2_password_private_key_path=path, users={"a": STORED["sha2"]})
    for method, asks in ((SHA2, b"\x02"), (SHA256, b"\x01")):
        with Login(one.address) as login:
            ask_for_all(login, "a", method)
            assert login.method == method
            login.say(asks)
            assert login.hear()[1:] == public


def test_a_key_file_that_is_none_is_named_at_the_start(server, tmp_path):
    path = tmp_path / "private.pem"
    path.write_text("-----BEGIN PRIVATE KEY-----\n")
    one = processes.Weir(server, caching_sha2_password_private_key_path=path)
    try:
        ended = subprocess.run([processes.binary(), "--config", one.config], capture_output=True,
                               timeout=60, check=False, cwd=one.directory)
        assert ended.returncode == 1
        assert b"caching_sha2_password_private_key_path" in ended.stdout + ended.stderr
    finally:
        one.destroy()


# -------- delays --------

def test_who_fails_again_and_again_waits_and_nobody_else(server, weir):
    one = weir(failed_connections_threshold=2, min_connection_delay="600s", max_connection_delay="600s")
    for user in ("app", "nobody"):
        for _ in range(2):
            assert error_of(log_in(one.address, user, "wrong", NATIVE)[0]).code == 1045
        with Login(one.address) as slow, Login(one.address) as other:
            slow.begin(user, NATIVE, "secret")
            if wire.MYSQL:
                slow.say(slow.answer("secret", slow.hear()))
            processes.wait_until(lambda: one.counters()["Connection_control_delay_generated"] > 0, 20,
                                 "a delay")
            other.begin("other" + user, NATIVE, "wrong")
            assert error_of(other.go_on("wrong")).code == 1045
            assert not slow.wire.readable_now(0)


def test_the_delay_ends_with_the_verdict(server, weir):
    one = weir(failed_connections_threshold=2, min_connection_delay="50ms")
    for _ in range(4):
        assert error_of(log_in(one.address, "app", "wrong", NATIVE)[0]).code == 1045
    assert one.counters()["Connection_control_delay_generated"] == 2
    with one.connect() as c:  # late, but right; from here on all is forgotten
        assert c.query("SELECT 1") == [[b"1"]]
    assert one.counters()["Connection_control_delay_generated"] == 3
    with one.connect() as c:
        assert c.query("SELECT 1") == [[b"1"]]
    assert error_of(log_in(one.address, "app", "wrong", NATIVE)[0]).code == 1045
    assert one.counters()["Connection_control_delay_generated"] == 3
