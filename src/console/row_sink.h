/* SPDX-License-Identifier: Apache-2.0
 * The rows of one table while one statement runs: values in columns' order, in memory, bounded. */
#ifndef WEIR_CONSOLE_ROW_SINK_H
#define WEIR_CONSOLE_ROW_SINK_H

#include "base/attrs.h"
#include "base/bytes.h"
#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of text, and cells, of one table at most. */
#define ROW_SINK_TEXT_MAX  ((size_t)256 * 1024 * 1024)
#define ROW_SINK_CELLS_MAX ((size_t)16 * 1024 * 1024)

enum cell_kind { CELL_NULL, CELL_INTEGER, CELL_REAL, CELL_TEXT };

struct cell {
    enum cell_kind kind;
    uint32_t size; /* of TEXT */
    union {
        int64_t integer;
        double real;
        size_t at; /* of TEXT: where it begins in `text` */
    } value;
};

struct row_sink {
    size_t columns; /* cells of a row */
    struct cell *cells;
    size_t cell_count;
    size_t cell_capacity;
    char *text;
    size_t text_size;
    size_t text_capacity;
    bool too_large; /* what did not fit is missing */
};

void row_sink_init(struct row_sink *s, size_t columns);
void row_sink_fini(struct row_sink *s);

/* One call per column, in order. */
void row_integer(struct row_sink *s, int64_t v);
/* A number when it is one to the letter, else text. */
void row_value(struct row_sink *s, const char *text);
void row_unsigned(struct row_sink *s, uint64_t v); /* beyond INT64_MAX: INT64_MAX */
void row_real(struct row_sink *s, double v);
void row_text(struct row_sink *s, const char *text); /* NULL: SQL NULL */
void row_bytes(struct row_sink *s, struct bytes text);
void row_null(struct row_sink *s);

/* Durations, as columns named …_ms and …_s show them. */
void row_msec(struct row_sink *s, usec_t t);
void row_sec(struct row_sink *s, usec_t t);
/* Microseconds since 1970 as local time. */
void row_time(struct row_sink *s, uint64_t wall);
/* "" and 0 are NULL. */
void row_text_or_null(struct row_sink *s, const char *text);
void row_number_or_null(struct row_sink *s, uint64_t v);

static inline size_t row_sink_rows(const struct row_sink *s)
{
    return s->cell_count / s->columns;
}

static inline const struct cell *row_sink_cell(const struct row_sink *s, size_t row, size_t column)
{
    return &s->cells[row * s->columns + column];
}

#endif
