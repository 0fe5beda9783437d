/* SPDX-License-Identifier: Apache-2.0
 * Reading a version, and the table of abilities. */
#include "mysql/server_version.h"

#include "base/check.h"

#include <limits.h>

#define SERVER_ALWAYS 0
#define SERVER_NEVER  UINT_MAX

static const struct {
    unsigned mariadb_from;
    unsigned mysql_from;
} rows[] = {
#define SERVER_ABILITY(name, mariadb_from, mysql_from) {(mariadb_from), (mysql_from)},
#include "mysql/server_abilities.def"
#undef SERVER_ABILITY
};

/* What MariaDB puts before its version for clients that would not understand a 10. */
static const char replication_prefix[] = "5.5.5-";

static struct bytes without_prefix(struct bytes text)
{
    size_t n = sizeof replication_prefix - 1;
    if (text.size < n || memcmp(text.data, replication_prefix, n) != 0)
        return text;
    return bytes_of(text.data + n, text.size - n);
}

struct server_version server_version_read(struct bytes text, bool mariadb)
{
    struct server_version v = {.mariadb = mariadb};
    struct bytes rest = without_prefix(text);
    unsigned parts[3] = {0};
    size_t at = 0;
    for (size_t i = 0; i < countof(parts); i++) {
        size_t digits = 0;
        for (; at < rest.size && rest.data[at] >= '0' && rest.data[at] <= '9' && digits < 2;
             at++, digits++)
            parts[i] = 10 * parts[i] + (unsigned)(rest.data[at] - '0');
        if (at == rest.size || rest.data[at] != '.')
            break;
        at++;
    }
    v.number = 10000 * parts[0] + 100 * parts[1] + parts[2];
    return v;
}

bool server_has(struct server_version v, enum server_ability ability)
{
    CHECK(ability < SERVER_ABILITY_COUNT);
    unsigned from = v.mariadb ? rows[ability].mariadb_from : rows[ability].mysql_from;
    return from != SERVER_NEVER && (v.number == 0 || v.number >= from);
}
