# SPDX-License-Identifier: Apache-2.0
"""Where scripts are played: two equal servers, and Weir in front of one of them."""

import os

import processes
import shrink
import world
from twins import Difference, Twins

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
with open(os.path.join(ROOT, "docs", "reference", "settings.md"), encoding="utf-8") as settings_text:
    CAN_SWITCH = "debug_link_switching" in settings_text.read()


def settings_of(seed):
    """Few links, in different numbers; the switch every other time."""
    return {"links": 1 + seed % 3, "switching": CAN_SWITCH and seed // 3 % 2 == 1}


class Stage:
    """Two servers, and for every script a world and a Weir that are new."""

    def __init__(self):
        self.direct, self.behind = world.servers()
        self.steps_done = 0
        self.waits = 0

    def close(self):
        for one in (self.direct, self.behind):
            one.destroy()

    def play(self, steps, links=1, switching=False, **settings):
        """The difference, or None."""
        if switching:
            settings["debug_link_switching"] = 1
        weir = processes.Weir(self.behind, users=world.PASSWORDS, pool_max_size=links,
                              server_max_connections=links + 1, pool_wait_timeout="60s", **settings)
        weir.start()
        twins = Twins(self.direct, self.behind, weir)
        try:
            twins.fresh_world()
            twins.run(steps)
            twins.close()
            weir.stop()
        except Difference as difference:
            if weir.process is not None and weir.process.poll() is not None:
                difference.words += ENDED + weir.log()[-2000:]
            return difference
        except AssertionError as death:
            return Difference(len(steps), ("", "stop"), str(death))
        finally:
            self.steps_done += twins.steps_done
            self.waits += twins.waits
            twins.close()
            weir.destroy()
        return None


# A lock that one side meets and the other does not: direct, a client runs into the transaction of
# another one; with fewer links than transactions it waits for that one's end before it asks.
BY_CHANCE = "Lock wait timeout exceeded"
ENDED = "\nWeir has ended:\n"
PLAYS_AGAIN = 3


def is_chance(stage, difference, steps, **settings):
    """Whether a difference is one of time (on a machine that stalls, who waits in Weir for a link is
    guessed wrongly): it does not show again, or is about waiting for a lock. That Weir ends is none."""
    if difference.step[1] == "stop" or ENDED in difference.words:
        return False
    return BY_CHANCE in difference.words or not any(stage.play(steps, **settings) for _ in range(PLAYS_AGAIN))


def same_kind(one, other):
    """A script that differs elsewhere is another story, but a difference all the same."""
    return other is not None and one.step == other.step


def explain(stage, steps, difference, seconds, **settings):
    """The text about a difference, with a short script when the time allows."""
    lines = [str(difference)]
    again = stage.play(steps, **settings)
    if again is None:
        lines.append("The same script did not differ a second time.")
        return "\n".join(lines)
    steps = steps[:max(difference.number, again.number) + 1]
    short = shrink.shrink(steps, lambda some: same_kind(again, stage.play(some, **settings)), seconds)
    final = stage.play(short, **settings) or f"which did not differ once more; before:\n{again}"
    lines += ["Shrunk to:", shrink.in_words(short), str(final)]
    return "\n".join(lines)
