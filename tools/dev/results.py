# SPDX-License-Identifier: Apache-2.0
"""What tests said, and how ./dev test shows it."""

import sys


class Count:
    """The sums of everything that ran."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


class Result(Count):
    """What one program, suite or check said."""

    def __init__(self, name):
        super().__init__()
        self.name = name
        self.output = ""  # shown when something failed
        self.skips = []  # "test: reason"
        self.failures = []  # names of tests, as far as they have any

    @classmethod
    def failure(cls, name, output):
        result = cls(name)
        result.failed = 1
        result.output = output
        return result

    @classmethod
    def skip(cls, name, reason):
        result = cls(name)
        result.skipped = 1
        result.skips = [f"{name}: {reason}"]
        return result


TOTAL = Count()


def say_skipped(skips):
    """Why: many tests with one reason take one line."""
    reasons = {}
    for skip in skips:
        name, _, reason = skip.partition(": ")
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        if len(names) > 3:
            print(f"    skipped {len(names)} tests: {reason}")
        else:
            for name in names:
                print(f"    skipped {name}" + (f": {reason}" if reason else ""))


def report(group, results, seconds):
    """One line for a group, all of what failed, and why tests were skipped."""
    count = Count()
    for result in results:
        count.add(result)
    for result in results:
        if result.failed:
            print(f"--- {group}: {result.name}")
            print(result.output.rstrip())
            print("---")
    line = f"{count.passed} passed"
    line += f", {count.failed} FAILED" if count.failed else ""
    line += f", {count.skipped} skipped" if count.skipped else ""
    print(f"{group:<16} {line:<40} {seconds:6.1f} s")
    say_skipped([skip for result in results for skip in result.skips])
    sys.stdout.flush()
    TOTAL.add(count)
