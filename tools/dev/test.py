#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ./dev test [unit|sim|tsan|tools|fuzz|e2e|switching|wire|differential|mtr|instructions|bench|clang|lint]
#            [filter] [--release|--asan] [--server mysql9]
# Without a word: everything. Builds release and asan (AddressSanitizer and UBSan), runs the unit
# and simulation tests in both, those that use threads under ThreadSanitizer too, the tests of our
# own tools, the fuzz targets over the inputs that are kept, the end-to-end tests with the release and
# the asan binary, random and written sessions of several clients direct and through Weir (differential;
# WEIR_DIFFERENTIAL_STEPS and _SEED ask for more and for others), some of MariaDB's own tests (mtr),
# what commands cost in instructions (instructions), a short ./dev bench whose ratios are shown beside
# those of the baseline and judged by the reader (bench: never fails), a build with clang, lint.
# Parts of the end-to-end tests run once more with debug_link_switching (switching), and with compression
# and with TLS on both sides of Weir (wire).
# The end-to-end and the differential tests run on epoll in the release binary, on io_uring in the asan
# binary (where the kernel has it); WEIR_TEST_IO_ENGINE chooses one for all.
# With --server mysql9 the end-to-end and the differential tests run with a real MySQL 9 as the server,
# whose folder is made when it is missing (debootstrap, network, root); without it they run with MariaDB,
# the differential ones once more with MySQL 9 (and fewer random steps) when everything is asked for and
# that folder is there.
# A filter picks tests by part of their name; for e2e it is pytest's -k, for mtr a name or --all (see
# tests/third_party/mtr.py --help; "mtr" alone runs the whole list). Up to four end-to-end tests of a suite
# that fail beside others are tried once more by themselves (tools/dev/pytest_files.py). One line per group, the whole
# output of what failed, and as the last line "N passed, N failed, N skipped".

import concurrent.futures
import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from again import AGAIN  # noqa: E402
from commands import ROOT, SANITIZER_OPTIONS, run  # noqa: E402
from pytest_files import SUITE_TIMEOUT_S, run_pytest, run_pytest_files  # noqa: E402
from results import Result, TOTAL, report  # noqa: E402

JOBS = os.cpu_count() or 1
UNIT_TIMEOUT_S = 120
MTR_TIMEOUT_S = 1800
BENCH_TIMEOUT_S = 180
BENCH_PATH = os.environ.get("PATH", "") + ":/usr/sbin"
GROUPS = ("unit", "sim", "tsan", "tools", "fuzz", "e2e", "switching", "wire", "differential", "mtr", "instructions",
          "bench", "clang", "lint")
# Each engine gets the whole suites once; ASan is to see the one whose memory the kernel writes to.
ENGINES = {"asan": "io_uring"}


# --- building -------------------------------------------------------------------------------------

def directory_of(variant):
    return os.path.join(ROOT, "build", variant)


def build(variant, targets=()):
    """None when all is well, else the compiler's words."""
    flags = [] if variant == "release" else ["--" + flag for flag in variant.split("-")
                                             if flag != "release"]
    command = ["bash", "tools/dev/build.sh", "--quiet", *flags]
    # --tests turns the tests on and asks for everything; with targets only those are built.
    command += ["--with-tests", *targets] if targets else ["--tests"]
    status, output = run(command, 600)
    return None if status == 0 else output or f"{command} took too long"


def configure(variant):
    """Makes tests.list up to date without building anything else."""
    return build(variant, ["build.ninja"])


def tests_of(variant, group, wanted=""):
    """(group, target, program, source) of the programs of a group ("unit", "sim")."""
    tests = []
    try:
        with open(os.path.join(directory_of(variant), "tests.list"), encoding="utf-8") as lines:
            for line in lines:
                test = line.split()
                if len(test) == 4 and test[0].split("/")[0] == group:
                    tests.append(tuple(test))
    except FileNotFoundError:
        pass
    return [test for test in tests if wanted in test[3]]


def not_built(variant, tests):
    """The programs that a broken build left old or missing: those that ninja still cannot make."""
    directory = directory_of(variant)
    return {test for test in tests if run(["ninja", "-C", directory, test[1]], 300)[0] != 0}


# --- cmocka programs ------------------------------------------------------------------------------

OUTCOME = re.compile(r"^(success|failure|error|skip): (\S+)")


def read_subunit(output, result):
    """Counts the tests in cmocka's subunit output; returns the test that never ended, if any."""
    running, said = None, []
    for line in output.splitlines():
        if line.startswith("test: "):
            running, said = line[len("test: "):].strip(), []
            continue
        # A test may print without ending its line.
        match = OUTCOME.match(line) or (running and re.search(
            rf"(success|failure|error|skip): ({re.escape(running)})\b", line))
        if not match or match.group(2) != running:
            said.append(line.strip())
            continue
        outcome = match.group(1)
        if outcome == "success":
            result.passed += 1
        elif outcome == "skip":
            result.skipped += 1
            reason = " ".join(word for word in said if word) or "it does not say why"
            result.skips.append(f"{result.name} {running}: {reason}")
        else:
            result.failed += 1
        running = None
    return running


def run_program(test, variant):
    _, _, program, source = test
    result = Result(source)
    status, output = run([program], UNIT_TIMEOUT_S,
                         {**SANITIZER_OPTIONS, "CMOCKA_MESSAGE_OUTPUT": "SUBUNIT"})
    unfinished = read_subunit(output, result)
    result.output = output
    if status is None:
        result.failed += 1
        result.output += f"\n{source} ({variant}) did not end within {UNIT_TIMEOUT_S} s"
        result.output += f", stopped in {unfinished}" if unfinished else ""
    elif unfinished:
        result.failed += 1
        result.output += f"\n{source} ({variant}) died in {unfinished}, exit status {status}"
    elif status != 0 and result.failed == 0:
        result.failed += 1
        result.output += f"\n{source} ({variant}): exit status {status}"
    elif status == 0 and result.passed + result.skipped == 0:
        result.failed += 1
        result.output += f"\n{source} ({variant}) ran no test"
    return result


def run_programs(group, variant, tests, stale=()):
    start = time.monotonic()
    ready = [test for test in tests if test not in stale]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        results = list(pool.map(lambda test: run_program(test, variant), ready))
    for test in tests:
        if test not in ready:
            results.append(Result.failure(test[3], "not built"))
    report(f"{group} ({variant})", results, time.monotonic() - start)


def build_and_run(variant, groups, wanted):
    """Builds a variant, then runs its unit and simulation tests."""
    start = time.monotonic()
    failure = configure(variant)
    if not failure and (wanted or len(groups) < 2):
        targets = [test[1] for group in groups for test in tests_of(variant, group, wanted)]
        failure = build(variant, targets) if targets else None
    elif not failure:
        failure = build(variant)
    if failure:
        report(f"build ({variant})", [Result.failure(variant, failure)], time.monotonic() - start)
    for group in groups:
        tests = tests_of(variant, group, wanted)
        if tests:
            stale = not_built(variant, tests) if failure else ()
            run_programs(group, variant, tests, stale)


def uses_threads(test):
    """Worth a ThreadSanitizer run: the I/O layer, and whatever names a thread, itself or in the file
    that it tests."""
    if test[0] == "unit/net":
        return True
    source = os.path.join(ROOT, test[3])
    tested = os.path.join(ROOT, "src", test[0].split("/")[-1],
                          os.path.basename(source).replace("test_", "", 1))
    for path in (source, tested):
        if os.path.exists(path):
            with open(path, encoding="utf-8") as text:
                if re.search(r"pthread|base/thread\.h", text.read()):
                    return True
    return False


def run_tsan(wanted):
    start = time.monotonic()
    failure = configure("tsan")
    tests = [test for group in ("unit", "sim") for test in tests_of("tsan", group, wanted)
             if uses_threads(test)]
    if tests and not failure:
        failure = build("tsan", [test[1] for test in tests])
    if failure:
        report("build (tsan)", [Result.failure("tsan", failure)], time.monotonic() - start)
    elif tests:
        run_programs("threads", "tsan", tests)


# --- suites ---------------------------------------------------------------------------------------

def why_no_io_uring():
    """"" when this kernel has what the engine needs, and lets us have it; else its reason. Weir itself
    tries more, but then warns and goes on with epoll."""
    io_uring_setup, defer_taskrun_and_single_issuer = 425, 1 << 13 | 1 << 12
    parameters = (ctypes.c_uint32 * 30)(0, 0, defer_taskrun_and_single_issuer)
    libc = ctypes.CDLL(None, use_errno=True)
    ring = libc.syscall(io_uring_setup, 8, parameters)
    if ring < 0:
        return os.strerror(ctypes.get_errno())
    os.close(ring)
    return ""


def engine_for(variant, group):
    """The environment that chooses the engine of a suite, unless it is chosen already."""
    engine = ENGINES.get(variant, "epoll")
    if os.environ.get("WEIR_TEST_IO_ENGINE"):
        return {}
    if engine == "io_uring" and why_no_io_uring():
        report(f"{group}, io_uring", [Result.skip("io_uring", f"this kernel refuses it ({why_no_io_uring()}): "
                                                  "epoll instead")], 0)
        engine = "epoll"
    return {"WEIR_TEST_IO_ENGINE": engine}


def run_e2e(variants, wanted, servers):
    for variant in variants:
        start = time.monotonic()
        group = f"e2e ({variant})"
        if not has_files("src/main", ".c") or not has_files("tests/e2e", ".py"):
            report(group, [Result.skip(group, "there is no src/main/*.c or no tests/e2e/*.py yet")], 0)
            continue
        failure = build(variant, ["weir"])
        if failure:
            report(group, [Result.failure("weir", failure)], time.monotonic() - start)
            continue
        engine = engine_for(variant, group)
        for server in servers:
            run_pytest_files(f"{group}, {server}" if server != "mariadb" else group, "tests/e2e", wanted,
                             {"WEIR_BINARY": os.path.join(directory_of(variant), "weir"),
                              "WEIR_VARIANT": variant, "WEIR_SERVER": server, **engine})


def run_again(group, variants, wanted):
    """The whole of tests/e2e runs so with the same variables and ./dev test e2e."""
    variant = variants[0]
    failure = build(variant, ["weir"])
    if failure:
        report(group, [Result.failure("weir", failure)], 0)
        return
    for name, (env, files) in AGAIN[group].items():
        if env.get("WEIR_TEST_IO_ENGINE") == "io_uring" and why_no_io_uring():
            env = {**env, "WEIR_TEST_IO_ENGINE": "epoll"}  # the whole suites say why
        run_pytest_files(f"{name} ({variant})", "tests/e2e", wanted,
                         {"WEIR_BINARY": os.path.join(directory_of(variant), "weir"),
                          "WEIR_VARIANT": variant, "WEIR_SERVER": "mariadb", **env}, files)


# Random steps with the second kind of server.
STEPS_ALSO = "2000"


def run_differential(variants, wanted, servers):
    for variant in variants:
        start = time.monotonic()
        group = f"differential ({variant})"
        failure = build(variant, ["weir"])
        if failure:
            report(group, [Result.failure("weir", failure)], time.monotonic() - start)
            continue
        engine = engine_for(variant, group)
        steps = os.environ.get("WEIR_DIFFERENTIAL_STEPS", "10000" if variant == "release" else "2000")
        for server in servers:
            if server != "mariadb" and variant != "release" and len(servers) > 1:
                continue  # the sanitizers have seen it all with the other
            also = server != servers[0]  # all of it when it is asked for by name
            run_pytest_files(f"{group}, {server}" if server != "mariadb" else group, "tests/differential",
                             wanted, {"WEIR_BINARY": os.path.join(directory_of(variant), "weir"),
                                      "WEIR_VARIANT": variant,
                                      "WEIR_DIFFERENTIAL_STEPS": STEPS_ALSO if also else steps,
                                      "WEIR_SERVER": server, **engine},
                             timeout=max(SUITE_TIMEOUT_S, int(steps) // 10))


def servers_of_differential(asked, everything):
    if asked or not everything:
        return servers_of_e2e(asked, False)
    if can_have_mysql9(make=False):
        return ["mariadb", "mysql9"]
    report("differential (mysql9)", [Result.skip("MySQL 9", "its folder is not there "
                                                 "(tests/support/mysql9.sh make)")], 0)
    return ["mariadb"]


def run_instructions(wanted):
    """The release binary only: what it costs is the question."""
    failure = build("release", ["weir"])
    if failure:
        report("instructions", [Result.failure("weir", failure)], 0)
        return
    run_pytest("instructions", "tests/instructions", wanted,
               {"WEIR_BINARY": os.path.join(directory_of("release"), "weir")})


def run_bench():
    """Shows ratios; times are no reason to fail."""
    start = time.monotonic()
    missing = [name for name in ("sysbench", "haproxy") if not shutil.which(name, path=BENCH_PATH)]
    if missing:
        report("bench", [Result.skip("bench", f"there is no {' and no '.join(missing)}")], 0)
        return
    status, output = run(["bash", "tools/dev/bench.sh", "--ci"], BENCH_TIMEOUT_S)
    result = Result("bench")
    result.passed = 1 if status == 0 else 0
    if status != 0:
        result = Result.skip("bench", f"it ended with {status}: " + " / ".join(output.splitlines()[-3:]))
    report("bench", [result], time.monotonic() - start)
    compared = output.find("Against the baseline")
    if compared >= 0:
        print("    " + "\n    ".join(output[compared:].splitlines()[:-1]))


def can_have_mysql9(make):
    """Whether there is a folder with MySQL 9; `make` when it is missing. Says in a line why not."""
    done = subprocess.run(["tests/support/mysql9.sh", "make" if make else "path"], cwd=ROOT,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode != 0 and make:
        said = done.stderr.decode().strip().splitlines()
        report("e2e (mysql9)", [Result.skip("MySQL 9", said[-1] if said else "it cannot be had")], 0)
    return done.returncode == 0


def servers_of_e2e(asked, everything):
    """The kinds of servers that the end-to-end tests run with."""
    if asked:
        return [asked] if asked == "mariadb" or can_have_mysql9(make=True) else []
    return ["mariadb", "mysql9"] if everything and can_have_mysql9(make=False) else ["mariadb"]


def has_files(folder, ending):
    path = os.path.join(ROOT, folder)
    return os.path.isdir(path) and any(name.endswith(ending) for name in os.listdir(path))


# --- MariaDB's own tests ---------------------------------------------------------------------------

COUNTED = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)


def run_mtr(wanted, short):
    """Without the package this says so and is skipped."""
    start = time.monotonic()
    failure = build("release", ["weir"])
    if failure:
        report("mtr", [Result.failure("weir", failure)], time.monotonic() - start)
        return
    command = ["/usr/bin/python3", "-B", "tests/third_party/mtr.py", "--quiet"]
    command += ["--short"] if short else [wanted] if wanted else []
    status, output = run(command, MTR_TIMEOUT_S,
                         {"WEIR_BINARY": os.path.join(directory_of("release"), "weir")})
    result = Result("mtr")
    counted = COUNTED.search(output)
    if status not in (0, 1) or not counted:
        result = Result.failure("mtr", output + f"\nended with status {status}")
    else:
        result.output = output
        result.passed, result.failed, result.skipped = (int(n) for n in counted.groups())
        result.skips = [re.sub("^skipped[,:] ", "", line) for line in output.splitlines()
                        if line.startswith(("skipped", "un"))]
    report("mtr", [result], time.monotonic() - start)


# --- the whole ------------------------------------------------------------------------------------

def run_clang():
    """The second compiler must agree."""
    start = time.monotonic()
    failure = build("release-clang")
    result = Result.failure("clang", failure) if failure else Result("clang")
    result.passed = 0 if failure else 1
    report("build (clang)", [result], time.monotonic() - start)


def run_fuzz_corpora(wanted):
    """Every fuzz target over the inputs that are kept, without looking for new ones."""
    start = time.monotonic()
    folder = os.path.join(ROOT, "tests", "fuzz")
    if not has_files("tests/fuzz", ".c"):
        return
    targets = sorted(name[:-2] for name in os.listdir(folder)
                     if name.startswith("fuzz_") and name.endswith(".c") and wanted in name)
    failure = build("fuzz", targets)
    if failure:
        report("build (fuzz)", [Result.failure("fuzz", failure)], time.monotonic() - start)
        return
    results = []
    for target in targets:
        corpus = os.path.join(folder, "corpus", target)
        command = [os.path.join(directory_of("fuzz"), "tests", target), "-runs=2000", "-seed=1",
                   "-timeout=10"]
        # New inputs go nowhere: the first folder is the one that libFuzzer writes to.
        with tempfile.TemporaryDirectory() as found:
            command += [f"-artifact_prefix={found}/", found]
            status, output = run(command + ([corpus] if os.path.isdir(corpus) else []),
                                 UNIT_TIMEOUT_S, SANITIZER_OPTIONS)
        result = Result.failure(target, output) if status != 0 else Result(target)
        result.passed = 1 if status == 0 else 0
        results.append(result)
    report("fuzz corpora", results, time.monotonic() - start)


def run_lint(names):
    import lint
    if set(names) - set(lint.CHECKS):
        print(f"lint has no check {names[0]!r}; it has: {' '.join(lint.CHECKS)}")
        TOTAL.failed += 1
        return
    start = time.monotonic()
    results = []
    for name, complaints, _ in lint.run_all(names):
        result = Result.failure(name, complaints) if complaints else Result(name)
        result.passed = 0 if complaints else 1
        results.append(result)
    report("lint", results, time.monotonic() - start)


def run_groups(groups, wanted, variants, server):
    everything = len(groups) > 1
    programs = [group for group in ("unit", "sim") if group in groups]
    if programs:
        for variant in variants:
            build_and_run(variant, programs, wanted)
    if "tsan" in groups:
        run_tsan(wanted)
    if "tools" in groups:
        run_pytest("tools", "tests/tools", wanted)
    if "fuzz" in groups:
        run_fuzz_corpora(wanted)
    if "e2e" in groups:
        run_e2e(variants, wanted, servers_of_e2e(server, everything=False))
    for group in [group for group in AGAIN if group in groups]:
        run_again(group, variants, wanted)
    if "differential" in groups:
        run_differential(variants, wanted, servers_of_differential(server, everything))
    if "mtr" in groups:
        run_mtr(wanted, everything)
    if "instructions" in groups:
        run_instructions(wanted)
    if "bench" in groups:
        run_bench()
    if "clang" in groups:
        run_clang()
    if "lint" in groups:
        run_lint([wanted] if wanted else [])


def main():
    arguments = sys.argv[1:]
    server = None
    if "--server" in arguments[:-1]:
        at = arguments.index("--server")
        server = arguments[at + 1]
        del arguments[at:at + 2]
    words = [word for word in arguments if not word.startswith("--") or word == "--all"]
    variants = ([word[2:] for word in arguments if word.startswith("--") and word != "--all"]
                or ["release", "asan"])
    unknown = set(variants) - {"release", "asan", "debug", "tsan"}
    wanted = words[1] if len(words) > 1 else ""
    groups = words[:1] or GROUPS
    if (unknown or set(groups) - set(GROUPS) or len(words) > 2
            or server not in (None, "mariadb", "mysql9")):
        print("usage: ./dev test [" + "|".join(GROUPS) + "] [filter] [--release|--asan]"
              " [--server mariadb|mysql9]", file=sys.stderr)
        return 2
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    try:
        run_groups(groups, wanted, variants, server)
    except Exception:  # a fault of this program must not look like a pass
        traceback.print_exc(file=sys.stdout)
        TOTAL.failed += 1
    if TOTAL.passed + TOTAL.failed + TOTAL.skipped == 0:
        print(f"no test matches {' '.join(words)!r}" if words else "there are no tests")
        TOTAL.failed = 1
    print(TOTAL)
    return 1 if TOTAL.failed else 0


if __name__ == "__main__":
    sys.exit(main())
