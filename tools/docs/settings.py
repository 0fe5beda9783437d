#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/reference/settings.md from src/conf/settings.def and setting_enums.def.

Usage: settings.py            writes the page
       settings.py --check    fails when the page is not what the tables say
       settings.py -          prints the page
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reference/settings.md"

SCOPES = {
    "GLOBAL": ("[weir]", "Weir itself. As an option: `--NAME=VALUE`."),
    "SERVER": ("[server NAME]",
               "One section for each server that clients are sent to. "
               "As an option: `--server.NAME.SETTING=VALUE`."),
    "USER": ("[user NAME]",
             "One section for each user that may log in. "
             "As an option: `--user.NAME.SETTING=VALUE`."),
    "DATABASE": ("[database NAME]",
                 "Limits of a database; no section is needed for one. "
                 "As an option: `--database.NAME.SETTING=VALUE`."),
    "LISTENER": ("[listener NAME]",
                 "Another place where clients come in, beside `bind_address`, `port` and `socket` of [weir]; see "
                 "[listeners](../listeners.md). As an option: `--listener.NAME.SETTING=VALUE`."),
}
# Rows that belong to several sections: those that may say otherwise, and what counts meanwhile.
SEVERAL = {
    "POOLED": {"GLOBAL": None, "SERVER": "what [weir] says",
               "USER": "what the server's section says, or [weir]"},
    "PERSONAL": {"GLOBAL": None, "USER": "what [weir] says"},
    "STORED": {"GLOBAL": None, "DATABASE": "what [weir] says"},
}
WHEN = {
    "LIVE": "reload",
    "NEW": "reload, for new connections",
    "RESTART": "restart",
}
UNITS = {"SECONDS": "seconds", "MSECONDS": "milliseconds", "SIZE": "bytes"}

# An argument is one or more string literals, or a word.
ARGUMENT = r'\s*((?:"(?:[^"\\]|\\.)*"\s*)+|[^",()\s]+)\s*'


def rows(path, macro, arguments):
    """The arguments of every MACRO(...) in a .def file. Stops at what it does not understand."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
    row = re.compile(r"\s*" + macro + r"\(" + ",".join([ARGUMENT] * arguments) + r"\)")
    position = 0
    while text[position:].strip():
        match = row.match(text, position)
        if match is None:
            rest = text[position:].strip().splitlines()[0]
            sys.exit(f"{path.name}: this is no row of {macro}: {rest}")
        yield [literal(argument) for argument in match.groups()]
        position = match.end()


def literal(argument):
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', argument)
    if not argument.startswith('"'):
        return argument
    return re.sub(r"\\(.)", r"\1", "".join(parts))


def allowed(kind, low, high, words):
    if kind.startswith("ENUM_"):
        return ", ".join(f"`{word}`" for word in words[kind[5:]])
    if kind == "BOOL":
        return "`ON`, `OFF`"
    if kind in ("TEXT", "SECRET"):
        return "text"
    unit = UNITS.get(kind)
    return f"{low} to {high}" + (f" {unit}" if unit else "")


def cell(text):
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def page():
    words = {}
    for name, _value, word in rows(ROOT / "src/conf/setting_enums.def", "SETTING_ENUM", 3):
        words.setdefault(name, []).append(word)
    settings = list(rows(ROOT / "src/conf/settings.def", "SETTING", 8))
    lines = [
        "# Settings",
        "",
        "<!-- Written by tools/docs/settings.py from src/conf/settings.def: edit that. -->",
        "",
        "Settings come from `weir.cnf` (`--config FILE`, else `./weir.cnf`, else",
        "`/etc/weir/weir.cnf`), then from what `SET PERSIST` has kept beside it",
        "(`weir.cnf.persist`), then from a `mysql://` URL, then from options; what comes later",
        "wins. `weir --print-defaults` writes a file to start from, `weir --check-config` tells",
        "everything that is wrong with one.",
        "",
        "The syntax is that of `my.cnf`: `name = value` under a `[section]`, names with `-` or",
        "`_`, `#` begins a comment, values with a `#` or with spaces at their ends stand in quotes,",
        "`!include FILE` and `!includedir FOLDER` read further files, and a name that begins with",
        "`loose-` is passed over when there is no such setting. A time is a number in the",
        "unit that is given here, or has one: `500ms`, `30s`, `5m`, `2h`, `1d`; a size may have",
        "`K`, `M` or `G`.",
        "",
        "*Changes with* says what a change needs: `SET GLOBAL` on the console or a reload (SIGHUP,",
        "`RELOAD`), or a restart.",
    ]
    for scope, (header, about) in SCOPES.items():
        lines += ["", f"## {header}", "", about, "",
                  "| Setting | Allowed | Default | Changes with | Meaning |",
                  "|---|---|---|---|---|"]
        for row_scope, name, kind, default, low, high, when, meaning in settings:
            several = SEVERAL.get(row_scope, {row_scope: None})
            if scope in several:
                shown = several[scope] or (f"`{default}`" if default else "")
                lines.append(f"| `{name}` | {allowed(kind, low, high, words)} | {shown} "
                             f"| {WHEN[when]} | {cell(meaning)} |")
    return "\n".join(lines) + "\n"


def main():
    if sys.argv[1:] == ["-"]:
        sys.stdout.write(page())
    elif sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
            sys.exit(f"{PAGE.relative_to(ROOT)} is not what src/conf/settings.def says")
    elif not sys.argv[1:]:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page(), encoding="utf-8")
    else:
        sys.exit(__doc__.strip())


if __name__ == "__main__":
    main()
