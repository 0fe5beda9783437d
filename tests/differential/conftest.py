# SPDX-License-Identifier: Apache-2.0
"""One pair of equal servers for the whole run."""

import os
import signal
import sys

import pytest

sys.path[:0] = [os.path.dirname(__file__), os.path.join(os.path.dirname(__file__), "..", "support")]

import processes  # noqa: E402
import stage as stages  # noqa: E402

signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


@pytest.fixture(scope="session")
def stage():
    one = stages.Stage()
    try:
        yield one
    finally:
        one.close()
        processes.remove_templates()
