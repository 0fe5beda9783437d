# SPDX-License-Identifier: Apache-2.0
"""Every client logs in as it does direct: clients × accounts × TLS modes × right and wrong passwords, each
cell direct and through Weir by the same program (tests/support/login_cells.py). What differs fails.
WEIR_LOGIN_TABLE=1 writes what was seen into docs/authentication.md."""

import os
import shutil

import pytest

import certificates
import login_cells
import login_table
import processes
import wire

# Both, whichever the other tests run with; MySQL 9 only where it is.
FAMILIES = ["mariadb", "mysql9"] if not wire.MYSQL else ["mysql9"]
# With the sanitizers one client of each library is enough.
SAME_LIBRARY = {"mysqlclient", "Perl DBD::mysql", "Perl DBD::MariaDB", "Ruby mysql2", "PHP mysqli"}
SEEN = {}
LISTED = 1  # its place among the addresses: direct, then Place.weirs


class Place:
    """A server with the accounts, and in front of it two Weirs: one that has all of them in its file, and
    one that has none."""

    def __init__(self, kind, authority, stranger):
        options = ["--plugin-maturity=unknown"] if kind == "mariadb" else []
        for what, path in zip(("cert", "key"), authority.sign(kind)):
            options.append(f"--ssl-{what}={path}")
        self.authority = authority
        self.server = processes.SERVERS[kind]("--max-connections=200", "--max-connect-errors=1000000",
                                              f"--ssl-ca={authority.certificate}", *options, name="logins")
        self.files = [shutil.copy(one.certificate, os.path.join(self.server.directory, f"{one.name}.pem"))
                      for one in (authority, stranger)]
        self.weirs = {}

    def start(self):
        self.server.start().prepare()
        login_cells.prepare(self.server)
        accounts = login_cells.accounts(self.server.family)
        passwords = {a.name: a.given or a.password for a in accounts}
        passwords |= {name: login_cells.COLD_PASSWORD for client in login_cells.CLIENTS
                      for name in login_cells.cold_names(client, LISTED)}
        self.weirs["listed"] = self._weir({"app": "secret", **passwords}, {
            f"user {a.name}": {"require_secure_transport": "on"} for a in accounts if a.needs_tls})
        self.weirs["guests"] = self._weir({}, {})
        with self.server.root() as root:
            SEEN[self.server.family] = (login_cells.version(root), {})

    def _weir(self, users, sections):
        certificate, key = self.authority.sign(f"weir-{self.server.family}-{len(users)}")
        one = processes.Weir(self.server, users=users, ssl_cert=certificate, ssl_key=key,
                             failed_connections_threshold=0)
        one.sections = sections
        one.configure()
        return one.start()

    def stop(self):
        for one in self.weirs.values():
            one.stop()

    def destroy(self):
        for one in self.weirs.values():
            one.destroy()
        self.server.destroy()

    def remember_accounts(self):
        """MySQL remembers who has proved the password in full, and asks others for it: so all are
        known."""
        for account in login_cells.accounts(self.server.family):
            if account.method.startswith("caching_sha2"):
                wire.connect(self.server.address, user=account.name, password=account.password,
                             tls=wire.unverified_tls()).close()

    def handshakes(self):
        return {kind: one.counters()["Ssl_finished_accepts"] for kind, one in self.weirs.items()}


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make certificates with")
    directory = str(tmp_path_factory.mktemp("certificates"))
    return [certificates.Authority(directory, name) for name in ("authority", "stranger")]


@pytest.fixture(scope="module", params=FAMILIES)
def place(request, authorities):
    kind = request.param
    why_not = processes.MySQL9.why_not(make=False) if kind == "mysql9" else None
    if why_not:
        pytest.skip(why_not)
    one = Place(kind, *authorities)
    try:
        one.start()
        yield one
        one.stop()
    finally:
        one.destroy()


@pytest.fixture(scope="module", autouse=True)
def table():
    yield
    if os.environ.get("WEIR_LOGIN_TABLE"):
        login_table.write(SEEN)


@pytest.mark.parametrize("client", login_cells.CLIENTS)
def test_every_cell_is_as_direct(place, client):
    if processes.ASAN and client in SAME_LIBRARY:
        pytest.skip("with the sanitizers one client of each library is enough")
    place.remember_accounts()
    before = place.handshakes()
    try:
        direct, *through = login_cells.run(
            client, place.server, [place.server.address, *(one.address for one in place.weirs.values())],
            *place.files)
    except login_cells.Missing as missing:
        pytest.skip(str(missing))
    through = dict(zip(place.weirs, through))
    SEEN[place.server.family][1][client] = (direct, through)
    assert any(login_cells.is_row(words) for words in direct.values()), direct
    different = []
    for kind, said in through.items():
        assert not [cell for cell, words in said.items() if login_cells.is_row(words)
                    and (cell[2] == login_cells.STRANGER or cell[1] == login_cells.WRONG)]
        different += [f"{kind} {cell}: direct {direct[cell]!r}, through Weir {said[cell]!r}" for cell in said
                      if not login_cells.is_as_direct(cell, direct[cell], said[cell])]
        encrypted = [cell for cell in said if cell[2] != "off" and login_cells.is_row(said[cell])]
        assert encrypted and place.handshakes()[kind] - before[kind] >= len(encrypted)
    assert not different, "\n".join(different)


@pytest.mark.parametrize("client", login_cells.CLIENTS)
def test_the_first_login_of_an_account_is_as_direct(place, client):
    """caching_sha2_password in full, on both sides: neither the server nor Weir has seen a login of it."""
    if place.server.family != "mysql":
        pytest.skip("MariaDB has no caching_sha2_password")
    if processes.ASAN and client in SAME_LIBRARY:
        pytest.skip("with the sanitizers one client of each library is enough")
    with place.server.root() as root:
        for at in range(1 + len(place.weirs)):
            for name in login_cells.cold_names(client, at):
                root.query(f"CREATE USER {name}@'%' IDENTIFIED WITH caching_sha2_password BY "
                           f"'{login_cells.COLD_PASSWORD}'")
        root.query("FLUSH PRIVILEGES")  # and with it what the server remembers of all others
    cells = login_cells.cold_cells(client)
    try:
        said = login_cells.run(client, place.server,
                               [place.server.address, *(one.address for one in place.weirs.values())],
                               *place.files, cells)
    except login_cells.Missing as missing:
        pytest.skip(str(missing))
    direct, *through = [[words.replace(cell[0].replace("*", str(at)), cell[0]) for cell, words in one.items()]
                        for at, one in enumerate(said)]
    assert any(login_cells.is_row(words) for words in direct), direct
    assert through == [direct, direct]
