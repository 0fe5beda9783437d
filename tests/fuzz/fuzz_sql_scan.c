/* SPDX-License-Identifier: Apache-2.0
 * The lexer, on any text: it ends, and finds the same whole, in two pieces and byte by byte. The
 * first byte of the input chooses the mode, the second the cut. */
#include "base/check.h"
#include "mysql/sql_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct sql_scan *a, const struct sql_scan *b)
{
    CHECK(a->verb == b->verb);
    CHECK(a->statements == b->statements);
    CHECK(a->effects == b->effects);
    CHECK(a->kill == b->kill && a->kill_id == b->kill_id);
    CHECK(a->only_ping == b->only_ping);
    CHECK(strcmp(a->collation, b->collation) == 0);
}

/* What may end a pin is never found together with a doubt. */
static void check_doubts(const struct sql_scan *s)
{
    if (sql_scan_has(s, SQL_EFFECT_UNKNOWN_VERB) || sql_scan_has(s, SQL_EFFECT_UNTERMINATED))
        CHECK(!sql_scan_has(s, SQL_EFFECT_UNLOCK) && !sql_scan_has(s, SQL_EFFECT_TOUCHES_TABLE) &&
              s->kill == SQL_KILL_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct sql_mode mode = {.ansi_quotes = (data[0] & 1) != 0,
                            .no_backslash_escapes = (data[0] & 2) != 0,
                            .mariadb = (data[0] & 4) != 0,
                            .multi_byte_trail = (data[0] & 8) != 0};
    struct bytes text = bytes_of(data + 2, size - 2);
    size_t cut = text.size * data[1] / 255;
    struct sql_scan whole;
    struct sql_scan cut_once;
    struct sql_scan by_byte;
    sql_scan_text(&whole, mode, text);
    sql_scan_begin(&cut_once, mode);
    sql_scan_feed(&cut_once, bytes_of(text.data, cut));
    sql_scan_feed(&cut_once, bytes_of(text.data + cut, text.size - cut));
    sql_scan_end(&cut_once);
    sql_scan_begin(&by_byte, mode);
    for (size_t i = 0; i < text.size; i++)
        sql_scan_feed(&by_byte, bytes_of(text.data + i, 1));
    sql_scan_end(&by_byte);
    check_same(&whole, &cut_once);
    check_same(&whole, &by_byte);
    check_doubts(&whole);
    return 0;
}
