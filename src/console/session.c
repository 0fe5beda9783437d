/* SPDX-License-Identifier: Apache-2.0
 * Variables: settings of [weir], settings of sections by their dotted names, and values of the
 * session. */
#include "console/session.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *value;
    bool settable;
} values[] = {
#define VALUE(name, value, settable) {#name, value, settable},
#include "console/session_values.def"
#undef VALUE
};

void console_session_fini(struct console_session *s)
{
    for (size_t i = 0; i < SESSION_VALUE_COUNT; i++)
        free(s->values[i]);
    config_errors_free(&s->warnings);
    *s = (struct console_session){0};
}

const char *session_value_name(size_t index)
{
    return index < SESSION_VALUE_COUNT ? values[index].name : NULL;
}

enum session_set console_session_set(struct console_session *s, struct bytes name,
                                     const char *value)
{
    uint64_t seconds;
    if (text_equal_nocase(name, "wait_timeout")) {
        if (!text_parse_u64(value, &seconds) || seconds == 0 || seconds > 31536000)
            return SESSION_SET_WRONG;
        if (s != NULL)
            s->wait_timeout = (uint32_t)seconds;
        return SESSION_SET_DONE;
    }
    for (size_t i = 0; i < SESSION_VALUE_COUNT; i++) {
        if (!text_equal_nocase(name, values[i].name))
            continue;
        if (!values[i].settable)
            return SESSION_SET_READ_ONLY;
        if (s == NULL)
            return SESSION_SET_DONE;
        char *copy = strndup(value, 256);
        if (copy == NULL)
            return SESSION_SET_WRONG;
        free(s->values[i]);
        s->values[i] = copy;
        return SESSION_SET_DONE;
    }
    return SESSION_SET_UNKNOWN;
}

bool console_session_has(struct bytes name, bool *settable)
{
    *settable = false;
    for (size_t i = 0; i < SESSION_VALUE_COUNT; i++) {
        if (!text_equal_nocase(name, values[i].name))
            continue;
        *settable = values[i].settable;
        return true;
    }
    return text_equal_nocase(name, "version");
}

static const char *session_value(const struct console_session *s, const char *name)
{
    for (size_t i = 0; i < SESSION_VALUE_COUNT; i++)
        if (text_equal_nocase(bytes_of_text(name), values[i].name))
            return s != NULL && s->values[i] != NULL ? s->values[i] : values[i].value;
    return NULL;
}

static bool starts_with(const char *text, const char *start)
{
    return text_equal_nocase(bytes_of(text, strnlen(text, strlen(start))), start);
}

/* Takes "global." and the like off; *session when the session's own value is wanted first. */
static const char *without_scope(const char *name, bool *session)
{
    static const struct {
        const char *text;
        bool session;
    } scopes[] = {{"global.", false}, {"persist.", false}, {"session.", true}, {"local.", true}};
    *session = true;
    for (size_t i = 0; i < countof(scopes); i++) {
        if (starts_with(name, scopes[i].text)) {
            *session = scopes[i].session;
            return name + strlen(scopes[i].text);
        }
    }
    return name;
}

/* The settings struct that a dotted name is about. */
static const void *settings_of(const struct config *c, const char *name, const struct setting *row)
{
    char section[129];
    const char *first = strchr(name, '.');
    const char *last = strrchr(name, '.');
    if (row->scope == SETTING_SCOPE_GLOBAL)
        return &c->global;
    if (first == NULL || last <= first ||
        !text_copy(section, sizeof section, bytes_of(first + 1, (size_t)(last - first - 1))))
        return NULL;
    if (row->scope == SETTING_SCOPE_SERVER) {
        const struct config_server *server = config_find_server(c, section);
        return server != NULL ? &server->settings : NULL;
    }
    if (row->scope == SETTING_SCOPE_DATABASE) {
        const struct config_database *database = config_find_database(c, section);
        return database != NULL ? &database->settings : NULL;
    }
    if (row->scope == SETTING_SCOPE_LISTENER) {
        const struct config_listener *listener = config_find_listener(c, section);
        return listener != NULL ? &listener->settings : NULL;
    }
    const struct config_user *user = config_find_user(c, section);
    return user != NULL ? &user->settings : NULL;
}

bool console_variable(const struct console_session *s, const struct config *config,
                      const char *version, struct bytes name, bool as_number, char *out,
                      size_t out_size)
{
    char written[256];
    bool session;
    if (!text_copy(written, sizeof written, name))
        return false;
    const char *bare = without_scope(written, &session);
    if (text_equal_nocase(bytes_of_text(bare), "version"))
        return text_copy(out, out_size, bytes_of_text(version));
    if (session && s != NULL && s->wait_timeout != 0 &&
        text_equal_nocase(bytes_of_text(bare), "wait_timeout"))
        return snprintf(out, out_size, "%u", s->wait_timeout) > 0;
    const struct setting *row = config_override_setting(bare);
    const void *settings = row != NULL ? settings_of(config, bare, row) : NULL;
    if (settings != NULL) {
        if (as_number && row->type == SETTING_TYPE_BOOL)
            return text_copy(
                out, out_size,
                bytes_of_text(*(const bool *)((const char *)settings + row->offset) ? "1" : "0"));
        (void)!settings_format(row, settings, out, out_size);
        return true;
    }
    const char *value = session_value(session ? s : NULL, bare);
    return value != NULL && text_copy(out, out_size, bytes_of_text(value));
}
