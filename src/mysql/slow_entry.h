/* SPDX-License-Identifier: Apache-2.0
 * One entry of the slow query log, in the forms that the tools for such logs read: MySQL's, and
 * MariaDB's. What a server does not know stands behind what it does, where the tools expect more.
 * Source: https://dev.mysql.com/doc/refman/9.1/en/slow-query-log.html,
 * https://mariadb.com/kb/en/slow-query-log-overview/ */
#ifndef WEIR_MYSQL_SLOW_ENTRY_H
#define WEIR_MYSQL_SLOW_ENTRY_H

#include "base/attrs.h"
#include "base/bytes.h"
#include "base/clock.h"

#include <stddef.h>
#include <time.h>

enum slow_entry_form { SLOW_ENTRY_MYSQL, SLOW_ENTRY_MARIADB };

/* Texts end with a NUL and are never NULL. */
struct slow_entry {
    struct tm time; /* when the statement ended: in UTC for MySQL's form, local for MariaDB's */
    uint64_t wall;  /* the same in µs since 1970 */
    usec_t query_time;
    usec_t wait_time; /* between the client's request and its being sent */
    const char *user;
    const char *host;
    const char *schema; /* "" none selected */
    const char *server;
    uint32_t client;    /* Weir's id of it */
    uint32_t thread_id; /* of the link on its server */
    uint64_t link;
    uint64_t rows_sent;
    uint64_t rows_affected;
    uint64_t bytes_sent;
    uint16_t error; /* 0 none */
    bool killed;    /* it never ended: the client or the link was lost meanwhile */
    bool no_index;
    bool no_good_index;
    bool slow_on_server;
    unsigned rate;       /* one of so many is logged */
    struct bytes text;   /* the statement, without secrets; empty for a command that has none */
    uint64_t text_total; /* its whole size, of which `text` may be the beginning */
    const char *command; /* what stands for the statement when it has none: "Ping" */
};

/* An entry around a text of `size` bytes needs at most so much room. */
#define SLOW_ENTRY_ROOM(size) ((size) + (size) / 2 + 4096)

/* Returns the number of bytes written; 0 when there was too little room. */
NODISCARD size_t slow_entry_format(enum slow_entry_form form, const struct slow_entry *e,
                                   uint8_t *out, size_t room);

#endif
