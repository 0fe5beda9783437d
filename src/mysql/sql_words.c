/* SPDX-License-Identifier: Apache-2.0
 * Tables of words and variables, and how they are found. */
#include "mysql/sql_words.h"

#define BOTH    SQL_FAMILY_BOTH
#define MARIADB SQL_FAMILY_MARIADB
#define MYSQL   SQL_FAMILY_MYSQL
#define NEITHER SQL_FAMILY_NEITHER

#define ROW(can_call, is_tight, sight, effect_bits)                                                \
    .callable = (can_call), .tight = (is_tight), .when = (sight), .effects = (effect_bits)
#define NAME(text) .name = (text), .size = sizeof(text) - 1
#define SQL_WORD(word, callable)                                                                   \
    [SQL_WORD_##word] = {NAME(#word), ROW(callable, NEITHER, SQL_WHEN_CALLED, 0)},
#define SQL_TIGHT_WORD(word, callable, tight)                                                      \
    [SQL_WORD_##word] = {NAME(#word), ROW(callable, tight, SQL_WHEN_CALLED, 0)},
#define SQL_AGGREGATE_WORD(word, callable, tight)                                                  \
    [SQL_WORD_##word] = {NAME(#word), ROW(callable, tight, SQL_WHEN_CALLED, 0), .aggregate = true},
#define SQL_CALL_WORD(word, callable, effect)                                                      \
    [SQL_WORD_##                                                                                   \
        word] = {NAME(#word), ROW(callable, NEITHER, SQL_WHEN_CALLED, SQL_EFFECT_BIT(effect))},
#define SQL_SEEN_WORD(word, callable, effect)                                                      \
    [SQL_WORD_##                                                                                   \
        word] = {NAME(#word), ROW(callable, NEITHER, SQL_WHEN_SEEN, SQL_EFFECT_BIT(effect))},
#define SQL_TABLE_WORD(word, effect_bits)                                                          \
    [SQL_WORD_##word] = {NAME(#word), ROW(NEITHER, NEITHER, SQL_WHEN_TABLE, effect_bits)},
const struct sql_word_info sql_word_infos[SQL_WORDS_TOTAL] = {
    [SQL_NO_WORD] = {NAME(""), ROW(NEITHER, NEITHER, SQL_WHEN_CALLED, 0)},
#include "mysql/sql_functions.def"
#include "mysql/sql_keywords.def"
};

#define SQL_VERB(name, effects) [SQL_WORD_##name] = SQL_VERB_##name,
const uint8_t sql_word_verbs[SQL_WORDS_TOTAL] = {
#include "mysql/sql_verbs.def"
};
#undef SQL_VERB

#define UPPER_OF(c) ['A' + (c)] = 'A' + (c), ['a' + (c)] = 'A' + (c)
#define SAME(c)     [(c)] = (c)
#define SAME_8(c)                                                                                  \
    SAME((c)), SAME((c) + 1), SAME((c) + 2), SAME((c) + 3), SAME((c) + 4), SAME((c) + 5),          \
        SAME((c) + 6), SAME((c) + 7)
#define SAME_32(c) SAME_8((c)), SAME_8((c) + 8), SAME_8((c) + 16), SAME_8((c) + 24)
const uint8_t sql_word_fold[256] = {
    UPPER_OF(0),  UPPER_OF(1),  UPPER_OF(2),  UPPER_OF(3),  UPPER_OF(4),  UPPER_OF(5),
    UPPER_OF(6),  UPPER_OF(7),  UPPER_OF(8),  UPPER_OF(9),  UPPER_OF(10), UPPER_OF(11),
    UPPER_OF(12), UPPER_OF(13), UPPER_OF(14), UPPER_OF(15), UPPER_OF(16), UPPER_OF(17),
    UPPER_OF(18), UPPER_OF(19), UPPER_OF(20), UPPER_OF(21), UPPER_OF(22), UPPER_OF(23),
    UPPER_OF(24), UPPER_OF(25), SAME('_'),    SAME('$'),    SAME_8('0'),  SAME('8'),
    SAME('9'),    SAME_32(128), SAME_32(160), SAME_32(192), SAME_32(224),
};

struct slot {
    uint16_t tag;
    uint16_t word;
};
#define SLOT_BITS                    11
#define SQL_SLOT(at, hash_tag, word) [at] = {(hash_tag), SQL_WORD_##word},
static const struct slot slots[1 << SLOT_BITS] = {
#include "mysql/sql_word_slots.def"
};

static bool has_name(unsigned word, struct bytes text)
{
    const struct sql_word_info *info = &sql_word_infos[word];
    if (text.size != info->size)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (sql_word_fold[text.data[i]] != (uint8_t)info->name[i])
            return false;
    return true;
}

enum sql_word sql_word_find(uint32_t hash, struct bytes text)
{
    uint32_t mixed = hash * UINT32_C(0x9e3779b1);
    uint16_t tag = (uint16_t)mixed;
    uint32_t at = mixed >> (32 - SLOT_BITS);
    while (slots[at].word != SQL_NO_WORD) {
        if (slots[at].tag == tag && has_name(slots[at].word, text))
            return (enum sql_word)slots[at].word;
        at = (at + 1) & ((1U << SLOT_BITS) - 1);
    }
    return SQL_NO_WORD;
}

static uint8_t upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

bool sql_text_is(struct bytes text, const char *name)
{
    for (size_t i = 0; i < text.size; i++)
        if (name[i] == '\0' || upper(text.data[i]) != (uint8_t)name[i])
            return false;
    return name[text.size] == '\0';
}

/* Made true before profiles begin to show what makes it true. */
#define PROFILED_RESIDUE (SQL_EFFECT_BIT(READS_FOUND_ROWS) | SQL_EFFECT_BIT(READS_LAST_INSERT_ID))

#define UNTRACKED                                      SQL_EFFECT_BIT(SET_UNTRACKED)
#define SQL_VARIABLE(name, reads, sets, sets_unscoped) {(name), (reads), (sets), (sets_unscoped)},
static const struct sql_variable_info variables[] = {
#include "mysql/sql_variables.def"
};

/* `row` is a name of the table, which may end in "*". */
static bool variable_matches(const char *row, struct bytes name)
{
    size_t i = 0;
    for (; i < name.size && row[i] != '\0' && row[i] != '*'; i++)
        if (upper(name.data[i]) != (uint8_t)row[i])
            return false;
    return row[i] == '*' || (i == name.size && row[i] == '\0');
}

const struct sql_variable_info *sql_variable_find(struct bytes name)
{
    for (size_t i = 0; i < countof(variables); i++)
        if (variable_matches(variables[i].name, name))
            return &variables[i];
    return NULL;
}

/* Whether a LIKE pattern can match what `row` stands for: up to the pattern's first wildcard (or
 * escape) they must agree; what comes after is given the benefit of the doubt. */
static bool pattern_may_match(struct bytes pattern, const char *row)
{
    for (size_t i = 0; i < pattern.size; i++) {
        uint8_t c = pattern.data[i];
        if (c == '%' || c == '\\' || row[i] == '*')
            return true;
        if (row[i] == '\0' || (c != '_' && upper(c) != (uint8_t)row[i]))
            return false;
    }
    return row[pattern.size] == '\0' || row[pattern.size] == '*';
}

bool sql_variable_is_accented(struct bytes name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] >= 0x80)
            return true;
    return false;
}

sql_effects_t sql_variable_on_read(struct bytes name)
{
    if (UNLIKELY(sql_variable_is_accented(name)))
        return sql_variables_like(bytes_of_text("%"));
    const struct sql_variable_info *variable = sql_variable_find(name);
    return variable != NULL ? variable->on_read : 0;
}

sql_effects_t sql_variables_like(struct bytes pattern)
{
    sql_effects_t effects = 0;
    for (size_t i = 0; i < countof(variables); i++)
        if (pattern_may_match(pattern, variables[i].name))
            effects |= variables[i].on_read;
    return effects;
}
