# SPDX-License-Identifier: Apache-2.0
"""Random sessions of several clients, direct and through Weir. The scripts are the same at every run,
unless the environment says otherwise:

  WEIR_DIFFERENTIAL_SEED=N    the first seed (each test counts on from it); "random" picks one
  WEIR_DIFFERENTIAL_STEPS=N   steps in all, 10,000 if it does not say

run.py in this folder plays single seeds, and scripts as a failure prints them."""

import os
import random
import time

import pytest

import generate
import stage as stages
import world

SCRIPT_STEPS = 200
SHRINK_S = 30
# Seeds whose scripts show a difference that is known and being worked on.
KNOWN = {}


def first_seed():
    word = os.environ.get("WEIR_DIFFERENTIAL_SEED", "1000")
    return random.SystemRandom().randrange(1 << 30) if word == "random" else int(word)


def parameters():
    steps = int(os.environ.get("WEIR_DIFFERENTIAL_STEPS", "10000"))
    scripts = max(1, steps // SCRIPT_STEPS)
    first = first_seed()
    for number in range(scripts):
        yield pytest.param(first + number, id=f"script{number}")


@pytest.mark.parametrize("seed", parameters())
def test_script(stage, seed):
    steps = generate.script(seed, SCRIPT_STEPS)
    settings = stages.settings_of(seed)
    began = time.monotonic()
    difference = stage.play(steps, **settings)
    print(f"seed {seed}, {settings}: {time.monotonic() - began:.1f} s")
    if difference and seed in KNOWN:
        pytest.xfail(KNOWN[seed])
    if difference and stages.is_chance(stage, difference, steps, **settings):
        pytest.skip(f"seed {seed}, {settings} differed by chance: {difference}")
    if difference:
        words = stages.explain(stage, steps, difference, SHRINK_S, **settings)
        pytest.fail(f"seed {seed}, {settings}\n{words}", pytrace=False)
