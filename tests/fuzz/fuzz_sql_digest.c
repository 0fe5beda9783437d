/* SPDX-License-Identifier: Apache-2.0
 * Digests and redaction of any text: they end, keep their limits, and a digest holds no more than
 * it says. The first byte of the input chooses the mode. */
#include "base/check.h"
#include "mysql/sql_digest.h"
#include "mysql/sql_redact.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_digest(struct sql_mode mode, struct bytes text)
{
    struct sql_digest d;
    struct sql_digest again;
    sql_digest_make(&d, mode, text, text.size % 2 == 0);
    CHECK(d.size <= SQL_DIGEST_TEXT_MAX);
    CHECK(!d.cut || (d.size >= 3 && memcmp(d.text + d.size - 3, "...", 3) == 0));
    sql_digest_make(&again, mode, text, text.size % 2 == 0);
    CHECK(again.id == d.id && again.size == d.size);
}

static void check_redaction(struct sql_mode mode, struct bytes text, size_t room)
{
    uint8_t *out = malloc(room + 1);
    CHECK(out != NULL);
    struct bytes got = sql_redact(mode, text, out, room);
    CHECK(got.data == text.data || (got.data == out && got.size <= room));
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct sql_mode mode = {.ansi_quotes = (data[0] & 1) != 0,
                            .no_backslash_escapes = (data[0] & 2) != 0,
                            .mariadb = (data[0] & 4) != 0,
                            .multi_byte_trail = (data[0] & 8) != 0};
    struct bytes text = bytes_of(data + 1, size - 1);
    check_digest(mode, text);
    check_redaction(mode, text, size / 2);
    check_redaction(mode, text, size * 2 + 64);
    return 0;
}
