#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# The measuring half of ./dev bench; tools/dev/bench.sh starts the servers.
#   bench.py speed ...   point selects through each path, round by round
#   bench.py idle ...    memory of clients that do nothing
# Both print a table and add what they measured to a JSON file.

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time

import idle_clients
import sysbench

ROWS = 100000
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
WARM_CLIENTS = 100  # the first ones also pay for what is allocated once
PERF_LINES = 25


class Path:
    """A way from the client to the server; pid is the proxy's, None without one."""

    def __init__(self, name, port, pid=None):
        self.name = name
        self.port = port
        self.pid = pid


def cpu_seconds(pid):
    """User and system time of all threads of a process."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def memory_bytes(pid, field="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(field)


def admin(options, sql):
    return subprocess.run(
        ["mariadb", "--no-defaults", f"--socket={options.socket}", f"--user={options.admin}",
         "--batch", "--skip-column-names", f"--execute={sql}"],
        capture_output=True, text=True, check=True).stdout


def status_of_server(options, name):
    return int(admin(options, f"SHOW GLOBAL STATUS LIKE '{name}'").split()[1])


def paths_of(options):
    return [Path("direct", options.server_port),
            Path("HAProxy", options.haproxy_port, options.haproxy_pid),
            Path("Weir", options.weir_port, options.weir_pid)]


def progress(text):
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)


# --- speed -----------------------------------------------------------------------------------------

def wait_until_alone(options):
    """Until the connections of the last run are gone, so that they are not counted in the next.
    Returns how many are left: Weir's links, which stay."""
    for _ in range(100):
        left = status_of_server(options, "Threads_connected") - 1  # but for the one that asks
        if left <= options.links:
            break
        time.sleep(0.05)
    return left


def measure(options, path, threads):
    """One run. CPU is counted from when all clients are connected until all have left."""
    idle_links = wait_until_alone(options)
    # Asked and answered over the path itself: through Weir that is not one more connection.
    sysbench.client(path.port, "FLUSH STATUS")
    before = {}

    def on_started():
        before["cpu"] = cpu_seconds(path.pid) if path.pid else 0.0

    report = sysbench.run("oltp_point_select", path.port, threads, options.seconds,
                          f"--table-size={ROWS}", on_started=on_started)
    cpu_after = cpu_seconds(path.pid) if path.pid else 0.0
    if report.status != 0 or report.queries == 0:
        raise sysbench.SysbenchError(f"{path.name}, {threads} threads: " +
                                     "; ".join(report.fatal_text[:3] or ["no queries"]))
    used = int(sysbench.client(path.port, "SHOW GLOBAL STATUS LIKE 'Max_used_connections'").split()[1])
    result = {"path": path.name, "threads": threads, "qps": report.qps, "p99_ms": report.p99_ms,
              "queries": report.queries,
              "server_connections": used if path.name == "Weir" else used - idle_links}
    if path.pid:
        result["cpu_us"] = (cpu_after - before["cpu"]) * 1e6 / report.queries
        result["rss_kib"] = memory_bytes(path.pid) // 1024
    return result


def measure_all(options):
    """Rounds interleaved, each beginning with another path: what changes on the machine meanwhile
    meets them all."""
    paths = paths_of(options)
    results = []
    sysbench.prepare(options.server_port, ROWS)
    for path in paths:  # the caches are warm, and each path works, before anything counts
        sysbench.run("oltp_point_select", path.port, 8, 1, f"--table-size={ROWS}")
    for number in range(options.rounds):
        for threads in options.threads:
            turn = number % len(paths)
            for path in paths[turn:] + paths[:turn]:
                progress(f"round {number + 1} of {options.rounds}: {threads} threads, {path.name}")
                results.append({"round": number + 1, **measure(options, path, threads)})
    progress("")
    return results


def spread(values):
    """Median, and how far the extremes are from it, in percent."""
    middle = statistics.median(values)
    if middle == 0:
        return 0.0, 0.0
    return middle, 100.0 * max(max(values) - middle, middle - min(values)) / middle


def summary(options, results):
    lines = []
    for threads in options.threads:
        direct = {r["round"]: r["qps"] for r in results
                  if r["threads"] == threads and r["path"] == "direct"}
        for path in paths_of(options):
            runs = [r for r in results if r["threads"] == threads and r["path"] == path.name]
            qps, qps_spread = spread([r["qps"] for r in runs])
            line = {"threads": threads, "path": path.name, "qps": qps, "qps_spread": qps_spread,
                    # Within each round, when the machine was the same for both.
                    "of_direct": statistics.median(r["qps"] / direct[r["round"]] for r in runs),
                    "p99_ms": statistics.median(r["p99_ms"] for r in runs),
                    "server_connections": max(r["server_connections"] for r in runs)}
            if path.pid:
                line["cpu_us"], line["cpu_spread"] = spread([r["cpu_us"] for r in runs])
                line["rss_kib"] = max(r["rss_kib"] for r in runs)
            lines.append(line)
    return lines


def print_summary(options, lines):
    print(f"Point selects: medians of {options.rounds} x {options.seconds} s, and how far the "
          "extremes are from them.\nCPU and RSS are those of the proxy alone.\n")
    print("threads  path         queries/s   of direct   p99 ms     CPU us/query   server  RSS MiB")
    for line in lines:
        if line["path"] == "direct" and line is not lines[0]:
            print()
        qps, cpu = f"{line['qps']:,.0f} ±{line['qps_spread']:.0f}%", ""
        if "cpu_us" in line:
            cpu = f"{line['cpu_us']:.1f} ±{line['cpu_spread']:.0f}%"
        rss = f"{line['rss_kib'] / 1024:.1f}" if "rss_kib" in line else ""
        print(f"{line['threads']:>7}  {line['path']:<8}{qps:>15}{line['of_direct']:>10.2f}"
              f"{line['p99_ms']:>10.2f}{cpu:>16}{line['server_connections']:>9}{rss:>9}")
    print()


def profile(options):
    """Where the CPU of Weir goes, by function."""
    if not shutil.which("perf"):
        print("perf is not installed (package linux-perf): no profile")
        return None
    threads = options.threads[1 if len(options.threads) > 1 else 0]
    data = os.path.join(os.path.dirname(options.socket), "perf.data")
    perf = []

    def on_started():
        perf.append(subprocess.Popen(["perf", "record", "-F", "2999", "-g", "-o", data,
                                      "-p", str(options.weir_pid), "--", "sleep", "4"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    sysbench.run("oltp_point_select", options.weir_port, threads, 5, f"--table-size={ROWS}",
                 on_started=on_started)
    perf[0].wait()
    said = subprocess.run(["perf", "report", "-i", data, "--stdio", "--no-children", "-g", "none",
                           "--percent-limit", "0.7", "--sort", "dso,symbol"],
                          capture_output=True, text=True, check=False).stdout
    lines = [line.rstrip() for line in said.splitlines() if line.strip() and not line.startswith("#")]
    print(f"Weir's CPU by function, {threads} threads:")
    print("\n".join(lines[:PERF_LINES]), "\n")
    return lines


def speed(options):
    results = measure_all(options)
    lines = summary(options, results)
    print_summary(options, lines)
    facts = {"machine": machine(options), "settings": {
        "seconds": options.seconds, "rounds": options.rounds, "workers": options.workers,
        "links": options.links, "rows": ROWS}, "runs": results, "summary": lines}
    if options.perf:
        facts["profile"] = profile(options)
    save(options, "speed", facts)


# --- idle ------------------------------------------------------------------------------------------

def raise_descriptor_limit(needed):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = needed + 100
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise sysbench.SysbenchError(f"{needed} clients need {wanted} descriptors, this account may "
                                     f"have {hard} (ulimit -Hn): take fewer with --idle")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def memory_of_idle_clients(options, path):
    others = status_of_server(options, "Threads_connected")
    clients = idle_clients.open_clients(path.port, WARM_CLIENTS)
    time.sleep(0.5)
    before = memory_bytes(path.pid)
    clients += idle_clients.open_clients(
        path.port, options.clients,
        lambda n: progress(f"{path.name}: {n} of {options.clients} idle clients"))
    time.sleep(1)
    after = memory_bytes(path.pid)
    used = status_of_server(options, "Threads_connected")
    used -= 1 if path.name == "Weir" else others  # links that were there already are Weir's as well
    idle_clients.close_clients(clients)
    return {"path": path.name, "clients": options.clients, "rss_before_kib": before // 1024,
            "rss_after_kib": after // 1024, "bytes_per_client": (after - before) / options.clients,
            "server_connections": used}


def idle(options):
    raise_descriptor_limit(options.clients + WARM_CLIENTS)
    lines = []
    for path in reversed([path for path in paths_of(options) if path.pid]):
        lines.append(memory_of_idle_clients(options, path))
        for _ in range(200):  # the next path's server connections are to be its own
            if status_of_server(options, "Threads_connected") < WARM_CLIENTS:
                break
            time.sleep(0.1)
    progress("")
    print(f"Memory: {options.clients} clients that have logged in and asked one question, and then "
          "do nothing.\nThe proxy's resident memory; what the kernel keeps for sockets comes on top, "
          "for both.\n")
    print("path      RSS before MiB    after MiB    bytes per client    server connections")
    for line in reversed(lines):
        print(f"{line['path']:<8}{line['rss_before_kib'] / 1024:>16.1f}{line['rss_after_kib'] / 1024:>13.1f}"
              f"{line['bytes_per_client']:>20,.0f}{line['server_connections']:>22}")
    print()
    save(options, "idle", lines)


# --- both ------------------------------------------------------------------------------------------

def first_line(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).splitlines()[0].strip() if done.stdout or done.stderr else ""


def machine(options):
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "mariadb": options.server_version, "haproxy": first_line(["haproxy", "-v"]),
            "sysbench": first_line(["sysbench", "--version"]),
            "weir": first_line(["git", "describe", "--always", "--dirty"]),
            "load_before": os.getloadavg()[0],
            "date": time.strftime("%Y-%m-%d", time.gmtime())}


def save(options, key, facts):
    everything = {}
    if os.path.exists(options.output):
        with open(options.output, encoding="utf-8") as file:
            everything = json.load(file)
    everything[key] = facts
    with open(options.output, "w", encoding="utf-8") as file:
        json.dump(everything, file, indent=1)
        file.write("\n")


def parse_options():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in (("speed", speed), ("idle", idle)):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        for number in ("server-port", "haproxy-port", "haproxy-pid", "weir-port", "weir-pid"):
            command.add_argument(f"--{number}", type=int, required=True)
        for text in ("socket", "admin", "server-version", "output"):
            command.add_argument(f"--{text}", required=True)
        if function is idle:
            command.add_argument("--clients", type=int, required=True)
            continue
        for number in ("seconds", "rounds", "workers", "links"):
            command.add_argument(f"--{number}", type=int, required=True)
        command.add_argument("--threads", required=True,
                             type=lambda text: [int(word) for word in text.split(",")])
        command.add_argument("--perf", action="store_true")
    return parser.parse_args()


def main():
    options = parse_options()
    try:
        options.function(options)
        return 0
    except (sysbench.SysbenchError, idle_clients.ProtocolError, OSError,
            subprocess.CalledProcessError) as error:
        print(f"\nerror: {error}\n{getattr(error, 'stderr', None) or ''}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
