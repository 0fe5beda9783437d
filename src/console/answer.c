/* SPDX-License-Identifier: Apache-2.0
 * Answers grow in one piece of memory, rows already in the form that the protocol wants. */
#include "console/answer.h"

#include "base/check.h"
#include "mysql/lenenc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ROW_HEADER_SIZE 4
#define LENENC_MAX      9
#define NULL_CELL       0xfb

void answer_init(struct answer *a)
{
    *a = (struct answer){.kind = ANSWER_OK};
}

static void forget_rows(struct answer *a)
{
    for (size_t i = 0; i < a->column_count; i++)
        free(a->columns[i].name);
    free(a->columns);
    free(a->rows);
    a->columns = NULL;
    a->column_count = 0;
    a->rows = NULL;
    a->size = a->capacity = a->row_count = a->row_at = a->row_cell = 0;
}

void answer_fini(struct answer *a)
{
    forget_rows(a);
    answer_init(a);
}

void answer_ok(struct answer *a, uint64_t affected, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    forget_rows(a);
    a->kind = ANSWER_OK;
    a->affected = affected;
    (void)vsnprintf(a->text, sizeof a->text, format, args);
    va_end(args);
}

void answer_error(struct answer *a, enum mysql_error code, const char *format, ...)
{
    const struct mysql_error_row *row = mysql_error_find(code);
    va_list args;
    va_start(args, format);
    forget_rows(a);
    a->kind = ANSWER_ERROR;
    a->code = (uint16_t)code;
    memcpy(a->sqlstate, row->sqlstate, sizeof a->sqlstate);
    (void)vsnprintf(a->text, sizeof a->text, format, args);
    va_end(args);
}

void answer_column(struct answer *a, struct bytes name)
{
    CHECK(a->column_count < ANSWER_COLUMNS_MAX && a->row_count == 0);
    if (a->columns == NULL) {
        a->columns = calloc(ANSWER_COLUMNS_MAX, sizeof *a->columns);
        CHECK(a->columns != NULL);
    }
    a->kind = ANSWER_ROWS;
    char *copy = malloc(name.size + 1);
    CHECK(copy != NULL);
    if (name.size > 0)
        memcpy(copy, name.data, name.size);
    copy[name.size] = '\0';
    a->columns[a->column_count++].name = copy;
}

static void append(struct answer *a, const void *data, size_t size)
{
    if (a->too_large || a->size + size > ANSWER_SIZE_MAX) {
        a->too_large = true;
        return;
    }
    if (a->size + size > a->capacity) {
        size_t wanted = a->capacity > 0 ? 2 * a->capacity : 4096;
        while (wanted < a->size + size)
            wanted *= 2;
        a->rows = realloc(a->rows, wanted);
        CHECK(a->rows != NULL);
        a->capacity = wanted;
    }
    memcpy(a->rows + a->size, data, size);
    a->size += size;
}

void answer_row_begin(struct answer *a)
{
    static const uint8_t header[ROW_HEADER_SIZE];
    a->row_at = a->size;
    a->row_cell = 0;
    append(a, header, sizeof header);
}

static struct answer_column *next_cell(struct answer *a, size_t width)
{
    CHECK(a->row_cell < a->column_count);
    struct answer_column *c = &a->columns[a->row_cell++];
    c->width = width > c->width ? width : c->width;
    return c;
}

static void append_text(struct answer *a, struct bytes text)
{
    uint8_t memory[LENENC_MAX];
    struct writer w = writer_over(memory, sizeof memory);
    lenenc_write(&w, text.size);
    append(a, memory, w.size);
    if (text.size > 0)
        append(a, text.data, text.size);
}

void answer_integer(struct answer *a, int64_t v)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)v);
    next_cell(a, (size_t)n)->has_integer = true;
    append_text(a, bytes_of(text, (size_t)n));
}

void answer_real(struct answer *a, double v)
{
    char text[40];
    int n = snprintf(text, sizeof text, "%.15g", v);
    next_cell(a, (size_t)n)->has_real = true;
    append_text(a, bytes_of(text, (size_t)n));
}

void answer_text(struct answer *a, struct bytes text)
{
    next_cell(a, text.size)->has_text = true;
    append_text(a, text);
}

void answer_null(struct answer *a)
{
    static const uint8_t cell = NULL_CELL;
    (void)next_cell(a, 0);
    append(a, &cell, sizeof cell);
}

void answer_row_end(struct answer *a)
{
    CHECK(a->row_cell == a->column_count);
    if (a->too_large)
        return;
    uint32_t size = (uint32_t)(a->size - a->row_at - ROW_HEADER_SIZE);
    memcpy(a->rows + a->row_at, &size, sizeof size);
    a->row_count++;
}

void answer_close(struct answer *a)
{
    if (a->too_large)
        answer_error(a, ER_TOO_BIG_SELECT,
                     "The result is larger than 16 MB; add a WHERE condition or a LIMIT");
    a->too_large = false;
}

bool answer_next_row(const struct answer *a, size_t *at, struct bytes *row)
{
    uint32_t size;
    if (a->kind != ANSWER_ROWS || *at + ROW_HEADER_SIZE > a->size)
        return false;
    memcpy(&size, a->rows + *at, sizeof size);
    *row = bytes_of(a->rows + *at + ROW_HEADER_SIZE, size);
    *at += ROW_HEADER_SIZE + size;
    return true;
}
