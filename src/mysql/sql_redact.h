/* SPDX-License-Identifier: Apache-2.0
 * Texts of statements without their secrets: what goes to a log, a process list or a table of
 * digests has passed through here. Servers rewrite the statements about accounts and replication
 * before they log them; this hides more: whatever stands in quotes in a statement that speaks of
 * passwords, keys or secrets at all, and the arguments of functions that encrypt or hash. Where the
 * text could be read in more than one way, hardly anything of it is left.
 * Source: https://dev.mysql.com/doc/refman/9.1/en/password-logging.html */
#ifndef WEIR_MYSQL_SQL_REDACT_H
#define WEIR_MYSQL_SQL_REDACT_H

#include "mysql/sql_scan.h"

#include <stddef.h>

/* Returns `text` itself when there is nothing to hide (one pass over it, the common case), else
 * what was written to `out`: at most `room` bytes, cut there. `text` may be cut off anywhere;
 * `mode` is the one that its client sent it in. */
struct bytes sql_redact(struct sql_mode mode, struct bytes text, uint8_t *out, size_t room);

#endif
