# SPDX-License-Identifier: Apache-2.0
"""Ed25519 signatures in plain Python, slow and sufficient: the test machine need not have a library for
it. As in RFC 8032, from the expanded key on."""

import hashlib

P = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _add(a, b):
    """Extended coordinates."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    m, n = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def _base():
    y = 4 * pow(5, P - 2, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    x = P - x if x & 1 else x
    return x, y, 1, x * y % P


def _times_base(scalar):
    out, point = (0, 1, 1, 0), _base()
    while scalar:
        if scalar & 1:
            out = _add(out, point)
        point = _add(point, point)
        scalar >>= 1
    x, y, z, _ = out
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _scalar(key):
    return int.from_bytes(key[:32], "little") & ~7 & (1 << 255) - 1 | 1 << 254


def public(key):
    """The public half of an expanded key of 64 bytes."""
    return _times_base(_scalar(key))


def sign(message, key):
    def number(*parts):
        return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER
    nonce = number(key[32:], message)
    first = _times_base(nonce)
    second = (nonce + number(first, public(key), message) * _scalar(key)) % ORDER
    return first + second.to_bytes(32, "little")
