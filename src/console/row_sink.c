/* SPDX-License-Identifier: Apache-2.0
 * Two growing arrays: cells, and the text that they point to. */
#include "console/row_sink.h"

#include "base/check.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void row_sink_init(struct row_sink *s, size_t columns)
{
    CHECK(columns > 0);
    *s = (struct row_sink){.columns = columns};
}

void row_sink_fini(struct row_sink *s)
{
    free(s->cells);
    free(s->text);
    *s = (struct row_sink){.columns = s->columns};
}

static struct cell *add(struct row_sink *s)
{
    static struct cell nowhere;
    if (s->too_large || s->cell_count >= ROW_SINK_CELLS_MAX) {
        s->too_large = true;
        return &nowhere;
    }
    if (s->cell_count == s->cell_capacity) {
        s->cell_capacity = s->cell_capacity > 0 ? 2 * s->cell_capacity : 64;
        s->cells = realloc(s->cells, s->cell_capacity * sizeof *s->cells);
        CHECK(s->cells != NULL);
    }
    return &s->cells[s->cell_count++];
}

void row_integer(struct row_sink *s, int64_t v)
{
    *add(s) = (struct cell){.kind = CELL_INTEGER, .value.integer = v};
}

void row_value(struct row_sink *s, const char *text)
{
    uint64_t number;
    bool plain = text[0] != '0' || text[1] == '\0';
    if (plain && text_parse_u64(text, &number) && number <= INT64_MAX)
        row_unsigned(s, number);
    else
        row_text(s, text);
}

void row_unsigned(struct row_sink *s, uint64_t v)
{
    row_integer(s, v < INT64_MAX ? (int64_t)v : INT64_MAX);
}

void row_real(struct row_sink *s, double v)
{
    *add(s) = (struct cell){.kind = CELL_REAL, .value.real = v};
}

void row_null(struct row_sink *s)
{
    *add(s) = (struct cell){.kind = CELL_NULL};
}

void row_bytes(struct row_sink *s, struct bytes text)
{
    if (s->text_size + text.size > ROW_SINK_TEXT_MAX || text.size > UINT32_MAX) {
        s->too_large = true;
        return;
    }
    if (s->text_size + text.size > s->text_capacity) {
        while (s->text_capacity < s->text_size + text.size)
            s->text_capacity = s->text_capacity > 0 ? 2 * s->text_capacity : 4096;
        s->text = realloc(s->text, s->text_capacity);
        CHECK(s->text != NULL);
    }
    *add(s) =
        (struct cell){.kind = CELL_TEXT, .size = (uint32_t)text.size, .value.at = s->text_size};
    if (text.size > 0)
        memcpy(s->text + s->text_size, text.data, text.size);
    s->text_size += text.size;
}

void row_text(struct row_sink *s, const char *text)
{
    if (text == NULL)
        row_null(s);
    else
        row_bytes(s, bytes_of_text(text));
}

void row_msec(struct row_sink *s, usec_t t)
{
    row_real(s, (double)t / (double)USEC_PER_MSEC);
}

void row_sec(struct row_sink *s, usec_t t)
{
    row_real(s, (double)t / (double)USEC_PER_SEC);
}

void row_text_or_null(struct row_sink *s, const char *text)
{
    row_text(s, text[0] != '\0' ? text : NULL);
}

void row_number_or_null(struct row_sink *s, uint64_t v)
{
    if (v != 0)
        row_unsigned(s, v);
    else
        row_null(s);
}

void row_time(struct row_sink *s, uint64_t wall)
{
    time_t seconds = (time_t)(wall / USEC_PER_SEC);
    struct tm tm;
    char text[40];
    size_t n = localtime_r(&seconds, &tm) != NULL
                   ? strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm)
                   : 0;
    (void)snprintf(text + n, sizeof text - n, ".%06u", (unsigned)(wall % USEC_PER_SEC));
    row_text(s, text);
}
