#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# The measuring half of ./dev demo; tools/dev/demo.sh starts the servers.
#   demo.py run FILE ...     sends clients to a port, leaves what became of them in FILE
#   demo.py table FILE FILE  compares: straight at the server, through Weir
# The table's exit status is 0 only if clients were refused with ERROR 1040 without Weir, and none
# was with it.

import argparse
import json
import os
import subprocess
import sys
import time

import sysbench

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS_LUA = os.path.join(HERE, "lua", "clients.lua")
ROWS = 20000
WIDTH = 78


class Screen:
    """Lines that grow in place on a terminal, and are printed once, when done, elsewhere."""

    def __init__(self):
        self.live = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.colours = self.live and "NO_COLOR" not in os.environ
        self.drawn = 0.0

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colours else text

    def bold(self, text):
        return self.paint("1", text)

    def dim(self, text):
        return self.paint("2", text)

    def good(self, text):
        return self.paint("1;32", text)

    def bad(self, text):
        return self.paint("1;31", text)

    def progress(self, text):
        if self.live and time.monotonic() - self.drawn > 0.1:
            self.drawn = time.monotonic()
            print(f"\r\033[K  {text[:WIDTH - 2]}", end="", flush=True)

    def done(self, text, seconds):
        erase = "\r\033[K" if self.live else ""
        print(f"{erase}  {text:<{WIDTH - 12}}" + self.dim(f"{seconds:8.1f} s"), flush=True)

    def say(self, text=""):
        print(text, flush=True)


class Phase:
    """One of the two halves: what became of the clients."""

    def __init__(self, facts):
        self.clients = facts["clients"]
        self.connected = facts["connected"]
        self.refused = facts["refused"]  # with error 1040
        self.query_errors = facts["query_errors"]
        self.qps = facts["qps"]
        self.p99_ms = facts["p99_ms"]
        self.status = facts["status"]
        self.said = facts["said"]
        self.limit = facts["limit"]
        self.used = facts["used"]  # connections that the server has had at a time, at most

    def other_errors(self):
        """Clients that were not connected for another reason, and errors after login."""
        return self.clients - self.connected - self.refused + self.query_errors


def admin(options, sql):
    done = subprocess.run(
        ["mariadb", "--no-defaults", f"--socket={options.socket}", f"--user={options.admin}",
         "--batch", "--skip-column-names", f"--execute={sql}"],
        capture_output=True, text=True, check=True)
    return done.stdout


def used_connections(options):
    """Asked for as a client: the administrator's connection would count as one more."""
    sql = "SHOW GLOBAL STATUS LIKE 'Max_used_connections'"
    for _ in range(100):
        if answer := sysbench.client(options.port, sql):
            return int(answer.split()[1])
        time.sleep(0.05)  # the last clients are still leaving
    raise sysbench.SysbenchError(f"nobody answers on port {options.port} after the run")


def run(options, screen):
    start = time.monotonic()
    sysbench.prepare(options.port, ROWS)
    admin(options, "FLUSH STATUS")

    def show(report):
        text = f"{options.what}: {report.connected} connected"
        if report.refused_with(1040):
            text += f", {report.refused_with(1040)} refused with ERROR 1040"
        if report.seconds:
            text += f", {report.now_qps:,.0f} queries/s   ({report.seconds} of {options.seconds} s)"
        screen.progress(text)

    report = sysbench.run(CLIENTS_LUA, options.port, options.clients, options.seconds,
                          f"--table-size={ROWS}", f"--think-time={options.think_ms}",
                          # No hot rows: a deadlock is news of the workload, not of the connection.
                          "--rand-type=uniform", on_line=show)
    if report.connected == 0:
        raise sysbench.SysbenchError(f"no client was connected {options.what}:\n" +
                                     "\n".join(report.fatal_text[-4:]))
    with open(options.file, "w", encoding="utf-8") as file:
        json.dump({"clients": options.clients, "connected": report.connected,
                   "refused": report.refused_with(1040),
                   "query_errors": sum(report.query_errors.values()) + report.ignored,
                   "qps": report.qps, "p99_ms": report.p99_ms,
                   "status": report.status, "said": report.fatal_text[:3],
                   "limit": options.limit, "used": used_connections(options)}, file)
    screen.done(f"{options.clients} clients, {options.what}", time.monotonic() - start)


def show_table(screen, direct, weir):
    def row(label, left, right, left_style=str, right_style=str):
        screen.say(f"  {label:<34}{left_style(f'{left:>17}')}{right_style(f'{right:>19}')}")

    def row_of_errors(label, left, right):
        row(label, f"{left:,}", f"{right:,}", screen.bad if left else screen.good,
            screen.bad if right else screen.good)

    screen.say()
    row("", "without Weir", "with Weir", screen.bold, screen.bold)
    row("clients", f"{direct.clients:,}", f"{weir.clients:,}")
    row("  connected", f"{direct.connected:,}", f"{weir.connected:,}")
    row_of_errors("  refused with ERROR 1040", direct.refused, weir.refused)
    row_of_errors("  other errors", direct.other_errors(), weir.other_errors())
    row("queries answered per second", f"{direct.qps:,.0f}", f"{weir.qps:,.0f}")
    row("99th percentile of a transaction", f"{direct.p99_ms:,.1f} ms", f"{weir.p99_ms:,.1f} ms")
    row("server connections used", direct.used, weir.used)
    screen.say()
    if direct.used > direct.limit:
        screen.say(screen.dim(f"  ({direct.used}: beyond its limit a server keeps one connection for its "
                              "administrator;\n  a client holds it while it is being refused.)"))
        screen.say()


def verdict(screen, direct, weir):
    """The sentence at the end, and whether the demo showed what it is for."""
    if direct.refused == 0:
        screen.say(screen.bad("  Not shown: without Weir the server refused nobody."))
        return False
    failures = []
    if weir.connected < weir.clients:
        failures.append(f"{weir.clients - weir.connected} clients were refused")
    if weir.other_errors() or weir.status != 0:
        failures.append("clients met errors: " + "; ".join(weir.said))
    if weir.used > weir.limit:
        failures.append(f"{weir.used} server connections were used, {weir.limit} allowed")
    if failures:
        screen.say(screen.bad("  Weir failed: " + ", ".join(failures)))
        return False
    away = screen.bad(f"{direct.refused} of {direct.clients}")
    served = screen.good(f"all {weir.connected}")
    screen.say(f"  Without Weir the server turned {away} clients away with ERROR 1040.\n"
               f"  With Weir it served {served} of them, over {weir.used} connections.")
    return True


def parse_options():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("run")
    command.add_argument("file")
    command.add_argument("--what", required=True)
    command.add_argument("--port", type=int, required=True)
    command.add_argument("--socket", required=True)
    command.add_argument("--admin", required=True)
    for name in ("limit", "clients", "think-ms", "seconds"):
        command.add_argument(f"--{name}", type=int, required=True)
    command = commands.add_parser("table")
    command.add_argument("direct")
    command.add_argument("weir")
    return parser.parse_args()


def load(path):
    with open(path, encoding="utf-8") as file:
        return Phase(json.load(file))


def main():
    options = parse_options()
    screen = Screen()
    try:
        if options.command == "run":
            run(options, screen)
            return 0
        direct, weir = load(options.direct), load(options.weir)
        show_table(screen, direct, weir)
        return 0 if verdict(screen, direct, weir) else 1
    except (sysbench.SysbenchError, subprocess.CalledProcessError) as error:
        print(f"\nerror: {error}\n{getattr(error, 'stderr', None) or ''}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
