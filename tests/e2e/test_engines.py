# SPDX-License-Identifier: Apache-2.0
"""io_engine: which one serves is said in the log, one that is refused is replaced, and both pass on the
same bytes, whoever is slow. (All other tests run on both: see tools/dev/test.py.)"""

import ctypes
import errno
import hashlib
import socket
import struct
import time

import pytest

import processes
import wire

IO_URING_SETUP = 425
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7fff0000, 0x00050000
BIG = "SELECT REPEAT('0123456789abcdef', 250000)"  # 4 MB


def refuse_io_uring():
    """What a container's seccomp filter does."""
    program = b"".join(struct.pack("HBBI", *step) for step in (
        (LOAD, 0, 0, 0), (JUMP_IF_EQUAL, 0, 1, IO_URING_SETUP), (RETURN, 0, 0, REFUSE | errno.EPERM),
        (RETURN, 0, 0, ALLOW)))
    steps = ctypes.create_string_buffer(program)
    head = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(steps)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head):
        raise OSError(ctypes.get_errno(), "no seccomp filter")


@pytest.mark.parametrize("choice, level", (("io_uring", "warning"), ("auto", "note")))
def test_a_refused_engine_is_replaced(weir, choice, level):
    one = weir(io_engine=choice, start=False)
    one.start(confine=refuse_io_uring)
    assert f"{level} weir: io_uring cannot be used, epoll serves instead: it is forbidden here" in one.log()
    assert "workers (epoll)" in one.log()
    with one.connect() as c:
        assert c.value("SELECT 1") == "1"


def test_unless_told_otherwise_io_uring_serves_where_it_can_be_had(weir):
    one = weir(io_engine="auto")
    assert "workers (io_uring)" in one.log() or "note weir: io_uring cannot be used" in one.log()


@pytest.fixture(scope="module", params=("epoll", "io_uring"))
def engine(request, module_weir):
    one = module_weir(io_engine=request.param, workers=1)
    if f"({request.param})" not in one.log():
        pytest.skip(one.wait_log("io_uring cannot be used").splitlines()[0])
    return one


def replies_of(address, count, pause):
    """Sends so many queries and COM_QUIT at once, and reads what comes until the end, slowly."""
    c = wire.connect(address)
    c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 131072)
    c.socket.settimeout(60)
    packet = b"\x03" + BIG.encode()
    c.socket.sendall((struct.pack("<I", len(packet))[:3] + b"\0" + packet) * count + b"\1\0\0\0\1")
    digest, size = hashlib.sha256(), 0
    while True:
        part = c.socket.recv(65536)
        if not part:
            return size, digest.hexdigest()
        digest.update(part)
        size += len(part)
        if pause and size % 7 == 0:
            time.sleep(pause)


def test_what_was_asked_before_quit_is_answered_to_its_end(engine, server):
    assert replies_of(engine.address, 3, 0.002) == replies_of(server.address, 3, 0)


def test_a_client_that_does_not_read_costs_little(engine):
    """Eight of them, each with a reply of 64 MB: what is not taken is not received."""
    if processes.ASAN:
        pytest.skip("AddressSanitizer's allocator is not what is measured")
    with engine.connect() as c:
        c.query("SELECT 1")
    before = engine.rss_kib()
    clients = [engine.connect() for _ in range(8)]
    for c in clients:
        c.send(b"\x03SELECT REPEAT('0123456789abcdef', 4000000)")
    time.sleep(1)
    grown = engine.rss_kib() - before
    assert grown < 24 * 1024, f"{grown} KiB"
    with engine.connect() as c:
        assert c.value("SELECT 2") == "2"
    for c in clients:
        c.close()
