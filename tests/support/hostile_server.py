# SPDX-License-Identifier: Apache-2.0
"""A server that means harm: greets as it likes, asks for what it should not get, answers what nobody has
asked. It remembers every byte that it was sent."""

import contextlib
import socket
import threading

import fake_server
from fake_server import packet

OK = packet(2, b"\0\0\0\2\0\0\0")


def more(sequence, data):
    return packet(sequence, b"\x01" + data)


def switch(sequence, method, data=b"s" * 20 + b"\0"):
    return packet(sequence, b"\xfe" + method + b"\0" + data)


class HostileServer:
    """`login`: what it sends, packet by packet, each after a packet of Weir's; a function gets what
    Weir said. Then it is a server that says `answer` to every statement that holds MARK."""

    MARK = b"MARK"

    def __init__(self, *login, greeting=fake_server.GREETING, answer=fake_server.OK):
        self.greeting, self.login, self.answer = greeting, login or (OK,), answer
        self.heard = bytearray()
        self.connections = 0
        self.open = []
        self.destroyed = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(s)
            if self.destroyed:
                s.close()
                return
            threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    def _read(self, stream):
        header = stream.read(4)
        if len(header) < 4:
            raise ConnectionError
        payload = stream.read(int.from_bytes(header[:3], "little"))
        self.heard += header + payload
        return payload

    def _serve(self, s):
        with contextlib.suppress(OSError), s, s.makefile("rb") as stream:
            s.sendall(self.greeting)
            for words in self.login:
                said = self._read(stream)
                s.sendall(words(said) if callable(words) else words)
            while True:
                payload = self._read(stream)
                if payload[:1] == b"\x01":
                    return
                s.sendall(self.answer if self.MARK in payload else fake_server.OK)

    def destroy(self):
        """And whoever waits for it is told, by the end."""
        self.destroyed = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # which ends a waiting accept
        self.listener.close()
        for s in list(self.open):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
