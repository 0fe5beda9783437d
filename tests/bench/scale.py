# SPDX-License-Identifier: Apache-2.0
"""More workers, more queries? Behind Weir stands a server that answers at once, load and links come on
Unix sockets: nearly all that is measured is Weir. Where load and stand-in leave the workers no core of
their own, queries per second cannot show it; then CPU per query does: when a query costs no more with
two workers than with one, two cores do twice the work."""

import os
import shutil
import statistics
import subprocess

import measure
import paths
import processes
import speed
import sysbench

CLIENTS = 64
STAND_IN = os.path.join(os.path.dirname(processes.binary()), "stand_in")


class StandIn:
    """Looks like a server of processes.py as far as Weir's configuration is concerned."""

    def __init__(self):
        self.directory = processes.scratch_directory("stand-in")
        self.socket = os.path.join(self.directory, "s.sock")
        self.port = 1
        self.process = subprocess.Popen([os.environ.get("WEIR_STAND_IN", STAND_IN), self.socket])
        processes.wait_until(lambda: os.path.exists(self.socket), 10, "the start of the stand-in")

    def destroy(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def one_run(path, socket, options):
    before = {}
    report = sysbench.run("oltp_point_select", socket, CLIENTS, options.seconds, "--histogram=on", speed.TABLE,
                          on_started=lambda _pid: before.update(cpu=measure.cpu_seconds(path.pid)))
    if report.status != 0 or report.queries == 0:
        raise sysbench.SysbenchError(f"{path.name}: " + "; ".join(report.fatal_text[:3] or ["no queries"]))
    cpu = measure.cpu_seconds(path.pid) - before["cpu"]
    return {"qps": report.qps, "cpu_us": cpu * 1e6 / report.queries, "p99_ms": report.quantile_ms(0.99)}


def start(engine, workers, stand_in, options):
    path = paths.Weir(stand_in, engine, name=f"{paths.ENGINES[engine]}, {workers} worker" + "s" * (workers > 1),
                      workers=workers, pool_max_size=options.links, server_max_connections=options.links + 1,
                      server_socket=stand_in.socket, catalogue_refresh=0,
                      socket=os.path.join(stand_in.directory, f"{engine}-{workers}.sock"))
    path.socket = path.weir.settings["socket"]
    return path


def run(options):
    """The section of ./dev bench."""
    stand_in = StandIn()
    runs, ways = {}, {}
    try:
        for engine in options.engines:
            for workers in (1, 2):
                try:
                    ways[engine, workers] = start(engine, workers, stand_in, options)
                except paths.Unavailable as error:
                    print(f"skipped {error}")
                    break
        for number in range(options.rounds):
            for key, path in ways.items():
                speed.progress(f"scale out: round {number + 1}, {path.name}")
                runs.setdefault(key, []).append(one_run(path, path.socket, options))
        speed.progress("")
        return report(options, runs, ways)
    finally:
        for path in ways.values():
            path.stop()
        stand_in.destroy()


def report(options, runs, ways):
    print(f"Point selects of {CLIENTS} clients on Unix sockets, {options.links} links, a server that answers at once "
          f"({options.rounds} x {options.seconds} s):\n")
    print("path                          q/s   CPU us/query   cores used   p99 ms")
    facts = {}
    for key, path in ways.items():
        qps, qps_spread = measure.spread([run["qps"] for run in runs[key]])
        cpu, cpu_spread = measure.spread([run["cpu_us"] for run in runs[key]])
        p99 = statistics.median(run["p99_ms"] for run in runs[key])
        facts[path.name] = {"qps": qps, "cpu_us": cpu, "p99_ms": p99}
        print(f"{path.name:<24}{qps:>9,.0f} ±{qps_spread:.0f}%{cpu:>9.1f} ±{cpu_spread:.0f}%{qps * cpu / 1e6:>11.2f}"
              f"{p99:>9.2f}")
    for engine in options.engines:
        if (engine, 1) in runs and (engine, 2) in runs:
            cost = statistics.median(two["cpu_us"] / one["cpu_us"]
                                     for one, two in zip(runs[engine, 1], runs[engine, 2]))
            facts[f"{engine}: two workers carry at most"] = 2 / cost
            print(f"{paths.ENGINES[engine]}: a query costs {cost:.2f} times as much with two workers as with one: on cores "
                  f"of their own they carry {2 / cost:.2f} times as many.")
    print()
    return facts
