# SPDX-License-Identifier: Apache-2.0
"""The npm packages of the tests, installed once into the user's cache."""

import os
import shutil
import subprocess

import pytest

PACKAGES = ["mysql2@3", "mariadb@3"]
TIMEOUT_S = 60


def modules():
    """The folder of them; without, the test is skipped."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        pytest.skip("there is no npm or no node on this machine")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = os.path.join(cache, "weir", "npm")
    found = os.path.join(folder, "node_modules")
    if not all(os.path.isdir(os.path.join(found, name.split("@")[0])) for name in PACKAGES):
        os.makedirs(folder, exist_ok=True)
        try:
            done = subprocess.run([npm, "install", "--prefix", folder, "--no-audit", "--no-fund",
                                   "--no-package-lock", *PACKAGES], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("npm did not answer in time")
        if done.returncode != 0:
            pytest.skip("npm cannot install the drivers: " + done.stdout.decode()[-200:].strip())
    return found
