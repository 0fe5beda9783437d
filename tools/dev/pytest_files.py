# SPDX-License-Identifier: Apache-2.0
"""Files of tests for pytest. What fails beside others on a busy machine, where a second may be too short, is
tried once more by itself; a test that passes then is skipped with its name and what it said the first time
is shown. Bugs that show at times only are not passed over so: no second attempt where a sanitizer, a check
or the status of a process has complained, nor where many tests fail."""

import concurrent.futures
import os
import re
import tempfile
import time
import xml.etree.ElementTree as xml

from commands import ROOT, SANITIZER_OPTIONS, run
from results import Result, report

SUITE_TIMEOUT_S = 600
PYTEST_FILES_AT_A_TIME = 3
# Begun before all others, so that none of them is what everybody waits for in the end.
LONG_FILES = ("test_login_matrix.py", "test_dialects.py", "test_capabilities.py", "test_compression.py",
              "test_hidden_statements.py", "test_commands.py", "test_replication.py", "test_drivers.py",
              "test_random.py")
# More tests than these fail for a reason.
SECOND_ATTEMPTS_MAX = 4
# Never chance.
ALARM = re.compile(r"Sanitizer|runtime error:|weir: BUG:|ended with status|died")


def read_junit(path, result):
    """Counts the tests of a junit file; false when there is none."""
    try:
        tree = xml.parse(path)
    except (OSError, xml.ParseError):
        return False
    for case in tree.iter("testcase"):
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            result.failed += 1
            result.failures.append(case.get("name"))
        elif skipped is not None:
            result.skipped += 1
            result.skips.append(f"{case.get('name')}: {skipped.get('message')}")
        else:
            result.passed += 1
    return True


def pytest_result(path, wanted, env, timeout, names=()):
    """The result of a folder or file, None when it has no such test. names: those tests of a file only."""
    result = Result(path)
    with tempfile.TemporaryDirectory() as temporary:
        junit = os.path.join(temporary, "junit.xml")
        command = ["/usr/bin/python3", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                   "--junitxml", junit, *([f"{path}::{name}" for name in names] or [path])]
        command += ["-k", wanted] if wanted else []
        status, result.output = run(command, timeout, {**SANITIZER_OPTIONS, **(env or {})})
        found = read_junit(junit, result)
    if status == 5:  # pytest found no test
        return None
    if status is None:
        result.failed += 1
        result.output += f"\n{path} did not end within {timeout} s"
    elif not found or (status != 0 and result.failed == 0):
        result.failed += 1
        result.output += f"\npytest ended with status {status}"
    return result


def may_be_chance(result):
    return 0 < result.failed == len(result.failures) <= SECOND_ATTEMPTS_MAX and not ALARM.search(result.output)


def try_again(group, result, env, timeout):
    """By now nothing else runs."""
    second = pytest_result(result.name, "", env, timeout, result.failures)
    if second is None or second.failed or second.passed != len(result.failures):
        return
    print(f"--- {group}: {result.name}, the first time\n{result.output.rstrip()}\n---")
    result.skips += [f"{name}: failed beside others and passed by itself; see above" for name in result.failures]
    result.skipped += result.failed
    result.failed = 0


def run_pytest_files(group, folder, wanted, env, only=(), timeout=SUITE_TIMEOUT_S):
    """Each file in a process of its own, a few at a time: most of their time they wait. only: some of
    them."""
    start = time.monotonic()
    names = sorted(os.listdir(os.path.join(ROOT, folder)),
                   key=lambda name: (LONG_FILES.index(name) if name in LONG_FILES else len(LONG_FILES), name))
    files = [os.path.join(folder, name) for name in names
             if name.startswith("test_") and name.endswith(".py") and (not only or name in only)]
    with concurrent.futures.ThreadPoolExecutor(PYTEST_FILES_AT_A_TIME) as pool:
        results = pool.map(lambda path: pytest_result(path, wanted, env, timeout), files)
    results = [result for result in results if result is not None]
    unsteady = [result for result in results if may_be_chance(result)]
    if folder == "tests/e2e" and sum(result.failed for result in unsteady) <= SECOND_ATTEMPTS_MAX:
        for result in unsteady:
            try_again(group, result, env, timeout)
    if results:
        report(group, results, time.monotonic() - start)


def run_pytest(group, folder, wanted, env=None, timeout=SUITE_TIMEOUT_S):
    start = time.monotonic()
    result = pytest_result(folder, wanted, env, timeout)
    if result is not None:
        report(group, [result], time.monotonic() - start)
