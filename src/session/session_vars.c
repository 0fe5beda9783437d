/* SPDX-License-Identifier: Apache-2.0
 * Treatment and quoting of system variables. */
#include "session/session_vars.h"

#include "base/attrs.h"

#include <string.h>

static const struct {
    const char *name;
    enum session_variable_treatment treatment;
    const char *values;
} rows[] = {
#define SESSION_VARIABLE(name, treatment, values) {#name, (treatment), (values)},
#include "session/session_vars.def"
#undef SESSION_VARIABLE
};

static enum session_variable_treatment find(struct bytes name)
{
    for (size_t i = 0; i < countof(rows); i++)
        if (bytes_equal_text(name, rows[i].name))
            return rows[i].treatment;
    return SESSION_VARIABLE_CARRY;
}

/* Is the value one of those behind the row? */
static bool is_listed(struct bytes name, struct bytes value)
{
    const char *list = "";
    for (size_t i = 0; i < countof(rows); i++)
        if (bytes_equal_text(name, rows[i].name))
            list = rows[i].values;
    while (*list != '\0') {
        size_t size = strcspn(list, ",");
        if (bytes_equal(value, bytes_of(list, size)))
            return true;
        list += size + (list[size] == ',');
    }
    return false;
}

/* Printable ASCII without quotes or backslashes means the same in every character set and sql_mode.
 */
static bool is_plain(struct bytes value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] < 0x20 || value.data[i] > 0x7e || value.data[i] == '\'' ||
            value.data[i] == '\\')
            return false;
    return true;
}

enum session_variable_treatment session_variable_treatment(struct bytes name, struct bytes value)
{
    enum session_variable_treatment t = find(name);
    if (t != SESSION_VARIABLE_IGNORE && !(is_plain(value) && is_plain(name)))
        return SESSION_VARIABLE_PIN;
    if (t == SESSION_VARIABLE_PIN && is_listed(name, value))
        return SESSION_VARIABLE_CARRY;
    return t;
}

static bool is_number(const char *value)
{
    const char *p = value + (value[0] == '-');
    bool digits = false;
    bool dot = false;
    for (; *p != '\0'; p++) {
        if (*p >= '0' && *p <= '9')
            digits = true;
        else if (*p == '.' && !dot)
            dot = true;
        else
            return false;
    }
    return digits;
}

void session_variable_assign(struct writer *w, const char *name, const char *value)
{
    enum session_variable_treatment t = find(bytes_of_text(name));
    writer_text(w, name);
    writer_u8(w, '=');
    if (value[0] == SESSION_VALUE_EXPRESSION[0]) {
        writer_text(w, value + 1);
    } else if (t == SESSION_VARIABLE_NULL && value[0] == '\0') {
        writer_text(w, "NULL");
    } else if ((t != SESSION_VARIABLE_TEXT && is_number(value)) ||
               (t == SESSION_VARIABLE_PIN && strcmp(value, "DEFAULT") == 0)) {
        writer_text(w, value);
    } else {
        writer_u8(w, '\'');
        writer_text(w, value);
        writer_u8(w, '\'');
    }
}

static const char *const sure[] = {
#define SESSION_VARIABLE_SURE(name) #name,
#include "session/session_vars_sure.def"
#undef SESSION_VARIABLE_SURE
};

bool session_variable_is_sure(const char *name)
{
    for (size_t i = 0; i < countof(sure); i++)
        if (strcmp(name, sure[i]) == 0)
            return true;
    return false;
}
