# SPDX-License-Identifier: Apache-2.0
"""The compressed protocol as a client speaks it, around a socket: every request in frames of its own,
their numbers checked. zstd by the C library, since Python 3.11 has none."""

import ctypes
import ctypes.util
import zlib

MIN_SIZE = 50
PIECE = 1 << 18
FRAME_MAX = 0xffffff
FULL_PACKET = 0xffffff


def _library():
    name = ctypes.util.find_library("zstd")
    if name is None:
        return None
    one = ctypes.CDLL(name)
    for function in ("ZSTD_compress", "ZSTD_decompress", "ZSTD_compressBound"):
        getattr(one, function).restype = ctypes.c_size_t
    return one


ZSTD = _library()


def zstd_pack(data, level=3):
    bound = ZSTD.ZSTD_compressBound(ctypes.c_size_t(len(data)))
    out = ctypes.create_string_buffer(bound)
    size = ZSTD.ZSTD_compress(out, ctypes.c_size_t(bound), data, ctypes.c_size_t(len(data)), level)
    assert not ZSTD.ZSTD_isError(ctypes.c_size_t(size))
    return out.raw[:size]


def zstd_unpack(data, size):
    out = ctypes.create_string_buffer(size)
    got = ZSTD.ZSTD_decompress(out, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data)))
    assert got == size, "zstd says another length than the frame"
    return out.raw


def pack(algorithm, data, sequence, always=False):
    """One frame. `always`: compressed even when it is small, or becomes larger."""
    packed = data
    if len(data) >= MIN_SIZE or always:
        packed = zlib.compress(data) if algorithm == "zlib" else zstd_pack(data)
    stored = not always and (len(data) < MIN_SIZE or len(packed) >= len(data))
    if stored:
        packed = data
    return (len(packed).to_bytes(3, "little") + bytes([sequence & 0xff])
            + (0 if stored else len(data)).to_bytes(3, "little") + packed)


def unpack(algorithm, payload, size):
    if size == 0:
        return payload
    out = zlib.decompress(payload) if algorithm == "zlib" else zstd_unpack(payload, size)
    assert len(out) == size
    return out


class CompressedSocket:
    """What a Wire needs of a socket. `is_tls`: the socket below holds bytes back by itself."""

    def __init__(self, below, algorithm, is_tls=False):
        self.below = below
        self.algorithm = algorithm
        self.is_tls = is_tls
        self.next = 0  # number of the next frame, whoever sends it
        self.raw = bytearray()
        self.ready = bytearray()
        self.frames = []  # (number, packed size, plain size or 0) of those received

    def __getattr__(self, name):
        return getattr(self.below, name)  # settimeout, getsockname, version of TLS, …

    def pending(self):
        return len(self.ready) or (self.is_tls and self.below.pending())

    def _requests(self, data):
        """Where the packets with number 0 begin."""
        at, cuts = 0, []
        while at + 4 <= len(data):
            if data[at + 3] == 0:
                cuts.append(at)
            at += 4 + int.from_bytes(data[at:at + 3], "little")
        return cuts

    def sendall(self, data):
        data = bytes(data)
        cuts = self._requests(data)
        if not cuts or cuts[0] != 0:
            cuts.insert(0, 0)
        for begin, end in zip(cuts, cuts[1:] + [len(data)]):
            if data[begin + 3:begin + 4] == b"\0":
                self.next = 0
            for at in range(begin, end, PIECE):
                frame = pack(self.algorithm, data[at:min(at + PIECE, end)], self.next)
                self.next += 1
                self.below.sendall(frame)

    def send(self, data):
        self.sendall(data)
        return len(data)

    def _take_frame(self):
        if len(self.raw) < 7:
            return False
        size = int.from_bytes(self.raw[:3], "little")
        if len(self.raw) < 7 + size:
            return False
        number, plain = self.raw[3], int.from_bytes(self.raw[4:7], "little")
        # An answer to a request that was not the last one sent begins with 1 again.
        assert number in (self.next & 0xff, 0, 1), (number, self.next)
        self.next = number + 1
        self.frames.append((number, size, plain))
        self.ready += unpack(self.algorithm, bytes(self.raw[7:7 + size]), plain)
        del self.raw[:7 + size]
        return True

    def recv(self, size):
        while not self.ready:
            data = self.below.recv(1 << 18)
            if not data:
                return b""
            self.raw += data
            while self._take_frame():
                pass
        out = bytes(self.ready[:size])
        del self.ready[:size]
        return out

    def recv_into(self, view):
        data = self.recv(len(view))
        view[:len(data)] = data
        return len(data)
