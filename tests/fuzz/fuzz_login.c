/* SPDX-License-Identifier: Apache-2.0
 * Logins and COM_CHANGE_USER (when the first byte is 0x11): what is accepted is written back and
 * read as the same. */
#include "mysql/login.h"

#include "base/check.h"
#include "mysql/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[140000];

static void check_same(const struct login *a, const struct login *b)
{
    CHECK(a->capabilities == b->capabilities);
    CHECK(a->packet_size_max == b->packet_size_max);
    CHECK(a->collation == b->collation && a->collation_wide == b->collation_wide);
    CHECK(a->zstd_level == b->zstd_level);
    CHECK(bytes_equal(a->user, b->user) && bytes_equal(a->schema, b->schema));
    CHECK(bytes_equal(a->auth_response, b->auth_response));
    CHECK(bytes_equal(a->auth_method, b->auth_method));
    CHECK(bytes_equal(a->attributes, b->attributes));
}

static struct bytes payload_of(const struct writer *w)
{
    CHECK(!w->overflow);
    return bytes_of(memory + FRAME_HEADER_SIZE, w->size - FRAME_HEADER_SIZE);
}

static void try_change_user(struct bytes payload)
{
    struct login l, again;
    capabilities_t agreed = CAP(PLUGIN_AUTH) | CAP(CONNECT_ATTRS);
    if (!change_user_decode(payload, agreed, &l))
        return;
    struct writer w = writer_over(memory, sizeof(memory));
    change_user_encode(&w, &l);
    bool read = change_user_decode(payload_of(&w), agreed, &again);
    CHECK(read);
    check_same(&l, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct login l, again;
    if (size == 0 || size > LOGIN_SIZE_MAX)
        return 0;
    if (data[0] == COMMAND_CHANGE_USER)
        try_change_user(bytes_of(data, size));
    if (!login_decode(bytes_of(data, size), UINT64_MAX, &l))
        return 0;
    /* A MariaDB client never sets the first bit together with the others. */
    struct writer w = writer_over(memory, sizeof(memory));
    login_encode(&w, 1, &l);
    bool read = login_decode(payload_of(&w), UINT64_MAX, &again);
    CHECK(read);
    check_same(&l, &again);
    return 0;
}
