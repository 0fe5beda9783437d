# SPDX-License-Identifier: Apache-2.0
"""What was measured now against baseline.json: ratios to what ran beside it in the same rounds, for those
can be compared between runs; nothing else can."""

import json
import os

import speed

BASELINE = os.path.join(speed.HERE, "baseline.json")
NOTEWORTHY = 0.15
RATIOS = (("of_direct", "q/s of direct", 1), ("cpu_of_haproxy", "CPU of HAProxy's", -1))


def ratios_of(lines):
    found = {}
    for line in lines:
        if "Weir" in line["path"]:
            found[f"{line['path']}, {line['workload']}, {line['clients']} clients"] = {
                key: round(line[key], 3) for key, _, _ in RATIOS if line.get(key)}
    return found


def write(lines):
    """Keeps what was not measured now."""
    stored = load()
    stored.update(ratios_of(lines))
    with open(BASELINE, "w", encoding="utf-8") as file:
        json.dump(stored, file, indent=1, sort_keys=True)
        file.write("\n")


def load():
    try:
        with open(BASELINE, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def show(lines):
    """One line for each cell; says which differ by more than chance usually does."""
    stored = load()
    print(f"Against the baseline (more than {NOTEWORTHY:.0%} is marked):")
    for name, ratios in ratios_of(lines).items():
        words = []
        for key, title, good in RATIOS:
            now, then = ratios.get(key), stored.get(name, {}).get(key)
            if now is None:
                continue
            text = f"{title} {now:.2f}"
            if then:
                change = now / then - 1
                text += f" (was {then:.2f}, {change:+.0%})"
                if abs(change) > NOTEWORTHY:
                    text += " BETTER" if change * good > 0 else " WORSE"
            words.append(text)
        print(f"  {name}: " + "; ".join(words))
