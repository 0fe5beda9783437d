/* SPDX-License-Identifier: Apache-2.0
 * What follows from the rows of settings.def: the structs that hold the settings, and a table with
 * one generic reader, printer and comparison for all of them. */
#ifndef WEIR_CONF_SETTINGS_H
#define WEIR_CONF_SETTINGS_H

#include "base/attrs.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As MySQL's clients use TLS. */
enum ssl_mode {
    SSL_MODE_DISABLED,
    SSL_MODE_PREFERRED,
    SSL_MODE_REQUIRED,
    SSL_MODE_VERIFY_CA,
    SSL_MODE_VERIFY_IDENTITY,
};

/* Of a listener, for clients. */
/* What is asked of clients; each word asks for what the one before does, and more. */
enum client_ssl {
    CLIENT_SSL_OFF,
    CLIENT_SSL_PREFERRED,
    CLIENT_SSL_REQUIRED,
    CLIENT_SSL_VERIFY_CA,       /* and shows a certificate that ssl_ca vouches for */
    CLIENT_SSL_VERIFY_IDENTITY, /* which names the user that logs in */
};
/* Towards a server. */
enum proxy_protocol { PROXY_PROTOCOL_OFF, PROXY_PROTOCOL_V1, PROXY_PROTOCOL_V2 };
enum leak_action { LEAK_ACTION_REPORT, LEAK_ACTION_ROLLBACK, LEAK_ACTION_KILL };
enum io_engine { IO_ENGINE_AUTO, IO_ENGINE_EPOLL, IO_ENGINE_URING };
enum pool_mode { POOL_MODE_TRANSACTION, POOL_MODE_SESSION };
enum slow_log_format { SLOW_LOG_FORMAT_MYSQL, SLOW_LOG_FORMAT_MARIADB };
enum unknown_users { UNKNOWN_USERS_AUTO, UNKNOWN_USERS_REFUSE, UNKNOWN_USERS_SERVE };
enum timeouts_apply_to { TIMEOUTS_APPLY_TO_NEW, TIMEOUTS_APPLY_TO_ALL };
enum digests { DIGESTS_OFF, DIGESTS_SLOW, DIGESTS_ALL };

/* The C type behind each type of the table. Text is owned by the struct and never NULL. */
#define SETTING_CTYPE_UINT                   uint32_t
#define SETTING_CTYPE_SECONDS                usec_t
#define SETTING_CTYPE_MSECONDS               usec_t
#define SETTING_CTYPE_SIZE                   uint64_t
#define SETTING_CTYPE_BOOL                   bool
#define SETTING_CTYPE_TEXT                   char *
#define SETTING_CTYPE_SECRET                 char *
#define SETTING_CTYPE_ENUM_io_engine         enum io_engine
#define SETTING_CTYPE_ENUM_pool_mode         enum pool_mode
#define SETTING_CTYPE_ENUM_log_level         enum log_level
#define SETTING_CTYPE_ENUM_slow_log_format   enum slow_log_format
#define SETTING_CTYPE_ENUM_digests           enum digests
#define SETTING_CTYPE_ENUM_leak_action       enum leak_action
#define SETTING_CTYPE_ENUM_ssl_mode          enum ssl_mode
#define SETTING_CTYPE_ENUM_client_ssl        enum client_ssl
#define SETTING_CTYPE_ENUM_proxy_protocol    enum proxy_protocol
#define SETTING_CTYPE_ENUM_timeouts_apply_to enum timeouts_apply_to
#define SETTING_CTYPE_ENUM_unknown_users     enum unknown_users

/* SETTING_IN_<struct>_<scope of the row>: keeps what is about a row that has a member there. */
#define SETTING_KEEP(...) __VA_ARGS__
#define SETTING_DROP(...)
#define SETTING_IN_GLOBAL_GLOBAL     SETTING_KEEP
#define SETTING_IN_GLOBAL_SERVER     SETTING_DROP
#define SETTING_IN_GLOBAL_USER       SETTING_DROP
#define SETTING_IN_GLOBAL_DATABASE   SETTING_DROP
#define SETTING_IN_GLOBAL_POOLED     SETTING_KEEP
#define SETTING_IN_GLOBAL_PERSONAL   SETTING_KEEP
#define SETTING_IN_GLOBAL_STORED     SETTING_KEEP
#define SETTING_IN_GLOBAL_LISTENER   SETTING_DROP
#define SETTING_IN_SERVER_GLOBAL     SETTING_DROP
#define SETTING_IN_SERVER_SERVER     SETTING_KEEP
#define SETTING_IN_SERVER_USER       SETTING_DROP
#define SETTING_IN_SERVER_DATABASE   SETTING_DROP
#define SETTING_IN_SERVER_POOLED     SETTING_KEEP
#define SETTING_IN_SERVER_PERSONAL   SETTING_DROP
#define SETTING_IN_SERVER_STORED     SETTING_DROP
#define SETTING_IN_SERVER_LISTENER   SETTING_DROP
#define SETTING_IN_USER_GLOBAL       SETTING_DROP
#define SETTING_IN_USER_SERVER       SETTING_DROP
#define SETTING_IN_USER_USER         SETTING_KEEP
#define SETTING_IN_USER_DATABASE     SETTING_DROP
#define SETTING_IN_USER_POOLED       SETTING_KEEP
#define SETTING_IN_USER_PERSONAL     SETTING_KEEP
#define SETTING_IN_USER_STORED       SETTING_DROP
#define SETTING_IN_USER_LISTENER     SETTING_DROP
#define SETTING_IN_DATABASE_GLOBAL   SETTING_DROP
#define SETTING_IN_DATABASE_SERVER   SETTING_DROP
#define SETTING_IN_DATABASE_USER     SETTING_DROP
#define SETTING_IN_DATABASE_DATABASE SETTING_KEEP
#define SETTING_IN_DATABASE_POOLED   SETTING_DROP
#define SETTING_IN_DATABASE_PERSONAL SETTING_DROP
#define SETTING_IN_DATABASE_STORED   SETTING_KEEP
#define SETTING_IN_DATABASE_LISTENER SETTING_DROP
#define SETTING_IN_LISTENER_GLOBAL   SETTING_DROP
#define SETTING_IN_LISTENER_SERVER   SETTING_DROP
#define SETTING_IN_LISTENER_USER     SETTING_DROP
#define SETTING_IN_LISTENER_DATABASE SETTING_DROP
#define SETTING_IN_LISTENER_POOLED   SETTING_DROP
#define SETTING_IN_LISTENER_PERSONAL SETTING_DROP
#define SETTING_IN_LISTENER_STORED   SETTING_DROP
#define SETTING_IN_LISTENER_LISTENER SETTING_KEEP

/* clang-format off */
struct global_settings {
#define SETTING(scope, member, type, ...) SETTING_IN_GLOBAL_##scope(SETTING_CTYPE_##type member;)
#include "conf/settings.def"
#undef SETTING
};

struct server_settings {
#define SETTING(scope, member, type, ...) SETTING_IN_SERVER_##scope(SETTING_CTYPE_##type member;)
#include "conf/settings.def"
#undef SETTING
};

struct user_settings {
#define SETTING(scope, member, type, ...) SETTING_IN_USER_##scope(SETTING_CTYPE_##type member;)
#include "conf/settings.def"
#undef SETTING
};

struct database_settings {
#define SETTING(scope, member, type, ...) SETTING_IN_DATABASE_##scope(SETTING_CTYPE_##type member;)
#include "conf/settings.def"
#undef SETTING
};

struct listener_settings {
#define SETTING(scope, member, type, ...) SETTING_IN_LISTENER_##scope(SETTING_CTYPE_##type member;)
#include "conf/settings.def"
#undef SETTING
};

enum {
    SETTINGS_COUNT = 0
#define SETTING(scope, ...) \
    SETTING_IN_GLOBAL_##scope(+ 1) SETTING_IN_SERVER_##scope(+ 1) \
    SETTING_IN_USER_##scope(+ 1) SETTING_IN_DATABASE_##scope(+ 1) \
    SETTING_IN_LISTENER_##scope(+ 1)
#include "conf/settings.def"
#undef SETTING
};
/* clang-format on */

enum setting_scope {
    SETTING_SCOPE_GLOBAL,
    SETTING_SCOPE_SERVER,
    SETTING_SCOPE_USER,
    SETTING_SCOPE_DATABASE,
    SETTING_SCOPE_LISTENER,
};
#define SETTING_SCOPE_LAST SETTING_SCOPE_LISTENER

/* What the members of rows that inherit hold while nothing was said there. */
#define SETTING_UNSET_UINT     UINT32_MAX
#define SETTING_UNSET_DURATION UINT64_MAX

/* The first that was said: of the most particular section first, of [weir] last. */
static inline uint32_t settings_uint(uint32_t own, uint32_t general)
{
    return own != SETTING_UNSET_UINT ? own : general;
}

static inline usec_t settings_duration(usec_t own, usec_t general)
{
    return own != SETTING_UNSET_DURATION ? own : general;
}

enum setting_type {
    SETTING_TYPE_UINT,
    SETTING_TYPE_SECONDS,
    SETTING_TYPE_MSECONDS,
    SETTING_TYPE_SIZE,
    SETTING_TYPE_BOOL,
    SETTING_TYPE_TEXT,
    SETTING_TYPE_SECRET,
    SETTING_TYPE_ENUM,
};

enum setting_when { SETTING_WHEN_LIVE, SETTING_WHEN_NEW, SETTING_WHEN_RESTART };

/* One row of the table. */
struct setting {
    enum setting_scope scope;
    const char *name; /* with underscores */
    enum setting_type type;
    const char *enum_name; /* "log_level"; NULL unless the type is an enum */
    const char *default_text;
    uint64_t min; /* in the unit of a bare number; */
    uint64_t max; /* both 0: no range */
    enum setting_when when;
    const char *help;
    size_t offset; /* in the struct of its scope */
    bool inherits; /* "" is allowed, the default, and means: what the more general section says */
};

/* All rows, in the order of settings.def: scope by scope. */
const struct setting *settings_all(size_t *count);

/* By name, - and _ and case being the same. NULL when there is none. */
const struct setting *settings_find(enum setting_scope scope, const char *name);

/* The name that somebody may have meant, or NULL. */
const char *settings_nearest(enum setting_scope scope, const char *name);

/* The words of an enum setting, in the order of their values; `words` has room for `room`. Returns
 * how many there are. */
size_t settings_words(const struct setting *row, const char **words, size_t room);

/* `settings` below is the struct that belongs to the row's scope. */

/* Sets all members of a scope to their defaults; the struct's old content is not looked at. */
void settings_init(enum setting_scope scope, void *settings);

/* A copy that owns its own text; the old content of `to` is not looked at. */
void settings_copy(enum setting_scope scope, void *to, const void *from);

/* Frees the text; secrets are wiped. */
void settings_fini(enum setting_scope scope, void *settings);

#define SETTING_ERROR_SIZE 320

/* Sets one member from text. When the text is wrong: false, the member unchanged, and what is wrong
 * in `error`, beginning with the value ("'x' is not a number; …"). Never quotes a secret. */
NODISCARD bool settings_parse(const struct setting *row, void *settings, const char *text,
                              char error[SETTING_ERROR_SIZE]);

/* The value as SHOW VARIABLES prints it: durations as numbers in the setting's unit, sizes in
 * bytes, ON or OFF; a secret that is set as "********". False when `out` was too small and the text
 * was cut. */
NODISCARD bool settings_format(const struct setting *row, const void *settings, char *out,
                               size_t out_size);

/* Are the values of one member the same in both structs? */
NODISCARD bool settings_equal(const struct setting *row, const void *a, const void *b);

/* "seconds", "milliseconds", "bytes", or "" for what has no unit. */
const char *settings_unit(const struct setting *row);

/* What may be written: "1 to 3600 seconds", "transaction or session", "ON or OFF", "text". */
void settings_describe_range(const struct setting *row, char *out, size_t out_size);

#endif
