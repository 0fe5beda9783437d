# SPDX-License-Identifier: Apache-2.0
"""A server that says what a real one only says in bad moments. It lets everybody in, answers OK to
everything, and behind the OK to a statement that holds LAST WORDS sends an ERR that nobody has asked
for, in the same segment. A statement that holds its text `holds_back` is only answered when the next one is there."""

import contextlib
import socket
import struct
import threading

CAPABILITIES = 0x81FFF7FE | 1 << 24
LAST_WORDS = b"\xff" + struct.pack("<H", 1927) + b"#70100Connection was killed"


def packet(sequence, payload):
    return len(payload).to_bytes(3, "little") + bytes([sequence]) + payload


OK = packet(1, b"\0\0\0\2\0\0\0")
GREETING = packet(0, b"\x0a5.5.5-10.11.0-MariaDB\0" + struct.pack("<I", 7) + b"abcdefgh\0"
                  + struct.pack("<HBHH", CAPABILITIES & 0xFFFF, 45, 2, CAPABILITIES >> 16)
                  + b"\x15" + bytes(6) + struct.pack("<I", 0x1D)
                  + b"ijklmnopqrst\0mysql_native_password\0")


class FakeServer:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.port = self.address[1]
        self.statements = []
        self.connections = []  # what each of them was asked
        self.holds_back = None
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    def _serve(self, s):
        with contextlib.suppress(OSError), s, s.makefile("rb") as stream:
            s.sendall(GREETING)
            self._read(stream)
            s.sendall(packet(2, b"\0\0\0\2\0\0\0"))
            asked = []
            self.connections.append(asked)
            while True:
                payload = self._read(stream)
                if payload is None or payload[:1] == b"\x01":
                    return
                asked.append(payload)
                self.statements.append(payload)
                if self.holds_back is not None and self.holds_back in payload:
                    asked.append(self._read(stream))
                    self.statements.append(asked[-1])
                    s.sendall(OK)
                s.sendall(OK + packet(0, LAST_WORDS) if b"LAST WORDS" in payload else OK)

    @staticmethod
    def _read(stream):
        header = stream.read(4)
        return stream.read(int.from_bytes(header[:3], "little")) if len(header) == 4 else None

    def destroy(self):
        self.listener.close()
