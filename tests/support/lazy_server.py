# SPDX-License-Identifier: Apache-2.0
"""A server that asks for a file and then takes nothing of it until it is told to; behind the file it says
OK, and goes."""

import threading

import fake_server
from fake_server import packet


class LazyServer(fake_server.FakeServer):
    def __init__(self):
        self.go_on = threading.Event()
        super().__init__()

    def _serve(self, s):
        with s, s.makefile("rb") as stream:
            s.sendall(fake_server.GREETING)
            self._read(stream)
            s.sendall(packet(2, fake_server.OK[4:]))
            while (payload := self._read(stream)) is not None:
                self.statements.append(payload)
                if b"LOAD DATA" in payload:
                    s.sendall(packet(1, b"\xfbfile"))
                    self.go_on.wait(60)
                    while self._read(stream):
                        pass
                    s.sendall(packet(4, fake_server.OK[4:]))
                    return
                s.sendall(fake_server.OK)
