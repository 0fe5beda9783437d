/* SPDX-License-Identifier: Apache-2.0
 * The server role: whatever a client says, to every method, with every form of password. The first
 * byte picks the method, the second the password, the third the channel; the rest is the client's
 * packets, each behind its size in two bytes. */
#include "auth/auth_method.h"
#include "auth/rsa_key.h"
#include "base/check.h"
#include "base/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More words than any method hears. */
#define TURNS_MAX 3

static const char *const settings[] = {
    "secret",
    "",
    "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7",
    "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY",
    "P0:AAECAwQFBgcICQoLDA0ODxAR:vN8aAH3uMZDpgxY74WIyK93BSUh/uCItkwxrumXoIVk",
    "$A$001$01234567890123456789abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq",
};

static const struct rsa_key *the_key(void)
{
    static struct rsa_key key;
    if (key.pem_size == 0)
        CHECK(rsa_key_generate(&key));
    return &key;
}

static void check_outcome(const struct auth_check *c, const struct auth_secret *s,
                          enum auth_step step, const struct writer *out)
{
    CHECK(out->overflow || out->size <= AUTH_ANSWER_MAX);
    CHECK(step != AUTH_WAIT);
    CHECK(step != AUTH_CLAIM || (c->wants_claim && c->has_claim));
    CHECK(!c->has_claim || memchr(c->claim, 0, sizeof c->claim) != NULL);
    CHECK(step != AUTH_OK || s->known != 0);
    /* Clear text from where others can listen is not even looked at. */
    CHECK(!c->has_claim || c->private_channel || c->key != NULL || c->claim[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_over(bytes_of(data, size));
    uint8_t method, setting, channel;
    if (!reader_u8(&r, &method) || !reader_u8(&r, &setting) || !reader_u8(&r, &channel))
        return 0;
    struct auth_secret secret = {0};
    if (setting % 8 < countof(settings))
        CHECK(auth_secret_from_setting(settings[setting % 8], &secret));
    struct auth_check c = {
        .method = auth_method_at(method % 6),
        .private_channel = (channel & 1) != 0,
        .key = (channel & 2) != 0 ? the_key() : NULL,
        .wants_claim = (channel & 4) != 0,
    };
    const uint8_t random[AUTH_CHALLENGE_MAX] = {1};
    auth_check_renew(&c, random);
    enum auth_step step = AUTH_SEND;
    for (int turn = 0; step == AUTH_SEND; turn++) {
        uint8_t memory[AUTH_ANSWER_MAX];
        uint16_t n;
        struct bytes said;
        struct writer out = writer_over(memory, sizeof memory);
        size_t which;
        CHECK(turn <= TURNS_MAX);
        if (!reader_u16(&r, &n) || !reader_bytes(&r, n, &said))
            break;
        step = auth_check_hear(&c, said, &secret, 1, &out, &which);
        check_outcome(&c, &secret, step, &out);
    }
    auth_check_wipe(&c);
    auth_secret_wipe(&secret);
    return 0;
}
