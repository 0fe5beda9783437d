# SPDX-License-Identifier: Apache-2.0
"""What ./dev test may take for chance, and what never."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tools", "dev"))

import pytest_files  # noqa: E402
import results  # noqa: E402


def outcome(failed, named, output="E  assert 3 == 4"):
    result = results.Result("tests/e2e/test_x.py")
    result.failed, result.output = failed, output
    result.failures = [f"test_{i}" for i in range(named)]
    return result


@pytest.mark.parametrize("failed,named,output,chance", [
    (1, 1, "E  assert 3 == 4", True),
    (pytest_files.SECOND_ATTEMPTS_MAX, pytest_files.SECOND_ATTEMPTS_MAX, "", True),
    (pytest_files.SECOND_ATTEMPTS_MAX + 1, pytest_files.SECOND_ATTEMPTS_MAX + 1, "", False),
    (0, 0, "", False),
    (2, 1, "tests/e2e/test_x.py did not end within 600 s", False),
    (1, 1, "==1==ERROR: AddressSanitizer: heap-use-after-free", False),
    (1, 1, "src/x.c:1: runtime error: signed integer overflow", False),
    (1, 1, "WARNING: ThreadSanitizer: data race", False),
    (1, 1, "weir: BUG: src/x.c:1: f: check failed: a", False),
    (1, 1, "AssertionError: Weir ended with status -11", False),
])
def test_what_may_be_chance(failed, named, output, chance):
    assert pytest_files.may_be_chance(outcome(failed, named, output)) == chance
