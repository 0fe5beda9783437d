# SPDX-License-Identifier: Apache-2.0
"""The MySQL protocol as raw bytes: a client that sends any packet and keeps every byte of the reply,
so that what came direct and what came through Weir can be compared."""

import os
import re
import select
import socket
import ssl
import struct
import time

import compression
import going_on
import passwords
from passwords import METHOD, METHODS, answer_to
from protocol import *  # noqa: F403

OR_REPLACE = re.compile(rb"\s*(CREATE )OR REPLACE (TABLE|USER|PROCEDURE|FUNCTION|TRIGGER|DATABASE) ([^\s(]+)")
STATEMENT_ID = re.compile(rb"statement_id[\x01-\x14][0-9]+")
MYSQL = os.environ.get("WEIR_SERVER", "mariadb").startswith("mysql")


class Closed(Exception):
    """The other side closed the connection."""


class ServerError(Exception):
    """An ERR packet."""

    def __init__(self, payload):
        self.payload = payload
        self.code = struct.unpack_from("<H", payload, 1)[0]
        rest = payload[3:]
        self.state = rest[1:6].decode() if rest[:1] == b"#" else None
        self.text = (rest[6:] if self.state else rest).decode("utf-8", "replace")
        super().__init__(f"ERROR {self.code} ({self.state}): {self.text}")


def lenenc(data, at):
    """The length-encoded integer at `at`, and where it ends. None: NULL."""
    first = data[at]
    if first < 0xfb:
        return first, at + 1
    if first == 0xfb:
        return None, at + 1
    size = {0xfc: 2, 0xfd: 3, 0xfe: 8}[first]
    return int.from_bytes(data[at + 1:at + 1 + size], "little"), at + 1 + size


def lenenc_encode(n):
    if n < 0xfb:
        return bytes([n])
    if n < 1 << 16:
        return b"\xfc" + n.to_bytes(2, "little")
    if n < 1 << 24:
        return b"\xfd" + n.to_bytes(3, "little")
    return b"\xfe" + n.to_bytes(8, "little")


def frames(payload, sequence=0):
    """A payload in its frames, 16 MiB and more included."""
    out = []
    at = 0
    while True:
        piece = payload[at:at + FRAME_MAX]
        out.append(len(piece).to_bytes(3, "little") + bytes([sequence & 0xff]) + piece)
        at += len(piece)
        sequence += 1
        if len(piece) < FRAME_MAX:
            return b"".join(out)


def unverified_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


# The whole suite through TLS, wherever a greeting offers it.
EVERYWHERE_TLS = unverified_tls() if os.environ.get("WEIR_TEST_TLS") else None
# The same with compression, "zlib" or "zstd", of what goes through Weir: there the packets inside are
# numbered as without; servers number them by the frames.
OF_WEIR = 1 << 31  # in the thread ids of its greetings
EVERYWHERE_COMPRESSED = os.environ.get("WEIR_TEST_COMPRESSION")
COMPRESSION = {"zlib": COMPRESS, "zstd": ZSTD}


class Wire:
    """One connection. `address` is ("host", port) or the path of a Unix socket, `end` what our own end
    of it is called."""

    def __init__(self, address, timeout=30, end=None):
        self.address = address
        self.capabilities = 0
        self.buffer = bytearray()
        self.at = 0
        self.taken = bytearray()  # all bytes of packets that were read since take()
        self.marks = []  # (offset in taken, "ok", "error", "column end" or "prepared"), the same
        self.keep = True
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        if end is not None:
            self.socket.bind(end)
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.local_files = {}
        self.greeting = None
        self.is_secure = False
        self.compression = None
        self.statement = 0
        self.prepared = b""
        self.status = 0
        self.error = None
        self.while_waiting = None  # called again and again until bytes come

    # --- bytes ---

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _need(self, size):
        while len(self.buffer) - self.at < size:
            if self.at > 1 << 20:
                del self.buffer[:self.at]
                self.at = 0
            end = time.monotonic() + self.socket.gettimeout()
            while self.while_waiting and not self.readable_now(0.002):
                if time.monotonic() > end:
                    raise TimeoutError("no reply")
                self.while_waiting()
            try:
                data = self.socket.recv(1 << 18)
            except ConnectionResetError as error:
                raise Closed("reset") from error
            if not data:
                raise Closed(f"end of stream, {len(self.buffer) - self.at} bytes left")
            self.buffer += data

    def read_frame(self):
        self._need(4)
        size = int.from_bytes(self.buffer[self.at:self.at + 3], "little")
        self._need(4 + size)
        frame = bytes(self.buffer[self.at:self.at + 4 + size])
        self.at += 4 + size
        if self.at == len(self.buffer):
            self.buffer.clear()
            self.at = 0
        if self.keep:
            self.taken += frame
        return frame

    def read_packet(self):
        """The payload of the next packet; its last sequence number stays in self.sequence."""
        parts = []
        while True:
            frame = self.read_frame()
            self.sequence = frame[3]
            parts.append(frame[4:])
            if frame[4:7] == b"\xff\xff\xff" and self.capabilities & MARIADB_PROGRESS:
                parts.clear()  # a report; the reply goes on
            elif len(frame) < FRAME_MAX + 4:
                return parts[0] if len(parts) == 1 else b"".join(parts)

    def take(self):
        """What was read since the last call."""
        taken = bytes(self.taken)
        self.taken.clear()
        self.marks = []
        return taken

    def _mark(self, what, payload):
        """Remembers what the packet that was just read is."""
        if len(payload) < FRAME_MAX:
            self.marks.append((len(self.taken) - len(payload) - 4, what))

    def _got_error(self, payload):
        self._mark("error", payload)
        self.error = ServerError(payload)

    def _got_ok(self, payload):
        self._mark("ok", payload)
        self.ok = payload
        self.status = self._status_of_ok(payload)

    def note_end(self, payload):
        """Of the packet that ends a login."""
        if payload[:1] == b"\xff":
            self._got_error(payload)
        else:
            self._got_ok(payload)

    def _read_column_end(self):
        """The EOF between column definitions and rows, for who has one."""
        payload = self.read_packet()
        self._mark("column end", payload)
        return payload

    def start_tls(self, context, capabilities, host=None, behind=b"", session=None):
        """After the greeting. `behind`: bytes that follow the request in the same segment."""
        request = struct.pack("<IIB19sI", capabilities & 0xffffffff | SSL, 1 << 30, 45, b"",
                              capabilities >> 32)
        self.send_bytes(frames(request, 1) + behind)
        self.socket = context.wrap_socket(self.socket, server_hostname=host, session=session)
        self.is_secure = True

    def send_bytes(self, data):
        """Sends without deadlock when the other side sends at the same time."""
        view = memoryview(data)
        if len(view) < 1 << 16 or self.is_secure or self.compression:
            with going_on.others(self.while_waiting if len(view) >= 1 << 16 else None):
                self.socket.sendall(view)
            return
        deadline = time.monotonic() + self.socket.gettimeout()
        while view:
            if self.while_waiting:
                self.while_waiting()
            readable, writable, _ = select.select([self.socket], [self.socket], [],
                                                  0.002 if self.while_waiting else 1)
            if readable:
                got = self.socket.recv(1 << 18)
                if not got:
                    raise Closed("while sending")
                self.buffer += got
            if writable:
                sent = self.socket.send(view[:1 << 18])
                view = view[sent:]
            if time.monotonic() > deadline:
                raise TimeoutError("while sending")

    def send(self, payload, sequence=0):
        self.send_bytes(frames(payload, sequence))

    def readable_now(self, timeout):
        if (self.is_secure or self.compression) and self.socket.pending():
            return True
        return bool(select.select([self.socket], [], [], timeout)[0])

    def readable(self, timeout):
        return self.at < len(self.buffer) or self.readable_now(timeout)

    def at_end(self, timeout=30):
        """True when the other side closes within the timeout, without another byte."""
        if self.at < len(self.buffer) or not self.readable(timeout):
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    # --- login ---

    def read_greeting(self):
        payload = self.read_packet()
        if payload[0] == 0xff:
            raise ServerError(payload)
        self.greeting = Greeting(payload)
        return self.greeting

    def login_packet(self, user, password, schema=None, capabilities=BASIC, collation=45,
                     attributes=((b"_client_name", b"wire"),), method=None):
        """`method` None: the greeting's."""
        g = self.greeting
        offered = g.capabilities | LONG_PASSWORD
        capabilities &= offered
        if schema is not None:
            capabilities |= CONNECT_WITH_DB
        self.capabilities = capabilities
        if not capabilities & PLUGIN_AUTH:
            method = METHOD
        elif method is None:
            method = g.method if g.method in METHODS else METHOD
        self.method, self.scramble = method, g.scramble
        answer = answer_to(method, password, g.scramble)
        packet = struct.pack("<IIB19sI", capabilities & 0xffffffff, 1 << 30, collation, b"",
                             capabilities >> 32)
        packet += user.encode() + b"\0" + bytes([len(answer)]) + answer
        if schema is not None:
            packet += schema.encode() + b"\0"
        if capabilities & PLUGIN_AUTH:
            packet += method + b"\0"
        if capabilities & CONNECT_ATTRS:
            pairs = b"".join(lenenc_encode(len(x)) + x for pair in attributes for x in pair)
            packet += lenenc_encode(len(pairs)) + pairs
        if capabilities & ZSTD:
            packet += b"\x03"
        return packet

    def login(self, user="app", password="secret", schema=None, capabilities=BASIC, tls=None, host=None,
              compress=None, **more):
        """The OK of the login. `tls`: an SSLContext to use, verifying `host`. `compress`: "zlib" or
        "zstd", when it is offered; False: not even when the whole suite does."""
        if self.greeting is None:
            self.read_greeting()
        if compress is None and self.greeting.thread_id & OF_WEIR:
            compress = EVERYWHERE_COMPRESSED
        algorithm = compress if self.greeting.capabilities & COMPRESSION.get(compress, 0) else None
        capabilities |= COMPRESSION.get(algorithm, 0)
        if tls is None and EVERYWHERE_TLS is not None and self.greeting.capabilities & SSL:
            tls = EVERYWHERE_TLS
        sequence = 1
        if tls is not None:
            # A MariaDB goes by what the request for TLS says.
            capabilities |= SSL | (CONNECT_WITH_DB if schema is not None else 0)
            self.start_tls(tls, capabilities & (self.greeting.capabilities | LONG_PASSWORD), host=host)
            sequence = 2
        self.send(self.login_packet(user, password, schema, capabilities, **more), sequence)
        payload = self.finish_login(password)
        if algorithm:
            self.start_compression(algorithm)
        return payload

    def start_compression(self, algorithm):
        """After the OK of the login."""
        self.socket = compression.CompressedSocket(self.socket, algorithm, self.is_secure)
        self.compression = algorithm

    def finish_login(self, password):
        """The OK, after switches of the method and whatever else the method wants."""
        payload = self.read_packet()
        if payload[:1] == b"\xfe":
            end = payload.index(b"\0")
            self.method, self.scramble = payload[1:end], payload[end + 1:].rstrip(b"\0")
            self.send(answer_to(self.method, password, self.scramble), self.sequence + 1)
            payload = self.read_packet()
        if payload == b"\x01\x03":  # the quick proof was right
            payload = self.read_packet()
        elif payload == b"\x01\x04":  # the password itself is wanted
            payload = self._prove_in_full(password)
        if payload[:1] == b"\xff":
            raise ServerError(payload)
        return payload

    def _prove_in_full(self, password):
        if isinstance(self.address, str) or self.is_secure:
            self.send(password.encode() + b"\0", self.sequence + 1)
            return self.read_packet()
        self.send(b"\x02", self.sequence + 1)
        answer = passwords.full_answer(password, self.scramble, self.read_packet()[1:])
        self.send(answer, self.sequence + 1)
        return self.read_packet()

    def change_user(self, user, password, schema="", collation=45, method=None):
        """Sends COM_CHANGE_USER with no answer, takes the switch of the method; the last packet. The
        method is one that no account has: so servers always ask."""
        self.send(bytes([COM_CHANGE_USER]) + user.encode() + b"\0\0" + schema.encode() + b"\0"
                  + struct.pack("<H", collation) + (method or b"no_such_method") + b"\0" + b"\0")
        return self.finish_login(password)

    # --- replies ---

    @property
    def deprecate_eof(self):
        return bool(self.capabilities & DEPRECATE_EOF)

    def _status_of_ok(self, payload):
        _, at = lenenc(payload, 1)
        _, at = lenenc(payload, at)
        return struct.unpack_from("<H", payload, at)[0]

    def _status_of_end(self, payload):
        if self.deprecate_eof:
            return self._status_of_ok(payload)
        return struct.unpack_from("<H", payload, 3)[0]

    def _is_end(self, payload):
        return payload[:1] == b"\xfe" and len(payload) < (FRAME_MAX if self.deprecate_eof else 9)

    def _rows(self):
        """Reads to the end of the rows; the status, or None after an ERR."""
        while True:
            payload = self.read_packet()
            if self._is_end(payload):
                self._mark("ok" if self.deprecate_eof else "end", payload)
                self.status = self._status_of_end(payload)
                return self.status
            if payload[:1] == b"\xff":
                self._got_error(payload)
                return None
            if self.rows is not None:
                self.rows.append(payload)
            self.row_count += 1

    def _local_file(self, payload):
        data = self.local_files.get(payload[1:].decode(), b"")
        sequence = self.sequence + 1
        chunks = data if isinstance(data, list) else [data] if data else []
        for chunk in chunks:
            self.send(chunk, sequence)
            sequence += 1 + len(chunk) // FRAME_MAX
        self.send(b"", sequence)

    def read_results(self):
        """All results of a COM_QUERY or COM_STMT_EXECUTE."""
        while True:
            payload = self.read_packet()
            first = payload[:1]
            if first == b"\xff":
                self._got_error(payload)
                return
            if first == b"\xfb":
                self._local_file(payload)
                continue
            if first == b"\x00" or first == b"\xfe":
                self._got_ok(payload)
            else:
                count, at = lenenc(payload, 0)
                if self.capabilities & OPTIONAL_METADATA and not payload[at]:
                    count = 0
                for _ in range(count):
                    self.read_packet()
                out_parameters = False
                if not self.deprecate_eof:
                    end = self._read_column_end()
                    # On MySQL only this one says that something follows the OUT parameters.
                    out_parameters = bool(struct.unpack_from("<H", end, 3)[0] & PS_OUT_PARAMETERS)
                    if struct.unpack_from("<H", end, 3)[0] & CURSOR_EXISTS:
                        self.status = struct.unpack_from("<H", end, 3)[0]
                        return
                if self._rows() is None:
                    return
                if out_parameters:
                    continue
            if not self.status & MORE_RESULTS:
                return

    def read_prepare(self):
        payload = self.read_packet()
        if payload[:1] == b"\xff":
            self._got_error(payload)
            return
        self._mark("prepared", payload)
        self.prepared = payload
        self.statement, columns, parameters = struct.unpack_from("<IHH", payload, 1)
        left_out = bool(self.capabilities & OPTIONAL_METADATA) and not payload[12]
        for count in (parameters, columns):
            for _ in range(0 if left_out else count):
                self.read_packet()
            if count and not self.deprecate_eof:
                self._read_column_end()

    def read_reply(self, command):
        self.error = self.ok = None
        self.rows = []
        self.row_count = 0
        if command in (COM_QUERY, COM_STMT_EXECUTE, COM_PROCESS_INFO, COM_STMT_BULK_EXECUTE):
            self.read_results()
        elif command == COM_STMT_PREPARE:
            self.read_prepare()
        elif command in (COM_STMT_FETCH, COM_FIELD_LIST):
            self._rows()
        elif command in (COM_STMT_CLOSE, COM_STMT_SEND_LONG_DATA, COM_QUIT):
            pass
        else:
            payload = self.read_packet()
            if command == COM_STATISTICS:
                self._mark("words", payload)
            elif payload[:1] == b"\xff":
                self._got_error(payload)
            elif payload[:1] == b"\x00":
                self._got_ok(payload)
            elif payload[:1] == b"\xfe":
                self._mark("ok" if self.deprecate_eof else "end", payload)
                self.status = self._status_of_end(payload)

    def command(self, payload):
        """Sends one command, reads its whole reply; the raw bytes of the reply."""
        self.take()
        self.send(payload)
        self.read_reply(payload[0] if payload else COM_PING)
        return self.take()

    def query(self, sql):
        """The rows of the last result set as lists of bytes or None; [] for an OK. ERR raises. What a
        test sets up with CREATE OR REPLACE is dropped first on a MySQL, which has that for views only."""
        if isinstance(sql, str):
            sql = sql.encode()
        again = OR_REPLACE.match(sql)
        if again and "MariaDB" not in self.greeting.version:
            self.query(b"DROP %s IF EXISTS %s" % (again.group(2), again.group(3)))
            sql = again.group(1) + sql[again.start(2):]
        attributes = b"\0\1" if self.capabilities & QUERY_ATTRIBUTES else b""
        self.command(bytes([COM_QUERY]) + attributes + sql)
        if self.error:
            raise self.error
        return [text_row(row) for row in self.rows]

    def value(self, sql):
        rows = self.query(sql)
        return rows[0][0].decode() if rows[0][0] is not None else None

    def quit(self):
        self.send(bytes([COM_QUIT]))
        self.close()

    # --- prepared statements ---

    def prepare(self, sql):
        raw = self.command(bytes([COM_STMT_PREPARE]) + sql.encode())
        return raw

    def execute_packet(self, types=b"", values=b"", flags=0, parameters=0, nulls=None, statement=None):
        packet = struct.pack("<BIBI", COM_STMT_EXECUTE,
                             self.statement if statement is None else statement, flags, 1)
        if parameters:
            packet += nulls if nulls is not None else bytes((parameters + 7) // 8)
            packet += (b"\x01" + types if types else b"\x00") + values
        return packet


def q(sql):
    """The payload of a COM_QUERY."""
    return bytes([COM_QUERY]) + (sql.encode() if isinstance(sql, str) else sql)


def com(command, payload=b""):
    return bytes([command]) + payload


def text_row(payload):
    row = []
    at = 0
    while at < len(payload):
        size, at = lenenc(payload, at)
        if size is None:
            row.append(None)
        else:
            row.append(payload[at:at + size])
            at += size
    return row


def connect(address, user="app", password="secret", schema=None, capabilities=BASIC, **more):
    """A connection that is logged in."""
    wire = Wire(address, **{k: more.pop(k) for k in ("timeout",) if k in more})
    try:
        wire.login_ok = wire.login(user, password, schema, capabilities, **more)
    except BaseException:
        wire.close()
        raise
    wire.take()
    return wire


def split_packets(raw):
    """Raw bytes as (sequence, payload) of frames, to show a difference."""
    out = []
    at = 0
    while at + 4 <= len(raw):
        size = int.from_bytes(raw[at:at + 3], "little")
        out.append((raw[at + 3], raw[at + 4:at + 4 + size]))
        at += 4 + size
    return out


def normal(raw, early_flags=False):
    """A reply without what may differ: the order of the trackers in an OK (that of a hash table in the
    server), the id of the statement, the number of warnings that MySQL tells in the EOF after column
    definitions and, if asked, the flags about indexes there, which are known too late
    (docs/differences.md)."""
    packets = []
    first_end = True
    mask = 0xcf if early_flags else 0xff
    for sequence, payload in split_packets(raw):
        payload = STATEMENT_ID.sub(b"statement_id", payload)
        if payload[:1] in (b"\x00", b"\xfe") and 10 < len(payload) < 1000:
            payload = payload[:1] + bytes(sorted(payload[1:]))
        # A change of state that no tracker tells (COMMIT AND CHAIN on MySQL).
        if payload[:3] == b"\0\0\0" and len(payload) == 9 and payload[4] & 0x40 and payload[7:] == b"\0\0":
            payload = payload[:4] + bytes([payload[4] & 0xbf]) + payload[5:7]
        if first_end and payload[:1] == b"\xfe" and len(payload) == 5:
            warnings = b"\0\0" if early_flags or MYSQL else payload[1:3]
            payload = payload[:1] + warnings + bytes([payload[3] & mask]) + payload[4:]
            first_end = False
        packets.append((sequence, payload))
    return packets


def describe_difference(direct, weir):
    """The first packet that differs, in words."""
    ours, theirs = split_packets(weir), split_packets(direct)
    for number, pair in enumerate(zip(theirs, ours)):
        if pair[0] != pair[1]:
            return (f"packet {number} of {len(theirs)} direct, {len(ours)} through Weir\n"
                    f"  direct  seq {pair[0][0]} size {len(pair[0][1])} {pair[0][1][:200]!r}\n"
                    f"  Weir    seq {pair[1][0]} size {len(pair[1][1])} {pair[1][1][:200]!r}")
    return f"{len(theirs)} packets direct, {len(ours)} through Weir"
