/* SPDX-License-Identifier: Apache-2.0
 * Rows of SHOW VARIABLES and SHOW STATUS. */
#include "session/server_numbers.h"

#include "base/text.h"
#include "mysql/result_set.h"

static const char *const names[] = {
#define SERVER_NUMBER(member, source, variable) (variable),
#include "session/server_numbers.def"
#undef SERVER_NUMBER
};

#define QUESTION_VARIABLE(variable) ",'" variable "'"
#define QUESTION_STATUS(variable)   ""
static const char variables[] = "SHOW GLOBAL VARIABLES WHERE Variable_name IN (''"
#define SERVER_NUMBER(member, source, variable) QUESTION_##source(variable)
#include "session/server_numbers.def"
#undef SERVER_NUMBER
                                ")";
#undef QUESTION_VARIABLE
#undef QUESTION_STATUS

#define QUESTION_VARIABLE(variable) ""
#define QUESTION_STATUS(variable)   ",'" variable "'"
static const char status[] = "SHOW GLOBAL STATUS WHERE Variable_name IN (''"
#define SERVER_NUMBER(member, source, variable) QUESTION_##source(variable)
#include "session/server_numbers.def"
#undef SERVER_NUMBER
                             ")";

const char *const server_numbers_questions[2] = {variables, status};

_Static_assert(sizeof(struct server_numbers) == countof(names) * sizeof(uint64_t),
               "they are numbers only");

static uint64_t *number_at(struct server_numbers *n, size_t i)
{
    return (uint64_t *)n + i;
}

void server_numbers_init(struct server_numbers *n)
{
    for (size_t i = 0; i < countof(names); i++)
        *number_at(n, i) = SERVER_NUMBER_UNKNOWN;
}

static void take(struct server_numbers *n, const struct bytes cells[2])
{
    uint64_t value;
    for (size_t i = 0; i < countof(names); i++)
        if (text_equal_nocase(cells[0], names[i]) && text_read_u64(cells[1], &value))
            *number_at(n, i) = value;
}

bool server_numbers_read(struct server_numbers *n, struct bytes reply)
{
    struct result_set_reader r;
    struct bytes definition;
    struct bytes cells[2];
    if (!result_set_open(&r, reply) || r.columns != countof(cells))
        return false;
    for (uint64_t i = 0; i < r.definitions; i++)
        if (!result_set_next_definition(&r, &definition))
            return false;
    while (result_set_next_row(&r, cells, countof(cells)))
        take(n, cells);
    return true;
}

static uint64_t known(uint64_t number)
{
    return number != SERVER_NUMBER_UNKNOWN ? number : 0;
}

uint64_t server_numbers_account_changes(const struct server_numbers *n)
{
    const uint64_t counted[] = {
        n->com_create_user, n->com_alter_user,   n->com_rename_user,
        n->com_drop_user,   n->com_grant,        n->com_revoke,
        n->com_revoke_all,  n->com_set_password, n->com_create_role,
        n->com_drop_role,   n->com_grant_role,   n->com_grant_roles,
        n->com_revoke_role, n->com_revoke_roles, n->com_alter_user_default_role,
        n->com_flush,
    };
    uint64_t sum = 0;
    for (size_t i = 0; i < countof(counted); i++)
        sum += known(counted[i]);
    return sum;
}

uint64_t server_numbers_refused(const struct server_numbers *n, bool mariadb)
{
    if (!mariadb || n->aborted_connects == SERVER_NUMBER_UNKNOWN)
        return n->refused_full;
    uint64_t counted = known(n->refused_full);
    uint64_t others = known(n->access_denied) + known(n->aborted_preauth);
    uint64_t rest = n->aborted_connects > others ? n->aborted_connects - others : 0;
    return rest > counted ? rest : counted;
}
