# SPDX-License-Identifier: Apache-2.0
"""Five thousand clients come within about a second, and a thousand may be there: exactly the surplus is
refused, whoever is in is served all the time, and the console answers."""

import multiprocessing
import os
import statistics
import threading
import time

import console
import processes
import pytest
import wire

PLACES = 1000
ATTEMPTS = 5000
PROCESSES = 4
EARLY = 20


def storm(address, attempts, begin, told, end):
    """A crowd of clients: all of them connect before any of them goes on. Tells how many got in, were
    refused in place of a greeting, after their login; how long they took to come; then, whether all that
    got in can be served."""
    begin.wait()
    came = time.monotonic()
    sockets = [wire.Wire(address, timeout=120) for _ in range(attempts)]
    came = time.monotonic() - came
    inside, at_once, politely = [], 0, 0
    for c in sockets:
        try:
            c.read_greeting()
            c.login()
            inside.append(c)
        except wire.ServerError as error:
            assert error.code == 1040, error
            if error.state is None:
                assert c.take() == b"\x17\0\0\0\xff\x10\x04Too many connections"
                at_once += 1
            else:
                assert error.state == "08004"
                politely += 1
    told.put((len(inside), at_once, politely, came))
    end.wait()
    told.put(sum(1 for c in inside if c.value("SELECT 4") == "4"))
    end.wait()
    for c in sockets:
        c.close()


class Meanwhile(threading.Thread):
    """Does something again and again until it is stopped, and keeps how long it took each time."""

    def __init__(self, what):
        super().__init__(daemon=True)
        self.what, self.times, self.error, self.over = what, [], None, threading.Event()
        self.start()

    def run(self):
        try:
            while not self.over.wait(0.005):
                begin = time.monotonic()
                self.what()
                self.times.append(time.monotonic() - begin)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def stop(self):
        self.over.set()
        self.join(60)
        assert self.error is None, self.error
        assert self.times
        return self.times


def established(port):
    """Sockets that the kernel has for clients of this port, at Weir's end."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return sum(1 for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01")


@pytest.fixture(name="crowd")
def crowd_fixture():
    """starts(address): the processes, the queue of what they tell, and their two gates."""
    started = []

    def start(address):
        fork = multiprocessing.get_context("fork")
        begin, end, told = fork.Event(), fork.Barrier(PROCESSES + 1), fork.Queue()
        for _ in range(PROCESSES):
            one = fork.Process(target=storm, args=(address, ATTEMPTS // PROCESSES, begin, told, end))
            one.start()
            started.append(one)
        return begin, end, told
    yield start
    for one in started:
        one.join(60)
        if one.is_alive():
            one.kill()


def test_a_storm_is_refused_to_the_last_client_and_no_further(weir, crowd):
    one = weir(max_connections=PLACES, pool_max_size=20, log_level="note", connect_timeout=120)
    begin, end, told = crowd(one.address)
    early = [one.connect() for _ in range(EARLY)]
    clients = [Meanwhile(lambda c=c: c.query("SELECT 3")) for c in early[:4]]
    with console.connect(one) as c:
        operator = Meanwhile(lambda: c.query("SHOW STATUS LIKE 'Threads_connected'"))
        begin.set()
        results = [told.get(timeout=120) for _ in range(PROCESSES)]
        times = operator.stop()
    for client in clients:
        client.stop()
    admitted, at_once, politely = (sum(r[i] for r in results) for i in range(3))
    assert admitted == PLACES - EARLY
    assert politely >= 1 and politely + at_once == ATTEMPTS - admitted
    processes.wait_until(lambda: one.counters()["Threads_connected"] == PLACES, 30, "the count")
    processes.wait_until(lambda: established(one.settings["port"]) == PLACES, 30, "the same in the kernel")
    assert one.counters()["Connection_errors_max_connections"] == politely + at_once
    end.wait(120)
    assert sum(told.get(timeout=120) for _ in range(PROCESSES)) == admitted
    end.wait(120)
    for c in early:
        assert c.value("SELECT 5") == "5"
        c.close()
    report = (f"{ATTEMPTS} clients came within {max(r[3] for r in results):.2f} s; the console answered "
              f"{len(times)} times, in {statistics.median(times) * 1000:.1f} ms in the middle and "
              f"{max(times) * 1000:.1f} ms at the most")
    print(report)
    if os.environ.get("WEIR_STORM_REPORT"):
        with open(os.environ["WEIR_STORM_REPORT"], "a", encoding="utf-8") as out:
            out.write(report + "\n")
    assert statistics.median(times) < 1, report
    assert max(times) < 30, report
