# SPDX-License-Identifier: Apache-2.0
"""Steps of scenarios about binary prepared statements: each sends one command of a wire."""

import struct

import wire
from wire import (COM_PING, COM_STMT_BULK_EXECUTE, COM_STMT_CLOSE, COM_STMT_EXECUTE, COM_STMT_FETCH, COM_STMT_RESET,
                  COM_STMT_SEND_LONG_DATA)

LAST = 0xffffffff  # MariaDB's id of the statement that was prepared last
TINY, SHORT, LONG, DOUBLE, NULL, LONGLONG, VARCHAR, BLOB, STRING = 1, 2, 3, 5, 6, 8, 15, 252, 254
INTEGERS = {TINY: "<b", SHORT: "<h", LONG: "<i", DOUBLE: "<d", LONGLONG: "<q"}


def value_of(kind, value):
    if kind in INTEGERS:
        return struct.pack(INTEGERS[kind], value)
    value = value.encode() if isinstance(value, str) else value
    return wire.lenenc_encode(len(value)) + value


def execute_packet(statement, values=(), types=None, flags=0, told=True, long=()):
    """COM_STMT_EXECUTE. types are in the packet when `told`; values at places in `long` were sent
    before."""
    packet = struct.pack("<BIBI", COM_STMT_EXECUTE, statement, flags, 1)
    if not values:
        return packet
    types = types or [LONGLONG if isinstance(v, int) else STRING for v in values]
    nulls = bytearray((len(values) + 7) // 8)
    data = b""
    for at, value in enumerate(values):
        if value is None:
            nulls[at // 8] |= 1 << at % 8
        elif at not in long:
            data += value_of(types[at], value)
    packet += bytes(nulls)
    packet += b"\x01" + b"".join(struct.pack("<H", t) for t in types) if told else b"\x00"
    return packet + data


def prepare(sql):
    """The statement is known by its text in the steps that follow."""
    def step(w):
        raw = w.prepare(sql)
        w.known = getattr(w, "known", {})
        if w.error is None:
            w.known[sql] = w.statement
        return raw
    step.__qualname__ = f"prepare({sql!r:.60})"
    return step


def id_of(w, which):
    return which if isinstance(which, int) else w.known[which]


def execute(which, *values, **more):
    def step(w):
        return w.command(execute_packet(id_of(w, which), values, **more))
    step.__qualname__ = f"execute({which!r:.60}, {values!r:.60})"
    return step


def fetch(which, rows):
    return lambda w: w.command(struct.pack("<BII", COM_STMT_FETCH, id_of(w, which), rows))


def reset(which):
    return lambda w: w.command(struct.pack("<BI", COM_STMT_RESET, id_of(w, which)))


def close(which):
    return lambda w: w.command(struct.pack("<BI", COM_STMT_CLOSE, id_of(w, which)))


def long_data(which, parameter, data):
    """It has no reply; that of the COM_PING says that it has arrived."""
    def step(w):
        w.send(struct.pack("<BIH", COM_STMT_SEND_LONG_DATA, id_of(w, which), parameter) + data)
        return w.command(bytes([COM_PING]))
    return step


def bulk(which, types, rows, told=True):
    """Values None: NULL, ...: the column's default."""
    def step(w):
        packet = struct.pack("<BIH", COM_STMT_BULK_EXECUTE, id_of(w, which), 128 if told else 0)
        packet += b"".join(struct.pack("<H", t) for t in types) if told else b""
        for row in rows:
            for kind, value in zip(types, row):
                packet += (b"\x01" if value is None else b"\x02" if value is ...
                           else b"\x00" + value_of(kind, value))
        return w.command(packet)
    return step


def pipelined(*packets):
    """All at once, then all replies."""
    def step(w):
        w.take()
        w.send_bytes(b"".join(wire.frames(p) for p in packets))
        for packet in packets:
            w.read_reply(packet[0])
        return w.take()
    return step


def change_user(w):
    w.change_user("app", "secret", "test")
    w.take()
    return b""


def both(text, *values, **more):
    """Prepared and executed."""
    return prepare(text), execute(text, *values, **more)
