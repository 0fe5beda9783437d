#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the hash tables of words that the lexers look up, from the tables of words:
src/mysql/sql_word_slots.def from sql_functions.def and sql_keywords.def, and
src/mysql/sql_digest_slots.def from sql_digest_words.def.

Run it after a change of one of those; unit tests find every word again through the results, so a
stale file fails. The hash is that of sql_words.h and sql_words.c."""
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


def make(sources, row, target, slot):
    words = []
    for name in sources:
        words += re.findall(row, (FOLDER / name).read_text(), re.M)
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
            lines.append(f"{slot}({at}, 0x{mixed_hash(word) & 0xFFFF:04x}, {word})")
    (FOLDER / target).write_text("\n".join(lines) + "\n")


make(("sql_functions.def", "sql_keywords.def"), r"^SQL_(?:\w+_)?WORD\((\w+),", "sql_word_slots.def",
     "SQL_SLOT")
make(("sql_digest_words.def",), r"^DIGEST_\w+\((\w+),", "sql_digest_slots.def", "DIGEST_SLOT")
