# SPDX-License-Identifier: Apache-2.0
"""Steps, and one client's connection that takes them.

A step is a tuple: (client, what, arguments...), so that a script can be printed, cut down and put back
into a test. What there is:

  ("a", "connect", kind, schema, user)    kind: a word of KINDS. Any other step connects when needed
  ("a", "query", sql)                     str or bytes
  ("a", "query with", sql, attributes)    with query attributes ({name: text or None}), if they are agreed on
  ("a", "load", sql, rows)                LOAD DATA LOCAL, with the file's bytes (None: refused)
  ("a", "prepare", name, sql)             a binary statement, by a name of the script's own
  ("a", "execute", name, values, how)     how: "" or words of "cursor", "same types", "last"; behind it
                                          there may be query attributes
  ("a", "long", name, parameter, data)    COM_STMT_SEND_LONG_DATA; the value in execute is LONG_DATA
  ("a", "fetch", name, rows) ("a", "reset statement", name) ("a", "close", name)
  ("a", "bulk", name, rows)               MariaDB's bulk execution, rows of one value
  ("a", "command", bytes)                 any other command with a reply of one packet or a list
  ("a", "change user", user, password, schema)
  ("a", "together", step, step, ...)      sent in one write; the inner steps have no client
  ("a", "quit") ("a", "vanish")           with and without COM_QUIT

A step is carried out by a generator that stops before each reply it needs."""

import struct

import passwords
import reply
import wire
import world

EXTENDED = (wire.BASIC & ~wire.LONG_PASSWORD) | wire.MARIADB_STMT_BULK | wire.MARIADB_EXTENDED_METADATA
KINDS = {
    "plain": wire.BASIC,  # PyMySQL, mysqlnd, mysql2 and the like
    "modern": wire.BASIC | wire.SESSION_TRACK | wire.DEPRECATE_EOF,  # the mysql command line
    "tracking": wire.BASIC | wire.SESSION_TRACK,
    "no_eof": wire.BASIC | wire.DEPRECATE_EOF,
    "found_rows": wire.BASIC | wire.FOUND_ROWS,
    "single": wire.BASIC & ~wire.MULTI_STATEMENTS,
    "extended": EXTENDED | wire.DEPRECATE_EOF,  # MariaDB's connectors
}
MYSQL_KINDS = {
    "attributes": wire.BASIC | wire.SESSION_TRACK | wire.DEPRECATE_EOF | wire.QUERY_ATTRIBUTES,  # its mysql
    "old_attributes": wire.BASIC | wire.QUERY_ATTRIBUTES,  # mysql2
    "metadata": wire.BASIC | wire.OPTIONAL_METADATA,
    "modern_metadata": wire.BASIC | wire.OPTIONAL_METADATA | wire.DEPRECATE_EOF | wire.QUERY_ATTRIBUTES,
}
if world.MYSQL:
    KINDS.update(MYSQL_KINDS)
    del KINDS["extended"]
PASSWORD = "secret"
LONG_DATA = "<long data>"
NO_STATEMENT = 0x7ffffff1
TYPES = {int: b"\x08\x00", float: b"\x05\x00", str: b"\xfd\x00", bytes: b"\xfc\x00",
         type(None): b"\x06\x00"}
WITHOUT_REPLY = ("long", "close", "quit", "vanish")
# MySQL adds the error about an unknown statement, command or cursor to the conditions that the statement before has left;
# Weir, whose error it is then, does not. (docs/differences.md)
ERRS_LATE = ("execute", "fetch", "reset statement")
# What an ordinary client may send to MySQL 9.
KNOWN_BY_MYSQL = (
    wire.COM_QUIT, wire.COM_INIT_DB, wire.COM_QUERY, wire.COM_FIELD_LIST, wire.COM_STATISTICS,
    wire.COM_DEBUG, wire.COM_PING, wire.COM_CHANGE_USER, wire.COM_SET_OPTION, wire.COM_RESET_CONNECTION)
TELL_WARNINGS = (wire.COM_PING, wire.COM_INIT_DB, wire.COM_SET_OPTION, wire.COM_DEBUG)  # of the statement before
CLOSED = (-1, b"closed")
REFUSED = "<refused>"
HAS_ATTRIBUTES = 8  # in the flags of COM_STMT_EXECUTE


def encode_value(value):
    if isinstance(value, int):
        return struct.pack("<q", value)
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, str):
        value = value.encode()
    return wire.lenenc_encode(len(value)) + value


def encode_values(values, names=None):
    """Types (with names, when there are any) and values as COM_STMT_EXECUTE wants them."""
    types = values_out = b""
    nulls = bytearray((len(values) + 7) // 8)
    for number, value in enumerate(values):
        types += TYPES[bytes if value == LONG_DATA else type(value)]
        if names is not None:
            types += wire.lenenc_encode(len(names[number])) + names[number].encode()
        if value == LONG_DATA:
            continue
        if value is None:
            nulls[number // 8] |= 1 << number % 8
        else:
            values_out += encode_value(value)
    return types, bytes(nulls), values_out


class Session:
    """One side of a client: its connection, direct or through Weir."""

    def __init__(self, address, timeout):
        self.address = address
        self.timeout = timeout
        self.wire = None
        self.statements = {}
        self.frames = []
        self.names_types = False

    @property
    def alive(self):
        return self.wire is not None

    def readable(self, seconds):
        return self.wire is None or self.wire.readable(seconds)

    def in_transaction(self):
        return bool(self.alive and getattr(self.wire, "status", 0) & wire.IN_TRANSACTION)

    def disconnect(self):
        if self.wire is not None:
            self.wire.close()
        self.wire = None
        self.statements = {}

    def take(self):
        """The frames of the step that was carried out."""
        frames, self.frames = self.frames, []
        return frames

    def steps(self, step):
        """Carries a step out; yields whenever the next thing is to wait for the other side."""
        return self._guarded(self._carry_out(step))

    def one_by_one(self, step):
        """The same, but yields after each of the commands that steps() sends together."""
        return self._guarded(self._inner_steps(step))

    def _inner_steps(self, step):
        inner = [(step[0], *one) for one in step[2:]] if step[1] == "together" else [step]
        for one in inner:
            for _ in self._carry_out(one):
                pass
            yield

    def _guarded(self, work):
        self.frames = []
        try:
            yield from work
        except (wire.Closed, BrokenPipeError, ConnectionError):
            self._collect()
            self.frames.append(CLOSED)
            self.disconnect()

    def _carry_out(self, step):
        what = step[1]
        if not self.alive and what not in ("connect", "quit", "vanish"):
            yield from self._connect()
            self.take()
        if not self.alive and what in ("quit", "vanish"):
            return
        if what == "connect":
            yield from self._connect(*step[2:])
        elif what == "change user":
            yield from self._change_user(*step[2:])
        elif what == "quit":
            self.wire.send(bytes([wire.COM_QUIT]))
            self.wire.at_end()
            self.disconnect()
        elif what == "vanish":
            self.disconnect()
        elif what == "together":
            inner = [(step[0], *one) for one in step[2:]]
            self.wire.send_bytes(b"".join(wire.frames(self._packet(one)) for one in inner))
            for one in inner:
                yield from self._reply(one)
        else:
            if world.MYSQL and self._errs_late(step):
                yield from self._carry_out((step[0], "query", "DO 0"))
            packet = self._packet(step)
            self.wire.send(packet)
            yield from self._reply(step, packet)

    def _errs_late(self, step):
        if step[1] == "command":
            return step[2][0] not in KNOWN_BY_MYSQL
        return step[1] in ERRS_LATE and (step[1] == "fetch" or step[2] not in self.statements)

    def _collect(self, command=None):
        if self.wire is not None:
            marks = self.wire.marks
            if world.MYSQL and command in TELL_WARNINGS:
                marks = [(at, "told in " + what) for at, what in marks]
            if command == wire.COM_STMT_EXECUTE:
                marks = [(at, "executed end" if what == "end" else what) for at, what in marks]
            self.frames += reply.comparable(self.wire.take(), marks)

    def _connect(self, kind="plain", schema="one", user="app"):
        self.disconnect()
        self.wire = wire.Wire(self.address, self.timeout)
        yield
        greeting = self.wire.read_greeting()
        self.wire.take()
        self.frames.append((0, repr((greeting.version, greeting.collation,
                                     greeting.status, greeting.method)).encode()))
        self.wire.send(self.wire.login_packet(user, PASSWORD, schema, KINDS[kind]), 1)
        self.names_types = bool(self.wire.capabilities & wire.QUERY_ATTRIBUTES)
        yield
        yield from self._login_reply(PASSWORD)
        if not self.wire.error:  # FOUND_ROWS() is anything before the first SELECT of a session
            self.wire.send(self._query("SELECT 1", {}))
            yield
            self.wire.read_reply(wire.COM_QUERY)
            self._collect()

    def _select_again(self):
        """Behind a reset, MariaDB has forgotten the character set of the schema (docs/differences.md)."""
        self._collect()
        self.wire.send(self._query("SELECT DATABASE() LIMIT 1", {}))
        yield
        self.wire.read_reply(wire.COM_QUERY)
        row = self.wire.rows[0] if self.wire.rows else b"\xfb"
        self._collect()
        if row[:1] != b"\xfb":
            self.wire.send(bytes([wire.COM_INIT_DB]) + row[1:])
            yield
            self.wire.read_reply(wire.COM_INIT_DB)

    def _login_reply(self, password):
        payload = self.wire.read_packet()
        if payload[:1] == b"\xfe":
            end = payload.index(b"\0")
            method, scramble = payload[1:end], payload[end + 1:].rstrip(b"\0")
            self.wire.take()
            self.wire.send(passwords.answer_to(method, password, scramble), self.wire.sequence + 1)
            yield
            payload = self.wire.read_packet()
        if payload == b"\x01\x03":  # caching_sha2_password: the proof was right
            payload = self.wire.read_packet()
        self.wire.note_end(payload)
        self._collect()

    def _change_user(self, user, password, schema):
        self.wire.send(bytes([wire.COM_QUERY]) + b"SET ROLE NONE")  # MariaDB keeps it (docs/differences.md)
        yield
        self.wire.read_reply(wire.COM_QUERY)
        self._collect()
        self.wire.take()
        self.statements = {}
        self.wire.send(bytes([wire.COM_CHANGE_USER]) + user.encode() + b"\0\0" + schema.encode()
                       + b"\0" + struct.pack("<H", 45) + self.wire.greeting.method + b"\0\0")
        yield
        yield from self._login_reply(password)

    def _statement(self, name):
        return self.statements.get(name, (NO_STATEMENT, 0))[0]

    def _query(self, sql, attributes):
        packet = bytes([wire.COM_QUERY])
        if self.names_types:
            packet += wire.lenenc_encode(len(attributes)) + b"\x01"
            if attributes:
                types, nulls, values = encode_values(list(attributes.values()), list(attributes))
                packet += nulls + b"\x01" + types + values
        return packet + (sql.encode() if isinstance(sql, str) else sql)

    def _packet(self, step):
        what = step[1]
        if what in ("query", "load", "query with"):
            if what == "load":
                self.wire.local_files = {"rows": b"" if step[3] is None else step[3]}
            return self._query(step[2], step[3] if what == "query with" else {})
        if what == "prepare":
            return bytes([wire.COM_STMT_PREPARE]) + step[3].encode()
        if what == "execute":
            return self._execute_packet(*step[2:])
        if what == "command":
            return step[2]
        command = {"long": wire.COM_STMT_SEND_LONG_DATA, "close": wire.COM_STMT_CLOSE,
                   "fetch": wire.COM_STMT_FETCH, "reset statement": wire.COM_STMT_RESET,
                   "bulk": wire.COM_STMT_BULK_EXECUTE}[what]
        packet = struct.pack("<BI", command, self._statement(step[2]))
        if what == "long":
            packet += struct.pack("<H", step[3]) + step[4]
        elif what == "fetch":
            packet += struct.pack("<I", step[3])
        elif what == "bulk":
            packet += struct.pack("<H", 128) + TYPES[int]
            for value in step[3]:
                packet += b"\x01" if value is None else b"\x00" + struct.pack("<q", value)
        elif what == "close":
            self.statements.pop(step[2], None)
        return packet

    def _execute_packet(self, name, values=(), how="", attributes=None):
        statement, parameters = self.statements.get(name, (NO_STATEMENT, 0))
        if "last" in how:
            statement, parameters = 0xffffffff, len(values)
        values = (list(values) + [None] * parameters)[:parameters]
        flags = 1 if "cursor" in how else 0
        names = None
        if self.names_types:
            attributes = attributes or {}
            flags |= HAS_ATTRIBUTES
            names = [""] * parameters + list(attributes)
            values += attributes.values()
        types, nulls, data = encode_values(values, names)
        packet = struct.pack("<BIBI", wire.COM_STMT_EXECUTE, statement, flags, 1)
        if names is not None:
            packet += wire.lenenc_encode(len(values))
        if values:
            packet += nulls + (b"\x00" if "same types" in how else b"\x01" + types) + data
        return packet

    def _reply(self, step, packet=b""):
        what = step[1]
        if what in WITHOUT_REPLY:
            return
        command = {"query": wire.COM_QUERY, "query with": wire.COM_QUERY, "load": wire.COM_QUERY,
                   "prepare": wire.COM_STMT_PREPARE,
                   "execute": wire.COM_STMT_EXECUTE, "fetch": wire.COM_STMT_FETCH,
                   "bulk": wire.COM_STMT_BULK_EXECUTE, "reset statement": wire.COM_STMT_RESET,
                   "command": (step[2][0] if step[2] else wire.COM_PING) if what == "command" else 0}
        yield
        if what == "command" and step[2] and step[2][0] == wire.COM_RESET_CONNECTION:
            self.statements = {}
        self.wire.read_reply(command[what])
        if what == "command" and step[2] and step[2][0] == wire.COM_RESET_CONNECTION:
            yield from self._select_again()
        if what == "prepare" and not self.wire.error:
            parameters = struct.unpack_from("<H", self.wire.prepared, 7)[0]
            self.statements[step[2]] = (self.wire.statement, parameters)
        self._collect(command[what])
