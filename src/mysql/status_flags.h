/* SPDX-License-Identifier: Apache-2.0
 * Server status flags in OK and EOF.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/mysql__com_8h.html
 * (SERVER_STATUS_flags_enum); MariaDB adds ANSI_QUOTES. */
#ifndef WEIR_MYSQL_STATUS_FLAGS_H
#define WEIR_MYSQL_STATUS_FLAGS_H

enum status_flag {
    STATUS_IN_TRANS = 0x0001,
    STATUS_AUTOCOMMIT = 0x0002,
    STATUS_MORE_RESULTS = 0x0008,
    STATUS_NO_GOOD_INDEX = 0x0010,
    STATUS_NO_INDEX = 0x0020,
    STATUS_CURSOR_EXISTS = 0x0040,
    STATUS_LAST_ROW_SENT = 0x0080,
    STATUS_DB_DROPPED = 0x0100,
    STATUS_NO_BACKSLASH_ESCAPES = 0x0200,
    STATUS_METADATA_CHANGED = 0x0400,
    STATUS_SLOW = 0x0800,
    STATUS_PS_OUT_PARAMS = 0x1000,
    STATUS_IN_TRANS_READONLY = 0x2000,
    STATUS_SESSION_STATE_CHANGED = 0x4000,
    STATUS_ANSI_QUOTES = 0x8000, /* MariaDB only */
};

/* Flags that say nothing about the statement after the one that has them. */
#define STATUS_OF_ONE_STATEMENT                                                                    \
    (STATUS_MORE_RESULTS | STATUS_NO_GOOD_INDEX | STATUS_NO_INDEX | STATUS_CURSOR_EXISTS |         \
     STATUS_LAST_ROW_SENT | STATUS_DB_DROPPED | STATUS_METADATA_CHANGED | STATUS_SLOW |            \
     STATUS_PS_OUT_PARAMS | STATUS_SESSION_STATE_CHANGED)

#endif
