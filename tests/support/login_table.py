# SPDX-License-Identifier: Apache-2.0
"""The outcome of the matrix of logins as the table of docs/authentication.md: WEIR_LOGIN_TABLE=1 makes
tests/e2e/test_login_matrix.py write it there, between the two lines that mark it."""

import json
import os
import subprocess

import login_cells
import npm

PAGE = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", "docs", "authentication.md"))
BEGIN = "<!-- logins of clients: WEIR_LOGIN_TABLE=1 ./dev test e2e login_matrix --release -->\n"
END = "<!-- end of logins of clients -->\n"
PACKAGES = {
    "mariadb (command line)": "mariadb-client", "PyMySQL": "python3-pymysql",
    "mysqlclient": "python3-mysqldb", "Connector/J (MariaDB)": "libmariadb-java",
    "PHP mysqli": "php8.2-mysql", "PHP PDO": "php8.2-mysql", "Go": "golang-github-go-sql-driver-mysql-dev",
    "Perl DBD::mysql": "libdbd-mysql-perl", "Perl DBD::MariaDB": "libdbd-mariadb-perl",
    "Ruby mysql2": "ruby-mysql2",
}
SAME, REFUSED, MORE, LESS, OTHER = "✓", "–", "+", "−", "✗"


def _version(client):
    if client.endswith("(npm)"):
        path = os.path.join(npm.modules(), client.split()[0], "package.json")
        with open(path, encoding="utf-8") as package:
            return json.load(package)["version"]
    if client not in PACKAGES:
        return ""
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", PACKAGES[client]],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode()
    return found.split(":")[-1].split("-")[0].split("+")[0]


def _mark(cell, direct, through):
    if login_cells.is_row(direct) and login_cells.is_row(through):
        return SAME if direct == through else OTHER
    if login_cells.is_row(direct):
        return LESS
    return MORE if login_cells.is_row(through) else REFUSED


def _marks(account, direct, through):
    """Off, on, verified, for one Weir; one mark when all are the same."""
    cells = [(account.name, account.password, tls) for tls in login_cells.TLS_MODES]
    marks = "".join(_mark(cell, direct[cell], through[cell]) for cell in cells)
    return marks[0] if len(set(marks)) == 1 else marks


def _family(family, version, results):
    accounts = login_cells.accounts(family)
    lines = [f"**{version}**", "", "| client | " + " | ".join(a.method for a in accounts) + " |",
             "|---" * (len(accounts) + 1) + "|"]
    for client, (direct, through) in results.items():
        row = [f"{client} {_version(client)}".rstrip()]
        for account in accounts:
            marks = [_marks(account, direct, one) for one in through.values()]
            row.append(marks[0] if len(set(marks)) == 1 else ", guest ".join(marks))
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def write(all_results):
    """`all_results`: {family: (version of the server, {client: (direct, {Weir: through})})}."""
    tables = "\n".join(_family(family, *found) for family, found in all_results.items())
    with open(PAGE, encoding="utf-8") as page:
        before, _, rest = page.read().partition(BEGIN)
    _, _, after = rest.partition(END)
    with open(PAGE, "w", encoding="utf-8") as page:
        page.write(f"{before}{BEGIN}\n{tables}\n{END}{after}")
