# SPDX-License-Identifier: Apache-2.0
"""The ways from a client to the server: straight, through Weir, through the proxies that it is compared
with. All of them private, on free ports, gone at the end."""

import os
import resource
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))

import processes  # noqa: E402
import wire  # noqa: E402

USER = PASSWORD = SCHEMA = "app"
SPARE_DESCRIPTORS = 300
START_TIMEOUT_S = 60
ENGINES = {"epoll": "Weir epoll", "io_uring": "Weir io_uring"}


class Unavailable(Exception):
    """This path cannot be had here; the text says why."""


def raise_descriptor_limit():
    """As many as this account may have, for everything that is started from here. Returns them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def start_server(max_connections, *options):
    """A MariaDB with the clients' account and its database."""
    server = processes.Server(f"--max-connections={max_connections}", "--innodb-buffer-pool-size=256M",
                              "--innodb-log-file-size=64M", f"--back-log={max_connections}",
                              f"--extra-port={processes.free_port()}", *options)
    server.start()
    with server.root() as root:
        root.query(f"CREATE DATABASE {SCHEMA}")
        root.query(f"CREATE USER {USER}@'%' IDENTIFIED VIA mysql_native_password "
                   f"USING PASSWORD('{PASSWORD}')")
        root.query(f"GRANT ALL ON *.* TO {USER}@'%'")
    return server


class Path:
    """One of them. `pid` is the proxy's, None when there is none between."""

    pid = None

    def __init__(self, name, port):
        self.name = name
        self.port = port

    def connect(self, **more):
        return wire.connect(("127.0.0.1", self.port), USER, PASSWORD, SCHEMA, timeout=30, **more)

    def stop(self):
        pass


class Direct(Path):
    def __init__(self, server):
        super().__init__("direct", server.port)


class Started(Path):
    """A proxy that was started with a configuration of its own in a directory of its own."""

    def __init__(self, name, command, files, directory=None, port=None):
        super().__init__(name, port or processes.free_port())
        self.directory = directory or processes.scratch_directory("bench")
        try:
            for file, text in files(self).items():
                with open(os.path.join(self.directory, file), "w", encoding="utf-8") as out:
                    out.write(text)
            log = os.path.join(self.directory, "log")
            with open(log, "wb") as out:
                self.process = subprocess.Popen(command(self), stdin=subprocess.DEVNULL, stdout=out,
                                                stderr=out, cwd=self.directory)
        except OSError as error:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise Unavailable(f"{name}: {error}") from None
        self.pid = self.process.pid
        self._wait(log)

    def _wait(self, log):
        def answers():
            if self.process.poll() is not None:
                return True
            try:
                self.connect().quit()
                return True
            except (OSError, wire.Closed, wire.ServerError):
                return False
        try:
            processes.wait_until(answers, START_TIMEOUT_S, f"a login through {self.name}", step=0.1)
            said = "" if self.process.poll() is None else f"it ended with {self.process.returncode}"
        except AssertionError as error:
            said = str(error)
        if said:
            with open(log, encoding="utf-8", errors="replace") as text:
                said += ": " + " / ".join(text.read().splitlines()[-3:])
            self.stop()
            raise Unavailable(f"{self.name}: {said}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def haproxy(server, workers, descriptors):
    """Plain TCP: what it costs to move the bytes and do nothing else."""
    program = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        raise Unavailable("HAProxy: it is not installed (package haproxy)")
    clients = (descriptors - SPARE_DESCRIPTORS) // 2  # two for each client

    def files(path):
        return {"haproxy.cfg": f"""
global
    nbthread {workers}
    maxconn {clients}
defaults
    mode tcp
    timeout connect 10s
    timeout client 1h
    timeout server 1h
    maxconn {clients}
listen mariadb
    bind 127.0.0.1:{path.port} backlog {clients}
    server private 127.0.0.1:{server.port}
"""}
    path = Started("HAProxy", lambda path: [program, "-db", "-f", "haproxy.cfg"], files)
    path.max_clients = clients
    return path


def proxysql(server, workers, links, program):
    def files(path):
        return {"proxysql.cnf": f"""
datadir="{path.directory}"
admin_variables={{ admin_credentials="admin:admin"; mysql_ifaces="127.0.0.1:{processes.free_port()}" }}
mysql_variables={{
    threads={workers}; max_connections=20000; interfaces="127.0.0.1:{path.port}";
    default_schema="{SCHEMA}"; server_version="10.11.0"; monitor_enabled=false
}}
mysql_servers=( {{ address="127.0.0.1"; port={server.port}; hostgroup=0; max_connections={links} }} )
mysql_users=( {{ username="{USER}"; password="{PASSWORD}"; default_hostgroup=0; max_connections=20000 }} )
"""}
    return Started("ProxySQL", lambda path: [program, "--foreground", "--initial", "--no-version-check",
                                             "-c", "proxysql.cnf", "-D", path.directory], files)


def mysqlrouter(server, workers, program, descriptors):
    """Its routing without sharing of connections: that is for servers of its own maker alone. A folder
    "plugin" beside the program holds its plugins."""
    beside = os.path.join(os.path.dirname(os.path.realpath(program)), "plugin")
    plugins = f"plugin_folder={beside}" if os.path.isdir(beside) else ""
    clients = (descriptors - SPARE_DESCRIPTORS) // 2

    def files(path):
        return {"router.cnf": f"""
[DEFAULT]
logging_folder=
max_total_connections={clients}
{plugins}
[logger]
level=warning
[io]
threads={workers}
[routing:bench]
bind_address=127.0.0.1
bind_port={path.port}
destinations=127.0.0.1:{server.port}
routing_strategy=first-available
protocol=classic
max_connections={clients}
client_ssl_mode=DISABLED
server_ssl_mode=DISABLED
"""}
    path = Started("Router", lambda path: [program, "-c", os.path.join(path.directory, "router.cnf")], files)
    path.max_clients = clients
    return path


class Weir(Path):
    """`engine` None: the build's own choice. Further settings go to its configuration."""

    def __init__(self, server, engine=None, name=None, **settings):
        settings = {"log_level": "note", "max_connections": 12000, **settings}
        if engine is not None:
            if not knows_engines():
                if engine != "epoll":
                    raise Unavailable(f"{ENGINES[engine]}: this build has no setting io_engine")
            else:
                settings["io_engine"] = engine
        self.weir = processes.Weir(server, users={USER: PASSWORD}, **settings)
        super().__init__(name or ENGINES.get(engine, "Weir"), self.weir.settings["port"])
        try:
            self.weir.start()
        except AssertionError as error:
            self.weir.destroy()
            raise Unavailable(f"{self.name}: {error}") from None
        self.pid = self.weir.pid
        if engine == "io_uring" and "(io_uring)" not in self.weir.log():
            self.stop()
            raise Unavailable(f"{self.name}: it fell back to epoll")

    def counters(self):
        return self.weir.counters()

    def stop(self):
        self.weir.destroy()


def knows_engines():
    """Whether this Weir lets one choose."""
    done = subprocess.run([processes.binary(), "--help"], capture_output=True, text=True, check=False)
    listed = done.stdout + done.stderr
    with open(processes.binary(), "rb") as program:
        return "io_engine" in listed or b"io_engine" in program.read()


def weir_engines(server, wanted=("epoll", "io_uring"), **settings):
    """A Weir for each engine that can be had; and why others cannot."""
    found, missing = [], []
    for engine in wanted:
        try:
            found.append(Weir(server, engine, **settings))
        except Unavailable as error:
            missing.append(str(error))
    return found, missing
