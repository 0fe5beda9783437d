# SPDX-License-Identifier: Apache-2.0
"""What drivers and frameworks say: at their connect, and for a request of an application. The statements
are those that they send, in their order; the tables are those of test_sharing.py. A step is a statement
({id} is the client's number), or one of the tuples that the functions here make."""

import struct

import wire

MODES = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO"
ISOLATION = "transaction_isolation" if wire.MYSQL else "tx_isolation"
READ_ONLY = "transaction_read_only" if wire.MYSQL else "tx_read_only"
PING = ("command", bytes([wire.COM_PING]))
RESET = ("command", bytes([wire.COM_RESET_CONNECTION]))
LIBMYSQL = wire.BASIC | wire.SESSION_TRACK | wire.DEPRECATE_EOF


def prepared(sql, *values):
    """Prepare, execute, close."""
    return ("prepared", sql, values)


def kept(sql, *values):
    """The same, but it is prepared once and never closed."""
    return ("kept", sql, values)


def fetched(sql, *values):
    """A kept one by a cursor, one row at a time."""
    return ("fetched", sql, values)


def reset_kept(sql):
    return ("reset", sql, ())


def use(schema):
    return ("command", bytes([wire.COM_INIT_DB]) + schema.encode())


class Stack:
    def __init__(self, connecting, request, capabilities=wire.BASIC):
        self.connecting, self.request, self.capabilities = connecting, request, capabilities


STACKS = {
    "django": Stack([
        "SET NAMES utf8mb4",
        "SET autocommit=0",
        "SELECT VERSION(), @@sql_mode, @@default_storage_engine, @@sql_auto_is_null, "
        "@@lower_case_table_names, CONVERT_TZ('2001-01-01 01:00:00', 'UTC', 'UTC') IS NOT NULL",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET autocommit=1",
    ], [
        PING,
        "SELECT `id`, `name` FROM `shared` WHERE `id` = {id} LIMIT 21",
        "SET autocommit=0",
        "SELECT `id`, `hits` FROM `shared` WHERE `id` = {id} FOR UPDATE",
        "UPDATE `shared` SET `hits` = (`hits` + 1) WHERE `id` = {id}",
        "SAVEPOINT `s139_x1`",
        "INSERT INTO `visits` (`who`) VALUES ({id})",
        "RELEASE SAVEPOINT `s139_x1`",
        "SAVEPOINT `s139_x2`",
        "INSERT IGNORE INTO `shared` (`id`, `hits`) VALUES ({id}, 0)",
        "SHOW WARNINGS",
        "ROLLBACK TO SAVEPOINT `s139_x2`",
        "COMMIT",
        "SET autocommit=1",
        "SELECT COUNT(*) AS `__count` FROM `shared`",
    ], LIBMYSQL),
    "sqlalchemy": Stack([
        "SET NAMES utf8mb4", "SET AUTOCOMMIT = 0", "SELECT DATABASE()", "SELECT @@sql_mode",
        "SELECT @@lower_case_table_names", f"SELECT @@{ISOLATION}", "ROLLBACK",
    ], [
        "SELECT 1",  # the pool's pre-ping
        "ROLLBACK",
        "SELECT shared.id, shared.name FROM shared WHERE shared.id = {id}",
        "INSERT INTO visits (who) VALUES ({id})",
        "UPDATE shared SET hits=hits + 1 WHERE shared.id = {id}",
        "COMMIT",
        "SELECT count(*) AS count_1 FROM shared",
        "ROLLBACK",  # as the pool takes it back
    ]),
    "laravel": Stack([
        "use `test`;",
        f"SET NAMES 'utf8mb4' COLLATE 'utf8mb4_unicode_ci', time_zone='+00:00', SESSION sql_mode='{MODES}';",
    ], [
        prepared("select * from `shared` where `id` = ? limit 1", "id"),
        "START TRANSACTION",
        prepared("select * from `shared` where `id` = ? limit 1 for update", "id"),
        prepared("update `shared` set `hits` = `hits` + 1 where `id` = ?", "id"),
        "SAVEPOINT trans2",
        prepared("update `shared` set `hits` = 0 where `id` = ?", "id"),
        "ROLLBACK TO SAVEPOINT trans2",
        prepared("insert into `visits` (`who`) values (?)", "id"),
        "COMMIT",
        prepared("select count(*) as aggregate from `shared`"),
    ]),
    "laravel_10": Stack([
        "use `test`;",
        "set names 'utf8mb4' collate 'utf8mb4_unicode_ci'",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;",
        "set time_zone='+00:00'",
        f"set session sql_mode='{MODES}'",
    ], [
        prepared("select * from `shared` where `id` = ? limit 1", "id"),
        prepared("insert ignore into `shared` (`id`, `hits`) values (?, 0)", "id"),
        "START TRANSACTION",
        prepared("insert into `visits` (`who`) values (?)", "id"),
        "COMMIT",
    ]),
    "symfony": Stack([
        "SET NAMES utf8mb4", "SELECT VERSION()", "SET SESSION wait_timeout=28800", "SELECT DATABASE()",
    ], [
        "SELECT t0.id AS id_1, t0.name AS name_2 FROM shared t0 WHERE t0.id = '{id}' LIMIT 1",
        "START TRANSACTION", "SAVEPOINT DOCTRINE_2",
        "INSERT INTO visits (who) VALUES ('{id}')",
        "RELEASE SAVEPOINT DOCTRINE_2", "COMMIT",
    ]),
    "wordpress": Stack([
        "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_520_ci", "SELECT @@SESSION.sql_mode",
        "SET SESSION sql_mode='NO_ENGINE_SUBSTITUTION'", use("test"),
    ], [
        "SELECT name FROM shared WHERE id = {id} LIMIT 1",
        "SELECT SQL_CALC_FOUND_ROWS  shared.id FROM shared  WHERE 1=1  ORDER BY id DESC LIMIT 0, 10",
        "SELECT FOUND_ROWS()",
        "SHOW FULL COLUMNS FROM `visits`",
        "INSERT INTO `visits` (`who`) VALUES ({id})",
        "UPDATE shared SET hits = hits + 1 WHERE id = {id}",
    ]),
    "rails": Stack([
        "SET NAMES utf8mb4,  @@SESSION.sql_mode = CONCAT(CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), "
        "',NO_AUTO_VALUE_ON_ZERO'),  @@SESSION.sql_auto_is_null = 0, @@SESSION.wait_timeout = 2147483",
        "SELECT VERSION()",
        "SHOW FULL FIELDS FROM `shared`",
        "SHOW VARIABLES LIKE 'collation_database'",
        # As migrations do; notes and locks must not hold the link.
        "CREATE TABLE IF NOT EXISTS `migrations` (`version` VARCHAR(255) NOT NULL PRIMARY KEY)",
        "SELECT GET_LOCK('rails_{id}', 0)",
        "SELECT RELEASE_LOCK('rails_{id}')",
        "SELECT @@FOREIGN_KEY_CHECKS", "SET FOREIGN_KEY_CHECKS = 0", "SET FOREIGN_KEY_CHECKS = 1",
    ], [
        PING,
        "SELECT `shared`.* FROM `shared` WHERE `shared`.`id` = {id} LIMIT 1",
        kept("SELECT `shared`.* FROM `shared` WHERE `shared`.`id` = ? LIMIT ?", "id", "id"),
        "BEGIN",
        "UPDATE `shared` SET `shared`.`hits` = {id} WHERE `shared`.`id` = {id}",
        "SAVEPOINT active_record_1",
        kept("INSERT INTO `visits` (`who`) VALUES (?)", "id"),
        "RELEASE SAVEPOINT active_record_1",
        "COMMIT",
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "BEGIN",
        "SELECT 1 AS one FROM `shared` WHERE `shared`.`name` = 'x' LIMIT 1",
        "COMMIT",
    ], LIBMYSQL),
    "connector_j": Stack([
        "/* mysql-connector-j-8.4.0 */SELECT  @@session.auto_increment_increment AS auto_increment_increment, "
        "@@character_set_client AS character_set_client, @@collation_server AS collation_server, "
        "@@init_connect AS init_connect, @@interactive_timeout AS interactive_timeout, "
        "@@max_allowed_packet AS max_allowed_packet, @@sql_mode AS sql_mode, "
        "@@system_time_zone AS system_time_zone, @@time_zone AS time_zone, "
        f"@@{ISOLATION} AS transaction_isolation, @@wait_timeout AS wait_timeout",
        "SET NAMES utf8mb4",
        "SET character_set_results = NULL",
        "SET autocommit=1",
        f"SET sql_mode='{MODES}'",
    ], [
        PING,  # HikariCP asks isValid()
        "SET autocommit=0",
        f"select @@session.{READ_ONLY}",
        "SELECT id, name FROM shared WHERE id = {id}",
        "UPDATE shared SET hits = hits + 1 WHERE id = {id}",
        "INSERT INTO visits (who) VALUES ({id})",
        "commit",
        "SET autocommit=1",
        f"SELECT @@session.{ISOLATION}",
        "SET SESSION TRANSACTION READ ONLY",
        "SET SQL_SELECT_LIMIT=10",
        "SELECT id FROM shared ORDER BY id",
        "SET SQL_SELECT_LIMIT=DEFAULT",
        "SELECT CAST('abc' AS SIGNED)",
        "SHOW WARNINGS",
        "SET SESSION TRANSACTION READ WRITE",
    ]),
    "connector_j_server_side": Stack([  # useServerPrepStmts, cachePrepStmts, useCursorFetch
        "SET NAMES utf8mb4", "SET character_set_results = NULL", "SET autocommit=1",
        f"SET sql_mode='{MODES}'", "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    ], [
        kept("SELECT id, name FROM shared WHERE id = ?", "id"),
        fetched("SELECT id FROM shared WHERE id <= ?", "id"),
        reset_kept("SELECT id FROM shared WHERE id <= ?"),
        "SET autocommit=0",
        kept("UPDATE shared SET hits = hits + 1 WHERE id = ?", "id"),
        kept("INSERT INTO visits (who) VALUES (?)", "id"),
        "commit",
        "SET autocommit=1",
        kept("SELECT id, name FROM shared WHERE id = ?", "id"),
    ]),
    "mariadb_connector_j": Stack([
        f"set sql_mode=CONCAT(@@sql_mode,',STRICT_TRANS_TABLES'),session_track_system_variables = "
        f"CONCAT(@@global.session_track_system_variables,',{ISOLATION}')",
        "SELECT @@max_allowed_packet,@@wait_timeout",
    ], [
        PING,
        "set autocommit=0",
        kept("SELECT id, name FROM shared WHERE id = ?", "id"),
        kept("INSERT INTO visits (who) VALUES (?)", "id"),
        "COMMIT",
        "set autocommit=1",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        f"SELECT @@{ISOLATION}",
    ], LIBMYSQL),
    "mariadb_odbc": Stack([
        "SET NAMES utf8mb4",
        f"SET session_track_schema=1,session_track_system_variables='auto_increment_increment,{ISOLATION}'",
        "SET autocommit=0", "SET autocommit=1",
    ], [
        kept("SELECT id, name FROM shared WHERE id = ?", "id"),
        "INSERT INTO visits (who) VALUES ({id})",
    ], LIBMYSQL),
    "go": Stack([
        "SET NAMES utf8mb4", "SET time_zone = '+00:00', sql_mode = 'STRICT_TRANS_TABLES'",
    ], [
        PING,
        prepared("SELECT id, name FROM shared WHERE id = ?", "id"),  # interpolateParams=false
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "START TRANSACTION READ ONLY",
        prepared("SELECT hits FROM shared WHERE id = ?", "id"),
        "COMMIT",
        "START TRANSACTION",
        prepared("INSERT INTO visits (who) VALUES (?)", "id"),
        "COMMIT",
    ]),
    "mysql2": Stack([  # with Sequelize and TypeORM above it
        "SELECT VERSION() as `version`", "SET time_zone = '+00:00'",
    ], [
        kept("SELECT id, name FROM shared WHERE id = ?", "id"),
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;",
        "START TRANSACTION;",
        kept("INSERT INTO visits (who) VALUES (?)", "id"),
        "COMMIT;",
        "SELECT COUNT(*) AS `cnt` FROM `shared`; SELECT 2 AS `two`",
    ]),
    "prisma": Stack([
        "SELECT @@max_allowed_packet", "SELECT @@wait_timeout",
    ], [
        "BEGIN",
        kept("SELECT `test`.`shared`.`id` FROM `test`.`shared` WHERE (`test`.`shared`.`id` = ? AND 1=1) "
             "LIMIT ? OFFSET ?", "id", "id", "id"),
        kept("INSERT INTO `test`.`visits` (`who`) VALUES (?)", "id"),
        "COMMIT",
    ]),
    "mysql_connector_net": Stack([
        RESET, "SET NAMES utf8mb4;",
    ], [
        RESET,
        "SET NAMES utf8mb4;",
        "SELECT id, name FROM shared WHERE id = {id}",
        "set session transaction isolation level repeatable read;start transaction;",
        "INSERT INTO `visits` (`who`)\nVALUES ({id});\nSELECT `id`\nFROM `visits`\n"
        "WHERE ROW_COUNT() = 1 AND `id` = LAST_INSERT_ID();\n\n",
        "UPDATE `shared` SET `hits` = {id}\nWHERE `id` = {id};\nSELECT ROW_COUNT();\n\n",
        "commit",
        "UPDATE `shared` SET `hits` = 7\nWHERE `id` = {id};\nSELECT ROW_COUNT();\n\n",
        "UPDATE `shared` SET `hits` = 8\nWHERE `id` = {id}",
    ]),
    "pivot_report": Stack([
        "SET NAMES utf8mb4",
    ], [
        "SET @sql = NULL",
        "SELECT GROUP_CONCAT(id) INTO @sql FROM shared WHERE id < 4",
        "SET @sql = CONCAT('SELECT ', @sql, ' FROM shared LIMIT 1')",
        "PREPARE stmt FROM @sql",
        "EXECUTE stmt",
        "DEALLOCATE PREPARE stmt",
        "INSERT INTO visits (who) VALUES ({id})",
    ]),
}


class Client:
    """Speaks one command at a time; begin() sends it, end() reads the reply."""

    def __init__(self, number, address, stack):
        self.number = number + 1
        self.connecting, self.request = stack.connecting, stack.request
        self.wire = wire.connect(address, schema="test", timeout=60, capabilities=stack.capabilities)
        self.todo = []
        self.statements = {}

    def work(self, steps):
        self.todo = [command for step in steps for command in self._commands(step)]

    def _commands(self, step):
        if isinstance(step, str):
            return [("query", step.replace("{id}", str(self.number)))]
        what, *more = step
        if what == "command":
            return [step]
        sql, values = more
        if what == "prepared":
            return [("prepare", sql), ("execute", sql, len(values), 0), ("close", sql)]
        if what == "reset":
            return [("reset", sql)]
        flags = 1 if what == "fetched" else 0
        return [("prepare once", sql), ("execute", sql, len(values), flags)] + [("fetch", sql)] * flags

    def _packet(self, what, sql, count=0, flags=0):
        if what == "query":
            return bytes([wire.COM_QUERY]) + sql.encode()
        if what == "command":
            return sql
        if what.startswith("prepare"):
            return bytes([wire.COM_STMT_PREPARE]) + sql.encode()
        number = self.statements[sql]
        if what == "execute":
            return self.wire.execute_packet(statement=number, flags=flags, parameters=count, types=b"\x08\x00" * count,
                                            values=struct.pack("<q", self.number) * count)
        if what == "fetch":
            return struct.pack("<BII", wire.COM_STMT_FETCH, number, 1000)
        command = wire.COM_STMT_CLOSE if what == "close" else wire.COM_STMT_RESET
        return struct.pack("<BI", command, number)

    def begin(self):
        self.now = self.todo.pop(0)
        if self.now[0] == "prepare once" and self.now[1] in self.statements:
            self.now = self.todo.pop(0)
        packet = self._packet(*self.now)
        self.sent = packet[0]
        self.wire.send(packet)

    def end(self):
        self.wire.read_reply(self.sent)
        assert self.wire.error is None, (self.now, self.wire.error)
        self.wire.take()
        if self.now[0].startswith("prepare"):
            self.statements[self.now[1]] = self.wire.statement
        if self.now == RESET:
            self.statements = {}

    @property
    def in_flight(self):
        return bool(self.wire.status & wire.IN_TRANSACTION)
