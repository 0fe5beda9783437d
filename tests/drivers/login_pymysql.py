# SPDX-License-Identifier: Apache-2.0
"""Logins with PyMySQL or mysqlclient, cell by cell (tests/support/login_cells.py):
login_pymysql.py pymysql|MySQLdb <cells"""
import importlib
import sys

name = sys.argv[1]
driver = importlib.import_module(name)
TLS = {
    "pymysql": {"off": lambda ca: {"ssl_disabled": True},
                "on": lambda ca: {"ssl": {"verify_mode": False, "any": True}},
                "verified": lambda ca: {"ssl": {"ca": ca}}},
    "MySQLdb": {"off": lambda ca: {},
                "on": lambda ca: {"ssl": {"cipher": "DEFAULT"}},
                "verified": lambda ca: {"ssl": {"ca": ca}}},
}[name]
# PyMySQL would take Latin-1.
encode = str.encode if name == "pymysql" else str

for line in sys.stdin.read().splitlines():
    cell, host, port, user, password, tls, ca, sql = line.split("\t")
    try:
        connection = driver.connect(host=host, port=int(port), user=user, password=encode(password),
                                    charset="utf8mb4", **TLS[tls](ca))
        cursor = connection.cursor()
        cursor.execute(sql)
        said = "|".join(str(value) for value in cursor.fetchone())
        connection.close()
    except driver.MySQLError as error:
        said = f"error {error.args[0]}" if error.args else repr(error)
    except Exception as error:  # the driver cannot do it
        said = f"error {type(error).__name__}: {error}"
    print(cell, " ".join(said.split()), sep="\t", flush=True)
