# SPDX-License-Identifier: Apache-2.0
"""Commands that make a link a stream without end: a binary log, read by the tools and servers that read
it, through Weir."""

import re
import subprocess

import pytest

import processes
import wire
from wire import com


@pytest.fixture(scope="module")
def master(server):
    del server
    one = processes.Server("--log-bin=bin", "--server-id=1", "--binlog-format=ROW", name="master")
    try:
        one.start().prepare()
        one.query("CREATE TABLE test.t (id INT PRIMARY KEY, v LONGBLOB)")
        for n in range(20):
            one.query(f"INSERT INTO test.t VALUES ({n}, REPEAT('{chr(65 + n)}', {n * 100000}))")
        yield one
    finally:
        one.destroy()


def read_log(port, *options):
    command = ["mariadb-binlog", "--no-defaults", "--read-from-remote-server", "-h127.0.0.1", f"-P{port}",
               "-uapp", "-psecret", "--skip-ssl", *options, "bin.000001"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    return re.sub(rb"(?m)^(#.*(thread_id|created|Start: ).*|SET @@SESSION.*)$", b"", done.stdout)


@pytest.mark.parametrize("options", [(), ("--verbose", "--base64-output=decode-rows"), ("--start-position=4", "--stop-position=3000000", "--hexdump")])
def test_mariadb_binlog(master, weir, options):
    """What it prints is the same direct and through Weir, megabytes of it."""
    one = weir(of=master)
    direct = read_log(master.port, *options)
    assert len(direct) > 1000
    assert read_log(one.settings["port"], *options) == direct
    assert one.connect().query("SELECT 1") == [[b"1"]]


def test_a_reader_that_leaves_frees_its_link(master, weir):
    """The stream has no end of its own; a reader that goes takes its link with it."""
    one = weir(of=master, pool_max_size=1, server_max_connections=3)
    with one.connect() as w:
        w.query("SET @master_binlog_checksum='NONE', @mariadb_slave_capability=4")
        w.send(com(wire.COM_BINLOG_DUMP, b"\4\0\0\0" + b"\0\0" + b"\x4d\0\0\0" + b"bin.000001"))
        for _ in range(10):
            assert w.read_packet()[:1] == b"\0"
    with one.connect() as w:
        assert w.query("SELECT 1") == [[b"1"]]


def test_a_slow_reader_is_waited_for(master, weir):
    """Back-pressure: what the reader does not take is not read from the server either."""
    one = weir(of=master)
    with one.connect() as w, one.connect() as other:
        w.keep = False
        w.query("SET @master_binlog_checksum='NONE', @mariadb_slave_capability=4")
        w.send(com(wire.COM_BINLOG_DUMP, b"\4\0\0\0" + b"\0\0" + b"\x4e\0\0\0" + b"bin.000001"))
        for _ in range(50):
            assert other.query("SELECT 1") == [[b"1"]]
        size = 0
        while size < 19 * 20 * 50000:
            size += len(w.read_packet())


@pytest.mark.parametrize("gtid", ["no", "slave_pos"])
def test_a_replica_behind_weir(master, weir, gtid):
    """A MariaDB whose master is Weir gets what the master has, and what it gets later."""
    one = weir(of=master)
    replica = processes.Server("--server-id=2", name="replica")
    try:
        replica.start()
        replica.query(f"CHANGE MASTER TO master_host='127.0.0.1', master_port={one.settings['port']}, "
                      f"master_user='app', master_password='secret', master_use_gtid={gtid}"
                      + (", master_log_file='bin.000001', master_log_pos=4" if gtid == "no" else ""))
        replica.query("START SLAVE")

        def checksum(of):
            with of.root() as root:
                try:
                    return root.query("CHECKSUM TABLE test.t")[0][1]
                except wire.ServerError:
                    return None

        def caught_up():
            return checksum(replica) == checksum(master)

        processes.wait_until(caught_up, 30, "the replica's catching up")
        master.query(f"INSERT INTO test.t VALUES ({1000 + len(gtid)}, 'later')")
        processes.wait_until(caught_up, 10, "the arrival of what came later")
        replica.query("STOP SLAVE")
    finally:
        replica.destroy()
