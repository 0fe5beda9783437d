# SPDX-License-Identifier: Apache-2.0
"""What the two servers of a differential run hold before each script, the same on both. WEIR_SERVER names
the kind of server, as everywhere (processes.py); the motifs and the scenarios follow it."""

import processes

# No statement waits for another client's lock: it fails at once, on both sides alike.
OPTIONS = ["--max-connections=100", "--innodb-lock-wait-timeout=0", "--lock-wait-timeout=1",
           "--innodb-stats-persistent=0", "--innodb-stats-auto-recalc=0", "--server-id=1"]
MYSQL = processes.server_family() == "mysql"
SCHEMAS = ("one", "two")
# SET CHARACTER SET takes the collation of the schema.
COLLATIONS = {"one": "", "two": "COLLATE utf8mb4_bin"}
CLIENTS = "abcdef"
TABLES = [
    "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v INT, s VARCHAR(100))",
    "INSERT INTO t (v, s) VALUES (1,'one'),(2,'two'),(3,'three')",
    "CREATE TABLE c (id INT PRIMARY KEY AUTO_INCREMENT, p INT)",
    "CREATE TABLE m (id INT PRIMARY KEY AUTO_INCREMENT, v INT) ENGINE=MyISAM",
    "INSERT INTO m (v) VALUES (1),(2)",
    "CREATE TABLE parent (id INT PRIMARY KEY)",
    "CREATE TABLE child (id INT PRIMARY KEY AUTO_INCREMENT, parent INT REFERENCES parent (id))",
    "CREATE TABLE triggered (a INT)",
    "CREATE TABLE kinds (a TINYINT, b DECIMAL(10,3), c DOUBLE, d DATETIME(6), e TIME(3), f BLOB, "
    "g JSON, h ENUM('x','y'), i SET('p','q'), j BIT(9), k YEAR, l INET6, m BIGINT UNSIGNED)",
    "INSERT INTO kinds VALUES (1,1.5,1e100,'2020-01-02 03:04:05.678901','-12:13:14.567',x'00ff',"
    "'{\"k\":[1]}','y','p,q',b'101','1999','::1',18446744073709551615),"
    "(NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)",
    "CREATE SEQUENCE sq",
]
# What MySQL has otherwise, or not at all.
if MYSQL:
    TABLES = [sql.replace("l INET6", "l VARBINARY(16)") for sql in TABLES if "SEQUENCE" not in sql]
    TABLES += ["CREATE TABLE seq_1_to_10 (seq INT PRIMARY KEY)",
               "INSERT INTO seq_1_to_10 VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)"]
ROUTINES = [
    "PROCEDURE p_out(OUT o INT) SET o=7",
    "PROCEDURE p_in_out(OUT o INT, INOUT p INT) BEGIN SET o=7, p=p+1; END",
    "PROCEDURE p_into() SELECT 5 INTO @v",
    "PROCEDURE p_two() BEGIN SELECT 1 AS a; SELECT 2 AS b, 'x' AS c; END",
    "PROCEDURE p_nothing() BEGIN END",
    "PROCEDURE p_select(x INT) SELECT x, LAST_INSERT_ID(), FOUND_ROWS() >= 0",
    "PROCEDURE p_variable() SET SESSION sort_buffer_size=400000",
    "PROCEDURE p_mode() SET sql_mode='ANSI_QUOTES'",
    "PROCEDURE p_names() SET NAMES latin1",
    "PROCEDURE p_error() BEGIN SET @v=11; SET SESSION sort_buffer_size=500000; SIGNAL SQLSTATE '45000'; "
    "END",
    "PROCEDURE p_temporary() CREATE TEMPORARY TABLE pt SELECT 4 AS a",
    "PROCEDURE p_temporary_error() BEGIN CREATE TEMPORARY TABLE pt (a INT); SIGNAL SQLSTATE '45000'; END",
    "PROCEDURE p_insert() INSERT INTO t (v) VALUES (70)",
    "PROCEDURE p_update() UPDATE t SET v=v+1",
    "PROCEDURE p_begin() START TRANSACTION",
    "PROCEDURE p_commit() COMMIT",
    "PROCEDURE p_begin_error() BEGIN START TRANSACTION; SIGNAL SQLSTATE '45000'; END",
    "PROCEDURE p_autocommit() SET autocommit=0",
    "PROCEDURE p_lock() DO GET_LOCK('k', 0)",
    "PROCEDURE p_prepare() PREPARE inner_s FROM 'SELECT 55'",
    "PROCEDURE p_warn() SIGNAL SQLSTATE '01000' SET MESSAGE_TEXT='warned inside'",
    "PROCEDURE p_signals(s CHAR(5), n INT) IF s = '01000' THEN SIGNAL SQLSTATE '01000' SET MYSQL_ERRNO=n; "
    "ELSE SIGNAL SQLSTATE '01234' SET MYSQL_ERRNO=n; END IF",
    "PROCEDURE p_calls() BEGIN CALL p_variable(); CALL p_into(); END",
    "PROCEDURE p_role() SET ROLE r1",
    "FUNCTION f_twice(x INT) RETURNS INT DETERMINISTIC RETURN x*2",
    "FUNCTION f_set() RETURNS INT BEGIN SET @v=9; RETURN 1; END",
    "FUNCTION f_into() RETURNS INT BEGIN SELECT 8 INTO @v; RETURN 1; END",
    "FUNCTION f_insert() RETURNS INT BEGIN INSERT INTO c (p) VALUES (1); RETURN 1; END",
    "FUNCTION f_lock() RETURNS INT RETURN GET_LOCK('k', 0)",
    "VIEW view_plain AS SELECT id, s FROM t WHERE v + 0 > 1",
    "VIEW view_lock AS SELECT GET_LOCK('k', 0) AS got",
    "VIEW view_function AS SELECT f_set() AS one",
    "VIEW view_last AS SELECT LAST_INSERT_ID() AS id",
    "TRIGGER sets BEFORE INSERT ON triggered FOR EACH ROW SET @v=NEW.a",
]
USERS = [
    "CREATE ROLE IF NOT EXISTS r1",
    "GRANT SELECT ON *.* TO r1",
    "CREATE ROLE IF NOT EXISTS r2",
    "GRANT r1 TO app@'%'",
    "GRANT r2 TO app@'%'",
    "CREATE USER IF NOT EXISTS bob@'%' IDENTIFIED BY 'secret'",
    "GRANT ALL ON *.* TO bob@'%'",
    "CREATE USER IF NOT EXISTS few@'%' IDENTIFIED BY 'secret'",
    "GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE, CREATE TEMPORARY TABLES ON *.* TO few@'%'",
]
PASSWORDS = {"app": "secret", "bob": "secret", "few": "secret"}


def servers():
    """Two equal servers, running."""
    pair = [processes.new_server(*OPTIONS, name=name) for name in ("direct", "behind")]
    for one in pair:
        one.start().prepare()
        with one.root() as root:
            for sql in USERS:
                root.query(sql)
            if MYSQL:
                root.query("INSTALL COMPONENT 'file://component_query_attributes'")
        for user, password in PASSWORDS.items():  # caching_sha2_password knows them from now on
            one.connect(user=user, password=password).quit()
    return pair


def make(root):
    """The schemas as new. Nobody may be connected who holds anything."""
    for form, size, _, data in root.query("XA RECOVER"):
        branch, qualifier = data[:int(size)], data[int(size):]
        root.query(b"XA ROLLBACK '" + branch + b"','" + qualifier + b"'," + form)
    for row in root.query("SHOW DATABASES"):
        if row[0] not in (b"mysql", b"information_schema", b"performance_schema", b"sys"):
            root.query(b"DROP DATABASE `" + row[0] + b"`")
    root.query("CREATE DATABASE test; CREATE DATABASE dirt; CREATE TABLE dirt.dirt "
               "(id INT PRIMARY KEY AUTO_INCREMENT, v INT); INSERT INTO dirt.dirt VALUES (100000, 1)")
    for schema in SCHEMAS:
        root.query(f"CREATE DATABASE {schema} CHARACTER SET utf8mb4 {COLLATIONS[schema]}; USE {schema}")
        root.query("; ".join(TABLES))
        for routine in ROUTINES:
            root.query("CREATE " + routine)
