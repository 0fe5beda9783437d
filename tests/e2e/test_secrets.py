# SPDX-License-Identifier: Apache-2.0
"""Where passwords may not be found: in core files, by debuggers, in what the console shows, in the log's
words about a configuration that is wrong."""

import os
import pwd
import re
import resource
import subprocess

import pytest

import console
import processes

PASSWORD = "canary-Passw0rd"


def core_limit(pid):
    with open(f"/proc/{pid}/limits", encoding="utf-8") as limits:
        return re.search(r"Max core file size +(\S+) +(\S+)", limits.read()).group(1)


def start_as_nobody(one):
    """As an account that may not look into everything anyway."""
    nobody = pwd.getpwnam("nobody")
    os.chmod(one.directory, 0o777)
    os.chmod(one.config, 0o644)
    with open(one.log_path, "ab") as log:
        one.process = subprocess.Popen([processes.binary(), "--config", one.config], stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, cwd=one.directory, user=nobody.pw_uid,
                                       group=nobody.pw_gid, extra_groups=[])
    one.wait_log("ready for clients")
    return nobody.pw_uid


@pytest.mark.parametrize("core_file", ["off", "on"])
def test_no_core_file_and_no_debugger(weir, core_file):
    one = weir(core_file=core_file, start=False)
    user = os.geteuid()
    if user == 0:
        try:
            user = start_as_nobody(one)
        except PermissionError:
            pytest.skip("the account nobody cannot run this build")
    else:
        one.start()
    assert (core_limit(one.pid) == "0") == (core_file == "off")
    if not processes.ASAN:  # its search for leaks is a debugger
        # The kernel gives the files of who may be looked into to its account.
        assert (os.stat(f"/proc/{one.pid}/mem").st_uid == user) == (core_file == "on")
    with one.connect() as c:
        assert c.query("SELECT 1") == [[b"1"]]


def test_passwords_lie_in_memory_that_is_not_swapped(weir):
    """Those of the configuration, and what their logins teach."""
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == 0:
        pytest.skip("nothing may be locked here")
    if processes.ASAN:
        pytest.skip("sanitizers make nothing of mlock")
    one = weir(users={f"u{n}": PASSWORD for n in range(120)})
    with open(f"/proc/{one.pid}/status", encoding="utf-8") as status:
        locked = int(re.search(r"VmLck:\s+(\d+) kB", status.read()).group(1))
    assert locked >= 60 or "does not lock the memory" in one.log()


def test_the_console_shows_no_password(server, weir):
    """In none of its tables, with clients, links and statements there; nor in its messages."""
    with server.root() as root:
        root.query(f"CREATE USER s_user@'%' IDENTIFIED BY '{PASSWORD}'")
    one = weir(users={"app": "secret", "s_user": PASSWORD}, console_password=PASSWORD,
               console_port=processes.free_port(), digests="all",
               slow_query_log="on", long_query_time=0)
    with one.connect(user="s_user", password=PASSWORD) as c, one.connect() as app, console.connect(one) as asks:
        c.query("SELECT 1")
        app.query(f"ALTER USER s_user@'%' IDENTIFIED BY '{PASSWORD}'")
        names = asks.query("SELECT table_schema, table_name FROM information_schema.tables")
        assert len(names) > 15
        seen = b"".join(value or b"" for schema, name in names
                        for row in asks.query(f"SELECT * FROM {schema.decode()}.{name.decode()}") for value in row)
        seen += b"".join(value or b"" for sql in ("SHOW VARIABLES", "SHOW CLIENTS", "SHOW DIGESTS")
                         for row in asks.query(sql) for value in row)
        asks.query("SET GLOBAL console_password = 'canary2'")
        assert b"s_user" in seen and b"canary" not in seen
    assert "canary" not in one.log()
    with server.root() as root:
        root.query("DROP USER s_user@'%'")


def test_no_password_in_what_is_said_of_a_wrong_file(tmp_path):
    file = tmp_path / "weir.cnf"
    file.write_text(f"""[weir]
console_passwort = {PASSWORD}
console_password = "{PASSWORD}
[server main]
host = 127.0.0.1
[user app]
pasword = {PASSWORD}
password = "{PASSWORD}"x
[user other]
password = {PASSWORD * 30}
[user third]
password = *{PASSWORD}
""")
    done = subprocess.run([processes.binary(), "--check-config", "--config", str(file)], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    assert done.returncode != 0 and b"pasword" in done.stdout
    assert b"canary" not in done.stdout, done.stdout.decode()
