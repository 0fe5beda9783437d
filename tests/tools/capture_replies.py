#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records what a real server answers to the same commands in every dialect.

Usage: capture_replies.py HOST PORT [SERVER] > tests/unit/mysql/fixtures/replies_mariadb.txt

The account root must have no password, and the server must allow LOAD DATA LOCAL. A third argument
names the server in the first line. Each case runs on fresh connections: one that speaks as Weir's
links do (DEPRECATE_EOF, SESSION_TRACK, all trackers on) and one for each dialect of a client.
test_reply_captures.c requires that the first, translated, equals each of the others.
"""
import socket
import struct
import sys

CLIENT_BASE = 0x0000A205 | 1 << 17 | 1 << 18 | 1 << 19 | 1 << 21 | 1 << 7
MULTI_STATEMENTS = 1 << 16
SESSION_TRACK = 1 << 23
DEPRECATE_EOF = 1 << 24

DIALECTS = [
    ("link", DEPRECATE_EOF | SESSION_TRACK),
    ("none", 0),
    ("track", SESSION_TRACK),
    ("eof", DEPRECATE_EOF),
    ("both", DEPRECATE_EOF | SESSION_TRACK),
]

LINK_SETUP = (
    "SET session_track_system_variables='*', session_track_schema=1,"
    " session_track_state_change=1, session_track_transaction_info='CHARACTERISTICS'"
)

SCHEMA = [
    "DROP DATABASE IF EXISTS weir_capture",
    "CREATE DATABASE weir_capture CHARACTER SET utf8mb4",
    "USE weir_capture",
    "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a INT, b VARCHAR(50), KEY (a))",
    "INSERT INTO t (a, b) VALUES (1, 'one'), (2, 'two'), (3, NULL), (4, ''), (5, 'five')",
    "CREATE PROCEDURE p_two() BEGIN SELECT id FROM t WHERE id = 1; SELECT a, b FROM t; END",
    "CREATE PROCEDURE p_none() BEGIN DO 1; END",
    "CREATE PROCEDURE p_error() BEGIN SELECT 1; SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END",
    "CREATE PROCEDURE p_out(OUT o INT) BEGIN SET o = 42; END",
    "CREATE PROCEDURE p_set() BEGIN SELECT 1; SET sql_mode = 'ANSI_QUOTES'; SELECT 2; END",
    "CREATE PROCEDURE p_begin() BEGIN START TRANSACTION; SELECT a FROM t WHERE id = 1; END",
]


class Connection:
    def __init__(self, host, port, capabilities):
        self.socket = socket.create_connection((host, port))
        self.socket.settimeout(10)
        self.buffer = b""
        self.frame()
        login = struct.pack("<IIB23x", capabilities, 1 << 30, 45)
        login += b"root\0" + b"\0" + b"mysql_native_password\0"
        self.socket.sendall(struct.pack("<I", len(login))[:3] + b"\1" + login)
        answer = self.frame()
        if answer[4] == 0xFE:
            self.socket.sendall(b"\0\0\0\3")
            answer = self.frame()
        assert answer[4] == 0, answer

    def fill(self, n):
        while len(self.buffer) < n:
            piece = self.socket.recv(1 << 20)
            if not piece:
                raise EOFError
            self.buffer += piece

    def frame(self):
        self.fill(4)
        size = int.from_bytes(self.buffer[:3], "little") + 4
        self.fill(size)
        out, self.buffer = self.buffer[:size], self.buffer[size:]
        return out

    def send(self, command):
        self.socket.sendall(struct.pack("<I", len(command))[:3] + b"\0" + command)

    def read_until_quiet(self):
        self.socket.settimeout(0.05)
        try:
            while True:
                piece = self.socket.recv(1 << 20)
                if not piece:
                    break
                self.buffer += piece
        except (TimeoutError, socket.timeout):
            pass
        self.socket.settimeout(10)
        out, self.buffer = self.buffer, b""
        return out

    def run(self, command):
        self.send(command)
        return self.read_until_quiet()

    def run_for_ok(self, command):
        self.send(command)
        answer = self.frame()
        assert answer[4] == 0, answer
        return answer

    def close(self):
        self.socket.close()


def query(sql):
    return b"\3" + sql.encode()


def execute(flags=0, statement=-1, data=b""):
    return b"\x17" + struct.pack("<iBI", statement, flags, 1) + data


def prepare(sql):
    return b"\x16" + sql.encode()


# name, setup commands, command, and bytes to send when the server asks for a file
CASES = [
    ("select_constant", [], query("SELECT 1"), None),
    ("select_table_scan", [], query("SELECT * FROM t WHERE b = 'two'"), None),
    ("select_primary_key", [], query("SELECT * FROM t WHERE id = 2"), None),
    ("select_empty", [], query("SELECT * FROM t WHERE id = 99"), None),
    ("select_warning", [], query("SELECT 1/0, CAST('x' AS SIGNED)"), None),
    ("select_in_transaction", [query("BEGIN")], query("SELECT a FROM t"), None),
    ("select_read_only_transaction", [query("START TRANSACTION READ ONLY")], query("SELECT a FROM t"), None),
    ("select_without_autocommit", [query("SET autocommit=0")], query("SELECT a FROM t"), None),
    ("select_join_no_index", [], query("SELECT t.a FROM t JOIN t u ON t.b = u.b"), None),
    ("select_user_variable", [], query("SELECT @a := 3"), None),
    ("select_ansi_quotes", [query("SET sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'")], query("SELECT a FROM t"), None),
    ("show_variables", [], query("SHOW VARIABLES LIKE 'sql_mode'"), None),
    ("show_warnings", [query("SELECT 1/0")], query("SHOW WARNINGS"), None),
    ("insert", [], query("INSERT INTO t (a, b) VALUES (6, 'six')"), None),
    ("insert_two", [], query("INSERT INTO t (a, b) VALUES (6, 'six'), (7, 'seven')"), None),
    ("update", [], query("UPDATE t SET a = a + 1"), None),
    ("insert_returning", [], query("INSERT INTO t (a) VALUES (9) RETURNING id, a"), None),
    ("syntax_error", [], query("SELEC"), None),
    ("empty_query", [], query(""), None),
    ("set_variable", [], query("SET sql_mode='ANSI_QUOTES', time_zone='+01:00', wait_timeout=77"), None),
    ("set_user_variable", [], query("SET @a = 1"), None),
    ("set_names", [], query("SET NAMES latin1"), None),
    ("set_autocommit_off", [], query("SET autocommit=0"), None),
    ("use", [], query("USE mysql"), None),
    ("drop_current_schema", [query("CREATE DATABASE weir_gone"), query("USE weir_gone")], query("DROP DATABASE weir_gone"), None),
    ("begin", [], query("BEGIN"), None),
    ("start_transaction_read_only", [], query("START TRANSACTION READ ONLY"), None),
    ("commit", [query("BEGIN"), query("UPDATE t SET a = 1")], query("COMMIT"), None),
    ("set_transaction", [], query("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"), None),
    ("lock_tables", [], query("LOCK TABLES t READ"), None),
    ("create_temporary_table", [], query("CREATE TEMPORARY TABLE x (a INT)"), None),
    ("multi_selects", ["multi"], query("SELECT 1; SELECT a FROM t; SELECT * FROM t WHERE id = 1"), None),
    ("multi_mixed", ["multi"], query("SET @a = 1; SELECT a FROM t; UPDATE t SET a = 2; SELECT 2; SET time_zone='+02:00'"), None),
    ("multi_error_in_the_middle", ["multi"], query("SELECT 1; SELECT nothing; SELECT 2"), None),
    ("multi_begin", ["multi"], query("SELECT 1; BEGIN; SELECT a FROM t; COMMIT; SELECT a FROM t"), None),
    ("multi_use", ["multi"], query("SELECT 1; USE mysql; SELECT 2"), None),
    ("call_two", [], query("CALL p_two()"), None),
    ("call_none", [], query("CALL p_none()"), None),
    ("call_error", [], query("CALL p_error()"), None),
    ("call_set", [], query("CALL p_set()"), None),
    ("call_begin", [], query("CALL p_begin()"), None),
    ("load_local", [], query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t FIELDS TERMINATED BY ',' (a, b)"), b"10,ten\n11,eleven\n"),
    ("load_local_empty", [], query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t (a, b)"), b""),
    ("load_local_in_multi", ["multi"], query("SELECT 1; LOAD DATA LOCAL INFILE 'f' INTO TABLE t FIELDS TERMINATED BY ',' (a, b); SELECT 2"), b"10,ten\n"),
    ("init_db", [], b"\2mysql", None),
    ("init_db_unknown", [], b"\2nowhere", None),
    ("ping", [], b"\x0e", None),
    ("ping_in_transaction", [query("BEGIN")], b"\x0e", None),
    ("statistics", [], b"\x09", None),
    ("debug", [], b"\x0d", None),
    ("set_option_on", [], b"\x1b\0\0", None),
    ("set_option_off", [], b"\x1b\1\0", None),
    ("set_option_in_transaction", [query("BEGIN")], b"\x1b\0\0", None),
    ("set_option_unknown", [], b"\x1b\7\0", None),
    ("field_list", [], b"\4t\0", None),
    ("field_list_wildcard", [], b"\4t\0a%", None),
    ("field_list_in_transaction", [query("BEGIN")], b"\4t\0", None),
    ("field_list_unknown", [], b"\4nothing\0", None),
    ("reset_connection", [], b"\x1f", None),
    ("unknown_command", [], b"\x1d", None),
    ("prepare_neither", [], prepare("DO 1"), None),
    ("prepare_parameters", [], prepare("INSERT INTO t (a, b) VALUES (?, ?)"), None),
    ("prepare_columns", [], prepare("SELECT a, b FROM t"), None),
    ("prepare_both", [], prepare("SELECT a, b FROM t WHERE id = ? OR a = ?"), None),
    ("prepare_in_transaction", [query("BEGIN")], prepare("SELECT a, b FROM t WHERE id = ?"), None),
    ("prepare_error", [], prepare("SELECT nothing FROM t"), None),
    ("execute_select", [prepare("SELECT id, a, b FROM t")], execute(), None),
    ("execute_in_transaction", [query("BEGIN"), prepare("SELECT id, a, b FROM t")], execute(), None),
    ("execute_insert", [prepare("INSERT INTO t (a) VALUES (7)")], execute(), None),
    ("execute_parameter", [prepare("SELECT a, b FROM t WHERE id = ?")], execute(data=b"\0\1\x08\0" + struct.pack("<q", 3)), None),
    ("execute_call_two", [prepare("CALL p_two()")], execute(), None),
    ("execute_call_out", [prepare("CALL p_out(?)")], execute(data=b"\0\1\x08\0" + struct.pack("<q", 3)), None),
    ("execute_unknown", [], execute(statement=99), None),
    ("execute_cursor", [prepare("SELECT id, a, b FROM t")], execute(flags=1), None),
    ("execute_cursor_no_index", [prepare("SELECT id FROM t WHERE b > ''")], execute(flags=1), None),
    ("execute_cursor_in_transaction", [query("BEGIN"), prepare("SELECT id, a, b FROM t")], execute(flags=1), None),
    ("execute_cursor_empty", [prepare("SELECT id, a, b FROM t WHERE id = 99")], execute(flags=1), None),
    ("execute_cursor_constant", [prepare("SELECT 1")], execute(flags=1), None),
    ("execute_cursor_ignored", [prepare("SHOW TABLES")], execute(flags=1), None),
    ("fetch_some", [prepare("SELECT id, a, b FROM t"), execute(flags=1)], "fetch 2", None),
    ("fetch_all", [prepare("SELECT id, a, b FROM t"), execute(flags=1)], "fetch 100", None),
    ("fetch_in_transaction", [query("BEGIN"), prepare("SELECT id, a, b FROM t"), execute(flags=1)], "fetch 100", None),
    ("fetch_after_end", [prepare("SELECT id, a, b FROM t"), execute(flags=1), "fetch 100"], "fetch 1", None),
    ("fetch_without_cursor", [], b"\x1c" + struct.pack("<II", 99, 1), None),
    ("reset_statement", [prepare("SELECT 1")], "reset", None),
    ("kill_unknown", [], b"\x0c" + struct.pack("<I", 99999999), None),
    ("bulk_execute", [prepare("INSERT INTO t (a) VALUES (?)")],
     b"\xfa" + struct.pack("<iH", -1, 128) + b"\x03\x00" + b"\0" + struct.pack("<i", 21) + b"\0" + struct.pack("<i", 22), None),
]


def expand(command, statement):
    if isinstance(command, str) and command.startswith("fetch"):
        return b"\x1c" + struct.pack("<II", statement, int(command.split()[1]))
    if command[0] in (0x17, 0xFA) and command[1:5] == b"\xff\xff\xff\xff" and statement != 0:
        return command[:1] + struct.pack("<I", statement) + command[5:]
    if command == "reset":
        return b"\x1a" + struct.pack("<I", statement)
    return command


def capture(host, port, dialect, flags, case):
    name, setup, command, file = case
    connection = Connection(host, port, CLIENT_BASE | flags | (MULTI_STATEMENTS if "multi" in setup else 0))
    for sql in SCHEMA:
        connection.run_for_ok(query(sql))
    if dialect == "link":
        connection.run_for_ok(query(LINK_SETUP))
    statement = 0
    status = None
    for step in setup:
        if step == "multi":
            continue
        answer = connection.run(expand(step, statement))
        if isinstance(step, bytes) and step[0] == 0x16:
            statement = int.from_bytes(answer[5:9], "little")
    # The status that a link knows before: that of a COM_PING.
    ping = connection.run_for_ok(b"\x0e")
    status = int.from_bytes(ping[7:9], "little")
    command = expand(command, statement)
    pieces = [connection.run(command)]
    if file is not None:
        sequence = frames(pieces[0])[-1][3]
        out = b""
        for piece in ([file] if file else []) + [b""]:
            sequence += 1
            out += struct.pack("<I", len(piece))[:3] + bytes([sequence]) + piece
        connection.socket.sendall(out)
        pieces.append(connection.read_until_quiet())
    connection.close()
    return command[0], status, pieces


def frames(data):
    out = []
    while data:
        size = int.from_bytes(data[:3], "little") + 4
        out.append(data[:size])
        data = data[size:]
    return out


def main():
    host, port = sys.argv[1], int(sys.argv[2])
    # A cached thread would go on counting statement ids where its last connection stopped.
    first = Connection(host, port, CLIENT_BASE)
    first.run_for_ok(query("SET GLOBAL thread_cache_size = 0"))
    first.close()
    name = sys.argv[3] if len(sys.argv) > 3 else "MariaDB 10.11"
    print(f"# Replies of {name} in every dialect, made by tests/tools/capture_replies.py.")
    print("# case NAME COMMAND PREVIOUS_STATUS; then, per dialect, its frames in hex;")
    print("# 'file' stands where the client sent a file (one packet with data if any, one empty).")
    for case in CASES:
        for number, (dialect, flags) in enumerate(DIALECTS):
            command, status, pieces = capture(host, port, dialect, flags, case)
            if number == 0:
                print(f"\ncase {case[0]} {command:02x} {status:04x}")
            print(dialect)
            for at, piece in enumerate(pieces):
                if at > 0:
                    print(f"file {2 if case[3] else 1}")
                for frame in frames(piece):
                    print(frame.hex())
        print("end", flush=True)


if __name__ == "__main__":
    main()
