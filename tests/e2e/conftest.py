# SPDX-License-Identifier: Apache-2.0
"""A private server for the whole run, and as many Weirs as tests ask for. WEIR_SERVER=mysql9 (or
./dev test e2e --server mysql9) makes the server a MySQL 9 instead of a MariaDB; a test that holds for
one family only says so with @pytest.mark.mariadb or @pytest.mark.mysql. WEIR_TEST_SWITCHING=1 turns
debug_link_switching on in every Weir; what the switch changes by design, links that are soiled and
reset between requests, is not counted then (@pytest.mark.unswitched(reason)). In the same way
WEIR_TEST_COMPRESSION=zlib (or zstd) lets clients compress, WEIR_TEST_LINK_COMPRESSION=zlib links, and
WEIR_TEST_TLS=1 clients use TLS, wherever a test does not say what it wants itself
(@pytest.mark.uncompressed(reason), @pytest.mark.untls(reason): says nothing then). WEIR_TEST_RESTLESS=1
makes every Weir read the catalogue each second: what it does for itself then meets every test."""

import os
import shutil
import signal
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))

import certificates  # noqa: E402
import processes  # noqa: E402
import wire  # noqa: E402

LOG_TAIL = 6000
# Marks of tests that say nothing in a run of the whole suite with a switch: when it is on, its name.
CALM = {
    "unswitched": (processes.switching(), "debug_link_switching"),
    "uncompressed": (wire.EVERYWHERE_COMPRESSED or processes.link_compression(), "compression"),
    "untls": (wire.EVERYWHERE_TLS, "TLS"),
}

# Whoever ends a run that takes too long still wants the servers to go.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def pytest_configure(config):
    config.addinivalue_line("markers", "mariadb: needs a MariaDB as the server")
    config.addinivalue_line("markers", "mysql: needs a MySQL as the server")
    for name, (_, what) in CALM.items():
        config.addinivalue_line("markers", f"{name}(reason): says nothing with {what}")


def pytest_collection_modifyitems(items):
    family = processes.server_family()
    for item in items:
        for other in {"mariadb", "mysql"} - {family}:
            if item.get_closest_marker(other):
                item.add_marker(pytest.mark.skip(reason=f"only with {other} as the server"))
        for name, (is_on, what) in CALM.items():
            calm = item.get_closest_marker(name)
            if calm and is_on:
                item.add_marker(pytest.mark.skip(reason=f"with {what}: {calm.args[0]}"))


@pytest.fixture(scope="session")
def family():
    """"mariadb" or "mysql": what the server of this run is."""
    return processes.server_family()


@pytest.fixture(scope="session")
def server():
    """A server with the account app/secret and the schema test. Tests must not stop it."""
    one = processes.new_server("--max-connections=200")
    try:
        yield one.start().prepare()
    finally:
        one.destroy()
        one.remove_template()


@pytest.fixture(scope="module")
def own_server(server):
    """A server that a module of tests may stop, restart and fill. (It asks for the first one, which
    removes the template at the end.)"""
    del server
    one = processes.new_server("--max-connections=20", name="own")
    try:
        yield one.start().prepare()
    finally:
        one.destroy()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make certificates with")
    return certificates.Authority(str(tmp_path_factory.mktemp("certificates")))


@pytest.fixture(scope="module")
def tls_server(server, authority):
    """A server with a certificate of that authority."""
    del server
    certificate, key = authority.sign("server")
    one = processes.new_server("--max-connections=50", f"--ssl-ca={authority.certificate}",
                               f"--ssl-cert={certificate}", f"--ssl-key={key}", name="tls")
    try:
        yield one.start().prepare()
    finally:
        one.destroy()


def _factory(request, server):
    started = []

    def make(of=server, **settings):
        start = settings.pop("start", True)
        one = processes.Weir(of, **settings)
        started.append(one)
        request.node.weirs = getattr(request.node, "weirs", []) + [one]
        return one.start() if start else one

    try:
        yield make
        for one in started:
            one.stop()
    finally:
        for one in started:
            one.destroy()


@pytest.fixture
def weir(request, server):
    """weir(setting=value, ...) starts one; at the end it must stop with status 0 and no sanitizer may
    have complained."""
    yield from _factory(request, server)


@pytest.fixture(scope="module")
def module_weir(request, server):
    """The same for all tests of a module."""
    yield from _factory(request, server)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed and call.excinfo is not None:
        for node in (item, item.parent):
            for one in getattr(node, "weirs", []):
                if os.path.exists(one.log_path):
                    report.sections.append(("the log of Weir", one.log()[-LOG_TAIL:]))


@pytest.fixture
def direct(server):
    """A connection to the server itself."""
    with wire.connect(server.address, schema="test") as one:
        yield one
