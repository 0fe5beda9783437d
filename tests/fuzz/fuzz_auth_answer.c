/* SPDX-License-Identifier: Apache-2.0
 * The client role: whatever a server says, in every method. The first byte picks the method, the
 * second what Weir knows of the password, the third the channel; the rest is the server's packets,
 * each behind its size in two bytes. The password never goes where others can listen. */
#include "auth/auth_method.h"
#include "base/check.h"
#include "base/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PASSWORD  "correct horse battery staple"
#define TURNS_MAX 4

static void forget_some(struct auth_secret *s, uint8_t what)
{
    switch (what % 4) {
    case 1:
        s->known &= ~(unsigned)(AUTH_KNOWS_PASSWORD | AUTH_KNOWS_SHA2_STAGE1);
        break;
    case 2:
        s->known = AUTH_KNOWS_SHA2_STAGE1;
        break;
    case 3:
        *s = (struct auth_secret){.known = what & 4 ? AUTH_KNOWS_EMPTY : 0};
        break;
    default:
        break;
    }
}

static bool contains(const struct writer *w, const char *text)
{
    return w->size >= strlen(text) && memmem(w->data, w->size, text, strlen(text)) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_over(bytes_of(data, size));
    uint8_t method, known, channel;
    if (!reader_u8(&r, &method) || !reader_u8(&r, &known) || !reader_u8(&r, &channel))
        return 0;
    struct auth_secret secret;
    CHECK(auth_secret_from_password(bytes_of_text(PASSWORD), &secret));
    forget_some(&secret, known);
    struct auth_dialog d = {
        .method = auth_method_at(method % 6),
        .private_channel = (channel & 1) != 0,
    };
    enum auth_step step = AUTH_SEND;
    for (int turn = 0; step == AUTH_SEND || step == AUTH_WAIT; turn++) {
        uint8_t memory[AUTH_ANSWER_MAX];
        uint16_t n;
        struct bytes said;
        struct writer out = writer_over(memory, sizeof memory);
        CHECK(turn <= TURNS_MAX);
        if (!reader_u16(&r, &n) || !reader_bytes(&r, n, &said))
            break;
        step = d.method->answer(&d, said, &secret, &out);
        CHECK(step == AUTH_SEND || step == AUTH_WAIT || step == AUTH_FAIL);
        CHECK(step == AUTH_FAIL || !out.overflow);
        CHECK(d.private_channel || !contains(&out, PASSWORD));
    }
    auth_secret_wipe(&secret);
    return 0;
}
