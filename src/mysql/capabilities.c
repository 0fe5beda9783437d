/* SPDX-License-Identifier: Apache-2.0
 * What follows from the table of capabilities. */
#include "mysql/capabilities.h"

#include <stddef.h>

struct capability_row {
    const char *name;
    unsigned bit;
    enum capability_policy policy;
    bool offered;
    bool asked;
};

#define CAPABILITY(name, bit, policy, offered, asked, help) {#name, (bit), policy, offered, asked},
static const struct capability_row rows[] = {
#include "mysql/capabilities.def"
};
#undef CAPABILITY

static capabilities_t rows_with_policy(enum capability_policy policy)
{
    capabilities_t set = 0;
    for (size_t i = 0; i < countof(rows); i++) {
        if (rows[i].policy == policy)
            set |= UINT64_C(1) << rows[i].bit;
    }
    return set;
}

/* Bits that mean something only when the server itself has them: they change what it answers, or
 * say (LONG_PASSWORD) of which family it is. */
static capabilities_t server_must_have(void)
{
    return rows_with_policy(CAPABILITY_DIALECT) | CAP_MARIADB_BITS | CAP(LONG_PASSWORD);
}

capabilities_t capabilities_offer(capabilities_t server)
{
    capabilities_t offer = 0;
    for (size_t i = 0; i < countof(rows); i++) {
        if (rows[i].offered)
            offer |= UINT64_C(1) << rows[i].bit;
    }
    return offer & (server | ~server_must_have());
}

capabilities_t capabilities_ask(capabilities_t server, capabilities_t dialect)
{
    capabilities_t ask = dialect & rows_with_policy(CAPABILITY_DIALECT);
    for (size_t i = 0; i < countof(rows); i++) {
        if (rows[i].asked)
            ask |= UINT64_C(1) << rows[i].bit;
    }
    return ask & server;
}

capabilities_t capabilities_dialect(capabilities_t agreed)
{
    if ((agreed & CAP(MULTI_STATEMENTS)) != 0)
        agreed |= CAP(MULTI_RESULTS);
    agreed |= CAP(LOCAL_FILES);
    return agreed & rows_with_policy(CAPABILITY_DIALECT);
}

const char *capability_name(unsigned bit)
{
    for (size_t i = 0; i < countof(rows); i++) {
        if (rows[i].bit == bit)
            return rows[i].name;
    }
    return NULL;
}
