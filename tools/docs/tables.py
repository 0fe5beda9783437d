#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/reference/reasons.md from the tables of pins, close reasons, states and counters.

Usage: tables.py            writes the page
       tables.py --check    fails when the page is not what the tables say
       tables.py -          prints the page
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reference/reasons.md"

UNTIL = {
    "PIN_UNTIL_STATEMENT": "its next statement",
    "PIN_UNTIL_TABLE": "a statement that uses a table and leaves no warnings",
    "PIN_UNTIL_CLIENT": "it leaves or resets its session",
}
CURE = {
    "PIN_CURE_NONE": "goes on as it is",
    "PIN_CURE_RESET": "is reset",
    "PIN_CURE_CLOSE": "is closed",
}
ROW = re.compile(r'^([A-Z_]+)\((.*)\)$', re.S)


def split(arguments):
    """Top-level arguments; commas in strings and parentheses do not count."""
    parts, depth, quoted, at = [], 0, False, 0
    for i, c in enumerate(arguments):
        if c == '"' and arguments[i - 1] != "\\":
            quoted = not quoted
        if not quoted:
            depth += (c == "(") - (c == ")")
            if c == "," and depth == 0:
                parts.append(arguments[at:i].strip())
                at = i + 1
    parts.append(arguments[at:].strip())
    return [p[1:-1].replace('\\"', '"') if p.startswith('"') else p for p in parts]


def rows(name, macro):
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "src" / name).read_text(encoding="utf-8"), flags=re.S)
    for line in filter(None, map(str.strip, text.splitlines())):
        match = ROW.match(line)
        if match is None or match.group(1) != macro:
            sys.exit(f"{name}: this is no row of {macro}: {line}")
        yield split(match.group(2))


def cell(text):
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def table(head, body):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for line in body:
        yield "| " + " | ".join(map(cell, line)) + " |"


def page():
    yield "# Why: pins, ends of connections, states, status variables"
    yield ""
    yield "<!-- Written by tools/docs/tables.py from the .def files of src/: edit those. -->"
    yield ""
    yield "## Pins: why a client keeps its link between transactions"
    yield "The log at level `debug` names the pin (\"keeps thread 57: has used user variables\")."
    yield ""
    yield from table(["pin", "the client …", "until", "then the link …"],
                     ([f"`{name}`", text, UNTIL[until], CURE[cure]]
                      for name, _effects, until, cure, text in rows("session/pins.def", "PIN")))
    yield ""
    yield "## Why connections end"
    yield "Of clients and links. The code is that of the error that the client gets, if any."
    yield ""
    yield from table(["reason", "whose doing", "error", "log level", "text"],
                     ([f"`{name}`", fault.lower(), "" if code == "0" else f"`{code}`",
                       level.replace("LOG_LEVEL_", "").lower(), text]
                      for name, fault, code, level, text
                      in rows("session/close_reasons.def", "CLOSE_REASON")))
    yield ""
    for title, name, macro in (("States of a client", "session/client_states.def", "CLIENT_STATE"),
                               ("States of a link", "session/link_states.def", "LINK_STATE")):
        yield f"## {title}"
        yield from table(["state", "text"],
                         ([f"`{state}`", text] for state, _timeout, text in rows(name, macro)))
        yield ""
    yield "## Status variables"
    yield ("`SHOW STATUS` on the console shows them, `kill -USR1` writes them to the log. Those that MySQL "
           "has bear MySQL's name.")
    yield ""
    yield from table(["variable", "", "says"],
                     sorted([[f"`{variable}`", "counter", text]
                             for _name, variable, text in rows("stats/counters.def", "COUNTER")] +
                            [[f"`{variable}`", kind.lower(), text]
                             for _fact, variable, kind, text in rows("session/status.def", "STATUS")],
                            key=lambda row: row[0].strip("`").lower()))
    yield ""
    yield "Three more for each row of the tables above:"
    yield ""
    yield from table(["variable", "", "says"],
                     [["`Weir_pins_…`", "counter", "times that this pin has begun"],
                      ["`Weir_pinned_…`", "gauge", "clients that it pins now"],
                      ["`Weir_closes_…`", "counter", "connections, of clients and links, that ended for this "
                                                     "reason"]])


def main():
    text = "\n".join(page()) + "\n"
    if sys.argv[1:] == ["-"]:
        sys.stdout.write(text)
    elif sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit(f"{PAGE.relative_to(ROOT)} is not what the tables say")
    elif not sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
    else:
        sys.exit(__doc__)


main()
