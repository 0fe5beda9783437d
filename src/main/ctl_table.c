/* SPDX-License-Identifier: Apache-2.0
 * Columns as wide as their widest value. */
#include "main/ctl_table.h"

#include "base/check.h"

#include <stdlib.h>

/* The end of a line at the end of a text (as HELP has it) would end the row. */
static struct bytes shown(struct bytes cell)
{
    if (cell.size > 0 && cell.data[cell.size - 1] == '\n')
        cell.size--;
    return cell.data != NULL ? cell : bytes_of_text("NULL");
}

/* Characters of UTF-8. */
static size_t width_of(struct bytes text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.size; i++)
        n += (text.data[i] & 0xc0) != 0x80;
    return n;
}

static void repeat(FILE *out, char c, size_t n)
{
    while (n-- > 0)
        (void)fputc(c, out);
}

static void print_rule(FILE *out, const size_t *widths, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        (void)fputc('+', out);
        repeat(out, '-', widths[i] + 2);
    }
    (void)fputs("+\n", out);
}

static void print_cell(FILE *out, struct bytes cell, size_t width, bool right)
{
    size_t space = width - width_of(cell);
    (void)fputs("| ", out);
    repeat(out, ' ', right ? space : 0);
    (void)fwrite(cell.data, 1, cell.size, out);
    repeat(out, ' ', right ? 1 : space + 1);
}

void ctl_table_print(FILE *out, const struct bytes *cells, size_t rows, size_t columns,
                     const bool *numeric)
{
    size_t *widths = calloc(columns, sizeof *widths);
    CHECK(widths != NULL);
    for (size_t i = 0; i < rows * columns; i++) {
        size_t width = width_of(shown(cells[i]));
        if (width > widths[i % columns])
            widths[i % columns] = width;
    }
    print_rule(out, widths, columns);
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < columns; i++)
            print_cell(out, shown(cells[row * columns + i]), widths[i], row > 0 && numeric[i]);
        (void)fputs("|\n", out);
        if (row == 0)
            print_rule(out, widths, columns);
    }
    print_rule(out, widths, columns);
    free(widths);
}

void ctl_table_print_upright(FILE *out, const struct bytes *cells, size_t rows, size_t columns)
{
    size_t width = 0;
    for (size_t i = 0; i < columns; i++)
        if (width_of(cells[i]) > width)
            width = width_of(cells[i]);
    for (size_t row = 1; row < rows; row++) {
        fprintf(out, "*************************** %zu. row ***************************\n", row);
        for (size_t i = 0; i < columns; i++) {
            struct bytes cell = shown(cells[row * columns + i]);
            repeat(out, ' ', width - width_of(cells[i]));
            (void)fwrite(cells[i].data, 1, cells[i].size, out);
            (void)fputs(": ", out);
            (void)fwrite(cell.data, 1, cell.size, out);
            (void)fputc('\n', out);
        }
    }
}
