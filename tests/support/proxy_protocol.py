# SPDX-License-Identifier: Apache-2.0
"""Headers of the PROXY protocol, and a client that begins with one."""

import socket
import struct

import wire

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v1(source=("192.0.2.7", 4242), destination=("192.0.2.1", 3306)):
    family = "TCP6" if ":" in source[0] else "TCP4"
    return f"PROXY {family} {source[0]} {destination[0]} {source[1]} {destination[1]}\r\n".encode()


def v2(source=("192.0.2.7", 4242), destination=("192.0.2.1", 3306), more=b""):
    family = socket.AF_INET6 if ":" in source[0] else socket.AF_INET
    ends = (socket.inet_pton(family, source[0]) + socket.inet_pton(family, destination[0])
            + struct.pack(">HH", source[1], destination[1]) + more)
    return SIGNATURE + bytes([0x21, 0x21 if ":" in source[0] else 0x11]) + struct.pack(">H", len(ends)) + ends


LOCAL_V1 = b"PROXY UNKNOWN\r\n"
LOCAL_V2 = SIGNATURE + b"\x20\x00\x00\x00"


def connect(address, header, pieces=1, tls=None, **login):
    """A connection that begins with the header, in so many pieces, and is logged in."""
    c = wire.Wire(address)
    try:
        size = -(-len(header) // pieces)
        for at in range(0, len(header), size or 1):
            c.socket.sendall(header[at:at + size])
        c.login(tls=tls, **login)
    except BaseException:
        c.close()
        raise
    c.take()
    return c


def read(data):
    """(source, rest) of what begins with a header; source None when the sender speaks for itself."""
    if data.startswith(SIGNATURE):
        command, family, size = struct.unpack_from(">BBH", data, 12)
        ends, rest = data[16:16 + size], data[16 + size:]
        if command == 0x20:
            return None, rest
        width = {0x11: 4, 0x21: 16}[family]
        name = socket.inet_ntop(socket.AF_INET if width == 4 else socket.AF_INET6, ends[:width])
        return (name, struct.unpack_from(">H", ends, 2 * width)[0]), rest
    line, rest = data.split(b"\r\n", 1)
    words = line.decode().split(" ")
    assert words[0] == "PROXY"
    return (None if words[1] == "UNKNOWN" else (words[2], int(words[4]))), rest
