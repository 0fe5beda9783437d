# SPDX-License-Identifier: Apache-2.0
"""The matrix of logins: clients × accounts × TLS modes × passwords. One process of a client does all its
cells: it reads them from its standard input, a line each (cell, host, port, user, password, TLS mode,
file of the authority, statement; tabs between), and prints a line each: the cell, a tab, and the row
that the statement gave, "|" between its values, or "error" and MySQL's number, or its own words when it
gave up by itself. The programs are tests/drivers/login_*."""

import hashlib
import os
import re
import shutil
import subprocess
import sys

import npm

DRIVERS = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "drivers"))
JAR = "/usr/share/java/mariadb-java-client.jar"
GO_SOURCES = "/usr/share/gocode"
TIMEOUT_S = 300
TLS_MODES = ("off", "on", "verified")
# Verified by the certificate of another authority: the client must not go on.
STRANGER = "stranger"
SQL = "SELECT CURRENT_USER(), 6*7, SUBSTRING_INDEX(USER(), '@', 1)"
WRONG = "not the password"
UNKNOWN = "m_unknown"


class Missing(Exception):
    """The client cannot be had here; the words say why."""


class Account:
    """One account of the server. `how`: the words after its name in CREATE USER. `needs_tls`: it is
    refused without. `given`: what its [user] section in Weir's file says instead of the password."""

    def __init__(self, name, method, password, how, *, needs_tls=False, given=None):
        self.name, self.method, self.password, self.how = name, method, password, how
        self.needs_tls, self.given = needs_tls, given

    def create(self, root):
        root.query(f"CREATE USER {self.name}@'%' {self.how}")


def stored_hash(password):
    """As mysql.user has it."""
    once = hashlib.sha1(password.encode()).digest()
    return "*" + hashlib.sha1(once).hexdigest().upper()


def _native(password, more=""):
    return f"IDENTIFIED VIA mysql_native_password USING PASSWORD('{password}'){more}"


def _mysql(method, password, more=""):
    return f"IDENTIFIED WITH {method} BY '{password}'{more}"


ACCOUNTS = {
    "mariadb": [
        Account("m_native", "mysql_native_password", "nät ive;1", _native("nät ive;1")),
        Account("m_hash", "mysql_native_password", "hashed", _native("hashed"),
                given=stored_hash("hashed")),
        Account("m_empty", "no password", "", _native("")),
        Account("m_ed25519", "client_ed25519", "ed 25519",
                "IDENTIFIED VIA ed25519 USING PASSWORD('ed 25519')"),
        Account("m_either", "client_ed25519 or native", "either",
                "IDENTIFIED VIA ed25519 USING PASSWORD('other') OR "
                "mysql_native_password USING PASSWORD('either')"),
        Account("m_tls", "native, REQUIRE SSL", "native 2", _native("native 2", " REQUIRE SSL"),
                needs_tls=True),
    ],
    "mysql": [
        Account("m_sha2", "caching_sha2_password", "shä 2;1", _mysql("caching_sha2_password", "shä 2;1")),
        Account("m_empty", "no password", "", _mysql("caching_sha2_password", "")),
        Account("m_sha256", "sha256_password", "sha 256", _mysql("sha256_password", "sha 256")),
        Account("m_tls", "caching_sha2, REQUIRE SSL", "sha 2 2",
                _mysql("caching_sha2_password", "sha 2 2", " REQUIRE SSL"), needs_tls=True),
    ],
}
# MariaDB's own tests have a method that wants the password in clear text (package mariadb-test).
CLEAR_PLUGIN = "/usr/lib/mysql/plugin/auth_test_plugin.so"
CLEAR = Account("m_clear", "mysql_clear_password", "in clear",
                "IDENTIFIED VIA cleartext_plugin_server USING 'in clear'")


def accounts(family):
    more = [CLEAR] if family == "mariadb" and os.path.exists(CLEAR_PLUGIN) else []
    return ACCOUNTS[family] + more


def prepare(server):
    """The accounts, on a new server."""
    with server.root() as root:
        if server.family == "mariadb":
            root.query("INSTALL SONAME 'auth_ed25519'")
            if os.path.exists(CLEAR_PLUGIN):
                root.query("INSTALL PLUGIN cleartext_plugin_server SONAME 'auth_test_plugin.so'")
        for account in accounts(server.family):
            account.create(root)


def version(root):
    """Of the server, in words."""
    said = root.value("SELECT VERSION()").split("-")
    return f"MariaDB {said[0]}" if "MariaDB" in said else f"MySQL {said[0]}"


def _program(name):
    path = shutil.which(name)
    if not path:
        raise Missing(f"there is no {name} on this machine")
    return path


def _succeeds(why_not, *command, **more):
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                      **more).returncode:
        raise Missing(why_not)


def _python(module, package):
    def command(_):
        _succeeds(f"{package} is not installed", sys.executable, "-c", f"import {module}")
        return [sys.executable, "-B", os.path.join(DRIVERS, "login_pymysql.py"), module]
    return command


def _node(name):
    return lambda _: [_program("node"), os.path.join(DRIVERS, f"login_{name}.js")]


def _php(which, extension):
    def command(_):
        php = _program("php")
        loaded = subprocess.run([php, "-m"], stdout=subprocess.PIPE, check=False).stdout.decode()
        if extension not in loaded.split():
            raise Missing("php-mysql is not installed")
        return [php, os.path.join(DRIVERS, "login_php.php"), which]
    return command


def _perl(driver, package):
    def command(_):
        perl = _program("perl")
        _succeeds(f"{package} is not installed", perl, f"-MDBD::{driver}", "-e1")
        return [perl, os.path.join(DRIVERS, "login_perl.pl"), driver]
    return command


def _ruby(_):
    ruby = _program("ruby")
    _succeeds("ruby-mysql2 is not installed", ruby, "-rmysql2", "-e1")
    return [ruby, os.path.join(DRIVERS, "login_ruby.rb")]


def _go(server):
    go = _program("go")
    if not os.path.isdir(GO_SOURCES + "/src/github.com/go-sql-driver/mysql"):
        raise Missing("golang-github-go-sql-driver-mysql-dev is not installed")
    built = os.path.join(server.directory, "login_go")
    subprocess.run([go, "build", "-o", built, os.path.join(DRIVERS, "login_go.go")], check=True,
                   env={**os.environ, "GO111MODULE": "off", "GOPATH": GO_SOURCES, "GOFLAGS": "",
                        "GOCACHE": os.path.join(server.directory, "go-cache")})
    return [built]


def _java(_):
    java = _program("java")
    if not os.path.exists(JAR):
        raise Missing("libmariadb-java is not installed")
    if b"jdk.compiler" not in subprocess.run([java, "--list-modules"], stdout=subprocess.PIPE,
                                             stderr=subprocess.STDOUT, check=False).stdout:
        raise Missing("this java cannot run a source file (it has no compiler)")
    return [java, "-cp", JAR, os.path.join(DRIVERS, "LoginJdbc.java")]


def _command_line(which):
    return [sys.executable, "-B", os.path.join(DRIVERS, "login_command_line.py"), which]


def _mariadb_command_line(_):
    return [*_command_line("mariadb"), _program("mariadb"), "--no-defaults"]


def _mysql_command_line(server):
    script = os.path.join(os.path.dirname(os.path.realpath(__file__)), "mysql9.sh")
    _succeeds("there is no folder with MySQL 9: tests/support/mysql9.sh make", script, "path")
    return [*_command_line("mysql"), script, "client", server.directory]


# Name: what makes its command, given the server.
CLIENTS = {
    "mariadb (command line)": _mariadb_command_line,
    "mysql 9 (command line)": _mysql_command_line,
    "PyMySQL": _python("pymysql", "python3-pymysql"),
    "mysqlclient": _python("MySQLdb", "python3-mysqldb"),
    "mysql2 (npm)": _node("mysql2"),
    "mariadb (npm)": _node("mariadb"),
    "Connector/J (MariaDB)": _java,
    "PHP mysqli": _php("mysqli", "mysqli"),
    "PHP PDO": _php("pdo", "pdo_mysql"),
    "Go": _go,
    "Perl DBD::mysql": _perl("mysql", "libdbd-mysql-perl"),
    "Perl DBD::MariaDB": _perl("MariaDB", "libdbd-mariadb-perl"),
    "Ruby mysql2": _ruby,
}


def cells(family):
    """(user, password, TLS mode) of each. Wrong passwords in every TLS mode only with
    WEIR_LOGIN_MATRIX=all: who is refused depends on it less than how long the test takes."""
    first, modes = accounts(family)[0], TLS_MODES if os.environ.get("WEIR_LOGIN_MATRIX") == "all" else ("on",)
    out = [(first.name, first.password, STRANGER)]
    for account in accounts(family):
        out += [(account.name, account.password, tls) for tls in TLS_MODES]
        out += [(account.name, WRONG, tls) for tls in modes]
    return out + [(first.name, WRONG, "off"), (UNKNOWN, WRONG, "off"), (UNKNOWN, WRONG, "on")]


# Accounts that have never logged in: the server does not know their passwords well enough for a quick
# login, and asks for all of it. Each is of use once, so there is one for each client and address ("*").
COLD_MODES = ("off", "on")
COLD_PASSWORD = "cöld 1"


def cold_cells(client):
    return [(f"m_cold{list(CLIENTS).index(client)}{tls}*", COLD_PASSWORD, tls) for tls in COLD_MODES]


def cold_names(client, at):
    return [user.replace("*", str(at)) for user, _, _ in cold_cells(client)]


def run(client, server, addresses, certificate, stranger, all_cells=None):
    """What each cell said: one dictionary an address, all from one process of the client. The two files
    of authorities lie in the server's directory. A * in a user's name stands for the number of the
    address."""
    command = CLIENTS[client](server)
    environment = dict(os.environ)
    if client.endswith("(npm)"):
        environment["NODE_PATH"] = npm.modules()
    all_cells = all_cells or cells(server.family)
    lines = []
    for number, (user, password, tls) in enumerate(all_cells):
        mode, file = ("verified", stranger) if tls == STRANGER else (tls, certificate)
        lines += [f"{number}.{at}\t{host}\t{port}\t{user.replace('*', str(at))}\t{password}\t{mode}\t{file}\t"
                  f"{SQL}\n" for at, (host, port) in enumerate(addresses)]
    done = subprocess.run(command, input="".join(lines).encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=TIMEOUT_S, check=False, env=environment)
    said = [{} for _ in addresses]
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        cell, _, words = line.partition("\t")
        number, _, at = cell.partition(".")
        said[int(at)][all_cells[int(number)]] = words
    lost = [cell for cell in all_cells for one in said if cell not in one]
    assert not lost, f"{client} said nothing of {lost[0]}\n{done.stderr.decode()[-3000:]}"
    return said


def is_row(words):
    return not words.startswith("error ")


def is_given_up(words):
    """By the client itself: an error number of client libraries, or words of its own."""
    return bool(re.match(r"error (2\d{3}$|(?!\d+$))", words))


NO_CLEAR_TEXT = "error 1251"


def is_as_direct(cell, direct, through):
    """The same row, the same error of the server, or given up both times. A client that gives up direct,
    because it lacks the account's method, may get in through Weir, which asks it for one that it has.
    And without TLS Weir passes no password in clear to a server: for whom the server asks that (a user
    that it does not know is asked for any method), it says so."""
    user, password, tls = cell
    if tls == "off" and user in (CLEAR.name, UNKNOWN) and through == NO_CLEAR_TEXT:
        return True
    if is_given_up(direct):
        return is_given_up(through) or is_row(through) == (password != WRONG)
    return direct == through
