#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes src/mysql/sql_word_slots.def, the hash table of the lexer's words, from the tables of words.

Run it after a change of sql_functions.def or sql_keywords.def; a unit test finds every word again
through the result, so a stale file fails. The hash is that of sql_words.h and sql_words.c."""
import pathlib
import re
import sys

SLOT_BITS = 11
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "src" / "mysql"


def mixed_hash(word):
    value = 0
    for byte in word.encode():
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value * 0x9E3779B1 & 0xFFFFFFFF


def main():
    words = []
    for name in ("sql_functions.def", "sql_keywords.def"):
        words += re.findall(r"^SQL_(?:\w+_)?WORD\((\w+),", (FOLDER / name).read_text(), re.M)
    repeated = {word for word in words if words.count(word) > 1}
    if repeated:
        sys.exit(f"more than one row for {', '.join(sorted(repeated))}")
    slots = [None] * (1 << SLOT_BITS)
    for word in words:
        at = mixed_hash(word) >> (32 - SLOT_BITS)
        while slots[at] is not None:
            at = (at + 1) % len(slots)
        slots[at] = word
    lines = ["/* Made by tools/sql_word_slots.py; see there. */"]
    for at, word in enumerate(slots):
        if word is not None:
            lines.append(f"SQL_SLOT({at}, 0x{mixed_hash(word) & 0xFFFF:04x}, {word})")
    (FOLDER / "sql_word_slots.def").write_text("\n".join(lines) + "\n")


main()
