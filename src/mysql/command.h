/* SPDX-License-Identifier: Apache-2.0
 * The commands of the protocol, from the table commands.def. */
#ifndef WEIR_MYSQL_COMMAND_H
#define WEIR_MYSQL_COMMAND_H

#include <stdint.h>

/* How a reply ends. The details are in reply.c. */
enum reply_shape {
    REPLY_SHAPE_NONE,       /* no reply, ever */
    REPLY_SHAPE_OK,         /* one OK, EOF or ERR */
    REPLY_SHAPE_TEXT,       /* one packet of any content (or ERR) */
    REPLY_SHAPE_RESULTS,    /* OK, ERR, LOCAL INFILE or result sets, while MORE_RESULTS is set */
    REPLY_SHAPE_ROWS,       /* rows without a header until OK/EOF or ERR */
    REPLY_SHAPE_FIELD_LIST, /* column definitions until OK/EOF, or ERR */
    REPLY_SHAPE_PREPARE,    /* prepare-OK, parameter and column definitions, or ERR */
    REPLY_SHAPE_STREAM,     /* packets until EOF or ERR: a binary log */
};

/* Where a command is served. */
enum command_policy {
    COMMAND_LINK,      /* on a link */
    COMMAND_PIN,       /* on a link, which is pinned to the client from then on */
    COMMAND_STATEMENT, /* by the rules of prepared statements (session/statement.h) */
    COMMAND_LOCAL,     /* by Weir itself, or by a rule of its own */
    COMMAND_UNKNOWN,   /* no server knows it any more: 1047 as a server says it, from Weir */
};

#define COMMAND(name, byte, text, reply, policy) COMMAND_##name = (byte),
enum command {
#include "mysql/commands.def"
};
#undef COMMAND

struct command_row {
    enum command command;
    const char *name; /* "STMT_PREPARE" */
    const char *text; /* as SHOW PROCESSLIST names it */
    enum reply_shape reply;
    enum command_policy policy;
};

/* The row of a command byte, or NULL for a byte that is no command. */
const struct command_row *command_find(uint8_t byte);

#endif
