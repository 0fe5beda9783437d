/* SPDX-License-Identifier: Apache-2.0
 * The table of settings, and what can be done with a row without knowing which one it is. */
#include "conf/settings.h"

#include "base/check.h"
#include "base/text.h"
#include "base/writer.h"

#include <inttypes.h>
#include <stdio.h>

/* The kind behind each type, and the enum's name where it is one. */
#define KIND_UINT                   SETTING_TYPE_UINT, NULL
#define KIND_SECONDS                SETTING_TYPE_SECONDS, NULL
#define KIND_MSECONDS               SETTING_TYPE_MSECONDS, NULL
#define KIND_SIZE                   SETTING_TYPE_SIZE, NULL
#define KIND_BOOL                   SETTING_TYPE_BOOL, NULL
#define KIND_TEXT                   SETTING_TYPE_TEXT, NULL
#define KIND_SECRET                 SETTING_TYPE_SECRET, NULL
#define KIND_ENUM_io_engine         SETTING_TYPE_ENUM, "io_engine"
#define KIND_ENUM_pool_mode         SETTING_TYPE_ENUM, "pool_mode"
#define KIND_ENUM_log_level         SETTING_TYPE_ENUM, "log_level"
#define KIND_ENUM_slow_log_format   SETTING_TYPE_ENUM, "slow_log_format"
#define KIND_ENUM_digests           SETTING_TYPE_ENUM, "digests"
#define KIND_ENUM_leak_action       SETTING_TYPE_ENUM, "leak_action"
#define KIND_ENUM_ssl_mode          SETTING_TYPE_ENUM, "ssl_mode"
#define KIND_ENUM_client_ssl        SETTING_TYPE_ENUM, "client_ssl"
#define KIND_ENUM_proxy_protocol    SETTING_TYPE_ENUM, "proxy_protocol"
#define KIND_ENUM_timeouts_apply_to SETTING_TYPE_ENUM, "timeouts_apply_to"
#define KIND_ENUM_unknown_users     SETTING_TYPE_ENUM, "unknown_users"

/* Of a row of several sections, those but [weir] say nothing by default. */
#define SAYS_NOTHING_GLOBAL   false
#define SAYS_NOTHING_SERVER   false
#define SAYS_NOTHING_USER     false
#define SAYS_NOTHING_DATABASE false
#define SAYS_NOTHING_LISTENER false
#define SAYS_NOTHING_POOLED   true
#define SAYS_NOTHING_PERSONAL true
#define SAYS_NOTHING_STORED   true

#define ROW(row_scope, settings, inherits, member, type, default, min, max, when, help)            \
    {                                                                                              \
        row_scope,                                                                                 \
        #member,                                                                                   \
        KIND_##type,                                                                               \
        (inherits) ? "" : (default),                                                               \
        min,                                                                                       \
        max,                                                                                       \
        SETTING_WHEN_##when,                                                                       \
        help,                                                                                      \
        offsetof(settings, member),                                                                \
        inherits,                                                                                  \
    },

/* clang-format off */
static const struct setting table[] = {
#define SETTING(scope, ...) SETTING_IN_GLOBAL_##scope( \
    ROW(SETTING_SCOPE_GLOBAL, struct global_settings, false, __VA_ARGS__))
#include "conf/settings.def"
#undef SETTING
#define SETTING(scope, ...) SETTING_IN_SERVER_##scope( \
    ROW(SETTING_SCOPE_SERVER, struct server_settings, SAYS_NOTHING_##scope, __VA_ARGS__))
#include "conf/settings.def"
#undef SETTING
#define SETTING(scope, ...) SETTING_IN_USER_##scope( \
    ROW(SETTING_SCOPE_USER, struct user_settings, SAYS_NOTHING_##scope, __VA_ARGS__))
#include "conf/settings.def"
#undef SETTING
#define SETTING(scope, ...) SETTING_IN_DATABASE_##scope( \
    ROW(SETTING_SCOPE_DATABASE, struct database_settings, SAYS_NOTHING_##scope, __VA_ARGS__))
#include "conf/settings.def"
#undef SETTING
#define SETTING(scope, ...) SETTING_IN_LISTENER_##scope( \
    ROW(SETTING_SCOPE_LISTENER, struct listener_settings, SAYS_NOTHING_##scope, __VA_ARGS__))
#include "conf/settings.def"
#undef SETTING
};
/* clang-format on */

/* Enum members are read and written through an unsigned of the same size. */
static const struct {
    const char *enum_name;
    unsigned value;
    const char *word;
} words_table[] = {
#define SETTING_ENUM(name, value, word) {#name, value, word},
#include "conf/setting_enums.def"
#undef SETTING_ENUM
};
_Static_assert(sizeof(enum io_engine) == sizeof(unsigned), "enum members are accessed as unsigned");
_Static_assert(sizeof(enum pool_mode) == sizeof(unsigned), "enum members are accessed as unsigned");
_Static_assert(sizeof(enum leak_action) == sizeof(unsigned),
               "enum members are accessed as unsigned");
_Static_assert(sizeof(enum ssl_mode) == sizeof(unsigned), "enum members are accessed as unsigned");
_Static_assert(sizeof(enum timeouts_apply_to) == sizeof(unsigned),
               "enum members are accessed as unsigned");
_Static_assert(sizeof(enum unknown_users) == sizeof(unsigned),
               "enum members are accessed as unsigned");
_Static_assert(sizeof(enum log_level) == sizeof(unsigned), "enum members are accessed as unsigned");
_Static_assert(sizeof(enum slow_log_format) == sizeof(unsigned),
               "enum members are accessed as unsigned");
_Static_assert(sizeof(enum digests) == sizeof(unsigned), "enum members are accessed as unsigned");

#define WORDS_MAX 16

const struct setting *settings_all(size_t *count)
{
    *count = countof(table);
    return table;
}

static bool name_equal(const char *a, const char *b)
{
    for (; *a != '\0' || *b != '\0'; a++, b++) {
        char x[2] = {*a == '-' ? '_' : *a, '\0'};
        char y[2] = {*b == '-' ? '_' : *b, '\0'};
        if (!text_equal_nocase(bytes_of(x, 1), y))
            return false;
    }
    return true;
}

const struct setting *settings_find(enum setting_scope scope, const char *name)
{
    for (size_t i = 0; i < countof(table); i++) {
        if (table[i].scope == scope && name_equal(table[i].name, name))
            return &table[i];
    }
    return NULL;
}

const char *settings_nearest(enum setting_scope scope, const char *name)
{
    const char *names[countof(table)];
    size_t count = 0;
    for (size_t i = 0; i < countof(table); i++) {
        if (table[i].scope == scope)
            names[count++] = table[i].name;
    }
    char word[64];
    if (!text_copy(word, sizeof(word), bytes_of_text(name)))
        return NULL;
    for (char *c = word; *c != '\0'; c++)
        *c = *c == '-' ? '_' : *c;
    return text_nearest(word, names, count);
}

size_t settings_words(const struct setting *row, const char **words, size_t room)
{
    size_t count = 0;
    for (size_t i = 0; row->enum_name != NULL && i < countof(words_table); i++) {
        if (strcmp(words_table[i].enum_name, row->enum_name) != 0)
            continue;
        if (count < room)
            words[count] = words_table[i].word;
        count++;
    }
    return count;
}

const char *settings_unit(const struct setting *row)
{
    switch (row->type) {
    case SETTING_TYPE_SECONDS:
        return "seconds";
    case SETTING_TYPE_MSECONDS:
        return "milliseconds";
    case SETTING_TYPE_SIZE:
        return "bytes";
    case SETTING_TYPE_UINT:
    case SETTING_TYPE_BOOL:
    case SETTING_TYPE_TEXT:
    case SETTING_TYPE_SECRET:
    case SETTING_TYPE_ENUM:
        break;
    }
    return "";
}

/* "a, b or c" */
static void list_words(const struct setting *row, char *out, size_t out_size)
{
    const char *words[WORDS_MAX];
    size_t count = settings_words(row, words, WORDS_MAX);
    CHECK(count > 0 && count <= WORDS_MAX);
    struct writer w = writer_over(out, out_size - 1);
    for (size_t i = 0; i < count; i++) {
        writer_text(&w, i == 0 ? "" : i + 1 == count ? " or " : ", ");
        writer_text(&w, words[i]);
    }
    CHECK(!w.overflow);
    out[w.size] = '\0';
}

void settings_describe_range(const struct setting *row, char *out, size_t out_size)
{
    const char *unit = settings_unit(row);
    switch (row->type) {
    case SETTING_TYPE_UINT:
    case SETTING_TYPE_SECONDS:
    case SETTING_TYPE_MSECONDS:
    case SETTING_TYPE_SIZE:
        (void)snprintf(out, out_size, "%" PRIu64 " to %" PRIu64 "%s%s", row->min, row->max,
                       unit[0] != '\0' ? " " : "", unit);
        return;
    case SETTING_TYPE_BOOL:
        (void)snprintf(out, out_size, "ON or OFF");
        return;
    case SETTING_TYPE_ENUM:
        list_words(row, out, out_size);
        return;
    case SETTING_TYPE_TEXT:
    case SETTING_TYPE_SECRET:
        (void)snprintf(out, out_size, "text");
        return;
    }
}
