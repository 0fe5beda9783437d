#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Runs sysbench against one port or Unix socket, and reads what it prints. Used by demo.py and bench.py.

import re
import subprocess
import threading

ACCOUNT = ["--db-driver=mysql", "--mysql-user=app", "--mysql-password=app", "--mysql-db=app",
           "--percentile=99"]
TEXT_PROTOCOL = "--db-ps-mode=disable"
PREPARED = "--db-ps-mode=auto"
END_MARGIN_S = 60  # a run that takes this much longer than it was told to is stuck

FATAL = re.compile(r"FATAL: (.*)")
CONNECT_ERROR = re.compile(r"FATAL: error (\d+)")
QUERY_ERROR = re.compile(r"FATAL: .*returned error (\d+)")
SECOND = re.compile(r"\[ (\d+)s \] thds: (\d+) tps: [\d.]+ qps: ([\d.]+)")
QUERIES = re.compile(r"queries: +(\d+) +\(([\d.]+) per sec")
TRANSACTIONS = re.compile(r"transactions: +(\d+) ")
IGNORED = re.compile(r"ignored errors: +(\d+) ")
P99 = re.compile(r"99th percentile: +([\d.]+)")
BUCKET = re.compile(r"([\d.]+) \|\** +(\d+)$")
EACH_CLIENT = re.compile(r"client (\d+): (\d+) queries, p50 (\d+) us, p99 (\d+) us, max (\d+) us")


class SysbenchError(Exception):
    """sysbench could not do its work; the text says what it printed."""


class Report:
    """What one run said."""

    def __init__(self):
        self.connected = 0     # only lua/clients.lua tells; 0 otherwise
        self.refused = 0       # clients without a connection, the same
        self.connect_errors = {}  # MySQL error number -> how often it was printed
        self.query_errors = {}    # the same, after login
        self.ignored = 0       # deadlocks and the like, after which sysbench tries again
        self.queries = 0
        self.transactions = 0
        self.qps = 0.0
        self.p99_ms = 0.0
        self.histogram = []    # (milliseconds, count), lowest first
        self.clients = []      # lua/each_client.lua: one Client each
        self.seconds = 0       # how far the run is
        self.now_qps = 0.0
        self.status = None     # exit status
        self.fatal_text = []

    def read_line(self, line):
        if line.startswith("client connected"):
            self.connected += 1
        elif line.startswith("client refused"):
            self.refused += 1
        elif FATAL.match(line):
            self.fatal_text.append(line)
            for pattern, errors in ((CONNECT_ERROR, self.connect_errors),
                                    (QUERY_ERROR, self.query_errors)):
                if error := pattern.match(line):
                    errors[int(error[1])] = errors.get(int(error[1]), 0) + 1
        elif each := EACH_CLIENT.match(line):
            self.clients.append(Client(*(int(number) for number in each.groups()[1:])))
        elif SECOND.match(line):
            second = SECOND.match(line)
            self.seconds, self.now_qps = int(second[1]), float(second[3])
        else:
            self.read_sums(line)

    def refused_with(self, number):
        """Clients that got this error at their login. sysbench leaves out some of the messages of
        threads that fail at the same time, and does not say which; clients.lua counts clients, so
        what other errors do not account for is this one, if it was seen at all."""
        if number not in self.connect_errors:
            return 0
        others = sum(self.connect_errors.values()) - self.connect_errors[number]
        return max(self.refused - others, 0)

    def read_sums(self, line):
        if found := QUERIES.search(line):
            self.queries, self.qps = int(found[1]), float(found[2])
        elif found := TRANSACTIONS.search(line):
            self.transactions = int(found[1])
        elif found := IGNORED.search(line):
            self.ignored = int(found[1])
        elif found := P99.search(line):
            self.p99_ms = float(found[1])
        elif found := BUCKET.match(line):
            self.histogram.append((float(found[1]), int(found[2])))

    def quantile_ms(self, part):
        """From the histogram, whose buckets are 2 % apart; 0 without one."""
        wanted = part * sum(count for _, count in self.histogram)
        for value, count in self.histogram:
            wanted -= count
            if wanted <= 0:
                return value
        return 0.0


class Client:
    """What lua/each_client.lua says of one client."""

    def __init__(self, queries, p50_us, p99_us, max_us):
        self.queries = queries
        self.p50_us = p50_us
        self.p99_us = p99_us
        self.max_us = max_us


def where(target):
    """A port of 127.0.0.1, or the path of a Unix socket."""
    if isinstance(target, str):
        return ["--mysql-host=localhost", f"--mysql-socket={target}"]
    return ["--mysql-host=127.0.0.1", f"--mysql-port={target}"]


def command(script, target, threads, seconds, *options):
    protocol = [] if any(option.startswith("--db-ps-mode") for option in options) else [TEXT_PROTOCOL]
    return ["sysbench", script, *ACCOUNT, *where(target), f"--threads={threads}", f"--time={seconds}",
            *protocol, *options]


def start(script, target, threads, seconds, *options):
    """Whoever starts it reads what it says, as run() does."""
    return subprocess.Popen(
        [*command(script, target, threads, seconds, "--report-interval=1", *options), "run"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


def run(script, target, threads, seconds, *options, on_line=None, on_started=None):
    """Runs it to its end. on_line(report) is called now and then; on_started(process id) when all
    threads are connected and begin to work."""
    report = Report()
    process = start(script, target, threads, seconds, *options)
    watch = threading.Timer(seconds + END_MARGIN_S, process.kill)
    watch.start()
    try:
        for line in process.stdout:
            report.read_line(line.strip())
            if on_started and line.startswith("Threads started!"):
                on_started(process.pid)
            if on_line:
                on_line(report)
        report.status = process.wait()
    finally:
        watch.cancel()
        if process.poll() is None:
            process.terminate()
            process.wait()
    return report


def prepare(port, rows):
    """One table of so many rows, made again when it is not there or not as long."""
    there = client(port, "SELECT COUNT(*) FROM sbtest1").strip()
    if there == str(rows):
        return
    options = [*ACCOUNT, *where(port), TEXT_PROTOCOL, f"--table-size={rows}"]
    client(port, "DROP TABLE IF EXISTS sbtest1")
    done = subprocess.run(["sysbench", "oltp_read_write", *options, "prepare"], check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise SysbenchError((done.stdout + done.stderr).strip())


def client(port, sql):
    """What the mariadb command line prints for a statement; nothing after an error."""
    done = subprocess.run(
        ["mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={port}", "--user=app",
         "--password=app", "--database=app", "--batch", "--skip-column-names", f"--execute={sql}"],
        capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
