/* SPDX-License-Identifier: Apache-2.0
 * What the console says to one statement: OK, an error, or rows, in memory, before anybody knows
 * how it is sent. */
#ifndef WEIR_CONSOLE_ANSWER_H
#define WEIR_CONSOLE_ANSWER_H

#include "base/attrs.h"
#include "base/bytes.h"
#include "mysql/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More rows than this are no answer that anybody could read. */
#define ANSWER_SIZE_MAX    ((size_t)16 * 1024 * 1024 - 1024)
#define ANSWER_COLUMNS_MAX 200

enum answer_kind { ANSWER_OK, ANSWER_ERROR, ANSWER_ROWS };

struct answer_column {
    char *name;
    bool has_integer; /* what its values are; a column may mix them */
    bool has_real;
    bool has_text;
    size_t width; /* bytes of the longest value */
};

struct answer {
    enum answer_kind kind;
    uint16_t warnings;
    uint64_t affected; /* of OK */
    char text[1024];   /* of OK: what a client prints behind it; of ERROR: the message */
    uint16_t code;     /* of ERROR */
    char sqlstate[6];
    struct answer_column *columns;
    size_t column_count;
    uint8_t *rows; /* each row: 4 bytes size, then a text row of the protocol */
    size_t size;
    size_t capacity;
    size_t row_count;
    size_t row_at;   /* where the row under way begins */
    size_t row_cell; /* cells it has so far */
    bool too_large;
};

/* An OK of nothing. Zeroed memory is the same. */
void answer_init(struct answer *a);
void answer_fini(struct answer *a);

void answer_ok(struct answer *a, uint64_t affected, const char *format, ...) PRINTF_LIKE(3, 4);
/* The SQLSTATE is that of errors.def. Rows that were there are forgotten. */
void answer_error(struct answer *a, enum mysql_error code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Columns first; the answer is ROWS from the first one on. `name` is copied. */
void answer_column(struct answer *a, struct bytes name);

/* Rows: a begin, one call per column, an end. Beyond ANSWER_SIZE_MAX nothing is kept, and
 * answer_close makes an error of it. */
void answer_row_begin(struct answer *a);
void answer_integer(struct answer *a, int64_t v);
void answer_real(struct answer *a, double v);
void answer_text(struct answer *a, struct bytes text);
void answer_null(struct answer *a);
void answer_row_end(struct answer *a);

/* After the last row. */
void answer_close(struct answer *a);

/* The rows one by one: `at` starts at 0; false at the end. */
NODISCARD bool answer_next_row(const struct answer *a, size_t *at, struct bytes *row);

#endif
