/* SPDX-License-Identifier: Apache-2.0
 * What each side agrees on in its login. */
#include "session/compression_setup.h"

#include "conf/compression_list.h"
#include "net/compression.h"

/* What MySQL's clients say when they and the server have none in common (errmsg.h of MySQL 8 and
 * 9: between 2065 CR_DEPRECATED_COMPRESSION_NOT_SUPPORTED and 2067 CR_KERBEROS_USER_NOT_FOUND). */
#define CR_COMPRESSION_WRONGLY_CONFIGURED 2066

/* The texts were checked when the configuration was read. */
static struct compression_list list_of(const char *text)
{
    struct compression_list list;
    bool good = compression_list_parse(&list, text);
    CHECK(good);
    return list;
}

capabilities_t compression_offered(const struct config *c)
{
    struct compression_list list = list_of(c->global.protocol_compression_algorithms);
    capabilities_t offered = 0;
    if (compression_list_has(&list, COMPRESSION_CHOICE_ZLIB))
        offered |= CAP(COMPRESS);
    if (compression_list_has(&list, COMPRESSION_CHOICE_ZSTD))
        offered |= CAP(ZSTD);
    return offered;
}

/* -------- clients -------- */

bool client_choose_compression(struct client *c, uint8_t zstd_level)
{
    struct compression_list list =
        list_of(c->worker->config->global.protocol_compression_algorithms);
    enum compression chosen = COMPRESSION_NONE;
    if ((c->capabilities & CAP(COMPRESS)) != 0)
        chosen = COMPRESSION_ZLIB;
    else if ((c->capabilities & CAP(ZSTD)) != 0)
        chosen = COMPRESSION_ZSTD;
    if (chosen == COMPRESSION_NONE &&
        !compression_list_has(&list, COMPRESSION_CHOICE_UNCOMPRESSED)) {
        client_send_mysql_error(c, c->login_sequence, ER_WRONG_COMPRESSION_ALGORITHM_CLIENT,
                                "uncompressed");
        client_close(c, CLOSE_CLIENT_UNCOMPRESSED);
        return false;
    }
    c->compression_due = (uint8_t)chosen;
    c->zstd_level = zstd_level;
    return true;
}

bool client_begin_compression(struct client *c)
{
    enum compression algorithm = (enum compression)c->compression_due;
    c->compression_due = COMPRESSION_NONE;
    if (!compression_start(&c->stream, algorithm, c->zstd_level, COMPRESSION_TO_CLIENT)) {
        client_close(c, CLOSE_NO_MEMORY);
        return false;
    }
    counters_add(&c->worker->counters, COUNTER_compressed_clients, 1);
    return true;
}

/* -------- links -------- */

static const struct server_settings *settings_of(const struct link *l)
{
    const struct config_server *s = config_find_server(l->worker->config, l->pool->group->name);
    return s != NULL ? &s->settings : NULL;
}

bool link_choose_compression(struct link *l, capabilities_t server, capabilities_t *ask)
{
    const struct server_settings *s = settings_of(l);
    *ask = 0;
    if (s == NULL)
        return true;
    struct compression_list list = list_of(s->protocol_compression_algorithms);
    for (unsigned i = 0; i < list.count; i++) {
        if (list.choices[i] == COMPRESSION_CHOICE_UNCOMPRESSED)
            return true;
        *ask = list.choices[i] == COMPRESSION_CHOICE_ZLIB ? CAP(COMPRESS) : CAP(ZSTD);
        if ((server & *ask) != 0)
            return true;
    }
    link_fail_open(l, POOL_LOGIN_FAILED, CR_COMPRESSION_WRONGLY_CONFIGURED, NULL,
                   bytes_of_text("the server offers no compression that "
                                 "protocol_compression_algorithms of its [server] section "
                                 "permits"));
    return false;
}

uint8_t link_zstd_level(const struct link *l)
{
    const struct server_settings *s = settings_of(l);
    return s != NULL ? (uint8_t)s->zstd_compression_level : COMPRESSION_ZSTD_LEVEL_DEFAULT;
}

bool link_begin_compression(struct link *l)
{
    enum compression algorithm = COMPRESSION_NONE;
    if ((l->capabilities & CAP(COMPRESS)) != 0)
        algorithm = COMPRESSION_ZLIB;
    else if ((l->capabilities & CAP(ZSTD)) != 0)
        algorithm = COMPRESSION_ZSTD;
    if (algorithm == COMPRESSION_NONE)
        return true;
    counters_add(&l->worker->counters, COUNTER_compressed_links, 1);
    return compression_start(&l->stream, algorithm, link_zstd_level(l), COMPRESSION_TO_SERVER);
}
