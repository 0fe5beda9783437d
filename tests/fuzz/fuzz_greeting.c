/* SPDX-License-Identifier: Apache-2.0
 * Greetings: what is accepted is written back and read as the same. */
#include "mysql/greeting.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The encoder takes only scrambles that a server may send. */
static bool encodable(const struct greeting *g)
{
    for (size_t i = 0; i < SCRAMBLE_SIZE; i++) {
        if (g->scramble[i] < 1 || g->scramble[i] > 127)
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[70000];
    struct greeting g, again;
    if (size > 65536 || !greeting_decode(bytes_of(data, size), &g))
        return 0;
    (void)!greeting_is_mariadb(&g);
    if (!encodable(&g))
        return 0;
    struct writer w = writer_over(memory, sizeof(memory));
    greeting_encode(&w, &g);
    CHECK(!w.overflow);
    struct bytes payload = bytes_of(memory + FRAME_HEADER_SIZE, w.size - FRAME_HEADER_SIZE);
    bool read = greeting_decode(payload, &again);
    CHECK(read);
    CHECK(again.capabilities == g.capabilities && again.thread_id == g.thread_id);
    CHECK(again.status == g.status && again.collation == g.collation);
    CHECK(memcmp(again.scramble, g.scramble, SCRAMBLE_SIZE) == 0);
    CHECK(bytes_equal(again.server_version, g.server_version));
    CHECK(bytes_equal(again.auth_method, g.auth_method));
    return 0;
}
