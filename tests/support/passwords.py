# SPDX-License-Identifier: Apache-2.0
"""The client's side of mysql_native_password and caching_sha2_password, with RSA in plain Python: the
test machine need not have a library for it."""

import base64
import hashlib
import os

METHOD = b"mysql_native_password"
SHA2 = b"caching_sha2_password"
METHODS = (METHOD, SHA2)


def _sha256(data):
    return hashlib.sha256(data).digest()


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def quick_answer(password, scramble):
    """The proof for a server that remembers the account."""
    if not password:
        return b""
    once = _sha256(password.encode())
    return xor(once, _sha256(_sha256(once) + scramble))


def _der(data, at=0):
    """Contents of the DER element at `at`, and where it ends."""
    size, at = data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7f
        size, at = int.from_bytes(data[at:at + count], "big"), at + count
    return data[at:at + size], at + size


def _read_public_key(pem):
    """(modulus, exponent) of an RSA SubjectPublicKeyInfo."""
    lines = [line for line in pem.decode().splitlines() if line and not line.startswith("-----")]
    outer, _ = _der(base64.b64decode("".join(lines)))
    _, end = _der(outer)
    bits, _ = _der(outer, end)
    numbers, _ = _der(bits[1:])
    modulus, end = _der(numbers)
    exponent, _ = _der(numbers, end)
    return int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")


def _mask(seed, size):
    out = b""
    for counter in range((size + 19) // 20):
        out += hashlib.sha1(seed + counter.to_bytes(4, "big")).digest()
    return out[:size]


def full_answer(password, scramble, pem):
    """The password and its NUL under RSA-OAEP, for a server that does not know the account yet."""
    modulus, exponent = _read_public_key(pem)
    size = (modulus.bit_length() + 7) // 8
    plain = password.encode() + b"\0"
    message = xor(plain, scramble * (len(plain) // len(scramble) + 1))
    label = hashlib.sha1(b"").digest()
    block = label + bytes(size - len(message) - 2 * 20 - 2) + b"\x01" + message
    seed = os.urandom(20)
    masked_block = xor(block, _mask(seed, len(block)))
    masked_seed = xor(seed, _mask(masked_block, 20))
    whole = int.from_bytes(b"\0" + masked_seed + masked_block, "big")
    return pow(whole, exponent, modulus).to_bytes(size, "big")


def native_answer(password, scramble):
    if not password:
        return b""
    once = hashlib.sha1(password.encode()).digest()
    twice = hashlib.sha1(once).digest()
    mask = hashlib.sha1(scramble + twice).digest()
    return bytes(a ^ b for a, b in zip(once, mask))


def answer_to(method, password, scramble):
    """The first answer of an authentication method."""
    if method == SHA2:
        return quick_answer(password, scramble)
    return native_answer(password, scramble)
