#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/reference/console.md from commands.def, tables.def and columns.def of src/console/.

Usage: console.py            writes the page
       console.py --check    fails when the page is not what the tables say
       console.py -          prints the page
"""
import sys

sys.dont_write_bytecode = True
from settings import ROOT, cell, rows  # noqa: E402

PAGE = ROOT / "docs/reference/console.md"
FOLDER = ROOT / "src/console"
TYPES = {"VALUE": "number or text", "INT": "number", "REAL": "number with fraction", "TEXT": "text"}

INTRODUCTION = """# The console

<!-- Written by tools/docs/console.py from the .def files of src/console/: edit those. -->

Weir's own SQL endpoint. It speaks the MySQL protocol, so that any client will do, and it answers
about Weir itself: it never asks a server. Its clients do not count under `max_connections`.

- `weir ctl SHOW PROCESSLIST` asks the Weir of this machine, over the Unix socket
  `console_socket`. root and the account that Weir runs as need no password there.
- `mariadb -S /run/weir/console.sock` and `mysql -S /run/weir/console.sock` do the same.
- `mysql -h 127.0.0.1 -P 6032 -u weir -p` comes by TCP. The port is open only when
  `console_password` is set; there is no default password.

`weir ctl` finds the socket by the configuration: `--config=FILE`, else `./weir.cnf`, else
`/etc/weir/weir.cnf`; or `--socket=PATH` names it. In the command lines of MySQL and MariaDB, `HELP` alone
is the client's own help: `SHOW COMMANDS` lists Weir's statements there, and `HELP KILL` is about one of them.

SELECT is SQLite's, over the tables below, with MySQL's strings, backticks, `@@variables` and the
functions that clients use. A SELECT computes 2 seconds at most and answers 16 MB at most; the console
has 64 clients at most, and takes one statement at a time, as text.

`SET GLOBAL` lasts until the next reload or restart, `SET PERSIST` for good: it is kept in a file beside
the configuration's (`weir.cnf.persist`), which is read after it and before URL and options.
"""


def page():
    lines = [INTRODUCTION, "## Statements", "", "| Statement | What it does |", "|---|---|"]
    for _name, pattern, arguments, _select, _like, _function, meaning in rows(
            FOLDER / "commands.def", "COMMAND", 7):
        form = f"{pattern} {arguments}".strip().replace("|", "\\|")
        lines.append(f"| `{form}` | {cell(meaning)} |")
    columns = {}
    for table, name, kind, meaning in rows(FOLDER / "columns.def", "COLUMN", 4):
        columns.setdefault(table, []).append((name, kind, meaning))
    lines += ["", "## Tables"]
    for name, schema, table, _needs, meaning in sorted(rows(FOLDER / "tables.def", "TABLE", 5),
                                                       key=lambda row: (row[1] != "weir", row[2])):
        lines += ["", f"### {schema}.{table}", "", cell(meaning), "", "| Column | Type | Meaning |",
                  "|---|---|---|"]
        lines += [f"| `{column}` | {TYPES[kind]} | {cell(text)} |"
                  for column, kind, text in columns[name]]
    return "\n".join(lines) + "\n"


def main():
    if sys.argv[1:] == ["-"]:
        sys.stdout.write(page())
    elif sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
            sys.exit(f"{PAGE.relative_to(ROOT)} is not what the tables of src/console/ say")
    elif not sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        sys.exit(__doc__.strip())


main()
