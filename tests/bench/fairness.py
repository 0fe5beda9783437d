# SPDX-License-Identifier: Apache-2.0
"""What others suffer: clients that wait for links, clients beside one that streams, clients beside many
that log in."""

import os
import socket
import statistics
import threading
import time

import paths
import speed
import sysbench

EACH_CLIENT = os.path.join(speed.HERE, "lua", "each_client.lua")
BUSY = 16
PAUSE_MS = 4  # of a busy client between queries: the machine must not be full without the others
STORM = 64
WAITING = 10  # clients for each link
STREAM_ROWS = 1024  # of 1 MiB
RECEIVE = 1 << 20


def each_client(path, clients, seconds, pause=0, on_started=None):
    report = sysbench.run(EACH_CLIENT, path.port, clients, seconds, speed.TABLE, f"--pause={pause}",
                          on_started=on_started)
    if report.status != 0 or len(report.clients) != clients:
        raise sysbench.SysbenchError(f"{path.name}: " + "; ".join(report.fatal_text[:3] or ["no report"]))
    return report


def p99_ms(report):
    """The median client's p99."""
    return statistics.median(client.p99_us for client in report.clients) / 1000


def waits(options, path):
    """Ten clients for each link: how the unluckiest fares against the median."""
    report = each_client(path, WAITING * options.links, 2 * options.seconds)
    p99s = sorted(client.p99_us / 1000 for client in report.clients)
    queries = sorted(client.queries for client in report.clients)
    return {"path": path.name, "clients": len(p99s), "qps": report.qps, "p99_median_ms": statistics.median(p99s),
            "p99_worst_ms": p99s[-1], "worst_of_median": p99s[-1] / statistics.median(p99s),
            "max_ms": max(client.max_us for client in report.clients) / 1000,
            "queries_least": queries[0], "queries_most": queries[-1]}


class Streamer(threading.Thread):
    """One client that reads results of 1 GiB, as fast as they come, until it is told to stop."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.wire = path.connect()
        self.stopping = False
        self.received = 0

    def run(self):
        room = bytearray(RECEIVE)
        request = b"\x03SELECT REPEAT('x', 1048576) FROM app.rows_of_stream"
        self.wire.send(request)
        with self.wire.socket.dup() as s:
            s.settimeout(5)
            while not self.stopping:
                try:
                    got = s.recv_into(room)
                except socket.timeout:
                    s.sendall((len(request)).to_bytes(3, "little") + b"\0" + request)  # the last one is through
                    continue
                if got == 0:
                    return
                self.received += got

    def end(self):
        self.stopping = True
        self.join()
        self.wire.close()


def beside_stream(options, path):
    alone = each_client(path, BUSY, options.seconds, PAUSE_MS)
    streamer = Streamer(path)
    streamer.start()
    begun = time.monotonic()
    beside = each_client(path, BUSY, options.seconds, PAUSE_MS)
    rate = streamer.received / (time.monotonic() - begun)
    streamer.end()
    return {"path": path.name, "alone_p99_ms": p99_ms(alone), "beside_p99_ms": p99_ms(beside),
            "times": p99_ms(beside) / p99_ms(alone), "bytes_per_s": rate,
            "queries_alone": alone.queries, "queries_beside": beside.queries}


def beside_storm(options, path):
    alone = each_client(path, BUSY, options.seconds, PAUSE_MS)
    storm = {}

    def others():
        storm["report"] = sysbench.run(speed.WORKLOADS[-1].script, path.port, STORM, options.seconds + 1,
                                       speed.TABLE)
    thread = threading.Thread(target=others)
    thread.start()
    time.sleep(0.5)
    beside = each_client(path, BUSY, options.seconds, PAUSE_MS)
    thread.join()
    return {"path": path.name, "alone_p99_ms": p99_ms(alone), "beside_p99_ms": p99_ms(beside),
            "times": p99_ms(beside) / p99_ms(alone), "logins_per_s": storm["report"].qps,
            "queries_alone": alone.queries, "queries_beside": beside.queries}


def print_waits(lines):
    if not lines:
        return
    print(f"{lines[0]['clients']} clients of point selects, {WAITING} for each link: the p99 of a client, median and "
          "worst over all clients.\n")
    print("path             q/s   p99 ms median   worst   worst/median   max ms   queries of a client, least - most")
    for line in lines:
        print(f"{line['path']:<14}{line['qps']:>8,.0f}{line['p99_median_ms']:>14.1f}{line['p99_worst_ms']:>9.1f}"
              f"{line['worst_of_median']:>13.2f}{line['max_ms']:>11.1f}"
              f"{line['queries_least']:>15,} - {line['queries_most']:,}")
    print()


def print_beside(lines, what, rate, shown):
    if not lines:
        return
    print(f"{BUSY} clients with pauses of {PAUSE_MS} ms, alone and beside {what}: the p99 of the median client.\n")
    print(f"path           p99 ms alone  beside   times   queries alone  beside   {rate}")
    for line in lines:
        print(f"{line['path']:<14}{line['alone_p99_ms']:>13.2f}{line['beside_p99_ms']:>8.2f}{line['times']:>8.2f}"
              f"{line['queries_alone']:>16,}{line['queries_beside']:>8,}{shown(line):>12}")
    print()


def run(options):
    """The section of ./dev bench."""
    server = paths.start_server(WAITING * options.links + STORM + 4 * options.links + 50)
    ways = []
    found = {"waits": [], "stream": [], "storm": []}
    try:
        sysbench.prepare(server.port, speed.ROWS)
        with server.root(schema=paths.SCHEMA) as root:
            root.query(f"CREATE TABLE rows_of_stream AS SELECT seq FROM seq_1_to_{STREAM_ROWS}")
        ways, missing = speed.ways_of(options, server)
        for text in missing:
            print(f"skipped {text}")
        for path in ways:
            for name, function in (("waits", waits), ("stream", beside_stream), ("storm", beside_storm)):
                speed.progress(f"{name}: {path.name}")
                found[name].append(function(options, path))
        speed.progress("")
        print_waits(found["waits"])
        print_beside(found["stream"], "one that streams results of 1 GiB", "streamed MB/s",
                     lambda line: f"{line['bytes_per_s'] / 1e6:,.0f}")
        print_beside(found["storm"], f"{STORM} that connect, ask once and leave without end", "logins/s",
                     lambda line: f"{line['logins_per_s']:,.0f}")
        return found
    finally:
        for path in ways:
            path.stop()
        server.destroy()
        server.remove_template()
