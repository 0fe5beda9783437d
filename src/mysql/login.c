/* SPDX-License-Identifier: Apache-2.0
 * Reading and writing the client's login and COM_CHANGE_USER. */
#include "mysql/login.h"

#include "base/check.h"
#include "mysql/command.h"
#include "mysql/lenenc.h"

#define FILLER_SIZE        19
#define EXTENDED_CAPS_SIZE 4
/* The part of a login packet before the user's name. */
#define SSL_REQUEST_SIZE 32
/* As servers have it; more is a malformed login. */
#define ATTRIBUTES_SIZE_MAX 65535

static bool attributes_well_formed(struct bytes attributes)
{
    struct bytes key, value;
    while (attributes.size > 0) {
        if (!login_next_attribute(&attributes, &key, &value))
            return false;
    }
    return true;
}

/* The fields that both packets end with. */
static bool read_method_and_attributes(struct reader *r, struct login *out)
{
    if ((out->capabilities & CAP(PLUGIN_AUTH)) != 0 && !reader_nul_text(r, &out->auth_method))
        return false;
    if ((out->capabilities & CAP(CONNECT_ATTRS)) == 0 || r->left == 0)
        return true;
    return lenenc_read_text(r, &out->attributes) && out->attributes.size <= ATTRIBUTES_SIZE_MAX &&
           attributes_well_formed(out->attributes);
}

static bool read_short_text(struct reader *r, struct bytes *out)
{
    uint8_t size;
    return reader_u8(r, &size) && reader_bytes(r, size, out);
}

bool login_decode(struct bytes payload, capabilities_t offered, struct login *out)
{
    struct reader r = reader_over(payload);
    *out = (struct login){0};
    uint64_t extended;
    uint32_t sent;
    if (!reader_u32(&r, &sent) || !reader_u32(&r, &out->packet_size_max) ||
        !reader_u8(&r, &out->collation) || !reader_skip(&r, FILLER_SIZE) ||
        !reader_uint(&r, EXTENDED_CAPS_SIZE, &extended))
        return false;
    out->collation_wide = out->collation;
    out->capabilities = sent;
    if ((sent & CAP(LONG_PASSWORD)) == 0)
        out->capabilities |= extended << 32;
    out->capabilities &= offered;
    if ((out->capabilities & CAP_REQUIRED_OF_CLIENTS) != CAP_REQUIRED_OF_CLIENTS)
        return false;
    if (!reader_nul_text(&r, &out->user))
        return false;
    bool lenenc = (out->capabilities & CAP(PLUGIN_AUTH_LENENC)) != 0;
    if (lenenc ? !lenenc_read_text(&r, &out->auth_response)
               : !read_short_text(&r, &out->auth_response))
        return false;
    if ((out->capabilities & CAP(CONNECT_WITH_DB)) != 0 && !reader_nul_text(&r, &out->schema))
        return false;
    if (!read_method_and_attributes(&r, out))
        return false;
    if ((out->capabilities & CAP(ZSTD)) != 0 && r.left > 0)
        return reader_u8(&r, &out->zstd_level);
    return true;
}

struct bytes login_bare_name(struct bytes name)
{
    bool quoted = name.size > 1 && name.data[0] == '\'' && name.data[name.size - 1] == '\'';
    return quoted ? bytes_of(name.data + 1, name.size - 2) : name;
}

static void write_text(struct writer *w, struct bytes text)
{
    writer_view(w, text);
    writer_u8(w, 0);
}

static void write_short_text(struct writer *w, struct bytes text)
{
    CHECK(text.size <= UINT8_MAX);
    writer_u8(w, (uint8_t)text.size);
    writer_view(w, text);
}

static void write_method_and_attributes(struct writer *w, const struct login *l)
{
    if ((l->capabilities & CAP(PLUGIN_AUTH)) != 0)
        write_text(w, l->auth_method);
    if ((l->capabilities & CAP(CONNECT_ATTRS)) != 0)
        lenenc_write_text(w, l->attributes);
}

/* What an SSLRequest and a login begin with. Returns the bits as they were written. */
static capabilities_t write_head(struct writer *w, const struct login *l)
{
    uint64_t extended = l->capabilities >> 32;
    capabilities_t classic = l->capabilities & ~CAP_MARIADB_BITS;
    if (extended != 0)
        classic &= ~CAP(LONG_PASSWORD);
    writer_uint(w, 4, classic);
    writer_uint(w, 4, l->packet_size_max);
    writer_u8(w, l->collation);
    writer_zeros(w, FILLER_SIZE);
    writer_uint(w, EXTENDED_CAPS_SIZE, extended);
    return classic;
}

bool login_is_ssl_request(struct bytes payload)
{
    struct reader r = reader_over(payload);
    uint32_t sent;
    return payload.size == SSL_REQUEST_SIZE && reader_u32(&r, &sent) && (sent & CAP(SSL)) != 0;
}

void ssl_request_encode(struct writer *w, uint8_t sequence, const struct login *l)
{
    struct frame_mark mark = frame_begin(w, sequence);
    (void)write_head(w, l);
    frame_end(w, mark);
}

void login_encode(struct writer *w, uint8_t sequence, const struct login *l)
{
    struct frame_mark mark = frame_begin(w, sequence);
    capabilities_t classic = write_head(w, l);
    write_text(w, l->user);
    if ((classic & CAP(PLUGIN_AUTH_LENENC)) != 0)
        lenenc_write_text(w, l->auth_response);
    else
        write_short_text(w, l->auth_response);
    if ((classic & CAP(CONNECT_WITH_DB)) != 0)
        write_text(w, l->schema);
    write_method_and_attributes(w, l);
    if ((classic & CAP(ZSTD)) != 0)
        writer_u8(w, l->zstd_level);
    frame_end(w, mark);
}

bool change_user_decode(struct bytes payload, capabilities_t agreed, struct login *out)
{
    struct reader r = reader_over(payload);
    *out = (struct login){.capabilities = agreed};
    uint8_t command;
    if (!reader_u8(&r, &command) || command != COMMAND_CHANGE_USER ||
        !reader_nul_text(&r, &out->user) || !read_short_text(&r, &out->auth_response) ||
        !reader_nul_text(&r, &out->schema))
        return false;
    if (r.left == 0)
        return (agreed & CAP(PLUGIN_AUTH)) == 0;
    if (!reader_u16(&r, &out->collation_wide))
        return false;
    out->collation = (uint8_t)out->collation_wide;
    return read_method_and_attributes(&r, out);
}

void change_user_encode(struct writer *w, const struct login *l)
{
    struct frame_mark mark = frame_begin(w, 0);
    writer_u8(w, COMMAND_CHANGE_USER);
    write_text(w, l->user);
    write_short_text(w, l->auth_response);
    write_text(w, l->schema);
    writer_uint(w, 2, l->collation_wide);
    write_method_and_attributes(w, l);
    frame_end(w, mark);
}

bool login_next_attribute(struct bytes *rest, struct bytes *key, struct bytes *value)
{
    struct reader r = reader_over(*rest);
    if (!lenenc_read_text(&r, key) || !lenenc_read_text(&r, value))
        return false;
    *rest = reader_rest(&r);
    return true;
}
