# SPDX-License-Identifier: Apache-2.0
"""The slow query log: what is in it, in both forms, read by the tools that people read such logs with;
rotation; secrets."""

import os
import re
import shutil
import signal
import subprocess

import processes
import pytest
import wire

MYSQL9_DUMPSLOW = os.path.join(os.environ.get("WEIR_MYSQL9", os.path.expanduser("~/.cache/weir/mysql9")),
                               "usr/bin/mysqldumpslow")
TOOL_TIMEOUT_S = 60
COLUMNS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "src", "console",
                       "columns.def")


def tool(name):
    path = MYSQL9_DUMPSLOW if name == "mysqldumpslow" else shutil.which(name)
    if path is None or not os.path.exists(path):
        pytest.skip(f"there is no {name} (Debian: percona-toolkit, mariadb-server; "
                    "tests/support/mysql9.sh make)")
    return path


def run(name, *arguments):
    done = subprocess.run(["perl", tool(name), *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TOOL_TIMEOUT_S,
                          check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def configured(make, **settings):
    one = make(start=False, slow_query_log="on", **settings)
    one.slow_log = os.path.join(one.directory, "slow.log")
    one.configure(slow_query_log_file=one.slow_log)
    return one.start()


def text_of(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def entries(path):
    return [e for e in re.split(r"(?m)^(?=# Time: )", text_of(path)) if e]


def wait_entry(one, *parts):
    """The entry that holds all of these."""
    def found():
        matches = [e for e in entries(one.slow_log) if all(p in e for p in parts) and e.endswith(";\n")]
        return matches[-1] if matches else None
    return processes.wait_until(found, 20, f"{parts} in the slow query log")


def settle(c, one):
    """Everything before this is in the log when it is."""
    settle.number = getattr(settle, "number", 0) + 1
    mark = f"settled_{settle.number}"
    c.query("SET SESSION long_query_time=0")
    c.query(f"SELECT 1 AS {mark}")
    wait_entry(one, mark)


def test_slow_statements_only(weir):
    one = configured(weir, long_query_time=1)
    with one.connect(schema="test") as c:
        before = one.counters()["Slow_queries"]
        c.query("SELECT 'quick'")
        c.query("SELECT SLEEP(1.1), 'slow'")
        entry = wait_entry(one, "'slow'")
        settle(c, one)
        assert "'quick'" not in text_of(one.slow_log)
    lines = entry.splitlines()
    assert re.fullmatch(r"# Time: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", lines[0])
    assert re.fullmatch(r"# User@Host: app\[app\] @  \[127\.0\.0\.1\]  Id: 2\d{9}", lines[1])
    fields = dict(re.findall(r"(\w+): (\S+)", lines[2]))
    assert 1 <= float(fields["Query_time"]) < 30
    assert fields["Rows_sent"] == "1" and fields["Errno"] == "0" and fields["Server"] == "main"
    assert 50 < int(fields["Bytes_sent"]) < 1000
    assert int(fields["Server_thread_id"]) > 0 and int(fields["Link_id"]) > 0
    assert lines[3] == "use test;"
    assert re.fullmatch(r"SET timestamp=\d{10};", lines[4])
    assert lines[5] == "SELECT SLEEP(1.1), 'slow';"
    assert len(lines) == 6
    processes.wait_until(lambda: one.counters()["Slow_queries"] >= before + 1, 10, "the count")


def test_off_by_default(weir):
    one = weir(long_query_time="0.000001")
    with one.connect() as c:
        c.query("SELECT 1")
        processes.wait_until(lambda: one.counters()["Slow_queries"] >= 1, 20, "a slow query")
    assert one.counters()["Weir_slow_log_entries"] == 0
    assert not os.path.exists(os.path.join(one.directory, "weir-slow.log"))


def test_a_clients_own_long_query_time(weir):
    one = configured(weir, long_query_time=100)
    with one.connect() as own, one.connect() as other:
        own.query("SET SESSION long_query_time=0.000001")
        other.query("SELECT 'of the other'")
        own.query("SELECT 'of the one'")
        wait_entry(one, "'of the one'")
        own.query("SET SESSION long_query_time=50")
        own.query("SELECT 'not any more'")
        own.command(wire.com(0x1f))
        own.query("SELECT 'nor after a reset'")
        settle(other, one)
    log = text_of(one.slow_log)
    assert "of the other" not in log and "any more" not in log and "a reset" not in log


def test_live(weir):
    one = configured(weir, long_query_time=0)
    with one.connect() as c:
        c.query("SELECT 'first'")
        wait_entry(one, "'first'")
        one.configure(slow_query_log="off")
        one.reload()
        c.query("SELECT 'unseen'")
        one.configure(slow_query_log="on", slow_log_format="mariadb")
        one.reload()

        def seen():
            c.query("SELECT 'again'")
            return "'again'" in text_of(one.slow_log)
        processes.wait_until(seen, 20, "the log to go on")
        entry = wait_entry(one, "'again'")
    assert re.match(r"# Time: \d{6} [ \d]\d:\d\d:\d\d\n# User@Host: app\[app\] @  \[127.0.0.1\]\n"
                    r"# Thread_id: 2\d{9}  Schema:   QC_hit: No\n# Query_time: ", entry)
    assert "'unseen'" not in text_of(one.slow_log)


def test_prepared_and_long_statements(weir):
    one = configured(weir, long_query_time=0)
    with one.connect(schema="test") as c:
        c.prepare("SELECT 'prepared', 5 + 1")
        c.command(c.execute_packet())
        wait_entry(one, "SELECT 'prepared', 5 + 1;")
        medium = "SELECT 'medium', " + ", ".join(str(i) for i in range(1000))
        c.query(medium)
        assert medium + ";\n" in wait_entry(one, "'medium'")
        long = "SELECT 'long', '" + "x" * 100000 + "'"
        c.query(long)
        entry = wait_entry(one, "'long'")
        assert entry.endswith(f"xxx /* the first bytes of {len(long)} */;\n")
        assert 15000 < len(entry) < 20000
        c.command(wire.com(wire.COM_INIT_DB, b"test"))
        wait_entry(one, "# administrator command: Init DB;")


def test_who_waited(weir):
    one = configured(weir, long_query_time=0, pool_max_size=1, debug_link_switching=None)
    with one.connect() as holder, one.connect() as waiter:
        holder.query("BEGIN")
        waiter.send(wire.q("SELECT 'waited'"))
        processes.wait_until(lambda: one.counters()["Weir_waits"] >= 1, 20, "a wait")
        holder.query("DO SLEEP(1)")
        holder.query("COMMIT")
        waiter.read_reply(wire.COM_QUERY)
        entry = wait_entry(one, "'waited'")
    fields = dict(re.findall(r"(\w+): (\S+)", entry))
    assert float(fields["Pool_wait_time"]) >= 1
    assert float(fields["Query_time"]) < float(fields["Pool_wait_time"])


def test_errors_and_affected_rows(weir):
    one = configured(weir, long_query_time=0)
    with one.connect(schema="test") as c:
        c.query("CREATE TEMPORARY TABLE slow_rows (a INT)")
        c.query("INSERT INTO slow_rows VALUES (1), (2), (3)")
        assert " Rows_affected: 3 " in wait_entry(one, "INSERT INTO slow_rows")
        with pytest.raises(wire.ServerError):
            c.query("SELECT * FROM no_such_table_at_all")
        assert " Errno: 1146 " in wait_entry(one, "no_such_table_at_all")


def test_a_client_that_does_not_wait(weir):
    """What its own server would have logged, too."""
    one = configured(weir, long_query_time=0.2)
    c = one.connect()
    c.send(wire.q("SELECT SLEEP(30), 'given up'"))
    processes.wait_until(lambda: one.counters()["Questions"] >= 1, 20, "the statement")
    with one.connect() as other:
        other.query("DO SLEEP(0.4)")
    c.close()
    assert " Killed: 1 " in wait_entry(one, "'given up'")


def test_no_index(weir, server):
    with server.root(schema="test") as root:
        root.query("CREATE TABLE slow_scan (a INT PRIMARY KEY, b INT)")
        root.query("INSERT INTO slow_scan VALUES (1, 1), (2, 2), (3, 3)")
    one = configured(weir, long_query_time=100, log_queries_not_using_indexes="on")
    with one.connect(schema="test") as c:
        c.query("SELECT 'by key' FROM slow_scan WHERE a = 1")
        c.query("SELECT 'by scan' FROM slow_scan WHERE b = 1")
        assert " No_index_used: Yes" in wait_entry(one, "'by scan'")
        settle(c, one)
    assert "'by key'" not in text_of(one.slow_log)


def test_rate_limit(weir):
    one = configured(weir, long_query_time=0, log_slow_rate_limit=5, workers=1)
    with one.connect() as c:
        for i in range(20):
            c.query(f"SELECT 'number {i}'")
        processes.wait_until(lambda: one.counters()["Weir_slow_log_entries"] >= 4, 20, "four entries")
    assert len(entries(one.slow_log)) <= 5
    assert "Log_slow_rate_type: query Log_slow_rate_limit: 5\n" in text_of(one.slow_log)


def test_rotation(weir):
    one = configured(weir, long_query_time=0)
    old = one.slow_log + ".1"
    with one.connect() as c:
        c.query("SELECT 'before'")
        wait_entry(one, "'before'")
        os.rename(one.slow_log, old)
        c.query("SELECT 'between'")
        processes.wait_until(lambda: "'between'" in text_of(old), 20, "the old file to be written")
        one.send_signal(signal.SIGHUP)
        processes.wait_until(lambda: os.path.exists(one.slow_log), 20, "a new file")
        c.query("SELECT 'after'")
        wait_entry(one, "'after'")
    assert "'after'" not in text_of(old)


def test_a_file_that_cannot_be_opened(weir):
    one = configured(weir, long_query_time=0)
    with one.connect() as c:
        one.configure(slow_query_log_file="/no/such/folder/slow.log")
        one.reload()
        one.wait_log("cannot open '/no/such/folder/slow.log'")
        c.query("SELECT 1")
        one.configure(slow_query_log_file=one.slow_log)
        one.reload()

        def seen():
            c.query("SELECT 'again'")
            return "'again'" in text_of(one.slow_log)
        processes.wait_until(seen, 20, "the log to go on")


def test_secrets(weir):
    one = configured(weir, long_query_time=0)
    with one.connect(schema="test") as c:
        for sql in ("CREATE USER slow_secret IDENTIFIED BY 'hunter2'",
                    "SET PASSWORD FOR slow_secret = 'hunter2'",
                    "SELECT MD5('hunter2'), 'about users'",
                    "DROP USER slow_secret /* hunter2 password */"):
            try:
                c.query(sql)
            except wire.ServerError:
                pass
        c.prepare("SELECT 'hunter2' AS password")
        c.command(c.execute_packet())
        settle(c, one)
    log = text_of(one.slow_log)
    assert "hunter2" not in log
    assert "CREATE USER slow_secret IDENTIFIED BY '<secret>';" in log
    assert "hunter2" not in one.log()


def some_work(one):
    """Statements that each tool must find again, and sum up by what they have in common."""
    with one.connect(schema="test") as c, one.connect() as other:
        for i in range(3):
            c.query(f"SELECT SLEEP(0.05), {i} AS slept")
        c.query("SELECT 'not;\n# Time: 990101  1:00:00\n# User@Host: root[root] @ evil []\n"
                "# Query_time: 9999.0  Lock_time: 0.0  Rows_sent: 0  Rows_examined: 0\n', 'root'")
        other.query("SELECT 'a\n# b', 'of the other' AS x")
        c.query("SELECT 1;")
        c.command(wire.com(wire.COM_INIT_DB, b"test"))
        settle(other, one)


@pytest.mark.parametrize("form", ["mysql", "mariadb"])
def test_pt_query_digest(weir, form):
    tool("pt-query-digest")
    one = configured(weir, long_query_time=0, slow_log_format=form)
    some_work(one)
    out = run("pt-query-digest", "--no-version-check", "--limit=100%", "--output=report", one.slow_log)
    assert re.search(r"SELECT SLEEP\(0\.05\), \d AS slept\\G", out), out
    first = out[out.index("# Query 1:"):out.index("# Query 2:")]
    assert "slept" in first
    assert re.search(r"(?m)^# Count\s+\d+\s+3$", first), first
    assert re.search(r"(?m)^# Exec time\s", first), first
    assert re.search(r"(?m)^# Pool wait\s", first), first
    assert re.search(r"(?m)^# Databases\s+test$", first), first
    assert re.search(r"(?m)^# Users\s+app$", first), first
    assert re.search(r"(?m)^# Hosts\s+127\.0\.0\.1$", first), first
    assert "Time range" in out
    assert set(re.findall(r"(?m)^# Hosts\s+(.*)$", out)) == {"127.0.0.1"}
    assert set(re.findall(r"(?m)^# Users\s+(.*)$", out)) == {"app"}


@pytest.mark.parametrize("form, name", [("mysql", "mysqldumpslow"), ("mariadb", "mariadb-dumpslow")])
def test_dumpslow(weir, form, name):
    tool(name)
    one = configured(weir, long_query_time=0, slow_log_format=form)
    some_work(one)
    out = run(name, "-s", "t", one.slow_log)
    slept = re.search(r"(?m)^Count: 3  Time=0\.\d\ds \(\ds\)  Lock=0\.00s \(0s\)  Rows.*, "
                      r"app(?:\[app\])?@\[127\.0\.0\.1\]\n  SELECT SLEEP\(N\.N\), N AS slept$", out)
    assert slept, out
    assert re.search(r"(?m)^  SELECT N$", out), out
    assert "# Time" not in out and "# Query_time" not in out, out


# --- digests, as the console shows them ---

def console(one):
    return wire.connect(one.settings["console_socket"], user="weir", password="")


def digests(one, where="1"):
    """Rows of weir.digests by the text of their digests."""
    names = [line.split('"')[1] for line in text_of(COLUMNS).splitlines()
             if line.startswith("COLUMN(digests, ")]
    with console(one) as c:
        rows = c.query(f"SELECT * FROM weir.digests WHERE {where}")
    rows = [dict(zip(names, [None if v is None else v.decode() for v in row])) for row in rows]
    return {row["digest_text"]: row for row in rows}


def wait_digests(one, **counts):
    """The same when so many statements with these words in their digests are in it: a client has its
    reply a moment before its statement is summed up."""
    def counted():
        found = digests(one)
        for word, count in counts.items():
            if sum(int(row["count"]) for text, row in found.items() if word in (text or "")) < count:
                return None
        return found
    return processes.wait_until(counted, 20, f"{counts} in weir.digests")


def test_digests_of_all_statements(weir):
    one = weir(digests="all", long_query_time=1)
    with one.connect(schema="test") as c, one.connect(schema="test") as other:
        c.query("CREATE TEMPORARY TABLE digested (a INT, b VARCHAR(10))")
        for i in range(3):
            c.query(f"INSERT INTO digested VALUES ({i}, 'hunter{i}'), ({i}, 'x')")
        for who in (c, other):
            who.query("SELECT SLEEP(0.01) /* comment */, 'a'")
            who.prepare("SELECT SLEEP(1.1), 'secret', 5 AS password")
            who.command(who.execute_packet())
        with pytest.raises(wire.ServerError):
            c.query("SELECT * FROM no_such_table WHERE a IN (1,2,3)")
    found = wait_digests(one, no_such_table=1, PASSWORD=2)
    row = found["INSERT INTO `digested` VALUES (...) /* , ... */"]
    assert row["count"] == "3" and row["rows_affected"] == "6" and row["db"] == "test"
    assert row["errors"] == "0" and row["slow"] == "0"
    assert re.fullmatch(r"[0-9a-f]{16}", row["digest"])
    row = found["SELECT `SLEEP` (?) , ?"]
    assert row["count"] == "2" and row["rows_sent"] == "2"
    assert 20 <= float(row["time_ms"]) and 10 <= float(row["min_ms"]) <= float(row["p50_ms"])
    assert float(row["p50_ms"]) <= float(row["p99_ms"]) <= float(row["max_ms"])
    row = found["SELECT `SLEEP` (?) , ?, ... AS PASSWORD"]
    assert row["count"] == "2" and row["slow"] == "2"
    assert row["sample"] == "SELECT SLEEP(1.1), '<secret>', 5 AS password"
    row = found["SELECT * FROM `no_such_table` WHERE `a` IN (...)"]
    assert row["errors"] == "1"
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$", row["first_seen"])
    with console(one) as admin:
        assert len(admin.query("SHOW DIGESTS LIKE '%digested%'")) == 2
        admin.query("RESET DIGESTS")
        assert digests(one) == {}
        with pytest.raises(wire.ServerError):
            admin.query("TRUNCATE TABLE weir.clients")
        admin.query("TRUNCATE TABLE weir.digests")


def test_digests_of_slow_statements_by_default(weir):
    one = weir(long_query_time=1)
    with one.connect() as c:
        c.query("SELECT 'quick'")
        c.query("SELECT SLEEP(1.1)")
    found = wait_digests(one, SLEEP=1)
    assert found["SELECT `SLEEP` (?)"]["slow"] == "1"
    assert "SELECT ?" not in found
    one.configure(digests="off")
    one.reload()
    processes.wait_until(lambda: not digests(one), 20, "an empty table")


def test_digests_of_long_inserts(weir):
    """More than is kept of them, and of different lengths."""
    one = weir(digests="all")
    with one.connect(schema="test") as c:
        c.query("CREATE TEMPORARY TABLE digested (a INT, b VARCHAR(10))")
        for n in (300, 3000, 5000):
            c.query("INSERT INTO digested VALUES " + ", ".join(f"({i}, 'row')" for i in range(n)))
    found = wait_digests(one, INSERT=3)
    found = {text: row for text, row in found.items() if text.startswith("INSERT")}
    assert {text: row["count"] for text, row in found.items()} == {
        "INSERT INTO `digested` VALUES (...) /* , ... */": "1",
        "INSERT INTO `digested` VALUES (...) /* , ... */...": "2"}


def test_digests_that_have_no_room(weir):
    one = weir(digests="all", digests_size=5, workers=1)
    with one.connect() as c:
        for i in range(20):
            c.query(f"SELECT 1 AS name_{i}")
        c.query("DO 1")
    found = processes.wait_until(
        lambda: (lambda f: f if sum(int(row["count"]) for row in f.values()) >= 21 else None)(
            digests(one)), 20, "21 statements")
    assert len(found) == 6
    assert found[None]["digest"] is None


def test_digests_know_who_holds_links(weir):
    """What a client does between its statements counts for the one that kept the link."""
    one = weir(digests="all", debug_link_switching=None)
    with one.connect() as c, one.connect() as other:
        c.query("BEGIN")
        c.query("SELECT 1 AS held")
        other.query("DO SLEEP(1)")
        c.query("COMMIT")
        c.query("SELECT 1 AS not_held")
        other.query("DO SLEEP(1)")
        c.query("SELECT 1 AS other_one")
    found = wait_digests(one, other_one=1)
    assert float(found["SELECT ? AS `held`"]["link_ms"]) >= 1000
    assert float(found["SELECT ? AS `held`"]["time_ms"]) < 1000
    assert float(found["SELECT ? AS `not_held`"]["link_ms"]) < 1000


def test_flush_logs(weir):
    one = configured(weir, long_query_time=0)
    with one.connect() as c, console(one) as admin:
        c.query("SELECT 'before'")
        wait_entry(one, "'before'")
        os.rename(one.slow_log, one.slow_log + ".1")
        admin.query("FLUSH SLOW LOGS")
        processes.wait_until(lambda: os.path.exists(one.slow_log), 20, "a new file")
        admin.query("SET GLOBAL long_query_time = 0.5")
        assert admin.query("SHOW VARIABLES LIKE 'long_query_time'") == [[b"long_query_time", b"0.5"]]


@pytest.mark.mysql
def test_digests_as_this_mysql_makes_them(server):
    """tests/unit/mysql/sql_digests.def, asked again."""
    path = os.path.join(os.path.dirname(__file__), "..", "unit", "mysql", "sql_digests.def")
    text = r'"((?:[^"\\]|\\.)*)"'
    rows = re.findall(rf"(?:DIGEST|DIFFERS)\({text},\s*{text}", text_of(path))
    assert len(rows) > 500

    def plain(c_text):
        return c_text.encode().decode("unicode_escape").encode("latin-1").decode()
    with server.root(schema="mysql") as root:
        for sql, digest in rows:
            quoted = plain(sql).replace("\\", "\\\\").replace("'", "\\'")
            got = root.query(f"SELECT STATEMENT_DIGEST_TEXT('{quoted}')")[0][0]
            assert got.decode() == plain(digest)
