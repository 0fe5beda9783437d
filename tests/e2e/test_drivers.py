# SPDX-License-Identifier: Apache-2.0
"""Real drivers, each with a small script of its own (tests/drivers). One that is not on this machine
is skipped."""

import glob
import os
import shutil
import subprocess
import sys

import pytest

import npm

DRIVERS = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "drivers"))
TIMEOUT_S = 180


@pytest.fixture(scope="module")
def one(module_weir):
    return module_weir(pool_max_size=5, log_level="note")


def run(command, one, **environment):
    done = subprocess.run([*command, str(one.settings["port"])], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False,
                          env={**os.environ, **environment})
    output = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0 and output.strip().endswith("ok"), output[-3000:]


def program(name):
    path = shutil.which(name)
    if not path:
        pytest.skip(f"there is no {name} on this machine")
    return path


@pytest.fixture(scope="session")
def node_modules():
    return npm.modules()


def test_pymysql(one):
    pytest.importorskip("pymysql", reason="there is no PyMySQL on this machine")
    run([sys.executable, "-B", os.path.join(DRIVERS, "run_pymysql.py")], one)


@pytest.mark.parametrize("name", ["mysql2", "mariadb"])
def test_npm(one, node_modules, name):
    run([program("node"), os.path.join(DRIVERS, f"run_{name}.js")], one, NODE_PATH=node_modules)


def test_connector_j(one):
    java = program("java")
    jars = glob.glob("/usr/share/java/mariadb-java-client.jar")
    if not jars:
        pytest.skip("libmariadb-java is not installed")
    if subprocess.run([java, "--list-modules"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                      check=False).stdout.find(b"jdk.compiler") < 0:
        pytest.skip("this java cannot run a source file (it has no compiler)")
    run([java, "-cp", jars[0], os.path.join(DRIVERS, "RunJdbc.java")], one)


def test_php(one):
    php = program("php")
    loaded = subprocess.run([php, "-m"], stdout=subprocess.PIPE, check=False).stdout
    if b"mysqli" not in loaded or b"pdo_mysql" not in loaded:
        pytest.skip("php-mysql is not installed")
    run([php, os.path.join(DRIVERS, "run_php.php")], one)


SCRIPT = """
CREATE TABLE cli (id INT PRIMARY KEY AUTO_INCREMENT, s VARCHAR(50));
INSERT INTO cli (s) VALUES ('ä'), ('€');
SELECT * FROM cli;
BEGIN; DELETE FROM cli; ROLLBACK;
SELECT COUNT(*) AS n FROM cli;
DELIMITER //
CREATE PROCEDURE cli_p() BEGIN SELECT 1; SELECT 2; END//
DELIMITER ;
CALL cli_p();
USE mysql
SELECT DATABASE();
SELECT CAST('abc' AS SIGNED);
SHOW WARNINGS;
STATUS
LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE test.cli (s);
DROP PROCEDURE test.cli_p;
DROP TABLE test.cli;
SELECT 'end' AS answer;
"""


def command_line(address, *options, script=SCRIPT):
    host, port = address
    return subprocess.run([program("mariadb"), "--no-defaults", f"-h{host}", f"-P{port}", "-uapp",
                           "-psecret", "--skip-ssl", "--show-warnings", "-t", *options, "test"],
                          input=script.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=TIMEOUT_S, check=False)


def without_status(output):
    """The lines of STATUS differ: ids, ports, uptime, counts."""
    return [line for line in output.decode().splitlines()
            if not line.startswith(("Connection id", "TCP port", "Uptime", "Threads:", "Connection:"))]


def test_mariadb_command_line(server, one):
    outputs = [command_line(address) for address in (server.address, one.address)]
    assert outputs[0].returncode == 0, outputs[0].stderr
    assert outputs[1].returncode == 0, outputs[1].stderr
    assert without_status(outputs[0].stdout) == without_status(outputs[1].stdout)


def test_errors_of_the_mariadb_command_line(server, one):
    script = "SELECT 1;\nSELECT * FROM nosuch;\nnonsense;\nSELECT 2;\n"
    outputs = [command_line(address, "--force", script=script)
               for address in (server.address, one.address)]
    assert outputs[0].stderr == outputs[1].stderr and b"ERROR 1146" in outputs[1].stderr
    assert outputs[0].stdout == outputs[1].stdout


def test_1040_of_the_mariadb_command_line(weir):
    few = weir(max_connections=1)
    with few.connect():
        done = command_line(few.address)
    assert done.stderr.strip() == b"ERROR 1040 (08004): Too many connections"


def test_mariadb_dump(server, one):
    dump = program("mariadb-dump")
    outputs = []
    server.query("CREATE DATABASE IF NOT EXISTS dumped")
    server.query("CREATE OR REPLACE TABLE dumped.t SELECT seq, REPEAT('d', 100) AS s FROM "
                 "test.seq_1_to_2000")
    for host, port in (server.address, one.address):
        done = subprocess.run([dump, "--no-defaults", f"-h{host}", f"-P{port}", "-uapp", "-psecret",
                               "--single-transaction", "--skip-ssl", "--skip-dump-date", "--routines",
                               "dumped"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=TIMEOUT_S, check=False)
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1] and len(outputs[0]) > 200000
