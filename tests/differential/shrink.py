# SPDX-License-Identifier: Apache-2.0
"""Makes a script that shows a difference short."""

import time

import motifs


def shrink(steps, differs, seconds):
    """The steps without those that are not needed for differs(steps) to be true, as far as the time
    allows."""
    end = time.monotonic() + seconds
    for client in sorted({step[0] for step in steps}):
        without = [step for step in steps if step[0] != client]
        if without and time.monotonic() < end and differs(without):
            steps = without
    size = max(1, len(steps) // 2)
    while True:
        at = 0
        smaller = False
        while at < len(steps):
            if time.monotonic() > end:
                return steps
            without = steps[:at] + steps[at + size:]
            if without and differs(without):
                steps = without
                smaller = True
            else:
                at += size
        if size == 1 and not smaller:
            return steps
        size = max(1, size // 2)


def in_words(steps):
    """The steps as Python, ready for a test."""
    return "[\n" + "".join(f"    {step!r},\n".replace(motifs.WHOLE_STATE, "<the whole state>")
                              for step in steps) + "]"
