# SPDX-License-Identifier: Apache-2.0
"""Many PyMySQL connections, as Django makes them: one link is enough when each ends its transaction."""

import sys

import pymysql

connections = []
for number in range(20):
    one = pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="app", password="secret",
                          database="test", charset="utf8mb4", autocommit=False,
                          init_command=f"SET SESSION group_concat_max_len={2000 + number}")
    with one.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    one.autocommit(True)
    connections.append(one)
for _ in range(5):
    for number, one in enumerate(connections):
        one.autocommit(False)
        with one.cursor() as cursor:
            cursor.execute("INSERT INTO visits (who) VALUES (%s)", (number,))
            last = cursor.lastrowid
            one.commit()
            one.autocommit(True)
            isolation = "tx_isolation" if "MariaDB" in one.get_server_info() else "transaction_isolation"
            cursor.execute(f"SELECT LAST_INSERT_ID(), @@group_concat_max_len, @@{isolation}")
            assert cursor.fetchone() == (last, 2000 + number, "READ-COMMITTED")
print("ok")
