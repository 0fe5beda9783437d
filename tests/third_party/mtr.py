#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""MariaDB's own regression tests, direct and through Weir: what they print must be the same.

    tests/third_party/mtr.py [options] [name ...]
    tests/third_party/mtr.py --all --part 1/4 --protocol ps

Without a name: the names in mtr_tests.txt. Each test is recorded once direct on a server of our own
(kept for later runs, see --cache), then through Weir. A test that prints something else through Weir is
run again both ways on a fresh data directory: what the server itself does not print twice is counted as
unstable, not as different. The outputs that differ stay in the results folder with their diffs.
The last line is "N passed, N failed, N skipped"."""

import argparse
import difflib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import mtr_server
import processes

HERE = os.path.dirname(os.path.realpath(__file__))
SUITE = mtr_server.SUITE
TEST_TIMEOUT_S = 300
SHORT = 20
DIFF_LINES_SHOWN = 12
AT_TIMES = "at times:"  # a reason that begins so: the test may as well be the same
# Programs that tests start, by the name of the variable that holds their command line.
CLIENTS = {
    "MYSQL": "mariadb", "MYSQL_DUMP": "mariadb-dump", "MYSQL_SHOW": "mariadb-show",
    "MYSQL_CHECK": "mariadb-check", "MYSQL_SLAP": "mariadb-slap", "MYSQL_IMPORT": "mariadb-import",
    "MYSQLADMIN": "mariadb-admin"}


class Options(argparse.Namespace):
    pass


def read_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="tests of the suite main; part/N picks every N-th")
    parser.add_argument("--short", action="store_true", help=f"only {SHORT} of the listed tests")
    parser.add_argument("--all", action="store_true", help="every test of the suite main")
    parser.add_argument("--part", metavar="K/N", help="of the tests picked, the K-th of N parts")
    parser.add_argument("--protocol", choices=["ps", "cursor", "view", "sp"],
                        help="how mariadb-test sends statements")
    parser.add_argument("--pool-size", type=int, default=20, help="Weir's pool_max_size")
    parser.add_argument("--switching", action="store_true", help="debug_link_switching on")
    parser.add_argument("--listed-users", action="store_true",
                        help="configure the users of each test; else the server decides about all")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="a setting of [weir]")
    parser.add_argument("--restart", action="store_true",
                        help="a fresh data directory for each test")
    parser.add_argument("--relay", action="store_true",
                        help="no Weir: compare direct with direct (finds unstable tests)")
    parser.add_argument("--cache", default=os.path.expanduser("~/.cache/weir/mtr"),
                        help="folder of direct outputs, kept by server version")
    parser.add_argument("--results", default="/tmp/weir-mtr-results", help="folder of what differed")
    parser.add_argument("--quiet", action="store_true", help="only what differs")
    return parser.parse_args(namespace=Options())


def listed_tests():
    with open(f"{HERE}/mtr_tests.txt", encoding="utf-8") as lines:
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def all_tests():
    return sorted(name[:-len(".test")] for name in os.listdir(f"{SUITE}/main") if name.endswith(".test"))


def known_differences():
    """Name and reason of the tests that print something else through Weir: the table of docs/mtr.md."""
    with open(f"{HERE}/../../docs/mtr.md", encoding="utf-8") as page:
        rows = re.findall(r"^\| ([\w.-]+) \| (.+) \|$", page.read(), re.M)
    return {name: reason for name, reason in rows if name != "test"}


def pick_tests(options):
    names = options.names or (all_tests() if options.all else listed_tests())
    if options.short:
        names = names[::max(1, len(names) // SHORT)][:SHORT]
    if options.part:
        k, n = (int(word) for word in options.part.split("/"))
        names = names[k - 1::n]
    return names


# --- the users that a test logs in as -------------------------------------------------------------

LOGIN = re.compile(r"^[ \t]*(?:--)?[ \t]*(?:connect|change_user)\b(.*)$", re.I | re.M)
IDENTIFIED = re.compile(r"identified\s+by\s+(?:password\s+)?['\"]([^'\"]*)['\"]|"
                        r"password\s*\(\s*['\"]([^'\"]*)['\"]", re.I)


INCLUDED = re.compile(r"^[ \t]*(?:--)?[ \t]*source[ \t]+([\w./-]+)", re.I | re.M)


def source_of(name):
    """The text of a test with that of the files it includes."""
    texts, todo, seen = [], [f"main/{name}.test"], set()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for folder in (SUITE, f"{SUITE}/main"):
            if os.path.isfile(f"{folder}/{path}"):
                with open(f"{folder}/{path}", encoding="latin-1") as source:
                    texts.append(source.read())
                todo += INCLUDED.findall(texts[-1])
                break
    return "\n".join(texts)


def users_of(name):
    """Name and password of everybody that the test logs in as, for --listed-users."""
    text = source_of(name)
    true_words = {a or b for a, b in IDENTIFIED.findall(text)}
    users = {"root": ""}
    for rest in LOGIN.findall(text):
        words = [word.strip().strip("'\"") for word in rest.strip().strip("();").split(",")]
        if "change_user" not in rest.lower() and len(words) >= 3:
            user, password = words[2], words[3] if len(words) > 3 else ""
        else:
            user, password = words[0], words[1] if len(words) > 1 else ""
        if not re.fullmatch(r"\w[\w.]{0,31}", user) or user == "root":
            continue
        if user not in users or (password in true_words and users[user] not in true_words):
            users[user] = password
    for user in re.findall(r"\$\w+.*?(?:-u *|--user=)(\w+)", text):
        users.setdefault(user, "")
    return users


# --- one run of one test --------------------------------------------------------------------------

class Outcome:
    """What a test printed, the exit status of mariadb-test, and its last words."""

    def __init__(self, status, output, errors):
        self.status = status
        self.output = output
        self.errors = errors

    def same(self, other):
        return self.status == other.status and self.output == other.output

    def skips(self):
        return self.status == 62

    def save(self, path):
        with open(path, "wb") as out:
            out.write(f"{self.status}\n".encode() + self.output)

    @classmethod
    def load(cls, path):
        with open(path, "rb") as kept:
            status, output = kept.read().split(b"\n", 1)
        return cls(int(status) if status != b"None" else None, output, b"")


class Bench:
    """The server, Weir, and the ways to run a test through them."""

    def __init__(self, options):
        self.options = options
        self.directory = processes.scratch_directory("mtr")
        self.var = f"{self.directory}/var"
        self.server = mtr_server.Server(self.var)
        self.weir = None

    def start(self):
        self.server.start()

    def _start_weir(self, users):
        more = dict(word.split("=", 1) for word in self.options.set)
        if self.options.switching:
            more["debug_link_switching"] = "on"
        # The server has no TLS, and tests say so.
        settings = {"pool_max_size": self.options.pool_size, "pool_wait_timeout": 20000, "ssl": "off",
                    "server_max_connections": 300, "log_level": "note", **more}
        self.weir = processes.Weir(self.server, users=users, **settings)
        self.weir.start()

    def _weir_for(self, name):
        users = users_of(name) if self.options.listed_users else {}
        if self.weir is not None and self.weir.process.poll() is not None:
            print(f"Weir ended with status {self.weir.process.returncode}\n{self.weir.log()[-3000:]}")
            self.weir.destroy()
            self.weir = None
        if self.weir is None:
            self._start_weir(users)
        elif users != self.weir.users:
            self.weir.users = users
            self.weir.configure()
            self.weir.reload()
        return self.weir

    def _environment(self, port):
        def client(program):
            return (f"{program} --no-defaults --protocol=tcp --host=127.0.0.1 --port={port} --user=root "
                    f"--character-sets-dir=/usr/share/mysql/charsets")
        env = {key: value for key, value in os.environ.items() if not key.startswith("MYSQL")}
        env.update({name: client(program) for name, program in CLIENTS.items()})
        env["MYSQL_DUMP"] = env["MYSQL_DUMP"].replace("mariadb-dump --no-defaults",
                                                      "mariadb-dump --no-defaults --skip-tz-utc")
        env.update(MYSQL_TEST_DIR=SUITE, MYSQLTEST_VARDIR=self.var, MYSQL_TMP_DIR=f"{self.var}/tmp",
                   MASTER_MYPORT=str(port), TZ="GMT-3", LC_ALL="C", MYSQL_BINDIR="/usr",
                   MYSQL_SHAREDIR="/usr/share/mysql", MYSQL_CHARSETSDIR="/usr/share/mysql/charsets",
                   CHARSETSDIR="/usr/share/mysql/charsets", MYSQLD_DATADIR=f"{self.var}/mysqld.1/data",
                   MASTER_MYSOCK=f"{self.var}/tmp/mysqld.1.sock", MY_PERROR="perror",
                   EXE_MYSQL="mariadb", REPLACE="replace", MTR_TEST_NAME="main")
        return env

    def _mysqltest(self, name, port):
        out = f"{self.directory}/out"
        if os.path.exists(out):
            os.remove(out)
        command = ["mariadb-test", "--no-defaults", "--silent", "--protocol=tcp", "--host=127.0.0.1",
                   f"--port={port}", "--user=root", "--database=test", "--record",
                   f"--test-file=main/{name}.test", f"--result-file={out}",
                   f"--logdir={self.directory}", f"--tmpdir={self.var}/tmp"]
        if self.options.protocol:
            command.append(f"--{self.options.protocol}-protocol")
        process = subprocess.Popen(command, cwd=SUITE, env=self._environment(port),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            errors, _ = process.communicate(timeout=TEST_TIMEOUT_S)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            errors, _ = process.communicate()
            status = None
        output = b""
        if os.path.exists(out):
            with open(out, "rb") as written:
                output = written.read()
        if status != 0:  # what it says when it stops in the middle belongs to what it printed
            output += b"\n" + errors
        return Outcome(status, self._masked(output, port), errors)

    def _masked(self, output, port):
        output = output.replace(self.directory.encode(), b"DIR")
        output = re.sub(rb"(?<![0-9])%d(?![0-9])" % port, b"PORT", output)
        return re.sub(rb"(?m)^\S*\.(?:log|reject)\b.*$", b"LOG", output)

    def direct(self, name, fresh=False):
        self._slate(fresh)
        return self._mysqltest(name, self.server.port)

    def through(self, name, fresh=False):
        self._slate(fresh)
        if self.options.relay:
            return self._mysqltest(name, self.server.port)
        weir = self._weir_for(name)
        return self._mysqltest(name, weir.settings["port"])

    def _slate(self, fresh):
        for name in os.listdir(f"{self.var}/tmp"):
            path = f"{self.var}/tmp/{name}"
            if os.path.isfile(path) and not name.startswith(("mysqld.1.sock", "ib", "#sql")):
                os.remove(path)
            elif os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
        if fresh or self.options.restart or self.server.process.poll() is not None:
            self.server.start()
        else:
            self.server.refresh()

    def stop(self):
        if self.weir is not None:
            self.weir.destroy()
        self.server.destroy()
        shutil.rmtree(self.directory, ignore_errors=True)


# --- comparing ------------------------------------------------------------------------------------

class Cache:
    """Direct outputs of earlier runs, and what is known to be unstable."""

    def __init__(self, options):
        key = mtr_server.version() + hashlib.sha1(repr(mtr_server.OPTIONS).encode()).hexdigest()[:8]
        self.folder = os.path.join(options.cache, key, options.protocol or "text")
        os.makedirs(self.folder, exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def get(self, name):
        return Outcome.load(self.path(name)) if os.path.exists(self.path(name)) else None

    def put(self, name, outcome):
        outcome.save(self.path(name))

    def unstable(self, name):
        return os.path.exists(self.path(name) + ".unstable")

    def set_unstable(self, name):
        with open(self.path(name) + ".unstable", "w", encoding="utf-8"):
            pass


def write_difference(options, name, direct, weir):
    os.makedirs(options.results, exist_ok=True)
    paths = {kind: f"{options.results}/{name}.{kind}" for kind in ("direct", "weir", "diff")}
    direct.save(paths["direct"])
    weir.save(paths["weir"])
    lines = list(difflib.unified_diff(direct.output.decode("latin-1").split("\n"),
                                      weir.output.decode("latin-1").split("\n"), "direct", "weir",
                                      lineterm="", n=6))
    with open(paths["diff"], "w", encoding="latin-1") as out:
        out.write("\n".join(lines) + "\n")
    if weir.status != 0:  # it stopped in the middle: the rest is missing, and says nothing
        return weir.errors.decode("latin-1").strip().split("\n")
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("---", "+++")]


def run_test(bench, cache, name):
    """"same", "different", "unstable" or "unusable", and what to print of it."""
    if cache.unstable(name):
        return "unstable", []
    direct = cache.get(name)
    if direct is None:
        direct = bench.direct(name)
        cache.put(name, direct)
    if direct.status != 0:
        return "unusable", []
    weir = bench.through(name)
    if direct.same(weir):
        return "same", []
    first, second = bench.direct(name, fresh=True), bench.direct(name, fresh=True)
    if not first.same(second):
        cache.set_unstable(name)
        return "unstable", []
    cache.put(name, first)
    weir = bench.through(name, fresh=True)
    if first.same(weir):
        return "same", []
    return "different", write_difference(bench.options, name, first, weir)


def run_tests(options, names):
    bench = Bench(options)
    cache = Cache(options)
    known = known_differences()
    results = {"same": [], "different": [], "known": [], "unstable": [], "unusable": []}
    try:
        bench.start()
        for name in names:
            start = time.monotonic()
            result, lines = run_test(bench, cache, name)
            if result == "different" and name in known:
                result, lines = "known", [known[name]]
            results[result].append(name)
            always = name in known and not known[name].startswith(AT_TIMES)
            if result == "same" and always and not options.relay and not options.protocol:
                print(f"{name} is in the table of docs/mtr.md, but is the same now", flush=True)
                results["different"].append(name)
            if result == "different" or not options.quiet:
                print(f"{result:<10}{name} ({time.monotonic() - start:.1f} s)", flush=True)
            for line in lines[:DIFF_LINES_SHOWN]:
                print("    " + line[:150].encode("ascii", "backslashreplace").decode(), flush=True)
    finally:
        bench.stop()
    return results


def main():
    options = read_options()
    reason = mtr_server.missing()
    if reason:
        print(f"skipped: {reason}\n0 passed, 0 failed, 1 skipped")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    results = run_tests(options, pick_tests(options))
    if results["different"]:
        print("different: " + " ".join(results["different"]) + f"\n(outputs in {options.results})")
    if results["known"]:
        print("skipped, for a reason in docs/mtr.md: " + " ".join(results["known"]))
    for kind in ("unstable", "unusable"):
        if results[kind] and not options.all:
            print(f"{kind} even without Weir: " + " ".join(results[kind]))
    print(f"{len(results['same'])} passed, {len(results['different'])} failed, "
          f"{sum(len(results[kind]) for kind in ('known', 'unstable', 'unusable'))} skipped")
    return 1 if results["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
