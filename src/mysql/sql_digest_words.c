/* SPDX-License-Identifier: Apache-2.0
 * The table of digests' words, and how they are found. */
#include "mysql/sql_digest_words.h"

#include "mysql/sql_words.h"

enum {
    NO_ROW, /* what an empty slot holds */
#define DIGEST_WORD(word, group)          ROW_##word,
#define DIGEST_SYNONYM(word, group, text) ROW_##word,
#define DIGEST_CALL(word, text)           ROW_##word,
#include "mysql/sql_digest_words.def"
#undef DIGEST_WORD
#undef DIGEST_SYNONYM
#undef DIGEST_CALL
    ROWS_TOTAL
};

static const struct sql_digest_word rows[ROWS_TOTAL] = {
#define DIGEST_WORD(word, group)                                                                   \
    [ROW_##word] = {#word, #word, sizeof #word - 1, sizeof #word - 1, SQL_DIGEST_##group, false},
#define DIGEST_SYNONYM(word, group, text)                                                          \
    [ROW_##word] = {#word, (text), sizeof #word - 1, sizeof(text) - 1, SQL_DIGEST_##group, false},
#define DIGEST_CALL(word, text)                                                                    \
    [ROW_##word] = {#word, (text), sizeof #word - 1, sizeof(text) - 1, SQL_DIGEST_OTHER, true},
#include "mysql/sql_digest_words.def"
};

struct slot {
    uint16_t tag;
    uint16_t row;
};
#define SLOT_BITS                       11
#define DIGEST_SLOT(at, hash_tag, word) [at] = {(hash_tag), ROW_##word},
static const struct slot slots[1 << SLOT_BITS] = {
#include "mysql/sql_digest_slots.def"
};

static bool has_name(const struct sql_digest_word *row, struct bytes text)
{
    if (text.size != row->name_size)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (sql_word_fold[text.data[i]] != (uint8_t)row->name[i])
            return false;
    return true;
}

const struct sql_digest_word *sql_digest_word_find(struct bytes text)
{
    uint32_t hash = SQL_HASH_BEGIN;
    for (size_t i = 0; i < text.size; i++)
        hash = sql_hash_byte(hash, sql_word_fold[text.data[i]]);
    uint32_t mixed = hash * UINT32_C(0x9e3779b1);
    uint16_t tag = (uint16_t)mixed;
    uint32_t at = mixed >> (32 - SLOT_BITS);
    while (slots[at].row != NO_ROW) {
        if (slots[at].tag == tag && has_name(&rows[slots[at].row], text))
            return &rows[slots[at].row];
        at = (at + 1) & ((1U << SLOT_BITS) - 1);
    }
    return NULL;
}

const struct sql_digest_word *sql_digest_word_row(size_t i)
{
    return i + 1 < ROWS_TOTAL ? &rows[i + 1] : NULL;
}
