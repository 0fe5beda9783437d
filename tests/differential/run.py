#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random scripts direct and through Weir, as many as asked for:

  python3 tests/differential/run.py [--seed N] [--scripts N] [--steps N] [--links N] [--only MOTIF]
           [--switching on|off] [--known] [--go-on] [--shrink SECONDS] [--server mysql9]
  python3 tests/differential/run.py --script FILE    a list of steps, as it was printed

A difference is printed with its seed, then shrunk."""

import argparse
import ast
import os
import sys
import time

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)),
                os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")]

if "--server" in sys.argv[:-1]:  # what is imported below looks there
    os.environ["WEIR_SERVER"] = sys.argv[sys.argv.index("--server") + 1]

import generate  # noqa: E402
import motifs  # noqa: E402
import processes  # noqa: E402
from stage import Stage, explain, settings_of  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scripts", type=int, default=10)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--links", type=int, default=0, help="else 1, 2 and 3 in turn")
    parser.add_argument("--only", default="")
    parser.add_argument("--known", action="store_true", help="with the motifs of known differences")
    parser.add_argument("--script")
    parser.add_argument("--switching", choices=("on", "off"), help="else in turn")
    parser.add_argument("--server", choices=tuple(processes.SERVERS), default="mariadb")
    parser.add_argument("--go-on", action="store_true")
    parser.add_argument("--shrink", type=float, default=60, metavar="SECONDS")
    wanted = parser.parse_args()
    stage = Stage()
    begin = time.monotonic()
    found = 0
    try:
        for seed in range(wanted.seed, wanted.seed + (1 if wanted.script else wanted.scripts)):
            settings = settings_of(seed)
            if wanted.links:
                settings["links"] = wanted.links
            if wanted.switching:
                settings["switching"] = wanted.switching == "on"
            if wanted.script:
                with open(wanted.script, encoding="utf-8") as text:
                    steps = ast.literal_eval(text.read().replace("<the whole state>",
                                                                 motifs.WHOLE_STATE))
            else:
                steps = generate.script(seed, wanted.steps, wanted.only, wanted.known)
            difference = stage.play(steps, **settings)
            if difference is None:
                continue
            found += 1
            print(f"=== seed {seed}, {wanted.steps} steps, {settings}")
            print(explain(stage, steps, difference, wanted.shrink, **settings), flush=True)
            if not wanted.go_on:
                break
    finally:
        stage.close()
        processes.remove_templates()
    print(f"{stage.steps_done} steps, {stage.waits} waits for a link, {found} differences, "
          f"{time.monotonic() - begin:.0f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
