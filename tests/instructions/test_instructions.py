# SPDX-License-Identifier: Apache-2.0
"""What a relayed command costs Weir in instructions, counted by valgrind's callgrind: the same from run
to run whatever else the machine does, unlike a time. A cost that grows by more than 5 % fails; one that
is meant to grow is written down anew with WEIR_NEW_BASELINE=1 ./dev test instructions. Kernel time is
not in it: a system call too many shows in ./dev bench, not here."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))

import processes  # noqa: E402
import wire  # noqa: E402

BASELINE = os.path.join(HERE, "baseline.json")
MAY_GROW = 0.05
COMMANDS = 1500
FEWER = {"connect, select, quit": 300, "a megabyte": 100}
START_TIMEOUT_S = 60

pytestmark = pytest.mark.skipif(shutil.which("valgrind") is None, reason="there is no valgrind")


def nothing(_connect):
    return lambda: None


def point_select(connect):
    c = connect()
    return lambda: c.query("SELECT v FROM instructions WHERE id=1")


def prepared_select(connect):
    c = connect()
    c.prepare("SELECT v FROM instructions WHERE id=1")
    return lambda: c.command(c.execute_packet())


def prepared_on_one_link(connect):
    """Two commands, each of a client whose statement the other has not prepared."""
    a, b = connect(), connect()
    a.prepare("SELECT v FROM instructions WHERE id=1")
    b.prepare("SELECT id FROM instructions WHERE v=1")

    def run():
        a.command(a.execute_packet())
        b.command(b.execute_packet())
    return run


def hundred_rows(connect):
    c = connect()
    return lambda: c.query("SELECT seq, 'some text' FROM seq_1_to_100")


def megabyte(connect):
    """How many receives it comes in is the kernel's business; one row of it is not."""
    c = connect()
    return lambda: c.query("SELECT REPEAT('x', 1048576)")


def transaction(connect):
    """Four commands."""
    c = connect()

    def run():
        c.query("BEGIN")
        c.query("SELECT v FROM instructions WHERE id=1")
        c.query("UPDATE instructions SET v=v+1 WHERE id=1")
        c.query("COMMIT")
    return run


def two_sessions_on_one_link(connect):
    """Two commands, each of a client whose session the link must be brought to."""
    a, b = connect(), connect()
    a.query("SET NAMES utf8mb4, time_zone='+01:00'")
    b.query("SET NAMES latin1, sql_mode='ANSI'")

    def run():
        a.query("SELECT v FROM instructions WHERE id=1")
        b.query("SELECT v FROM instructions WHERE id=1")
    return run


def connect_and_quit(connect):
    def run():
        c = connect()
        c.query("SELECT v FROM instructions WHERE id=1")
        c.quit()
    return run


SCENARIOS = {"point select": point_select, "prepared point select": prepared_select,
             "transaction of four commands": transaction,
             "two sessions on one link": two_sessions_on_one_link,
             "two prepared on one link": prepared_on_one_link, "hundred rows": hundred_rows,
             "a megabyte": megabyte,
             "connect, select, quit": connect_and_quit}


def count(server, scenario, times):
    """Instructions of a Weir that starts, serves this, and stops."""
    one = processes.Weir(server, workers=1, log_level="warning", pool_max_size=1,
                         server_max_connections=2, catalogue_refresh=0,
                         io_engine=os.environ.get("WEIR_TEST_IO_ENGINE", "epoll"))
    one.configure(debug_link_switching=None)
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={one.directory}/callgrind",
               processes.binary(), "--config", one.config]
    try:
        with open(one.log_path, "ab") as log:
            one.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                           cwd=one.directory)

        def connect():
            return wire.connect(one.address, schema="test")

        def listens():
            try:
                return connect()
            except OSError:
                return None
        first = processes.wait_until(listens, START_TIMEOUT_S, "a login under valgrind", step=0.1)
        first.query("SELECT 1")
        run = scenario(connect)
        for _ in range(times):
            run()
        one.process.send_signal(signal.SIGTERM)
        one.process.wait(START_TIMEOUT_S)
        return int(re.search(r"Collected : (\d+)", one.log()).group(1))
    finally:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        shutil.rmtree(one.directory, ignore_errors=True)


@pytest.fixture(scope="module")
def server():
    one = processes.Server("--max-connections=50").start().prepare()
    try:
        with one.root(schema="test") as root:
            root.query("CREATE TABLE instructions (id INT PRIMARY KEY, v INT)")
            root.query("INSERT INTO instructions VALUES (1, 1)")
        yield one
    finally:
        one.destroy()
        one.remove_template()


@pytest.fixture(scope="module")
def start_up(server):
    return count(server, nothing, 0)


@pytest.fixture(scope="module")
def baseline():
    with open(BASELINE, encoding="utf-8") as stored:
        return json.load(stored)


@pytest.mark.parametrize("name", SCENARIOS)
def test_instructions(server, start_up, baseline, name):
    times = FEWER.get(name, COMMANDS)
    cost = (count(server, SCENARIOS[name], times) - start_up) / times
    if os.environ.get("WEIR_NEW_BASELINE"):
        baseline[name] = round(cost)
        with open(BASELINE, "w", encoding="utf-8") as stored:
            json.dump(baseline, stored, indent=4)
            stored.write("\n")
    assert name in baseline, f"no baseline for '{name}'; see the top of {__file__}"
    growth = cost / baseline[name] - 1
    print(f"{name}: {cost:,.0f} instructions, {growth:+.1%} against the baseline")
    assert growth <= MAY_GROW, f"{cost:,.0f} instructions instead of {baseline[name]:,}; see the top of {__file__}"
