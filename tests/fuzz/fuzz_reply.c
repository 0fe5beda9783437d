/* SPDX-License-Identifier: Apache-2.0
 * Replies. The first bytes choose the command, the client's dialect, and how the rest is cut; what
 * comes out must not depend on the cut, but for the status of EOFs that were sent before it was
 * known. */
#include "unit/mysql/reply_driver.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHOICES 5

static struct driver_input choose(const uint8_t *data)
{
    return (struct driver_input){
        .command = (enum command)data[0],
        .dialect =
            {
                .deprecate_eof = (data[1] & 1) != 0,
                .session_track = (data[1] & 2) != 0,
                .filter = {.schema = (data[1] & 4) != 0,
                           .state_change = (data[1] & 8) != 0,
                           .default_variables = (data[1] & 16) != 0,
                           .everything = (data[1] & 32) != 0},
            },
        .previous_status = 2,
        .files = 2,
        .file_packets = {(uint8_t)(data[1] >> 6), 2},
    };
}

/* Broken replies may have been passed up to any point before. */
static void check_equal(const struct driver_result *a, const struct driver_result *b)
{
    CHECK(a->verdict == b->verdict);
    CHECK(a->files == b->files);
    CHECK(bytes_equal(driver_view(&a->reports), driver_view(&b->reports)));
    CHECK(bytes_equal(driver_view(&a->output), driver_view(&b->output)));
    CHECK(memcmp(&a->summary, &b->summary, sizeof(a->summary)) == 0);
    CHECK(a->next_sequence == b->next_sequence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < CHOICES || size > 65536)
        return 0;
    struct driver_input in = choose(data);
    in.bytes = (struct driver_bytes){.size = size - CHOICES};
    /* Memory of exactly that size, so that the sanitizer sees a read beyond it. */
    uint8_t *copy = malloc(in.bytes.size > 0 ? in.bytes.size : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data + CHOICES, in.bytes.size);
    in.bytes.data = copy;

    struct driver_schedule whole = {.capacity = 65536};
    struct driver_schedule pieces = {.piece = data[2],
                                     .cut = data[3],
                                     .capacity = 1 + (data[4] & 0x7f),
                                     .eager = (data[4] & 0x80) != 0};
    struct driver_result once = drive(&in, &whole);
    struct driver_result cut = drive(&in, &pieces);
    driver_blank_eof_status(&once.output);
    driver_blank_eof_status(&cut.output);
    check_equal(&once, &cut);
    driver_free(&once);
    driver_free(&cut);
    free(copy);
    return 0;
}
