# SPDX-License-Identifier: Apache-2.0
"""PyMySQL through Weir: run_pymysql.py PORT"""
import sys
import threading

import pymysql

port = int(sys.argv[1])


def connect():
    return pymysql.connect(host="127.0.0.1", port=port, user="app", password="secret",
                           database="test", charset="utf8mb4", autocommit=False, local_infile=True)


with connect() as c, c.cursor() as cursor:
    cursor.execute("DROP TABLE IF EXISTS py")
    cursor.execute("CREATE TABLE py (id INT PRIMARY KEY AUTO_INCREMENT, s VARCHAR(50))")
    cursor.executemany("INSERT INTO py (s) VALUES (%s)", [("ä",), ("€",), ("𝄞",)])
    assert cursor.lastrowid == 1, cursor.lastrowid
    c.commit()
    cursor.execute("SELECT id, s FROM py ORDER BY id")
    assert cursor.fetchall() == ((1, "ä"), (2, "€"), (3, "𝄞"))
    cursor.execute("DELETE FROM py")
    c.rollback()
    cursor.execute("SELECT COUNT(*) FROM py")
    assert cursor.fetchone() == (3,)
    try:
        cursor.execute("SELECT * FROM nosuch")
        raise AssertionError("no error")
    except pymysql.err.ProgrammingError as error:
        assert error.args[0] == 1146
    c.ping()
    c.select_db("mysql")
    cursor.execute("SELECT DATABASE()")
    assert cursor.fetchone() == ("mysql",)


def work(number, failures):
    try:
        with connect() as c, c.cursor() as cursor:
            for n in range(5):
                cursor.execute("SELECT %s, CONNECTION_ID() IS NOT NULL", (number * 1000 + n,))
                assert cursor.fetchone()[0] == number * 1000 + n
                c.commit()
    except Exception as error:  # reported by the main thread
        failures.append(repr(error))


failures = []
threads = [threading.Thread(target=work, args=(n, failures)) for n in range(20)]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert not failures, failures[0]
print("ok")
