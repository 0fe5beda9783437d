# SPDX-License-Identifier: Apache-2.0
"""A client that wants the one link between every two statements of another client: it takes the link
whenever it may, leaves traces on it, and has a session state of its own that must not get lost."""

import time

import wire

STATE = ("SELECT @@sql_mode, @@time_zone, DATABASE(), @@character_set_client, @@collation_connection, "
         "@@group_concat_max_len")
OWN_STATE = ["SET NAMES latin1 COLLATE latin1_german1_ci", "SET sql_mode='ANSI_QUOTES,NO_UNSIGNED_SUBTRACTION'",
             "SET time_zone='-07:00', group_concat_max_len=77", "USE adversary"]
# Between two statements: a transaction of its own, or all the dirt that a session can hold.
TRANSACTION = ["BEGIN", "INSERT INTO dirt (v) VALUES (1)", "COMMIT"]
DIRT = ["SET @a=666, @b=666, @x=666, @l='dirt'", "SET sql_mode='NO_BACKSLASH_ESCAPES', time_zone='+11:00'",
        "CREATE TEMPORARY TABLE adversary.t (id INT)", "SELECT GET_LOCK('k', 0)",
        "SELECT SQL_CALC_FOUND_ROWS CAST('dirt' AS SIGNED) FROM dirt LIMIT 1",
        "PREPARE s FROM 'SELECT 666'", "INSERT INTO dirt (v) VALUES (1), (2)",
        bytes([wire.COM_RESET_CONNECTION]), *OWN_STATE]


def set_up(root):
    root.query("CREATE DATABASE IF NOT EXISTS adversary")
    root.query("CREATE TABLE IF NOT EXISTS adversary.dirt (id INT PRIMARY KEY AUTO_INCREMENT, v INT)")
    root.query("INSERT IGNORE INTO adversary.dirt VALUES (100000, 1)")


SERVED_S = 30  # when the link is free


class Adversary:
    def __init__(self, address, capabilities, work):
        self.wire = wire.connect(address, capabilities=capabilities)
        for sql in OWN_STATE:
            self.wire.query(sql)
        self.state = self.wire.query(STATE)
        self.work = work
        self.todo = []
        self.busy = None
        self.blocked = 0
        self.done = 0

    def take_the_link(self, patience):
        """Does its work; true when it was done within the time."""
        if not self.todo and self.busy is None:
            self.todo = list(self.work)
        end = time.monotonic() + patience
        if self._pump(end):
            self.done += 1
            return True
        self.blocked += 1
        return False

    def go_on(self):
        """What it began, without waiting: it must not hold the link while the other one wants it."""
        self._pump(0)

    def _pump(self, end):
        while self.todo or self.busy is not None:
            if self.busy is None:
                step = self.todo.pop(0)
                self.busy = step if isinstance(step, bytes) else bytes([wire.COM_QUERY]) + step.encode()
                self.wire.send(self.busy)
            if not self.wire.readable(max(0, end - time.monotonic())):
                return False
            self.wire.read_reply(self.busy[0])
            self.busy = None
            assert self.wire.error is None, f"the other client got {self.wire.error}"
        return True

    def finish(self):
        """Ends its work, and looks whether its own session is what it should be."""
        assert self._pump(time.monotonic() + SERVED_S), "the other client was never served"
        state = self.wire.query(STATE)
        assert state == self.state, f"the other client's session became {state}, was {self.state}"
        self.wire.quit()
