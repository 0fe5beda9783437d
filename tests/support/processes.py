# SPDX-License-Identifier: Apache-2.0
"""The two programs of an end-to-end test: a private MariaDB (or MySQL), and Weir in front of it."""

import fcntl
import itertools
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import wire

ASAN = os.environ.get("WEIR_VARIANT", "release") == "asan"
NUMBERS = itertools.count()
# What a sanitizer prints when it has found something.
SANITIZER = re.compile(r"ERROR: (Address|Leak|Thread)Sanitizer|runtime error:|SUMMARY: \w+Sanitizer")
UNKNOWN_THREAD = 1094
TOO_MANY_CONNECTIONS = 1040
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 40
# Nothing that must happen is given up earlier, whatever a test asks for: machines stall.
LEAST_PATIENCE_S = 30
# Of tests. Below those that the kernel gives to connections, which come and go while a server is down,
# and never the same one again for a while: whoever still knocks there must not meet somebody else.
PORTS = range(12000, 32000)


def scratch_directory(name):
    """A new folder, in memory when there is room for it."""
    root = os.environ.get("TMPDIR")
    if not root and os.access("/dev/shm", os.W_OK):
        room = os.statvfs("/dev/shm")
        if room.f_bavail * room.f_frsize > 2 << 30:
            root = "/dev/shm"
    return tempfile.mkdtemp(prefix=f"weir-{name}-", dir=root)


def _is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("0.0.0.0", port))
        except OSError:
            return False
        return True


def free_port():
    """The next one that nobody has. Processes at work at the same time take turns by a file, so that
    they never get the same one."""
    path = os.path.join(tempfile.gettempdir(), f"weir-test-ports-{os.geteuid()}")
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        last = file.read().strip()
        at = PORTS.index(int(last)) + 1 if last.isdigit() and int(last) in PORTS else os.getpid() % 5000
        for number in range(len(PORTS)):
            port = PORTS[(at + number) % len(PORTS)]
            if _is_free(port):
                file.seek(0)
                file.truncate()
                file.write(str(port))
                return port
    raise AssertionError("no port is free")


def wait_until(condition, timeout, what, step=0.02):
    """Polls; the condition's value when it is true in time."""
    timeout = max(timeout, LEAST_PATIENCE_S)
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {timeout} s")
        time.sleep(step)


class Server:
    """A MariaDB of our own. The data directory is made once and copied."""

    family = "mariadb"
    template = None

    def __init__(self, *options, name="server"):
        self.directory = scratch_directory(name)
        self.socket = os.path.join(self.directory, "s.sock")
        self.port = free_port()
        self.options = list(options)
        if wire.EVERYWHERE_TLS is not None and not any("ssl" in o or "tls" in o for o in options):
            self.options += self._certificate()
        self.process = None
        shutil.copytree(self._template(), os.path.join(self.directory, "data"))

    @classmethod
    def _template(cls):
        if cls.template is None:
            cls.template = scratch_directory("template")
            own = cls.template
            done = subprocess.run(cls._install(own), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  check=False)
            assert done.returncode == 0, done.stdout.decode()
        return os.path.join(cls.template, "data")

    @classmethod
    def _install(cls, own):
        return ["mariadb-install-db", "--no-defaults", "--force", f"--datadir={own}/data",
                "--auth-root-authentication-method=normal", "--skip-test-db",
                f"--tmpdir={own}",  # installations at the same time delete each other's files
                "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M", *cls._as_user()]

    @classmethod
    def _certificate(cls):
        """Links use TLS as soon as the server has one. (A MySQL makes its own.)"""
        base = os.path.join(os.path.dirname(cls._template()), "tls")
        if not os.path.exists(base + ".pem"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                            "/CN=test", "-keyout", base + ".key", "-out", base + ".pem"], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return [f"--ssl-cert={base}.pem", f"--ssl-key={base}.key"]

    @classmethod
    def remove_template(cls):
        if cls.template:
            shutil.rmtree(cls.template, ignore_errors=True)
            cls.template = None

    @staticmethod
    def _as_user():
        return ["--user=root"] if os.geteuid() == 0 else []

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def _program(self):
        own = self.directory
        return [shutil.which("mariadbd") or "/usr/sbin/mariadbd", "--no-defaults",
                f"--datadir={own}/data", f"--socket={self.socket}", f"--pid-file={own}/pid",
                # A server that starts removes the temporary files of others in its tmpdir.
                f"--tmpdir={own}",
                "--innodb-log-file-size=8M", "--performance-schema=0", *self._as_user()]

    def start(self):
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [*self._program(), f"--port={self.port}", "--bind-address=127.0.0.1",
                 "--skip-name-resolve", "--local-infile=1", "--max-allowed-packet=128M",
                 "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0",
                 "--innodb-doublewrite=0", "--innodb-fast-shutdown=2", *self.options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._answers, START_TIMEOUT_S, "the start of the server")
        return self

    def _answers(self):
        assert self.process.poll() is None, self.log()
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(self.socket)
                return s.recv(1) != b""
        except OSError:
            return False

    def log(self):
        with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def prepare(self):
        """The account and the schema of the tests."""
        with self.root() as root:
            root.query("CREATE DATABASE test CHARACTER SET utf8mb4")
            root.query("CREATE USER app@'%' IDENTIFIED BY 'secret'")
            root.query("GRANT ALL ON *.* TO app@'%' WITH GRANT OPTION")
        return self

    def root(self, **more):
        """Over the socket, and so past the limit of connections."""
        return wire.connect(self.socket, "root", "", **more)

    def connect(self, **more):
        return wire.connect(self.address, **more)

    def query(self, sql):
        with self.root() as root:
            return root.query(sql)

    def threads(self, user="app"):
        """Connections of a user, as the server counts them: those that are leaving and Weir's own short
        ones among them, so wait_until. What a Weir has now is in Weir.links()."""
        return int(self.query("SELECT COUNT(*) FROM information_schema.processlist "
                              f"WHERE user='{user}'")[0][0])

    def kill_connections(self, user="app"):
        """Those of a user. Weir's own short ones may be gone before their turn."""
        with self.root() as root:
            for row in root.query(f"SELECT id FROM information_schema.processlist WHERE user='{user}'"):
                try:
                    root.query(f"KILL {int(row[0])}")
                except wire.ServerError as error:
                    if error.code != UNKNOWN_THREAD:
                        raise

    def run(self, connection, sql):
        """Sends a statement on a connection, direct or through a Weir, and waits until it runs here."""
        mark = f"/* {next(NUMBERS)} */"
        connection.send(wire.q(f"{sql} {mark}"))
        wait_until(lambda: self.is_running(mark), START_TIMEOUT_S, f"the beginning of {sql}")

    def is_running(self, words):
        """Whether a statement with these words does."""
        with self.root() as root:
            return any(row[7] is not None and words.encode() in row[7]
                       for row in root.query("SHOW FULL PROCESSLIST"))

    def others(self):
        """How many connections there are beside the one that asks."""
        with self.root() as root:
            return sum(row[0] != b"%d" % root.greeting.thread_id and row[4] != b"Daemon"
                       for row in root.query("SHOW PROCESSLIST"))

    def fill(self, count, user, password, address=None):
        """So many connections of a user who may not have the place that is kept for administrators; those
        before them that are still leaving are waited for. `address`: a Weir's."""
        taken = []

        def one_more():
            try:
                taken.append(wire.connect(address or self.address, user, password))
            except wire.ServerError as error:
                if error.code != TOO_MANY_CONNECTIONS:
                    raise
            return len(taken) == count
        wait_until(one_more, START_TIMEOUT_S, f"{count} connections", step=0.005)
        return taken

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def restart(self, how=signal.SIGKILL):
        self.stop(how)
        return self.start()

    def destroy(self):
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.directory, ignore_errors=True)


class MySQL9(Server):
    """The same with MySQL 9, in the folder that mysql9.sh makes."""

    family = "mysql"
    template = None
    SEQUENCES = (100000, 10000, 2000, 1000, 600, 200, 10, 3, 2)  # the first makes the others
    SCRIPT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "mysql9.sh")

    @classmethod
    def _certificate(cls):
        return []

    def __init__(self, *options, name="server"):
        super().__init__(*options, name=name)
        self.options = [self._inside(option) for option in options]

    def _inside(self, option):
        """Files that it is given are copied to where it can see them."""
        name, _, path = option.partition("=")
        if not name.startswith("--ssl-") or not os.path.isfile(path):
            return option
        shutil.copy(path, self.directory)
        return f"{name}=/instance/{os.path.basename(path)}"

    @classmethod
    def _install(cls, own):
        return [cls.SCRIPT, "initialize", own, "--innodb-redo-log-capacity=8M",
                "--innodb-buffer-pool-size=16M"]

    def prepare(self):
        """With tables that stand for MariaDB's sequence engine."""
        super().prepare()
        with self.root(schema="test") as root:
            root.query("CREATE TABLE test.digits (d INT PRIMARY KEY)")
            root.query("INSERT INTO test.digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
            for last in self.SEQUENCES:
                numbers = f"SELECT seq FROM test.seq_1_to_{self.SEQUENCES[0]} WHERE seq <= {last}"
                if last == self.SEQUENCES[0]:
                    numbers = ("SELECT 1+a.d+10*b.d+100*c.d+1000*e.d+10000*f.d FROM digits f, digits e, "
                               "digits c, digits b, digits a")
                root.query(f"CREATE TABLE test.seq_1_to_{last} (seq INT PRIMARY KEY)")
                root.query(f"INSERT INTO test.seq_1_to_{last} {numbers}")
            root.query("DROP TABLE test.digits")
        return self

    def _program(self):
        return [self.SCRIPT, "serve", self.directory, "--innodb-redo-log-capacity=8M",
                "--skip-log-bin"]

    @classmethod
    def why_not(cls, make):
        """None when it can be had, else why not, in one line. `make`: its folder may be made now."""
        done = subprocess.run([cls.SCRIPT, "make" if make else "path"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        if done.returncode == 0:
            return None
        said = done.stderr.decode().strip().splitlines()
        return said[-1] if said else "there is no folder with MySQL 9: tests/support/mysql9.sh make"


SERVERS = {"mariadb": Server, "mysql9": MySQL9}


def _server_class():
    return SERVERS[os.environ.get("WEIR_SERVER", "mariadb")]


def server_family():
    """"mariadb" or "mysql"."""
    return _server_class().family


def remove_templates():
    """Of all kinds of servers."""
    for kind in SERVERS.values():
        kind.remove_template()


def new_server(*options, name="server"):
    """A server of the kind that WEIR_SERVER names; MariaDB when it names none."""
    return _server_class()(*options, name=name)


def binary():
    path = os.environ.get("WEIR_BINARY")
    if not path:
        root = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
        path = os.path.join(root, "build", "release", "weir")
    return path


def switching():
    """Whether the suite runs with debug_link_switching in every Weir."""
    return bool(os.environ.get("WEIR_TEST_SWITCHING"))


def link_compression():
    """What all links may be: "zlib", or "zstd,uncompressed"; None: as the tests say."""
    return os.environ.get("WEIR_TEST_LINK_COMPRESSION")


class Weir:
    """One Weir, configured by a file. Settings: host, socket and the like of [server main] begin with
    server_ ; the rest belong to [weir]."""

    def __init__(self, server, users=None, **settings):
        self.directory = scratch_directory("weir")
        self.config = os.path.join(self.directory, "weir.cnf")
        self.log_path = os.path.join(self.directory, "log")
        self.server = server
        self.users = {"app": "secret"} if users is None else users
        self.settings = {"bind_address": "127.0.0.1", "port": free_port(), "workers": 2,
                         "log_level": "debug", "drain_timeout": 3,
                         "monitor_interval": 0,  # else it is among the connections that tests count
                         "console_socket": os.path.join(self.directory, "console.sock")}
        if switching():
            self.settings["debug_link_switching"] = "on"
        if os.environ.get("WEIR_TEST_RESTLESS"):
            # Weir's own work as often as can be: its short links then are among those that tests see.
            self.settings.update(catalogue_refresh=1, growth_window="1s")
        if os.environ.get("WEIR_TEST_IO_ENGINE"):
            self.settings["io_engine"] = os.environ["WEIR_TEST_IO_ENGINE"]
        self.server_settings = {}
        if link_compression() and isinstance(server, Server):  # stand-ins do not offer it
            self.server_settings["protocol_compression_algorithms"] = link_compression()
        self.sections = {}  # "user app": settings of further sections, or of these once more
        if server is not None:
            self.server_settings.update(host="127.0.0.1", port=server.port)
        self.process = None
        self.configure(**settings)

    def configure(self, **settings):
        """Changes settings and writes the file again; None takes one away."""
        for name, value in settings.items():
            if name.startswith("server_") and name != "server_version":
                self.server_settings[name[len("server_"):]] = value
            else:
                self.settings[name] = value
        lines = ["[weir]"]
        lines += [f"{k} = {v}" for k, v in self.settings.items() if v is not None]
        lines += ["[server main]"]
        lines += [f"{k} = {v}" for k, v in self.server_settings.items() if v is not None]
        for user, password in self.users.items():
            lines += [f"[user {user}]", f'password = "{password}"']
            lines += [f"{k} = {v}" for k, v in self.sections.get(f"user {user}", {}).items()]
        for header, settings in self.sections.items():
            if header.removeprefix("user ") not in self.users:  # else its section is there already
                lines += [f"[{header}]", *(f"{k} = {v}" for k, v in settings.items())]
        with open(self.config, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")

    @property
    def address(self):
        return ("127.0.0.1", self.settings["port"])

    @property
    def pid(self):
        return self.process.pid

    def start(self, files=None, confine=None):
        """`files`: how many it may have open at most. `confine`: is called in its process first."""
        limit = confine
        if files is not None:
            def limit():
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        with open(self.log_path, "ab") as log:
            before = log.tell()
            self.process = subprocess.Popen([binary(), "--config", self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.directory, preexec_fn=limit)
        self.wait_log("ready for clients", after=before)
        return self

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_log(self, text, timeout=START_TIMEOUT_S, after=0):
        """Waits for a line; the log from there on."""
        def found():
            log = self.log()
            at = log.find(text, after)
            if at >= 0:
                return log[at:]
            assert self.process.poll() is None, \
                f"Weir ended with status {self.process.returncode}\n{log[-4000:]}"
            return None
        return wait_until(found, timeout, f"'{text}' in Weir's log")

    def send_signal(self, which):
        self.process.send_signal(which)

    def reload(self):
        after = len(self.log())
        self.send_signal(signal.SIGHUP)
        self.wait_log("configuration reloaded", after=after)

    def counters(self):
        """What SIGUSR1 writes to the log, as numbers."""
        after = len(self.log())
        self.send_signal(signal.SIGUSR1)
        self.wait_log(" status variables", after=after)
        pairs = re.findall(r"note weir: (\w+) (\d+)$", self.log()[after:], re.MULTILINE)
        return {name: int(value) for name, value in pairs}

    def connect(self, **more):
        return wire.connect(self.address, **more)

    def console(self):
        return wire.connect(self.settings["console_socket"], "root", "")

    def links(self, user="app"):
        """Thread ids on the server of the links of a user that serve clients, or may: without those that
        Weir has for itself."""
        with self.console() as console:
            return [int(row[0]) for row in console.query(
                f"SELECT server_thread FROM weir.links WHERE user='{user}' AND server_thread IS NOT NULL "
                "AND COALESCE(purpose,'') NOT IN ('KILL','monitor') AND COALESCE(purpose,'') NOT LIKE 'reading %'")]

    def set_global(self, **settings):
        with self.console() as console:
            for name, value in settings.items():
                console.query(f"SET GLOBAL {name} = '{value}'")

    def rss_kib(self):
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))

    def stop(self, how=signal.SIGTERM):
        """Ends Weir; it must end well."""
        if self.process is None:
            return
        status = self.process.poll()
        if status is None:
            self.send_signal(how)
            try:
                status = self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGABRT)
                self.process.wait()
                status = "none: it did not stop"
        self.process = None
        log = self.log()
        found = SANITIZER.search(log)
        assert not found, f"a sanitizer complains\n{log[max(0, found.start() - 300):][:6000]}"
        assert status == 0, f"Weir ended with status {status}\n{log[-4000:]}"

    def destroy(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
