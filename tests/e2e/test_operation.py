# SPDX-License-Identifier: Apache-2.0
"""Weir in the hands of whoever runs it: files, signals, sockets, exit codes, and many clients."""

import os
import selectors
import signal
import socket
import subprocess
import time

import pytest

import certificates
import processes
import wire


def run(*arguments, **more):
    return subprocess.run([processes.binary(), *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False, **more)


def test_help_defaults_and_exit_codes(tmp_path):
    usage = run("--help")
    assert usage.returncode == 0 and b"--pool-max-size" in usage.stdout
    defaults = run("--print-defaults")
    assert defaults.returncode == 0 and b"[weir]" in defaults.stdout
    path = tmp_path / "weir.cnf"
    path.write_bytes(defaults.stdout)
    assert run("--version").returncode == 0
    assert run("--nosuch").returncode == 2
    assert run("--pool-max-size=many").returncode == 2
    assert run("--config", str(tmp_path / "missing")).returncode == 2
    unlistenable = run("--bind-address=192.0.2.1", "mysql://a:b@127.0.0.1:1")
    assert unlistenable.returncode == 1, unlistenable.stderr


def test_all_mistakes_are_told_at_once(tmp_path):
    path = tmp_path / "weir.cnf"
    path.write_text("[weir]\nport = 99999\nnosuch = 1\nworkers = -1\npool_mode = maybe\n"
                    "[server main]\nhost = 127.0.0.1\nmax_connections = none\n[nosuch]\na = 1\n"
                    "[user app]\n")
    done = run("--config", str(path), "--check-config")
    assert done.returncode == 2
    text = done.stderr.decode()
    for line, word in ((2, "99999"), (3, "nosuch"), (4, "workers"), (5, "maybe"), (8, "none"), (9, "nosuch")):
        assert any(f"{path}:{line}" in said and word in said for said in text.splitlines()), \
            f"line {line}, {word}: {text}"


def test_users_of_unknown_servers_are_told(tmp_path):
    path = tmp_path / "weir.cnf"
    path.write_text("[server main]\n[user a]\nserver = nowhere\n[user b]\nserver = elsewhere\n")
    done = run("--config", str(path), "--check-config")
    assert done.returncode == 2
    assert b"nowhere" in done.stderr and b"elsewhere" in done.stderr


def test_a_right_configuration_is_called_good(tmp_path):
    path = tmp_path / "weir.cnf"
    path.write_text("[server main]\nhost = 127.0.0.1\n[user app]\npassword = x\n")
    path.chmod(0o600)
    done = run("--config", str(path), "--check-config")
    assert done.returncode == 0 and b"good" in done.stderr


def test_the_check_reads_the_files_that_the_start_reads(tmp_path):
    """Certificates, keys and authorities of all sections, each with its setting; and it writes none."""
    authority = certificates.Authority(tmp_path)
    certificate, key = authority.sign("weir")
    _, other_key = authority.sign("other")
    (tmp_path / "broken").write_text("no certificate\n")
    none = tmp_path / "none"
    path = tmp_path / "weir.cnf"
    user = "[user app]\npassword = x\n"

    def check(weir, server):
        path.write_text(f"[weir]\n{weir}[server main]\n{server}{user}")
        path.chmod(0o600)
        done = run("--config", str(path), "--check-config")
        return done.returncode, done.stderr.decode()

    code, text = check(f"ssl_cert = {none}\ncaching_sha2_password_private_key_path = {tmp_path}/broken\n",
                       f"ssl_ca = {tmp_path}/broken\n")
    assert code == 2 and "good" not in text
    for wanted in (f"[weir]: ssl_cert '{none}': No such file", "[weir]: caching_sha2_password_private_key_path",
                   f"[server main]: ssl_ca '{tmp_path}/broken': it has no certificate"):
        assert wanted in text
    code, text = check(f"ssl_cert = {certificate}\nssl_key = {other_key}\n", f"ssl_cert = {certificate}\n")
    assert code == 2 and f"ssl_key '{other_key}': it does not belong to ssl_cert" in text
    assert f"[server main]: ssl_key '{certificate}': it has no private key" in text
    assert check(f"ssl_cert = {certificate}\nssl_key = {key}\nssl_ca = {authority.certificate}\n", "")[0] == 0
    assert check("", f"ssl_cert = {certificate}\nssl_key = {key}\n")[0] == 0
    assert not (tmp_path / "weir.cnf.tls").exists()


def test_two_on_one_port(weir):
    one = weir()
    done = run("--port", str(one.settings["port"]), "mysql://a:b@127.0.0.1:1")
    assert done.returncode == 1
    assert b"in use" in done.stderr


def test_unix_sockets_on_both_sides(server, weir):
    one = weir(socket="weir.sock", server_socket=server.socket, server_host=None, server_port=None,
               start=False)
    path = os.path.join(one.directory, "w.sock")
    one.configure(socket=path, socket_mode="0700")
    one.start()
    with wire.connect(path, schema="test") as c:
        assert c.query("SELECT 1") == [[b"1"]]
        c.query("BEGIN")
        assert c.query("SELECT 2") == [[b"2"]]
    assert os.stat(path).st_mode & 0o777 == 0o700
    one.stop()
    assert not os.path.exists(path)


def test_only_a_unix_socket(weir):
    one = weir(start=False)
    path = os.path.join(one.directory, "w.sock")
    one.configure(port=0, socket=path)
    one.start()
    with wire.connect(path) as c:
        assert c.query("SELECT 1") == [[b"1"]]


def test_servers_by_name(weir):
    try:
        socket.getaddrinfo("localhost", 3306)
    except OSError as error:
        pytest.skip(f"this machine does not know localhost: {error}")
    one = weir(server_host="localhost")
    with one.connect() as c:
        assert c.query("SELECT 1") == [[b"1"]]


def test_a_url_is_enough(server):
    port = processes.free_port()
    process = subprocess.Popen([processes.binary(), f"--port={port}",
                                f"mysql://app:secret@127.0.0.1:{server.port}"],
                               stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        def connected():
            try:
                return wire.connect(("127.0.0.1", port))
            except OSError:
                return None
        with processes.wait_until(connected, 10, "the start") as c:
            assert c.query("SELECT 1") == [[b"1"]]
            c.quit()
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0
        assert not processes.SANITIZER.search(process.stderr.read().decode())
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stderr.close()


def test_reload_changes_limits_and_users(weir):
    one = weir(max_connections=2, pool_max_size=1)
    first, second = one.connect(), one.connect()
    with pytest.raises(wire.ServerError):
        one.connect()
    one.users = {"app": "secret", "app2": "new"}
    one.configure(max_connections=5, pool_max_size=3)
    one.reload()
    third = one.connect()
    for c in (first, second, third):
        c.query("BEGIN")
    with pytest.raises(wire.ServerError) as error:
        one.connect(user="app2", password="new", schema="test")
    assert error.value.code == 1045, "Weir knows the user now, the server does not"
    one.users = {"app": "other"}
    one.configure()
    one.reload()
    assert first.query("SELECT 1") == [[b"1"]], "who is in stays in"
    with pytest.raises(wire.ServerError) as error:
        one.connect()
    assert error.value.code == 1045


def test_a_broken_file_changes_nothing(weir):
    one = weir()
    with open(one.config, "a", encoding="utf-8") as out:
        out.write("[weir]\nworkers = nonsense\n")
    one.send_signal(signal.SIGHUP)
    one.wait_log("was not reloaded")
    with one.connect() as c:
        assert c.query("SELECT 1") == [[b"1"]]


def test_restart_needs_are_told(weir):
    one = weir()
    one.configure(workers=1)
    one.reload()
    assert "restart" in one.log()


def test_sigterm_lets_a_transaction_finish(server, weir):
    server.query("CREATE OR REPLACE TABLE test.drained (a INT)")
    one = weir(drain_timeout=60)
    with one.connect(schema="test") as busy, one.connect() as idle:
        busy.query("BEGIN")
        busy.query("INSERT INTO drained VALUES (1)")
        one.send_signal(signal.SIGTERM)
        assert idle.at_end(), "idle clients are let go at once"
        busy.query("INSERT INTO drained VALUES (2)")
        busy.query("COMMIT")
        assert busy.at_end()
        one.stop()
    assert server.query("SELECT COUNT(*) FROM test.drained") == [[b"2"]]


def test_sigterm_refuses_new_clients_at_once(weir):
    one = weir(drain_timeout=60)

    def is_refused():
        try:
            wire.Wire(one.address).close()
        except ConnectionRefusedError:
            return True
        return False
    with one.connect(schema="test") as busy:
        busy.query("BEGIN")
        one.send_signal(signal.SIGTERM)
        one.wait_log("stopping")
        processes.wait_until(is_refused, 20, "the end of its listeners")
        busy.query("COMMIT")


def test_sigterm_cuts_off_what_takes_too_long(server, weir):
    server.query("CREATE OR REPLACE TABLE test.drained (a INT)")
    one = weir(drain_timeout=1)
    with one.connect(schema="test") as busy:
        busy.query("BEGIN")
        busy.query("INSERT INTO drained VALUES (1)")
        one.send_signal(signal.SIGTERM)
        assert busy.at_end()
        one.stop()
    assert server.query("SELECT COUNT(*) FROM test.drained") == [[b"0"]]


def test_500_clients_through_10_links(own_server, weir):
    """One thread, 500 connections, each with transactions of its own; the server has 20 places."""
    own_server.query("CREATE OR REPLACE TABLE test.work (id INT PRIMARY KEY AUTO_INCREMENT, who INT, n INT)")
    processes.wait_until(lambda: own_server.others() == 0, 20, "the end of earlier connections")
    own_server.query("FLUSH STATUS")
    one = weir(own_server, server_max_connections=10, pool_max_size=10, pool_wait_timeout="240s",
               log_level="note")
    rounds = 2 if processes.ASAN else 4
    script = [b"BEGIN", b"INSERT INTO test.work (who, n) VALUES (%d, 1)", b"SELECT COUNT(*) FROM test.work "
              b"WHERE who=%d", b"COMMIT", b"SELECT 1 + %d"]
    selector = selectors.DefaultSelector()
    clients = []
    for number in range(500):
        c = one.connect(timeout=240)
        c.steps = [(s % number if b"%d" in s else s) for s in script] * rounds
        c.keep = False
        clients.append(c)
        selector.register(c.socket, selectors.EVENT_READ, c)
    for c in clients:
        c.send(b"\x03" + c.steps.pop(0))
    active = len(clients)
    end = time.monotonic() + 240
    while active:
        assert time.monotonic() < end, f"{active} clients are not done"
        for key, _ in selector.select(1):
            c = key.data
            c.read_reply(wire.COM_QUERY)
            assert c.error is None, c.error
            if c.steps:
                c.send(b"\x03" + c.steps.pop(0))
            else:
                active -= 1
                selector.unregister(c.socket)
                c.quit()
    used = int(own_server.query("SHOW GLOBAL STATUS LIKE 'Max_used_connections'")[0][1])
    assert used <= 10 + 1, "our own connection counts too"
    rows = own_server.query("SELECT COUNT(*), COUNT(DISTINCT who), SUM(n) FROM test.work")
    assert rows == [[b"%d" % (500 * rounds), b"500", b"%d" % (500 * rounds)]]
    n = one.counters()
    assert n["Max_used_connections"] == 500
    assert n["Questions"] == 500 * len(script) * rounds


@pytest.mark.untls("OpenSSL keeps some 11 kB of a connection")
def test_idle_clients_cost_little_memory(weir):
    if processes.ASAN:
        pytest.skip("AddressSanitizer's allocator is not what is measured")
    one = weir(log_level="note")
    first = [one.connect() for _ in range(100)]  # what is there once is not counted
    before = one.rss_kib()
    # As the drivers of MySQL and MariaDB do.
    attributes = ((b"_client_name", b"libmariadb"), (b"_client_version", b"3.3.14"), (b"_os", b"Linux"),
                  (b"_server_host", b"db.example.com"), (b"_pid", b"1234567"), (b"_platform", b"x86_64"),
                  (b"program_name", b"mysqldump"))
    clients = [one.connect(attributes=attributes) for _ in range(800)]
    growth = one.rss_kib() - before
    for c in first + clients:
        c.quit()
    assert 0 < growth < 800 * 1.5, f"{growth} KiB for 800 clients"
