/* SPDX-License-Identifier: Apache-2.0
 * The table of commands, by byte. */
#include "mysql/command.h"

#include <stddef.h>

#define COMMAND(name, byte, text, reply, policy)                                                   \
    [(byte)] = {COMMAND_##name, #name, text, reply, policy},
static const struct command_row rows[UINT8_MAX + 1] = {
#include "mysql/commands.def"
};
#undef COMMAND

const struct command_row *command_find(uint8_t byte)
{
    return rows[byte].name != NULL ? &rows[byte] : NULL;
}
