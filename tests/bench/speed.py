# SPDX-License-Identifier: Apache-2.0
"""Queries per second, latency and CPU of several workloads on every path, in interleaved rounds."""

import os
import statistics
import subprocess
import sys
import threading

import measure
import paths
import sysbench

HERE = os.path.dirname(os.path.realpath(__file__))
ROWS = 100000
SAMPLE_AT = 0.6  # of a run: when memory and connections are looked at
WARM_CLIENTS = 8


class Workload:
    """Something that sysbench does. `clients`: how many at a time in a run without --clients."""

    def __init__(self, name, script, *options, clients=(64,)):
        self.name = name
        own = os.path.join(HERE, "lua", script)
        self.script = own if os.path.exists(own) else script
        self.options = options
        self.clients = clients


TABLE = f"--table-size={ROWS}"
ONE_RANGE = ("--skip-trx", "--point-selects=0", "--sum-ranges=0", "--order-ranges=0",
             "--distinct-ranges=0", "--simple-ranges=1")
WORKLOADS = [
    Workload("point", "oltp_point_select", TABLE, clients=(1, 64, 512, 1000)),
    Workload("prepared", "oltp_point_select", TABLE, sysbench.PREPARED),
    Workload("range", "oltp_read_only", TABLE, "--range-size=10", *ONE_RANGE),
    Workload("large", "result.lua"),
    Workload("write", "oltp_read_write", TABLE),
    Workload("connect", "connect.lua", TABLE),
]
TITLES = {"point": "point select", "prepared": "prepared point select", "range": "range of 10 rows",
          "large": "result of 1 MiB", "write": "read-write transaction",
          "connect": "connect, point select, disconnect"}


def progress(text):
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)


class Sample:
    """Taken once, in the midst of a run."""

    def __init__(self, path, server):
        self.path = path
        self.server = server
        self.rss = self.connections = None
        self.cpu_before = self.server_cpu_before = 0.0
        self.timer = None

    def begin(self, pid, after):
        """All clients are connected; `pid` is sysbench's."""
        if self.path.pid:
            self.cpu_before = measure.cpu_seconds(self.path.pid)
        self.server_cpu_before = measure.cpu_seconds(self.server.process.pid)
        self.timer = threading.Timer(after, self._look, (self.path.pid or pid,))
        self.timer.start()

    def _look(self, pid):
        try:
            self.connections = measure.connections_to(pid, self.server.port)
            if self.path.pid:
                self.rss = measure.rss_bytes(self.path.pid)
        except OSError:
            pass  # the run was shorter than it was told to be

    def end(self):
        if self.timer is not None:
            self.timer.join()


def measure_run(path, server, workload, clients, seconds):
    """One run. CPU is counted from when all clients are connected until all have left."""
    sample = Sample(path, server)
    report = sysbench.run(workload.script, path.port, clients, seconds, "--histogram=on",
                          *workload.options,
                          on_started=lambda pid: sample.begin(pid, SAMPLE_AT * seconds))
    server_cpu = measure.cpu_seconds(server.process.pid) - sample.server_cpu_before
    cpu = measure.cpu_seconds(path.pid) - sample.cpu_before if path.pid else None
    sample.end()
    if report.status != 0 or report.queries == 0:
        raise sysbench.SysbenchError(f"{path.name}, {workload.name}, {clients} clients: " +
                                     "; ".join(report.fatal_text[:3] or ["no queries"]))
    result = {"path": path.name, "workload": workload.name, "clients": clients, "qps": report.qps,
              "p50_ms": report.quantile_ms(0.5), "p99_ms": report.quantile_ms(0.99),
              "queries": report.queries, "server_cpu_us": server_cpu * 1e6 / report.queries,
              "server_connections": sample.connections}
    if path.pid:
        result["cpu_us"] = cpu * 1e6 / report.queries
        result["rss_bytes"] = sample.rss
    return result


def cells(options):
    """(workload, clients) of a run, in order."""
    return [(workload, clients) for workload in WORKLOADS if workload.name in options.workloads
            for clients in (options.clients or workload.clients)]


def measure_all(options, server, ways):
    """Rounds interleaved, each beginning with another path: what changes on the machine meanwhile
    meets them all."""
    results, failures = [], []
    sysbench.prepare(server.port, ROWS)
    for path in ways:  # the caches are warm, and each path works, before anything counts
        sysbench.run("oltp_point_select", path.port, WARM_CLIENTS, 1, TABLE)
    every = len(cells(options)) * options.rounds * len(ways)
    for number in range(options.rounds):
        for workload, clients in cells(options):
            turn = number % len(ways)
            for path in ways[turn:] + ways[:turn]:
                progress(f"{len(results) + 1} of {every}: round {number + 1}, {TITLES[workload.name]}, "
                         f"{clients} clients, {path.name}")
                try:
                    run = measure_run(path, server, workload, clients, options.seconds)
                    results.append({"round": number + 1, **run})
                except sysbench.SysbenchError as error:
                    failures.append(str(error))
    progress("")
    return results, failures


def of_round(runs, key):
    return {run["round"]: run[key] for run in runs}


def ratio(runs, others, key):
    """Within each round, when the machine was the same for both; the median. None without both."""
    other = of_round(others, key)
    found = [run[key] / other[run["round"]] for run in runs if other.get(run["round"])]
    return statistics.median(found) if found else None


def summary(options, results, ways):
    lines = []
    for workload, clients in cells(options):
        def runs_of(path, workload=workload, clients=clients):
            return [r for r in results if r["workload"] == workload.name and r["clients"] == clients
                    and r["path"] == path]
        for path in ways:
            runs = runs_of(path.name)
            if runs:
                lines.append(summary_line(path, runs, runs_of("direct"), runs_of("HAProxy")))
    return lines


def summary_line(path, runs, direct, haproxy):
    qps, qps_spread = measure.spread([run["qps"] for run in runs])
    line = {key: runs[0][key] for key in ("workload", "clients", "path")}
    line.update(qps=qps, qps_spread=qps_spread, of_direct=ratio(runs, direct, "qps"))
    for key in ("p50_ms", "p99_ms", "server_cpu_us"):
        line[key] = statistics.median(run[key] for run in runs)
    line["server_connections"] = max((run["server_connections"] or 0) for run in runs)
    if path.pid:
        line["cpu_us"], line["cpu_spread"] = measure.spread([run["cpu_us"] for run in runs])
        line["cpu_of_haproxy"] = ratio(runs, haproxy, "cpu_us") if haproxy else None
        line["rss_bytes"] = max((run["rss_bytes"] or 0) for run in runs)
    return line


def print_summary(options, lines):
    print(f"Medians of {options.rounds} x {options.seconds} s, and how far the extremes are from them. "
          "q/s counts statements, p50 and p99\nare of one event of sysbench (a transaction, or connecting "
          "included). CPU is what a statement costs the\nproxy, and the server, in microseconds; "
          "connections are the server's, RSS is the proxy's.\n")
    print("clients  path                     q/s  of direct   p50 ms    p99 ms      proxy us   server us"
          "  conns  RSS MiB")
    last = None
    for line in lines:
        cell = (line["workload"], line["clients"])
        if last is None or cell[0] != last[0]:
            print(f"\n-- {TITLES[cell[0]]}")
        elif cell != last:
            print()
        last = cell
        print_line(line)
    print()


def print_line(line):
    cpu = f"{line['cpu_us']:.1f} ±{line['cpu_spread']:.0f}%" if "cpu_us" in line else ""
    rss = f"{line['rss_bytes'] / 2**20:.1f}" if "rss_bytes" in line else ""
    of_direct = f"{line['of_direct']:.2f}" if line["of_direct"] else ""
    qps = f"{line['qps']:,.0f} ±{line['qps_spread']:.0f}%"
    print(f"{line['clients']:>7}  {line['path']:<14}{qps:>15}{of_direct:>11}{line['p50_ms']:>9.2f}"
          f"{line['p99_ms']:>10.2f}{cpu:>14}{line['server_cpu_us']:>12.1f}"
          f"{line['server_connections'] or '':>7}{rss:>9}")


def ways_of(options, server):
    """The paths that can be had, and a line for each that cannot."""
    ways, missing = [paths.Direct(server)], []
    links = options.links

    def add(start):
        try:
            ways.append(start())
        except paths.Unavailable as error:
            missing.append(str(error))
    add(lambda: paths.haproxy(server, options.workers, options.descriptors))
    if options.proxysql:
        add(lambda: paths.proxysql(server, options.workers, links, options.proxysql))
    if options.mysqlrouter:
        add(lambda: paths.mysqlrouter(server, options.workers, options.mysqlrouter,
                                      options.descriptors))
    for engine in options.engines:
        add(lambda engine=engine: paths.Weir(server, engine, workers=options.workers, pool_max_size=links,
                                             server_max_connections=links + 1))
    return ways, missing


def run(options):
    """The section of ./dev bench."""
    most = max(clients for _, clients in cells(options))
    server = paths.start_server(most + 4 * options.links + 50)
    ways, missing = ways_of(options, server)
    try:
        for line in missing:
            print(f"skipped {line}")
        results, failures = measure_all(options, server, ways)
        lines = summary(options, results, ways)
        print_summary(options, lines)
        for line in failures:
            print(f"failed: {line}")
        return {"runs": results, "summary": lines, "failures": failures, "missing": missing}
    finally:
        for path in ways:
            path.stop()
        server.destroy()
        server.remove_template()


def versions(options):
    """What was measured, in words."""
    def first_line(*command):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError:
            return ""
        return ((done.stdout or done.stderr).splitlines() or [""])[0].strip()
    found = {"haproxy": first_line("/usr/sbin/haproxy", "-v"), "sysbench": first_line("sysbench", "--version"),
             "server": first_line("mariadbd", "--version") or first_line("/usr/sbin/mariadbd", "--version"),
             "weir": first_line("git", "describe", "--always", "--dirty")}
    for name in ("proxysql", "mysqlrouter"):
        if getattr(options, name):
            found[name] = first_line(getattr(options, name), "--version")
    return found
