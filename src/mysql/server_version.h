/* SPDX-License-Identifier: Apache-2.0
 * Which server is it, and what follows from that. Whatever depends on the version and does not show
 * in the capabilities is a row of server_abilities.def. */
#ifndef WEIR_MYSQL_SERVER_VERSION_H
#define WEIR_MYSQL_SERVER_VERSION_H

#include "base/attrs.h"
#include "base/bytes.h"

#include <stdbool.h>

#define SERVER_ABILITY(name, mariadb_from, mysql_from) SERVER_ABILITY_##name,
enum server_ability {
#include "mysql/server_abilities.def"
    SERVER_ABILITY_COUNT
};
#undef SERVER_ABILITY

struct server_version {
    bool mariadb;
    unsigned number; /* 101119 is 10.11.19, 90704 is 9.7.4; 0 unknown */
};

/* From the text of a greeting, "5.5.5-10.11.19-MariaDB-1" or "9.7.4-2". */
struct server_version server_version_read(struct bytes text, bool mariadb);

/* A server of unknown version is taken for a new one. */
NODISCARD bool server_has(struct server_version v, enum server_ability ability);

#endif
