# SPDX-License-Identifier: Apache-2.0
"""Talking to the console of a Weir: raw, through the mariadb command line, through weir ctl."""

import os
import subprocess

import processes
import wire

PASSWORD = "very # secret"


def socket_of(one):
    return one.settings["console_socket"]


def connect(one, **more):
    """Over the socket, where root and the account of Weir need no password."""
    return wire.connect(socket_of(one), "root", "", **more)


def port_of(one):
    return ("127.0.0.1", one.settings["console_port"])


def mariadb(one, sql, *options, check=True, address=None):
    """What the mariadb command line prints; `address` None: the console's socket."""
    where = ["-S", socket_of(one)] if address is None else ["-h", address[0], "-P", str(address[1])]
    done = subprocess.run(["mariadb", "--no-defaults", *where, *options, "-e", sql],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False)
    text = done.stdout.decode()
    if check:
        assert done.returncode == 0, done.stderr.decode()
        return text
    return done.returncode, text, done.stderr.decode()


def ctl(one, *words):
    return subprocess.run([processes.binary(), "ctl", f"--config={one.config}", *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False, cwd=os.path.dirname(one.config))


def error_of(connection, sql):
    """The error that a statement must end with."""
    try:
        rows = connection.query(sql)
    except wire.ServerError as error:
        return error
    raise AssertionError(f"{sql}: no error but {rows}")


def processlist(connection, where="1"):
    """ID to command and state."""
    rows = connection.query("SELECT ID, COMMAND, STATE FROM information_schema.processlist "
                            f"WHERE {where}")
    return {int(row[0]): (row[1].decode(), row[2].decode()) for row in rows}
