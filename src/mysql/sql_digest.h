/* SPDX-License-Identifier: Apache-2.0
 * Digests: what statements that differ only in their values have in common, as MySQL's
 * performance_schema writes it (DIGEST_TEXT): literals become ?, lists of them ?, ... and (...),
 * keywords are in upper case, names in backticks, one space stands between tokens, comments are
 * gone. docs/slow-log.md lists where it differs from the server's.
 * Source: https://dev.mysql.com/doc/refman/9.1/en/performance-schema-statement-digests.html */
#ifndef WEIR_MYSQL_SQL_DIGEST_H
#define WEIR_MYSQL_SQL_DIGEST_H

#include "mysql/sql_scan.h"

#include <stddef.h>

/* As max_digest_length of a server. */
#define SQL_DIGEST_TEXT_MAX 1024

struct sql_digest {
    uint64_t id;   /* of the text; the same on every machine and in every version of Weir */
    uint16_t size; /* of the text */
    bool cut;      /* the text did not fit: it ends with "..." */
    uint8_t text[SQL_DIGEST_TEXT_MAX];
};

/* Of any text; one that holds several statements has one digest. Linear in the text's size. `part`:
 * `text` is only the beginning of a statement. Its digest ends with the last list of rows of
 * values when there is one, so that long INSERTs have the same whatever their values are. */
void sql_digest_make(struct sql_digest *d, struct sql_mode mode, struct bytes text, bool part);

#endif
