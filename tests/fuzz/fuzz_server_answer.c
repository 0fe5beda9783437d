/* SPDX-License-Identifier: Apache-2.0
 * What a server says to Weir itself: the packets of a login, errors, and the small result sets that
 * Weir asks for, down to the texts about accounts in them. The first byte picks the reader. */
#include "auth/account_text.h"
#include "base/check.h"
#include "mysql/auth_packet.h"
#include "mysql/err_packet.h"
#include "mysql/result_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CELLS_MAX  3
#define HASHES_MAX 4

static bool lies_in(struct bytes part, struct bytes whole)
{
    return part.size == 0 ||
           (part.data >= whole.data && part.size <= (size_t)(whole.data + whole.size - part.data));
}

static void read_auth_packet(struct bytes payload)
{
    struct auth_packet p = auth_packet_decode(payload);
    CHECK(lies_in(p.method, payload) && lies_in(p.data, payload));
    CHECK(p.kind != AUTH_PACKET_SWITCH || p.method.size > 0);
}

static void read_err_packet(struct bytes payload)
{
    struct err_packet e;
    if (!err_packet_decode(payload, &e))
        return;
    CHECK(lies_in(e.message, payload) && strlen(e.sqlstate) == 5);
}

static void read_account(struct bytes text)
{
    uint8_t hashes[HASHES_MAX][AUTH_HASH_SIZE];
    struct auth_secret secret;
    CHECK(account_text_hashes(text, hashes, HASHES_MAX) <= HASHES_MAX);
    CHECK(account_text_transport(text) <= ACCOUNT_WANTS_NAMES);
    if (account_text_public_key(text, &secret))
        CHECK(auth_secret_knows(&secret, AUTH_KNOWS_ED25519_PUBLIC));
}

static void read_result_set(struct bytes reply)
{
    struct result_set_reader r;
    struct bytes definition;
    struct bytes cells[CELLS_MAX];
    (void)!result_set_first_row(reply, cells, CELLS_MAX);
    if (!result_set_open(&r, reply))
        return;
    for (uint64_t i = 0; i < r.definitions; i++) {
        if (!result_set_next_definition(&r, &definition))
            return;
        CHECK(lies_in(definition, reply));
    }
    while (result_set_next_row(&r, cells, CELLS_MAX)) {
        for (size_t i = 0; i < CELLS_MAX && i < r.columns; i++) {
            CHECK(lies_in(cells[i], reply));
            read_account(cells[i]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes rest = bytes_of(data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        read_auth_packet(rest);
        break;
    case 1:
        read_err_packet(rest);
        break;
    case 2:
        read_account(rest);
        break;
    default:
        read_result_set(rest);
        break;
    }
    return 0;
}
