/* SPDX-License-Identifier: Apache-2.0
 * Finding a name among those that the catalogue knows. */
#include "mysql/sql_names.h"

#include "mysql/sql_words.h"

#define SLOT_BITS_MIN 4

uint32_t sql_name_hash(struct bytes text)
{
    uint32_t hash = SQL_HASH_BEGIN;
    for (size_t i = 0; i < text.size; i++)
        hash = sql_hash_byte(hash, sql_word_fold[text.data[i]]);
    return hash;
}

bool sql_name_equal(struct bytes a, struct bytes b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (sql_word_fold[a.data[i]] != sql_word_fold[b.data[i]])
            return false;
    return true;
}

unsigned sql_names_slot_bits(size_t rows)
{
    unsigned bits = SLOT_BITS_MIN;
    while ((size_t)1 << bits < rows * 2)
        bits++;
    return bits;
}

static uint32_t home_of(uint32_t hash, unsigned slot_bits)
{
    return (hash * UINT32_C(0x9e3779b1)) >> (32 - slot_bits);
}

void sql_names_index(const struct sql_name *rows, size_t count, uint32_t *slots, unsigned slot_bits)
{
    uint32_t mask = (UINT32_C(1) << slot_bits) - 1;
    for (size_t i = 0; i < count; i++) {
        uint32_t at = home_of(rows[i].hash, slot_bits);
        while (slots[at] != 0)
            at = (at + 1) & mask;
        slots[at] = (uint32_t)i + 1;
    }
}

const struct sql_name *sql_names_find(const struct sql_names *names, uint32_t hash,
                                      struct bytes text)
{
    uint32_t mask = (UINT32_C(1) << names->slot_bits) - 1;
    for (uint32_t at = home_of(hash, names->slot_bits); names->slots[at] != 0;
         at = (at + 1) & mask) {
        const struct sql_name *row = &names->rows[names->slots[at] - 1];
        if (row->hash == hash && sql_name_equal(bytes_of(row->text, row->size), text))
            return row;
    }
    return NULL;
}
