#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Opens many clients that log in, ask one question, and then do nothing: what a proxy spends on them
# is memory. Speaks just enough of the protocol: mysql_native_password, COM_QUERY, COM_QUIT.

import hashlib
import socket
import struct

CAPABILITIES = (1 << 0      # LONG_PASSWORD
                | 1 << 3    # CONNECT_WITH_DB
                | 1 << 9    # PROTOCOL_41
                | 1 << 13   # TRANSACTIONS
                | 1 << 15   # SECURE_CONNECTION
                | 1 << 19   # PLUGIN_AUTH
                | 1 << 24)  # DEPRECATE_EOF
TIMEOUT_S = 30


class ProtocolError(Exception):
    """The other side said something unexpected; the text says what."""


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise ProtocolError("the connection was closed")
        data += more
    return data


def read_packet(connection):
    header = read_exactly(connection, 4)
    payload = read_exactly(connection, int.from_bytes(header[:3], "little"))
    if payload[:1] == b"\xff":
        raise ProtocolError(f"error {struct.unpack_from('<H', payload, 1)[0]}: "
                            f"{payload[3:].decode(errors='replace')}")
    return header[3], payload


def write_packet(connection, sequence, payload):
    connection.sendall(len(payload).to_bytes(3, "little") + bytes([sequence]) + payload)


def scramble(password, challenge):
    """mysql_native_password: SHA1(password) XOR SHA1(challenge + SHA1(SHA1(password)))"""
    once = hashlib.sha1(password).digest()
    mask = hashlib.sha1(challenge + hashlib.sha1(once).digest()).digest()
    return bytes(a ^ b for a, b in zip(once, mask))


def challenge_of(greeting):
    after_version = greeting.index(b"\0", 1) + 1
    first = greeting[after_version + 4:after_version + 12]
    # filler, capabilities, collation, status, capabilities, length of the challenge, reserved
    second = greeting[after_version + 31:after_version + 43]
    return first + second


def open_client(port, user="app", password="app", database="app"):
    connection = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
    _, greeting = read_packet(connection)
    answer = scramble(password.encode(), challenge_of(greeting))
    write_packet(connection, 1, struct.pack("<IIB23x", CAPABILITIES, 1 << 24, 45)
                 + user.encode() + b"\0" + bytes([len(answer)]) + answer
                 + database.encode() + b"\0" + b"mysql_native_password\0")
    sequence, packet = read_packet(connection)
    if packet[:1] == b"\xfe":
        challenge = packet[packet.index(b"\0", 1) + 1:].rstrip(b"\0")
        write_packet(connection, sequence + 1, scramble(password.encode(), challenge))
        read_packet(connection)
    return connection


def ask(connection, sql=b"SELECT 1"):
    """A query whose result is one row of one column: column count, column, row, OK."""
    write_packet(connection, 0, b"\x03" + sql)
    for _ in range(4):
        read_packet(connection)


def open_clients(port, count, on_progress=None):
    clients = []
    for number in range(count):
        clients.append(open_client(port))
        ask(clients[-1])
        if on_progress and number % 100 == 0:
            on_progress(number)
    return clients


def close_clients(clients):
    for connection in clients:
        write_packet(connection, 0, b"\x01")
        connection.close()
