#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What ./dev bench runs; tools/dev/bench.sh says how it is called. Each section prints its tables and
adds what it measured to one JSON file."""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time

import compare
import fairness
import memory
import paths
import scale
import speed
import sysbench
import wire

SECTIONS = {"speed": speed.run, "idle": memory.run_idle, "churn": memory.run_churn, "fairness": fairness.run,
            "scale": scale.run}


def machine(options):
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
            **speed.versions(options), "load_before": os.getloadavg()[0],
            "date": time.strftime("%Y-%m-%d", time.gmtime())}


def words(text):
    return [word for word in text.split(",") if word]


def numbers(text):
    return [int(word) for word in words(text)]


def parse_options():
    parser = argparse.ArgumentParser(usage="see ./dev bench --help")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--ci", action="store_true")
    parser.add_argument("--write-baseline", action="store_true")
    parser.add_argument("--only", type=words, default=list(SECTIONS))
    parser.add_argument("--workloads", type=words, default=[w.name for w in speed.WORKLOADS])
    parser.add_argument("--clients", type=numbers)
    parser.add_argument("--engines", type=words, default=list(paths.ENGINES))
    for name, value in (("seconds", 3), ("rounds", 3), ("links", 20), ("idle", 10000), ("churn", 30)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--proxysql")
    parser.add_argument("--mysqlrouter")
    parser.add_argument("--output", default="build/bench.json")
    options = parser.parse_args()
    for given, known, what in ((options.only, SECTIONS, "section"), (options.engines, paths.ENGINES, "engine"),
                               (options.workloads, speed.TITLES, "workload")):
        for word in given:
            if word not in known:
                parser.error(f"there is no {what} '{word}'; there are: {' '.join(known)}")
    if options.full and not options.clients:
        options.clients = [1, 64, 512, 1000]
    if options.ci:
        options.only, options.workloads, options.clients = ["speed"], ["point", "connect"], [64]
        options.seconds, options.rounds = 1, 3
    if options.quick:
        options.seconds, options.rounds = min(options.seconds, 1), 1
        options.clients = options.clients or [1, 64]
        options.idle = min(options.idle, 1000)
        options.churn = min(options.churn, 6)
    options.descriptors = paths.raise_descriptor_limit()
    return options


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parse_options()
    facts = {"machine": machine(options), "settings": vars(options).copy()}
    status = 0
    for name in options.only:
        begun = time.monotonic()
        try:
            facts[name] = SECTIONS[name](options)
        except (sysbench.SysbenchError, wire.Closed, wire.ServerError, AssertionError, OSError,
                subprocess.CalledProcessError) as error:
            print(f"\nerror in {name}: {error}\n{getattr(error, 'stderr', None) or ''}", file=sys.stderr)
            status = 1
        facts.setdefault("took_seconds", {})[name] = round(time.monotonic() - begun)
        with open(options.output, "w", encoding="utf-8") as file:
            json.dump(facts, file, indent=1)
            file.write("\n")
    if "speed" in facts:
        compare.show(facts["speed"]["summary"])
        if options.write_baseline:
            compare.write(facts["speed"]["summary"])
    print(f"every measurement: {options.output}")
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
