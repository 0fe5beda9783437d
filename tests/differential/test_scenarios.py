# SPDX-License-Identifier: Apache-2.0
"""The written sessions (scenarios.py), with an adversary who takes the link between any two steps."""

import os

import pytest

import scenarios
import scenarios_mysql
import stage as stages
from scenarios import ELSEWHERE, LISTED, NONE, SCENARIOS

E2E = os.path.join(os.path.dirname(__file__), "..", "e2e")
# Entries that show a difference that is known and being worked on.
KNOWN = {}


def parameters():
    for number, steps in SCENARIOS.items():
        first = next((step for step in steps if isinstance(step, tuple) and step[0] == "connect"), None)
        for dirt, kind in enumerate(("plain", "modern") if first is None else ("plain",)):
            yield pytest.param(number, kind, dirt, id=f"{number}-{kind}")


@pytest.mark.parametrize("number,kind,dirt", parameters())
def test_scenario(stage, number, kind, dirt):
    steps = scenarios.with_adversary(number, kind, dirt)
    links = len({step[0] for step in steps}) - 1
    settings = {"links": links, "switching": number in scenarios.SWITCHED}
    difference = stage.play(steps, **settings)
    if difference and number in KNOWN:
        pytest.xfail(KNOWN[number])
    if difference and stages.is_chance(stage, difference, steps, **settings):
        pytest.skip(f"scenario {number} differed by chance: {difference}")
    if difference:
        pytest.fail(f"scenario {number}\n{difference}", pytrace=False)


def test_every_entry_is_looked_at_somewhere():
    texts = {}
    missing = []
    written = {*SCENARIOS, *scenarios_mysql.SCENARIOS, *scenarios_mysql.ONLY_MARIADB}
    for number in range(1, LISTED + 1):
        if number in written:
            continue
        where, _, name = ELSEWHERE.get(number, "").partition(": ")
        if where == NONE:
            continue
        if where not in texts and os.path.exists(os.path.join(E2E, where)):
            with open(os.path.join(E2E, where), encoding="utf-8") as text:
                texts[where] = text.read()
        if f'"{name}"' not in texts.get(where, "") and f"def {name}(" not in texts.get(where, ""):
            missing.append(f"{number}: {ELSEWHERE.get(number)}")
    assert not missing, missing
    looked_at = [n for n in range(1, LISTED + 1) if n in written or not ELSEWHERE[n].startswith(NONE)]
    assert len(looked_at) >= 120
