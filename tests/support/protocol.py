# SPDX-License-Identifier: Apache-2.0
"""Numbers of the MySQL protocol: capability bits, commands, status flags; and greetings."""

import struct

LONG_PASSWORD = 1 << 0
FOUND_ROWS = 1 << 1
LONG_FLAG = 1 << 2
CONNECT_WITH_DB = 1 << 3
LOCAL_FILES = 1 << 7
PROTOCOL_41 = 1 << 9
INTERACTIVE = 1 << 10
COMPRESS = 1 << 5
SSL = 1 << 11
ZSTD = 1 << 26
TRANSACTIONS = 1 << 13
SECURE_CONNECTION = 1 << 15
MULTI_STATEMENTS = 1 << 16
MULTI_RESULTS = 1 << 17
PS_MULTI_RESULTS = 1 << 18
PLUGIN_AUTH = 1 << 19
CONNECT_ATTRS = 1 << 20
PLUGIN_AUTH_LENENC = 1 << 21
SESSION_TRACK = 1 << 23
DEPRECATE_EOF = 1 << 24
OPTIONAL_METADATA = 1 << 25
QUERY_ATTRIBUTES = 1 << 27
MARIADB_PROGRESS = 1 << 32
MARIADB_STMT_BULK = 1 << 34
MARIADB_EXTENDED_METADATA = 1 << 35
MARIADB_BITS = 0xffffffff << 32

BASIC = (LONG_PASSWORD | LONG_FLAG | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | PLUGIN_AUTH
         | CONNECT_ATTRS | LOCAL_FILES | MULTI_STATEMENTS | MULTI_RESULTS | PS_MULTI_RESULTS)

(COM_SLEEP, COM_QUIT, COM_INIT_DB, COM_QUERY, COM_FIELD_LIST, COM_CREATE_DB, COM_DROP_DB, COM_REFRESH,
 COM_SHUTDOWN, COM_STATISTICS, COM_PROCESS_INFO, COM_CONNECT, COM_PROCESS_KILL, COM_DEBUG, COM_PING,
 COM_TIME, COM_DELAYED_INSERT, COM_CHANGE_USER, COM_BINLOG_DUMP, COM_TABLE_DUMP, COM_CONNECT_OUT,
 COM_REGISTER_SLAVE, COM_STMT_PREPARE, COM_STMT_EXECUTE, COM_STMT_SEND_LONG_DATA, COM_STMT_CLOSE,
 COM_STMT_RESET, COM_SET_OPTION, COM_STMT_FETCH, COM_DAEMON, COM_BINLOG_DUMP_GTID,
 COM_RESET_CONNECTION) = range(0x20)
COM_STMT_BULK_EXECUTE = 0xfa

IN_TRANSACTION = 0x0001
AUTOCOMMIT = 0x0002
MORE_RESULTS = 0x0008
CURSOR_EXISTS = 0x0040
LAST_ROW_SENT = 0x0080
STATE_CHANGED = 0x4000
PS_OUT_PARAMETERS = 0x1000

FRAME_MAX = 0xffffff


class Greeting:
    def __init__(self, payload):
        self.payload = payload
        self.protocol = payload[0]
        end = payload.index(b"\0", 1)
        self.version = payload[1:end].decode()
        at = end + 1
        self.thread_id = struct.unpack_from("<I", payload, at)[0]
        self.scramble = payload[at + 4:at + 12]
        low, self.collation, self.status, high = struct.unpack_from("<HBHH", payload, at + 13)
        self.capabilities = low | high << 16
        if not self.capabilities & LONG_PASSWORD:
            self.capabilities |= struct.unpack_from("<I", payload, at + 27)[0] << 32
        rest = payload[at + 31:]
        self.scramble += rest[:12]
        self.method = rest[13:].rstrip(b"\0")
