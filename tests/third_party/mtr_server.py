# SPDX-License-Identifier: Apache-2.0
"""The MariaDB that the server's own regression tests run on: its options, its data directory, and the
clean slate that each test begins with."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "support"))

import processes  # noqa: E402
import wire  # noqa: E402

SUITE = "/usr/share/mysql/mysql-test"
OPTIONS = [
    "--secure-file-priv=", "--character-set-server=latin1", "--collation-server=latin1_swedish_ci",
    "--default-storage-engine=myisam", "--key-buffer-size=1M", "--sort-buffer-size=256K",
    "--max-heap-table-size=1M", "--innodb-buffer-pool-size=64M", "--performance-schema",
    "--plugin-maturity=unknown",
    "--sql-mode=STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,"
    "NO_ENGINE_SUBSTITUTION",
    "--log-bin-trust-function-creators=1", "--local-infile=1", "--max-connections=500",
    "--default-time-zone=+03:00", "--skip-log-bin"]
SYSTEM_SCHEMAS = ("information_schema", "mysql", "performance_schema", "sys")
# What a test may leave behind, in words that change with it. (The rest is dropped by name.)
TRACES = [
    "SELECT MD5(GROUP_CONCAT(variable_name, '=', IFNULL(variable_value, 'NULL') "
    "ORDER BY variable_name SEPARATOR ';')) FROM information_schema.global_variables "
    "WHERE variable_name NOT LIKE 'gtid%' AND variable_name <> 'timestamp'",
    "SELECT MD5(GROUP_CONCAT(plugin_name, plugin_status ORDER BY plugin_name, plugin_type)) "
    "FROM information_schema.all_plugins",
    "SELECT BIT_XOR(CRC32(CONCAT(name, enabled, timed))) FROM performance_schema.setup_instruments",
    "SELECT GROUP_CONCAT(name, enabled) FROM performance_schema.setup_consumers",
    "SELECT COUNT(*), MAX(host), MAX(user) FROM performance_schema.setup_actors",
    "SELECT COUNT(*), GROUP_CONCAT(object_schema) FROM performance_schema.setup_objects"]
TABLES_LEFT_ALONE = ("general_log", "slow_log", "innodb_table_stats", "innodb_index_stats",
                     "transaction_registry", "gtid_slave_pos", "user")


def version():
    program = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
    return subprocess.run([program, "--version"], stdout=subprocess.PIPE,
                          check=True).stdout.decode().split("Ver ")[1].split()[0]


def missing():
    """Why the tests cannot run here; None when they can."""
    for program, package in (("mariadb-test", "mariadb-test"), ("mariadbd", "mariadb-server")):
        if shutil.which(program) is None and not os.path.exists(f"/usr/sbin/{program}"):
            return f"{program} is not installed (package {package})"
    if not os.path.isdir(f"{SUITE}/main"):
        return f"{SUITE}/main is missing (package mariadb-test-data)"
    return None


class Server:
    """A mariadbd in `directory`, whose data directory can be put back to what it was."""

    def __init__(self, directory, extra=()):
        self.directory = directory
        self.extra = list(extra)
        self.port = processes.free_port()
        self.process = None
        self.starts = 0
        self.slate = None
        shutil.rmtree(directory, ignore_errors=True)
        for name in ("tmp", "log", "run", "mysqld.1"):
            os.makedirs(f"{directory}/{name}")
        os.symlink(f"{SUITE}/std_data", f"{directory}/std_data")

    def _install(self):
        data = f"{self.directory}/template"
        done = subprocess.run(
            ["mariadb-install-db", "--no-defaults", "--force", f"--datadir={data}",
             "--auth-root-authentication-method=normal", "--skip-test-db", *self._as_user()],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout.decode()
        self._start(data)
        with self.connect() as c:
            c.query("DELETE FROM mysql.global_priv WHERE user=''")
            c.query("FLUSH PRIVILEGES")
        self.stop()

    @staticmethod
    def _as_user():
        return ["--user=root"] if os.geteuid() == 0 else []

    def start(self):
        """On a data directory as it was in the beginning."""
        self.stop()
        if not os.path.isdir(f"{self.directory}/template"):
            self._install()
        data = f"{self.directory}/mysqld.1/data"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(f"{self.directory}/template", data)
        self._start(data)
        self.clear()
        self.slate = self._traces()
        return self

    def _start(self, data):
        program = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        self.starts += 1
        with open(f"{self.directory}/log/mysqld.1.err", "ab") as log:
            self.process = subprocess.Popen(
                [program, "--no-defaults", *OPTIONS, f"--datadir={data}", f"--port={self.port}",
                 "--bind-address=127.0.0.1", f"--socket={self.directory}/tmp/mysqld.1.sock",
                 f"--pid-file={self.directory}/run/mysqld.1.pid", f"--tmpdir={self.directory}/tmp",
                 *self._as_user(), *self.extra],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "TZ": "GMT-3"})

        def answers():
            assert self.process.poll() is None, "mariadbd ended: " + self.directory + "/log"
            try:
                self.connect().quit()
                return True
            except (OSError, wire.Closed, wire.ServerError):
                return False
        processes.wait_until(answers, processes.START_TIMEOUT_S, "the start of mariadbd")

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def connect(self):
        return wire.connect(("127.0.0.1", self.port), "root", "", timeout=30)

    def clear(self):
        """Drops what a test left, and makes the schemas that a test expects."""
        with self.connect() as c:
            self._end_others(c)
            for (schema,) in c.query("SHOW DATABASES"):
                if schema.decode() not in SYSTEM_SCHEMAS:
                    c.query(b"DROP DATABASE `" + schema.replace(b"`", b"``") + b"`")
            c.query("CREATE DATABASE test CHARACTER SET latin1")
            c.query("CREATE DATABASE mtr CHARACTER SET latin1")
            c.query("CREATE PROCEDURE mtr.add_suppression(p TEXT) BEGIN END")
            for user, host in c.query("SELECT user, host FROM mysql.user WHERE user NOT IN "
                                      "('root', 'mariadb.sys', 'PUBLIC') AND is_role='N'"):
                c.query(b"DROP USER '" + user + b"'@'" + host + b"'")
            for (role,) in c.query("SELECT user FROM mysql.user WHERE is_role='Y' AND user <> 'PUBLIC'"):
                c.query(b"DROP ROLE `" + role + b"`")

    @staticmethod
    def _end_others(c):
        """Statements that a test left running must not keep a table."""
        for (thread,) in c.query("SELECT id FROM information_schema.processlist WHERE command NOT IN "
                                 "('Sleep', 'Daemon') AND id <> CONNECTION_ID() AND user <> 'system user'"):
            try:
                c.query(b"KILL " + thread)
            except wire.ServerError:
                pass

    def _traces(self):
        with self.connect() as c:
            c.query("SET group_concat_max_len=1000000")
            found = [c.query(sql) for sql in TRACES]
            tables = [name.decode() for (name,) in c.query("SHOW TABLES FROM mysql")]
            names = ", ".join(f"mysql.`{name}`" for name in tables if name not in TABLES_LEFT_ALONE)
            return found + [c.query("CHECKSUM TABLE " + names)]

    def refresh(self):
        """A clean slate; with a new data directory when a test left more than schemas and users."""
        try:
            self.clear()
            if self._traces() == self.slate:
                return
        except (OSError, wire.Closed, wire.ServerError, AssertionError):
            pass
        self.start()

    def destroy(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
