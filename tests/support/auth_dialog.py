# SPDX-License-Identifier: Apache-2.0
"""The client's side of every authentication method, packet by packet: what a login says and hears can
be compared, replayed and spoilt."""

import hashlib
import os
import struct

import curve
import passwords
import wire

NATIVE, SHA2, SHA256 = "mysql_native_password", "caching_sha2_password", "sha256_password"
ED25519, PARSEC, CLEAR = "client_ed25519", "parsec", "mysql_clear_password"
METHODS = (NATIVE, SHA2, SHA256, ED25519, PARSEC, CLEAR)


def _sha512(data):
    return hashlib.sha512(data).digest()


def _parsec_answer(password, challenge, salt):
    seed = hashlib.pbkdf2_hmac("sha512", password.encode(), salt[2:], 1024 << salt[1], 32)
    nonce = os.urandom(32)
    return nonce + curve.sign(challenge + nonce, _sha512(seed))


class Login:
    """A connection, TLS if asked for, and the packets of its login. `heard` keeps the kind of each
    packet of the other side, with what does not change from login to login."""

    def __init__(self, address, tls=False):
        self.wire = wire.Wire(address)
        self.wire.read_greeting()
        self.tls = tls
        self.private = tls or isinstance(address, str)
        self.heard = []
        self.said = []
        self.challenges = [self.wire.greeting.scramble]
        self.method = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()

    def begin(self, user, method, password=None, answer=b"", schema=None):
        """The login packet. Without a password the client says nothing yet, or what it is told to."""
        if password is not None:
            answer = self._first_answer(method, password)
        w, capabilities = self.wire, wire.BASIC | wire.PLUGIN_AUTH_LENENC
        if self.tls:
            capabilities |= wire.SSL
        capabilities &= w.greeting.capabilities | wire.LONG_PASSWORD
        w.capabilities = capabilities & ~wire.CONNECT_ATTRS
        if self.tls:
            w.start_tls(wire.unverified_tls(), w.capabilities)
        packet = struct.pack("<IIB19sI", w.capabilities & 0xffffffff, 1 << 30, 45, b"",
                             w.capabilities >> 32)
        packet += user.encode() + b"\0" + wire.lenenc_encode(len(answer)) + answer
        if schema:
            packet += schema.encode() + b"\0"
        w.send(packet + method.encode() + b"\0", 2 if self.tls else 1)
        self.said.append(answer)
        self.method = method

    def hear(self):
        """The next packet; remembers its kind."""
        packet = self.wire.read_packet()
        first = packet[:1]
        if first == b"\xfe":
            end = packet.index(b"\0")
            self.method = packet[1:end].decode()
            challenge = packet[end + 1:]
            self.challenges.append(challenge[:20] if len(challenge) == 21 else challenge)
            self.heard.append(("switch", self.method, len(challenge)))
        elif first == b"\x01":
            long = packet[1:2] if self.method == PARSEC else packet[1:]
            self.heard.append(("more", long, len(packet)))
        elif first == b"\xff":
            self.heard.append(("error", wire.ServerError(packet).code))
        else:
            self.heard.append(("ok",))
        return packet

    def say(self, answer):
        self.said.append(answer)
        self.wire.send(answer, self.wire.sequence + 1)

    def answer(self, password, packet):
        """What the method says to this packet."""
        challenge = self.challenges[-1]
        switched = packet[:1] == b"\xfe"
        if self.method == NATIVE:
            return passwords.native_answer(password, challenge)
        if self.method == ED25519:
            return curve.sign(challenge, _sha512(password.encode()))
        if self.method == PARSEC:
            return b"" if switched else _parsec_answer(password, challenge, packet[1:])
        if self.method == CLEAR:
            return password.encode() + b"\0"
        if self.method == SHA2 and switched:
            return passwords.quick_answer(password, challenge)
        if self.private:
            return password.encode() + b"\0"
        if packet[1:2] == b"-":
            return passwords.full_answer(password, challenge, packet[1:])
        return b"\x02" if self.method == SHA2 else b"\x01"

    def go_on(self, password, packet=None):
        """To the end of the login; the last packet. `packet`: one that was heard already."""
        while (packet := packet or self.hear())[:1] not in b"\0\xff":
            if packet != b"\x01\x03":
                self.say(self.answer(password, packet))
            packet = None
        return packet

    def _first_answer(self, method, password):
        """What clients put into the login packet when they name this method."""
        if method == self.wire.greeting.method.decode():
            challenge = self.challenges[0]
            if method == NATIVE:
                return passwords.native_answer(password, challenge)
            if method == SHA2:
                return passwords.quick_answer(password, challenge)
        return password.encode() + b"\0" if method == CLEAR and self.private else b""


def log_in(address, user, password, method, tls=False):
    """(last packet, what was heard); the connection is closed."""
    with Login(address, tls) as login:
        login.begin(user, method, password)
        return login.go_on(password), login.heard
